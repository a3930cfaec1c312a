"""The order of payment while cash is short (TP 228)."""

from __future__ import annotations

from contracts import invariants, reasons
from contracts.calendar import day_number
from contracts.queues import account_of, waiting_for
from contracts.records import Asked, Collection, Queue, asked_key, operational_day, queue_key
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
    register,
    registration,
)

OTHERS, UTILITIES, PAY = "159", "151", "111"


def waiting(ledger: Ledger) -> tuple[int, ...]:
    oldest = (operational_day(ledger.state) or 0) - 10
    return tuple(amount // U for amount in waiting_for(ledger.state, account_of(a_line()), oldest))


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


def test_an_expired_request_waits_no_longer_and_is_left_out_when_the_record_is_written() -> None:
    ledger = with_requests(60)
    ledger.open_day(2026, 1, 15)
    assert waiting(ledger) == (60, 60, 60)
    ledger.open_day(2026, 1, 16)
    assert waiting(ledger) == (0, 0, 0)
    assert [day for day, *_ in the_queue(ledger)] == [DAY]
    ledger.do(GU, "payment.request", (a_request(4, "pay-159", 60),))
    assert the_queue(ledger) == ((DAY + 11, 0, 0, 60 * U),)
    for serial in (1, 2, 3):
        ledger.do("treasury", "payment.refuse", ((GU, payment_number(serial), 17, ""),))
    assert waiting(ledger) == (0, 0, 60)
    ledger.do("treasury", "payment.execute", execution(4))
    assert the_queue(ledger) == ()


def the_queue(ledger: Ledger) -> tuple[tuple[int, ...], ...]:
    found = Queue.find(ledger.state, Collection.QUEUES, queue_key(*account_of(a_line())))
    assert found is not None
    return found.days


def asked_of(ledger: Ledger, obligation: str) -> Asked | None:
    return Asked.find(ledger.state, Collection.ASKED, asked_key(GU, obligation, None, False))


def test_one_institution_does_not_fill_the_queue_of_all_with_money_that_is_not_there() -> None:
    ledger = with_requests(170)
    again = tuple(a_request(n, "pay-111", 60) for n in range(4, 14))
    assert ledger.refused(GU, "payment.request", again).reason is reasons.PAYMENT_WAITING
    assert waiting(ledger) == (60, 60, 60)
    ledger.do("treasury", "payment.execute", execution(2))


def test_requests_for_the_same_money_together_ask_for_no_more_than_it_is() -> None:
    ledger = a_year(a_plan(60, specific=PAY))
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay", 60, specific=PAY)))
    ledger.do(GU, "payment.request", (a_request(1, "pay", 40),))
    refusal = ledger.refused(GU, "payment.request", (a_request(2, "pay", 21),))
    assert (refusal.reason, dict(refusal.facts)) == (
        reasons.PAYMENT_WAITING,
        {"row": 1, "amount_tiyn": 21 * U, "waiting_tiyn": 40 * U, "room_tiyn": 60 * U},
    )
    ledger.open_day(2026, 1, 6)
    ledger.do(GU, "payment.request", (a_request(2, "pay", 20),))
    assert asked_of(ledger, "pay") == Asked(((DAY, 40 * U), (DAY + 1, 20 * U)))
    ledger.do("treasury", "payment.refuse", ((GU, payment_number(1), 10, ""),))
    ledger.do(GU, "payment.request", (a_request(3, "pay", 40),))
    for serial in (2, 3):
        ledger.do("treasury", "payment.execute", execution(serial))
    assert asked_of(ledger, "pay") is None
    assert of_obligation(ledger, "pay") == {"paid": 60}


def test_an_expired_request_leaves_its_money_to_the_next_one() -> None:
    ledger = with_requests(180)
    ledger.open_day(2026, 1, 15)
    assert ledger.refused(GU, "payment.request", (a_request(4, "pay-111", 1),)).reason is (
        reasons.PAYMENT_WAITING
    )
    ledger.open_day(2026, 1, 16)
    ledger.do(GU, "payment.request", (a_request(4, "pay-111", 60),))
    assert asked_of(ledger, "pay-111") == Asked(((DAY + 11, 60 * U),))
    ledger.do("treasury", "payment.execute", execution(4))
    assert of_obligation(ledger, "pay-111") == {"paid": 60}


def test_advances_of_an_obligation_wait_for_one_limit() -> None:
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, advance=300)
    rows = [a_request(n, "a", 200, is_advance=True) for n in (1, 2)]
    ledger.do(GU, "payment.request", rows[:1])
    refusal = ledger.refused(GU, "payment.request", tuple(rows[1:]))
    assert refusal.reason is reasons.PAYMENT_WAITING
    assert dict(refusal.facts)["room_tiyn"] == 300 * U


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
