"""The order of payment while cash is short (TP 228)."""

from __future__ import annotations

from contracts import invariants, reasons
from contracts.calendar import day_number
from contracts.queues import account_of, queue_of
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    DAY,
    GU,
    U,
    a_plan,
    a_request,
    a_year,
    an_invoice,
    of_obligation,
    payment_number,
    registration,
)

OTHERS, UTILITIES, PAY = "159", "151", "111"


def waiting(ledger: Ledger) -> tuple[int, ...]:
    return tuple(amount // U for amount in queue_of(ledger.state, account_of(a_line())).waiting)


def with_requests(cash: int = 100, **priorities: str) -> Ledger:
    """Three obligations of 60, each asked for in full: pay first, utilities second, the rest third; unless
    the economic directory says otherwise."""
    ledger = a_year(*(a_plan(60, specific=code) for code in (PAY, UTILITIES, OTHERS)), cash=cash)
    for name, priority in priorities.items():
        code = name.removeprefix("of_")
        row = (code, DAY, None, code, code, None, (("priority", priority),))
        ledger.do("mof", "directory.publish", "economic", (row,))
    rows = [an_invoice(f"pay-{code}", 60, specific=code) for code in (PAY, UTILITIES, OTHERS)]
    ledger.do(GU, "obligation.accept", *registration(*rows))
    requests = [a_request(n, f"pay-{code}", 60) for n, code in enumerate((PAY, UTILITIES, OTHERS), 1)]
    ledger.do(GU, "payment.request", tuple(requests))
    return ledger


def execution(serial: int) -> tuple[tuple[str, str], ...]:
    return ((GU, payment_number(serial)),)


def test_what_is_left_must_cover_every_request_of_a_higher_priority() -> None:
    ledger = with_requests(170)
    assert waiting(ledger) == (60, 60, 60)
    refusal = ledger.refused("treasury", "payment.execute", execution(3))
    assert (refusal.reason, dict(refusal.facts)) == (
        reasons.PAYMENT_ORDER,
        {"row": 1, "priority": 3, "left_tiyn": 110 * U, "first_tiyn": 60 * U, "second_tiyn": 60 * U},
    )
    ledger.do("treasury", "payment.execute", execution(2))
    ledger.do("treasury", "payment.execute", execution(1))
    assert waiting(ledger) == (0, 0, 60)
    assert ledger.refused("treasury", "payment.execute", execution(3)).reason is reasons.CASH_SHORT
    assert invariants.recount(ledger.state) == ()


def test_the_first_priority_waits_for_nobody() -> None:
    ledger = with_requests(60)
    assert ledger.refused("treasury", "payment.execute", execution(2)).reason is reasons.PAYMENT_ORDER
    ledger.do("treasury", "payment.execute", execution(1))
    assert of_obligation(ledger, "pay-111") == {"paid": 60}


def test_with_money_for_all_any_order_will_do() -> None:
    ledger = with_requests(180)
    for serial in (3, 2, 1):
        ledger.do("treasury", "payment.execute", execution(serial))
    assert waiting(ledger) == (0, 0, 0)


def test_an_expired_request_waits_until_the_treasury_returns_it() -> None:
    ledger = with_requests(60, of_151="3")
    ledger.open_day(2026, 1, 16)
    ledger.do(GU, "payment.request", (a_request(4, "pay-159", 60),))
    assert ledger.refused("treasury", "payment.execute", execution(4)).reason is reasons.PAYMENT_ORDER
    ledger.do("treasury", "payment.refuse", ((GU, payment_number(1), 17, ""),))
    assert waiting(ledger) == (0, 0, 180)
    ledger.do("treasury", "payment.execute", execution(4))


def test_a_local_budget_has_a_list_of_its_own() -> None:
    ledger = a_year(*(a_plan(60, specific=code) for code in (PAY, UTILITIES, OTHERS)), cash=100)
    lists = (("priority-1", "151 159"), ("priority-2", "161"))
    row = ("01.kz", day_number(2026, 1, 5), None, "kz", "kz", None, lists)
    ledger.do("mof", "directory.publish", "budgets", (row,))
    rows = [an_invoice(f"pay-{code}", 60, specific=code) for code in (PAY, UTILITIES, OTHERS)]
    ledger.do(GU, "obligation.accept", *registration(*rows))
    requests = [a_request(n, f"pay-{code}", 60) for n, code in enumerate((PAY, UTILITIES, OTHERS), 1)]
    ledger.do(GU, "payment.request", tuple(requests))
    assert waiting(ledger) == (120, 0, 60)
