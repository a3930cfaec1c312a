"""Formation of the budget: limits and requests, from the institution to the law (BC 71–92).

A request goes through the seven statuses of the concept in their order: formed by institutions, consolidated
by the administrator, approved by the Ministry of Finance, by the Government, tabled in the Mazhilis, in the
Senate, approved by law. Its items carry the expense id (идентификатор расхода) that follows the money to the
payment. Money asked for is a claim on a year to come: requested, then approved; the law turns it into adopted
money (`contracts.appropriations`), and the administrator aligns that with its items.

Who agrees before a document (МФ–КГИП–ДГИП–филиал and others) is an approval route set for its action.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from chain.codec import AMOUNT, BOOL, DAY, HASH, NAME, UINT_MAXIMUM, ListOf, OneOf, Optional, Row, Text, Uint
from contracts import appropriations, budgets, commitments, plans, reasons, requests, tokens
from contracts.actions import Approval, Call, action, row
from contracts.calendar import civil, day_number
from contracts.dates import refuse_ahead, refuse_outside
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
    Budget,
    BudgetStatus,
    Collection,
    Expense,
    Kind,
    Limit,
    Line,
    Request,
    RequestItem,
    RequestStatus,
    Role,
    Stage,
    balance_of,
    budget_key,
    expense_key,
    institution_of,
    limit_key,
    programme_scope,
    put,
)
from contracts.rejection import RejectionError
from contracts.requests import BLOCKS, ITEMS, Draft, Place, check_unit, limit_of
from contracts.state import StateReader

YEARS_AHEAD: Final = 3
"""A budget is formed for three years (BC 74, 86): no request reaches further."""

REQUESTED_MAXIMUM: Final = 10**18
"""Tiyn that requests of one programme may ever ask for, withdrawn ones counted: three hundred budgets of the
Republic, and far from the largest sum that the law's own money needs."""

BY_NAME: Final = {status.name.lower(): status for status in RequestStatus}
"""formed, consolidated, mof, government, mazhilis, senate, law: as documents name the statuses."""

RECORDS_ALL: Final = Kind.FINANCE
"""The Ministry of Finance records the decisions of all; Government and Parliament may sign their own."""

DECIDED_BY: Final[dict[RequestStatus, tuple[str, ...]]] = {
    RequestStatus.MOF: (Kind.FINANCE,),
    RequestStatus.GOVERNMENT: (Kind.FINANCE, Kind.GOVERNMENT),
    RequestStatus.MAZHILIS: (Kind.FINANCE, Kind.GOVERNMENT, Kind.PARLIAMENT),
    RequestStatus.SENATE: (Kind.FINANCE, Kind.PARLIAMENT),
}
"""Who brings a request to a status: the bill is tabled in the Mazhilis by the Government (BC 90(1))."""

RETURNED_BY: Final[dict[RequestStatus, tuple[str, ...]]] = {
    RequestStatus.FORMED: (Kind.ABP,),
    RequestStatus.CONSOLIDATED: (Kind.FINANCE, Kind.ABP),
    RequestStatus.MOF: (Kind.FINANCE, Kind.GOVERNMENT),
    RequestStatus.GOVERNMENT: (Kind.FINANCE, Kind.GOVERNMENT, Kind.PARLIAMENT),
    RequestStatus.MAZHILIS: (Kind.FINANCE, Kind.PARLIAMENT),
    RequestStatus.SENATE: (Kind.FINANCE, Kind.PARLIAMENT),
}
"""Who returns a request that stands at a status: those who decide on it next."""

LIMIT_SET = Row(
    "limit.set",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("document", DOCUMENT_NUMBER),
        ("date", DAY),
        (
            "limits",
            ListOf(Row("limit", (("administrator", CODE3), *((block, AMOUNT) for block in BLOCKS))), ROWS, 1),
        ),
    ),
)

ITEM = Row(
    "request item",
    (
        ("expense", EXPENSE),
        ("subprogramme", CODE3),
        ("specific", CODE3),
        ("block", OneOf(*BLOCKS)),
        ("function", Text(64, 1)),
        ("basis", Text(500, 1)),
        ("quantity", Uint(0, 10**12)),
        ("price", AMOUNT),
        ("amount", AMOUNT),
    ),
)

FORM = Row(
    "request.form",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("programme", CODE3),
        ("items", ListOf(ITEM, ROWS, 1)),
    ),
)

REDUCTION = Row("reduction", (("expense", EXPENSE), ("down", POSITIVE)))

CONSOLIDATE = Row(
    "request.consolidate",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("programme", CODE3),
        ("goal", Text(1000, 1)),
        ("indicators", Text(4000, 1)),
        ("results", Text(4000, 1)),
        ("is_development", BOOL),
        ("amount", AMOUNT),
        ("reductions", ListOf(REDUCTION, ITEMS)),
    ),
)

DECIDE = Row(
    "request.decide",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("administrator", CODE3),
        ("programme", CODE3),
        ("status", OneOf("mof", "government", "mazhilis", "senate")),
        ("act", Text(200, 1)),
        ("date", DAY),
        ("document", HASH),
        ("amount", AMOUNT),
        ("reductions", ListOf(REDUCTION, ITEMS)),
    ),
)

RETURN = Row(
    "request.return",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("administrator", CODE3),
        ("programme", CODE3),
        ("status", OneOf("formed", "consolidated", "mof", "government", "mazhilis")),
        ("holder", Optional(NAME)),
        ("reason", Text(500, 1)),
    ),
)

ALIGN_ROW = Row("alignment", (("expense", EXPENSE), ("up", AMOUNT), ("down", AMOUNT)))

ALIGN = Row(
    "request.align",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("programme", CODE3),
        ("rows", ListOf(ALIGN_ROW, ROWS, 1)),
    ),
)


# --- limits


@action(
    "limit.set",
    LIMIT_SET,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 74(5)–(7)",
    summary="Set the limits of administrators for a year to come, by block",
    is_batch=True,
)
def set_limits(call: Call) -> None:
    """A limit may be raised or lowered, never below what the administrator's consolidated requests take, and
    its base never below what registered agreements promise of the year (BC 109(4))."""
    budget, year, document, date, rows = fields_of(call.arguments)
    _check_open(call, budget, year)
    budgets.require_authority(call, budget)
    refuse_ahead(date, call.day(), "date")
    seen: set[str] = set()
    for number, (administrator, *blocks) in enumerate(rows, 1):
        with row(number):
            if administrator in seen:
                raise RejectionError(reasons.LIMIT_TWICE, administrator=administrator)
            seen.add(administrator)
            _set_limit(call, budget, year, administrator, tuple(blocks), (document, call.day()))
    call.emit("limit.set", budget, year, document, len(rows))


def _set_limit(
    call: Call, budget: str, year: int, administrator: str, blocks: tuple[int, ...], by: tuple[str, int]
) -> None:
    appropriations.require_administrator(call, administrator)
    for name, amount in zip(BLOCKS, blocks, strict=True):
        check_unit(name, amount)
    if sum(blocks) > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    before = limit_of(call.state, budget, year, administrator)
    used = (0,) * len(BLOCKS) if before is None else before.used
    for name, amount, taken in zip(BLOCKS, blocks, used, strict=True):
        if amount < taken:
            raise RejectionError(
                reasons.LIMIT_USED,
                administrator=administrator, block=name, amount_tiyn=amount, used_tiyn=taken,
            )  # fmt: skip
    base, initiatives, growth, reserves = blocks
    promised = commitments.promised(call.state, budget, year, administrator)
    # promises of a year beyond the bounded ones may exceed its first base: only lowering is refused
    if before is not None and base < before.base and base < promised:
        raise RejectionError(
            reasons.LIMIT_PROMISED, administrator=administrator, amount_tiyn=base, promised_tiyn=promised
        )
    limit = Limit(base, initiatives, growth, reserves, used, *by)
    put(call.state, Collection.LIMITS, limit_key(budget, year, administrator), limit)


def _use_limit(call: Call, place: Place, changes: Sequence[int]) -> None:
    """Follow the administrator's consolidated requests in its limits. Refuses BC74-LIMIT."""
    limit = limit_of(call.state, place.budget, place.year, place.administrator)
    if limit is None:
        raise RejectionError(
            reasons.LIMIT_NONE, budget=place.budget, year=place.year, administrator=place.administrator
        )
    used = tuple(before + change for before, change in zip(limit.used, changes, strict=True))
    for name, amount, taken, change in zip(BLOCKS, limit.blocks, used, changes, strict=True):
        if change > 0 and taken > amount:
            raise RejectionError(
                reasons.LIMIT_EXCEEDED,
                administrator=place.administrator, block=name, limit_tiyn=amount, found_tiyn=taken,
            )  # fmt: skip
    key = limit_key(place.budget, place.year, place.administrator)
    put(call.state, Collection.LIMITS, key, replace(limit, used=used))


def _check_open(call: Call, budget: str, year: int) -> None:
    """A year to come whose law is not recorded. Refuses BC74-YEAR and REQ-ADOPTED."""
    present = civil(call.day())[0]
    if not present < year <= present + YEARS_AHEAD:
        raise RejectionError(reasons.REQUEST_YEAR, year=year, first=present + 1, last=present + YEARS_AHEAD)
    _refuse_adopted(call.state, budget, year)


def _refuse_adopted(state: StateReader, budget: str, year: int) -> None:
    found = Budget.find(state, Collection.BUDGETS, budget_key(budget, year))
    if found is not None and found.status != BudgetStatus.QUARTER:
        raise RejectionError(reasons.REQUEST_ADOPTED, budget=budget, year=year)


# --- requests of institutions


@action(
    "request.form",
    FORM,
    kinds=(Kind.GU,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 75(1)–(3), 71(1)(15); STD 2",
    summary="Form the institution's request under one programme, item by item",
    is_batch=True,
)
def form(call: Call) -> None:
    """∅ -> requested; less than before: requested, approved -> declined. An item is what its row says now.

    Items that the document does not name stay as they are; an item of nothing is withdrawn.
    """
    budget, year, source, programme, items = fields_of(call.arguments)
    _check_open(call, budget, year)
    budgets.require_administrator(call, budget)
    place = Place(budget, year, call.actor.code[:3], programme)
    if limit_of(call.state, budget, year, place.administrator) is None:
        raise RejectionError(reasons.LIMIT_NONE, budget=budget, year=year, administrator=place.administrator)
    before = requests.find(call.state, place)
    if before is None:
        before = Request(source, RequestStatus.FORMED.value, None, (), 0, (0,) * len(BLOCKS), None, ())
    _require_status(place, before, RequestStatus.FORMED)
    if before.source != source:
        raise RejectionError(reasons.REQUEST_SOURCE, found=source, source=before.source, programme=programme)
    draft = Draft(call, place, before)
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        with row(number):
            _form_item(draft, fields_of(item), seen)
    if balance_of(call.state, programme_scope(place.line(source))).issued > REQUESTED_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    draft.write()
    call.emit(
        "request.formed", budget, year, place.administrator, programme, len(items), draft.request.amount
    )


def _form_item(draft: Draft, fields: tuple[Any, ...], seen: set[str]) -> None:
    call, place, source = draft.call, draft.place, draft.request.source
    expense, subprogramme, specific, block, function, basis, quantity, price, amount = fields
    if expense in seen:
        raise RejectionError(reasons.REQUEST_TWICE, expense=expense)
    seen.add(expense)
    _check_calculation(quantity, price, amount)
    plans.require_codes(call, plans.position_of(place.line(source), subprogramme, specific))
    before = _own_item(draft, expense)
    block_number = BLOCKS.index(block)
    kept = 0
    item = RequestItem(
        call.institution, subprogramme, specific, block_number, function, basis, quantity, price, amount,
        amount, 0,
    )  # fmt: skip
    if before is not None:
        is_same_line = (before.subprogramme, before.specific) == (subprogramme, specific)
        kept = min(before.amount, amount) if is_same_line else 0
        if before.amount > kept:
            draft.decline(expense, before, before.amount - kept)
        draft.count(before, -before.amount, is_formed=True)
    draft.count(item, amount, is_formed=True)
    if amount > kept:
        requested = requests.token_of(place, source, expense, item, Stage.REQUESTED)
        _check_sum(draft, requested.line, amount - kept)
        tokens.issue(call, requested, amount - kept)
    put(call.state, Collection.REQUEST_ITEMS, place.item_key(expense), item)


def _check_sum(draft: Draft, line: Line, amount: int) -> None:
    """Met before the money is issued: the sums of the ledger never overflow."""
    if balance_of(draft.call.state, programme_scope(line)).issued + amount > REQUESTED_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)


def _check_calculation(quantity: int, price: int, amount: int) -> None:
    """quantity × price, rounded up to the unit of the budget, is what is asked (BC 71(1)(15))."""
    exact = quantity * price
    rounded = -(-exact // PLAN_UNIT) * PLAN_UNIT
    if amount != rounded:
        raise RejectionError(
            reasons.REQUEST_CALCULATION,
            quantity=quantity, price_tiyn=price, amount_tiyn=amount, expected_tiyn=rounded,
        )  # fmt: skip


def _own_item(draft: Draft, expense: str) -> RequestItem | None:
    """The institution's item of an expense id, or None where the id is new (and is taken now)."""
    call, place = draft.call, draft.place
    key = expense_key(place.budget, place.year, expense)
    owner = Expense.find(call.state, Collection.EXPENSES, key)
    if owner is None:
        if draft.request.items >= ITEMS:
            raise RejectionError(reasons.REQUEST_ITEMS, programme=place.programme, limit=ITEMS)
        put(call.state, Collection.EXPENSES, key, Expense(place.administrator, place.programme))
        draft.request = replace(draft.request, items=draft.request.items + 1)
        return None
    found = None
    if (owner.administrator, owner.programme) == (place.administrator, place.programme):
        found = requests.item_of(call.state, place, expense)
    if found is None or found.holder != call.institution:
        raise RejectionError(
            reasons.REQUEST_EXPENSE,
            expense=expense, administrator=owner.administrator, programme=owner.programme,
        )  # fmt: skip
    return found


# --- the administrator's request


@action(
    "request.consolidate",
    CONSOLIDATE,
    kinds=(Kind.ABP,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 74(5), 75(2)–(3), (10)",
    summary="Consolidate the institutions' requests under one programme, within the limits",
    is_batch=True,
    approval=Approval(amount=lambda arguments: int(str(arguments[7]))),
)
def consolidate(call: Call) -> None:
    """requested -> declined for what is lowered. States what is left, and the passport of the programme."""
    budget, year, programme, goal, indicators, results, development, amount, reductions = fields_of(
        call.arguments
    )
    _check_open(call, budget, year)
    budgets.require_administrator(call, budget)
    place = Place(budget, year, call.actor.code, programme)
    before = requests.request_of(call.state, place)
    _require_status(place, before, RequestStatus.FORMED)
    for holder, _, is_returned in before.parts:
        # nobody forms again the part of an institution that was closed since: it stands, or is lowered here
        if is_returned and not _is_closed(call.state, holder):
            raise RejectionError(reasons.REQUEST_RETURNED, holder=holder, programme=programme)
    draft = Draft(call, place, before)
    draft.reduce(reductions)
    draft.check_total(amount)
    _use_limit(call, place, draft.request.blocks)
    passport = (goal, indicators, results, development)
    consolidated = replace(draft.request, passport=passport)
    draft.request = requests.step(call, consolidated, RequestStatus.CONSOLIDATED, None, None)
    draft.write()
    call.emit("request.consolidated", budget, year, place.administrator, programme, amount)


def _is_closed(state: StateReader, institution: str) -> bool:
    found = institution_of(state, institution)
    assert found is not None, "a part names its institution"
    return found.closed is not None


def _require_status(place: Place, request: Request, wanted: RequestStatus) -> None:
    if request.status != wanted:
        raise RejectionError(
            reasons.REQUEST_STATUS,
            administrator=place.administrator, programme=place.programme,
            status=RequestStatus(request.status).name.lower(), wanted=wanted.name.lower(),
        )  # fmt: skip


# --- decisions


@action(
    "request.decide",
    DECIDE,
    kinds=(Kind.FINANCE, Kind.GOVERNMENT, Kind.PARLIAMENT),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 71(1), 75(16)–(18), 86(7), 90(1), 92",
    summary="Bring a programme's request to its next status by an act; amounts only go down",
    is_batch=True,
    approval=Approval(amount=lambda arguments: int(str(arguments[8]))),
)
def decide(call: Call) -> None:
    """requested -> approved + declined by the Ministry of Finance; approved -> declined after it."""
    budget, year, administrator, programme, name, act, date, digest, amount, reductions = fields_of(
        call.arguments
    )
    _refuse_adopted(call.state, budget, year)
    status = BY_NAME[name]
    _require_kind(call, budget, status, DECIDED_BY[status])
    refuse_ahead(date, call.day(), "date")
    place = Place(budget, year, administrator, programme)
    before = requests.request_of(call.state, place)
    _require_status(place, before, RequestStatus(status - 1))
    refuse_outside(date, _standing_act(before), None, "date")
    draft = Draft(call, place, before)
    draft.reduce(reductions)
    draft.check_total(amount)
    changes = [after - was for after, was in zip(draft.request.blocks, before.blocks, strict=True)]
    if any(changes):
        _use_limit(call, place, changes)
    if status is RequestStatus.MOF:
        _approve_items(draft)
    draft.request = requests.step(call, draft.request, status, (act, date, digest), None)
    draft.write()
    declined = before.amount - amount
    call.emit("request.decided", budget, year, administrator, programme, name, act, amount, declined)


def _standing_act(request: Request) -> int:
    """The date of the act by which the request has its status: the next is not dated before it. 0 for the
    first, and where the history no longer has it."""
    dates = [step[3] for step in request.history if step[1] == request.status and step[3] is not None]
    return dates[-1] if dates else 0


def _approve_items(draft: Draft) -> None:
    """requested -> approved, item by item; after a return a part of an item may be approved already."""
    source = draft.request.source
    for expense, item in requests.items_of(draft.call.state, draft.place):
        requested = requests.token_of(draft.place, source, expense, item, Stage.REQUESTED)
        amount = tokens.amount_of(draft.call.state, requested)
        if amount:
            approved = replace(requested, stage=Stage.APPROVED)
            tokens.move(draft.call, requested, approved, amount)


def _require_kind(call: Call, budget: str, status: RequestStatus, kinds: tuple[str, ...]) -> None:
    """Whether an institution of this kind decides here. Refuses REQ-AUTHORITY and BUDGET-AUTHORITY."""
    if call.actor.kind not in kinds:
        raise RejectionError(
            reasons.REQUEST_AUTHORITY,
            institution=call.institution, kind=call.actor.kind, status=status.name.lower(),
            permitted=", ".join(kinds),
        )  # fmt: skip
    if call.actor.kind == RECORDS_ALL:
        budgets.require_authority(call, budget)


@action(
    "request.return",
    RETURN,
    kinds=(Kind.FINANCE, Kind.ABP, Kind.GOVERNMENT, Kind.PARLIAMENT),
    roles=(Role.HEAD,),
    source="BC 75(16)–(17), 86(7)",
    summary="Return a programme's request to an earlier status, with a reason; no money moves",
)
def send_back(call: Call) -> None:
    """By whoever decides next. Back to `formed` with a holder: that institution forms its part again."""
    budget, year, administrator, programme, name, holder, reason = fields_of(call.arguments)
    _refuse_adopted(call.state, budget, year)
    place = Place(budget, year, administrator, programme)
    before = requests.request_of(call.state, place)
    found, status = RequestStatus(before.status), BY_NAME[name]
    _require_kind(call, budget, found, RETURNED_BY[found])
    if call.actor.kind == Kind.ABP and call.actor.code != administrator:
        raise RejectionError(
            reasons.REQUEST_FOREIGN, institution=call.institution, administrator=administrator
        )
    is_to_institution = found is status is RequestStatus.FORMED
    if status > found or (status is found and not is_to_institution):
        raise RejectionError(reasons.REQUEST_BACK, status=found.name.lower(), wanted=name)
    parts = _returned_parts(before, holder, status, is_to_institution)
    if status is RequestStatus.FORMED and found is not RequestStatus.FORMED:
        _use_limit(call, place, [-amount for amount in before.blocks])
    returned = requests.step(call, replace(before, parts=parts), status, None, reason)
    put(call.state, Collection.REQUESTS, place.key, returned)
    call.emit("request.returned", budget, year, administrator, programme, name, holder, reason)


def _returned_parts(
    request: Request, holder: str | None, status: RequestStatus, is_to_institution: bool
) -> tuple[tuple[str, int, bool], ...]:
    """Parts marked as returned to their institutions: the named one, or, of a formed request, all."""
    if holder is None:
        return tuple((name, amount, flag or is_to_institution) for name, amount, flag in request.parts)
    if status is not RequestStatus.FORMED or holder not in {name for name, _, _ in request.parts}:
        raise RejectionError(reasons.REQUEST_HOLDER, holder=holder, status=status.name.lower())
    return tuple((name, amount, flag or name == holder) for name, amount, flag in request.parts)


# --- after the law


@action(
    "request.align",
    ALIGN,
    kinds=(Kind.ABP,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 75(20); STD 2",
    summary="Align the request with the law: put adopted money of a programme under its expense ids",
    is_batch=True,
)
def align(call: Call) -> None:
    """adopted without expense id -> adopted with one (up), or back (down). Due by 30 December (BC 75(20)).

    Later it is still taken, and the event says that it is late.
    """
    budget, year, source, programme, rows = fields_of(call.arguments)
    plans.refuse_ended(call, year)
    budgets.require_administrator(call, budget)
    appropriations.budget_of(call.state, budget, year)
    place = Place(budget, year, call.actor.code, programme)
    request = requests.request_of(call.state, place)
    _require_status(place, request, RequestStatus.LAW)
    line = place.line(source)
    seen: set[str] = set()
    for number, (expense, up, down) in enumerate(rows, 1):
        with row(number):
            if expense in seen:
                raise RejectionError(reasons.REQUEST_TWICE, expense=expense)
            seen.add(expense)
            _align_row(call, place, line, expense, up, down)
    is_late = call.day() > day_number(year - 1, 12, 30)
    raised, lowered = sum(up for _, up, _ in rows), sum(down for _, _, down in rows)
    call.emit("request.aligned", budget, year, place.administrator, programme, raised, lowered, is_late)


def _align_row(call: Call, place: Place, line: Line, expense: str, up: int, down: int) -> None:
    item = requests.item_of(call.state, place, expense)
    check_unit("up", up)
    check_unit("down", down)
    if (up == 0) == (down == 0):
        raise RejectionError(reasons.ALIGN_ROW, expense=expense, up_tiyn=up, down_tiyn=down)
    pools = appropriations.pool_keys(call.institution, line)
    named = [replace(key, expense=expense) for key in pools]
    sources, target = (pools, named[0]) if up else (tuple(named), pools[0])
    left = up or down
    free = [(key, tokens.amount_of(call.state, key)) for key in sources]
    if left > sum(part for _, part in free):
        raise RejectionError(
            reasons.ALIGN_POOL, expense=expense, amount_tiyn=left, free_tiyn=sum(part for _, part in free)
        )
    for key, part in free:
        taken = min(part, left)
        if taken:
            tokens.move(call, key, target, taken)
            left -= taken
    after = replace(item, aligned=max(item.aligned + up - down, 0))
    put(call.state, Collection.REQUEST_ITEMS, place.item_key(expense), after)


# --- readings


def difference(state: StateReader, budget: str, year: int) -> tuple[tuple[str, str, int, int], ...]:
    """(administrator, programme, requested, adopted) of every programme: the law beside the requests.

    `requested` is what the last decision before the law left, in tiyn; 0 for what nobody asked for. `adopted`
    is 0 for what the law left out, and for every programme before the law.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {
        (administrator, programme): (0, approved)
        for administrator, programme, approved in appropriations.approved_of(state, budget, year)
    }
    for place, request in requests.requests_of(state, budget, year):
        programme = (place.administrator, place.programme)
        found[programme] = (request.amount, found.get(programme, (0, 0))[1])
    return tuple((*programme, *found[programme]) for programme in sorted(found))


def status_of(state: StateReader, budget: str, year: int, administrator: str) -> str | None:
    """The status of an administrator's request: the lowest of its programmes that ask for money."""
    found = [
        request.status
        for place, request in requests.requests_of(state, budget, year)
        if place.administrator == administrator and request.amount
    ]
    return RequestStatus(min(found)).name.lower() if found else None
