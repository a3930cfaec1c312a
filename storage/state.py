"""Committed state in LevelDB: values now, values at a height, the nodes of the state tree, where transactions
stand. All of it can be rebuilt from the block log; one block is one synced batch that names its height and
root.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from chain.errors import CorruptionError, StorageError
from storage import keys
from storage.database import LAST, Database, DatabaseSnapshot, DatabaseView, OpenDatabase
from storage.errors import HeightNotHeldError
from storage.leveldb import LevelStore

CACHED_VALUES = 65_536
"""Values kept in front of LevelDB, absent ones included. A block changes at most 8,000 keys a transaction and
10,000 in all, so the keys of the last few full blocks stay; at about 400 bytes an entry, some 30 MB."""
CACHED_NODES = 131_072
"""Tree nodes kept: the top sixteen levels of the tree, through which every update passes, have at most
2**17 nodes; at about 250 bytes an entry, some 35 MB."""

_META = struct.Struct(">BQ32sQ")
_PLACE = struct.Struct(">QI")
_ABSENT = b"\0"
_PRESENT = b"\1"

KeyT = TypeVar("KeyT")


class StateMeta(NamedTuple):
    """Which block the state is after."""

    height: int
    state_root: bytes
    first_height: int
    """The first height whose state can be asked for: 0 when the history begins with genesis."""


@dataclass(frozen=True, slots=True)
class TransactionPlace:
    """Where a transaction stands: the height of its block and its index there."""

    height: int
    index: int


class Recent(Generic[KeyT]):
    """The most recently used entries, between `limit` / 2 and `limit` of them.

    Two generations: what is used moves to the young one, and when that is full the old one is dropped whole.
    One dictionary look-up for a hot key, where an exact order of use would cost a write on every read.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._young: dict[KeyT, bytes | None] = {}
        self._old: dict[KeyT, bytes | None] = {}

    def get(self, key: KeyT, missing: bytes) -> bytes | None:
        """The entry, which may be None (known to be absent), or `missing` itself when nothing is known."""
        value = self._young.get(key, missing)
        if value is missing:
            value = self._old.get(key, missing)
            if value is not missing:
                self.put(key, value)
        return value

    def put(self, key: KeyT, value: bytes | None) -> None:
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}
        self._young[key] = value

    def clear(self) -> None:
        self._young = {}
        self._old = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())


_UNKNOWN = bytes(bytearray(b"unknown"))  # compared by identity, so it must not be an interned constant


class StateView:
    """Reads of the state: a `StateReader` (contracts/state.py), and the state at earlier heights."""

    __slots__ = ("_level", "_meta")

    def __init__(self, level: DatabaseView) -> None:
        self._level = level
        self._meta = _read_meta(level)

    @property
    def meta(self) -> StateMeta | None:
        """None: the state is empty, not even genesis is in it."""
        return self._meta

    @property
    def height(self) -> int | None:
        """The block this state is after; 0 is genesis, None nothing yet."""
        return None if self._meta is None else self._meta.height

    @property
    def state_root(self) -> bytes | None:
        return None if self._meta is None else self._meta.state_root

    @property
    def is_half_filled(self) -> bool:
        """Whether a snapshot is being filled in, or was when the process ended: such a state has no height
        and is wiped, never read."""
        return self._meta is None and self._level.get(keys.FILLING) is not None

    def get(self, collection: str, key: bytes) -> bytes | None:
        return self._level.get(keys.state_value(collection, key))

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """Up to `limit` (key, value) pairs with key >= start, in byte order."""
        prefix = keys.state_collection(collection)
        return tuple(
            (record[len(prefix) :], value)
            for _, (record, value) in zip(
                range(limit), self._level.seek(prefix, prefix + start), strict=False
            )
        )

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        """A node of the state tree now (chain/state_tree.py); of earlier heights none are kept."""
        return self._level.get(keys.tree_node(depth, prefix))

    def get_at(self, collection: str, key: bytes, height: int) -> bytes | None:
        """The value after block `height`. Raises HeightNotHeldError outside the history."""
        self._check_height(height)
        prefix = keys.version_key(collection, key)
        found = self._level.first(prefix, keys.version(collection, key, height))
        return None if found is None else self._value_of_version(found)

    def scan_at(
        self, collection: str, start: bytes, limit: int, height: int
    ) -> Sequence[tuple[bytes, bytes]]:
        """`scan` after block `height`. Raises HeightNotHeldError outside the history."""
        self._check_height(height)
        prefix = keys.version_collection(collection)
        pairs: list[tuple[bytes, bytes]] = []
        place = keys.from_key(collection, start)
        while len(pairs) < limit:
            newest = self._level.first(prefix, place)
            if newest is None:
                break
            key, _ = keys.split_version(collection, newest[0])
            found = self._level.first(
                keys.version_key(collection, key), keys.version(collection, key, height)
            )
            value = None if found is None else self._value_of_version(found)
            if value is not None:
                pairs.append((key, value))
            place = keys.after_versions(newest[0])
        return tuple(pairs)

    def transaction(self, tx_id: bytes) -> TransactionPlace | None:
        """Where the transaction stands, or None: it is in no block this node has."""
        record = self._level.get(keys.transaction(tx_id))
        if record is None:
            return None
        if len(record) != _PLACE.size:
            raise _damaged(self._level.path, f"the place of transaction {tx_id.hex()}")
        return TransactionPlace(*_PLACE.unpack(record))

    def extra(self, name: bytes) -> bytes | None:
        """What the node keeps beside the state under this name (`commit`)."""
        return self._level.get(keys.extra(name))

    def items(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Every (collection, key, value), in the order of the database; over a snapshot it is one moment."""
        for record, value in self._level.seek(keys.STATE, keys.STATE):
            collection, key = keys.split_state_value(record)
            yield collection, key, value

    def _check_height(self, height: int) -> None:
        if self._meta is None or not self._meta.first_height <= height <= self._meta.height:
            held = "nothing" if self._meta is None else f"heights {self._meta.first_height} to {self.height}"
            raise HeightNotHeldError(f"the state after block {height} is not here; this node holds {held}")

    def _value_of_version(self, record: tuple[bytes, bytes]) -> bytes | None:
        mark, value = record[1][:1], record[1][1:]
        if mark == _PRESENT and value:
            return value
        if record[1] != _ABSENT:
            raise _damaged(self._level.path, f"version {record[0].hex()}")
        return None


class StateSnapshot(StateView):
    """One committed height, read while the chain goes on; any thread may read it. Close it when done."""

    __slots__ = ("_snapshot",)

    def __init__(self, snapshot: DatabaseSnapshot) -> None:
        self._snapshot = snapshot
        super().__init__(snapshot)

    def close(self) -> None:
        self._snapshot.close()

    def __enter__(self) -> StateSnapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LevelState(StateView):
    """The state of this node, and its only writer.

    One thread reads and commits; others read a `snapshot`, which has no cache and shows one height.
    """

    __slots__ = ("_nodes", "_open_database", "_store", "_values")

    def __init__(self, store: Database, open_database: OpenDatabase) -> None:
        self._store = store
        self._open_database = open_database
        super().__init__(store)
        self._values: Recent[tuple[str, bytes]] = Recent(CACHED_VALUES)
        self._nodes: Recent[tuple[int, bytes]] = Recent(CACHED_NODES)

    @classmethod
    def open(cls, path: Path, open_database: OpenDatabase = LevelStore.open) -> LevelState:
        """Open, or create an empty one. Raises StorageError LOCKED when another process has it and
        CorruptionError when the database fails its checks (remove the directory and rebuild)."""
        store = open_database(path)
        try:
            return cls(store, open_database)
        except StorageError:
            store.close()
            raise

    def get(self, collection: str, key: bytes) -> bytes | None:
        place = (collection, key)
        value = self._values.get(place, _UNKNOWN)
        if value is _UNKNOWN:
            value = super().get(collection, key)
            self._values.put(place, value)
        return value

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        place = (depth, prefix)
        value = self._nodes.get(place, _UNKNOWN)
        if value is _UNKNOWN:
            value = super().tree_node(depth, prefix)
            self._nodes.put(place, value)
        return value

    def commit(
        self,
        height: int,
        state_root: bytes,
        changes: Mapping[tuple[str, bytes], bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
        *,
        transactions: Sequence[bytes] = (),
        extra: Mapping[bytes, bytes | None] | None = None,
    ) -> None:
        """Make the state after block `height` durable: one batch, one sync, all or nothing.

        `changes` by (collection, key) and `nodes` by (depth, prefix), None removing; `transactions` are the
        block's ids in its order; `extra` are small records of the node kept beside the state (also rebuilt
        with it). Heights follow each other; an empty state takes any first one, 0 for genesis or the height
        of a state snapshot, and its history begins there.

        Raises StorageError, and refuses all later commits, when the write fails.
        """
        assert self._meta is None or height == self._meta.height + 1, (
            f"block {height} after {self._meta}: each height once, in order"
        )
        assert len(state_root) == 32
        first_height = height if self._meta is None else self._meta.first_height
        meta = StateMeta(height, state_root, first_height)
        records = _records(meta, changes, nodes, transactions, extra or {})
        self._store.write(chain(((keys.FILLING, None),), records) if self.is_half_filled else records)
        self._remember(changes, nodes)
        self._meta = meta

    def fill(
        self,
        height: int,
        changes: Mapping[tuple[str, bytes], bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
    ) -> None:
        """A part of the state after block `height`, before the `commit` of that height makes it whole. Until
        then the state has no height, also after a restart."""
        assert self._meta is None, "only a state without a height is filled"
        self._store.write(_part(height, changes, nodes))
        self._remember(changes, nodes)

    def _remember(
        self,
        changes: Mapping[tuple[str, bytes], bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
    ) -> None:
        for place, value in changes.items():
            self._values.put(place, value)
        for node, content in nodes.items():
            self._nodes.put(node, content)

    def snapshot(self) -> StateSnapshot:
        """The state as last committed, unmoved by later commits."""
        return StateSnapshot(self._store.snapshot())

    def wipe(self) -> None:
        """Remove everything; the state is then empty and is rebuilt by committing from genesis again."""
        path = self._store.path
        self._store.destroy()
        self._store = self._open_database(path)
        self._level = self._store
        self._meta = None
        self._values.clear()
        self._nodes.clear()

    def close(self) -> None:
        self._store.close()


def _records(
    meta: StateMeta,
    changes: Mapping[tuple[str, bytes], bytes | None],
    nodes: Mapping[tuple[int, bytes], bytes | None],
    transactions: Sequence[bytes],
    extra: Mapping[bytes, bytes | None],
) -> Iterator[tuple[bytes, bytes | None]]:
    """What one block writes to the database."""
    yield keys.META, _META.pack(keys.LAYOUT, *meta)
    yield from _values_and_nodes(meta.height, changes, nodes)
    for index, tx_id in enumerate(transactions):
        yield keys.transaction(tx_id), _PLACE.pack(meta.height, index)
    for name, value in extra.items():
        yield keys.extra(name), value


def _part(
    height: int,
    changes: Mapping[tuple[str, bytes], bytes | None],
    nodes: Mapping[tuple[int, bytes], bytes | None],
) -> Iterator[tuple[bytes, bytes | None]]:
    """What one part of a snapshot writes."""
    yield keys.FILLING, b"filling"
    yield from _values_and_nodes(height, changes, nodes)


def _values_and_nodes(
    height: int,
    changes: Mapping[tuple[str, bytes], bytes | None],
    nodes: Mapping[tuple[int, bytes], bytes | None],
) -> Iterator[tuple[bytes, bytes | None]]:
    for (collection, key), value in changes.items():
        assert value != b"", f"a value is never empty: {collection} {key.hex()}"
        yield keys.state_value(collection, key), value
        yield keys.version(collection, key, height), _ABSENT if value is None else _PRESENT + value
    for (depth, prefix), node in nodes.items():
        yield keys.tree_node(depth, prefix), node


def _read_meta(level: DatabaseView) -> StateMeta | None:
    record = level.get(keys.META)
    if record is None:
        first = level.first(b"", b"")
        if first is None or first[0] not in (LAST, keys.FILLING):
            raise _damaged(level.path, "the height, which is missing beside values,")
        return None
    if len(record) != _META.size:
        raise _damaged(level.path, "the height")
    layout, height, state_root, first_height = _META.unpack(record)
    if layout != keys.LAYOUT:
        raise StorageError(
            f"{level.path}: the state database has layout {layout}, this version reads {keys.LAYOUT}. It is "
            "rebuilt from the block log: stop the node, remove this directory, start the node",
            "LAYOUT",
        )
    return StateMeta(height, state_root, first_height)


def _damaged(path: Path, what: str) -> CorruptionError:
    return CorruptionError(
        f"{path}: {what} is not as it was written. The state is rebuilt from the block log: stop the node, "
        "remove this directory, start the node"
    )
