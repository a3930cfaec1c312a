"""The budget as adopted."""

from __future__ import annotations

import pytest

from contracts import invariants, reasons
from contracts.records import (
    Appropriation,
    Budget,
    Collection,
    Stage,
    TokenKey,
    appropriation_key,
    budget_key,
)
from contracts.tokens import amount_of
from tests.support.budget import a_ledger, a_line
from tests.support.year import (
    BUDGET,
    YEAR,
    U,
    a_law,
    a_plan,
    a_programme,
    a_year,
    of_programme,
    plan_document,
)

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
