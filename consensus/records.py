"""What a validator writes before it speaks: the journal's records, as bytes.

The journal is the signer's file (docs/consensus.md, Stable storage): two files could forget a lock between
them. It stores these payloads opaquely, each in a frame with its own checksum.
"""

from dataclasses import dataclass
from typing import NamedTuple

from chain.block import BLOCK_BYTES, FRAME_BYTES
from chain.certificate import ROUND_MAXIMUM, VOTE_BYTES
from chain.codec import (
    HASH,
    SIGNATURE,
    UINT,
    Binary,
    ListOf,
    Optional,
    Struct,
    Text,
    Uint,
    decode_fields,
    encode,
)
from chain.errors import DecodeError
from chain.types import Hash32, Height, Round, Signature
from chain.validators import VALIDATORS_MAXIMUM
from consensus.messages import Step

RECORD_BYTES = FRAME_BYTES + 64 * 1024
"""A block of 4 MiB with its polka, and room for the record's own fields."""

_SIGNED = 1
_ENDED = 2
_RETIRED = 3


class Position(NamedTuple):
    """Where in the chain's life a message of this key stands; signing moves it up and never down.

    `step` 1 to 3 is consensus.messages.Step. The end of a height is (height, ROUND_MAXIMUM + 1, 0).
    """

    height: int
    round: int
    step: int


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """One own signed message with all that must be on disk before it leaves.

    `message`: wire bytes of the SignedProposal or Vote. A PRECOMMIT for a block brings its lock
    (`lock_round` = its round, `lock_id`), the block and the polka that allowed it; a PROPOSAL brings the
    block, and the polka when its pol ≥ 0. Otherwise lock_round is -1, lock_id and block None, polka empty.
    `block` and `polka` are encoded.
    """

    height: Height
    round: Round
    step: Step
    sign_bytes: bytes
    signature: Signature
    message: bytes
    lock_round: int = -1
    lock_id: Hash32 | None = None
    block: bytes | None = None
    polka: tuple[bytes, ...] = ()

    @property
    def position(self) -> Position:
        return Position(self.height, self.round, self.step)


@dataclass(frozen=True, slots=True)
class HeightEnded:
    """The height is done, decided here or caught up: nothing of it will be signed any more."""

    height: Height

    @property
    def position(self) -> Position:
        return Position(self.height, ROUND_MAXIMUM + 1, 0)


@dataclass(frozen=True, slots=True)
class KeyRetired:
    """This key never signs again, whatever is recorded later; the node follows until a ballot enrols a new
    key."""

    height: Height
    reason: str


OwnRecord = OwnMessage | HeightEnded | KeyRetired

_OWN_MESSAGE_SHAPE = Struct(
    "own message",
    _SIGNED,
    (
        ("height", UINT),
        ("round", Uint(0, ROUND_MAXIMUM)),
        ("step", Uint(1, 3)),
        ("sign_bytes", Binary(96)),
        ("signature", SIGNATURE),
        ("message", Binary(1, VOTE_BYTES)),
        ("lock_round", Optional(Uint(0, ROUND_MAXIMUM))),
        ("lock_id", Optional(HASH)),
        ("block", Optional(Binary(1, BLOCK_BYTES))),
        ("polka", ListOf(Binary(1, VOTE_BYTES), VALIDATORS_MAXIMUM)),
    ),
)
_ENDED_SHAPE = Struct("height ended", _ENDED, (("height", UINT),))
_RETIRED_SHAPE = Struct("key retired", _RETIRED, (("height", UINT), ("reason", Text(500))))


def encode_record(record: OwnRecord) -> bytes:
    """Payload for the journal."""
    match record:
        case HeightEnded(height):
            return encode((_ENDED, height))
        case KeyRetired(height, reason):
            return encode((_RETIRED, height, reason))
        case OwnMessage():
            return encode(
                (
                    _SIGNED,
                    record.height,
                    record.round,
                    int(record.step),
                    record.sign_bytes,
                    record.signature,
                    record.message,
                    None if record.lock_round < 0 else record.lock_round,
                    record.lock_id,
                    record.block,
                    record.polka,
                )
            )


def decode_record(payload: bytes) -> OwnRecord:
    """The record; DecodeError when the bytes are not one (for a journal that is damage: the key must not
    sign)."""
    number = payload[1] if len(payload) > 1 else 0  # after the array header of fewer than 16 fields
    if number == _ENDED:
        return HeightEnded(*decode_fields(payload, _ENDED_SHAPE, RECORD_BYTES))
    if number == _RETIRED:
        return KeyRetired(*decode_fields(payload, _RETIRED_SHAPE, RECORD_BYTES))
    if number != _SIGNED:
        raise DecodeError(
            f"journal record has number {number}; known are 1 to 3 (docs/formats.md, Own records)"
        )
    fields = decode_fields(payload, _OWN_MESSAGE_SHAPE, RECORD_BYTES)
    height, round_, step, sign_bytes, signature, message, lock_round, lock_id, block, polka = fields
    return OwnMessage(
        height,
        round_,
        Step(step),
        sign_bytes,
        signature,
        message,
        -1 if lock_round is None else lock_round,
        lock_id,
        block,
        polka,
    )
