"""The order of payment while cash is short (очерёдность, TP 228).

Requests that wait are counted by priority: 1 debt service, pensions and benefits, pay, transfers to persons
and the like; 2 food, medicines, utilities, communications and the like; 3 the rest. What is left after a
payment must still cover every waiting request of a higher priority. An expired request waits no longer, and
requests for the same money never ask for more than there is, so that nobody fills a queue with nothing.
"""

from __future__ import annotations

from operator import add, sub
from typing import Final

from chain.codec import UINT_MAXIMUM
from contracts import reasons
from contracts.actions import Call
from contracts.directories import DirectoryName
from contracts.records import (
    EMPTY_QUEUE,
    Asked,
    Collection,
    Directory,
    DirectoryVersion,
    Line,
    Payment,
    Queue,
    asked_key,
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


def waiting_for(state: StateReader, account: Account, oldest: int) -> tuple[int, ...]:
    """Tiyn that wait for the cash of an account, by priority; `oldest`: the first day not expired."""
    days = _queue_of(state, account).days
    return tuple(sum(entry[priority] for entry in days if entry[0] >= oldest) for priority in PRIORITIES)


def _queue_of(state: StateReader, account: Account) -> Queue:
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


def wait(call: Call, holder: str, payment: Payment, room: int, oldest: int) -> None:
    """A request joins its queue.

    Refuses TP228-WAITING when it and those that wait for the same money ask for more than the `room` tiyn
    there. `oldest`: the first day whose requests have not expired.
    """
    key = _money_of(holder, payment)
    found = Asked.find(call.state, Collection.ASKED, key)
    asked = _joined((() if found is None else found.days), payment, (payment.amount,), oldest)
    together = sum(entry[1] for entry in asked)
    if together > room:
        raise RejectionError(
            reasons.PAYMENT_WAITING,
            amount_tiyn=payment.amount, waiting_tiyn=together - payment.amount, room_tiyn=room,
        )  # fmt: skip
    put(call.state, Collection.ASKED, key, Asked(asked))
    days = _joined(_queue_of(call.state, payment.account).days, payment, _by_priority(payment), oldest)
    if sum(entry[payment.priority] for entry in days) > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)
    put(call.state, Collection.QUEUES, queue_key(*payment.account), Queue(days))


def leave(call: Call, holder: str, payment: Payment, oldest: int) -> None:
    """A request is executed or returned: it waits no longer. An expired one has left already."""
    days = _left(_queue_of(call.state, payment.account).days, payment, _by_priority(payment), oldest)
    put(call.state, Collection.QUEUES, queue_key(*payment.account), Queue(days))
    key = _money_of(holder, payment)
    found = Asked.find(call.state, Collection.ASKED, key)
    if found is None:
        return
    asked = _left(found.days, payment, (payment.amount,), oldest)
    if asked:
        put(call.state, Collection.ASKED, key, Asked(asked))
    else:
        call.state.delete(Collection.ASKED, key)


def _money_of(holder: str, payment: Payment) -> bytes:
    return asked_key(holder, payment.obligation, payment.act, payment.is_advance)


def _by_priority(payment: Payment) -> tuple[int, ...]:
    return tuple(payment.amount if payment.priority == number else 0 for number in PRIORITIES)


Days = tuple[tuple[int, ...], ...]


def _joined(days: Days, payment: Payment, amounts: tuple[int, ...], oldest: int) -> Days:
    """Days only move forward: today's entry is the last one."""
    kept = tuple(entry for entry in days if entry[0] >= oldest)
    if kept and kept[-1][0] == payment.requested:
        last = tuple(map(add, kept[-1][1:], amounts))
        return (*kept[:-1], (payment.requested, *last))
    return (*kept, (payment.requested, *amounts))


def _left(days: Days, payment: Payment, amounts: tuple[int, ...], oldest: int) -> Days:
    """A day once dropped stays so, even when the members let requests live longer."""
    kept = []
    for day, *sums in days:
        left = tuple(map(sub, sums, amounts)) if day == payment.requested else tuple(sums)
        assert min(left) >= 0, "no request ends twice"
        if day >= oldest and any(left):
            kept.append((day, *left))
    return tuple(kept)


def check_order(call: Call, payment: Payment, oldest: int) -> None:
    """Refuses TP228-ORDER when the payment would leave too little for what comes before it."""
    waiting, priority = waiting_for(call.state, payment.account, oldest), payment.priority
    before = sum(waiting[: priority - 1])
    left = cash_of(call.state, *payment.account).balance - payment.amount
    if 0 <= left < before:
        raise RejectionError(
            reasons.PAYMENT_ORDER,
            priority=priority, left_tiyn=left, first_tiyn=waiting[0],
            second_tiyn=waiting[1] if priority > 2 else 0,
        )  # fmt: skip
