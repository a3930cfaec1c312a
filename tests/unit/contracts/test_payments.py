"""Payments: request, refusal, execution, restoration."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.records import Claim, Collection, Payment, claim_key, payment_key
from contracts.refusals import GROUNDS
from tests.support.budget import Ledger
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    YEAR,
    U,
    a_plan,
    a_request,
    a_return,
    a_termination,
    a_year,
    an_invoice,
    cumulative,
    of_obligation,
    pay,
    payment_number,
    register,
    registration,
    restore,
    sign,
)

ACCOUNT = (BUDGET, "1", YEAR)
EXECUTION = ((GU, payment_number(1)),)


def payment(ledger: Ledger, serial: int = 1) -> Payment | None:
    return Payment.find(ledger.state, Collection.PAYMENTS, payment_key(GU, payment_number(serial)))


def with_act(units: int = 100, **year: Any) -> Ledger:
    """Goods for 1,000 units, one act of `units` to be paid."""
    ledger = a_year(a_plan(1_000), **year)
    register(ledger, "A", 1_000, kind="goods")
    sign(ledger, "act-1", "a", units)
    return ledger


def request(ledger: Ledger, *rows: tuple[Any, ...]) -> None:
    ledger.do(GU, "payment.request", rows)


# --- requests


def test_a_request_moves_nothing_and_only_one_asks_for_the_same_money() -> None:
    ledger = with_act()
    request(ledger, a_request(1, "a", 100, "act-1"))
    again = ledger.refused(GU, "payment.request", (a_request(2, "a", 100, "act-1"),))
    assert again.reason is reasons.PAYMENT_WAITING
    assert of_obligation(ledger, "a") == {"registered": 900, "payable": 100}
    assert payment(ledger) == Payment(
        "a", "act-1", False, 100 * U, "оплата", DAY, 0, None, None, 0, 3, ACCOUNT
    )
    ledger.do("treasury", "payment.execute", EXECUTION)
    again = ledger.refused(GU, "payment.request", (a_request(2, "a", 100, "act-1"),))
    assert again.reason is reasons.PAYMENT_EXCEEDS


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (a_request(1, "a", 1, "act-1", number="2280101/25-1"), reasons.PAYMENT_NUMBER),
        (a_request(1, "a", 1, "act-1", number="2280102/26-1"), reasons.PAYMENT_NUMBER),
        (a_request(1, "a", 1, "act-1", number="2280101/26-01"), reasons.PAYMENT_NUMBER),
        (a_request(1, "a", 1, "act-1", number="2280101/26-"), reasons.PAYMENT_NUMBER),
        (a_request(1, "a", 1, "act-1", number="2280101/26-x"), reasons.PAYMENT_NUMBER),
        (a_request(9, "a", 1, "act-1"), reasons.PAYMENT_EXISTS),
        (a_request(1, "x", 1, "act-1"), reasons.OBLIGATION_NONE),
        (a_request(1, "a", 101, "act-1"), reasons.PAYMENT_EXCEEDS),
        (a_request(1, "a", 1, "act-2"), reasons.PAYMENT_EXCEEDS),
        (a_request(1, "a", 1), reasons.PAYMENT_EXCEEDS),
        (a_request(1, "a", 1, "act-1", is_advance=True), reasons.PAYMENT_FORM),
        (a_request(1, "a", 1, is_advance=True), reasons.ADVANCE_LIMIT),
    ],
)
def test_a_wrong_request_is_refused(row: tuple[Any, ...], reason: object) -> None:
    ledger = with_act()
    request(ledger, a_request(9, "a", 1, "act-1"))
    assert ledger.refused(GU, "payment.request", (row,)).reason is reason


# --- refusals


def test_the_treasury_returns_a_request_with_a_reason_and_it_stays_returned() -> None:
    ledger = with_act()
    request(ledger, a_request(1, "a", 100, "act-1"))
    refusals = ((GU, payment_number(1), 10, "специфика 159 не для этого"),)
    events = ledger.do("treasury", "payment.refuse", refusals)
    assert events == (("payment.refused", GU, payment_number(1), 10, "специфика 159 не для этого"),)
    assert payment(ledger) == Payment("a", "act-1", False, 100 * U, "оплата", DAY, 1, DAY, 10, 0, 3, ACCOUNT)
    assert ledger.refused("treasury", "payment.refuse", refusals).reason is reasons.PAYMENT_DECIDED
    assert ledger.refused("treasury", "payment.execute", EXECUTION).reason is reasons.PAYMENT_DECIDED
    assert ledger.refused("treasury", "payment.execute", ((GU, "x"),)).reason is reasons.PAYMENT_NONE


def test_there_are_23_reasons_each_in_three_languages() -> None:
    assert len(GROUNDS) == 23
    assert all(len(texts) == 3 and all(texts) for texts in GROUNDS.values())
    assert (
        a_year().refused("treasury", "payment.refuse", ((GU, "x", 24, ""),)).reason is reasons.BAD_ARGUMENTS
    )


# --- execution


def test_a_request_lives_ten_calendar_days() -> None:
    ledger = with_act()
    request(ledger, a_request(1, "a", 50, "act-1"), a_request(2, "a", 50, "act-1"))
    ledger.open_day(2026, 1, 15)
    ledger.do("treasury", "payment.execute", EXECUTION)
    ledger.open_day(2026, 1, 16)
    refusal = ledger.refused("treasury", "payment.execute", ((GU, payment_number(2)),))
    assert refusal.reason is reasons.PAYMENT_EXPIRED


def test_the_unused_payments_plan_limits_a_payment() -> None:
    ledger = a_year(a_plan(100, payments=cumulative(100, 60)))
    register(ledger, "A", 100, kind="goods")
    sign(ledger, "act-1", "a", 100)
    request(ledger, a_request(1, "a", 60, "act-1"), a_request(2, "a", 1, "act-1"))
    refusal = ledger.refused(
        "treasury", "payment.execute", ((GU, payment_number(1)), (GU, payment_number(2)))
    )
    assert (refusal.reason, refusal.facts[0]) == (reasons.EXCEEDS_PAYMENTS_PLAN, ("row", 2))
    ledger.do("treasury", "payment.execute", EXECUTION)
    ledger.open_day(2026, 2, 2)
    request(ledger, a_request(3, "a", 40, "act-1"))
    ledger.do("treasury", "payment.execute", ((GU, payment_number(3)),))
    assert of_obligation(ledger, "a") == {"paid": 100}


def test_the_cash_account_limits_a_payment() -> None:
    ledger = with_act(cash=99)
    request(ledger, a_request(1, "a", 100, "act-1"))
    assert ledger.refused("treasury", "payment.execute", EXECUTION).reason is reasons.CASH_SHORT


def test_a_suspended_agreement_is_not_paid() -> None:
    ledger = with_act()
    request(ledger, a_request(1, "a", 100, "act-1"))
    scope = ("agreement", "01.kz", None, None, None, None, None, GU, "A")
    ledger.do("treasury", "treasury.suspend", scope, 7, "акт суда")
    assert ledger.refused("treasury", "payment.execute", EXECUTION).reason is reasons.SUSPENDED
    ledger.do("treasury", "treasury.resume", scope, 7, "акт суда")
    ledger.do("treasury", "payment.execute", EXECUTION)


def test_advances_stay_within_the_limit_and_one_at_a_time() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, 300, kind="goods")
    over = ledger.refused(GU, "payment.request", (a_request(1, "a", 301, is_advance=True),))
    assert over.reason is reasons.ADVANCE_LIMIT
    pay(ledger, 1, "a", 200)
    second = ledger.refused(GU, "payment.request", (a_request(2, "a", 100, is_advance=True),))
    assert second.reason is reasons.ADVANCE_NOT_WORKED_OFF
    sign(ledger, "act-1", "a", 1_000)
    late = ledger.refused(GU, "payment.request", (a_request(2, "a", 100, is_advance=True),))
    assert late.reason is reasons.PAYMENT_EXCEEDS
    assert of_obligation(ledger, "a") == {"paid": 200, "payable": 800}


def test_an_advance_under_an_ended_agreement_is_refused() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, 300)
    request(ledger, a_request(1, "a", 300, is_advance=True))
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert ledger.refused("treasury", "payment.execute", EXECUTION).reason is reasons.OBLIGATION_CLOSED


def test_an_obligation_without_act_is_paid_to_its_payee() -> None:
    ledger = a_year(a_plan(100, specific="151"))
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", 30)))
    request(ledger, a_request(1, "pay-1", 30))
    events = ledger.do("treasury", "payment.execute", EXECUTION)
    assert events == (("payment.executed", GU, payment_number(1), "pay-1", 30 * U, "990840000001"),)
    assert of_obligation(ledger, "pay-1") == {"paid": 30}


# --- restoration


def test_an_advance_that_came_back_is_registered_again_and_may_be_paid_again() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, 300)
    pay(ledger, 1, "a", 300)
    restore(ledger, 1, 100)
    assert of_obligation(ledger, "a") == {"registered": 800, "advanced": 200}
    restore(ledger, 1, 200)
    pay(ledger, 2, "a", 300)
    assert of_obligation(ledger, "a") == {"registered": 700, "advanced": 300}
    assert invariants.recount(ledger.state) == ()


def test_a_claim_ends_when_the_whole_advance_came_back() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, 300)
    pay(ledger, 1, "a", 300)
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    restore(ledger, 1, 300)
    assert Claim.find(ledger.state, Collection.CLAIMS, claim_key(GU, "a")) is None
    assert of_obligation(ledger, "a") == {}
    assert invariants.recount(ledger.state) == ()


def test_no_more_is_restored_than_can_come_back() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, 300)
    request(ledger, a_request(1, "a", 300, is_advance=True))
    early = ledger.refused("treasury", "payment.restore", (a_return(1, 1),))
    assert early.reason is reasons.PAYMENT_NOT_EXECUTED
    ledger.do("treasury", "payment.execute", EXECUTION)
    sign(ledger, "act-1", "a", 500)
    worked = ledger.refused("treasury", "payment.restore", (a_return(1, 151),))
    assert worked.reason is reasons.RESTORE_EXCEEDS
    restore(ledger, 1, 150)
    assert of_obligation(ledger, "a") == {"registered": 500, "payable": 350, "paid": 150}


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ((("budget", "01.kz"), ("receipts", "201510")), reasons.TRANSFER_BUDGET),
        ((("budget", "Абай"), ("receipts", "201510")), reasons.TRANSFER_BUDGET),
        ((("budget", "02.abai"), ("receipts", "999999")), reasons.CODE_UNKNOWN),
        ((("budget", "02.abai"),), reasons.CODE_UNKNOWN),
    ],
)
def test_a_transfer_goes_to_another_budget_under_a_known_code(
    attributes: tuple[tuple[str, str], ...], reason: object
) -> None:
    ledger = a_year(a_plan(100, specific="161"))
    row = ("111240000001", DAY, None, "x", "x", None, attributes)
    ledger.do("mof", "directory.publish", "payees", (row,))
    transfer = an_invoice("pay-1", 10, specific="161", kind="transfer", payee="111240000001")
    assert ledger.refused(GU, "obligation.accept", *registration(transfer)).reason is reason


def test_a_transfer_that_the_lower_budget_has_spent_does_not_come_back() -> None:
    ledger = a_year(a_plan(100, specific="161"))
    attributes = (("budget", "02.abai"), ("receipts", "201510"))
    row = ("111240000001", DAY, None, "x", "x", None, attributes)
    ledger.do("mof", "directory.publish", "payees", (row,))
    transfer = an_invoice("pay-1", 10, specific="161", kind="transfer", payee="111240000001")
    ledger.do(GU, "obligation.accept", *registration(transfer))
    pay(ledger, 1, "pay-1", 10)
    refund = ("refund", "02.abai", "1", "201510", 6 * U, "")
    ledger.do("treasury", "receipts.post", "выписка", (refund,))
    refusal = ledger.refused("treasury", "payment.restore", (a_return(1, 5),))
    assert refusal.reason is reasons.REFUND_BEYOND_RECEIPTS
    restore(ledger, 1, 4)
