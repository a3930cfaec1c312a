"""A state tree in memory, and the definition of its root written down naively."""

from collections.abc import Iterable, Sequence

from chain.hashing import Tag, tagged_hash
from chain.state_tree import LeafChange, TreeUpdate, state_path, update, value_hash
from chain.types import ZERO_HASH, Hash32


class Pages:
    """The pages of one tree; counts what is read."""

    def __init__(self) -> None:
        self.pages: dict[tuple[int, bytes], bytes] = {}
        self.reads = 0

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        self.reads += 1
        return self.pages.get((depth, prefix))

    def change(self, changes: Sequence[LeafChange]) -> TreeUpdate:
        """Applies a batch of (path, value hash or None)."""
        updated = update(self, changes)
        for place, record in updated.nodes.items():
            if record is None:
                self.pages.pop(place, None)
            else:
                self.pages[place] = record
        return updated

    def put(self, entries: Iterable[tuple[str, bytes, bytes | None]]) -> Hash32:
        """Applies a batch of (collection, key, value or None) and returns the root."""
        return self.change(
            [
                (state_path(name, key), None if value is None else value_hash(value))
                for name, key, value in entries
            ]
        ).root


def naive_root(leaves: Iterable[tuple[Hash32, Hash32]], depth: int = 0) -> Hash32:
    """The root by its definition: nothing, a single leaf, or the node of two halves."""
    under = list(leaves)
    if not under:
        return ZERO_HASH
    if len(under) == 1:
        return tagged_hash(Tag.STATE_LEAF, under[0][0] + under[0][1])
    halves: tuple[list[tuple[Hash32, Hash32]], list[tuple[Hash32, Hash32]]] = ([], [])
    for path, value in under:
        halves[path[depth // 8] >> (7 - depth % 8) & 1].append((path, value))
    left, right = (naive_root(half, depth + 1) for half in halves)
    return tagged_hash(Tag.STATE_NODE, left + right)
