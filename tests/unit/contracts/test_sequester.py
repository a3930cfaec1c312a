"""Sequester: decided, applied, cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.records import (
    Appropriation,
    Budget,
    Collection,
    Hold,
    HoldStatus,
    Plan,
    appropriation_key,
    budget_key,
    hold_key,
    plan_key,
)
from contracts.rejection import Reason
from tests.support.budget import Ledger, a_ledger, a_line
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    OTHER_GU,
    POOL,
    YEAR,
    U,
    a_block,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_year,
    an_agreement,
    an_obligation,
    an_unblock,
    cumulative,
    of_programme,
    plan_document,
    position,
    register,
    registration,
    with_shortfall,
)


def a_planned_year(**params: int) -> Ledger:
    """10,000 units unprotected: 1,000 with GU, 400 with another, the rest in the pool."""
    return a_year(a_plan(1_000), a_plan(400, holder=OTHER_GU), units=10_000, **params)


def decide(ledger: Ledger, *rows: tuple[Any, ...], **changes: Any) -> None:
    ledger.do("mof", "sequester.decide", *a_decision(*rows, **changes))


def refused(ledger: Ledger, *rows: tuple[Any, ...], **changes: Any) -> Reason:
    return ledger.refused("mof", "sequester.decide", *a_decision(*rows, **changes)).reason


def hold(ledger: Ledger, name: str = "cut-1") -> Hold:
    found = Hold.find(ledger.state, Collection.HOLDS, hold_key(name))
    assert found is not None
    return found


def sequestered(ledger: Ledger) -> int:
    found = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, YEAR))
    assert found is not None
    return found.sequestered // U


def test_a_decision_holds_its_rows_and_suspends_its_programmes() -> None:
    ledger = a_planned_year()
    decide(ledger, a_cut_row(300), a_cut_row(100, **POOL))
    assert of_programme(ledger) == {
        "adopted": 8_500, "allocated": 1_100, "held_adopted": 100, "held_allocated": 300,
    }  # fmt: skip
    row = an_agreement("A", an_obligation("a", 1))
    assert ledger.refused(GU, "agreement.register", *registration(row)).reason is reasons.SUSPENDED
    assert sequestered(ledger) == 400


def test_applying_cuts_tokens_plans_and_appropriation_and_ends_the_suspension() -> None:
    ledger = a_planned_year()
    ledger.open_day(2026, 3, 2)
    decide(ledger, a_cut_row(300), a_cut_row(100, **POOL))
    ledger.do("mof", "sequester.apply", "cut-1", 1)
    assert hold(ledger).status == HoldStatus.APPLYING
    again = ledger.refused("mof", "sequester.cancel", "cut-1", 10)
    assert again.reason is reasons.HOLD_DONE
    ledger.do("mof", "sequester.apply", "cut-1", 10)
    assert hold(ledger).status == HoldStatus.APPLIED
    assert position(ledger) == {"allocated": 700, "sequestered": 300}
    assert of_programme(ledger) == {"adopted": 8_500, "allocated": 1_100, "sequestered": 400}
    plan = Plan.find(ledger.state, Collection.PLANS, plan_key(GU, a_line(specific="159")))
    assert plan == Plan(cumulative(700, 1_000, 1_000), cumulative(700, 1_000, 1_000))
    key = appropriation_key(BUDGET, YEAR, "228", "003")
    appropriation = Appropriation.find(ledger.state, Collection.APPROPRIATIONS, key)
    assert appropriation is not None
    assert appropriation.sequestered == 400 * U
    assert ledger.refused("mof", "sequester.apply", "cut-1", 1).reason is reasons.HOLD_DONE
    ledger.do(GU, "agreement.register", *registration(an_agreement("A", an_obligation("a", 700))))
    assert invariants.recount(ledger.state) == ()


def test_cancelling_puts_rows_back_free_or_under_their_block() -> None:
    ledger = a_planned_year()
    with_shortfall(ledger, 300)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(200), a_held_row(50, OTHER_GU)))
    before = (position(ledger), position(ledger, OTHER_GU))
    decide(ledger, a_cut_row(150, from_hold="block-1"), a_cut_row(50, OTHER_GU, "block-1"), a_cut_row(20))
    assert hold(ledger, "block-1").consumed == 200 * U
    ledger.do("mof", "sequester.cancel", "cut-1", 2)
    assert hold(ledger).status == HoldStatus.CANCELLING
    applied = ledger.refused("mof", "sequester.apply", "cut-1", 10)
    assert applied.reason is reasons.HOLD_DONE
    ledger.do("mof", "sequester.cancel", "cut-1", 2)
    assert hold(ledger).status == HoldStatus.CANCELLED
    assert (position(ledger), position(ledger, OTHER_GU)) == before
    assert sequestered(ledger) == 0
    ledger.do("treasury", "treasury.unblock", *an_unblock(units=250))
    register(ledger, "A", 1_000)
    assert invariants.recount(ledger.state) == ()


def test_a_row_out_of_a_block_lowers_what_the_shortfall_bound_counts() -> None:
    ledger = a_planned_year()
    with_shortfall(ledger, 200)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(200)))
    decide(ledger, a_cut_row(150, from_hold="block-1"))
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(150), hold="block-2"))
    refusal = ledger.refused("treasury", "treasury.block", *a_block(a_held_row(1), hold="block-2"))
    assert refusal.reason is reasons.HOLD_SHORTFALL


def test_a_decision_may_come_in_parts_and_is_applied_when_complete() -> None:
    ledger = a_planned_year()
    total = 500 * U
    decide(ledger, a_cut_row(300), total=total)
    incomplete = ledger.refused("mof", "sequester.apply", "cut-1", 10)
    assert incomplete.reason is reasons.SEQUESTER_INCOMPLETE
    assert refused(ledger, a_cut_row(201), total=total) is reasons.SEQUESTER_TOTAL
    assert refused(ledger, a_cut_row(200), total=total + U) is reasons.SEQUESTER_TOTAL
    assert refused(ledger, a_cut_row(200), total=total, document="иное") is reasons.HOLD_EXISTS
    decide(ledger, a_cut_row(150), a_cut_row(50, OTHER_GU), total=total)
    assert hold(ledger).status == HoldStatus.COMPLETE
    assert refused(ledger, a_cut_row(1), total=total) is reasons.HOLD_DONE
    ledger.do("mof", "sequester.apply", "cut-1", 10)
    assert position(ledger) == {"allocated": 550, "sequestered": 450}
    assert invariants.recount(ledger.state) == ()


def test_the_share_of_the_year_decides_the_instrument() -> None:
    ledger = a_planned_year()
    assert refused(ledger, a_cut_row(999), instrument="law") is reasons.SEQUESTER_INSTRUMENT
    assert refused(ledger, a_cut_row(1_000)) is reasons.SEQUESTER_TEN
    decide(ledger, a_cut_row(999))
    assert refused(ledger, a_cut_row(2, **POOL), name="cut-2") is reasons.SEQUESTER_INSTRUMENT
    assert refused(ledger, a_cut_row(1, **POOL), name="cut-2") is reasons.SEQUESTER_TEN
    decide(ledger, a_cut_row(2, **POOL), name="cut-2", instrument="law")
    beyond = a_cut_row(8_000, **POOL)
    assert (
        refused(ledger, beyond, name="cut-3", instrument="law", total=9_000 * U) is reasons.SEQUESTER_BEYOND
    )


@pytest.mark.parametrize(("parameter", "instrument"), [(1, "resolution"), (2, "law")])
def test_the_members_may_settle_exactly_ten_percent(parameter: int, instrument: str) -> None:
    ledger = a_planned_year(sequester_exact_ten=parameter)
    other = "law" if instrument == "resolution" else "resolution"
    assert refused(ledger, a_cut_row(1_000), instrument=other) is reasons.SEQUESTER_INSTRUMENT
    decide(ledger, a_cut_row(1_000), instrument=instrument)


@pytest.mark.parametrize(
    ("changes", "row", "reason"),
    [
        ({"protected": 1}, a_cut_row(1), reasons.SEQUESTER_PROTECTED),
        (
            {"protected": 2, "protected_subprogrammes": ("100",)},
            a_cut_row(1),
            reasons.SEQUESTER_PROTECTED,
        ),
        (
            {"protected": 2, "protected_subprogrammes": ("100",)},
            a_cut_row(1, **POOL),
            reasons.SEQUESTER_UNSPLIT,
        ),
        ({"is_state_obligation": True}, a_cut_row(1), reasons.SEQUESTER_STATE),
    ],
)
def test_protected_lines_and_state_obligations_are_not_cut(
    changes: dict[str, Any], row: tuple[Any, ...], reason: Reason
) -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000, **changes), a_programme("001")))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(500)))
    assert refused(ledger, row) is reason


def test_the_unprotected_subprogramme_of_a_partly_protected_programme_is_cut() -> None:
    ledger = a_ledger()
    partly = a_programme(units=1_000, protected=2, protected_subprogrammes=("107",))
    ledger.do("mof", "budget.adopt", *a_law(partly, a_programme("001")))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(500)))
    decide(ledger, a_cut_row(500))
    assert position(ledger) == {"held_allocated": 500}


@pytest.mark.parametrize(
    ("row", "changes", "reason"),
    [
        (a_cut_row(1), {"date": DAY + 1}, reasons.DATE_AHEAD),
        (a_cut_row(1), {"budget": "02.kz"}, reasons.BUDGET_NONE),
        (a_cut_row(0, amount=U + 1), {"total": 2 * U}, reasons.PLAN_UNIT),
        (a_cut_row(1), {"total": U + 1}, reasons.PLAN_UNIT),
        (a_cut_row(401, OTHER_GU), {}, reasons.HOLD_FREE),
        (a_cut_row(1, programme="001"), {}, reasons.BUDGET_NO_PROGRAMME),
        (a_cut_row(1, from_hold="x"), {}, reasons.SEQUESTER_SOURCE),
        (a_cut_row(1, OTHER_GU, "block-1"), {}, reasons.HOLD_ROW),
        (a_cut_row(11, from_hold="block-1"), {}, reasons.HOLD_AMOUNT),
        (a_cut_row(1), {"name": "block-1"}, reasons.HOLD_EXISTS),
    ],
)
def test_a_wrong_decision_is_refused(row: tuple[Any, ...], changes: dict[str, Any], reason: Reason) -> None:
    ledger = a_planned_year()
    with_shortfall(ledger, 10)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(10)))
    assert refused(ledger, row, **changes) is reason


def test_a_block_is_no_decision_and_a_decision_no_block() -> None:
    ledger = a_planned_year()
    with_shortfall(ledger, 10)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(10)))
    assert ledger.refused("mof", "sequester.apply", "block-1", 1).reason is reasons.HOLD_NONE
    decide(ledger, a_cut_row(10))
    lifting = ledger.refused("treasury", "treasury.unblock", *an_unblock(units=1, hold="cut-1"))
    assert lifting.reason is reasons.HOLD_NONE


PROGRAMME = ("programme", BUDGET, YEAR, "228", "003", None, None, None, None)


def test_the_suspension_of_a_pending_decision_ends_only_with_the_decision() -> None:
    ledger = a_planned_year()
    decide(ledger, a_cut_row(300))
    refusal = ledger.refused("treasury", "treasury.resume", PROGRAMME, 5, "cut-1")
    assert refusal.reason is reasons.SUSPENDED_SEQUESTER
    ledger.do("mof", "sequester.apply", "cut-1", 1)
    register(ledger, "A", 10)


def test_a_programme_the_treasury_suspended_beforehand_can_still_be_cut() -> None:
    ledger = a_planned_year()
    ledger.do("treasury", "treasury.suspend", PROGRAMME, 5, "cut-1")
    decide(ledger, a_cut_row(300))
    ledger.do("mof", "sequester.cancel", "cut-1", 1)
    register(ledger, "A", 10)
