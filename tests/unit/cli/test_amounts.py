"""Tenge text and tiyn, ISO dates and day numbers."""

from __future__ import annotations

import pytest

from cli.amounts import date_of, day_of, grouped, instant_of, length_ms, tenge_of, tiyn_of
from cli.failures import InputError


@pytest.mark.parametrize(
    ("text", "tiyn"),
    [
        ("0", 0),
        ("1250000.00", 125_000_000),
        ("1250000", 125_000_000),
        ("0.5", 50),
        ("0.01", 1),
        ("1 250 000.10", 125_000_010),
        ("92233720368547758.07", 2**63 - 1),
    ],
)
def test_an_amount_in_tenge_is_read_to_the_tiyn(text: str, tiyn: int) -> None:
    assert tiyn_of(text) == tiyn


@pytest.mark.parametrize(
    "text", ["", "1,5", "1.234", "-1", "1e3", "0x10", ".5", "1.", "١", "92233720368547758.08", "NaN"]
)
def test_what_is_no_amount_in_tenge_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        tiyn_of(text)


def test_tiyn_are_written_with_two_digits() -> None:
    assert [tenge_of(one) for one in (0, 5, 125_000_000, -150)] == ["0.00", "0.05", "1250000.00", "-1.50"]


def test_thousands_stand_apart_on_a_terminal() -> None:
    assert grouped("26275285382000.00") == "26 275 285 382 000.00"


def test_a_day_is_days_since_1970() -> None:
    assert (day_of("1970-01-01"), day_of("2026-02-01"), date_of(20_485)) == (0, 20_485, "2026-02-01")


@pytest.mark.parametrize("text", ["2026-02-30", "01.02.2026", "20260201", "1969-12-31", ""])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        day_of(text)


def test_block_time_is_said_in_utc_with_milliseconds() -> None:
    assert instant_of(1_767_225_600_005) == "2026-01-01T00:00:00.005Z"


def test_lengths_have_a_unit() -> None:
    assert [length_ms(one) for one in ("90s", "15m", "24h", "7d")] == [
        90_000,
        900_000,
        86_400_000,
        604_800_000,
    ]
    with pytest.raises(InputError):
        length_ms("60")
