"""Ratings of administrators, and money of the plans that is not accepted in time (E-Qazyna concept).

The formula is published, versioned and counts facts of the ledger only, in integers: anybody with the state
computes the same figures, and a document that states others is refused. Nothing here annuls money: before
31 December the law knows no ground for it. A warning may be objected to; without objection an amendment of
the plan is proposed. What a low rating costs is switched on by the members' ballot (`rating-effects`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from chain.codec import AMOUNT, NAME, UINT, Fields, ListOf, Row, Text, Uint, Value
from contracts import budgets, plans, reasons, years
from contracts.actions import Call, action, row
from contracts.calendar import civil, day_number, iso_date
from contracts.conduct import conduct_of
from contracts.fields import CODE3, DOCUMENT_NUMBER, PLAN_UNIT, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.params import params_of
from contracts.records import (
    ACCEPTED,
    HELD_ALLOCATED,
    REDEEMED,
    Appropriation,
    Collection,
    Kind,
    Line,
    Plan,
    PlanWarning,
    Rating,
    Role,
    Stage,
    Token,
    TokenKey,
    balance_of,
    plan_key,
    position_scope,
    prefix_of,
    programme_scope,
    put,
    rating_key,
    trusted,
    warning_key,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

PAGE: Final = 1_000

WHOLE: Final = 10_000
"""A part that earns everything: a hundred points, in hundredths of a point."""

FORMULA: Final = 1
"""Version of the formula in force. A later one comes with a later version of `rating.compute`."""

WEIGHTS: Final[tuple[tuple[str, int, tuple[str, str, str]], ...]] = (
    (
        "acceptance", 30,
        (
            "қабылданған міндеттемелер ÷ міндеттемелер бойынша жоспар (айға, өсу қорытындысымен)",
            "принятые обязательства ÷ план по обязательствам на месяц нарастающим итогом",
            "accepted ÷ obligations plan of the month, cumulative",
        ),
    ),
    (
        "payment", 30,
        (
            "кассалық атқарылу ÷ төлемдер бойынша жоспар (айға, өсу қорытындысымен)",
            "кассовое исполнение ÷ план по платежам на месяц нарастающим итогом",
            "redeemed ÷ payments plan of the month, cumulative",
        ),
    ),
    (
        "economy", 10,
        (
            "өзі қайтарған ÷ (өзі қайтарған + мерзімінде қабылданбаған)",
            "отданное самим администратором ÷ (отданное + не принятое в срок)",
            "given back ÷ (given back + not accepted in time)",
        ),
    ),
    (
        "stability", 15,
        (
            "1 − жоспар өзгерістері ÷ (бағдарламалар × айлар)",
            "1 − справки об изменении планов ÷ (программы × месяцы)",
            "1 − amendments of plans ÷ (programmes × months)",
        ),
    ),
    (
        "discipline", 15,
        (
            "1 − орындалмай қайтарылған шоттар ÷ берілген шоттар (236-тармақ)",
            "1 − возвращённые без исполнения счета ÷ поданные счета (п. 236)",
            "1 − payment requests returned (TP 236) ÷ requests made",
        ),
    ),
)  # fmt: skip
"""Parts of formula 1: name, points it can earn, what it is, in Kazakh, Russian, English. Where nothing is
divided by (no plan, no requests) a part earns everything."""

assert sum(points for _, points, _ in WEIGHTS) == 100, "a rating is of a hundred points"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the formula counts, of one administrator to the end of a month. Amounts in tiyn.

    `given_back`: refined and adjusted down; `overdue`: of the obligations plan of the latest month that ended
    `unaccepted-days` ago, what is not accepted; `programmes`: those with plans.
    """

    planned_obligations: int
    accepted: int
    planned_payments: int
    redeemed: int
    given_back: int
    overdue: int
    programmes: int
    amendments: int
    requests: int
    refusals: int

    def values(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)


def facts_of(state: StateReader, budget: str, year: int, month: int, administrator: str, day: int) -> Facts:
    """The facts as the state has them on the operational day."""
    ended = overdue_month(year, day, params_of(state)["unaccepted-days"])
    sums = dict.fromkeys(Facts.__match_args__, 0)
    for programme, appropriation in _programmes(state, budget, year, administrator):
        sums["given_back"] += appropriation.refined_down + appropriation.adjusted_down
        plan = plans.consolidated_of(state, budget, year, administrator, programme)
        if plan.obligations[11] == 0:
            continue
        balance = balance_of(
            state, programme_scope(Line(budget, year, "1", administrator, programme, None, None))
        )
        accepted = balance.total(ACCEPTED)
        sums["programmes"] += 1
        sums["planned_obligations"] += plan.obligations[month - 1]
        sums["planned_payments"] += plan.payments[month - 1]
        sums["accepted"] += accepted
        sums["redeemed"] += balance.total(REDEEMED)
        if ended:
            due = min(plan.obligations[ended - 1], plan.obligations[month - 1])
            sums["overdue"] += max(0, due - accepted)
    counted = conduct_of(state, budget, year, administrator)
    return Facts(**{
        **sums,
        "amendments": counted.amendments, "requests": counted.requests, "refusals": counted.refusals,
    })  # fmt: skip


def _programmes(
    state: StateReader, budget: str, year: int, administrator: str
) -> Iterator[tuple[str, Appropriation]]:
    """Programmes of an administrator; codes have three digits, so they are at most a thousand."""
    prefix = prefix_of(4, budget, year, administrator)
    for key, value in state.scan(Collection.APPROPRIATIONS, prefix, PAGE):
        if not key.startswith(prefix):
            return
        yield trusted(key)[3], Appropriation.decode(value)


def overdue_month(year: int, day: int, days: int) -> int:
    """The latest month of the year that ended more than `days` before the day; 0 when none did."""
    for month in range(12, 0, -1):
        following = day_number(year + month // 12, month % 12 + 1, 1)
        if day >= following + days:
            return month
    return 0


def parts_of(facts: Facts, month: int) -> tuple[int, ...]:
    """What each part of formula 1 earns, in hundredths of a point, in the order of WEIGHTS."""
    given, overdue = facts.given_back, facts.overdue
    return (
        _share(facts.accepted, facts.planned_obligations),
        _share(facts.redeemed, facts.planned_payments),
        _share(given, given + overdue),
        WHOLE - _share(facts.amendments, facts.programmes * month, empty=0),
        WHOLE - _share(facts.refusals, facts.requests, empty=0),
    )


def _share(part: int, whole: int, empty: int = WHOLE) -> int:
    """part ÷ whole in ten-thousandths, rounded down and at most everything; `empty` where whole is 0."""
    return empty if whole == 0 else min(WHOLE, part * WHOLE // whole)


def score_of(parts: tuple[int, ...]) -> int:
    """0–100 points: Σ points × part, rounded down."""
    return sum(points * part for (_, points, _), part in zip(WEIGHTS, parts, strict=True)) // WHOLE


def rate(state: StateReader, budget: str, year: int, month: int, administrator: str, day: int) -> Rating:
    """The rating that the state gives an administrator on the operational day."""
    facts = facts_of(state, budget, year, month, administrator, day)
    parts = parts_of(facts, month)
    return Rating(FORMULA, day, facts.values(), parts, score_of(parts))


# --- rating.compute

_POINTS = Uint(0, WHOLE)
_FACTS: Fields = (
    ("planned_obligations", AMOUNT),
    ("accepted", AMOUNT),
    ("planned_payments", AMOUNT),
    ("redeemed", AMOUNT),
    ("given_back", AMOUNT),
    ("overdue", AMOUNT),
    ("programmes", UINT),
    ("amendments", UINT),
    ("requests", UINT),
    ("refusals", UINT),
)
_PARTS: Fields = tuple((name, _POINTS) for name, _, _ in WEIGHTS)

RATING_ROW = Row("rating", (("administrator", CODE3), *_FACTS, *_PARTS, ("score", Uint(0, 100))))

ADMINISTRATORS_MAXIMUM: Final = 200
"""Rows of a document; the republican budget has some forty administrators."""

COMPUTE = Row(
    "rating.compute",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("month", Uint(1, 12)),
        ("formula", Uint(1, 1_000)),
        ("ratings", ListOf(RATING_ROW, ADMINISTRATORS_MAXIMUM, 1)),
    ),
)


@action(
    "rating.compute",
    COMPUTE,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="EQ",
    summary="Record ratings of administrators for the open month, as the published formula gives them",
    is_batch=True,
)
def compute(call: Call) -> None:
    """Moves no money. Every figure of a row is the ledger's, or the document is refused."""
    budget, year, month, formula, ratings = fields_of(call.arguments)
    budgets.require_authority(call, budget)
    _check_month(call, budget, year, month)
    if formula != FORMULA:
        raise RejectionError(reasons.RATING_FORMULA, formula=formula, found=FORMULA)
    named: set[str] = set()
    for number, (administrator, *stated) in enumerate(ratings, 1):
        with row(number):
            if administrator in named:
                raise RejectionError(reasons.RATING_TWICE, administrator=administrator)
            named.add(administrator)
            rating = rate(call.state, budget, year, month, administrator, call.day())
            _check_rating(rating, administrator, tuple(stated))
            key = rating_key(budget, year, month, administrator)
            put(call.state, Collection.RATINGS, key, rating)
            call.emit("rating.computed", budget, year, month, administrator, formula, rating.score)


def _check_month(call: Call, budget: str, year: int, month: int) -> None:
    """A rating is of the open month, or of December until the year is closed: of no other has the state the
    figures."""
    years.refuse_closed(call, budget, year)
    open_year, open_month, _ = civil(call.day())
    rated = open_month if year == open_year else 12 if year < open_year else 0
    if month != rated:
        raise RejectionError(reasons.RATING_MONTH, month=month, year=year, found=rated)


def row_of(administrator: str, rating: Rating) -> tuple[Value, ...]:
    """A rating as a row of `rating.compute`."""
    return (administrator, *rating.figures, *rating.parts, rating.score)


def _check_rating(rating: Rating, administrator: str, stated: tuple[int, ...]) -> None:
    names = [name for name, _ in RATING_ROW.fields[1:]]
    found = row_of(administrator, rating)[1:]
    if rating.figures[Facts.__match_args__.index("programmes")] == 0:
        raise RejectionError(reasons.RATING_NOTHING, administrator=administrator)
    for name, figure, counted in zip(names, stated, found, strict=True):
        if figure != counted:
            raise RejectionError(
                reasons.RATING_FIGURE,
                administrator=administrator, field=name, stated=str(figure), found=str(counted),
            )  # fmt: skip


# --- money of the obligations plan that is not accepted in time


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """A position whose plan of a month that ended is not accepted. `plan`: to that month; amounts in tiyn."""

    holder: str
    line: Line
    month: int
    plan: int
    amount: int

    def row(self) -> tuple[Value, ...]:
        """As a row of `unaccepted.warn`."""
        return (self.holder, *_codes(self.line), self.month, self.amount)


def unaccepted(state: StateReader, budget: str, year: int, day: int) -> Iterator[Unaccepted]:
    """All of a budget and year, `unaccepted-days` after their month, in the order of holders and lines."""
    month = overdue_month(year, day, params_of(state)["unaccepted-days"])
    start = b""
    while month:
        page = state.scan(Collection.PLANS, start, PAGE)
        for key, value in page:
            holder, values = trusted(key)
            line = Line(*values)
            if (line.budget, line.year) == (budget, year):
                plan = due_by(Plan.decode(value), month, year, day)
                amount = not_accepted(state, holder, line, plan)
                if amount:
                    yield Unaccepted(holder, line, month, plan, amount)
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"


def is_warned(state: StateReader, found: Unaccepted) -> bool:
    """Whether the position was warned of for this month already."""
    warning = PlanWarning.find(state, Collection.WARNINGS, warning_key(found.holder, found.line))
    return warning is not None and warning.month == found.month


def due_by(plan: Plan, month: int, year: int, day: int) -> int:
    """Tiyn of the obligations plan to the month's end, less what was taken out of it since.

    The figures of a closed month stay as history (TP 48); what the plan has become shows in the open month.
    """
    still = min(closed_months(year, day) + 1, 12)
    return min(plan.obligations[month - 1], plan.obligations[still - 1])


def not_accepted(state: StateReader, holder: str, line: Line, plan: int) -> int:
    """Tiyn of the plan that are neither accepted nor held by the treasury."""
    balance = balance_of(state, position_scope(holder, line))
    return max(0, plan - balance.total(ACCEPTED) - balance.amounts[HELD_ALLOCATED])


_POSITION: Fields = (
    ("holder", NAME),
    ("administrator", CODE3),
    ("programme", CODE3),
    ("subprogramme", CODE3),
    ("specific", CODE3),
)

WARNING_ROW = Row("warning", (*_POSITION, ("month", Uint(1, 12)), ("amount", POSITIVE)))

WARN = Row(
    "unaccepted.warn",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("document", DOCUMENT_NUMBER),
        ("rows", ListOf(WARNING_ROW, ROWS, 1)),
    ),
)


@action(
    "unaccepted.warn",
    WARN,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="EQ; MON",
    summary="Warn of money of the obligations plan that is not accepted some days after its month",
    is_batch=True,
)
def warn(call: Call) -> None:
    """Moves no money and annuls none: the administrator may object, or have the plan amended."""
    budget, year, source, document, rows = fields_of(call.arguments)
    budgets.require_authority(call, budget)
    plans.open_month(call, year)
    days = params_of(call.state)["unaccepted-days"]
    month = overdue_month(year, call.day(), days)
    for number, (holder, *codes, stated_month, amount) in enumerate(rows, 1):
        with row(number):
            if stated_month != month:
                raise RejectionError(
                    reasons.UNACCEPTED_MONTH, month=stated_month, found=month, days=days, field="month"
                )
            line = Line(budget, year, source, *codes)
            _warn(call, holder, line, month, amount)
            administrator, programme, subprogramme, specific = _codes(line)
            call.emit(
                "unaccepted.warned", holder, administrator, programme, subprogramme, specific, month, amount,
                document,
            )  # fmt: skip


def _warn(call: Call, holder: str, line: Line, month: int, amount: int) -> None:
    key = warning_key(holder, line)
    before = PlanWarning.find(call.state, Collection.WARNINGS, key)
    if before is not None and before.month == month:
        raise RejectionError(reasons.UNACCEPTED_WARNED, holder=holder, day=iso_date(before.warned))
    plan = due_by(plans.plan_of(call.state, holder, line), month, line.year, call.day())
    found = not_accepted(call.state, holder, line, plan)
    if amount != found:
        raise RejectionError(reasons.UNACCEPTED_AMOUNT, holder=holder, stated_tiyn=amount, found_tiyn=found)
    put(call.state, Collection.WARNINGS, key, PlanWarning(month, amount, call.day(), None, None))


def _codes(line: Line) -> tuple[str, str, str, str]:
    assert line.subprogramme is not None, "a plan names its subprogramme"
    assert line.specific is not None, "a plan names its specific"
    return line.administrator, line.programme, line.subprogramme, line.specific


OBJECT = Row(
    "unaccepted.object",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("holder", NAME),
        ("programme", CODE3),
        ("subprogramme", CODE3),
        ("specific", CODE3),
        ("reason", Text(500, 1)),
    ),
)


@action(
    "unaccepted.object",
    OBJECT,
    kinds=(Kind.ABP,),
    roles=(Role.HEAD,),
    source="EQ; MON",
    summary="Object to a warning of money not accepted in time: the administrator says why",
)
def object_to(call: Call) -> None:
    """No amendment is proposed for what is objected to, until it is warned of again for a later month."""
    budget, year, source, holder, programme, subprogramme, specific, reason = fields_of(call.arguments)
    line = Line(budget, year, source, call.actor.code, programme, subprogramme, specific)
    key = warning_key(holder, line)
    found = PlanWarning.find(call.state, Collection.WARNINGS, key)
    if found is None:
        raise RejectionError(reasons.UNACCEPTED_NONE, holder=holder, administrator=line.administrator)
    if found.objected is not None:
        raise RejectionError(reasons.UNACCEPTED_OBJECTED, holder=holder, day=iso_date(found.objected))
    put(call.state, Collection.WARNINGS, key, replace(found, objected=call.day(), objection=reason))
    call.emit("unaccepted.objected", holder, line.administrator, programme, subprogramme, specific, reason)


# --- what is proposed


@dataclass(frozen=True, slots=True)
class Proposal:
    """An amendment of kind b: the position's new figures, with `freed` tiyn going back to the pool.

    `row` is one of `plan.amend`.
    """

    holder: str
    line: Line
    freed: int
    row: tuple[Value, ...]


def propose(state: StateReader, budget: str, year: int, day: int) -> Iterator[Proposal]:
    """For what was warned of, not objected to and is still not accepted: the plan without that money."""
    closed = closed_months(year, day)
    for found in unaccepted(state, budget, year, day):
        warning = PlanWarning.find(state, Collection.WARNINGS, warning_key(found.holder, found.line))
        if warning is None or warning.objected is not None:
            continue
        expense, free = _free(state, found.holder, found.line)
        freed = min(found.amount, warning.amount, free) // PLAN_UNIT * PLAN_UNIT
        plan = Plan.find(state, Collection.PLANS, plan_key(found.holder, found.line))
        if freed and plan is not None:
            fields: tuple[Any, ...] = (
                found.holder, found.line.subprogramme, found.line.specific, expense,
                *_lowered(plan, closed, freed),
            )  # fmt: skip
            yield Proposal(found.holder, found.line, freed, fields)


def closed_months(year: int, day: int) -> int:
    """Months of the year that the operational day has closed."""
    open_year, open_month, _ = civil(day)
    return 12 if year < open_year else open_month - 1 if year == open_year else 0


def _lowered(plan: Plan, closed: int, freed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Both tables without what is overdue: every open month falls by it, so that later months keep theirs.

    Payments fall as far as they would exceed obligations; closed months stay as history.
    """
    obligations = plan.obligations[:closed] + tuple(figure - freed for figure in plan.obligations[closed:])
    lower = zip(plan.payments[closed:], obligations[closed:], strict=True)
    return obligations, plan.payments[:closed] + tuple(min(pair) for pair in lower)


def _free(state: StateReader, holder: str, line: Line) -> tuple[str | None, int]:
    """The expense id under which most of a position's money stands allocated and free, and how much."""
    head = prefix_of(8, line.value(), holder)
    best: tuple[str | None, int] = (None, 0)
    for place, value in state.scan(Collection.TOKENS, head, PAGE):
        if not place.startswith(head):
            break
        key = TokenKey.decode(place)
        amount = Token.decode(value).amount
        if key.stage is Stage.ALLOCATED and key.hold is None and amount > best[1]:
            best = (key.expense, amount)
    return best
