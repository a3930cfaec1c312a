"""Penalties: withheld from what is registered or due, paid to the receipts (TP 217)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.records import (
    Agreement,
    CashAccount,
    Collection,
    Obligation,
    agreement_key,
    cash_of,
    obligation_key,
    receipts_of,
)
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    YEAR,
    U,
    a_debt,
    a_penalty,
    a_plan,
    a_request,
    a_termination,
    a_year,
    an_act,
    an_agreement,
    an_amendment,
    an_obligation,
    filled_amendment,
    next_year,
    notification,
    of_obligation,
    pay,
    payment_number,
    position,
    register,
    registration,
    restore,
    sign,
)


def with_act(units: int = 600, paid: int = 0) -> Ledger:
    """Goods for 1,000 with an act of `units`, of which `paid` are paid."""
    ledger = a_year(a_plan(1_000), cash=1_000)
    register(ledger, "A", 1_000, kind="goods")
    sign(ledger, "act-1", "a", units)
    if paid:
        pay(ledger, 1, "a", paid, "act-1")
    return ledger


def pay_penalty(ledger: Ledger, units: int, act: str | None) -> None:
    ledger.do(GU, "payment.request", (a_request(9, "pen-1", units, act),))
    ledger.do("treasury", "payment.execute", ((GU, payment_number(9)),))


def test_a_penalty_of_an_act_leaves_the_cash_account_and_comes_back_as_receipts() -> None:
    ledger = with_act()
    events = ledger.do(GU, "agreement.penalty", *a_penalty("A", 60, act="act-1"))
    assert events == (
        ("agreement.penalized", GU, "A", "a", "pen-1", "2280101/26-pen-1-1", "201510", 60 * U),
        ("agreement.obligation-amended", GU, "A", "a", "2280101/26-a-2", 940 * U),
    )
    assert (of_obligation(ledger, "a"), of_obligation(ledger, "pen-1")) == (
        {"registered": 400, "payable": 540}, {"payable": 60},
    )  # fmt: skip
    found = Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(GU, "pen-1"))
    assert found == Obligation(
        a_line(specific="159"), None, "penalty", "A", "201510", 60 * U, 0, 0, 0, (), 1, (), True, None
    )
    pay_penalty(ledger, 60, "act-1")
    pay(ledger, 2, "a", 540, "act-1")
    assert position(ledger) == {"registered": 400, "paid": 600}
    assert cash_of(ledger.state, BUDGET, "1", YEAR) == CashAccount(0, 1_060 * U, 0, 600 * U)
    assert receipts_of(ledger.state, BUDGET, YEAR, "201510").posted[0] == 60 * U
    assert invariants.recount(ledger.state) == ()


def test_a_penalty_of_what_is_registered_becomes_due_by_an_act_of_its_own() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 100))
    assert (of_obligation(ledger, "a"), of_obligation(ledger, "pen-1")) == (
        {"registered": 300, "payable": 600}, {"registered": 100},
    )  # fmt: skip
    ledger.do(GU, "act.sign", (an_act("act-2", "a", 300), an_act("act-3", "pen-1", 100)))
    pay_penalty(ledger, 100, "act-3")
    assert of_obligation(ledger, "pen-1") == {"paid": 100}
    assert invariants.recount(ledger.state) == ()


def test_a_penalty_that_was_paid_leaves_the_receipts_again_when_it_is_restored() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 60, act="act-1"))
    pay_penalty(ledger, 60, "act-1")
    restore(ledger, 9, 60)
    assert of_obligation(ledger, "pen-1") == {"payable": 60}
    assert cash_of(ledger.state, BUDGET, "1", YEAR) == CashAccount(0, 1_060 * U, 60 * U, 0)
    assert invariants.recount(ledger.state) == ()


def test_a_penalty_is_waived_by_a_supplement_that_raises_the_agreement_again() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 100))
    rows = (filled_amendment("pen-1", 0), filled_amendment("a", 1_000, serial=2))
    ledger.do(GU, "agreement.amend", *an_amendment("A", 1_000, obligations=rows))
    assert of_obligation(ledger, "a") == {"registered": 400, "payable": 600}
    assert of_obligation(ledger, "pen-1") == {}


def test_a_supplement_does_not_raise_a_penalty_out_of_free_money() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 100))
    rows = (filled_amendment("a", 880, serial=2), filled_amendment("pen-1", 120))
    refusal = ledger.refused(GU, "agreement.amend", *an_amendment("A", 1_000, obligations=rows))
    assert refusal.reason is reasons.PENALTY_EXCEEDS


def test_less_construction_needs_no_expertise_in_force_and_more_does() -> None:
    ledger = a_year(a_plan(1_000, specific="421"))
    row = an_obligation("a", 500, specific="421")
    examined = ("заключение 5", DAY, DAY + 30, 1_000 * U)
    ledger.do(GU, "agreement.register", *registration(an_agreement("A", row, expertise=examined)))
    ledger.open_day(2026, 4, 1)
    more = an_amendment("A", 501)
    assert ledger.refused(GU, "agreement.amend", *more).reason is reasons.EXPERTISE_EXPIRED
    ledger.do(GU, "agreement.amend", *an_amendment("A", 400))
    assert of_obligation(ledger, "a") == {"registered": 400}


def test_a_penalty_is_withheld_from_what_an_ended_agreement_still_owes() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 60, act="act-1"))
    assert of_obligation(ledger, "a") == {"payable": 540}
    assert ledger.refused(GU, "agreement.penalty", *a_penalty("A", 1, "pen-2", supplement="2")).reason is (
        reasons.PENALTY_EXCEEDS
    )
    assert invariants.recount(ledger.state) == ()


def test_an_unpaid_penalty_is_a_debt_to_the_receipts() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 60, act="act-1"))
    next_year(ledger, a_plan(1_000))
    row = a_debt("pay-p", 60, "pen-1", payee=None)
    ledger.do(GU, "obligation.accept", BUDGET, YEAR + 1, "1", (row,))
    pay(ledger, 1, "pay-p", 60, year=YEAR + 1)
    assert receipts_of(ledger.state, BUDGET, YEAR + 1, "201510").posted[0] == 60 * U
    assert invariants.recount(ledger.state) == ()


def test_an_act_of_which_a_penalty_is_withheld_is_not_corrected() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 60, act="act-1"))
    refusal = ledger.refused(GU, "act.correct", "act-1", "")
    assert (refusal.reason, dict(refusal.facts)["penalty"]) == (reasons.ACT_PENALTY, "pen-1")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"agreement": "B"}, reasons.AGREEMENT_NONE),
        ({"obligation": "b"}, reasons.OBLIGATION_NONE),
        ({"notification": "2280101/26-a-2"}, reasons.NOTIFICATION),
        ({"receipts": "999999"}, reasons.CODE_UNKNOWN),
        ({"penalty": "a"}, reasons.OBLIGATION_EXISTS),
        ({"date": DAY + 1}, reasons.DATE_OUTSIDE),
        ({"amount": 401 * U}, reasons.PENALTY_EXCEEDS),
        ({"act": "act-1", "amount": 101 * U}, reasons.PENALTY_EXCEEDS),
        ({"act": "act-2"}, reasons.PENALTY_EXCEEDS),
    ],
)
def test_a_wrong_penalty_is_refused(changes: dict[str, Any], reason: object) -> None:
    ledger = with_act(paid=500)
    document = a_penalty("A", 10, **changes)
    assert ledger.refused(GU, "agreement.penalty", *document).reason is reason


def test_a_penalty_is_not_withheld_from_a_penalty_nor_under_a_used_supplement() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 100))
    again = a_penalty("A", 1, "pen-2", notification=notification("a", 2))
    assert ledger.refused(GU, "agreement.penalty", *again).reason is reasons.SUPPLEMENT_EXISTS
    of_penalty = a_penalty(
        "A", 1, "pen-2", supplement="2", obligation="pen-1", notification=notification("pen-1")
    )
    assert ledger.refused(GU, "agreement.penalty", *of_penalty).reason is reasons.OBLIGATION_NONE


def test_the_codes_still_add_up_to_the_year_after_a_penalty() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 100))
    found = Agreement.find(ledger.state, Collection.AGREEMENTS, agreement_key(GU, "A"))
    assert found is not None
    assert (found.obligations, found.years, found.supplements) == (
        ("a", "pen-1"), ((YEAR, 1_000 * U),), ("неустойка 1",),
    )  # fmt: skip


def test_a_supplement_names_the_last_notification() -> None:
    ledger = with_act()
    ledger.do(GU, "agreement.amend", *an_amendment("A", 900))
    refusal = ledger.refused(GU, "agreement.amend", *an_amendment("A", 800, supplement="2"))
    assert (refusal.reason, dict(refusal.facts)["expected"]) == (reasons.NOTIFICATION, notification("a", 2))
    ledger.do(GU, "agreement.amend", *an_amendment("A", 800, serial=2, supplement="2"))
