"""What becomes of an agreement: supplements (дополнительные соглашения), penalties, termination (TP 204, 207,
217, 224)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chain.codec import AMOUNT, DAY, NAME, ListOf, OneOf, Optional, Row, Text
from contracts import commitments, directories, plans, reasons, tokens, treasury
from contracts.actions import Call, action, row
from contracts.agreements import (
    EXPERTISE,
    NOTIFICATION,
    OBLIGATIONS_OF_ALL_YEARS,
    OBLIGATIONS_PER_AGREEMENT,
    PENALTY,
    SUPPLEMENTS_PER_AGREEMENT,
    YEAR_SUM,
    YEARS_PER_AGREEMENT,
    agreement_of,
    check_advance,
    check_expertise,
    check_notification,
    check_years,
    current_of,
    is_of_open_year,
    notification_number,
    obligation_of,
    outstanding,
    performed_before,
    registered_key,
)
from contracts.dates import refuse_outside
from contracts.directories import DirectoryName
from contracts.fields import DOCUMENT_NUMBER, POSITIVE, fields_of
from contracts.receipts import RECEIPTS_CODE
from contracts.records import (
    Agreement,
    Claim,
    Collection,
    Kind,
    Obligation,
    Role,
    Stage,
    TokenKey,
    agreement_key,
    balance_of,
    claim_key,
    obligation_key,
    obligation_scope,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

AMEND_ROW = Row(
    "amended obligation",
    (("obligation", NAME), ("notification", NOTIFICATION), ("amount", AMOUNT), ("advance", AMOUNT)),
)

AMEND = Row(
    "agreement.amend",
    (
        ("agreement", DOCUMENT_NUMBER),
        ("supplement", DOCUMENT_NUMBER),
        ("date", DAY),
        ("ground", Text(300, 1)),
        ("total", POSITIVE),
        ("years", ListOf(YEAR_SUM, YEARS_PER_AGREEMENT, 1)),
        ("valid_until", DAY),
        ("expertise", Optional(EXPERTISE)),
        ("obligations", ListOf(AMEND_ROW, OBLIGATIONS_PER_AGREEMENT)),
    ),
)


@action(
    "agreement.amend",
    AMEND,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 109(8), TP 204, 217, 224",
    summary="Register a supplementary agreement: new current-year sums by obligation, up or down",
)
def amend(call: Call) -> None:
    """Up: allocated -> registered, with the checks of a registration; down: registered -> allocated.

    The old notification is closed and a new one issued for the new sum less cash already paid; tokens stay
    (TP 217). Permitted after 20 December (BC 109(8)).
    """
    number, supplement, date, _, total, years, valid_until, expertise, changes = fields_of(call.arguments)
    holder = call.institution
    agreement = open_agreement(call.state, holder, number)
    supplements = with_supplement(agreement, supplement)
    refuse_outside(date, agreement.date, call.day(), "date")
    refuse_outside(valid_until, agreement.date, None, "valid_until")
    year = agreement.years[0][0]
    plans.open_month(call, year)
    check_years(years, year, total, performed_before(call.state, holder, agreement, year))
    changed = replace(
        agreement, total=total, years=years, valid_until=valid_until,
        expertise=agreement.expertise if expertise is None else expertise, supplements=supplements,
    )  # fmt: skip
    _amend_obligations(call, number, changed, changes)
    if expertise is not None or total > agreement.total or years[0][1] > agreement.years[0][1]:
        _check_expertise(call, changed)
    commitments.change(call, agreement, agreement.years[1:], years[1:], year)
    put(call.state, Collection.AGREEMENTS, agreement_key(holder, number), changed)
    call.emit("agreement.amended", holder, number, supplement, total)


def open_agreement(state: StateReader, holder: str, number: str) -> Agreement:
    """A registered agreement that was not terminated."""
    agreement = agreement_of(state, holder, number)
    if agreement.terminated is not None:
        raise RejectionError(reasons.AGREEMENT_ENDED, agreement=number)
    return agreement


def with_supplement(agreement: Agreement, supplement: str) -> tuple[str, ...]:
    """The supplements of an agreement with one more; each number once."""
    if supplement in agreement.supplements or len(agreement.supplements) >= SUPPLEMENTS_PER_AGREEMENT:
        raise RejectionError(reasons.SUPPLEMENT_EXISTS, supplement=supplement)
    return (*agreement.supplements, supplement)


def _amend_obligations(
    call: Call, number: str, agreement: Agreement, changes: tuple[tuple[Any, ...], ...]
) -> None:
    """The new sums; afterwards the obligations again add up to the sum of the year (TP 215)."""
    known = dict(current_of(call.state, call.institution, agreement))
    named = [change[0] for change in changes]
    for place, (name, notification, amount, advance) in enumerate(changes, 1):
        with row(place):
            if name not in known or named.count(name) > 1:
                raise RejectionError(reasons.OBLIGATION_NONE, holder=call.institution, obligation=name)
            check_notification(call, name, known[name], notification)
            _amend_obligation(call, number, name, amount, advance)
    current = current_of(call.state, call.institution, agreement)
    found = sum(obligation.amount for _, obligation in current)
    if found != agreement.years[0][1]:
        raise RejectionError(reasons.AGREEMENT_CODES, stated_tiyn=agreement.years[0][1], found_tiyn=found)


def _check_expertise(call: Call, agreement: Agreement) -> None:
    """More construction than was examined needs an expertise in force; less or a longer term does not (TP
    218(13)–(15))."""
    current = current_of(call.state, call.institution, agreement)
    specifics = [obligation.line.specific or "" for _, obligation in current]
    check_expertise(agreement.kind, agreement.expertise, agreement.total, specifics, call.day())


def _amend_obligation(call: Call, number: str, name: str, amount: int, advance: int) -> None:
    holder = call.institution
    obligation = obligation_of(call.state, holder, name)
    line = obligation.line
    balance = balance_of(call.state, obligation_scope(holder, name))
    own = balance.amounts[Stage.ADVANCED]
    least = obligation.amount - balance.amounts[Stage.REGISTERED]
    if amount < least:
        raise RejectionError(reasons.AMEND_BELOW, amount_tiyn=amount, least_tiyn=least)
    limit = amount * obligation.advance_percent // 100
    if own > limit:
        raise RejectionError(reasons.ADVANCE_OUTSTANDING, outstanding_tiyn=own, limit_tiyn=limit)
    check_advance(line.specific or "", advance, amount, obligation.advance_percent)
    allocated = TokenKey(line, holder, obligation.expense, Stage.ALLOCATED)
    registered = registered_key(holder, name, obligation)
    if amount > obligation.amount:
        if obligation.kind == PENALTY:
            # another penalty is withheld by agreement.penalty, out of what the supplier is due (TP 217)
            raise RejectionError(reasons.PENALTY_EXCEEDS, amount_tiyn=amount, room_tiyn=obligation.amount)
        added = amount - obligation.amount
        treasury.refuse_if_suspended(call, holder, line, number)
        plans.check_acceptance(call, holder, line, obligation.expense, added)
        tokens.move(call, allocated, registered, added)
    elif amount < obligation.amount:
        tokens.move(call, registered, allocated, obligation.amount - amount)
    cash = own + balance.amounts[Stage.PAID]
    _renew(call, number, name, replace(obligation, amount=amount, advance_limit=advance), cash)


def _renew(call: Call, number: str, name: str, obligation: Obligation, cash: int) -> None:
    """A new notification for the new sum less cash paid; none, and closed, when nothing more is due (TP
    217)."""
    holder = call.institution
    paid = balance_of(call.state, obligation_scope(holder, name)).amounts[Stage.PAID]
    is_open = obligation.amount > paid or outstanding(call.state, holder, obligation) > 0
    if is_open:
        # raised again after it was closed: an advance that a correction brought back is worked off by acts
        call.state.delete(Collection.CLAIMS, claim_key(holder, name))
    serial = obligation.notifications + is_open
    changed = replace(obligation, is_open=is_open, notifications=serial)
    put(call.state, Collection.OBLIGATIONS, obligation_key(holder, name), changed)
    notification = ""
    if is_open:
        notification = notification_number(call.actor.code, obligation.line.year, name, serial)
    call.emit("agreement.obligation-amended", holder, number, name, notification, obligation.amount - cash)


# --- penalties

PENALTY_DOCUMENT = Row(
    "agreement.penalty",
    (
        ("agreement", DOCUMENT_NUMBER),
        ("supplement", DOCUMENT_NUMBER),
        ("date", DAY),
        ("obligation", NAME),
        ("notification", NOTIFICATION),
        ("act", Optional(NAME)),
        ("penalty", NAME),
        ("receipts", RECEIPTS_CODE),
        ("amount", POSITIVE),
    ),
)


@action(
    "agreement.penalty",
    PENALTY_DOCUMENT,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="TP 217",
    summary="Withhold a penalty from what a supplier is due: a part of the agreement goes to the receipts",
)
def penalize(call: Call) -> None:
    """registered -> registered or, of an act, payable -> payable, under a new obligation whose payee is the
    receipts code. Two applications: the agreement less the penalty, and the penalty."""
    number, supplement, date, name, notification, act, penalty, code, amount = fields_of(call.arguments)
    holder = call.institution
    agreement = agreement_of(call.state, holder, number)
    supplements = with_supplement(agreement, supplement)
    refuse_outside(date, agreement.date, call.day(), "date")
    obligation = dict(current_of(call.state, holder, agreement)).get(name)
    if obligation is None or obligation.kind == PENALTY:
        raise RejectionError(reasons.OBLIGATION_NONE, holder=holder, obligation=name)
    plans.open_month(call, obligation.line.year)
    check_notification(call, name, obligation, notification)
    directories.require(call, DirectoryName.RECEIPTS, code, "receipts")
    key = obligation_key(holder, penalty)
    if call.state.get(Collection.OBLIGATIONS, key) is not None:
        raise RejectionError(reasons.OBLIGATION_EXISTS, holder=holder, obligation=penalty)
    if len(agreement.obligations) >= OBLIGATIONS_OF_ALL_YEARS:
        raise RejectionError(reasons.AGREEMENT_FULL, agreement=number, limit=OBLIGATIONS_OF_ALL_YEARS)
    source = registered_key(holder, name, obligation)
    if act is not None:
        source = replace(source, stage=Stage.PAYABLE, act=act)
    room = tokens.amount_of(call.state, source)
    if amount > room:
        raise RejectionError(reasons.PENALTY_EXCEEDS, amount_tiyn=amount, room_tiyn=room)
    tokens.move(call, source, replace(source, obligation=penalty), amount)
    withheld = Obligation(
        obligation.line, obligation.expense, PENALTY, number, code, amount, 0, 0, 0, (), 1, (), True, None
    )
    put(call.state, Collection.OBLIGATIONS, key, withheld)
    changed = replace(agreement, obligations=(*agreement.obligations, penalty), supplements=supplements)
    put(call.state, Collection.AGREEMENTS, agreement_key(holder, number), changed)
    serial = notification_number(call.actor.code, obligation.line.year, penalty, 1)
    call.emit("agreement.penalized", holder, number, name, penalty, serial, code, amount)
    _lower(call, number, name, obligation, amount)


def _lower(call: Call, number: str, name: str, obligation: Obligation, amount: int) -> None:
    """The agreement less the penalty; of one that has ended only the sum changes."""
    balance = balance_of(call.state, obligation_scope(call.institution, name))
    changed = replace(obligation, amount=obligation.amount - amount)
    if obligation.is_open:
        cash = balance.amounts[Stage.ADVANCED] + balance.amounts[Stage.PAID]
        _renew(call, number, name, changed, cash)
    else:
        put(call.state, Collection.OBLIGATIONS, obligation_key(call.institution, name), changed)


# --- termination

TERMINATE = Row(
    "agreement.terminate",
    (
        ("agreement", DOCUMENT_NUMBER),
        ("date", DAY),
        ("ground", OneOf("agreement", "court", "notice")),
        ("note", Text(500, 1)),
    ),
)


@action(
    "agreement.terminate",
    TERMINATE,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="TP 207",
    summary="End an agreement: what is registered is free again, an outstanding advance becomes a claim",
)
def terminate(call: Call) -> None:
    """registered -> allocated; payable and retained stay due; advanced stays and becomes a Claim.

    Of an agreement whose year is closed nothing moves: its money has lapsed, its advances are claims already.
    """
    number, date, ground, _ = fields_of(call.arguments)
    holder = call.institution
    agreement = open_agreement(call.state, holder, number)
    day = call.day()
    refuse_outside(date, agreement.date, day, "date")
    if is_of_open_year(call, agreement):
        for name, obligation in current_of(call.state, holder, agreement):
            _close_obligation(call, name, obligation, day)
    commitments.change(call, agreement, agreement.years[1:], (), agreement.years[0][0])
    ended = replace(agreement, years=agreement.years[:1], terminated=day)
    put(call.state, Collection.AGREEMENTS, agreement_key(holder, number), ended)
    call.emit("agreement.terminated", holder, number, ground)


def _close_obligation(call: Call, name: str, obligation: Obligation, day: int) -> None:
    holder = call.institution
    balance = balance_of(call.state, obligation_scope(holder, name))
    unused = balance.amounts[Stage.REGISTERED]
    claimed = balance.amounts[Stage.ADVANCED]
    if unused:
        allocated = TokenKey(obligation.line, holder, obligation.expense, Stage.ALLOCATED)
        tokens.move(call, registered_key(holder, name, obligation), allocated, unused)
    if claimed:
        claim = Claim(obligation.line, obligation.payee, claimed, day)
        put(call.state, Collection.CLAIMS, claim_key(holder, name), claim)
        call.emit("claim.arisen", holder, name, claimed)
    closed = replace(obligation, amount=obligation.amount - unused, is_open=False)
    put(call.state, Collection.OBLIGATIONS, obligation_key(holder, name), closed)
