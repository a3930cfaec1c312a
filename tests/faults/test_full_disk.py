"""A real file system that fills under a running node, and is freed: with the reserve, and without one."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.network import NodeProcess, Processes, founded_processes, until

MIB = 1 << 20
DISK_MIB = 96
RESERVE_MIB = 32
"""Its floor is 8 MiB, and the node goes on at 36."""

VICTIM, OTHERS = "228", ("mof", "treasury", "226")


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Processes]:
    """Four nodes; the directory of one is a small disk of its own."""
    with founded_processes(
        tmp_path / "n", block_interval_ms=0, timeout_propose_ms=300, timeout_vote_ms=300, idle_ms=1_000
    ) as processes:
        place = processes[VICTIM].directory
        aside = place.with_name("aside")
        place.rename(aside)
        place.mkdir()
        with mounted(place):
            shutil.copytree(aside, place, dirs_exist_ok=True)
            try:
                yield processes
            finally:
                processes.stop()


@contextmanager
def mounted(place: Path) -> Iterator[None]:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700", "eqz-disk", str(place)], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def set_reserve(node: NodeProcess, reserve_mib: int) -> None:
    with (node.directory / "node.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n[disk]\nreserve_bytes = {reserve_mib * MIB}\n")


def fill(node: NodeProcess, left_mib: int) -> None:
    """Other files take the room, up to so much."""
    free = shutil.disk_usage(node.directory).free
    with (node.directory / "filler").open("ab") as filler:
        for _ in range(max(0, free // MIB - left_mib)):
            filler.write(bytes(MIB))


def fill_whole(node: NodeProcess) -> None:
    """Until the system itself says that there is no more."""
    written = ["dd", "if=/dev/zero", f"of={node.directory / 'filler'}", "bs=4096"]
    ended = subprocess.run(written, capture_output=True, text=True, check=False)
    assert "No space left on device" in ended.stderr, ended.stderr


def free(node: NodeProcess) -> None:
    (node.directory / "filler").unlink()


def codes(node: NodeProcess) -> list[str]:
    answer = node.get("/health/ready")
    return [] if answer is None else [str(one["code"]) for one in answer.json()["findings"]]


def height(node: NodeProcess) -> int:
    return int(node.status().get("height", -1))


def votes(node: NodeProcess) -> bool:
    return bool(node.status().get("votes"))


def test_below_the_reserve_it_follows_below_the_floor_it_writes_nothing_and_both_pass(
    network: Processes,
) -> None:
    node = network[VICTIM]
    set_reserve(node, RESERVE_MIB)
    network.all_up()
    network.commit_one(VICTIM)
    process = node.process

    fill(node, RESERVE_MIB - 4)
    until(lambda: not votes(node), "the node to stop voting")
    assert codes(node) == ["DISK-RESERVE"]
    assert node.metric("eqz_votes") == 0
    network.commit_one(VICTIM)  # handed on, decided by the others, taken over
    network.agree()

    fill(node, RESERVE_MIB // 4 - 2)
    until(lambda: codes(node) == ["DISK-FLOOR"], f"the node to say so: {codes(node)}")
    stood = height(node)
    network.commit_one("mof")
    network.commit_one("treasury")
    assert height(node) == stood
    assert node.submit([network.document()]) == ["full"]
    assert node.get(f"/v1/blocks/{stood}") is not None

    free(node)
    until(lambda: votes(node) and node.is_ready(), "the node to vote again")
    network.agree()
    assert node.process is process
    assert process is not None
    assert process.poll() is None
    assert "this key will not vote" not in node.log


def test_a_node_that_starts_below_the_reserve_votes_when_there_is_space(network: Processes) -> None:
    node = network[VICTIM]
    set_reserve(node, RESERVE_MIB)
    network.all_up()
    network.agree()
    node.kill(signal.SIGKILL)
    fill(node, RESERVE_MIB - 6)
    node.start()
    until(lambda: codes(node) == ["DISK-RESERVE"], f"the node to say so: {node.log[-500:]}")
    network.commit_one("mof")
    network.agree()
    assert not votes(node)
    free(node)
    until(lambda: votes(node), "the node to vote")
    network.agree()


def test_without_a_reserve_a_full_disk_ends_the_node_with_7_and_nothing_is_lost(network: Processes) -> None:
    node = network[VICTIM]
    set_reserve(node, 0)
    network.all_up()
    network.commit_one(VICTIM)
    fill_whole(node)
    process = node.process
    assert process is not None
    for through in OTHERS * 3:
        if process.poll() is None:
            network.commit_one(through)
    assert process.wait(30) == 7, node.log[-1500:]
    node.process = None
    assert "No space left on device" in node.log
    network.commit_one("mof")

    status, text = node.run_to_the_end()
    assert status == 7, text[-1500:]
    free(node)
    node.start()
    until(lambda: votes(node), f"the node to vote: {node.log[-800:]}")
    network.agree()
    assert "this key will not vote" not in node.log
