"""The end of a year: what lapses, what is owed, what is claimed, what may be used in the next year."""

from contracts import invariants, reasons, tokens, years
from contracts.actions import Call
from contracts.calendar import day_number
from contracts.records import (
    Budget,
    CarryOver,
    Claim,
    ClosingStatus,
    Collection,
    Debt,
    Hold,
    HoldStatus,
    Obligation,
    Stage,
    TokenKey,
    budget_key,
    carry_over_key,
    cash_of,
    claim_key,
    closing_key,
    closing_of,
    debt_key,
    hold_key,
    obligation_key,
)
from contracts.state import Overlay
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
    a_carry_over_list,
    a_closing,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_rating_document,
    a_rating_row,
    a_request,
    a_termination,
    a_year,
    an_invoice,
    close_year,
    of_obligation,
    of_programme,
    pay,
    payment_number,
    position,
    register,
    registration,
    restore,
    sign,
    with_shortfall,
)
from tests.unit.contracts.test_transfers import OBLAST, REPUBLIC, a_tree, send

NEXT = day_number(2027, 1, 5)


def holds_together(ledger: Ledger) -> bool:
    return invariants.recount(ledger.state) == ()


def debt_of(ledger: Ledger, obligation: str) -> Debt | None:
    return Debt.find(ledger.state, Collection.DEBTS, debt_key(GU, obligation))


def claim_of(ledger: Ledger, obligation: str) -> int:
    found = Claim.find(ledger.state, Collection.CLAIMS, claim_key(GU, obligation))
    return 0 if found is None else found.amount // U


# --- the stories of the year end


def test_what_is_owed_is_carried_and_the_rest_lapses() -> None:
    ledger = a_year(a_plan(1_050), units=1_050)
    register(ledger, "A-1", 600)
    sign(ledger, "act-1", "a-1", 400)
    pay(ledger, 1, "a-1", 250, "act-1")
    close_year(ledger)
    assert position(ledger) == {"paid": 250, "lapsed": 650, "carried": 150}
    assert debt_of(ledger, "a-1") == Debt(
        obligation(ledger, "a-1").line, None, "A-1", "990840000001", 150 * U, 0, 0, 0, NEXT
    )
    assert holds_together(ledger)


def test_an_outstanding_advance_becomes_a_claim_and_stays_redeemed() -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A-1", 400, advance=120)
    pay(ledger, 1, "a-1", 120)
    sign(ledger, "act-1", "a-1", 300)
    pay(ledger, 2, "a-1", 210, "act-1")
    close_year(ledger)
    assert position(ledger) == {"paid": 300, "advanced": 30, "lapsed": 670}
    assert of_obligation(ledger, "a-1") == {"paid": 300, "advanced": 30}
    assert claim_of(ledger, "a-1") == 30
    closed = obligation(ledger, "a-1")
    assert (closed.amount, closed.is_open) == (330 * U, False)
    assert holds_together(ledger)


def test_the_claim_of_an_agreement_that_ended_lives_on() -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A-1", 1_000, advance=300, kind="goods")
    pay(ledger, 1, "a-1", 300)
    sign(ledger, "act-1", "a-1", 200)
    pay(ledger, 2, "a-1", 140, "act-1")
    ledger.do(GU, "agreement.terminate", *a_termination("A-1"))
    restore(ledger, 1, 100)
    assert position(ledger) == {"paid": 200, "advanced": 140, "allocated": 660}
    close_year(ledger)
    assert position(ledger) == {"paid": 200, "advanced": 140, "lapsed": 660}
    assert claim_of(ledger, "a-1") == 140
    assert holds_together(ledger)


def test_what_was_retained_is_owed_until_commissioning() -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A-1", 1_000)
    sign(ledger, "act-1", "a-1", 1_000)
    close_year(ledger)
    assert position(ledger) == {"carried": 1_000}
    found = debt_of(ledger, "a-1")
    assert found is not None
    assert (found.payable, found.retained) == (950 * U, 50 * U)
    assert obligation(ledger, "a-1").retained == ()
    assert holds_together(ledger)


def test_an_obligation_without_agreement_that_was_not_paid_is_owed() -> None:
    ledger = a_year(a_plan(100, specific="151"), units=100)
    ledger.do(GU, "obligation.accept", *registration(an_invoice("light", 80)))
    close_year(ledger)
    assert position(ledger, specific="151") == {"carried": 80, "lapsed": 20}
    assert debt_of(ledger, "light") is not None
    assert holds_together(ledger)


# --- holds, requests, pools


def test_the_pool_of_the_administrator_lapses() -> None:
    ledger = a_year(a_plan(400), units=1_000)
    close_year(ledger)
    assert of_programme(ledger) == {"lapsed": 1_000}
    assert holds_together(ledger)


def test_an_open_block_lapses_with_its_rows() -> None:
    ledger = a_year(a_plan(600), units=1_000)
    with_shortfall(ledger, 500)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(200), a_held_row(300, **POOL)))
    close_year(ledger)
    hold = Hold.find(ledger.state, Collection.HOLDS, hold_key("block-1"))
    assert hold is not None
    assert (hold.consumed, hold.status) == (500 * U, HoldStatus.LAPSED)
    budget = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, YEAR))
    assert budget is not None
    assert budget.blocked == 0
    assert of_programme(ledger) == {"lapsed": 1_000}
    assert ledger.state.scan(Collection.HOLD_ROWS, b"", 10) == []
    assert ledger.state.scan(Collection.HOLD_PLACES, b"", 10) == []
    assert holds_together(ledger)


def test_a_sequester_decided_in_part_lapses_and_its_suspension_can_be_lifted() -> None:
    ledger = a_year(a_plan(600), units=10_000)
    with_shortfall(ledger, 500)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(200)))
    part = a_decision(a_cut_row(100), a_cut_row(150, from_hold="block-1"), total=300 * U)
    ledger.do("mof", "sequester.decide", *part)
    close_year(ledger, rows=1)
    for name in ("block-1", "cut-1"):
        hold = Hold.find(ledger.state, Collection.HOLDS, hold_key(name))
        assert hold is not None
        assert hold.status == HoldStatus.LAPSED
    assert of_programme(ledger) == {"lapsed": 10_000}
    assert holds_together(ledger)
    scope = ("programme", BUDGET, YEAR, "228", "003", None, None, None, None)
    ledger.do("treasury", "treasury.resume", scope, 5, "cut-1")


def test_a_sequester_applied_in_part_keeps_what_it_cut() -> None:
    ledger = a_year(a_plan(600), units=10_000)
    decision = a_decision(a_cut_row(100), a_cut_row(200, **POOL))
    ledger.do("mof", "sequester.decide", *decision)
    ledger.do("mof", "sequester.apply", "cut-1", 1)
    close_year(ledger)
    hold = Hold.find(ledger.state, Collection.HOLDS, hold_key("cut-1"))
    assert hold is not None
    assert (hold.consumed, hold.status) == (300 * U, HoldStatus.LAPSED)
    assert of_programme(ledger) == {"sequestered": 100, "lapsed": 9_900}
    assert holds_together(ledger)


def test_requests_that_no_law_granted_are_declined() -> None:
    ledger = a_year(units=1_000)
    call = Call(
        Overlay(ledger.state), ledger.context(), 0, ledger.chain_id, "", None, (), ()  # type: ignore[arg-type]
    )  # fmt: skip
    line = a_line(specific="159")
    for stage in (Stage.REQUESTED, Stage.APPROVED):
        tokens.issue(call, TokenKey(line, GU, "e-1", stage), 50 * U)
    ledger.state.commit(call.state.changes())
    ledger.height += 1
    close_year(ledger)
    assert of_programme(ledger) == {"declined": 100, "lapsed": 1_000}
    assert holds_together(ledger)


def test_waiting_and_refused_requests_for_payment_stop_nothing() -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A-1", 600)
    sign(ledger, "act-1", "a-1", 400)
    ledger.do(GU, "payment.request", (a_request(1, "a-1", 100, "act-1"), a_request(2, "a-1", 50, "act-1")))
    ledger.do("treasury", "payment.refuse", ((GU, payment_number(1), 9, ""),))
    close_year(ledger)
    assert position(ledger) == {"lapsed": 600, "carried": 400}
    ledger.refused("treasury", "payment.execute", ((GU, payment_number(2)),))
    assert holds_together(ledger)


# --- the list of permitted carry-over


def test_listed_money_is_carried_up_to_the_list() -> None:
    ledger = a_year(a_plan(600), units=1_000)
    register(ledger, "A-1", 100)
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    close_year(ledger)
    assert of_programme(ledger) == {"lapsed": 750, "carried": 250}
    key = carry_over_key(BUDGET, YEAR, "228", "003")
    assert CarryOver.find(ledger.state, Collection.CARRY_OVERS, key) == CarryOver(250 * U, 250 * U, 0)
    assert holds_together(ledger)


def test_the_list_carries_money_of_the_budget_itself_alone() -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000), source="2"))
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    close_year(ledger)
    assert of_programme(ledger) == {"lapsed": 1_000}
    assert holds_together(ledger)


def test_a_row_of_nothing_strikes_a_programme_off_the_list() -> None:
    ledger = a_year(units=1_000)
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 0)))
    close_year(ledger)
    assert of_programme(ledger) == {"lapsed": 1_000}


def test_the_list_is_made_before_december() -> None:
    ledger = a_year(units=1_000)
    ledger.open_day(2026, 12, 1)
    refusal = ledger.refused("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    assert refusal.reason is reasons.CARRY_OVER_LATE


def test_a_programme_stands_once_on_the_list() -> None:
    ledger = a_year(units=1_000)
    twice = a_carry_over_list(("228", "003", 250), ("228", "003", 1))
    assert ledger.refused("mof", "carry-over.list", *twice).reason is reasons.CARRY_OVER_TWICE


def test_the_list_is_of_programmes_of_the_law_and_their_money() -> None:
    ledger = a_year(units=1_000)
    most = a_carry_over_list(("228", "003", 1_001))
    assert ledger.refused("mof", "carry-over.list", *most).reason is reasons.CARRY_OVER_AMOUNT
    unknown = a_carry_over_list(("228", "001", 1))
    assert ledger.refused("mof", "carry-over.list", *unknown).reason is reasons.BUDGET_NO_PROGRAMME
    ahead = a_carry_over_list(("228", "003", 1), date=DAY + 1)
    assert ledger.refused("mof", "carry-over.list", *ahead).reason is reasons.DATE_AHEAD


def test_money_is_carried_over_once() -> None:
    ledger = a_year(units=1_000)
    earlier = CarryOver(listed=300 * U, carried=300 * U, used=300 * U)
    place = (Collection.CARRY_OVERS, carry_over_key(BUDGET, YEAR - 1, "228", "003"))
    ledger.state.commit({place: earlier.encode()})
    refusal = ledger.refused("mof", "carry-over.list", *a_carry_over_list(("228", "003", 701)))
    assert (refusal.reason, dict(refusal.facts)["programme_tiyn"]) == (reasons.CARRY_OVER_AMOUNT, 700 * U)
    ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 700)))


# --- the closing itself


def test_a_year_closes_after_it_has_ended_and_once() -> None:
    ledger = a_year(a_plan(400), units=1_000)
    ledger.open_day(2026, 12, 31)
    assert ledger.refused("treasury", "year.close", *a_closing()).reason is reasons.YEAR_NOT_ENDED
    close_year(ledger)
    assert ledger.refused("treasury", "year.close", *a_closing()).reason is reasons.YEAR_CLOSED


def test_a_year_without_a_budget_is_not_closed() -> None:
    ledger = a_year()
    assert ledger.refused("treasury", "year.close", *a_closing(year=2025)).reason is reasons.BUDGET_NONE


def test_a_law_whose_parts_never_came_whole_lapses() -> None:
    ledger = a_ledger()
    costs = 1_500 * U
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000), costs=costs, has_more=True))
    close_year(ledger)
    assert of_programme(ledger) == {"lapsed": 1_000}
    assert holds_together(ledger)


def test_a_closing_year_is_nobody_elses() -> None:
    ledger = a_year(a_plan(400), a_plan(300, OTHER_GU), units=1_000)
    register(ledger, "A-1", 100, advance=30)
    pay(ledger, 1, "a-1", 30)
    ledger.open_day(2027, 1, 5)
    ledger.do("treasury", "year.close", *a_closing(1))
    assert years.is_closing(ledger.state, BUDGET, YEAR)
    back = (GU, payment_number(1), 30 * U, "выписка", "201510", False)
    assert ledger.refused("treasury", "payment.restore", (back,)).reason is reasons.YEAR_CLOSING
    rated = a_rating_document(a_rating_row(ledger, month=12), month=12)
    assert ledger.refused("mof", "rating.compute", *rated).reason is reasons.YEAR_CLOSING


def test_money_of_a_year_that_ended_comes_back_after_its_closing() -> None:
    ledger = a_year(a_plan(400), units=1_000)
    register(ledger, "A-1", 100, advance=30)
    pay(ledger, 1, "a-1", 30)
    ledger.open_day(2027, 1, 5)
    back = (GU, payment_number(1), 20 * U, "выписка", "201510", False)
    assert ledger.refused("treasury", "payment.restore", (back,)).reason is reasons.YEAR_UNCLOSED
    close_year(ledger)
    ledger.do("treasury", "payment.restore", (back,))
    assert position(ledger) == {"advanced": 10, "recovered": 20, "lapsed": 370}
    assert claim_of(ledger, "a-1") == 10
    assert holds_together(ledger)


def test_a_closing_in_small_steps_ends_where_one_step_does() -> None:
    ends = []
    for rows in (1, 2, 1_000):
        ledger = a_year(a_plan(400), a_plan(300, OTHER_GU), units=1_000)
        register(ledger, "A-1", 200, advance=60)
        pay(ledger, 1, "a-1", 60)
        sign(ledger, "act-1", "a-1", 100)
        ledger.do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 50)))
        documents = close_year(ledger, rows)
        closing = closing_of(ledger.state, BUDGET, YEAR)
        assert closing is not None
        assert (closing.status, closing.ended) == (ClosingStatus.CLOSED, NEXT)
        assert holds_together(ledger)
        ends.append((closing.tokens, closing.lapsed, closing.carried, closing.claimed))
        assert (documents > 1) == (rows < 1_000)
    assert len(set(ends)) == 1


def test_a_token_left_open_in_a_closed_year_is_found() -> None:
    ledger = a_year(a_plan(400), units=1_000)
    close_year(ledger)
    other = a_year(a_plan(400), units=1_000)
    closing = closing_of(ledger.state, BUDGET, YEAR)
    assert closing is not None
    other.state.commit({(Collection.CLOSINGS, closing_key(BUDGET, YEAR)): closing.encode()})
    assert [found[:12] for found in invariants.recount(other.state)] == ["invariant 10"]


# --- local budgets


def test_each_budget_closes_its_own_year() -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    close_year(ledger, rows=2, budget=OBLAST)
    assert (years.is_closed(ledger.state, OBLAST, YEAR), years.is_closed(ledger.state, REPUBLIC, YEAR)) == (
        True, False,
    )  # fmt: skip
    assert holds_together(ledger)
    close_year(ledger, rows=2, budget=REPUBLIC)
    assert of_programme(ledger) == {"paid": 300, "lapsed": 1_700}
    assert cash_of(ledger.state, OBLAST, "1", YEAR).balance == 300 * U
    assert holds_together(ledger)


def test_a_treasury_closes_the_budgets_that_are_its_own() -> None:
    ledger = a_tree(OBLAST)
    named = ((OBLAST, DAY + 1, None, OBLAST, OBLAST, None, (("treasury", "treasury-abai"),)),)
    ledger.do("mof", "directory.publish", "budgets", named)
    ledger.open_day(2027, 1, 5)
    refusal = ledger.refused("treasury", "year.close", *a_closing(budget=OBLAST))
    assert refusal.reason is reasons.BUDGET_AUTHORITY


def obligation(ledger: Ledger, name: str) -> Obligation:
    found = Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(GU, name))
    assert found is not None
    return found
