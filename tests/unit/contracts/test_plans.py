"""Financing plans: approval, and what other documents ask of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts import invariants, plans, reasons
from contracts.actions import Call
from contracts.records import Budget, BudgetStatus, Collection, Consolidated, Plan, budget_key, plan_key
from contracts.state import Overlay
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    BUDGET,
    FOREIGN_GU,
    GU,
    OTHER_GU,
    YEAR,
    U,
    a_block,
    a_certificate,
    a_code,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_recode,
    a_year,
    an_agreement,
    an_obligation,
    an_unblock,
    cumulative,
    of_programme,
    plan_document,
    register,
    registration,
    with_shortfall,
)


def plan_of(ledger: Ledger, specific: str = "159") -> Plan | None:
    return Plan.find(ledger.state, Collection.PLANS, plan_key(GU, a_line(specific=specific)))


def test_a_plan_takes_the_pool_and_keeps_both_tables() -> None:
    obligations, payments = cumulative(100, 40), cumulative(100, 10)
    ledger = a_year(a_plan(100, obligations=obligations, payments=payments), units=150)
    assert plan_of(ledger) == Plan(obligations, payments)
    assert of_programme(ledger) == {"adopted": 50, "allocated": 100}
    assert invariants.recount(ledger.state) == ()


def test_rows_of_one_position_with_different_expense_ids_make_one_plan() -> None:
    ledger = a_year(a_plan(30, expense="E-1"), a_plan(20, expense="E-2"))
    assert plan_of(ledger) == Plan(cumulative(50), cumulative(50))
    assert invariants.recount(ledger.state) == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (a_plan(10, obligations=(*cumulative(10, 1)[:11], 10 * U + 1)), reasons.PLAN_UNIT),
        (a_plan(10, obligations=cumulative(10, 5, 4)), reasons.PLAN_FALLS),
        (a_plan(0), reasons.PLAN_EMPTY),
        (a_plan(10, payments=cumulative(9)), reasons.PLAN_ANNUAL),
        (a_plan(10, obligations=cumulative(10, 5)), reasons.PLAN_PAYMENTS_AHEAD),
        (a_plan(10, holder="nobody"), reasons.PLAN_HOLDER_UNKNOWN),
        (a_plan(10, holder="mot"), reasons.PLAN_HOLDER_UNKNOWN),
        (a_plan(10, holder=FOREIGN_GU), reasons.PLAN_HOLDER_FOREIGN),
        (a_plan(10, specific="999"), reasons.CODE_UNKNOWN),
        (a_plan(10, subprogramme="999"), reasons.CODE_UNKNOWN),
        (a_plan(1_001), reasons.PLAN_POOL),
    ],
)
def test_a_wrong_row_is_refused_by_its_number_and_nothing_is_approved(
    row: tuple[Any, ...], reason: object
) -> None:
    ledger = a_year(units=1_000)
    root = ledger.state.root
    refusal = ledger.refused("mot", "plan.approve", *plan_document(a_plan(1, holder=OTHER_GU), row))
    assert (refusal.reason, refusal.facts[0]) == (reason, ("row", 2))
    assert ledger.state.root == root


def test_an_approved_plan_is_not_approved_again() -> None:
    ledger = a_year(a_plan(10))
    refusal = ledger.refused("mot", "plan.approve", *plan_document(a_plan(10)))
    assert refusal.reason is reasons.PLAN_EXISTS
    twice = ledger.refused("mot", "plan.approve", *plan_document(a_plan(1, GU, "151"), a_plan(1, GU, "151")))
    assert twice.reason is reasons.PLAN_EXISTS


def test_payments_of_all_plans_stay_within_the_receipts_plan() -> None:
    ledger = a_year(a_plan(30), cash=0)
    with_shortfall(ledger, 100)
    late = a_plan(71, OTHER_GU, payments=cumulative(71, 70))
    assert ledger.refused("mot", "plan.approve", *plan_document(late)).reason is reasons.PLANS_UNBALANCED
    ledger.do("mot", "plan.approve", *plan_document(a_plan(70, OTHER_GU)))


def test_the_consolidated_plans_are_the_sums_of_the_individual_ones() -> None:
    first = a_plan(100, obligations=cumulative(100, 90, 95), payments=cumulative(100, 10, 20))
    ledger = a_year(first, a_plan(50, OTHER_GU))
    whole = Consolidated(cumulative(150, 140, 145), cumulative(150, 60, 70))
    assert plans.consolidated_of(ledger.state, BUDGET, YEAR) == whole
    assert plans.consolidated_of(ledger.state, BUDGET, YEAR, "228", "003") == whole
    ledger.do("mof", "sequester.decide", *a_decision(a_cut_row(20)))
    ledger.do("mof", "sequester.apply", "cut-1", 1)
    cut = Consolidated(cumulative(130), cumulative(130, 60, 70))
    assert plans.consolidated_of(ledger.state, BUDGET, YEAR) == cut
    assert plans.consolidated_of(ledger.state, BUDGET, YEAR, "228", "003") == cut


def test_a_programme_outside_the_budget_has_no_plans() -> None:
    refusal = a_year().refused("mot", "plan.approve", *plan_document(a_plan(10), programme="001"))
    assert refusal.reason is reasons.BUDGET_NO_PROGRAMME


def test_an_obligation_without_a_plan_is_refused() -> None:
    agreement = an_agreement("A", an_obligation("a", 10))
    refusal = a_year().refused(GU, "agreement.register", *registration(agreement))
    assert refusal.reason is reasons.PLAN_NONE


def test_money_under_another_expense_id_is_not_free() -> None:
    ledger = a_year(a_plan(100, expense="E-1"))
    agreement = an_agreement("A", an_obligation("a", 10, expense="E-2"))
    refusal = ledger.refused(GU, "agreement.register", *registration(agreement))
    assert refusal.reason is reasons.EXCEEDS_FREE


def test_a_document_of_another_year_is_refused() -> None:
    ledger = a_year(a_plan(100))
    ledger.open_day(2027, 1, 4)
    refusal = ledger.refused(
        GU, "agreement.register", *registration(an_agreement("A", an_obligation("a", 1)))
    )
    assert refusal.reason is reasons.YEAR_NOT_OPEN


def test_a_cut_lowers_open_months_december_first_and_leaves_closed_ones() -> None:
    ledger = a_year(
        a_plan(100, obligations=cumulative(100, 90, 90, 95), payments=cumulative(100, 10, 20, 30))
    )
    ledger.open_day(2026, 2, 2)
    call = Call(Overlay(ledger.state), ledger.context(), 0, ledger.chain_id, "", None, (), ())  # type: ignore[arg-type]
    plans.lower_plan(call, GU, a_line(specific="159"), 40 * U)
    found = Plan.find(call.state, Collection.PLANS, plan_key(GU, a_line(specific="159")))
    assert found == Plan(cumulative(60, 90), cumulative(60, 10, 20, 30))


def test_nothing_is_adopted_planned_changed_or_lifted_in_a_year_that_ended() -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 10)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(10), ground="refinement"))
    ledger.open_day(2027, 1, 4)
    for institution, action, document in (
        ("mof", "budget.adopt", a_law(a_programme(), year=2026, budget="02.almaty")),
        ("mot", "plan.approve", plan_document(a_plan(100, specific="151"))),
        ("mot", "plan.amend", a_certificate(a_plan(50), a_plan(50, specific="151"))),
        ("treasury", "plan.recode", a_recode((a_code(), a_code(specific="151")))),
        ("treasury", "treasury.unblock", an_unblock(units=10)),
    ):
        assert ledger.refused(institution, action, *document).reason is reasons.YEAR_NOT_OPEN, action


def test_the_next_year_is_adopted_and_planned_before_it_begins() -> None:
    ledger = a_year()
    ledger.open_day(2026, 12, 28)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(), year=2027))
    ledger.do("mot", "plan.approve", BUDGET, 2027, "1", "003", (a_plan(100),))


def test_what_is_planned_late_starts_in_the_open_month() -> None:
    ledger = a_year()
    ledger.open_day(2026, 3, 2)
    refusal = ledger.refused("mot", "plan.approve", *plan_document(a_plan(100)))
    assert refusal.reason is reasons.PLAN_CLOSED_MONTH
    late = cumulative(100, 0, 0, 40)
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100, obligations=late, payments=late)))
    assert plan_of(ledger) == Plan(late, late)


def with_quarter(ledger: Ledger) -> None:
    """The budget as it stands before its law: a plan of the first quarter."""
    key = budget_key(BUDGET, YEAR)
    found = Budget.find(ledger.state, Collection.BUDGETS, key)
    assert found is not None
    quarter = replace(found, status=BudgetStatus.QUARTER.value)
    ledger.state.commit({(Collection.BUDGETS, key): quarter.encode()})


def test_before_the_budget_is_adopted_plans_end_with_march() -> None:
    ledger = a_year()
    with_quarter(ledger)
    longer = cumulative(100, 30, 60, 90)
    refusal = ledger.refused(
        "mot", "plan.approve", *plan_document(a_plan(100, obligations=longer, payments=longer))
    )
    assert (refusal.reason, refusal.facts[-1]) == (reasons.PLAN_QUARTER, ("month", 4))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(90, payments=cumulative(90, 30, 60))))


def test_the_plan_of_a_first_quarter_carries_nothing_new_after_march() -> None:
    ledger = a_year(a_plan(90))
    with_quarter(ledger)
    ledger.open_day(YEAR, 3, 31)
    register(ledger, "A", 10)
    ledger.open_day(YEAR, 4, 1)
    row = an_agreement("B", an_obligation("b", 10))
    refusal = ledger.refused(GU, "agreement.register", *registration(row))
    assert (refusal.reason, dict(refusal.facts)["month"]) == (reasons.PLAN_QUARTER, 4)
