"""The end of a budget year (BC 101(5), 115; TP 178, 202, 208).

On 31 December what is not accepted or only registered lapses; what is to be paid lives on as a debt of the
next year; an advance outstanding becomes a claim; what stands on the list made before 1 December may be used
in the next year. The treasury records it with `year.close`, repeated as often as a transaction's limits ask:
the cursor stands in the state, and to everybody else the year is open, closing or closed, never half-closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from chain.codec import AMOUNT, DAY, NAME, ListOf, Row, Uint
from contracts import agreements, appropriations, budgets, holds, plans, reasons, tokens, years
from contracts.actions import Call, action, row
from contracts.calendar import civil, iso_date
from contracts.dates import refuse_ahead
from contracts.fields import CODE3, DOCUMENT_NUMBER, ROWS, YEAR, fields_of
from contracts.records import (
    EMPTY_CARRY_OVER,
    Budget,
    CarryOver,
    Claim,
    Closing,
    ClosingStatus,
    Collection,
    Hold,
    HoldKind,
    HoldPlace,
    HoldStatus,
    Kind,
    Line,
    Obligation,
    Role,
    Stage,
    Token,
    TokenKey,
    balance_of,
    budget_key,
    carry_over_key,
    claim_key,
    closing_key,
    closing_of,
    hold_key,
    obligation_key,
    obligation_scope,
    prefix_of,
    put,
    tokens_prefix,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

LIST_MONTH: Final = 12
"""The list of permitted carry-over is made before 1 December (BC 115(2))."""

LOOKED_MAXIMUM: Final = 4_000
"""Tokens that one `year.close` passes over: most of a year's tokens are paid and only looked at."""

PAGE: Final = 1_000

# --- the list of what may be used in the next year

CARRY_OVER_ROW = Row("carry-over", (("administrator", CODE3), ("programme", CODE3), ("amount", AMOUNT)))

CARRY_OVER_LIST = Row(
    "carry-over.list",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("document", DOCUMENT_NUMBER),
        ("date", DAY),
        ("rows", ListOf(CARRY_OVER_ROW, ROWS, 1)),
    ),
)


@action(
    "carry-over.list",
    CARRY_OVER_LIST,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 115(2)",
    summary="List, before 1 December, the programmes whose unused money may be used in the next year",
    is_batch=True,
)
def list_carry_over(call: Call) -> None:
    """Moves no money. A row states the sum of its programme anew; 0 strikes it off the list."""
    budget, year, document, date, rows = fields_of(call.arguments)
    budgets.require_authority(call, budget)
    day = call.day()
    month = plans.open_month(call, year)
    if month >= LIST_MONTH:
        raise RejectionError(reasons.CARRY_OVER_LATE, day=iso_date(day), last=f"{year}-11-30")
    refuse_ahead(date, day, "date")
    named: set[tuple[str, str]] = set()
    for number, (administrator, programme, amount) in enumerate(rows, 1):
        with row(number):
            if (administrator, programme) in named:
                raise RejectionError(
                    reasons.CARRY_OVER_TWICE, administrator=administrator, programme=programme
                )
            named.add((administrator, programme))
            _list_programme(call, budget, year, administrator, programme, amount)
    call.emit("carry-over.listed", budget, year, document, len(rows))


def _list_programme(
    call: Call, budget: str, year: int, administrator: str, programme: str, amount: int
) -> None:
    key = carry_over_key(budget, year, administrator, programme)
    line = Line(budget, year, years.CARRIED_SOURCE, administrator, programme, None, None)
    before = carry_over_key(budget, year - 1, administrator, programme)
    carried = CarryOver.find(call.state, Collection.CARRY_OVERS, before) or EMPTY_CARRY_OVER
    # what came from the year before is carried once: unused again, it goes back (BC 115(3))
    most = max(0, appropriations.appropriation_of(call.state, line).in_force - carried.used)
    if amount > most:
        raise RejectionError(reasons.CARRY_OVER_AMOUNT, amount_tiyn=amount, programme_tiyn=most)
    if amount:
        put(call.state, Collection.CARRY_OVERS, key, CarryOver(amount, 0, 0))
    else:
        call.state.delete(Collection.CARRY_OVERS, key)


# --- closing

CLOSE = Row("year.close", (("budget", NAME), ("year", YEAR), ("rows", Uint(1, ROWS))))


@dataclass(slots=True)
class _Step:
    """What one `year.close` has done so far. `holds`: changed, written at the end."""

    call: Call
    budget: str
    year: int
    rows: int
    moved: int = 0
    tokens: int = 0
    lapsed: int = 0
    carried: int = 0
    claimed: int = 0
    unblocked: int = 0
    holds: dict[str, Hold] = field(default_factory=dict)


@action(
    "year.close",
    CLOSE,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 101(5), 115; TP 178, 202, 208",
    summary="Close a year that has ended, or go on closing it: up to so many rows of its money",
    is_routed=False,
)
def close(call: Call) -> None:
    """adopted, allocated, held, registered -> lapsed, or by the list carried; payable, retained -> carried as
    a debt; advanced stays as a claim; requested, approved -> declined. The last document closes the year."""
    budget, year, rows = fields_of(call.arguments)
    budgets.require_authority(call, budget)
    day = call.day()
    if civil(day)[0] <= year:
        raise RejectionError(reasons.YEAR_NOT_ENDED, year=year, day=iso_date(day))
    # also of a law whose parts never came whole: its money lapses too
    if Budget.find(call.state, Collection.BUDGETS, budget_key(budget, year)) is None:
        raise RejectionError(reasons.BUDGET_NONE, budget=budget, year=year)
    closing = closing_of(call.state, budget, year)
    if closing is None:
        closing = Closing(ClosingStatus.CLOSING.value, tokens_prefix(budget, year), 0, 0, 0, 0, day, None)
    if closing.status == ClosingStatus.CLOSED:
        raise RejectionError(reasons.YEAR_CLOSED, budget=budget, year=year)
    step = _Step(call, budget, year, rows)
    cursor, is_done = _walk(step, closing.cursor)
    _write_holds(step)
    changed = replace(
        closing,
        status=(ClosingStatus.CLOSED if is_done else ClosingStatus.CLOSING).value,
        cursor=cursor,
        tokens=closing.tokens + step.tokens,
        lapsed=closing.lapsed + step.lapsed,
        carried=closing.carried + step.carried,
        claimed=closing.claimed + step.claimed,
        ended=day if is_done else None,
    )
    put(call.state, Collection.CLOSINGS, closing_key(budget, year), changed)
    settled, lapsed, carried, claimed = changed.tokens, changed.lapsed, changed.carried, changed.claimed
    if is_done:
        call.emit("year.closed", budget, year, settled, lapsed, carried, claimed)
    else:
        call.emit("year.closing", budget, year, settled, lapsed, carried, claimed)


def _walk(step: _Step, cursor: bytes) -> tuple[bytes, bool]:
    """Settle tokens after the cursor; returns the key of the last one done, and whether none is left.

    What arrives stands behind the cursor or ahead of it under an annulled stage, where it is passed over.
    """
    prefix = tokens_prefix(step.budget, step.year)
    start, looked = cursor + b"\x00", 0
    while True:
        page = step.call.state.scan(Collection.TOKENS, start, PAGE)
        for place, value in page:
            if not place.startswith(prefix):
                return cursor, True
            if looked == LOOKED_MAXIMUM or step.moved >= step.rows:
                return cursor, False
            looked += 1
            is_whole = _settle(step, TokenKey.decode(place), Token.decode(value).amount)
            if not is_whole:
                return cursor, False
            cursor = place
        if len(page) < PAGE:
            return cursor, True
        start = page[-1][0] + b"\x00"


def _settle(step: _Step, key: TokenKey, amount: int) -> bool:
    """What the end of the year does to one token; False when a held one has rows left for the next
    document."""
    if key.stage in years.ANNULLED or key.stage in (Stage.PAID, Stage.RECOVERED):
        return True
    is_whole = True
    if key.hold is not None:
        is_whole = _lapse_held(step, key, key.hold)
    else:
        step.moved += 1
        _SETTLED[key.stage](step, key, amount)
    step.tokens += is_whole
    return is_whole


def _decline(step: _Step, key: TokenKey, amount: int) -> None:
    """A request of a year that has ended was not granted."""
    tokens.settle(step.call, key, replace(key, stage=Stage.DECLINED), amount)


def _lapse(step: _Step, key: TokenKey, amount: int) -> None:
    """Unaccepted or only registered money: carried as far as the list permits, the rest lapses."""
    if key.obligation is not None:
        _lower_obligation(step.call, key, amount)
    free = replace(key, obligation=None)
    part = _carry_by_list(step, key.line, amount)
    if part:
        tokens.settle(step.call, key, replace(free, stage=Stage.CARRIED), part)
    if amount > part:
        tokens.settle(step.call, key, replace(free, stage=Stage.LAPSED), amount - part)
    step.carried += part
    step.lapsed += amount - part


def _carry_by_list(step: _Step, line: Line, amount: int) -> int:
    """How much of an amount the list of BC 115(2) lets be used next year: the budget's own money alone."""
    if line.source != years.CARRIED_SOURCE:
        return 0
    key = carry_over_key(line.budget, line.year, line.administrator, line.programme)
    found = CarryOver.find(step.call.state, Collection.CARRY_OVERS, key) or EMPTY_CARRY_OVER
    part = min(amount, found.listed - found.carried)
    if part:
        put(step.call.state, Collection.CARRY_OVERS, key, replace(found, carried=found.carried + part))
    return part


def _owe(step: _Step, key: TokenKey, amount: int) -> None:
    """Accepted and not paid: annulled here, owed still (TP 202, 208)."""
    call = step.call
    name, obligation = _obligation(call.state, key)
    is_retained = key.stage is Stage.RETAINED
    agreements.raise_debt(call, key.holder, name, obligation, amount, is_retained=is_retained)
    kept = tuple(act for act in obligation.retained if not (is_retained and act == key.act))
    _put_closed(call, key, replace(obligation, retained=kept))
    tokens.settle(call, key, replace(key, stage=Stage.CARRIED), amount)
    step.carried += amount


def _claim(step: _Step, key: TokenKey, amount: int) -> None:
    """An advance outstanding stays where it is, and is claimed back or worked off by later acts."""
    call = step.call
    name, obligation = _obligation(call.state, key)
    outstanding = balance_of(call.state, obligation_scope(key.holder, name)).amounts[Stage.ADVANCED]
    place = claim_key(key.holder, name)
    before = Claim.find(call.state, Collection.CLAIMS, place)
    arisen = call.day() if before is None else before.arisen
    put(call.state, Collection.CLAIMS, place, Claim(key.line, obligation.payee, outstanding, arisen))
    _put_closed(call, key, obligation)
    step.claimed += amount


_SETTLED: Final = {
    Stage.REQUESTED: _decline,
    Stage.APPROVED: _decline,
    Stage.ADOPTED: _lapse,
    Stage.ALLOCATED: _lapse,
    Stage.REGISTERED: _lapse,
    Stage.PAYABLE: _owe,
    Stage.RETAINED: _owe,
    Stage.ADVANCED: _claim,
}


def _obligation(state: StateReader, key: TokenKey) -> tuple[str, Obligation]:
    assert key.obligation is not None, "accepted money stands under an obligation"
    found = Obligation.find(state, Collection.OBLIGATIONS, obligation_key(key.holder, key.obligation))
    assert found is not None, "an obligation named by a token exists"
    return key.obligation, found


def _put_closed(call: Call, key: TokenKey, obligation: Obligation) -> None:
    """The obligation takes no act and no advance any more."""
    assert key.obligation is not None, "accepted money stands under an obligation"
    place = obligation_key(key.holder, key.obligation)
    put(call.state, Collection.OBLIGATIONS, place, replace(obligation, is_open=False))


def _lower_obligation(call: Call, key: TokenKey, amount: int) -> None:
    """Registered money leaves the obligation of the year that ended."""
    _, obligation = _obligation(call.state, key)
    _put_closed(call, key, replace(obligation, amount=obligation.amount - amount))


# --- money under holds


def _lapse_held(step: _Step, key: TokenKey, name: str) -> bool:
    """Held money lapses, row by row of its hold; a row may have come out of another block.

    Money that was held is not carried: it was short, or decided to be cut. False when rows are left for the
    next document.
    """
    call = step.call
    prefix = prefix_of(5, name, key.holder, key.line.value(), key.expense)
    room = step.rows - step.moved
    found = [
        HoldPlace.decode(value).serial
        for place, value in call.state.scan(Collection.HOLD_PLACES, prefix, room + 1)
        if place.startswith(prefix)
    ]
    hold = step.holds.get(name) or holds.hold_of(call.state, name)
    for serial in found[:room]:
        held = holds.row_of(call.state, name, serial)
        assert held is not None, "an indexed row exists"
        target = replace(key, stage=Stage.LAPSED, hold=None)
        tokens.settle(call, key, target, held.amount)
        holds.lower_row(call, name, serial, held, held.amount)
        hold = replace(hold, consumed=hold.consumed + held.amount)
        step.lapsed += held.amount
        step.moved += 1
        if hold.kind == HoldKind.SHORTFALL:
            step.unblocked += held.amount
    step.holds[name] = hold
    return len(found) <= room


def _write_holds(step: _Step) -> None:
    """The holds whose rows lapsed; one with nothing left is done."""
    for name, hold in step.holds.items():
        if hold.placed == hold.lifted + hold.consumed:
            hold = replace(hold, status=HoldStatus.LAPSED.value)
        put(step.call.state, Collection.HOLDS, hold_key(name), hold)
    if step.unblocked:
        record = appropriations.budget_of(step.call.state, step.budget, step.year)
        changed = replace(record, blocked=record.blocked - step.unblocked)
        put(step.call.state, Collection.BUDGETS, budget_key(step.budget, step.year), changed)
