"""Tables as people keep them: CSV and XLSX files read into text cells, with the place of every row.

Nothing is guessed. What a file says in one way only is taken (byte-order marks, the value a formula shows,
the one visible sheet); what could be read in two ways is refused with what to do (docs/cli.md, "Many rows").
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import chain
from pathlib import Path
from typing import Any, Final

from cli.failures import Details, InputError

ROWS_MAXIMUM: Final = 100_000
"""Rows of a file: a hundred documents of a thousand rows, and minutes of work."""

FILE_BYTES: Final = 128 << 20
SHEET_BYTES: Final = 1 << 30
"""A sheet of 100,000 rows and 28 columns is about 100 MiB of XML; more is no table of payments."""

EXACT_FLOAT: Final = 1e13
"""A spreadsheet's number is a float: below this every hundredth is still exact, above it text is needed."""

NOISE_ULPS: Final = 4
"""How far a float may lie from the hundredth it shows: sums of a sheet end at 0.30000000000000004."""

ENCODINGS: Final = ("utf-8", "utf-16", "windows-1251", "kz-1048", "cp866")
"""What a person may name. Eight-bit encodings cannot be told apart, so they are never guessed."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip

CELLS_NAMED: Final = 5
"""Cells an error lists by name; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: names of columns, and rows of texts, empty where a cell is.

    `lines`: where each row stands in its file, from 1. `notes`: what a person should know of the reading.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says of a file that the file does not: the encoding of a CSV, the sheet of a workbook."""

    encoding: str | None = None
    sheet: str | None = None


def choice_of(encoding: str | None, sheet: str | None) -> Choice:
    """What a person said. InputError for an encoding that is not among those known."""
    if encoding is not None and encoding.casefold() not in ENCODINGS:
        raise InputError(f"encoding {encoding!r}: one of {', '.join(ENCODINGS)} expected", "USAGE")
    return Choice(None if encoding is None else encoding.casefold(), sheet)


def read_table(path: Path, choice: Choice | None = None) -> Table:
    """A CSV or XLSX file whose first row names the columns. InputError says what to do.

    Empty rows are passed over wherever they stand; empty columns without a heading likewise.
    """
    told = choice or Choice()
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "FILE") from error
    if size > FILE_BYTES:
        raise InputError(f"{path}: larger than {FILE_BYTES >> 20} MiB; split it", "BATCH-FILE")
    if path.suffix.lower() == ".xlsx":
        lines, notes = _xlsx_lines(path, told.sheet)
    else:
        lines, notes = _csv_lines(path, told.encoding), []
    filled = ((number, line) for number, line in lines if any(cell.strip() for cell in line))
    head = next(filled, None)
    if head is None:
        raise InputError(f"{path} is empty", "BATCH-FILE")
    columns = _headings(head[1], path)
    numbers: list[int] = []
    rows: list[tuple[str, ...]] = []
    for number, line in filled:
        if len(rows) == ROWS_MAXIMUM:
            raise InputError(
                f"{path}: more than {ROWS_MAXIMUM} rows", "BATCH-ROWS", Details(remedy="split the file")
            )
        numbers.append(number)
        rows.append(_padded(line, len(columns), number, path))
    return Table(columns, tuple(rows), tuple(numbers), tuple(notes))


def _headings(line: Sequence[str], path: Path) -> tuple[str, ...]:
    """Names of the columns. Every column has one, and no two the same."""
    cells = [cell.strip() for cell in line]
    while cells and not cells[-1]:
        cells.pop()
    twice = sorted({cell for cell in cells if cell and cells.count(cell) > 1})
    if twice:
        raise InputError(
            f"{path}: {len(twice)} headings stand twice: {', '.join(twice[:CELLS_NAMED])}",
            "BATCH-HEADINGS",
            Details("the first row", remedy="leave one column of each name"),
        )
    if "" in cells:
        raise InputError(
            f"{path}: column {column_name(cells.index('') + 1)} has no heading",
            "BATCH-HEADINGS",
            Details("the first row", remedy="name the column or delete it"),
        )
    return tuple(cells)


def _padded(line: Sequence[str], size: int, number: int, path: Path) -> tuple[str, ...]:
    if len(line) > size and any(cell.strip() for cell in line[size:]):
        raise InputError(
            f"{path}: a row has more cells than there are headings",
            "BATCH-FILE",
            Details(f"line {number}", remedy="quote a cell that holds the separator, or name the column"),
        )
    return tuple(cell.strip() for cell in (*line[:size], *[""] * (size - len(line))))


def column_name(number: int) -> str:
    """1 → A, 27 → AA."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


# --- CSV


def _csv_lines(path: Path, encoding: str | None) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(path, encoding)
    head, _, rest = text.partition("\n")
    if head.startswith("sep=") and len(head.strip()) == len("sep=;"):
        text, delimiter = rest, head.strip()[-1]
    else:
        first = next((line for line in text.splitlines() if re.search(r"\w", line)), "")
        delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise InputError(
            f"{path}: {error}",
            "BATCH-FILE",
            Details(f"line {reader.line_num}", remedy='a cell in quotes ends with ", a quote inside is ""'),
        ) from error


def _decoded(path: Path, encoding: str | None) -> str:
    """The text of a file: by its mark, as it was said, else UTF-8 and nothing else."""
    data = path.read_bytes()
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    name = marked or encoding or "utf-8"
    try:
        text = data.decode(name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}: not text in {name} (byte {error.start}){_guessed(data, error.start, name)}",
            "BATCH-ENCODING",
            Details(
                f"line {line}",
                remedy="save it as `CSV UTF-8`, or say --encoding windows-1251 (kz-1048 for Kazakh letters) "
                "when that is what the file is",
            ),
        ) from error
    if "\0" in text:
        raise InputError(
            f"{path}: bytes of zero found: UTF-16 without its mark, or no text at all",
            "BATCH-ENCODING",
            Details(remedy="save it as `CSV UTF-8`, or say --encoding utf-16 when that is what the file is"),
        )
    return text


def _guessed(data: bytes, start: int, name: str) -> str:
    """How the place reads in Windows-1251, so that a person can judge; nothing is taken from it."""
    if name != "utf-8":
        return ""
    begin = max(data.rfind(b"\n", 0, start), start - 20) + 1
    shown = data[begin : start + 20].split(b"\n")[0].decode("windows-1251", errors="replace")
    return f"; in windows-1251 the place reads {shown.strip()!r}"


# --- XLSX


def _xlsx_lines(path: Path, sheet: str | None) -> tuple[Iterator[tuple[int, list[str]]], list[str]]:
    """Rows of the one sheet that is meant, and what is to be said of it."""
    import python_calamine

    try:
        _refuse_large(path)
        book = python_calamine.load_workbook(str(path))
        name = _sheet_name(book, path, sheet)
        found = book.get_sheet_by_name(name)
        _refuse_merged(found, path)
        notes = _scan(_sheet_xml(path, name), path)
        left = 1 if found.start is None else found.start[1] + 1
        rows = found.iter_rows()
    except (python_calamine.CalamineError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(
            f"{path}: no workbook that can be read: {error}",
            "BATCH-FILE",
            Details(remedy="open it in a spreadsheet program and save it as .xlsx without a password"),
        ) from error
    lines = (
        (number, [_cell(value, at, number, path) for at, value in enumerate(row, left)])
        for number, row in enumerate(rows, 1)
    )
    return lines, notes


def _refuse_large(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > SHEET_BYTES:
        raise InputError(f"{path}: {size >> 20} MiB when unpacked; split it", "BATCH-FILE")


def _sheet_name(book: Any, path: Path, sheet: str | None) -> str:
    """The named sheet, else the only visible one that is not empty. A hidden sheet is never read unasked."""
    import python_calamine

    known = [one.name for one in book.sheets_metadata]
    if sheet is not None:
        if sheet not in known:
            raise InputError(f"{path}: no sheet {sheet!r}; it has {', '.join(known)}", "BATCH-SHEET")
        return sheet
    shown = [
        one.name
        for one in book.sheets_metadata
        if one.visible == python_calamine.SheetVisibleEnum.Visible
        and one.typ == python_calamine.SheetTypeEnum.WorkSheet
        and book.get_sheet_by_name(one.name).height
    ]
    if len(shown) != 1:
        found = f"{len(shown)} visible sheets with content ({', '.join(shown)})" if shown else "nothing"
        raise InputError(
            f"{path}: {found} found in it, one expected; {len(known)} sheets in all",
            "BATCH-SHEET",
            Details(remedy="say --sheet NAME, also for a hidden sheet"),
        )
    return str(shown[0])


def _refuse_merged(sheet: Any, path: Path) -> None:
    """A merged cell has its value in the first of its rows only: which rows it is meant for is a guess."""
    merged = [
        f"{column_name(left + 1)}{top + 1}:{column_name(right + 1)}{bottom + 1}"
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    ]
    if merged:
        raise InputError(
            f"{path}: {len(merged)} merged cells: {', '.join(merged[:CELLS_NAMED])}",
            "BATCH-MERGED",
            Details(merged[0], remedy="unmerge them and write the value into every row it is meant for"),
        )


def _sheet_xml(path: Path, name: str) -> bytes:
    """The sheet as its program wrote it: what a reader of values does not show."""
    from xml.etree import ElementTree

    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    with zipfile.ZipFile(path) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        wanted = next(
            (value for one in book.iter() if one.get("name") == name
             for key, value in one.attrib.items() if key == relation or key.endswith("}id")),
            None,
        )  # fmt: skip
        target = next((link.get("Target", "") for link in links if link.get("Id") == wanted), "")
        place = target.removeprefix("/")
        return archive.read(place if place.startswith("xl/") else f"xl/{place}")


_ERROR: Final = re.compile(rb'<(?:\w+:)?c\s([^>]*\bt="e"[^>]*)>.*?<(?:\w+:)?v>([^<]*)<', re.DOTALL)
_FORMULA: Final = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"\s*(<(?:\w+:)?v(?:\s[^>]*)?>[^<]+<)?"
)
_HIDDEN: Final = re.compile(rb'<(?:\w+:)?row\s[^>]*\bhidden="(?:1|true)"')
_PLACE: Final = re.compile(rb'\br="([A-Z]+[0-9]+)"')


def _scan(xml: bytes, path: Path) -> list[str]:
    """Error cells and formulas never computed are refused by name; formulas and hidden rows are told."""
    wrong = [f"{_place(found[1])} {found[2].decode()}" for found in _ERROR.finditer(xml)]
    if wrong:
        raise InputError(
            f"{path}: {len(wrong)} cells show an error: {', '.join(wrong[:CELLS_NAMED])}",
            "BATCH-CELL",
            Details(wrong[0].split()[0], remedy="put the formula right, or write the value itself"),
        )
    formulas = list(_FORMULA.finditer(xml)) if b"<f" in xml or b":f" in xml else []
    empty = [_place(found[1]) for found in formulas if found[2] is None and b't="str"' not in found[1]]
    if empty:
        raise InputError(
            f"{path}: {len(empty)} formulas have no value: {', '.join(empty[:CELLS_NAMED])}",
            "BATCH-CELL",
            Details(
                empty[0], remedy="open the file in a spreadsheet program and save it, so that it computes"
            ),
        )
    notes = []
    if formulas:
        notes.append(
            f"{len(formulas)} cells are formulas (the first {_place(formulas[0][1])}): "
            "taken is the value that the file shows"
        )
    hidden = len(_HIDDEN.findall(xml))
    if hidden:
        notes.append(f"{hidden} rows are hidden in the sheet: they are read like the others")
    return notes


def _place(attributes: bytes) -> str:
    found = _PLACE.search(attributes)
    return "a cell" if found is None else found[1].decode()


def _cell(value: Any, at: int, number: int, path: Path) -> str:
    """A cell as text: dates in ISO, whole numbers without a point, other numbers as they were typed."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, int | float):
        if abs(value) >= EXACT_FLOAT:
            raise InputError(
                f"{path}: {value!r} is too large for a number cell",
                "BATCH-CELL",
                Details(f"{column_name(at)}{number}", remedy="format the cell as text and type it again"),
            )
        return _number(float(value))
    return str(value)


def _number(value: float) -> str:
    """The hundredth that a float shows when it lies at it, else its shortest form."""
    if value == int(value):
        return str(int(value))
    shown = round(value, 2)
    return repr(shown if abs(value - shown) <= NOISE_ULPS * math.ulp(value) else value)


# --- writing


def write_table(path: Path, table: Table, notes: Sequence[str] = ()) -> None:
    """Write CSV (UTF-8 with its mark, which spreadsheet programs need) or XLSX by the file's suffix.

    `notes` (XLSX only) explain the columns. All cells are text.
    """
    if path.suffix.lower() == ".xlsx":
        _write_xlsx(path, table, notes)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(chain((table.columns,), table.rows))


def _write_xlsx(path: Path, table: Table, notes: Sequence[str]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True})
        sheet.set_column(0, max(0, len(table.columns) - 1), 18, text)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(table.columns):
            sheet.write_string(0, at, column, bold)
            if at < len(notes):
                sheet.write_comment(0, at, notes[at])
        for number, row in enumerate(table.rows, 1):
            for at, cell in enumerate(row):
                sheet.write_string(number, at, cell, text)
