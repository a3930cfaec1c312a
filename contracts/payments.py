"""Payments (счета к оплате): asked for, refused, executed, restored (BC 110, TP 228–239).

A request reserves nothing; those for the same money together ask for no more than there is. Everything is
checked again when the treasury executes it: the cash account, the unused payments plan and the balance of the
obligation, all three at once (BC 110(3), TP 228).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chain.codec import BOOL, NAME, ListOf, Optional, Row, Text, Uint
from contracts import (
    agreements,
    budgets,
    conduct,
    directories,
    plans,
    queues,
    reasons,
    receipts,
    tokens,
    transfers,
    treasury,
    years,
)
from contracts.actions import Call, action, row
from contracts.calendar import civil
from contracts.directories import DirectoryName
from contracts.fields import DOCUMENT_NUMBER, NOTE, POSITIVE, ROWS, fields_of
from contracts.params import params_of
from contracts.receipts import RECEIPTS_CODE
from contracts.records import (
    Collection,
    Kind,
    Line,
    Obligation,
    Payment,
    PaymentStatus,
    Role,
    Stage,
    TokenKey,
    institution_of,
    obligation_key,
    payment_key,
    put,
)
from contracts.refusals import GROUNDS
from contracts.rejection import RejectionError
from contracts.state import StateReader

NUMBER: Final = Text(32, 1)

REQUEST_ROW = Row(
    "payment request",
    (
        ("number", NUMBER),
        ("obligation", NAME),
        ("act", Optional(NAME)),
        ("is_advance", BOOL),
        ("amount", POSITIVE),
        ("purpose", Text(500, 1)),
    ),
)

REQUEST = Row("payment.request", (("requests", ListOf(REQUEST_ROW, ROWS, 1)),))


@action(
    "payment.request",
    REQUEST,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 110(1), TP 229–230, 238",
    summary="Ask the treasury to pay: an act, an obligation without act, or an advance",
    is_batch=True,
)
def request(call: Call) -> None:
    """Moves no money; the request lives for the parameter payment-request-days and waits in its order."""
    (requests,) = fields_of(call.arguments)
    oldest = _oldest(call)
    for number, fields in enumerate(requests, 1):
        with row(number):
            _request(call, oldest, *fields)


def _oldest(call: Call) -> int:
    """The first day whose requests have not expired (TP 229)."""
    return call.day() - params_of(call.state)["payment-request-days"]


def _request(
    call: Call,
    oldest: int,
    number: str,
    name: str,
    act: str | None,
    is_advance: bool,
    amount: int,
    purpose: str,
) -> None:
    holder = call.institution
    day = call.day()
    obligation = agreements.obligation_of(call.state, holder, name)
    plans.open_month(call, obligation.line.year)
    _check_number(call.actor.code, obligation.line.year, number)
    key = payment_key(holder, number)
    if call.state.get(Collection.PAYMENTS, key) is not None:
        raise RejectionError(reasons.PAYMENT_EXISTS, number=number)
    if is_advance and act is not None:
        raise RejectionError(reasons.PAYMENT_FORM, number=number)
    priority = queues.priority_of(call, obligation.line)
    payment = Payment(
        name,
        act,
        is_advance,
        amount,
        purpose,
        day,
        PaymentStatus.REQUESTED.value,
        None,
        None,
        0,
        priority,
        queues.account_of(obligation.line),
    )
    room = _check_balance(call.state, holder, payment, obligation)
    put(call.state, Collection.PAYMENTS, key, payment)
    queues.wait(call, holder, payment, room, oldest)
    conduct.count(call, obligation.line, conduct.REQUESTS)
    call.emit("payment.requested", holder, number, name, amount)


def _check_number(code: str, year: int, number: str) -> None:
    """ГУ code / last two digits of the year - serial number (TP 238(1))."""
    form = f"{code}/{year % 100:02d}-"
    serial = number.removeprefix(form)
    is_serial = serial.isascii() and serial.isdigit() and serial[0] != "0" and len(serial) <= 9
    if not number.startswith(form) or not is_serial:
        raise RejectionError(reasons.PAYMENT_NUMBER, number=number, expected=f"{form}1")


def _check_balance(state: StateReader, holder: str, payment: Payment, obligation: Obligation) -> int:
    """The balance of the obligation's notification, or the advance and its limit (TP 191, 228, 236(15)).

    Gives the tiyn that could be paid at most.
    """
    amount = payment.amount
    if not payment.is_advance:
        room = tokens.amount_of(state, payable_key(holder, payment, obligation))
        if amount > room:
            raise RejectionError(reasons.PAYMENT_EXCEEDS, amount_tiyn=amount, room_tiyn=room)
        return room
    if not obligation.is_open:
        raise RejectionError(reasons.OBLIGATION_CLOSED, obligation=payment.obligation)
    outstanding = agreements.outstanding(state, holder, obligation)
    if obligation.agreement is not None:
        outstanding = max(outstanding, agreements.outstanding_before(state, holder, obligation))
    if outstanding:
        raise RejectionError(reasons.ADVANCE_NOT_WORKED_OFF, outstanding_tiyn=outstanding)
    room = max(obligation.advance_limit - obligation.advanced, 0)
    if amount > room:
        raise RejectionError(reasons.ADVANCE_LIMIT, amount_tiyn=amount, room_tiyn=room)
    source = agreements.registered_key(holder, payment.obligation, obligation)
    registered = tokens.amount_of(state, source)
    if amount > registered:
        raise RejectionError(reasons.PAYMENT_EXCEEDS, amount_tiyn=amount, room_tiyn=registered)
    return min(room, registered)


def payable_key(holder: str, payment: Payment, obligation: Obligation) -> TokenKey:
    """Where the money that an ordinary payment takes stands."""
    return TokenKey(
        obligation.line, holder, obligation.expense, Stage.PAYABLE,
        obligation=payment.obligation, act=payment.act,
    )  # fmt: skip


def paid_key(holder: str, number: str, payment: Payment, obligation: Obligation) -> TokenKey:
    """Where the money of an executed payment stands: paid, or advanced as long as it is not worked off."""
    stage = Stage.ADVANCED if payment.is_advance else Stage.PAID
    return TokenKey(
        obligation.line, holder, obligation.expense, stage,
        obligation=payment.obligation, act=payment.act, payment=number,
    )  # fmt: skip


def payment_of(state: StateReader, holder: str, number: str) -> Payment:
    """A payment request in whatever status; refused where there is none."""
    found = Payment.find(state, Collection.PAYMENTS, payment_key(holder, number))
    if found is None:
        raise RejectionError(reasons.PAYMENT_NONE, holder=holder, number=number)
    return found


def _requested(state: StateReader, holder: str, number: str) -> Payment:
    payment = payment_of(state, holder, number)
    if payment.status != PaymentStatus.REQUESTED:
        status = PaymentStatus(payment.status).name.lower()
        raise RejectionError(reasons.PAYMENT_DECIDED, number=number, status=status)
    return payment


# --- refusal

REFUSE_ROW = Row(
    "refusal", (("holder", NAME), ("number", NUMBER), ("reason", Uint(1, len(GROUNDS))), ("note", NOTE))
)

REFUSE = Row("payment.refuse", (("refusals", ListOf(REFUSE_ROW, ROWS, 1)),))


@action(
    "payment.refuse",
    REFUSE,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="TP 229, 236",
    summary="Return payment requests without execution, each with a reason of TP 236",
    is_batch=True,
)
def refuse(call: Call) -> None:
    """Moves no money: a request reserves none."""
    (refusals,) = fields_of(call.arguments)
    day, oldest = call.day(), _oldest(call)
    for place, (holder, number, reason, note) in enumerate(refusals, 1):
        with row(place):
            payment = _requested(call.state, holder, number)
            refused = replace(payment, status=PaymentStatus.REFUSED.value, decided=day, refusal=reason)
            put(call.state, Collection.PAYMENTS, payment_key(holder, number), refused)
            budgets.require_authority(call, payment.account[0])
            queues.leave(call, holder, payment, oldest)
            conduct.count(call, _line_of(call, holder, payment), conduct.REFUSALS)
            call.emit("payment.refused", holder, number, reason, note)


def _line_of(call: Call, holder: str, payment: Payment) -> Line:
    """Whose conduct a returned request is; its obligation may have gone to another institution since."""
    budget, source, year = payment.account
    found = institution_of(call.state, holder)
    assert found is not None, "an institution asked for the payment"
    return Line(budget, year, source, found.code[:3], "", None, None)


# --- execution

EXECUTE = Row(
    "payment.execute",
    (("payments", ListOf(Row("payment", (("holder", NAME), ("number", NUMBER))), ROWS, 1)),),
)


@action(
    "payment.execute",
    EXECUTE,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 110(3), 111, TP 184, 191, 228–237",
    summary="Pay: cash account, unused payments plan and the obligation's balance must all suffice",
    is_batch=True,
)
def execute(call: Call) -> None:
    """advance: registered -> advanced; else payable -> paid; straight to the payee.

    A penalty is paid to the budget itself: the cash goes out and comes in under its receipts code (TP 217).
    """
    (payments,) = fields_of(call.arguments)
    day = call.day()
    days = params_of(call.state)["payment-request-days"]
    for place, (holder, number) in enumerate(payments, 1):
        with row(place):
            _execute(call, holder, number, day, days)


def _execute(call: Call, holder: str, number: str, day: int, days: int) -> None:
    payment = _requested(call.state, holder, number)
    if day > payment.requested + days:
        raise RejectionError(reasons.PAYMENT_EXPIRED, number=number, days=days)
    obligation = agreements.obligation_of(call.state, holder, payment.obligation)
    budgets.require_authority(call, obligation.line.budget)
    treasury.refuse_if_suspended(call, holder, obligation.line, obligation.agreement)
    _check_balance(call.state, holder, payment, obligation)
    plans.check_payment(call, holder, obligation.line, payment.amount)
    line = obligation.line
    is_penalty = obligation.kind == agreements.PENALTY
    if not is_penalty:
        queues.check_order(call, payment, day - days)
    receipts.take_cash(call, line, payment.amount)
    queues.leave(call, holder, payment, day - days)
    if is_penalty:
        receipts.credit(call, line.budget, line.source, obligation.payee or "", payment.amount)
    transfers.arrive(call, holder, number, obligation, payment.amount)
    source = payable_key(holder, payment, obligation)
    if payment.is_advance:
        source = agreements.registered_key(holder, payment.obligation, obligation)
        changed = replace(
            obligation,
            advanced=obligation.advanced + payment.amount,
            advances=(*obligation.advances, number),
        )
        put(call.state, Collection.OBLIGATIONS, obligation_key(holder, payment.obligation), changed)
    tokens.move(call, source, paid_key(holder, number, payment, obligation), payment.amount)
    executed = replace(payment, status=PaymentStatus.EXECUTED.value, decided=day)
    put(call.state, Collection.PAYMENTS, payment_key(holder, number), executed)
    call.emit("payment.executed", holder, number, payment.obligation, payment.amount, obligation.payee)


# --- restoration

RESTORE_ROW = Row(
    "restoration",
    (
        ("holder", NAME),
        ("number", NUMBER),
        ("amount", POSITIVE),
        ("document", DOCUMENT_NUMBER),
        ("receipts", Optional(RECEIPTS_CODE)),
        ("is_owed", BOOL),
    ),
)

RESTORE = Row("payment.restore", (("restorations", ListOf(RESTORE_ROW, ROWS, 1)),))


@action(
    "payment.restore",
    RESTORE,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 110(5), TP 237",
    summary="Restore payments whose money came back: within the year to its plans, later as new revenue",
    is_batch=True,
)
def restore(call: Call) -> None:
    """paid -> payable; advanced -> registered, or allocated if the obligation is closed.

    Of a closed year both -> recovered: new revenue of the open year under the receipts code of the row, which
    frees no plan and can be spent as any receipts. `is_owed`: the bank could not deliver it, so a debt to the
    payee arises beside, to be accepted again; else it is a refund.
    """
    (restorations,) = fields_of(call.arguments)
    for place, fields in enumerate(restorations, 1):
        with row(place):
            _restore(call, *fields)


def _restore(
    call: Call, holder: str, number: str, amount: int, document: str, code: str | None, is_owed: bool
) -> None:
    payment = payment_of(call.state, holder, number)
    if payment.status != PaymentStatus.EXECUTED:
        raise RejectionError(reasons.PAYMENT_NOT_EXECUTED, number=number)
    obligation = agreements.obligation_of(call.state, holder, payment.obligation)
    line = obligation.line
    budgets.require_authority(call, line.budget)
    is_late = civil(call.day())[0] > line.year
    if is_late:
        years.refuse_unclosed(call, line.budget, line.year)
    if is_late != (code is not None):
        raise RejectionError(reasons.RESTORE_CODE, number=number, year=line.year, code=code or "-")
    if is_owed and (payment.is_advance or not is_late):
        raise RejectionError(reasons.RESTORE_OWED, number=number, year=line.year)
    source = paid_key(holder, number, payment, obligation)
    room = tokens.amount_of(call.state, source)
    if amount > room:
        raise RejectionError(reasons.RESTORE_EXCEEDS, number=number, amount_tiyn=amount, room_tiyn=room)
    _leave_receiver(call, holder, number, obligation, amount)
    if code is not None:
        _recover(call, holder, number, payment, obligation, source, amount, code)
        if is_owed:
            agreements.raise_debt(call, holder, payment.obligation, obligation, amount)
        call.emit("payment.recovered", holder, number, amount, document, code, is_owed)
        return
    receipts.return_cash(call, line, amount)
    if payment.is_advance:
        _restore_advance(call, holder, number, payment, obligation, amount)
    else:
        tokens.move(call, source, payable_key(holder, payment, obligation), amount)
    restored = replace(payment, restored=payment.restored + amount)
    put(call.state, Collection.PAYMENTS, payment_key(holder, number), restored)
    call.emit("payment.restored", holder, number, amount, document)


def _leave_receiver(call: Call, holder: str, number: str, obligation: Obligation, amount: int) -> None:
    """What was paid to a budget leaves its receipts again."""
    transfers.come_back(call, holder, number, amount)
    if obligation.kind == agreements.PENALTY:
        line = obligation.line
        receipts.debit(call, line.budget, line.source, obligation.payee or "", amount)


def _recover(
    call: Call,
    holder: str,
    number: str,
    payment: Payment,
    obligation: Obligation,
    source: TokenKey,
    amount: int,
    code: str,
) -> None:
    """Money of a closed year came back: it stays with its year as recovered, its cash is new revenue."""
    line = obligation.line
    directories.require(call, DirectoryName.RECEIPTS, code, "receipts")
    tokens.move(call, source, replace(source, stage=Stage.RECOVERED), amount)
    receipts.credit(call, line.budget, line.source, code, amount)
    if not payment.is_advance:
        return
    agreements.lower_claim(call, holder, payment.obligation, amount)
    if tokens.amount_of(call.state, source) == 0:
        _forget_advance(call, holder, number, obligation)


def _forget_advance(call: Call, holder: str, number: str, obligation: Obligation) -> None:
    """No later act works it off: take it from the obligation that goes on with its agreement."""
    agreement = agreements.agreement_of(call.state, holder, obligation.agreement or "")
    for name in reversed(agreement.obligations):
        found = agreements.obligation_of(call.state, holder, name)
        if number in found.advances:
            left = tuple(payment for payment in found.advances if payment != number)
            key = obligation_key(holder, name)
            put(call.state, Collection.OBLIGATIONS, key, replace(found, advances=left))
            return


def _restore_advance(
    call: Call, holder: str, number: str, payment: Payment, obligation: Obligation, amount: int
) -> None:
    """An advance that came back may be paid again; of a closed obligation its money is free."""
    name = payment.obligation
    source = paid_key(holder, number, payment, obligation)
    target = agreements.registered_key(holder, name, obligation)
    if not obligation.is_open:
        target = TokenKey(obligation.line, holder, obligation.expense, Stage.ALLOCATED)
        agreements.lower_claim(call, holder, name, amount)
    tokens.move(call, source, target, amount)
    is_left = tokens.amount_of(call.state, source) > 0
    changed = replace(
        obligation,
        amount=obligation.amount if obligation.is_open else obligation.amount - amount,
        advanced=obligation.advanced - amount,
        advances=tuple(kept for kept in obligation.advances if kept != number or is_left),
    )
    put(call.state, Collection.OBLIGATIONS, obligation_key(holder, name), changed)
