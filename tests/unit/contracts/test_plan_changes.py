"""Certificates of amendment: both kinds, their calendar and causes, and codes suspended while in process."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, plan_changes, plans, reasons
from contracts.executor import Execution, Refusal
from contracts.records import (
    Amendments,
    Certificate,
    Collection,
    Consolidated,
    Plan,
    amendments_key,
    certificate_key,
    plan_key,
)
from tests.support import route
from tests.support.budget import Ledger, a_ledger, a_line, day_number
from tests.support.year import (
    BUDGET,
    FOREIGN_GU,
    GU,
    OTHER_GU,
    YEAR,
    U,
    a_block,
    a_certificate,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_request,
    a_year,
    an_agreement,
    an_obligation,
    cumulative,
    monthly,
    of_programme,
    plan_document,
    position,
    register,
    registration,
    sign,
    with_shortfall,
)

Values = tuple[Any, ...]


def figures(obligations: tuple[int, ...], payments: tuple[int, ...] | None = None) -> dict[str, Any]:
    return {"obligations": obligations, "payments": obligations if payments is None else payments}


def plan_of(ledger: Ledger, specific: str = "159", holder: str = GU) -> Plan | None:
    return Plan.find(ledger.state, Collection.PLANS, plan_key(holder, a_line(specific=specific)))


def amend(ledger: Ledger, *rows: Values, **changes: Any) -> Execution | Refusal:
    """A certificate as the law has it: kind b by submission and the treasury's agreement."""
    document = a_certificate(*rows, **changes)
    if changes.get("kind", "a") == "a":
        return ledger.run(ledger.document("mot", "plan.amend", *document))
    found = route.submit(ledger, "mot", "plan.amend", *document)
    if isinstance(found, Refusal):
        return found
    return route.decide(ledger, "sign", "treasury", last_approval(ledger))


def last_approval(ledger: Ledger) -> int:
    return len(ledger.state.scan(Collection.APPROVALS, b"", 100))


def amended(ledger: Ledger, *rows: Values, **changes: Any) -> None:
    found = amend(ledger, *rows, **changes)
    assert isinstance(found, Execution), f"{found.reason.code} {found}"


def reason(ledger: Ledger, *rows: Values, **changes: Any) -> object:
    root = ledger.state.root
    found = amend(ledger, *rows, **changes)
    assert isinstance(found, Refusal), "the certificate was not refused"
    if changes.get("kind", "a") == "a":
        assert ledger.state.root == root
    return found.reason


def ten_months() -> Ledger:
    """Ten months of 100 on specific 159, registered 250 by March."""
    ledger = a_year(a_plan(1_000, **figures(monthly(100, 10))))
    ledger.open_day(2026, 3, 2)
    register(ledger, "A", 250)
    return ledger


# --- the story: ten months × 100, registered 250 by March; in May 100 moves from 159 to 414


def with_may_lowered(by: int) -> tuple[int, ...]:
    return tuple(figure - by * U * (month >= 5) for month, figure in enumerate(monthly(100, 10), 1))


def from_may(units: int) -> tuple[int, ...]:
    return cumulative(units, 0, 0, 0, 0)


def test_in_may_money_goes_from_one_specific_to_another_and_tokens_change_their_line_only() -> None:
    ledger = ten_months()
    ledger.open_day(2026, 5, 4)
    amended(
        ledger,
        a_plan(900, **figures(with_may_lowered(100))),
        a_plan(100, specific="414", **figures(from_may(100))),
    )
    assert position(ledger) == {"registered": 250, "allocated": 650}
    assert position(ledger, specific="414") == {"allocated": 100}
    assert of_programme(ledger) == {"adopted": 99_000, "registered": 250, "allocated": 750}
    assert plans.consolidated_of(ledger.state, BUDGET, YEAR, "228", "003") == Consolidated(
        monthly(100, 10), monthly(100, 10)
    )
    assert invariants.recount(ledger.state) == ()


def test_two_hundred_out_of_mays_hundred_are_refused() -> None:
    ledger = ten_months()
    ledger.open_day(2026, 5, 4)
    row = a_plan(800, **figures(with_may_lowered(200)))
    assert reason(ledger, row, a_plan(200, specific="414", **figures(from_may(200)))) is reasons.PLAN_FALLS


def test_sixty_out_of_march_are_refused() -> None:
    ledger = ten_months()
    lowered = tuple(figure - 60 * U * (month >= 3) for month, figure in enumerate(monthly(100, 10), 1))
    assert (
        reason(
            ledger,
            a_plan(940, **figures(lowered)),
            a_plan(60, specific="414", **figures(cumulative(60, 0, 0))),
        )
        is reasons.AMEND_ACCEPTED
    )


# --- what each row is held to


def two_positions() -> Ledger:
    """January: 100 on 159 and 100 on 151, from January on."""
    return a_year(a_plan(100), a_plan(100, specific="151"), units=1_000)


UP = a_plan(110)
DOWN = a_plan(90, specific="151")


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (a_plan(110, holder=FOREIGN_GU), reasons.PLAN_HOLDER_FOREIGN),
        (a_plan(110, holder="nobody"), reasons.PLAN_HOLDER_UNKNOWN),
        (a_plan(110, specific="999"), reasons.CODE_UNKNOWN),
        (a_plan(110, obligations=(*cumulative(110)[:11], 110 * U + 1)), reasons.PLAN_UNIT),
        (a_plan(110, obligations=cumulative(110, 111)), reasons.PLAN_FALLS),
        (a_plan(110, payments=cumulative(109)), reasons.PLAN_ANNUAL),
        (a_plan(110, obligations=cumulative(110, 50)), reasons.PLAN_PAYMENTS_AHEAD),
        (a_plan(90, expense="E-9"), reasons.AMEND_FREE),
        (DOWN, reasons.AMEND_TWICE),
    ],
)
def test_a_wrong_row_is_refused_by_its_number(row: Values, found: object) -> None:
    refusal = amend(two_positions(), DOWN, row)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.facts[0]) == (found, ("row", 2))


def test_what_is_accepted_and_paid_stays_covered_and_what_is_held_stays() -> None:
    ledger = two_positions()
    register(ledger, "A", 80)
    sign(ledger, "1", "a", 60)
    ledger.do(GU, "payment.request", (a_request(1, "a", 60, "1"),))
    ledger.do("treasury", "payment.execute", ((GU, "2280101/26-1"),))
    more = a_plan(130, specific="151")
    assert reason(ledger, a_plan(70), more) is reasons.AMEND_ACCEPTED
    unpaid = a_plan(100, payments=cumulative(100, 50))
    later = a_plan(100, specific="151", payments=cumulative(100))
    assert reason(ledger, unpaid, later) is reasons.AMEND_REDEEMED
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(15), ground="refinement"))
    assert reason(ledger, a_plan(90), a_plan(110, specific="151")) is reasons.AMEND_FREE
    amended(ledger, a_plan(95), a_plan(105, specific="151"))
    assert invariants.recount(ledger.state) == ()


def test_closed_months_are_history_and_a_line_may_go_to_nothing() -> None:
    ledger = two_positions()
    ledger.open_day(2026, 3, 2)
    assert reason(ledger, UP, DOWN) is reasons.PLAN_CLOSED_MONTH
    nothing = a_plan(0, specific="151", **figures(cumulative(0, 100, 100)))
    other = a_plan(200, **figures(cumulative(200, 100, 100)))
    assert reason(ledger, nothing, other) is reasons.PLAN_FALLS
    amended(ledger, nothing, other, kind="b")
    assert plan_of(ledger, "151") == Plan(cumulative(0, 100, 100), cumulative(0, 100, 100))
    assert of_programme(ledger) == {"adopted": 800, "allocated": 200}
    assert invariants.recount(ledger.state) == ()


def test_a_certificate_that_changes_nothing_or_is_known_is_refused() -> None:
    ledger = two_positions()
    assert reason(ledger, a_plan(100)) is reasons.AMEND_UNCHANGED
    amended(ledger, UP, DOWN, a_plan(100, specific="161"), kind="b")
    assert reason(ledger, a_plan(105), a_plan(95, specific="151")) is reasons.AMEND_EXISTS


# --- kind a: totals and shifts


def test_kind_a_keeps_the_programmes_totals_in_every_month() -> None:
    ledger = two_positions()
    assert reason(ledger, UP) is reasons.AMEND_TOTALS
    later = a_plan(90, specific="151", **figures(cumulative(90, 100)))
    assert reason(ledger, UP, later) is reasons.PLAN_FALLS
    assert reason(ledger, a_plan(110, **figures(cumulative(110, 100))), DOWN) is reasons.AMEND_TOTALS
    amended(ledger, UP, DOWN)


def test_kind_a_shifts_nothing_between_the_open_month_and_later_ones() -> None:
    ledger = two_positions()
    later, sooner = cumulative(100, 90), cumulative(100, 100)
    first = a_plan(100, **figures(later))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100, specific="161", **figures(later))))
    second = a_plan(100, specific="161", **figures(sooner))
    assert reason(ledger, first, second) is reasons.AMEND_SHIFT


# --- kind b: the treasury agrees, causes, cash, the pool


def test_kind_b_does_not_come_without_the_treasury() -> None:
    refusal = two_positions().refused("mot", "plan.amend", *a_certificate(UP, kind="b"))
    assert refusal.reason is reasons.APPROVAL_ROUTE


def test_kind_b_is_agreed_by_the_treasury_of_its_own_budget() -> None:
    ledger = two_positions()
    document = a_certificate(a_plan(150), kind="b")
    number = route.submitted(ledger, "mot", "plan.amend", *document)
    ledger.open_day(2026, 1, 6)
    entry = (BUDGET, day_number(2026, 1, 6), None, BUDGET, BUDGET, None, (("treasury", "other-treasury"),))
    ledger.do("mof", "directory.publish", "budgets", (entry,))
    found = route.decide(ledger, "sign", "treasury", number)
    assert route.reason_of(found) is reasons.BUDGET_AUTHORITY


def test_kind_b_takes_from_the_undistributed_money_and_returns_to_it() -> None:
    ledger = two_positions()
    amended(ledger, a_plan(150), a_plan(70, specific="151"), kind="b", number="1")
    assert of_programme(ledger) == {"adopted": 780, "allocated": 220}
    ledger.open_day(2026, 2, 2)
    amended(ledger, a_plan(40, **figures(cumulative(40, 150))), kind="b", number="2")
    assert of_programme(ledger) == {"adopted": 890, "allocated": 110}
    assert certificate(ledger, "1") == Certificate("b", None, DAY_ONE, DAY_ONE, 2, 30 * U, 20 * U, 0)
    assert certificate(ledger, "2").returned == 110 * U
    assert reason(ledger, a_plan(1_000, **figures(cumulative(1_000, 150))), kind="b") is reasons.AMEND_EXISTS
    too_much = a_plan(931, **figures(cumulative(931, 150)))
    assert reason(ledger, too_much, kind="b", number="3", cause="debt") is reasons.PLAN_POOL
    assert invariants.recount(ledger.state) == ()


DAY_ONE = day_number(2026, 1, 5)


def certificate(ledger: Ledger, number: str) -> Certificate:
    key = certificate_key(BUDGET, YEAR, "228", "003", number)
    found = Certificate.find(ledger.state, Collection.CERTIFICATES, key)
    assert found is not None
    return found


def test_returned_money_keeps_its_expense_id() -> None:
    ledger = a_year(a_plan(100, expense="E-1"), units=100)
    amended(ledger, a_plan(60, expense="E-1"), kind="b")
    amended(ledger, a_plan(80, expense="E-1"), kind="b", number="2", cause="debt")
    assert of_programme(ledger) == {"adopted": 20, "allocated": 80}


def test_the_open_months_plan_goes_to_later_months_only_with_a_cause() -> None:
    ledger = two_positions()
    later = a_plan(100, **figures(cumulative(100, 60)))
    assert reason(ledger, later, kind="b") is reasons.AMEND_DEFERS
    assert reason(ledger, later, kind="b", cause="debt") is reasons.AMEND_DEFERS
    amended(ledger, later, kind="b", cause="force_majeure")


def test_nor_by_way_of_another_position() -> None:
    ledger = two_positions()
    taken, later = a_plan(60), a_plan(140, specific="151", **figures(cumulative(140, 100)))
    assert reason(ledger, taken, later, kind="b") is reasons.AMEND_DEFERS
    amended(ledger, taken, later, kind="b", cause="savings")


def late_payments(cash: int) -> Ledger:
    """100 planned for payment in March."""
    return a_year(a_plan(100, payments=cumulative(100, 0, 0)), cash=cash)


def test_payments_come_forward_only_while_there_is_cash() -> None:
    sooner = a_plan(100, payments=cumulative(100, 40, 60))
    assert reason(late_payments(39), sooner, kind="b") is reasons.AMEND_CASH
    amended(late_payments(40), sooner, kind="b")


def test_payments_do_not_come_forward_while_receipts_of_closed_months_are_missing() -> None:
    ledger = late_payments(500)
    with_shortfall(ledger, 10)
    ledger.open_day(2026, 2, 2)
    sooner = a_plan(100, payments=cumulative(100, 0, 40))
    assert reason(ledger, sooner, kind="b") is reasons.AMEND_CASH


def test_payments_of_all_plans_stay_within_the_receipts_plan() -> None:
    ledger = a_year(a_plan(100), cash=0)
    with_shortfall(ledger, 120)
    assert reason(ledger, a_plan(121), kind="b") is reasons.PLANS_UNBALANCED
    amended(ledger, a_plan(120), kind="b")


# --- the calendar (TP 33, 37, 43)


@pytest.mark.parametrize(
    ("specific", "nature", "cause", "is_exempt"),
    [
        ("339", "ordinary", "transfers", True),
        ("511", "ordinary", "transfers", True),
        ("322", "ordinary", "social_payments", True),
        ("322", "ordinary", "transfers", False),
        ("339", "ordinary", "social_payments", False),
        ("159", "distributable", "distributable", True),
    ],
)
def test_a_cause_frees_from_the_calendar_what_it_is_about(
    specific: str, nature: str, cause: str, is_exempt: bool
) -> None:
    ledger = a_ledger()
    if specific != "159":
        ledger.publish("economic", specific, valid_from=DAY_ONE)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000, nature=nature)))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100, specific=specific)))
    ledger.open_day(2026, 1, 21)
    more = a_plan(110, specific=specific)
    if is_exempt:
        amended(ledger, more, kind="b", cause=cause)
    else:
        assert reason(ledger, more, kind="b", cause=cause) is reasons.AMEND_DAY


def test_one_certificate_a_month_and_kind_and_two_in_december() -> None:
    ledger = two_positions()
    amended(ledger, UP, DOWN, number="1")
    back = (a_plan(100), a_plan(100, specific="151"))
    assert reason(ledger, *back, number="2") is reasons.AMEND_MONTHLY
    for cause in ("social_payments", "transfers", "distributable"):
        assert reason(ledger, *back, number="2", cause=cause) is reasons.AMEND_MONTHLY
    amended(ledger, *back, number="2", cause="court")
    amended(ledger, a_plan(200), kind="b", number="3")
    assert reason(ledger, a_plan(210), kind="b", number="4") is reasons.AMEND_MONTHLY
    ledger.open_day(2026, 12, 1)
    for number, units in (("5", 201), ("6", 202)):
        row = a_plan(units, **figures(cumulative(units, *(200,) * 11)))
        amended(ledger, row, kind="b", number=number)
    third = a_plan(203, **figures(cumulative(203, *(200,) * 11)))
    assert reason(ledger, third, kind="b", number="7") is reasons.AMEND_MONTHLY
    assert amendments(ledger, 1, "a") == Amendments(1, 1)
    assert amendments(ledger, 12, "b") == Amendments(2, 0)


def amendments(ledger: Ledger, month: int, kind: str) -> Amendments | None:
    key = amendments_key(BUDGET, YEAR, "228", "003", month, kind)
    return Amendments.find(ledger.state, Collection.AMENDMENTS, key)


def test_certificates_are_filed_by_the_twentieth() -> None:
    ledger = two_positions()
    ledger.open_day(2026, 1, 21)
    assert reason(ledger, UP, DOWN) is reasons.AMEND_DAY
    amended(ledger, UP, DOWN, cause="court")


def test_what_was_filed_in_time_is_carried_out_when_the_treasury_has_looked_at_it() -> None:
    ledger = two_positions()
    ledger.open_day(2026, 1, 20)
    number = route.submitted(ledger, "mot", "plan.amend", *a_certificate(a_plan(150), kind="b"))
    ledger.open_day(2026, 1, 23)
    route.approve(ledger, number, "treasury")
    filed, done = day_number(2026, 1, 20), day_number(2026, 1, 23)
    assert certificate(ledger, "1") == Certificate("b", None, filed, done, 1, 0, 50 * U, 0)


def test_plans_of_a_year_that_has_not_begun_change_without_a_calendar() -> None:
    ledger = a_year()
    ledger.open_day(2026, 12, 28)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(), year=2027))
    rows = (a_plan(100), a_plan(100, specific="151"))
    ledger.do("mot", "plan.approve", BUDGET, 2027, "1", "003", rows)
    amended(ledger, UP, DOWN, year=2027)
    amended(ledger, *rows, year=2027, number="2")
    key = amendments_key(BUDGET, 2027, "228", "003", 0, "a")
    assert Amendments.find(ledger.state, Collection.AMENDMENTS, key) == Amendments(2, 0)
    ledger.open_day(2027, 12, 28)
    ledger.open_day(2028, 1, 3)
    assert reason(ledger, UP, DOWN, year=2027, number="3") is reasons.YEAR_NOT_OPEN


# --- suspended while in process (TP 35, BC 111(1)(1))


def test_codes_in_process_take_no_obligation_until_the_change_is_carried_out() -> None:
    ledger = two_positions()
    number = route.submitted(ledger, "mot", "plan.amend", *a_certificate(a_plan(150), DOWN, kind="b"))
    agreement = registration(an_agreement("A", an_obligation("a", 10)))
    assert ledger.refused(GU, "agreement.register", *agreement).reason is reasons.SUSPENDED
    other = registration(an_agreement("B", an_obligation("b", 10, specific="161")))
    assert ledger.refused(GU, "agreement.register", *other).reason is reasons.PLAN_NONE
    assert reason(ledger, UP, DOWN, number="2") is reasons.AMEND_IN_PROCESS
    again = route.submit(ledger, "mot", "plan.amend", *a_certificate(a_plan(140), kind="b", number="3"))
    assert route.reason_of(again) is reasons.AMEND_IN_PROCESS
    route.approve(ledger, number, "treasury")
    ledger.do(GU, "agreement.register", *agreement)
    assert ledger.state.scan(Collection.SUSPENSIONS, b"", 1) == []


@pytest.mark.parametrize(("verb", "institution"), [("reject", "treasury"), ("withdraw", "mot")])
def test_codes_go_on_when_the_change_is_given_up(verb: str, institution: str) -> None:
    ledger = two_positions()
    number = route.submitted(ledger, "mot", "plan.amend", *a_certificate(a_plan(150), kind="b"))
    assert isinstance(route.decide(ledger, verb, institution, number, "не согласовано"), Execution)
    assert ledger.state.scan(Collection.SUSPENSIONS, b"", 1) == []
    assert plan_of(ledger) == Plan(cumulative(100), cumulative(100))
    amended(ledger, a_plan(150), kind="b")


def test_a_suspension_lifted_before_by_the_treasury_does_not_stop_the_change() -> None:
    ledger = two_positions()
    number = route.submitted(ledger, "mot", "plan.amend", *a_certificate(a_plan(150), kind="b"))
    scope = ("code", BUDGET, YEAR, "228", "003", "100", "159", GU, None)
    ledger.do("treasury", "treasury.resume", scope, 1, plan_changes.in_process(number))
    route.approve(ledger, number, "treasury")
    assert plan_of(ledger) == Plan(cumulative(150), cumulative(150))


def test_a_plan_that_fell_short_meanwhile_is_refused_to_the_treasury() -> None:
    ledger = a_year(a_plan(100), a_plan(100, OTHER_GU), units=250)
    number = route.submitted(ledger, "mot", "plan.amend", *a_certificate(a_plan(150), kind="b"))
    amended(ledger, a_plan(130, OTHER_GU), kind="b", number="2", cause="debt")
    found = route.decide(ledger, "sign", "treasury", number)
    assert route.reason_of(found) is reasons.PLAN_POOL
