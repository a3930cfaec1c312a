"""Acts (акты приёмки): performance confirmed, so that it is to be paid (BC 109(5), TP 191)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chain.codec import DAY, NAME, ListOf, Row
from contracts import agreements, obligations, plans, reasons, tokens
from contracts.actions import Call, action, row
from contracts.agreements import AGREEMENT, CONSTRUCTION_START, PENALTY, RESERVE, SERVICES, WORKS
from contracts.calendar import civil
from contracts.dates import refuse_outside
from contracts.fields import DOCUMENT_NUMBER, NOTE, POSITIVE, ROWS, fields_of
from contracts.params import params_of
from contracts.records import (
    Act,
    Agreement,
    Collection,
    Debt,
    Kind,
    Obligation,
    Role,
    Stage,
    TokenKey,
    act_key,
    agreement_key,
    balance_of,
    debt_key,
    obligation_key,
    obligation_scope,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

ACT_ROW = Row(
    "act",
    (
        ("act", NAME),
        ("obligation", NAME),
        ("date", DAY),
        ("document", DOCUMENT_NUMBER),
        ("amount", POSITIVE),
    ),
)

RETAINED_PER_OBLIGATION: Final = 60
"""Acts of which money is kept: those after the ceiling, a handful. What fifty obligations of a year and the
debts keep is released by one document of commissioning, two keys an act of the 8,000 it may change."""

SIGN = Row("act.sign", (("acts", ListOf(ACT_ROW, ROWS, 1)),))


@action(
    "act.sign",
    SIGN,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 109(4)–(5), TP 191, 230(8)",
    summary="Sign acts of goods, works and services: advances are worked off, the rest is to be paid",
    is_batch=True,
)
def sign(call: Call) -> None:
    """advanced w -> paid; registered -> retained r and payable. Not stopped by a suspension.

    An act is dated from the agreement's registration on, which brings it into force (BC 109(4)).
    """
    (acts,) = fields_of(call.arguments)
    for number, act in enumerate(acts, 1):
        with row(number):
            _sign(call, *act)


def _sign(call: Call, name: str, obligation_name: str, date: int, document: str, amount: int) -> None:
    holder = call.institution
    key = act_key(holder, name)
    if call.state.get(Collection.ACTS, key) is not None:
        raise RejectionError(reasons.ACT_EXISTS, holder=holder, act=name)
    obligation = agreements.obligation_of(call.state, holder, obligation_name)
    if obligation.agreement is None or obligation.kind not in (AGREEMENT, PENALTY):
        raise RejectionError(reasons.ACT_WITHOUT_AGREEMENT, obligation=obligation_name)
    plans.open_month(call, obligation.line.year)
    if not obligation.is_open:
        raise RejectionError(reasons.OBLIGATION_CLOSED, obligation=obligation_name)
    agreement = agreements.agreement_of(call.state, holder, obligation.agreement)
    if not (agreement.kind == SERVICES and obligations.is_december_service(call, obligation.line, date)):
        refuse_outside(date, max(agreement.date, agreement.registered), call.day(), "date")
    registered = tokens.amount_of(call.state, agreements.registered_key(holder, obligation_name, obligation))
    outstanding = agreements.outstanding(call.state, holder, obligation)
    if amount > registered + outstanding:
        raise RejectionError(reasons.ACT_EXCEEDS, amount_tiyn=amount, room_tiyn=registered + outstanding)
    worked = worked_off(amount, registered, outstanding)
    retained = 0
    if obligation.kind == AGREEMENT:
        retained = _retention(call.state, holder, agreement, amount - worked)
    if retained and len(obligation.retained) >= RETAINED_PER_OBLIGATION:
        raise RejectionError(reasons.ACTS_RETAINED, obligation=obligation_name, limit=RETAINED_PER_OBLIGATION)
    payable = amount - worked - retained
    parts = _work_off(call, obligation_name, obligation, name, worked)
    source = agreements.registered_key(holder, obligation_name, obligation)
    for stage, part in ((Stage.RETAINED, retained), (Stage.PAYABLE, payable)):
        if part:
            tokens.move(call, source, _act_key(holder, obligation_name, obligation, name, stage), part)
    put(
        call.state,
        Collection.ACTS,
        key,
        Act(obligation_name, date, document, amount, parts, retained, False, 0),
    )
    left = _still_outstanding(call.state, holder, obligation)
    kept = (*obligation.retained, name) if retained else obligation.retained
    changed = replace(obligation, advances=left, retained=kept)
    if changed != obligation:
        put(call.state, Collection.OBLIGATIONS, obligation_key(holder, obligation_name), changed)
    call.emit("act.signed", holder, obligation_name, name, amount, worked, retained, payable)


def worked_off(amount: int, registered: int, outstanding: int) -> int:
    """w = ⌊O·A ÷ (R + O)⌋: withheld proportionally (TP 191); the last act clears the advance to the tiyn."""
    return outstanding * amount // (registered + outstanding)


def _retention(state: StateReader, holder: str, agreement: Agreement, due: int) -> int:
    """r: the part of `due` that would bring paid, advanced and payable of all years above the ceiling.

    The ceiling is the parameter retention-percent (95) of the total. Only works, until commissioning, and not
    reserve or start-of-construction money (TP 191).
    """
    if (
        agreement.kind != WORKS
        or agreement.commissioned is not None
        or agreement.money in (RESERVE, CONSTRUCTION_START)
    ):
        return 0
    ceiling = agreement.total * params_of(state)["retention-percent"] // 100
    before = 0
    for name in agreement.obligations:
        balance = balance_of(state, obligation_scope(holder, name))
        before += balance.total((Stage.PAID, Stage.ADVANCED, Stage.PAYABLE))
        debt = Debt.find(state, Collection.DEBTS, debt_key(holder, name))
        before += 0 if debt is None else debt.payable
    return min(due, max(0, before + due - ceiling))


def _act_key(holder: str, name: str, obligation: Obligation, act: str, stage: Stage) -> TokenKey:
    return TokenKey(obligation.line, holder, obligation.expense, stage, obligation=name, act=act)


def _worked_key(advance: TokenKey, act: str) -> TokenKey:
    """Where the part of an advance that an act worked off stands: under the advance's own obligation."""
    return replace(advance, stage=Stage.PAID, act=act)


def _work_off(
    call: Call, name: str, obligation: Obligation, act: str, worked: int
) -> tuple[tuple[str, int], ...]:
    """Move the worked-off part of the advances, the oldest first; of those of earlier years the claim falls
    with it."""
    holder = call.institution
    parts = []
    for payment in obligation.advances:
        source = agreements.advance_key(call.state, holder, payment)
        part = min(worked, tokens.amount_of(call.state, source))
        if part:
            tokens.move(call, source, _worked_key(source, act), part)
            parts.append((payment, part))
            worked -= part
            if source.obligation != name:
                agreements.lower_claim(call, holder, source.obligation or "", part)
    assert worked == 0, "the advances outstanding cover what an act works off"
    return tuple(parts)


def _still_outstanding(state: StateReader, holder: str, obligation: Obligation) -> tuple[str, ...]:
    return tuple(
        payment
        for payment in obligation.advances
        if tokens.amount_of(state, agreements.advance_key(state, holder, payment))
    )


# --- correction

CORRECT = Row("act.correct", (("act", NAME), ("note", NOTE)))


@action(
    "act.correct",
    CORRECT,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 109(5)",
    summary="Take back an act of which nothing is paid; a corrected act is signed anew under its own number",
)
def correct(call: Call) -> None:
    """The act's exact reverse; of a closed obligation the money is free again instead of registered."""
    name, _ = fields_of(call.arguments)
    holder = call.institution
    act = act_of(call.state, holder, name)
    obligation_name = act.obligation
    obligation = agreements.obligation_of(call.state, holder, obligation_name)
    plans.open_month(call, obligation.line.year)
    payable = _act_key(holder, obligation_name, obligation, name, Stage.PAYABLE)
    retained = _act_key(holder, obligation_name, obligation, name, Stage.RETAINED)
    if act.retained and tokens.amount_of(call.state, retained) < act.retained:
        raise RejectionError(reasons.ACT_RELEASED, act=name)
    unpaid = tokens.amount_of(call.state, payable)
    if unpaid < act.payable:
        _refuse_used(call.state, holder, obligation, payable, act.payable - unpaid)
    freed = _reverse(call, obligation_name, obligation, name, act, (payable, retained))
    again = tuple(payment for payment, _ in act.worked_off)
    changed = replace(
        obligation,
        amount=obligation.amount - freed,
        advances=(*again, *(payment for payment in obligation.advances if payment not in again)),
        retained=tuple(kept for kept in obligation.retained if kept != name),
    )
    put(call.state, Collection.OBLIGATIONS, obligation_key(holder, obligation_name), changed)
    put(call.state, Collection.ACTS, act_key(holder, name), replace(act, is_corrected=True))
    call.emit("act.corrected", holder, obligation_name, name, act.amount)


def act_of(state: StateReader, holder: str, name: str) -> Act:
    """An act in force; refused where there is none."""
    found = Act.find(state, Collection.ACTS, act_key(holder, name))
    if found is None or found.is_corrected:
        raise RejectionError(reasons.ACT_NONE, holder=holder, act=name)
    return found


def _refuse_used(
    state: StateReader, holder: str, obligation: Obligation, payable: TokenKey, used: int
) -> None:
    """Something of the act is no longer to be paid under its obligation: withheld as a penalty, or paid."""
    agreement = agreements.agreement_of(state, holder, obligation.agreement or "")
    for name in agreement.obligations:
        withheld = tokens.amount_of(state, replace(payable, obligation=name))
        if name != payable.obligation and withheld:
            raise RejectionError(
                reasons.ACT_PENALTY, act=payable.act or "", penalty=name, amount_tiyn=withheld
            )
    raise RejectionError(reasons.ACT_PAID, act=payable.act or "", paid_tiyn=used)


def _reverse(
    call: Call, name: str, obligation: Obligation, act_name: str, act: Act, sources: tuple[TokenKey, TokenKey]
) -> int:
    """Move the money of an act back; returns what left the obligation because it is closed."""
    holder = call.institution
    target = agreements.registered_key(holder, name, obligation)
    if not obligation.is_open:
        target = TokenKey(obligation.line, holder, obligation.expense, Stage.ALLOCATED)
    for source, part in zip(sources, (act.payable, act.retained), strict=True):
        if part:
            tokens.move(call, source, target, part)
    for payment, part in act.worked_off:
        advance = agreements.advance_key(call.state, holder, payment)
        tokens.move(call, _worked_key(advance, act_name), advance, part)
        if advance.obligation != name or not obligation.is_open:
            agreements.raise_claim(call, advance.obligation or "", part)
    return 0 if obligation.is_open else act.payable + act.retained


# --- commissioning

COMMISSION = Row(
    "act.commission", (("agreement", DOCUMENT_NUMBER), ("document", DOCUMENT_NUMBER), ("date", DAY))
)


@action(
    "act.commission",
    COMMISSION,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="TP 191",
    summary="Record the commissioning act of an object: what was retained becomes payable",
)
def commission(call: Call) -> None:
    """retained -> payable, of every act of the agreement in the open year and of its accepted debts.

    Debts of closed years that are not accepted yet become payable when they are.
    """
    number, document, date = fields_of(call.arguments)
    holder = call.institution
    agreement = agreements.agreement_of(call.state, holder, number)
    day = call.day()
    is_open = agreements.is_of_open_year(call, agreement)
    if agreement.kind != WORKS:
        raise RejectionError(reasons.COMMISSION_KIND, agreement=number)
    if agreement.commissioned is not None:
        raise RejectionError(reasons.COMMISSIONED, agreement=number)
    refuse_outside(date, agreement.date, day, "date")
    released = _release_debts(call, agreement)
    if is_open:
        for name, obligation in agreements.current_of(call.state, holder, agreement):
            released += _release(call, holder, name, obligation)
    put(
        call.state, Collection.AGREEMENTS, agreement_key(holder, number), replace(agreement, commissioned=day)
    )
    call.emit("act.commissioned", holder, number, document, released)


def _release(call: Call, holder: str, name: str, obligation: Obligation) -> int:
    released = 0
    for act in obligation.retained:
        source = _act_key(holder, name, obligation, act, Stage.RETAINED)
        amount = tokens.amount_of(call.state, source)
        tokens.move(call, source, _act_key(holder, name, obligation, act, Stage.PAYABLE), amount)
        released += amount
    if obligation.retained:
        key = obligation_key(holder, name)
        put(call.state, Collection.OBLIGATIONS, key, replace(obligation, retained=()))
    return released


def _release_debts(call: Call, agreement: Agreement) -> int:
    """What was kept in a closed year and accepted again in the open one."""
    released = 0
    year, _, _ = civil(call.day())
    for name in agreement.debts:
        obligation = agreements.obligation_of(call.state, call.institution, name)
        source = TokenKey(
            obligation.line, call.institution, obligation.expense, Stage.RETAINED, obligation=name
        )
        amount = tokens.amount_of(call.state, source)
        if amount and obligation.line.year == year:
            tokens.move(call, source, replace(source, stage=Stage.PAYABLE), amount)
            released += amount
    return released
