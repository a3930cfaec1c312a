"""Changes of an adopted budget: refinement by law and adjustment by resolution (BC 94–98).

A refinement (уточнение) issues what the amending law adds and cuts what a block on its ground holds since
the bill was tabled; an adjustment (корректировка) moves adopted money between programmes in the closed list
of cases. Approved, refined and adjusted figures stay apart in the appropriation, and every document leaves
one record among the acts of the budget. After a refinement earlier adjustments count as part of the refined
budget (BC 98(1), TP 57): nothing has to move, since the totals by section follow both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chain.codec import (
    AMOUNT,
    BOOL,
    DAY,
    NAME,
    UINT_MAXIMUM,
    Digits,
    ListOf,
    OneOf,
    Optional,
    Row,
    Text,
    Uint,
)
from contracts import appropriations, budget_acts, budgets, directories, holds, plans, reasons, tokens, years
from contracts.actions import Approval, Call, action, row
from contracts.appropriations import NATURES, NOT_PROTECTED, PARTLY_PROTECTED, SECTIONS
from contracts.budget_acts import ADJUSTMENT, REFINEMENT, ActRow
from contracts.budget_acts import record_act as record_act
from contracts.calendar import civil, day_number, iso_date
from contracts.dates import refuse_ahead
from contracts.directories import DirectoryName
from contracts.fields import (
    CODE3,
    DOCUMENT_NUMBER,
    EXPENSE,
    PLAN_UNIT,
    POSITIVE,
    ROWS,
    SOURCE,
    YEAR,
    fields_of,
)
from contracts.params import params_of
from contracts.records import (
    EMPTY_CARRY_OVER,
    Adjusted,
    AdjustmentProposal,
    Appropriation,
    Budget,
    BudgetStatus,
    CarryOver,
    Collection,
    Hold,
    HoldKind,
    HoldStatus,
    Kind,
    Line,
    Role,
    Stage,
    TokenKey,
    adjusted_key,
    adjustment_proposal_key,
    appropriation_key,
    budget_key,
    carry_over_key,
    cash_of,
    hold_key,
    latest_rating_of,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

NEW_PROGRAMME = Row(
    "new programme",
    (
        ("section", OneOf(*SECTIONS)),
        ("functional_group", Digits(2)),
        ("administrator", CODE3),
        ("programme", CODE3),
        ("nature", OneOf(*NATURES)),
        ("is_development", BOOL),
        ("protected", Uint(NOT_PROTECTED, PARTLY_PROTECTED)),
        ("protected_subprogrammes", ListOf(CODE3, 100)),
        ("is_state_obligation", BOOL),
        ("is_pilot", BOOL),
    ),
)
"""A programme that the law did not have: as in `budget.adopt`, with nothing approved."""

UP_ROW = Row("increase", (("administrator", CODE3), ("programme", CODE3), ("amount", POSITIVE)))

REFINE = Row(
    "budget.refine",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("law", DOCUMENT_NUMBER),
        ("law_date", DAY),
        ("programmes", ListOf(NEW_PROGRAMME, ROWS)),
        ("increases", ListOf(UP_ROW, ROWS)),
        ("hold", Optional(NAME)),
        ("rows", Uint(0, ROWS)),
        ("costs", AMOUNT),
        ("budget_loans", AMOUNT),
        ("financial_assets", AMOUNT),
    ),
)


@dataclass(slots=True)
class _Sums:
    """What one document does to the totals of its budget and to its programmes, while it runs."""

    sections: dict[str, int]
    unprotected: int
    acts: list[ActRow] = field(default_factory=list)

    @classmethod
    def of(cls, record: Budget) -> _Sums:
        totals = (record.costs, record.budget_loans, record.financial_assets)
        return cls(dict(zip(SECTIONS, totals, strict=True)), record.unprotected)

    def write(self, call: Call, budget: str, year: int) -> None:
        record = appropriations.budget_of(call.state, budget, year)
        costs, loans, assets = (self.sections[section] for section in SECTIONS)
        if costs + loans + assets > UINT_MAXIMUM:
            raise RejectionError(reasons.SUM_TOO_LARGE)
        changed = replace(
            record, costs=costs, budget_loans=loans, financial_assets=assets,
            unprotected=max(self.unprotected, 0),
        )  # fmt: skip
        put(call.state, Collection.BUDGETS, budget_key(budget, year), changed)


def _raised(arguments: tuple[Any, ...]) -> int:
    """Tiyn that a refinement adds: what the thresholds of a route look at."""
    return sum(amount for _, _, amount in arguments[6])


@action(
    "budget.refine",
    REFINE,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 94–96, 98(1), TP 57",
    summary="Refine the budget by law: increases, and cuts of what the block for this refinement holds",
    is_batch=True,
    approval=Approval(amount=_raised),
)
def refine(call: Call) -> None:
    """∅ -> adopted; held -> refined, the next `rows` rows of the hold. States the totals after it."""
    (
        budget, year, source, law, law_date, programmes, increases, hold, count, costs, loans, assets,
    ) = fields_of(call.arguments)  # fmt: skip
    refuse_ahead(law_date, call.day(), "law_date")
    sums = _Sums.of(_changeable(call, budget, year))
    if (hold is None) != (count == 0) or (hold is None and not increases):
        raise RejectionError(reasons.REFINE_EMPTY)
    _create(call, budget, year, programmes, {row[:2] for row in increases})
    pools = _Pools(call.state, budget)
    raised = _raised(call.arguments)
    for number, (administrator, programme, amount) in enumerate(increases, 1):
        with row(number):
            line = Line(budget, year, source, administrator, programme, None, None)
            _check_unit(amount)
            _shift(call, line, amount, sums, "refined_up")
            tokens.issue(call, pools.key(line), amount)
    cut = 0 if hold is None else _cut_held(call, hold, budget, year, count, sums)
    stated = dict(zip(SECTIONS, (costs, loans, assets), strict=True))
    for section in SECTIONS:
        if sums.sections[section] != stated[section]:
            raise RejectionError(
                reasons.REFINE_TOTAL,
                section=section, stated_tiyn=stated[section], found_tiyn=sums.sections[section],
            )  # fmt: skip
    sums.write(call, budget, year)
    serial = record_act(call, budget, year, REFINEMENT, law, law_date, sums.acts)
    call.emit("budget.refined", budget, year, serial, law, raised, cut, costs, loans, assets)


def _changeable(call: Call, budget: str, year: int) -> Budget:
    """A budget whose law is recorded and whose year has not ended, open to the institution."""
    plans.refuse_ended(call, year)
    budgets.require_authority(call, budget)
    record = appropriations.budget_of(call.state, budget, year)
    if record.status != BudgetStatus.ADOPTED:
        status = BudgetStatus(record.status).name.lower()
        raise RejectionError(reasons.CHANGE_STATUS, budget=budget, year=year, status=status)
    return record


def _create(
    call: Call, budget: str, year: int, programmes: Sequence[Any], raised: set[tuple[str, str]]
) -> None:
    """New programmes, each of which a row of the same document gives money to."""
    for number, fields in enumerate(programmes, 1):
        with row(number):
            section, group, administrator, programme, nature, development, protected, listed, state, pilot = (
                fields_of(fields)
            )
            directories.require(call, DirectoryName.ADMINISTRATORS, administrator, "administrator")
            key = appropriation_key(budget, year, administrator, programme)
            if call.state.get(Collection.APPROPRIATIONS, key) is not None:
                raise RejectionError(
                    reasons.BUDGET_ROW_TWICE, administrator=administrator, programme=programme
                )
            if (protected == PARTLY_PROTECTED) != bool(listed):
                raise RejectionError(
                    reasons.BUDGET_PROTECTED, administrator=administrator, programme=programme
                )
            if (administrator, programme) not in raised:
                raise RejectionError(
                    reasons.CHANGE_NEW_EMPTY, administrator=administrator, programme=programme
                )
            appropriation = Appropriation(
                section, group, nature, development, protected, listed, state, pilot, 0, 0, 0, 0, 0, 0
            )
            put(call.state, Collection.APPROPRIATIONS, key, appropriation)


def _check_unit(amount: int) -> None:
    if amount % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field="amount", amount_tiyn=amount)


def _shift(call: Call, line: Line, amount: int, sums: _Sums, figure: str) -> None:
    """Add to one figure of a programme's appropriation, and to the totals of its section."""
    before = appropriations.appropriation_of(call.state, line)
    is_up = figure in ("refined_up", "adjusted_up")
    if is_up and before.approved + before.refined_up + before.adjusted_up + amount > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    signed = amount if is_up else -amount
    sums.sections[before.section] += signed
    if figure in ("refined_up", "refined_down") and before.protected == NOT_PROTECTED:
        # the base of the 10 % test is the refined budget: an adjustment leaves it (BC 97(2))
        sums.unprotected += signed
    sums.acts.append((line.administrator, line.programme, amount * is_up, amount * (not is_up)))
    changed = replace(before, **{figure: getattr(before, figure) + amount})
    key = appropriation_key(line.budget, line.year, line.administrator, line.programme)
    put(call.state, Collection.APPROPRIATIONS, key, changed)


def _cut_held(call: Call, name: str, budget: str, year: int, count: int, sums: _Sums) -> int:
    """held -> refined: the next `count` rows of a refinement's block; returns the tiyn cut."""
    hold = holds.hold_of(call.state, name)
    if (hold.kind, hold.budget, hold.year) != (HoldKind.REFINEMENT, budget, year):
        raise RejectionError(reasons.REFINE_HOLD, hold=name, budget=budget, year=year)
    if hold.placed == hold.lifted + hold.consumed:
        raise RejectionError(reasons.HOLD_DONE, hold=name, status=HoldStatus(hold.status).name.lower())
    before = hold.consumed
    for serial in range(hold.cursor + 1, min(hold.cursor + count, hold.rows) + 1):
        hold = _cut_row(call, name, serial, hold, sums)
    is_done = hold.placed == hold.lifted + hold.consumed
    status = HoldStatus.APPLIED if is_done else HoldStatus.APPLYING
    put(call.state, Collection.HOLDS, hold_key(name), replace(hold, status=status.value))
    return hold.consumed - before


def _cut_row(call: Call, name: str, serial: int, hold: Hold, sums: _Sums) -> Hold:
    held = holds.row_of(call.state, name, serial)
    if held is None:
        return replace(hold, cursor=serial)  # lifted, or taken by a sequester, since it was placed
    line = held.line
    with row(serial):
        _check_unit(held.amount)
    tokens.move(
        call,
        holds.token_of(held, name),
        TokenKey(line, held.holder, held.expense, Stage.REFINED),
        held.amount,
    )
    holds.lower_row(call, name, serial, held, held.amount)
    if held.stage == Stage.ALLOCATED:
        plans.lower_plan(call, held.holder, line, held.amount)
    _shift(call, line, held.amount, sums, "refined_down")
    return replace(hold, consumed=hold.consumed + held.amount, cursor=serial)


class _Pools:
    """Where adopted money of a programme arrives: with the administrator's institution, else its code."""

    def __init__(self, state: StateReader, budget: str) -> None:
        self._state = state
        self._budget = budget
        self._holders: dict[str, str] | None = None

    def holder(self, administrator: str) -> str:
        if self._holders is None:
            self._holders = appropriations.administrators(self._state, self._budget)
        return self._holders.get(administrator, administrator)

    def key(self, line: Line) -> TokenKey:
        return TokenKey(line, self.holder(line.administrator), None, Stage.ADOPTED)


# --- adjustment

REALLOCATION: Final = "reallocation"
DEVELOPMENT: Final = "development"
DISTRIBUTION: Final = "distribution"
RESERVE: Final = "reserve"
REORGANISATION: Final = "reorganisation"
CARRY_OVER: Final = "carry_over"
OPENING_BALANCES: Final = "opening_balances"
MONITORING: Final = "monitoring"
CASES: Final = (
    REALLOCATION, DEVELOPMENT, DISTRIBUTION, RESERVE, REORGANISATION, CARRY_OVER, OPENING_BALANCES,
    MONITORING,
)  # fmt: skip
"""The closed list of BC 98(1); sequester, the remaining case, is decided by `sequester.decide`."""

ISSUING: Final = (CARRY_OVER, OPENING_BALANCES)
"""Cases that bring money in: остатки of the year before."""

CHOSEN: Final = (REALLOCATION, DEVELOPMENT, MONITORING)
"""Cases in which an administrator's money is moved by choice: never money of loans and grants."""

REVIEWED: Final = (REALLOCATION, MONITORING)
"""Cases that the budget commission always reviews; a rural budget's assembly agrees instead."""

EXTENDING: Final = (DISTRIBUTION, RESERVE, REORGANISATION)
"""Cases that may give money to a programme that the law did not have."""

LOANS: Final = "2"
"""Source 2: co-financing of external loans and grants (TP 213(2))."""

PERFECT: Final = 100
"""Points of the highest rating."""

FIRST_MONTH_DAY: Final = 25
"""Proposals of a quarter come by this day of its first month; in the fourth by 1 October (TP 59)."""

LAST_PROPOSALS_MONTH: Final = 9
"""Proposals of the fourth quarter are made in September and on 1 October (TP 59)."""

MOVE_ROW = Row(
    "reallocation",
    (
        ("from_administrator", Optional(CODE3)),
        ("from_programme", Optional(CODE3)),
        ("from_expense", Optional(EXPENSE)),
        ("administrator", CODE3),
        ("programme", CODE3),
        ("amount", POSITIVE),
    ),
)

ADJUST = Row(
    "budget.adjust",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("case", OneOf(*CASES)),
        ("document", DOCUMENT_NUMBER),
        ("date", DAY),
        ("commission", Optional(Text(200, 1))),
        ("proposed", Optional(DAY)),
        ("programmes", ListOf(NEW_PROGRAMME, ROWS)),
        ("rows", ListOf(MOVE_ROW, ROWS, 1)),
    ),
)


@dataclass(frozen=True, slots=True)
class _Adjustment:
    """The head of one document of adjustment, for its rows."""

    budget: str
    year: int
    source: str
    case: str
    date: int
    commission: str | None
    proposed: int | None

    def line(self, administrator: str, programme: str) -> Line:
        return Line(self.budget, self.year, self.source, administrator, programme, None, None)


@action(
    "budget.adjust",
    ADJUST,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 98, TP 57–60",
    summary="Adjust the budget by resolution: one case of the closed list, from programme to programme",
    is_batch=True,
)
def adjust(call: Call) -> None:
    """adopted(A) -> adopted(B); of carry-over and opening balances ∅ -> adopted."""
    budget, year, source, case, document, date, commission, proposed, programmes, rows = fields_of(
        call.arguments
    )
    refuse_ahead(date, call.day(), "date")
    sums = _Sums.of(_changeable(call, budget, year))
    head = _Adjustment(budget, year, source, case, date, commission, proposed)
    _check_head(head, bool(programmes))
    _check_priority(call, head, rows)
    _create(call, budget, year, programmes, {row[3:5] for row in rows})
    pools = _Pools(call.state, budget)
    for number, fields in enumerate(rows, 1):
        with row(number):
            _adjust_row(call, head, pools, sums, *fields)
    sums.write(call, budget, year)
    serial = record_act(call, budget, year, ADJUSTMENT, document, date, sums.acts, case)
    total = sum(fields[-1] for fields in rows)
    call.emit("budget.adjusted", budget, year, serial, case, document, total, len(rows))


def _check_head(head: _Adjustment, has_new: bool) -> None:
    """What the case asks of the whole document."""
    if head.source == LOANS and head.case in CHOSEN:
        raise RejectionError(reasons.ADJUST_LOANS, case=head.case)
    if head.case in REVIEWED and head.commission is None:
        raise RejectionError(reasons.ADJUST_COMMISSION, case=head.case)
    if has_new and head.case not in EXTENDING:
        raise RejectionError(reasons.ADJUST_NEW, case=head.case)
    is_dated = head.case in (REALLOCATION, DEVELOPMENT)
    if budgets.kind_of(head.budget) == budgets.REPUBLICAN and is_dated:
        _check_proposed(head)


def _check_proposed(head: _Adjustment) -> None:
    """Proposals of the republican budget: by the 25th of a quarter's first month, by 1 October (TP 59)."""
    if head.proposed is None:
        raise RejectionError(reasons.ADJUST_PROPOSED, proposed="-", last="-")
    year = civil(head.proposed)[0]
    quarter = _quarter_of(head.proposed)
    last = day_number(year, 3 * quarter - 2, 1 if quarter == 4 else FIRST_MONTH_DAY)
    if year != head.year or head.proposed > last or head.proposed > head.date:
        raise RejectionError(
            reasons.ADJUST_PROPOSED, proposed=iso_date(head.proposed), last=iso_date(min(last, head.date))
        )


def _check_priority(call: Call, head: _Adjustment, rows: Sequence[Any]) -> None:
    """Where the members have switched it on, those with the better rating are served first: rows of a
    reallocation stand in the order of their takers' latest ratings, so that what a programme cannot give, for
    want of money or by its share over the year, is refused to the lowest. Without a rating a taker stands at
    `rating-floor`."""
    params = params_of(call.state)
    if head.case != REALLOCATION or not params["rating-effects"]:
        return
    takers = {fields[3] for fields in rows}
    ratings = {code: latest_rating_of(call.state, head.budget, head.year, code) for code in sorted(takers)}
    least = PERFECT
    for number, (_, _, _, administrator, _, _) in enumerate(rows, 1):
        with row(number):
            rating = ratings[administrator]
            score = params["rating-floor"] if rating is None else rating.score
            if score > least:
                raise RejectionError(
                    reasons.RATING_ORDER, administrator=administrator, score=score, before=least
                )
            least = score


def _quarter_of(proposed: int) -> int:
    """The quarter that a proposal is for. Those of September, too late for the third, are for the fourth,
    whose only day would else be 1 October."""
    _, month, _ = civil(proposed)
    return 4 if month == LAST_PROPOSALS_MONTH else (month + 2) // 3


def _adjust_row(
    call: Call,
    head: _Adjustment,
    pools: _Pools,
    sums: _Sums,
    from_administrator: str | None,
    from_programme: str | None,
    from_expense: str | None,
    administrator: str,
    programme: str,
    amount: int,
) -> None:
    _check_unit(amount)
    source = _giver(head, from_administrator, from_programme, from_expense)
    target = head.line(administrator, programme)
    appropriations.appropriation_of(call.state, target)
    if source is None:
        _check_issue(call, head, target, amount)
        tokens.issue(call, pools.key(target), amount)
    else:
        if source == target:
            raise RejectionError(reasons.ADJUST_SIDES, case=head.case)
        _check_donor(call, head, source, target, amount)
        _check_quarter(call, head, source.administrator)
        _move(call, pools, source, from_expense, target, amount)
        _shift(call, source, amount, sums, "adjusted_down")
    _shift(call, target, amount, sums, "adjusted_up")
    if head.case == RESERVE:
        budget_acts.count(call, target, budget_acts.RESERVE_RECEIVED, amount)


def _giver(
    head: _Adjustment, administrator: str | None, programme: str | None, expense: str | None
) -> Line | None:
    """The programme that gives, as the case asks: none brings an issue, every other names one."""
    if head.case in ISSUING:
        if (administrator, programme, expense) == (None, None, None):
            return None
    elif administrator is not None and programme is not None:
        return head.line(administrator, programme)
    raise RejectionError(reasons.ADJUST_SIDES, case=head.case)


def _check_donor(call: Call, head: _Adjustment, source: Line, target: Line, amount: int) -> None:
    """What the case asks of the programme that gives, and of its share over the year."""
    donor = appropriations.appropriation_of(call.state, source)
    nature = {DISTRIBUTION: appropriations.DISTRIBUTABLE, RESERVE: appropriations.RESERVE}.get(head.case)
    if nature is not None and donor.nature != nature:
        raise RejectionError(
            reasons.ADJUST_NATURE,
            administrator=source.administrator, programme=source.programme, case=head.case,
            found=donor.nature,
        )  # fmt: skip
    taker = appropriations.appropriation_of(call.state, target)
    if head.case in CHOSEN and donor.section != taker.section:
        # what costs, loans and financial assets have together is the law's (BC 9(3), 86(3))
        raise RejectionError(reasons.RECODE_SECTION, section=donor.section, found=taker.section)
    key = adjusted_key(head.budget, head.year, head.case, source.administrator, source.programme)
    before = Adjusted.find(call.state, Collection.ADJUSTMENTS, key) or Adjusted(0)
    moved = before.amount + amount
    is_like = source.administrator == target.administrator and donor.is_development and taker.is_development
    if head.case == DEVELOPMENT and not is_like:
        raise RejectionError(reasons.ADJUST_DEVELOPMENT, programme=source.programme, other=target.programme)
    percent = _percent(call, head)
    if percent is not None:
        base = _base(call.state, source, donor)
        if moved * 100 > base * percent:
            reason = reasons.ADJUST_DEVELOPMENT_SHARE if head.case == DEVELOPMENT else reasons.ADJUST_SHARE
            raise RejectionError(
                reason,
                administrator=source.administrator, programme=source.programme, percent=percent,
                moved_tiyn=moved, limit_tiyn=base * percent // 100,
            )  # fmt: skip
    if moved > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    put(call.state, Collection.ADJUSTMENTS, key, Adjusted(moved))


def _base(state: StateReader, line: Line, donor: Appropriation) -> int:
    """The volume that the shares of BC 98 are of: approved and refined, with what changes of codes brought
    and without what they took."""
    brought = budget_acts.counted(state, line, budget_acts.RECODE_RECEIVED)
    taken = budget_acts.counted(state, line, budget_acts.RECODE_GIVEN)
    return max(0, donor.approved + donor.refined_up - donor.refined_down + brought - taken)


def _percent(call: Call, head: _Adjustment) -> int | None:
    """The highest share of the donor programme over the year, in per cent, where the case has one."""
    params = params_of(call.state)
    if head.case == DEVELOPMENT:
        is_reviewed = head.commission is not None
        return params["development-percent" if is_reviewed else "development-free-percent"]
    if head.case != REALLOCATION:
        return None
    is_rural = budgets.kind_of(head.budget) == budgets.RURAL
    return params["adjustment-rural-percent" if is_rural else "adjustment-percent"]


def _check_quarter(call: Call, head: _Adjustment, administrator: str) -> None:
    """An administrator proposes once a quarter: one day, whatever resolutions follow from it (TP 59)."""
    is_dated = budgets.kind_of(head.budget) == budgets.REPUBLICAN and head.case in (REALLOCATION, DEVELOPMENT)
    if not is_dated:
        return
    assert head.proposed is not None, "checked with the head of the document"
    quarter = _quarter_of(head.proposed)
    key = adjustment_proposal_key(head.budget, head.year, administrator, quarter)
    found = AdjustmentProposal.find(call.state, Collection.ADJUSTMENT_PROPOSALS, key)
    if found is None:
        put(call.state, Collection.ADJUSTMENT_PROPOSALS, key, AdjustmentProposal(head.proposed))
    elif found.day != head.proposed:
        raise RejectionError(
            reasons.ADJUST_QUARTER, administrator=administrator, quarter=quarter, first=iso_date(found.day)
        )


def _move(call: Call, pools: _Pools, source: Line, expense: str | None, target: Line, amount: int) -> None:
    """Between the pools of two programmes; what plans have distributed must be returned to the pool first."""
    holder = pools.holder(source.administrator)
    parts = []
    for one in dict.fromkeys((holder, source.administrator)):
        key = TokenKey(source, one, expense, Stage.ADOPTED)
        parts.append((key, tokens.amount_of(call.state, key)))
    free = sum(part for _, part in parts)
    if amount > free:
        raise RejectionError(
            reasons.ADJUST_POOL,
            administrator=source.administrator, programme=source.programme, amount_tiyn=amount,
            free_tiyn=free,
        )  # fmt: skip
    for key, part in parts:
        taken = min(part, amount)
        if taken:
            tokens.move(call, key, pools.key(target), taken)
            amount -= taken


def _check_issue(call: Call, head: _Adjustment, target: Line, amount: int) -> None:
    """Carry-over: what the list of the year before permits and no resolution used. Opening balances: what
    the budget's cash accounts opened with."""
    if head.case == CARRY_OVER:
        if head.source != years.CARRIED_SOURCE:
            raise RejectionError(reasons.CARRY_OVER_SOURCE, source=head.source)
        years.refuse_unclosed(call, head.budget, head.year - 1)
        key = carry_over_key(head.budget, head.year - 1, target.administrator, target.programme)
        listed = CarryOver.find(call.state, Collection.CARRY_OVERS, key) or EMPTY_CARRY_OVER
        if listed.used + amount > listed.carried:
            raise RejectionError(
                reasons.ADJUST_CARRY_OVER, amount_tiyn=amount, free_tiyn=listed.carried - listed.used
            )
        put(call.state, Collection.CARRY_OVERS, key, replace(listed, used=listed.used + amount))
        return
    key = adjusted_key(head.budget, head.year, head.case)
    before = Adjusted.find(call.state, Collection.ADJUSTMENTS, key) or Adjusted(0)
    opening = sum(cash_of(call.state, head.budget, one, head.year).opening for one in SOURCE.values)
    if before.amount + amount > opening:
        raise RejectionError(
            reasons.ADJUST_OPENING, amount_tiyn=amount, free_tiyn=max(opening - before.amount, 0)
        )
    put(call.state, Collection.ADJUSTMENTS, key, Adjusted(before.amount + amount))
