"""From the request to the law."""

from __future__ import annotations

import pytest

from chain.genesis import GenesisInstitution
from chain.types import InstitutionId
from contracts import formation, invariants, reasons
from contracts.calendar import day_number
from contracts.genesis import genesis_changes
from contracts.records import (
    Appropriation,
    Budget,
    BudgetStatus,
    Collection,
    Expense,
    Limit,
    Request,
    RequestItem,
    Stage,
    TokenKey,
    appropriation_key,
    balance_of,
    budget_key,
    expense_key,
    limit_key,
    programme_scope,
    request_item_key,
    request_key,
)
from contracts.requests import ITEMS
from contracts.tokens import amount_of
from tests.examples import examples
from tests.examples.formation import consolidated, formed, next_law, tabled
from tests.support.budget import DIRECTORIES, INSTITUTIONS, Ledger, MemoryReader, a_genesis, a_ledger, a_line
from tests.support.budget import decide as ballot
from tests.support.route import BRANCH, DGIP, KGIP, a_chain_year, a_step, approve, set_route, submitted
from tests.support.year import (
    BUDGET,
    DAY,
    DIGEST,
    GU,
    NEXT,
    OTHER_GU,
    YEAR,
    U,
    a_budget_request,
    a_consolidation,
    a_law,
    a_limit,
    a_plan,
    a_programme,
    a_request_return,
    a_stage,
    an_alignment,
    an_item,
    close_year,
    limits,
    of_programme,
    plan_document,
    register,
    slots,
)

POOL = a_line(year=NEXT, subprogramme=None, specific=None)
STAGES = ("mof", "government", "mazhilis", "senate")

EXAMPLES = [item for item in examples().values() if item.build.__module__ == "tests.examples.formation"]


@pytest.mark.parametrize("item", EXAMPLES, ids=lambda item: item.code)
def test_every_refusal_of_the_formation_is_reached(item: object) -> None:
    assert item.build().refusal().reason.code == item.code  # type: ignore[attr-defined]


def asked(ledger: Ledger, programme: str = "003") -> dict[str, int]:
    """What stands in the programme of the next year, by stage, in units."""
    line = a_line(year=NEXT, programme=programme, subprogramme=None, specific=None)
    return slots(balance_of(ledger.state, programme_scope(line)).amounts)


def request(ledger: Ledger, programme: str = "003") -> Request:
    found = Request.find(ledger.state, Collection.REQUESTS, request_key(BUDGET, NEXT, "228", programme))
    assert found is not None
    return found


def item_of(ledger: Ledger, expense: str) -> RequestItem:
    key = request_item_key(BUDGET, NEXT, "228", "003", expense)
    found = RequestItem.find(ledger.state, Collection.REQUEST_ITEMS, key)
    assert found is not None
    return found


def limit(ledger: Ledger) -> Limit:
    found = Limit.find(ledger.state, Collection.LIMITS, limit_key(BUDGET, NEXT, "228"))
    assert found is not None
    return found


def decide(ledger: Ledger, units: int, *names: str) -> None:
    for name in names or STAGES:
        ledger.do("mof", "request.decide", *a_stage(name, units))


# --- limits


def test_limits_stand_by_block_and_may_be_set_again() -> None:
    ledger = a_ledger()
    ledger.do("mof", "limit.set", *limits(a_limit(base=10, growth=4), a_limit("226", 7)))
    ledger.do("mof", "limit.set", *limits(a_limit(base=9, initiatives=1, growth=4, reserves=2)))
    assert limit(ledger) == Limit(9 * U, U, 4 * U, 2 * U, (0, 0, 0, 0), "лимиты 1", DAY)


def test_limits_reach_three_years_ahead() -> None:
    ledger = a_ledger()
    ledger.do("mof", "limit.set", *limits(year=YEAR + 3))
    assert ledger.refused("mof", "limit.set", *limits(year=YEAR + 4)).reason is reasons.REQUEST_YEAR


def test_a_limit_of_tiyn_or_beyond_all_numbers_is_refused() -> None:
    ledger = a_ledger()
    odd = ledger.refused("mof", "limit.set", *limits(("228", 1, 0, 0, 0)))
    large = ledger.refused("mof", "limit.set", *limits(("228", 5 * 10**18, 5 * 10**18, 0, 0)))
    assert (odd.reason, large.reason) == (reasons.PLAN_UNIT, reasons.SUM_TOO_LARGE)


# --- requests


def test_an_item_is_a_claim_with_its_expense_id_down_to_the_specific() -> None:
    ledger = formed(100)
    key = TokenKey(a_line(year=NEXT, specific="159"), GU, "e-1", Stage.REQUESTED)
    assert amount_of(ledger.state, key) == 100 * U
    assert item_of(ledger, "e-1") == RequestItem(
        GU, "100", "159", 0, "12.1", "расчёт по нормам", 100, U, 100 * U, 100 * U, 0
    )
    owner = Expense.find(ledger.state, Collection.EXPENSES, expense_key(BUDGET, NEXT, "e-1"))
    assert owner == Expense("228", "003")
    assert invariants.recount(ledger.state) == ()


def test_a_calculation_is_rounded_up_to_the_unit_of_the_budget() -> None:
    ledger = formed(100)
    item = an_item("e-2", 1, quantity=3, price=1_234_567, amount=3_710_000)
    ledger.do(GU, "request.form", *a_budget_request(item))
    assert request(ledger).amount == 100 * U + 3_710_000


def test_a_request_formed_again_says_what_each_item_is_now() -> None:
    ledger = formed(100)
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-2", 40), an_item("e-3", 5)))
    again = (an_item("e-1", 70), an_item("e-2", 60, block="growth"), an_item("e-3", 0))
    ledger.do(GU, "request.form", *a_budget_request(*again))
    assert asked(ledger) == {"requested": 130, "declined": 35}
    assert request(ledger).blocks == (70 * U, 0, 60 * U, 0)
    assert request(ledger).parts == ((GU, 130 * U, False),)
    assert request(ledger).items == 3
    assert invariants.recount(ledger.state) == ()


def test_an_item_moved_to_another_specific_is_asked_for_there() -> None:
    ledger = formed(100)
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-1", 100, specific="414")))
    moved = TokenKey(a_line(year=NEXT, specific="414"), GU, "e-1", Stage.REQUESTED)
    assert amount_of(ledger.state, moved) == 100 * U
    assert asked(ledger) == {"requested": 100, "declined": 100}


def test_an_expense_id_is_free_again_in_another_year() -> None:
    ledger = formed(100)
    ledger.do("mof", "limit.set", *limits(year=NEXT + 1))
    ledger.do(OTHER_GU, "request.form", *a_budget_request(an_item("e-1", 1), year=NEXT + 1))
    assert invariants.recount(ledger.state) == ()


def test_an_item_of_an_unknown_code_is_refused() -> None:
    ledger = formed(100)
    wrong = a_budget_request(an_item("e-2", 1, specific="999"))
    assert ledger.refused(GU, "request.form", *wrong).reason is reasons.CODE_UNKNOWN


def test_what_is_asked_for_never_overflows_the_ledger() -> None:
    ledger = formed(100)
    huge = an_item("e-2", 1, quantity=10**12, price=10**6 * 2, amount=2 * 10**18)
    assert ledger.refused(GU, "request.form", *a_budget_request(huge)).reason is reasons.SUM_TOO_LARGE


# --- consolidation and decisions


def test_the_administrator_lowers_items_within_its_limits_block_by_block() -> None:
    ledger = formed(100)
    ledger.do(OTHER_GU, "request.form", *a_budget_request(an_item("e-2", 50, block="growth")))
    ledger.do("mof", "limit.set", *limits(a_limit(base=90, growth=50)))
    ledger.do("mot", "request.consolidate", *a_consolidation(140, ("e-1", 10)))
    assert asked(ledger) == {"requested": 140, "declined": 10}
    assert limit(ledger).used == (90 * U, 0, 50 * U, 0)
    found = request(ledger)
    assert found.parts == ((GU, 90 * U, False), (OTHER_GU, 50 * U, False))
    assert found.passport == (
        "безопасные дороги", "доля дорог в нормативном состоянии: 95 %", "отремонтировано 300 км", False
    )  # fmt: skip
    assert (item_of(ledger, "e-1").asked, item_of(ledger, "e-1").amount) == (100 * U, 90 * U)


def test_seven_statuses_come_in_their_order_each_with_its_act() -> None:
    ledger = consolidated(100)
    decide(ledger, 100)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=100)))
    found = request(ledger)
    assert found.status == 7
    assert found.history == (
        (1, 2, None, None, None, DAY, None),
        (2, 3, "акт mof", DAY, DIGEST, DAY, None),
        (3, 4, "акт government", DAY, DIGEST, DAY, None),
        (4, 5, "акт mazhilis", DAY, DIGEST, DAY, None),
        (5, 6, "акт senate", DAY, DIGEST, DAY, None),
        (6, 7, "239-VIII", 20_430, None, DAY, None),
    )
    assert invariants.recount(ledger.state) == ()


def test_an_act_is_not_dated_before_the_one_it_goes_on_with() -> None:
    ledger = consolidated(10)
    decide(ledger, 10, "mof")
    early = a_stage("government", 10, date=DAY - 1)
    assert ledger.refused("mof", "request.decide", *early).reason is reasons.DATE_OUTSIDE
    decide(ledger, 10, "government")


def test_a_part_returned_to_an_institution_that_was_closed_holds_nobody_up() -> None:
    ledger = formed(10)
    ledger.do("mot", "request.return", *a_request_return("formed", holder=GU))
    document = a_consolidation(4, ("e-1", 6))
    assert ledger.refused("mot", "request.consolidate", *document).reason is reasons.REQUEST_RETURNED
    ballot(ledger, "institution.close", (GU,))
    ledger.do("mot", "request.consolidate", *document)


def test_each_stage_may_lower_and_none_may_raise() -> None:
    ledger = consolidated(100)
    ledger.do("mof", "request.decide", *a_stage("mof", 90, ("e-1", 10)))
    assert asked(ledger) == {"approved": 90, "declined": 10}
    ledger.do("mof", "request.decide", *a_stage("government", 85, ("e-1", 5)))
    assert asked(ledger) == {"approved": 85, "declined": 15}
    assert limit(ledger).used == (85 * U, 0, 0, 0)
    assert ledger.refused("mof", "request.decide", *a_stage("mazhilis", 86)).reason is reasons.REQUEST_TOTAL
    assert invariants.recount(ledger.state) == ()


def test_a_return_moves_no_money_and_the_request_goes_its_way_again() -> None:
    ledger = consolidated(100)
    decide(ledger, 100, "mof", "government")
    ledger.do("mof", "request.return", *a_request_return("formed", holder=GU))
    assert asked(ledger) == {"approved": 100}
    assert limit(ledger).used == (0, 0, 0, 0)
    assert request(ledger).history[-1] == (4, 1, None, None, None, DAY, "нет расчёта")
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-1", 70), an_item("e-2", 50)))
    assert asked(ledger) == {"requested": 50, "approved": 70, "declined": 30}
    ledger.do("mot", "request.consolidate", *a_consolidation(120))
    decide(ledger, 120, "mof")
    assert asked(ledger) == {"approved": 120, "declined": 30}
    assert invariants.recount(ledger.state) == ()


def test_a_return_to_a_middle_stage_leaves_the_limits_as_they_are() -> None:
    ledger = tabled(100)
    ledger.do("mof", "request.return", *a_request_return("mof"))
    assert (request(ledger).status, limit(ledger).used) == (3, (100 * U, 0, 0, 0))
    decide(ledger, 100, "government", "mazhilis", "senate")


def test_the_history_keeps_its_last_hundred_steps() -> None:
    ledger = formed(100)
    for _ in range(110):
        ledger.do("mot", "request.return", *a_request_return("formed", holder=GU))
    assert len(request(ledger).history) == 100


def test_government_and_parliament_sign_their_own_stages() -> None:
    ledger = with_powers()
    ledger.do("mof", "request.decide", *a_stage("mof", 100))
    refusal = ledger.refused("parliament", "request.decide", *a_stage("government", 100))
    assert refusal.reason is reasons.REQUEST_AUTHORITY
    ledger.do("government", "request.decide", *a_stage("government", 100))
    ledger.do("government", "request.decide", *a_stage("mazhilis", 100))
    ledger.do("parliament", "request.return", *a_request_return("government"))
    ledger.do("parliament", "request.decide", *a_stage("mazhilis", 100))
    ledger.do("parliament", "request.decide", *a_stage("senate", 95, ("e-1", 5)))
    assert asked(ledger) == {"approved": 95, "declined": 5}


def with_powers() -> Ledger:
    """A consolidated request on a ledger of which Government and Parliament are members too."""
    powers = tuple(
        GenesisInstitution(InstitutionId(name), name, None, None, name, name, None)
        for name in ("government", "parliament")
    )
    genesis = a_genesis((*INSTITUTIONS, *powers))
    ledger = Ledger(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    for directory, codes in DIRECTORIES:
        ledger.publish(directory, *codes)
    ledger.open_day(2026, 1, 5)
    ledger.do("mof", "limit.set", *limits())
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-1", 100)))
    ledger.do("mot", "request.consolidate", *a_consolidation(100))
    return ledger


def test_an_administrators_request_stands_where_its_slowest_programme_does() -> None:
    ledger = consolidated(100)
    assert formation.status_of(ledger.state, BUDGET, NEXT, "228") == "consolidated"
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-2", 1), programme="001"))
    assert formation.status_of(ledger.state, BUDGET, NEXT, "228") == "formed"
    assert formation.status_of(ledger.state, BUDGET, NEXT, "226") is None


def test_one_programme_of_most_items_is_decided_and_adopted_in_one_document_each() -> None:
    ledger = a_ledger()
    ledger.do("mof", "limit.set", *limits())
    names = [f"e-{number:04}" for number in range(ITEMS)]
    for start in (0, ITEMS // 2):
        items = [an_item(name, 2) for name in names[start : start + ITEMS // 2]]
        ledger.do(GU, "request.form", *a_budget_request(*items))
    ledger.do("mot", "request.consolidate", *a_consolidation(2 * ITEMS))
    ledger.do("mof", "request.decide", *a_stage("mof", ITEMS, *((name, 1) for name in names)))
    decide(ledger, ITEMS, "government", "mazhilis", "senate")
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=ITEMS // 2)))
    assert asked(ledger) == {"adopted": ITEMS // 2, "declined": 2 * ITEMS - ITEMS // 2}
    assert invariants.recount(ledger.state) == ()


# --- the law


@pytest.mark.parametrize(
    ("given", "stages"),
    [
        (100, {"adopted": 100}),
        (80, {"adopted": 80, "declined": 20}),
        (130, {"adopted": 130}),
    ],
)
def test_the_law_takes_what_is_approved_declines_the_rest_and_issues_what_is_more(
    given: int, stages: dict[str, int]
) -> None:
    ledger = tabled(100)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=given)))
    assert asked(ledger) == stages
    assert amount_of(ledger.state, TokenKey(POOL, "mot", None, Stage.ADOPTED)) == given * U
    assert request(ledger).adopted == given * U
    assert invariants.recount(ledger.state) == ()


def test_what_was_never_approved_has_no_part_in_the_law() -> None:
    ledger = consolidated(100)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=60)))
    assert asked(ledger) == {"adopted": 60, "declined": 100}
    assert (request(ledger).status, request(ledger).adopted) == (2, 60 * U)
    assert invariants.recount(ledger.state) == ()


def test_a_programme_that_the_law_leaves_out_is_declined() -> None:
    ledger = tabled(100)
    law = next_law(a_programme("001", 50), left_out=(("228", "003"),))
    ledger.do("mof", "budget.adopt", *law)
    assert asked(ledger) == {"declined": 100}
    assert request(ledger).adopted == 0
    assert invariants.recount(ledger.state) == ()


def test_a_programme_is_not_left_out_and_adopted() -> None:
    law = next_law(a_programme(units=100), left_out=(("228", "003"),))
    assert tabled(100).refused("mof", "budget.adopt", *law).reason is reasons.BUDGET_ROW_TWICE


def test_the_difference_between_law_and_requests_is_told_by_programme() -> None:
    ledger = tabled(100)
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-9", 7), programme="001"))
    assert formation.difference(ledger.state, BUDGET, NEXT) == (
        ("228", "001", 7 * U, 0),
        ("228", "003", 100 * U, 0),
    )
    law = next_law(
        a_programme(units=80), a_programme("067", 30, administrator="226"), left_out=(("228", "001"),)
    )
    ledger.do("mof", "budget.adopt", *law)
    assert formation.difference(ledger.state, BUDGET, NEXT) == (
        ("226", "067", 0, 30 * U),
        ("228", "001", 7 * U, 0),
        ("228", "003", 100 * U, 80 * U),
    )


# --- alignment


def test_adopted_money_is_aligned_with_its_items_and_plans_draw_on_it_first() -> None:
    ledger = tabled(100)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=80)))
    ((*_, is_late),) = ledger.do("mot", "request.align", *an_alignment(("e-1", 50, 0)))
    assert is_late is False
    ledger.do("mot", "request.align", *an_alignment(("e-1", 0, 10)))
    named = TokenKey(POOL, "mot", "e-1", Stage.ADOPTED)
    assert amount_of(ledger.state, named) == 40 * U
    assert item_of(ledger, "e-1").aligned == 40 * U
    document = (BUDGET, NEXT, "1", "003", (a_plan(60, expense="e-1"),))
    ledger.do("mot", "plan.approve", *document)
    assert amount_of(ledger.state, named) == 0
    assert amount_of(ledger.state, TokenKey(POOL, "mot", None, Stage.ADOPTED)) == 20 * U
    assert invariants.recount(ledger.state) == ()


def test_an_alignment_after_the_thirtieth_of_december_says_that_it_is_late() -> None:
    ledger = tabled(100)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=100)))
    ledger.open_day(2026, 12, 30)
    ((*_, on_the_last_day),) = ledger.do("mot", "request.align", *an_alignment(("e-1", 1, 0)))
    ledger.open_day(2026, 12, 31)
    ((*_, a_day_later),) = ledger.do("mot", "request.align", *an_alignment(("e-1", 1, 0)))
    assert (on_the_last_day, a_day_later) == (False, True)


def test_only_items_of_a_request_that_became_law_are_aligned_each_once() -> None:
    ledger = tabled(100)
    early = ledger.refused("mot", "request.align", *an_alignment(("e-1", 1, 0)))
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=100)))
    twice = ledger.refused("mot", "request.align", *an_alignment(("e-1", 1, 0), ("e-1", 1, 0)))
    unknown = ledger.refused("mot", "request.align", *an_alignment(("e-9", 1, 0)))
    assert (early.reason, twice.reason, unknown.reason) == (
        reasons.BUDGET_NONE, reasons.REQUEST_TWICE, reasons.REQUEST_ITEM
    )  # fmt: skip


# --- approval routes


def test_a_branch_asks_through_its_department_and_committee() -> None:
    """МФ – КГИП – ДГИП – филиал: what the branch asks for comes in with the ministry's approval."""
    ledger = a_chain_year()
    ledger.do("mof", "limit.set", *limits(a_limit("217")))
    set_route(ledger, "request.form", a_step(DGIP), a_step(KGIP), a_step("mof"), institution=BRANCH)
    arguments = a_budget_request(an_item("e-1", 100), programme="001")
    assert ledger.refused(BRANCH, "request.form", *arguments).reason is reasons.APPROVAL_ROUTE
    number = submitted(ledger, BRANCH, "request.form", *arguments)
    approve(ledger, number, DGIP, KGIP)
    line = a_line("217", "001", specific="159", year=NEXT)
    requested = TokenKey(line, BRANCH, "e-1", Stage.REQUESTED)
    assert amount_of(ledger.state, requested) == 0
    approve(ledger, number, "mof")
    assert amount_of(ledger.state, requested) == 100 * U
    assert invariants.recount(ledger.state) == ()


# --- years side by side


def test_one_year_is_executed_while_the_next_is_formed() -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=500)))
    ledger.do("mof", "limit.set", *limits())
    ledger.do("mot", "plan.approve", *plan_document(a_plan(400)))
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-1", 100)))
    register(ledger, "A", 300)
    ledger.do("mot", "request.consolidate", *a_consolidation(100))
    decide(ledger, 100)
    ledger.open_day(2026, 12, 10)
    ledger.do("mof", "budget.adopt", *next_law(a_programme(units=90), law_date=day_number(2026, 12, 8)))
    assert of_programme(ledger) == {"adopted": 100, "allocated": 100, "registered": 300}
    assert asked(ledger) == {"adopted": 90, "declined": 10}
    ledger.do("mot", "request.align", *an_alignment(("e-1", 90, 0)))
    ledger.do("mot", "plan.approve", BUDGET, NEXT, "1", "003", (a_plan(90, expense="e-1"),))
    close_year(ledger)
    assert of_programme(ledger) == {"lapsed": 500}
    assert asked(ledger) == {"allocated": 90, "declined": 10}
    key = appropriation_key(BUDGET, NEXT, "228", "003")
    found = Appropriation.find(ledger.state, Collection.APPROPRIATIONS, key)
    assert found is not None
    assert found.approved == 90 * U
    budget = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, NEXT))
    assert budget is not None
    assert budget.status == BudgetStatus.ADOPTED
    assert invariants.recount(ledger.state) == ()


def test_requests_and_the_law_together_stay_a_number_of_the_ledger() -> None:
    ledger = a_ledger()
    ledger.do("mof", "limit.set", BUDGET, NEXT, "1", DAY, (("228", 10**18, 0, 0, 0),))
    item = ("E-1", "100", "159", "base", "дороги", "расчёт", 1, 10**18, 10**18)
    ledger.do(GU, "request.form", BUDGET, NEXT, "1", "003", (item,))
    law = a_law(a_programme(units=(2**63 - 1) // U), year=NEXT, law_date=DAY)
    assert ledger.refused("mof", "budget.adopt", *law).reason is reasons.SUM_TOO_LARGE
