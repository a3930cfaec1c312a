"""Statements over the state: figures, no shift, transfers, sums of budgets, notices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import reasons, statements
from contracts.records import (
    Appropriation,
    Collection,
    Line,
    appropriation_key,
    balance_of,
    programme_scope,
)
from contracts.rejection import RejectionError
from contracts.statements import Figures, Notice, Totals
from tests.support.budget import Ledger, a_ledger, day_number
from tests.support.year import (
    BUDGET,
    DAY,
    POOL,
    YEAR,
    U,
    a_block,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_move,
    a_programme,
    a_refinement,
    an_adjustment,
    an_increase,
    cumulative,
    with_shortfall,
)
from tests.unit.contracts.test_transfers import DISTRICT, OBLAST, REPUBLIC, a_tree, send


def a_changed_budget() -> Ledger:
    """An adjustment in January; in February a refinement up and down, and a sequester."""
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=10_000), a_programme("001", units=10_000)))
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(100)))
    ledger.open_day(2026, 2, 2)
    hold = a_block(a_held_row(50, **POOL), hold="bill", ground="refinement")
    ledger.do("treasury", "treasury.block", *hold)
    law = a_refinement(an_increase(200, "001"), hold="bill", rows=1, costs=20_150)
    ledger.do("mof", "budget.refine", *law)
    ledger.do("mof", "sequester.decide", *a_decision(a_cut_row(30, **POOL)))
    ledger.do("mof", "sequester.apply", "cut-1", 1)
    return ledger


def test_approved_refined_and_adjusted_figures_stand_side_by_side() -> None:
    found = statements.figures(a_changed_budget().state, BUDGET, YEAR)
    assert found["costs"] == Figures(20_000 * U, 20_150 * U, 20_150 * U, 30 * U)
    assert found["costs"].in_force == 20_120 * U
    assert found["budget_loans"] == Figures()


def test_no_money_moved_but_by_acts() -> None:
    state = a_changed_budget().state
    january, february = (statements.no_shift(state, BUDGET, YEAR, month) for month in (1, 2))
    assert (january.is_proven, january.acts, february.is_proven, february.acts) == (True, 1, True, 3)
    assert [(one.programme, one.figures, one.received, one.given) for one in january.programmes] == [
        ("001", Figures(10_000 * U, 10_000 * U, 10_100 * U, 0), 100 * U, 0),
        ("003", Figures(10_000 * U, 10_000 * U, 9_900 * U, 0), 0, 100 * U),
    ]
    assert [one.figures for one in february.programmes] == [
        Figures(10_000 * U, 10_200 * U, 10_300 * U, 0),
        Figures(10_000 * U, 9_950 * U, 9_850 * U, 30 * U),
    ]


def test_a_shift_without_an_act_is_named() -> None:
    ledger = a_changed_budget()
    scope = programme_scope(Line(BUDGET, YEAR, "1", "228", "003", None, None))
    shifted = replace(balance_of(ledger.state, scope), given=107 * U)
    ledger.state.commit({(Collection.BALANCES, scope): shifted.encode()})
    found = statements.no_shift(ledger.state, BUDGET, YEAR, 2)
    assert not found.is_proven
    assert [one.findings for one in found.programmes] == [
        (),
        (f"given to other programmes: {107 * U} tiyn recorded, {100 * U} tiyn by the acts",),
    ]


def test_a_figure_that_no_act_changed_is_named() -> None:
    ledger = a_changed_budget()
    key = appropriation_key(BUDGET, YEAR, "228", "001")
    found = Appropriation.find(ledger.state, Collection.APPROPRIATIONS, key)
    assert found is not None
    ledger.state.commit(
        {
            (Collection.APPROPRIATIONS, key): None,
            (Collection.APPROPRIATIONS, appropriation_key(BUDGET, YEAR, "228", "002")): found.encode(),
        }
    )
    whole = statements.no_shift(ledger.state, BUDGET, YEAR, 2)
    named = [one.programme for one in whole.programmes if one.findings]
    assert named == ["001", "002"]


def test_a_budget_that_is_not_there_has_no_statement() -> None:
    with pytest.raises(RejectionError) as found:
        statements.no_shift(a_ledger().state, BUDGET, YEAR, 1)
    assert found.value.reason is reasons.BUDGET_NONE


def test_transfers_of_the_upper_budget_stand_against_receipts_of_the_lower() -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    rows = ((OBLAST, YEAR, "502111", cumulative(500, 400)), (OBLAST, YEAR, "101110", cumulative(9)))
    ledger.do("treasury", "receipts.plan", "план", rows)
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    found = statements.transfers_plan(ledger.state, REPUBLIC, YEAR, (OBLAST,))
    assert (found.planned, found.expected) == (cumulative(500), cumulative(500, 400))
    assert (found.differing_months, found.sent) == ((1,), ((OBLAST, 300 * U),))


def test_budgets_are_added_up_without_mutual_flows() -> None:
    ledger = a_tree(REPUBLIC, OBLAST, DISTRICT)
    ledger.do("treasury", "receipts.plan", "план", ((OBLAST, YEAR, "502111", cumulative(500)),))
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    send(ledger, 2, OBLAST, DISTRICT, 200)
    send(ledger, 3, OBLAST, REPUBLIC, 50, "338")
    names = (REPUBLIC, OBLAST, DISTRICT)
    found = statements.consolidated(ledger.state, names, YEAR)
    assert found.gross == Totals(500 * U, 6_000 * U, 1_550 * U, 550 * U)
    assert (found.planned_mutual, found.mutual) == (500 * U, 550 * U)
    assert found.net == Totals(0, 5_500 * U, 1_000 * U, 0)
    assert statements.consolidated(ledger.state, (REPUBLIC, DISTRICT), YEAR).mutual == 0


def test_a_notice_says_what_may_be_unblocked() -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000)))
    with_shortfall(ledger, 100)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(80, **POOL)))
    assert statements.notice(ledger.state, BUDGET, DAY) is None
    events = ledger.do(
        "treasury", "receipts.post", "выписка", (("receipt", BUDGET, "1", "101110", 60 * U, ""),)
    )
    assert events[1] == ("receipts.notice", BUDGET, YEAR, 80 * U, 40 * U)
    found = statements.notice(ledger.state, BUDGET, DAY)
    assert found == Notice(BUDGET, YEAR, 1, 80 * U, 40 * U)
    assert found.excess == 40 * U
    assert statements.notice(ledger.state, BUDGET, day_number(2026, 2, 1)) == replace(found, month=2)
