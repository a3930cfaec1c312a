"""Acts and payments."""

from __future__ import annotations

from typing import Any

from contracts.acts import RETAINED_PER_OBLIGATION
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger
from tests.support.year import (
    GU,
    a_commissioning,
    a_correction,
    a_plan,
    a_request,
    a_return,
    a_year,
    an_act,
    an_invoice,
    pay,
    payment_number,
    register,
    registration,
    sign,
)

EXECUTION = ((GU, payment_number(1)),)


def contracted(advance: int = 0, **changes: Any) -> Ledger:
    """Agreement A over 1,000 units."""
    ledger = a_year(a_plan(2_000))
    register(ledger, "A", 1_000, advance, **changes)
    return ledger


def with_act(units: int = 100) -> Ledger:
    """Goods for 1,000 units, one act to be paid."""
    ledger = contracted(kind="goods")
    sign(ledger, "act-1", "a", units)
    return ledger


def sign_act(ledger: Ledger, *row: Any) -> Attempt:
    return attempt(ledger, GU, "act.sign", (an_act(*row),))


@example("ACT-EXISTS")
def an_act_number_given_before() -> Attempt:
    """The institution signs a second act under the number of the first."""
    return sign_act(with_act(), "act-1", "a", 1)


@example("ACT-NONE")
def correct_no_act() -> Attempt:
    """An act is corrected that was never signed."""
    return attempt(contracted(), GU, "act.correct", "act-1", "неверный объём")


@example("ACT-RETAINED")
def a_tiyn_an_act() -> Attempt:
    """Works beyond the ceiling are accepted act by act, each of one tiyn, until too many keep money back."""
    ledger = contracted()
    sign(ledger, "act-0", "a", 950)
    for number in range(1, RETAINED_PER_OBLIGATION + 1):
        ledger.do(GU, "act.sign", (an_act(f"act-{number}", "a", 0, amount=1),))
    return attempt(ledger, GU, "act.sign", (an_act("act-last", "a", 0, amount=1),))


@example("ACT-AGREEMENT")
def an_act_of_an_invoice() -> Attempt:
    """An act is signed on an invoice, which was payable when it was accepted."""
    ledger = contracted()
    ledger.do(GU, "obligation.accept", *registration(an_invoice("pay-1", 5, specific="159")))
    return sign_act(ledger, "act-1", "pay-1", 1)


@example("BC109-05")
def more_work_than_agreed() -> Attempt:
    """Of 1,000 units 100 are accepted, and the next act is for 901."""
    return sign_act(with_act(), "act-2", "a", 901)


@example("ACT-PAID")
def correct_a_paid_act() -> Attempt:
    """An act is corrected of which a part is paid."""
    ledger = with_act()
    pay(ledger, 1, "a", 40, "act-1")
    return attempt(ledger, GU, "act.correct", "act-1", "")


@example("TP179-UNPAID")
def take_back_more_than_is_unpaid() -> Attempt:
    """Of an act of 100 units 40 are paid, and 61 are taken back."""
    ledger = with_act()
    pay(ledger, 1, "a", 40, "act-1")
    return attempt(ledger, GU, "obligation.correct", *a_correction("a", 61, "act-1"))


@example("TP179-ACT")
def take_back_an_agreement() -> Attempt:
    """An obligation of an agreement is taken back as if it were an invoice, and no act is named."""
    return attempt(with_act(), GU, "obligation.correct", *a_correction("a"))


@example("ACT-RELEASED")
def correct_after_commissioning() -> Attempt:
    """An act is corrected whose retention was released by commissioning."""
    ledger = contracted()
    sign(ledger, "act-1", "a", 1_000)
    ledger.do(GU, "act.commission", *a_commissioning("A"))
    return attempt(ledger, GU, "act.correct", "act-1", "")


@example("TP191-WORKS")
def commission_goods() -> Attempt:
    """Goods are commissioned as if they were a building."""
    return attempt(contracted(kind="goods"), GU, "act.commission", *a_commissioning("A"))


@example("TP191-TWICE")
def commission_twice() -> Attempt:
    """The object is commissioned a second time."""
    ledger = contracted()
    ledger.do(GU, "act.commission", *a_commissioning("A"))
    return attempt(ledger, GU, "act.commission", *a_commissioning("A"))


def ask(ledger: Ledger, serial: int, *row: Any, **changes: Any) -> Attempt:
    return attempt(ledger, GU, "payment.request", (a_request(serial, *row, **changes),))


def asked(units: int = 100) -> Ledger:
    """Payment request 1 of the act."""
    ledger = with_act()
    ledger.do(GU, "payment.request", (a_request(1, "a", units, "act-1"),))
    return ledger


@example("TP238-01")
def a_number_of_last_year() -> Attempt:
    """The number of the payment request has the digits of last year."""
    return ask(with_act(), 1, "a", 1, "act-1", number="2280101/25-1")


@example("PAY-EXISTS")
def a_request_number_given_before() -> Attempt:
    """The institution asks for another payment under the number of the first."""
    return ask(asked(), 1, "a", 1, "act-1")


@example("PAY-NONE")
def execute_no_request() -> Attempt:
    """The treasury pays a request that nobody made."""
    return attempt(with_act(), "treasury", "payment.execute", EXECUTION)


@example("PAY-DECIDED")
def execute_a_returned_request() -> Attempt:
    """The treasury pays a request that it has returned to the institution."""
    ledger = asked()
    ledger.do("treasury", "payment.refuse", ((GU, payment_number(1), 10, "специфика 159 не для этого"),))
    return attempt(ledger, "treasury", "payment.execute", EXECUTION)


@example("PAY-OPEN")
def restore_what_was_not_paid() -> Attempt:
    """Money comes back of a payment that was never made."""
    return attempt(asked(), "treasury", "payment.restore", (a_return(1, 1),))


@example("TP229")
def a_request_eleven_days_old() -> Attempt:
    """The treasury pays on the eleventh day after the request."""
    ledger = asked()
    ledger.open_day(2026, 1, 16)
    return attempt(ledger, "treasury", "payment.execute", EXECUTION)


@example("PAY-FORM")
def an_advance_for_an_act() -> Attempt:
    """The request is marked as an advance and names an act."""
    return ask(with_act(), 1, "a", 1, "act-1", is_advance=True)


@example("TP228")
def more_than_the_act() -> Attempt:
    """The act is for 100 units, and the request for 101."""
    return ask(with_act(), 1, "a", 101, "act-1")


@example("TP228-WAITING")
def the_same_money_asked_for_again() -> Attempt:
    """The act is for 100 units, 60 of which wait for the treasury, and 41 more are asked for."""
    return ask(asked(60), 2, "a", 41, "act-1")


@example("TP236-15")
def an_advance_beyond_its_limit() -> Attempt:
    """The agreement permits an advance of 300 units, and 301 are asked for."""
    return ask(contracted(300), 1, "a", 301, is_advance=True)


@example("TP191")
def a_second_advance() -> Attempt:
    """An advance is asked for while the one before it is not worked off."""
    ledger = contracted(300)
    pay(ledger, 1, "a", 200)
    return ask(ledger, 2, "a", 100, is_advance=True)


@example("PAY-RESTORE")
def restore_a_worked_off_advance() -> Attempt:
    """An act has worked off half of the advance of 300, and 151 come back."""
    ledger = contracted(300)
    pay(ledger, 1, "a", 300)
    sign(ledger, "act-1", "a", 500)
    return attempt(ledger, "treasury", "payment.restore", (a_return(1, 151),))
