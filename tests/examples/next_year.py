"""Refusals of what crosses from one year into the next, of penalties and of the order of payment."""

from __future__ import annotations

from contracts.agreements import OBLIGATIONS_OF_ALL_YEARS, OBLIGATIONS_PER_AGREEMENT
from contracts.calendar import day_number
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    YEAR,
    U,
    Values,
    a_continuation,
    a_debt,
    a_limit,
    a_penalty,
    a_plan,
    a_request,
    a_reregistration,
    a_return,
    a_year,
    an_agreement,
    an_amendment,
    an_invoice,
    an_obligation,
    limits,
    next_year,
    notification,
    pay,
    payment_number,
    register,
    registration,
    sign,
    with_base,
)

NEXT = YEAR + 1


def a_debtor() -> Ledger:
    """An act of 400 of a closed year, of which 300 were not paid; plans of the next year."""
    ledger = a_year(a_plan(400), units=400)
    register(ledger, "A", 400, kind="goods")
    sign(ledger, "act-1", "a", 400)
    pay(ledger, 1, "a", 100, "act-1")
    return next_year(ledger, a_plan(1_000), a_plan(1_000, specific="149"))


def a_continued() -> Ledger:
    """An agreement over 1,000 of which a closed year performed 300; plans of the next year."""
    ledger = with_base(a_year(a_plan(400), units=400), 700)
    years = ((YEAR, 300 * U), (NEXT, 700 * U))
    register(ledger, "A", 300, kind="goods", total=1_000 * U, years=years)
    sign(ledger, "act-1", "a", 300)
    pay(ledger, 1, "a", 300, "act-1")
    return next_year(ledger, a_plan(1_000), a_plan(1_000, specific="149"))


def accepting(ledger: Ledger, *row: object) -> Attempt:
    return attempt(ledger, GU, "obligation.accept", BUDGET, NEXT, "1", row)


@example("BC109-04-BASE")
def beyond_base() -> Attempt:
    """An agreement promises 51 of the next year, of which base expenditure has 50."""
    years = ((YEAR, 10 * U), (NEXT, 51 * U))
    row = an_agreement("A", an_obligation("a", 10), total=61 * U, years=years)
    return attempt(with_base(a_year(a_plan(100)), 50), GU, "agreement.register", *registration(row))


@example("BC109-04-LIMIT")
def a_base_below_what_is_promised() -> Attempt:
    """The base of the next year is lowered to 49 after agreements that promise 50 of it."""
    years = ((YEAR, 10 * U), (NEXT, 50 * U))
    row = an_agreement("A", an_obligation("a", 10), total=60 * U, years=years)
    ledger = with_base(a_year(a_plan(100)), 50)
    ledger.do(GU, "agreement.register", *registration(row))
    return attempt(ledger, "mof", "limit.set", *limits(a_limit(base=49)))


@example("TP218-KIND")
def goods_under_services() -> Attempt:
    """Goods are bought under a specific that is for services and works."""
    ledger = a_year(a_plan(100))
    row = ("159", DAY, None, "159", "159", None, (("kinds", "services works"),))
    ledger.do("mof", "directory.publish", "economic", (row,))
    goods = an_agreement("A", an_obligation("a", 10), kind="goods")
    return attempt(ledger, GU, "agreement.register", *registration(goods))


@example("TP217-NOTIFICATION")
def an_old_notification() -> Attempt:
    """A supplement names the first notification, after an earlier supplement had closed it."""
    ledger = a_year(a_plan(100))
    register(ledger, "A", 50)
    ledger.do(GU, "agreement.amend", *an_amendment("A", 60))
    return attempt(ledger, GU, "agreement.amend", *an_amendment("A", 70, supplement="2"))


@example("AGR-FULL")
def too_many_applications() -> Attempt:
    """A two-hundred-and-first application under one agreement: fifty codes, and penalties one by one."""
    codes = [f"код {number}" for number in range(OBLIGATIONS_PER_AGREEMENT)]
    ledger = a_year(*(a_plan(10, expense=code) for code in codes))
    rows = [an_obligation(f"a-{number}", 10, expense=code) for number, code in enumerate(codes)]
    ledger.do(GU, "agreement.register", *registration(an_agreement("A", *rows, kind="goods")))
    penalties = OBLIGATIONS_OF_ALL_YEARS - OBLIGATIONS_PER_AGREEMENT
    for serial in range(1, penalties + 1):
        ledger.do(GU, "agreement.penalty", *_a_tiyn(serial))
    return attempt(ledger, GU, "agreement.penalty", *_a_tiyn(penalties + 1))


def _a_tiyn(serial: int) -> Values:
    """The penalty of one tiyn with this number."""
    return a_penalty(
        "A", 0, f"p-{serial}", amount=1, obligation="a-0", supplement=str(serial),
        notification=notification("a-0", serial),
    )  # fmt: skip


@example("TP211")
def more_than_is_left() -> Attempt:
    """701 are registered again of an agreement over 1,000 of which 300 are performed."""
    document = a_reregistration("A", a_continuation("a-27", 701, "a"))
    return attempt(a_continued(), GU, "agreement.reregister", *document)


@example("TP211-YEAR")
def the_same_year() -> Attempt:
    """An agreement is registered again in the year it was registered in."""
    ledger = a_year(a_plan(100))
    register(ledger, "A", 50)
    document = a_reregistration("A", a_continuation("b", 50, "a"), year=YEAR)
    return attempt(ledger, GU, "agreement.reregister", *document)


@example("TP211-TWICE")
def continued_twice() -> Attempt:
    """Two obligations of the new year go on with one of the old."""
    rows = (a_continuation("a-27", 600, "a"), a_continuation("b-27", 100, "a", specific="149"))
    return attempt(a_continued(), GU, "agreement.reregister", *a_reregistration("A", *rows))


@example("TP217-PENALTY")
def a_penalty_too_late() -> Attempt:
    """A penalty is withheld from an act that is paid already."""
    ledger = a_year(a_plan(100))
    register(ledger, "A", 100, kind="goods")
    sign(ledger, "act-1", "a", 100)
    pay(ledger, 1, "a", 100, "act-1")
    return attempt(ledger, GU, "agreement.penalty", *a_penalty("A", 1, act="act-1"))


@example("ACT-PENALTY")
def a_penalized_act() -> Attempt:
    """An act is corrected of which a penalty was withheld."""
    ledger = a_year(a_plan(100))
    register(ledger, "A", 100, kind="goods")
    sign(ledger, "act-1", "a", 100)
    ledger.do(GU, "agreement.penalty", *a_penalty("A", 10, act="act-1"))
    return attempt(ledger, GU, "act.correct", "act-1", "")


@example("REG-EXEMPTION")
def a_needless_exemption() -> Attempt:
    """Utilities are accepted as fees of a bank, though they need no registration at all."""
    row = an_invoice("pay-1", 30, exemption="bank-fees")
    return attempt(a_year(a_plan(100, specific="151")), GU, "obligation.accept", *registration(row))


@example("TP202")
def an_invoice_of_last_november() -> Attempt:
    """An invoice of November for utilities is accepted in January from the money of the new year."""
    row = an_invoice("pay-1", 30, document_date=day_number(YEAR - 1, 11, 30))
    return attempt(a_year(a_plan(100, specific="151")), GU, "obligation.accept", *registration(row))


@example("DEBT-FORM")
def an_invoice_that_names_a_debt() -> Attempt:
    """An invoice names the debt that it should be accepted as."""
    return accepting(a_debtor(), a_debt("d", 1, "a", kind="invoice"))


@example("DEBT-NONE")
def no_such_debt() -> Attempt:
    """A debt is accepted that the closed year did not leave."""
    return accepting(a_debtor(), a_debt("d", 1, "x"))


@example("TP208")
def more_than_the_debt() -> Attempt:
    """301 are accepted of a debt of 300."""
    return accepting(a_debtor(), a_debt("d", 301, "a"))


@example("TP208-SPECIFIC")
def a_debt_under_another_specific() -> Attempt:
    """A debt of specific 159 is accepted under 149."""
    return accepting(a_debtor(), a_debt("d", 1, "a", specific="149"))


@example("TP208-DATE")
def a_reconciliation_of_another_day() -> Attempt:
    """The reconciliation act is of the second of January."""
    return accepting(a_debtor(), a_debt("d", 1, "a", document_date=day_number(NEXT, 1, 2)))


@example("TP208-PAYEE")
def a_debt_to_somebody_else() -> Attempt:
    """A debt is accepted for another supplier than it is owed to."""
    return accepting(a_debtor(), a_debt("d", 1, "a", payee="990840000002"))


@example("TP228-ORDER")
def pay_comes_first() -> Attempt:
    """A small service is paid while the account would keep too little for the pay that waits."""
    ledger = a_year(a_plan(60, specific="111"), a_plan(60, specific="159"), cash=100)
    rows = [
        an_invoice(name, 60, specific=specific) for name, specific in (("pay-1", "111"), ("pay-2", "159"))
    ]
    ledger.do(GU, "obligation.accept", *registration(*rows))
    ledger.do(GU, "payment.request", (a_request(1, "pay-1", 60), a_request(2, "pay-2", 60)))
    return attempt(ledger, "treasury", "payment.execute", ((GU, payment_number(2)),))


@example("TP237-OWED")
def owed_within_the_year() -> Attempt:
    """The bank sends a payment back within its year, and the treasury states that a debt is left."""
    ledger = a_year(a_plan(100))
    register(ledger, "A", 100, kind="goods")
    sign(ledger, "act-1", "a", 100)
    pay(ledger, 1, "a", 100, "act-1")
    return attempt(ledger, "treasury", "payment.restore", (a_return(1, 1, is_owed=True),))


@example("TP237-CODE")
def a_receipts_code_within_the_year() -> Attempt:
    """A payment that came back within its year is restored as receipts."""
    ledger = a_year(a_plan(100))
    register(ledger, "A", 100, kind="goods")
    sign(ledger, "act-1", "a", 100)
    pay(ledger, 1, "a", 100, "act-1")
    return attempt(ledger, "treasury", "payment.restore", (a_return(1, 1, receipts="201510"),))
