"""Statements of budgets: figures, acts, no shift between programmes, transfers, sums, notices to unblock.

They are computed on the person's own machine from what the ledger holds at one height, so anyone can repeat
them against any node (`contracts.statements`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields

import click

from cli.amounts import date_of, tenge_of
from cli.client import Client, connected
from cli.documents import Json
from cli.failures import DifferencesError, InputError, NotFoundError, not_found
from cli.output import emit_item, emit_list
from cli.reading import Reading, items_of, parse_filters, reading_options
from cli.reads import as_of
from cli.remote import RemoteState
from cli.session import Session, global_options, pass_session
from cli.views import line_fields
from contracts import reasons, statements
from contracts.calendar import civil
from contracts.records import (
    ACCEPTED,
    REDEEMED,
    Balance,
    BudgetAct,
    Collection,
    Line,
    Plan,
    balance_of,
    budget_key,
    operational_day,
    position_scope,
    prefix_of,
    trusted,
)
from contracts.rejection import RejectionError
from contracts.statements import Figures, Totals

_YEAR = click.IntRange(2000, 2999)
_MONTH = click.IntRange(1, 12)

POSITION_SCOPE = 2
"""The first part of a balance's key of three: the position's."""

PROGRAMME_SCOPE = 1
"""The first part of a balance's key of five: the programme's (docs/formats.md, "State records")."""

_BUDGET_OPTION = click.option("--budget", default="01.kz", show_default=True, metavar="CODE")
_YEAR_OPTION = click.option("--year", type=_YEAR, required=True)


@contextmanager
def _known() -> Iterator[None]:
    """A statement of what is not there is a thing not found."""
    try:
        yield
    except RejectionError as refusal:
        raise not_found(refusal) from None


def state_of(
    client: Client, budgets: Sequence[str], year: int, height: int | None, whole: Sequence[str] = ()
) -> RemoteState:
    """What the statements of these budgets read, at one height: records of the year and the programmes'
    balances, and collections that they read `whole`."""
    prefixes = {
        Collection.APPROPRIATIONS: tuple(prefix_of(4, one, year) for one in budgets),
        Collection.BUDGET_ACTS: tuple(prefix_of(3, one, year) for one in budgets),
        Collection.RECEIPTS: tuple(prefix_of(3, one, year) for one in budgets),
        Collection.BALANCES: tuple(prefix_of(5, PROGRAMME_SCOPE, one, year) for one in budgets),
    }
    return RemoteState(client, whole, height, prefixes)


def figures_item(found: Figures) -> dict[str, Json]:
    """Approved, refined, adjusted, sequestered and in force, in tenge."""
    shown = {one.name: tenge_of(getattr(found, one.name)) for one in fields(found)}
    return {**shown, "in_force": tenge_of(found.in_force)}


def figures_items(client: Client, budget: str, year: int, height: int | None) -> dict[str, Figures]:
    """The figures of a budget by section."""
    return statements.figures(state_of(client, (budget,), year, height), budget, year)


def act_items(key: bytes, value: bytes) -> list[dict[str, Json]]:
    """One item a programme of an act."""
    budget, year, serial = trusted(key)
    act = BudgetAct.decode(value)
    return [
        {
            "budget": budget,
            "year": year,
            "serial": serial,
            "kind": act.kind,
            "case": act.case,
            "document": act.document,
            "date": date_of(act.date),
            "day": date_of(act.day),
            "administrator": administrator,
            "programme": programme,
            "up": tenge_of(up),
            "down": tenge_of(down),
        }
        for administrator, programme, up, down in act.rows
    ]


@click.command("acts", help="Acts that changed a budget, a row a programme; FIELD=VALUE narrows.")
@click.argument("filters", nargs=-1, metavar="[FIELD=VALUE]…")
@reading_options
@global_options
@pass_session
def list_acts(session: Session, filters: tuple[str, ...], read: Reading) -> None:
    """Refinements, adjustments, sequesters and changes of the classification, in the order they came."""
    given = parse_filters(filters)
    prefix = b""
    if "budget" in given:
        parts: list[str | int] = [given["budget"]]
        if given.get("year", "").isdecimal():
            parts.append(int(given["year"]))
        prefix = prefix_of(3, *parts)
    found = items_of(session, Collection.BUDGET_ACTS, prefix, act_items, given, read)
    emit_list(session, "eqz.budget.acts/1", found.items, found.as_of, found.following)


@click.command("no-shift", help="Proof that no money moved between programmes except by acts of the budget.")
@_BUDGET_OPTION
@_YEAR_OPTION
@click.option("--month", type=_MONTH, help="To the end of this month; without it, to that of the open day.")
@reading_options
@global_options
@pass_session
def no_shift(session: Session, budget: str, year: int, month: int | None, read: Reading) -> None:
    """Ends with 10 when anything contradicts the acts; the statement names the programme and why."""
    with connected(session.nodes()) as client:
        state = state_of(client, (budget,), year, read.height(client))
        with _known():
            found = statements.no_shift(state, budget, year, month or _open_month(state, year))
        at = as_of(client, state.height)
    emit_item(session, "eqz.budget.no-shift/1", no_shift_item(found), at)
    named = [f"{one.administrator}/{one.programme}" for one in found.programmes if one.findings]
    if named:
        raise DifferencesError(f"money moved without an act of the budget: {', '.join(named)}", "NO-SHIFT")


def no_shift_item(found: statements.NoShift) -> dict[str, Json]:
    """The statement in tenge. `result`: PROVEN or CONTRADICTED."""
    programmes: list[Json] = [
        {
            "administrator": one.administrator,
            "programme": one.programme,
            **figures_item(one.figures),
            "received": tenge_of(one.received),
            "given": tenge_of(one.given),
            "findings": list(one.findings),
        }
        for one in found.programmes
    ]
    return {
        "budget": found.budget,
        "year": found.year,
        "month": found.month,
        "result": "PROVEN" if found.is_proven else "CONTRADICTED",
        "acts": found.acts,
        "programmes": programmes,
    }


def _open_month(state: RemoteState, year: int) -> int:
    """The month of the open day in the year; December of a year that has ended."""
    day = operational_day(state)
    if day is None:
        raise not_found(RejectionError(reasons.NO_OPEN_DAY))
    open_year, month, _ = civil(day)
    if open_year < year:
        raise InputError(f"--year: {year} has not begun", "INPUT-FIELD")
    return month if open_year == year else 12


def _totals_item(found: Totals) -> dict[str, Json]:
    return {one.name: tenge_of(getattr(found, one.name)) for one in fields(found)}


@click.command("consolidated", help="Several budgets added up, mutual transfers taken out (BC 8).")
@click.argument("budgets", nargs=-1, required=True, metavar="BUDGET…")
@_YEAR_OPTION
@reading_options
@global_options
@pass_session
def consolidated(session: Session, budgets: tuple[str, ...], year: int, read: Reading) -> None:
    """Rows: each budget, their plain sum, the mutual flows, and the net sum."""
    with connected(session.nodes()) as client:
        state = state_of(client, budgets, year, read.height(client))
        for budget in budgets:
            if client.value(Collection.BUDGETS, budget_key(budget, year), state.height)["value"] is None:
                raise not_found(RejectionError(reasons.BUDGET_NONE, budget=budget, year=year))
        found = statements.consolidated(state, budgets, year)
        at = as_of(client, state.height)
    mutual = Totals(found.planned_mutual, found.planned_mutual, found.mutual, found.mutual)
    rows = [*found.budgets, ("gross", found.gross), ("mutual", mutual), ("net", found.net)]
    items: list[dict[str, Json]] = [{"budget": name, **_totals_item(one)} for name, one in rows]
    emit_list(session, "eqz.budget.consolidated/1", items, at)


@click.command("transfers-plan", help="Transfers of an upper budget against receipts of the lower ones.")
@click.argument("upper")
@click.argument("lowers", nargs=-1, required=True, metavar="LOWER…")
@_YEAR_OPTION
@reading_options
@global_options
@pass_session
def transfers_plan(session: Session, upper: str, lowers: tuple[str, ...], year: int, read: Reading) -> None:
    """Twelve cumulative months; they must be equal (TP 19(3)–(4)). Then what was sent to each."""
    with connected(session.nodes()) as client:
        state = state_of(client, lowers, year, read.height(client), (Collection.PLANS,))
        found = statements.transfers_plan(state, upper, year, lowers)
        at = as_of(client, state.height)
    months: list[Json] = [
        {"month": month, "planned": tenge_of(plan), "expected": tenge_of(expect)}
        for month, (plan, expect) in enumerate(zip(found.planned, found.expected, strict=True), 1)
    ]
    sent: list[Json] = [{"lower": lower, "sent": tenge_of(amount)} for lower, amount in found.sent]
    item: dict[str, Json] = {
        "upper": upper,
        "year": year,
        "differing_months": list(found.differing_months),
        "months": months,
        "transfers": sent,
    }
    emit_item(session, "eqz.budget.transfers-plan/1", item, at)


@click.command("notices", help="Budgets whose blocks exceed the shortfall: what may be unblocked.")
@click.argument("budgets", nargs=-1, metavar="[BUDGET]…")
@reading_options
@global_options
@pass_session
def notices(session: Session, budgets: tuple[str, ...], read: Reading) -> None:
    """Of the open day; an empty list says that every block still has its shortfall."""
    with connected(session.nodes()) as client:
        state = RemoteState(client, (Collection.BUDGETS,), read.height(client))
        day = operational_day(state)
        named = [] if day is None else [(one, day) for one in _named(state, budgets, day)]
        found = [statements.notice(state, one, on) for one, on in named]
        at = as_of(client, state.height)
    items: list[dict[str, Json]] = [
        {
            "budget": one.budget,
            "year": one.year,
            "month": one.month,
            "blocked": tenge_of(one.blocked),
            "shortfall": tenge_of(one.shortfall),
            "excess": tenge_of(one.excess),
        }
        for one in found
        if one is not None
    ]
    emit_list(session, "eqz.treasury.notices/1", items, at)


def _named(state: RemoteState, budgets: tuple[str, ...], day: int) -> list[str]:
    """The named budgets, or all that are adopted for the year of the day."""
    known = [trusted(key) for key, _ in statements.under(state, Collection.BUDGETS, prefix_of(2))]
    adopted = [str(budget) for budget, year in known if year == civil(day)[0]]
    return [budget for budget in adopted if not budgets or budget in budgets]


@click.command("compare", help="Plans of an institution beside what is accepted and redeemed, by position.")
@click.argument("holder")
@_BUDGET_OPTION
@_YEAR_OPTION
@click.option("--month", type=_MONTH, help="Plans to the end of this month; else to that of the open day.")
@reading_options
@global_options
@pass_session
def compare_plans(
    session: Session, holder: str, budget: str, year: int, month: int | None, read: Reading
) -> None:
    """Accepted and redeemed are those of the height that is read; what is left is what may be accepted and
    paid to the end of the month (TP 177, 236(14))."""
    with connected(session.nodes()) as client:
        prefixes = {
            Collection.PLANS: (prefix_of(2, holder),),
            Collection.BALANCES: (prefix_of(3, POSITION_SCOPE, holder),),
        }
        state = RemoteState(client, (), read.height(client), prefixes)
        to_month = month or _open_month(state, year)
        items: list[dict[str, Json]] = [
            _compared(line, Plan.decode(value), to_month, balance_of(state, position_scope(holder, line)))
            for line, value in _positions(state, holder)
            if (line.budget, line.year) == (budget, year)
        ]
        at = as_of(client, state.height)
    if not items:
        raise NotFoundError(f"{holder} has no plans in budget {budget} of {year}", "NOT-FOUND")
    emit_list(session, "eqz.plan.compare/1", items, at)


def _positions(state: RemoteState, holder: str) -> Iterator[tuple[Line, bytes]]:
    for key, value in statements.under(state, Collection.PLANS, prefix_of(2, holder)):
        yield Line(*trusted(key)[1]), value


def _compared(line: Line, plan: Plan, month: int, balance: Balance) -> dict[str, Json]:
    accepted, redeemed = balance.total(ACCEPTED), balance.total(REDEEMED)
    obligations, payments = plan.obligations[month - 1], plan.payments[month - 1]
    return {
        **line_fields(line),
        "month": month,
        "obligations": tenge_of(obligations),
        "accepted": tenge_of(accepted),
        "may_accept": tenge_of(max(0, obligations - accepted)),
        "payments": tenge_of(payments),
        "redeemed": tenge_of(redeemed),
        "may_pay": tenge_of(max(0, payments - redeemed)),
    }


PLAN_STATEMENTS = (compare_plans,)
BUDGET_STATEMENTS = (list_acts, no_shift, consolidated, transfers_plan)
TREASURY_STATEMENTS = (notices,)
