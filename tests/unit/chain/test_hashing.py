import hashlib

import pytest

from chain.errors import DecodeError
from chain.hashing import (
    EMPTY_ROOT,
    TAGS,
    History,
    Tag,
    consistency_path,
    history_leaf,
    inclusion_path,
    leaf_hash,
    merkle_root,
    node_hash,
    tagged_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from chain.types import ZERO_HASH, Hash32

ITEMS = [b"item %d" % number for number in range(9)]
LEAVES = [history_leaf(number, item) for number, item in enumerate(ITEMS)]


def roots(size: int) -> Hash32:
    return tree_root(LEAVES[:size])


def test_the_tag_and_its_length_stand_before_the_message() -> None:
    assert tagged_hash(Tag.KEY, b"m") == hashlib.sha256(b"\x08QZN1/keym").digest()


def test_tags_are_distinct_and_8_to_32_bytes() -> None:
    assert len(set(TAGS)) == len(TAGS) == 20
    assert all(tag.startswith("QZN1/") and 8 <= len(tag.encode("ascii")) <= 32 for tag in TAGS)


def test_an_unknown_tag_is_our_bug() -> None:
    with pytest.raises(KeyError):
        tagged_hash("QZN1/unknown", b"")


def test_no_items_have_the_hash_of_nothing() -> None:
    assert merkle_root(Tag.OUTCOME, []) == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_three_items_split_at_two() -> None:
    one, two, three = (leaf_hash(Tag.OUTCOME, at, ITEMS[at]) for at in range(3))
    assert merkle_root(Tag.OUTCOME, ITEMS[:3]) == node_hash(node_hash(one, two), three)


def test_a_leaf_is_bound_to_tag_and_place() -> None:
    data = b"\x00\x0cQZN1/outcome" + (5).to_bytes(8, "big") + b"x"
    assert leaf_hash(Tag.OUTCOME, 5, b"x") == hashlib.sha256(data).digest()


@pytest.mark.parametrize("size", range(1, 10))
def test_every_item_is_shown_at_its_place_and_nowhere_else(size: int) -> None:
    items = ITEMS[:size]
    root = merkle_root(Tag.CHANGE, items)
    for index in range(size):
        path = inclusion_path(Tag.CHANGE, items, index)
        assert [
            at for at in range(size + 1) if verify_inclusion(Tag.CHANGE, items[index], at, size, path, root)
        ] == [index]


def test_an_inclusion_path_changed_in_any_way_fails() -> None:
    root = merkle_root(Tag.CHANGE, ITEMS)
    path = list(inclusion_path(Tag.CHANGE, ITEMS, 4))
    wrong: list[list[Hash32]] = [
        path[:-1],
        [*path, path[0]],
        [path[1], path[0], *path[2:]],
        [ZERO_HASH, *path[1:]],
        [Hash32(path[0] + b"\x00"), *path[1:]],
    ]
    assert not any(verify_inclusion(Tag.CHANGE, ITEMS[4], 4, 9, other, root) for other in wrong)


def test_no_path_exists_outside_the_list() -> None:
    with pytest.raises(IndexError):
        inclusion_path(Tag.CHANGE, ITEMS, 9)


@pytest.mark.parametrize("new", range(10))
def test_every_beginning_is_consistent_with_what_follows(new: int) -> None:
    for old in range(new + 1):
        path = consistency_path(LEAVES, old, new)
        assert verify_consistency(old, roots(old), new, roots(new), path)


@pytest.mark.parametrize("new", range(2, 10))
def test_another_beginning_is_not_consistent(new: int) -> None:
    other = tree_root([*LEAVES[:1], history_leaf(1, b"other"), *LEAVES[2:]][:2])
    for old in range(2, new):
        path = consistency_path(LEAVES, old, new)
        assert not verify_consistency(old, other, new, roots(new), path)
        assert not verify_consistency(old, roots(old), new, roots(new), path[:-1])
        assert not verify_consistency(old, roots(old), new, roots(new), [*path, path[0]])
    assert not verify_consistency(new, roots(new), new - 1, roots(new - 1), ())


def test_the_empty_history_is_only_consistent_as_itself() -> None:
    assert verify_consistency(0, EMPTY_ROOT, 5, roots(5), ())
    assert not verify_consistency(0, roots(1), 5, roots(5), ())


def test_history_grows_leaf_by_leaf_to_the_roots_of_the_tree() -> None:
    history = History.start(Hash32(ITEMS[0]))
    for size in range(1, 10):
        assert (history.size, history.root()) == (size, roots(size))
        assert History.decode(history.encode()) == history
        if size < 9:
            history = history.append(Hash32(ITEMS[size]))


def test_a_frontier_that_does_not_fit_its_size_is_refused() -> None:
    history = History.start(Hash32(ITEMS[0]))
    with pytest.raises(DecodeError):
        History.decode(History(3, history.frontier).encode())
