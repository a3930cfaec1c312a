"""Shapes and small readers that the documents of a budget year share."""

from __future__ import annotations

from typing import Any, Final, cast

from chain.codec import Amount, Digits, ListOf, OneOf, Text, Uint, Value

YEAR: Final = Uint(2000, 2999)
CODE3: Final = Digits(3)
"""Administrator, programme, subprogramme or specific: three digits with their zeros."""
SOURCE: Final = OneOf("1", "2", "3")
"""источник финансирования (TP 213(2)): 1 budget, 2 co-financing of external loans, 3 paid services."""
POSITIVE: Final = Amount(minimum=1)
MONTHS: Final = ListOf(Amount(), 12, 12)
"""January to December, cumulative, tiyn."""
EXPENSE: Final = Text(40, 1)
"""идентификатор расхода (STD 2)."""
DOCUMENT_NUMBER: Final = Text(64, 1)
NOTE: Final = Text(500)
ROWS: Final = 1_000
"""Rows of one document: each changes at most seven keys of the 8,000 a transaction may (docs/formats.md)."""

PLAN_UNIT: Final = 10_000
"""Plan figures are hundreds of tenge: thousands of tenge with one decimal (TP 17, 24), in tiyn."""


def fields_of(value: Value) -> tuple[Any, ...]:
    """The fields of a row or of a document whose shape the executor has checked."""
    return cast(tuple[Any, ...], value)
