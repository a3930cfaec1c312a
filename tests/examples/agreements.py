"""Agreements and obligations without agreement."""

from __future__ import annotations

from typing import Any

from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger
from tests.support.year import (
    DAY,
    GU,
    U,
    a_plan,
    a_termination,
    a_year,
    an_act,
    an_agreement,
    an_amendment,
    an_invoice,
    an_obligation,
    filled_amendment,
    pay,
    register,
    registration,
)

EXPERTISE = ("заключение 5", DAY - 30, DAY + 300, 50 * U)


def file(ledger: Ledger, *rows: Any) -> Attempt:
    return attempt(ledger, GU, "agreement.register", *registration(*rows))


def planned(**changes: Any) -> Ledger:
    return a_year(a_plan(1_000), a_plan(1_000, specific="149"), a_plan(100, specific="431"), **changes)


def wrong(**changes: Any) -> Attempt:
    """An agreement of 10 units of which one field is wrong."""
    return file(planned(), an_agreement("A", an_obligation("a", 10), **changes))


def registered(units: int = 500, advance: int = 0, **changes: Any) -> Ledger:
    ledger = planned()
    register(ledger, "A", units, advance, **changes)
    return ledger


def amend(ledger: Ledger, units: int, **changes: Any) -> Attempt:
    return attempt(ledger, GU, "agreement.amend", *an_amendment("A", units, **changes))


@example("AGR-EXISTS")
def a_number_given_before() -> Attempt:
    """The institution registers a second agreement under the number of the first."""
    return file(registered(), an_agreement("A", an_obligation("b", 10)))


@example("AGR-NONE")
def a_supplement_to_nothing() -> Attempt:
    """A supplement names an agreement that was never registered."""
    return amend(planned(), 300)


@example("AGR-ENDED")
def a_supplement_after_the_end() -> Attempt:
    """A supplement is filed after the agreement was terminated."""
    ledger = registered()
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    return amend(ledger, 300)


@example("DATE-OUTSIDE")
def a_supplement_of_tomorrow() -> Attempt:
    """The supplement is dated after the operational day."""
    return amend(registered(), 300, date=DAY + 1)


@example("TP182")
def years_that_do_not_add_up() -> Attempt:
    """The sums by year add up to less than the agreement."""
    return wrong(years=((2026, 9 * U),))


@example("TP182-YEARS")
def years_without_the_first() -> Attempt:
    """The sums by year begin with the year after the budget year."""
    return wrong(years=((2027, 10 * U),))


@example("TP215")
def codes_that_do_not_add_up() -> Attempt:
    """The applications by code add up to more than the sum of the current year."""
    return wrong(years=((2026, 9 * U), (2027, U)))


@example("TP215-TWICE")
def one_code_in_two_applications() -> Attempt:
    """Two applications of the agreement name the same code."""
    return file(planned(), an_agreement("A", an_obligation("a", 10), an_obligation("b", 5)))


@example("AGR-BASIS")
def outside_the_portal_without_basis() -> Attempt:
    """An agreement made outside the procurement portal names no legal basis."""
    return wrong(legal_basis=" ")


@example("TP218-12")
def in_force_before_registration() -> Attempt:
    """The agreement does not say that it takes effect after registration."""
    return wrong(takes_effect_after_registration=False)


@example("BC109-08-RESERVE")
def a_reserve_by_declaration() -> Attempt:
    """An agreement of an ordinary programme says that its money is of the reserve."""
    return wrong(money="reserve")


@example("TP191-START")
def a_start_of_construction_by_declaration() -> Attempt:
    """An agreement under a programme of current expenditure says that it starts a construction."""
    return wrong(money="construction_start")


@example("AGR-VAT")
def more_vat_than_total() -> Attempt:
    """The VAT of the agreement is more than its total."""
    return wrong(vat=11 * U)


def construction(expertise: Any) -> Attempt:
    row = an_agreement("A", an_obligation("a", 50, specific="431"), expertise=expertise)
    return file(planned(), row)


@example("TP218-13")
def construction_without_expertise() -> Attempt:
    """Construction is contracted without a conclusion of the expertise."""
    return construction(None)


@example("TP218-14")
def an_expertise_that_has_ended() -> Attempt:
    """The conclusion of the expertise was valid until yesterday."""
    return construction((*EXPERTISE[:2], DAY - 1, EXPERTISE[3]))


@example("TP218-15")
def an_expertise_for_less() -> Attempt:
    """The expertise examined an estimate of 49 units, the agreement is for 50."""
    return construction((*EXPERTISE[:3], 49 * U))


@example("BC109-08")
def after_20_december() -> Attempt:
    """On 21 December an ordinary agreement of this year is registered."""
    ledger = planned()
    ledger.open_day(2026, 12, 21)
    return file(ledger, an_agreement("A", an_obligation("a", 10)))


@example("TP184")
def an_advance_of_forty_percent() -> Attempt:
    """Under specific 159 an advance of 40 % is agreed, 30 % are permitted."""
    return file(planned(), an_agreement("A", an_obligation("a", 10, advance=4)))


@example("TP184-GROUND")
def vaccines_that_are_roads() -> Attempt:
    """The ground for a higher advance is that for vaccines, the specific is another."""
    return wrong(advance_ground="vaccines")


@example("TP204")
def a_reduction_below_the_advance() -> Attempt:
    """An advance of 300 is outstanding, and the sum falls to 999, of which 30 % are less."""
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, 300)
    pay(ledger, 1, "a", 300)
    return amend(ledger, 999)


@example("TP217")
def a_reduction_below_what_is_performed() -> Attempt:
    """Acts for 400 are signed, and a supplement reduces the sum to 300."""
    ledger = registered(kind="goods")
    ledger.do(GU, "act.sign", (an_act("act-1", "a", 400),))
    return amend(ledger, 300)


@example("TP217-TWICE")
def a_supplement_registered_before() -> Attempt:
    """The supplement of this number is registered already."""
    ledger = registered()
    ledger.do(GU, "agreement.amend", *an_amendment("A", 400))
    return amend(ledger, 300)


@example("OBL-EXISTS")
def an_obligation_number_given_before() -> Attempt:
    """A new agreement files its application under a number that is used."""
    return file(registered(), an_agreement("B", an_obligation("a", 10, specific="149")))


@example("OBL-NONE")
def a_supplement_of_another_obligation() -> Attempt:
    """The supplement names an obligation that the agreement does not have."""
    return amend(registered(), 300, obligations=(filled_amendment("b", 300),))


@example("OBL-CLOSED")
def an_act_after_the_end() -> Attempt:
    """An act is signed after the agreement was terminated."""
    ledger = registered()
    ledger.do(GU, "agreement.terminate", *a_termination("A"))
    return attempt(ledger, GU, "act.sign", (an_act("act-1", "a", 1),))


def accept(**changes: Any) -> Attempt:
    ledger = a_year(a_plan(100, specific="151"))
    return attempt(ledger, GU, "obligation.accept", *registration(an_invoice("pay-1", 1, **changes)))


@example("REG")
def construction_by_invoice() -> Attempt:
    """Capital repair is accepted by an invoice, without a registered agreement."""
    return accept(specific="421")


@example("OBL-PAYEE")
def an_invoice_of_nobody() -> Attempt:
    """The invoice does not name who is paid."""
    return accept(payee=None)


@example("TP19-03")
def a_transfer_to_itself() -> Attempt:
    """The receiver of a transfer belongs to the budget that pays it."""
    ledger = a_year(a_plan(100, specific="161"))
    attributes = (("budget", "01.kz"), ("receipts", "201510"))
    row = ("111240000001", DAY, None, "x", "x", None, attributes)
    ledger.do("mof", "directory.publish", "payees", (row,))
    transfer = an_invoice("pay-1", 10, specific="161", kind="transfer", payee="111240000001")
    return attempt(ledger, GU, "obligation.accept", *registration(transfer))
