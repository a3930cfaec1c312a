"""Refinement by law and adjustment by resolution: what they move, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.calendar import day_number
from contracts.records import (
    Appropriation,
    Budget,
    BudgetAct,
    BudgetStatus,
    CarryOver,
    Closing,
    ClosingStatus,
    Collection,
    Hold,
    HoldStatus,
    Plan,
    Stage,
    Token,
    TokenKey,
    appropriation_key,
    budget_act_key,
    budget_key,
    carry_over_key,
    closing_key,
    hold_key,
    plan_key,
)
from contracts.rejection import Reason
from tests.examples.changes import rated
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
    a_move,
    a_new_programme,
    a_plan,
    a_programme,
    a_refinement,
    an_adjustment,
    an_increase,
    an_unblock,
    cumulative,
    of_programme,
    plan_document,
    position,
    register,
)

Values = tuple[Any, ...]


def a_budget(*programmes: Values, **params: int) -> Ledger:
    ledger = a_ledger(**params)
    ledger.do("mof", "budget.adopt", *a_law(*programmes))
    return ledger


def two(units: int = 1_000, **changes: Any) -> Ledger:
    """228/003 and 228/001 of as many units each."""
    return a_budget(a_programme(units=units, **changes), a_programme("001", units=units))


def appropriation(ledger: Ledger, programme: str = "003", administrator: str = "228") -> Appropriation:
    key = appropriation_key(BUDGET, YEAR, administrator, programme)
    found = Appropriation.find(ledger.state, Collection.APPROPRIATIONS, key)
    assert found is not None
    return found


def budget(ledger: Ledger) -> Budget:
    found = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, YEAR))
    assert found is not None
    return found


def act(ledger: Ledger, serial: int) -> BudgetAct | None:
    return BudgetAct.find(ledger.state, Collection.BUDGET_ACTS, budget_act_key(BUDGET, YEAR, serial))


def block_for_refinement(ledger: Ledger, *rows: Values, **changes: Any) -> None:
    values = {"hold": "bill", "ground": "refinement", "document": "законопроект", **changes}
    ledger.do("treasury", "treasury.block", *a_block(*rows, **values))


# --- refinement


def test_the_story_of_a_refinement() -> None:
    ledger = a_budget(
        a_programme(units=1_000),
        a_programme("067", units=300, administrator="226", functional_group="05"),
    )
    ledger.do("mot", "plan.approve", *plan_document(a_plan(1_000)))
    register(ledger, "A", 350)
    block_for_refinement(ledger, a_held_row(500))
    law = a_refinement(an_increase(200, "067", "226"), hold="bill", rows=1, costs=1_000)
    events = ledger.do("mof", "budget.refine", *law)

    assert position(ledger) == {"registered": 350, "allocated": 150, "refined": 500}
    health = a_line("226", "067", None, None)
    pool = Token.find(ledger.state, Collection.TOKENS, TokenKey(health, "moh", None, Stage.ADOPTED).encode())
    assert pool is not None
    assert pool.amount == 500 * U
    further = a_block(a_held_row(151), hold="more", ground="refinement")
    assert ledger.refused("treasury", "treasury.block", *further).reason is reasons.HOLD_FREE
    plan = Plan.find(ledger.state, Collection.PLANS, plan_key(GU, a_line(specific="159")))
    assert plan is not None
    assert plan.obligations == cumulative(500)
    cut = appropriation(ledger)
    assert (cut.approved, cut.refined_up, cut.refined_down) == (1_000 * U, 0, 500 * U)
    assert (budget(ledger).costs, budget(ledger).unprotected) == (1_000 * U, 1_000 * U)
    rows = (("226", "067", 200 * U, 0), ("228", "003", 0, 500 * U))
    assert act(ledger, 1) == BudgetAct("refinement", None, "255-VIII", DAY, DAY, rows)
    assert events == (("budget.refined", BUDGET, YEAR, 1, "255-VIII", 200 * U, 500 * U, 1_000 * U, 0, 0),)
    assert invariants.recount(ledger.state) == ()


def test_a_refinement_of_many_rows_comes_in_parts() -> None:
    ledger = two()
    ledger.do("mot", "plan.approve", *plan_document(a_plan(400), a_plan(400, OTHER_GU)))
    block_for_refinement(ledger, a_held_row(100), a_held_row(200, OTHER_GU), a_held_row(50, **POOL))
    ledger.do("treasury", "treasury.unblock", *an_unblock(a_held_row(200, OTHER_GU), hold="bill"))
    ledger.do("mof", "budget.refine", *a_refinement(hold="bill", rows=1, costs=1_900))
    more = a_block(a_held_row(1), hold="bill", ground="refinement", document="законопроект")
    assert ledger.refused("treasury", "treasury.block", *more).reason is reasons.HOLD_DONE
    ledger.do("mof", "budget.refine", *a_refinement(hold="bill", rows=5, costs=1_850))
    hold = Hold.find(ledger.state, Collection.HOLDS, hold_key("bill"))
    assert hold is not None
    assert (hold.consumed, hold.lifted, hold.status) == (150 * U, 200 * U, HoldStatus.APPLIED)
    again = a_refinement(hold="bill", rows=1, costs=1_850)
    assert ledger.refused("mof", "budget.refine", *again).reason is reasons.HOLD_DONE
    assert of_programme(ledger) == {"adopted": 150, "allocated": 700, "refined": 150}
    assert invariants.recount(ledger.state) == ()


def test_a_law_opens_a_new_programme() -> None:
    ledger = two()
    law = a_refinement(
        an_increase(70, "009"),
        programmes=(a_new_programme(section="budget_loans", protected=1),),
        costs=2_000,
        budget_loans=70 * U,
    )
    ledger.do("mof", "budget.refine", *law)
    assert of_programme(ledger, "009") == {"adopted": 70}
    assert budget(ledger).unprotected == 2_000 * U
    assert invariants.recount(ledger.state) == ()


def test_a_cut_that_a_sequester_put_back_is_refined_after_it() -> None:
    ledger = two(units=10_000)
    block_for_refinement(ledger, a_held_row(100, **POOL))
    cut = a_cut_row(100, from_hold="bill", **POOL)
    ledger.do("mof", "sequester.decide", *a_decision(cut))
    ledger.do("mof", "sequester.cancel", "cut-1", 10)
    ledger.do("mof", "budget.refine", *a_refinement(hold="bill", rows=10, costs=19_900))
    assert of_programme(ledger) == {"adopted": 9_900, "refined": 100}
    assert invariants.recount(ledger.state) == ()


@pytest.mark.parametrize(
    ("law", "reason"),
    [
        (a_refinement(costs=2_000), reasons.REFINE_EMPTY),
        (a_refinement(an_increase(1), rows=1, costs=2_001), reasons.REFINE_EMPTY),
        (a_refinement(hold="bill", costs=2_000), reasons.REFINE_EMPTY),
        (a_refinement(hold="x", rows=1, costs=2_000), reasons.HOLD_NONE),
        (a_refinement(hold="short", rows=1, costs=2_000), reasons.REFINE_HOLD),
        (a_refinement(an_increase(1), costs=2_000), reasons.REFINE_TOTAL),
        (a_refinement(an_increase(1, "009"), costs=2_001), reasons.BUDGET_NO_PROGRAMME),
        (a_refinement(("228", "003", 1), costs=2_000), reasons.PLAN_UNIT),
        (a_refinement(an_increase(1), costs=2_001, law_date=DAY + 1), reasons.DATE_AHEAD),
        (a_refinement(an_increase(1), costs=2_001, year=2025), reasons.YEAR_NOT_OPEN),
        (a_refinement(an_increase(1), costs=2_001, budget="02.kz"), reasons.BUDGET_NONE),
        (a_refinement(("228", "003", (2**63 - 1) // U * U), costs=2_000), reasons.SUM_TOO_LARGE),
        (
            a_refinement(an_increase(1), costs=2_001, programmes=(a_new_programme(),)),
            reasons.CHANGE_NEW_EMPTY,
        ),
        (
            a_refinement(an_increase(1), costs=2_001, programmes=(a_new_programme("003"),)),
            reasons.BUDGET_ROW_TWICE,
        ),
        (
            a_refinement(an_increase(1, "009"), costs=2_001, programmes=(a_new_programme(protected=2),)),
            reasons.BUDGET_PROTECTED,
        ),
        (
            a_refinement(
                an_increase(1, "009", "999"), costs=2_001,
                programmes=(a_new_programme(administrator="999"),),
            ),
            reasons.CODE_UNKNOWN,
        ),
    ],
)  # fmt: skip
def test_a_wrong_refinement_is_refused(law: Values, reason: Reason) -> None:
    ledger = two()
    ledger.do("treasury", "receipts.plan", "план", ((BUDGET, YEAR, "201510", cumulative(5)),))
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(5, **POOL), hold="short"))
    assert ledger.refused("mof", "budget.refine", *law).reason is reason


def test_a_block_for_a_refinement_holds_plan_units() -> None:
    ledger = two()
    odd = a_block(a_held_row(0, amount=1, **POOL), ground="refinement")
    assert ledger.refused("treasury", "treasury.block", *odd).reason is reasons.PLAN_UNIT


def test_only_an_adopted_budget_is_changed() -> None:
    ledger = two()
    quarter = replace(budget(ledger), status=BudgetStatus.QUARTER.value)
    ledger.state.commit({(Collection.BUDGETS, budget_key(BUDGET, YEAR)): quarter.encode()})
    law = a_refinement(an_increase(1), costs=2_001)
    assert ledger.refused("mof", "budget.refine", *law).reason is reasons.CHANGE_STATUS


# --- adjustment


def test_a_reallocation_keeps_approved_and_refined_apart() -> None:
    ledger = two()
    events = ledger.do("mof", "budget.adjust", *an_adjustment(a_move(150)))
    giving, taking = appropriation(ledger), appropriation(ledger, "001")
    assert (giving.approved, giving.adjusted_down) == (1_000 * U, 150 * U)
    assert (taking.approved, taking.adjusted_up) == (1_000 * U, 150 * U)
    assert (of_programme(ledger), of_programme(ledger, "001")) == ({"adopted": 850}, {"adopted": 1_150})
    assert (budget(ledger).costs, budget(ledger).unprotected, budget(ledger).acts) == (
        2_000 * U, 2_000 * U, 1,
    )  # fmt: skip
    rows = (("228", "001", 150 * U, 0), ("228", "003", 0, 150 * U))
    assert act(ledger, 1) == BudgetAct("adjustment", "reallocation", "постановление 12", DAY, DAY, rows)
    assert events == (("budget.adjusted", BUDGET, YEAR, 1, "reallocation", "постановление 12", 150 * U, 1),)
    assert invariants.recount(ledger.state) == ()


def test_the_share_of_a_programme_is_counted_over_the_year() -> None:
    ledger = two()
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(100)))
    refusal = ledger.refused("mof", "budget.adjust", *an_adjustment(a_move(51)))
    assert refusal.reason is reasons.ADJUST_SHARE
    assert dict(refusal.facts)["limit_tiyn"] == 150 * U
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(50)))
    assert invariants.recount(ledger.state) == ()


def test_a_rural_budget_moves_a_fifth() -> None:
    ledger = a_ledger()
    rural = {"budget": "06.aul"}
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=100), a_programme("001", units=100), **rural))
    by_assembly = {**rural, "proposed": None, "commission": "собрание местного сообщества 3"}
    over = an_adjustment(a_move(21), **by_assembly)
    assert ledger.refused("mof", "budget.adjust", *over).reason is reasons.ADJUST_SHARE
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(20), **by_assembly))


def test_development_programmes_of_one_administrator_need_the_commission_above_five_per_cent() -> None:
    ledger = a_budget(
        a_programme(units=1_000, is_development=True), a_programme("001", 1_000, is_development=True)
    )
    alone: dict[str, Any] = {"case": "development", "commission": None}
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(50), **alone))
    more = an_adjustment(a_move(50), **alone)
    assert ledger.refused("mof", "budget.adjust", *more).reason is reasons.ADJUST_DEVELOPMENT_SHARE
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(50), case="development"))
    beyond = an_adjustment(a_move(1), case="development")
    assert ledger.refused("mof", "budget.adjust", *beyond).reason is reasons.ADJUST_DEVELOPMENT_SHARE


def test_a_distributable_programme_and_a_reserve_are_given_to_others() -> None:
    ledger = a_budget(
        a_programme(units=100, nature="distributable"), a_programme("001", 100, nature="reserve")
    )
    for case, source in (("distribution", "228/003"), ("reserve", "228/001")):
        programme = a_new_programme("010" if case == "reserve" else "009")
        move = a_move(100, source, f"228/{programme[3]}")
        document = an_adjustment(move, case=case, commission=None, proposed=None, programmes=(programme,))
        ledger.do("mof", "budget.adjust", *document)
    assert (of_programme(ledger), of_programme(ledger, "009")) == ({}, {"adopted": 100})
    assert of_programme(ledger, "010") == {"adopted": 100}
    assert invariants.recount(ledger.state) == ()


def test_money_under_an_expense_id_is_named_by_it() -> None:
    ledger = two()
    without = an_adjustment(a_move(1, from_expense="e-1"))
    assert ledger.refused("mof", "budget.adjust", *without).reason is reasons.ADJUST_POOL


def test_opening_balances_are_brought_in_up_to_what_the_accounts_opened_with() -> None:
    ledger = two()
    ledger.do("treasury", "receipts.post", "выписка", (("opening", BUDGET, "1", "801101", 30 * U, ""),))
    rest: dict[str, Any] = {"case": "opening_balances", "commission": None, "proposed": None}
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(20, ""), **rest))
    over = an_adjustment(a_move(11, ""), **rest)
    assert ledger.refused("mof", "budget.adjust", *over).reason is reasons.ADJUST_OPENING
    assert of_programme(ledger, "001") == {"adopted": 1_020}
    assert invariants.recount(ledger.state) == ()


def test_a_carry_over_comes_from_the_list_of_the_closed_year() -> None:
    ledger = two()
    rest: dict[str, Any] = {"case": "carry_over", "commission": None, "proposed": None}
    document = an_adjustment(a_move(20, ""), **rest)
    assert ledger.refused("mof", "budget.adjust", *document).reason is reasons.YEAR_UNCLOSED
    closing = Closing(ClosingStatus.CLOSED.value, b"", 0, 0, 0, 0, DAY, DAY)
    carried = CarryOver(listed=40 * U, carried=30 * U, used=0)
    ledger.state.commit(
        {
            (Collection.CLOSINGS, closing_key(BUDGET, 2025)): closing.encode(),
            (Collection.CARRY_OVERS, carry_over_key(BUDGET, 2025, "228", "001")): carried.encode(),
        }
    )
    ledger.do("mof", "budget.adjust", *document)
    over = an_adjustment(a_move(11, ""), **rest)
    assert ledger.refused("mof", "budget.adjust", *over).reason is reasons.ADJUST_CARRY_OVER
    loans = an_adjustment(a_move(1, ""), source="2", **rest)
    assert ledger.refused("mof", "budget.adjust", *loans).reason is reasons.CARRY_OVER_SOURCE
    assert of_programme(ledger, "001") == {"adopted": 1_020}


@pytest.mark.parametrize("case", ["reallocation", "monitoring", "development"])
def test_a_reallocation_leaves_the_sections_of_the_law_as_they_are(case: str) -> None:
    ledger = a_ledger()
    loans = a_programme("001", 1_000, section="budget_loans", is_development=True)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000, is_development=True), loans))
    document = an_adjustment(a_move(10, "228/001", "228/003"), case=case)
    assert ledger.refused("mof", "budget.adjust", *document).reason is reasons.RECODE_SECTION


def test_september_is_for_proposals_of_the_fourth_quarter() -> None:
    ledger = two()
    ledger.open_day(2026, 10, 1)
    first = day_number(2026, 10, 1)
    autumn = an_adjustment(a_move(1), proposed=first - 1, date=first)
    ledger.do("mof", "budget.adjust", *autumn)
    again = an_adjustment(a_move(1), proposed=first, date=first)
    assert ledger.refused("mof", "budget.adjust", *again).reason is reasons.ADJUST_QUARTER


def test_an_administrator_proposes_once_a_quarter() -> None:
    ledger = two()
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(1)))
    ledger.open_day(2026, 1, 20)
    again = an_adjustment(a_move(1), proposed=DAY + 1, date=DAY + 1)
    assert ledger.refused("mof", "budget.adjust", *again).reason is reasons.ADJUST_QUARTER
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(1), document="постановление 13"))
    ledger.open_day(2026, 4, 20)
    spring = day_number(2026, 4, 20)
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(1), proposed=spring, date=spring))


@pytest.mark.parametrize(
    ("effects", "scores", "refused_row"),
    [
        (1, {"228": 60, "226": 90}, 2),
        (1, {"228": 90, "226": 60}, None),
        (1, {"228": 60, "226": 60}, None),
        (1, {"226": 41}, 2),
        (1, {"226": 40}, None),
        (0, {"228": 60, "226": 90}, None),
    ],
)
def test_a_reallocation_serves_the_better_rating_first_when_the_members_have_switched_it_on(
    effects: int, scores: dict[str, int], refused_row: int | None
) -> None:
    ledger = rated(effects, **scores)
    document = an_adjustment(a_move(1), a_move(1, target="226/001"))
    if refused_row is None:
        ledger.do("mof", "budget.adjust", *document)
    else:
        refusal = ledger.refused("mof", "budget.adjust", *document)
        assert (refusal.reason, dict(refusal.facts)["row"]) == (reasons.RATING_ORDER, refused_row)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (an_adjustment(a_move(1), commission=None), reasons.ADJUST_COMMISSION),
        (an_adjustment(a_move(1), case="monitoring", commission=None), reasons.ADJUST_COMMISSION),
        (an_adjustment(a_move(1), source="2"), reasons.ADJUST_LOANS),
        (an_adjustment(a_move(1), proposed=None), reasons.ADJUST_PROPOSED),
        (an_adjustment(a_move(1), proposed=day_number(2026, 1, 26)), reasons.ADJUST_PROPOSED),
        (an_adjustment(a_move(1), proposed=day_number(2026, 10, 2)), reasons.ADJUST_PROPOSED),
        (an_adjustment(a_move(1), proposed=day_number(2025, 10, 1)), reasons.ADJUST_PROPOSED),
        (an_adjustment(a_move(1), proposed=DAY + 1), reasons.ADJUST_PROPOSED),
        (an_adjustment(a_move(1, "")), reasons.ADJUST_SIDES),
        (an_adjustment(a_move(1), case="opening_balances"), reasons.ADJUST_SIDES),
        (an_adjustment(a_move(1, "228/003", "228/003")), reasons.ADJUST_SIDES),
        (an_adjustment(a_move(1), case="distribution"), reasons.ADJUST_NATURE),
        (an_adjustment(a_move(1), case="reserve"), reasons.ADJUST_NATURE),
        (an_adjustment(a_move(1), case="development"), reasons.ADJUST_DEVELOPMENT),
        (an_adjustment(a_move(151)), reasons.ADJUST_SHARE),
        (an_adjustment(a_move(1_001), case="reorganisation"), reasons.ADJUST_POOL),
        (an_adjustment(a_move(1, target="228/009")), reasons.BUDGET_NO_PROGRAMME),
        (an_adjustment(a_move(1, "228/009")), reasons.BUDGET_NO_PROGRAMME),
        (an_adjustment(a_move(0, amount=1)), reasons.PLAN_UNIT),
        (an_adjustment(a_move(1), date=DAY + 1), reasons.DATE_AHEAD),
        (an_adjustment(a_move(1), year=2025), reasons.YEAR_NOT_OPEN),
        (
            an_adjustment(a_move(1, target="228/009"), programmes=(a_new_programme(),)),
            reasons.ADJUST_NEW,
        ),
    ],
)
def test_a_wrong_adjustment_is_refused(document: Values, reason: Reason) -> None:
    assert two().refused("mof", "budget.adjust", *document).reason is reason


def test_planned_money_is_returned_before_it_is_moved() -> None:
    ledger = two()
    ledger.do("mot", "plan.approve", *plan_document(a_plan(950)))
    refusal = ledger.refused("mof", "budget.adjust", *an_adjustment(a_move(51)))
    assert refusal.reason is reasons.ADJUST_POOL
    assert dict(refusal.facts)["free_tiyn"] == 50 * U


def test_each_part_of_a_sequester_is_an_act() -> None:
    ledger = two(units=10_000)
    first, second = a_cut_row(300, **POOL), a_cut_row(200, **{**POOL, "programme": "001"})
    ledger.do("mof", "sequester.decide", *a_decision(first, second))
    ledger.do("mof", "sequester.apply", "cut-1", 1)
    ledger.do("mof", "sequester.apply", "cut-1", 1)
    assert [act(ledger, serial) for serial in (1, 2)] == [
        BudgetAct("sequester", None, "постановление 1", DAY, DAY, (("228", "003", 0, 300 * U),)),
        BudgetAct("sequester", None, "постановление 1", DAY, DAY, (("228", "001", 0, 200 * U),)),
    ]


def test_only_named_institutions_act_on_a_budget() -> None:
    ledger = two()
    attributes = (("finance", "akimat-finance"), ("treasury", "treasury"))
    ledger.do(
        "mof", "directory.publish", "budgets",
        ((BUDGET, DAY, None, BUDGET, BUDGET, None, attributes),),
    )  # fmt: skip
    refusal = ledger.refused("mof", "budget.adjust", *an_adjustment(a_move(1)))
    assert refusal.reason is reasons.BUDGET_AUTHORITY
    ledger.do("treasury", "receipts.post", "выписка", (("receipt", BUDGET, "1", "101110", U, ""),))
