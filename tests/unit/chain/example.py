"""A set of four validators with their keys, and messages they sign."""

from chain.certificate import (
    CommitCertificate,
    SignedProposal,
    Vote,
    VoteKind,
    proposal_sign_bytes,
    vote_sign_bytes,
)
from chain.keys import SigningKey
from chain.types import NO_ROUND, Address, Hash32, Height, Round
from chain.validators import ValidatorSet

CHAIN = Hash32(bytes([9]) * 32)
BLOCK = Hash32(bytes([7]) * 32)
OTHER = Hash32(bytes([8]) * 32)

KEYS = {key.address: key for key in (SigningKey.from_seed(bytes([seed]) * 32) for seed in range(1, 5))}
STRANGER = SigningKey.from_seed(bytes([99]) * 32)
SET = ValidatorSet.of(1, [(key.public_key, 1) for key in KEYS.values()])
ADDRESSES = [member.address for member in SET.members]


def key_of(address: Address) -> SigningKey:
    return KEYS.get(address, STRANGER)


def a_vote(
    address: Address = ADDRESSES[0],
    block_id: Hash32 | None = BLOCK,
    *,
    kind: VoteKind = VoteKind.PREVOTE,
    height: int = 5,
    round: int = 2,
    pol: int = NO_ROUND,
) -> Vote:
    message = vote_sign_bytes(CHAIN, SET.hash, kind, height, round, block_id, pol)
    signature = key_of(address).sign(message)
    return Vote(kind, Height(height), Round(round), block_id, Round(pol), address, signature)


def a_proposal(block_id: Hash32 = BLOCK, *, pol: int = NO_ROUND) -> SignedProposal:
    message = proposal_sign_bytes(CHAIN, SET.hash, 5, 2, block_id, pol)
    signature = key_of(ADDRESSES[0]).sign(message)
    return SignedProposal(Height(5), Round(2), block_id, Round(pol), ADDRESSES[0], signature)


def a_certificate(*indexes: int) -> CommitCertificate:
    """Precommits of these members for BLOCK at height 5, round 2."""
    signatures = tuple(
        (index, a_vote(ADDRESSES[index], kind=VoteKind.PRECOMMIT).signature) for index in indexes
    )
    return CommitCertificate(Height(5), Round(2), BLOCK, signatures)
