"""Agreements: registration, supplements, termination."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import invariants, reasons
from contracts.agreements import ADVANCE_GROUNDS, advance_percent
from contracts.calendar import day_number
from contracts.records import (
    Agreement,
    Claim,
    Collection,
    Commitment,
    Obligation,
    agreement_key,
    claim_key,
    commitment_key,
    obligation_key,
)
from tests.support.budget import Ledger, a_ledger, a_line
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    SUPPLIER,
    YEAR,
    U,
    a_block,
    a_held_row,
    a_law,
    a_move,
    a_plan,
    a_programme,
    a_termination,
    a_year,
    an_adjustment,
    an_agreement,
    an_amendment,
    an_obligation,
    as_programme,
    filled_amendment,
    pay,
    plan_document,
    position,
    register,
    registration,
    sign,
    with_base,
    with_shortfall,
)

PROGRAMME_SCOPE = ("programme", BUDGET, YEAR, "228", "003", None, None, None, None)


def obligation(ledger: Ledger, name: str) -> Obligation | None:
    return Obligation.find(ledger.state, Collection.OBLIGATIONS, obligation_key(GU, name))


def agreement(ledger: Ledger, number: str) -> Agreement:
    found = Agreement.find(ledger.state, Collection.AGREEMENTS, agreement_key(GU, number))
    assert found is not None
    return found


def refused(ledger: Ledger, *rows: tuple[Any, ...]) -> object:
    root = ledger.state.root
    refusal = ledger.refused(GU, "agreement.register", *registration(*rows))
    assert ledger.state.root == root
    return refusal.reason


# --- registration


def test_registration_accepts_the_money_of_every_code_and_gives_notifications() -> None:
    ledger = a_year(a_plan(100), a_plan(50, specific="149"))
    row = an_agreement("A-1", an_obligation("o-1", 70, 21), an_obligation("o-2", 30, specific="149"))
    events = ledger.do(GU, "agreement.register", *registration(row))
    assert events == (
        ("agreement.registered", GU, "A-1", "o-1", "2280101/26-o-1-1", 70 * U),
        ("agreement.registered", GU, "A-1", "o-2", "2280101/26-o-2-1", 30 * U),
    )
    assert obligation(ledger, "o-1") == Obligation(
        a_line(specific="159"),
        None,
        "agreement",
        "A-1",
        SUPPLIER,
        70 * U,
        21 * U,
        30,
        0,
        (),
        1,
        (),
        True,
        None,
    )
    assert agreement(ledger, "A-1").obligations == ("o-1", "o-2")
    assert invariants.recount(ledger.state) == ()


def test_later_years_are_counted_and_move_no_money() -> None:
    ledger = with_base(a_year(a_plan(100)))
    row = an_agreement(
        "A", an_obligation("a", 40), total=100 * U, years=((2026, 40 * U), (2027, 35 * U), (2028, 25 * U))
    )
    ledger.do(GU, "agreement.register", *registration(row))
    key = commitment_key(BUDGET, 2027, "228", "003")
    whole = commitment_key(BUDGET, 2027, "228")
    assert Commitment.find(ledger.state, Collection.COMMITMENTS, key) == Commitment(35 * U)
    assert Commitment.find(ledger.state, Collection.COMMITMENTS, whole) == Commitment(35 * U)
    assert position(ledger) == {"registered": 40, "allocated": 60}
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert Commitment.find(ledger.state, Collection.COMMITMENTS, key) is None
    assert Commitment.find(ledger.state, Collection.COMMITMENTS, whole) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"date": DAY + 1}, reasons.DATE_AHEAD),
        ({"valid_until": DAY - 1}, reasons.DATE_OUTSIDE),
        ({"takes_effect_after_registration": False}, reasons.AGREEMENT_CLAUSE),
        ({"legal_basis": " "}, reasons.AGREEMENT_BASIS),
        ({"vat": 11 * U}, reasons.AGREEMENT_VAT),
        ({"years": ((2026, 9 * U),)}, reasons.AGREEMENT_SPLIT),
        ({"years": ((2027, 10 * U),)}, reasons.AGREEMENT_YEARS),
        ({"years": ((2026, 5 * U), (2026, 5 * U))}, reasons.AGREEMENT_YEARS),
        ({"years": ((2026, 9 * U), (2027, 1 * U))}, reasons.AGREEMENT_CODES),
        ({"supplier": "000000000000"}, reasons.CODE_UNKNOWN),
        ({"advance_ground": "vaccines"}, reasons.ADVANCE_GROUND),
    ],
)
def test_a_wrong_agreement_is_refused(changes: dict[str, Any], reason: object) -> None:
    assert refused(a_year(a_plan(100)), an_agreement("A", an_obligation("a", 10), **changes)) is reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((an_obligation("a", 10), an_obligation("b", 5)), reasons.AGREEMENT_CODE_TWICE),
        ((an_obligation("a", 10, specific="999"),), reasons.CODE_UNKNOWN),
        ((an_obligation("a", 10, subprogramme="999"),), reasons.CODE_UNKNOWN),
        ((an_obligation("a", 10, advance=4),), reasons.ADVANCE_OVER),
        ((an_obligation("a", 10), an_obligation("a", 10, specific="149")), reasons.OBLIGATION_EXISTS),
        ((an_obligation("a", 101),), reasons.EXCEEDS_OBLIGATIONS_PLAN),
    ],
)
def test_a_wrong_obligation_is_refused(rows: tuple[tuple[Any, ...], ...], reason: object) -> None:
    ledger = a_year(a_plan(100), a_plan(100, specific="149"))
    assert refused(ledger, an_agreement("A", *rows)) is reason


def test_a_number_is_registered_once() -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 10)
    assert refused(ledger, an_agreement("A", an_obligation("b", 10))) is reasons.AGREEMENT_EXISTS


def test_an_institution_that_its_directory_has_closed_registers_nothing() -> None:
    ledger = a_year(a_plan(100))
    ledger.publish("institutions", "2280101", valid_from=DAY, valid_to=DAY)
    register(ledger, "A", 10)
    ledger.open_day(2026, 1, 6)
    assert refused(ledger, an_agreement("B", an_obligation("b", 10))) is reasons.CODE_CLOSED


def test_later_years_cannot_pass_the_largest_number() -> None:
    ledger = a_year(a_plan(100))
    years = ((2026, 10 * U), (2029, 2**63 - 1 - 10 * U))
    first = an_agreement("A", an_obligation("a", 10), years=years, total=2**63 - 1)
    second = an_agreement("B", an_obligation("b", 10), years=years, total=2**63 - 1)
    assert refused(ledger, first, second) is reasons.SUM_TOO_LARGE


EXPERTISE = ("заключение 5", DAY - 30, DAY + 300, 50 * U)


def test_an_agreement_whose_term_is_over_is_not_registered_any_more() -> None:
    ledger = a_year(a_plan(100))
    ledger.open_day(2026, 2, 11)
    row = an_agreement("A", an_obligation("a", 10), valid_until=day_number(2026, 2, 10))
    assert ledger.refused(GU, "agreement.register", *registration(row)).reason is reasons.DATE_OUTSIDE
    row = an_agreement("A", an_obligation("a", 10), valid_until=day_number(2026, 2, 11))
    ledger.do(GU, "agreement.register", *registration(row))


@pytest.mark.parametrize(
    ("expertise", "reason"),
    [
        (None, reasons.EXPERTISE_MISSING),
        ((*EXPERTISE[:2], DAY - 1, EXPERTISE[3]), reasons.EXPERTISE_EXPIRED),
        ((*EXPERTISE[:3], 49 * U), reasons.EXPERTISE_SHORT),
    ],
)
def test_construction_needs_a_sufficient_expertise_in_force(
    expertise: tuple[Any, ...] | None, reason: object
) -> None:
    ledger = a_year(a_plan(100, specific="431"))
    row = an_agreement("A", an_obligation("a", 50, specific="431"), expertise=expertise)
    assert refused(ledger, row) is reason
    ledger.do(GU, "agreement.register", *registration((*row[:15], EXPERTISE, row[16])))


def test_after_20_december_only_reserve_money_and_longer_agreements_are_registered() -> None:
    ledger = with_base(a_year(a_plan(100)))
    ledger.open_day(2026, 12, 20)
    register(ledger, "A", 10)
    ledger.open_day(2026, 12, 21)
    assert refused(ledger, an_agreement("B", an_obligation("b", 10))) is reasons.AFTER_20_DECEMBER
    as_programme(ledger, nature="reserve")
    register(ledger, "C", 10, money="reserve")
    register(ledger, "D", 10, total=30 * U, years=((2026, 10 * U), (2027, 20 * U)))
    ledger.do(GU, "agreement.amend", *an_amendment("A", 20))
    assert position(ledger) == {"registered": 40, "allocated": 60}


def test_reserve_money_is_of_a_reserve_or_of_a_programme_that_got_some_this_year() -> None:
    ledger = a_ledger()
    reserve = a_programme("001", 50, nature="reserve")
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=100), reserve))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100)))
    row = an_agreement("A", an_obligation("a", 10), money="reserve")
    assert refused(ledger, row) is reasons.AGREEMENT_RESERVE
    move = a_move(20, "228/001", "228/003")
    ledger.do("mof", "budget.adjust", *an_adjustment(move, case="reserve", commission=None, proposed=None))
    ledger.do(GU, "agreement.register", *registration(row))


def test_a_construction_starts_by_works_of_a_development_programme() -> None:
    ledger = a_year(a_plan(100))
    works = an_agreement("A", an_obligation("a", 10), money="construction_start")
    assert refused(ledger, works) is reasons.AGREEMENT_START
    as_programme(ledger, is_development=True)
    goods = an_agreement("B", an_obligation("b", 10), money="construction_start", kind="goods")
    assert refused(ledger, goods) is reasons.AGREEMENT_START
    ledger.do(GU, "agreement.register", *registration(works))


@pytest.mark.parametrize(
    ("specific", "ground", "percent"),
    [
        ("159", None, 30), ("141", None, 50), ("142", None, 50), ("155", None, 50), ("151", None, 0),
        ("142", "vaccines", 70), ("431", "complex-equipment", 50), ("414", "defence-order", 75),
        ("159", "prepaid-services", 100), ("159", "price-quotation", 0),
    ],
)  # fmt: skip
def test_the_highest_advance_by_specific_and_ground(specific: str, ground: str | None, percent: int) -> None:
    assert advance_percent(specific, ground) == percent


def test_every_ground_of_a_higher_advance_names_its_article() -> None:
    assert all(article.startswith("TP ") for _, article, _ in ADVANCE_GROUNDS.values())


# --- suspension and holds


def test_a_suspended_programme_registers_nothing_and_amends_down_only() -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 20)
    ledger.do("treasury", "treasury.suspend", PROGRAMME_SCOPE, 2, "распоряжение")
    assert refused(ledger, an_agreement("B", an_obligation("b", 1))) is reasons.SUSPENDED
    up = ledger.refused(GU, "agreement.amend", *an_amendment("A", 21))
    assert up.reason is reasons.SUSPENDED
    ledger.do(GU, "agreement.amend", *an_amendment("A", 15))
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert position(ledger) == {"allocated": 100}


def test_blocked_money_is_not_registered() -> None:
    ledger = a_year(a_plan(100))
    with_shortfall(ledger, 95)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(95)))
    assert refused(ledger, an_agreement("A", an_obligation("a", 6))) is reasons.EXCEEDS_FREE
    register(ledger, "B", 5)


# --- supplements


def test_a_supplement_closes_the_notification_and_issues_one_for_the_sum_less_cash() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 500, advance=100)
    pay(ledger, 1, "a", 100)
    events = ledger.do(GU, "agreement.amend", *an_amendment("A", 600, 120))
    assert events == (
        ("agreement.obligation-amended", GU, "A", "a", "2280101/26-a-2", 500 * U),
        ("agreement.amended", GU, "A", "1", 600 * U),
    )
    assert position(ledger) == {"registered": 500, "advanced": 100, "allocated": 400}
    assert invariants.recount(ledger.state) == ()


def test_a_reduction_to_what_is_paid_closes_the_obligation() -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 60, kind="goods")
    sign(ledger, "act-1", "a", 40)
    pay(ledger, 1, "a", 40, "act-1")
    events = ledger.do(GU, "agreement.amend", *an_amendment("A", 40))
    assert events[0] == ("agreement.obligation-amended", GU, "A", "a", "", 0)
    found = obligation(ledger, "a")
    assert found is not None
    assert (found.is_open, found.notifications) == (False, 1)


def test_an_amendment_changes_what_later_years_count() -> None:
    ledger = with_base(a_year(a_plan(100)))
    register(ledger, "A", 10, total=30 * U, years=((2026, 10 * U), (2027, 20 * U)))
    years = ((2026, 10 * U), (2027, 5 * U), (2028, 7 * U))
    ledger.do(GU, "agreement.amend", *an_amendment("A", 10, total=22 * U, years=years, obligations=()))
    found = [
        Commitment.find(ledger.state, Collection.COMMITMENTS, commitment_key(BUDGET, year, "228", "003"))
        for year in (2027, 2028)
    ]
    assert found == [Commitment(5 * U), Commitment(7 * U)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"agreement": "B"}, reasons.AGREEMENT_NONE),
        ({"date": DAY + 1}, reasons.DATE_OUTSIDE),
        ({"valid_until": DAY - 1}, reasons.DATE_OUTSIDE),
        ({"obligations": (filled_amendment("b", 300),)}, reasons.OBLIGATION_NONE),
        ({"obligations": (filled_amendment("a", 299),)}, reasons.AGREEMENT_CODES),
        ({"obligations": (filled_amendment("a", 300, 91),)}, reasons.ADVANCE_OVER),
        ({"obligations": (filled_amendment("a", 1_001),)}, reasons.EXCEEDS_OBLIGATIONS_PLAN),
    ],
)
def test_a_wrong_supplement_is_refused(changes: dict[str, Any], reason: object) -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 500)
    assert ledger.refused(GU, "agreement.amend", *an_amendment("A", 300, **changes)).reason is reason


def test_an_advance_outstanding_must_stay_within_its_limit_of_the_new_sum() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, advance=300)
    pay(ledger, 1, "a", 300)
    refusal = ledger.refused(GU, "agreement.amend", *an_amendment("A", 999))
    assert refusal.reason is reasons.ADVANCE_OUTSTANDING


def test_a_supplement_is_registered_once_and_not_after_termination() -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 50)
    ledger.do(GU, "agreement.amend", *an_amendment("A", 60))
    assert ledger.refused(GU, "agreement.amend", *an_amendment("A", 70)).reason is reasons.SUPPLEMENT_EXISTS
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    ended = ledger.refused(GU, "agreement.amend", *an_amendment("A", 70, supplement="2"))
    assert ended.reason is reasons.AGREEMENT_ENDED


# --- termination


def test_termination_keeps_what_is_due_and_claims_the_advance() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, advance=300)
    pay(ledger, 1, "a", 300)
    sign(ledger, "act-1", "a", 200)
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    assert position(ledger) == {"allocated": 560, "payable": 140, "advanced": 240, "paid": 60}
    claim = Claim.find(ledger.state, Collection.CLAIMS, claim_key(GU, "a"))
    assert claim == Claim(a_line(specific="159"), SUPPLIER, 240 * U, DAY)
    pay(ledger, 2, "a", 140, "act-1")
    assert invariants.recount(ledger.state) == ()


def test_a_termination_is_not_of_the_future() -> None:
    ledger = a_year(a_plan(100))
    register(ledger, "A", 50)
    refusal = ledger.refused(GU, "agreement.terminate", *a_termination("A", date=day_number(2026, 1, 6)))
    assert refusal.reason is reasons.DATE_OUTSIDE
