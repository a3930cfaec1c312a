"""Obligations without a registered agreement."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.calendar import day_number
from contracts.obligations import REGISTRATION_DUE, SMALL_EXEMPT, is_registration_due
from contracts.records import Act, Collection, Debt, Obligation, act_key, debt_key, obligation_key
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    SUPPLIER,
    YEAR,
    U,
    a_continuation,
    a_correction,
    a_debt,
    a_plan,
    a_reregistration,
    a_return,
    a_termination,
    a_year,
    accept_debt,
    an_act,
    an_agreement,
    an_invoice,
    an_obligation,
    next_year,
    of_obligation,
    pay,
    position,
    register,
    registration,
    restore,
    sign,
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
    scope = ("gu", "01.kz", None, None, None, None, None, GU, None)
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


# --- corrections


def an_invoiced(units: int = 30) -> Ledger:
    ledger = a_year(a_plan(100, specific="151"))
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", units)))
    return ledger


def obligation(ledger: Ledger, name: str) -> Obligation:
    found = Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(GU, name))
    assert found is not None
    return found


def test_a_wrong_invoice_is_taken_back_in_part_and_closed_at_zero() -> None:
    ledger = an_invoiced()
    events = ledger.do(GU, "obligation.correct", *a_correction("pay-1", 10))
    assert events == (("obligation.corrected", GU, "pay-1", None, 10 * U),)
    assert position(ledger, specific="151") == {"payable": 20, "allocated": 80}
    assert (obligation(ledger, "pay-1").amount, obligation(ledger, "pay-1").is_open) == (20 * U, True)
    ledger.do(GU, "obligation.correct", *a_correction("pay-1"))
    assert position(ledger, specific="151") == {"allocated": 100}
    assert (obligation(ledger, "pay-1").amount, obligation(ledger, "pay-1").is_open) == (0, False)
    assert invariants.recount(ledger.state) == ()


def test_of_a_paid_invoice_the_rest_is_taken_back() -> None:
    ledger = an_invoiced()
    pay(ledger, 1, "pay-1", 20)
    refusal = ledger.refused(GU, "obligation.correct", *a_correction("pay-1", 11))
    assert refusal.reason is reasons.CORRECT_EXCEEDS
    ledger.do(GU, "obligation.correct", *a_correction("pay-1"))
    assert position(ledger, specific="151") == {"paid": 20, "allocated": 80}
    assert (obligation(ledger, "pay-1").amount, obligation(ledger, "pay-1").is_open) == (20 * U, True)
    assert ledger.refused(GU, "obligation.correct", *a_correction("pay-1")).reason is reasons.CORRECT_EXCEEDS
    assert invariants.recount(ledger.state) == ()


def test_nothing_of_a_year_that_ended_is_taken_back() -> None:
    ledger = an_invoiced()
    ledger.open_day(2027, 1, 5)
    assert ledger.refused(GU, "obligation.correct", *a_correction("pay-1")).reason is reasons.YEAR_NOT_OPEN


def test_no_obligation_is_taken_back_that_is_not_there() -> None:
    refusal = an_invoiced().refused(GU, "obligation.correct", *a_correction("pay-9"))
    assert refusal.reason is reasons.OBLIGATION_NONE


def an_overpaid_act() -> Ledger:
    """Works of 1,000; of an act of 100 are 40 paid, of which 10 come back."""
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000)
    sign(ledger, "act-1", "a", 40)
    pay(ledger, 1, "a", 40, "act-1")
    restore(ledger, 1, 10)
    return ledger


def act(ledger: Ledger) -> Act:
    found = Act.find(ledger.state, Collection.ACTS, act_key(GU, "act-1"))
    assert found is not None
    return found


def test_what_came_back_of_an_overpaid_act_is_registered_again() -> None:
    ledger = an_overpaid_act()
    ledger.do(GU, "obligation.correct", *a_correction("a", act="act-1"))
    assert of_obligation(ledger, "a") == {"paid": 30, "registered": 970}
    assert (act(ledger).amount, act(ledger).withdrawn, act(ledger).is_corrected) == (40 * U, 10 * U, False)
    assert ledger.refused(GU, "act.correct", "act-1", "").reason is reasons.ACT_PAID
    sign(ledger, "act-2", "a", 970)
    assert invariants.recount(ledger.state) == ()


def test_what_came_back_after_the_agreement_ended_is_free() -> None:
    ledger = an_overpaid_act()
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    ledger.do(GU, "obligation.correct", *a_correction("a", 10, act="act-1"))
    assert of_obligation(ledger, "a") == {"paid": 30}
    assert position(ledger) == {"paid": 30, "allocated": 970}
    assert obligation(ledger, "a").amount == 30 * U
    assert invariants.recount(ledger.state) == ()


def test_an_act_taken_back_in_part_is_corrected_when_the_rest_came_back() -> None:
    ledger = an_overpaid_act()
    ledger.do(GU, "obligation.correct", *a_correction("a", 10, act="act-1"))
    restore(ledger, 1, 30)
    ledger.do(GU, "act.correct", "act-1", "")
    assert of_obligation(ledger, "a") == {"registered": 1_000}
    assert invariants.recount(ledger.state) == ()


def test_an_act_taken_back_whole_is_no_longer_in_force() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000)
    sign(ledger, "act-1", "a", 40)
    ledger.do(GU, "obligation.correct", *a_correction("a", act="act-1"))
    assert act(ledger).is_corrected
    assert ledger.refused(GU, "act.correct", "act-1", "").reason is reasons.ACT_NONE
    refusal = ledger.refused(GU, "obligation.correct", *a_correction("a", act="act-1"))
    assert refusal.reason is reasons.ACT_NONE
    assert invariants.recount(ledger.state) == ()


def test_an_obligation_of_an_agreement_is_taken_back_by_its_act() -> None:
    ledger = an_overpaid_act()
    assert ledger.refused(GU, "obligation.correct", *a_correction("a")).reason is reasons.CORRECT_ACT


def debt(ledger: Ledger, name: str) -> Debt:
    found = Debt.find(ledger.state, Collection.DEBTS, debt_key(GU, name))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["goods", "works"])
def test_an_accepted_debt_that_is_taken_back_may_be_accepted_again(kind: str) -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A", 1_000, kind=kind)
    sign(ledger, "act-1", "a", 1_000)
    kept = 50 if kind == "works" else 0
    next_year(ledger, a_plan(2_000))
    accept_debt(ledger, a_debt("pay-1", 400, "a"))
    if kept:
        accept_debt(ledger, a_debt("pay-2", kept, "a", kind="retention"))
        ledger.do(GU, "obligation.correct", *a_correction("pay-2"))
        assert debt(ledger, "a").accepted_retained == 0
    ledger.do(GU, "obligation.correct", *a_correction("pay-1", 100))
    assert debt(ledger, "a").accepted == 300 * U
    accept_debt(ledger, a_debt("pay-3", 700 - kept, "a"))
    assert debt(ledger, "a").accepted == debt(ledger, "a").payable
    assert invariants.recount(ledger.state) == ()


# --- what the bank could not deliver


def sent_back(units: int = 60) -> Ledger:
    """An act of 100 paid in December, of which the bank sends `units` back in January."""
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A", 1_000, kind="goods")
    sign(ledger, "act-1", "a", 100)
    pay(ledger, 1, "a", 100, "act-1")
    next_year(ledger, a_plan(1_000))
    ledger.do("treasury", "payment.restore", (a_return(1, units, receipts="201510", is_owed=True),))
    return ledger


def test_a_payment_that_the_bank_could_not_deliver_is_a_debt_paid_from_the_new_year() -> None:
    ledger = sent_back()
    assert position(ledger) == {"paid": 40, "recovered": 60, "lapsed": 900}
    assert (debt(ledger, "a").payable, debt(ledger, "a").payee) == (60 * U, SUPPLIER)
    accept_debt(ledger, a_debt("pay-1", 60, "a"))
    pay(ledger, 2, "pay-1", 60, year=YEAR + 1)
    more = (BUDGET, YEAR + 1, "1", (a_debt("pay-2", 1, "a"),))
    assert ledger.refused(GU, "obligation.accept", *more).reason is reasons.DEBT_EXCEEDS
    assert invariants.recount(ledger.state) == ()


def test_a_refund_is_owed_to_nobody() -> None:
    ledger = sent_back(60)
    ledger.do("treasury", "payment.restore", (a_return(1, 40, receipts="201510"),))
    assert debt(ledger, "a").payable == 60 * U
    assert invariants.recount(ledger.state) == ()


def test_what_is_owed_still_is_not_registered_again_beside() -> None:
    ledger = sent_back(100)
    over = a_reregistration("A", a_continuation("a-27", 901, "a"))
    assert ledger.refused(GU, "agreement.reregister", *over).reason is reasons.AGREEMENT_REST
    ledger.do(GU, "agreement.reregister", *a_reregistration("A", a_continuation("a-27", 900, "a")))
    assert invariants.recount(ledger.state) == ()


def test_within_its_year_a_payment_leaves_no_debt() -> None:
    ledger = an_overpaid_act()
    row = a_return(1, 10, is_owed=True)
    assert ledger.refused("treasury", "payment.restore", (row,)).reason is reasons.RESTORE_OWED


def test_an_advance_that_came_back_is_owed_to_nobody() -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A", 1_000, 300)
    pay(ledger, 1, "a", 300)
    next_year(ledger)
    row = a_return(1, 10, receipts="201510", is_owed=True)
    assert ledger.refused("treasury", "payment.restore", (row,)).reason is reasons.RESTORE_OWED
