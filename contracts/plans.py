"""Financing plans by obligations and by payments (планы финансирования; BC 103–105, TP 5–35).

A plan is a table of limits, cumulative by month, of one institution and line. It comes into being with
`plan.approve`; an existing plan is never approved again: what changes it afterwards is a certificate
(справка, TP 33; `contracts.plan_changes`), a change of codes (TP 78; `contracts.recodes`) or a cut.
"""

from __future__ import annotations

from typing import Any

from chain.codec import NAME, ListOf, Optional, Row
from contracts import appropriations, budgets, directories, reasons, tokens
from contracts.actions import Call, action, row
from contracts.calendar import civil
from contracts.directories import DirectoryName
from contracts.fields import CODE3, EXPENSE, MONTHS, PLAN_UNIT, ROWS, SOURCE, YEAR, fields_of
from contracts.records import (
    ACCEPTED,
    EMPTY_CONSOLIDATED,
    REDEEMED,
    BudgetStatus,
    Collection,
    Consolidated,
    Kind,
    Line,
    Plan,
    Role,
    Stage,
    TokenKey,
    balance_of,
    consolidated_key,
    institution_of,
    plan_key,
    position_scope,
    put,
    receipts_of,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

NO_SUBPROGRAMME = "000"
"""Written where a programme has no subprogrammes (MoF Order 494, items 8–14)."""

QUARTER_MONTHS = 3
"""January to March: what a financial plan of the first quarter covers (BC 90(4))."""

NO_PLAN = Plan((0,) * 12, (0,) * 12)

PLAN_ROW = Row(
    "plan",
    (
        ("holder", NAME),
        ("subprogramme", CODE3),
        ("specific", CODE3),
        ("expense", Optional(EXPENSE)),
        ("obligations", MONTHS),
        ("payments", MONTHS),
    ),
)

APPROVE = Row(
    "plan.approve",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("programme", CODE3),
        ("plans", ListOf(PLAN_ROW, ROWS, 1)),
    ),
)


@action(
    "plan.approve",
    APPROVE,
    kinds=(Kind.ABP,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 103, 105; TP 11, 19, 24, 27, 35",
    summary="Approve individual financing plans of the administrator's institutions under one programme",
    is_batch=True,
)
def approve(call: Call) -> None:
    """adopted (administrator, programme) -> allocated (institution, line).

    Signed by head and accountant: a plan is a money document of its administrator (TP 27, 238(25)). Two rows
    may share a position only with different expense ids; their figures add up to one plan. Closed months have
    no money: what is planned late starts in the open month.
    """
    budget, year, source, programme, plans = fields_of(call.arguments)
    closed = closed_months(call, year)
    budgets.require_administrator(call, budget)
    programme_line = Line(budget, year, source, call.actor.code, programme, None, None)
    appropriations.appropriation_of(call.state, programme_line)
    seen: dict[bytes, set[str | None]] = {}
    for number, plan in enumerate(plans, 1):
        with row(number):
            _approve_row(call, programme_line, fields_of(plan), seen, closed)
    added = [fields_of(plan)[-2:] for plan in plans]
    obligations, payments = (_total([pair[which] for pair in added]) for which in (0, 1))
    check_balanced(call.state, budget, year, payments)
    consolidate(call, programme_line, obligations, payments)
    call.emit("plan.approved", budget, year, call.actor.code, programme, len(plans))


def _approve_row(
    call: Call,
    programme: Line,
    fields: tuple[Any, ...],
    seen: dict[bytes, set[str | None]],
    closed: int,
) -> None:
    holder, subprogramme, specific, expense, obligations, payments = fields
    check_holder(call, holder)
    line = position_of(programme, subprogramme, specific)
    require_codes(call, line)
    check_figures(obligations, payments)
    if obligations[11] == 0:
        raise RejectionError(reasons.PLAN_EMPTY)
    check_closed_months(NO_PLAN, obligations, payments, closed)
    check_quarter(call.state, line, obligations, payments)
    key = plan_key(holder, line)
    old = Plan.find(call.state, Collection.PLANS, key)
    if old is not None and (key not in seen or expense in seen[key]):
        raise RejectionError(reasons.PLAN_EXISTS, holder=holder, subprogramme=subprogramme, specific=specific)
    seen.setdefault(key, set()).add(expense)
    amount = obligations[11]
    take_from_pool(call, line, TokenKey(line, holder, expense, Stage.ALLOCATED), amount)
    plan = Plan(obligations, payments) if old is None else _sum(old, obligations, payments)
    put(call.state, Collection.PLANS, key, plan)


def _total(tables: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The sum of plans, month by month."""
    return tuple(sum(months) for months in zip(*tables, strict=True))


def position_of(programme: Line, subprogramme: str, specific: str) -> Line:
    """The line of a position under a programme."""
    return Line(
        programme.budget, programme.year, programme.source, programme.administrator, programme.programme,
        subprogramme, specific,
    )  # fmt: skip


def require_codes(call: Call, line: Line) -> None:
    """The line's codes are valid on the operational day."""
    directories.require(call, DirectoryName.FUNCTIONAL, functional_code(line), "subprogramme")
    directories.require(call, DirectoryName.ECONOMIC, line.specific or "", "specific")


def check_balanced(state: StateReader, budget: str, year: int, payments: tuple[int, ...]) -> None:
    """Cumulative payments never exceed the cumulative receipts plan (BC 105(6)), once there is one.

    `payments`: what is added by month; a month in which nothing is added is not looked at.
    """
    receipts = receipts_of(state, budget, year).plan
    if receipts[11] == 0:
        return
    before = consolidated_of(state, budget, year).payments
    for month, (planned, known, new) in enumerate(zip(receipts, before, payments, strict=True), 1):
        if new > 0 and known + new > planned:
            raise RejectionError(
                reasons.PLANS_UNBALANCED, month=month, payments_tiyn=known + new, receipts_tiyn=planned
            )


def consolidated_of(
    state: StateReader, budget: str, year: int, administrator: str | None = None, programme: str | None = None
) -> Consolidated:
    """The consolidated plan of a programme or, without one, of the whole budget."""
    key = consolidated_key(budget, year, administrator, programme)
    return Consolidated.find(state, Collection.CONSOLIDATED, key) or EMPTY_CONSOLIDATED


def consolidate(call: Call, line: Line, obligations: tuple[int, ...], payments: tuple[int, ...]) -> None:
    """Add to the consolidated plans, month by month (negative: a cut), so that they stay the sums."""
    for scope in ((line.administrator, line.programme), (None, None)):
        before = consolidated_of(call.state, line.budget, line.year, *scope)
        changed = Consolidated(_total([before.obligations, obligations]), _total([before.payments, payments]))
        key = consolidated_key(line.budget, line.year, *scope)
        put(call.state, Collection.CONSOLIDATED, key, changed)


def check_holder(call: Call, holder: str) -> None:
    """Plans go to the administrator's own institutions (TP 27); money crosses to no other's (BC 106(4))."""
    found = institution_of(call.state, holder)
    if found is None or found.closed is not None or found.kind != Kind.GU:
        raise RejectionError(reasons.PLAN_HOLDER_UNKNOWN, holder=holder, field="holder")
    if found.parent != call.institution:
        raise RejectionError(
            reasons.PLAN_HOLDER_FOREIGN,
            holder=holder,
            parent=found.parent or "-",
            institution=call.institution,
        )


def functional_code(line: Line) -> str:
    """The code of the functional directory: administrator/programme, and /subprogramme where there is one."""
    programme = f"{line.administrator}/{line.programme}"
    if line.subprogramme in (None, NO_SUBPROGRAMME):
        return programme
    return f"{programme}/{line.subprogramme}"


def check_figures(obligations: tuple[int, ...], payments: tuple[int, ...], closed: int = 0) -> None:
    """The arithmetic of a plan: TP 19, 35 and the unit of plan figures.

    The first `closed` months are history: a plan lowered later may stand below them.
    """
    for name, figures in (("obligations", obligations), ("payments", payments)):
        last = 0
        for month, figure in enumerate(figures, 1):
            if figure % PLAN_UNIT:
                raise RejectionError(reasons.PLAN_UNIT, field=name, month=month, amount_tiyn=figure)
            if month <= closed:
                continue
            if figure < last:
                raise RejectionError(reasons.PLAN_FALLS, field=name, month=month)
            last = figure
    if obligations[11] != payments[11]:
        raise RejectionError(
            reasons.PLAN_ANNUAL, obligations_tiyn=obligations[11], payments_tiyn=payments[11]
        )
    for month, (accept, pay) in enumerate(zip(obligations, payments, strict=True), 1):
        if pay > accept and month > closed:
            raise RejectionError(
                reasons.PLAN_PAYMENTS_AHEAD, month=month, payments_tiyn=pay, obligations_tiyn=accept
            )


def check_closed_months(
    plan: Plan, obligations: tuple[int, ...], payments: tuple[int, ...], closed: int
) -> None:
    """New figures of the first `closed` months are those of the plan: what has ended is history (TP 48)."""
    tables = (("obligations", plan.obligations, obligations), ("payments", plan.payments, payments))
    for name, before, after in tables:
        for month in range(1, closed + 1):
            if after[month - 1] != before[month - 1]:
                raise RejectionError(
                    reasons.PLAN_CLOSED_MONTH,
                    field=name,
                    month=month,
                    expected_tiyn=before[month - 1],
                    amount_tiyn=after[month - 1],
                )


def check_quarter(
    state: StateReader, line: Line, obligations: tuple[int, ...], payments: tuple[int, ...]
) -> None:
    """While no budget is adopted plans end with March (BC 90(4), TP 30)."""
    budget = appropriations.budget_of(state, line.budget, line.year)
    if budget.status != BudgetStatus.QUARTER:
        return
    for name, figures in (("obligations", obligations), ("payments", payments)):
        for month in range(QUARTER_MONTHS + 1, 13):
            if figures[month - 1] != figures[QUARTER_MONTHS - 1]:
                raise RejectionError(reasons.PLAN_QUARTER, field=name, month=month)


def take_from_pool(call: Call, line: Line, target: TokenKey, amount: int) -> None:
    """adopted -> allocated: `amount` tiyn of the administrator's undistributed money, if there is as much."""
    parts = [
        (key, tokens.amount_of(call.state, key))
        for key in appropriations.pool_keys(call.institution, line, target.expense)
    ]
    free = sum(part for _, part in parts)
    if amount > free:
        raise RejectionError(reasons.PLAN_POOL, amount_tiyn=amount, free_tiyn=free)
    for key, part in parts:
        taken = min(part, amount)
        if taken:
            tokens.move(call, key, target, taken)
            amount -= taken


def _sum(plan: Plan, obligations: tuple[int, ...], payments: tuple[int, ...]) -> Plan:
    return Plan(
        tuple(a + b for a, b in zip(plan.obligations, obligations, strict=True)),
        tuple(a + b for a, b in zip(plan.payments, payments, strict=True)),
    )


# --- what other documents ask of a plan


def open_month(call: Call, year: int) -> int:
    """The open month, 1 to 12; refused where the operational day lies outside the budget year (BC 101(5))."""
    today = civil(call.day())
    if today[0] != year:
        raise RejectionError(reasons.YEAR_NOT_OPEN, year=year, found=today[0])
    return today[1]


def refuse_ended(call: Call, year: int) -> None:
    """Refused where the budget year has ended; a later year is adopted and planned before it begins."""
    today = civil(call.day())
    if year < today[0]:
        raise RejectionError(reasons.YEAR_NOT_OPEN, year=year, found=today[0])


def closed_months(call: Call, year: int) -> int:
    """How many months of a budget year are over; refused where the year is."""
    refuse_ended(call, year)
    open_year, month, _ = civil(call.day())
    return month - 1 if year == open_year else 0


def plan_of(state: StateReader, holder: str, line: Line) -> Plan:
    """The plan of a position; refused where there is none."""
    found = Plan.find(state, Collection.PLANS, plan_key(holder, line))
    if found is None:
        raise RejectionError(
            reasons.PLAN_NONE,
            holder=holder,
            programme=line.programme,
            subprogramme=line.subprogramme or "-",
            specific=line.specific or "-",
        )
    return found


def check_acceptance(call: Call, holder: str, line: Line, expense: str | None, amount: int) -> None:
    """Whether an obligation may be accepted (BC 109(4); TP 177, 218(7)).

    `amount` tiyn must not exceed the cumulative obligations plan of the open month less what is accepted,
    nor the allocated money that no hold keeps. The plan of a first quarter ends with March (BC 90(4)).
    """
    month = open_month(call, line.year)
    budget = appropriations.budget_of(call.state, line.budget, line.year)
    if budget.status == BudgetStatus.QUARTER and month > QUARTER_MONTHS:
        raise RejectionError(reasons.PLAN_QUARTER, field="obligations", month=month)
    plan = plan_of(call.state, holder, line)
    accepted = balance_of(call.state, position_scope(holder, line)).total(ACCEPTED)
    room = plan.obligations[month - 1] - accepted
    if amount > room:
        raise RejectionError(
            reasons.EXCEEDS_OBLIGATIONS_PLAN,
            amount_tiyn=amount,
            room_tiyn=max(room, 0),
            plan_tiyn=plan.obligations[month - 1],
            accepted_tiyn=accepted,
            month=month,
        )
    free = tokens.amount_of(call.state, TokenKey(line, holder, expense, Stage.ALLOCATED))
    if amount > free:
        raise RejectionError(reasons.EXCEEDS_FREE, amount_tiyn=amount, free_tiyn=free)


def check_payment(call: Call, holder: str, line: Line, amount: int) -> None:
    """Whether a payment fits the unused payments plan to the open month (BC 110(3), TP 236(14))."""
    month = open_month(call, line.year)
    limit = plan_of(call.state, holder, line).payments[month - 1]
    redeemed = balance_of(call.state, position_scope(holder, line)).total(REDEEMED)
    if redeemed + amount > limit:
        raise RejectionError(
            reasons.EXCEEDS_PAYMENTS_PLAN,
            amount_tiyn=amount,
            room_tiyn=max(limit - redeemed, 0),
            plan_tiyn=limit,
            redeemed_tiyn=redeemed,
            month=month,
        )


def lower_plan(call: Call, holder: str, line: Line, cut: int) -> None:
    """Lower both plans by a cut or return of `cut` tiyn, December first (TP 43).

    In each open month the cumulative figure becomes min(figure, annual − cut); closed months stay as
    history. Only unaccepted money is cut, so every open month still covers what is accepted.
    """
    assert cut > 0, "a cut is positive"
    assert cut % PLAN_UNIT == 0, "a cut is counted in plan units"
    plan = plan_of(call.state, holder, line)
    left = plan.obligations[11] - cut
    assert left >= 0, "a plan is not cut below nothing"
    closed = open_month(call, line.year) - 1
    lowered = Plan(_lowered(plan.obligations, closed, left), _lowered(plan.payments, closed, left))
    put(call.state, Collection.PLANS, plan_key(holder, line), lowered)
    consolidate(
        call,
        line,
        tuple(after - before for before, after in zip(plan.obligations, lowered.obligations, strict=True)),
        tuple(after - before for before, after in zip(plan.payments, lowered.payments, strict=True)),
    )


def _lowered(figures: tuple[int, ...], closed: int, left: int) -> tuple[int, ...]:
    return figures[:closed] + tuple(min(figure, left) for figure in figures[closed:])
