"""The simulated disk keeps what was synced, may lose the rest, and no more than the rest."""

from __future__ import annotations

import errno
from pathlib import Path
from random import Random

import pytest

from chain.errors import CorruptionError, StorageError
from tests.support.simulated_database import LOG, SimulatedDatabase
from tests.support.simulated_disk import Kept, Operation, PowerCut, SimulatedDisk

HOME = Path("/node")
FILE = HOME / "file"


@pytest.fixture
def disk() -> SimulatedDisk:
    disk = SimulatedDisk()
    disk.prepare(HOME)
    return disk


def durable(disk: SimulatedDisk, data: bytes) -> None:
    disk.write_new(FILE, [data])
    disk.sync_directory(HOME)


def failing(kind: str, error: int) -> object:
    def before(operation: Operation) -> None:
        if operation.kind == kind:
            raise OSError(error, "as the test says")

    return before


def test_what_was_synced_stays_whatever_is_drawn(disk: SimulatedDisk) -> None:
    durable(disk, b"synced")
    for seed in range(50):
        disk.open(FILE).write(b" and not")
        disk.power_cut(Random(seed))
        left = disk.read(FILE)
        assert left.startswith(b"synced")
        disk.open(FILE).cut(6)
        disk.power_cut(Random(seed), Kept.ALL)


def test_a_power_cut_draws_everything_between_nothing_and_all(disk: SimulatedDisk) -> None:
    durable(disk, b"a")
    lefts = set()
    for seed in range(300):
        one = disk.copy()
        one.open(FILE).write(b"bcde")
        one.power_cut(Random(seed))
        lefts.add(one.read(FILE))
    assert lefts == {b"a", b"ab", b"abc", b"abcd", b"abcde", b"a\0\0\0\0"}


def test_a_file_lengthened_before_it_was_written_is_zero_in_whole_sectors(disk: SimulatedDisk) -> None:
    durable(disk, b"a" * 500)
    written = set()
    for seed in range(100):
        one = disk.copy()
        one.open(FILE).write(b"b" * 1_000)
        one.power_cut(Random(seed), Kept.ZEROS)
        data = one.read(FILE)
        if len(data) == 1_500:
            written.add(len(data.rstrip(b"\0")))
    assert written == {500, 512, 1_024, 1_500}


def test_a_name_needs_its_directory_synced(disk: SimulatedDisk) -> None:
    disk.write_new(FILE, [b"bytes"])
    disk.power_cut(Random(0), Kept.NONE)
    assert not disk.exists(FILE)
    durable(disk, b"bytes")
    disk.unlink(FILE)
    disk.power_cut(Random(0), Kept.NONE)
    assert disk.read(FILE) == b"bytes"


def test_a_name_without_its_bytes_is_an_empty_file(disk: SimulatedDisk) -> None:
    disk.create(FILE).write(b"bytes")
    disk.sync_directory(HOME)
    disk.power_cut(Random(0), Kept.NONE)
    assert disk.read(FILE) == b""


def test_a_rename_is_in_both_directories_or_in_none(disk: SimulatedDisk) -> None:
    disk.make_directory(HOME / "other")
    durable(disk, b"bytes")
    places = set()
    for seed in range(40):
        one = disk.copy()
        one.rename(FILE, HOME / "other" / "file")
        one.power_cut(Random(seed))
        places.add(tuple(one.files(HOME)))
    assert places == {(FILE,), (HOME / "other" / "file",)}
    disk.rename(FILE, HOME / "other" / "file")
    disk.sync_directory(HOME / "other")
    disk.power_cut(Random(0), Kept.NONE)
    assert list(disk.files(HOME)) == [HOME / "other" / "file"]


def test_a_directory_that_was_not_synced_takes_its_files_with_it(disk: SimulatedDisk) -> None:
    disk.make_directory(HOME / "new")
    disk.write_new(HOME / "new" / "file", [b"bytes"])
    disk.sync_directory(HOME / "new")
    disk.power_cut(Random(0), Kept.NONE)
    assert not disk.exists(HOME / "new")


def test_a_lying_sync_keeps_nothing_until_an_honest_one(disk: SimulatedDisk) -> None:
    durable(disk, b"a")
    disk.lies = True
    file = disk.open(FILE)
    file.write(b"b")
    file.sync_data()
    one = disk.copy()
    one.power_cut(Random(0), Kept.NONE)
    assert one.read(FILE) == b"a"
    disk.lies = False
    file.sync_data()
    disk.power_cut(Random(0), Kept.NONE)
    assert disk.read(FILE) == b"ab"


def test_what_a_failed_sync_left_out_no_later_sync_writes(disk: SimulatedDisk) -> None:
    durable(disk, b"a")
    file = disk.open(FILE)
    file.write(b"b")
    disk.before = failing("sync", errno.EIO)
    with pytest.raises(OSError, match="as the test says"):
        file.sync_data()
    disk.before = SimulatedDisk().before
    file.write(b"c")
    file.sync_data()
    assert disk.read(FILE) == b"abc"
    disk.power_cut(Random(0), Kept.NONE)
    assert disk.read(FILE) == b"a\0c"


def test_a_full_disk_takes_what_there_is_room_for(disk: SimulatedDisk) -> None:
    disk.capacity_bytes = 4
    assert disk.free_bytes(HOME) == 4
    with pytest.raises(OSError, match="No space left"):
        disk.write_new(FILE, [b"abcdef"])
    assert disk.read(FILE) == b"abcd"


def test_after_the_power_went_nothing_answers(disk: SimulatedDisk) -> None:
    def cut(operation: Operation) -> None:
        raise PowerCut

    disk.before = cut
    with pytest.raises(PowerCut):
        disk.create(FILE)
    disk.before = SimulatedDisk().before
    with pytest.raises(PowerCut):
        disk.exists(FILE)
    disk.power_cut(Random(0))
    assert not disk.exists(FILE)


def test_a_lock_goes_with_the_process(disk: SimulatedDisk) -> None:
    durable(disk, b"a")
    held = disk.open(FILE)
    held.lock()
    disk.lock_directory(HOME)
    with pytest.raises(BlockingIOError):
        disk.open(FILE).lock()
    with pytest.raises(BlockingIOError):
        disk.lock_directory(HOME)
    disk.process_killed()
    disk.open(FILE).lock()
    disk.lock_directory(HOME)


def test_a_batch_is_there_whole_or_not_at_all(disk: SimulatedDisk) -> None:
    database = SimulatedDatabase(disk, HOME / "state")
    disk.sync_directory(HOME)
    database.write([(b"a", b"1"), (b"b", b"1")])
    found = set()
    for seed in range(100):
        one = disk.copy()
        one.lies = True
        one.process_killed()
        again = SimulatedDatabase(one, HOME / "state")
        again.write([(b"a", b"2"), (b"b", None), (b"c", b"2")])
        one.power_cut(Random(seed))
        found.add(tuple(SimulatedDatabase(one, HOME / "state").seek(b"", b"")))
    end = (b"\xff", b"end")
    assert found == {
        ((b"a", b"1"), (b"b", b"1"), end),
        ((b"a", b"2"), (b"c", b"2"), end),
    }


def test_a_snapshot_of_the_database_does_not_move(disk: SimulatedDisk) -> None:
    database = SimulatedDatabase(disk, HOME / "state")
    database.write([(b"a", b"1")])
    snapshot = database.snapshot()
    database.write([(b"a", b"2")])
    assert (snapshot.get(b"a"), database.get(b"a")) == (b"1", b"2")


def test_a_flipped_byte_of_the_database_is_found_at_the_next_read(disk: SimulatedDisk) -> None:
    database = SimulatedDatabase(disk, HOME / "state")
    database.write([(b"a", b"1")])
    log = HOME / "state" / LOG
    disk.flip(log, disk.size(log) - 1)
    with pytest.raises(CorruptionError, match="checksum"):
        database.get(b"a")
    database.close()
    with pytest.raises(CorruptionError, match="checksum"):
        SimulatedDatabase(disk, HOME / "state")


def test_a_database_whose_write_failed_takes_no_more(disk: SimulatedDisk) -> None:
    database = SimulatedDatabase(disk, HOME / "state")
    disk.before = failing("sync", errno.EIO)
    with pytest.raises(StorageError, match="as the test says"):
        database.write([(b"a", b"1")])
    disk.before = SimulatedDisk().before
    with pytest.raises(StorageError) as refused:
        database.write([(b"a", b"1")])
    assert refused.value.code == "POISONED"
