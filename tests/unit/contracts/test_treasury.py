"""The operational day and suspensions."""

import pytest

from contracts import reasons
from contracts.actions import Call
from contracts.calendar import day_number
from contracts.records import Collection, Day, Line, Suspension, operational_day
from contracts.rejection import RejectionError
from contracts.state import Overlay
from contracts.treasury import (
    DAYS_AHEAD_MAXIMUM,
    GROUNDS,
    GROUNDS_OF_SCOPE_MAXIMUM,
    Scope,
    programme_of,
    refuse_if_suspended,
)
from tests.support.budget import Ledger, a_fresh_ledger, a_ledger, a_line

GU = "gu-2280101"
LINE = a_line()


def is_suspended(ledger: Ledger, holder: str, line: Line, agreement: str | None = None) -> bool:
    call = Call(Overlay(ledger.state), ledger.context(), 0, ledger.chain_id, "", None, (), ())  # type: ignore[arg-type]
    try:
        refuse_if_suspended(call, holder, line, agreement)
    except RejectionError as refusal:
        return refusal.reason is reasons.SUSPENDED
    return False


def values(scope: Scope) -> tuple[str | int | None, ...]:
    return (
        scope.kind, scope.budget, scope.year, scope.administrator, scope.programme, scope.subprogramme,
        scope.specific, scope.holder, scope.agreement,
    )  # fmt: skip


def test_a_day_is_opened_by_the_treasury_and_only_forward() -> None:
    ledger = a_fresh_ledger()
    assert operational_day(ledger.state) is None
    ledger.open_day(2026, 1, 5)
    assert Day.find(ledger.state, Collection.DAY, b"") == Day(day_number(2026, 1, 5), 1)
    for number in (4, 5):
        refusal = ledger.refused("treasury", "treasury.open_day", day_number(2026, 1, number))
        assert refusal.reason is reasons.DAY_BACK
    assert ledger.refused("mof", "treasury.open_day", day_number(2026, 1, 6)).reason is reasons.WRONG_KIND


def test_a_day_opened_by_mistake_cannot_be_more_than_a_year_away() -> None:
    ledger = a_ledger()
    limit = day_number(2026, 1, 5) + DAYS_AHEAD_MAXIMUM
    assert ledger.refused("treasury", "treasury.open_day", limit + 1).reason is reasons.DAY_FAR
    ledger.do("treasury", "treasury.open_day", limit)
    assert operational_day(ledger.state) == limit


@pytest.mark.parametrize(
    ("scope", "stops"),
    [
        (Scope("programme", "01.kz", 2026, "228", "003"), [True, True, False, True, True]),
        (Scope("abp", "01.kz", administrator="228"), [True] * 5),
        (Scope("gu", "01.kz", holder=GU), [True, False, True, True, True]),
        (Scope("code", "01.kz", 2026, "228", "003", "100"), [True, True, False, True, False]),
        (Scope("code", "01.kz", 2026, "228", "003", "100", "421"), [True, True, False, False, False]),
        (Scope("code", "01.kz", 2026, "228", "003", "100", "421", GU), [True, False, False, False, False]),
        (Scope("agreement", "01.kz", holder=GU, agreement="7"), [False] * 5),
    ],
)
def test_a_suspension_stops_exactly_its_scope(scope: Scope, stops: list[bool]) -> None:
    ledger = a_ledger()
    ledger.do("treasury", "treasury.suspend", values(scope), 1, "приказ 1")
    met = [
        (GU, LINE),
        ("gu-2280102", LINE),
        (GU, a_line(programme="001")),
        (GU, a_line(specific="159")),
        (GU, a_line(subprogramme="104", specific="159")),
    ]
    assert [is_suspended(ledger, holder, line) for holder, line in met] == stops
    assert is_suspended(ledger, GU, LINE, "7") is (stops[0] or scope.kind == "agreement")
    assert not is_suspended(ledger, "gu-2260101", a_line("226"))


def test_operations_go_on_when_the_last_ground_is_lifted() -> None:
    ledger = a_ledger()
    scope = values(programme_of(LINE))
    ledger.do("treasury", "treasury.suspend", scope, 5, "решение комиссии")
    ledger.do("treasury", "treasury.suspend", scope, 11, "КСН")
    ledger.do("treasury", "treasury.resume", scope, 5, "решение комиссии")
    assert is_suspended(ledger, GU, LINE)
    ledger.do("treasury", "treasury.resume", scope, 11, "КСН")
    assert not is_suspended(ledger, GU, LINE)
    assert ledger.state.scan(Collection.SUSPENSIONS, b"", 1) == []


def test_a_ground_stands_once_and_only_a_standing_one_is_lifted() -> None:
    ledger = a_ledger()
    scope = values(programme_of(LINE))
    ledger.do("treasury", "treasury.suspend", scope, 5, "A")
    for action, document, reason in (
        ("treasury.suspend", "A", reasons.SUSPENDED_TWICE),
        ("treasury.resume", "B", reasons.NOT_SUSPENDED),
    ):
        assert ledger.refused("treasury", action, scope, 5, document).reason is reason
    found = Suspension.find(ledger.state, Collection.SUSPENSIONS, programme_of(LINE).key())
    assert found == Suspension(((5, "A", day_number(2026, 1, 5)),))


@pytest.mark.parametrize(
    "scope",
    [
        Scope("programme", "01.kz", 2026, "228"),
        Scope("programme", "01.kz", 2026, "228", "003", "100"),
        Scope("gu"),
        Scope("gu", holder=GU),
        Scope("abp", "01.kz", 2026, "228"),
        Scope("agreement", "01.kz", agreement="7"),
        Scope("agreement", holder=GU, agreement="7"),
        Scope("code", "01.kz", 2026, "228", "003", specific="421"),
    ],
)
def test_a_scope_names_exactly_its_fields(scope: Scope) -> None:
    refusal = a_ledger().refused("treasury", "treasury.suspend", values(scope), 1, "A")
    assert refusal.reason is reasons.SCOPE_FIELDS


def test_the_grounds_are_those_of_the_budget_code() -> None:
    assert list(GROUNDS) == list(range(1, 12))
    refusal = a_ledger().refused("treasury", "treasury.suspend", values(programme_of(LINE)), 12, "A")
    assert refusal.reason is reasons.BAD_ARGUMENTS


def test_a_refusal_names_the_ground_in_three_languages() -> None:
    ledger = a_ledger()
    ledger.do("treasury", "treasury.suspend", values(programme_of(LINE)), 11, "A")
    call = Call(Overlay(ledger.state), ledger.context(), 0, ledger.chain_id, "", None, (), ())  # type: ignore[arg-type]
    with pytest.raises(RejectionError) as refusal:
        refuse_if_suspended(call, GU, LINE)
    facts = dict(refusal.value.facts)
    assert (facts["ground"], facts["document"]) == (11, "A")
    assert (facts["text_kk"], facts["text_ru"], facts["text_en"]) == GROUNDS[11]


def test_a_treasury_suspends_nobody_in_a_budget_that_names_another() -> None:
    ledger = a_ledger()
    entry = ("01.kz", day_number(2026, 1, 6), None, "01.kz", "01.kz", None, (("treasury", "mof"),))
    ledger.do("mof", "directory.publish", "budgets", (entry,))
    ledger.open_day(2026, 1, 6)
    scope = Scope("gu", "01.kz", holder=GU)
    refusal = ledger.refused("treasury", "treasury.suspend", values(scope), 1, "A")
    assert refusal.reason is reasons.BUDGET_AUTHORITY


def test_no_scope_stands_under_more_than_a_hundred_grounds() -> None:
    ledger = a_ledger()
    scope = values(Scope("gu", "01.kz", holder=GU))
    for number in range(GROUNDS_OF_SCOPE_MAXIMUM):
        ledger.do("treasury", "treasury.suspend", scope, 2, f"A {number}")
    refusal = ledger.refused("treasury", "treasury.suspend", scope, 2, "one more")
    assert refusal.reason is reasons.SUSPENDED_FULL
    ledger.do("treasury", "treasury.resume", scope, 2, "A 7")
    ledger.do("treasury", "treasury.suspend", scope, 2, "one more")
