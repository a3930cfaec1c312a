"""Ratings that anybody can recompute, and money of the plans that is not accepted in time."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from contracts import conduct, incentives, invariants, reasons
from contracts.calendar import day_number
from contracts.conduct import conduct_of
from contracts.incentives import Facts, overdue_month, parts_of, propose, score_of, unaccepted
from contracts.records import (
    Collection,
    Conduct,
    PlanWarning,
    Rating,
    conduct_key,
    latest_rating_of,
    rating_key,
    warning_key,
)
from contracts.rejection import Reason
from tests.support import route
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    BUDGET,
    GU,
    YEAR,
    U,
    Values,
    a_block,
    a_certificate,
    a_held_row,
    a_plan,
    a_rating_document,
    a_rating_row,
    a_warning,
    a_warning_row,
    a_year,
    an_objection,
    close_year,
    cumulative,
    of_programme,
    register,
    with_shortfall,
)

NOTHING = Facts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
MARCH_5 = day_number(2026, 3, 5)


# --- the formula


@pytest.mark.parametrize(
    ("changes", "part", "earned"),
    [
        ({"planned_obligations": 3, "accepted": 2}, "acceptance", 6_666),
        ({"planned_obligations": 3, "accepted": 4}, "acceptance", 10_000),
        ({}, "acceptance", 10_000),
        ({"planned_payments": 4, "redeemed": 1}, "payment", 2_500),
        ({"given_back": 1, "overdue": 3}, "economy", 2_500),
        ({}, "economy", 10_000),
        ({"programmes": 2, "amendments": 1}, "stability", 7_500),
        ({"programmes": 1, "amendments": 5}, "stability", 0),
        ({"requests": 3, "refusals": 1}, "discipline", 6_667),
        ({}, "discipline", 10_000),
    ],
)
def test_a_part_earns_its_share(changes: dict[str, int], part: str, earned: int) -> None:
    names = [name for name, _, _ in incentives.WEIGHTS]
    assert parts_of(replace(NOTHING, **changes), 2)[names.index(part)] == earned


def test_a_score_is_of_a_hundred_points_rounded_down() -> None:
    assert score_of((10_000,) * 5) == 100
    assert score_of((0,) * 5) == 0
    assert score_of((5_000, 3_333, 0, 10_000, 0)) == 39


@pytest.mark.parametrize("part", [name for name, _, _ in incentives.WEIGHTS])
def test_every_part_is_explained_in_three_languages(part: str) -> None:
    texts = {name: texts for name, _, texts in incentives.WEIGHTS}[part]
    assert len(set(texts)) == 3


@pytest.mark.parametrize(
    ("date", "month"),
    [((2026, 1, 31), 0), ((2026, 3, 2), 0), ((2026, 3, 3), 1), ((2026, 12, 31), 11), ((2027, 2, 1), 12)],
)
def test_a_month_is_overdue_so_many_days_after_its_end(date: tuple[int, int, int], month: int) -> None:
    assert overdue_month(2026, day_number(*date), 30) == month


# --- conduct


def test_conduct_is_counted_by_administrator_and_year() -> None:
    ledger = a_year(a_plan(100))
    key = conduct_key(BUDGET, YEAR, "228")
    ledger.state.commit({(Collection.CONDUCT, key): Conduct(2, 5, 1).encode()})
    assert conduct_of(ledger.state, BUDGET, YEAR, "228") == Conduct(2, 5, 1)
    assert conduct_of(ledger.state, BUDGET, YEAR, "226") == Conduct(0, 0, 0)
    assert {conduct.AMENDMENTS, conduct.REQUESTS, conduct.REFUSALS} == set(Conduct.__match_args__)


# --- rating.compute


def a_rated_year() -> Ledger:
    """400 of 1,000 accepted in January, nothing paid."""
    ledger = a_year(a_plan(1_000, payments=cumulative(1_000, 500)))
    register(ledger, "A-1", 400)
    return ledger


def test_a_rating_is_recorded_as_the_ledger_gives_it() -> None:
    ledger = a_rated_year()
    ledger.do("mof", "rating.compute", *a_rating_document(a_rating_row(ledger)))
    found = Rating.find(ledger.state, Collection.RATINGS, rating_key(BUDGET, YEAR, 1, "228"))
    assert found == Rating(
        1, day_number(2026, 1, 5), (1_000 * U, 400 * U, 500 * U, 0, 0, 0, 1, 0, 0, 0),
        (4_000, 0, 10_000, 10_000, 10_000), 52,
    )  # fmt: skip
    assert latest_rating_of(ledger.state, BUDGET, YEAR, "228") == found
    assert latest_rating_of(ledger.state, BUDGET, YEAR + 1, "228") == found
    assert latest_rating_of(ledger.state, BUDGET, YEAR, "226") is None
    assert invariants.recount(ledger.state) == ()


def test_december_is_rated_until_the_year_is_closed() -> None:
    ledger = a_rated_year()
    ledger.open_day(2027, 1, 5)
    row = a_rating_row(ledger, month=12)
    ledger.do("mof", "rating.compute", *a_rating_document(row, month=12))
    close_year(ledger)
    refusal = ledger.refused("mof", "rating.compute", *a_rating_document(row, month=12))
    assert refusal.reason is reasons.YEAR_CLOSED


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"accepted": 401 * U}, "accepted"), ({"economy": 1}, "economy"), ({"score": 53}, "score")],
)
def test_a_figure_that_the_ledger_does_not_give_is_refused(changes: dict[str, int], field: str) -> None:
    ledger = a_rated_year()
    row = a_rating_row(ledger, "228", 1, **changes)
    refusal = ledger.refused("mof", "rating.compute", *a_rating_document(row))
    assert refusal.reason is reasons.RATING_FIGURE
    assert dict(refusal.facts)["field"] == field


@pytest.mark.parametrize(
    ("rows", "changes", "reason"),
    [
        (("228",), {"month": 2}, reasons.RATING_MONTH),
        (("228",), {"formula": 2}, reasons.RATING_FORMULA),
        (("228", "228"), {}, reasons.RATING_TWICE),
        (("226",), {}, reasons.RATING_NOTHING),
    ],
)
def test_a_rating_that_cannot_be_recomputed_is_refused(
    rows: tuple[str, ...], changes: dict[str, int], reason: Reason
) -> None:
    ledger = a_rated_year()
    document = a_rating_document(*(a_rating_row(ledger, code) for code in rows), **changes)
    assert ledger.refused("mof", "rating.compute", *document).reason is reason


# --- money not accepted in time


def an_idle_year() -> Ledger:
    """Planned 600 in January and 400 in April; 250 accepted; 5 March open."""
    months = cumulative(1_000, 600, 600, 600)
    ledger = a_year(a_plan(1_000, obligations=months, payments=months))
    register(ledger, "A-1", 250)
    ledger.open_day(2026, 3, 5)
    return ledger


def test_what_is_planned_and_not_accepted_is_found() -> None:
    ledger = an_idle_year()
    line = a_line(specific="159")
    assert list(unaccepted(ledger.state, BUDGET, YEAR, MARCH_5)) == [
        incentives.Unaccepted(GU, line, 1, 600 * U, 350 * U)
    ]
    assert list(unaccepted(ledger.state, BUDGET, YEAR, day_number(2026, 2, 20))) == []
    assert list(unaccepted(ledger.state, BUDGET, YEAR + 1, MARCH_5)) == []


def test_what_the_treasury_holds_is_not_the_institutions_delay() -> None:
    ledger = a_year(a_plan(600))
    with_shortfall(ledger, 500)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(500)))
    ledger.open_day(2026, 3, 5)
    (found,) = unaccepted(ledger.state, BUDGET, YEAR, MARCH_5)
    assert found.amount == 100 * U


def warning_of(ledger: Ledger) -> PlanWarning | None:
    return PlanWarning.find(ledger.state, Collection.WARNINGS, warning_key(GU, a_line(specific="159")))


def test_a_warning_then_an_objection_stops_the_proposal() -> None:
    ledger = an_idle_year()
    assert list(propose(ledger.state, BUDGET, YEAR, MARCH_5)) == []
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    assert warning_of(ledger) == PlanWarning(1, 350 * U, MARCH_5, None, None)
    (proposal,) = propose(ledger.state, BUDGET, YEAR, MARCH_5)
    assert proposal.freed == 350 * U
    ledger.do("mot", "unaccepted.object", *an_objection())
    assert warning_of(ledger) == PlanWarning(1, 350 * U, MARCH_5, MARCH_5, "конкурс не состоялся")
    assert list(propose(ledger.state, BUDGET, YEAR, MARCH_5)) == []
    assert invariants.recount(ledger.state) == ()


def test_a_proposal_takes_out_what_is_overdue_and_leaves_later_months_theirs() -> None:
    ledger = an_idle_year()
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    (proposal,) = propose(ledger.state, BUDGET, YEAR, MARCH_5)
    figures = cumulative(650, 600, 600, 250)
    assert proposal.row == (GU, "100", "159", None, figures, figures)


def test_a_proposal_is_an_amendment_that_the_treasury_can_agree_to() -> None:
    ledger = an_idle_year()
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    (proposal,) = propose(ledger.state, BUDGET, YEAR, MARCH_5)
    route.submit(ledger, "mot", "plan.amend", *a_certificate(proposal.row, kind="b"))
    route.decide(ledger, "sign", "treasury", 1)
    assert of_programme(ledger) == {"adopted": 99_350, "allocated": 400, "registered": 250}
    assert list(unaccepted(ledger.state, BUDGET, YEAR, MARCH_5)) == []
    assert invariants.recount(ledger.state) == ()


def test_a_proposal_shrinks_with_what_is_accepted_meanwhile() -> None:
    ledger = an_idle_year()
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    register(ledger, "A-2", 300, date=MARCH_5)
    (proposal,) = propose(ledger.state, BUDGET, YEAR, MARCH_5)
    assert proposal.freed == 50 * U
    register(ledger, "A-3", 50, date=MARCH_5)
    assert list(propose(ledger.state, BUDGET, YEAR, MARCH_5)) == []


def test_a_later_month_is_warned_of_anew() -> None:
    ledger = an_idle_year()
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    ledger.do("mot", "unaccepted.object", *an_objection())
    ledger.open_day(2026, 6, 1)
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(750, month=4)))
    found = warning_of(ledger)
    assert found is not None
    assert (found.month, found.objected) == (4, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (a_warning_row(350, month=2), reasons.UNACCEPTED_MONTH),
        (a_warning_row(351), reasons.UNACCEPTED_AMOUNT),
        (a_warning_row(350, specific="149"), reasons.PLAN_NONE),
    ],
)
def test_a_warning_that_the_ledger_does_not_bear_out_is_refused(row: Values, reason: Reason) -> None:
    assert an_idle_year().refused("mof", "unaccepted.warn", *a_warning(row)).reason is reason


def test_a_position_is_warned_of_once_a_month() -> None:
    document = a_warning(a_warning_row(350), a_warning_row(350))
    assert an_idle_year().refused("mof", "unaccepted.warn", *document).reason is reasons.UNACCEPTED_WARNED


def test_only_a_warning_is_objected_to_and_once() -> None:
    ledger = an_idle_year()
    refusal = ledger.refused("mot", "unaccepted.object", *an_objection())
    assert refusal.reason is reasons.UNACCEPTED_NONE
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    foreign = ledger.refused("moh", "unaccepted.object", *an_objection())
    assert foreign.reason is reasons.UNACCEPTED_NONE
    ledger.do("mot", "unaccepted.object", *an_objection())
    again = ledger.refused("mot", "unaccepted.object", *an_objection())
    assert again.reason is reasons.UNACCEPTED_OBJECTED


def test_nothing_is_warned_of_after_the_year() -> None:
    ledger = an_idle_year()
    ledger.open_day(2027, 1, 5)
    refusal = ledger.refused("mof", "unaccepted.warn", *a_warning(a_warning_row(750, month=11)))
    assert refusal.reason is reasons.YEAR_NOT_OPEN


def test_the_published_formula_is_the_one_that_counts() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/ratings.md").read_text(encoding="utf-8")
    section = page.split("## Formula 1", 1)[1]
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*?) \|", section, re.MULTILINE)
    assert [(name, int(points), text) for name, points, text in rows] == [
        (name, points, texts[2]) for name, points, texts in incentives.WEIGHTS
    ]
