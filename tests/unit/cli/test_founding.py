"""A network from its members' parts: the same genesis for everyone, pinned peers, private keys at home."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from chain.genesis import Genesis, Params
from cli import founding
from cli.failures import InputError
from cli.founding import Endpoint, Founded
from cli.keystore import password_from, read_key
from cli.people import read_person
from node.config import NodeConfig
from storage.journal import Journal

NAMES = ("mof:finance:217", "treasury:treasury", "health:abp:226")
CREATED_MS = 1_767_225_600_000


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[Founded]:
    """Three members that made their keys apart from each other; nothing is encrypted here."""
    root = tmp_path_factory.mktemp("members")
    found = []
    for number, name in enumerate(NAMES):
        clients = ("clinic:gu:2260001",) if name.startswith("health") else ()
        member, _ = founding.found_member(
            root / name.split(":")[0],
            founding.parse_institutions((name, *clients)),
            Endpoint("127.0.0.1", 7401 + number, 8401 + number),
            root / "people",
            created_ms=CREATED_MS + number,
            roles=("head", "accountant"),
        )
        found.append(member)
    return found


def test_a_part_survives_its_file(members: list[Founded]) -> None:
    for member in members:
        assert founding.parse_part(founding.dump_part(member.part), "test") == member.part


def test_everyone_makes_the_same_genesis_of_the_same_parts(members: list[Founded]) -> None:
    parts = [member.part for member in members]
    made = {founding.genesis_of("test", order, Params.default()).chain_id for order in permutations(parts)}
    assert len(made) == 1


def test_the_genesis_has_every_institution_and_signer(members: list[Founded]) -> None:
    genesis = founding.genesis_of("test", [member.part for member in members], Params.default())
    assert {one.id for one in genesis.institutions} == {"mof", "treasury", "health", "clinic"}
    assert {(one.institution, one.serial) for one in genesis.signers} == {
        (name, serial) for name in ("mof", "treasury", "health", "clinic") for serial in (1, 2)
    }
    assert {one.institution for one in genesis.validators} == {"mof", "treasury", "health"}
    assert genesis.time_ms == CREATED_MS + 2


def test_a_member_given_twice_is_refused(members: list[Founded]) -> None:
    parts = [members[0].part, members[0].part]
    with pytest.raises(InputError):
        founding.genesis_of("test", parts, Params.default())


def test_the_journal_of_a_key_is_as_old_as_the_key(members: list[Founded]) -> None:
    for member in members:
        assert member.validator is not None
        journal = Journal.open(member.directory / "journal" / member.validator.address.hex())
        assert journal.records() == ()
        journal.close()


def test_a_part_says_nothing_private(members: list[Founded]) -> None:
    for member in members:
        text = founding.dump_part(member.part)
        assert "PRIVATE" not in text
        assert "password" not in text


def test_peers_are_pinned_by_the_certificate_they_gave(members: list[Founded]) -> None:
    parts = [member.part for member in members]
    genesis = founding.genesis_of("test", parts, Params.default())
    member = members[0]
    founding.write_node(member.directory, member.part, parts, genesis, Endpoint("127.0.0.1", 7401, 8401))
    config = NodeConfig.load(member.directory)
    assert config.genesis_hash == genesis.chain_id.hex()
    pins = {part.name: part.node.certificate_sha256 for part in parts[1:] if part.node is not None}
    assert {peer.institution: peer.certificate_sha256 for peer in config.peers} == pins
    assert Genesis.decode((member.directory / "genesis.eqg").read_bytes()) == genesis


def test_a_network_on_disk_has_encrypted_keys_and_private_passwords(tmp_path: Path) -> None:
    named = founding.parse_institutions(("mof:finance",))
    network = founding.found_network(
        tmp_path / "network",
        "test",
        named,
        [Endpoint()],
        params=Params.default(),
        created_ms=CREATED_MS,
        roles=("head+accountant",),
    )
    files = [
        tmp_path / "network/signers/mof/head+accountant.key",
        tmp_path / "network/nodes/mof/validator.key",
    ]
    for file in files:
        assert file.stat().st_mode & 0o777 == file.with_suffix(".password").stat().st_mode & 0o777 == 0o600
    key = read_key(files[0], password_from(files[0].with_suffix(".password")))
    assert read_person(files[0].with_suffix(".pub")).public_key == key.public_key
    assert network.genesis.signers[0].public_key == key.public_key


def test_a_network_is_never_written_over_something(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(InputError, match="not empty"):
        founding.found_network(
            tmp_path,
            "test",
            founding.parse_institutions(("mof:finance",)),
            [Endpoint()],
            params=Params.default(),
            created_ms=CREATED_MS,
        )


def test_a_state_institution_finds_its_administrator_by_code() -> None:
    found = founding.parse_institutions(("clinic:gu:2260001", "health:abp:226"))
    assert [(one.id, one.parent) for one in found] == [("health", None), ("clinic", "health")]


@pytest.mark.parametrize("text", ["mof", "mof:ministry", "health:abp", "clinic:gu:2280001"])
def test_an_institution_that_says_too_little_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        founding.parse_institutions(("health:abp:226", text))
