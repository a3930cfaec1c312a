"""The budget as adopted."""

from __future__ import annotations

import pytest

from contracts import invariants, reasons
from contracts.records import (
    Appropriation,
    Budget,
    BudgetStatus,
    Collection,
    QuarterPlan,
    Stage,
    TokenKey,
    appropriation_key,
    balance_of,
    budget_key,
    programme_scope,
    quarter_key,
)
from contracts.tokens import amount_of
from tests.support.budget import Ledger, a_ledger, a_line
from tests.support.year import (
    BUDGET,
    NEXT,
    YEAR,
    U,
    a_block,
    a_code,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_quarter,
    a_recode,
    a_year,
    cumulative,
    of_programme,
    plan_document,
    slots,
    to_the_senate,
    with_successors,
)
from tests.support.year import POOL as POOL_ROW

POOL = a_line(subprogramme=None, specific=None)


def test_adoption_issues_the_pool_to_the_registered_administrator() -> None:
    ledger = a_year(units=500, cash=0)
    assert amount_of(ledger.state, TokenKey(POOL, "mot", None, Stage.ADOPTED)) == 500 * U
    key = appropriation_key(BUDGET, YEAR, "228", "003")
    assert Appropriation.find(ledger.state, Collection.APPROPRIATIONS, key) == Appropriation(
        "costs", "12", "ordinary", False, 0, (), False, False, 500 * U, 0, 0, 0, 0, 0
    )
    assert invariants.recount(ledger.state) == ()


def test_a_pool_of_an_administrator_without_institution_stands_under_its_code() -> None:
    ledger = a_ledger()
    ledger.publish("administrators", "217", valid_from=20_458)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(administrator="217")))
    line = a_line(administrator="217", subprogramme=None, specific=None)
    assert amount_of(ledger.state, TokenKey(line, "217", None, Stage.ADOPTED)) == 100_000 * U


def test_the_base_of_the_ten_percent_test_leaves_protected_programmes_out() -> None:
    ledger = a_ledger()
    law = a_law(
        a_programme("001", 300),
        a_programme("003", 500, protected=1, section="budget_loans"),
        a_programme("004", 70, protected=2, protected_subprogrammes=("100",), section="financial_assets"),
    )
    ledger.do("mof", "budget.adopt", *law)
    found = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, YEAR))
    assert found == Budget("239-VIII", 20_458, 300 * U, 500 * U, 70 * U, 300 * U, 0, 0, 432_500, 2, 0)


@pytest.mark.parametrize(
    ("law", "reason"),
    [
        (a_law(a_programme(), costs=1), reasons.BUDGET_TOTAL),
        (a_law(a_programme(), a_programme()), reasons.BUDGET_ROW_TWICE),
        (a_law(a_programme(amount=1)), reasons.PLAN_UNIT),
        (a_law(a_programme(protected=2)), reasons.BUDGET_PROTECTED),
        (a_law(a_programme(protected_subprogrammes=("100",))), reasons.BUDGET_PROTECTED),
        (a_law(a_programme(administrator="999")), reasons.CODE_UNKNOWN),
        (a_law(a_programme(), law_date=20_459), reasons.DATE_AHEAD),
        (
            a_law(a_programme(amount=2**62), a_programme("004", amount=2**62, section="budget_loans")),
            reasons.SUM_TOO_LARGE,
        ),
    ],
)
def test_a_wrong_law_is_refused(law: tuple[object, ...], reason: object) -> None:
    ledger = a_ledger()
    root = ledger.state.root
    assert ledger.refused("mof", "budget.adopt", *law).reason is reason  # type: ignore[arg-type]
    assert ledger.state.root == root


def test_a_budget_is_adopted_once() -> None:
    ledger = a_year()
    refusal = ledger.refused("mof", "budget.adopt", *a_law(a_programme()))
    assert refusal.reason is reasons.BUDGET_ADOPTED


def test_a_later_administrator_draws_on_the_pool_under_its_code() -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=100)))
    ledger.state.commit(_under_the_code(ledger.state.values))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100)))
    assert of_programme(ledger) == {"allocated": 100}


def _under_the_code(values: dict[tuple[str, bytes], bytes]) -> dict[tuple[str, bytes], bytes | None]:
    """Move the pool from the institution to the bare code, as if the institution had come later."""
    here = (Collection.TOKENS, TokenKey(POOL, "mot", None, Stage.ADOPTED).encode())
    there = (Collection.TOKENS, TokenKey(POOL, "228", None, Stage.ADOPTED).encode())
    return {here: None, there: values[here]}


# --- in parts


def the_budget(ledger: Ledger, year: int = YEAR) -> Budget:
    found = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, year))
    assert found is not None
    return found


def test_a_long_law_comes_in_parts_that_add_up_to_its_totals() -> None:
    ledger = a_ledger()
    first = a_law(a_programme("001", 300), costs=800 * U, has_more=True)
    last = a_law(a_programme("003", 500), costs=800 * U)
    ledger.do("mof", "budget.adopt", *first)
    assert (the_budget(ledger).status, the_budget(ledger).costs) == (BudgetStatus.ADOPTING, 300 * U)
    ledger.do("mof", "budget.adopt", *last)
    assert the_budget(ledger) == Budget("239-VIII", 20_458, 800 * U, 0, 0, 800 * U, 0, 0, 432_500, 2, 0)
    assert ledger.refused("mof", "budget.adopt", *last).reason is reasons.BUDGET_ADOPTED
    assert invariants.recount(ledger.state) == ()


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (a_law(a_programme("003", 501), costs=800 * U), reasons.BUDGET_TOTAL),
        (a_law(a_programme("003", 499), costs=800 * U), reasons.BUDGET_TOTAL),
        (a_law(a_programme("003", 501), costs=800 * U, has_more=True), reasons.BUDGET_TOTAL),
        (a_law(a_programme("001", 500), costs=800 * U), reasons.BUDGET_ROW_TWICE),
        (a_law(a_programme("003", 500), costs=800 * U, law="1"), reasons.BUDGET_PART),
    ],
)
def test_a_part_that_does_not_fit_the_law_is_refused(part: tuple[object, ...], reason: object) -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme("001", 300), costs=800 * U, has_more=True))
    assert ledger.refused("mof", "budget.adopt", *part).reason is reason  # type: ignore[arg-type]


def test_nothing_is_done_with_a_budget_whose_law_is_not_whole() -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=300), has_more=True))
    for institution, action, arguments in (
        ("mot", "plan.approve", plan_document(a_plan(10))),
        ("treasury", "treasury.block", a_block(a_held_row(10, **POOL_ROW))),
        ("mof", "sequester.decide", a_decision(a_cut_row(10, **POOL_ROW))),
    ):
        assert ledger.refused(institution, action, *arguments).reason is reasons.BUDGET_PARTS


# --- the first quarter


def test_a_quarter_of_the_forecast_is_adopted_and_planned_to_march() -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.quarter", *a_quarter(a_programme(units=402), year=YEAR))
    assert of_programme(ledger) == {"adopted": 100}
    assert the_budget(ledger).status == BudgetStatus.QUARTER
    beyond = (*cumulative(60)[:3], *cumulative(100)[3:])
    late = plan_document(a_plan(100, obligations=beyond, payments=beyond))
    assert ledger.refused("mot", "plan.approve", *late).reason is reasons.PLAN_QUARTER
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100)))
    assert invariants.recount(ledger.state) == ()


def test_the_law_replaces_the_quarter_and_issues_the_rest() -> None:
    ledger = a_ledger()
    quarter = a_quarter(a_programme(units=400), a_programme("001", 40), year=YEAR)
    ledger.do("mof", "budget.quarter", *quarter)
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100)))
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=390), costs=420 * U, has_more=True))
    found = QuarterPlan.find(ledger.state, Collection.QUARTERS, quarter_key(BUDGET, YEAR))
    assert found == QuarterPlan("Указ № 1", 20_458, (("228", "001", 10 * U),))
    ledger.do("mof", "budget.adopt", *a_law(a_programme("001", 30), costs=420 * U))
    assert of_programme(ledger) == {"adopted": 290, "allocated": 100}
    assert of_programme(ledger, "001") == {"adopted": 30}
    assert the_budget(ledger) == Budget("239-VIII", 20_458, 420 * U, 0, 0, 420 * U, 0, 0, 432_500, 2, 0)
    assert ledger.state.get(Collection.QUARTERS, quarter_key(BUDGET, YEAR)) is None
    assert invariants.recount(ledger.state) == ()


def test_requests_and_a_quarter_are_both_part_of_the_law() -> None:
    ledger = a_ledger()
    to_the_senate(ledger, 350)
    ledger.do("mof", "budget.quarter", *a_quarter(a_programme(units=400)))
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=420), year=NEXT))
    scope = programme_scope(a_line(year=NEXT, subprogramme=None, specific=None))
    assert slots(balance_of(ledger.state, scope).amounts) == {"adopted": 420, "declined": 30}
    assert balance_of(ledger.state, scope).issued == 450 * U
    assert invariants.recount(ledger.state) == ()


def test_a_quarter_is_recorded_once_and_never_beside_a_law() -> None:
    ledger = a_ledger()
    quarter = a_quarter(a_programme(units=400), year=YEAR)
    ledger.do("mof", "budget.quarter", *quarter)
    assert ledger.refused("mof", "budget.quarter", *quarter).reason is reasons.BUDGET_ADOPTED
    past = ledger.refused("mof", "budget.quarter", *a_quarter(a_programme(), year=YEAR - 1))
    assert past.reason is reasons.YEAR_NOT_OPEN
    ahead = ledger.refused("mof", "budget.quarter", *a_quarter(a_programme(), decree_date=20_459))
    assert ahead.reason is reasons.DATE_AHEAD


def test_money_crosses_between_programmes_once_the_law_is_recorded() -> None:
    """The law says what a programme has: before it nothing but the quarter is there to be moved."""
    ledger = with_successors(a_ledger())
    ledger.do("mof", "budget.quarter", *a_quarter(a_programme(units=400), year=YEAR))
    crossing = a_recode((a_code("mot", None), a_code("mot", None, programme="001")))
    refusal = ledger.refused("treasury", "plan.recode", *crossing)
    assert refusal.reason is reasons.CHANGE_STATUS
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=400)))
    ledger.do("treasury", "plan.recode", *crossing)
    assert of_programme(ledger, "001") == {"adopted": 400}
    assert invariants.recount(ledger.state) == ()


def test_what_was_sequestered_in_the_quarter_stays_cut() -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.quarter", *a_quarter(a_programme(units=4_000), year=YEAR))
    ledger.do("mof", "sequester.decide", *a_decision(a_cut_row(50, **POOL_ROW)))
    ledger.do("mof", "sequester.apply", "cut-1", 10)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=3_000)))
    assert of_programme(ledger) == {"adopted": 2_950, "sequestered": 50}
    assert the_budget(ledger).sequestered == 50 * U
    assert invariants.recount(ledger.state) == ()
