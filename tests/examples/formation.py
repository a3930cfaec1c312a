"""Limits, requests, the law in parts, the plan of a first quarter."""

from __future__ import annotations

from typing import Any

from contracts.fields import PLAN_UNIT
from contracts.requests import ITEMS
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger, a_ledger
from tests.support.year import (
    FOREIGN_GU,
    GU,
    NEXT,
    OTHER_GU,
    U,
    a_budget_request,
    a_consolidation,
    a_law,
    a_limit,
    a_plan,
    a_programme,
    a_quarter,
    a_request_return,
    a_stage,
    an_alignment,
    an_item,
    limits,
    plan_document,
    to_the_senate,
)


def limited() -> Ledger:
    ledger = a_ledger()
    ledger.do("mof", "limit.set", *limits())
    return ledger


def formed(units: int = 100, **changes: Any) -> Ledger:
    """One item e-1 of 228/003 for the next year, formed by the first institution."""
    ledger = limited()
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-1", units, **changes)))
    return ledger


def consolidated(units: int = 100) -> Ledger:
    ledger = formed(units)
    ledger.do("mot", "request.consolidate", *a_consolidation(units))
    return ledger


def tabled(units: int = 100) -> Ledger:
    """A request that has come to the Senate."""
    ledger = a_ledger()
    to_the_senate(ledger, units)
    return ledger


def next_law(*programmes: Any, **changes: Any) -> Any:
    return a_law(*programmes, **{"year": NEXT, **changes})


def form(ledger: Ledger, *items: Any, holder: str = GU, **changes: Any) -> Attempt:
    return attempt(ledger, holder, "request.form", *a_budget_request(*items, **changes))


@example("LIMIT-TWICE")
def a_limit_twice() -> Attempt:
    """One document sets the limits of an administrator twice."""
    return attempt(a_ledger(), "mof", "limit.set", *limits(a_limit(), a_limit()))


@example("BC74-NONE")
def a_request_before_its_limits() -> Attempt:
    """An institution asks before its administrator has limits."""
    return form(a_ledger(), an_item("e-1", 10))


@example("BC74-USED")
def a_limit_below_what_is_asked() -> Attempt:
    """Limits are lowered to 99 after requests of 100 were consolidated."""
    return attempt(consolidated(100), "mof", "limit.set", *limits(a_limit(base=99)))


@example("BC74-LIMIT")
def a_request_above_the_limit() -> Attempt:
    """Requests of 100 are consolidated within limits of 99."""
    ledger = formed(100)
    ledger.do("mof", "limit.set", *limits(a_limit(base=99)))
    return attempt(ledger, "mot", "request.consolidate", *a_consolidation(100))


@example("BC74-YEAR")
def a_request_for_this_year() -> Attempt:
    """Limits are set for the year that is being executed."""
    return attempt(a_ledger(), "mof", "limit.set", *limits(year=NEXT - 1))


@example("REQ-ADOPTED")
def a_request_after_the_law() -> Attempt:
    """An institution asks for a year whose law is recorded."""
    ledger = limited()
    ledger.do("mof", "budget.adopt", *next_law(a_programme()))
    return form(ledger, an_item("e-1", 10))


@example("REQ-NONE")
def nothing_to_consolidate() -> Attempt:
    """An administrator consolidates a programme that nobody asked for."""
    return attempt(limited(), "mot", "request.consolidate", *a_consolidation(0))


@example("REQ-STATUS")
def a_status_left_out() -> Attempt:
    """The Government approves what the Ministry of Finance has not."""
    return attempt(consolidated(), "mof", "request.decide", *a_stage("government", 100))


@example("REQ-SOURCE")
def a_second_source() -> Attempt:
    """A programme asked for from the budget is asked for from paid services too."""
    return form(formed(), an_item("e-2", 10), source="3")


@example("REQ-TWICE")
def an_item_twice() -> Attempt:
    """One request names an expense id twice."""
    return form(limited(), an_item("e-1", 10), an_item("e-1", 20))


@example("BC71-SUM")
def a_wrong_calculation() -> Attempt:
    """Ten pieces at 100 tenge are said to cost 900."""
    return form(limited(), an_item("e-1", 10, amount=9 * U))


@example("REQ-ITEMS")
def too_many_items() -> Attempt:
    """A programme is asked for in more items than one decision can take."""
    ledger = limited()
    for start in (0, ITEMS // 2):
        items = [an_item(f"e-{number}", 1) for number in range(start, start + ITEMS // 2)]
        ledger.do(GU, "request.form", *a_budget_request(*items))
    return form(ledger, an_item("one-more", 1))


@example("STD2-TAKEN")
def a_foreign_expense_id() -> Attempt:
    """Another institution uses an expense id that is taken."""
    return form(formed(), an_item("e-1", 10), holder=OTHER_GU)


@example("REQ-ITEM")
def an_unknown_item() -> Attempt:
    """The administrator lowers an item that the request does not have."""
    return attempt(formed(), "mot", "request.consolidate", *a_consolidation(90, ("e-9", 10)))


@example("REQ-BEYOND")
def more_than_is_asked() -> Attempt:
    """The administrator lowers an item of 100 by 101."""
    return attempt(formed(100), "mot", "request.consolidate", *a_consolidation(0, ("e-1", 101)))


@example("REQ-TOTAL")
def a_request_changed_meanwhile() -> Attempt:
    """The Ministry of Finance decides on 90 where 100 are asked for."""
    return attempt(consolidated(100), "mof", "request.decide", *a_stage("mof", 90))


@example("REQ-RETURNED")
def a_returned_part() -> Attempt:
    """The administrator consolidates what it returned and nobody formed again."""
    ledger = formed()
    ledger.do("mot", "request.return", *a_request_return("formed", holder=GU))
    return attempt(ledger, "mot", "request.consolidate", *a_consolidation(100))


@example("REQ-AUTHORITY")
def a_return_by_the_administrator() -> Attempt:
    """The administrator returns what the Ministry of Finance has approved."""
    ledger = consolidated()
    ledger.do("mof", "request.decide", *a_stage("mof", 100))
    return attempt(ledger, "mot", "request.return", *a_request_return("formed"))


@example("REQ-FOREIGN")
def a_return_by_another_administrator() -> Attempt:
    """The Ministry of Health returns a request of the Ministry of Transport."""
    return attempt(consolidated(), "moh", "request.return", *a_request_return("formed"))


@example("REQ-BACK")
def a_return_forward() -> Attempt:
    """A consolidated request is returned to the Government."""
    return attempt(consolidated(), "mof", "request.return", *a_request_return("government"))


@example("REQ-HOLDER")
def a_return_to_a_stranger() -> Attempt:
    """A request is returned to an institution that has no part in it."""
    return attempt(consolidated(), "mof", "request.return", *a_request_return("formed", holder=FOREIGN_GU))


@example("REQ-LAW")
def a_law_without_the_senate() -> Attempt:
    """The law is recorded while the request of a programme stands with the Government."""
    ledger = a_ledger()
    to_the_senate(ledger, 100, "government")
    return attempt(ledger, "mof", "budget.adopt", *next_law(a_programme(units=100)))


@example("REQ-SETTLED")
def left_out_after_its_part() -> Attempt:
    """A programme is named twice among those that the law leaves out."""
    law = next_law(a_programme("001", 50), left_out=(("228", "003"), ("228", "003")))
    return attempt(tabled(), "mof", "budget.adopt", *law)


@example("REQ-LEFT")
def a_law_that_forgets_a_request() -> Attempt:
    """The whole law says nothing of a programme that was asked for."""
    return attempt(tabled(), "mof", "budget.adopt", *next_law(a_programme("001", 50)))


@example("REQ-ALIGN-ROW")
def an_alignment_both_ways() -> Attempt:
    """A row of an alignment goes up and down."""
    ledger = tabled(100)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=100)))
    return attempt(ledger, "mot", "request.align", *an_alignment(("e-1", 10, 10)))


@example("BC75-20")
def more_than_the_law_gave() -> Attempt:
    """101 are aligned where the law gave 100."""
    ledger = tabled(100)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=100)))
    return attempt(ledger, "mot", "request.align", *an_alignment(("e-1", 101, 0)))


@example("BC90-PART")
def a_part_of_another_law() -> Attempt:
    """The second part names another law than the first."""
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme("001"), has_more=True))
    return attempt(ledger, "mof", "budget.adopt", *a_law(a_programme(), law="240-VIII"))


@example("BC90-PARTS")
def a_plan_before_the_last_part() -> Attempt:
    """A plan is approved while parts of the law are missing."""
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(), has_more=True))
    return attempt(ledger, "mot", "plan.approve", *plan_document(a_plan(10)))


@example("BC90-04-OVER")
def a_quarter_in_april() -> Attempt:
    """The plan of the first quarter is recorded in April."""
    ledger = a_ledger()
    ledger.open_day(2026, 4, 1)
    return attempt(ledger, "mof", "budget.quarter", *a_quarter(a_programme(), year=2026))


@example("BC90-04-NOTHING")
def a_quarter_of_nothing() -> Attempt:
    """A quarter of the forecast is less than the unit of plans."""
    return attempt(a_ledger(), "mof", "budget.quarter", *a_quarter(a_programme(amount=3 * PLAN_UNIT)))


@example("BC90-04-ABOVE")
def a_law_below_the_quarter() -> Attempt:
    """The law gives a programme 24 where the first quarter had 25."""
    ledger = a_ledger()
    ledger.do("mof", "budget.quarter", *a_quarter(a_programme(units=100)))
    return attempt(ledger, "mof", "budget.adopt", *next_law(a_programme(units=24)))


@example("BC90-04-MISSING")
def a_law_without_a_programme_of_the_quarter() -> Attempt:
    """The law has no row for a programme to which the first quarter gave money."""
    ledger = a_ledger()
    ledger.do("mof", "budget.quarter", *a_quarter(a_programme(units=100)))
    return attempt(ledger, "mof", "budget.adopt", *next_law(a_programme("001", 100)))
