"""Files whose bytes must survive: one writer, every write synced, nothing believed after a failure."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chain.errors import StorageError

READ_CHUNK_BYTES = 1 << 20
"""How much is held at a time when a file is walked to its end."""

ZERO_TAIL_BYTES = 32
"""The shortest run of zero bytes taken for an unwritten end. A whole record ends with a 32-byte chain value
or a 4-byte CRC, and one flipped byte makes no run: what was once synced is never mistaken for unwritten."""


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


def sync_directory(directory: Path) -> None:
    """Make names created, renamed or removed in `directory` durable."""
    with failing_as("sync the directory", directory):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Hand `data` to the kernel: one write; a second only when the kernel took less, which ends in its
    error."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])


def write_new_file(path: Path, data: bytes) -> None:
    """A file with `data`, synced; the name is durable only after `sync_directory`."""
    with failing_as("write", path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def lock_exclusively(descriptor: int, path: Path, holder: str) -> None:
    """Refuse a second process: the lock goes when the descriptor is closed or the process ends.

    `holder` names, for the operator, what the other process is doing with it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageError(
            f"{path}: in use by another process that {holder}. Two processes on one directory would break "
            "it: stop the other one first",
            "LOCKED",
        ) from error


def zero_from(path: Path, offset: int) -> int:
    """Where the run of zero bytes that ends the file begins, looked for no earlier than `offset`."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > offset:
            begin = max(offset, end - READ_CHUNK_BYTES)
            file.seek(begin)
            kept = len(file.read(end - begin).rstrip(b"\0"))
            if kept:
                return begin + kept
            end = begin
    return offset


def ends_unwritten(path: Path, offset: int, latest: int) -> bool:
    """Whether the file is zero to its end from some byte in [offset, latest] on."""
    size = path.stat().st_size
    begin = zero_from(path, offset)
    return begin <= latest and size - begin >= ZERO_TAIL_BYTES


class AppendOnlyFile:
    """One open file that only grows. The first failed write or sync poisons it: every later append is
    refused, because after a failed fsync `not written` is not known (the kernel may have dropped the dirty
    pages and called them clean)."""

    __slots__ = ("_descriptor", "_failure", "path", "size_bytes")

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.size_bytes = os.fstat(descriptor).st_size
        self._descriptor = descriptor
        self._failure: str | None = None

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> AppendOnlyFile:
        """Open at the end; with `create` the file must not exist yet."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        with failing_as("create" if create else "open", path):
            return cls(path, os.open(path, flags, 0o600))

    @property
    def descriptor(self) -> int:
        return self._descriptor

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
                write_all(self._descriptor, data)
                os.fdatasync(self._descriptor)
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
            os.ftruncate(self._descriptor, size_bytes)
            os.fsync(self._descriptor)
        self.size_bytes = size_bytes

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._failure = "the file was closed"
