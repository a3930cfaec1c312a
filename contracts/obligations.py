"""Obligations accepted without a registered agreement: pay, utilities, transfers, small purchases (TP 179).

They are payable at once: the ground to pay (payroll, invoice, court order, request for a transfer) is the
document itself.
"""

from __future__ import annotations

from typing import Any, Final

from chain.codec import DAY, NAME, Digits, ListOf, OneOf, Optional, Row
from contracts import appropriations, directories, plans, reasons, tokens, transfers, treasury
from contracts.actions import Call, action, row
from contracts.dates import refuse_ahead
from contracts.directories import DirectoryName
from contracts.fields import CODE3, DOCUMENT_NUMBER, EXPENSE, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.records import (
    Collection,
    Kind,
    Line,
    Obligation,
    Role,
    Stage,
    TokenKey,
    obligation_key,
    put,
)
from contracts.rejection import RejectionError

PAYROLL: Final = "payroll"
KINDS: Final = (PAYROLL, "invoice", transfers.KIND, "court", "other")

REGISTRATION_DUE: Final = frozenset({
    "123", "141", "142", "143", "144", "149", "152", "153", "154", "155", "156", "157", "158", "159", "163",
    "371", "411", "412", "413", "414", "416", "417", "419", "421", "422", "429", "431", "432", "433", "434",
    "812", "813", "814", "815",
})  # fmt: skip
"""Specifics whose agreements must be registered (REG: MoF Order 20.05.2025 No. 242)."""

SMALL_EXEMPT: Final = frozenset({
    "123", "141", "142", "143", "144", "149", "153", "154", "157", "158", "159", "163", "414", "419",
})  # fmt: skip
"""Specifics of which agreements up to 100 МРП are exempt from registration (REG, notes)."""

SMALL_MRP: Final = 100
"""In месячный расчётный показатель of the year, which the law on the budget sets (LRB-26 art. 7)."""

OBLIGATION_ROW = Row(
    "obligation",
    (
        ("obligation", NAME),
        ("programme", CODE3),
        ("subprogramme", CODE3),
        ("specific", CODE3),
        ("expense", Optional(EXPENSE)),
        ("kind", OneOf(*KINDS)),
        ("payee", Optional(Digits(12))),
        ("document", DOCUMENT_NUMBER),
        ("document_date", DAY),
        ("amount", POSITIVE),
    ),
)

ACCEPT = Row(
    "obligation.accept",
    (("budget", NAME), ("year", YEAR), ("source", SOURCE), ("obligations", ListOf(OBLIGATION_ROW, ROWS, 1))),
)


@action(
    "obligation.accept",
    ACCEPT,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 109, TP 177, 179; REG",
    summary="Accept obligations that need no registered agreement; they are payable at once",
    is_batch=True,
)
def accept(call: Call) -> None:
    """allocated -> payable. No payee only for payroll: personal numbers stay off the ledger."""
    budget, year, source, obligations = fields_of(call.arguments)
    plans.open_month(call, year)
    for number, obligation in enumerate(obligations, 1):
        with row(number):
            _accept(call, budget, year, source, obligation)


def _accept(call: Call, budget: str, year: int, source: str, fields: tuple[Any, ...]) -> None:
    name, programme, subprogramme, specific, expense, kind, payee, document, date, amount = fields
    holder = call.institution
    line = Line(budget, year, source, call.actor.code[:3], programme, subprogramme, specific)
    key = obligation_key(holder, name)
    if call.state.get(Collection.OBLIGATIONS, key) is not None:
        raise RejectionError(reasons.OBLIGATION_EXISTS, holder=holder, obligation=name)
    refuse_ahead(date, call.day(), "document_date")
    if payee is not None:
        directories.require(call, DirectoryName.PAYEES, payee, "payee")
    elif kind != PAYROLL:
        raise RejectionError(reasons.OBLIGATION_PAYEE, kind=kind)
    directories.require(call, DirectoryName.FUNCTIONAL, plans.functional_code(line), "subprogramme")
    directories.require(call, DirectoryName.ECONOMIC, specific, "specific")
    if is_registration_due(specific, appropriations.budget_of(call.state, budget, year).mrp, amount):
        raise RejectionError(reasons.OBLIGATION_REGISTER, specific=specific, amount_tiyn=amount)
    treasury.refuse_if_suspended(call, holder, line)
    plans.check_acceptance(call, holder, line, expense, amount)
    obligation = Obligation(line, expense, kind, None, payee, amount, 0, 0, 0, (), 0, (), True, None)
    transfers.destination(call, obligation)
    allocated = TokenKey(line, holder, expense, Stage.ALLOCATED)
    tokens.move(call, allocated, TokenKey(line, holder, expense, Stage.PAYABLE, obligation=name), amount)
    put(call.state, Collection.OBLIGATIONS, key, obligation)
    call.emit("obligation.accepted", holder, name, kind, document, amount)


def is_registration_due(specific: str, mrp: int, amount: int) -> bool:
    """Whether money under a specific is accepted only by a registered agreement (REG).

    `mrp` is that of the budget, in tiyn; a budget that sets none exempts nothing.
    """
    if specific not in REGISTRATION_DUE:
        return False
    return not (specific in SMALL_EXEMPT and amount <= SMALL_MRP * mrp)
