"""The door to the disk: all that storage and node ask of a file system, so that a simulation can give another
one to the same code.

Errors are OSErrors here; storage/files.py says in words what they mean. Nothing is durable before the call
that says so: bytes of a file after `sync` or `sync_data`, a name after `sync_directory` of its directory.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

READ_BUFFER_BYTES = 1 << 20
"""One system call for some hundred small blocks when a file is walked from its beginning."""


class OpenFile(Protocol):
    """One file, open at its end."""

    def size(self) -> int:
        """Bytes."""

    def write(self, data: bytes) -> None:
        """At the end of the file, in the kernel's hands when this returns; may fail half-way."""

    def sync_data(self) -> None:
        """The bytes and the length are on disk when this returns. Once it has failed, nothing is known."""

    def sync(self) -> None:
        """`sync_data`, and the times too."""

    def cut(self, size_bytes: int) -> None:
        """Drop what follows; durable after `sync`."""

    def lock(self) -> None:
        """Raises BlockingIOError when another process has the lock; it goes with `close` or the process."""

    def is_at(self, path: Path) -> bool:
        """Whether `path` names this very file."""

    def close(self) -> None: ...


class Lock(Protocol):
    """A lock that lasts until `close` or the end of the process."""

    def close(self) -> None: ...


class Disk(Protocol):
    """Files and directories of one machine."""

    def make_directory(self, path: Path) -> None:
        """With those above it; for this user alone. Nothing happens when it is there."""

    def exists(self, path: Path) -> bool: ...

    def size(self, path: Path) -> int:
        """Bytes of a file."""

    def names(self, path: Path) -> list[str]:
        """What is in a directory, in no order."""

    def read(self, path: Path, offset: int = 0, size_bytes: int | None = None) -> bytes:
        """Up to `size_bytes` from `offset` on, fewer only at the end; None: to the end."""

    def reader(self, path: Path) -> BinaryIO:
        """To read from the beginning on, and to seek; the caller closes it."""

    def create(self, path: Path) -> OpenFile:
        """An empty file; raises FileExistsError when the name is taken."""

    def open(self, path: Path) -> OpenFile: ...

    def write_new(self, path: Path, parts: Iterable[bytes]) -> None:
        """A file with these bytes and no others, synced; its name is not, before `sync_directory`."""

    def write_again(self, path: Path, offset: int) -> None:
        """What stands from `offset` to the end of a file is written in its place once more, and synced. After
        a failed sync the kernel may call lost pages clean, and another sync alone would then find nothing to
        do and say that all is well."""

    def rename(self, source: Path, target: Path) -> None:
        """A crash leaves the old name or the new one; what `target` named before goes."""

    def unlink(self, path: Path) -> None: ...

    def remove_directory(self, path: Path) -> None:
        """An empty one."""

    def sync_directory(self, path: Path) -> None:
        """Names created, renamed or removed in `path` are on disk when this returns."""

    def lock_directory(self, path: Path) -> Lock:
        """Raises BlockingIOError when another process has the lock."""

    def free_bytes(self, path: Path) -> int:
        """What this user may still write to the file system that holds `path`."""


class RealFile:
    """A descriptor."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def write(self, data: bytes) -> None:
        _write_all(self._descriptor, data)

    def sync_data(self) -> None:
        os.fdatasync(self._descriptor)

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def cut(self, size_bytes: int) -> None:
        os.ftruncate(self._descriptor, size_bytes)

    def lock(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_at(self, path: Path) -> bool:
        ours, named = os.fstat(self._descriptor), os.stat(path)
        return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class RealDisk:
    """This machine's file systems."""

    __slots__ = ()

    def make_directory(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def exists(self, path: Path) -> bool:
        return path.exists()

    def size(self, path: Path) -> int:
        return os.stat(path).st_size

    def names(self, path: Path) -> list[str]:
        return os.listdir(path)

    def read(self, path: Path, offset: int = 0, size_bytes: int | None = None) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            left = os.fstat(descriptor).st_size - offset if size_bytes is None else size_bytes
            parts: list[bytes] = []
            while left > 0:
                part = os.pread(descriptor, left, offset)
                if not part:
                    break
                parts.append(part)
                offset += len(part)
                left -= len(part)
        finally:
            os.close(descriptor)
        return b"".join(parts)

    def reader(self, path: Path) -> BinaryIO:
        return path.open("rb", buffering=READ_BUFFER_BYTES)

    def create(self, path: Path) -> RealFile:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_CREAT | os.O_EXCL
        return RealFile(os.open(path, flags, 0o600))

    def open(self, path: Path) -> RealFile:
        return RealFile(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))

    def write_new(self, path: Path, parts: Iterable[bytes]) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            for part in parts:
                _write_all(descriptor, part)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def write_again(self, path: Path, offset: int) -> None:
        data = memoryview(self.read(path, offset))
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            while data:
                written = os.pwrite(descriptor, data, offset)
                data, offset = data[written:], offset + written
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        os.rename(source, target)

    def unlink(self, path: Path) -> None:
        os.unlink(path)

    def remove_directory(self, path: Path) -> None:
        os.rmdir(path)

    def sync_directory(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock_directory(self, path: Path) -> RealFile:
        held = RealFile(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        try:
            held.lock()
        except OSError:
            held.close()
            raise
        return held

    def free_bytes(self, path: Path) -> int:
        found = os.statvfs(path)
        return found.f_bavail * found.f_frsize


def _write_all(descriptor: int, data: bytes) -> None:
    """One write; a second only when the kernel took less, which ends in its error."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])


REAL_DISK = RealDisk()
