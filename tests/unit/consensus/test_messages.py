"""Peer payloads: decode undoes encode, bounds hold, and a lie about a body blames its sender."""

from dataclasses import replace
from typing import Any

import pytest

from chain.certificate import VoteKind
from chain.errors import DecodeError, InvalidMessageError
from chain.types import Height, Round
from consensus.messages import (
    LIMIT_BYTES,
    STATUS_BODIES,
    STATUS_ROWS,
    TXS_BYTES,
    Commit,
    GetBlock,
    GetCommits,
    HeldVotes,
    MessageType,
    ProposalMessage,
    Status,
    Step,
    Transactions,
    Votes,
    decode_body,
    pack_transactions,
)
from tests.support.committee import Committee

FOUR = Committee(4)
A = FOUR.block(b"A", proposer=0)
B = FOUR.block(b"B", proposer=0)
POLKA = FOUR.prevotes(1, A.block_id, (0, 1, 2))
PROPOSAL = FOUR.proposal(2, A.block_id, 1)
ROW = HeldVotes(VoteKind.PREVOTE, Round(1), A.block_id, Round(0), b"\x05")
STATUS = Status(Height(1), Round(2), Step.PREVOTE, True, (ROW,), (A.block_id,))


@pytest.mark.parametrize(
    "message",
    [
        ProposalMessage(PROPOSAL, A, POLKA),
        ProposalMessage(FOUR.proposal(0, A.block_id), None, ()),
        STATUS,
        replace(STATUS, round=Round(-1), held=(), bodies=(), has_proposal=False),
        Votes(Height(1), PROPOSAL, POLKA),
        Votes(Height(1), None, ()),
        GetBlock(Height(1), A.block_id),
        Commit(A, FOUR.certificate(0, A.block_id, (0, 1, 2))),
        GetCommits(Height(1), 64),
        Transactions(((b"body", b"auth"), (b"other", b"auth"))),
    ],
    ids=lambda message: type(message).__name__,
)
def test_decode_undoes_encode(message: Any) -> None:
    assert message.decode(message.encode()) == message


def test_a_bitmap_counts_from_the_lowest_bit() -> None:
    assert [ROW.holds(index) for index in (0, 1, 2, 3, 8, 99)] == [True, False, True, False, False, False]


def test_a_body_under_another_id_blames_its_sender() -> None:
    payload = ProposalMessage(PROPOSAL, B, ()).encode()
    with pytest.raises(InvalidMessageError):
        ProposalMessage.decode(payload)


def test_a_body_whose_parts_are_not_its_headers_blames_its_sender() -> None:
    liar = replace(A, transactions=B.transactions)
    assert liar.block_id == A.block_id
    with pytest.raises(InvalidMessageError):
        decode_body(liar.encode(), A.block_id)


def test_a_commit_whose_certificate_names_another_block_is_refused() -> None:
    with pytest.raises(InvalidMessageError):
        Commit.decode(Commit(A, FOUR.certificate(0, B.block_id, (0, 1, 2))).encode())


@pytest.mark.parametrize("kind", [MessageType.STATUS, MessageType.VOTES, MessageType.GET_BLOCK])
def test_a_payload_above_its_bound_is_not_parsed(kind: MessageType) -> None:
    decoders: dict[MessageType, Any] = {
        MessageType.STATUS: Status,
        MessageType.VOTES: Votes,
        MessageType.GET_BLOCK: GetBlock,
    }
    with pytest.raises(DecodeError) as refused:
        decoders[kind].decode(bytes(LIMIT_BYTES[kind] + 1))
    assert refused.value.code == "TOO-LARGE"


def test_the_largest_status_fits_its_bound() -> None:
    row = HeldVotes(VoteKind.PREVOTE, Round(2**31 - 1), A.block_id, Round(2**31 - 2), bytes(13))
    largest = replace(STATUS, held=(row,) * STATUS_ROWS, bodies=(A.block_id,) * STATUS_BODIES)
    assert Status.decode(largest.encode()) == largest


@pytest.mark.parametrize("count", [0, 65])
def test_commits_are_asked_for_by_at_most_64(count: int) -> None:
    with pytest.raises(DecodeError):
        GetCommits.decode(GetCommits(Height(1), count).encode())


def test_transactions_are_packed_in_order_and_a_large_one_goes_alone() -> None:
    small = [(bytes([i]) * 1_000, b"auth") for i in range(200)]
    large = [(b"x" * (TXS_BYTES + 1), b"auth")]
    payloads = pack_transactions([*small, *large, *small[:1], *small[:300]])
    groups = [Transactions.decode(payload).transactions for payload in payloads]
    assert [pair for group in groups for pair in group] == [*small, *large, *small[:1], *small[:300]]
    assert tuple(large) in groups


def test_several_transactions_above_the_bound_are_refused() -> None:
    pair = (b"x" * (TXS_BYTES // 2), b"auth")
    with pytest.raises(DecodeError):
        Transactions.decode(Transactions((pair, pair)).encode())
