"""Verbs that are more than one document or record: budget show, treasury list and day, sequester plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from cli.amounts import day_of, tenge_of, tiyn_of
from cli.client import connected
from cli.documents import Json, as_object, json_of
from cli.envelope import known_action, write_text
from cli.failures import InputError, not_found, nothing_under
from cli.output import emit_item, emit_list
from cli.reading import Reading, items_of, parse_filters, reading_options
from cli.reads import as_of
from cli.remote import RemoteState
from cli.session import Session, global_options, pass_session
from cli.statements import BUDGET_STATEMENTS, TREASURY_STATEMENTS, figures_item, state_of
from cli.tables import read_table
from cli.views import VIEWS, suspension_items
from contracts import planner, reasons, statements
from contracts.fields import ROWS
from contracts.planner import Programme, SequesterPlan
from contracts.records import Collection, budget_key, prefix_of
from contracts.rejection import RejectionError
from contracts.statements import Figures

_YEAR = click.IntRange(2000, 2999)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("show", help="A budget: approved, refined and adjusted, and the six statuses of its money.")
@click.argument("budget", required=False)
@click.argument("year", required=False, type=_YEAR)
@click.option("--budget", "budget_option", metavar="CODE", help="Kind and territory; 01.kz.")
@click.option("--year", "year_option", type=_YEAR, help="The budget year; 2026.")
@click.option("--by-programme", is_flag=True, help="A row a programme instead.")
@reading_options
@global_options
@pass_session
def show_budget(
    session: Session,
    budget: str | None,
    year: int | None,
    budget_option: str | None,
    year_option: int | None,
    by_programme: bool,
    read: Reading,
) -> None:
    """The statuses add up to what was issued; sections to the whole budget."""
    if (budget and budget_option) or (year and year_option):
        raise InputError("name the budget and its year once: BUDGET YEAR, or --budget and --year", "USAGE")
    code, of_year = budget or budget_option or "01.kz", year or year_option or 2026
    with connected(session.nodes()) as client:
        totals = client.totals(code, of_year, read.height(client))
        height = int(totals["height"])
        at = as_of(client, height)
        state = state_of(client, (code,), of_year, height)
        if by_programme:
            emit_list(session, "eqz.budget.programmes/1", _programmes(totals, state, code, of_year), at)
            return
        found = client.value(Collection.BUDGETS, budget_key(code, of_year), height)["value"]
        sections = statements.figures(state, code, of_year)
    if found is None:
        raise nothing_under(Collection.BUDGETS, f"{code} {of_year}", "eqz budget list")
    adopted = VIEWS["budget"].item(budget_key(code, of_year), bytes.fromhex(found))
    item: dict[str, Json] = {
        **adopted,
        "issued": totals["issued"],
        **totals["statuses"],
        "figures": figures_item(statements.whole(sections)),
        "sections": {section: figures_item(one) for section, one in sections.items()},
    }
    emit_item(session, "eqz.budget.show/1", item, at)


def _programmes(totals: dict[str, Any], state: RemoteState, budget: str, year: int) -> list[dict[str, Json]]:
    """A row a programme: its figures and the statuses of its money."""
    appropriated = statements.appropriations_of(state, budget, year)
    rows: list[dict[str, Json]] = []
    for one in totals["programmes"]:
        appropriation = appropriated.get((one["administrator"], one["programme"]))
        figures = Figures() if appropriation is None else statements.figures_of(appropriation)
        rows.append(
            {
                "administrator": one["administrator"],
                "programme": one["programme"],
                "issued": one["issued"],
                **one["statuses"],
                "figures": figures_item(figures),
            }
        )
    return rows


@click.command("list", help="Suspensions in force, a row a ground of BC 111(1).")
@click.argument("filters", nargs=-1, metavar="[FIELD=VALUE]…")
@reading_options
@global_options
@pass_session
def list_suspensions(session: Session, filters: tuple[str, ...], read: Reading) -> None:
    """Blocked amounts are `treasury blocks` and `treasury held`."""
    found = items_of(session, Collection.SUSPENSIONS, b"", suspension_items, parse_filters(filters), read)
    emit_list(session, "eqz.treasury.list/1", found.items, found.as_of, found.following)


@click.command("day", help="The operational day that is open.")
@reading_options
@global_options
@pass_session
def show_day(session: Session, read: Reading) -> None:
    """Set by treasury open-day; every date rule of the budget uses it."""
    from cli.amounts import date_of
    from contracts.records import DAY_KEY, Day

    with connected(session.nodes()) as client:
        found = client.value(Collection.DAY, DAY_KEY, read.height(client))
        at = as_of(client, int(found["height"]))
    if found["value"] is None:
        raise not_found(RejectionError(reasons.NO_OPEN_DAY))
    day = Day.decode(bytes.fromhex(found["value"]))
    emit_item(session, "eqz.treasury.day/1", {"day": date_of(day.day), "opened": day.opened}, at)


# --- sequester plan: what-if outside consensus


@click.command("plan", help="What-if of a sequester: rows, effect, and the document for sequester decide.")
@click.argument("total", required=False, metavar="[TENGE]")
@click.option(
    "--share", "--percent", metavar="PERCENT", help="Of unprotected expenditure, e.g. 2.5, instead of tenge."
)
@click.option("--budget", default="01.kz", show_default=True)
@click.option("--year", type=_YEAR, required=True)
@click.option("--source", default="1", show_default=True, help="Source of financing.")
@click.option("--from-block", "block", metavar="HOLD", help="Cut only what stands under this block.")
@click.option(
    "--priorities", type=_FILE, metavar="CSV", help="administrator,programme,priority; 1 is cut first."
)
@click.option("--agreements", is_flag=True, help="Also the agreements that the decision suspends.")
@click.option("--decision", metavar="ID", help="Id of the decision, for the document.")
@click.option("--document", metavar="NUMBER", help="Number of the deciding act, for the document.")
@click.option("--date", metavar="DATE", help="Its date, for the document.")
@click.option("--out", type=_FILE, metavar="FILE.json", help="Write the document here.")
@global_options
@pass_session
def plan_sequester(
    session: Session,
    total: str | None,
    share: str | None,
    budget: str,
    year: int,
    source: str,
    block: str | None,
    priorities: Path | None,
    agreements: bool,
    decision: str | None,
    document: str | None,
    date: str | None,
    out: Path | None,
) -> None:
    """Reproducible by anyone from the same state; its root is named as provenance."""
    with connected(session.nodes()) as client:
        status = client.status()
        whole = (Collection.TOKENS, Collection.OBLIGATIONS) if agreements else (Collection.TOKENS,)
        balances = {Collection.BALANCES: (prefix_of(OBLIGATION_PARTS, OBLIGATION_PARTS),)}
        state = RemoteState(client, whole, int(status["height"]), balances if agreements else None)
        amount = _total(state, budget, year, total, share)
        plan = planner.plan_sequester(
            state, budget, year, source, amount, read_priorities(priorities) if priorities else None, block
        )
        suspended = planner.suspended_agreements(state, budget, year, plan.rows) if agreements else ()
        at = as_of(client, state.height)
    arguments = decide_document(plan, decision, budget, year, source, document, date)
    if out is not None:
        if None in (decision, document, date):
            raise InputError("the document needs --decision, --document and --date", "USAGE")
        write_text(out, json.dumps(arguments, ensure_ascii=False, indent=1) + "\n")
    said = _said(plan, str(status["state_root"]), out)
    if agreements:
        said["agreements"] = [
            {
                "holder": one.holder,
                "agreement": one.agreement,
                "accepted": tenge_of(one.accepted),
                "unpaid": tenge_of(one.unpaid),
            }
            for one in suspended
        ]
    if session.output in ("json", "jsonl"):
        said["arguments"] = arguments
    emit_item(session, PLAN_SCHEMA, said, at)


def _total(state: RemoteState, budget: str, year: int, total: str | None, share: str | None) -> int:
    if (total is None) == (share is None):
        raise InputError("give an amount in tenge, or --share PERCENT", "USAGE")
    if total is not None:
        return tiyn_of(total, "TENGE")
    assert share is not None, "one of the two is given"
    return planner.share_amount(state, budget, year, tiyn_of(share, "--share"))


def read_priorities(path: Path) -> dict[Programme, int]:
    """Priority by programme, read like every table of people: CSV or XLSX (docs/cli.md). InputError."""
    table = read_table(path)
    if missing := {"administrator", "programme", "priority"} - set(table.columns):
        raise InputError(f"{path} has no column {', '.join(sorted(missing))}", "INPUT-CSV")
    found: dict[Programme, int] = {}
    for number, cells in zip(table.lines, table.rows, strict=True):
        row = {name: cell.strip() for name, cell in zip(table.columns, cells, strict=True)}
        programme = (row["administrator"], row["programme"])
        priority = row["priority"]
        if not (priority.isascii() and priority.isdecimal()) or not all(map(_is_code, programme)):
            raise InputError(
                f"{path}, line {number}: administrator,programme,priority expected, "
                f"two codes of three digits and a whole number; found {','.join(cells)}",
                "INPUT-CSV",
            )
        if programme in found:
            raise InputError(f"{path}, line {number}: {'/'.join(programme)} stands twice", "INPUT-CSV")
        found[programme] = int(priority)
    return found


def _is_code(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isdecimal()


OBLIGATION_PARTS = 3
"""A balance's key of an obligation: three parts, the first of them 3 (docs/formats.md, "State records")."""

PLAN_SCHEMA = "eqz.sequester.plan/1"


def decide_document(
    plan: SequesterPlan,
    decision: str | None,
    budget: str,
    year: int,
    source: str,
    document: str | None,
    date: str | None,
) -> dict[str, Json]:
    """The JSON document of `sequester.decide` with the rows of a plan; without what is not known yet."""
    arguments = (
        decision or "", budget, year, source, plan.instrument, document or "",
        0 if date is None else day_of(date, "--date"), plan.total, tuple(row.cut_row() for row in plan.rows),
    )  # fmt: skip
    found = dict(as_object(json_of(known_action("sequester.decide").arguments, arguments), "document"))
    known = {"decision": decision, "document": document, "date": date}
    return {name: value for name, value in found.items() if known.get(name, value) is not None}


def decision_of_plan(document: Json) -> Json:
    """The document of `sequester decide` out of what `sequester plan -o json` says, or as it is written.

    Fields of the command line (decision, document, date) are laid over the plan's. A decision of more rows
    than one document holds is filed in parts: `part=1` and on; every part states the whole total.
    """
    found = dict(as_object(document, "document"))
    if found.get("schema") == PLAN_SCHEMA:
        item = as_object(found.pop("item"), "item")
        for name in ("schema", "height", "block_time"):
            found.pop(name, None)
        found = {**as_object(item.get("arguments"), "arguments"), **found}
    part, rows = found.pop("part", None), found.get("rows")
    if not isinstance(rows, list) or (part is None and len(rows) <= ROWS):
        return found
    parts = -(-len(rows) // ROWS)
    if not (str(part).isdecimal() and 1 <= int(str(part)) <= parts):
        raise InputError(
            f"the decision has {len(rows)} rows, one document holds {ROWS}: give part=1 to part={parts}",
            "INPUT-FIELD",
        )
    return {**found, "rows": rows[(int(str(part)) - 1) * ROWS : int(str(part)) * ROWS]}


def _said(plan: SequesterPlan, state_root: str, out: Path | None) -> dict[str, Json]:
    def effects(found: tuple[planner.Effect, ...]) -> list[Json]:
        return [
            {"name": one.name, "cuttable": tenge_of(one.cuttable), "cut": tenge_of(one.cut)} for one in found
        ]

    return {
        "total": tenge_of(plan.total),
        "base": tenge_of(plan.base),
        "share_percent": tenge_of(plan.share),
        "instrument": plan.instrument,
        "rows": len(plan.rows),
        "state_root": state_root,
        "document": None if out is None else str(out),
        "administrators": effects(plan.administrators),
        "programmes": effects(plan.programmes),
        "institutions": effects(plan.institutions),
    }


BUDGET_COMMANDS = (show_budget, *BUDGET_STATEMENTS)
TREASURY_COMMANDS = (list_suspensions, show_day, *TREASURY_STATEMENTS)
SEQUESTER_COMMANDS = (plan_sequester,)
