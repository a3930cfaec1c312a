"""Counters of an administrator's conduct, from which its rating is computed (`contracts.incentives`).

Called by the documents that are counted, with the line they are about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contracts.actions import Call
from contracts.records import EMPTY_CONDUCT, Collection, Conduct, Line, conduct_key, put
from contracts.state import StateReader

AMENDMENTS: Final = "amendments"
REQUESTS: Final = "requests"
REFUSALS: Final = "refusals"


def conduct_of(state: StateReader, budget: str, year: int, administrator: str) -> Conduct:
    """What was counted so far; zeros where nothing was."""
    key = conduct_key(budget, year, administrator)
    return Conduct.find(state, Collection.CONDUCT, key) or EMPTY_CONDUCT


def count(call: Call, line: Line, field: str) -> None:
    """Count one more of `field` (AMENDMENTS, REQUESTS, REFUSALS) for the administrator of the line."""
    before = conduct_of(call.state, line.budget, line.year, line.administrator)
    counted = replace(before, **{field: getattr(before, field) + 1})
    put(call.state, Collection.CONDUCT, conduct_key(line.budget, line.year, line.administrator), counted)
