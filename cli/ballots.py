"""Ballots and submissions carry the arguments of another document as a value without names; people write
and read names. Roles of routes and deputies are words to people and numbers on the ledger."""

from __future__ import annotations

from collections.abc import Callable

from chain.codec import ANY, Value
from chain.errors import DecodeError
from cli.documents import Json, as_object, form, json_of, plain_json, value_of
from cli.failures import InputError
from contracts.actions import ANYBODY, REGISTER, SUBMIT, Action
from contracts.areas import LOADED
from contracts.effect_texts import effect_text
from contracts.membership import EFFECTS
from contracts.records import Role

assert LOADED, "importing the area modules fills the register of actions and the effects"

PROPOSE = "ballot.propose"
WITH_ROLES = ("route.set", "deputy.appoint", "deputy.revoke")


def to_wire(action: str, document: Json) -> Json:
    """What a person writes as the ledger carries it; most documents as they are."""
    if action == SUBMIT:
        return _submission_to_wire(document)
    if action in WITH_ROLES:
        return _with_roles(document, role_number)
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
    """The same by name, for people; most documents as they are."""
    if action == SUBMIT:
        return _submission_to_people(document)
    if action in WITH_ROLES:
        return _with_roles(document, role_word)
    if action != PROPOSE:
        return document
    found = dict(as_object(document, "document"))
    name, arguments = str(found["effect"]), value_of(ANY, found["arguments"])
    texts: dict[str, Json] = {**told(name, arguments)}
    return {**found, "arguments": named(name, arguments), "text": texts}


def template(action: Action) -> Json:
    """An empty document as people write it, each field saying what it takes."""
    found = form(action.arguments)
    if action.name in WITH_ROLES:
        return _with_roles(found, lambda _: " | ".join(role.name.lower() for role in Role))
    if action.name == SUBMIT:
        return {**as_object(found, "document"), "arguments": "the document of that action: its template"}
    if action.name == PROPOSE:
        return {
            **as_object(found, "document"),
            "arguments": "the fields of the effect: docs/cli.md, A ballot",
        }
    return found


def told(effect: str, arguments: Value) -> dict[str, str]:
    """What an effect would do, by language."""
    return effect_text(effect, arguments if isinstance(arguments, tuple) else ())


def told_of(effect: Json) -> dict[str, str]:
    """The same of a ballot as a list shows it: [name, arguments]."""
    name, arguments = effect if isinstance(effect, list) and len(effect) == 2 else ("", None)
    return told(str(name), value_of(ANY, arguments))


# --- submissions


def newest(name: str) -> Action:
    """The newest version of an action. InputError when there is none."""
    versions = [version for known, version in REGISTER if known == name]
    if not versions:
        raise InputError(f"no action {name}; `eqz tx actions` lists them", "INPUT-ACTION")
    return REGISTER[(name, max(versions))]


def _submission_to_wire(document: Json) -> Json:
    found = dict(as_object(document, "document"))
    inner = newest(str(found.get("action", "")))
    found.setdefault("version", inner.version)
    arguments = found.get("arguments")
    if isinstance(arguments, dict):
        value = value_of(inner.arguments, to_wire(inner.name, arguments), "arguments")
        found["arguments"] = plain_json(value)
    return found


def _submission_to_people(document: Json) -> Json:
    found = dict(as_object(document, "document"))
    name, version = str(found["action"]), found["version"]
    inner = REGISTER.get((name, version)) if isinstance(version, int) else None
    if inner is None:
        return found
    return {**found, "arguments": document_of(inner, value_of(ANY, found["arguments"]))}


def document_of(action: Action, arguments: Value) -> Json:
    """A document's fields by name; plain values when they do not fit the action."""
    try:
        action.arguments.check(arguments, "arguments")
    except DecodeError:
        return plain_json(arguments)
    return to_people(action.name, json_of(action.arguments, arguments))


# --- roles


def role_number(value: Json) -> Json:
    """`head` as the ledger's number; a number as it is. InputError for another word."""
    if not isinstance(value, str) or value.isdecimal():
        return int(value) if isinstance(value, str) else value
    for role in Role:
        if role.name.lower() == value:
            return int(role)
    raise InputError(
        f"role {value!r}; roles are {', '.join(role.name.lower() for role in Role)}", "INPUT-FIELD"
    )


def role_word(value: Json) -> Json:
    """A role for people."""
    if value == ANYBODY:
        return "anybody"
    return "+".join(role.name.lower() for role in Role if isinstance(value, int) and value & role) or value


def _with_roles(document: Json, change: Callable[[Json], Json]) -> Json:
    """The document with every field `role` changed, in its steps too."""
    found = dict(as_object(document, "document"))
    if "role" in found:
        found["role"] = change(found["role"])
    steps = found.get("steps")
    if isinstance(steps, list):
        found["steps"] = [
            {**step, "role": change(step["role"])} if isinstance(step, dict) and "role" in step else step
            for step in steps
        ]
    return found


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
