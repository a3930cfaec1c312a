"""Obligations without a registered agreement."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
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
    an_invoice,
    position,
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
