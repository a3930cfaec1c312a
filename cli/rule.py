"""`eqz rule`: every ground of refusal with its article, its texts, what to do and an example."""

from __future__ import annotations

import difflib
import json
from functools import cache
from importlib.resources import files
from typing import Any

import click

from cli.documents import Json
from cli.failures import nothing_under
from cli.output import emit_item, emit_list
from cli.session import Session, global_options, pass_session
from contracts.areas import LOADED
from contracts.reasons import CATALOGUE
from contracts.rejection import Facts, Reason
from contracts.remedies import remedies_of
from contracts.words import texts_of

assert LOADED, "importing the area modules fills the catalogue"


@click.group(name="rule", help="Grounds of refusal: list, explain.")
@global_options
def rule() -> None:
    """From the catalogue that every node has."""


@rule.command("list", help="Every code a document can be refused with: article, texts in three languages.")
@global_options
@pass_session
def list_rules(session: Session) -> None:
    """In the order of the codes."""
    items: list[dict[str, Json]] = [
        {"code": code, "article": reason.article, **_texts(reason)}
        for code, reason in sorted(CATALOGUE.items())
    ]
    emit_list(session, "eqz.rule.list/1", items)


@rule.command("explain", help="One code: article, texts, what to do, and a document that is refused with it.")
@click.argument("code")
@global_options
@pass_session
def explain(session: Session, code: str) -> None:
    """NOT-FOUND names the nearest codes. JSON says what to do in three languages, a table in one."""
    reason = CATALOGUE.get(code.upper())
    if reason is None:
        near = ", ".join(difflib.get_close_matches(code.upper(), CATALOGUE, 3))
        raise nothing_under("rules", code, f"eqz rule explain: {near}" if near else "eqz rule list")
    is_json = session.output in ("json", "jsonl")
    remedies: dict[str, Json] = {**remedies_of(reason)}
    item: dict[str, Json] = {
        "code": reason.code,
        "article": reason.article,
        **_texts(reason),
        "remedy": remedies if is_json else remedies[session.language],
    }
    found = examples().get(reason.code)
    if found is not None:
        item["example"] = _example(reason, found) if is_json else _read(reason, found, session.language)
    emit_item(session, "eqz.rule.explain/1", item)


@cache
def examples() -> dict[str, dict[str, Any]]:
    """By code: a document that the ledger refuses with it, as the test suite executes it."""
    stored = files("cli.data").joinpath("examples.json").read_text(encoding="utf-8")
    return dict(json.loads(stored))


def _texts(reason: Reason, facts: Facts = ()) -> dict[str, Json]:
    return {**texts_of(reason, facts)}


def _example(reason: Reason, found: dict[str, Any]) -> dict[str, Json]:
    """The whole example; `answer` is the refusal in three languages, `remedy` what to do here."""
    facts = tuple(found["facts"].items())
    return {
        **{name: found[name] for name in ("situation", "institution", "action", "signed_by", "document")},
        "facts": found["facts"],
        "answer": _texts(reason, facts),
        "remedy": {**remedies_of(reason, facts)},
    }


def _read(reason: Reason, found: dict[str, Any], language: str) -> dict[str, Json]:
    """The example as people read it: what happened, the document, what the ledger says."""
    whole = _example(reason, found)
    answer = whole["answer"]
    assert isinstance(answer, dict)
    names = ("situation", "institution", "action", "signed_by", "document")
    return {**{name: whole[name] for name in names}, "answer": answer[language]}


COMMANDS = {"rule": rule}
