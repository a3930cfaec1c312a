"""What a node keeps of the history proves every two sizes of it."""

from itertools import combinations_with_replacement

import pytest

from chain.errors import CorruptionError
from chain.hashing import History, verify_consistency
from chain.types import Hash32
from node.history import FRONTIER, SizeNotHeldError, at_size, begun, consistency, grown, kept

CHAIN_ID = Hash32(b"\x07" * 32)
BLOCKS = [Hash32(bytes([number]) * 32) for number in range(1, 20)]


def a_history() -> tuple[dict[bytes, bytes], list[Hash32]]:
    """What stands beside the state after the last block, and the root of each size from 0."""
    history, extra = History.start(CHAIN_ID), {}
    roots = [Hash32(bytes(32)), history.root()]
    for block_id in BLOCKS:
        history, records = grown(history, block_id)
        extra |= records
        roots.append(history.root())
    assert History.decode(extra[FRONTIER]) == history
    return extra, roots


def test_any_two_sizes_are_proved() -> None:
    extra, roots = a_history()
    held = len(BLOCKS) + 1
    for old, new in combinations_with_replacement(range(1, held + 1), 2):
        path = consistency(extra.get, CHAIN_ID, held, old, new)
        assert verify_consistency(old, roots[old], new, roots[new], path)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (3, 21)])
def test_sizes_that_are_not_there_are_refused(old: int, new: int) -> None:
    extra, _ = a_history()
    with pytest.raises(SizeNotHeldError):
        consistency(extra.get, CHAIN_ID, len(BLOCKS) + 1, old, new)


def test_a_missing_subtree_is_damage() -> None:
    extra, _ = a_history()
    del extra[FRONTIER + b"/2/1"]
    with pytest.raises(CorruptionError):
        consistency(extra.get, CHAIN_ID, len(BLOCKS) + 1, 4, 8)


def test_a_state_that_lacks_the_subtrees_is_made_anew() -> None:
    extra, _ = a_history()
    assert kept(extra.get, CHAIN_ID, len(BLOCKS)).size == len(BLOCKS) + 1
    with pytest.raises(CorruptionError, match="lacks the leaf"):
        kept({FRONTIER: extra[FRONTIER]}.get, CHAIN_ID, len(BLOCKS))


@pytest.mark.parametrize("base", [1, 2, 3, 7, 8, 21, 64])
def test_a_node_that_began_from_a_snapshot_proves_what_came_since(base: int) -> None:
    store: dict[bytes, bytes] = {}
    history = History.start(CHAIN_ID)
    histories = [history, history]
    for height in range(1, 80):
        block_id = Hash32(bytes([height]) * 32)
        if height == base:
            store |= begun(history, block_id)
        history, records = grown(history, block_id)
        if height > base:
            store |= records
        histories.append(history)
    held = history.size
    for old in range(base, held + 1):
        for new in range(old, held + 1, 5):
            proof = consistency(store.get, CHAIN_ID, held, old, new)
            assert verify_consistency(old, histories[old].root(), new, histories[new].root(), proof)
    with pytest.raises(SizeNotHeldError, match=f"has {base} to {held}"):
        consistency(store.get, CHAIN_ID, held, base - 1, held)
    assert [at_size(store.get, CHAIN_ID, size) for size in range(base, held + 1)] == histories[base:]
    assert kept(store.get, CHAIN_ID, held - 1) == history
