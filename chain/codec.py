"""Canonical MessagePack: one value, one encoding; any other bytes are refused (docs/formats.md, "Encoding").

Decoding is: length check, `msgpack.unpackb` with explicit limits, walk of the shape by exact types,
encoding again, comparison. The last step is what makes the encoding canonical: whatever msgpack would
have accepted besides (longer integer forms, longer headers) does not come back as the same bytes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol, TypeAlias, cast

import msgpack

from chain.errors import DecodeError

Value: TypeAlias = bool | int | bytes | str | tuple["Value", ...] | None
"""What the profile can say. Arrays are tuples."""

Encodable: TypeAlias = bool | int | bytes | str | Sequence["Encodable"] | None
"""What `encode` takes: a Value in which arrays may also be lists."""

UINT_MAXIMUM = 2**63 - 1
"""Fits a signed 64-bit integer of every language and database."""

DEPTH_MAXIMUM = 8
"""Arrays within arrays, the outermost counted: no real document comes near, and no stack overflows."""

_PERMITTED = (
    "\u0020-\u007e\u00a0-\u00ac\u00ae-\u017f\u018f\u0259\u0400-\u0482\u048a-\u052f"
    "\u2010-\u2027\u202f\u2030-\u203a\u20b8\u2116\u2212"
)
"""Code points of a text: all are their own NFC and none combines, so no Unicode table is consulted."""

_is_text = re.compile(f"[{_PERMITTED}]*").fullmatch
_is_name = re.compile("[a-z0-9._-]{1,32}").fullmatch
_is_digits = re.compile("[0-9]*").fullmatch


def encode(value: Encodable) -> bytes:
    """The one encoding of a value. AssertionError when the profile has no form for it: that is our bug."""
    _assert_encodable(value, 1)
    return _pack(value)


def decode(data: bytes, shape: "Shape", limit_bytes: int) -> Value:
    """The value that canonical bytes of this shape say, arrays as tuples.

    Raises DecodeError naming the path and what was found.
    """
    size = len(data)
    if size > limit_bytes:
        raise DecodeError(f"{size} bytes found, at most {limit_bytes} allowed", "TOO-LARGE")
    try:
        value: Value = msgpack.unpackb(
            data,
            use_list=False,
            raw=False,
            strict_map_key=True,
            max_str_len=size,
            max_bin_len=size,
            max_array_len=size,
            max_map_len=0,
            max_ext_len=0,
        )
    except (ValueError, msgpack.UnpackException) as error:
        raise DecodeError(f"not MessagePack of this ledger: {error or type(error).__name__}") from error
    shape.check(value, "")
    if _pack(value) != data:
        raise DecodeError("not the canonical encoding of this value: integers and headers must be shortest")
    return value


def decode_fields(data: bytes, shape: "Struct", limit_bytes: int) -> tuple[Any, ...]:
    """The fields of a structure without its number; their types are what its shape promises."""
    return cast(tuple[Any, ...], decode(data, shape, limit_bytes))[1:]


def decode_row(data: bytes, shape: "Row", limit_bytes: int) -> tuple[Any, ...]:
    """The fields of a row; their types are what its shape promises."""
    return cast(tuple[Any, ...], decode(data, shape, limit_bytes))


def is_text(value: str) -> bool:
    """Whether a string has only the code points that a text of the ledger may have."""
    return _is_text(value) is not None


def is_name(value: str) -> bool:
    """Whether a string can name an institution, an action, a role or a parameter."""
    return _is_name(value) is not None


def _pack(value: Encodable) -> bytes:
    return cast(bytes, msgpack.packb(value, use_bin_type=True))


def _assert_encodable(value: Any, depth: int) -> None:
    """Run for every key and value of the state: scalars inside an array cost no call of their own."""
    if type(value) is not tuple and type(value) is not list:
        value = (value,)
        depth -= 1
    assert depth <= DEPTH_MAXIMUM, f"arrays are nested deeper than {DEPTH_MAXIMUM}"
    for item in value:
        kind = type(item)
        if kind is str:
            assert _is_text(item), f"{item!r} has a code point the ledger does not permit"
        elif kind is int:
            assert 0 <= item <= UINT_MAXIMUM, f"{item!r} is outside 0..2^63-1"
        elif kind is tuple or kind is list:
            _assert_encodable(item, depth + 1)
        else:
            assert kind is bytes or item is None or kind is bool, f"the profile has no {kind.__name__}"


# --- shapes


class Shape(Protocol):
    """What a value must look like. A shape is a public constant with public attributes, so that forms,
    JSON and documents can be made from it."""

    @property
    def depth(self) -> int:
        """Levels of arrays a value of this shape may have; 0 for a scalar."""
        ...

    def check(self, value: Value, path: str) -> None:
        """Raises DecodeError that names `path`, the place in the message, and what was found."""
        ...


def _found(value: object) -> str:
    """A short description of a stranger's value: never its whole content."""
    if value is None:
        return "nil"
    if isinstance(value, bool | int):
        return f"{type(value).__name__} {value}"
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, tuple):
        return f"array of {len(value)}"
    return f"a {type(value).__name__}"


def _refusal(path: str, expected: str, value: object) -> DecodeError:
    return DecodeError(f"{_found(value)} found, {expected} expected", where=path)


@dataclass(frozen=True, slots=True)
class Uint:
    """An unsigned integer within bounds, both included."""

    minimum: int = 0
    maximum: int = UINT_MAXIMUM

    @property
    def depth(self) -> int:
        return 0

    def check(self, value: Value, path: str) -> None:
        if type(value) is not int or not self.minimum <= value <= self.maximum:
            raise _refusal(path, f"integer {self.minimum}..{self.maximum}", value)


@dataclass(frozen=True, slots=True)
class Amount(Uint):
    """Money in tiyn (1 tenge = 100 tiyn)."""


@dataclass(frozen=True, slots=True)
class Day(Uint):
    """A date as the number of days since 1970-01-01; up to the year 2999."""

    maximum: int = 376_199


@dataclass(frozen=True, slots=True)
class Bool:
    """True or false."""

    @property
    def depth(self) -> int:
        return 0

    def check(self, value: Value, path: str) -> None:
        if type(value) is not bool:
            raise _refusal(path, "true or false", value)


@dataclass(frozen=True, slots=True)
class Text:
    """Text of permitted code points; lengths in code points."""

    maximum: int
    minimum: int = 0

    @property
    def depth(self) -> int:
        return 0

    def check(self, value: Value, path: str) -> None:
        if type(value) is not str or not self.minimum <= len(value) <= self.maximum:
            raise _refusal(path, f"text of {self.minimum}..{self.maximum} characters", value)
        if not _is_text(value):
            raise DecodeError(_first_stranger(value), where=path)


def _first_stranger(value: str) -> str:
    for position, character in enumerate(value):
        if not _is_text(character):
            return f"character U+{ord(character):04X} at position {position} is not permitted in a text"
    raise AssertionError("called for a text whose characters are all permitted")


@dataclass(frozen=True, slots=True)
class Name:
    """1 to 32 of `a-z 0-9 . _ -`: institutions, actions, collections, parameters."""

    @property
    def depth(self) -> int:
        return 0

    def check(self, value: Value, path: str) -> None:
        if type(value) is not str or not _is_name(value):
            raise _refusal(path, "name of 1..32 characters a-z 0-9 . _ -", value)


@dataclass(frozen=True, slots=True)
class Digits:
    """A code of ASCII digits with its leading zeros, of one length."""

    length: int

    @property
    def depth(self) -> int:
        return 0

    def check(self, value: Value, path: str) -> None:
        if type(value) is not str or len(value) != self.length or not _is_digits(value):
            raise _refusal(path, f"code of {self.length} digits", value)


@dataclass(frozen=True, slots=True, init=False)
class Binary:
    """Bytes: `Binary(32)` of one length, `Binary(0, 100)` between two, both included."""

    minimum: int
    maximum: int

    def __init__(self, minimum: int, maximum: int | None = None) -> None:
        object.__setattr__(self, "minimum", minimum)
        object.__setattr__(self, "maximum", minimum if maximum is None else maximum)

    @property
    def depth(self) -> int:
        return 0

    def check(self, value: Value, path: str) -> None:
        if type(value) is not bytes or not self.minimum <= len(value) <= self.maximum:
            raise _refusal(path, f"bytes of length {self.minimum}..{self.maximum}", value)


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """One of a few text constants."""

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)

    @property
    def depth(self) -> int:
        return 0

    def check(self, value: Value, path: str) -> None:
        if type(value) is not str or value not in self.values:
            raise _refusal(path, f"one of {', '.join(self.values)}", value)


@dataclass(frozen=True, slots=True)
class Optional:
    """A value or nil; never absent."""

    shape: Shape

    @property
    def depth(self) -> int:
        return self.shape.depth

    def check(self, value: Value, path: str) -> None:
        if value is not None:
            self.shape.check(value, path)


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array of `minimum` to `maximum` items of one shape, in the order of the author."""

    item: Shape
    maximum: int
    minimum: int = 0

    @property
    def depth(self) -> int:
        return 1 + self.item.depth

    def check(self, value: Value, path: str) -> None:
        if type(value) is not tuple or not self.minimum <= len(value) <= self.maximum:
            raise _refusal(path, f"array of {self.minimum}..{self.maximum} items", value)
        _check_items(self.item, value, path)


@dataclass(frozen=True, slots=True)
class SetOf:
    """An array of up to `maximum` items strictly increasing by the bytes of their encodings."""

    item: Shape
    maximum: int

    @property
    def depth(self) -> int:
        return 1 + self.item.depth

    def check(self, value: Value, path: str) -> None:
        if type(value) is not tuple or len(value) > self.maximum:
            raise _refusal(path, f"set of at most {self.maximum} items", value)
        _check_items(self.item, value, path)
        previous = b""
        for index, item in enumerate(value):
            current = _pack(item)
            if current <= previous:
                raise DecodeError(
                    "item does not follow its predecessor: a set is strictly increasing by bytes",
                    where=f"{path}[{index}]",
                )
            previous = current


def _check_items(shape: Shape, items: tuple[Value, ...], path: str) -> None:
    check = shape.check
    index = 0
    try:
        for item in items:
            check(item, "")
            index += 1
    except DecodeError as error:
        raise error.within(f"{path}[{index}]") from None


Fields: TypeAlias = tuple[tuple[str, Shape], ...]


def _check_fields(fields: Fields, items: tuple[Value, ...], path: str) -> None:
    index = 0
    try:
        for (_, shape), item in zip(fields, items, strict=True):
            shape.check(item, "")
            index += 1
    except DecodeError as error:
        raise error.within(fields[index][0]).within(path) from None


def _deepest(fields: Fields) -> int:
    return reduce(max, (shape.depth for _, shape in fields), 0)


@dataclass(frozen=True, slots=True)
class Struct:
    """`[number, field…]`: a structure with its schema number and a fixed number of fields."""

    name: str
    number: int
    fields: Fields

    @property
    def depth(self) -> int:
        return 1 + _deepest(self.fields)

    def check(self, value: Value, path: str) -> None:
        if type(value) is not tuple or len(value) != len(self.fields) + 1:
            raise _refusal(path, f"{self.name}, array of {len(self.fields) + 1}", value)
        number = value[0]
        if type(number) is not int or number != self.number:
            raise _refusal(f"{path}[0]", f"schema number {self.number} of {self.name}", number)
        _check_fields(self.fields, value[1:], path)


@dataclass(frozen=True, slots=True)
class Row:
    """`[field…]`: a part of a structure, of a fixed number of fields and without a number of its own."""

    name: str
    fields: Fields

    @property
    def depth(self) -> int:
        return 1 + _deepest(self.fields)

    def check(self, value: Value, path: str) -> None:
        if type(value) is not tuple or len(value) != len(self.fields):
            raise _refusal(path, f"{self.name}, array of {len(self.fields)}", value)
        _check_fields(self.fields, value, path)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value of the profile with at most `depth` levels of arrays."""

    depth: int = DEPTH_MAXIMUM

    def check(self, value: Value, path: str) -> None:
        _check_anything(value, path, self.depth)


def _check_anything(value: Value, path: str, levels: int) -> None:
    kind = type(value)
    if kind is str:
        if not _is_text(cast(str, value)):
            raise DecodeError(_first_stranger(cast(str, value)), where=path)
    elif kind is int:
        if not 0 <= cast(int, value) <= UINT_MAXIMUM:
            raise _refusal(path, f"integer 0..{UINT_MAXIMUM}", value)
    elif kind is tuple:
        if levels == 0:
            raise _refusal(path, f"no array nested deeper than {DEPTH_MAXIMUM} in all", value)
        index = 0
        try:
            for item in cast(tuple[Value, ...], value):
                _check_anything(item, "", levels - 1)
                index += 1
        except DecodeError as error:
            raise error.within(f"{path}[{index}]") from None
    elif not (kind is bytes or value is None or kind is bool):
        raise _refusal(path, "a value of the profile", value)


UINT = Uint()
BOOL = Bool()
NAME = Name()
HASH = Binary(32)
CLIENT_ID = Binary(16)
SIGNATURE = Binary(64)
AMOUNT = Amount()
DAY = Day()
ANY = Anything()
