from dataclasses import replace

import pytest

from chain.block import (
    Block,
    BlockHeader,
    Change,
    Outcome,
    Results,
    auth_root,
    check_parts,
    evidence_root,
    transactions_root,
)
from chain.certificate import certificate_hash
from chain.codec import Value, encode
from chain.errors import DecodeError, InvalidMessageError
from chain.hashing import Tag, merkle_root, tagged_hash
from chain.types import ZERO_HASH, Address, Hash32, Height
from tests.unit.chain.example import BLOCK, CHAIN, a_certificate

PARTS = ((b"body 1", b"auth 1"), (b"body 2", b"auth 2"))
EVIDENCE = (b"evidence 1", b"evidence 2")
CERTIFICATE = a_certificate(0, 1, 2).encode()
HEADER = BlockHeader(
    chain_id=CHAIN,
    height=Height(6),
    time_ms=1_000,
    proposer=Address(bytes([1]) * 32),
    parent_hash=BLOCK,
    parent_certificate_hash=certificate_hash(CERTIFICATE),
    tx_root=transactions_root(PARTS),
    tx_count=2,
    auth_root=auth_root(PARTS),
    outcomes_root=Hash32(bytes([2]) * 32),
    changes_root=Hash32(bytes([3]) * 32),
    state_root=Hash32(bytes([4]) * 32),
    history_root=Hash32(bytes([5]) * 32),
    validators_hash=Hash32(bytes([6]) * 32),
    next_validators_hash=Hash32(bytes([7]) * 32),
    params_hash=Hash32(bytes([8]) * 32),
    app_version=1,
    evidence_root=evidence_root(EVIDENCE),
)
WHOLE = Block.of(HEADER, CERTIFICATE, PARTS, EVIDENCE)


def test_a_block_comes_back() -> None:
    assert Block.decode(WHOLE.encode()) == WHOLE
    assert BlockHeader.decode(HEADER.encode()) == HEADER


def test_the_block_id_is_over_the_header() -> None:
    assert WHOLE.block_id == HEADER.block_id == tagged_hash(Tag.HEADER, HEADER.encode())


def test_roots_of_the_parts_are_trees_under_their_own_tags() -> None:
    assert HEADER.tx_root == merkle_root(Tag.TX_BODY, [b"body 1", b"body 2"])
    assert HEADER.auth_root == merkle_root(Tag.TX_AUTH, [b"auth 1", b"auth 2"])
    assert HEADER.evidence_root == merkle_root(Tag.EVIDENCE, EVIDENCE)


def test_a_body_that_fits_its_header_passes() -> None:
    check_parts(WHOLE)


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (replace(WHOLE, transactions=PARTS[::-1]), "tx_root"),
        (replace(WHOLE, transactions=PARTS[:1]), "header says 2"),
        (replace(WHOLE, transactions=((b"body 1", b"auth 1"), (b"body 2", b"auth x"))), "auth_root"),
        (replace(WHOLE, evidence=EVIDENCE[:1]), "evidence_root"),
        (replace(WHOLE, parent_certificate=None), "parent certificate"),
        (replace(WHOLE, parent_certificate=a_certificate(0, 1, 3).encode()), "parent certificate"),
        (replace(WHOLE, header=replace(HEADER, parent_certificate_hash=ZERO_HASH)), "parent certificate"),
    ],
)
def test_a_body_that_does_not_fit_its_header_is_refused(block: Block, reason: str) -> None:
    with pytest.raises(InvalidMessageError, match=reason):
        check_parts(block)


@pytest.mark.parametrize("evidence", [EVIDENCE[::-1], (EVIDENCE[0], EVIDENCE[0])])
def test_evidence_out_of_order_is_refused(evidence: tuple[bytes, ...]) -> None:
    header = replace(HEADER, evidence_root=evidence_root(evidence))
    with pytest.raises(InvalidMessageError, match="strictly increasing"):
        check_parts(Block.of(header, CERTIFICATE, PARTS, evidence))


def test_block_1_and_only_it_has_no_parent_certificate() -> None:
    first = replace(HEADER, height=Height(1), parent_certificate_hash=ZERO_HASH)
    check_parts(Block.of(first, None, PARTS, EVIDENCE))
    second = replace(first, height=Height(2))
    with pytest.raises(InvalidMessageError, match="parent certificate"):
        check_parts(Block.of(second, None, PARTS, EVIDENCE))


def test_a_header_that_is_not_canonical_is_refused_inside_its_block() -> None:
    with pytest.raises(DecodeError, match="header"):
        Block.decode(replace(WHOLE, header_bytes=b"\x91\xcc\x01").encode())


def test_an_outcome_comes_back() -> None:
    outcome = Outcome(BLOCK, Height(6), 1, (("agreement.registered", 5, (b"x", None)), ("token.moved",)))
    assert Outcome.decode(outcome.encode()) == outcome


@pytest.mark.parametrize("event", [(), (5,), ("Name",), ("a", (((((),),),),))])
def test_what_is_no_event_is_refused(event: Value) -> None:
    with pytest.raises(DecodeError, match="events\\[0\\]"):
        Outcome.decode(encode([1, BLOCK, 6, 1, [event]]))


@pytest.mark.parametrize(
    "change",
    [
        Change(0, None, "params", b"", None, b"\x01"),
        Change(5, BLOCK, "tokens", b"key", BLOCK, b"value"),
        Change(6, BLOCK, "tokens", b"key", BLOCK, None),
    ],
    ids=["created by the block", "changed", "removed"],
)
def test_a_change_comes_back(change: Change) -> None:
    assert Change.decode(change.encode()) == change


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(DecodeError, match="new_value"):
        Change.decode(Change(0, None, "tokens", b"key", None, b"").encode())


def test_results_come_back_with_their_roots() -> None:
    results = Results((b"outcome",), (b"change 1", b"change 2"))
    assert Results.decode(results.encode()) == results
    assert results.outcomes_root() == merkle_root(Tag.OUTCOME, [b"outcome"])
    assert results.changes_root() == merkle_root(Tag.CHANGE, [b"change 1", b"change 2"])
