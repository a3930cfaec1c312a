import unicodedata
from collections.abc import Callable

import pytest

from chain.codec import (
    AMOUNT,
    ANY,
    BOOL,
    DAY,
    HASH,
    NAME,
    UINT,
    Anything,
    Binary,
    Digits,
    Encodable,
    ListOf,
    OneOf,
    Optional,
    Row,
    SetOf,
    Shape,
    Struct,
    Text,
    Uint,
    Value,
    decode,
    decode_fields,
    decode_row,
    encode,
    is_text,
)
from chain.errors import DecodeError

POINT = Row("point", (("x", UINT), ("y", Optional(UINT))))
SHEET = Struct("Sheet", 3, (("title", Text(5, minimum=1)), ("points", ListOf(POINT, 2))))


def raises(check: Callable[[], object]) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        check()
    return caught.value


def test_a_structure_comes_back_with_arrays_as_tuples() -> None:
    assert decode(encode([3, "смета", [[1, None], [2, 3]]]), SHEET, 100) == (3, "смета", ((1, None), (2, 3)))


def test_fields_come_without_the_schema_number() -> None:
    assert decode_fields(encode([3, "a", []]), SHEET, 100) == ("a", ())


def test_a_row_has_no_number() -> None:
    assert decode_row(encode([1, 2]), POINT, 100) == (1, 2)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([3, "a", [[1, None], [True, 3]]], "points[1].x: bool True found, integer"),
        ([3, "a", [[1, None], [2]]], "points[1]: array of 1 found, point, array of 2 expected"),
        ([3, "", []], "title: text of 0 characters found, text of 1..5 characters expected"),
        ([3, "длинно", []], "title: text of 6 characters found, text of 1..5 characters expected"),
        ([4, "a", []], "[0]: int 4 found, schema number 3 of Sheet expected"),
        ([3, "a"], "array of 2 found, Sheet, array of 3 expected"),
        ([3, "a", [[1, 1]] * 3], "points: array of 3 found, array of 0..2 items expected"),
        (None, "nil found, Sheet, array of 3 expected"),
    ],
)
def test_a_refusal_says_where_and_what_was_found(value: Encodable, message: str) -> None:
    assert str(raises(lambda: decode(encode(value), SHEET, 1000))).startswith(message)


def test_bytes_beyond_the_limit_are_not_looked_at() -> None:
    assert raises(lambda: decode(b"\xc1" * 11, ANY, 10)).code == "TOO-LARGE"


def test_a_value_as_long_as_the_limit_is_read() -> None:
    assert decode(encode(b"12345678"), ANY, 10) == b"12345678"


@pytest.mark.parametrize(
    ("shape", "accepted", "refused"),
    [
        (UINT, [0, 2**63 - 1], [True, None, "0", b"0", ()]),
        (Uint(2, 3), [2, 3], [1, 4]),
        (AMOUNT, [0, 2**63 - 1], ["1", True]),
        (DAY, [0, 20_454, 376_199], [376_200]),
        (BOOL, [False, True], [0, 1, None]),
        (HASH, [bytes(32)], [bytes(31), bytes(33), "a" * 32, None]),
        (Binary(1, 2), [b"a", b"ab"], [b"", b"abc"]),
        (NAME, ["a", "gu-226.0_1", "x" * 32], ["", "x" * 33, "A", "а", "a b", b"a", 1]),
        (Digits(3), ["001", "226"], ["01", "0001", "٠٠١", 226, "1 2"]),
        (Text(2), ["", "№₸"], ["abc", "a\n", "e\u0301", b"a", 1]),
        (OneOf("on", "off"), ["on", "off"], ["", "On", b"on"]),
        (Optional(BOOL), [None, True], [0]),
        (ListOf(BOOL, 2, minimum=1), [(True,), (True, False)], [(), (True,) * 3, True, (1,)]),
        (SetOf(UINT, 3), [(), (1, 2, 300)], [(1, 1), (2, 1), (1, 2, 3, 4), 1]),
        (SetOf(Text(3), 3), [("b", "aa")], [("aa", "b"), ("b", "b")]),
        (Anything(1), [1, (1, "a", None, b"")], [((),)]),
    ],
)
def test_a_shape_takes_exactly_its_values(shape: Shape, accepted: list[Value], refused: list[Value]) -> None:
    for value in accepted:
        shape.check(value, "")
    for value in refused:
        raises(lambda value=value: shape.check(value, ""))  # type: ignore[misc]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(data, id=name)
        for name, data in {
            "map": b"\x91\x80",
            "float": b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
            "float in an array": b"\x91\xca\x3f\x80\x00\x00",
            "negative": b"\xff",
            "extension": b"\xd4\x01\x00",
            "timestamp": b"\xd6\xff\x00\x00\x00\x00",
            "integer in two bytes": b"\xcc\x7f",
            "array header in three bytes": b"\xdc\x00\x00",
            "text header in two bytes": b"\xd9\x01a",
            "2^63": b"\xcf\x80\x00\x00\x00\x00\x00\x00\x00",
            "bytes left over": b"\xc0\xc0",
            "nothing": b"",
            "cut short": b"\x92\x01",
            "array of four milliards": b"\xdd\xff\xff\xff\xff",
            "bin of four milliards": b"\xc6\xff\xff\xff\xff",
            "deep": b"\x91" * 5000 + b"\x90",
            "nine deep": b"\x91" * 8 + b"\x90",
            "surrogate": b"\xa3\xed\xa0\x80",
        }.items()
    ],
)
def test_bytes_outside_the_profile_are_refused(data: bytes) -> None:
    raises(lambda: decode(data, ANY, 100_000))


@pytest.mark.parametrize(
    "value",
    [1.5, -1, 2**63, {}, {1}, bytearray(b"a"), memoryview(b"a"), "a\n", "\U0001f600", [[[[[[[[[]]]]]]]]]],
    ids=lambda value: type(value).__name__,
)
def test_encoding_what_the_profile_lacks_is_our_bug(value: Encodable) -> None:
    with pytest.raises(AssertionError):
        encode(value)


def test_depth_of_a_shape_counts_its_arrays() -> None:
    assert SHEET.depth == 3
    assert Struct("Deep", 1, (("any", Anything(7)),)).depth == 8


def test_permitted_code_points_are_their_own_nfc_and_none_combines() -> None:
    permitted = [chr(point) for point in range(0x110000) if is_text(chr(point))]
    assert len(permitted) == 656
    assert all(
        unicodedata.is_normalized("NFC", character) and not unicodedata.combining(character)
        for character in permitted
    )
