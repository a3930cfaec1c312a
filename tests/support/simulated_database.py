"""The state database over a simulated disk (`storage.database.Database`): sorted keys in memory, a log of
batches on the disk, so that what happens to the disk happens to the database.

It keeps LevelDB's promises and has its weaknesses: a synced batch is there whole or not at all, an unsynced
one may be lost, and a batch whose checksum fails is found on the next read.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left, insort
from collections.abc import Generator, Iterable
from pathlib import Path

from chain.errors import CorruptionError, StorageError
from storage.database import LAST, OpenDatabase
from storage.disk import Lock
from tests.support.simulated_disk import SimulatedDisk, SimulatedFile

LOG = "000001.log"
_HEAD = struct.Struct(">II")
_LENGTHS = struct.Struct(">IIB")


def opener(disk: SimulatedDisk) -> OpenDatabase:
    """What `World.open_database` takes."""
    return lambda path: SimulatedDatabase(disk, path)


class _Content:
    """Keys in order, and their values."""

    __slots__ = ("keys", "values")

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.values: dict[bytes, bytes] = {}

    def apply(self, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        for key, value in changes:
            if value is None:
                if self.values.pop(key, None) is not None:
                    del self.keys[bisect_left(self.keys, key)]
            else:
                if key not in self.values:
                    insort(self.keys, key)
                self.values[key] = value

    def copy(self) -> _Content:
        other = _Content()
        other.keys, other.values = self.keys.copy(), self.values.copy()
        return other


class SimulatedView:
    """Reads of one moment."""

    def __init__(self, path: Path, content: _Content) -> None:
        self.path = path
        self._content = content
        self._is_open = True

    def get(self, key: bytes) -> bytes | None:
        self._check()
        return self._content.values.get(key)

    def seek(self, prefix: bytes, start: bytes) -> Generator[tuple[bytes, bytes], None, None]:
        self._check()
        content = self._content
        at = bisect_left(content.keys, max(prefix, start))
        while at < len(content.keys) and content.keys[at].startswith(prefix):
            yield content.keys[at], content.values[content.keys[at]]
            at += 1

    def first(self, prefix: bytes, start: bytes) -> tuple[bytes, bytes] | None:
        return next(self.seek(prefix, start), None)

    def close(self) -> None:
        self._is_open = False

    def _check(self) -> None:
        if not self._is_open:
            raise StorageError(f"{self.path}: the state database was closed")


class SimulatedDatabase(SimulatedView):
    """The one writer. Every batch is one write and one sync of the log."""

    def __init__(self, disk: SimulatedDisk, path: Path) -> None:
        super().__init__(path, _Content())
        self._disk = disk
        self._lock: Lock | None = None
        self._snapshots = 0
        self._is_shared = False
        self._has_failed = False
        self._file: SimulatedFile | None = None
        try:
            disk.make_directory(path)
            self._lock = disk.lock_directory(path)
            self._load()
        except BlockingIOError as error:
            raise StorageError(
                f"{path}: the state database is in use by another process", "LOCKED"
            ) from error
        except OSError as error:
            self.close()
            raise StorageError(f"{path}: the state database failed while it opens: {error}") from error
        except StorageError:
            self.close()
            raise

    def _load(self) -> None:
        log = self.path / LOG
        if not self._disk.exists(log):
            self._file = self._disk.create(log)
            self._disk.sync_directory(self.path)
        else:
            self._file = self._disk.open(log)
        end = self._replay(self._content)
        if end < self._file.size():
            self._file.cut(end)
            self._file.sync()
        self._seen_rot = self._disk.rot
        if not self._content.keys:
            self._write([(LAST, b"end")])
        elif self._content.keys[-1] != LAST:
            raise CorruptionError(f"{self.path}: the state database lacks its last record")

    def _replay(self, content: _Content) -> int:
        """All whole batches; where they end. A batch whose end is missing was never synced."""
        data = self._disk.read(self.path / LOG)
        zeros_from = len(data.rstrip(b"\0"))
        at = 0
        while at + _HEAD.size <= zeros_from:
            length, crc = _HEAD.unpack_from(data, at)
            end = at + _HEAD.size + length
            if end > len(data):
                break
            batch = data[at + _HEAD.size : end]
            if zlib.crc32(batch) != crc:
                if zeros_from < end == len(data):
                    break
                raise CorruptionError(
                    f"{self.path}: the state database fails its checks: checksum mismatch at {at}"
                )
            content.apply(_unpacked(batch))
            at = end
        return at

    def _check(self) -> None:
        super()._check()
        if self._disk.rot != self._seen_rot:
            try:
                self._replay(_Content())
            except OSError as error:
                raise StorageError(
                    f"{self.path}: the state database failed while it reads: {error}"
                ) from error
            self._seen_rot = self._disk.rot

    def write(self, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        super()._check()
        if self._has_failed:
            raise StorageError(f"{self.path}: refused: an earlier write failed", "POISONED")
        try:
            self._write(list(changes))
        except OSError as error:
            self._has_failed = True
            raise StorageError(f"{self.path}: the state database failed while it writes: {error}") from error

    def _write(self, changes: list[tuple[bytes, bytes | None]]) -> None:
        assert self._file is not None
        batch = _packed(changes)
        self._file.write(_HEAD.pack(len(batch), zlib.crc32(batch)) + batch)
        self._file.sync_data()
        if self._is_shared:
            self._content, self._is_shared = self._content.copy(), False
        self._content.apply(changes)

    def snapshot(self) -> SimulatedView:
        self._check()
        self._is_shared = True
        return SimulatedView(self.path, self._content)

    def close(self) -> None:
        super().close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def destroy(self) -> None:
        self.close()
        try:
            for name in self._disk.names(self.path):
                self._disk.unlink(self.path / name)
            self._disk.remove_directory(self.path)
        except OSError as error:
            raise StorageError(
                f"{self.path}: the state database failed while it is removed: {error}"
            ) from error


def _packed(changes: list[tuple[bytes, bytes | None]]) -> bytes:
    parts: list[bytes] = []
    for key, value in changes:
        parts += (_LENGTHS.pack(len(key), len(value or b""), value is not None), key, value or b"")
    return b"".join(parts)


def _unpacked(batch: bytes) -> Iterable[tuple[bytes, bytes | None]]:
    at = 0
    while at < len(batch):
        key_bytes, value_bytes, is_there = _LENGTHS.unpack_from(batch, at)
        at += _LENGTHS.size
        key, value = batch[at : at + key_bytes], batch[at + key_bytes : at + key_bytes + value_bytes]
        at += key_bytes + value_bytes
        yield key, value if is_there else None
