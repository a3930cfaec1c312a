"""Whole segments of the block log that are missing, unreadable or another's: height by height from peers."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from random import Random
from typing import BinaryIO

import pytest

from chain.errors import StorageError
from storage.blocks import BlockLog
from storage.disk import RealDisk
from storage.log_format import SEGMENT_HEADER_BYTES, Records, segment_number
from storage.log_repair import quarantine_directory, repair_directory
from storage.log_scan import LogDamageError
from tests.support.log import GENESIS, SEGMENT_BYTES, a_group, everything, flip, open_log, write_log

HEIGHTS = 14
PEERS = b"a peer's certificate"
ALL = {height: a_group(height) for height in range(1, HEIGHTS + 1)}
FROM_PEERS = {height: group._replace(certificate=PEERS) for height, group in ALL.items()}
SEEDS = 150


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write_log(tmp_path / "blocks", HEIGHTS)
    assert len(list((tmp_path / "blocks").iterdir())) >= 6
    return tmp_path / "blocks"


def segments_of(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


def content(groups: dict[int, Records]) -> dict[int, tuple[bytes, bytes]]:
    return {height: (group.block, group.results) for height, group in groups.items()}


def repair(directory: Path, *, reopen: bool = False) -> list[int]:
    """Put back what is damaged, from peers; the heights in their order. With `reopen` as by processes that
    each live for one height."""
    heights: list[int] = []
    log = open_log(directory, tolerate_damage=True)
    while log.damages:
        height = log.damages[0].first_height
        assert not heights or height > heights[-1]
        heights.append(height)
        log.repair(height, *FROM_PEERS[height])
        if reopen:
            log.close()
            log = open_log(directory, tolerate_damage=True)
    log.close()
    return heights


def is_whole(directory: Path) -> BlockLog:
    """Opened without tolerance; every height that it has is as it was, and the files stand without gaps."""
    log = open_log(directory)
    found = everything(log)
    assert content(found) == content({height: a_group(height) for height in found})
    names = [path.name for path in segments_of(directory)]
    assert names == [f"{number:08d}.log" for number in range(1, len(names) + 1)]
    assert not repair_directory(directory).exists()
    for height in range(log.last_height + 1, HEIGHTS + 2):
        log.append(height, *a_group(height))
    return log


@pytest.mark.parametrize("reopen", [False, True])
def test_each_missing_segment_comes_back_height_by_height_and_nothing_after_it_is_cut(
    directory: Path, tmp_path: Path, reopen: bool
) -> None:
    saved = tmp_path / "saved"
    shutil.copytree(directory, saved)
    for path in segments_of(saved)[:-1]:
        (directory / path.name).unlink()
        with pytest.raises(LogDamageError, match=rf"{path.name}: height.* the segment is missing"):
            open_log(directory)
        heights = repair(directory, reopen=reopen)
        log = is_whole(directory)
        kept = {height: group for height, group in ALL.items() if height not in heights}
        assert {height: log.read(height) for height in kept} == kept
        log.close()
        shutil.rmtree(directory)
        shutil.copytree(saved, directory)


def test_segments_missing_side_by_side_come_back(directory: Path) -> None:
    for path in segments_of(directory)[1:4]:
        path.unlink()
    assert len(repair(directory)) >= 3
    is_whole(directory).close()


def test_all_but_the_last_segment_are_missing(directory: Path) -> None:
    for path in segments_of(directory)[:-1]:
        path.unlink()
    repair(directory)
    is_whole(directory).close()


def test_without_its_last_segments_the_log_ends_earlier_and_goes_on(directory: Path) -> None:
    for path in segments_of(directory)[-2:]:
        path.unlink()
    assert repair(directory) == []
    log = open_log(directory)
    assert 0 < log.last_height < HEIGHTS
    log.close()
    is_whole(directory).close()


def test_a_header_and_the_end_of_the_segment_before_it_damaged_together(directory: Path) -> None:
    """Where the one ends and the other begins is not known: the second file goes to the quarantine, whole."""
    first, second, *_ = segments_of(directory)
    flip(first, first.stat().st_size - 1)
    flip(second, 3)
    damaged = second.read_bytes()
    with pytest.raises(LogDamageError):
        open_log(directory)
    assert second.read_bytes() == damaged
    repair(directory)
    is_whole(directory).close()
    assert damaged in [path.read_bytes() for path in quarantine_directory(directory).iterdir()]


def test_a_segment_of_another_nodes_log_is_set_aside_and_its_heights_are_fetched(
    directory: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "blocks"
    log = open_log(other)
    for height in range(1, HEIGHTS + 1):
        log.append(height, *FROM_PEERS[height])
    log.close()
    for number in (2, 3, len(segments_of(directory))):
        name = f"{number:08d}.log"
        shutil.copy(other / name, directory / name)
        with pytest.raises(LogDamageError, match=name):
            open_log(directory)
        repair(directory)
        is_whole(directory).close()


def test_an_end_of_which_nobody_was_told_goes_to_the_quarantine_and_nothing_else(directory: Path) -> None:
    last = segments_of(directory)[-1]
    whole = last.read_bytes()
    new = last.with_name(f"{int(last.stem) + 1:08d}.log")
    header = whole[:SEGMENT_HEADER_BYTES]
    for path, data in ((last, whole + b"x" * 400), (new, b"y" * 500), (new, header + b"z" * 500)):
        path.write_bytes(data)
        log = open_log(directory, tolerate_damage=True)
        if log.damages:
            damage = log.set_end_aside()
            assert damage is not None
            assert damage.first_height == HEIGHTS + 1
        assert (log.set_end_aside(), log.damages) == (None, ())
        assert everything(log) == ALL
        log.close()
        assert last.read_bytes() == whole
        assert not new.exists()
        kept = [one.read_bytes() for one in quarantine_directory(directory).iterdir()]
        assert data[-400:] in [one[-400:] for one in kept]
    is_whole(directory).close()


class BadMedium(RealDisk):
    """Some files cannot be read."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def reader(self, path: Path) -> BinaryIO:
        if path.parent.name == "blocks" and path.name in self._names:
            raise OSError(errno.EIO, "Input/output error")
        return super().reader(path)


def test_a_file_that_the_disk_does_not_give_back_is_set_aside(directory: Path) -> None:
    disk = BadMedium("00000002.log")
    with pytest.raises(LogDamageError, match="Input/output error"):
        BlockLog.open(directory, GENESIS, disk=disk)
    log = BlockLog.open(directory, GENESIS, disk=disk, segment_bytes=SEGMENT_BYTES, tolerate_damage=True)
    log.close()
    assert not (directory / "00000002.log").exists()
    repair(directory)
    is_whole(directory).close()


def test_a_file_that_may_not_be_read_is_left_where_it_is(directory: Path) -> None:
    class Forbidden(RealDisk):
        def reader(self, path: Path) -> BinaryIO:
            raise OSError(errno.EACCES, "Permission denied")

    with pytest.raises(StorageError, match="Permission denied"):
        BlockLog.open(directory, GENESIS, disk=Forbidden(), tolerate_damage=True)
    assert (directory / "00000001.log").exists()


def hurt(directory: Path, chance: Random) -> None:
    """One more place of damage, of a random kind."""
    path = chance.choice(segments_of(directory))
    data = path.read_bytes()
    match chance.randrange(6):
        case 0 if len(segments_of(directory)) > 1:
            path.unlink()
        case 1:
            flip(path, chance.randrange(len(data)))
        case 2:
            path.write_bytes(data[: chance.randrange(len(data))])
        case 3:
            begin = chance.randrange(len(data))
            end = min(len(data), begin + chance.randrange(1, 300))
            path.write_bytes(data[:begin] + chance.randbytes(end - begin) + data[end:])
        case 4:
            begin = chance.randrange(len(data))
            path.write_bytes(data[:begin] + bytes(len(data) - begin))
        case _:
            other = chance.choice(segments_of(directory))
            shutil.copy(other, path.with_name("x"))
            path.with_name("x").rename(path)


@pytest.mark.parametrize("seed", [*range(SEEDS), 1491])
def test_several_places_of_damage_in_any_order(directory: Path, seed: int) -> None:
    """Whatever is hit, and if the node dies after each height: the log is whole again, or shorter by whole
    heights, and what cannot be believed is never read."""
    chance = Random(seed)
    for _ in range(chance.randint(2, 5)):
        if all(path.stat().st_size for path in segments_of(directory)):
            hurt(directory, chance)
    repair(directory, reopen=chance.random() < 0.5)
    is_whole(directory).close()
    assert all(segment_number(path.name) for path in segments_of(directory))
