"""Obligations without a registered agreement."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.calendar import day_number
from contracts.obligations import REGISTRATION_DUE, SMALL_EXEMPT, is_registration_due
from contracts.records import Collection, Obligation, obligation_key
from tests.support.budget import a_line
from tests.support.year import (
    DAY,
    GU,
    SUPPLIER,
    U,
    a_plan,
    a_year,
    an_act,
    an_agreement,
    an_invoice,
    an_obligation,
    position,
    register,
    registration,
)


def test_what_is_accepted_is_payable_at_once() -> None:
    ledger = a_year(a_plan(100, specific="151"))
    events = ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", 30)))
    assert events == (("obligation.accepted", GU, "pay-1", "invoice", "счёт 1", 30 * U),)
    assert position(ledger, specific="151") == {"payable": 30, "allocated": 70}
    found = Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(GU, "pay-1"))
    assert found == Obligation(
        a_line(specific="151"),
        None,
        "invoice",
        None,
        SUPPLIER,
        30 * U,
        0,
        0,
        0,
        (),
        0,
        (),
        True,
        None,
    )
    assert invariants.recount(ledger.state) == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (an_invoice("pay-1", 30), reasons.OBLIGATION_EXISTS),
        (an_invoice("pay-2", 30, document_date=DAY + 1), reasons.DATE_AHEAD),
        (an_invoice("pay-2", 30, payee=None), reasons.OBLIGATION_PAYEE),
        (an_invoice("pay-2", 30, kind="payroll", payee=None), reasons.OBLIGATION_PAYEE),
        (an_invoice("pay-2", 30, payee="000000000000"), reasons.CODE_UNKNOWN),
        (an_invoice("pay-2", 30, specific="999"), reasons.CODE_UNKNOWN),
        (an_invoice("pay-2", 30, subprogramme="999"), reasons.CODE_UNKNOWN),
        (an_invoice("pay-2", 71), reasons.EXCEEDS_OBLIGATIONS_PLAN),
        (an_invoice("pay-2", 1, specific="421"), reasons.OBLIGATION_REGISTER),
        (an_invoice("pay-2", 1, amount=43_250_001, specific="159"), reasons.OBLIGATION_REGISTER),
    ],
)
def test_a_wrong_row_is_refused(row: tuple[Any, ...], reason: object) -> None:
    ledger = a_year(a_plan(100, specific="151"))
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", 30)))
    assert ledger.refused(GU, "obligation.accept", *registration(row)).reason is reason


def test_up_to_a_hundred_mrp_some_specifics_need_no_registration() -> None:
    limit = 100 * 432_500
    assert limit == 43_250_000
    assert not is_registration_due("159", 432_500, limit)
    assert is_registration_due("159", 432_500, limit + 1)
    assert is_registration_due("152", 432_500, 1)
    assert not is_registration_due("111", 432_500, 10**15)
    assert is_registration_due("159", 0, 1)


def test_every_exempt_specific_is_one_that_needs_registration() -> None:
    assert SMALL_EXEMPT < REGISTRATION_DUE


def test_a_suspended_institution_accepts_nothing() -> None:
    ledger = a_year(a_plan(100, specific="151"))
    scope = ("gu", None, None, None, None, None, None, GU, None)
    ledger.do("treasury", "treasury.suspend", scope, 7, "акт суда")
    refusal = ledger.refused(GU, "obligation.accept", *registration(an_invoice("pay-1", 1)))
    assert refusal.reason is reasons.SUSPENDED


# --- exemptions and the services of December


def test_a_named_exemption_stands_in_place_of_a_registered_agreement() -> None:
    ledger = a_year(a_plan(100, specific="421"))
    row = an_invoice("pay-1", 30, specific="421", exemption="corporate-card")
    ledger.do(GU, "obligation.accept", *registration(row))
    assert position(ledger, specific="421") == {"payable": 30, "allocated": 70}


def test_an_exemption_has_no_place_where_no_registration_is_due() -> None:
    ledger = a_year(a_plan(100, specific="151"))
    row = an_invoice("pay-1", 30, exemption="bank-fees")
    assert ledger.refused(GU, "obligation.accept", *registration(row)).reason is reasons.EXEMPTION


DECEMBER = day_number(2025, 12, 31)


@pytest.mark.parametrize(
    ("specific", "date", "month", "is_taken"),
    [
        ("151", DECEMBER, 3, True),
        ("151", DECEMBER, 4, False),
        ("151", day_number(2025, 11, 30), 1, False),
        ("161", DECEMBER, 1, False),
    ],
)
def test_december_s_listed_services_are_accepted_in_the_first_quarter(
    specific: str, date: int, month: int, is_taken: bool
) -> None:
    ledger = a_year(a_plan(100, specific=specific))
    if month > 1:
        ledger.open_day(2026, month, 2)
    document = registration(an_invoice("pay-1", 30, specific=specific, document_date=date))
    if is_taken:
        ledger.do(GU, "obligation.accept", *document)
    else:
        assert ledger.refused(GU, "obligation.accept", *document).reason is reasons.DECEMBER


@pytest.mark.parametrize("kind", ["invoice", "special", "other"])
def test_a_document_of_last_year_is_accepted_under_no_other_name_either(kind: str) -> None:
    ledger = a_year(a_plan(100, specific="151"))
    row = an_invoice("pay-1", 30, kind=kind, document_date=day_number(2025, 11, 30))
    assert ledger.refused(GU, "obligation.accept", *registration(row)).reason is reasons.DECEMBER


@pytest.mark.parametrize(("kind", "is_taken"), [("services", True), ("goods", False)])
def test_an_act_of_december_is_settled_under_the_new_agreement_for_services(
    kind: str, is_taken: bool
) -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 100, kind=kind)
    row = an_act("act-1", "a", 10, date=DECEMBER)
    if is_taken:
        ledger.do(GU, "act.sign", (row,))
    else:
        assert ledger.refused(GU, "act.sign", (row,)).reason is reasons.DATE_OUTSIDE


def test_the_subject_of_an_agreement_fits_the_specific() -> None:
    ledger = a_year(a_plan(100))
    row = ("159", DAY, None, "159", "159", None, (("kinds", "services works"),))
    ledger.do("mof", "directory.publish", "economic", (row,))
    goods = registration(an_agreement("A", an_obligation("a", 10), kind="goods"))
    assert ledger.refused(GU, "agreement.register", *goods).reason is reasons.AGREEMENT_SUBJECT
    register(ledger, "A", 10, kind="services")
