"""The budget as adopted and its financing plans."""

from __future__ import annotations

from typing import Any

from contracts.calendar import day_number
from tests.examples import Attempt, attempt, example
from tests.support.budget import a_ledger
from tests.support.year import (
    FOREIGN_GU,
    GU,
    OTHER_GU,
    U,
    a_block,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_request,
    a_year,
    an_agreement,
    an_obligation,
    cumulative,
    payment_number,
    plan_document,
    register,
    registration,
    sign,
    with_shortfall,
)


def adopt(*programmes: Any, **changes: Any) -> Attempt:
    return attempt(a_ledger(), "mof", "budget.adopt", *a_law(*programmes, **changes))


def approve(*rows: Any, programme: str = "003") -> Attempt:
    return attempt(a_year(units=1_000), "mot", "plan.approve", *plan_document(*rows, programme=programme))


@example("DATE-AHEAD")
def a_law_of_tomorrow() -> Attempt:
    """The law is dated after the operational day."""
    return adopt(a_programme(), law_date=day_number(2026, 1, 6))


@example("BC90-ADOPTED")
def adopted_twice() -> Attempt:
    """The law of 2026 is recorded a second time."""
    return attempt(a_year(), "mof", "budget.adopt", *a_law(a_programme()))


@example("BC86-TOTAL")
def a_total_that_differs() -> Attempt:
    """The programmes add up to more than the law states for costs."""
    return adopt(a_programme(), costs=U)


@example("BC86-TWICE")
def a_programme_in_two_rows() -> Attempt:
    """The annex has one programme of an administrator in two rows."""
    return adopt(a_programme(), a_programme())


@example("BC97-LIST")
def protected_without_list() -> Attempt:
    """A programme is marked as protected in part, and no subprogramme is listed."""
    return adopt(a_programme(protected=2))


@example("BC86-PROGRAMME")
def a_plan_outside_the_budget() -> Attempt:
    """Plans are approved for a programme that the law does not have."""
    return approve(a_plan(10), programme="001")


@example("BC90-NONE")
def a_block_without_budget() -> Attempt:
    """Money of a budget is blocked that was never adopted."""
    document = a_block(a_held_row(1), budget="02.almaty")
    return attempt(a_year(a_plan(10)), "treasury", "treasury.block", *document)


@example("PLAN-UNIT")
def a_plan_of_single_tiyn() -> Attempt:
    """The annual sum of a plan ends in a single tiyn."""
    return approve(a_plan(10, obligations=(*cumulative(10, 1)[:11], 10 * U + 1)))


@example("PLAN-FALLS")
def a_plan_that_falls() -> Attempt:
    """The cumulative obligations plan of February is below that of January."""
    return approve(a_plan(10, obligations=cumulative(10, 5, 4)))


@example("PLAN-EMPTY")
def a_plan_of_nothing() -> Attempt:
    """The plan is zero in December, that is, the whole year."""
    return approve(a_plan(0))


@example("PLAN-ANNUAL")
def two_annual_sums() -> Attempt:
    """The annual sum by obligations is 10 units, by payments 9."""
    return approve(a_plan(10, payments=cumulative(9)))


@example("TP19-05")
def paid_before_accepted() -> Attempt:
    """In January the payments plan is above the obligations plan."""
    return approve(a_plan(10, obligations=cumulative(10, 5)))


@example("PLAN-HOLDER")
def a_plan_of_nobody() -> Attempt:
    """The plan names an institution that is not registered."""
    return approve(a_plan(10, holder="nobody"))


@example("BC106-4")
def a_plan_of_another_ministry() -> Attempt:
    """The ministry of transport approves the plan of an institution of the ministry of health."""
    return approve(a_plan(10, holder=FOREIGN_GU))


@example("TP33")
def approved_twice() -> Attempt:
    """The plan of an institution and specific is approved a second time."""
    return attempt(a_year(a_plan(10)), "mot", "plan.approve", *plan_document(a_plan(10)))


@example("TP11")
def more_than_the_programme_has() -> Attempt:
    """The plan takes 1,001 units of a programme of 1,000."""
    return approve(a_plan(1_001))


@example("BC105-06")
def more_payments_than_receipts() -> Attempt:
    """To January the payments plans reach 101 units, the receipts plan 100."""
    ledger = a_year(a_plan(30), cash=0)
    with_shortfall(ledger, 100)
    return attempt(ledger, "mot", "plan.approve", *plan_document(a_plan(71, OTHER_GU)))


@example("BC101-5")
def an_agreement_of_last_year() -> Attempt:
    """In January 2027 an agreement is registered in the budget year 2026."""
    ledger = a_year(a_plan(100))
    ledger.open_day(2027, 1, 4)
    row = an_agreement("A", an_obligation("a", 1))
    return attempt(ledger, GU, "agreement.register", *registration(row))


@example("BC109-PLAN")
def an_agreement_without_a_plan() -> Attempt:
    """An agreement is registered under a specific for which the institution has no plan."""
    row = an_agreement("A", an_obligation("a", 10))
    return attempt(a_year(), GU, "agreement.register", *registration(row))


@example("TP218-07")
def more_than_the_month_permits() -> Attempt:
    """The agreement takes 101 units, the obligations plan to January is 40, the year's 1,000."""
    ledger = a_year(a_plan(1_000, obligations=cumulative(1_000, 40), payments=cumulative(1_000, 40)))
    row = an_agreement("A", an_obligation("a", 101))
    return attempt(ledger, GU, "agreement.register", *registration(row))


@example("PLAN-FREE")
def money_under_a_block() -> Attempt:
    """Of 100 units 95 are blocked, and the agreement takes 6."""
    ledger = a_year(a_plan(100))
    with_shortfall(ledger, 95)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(95)))
    row = an_agreement("A", an_obligation("a", 6))
    return attempt(ledger, GU, "agreement.register", *registration(row))


@example("TP236-14")
def paid_in_a_later_month() -> Attempt:
    """The payment is 61 units, and the payments plan to January is 60."""
    ledger = a_year(a_plan(100, payments=cumulative(100, 60)))
    register(ledger, "A", 100, kind="goods")
    sign(ledger, "act-1", "a", 100)
    ledger.do(GU, "payment.request", (a_request(1, "a", 61, "act-1"),))
    return attempt(ledger, "treasury", "payment.execute", ((GU, payment_number(1)),))
