"""What a killed process wrote and did not sync is read by the next one, which must not build on sand."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from chain.errors import StorageError
from storage.blocks import BlockLog
from storage.disk import REAL_DISK
from storage.journal import Journal
from tests.support.simulated_disk import Kept, Operation, PowerCut, SimulatedDisk

HOME = Path("/node")
JOURNAL = HOME / "journal" / "key"
BLOCKS = HOME / "blocks"


def a_disk() -> SimulatedDisk:
    disk = SimulatedDisk()
    disk.prepare(HOME)
    return disk


def killed_before(disk: SimulatedDisk, kind: str, act: Callable[[], None]) -> None:
    """The process is killed when it asks for this; the machine goes on."""

    def before(operation: Operation) -> None:
        if operation.kind == kind:
            raise PowerCut

    disk.before = before
    with pytest.raises(PowerCut):
        act()
    disk.before = lambda operation: None
    disk.process_killed()


def test_a_vote_that_was_read_after_a_kill_survives_the_power_cut_that_follows() -> None:
    disk = a_disk()
    journal = Journal.create(JOURNAL, disk)
    killed_before(disk, "sync", lambda: journal.append(b"vote"))
    found = Journal.open(JOURNAL, disk).records()
    disk.power_cut(Random(0), Kept.NONE)
    assert Journal.open(JOURNAL, disk).records() == found


def test_a_pruned_journal_that_was_read_after_a_kill_keeps_what_is_added_to_it() -> None:
    disk = a_disk()
    journal = Journal.create(JOURNAL, disk)
    journal.append(b"old vote")
    killed_before(disk, "sync_directory", lambda: journal.prune([b"kept"]))
    reopened = Journal.open(JOURNAL, disk)
    reopened.append(b"new vote")
    disk.power_cut(Random(0), Kept.NONE)
    assert Journal.open(JOURNAL, disk).records() == (b"kept", b"new vote")


def test_a_height_that_was_read_after_a_kill_survives_the_power_cut_that_follows() -> None:
    disk = a_disk()
    log = BlockLog.open(BLOCKS, b"genesis", disk=disk)
    killed_before(disk, "sync", lambda: log.append(1, b"block", b"results", b"certificate"))
    found = BlockLog.open(BLOCKS, b"genesis", disk=disk).last_height
    disk.power_cut(Random(0), Kept.NONE)
    assert BlockLog.open(BLOCKS, b"genesis", disk=disk).last_height == found


@pytest.mark.parametrize("kind", ["sync", "sync_directory"])
def test_a_segment_that_was_read_after_a_kill_survives_the_power_cut_that_follows(kind: str) -> None:
    disk = a_disk()
    log = BlockLog.open(BLOCKS, b"genesis", disk=disk, segment_bytes=1)
    log.append(1, b"block", b"results", b"certificate")
    killed_before(disk, kind, lambda: log.append(2, b"block", b"results", b"certificate"))
    found = BlockLog.open(BLOCKS, b"genesis", disk=disk).last_height
    disk.power_cut(Random(0), Kept.NONE)
    assert BlockLog.open(BLOCKS, b"genesis", disk=disk).last_height == found


def failed_sync(disk: SimulatedDisk, act: Callable[[], None]) -> None:
    """The sync fails, the kernel forgets that the pages are not on disk; the process ends."""

    def before(operation: Operation) -> None:
        if operation.kind == "sync":
            raise OSError(errno.EIO, "Input/output error")

    disk.before = before
    with pytest.raises(StorageError):
        act()
    disk.before = lambda operation: None
    disk.process_killed()


def test_a_vote_whose_sync_failed_is_written_again_before_it_is_believed() -> None:
    disk = a_disk()
    journal = Journal.create(JOURNAL, disk)
    journal.append(b"first")
    failed_sync(disk, lambda: journal.append(b"vote"))
    found = Journal.open(JOURNAL, disk).records()
    disk.power_cut(Random(0), Kept.NONE)
    assert Journal.open(JOURNAL, disk).records() == found


@pytest.mark.parametrize("segment_bytes", [1, 1 << 20])
def test_a_height_whose_sync_failed_is_written_again_before_it_is_served(segment_bytes: int) -> None:
    disk = a_disk()
    log = BlockLog.open(BLOCKS, b"genesis", disk=disk, segment_bytes=segment_bytes)
    log.append(1, b"block", b"results", b"certificate")
    failed_sync(disk, lambda: log.append(2, b"block", b"results", b"certificate"))
    found = BlockLog.open(BLOCKS, b"genesis", disk=disk).last_height
    disk.power_cut(Random(0), Kept.NONE)
    assert BlockLog.open(BLOCKS, b"genesis", disk=disk).last_height == found


def test_what_is_written_again_is_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    REAL_DISK.write_again(path, 4)
    assert path.read_bytes() == b"0123456789"
