"""Holds (блокировка): money that nobody may accept until it is lifted or cut (BC 94(3), 111(1)(11), TP 35).

A hold names explicit rows of unaccepted money, adopted or allocated; the stage stays, so lifting needs no
memory. A sequester's decision is a hold too (`contracts.sequester`) and may take rows out of a block.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from chain.codec import DAY, NAME, UINT_MAXIMUM, Fields, ListOf, OneOf, Optional, Row
from contracts import appropriations, budgets, plans, reasons, receipts, tokens
from contracts.actions import Call, action, row
from contracts.dates import refuse_ahead
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
from contracts.records import (
    Collection,
    Hold,
    HoldKind,
    HoldPlace,
    HoldRow,
    HoldStatus,
    Kind,
    Line,
    Role,
    Stage,
    TokenKey,
    budget_key,
    hold_key,
    hold_place_key,
    hold_row_key,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

PLACE: Final[Fields] = (
    ("holder", NAME),
    ("administrator", CODE3),
    ("programme", CODE3),
    ("subprogramme", Optional(CODE3)),
    ("specific", Optional(CODE3)),
    ("expense", Optional(EXPENSE)),
)
"""Where money stands. Without subprogramme and specific it is the pool of the administrator."""

HELD_ROW = Row("held row", (*PLACE, ("amount", POSITIVE)))

BLOCK = Row(
    "treasury.block",
    (
        ("hold", NAME),
        ("ground", OneOf(HoldKind.SHORTFALL, HoldKind.REFINEMENT)),
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("document", DOCUMENT_NUMBER),
        ("date", DAY),
        ("rows", ListOf(HELD_ROW, ROWS, 1)),
    ),
)

UNBLOCK = Row(
    "treasury.unblock",
    (
        ("hold", NAME),
        ("document", DOCUMENT_NUMBER),
        ("source", SOURCE),
        ("rows", ListOf(HELD_ROW, ROWS)),
        ("amount", Optional(POSITIVE)),
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A position whose unaccepted money can be held."""

    line: Line
    holder: str
    expense: str | None

    @property
    def stage(self) -> Stage:
        return Stage.ADOPTED if self.line.specific is None else Stage.ALLOCATED

    def key(self, hold: str | None = None) -> TokenKey:
        return TokenKey(self.line, self.holder, self.expense, self.stage, hold=hold)

    def row(self, amount: int, taken_from: str | None = None) -> HoldRow:
        return HoldRow(self.line, self.holder, self.expense, int(self.stage), amount, taken_from)


def place_of(budget: str, year: int, source: str, fields: tuple[Any, ...]) -> Place:
    """The position that the fields of `PLACE` name; refused where it is neither pool nor position."""
    holder, administrator, programme, subprogramme, specific, expense = fields
    if (subprogramme is None) != (specific is None):
        raise RejectionError(reasons.HOLD_LINE, holder=holder)
    line = Line(budget, year, source, administrator, programme, subprogramme, specific)
    return Place(line, holder, expense)


@action(
    "treasury.block",
    BLOCK,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 94(3), 111(1)(11), TP 35",
    summary="Hold unaccepted money by rows, up to the shortfall of receipts, or before a refinement",
    is_batch=True,
)
def block(call: Call) -> None:
    """adopted, allocated -> the same under the hold. More rows of the same order may follow."""
    name, ground, budget, year, source, document, date, rows = fields_of(call.arguments)
    refuse_ahead(date, call.day(), "date")
    month = plans.open_month(call, year)
    budgets.require_authority(call, budget)
    record = appropriations.budget_of(call.state, budget, year)
    hold = _opened(call.state, name, ground, budget, year, document, date)
    total = sum(fields[-1] for fields in rows)
    if ground == HoldKind.SHORTFALL:
        blocked = record.blocked + total
        shortfall = max(receipts.shortfall(call.state, budget, year, month), 0)
        if blocked > shortfall:
            raise RejectionError(reasons.HOLD_SHORTFALL, blocked_tiyn=blocked, shortfall_tiyn=shortfall)
        changed = replace(record, blocked=blocked)
        put(call.state, Collection.BUDGETS, budget_key(budget, year), changed)
    for number, (*place, amount) in enumerate(rows, 1):
        with row(number):
            if ground == HoldKind.REFINEMENT and amount % PLAN_UNIT:
                raise RejectionError(reasons.PLAN_UNIT, field="amount", amount_tiyn=amount)
            hold = take(call, name, hold, place_of(budget, year, source, tuple(place)), amount)
    put(call.state, Collection.HOLDS, hold_key(name), hold)
    call.emit("treasury.blocked", name, ground, document, total)


def _opened(
    state: StateReader, name: str, ground: str, budget: str, year: int, document: str, date: int
) -> Hold:
    """A new block, or the block of the same order to which rows are added."""
    fresh = Hold(ground, budget, year, document, date, None, 0, 0, 0, 0, 0, 0, (), HoldStatus.OPEN.value)
    found = Hold.find(state, Collection.HOLDS, hold_key(name))
    if found is None:
        return fresh
    if (found.kind, found.budget, found.year, found.document, found.date) != (
        ground, budget, year, document, date,
    ):  # fmt: skip
        raise RejectionError(reasons.HOLD_EXISTS, hold=name)
    if found.status != HoldStatus.OPEN:
        raise RejectionError(reasons.HOLD_DONE, hold=name, status=HoldStatus(found.status).name.lower())
    return found


@action(
    "treasury.unblock",
    UNBLOCK,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 111, TP 35",
    summary="Lift a block: the named rows, or an amount in reverse order of blocking",
    is_batch=True,
)
def unblock(call: Call) -> None:
    """The same stage without the hold. Either rows or an amount."""
    name, document, source, rows, amount = fields_of(call.arguments)
    hold = hold_of(call.state, name)
    if hold.kind == HoldKind.SEQUESTER:
        raise RejectionError(reasons.HOLD_NONE, hold=name)
    plans.open_month(call, hold.year)
    budgets.require_authority(call, hold.budget)
    if bool(rows) == (amount is not None):
        raise RejectionError(reasons.HOLD_EMPTY)
    before = hold
    for number, (*fields, part) in enumerate(rows, 1):
        with row(number):
            place = place_of(hold.budget, hold.year, source, tuple(fields))
            hold = _lift(call, name, hold, serial_of(call.state, name, place.row(part)), part)
    if amount is not None:
        hold = _lift_in_reverse(call, name, hold, amount)
    put(call.state, Collection.HOLDS, hold_key(name), hold)
    lifted = hold.lifted - before.lifted
    unblocked(call, hold, lifted)
    call.emit("treasury.unblocked", name, document, lifted)


def unblocked(call: Call, hold: Hold, amount: int) -> None:
    """Money left a block (or, below zero, came back): the shortfall bound counts what still stands."""
    if hold.kind != HoldKind.SHORTFALL or amount == 0:
        return
    record = appropriations.budget_of(call.state, hold.budget, hold.year)
    changed = replace(record, blocked=record.blocked - amount)
    put(call.state, Collection.BUDGETS, budget_key(hold.budget, hold.year), changed)


def _lift_in_reverse(call: Call, name: str, hold: Hold, amount: int) -> Hold:
    held = hold.placed - hold.lifted - hold.consumed
    if amount > held:
        raise RejectionError(reasons.HOLD_AMOUNT, amount_tiyn=amount, held_tiyn=held)
    serial = hold.rows
    while amount:
        found = row_of(call.state, name, serial)
        if found is not None:
            part = min(amount, found.amount)
            hold = _lift(call, name, hold, serial, part)
            amount -= part
            if part < found.amount:
                break
        # the serials above are empty now and may be given again: the next lifting starts here
        serial -= 1
    return replace(hold, rows=serial)


def _lift(call: Call, name: str, hold: Hold, serial: int, amount: int) -> Hold:
    found = row_of(call.state, name, serial)
    assert found is not None, "an indexed row exists"
    if amount > found.amount:
        raise RejectionError(reasons.HOLD_AMOUNT, amount_tiyn=amount, held_tiyn=found.amount)
    tokens.move(call, token_of(found, name), token_of(found, None), amount)
    lower_row(call, name, serial, found, amount)
    return replace(hold, lifted=hold.lifted + amount)


# --- rows, for blocks and sequesters


def hold_of(state: StateReader, name: str) -> Hold:
    """A hold; refused where there is none."""
    found = Hold.find(state, Collection.HOLDS, hold_key(name))
    if found is None:
        raise RejectionError(reasons.HOLD_NONE, hold=name)
    return found


def row_of(state: StateReader, hold: str, serial: int) -> HoldRow | None:
    return HoldRow.find(state, Collection.HOLD_ROWS, hold_row_key(hold, serial))


def serial_of(state: StateReader, hold: str, held: HoldRow) -> int:
    """The serial of the row of a position; refused where the hold has none."""
    found = HoldPlace.find(state, Collection.HOLD_PLACES, hold_place_key(hold, held))
    if found is None:
        raise RejectionError(reasons.HOLD_ROW, hold=hold, holder=held.holder)
    return found.serial


def token_of(held: HoldRow, hold: str | None) -> TokenKey:
    """Where the money of a row stands under a hold, or free."""
    return TokenKey(held.line, held.holder, held.expense, Stage(held.stage), hold=hold)


def take(call: Call, name: str, hold: Hold, place: Place, amount: int, taken_from: str | None = None) -> Hold:
    """Put money of a position, free or out of a block, under the hold `name`; returns the changed hold.

    The caller writes the hold.
    """
    source = place.key(taken_from)
    free = tokens.amount_of(call.state, source)
    if amount > free:
        raise RejectionError(reasons.HOLD_FREE, holder=place.holder, amount_tiyn=amount, free_tiyn=free)
    if hold.placed + amount > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    tokens.move(call, source, place.key(name), amount)
    return raise_row(call, name, replace(hold, placed=hold.placed + amount), place.row(amount, taken_from))


def raise_row(call: Call, name: str, hold: Hold, held: HoldRow) -> Hold:
    """Add to the row of a position, or write a new one with the next serial; returns the changed hold."""
    place = hold_place_key(name, held)
    found = HoldPlace.find(call.state, Collection.HOLD_PLACES, place)
    if found is None:
        serial = hold.rows + 1
        put(call.state, Collection.HOLD_PLACES, place, HoldPlace(serial))
        put(call.state, Collection.HOLD_ROWS, hold_row_key(name, serial), held)
        return replace(hold, rows=serial)
    before = row_of(call.state, name, found.serial)
    assert before is not None, "an indexed row exists"
    raised = replace(before, amount=before.amount + held.amount)
    put(call.state, Collection.HOLD_ROWS, hold_row_key(name, found.serial), raised)
    return hold


def lower_row(call: Call, name: str, serial: int, held: HoldRow, amount: int) -> None:
    """Take from a row; an empty row is gone."""
    key = hold_row_key(name, serial)
    if held.amount == amount:
        call.state.delete(Collection.HOLD_ROWS, key)
        call.state.delete(Collection.HOLD_PLACES, hold_place_key(name, held))
    else:
        put(call.state, Collection.HOLD_ROWS, key, replace(held, amount=held.amount - amount))
