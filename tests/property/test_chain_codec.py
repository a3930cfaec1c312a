from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.block import Block, Change, Outcome, Results
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind
from chain.codec import ANY, Value, decode, encode, is_text
from chain.errors import DecodeError
from chain.evidence import Evidence
from chain.genesis import Genesis, Params
from chain.hashing import History
from chain.snapshot import SnapshotChunk
from chain.state_tree import StateProof
from chain.transaction import Transaction, decode_auth
from chain.types import NO_ROUND
from chain.validators import ValidatorSet
from tests.vectors import make

TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2212).filter(is_text), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers(0, 2**63 - 1) | st.binary(max_size=300) | TEXT


def arrays(depth: int) -> st.SearchStrategy[Value]:
    """Values with at most this many levels of arrays."""
    if depth == 0:
        return SCALARS
    return SCALARS | st.lists(arrays(depth - 1), max_size=4).map(tuple)


VALUES = arrays(8)

Decoder: TypeAlias = Callable[[bytes], object]
DECODERS: tuple[Decoder, ...] = (
    Block.decode,
    Change.decode,
    CommitCertificate.decode,
    Evidence.decode,
    Genesis.decode,
    History.decode,
    Outcome.decode,
    Params.decode,
    Results.decode,
    SignedProposal.decode,
    SnapshotChunk.decode,
    StateProof.decode,
    Transaction.decode,
    ValidatorSet.decode,
    Vote.decode,
    decode_auth,
)


def true_messages() -> list[bytes]:
    """One of every kind."""
    address = make.SET.members[0].address
    votes = [make.a_vote(VoteKind.PREVOTE, address, None, pol) for pol in (NO_ROUND, 1)]
    signed = make.a_transaction(1, (1, "а", None))
    genesis, blocks = make.chain_of_blocks()
    block, results, certificate = blocks[1]
    whole = (genesis, genesis.params, make.SET, block, block.header, results, certificate, votes[0])
    return [
        *(message.encode() for message in whole),
        Evidence.of(*votes).encode(),
        History.start(make.CHAIN_ID).encode(),
        signed.body,
        signed.auth,
        results.outcomes[0],
        results.changes[0],
    ]


MESSAGES = true_messages()


@settings(deadline=None)
@given(VALUES)
def test_decode_undoes_encode(value: Value) -> None:
    assert decode(encode(value), ANY, 1 << 20) == value


@settings(deadline=None)
@given(VALUES, VALUES)
def test_different_values_have_different_encodings(one: Value, other: Value) -> None:
    same = encode(one) == encode(other)
    assert same == (one == other and repr(one) == repr(other))


@settings(deadline=None, max_examples=500)
@given(st.binary(max_size=60))
def test_what_is_decoded_is_the_encoding_of_its_value(data: bytes) -> None:
    try:
        value = decode(data, ANY, 60)
    except DecodeError:
        return
    assert encode(value) == data


@settings(deadline=None)
@given(VALUES, st.data())
def test_a_changed_byte_gives_another_value_or_none(value: Value, draw: st.DataObject) -> None:
    data = bytearray(encode(value))
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] ^= draw.draw(st.integers(1, 255))
    try:
        changed = decode(bytes(data), ANY, 1 << 20)
    except DecodeError:
        return
    assert encode(changed) == bytes(data) != encode(value)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(DECODERS), st.binary(max_size=200) | VALUES.map(encode))
def test_strangers_bytes_are_decoded_or_refused_and_nothing_else(decoder: Decoder, data: bytes) -> None:
    with suppress(DecodeError):
        decoder(data)


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(DECODERS), st.sampled_from(MESSAGES), st.data())
def test_a_damaged_message_is_decoded_or_refused_and_nothing_else(
    decoder: Decoder, message: bytes, draw: st.DataObject
) -> None:
    start = draw.draw(st.integers(0, len(message)))
    end = draw.draw(st.integers(start, min(len(message), start + 4)))
    damaged = message[:start] + draw.draw(st.binary(max_size=4)) + message[end:]
    with suppress(DecodeError):
        decoder(damaged)
