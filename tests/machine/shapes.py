"""Arguments from shapes alone: documents of an action about which nothing else is known, and documents that
were right until one value was changed."""

from __future__ import annotations

from typing import Any

from chain.codec import (
    UINT_MAXIMUM,
    Amount,
    Anything,
    Binary,
    Bool,
    Day,
    Digits,
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
    encode,
)
from contracts.records import Collection
from tests.machine.world import World
from tests.support.year import U

INSTITUTIONS = (
    "mof", "treasury", "moh", "mot", "gu-2260101", "gu-2260102", "gu-2280101", "gu-2280102", "vap", "gov",
    "mazhilis", "nobody",
)  # fmt: skip

KNOWN: dict[str, tuple[Any, ...]] = {
    "budget": ("01.kz", "01.kz", "01.kz", "02.abai"),
    "source": ("1", "1", "1", "2", "3"),
    "administrator": ("226", "228"),
    "programme": ("001", "003", "067"),
    "subprogramme": ("100", "100", "106", None),
    "specific": ("159", "149", "151", "414", "431", "111", "161"),
    "holder": INSTITUTIONS,
    "institution": INSTITUTIONS,
    "code": ("101110", "201510", "159", "228"),
    "expense": (None, None, "E-1"),
    "receipts": ("101110", "201510"),
}
"""By name of a field: what stands there in this world."""

STORED = {
    "agreement": Collection.AGREEMENTS, "obligation": Collection.OBLIGATIONS, "act": Collection.ACTS,
    "payment": Collection.PAYMENTS, "number": Collection.PAYMENTS, "hold": Collection.HOLDS,
    "decision": Collection.HOLDS, "ballot": Collection.BALLOTS, "approval": Collection.APPROVALS,
}  # fmt: skip
"""By name of a field: the collection whose keys end in such a value."""

EDGES = (0, 1, U - 1, U, 2**31, UINT_MAXIMUM)
STRANGERS: tuple[Any, ...] = (None, True, UINT_MAXIMUM, "", "x" * 100, b"", (), ((),), "Ә")
"""Values that few fields take."""


def value_of(world: World, name: str, shape: Shape) -> Any:
    """A value that the shape takes: what the state has under such a name, or anything."""
    chance = world.chance
    inner = shape.shape if isinstance(shape, Optional) else shape
    if chance.bits() % 8:
        found = _stored(world, name)
        if found is not None and _fits(shape, found):
            return found
    if shape is not inner and not chance.bits() % 4:
        return None
    match inner:
        case Row():
            return tuple(value_of(world, field, each) for field, each in inner.fields)
        case Struct():
            return (inner.number, *(value_of(world, field, each) for field, each in inner.fields))
        case ListOf():
            return _list(world, name, inner)
        case SetOf():
            items = {encode(item): item for item in _list(world, name, ListOf(inner.item, inner.maximum))}
            return tuple(items[key] for key in sorted(items))
    return _leaf(world, name, inner)


def _stored(world: World, name: str) -> Any:
    if name in KNOWN:
        return world.chance.pick(KNOWN[name])
    if name in ("year", "first_year"):
        return world.year + world.chance.pick((0, 0, 0, 1, -1))
    if name == "month":
        return world.month
    if name in STORED:
        key = world.any_key(STORED[name])
        return None if key is None else key[-1]
    return None


def _fits(shape: Shape, value: Any) -> bool:
    from chain.errors import DecodeError

    try:
        shape.check(value, "")
    except DecodeError:
        return False
    return True


def _list(world: World, name: str, shape: ListOf) -> tuple[Any, ...]:
    least = shape.minimum
    count = world.chance.between(least, min(shape.maximum, max(least, 3)))
    items = [value_of(world, name, shape.item) for _ in range(count)]
    if isinstance(shape.item, Amount) and count == 12:
        return tuple(sorted(item // U * U for item in items))
    return tuple(items)


def _leaf(world: World, name: str, shape: Shape) -> Any:
    chance = world.chance
    match shape:
        case Amount():
            return max(shape.minimum, chance.amount(100) * U if chance.bits() % 4 else chance.pick(EDGES))
        case Day():
            return world.day + chance.pick((0, 0, 0, -1, 1, -400, 400))
        case Uint():
            top = min(shape.maximum, shape.minimum + chance.pick((1, 10, 10_000, UINT_MAXIMUM)))
            return chance.between(shape.minimum, top)
        case Bool():
            return chance.one_in(2)
        case OneOf():
            return chance.pick(shape.values)
        case Digits():
            return "".join(str(chance.between(0, 9)) for _ in range(shape.length))
        case Binary():
            return bytes(chance.between(0, 255) for _ in range(max(shape.minimum, min(32, shape.maximum))))
        case Name():
            return f"{name.replace('_', '-')[:20]}-{chance.between(0, 99)}"
        case Text():
            return f"текст {chance.between(0, 10**6)}"[: shape.maximum] or "x"
        case Anything():
            return chance.pick((None, 1, "text", (), (1, "a")))
    raise AssertionError(f"a shape without a value: {shape!r}")


def changed(world: World, shape: Shape, value: Any) -> Any:
    """The same with one part of it different: another value of the same shape, an edge, or a stranger."""
    return _changed(world, "arguments", shape, value)


def _changed(world: World, name: str, shape: Shape, value: Any) -> Any:
    chance = world.chance
    match shape:
        case Row() if isinstance(value, tuple) and value:
            at = chance.between(0, len(value) - 1)
            field, inner = shape.fields[at]
            return (*value[:at], _changed(world, field, inner, value[at]), *value[at + 1 :])
        case ListOf() if isinstance(value, tuple) and value:
            at = chance.between(0, len(value) - 1)
            how = chance.between(0, 9)
            if how == 0:
                return (*value[:at], *value[at + 1 :])
            if how == 1:
                return (*value[:at], value[at], *value[at:])
            return (*value[:at], _changed(world, name, shape.item, value[at]), *value[at + 1 :])
        case Optional() if value is not None and chance.bits() % 4:
            return _changed(world, name, shape.shape, value)
    how = chance.between(0, 11)
    if how == 0:
        return chance.pick(STRANGERS)
    if how < 5 and isinstance(value, int) and not isinstance(value, bool):
        different = value + chance.pick((1, -1, U, -U, 1_000 * U, -1_000 * U, value))
        return min(UINT_MAXIMUM, max(0, different))
    return value_of(world, name, shape)
