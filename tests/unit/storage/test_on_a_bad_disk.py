"""Block log and journal on a disk that fails, forgets and rots: what is not sure is not believed."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from chain.errors import CorruptionError, StorageError
from storage.blocks import BlockLog
from storage.files import AppendOnlyFile
from storage.journal import Journal
from storage.log_format import RecordType
from storage.log_scan import LogDamageError
from tests.support.log import GENESIS, a_group, open_log
from tests.support.simulated_disk import Kept, Operation, SimulatedDisk

HOME = Path("/node")
BLOCKS, JOURNAL = HOME / "blocks", HOME / "journal" / "key"
FIRST_SEGMENT = BLOCKS / "00000001.log"


def a_disk() -> SimulatedDisk:
    disk = SimulatedDisk()
    disk.prepare(HOME)
    return disk


def failing(kind: str) -> Callable[[Operation], None]:
    def before(operation: Operation) -> None:
        if operation.kind == kind:
            raise OSError(errno.EIO, "Input/output error")

    return before


def a_log(disk: SimulatedDisk, heights: int) -> BlockLog:
    log = BlockLog.open(BLOCKS, GENESIS, disk=disk)
    for height in range(1, heights + 1):
        log.append(height, *a_group(height))
    return log


def test_after_a_sync_that_failed_every_append_is_refused() -> None:
    """The next sync would say that all is well, and a power cut then leave a hole."""
    disk = a_disk()
    disk.write_new(HOME / "file", [b"a"])
    file = AppendOnlyFile.open(HOME / "file", disk=disk)
    healthy, disk.before = disk.before, failing("sync")
    with pytest.raises(StorageError, match="Input/output error"):
        file.append(b"b")
    disk.before = healthy
    with pytest.raises(StorageError) as refused:
        file.append(b"c")
    assert refused.value.code == "POISONED"


def test_a_flipped_byte_of_the_journal_is_damage_and_nothing_is_cut() -> None:
    disk = a_disk()
    journal = Journal.create(JOURNAL, disk)
    for number in range(3):
        journal.append(b"record %d" % number)
    journal.close()
    whole = disk.read(JOURNAL)
    for offset in range(len(whole)):
        disk.flip(JOURNAL, offset, 0x10)
        rotten = disk.read(JOURNAL)
        with pytest.raises(CorruptionError):
            Journal.open(JOURNAL, disk)
        assert disk.read(JOURNAL) == rotten, offset
        disk.flip(JOURNAL, offset, 0x10)


def test_a_torn_record_of_the_journal_is_cut_before_the_next_one() -> None:
    disk = a_disk()
    journal = Journal.create(JOURNAL, disk)
    journal.append(b"whole")
    journal.close()
    disk.open(JOURNAL).write(b"\0\0\0\x09torn")
    disk.power_cut(Random(0), Kept.ALL)
    journal = Journal.open(JOURNAL, disk)
    assert journal.cut_bytes == 8
    journal.append(b"after")
    journal.close()
    journal = Journal.open(JOURNAL, disk)
    assert journal.records() == (b"whole", b"after")


def test_a_read_of_the_log_gives_what_was_written_or_says_that_it_cannot() -> None:
    disk = a_disk()
    log = a_log(disk, 3)
    for offset in range(disk.size(FIRST_SEGMENT)):
        disk.flip(FIRST_SEGMENT, offset, 0x10)
        for height in range(1, 4):
            with suppress(LogDamageError):
                assert log.read(height) == a_group(height), offset
        disk.flip(FIRST_SEGMENT, offset, 0x10)


def test_a_flipped_byte_of_the_last_height_is_damage_and_no_torn_tail() -> None:
    """Cut off, it would be forgotten: a height that clients were told."""
    disk = a_disk()
    a_log(disk, 2).close()
    whole = disk.read(FIRST_SEGMENT)
    for offset in range(whole.index(b"block 2"), len(whole)):
        disk.flip(FIRST_SEGMENT, offset, 0x10)
        rotten = disk.read(FIRST_SEGMENT)
        with pytest.raises(LogDamageError):
            BlockLog.open(BLOCKS, GENESIS, disk=disk)
        assert disk.read(FIRST_SEGMENT) == rotten
        disk.flip(FIRST_SEGMENT, offset, 0x10)


def test_a_repair_that_is_cut_off_leaves_the_log_as_it_was_or_whole() -> None:
    """Three segments are chained anew: never is one of them old and another new."""
    disk, heights = a_disk(), 5
    log = open_log(BLOCKS, disk=disk)
    for height in range(1, heights + 1):
        log.append(height, *a_group(height))
    segments = len(log.segments())
    assert segments >= 3
    log.close()
    disk.flip(FIRST_SEGMENT, disk.read(FIRST_SEGMENT).index(b"own certificate 1"))
    peers = a_group(1)._replace(certificate=b"a peer's certificate")
    moments: list[SimulatedDisk] = []
    log = open_log(BLOCKS, tolerate_damage=True, disk=disk)
    disk.after = lambda operation: moments.append(disk.copy()) if operation.is_durable else None
    log.repair(1, *peers)
    found = set()
    for number, moment in enumerate(moments):
        for draw in range(20):
            left = moment.copy()
            left.power_cut(Random(f"{number} {draw}"), Kept.SCATTERED if draw else Kept.NONE)
            log = open_log(BLOCKS, tolerate_damage=True, disk=left)
            found.add(tuple((one.first_height, one.last_height, one.record) for one in log.damages))
            log.close()
    assert found == {((1, 1, RecordType.CERTIFICATE),), ()}
