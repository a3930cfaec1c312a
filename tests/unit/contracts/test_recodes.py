"""Changes of codes (TP 78): positions, what stands on them, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts import budget_acts, invariants, plans, reasons, recodes
from contracts.executor import Refusal
from contracts.records import (
    Act,
    Agreement,
    Appropriation,
    Budget,
    BudgetAct,
    CarryOver,
    Claim,
    Collection,
    Commitment,
    Consolidated,
    Obligation,
    Payment,
    Plan,
    act_key,
    agreement_key,
    appropriation_key,
    balance_of,
    budget_act_key,
    budget_key,
    carry_over_key,
    claim_key,
    commitment_key,
    institution_of,
    obligation_key,
    payment_key,
    plan_key,
    position_scope,
)
from tests.support.budget import Ledger, a_ledger, a_line, day_number, with_receipts
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    OTHER_GU,
    YEAR,
    U,
    a_block,
    a_carry_over_list,
    a_code,
    a_held_row,
    a_law,
    a_move,
    a_plan,
    a_programme,
    a_recode,
    a_request,
    a_termination,
    an_adjustment,
    an_agreement,
    an_obligation,
    close_year,
    cumulative,
    limits,
    of_obligation,
    of_programme,
    plan_document,
    position,
    registration,
    replace_codes,
    sign,
    slots,
    with_successors,
)

TWO_YEARS = ((YEAR, 200 * U), (YEAR + 1, 50 * U))
LIVED = {"allocated": 100, "registered": 80, "payable": 50, "advanced": 20, "paid": 50}
OLD = a_code()


def a_lived_year(**programme: Any) -> Ledger:
    """228/003 of 1,000 and 228/001 of 500. On 003/159 a plan of 300 with agreement A of 200 (50 of the next
    year): advance 40, act of 100, payment of 30; on 003/151 a plan of 100."""
    ledger = with_successors(a_ledger())
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000), a_programme("001", 500, **programme)))
    rows = (a_plan(300), a_plan(100, specific="151"))
    ledger.do("mot", "plan.approve", *plan_document(*rows))
    with_receipts(ledger, 1_000 * U)
    ledger.do("mof", "limit.set", *limits())
    agreement = an_agreement("A", an_obligation("a", 200, 40), total=250 * U, years=TWO_YEARS)
    ledger.do(GU, "agreement.register", *registration(agreement))
    ledger.do(GU, "payment.request", (a_request(1, "a", 40, is_advance=True),))
    ledger.do("treasury", "payment.execute", ((GU, "2280101/26-1"),))
    sign(ledger, "1", "a", 100)
    ledger.do(GU, "payment.request", (a_request(2, "a", 30, "1"),))
    ledger.do("treasury", "payment.execute", ((GU, "2280101/26-2"),))
    assert position(ledger) == LIVED
    return ledger


def recoded(ledger: Ledger, *rows: tuple[Any, Any], **changes: Any) -> None:
    ledger.do("treasury", "plan.recode", *a_recode(*rows, **changes))
    assert invariants.recount(ledger.state) == ()


def refusal(ledger: Ledger, *rows: tuple[Any, Any], **changes: Any) -> Refusal:
    root = ledger.state.root
    found = ledger.refused("treasury", "plan.recode", *a_recode(*rows, **changes))
    assert ledger.state.root == root
    return found


def of(ledger: Ledger, programme: str = "003", specific: str = "159", holder: str = GU) -> dict[str, int]:
    """What stands under a position."""
    line = a_line(programme=programme, specific=specific)
    return slots(balance_of(ledger.state, position_scope(holder, line)).amounts)


def plan_of(ledger: Ledger, programme: str, specific: str, holder: str = GU) -> Plan | None:
    line = a_line(programme=programme, specific=specific)
    return Plan.find(ledger.state, Collection.PLANS, plan_key(holder, line))


def appropriation(ledger: Ledger, programme: str) -> Appropriation:
    key = appropriation_key(BUDGET, YEAR, "228", programme)
    found = Appropriation.find(ledger.state, Collection.APPROPRIATIONS, key)
    assert found is not None
    return found


def agreement(ledger: Ledger, holder: str = GU) -> Agreement | None:
    return Agreement.find(ledger.state, Collection.AGREEMENTS, agreement_key(holder, "A"))


def obligation(ledger: Ledger, holder: str = GU) -> Obligation | None:
    return Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(holder, "a"))


def unprotected(ledger: Ledger) -> int:
    found = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, YEAR))
    assert found is not None
    return found.unprotected // U


# --- within a programme


def test_another_specific_takes_over_every_stage_the_plan_and_the_obligations() -> None:
    ledger = a_lived_year()
    recoded(ledger, (OLD, a_code(specific="149")))
    assert (of(ledger), of(ledger, specific="149")) == ({}, LIVED)
    assert plan_of(ledger, "003", "159") is None
    assert plan_of(ledger, "003", "149") == Plan(cumulative(300), cumulative(300))
    found = obligation(ledger)
    assert found is not None
    assert found.line == a_line(specific="149")
    whole = Consolidated(cumulative(400), cumulative(400))
    assert plans.consolidated_of(ledger.state, BUDGET, YEAR, "228", "003") == whole
    assert ledger.state.scan(Collection.BUDGET_ACTS, b"", 1) == []


def test_what_was_begun_under_the_old_code_goes_on_under_the_new() -> None:
    ledger = a_lived_year()
    recoded(ledger, (OLD, a_code(specific="149")))
    sign(ledger, "2", "a", 100)
    ledger.do(GU, "payment.request", (a_request(3, "a", 50, "1"),))
    ledger.do("treasury", "payment.execute", ((GU, "2280101/26-3"),))
    assert of(ledger, specific="149") == {"allocated": 100, "payable": 80, "paid": 120}
    assert invariants.recount(ledger.state) == ()


def test_positions_that_become_one_code_add_up() -> None:
    ledger = a_lived_year()
    recoded(ledger, (OLD, a_code(specific="151")))
    assert of(ledger, specific="151") == {**LIVED, "allocated": 200}
    assert plan_of(ledger, "003", "151") == Plan(cumulative(400), cumulative(400))


# --- between programmes


def test_another_programme_takes_over_the_appropriation_the_agreement_and_its_later_years() -> None:
    ledger = a_lived_year()
    recoded(ledger, (OLD, a_code(programme="001")))
    assert (of(ledger), of(ledger, "001")) == ({}, LIVED)
    assert appropriation(ledger, "003").adjusted_down == appropriation(ledger, "001").adjusted_up == 300 * U
    found = agreement(ledger)
    assert found is not None
    assert (found.administrator, found.programme) == ("228", "001")
    promised = {
        programme: Commitment.find(
            ledger.state, Collection.COMMITMENTS, commitment_key(BUDGET, YEAR + 1, "228", programme)
        )
        for programme in ("003", "001")
    }
    assert promised == {"003": None, "001": Commitment(50 * U)}
    act = BudgetAct.find(ledger.state, Collection.BUDGET_ACTS, budget_act_key(BUDGET, YEAR, 1))
    rows = (("228", "001", 300 * U, 0), ("228", "003", 0, 300 * U))
    assert act == BudgetAct(budget_acts.RECODE, None, "приказ о ЕБК 1", DAY, DAY, rows)


def test_undistributed_money_goes_to_the_new_programme_too() -> None:
    ledger = a_lived_year()
    recoded(ledger, (a_code("mot", None), a_code("mot", None, programme="001")))
    assert of_programme(ledger) == LIVED | {"allocated": 200}
    assert of_programme(ledger, "001") == {"adopted": 1_100}


def test_a_programme_that_the_budget_does_not_have_yet_gets_the_features_of_the_old_one() -> None:
    ledger = a_lived_year()
    ledger.publish("functional", "228/002", "228/002/100", valid_from=DAY)
    recoded(ledger, (OLD, a_code(programme="002")))
    found = appropriation(ledger, "002")
    assert (found.section, found.approved, found.adjusted_up) == ("costs", 0, 300 * U)


def test_money_that_becomes_protected_leaves_the_base_of_the_ten_percent() -> None:
    ledger = a_lived_year(protected=1)
    assert unprotected(ledger) == 1_000
    recoded(ledger, (OLD, a_code(programme="001")))
    assert unprotected(ledger) == 700


# --- to another institution


def test_another_institution_takes_over_with_all_papers() -> None:
    ledger = a_lived_year()
    recoded(ledger, (OLD, a_code(OTHER_GU)), cause="reorganisation")
    assert (of(ledger), of(ledger, holder=OTHER_GU)) == ({}, LIVED)
    assert of_obligation(ledger, "a", OTHER_GU) == {key: LIVED[key] for key in LIVED if key != "allocated"}
    assert (agreement(ledger), obligation(ledger)) == (None, None)
    assert agreement(ledger, OTHER_GU) is not None
    assert Act.find(ledger.state, Collection.ACTS, act_key(OTHER_GU, "1")) is not None
    for number in ("2280101/26-1", "2280101/26-2"):
        assert Payment.find(ledger.state, Collection.PAYMENTS, payment_key(OTHER_GU, number)) is not None
    ledger.do(OTHER_GU, "payment.request", (a_request(3, "a", 50, "1", number="2280102/26-3"),))
    ledger.do("treasury", "payment.execute", ((OTHER_GU, "2280102/26-3"),))
    assert invariants.recount(ledger.state) == ()


def test_a_claim_follows_its_obligation() -> None:
    ledger = a_lived_year()
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    recoded(ledger, (OLD, a_code(OTHER_GU, "149")), cause="reorganisation")
    claim = Claim.find(ledger.state, Collection.CLAIMS, claim_key(OTHER_GU, "a"))
    assert claim is not None
    assert (claim.line, claim.amount) == (a_line(specific="149"), 20 * U)
    assert ledger.state.get(Collection.CLAIMS, claim_key(GU, "a")) is None


# --- refusals


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (a_code(subprogramme=None), a_code(specific="149"), reasons.RECODE_LINE),
        (OLD, a_code("mot", None), reasons.RECODE_LINE),
        (OLD, OLD, reasons.RECODE_TWICE),
        (a_code(specific="414"), a_code(specific="149"), reasons.RECODE_EMPTY),
        (OLD, a_code(specific="999"), reasons.CODE_UNKNOWN),
        (OLD, a_code(programme="999"), reasons.CODE_UNKNOWN),
        (OLD, a_code("mot"), reasons.PLAN_HOLDER_UNKNOWN),
        (OLD, a_code("gu-2260101"), reasons.PLAN_HOLDER_FOREIGN),
    ],
)
def test_a_wrong_row_is_refused_by_its_number(old: Any, new: Any, found: object) -> None:
    refused = refusal(a_lived_year(), (a_code(specific="151"), a_code(specific="161")), (old, new))
    assert (refused.reason, refused.facts[0]) == (found, ("row", 2))


def test_a_chain_of_changes_is_not_one_document() -> None:
    step, next_step = (OLD, a_code(specific="151")), (a_code(specific="151"), a_code(specific="161"))
    assert refusal(a_lived_year(), step, next_step).reason is reasons.RECODE_TWICE
    assert refusal(a_lived_year(), step, step).reason is reasons.RECODE_TWICE


def test_more_tokens_than_a_document_carries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recodes, "TOKENS_PER_DOCUMENT", 5)
    assert refusal(a_lived_year(), (OLD, a_code(specific="149"))).reason is reasons.RECODE_SIZE
    monkeypatch.setattr(recodes, "TOKENS_PER_DOCUMENT", 6)
    both = ((OLD, a_code(specific="149")), (a_code(specific="151"), a_code(specific="161")))
    assert refusal(a_lived_year(), *both).reason is reasons.RECODE_SIZE
    recoded(a_lived_year(), both[0])


def test_money_under_a_hold_and_suspended_codes_wait() -> None:
    ledger = a_lived_year()
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(10), ground="refinement"))
    assert refusal(ledger, (OLD, a_code(specific="149"))).reason is reasons.RECODE_HELD
    scope = ("agreement", "01.kz", None, None, None, None, None, GU, "A")
    ledger = a_lived_year()
    ledger.do("treasury", "treasury.suspend", scope, 7, "определение суда")
    assert refusal(ledger, (OLD, a_code(specific="149"))).reason is reasons.SUSPENDED


def test_an_agreement_of_several_codes_is_never_split() -> None:
    ledger = a_lived_year()
    rows = (an_obligation("b-1", 20), an_obligation("b-2", 30, specific="151"))
    ledger.do(GU, "agreement.register", *registration(an_agreement("B", *rows)))
    only = (OLD, a_code(programme="001"))
    assert refusal(ledger, only).reason is reasons.RECODE_SPLIT
    other = (OLD, a_code(OTHER_GU))
    assert refusal(ledger, other, cause="reorganisation").reason is reasons.RECODE_SPLIT
    recoded(ledger, only, (a_code(specific="151"), a_code(programme="001", specific="151")))


def test_two_papers_of_one_name_do_not_meet() -> None:
    ledger = a_lived_year()
    ledger.do("mot", "plan.approve", *plan_document(a_plan(50, OTHER_GU)))
    other = an_agreement("B", an_obligation("a", 10))
    ledger.do(OTHER_GU, "agreement.register", *registration(other))
    refused = refusal(ledger, (OLD, a_code(OTHER_GU)), cause="reorganisation")
    assert refused.reason is reasons.RECODE_NAME


def test_money_never_goes_to_another_section_of_the_budget() -> None:
    ledger = a_lived_year(section="budget_loans")
    assert refusal(ledger, (OLD, a_code(programme="001"))).reason is reasons.RECODE_SECTION


def test_the_date_the_year_and_the_budget_are_checked() -> None:
    ledger = a_lived_year()
    row = (OLD, a_code(specific="149"))
    assert refusal(ledger, row, date=day_number(2026, 1, 6)).reason is reasons.DATE_AHEAD
    assert refusal(ledger, row, year=2027).reason is reasons.BUDGET_NONE
    ledger.open_day(2027, 1, 4)
    assert refusal(ledger, row).reason is reasons.YEAR_NOT_OPEN


def test_what_ever_came_to_a_programme_stays_a_number_of_the_ledger() -> None:
    ledger = with_successors(a_ledger())
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=2**62 // U), a_programme("001", 10)))
    first, second = a_code("mot", None), a_code("mot", None, programme="001")
    ledger.do("treasury", "plan.recode", *a_recode((first, second)))
    refusal = ledger.refused("treasury", "plan.recode", *a_recode((second, first)))
    assert refusal.reason is reasons.SUM_TOO_LARGE


def test_an_institution_without_administrator_takes_no_money() -> None:
    ledger = a_lived_year()
    record = institution_of(ledger.state, OTHER_GU)
    assert record is not None
    alone = replace(record, parent=None)
    ledger.state.commit({(Collection.INSTITUTIONS, OTHER_GU.encode()): alone.encode()})
    refusal = ledger.refused("treasury", "plan.recode", *a_recode((a_code(), a_code(OTHER_GU))))
    assert refusal.reason is reasons.PLAN_HOLDER_FOREIGN


# --- what a change rests on


def two_pools(units: int = 1_000, **features: Any) -> Ledger:
    """228/003 and 228/001 of as many units, undistributed; nothing is published of new codes."""
    ledger = a_ledger()
    law = a_law(a_programme(units=units, **features), a_programme("001", units))
    ledger.do("mof", "budget.adopt", *law)
    return ledger


POOLS = (a_code("mot", None), a_code("mot", None, programme="001"))


def test_the_treasury_alone_moves_no_programme() -> None:
    ledger = two_pools()
    assert refusal(ledger, POOLS).reason is reasons.RECODE_SUCCESSOR
    replace_codes(ledger, "functional", ("228/003", "228/002"))
    assert refusal(ledger, POOLS).reason is reasons.RECODE_SUCCESSOR


def test_a_code_that_has_ended_goes_where_the_treasury_says_unless_it_names_another() -> None:
    for attributes, is_taken in (((), True), ((("replaced-by", "228/002"),), False)):
        ledger = two_pools()
        row = ("228/003", DAY, DAY, "x", "x", None, attributes)
        ledger.do("mof", "directory.publish", "functional", (row,))
        assert refusal(ledger, POOLS).reason is reasons.RECODE_SUCCESSOR
        ledger.open_day(2026, 1, 6)
        if is_taken:
            recoded(ledger, POOLS)
        else:
            assert refusal(ledger, POOLS).reason is reasons.RECODE_SUCCESSOR


@pytest.mark.parametrize(
    ("directory", "code", "new"),
    [
        ("economic", ("159", "151"), a_code(specific="151")),
        ("functional", ("228/003/100", "228/001/100"), a_code(programme="001")),
        ("functional", ("228/003", "228/001"), a_code(programme="001")),
    ],
)
def test_each_changed_part_of_a_line_is_named(directory: str, code: tuple[str, str], new: Any) -> None:
    ledger = two_pools()
    ledger.do("mot", "plan.approve", *plan_document(a_plan(300)))
    assert refusal(ledger, (OLD, new)).reason is reasons.RECODE_SUCCESSOR
    replace_codes(ledger, directory, code)
    assert refusal(ledger, (OLD, a_code(programme="001", specific="151"))).facts[0] == ("row", 1)
    recoded(ledger, (OLD, new))


def test_one_institution_gets_what_is_another_only_as_its_published_successor() -> None:
    ledger = two_pools()
    ledger.do("mot", "plan.approve", *plan_document(a_plan(300)))
    handed = (OLD, a_code(OTHER_GU))
    assert refusal(ledger, handed).reason is reasons.RECODE_CAUSE
    assert refusal(ledger, handed, cause="reorganisation").reason is reasons.RECODE_SUCCESSOR
    replace_codes(ledger, "institutions", ("2280101", "2280102"))
    assert refusal(ledger, handed).reason is reasons.RECODE_CAUSE
    recoded(ledger, handed, cause="reorganisation")
    assert of(ledger, holder=OTHER_GU) == {"allocated": 300}


def test_a_reorganisation_without_another_institution_is_none() -> None:
    ledger = with_successors(two_pools())
    assert refusal(ledger, POOLS, cause="reorganisation").reason is reasons.RECODE_CAUSE


def test_the_pool_of_an_administrator_goes_to_its_published_successor() -> None:
    ledger = a_ledger()
    law = a_law(a_programme("001", 500), a_programme("001", 500, administrator="226"))
    ledger.do("mof", "budget.adopt", *law)
    row = (a_code("mot", None, programme="001"), a_code("moh", None, programme="001", administrator="226"))
    assert refusal(ledger, row, cause="reorganisation").reason is reasons.RECODE_SUCCESSOR
    replace_codes(ledger, "administrators", ("228", "226"))
    recoded(ledger, row, cause="reorganisation")
    assert of_programme(ledger, "001") == {}


# --- what goes along


@pytest.mark.parametrize(
    "features",
    [
        {"protected": 1},
        {"is_state_obligation": True},
        {"protected": 2, "protected_subprogrammes": ("100",)},
    ],
)
def test_protected_money_never_becomes_unprotected(features: dict[str, Any]) -> None:
    ledger = with_successors(two_pools(**features))
    assert refusal(ledger, POOLS).reason is reasons.RECODE_PROTECTED
    ledger.do("mot", "plan.approve", *plan_document(a_plan(300)))
    crossing = (OLD, a_code(programme="001"))
    assert refusal(ledger, crossing).reason is reasons.RECODE_PROTECTED
    recoded(ledger, (OLD, a_code(specific="149")))


def test_a_listed_subprogramme_keeps_its_protection_where_it_is_listed_too() -> None:
    ledger = with_successors(a_ledger())
    partly: dict[str, Any] = {"protected": 2, "protected_subprogrammes": ("100",)}
    law = a_law(a_programme(units=500, **partly), a_programme("001", 500, **partly))
    ledger.do("mof", "budget.adopt", *law)
    ledger.do("mot", "plan.approve", *plan_document(a_plan(300)))
    recoded(ledger, (OLD, a_code(programme="001")), POOLS)
    assert of_programme(ledger, "001") == {"adopted": 700, "allocated": 300}


def a_share(units: int, source: str = "228/001", target: str = "228/003") -> Any:
    return an_adjustment(a_move(units, source, target))


def test_the_share_of_a_programme_is_of_what_new_codes_left_it() -> None:
    ledger = with_successors(two_pools())
    ledger.do("mot", "plan.approve", *plan_document(a_plan(400)))
    recoded(ledger, (OLD, a_code(programme="001")))
    for source, target, most in (("228/001", "228/003", 210), ("228/003", "228/001", 90)):
        over = ledger.refused("mof", "budget.adjust", *a_share(most + 1, source, target))
        assert over.reason is reasons.ADJUST_SHARE
        ledger.do("mof", "budget.adjust", *a_share(most, source, target))


def test_a_share_once_used_is_not_there_again_under_the_new_code() -> None:
    ledger = with_successors(a_ledger())
    ledger.publish("functional", "228/002", "228/002/100", valid_from=DAY)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000), a_programme("001", 1_000)))
    ledger.do("mof", "budget.adjust", *a_share(100, "228/003", "228/001"))
    recoded(ledger, (a_code("mot", None), a_code("mot", None, programme="002")))
    over = ledger.refused("mof", "budget.adjust", *a_share(36, "228/002", "228/001"))
    assert over.reason is reasons.ADJUST_SHARE
    ledger.do("mof", "budget.adjust", *a_share(35, "228/002", "228/001"))


def listed(ledger: Ledger, programme: str, year: int = YEAR) -> CarryOver | None:
    key = carry_over_key(BUDGET, year, "228", programme)
    return CarryOver.find(ledger.state, Collection.CARRY_OVERS, key)


def test_the_list_of_carry_over_goes_with_the_last_money_of_a_programme() -> None:
    ledger = with_successors(two_pools())
    ledger.do("mot", "plan.approve", *plan_document(a_plan(300)))
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250), ("228", "001", 50)))
    recoded(ledger, (OLD, a_code(programme="001")))
    assert listed(ledger, "003") == CarryOver(250 * U, 0, 0)
    recoded(ledger, POOLS)
    assert (listed(ledger, "003"), listed(ledger, "001")) == (None, CarryOver(300 * U, 0, 0))
    close_year(ledger)
    assert of_programme(ledger, "001") == {"carried": 300, "lapsed": 1_700}


def test_what_was_carried_over_once_is_known_of_the_new_programme_too() -> None:
    ledger = with_successors(two_pools())
    key = carry_over_key(BUDGET, YEAR - 1, "228", "003")
    used = CarryOver(30 * U, 30 * U, 20 * U)
    ledger.state.commit({(Collection.CARRY_OVERS, key): used.encode()})
    recoded(ledger, POOLS)
    assert (listed(ledger, "003", YEAR - 1), listed(ledger, "001", YEAR - 1)) == (None, used)


def test_a_list_is_not_divided() -> None:
    ledger = with_successors(two_pools())
    ledger.publish("functional", "228/002", "228/002/100", valid_from=DAY)
    ledger.do("mot", "plan.approve", *plan_document(a_plan(300)))
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    rows = (POOLS, (OLD, a_code(programme="002")))
    assert refusal(ledger, *rows).reason is reasons.RECODE_CARRY_OVER


def test_money_of_a_reserve_is_that_under_the_new_code() -> None:
    ledger = with_successors(a_ledger())
    reserve = a_programme("001", 500, nature="reserve")
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=100), reserve))
    given = a_move(50, "228/001", "228/003")
    ledger.do("mof", "budget.adjust", *an_adjustment(given, case="reserve", commission=None, proposed=None))
    ledger.publish("functional", "228/002", "228/002/100", valid_from=DAY)
    recoded(ledger, (a_code("mot", None), a_code("mot", None, programme="002")))
    line = a_line(programme="002", subprogramme=None, specific=None)
    assert budget_acts.counted(ledger.state, line, budget_acts.RESERVE_RECEIVED) == 50 * U
    old = a_line(subprogramme=None, specific=None)
    assert budget_acts.counted(ledger.state, old, budget_acts.RESERVE_RECEIVED) == 0
