"""Rows of a table as rows of a document: one document of all, or none and the same table with its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import batch
from cli.batch import Table
from cli.documents import Json, value_of
from cli.envelope import known_action
from cli.failures import InputError
from cli.tables import read_table, write_table

REFUSE = known_action("payment.refuse")
APPROVE = known_action("plan.approve")
REGISTER = known_action("agreement.register")
SIGN = known_action("act.sign")
REQUEST = known_action("payment.request")
GOOD = Table(
    ("holder", "number", "reason", "note"),
    (("clinic", "2260001/26-1", "6", "нет акта"), ("clinic", "2", "7", "[копия] {1}")),
)
SUFFIXES = pytest.mark.parametrize("suffix", [".csv", ".xlsx"])


@SUFFIXES
def test_rows_of_a_table_are_the_rows_of_a_document(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    write_table(path, GOOD)
    assert batch.read_rows(REFUSE, path).documents == (
        {"holder": "clinic", "number": "2260001/26-1", "reason": "6", "note": "нет акта"},
        {"holder": "clinic", "number": "2", "reason": "7", "note": "[копия] {1}"},
    )


@SUFFIXES
def test_a_template_has_a_column_a_field(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"plan{suffix}"
    assert batch.write_template(APPROVE, path) == 28
    months = [f"{name}.{month}" for name in ("obligations", "payments") for month in range(1, 13)]
    assert read_table(path) == Table(("holder", "subprogramme", "specific", "expense", *months), ())


@SUFFIXES
def test_wrong_rows_come_back_with_a_column_of_errors(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    write_table(path, Table(GOOD.columns, (*GOOD.rows, ("clinic", "3", "99", "x"))))
    with pytest.raises(InputError, match="1 of 3 rows") as caught:
        batch.read_rows(REFUSE, path)
    assert caught.value.details.where == f"row 3 (line 4 of rows{suffix})"
    answer = read_table(tmp_path / f"rows.errors{suffix}")
    assert answer.columns == (*GOOD.columns, "error")
    assert [bool(row[-1]) for row in answer.rows] == [False, False, True]
    with pytest.raises(InputError, match="1 of 3 rows"):
        batch.read_rows(REFUSE, tmp_path / f"rows.errors{suffix}")


def test_a_row_says_all_its_wrong_cells(tmp_path: Path) -> None:
    path = tmp_path / "acts.csv"
    write_table(
        path,
        Table(
            ("act", "obligation", "date", "document", "amount"),
            (("a1", "o1", "46054", "act 1", "-5"), ("a2", "o2", "2026-02-01", "act 2", "5")),
        ),
    )
    with pytest.raises(InputError):
        batch.read_rows(SIGN, path)
    first, second = (row[-1] for row in read_table(tmp_path / "acts.errors.csv").rows)
    assert "date: 46054 is a spreadsheet's number of a day" in first
    assert "2026-02-01" in first
    assert "amount: '-5' is negative" in first
    assert second == ""


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1250000", "1250000"),
        ("1250000.5", "1250000.5"),
        ("1250000,50", "1250000.50"),
        ("1 250 000", "1250000"),
        ("1\u00a0250\u00a0000,5", "1250000.5"),
        ("1\u202f250\u202f000.25", "1250000.25"),
        ("1,250,000", "1250000"),
        ("1,250,000.75", "1250000.75"),
        ("1,250.00", "1250.00"),
        ("250 000,00 ₸", "250000.00"),
        ("0", "0"),
    ],
)
def test_amounts_that_say_one_thing_are_taken(cell: str, amount: str) -> None:
    assert batch.amount_text(cell) == amount


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1,250", "to one reader"),
        ("-5", "negative"),
        ("\u22125 000", "negative"),
        ("(5 000,00)", "negative"),
        ("5-", "negative"),
        ("1,250,00", "not an amount"),
        ("12 50", "not an amount"),
        ("1.250.000", "not an amount"),
        ("1 250,000.00", "not an amount"),
        ("1e6", "not an amount"),
        ("=A1*2", "not an amount"),
        ("#ССЫЛКА!", "not an amount"),
        ("сто", "not an amount"),
        ("NaN", "not an amount"),
    ],
)
def test_amounts_that_could_say_two_things_are_refused(cell: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        batch.amount_text(cell)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-02-01", "2026-02-01"),
        ("01.02.2026", "2026-02-01"),
        ("1.2.2026", "2026-02-01"),
        ("2026-02-01 00:00:00", "2026-02-01"),
        ("01.02.2026 г.", "2026-02-01"),
    ],
)
def test_dates_as_text(cell: str, day: str) -> None:
    assert batch.day_text(cell) == day


def test_a_code_that_lost_its_zeros_is_refused_and_says_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    write_table(path, Table(("holder", "subprogramme", "specific"), (("clinic", "0", "159"),)))
    with pytest.raises(InputError, match=r"loses its zeros in front.*perhaps 000"):
        batch.read_rows(APPROVE, path)


@pytest.mark.parametrize("heading", ["amuont", "years.0.year", "years.1", "obligations.9999.amount"])
def test_a_heading_that_is_no_field_is_refused_before_any_row(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "rows.csv"
    write_table(path, Table(("number", heading), (("1", "2"),)))
    with pytest.raises(InputError) as caught:
        batch.read_rows(REGISTER, path)
    assert caught.value.code == "BATCH-HEADINGS"


def test_headings_are_read_whatever_their_case(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_table(path, Table(tuple(name.upper() for name in GOOD.columns), GOOD.rows))
    assert len(batch.read_rows(REFUSE, path).documents) == 2


AGREEMENT: dict[str, Json] = {
    "number": "7",
    "date": "2026-01-05",
    "supplier": "123456789012",
    "subject": "услуги",
    "kind": "services",
    "money": "ordinary",
    "programme": "001",
    "legal_basis": "",
    "portal_id": "p",
    "total": "300.00",
    "vat": None,
    "years": [{"year": 2026, "amount": "100.00"}, {"year": 2027, "amount": "200.00"}],
    "valid_until": "2027-12-31",
    "takes_effect_after_registration": True,
    "advance_ground": None,
    "expertise": None,
    "obligations": [
        {
            "obligation": "o1",
            "subprogramme": "000",
            "specific": "159",
            "expense": None,
            "amount": "100.00",
            "advance": "0.00",
        },
    ],
}


@SUFFIXES
def test_an_agreement_with_its_years_and_obligations_goes_to_a_table_and_back(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"agreements{suffix}"
    _, shape = batch.rows_field(REGISTER)
    write_table(path, batch.table_of(REGISTER, [AGREEMENT]))
    (found,) = batch.read_rows(REGISTER, path).documents
    assert value_of(shape.item, found) == value_of(shape.item, AGREEMENT)


def test_a_gap_in_a_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "agreements.csv"
    flat = batch.table_of(REGISTER, [AGREEMENT])
    cells = dict(zip(flat.columns, flat.rows[0], strict=True)) | {"years.1.year": "", "years.1.amount": ""}
    write_table(path, Table(tuple(cells), (tuple(cells.values()),)))
    with pytest.raises(InputError, match=r"years\.1 is empty"):
        batch.read_rows(REGISTER, path)


def test_a_missing_month_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    months = [f"{name}.{month}" for name in ("obligations", "payments") for month in range(1, 13)]
    cells = ["1 000,00"] * 24
    cells[4] = ""
    write_table(
        path, Table(("holder", "subprogramme", "specific", *months), (("clinic", "000", "159", *cells),))
    )
    with pytest.raises(InputError, match=r"obligations\.5 is empty"):
        batch.read_rows(APPROVE, path)


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


def test_of_a_document_with_several_lists_one_is_named(tmp_path: Path) -> None:
    adopt = known_action("budget.adopt")
    path = tmp_path / "law.csv"
    with pytest.raises(InputError, match="programmes, left_out") as caught:
        batch.write_template(adopt, path)
    assert caught.value.details.remedy == "say --list programmes"
    assert batch.write_template(adopt, path, "left_out") == 2


def test_an_action_without_rows_is_no_table() -> None:
    with pytest.raises(InputError) as refused:
        batch.rows_field(known_action("treasury.open_day"))
    assert refused.value.message == "treasury.open_day has no list of rows, so no table"
    assert "eqz tx template treasury.open_day" in refused.value.details.remedy
