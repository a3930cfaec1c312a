"""Documents of many rows as tables people fill in: CSV or XLSX (docs/cli.md, "Batches").

One file is one document, all rows or none. A row that cannot be read comes back in the same table with a
column that says why.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from chain.codec import ListOf, Optional, Row, SetOf, Shape, Struct
from cli.documents import Json, describe, json_name, set_fields, value_of
from cli.failures import Details, InputError
from contracts.actions import Action

ERROR_COLUMN: Final = "error"
NESTED_ROWS: Final = 1
"""Rows of a list inside a row that a template has columns for; more are written as `years.2.year`."""

ROWS_MAXIMUM: Final = 100_000
EXACT_FLOAT: Final = 1e13
"""A spreadsheet's number is a float: below this every hundredth is still exact, above it text is needed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: names of columns, and rows of texts, empty where a cell is."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def rows_field(action: Action, name: str | None = None) -> tuple[str, ListOf]:
    """The list of rows of an action's document. InputError when there is none or more than one."""
    shape = action.arguments
    fields = shape.fields if isinstance(shape, Row | Struct) else ()
    found = {
        field: one
        for field, one in fields
        if isinstance(one, ListOf) and isinstance(one.item, Row | Struct) and name in (None, field)
    }
    if len(found) != 1:
        raise InputError(f"{action.name} has {len(found)} lists of rows; a batch needs one", "BATCH-ACTION")
    return next(iter(found.items()))


def columns_of(shape: Shape, path: str = "") -> Iterator[tuple[str, str]]:
    """Names of columns and what they take: nested fields with points, items of lists numbered from 1."""
    inner = shape.shape if isinstance(shape, Optional) else shape
    if isinstance(inner, Row | Struct):
        for name, field in inner.fields:
            yield from columns_of(
                field, f"{path}.{json_name(name, field)}" if path else json_name(name, field)
            )
    elif isinstance(inner, ListOf | SetOf):
        fixed = isinstance(inner, ListOf) and inner.minimum == inner.maximum
        for number in range(1, (inner.maximum if fixed else NESTED_ROWS) + 1):
            yield from columns_of(inner.item, f"{path}.{number}")
    else:
        yield path, describe(shape)


def write_template(action: Action, path: Path, name: str | None = None) -> int:
    """An empty table for the rows of an action; the number of its columns. All cells are text in XLSX."""
    _, rows = rows_field(action, name)
    columns = tuple(columns_of(rows.item))
    write_table(path, Table(tuple(one for one, _ in columns), ()), tuple(what for _, what in columns))
    return len(columns)


def read_rows(action: Action, path: Path, name: str | None = None) -> list[Json]:
    """The rows of a table as JSON, each checked. InputError after writing `NAME.errors.EXT` beside it."""
    _, rows = rows_field(action, name)
    table = read_table(path)
    if not table.rows or len(table.rows) > rows.maximum:
        raise InputError(f"{path}: {len(table.rows)} rows found, 1..{rows.maximum} expected", "BATCH-ROWS")
    found: list[Json] = []
    errors: list[str] = []
    for row in table.rows:
        try:
            document = _document(table.columns, row)
            value_of(rows.item, document)
            found.append(document)
            errors.append("")
        except InputError as error:
            errors.append(error.message)
    wrong = [number for number, error in enumerate(errors, 1) if error]
    if wrong:
        answer = path.with_name(f"{path.stem}.errors{path.suffix}")
        write_table(answer, _with_errors(table, errors))
        raise InputError(
            f"{len(wrong)} of {len(table.rows)} rows cannot be read; the first: {errors[wrong[0] - 1]}",
            "BATCH-ROWS",
            Details(where=f"row {wrong[0]}", remedy=f"see the column `{ERROR_COLUMN}` of {answer}"),
        )
    return found


def _document(columns: Sequence[str], row: Sequence[str]) -> Json:
    """One row as an object; an empty cell is a field that is not given."""
    settings = tuple(
        f"{_from_zero(column)}={cell}"
        for column, cell in zip(columns, row, strict=True)
        if cell and column != ERROR_COLUMN
    )
    return set_fields({}, settings)


def _from_zero(column: str) -> str:
    """People count items from 1, lists from 0."""
    parts = (str(int(part) - 1) if part.isdecimal() and int(part) else part for part in column.split("."))
    return ".".join(parts)


def _with_errors(table: Table, errors: Sequence[str]) -> Table:
    kept = [at for at, column in enumerate(table.columns) if column != ERROR_COLUMN]
    columns = (*(table.columns[at] for at in kept), ERROR_COLUMN)
    rows = ((*(row[at] for at in kept), error) for row, error in zip(table.rows, errors, strict=True))
    return Table(columns, tuple(rows))


# --- files


def read_table(path: Path) -> Table:
    """A CSV (UTF-8, comma or semicolon) or XLSX file whose first row names the columns."""
    lines = list(_xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path))
    if not lines:
        raise InputError(f"{path} is empty", "BATCH-FILE")
    columns = tuple(cell.strip() for cell in lines[0])
    if len(set(columns)) != len(columns) or "" in columns:
        raise InputError(f"{path}: the first row names every column, each once", "BATCH-FILE")
    rows = tuple(_padded(line, len(columns), path) for line in lines[1:] if any(line))
    return Table(columns, rows)


def _padded(line: Sequence[str], size: int, path: Path) -> tuple[str, ...]:
    if len(line) > size and any(line[size:]):
        raise InputError(f"{path}: a row has more cells than there are columns", "BATCH-FILE")
    return tuple(cell.strip() for cell in (*line[:size], *[""] * (size - len(line))))


def _csv_rows(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            delimiter = ";" if head.count(";") > head.count(",") else ","
            for number, row in enumerate(csv.reader(file, delimiter=delimiter)):
                if number > ROWS_MAXIMUM:
                    raise InputError(f"{path}: more than {ROWS_MAXIMUM} rows", "BATCH-ROWS")
                yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: {error}", "BATCH-FILE") from error


def _xlsx_rows(path: Path) -> Iterator[list[str]]:
    import python_calamine

    try:
        sheet = python_calamine.load_workbook(str(path)).get_sheet_by_index(0)
        for row in sheet.iter_rows():
            yield [_cell(value, path) for value in row]
    except python_calamine.CalamineError as error:
        raise InputError(f"{path}: {error}", "BATCH-FILE") from error


def _cell(value: Any, path: Path) -> str:
    """A cell as text: dates in ISO, whole numbers without a point, other numbers as they were typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, int | float):
        if abs(value) >= EXACT_FLOAT:
            raise InputError(f"{path}: {value!r} is too large for a number cell: make it text", "BATCH-FILE")
        return str(int(value)) if value == int(value) else repr(float(value))
    return str(value)


def write_table(path: Path, table: Table, notes: Sequence[str] = ()) -> None:
    """Write CSV or XLSX by the file's suffix; `notes` (XLSX only) explain the columns."""
    if path.suffix.lower() == ".xlsx":
        _write_xlsx(path, table, notes)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(table.rows)


def _write_xlsx(path: Path, table: Table, notes: Sequence[str]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, max(0, len(table.columns) - 1), 18, text)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(table.columns):
            sheet.write_string(0, at, column, book.add_format({"bold": True}))
            if at < len(notes):
                sheet.write_comment(0, at, notes[at])
        for number, row in enumerate(table.rows, 1):
            for at, cell in enumerate(row):
                sheet.write_string(number, at, cell, text)
