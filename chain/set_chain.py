"""From the genesis to the set of any height: the certified headers before which a new validator set begins
(docs/formats.md, "Light client")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chain.block import HEADER_BYTES, BlockHeader, block_id_of
from chain.certificate import CERTIFICATE_BYTES, CommitCertificate, verify_certificate
from chain.codec import Binary, Struct, decode_fields, encode
from chain.errors import InvalidMessageError
from chain.genesis import Genesis
from chain.types import Hash32
from chain.validators import VALSET_BYTES, ValidatorSet

SET_STEP_BYTES = HEADER_BYTES + CERTIFICATE_BYTES + VALSET_BYTES + 16

SET_STEP = Struct(
    "SetStep",
    1,
    (
        ("header", Binary(1, HEADER_BYTES)),
        ("certificate", Binary(1, CERTIFICATE_BYTES)),
        ("next", Binary(1, VALSET_BYTES)),
    ),
)


@dataclass(frozen=True, slots=True)
class SetStep:
    """A header, a certificate of it, and the set that votes on the next height."""

    header: bytes
    certificate: bytes
    next: bytes

    def encode(self) -> bytes:
        """`[1, header bin, certificate bin, validator set bin]`."""
        return encode([SET_STEP.number, self.header, self.certificate, self.next])

    @classmethod
    def decode(cls, data: bytes) -> SetStep:
        """Raises DecodeError; whether the step is true says `TrustedSet.after`."""
        return cls(*decode_fields(data, SET_STEP, SET_STEP_BYTES))


@dataclass(frozen=True, slots=True)
class TrustedSet:
    """The set that votes on the heights after `height`, up to the next step, which is not known here."""

    chain_id: Hash32
    height: int
    validators: ValidatorSet

    @classmethod
    def of_genesis(cls, genesis: Genesis) -> TrustedSet:
        return cls(genesis.chain_id, 0, genesis.validator_set())

    def after(self, step: SetStep) -> TrustedSet:
        """The set that follows from one more step. Raises DecodeError, InvalidMessageError."""
        header = self.check(step.header, step.certificate)
        following = ValidatorSet.decode(step.next)
        place = f"the step of height {header.height}"
        if following.hash != header.next_validators_hash:
            raise InvalidMessageError(f"{place}: the set is not that of next_validators_hash")
        if following.first_height != header.height + 1 or following.hash == self.validators.hash:
            raise InvalidMessageError(f"{place}: no new set begins after it")
        return TrustedSet(self.chain_id, header.height, following)

    def walk(self, steps: Iterable[SetStep]) -> TrustedSet:
        """The set after all of them. Raises DecodeError, InvalidMessageError."""
        reached = self
        for step in steps:
            reached = reached.after(step)
        return reached

    def check(self, header_bytes: bytes, certificate_bytes: bytes) -> BlockHeader:
        """A later header of this chain, certified by this set. Raises DecodeError, InvalidMessageError."""
        header = BlockHeader.decode(header_bytes)
        certificate = CommitCertificate.decode(certificate_bytes)
        place = f"header {header.height}"
        if header.chain_id != self.chain_id:
            raise InvalidMessageError(f"{place} is of another network", "OTHER-NETWORK")
        if header.height <= self.height:
            raise InvalidMessageError(f"{place} does not come after height {self.height}")
        if header.validators_hash != self.validators.hash:
            raise InvalidMessageError(f"{place} was voted on by another set than the one that is known")
        if (certificate.height, certificate.block_id) != (header.height, block_id_of(header_bytes)):
            raise InvalidMessageError(f"{place}: the certificate is not of it")
        verify_certificate(certificate, self.validators, self.chain_id)
        return header
