"""`eqz network evidence --archive`: what simulated nodes leave, read by the command (scenario 19)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chain.block import Change, Results
from chain.certificate import Vote, VoteKind
from chain.evidence import Evidence
from chain.genesis import Genesis, GenesisInstitution, GenesisValidator, Params
from chain.types import NO_ROUND, Address, Hash32, Height, InstitutionId, Round, Signature
from chain.validators import ValidatorSet
from cli import main as command
from cli.session import Session
from contracts.records import validator_set_key
from node.archive import VoteArchive
from storage.blocks import BlockLog
from tests.integration.test_audit_chain import rotate_a_validator
from tests.simulation.cluster import Node, Plan
from tests.simulation.forks import Forked, fork_plan, run_fork
from tests.support.archive import Archive, an_archive
from tests.support.budget import MEMBERS, START_MS, key_of_validator
from tests.support.committee import Committee

NAMES = ("mof", "treasury", "moh", "mot", "mon", "moa", "moi")


def genesis_of(n: int) -> Genesis:
    """A network whose validators have the keys of a committee."""
    members = Committee(n, real=True).validators.members
    names = [InstitutionId(name) for name in NAMES[:n]]
    return Genesis(
        name="forked",
        time_ms=START_MS,
        params=Params.default(),
        app_version=1,
        validators=tuple(
            GenesisValidator(member.public_key, 1, name) for member, name in zip(members, names, strict=True)
        ),
        institutions=tuple(
            GenesisInstitution(name, "abp", f"{226 + i}", None, name, name, None)
            for i, name in enumerate(names)
        ),
        signers=(),
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """A run, and a directory for each of its nodes as the node would have left it."""

    run: Forked
    directories: dict[int, Path]

    def of(self, nodes: Sequence[Node]) -> list[Path]:
        return [self.directories[node.number] for node in nodes]

    def names(self, addresses: set[Address]) -> set[str]:
        members = self.run.committee.validators.members
        return {name for member, name in zip(members, NAMES, strict=False) if member.address in addresses}

    @property
    def liars(self) -> set[str]:
        everybody = {member.address for member in self.run.committee.validators.members}
        return self.names(everybody - self.run.honest)


def written(plan: Plan, directory: Path) -> Scene:
    """Run it with real keys and write what every node has kept."""
    genesis = genesis_of(plan.n)
    run = run_fork(replace(plan, has_real_keys=True), genesis.chain_id)
    directories: dict[int, Path] = {}
    for node in run.nodes:
        place = directories[node.number] = directory / f"node{node.number}"
        place.mkdir()
        log = BlockLog.open(place / "blocks", genesis.encode())
        for height, (block, certificate) in enumerate(node.disk.blocks, 1):
            log.append(height, block.encode(), Results((), ()).encode(), certificate.encode())
        log.close()
        archive = VoteArchive(place / "votes")
        for height, votes in node.archive.items():
            archive.keep(height, votes)
    return Scene(run, directories)


def fork_by(byzantine: str, directory: Path) -> Scene:
    """The first of the simulated networks of seven that forks by this kind of liars."""
    for seed in range(200):
        plan = fork_plan(seed)
        if (plan.n, plan.byzantine) == (7, byzantine) and run_fork(plan).has_forked:
            return written(plan, directory)
    raise AssertionError("no fork in 200 seeds")


@pytest.fixture(scope="module", params=["twins", "forgetful"])
def forked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    scene = fork_by(request.param, tmp_path_factory.mktemp(request.param))
    assert scene.run.has_forked
    return scene


def evidence(
    capsys: pytest.CaptureFixture[str],
    *archives: Path,
    status: int = 0,
    language: str = "en",
    more: Sequence[str] = (),
) -> tuple[dict[str, object], str]:
    """What the command prints on stdout, and its message on stderr."""
    given = [word for path in archives for word in ("--archive", str(path))]
    session = Session(environment={"EQZ_LANG": language})
    capsys.readouterr()
    assert command.run(["network", "evidence", *given, *more, "-o", "json"], session) == status, (
        capsys.readouterr()
    )
    out, err = capsys.readouterr()
    return (json.loads(out)["item"] if out else {}), err


def culprits(item: dict[str, object]) -> list[dict[str, object]]:
    found = item["culprits"]
    assert isinstance(found, list)
    return found


def test_the_archives_of_the_honest_convict_more_than_a_third_with_both_messages(
    forked: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    item, _ = evidence(capsys, *forked.of(forked.run.honest_nodes()), status=10)
    named = {str(one["institution"]) for one in culprits(item)}
    assert named <= forked.liars
    assert 3 * len(named) > forked.run.plan.n
    assert isinstance(item["fork"], list)
    assert len({commit["block_id"] for commit in item["fork"]}) == 2
    for one in culprits(item):
        assert one["kind"] in ("equivocation", "amnesia")
        first, second = (bytes.fromhex(str(one[name])) for name in ("first_message", "second_message"))
        assert Vote.decode(first).address.hex() == Vote.decode(second).address.hex() == one["address"]
        assert first != second


def test_copies_of_votes_and_blocks_are_as_good_as_the_directories(
    forked: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = forked.of(forked.run.honest_nodes())
    copies: list[Path] = []
    for at, directory in enumerate(whole):
        for name in ("blocks", "votes"):
            if (directory / name).exists():
                shutil.copytree(directory / name, tmp_path / f"{at}-{name}")
                copies.append(tmp_path / f"{at}-{name}")
    by_copies, _ = evidence(capsys, *copies, status=10)
    by_directories, _ = evidence(capsys, *whole, status=10)
    assert culprits(by_copies) == culprits(by_directories)


@pytest.mark.parametrize(
    ("language", "word"), [("kk", "бұзған"), ("ru", "нарушившие"), ("en", "broke the rules")]
)
def test_the_verdict_is_said_in_the_language(
    forked: Scene, language: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [part for path in forked.of(forked.run.honest_nodes()) for part in ("--archive", str(path))]
    assert command.run(["network", "evidence", *given], Session(environment={"EQZ_LANG": language})) == 10
    err = capsys.readouterr().err
    assert "[CULPRITS]: " in err
    assert word in err


def test_heights_that_are_not_asked_for_convict_nobody(
    forked: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    item, _ = evidence(capsys, *forked.of(forked.run.honest_nodes()), more=["--from-height", "2"])
    assert item["heights"] == 0


def test_a_torn_archive_is_read_as_far_as_it_is_whole(
    forked: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = forked.of(forked.run.honest_nodes())
    torn = tmp_path / "torn"
    kept = next(path for path in honest if (path / "votes").exists())
    shutil.copytree(kept, torn)
    with (torn / "votes" / "000000000000.eqv").open("ab") as file:
        file.write(b"\0\0\1\0cut")
    item, _ = evidence(capsys, *(torn if path == kept else path for path in honest), status=10)
    whole, _ = evidence(capsys, *honest, status=10)
    assert culprits(item) == culprits(whole)
    assert isinstance(item["unreadable"], list)
    assert ["000000000000.eqv: no record from offset" in one for one in item["unreadable"]] == [True]


def honest_network(directory: Path) -> Scene:
    plan = replace(fork_plan(0), byzantine="none", liars=(), sides=(), may_fork=False, sets=((0, 1, 2, 3),))
    return written(plan, directory)


def test_an_honest_network_names_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = honest_network(tmp_path)
    item, err = evidence(capsys, *scene.directories.values())
    assert (item["culprits"], item["fork"], item["questions"], item["unreadable"]) == ([], [], [], [])
    assert item["heights"] == 1
    assert err == ""


def test_a_fork_of_two_rounds_without_votes_is_told_and_names_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the two commits alone nobody is guilty: those of both rounds may have unlocked lawfully."""
    genesis = genesis_of(4)
    committee = Committee(4, real=True, chain_id=genesis.chain_id)
    for round_, label in ((0, b"A"), (2, b"B")):
        block = committee.block(label, 0)
        log = BlockLog.open(tmp_path / f"{round_}", genesis.encode())
        certificate = committee.certificate(round_, block.block_id, (0, 1, 2)).encode()
        log.append(1, block.encode(), Results((), ()).encode(), certificate)
        log.close()
    item, err = evidence(capsys, tmp_path / "0", tmp_path / "2", status=10)
    assert item["culprits"] == []
    assert json.loads(err)["error"]["code"] == "FORK"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda scene, path: (scene.directories[0] / "votes",), "ARCHIVE-BLOCKS"),
        (lambda scene, path: (path,), "ARCHIVE-DIRECTORY"),
    ],
)
def test_archives_that_cannot_be_judged_are_refused(
    make: object, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scene").mkdir()
    (tmp_path / "empty").mkdir()
    scene = honest_network(tmp_path / "scene")
    assert callable(make)
    _, err = evidence(capsys, *make(scene, tmp_path / "empty"), status=2)
    assert json.loads(err)["error"]["code"] == code


def test_archives_of_two_networks_are_not_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n in (4, 5):
        BlockLog.open(tmp_path / f"{n}", genesis_of(n).encode()).close()
    _, err = evidence(capsys, tmp_path / "4", tmp_path / "5", status=2)
    assert json.loads(err)["error"]["code"] == "ARCHIVE-NETWORK"


# --- chains that a network has really executed


def prevotes_of(archive: Archive, address: Address, height: int) -> list[Vote]:
    """Two prevotes of this validator for one place: which is one too many."""
    validators = archive.validators(height)
    votes = []
    for block_id in (Hash32(bytes(31) + b"\x01"), None):
        unsigned = Vote(
            VoteKind.PREVOTE, Height(height), Round(2), block_id, NO_ROUND, address, Signature(bytes(64))
        )
        signature = archive.keys[address].sign(unsigned.sign_bytes(archive.genesis.chain_id, validators.hash))
        votes.append(replace(unsigned, signature=Signature(signature)))
    return votes


FIRST_KEYS = {name: key_of_validator(name).address for name in MEMBERS}


def with_votes(directory: Path, height: int, votes: Sequence[Vote]) -> Path:
    VoteArchive(directory / "votes").keep(height, votes)
    return directory


def test_a_validator_is_named_by_its_institution_also_after_its_key_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who votes at a height, and for whom, is followed through the block log."""
    archive = an_archive()
    rotate_a_validator(archive)
    for _ in range(3):
        archive.block()
    height = len(archive.headers)
    new = next(one for one in archive.validators(height).members if one.address not in FIRST_KEYS.values())
    node = with_votes(archive.write(tmp_path / "node", 2), height, prevotes_of(archive, new.address, height))
    item, _ = evidence(capsys, node, status=10)
    (found,) = culprits(item)
    assert (found["institution"], found["kind"], found["height"]) == ("treasury", "equivocation", height)
    assert item["unreadable"] == []


def test_evidence_in_a_block_convicts_without_archived_votes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = an_archive()
    archive.block()
    archive.block(evidence=[Evidence.of(*prevotes_of(archive, FIRST_KEYS["moh"], 1))])
    archive.block()
    item, _ = evidence(capsys, archive.write(tmp_path / "node"), status=10)
    assert [(one["institution"], one["height"], one["rounds"]) for one in culprits(item)] == [("moh", 1, "2")]


def test_a_damaged_height_is_told_and_the_others_are_examined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = an_archive()
    for _ in range(5):
        archive.block()
    node = with_votes(archive.write(tmp_path / "node"), 4, prevotes_of(archive, FIRST_KEYS["mot"], 4))
    log = node / "blocks" / "00000001.log"
    data = bytearray(log.read_bytes())
    at = data.find(archive.headers[1].encode())
    data[at + 5] ^= 1
    log.write_bytes(bytes(data))
    item, _ = evidence(capsys, node, status=10)
    assert [one["institution"] for one in culprits(item)] == ["mot"]
    assert isinstance(item["unreadable"], list)
    assert ["height 2" in one for one in item["unreadable"]] == [True]


def test_a_made_up_set_of_validators_convicts_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log whose results name another set than its header does: votes under that set count for nothing."""
    archive = an_archive()
    archive.block()

    def another_set(changes: list[bytes]) -> list[bytes]:
        made_up = ValidatorSet.of(3, [(archive.keys[FIRST_KEYS["mof"]].public_key, 9)])
        change = Change(len(changes), None, "validator-sets", validator_set_key(3), None, made_up.encode())
        return [*changes, change.encode()]

    archive.block(
        edit_changes=another_set, edit_header=lambda header: replace(header, changes_root=Hash32(bytes(32)))
    )
    archive.block(edit_header=lambda header: replace(header, next_validators_hash=Hash32(b"x" * 32)))
    item, _ = evidence(capsys, archive.write(tmp_path / "node"))
    assert culprits(item) == []
    assert isinstance(item["unreadable"], list)
    assert ["who votes from the next height on" in one for one in item["unreadable"]] == [True]
