"""Re-registration (перерегистрация) of agreements that run on in a new year (BC 109(4), TP 178, 211, 224).

What was registered and not performed has lapsed with its year; the rest of the agreement is registered again
on the sum of the new one, by the numbers of the last notifications. Advances outstanding go on: acts of the
new year work them off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chain.codec import AMOUNT, DAY, NAME, ListOf, OneOf, Optional, Row
from contracts import budgets, commitments, plans, reasons, years
from contracts.actions import Call, action, row
from contracts.agreements import (
    ADVANCE_GROUNDS,
    AGREEMENT,
    LAST_DAY,
    NOTIFICATION,
    OBLIGATIONS_OF_ALL_YEARS,
    OBLIGATIONS_PER_AGREEMENT,
    RESERVE,
    YEAR_SUM,
    YEARS_PER_AGREEMENT,
    Code,
    Terms,
    check_codes,
    check_notification,
    check_years,
    obligation_of,
    performed_before,
    register_obligation,
)
from contracts.calendar import civil
from contracts.dates import refuse_outside
from contracts.fields import CODE3, DOCUMENT_NUMBER, EXPENSE, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.records import (
    Agreement,
    Collection,
    Kind,
    Line,
    Obligation,
    Role,
    agreement_key,
    obligation_key,
    put,
)
from contracts.rejection import RejectionError
from contracts.supplements import open_agreement

CONTINUED_ROW = Row(
    "obligation of the new year",
    (
        ("obligation", NAME),
        ("subprogramme", CODE3),
        ("specific", CODE3),
        ("expense", Optional(EXPENSE)),
        ("amount", POSITIVE),
        ("advance", AMOUNT),
        ("previous", Optional(NAME)),
        ("notification", Optional(NOTIFICATION)),
    ),
)

REREGISTERED_ROW = Row(
    "agreement of an earlier year",
    (
        ("agreement", DOCUMENT_NUMBER),
        ("years", ListOf(YEAR_SUM, YEARS_PER_AGREEMENT, 1)),
        ("valid_until", DAY),
        ("advance_ground", Optional(OneOf(*ADVANCE_GROUNDS))),
        ("obligations", ListOf(CONTINUED_ROW, OBLIGATIONS_PER_AGREEMENT, 1)),
    ),
)

REREGISTER = Row(
    "agreement.reregister",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("agreements", ListOf(REREGISTERED_ROW, ROWS, 1)),
    ),
)


@action(
    "agreement.reregister",
    REREGISTER,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 101(6), 109(4), (8), TP 178, 191, 211, 224",
    summary="Register agreements of earlier years again, on the sum of the new year",
    is_batch=True,
)
def reregister(call: Call) -> None:
    """allocated of the new year -> registered. Sums of the year and of later ones = total − acts − advance
    outstanding; what was promised of the year is promised no more."""
    budget, year, source, agreements = fields_of(call.arguments)
    plans.open_month(call, year)
    budgets.require_administrator(call, budget)
    for number, fields in enumerate(agreements, 1):
        with row(number):
            _reregister(call, Line(budget, year, source, "", "", None, None), fields)


def _reregister(call: Call, base: Line, fields: tuple[Any, ...]) -> None:
    number, sums, valid_until, ground, codes = fields
    holder, year = call.institution, base.year
    agreement = open_agreement(call.state, holder, number)
    last = agreement.years[0][0]
    if agreement.budget != base.budget or last >= year:
        raise RejectionError(
            reasons.REREGISTER_YEAR, agreement=number, budget=agreement.budget, last=last, year=year
        )
    if civil(call.day())[1:] > LAST_DAY and agreement.money != RESERVE and len(sums) == 1:
        raise RejectionError(reasons.AFTER_20_DECEMBER)
    years.refuse_unclosed(call, base.budget, last)
    refuse_outside(valid_until, call.day(), None, "valid_until")
    check_years(sums, year, agreement.total, performed_before(call.state, holder, agreement, year))
    check_codes(codes, sums[0][1])
    _check_continued(codes)
    if len(agreement.obligations) + len(codes) > OBLIGATIONS_OF_ALL_YEARS:
        raise RejectionError(reasons.AGREEMENT_FULL, agreement=number, limit=OBLIGATIONS_OF_ALL_YEARS)
    # its promises are renewed: a year that lay too far to be bounded at first is bounded now (TP 178, 211)
    commitments.change(call, agreement, agreement.years[1:], (), year)
    commitments.change(call, agreement, (), sums[1:], year)
    terms = Terms(number, agreement.supplier, agreement.kind, ground)
    line = replace(base, administrator=agreement.administrator, programme=agreement.programme)
    for code in codes:
        _continue(call, agreement, terms, line, code)
    names = (*agreement.obligations, *(code[0] for code in codes))
    changed = replace(agreement, years=sums, valid_until=valid_until, obligations=names)
    put(call.state, Collection.AGREEMENTS, agreement_key(holder, number), changed)
    call.emit("agreement.reregistered", holder, number, year, sums[0][1])


def _check_continued(codes: tuple[tuple[Any, ...], ...]) -> None:
    seen: dict[str, str] = {}
    for code in codes:
        name, previous = code[0], code[6]
        if previous is not None and seen.setdefault(previous, name) != name:
            raise RejectionError(reasons.REREGISTER_TWICE, previous=previous, obligation=seen[previous])


def _continue(
    call: Call, agreement: Agreement, terms: Terms, programme: Line, fields: tuple[Any, ...]
) -> None:
    """One code of the new year; the advances of the one it goes on with are its own from here on."""
    name, subprogramme, specific, expense, amount, advance, previous, notification = fields
    line = replace(programme, subprogramme=subprogramme, specific=specific)
    code = Code(name, expense, amount, advance)
    if previous is not None:
        before = _previous(call, agreement, previous)
        check_notification(call, previous, before, notification)
        code = replace(code, previous=previous, advances=before.advances)
        ended = replace(before, advances=(), is_open=False)
        put(call.state, Collection.OBLIGATIONS, obligation_key(call.institution, previous), ended)
    elif notification is not None:
        raise RejectionError(reasons.NOTIFICATION, obligation=name, notification=notification, expected="-")
    register_obligation(call, terms, line, code)


def _previous(call: Call, agreement: Agreement, name: str) -> Obligation:
    """An obligation of the agreement in an earlier year that no other goes on with yet."""
    found = obligation_of(call.state, call.institution, name)
    if name not in agreement.obligations or found.kind != AGREEMENT:
        raise RejectionError(reasons.OBLIGATION_NONE, holder=call.institution, obligation=name)
    for other in agreement.obligations:
        if obligation_of(call.state, call.institution, other).previous == name:
            raise RejectionError(reasons.REREGISTER_TWICE, previous=name, obligation=other)
    return found
