"""What agreements promise of later years: counted, not moved, and bounded by base expenditure (BC 109(4)).

Money of a later year does not exist yet (BC 101(6)), so a promise is no token. Plan years two and three are
registered against the administrator's base expenditure of that year; what lies further is shown in the
third and bounded when its year comes near (TP 178, 211).
"""

from __future__ import annotations

from typing import Final

from chain.codec import UINT_MAXIMUM
from contracts import reasons
from contracts.actions import Call
from contracts.records import Agreement, Collection, Commitment, Limit, commitment_key, limit_key, put
from contracts.rejection import RejectionError
from contracts.state import StateReader

YEARS_BOUNDED: Final = 2
"""Plan years after the current one that base expenditure bounds (TP 211)."""

YearSums = tuple[tuple[int, int], ...]
"""[year, sum], increasing."""


def promised(state: StateReader, budget: str, year: int, administrator: str) -> int:
    """What all agreements under an administrator promise of a year."""
    found = Commitment.find(state, Collection.COMMITMENTS, commitment_key(budget, year, administrator))
    return 0 if found is None else found.amount


def base_of(state: StateReader, budget: str, year: int, administrator: str) -> int:
    """Base expenditure of an administrator in a year to come; 0 while no limits are set (BC 74(5))."""
    found = Limit.find(state, Collection.LIMITS, limit_key(budget, year, administrator))
    return 0 if found is None else found.base


def change(call: Call, agreement: Agreement, before: YearSums, after: YearSums, current: int) -> None:
    """Replace what an agreement promises of later years; `current` is the budget year.

    Refuses BC109-04-BASE where a promise grows beyond base expenditure.
    """
    was, now = dict(before), dict(after)
    for year in sorted({*was, *now}):
        added = now.get(year, 0) - was.get(year, 0)
        if added > 0 and year <= current + YEARS_BOUNDED:
            _check_base(call.state, agreement, year, added)
        move(call, agreement, year, added)


def _check_base(state: StateReader, agreement: Agreement, year: int, added: int) -> None:
    budget, administrator = agreement.budget, agreement.administrator
    base = base_of(state, budget, year, administrator)
    room = base - promised(state, budget, year, administrator)
    if added > room:
        raise RejectionError(
            reasons.BASE_EXPENDITURE,
            year=year, administrator=administrator, amount_tiyn=added, room_tiyn=max(room, 0), base_tiyn=base,
        )  # fmt: skip


def move(call: Call, agreement: Agreement, year: int, added: int) -> None:
    """Add to what the agreement's programme and its administrator promise of a year (negative: take back)."""
    if added == 0:
        return
    for programme in (agreement.programme, None):
        key = commitment_key(agreement.budget, year, agreement.administrator, programme)
        found = Commitment.find(call.state, Collection.COMMITMENTS, key) or Commitment(0)
        amount = found.amount + added
        if amount > UINT_MAXIMUM:
            raise RejectionError(reasons.SUM_TOO_LARGE)
        assert amount >= 0, "no more is taken back than was promised"
        if amount:
            put(call.state, Collection.COMMITMENTS, key, Commitment(amount))
        else:
            call.state.delete(Collection.COMMITMENTS, key)
