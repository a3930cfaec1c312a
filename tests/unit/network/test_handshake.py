"""HELLO both ways: who is let in, and what a refused peer is told."""

import dataclasses

import pytest

from chain.errors import DecodeError, InvalidMessageError
from chain.types import Address, Hash32
from consensus import messages
from network.handshake import (
    GREETING_LIMITS,
    HELLO,
    REFUSAL,
    REFUSAL_BYTES,
    Hello,
    LinkRefused,
    check_hello,
    decode_refusal,
    encode_refusal,
)

CHAIN_ID = Hash32(b"c" * 32)
OURS = Hello(CHAIN_ID, Address(b"a" * 32), 7)
THEIRS = Hello(CHAIN_ID, Address(b"b" * 32), 9)


def test_a_hello_survives_the_wire_within_its_bound() -> None:
    payload = THEIRS.encode()
    assert Hello.decode(payload) == THEIRS
    assert len(payload) <= GREETING_LIMITS[HELLO]


def test_the_types_of_the_link_are_none_of_the_nodes() -> None:
    assert {REFUSAL, HELLO}.isdisjoint(messages.MessageType)


def test_a_hello_of_the_certified_peer_is_accepted() -> None:
    check_hello(OURS, THEIRS, THEIRS.address)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"protocol": 2}, "OTHER-VERSION"),
        ({"chain_id": Hash32(b"x" * 32)}, "OTHER-NETWORK"),
        ({"address": Address(b"z" * 32)}, "WRONG-ADDRESS"),
    ],
)
def test_any_other_hello_is_refused_with_its_code(change: dict[str, object], code: str) -> None:
    theirs = dataclasses.replace(THEIRS, **change)  # type: ignore[arg-type]
    with pytest.raises(LinkRefused) as refused:
        check_hello(OURS, theirs, THEIRS.address)
    assert refused.value.code == code


def test_bytes_that_are_no_hello_are_the_senders_fault() -> None:
    with pytest.raises(DecodeError):
        Hello.decode(THEIRS.encode() + b"\0")


def test_a_refusal_says_code_and_reason_whatever_is_in_it() -> None:
    refusal = InvalidMessageError("Казначейство\x00" + "x" * 1000, "OTHER-NETWORK")
    payload = encode_refusal(refusal)
    assert len(payload) <= REFUSAL_BYTES
    told = decode_refusal(payload)
    assert told.code == "REFUSED-BY-PEER"
    assert told.message.startswith("the peer refused this node (OTHER-NETWORK): ????????????")
