from dataclasses import replace

import pytest

from chain.errors import InvalidMessageError
from chain.snapshot import SnapshotChunk, check_chunk, chunk_of, prefix_of
from chain.state_tree import ProofKind, root, shares_bits, state_path
from tests.support.tree import Pages


def a_snapshot(keys: int, bits: int) -> tuple[Pages, list[SnapshotChunk]]:
    """A state of that many keys, in 2^bits chunks."""
    tree = Pages()
    entries = [("lines", b"key %d" % number, b"value %d" % number) for number in range(keys)]
    tree.put(entries)
    chunks = []
    for number in range(1 << bits):
        prefix = prefix_of(number, bits)
        under = [entry for entry in entries if shares_bits(state_path(entry[0], entry[1]), prefix, bits)]
        chunks.append(chunk_of(tree, bits, prefix, under))
    return tree, chunks


@pytest.mark.parametrize("keys", [0, 1, 2, 5, 100])
@pytest.mark.parametrize("bits", [0, 1, 4, 6])
def test_the_chunks_of_a_state_are_each_true_and_together_whole(keys: int, bits: int) -> None:
    tree, chunks = a_snapshot(keys, bits)
    for chunk in chunks:
        check_chunk(SnapshotChunk.decode(chunk.encode()), root(tree))
    assert sum(len(chunk.entries) for chunk in chunks) == keys


def test_every_kind_of_proof_occurs() -> None:
    _, chunks = a_snapshot(20, 6)
    _, coarse = a_snapshot(20, 2)
    assert {chunk.proof.kind for chunk in (*chunks, *coarse)} == set(ProofKind)


def refused(chunk: SnapshotChunk, tree: Pages) -> None:
    with pytest.raises(InvalidMessageError):
        check_chunk(chunk, root(tree))


@pytest.mark.parametrize("bits", [1, 4, 6])
def test_nothing_can_be_left_out_added_changed_or_reordered(bits: int) -> None:
    tree, chunks = a_snapshot(20, bits)
    for chunk in chunks:
        others = [entry for other in chunks if other is not chunk for entry in other.entries]
        refused(replace(chunk, entries=(*chunk.entries, others[0])), tree)
        if chunk.entries:
            name, key, _ = chunk.entries[0]
            refused(replace(chunk, entries=chunk.entries[1:]), tree)
            refused(replace(chunk, entries=((name, key, b"forged"), *chunk.entries[1:])), tree)
        if len(chunk.entries) > 1:
            refused(replace(chunk, entries=chunk.entries[::-1]), tree)


def test_a_chunk_of_another_prefix_or_length_is_refused() -> None:
    tree, chunks = a_snapshot(20, 2)
    refused(replace(chunks[0], prefix=chunks[1].prefix), tree)
    refused(replace(chunks[0], bits=1), tree)
    refused(replace(chunks[1], bits=1), tree)
