"""The operational day, suspensions, receipts and cash."""

from __future__ import annotations

from typing import Any

from contracts.calendar import day_number
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger, a_ledger
from tests.support.year import (
    BUDGET,
    GU,
    YEAR,
    U,
    a_cut_row,
    a_decision,
    a_plan,
    a_request,
    a_year,
    an_agreement,
    an_obligation,
    payment_number,
    register,
    registration,
    sign,
)

PROGRAMME = ("programme", BUDGET, YEAR, "228", "003", None, None, None, None)
TAX = "101110"


@example("DAY-BACK")
def yesterday() -> Attempt:
    """The treasury opens a day that lies before the open one."""
    return attempt(a_ledger(), "treasury", "treasury.open_day", day_number(2026, 1, 2))


@example("DAY-FAR")
def a_wrong_year() -> Attempt:
    """The year of the date is mistyped, and a day that is open can never be taken back."""
    return attempt(a_ledger(), "treasury", "treasury.open_day", day_number(2062, 1, 6))


@example("SUSP-SCOPE")
def a_scope_without_its_programme() -> Attempt:
    """A programme is suspended, and the document does not say which."""
    scope = ("programme", BUDGET, YEAR, "228", None, None, None, None, None)
    return attempt(a_ledger(), "treasury", "treasury.suspend", scope, 2, "распоряжение 1")


def suspended(ledger: Ledger) -> Ledger:
    ledger.do("treasury", "treasury.suspend", PROGRAMME, 2, "распоряжение 1")
    return ledger


@example("SUSP-TWICE")
def suspended_twice() -> Attempt:
    """The same order suspends the programme a second time."""
    ledger = suspended(a_ledger())
    return attempt(ledger, "treasury", "treasury.suspend", PROGRAMME, 2, "распоряжение 1")


@example("SUSP-LIMIT")
def suspended_by_too_many_orders() -> Attempt:
    """A programme stands suspended by a hundred orders, and another one comes."""
    ledger = a_ledger()
    for number in range(1, 101):
        ledger.do("treasury", "treasury.suspend", PROGRAMME, 2, f"распоряжение {number}")
    return attempt(ledger, "treasury", "treasury.suspend", PROGRAMME, 2, "распоряжение 101")


@example("SUSP-NONE")
def resumed_without_suspension() -> Attempt:
    """The treasury resumes a programme that no order suspended."""
    return attempt(a_ledger(), "treasury", "treasury.resume", PROGRAMME, 2, "распоряжение 1")


@example("BC97-05")
def resumed_during_a_sequester() -> Attempt:
    """The treasury resumes a programme while a decision on sequester still holds its money."""
    ledger = a_year(a_plan(1_000), units=10_000)
    ledger.do("mof", "sequester.decide", *a_decision(a_cut_row(300)))
    return attempt(ledger, "treasury", "treasury.resume", PROGRAMME, 5, "cut-1")


@example("BC111")
def an_agreement_of_a_suspended_programme() -> Attempt:
    """An agreement is registered while operations of its programme are suspended."""
    ledger = suspended(a_year(a_plan(100)))
    row = an_agreement("A", an_obligation("a", 10))
    return attempt(ledger, GU, "agreement.register", *registration(row))


def monthly(amount: int) -> tuple[int, ...]:
    return tuple(amount * month for month in range(1, 13))


def plan(ledger: Ledger, *rows: Any) -> Attempt:
    return attempt(ledger, "treasury", "receipts.plan", "сводный план", rows)


@example("REC-UNIT")
def a_plan_in_single_tiyn() -> Attempt:
    """A figure of the receipts plan ends in a single tiyn."""
    return plan(a_ledger(), (BUDGET, YEAR, TAX, (*monthly(U)[:11], 12 * U + 1)))


@example("REC-FALL")
def a_falling_plan() -> Attempt:
    """The cumulative receipts plan of February is below that of January."""
    return plan(a_ledger(), (BUDGET, YEAR, TAX, (2 * U, U, *monthly(U)[2:])))


@example("TP48")
def a_closed_month_of_receipts() -> Attempt:
    """In March the receipts plan of January is changed."""
    ledger = a_ledger()
    ledger.do("treasury", "receipts.plan", "сводный план", ((BUDGET, YEAR, TAX, monthly(U)),))
    ledger.open_day(2026, 3, 2)
    return plan(ledger, (BUDGET, YEAR, TAX, (2 * U, *monthly(U)[1:])))


@example("REC-TWICE")
def one_receipts_code_in_two_rows() -> Attempt:
    """The receipts plan has the same code in two rows."""
    row = (BUDGET, YEAR, TAX, monthly(U))
    return plan(a_ledger(), row, row)


def post(ledger: Ledger, kind: str, amount: int, source: str = "1") -> Attempt:
    row = (kind, BUDGET, source, TAX, amount, "")
    return attempt(ledger, "treasury", "receipts.post", "выписка 2", (row,))


def received(amount: int) -> Ledger:
    ledger = a_ledger()
    row = ("receipt", BUDGET, "1", TAX, amount, "")
    ledger.do("treasury", "receipts.post", "выписка 1", (row,))
    return ledger


@example("REC-REFUND")
def more_refunded_than_received() -> Attempt:
    """A taxpayer gets back more than ever came in under the code."""
    return post(received(100_000), "refund", 100_001)


@example("BC110-3")
def a_payment_without_cash() -> Attempt:
    """A payment of 100 units meets a cash account that holds 99."""
    ledger = a_year(a_plan(1_000), cash=99)
    register(ledger, "A", 1_000, kind="goods")
    sign(ledger, "act-1", "a", 100)
    ledger.do(GU, "payment.request", (a_request(1, "a", 100, "act-1"),))
    return attempt(ledger, "treasury", "payment.execute", ((GU, payment_number(1)),))
