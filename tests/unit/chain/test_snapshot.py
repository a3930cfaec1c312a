from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.block import block_id_of
from chain.certificate import CommitCertificate, VoteKind, vote_sign_bytes
from chain.errors import DecodeError, InvalidMessageError
from chain.hashing import History
from chain.set_chain import SetStep, TrustedSet
from chain.snapshot import (
    CHUNK_BYTES,
    ChunkDigest,
    SnapshotChunk,
    SnapshotManifest,
    check_chunk,
    check_chunk_of,
    check_manifest,
    chunk_of,
    prefix_of,
)
from chain.state_tree import ProofKind, root, shares_bits, state_path
from chain.types import Hash32, Height, Round
from tests.support.committee import CHAIN_ID, Committee
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


def test_a_chunk_under_another_number_blames_its_sender() -> None:
    tree, chunks = a_snapshot(20, 2)
    data = chunks[1].encode()
    assert check_chunk_of(data, 1, 2, root(tree)) == chunks[1]
    for number, bits in ((2, 2), (1, 3), (0, 1)):
        with pytest.raises(InvalidMessageError):
            check_chunk_of(data, number, bits, root(tree))


# --- the manifest


class Chain:
    """Three blocks over empty parts; the set of height 3 is another one, named by header 2."""

    def __init__(self, sets: tuple[tuple[int, ...], ...] = ((0, 1, 2, 3), (0, 1, 2, 3), (0, 1, 2))) -> None:
        self.four = Committee(4, real=True, sets=sets)
        self.history = [History.start(CHAIN_ID)]
        self.headers: list[bytes] = []
        for height in (1, 2, 3):
            block = self.four.block(
                b"%d" % height,
                proposer=0,
                height=height,
                parent=CHAIN_ID if height == 1 else block_id_of(self.headers[-1]),
            )
            header = replace(
                block.header,
                history_root=self.history[-1].root(),
                validators_hash=self.four.at(height).hash,
                next_validators_hash=self.four.at(height + 1).hash,
            ).encode()
            self.headers.append(header)
            self.history.append(self.history[-1].append(block_id_of(header)))

    def certificate(self, height: int, signers: tuple[int, ...] = (0, 1, 2)) -> bytes:
        block_id = block_id_of(self.headers[height - 1])
        voters = self.four.at(height).hash
        message = vote_sign_bytes(CHAIN_ID, voters, VoteKind.PRECOMMIT, height, 0, block_id)
        signed = tuple((member, self.four.sign(member, message)) for member in signers)
        return CommitCertificate(Height(height), Round(0), block_id, signed).encode()

    def step(self) -> SetStep:
        return SetStep(self.headers[1], self.certificate(2), self.four.at(3).encode())

    def manifest(self, height: int = 3, **other: Any) -> SnapshotManifest:
        made = SnapshotManifest(
            self.headers[height - 1],
            self.certificate(height),
            self.history[height - 1].encode(),
            0,
            (ChunkDigest.of(b"chunk"),),
        )
        return replace(made, **other)

    def first_set(self) -> TrustedSet:
        return TrustedSet(CHAIN_ID, 0, self.four.at(1))


def test_a_manifest_is_held_to_the_set_that_is_walked_to() -> None:
    chain = Chain()
    manifest = SnapshotManifest.decode(chain.manifest().encode())
    trusted = chain.first_set().walk([SetStep.decode(chain.step().encode())])
    header, history = check_manifest(manifest, trusted)
    assert (header.height, history) == (3, chain.history[3])
    with pytest.raises(InvalidMessageError, match="another set"):
        check_manifest(manifest, chain.first_set())


@pytest.mark.parametrize(
    "change",
    ["header", "certificate", "certificate of another", "history", "history size", "history bytes"],
)
def test_a_wrong_manifest_is_refused(change: str) -> None:
    chain = Chain()
    wrong = {
        "header": {"header": chain.headers[1]},
        "certificate": {"certificate": chain.certificate(3, (0, 1))},
        "certificate of another": {"certificate": chain.certificate(2)},
        "history": {"history": replace(chain.history[2], frontier=(CHAIN_ID, CHAIN_ID)).encode()},
        "history size": {"history": chain.history[3].encode()},
        "history bytes": {"history": b"\x90"},
    }[change]
    with pytest.raises((DecodeError, InvalidMessageError)):
        check_manifest(chain.manifest(**wrong), chain.first_set().walk([chain.step()]))


@pytest.mark.parametrize("change", ["set", "certificate", "no change", "again", "other chain"])
def test_a_wrong_step_is_refused(change: str) -> None:
    chain, same = Chain(), Chain(sets=((0, 1, 2, 3),))
    first, step = chain.first_set(), chain.step()
    if change == "set":
        step = replace(step, next=chain.four.at(1).encode())
    elif change == "certificate":
        step = replace(step, certificate=chain.certificate(2, (0, 1)))
    elif change == "no change":
        step = SetStep(same.headers[0], same.certificate(1), same.four.at(2).encode())
    elif change == "again":
        first = first.after(step)
    else:
        first = replace(first, chain_id=Hash32(bytes(32)))
    with pytest.raises(InvalidMessageError):
        first.after(step)


@given(st.integers(0, 4), st.data())
def test_a_manifest_is_read_as_it_was_written_and_never_with_other_bits(
    bits: int, data: st.DataObject
) -> None:
    sizes = data.draw(st.lists(st.integers(1, CHUNK_BYTES), min_size=1 << bits, max_size=1 << bits))
    digests = tuple(ChunkDigest(size, Hash32(bytes([size % 251]) * 32)) for size in sizes)
    manifest = SnapshotManifest(b"header", b"certificate", b"history", bits, digests)
    assert SnapshotManifest.decode(manifest.encode()) == manifest
    for other in {*range(6)} - {bits}:
        with pytest.raises(DecodeError):
            SnapshotManifest.decode(replace(manifest, bits=other).encode())


@pytest.mark.parametrize("size", [0, CHUNK_BYTES + 1])
def test_a_chunk_of_no_or_endless_bytes_is_refused_in_the_manifest(size: int) -> None:
    digest = ChunkDigest(size, CHAIN_ID)
    with pytest.raises(DecodeError):
        SnapshotManifest.decode(SnapshotManifest(b"h", b"c", b"i", 0, (digest,)).encode())
