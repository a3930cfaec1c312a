"""Blocks by the treasury and decisions on a sequester."""

from __future__ import annotations

from typing import Any

from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger, a_ledger
from tests.support.year import (
    OTHER_GU,
    POOL,
    U,
    a_block,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_year,
    an_unblock,
    plan_document,
    with_shortfall,
)


def a_planned_year(blocked: int = 0) -> Ledger:
    """10,000 units: 1,000 with one institution, 400 with another, the rest undistributed."""
    ledger = a_year(a_plan(1_000), a_plan(400, holder=OTHER_GU), units=10_000)
    with_shortfall(ledger, 500)
    if blocked:
        ledger.do("treasury", "treasury.block", *a_block(a_held_row(blocked)))
    return ledger


def block(ledger: Ledger, *rows: Any, **changes: Any) -> Attempt:
    return attempt(ledger, "treasury", "treasury.block", *a_block(*rows, **changes))


def unblock(ledger: Ledger, *rows: Any, **changes: Any) -> Attempt:
    return attempt(ledger, "treasury", "treasury.unblock", *an_unblock(*rows, **changes))


def decide(ledger: Ledger, *rows: Any, **changes: Any) -> Attempt:
    return attempt(ledger, "mof", "sequester.decide", *a_decision(*rows, **changes))


@example("HOLD-EXISTS")
def an_id_of_another_order() -> Attempt:
    """A second order blocks money under the id of the first."""
    return block(a_planned_year(10), a_held_row(1), document="распоряжение 9")


@example("HOLD-NONE")
def lift_no_block() -> Attempt:
    """A block is lifted that was never placed."""
    return unblock(a_planned_year(), units=1)


@example("HOLD-DONE")
def apply_what_was_cancelled() -> Attempt:
    """A decision on a sequester is applied after it was cancelled."""
    ledger = a_planned_year()
    ledger.do("mof", "sequester.decide", *a_decision(a_cut_row(300)))
    ledger.do("mof", "sequester.cancel", "cut-1", 10)
    return attempt(ledger, "mof", "sequester.apply", "cut-1", 10)


@example("HOLD-FREE")
def block_more_than_is_free() -> Attempt:
    """The institution has 400 units, and the order blocks 401."""
    return block(a_planned_year(), a_held_row(401, OTHER_GU))


@example("HOLD-ROW")
def lift_from_another_institution() -> Attempt:
    """The order lifts money of an institution whose money it did not block."""
    return unblock(a_planned_year(10), a_held_row(1, OTHER_GU))


@example("HOLD-AMOUNT")
def lift_more_than_is_held() -> Attempt:
    """The order blocked 10 units, and 11 are lifted."""
    return unblock(a_planned_year(10), units=11)


@example("HOLD-LINE")
def half_a_line() -> Attempt:
    """The row names a subprogramme and no specific."""
    return block(a_planned_year(), a_held_row(1, specific=None))


@example("HOLD-EMPTY")
def lift_nothing() -> Attempt:
    """The order to lift names neither rows nor an amount."""
    return unblock(a_planned_year(10))


@example("BC111-11")
def block_more_than_is_missing() -> Attempt:
    """Receipts are short by 500 units, and 501 are blocked."""
    return block(a_planned_year(), a_held_row(501))


def protected(*rows: Any, **changes: Any) -> Attempt:
    """A programme of 1,000 units, 500 of them in plans, is cut."""
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000, **changes), a_programme("001")))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(500)))
    return decide(ledger, *rows)


@example("BC97-04")
def cut_a_protected_programme() -> Attempt:
    """A programme is cut that stands on the list of those not sequestered."""
    return protected(a_cut_row(1), protected=1)


@example("BC97-04-UNSPLIT")
def cut_the_pool_of_a_partly_protected_programme() -> Attempt:
    """Undistributed money is cut of a programme with a protected subprogramme."""
    return protected(a_cut_row(1, **POOL), protected=2, protected_subprogrammes=("100",))


@example("BC70-06")
def cut_state_obligations() -> Attempt:
    """A programme is cut that fulfils obligations of the state."""
    return protected(a_cut_row(1), is_state_obligation=True)


@example("BC97-02")
def a_law_for_a_small_cut() -> Attempt:
    """A law cuts 9.99 % of the unprotected expenditure, which is for a resolution."""
    return decide(a_planned_year(), a_cut_row(999), instrument="law")


@example("BC97-02-TEN")
def exactly_ten_percent() -> Attempt:
    """The cut is exactly a tenth of the unprotected expenditure."""
    return decide(a_planned_year(), a_cut_row(1_000))


@example("SEQ-TOTAL")
def rows_beyond_the_total() -> Attempt:
    """The decision states a total of 500 units, its rows reach 501."""
    return decide(a_planned_year(), a_cut_row(501), total=500 * U)


@example("SEQ-PARTS")
def apply_half_a_decision() -> Attempt:
    """A decision of two parts is applied when one is recorded."""
    ledger = a_planned_year()
    ledger.do("mof", "sequester.decide", *a_decision(a_cut_row(300), total=500 * U))
    return attempt(ledger, "mof", "sequester.apply", "cut-1", 10)


@example("SEQ-SOURCE")
def cut_out_of_no_block() -> Attempt:
    """A row is taken out of a block that does not exist."""
    return decide(a_planned_year(), a_cut_row(1, from_hold="block-7"))


@example("SEQ-BEYOND")
def cut_more_than_can_be_cut() -> Attempt:
    """The decision states a total above everything that may be cut."""
    return decide(a_planned_year(), a_cut_row(8_000, **POOL), instrument="law", total=11_000 * U)
