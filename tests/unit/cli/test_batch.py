"""Tables of many rows: one document of all, or none and the same table with its errors."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from cli import batch
from cli.batch import Table
from cli.envelope import known_action
from cli.failures import InputError

REFUSE = known_action("payment.refuse")
APPROVE = known_action("plan.approve")
GOOD = Table(
    ("holder", "number", "reason", "note"),
    (("clinic", "2260001/26-1", "6", "нет акта"), ("clinic", "2", "7", "x")),
)
SUFFIXES = pytest.mark.parametrize("suffix", [".csv", ".xlsx"])


@SUFFIXES
def test_rows_of_a_table_are_the_rows_of_a_document(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    batch.write_table(path, GOOD)
    assert batch.read_rows(REFUSE, path) == [
        {"holder": "clinic", "number": "2260001/26-1", "reason": "6", "note": "нет акта"},
        {"holder": "clinic", "number": "2", "reason": "7", "note": "x"},
    ]


@SUFFIXES
def test_a_template_has_a_column_a_field(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"plan{suffix}"
    assert batch.write_template(APPROVE, path) == 28
    months = [f"{name}.{month}" for name in ("obligations", "payments") for month in range(1, 13)]
    assert batch.read_table(path) == Table(("holder", "subprogramme", "specific", "expense", *months), ())


@SUFFIXES
def test_wrong_rows_come_back_with_a_column_of_errors(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    batch.write_table(path, Table(GOOD.columns, (*GOOD.rows, ("clinic", "3", "99", "x"))))
    with pytest.raises(InputError, match="1 of 3 rows") as caught:
        batch.read_rows(REFUSE, path)
    assert caught.value.details.where == "row 3"
    answer = batch.read_table(tmp_path / f"rows.errors{suffix}")
    assert answer.columns == (*GOOD.columns, "error")
    assert [bool(row[-1]) for row in answer.rows] == [False, False, True]
    with pytest.raises(InputError, match="1 of 3 rows"):
        batch.read_rows(REFUSE, tmp_path / f"rows.errors{suffix}")


def test_numbers_of_a_spreadsheet_stay_what_was_typed(tmp_path: Path) -> None:
    path = tmp_path / "numbers.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for at, (name, value) in enumerate({"whole": 1250000, "part": 1250000.1, "flag": True}.items()):
            sheet.write(0, at, name)
            sheet.write(1, at, value)
    assert batch.read_table(path).rows == (("1250000", "1250000.1", "true"),)


def test_a_semicolon_separates_where_a_comma_does_not(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("holder;number;reason;note\nclinic;1;6;a, b\n", encoding="utf-8-sig")
    assert batch.read_rows(REFUSE, path) == [
        {"holder": "clinic", "number": "1", "reason": "6", "note": "a, b"}
    ]


@pytest.mark.parametrize(
    "text", ["", "a,a\n1,2\n", "a,\n1,2\n", "holder\n1,2\n", "holder,number,reason,note\n"]
)
def test_a_file_that_is_no_table_of_rows_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(InputError):
        batch.read_rows(REFUSE, path)


def test_an_action_without_rows_takes_no_table() -> None:
    with pytest.raises(InputError, match=r"treasury\.open_day"):
        batch.rows_field(known_action("treasury.open_day"))
