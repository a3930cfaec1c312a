"""The history tree beside the state: its right edge, and the full subtrees that prove it only grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chain.errors import CorruptionError, DecodeError, LedgerError
from chain.hashing import History, consistency_from, history_leaf
from chain.types import Hash32

FRONTIER = b"history"
"""Under this name the frontier stands among the small records beside the state."""

FIRST = FRONTIER + b"/first"
"""The smallest size whose consistency can be proved, of a node that began from a snapshot."""


class SizeNotHeldError(LedgerError):
    """Sizes of the history that this node has not, or not in this order: the asker's."""

    default_code = "SIZE-NOT-HELD"


def kept(extra: Callable[[bytes], bytes | None], chain_id: Hash32, height: int) -> History:
    """The history that stands beside the state of `height`. Raises CorruptionError unless it is whole."""
    frontier = extra(FRONTIER)
    try:
        history = History.start(chain_id) if frontier is None else History.decode(frontier)
    except DecodeError as error:
        raise CorruptionError(f"the history kept beside the state is not whole: {error}") from error
    if history.size != height + 1:
        raise CorruptionError(
            f"the history kept beside the state has {history.size} leaves, height {height} has {height + 1}"
        )
    if height and extra(_place(0, height)) is None:
        raise CorruptionError(f"the history kept beside the state lacks the leaf of block {height}")
    return history


def grown(history: History, block_id: Hash32) -> tuple[History, dict[bytes, bytes]]:
    """The history with one more block, and what of it to store with that block's state."""
    following, completed = history.grow(block_id)
    records = {_place(level, index): bytes(root) for level, index, root in completed}
    return following, {FRONTIER: following.encode(), **records}


def begun(before: History, block_id: Hash32) -> dict[bytes, bytes]:
    """What to store with the state of a snapshot: the history before its block, and that block."""
    _, records = grown(before, block_id)
    edge = {_place(level, index): bytes(root) for level, index, root in _edge(before)}
    return {FIRST: before.size.to_bytes(8, "big"), **edge, **records}


def _edge(history: History) -> Iterator[tuple[int, int, Hash32]]:
    """The subtrees of a frontier by their places."""
    for (level, index), root in zip(_places(history.size), history.frontier, strict=True):
        yield level, index, root


def _places(size: int) -> Iterator[tuple[int, int]]:
    """Level and index of the full subtrees of a history of this size, from the left."""
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield level, start >> level
            start += 1 << level


def at_size(extra: Callable[[bytes], bytes | None], chain_id: Hash32, size: int) -> History:
    """An earlier history, from the subtrees kept beside the state. Raises CorruptionError."""
    subtree = _kept_subtrees(extra, chain_id)
    return History(size, tuple(subtree(level, index) for level, index in _places(size)))


def consistency(
    extra: Callable[[bytes], bytes | None], chain_id: Hash32, held: int, old: int, new: int
) -> tuple[Hash32, ...]:
    """The proof of RFC 9162 that the history of size `new` begins with that of size `old`.

    `extra` reads the small records beside the state; `held` is the size of the node's own history. Raises
    SizeNotHeldError unless 1 <= old <= new <= held, where a node that began from a snapshot has its height
    for the 1; CorruptionError when a subtree is missing.
    """
    stored = extra(FIRST)
    first = 1 if stored is None else int.from_bytes(stored, "big")
    if not first <= old <= new <= held:
        raise SizeNotHeldError(
            f"sizes {old} and {new} asked for; this node has {first} to {held}, the old one first"
        )
    return consistency_from(_kept_subtrees(extra, chain_id), old, new)


def _kept_subtrees(extra: Callable[[bytes], bytes | None], chain_id: Hash32) -> Callable[[int, int], Hash32]:
    def subtree(level: int, index: int) -> Hash32:
        if level == index == 0:
            return history_leaf(0, chain_id)
        root = extra(_place(level, index))
        if root is None or len(root) != 32:
            raise CorruptionError(
                f"subtree {index} of level {level} of the history is missing beside the state"
            )
        return Hash32(root)

    return subtree


def _place(level: int, index: int) -> bytes:
    return FRONTIER + b"/%d/%d" % (level, index)
