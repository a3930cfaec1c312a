"""Sequester (секвестр; BC 97): decided by rows, held, then applied or cancelled.

The law does not ask for proportion (BC 97(4)): the rows are explicit, from the planner or from people. The
decision holds its rows, so nothing moves under it, and suspends its programmes until the last row is done
(BC 97(5)). A decision of many rows comes in parts; each part states the total of the whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chain.codec import DAY, NAME, ListOf, OneOf, Optional, Row, Uint
from contracts import appropriations, budgets, holds, plans, reasons, tokens, treasury
from contracts.actions import Call, action, row
from contracts.appropriations import NOT_PROTECTED, PARTLY_PROTECTED, PROTECTED
from contracts.budget_acts import SEQUESTER, ActRow, record_act
from contracts.dates import refuse_ahead
from contracts.fields import DOCUMENT_NUMBER, PLAN_UNIT, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.params import params_of
from contracts.records import (
    Appropriation,
    Budget,
    Collection,
    Hold,
    HoldKind,
    HoldRow,
    HoldStatus,
    Kind,
    Line,
    Role,
    Stage,
    TokenKey,
    appropriation_key,
    budget_key,
    hold_key,
    put,
)
from contracts.rejection import Reason, RejectionError
from contracts.state import StateReader

RESOLUTION: Final = "resolution"
LAW: Final = "law"
"""постановление Правительства below 10 %, закон above (BC 97(2))."""

EXACT_TEN: Final = (None, RESOLUTION, LAW)
"""What the parameter sequester-exact-ten says of exactly 10 %: refused, resolution, law."""

CUT_ROW = Row("cut", (*holds.PLACE, ("amount", POSITIVE), ("from_hold", Optional(NAME))))

DECIDE = Row(
    "sequester.decide",
    (
        ("decision", NAME),
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("instrument", OneOf(RESOLUTION, LAW)),
        ("document", DOCUMENT_NUMBER),
        ("date", DAY),
        ("total", POSITIVE),
        ("rows", ListOf(CUT_ROW, ROWS, 1)),
    ),
)

STEP = Row("sequester step", (("decision", NAME), ("rows", Uint(1, ROWS))))


@action(
    "sequester.decide",
    DECIDE,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 70(6), 86(5), 97, 111(1)(5)",
    summary="Record a decision on sequester, or a part of it: its rows are held, its programmes suspended",
    is_batch=True,
)
def decide(call: Call) -> None:
    """adopted, allocated, free or under a block -> held by the decision."""
    name, budget, year, source, instrument, document, date, total, rows = fields_of(call.arguments)
    refuse_ahead(date, call.day(), "date")
    plans.open_month(call, year)
    budgets.require_authority(call, budget)
    record = appropriations.budget_of(call.state, budget, year)
    if total % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field="total", amount_tiyn=total)
    fresh = Hold(
        HoldKind.SEQUESTER, budget, year, document, date, instrument, total, 0, 0, 0, 0, 0, (),
        HoldStatus.OPEN.value,
    )  # fmt: skip
    hold = Hold.find(call.state, Collection.HOLDS, hold_key(name))
    if hold is None:
        hold = fresh
        _check_instrument(call.state, record, total, instrument)
        counted = replace(record, sequestered=record.sequestered + total)
        put(call.state, Collection.BUDGETS, budget_key(budget, year), counted)
    else:
        _check_part(name, hold, fresh)
    sources: dict[str, Hold] = {}
    for number, fields in enumerate(rows, 1):
        with row(number):
            hold = _decide_row(call, name, hold, source, fields, sources)
    for block, changed in sources.items():
        put(call.state, Collection.HOLDS, hold_key(block), changed)
    if hold.placed > total:
        raise RejectionError(reasons.SEQUESTER_TOTAL, total_tiyn=total, found_tiyn=hold.placed)
    if hold.placed == total:
        hold = replace(hold, status=HoldStatus.COMPLETE.value)
    put(call.state, Collection.HOLDS, hold_key(name), hold)
    call.emit("sequester.decided", name, instrument, document, total, hold.placed)


def _check_part(name: str, hold: Hold, fresh: Hold) -> None:
    """A further part belongs to the same decision, which still waits for parts."""
    if hold.kind != HoldKind.SEQUESTER:
        raise RejectionError(reasons.HOLD_EXISTS, hold=name)
    if hold.status != HoldStatus.OPEN:
        raise RejectionError(reasons.HOLD_DONE, hold=name, status=HoldStatus(hold.status).name.lower())
    if hold.total != fresh.total:
        raise RejectionError(reasons.SEQUESTER_TOTAL, total_tiyn=hold.total, found_tiyn=fresh.total)
    same = (hold.budget, hold.year, hold.document, hold.date, hold.instrument)
    if same != (fresh.budget, fresh.year, fresh.document, fresh.date, fresh.instrument):
        raise RejectionError(reasons.HOLD_EXISTS, hold=name)


def instrument_for(state: StateReader, record: Budget, total: int) -> str:
    """Which act decides a further cut of `total` tiyn: the share of the year decides (BC 97(2)).

    Counted are all cuts decided in the year and not cancelled; the base is unprotected refined expenditure.
    Exactly 10 % is refused until the members set the parameter.
    """
    counted = record.sequestered + total
    if counted > record.unprotected:
        raise RejectionError(reasons.SEQUESTER_BEYOND, amount_tiyn=counted, free_tiyn=record.unprotected)
    if counted * 10 < record.unprotected:
        return RESOLUTION
    if counted * 10 > record.unprotected:
        return LAW
    decided = EXACT_TEN[params_of(state)["sequester-exact-ten"]]
    if decided is None:
        raise RejectionError(reasons.SEQUESTER_TEN)
    return decided


def _check_instrument(state: StateReader, record: Budget, total: int, instrument: str) -> None:
    required = instrument_for(state, record, total)
    if instrument != required:
        share = (record.sequestered + total) * 10_000 // record.unprotected
        raise RejectionError(
            reasons.SEQUESTER_INSTRUMENT,
            share=f"{share // 100}.{share % 100:02d}",
            required=required,
            found=instrument,
        )


def _decide_row(
    call: Call, name: str, hold: Hold, source: str, fields: tuple[Any, ...], sources: dict[str, Hold]
) -> Hold:
    *where, amount, from_hold = fields
    place = holds.place_of(hold.budget, hold.year, source, tuple(where))
    if amount % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field="amount", amount_tiyn=amount)
    refuse_if_protected(appropriations.appropriation_of(call.state, place.line), place.line)
    if from_hold is not None:
        _consume_block(call, from_hold, hold, place, amount, sources)
    hold = holds.take(call, name, hold, place, amount, from_hold)
    programme = (place.line.administrator, place.line.programme)
    if programme in hold.programmes:
        return hold
    scope = treasury.programme_of(place.line)
    if not treasury.is_suspended_by(call.state, scope, treasury.SEQUESTER, name):
        treasury.suspend(call, scope, treasury.SEQUESTER, name)
    return replace(hold, programmes=(*hold.programmes, programme))


def refuse_if_protected(appropriation: Appropriation, line: Line) -> None:
    """State obligations and the protected list are not cut (BC 70(6), 86(5), 97(4))."""
    reason = protection(appropriation, line)
    if reason is not None:
        raise RejectionError(
            reason,
            administrator=line.administrator,
            programme=line.programme,
            subprogramme=line.subprogramme or "-",
        )


def protection(appropriation: Appropriation, line: Line) -> Reason | None:
    """Why a line is not cut, or None. Money of a partly protected programme that is not yet split is not."""
    if appropriation.is_state_obligation:
        return reasons.SEQUESTER_STATE
    if appropriation.protected == NOT_PROTECTED:
        return None
    if appropriation.protected == PROTECTED:
        return reasons.SEQUESTER_PROTECTED
    assert appropriation.protected == PARTLY_PROTECTED, "three kinds of protection"
    if line.subprogramme is None:
        return reasons.SEQUESTER_UNSPLIT
    is_listed = line.subprogramme in appropriation.protected_subprogrammes
    return reasons.SEQUESTER_PROTECTED if is_listed else None


def _consume_block(
    call: Call, block: str, decision: Hold, place: holds.Place, amount: int, sources: dict[str, Hold]
) -> None:
    """Take a row out of an open block of the same budget and year."""
    found = sources.get(block) or Hold.find(call.state, Collection.HOLDS, hold_key(block))
    is_usable = (
        found is not None
        and found.kind != HoldKind.SEQUESTER
        and (found.budget, found.year) == (decision.budget, decision.year)
    )
    if found is None or not is_usable:
        raise RejectionError(reasons.SEQUESTER_SOURCE, hold=block)
    serial = holds.serial_of(call.state, block, place.row(amount))
    held = holds.row_of(call.state, block, serial)
    assert held is not None, "an indexed row exists"
    if amount > held.amount:
        raise RejectionError(reasons.HOLD_AMOUNT, amount_tiyn=amount, held_tiyn=held.amount)
    holds.lower_row(call, block, serial, held, amount)
    holds.unblocked(call, found, amount)
    sources[block] = replace(found, consumed=found.consumed + amount)


# --- what becomes of a decision


@action(
    "sequester.apply",
    STEP,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 97(3), TP 43, 78",
    summary="Cut the next rows of a decision: tokens, plans and appropriations; the last one ends suspension",
    is_batch=True,
)
def apply(call: Call) -> None:
    """held -> sequestered. Repeated until every row is done; each document is one act of the budget."""
    name, count = fields_of(call.arguments)
    hold = _decision(call, name)
    if hold.status == HoldStatus.OPEN:
        raise RejectionError(
            reasons.SEQUESTER_INCOMPLETE, hold=name, placed_tiyn=hold.placed, total_tiyn=hold.total
        )
    if hold.status not in (HoldStatus.COMPLETE, HoldStatus.APPLYING):
        raise RejectionError(reasons.HOLD_DONE, hold=name, status=HoldStatus(hold.status).name.lower())
    cuts: list[ActRow] = []
    for serial in range(hold.cursor + 1, min(hold.cursor + count, hold.rows) + 1):
        held = holds.row_of(call.state, name, serial)
        assert held is not None, "a decision keeps its rows until they are done"
        cuts.append((held.line.administrator, held.line.programme, 0, held.amount))
        _cut(call, name, serial, held)
        hold = replace(hold, consumed=hold.consumed + held.amount, cursor=serial)
    _step(call, name, hold, HoldStatus.APPLYING, HoldStatus.APPLIED)
    record_act(call, hold.budget, hold.year, SEQUESTER, hold.document, hold.date, cuts)
    call.emit("sequester.applied", name, hold.consumed, hold.total)


def _decision(call: Call, name: str) -> Hold:
    hold = holds.hold_of(call.state, name)
    if hold.kind != HoldKind.SEQUESTER:
        raise RejectionError(reasons.HOLD_NONE, hold=name)
    plans.open_month(call, hold.year)
    budgets.require_authority(call, hold.budget)
    return hold


def _cut(call: Call, name: str, serial: int, held: HoldRow) -> None:
    line = held.line
    target = TokenKey(line, held.holder, held.expense, Stage.SEQUESTERED)
    tokens.move(call, holds.token_of(held, name), target, held.amount)
    holds.lower_row(call, name, serial, held, held.amount)
    if held.stage == Stage.ALLOCATED:
        plans.lower_plan(call, held.holder, line, held.amount)
    appropriation = appropriations.appropriation_of(call.state, line)
    put(
        call.state,
        Collection.APPROPRIATIONS,
        appropriation_key(line.budget, line.year, line.administrator, line.programme),
        replace(appropriation, sequestered=appropriation.sequestered + held.amount),
    )


def _step(call: Call, name: str, hold: Hold, during: HoldStatus, after: HoldStatus) -> None:
    """Write the hold; after its last row the programmes go on."""
    is_done = hold.cursor == hold.rows
    put(
        call.state,
        Collection.HOLDS,
        hold_key(name),
        replace(hold, status=after.value if is_done else during.value),
    )
    if not is_done:
        return
    for administrator, programme in hold.programmes:
        scope = treasury.Scope(
            "programme", budget=hold.budget, year=hold.year, administrator=administrator, programme=programme
        )
        treasury.resume(call, scope, treasury.SEQUESTER, name)


@action(
    "sequester.cancel",
    STEP,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 97",
    summary="Put the next rows of a decision back where they were: free, or under the block they came from",
    is_batch=True,
)
def cancel(call: Call) -> None:
    """held -> as before. Only while nothing of the decision is applied; repeated until every row is done."""
    name, count = fields_of(call.arguments)
    hold = _decision(call, name)
    if hold.status not in (HoldStatus.OPEN, HoldStatus.COMPLETE, HoldStatus.CANCELLING):
        raise RejectionError(reasons.HOLD_DONE, hold=name, status=HoldStatus(hold.status).name.lower())
    if hold.status != HoldStatus.CANCELLING:
        record = appropriations.budget_of(call.state, hold.budget, hold.year)
        counted = replace(record, sequestered=record.sequestered - hold.total)
        put(call.state, Collection.BUDGETS, budget_key(hold.budget, hold.year), counted)
    for serial in range(hold.cursor + 1, min(hold.cursor + count, hold.rows) + 1):
        held = holds.row_of(call.state, name, serial)
        assert held is not None, "a decision keeps its rows until they are done"
        _put_back(call, name, serial, held)
        hold = replace(hold, lifted=hold.lifted + held.amount, cursor=serial)
    _step(call, name, hold, HoldStatus.CANCELLING, HoldStatus.CANCELLED)
    call.emit("sequester.cancelled", name, hold.lifted, hold.total)


def _put_back(call: Call, name: str, serial: int, held: HoldRow) -> None:
    tokens.move(call, holds.token_of(held, name), holds.token_of(held, held.taken_from), held.amount)
    holds.lower_row(call, name, serial, held, held.amount)
    if held.taken_from is None:
        return
    block = holds.hold_of(call.state, held.taken_from)
    holds.unblocked(call, block, -held.amount)
    back = replace(held, taken_from=None)
    block = holds.raise_row(call, held.taken_from, block, back)
    changed = replace(block, consumed=block.consumed - held.amount)
    put(call.state, Collection.HOLDS, hold_key(held.taken_from), changed)
