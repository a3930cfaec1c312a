"""Our own votes, on disk before they leave (docs/consensus.md, Stable storage). The journal is also the
signer's lock: whoever holds it is the only one who signs.

File: magic, then records `length u32 | type u8 | CRC-32 of those 5 bytes u32 | payload | CRC-32 of payload
u32`, big-endian. Type 1 is a record of consensus, opaque here; type 2 is the position, of which the last one
counts.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from chain.errors import CorruptionError, StorageError
from storage.disk import REAL_DISK, Disk
from storage.files import (
    AppendOnlyFile,
    ends_unwritten,
    failing_as,
    in_use,
    settle,
    sync_directory,
    write_new_file,
)

MAGIC = b"QZNJRN1\n"
RECORD = 1
POSITION = 2
MAX_RECORD_BYTES = 16 << 20
"""A lock record carries a block (4 MiB) and a polka of at most 100 votes; nothing is longer than that."""

_HEADER = struct.Struct(">IB")
_CRC = struct.Struct(">I")
_HEADER_BYTES = _HEADER.size + _CRC.size

_HOLDER = "signs with this key"
_WHAT_TO_DO = (
    "This validator key must not sign again: its votes cannot be known. Let the node follow without voting "
    "and enrol a new key by a ballot; never restore the journal from a backup"
)


class _Entry(NamedTuple):
    kind: int
    payload: bytes


def _frame(kind: int, payload: bytes) -> bytes:
    assert len(payload) <= MAX_RECORD_BYTES, f"a journal record of {len(payload)} bytes"
    header = _HEADER.pack(len(payload), kind)
    return b"".join((header, _CRC.pack(zlib.crc32(header)), payload, _CRC.pack(zlib.crc32(payload))))


class Journal:
    """One file, held by one process. `append` returns when the record is on disk."""

    __slots__ = ("_disk", "_file", "_position", "_records", "cut_bytes")

    def __init__(self, disk: Disk, file: AppendOnlyFile, entries: Sequence[_Entry], cut_bytes: int) -> None:
        self._disk = disk
        self._file = file
        self._records = [entry.payload for entry in entries if entry.kind == RECORD]
        positions = [entry.payload for entry in entries if entry.kind == POSITION]
        self._position = positions[-1] if positions else None
        self.cut_bytes = cut_bytes
        """Bytes of an unsynced record that `open` cut from the end: it never left this node."""

    @classmethod
    def create(cls, path: Path, disk: Disk = REAL_DISK) -> Journal:
        """A new, empty journal. Raises StorageError when one is there already: it is never overwritten."""
        with failing_as("create the directory", path.parent):
            disk.make_directory(path.parent)
        if disk.exists(path):
            raise StorageError(
                f"{path}: a journal is there already and is never overwritten", "JOURNAL-EXISTS"
            )
        file = _replace(disk, path, MAGIC)
        sync_directory(disk, path.parent.parent)  # in which the journal's directory may be new
        return cls(disk, file, (), 0)

    @classmethod
    def open(cls, path: Path, disk: Disk = REAL_DISK) -> Journal:
        """Lock, check every record, cut an unsynced tail; what is then answered is on disk.

        Raises StorageError LOCKED when another process has it, JOURNAL-MISSING when there is none, and
        CorruptionError naming file and offset when a record that was synced fails its check.
        """
        if not disk.exists(path):
            raise StorageError(
                f"{path}: the journal of own votes is missing. {_WHAT_TO_DO}", "JOURNAL-MISSING"
            )
        file = AppendOnlyFile.open(path, disk=disk)
        try:
            _lock_current(file)
            entries, last, end = _read(disk, path)
            cut_bytes = file.size_bytes - end
            if cut_bytes:
                file.cut(end)
            settle(disk, path, last)
        except StorageError:
            file.close()
            raise
        return cls(disk, file, entries, cut_bytes)

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def position(self) -> bytes | None:
        """The last position given; it survives every `prune`."""
        return self._position

    @property
    def size_bytes(self) -> int:
        return self._file.size_bytes

    def records(self) -> tuple[bytes, ...]:
        """All records since the last prune, oldest first."""
        return tuple(self._records)

    def append(self, record: bytes) -> None:
        """On disk (fdatasync) when this returns; only then may the message leave.

        Raises StorageError, now and from then on, when write or sync fails: the node stops.
        """
        self._file.append(_frame(RECORD, record))
        self._records.append(record)

    def raise_position(self, position: bytes) -> None:
        """Keep `position` durably; the earlier one counts no more."""
        self._file.append(_frame(POSITION, position))
        self._position = position

    def prune(self, kept: Sequence[bytes], position: bytes | None = None) -> None:
        """Replace the journal by `kept` and the position (a new one, or the last): new file, sync, rename,
        directory sync. A crash leaves the old journal or the new one, whole, and the lock is never let go."""
        position = self._position if position is None else position
        frames = [MAGIC, *(_frame(RECORD, record) for record in kept)]
        if position is not None:
            frames.insert(1, _frame(POSITION, position))
        old = self._file
        try:
            self._file = _replace(self._disk, old.path, b"".join(frames))
        except StorageError:
            old.poison()
            raise
        old.close()
        self._records = list(kept)
        self._position = position

    def close(self) -> None:
        self._file.close()


def _lock_current(file: AppendOnlyFile) -> None:
    """Lock the file that has the name now: a prune of the other process may have renamed a new one over it
    between our open and our lock."""
    file.lock(_HOLDER)
    if not file.is_current():
        raise in_use(file.path, _HOLDER)


def _replace(disk: Disk, path: Path, data: bytes) -> AppendOnlyFile:
    """Put a new file in the place of the journal; it is locked before it has the name."""
    replacement = path.with_name(path.name + ".new")
    write_new_file(disk, replacement, [data])
    file = AppendOnlyFile.open(replacement, disk=disk)
    try:
        file.lock(_HOLDER)
        with failing_as("replace", path):
            disk.rename(replacement, path)
        sync_directory(disk, path.parent)
    except StorageError:
        file.close()
        raise
    file.path = path
    return file


def _read(disk: Disk, path: Path) -> tuple[list[_Entry], int, int]:
    """All whole records, where the last of them begins and where it ends."""
    entries: list[_Entry] = []
    with failing_as("read", path), disk.reader(path) as file:
        size = disk.size(path)
        magic = file.read(len(MAGIC))
        if magic != MAGIC:  # it got its name with the magic in it: it never was shorter
            raise CorruptionError(f"{path}: not a journal of own votes (offset 0). {_WHAT_TO_DO}")
        last, end = 0, len(MAGIC)
        while end < size:
            entry, length = _read_entry(disk, file, path, end, size)
            if entry is None:
                break
            entries.append(entry)
            last, end = end, end + length
    return entries, last, end


def _read_entry(disk: Disk, file: BinaryIO, path: Path, offset: int, size: int) -> tuple[_Entry | None, int]:
    """The record at `offset` and its length, or None when it was never wholly written."""
    head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES:
        return None, 0
    length, kind = _HEADER.unpack_from(head)
    (crc,) = _CRC.unpack_from(head, _HEADER.size)
    if crc != zlib.crc32(head[: _HEADER.size]) or kind not in (RECORD, POSITION) or length > MAX_RECORD_BYTES:
        if ends_unwritten(disk, path, offset, offset + _HEADER_BYTES - 1):
            return None, 0
        raise CorruptionError(
            f"{path}: the header of the record at offset {offset} fails its check. {_WHAT_TO_DO}"
        )
    whole = _HEADER_BYTES + length + _CRC.size
    if offset + whole > size:
        return None, 0
    payload = file.read(length)
    (crc,) = _CRC.unpack(file.read(_CRC.size))
    if crc != zlib.crc32(payload):
        if ends_unwritten(disk, path, offset, offset + whole - _CRC.size):
            return None, 0
        raise CorruptionError(f"{path}: the record at offset {offset} fails its check. {_WHAT_TO_DO}")
    return _Entry(kind, payload), whole
