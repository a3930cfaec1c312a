"""Blocks by the treasury."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.records import Budget, Collection, Hold, budget_key, hold_key
from contracts.rejection import Reason
from tests.support.budget import Ledger
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    OTHER_GU,
    POOL,
    YEAR,
    U,
    a_block,
    a_held_row,
    a_plan,
    a_year,
    an_unblock,
    of_programme,
    position,
    register,
    with_shortfall,
)


def blocked(ledger: Ledger) -> int:
    found = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, YEAR))
    assert found is not None
    return found.blocked // U


def short_year(shortfall: int = 500) -> Ledger:
    """1,000 units with GU and 400 with another, 1,600 in the pool, receipts short by `shortfall`."""
    ledger = a_year(a_plan(1_000), a_plan(400, holder=OTHER_GU), units=3_000)
    with_shortfall(ledger, shortfall)
    return ledger


def block(ledger: Ledger, *rows: tuple[Any, ...], **changes: Any) -> None:
    ledger.do("treasury", "treasury.block", *a_block(*rows, **changes))


def unblock(ledger: Ledger, *rows: tuple[Any, ...], **changes: Any) -> None:
    ledger.do("treasury", "treasury.unblock", *an_unblock(*rows, **changes))


def test_a_block_holds_pools_and_positions_and_lifting_restores_each() -> None:
    ledger = short_year()
    before = of_programme(ledger)
    block(ledger, a_held_row(100), a_held_row(50, OTHER_GU), a_held_row(200, **POOL))
    assert of_programme(ledger) == {
        "adopted": 1_400, "allocated": 1_250, "held_adopted": 200, "held_allocated": 150,
    }  # fmt: skip
    assert blocked(ledger) == 350
    found = Hold.find(ledger.state, Collection.HOLDS, hold_key("block-1"))
    assert found == Hold(
        "shortfall", BUDGET, YEAR, "распоряжение 1", DAY, None, 0, 350 * U, 0, 0, 3, 0, (), 0
    )
    unblock(ledger, a_held_row(50, OTHER_GU))
    unblock(ledger, units=300)
    assert (of_programme(ledger), blocked(ledger)) == (before, 0)
    assert invariants.recount(ledger.state) == ()


def test_an_amount_is_lifted_in_reverse_order() -> None:
    ledger = short_year()
    block(ledger, a_held_row(100), a_held_row(50, OTHER_GU))
    unblock(ledger, units=70)
    assert position(ledger)["held_allocated"] == 80
    assert position(ledger, OTHER_GU) == {"allocated": 400}
    block(ledger, a_held_row(10, OTHER_GU), a_held_row(5))
    unblock(ledger, units=10)
    assert position(ledger)["held_allocated"] == 85
    assert position(ledger, OTHER_GU) == {"allocated": 400}
    assert invariants.recount(ledger.state) == ()


def test_blocks_never_exceed_the_shortfall() -> None:
    ledger = short_year(120)
    block(ledger, a_held_row(100))
    refusal = ledger.refused("treasury", "treasury.block", *a_block(a_held_row(21), hold="block-2"))
    assert refusal.reason is reasons.HOLD_SHORTFALL
    block(ledger, a_held_row(20), hold="block-2")
    unblock(ledger, units=20)
    block(ledger, a_held_row(20), hold="block-3")


def test_before_a_refinement_money_is_held_without_a_shortfall() -> None:
    ledger = a_year(a_plan(1_000))
    block(ledger, a_held_row(900), ground="refinement")
    assert blocked(ledger) == 0
    unblock(ledger, units=900)
    assert position(ledger) == {"allocated": 1_000}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (a_block(a_held_row(1), date=DAY + 1), reasons.DATE_AHEAD),
        (a_block(a_held_row(1), budget="02.kz"), reasons.BUDGET_NONE),
        (a_block(a_held_row(1), document="другое"), reasons.HOLD_EXISTS),
        (a_block(a_held_row(401, OTHER_GU)), reasons.HOLD_FREE),
        (a_block(a_held_row(1, specific=None)), reasons.HOLD_LINE),
    ],
)
def test_a_wrong_block_is_refused(document: tuple[Any, ...], reason: Reason) -> None:
    ledger = short_year()
    block(ledger, a_held_row(1))
    assert ledger.refused("treasury", "treasury.block", *document).reason is reason


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (an_unblock(units=1, hold="x"), reasons.HOLD_NONE),
        (an_unblock(), reasons.HOLD_EMPTY),
        (an_unblock(a_held_row(1), units=1), reasons.HOLD_EMPTY),
        (an_unblock(units=11), reasons.HOLD_AMOUNT),
        (an_unblock(a_held_row(11)), reasons.HOLD_AMOUNT),
        (an_unblock(a_held_row(1, OTHER_GU)), reasons.HOLD_ROW),
    ],
)
def test_a_wrong_lifting_is_refused(document: tuple[Any, ...], reason: Reason) -> None:
    ledger = short_year()
    block(ledger, a_held_row(10))
    assert ledger.refused("treasury", "treasury.unblock", *document).reason is reason


def test_holds_cannot_pass_the_largest_number() -> None:
    ledger = short_year()
    huge = a_held_row(0, amount=(2**63 - 1) // U * U)
    refusal = ledger.refused("treasury", "treasury.block", *a_block(huge, huge, ground="refinement"))
    assert refusal.reason is reasons.HOLD_FREE


def test_accepted_money_is_not_held() -> None:
    ledger = short_year()
    register(ledger, "A", 950)
    refusal = ledger.refused("treasury", "treasury.block", *a_block(a_held_row(51)))
    assert refusal.reason is reasons.HOLD_FREE
    assert ledger.refused("mof", "treasury.block", *a_block(a_held_row(1))).reason is reasons.WRONG_KIND
    assert ledger.refused(GU, "treasury.block", *a_block(a_held_row(1))).reason is reasons.WRONG_KIND
