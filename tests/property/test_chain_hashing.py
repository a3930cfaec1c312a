from hypothesis import given, settings
from hypothesis import strategies as st

from chain.hashing import (
    History,
    Tag,
    consistency_from,
    consistency_path,
    history_leaf,
    inclusion_path,
    leaf_hash,
    merkle_root,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from chain.types import Hash32

ITEMS = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def split_root(items: list[bytes], first: int = 0) -> Hash32:
    """RFC 9162, 2.1.1, as it is written: split at the largest power of two below n."""
    if len(items) == 1:
        return leaf_hash(Tag.OUTCOME, first, items[0])
    split = 1
    while split * 2 < len(items):
        split *= 2
    return node_hash(split_root(items[:split], first), split_root(items[split:], first + split))


@settings(deadline=None)
@given(ITEMS)
def test_the_root_is_that_of_the_definition(items: list[bytes]) -> None:
    assert merkle_root(Tag.OUTCOME, items) == split_root(items)


@settings(deadline=None)
@given(ITEMS, st.data())
def test_a_path_shows_its_item_and_no_other(items: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(items) - 1))
    other = draw.draw(st.binary(max_size=8))
    path, root = inclusion_path(Tag.OUTCOME, items, index), merkle_root(Tag.OUTCOME, items)
    assert verify_inclusion(Tag.OUTCOME, items[index], index, len(items), path, root)
    assert verify_inclusion(Tag.OUTCOME, other, index, len(items), path, root) == (other == items[index])


@settings(deadline=None)
@given(st.integers(1, 130), st.data())
def test_history_only_grows(size: int, draw: st.DataObject) -> None:
    leaves = [history_leaf(number, bytes([number])) for number in range(size)]
    old = draw.draw(st.integers(0, size))
    path = consistency_path(leaves, old, size)
    assert verify_consistency(old, tree_root(leaves[:old]), size, tree_root(leaves), path)
    if 0 < old < size:
        changed = draw.draw(st.integers(0, old - 1))
        forged = [*leaves[:changed], history_leaf(changed, b"forged"), *leaves[changed + 1 :]]
        assert not verify_consistency(old, tree_root(forged[:old]), size, tree_root(leaves), path)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_the_frontier_has_the_root_of_all_leaves(block_ids: list[bytes]) -> None:
    history = History.start(Hash32(bytes(32)))
    for block_id in block_ids:
        history = history.append(Hash32(block_id))
    leaves = [history_leaf(number, item) for number, item in enumerate([bytes(32), *block_ids])]
    assert (history.size, history.root()) == (len(leaves), tree_root(leaves))


@settings(deadline=None)
@given(st.integers(1, 130), st.data())
def test_the_full_subtrees_of_a_history_prove_what_all_its_leaves_prove(
    blocks: int, draw: st.DataObject
) -> None:
    chain_id = Hash32(bytes(32))
    history, kept = History.start(chain_id), {(0, 0): history_leaf(0, chain_id)}
    for number in range(1, blocks):
        history, completed = history.grow(Hash32(bytes([number]) * 32))
        kept |= {(level, index): root for level, index, root in completed}
    new = draw.draw(st.integers(0, blocks))
    old = draw.draw(st.integers(0, new))
    leaves = [kept[0, number] for number in range(blocks)]
    path = consistency_from(lambda level, index: kept[level, index], old, new)
    assert path == consistency_path(leaves, old, new)
