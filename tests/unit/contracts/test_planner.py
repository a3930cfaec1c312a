"""The planner of a sequester: what it proposes is what the ledger does."""

from __future__ import annotations

import pytest

from contracts import invariants, reasons
from contracts.planner import (
    Effect,
    SuspendedAgreement,
    largest_remainder,
    plan_block,
    plan_sequester,
    share_amount,
    suspended_agreements,
)
from contracts.rejection import RejectionError
from tests.support.budget import Ledger, a_ledger, with_receipts
from tests.support.year import (
    BUDGET,
    GU,
    OTHER_GU,
    YEAR,
    U,
    a_block,
    a_decision,
    a_law,
    a_plan,
    a_programme,
    of_programme,
    pay,
    plan_document,
    register,
    sign,
    with_shortfall,
)


def a_varied_year() -> Ledger:
    """228/001 600 in the pool, 228/003 1,000 of which 700 are planned, 226/001 400 protected."""
    ledger = a_ledger()
    law = a_law(
        a_programme("001", 600),
        a_programme("003", 1_000),
        a_programme("001", 400, administrator="226", protected=1, functional_group="05"),
    )
    ledger.do("mof", "budget.adopt", *law)
    ledger.do("mot", "plan.approve", *plan_document(a_plan(500), a_plan(200, holder=OTHER_GU)))
    with_receipts(ledger, 10_000 * U)
    return ledger


def test_units_left_over_go_to_the_largest_remainders_then_to_the_first() -> None:
    assert largest_remainder([3 * U, 3 * U, 3 * U], 4 * U) == [2 * U, 1 * U, 1 * U]
    assert largest_remainder([1 * U, 5 * U, 4 * U], 5 * U) == [1 * U, 2 * U, 2 * U]
    assert largest_remainder([7 * U, 0], 7 * U) == [7 * U, 0]
    assert largest_remainder([5 * U], 0) == [0]


def test_a_proportional_plan_cuts_every_open_position() -> None:
    ledger = a_varied_year()
    register(ledger, "A", 100)
    plan = plan_sequester(ledger.state, BUDGET, YEAR, "1", 150 * U)
    assert [(row.position.holder, row.position.line.programme, row.amount // U) for row in plan.rows] == [
        ("mot", "001", 60), ("mot", "003", 30), (GU, "003", 40), (OTHER_GU, "003", 20),
    ]  # fmt: skip
    assert (plan.base, plan.share, plan.instrument) == (1_600 * U, 937, "resolution")
    assert plan.administrators == (Effect("228", 1_500 * U, 150 * U),)
    assert plan.programmes == (Effect("228/001", 600 * U, 60 * U), Effect("228/003", 900 * U, 90 * U))


def test_priorities_cut_the_lowest_number_first_and_the_unlisted_last() -> None:
    ledger = a_varied_year()
    plan = plan_sequester(ledger.state, BUDGET, YEAR, "1", 1_100 * U, priorities={("228", "003"): 1})
    assert plan.programmes == (Effect("228/001", 600 * U, 100 * U), Effect("228/003", 1_000 * U, 1_000 * U))
    assert plan.instrument == "law"


def test_the_ledger_does_what_the_plan_says() -> None:
    ledger = a_varied_year()
    plan = plan_sequester(ledger.state, BUDGET, YEAR, "1", 157 * U)
    ledger.do("mof", "sequester.decide", *a_decision(*(row.cut_row() for row in plan.rows)))
    ledger.do("mof", "sequester.apply", "cut-1", 100)
    assert of_programme(ledger, "001")["sequestered"] * U == plan.programmes[0].cut
    assert of_programme(ledger, "003")["sequestered"] * U == plan.programmes[1].cut
    assert invariants.recount(ledger.state) == ()


def test_a_block_is_planned_placed_and_then_cut_out_of() -> None:
    ledger = a_varied_year()
    with_shortfall(ledger, 150)
    rows = plan_block(ledger.state, BUDGET, YEAR, "1", 150 * U)
    ledger.do("treasury", "treasury.block", *a_block(*(row.held_row() for row in rows)))
    plan = plan_sequester(ledger.state, BUDGET, YEAR, "1", 150 * U, block="block-1")
    assert [row.held_row() for row in plan.rows] == [row.held_row() for row in rows]
    ledger.do("mof", "sequester.decide", *a_decision(*(row.cut_row() for row in plan.rows)))
    assert invariants.recount(ledger.state) == ()


def test_a_share_of_unprotected_expenditure_is_counted_in_plan_units() -> None:
    assert share_amount(a_varied_year().state, BUDGET, YEAR, 701) == 112 * U


@pytest.mark.parametrize(
    ("total", "block", "reason"),
    [
        (0, None, reasons.PLAN_UNIT),
        (U + 1, None, reasons.PLAN_UNIT),
        (160 * U, None, reasons.SEQUESTER_TEN),
        (1_601 * U, None, reasons.SEQUESTER_BEYOND),
        (1 * U, "x", reasons.SEQUESTER_SOURCE),
    ],
)
def test_an_impossible_cut_is_refused(total: int, block: str | None, reason: object) -> None:
    with pytest.raises(RejectionError) as refusal:
        plan_sequester(a_varied_year().state, BUDGET, YEAR, "1", total, block=block)
    assert refusal.value.reason is reason


def test_more_than_is_free_is_refused() -> None:
    ledger = a_varied_year()
    register(ledger, "A", 400)
    with pytest.raises(RejectionError) as refusal:
        plan_sequester(ledger.state, BUDGET, YEAR, "1", 1_201 * U)
    assert refusal.value.reason is reasons.SEQUESTER_BEYOND
    with pytest.raises(RejectionError) as unit:
        plan_block(ledger.state, BUDGET, YEAR, "1", 1)
    assert unit.value.reason is reasons.PLAN_UNIT


def test_agreements_of_the_programmes_that_are_cut_are_named() -> None:
    ledger = a_varied_year()
    register(ledger, "A", 100)
    register(ledger, "B", 50)
    sign(ledger, "act-1", "a", 30)
    pay(ledger, 1, "a", 30, "act-1")
    rows = plan_sequester(ledger.state, BUDGET, YEAR, "1", 150 * U).rows
    assert suspended_agreements(ledger.state, BUDGET, YEAR, rows) == (
        SuspendedAgreement(GU, "A", 100 * U, 70 * U),
        SuspendedAgreement(GU, "B", 50 * U, 50 * U),
    )
    others = [row for row in rows if row.position.line.programme == "001"]
    assert suspended_agreements(ledger.state, BUDGET, YEAR, others) == ()
