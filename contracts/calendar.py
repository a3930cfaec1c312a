"""Civil dates as day numbers: days since 1970-01-01, Gregorian, without a time zone.

The ledger's dates are data, not instants: Kazakhstan moved from +6 to +5 in 2024, and a rule must not
depend on a time-zone table. The algorithm is the integer one for the proleptic Gregorian calendar.
"""

from __future__ import annotations


def day_number(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to the date (year >= 1970)."""
    shifted = year - (month <= 2)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146097 + day_of_era - 719468


def civil(number: int) -> tuple[int, int, int]:
    """(year, month, day) of a day number."""
    shifted = number + 719468
    era = shifted // 146097
    day_of_era = shifted - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + (3 if shifted_month < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day


def iso_date(number: int) -> str:
    """YYYY-MM-DD, for texts."""
    year, month, day = civil(number)
    return f"{year:04d}-{month:02d}-{day:02d}"
