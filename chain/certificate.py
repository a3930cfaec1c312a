"""Votes, proposals and commit certificates: the signed words of consensus (docs/formats.md, "Votes")."""

from dataclasses import dataclass
from enum import IntEnum

from chain.codec import HASH, SIGNATURE, ListOf, Optional, Row, Struct, Uint, decode_fields, encode
from chain.errors import DecodeError, InvalidMessageError
from chain.hashing import Tag, tagged_hash
from chain.keys import signed_message, verify
from chain.types import NO_ROUND, Address, Hash32, Height, Round, Signature
from chain.validators import VALIDATORS_MAXIMUM, ValidatorSet

VOTE_BYTES = 512
"""Two numbers, two hashes, an address and a signature: about 250 bytes."""
PROPOSAL_BYTES = 512
"""The same."""
CERTIFICATE_BYTES = 16 << 10
"""A hundred signatures are about 7 KiB."""

ROUND_MAXIMUM = 2**31 - 1
"""No height lives so long: rounds last a minute in the end."""

_HEIGHT = Uint(1)
_ROUND = Uint(0, ROUND_MAXIMUM)

VOTE = Struct(
    "Vote",
    1,
    (
        ("kind", Uint(1, 2)),
        ("height", _HEIGHT),
        ("round", _ROUND),
        ("block_id", Optional(HASH)),
        ("pol", Optional(_ROUND)),
        ("address", HASH),
        ("signature", SIGNATURE),
    ),
)
PROPOSAL = Struct(
    "Proposal",
    1,
    (
        ("height", _HEIGHT),
        ("round", _ROUND),
        ("block_id", HASH),
        ("pol", Optional(_ROUND)),
        ("address", HASH),
        ("signature", SIGNATURE),
    ),
)
CERTIFICATE = Struct(
    "CommitCertificate",
    1,
    (
        ("height", _HEIGHT),
        ("round", _ROUND),
        ("block_id", HASH),
        (
            "signatures",
            ListOf(
                Row("signature", (("index", Uint(0, VALIDATORS_MAXIMUM - 1)), ("signature", SIGNATURE))),
                VALIDATORS_MAXIMUM,
            ),
        ),
    ),
)


class VoteKind(IntEnum):
    """The two votes of a round."""

    PREVOTE = 1
    PRECOMMIT = 2


@dataclass(frozen=True, slots=True)
class Vote:
    """A signed vote. `block_id` None is nil; `pol` is the valid round of the proposal a prevote answers
    to, -1 for none and in every precommit."""

    kind: VoteKind
    height: Height
    round: Round
    block_id: Hash32 | None
    pol: Round
    address: Address
    signature: Signature

    def encode(self) -> bytes:
        """`[1, kind, height, round, id or nil, pol or nil, address, signature]`."""
        return encode(
            [
                VOTE.number,
                int(self.kind),
                self.height,
                self.round,
                self.block_id,
                _pol_on_wire(self.pol),
                self.address,
                self.signature,
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> "Vote":
        """DecodeError also when a precommit has a pol, or a pol is not below its round."""
        kind, height, round, block_id, pol, address, signature = decode_fields(data, VOTE, VOTE_BYTES)
        if kind == VoteKind.PRECOMMIT and pol is not None:
            raise DecodeError("a precommit has no pol", where="pol")
        return cls(VoteKind(kind), height, round, block_id, _pol_in_code(pol, round), address, signature)

    def sign_bytes(self, chain_id: Hash32, validators_hash: Hash32) -> bytes:
        """The 96 bytes that are signed."""
        return vote_sign_bytes(
            chain_id, validators_hash, self.kind, self.height, self.round, self.block_id, self.pol
        )


@dataclass(frozen=True, slots=True)
class SignedProposal:
    """What a proposer signs: this id in this round, `pol` its valid round or -1. The block goes beside it."""

    height: Height
    round: Round
    block_id: Hash32
    pol: Round
    address: Address
    signature: Signature

    def encode(self) -> bytes:
        """`[1, height, round, id, pol or nil, address, signature]`."""
        return encode(
            [
                PROPOSAL.number,
                self.height,
                self.round,
                self.block_id,
                _pol_on_wire(self.pol),
                self.address,
                self.signature,
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> "SignedProposal":
        """DecodeError also when pol is not below its round."""
        height, round, block_id, pol, address, signature = decode_fields(data, PROPOSAL, PROPOSAL_BYTES)
        return cls(height, round, block_id, _pol_in_code(pol, round), address, signature)

    def sign_bytes(self, chain_id: Hash32, validators_hash: Hash32) -> bytes:
        """The 96 bytes that are signed."""
        return proposal_sign_bytes(
            chain_id, validators_hash, self.height, self.round, self.block_id, self.pol
        )


def vote_sign_bytes(
    chain_id: Hash32,
    validators_hash: Hash32,
    kind: VoteKind,
    height: int,
    round: int,
    block_id: Hash32 | None,
    pol: int = NO_ROUND,
) -> bytes:
    """tag vote ‖ chain_id ‖ H(vote, [kind, height, round, id or nil, pol or nil, validators_hash])."""
    content = encode([int(kind), height, round, block_id, _pol_on_wire(pol), validators_hash])
    return signed_message(Tag.VOTE, chain_id, tagged_hash(Tag.VOTE, content))


def proposal_sign_bytes(
    chain_id: Hash32,
    validators_hash: Hash32,
    height: int,
    round: int,
    block_id: Hash32,
    pol: int = NO_ROUND,
) -> bytes:
    """tag proposal ‖ chain_id ‖ H(proposal, [height, round, id, pol or nil, validators_hash])."""
    content = encode([height, round, block_id, _pol_on_wire(pol), validators_hash])
    return signed_message(Tag.PROPOSAL, chain_id, tagged_hash(Tag.PROPOSAL, content))


def _pol_on_wire(pol: int) -> int | None:
    return None if pol == NO_ROUND else pol


def _pol_in_code(pol: int | None, round: int) -> Round:
    if pol is None:
        return NO_ROUND
    if pol >= round:
        raise DecodeError(f"pol {pol} is not below round {round}", where="pol")
    return Round(pol)


@dataclass(frozen=True, slots=True)
class CommitCertificate:
    """Precommits of one round for one block: whoever checks it knows the block is final."""

    height: Height
    round: Round
    block_id: Hash32
    signatures: tuple[tuple[int, Signature], ...]

    def encode(self) -> bytes:
        """`[1, height, round, block id, [[index, signature]…]]`."""
        return encode([CERTIFICATE.number, self.height, self.round, self.block_id, self.signatures])

    @classmethod
    def decode(cls, data: bytes) -> "CommitCertificate":
        """DecodeError also when an index does not follow the one before."""
        height, round, block_id, signatures = decode_fields(data, CERTIFICATE, CERTIFICATE_BYTES)
        previous = -1
        for position, (index, _) in enumerate(signatures):
            if index <= previous:
                raise DecodeError(
                    "index does not follow its predecessor", where=f"signatures[{position}].index"
                )
            previous = index
        return cls(height, round, block_id, signatures)


def certificate_hash(certificate: bytes) -> Hash32:
    """H(commit, bytes): what the next header names as parent_certificate_hash."""
    return tagged_hash(Tag.COMMIT, certificate)


def verify_certificate(certificate: CommitCertificate, validators: ValidatorSet, chain_id: Hash32) -> None:
    """Raises InvalidMessageError unless every signature is a valid precommit of a member of this set,
    indexes are strictly increasing, and together they hold more than two thirds of the power.

    `validators` is the set that votes on the certificate's height.
    """
    members = validators.members
    place = f"certificate of height {certificate.height}"
    previous, power = -1, 0
    for index, _ in certificate.signatures:
        if not previous < index < len(members):
            raise InvalidMessageError(f"{place}: index {index} after {previous}, {len(members)} validators")
        previous = index
        power += members[index].power
    if not 3 * power > 2 * validators.total_power:
        raise InvalidMessageError(f"{place}: power {power} of {validators.total_power} is no quorum")
    message = vote_sign_bytes(
        chain_id,
        validators.hash,
        VoteKind.PRECOMMIT,
        certificate.height,
        certificate.round,
        certificate.block_id,
    )
    for index, signature in certificate.signatures:
        if not verify(members[index].public_key, message, signature):
            raise InvalidMessageError(f"{place}: signature of validator {index} is not valid")
