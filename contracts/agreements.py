"""Agreements (гражданско-правовые сделки): registered, amended, terminated (BC 109, TP 177–224).

What counts is the notification of registration (уведомление о регистрации договора), not the signature: the
event of this ledger is the notification. Sums of later years move no tokens; they are counted (BC 101(6)).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from chain.codec import AMOUNT, BOOL, DAY, NAME, UINT_MAXIMUM, Digits, ListOf, OneOf, Optional, Row, Text
from contracts import directories, plans, reasons, tokens, treasury
from contracts.actions import Call, action, row
from contracts.calendar import civil
from contracts.dates import refuse_ahead, refuse_outside
from contracts.directories import DirectoryName
from contracts.fields import CODE3, DOCUMENT_NUMBER, EXPENSE, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.records import (
    Agreement,
    Balance,
    Claim,
    Collection,
    Commitment,
    Kind,
    Line,
    Obligation,
    Role,
    Stage,
    TokenKey,
    agreement_key,
    balance_of,
    claim_key,
    commitment_key,
    obligation_key,
    obligation_scope,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

WORKS: Final = "works"
KINDS: Final = ("goods", "services", WORKS)
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
YEARS_PER_AGREEMENT: Final = 30
SUPPLEMENTS_PER_AGREEMENT: Final = 200
"""Bound the record of one agreement; a real one has a handful of each."""

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
    specifics = []
    for obligation in entry.obligations:
        name, subprogramme, specific, expense, amount, advance = obligation
        line = Line(budget, year, source, administrator, entry.programme, subprogramme, specific)
        _register_obligation(call, entry, line, name, expense, amount, advance)
        specifics.append(specific)
    _check_expertise(entry.kind, entry.expertise, entry.total, specifics, call.day())
    for later, amount in entry.years[1:]:
        _commit(call, commitment_key(budget, later, administrator, entry.programme), 0, amount)
    agreement = Agreement(
        entry.date, entry.supplier, entry.subject, entry.kind, entry.money, entry.legal_basis,
        entry.portal_id, budget, administrator, entry.programme, entry.total, entry.years, 0,
        tuple(obligation[0] for obligation in entry.obligations), entry.expertise, entry.valid_until,
        (), None, None,
    )  # fmt: skip
    put(call.state, Collection.AGREEMENTS, key, agreement)


def _check_terms(call: Call, entry: _Entry, year: int, today: tuple[int, int, int]) -> None:
    """The checks of TP 218 that need the agreement alone."""
    if today[1:] > LAST_DAY and entry.money != RESERVE and len(entry.years) == 1:
        raise RejectionError(reasons.AFTER_20_DECEMBER)
    refuse_ahead(entry.date, call.day(), "date")
    refuse_outside(entry.valid_until, entry.date, None, "valid_until")
    if not entry.takes_effect_after_registration:
        raise RejectionError(reasons.AGREEMENT_CLAUSE)
    if entry.portal_id is None and not entry.legal_basis.strip(" "):
        raise RejectionError(reasons.AGREEMENT_BASIS)
    if entry.vat is not None and entry.vat > entry.total:
        raise RejectionError(reasons.AGREEMENT_VAT, vat_tiyn=entry.vat, total_tiyn=entry.total)
    check_years(entry.years, year, entry.total)
    codes = sum(obligation[4] for obligation in entry.obligations)
    if codes != entry.years[0][1]:
        raise RejectionError(reasons.AGREEMENT_CODES, stated_tiyn=entry.years[0][1], found_tiyn=codes)
    seen = set()
    for _, subprogramme, specific, expense, *_ in entry.obligations:
        if (subprogramme, specific, expense) in seen:
            raise RejectionError(reasons.AGREEMENT_CODE_TWICE, subprogramme=subprogramme, specific=specific)
        seen.add((subprogramme, specific, expense))
    directories.require(call, DirectoryName.PAYEES, entry.supplier, "supplier")


def check_years(years: tuple[tuple[int, int], ...], first: int, total: int) -> None:
    """The indicative split by year begins with the budget year and adds up to the total (TP 182)."""
    names = [year for year, _ in years]
    if names[0] != first or any(after <= before for before, after in pairwise(names)):
        raise RejectionError(reasons.AGREEMENT_YEARS)
    found = sum(amount for _, amount in years)
    if found != total:
        raise RejectionError(reasons.AGREEMENT_SPLIT, total_tiyn=total, found_tiyn=found)


def _check_expertise(
    kind: str, expertise: tuple[Any, ...] | None, total: int, specifics: list[str], day: int
) -> None:
    """Construction and repair: the expertise is there, in force and sufficient (BC 109(4), TP "
    "218(13)–(15))."""
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


def _register_obligation(
    call: Call, entry: _Entry, line: Line, name: str, expense: str | None, amount: int, advance: int
) -> None:
    holder = call.institution
    key = obligation_key(holder, name)
    if call.state.get(Collection.OBLIGATIONS, key) is not None:
        raise RejectionError(reasons.OBLIGATION_EXISTS, holder=holder, obligation=name)
    assert line.specific is not None, "an agreement names its specific"
    directories.require(call, DirectoryName.FUNCTIONAL, plans.functional_code(line), "subprogramme")
    directories.require(call, DirectoryName.ECONOMIC, line.specific, "specific")
    percent = advance_percent(line.specific, entry.advance_ground)
    check_advance(line.specific, advance, amount, percent)
    treasury.refuse_if_suspended(call, holder, line, entry.number)
    plans.check_acceptance(call, holder, line, expense, amount)
    obligation = Obligation(
        line,
        expense,
        "agreement",
        entry.number,
        entry.supplier,
        amount,
        advance,
        percent,
        0,
        (),
        1,
        (),
        True,
        None,
    )
    allocated = TokenKey(line, holder, expense, Stage.ALLOCATED)
    tokens.move(call, allocated, registered_key(holder, name, obligation), amount)
    put(call.state, Collection.OBLIGATIONS, key, obligation)
    notification = notification_number(call.actor.code, line.year, name, 1)
    call.emit("agreement.registered", holder, entry.number, name, notification, amount)


def notification_number(code: str, year: int, obligation: str, serial: int) -> str:
    """Number of a notification of registration: institution's code, year, application, serial (TP "
    "213(3), 222)."""
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


def _commit(call: Call, key: bytes, before: int, after: int) -> None:
    """Change what is promised of a later year (BC 109(4), 101(6))."""
    if before == after:
        return
    found = Commitment.find(call.state, Collection.COMMITMENTS, key) or Commitment(0)
    amount = found.amount - before + after
    if amount > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    if amount == 0:
        call.state.delete(Collection.COMMITMENTS, key)
    else:
        put(call.state, Collection.COMMITMENTS, key, Commitment(amount))


# --- supplementary agreements

AMEND_ROW = Row("amended obligation", (("obligation", NAME), ("amount", AMOUNT), ("advance", AMOUNT)))

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
    agreement = open_agreement(call.state, call.institution, number)
    if supplement in agreement.supplements or len(agreement.supplements) >= SUPPLEMENTS_PER_AGREEMENT:
        raise RejectionError(reasons.SUPPLEMENT_EXISTS, supplement=supplement)
    refuse_outside(date, agreement.date, call.day(), "date")
    refuse_outside(valid_until, agreement.date, None, "valid_until")
    year = agreement.years[0][0]
    plans.open_month(call, year)
    check_years(years, year, total)
    changed = replace(
        agreement, total=total, years=years, valid_until=valid_until,
        expertise=agreement.expertise if expertise is None else expertise,
        supplements=(*agreement.supplements, supplement),
    )  # fmt: skip
    _amend_obligations(call, number, changed, changes)
    _commit_years(call, agreement, years)
    put(call.state, Collection.AGREEMENTS, agreement_key(call.institution, number), changed)
    call.emit("agreement.amended", call.institution, number, supplement, total)


def open_agreement(state: StateReader, holder: str, number: str) -> Agreement:
    """A registered agreement that was not terminated."""
    agreement = agreement_of(state, holder, number)
    if agreement.terminated is not None:
        raise RejectionError(reasons.AGREEMENT_ENDED, agreement=number)
    return agreement


def _amend_obligations(
    call: Call, number: str, agreement: Agreement, changes: tuple[tuple[Any, ...], ...]
) -> None:
    """The new sums; afterwards the obligations again add up to the sum of the year (TP 215)."""
    named = [change[0] for change in changes]
    for place, (name, amount, advance) in enumerate(changes, 1):
        with row(place):
            if name not in agreement.obligations or named.count(name) > 1:
                raise RejectionError(reasons.OBLIGATION_NONE, holder=call.institution, obligation=name)
            _amend_obligation(call, number, name, amount, advance)
    found = 0
    specifics: list[str] = []
    for name in agreement.obligations:
        obligation = obligation_of(call.state, call.institution, name)
        found += obligation.amount
        specifics.append(obligation.line.specific or "")
    if found != agreement.years[0][1]:
        raise RejectionError(reasons.AGREEMENT_CODES, stated_tiyn=agreement.years[0][1], found_tiyn=found)
    _check_expertise(agreement.kind, agreement.expertise, agreement.total, specifics, call.day())


def _amend_obligation(call: Call, number: str, name: str, amount: int, advance: int) -> None:
    holder = call.institution
    obligation = obligation_of(call.state, holder, name)
    line = obligation.line
    balance = balance_of(call.state, obligation_scope(holder, name))
    outstanding = balance.amounts[Stage.ADVANCED]
    least = obligation.amount - balance.amounts[Stage.REGISTERED]
    if amount < least:
        raise RejectionError(reasons.AMEND_BELOW, amount_tiyn=amount, least_tiyn=least)
    limit = amount * obligation.advance_percent // 100
    if outstanding > limit:
        raise RejectionError(reasons.ADVANCE_OUTSTANDING, outstanding_tiyn=outstanding, limit_tiyn=limit)
    check_advance(line.specific or "", advance, amount, obligation.advance_percent)
    allocated = TokenKey(line, holder, obligation.expense, Stage.ALLOCATED)
    registered = registered_key(holder, name, obligation)
    if amount > obligation.amount:
        added = amount - obligation.amount
        treasury.refuse_if_suspended(call, holder, line, number)
        plans.check_acceptance(call, holder, line, obligation.expense, added)
        tokens.move(call, allocated, registered, added)
    elif amount < obligation.amount:
        tokens.move(call, registered, allocated, obligation.amount - amount)
    cash = outstanding + balance.amounts[Stage.PAID]
    is_open = amount > balance.amounts[Stage.PAID]
    if is_open:
        # raised again after it was closed: an advance that a correction brought back is worked off by acts
        call.state.delete(Collection.CLAIMS, claim_key(holder, name))
    serial = obligation.notifications + 1
    put(
        call.state, Collection.OBLIGATIONS, obligation_key(holder, name),
        replace(
            obligation, amount=amount, advance_limit=advance, is_open=is_open,
            notifications=serial if is_open else obligation.notifications,
        ),
    )  # fmt: skip
    notification = notification_number(call.actor.code, line.year, name, serial) if is_open else ""
    call.emit("agreement.obligation-amended", holder, number, name, notification, amount - cash)


def _commit_years(call: Call, agreement: Agreement, years: tuple[tuple[int, int], ...]) -> None:
    before, after = dict(agreement.years[1:]), dict(years[1:])
    for later in sorted({*before, *after}):
        key = commitment_key(agreement.budget, later, agreement.administrator, agreement.programme)
        _commit(call, key, before.get(later, 0), after.get(later, 0))


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
    """registered -> allocated; payable and retained stay due; advanced stays and becomes a Claim."""
    number, date, ground, _ = fields_of(call.arguments)
    holder = call.institution
    agreement = open_agreement(call.state, holder, number)
    day = call.day()
    refuse_outside(date, agreement.date, day, "date")
    plans.open_month(call, agreement.years[0][0])
    for name in agreement.obligations:
        _close_obligation(call, name, day)
    _commit_years(call, agreement, agreement.years[:1])
    ended = replace(agreement, years=agreement.years[:1], terminated=day)
    put(call.state, Collection.AGREEMENTS, agreement_key(holder, number), ended)
    call.emit("agreement.terminated", holder, number, ground)


def _close_obligation(call: Call, name: str, day: int) -> None:
    holder = call.institution
    obligation = obligation_of(call.state, holder, name)
    balance: Balance = balance_of(call.state, obligation_scope(holder, name))
    unused = balance.amounts[Stage.REGISTERED]
    outstanding = balance.amounts[Stage.ADVANCED]
    if unused:
        allocated = TokenKey(obligation.line, holder, obligation.expense, Stage.ALLOCATED)
        tokens.move(call, registered_key(holder, name, obligation), allocated, unused)
    if outstanding:
        claim = Claim(obligation.line, obligation.payee, outstanding, day)
        put(call.state, Collection.CLAIMS, claim_key(holder, name), claim)
        call.emit("claim.arisen", holder, name, outstanding)
    closed = replace(obligation, amount=obligation.amount - unused, is_open=False)
    put(call.state, Collection.OBLIGATIONS, obligation_key(holder, name), closed)
