"""Canonical MessagePack profile: reading, writing and the shapes of what is read (docs/formats.md).

Written apart from the node's codec, in the standard library alone. A decoder here
accepts exactly one encoding of a value and refuses every other one; it never reads
past the bytes it was given, never goes deeper than eight arrays, and never reserves
room for a length that the bytes cannot hold.
"""

import re
from collections.abc import Callable
from typing import Any

from audit.failure import VerificationError

Value = Any
"""None, bool, int, bytes, str or a tuple of these: what the profile can carry."""

Shape = Callable[[Value, str], None]
"""Checks a value, given the path that names it; raises VerificationError."""

DEPTH_LIMIT = 8
VALUES_LIMIT = 1 << 20
"""Values in one encoding: no structure of the ledger comes near it, and memory stays bounded."""
UINT_LIMIT = (1 << 63) - 1

_FOREIGN_CHARACTER = re.compile(
    "[^\u0020-\u007e\u00a0-\u00ac\u00ae-\u017f\u018f\u0259\u0400-\u0482\u048a-\u052f"
    "\u2010-\u2027\u202f\u2030-\u203a\u20b8\u2116\u2212]"
)
_NAME = re.compile(r"[a-z0-9._-]{1,32}")


def decode(data: bytes) -> Value:
    """The one value these bytes encode; arrays come back as tuples.

    Raises VerificationError for another encoding of a value, for a type outside the
    profile, and for bytes missing or left over.
    """
    try:
        value, end = _read(data, 0, DEPTH_LIMIT, [VALUES_LIMIT])
    except IndexError:
        raise VerificationError("the encoding ends inside a value") from None
    if end != len(data):
        raise VerificationError(f"{len(data) - end} bytes follow the encoded value")
    return value


def _read(data: bytes, at: int, depth: int, left: list[int]) -> tuple[Value, int]:
    """The value that begins at `at`, and where it ends; `left` counts down the values allowed."""
    head = data[at]
    at += 1
    if head < 0x80:
        return head, at
    if head == 0xC4:
        size = data[at]
        at += 1
    elif 0xA0 <= head < 0xC0:
        return _text(data, at, head & 0x1F)
    elif 0x90 <= head < 0xA0:
        return _array(data, at, head & 0x0F, depth, left)
    elif head == 0xC0:
        return None, at
    elif 0xCC <= head <= 0xCF:
        return _long_uint(data, at, head)
    elif head == 0xC2 or head == 0xC3:
        return head == 0xC3, at
    elif head in _LONG_HEADS:
        width, least, kind = _LONG_HEADS[head]
        size, at = _number(data, at, width)
        if size < least:
            raise VerificationError("a length is not written in its shortest form")
        if kind == "text":
            return _text(data, at, size)
        if kind == "array":
            return _array(data, at, size, depth, left)
    else:
        raise VerificationError(f"type byte 0x{head:02x} is outside the profile")
    end = at + size
    if end > len(data):
        raise IndexError
    return data[at:end], end


_LONG_HEADS = {
    0xC5: (2, 1 << 8, "bytes"),
    0xC6: (4, 1 << 16, "bytes"),
    0xD9: (1, 1 << 5, "text"),
    0xDA: (2, 1 << 8, "text"),
    0xDB: (4, 1 << 16, "text"),
    0xDC: (2, 1 << 4, "array"),
    0xDD: (4, 1 << 16, "array"),
}
"""Type byte: width of the length, the least length that may use it, kind."""


def _number(data: bytes, at: int, width: int) -> tuple[int, int]:
    end = at + width
    if end > len(data):
        raise IndexError
    return int.from_bytes(data[at:end], "big"), end


def _long_uint(data: bytes, at: int, head: int) -> tuple[int, int]:
    width = 1 << (head - 0xCC)
    number, end = _number(data, at, width)
    if number < (0x80 if width == 1 else 1 << (4 * width)):
        raise VerificationError("an integer is not written in its shortest form")
    if number > UINT_LIMIT:
        raise VerificationError("an integer is above 2^63-1")
    return number, end


def _text(data: bytes, at: int, size: int) -> tuple[str, int]:
    end = at + size
    if end > len(data):
        raise IndexError
    try:
        text = data[at:end].decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationError("a text is not UTF-8") from None
    foreign = _FOREIGN_CHARACTER.search(text)
    if foreign:
        raise VerificationError(f"a text holds U+{ord(foreign.group()):04X}, which is outside the profile")
    return text, end


def _array(data: bytes, at: int, count: int, depth: int, left: list[int]) -> tuple[tuple[Value, ...], int]:
    if depth == 0:
        raise VerificationError(f"arrays are nested deeper than {DEPTH_LIMIT}")
    if count > len(data) - at:  # an item takes at least one byte
        raise IndexError
    left[0] -= count
    if left[0] < 0:
        raise VerificationError(f"more than {VALUES_LIMIT} values")
    items: list[Value] = []
    for _ in range(count):
        head = data[at]
        if head < 0x80:  # small numbers and nil are most of what a state holds
            items.append(head)
            at += 1
        elif head == 0xC0:
            items.append(None)
            at += 1
        else:
            item, at = _read(data, at, depth - 1, left)
            items.append(item)
    return tuple(items), at


def encode(value: Value) -> bytes:
    """The canonical bytes of a value; ValueError for what the profile cannot carry."""
    out: list[bytes] = []
    _write(value, out, DEPTH_LIMIT)
    return b"".join(out)


def _write(value: Value, out: list[bytes], depth: int) -> None:
    if value is None:
        out.append(b"\xc0")
    elif value is True or value is False:
        out.append(b"\xc3" if value else b"\xc2")
    elif isinstance(value, int):
        out.append(_uint_bytes(value))
    elif isinstance(value, bytes):
        out += (_length_bytes(len(value), -1, ((0xC4, 1), (0xC5, 2), (0xC6, 4)), 0), value)
    elif isinstance(value, str):
        if _FOREIGN_CHARACTER.search(value):
            raise ValueError("a text holds a character outside the profile")
        data = value.encode("utf-8")
        out += (_length_bytes(len(data), 31, ((0xD9, 1), (0xDA, 2), (0xDB, 4)), 0xA0), data)
    elif isinstance(value, (tuple, list)):
        if depth == 0:
            raise ValueError(f"arrays are nested deeper than {DEPTH_LIMIT}")
        out.append(_length_bytes(len(value), 15, ((0xDC, 2), (0xDD, 4)), 0x90))
        for item in value:
            _write(item, out, depth - 1)
    else:
        raise ValueError(f"{type(value).__name__} is outside the profile")


def _uint_bytes(number: int) -> bytes:
    if not 0 <= number <= UINT_LIMIT:
        raise ValueError("an integer is outside 0..2^63-1")
    if number < 0x80:
        return bytes((number,))
    for head, width in ((0xCC, 1), (0xCD, 2), (0xCE, 4)):
        if number < 1 << (8 * width):
            return bytes((head,)) + number.to_bytes(width, "big")
    return b"\xcf" + number.to_bytes(8, "big")


def _length_bytes(size: int, fixed: int, heads: tuple[tuple[int, int], ...], base: int) -> bytes:
    if size <= fixed:
        return bytes((base | size,))
    for head, width in heads:
        if size < 1 << (8 * width):
            return bytes((head,)) + size.to_bytes(width, "big")
    raise ValueError("longer than the profile can carry")


# Shapes: small checks that compose. Each refuses with the path and what was found.


def _refuse(path: str, expected: str, value: Value) -> VerificationError:
    found = f"{len(value)} items" if isinstance(value, tuple) else f"{type(value).__name__} {value!r:.60}"
    return VerificationError(f"{path}: expected {expected}, found {found}")


def uint(minimum: int = 0, maximum: int = UINT_LIMIT) -> Shape:
    """An unsigned integer between two bounds, both included."""

    def check(value: Value, path: str) -> None:
        if type(value) is not int or not minimum <= value <= maximum:
            raise _refuse(path, f"an integer {minimum}..{maximum}", value)

    return check


def binary(minimum: int, maximum: int) -> Shape:
    """Bytes of a bounded length."""

    def check(value: Value, path: str) -> None:
        if type(value) is not bytes or not minimum <= len(value) <= maximum:
            raise _refuse(path, f"{minimum}..{maximum} bytes", value)

    return check


def text(maximum: int) -> Shape:
    """A text of at most `maximum` code points."""

    def check(value: Value, path: str) -> None:
        if type(value) is not str or len(value) > maximum:
            raise _refuse(path, f"a text of at most {maximum} characters", value)

    return check


def name(value: Value, path: str) -> None:
    """An institution id or an action name: 1-32 of [a-z0-9._-]."""
    if type(value) is not str or not _NAME.fullmatch(value):
        raise _refuse(path, "a name of [a-z0-9._-]", value)


def anything(value: Value, path: str) -> None:
    """Whatever the profile carries: the decoder has already bounded it."""


def optional(shape: Shape) -> Shape:
    """The shape, or nil."""

    def check(value: Value, path: str) -> None:
        if value is not None:
            shape(value, path)

    return check


def list_of(shape: Shape, maximum: int) -> Shape:
    """An array of at most `maximum` values of one shape."""

    def check(value: Value, path: str) -> None:
        if type(value) is not tuple or len(value) > maximum:
            raise _refuse(path, f"an array of at most {maximum} items", value)
        for number, item in enumerate(value):
            try:
                shape(item, path)
            except VerificationError:  # said again with its place, which is written only when needed
                shape(item, f"{path}[{number}]")

    return check


def row(*fields: tuple[str, Shape]) -> Shape:
    """An array of exactly these fields."""

    def check(value: Value, path: str) -> None:
        if type(value) is not tuple or len(value) != len(fields):
            raise _refuse(path, f"an array of {len(fields)} fields", value)
        for item, (label, shape) in zip(value, fields, strict=True):
            try:
                shape(item, path)
            except VerificationError:
                shape(item, f"{path}.{label}")

    return check


def struct(number: int, *fields: tuple[str, Shape]) -> Shape:
    """An array that begins with its schema number, then exactly these fields."""
    return row(("schema", uint(number, number)), *fields)


HASH = binary(32, 32)
SIGNATURE = binary(64, 64)
CLIENT_ID = binary(16, 16)
UINT = uint()


def read(data: bytes, shape: Shape, path: str, limit_bytes: int) -> Value:
    """Decode canonical bytes and check their shape; VerificationError says where it differs."""
    if len(data) > limit_bytes:
        raise VerificationError(f"{path}: {len(data)} bytes, above the limit of {limit_bytes}")
    try:
        value = decode(data)
    except VerificationError as error:
        raise VerificationError(f"{path}: {error.what}") from None
    shape(value, path)
    return value


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
