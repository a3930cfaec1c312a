"""The state of one height in chunks by path, in bounded memory, and a state filled from them again.

Values stand in the database by collection and key, a chunk by path, which is a hash: so the values are first
parted into files, each of some whole chunks, and then sorted file by file.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from chain.errors import InvalidMessageError, StorageError
from chain.snapshot import (
    BITS_MAXIMUM,
    CHUNK_AIM_BYTES,
    CHUNK_BYTES,
    ENTRY_ROOM_BYTES,
    SnapshotChunk,
    check_chunk,
    chunk_of,
    prefix_of,
)
from chain.state_tree import PROOF_BYTES, TreeReader, state_path, update, value_hash
from chain.types import ZERO_HASH, Hash32
from contracts.state import Key, StateReader
from storage.disk import Disk
from storage.files import failing_as

PART_BYTES = 32 << 20
"""What is sorted in memory at once; a state that fits needs no files."""

PARTS_MAXIMUM = 256
"""Files open at once. Above 8 GiB of state a part is larger than PART_BYTES."""

_WRITE_BYTES = 64 << 10
_ENTRY = struct.Struct(">BHI")

Entry = tuple[str, bytes, bytes]
"""Collection, key, value."""


class Items(TreeReader, Protocol):
    """One committed height, unmoved by later commits."""

    def items(self) -> Iterator[Entry]:
        """Every value, in the order of the database."""


class Fillable(StateReader, Protocol):
    """An empty state (`storage.state.LevelState`)."""

    @property
    def height(self) -> int | None: ...

    def fill(
        self,
        height: int,
        changes: Mapping[Key, bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
    ) -> None: ...

    def commit(
        self,
        height: int,
        state_root: bytes,
        changes: Mapping[Key, bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
        *,
        extra: Mapping[bytes, bytes | None] | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where parts of the state lie while they wait to be sorted: a directory of its own, emptied at the
    end."""

    disk: Disk
    directory: Path


@dataclass(frozen=True, slots=True)
class Division:
    """Into how many chunks a state falls: 2^bits, by the bytes of its values."""

    bits: int
    size_bytes: int
    part_bytes: int = PART_BYTES

    @property
    def part_bits(self) -> int:
        """2^part_bits parts, each of whole chunks."""
        parts = -(-self.size_bytes // self.part_bytes)
        return min(self.bits, PARTS_MAXIMUM.bit_length() - 1, max(0, parts - 1).bit_length())


def divide(
    items: Items, aim_bytes: int = CHUNK_AIM_BYTES, check: Callable[[], None] = lambda: None
) -> Division:
    """The fewest bits with which no chunk is above `aim_bytes`; sixteen when none are enough: the same on
    every node. `check` is called now and then, and may end the work by raising."""
    sizes = array("Q", bytes(8 << BITS_MAXIMUM))
    for count, (collection, key, value) in enumerate(items.items()):
        if count % 1024 == 0:
            check()
        size = len(collection) + len(key) + len(value) + ENTRY_ROOM_BYTES
        sizes[int.from_bytes(state_path(collection, key)[:2], "big")] += size
    if max(sizes) > CHUNK_BYTES - 2 * PROOF_BYTES:
        raise StorageError(
            f"{max(sizes)} bytes of the state lie under one prefix of {BITS_MAXIMUM} bits: too many for one "
            "chunk of a snapshot. Nothing else is wrong; report it to whoever maintains the rules",
            "SNAPSHOT-CHUNK",
        )
    total, bits = sum(sizes), BITS_MAXIMUM
    level = sizes
    while bits and max(merged := _pairs(level)) <= aim_bytes:
        level, bits = merged, bits - 1
    return Division(bits, total)


def _pairs(sizes: array[int]) -> array[int]:
    return array("Q", map(sum, zip(sizes[::2], sizes[1::2], strict=True)))


def chunks(
    items: Items, division: Division, scratch: Scratch, check: Callable[[], None] = lambda: None
) -> Iterator[SnapshotChunk]:
    """The 2^bits chunks in order. Raises StorageError when the scratch files cannot be written."""
    per_part = division.bits - division.part_bits
    for number, part in enumerate(_parts(items, division.part_bits, scratch, check)):
        groups: list[list[Entry]] = [[] for _ in range(1 << per_part)]
        for collection, key, value in part:
            at = _number(state_path(collection, key), division.bits) & ((1 << per_part) - 1)
            groups[at].append((collection, key, value))
        for at, group in enumerate(groups):
            check()
            prefix = prefix_of(number << per_part | at, division.bits)
            yield chunk_of(items, division.bits, prefix, group)
            group.clear()


def _number(path: bytes, bits: int) -> int:
    """Which of 2^bits chunks the path belongs to."""
    return int.from_bytes(path[:4], "big") >> (32 - bits)


def _parts(items: Items, bits: int, scratch: Scratch, check: Callable[[], None]) -> Iterator[Iterator[Entry]]:
    if bits == 0:
        yield items.items()
        return
    disk, directory = scratch.disk, scratch.directory
    paths = [directory / f"part-{number:03d}" for number in range(1 << bits)]
    with failing_as("part the state in", directory):
        disk.make_directory(directory)
        try:
            _write_parts(items, bits, disk, paths, check)
            for path in paths:
                with disk.reader(path) as file:
                    yield _read_part(file)
        finally:
            for path in paths:
                with suppress(FileNotFoundError):
                    disk.unlink(path)


def _write_parts(items: Items, bits: int, disk: Disk, paths: list[Path], check: Callable[[], None]) -> None:
    """Nothing is synced: after a crash the parts are made anew."""
    with ExitStack() as stack:
        files = []
        for path in paths:
            with suppress(FileNotFoundError):
                disk.unlink(path)
            file = disk.create(path)
            stack.callback(file.close)
            files.append(file)
        waiting = [bytearray() for _ in paths]
        for count, (collection, key, value) in enumerate(items.items()):
            if count % 1024 == 0:
                check()
            name = collection.encode("ascii")
            at = _number(state_path(collection, key), bits)
            waiting[at] += _ENTRY.pack(len(name), len(key), len(value)) + name + key + value
            if len(waiting[at]) >= _WRITE_BYTES:
                files[at].write(bytes(waiting[at]))
                waiting[at].clear()
        for file, rest in zip(files, waiting, strict=True):
            file.write(bytes(rest))


def _read_part(file: BinaryIO) -> Iterator[Entry]:
    while head := file.read(_ENTRY.size):
        name, key, value = (file.read(size) for size in _ENTRY.unpack(head))
        yield name.decode("ascii"), key, value


def fill(
    state: Fillable,
    height: int,
    state_root: Hash32,
    encoded: Iterable[bytes],
    extra: Mapping[bytes, bytes | None],
) -> None:
    """Fill an empty state from the chunks of one height, in order, each checked before it is written. Until
    the last one is in, the state has no height.

    Raises DecodeError, InvalidMessageError for a chunk that is not of this state or not in its place, or when
    one is missing: then wipe it.
    """
    covered = 0
    root: bytes = ZERO_HASH
    for data in encoded:
        chunk = SnapshotChunk.decode(data)
        check_chunk(chunk, state_root)
        is_more = covered < 1 << BITS_MAXIMUM
        if not is_more or chunk.prefix != prefix_of(covered >> BITS_MAXIMUM - chunk.bits, chunk.bits):
            raise InvalidMessageError("the chunks of a snapshot come in order, each once")
        covered += 1 << (BITS_MAXIMUM - chunk.bits)
        hashes = [(state_path(name, key), value_hash(value)) for name, key, value in chunk.entries]
        tree = update(state, hashes)
        changes = {(name, key): value for name, key, value in chunk.entries}
        state.fill(height, changes, tree.nodes)
        root = tree.root
    if covered != 1 << BITS_MAXIMUM:
        raise InvalidMessageError("the snapshot ends before its last chunk")
    assert root == state_root, "chunks of all prefixes, each checked, make the state"
    state.commit(height, state_root, {}, {}, extra=extra)
