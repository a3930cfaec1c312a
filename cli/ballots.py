"""Ballots carry the arguments of their effect as a value without names; people write and read names."""

from __future__ import annotations

from chain.codec import ANY, Value
from chain.errors import DecodeError
from cli.documents import Json, as_object, json_of, plain_json, value_of
from cli.failures import InputError
from contracts.areas import LOADED
from contracts.membership import EFFECTS

assert LOADED, "importing the area modules fills the effects"

PROPOSE = "ballot.propose"


def to_wire(action: str, document: Json) -> Json:
    """A proposal with its `arguments` as the ledger carries them; any other document as it is."""
    if action != PROPOSE:
        return document
    found = dict(as_object(document, "document"))
    name, arguments = str(found.get("effect", "")), found.get("arguments")
    if name not in EFFECTS:
        raise InputError(f"effect {name!r}; effects are {', '.join(sorted(EFFECTS))}", "INPUT-FIELD")
    if isinstance(arguments, dict):
        found["arguments"] = plain_json(value_of(EFFECTS[name].arguments, arguments, "arguments"))
    return found


def to_people(action: str, document: Json) -> Json:
    """A proposal with its arguments by name; any other document as it is."""
    if action != PROPOSE:
        return document
    found = dict(as_object(document, "document"))
    return {**found, "arguments": named(str(found["effect"]), value_of(ANY, found["arguments"]))}


def named(effect: str, arguments: Value) -> Json:
    """An effect's arguments by name; as plain values when they do not fit the effect."""
    if effect not in EFFECTS:
        return plain_json(arguments)
    shape = EFFECTS[effect].arguments
    try:
        shape.check(arguments, "arguments")
    except DecodeError:
        return plain_json(arguments)
    return json_of(shape, arguments)
