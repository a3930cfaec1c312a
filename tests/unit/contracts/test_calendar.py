"""Civil dates as day numbers."""

import datetime

from contracts.calendar import civil, day_number, iso_date


def test_every_day_of_two_centuries_agrees_with_the_gregorian_calendar() -> None:
    start = datetime.date(1970, 1, 1)
    for number in range(200 * 366):
        date = start + datetime.timedelta(days=number)
        assert civil(number) == (date.year, date.month, date.day)
        assert day_number(date.year, date.month, date.day) == number


def test_a_date_is_written_as_iso() -> None:
    assert iso_date(day_number(2026, 2, 3)) == "2026-02-03"
