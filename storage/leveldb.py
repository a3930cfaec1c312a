"""LevelDB behind a small door: checksums verified on every read, one synced batch at a time, our errors.

Unverified, LevelDB returned wrong values silently after one flipped bit in most trials; so it is opened with
`paranoid_checks` and every read, iterators included, says `verify_checksums`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, NoReturn

import plyvel

from chain.errors import CorruptionError, StorageError
from storage.database import LAST

BLOCK_CACHE_BYTES = 32 << 20
"""Checked blocks of LevelDB kept in memory: the working set of a year of one ministry fits."""
WRITE_BUFFER_BYTES = 16 << 20
"""Batches held before a table file is written: at about 1 MiB a full block, some twenty blocks."""
OPEN_FILES = 256
"""Table files kept open; well below the usual limit of 1,024 descriptors a process."""
BLOOM_BITS = 10
"""One percent of false positives: a key that is not there rarely costs a read."""

_REBUILD = "It is rebuilt from the block log: stop the node, remove this directory, start the node"
_ERRORS = (plyvel.Error, RuntimeError)  # RuntimeError: plyvel's answer once the database is closed


def _raise(path: Path, action: str, error: Exception) -> NoReturn:
    if isinstance(error, plyvel.CorruptionError):
        raise CorruptionError(
            f"{path}: the state database fails its checks while it {action}: {error}. {_REBUILD}"
        ) from error
    if "/LOCK: " in str(error):  # LevelDB's own lock file, the last of the path it names
        raise StorageError(
            f"{path}: the state database is in use by another process. Stop the other one first", "LOCKED"
        ) from error
    raise StorageError(f"{path}: the state database failed while it {action}: {error}") from error


class LevelView:
    """Reads of one database, or of one moment of it."""

    __slots__ = ("_source", "path")

    def __init__(self, path: Path, source: Any) -> None:
        self.path = path
        self._source = source

    def get(self, key: bytes) -> bytes | None:
        """Raises CorruptionError when a checksum fails, StorageError when the disk does."""
        try:
            value: bytes | None = self._source.get(key, verify_checksums=True)
        except _ERRORS as error:
            _raise(self.path, "reads", error)
        return value

    def seek(self, prefix: bytes, start: bytes) -> Generator[tuple[bytes, bytes], None, None]:
        """(key, value) pairs with this prefix and key >= start, in byte order.

        Raises CorruptionError, also when a damaged block ends the iteration: plyvel asks LevelDB for its
        status only while there is a next key, so every iteration goes on to a key after the prefix, at the
        latest to `LAST`.
        """
        try:
            with self._source.iterator(start=max(prefix, start), verify_checksums=True) as pairs:
                for pair in pairs:
                    if not pair[0].startswith(prefix):
                        return
                    yield pair
        except _ERRORS as error:
            _raise(self.path, "iterates", error)
        raise CorruptionError(f"{self.path}: the state database ends before its last record. {_REBUILD}")

    def first(self, prefix: bytes, start: bytes) -> tuple[bytes, bytes] | None:
        """The first of `seek`."""
        pairs = self.seek(prefix, start)
        try:
            return next(pairs, None)
        finally:
            pairs.close()


class LevelSnapshot(LevelView):
    """One moment of the database; close it, or LevelDB keeps the old versions of every key."""

    __slots__ = ()

    def close(self) -> None:
        self._source.close()


class LevelStore(LevelView):
    """The database itself: the only writer."""

    __slots__ = ("_failed",)

    def __init__(self, path: Path, source: Any) -> None:
        super().__init__(path, source)
        self._failed = False

    @classmethod
    def open(cls, path: Path) -> LevelStore:
        """Open or create. LevelDB's own lock refuses a second process (StorageError LOCKED)."""
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            source = plyvel.DB(
                str(path),
                create_if_missing=True,
                paranoid_checks=True,
                write_buffer_size=WRITE_BUFFER_BYTES,
                lru_cache_size=BLOCK_CACHE_BYTES,
                max_open_files=OPEN_FILES,
                bloom_filter_bits=BLOOM_BITS,
            )
        except (*_ERRORS, OSError) as error:
            _raise(path, "opens", error)
        store = cls(path, source)
        try:
            store._end()
        except StorageError:
            store.close()
            raise
        return store

    def _end(self) -> None:
        """A new database gets its last record, without which an iteration could not tell its end."""
        if self.get(LAST) is not None:
            return
        try:
            with self._source.iterator(verify_checksums=True, include_value=False) as keys:
                is_new = next(keys, None) is None
        except _ERRORS as error:
            _raise(self.path, "opens", error)
        if not is_new:
            raise CorruptionError(f"{self.path}: the state database lacks its last record. {_REBUILD}")
        self.write([(LAST, b"end")])

    def write(self, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """All changes or none, on disk when this returns; None removes.

        Raises StorageError and refuses every later write when it fails.
        """
        if self._failed:
            raise StorageError(
                f"{self.path}: refused: an earlier write failed, and what reached the disk is not known. "
                "Restart the node, which reads the database again",
                "POISONED",
            )
        try:
            with self._source.write_batch(sync=True, transaction=True) as batch:
                for key, value in changes:
                    if value is None:
                        batch.delete(key)
                    else:
                        batch.put(key, value)
        except _ERRORS as error:
            self._failed = True
            _raise(self.path, "writes", error)

    def snapshot(self) -> LevelSnapshot:
        try:
            return LevelSnapshot(self.path, self._source.snapshot())
        except _ERRORS as error:
            _raise(self.path, "takes a snapshot", error)

    def close(self) -> None:
        self._source.close()

    def destroy(self) -> None:
        """Close and remove every file of the database."""
        self.close()
        try:
            plyvel.destroy_db(str(self.path))
        except _ERRORS as error:
            _raise(self.path, "is removed", error)
