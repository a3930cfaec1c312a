"""Evidence: two messages one validator must not have signed both (docs/formats.md, "Votes")."""

from dataclasses import dataclass
from typing import TypeAlias

from chain.certificate import SignedProposal, Vote
from chain.codec import Binary, Struct, Uint, decode_fields, encode
from chain.errors import DecodeError, InvalidMessageError
from chain.hashing import Tag, tagged_hash
from chain.keys import verify
from chain.types import Address, Hash32, Height, Round
from chain.validators import ValidatorSet

EVIDENCE_BYTES = 1100
"""Two messages of at most 512 bytes, and their headers."""

EVIDENCE_MAXIMUM = 16
"""In one block: enough for every validator of a small network; the rest waits for the next block."""

EVIDENCE_HEIGHTS = 10_000
"""How long after its height an equivocation can be proved; the sets are kept as long."""

PROPOSAL_KIND = 3
"""Kinds 1 and 2 are those of votes."""

EVIDENCE = Struct(
    "Evidence",
    1,
    (("kind", Uint(1, 3)), ("first", Binary(1, 512)), ("second", Binary(1, 512))),
)

Signed: TypeAlias = Vote | SignedProposal


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two wire messages of one kind; the smaller bytes stand first. `height`, `round` and `address` are
    what the first says; `check_evidence` tells whether the second agrees."""

    kind: int
    first: bytes
    second: bytes

    @classmethod
    def of(cls, one: Signed, other: Signed) -> "Evidence":
        """The evidence of two conflicting messages, in its one order."""
        first, second = sorted((one.encode(), other.encode()))
        return cls(int(one.kind) if isinstance(one, Vote) else PROPOSAL_KIND, first, second)

    def encode(self) -> bytes:
        """`[1, kind, first bin, second bin]`."""
        return encode([EVIDENCE.number, int(self.kind), self.first, self.second])

    @classmethod
    def decode(cls, data: bytes) -> "Evidence":
        """DecodeError also when the messages are out of order or are not messages of this kind."""
        evidence = cls(*decode_fields(data, EVIDENCE, EVIDENCE_BYTES))
        if evidence.first >= evidence.second:
            raise DecodeError("the smaller message does not stand first", where="second")
        evidence.messages()
        return evidence

    def messages(self) -> tuple[Signed, Signed]:
        """Both messages. Raises DecodeError."""
        return _message(self.kind, self.first, "first"), _message(self.kind, self.second, "second")

    @property
    def height(self) -> Height:
        return self.messages()[0].height

    @property
    def round(self) -> Round:
        return self.messages()[0].round

    @property
    def address(self) -> Address:
        return self.messages()[0].address

    @property
    def evidence_hash(self) -> Hash32:
        """H(evidence, bytes): its name in alarms and in the state."""
        return tagged_hash(Tag.EVIDENCE, self.encode())


def _message(kind: int, data: bytes, where: str) -> Signed:
    try:
        if kind == PROPOSAL_KIND:
            return SignedProposal.decode(data)
        vote = Vote.decode(data)
    except DecodeError as error:
        raise error.within(where) from None
    if vote.kind != kind:
        raise DecodeError(f"a vote of kind {vote.kind} in evidence of kind {kind}", where=where)
    return vote


def check_evidence(evidence: Evidence, validators: ValidatorSet, chain_id: Hash32) -> None:
    """Raises InvalidMessageError unless one member of this set signed both of two different contents for
    one (height, round, kind). `validators` is the set that votes on the evidence's height; how old it may
    be and whether it is already known is for the caller."""
    first, second = evidence.messages()
    place = f"evidence against {first.address.hex()} at height {first.height}"
    if (first.height, first.round, first.address) != (second.height, second.round, second.address):
        raise InvalidMessageError(f"{place}: the messages differ in height, round or validator")
    if (first.block_id, first.pol) == (second.block_id, second.pol):
        raise InvalidMessageError(f"{place}: both messages say the same")
    member = validators.member(first.address)
    if member is None:
        raise InvalidMessageError(f"{place}: no validator of that height")
    for message in (first, second):
        signed = message.sign_bytes(chain_id, validators.hash)
        if not verify(member.public_key, signed, message.signature):
            raise InvalidMessageError(f"{place}: a signature is not valid")
