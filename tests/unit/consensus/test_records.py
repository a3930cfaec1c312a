"""Journal records: bytes and back."""

import pytest

from chain.errors import DecodeError
from chain.types import Height, Round
from consensus.messages import Step
from consensus.records import HeightEnded, KeyRetired, OwnMessage, OwnRecord, decode_record, encode_record
from tests.support.committee import Committee

FOUR = Committee(4)
A = FOUR.block(b"A", proposer=0)
SIGNATURE = FOUR.sign(0, b"x")
POLKA = tuple(vote.encode() for vote in FOUR.prevotes(5, A.block_id, (0, 1, 2)))


@pytest.mark.parametrize(
    "record",
    [
        OwnMessage(Height(3), Round(0), Step.PREVOTE, b"s" * 96, SIGNATURE, b"wire"),
        OwnMessage(
            Height(3), Round(5), Step.PRECOMMIT, b"s" * 96, SIGNATURE, b"wire", 5, A.block_id, b"block", POLKA
        ),
        HeightEnded(Height(2**40)),
        KeyRetired(Height(1), "a prevote of round 0 that the journal lacks"),
    ],
    ids=lambda record: type(record).__name__,
)  # fmt: skip
def test_decode_undoes_encode(record: OwnRecord) -> None:
    assert decode_record(encode_record(record)) == record


@pytest.mark.parametrize("payload", [b"", b"\x92", b"\x92\x09\x01", b"\x92\x02", b"\x93\x02\x01\x01"])
def test_other_bytes_are_damage(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_record(payload)
