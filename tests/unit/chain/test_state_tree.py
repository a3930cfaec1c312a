from dataclasses import replace

import pytest

from chain.errors import DecodeError
from chain.hashing import Tag, tagged_hash
from chain.state_tree import (
    ProofKind,
    StateProof,
    leaf_hash,
    node_hash,
    prove,
    root,
    state_path,
    value_hash,
    verify_proof,
)
from chain.types import ZERO_HASH, Hash32
from tests.support.tree import Pages, naive_root

STATE = {b"key %d" % number: b"value %d" % number for number in range(200)}


def a_tree() -> Pages:
    tree = Pages()
    tree.put(("lines", key, value) for key, value in STATE.items())
    return tree


def path_with(prefix: int, bits: int, rest: int = 0) -> Hash32:
    """A path that begins with these bits and ends with `rest`."""
    return Hash32((prefix << (256 - bits) | rest).to_bytes(32, "big"))


ONE = Hash32(bytes([1]) * 32)
TWO = Hash32(bytes([2]) * 32)


def test_path_is_over_the_collection_with_its_length_and_the_key() -> None:
    assert state_path("ab", b"c") == tagged_hash(Tag.STATE_KEY, b"\x02abc")
    assert state_path("ab", b"c") != state_path("a", b"bc")


def test_an_empty_value_is_our_bug() -> None:
    with pytest.raises(AssertionError):
        value_hash(b"")


def test_the_empty_tree_is_zero() -> None:
    assert root(Pages()) == Pages().change([]).root == ZERO_HASH


def test_a_single_key_is_its_leaf() -> None:
    path = path_with(0b1011, 4)
    assert Pages().change([(path, ONE)]).root == leaf_hash(path, ONE)


def test_two_leaves_stand_where_their_paths_part() -> None:
    left, right = path_with(0b00, 2), path_with(0b01, 2)
    expected = node_hash(node_hash(leaf_hash(left, ONE), leaf_hash(right, TWO)), ZERO_HASH)
    assert Pages().change([(left, ONE), (right, TWO)]).root == expected


def test_paths_that_part_at_the_last_bit_reach_the_deepest_page() -> None:
    left, right = path_with(0, 255, 0), path_with(0, 255, 1)
    tree = Pages()
    assert tree.change([(left, ONE), (right, TWO)]).root == naive_root([(left, ONE), (right, TWO)])
    assert max(depth for depth, _ in tree.pages) == 252
    assert tree.change([(right, None)]).root == leaf_hash(left, ONE)
    assert list(tree.pages) == [(0, b"")]


def test_a_leaf_left_alone_rises() -> None:
    tree = Pages()
    first = tree.change([(path_with(0b0000, 4), ONE)])
    tree.change([(path_with(0b0001, 4), TWO)])
    assert tree.change([(path_with(0b0001, 4), None)]).root == first.root


def test_removing_what_is_not_there_changes_nothing() -> None:
    tree = a_tree()
    pages, before = dict(tree.pages), root(tree)
    assert tree.put([("lines", b"never there", None)]) == before
    assert tree.pages == pages


def test_removing_everything_leaves_no_page() -> None:
    tree = a_tree()
    assert tree.put(("lines", key, None) for key in STATE) == ZERO_HASH
    assert tree.pages == {}


def test_a_batch_reads_each_page_once() -> None:
    tree = a_tree()
    pages = len(tree.pages)
    tree.reads = 0
    updated = tree.put(("lines", key, value + b"!") for key, value in STATE.items())
    assert (tree.reads, updated) == (pages, root(tree))


def test_one_path_twice_in_a_batch_is_our_bug() -> None:
    with pytest.raises(AssertionError):
        Pages().change([(ONE, ONE), (ONE, TWO)])


def test_presence_and_absence_are_proved() -> None:
    tree = a_tree()
    top = root(tree)
    for key, value in STATE.items():
        proof = StateProof.decode(prove(tree, "lines", key).encode())
        assert proof.kind is ProofKind.PRESENT
        assert verify_proof(top, "lines", key, value, proof)
        assert not verify_proof(top, "lines", key, None, proof)
        assert not verify_proof(top, "lines", key, b"another value", proof)
        assert not verify_proof(top, "other", key, value, proof)


def test_absence_is_proved_by_an_empty_slot_or_another_leaf() -> None:
    tree = a_tree()
    top = root(tree)
    kinds = set()
    for number in range(200):
        proof = StateProof.decode(prove(tree, "absent", b"%d" % number).encode())
        kinds.add(proof.kind)
        assert verify_proof(top, "absent", b"%d" % number, None, proof)
        assert not verify_proof(top, "absent", b"%d" % number, b"value", proof)
    assert kinds == {ProofKind.EMPTY, ProofKind.OTHER_LEAF}


def test_in_the_empty_tree_everything_is_absent() -> None:
    proof = prove(Pages(), "lines", b"key")
    assert (proof.depth, proof.kind) == (0, ProofKind.EMPTY)
    assert verify_proof(ZERO_HASH, "lines", b"key", None, proof)


def test_a_present_key_cannot_be_shown_absent_by_its_own_leaf() -> None:
    tree = a_tree()
    proof = prove(tree, "lines", b"key 1")
    leaf = (state_path("lines", b"key 1"), value_hash(STATE[b"key 1"]))
    forged = replace(proof, kind=ProofKind.OTHER_LEAF, leaf=leaf)
    assert not verify_proof(root(tree), "lines", b"key 1", None, forged)


def test_another_leaf_from_elsewhere_does_not_show_absence() -> None:
    tree = Pages()
    top = tree.put([("lines", b"key 1", b"1"), ("lines", b"key 2", b"2")])
    other = prove(tree, "lines", b"key 2")
    leaf = (other.path, value_hash(b"2"))
    forged = replace(other, path=state_path("lines", b"key 1"), kind=ProofKind.OTHER_LEAF, leaf=leaf)
    assert not verify_proof(top, "lines", b"key 1", None, forged)


def test_a_proof_changed_in_any_field_fails() -> None:
    tree = a_tree()
    top, proof = root(tree), prove(tree, "lines", b"key 3")
    assert verify_proof(top, "lines", b"key 3", STATE[b"key 3"], proof)
    changed = [
        replace(proof, path=ONE),
        replace(proof, depth=proof.depth + 1),
        replace(proof, depth=257),
        replace(proof, mask=bytes(32)),
        replace(proof, mask=proof.mask[:31]),
        replace(proof, siblings=proof.siblings[:-1]),
        replace(proof, siblings=(*proof.siblings, ONE)),
        replace(proof, siblings=(ONE, *proof.siblings[1:])),
        replace(proof, kind=ProofKind.EMPTY),
    ]
    assert not any(verify_proof(top, "lines", b"key 3", STATE[b"key 3"], other) for other in changed)
    assert not verify_proof(ONE, "lines", b"key 3", STATE[b"key 3"], proof)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"depth": 0}, "mask"),
        ({"siblings": ()}, "siblings"),
        ({"leaf": (ONE, TWO)}, "leaf"),
        ({"kind": ProofKind.OTHER_LEAF}, "leaf"),
    ],
)
def test_a_proof_that_contradicts_itself_is_not_decoded(changed: dict[str, object], where: str) -> None:
    proof = prove(a_tree(), "lines", b"key 3")
    fields = {name: getattr(proof, name) for name in ("path", "depth", "mask", "siblings", "kind", "leaf")}
    forged = StateProof(**{**fields, **changed})
    with pytest.raises(DecodeError) as caught:
        StateProof.decode(forged.encode())
    assert caught.value.where == where
