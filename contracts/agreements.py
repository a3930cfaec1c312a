"""Agreements (гражданско-правовые сделки): their registration (BC 109, TP 177–222).

What counts is the notification of registration (уведомление о регистрации договора), not the signature: the
event of this ledger is the notification. Sums of later years move no tokens; they are counted
(`contracts.commitments`). What happens later: `contracts.supplements`, `contracts.registrations`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from chain.codec import AMOUNT, BOOL, DAY, NAME, Digits, ListOf, OneOf, Optional, Row, Text
from contracts import (
    appropriations,
    budget_acts,
    budgets,
    commitments,
    directories,
    plans,
    reasons,
    tokens,
    transfers,
    treasury,
    years,
)
from contracts.actions import Call, action, row
from contracts.calendar import civil
from contracts.dates import refuse_ahead, refuse_outside
from contracts.directories import DirectoryName
from contracts.fields import CODE3, DOCUMENT_NUMBER, EXPENSE, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.records import (
    UNDER_AGREEMENT,
    Agreement,
    Claim,
    Collection,
    Debt,
    Kind,
    Line,
    Obligation,
    Payment,
    Role,
    Stage,
    TokenKey,
    agreement_key,
    balance_of,
    claim_key,
    debt_key,
    obligation_key,
    obligation_scope,
    payment_key,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

SERVICES: Final = "services"
WORKS: Final = "works"
KINDS: Final = ("goods", SERVICES, WORKS)
ORDINARY, RESERVE, CONSTRUCTION_START = "ordinary", "reserve", "construction_start"

GENERAL_ADVANCE_PERCENT: Final = 30
"""Of the current-year sum, by code (TP 184)."""

ADVANCE_PERCENT: Final = {"141": 50, "142": 50, "151": 0, "155": 50}
"""By specific: food and medicines (TP 184), social order to NGOs (TP 185), utilities (TP 198)."""

ADVANCE_GROUNDS: Final[dict[str, tuple[int, str, tuple[str, ...]]]] = {
    "vaccines": (70, "TP 184", ("142",)),
    "complex-equipment": (50, "TP 186", ("159", "431")),
    "military": (50, "TP 187", ("149", "413", "414")),
    "science-grant": (50, "TP 188", ()),
    "emergency": (50, "TP 188", ()),
    "defence-order": (75, "TP 190", ()),
    "heat-and-power-capital": (75, "TP 200", ()),
    "biosafety": (100, "TP 189", ()),
    "prepaid-services": (100, "TP 193–197", ()),
    "price-quotation": (0, "TP 199", ()),
}
"""Ground -> highest share, article, specifics it is for (none = any): exceptions from the general limit."""

EXPERTISE_SPECIFICS: Final = frozenset({"421", "422", "423", "431", "432", "435"})
"""Construction and capital repair of buildings and roads (BC 109(4), TP 218(13))."""

LAST_DAY: Final = (12, 20)
"""Month and day after which nothing new is registered (BC 109(8))."""

OBLIGATIONS_PER_AGREEMENT: Final = 50
OBLIGATIONS_OF_ALL_YEARS: Final = 200
YEARS_PER_AGREEMENT: Final = 30
SUPPLEMENTS_PER_AGREEMENT: Final = 200
"""Bound the record of one agreement; a real one has a handful of each."""

AGREEMENT, PENALTY = "agreement", "penalty"
"""Kinds of obligation that an agreement has."""

NOTIFICATION: Final = Text(80, 1)
"""The number of a notification of registration, as the event of the registration states it."""

YEAR_SUM = Row("year sum", (("year", YEAR), ("amount", POSITIVE)))

EXPERTISE = Row(
    "expertise", (("number", DOCUMENT_NUMBER), ("date", DAY), ("valid_until", DAY), ("amount", POSITIVE))
)

OBLIGATION_ROW = Row(
    "obligation",
    (
        ("obligation", NAME),
        ("subprogramme", CODE3),
        ("specific", CODE3),
        ("expense", Optional(EXPENSE)),
        ("amount", POSITIVE),
        ("advance", AMOUNT),
    ),
)

AGREEMENT_ROW = Row(
    "agreement",
    (
        ("number", DOCUMENT_NUMBER),
        ("date", DAY),
        ("supplier", Digits(12)),
        ("subject", Text(500, 1)),
        ("kind", OneOf(*KINDS)),
        ("money", OneOf(ORDINARY, RESERVE, CONSTRUCTION_START)),
        ("programme", CODE3),
        ("legal_basis", Text(300)),
        ("portal_id", Optional(DOCUMENT_NUMBER)),
        ("total", POSITIVE),
        ("vat", Optional(AMOUNT)),
        ("years", ListOf(YEAR_SUM, YEARS_PER_AGREEMENT, 1)),
        ("valid_until", DAY),
        ("takes_effect_after_registration", BOOL),
        ("advance_ground", Optional(OneOf(*ADVANCE_GROUNDS))),
        ("expertise", Optional(EXPERTISE)),
        ("obligations", ListOf(OBLIGATION_ROW, OBLIGATIONS_PER_AGREEMENT, 1)),
    ),
)

REGISTER = Row(
    "agreement.register",
    (("budget", NAME), ("year", YEAR), ("source", SOURCE), ("agreements", ListOf(AGREEMENT_ROW, ROWS, 1))),
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """The fields of one agreement of the document."""

    number: str
    date: int
    supplier: str
    subject: str
    kind: str
    money: str
    programme: str
    legal_basis: str
    portal_id: str | None
    total: int
    vat: int | None
    years: tuple[tuple[int, int], ...]
    valid_until: int
    takes_effect_after_registration: bool
    advance_ground: str | None
    expertise: tuple[Any, ...] | None
    obligations: tuple[tuple[Any, ...], ...]


@action(
    "agreement.register",
    REGISTER,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 109, TP 177–184, 213–222",
    summary="Register agreements with suppliers: their money becomes accepted obligations",
    is_batch=True,
)
def register(call: Call) -> None:
    """allocated -> registered, one obligation a code (TP 215)."""
    budget, year, source, agreements = fields_of(call.arguments)
    today = civil(call.day())
    plans.open_month(call, year)
    budgets.require_administrator(call, budget)
    for number, agreement in enumerate(agreements, 1):
        with row(number):
            _register(call, budget, year, source, _Entry(*agreement), today)


def _register(
    call: Call, budget: str, year: int, source: str, entry: _Entry, today: tuple[int, int, int]
) -> None:
    key = agreement_key(call.institution, entry.number)
    if call.state.get(Collection.AGREEMENTS, key) is not None:
        raise RejectionError(reasons.AGREEMENT_EXISTS, agreement=entry.number)
    _check_terms(call, entry, year, today)
    administrator = call.actor.code[:3]
    _check_money(call, entry, Line(budget, year, source, administrator, entry.programme, None, None))
    terms = Terms(entry.number, entry.supplier, entry.kind, entry.advance_ground)
    specifics = []
    for obligation in entry.obligations:
        name, subprogramme, specific, expense, amount, advance = obligation
        line = Line(budget, year, source, administrator, entry.programme, subprogramme, specific)
        register_obligation(call, terms, line, Code(name, expense, amount, advance))
        specifics.append(specific)
    check_expertise(entry.kind, entry.expertise, entry.total, specifics, call.day())
    agreement = Agreement(
        entry.date, entry.supplier, entry.subject, entry.kind, entry.money, entry.legal_basis,
        entry.portal_id, budget, administrator, entry.programme, entry.total, entry.years,
        tuple(obligation[0] for obligation in entry.obligations), (), entry.expertise, entry.valid_until,
        (), None, None, call.day(),
    )  # fmt: skip
    commitments.change(call, agreement, (), entry.years[1:], year)
    put(call.state, Collection.AGREEMENTS, key, agreement)


def _check_money(call: Call, entry: _Entry, programme: Line) -> None:
    """What frees from 20 December and from the retained 5 % is seen from the budget, not declared (BC 109(8),
    TP 191): a reserve, or money that came from one this year; works of a development programme."""
    if entry.money == ORDINARY:
        return
    found = appropriations.appropriation_of(call.state, programme)
    if entry.money == RESERVE:
        is_reserve = found.nature == appropriations.RESERVE
        if not is_reserve and not budget_acts.counted(call.state, programme, budget_acts.RESERVE_RECEIVED):
            raise RejectionError(
                reasons.AGREEMENT_RESERVE,
                administrator=programme.administrator, programme=programme.programme,
            )  # fmt: skip
    elif entry.kind != WORKS or not found.is_development:
        raise RejectionError(
            reasons.AGREEMENT_START,
            administrator=programme.administrator, programme=programme.programme, kind=entry.kind,
        )  # fmt: skip


def _check_terms(call: Call, entry: _Entry, year: int, today: tuple[int, int, int]) -> None:
    """The checks of TP 218 that need the agreement alone."""
    directories.refuse_if_closed(call, DirectoryName.INSTITUTIONS, call.actor.code, "institution")
    if today[1:] > LAST_DAY and entry.money != RESERVE and len(entry.years) == 1:
        raise RejectionError(reasons.AFTER_20_DECEMBER)
    refuse_ahead(entry.date, call.day(), "date")
    refuse_outside(entry.valid_until, call.day(), None, "valid_until")
    if not entry.takes_effect_after_registration:
        raise RejectionError(reasons.AGREEMENT_CLAUSE)
    if entry.portal_id is None and not entry.legal_basis.strip(" "):
        raise RejectionError(reasons.AGREEMENT_BASIS)
    if entry.vat is not None and entry.vat > entry.total:
        raise RejectionError(reasons.AGREEMENT_VAT, vat_tiyn=entry.vat, total_tiyn=entry.total)
    check_years(entry.years, year, entry.total)
    check_codes(entry.obligations, entry.years[0][1])
    directories.require(call, DirectoryName.PAYEES, entry.supplier, "supplier")


def check_codes(obligations: tuple[tuple[Any, ...], ...], stated: int) -> None:
    """All applications of an agreement come together, one a code, and add up to the sum of the year (TP 183,
    215). Each begins with name, subprogramme, specific, expense, amount."""
    codes = sum(obligation[4] for obligation in obligations)
    if codes != stated:
        raise RejectionError(reasons.AGREEMENT_CODES, stated_tiyn=stated, found_tiyn=codes)
    seen = set()
    for _, subprogramme, specific, expense, *_ in obligations:
        if (subprogramme, specific, expense) in seen:
            raise RejectionError(reasons.AGREEMENT_CODE_TWICE, subprogramme=subprogramme, specific=specific)
        seen.add((subprogramme, specific, expense))


def check_years(years: tuple[tuple[int, int], ...], first: int, total: int, before: int = 0) -> None:
    """The indicative split by year begins with the budget year and adds up to the total (TP 182), less what
    earlier years performed or hold as an advance outstanding (TP 211)."""
    names = [year for year, _ in years]
    if names[0] != first or any(after <= before for before, after in pairwise(names)):
        raise RejectionError(reasons.AGREEMENT_YEARS)
    found = sum(amount for _, amount in years)
    if before and found + before != total:
        raise RejectionError(
            reasons.AGREEMENT_REST,
            left_tiyn=max(total - before, 0), found_tiyn=found, total_tiyn=total, before_tiyn=before,
        )  # fmt: skip
    if found + before != total:
        raise RejectionError(reasons.AGREEMENT_SPLIT, total_tiyn=total, found_tiyn=found)


def check_expertise(
    kind: str, expertise: tuple[Any, ...] | None, total: int, specifics: list[str], day: int
) -> None:
    """Construction and repair: the expertise is there, in force and sufficient (BC 109(4), TP
    218(13)–(15))."""
    needing = [specific for specific in specifics if specific in EXPERTISE_SPECIFICS]
    if kind != WORKS or not needing:
        return
    if expertise is None:
        raise RejectionError(reasons.EXPERTISE_MISSING, specific=needing[0])
    number, date, valid_until, amount = expertise
    if not date <= day <= valid_until:
        raise RejectionError(reasons.EXPERTISE_EXPIRED, number=number)
    if total > amount:
        raise RejectionError(reasons.EXPERTISE_SHORT, total_tiyn=total, expertise_tiyn=amount)


def advance_percent(specific: str, ground: str | None) -> int:
    """The highest advance of the current-year sum under a specific, in per cent (TP 184–200)."""
    if ground is None:
        return ADVANCE_PERCENT.get(specific, GENERAL_ADVANCE_PERCENT)
    percent, _, specifics = ADVANCE_GROUNDS[ground]
    if specifics and specific not in specifics:
        raise RejectionError(reasons.ADVANCE_GROUND, ground=ground, specific=specific)
    return percent


def check_advance(specific: str, advance: int, amount: int, percent: int) -> None:
    """The advance stays within its share of the current-year sum, by code (TP 184)."""
    limit = amount * percent // 100
    if advance > limit:
        raise RejectionError(
            reasons.ADVANCE_OVER, specific=specific, advance_tiyn=advance, limit_tiyn=limit, percent=percent
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What every code of an agreement has in common."""

    number: str
    supplier: str
    kind: str
    advance_ground: str | None


@dataclass(frozen=True, slots=True)
class Code:
    """One application: the part of an agreement under one code. `advance`: the ceiling of the year.

    `previous` and `advances`: the obligation of an earlier year that it goes on with, and its payments whose
    advance is outstanding.
    """

    name: str
    expense: str | None
    amount: int
    advance: int
    previous: str | None = None
    advances: tuple[str, ...] = ()


def register_obligation(call: Call, terms: Terms, line: Line, code: Code) -> str:
    """allocated -> registered under a new obligation; returns the number of its notification."""
    holder = call.institution
    key = obligation_key(holder, code.name)
    if call.state.get(Collection.OBLIGATIONS, key) is not None:
        raise RejectionError(reasons.OBLIGATION_EXISTS, holder=holder, obligation=code.name)
    assert line.specific is not None, "an agreement names its specific"
    directories.require(call, DirectoryName.FUNCTIONAL, plans.functional_code(line), "subprogramme")
    check_subject(call, line.specific, terms.kind)
    transfers.check_receiver(call, line, terms.supplier, is_transfer=False)
    percent = advance_percent(line.specific, terms.advance_ground)
    check_advance(line.specific, code.advance, code.amount, percent)
    treasury.refuse_if_suspended(call, holder, line, terms.number)
    plans.check_acceptance(call, holder, line, code.expense, code.amount)
    obligation = Obligation(
        line, code.expense, AGREEMENT, terms.number, terms.supplier, code.amount, code.advance, percent, 0,
        code.advances, 1, (), True, code.previous,
    )  # fmt: skip
    allocated = TokenKey(line, holder, code.expense, Stage.ALLOCATED)
    tokens.move(call, allocated, registered_key(holder, code.name, obligation), code.amount)
    put(call.state, Collection.OBLIGATIONS, key, obligation)
    notification = notification_number(call.actor.code, line.year, code.name, 1)
    call.emit("agreement.registered", holder, terms.number, code.name, notification, code.amount)
    return notification


def check_subject(call: Call, specific: str, kind: str) -> None:
    """The subject fits the structure of the specific: attribute `kinds` of the economic directory, where it
    has one, lists goods, services, works (TP 218)."""
    found = directories.require(call, DirectoryName.ECONOMIC, specific, "specific")
    kinds = found.attribute("kinds")
    if kinds is not None and kind not in kinds.split():
        raise RejectionError(reasons.AGREEMENT_SUBJECT, kind=kind, specific=specific, kinds=kinds)


def notification_number(code: str, year: int, obligation: str, serial: int) -> str:
    """Number of a notification of registration: institution's code, year, application, serial (TP
    213(3), 222)."""
    return f"{code}/{year % 100:02d}-{obligation}-{serial}"


def registered_key(holder: str, name: str, obligation: Obligation) -> TokenKey:
    """Where the registered money of an obligation stands."""
    return TokenKey(obligation.line, holder, obligation.expense, Stage.REGISTERED, obligation=name)


def agreement_of(state: StateReader, holder: str, number: str) -> Agreement:
    """A registered agreement; refused where there is none."""
    found = Agreement.find(state, Collection.AGREEMENTS, agreement_key(holder, number))
    if found is None:
        raise RejectionError(reasons.AGREEMENT_NONE, holder=holder, agreement=number)
    return found


def obligation_of(state: StateReader, holder: str, name: str) -> Obligation:
    """An obligation; refused where there is none."""
    found = Obligation.find(state, Collection.OBLIGATIONS, obligation_key(holder, name))
    if found is None:
        raise RejectionError(reasons.OBLIGATION_NONE, holder=holder, obligation=name)
    return found


def current_of(state: StateReader, holder: str, agreement: Agreement) -> list[tuple[str, Obligation]]:
    """The obligations of the year that an agreement is registered in now, with their names."""
    found = [(name, obligation_of(state, holder, name)) for name in agreement.obligations]
    return [(name, obligation) for name, obligation in found if obligation.line.year == agreement.years[0][0]]


def performed_before(state: StateReader, holder: str, agreement: Agreement, year: int) -> int:
    """What the years before `year` used of an agreement: acts and advances outstanding (TP 211).

    What the bank sent back of an act and is owed still is a debt: used as if it were paid.
    """
    used = 0
    for name in agreement.obligations:
        if obligation_of(state, holder, name).line.year >= year:
            break  # in the order in which they were registered, so by year
        balance = balance_of(state, obligation_scope(holder, name))
        debt = Debt.find(state, Collection.DEBTS, debt_key(holder, name))
        sent_back = 0 if debt is None else debt.payable + debt.retained - balance.amounts[Stage.CARRIED]
        used += balance.total(UNDER_AGREEMENT) + sent_back
    return used


def is_of_open_year(call: Call, agreement: Agreement) -> bool:
    """Whether the year an agreement is registered in is the open one. A year that has ended must be closed:
    else YEAR-UNCLOSED."""
    year = agreement.years[0][0]
    if civil(call.day())[0] == year:
        return True
    years.refuse_unclosed(call, agreement.budget, year)
    return False


def check_notification(call: Call, name: str, obligation: Obligation, stated: str | None) -> None:
    """A document that changes or goes on with an obligation names its last notification (TP 208, 211,
    218)."""
    expected = notification_number(call.actor.code, obligation.line.year, name, obligation.notifications)
    if stated != expected:
        raise RejectionError(
            reasons.NOTIFICATION, obligation=name, notification=stated or "-", expected=expected
        )


# --- advances


def advance_key(state: StateReader, holder: str, payment: str) -> TokenKey:
    """Where the advance of an executed payment stands until acts work it off: under its own obligation."""
    found = Payment.find(state, Collection.PAYMENTS, payment_key(holder, payment))
    assert found is not None, "an obligation lists recorded payments"
    obligation = obligation_of(state, holder, found.obligation)
    return TokenKey(
        obligation.line, holder, obligation.expense, Stage.ADVANCED,
        obligation=found.obligation, payment=payment,
    )  # fmt: skip


def outstanding(state: StateReader, holder: str, obligation: Obligation) -> int:
    """Advances that acts under an obligation work off, those of earlier years among them (TP 191)."""
    return sum(
        tokens.amount_of(state, advance_key(state, holder, payment)) for payment in obligation.advances
    )


def outstanding_before(state: StateReader, holder: str, obligation: Obligation) -> int:
    """Advances of the agreement's earlier years that are not worked off, whichever obligation goes on with
    them or none: a new year's advance waits for all of them (TP 191, 230(12))."""
    agreement = agreement_of(state, holder, obligation.agreement or "")
    found = 0
    for name in agreement.obligations:
        if obligation_of(state, holder, name).line.year >= obligation.line.year:
            break  # in the order in which they were registered, so by year
        found += balance_of(state, obligation_scope(holder, name)).amounts[Stage.ADVANCED]
    return found


def raise_claim(call: Call, name: str, amount: int) -> None:
    """An advance that nobody works off any more, or no longer: claimed back."""
    holder = call.institution
    key = claim_key(holder, name)
    claim = Claim.find(call.state, Collection.CLAIMS, key)
    obligation = obligation_of(call.state, holder, name)
    before = 0 if claim is None else claim.amount
    arisen = call.day() if claim is None else claim.arisen
    put(call.state, Collection.CLAIMS, key, Claim(obligation.line, obligation.payee, before + amount, arisen))
    call.emit("claim.arisen", holder, name, before + amount)


def raise_debt(
    call: Call, holder: str, name: str, obligation: Obligation, amount: int, *, is_retained: bool = False
) -> None:
    """A closed year owes an amount of the obligation still: payable, or kept until commissioning (TP 202,
    208)."""
    key = debt_key(holder, name)
    debt = Debt.find(call.state, Collection.DEBTS, key) or Debt(
        obligation.line, obligation.expense, obligation.agreement, obligation.payee, 0, 0, 0, 0, call.day()
    )
    raised = replace(
        debt,
        payable=debt.payable + (0 if is_retained else amount),
        retained=debt.retained + (amount if is_retained else 0),
    )
    put(call.state, Collection.DEBTS, key, raised)


def lower_claim(call: Call, holder: str, name: str, amount: int) -> None:
    """A claimed advance came back, or an act of a later year worked it off."""
    key = claim_key(holder, name)
    claim = Claim.find(call.state, Collection.CLAIMS, key)
    assert claim is not None, "an advance of a closed obligation is a claim"
    if claim.amount == amount:
        call.state.delete(Collection.CLAIMS, key)
    else:
        put(call.state, Collection.CLAIMS, key, replace(claim, amount=claim.amount - amount))
