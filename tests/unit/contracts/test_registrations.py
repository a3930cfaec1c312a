"""Agreements that run on in a new year: re-registration, old advances, debts, money that comes back late."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.calendar import day_number
from contracts.commitments import promised
from contracts.queues import waiting_for
from contracts.records import (
    Act,
    Agreement,
    CashAccount,
    Claim,
    Collection,
    Debt,
    Obligation,
    act_key,
    agreement_key,
    cash_of,
    claim_key,
    debt_key,
    obligation_key,
    receipts_of,
)
from tests.support.budget import Ledger
from tests.support.year import (
    BUDGET,
    GU,
    OTHER_GU,
    YEAR,
    U,
    a_code,
    a_commissioning,
    a_continuation,
    a_debt,
    a_limit,
    a_plan,
    a_recode,
    a_request,
    a_reregistration,
    a_return,
    a_termination,
    a_year,
    accept_debt,
    an_act,
    an_agreement,
    an_amendment,
    an_invoice,
    an_obligation,
    as_programme,
    close_year,
    filled_amendment,
    limits,
    next_year,
    notification,
    of_obligation,
    of_programme,
    pay,
    payment_number,
    position,
    register,
    registration,
    restore,
    sign,
    with_base,
    with_successors,
)

NEXT = YEAR + 1


def claim(ledger: Ledger, name: str) -> Claim | None:
    return Claim.find(ledger.state, Collection.CLAIMS, claim_key(GU, name))


def obligation(ledger: Ledger, name: str) -> Obligation:
    found = Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(GU, name))
    assert found is not None
    return found


def agreement(ledger: Ledger, number: str = "A") -> Agreement:
    found = Agreement.find(ledger.state, Collection.AGREEMENTS, agreement_key(GU, number))
    assert found is not None
    return found


def debt(ledger: Ledger, name: str) -> Debt:
    found = Debt.find(ledger.state, Collection.DEBTS, debt_key(GU, name))
    assert found is not None
    return found


def a_long_agreement(**changes: Any) -> Ledger:
    """Works for 1,000: 400 in 2026 with an advance of 120, an act of 300 paid; 600 promised of 2027."""
    ledger = with_base(a_year(a_plan(400), units=400), 600)
    if changes.get("money") == "reserve":
        as_programme(ledger, nature="reserve")
    years = ((YEAR, 400 * U), (NEXT, 600 * U))
    register(ledger, "A", 400, 120, **{"kind": "works", "total": 1_000 * U, "years": years, **changes})
    pay(ledger, 1, "a", 120)
    sign(ledger, "act-1", "a", 300)
    pay(ledger, 2, "a", 210, "act-1")
    return ledger


def reregistered(units: int = 670, advance: int = 0, **changes: Any) -> Ledger:
    ledger = next_year(a_long_agreement(**changes), a_plan(1_000))
    document = a_reregistration("A", a_continuation("a-27", units, "a", advance))
    ledger.do(GU, "agreement.reregister", *document)
    return ledger


# --- the stories


def test_an_agreement_over_two_years_works_its_old_advance_off_and_keeps_five_percent_of_the_whole() -> None:
    ledger = a_long_agreement()
    assert promised(ledger.state, BUDGET, NEXT, "228") == 600 * U
    next_year(ledger, a_plan(1_000))
    assert position(ledger) == {"paid": 300, "advanced": 30, "lapsed": 70}
    assert claim(ledger, "a") == Claim(obligation(ledger, "a").line, "990840000001", 30 * U, 20_823)
    document = a_reregistration("A", a_continuation("a-27", 670, "a"))
    events = ledger.do(GU, "agreement.reregister", *document)
    assert events == (
        ("agreement.registered", GU, "A", "a-27", "2280101/27-a-27-1", 670 * U),
        ("agreement.reregistered", GU, "A", NEXT, 670 * U),
    )
    assert promised(ledger.state, BUDGET, NEXT, "228") == 0
    assert (obligation(ledger, "a").advances, obligation(ledger, "a-27").advances) == (
        (), (payment_number(1),),
    )  # fmt: skip
    sign(ledger, "act-2", "a-27", 700)
    found = Act.find(ledger.state, Collection.ACTS, act_key(GU, "act-2"))
    assert found is not None
    assert (found.worked_off, found.retained) == (((payment_number(1), 30 * U),), 50 * U)
    assert position(ledger, year=NEXT) == {"retained": 50, "payable": 620, "allocated": 330}
    assert position(ledger) == {"paid": 330, "lapsed": 70}
    assert claim(ledger, "a") is None
    assert invariants.recount(ledger.state) == ()


def test_what_comes_back_of_a_closed_year_is_new_revenue() -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A", 1_000, advance=300)
    pay(ledger, 1, "a", 300)
    sign(ledger, "act-1", "a", 200)
    pay(ledger, 2, "a", 140, "act-1")
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    restore(ledger, 1, 100)
    close_year(ledger)
    row = a_return(1, 140, receipts="201510")
    events = ledger.do("treasury", "payment.restore", (row,))
    assert events == (("payment.recovered", GU, payment_number(1), 140 * U, "выписка 7", "201510", False),)
    assert position(ledger) == {"paid": 200, "recovered": 140, "lapsed": 660}
    assert claim(ledger, "a") is None
    assert cash_of(ledger.state, BUDGET, "1", NEXT) == CashAccount(0, 140 * U, 0, 0)
    assert receipts_of(ledger.state, BUDGET, NEXT, "201510").posted[0] == 140 * U
    assert invariants.recount(ledger.state) == ()


def test_what_was_accepted_and_not_paid_is_a_debt_paid_by_the_next_year() -> None:
    ledger = a_year(a_plan(1_050), units=1_050)
    register(ledger, "A", 600, kind="goods")
    sign(ledger, "act-1", "a", 400)
    pay(ledger, 1, "a", 250, "act-1")
    next_year(ledger, a_plan(500))
    assert of_programme(ledger) == {"paid": 250, "carried": 150, "lapsed": 650}
    accept_debt(ledger, a_debt("pay-a", 150, "a"))
    assert position(ledger, year=NEXT) == {"payable": 150, "allocated": 350}
    assert (debt(ledger, "a").payable, debt(ledger, "a").accepted) == (150 * U, 150 * U)
    assert agreement(ledger).debts == ("pay-a",)
    pay(ledger, 1, "pay-a", 150, year=NEXT)
    assert position(ledger, year=NEXT) == {"paid": 150, "allocated": 350}
    assert invariants.recount(ledger.state) == ()


# --- re-registration


def test_a_new_advance_waits_until_acts_have_worked_the_old_one_off() -> None:
    ledger = reregistered(advance=200, kind="goods")
    row = (payment_number(1, year=NEXT), "a-27", None, True, 200 * U, "аванс")
    refusal = ledger.refused(GU, "payment.request", (row,))
    assert (refusal.reason, dict(refusal.facts)["outstanding_tiyn"]) == (
        reasons.ADVANCE_NOT_WORKED_OFF, 30 * U,
    )  # fmt: skip
    sign(ledger, "act-2", "a-27", 350)
    assert of_obligation(ledger, "a") == {"paid": 315, "advanced": 15}
    assert ledger.refused(GU, "payment.request", (row,)).reason is reasons.ADVANCE_NOT_WORKED_OFF
    sign(ledger, "act-3", "a-27", 350)
    assert of_obligation(ledger, "a") == {"paid": 330}


def test_a_new_advance_waits_also_for_an_old_one_that_nobody_goes_on_with() -> None:
    ledger = next_year(a_long_agreement(kind="goods"), a_plan(1_000))
    ledger.do(GU, "agreement.reregister", *a_reregistration("A", a_continuation("a-27", 670, None, 200)))
    row = (payment_number(1, year=NEXT), "a-27", None, True, 200 * U, "аванс")
    refusal = ledger.refused(GU, "payment.request", (row,))
    assert (refusal.reason, dict(refusal.facts)["outstanding_tiyn"]) == (
        reasons.ADVANCE_NOT_WORKED_OFF, 30 * U,
    )  # fmt: skip
    ledger.do("treasury", "payment.restore", (a_return(1, 30, receipts="201510"),))
    ledger.do(GU, "payment.request", (row,))


def test_a_correction_gives_the_old_advance_back_to_the_claim() -> None:
    ledger = reregistered()
    sign(ledger, "act-2", "a-27", 700)
    ledger.do(GU, "act.correct", "act-2", "неверный объём")
    assert (of_obligation(ledger, "a"), of_obligation(ledger, "a-27")) == (
        {"paid": 300, "advanced": 30}, {"registered": 670},
    )  # fmt: skip
    found = claim(ledger, "a")
    assert found is not None
    assert found.amount == 30 * U
    assert obligation(ledger, "a-27").advances == (payment_number(1),)
    assert invariants.recount(ledger.state) == ()


def test_an_old_advance_that_came_back_is_worked_off_no_more() -> None:
    ledger = reregistered()
    ledger.do("treasury", "payment.restore", (a_return(1, 30, receipts="201510"),))
    assert obligation(ledger, "a-27").advances == ()
    sign(ledger, "act-2", "a-27", 670)
    assert of_obligation(ledger, "a") == {"paid": 300, "recovered": 30}
    assert invariants.recount(ledger.state) == ()


def test_acts_and_supplements_go_by_the_year_it_is_registered_in() -> None:
    ledger = reregistered()
    assert ledger.refused(GU, "act.sign", (an_act("act-2", "a", 1),)).reason is reasons.YEAR_NOT_OPEN
    assert ledger.refused(GU, "act.correct", "act-1", "").reason is reasons.YEAR_NOT_OPEN
    row = filled_amendment("a-27", 700, notification=notification("a-27", year=NEXT))
    years = ((NEXT, 700 * U),)
    document = an_amendment("A", 1_030, years=years, obligations=(row,))
    ledger.do(GU, "agreement.amend", *document)
    assert of_obligation(ledger, "a-27") == {"registered": 700}
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert position(ledger, year=NEXT) == {"allocated": 1_000}
    assert claim(ledger, "a") is not None
    assert invariants.recount(ledger.state) == ()


def test_an_agreement_of_a_closed_year_is_terminated_without_moving_anything() -> None:
    ledger = next_year(a_long_agreement())
    before = position(ledger)
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert position(ledger) == before
    assert promised(ledger.state, BUDGET, NEXT, "228") == 0
    assert agreement(ledger).terminated is not None
    document = a_reregistration("A", a_continuation("a-27", 1, "a"))
    assert ledger.refused(GU, "agreement.reregister", *document).reason is reasons.AGREEMENT_ENDED


ROW = a_continuation("a-27", 670, "a")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (a_reregistration("B", ROW), reasons.AGREEMENT_NONE),
        (a_reregistration("A", a_continuation("a-27", 671, "a")), reasons.AGREEMENT_REST),
        (a_reregistration("A", ROW, years=((YEAR, 670 * U),)), reasons.AGREEMENT_YEARS),
        (
            a_reregistration("A", ROW, years=((NEXT, 600 * U), (NEXT + 1, 70 * U))),
            reasons.AGREEMENT_CODES,
        ),
        (a_reregistration("A", ROW, valid_until=day_number(YEAR, 12, 31)), reasons.DATE_OUTSIDE),
        (a_reregistration("A", a_continuation("a", 670, "a")), reasons.OBLIGATION_EXISTS),
        (a_reregistration("A", a_continuation("a-27", 670, "x")), reasons.OBLIGATION_NONE),
        (
            a_reregistration("A", a_continuation("a-27", 670, "a", notification="2280101/26-a-2")),
            reasons.NOTIFICATION,
        ),
        (
            a_reregistration("A", a_continuation("a-27", 670, None, notification="2280101/26-a-1")),
            reasons.NOTIFICATION,
        ),
        (
            a_reregistration("A", ROW, a_continuation("b-27", 0, "a", specific="149", amount=0)),
            reasons.BAD_ARGUMENTS,
        ),
        (a_reregistration("A", a_continuation("a-27", 670, "a", advance=202)), reasons.ADVANCE_OVER),
    ],
)
def test_a_wrong_reregistration_is_refused(document: tuple[Any, ...], reason: object) -> None:
    ledger = next_year(a_long_agreement(), a_plan(1_000))
    root = ledger.state.root
    assert ledger.refused(GU, "agreement.reregister", *document).reason is reason
    assert ledger.state.root == root


def test_one_obligation_of_the_new_year_goes_on_with_one_of_the_old() -> None:
    ledger = next_year(a_long_agreement(), a_plan(1_000), a_plan(1_000, specific="149"))
    rows = (a_continuation("a-27", 600, "a"), a_continuation("b-27", 70, "a", specific="149"))
    refusal = ledger.refused(GU, "agreement.reregister", *a_reregistration("A", *rows))
    assert refusal.reason is reasons.REREGISTER_TWICE
    rows = (a_continuation("a-27", 600, "a"), a_continuation("b-27", 70, None, specific="149"))
    ledger.do(GU, "agreement.reregister", *a_reregistration("A", *rows))
    assert agreement(ledger).obligations == ("a", "a-27", "b-27")


def test_a_third_year_does_not_go_on_with_an_obligation_of_the_first_again() -> None:
    ledger = next_year(reregistered(kind="goods"), a_plan(1_000), year=NEXT + 1)
    row = a_continuation("a-28", 670, "a")
    document = a_reregistration("A", row, year=NEXT + 1)
    assert ledger.refused(GU, "agreement.reregister", *document).reason is reasons.REREGISTER_TWICE
    row = a_continuation("a-28", 670, "a-27", notification=notification("a-27", year=NEXT))
    ledger.do(GU, "agreement.reregister", *a_reregistration("A", row, year=NEXT + 1))
    sign(ledger, "act-3", "a-28", 700)
    assert of_obligation(ledger, "a") == {"paid": 330}
    assert claim(ledger, "a") is None
    assert invariants.recount(ledger.state) == ()


def test_an_agreement_is_registered_again_once_its_year_is_closed_and_only_then() -> None:
    ledger = a_long_agreement()
    ledger.open_day(NEXT, 1, 5)
    document = a_reregistration("A", ROW)
    assert ledger.refused(GU, "agreement.reregister", *document).reason is reasons.YEAR_UNCLOSED
    assert ledger.refused(GU, "agreement.terminate", *a_termination("A")).reason is reasons.YEAR_UNCLOSED
    next_year(ledger, a_plan(1_000))
    ledger.do(GU, "agreement.reregister", *document)
    assert ledger.refused(GU, "agreement.reregister", *document).reason is reasons.REREGISTER_YEAR


@pytest.mark.parametrize(
    ("changes", "sums", "is_taken"),
    [
        ({}, ((NEXT, 670 * U),), False),
        ({"money": "reserve"}, ((NEXT, 670 * U),), True),
        ({}, ((NEXT, 600 * U), (NEXT + 1, 70 * U)), True),
    ],
)
def test_after_the_twentieth_of_december_only_what_runs_on_or_is_of_the_reserve_is_registered_again(
    changes: dict[str, Any], sums: tuple[tuple[int, int], ...], is_taken: bool
) -> None:
    ledger = next_year(a_long_agreement(**changes), a_plan(1_000))
    ledger.open_day(NEXT, 12, 21)
    row = a_continuation("a-27", sums[0][1] // U, "a")
    document = a_reregistration("A", row, years=sums)
    if is_taken:
        ledger.do(GU, "agreement.reregister", *document)
    else:
        refusal = ledger.refused(GU, "agreement.reregister", *document)
        assert refusal.reason is reasons.AFTER_20_DECEMBER


# --- base expenditure


def a_promise(units: int, year: int = NEXT, number: str = "A") -> tuple[Any, ...]:
    years = ((YEAR, 10 * U), (year, units * U))
    row = an_agreement(number, an_obligation(number.lower(), 10), total=(10 + units) * U, years=years)
    return registration(row)


def test_base_expenditure_bounds_the_second_and_the_third_year_together_for_all_agreements() -> None:
    ledger = with_base(a_year(a_plan(100)), 50)
    assert ledger.refused(GU, "agreement.register", *a_promise(51)).reason is reasons.BASE_EXPENDITURE
    ledger.do(GU, "agreement.register", *a_promise(30))
    refusal = ledger.refused(GU, "agreement.register", *a_promise(21, number="B"))
    assert dict(refusal.facts)["room_tiyn"] == 20 * U
    ledger.do(GU, "agreement.register", *a_promise(20, number="B"))
    over = ledger.refused(GU, "agreement.register", *a_promise(51, NEXT + 1, "C"))
    assert over.reason is reasons.BASE_EXPENDITURE
    ledger.do(GU, "agreement.register", *a_promise(10_000, NEXT + 2, "D"))


def test_a_year_too_far_to_be_bounded_at_first_is_bounded_by_the_next_registration() -> None:
    ledger = with_base(a_year(a_plan(400), units=400), 600)
    sums = ((YEAR, 400 * U), (NEXT, 100 * U), (NEXT + 2, 700 * U))
    register(ledger, "A", 400, kind="goods", total=1_200 * U, years=sums)
    sign(ledger, "act-1", "a", 400)
    with_base(next_year(ledger, a_plan(1_000)), 600, NEXT + 2)
    row = a_continuation("a-27", 100, "a")
    far = a_reregistration("A", row, years=((NEXT, 100 * U), (NEXT + 2, 700 * U)))
    assert ledger.refused(GU, "agreement.reregister", *far).reason is reasons.BASE_EXPENDITURE
    spread = ((NEXT, 100 * U), (NEXT + 2, 600 * U), (NEXT + 3, 100 * U))
    ledger.do(GU, "agreement.reregister", *a_reregistration("A", row, years=spread))
    assert promised(ledger.state, BUDGET, NEXT + 2, "228") == 600 * U


def test_base_expenditure_is_not_lowered_below_what_is_promised() -> None:
    ledger = with_base(a_year(a_plan(100)), 50)
    ledger.do(GU, "agreement.register", *a_promise(30))
    refusal = ledger.refused("mof", "limit.set", *limits(a_limit(base=29)))
    assert (refusal.reason, dict(refusal.facts)["promised_tiyn"]) == (reasons.LIMIT_PROMISED, 30 * U)
    ledger.do("mof", "limit.set", *limits(a_limit(base=30)))
    ledger.do("mof", "limit.set", *limits(a_limit(base=0), year=NEXT + 1))


def test_a_promise_of_a_far_year_does_not_stop_its_first_limit() -> None:
    ledger = with_base(a_year(a_plan(100)), 50)
    ledger.do(GU, "agreement.register", *a_promise(10_000, NEXT + 2))
    ledger.do("mof", "limit.set", *limits(a_limit(base=60), year=NEXT + 2))
    ledger.do("mof", "limit.set", *limits(a_limit(base=70), year=NEXT + 2))
    lowered = limits(a_limit(base=69), year=NEXT + 2)
    assert ledger.refused("mof", "limit.set", *lowered).reason is reasons.LIMIT_PROMISED


def test_without_limits_nothing_is_promised() -> None:
    ledger = a_year(a_plan(100))
    assert ledger.refused(GU, "agreement.register", *a_promise(1)).reason is reasons.BASE_EXPENDITURE


def test_a_supplement_promises_no_more_than_is_left() -> None:
    ledger = with_base(a_year(a_plan(100)), 50)
    ledger.do(GU, "agreement.register", *a_promise(50))
    more = an_amendment("A", 61, years=((YEAR, 10 * U), (NEXT, 51 * U)), obligations=())
    assert ledger.refused(GU, "agreement.amend", *more).reason is reasons.BASE_EXPENDITURE
    less = an_amendment("A", 59, years=((YEAR, 10 * U), (NEXT, 49 * U)), obligations=())
    ledger.do(GU, "agreement.amend", *less)
    assert promised(ledger.state, BUDGET, NEXT, "228") == 49 * U


# --- debts


def with_a_debt(
    kind: str = "goods",
    units: int = 400,
    plans: tuple[Any, ...] = (a_plan(1_000), a_plan(1_000, specific="149")),
) -> Ledger:
    """An act of 1,000, of which `units` stay unpaid in the year that is closed."""
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A", 1_000, kind=kind)
    sign(ledger, "act-1", "a", 1_000)
    paid = 1_000 - units - (50 if kind == "works" else 0)
    if paid:
        pay(ledger, 1, "a", paid, "act-1")
    return next_year(ledger, *plans)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (a_debt("d", 401, "a"), reasons.DEBT_EXCEEDS),
        (a_debt("d", 1, "a", kind="retention"), reasons.DEBT_EXCEEDS),
        (a_debt("d", 1, "x"), reasons.DEBT_NONE),
        (a_debt("d", 1, "a", specific="149"), reasons.DEBT_SPECIFIC),
        (a_debt("d", 1, "a", document_date=day_number(NEXT, 1, 2)), reasons.DEBT_DATE),
        (a_debt("d", 1, "a", notification=None), reasons.NOTIFICATION),
        (a_debt("d", 1, "a", payee="990840000002"), reasons.DEBT_PAYEE),
        (a_debt("d", 1, "a", kind="invoice"), reasons.DEBT_FORM),
        (a_debt("d", 1, "a", debt=None), reasons.DEBT_FORM),
        (a_debt("d", 1, "a", kind="court", debt=None), reasons.DEBT_FORM),
    ],
)
def test_a_wrong_debt_is_refused(row: tuple[Any, ...], reason: object) -> None:
    ledger = with_a_debt()
    assert ledger.refused(GU, "obligation.accept", BUDGET, NEXT, "1", (row,)).reason is reason


def test_an_institution_with_a_debt_is_not_closed() -> None:
    ledger = with_a_debt(plans=())
    refusal = ledger.refused("mof", "ballot.propose", "institution.close", (GU,), "")
    assert (refusal.reason, dict(refusal.facts)["amount_tiyn"]) == (reasons.CLOSE_MONEY, 400 * U)


def test_a_debt_is_accepted_in_parts_and_takes_no_act() -> None:
    ledger = with_a_debt()
    accept_debt(ledger, a_debt("pay-1", 100, "a"))
    accept_debt(ledger, a_debt("pay-2", 300, "a"))
    refusal = ledger.refused(GU, "obligation.accept", BUDGET, NEXT, "1", (a_debt("pay-3", 1, "a"),))
    assert refusal.reason is reasons.DEBT_EXCEEDS
    assert ledger.refused(GU, "act.sign", (an_act("x", "pay-1", 1),)).reason is reasons.ACT_WITHOUT_AGREEMENT
    assert agreement(ledger).debts == ("pay-1", "pay-2")


def test_a_retained_debt_is_kept_until_commissioning() -> None:
    ledger = with_a_debt("works", 0)
    assert (debt(ledger, "a").payable, debt(ledger, "a").retained) == (0, 50 * U)
    accept_debt(ledger, a_debt("pay-r", 30, "a", kind="retention"))
    assert position(ledger, year=NEXT) == {"retained": 30, "allocated": 970}
    events = ledger.do(GU, "act.commission", *a_commissioning("A"))
    assert events[-1][-1] == 30 * U
    accept_debt(ledger, a_debt("pay-s", 20, "a", kind="retention"))
    assert position(ledger, year=NEXT) == {"payable": 50, "allocated": 950}
    pay(ledger, 1, "pay-r", 30, year=NEXT)
    pay(ledger, 2, "pay-s", 20, year=NEXT)
    assert invariants.recount(ledger.state) == ()


def test_a_debt_that_is_not_paid_in_its_year_is_a_debt_again() -> None:
    ledger = with_a_debt()
    accept_debt(ledger, a_debt("pay-1", 400, "a"))
    next_year(ledger, a_plan(500), year=NEXT + 1)
    assert debt(ledger, "pay-1").payable == 400 * U
    row = a_debt(
        "pay-2", 400, "pay-1", document_date=day_number(NEXT + 1, 1, 1),
        notification=notification("pay-1", year=NEXT),
    )  # fmt: skip
    accept_debt(ledger, row, NEXT + 1)
    pay(ledger, 1, "pay-2", 400, year=NEXT + 1)
    assert invariants.recount(ledger.state) == ()


def test_a_debt_counts_among_the_acts_of_its_agreement() -> None:
    ledger = a_year(a_plan(400), units=400)
    register(ledger, "A", 400, kind="goods")
    sign(ledger, "act-1", "a", 300)
    next_year(ledger, a_plan(1_000))
    accept_debt(ledger, a_debt("pay-1", 300, "a"))
    over = a_reregistration("A", a_continuation("a-27", 101, "a"))
    assert ledger.refused(GU, "agreement.reregister", *over).reason is reasons.AGREEMENT_REST
    ledger.do(GU, "agreement.reregister", *a_reregistration("A", a_continuation("a-27", 100, "a")))
    assert invariants.recount(ledger.state) == ()


# --- money that comes back


def test_money_of_a_year_that_is_not_closed_yet_waits() -> None:
    ledger = a_long_agreement()
    assert _restored(ledger, receipts="201510") is reasons.RESTORE_CODE
    ledger.open_day(NEXT, 1, 5)
    assert _restored(ledger, receipts="201510") is reasons.YEAR_UNCLOSED
    next_year(ledger)
    assert _restored(ledger) is reasons.RESTORE_CODE
    assert _restored(ledger, receipts="999999") is reasons.CODE_UNKNOWN
    assert _restored(ledger, units=211, receipts="201510") is reasons.RESTORE_EXCEEDS


def _restored(ledger: Ledger, units: int = 1, **changes: Any) -> object:
    return ledger.refused("treasury", "payment.restore", (a_return(2, units, **changes),)).reason


def test_a_paid_act_of_a_closed_year_stays_an_act_when_its_money_comes_back() -> None:
    ledger = next_year(a_long_agreement(), a_plan(1_000))
    ledger.do("treasury", "payment.restore", (a_return(2, 60, receipts="201510"),))
    assert position(ledger) == {"paid": 240, "recovered": 60, "advanced": 30, "lapsed": 70}
    assert invariants.recount(ledger.state) == ()


# --- changes of codes


def a_next_recode(old: tuple[Any, ...], new: tuple[Any, ...], **changes: Any) -> tuple[Any, ...]:
    return a_recode((old, new), year=NEXT, **changes)


def test_a_change_of_codes_in_the_new_year_leaves_the_old_advance_where_it_is() -> None:
    ledger = with_successors(reregistered())
    ledger.do("treasury", "plan.recode", *a_next_recode(a_code(), a_code(specific="149")))
    sign(ledger, "act-2", "a-27", 700)
    assert position(ledger, specific="149", year=NEXT) == {"retained": 50, "payable": 620, "allocated": 330}
    assert position(ledger) == {"paid": 330, "lapsed": 70}
    assert invariants.recount(ledger.state) == ()


def test_an_accepted_debt_changes_its_codes_but_not_its_institution() -> None:
    ledger = with_successors(with_a_debt())
    accept_debt(ledger, a_debt("pay-1", 400, "a"))
    other = a_next_recode(a_code(), a_code(OTHER_GU), cause="reorganisation")
    refusal = ledger.refused("treasury", "plan.recode", *other)
    assert refusal.reason is reasons.RECODE_SPLIT
    ledger.do("treasury", "plan.recode", *a_next_recode(a_code(), a_code(specific="151")))
    assert position(ledger, specific="151", year=NEXT) == {"payable": 400, "allocated": 600}
    pay(ledger, 1, "pay-1", 400, year=NEXT)
    assert invariants.recount(ledger.state) == ()


def test_a_request_of_an_obligation_that_went_to_another_institution_can_be_returned() -> None:
    ledger = a_year(a_plan(100))
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", 30, specific="159")))
    ledger.do(GU, "payment.request", (a_request(1, "pay-1", 30),))
    with_successors(ledger)
    ledger.do("treasury", "plan.recode", *a_recode((a_code(), a_code(OTHER_GU)), cause="reorganisation"))
    execution = ((GU, payment_number(1)),)
    assert ledger.refused("treasury", "payment.execute", execution).reason is reasons.OBLIGATION_NONE
    assert waiting_for(ledger.state, (BUDGET, "1", YEAR), 0) == (0, 0, 30 * U)
    ledger.do("treasury", "payment.refuse", ((GU, payment_number(1), 18, ""),))
    assert waiting_for(ledger.state, (BUDGET, "1", YEAR), 0) == (0, 0, 0)
