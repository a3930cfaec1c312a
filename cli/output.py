"""Data on stdout: tables for people, one contract for programs (docs/cli.md, "Output").

JSON is the contract and carries its schema; amounts are tenge strings, statuses Latin constants. On a
terminal a table is aligned and translated; in a pipe the same rows are tab-separated with full values.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cli.amounts import grouped, instant_of
from cli.documents import Json
from cli.failures import InputError
from cli.session import Session
from cli.texts import YES_AND_NO, constant, heading, label, question

if TYPE_CHECKING:
    from rich.console import Console

Item = Mapping[str, Json]

_is_tenge = re.compile(r"-?[0-9]+\.[0-9]{2}").fullmatch
"""An amount as JSON has it: set to the right with thousands apart on a terminal."""

WHOLE_CELL = 20
"""A value up to so long stands on one line of its cell; a longer one may be folded."""

WHOLE_WORD = 8
"""A word of a heading up to so long stands on one line."""

GAP = "  "
"""Between two columns."""

TRANSLATED = frozenset(
    (
        "status",
        "stage",
        "kind",
        "section",
        "budget",
        "case",
        "instrument",
        "ground",
        "block",
        "result",
        "from",
        "to",
    )
)
"""Columns whose Latin constants are translated on a terminal, and nowhere else."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """How old the data are: the height they stand at and its block time (0 and 0 before block 1)."""

    height: int | None = None
    time_ms: int | None = None


NOWHERE = AsOf()
"""Data that do not come from a ledger."""


def emit_list(
    session: Session, schema: str, items: Sequence[Item], as_of: AsOf = NOWHERE, following: str | None = None
) -> None:
    """A list of items with the same fields. `following` is the key after which the next page begins."""
    form = session.output
    if form == "json":
        whole = {**_head(schema, as_of), "items": list(items), "next": following}
        click.echo(json.dumps(whole, ensure_ascii=False))
    elif form == "jsonl":
        for item in items:
            click.echo(json.dumps(item, ensure_ascii=False))
    elif form in ("csv", "xlsx"):
        _emit_sheet(items, form)
    elif sys.stdout.isatty():
        _emit_rich(session, items)
    else:
        for item in items:
            click.echo("\t".join(_plain(value) for value in item.values()))
    if form in ("table", "csv", "xlsx"):
        _say_age(session, as_of)


def emit_item(session: Session, schema: str, item: Item, as_of: AsOf = NOWHERE) -> None:
    """One thing with all its fields; as a table, a field a row."""
    form = session.output
    if form in ("json", "jsonl"):
        click.echo(json.dumps({**_head(schema, as_of), "item": dict(item)}, ensure_ascii=False))
        return
    rows: list[Item] = [{"field": name, "value": value} for name, value in flatten(item)]
    if form in ("csv", "xlsx"):
        _emit_sheet(rows, form)
    elif sys.stdout.isatty():
        _emit_rich(
            session,
            [_spoken_row(session, schema, name, value) for name, value in flatten(item, as_tables=True)],
        )
        for name, table in tables_of(item).items():
            click.echo(f"\n{label(name, session.language)}")
            _emit_rich(session, table)
    else:
        for row in rows:
            click.echo(f"{row['field']}\t{_plain(row['value'])}")
    _say_age(session, as_of)


def _head(schema: str, as_of: AsOf) -> dict[str, Json]:
    head: dict[str, Json] = {"schema": schema}
    if as_of.height is not None:
        head["height"] = as_of.height
        head["block_time"] = None if not as_of.time_ms else instant_of(as_of.time_ms)
    return head


def tables_of(item: Item) -> dict[str, list[Item]]:
    """Lists of two and more objects with the same fields: a terminal shows each as a table of its own."""
    found: dict[str, list[Item]] = {}
    for name, value in item.items():
        if isinstance(value, list) and len(value) > 1:
            rows: list[Item] = [one for one in value if isinstance(one, dict)]
            if len(rows) == len(value) and len({tuple(one) for one in rows}) == 1:
                found[name] = rows
    return found


def _spoken_row(session: Session, schema: str, name: str, value: Json) -> Item:
    """A field and its value; a status is said as people say it, as it is in a column."""
    return {
        "field": label(name, session.language, schema),
        "value": _spoken(name.rpartition(".")[2], value, session.language),
    }


def flatten(item: Item, prefix: str = "", *, as_tables: bool = False) -> list[tuple[str, Json]]:
    """Fields of nested objects and lists of objects as `rows.1.amount`; short lists stay one value. With
    `as_tables` without those that stand in `tables_of`."""
    found: list[tuple[str, Json]] = []
    tables = tables_of(item) if as_tables else {}
    for name, value in item.items():
        if name in tables:
            continue
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            found += flatten(value, f"{path}.")
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            for index, one in enumerate(value, 1):
                found += flatten(one if isinstance(one, dict) else {"": one}, f"{path}.{index}.")
        else:
            found.append((path, value))
    return found


def _plain(value: Json) -> str:
    """One value in one field of a line: full, and never with a tab or an end of line of its own."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value).replace("\t", " ").replace("\n", " ")


def _emit_sheet(items: Sequence[Item], form: str) -> None:
    if form == "xlsx":
        _emit_workbook([*items[:1], *(map(_plain, item.values()) for item in items)])
    elif items:
        _emit_csv(items)


def _emit_workbook(rows: Iterable[Iterable[str]]) -> None:
    """Every cell as text: an amount keeps its digits, and nothing becomes a formula."""
    import xlsxwriter

    if sys.stdout.isatty():
        raise InputError("a workbook is not for a terminal: add > FILE.xlsx, or choose another form", "USAGE")
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet, text = book.add_worksheet(), book.add_format({"num_format": "@"})
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for at, cell in enumerate(row):
                sheet.write_string(number, at, cell, text)
    sys.stdout.flush()
    sys.stdout.buffer.write(data.getvalue())


def _emit_csv(items: Sequence[Item]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(items[0])
    for item in items:
        writer.writerow(_plain(value) for value in item.values())


def _emit_rich(session: Session, items: Sequence[Item]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not items:
        session.say("—")
        return
    spoken = [
        {name: _spoken(name, value, session.language) for name, value in item.items()} for item in items
    ]
    headings = {name: heading(name, session.language) for name in items[0]}
    amounts = {name for name in headings if _is_amounts([item.get(name) for item in items])}
    is_plain = bool(session.environment.get("NO_COLOR"))
    console = Console(highlight=False, markup=False, color_system=None if is_plain else "auto")
    widths = _widths(headings, spoken, amounts, console.width)
    if not widths and len(headings) > 2:
        _emit_records(headings, console, spoken)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, text in headings.items():
        table.add_column(
            text,
            justify="right" if name in amounts else "left",
            no_wrap=name in amounts,
            width=widths.get(name),
            overflow="fold",  # an id is never cut short
        )
    for said in spoken:
        table.add_row(*said.values())
    console.print(table)


def _is_amounts(values: Sequence[Json]) -> bool:
    given = [value for value in values if value is not None]
    return bool(given) and all(_is_tenge(str(value)) for value in given)


def _widths(
    headings: Mapping[str, str], spoken: Sequence[Mapping[str, str]], amounts: Collection[str], width: int
) -> dict[str, int]:
    """Width of each column: amounts and short values stand on one line, the room that is left goes around.
    Nothing when the terminal has no room even for that."""
    longest = {name: max(len(item.get(name, "")) for item in spoken) for name in headings}
    widths = {
        name: max(
            longest[name] if name in amounts else min(WHOLE_CELL, longest[name]),
            min(WHOLE_WORD, max(map(len, text.split()), default=0)),
        )
        for name, text in headings.items()
    }
    left = width - sum(widths.values()) - len(GAP) * (len(widths) - 1)
    if left < 0:
        return {}
    while left > 0:
        growing = [n for n, text in headings.items() if widths[n] < max(longest[n], len(text))][:left]
        if not growing:
            break
        left -= len(growing)
        widths.update({name: widths[name] + 1 for name in growing})
    return widths


def _emit_records(headings: Mapping[str, str], console: Console, spoken: Sequence[Mapping[str, str]]) -> None:
    """Rows that no line of this terminal holds: each as lines of its own, an empty line between."""
    for number, item in enumerate(spoken):
        if number:
            console.print()
        for name, value in item.items():
            console.print(f"{headings.get(name, name)}: {value}", soft_wrap=True)


def _spoken(name: str, value: Json, language: str) -> str:
    if isinstance(value, str) and _is_tenge(value):
        return grouped(value)
    if isinstance(value, bool):
        return YES_AND_NO[language][0 if value else 1]
    if name in TRANSLATED and isinstance(value, str):
        return constant(value, language)
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return ", ".join(map(_plain, value))
    if isinstance(value, dict) and not any(isinstance(one, list | dict) for one in value.values()):
        return ", ".join(
            f"{heading(inside, language)}: {_spoken(inside, one, language)}" for inside, one in value.items()
        )
    return _plain(value)


def _say_age(session: Session, as_of: AsOf) -> None:
    if as_of.height is None:
        return
    if not as_of.time_ms:
        session.say(question("as_of_height", session.language, height=str(as_of.height)))
        return
    age = str(max(0, (time.time_ns() // 1_000_000 - as_of.time_ms) // 1000))
    session.say(question("as_of", session.language, height=str(as_of.height), age=age))
