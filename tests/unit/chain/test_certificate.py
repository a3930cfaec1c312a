from dataclasses import replace

import pytest

from chain.certificate import (
    CommitCertificate,
    SignedProposal,
    Vote,
    VoteKind,
    certificate_hash,
    proposal_sign_bytes,
    verify_certificate,
    vote_sign_bytes,
)
from chain.codec import encode
from chain.errors import DecodeError, InvalidMessageError
from chain.hashing import Tag, tagged_hash
from chain.keys import signed_message, verify
from chain.types import NO_ROUND, Height, Round
from chain.validators import ValidatorSet
from tests.unit.chain.example import (
    ADDRESSES,
    BLOCK,
    CHAIN,
    KEYS,
    OTHER,
    SET,
    a_certificate,
    a_proposal,
    a_vote,
)


@pytest.mark.parametrize(
    "vote",
    [a_vote(), a_vote(pol=1), a_vote(block_id=None), a_vote(kind=VoteKind.PRECOMMIT)],
    ids=["for a block", "with pol", "nil", "precommit"],
)
def test_a_vote_comes_back_and_its_signature_holds(vote: Vote) -> None:
    decoded = Vote.decode(vote.encode())
    assert decoded == vote
    assert verify(KEYS[vote.address].public_key, decoded.sign_bytes(CHAIN, SET.hash), vote.signature)


def test_a_proposal_comes_back_and_its_signature_holds() -> None:
    proposal = a_proposal(pol=1)
    decoded = SignedProposal.decode(proposal.encode())
    assert decoded == proposal
    assert verify(KEYS[ADDRESSES[0]].public_key, decoded.sign_bytes(CHAIN, SET.hash), proposal.signature)


def test_a_vote_signs_every_field_and_the_set() -> None:
    content = encode([1, 5, 2, BLOCK, None, SET.hash])
    assert a_vote().sign_bytes(CHAIN, SET.hash) == signed_message(
        Tag.VOTE, CHAIN, tagged_hash(Tag.VOTE, content)
    )


def test_a_proposal_signs_every_field_and_the_set() -> None:
    content = encode([5, 2, BLOCK, 0, SET.hash])
    assert proposal_sign_bytes(CHAIN, SET.hash, 5, 2, BLOCK, 0) == signed_message(
        Tag.PROPOSAL, CHAIN, tagged_hash(Tag.PROPOSAL, content)
    )


def test_no_two_votes_sign_the_same_bytes() -> None:
    signed = {
        vote_sign_bytes(chain, set_hash, kind, height, turn, block_id, pol)
        for chain in (CHAIN, OTHER)
        for set_hash in (SET.hash, OTHER)
        for kind in VoteKind
        for height in (5, 6)
        for turn in (2, 3)
        for block_id in (None, BLOCK, OTHER)
        for pol in (NO_ROUND, 0, 1)
    }
    assert len(signed) == 2 * 2 * 2 * 2 * 2 * 3 * 3


def test_a_precommit_with_a_pol_is_refused() -> None:
    with pytest.raises(DecodeError, match="pol"):
        Vote.decode(replace(a_vote(kind=VoteKind.PRECOMMIT), pol=Round(0)).encode())


def test_a_pol_at_its_own_round_is_refused() -> None:
    with pytest.raises(DecodeError, match="pol"):
        Vote.decode(replace(a_vote(), pol=Round(2)).encode())
    with pytest.raises(DecodeError, match="pol"):
        SignedProposal.decode(replace(a_proposal(), pol=Round(2)).encode())


def test_a_round_beyond_31_bits_is_refused() -> None:
    with pytest.raises(DecodeError, match="round"):
        Vote.decode(replace(a_vote(), round=Round(2**31)).encode())


def test_a_certificate_comes_back() -> None:
    certificate = a_certificate(0, 1, 3)
    assert CommitCertificate.decode(certificate.encode()) == certificate
    assert certificate_hash(certificate.encode()) == tagged_hash(Tag.COMMIT, certificate.encode())


@pytest.mark.parametrize("indexes", [(0, 1, 2), (1, 2, 3), (0, 1, 2, 3)])
def test_three_of_four_are_final(indexes: tuple[int, ...]) -> None:
    verify_certificate(a_certificate(*indexes), SET, CHAIN)


def refusal(certificate: CommitCertificate, validators: ValidatorSet = SET) -> str:
    with pytest.raises(InvalidMessageError) as caught:
        verify_certificate(certificate, validators, CHAIN)
    return str(caught.value)


def test_two_of_four_are_no_quorum() -> None:
    assert "no quorum" in refusal(a_certificate(0, 1))
    assert "no quorum" in refusal(a_certificate())


def test_exactly_two_thirds_are_no_quorum() -> None:
    three = ValidatorSet(Height(1), SET.members[:3])
    assert "no quorum" in refusal(a_certificate(0, 1), three)


def test_one_signature_counted_twice_is_refused() -> None:
    certificate = a_certificate(0, 1)
    doubled = replace(certificate, signatures=(*certificate.signatures, certificate.signatures[1]))
    assert "index 1 after 1" in refusal(doubled)
    with pytest.raises(DecodeError, match="index"):
        CommitCertificate.decode(doubled.encode())


def test_an_index_beyond_the_set_is_refused() -> None:
    certificate = a_certificate(0, 1, 2)
    beyond = replace(certificate, signatures=(*certificate.signatures, (4, certificate.signatures[0][1])))
    assert "index 4" in refusal(beyond)


def test_one_bad_signature_beyond_the_quorum_is_refused() -> None:
    certificate = a_certificate(0, 1, 2)
    more = replace(certificate, signatures=(*certificate.signatures, (3, certificate.signatures[0][1])))
    assert "signature of validator 3" in refusal(more)


def test_signatures_in_each_others_place_are_refused() -> None:
    """Every signature is true, and stands under another validator's index."""
    certificate = a_certificate(0, 1, 2)
    (zero, first), (one, second), last = certificate.signatures
    assert "signature of validator 0" in refusal(
        replace(certificate, signatures=((zero, second), (one, first), last))
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(a_certificate(0, 1, 2), height=Height(6)),
        replace(a_certificate(0, 1, 2), round=Round(3)),
        replace(a_certificate(0, 1, 2), block_id=OTHER),
    ],
    ids=["height", "round", "block"],
)
def test_signatures_of_another_content_are_refused(other: CommitCertificate) -> None:
    assert "signature of validator 0" in refusal(other)


def test_signatures_for_another_set_are_refused() -> None:
    later = ValidatorSet(Height(2), SET.members)
    assert "signature of validator 0" in refusal(a_certificate(0, 1, 2), later)


def test_prevotes_are_no_precommits() -> None:
    signatures = tuple((index, a_vote(ADDRESSES[index]).signature) for index in range(4))
    assert "signature" in refusal(CommitCertificate(Height(5), Round(2), BLOCK, signatures))
