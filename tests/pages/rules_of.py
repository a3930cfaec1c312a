"""Which refusals a rule can raise, as the syntax trees of `contracts` say.

From a function the references go on to every function, method and table it names, through the modules of the
package; what is met of `reasons` on the way is what can be refused. Methods are found by their names in the
classes that a module defines or imports, so the answer may name a code too many, never one too few.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import contracts
from contracts import reasons
from contracts.actions import Action
from contracts.rejection import Reason

FOLDER = Path(contracts.__file__).parent

Place = tuple[str, str]
"""Module and name at its top level; of a method `Class.method`."""

NOT_FOLLOWED = frozenset({"reasons", "remedies", "records", "invariants", "executor", "areas", "why"})
"""Modules that raise nothing while a document is carried out."""


@dataclass
class Module:
    """The names at the top of one module: where each comes from, and what its definition refers to."""

    imported: dict[str, Place | str] = field(default_factory=dict)
    defined: dict[str, ast.AST] = field(default_factory=dict)
    methods: dict[str, list[str]] = field(default_factory=dict)


@cache
def module(name: str) -> Module:
    """A module of `contracts`, read."""
    found = Module()
    for node in ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")).body:
        match node:
            case ast.ImportFrom(module="contracts"):
                for alias in node.names:
                    found.imported[alias.asname or alias.name] = alias.name
            case ast.ImportFrom(module=str(source)) if source.startswith("contracts."):
                for alias in node.names:
                    origin = (source.removeprefix("contracts."), alias.name)
                    found.imported[alias.asname or alias.name] = origin
            case ast.FunctionDef(name=own):
                found.defined[own] = node
            case ast.ClassDef(name=own):
                found.defined[own] = node
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        found.defined[f"{own}.{inner.name}"] = inner
                        found.methods.setdefault(inner.name, []).append(f"{own}.{inner.name}")
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        found.defined[target.id] = value
            case ast.AnnAssign(target=ast.Name(id=own), value=value) if value is not None:
                found.defined[own] = value
    return found


def _references(place: Place) -> Iterator[Place]:
    """What a definition refers to, in this module and in others."""
    here, name = place
    found = module(here)
    node = found.defined.get(name)
    if node is None:
        return
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if isinstance(
                found.imported.get(owner), str
            ):
                yield str(found.imported[owner]), attribute
            case ast.Attribute(attr=attribute):
                yield from ((here, method) for method in found.methods.get(attribute, ()))
                yield from _imported_methods(found, attribute)
            case ast.Name(id=used) if used in found.defined:
                yield here, used
            case ast.Name(id=used) if isinstance(found.imported.get(used), tuple):
                origin = found.imported[used]
                assert isinstance(origin, tuple)
                yield origin


def _imported_methods(found: Module, attribute: str) -> Iterator[Place]:
    for origin in found.imported.values():
        if isinstance(origin, tuple) and origin[0] not in NOT_FOLLOWED:
            method = f"{origin[1]}.{attribute}"
            if method in module(origin[0]).defined:
                yield origin[0], method


@cache
def names_of(start: Place) -> frozenset[str]:
    """Names of `reasons` that can be met from a definition on."""
    seen: set[Place] = set()
    waiting, names = [start], set()
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        if place[0] == "reasons":
            names.add(place[1])
        elif place[0] not in NOT_FOLLOWED:
            waiting.extend(_references(place))
    return frozenset(names)


def refusals_of(action: Action) -> list[Reason]:
    """What the rules of an action can refuse, in the order of the codes."""
    handler = action.handler
    place = (handler.__module__.removeprefix("contracts."), handler.__qualname__)
    return reasons_of(names_of(place))


def refusals_of_every_document() -> list[Reason]:
    """What the executor refuses before and after the rules of any action."""
    return reasons_of(names_of_executor())


@cache
def names_of_executor() -> frozenset[str]:
    tree = ast.parse((FOLDER / "executor.py").read_text(encoding="utf-8"))
    return (
        frozenset(
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "reasons"
        )
        | names_of(("approvals", "check_rules"))
        | names_of(("approvals", "refuse_if_routed"))
    )


def reasons_of(names: frozenset[str]) -> list[Reason]:
    """The reasons of these names, in the order of their codes."""
    found = [getattr(reasons, name) for name in names]
    return sorted((one for one in found if isinstance(one, Reason)), key=lambda one: one.code)
