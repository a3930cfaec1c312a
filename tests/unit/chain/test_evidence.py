from dataclasses import replace

import pytest

from chain.certificate import VoteKind
from chain.errors import DecodeError, InvalidMessageError
from chain.evidence import Evidence, check_evidence
from chain.hashing import Tag, tagged_hash
from tests.unit.chain.example import ADDRESSES, CHAIN, OTHER, SET, STRANGER, a_proposal, a_vote

CONFLICTS = {
    "prevotes": Evidence.of(a_vote(), a_vote(block_id=OTHER)),
    "block and nil": Evidence.of(a_vote(), a_vote(block_id=None)),
    "pol": Evidence.of(a_vote(), a_vote(pol=1)),
    "precommits": Evidence.of(
        a_vote(kind=VoteKind.PRECOMMIT), a_vote(kind=VoteKind.PRECOMMIT, block_id=None)
    ),
    "proposals": Evidence.of(a_proposal(), a_proposal(OTHER)),
}


@pytest.mark.parametrize("evidence", CONFLICTS.values(), ids=CONFLICTS)
def test_two_contents_of_one_validator_convict_it(evidence: Evidence) -> None:
    decoded = Evidence.decode(evidence.encode())
    check_evidence(decoded, SET, CHAIN)
    assert decoded == evidence
    assert (decoded.height, decoded.round, decoded.address) == (5, 2, ADDRESSES[0])
    assert decoded.evidence_hash == tagged_hash(Tag.EVIDENCE, evidence.encode())


def test_the_order_of_the_messages_makes_no_difference() -> None:
    assert Evidence.of(a_vote(), a_vote(pol=1)) == Evidence.of(a_vote(pol=1), a_vote())


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence.of(a_vote(), a_vote(ADDRESSES[1], OTHER)), "differ"),
        (Evidence.of(a_vote(), a_vote(block_id=OTHER, round=3)), "differ"),
        (Evidence.of(a_vote(), a_vote(block_id=OTHER, height=6)), "differ"),
        (Evidence.of(a_vote(STRANGER.address), a_vote(STRANGER.address, OTHER)), "no validator"),
        (Evidence.of(a_vote(), replace(a_vote(), block_id=OTHER)), "signature"),
    ],
)
def test_what_proves_nothing_is_refused(evidence: Evidence, reason: str) -> None:
    with pytest.raises(InvalidMessageError, match=reason):
        check_evidence(evidence, SET, CHAIN)


def test_one_content_twice_proves_nothing() -> None:
    """Also when both signatures are true: signing the same again is lawful."""
    again = replace(a_vote(), signature=a_vote(pol=1).signature)
    with pytest.raises(InvalidMessageError, match="the same"):
        check_evidence(Evidence.of(a_vote(), again), SET, CHAIN)


def test_evidence_of_another_chain_is_refused() -> None:
    with pytest.raises(InvalidMessageError, match="signature"):
        check_evidence(CONFLICTS["prevotes"], SET, OTHER)


def test_the_larger_message_first_is_refused() -> None:
    evidence = CONFLICTS["prevotes"]
    swapped = Evidence(evidence.kind, evidence.second, evidence.first)
    with pytest.raises(DecodeError):
        Evidence.decode(swapped.encode())


def test_the_same_message_twice_is_refused() -> None:
    message = a_vote().encode()
    with pytest.raises(DecodeError):
        Evidence.decode(Evidence(1, message, message).encode())


def test_a_message_of_another_kind_is_refused() -> None:
    evidence = CONFLICTS["prevotes"]
    for kind in (2, 3):
        with pytest.raises(DecodeError, match="first"):
            Evidence.decode(replace(evidence, kind=kind).encode())
