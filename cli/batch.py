"""Documents of many rows as tables people fill in: CSV or XLSX (docs/cli.md, "Many rows").

A cell becomes what its column's field takes, or the row comes back in the same table with a column that says
why. One file is one document, all rows or none; a longer one is split into several on demand.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from chain.codec import (
    Amount,
    Bool,
    Day,
    Digits,
    ListOf,
    Optional,
    Row,
    SetOf,
    Shape,
    Struct,
    Text,
    Uint,
    Value,
)
from cli.documents import Json, as_object, describe, json_name, value_of
from cli.failures import Details, InputError
from cli.tables import ROWS_MAXIMUM, Choice, Table, read_table, write_table
from contracts.actions import Action

ERROR_COLUMN: Final = "error"
NESTED_ROWS: Final = 1
"""Rows of a list inside a row that a template has columns for; more are written as `years.2.year`."""

Path_: TypeAlias = tuple[str, ...]
Cell = Callable[[str], Json]


def row_lists(action: Action) -> dict[str, ListOf]:
    """The lists of rows of an action's document, by field."""
    shape = action.arguments
    fields = shape.fields if isinstance(shape, Row | Struct) else ()
    return {
        field: one for field, one in fields if isinstance(one, ListOf) and isinstance(one.item, Row | Struct)
    }


def rows_field(action: Action, name: str | None = None) -> tuple[str, ListOf]:
    """The list of rows of an action's document, or the named one of several. InputError without one."""
    lists = row_lists(action)
    found = {field: one for field, one in lists.items() if name in (None, field)}
    if not lists:
        raise InputError(
            f"{action.name} has no list of rows, so no table",
            "BATCH-ACTION",
            Details(remedy=f"eqz tx template {action.name}, then eqz tx build {action.name} --from FILE"),
        )
    if len(found) != 1:
        raise InputError(
            f"{action.name} has {len(found)} such lists of rows ({', '.join(lists)}); a table is one of them",
            "BATCH-ACTION",
            Details(remedy=f"say --list {next(iter(lists))}"),
        )
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


# --- rows


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table as a document has them, each checked: as JSON and as the ledger's values. `lines`:
    where they stand in the file."""

    documents: tuple[Json, ...]
    values: tuple[Value, ...]
    lines: tuple[int, ...]
    notes: tuple[str, ...]


def read_rows(action: Action, path: Path, name: str | None = None, choice: Choice | None = None) -> Rows:
    """The rows of a table as JSON, each checked. InputError after writing `NAME.errors.EXT` beside it."""
    _, rows = rows_field(action, name)
    table = read_table(path, choice)
    if not table.rows:
        raise InputError(f"{path}: no rows under the headings", "BATCH-ROWS")
    columns = _columns(rows.item, table.columns, path)
    found: list[Json] = []
    values: list[Value] = []
    errors: list[str] = []
    for row in table.rows:
        try:
            document, value = _document(rows.item, columns, row)
            found.append(document)
            values.append(value)
            errors.append("")
        except InputError as error:
            errors.append(error.message)
    if any(errors):
        raise _wrong_rows(path, table, errors)
    return Rows(tuple(found), tuple(values), table.lines, table.notes)


def _wrong_rows(path: Path, table: Table, errors: Sequence[str]) -> InputError:
    """The error of a table whose rows cannot all be read; the table with its errors lies beside it."""
    wrong = [number for number, error in enumerate(errors, 1) if error]
    answer = errors_path(path)
    write_table(answer, with_errors(table, errors))
    first = wrong[0]
    return InputError(
        f"{len(wrong)} of {len(table.rows)} rows cannot be read; the first: {errors[first - 1]}",
        "BATCH-ROWS",
        Details(
            where=f"row {first} (line {table.lines[first - 1]} of {path.name})",
            remedy=f"see the column `{ERROR_COLUMN}` of {answer}; put it right there and build that file",
        ),
    )


def errors_path(path: Path) -> Path:
    """`NAME.errors.EXT`; a file of errors is answered in itself."""
    stem = path.stem.removesuffix(".errors")
    return path.with_name(f"{stem}.errors{path.suffix}")


def with_errors(table: Table, errors: Sequence[str]) -> Table:
    """The same table with its errors in the last column, whatever errors it had before."""
    kept = [at for at, column in enumerate(table.columns) if column != ERROR_COLUMN]
    columns = (*(table.columns[at] for at in kept), ERROR_COLUMN)
    rows = ((*(row[at] for at in kept), error) for row, error in zip(table.rows, errors, strict=True))
    return Table(columns, tuple(rows))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that a row has a field for: its path (item numbers from 1) and how its cell is read."""

    at: int
    name: str
    path: Path_
    read: Cell


def _columns(shape: Shape, headings: Sequence[str], path: Path) -> tuple[_Column, ...]:
    """The fields that the headings name, whatever their case. InputError for a heading that is no field."""
    known = [name for name, _ in columns_of(shape)]
    by_case = {name.casefold(): name for name in known}
    found: dict[str, _Column] = {}
    for at, heading in enumerate(headings):
        if heading.casefold() == ERROR_COLUMN:
            continue
        name = by_case.get(heading.casefold(), heading)
        leaf = _leaf(shape, tuple(name.split(".")))
        if leaf is None:
            near = difflib.get_close_matches(heading, known, 1)
            raise InputError(
                f"{path}: the rows have no field {heading!r}"
                + (f"; did you mean {near[0]}?" if near else f"; they have {', '.join(known)}"),
                "BATCH-HEADINGS",
                Details("the first row", remedy="rename the column, or delete it; `eqz tx batch template`"),
            )
        if name in found:
            raise InputError(f"{path}: two headings mean {name}", "BATCH-HEADINGS", Details("the first row"))
        found[name] = _Column(at, name, tuple(name.split(".")), _reader(leaf))
    return tuple(found.values())


def _leaf(shape: Shape, path: Path_) -> Shape | None:
    """What stands at a column's path; None where nothing or more than one value does."""
    inner = shape.shape if isinstance(shape, Optional) else shape
    if not path:
        return None if isinstance(inner, Row | Struct | ListOf | SetOf) else inner
    first, rest = path[0], path[1:]
    if isinstance(inner, Row | Struct):
        field = next((one for name, one in inner.fields if json_name(name, one) == first), None)
        return None if field is None else _leaf(field, rest)
    if isinstance(inner, ListOf | SetOf) and _is_item(first) and int(first) <= inner.maximum:
        return _leaf(inner.item, rest)
    return None


def _is_item(part: str) -> bool:
    return part.isascii() and part.isdecimal() and part[0] != "0" and len(part) <= 4


def _document(shape: Shape, columns: Sequence[_Column], row: Sequence[str]) -> tuple[Json, Value]:
    """One row as an object and as a value; an empty cell is a field that is not given. InputError says every
    wrong cell."""
    wrong: list[str] = []
    whole: dict[str, Any] = {}
    for column in columns:
        cell = row[column.at]
        if not cell:
            continue
        try:
            _put(whole, column.path, column.read(cell))
        except InputError as error:
            wrong.append(f"{column.name}: {error.message}")
    if wrong:
        raise InputError("; ".join(wrong), "BATCH-ROWS")
    document = _listed(shape, whole, "")
    return document, value_of(shape, document)


def _put(whole: dict[str, Any], path: Path_, value: Json) -> None:
    for part in path[:-1]:
        whole = whole.setdefault(part, {})
    whole[path[-1]] = value


def _listed(shape: Shape, found: Any, path: str) -> Json:
    """Objects of numbered items as lists, from 1 without a gap. An empty list or text may be left out."""
    inner = shape.shape if isinstance(shape, Optional) else shape
    if isinstance(inner, Row | Struct):
        fields = {json_name(name, one): one for name, one in inner.fields}
        for name, one in fields.items():
            if name in found:
                found[name] = _listed(one, found[name], f"{path}{name}.")
            elif isinstance(one, ListOf | SetOf) and _least(one) == 0:
                found[name] = []
            elif isinstance(one, Text) and one.minimum == 0:
                found[name] = ""
        return dict(found)
    if isinstance(inner, ListOf | SetOf):
        count = max(max(int(one) for one in found), _least(inner) if _is_fixed(inner) else 0)
        missing = [str(number) for number in range(1, count + 1) if str(number) not in found]
        if missing:
            raise InputError(f"{path}{missing[0]} is empty", "BATCH-ROWS")
        return [_listed(inner.item, found[str(number)], f"{path}{number}.") for number in range(1, count + 1)]
    return found  # type: ignore[no-any-return]


def _least(shape: ListOf | SetOf) -> int:
    return shape.minimum if isinstance(shape, ListOf) else 0


def _is_fixed(shape: ListOf | SetOf) -> bool:
    return _least(shape) == shape.maximum


# --- cells


def _reader(shape: Shape) -> Cell:
    """How a cell of a field is read."""
    match shape:
        case Amount():
            return amount_text
        case Day():
            return day_text
        case Bool():
            return _truth
        case Uint():
            return _whole
        case Digits(length):
            return lambda cell: _digits(cell, length)
    return str


_SPACES: Final = re.compile("[\u0020\u00a0\u2007\u2009\u202f]")
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DECIMAL_COMMA: Final = re.compile(r"[0-9]+,[0-9]{1,2}")
_GROUPED: Final = re.compile(
    r"[0-9]{1,3}(?:(?P<mark>[ ,])[0-9]{3})(?:(?P=mark)[0-9]{3})*(?P<rest>[.,][0-9]{1,2})?"
)
_NEGATIVE: Final = re.compile(r"[-\u2212\u2013].*|.*-|\(.*\)")


def amount_text(cell: str) -> str:
    """An amount as people write it, as `1250000.50`. InputError when it can be read in two ways.

    Groups of three digits may stand apart by a space of any kind or a comma; a comma before one or two last
    digits is a decimal mark. `1,250` is neither: amounts have at most two digits after the mark.
    """
    text = _SPACES.sub(" ", cell.strip()).removesuffix("₸").removesuffix("тг").removesuffix("тг.").strip()
    if _PLAIN.fullmatch(text):
        return text
    if _NEGATIVE.fullmatch(text):
        raise InputError(
            f"{cell!r} is negative: documents have a field of their own for what goes down", "INPUT-AMOUNT"
        )
    if _DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    found = _GROUPED.fullmatch(text)
    if found is not None:
        mark, rest = found["mark"], found["rest"] or ""
        if mark == "," and text.count(",") == 1 and not rest:
            whole = text.replace(",", "")
            raise InputError(
                f"{cell!r} is {whole} to one reader and {text.replace(',', '.')} to another: write {whole}, "
                "or two digits after the mark",
                "INPUT-AMOUNT",
            )
        if not (mark == "," and rest.startswith(",")):
            whole = text[: len(text) - len(rest)].replace(mark, "")
            return whole + rest.replace(",", ".")
    raise InputError(f"{cell!r} is not an amount in tenge, such as 1250000.50", "INPUT-AMOUNT")


_POINTS: Final = re.compile(r"([0-3]?[0-9])\.([01]?[0-9])\.([0-9]{4})(?: г\.| ж\.)?")
_SERIAL: Final = re.compile(r"[1-9][0-9]{4}")
_SHEET_EPOCH: Final = date(1899, 12, 30)


def day_text(cell: str) -> str:
    """`2026-02-01` or `01.02.2026`, with or without a time of midnight, as `2026-02-01`."""
    text = re.sub(r"[ T]00:00(?::00)?$", "", cell.strip())
    found = _POINTS.fullmatch(text)
    if found is not None:
        day, month, year = found.groups()
        return f"{year}-{int(month):02d}-{int(day):02d}"
    if _SERIAL.fullmatch(text):
        meant = _SHEET_EPOCH + timedelta(days=int(text))
        raise InputError(
            f"{text} is a spreadsheet's number of a day: format the cell as a date, or write {meant} if "
            "that is what it means",
            "INPUT-DATE",
        )
    return text


_TRUE: Final = frozenset({"true", "yes", "да", "иә", "истина"})
_FALSE: Final = frozenset({"false", "no", "нет", "жоқ", "ложь"})


def _truth(cell: str) -> Json:
    text = cell.casefold()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise InputError(f"{cell!r} is neither true nor false (да, нет, иә, жоқ)", "INPUT-FIELD")


def _whole(cell: str) -> str:
    return _SPACES.sub("", cell)


def _digits(cell: str, length: int) -> str:
    if cell.isascii() and cell.isdecimal() and len(cell) < length:
        raise InputError(
            f"{cell!r} has {len(cell)} digits of {length}: a number cell loses its zeros in front; format "
            f"the column as text (perhaps {cell.zfill(length)})",
            "INPUT-FIELD",
        )
    return cell


# --- rows back to a table


def table_of(action: Action, documents: Sequence[Json], name: str | None = None) -> Table:
    """Rows of a document as the table somebody could have filled in: what `read_rows` undoes."""
    _, rows = rows_field(action, name)
    flat = [dict(_flat(document, "")) for document in documents]
    order = {name: at for at, (name, _) in enumerate(columns_of(rows.item))}
    used = sorted(
        {name for row in flat for name in row}, key=lambda name: (order.get(name, len(order)), _natural(name))
    )
    return Table(tuple(used), tuple(tuple(row.get(name, "") for name in used) for row in flat))


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in name.split("."))


def _flat(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from _flat(item, f"{path}.{number}")
    elif value is not None:
        yield path, ("true" if value else "false") if isinstance(value, bool) else str(value)


def rows_of(action: Action, document: Json, name: str | None = None) -> list[Json]:
    """The rows of an action's document as JSON."""
    field, _ = rows_field(action, name)
    found = as_object(document, action.name).get(field)
    assert isinstance(found, list), "a document that was built has its rows"
    return found


__all__ = ["ROWS_MAXIMUM", "Choice", "Rows", "Table", "read_rows", "read_table", "write_table"]
