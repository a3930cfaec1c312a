from hypothesis import given, settings
from hypothesis import strategies as st

from chain.snapshot import check_chunk, chunk_of, prefix_of
from chain.state_tree import (
    StateProof,
    prove,
    root,
    shares_bits,
    state_path,
    subtree_hash,
    verify_proof,
)
from chain.types import Hash32
from tests.support.tree import Pages, naive_root

CLOSE = st.integers(0, 2**256 - 1).map(lambda number: number & (0b1011 << 252 | 0b11 << 128 | 0b111))
PATHS = (CLOSE | st.integers(0, 2**256 - 1)).map(lambda number: Hash32(number.to_bytes(32, "big")))
"""Any paths, and paths that part only at a few far bits: there pages are deep, and leaves rise and sink."""

VALUES = st.binary(min_size=32, max_size=32).map(Hash32)
BATCHES = st.lists(st.dictionaries(PATHS, st.none() | VALUES, max_size=12), max_size=6)
KEYS = st.integers(0, 30).map(lambda number: b"%d" % number)


@settings(deadline=None)
@given(BATCHES)
def test_after_any_history_root_and_pages_are_those_of_what_is_left(
    batches: list[dict[Hash32, Hash32 | None]],
) -> None:
    tree, state = Pages(), dict[Hash32, Hash32]()
    for batch in batches:
        updated = tree.change(list(batch.items()))
        for path, value in batch.items():
            state.pop(path, None)
            if value is not None:
                state[path] = value
        leaves = sorted(state.items())
        assert updated.root == root(tree) == naive_root(leaves) == subtree_hash(leaves, 0)
    fresh = Pages()
    fresh.change(list(state.items()))
    assert tree.pages == fresh.pages


@settings(deadline=None)
@given(st.dictionaries(KEYS, st.binary(min_size=1, max_size=4), max_size=30), KEYS, st.binary(max_size=4))
def test_a_proof_shows_exactly_what_the_state_has(
    state: dict[bytes, bytes], key: bytes, claimed: bytes
) -> None:
    tree = Pages()
    top = tree.put(("lines", name, value) for name, value in state.items())
    proof = StateProof.decode(prove(tree, "lines", key).encode())
    assert verify_proof(top, "lines", key, state.get(key), proof)
    assert verify_proof(top, "lines", key, claimed, proof) == (state.get(key) == claimed)
    assert verify_proof(top, "lines", key, None, proof) == (key not in state)


@settings(deadline=None)
@given(st.sets(KEYS, max_size=30), st.integers(0, 6), st.data())
def test_a_chunk_is_true_of_its_prefix(keys: set[bytes], bits: int, draw: st.DataObject) -> None:
    tree = Pages()
    entries = [("lines", key, b"v" + key) for key in sorted(keys)]
    top = tree.put(entries)
    prefix = prefix_of(draw.draw(st.integers(0, (1 << bits) - 1)), bits)
    under = [entry for entry in entries if shares_bits(state_path(entry[0], entry[1]), prefix, bits)]
    check_chunk(chunk_of(tree, bits, prefix, under), top)
