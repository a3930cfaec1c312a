"""The door to the state database: what storage/state.py asks of LevelDB (storage/leveldb.py), so that a
simulation can give a database whose disk fails on demand."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Protocol

LAST = b"\xff"
"""The key after all others; every database holds it, so that one which ends earlier is seen to be damaged."""


class DatabaseView(Protocol):
    """Reads of one database, or of one moment of it."""

    @property
    def path(self) -> Path: ...

    def get(self, key: bytes) -> bytes | None:
        """Raises CorruptionError when a checksum fails, StorageError when the disk does."""

    def seek(self, prefix: bytes, start: bytes) -> Generator[tuple[bytes, bytes], None, None]:
        """(key, value) pairs with this prefix and key >= start, in byte order; errors as of `get`."""

    def first(self, prefix: bytes, start: bytes) -> tuple[bytes, bytes] | None:
        """The first of `seek`."""


class DatabaseSnapshot(DatabaseView, Protocol):
    """One moment of the database."""

    def close(self) -> None: ...


class Database(DatabaseView, Protocol):
    """The database itself: the only writer."""

    def write(self, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """All changes or none, on disk when this returns; None removes. Raises StorageError and refuses
        every later write when it fails."""

    def snapshot(self) -> DatabaseSnapshot: ...

    def close(self) -> None: ...

    def destroy(self) -> None:
        """Close and remove every file of the database."""


OpenDatabase = Callable[[Path], Database]
"""Open or create. Raises StorageError LOCKED when another process has it, CorruptionError when it fails its
checks."""
