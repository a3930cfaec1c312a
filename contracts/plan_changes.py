"""Certificates of amendment (справки о внесении изменений; BC 105(7), TP 33–46) of approved plans.

Kind a: the administrator alone, between positions of one programme, without a change of the programme's
monthly or annual totals. Kind b: any change, agreed by the treasury before it is carried out; while it is in
process the codes that it changes are suspended (блокировка, TP 35, BC 111(1)(1)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from chain.codec import NAME, ListOf, OneOf, Optional, Row, Value
from contracts import appropriations, budgets, conduct, plans, reasons, tokens, treasury
from contracts.actions import Approval, Call, Step, action, row
from contracts.calendar import civil, iso_date
from contracts.causes import CAUSES, DEFERRING, EXEMPT, EXEMPT_SPECIFICS
from contracts.fields import CODE3, DOCUMENT_NUMBER, ROWS, SOURCE, YEAR, fields_of
from contracts.plans import NO_PLAN, PLAN_ROW
from contracts.receipts import shortfall
from contracts.records import (
    ACCEPTED,
    EMPTY_AMENDMENTS,
    REDEEMED,
    Amendments,
    ApprovalRecord,
    Certificate,
    Collection,
    Kind,
    Line,
    Plan,
    Role,
    Stage,
    Suspension,
    TokenKey,
    amendments_key,
    approval_key,
    balance_of,
    cash_of,
    certificate_key,
    plan_key,
    position_scope,
    put,
)
from contracts.rejection import RejectionError

BY_ADMINISTRATOR, BY_TREASURY = "a", "b"
KINDS: Final = (BY_ADMINISTRATOR, BY_TREASURY)

LAST_DAY: Final = 20
"""Certificates are filed by this day of the month (TP 33, 37)."""

A_MONTH, IN_DECEMBER = 1, 2
"""Certificates of one programme and kind in a month; in December (TP 33, 43)."""

AMEND = Row(
    "plan.amend",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("programme", CODE3),
        ("certificate", DOCUMENT_NUMBER),
        ("kind", OneOf(*KINDS)),
        ("cause", Optional(OneOf(*CAUSES))),
        ("plans", ListOf(PLAN_ROW, ROWS, 1)),
    ),
)
"""The rows give the new figures of each named position. The expense id of a row says under which id its money
comes or goes; the figures are those of the whole position."""


@dataclass(frozen=True, slots=True)
class _Document:
    """A certificate as it was filed."""

    programme: Line
    certificate: str
    kind: str
    cause: str | None
    rows: tuple[Any, ...]

    @classmethod
    def of(cls, call: Call) -> _Document:
        budget, year, source, programme, certificate, kind, cause, rows = fields_of(call.arguments)
        line = Line(budget, year, source, call.actor.code, programme, None, None)
        return cls(line, certificate, kind, cause, tuple(fields_of(one) for one in rows))

    def positions(self) -> Iterator[tuple[str, Line, tuple[Any, ...]]]:
        """Holder, line and row of each."""
        for fields in self.rows:
            yield fields[0], plans.position_of(self.programme, fields[1], fields[2]), fields


@dataclass(frozen=True, slots=True)
class _Change:
    """One position: what its plan was and will be."""

    holder: str
    line: Line
    expense: str | None
    before: Plan
    after: Plan

    @property
    def annual(self) -> int:
        """Tiyn that the year's sum grows by (below zero: falls)."""
        return self.after.obligations[11] - self.before.obligations[11]

    @property
    def key(self) -> TokenKey:
        """Where its unaccepted money stands."""
        return TokenKey(self.line, self.holder, self.expense, Stage.ALLOCATED)

    def differences(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """By table: what the new figures have more than the old, by month, cumulative."""
        return (
            ("obligations", _difference(self.after.obligations, self.before.obligations)),
            ("payments", _difference(self.after.payments, self.before.payments)),
        )


def _difference(after: tuple[int, ...], before: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(to - was for to, was in zip(after, before, strict=True))


# --- while it is in process (TP 35)


def _steps(institution: str, arguments: tuple[Value, ...]) -> tuple[Step, ...]:
    """Kind b is agreed by the treasury (BC 105(7), TP 39, 45)."""
    kind = fields_of(arguments)[5]
    return (Step(Kind.TREASURY, None, int(Role.HEAD)),) if kind == BY_TREASURY else ()


def _amount(arguments: tuple[Value, ...]) -> int:
    """The annual sums of the named positions."""
    return sum(fields_of(one)[4][11] for one in fields_of(arguments)[7])


def in_process(number: int) -> str:
    """The document of the suspension that approval `number` brings."""
    return f"amendment {number}"


def scope_of(holder: str, line: Line) -> treasury.Scope:
    """The code of one holder: what TP 35 suspends."""
    return treasury.Scope(
        "code", line.budget, line.year, line.administrator, line.programme, line.subprogramme, line.specific,
        holder,
    )  # fmt: skip


def suspend_codes(call: Call, number: int) -> None:
    """A certificate was submitted under approval `number`: registering and paying stop on what it changes."""
    document = _Document.of(call)
    for holder, line, fields in document.positions():
        found = _plan_of(call, holder, line)
        scope = scope_of(holder, line)
        if (found.obligations, found.payments) == (fields[4], fields[5]):
            continue
        _refuse_in_process(call, scope, in_process(number))
        treasury.suspend(call, scope, treasury.PLAN_CHANGE, in_process(number))


def resume_codes(call: Call, number: int) -> None:
    """The certificate was carried out, rejected or withdrawn: the codes go on, unless the treasury has lifted
    the suspension before."""
    for holder, line, _ in _Document.of(call).positions():
        scope = scope_of(holder, line)
        if treasury.is_suspended_by(call.state, scope, treasury.PLAN_CHANGE, in_process(number)):
            treasury.resume(call, scope, treasury.PLAN_CHANGE, in_process(number))


def _refuse_in_process(call: Call, scope: treasury.Scope, own: str) -> None:
    found = Suspension.find(call.state, Collection.SUSPENSIONS, scope.key())
    for ground, document, _ in () if found is None else found.grounds:
        if ground == treasury.PLAN_CHANGE and document.startswith("amendment ") and document != own:
            raise RejectionError(reasons.AMEND_IN_PROCESS, scope=str(scope), document=document)


def _check_agreed(call: Call, budget: str) -> None:
    """Kind b is agreed by the treasury of its own budget, where the directory names one."""
    entry = budgets.entry_of(call.state, budget, call.day())
    named = None if entry is None else entry.attribute(Kind.TREASURY)
    record = ApprovalRecord.find(call.state, Collection.APPROVALS, approval_key(call.approval or 0))
    if named is None or record is None or not record.given:
        return
    agreed = [institution for institution, _, _ in record.given]
    if not set(agreed) & set(named.split()):
        raise RejectionError(reasons.BUDGET_AUTHORITY, budget=budget, institution=agreed[-1], permitted=named)


def _filed(call: Call, document: _Document) -> int:
    """The operational day on which the certificate was filed: of its suspension, else today."""
    if call.approval is None:
        return call.day()
    for holder, line, _ in document.positions():
        found = Suspension.find(call.state, Collection.SUSPENSIONS, scope_of(holder, line).key())
        for ground, name, day in () if found is None else found.grounds:
            if (ground, name) == (treasury.PLAN_CHANGE, in_process(call.approval)):
                return day
    return call.day()


# --- the certificate


@action(
    "plan.amend",
    AMEND,
    kinds=(Kind.ABP,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 105(7), 111(1)(1); TP 33–46",
    summary="Change approved financing plans of one programme by a certificate of kind a or b",
    is_batch=True,
    approval=Approval(statutory=_steps, amount=_amount, begin=suspend_codes, end=resume_codes),
)
def amend(call: Call) -> None:
    """allocated -> allocated of another position of the programme; what is freed (kind b) -> adopted, what is
    added <- adopted. Months only: no token moves.

    Open months only, and never below what is accepted and paid in each of them (TP 35, 39).
    """
    document = _Document.of(call)
    line = document.programme
    budgets.require_administrator(call, line.budget)
    closed = plans.closed_months(call, line.year)
    appropriations.appropriation_of(call.state, line)
    changes = _changes(call, document, closed)
    if not changes:
        raise RejectionError(reasons.AMEND_UNCHANGED, certificate=document.certificate)
    filed = _filed(call, document)
    is_exempt = _is_exempt(call, document, changes)
    _check_calendar(call, document, filed, is_exempt)
    totals = _totals(changes)
    if document.kind == BY_ADMINISTRATOR:
        _check_totals(changes, totals)
    else:
        _check_agreed(call, line.budget)
        _check_put_off(call, document, totals)
        _check_cash(call, line, totals[1])
    plans.check_balanced(call.state, line.budget, line.year, totals[1])
    sums = _move(call, changes)
    for change in changes:
        put(call.state, Collection.PLANS, plan_key(change.holder, change.line), change.after)
    plans.consolidate(call, line, *totals)
    made = Certificate(document.kind, document.cause, filed, call.day(), len(changes), *sums)
    _record(call, document, made, is_exempt)
    call.emit(
        "plan.amended", line.budget, line.year, line.administrator, line.programme, document.kind,
        document.certificate, document.cause, len(changes),
    )  # fmt: skip


def _plan_of(call: Call, holder: str, line: Line) -> Plan:
    return Plan.find(call.state, Collection.PLANS, plan_key(holder, line)) or NO_PLAN


def _changes(call: Call, document: _Document, closed: int) -> list[_Change]:
    """The positions whose figures change, each checked."""
    found: list[_Change] = []
    seen: set[bytes] = set()
    own = "" if call.approval is None else in_process(call.approval)
    for number, (holder, line, fields) in enumerate(document.positions(), 1):
        with row(number):
            key = plan_key(holder, line)
            if key in seen:
                raise RejectionError(
                    reasons.AMEND_TWICE, holder=holder, subprogramme=fields[1], specific=fields[2]
                )
            seen.add(key)
            change = _Change(holder, line, fields[3], _plan_of(call, holder, line), Plan(*fields[4:]))
            plans.check_holder(call, holder)
            if change.before == change.after:
                continue
            _refuse_in_process(call, scope_of(holder, line), own)
            _check_position(call, change, closed)
            if document.kind == BY_ADMINISTRATOR:
                _check_own_month(change, closed)
            _check_months(call, document, change)
            found.append(change)
    return found


def _check_position(call: Call, change: _Change, closed: int) -> None:
    """Figures, codes and money of one position."""
    line, after = change.line, change.after
    if change.annual > 0:
        plans.require_codes(call, line)
    plans.check_figures(after.obligations, after.payments, closed)
    plans.check_closed_months(change.before, after.obligations, after.payments, closed)
    plans.check_quarter(call.state, line, after.obligations, after.payments)
    balance = balance_of(call.state, position_scope(change.holder, line))
    accepted, redeemed = balance.total(ACCEPTED), balance.total(REDEEMED)
    for month in range(closed + 1, 13):
        accept, pay = after.obligations[month - 1], after.payments[month - 1]
        if accept < accepted:
            raise RejectionError(
                reasons.AMEND_ACCEPTED, month=month, plan_tiyn=accept, accepted_tiyn=accepted
            )
        if pay < redeemed:
            raise RejectionError(reasons.AMEND_REDEEMED, month=month, plan_tiyn=pay, redeemed_tiyn=redeemed)
    free = tokens.amount_of(call.state, change.key)
    if -change.annual > free:
        raise RejectionError(reasons.AMEND_FREE, amount_tiyn=-change.annual, free_tiyn=free)


def _check_own_month(change: _Change, closed: int) -> None:
    """Kind a takes out of the open month at most what that month itself has: what earlier months left is
    returned by kind b."""
    if not 0 < closed < 12:
        return
    for name, _ in change.differences():
        before, after = getattr(change.before, name), getattr(change.after, name)
        if after[closed] < min(before[closed], before[closed - 1]):
            raise RejectionError(reasons.PLAN_FALLS, field=name, month=closed + 1)


def _check_months(call: Call, document: _Document, change: _Change) -> None:
    """The open month against later ones, of one position: kind a never shifts between them (TP 35), kind b
    puts nothing off without a cause (TP 43). A year that has not begun has no open month."""
    month = _open_month(call, change.line.year)
    if month is None:
        return
    for name, difference in change.differences():
        current, later = difference[month - 1], difference[11] - difference[month - 1]
        if document.kind == BY_ADMINISTRATOR and (current < 0 < later or later < 0 < current):
            raise RejectionError(reasons.AMEND_SHIFT, field=name, month=month)
        _refuse_put_off(document, name, month, min(difference[11], 0) - current)


def _check_put_off(call: Call, document: _Document, totals: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Nor does the programme put off what its open month has by taking it from one position and giving it to
    another later (TP 43)."""
    month = _open_month(call, document.programme.year)
    if month is None:
        return
    for name, total in zip(("obligations", "payments"), totals, strict=True):
        _refuse_put_off(document, name, month, min(total[11], 0) - total[month - 1])


def _refuse_put_off(document: _Document, field: str, month: int, amount: int) -> None:
    if amount > 0 and document.cause not in DEFERRING:
        raise RejectionError(reasons.AMEND_DEFERS, field=field, month=month, amount_tiyn=amount)


def _open_month(call: Call, year: int) -> int | None:
    open_year, month, _ = civil(call.day())
    return month if year == open_year else None


def _is_exempt(call: Call, document: _Document, changes: list[_Change]) -> bool:
    """Whether the calendar does not bind the certificate: by its cause, where the ledger does not know better
    (TP 33, 37, 43)."""
    if document.cause not in EXEMPT:
        return False
    if document.cause == "distributable":
        found = appropriations.appropriation_of(call.state, document.programme)
        return found.nature == appropriations.DISTRIBUTABLE
    specifics = EXEMPT_SPECIFICS.get(document.cause)
    return specifics is None or any((change.line.specific or "").startswith(specifics) for change in changes)


def _check_calendar(call: Call, document: _Document, filed: int, is_exempt: bool) -> None:
    """Once a month a programme and kind, twice in December, by the 20th (TP 33, 37, 43)."""
    line = document.programme
    key = certificate_key(line.budget, line.year, line.administrator, line.programme, document.certificate)
    if call.state.get(Collection.CERTIFICATES, key) is not None:
        raise RejectionError(reasons.AMEND_EXISTS, certificate=document.certificate)
    year, month, day = civil(filed)
    if year != line.year or is_exempt:
        return
    if day > LAST_DAY:
        raise RejectionError(reasons.AMEND_DAY, day=iso_date(filed), limit=LAST_DAY)
    done = _amendments(call, document, month).counted
    limit = IN_DECEMBER if month == 12 else A_MONTH
    if done >= limit:
        raise RejectionError(reasons.AMEND_MONTHLY, month=month, kind=document.kind, done=done, limit=limit)


def _totals(changes: list[_Change]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the programme's plans grow by, by month: obligations, payments."""
    obligations, payments = (
        tuple(
            sum(months) for months in zip(*(change.differences()[at][1] for change in changes), strict=True)
        )
        for at in (0, 1)
    )
    return obligations, payments


def _check_totals(changes: list[_Change], totals: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Kind a leaves the programme's annual and monthly totals (BC 105(7), TP 34)."""
    for name, difference in zip(("obligations", "payments"), totals, strict=True):
        for month, shift in enumerate(difference, 1):
            if shift:
                before = sum(getattr(change.before, name)[month - 1] for change in changes)
                raise RejectionError(
                    reasons.AMEND_TOTALS,
                    field=name,
                    month=month,
                    before_tiyn=before,
                    after_tiyn=before + shift,
                )


def _check_cash(call: Call, line: Line, payments: tuple[int, ...]) -> None:
    """No payments come forward from later months while cash is short (TP 43).

    Short: receipts of the closed months are behind their plan, or the account does not hold what would come
    to the open month.
    """
    open_month = _open_month(call, line.year)
    if open_month is None:
        return
    missing = shortfall(call.state, line.budget, line.year, open_month - 1) if open_month > 1 else 0
    balance = cash_of(call.state, line.budget, line.source, line.year).balance
    for month in range(open_month, 12):
        forward = payments[month - 1] - max(payments[11], 0)
        if forward <= 0:
            continue
        if missing > 0:
            raise RejectionError(reasons.AMEND_CASH, month=month, amount_tiyn=forward, missing_tiyn=missing)
        if month == open_month and forward > balance:
            raise RejectionError(
                reasons.AMEND_CASH, month=month, amount_tiyn=forward, missing_tiyn=forward - balance
            )


def _move(call: Call, changes: list[_Change]) -> tuple[int, int, int]:
    """Money goes from positions that fall to positions that grow, in the order of the rows; the rest from or
    to the undistributed money. Returns tiyn moved, taken and returned."""
    donors = [change.key for change in changes if change.annual < 0]
    left = [-change.annual for change in changes if change.annual < 0]
    moved = taken = at = 0
    for change in changes:
        needed = max(change.annual, 0)
        while needed and at < len(donors):
            part = min(needed, left[at])
            tokens.move(call, donors[at], change.key, part)
            left[at] -= part
            needed -= part
            moved += part
            at += left[at] == 0
        if needed:
            plans.take_from_pool(call, change.line, change.key, needed)
            taken += needed
    returned = 0
    for key, rest in zip(donors[at:], left[at:], strict=True):
        pool = TokenKey(key.line.programme_level, call.institution, key.expense, Stage.ADOPTED)
        tokens.move(call, key, pool, rest)
        returned += rest
    return moved, taken, returned


def _amendments(call: Call, document: _Document, month: int) -> Amendments:
    key = _amendments_key(document, month)
    return Amendments.find(call.state, Collection.AMENDMENTS, key) or EMPTY_AMENDMENTS


def _amendments_key(document: _Document, month: int) -> bytes:
    line = document.programme
    return amendments_key(line.budget, line.year, line.administrator, line.programme, month, document.kind)


def _record(call: Call, document: _Document, certificate: Certificate, is_exempt: bool) -> None:
    """The certificate, and how many there were in its month."""
    line = document.programme
    year, month, _ = civil(certificate.filed)
    if year != line.year:
        month = 0
    before = _amendments(call, document, month)
    counted = Amendments(before.counted + (not is_exempt), before.exempt + is_exempt)
    put(call.state, Collection.AMENDMENTS, _amendments_key(document, month), counted)
    key = certificate_key(line.budget, line.year, line.administrator, line.programme, document.certificate)
    put(call.state, Collection.CERTIFICATES, key, certificate)
    if not is_exempt:
        conduct.count(call, line, conduct.AMENDMENTS)
