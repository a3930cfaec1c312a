"""`eqz node init` and `eqz network genesis`: each member on its own machine, one hash for all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chain.keys import SigningKey, address_of
from chain.types import InstitutionId
from cli import main as command
from cli.keystore import password_from, read_key
from cli.people import Person, write_person
from cli.session import Session
from contracts.records import Role
from node.config import NodeConfig


def eqz(
    capsys: pytest.CaptureFixture[str], home: Path, *arguments: str, status: int = 0
) -> dict[str, object]:
    session = Session(environment={"EQZ_CONFIG": str(home / "none")})
    assert command.run([*arguments, "-o", "json"], session) == status, capsys.readouterr()
    captured = capsys.readouterr()
    found: dict[str, dict[str, object]] = json.loads(captured.out or captured.err)
    return found.get("item") or found["error"]


def head_of(directory: Path, institution: str, seed: int) -> str:
    """A person made their own key elsewhere; only its public side is here."""
    key = SigningKey.from_seed(bytes([seed]) * 32)
    path = directory / f"{institution}-head.pub"
    write_person(path, Person(InstitutionId(institution), 1, Role.HEAD, key.public_key))
    return str(path)


def test_members_with_their_own_keys_alone_make_one_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = []
    for seed, name in ((1, "mof:finance"), (2, "treasury:treasury")):
        institution = name.split(":")[0]
        home = tmp_path / institution
        made = eqz(
            capsys, tmp_path, "node", "init", str(home), "--institution", name,
            "--p2p-port", str(7400 + seed), "--signer", head_of(tmp_path, institution, seed),
        )  # fmt: skip
        parts += ["--part", str(home / "part.json")]
        key = read_key(home / "validator.key", password_from(home / "validator.password"))
        assert made["address"] == address_of(key.public_key).hex()
    hashes = []
    for order, institution in ((parts, "mof"), ([*parts[2:], *parts[:2]], "treasury")):
        made = eqz(
            capsys, tmp_path, "network", "genesis", *order, "--node-directory", str(tmp_path / institution)
        )
        hashes.append(made["genesis"])
        config = NodeConfig.load(tmp_path / institution)
        assert config.genesis_hash == made["genesis"]
        assert [peer.institution for peer in config.peers] == [
            {"mof": "treasury", "treasury": "mof"}[institution]
        ]
    assert hashes[0] == hashes[1]
    other = eqz(capsys, tmp_path, "network", "genesis", *parts, "--expect", "00" * 32, status=9)
    assert other["code"] == "GENESIS-HASH"
    shown = eqz(capsys, tmp_path, "network", "show", str(tmp_path / "mof"))
    assert shown["genesis"] == hashes[0]


def test_a_node_never_begins_in_a_directory_that_holds_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kept").write_text("x")
    found = eqz(capsys, tmp_path, "node", "init", str(tmp_path), "--institution", "mof:finance", status=2)
    assert found["code"] == "NODE-DIRECTORY"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_containers_reach_each_other_by_the_names_of_their_institutions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    eqz(
        capsys, tmp_path, "network", "new", str(tmp_path / "n"), "--containers", "--signer-role", "head",
        "--institution", "finance:finance", "--institution", "treasury:treasury",
    )  # fmt: skip
    config = NodeConfig.load(tmp_path / "n" / "nodes" / "finance")
    assert (config.api.host, config.api.port) == ("0.0.0.0", 8000)
    assert [(peer.host, peer.port) for peer in config.peers] == [("treasury", 7000)]


def test_a_node_that_has_blocks_keeps_its_genesis_and_its_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "mof"
    signer = head_of(tmp_path, "mof", 1)
    eqz(capsys, tmp_path, "node", "init", str(home), "--institution", "mof:finance", "--signer", signer)
    found = ("network", "genesis", "--part", str(home / "part.json"), "--node-directory", str(home))
    eqz(capsys, tmp_path, *found)
    (home / "blocks").mkdir()
    (home / "node.toml").write_text("what the operator changed", encoding="utf-8")
    error = eqz(capsys, tmp_path, *found, status=2)
    assert error["code"] == "NODE-DIRECTORY"
    assert (home / "node.toml").read_text(encoding="utf-8") == "what the operator changed"
