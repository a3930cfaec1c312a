"""Transfers (трансферты) to another budget: what leaves one arrives in the other in the same transaction.

The payee's entry of the directory says that its money is another budget's: attributes `budget` (kind and
territory) and `receipts` (the code its receipts are counted under). TP 19(3)–(4): transfers of an upper
budget equal the lower budget's receipts, in the same month.
"""

from __future__ import annotations

from typing import Final

from chain.codec import is_name
from contracts import directories, reasons, receipts
from contracts.actions import Call
from contracts.directories import DirectoryName
from contracts.records import Collection, Obligation, Transfer, payment_key, put
from contracts.rejection import RejectionError

KIND: Final = "transfer"
SOURCE: Final = "1"
"""What arrives is the lower budget's own money (TP 213(2))."""


def destination(call: Call, obligation: Obligation) -> Transfer | None:
    """The budget and receipts code a transfer arrives under, by the payee's entry of the operational day;
    None when the payee is no budget."""
    if obligation.kind != KIND or obligation.payee is None:
        return None
    payee = directories.require(call, DirectoryName.PAYEES, obligation.payee, "payee")
    budget = payee.attribute("budget")
    if budget is None:
        return None
    code = payee.attribute("receipts") or ""
    if not is_name(budget) or budget == obligation.line.budget:
        raise RejectionError(reasons.TRANSFER_BUDGET, payee=obligation.payee, budget=budget)
    directories.require(call, DirectoryName.RECEIPTS, code, "receipts")
    return Transfer(budget, code)


def arrive(call: Call, holder: str, number: str, obligation: Obligation, amount: int) -> None:
    """The lower budget's receipt and cash, with the payment that sent them."""
    target = destination(call, obligation)
    if target is None:
        return
    receipts.credit(call, target.budget, SOURCE, target.code, amount)
    put(call.state, Collection.TRANSFERS, payment_key(holder, number), target)
    call.emit("transfer.arrived", holder, number, target.budget, target.code, amount)


def come_back(call: Call, holder: str, number: str, amount: int) -> None:
    """A returned transfer leaves the budget it had arrived in, as far as that still has it."""
    sent = Transfer.find(call.state, Collection.TRANSFERS, payment_key(holder, number))
    if sent is not None:
        receipts.debit(call, sent.budget, SOURCE, sent.code, amount)
        call.emit("transfer.returned", holder, number, sent.budget, sent.code, amount)
