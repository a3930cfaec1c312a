"""JSON documents of people ⇄ values of the ledger, by the shape an action registers.

One translation for every action: an amount is a tenge string, a day an ISO date, bytes are hex, a structure
or a row is an object by field names, a list is a list. Nothing is guessed; an unknown field is refused.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from chain.codec import (
    Amount,
    Anything,
    Binary,
    Bool,
    Day,
    Digits,
    Fields,
    ListOf,
    Name,
    OneOf,
    Optional,
    Row,
    SetOf,
    Shape,
    Struct,
    Text,
    Uint,
    Value,
    encode,
)
from chain.errors import DecodeError
from cli.amounts import date_of, day_of, tenge_of, tiyn_of
from cli.failures import Details, InputError

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None

DOCUMENT_BYTES = 8 << 20
"""JSON of a document of 1 MiB, field names and all."""


def parse_json(text: str, name: str) -> Json:
    """JSON whose numbers with a point stay text, so that an amount is never a float."""
    if len(text) > DOCUMENT_BYTES:
        raise InputError(f"{name}: more than {DOCUMENT_BYTES} characters", "INPUT-SIZE")
    try:
        parsed: Json = json.loads(
            text, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_unique
        )
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not JSON: {error}", "INPUT-JSON") from error
    return parsed


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is not a number")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is given twice")
    return found


def set_fields(document: Json, settings: tuple[str, ...]) -> Json:
    """The document with `field=value` settings laid over it; `rows.0.amount=10.00` goes into lists.

    A value is JSON where it parses as a list, an object, true, false or null, otherwise text.
    """
    whole: Json = {} if document is None else document
    for setting in settings:
        path, mark, text = setting.partition("=")
        if not mark or not path:
            raise InputError(f"--set {setting}: write field=value", "INPUT-SET")
        _set_field(whole, path.split("."), _loose(text), setting)
    return whole


def _loose(text: str) -> Json:
    if text[:1] in ("[", "{") or text in ("true", "false", "null"):
        return parse_json(text, "--set")
    return text


def _set_field(whole: Json, path: list[str], value: Json, setting: str) -> None:
    place = whole
    for depth, part in enumerate(path):
        is_last = depth == len(path) - 1
        if isinstance(place, dict):
            if is_last:
                place[part] = value
                return
            place = place.setdefault(part, [] if path[depth + 1].isdecimal() else {})
        elif isinstance(place, list) and part.isascii() and part.isdigit() and int(part) <= len(place):
            index = int(part)
            if index == len(place):
                place.append({})
            if is_last:
                place[index] = value
                return
            place = place[index]
        else:
            inside = ".".join(path[:depth]) or "the document"
            raise InputError(f"--set {setting}: {inside} has no {part}", "INPUT-SET")


# --- JSON to Value


def value_of(shape: Shape, json_value: Json, path: str = "") -> Value:
    """The value of a shape that a JSON document says. InputError names the field and what was found."""
    value = _read(shape, json_value, path)
    try:
        shape.check(value, path)
    except DecodeError as error:
        raise _refusal(error.where, error.message) from error
    return value


def _refusal(path: str, message: str) -> InputError:
    return InputError(f"{path or 'document'}: {message}", "INPUT-FIELD", Details(where=path))


def _read(shape: Shape, found: Json, path: str) -> Value:
    match shape:
        case Optional(inner):
            return None if found is None else _read(inner, found, path)
        case Struct():
            return (shape.number, *_read_fields(shape.name, shape.fields, found, path))
        case Row():
            return _read_fields(shape.name, shape.fields, found, path)
        case ListOf(item) | SetOf(item):
            if not isinstance(found, list):
                raise _refusal(path, f"{_kind(found)} found, a list expected")
            items = tuple(_read(item, one, f"{path}[{index}]") for index, one in enumerate(found))
            return tuple(sorted(items, key=encode)) if isinstance(shape, SetOf) else items
        case Amount():
            return tiyn_of(_text(found, path, "an amount in tenge"), path)
        case Day():
            return day_of(_text(found, path, "a date YYYY-MM-DD"), path)
        case Uint():
            return _integer(found, path)
        case Bool():
            return _truth(found, path)
        case Binary():
            return _bytes(found, path)
        case Text() | Name() | OneOf() | Digits():
            return _text(found, path, "text")
        case Anything():
            return _anything(found, path)
    raise AssertionError(f"a shape without a form in JSON: {shape!r}")


def _read_fields(name: str, fields: Fields, found: Json, path: str) -> tuple[Value, ...]:
    if not isinstance(found, dict):
        raise _refusal(path, f"{_kind(found)} found, an object of {name} expected")
    known = [json_name(*field) for field in fields]
    for given in found:
        if given not in known:
            near = difflib.get_close_matches(given, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; {name} has {', '.join(known)}"
            raise _refusal(_inside(path, given), f"no such field{hint}")
    values: list[Value] = []
    for field, (_, shape) in zip(known, fields, strict=True):
        if field not in found and isinstance(shape, ListOf) and not shape.minimum:
            values.append(())
            continue
        if field not in found and not isinstance(shape, Optional):
            raise _refusal(_inside(path, field), f"missing; {describe(shape)} expected")
        values.append(_read(shape, found.get(field), _inside(path, field)))
    return tuple(values)


def json_name(field: str, shape: Shape) -> str:
    """A field's name in documents: people write amounts in tenge, so `amount_tiyn` is `amount` there."""
    inner = shape.item if isinstance(shape, ListOf) else shape
    inner = inner.shape if isinstance(inner, Optional) else inner
    return field.removesuffix("_tiyn") if isinstance(inner, Amount) else field


def _inside(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _kind(found: Json) -> str:
    if found is None:
        return "null"
    if isinstance(found, dict):
        return "an object"
    return "a list" if isinstance(found, list) else repr(found)


def _text(found: Json, path: str, expected: str) -> str:
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise _refusal(path, f"{_kind(found)} found, {expected} expected")
    return str(found)


def _integer(found: Json, path: str) -> int:
    text = _text(found, path, "a whole number")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _refusal(path, f"{text!r} found, a whole number expected")
    return int(text)


def _truth(found: Json, path: str) -> bool:
    if not isinstance(found, bool):
        raise _refusal(path, f"{_kind(found)} found, true or false expected")
    return found


def _bytes(found: Json, path: str) -> bytes:
    text = _text(found, path, "bytes in hexadecimal")
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _refusal(path, f"{text!r} found, bytes in hexadecimal expected") from None


def _anything(found: Json, path: str) -> Value:
    """A value without a shape of its own: `hex:…` is bytes, the rest is what JSON says."""
    if isinstance(found, list):
        return tuple(_anything(item, f"{path}[{index}]") for index, item in enumerate(found))
    if isinstance(found, dict):
        raise _refusal(path, "an object found where the ledger has no names; write a list")
    if isinstance(found, str) and found.startswith("hex:"):
        return _bytes(found[4:], path)
    return found


# --- Value to JSON


def json_of(shape: Shape, value: Value) -> Json:
    """What a person reads of a value that has this shape; `value_of` undoes it."""
    match shape:
        case Optional(inner):
            return None if value is None else json_of(inner, value)
        case Struct(fields=fields):
            assert isinstance(value, tuple)
            return _fields_json(fields, value[1:])
        case Row(fields=fields):
            assert isinstance(value, tuple)
            return _fields_json(fields, value)
        case ListOf(item) | SetOf(item):
            assert isinstance(value, tuple)
            return [json_of(item, one) for one in value]
        case Amount():
            assert isinstance(value, int)
            return tenge_of(value)
        case Day():
            assert isinstance(value, int)
            return date_of(value)
        case Binary():
            assert isinstance(value, bytes)
            return value.hex()
    return plain_json(value)


def _fields_json(fields: Fields, values: tuple[Value, ...]) -> dict[str, Json]:
    return {
        json_name(name, shape): json_of(shape, value)
        for (name, shape), value in zip(fields, values, strict=True)
    }


def plain_json(value: Value) -> Json:
    """A value without a shape: bytes as `hex:…`."""
    if isinstance(value, bytes):
        return "hex:" + value.hex()
    if isinstance(value, tuple):
        return [plain_json(item) for item in value]
    return value


# --- what a document amounts to


@dataclass(frozen=True, slots=True)
class Column:
    """All amounts of one name in a document: how many, and their sum, minimum and maximum in tiyn."""

    path: str
    count: int
    sum_tiyn: int
    minimum_tiyn: int
    maximum_tiyn: int


def columns(shape: Shape, value: Value) -> tuple[Column, ...]:
    """The amounts of a document by field, indexes left out: what a signer sees before one signature."""
    found: dict[str, list[int]] = {}
    for path, tiyn in _amounts(shape, value, ""):
        found.setdefault(path, []).append(tiyn)
    return tuple(Column(path, len(all_), sum(all_), min(all_), max(all_)) for path, all_ in found.items())


def _amounts(shape: Shape, value: Value, path: str) -> Iterator[tuple[str, int]]:
    match shape:
        case Optional(inner):
            if value is not None:
                yield from _amounts(inner, value, path)
        case Struct(fields=fields) | Row(fields=fields):
            assert isinstance(value, tuple)
            items = value[1:] if isinstance(shape, Struct) else value
            for (name, field), item in zip(fields, items, strict=True):
                yield from _amounts(field, item, _inside(path, json_name(name, field)))
        case ListOf(item) | SetOf(item):
            assert isinstance(value, tuple)
            for one in value:
                yield from _amounts(item, one, path)
        case Amount():
            assert isinstance(value, int)
            yield path, value


def row_count(shape: Shape, value: Value) -> int:
    """Rows of a document: items of its lists of rows; 1 for a document without rows."""
    if not isinstance(shape, Struct | Row) or not isinstance(value, tuple):
        return 1
    items = value[1:] if isinstance(shape, Struct) else value
    rows = [
        len(item)
        for (_, field), item in zip(shape.fields, items, strict=True)
        if isinstance(field, ListOf | SetOf)
        and isinstance(field.item, Struct | Row)
        and isinstance(item, tuple)
    ]
    return sum(rows) if rows else 1


# --- forms


def describe(shape: Shape) -> str:
    """A shape in words, for help and for errors."""
    match shape:
        case Optional(inner):
            return f"{describe(inner)} or nothing"
        case Struct(fields=fields) | Row(fields=fields):
            return "{" + ", ".join(json_name(*field) for field in fields) + "}"
        case ListOf(item) | SetOf(item):
            return f"list of {describe(item)}, at most {shape.maximum}"
        case Amount():
            return "amount in tenge"
        case Day():
            return "date YYYY-MM-DD"
        case Uint(minimum, maximum):
            return "whole number" if maximum >= 1 << 53 else f"whole number {minimum}..{maximum}"
        case Binary(minimum=minimum, maximum=maximum):
            size = str(minimum) if minimum == maximum else f"{minimum}..{maximum}"
            return f"hex of {size} bytes"
        case OneOf(values=values):
            return " | ".join(values)
        case Text(maximum=maximum):
            return f"text up to {maximum}"
        case Digits(length):
            return f"{length} digits"
        case Bool():
            return "true or false"
        case Name():
            return "name a-z 0-9 . _ -"
    return "any value"


def form(shape: Shape) -> Json:
    """An empty document of a shape, each field saying what it takes: what `tx build --template` prints."""
    match shape:
        case Struct(fields=fields) | Row(fields=fields):
            return {json_name(name, field): form(field) for name, field in fields}
        case ListOf(item) | SetOf(item):
            return [form(item)]
        case Optional(inner) if isinstance(inner, Struct | Row):
            return form(inner)
    return describe(shape)


def as_object(document: Json, name: str) -> Mapping[str, Json]:
    """A JSON object, or InputError."""
    if not isinstance(document, dict):
        raise InputError(f"{name}: {_kind(document)} found, an object expected", "INPUT-JSON")
    return document
