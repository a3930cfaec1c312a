"""Verbs about the end of a year and about ratings that are more than one document or record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cli.amounts import date_of, tenge_of
from cli.client import Client, connected
from cli.documents import Json, json_of
from cli.envelope import known_action, write_text
from cli.failures import Details, InputError, NotFoundError, not_found
from cli.output import AsOf, emit_item, emit_list
from cli.reading import Reading, reading_options
from cli.reads import as_of
from cli.remote import RemoteState
from cli.session import Session, global_options, pass_session
from cli.views import VIEWS, line_fields
from contracts import incentives, reasons
from contracts.records import Collection, Rating, budget_key, closing_key, operational_day, trusted
from contracts.rejection import RejectionError

_YEAR = click.IntRange(2000, 2999)
_FILE = click.Path(path_type=Path, dir_okay=False)
_LANGUAGES = ("kk", "ru", "en")


# --- the year


@click.command("status", help="How a year stands: open, closing (and how far), closed.")
@click.argument("budget", default="01.kz")
@click.argument("year", type=_YEAR)
@reading_options
@global_options
@pass_session
def show_status(session: Session, budget: str, year: int, read: Reading) -> None:
    """Without a record the year of a budget is open."""
    key = closing_key(budget, year)
    with connected(session.nodes()) as client:
        found = client.value(Collection.CLOSINGS, key, read.height(client))
        height = int(found["height"])
        at = as_of(client, height)
        if (
            found["value"] is None
            and client.value(Collection.BUDGETS, budget_key(budget, year), height)["value"] is None
        ):
            raise not_found(RejectionError(reasons.BUDGET_NONE, budget=budget, year=year))
    item: dict[str, Json] = {"budget": budget, "year": year, "status": "open"}
    if found["value"] is not None:
        item = VIEWS["closing"].item(key, bytes.fromhex(found["value"]))
    emit_item(session, "eqz.year.status/1", item, at)


# --- what-if of ratings, on the person's own machine


def _state(client: Client, *collections: str) -> tuple[RemoteState, int, AsOf]:
    """The state of a node, its operational day, and how old it is."""
    state = RemoteState(client, collections)
    day = operational_day(state)
    if day is None:
        raise not_found(RejectionError(reasons.NO_OPEN_DAY))
    return state, day, as_of(client, state.height)


_RATED = (Collection.APPROPRIATIONS, Collection.CONSOLIDATED, Collection.CONDUCT)


def _rated(state: RemoteState, budget: str, year: int, named: Sequence[str]) -> list[str]:
    """The administrators asked for, or all that have plans."""
    if named:
        return list(dict.fromkeys(named))
    pairs = state.scan(Collection.CONSOLIDATED, b"", 1 << 20)
    keys = [trusted(key) for key, _ in pairs]
    return sorted({key[2] for key in keys if key[:2] == (budget, year) and key[2] is not None})


def _month_of(year: int, day: int, month: int | None) -> int:
    """The month that can be rated on the day, unless another is named."""
    closed = incentives.closed_months(year, day)
    return month or min(closed + 1, 12)


def _rating_item(administrator: str, rating: Rating) -> dict[str, Json]:
    """A rating with every figure and part by its name."""
    names = [name for name, _ in incentives.RATING_ROW.fields]
    values = incentives.row_of(administrator, rating)
    shape = incentives.RATING_ROW
    named = json_of(shape, values)
    assert isinstance(named, dict), "a row is an object"
    return {name: named[name] for name in names}


@click.command("figures", help="What the formula gives now, and the document for rating compute.")
@click.argument("administrators", nargs=-1, metavar="[ADMINISTRATOR]…")
@click.option("--budget", default="01.kz", show_default=True)
@click.option("--year", type=_YEAR, required=True)
@click.option("--month", type=click.IntRange(1, 12), help="The open month.")
@click.option("--out", type=_FILE, metavar="FILE.json", help="Write the document here.")
@global_options
@pass_session
def show_figures(
    session: Session,
    administrators: tuple[str, ...],
    budget: str,
    year: int,
    month: int | None,
    out: Path | None,
) -> None:
    """Anybody computes the same from the same state."""
    with connected(session.nodes()) as client:
        state, day, at = _state(client, *_RATED)
        month = _month_of(year, day, month)
        rated = [
            (code, incentives.rate(state, budget, year, month, code, day))
            for code in _rated(state, budget, year, administrators)
        ]
    if out is not None:
        rows = tuple(incentives.row_of(code, rating) for code, rating in rated)
        _write(out, "rating.compute", (budget, year, month, incentives.FORMULA, rows))
    emit_list(session, "eqz.rating.figures/1", [_rating_item(code, rating) for code, rating in rated], at)


@click.command("explain", help="How an administrator's rating comes about, part by part.")
@click.argument("administrator")
@click.option("--budget", default="01.kz", show_default=True)
@click.option("--year", type=_YEAR, required=True)
@click.option("--month", type=click.IntRange(1, 12), help="The open month.")
@global_options
@pass_session
def explain(session: Session, administrator: str, budget: str, year: int, month: int | None) -> None:
    """Formula, facts and points as the state has them now."""
    with connected(session.nodes()) as client:
        state, day, at = _state(client, *_RATED)
        month = _month_of(year, day, month)
        if administrator not in _rated(state, budget, year, ()):
            raise NotFoundError(
                f"administrator {administrator} has no plans in budget {budget} of {year}",
                details=Details(
                    remedy=f"eqz rating figures --budget {budget} --year {year} lists who is rated"
                ),
            )
        rating = incentives.rate(state, budget, year, month, administrator, day)
    language = _LANGUAGES.index(session.language)
    parts: list[Json] = [
        {
            "part": name,
            "text": texts[language],
            "share_percent": tenge_of(part),
            "points": tenge_of(points * part // 100),
            "most": points,
        }
        for (name, points, texts), part in zip(incentives.WEIGHTS, rating.parts, strict=True)
    ]
    facts = _rating_item(administrator, rating)
    item: dict[str, Json] = {
        "administrator": administrator,
        "budget": budget,
        "year": year,
        "month": month,
        "day": date_of(rating.day),
        "formula": rating.formula,
        "score": rating.score,
        **{name: facts[name] for name in incentives.Facts.__match_args__},
        "parts": parts,
    }
    emit_item(session, "eqz.rating.explain/1", item, at)


@click.command("unaccepted", help="Plans not accepted in time, and the document for rating warn.")
@click.option("--budget", default="01.kz", show_default=True)
@click.option("--year", type=_YEAR, required=True)
@click.option("--source", default="1", show_default=True, help="Source of financing, of the document.")
@click.option("--document", metavar="NUMBER", help="Number of the letter, for the document.")
@click.option("--out", type=_FILE, metavar="FILE.json", help="Write the document here.")
@global_options
@pass_session
def list_unaccepted(
    session: Session, budget: str, year: int, source: str, document: str | None, out: Path | None
) -> None:
    """Those already warned of for the month are listed, and left out of the document."""
    with connected(session.nodes()) as client:
        state, day, at = _state(client, Collection.PLANS, Collection.BALANCES, Collection.WARNINGS)
        found = list(incentives.unaccepted(state, budget, year, day))
        warned = {one for one in found if incentives.is_warned(state, one)}
    if out is not None:
        if document is None:
            raise InputError("the document needs --document", "USAGE")
        rows = tuple(one.row() for one in found if one not in warned and one.line.source == source)
        _write(out, "unaccepted.warn", (budget, year, source, document, rows))
    items: list[dict[str, Json]] = [
        {
            "holder": one.holder,
            **line_fields(one.line),
            "month": one.month,
            "plan": tenge_of(one.plan),
            "amount": tenge_of(one.amount),
            "is_warned": one in warned,
        }
        for one in found
    ]
    emit_list(session, "eqz.rating.unaccepted/1", items, at)


@click.command("propose", help="Amendments of plans for what was warned of, and the document for plan amend.")
@click.option("--budget", default="01.kz", show_default=True)
@click.option("--year", type=_YEAR, required=True)
@click.option("--source", default="1", show_default=True, help="Source of financing, of the document.")
@click.option("--administrator", metavar="CODE", help="Of the document.")
@click.option("--programme", metavar="CODE", help="Of the document.")
@click.option("--certificate", metavar="NUMBER", help="Number of the certificate, for the document.")
@click.option("--out", type=_FILE, metavar="FILE.json", help="Write the document here.")
@global_options
@pass_session
def list_proposals(
    session: Session,
    budget: str,
    year: int,
    source: str,
    administrator: str | None,
    programme: str | None,
    certificate: str | None,
    out: Path | None,
) -> None:
    """It annuls nothing: the administrator files the certificate, or objects to the warning."""
    with connected(session.nodes()) as client:
        whole = (Collection.PLANS, Collection.BALANCES, Collection.WARNINGS, Collection.TOKENS)
        state, day, at = _state(client, *whole)
        found = [
            one
            for one in incentives.propose(state, budget, year, day)
            if administrator in (None, one.line.administrator) and programme in (None, one.line.programme)
        ]
    if out is not None:
        if administrator is None or programme is None or certificate is None:
            raise InputError("the document needs --administrator, --programme and --certificate", "USAGE")
        rows = tuple(one.row for one in found if one.line.source == source)
        _write(out, "plan.amend", (budget, year, source, programme, certificate, "b", None, rows))
    items: list[dict[str, Json]] = [
        {"holder": one.holder, **line_fields(one.line), "freed": tenge_of(one.freed)} for one in found
    ]
    emit_list(session, "eqz.rating.propose/1", items, at)


def _write(path: Path, action: str, arguments: tuple[Any, ...]) -> None:
    """The JSON document of an action."""
    document = json_of(known_action(action).arguments, arguments)
    write_text(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


YEAR_COMMANDS = (show_status,)
RATING_COMMANDS = (show_figures, explain, list_unaccepted, list_proposals)
