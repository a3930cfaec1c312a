"""Amounts and dates between people and the ledger: tenge text ⇄ tiyn, ISO date ⇄ day number. No floats."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from chain.codec import UINT_MAXIMUM
from cli.failures import InputError

_TENGE = re.compile(r"([0-9]{1,17})(?:\.([0-9]{1,2}))?")
_EPOCH = date(1970, 1, 1)
_LENGTH = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def tiyn_of(text: str, where: str = "") -> int:
    """`1250000.00`, `1250000` or `1250000.5` as tiyn. InputError names what was found.

    Spaces between groups of digits are taken as people write them; a comma is not: it is a decimal mark
    to one reader and a separator of thousands to another.
    """
    match = _TENGE.fullmatch(re.sub("[ \u00a0\u202f]", "", text))
    if match is None:
        raise InputError(
            f"{where or 'amount'}: {text!r} is not an amount in tenge, at most two digits after the point",
            "INPUT-AMOUNT",
        )
    tiyn = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    if tiyn > UINT_MAXIMUM:
        raise InputError(f"{where or 'amount'}: {text} tenge is more than the ledger holds", "INPUT-AMOUNT")
    return tiyn


def tenge_of(tiyn: int) -> str:
    """Tiyn as tenge with exactly two digits; a negative difference keeps its sign."""
    sign = "-" if tiyn < 0 else ""
    return f"{sign}{abs(tiyn) // 100}.{abs(tiyn) % 100:02d}"


def grouped(tenge: str) -> str:
    """The same amount with thousands apart, for tables on a terminal."""
    whole, _, rest = tenge.partition(".")
    return f"{int(whole):,}".replace(",", " ") + (f".{rest}" if rest else "")


def day_of(text: str, where: str = "") -> int:
    """`2026-02-01` as days since 1970-01-01."""
    try:
        day = (date.fromisoformat(text) - _EPOCH).days
    except ValueError:
        day = -1
    if day < 0 or len(text) != 10:
        raise InputError(f"{where or 'date'}: {text!r} is not a date YYYY-MM-DD from 1970", "INPUT-DATE")
    return day


def date_of(day: int) -> str:
    """Days since 1970-01-01 as `2026-02-01`."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def instant_of(time_ms: int) -> str:
    """Block time (ms) as `2026-02-01T09:00:00.123Z`."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def length_ms(text: str) -> int:
    """`90s`, `15m`, `24h` or `7d` in milliseconds."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is not a length of time such as 90s, 15m, 24h or 7d", "INPUT-LENGTH")
    return int(match[1]) * _UNITS_MS[match[2]]
