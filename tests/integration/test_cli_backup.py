"""Backups of a node: made while it runs, checked to the byte, restored without a journal, drilled."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cli.backup_files import BLOCK_BYTES, MANIFEST, read_manifest
from cli.main import run as run_command
from cli.session import Session
from node.config import NodeConfig
from node.node import build_node
from tests.support.network import Processes, founded_processes

HEIGHTS = 6
NODE = "226"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command answered."""

    status: int
    item: dict[str, Any]
    error: dict[str, Any]


def eqz(capfd: pytest.CaptureFixture[str], *arguments: str) -> Done:
    capfd.readouterr()
    status = run_command([*arguments, "-o", "json"], Session({"HOME": "/nonexistent"}))
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if line.startswith('{"schema": "eqz.error/1"')]
    error = json.loads(lines[-1])["error"] if lines else {}
    return Done(status, json.loads(out)["item"] if out else {}, error)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with founded_processes(
        tmp_path_factory.mktemp("network") / "n", block_interval_ms=0, timeout_propose_ms=200
    ) as processes:
        processes.all_up()
        while int(processes["mof"].status()["height"]) < HEIGHTS:
            processes.commit_one("mof")
        processes.agree()
        yield processes


@pytest.fixture(scope="module")
def tar(network: Processes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a node that runs."""
    target = tmp_path_factory.mktemp("backup") / "node.tar"
    assert run_command(["-q", "backup", "create", str(network[NODE].directory), str(target)]) == 0
    return target


@pytest.mark.parametrize("name", ["node.tar", "node"])
def test_a_backup_of_a_running_node_under_load_is_a_whole_prefix(
    network: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    target = tmp_path / name
    for _ in range(3):
        network[NODE].submit([network.document()])
    made = eqz(capfd, "backup", "create", str(network[NODE].directory), str(target))
    assert made.status == 0
    assert made.item["height"] >= HEIGHTS
    network.commit_one(NODE)
    found = eqz(capfd, "backup", "verify", str(target), "--genesis", network.founded.genesis.chain_id.hex())
    assert found.status == 0, found.error
    assert (found.item["height"], found.item["state_root"]) == (made.item["height"], made.item["state_root"])
    assert found.item["signatures"] > 0


def test_no_backup_holds_a_journal_and_keys_only_when_asked(
    network: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = {}
    for flag in ((), ("--with-keys",)):
        target = tmp_path / f"b{len(flag)}.tar"
        assert eqz(capfd, "backup", "create", str(network[NODE].directory), str(target), *flag).status == 0
        assert target.stat().st_mode & 0o777 == 0o600
        with tarfile.open(target) as archive:
            names[flag] = set(archive.getnames())
    keys = {"validator.key", "validator.password", "tls.key"}
    assert names[("--with-keys",)] - names[()] == keys
    assert not any("journal" in name for name in names[("--with-keys",)])


def test_a_node_restored_from_a_backup_follows_and_does_not_vote(
    network: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target, directory = tmp_path / "node.tar", tmp_path / "restored"
    eqz(capfd, "backup", "create", str(network[NODE].directory), str(target), "--with-keys")
    restored = eqz(capfd, "backup", "restore", str(target), str(directory))
    assert restored.status == 0, restored.error
    assert restored.item["votes"] is False
    assert not (directory / "journal").exists()
    node = build_node(NodeConfig.load(directory))
    try:
        assert node.driver.tip.height == restored.item["height"]
        assert node.driver.tip.block_id.hex() == restored.item["block_id"]
        assert not node.driver.votes
    finally:
        node.close()
    again = eqz(capfd, "backup", "restore", str(target), str(directory))
    assert (again.status, again.error["code"]) == (2, "NODE-DIRECTORY")


def test_the_drill_compares_with_a_running_node_and_leaves_nothing(
    network: Processes,
    tar: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = sorted(tar.parent.iterdir())
    found = eqz(capfd, "--node", network["mof"].url, "backup", "drill", str(tar))
    assert found.status == 0, found.error
    assert found.item["compared_with"] == [network["mof"].url]
    assert found.item["certificates"] == found.item["height"] == read_manifest(tar).height
    assert list(tmp_path.iterdir()) == []
    assert sorted(tar.parent.iterdir()) == before


def test_votes_are_in_a_backup_and_what_somebody_left_beside_them_is_not(
    network: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "node"
    shutil.copytree(network[NODE].directory, directory)
    (directory / "votes" / "000000000000.1.eqv").write_bytes(b"")
    (directory / "peers" / "mof.crt.old").write_bytes(b"")
    assert eqz(capfd, "backup", "create", str(directory), str(tmp_path / "b.tar")).status == 0
    names = {one.name for one in read_manifest(tmp_path / "b.tar").files}
    assert {"votes/000000000000.eqv", "votes/000000000000.1.eqv", "peers/mof.crt"} <= names
    assert "peers/mof.crt.old" not in names


def test_a_damaged_log_is_not_backed_up(
    network: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "node"
    shutil.copytree(network[NODE].directory, directory)
    segment = directory / "blocks" / "00000001.log"
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    refused = eqz(capfd, "backup", "create", str(directory), str(tmp_path / "b.tar"))
    assert (refused.status, refused.error["code"]) == (9, "LOG-DAMAGED")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["node"]


def test_every_hurt_byte_of_a_backup_is_refused(
    tar: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Sampled evenly, closer in the first header and in the manifest; cut off at as many places."""
    good = tar.read_bytes()
    hurt = tmp_path / "hurt.tar"
    last = range(good.rindex(b'"schema": "eqz.backup/1"') - BLOCK_BYTES, len(good), 17)
    for offset in [*range(0, BLOCK_BYTES, 7), *range(BLOCK_BYTES, len(good), len(good) // 120), *last]:
        changed = bytearray(good)
        changed[offset] ^= 1 << offset % 8
        for data in (bytes(changed), good[:offset]):
            hurt.write_bytes(data)
            found = eqz(capfd, "backup", "restore", str(hurt), str(tmp_path / "into"))
            assert found.status == 9, offset
            assert not (tmp_path / "into").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["hurt.tar"]


def packed(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for head, data in entries:
            head.size = head.size or len(data)
            archive.addfile(head, io.BytesIO(data))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    head = tarfile.TarInfo(name)
    head.type, head.linkname, head.size, head.mode = kind, link, size, 0o600
    return head


@pytest.mark.parametrize(
    "head",
    [
        entry("../outside"),
        entry("/etc/passwd"),
        entry("blocks/../../outside"),
        entry("journal/" + "a" * 64),
        entry("state/CURRENT"),
        entry("node.pid"),
        entry("peers/../node.toml"),
        entry("blocks/1.log"),
        entry(".ssh"),
        entry("node.toml", tarfile.SYMTYPE, "/etc/passwd"),
        entry("node.toml", tarfile.LNKTYPE, "genesis.eqg"),
        entry("node.toml", tarfile.CHRTYPE),
        entry("node.toml", tarfile.FIFOTYPE),
        entry("blocks", tarfile.DIRTYPE),
        entry("node.toml", tarfile.GNUTYPE_SPARSE),
        entry("node.toml", tarfile.XHDTYPE),
        entry("n" * 200),
    ],
    ids=lambda head: f"{head.name[:24]}-{head.type!r}",
)
def test_what_no_backup_has_is_not_unpacked(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], head: tarfile.TarInfo
) -> None:
    hostile = packed(tmp_path / "hostile.tar", (head, b""))
    found = eqz(capfd, "backup", "restore", str(hostile), str(tmp_path / "into"))
    assert (found.status, found.error["code"]) == (9, "BACKUP")
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.tar"]


def test_an_archive_that_says_it_is_larger_than_it_is_takes_no_memory_for_it(
    tar: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    head = entry(MANIFEST, size=(8 << 30) - 1)
    (tmp_path / "bomb.tar").write_bytes(head.tobuf(tarfile.USTAR_FORMAT) + b"{}")
    assert eqz(capfd, "backup", "verify", str(tmp_path / "bomb.tar")).status == 9
    compressed = tmp_path / "bomb.tar.gz"
    with tarfile.open(compressed, "w:gz") as archive:
        archive.add(tar, "node.toml")
    assert eqz(capfd, "backup", "verify", str(compressed)).status == 9


def test_a_directory_with_a_link_or_a_stranger_in_it_is_refused(
    network: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "backup"
    eqz(capfd, "backup", "create", str(network[NODE].directory), str(made))
    (made / "node.toml").rename(tmp_path / "elsewhere")
    (made / "node.toml").symlink_to(tmp_path / "elsewhere")
    assert eqz(capfd, "backup", "verify", str(made)).status == 9
    (made / "node.toml").unlink()
    (tmp_path / "elsewhere").rename(made / "node.toml")
    assert eqz(capfd, "backup", "verify", str(made)).status == 0
    (made / "more").write_bytes(b"")
    assert eqz(capfd, "backup", "verify", str(made)).status == 9


def test_a_manifest_that_promises_more_than_its_blocks_is_refused(
    network: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "backup"
    eqz(capfd, "backup", "create", str(network[NODE].directory), str(made))
    manifest = read_manifest(made)
    more = replace(manifest, facts={**manifest.facts, "height": manifest.height + 1})
    (made / MANIFEST).write_bytes(more.encode())
    for verb in ("verify", "drill"):
        assert eqz(capfd, "backup", verb, str(made)).status == 9


def test_a_backup_without_keys_becomes_a_node_by_two_commands(
    network: Processes, tar: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "node"
    assert eqz(capfd, "backup", "restore", str(tar), str(directory)).status == 0
    made = eqz(capfd, "node", "certificate", str(directory))
    assert made.status == 0, made.error
    used = eqz(capfd, "node", "certificate", str(directory), "--use", made.item["certificate"])
    assert used.status == 0, used.error
    found = eqz(capfd, "node", "recover", str(directory), "--new-key", "--yes")
    assert found.status == 7, found.error
    assert [one["code"] for one in found.item["found"]] == ["LOG-WHOLE", "STATE-ABSENT", "KEY-UNREADABLE"]
    assert [one["code"] for one in found.item["plan"]] == ["MAKE-STATE", "NEW-KEY"]
    assert found.item["height"] == read_manifest(tar).height
    assert found.item["why_not"] == "not enrolled"
    for name in ("proposal", "card"):
        assert Path(found.item["new_key"][name]).exists()
