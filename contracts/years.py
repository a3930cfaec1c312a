"""How a budget year stands: open, closing or closed (BC 101(5), 115).

Between the first `year.close` and the last the year is closing: no other document touches its money, so
nobody meets a year half-closed. In a closed year money only comes back, is worked off by later acts, or is
annulled already.
"""

from __future__ import annotations

from typing import Final

from contracts import reasons
from contracts.actions import Call
from contracts.records import REDEEMED, ClosingStatus, Stage, closing_of
from contracts.rejection import RejectionError
from contracts.state import StateReader

ANNULLED: Final = (Stage.DECLINED, Stage.REFINED, Stage.SEQUESTERED, Stage.LAPSED, Stage.CARRIED)

CARRIED_SOURCE: Final = "1"
"""Carry-over is of the budget's own money: loans, grants and paid services follow their own rules."""

OF_A_CLOSED_YEAR: Final = frozenset((*REDEEMED, *ANNULLED))
"""The stages that a closed year may hold (budget-machine, invariant 10)."""


def is_closing(state: StateReader, budget: str, year: int) -> bool:
    """Whether `year.close` has begun and not ended."""
    closing = closing_of(state, budget, year)
    return closing is not None and closing.status == ClosingStatus.CLOSING


def is_closed(state: StateReader, budget: str, year: int) -> bool:
    """Whether the last `year.close` has ended."""
    closing = closing_of(state, budget, year)
    return closing is not None and closing.status == ClosingStatus.CLOSED


def refuse_closing(call: Call, budget: str, year: int) -> None:
    """Refuse what would touch a year while it is being closed."""
    if is_closing(call.state, budget, year):
        raise RejectionError(reasons.YEAR_CLOSING, budget=budget, year=year)


def refuse_closed(call: Call, budget: str, year: int) -> None:
    """Refuse what needs an open year: it is closing or closed."""
    refuse_closing(call, budget, year)
    if is_closed(call.state, budget, year):
        raise RejectionError(reasons.YEAR_CLOSED, budget=budget, year=year)


def refuse_unclosed(call: Call, budget: str, year: int) -> None:
    """Refuse what goes on with a closed year (re-registration, debts) before that year is closed."""
    refuse_closing(call, budget, year)
    if not is_closed(call.state, budget, year):
        raise RejectionError(reasons.YEAR_UNCLOSED, budget=budget, year=year)


def refuse_move(call: Call, budget: str, year: int, target: Stage) -> None:
    """The guard of every token: nothing moves in a closing year, and in a closed one only to what such a year
    may hold."""
    closing = closing_of(call.state, budget, year)
    if closing is None:
        return
    if closing.status == ClosingStatus.CLOSING:
        raise RejectionError(reasons.YEAR_CLOSING, budget=budget, year=year)
    if target not in OF_A_CLOSED_YEAR:
        raise RejectionError(reasons.YEAR_CLOSED, budget=budget, year=year)
