"""Dates of documents against the operational day, with what was found in the refusal."""

from __future__ import annotations

from contracts import reasons
from contracts.calendar import iso_date
from contracts.rejection import RejectionError


def refuse_ahead(date: int, day: int, field: str) -> None:
    """A document is not dated after the operational day it is filed on."""
    if date > day:
        raise RejectionError(reasons.DATE_AHEAD, field=field, date=iso_date(date), day=iso_date(day))


def refuse_outside(date: int, first: int, last: int | None, field: str) -> None:
    """A date that belongs to an agreement lies from `first` to `last`, or from `first` on."""
    if date < first or (last is not None and date > last):
        until = "…" if last is None else iso_date(last)
        raise RejectionError(
            reasons.DATE_OUTSIDE, field=field, date=iso_date(date), first=iso_date(first), last=until
        )
