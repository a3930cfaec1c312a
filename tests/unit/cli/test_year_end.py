"""The end of a year and ratings at the terminal; what a command writes, the ledger takes."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli import reading, year_end
from cli.documents import value_of
from contracts.actions import REGISTER
from tests.support.budget import Ledger
from tests.support.served_ledger import serve, told
from tests.support.year import (
    GU,
    U,
    a_carry_over_list,
    a_closing,
    a_plan,
    a_warning,
    a_warning_row,
    a_year,
    close_year,
    cumulative,
    pay,
    register,
    sign,
)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """600 planned for January, 400 for April; 250 accepted, 100 of an act not paid; 5 March is open."""
    months = cumulative(1_000, 600, 600, 600)
    found = a_year(a_plan(1_000, obligations=months, payments=months), units=1_000)
    register(found, "A-1", 250, advance=75, kind="goods")
    pay(found, 1, "a-1", 75)
    sign(found, "act-1", "a-1", 100)
    found.open_day(2026, 3, 5)
    serve(monkeypatch, found, year_end, reading)
    return found


def written(path: Path, action: str) -> Any:
    """The arguments of a document that a command wrote."""
    return value_of(REGISTER[(action, 1)].arguments, json.loads(path.read_text(encoding="utf-8")))


def test_how_a_year_stands_is_told_before_within_and_after_its_closing(ledger: Ledger) -> None:
    assert told("year", "status", "01.kz", "2026")["item"]["status"] == "open"
    ledger.open_day(2027, 1, 5)
    ledger.do("treasury", "year.close", *a_closing(1))
    assert told("year", "status", "01.kz", "2026")["item"]["status"] == "closing"
    close_year(ledger)
    closed = told("year", "status", "01.kz", "2026")["item"]
    assert (closed["status"], closed["ended"], closed["claimed"]) == ("closed", "2027-01-05", "4500.00")


def test_a_year_of_no_budget_and_a_rating_of_nobody_are_not_found(ledger: Ledger) -> None:
    told("year", "status", "01.kz", "2030", status=3)
    told("rating", "explain", "999", "--year", "2026", status=3)


def test_debts_claims_and_what_is_carried_are_listed(ledger: Ledger) -> None:
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    close_year(ledger)
    (debt,) = told("year", "debts")["items"]
    assert (debt["obligation"], debt["payable"]) == ("a-1", "7000.00")
    (claim,) = told("year", "claims")["items"]
    assert claim["amount"] == "4500.00"
    (carried,) = told("year", "carried")["items"]
    assert (carried["listed"], carried["carried"]) == ("25000.00", "25000.00")
    (closing,) = told("year", "list")["items"]
    assert closing["carried"] == "32000.00"


def test_figures_of_a_rating_make_the_document_that_the_ledger_takes(ledger: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "rating.json"
    (figures,) = told("rating", "figures", "--year", "2026", "--out", str(out))["items"]
    assert (figures["administrator"], figures["accepted"], figures["overdue"]) == (
        "228", "25000.00", "35000.00",
    )  # fmt: skip
    ledger.do("mof", "rating.compute", *written(out, "rating.compute"))
    (rated,) = told("rating", "list")["items"]
    assert (rated["month"], rated["score"]) == (3, figures["score"])
    assert told("rating", "conduct")["items"] == told("rating", "conduct", "year=2026")["items"]


def test_a_rating_is_explained_part_by_part(ledger: Ledger) -> None:
    found = told("rating", "explain", "228", "--year", "2026")["item"]
    assert [part["part"] for part in found["parts"]] == [
        "acceptance", "payment", "economy", "stability", "discipline",
    ]  # fmt: skip
    assert found["parts"][0] == {
        "part": "acceptance", "text": "accepted ÷ obligations plan of the month, cumulative",
        "share_percent": "41.66", "points": "12.49", "most": 30,
    }  # fmt: skip
    assert found["formula"] == 1


def test_what_is_not_accepted_is_warned_of_and_proposed_for_amendment(ledger: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "warning.json"
    (found,) = told(
        "rating", "unaccepted", "--year", "2026", "--document", "письмо 1", "--out", str(out)
    )["items"]  # fmt: skip
    assert (found["holder"], found["month"], found["amount"], found["is_warned"]) == (
        GU, 1, "35000.00", False,
    )  # fmt: skip
    assert written(out, "unaccepted.warn") == a_warning(a_warning_row(350))
    ledger.do("mof", "unaccepted.warn", *written(out, "unaccepted.warn"))
    (again,) = told("rating", "unaccepted", "--year", "2026")["items"]
    assert again["is_warned"]
    (warning,) = told("rating", "warnings")["items"]
    assert (warning["amount"], warning["warned"]) == ("35000.00", "2026-03-05")
    amendment = tmp_path / "amendment.json"
    codes = ("--administrator", "228", "--programme", "003", "--certificate", "7")
    (proposal,) = told("rating", "propose", "--year", "2026", *codes, "--out", str(amendment))["items"]
    assert proposal["freed"] == "35000.00"
    *_, rows = written(amendment, "plan.amend")
    assert rows[0][4][11] == 650 * U


@pytest.mark.parametrize("verb", ["unaccepted", "propose"])
def test_a_document_needs_its_number(ledger: Ledger, tmp_path: Path, verb: str) -> None:
    assert told("rating", verb, "--year", "2026", "--out", str(tmp_path / "x.json"), status=2) is None
