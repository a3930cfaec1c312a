"""A year of very many tokens, written straight into the state by the rules' own moves.

What `year.close` meets at the size of a republican budget.
"""

from __future__ import annotations

from dataclasses import replace

from chain.types import Hash32
from contracts import plans, tokens
from contracts.actions import Call
from contracts.records import (
    Act,
    Collection,
    Line,
    Obligation,
    Payment,
    PaymentStatus,
    Plan,
    Stage,
    TokenKey,
    act_key,
    cash_key,
    cash_of,
    obligation_key,
    payment_key,
    plan_key,
    put,
)
from contracts.state import Overlay
from tests.support.budget import Ledger, a_ledger, with_receipts
from tests.support.year import BUDGET, DAY, SUPPLIER, YEAR, U, a_law, a_programme

SPECIFICS = ("123", "149", "151", "159", "161", "414", "421", "431")
STAGES = (
    Stage.REGISTERED, Stage.REGISTERED, Stage.PAID, Stage.PAID, Stage.PAID, Stage.PAID, Stage.PAYABLE,
    Stage.RETAINED, Stage.ADVANCED,
)  # fmt: skip
"""Of the obligations of a position, in turn; each position has money that nobody accepted besides."""

TOKENS_PER_POSITION = len(STAGES) + 1
PART = 3 * U
FURTHER = 300
"""Codes of further programmes begin after it."""


def a_big_year(count: int, spare: int = 0, programmes: int = 1) -> Ledger:
    """At least `count` tokens of 2026, by institutions that each have a few specifics, spread over as many
    programmes of one administrator; `spare` units of 003 stay with the administrator."""
    positions = -(-count // TOKENS_PER_POSITION)
    names = [programme_of(number, programmes) for number in range(programmes)]
    ledger = a_ledger()
    if programmes > 1:
        ledger.publish("functional", *(f"228/{name}" for name in names[1:]), valid_from=DAY)
    each = [
        len(range(at, positions, programmes)) * TOKENS_PER_POSITION * PART // U for at in range(programmes)
    ]
    each[0] += spare
    rows = (a_programme(name, units) for name, units in zip(names, each, strict=True))
    ledger.do("mof", "budget.adopt", *a_law(*rows))
    with_receipts(ledger, sum(each) * U)
    overlay = Overlay(ledger.state)
    for serial in range(positions):
        _position(ledger, overlay, serial, programme_of(serial, programmes))
    ledger.state.commit(overlay.changes())
    ledger.height += 1
    return ledger


def _position(ledger: Ledger, overlay: Overlay, serial: int, programme: str) -> None:
    call = Call(overlay, ledger.context(), serial, Hash32(bytes(32)), "", None, (), ())  # type: ignore[arg-type]
    holder, line = position_of(serial, programme)
    pool = TokenKey(line.programme_level, "mot", None, Stage.ADOPTED)
    months = (TOKENS_PER_POSITION * PART,) * 12
    put(overlay, Collection.PLANS, plan_key(holder, line), Plan(months, months))
    plans.consolidate(call, line, months, months)
    tokens.move(call, pool, TokenKey(line, holder, None, Stage.ALLOCATED), PART)
    for number, stage in enumerate(STAGES):
        key = _accepted(overlay, holder, line, f"ob-{serial}-{number}", stage)
        tokens.move(call, pool, key, PART)


def programme_of(serial: int, programmes: int) -> str:
    """The programme of a position."""
    number = serial % programmes
    return str(FURTHER + number) if number else "003"


def position_of(serial: int, programme: str = "003") -> tuple[str, Line]:
    """Holder and line of a position."""
    specific = SPECIFICS[serial % len(SPECIFICS)]
    return f"gu-{serial // len(SPECIFICS)}", Line(BUDGET, YEAR, "1", "228", programme, "100", specific)


def _accepted(overlay: Overlay, holder: str, line: Line, name: str, stage: Stage) -> TokenKey:
    """An obligation and its papers; the key of its money."""
    key = TokenKey(line, holder, None, stage, obligation=name)
    acts: tuple[str, ...] = ()
    advances: tuple[str, ...] = ()
    if stage is Stage.RETAINED:
        key, acts = replace(key, act=name), (name,)
        act = Act(name, DAY, "акт", PART, (), PART, False, 0)
        put(overlay, Collection.ACTS, act_key(holder, name), act)
    if stage in (Stage.PAID, Stage.ADVANCED):
        key = replace(key, payment=name)
        is_advance = stage is Stage.ADVANCED
        advances = (name,) if is_advance else ()
        status = PaymentStatus.EXECUTED.value
        of_cash = (BUDGET, "1", YEAR)
        payment = Payment(name, None, is_advance, PART, "оплата", DAY, status, DAY, None, 0, 3, of_cash)
        put(overlay, Collection.PAYMENTS, payment_key(holder, name), payment)
        account = cash_of(overlay, BUDGET, "1", YEAR)
        paid = replace(account, redeemed=account.redeemed + PART)
        put(overlay, Collection.CASH, cash_key(BUDGET, "1", YEAR), paid)
    obligation = Obligation(
        line, None, "invoice", None, SUPPLIER, PART, PART, 100, PART if advances else 0, advances, 1, acts,
        True, None,
    )  # fmt: skip
    put(overlay, Collection.OBLIGATIONS, obligation_key(holder, name), obligation)
    return key
