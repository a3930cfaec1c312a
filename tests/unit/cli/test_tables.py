"""Files as people keep them: what says one thing is read, what could say two is refused with what to do."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from cli import tables
from cli.failures import InputError
from cli.tables import Choice, Table, read_table

TEXT = "holder;number\nклиника;1\nаурухана;2\n"
READ = Table(("holder", "number"), (("клиника", "1"), ("аурухана", "2")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_that_says_its_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert read_table(path) == READ


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "windows-1251", "kz-1048", "cp866"])
def test_a_csv_that_does_not_say_it_is_refused_and_read_when_a_person_says_it(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(TEXT.encode(encoding))
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert caught.value.code == "BATCH-ENCODING"
    assert "--encoding" in caught.value.details.remedy
    if not encoding.startswith("utf-16"):
        assert read_table(path, Choice(encoding)) == READ


def test_the_place_that_is_not_utf_8_is_shown_as_it_would_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("holder;number\nклиника;1\n".encode("windows-1251"))
    with pytest.raises(InputError, match="клиника;1") as caught:
        read_table(path)
    assert caught.value.details.where == "line 2"


def test_an_encoding_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="windows-1251"):
        tables.choice_of("koi9", None)


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "a;b\n1;2\n", "a\tb\n1\t2\n", "sep=;\na;b\n1;2\n", "a;b\r\n1;2\r\n"]
)
def test_separators(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    assert read_table(path) == Table(("a", "b"), (("1", "2"),))


def test_empty_rows_are_passed_over_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n;;\na;b;\n1;2;\n ; \n3;4;\n;;\n\n")
    found = read_table(path)
    assert found == Table(("a", "b"), (("1", "2"), ("3", "4")))
    assert found.lines == (4, 6)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a;b;a\n1;2;3\n", "stand twice: a"), ("a;;b\n1;2;3\n", "column B has no heading"),
        ("a;b\n1;2;3\n", "more cells"), ('a;b\n"1;2\n', "end of data|EOF"), ("\n\n", "empty"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        read_table(path)


def test_more_rows_than_a_file_may_have(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a\n" + "1\n" * tables.ROWS_MAXIMUM)
    assert len(read_table(path).rows) == 100_000
    path.write_text("a\n" + "1\n" * (tables.ROWS_MAXIMUM + 1))
    with pytest.raises(InputError, match="more than 100000 rows"):
        read_table(path)


# --- workbooks


def workbook(path: Path, *sheets: tuple[str, list[list[Any]]]) -> Any:
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for at, value in enumerate(row):
                if isinstance(value, datetime.date):
                    sheet.write_datetime(number, at, value, book.add_format({"num_format": "dd.mm.yyyy"}))
                else:
                    sheet.write(number, at, value)
    return book


def test_numbers_and_dates_of_a_spreadsheet_stay_what_was_typed(tmp_path: Path) -> None:
    path = tmp_path / "numbers.xlsx"
    row = [1250000, 1250000.1, 0.1 + 0.2, 1.005, True, datetime.date(2026, 2, 1), "001"]
    workbook(path, ("a", [list("abcdefg"), row])).close()
    assert read_table(path).rows == (("1250000", "1250000.1", "0.3", "1.005", "true", "2026-02-01", "001"),)


def test_a_number_beyond_what_a_cell_holds_exactly_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "numbers.xlsx"
    workbook(path, ("a", [["a", "b"], [1, 1e13]])).close()
    with pytest.raises(InputError, match="too large") as caught:
        read_table(path)
    assert caught.value.details.where == "B2"


def test_a_formula_gives_the_value_that_is_shown_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"
    book = workbook(path, ("a", [["a", "b"], [1, None]]))
    book.worksheets()[0].write_formula(1, 1, "=A2*2", None, 2)
    book.close()
    found = read_table(path)
    assert found.rows == (("1", "2"),)
    assert "1 cells are formulas (the first B2)" in found.notes[0]


@pytest.mark.parametrize(("value", "why"), [("#REF!", "show an error: B2 #REF!"), ("", "no value: B2")])
def test_an_error_and_a_formula_never_computed_are_named(tmp_path: Path, value: str, why: str) -> None:
    path = tmp_path / "formulas.xlsx"
    book = workbook(path, ("a", [["a", "b"], [1, None]]))
    book.worksheets()[0].write_formula(1, 1, "=A2*2", None, value)
    book.close()
    with pytest.raises(InputError, match=why) as caught:
        read_table(path)
    assert caught.value.code == "BATCH-CELL"


def test_merged_cells_are_named(tmp_path: Path) -> None:
    path = tmp_path / "merged.xlsx"
    book = workbook(path, ("a", [["a", "b"], [1, 2], [3, 4]]))
    book.worksheets()[0].merge_range("A2:A3", "x")
    book.close()
    with pytest.raises(InputError, match="1 merged cells: A2:A3"):
        read_table(path)


def test_a_hidden_sheet_is_not_read_unasked(tmp_path: Path) -> None:
    path = tmp_path / "sheets.xlsx"
    book = workbook(path, ("draft", [["a"], ["old"]]), ("final", [["a"], ["new"]]), ("Лист3", []))
    book.worksheets()[1].activate()
    book.worksheets()[0].hide()
    book.close()
    assert read_table(path).rows == (("new",),)
    assert read_table(path, Choice(sheet="draft")).rows == (("old",),)


def test_of_two_visible_sheets_one_must_be_named(tmp_path: Path) -> None:
    path = tmp_path / "sheets.xlsx"
    workbook(path, ("one", [["a"], ["1"]]), ("two", [["a"], ["2"]])).close()
    with pytest.raises(InputError, match="2 visible sheets with content") as caught:
        read_table(path)
    assert "--sheet" in caught.value.details.remedy
    with pytest.raises(InputError, match="no sheet 'three'"):
        read_table(path, Choice(sheet="three"))


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "hidden.xlsx"
    book = workbook(path, ("a", [["a"], ["1"], ["2"]]))
    book.worksheets()[0].set_row(2, None, None, {"hidden": 1})
    book.close()
    found = read_table(path)
    assert found.rows == (("1",), ("2",))
    assert "1 rows are hidden" in found.notes[0]


def test_formatted_empty_rows_at_the_end_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "tail.xlsx"
    book = workbook(path, ("a", [["a"], ["1"]]))
    for row in range(2, 5_000):
        book.worksheets()[0].write_blank(row, 0, None, book.add_format({"bold": True}))
    book.close()
    assert read_table(path).rows == (("1",),)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"holder;number\n1;2\n", b"\xd0\xcf\x11\xe0" * 200])
def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert caught.value.code == "BATCH-FILE"
