"""The block log on a real disk: what is written is read, what is torn is cut, what is damaged is named."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain.errors import StorageError
from storage import disk, files
from storage.blocks import BlockLog
from storage.errors import HeightNotHeldError
from storage.log_format import RECORD_HEADER_BYTES, Records, RecordType
from storage.log_repair import quarantine_directory, repair_directory
from storage.log_scan import LogDamageError
from tests.support.log import (
    GENESIS,
    SEGMENT_BYTES,
    a_group,
    everything,
    flip,
    group_places,
    height_of_byte,
    open_log,
    write_log,
)

HEIGHTS = 5
PEERS = b"a peer's certificate"
ALL = {height: a_group(height) for height in range(1, HEIGHTS + 1)}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A log of five heights in several segments."""
    write_log(tmp_path / "blocks", HEIGHTS)
    return tmp_path / "blocks"


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to let a file grow beyond this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_appended_is_read_again_by_the_next_process(directory: Path) -> None:
    log = open_log(directory)
    assert everything(log) == ALL
    assert len(log.segments()) > 1
    assert (log.torn, log.damages) == (None, ())
    log.close()


def test_the_directory_holds_nothing_but_segments(directory: Path) -> None:
    numbers = range(1, len(list(directory.iterdir())) + 1)
    assert sorted(path.name for path in directory.iterdir()) == [f"{n:08d}.log" for n in numbers]


def test_an_empty_log_has_the_height_before_the_first(tmp_path: Path) -> None:
    log = BlockLog.open(tmp_path / "blocks", GENESIS, first_height=71)
    assert log.last_height == 70
    log.append(71, *a_group(71))
    log.close()
    log = BlockLog.open(tmp_path / "blocks", GENESIS, first_height=71)
    assert everything(log) == {71: a_group(71)}
    log.close()


def test_a_height_that_is_not_there_is_said_so(directory: Path) -> None:
    log = open_log(directory)
    for height in (0, HEIGHTS + 1):
        with pytest.raises(HeightNotHeldError, match=f"this node holds 1 to {HEIGHTS}"):
            log.read(height)
    log.close()


def test_a_height_is_one_write_and_one_fdatasync(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = BlockLog.open(directory, GENESIS)
    log.append(HEIGHTS + 1, *a_group(HEIGHTS + 1))
    calls: list[str] = []
    write, sync = os.write, os.fdatasync
    monkeypatch.setattr(disk.os, "write", lambda *given: calls.append("write") or write(*given))
    monkeypatch.setattr(disk.os, "fdatasync", lambda *given: calls.append("sync") or sync(*given))
    log.append(HEIGHTS + 2, *a_group(HEIGHTS + 2))
    log.close()
    assert calls == ["write", "sync"]


def test_two_processes_on_one_directory_are_refused(directory: Path) -> None:
    log = open_log(directory)
    with pytest.raises(StorageError, match="another process that writes this block log") as refused:
        open_log(directory)
    assert refused.value.code == "LOCKED"
    log.close()
    open_log(directory).close()


def test_the_log_of_another_network_is_refused(directory: Path) -> None:
    with pytest.raises(StorageError, match="another network") as refused:
        BlockLog.open(directory, b"another genesis")
    assert refused.value.code == "OTHER-NETWORK"


def test_after_a_write_the_disk_refused_nothing_more_is_done(directory: Path) -> None:
    log = BlockLog.open(directory, GENESIS)
    with largest_file(log.segments()[-1].size_bytes + 20), pytest.raises(StorageError, match="cannot write"):
        log.append(HEIGHTS + 1, *a_group(HEIGHTS + 1))
    for refused in (lambda: log.append(HEIGHTS + 1, *a_group(HEIGHTS + 1)), lambda: log.read(1)):
        with pytest.raises(StorageError) as raised:
            refused()
        assert raised.value.code == "POISONED"
    log.close()
    log = open_log(directory)
    assert log.torn is not None
    assert log.torn.cut_bytes == 20
    assert everything(log) == ALL
    log.close()


def test_after_a_sync_that_failed_nothing_more_is_done(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    log = BlockLog.open(directory, GENESIS)
    with monkeypatch.context() as patched:
        patched.setattr(disk.os, "fdatasync", fail)
        with pytest.raises(StorageError, match="Input/output error"):
            log.append(HEIGHTS + 1, *a_group(HEIGHTS + 1))
    with pytest.raises(StorageError) as raised:
        log.append(HEIGHTS + 1, *a_group(HEIGHTS + 1))
    assert raised.value.code == "POISONED"
    log.close()


def test_every_flipped_byte_is_found_and_its_height_named(directory: Path) -> None:
    places = group_places(directory)
    for path in sorted(directory.iterdir()):
        good = path.read_bytes()
        for offset in range(len(good)):
            flip(path, offset, (0x01, 0xFF, good[offset] or 0x80)[offset % 3])  # the last one makes it zero
            with pytest.raises(LogDamageError) as found:
                open_log(directory)
            damage = found.value.damage
            assert damage.first_height == height_of_byte(places, path, offset), (path, offset)
            assert f"height {damage.first_height}" in str(found.value)
            assert path.name in str(found.value)
            assert f"offset {damage.offset}" in str(found.value)
            assert damage.offset <= offset
            path.write_bytes(good)
    log = open_log(directory)
    assert everything(log) == ALL
    log.close()


def test_every_flipped_byte_is_put_back_from_peers_without_losing_a_height(directory: Path) -> None:
    """And this node's own certificate stays, unless the byte lies in its record."""
    original = {path: path.read_bytes() for path in sorted(directory.iterdir())}
    places = group_places(directory)
    put_back = 0
    for path, good in original.items():
        for offset in range(0, len(good), 11):
            flip(path, offset)
            put_back += repair_from_peers(directory)
            log = open_log(directory)
            found = everything(log)
            log.close()
            height = height_of_byte(places, path, offset)
            if offset < good.find(b"own certificate %d" % height) - RECORD_HEADER_BYTES or height == 0:
                assert {name: name.read_bytes() for name in directory.iterdir()} == original
            else:
                assert found in (ALL, {**ALL, height: ALL[height]._replace(certificate=PEERS)})
            assert not repair_directory(directory).exists()
            for name, data in original.items():
                name.write_bytes(data)
    assert len(list(quarantine_directory(directory).iterdir())) == put_back


def repair_from_peers(directory: Path) -> int:
    """How many stretches were put back, those included that need no peer."""
    before = len(list(quarantine_directory(directory).glob("*")))
    log = open_log(directory, tolerate_damage=True)
    while log.damages:
        height = log.damages[0].first_height
        with pytest.raises(LogDamageError):
            log.read(height)
        with pytest.raises(LogDamageError):
            log.append(HEIGHTS + 1, *a_group(HEIGHTS + 1))
        log.repair(height, *a_group(height)._replace(certificate=PEERS))
    log.close()
    return len(list(quarantine_directory(directory).glob("*"))) - before


def test_a_certificate_that_is_lost_is_replaced_and_the_chain_after_it_computed_anew(
    directory: Path,
) -> None:
    path, start, _ = group_places(directory)[2]
    flip(path, path.read_bytes().index(b"own certificate 2", start))
    repair_from_peers(directory)
    log = open_log(directory)
    assert everything(log) == {**ALL, 2: a_group(2)._replace(certificate=PEERS)}
    log.append(HEIGHTS + 1, *a_group(HEIGHTS + 1))
    log.close()
    open_log(directory).close()


def test_several_damaged_heights_are_put_back_one_after_the_other(directory: Path) -> None:
    places = group_places(directory)
    for height in (1, 2, 4, 5):
        path, start, _ = places[height]
        flip(path, start + 2)
    assert repair_from_peers(directory) >= 2
    log = open_log(directory)
    assert everything(log) == {
        height: records if height == 3 else records._replace(certificate=log.read(height).certificate)
        for height, records in ALL.items()
    }
    log.close()


def test_a_crash_while_segments_are_replaced_is_finished_on_opening(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, start, _ = group_places(directory)[1]
    flip(path, path.read_bytes().index(b"own certificate 1", start))
    saved = directory.with_name("saved")
    shutil.copytree(directory, saved)
    for renames in range(4):  # the marker's, then one for each segment that is chained anew
        log = open_log(directory, tolerate_damage=True)
        with monkeypatch.context() as patched:
            patched.setattr(os, "rename", crash_after(renames))
            with pytest.raises(StorageError, match="the power went"):
                log.repair(1, *a_group(1)._replace(certificate=PEERS))
        log.close()
        log = open_log(directory, tolerate_damage=True)
        if renames == 0:
            assert log.damages, "before the marker has its name nothing has changed"
        else:
            assert everything(log) == {**ALL, 1: a_group(1)._replace(certificate=PEERS)}
        log.close()
        shutil.rmtree(directory)
        shutil.copytree(saved, directory)


def crash_after(renames: int) -> Callable[[Path, Path], None]:
    left = [renames]
    rename = os.rename

    def dying(source: Path, target: Path) -> None:
        if not left[0]:
            raise OSError(5, "the power went")
        left[0] -= 1
        rename(source, target)

    return dying


def test_a_file_that_ends_inside_the_last_height_is_cut_back_to_the_one_before(directory: Path) -> None:
    path, start, size = group_places(directory)[HEIGHTS]
    whole = path.read_bytes()
    for kept in range(start + 1, start + size):
        path.write_bytes(whole[:kept])
        log = open_log(directory)
        assert log.torn is not None
        assert (log.torn.size_bytes, log.torn.cut_bytes) == (start, kept - start)
        assert everything(log) == {height: ALL[height] for height in range(1, HEIGHTS)}
        log.append(HEIGHTS, *ALL[HEIGHTS])
        assert everything(log) == ALL
        log.close()
        assert path.read_bytes() == whole


def test_a_file_that_is_zero_to_its_end_is_cut_back_to_the_height_before(directory: Path) -> None:
    path, start, size = group_places(directory)[HEIGHTS]
    whole = path.read_bytes()
    for kept in range(start, start + size - files.ZERO_TAIL_BYTES + 1):
        path.write_bytes(whole[:kept].ljust(len(whole), b"\0"))
        log = open_log(directory)
        assert log.last_height == HEIGHTS - 1, kept
        log.close()


def test_a_segment_whose_beginning_was_never_written_goes(directory: Path) -> None:
    last = sorted(directory.iterdir())[-1]
    number = int(last.stem)
    for data in (b"", b"QZN", last.read_bytes()[:80], bytes(400)):
        path = directory / f"{number + 1:08d}.log"
        path.write_bytes(data)
        log = open_log(directory)
        assert everything(log) == ALL
        log.close()
        assert not path.exists()


def test_a_log_that_lost_its_beginning_is_damaged_not_new(directory: Path) -> None:
    for kept in (0, 7, 84, 100):
        path = directory / "00000001.log"
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(LogDamageError) as found:
            open_log(directory)
        assert found.value.damage.first_height == 0


def test_a_segment_that_lost_whole_heights_at_its_end_gets_them_back(directory: Path) -> None:
    original = {path: path.read_bytes() for path in directory.iterdir()}
    path, start, _ = group_places(directory)[2]
    path.write_bytes(path.read_bytes()[:start])
    log = open_log(directory, tolerate_damage=True)
    assert [(damage.first_height, damage.last_height) for damage in log.damages] == [(2, 2)]
    log.repair(2, *a_group(2))
    assert everything(log) == ALL
    log.close()
    assert {path: path.read_bytes() for path in directory.iterdir()} == original


def test_a_segment_that_is_cut_while_another_follows_is_damage(directory: Path) -> None:
    first = sorted(directory.iterdir())[0]
    first.write_bytes(first.read_bytes()[:-1])
    with pytest.raises(LogDamageError, match="the file ends inside the record"):
        open_log(directory)


def test_reading_never_returns_what_changed_after_the_log_was_opened(directory: Path) -> None:
    log = open_log(directory)
    for height, (path, start, size) in group_places_of(log).items():
        for offset in range(start, start + size, 3):
            good = path.read_bytes()
            flip(path, offset)
            with pytest.raises(LogDamageError) as found:
                log.read(height)
            assert found.value.damage.first_height == height
            path.write_bytes(good)
    assert everything(log) == ALL
    log.close()


def group_places_of(log: BlockLog) -> dict[int, tuple[Path, int, int]]:
    return {
        segment.first_height + position: (segment.path, start, segment.sizes[position])
        for segment in log.segments()
        for position, start in enumerate(segment.starts)
    }


def test_a_damaged_record_is_named_by_its_type(directory: Path) -> None:
    path, start, _ = group_places(directory)[2]
    for kind, text in zip(
        (RecordType.BLOCK, RecordType.RESULTS, RecordType.CERTIFICATE),
        Records(b"block 2", b"results 2", b"own certificate 2"),
        strict=True,
    ):
        good = path.read_bytes()
        flip(path, good.index(text, start))
        with pytest.raises(LogDamageError, match=f"record {kind.value} .{kind.name.lower()}.") as found:
            open_log(directory)
        assert found.value.damage.record is kind
        path.write_bytes(good)


def test_a_log_without_its_tail_is_shorter_by_whole_heights_only(directory: Path) -> None:
    """Truncation anywhere in the last segment leaves a prefix of the heights, never half of one."""
    last = sorted(directory.iterdir())[-1]
    whole = last.read_bytes()
    assert len(whole) > SEGMENT_BYTES / 2
    for kept in range(len(whole)):
        last.write_bytes(whole[:kept])
        log = open_log(directory)
        assert everything(log) == {height: ALL[height] for height in range(1, log.last_height + 1)}
        log.close()
        if not last.exists():
            last.touch()
