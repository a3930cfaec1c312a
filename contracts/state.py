"""What a contract may read and change: committed state, and overlays that keep or drop changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Protocol

Key = tuple[str, bytes]
"""(collection, key): where one value stands."""


class StateReader(Protocol):
    """State as some block left it."""

    def get(self, collection: str, key: bytes) -> bytes | None:
        """The value, or None where nothing stands."""

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """Up to `limit` (key, value) pairs with key >= `start`, in byte order."""

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        """A node of the state tree (see `chain.state_tree`)."""


class Overlay:
    """Changes on top of a reader: read through, kept by `absorb` of the overlay below, dropped by
    forgetting it."""

    __slots__ = ("_changes", "_parent")

    def __init__(self, parent: StateReader) -> None:
        self._parent = parent
        self._changes: dict[Key, bytes | None] = {}

    def get(self, collection: str, key: bytes) -> bytes | None:
        place = (collection, key)
        if place in self._changes:
            return self._changes[place]
        return self._parent.get(collection, key)

    def put(self, collection: str, key: bytes, value: bytes) -> None:
        assert value, "a value is never empty: an empty one could not be told from absence"
        self._changes[(collection, key)] = value

    def delete(self, collection: str, key: bytes) -> None:
        self._changes[(collection, key)] = None

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        own = sorted(key for name, key in self._changes if name == collection and key >= start)
        if not own:
            return self._parent.scan(collection, start, limit)
        below = self._parent.scan(collection, start, limit + len(own))
        hidden = frozenset(own)
        merged = [pair for pair in below if pair[0] not in hidden]
        keys = [key for key, _ in merged]
        truncated = len(below) == limit + len(own)
        for key in own:
            value = self._changes[(collection, key)]
            if value is None or (truncated and key > below[-1][0]):
                continue
            at = bisect_left(keys, key)
            keys.insert(at, key)
            merged.insert(at, (key, value))
        return merged[:limit]

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        return self._parent.tree_node(depth, prefix)

    def changes(self) -> Mapping[Key, bytes | None]:
        """What differs from the state below, by (collection, key); a key set back to its old value is not."""
        return {
            place: value
            for place, value in sorted(self._changes.items())
            if self._parent.get(*place) != value
        }

    def absorb(self, attempt: Overlay) -> None:
        """Keep what an overlay on top of this one changed."""
        assert attempt._parent is self, "only an overlay over this one can be kept"
        self._changes.update(attempt._changes)
