"""The journal of own votes on a real disk: nothing is forgotten, nothing damaged is believed."""

import os
import resource
from pathlib import Path

import pytest

from chain.errors import CorruptionError, StorageError
from storage import disk, files
from storage.journal import MAGIC, Journal

RECORDS = (b"first record, long enough to be one", b"second " * 9, b"third record, the last one there is")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with three records and a position between the first two."""
    path = tmp_path / "journal" / "votes"
    journal = Journal.create(path)
    journal.append(RECORDS[0])
    journal.raise_position(b"position")
    journal.append(RECORDS[1])
    journal.append(RECORDS[2])
    journal.close()
    return path


def test_the_next_process_finds_records_and_position(path: Path) -> None:
    journal = Journal.open(path)
    assert (journal.records(), journal.position, journal.cut_bytes) == (RECORDS, b"position", 0)
    journal.close()


def test_a_record_is_on_disk_before_append_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    write, sync = os.write, os.fdatasync
    monkeypatch.setattr(disk.os, "write", lambda *given: calls.append("write") or write(*given))
    monkeypatch.setattr(disk.os, "fdatasync", lambda *given: calls.append("sync") or sync(*given))
    journal = Journal.open(path)
    journal.append(b"one more")
    journal.close()
    assert calls == ["write", "sync"]


def test_a_second_process_is_refused_also_after_a_prune(path: Path) -> None:
    journal = Journal.open(path)
    for _ in range(2):
        with pytest.raises(StorageError, match="another process that signs with this key") as refused:
            Journal.open(path)
        assert refused.value.code == "LOCKED"
        journal.prune(RECORDS[2:])
    journal.close()
    Journal.open(path).close()


def test_a_journal_that_is_missing_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="must not sign again") as refused:
        Journal.open(tmp_path / "votes")
    assert refused.value.code == "JOURNAL-MISSING"


def test_a_journal_that_is_there_is_never_overwritten(path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        Journal.create(path)
    assert refused.value.code == "JOURNAL-EXISTS"


def test_prune_keeps_what_it_is_told_and_the_last_position(path: Path) -> None:
    journal = Journal.open(path)
    journal.prune(RECORDS[2:])
    journal.append(b"later")
    assert (journal.records(), journal.position) == ((RECORDS[2], b"later"), b"position")
    journal.close()
    journal = Journal.open(path)
    assert (journal.records(), journal.position) == ((RECORDS[2], b"later"), b"position")
    journal.prune((), b"higher")
    journal.close()
    journal = Journal.open(path)
    assert (journal.records(), journal.position) == ((), b"higher")
    journal.close()


def test_a_crash_before_the_rename_leaves_the_old_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, target: Path) -> None:
        raise OSError(5, "the power went")

    journal = Journal.open(path)
    with monkeypatch.context() as patched:
        patched.setattr(disk.os, "rename", fail)
        with pytest.raises(StorageError, match="the power went"):
            journal.prune(())
    with pytest.raises(StorageError) as refused:
        journal.append(b"more")
    assert refused.value.code == "POISONED"
    journal.close()
    journal = Journal.open(path)
    assert (journal.records(), journal.position) == (RECORDS, b"position")
    journal.close()


def test_after_a_write_the_disk_refused_nothing_more_is_taken(path: Path) -> None:
    journal = Journal.open(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.size_bytes + 9, hard))
    try:
        with pytest.raises(StorageError, match="cannot write"):
            journal.append(RECORDS[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(StorageError) as refused:
        journal.append(RECORDS[0])
    assert refused.value.code == "POISONED"
    journal.close()
    journal = Journal.open(path)
    assert (journal.records(), journal.cut_bytes) == (RECORDS, 9)
    journal.close()


def test_every_flipped_byte_is_found(path: Path) -> None:
    good = path.read_bytes()
    for offset in range(len(good)):
        for mask in (0x01, 0xFF, good[offset] or 0x80):
            data = bytearray(good)
            data[offset] ^= mask
            path.write_bytes(data)
            with pytest.raises(CorruptionError, match="must not sign again") as found:
                Journal.open(path)
            assert "offset" in str(found.value)


def test_a_file_that_ends_inside_its_last_record_is_cut_back_to_the_one_before(path: Path) -> None:
    good = path.read_bytes()
    last = good.index(RECORDS[2]) - 9
    for kept in range(last, len(good)):
        path.write_bytes(good[:kept])
        journal = Journal.open(path)
        assert (journal.records(), journal.position) == (RECORDS[:2], b"position")
        assert journal.cut_bytes == kept - last
        journal.append(RECORDS[2])
        journal.close()
        assert path.read_bytes() == good


def test_a_file_that_is_zero_to_its_end_is_cut_back_to_the_record_before(path: Path) -> None:
    good = path.read_bytes()
    last = good.index(RECORDS[2]) - 9
    for kept in range(last, len(good) - files.ZERO_TAIL_BYTES + 1):
        path.write_bytes(good[:kept].ljust(len(good), b"\0"))
        journal = Journal.open(path)
        assert journal.records() == RECORDS[:2]
        journal.close()


def test_a_journal_that_lost_its_beginning_is_damaged_not_new(path: Path) -> None:
    for data in (b"", MAGIC[:5], bytes(len(MAGIC)), b"something else"):
        path.write_bytes(data)
        with pytest.raises(CorruptionError, match="not a journal of own votes"):
            Journal.open(path)
