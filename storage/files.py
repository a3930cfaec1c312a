"""Files whose bytes must survive: one writer, every write synced, nothing believed after a failure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chain.errors import StorageError
from storage.disk import REAL_DISK, Disk, Lock, OpenFile

READ_CHUNK_BYTES = 1 << 20
"""How much is held at a time when a file is walked to its end."""

ZERO_TAIL_BYTES = 4
"""The shortest run of zero bytes taken for an unwritten end: what a record leaves in a sector of its own may
be as short. A whole record ends with a 32-byte chain value or a 4-byte CRC, of which three bytes in a row are
zero once in 16 million; and only a flip that makes the one before them zero as well would be mistaken."""


@contextmanager
def failing_as(action: str, path: Path) -> Iterator[None]:
    """An OSError inside becomes a StorageError that says what was being done to which file."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path}: cannot {action}: {error.strerror or error}. Check the disk, its free space and the "
            "owner of the file, then start the node again"
        ) from error


def sync_directory(disk: Disk, directory: Path) -> None:
    """Make names created, renamed or removed in `directory` durable."""
    with failing_as("sync the directory", directory):
        disk.sync_directory(directory)


def write_new_file(disk: Disk, path: Path, parts: Iterable[bytes]) -> None:
    """A file with these bytes, synced; the name is durable only after `sync_directory`."""
    with failing_as("write", path):
        disk.write_new(path, parts)


def lock_directory(disk: Disk, directory: Path, holder: str) -> Lock:
    """Refuse a second process: the lock goes when it is closed or the process ends.

    `holder` names, for the operator, what the other process is doing with the directory.
    """
    try:
        with failing_as("lock the directory", directory):
            return disk.lock_directory(directory)
    except StorageError as error:
        if isinstance(error.__cause__, BlockingIOError):
            raise in_use(directory, holder) from error.__cause__
        raise


def in_use(path: Path, holder: str) -> StorageError:
    """LOCKED: another process has it."""
    return StorageError(
        f"{path}: in use by another process that {holder}. Two processes on one directory would break "
        "it: stop the other one first",
        "LOCKED",
    )


def zero_from(disk: Disk, path: Path, offset: int) -> int:
    """Where the run of zero bytes that ends the file begins, looked for no earlier than `offset`."""
    with disk.reader(path) as file:
        end = file.seek(0, os.SEEK_END)
        while end > offset:
            begin = max(offset, end - READ_CHUNK_BYTES)
            file.seek(begin)
            kept = len(file.read(end - begin).rstrip(b"\0"))
            if kept:
                return begin + kept
            end = begin
    return offset


def ends_unwritten(disk: Disk, path: Path, offset: int, latest: int) -> bool:
    """Whether the file is zero to its end from some byte in [offset, latest] on."""
    size = disk.size(path)
    begin = zero_from(disk, path, offset)
    return begin <= latest and size - begin >= ZERO_TAIL_BYTES


def settle(disk: Disk, path: Path, offset: int) -> None:
    """What an earlier process wrote is on disk when this returns, from `offset`, where its last write began.

    Killed before its sync, or stopped by one that failed, it has left in the kernel's hands what this process
    reads and a power cut takes away.
    """
    with failing_as("sync", path):
        disk.write_again(path, offset)
    sync_directory(disk, path.parent)


class AppendOnlyFile:
    """One open file that only grows. The first failed write or sync poisons it: every later append is
    refused, because after a failed fsync `not written` is not known (the kernel may have dropped the dirty
    pages and called them clean)."""

    __slots__ = ("_failure", "_file", "path", "size_bytes")

    def __init__(self, path: Path, file: OpenFile) -> None:
        self.path = path
        self.size_bytes = file.size()
        self._file = file
        self._failure: str | None = None

    @classmethod
    def open(cls, path: Path, *, create: bool = False, disk: Disk = REAL_DISK) -> AppendOnlyFile:
        """Open at the end; with `create` the file must not exist yet."""
        with failing_as("create" if create else "open", path):
            return cls(path, disk.create(path) if create else disk.open(path))

    def append(self, data: bytes) -> int:
        """Write `data` and sync it; on return it is on disk. Returns the offset it begins at.

        Raises StorageError, now and from then on, when write or sync fails.
        """
        if self._failure is not None:
            raise StorageError(
                f"{self.path}: refused: {self._failure}. What reached the disk is not known: restart the "
                "node, which reads the file again",
                "POISONED",
            )
        offset = self.size_bytes
        try:
            with failing_as("write", self.path):
                self._file.write(data)
                self._file.sync_data()
        except StorageError:
            self.poison()
            raise
        self.size_bytes = offset + len(data)
        return offset

    def poison(self) -> None:
        """Refuse every later append: what the disk holds is not known any more."""
        self._failure = self._failure or "an earlier write or sync failed"

    def cut(self, size_bytes: int) -> None:
        """Drop an unsynced tail, durably."""
        with failing_as("cut the unsynced tail", self.path):
            self._file.cut(size_bytes)
            self._file.sync()
        self.size_bytes = size_bytes

    def lock(self, holder: str) -> None:
        """Refuse a second process, as `lock_directory` does."""
        try:
            self._file.lock()
        except BlockingIOError as error:
            raise in_use(self.path, holder) from error

    def is_current(self) -> bool:
        """Whether the path still names this very file."""
        with failing_as("look at", self.path):
            return self._file.is_at(self.path)

    def close(self) -> None:
        self._file.close()
        self._failure = self._failure or "the file was closed"
