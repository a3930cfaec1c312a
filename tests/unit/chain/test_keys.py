import json
from pathlib import Path

import pytest

from chain.codec import encode
from chain.hashing import Tag, tagged_hash
from chain.keys import (
    FIELD_PRIME,
    GROUP_ORDER,
    SMALL_ORDER_Y,
    SigningKey,
    address_of,
    is_strict_point,
    possession_bytes,
    possession_digest,
    signed_message,
    signer_id,
    verify,
)
from chain.types import Address, Hash32, InstitutionId, SignerId

CASES = json.loads((Path(__file__).parents[2] / "vectors/ed25519_speccheck.json").read_text())
KEY = SigningKey.from_seed(bytes(range(32)))
MESSAGE = b"message"
SIGNATURE = KEY.sign(MESSAGE)
CHAIN = Hash32(bytes([9]) * 32)


def test_of_the_published_edge_cases_only_number_3_passes() -> None:
    passed = [
        index
        for index, case in enumerate(CASES)
        if verify(*(bytes.fromhex(case[field]) for field in ("pub_key", "message", "signature")))
    ]
    assert (len(CASES), passed) == (12, [3])


def test_rfc_8032_test_2_passes() -> None:
    key = SigningKey.from_seed(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    expected = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert key.sign(b"\x72") == expected
    assert verify(key.public_key, b"\x72", expected)


def test_another_message_key_or_signature_fails() -> None:
    other = SigningKey.from_seed(bytes(32))
    assert verify(KEY.public_key, MESSAGE, SIGNATURE)
    assert not verify(KEY.public_key, b"another", SIGNATURE)
    assert not verify(other.public_key, MESSAGE, SIGNATURE)
    assert not verify(KEY.public_key, MESSAGE, other.sign(MESSAGE))


def test_s_plus_l_is_the_same_point_and_is_refused() -> None:
    s = int.from_bytes(SIGNATURE[32:], "little") + GROUP_ORDER
    assert not verify(KEY.public_key, MESSAGE, SIGNATURE[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_fails(size: int) -> None:
    assert not verify(bytes(size), MESSAGE, SIGNATURE)


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_fails(size: int) -> None:
    assert not verify(KEY.public_key, MESSAGE, bytes(size))


def test_a_key_that_is_no_point_fails() -> None:
    assert not verify((2).to_bytes(32, "little"), MESSAGE, SIGNATURE)


def _doubled(x: int, y: int) -> tuple[int, int]:
    d = -121665 * pow(121666, -1, FIELD_PRIME) * x * x * y * y
    inverse = pow((1 + d) * (1 - d), -1, FIELD_PRIME)
    return (
        2 * x * y * (1 - d) * inverse % FIELD_PRIME,
        (y * y + x * x) * (1 + d) * inverse % FIELD_PRIME,
    )


def _x_of(y: int) -> int:
    d = -121665 * pow(121666, -1, FIELD_PRIME)
    square = (y * y - 1) * pow(d * y * y + 1, -1, FIELD_PRIME) % FIELD_PRIME
    root = pow(square, (FIELD_PRIME + 3) // 8, FIELD_PRIME)
    if root * root % FIELD_PRIME != square:
        root = root * pow(2, (FIELD_PRIME - 1) // 4, FIELD_PRIME) % FIELD_PRIME
    assert root * root % FIELD_PRIME == square
    return root


def test_eight_times_each_small_order_point_is_the_neutral_one() -> None:
    halves = {(_x_of(y), y) for y in SMALL_ORDER_Y}
    points = halves | {(-x % FIELD_PRIME, y) for x, y in halves}
    assert len(points) == 8
    assert {_doubled(*_doubled(*_doubled(*point))) for point in points} == {(0, 1)}


@pytest.mark.parametrize("y", [*sorted(SMALL_ORDER_Y), FIELD_PRIME, FIELD_PRIME + 1, 2**255 - 1])
def test_small_order_and_unreduced_points_are_refused_with_either_sign(y: int) -> None:
    assert not is_strict_point(y.to_bytes(32, "little"))
    assert not is_strict_point((y | 1 << 255).to_bytes(32, "little"))


def test_address_is_over_algorithm_and_key() -> None:
    expected = Address(tagged_hash(Tag.KEY, b"\x01" + KEY.public_key))
    assert (address_of(KEY.public_key), KEY.address) == (expected, expected)


def test_signer_id_does_not_depend_on_a_key() -> None:
    institution = InstitutionId("health")
    expected = SignerId(tagged_hash(Tag.ACCOUNT, encode([CHAIN, "health", 3])))
    assert signer_id(CHAIN, institution, 3) == expected


def test_signed_messages_are_96_bytes_beginning_with_the_padded_tag() -> None:
    message = signed_message(Tag.VOTE, CHAIN, Hash32(bytes(32)))
    assert message == b"QZN1/vote" + bytes(23) + CHAIN + bytes(32)


def test_possession_binds_institution_and_key() -> None:
    institution = InstitutionId("health")
    digest = possession_digest(institution, 1, KEY.public_key)
    assert digest == tagged_hash(Tag.POSSESSION, encode(["health", 1, KEY.public_key]))
    assert possession_bytes(CHAIN, institution, 1, KEY.public_key) == signed_message(
        Tag.POSSESSION, CHAIN, digest
    )


def test_a_key_shows_its_address_and_no_secret() -> None:
    assert repr(KEY) == f"SigningKey({KEY.address.hex()})"
