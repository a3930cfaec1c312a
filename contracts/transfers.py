"""Transfers (трансферты) to another budget: what leaves one arrives in the other in the same transaction.

The payee's entry of the directory says that its money is another budget's: attributes `budget` (kind and
territory) and `receipts` (the code its receipts are counted under). TP 19(3)–(4): transfers of an upper
budget equal the lower budget's receipts, in the same month. Only neighbouring levels have relations (BC 76);
what each pair sent down, sent up and returned unused is counted by year.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chain.codec import is_name
from contracts import budgets, directories, reasons, receipts
from contracts.actions import Call
from contracts.directories import DirectoryName
from contracts.records import (
    Collection,
    Line,
    Obligation,
    Transfer,
    TransferTotals,
    payment_key,
    put,
    transfer_totals_key,
    transfer_totals_of,
)
from contracts.rejection import RejectionError

KIND: Final = "transfer"
SOURCE: Final = "1"
"""What arrives is the lower budget's own money (TP 213(2))."""

RETURN: Final = "338"
"""возврат целевых трансфертов: unused targeted transfers, back to the budget they came from."""

UPWARD: Final = ("332", "336", RETURN)
"""Specifics of what goes up (BC 13): изъятия, returns of general transfers, returns of targeted ones."""

DOWNWARD: Final = ("331", "339", "441")
"""субвенции, current and development transfers to other levels of government (BC 13)."""


def check_receiver(call: Call, line: Line, payee: str | None, *, is_transfer: bool) -> None:
    """Money reaches another budget only by a transfer, which arrives there; and what the classification
    keeps for other levels goes to nobody else (BC 76, TP 19(3)–(4)). Refuses TP19-03."""
    entry = None if payee is None else directories.require(call, DirectoryName.PAYEES, payee, "payee")
    budget = None if entry is None else entry.attribute("budget")
    is_of_levels = line.specific in UPWARD or line.specific in DOWNWARD
    if (budget is not None and not is_transfer) or (budget is None and is_of_levels):
        raise RejectionError(reasons.TRANSFER_BUDGET, payee=payee or "-", budget=budget or "-")


def destination(call: Call, obligation: Obligation) -> Transfer | None:
    """The budget and receipts code a transfer arrives under, by the payee's entry of the operational day;
    None when the payee is no budget. Its amounts are 0 until it is paid."""
    if obligation.kind != KIND or obligation.payee is None:
        return None
    payee = directories.require(call, DirectoryName.PAYEES, obligation.payee, "payee")
    budget = payee.attribute("budget")
    if budget is None:
        return None
    code = payee.attribute("receipts") or ""
    line = obligation.line
    if not is_name(budget) or budget == line.budget:
        raise RejectionError(reasons.TRANSFER_BUDGET, payee=obligation.payee, budget=budget)
    directories.require(call, DirectoryName.RECEIPTS, code, "receipts")
    upper, _ = budgets.order(call.state, call.day(), line.budget, budget)
    assert line.specific is not None, "an obligation stands on a specific"
    if (line.specific in UPWARD) != (budget == upper):
        raise RejectionError(
            reasons.TRANSFER_SPECIFIC, specific=line.specific, budget=line.budget, other=budget
        )
    return Transfer(budget, code, line.budget, line.year, line.specific, 0, 0)


def arrive(call: Call, holder: str, number: str, obligation: Obligation, amount: int) -> None:
    """The other budget's receipt and cash, with the payment that sent them."""
    target = destination(call, obligation)
    if target is None:
        return
    receipts.credit(call, target.budget, SOURCE, target.code, amount)
    sent = _counted(call, target, amount)
    put(call.state, Collection.TRANSFERS, payment_key(holder, number), sent)
    call.emit("transfer.arrived", holder, number, sent.budget, sent.code, amount)


def _counted(call: Call, target: Transfer, amount: int) -> Transfer:
    """Count what is sent; a return of unused transfers works off those of the year before first."""
    upper, lower = budgets.order(call.state, call.day(), target.sender, target.budget)
    year = target.year
    present = transfer_totals_of(call.state, upper, lower, year)
    if target.sender == upper:
        _put(call, upper, lower, year, replace(present, sent=present.sent + amount))
        return replace(target, present=amount)
    present = replace(present, upward=present.upward + amount)
    if target.specific != RETURN:
        _put(call, upper, lower, year, present)
        return replace(target, present=amount)
    earlier = transfer_totals_of(call.state, upper, lower, year - 1)
    of_earlier = min(amount, earlier.unreturned)
    room = earlier.unreturned + present.unreturned
    if amount > room:
        raise RejectionError(reasons.TRANSFER_RETURN, upper=upper, amount_tiyn=amount, room_tiyn=room)
    of_present = amount - of_earlier
    if of_earlier:
        _put(call, upper, lower, year - 1, replace(earlier, returned=earlier.returned + of_earlier))
    _put(call, upper, lower, year, replace(present, returned=present.returned + of_present))
    return replace(target, earlier=of_earlier, present=of_present)


def _put(call: Call, upper: str, lower: str, year: int, totals: TransferTotals) -> None:
    put(call.state, Collection.TRANSFER_TOTALS, transfer_totals_key(upper, lower, year), totals)


def come_back(call: Call, holder: str, number: str, amount: int) -> None:
    """A returned transfer leaves the budget it had arrived in, as far as that still has it.

    Refuses TRANSFER_RETURN for a transfer that was already sent back as unused.
    """
    key = payment_key(holder, number)
    sent = Transfer.find(call.state, Collection.TRANSFERS, key)
    if sent is None:
        return
    receipts.debit(call, sent.budget, SOURCE, sent.code, amount)
    put(call.state, Collection.TRANSFERS, key, _uncounted(call, sent, amount))
    call.emit("transfer.returned", holder, number, sent.budget, sent.code, amount)


def _uncounted(call: Call, sent: Transfer, amount: int) -> Transfer:
    of_present = min(amount, sent.present)
    of_earlier = amount - of_present
    assert of_earlier <= sent.earlier, "no more comes back than was sent"
    # the entry of a budget may have changed since: the levels alone say which of the two is the upper
    ranks = [budgets.LEVELS.index(budgets.kind_of(budget)) for budget in (sent.sender, sent.budget)]
    is_down = ranks[0] < ranks[1]
    upper, lower = (sent.sender, sent.budget) if is_down else (sent.budget, sent.sender)
    totals = transfer_totals_of(call.state, upper, lower, sent.year)
    if is_down:
        if amount > totals.unreturned:
            raise RejectionError(
                reasons.TRANSFER_RETURN, upper=upper, amount_tiyn=amount, room_tiyn=totals.unreturned
            )
        _put(call, upper, lower, sent.year, replace(totals, sent=totals.sent - amount))
    elif sent.specific != RETURN:
        _put(call, upper, lower, sent.year, replace(totals, upward=totals.upward - amount))
    else:
        changed = replace(totals, returned=totals.returned - of_present, upward=totals.upward - amount)
        _put(call, upper, lower, sent.year, changed)
        if of_earlier:
            before = transfer_totals_of(call.state, upper, lower, sent.year - 1)
            lowered = replace(before, returned=before.returned - of_earlier)
            _put(call, upper, lower, sent.year - 1, lowered)
    return replace(sent, earlier=sent.earlier - of_earlier, present=sent.present - of_present)
