"""Acts: signed, corrected, commissioning."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.acts import RETAINED_PER_OBLIGATION, worked_off
from contracts.calendar import day_number
from contracts.records import Act, Claim, Collection, Obligation, act_key, claim_key, obligation_key
from tests.support.budget import Ledger
from tests.support.year import (
    DAY,
    GU,
    U,
    a_commissioning,
    a_plan,
    a_termination,
    a_year,
    an_act,
    an_agreement,
    an_amendment,
    an_invoice,
    an_obligation,
    as_programme,
    of_obligation,
    pay,
    position,
    register,
    registration,
    restore,
    sign,
)


def with_advance(advance: int = 300, **changes: Any) -> Ledger:
    """Agreement A over 1,000 units with an advance paid."""
    ledger = as_programme(a_year(a_plan(2_000)), is_development=True)
    if changes.get("money") == "reserve":
        as_programme(ledger, nature="reserve")
    register(ledger, "A", 1_000, advance, **changes)
    if advance:
        pay(ledger, 1, "a", advance)
    return ledger


@pytest.mark.parametrize(
    ("amount", "registered", "outstanding", "worked"),
    [(500, 700, 300, 150), (1, 700, 300, 0), (1_000, 700, 300, 300), (999, 2, 998, 997), (7, 7, 0, 0)],
)
def test_the_advance_is_worked_off_in_proportion_and_the_last_act_clears_it(
    amount: int, registered: int, outstanding: int, worked: int
) -> None:
    assert worked_off(amount, registered, outstanding) == worked


def test_an_act_records_what_it_did() -> None:
    ledger = with_advance()
    events = ledger.do(GU, "act.sign", (an_act("act-1", "a", 100),))
    assert events == (("act.signed", GU, "a", "act-1", 100 * U, 30 * U, 0, 70 * U),)
    found = Act.find(ledger.state, Collection.ACTS, act_key(GU, "act-1"))
    assert found == Act("a", DAY, "ЭСФ-act-1", 100 * U, (("2280101/26-1", 30 * U),), 0, False, 0)
    assert invariants.recount(ledger.state) == ()


def test_many_acts_clear_an_advance_to_the_tiyn() -> None:
    ledger = with_advance(kind="goods")
    amount = 1_000 * U // 7
    rows = tuple(an_act(f"act-{n}", "a", 0, amount=amount) for n in range(7))
    ledger.do(GU, "act.sign", (*rows, an_act("rest", "a", 0, amount=1_000 * U - 7 * amount)))
    assert of_obligation(ledger, "a") == {"paid": 300, "payable": 700}
    assert invariants.recount(ledger.state) == ()


@pytest.mark.parametrize(
    ("changes", "retained"),
    [({}, 50), ({"kind": "services"}, 0), ({"money": "reserve"}, 0), ({"money": "construction_start"}, 0)],
)
def test_only_ordinary_works_are_retained(changes: dict[str, Any], retained: int) -> None:
    ledger = with_advance(0, **changes)
    sign(ledger, "act-1", "a", 1_000)
    assert of_obligation(ledger, "a").get("retained", 0) == retained


def test_the_ceiling_is_that_of_the_whole_agreement() -> None:
    ledger = a_year(a_plan(600), a_plan(400, specific="149"))
    row = an_agreement("A", an_obligation("a", 600), an_obligation("b", 400, specific="149"))
    ledger.do(GU, "agreement.register", *registration(row))
    sign(ledger, "act-1", "a", 600)
    sign(ledger, "act-2", "b", 400)
    assert of_obligation(ledger, "a") == {"payable": 600}
    assert of_obligation(ledger, "b") == {"payable": 350, "retained": 50}
    ledger.do(GU, "act.commission", *a_commissioning("A"))
    assert of_obligation(ledger, "b") == {"payable": 400}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (an_act("act-1", "a", 1), reasons.ACT_EXISTS),
        (an_act("act-2", "x", 1), reasons.OBLIGATION_NONE),
        (an_act("act-2", "pay-1", 1), reasons.ACT_WITHOUT_AGREEMENT),
        (an_act("act-2", "a", 901), reasons.ACT_EXCEEDS),
        (an_act("act-2", "a", 1, date=DAY + 1), reasons.DATE_OUTSIDE),
        (an_act("act-2", "a", 1, date=DAY - 1), reasons.DATE_OUTSIDE),
    ],
)
def test_a_wrong_act_is_refused(row: tuple[Any, ...], reason: object) -> None:
    ledger = with_advance()
    ledger.do(GU, "act.sign", (an_act("act-1", "a", 100),))
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", 5, specific="159")))
    assert ledger.refused(GU, "act.sign", (row,)).reason is reason


def test_no_act_under_an_ended_agreement() -> None:
    ledger = with_advance()
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert ledger.refused(GU, "act.sign", (an_act("act-1", "a", 1),)).reason is reasons.OBLIGATION_CLOSED


# --- correction


def test_a_correction_is_the_exact_reverse() -> None:
    ledger = with_advance()
    before = of_obligation(ledger, "a")
    sign(ledger, "act-1", "a", 1_000)
    assert of_obligation(ledger, "a") == {"paid": 300, "retained": 50, "payable": 650}
    ledger.do(GU, "act.correct", "act-1", "неверный объём")
    assert of_obligation(ledger, "a") == before
    found = Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(GU, "a"))
    assert found is not None
    assert (found.advances, found.retained) == (("2280101/26-1",), ())
    assert ledger.refused(GU, "act.correct", "act-1", "").reason is reasons.ACT_NONE
    assert invariants.recount(ledger.state) == ()


def test_an_older_advance_that_a_correction_brings_back_is_worked_off_first() -> None:
    ledger = a_year(a_plan(2_000))
    register(ledger, "A", 1_000, 300, kind="goods")
    pay(ledger, 1, "a", 100)
    sign(ledger, "act-1", "a", 1_000)
    ledger.do(GU, "agreement.amend", *an_amendment("A", 1_200, 360))
    pay(ledger, 2, "a", 200)
    ledger.do(GU, "act.correct", "act-1", "")
    assert of_obligation(ledger, "a") == {"registered": 900, "advanced": 300}
    sign(ledger, "act-2", "a", 600)
    found = Act.find(ledger.state, Collection.ACTS, act_key(GU, "act-2"))
    assert found is not None
    assert found.worked_off == (("2280101/26-1", 100 * U), ("2280101/26-2", 50 * U))
    assert invariants.recount(ledger.state) == ()


def test_a_paid_act_is_corrected_only_after_the_payment_is_restored() -> None:
    ledger = with_advance(0)
    sign(ledger, "act-1", "a", 100)
    pay(ledger, 1, "a", 40, "act-1")
    assert ledger.refused(GU, "act.correct", "act-1", "").reason is reasons.ACT_PAID
    restore(ledger, 1, 40)
    ledger.do(GU, "act.correct", "act-1", "")
    assert of_obligation(ledger, "a") == {"registered": 1_000}


def test_a_released_retention_is_not_corrected() -> None:
    ledger = with_advance(0)
    sign(ledger, "act-1", "a", 1_000)
    ledger.do(GU, "act.commission", *a_commissioning("A"))
    assert ledger.refused(GU, "act.correct", "act-1", "").reason is reasons.ACT_RELEASED


def test_a_correction_under_an_ended_agreement_frees_the_money_and_raises_the_claim() -> None:
    ledger = with_advance()
    sign(ledger, "act-1", "a", 500)
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    ledger.do(GU, "act.correct", "act-1", "")
    assert position(ledger) == {"allocated": 1_700, "advanced": 300}
    claim = Claim.find(ledger.state, Collection.CLAIMS, claim_key(GU, "a"))
    assert claim is not None
    assert claim.amount == 300 * U
    assert invariants.recount(ledger.state) == ()


# --- commissioning


@pytest.mark.parametrize(
    ("changes", "arguments", "reason"),
    [
        ({"kind": "goods"}, {}, reasons.COMMISSION_KIND),
        ({}, {"date": DAY + 1}, reasons.DATE_OUTSIDE),
        ({}, {"number": "B"}, reasons.AGREEMENT_NONE),
    ],
)
def test_a_wrong_commissioning_is_refused(
    changes: dict[str, Any], arguments: dict[str, Any], reason: object
) -> None:
    ledger = with_advance(0, **changes)
    document = {"number": "A", **arguments}
    assert ledger.refused(GU, "act.commission", *a_commissioning(**document)).reason is reason


def test_an_object_is_commissioned_once_and_then_nothing_is_retained() -> None:
    ledger = with_advance(0)
    ledger.do(GU, "act.commission", *a_commissioning("A"))
    assert ledger.refused(GU, "act.commission", *a_commissioning("A")).reason is reasons.COMMISSIONED
    sign(ledger, "act-1", "a", 1_000)
    assert of_obligation(ledger, "a") == {"payable": 1_000}


def test_a_claim_ends_when_its_agreement_is_raised_again() -> None:
    """Reduced to what is paid, an agreement is closed; a correction then raises a claim; raised again, the
    advance is worked off as before and nobody owes it back."""
    ledger = a_year(a_plan(2_000))
    register(ledger, "A", 300, 300, kind="goods", advance_ground="prepaid-services")
    pay(ledger, 1, "a", 300)
    sign(ledger, "act-1", "a", 300)
    ledger.do(GU, "agreement.amend", *an_amendment("A", 300, 300))
    ledger.do(GU, "act.correct", "act-1", "")
    key = claim_key(GU, "a")
    assert Claim.find(ledger.state, Collection.CLAIMS, key) is not None
    ledger.do(GU, "agreement.amend", *an_amendment("A", 400, 300, supplement="2"))
    assert Claim.find(ledger.state, Collection.CLAIMS, key) is None


def test_what_many_acts_keep_is_released_by_one_commissioning() -> None:
    ledger = with_advance(0)
    sign(ledger, "0", "a", 950)
    rows = [an_act(str(number), "a", 0, amount=1) for number in range(1, RETAINED_PER_OBLIGATION + 2)]
    refusal = ledger.refused(GU, "act.sign", tuple(rows))
    assert refusal.reason is reasons.ACTS_RETAINED
    ledger.do(GU, "act.sign", tuple(rows[:-1]))
    ledger.do(GU, "act.commission", *a_commissioning("A"))
    assert "retained" not in of_obligation(ledger, "a")


def test_no_act_is_older_than_the_registration_that_brings_its_agreement_into_force() -> None:
    ledger = a_year(a_plan(1_000))
    ledger.open_day(2026, 1, 12)
    register(ledger, "A", 1_000)
    early = (an_act("act-1", "a", 10, date=day_number(2026, 1, 11)),)
    assert ledger.refused(GU, "act.sign", early).reason is reasons.DATE_OUTSIDE
    ledger.do(GU, "act.sign", (an_act("act-1", "a", 10, date=day_number(2026, 1, 12)),))
