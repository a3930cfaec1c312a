"""Ratings and warnings of money not accepted in time."""

from __future__ import annotations

from contracts.incentives import FORMULA, rate, row_of, unaccepted
from contracts.records import Collection, PlanWarning
from tests.machine.papers import paper
from tests.machine.places import ABP, BUDGET
from tests.machine.world import Document, World


@paper("rating.compute")
def compute(world: World) -> Document:
    rows = tuple(
        row_of(one, rate(world.state, BUDGET, world.year, world.month, one, world.day)) for one in sorted(ABP)
    )
    return Document("mof", "rating.compute", (BUDGET, world.year, world.month, FORMULA, rows))


@paper("unaccepted.warn")
def warn(world: World) -> Document | None:
    rows = [one.row() for one in unaccepted(world.state, BUDGET, world.year, world.day)]
    if not rows:
        return None
    chosen = tuple(world.chance.some(rows, 2))
    return Document("mof", "unaccepted.warn", (BUDGET, world.year, "1", "предупреждение", chosen))


@paper("unaccepted.object")
def object_to(world: World) -> Document | None:
    found = world.any_of(Collection.WARNINGS, PlanWarning, lambda _, one: one.objected is None)
    if found is None:
        return None
    holder, (budget, year, source, administrator, *codes) = found[0]
    return Document(
        ABP[administrator], "unaccepted.object", (budget, year, source, holder, *codes, "конкурс ещё идёт")
    )
