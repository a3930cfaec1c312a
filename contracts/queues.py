"""The order of payment while cash is short (очерёдность, TP 228).

Requests that wait are counted by priority: 1 debt service, pensions and benefits, pay, transfers to persons
and the like; 2 food, medicines, utilities, communications and the like; 3 the rest. What is left after a
payment must still cover every waiting request of a higher priority; an expired request waits until the
treasury returns it.
"""

from __future__ import annotations

from typing import Final

from chain.codec import UINT_MAXIMUM
from contracts import reasons
from contracts.actions import Call
from contracts.directories import DirectoryName
from contracts.records import (
    EMPTY_QUEUE,
    Collection,
    Directory,
    DirectoryVersion,
    Line,
    Payment,
    Queue,
    cash_of,
    directory_key,
    put,
    queue_key,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

PRIORITIES: Final = (1, 2, 3)
LAST: Final = 3
"""Of a specific that no list names."""

FIRST: Final = frozenset({
    "111", "112", "113", "114", "116", "121", "122", "124", "131", "133", "134", "135", "139", "211", "212",
    "213", "221", "222", "322", "323", "324", "331", "711", "712", "713", "721", "722",
})  # fmt: skip
"""Pay and withholdings, taxes, debt service, transfers to persons, pensions and benefits, scholarships,
subventions (TP 228)."""

SECOND: Final = frozenset({
    "136", "137", "141", "142", "143", "144", "151", "152", "153", "161", "162", "165",
})  # fmt: skip
"""Food, medicines, uniforms, fuel, utilities, communications, transport, travel, courts (TP 228)."""


Account = tuple[str, str, int]
"""Budget, source and year of a cash account."""


def account_of(line: Line) -> Account:
    """The cash account that pays for a line."""
    return line.budget, line.source, line.year


def queue_of(state: StateReader, account: Account) -> Queue:
    """What waits for the cash of an account."""
    return Queue.find(state, Collection.QUEUES, queue_key(*account)) or EMPTY_QUEUE


def priority_of(call: Call, line: Line) -> int:
    """The priority of a specific on the operational day.

    A local budget that has lists of its own names them in its entry of the directory: attributes `priority-1`
    and `priority-2`, specifics with spaces between. Else attribute `priority` of the specific's entry, where
    it has one; else the order of the law.
    """
    budget = _entry(call, DirectoryName.BUDGETS, line.budget)
    lists = [None if budget is None else budget.attribute(f"priority-{number}") for number in PRIORITIES[:-1]]
    if any(listed is not None for listed in lists):
        for number, listed in zip(PRIORITIES, lists, strict=False):
            if line.specific in (listed or "").split():
                return number
        return LAST
    specific = _entry(call, DirectoryName.ECONOMIC, line.specific or "")
    stated = None if specific is None else specific.attribute("priority")
    if stated is not None:
        return int(stated) if stated in ("1", "2") else LAST
    return 1 if line.specific in FIRST else 2 if line.specific in SECOND else LAST


def _entry(call: Call, directory: str, code: str) -> DirectoryVersion | None:
    found = Directory.find(call.state, Collection.DIRECTORIES, directory_key(directory, code))
    return None if found is None else found.on(call.day())


def wait(call: Call, payment: Payment) -> None:
    """A request joins its queue."""
    _count(call, payment, payment.amount)


def leave(call: Call, payment: Payment) -> None:
    """A request is executed or returned: it waits no longer."""
    _count(call, payment, -payment.amount)


def _count(call: Call, payment: Payment, change: int) -> None:
    waiting = list(queue_of(call.state, payment.account).waiting)
    waiting[payment.priority - 1] += change
    if waiting[payment.priority - 1] > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    assert waiting[payment.priority - 1] >= 0, "no request ends twice"
    put(call.state, Collection.QUEUES, queue_key(*payment.account), Queue(tuple(waiting)))


def check_order(call: Call, payment: Payment) -> None:
    """Refuses TP228-ORDER when the payment would leave too little for what comes before it."""
    waiting, priority = queue_of(call.state, payment.account).waiting, payment.priority
    before = sum(waiting[: priority - 1])
    left = cash_of(call.state, *payment.account).balance - payment.amount
    if 0 <= left < before:
        raise RejectionError(
            reasons.PAYMENT_ORDER,
            priority=priority, left_tiyn=left, first_tiyn=waiting[0],
            second_tiyn=waiting[1] if priority > 2 else 0,
        )  # fmt: skip
