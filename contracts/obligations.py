"""Obligations accepted without registering an agreement: pay, utilities, transfers, small purchases (TP 179),
and the debts of closed years (TP 202, 208).

They are payable at once: the ground to pay (payroll, invoice, court order, request for a transfer,
reconciliation act of a debt) is the document itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from chain.codec import DAY, NAME, Digits, ListOf, OneOf, Optional, Row
from contracts import (
    agreements,
    appropriations,
    budgets,
    directories,
    plans,
    reasons,
    tokens,
    transfers,
    treasury,
    years,
)
from contracts.actions import Call, action, row
from contracts.agreements import NOTIFICATION
from contracts.calendar import civil, day_number, iso_date
from contracts.dates import refuse_ahead
from contracts.directories import DirectoryName
from contracts.fields import CODE3, DOCUMENT_NUMBER, EXPENSE, NOTE, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.records import (
    Act,
    Collection,
    Debt,
    Kind,
    Line,
    Obligation,
    Role,
    Stage,
    TokenKey,
    act_key,
    agreement_key,
    debt_key,
    obligation_key,
    put,
)
from contracts.rejection import RejectionError

PAYROLL, INVOICE, DEBT, RETENTION = "payroll", "invoice", "debt", "retention"
KINDS: Final = (PAYROLL, INVOICE, transfers.KIND, "court", "special", "other", DEBT, RETENTION)
"""Grounds of TP 179: payroll, invoice or account, request for a transfer, collection order or court act,
special expenses; then what a closed year left: `debt` was payable, `retention` kept until commissioning (TP
208)."""

OF_THE_YEAR: Final = (INVOICE, "special", "other")
"""Grounds whose document is of the year that pays it: an older one is a debt (TP 202, 208)."""

OF_PERSONS: Final = frozenset({
    "111", "112", "113", "114", "116", "121", "122", "124", "131", "133", "134", "135", "136", "137", "139",
    "161", "162", "321", "322", "323", "324",
})  # fmt: skip
"""Specifics of payroll documents: pay with its taxes and contributions, travel, transfers to persons,
pensions and scholarships. Everything else is paid to somebody whom the directory names."""

EXEMPTIONS: Final[dict[str, tuple[str, str, str]]] = {
    "foreign-mission": (
        "шет елдердегі мекемелерге аударым", "перевод загранучреждению", "transfer to a foreign mission"
    ),
    "bank-fees": ("банк қызметтеріне ақы төлеу", "оплата услуг банка", "fees of a bank"),
    "corporate-card": (
        "корпоративтік төлем карточкасы", "корпоративная платёжная карточка", "corporate payment card"
    ),
}  # fmt: skip
"""Grounds on which an agreement is not registered though its specific is listed (REG, notes)."""

DECEMBER_SERVICES: Final = frozenset({"144", "151", "152", "153", "158", "159"})
"""Specifics whose services of December may be paid in the first quarter of the next year: fuel, utilities,
communications, transport, IT support and other services (TP 202)."""

DECEMBER: Final = 12
FIRST_QUARTER: Final = 3

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
        ("exemption", Optional(OneOf(*EXEMPTIONS))),
        ("debt", Optional(NAME)),
        ("notification", Optional(NOTIFICATION)),
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
    source="BC 109, TP 177, 179, 202, 208; REG",
    summary="Accept obligations that need no registered agreement; they are payable at once",
    is_batch=True,
)
def accept(call: Call) -> None:
    """allocated -> payable, a retained debt -> retained. No payee only for payroll: personal numbers stay off
    the ledger."""
    budget, year, source, obligations = fields_of(call.arguments)
    plans.open_month(call, year)
    budgets.require_administrator(call, budget)
    for number, obligation in enumerate(obligations, 1):
        with row(number):
            _accept(call, budget, year, source, obligation)


@dataclass(frozen=True, slots=True)
class _Row:
    """The fields of one obligation of the document."""

    name: str
    programme: str
    subprogramme: str
    specific: str
    expense: str | None
    kind: str
    payee: str | None
    document: str
    document_date: int
    amount: int
    exemption: str | None
    debt: str | None
    notification: str | None


def _accept(call: Call, budget: str, year: int, source: str, fields: tuple[Any, ...]) -> None:
    entry = _Row(*fields)
    holder = call.institution
    line = Line(
        budget, year, source, call.actor.code[:3], entry.programme, entry.subprogramme, entry.specific
    )
    key = obligation_key(holder, entry.name)
    if call.state.get(Collection.OBLIGATIONS, key) is not None:
        raise RejectionError(reasons.OBLIGATION_EXISTS, holder=holder, obligation=entry.name)
    refuse_ahead(entry.document_date, call.day(), "document_date")
    directories.require(call, DirectoryName.FUNCTIONAL, plans.functional_code(line), "subprogramme")
    directories.require(call, DirectoryName.ECONOMIC, entry.specific, "specific")
    is_debt = entry.kind in (DEBT, RETENTION)
    if is_debt != (entry.debt is not None):
        raise RejectionError(reasons.DEBT_FORM, kind=entry.kind, field="debt")
    if is_debt:
        obligation, stage = _debt(call, line, entry), _debt_stage(call, entry)
    else:
        obligation, stage = _new(call, line, entry), Stage.PAYABLE
    treasury.refuse_if_suspended(call, holder, line, obligation.agreement)
    plans.check_acceptance(call, holder, line, entry.expense, entry.amount)
    transfers.destination(call, obligation)
    allocated = TokenKey(line, holder, entry.expense, Stage.ALLOCATED)
    due = TokenKey(line, holder, entry.expense, stage, obligation=entry.name)
    tokens.move(call, allocated, due, entry.amount)
    put(call.state, Collection.OBLIGATIONS, key, obligation)
    call.emit("obligation.accepted", holder, entry.name, entry.kind, entry.document, entry.amount)


def _new(call: Call, line: Line, entry: _Row) -> Obligation:
    """An obligation of the year itself. No payee only for payroll, of what persons are paid."""
    if entry.payee is not None:
        directories.require(call, DirectoryName.PAYEES, entry.payee, "payee")
    elif entry.kind != PAYROLL or entry.specific not in OF_PERSONS:
        raise RejectionError(reasons.OBLIGATION_PAYEE, kind=entry.kind)
    if entry.notification is not None:
        raise RejectionError(reasons.DEBT_FORM, kind=entry.kind, field="notification")
    transfers.check_receiver(call, line, entry.payee, is_transfer=entry.kind == transfers.KIND)
    mrp = appropriations.budget_of(call.state, line.budget, line.year).mrp
    is_due = is_registration_due(entry.specific, mrp, entry.amount)
    if entry.exemption is not None and entry.specific not in REGISTRATION_DUE:
        raise RejectionError(reasons.EXEMPTION, specific=entry.specific, exemption=entry.exemption)
    if is_due and entry.exemption is None:
        raise RejectionError(reasons.OBLIGATION_REGISTER, specific=entry.specific, amount_tiyn=entry.amount)
    date = entry.document_date
    is_old = entry.kind in OF_THE_YEAR and civil(date)[0] < line.year
    if is_old and not is_december_service(call, line, date):
        raise RejectionError(reasons.DECEMBER, specific=entry.specific, date=iso_date(date), year=line.year)
    return Obligation(
        line, entry.expense, entry.kind, None, entry.payee, entry.amount, 0, 0, 0, (), 0, (), True, None
    )


def is_december_service(call: Call, line: Line, date: int) -> bool:
    """Whether a document of last December for a listed service is settled by this year's money (TP 202)."""
    year, month, _ = civil(date)
    return (
        line.specific in DECEMBER_SERVICES
        and (year, month) == (line.year - 1, DECEMBER)
        and civil(call.day())[1] <= FIRST_QUARTER
    )


# --- debts of closed years


def _debt(call: Call, line: Line, entry: _Row) -> Obligation:
    """What a closed year left is accepted again, whole or in part, and counted on the debt (TP 208)."""
    holder, name = call.institution, entry.debt or ""
    key = debt_key(holder, name)
    debt = Debt.find(call.state, Collection.DEBTS, key)
    if debt is None or debt.line.budget != line.budget:
        raise RejectionError(reasons.DEBT_NONE, holder=holder, debt=name)
    years.refuse_unclosed(call, debt.line.budget, debt.line.year)
    is_retention = entry.kind == RETENTION
    left = debt.retained - debt.accepted_retained if is_retention else debt.payable - debt.accepted
    if entry.amount > left:
        raise RejectionError(reasons.DEBT_EXCEEDS, debt=name, amount_tiyn=entry.amount, left_tiyn=left)
    if entry.specific != debt.line.specific:
        raise RejectionError(
            reasons.DEBT_SPECIFIC, debt=name, specific=entry.specific, expected=debt.line.specific or "-"
        )
    year, month, _ = civil(call.day())
    first = day_number(year, month, 1)
    if entry.document_date != first:
        raise RejectionError(reasons.DEBT_DATE, date=iso_date(entry.document_date), expected=iso_date(first))
    before = agreements.obligation_of(call.state, holder, name)
    if debt.agreement is not None:
        agreements.check_notification(call, name, before, entry.notification)
        _list_debt(call, debt.agreement, entry.name)
    # a penalty is owed to the receipts, which are no payee of the directory
    owed = None if before.kind == agreements.PENALTY else debt.payee
    if entry.payee != owed:
        raise RejectionError(reasons.DEBT_PAYEE, debt=name, payee=entry.payee or "-", expected=owed or "-")
    accepted = entry.amount
    counted = (
        replace(debt, accepted_retained=debt.accepted_retained + accepted)
        if is_retention
        else replace(debt, accepted=debt.accepted + accepted)
    )
    put(call.state, Collection.DEBTS, key, counted)
    # a debt is settled as what it was: a transfer arrives in its budget, a penalty in the receipts
    kind = before.kind if before.kind in (transfers.KIND, agreements.PENALTY) else entry.kind
    return Obligation(
        line, entry.expense, kind, debt.agreement, debt.payee, accepted, 0, 0, 0, (),
        0 if debt.agreement is None else 1, (), True, name,
    )  # fmt: skip


def _list_debt(call: Call, number: str, name: str) -> None:
    """The agreement knows what accepted its debts: commissioning releases them."""
    agreement = agreements.agreement_of(call.state, call.institution, number)
    limit = agreements.OBLIGATIONS_OF_ALL_YEARS
    if len(agreement.debts) >= limit:
        raise RejectionError(reasons.AGREEMENT_FULL, agreement=number, limit=limit)
    changed = replace(agreement, debts=(*agreement.debts, name))
    put(call.state, Collection.AGREEMENTS, agreement_key(call.institution, number), changed)


def _debt_stage(call: Call, entry: _Row) -> Stage:
    """Kept money stays kept until the object is commissioned (TP 191)."""
    debt = Debt.find(call.state, Collection.DEBTS, debt_key(call.institution, entry.debt or ""))
    assert debt is not None, "the debt was found before"
    if entry.kind != RETENTION or debt.agreement is None:
        return Stage.PAYABLE
    agreement = agreements.agreement_of(call.state, call.institution, debt.agreement)
    return Stage.RETAINED if agreement.commissioned is None else Stage.PAYABLE


# --- correction

CORRECT = Row(
    "obligation.correct",
    (("obligation", NAME), ("act", Optional(NAME)), ("amount", Optional(POSITIVE)), ("note", NOTE)),
)


@action(
    "obligation.correct",
    CORRECT,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 109(5), TP 179, 208",
    summary="Take back what is not paid of an obligation without agreement or of an act: it is owed no more",
)
def correct(call: Call) -> None:
    """The whole unpaid rest, or the amount stated. Not stopped by a suspension.

    Without act: payable -> allocated; of a debt, kept money too, and the debt may be accepted again. Of an
    act: payable -> registered, or allocated when its obligation is closed.
    """
    name, act_name, stated, _ = fields_of(call.arguments)
    holder = call.institution
    obligation = agreements.obligation_of(call.state, holder, name)
    plans.open_month(call, obligation.line.year)
    source = _unpaid_key(call, name, obligation, act_name)
    room = tokens.amount_of(call.state, source)
    amount = room if stated is None else stated
    if not 0 < amount <= room:
        raise RejectionError(reasons.CORRECT_EXCEEDS, obligation=name, amount_tiyn=amount, room_tiyn=room)
    if act_name is not None:
        _withdraw(call, act_name, amount)
    elif obligation.previous is not None:
        _owe_again(call, obligation, amount)
    if act_name is not None and obligation.is_open:
        tokens.move(call, source, agreements.registered_key(holder, name, obligation), amount)
    else:
        left = obligation.amount - amount
        changed = replace(obligation, amount=left, is_open=obligation.is_open and left > 0)
        put(call.state, Collection.OBLIGATIONS, obligation_key(holder, name), changed)
        allocated = TokenKey(obligation.line, holder, obligation.expense, Stage.ALLOCATED)
        tokens.move(call, source, allocated, amount)
    call.emit("obligation.corrected", holder, name, act_name, amount)


def _unpaid_key(call: Call, name: str, obligation: Obligation, act_name: str | None) -> TokenKey:
    """Where the unpaid rest stands, of an act exactly when the obligation is performed by acts."""
    holder = call.institution
    unpaid = TokenKey(
        obligation.line, holder, obligation.expense, Stage.PAYABLE, obligation=name, act=act_name
    )
    if act_name is not None:
        act = Act.find(call.state, Collection.ACTS, act_key(holder, act_name))
        if act is None or act.is_corrected or act.obligation != name:
            raise RejectionError(reasons.ACT_NONE, holder=holder, act=act_name)
        return unpaid
    if obligation.agreement is not None:
        agreement = agreements.agreement_of(call.state, holder, obligation.agreement)
        if name not in agreement.debts:
            raise RejectionError(reasons.CORRECT_ACT, obligation=name, agreement=obligation.agreement)
    retained = replace(unpaid, stage=Stage.RETAINED)
    return retained if tokens.amount_of(call.state, retained) else unpaid


def _withdraw(call: Call, name: str, amount: int) -> None:
    """The act confirms what it confirmed; so much of it is owed no more."""
    key = act_key(call.institution, name)
    act = Act.find(call.state, Collection.ACTS, key)
    assert act is not None, "the act was found before"
    withdrawn = act.withdrawn + amount
    changed = replace(act, withdrawn=withdrawn, is_corrected=withdrawn == act.amount)
    put(call.state, Collection.ACTS, key, changed)


def _owe_again(call: Call, obligation: Obligation, amount: int) -> None:
    """What is taken back of an accepted debt is a debt of its closed year again."""
    key = debt_key(call.institution, obligation.previous or "")
    debt = Debt.find(call.state, Collection.DEBTS, key)
    assert debt is not None, "an obligation without act goes on with a debt alone"
    if obligation.kind == RETENTION:
        changed = replace(debt, accepted_retained=debt.accepted_retained - amount)
    else:
        changed = replace(debt, accepted=debt.accepted - amount)
    put(call.state, Collection.DEBTS, key, changed)


# --- what must be registered


def is_registration_due(specific: str, mrp: int, amount: int) -> bool:
    """Whether money under a specific is accepted only by a registered agreement (REG).

    `mrp` is that of the budget, in tiyn; a budget that sets none exempts nothing.
    """
    if specific not in REGISTRATION_DUE:
        return False
    return not (specific in SMALL_EXEMPT and amount <= SMALL_MRP * mrp)
