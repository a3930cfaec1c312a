"""A disk in memory (`storage.disk.Disk`) that loses what was not synced, fails on demand and lies
when told to.

Two truths are kept of every file and directory: what processes see (the page cache) and what a power cut
leaves. Bytes pass from one to the other by a sync of the file, names by a sync of their directory; at a cut,
of everything else a drawn part is kept. A rename is one change of both its directories, as every journaling
file system makes it; nothing else is ordered.
"""

from __future__ import annotations

import errno
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random
from typing import BinaryIO

DURABLE = frozenset(
    [
        "make_directory",
        "create",
        "write",
        "sync",
        "cut",
        "rename",
        "unlink",
        "remove_directory",
        "sync_directory",
    ]
)
"""Kinds of operation after which a power cut may find something else than before."""

SECTOR_BYTES = 512
SHORTEST_ZEROS_BYTES = 4
"""Fewer, alone in the last sector, are not told from damage (storage/files.py): that is tested apart."""


class PowerCut(BaseException):
    """The machine is off. No error of ours: nothing may catch it."""


class Kept(Enum):
    """What a power cut leaves of the writes to one file since its last sync, or of the names changed."""

    NONE = "none"
    ALL = "all"
    TORN = "torn"
    """Whole writes, then one up to some byte; of names, the first ones."""
    ZEROS = "zeros"
    """As TORN, but the file has got its length already; the sectors that were not written are zero."""
    SCATTERED = "scattered"
    """Any sectors of a write, zero between them; of names, any. Drawn only where the disk scatters."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a process asks of the disk."""

    number: int
    kind: str
    path: Path
    size_bytes: int = 0

    @property
    def is_durable(self) -> bool:
        return self.kind in DURABLE


@dataclass(slots=True)
class _Change:
    """A write (`data`) or a cut (None) at `offset`."""

    offset: int
    data: bytes | None
    is_doomed: bool = False
    """A sync failed: the kernel calls the page clean and will not write it any more."""

    def apply(self, content: bytearray) -> None:
        if self.data is None:
            del content[self.offset :]
            return
        if len(content) < self.offset:
            content.extend(bytes(self.offset - len(content)))
        content[self.offset : self.offset + len(self.data)] = self.data

    def covers(self, other: _Change) -> bool:
        """Whether nothing is left of `other` after this one."""
        if self.offset > other.offset or other.data is None:
            return False
        return self.data is None or other.offset + len(other.data) <= self.offset + len(self.data)


@dataclass(slots=True, eq=False)
class _File:
    content: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[_Change] = field(default_factory=list)
    locked_by: object | None = None

    def change(self, change: _Change) -> None:
        change.apply(self.content)
        self.pending.append(change)

    def settle(self) -> None:
        """A sync that worked."""
        doomed: list[_Change] = []
        for change in self.pending:
            if change.is_doomed:
                doomed.append(change)
            else:
                change.apply(self.durable)
                doomed = [one for one in doomed if not change.covers(one)]
        self.pending = doomed

    def lose(self, random: Random, kept: Kept) -> None:
        """The power goes."""
        if kept is Kept.SCATTERED:
            for change in self.pending:
                _scatter(change, random, self.durable)
        elif kept is not Kept.NONE:
            count = len(self.pending)
            whole = count if kept is Kept.ALL else random.randrange(count + 1) if count else 0
            for change in self.pending[:whole]:
                change.apply(self.durable)
            if whole < count:
                self._tear(self.pending[whole], random, kept)
        self.pending = []
        self.content = bytearray(self.durable)
        self.locked_by = None

    def _tear(self, change: _Change, random: Random, kept: Kept) -> None:
        if change.data is None:
            return
        size = len(change.data)
        if kept is Kept.TORN:
            written = random.randrange(size + 1)
            _Change(change.offset, change.data[:written]).apply(self.durable)
            return
        first = -change.offset % SECTOR_BYTES
        written = random.choice([0, *range(first, size - SHORTEST_ZEROS_BYTES + 1, SECTOR_BYTES)])
        _Change(
            change.offset, change.data[:written] + _old(self.durable, change.offset + written, size - written)
        ).apply(self.durable)


def _old(durable: bytearray, offset: int, size: int) -> bytes:
    """What a part that was not written shows: what stood there, and zero where nothing did."""
    return bytes(durable[offset : offset + size]).ljust(size, b"\0")


def _scatter(change: _Change, random: Random, durable: bytearray) -> None:
    if change.data is None:
        if random.random() < 0.5:
            change.apply(durable)
        return
    data = bytearray(change.data)
    begin = 0
    while begin < len(data):
        sector = (change.offset + begin) // SECTOR_BYTES
        end = min(len(data), (sector + 1) * SECTOR_BYTES - change.offset)
        if random.random() < 0.5:
            data[begin:end] = _old(durable, change.offset + begin, end - begin)
        begin = end
    _Change(change.offset, bytes(data)).apply(durable)


@dataclass(slots=True, eq=False)
class _Directory:
    names: dict[str, _File | _Directory] = field(default_factory=dict)
    durable: dict[str, _File | _Directory] = field(default_factory=dict)
    locked_by: object | None = None


@dataclass(slots=True)
class _Names:
    """One change of names, all of it or nothing: (directory, name, what it names now)."""

    effects: tuple[tuple[_Directory, str, _File | _Directory | None], ...]

    @property
    def places(self) -> set[tuple[int, str]]:
        return {(id(directory), name) for directory, name, _ in self.effects}

    def touches(self, directory: _Directory) -> bool:
        return any(one is directory for one, _, _ in self.effects)

    def apply(self) -> None:
        for directory, name, node in self.effects:
            if node is None:
                directory.durable.pop(name, None)
            else:
                directory.durable[name] = node


class SimulatedDisk:
    """One machine's disk. A process uses it as `storage.disk.Disk`; the rest is what may happen to it.

    `before(operation)` and `after(operation)` see everything a process asks; they may raise PowerCut, after
    which the disk is off until `power_cut` says what is left, or OSError, which the process gets: a write
    then leaves half of its bytes, and a failed sync dooms what it should have written.
    """

    def __init__(self, *, capacity_bytes: int | None = None, scatters: bool = False) -> None:
        self.before: Callable[[Operation], None] = _nothing
        self.after: Callable[[Operation], None] = _nothing
        self.capacity_bytes = capacity_bytes
        self.scatters = scatters
        self.lies = False
        """A sync says it worked and does nothing."""
        self.is_off = False
        self.counts: Counter[str] = Counter()
        self.rot = 0
        """How often bytes changed that no process wrote."""
        self._operations = 0
        self._root = _Directory()
        self._pending: list[_Names] = []

    def copy(self) -> SimulatedDisk:
        """Another disk like this one, without those who look on; what is not durable here is not there."""
        before, after = self.before, self.after
        self.before = self.after = _nothing
        try:
            return deepcopy(self)
        finally:
            self.before, self.after = before, after

    # --- what may happen to it

    def power_cut(self, random: Random, kept: Kept | None = None) -> None:
        """The machine is off and on again: what was not synced is there in part, drawn for every file and for
        the names apart, or `kept` for all of them. All locks go."""
        choices = list(Kept) if self.scatters else [one for one in Kept if one is not Kept.SCATTERED]
        self._lose_names(random, kept or random.choice([*choices, Kept.SCATTERED]))
        for file in self._files(self._root):
            if file.pending:
                file.lose(random, kept or random.choice(choices))
            file.locked_by = None
        self.is_off = False

    def process_killed(self) -> None:
        """The process is gone, the machine is not: locks go, and nothing else."""
        for file in self._files(self._root):
            file.locked_by = None
        for directory in self._directories(self._root):
            directory.locked_by = None
        self.is_off = False

    def flip(self, path: Path, offset: int, mask: int = 0xFF) -> None:
        """A byte that is durable changes under everybody."""
        file = self._file(path)
        for content in (file.durable, file.content):
            if offset < len(content):
                content[offset] ^= mask
        self.rot += 1

    def put(self, path: Path, data: bytes) -> None:
        """The file is, durably, another one: an older version come back, or what a person put there."""
        parent = self._made(path.parent)
        file = _File(bytearray(data), bytearray(data))
        parent.names[path.name] = parent.durable[path.name] = file
        self.rot += 1

    def lose(self, path: Path) -> None:
        """The file or directory is gone, durably."""
        parent = self._directory(path.parent)
        parent.names.pop(path.name, None)
        parent.durable.pop(path.name, None)
        self.rot += 1

    def files(self, path: Path) -> dict[Path, bytes]:
        """All files below, as processes see them."""
        found: dict[Path, bytes] = {}
        for name, node in sorted(self._directory(path).names.items()):
            if isinstance(node, _File):
                found[path / name] = bytes(node.content)
            else:
                found |= self.files(path / name)
        return found

    def durable(self, path: Path) -> bytes:
        """What a power cut is sure to leave of a file; nothing when not even its name."""
        node: _File | _Directory = self._root
        for part in path.parts[1:]:
            below = node.durable.get(part) if isinstance(node, _Directory) else None
            if below is None:
                return b""
            node = below
        return bytes(node.durable) if isinstance(node, _File) else b""

    def unsynced_bytes(self) -> int:
        return sum(len(one.data or b"") for file in self._files(self._root) for one in file.pending)

    def unsynced_names(self) -> int:
        return len(self._pending)

    # --- Disk

    def make_directory(self, path: Path) -> None:
        directory = self._root
        for part in path.parts[1:]:
            node = directory.names.get(part)
            if node is None:
                with self._doing("make_directory", path):
                    node = _Directory()
                    self._rename(_Names(((directory, part, node),)))
            if isinstance(node, _File):
                raise _error(errno.ENOTDIR, path)
            directory = node

    def exists(self, path: Path) -> bool:
        self._look("look", path)
        return self._found(path) is not None

    def size(self, path: Path) -> int:
        self._look("look", path)
        return len(self._file(path).content)

    def names(self, path: Path) -> list[str]:
        self._look("look", path)
        return list(self._directory(path).names)

    def read(self, path: Path, offset: int = 0, size_bytes: int | None = None) -> bytes:
        self._look("read", path)
        content = self._file(path).content
        end = len(content) if size_bytes is None else offset + size_bytes
        return bytes(content[offset:end])

    def reader(self, path: Path) -> BinaryIO:
        self._look("read", path)
        return io.BytesIO(self._file(path).content)

    def create(self, path: Path) -> SimulatedFile:
        parent = self._directory(path.parent)
        if path.name in parent.names:
            raise _error(errno.EEXIST, path)
        return SimulatedFile(self, path, self._new(path))

    def open(self, path: Path) -> SimulatedFile:
        self._look("open", path)
        return SimulatedFile(self, path, self._file(path))

    def write_new(self, path: Path, parts: Iterable[bytes]) -> None:
        node = self._found(path)
        if node is None:
            file = SimulatedFile(self, path, self._new(path))
        else:
            file = SimulatedFile(self, path, self._file(path))
            if file.size():
                file.cut(0)
        for part in parts:
            file.write(part)
        file.sync()

    def write_again(self, path: Path, offset: int) -> None:
        file = self._file(path)
        data = bytes(file.content[offset:])
        with self._doing("write", path, len(data)):
            file.change(_Change(offset, data))
        self.sync(path, file)

    def rename(self, source: Path, target: Path) -> None:
        node = self._found(source)
        if node is None:
            raise _error(errno.ENOENT, source)
        old, new = self._directory(source.parent), self._directory(target.parent)
        there = new.names.get(target.name)
        if there is node:
            return
        if isinstance(there, _Directory) and (there.names or isinstance(node, _File)):
            raise _error(errno.ENOTEMPTY if isinstance(node, _Directory) else errno.EISDIR, target)
        with self._doing("rename", target):
            self._rename(_Names(((old, source.name, None), (new, target.name, node))))

    def unlink(self, path: Path) -> None:
        self._file(path)
        with self._doing("unlink", path):
            self._rename(_Names(((self._directory(path.parent), path.name, None),)))

    def remove_directory(self, path: Path) -> None:
        if self._directory(path).names:
            raise _error(errno.ENOTEMPTY, path)
        with self._doing("remove_directory", path):
            self._rename(_Names(((self._directory(path.parent), path.name, None),)))

    def sync_directory(self, path: Path) -> None:
        directory = self._directory(path)
        with self._doing("sync_directory", path):
            if not self.lies:
                self._sync_names(directory)

    def lock_directory(self, path: Path) -> SimulatedLock:
        self._look("lock", path)
        return SimulatedLock(self._directory(path), path)

    def free_bytes(self, path: Path) -> int:
        self._look("look", path)
        if self.capacity_bytes is None:
            return 1 << 50
        return max(0, self.capacity_bytes - self._used_bytes())

    # --- within

    def _doing(self, kind: str, path: Path, size_bytes: int = 0) -> _Doing:
        return _Doing(self, self._next(kind, path, size_bytes))

    def _look(self, kind: str, path: Path) -> None:
        """An operation that changes nothing."""
        operation = self._next(kind, path)
        self.call(self.before, operation)
        self.call(self.after, operation)

    def _next(self, kind: str, path: Path, size_bytes: int = 0) -> Operation:
        if self.is_off:
            raise PowerCut(f"{kind} {path}: the machine is off")
        self._operations += 1
        self.counts[kind] += 1
        return Operation(self._operations, kind, path, size_bytes)

    def call(self, hook: Callable[[Operation], None], operation: Operation) -> None:
        try:
            hook(operation)
        except PowerCut:
            self.is_off = True
            raise

    def _new(self, path: Path) -> _File:
        parent = self._directory(path.parent)
        with self._doing("create", path):
            file = _File()
            self._rename(_Names(((parent, path.name, file),)))
        return file

    def _rename(self, change: _Names) -> None:
        for directory, name, node in change.effects:
            if node is None:
                del directory.names[name]
            else:
                directory.names[name] = node
        self._pending.append(change)

    def _sync_names(self, directory: _Directory) -> None:
        """What touches the directory, and what that rests on."""
        needed: list[_Names] = []
        places: set[tuple[int, str]] = set()
        for change in reversed(self._pending):
            if change.touches(directory) or change.places & places:
                needed.append(change)
                places |= change.places
        for change in reversed(needed):
            change.apply()
        settled = {id(change) for change in needed}
        self._pending = [change for change in self._pending if id(change) not in settled]

    def _lose_names(self, random: Random, kept: Kept) -> None:
        if kept is Kept.SCATTERED:
            lost: set[tuple[int, str]] = set()
            for change in self._pending:
                if random.random() < 0.5 or change.places & lost:
                    lost |= change.places
                else:
                    change.apply()
        elif kept is not Kept.NONE:
            count = len(self._pending)
            for change in self._pending[: count if kept is Kept.ALL else random.randrange(count + 1)]:
                change.apply()
        self._pending = []
        for directory in self._directories(self._root, durable=True):
            directory.names = dict(directory.durable)
            directory.locked_by = None

    def _found(self, path: Path) -> _File | _Directory | None:
        node: _File | _Directory = self._root
        for part in path.parts[1:]:
            if isinstance(node, _File):
                return None
            below = node.names.get(part)
            if below is None:
                return None
            node = below
        return node

    def _file(self, path: Path) -> _File:
        node = self._found(path)
        if node is None:
            raise _error(errno.ENOENT, path)
        if isinstance(node, _Directory):
            raise _error(errno.EISDIR, path)
        return node

    def _directory(self, path: Path) -> _Directory:
        node = self._found(path)
        if node is None:
            raise _error(errno.ENOENT, path)
        if isinstance(node, _File):
            raise _error(errno.ENOTDIR, path)
        return node

    def _made(self, path: Path) -> _Directory:
        """The directory, durable with all above it: what a person prepared before the node came."""
        directory = self._root
        for part in path.parts[1:]:
            node = directory.names.get(part)
            if node is None:
                node = directory.names[part] = _Directory()
            if isinstance(node, _File):
                raise _error(errno.ENOTDIR, path)
            directory.durable[part] = node
            directory = node
        return directory

    def prepare(self, path: Path) -> None:
        """A directory that is there durably before the node comes."""
        self._made(path)

    def _files(self, directory: _Directory) -> Iterator[_File]:
        for node in directory.names.values():
            if isinstance(node, _File):
                yield node
            else:
                yield from self._files(node)

    def _directories(self, directory: _Directory, *, durable: bool = False) -> Iterator[_Directory]:
        yield directory
        for node in list((directory.durable if durable else directory.names).values()):
            if isinstance(node, _Directory):
                yield from self._directories(node, durable=durable)

    def _used_bytes(self) -> int:
        return sum(len(file.content) for file in self._files(self._root))

    def write(self, path: Path, file: _File, data: bytes) -> None:
        """What the file's own `write` does."""
        operation = self._next("write", path, len(data))
        room = len(data)
        if self.capacity_bytes is not None:
            room = max(0, min(room, self.capacity_bytes - self._used_bytes()))
        try:
            self.call(self.before, operation)
        except OSError:
            file.change(_Change(len(file.content), data[: min(room, len(data) // 2)]))
            raise
        if data[:room]:
            file.change(_Change(len(file.content), data[:room]))
        if room < len(data):
            raise _error(errno.ENOSPC, path)
        self.call(self.after, operation)

    def sync(self, path: Path, file: _File) -> None:
        """What the file's own `sync` does."""
        operation = self._next("sync", path)
        try:
            self.call(self.before, operation)
        except OSError:
            for change in file.pending:
                change.is_doomed = True
            raise
        if not self.lies:
            file.settle()
        self.call(self.after, operation)


class _Doing:
    """The hooks around one operation that happens whole or not at all."""

    def __init__(self, disk: SimulatedDisk, operation: Operation) -> None:
        self._disk = disk
        self._operation = operation

    def __enter__(self) -> None:
        self._disk.call(self._disk.before, self._operation)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._disk.call(self._disk.after, self._operation)


class SimulatedFile:
    """`storage.disk.OpenFile`."""

    def __init__(self, disk: SimulatedDisk, path: Path, file: _File) -> None:
        self._disk = disk
        self._path = path
        self._file = file

    def size(self) -> int:
        return len(self._file.content)

    def write(self, data: bytes) -> None:
        self._disk.write(self._path, self._file, data)

    def sync_data(self) -> None:
        self._disk.sync(self._path, self._file)

    def sync(self) -> None:
        self._disk.sync(self._path, self._file)

    def cut(self, size_bytes: int) -> None:
        with self._disk._doing("cut", self._path, size_bytes):
            self._file.change(_Change(size_bytes, None))

    def lock(self) -> None:
        if self._file.locked_by not in (None, self):
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        self._file.locked_by = self

    def is_at(self, path: Path) -> bool:
        return self._disk._file(path) is self._file

    def close(self) -> None:
        if self._file.locked_by is self:
            self._file.locked_by = None


class SimulatedLock:
    """`storage.disk.Lock`, of a directory."""

    def __init__(self, directory: _Directory, path: Path) -> None:
        if directory.locked_by is not None:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        self._directory = directory
        directory.locked_by = self

    def close(self) -> None:
        if self._directory.locked_by is self:
            self._directory.locked_by = None


def _nothing(operation: Operation) -> None:
    """Nobody looks on."""


def _error(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))
