"""The end of a year, ratings of administrators, money that is not accepted in time."""

from __future__ import annotations

from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger
from tests.support.year import (
    GU,
    U,
    a_carry_over_list,
    a_closing,
    a_plan,
    a_rating_document,
    a_rating_row,
    a_warning,
    a_warning_row,
    a_year,
    an_objection,
    close_year,
    cumulative,
    pay,
    payment_number,
    register,
)


def an_ended_year() -> Ledger:
    """400 of 1,000 planned, 100 of them under an agreement; the first day of 2027 is open."""
    ledger = a_year(a_plan(400), units=1_000)
    register(ledger, "A-1", 100)
    ledger.open_day(2027, 1, 5)
    return ledger


@example("YEAR-NOT-ENDED")
def before_the_last_day_is_over() -> Attempt:
    """The treasury closes the year on its last operational day."""
    ledger = a_year(a_plan(400), units=1_000)
    ledger.open_day(2026, 12, 31)
    return attempt(ledger, "treasury", "year.close", *a_closing())


@example("YEAR-CLOSING")
def half_closed() -> Attempt:
    """December is to be rated while the treasury is closing the year."""
    ledger = an_ended_year()
    row = a_rating_row(ledger, month=12)
    ledger.do("treasury", "year.close", *a_closing(1))
    return attempt(ledger, "mof", "rating.compute", *a_rating_document(row, month=12))


@example("YEAR-CLOSED")
def closed_again() -> Attempt:
    """The treasury closes a year that is closed."""
    ledger = an_ended_year()
    close_year(ledger)
    return attempt(ledger, "treasury", "year.close", *a_closing())


@example("YEAR-UNCLOSED")
def back_before_the_closing() -> Attempt:
    """In January money of the old year comes back before that year is closed."""
    ledger = a_year(a_plan(400), units=1_000)
    register(ledger, "A-1", 100, advance=30)
    pay(ledger, 1, "a-1", 30)
    ledger.open_day(2027, 1, 5)
    back = (GU, payment_number(1), 30 * U, "выписка", "201510", False)
    return attempt(ledger, "treasury", "payment.restore", (back,))


@example("BC115-02-DATE")
def listed_in_december() -> Attempt:
    """The list of permitted carry-over is made on 1 December."""
    ledger = a_year(units=1_000)
    ledger.open_day(2026, 12, 1)
    return attempt(ledger, "mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))


@example("BC115-02-ROW")
def listed_twice() -> Attempt:
    """The list of permitted carry-over names a programme in two rows."""
    rows = a_carry_over_list(("228", "003", 250), ("228", "003", 100))
    return attempt(a_year(units=1_000), "mof", "carry-over.list", *rows)


@example("BC115-02-SUM")
def more_than_the_programme() -> Attempt:
    """The list permits the carry-over of more than the programme has."""
    return attempt(a_year(units=1_000), "mof", "carry-over.list", *a_carry_over_list(("228", "003", 1_001)))


# --- ratings


def a_rated_year() -> Ledger:
    """400 of 1,000 planned for January are accepted."""
    ledger = a_year(a_plan(1_000))
    register(ledger, "A-1", 400)
    return ledger


@example("RATING-MONTH")
def a_month_to_come() -> Attempt:
    """In January the rating of February is recorded."""
    ledger = a_rated_year()
    return attempt(ledger, "mof", "rating.compute", *a_rating_document(a_rating_row(ledger), month=2))


@example("RATING-FORMULA")
def another_formula() -> Attempt:
    """Ratings are recorded by a version of the formula that is not in force."""
    ledger = a_rated_year()
    return attempt(ledger, "mof", "rating.compute", *a_rating_document(a_rating_row(ledger), formula=9))


@example("RATING-ROW")
def rated_twice() -> Attempt:
    """A document rates an administrator in two rows."""
    ledger = a_rated_year()
    row = a_rating_row(ledger)
    return attempt(ledger, "mof", "rating.compute", *a_rating_document(row, row))


@example("RATING-PLAN")
def nothing_to_rate() -> Attempt:
    """An administrator without financing plans is rated."""
    ledger = a_rated_year()
    return attempt(ledger, "mof", "rating.compute", *a_rating_document(a_rating_row(ledger, "226")))


@example("RATING-FIGURE")
def a_better_figure() -> Attempt:
    """A rating says that more is accepted than the ledger has."""
    ledger = a_rated_year()
    row = a_rating_row(ledger, accepted=900 * U)
    return attempt(ledger, "mof", "rating.compute", *a_rating_document(row))


# --- money not accepted in time


def an_idle_year() -> Ledger:
    """Of 600 planned for January 250 are accepted; 5 March is open."""
    months = cumulative(1_000, 600, 600, 600)
    ledger = a_year(a_plan(1_000, obligations=months, payments=months))
    register(ledger, "A-1", 250)
    ledger.open_day(2026, 3, 5)
    return ledger


@example("UNACCEPTED-MONTH")
def too_early() -> Attempt:
    """The finance body warns of February five days after its end."""
    return attempt(an_idle_year(), "mof", "unaccepted.warn", *a_warning(a_warning_row(350, month=2)))


@example("UNACCEPTED-SUM")
def another_sum() -> Attempt:
    """A warning names another sum than the plan less what is accepted."""
    return attempt(an_idle_year(), "mof", "unaccepted.warn", *a_warning(a_warning_row(600)))


@example("UNACCEPTED-TWICE")
def warned_twice() -> Attempt:
    """An institution is warned of the same month a second time."""
    ledger = an_idle_year()
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    return attempt(ledger, "mof", "unaccepted.warn", *a_warning(a_warning_row(350)))


@example("UNACCEPTED-NONE")
def nothing_to_object_to() -> Attempt:
    """An administrator objects to a warning that nobody gave."""
    return attempt(an_idle_year(), "mot", "unaccepted.object", *an_objection())


@example("UNACCEPTED-OBJECTED")
def objected_twice() -> Attempt:
    """An administrator objects to the same warning again."""
    ledger = an_idle_year()
    ledger.do("mof", "unaccepted.warn", *a_warning(a_warning_row(350)))
    ledger.do("mot", "unaccepted.object", *an_objection())
    return attempt(ledger, "mot", "unaccepted.object", *an_objection())
