"""The ledger's rules over a store: proofs, heights, and a state carried in chunks."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.codec import Value
from chain.errors import DecodeError, InvalidMessageError, LedgerError
from chain.keys import ED25519, possession_bytes
from chain.snapshot import SnapshotChunk
from chain.state_tree import verify_proof
from chain.transaction import SignedTransaction, Transaction
from chain.types import ActionName, ClientId, Hash32, InstitutionId
from contracts.context import BlockContext
from contracts.records import Collection
from node.application import LedgerApplication
from node.chunks import Scratch
from storage.disk import REAL_DISK
from storage.memory import MemoryState
from tests.support.budget import a_key
from tests.support.node import MemoryNode, a_node

NOWHERE = Scratch(REAL_DISK, Path("/nowhere"))
"""A small state is sorted in memory."""

AIM_BYTES = 32 << 10

MEMBERS = ("mof", "treasury", "moh", "mot")


def with_values(count: int) -> MemoryNode:
    """A state with a block of so many new signers after its genesis."""
    node = a_node(members=MEMBERS)
    documents = [node.document() for _ in range(count)]
    _, executed = node.next_block(*documents)
    node.application.apply(1, executed.execution, [one.tx_id for one in documents], {})
    return node


def an_empty_one(node: MemoryNode) -> LedgerApplication:
    return LedgerApplication(MemoryState(), node.genesis, node.signatures)


def chunks_of(node: MemoryNode) -> list[bytes]:
    snapshot = node.application.snapshot()
    try:
        return list(snapshot.chunks(NOWHERE, AIM_BYTES))
    finally:
        snapshot.close()


def test_a_value_and_its_proof_are_of_one_height() -> None:
    node = with_values(3)
    answer = node.application.query(Collection.INSTITUTIONS, b"mof", with_proof=True)
    assert answer.height == node.application.height
    assert answer.proof is not None
    assert verify_proof(
        node.application.state_root, Collection.INSTITUTIONS, b"mof", answer.value, answer.proof
    )


def test_an_earlier_height_is_answered_from_history() -> None:
    node = with_values(3)
    earlier = node.application.query(Collection.INSTITUTIONS, b"mof", 0)
    assert earlier.value != node.application.query(Collection.INSTITUTIONS, b"mof").value
    with pytest.raises(LedgerError, match="not here"):
        node.application.query(Collection.INSTITUTIONS, b"mof", 2)


def test_a_snapshot_makes_the_same_state_again() -> None:
    node = with_values(500)
    chunks = chunks_of(node)
    assert len(chunks) > 1
    other = an_empty_one(node)
    other.load_snapshot(node.application.height, node.application.state_root, chunks)
    assert (other.height, other.state_root) == (node.application.height, node.application.state_root)
    assert other.query(Collection.INSTITUTIONS, b"mof") == node.application.query(
        Collection.INSTITUTIONS, b"mof"
    )


def test_a_snapshot_is_of_its_moment() -> None:
    node = a_node(members=MEMBERS)
    snapshot = node.application.snapshot()
    _, executed = node.next_block(node.document())
    node.application.apply(1, executed.execution, [], {})
    other = an_empty_one(node)
    other.load_snapshot(0, snapshot.state_root, list(snapshot.chunks(NOWHERE)))
    assert other.state_root == snapshot.state_root != node.application.state_root


def test_a_chunk_of_another_state_is_refused_and_nothing_is_written() -> None:
    node = with_values(500)
    chunks = chunks_of(node)
    changed = SnapshotChunk.decode(chunks[1])
    collection, key, value = changed.entries[0]
    entries = ((collection, key, value + b"!"), *changed.entries[1:])
    wrong = SnapshotChunk(changed.bits, changed.prefix, changed.proof, entries).encode()
    other = an_empty_one(node)
    before = other.state_root
    with pytest.raises(InvalidMessageError):
        other.load_snapshot(1, node.application.state_root, [chunks[0], wrong, *chunks[2:]])
    assert (other.height, other.state_root) == (0, before)


@pytest.mark.parametrize("change", ["missing", "twice", "out of order", "too many"])
def test_a_snapshot_has_every_chunk_once_in_order(change: str) -> None:
    node = with_values(500)
    chunks = chunks_of(node)
    given = {
        "missing": chunks[:-1],
        "twice": [chunks[0], *chunks],
        "out of order": [chunks[1], chunks[0], *chunks[2:]],
        "too many": [*chunks, chunks[0]],
    }[change]
    with pytest.raises(InvalidMessageError):
        an_empty_one(node).load_snapshot(1, node.application.state_root, given)


def test_bytes_that_are_no_chunk_are_refused() -> None:
    node = a_node(members=MEMBERS)
    with pytest.raises(DecodeError):
        an_empty_one(node).load_snapshot(1, Hash32(bytes(32)), [b"\x90"])


def test_chunks_hold_about_as_much_as_they_should() -> None:
    node = with_values(500)
    sizes = [len(chunk) for chunk in chunks_of(node)]
    assert AIM_BYTES / 4 < max(sizes) < 1.1 * AIM_BYTES


def test_parameters_and_sets_follow_the_state() -> None:
    node = a_node(members=MEMBERS)
    assert node.application.params() is node.application.params()
    assert node.application.validators_at(1) is node.application.validators_at(1)
    kept = node.application.params()
    _, executed = node.next_block()
    node.application.apply(1, executed.execution, [], {})
    assert node.application.params() is not kept
    assert node.application.params() == kept


def a_block(node: MemoryNode, *documents: SignedTransaction) -> None:
    """The next height, without a header."""
    height = node.application.height + 1
    context = BlockContext(node.genesis.chain_id, height, node.clock.now_ms())
    execution = node.application.check(context, documents, ())
    node.application.apply(height, execution, [one.tx_id for one in documents], {})


def an_act(node: MemoryNode, institution: str, action: str, *arguments: Value) -> SignedTransaction:
    node.documents += 1
    return node.signed(
        Transaction(
            node.genesis.chain_id, ClientId(node.documents.to_bytes(16, "big")),
            node.clock.time_ms + 600_000, InstitutionId(institution), ActionName(action), 1, arguments,
        )
    )  # fmt: skip


def test_the_set_of_a_height_is_known_however_long_ago() -> None:
    node = a_node(members=MEMBERS)
    genesis_set = node.application.validators_at(1)
    new = a_key("new validator")
    message = possession_bytes(node.genesis.chain_id, InstitutionId("moh"), ED25519, new.public_key)
    rotation = ("moh", ED25519, new.public_key, new.sign(message))
    a_block(node, an_act(node, "mof", "ballot.propose", "validator.rotate", rotation, ""))
    a_block(node, *[an_act(node, member, "ballot.vote", 1, True) for member in MEMBERS[:3]])
    for _ in range(4):
        a_block(node)
    found = [node.application.validators_then(height) for height in range(1, 7)]
    assert found[:3] == [genesis_set] * 3
    assert {one.first_height for one in found[3:]} == {4}
    assert found[3].member(new.address) is not None
    assert found[3:] == [node.application.validators_at(4)] * 3
