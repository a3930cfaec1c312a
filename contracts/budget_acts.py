"""Acts that change an adopted budget: each leaves one record, in the order they came.

Refinement by law (BC 94–96), adjustment by resolution (BC 98), sequester (BC 97) and a change of the
classification (TP 78) are the only documents that change what a programme has. What they say is kept beside
the figures of the appropriations, so that anyone can add it up again (`contracts.statements.no_shift`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from contracts import reasons
from contracts.actions import Call
from contracts.fields import ROWS
from contracts.records import (
    Adjusted,
    Budget,
    BudgetAct,
    Collection,
    Line,
    adjusted_key,
    budget_act_key,
    budget_key,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

REFINEMENT: Final = "refinement"
ADJUSTMENT: Final = "adjustment"
SEQUESTER: Final = "sequester"
RECODE: Final = "recode"
KINDS: Final = (REFINEMENT, ADJUSTMENT, SEQUESTER, RECODE)
"""уточнение, корректировка, секвестр, and plan.recode between programmes."""

RECODE_RECEIVED: Final = "recode_received"
RECODE_GIVEN: Final = "recode_given"
RESERVE_RECEIVED: Final = "reserve_received"
"""What `adjustments` counts of a programme over the year beside what each case of BC 98 took from it: money
that changes of codes brought and took, and money that came from a reserve."""

ActRow = tuple[str, str, int, int]
"""(administrator, programme, tiyn up, tiyn down)."""


def record_act(
    call: Call,
    budget: str,
    year: int,
    kind: str,
    document: str,
    date: int,
    rows: Iterable[ActRow],
    case: str | None = None,
) -> int:
    """Write `budget-acts[budget, year, serial]` of the operational day; returns the serial, from 1.

    Rows of one programme are added up, ups and downs apart. `kind` is one of KINDS; `case` the case of
    BC 98(1) of an adjustment. The caller changes the appropriations itself and holds no older copy of the
    Budget record: the serial is counted there. Refuses BUDGET-ACT-ROWS for more than 1,000 programmes.
    """
    assert kind in KINDS, f"{kind} changes no budget"
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for administrator, programme, up, down in rows:
        before = sums.get((administrator, programme), (0, 0))
        sums[administrator, programme] = (before[0] + up, before[1] + down)
    if len(sums) > ROWS:
        raise RejectionError(reasons.BUDGET_ACT_ROWS, rows=len(sums), limit=ROWS)
    record = Budget.find(call.state, Collection.BUDGETS, budget_key(budget, year))
    assert record is not None, "an act changes a budget that is there"
    serial = record.acts + 1
    kept = tuple((*programme, *sums[programme]) for programme in sorted(sums))
    act = BudgetAct(kind, case, document, date, call.day(), kept)
    put(call.state, Collection.BUDGET_ACTS, budget_act_key(budget, year, serial), act)
    put(call.state, Collection.BUDGETS, budget_key(budget, year), replace(record, acts=serial))
    return serial


def counted(state: StateReader, line: Line, what: str) -> int:
    """Tiyn of one kind that a line's programme got or gave over the year."""
    found = Adjusted.find(state, Collection.ADJUSTMENTS, _count_key(line, what))
    return 0 if found is None else found.amount


def count(call: Call, line: Line, what: str, amount: int) -> None:
    """Add to it. The sum stays below what the programme's appropriation was ever adjusted by."""
    total = counted(call.state, line, what) + amount
    put(call.state, Collection.ADJUSTMENTS, _count_key(line, what), Adjusted(total))


def uncount(call: Call, line: Line, what: str) -> None:
    """Forget it: it went to another programme."""
    call.state.delete(Collection.ADJUSTMENTS, _count_key(line, what))


def _count_key(line: Line, what: str) -> bytes:
    return adjusted_key(line.budget, line.year, what, line.administrator, line.programme)
