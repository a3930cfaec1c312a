"""`eqz rule`: every ground of refusal with its article, its texts and what to do."""

from __future__ import annotations

import difflib

import click

from cli.documents import Json
from cli.failures import Details, NotFoundError
from cli.output import emit_item, emit_list
from cli.session import Session, global_options, pass_session
from contracts.areas import LOADED
from contracts.reasons import CATALOGUE

assert LOADED, "importing the area modules fills the catalogue"


@click.group(name="rule", help="Grounds of refusal: list, explain.")
@global_options
def rule() -> None:
    """From the catalogue that every node has."""


@rule.command("list", help="Every code a document can be refused with.")
@global_options
@pass_session
def list_rules(session: Session) -> None:
    """In the language asked for; JSON has all three under `explain`."""
    items: list[dict[str, Json]] = [
        {"code": code, "article": reason.article, "text": getattr(reason, session.language)}
        for code, reason in sorted(CATALOGUE.items())
    ]
    emit_list(session, "eqz.rule.list/1", items)


@rule.command("explain", help="One code: article, texts in three languages, what to do.")
@click.argument("code")
@global_options
@pass_session
def explain(session: Session, code: str) -> None:
    """NOT-FOUND names the nearest codes."""
    reason = CATALOGUE.get(code.upper())
    if reason is None:
        near = ", ".join(difflib.get_close_matches(code.upper(), CATALOGUE, 3))
        raise NotFoundError(
            f"no rule {code}",
            "NOT-FOUND",
            Details(remedy=f"did you mean {near}?" if near else "eqz rule list"),
        )
    emit_item(
        session,
        "eqz.rule.explain/1",
        {
            "code": reason.code,
            "article": reason.article,
            "kk": reason.kk,
            "ru": reason.ru,
            "en": reason.en,
            "remedy": reason.remedy,
        },
    )


COMMANDS = {"rule": rule}
