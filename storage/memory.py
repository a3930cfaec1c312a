"""The doors of storage over dicts: for tests and simulations, which decide themselves what a crash loses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from storage.errors import HeightNotHeldError
from storage.log_format import Records
from storage.state import StateMeta, TransactionPlace

KeyT = TypeVar("KeyT")


class MemoryBlockLog:
    """`BlockLog` without a disk."""

    def __init__(self, first_height: int = 1) -> None:
        self.first_height = first_height
        self._groups: dict[int, Records] = {}

    @property
    def last_height(self) -> int:
        return self.first_height - 1 + len(self._groups)

    def append(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        assert height == self.last_height + 1, "each height once, in order"
        self._groups[height] = Records(block, results, certificate)

    def read(self, height: int) -> Records:
        if height not in self._groups:
            raise HeightNotHeldError(f"block {height} is not here; the last one is {self.last_height}")
        return self._groups[height]

    def close(self) -> None:
        """Nothing is open."""


class MemoryJournal:
    """`Journal` without a disk."""

    def __init__(self, records: Sequence[bytes] = (), position: bytes | None = None) -> None:
        self._records = list(records)
        self._position = position

    @property
    def position(self) -> bytes | None:
        return self._position

    @property
    def size_bytes(self) -> int:
        return sum(len(record) for record in self._records)

    def records(self) -> tuple[bytes, ...]:
        return tuple(self._records)

    def append(self, record: bytes) -> None:
        self._records.append(record)

    def raise_position(self, position: bytes) -> None:
        self._position = position

    def prune(self, kept: Sequence[bytes], position: bytes | None = None) -> None:
        self._records = list(kept)
        if position is not None:
            self._position = position

    def close(self) -> None:
        """Nothing is open."""


class MemoryState:
    """`LevelState` without a disk, its history included."""

    def __init__(self) -> None:
        self._meta: StateMeta | None = None
        self._values: dict[str, dict[bytes, bytes]] = {}
        self._versions: dict[str, dict[bytes, list[tuple[int, bytes | None]]]] = {}
        self._nodes: dict[tuple[int, bytes], bytes] = {}
        self._transactions: dict[bytes, TransactionPlace] = {}
        self._extra: dict[bytes, bytes] = {}
        self._is_filling = False

    @property
    def meta(self) -> StateMeta | None:
        return self._meta

    @property
    def height(self) -> int | None:
        return None if self._meta is None else self._meta.height

    @property
    def state_root(self) -> bytes | None:
        return None if self._meta is None else self._meta.state_root

    @property
    def is_half_filled(self) -> bool:
        return self._is_filling

    def get(self, collection: str, key: bytes) -> bytes | None:
        return self._values.get(collection, {}).get(key)

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        held = self._values.get(collection, {})
        return tuple((key, held[key]) for key in sorted(key for key in held if key >= start)[:limit])

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        return self._nodes.get((depth, prefix))

    def get_at(self, collection: str, key: bytes, height: int) -> bytes | None:
        self._check_height(height)
        versions = self._versions.get(collection, {}).get(key, [])
        index = bisect_right(versions, height, key=lambda entry: entry[0])
        return versions[index - 1][1] if index else None

    def scan_at(
        self, collection: str, start: bytes, limit: int, height: int
    ) -> Sequence[tuple[bytes, bytes]]:
        self._check_height(height)
        pairs: list[tuple[bytes, bytes]] = []
        for key in sorted(key for key in self._versions.get(collection, {}) if key >= start):
            value = self.get_at(collection, key, height)
            if value is not None:
                pairs.append((key, value))
        return tuple(pairs[:limit])

    def transaction(self, tx_id: bytes) -> TransactionPlace | None:
        return self._transactions.get(tx_id)

    def extra(self, name: bytes) -> bytes | None:
        return self._extra.get(name)

    def items(self) -> Iterator[tuple[str, bytes, bytes]]:
        for collection in sorted(self._values, key=lambda name: (len(name), name)):
            for key, value in sorted(self._values[collection].items()):
                yield collection, key, value

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
        assert self._meta is None or height == self._meta.height + 1, "each height once, in order"
        assert len(state_root) == 32
        self._put(height, changes, nodes)
        for index, tx_id in enumerate(transactions):
            self._transactions[tx_id] = TransactionPlace(height, index)
        for name, value in (extra or {}).items():
            _set(self._extra, name, value)
        first_height = height if self._meta is None else self._meta.first_height
        self._meta = StateMeta(height, state_root, first_height)
        self._is_filling = False

    def fill(
        self,
        height: int,
        changes: Mapping[tuple[str, bytes], bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
    ) -> None:
        assert self._meta is None, "only a state without a height is filled"
        self._is_filling = True
        self._put(height, changes, nodes)

    def _put(
        self,
        height: int,
        changes: Mapping[tuple[str, bytes], bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
    ) -> None:
        for (collection, key), value in changes.items():
            assert value != b"", f"a value is never empty: {collection} {key.hex()}"
            _set(self._values.setdefault(collection, {}), key, value)
            self._versions.setdefault(collection, {}).setdefault(key, []).append((height, value))
        for node, content in nodes.items():
            _set(self._nodes, node, content)

    def snapshot(self) -> MemoryState:
        """A copy, unmoved by later commits."""
        copy = MemoryState()
        copy._meta = self._meta
        copy._values = {name: dict(held) for name, held in self._values.items()}
        copy._versions = {
            name: {key: list(versions) for key, versions in held.items()}
            for name, held in self._versions.items()
        }
        copy._nodes = dict(self._nodes)
        copy._transactions = dict(self._transactions)
        copy._extra = dict(self._extra)
        return copy

    def wipe(self) -> None:
        self.__dict__.update(MemoryState().__dict__)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> MemoryState:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_height(self, height: int) -> None:
        if self._meta is None or not self._meta.first_height <= height <= self._meta.height:
            raise HeightNotHeldError(
                f"the state after block {height} is not here; this node holds {self._meta}"
            )


def _set(held: dict[KeyT, bytes], key: KeyT, value: bytes | None) -> None:
    if value is None:
        held.pop(key, None)
    else:
        held[key] = value
