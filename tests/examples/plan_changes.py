"""Refusals of changes of plans: certificates of amendment and changes of codes (TP 33–46, 78)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contracts import recodes
from contracts.records import Budget, BudgetStatus, Collection, Role, budget_key
from tests.examples import Attempt, attempt, example
from tests.support import route
from tests.support.budget import Ledger, a_ledger, with_receipts
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    OTHER_GU,
    YEAR,
    U,
    Values,
    a_block,
    a_carry_over_list,
    a_certificate,
    a_code,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_recode,
    a_request,
    a_year,
    an_agreement,
    an_invoice,
    an_obligation,
    cumulative,
    plan_document,
    register,
    registration,
    replace_codes,
    sign,
    with_successors,
)

UP, DOWN = a_plan(110), a_plan(90, specific="151")
"""Ten units from specific 151 to 159."""

SIGNERS = (("mot", Role.HEAD), ("mot", Role.ACCOUNTANT))


def planned() -> Ledger:
    """228/003 of 1,000: plans of 100 on 159 and on 151, all in January."""
    return a_year(a_plan(100), a_plan(100, specific="151"), units=1_000)


def certificate(ledger: Ledger, *rows: Values, **changes: Any) -> Attempt:
    """The administrator's certificate of kind a."""
    return attempt(ledger, "mot", "plan.amend", *a_certificate(*rows, **changes))


def to_treasury(ledger: Ledger, *rows: Values, **changes: Any) -> Attempt:
    """A certificate of kind b, sent to the treasury."""
    document = a_certificate(*rows, kind="b", **changes)
    return attempt(ledger, "mot", "approval.submit", "plan.amend", 1, document, signers=SIGNERS)


def both(units: int, *first: int) -> dict[str, Any]:
    """The same figures by obligations and by payments."""
    return {"obligations": cumulative(units, *first), "payments": cumulative(units, *first)}


# --- figures


@example("TP48-PLAN")
def a_closed_month() -> Attempt:
    """In March a plan is approved with money in January."""
    ledger = a_year()
    ledger.open_day(2026, 3, 2)
    return attempt(ledger, "mot", "plan.approve", *plan_document(a_plan(100)))


@example("TP30")
def beyond_the_quarter() -> Attempt:
    """While no budget is adopted, a plan has money in April."""
    ledger = a_year()
    key = budget_key(BUDGET, YEAR)
    found = Budget.find(ledger.state, Collection.BUDGETS, key)
    assert found is not None
    quarter = replace(found, status=BudgetStatus.QUARTER.value)
    ledger.state.commit({(Collection.BUDGETS, key): quarter.encode()})
    longer = a_plan(100, **both(100, 30, 60, 90))
    return attempt(ledger, "mot", "plan.approve", *plan_document(longer))


@example("AMD-TWICE")
def one_position_twice() -> Attempt:
    """One certificate names a position in two rows."""
    return certificate(planned(), UP, UP)


@example("AMD-EXISTS")
def a_number_twice() -> Attempt:
    """A second certificate of the programme has the number of the first."""
    ledger = planned()
    ledger.do("mot", "plan.amend", *a_certificate(UP, DOWN))
    return certificate(ledger, a_plan(100), a_plan(100, specific="151"), cause="debt")


@example("AMD-SAME")
def nothing_changes() -> Attempt:
    """A certificate repeats the figures of the plan."""
    return certificate(planned(), a_plan(100))


@example("TP35-ACCEPTED")
def below_what_is_accepted() -> Attempt:
    """A plan of which 95 is registered goes down to 90."""
    ledger = planned()
    register(ledger, "A", 95)
    return certificate(ledger, a_plan(90), a_plan(110, specific="151"))


@example("TP35-REDEEMED")
def below_what_is_paid() -> Attempt:
    """60 is paid; the payments plan of January would be 50."""
    ledger = planned()
    register(ledger, "A", 80)
    sign(ledger, "1", "a", 60)
    ledger.do(GU, "payment.request", (a_request(1, "a", 60, "1"),))
    ledger.do("treasury", "payment.execute", ((GU, "2280101/26-1"),))
    return certificate(ledger, a_plan(100, payments=cumulative(100, 50)))


@example("TP35-FREE")
def below_what_is_held() -> Attempt:
    """95 of a plan of 100 is under a block; the plan goes down by 10."""
    ledger = planned()
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(95), ground="refinement"))
    return certificate(ledger, a_plan(90), a_plan(110, specific="151"))


# --- the two kinds


@example("BC105-07")
def totals_that_change() -> Attempt:
    """The administrator alone raises one plan and lowers none."""
    return certificate(planned(), UP)


@example("TP35-SHIFT")
def a_specific_between_months() -> Attempt:
    """By a certificate of kind a specific 159 goes from January to February, and 161 the other way."""
    ledger = planned()
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100, specific="161", **both(100, 90))))
    return certificate(ledger, a_plan(100, **both(100, 90)), a_plan(100, specific="161"))


@example("TP43-CAUSE")
def put_off_without_a_cause() -> Attempt:
    """40 of January's plan would be accepted later; the certificate names no cause."""
    return to_treasury(planned(), a_plan(100, **both(100, 60)))


@example("TP43-CASH")
def forward_without_cash() -> Attempt:
    """40 of payments would come from March to January; the cash account holds 39."""
    ledger = a_year(a_plan(100, payments=cumulative(100, 0, 0)), cash=39)
    return to_treasury(ledger, a_plan(100, payments=cumulative(100, 40, 60)))


# --- the calendar, and changes in process


@example("TP33-MONTH")
def twice_in_a_month() -> Attempt:
    """A second certificate of kind a of the programme in January."""
    ledger = planned()
    ledger.do("mot", "plan.amend", *a_certificate(UP, DOWN))
    return certificate(ledger, a_plan(100), a_plan(100, specific="151"), number="2")


@example("TP33-DAY")
def after_the_twentieth() -> Attempt:
    """A certificate is filed on 21 January."""
    ledger = planned()
    ledger.open_day(2026, 1, 21)
    return certificate(ledger, UP, DOWN)


@example("TP35-PROCESS")
def a_code_in_process() -> Attempt:
    """The treasury has a certificate on specific 159; another changes the same code."""
    ledger = planned()
    route.submitted(ledger, "mot", "plan.amend", *a_certificate(a_plan(150), kind="b"))
    return certificate(ledger, UP, DOWN, number="2")


# --- changes of codes (TP 78)

OLD, NEW = a_code(), a_code(specific="149")


def change(ledger: Ledger, *rows: tuple[Values, Values], **changes: Any) -> Attempt:
    return attempt(ledger, "treasury", "plan.recode", *a_recode(*rows, **changes))


def registered(*obligations: Values, **programme: Any) -> Ledger:
    """228/003 and 228/001, plans of 100 on 159 and 151, agreement A with the obligations."""
    ledger = with_successors(a_ledger())
    law = a_law(a_programme(units=1_000), a_programme("001", 500, **programme))
    ledger.do("mof", "budget.adopt", *law)
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100), a_plan(100, specific="151")))
    with_receipts(ledger, 1_000 * U)
    if obligations:
        ledger.do(GU, "agreement.register", *registration(an_agreement("A", *obligations)))
    return ledger


@example("TP78-LINE")
def half_a_position() -> Attempt:
    """The old place names a specific and no subprogramme."""
    return change(registered(), (a_code(subprogramme=None), NEW))


@example("TP78-TWICE")
def there_and_on() -> Attempt:
    """Specific 159 becomes 151, and 151 becomes 161, in one document."""
    chain = ((OLD, a_code(specific="151")), (a_code(specific="151"), a_code(specific="161")))
    return change(registered(), *chain)


@example("TP78-EMPTY")
def nothing_to_carry() -> Attempt:
    """The institution has neither plan nor money on specific 414."""
    return change(registered(), (a_code(specific="414"), NEW))


@example("TP78-SIZE")
def too_many_tokens() -> Attempt:
    """1,000 invoices and what is left of the plan stand on one position."""
    ledger = registered()
    half = recodes.TOKENS_PER_DOCUMENT // 2
    for part in ("a", "b"):
        rows = (an_invoice(f"{part}{number}", 0, amount=500) for number in range(half))
        ledger.do(GU, "obligation.accept", *registration(*rows))
    return change(ledger, (a_code(specific="151"), a_code(specific="161")))


@example("TP78-HELD")
def held_money() -> Attempt:
    """10 of the position is under a block."""
    ledger = registered()
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(10), ground="refinement"))
    return change(ledger, (OLD, NEW))


@example("TP78-AGREEMENT")
def half_an_agreement() -> Attempt:
    """An agreement of two specifics: one of them goes to programme 001."""
    ledger = registered(an_obligation("a-1", 20), an_obligation("a-2", 30, specific="151"))
    return change(ledger, (OLD, a_code(programme="001")))


@example("TP78-NAME")
def a_name_given_twice() -> Attempt:
    """Both institutions have an obligation a."""
    ledger = registered(an_obligation("a", 20))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(50, OTHER_GU)))
    other = an_agreement("B", an_obligation("a", 10))
    ledger.do(OTHER_GU, "agreement.register", *registration(other))
    return change(ledger, (OLD, a_code(OTHER_GU)), cause="reorganisation")


@example("TP78-SECTION")
def another_section() -> Attempt:
    """Programme 001 is of budget loans, 003 of costs."""
    return change(registered(section="budget_loans"), (OLD, a_code(programme="001")))


def unpublished(**features: Any) -> Ledger:
    """228/003 and 228/001 with all their money undistributed; no directory names a new code."""
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000, **features), a_programme("001", 500)))
    return ledger


POOL, OTHER_POOL = a_code("mot", None), a_code("mot", None, programme="001")


@example("TP78-CAUSE")
def to_another_institution_by_a_change_of_codes() -> Attempt:
    """A change of the classification would hand the position to another institution."""
    return change(registered(), (OLD, a_code(OTHER_GU)))


@example("TP78-SUCCESSOR")
def a_code_that_nobody_replaced() -> Attempt:
    """All money of 228/003 goes to 228/001; the directory says nothing of it."""
    return change(unpublished(), (POOL, OTHER_POOL))


@example("TP78-PROTECTED")
def out_of_protection() -> Attempt:
    """228/003 is protected from a sequester, and 228/001, its new code, is not."""
    ledger = unpublished(protected=1)
    replace_codes(ledger, "functional", ("228/003", "228/001"))
    return change(ledger, (POOL, OTHER_POOL))


@example("TP78-CARRY-OVER")
def a_list_divided() -> Attempt:
    """250 of 228/003 may be used next year; its pool goes to one programme, its plan to another."""
    ledger = registered()
    ledger.publish("functional", "228/002", "228/002/100", valid_from=DAY)
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    there = [a_code(specific=specific, programme="002") for specific in ("159", "151")]
    plans = ((OLD, there[0]), (a_code(specific="151"), there[1]))
    return change(ledger, (POOL, OTHER_POOL), *plans)
