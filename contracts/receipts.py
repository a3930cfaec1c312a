"""Receipts (поступления): their plan, what came in, and the cash control accounts (КСН) it fills.

An account is one source of financing of one budget in one year: opening + receipts − debits − redeemed =
balance, which never falls below zero (invariant 6). Payments take from it, returns come back to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from chain.codec import NAME, UINT_MAXIMUM, Digits, ListOf, OneOf, Row, Text
from contracts import budgets, reasons
from contracts.actions import Call, action, row
from contracts.calendar import civil
from contracts.directories import DirectoryName, refuse_if_closed, require
from contracts.fields import MONTHS, PLAN_UNIT, POSITIVE, SOURCE, YEAR
from contracts.records import (
    ALL_RECEIPTS,
    Budget,
    CashAccount,
    Collection,
    Kind,
    Line,
    ReceiptsRecord,
    Role,
    budget_key,
    cash_key,
    cash_of,
    put,
    receipts_key,
    receipts_of,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

ROWS_MAXIMUM: Final = 2_000
"""Rows of one document; the classification of receipts has some hundreds of codes."""

RECEIPTS_CODE: Final = Digits(6)
"""Category, class, subclass and specific of the classification of receipts (BC 11)."""


PLAN = Row(
    "receipts.plan",
    (
        ("document", Text(200, 1)),
        (
            "rows",
            ListOf(
                Row(
                    "receipts plan",
                    (
                        ("budget", NAME),
                        ("year", YEAR),
                        ("code", RECEIPTS_CODE),
                        ("cumulative_tiyn", MONTHS),
                    ),
                ),
                ROWS_MAXIMUM,
                minimum=1,
            ),
        ),
    ),
)


@action(
    "receipts.plan",
    PLAN,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    is_batch=True,
    source="BC 105(6), TP 18, 48",
    summary="Set the receipts plan by code, twelve cumulative months, loans and opening balances included",
)
def plan(call: Call) -> None:
    document, rows = cast(tuple[str, tuple[Any, ...]], call.arguments)
    planned: set[tuple[str, int, str]] = set()
    for number, (budget, year, code, figures) in enumerate(rows, start=1):
        with row(number):
            if (budget, year, code) in planned:
                raise RejectionError(reasons.RECEIPTS_TWICE, code=code)
            planned.add((budget, year, code))
            budgets.require_authority(call, budget)
            _plan_code(call, budget, year, code, figures)
    call.emit("receipts.planned", document, len(rows))


def _plan_code(call: Call, budget: str, year: int, code: str, figures: tuple[int, ...]) -> None:
    require(call, DirectoryName.RECEIPTS, code, "code")
    _check_figures(code, figures)
    before = receipts_of(call.state, budget, year, code)
    _check_closed_months(call, year, code, before.plan, figures)
    put(call.state, Collection.RECEIPTS, receipts_key(budget, year, code), replace(before, plan=figures))
    whole = receipts_of(call.state, budget, year)
    sums = tuple(
        _bounded(total - old + new) for total, old, new in zip(whole.plan, before.plan, figures, strict=True)
    )
    put(call.state, Collection.RECEIPTS, receipts_key(budget, year, ALL_RECEIPTS), replace(whole, plan=sums))


def _check_figures(code: str, figures: tuple[int, ...]) -> None:
    previous = 0
    for month, figure in enumerate(figures, start=1):
        if figure % PLAN_UNIT:
            raise RejectionError(reasons.RECEIPTS_UNIT, code=code, amount_tiyn=figure)
        if figure < previous:
            raise RejectionError(reasons.RECEIPTS_FALL, code=code, month=month)
        previous = figure


def _check_closed_months(
    call: Call, year: int, code: str, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    open_year, open_month, _ = civil(call.day())
    closed = 12 if year < open_year else open_month - 1 if year == open_year else 0
    for month in range(1, closed + 1):
        if before[month - 1] != after[month - 1]:
            raise RejectionError(reasons.RECEIPTS_CLOSED_MONTH, code=code, month=month, year=year)


OPENING: Final = "opening"
RECEIPT: Final = "receipt"
REFUND: Final = "refund"

POST = Row(
    "receipts.post",
    (
        ("document", Text(200, 1)),
        (
            "rows",
            ListOf(
                Row(
                    "posting",
                    (
                        ("kind", OneOf(OPENING, RECEIPT, REFUND)),
                        ("budget", NAME),
                        ("source", SOURCE),
                        ("code", RECEIPTS_CODE),
                        ("amount_tiyn", POSITIVE),
                        ("reference", Text(200)),
                    ),
                ),
                ROWS_MAXIMUM,
                minimum=1,
            ),
        ),
    ),
)


@action(
    "receipts.post",
    POST,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    is_batch=True,
    source="BC 106, 107(2)",
    summary="Post what came in to the cash accounts on the operational day, opening balances and refunds",
)
def post(call: Call) -> None:
    document, rows = cast(tuple[str, tuple[Any, ...]], call.arguments)
    for number, (kind, budget, source, code, amount, _) in enumerate(rows, start=1):
        with row(number):
            budgets.require_authority(call, budget)
            require(call, DirectoryName.RECEIPTS, code, "code")
            if kind == OPENING:
                _check_opening(call, budget, source, amount)
            if kind == REFUND:
                debit(call, budget, source, code, amount)
            else:
                credit(call, budget, source, code, amount, is_opening=kind == OPENING)
    call.emit("receipts.posted", document, len(rows))
    for budget in dict.fromkeys(budget for _, budget, *_ in rows):
        _notice(call, budget)


def _refuse_closed_account(call: Call, budget: str, source: str) -> None:
    """Refuses CODE-CLOSED for a cash account that the chart of accounts lists, but not on this day."""
    refuse_if_closed(call, DirectoryName.ACCOUNTS, f"{budget}/{source}", "source")


def _check_opening(call: Call, budget: str, source: str, amount: int) -> None:
    """A year opens with no more than the account of the year before held at its end, once the ledger has one
    (BC 106, 116(5)(4)). Refuses BC110-3."""
    year = civil(call.day())[0]
    before = CashAccount.find(call.state, Collection.CASH, cash_key(budget, source, year - 1))
    if before is None:
        return
    left = before.balance - cash_of(call.state, budget, source, year).opening
    if amount > left:
        raise RejectionError(
            reasons.CASH_SHORT,
            account=f"{budget}/{source}/{year - 1}", balance_tiyn=left, amount_tiyn=amount,
        )  # fmt: skip


def _notice(call: Call, budget: str) -> None:
    """Receipts improved: blocks for a shortfall may be lifted by what they exceed it (BC 111(1)(11))."""
    year, month, _ = civil(call.day())
    record = Budget.find(call.state, Collection.BUDGETS, budget_key(budget, year))
    if record is None:
        return
    missing = max(shortfall(call.state, budget, year, month), 0)
    if record.blocked > missing:
        call.emit("receipts.notice", budget, year, record.blocked, missing)


def credit(call: Call, budget: str, source: str, code: str, amount: int, *, is_opening: bool = False) -> None:
    """Let `amount` tiyn come in on the operational day under a receipts code.

    Also for what another document brings: a transfer to a lower budget, a closed year's money coming back.
    """
    assert amount > 0, "what comes in is positive"
    _refuse_closed_account(call, budget, source)
    year, month, _ = civil(call.day())
    _count(call, budget, year, code, month, posted=amount)
    account = cash_of(call.state, budget, source, year)
    if is_opening:
        changed = replace(account, opening=_bounded(account.opening + amount))
    else:
        changed = replace(account, received=_bounded(account.received + amount))
    _bounded(changed.opening + changed.received)
    put(call.state, Collection.CASH, cash_key(budget, source, year), changed)


def debit(call: Call, budget: str, source: str, code: str, amount: int) -> None:
    """A refund of receipts: never more than came in under the code, nor than the account holds."""
    _refuse_closed_account(call, budget, source)
    year, month, _ = civil(call.day())
    record = receipts_of(call.state, budget, year, code)
    received = record.posted[-1] - record.debited[-1]
    if amount > received:
        raise RejectionError(
            reasons.REFUND_BEYOND_RECEIPTS, code=code, received_tiyn=received, amount_tiyn=amount
        )
    account = cash_of(call.state, budget, source, year)
    _check_balance(account, budget, source, year, amount)
    _count(call, budget, year, code, month, debited=amount)
    put(
        call.state, Collection.CASH, cash_key(budget, source, year),
        replace(account, debited=account.debited + amount),
    )  # fmt: skip


def _count(
    call: Call, budget: str, year: int, code: str, month: int, *, posted: int = 0, debited: int = 0
) -> None:
    """Add to the cumulative figures of a code and of all codes, from the month on."""
    for key in (code, ALL_RECEIPTS):
        record = receipts_of(call.state, budget, year, key)
        changed = ReceiptsRecord(
            record.plan,
            _raised(record.posted, month, posted),
            _raised(record.debited, month, debited),
        )
        put(call.state, Collection.RECEIPTS, receipts_key(budget, year, key), changed)


def _raised(figures: tuple[int, ...], month: int, amount: int) -> tuple[int, ...]:
    if amount == 0:
        return figures
    return (*figures[: month - 1], *(_bounded(figure + amount) for figure in figures[month - 1 :]))


def _bounded(amount: int) -> int:
    if amount > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    return amount


def _check_balance(account: CashAccount, budget: str, source: str, year: int, amount: int) -> None:
    if account.balance < amount:
        raise RejectionError(
            reasons.CASH_SHORT,
            account=f"{budget}/{source}/{year}", balance_tiyn=account.balance, amount_tiyn=amount,
        )  # fmt: skip


def take_cash(call: Call, line: Line, amount: int) -> None:
    """A payment leaves the cash account of its line (budget, source, year). Refuses BC110-3 when
    the account is short, and CODE-CLOSED when the chart of accounts has closed it."""
    _refuse_closed_account(call, line.budget, line.source)
    account = cash_of(call.state, line.budget, line.source, line.year)
    _check_balance(account, line.budget, line.source, line.year, amount)
    _put_cash(call, line, replace(account, redeemed=account.redeemed + amount))


def return_cash(call: Call, line: Line, amount: int) -> None:
    """A payment of the line's own year came back to its cash account.

    Money of a closed year is new revenue instead: see `credit`.
    """
    account = cash_of(call.state, line.budget, line.source, line.year)
    assert account.redeemed >= amount, "no more comes back than was paid"
    _put_cash(call, line, replace(account, redeemed=account.redeemed - amount))


def _put_cash(call: Call, line: Line, account: CashAccount) -> None:
    put(call.state, Collection.CASH, cash_key(line.budget, line.source, line.year), account)


def shortfall(state: StateReader, budget: str, year: int, month: int) -> int:
    """Cumulative receipts plan − fact to the end of `month`, in tiyn; negative when more came in."""
    record = receipts_of(state, budget, year)
    return record.plan[month - 1] - (record.posted[month - 1] - record.debited[month - 1])
