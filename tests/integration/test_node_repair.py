"""Four node processes, one with a damaged block log: it is put back from the others, or not served."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blocks import BlockLog
from storage.log_format import RECORD_HEADER_BYTES, RECORD_TRAILER_BYTES, RecordType
from storage.log_repair import quarantine_directory
from storage.log_scan import LogDamageError
from tests.support.log import flip
from tests.support.network import NodeProcess, Processes, founded_processes, until

BLOCKS = 30
VICTIM = "226"
OTHERS = ("mof", "treasury", "228")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """At least 30 blocks, a document in each."""
    directory = tmp_path_factory.mktemp("network") / "n"
    with founded_processes(
        directory, block_interval_ms=0, timeout_propose_ms=200, timeout_vote_ms=200
    ) as processes:
        processes.all_up()
        while int(processes["mof"].status()["height"]) < BLOCKS:
            processes.commit_one("mof")
        processes.agree()
        yield processes


@pytest.fixture
def victim(network: Processes) -> NodeProcess:
    """A node at rest, its log whole; the others run."""
    for name in OTHERS:
        if network[name].process is None:
            network[name].start()
    node = network[VICTIM]
    node.kill(signal.SIGTERM)
    (node.directory / "node.log").unlink()
    shutil.rmtree(quarantine_directory(node.directory / "blocks"), ignore_errors=True)
    return node


def genesis_of(node: NodeProcess) -> bytes:
    return (node.directory / "genesis.eqg").read_bytes()


def place_in(node: NodeProcess, height: int, kind: RecordType) -> tuple[Path, int]:
    """A byte in the middle of this record's payload."""
    log = BlockLog.open(node.directory / "blocks", genesis_of(node))
    segment = next(one for one in log.segments() if one.first_height <= height < one.next_height)
    offset = segment.starts[height - segment.first_height]
    for payload, found in zip(log.read(height), (1, 2, 3), strict=True):
        if found == kind:
            log.close()
            return segment.path, offset + RECORD_HEADER_BYTES + len(payload) // 2
        offset += RECORD_HEADER_BYTES + len(payload) + RECORD_TRAILER_BYTES
    raise AssertionError(kind)


def last_height(node: NodeProcess) -> int:
    log = BlockLog.open(node.directory / "blocks", genesis_of(node))
    log.close()
    return log.last_height


def audit(node: NodeProcess) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "audit", "chain", "--workers", "0", str(node.directory)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def comes_back_whole(network: Processes, node: NodeProcess) -> None:
    """It starts, agrees with the others and votes; its log, when it is at rest, satisfies the auditor."""
    node.start()
    until(node.is_ready, f"the node: {node.log[-2000:]}")
    network.commit_one(VICTIM)
    network.agree()
    assert node.status()["votes"]
    node.kill(signal.SIGTERM)
    audited = audit(node)
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert any(quarantine_directory(node.directory / "blocks").iterdir())


@pytest.mark.parametrize("kind", [RecordType.BLOCK, RecordType.RESULTS, RecordType.CERTIFICATE])
def test_a_damaged_record_is_put_back_from_the_peers(
    network: Processes, victim: NodeProcess, kind: RecordType
) -> None:
    path, offset = place_in(victim, 12, kind)
    flip(path, offset)
    comes_back_whole(network, victim)
    assert f"height 12, record {kind.value} ({kind.name.lower()})" in victim.log
    assert '"event": "damaged height put back"' in victim.log


def in_small_segments(node: NodeProcess) -> list[Path]:
    """The node's log with some heights a file; the files."""
    blocks = node.directory / "blocks"
    log = BlockLog.open(blocks, genesis_of(node))
    small = BlockLog.open(blocks.with_name("small"), genesis_of(node), segment_bytes=10_000)
    for height in range(1, log.last_height + 1):
        small.append(height, *log.read(height))
    log.close()
    small.close()
    shutil.rmtree(blocks)
    blocks.with_name("small").rename(blocks)
    return sorted(blocks.iterdir())


@pytest.mark.parametrize("is_state_lost", [False, True], ids=["state there", "state lost"])
def test_whole_segments_come_back_from_the_peers_and_nothing_after_them_is_cut(
    network: Processes, victim: NodeProcess, is_state_lost: bool
) -> None:
    files = in_small_segments(victim)
    assert len(files) >= 5
    last = files[-1].read_bytes()
    for path in (files[0], files[2]):
        path.unlink()
    files[3].write_bytes(b"")
    if is_state_lost:
        shutil.rmtree(victim.directory / "state")
    comes_back_whole(network, victim)
    assert "00000001.log: heights 1 to" in victim.log
    assert len(files[-1].read_bytes()) >= len(last)
    assert victim.log.count('"event": "damaged height put back"') >= 3


def test_block_1_and_the_last_two_heights_come_back(network: Processes, victim: NodeProcess) -> None:
    last = last_height(victim)
    for place in [place_in(victim, height, RecordType.BLOCK) for height in (1, last - 1, last)]:
        flip(*place)
    comes_back_whole(network, victim)
    assert victim.log.count('"event": "damaged height put back"') == 2
    assert "state is ahead of the block log" in victim.log  # where the last height ended was not known


def test_a_damaged_header_is_put_back_without_a_peer(network: Processes, victim: NodeProcess) -> None:
    flip(victim.directory / "blocks" / "00000001.log", 50)
    comes_back_whole(network, victim)
    assert "segment header at offset 0" in victim.log
    assert "asking the peers" not in victim.log


def test_a_log_is_put_back_while_a_damaged_state_is_made_anew(
    network: Processes, victim: NodeProcess
) -> None:
    places = [place_in(victim, height, RecordType.RESULTS) for height in (7, 8, 20)]
    for place in places:
        flip(*place)
    flip(next((victim.directory / "state").glob("MANIFEST-*")), 20)
    comes_back_whole(network, victim)
    assert victim.log.count('"event": "damaged height put back"') == 3
    assert (victim.directory / "state.damaged-1").is_dir()


def test_without_peers_the_height_is_named_and_nothing_starts(
    network: Processes, victim: NodeProcess
) -> None:
    path, offset = place_in(victim, 12, RecordType.BLOCK)
    flip(path, offset)
    damaged = path.read_bytes()
    with pytest.raises(LogDamageError) as found:
        BlockLog.open(victim.directory / "blocks", genesis_of(victim))
    config = victim.directory / "node.toml"
    text = config.read_text("utf-8")
    for name in OTHERS:
        network[name].kill(signal.SIGTERM)
    config.write_text("log_repair_seconds = 1\n" + text, "utf-8")
    status, said = victim.run_to_the_end()
    config.write_text(text, "utf-8")
    assert status == 9
    assert "error[LOG-DAMAGED]" in said
    assert found.value.damage.describe() in said
    assert "none was connected for 1 s" in said
    assert path.read_bytes() == damaged
    # a node that waits for its peers serves nothing, and is whole when they come
    victim.start()
    until(lambda: "asking the peers" in victim.log, "the node to ask")
    assert not (victim.directory / "api.addr").exists()
    for name in OTHERS:
        network[name].start()
    until(victim.is_ready, "the node")
    network.agree()
    assert path.read_bytes() != damaged
