"""The auditor's codec: one encoding of a value, every other refused, as the node's codec has it."""

import random
from typing import Any

import pytest

from audit.codec import anything, decode, encode, list_of, name, optional, read, row, struct, text, uint
from audit.failure import VerificationError
from chain import codec as node_codec
from chain.errors import DecodeError
from tests.support.vectors import from_plain, vectors

VALUES = {item["name"]: item for item in vectors("encoding")["values"]}
REFUSED = {item["name"]: item["encoded"] for item in vectors("encoding")["refused"]}
ALPHABET = "aZ09 ._-/әҚ№₸«»"


@pytest.mark.parametrize("case", VALUES)
def test_a_golden_value_has_its_one_encoding(case: str) -> None:
    value, data = from_plain(VALUES[case]["value"]), bytes.fromhex(VALUES[case]["encoded"])
    assert encode(value) == data
    assert decode(data) == value
    assert type(decode(data)) is type(value)


@pytest.mark.parametrize("case", REFUSED)
def test_golden_refused_bytes_are_refused(case: str) -> None:
    with pytest.raises(VerificationError):
        decode(bytes.fromhex(REFUSED[case]))


def a_value(chance: random.Random, depth: int = 4) -> Any:
    kind = chance.randrange(6 if depth else 5)
    if kind == 0:
        return chance.choice((None, True, False))
    if kind == 1:
        return chance.getrandbits(chance.randrange(64))
    if kind == 2:
        return chance.randbytes(chance.choice((0, 1, 31, 32, 255, 256, 300)))
    if kind == 3:
        return "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(40)))
    if kind == 4:
        return chance.randrange(300)
    return tuple(a_value(chance, depth - 1) for _ in range(chance.randrange(18)))


def is_read_by_the_node(data: bytes) -> Any:
    try:
        return True, node_codec.decode(data, node_codec.ANY, len(data))
    except DecodeError:
        return False, None


def test_both_codecs_write_and_read_random_values_alike() -> None:
    chance = random.Random(1)
    for _ in range(3_000):
        value = a_value(chance)
        data = encode(value)
        assert data == node_codec.encode(value)
        assert decode(data) == value


def test_both_codecs_take_or_refuse_mutated_bytes_alike() -> None:
    chance = random.Random(2)
    for _ in range(6_000):
        data = bytearray(encode(a_value(chance, 2)))
        for _ in range(chance.randrange(1, 3)):
            data[chance.randrange(len(data))] = chance.choice((0xC0, 0xC4, 0x90, 0xA1, chance.randrange(256)))
        if chance.randrange(4) == 0:
            del data[chance.randrange(len(data)) :]
        is_read, value = is_read_by_the_node(bytes(data))
        if is_read:
            assert decode(bytes(data)) == value
        else:
            with pytest.raises(VerificationError):
                decode(bytes(data))


def test_a_length_beyond_the_bytes_reserves_nothing() -> None:
    for head in ("ddffffffff", "dbffffffff", "c6ffffffff"):
        with pytest.raises(VerificationError, match="ends inside"):
            decode(bytes.fromhex(head) + bytes(10))


def test_more_values_than_any_structure_has_are_refused() -> None:
    half = b"\xdd\x00\x08\x00\x00" + bytes(1 << 19)
    with pytest.raises(VerificationError, match="more than"):
        decode(b"\x93" + half + half + half)


def test_what_the_profile_lacks_cannot_be_written() -> None:
    values: tuple[Any, ...] = (-1, 1 << 63, 1.5, {}, "\u0301", [[[[[[[[[]]]]]]]]])
    for value in values:
        with pytest.raises(ValueError):
            encode(value)


A_SHAPE = struct(
    1,
    ("count", uint(1, 9)),
    ("id", name),
    ("note", optional(text(3))),
    ("rows", list_of(row(("x", anything)), 2)),
)


def test_a_shape_names_what_it_found_and_where() -> None:
    for value, place in (
        ((2, 1, "a", None, ()), "schema"),
        ((1, True, "a", None, ()), "count"),
        ((1, 1, "A", None, ()), "id"),
        ((1, 1, "a", "long", ()), "note"),
        ((1, 1, "a", None, ((1,), (2, 3))), r"rows\[1\]"),
        ((1, 1, "a", None, ((1,), (2,), (3,))), "rows"),
        ((1, 1, "a", None), "4 items"),
    ):
        with pytest.raises(VerificationError, match=place):
            read(encode(value), A_SHAPE, "thing", 100)


def test_bytes_above_the_limit_are_not_decoded() -> None:
    with pytest.raises(VerificationError, match="above the limit"):
        read(encode((1, 1, "a", None, ())), A_SHAPE, "thing", 3)
