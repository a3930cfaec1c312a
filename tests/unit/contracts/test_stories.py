"""The stories of budget-machine section 5 that need no other action; amounts in units of 100 tenge."""

from __future__ import annotations

from contracts import invariants, reasons
from contracts.records import balance_of, cash_of, programme_scope
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    YEAR,
    U,
    a_block,
    a_commissioning,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_termination,
    a_year,
    an_agreement,
    an_amendment,
    an_invoice,
    an_obligation,
    an_unblock,
    cumulative,
    pay,
    position,
    register,
    registration,
    restore,
    sign,
    slots,
    with_shortfall,
)


def cash(ledger: Ledger) -> int:
    return cash_of(ledger.state, BUDGET, "1", YEAR).balance // U


def refused(ledger: Ledger, number: str, units: int) -> object:
    agreement = an_agreement(number, an_obligation(number.lower(), units))
    return ledger.refused(GU, "agreement.register", *registration(agreement)).reason


def test_a_month_s_plan_limits_what_is_accepted_and_the_next_month_opens_more() -> None:
    figures = cumulative(1_000, 400)
    ledger = a_year(a_plan(1_000, obligations=figures, payments=figures))
    register(ledger, "A", 300)
    assert refused(ledger, "B", 101) is reasons.EXCEEDS_OBLIGATIONS_PLAN
    register(ledger, "C", 100)
    ledger.open_day(2026, 2, 2)
    register(ledger, "D", 250)
    assert position(ledger) == {"registered": 650, "allocated": 350}
    assert invariants.recount(ledger.state) == ()


def test_works_with_an_advance_keep_five_percent_until_commissioning() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, advance=300)
    pay(ledger, 1, "a", 300)
    sign(ledger, "act-1", "a", 500)
    assert position(ledger) == {"registered": 350, "advanced": 150, "paid": 150, "payable": 350}
    pay(ledger, 2, "a", 350, "act-1")
    sign(ledger, "act-2", "a", 500)
    assert position(ledger) == {"paid": 650, "retained": 50, "payable": 300}
    pay(ledger, 3, "a", 300, "act-2")
    assert position(ledger) == {"paid": 950, "retained": 50}
    ledger.do(GU, "act.commission", *a_commissioning("A"))
    assert position(ledger) == {"paid": 950, "payable": 50}
    pay(ledger, 4, "a", 50, "act-2")
    assert position(ledger) == {"paid": 1_000}
    assert invariants.recount(ledger.state) == ()


def test_an_amendment_down_frees_what_is_only_registered() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000)
    sign(ledger, "act-1", "a", 400)
    pay(ledger, 1, "a", 400, "act-1")
    ledger.do(GU, "agreement.amend", *an_amendment("A", 700))
    assert position(ledger) == {"paid": 400, "registered": 300, "allocated": 300}
    register(ledger, "B", 300)
    refusal = ledger.refused(GU, "agreement.amend", *an_amendment("A", 301, serial=2, supplement="2"))
    assert refusal.reason is reasons.AMEND_BELOW
    assert position(ledger) == {"paid": 400, "registered": 600}
    assert invariants.recount(ledger.state) == ()


def test_a_terminated_agreement_leaves_a_claim_and_what_comes_back_is_free() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, advance=300)
    pay(ledger, 1, "a", 300)
    sign(ledger, "act-1", "a", 200)
    pay(ledger, 2, "a", 140, "act-1")
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert position(ledger) == {"paid": 200, "advanced": 240, "allocated": 560}
    restore(ledger, 1, 100)
    assert position(ledger) == {"paid": 200, "advanced": 140, "allocated": 660}
    assert invariants.recount(ledger.state) == ()


def test_a_payment_returned_by_the_bank_can_be_paid_again() -> None:
    ledger = a_year(a_plan(500), cash=500)
    register(ledger, "A", 500, kind="goods")
    sign(ledger, "act-1", "a", 500)
    pay(ledger, 1, "a", 500, "act-1")
    assert (position(ledger), cash(ledger)) == ({"paid": 500}, 0)
    restore(ledger, 1, 500)
    assert (position(ledger), cash(ledger)) == ({"payable": 500}, 500)
    pay(ledger, 2, "a", 500, "act-1")
    assert (position(ledger), cash(ledger)) == ({"paid": 500}, 0)
    assert invariants.recount(ledger.state) == ()


def test_a_block_and_two_sequesters_one_of_them_out_of_the_block() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 200)
    with_shortfall(ledger, 300)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(300)))
    ledger.do("mof", "sequester.decide", *a_decision(a_cut_row(500)))
    ledger.do("mof", "sequester.apply", "cut-1", 10)
    assert position(ledger) == {"registered": 200, "held_allocated": 300, "sequestered": 500}
    ledger.do("treasury", "treasury.unblock", *an_unblock(units=100))
    ledger.do(
        "mof", "sequester.decide",
        *a_decision(a_cut_row(200, from_hold="block-1"), name="cut-2", document="постановление 2"),
    )  # fmt: skip
    ledger.do("mof", "sequester.apply", "cut-2", 10)
    assert position(ledger) == {"registered": 200, "sequestered": 700, "allocated": 100}
    assert invariants.recount(ledger.state) == ()


def test_pay_needs_no_agreement() -> None:
    ledger = a_year(a_plan(80, specific="111"))
    payroll = an_invoice("pay-1", 80, specific="111", kind="payroll", payee=None)
    ledger.do(GU, "obligation.accept", *registration(payroll))
    assert position(ledger, specific="111") == {"payable": 80}
    pay(ledger, 1, "pay-1", 80)
    assert position(ledger, specific="111") == {"paid": 80}
    assert invariants.recount(ledger.state) == ()


def test_a_transfer_arrives_in_the_lower_budget_in_the_same_transaction() -> None:
    ledger = a_year(a_plan(600, specific="161"), cash=600)
    oblast = (("budget", "02.abai"), ("receipts", "201510"))
    akimat = ("111240000001", DAY, None, "Абай облысы", "Абайская область", None, oblast)
    ledger.do("mof", "directory.publish", "payees", (akimat,))
    payee = {"specific": "161", "kind": "transfer", "payee": "111240000001"}
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", 600, **payee)))
    pay(ledger, 1, "pay-1", 600)
    assert position(ledger, specific="161") == {"paid": 600}
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=600), budget="02.abai"))
    own = a_line(budget="02.abai", subprogramme=None, specific=None)
    assert slots(balance_of(ledger.state, programme_scope(own)).amounts) == {"adopted": 600}
    balances = [cash_of(ledger.state, budget, "1", YEAR).balance // U for budget in (BUDGET, "02.abai")]
    assert balances == [0, 600]
    restore(ledger, 1, 100)
    balances = [cash_of(ledger.state, budget, "1", YEAR).balance // U for budget in (BUDGET, "02.abai")]
    assert balances == [100, 500]
    assert invariants.recount(ledger.state) == ()


def test_a_race_for_the_last_money_is_won_in_order() -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 60)
    assert refused(ledger, "B", 60) is reasons.EXCEEDS_OBLIGATIONS_PLAN
    register(ledger, "C", 40)
    assert refused(ledger, "D", 1) is reasons.EXCEEDS_OBLIGATIONS_PLAN
    assert position(ledger) == {"registered": 100}
    assert invariants.recount(ledger.state) == ()
