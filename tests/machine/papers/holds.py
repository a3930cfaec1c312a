"""Suspensions, blocks and sequesters."""

from __future__ import annotations

from typing import Any

from contracts.receipts import shortfall
from contracts.records import (
    Budget,
    Collection,
    Hold,
    HoldKind,
    HoldRow,
    HoldStatus,
    Line,
    Plan,
    Suspension,
    budget_key,
)
from tests.machine.papers import paper
from tests.machine.places import ABP, BUDGET, PROGRAMMES, an_expense, free_money, pool
from tests.machine.world import Document, World
from tests.support.year import U, a_block, a_decision, a_held_row, an_unblock


def _programme(world: World) -> tuple[Any, ...]:
    return ("programme", BUDGET, world.year, *world.chance.pick(PROGRAMMES), None, None, None, None)


@paper("treasury.suspend")
def suspend(world: World) -> Document:
    chance = world.chance
    holder = chance.pick(("gu-2260101", "gu-2260102", "gu-2280101", "gu-2280102"))
    scope = chance.pick((_programme(world), ("gu", "01.kz", None, None, None, None, None, holder, None)))
    return Document(
        "treasury", "treasury.suspend", (scope, chance.between(1, 11), f"приказ {world.documents}")
    )


@paper("treasury.resume")
def resume(world: World) -> Document | None:
    found = world.any_of(Collection.SUSPENSIONS, Suspension, lambda key, _: len(key) == 9)
    if found is None:
        return None
    number, document, _ = world.chance.pick(found[1].grounds)
    return Document("treasury", "treasury.resume", (found[0], number, document))


def a_row(world: World, unit: int) -> tuple[Any, ...] | None:
    """A pool or a position with free money, and a part of it."""
    chance = world.chance
    if chance.one_in(3):
        administrator, programme = chance.pick(PROGRAMMES)
        expense = an_expense(world, world.year, administrator, programme)
        free = pool(world, world.year, administrator, programme, expense)
        place: dict[str, Any] = {
            "holder": ABP[administrator], "administrator": administrator, "programme": programme,
            "subprogramme": None, "specific": None,
        }  # fmt: skip
    else:
        found = world.any_of(Collection.PLANS, Plan, lambda key, _: key[1][1] == world.year)
        if found is None:
            return None
        (holder, parts), _ = found
        line = Line(*parts)
        money = free_money(world, holder, line)
        if not money:
            return None
        expense, free = chance.pick(money)
        place = {
            "holder": holder, "administrator": line.administrator, "programme": line.programme,
            "subprogramme": line.subprogramme, "specific": line.specific,
        }  # fmt: skip
    amount = min(free, chance.amount(200 * U)) // unit * unit
    return None if amount < 1 else a_held_row(0, amount=amount, expense=expense, **place)


@paper("treasury.block")
def block(world: World) -> Document | None:
    chance = world.chance
    ground = chance.pick(("shortfall", "refinement"))
    record = _budget(world)
    rows = [row for _ in range(chance.between(1, 3)) if (row := a_row(world, U)) is not None]
    if record is None or not rows:
        return None
    room = max(shortfall(world.state, BUDGET, world.year, world.month), 0) - record.blocked
    if ground == "shortfall" and sum(row[6] for row in rows) > room:
        rows = [(*row[:6], U) for row in rows]
    document = a_block(
        *rows, hold=f"block-{world.documents}", ground=ground, year=world.year,
        document=f"распоряжение {world.documents}", date=world.day,
    )  # fmt: skip
    return Document("treasury", "treasury.block", document)


def _budget(world: World) -> Budget | None:
    return Budget.find(world.state, Collection.BUDGETS, budget_key(BUDGET, world.year))


def a_hold(world: World, *kinds: str) -> tuple[str, Hold] | None:
    """A hold of the open year that still holds something."""
    found = world.any_of(
        Collection.HOLDS,
        Hold,
        lambda _, one: (
            one.kind in kinds and one.year == world.year and one.placed > one.lifted + one.consumed
        ),
    )
    return None if found is None else (found[0][0], found[1])


@paper("treasury.unblock")
def unblock(world: World) -> Document | None:
    found = a_hold(world, HoldKind.SHORTFALL, HoldKind.REFINEMENT)
    if found is None:
        return None
    name, hold = found
    if world.chance.one_in(2):
        held = hold.placed - hold.lifted - hold.consumed
        return Document(
            "treasury", "treasury.unblock", an_unblock(hold=name, amount=world.chance.amount(held))
        )
    row = world.any_of(Collection.HOLD_ROWS, HoldRow, lambda key, _: key[0] == name)
    if row is None:
        return None
    return Document(
        "treasury",
        "treasury.unblock",
        an_unblock(_fields(row[1], world.chance.amount(row[1].amount)), hold=name),
    )


def _fields(row: HoldRow, amount: int) -> tuple[Any, ...]:
    line = row.line
    return (
        row.holder,
        line.administrator,
        line.programme,
        line.subprogramme,
        line.specific,
        row.expense,
        amount,
    )


@paper("sequester.decide")
def decide(world: World) -> Document | None:
    chance, record = world.chance, _budget(world)
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for _ in range(chance.between(1, 3)):
        row = a_row(world, U)
        if row is not None:
            rows[row[:6]] = (*row, None)
    block_row = world.any_of(Collection.HOLD_ROWS, HoldRow, lambda _, one: one.line.year == world.year)
    if block_row is not None and chance.one_in(3) and block_row[1].amount >= U:
        (name, _), held = block_row
        row = _fields(held, held.amount // U * U)
        rows[row[:6]] = (*row, name)
    if record is None or not rows or record.unprotected == 0:
        return None
    total = sum(row[6] for row in rows.values())
    instrument = "law" if (record.sequestered + total) * 10 > record.unprotected else "resolution"
    document = a_decision(
        *rows.values(), name=f"cut-{world.documents}", year=world.year, instrument=instrument,
        document=f"постановление {world.documents}", date=world.day,
    )  # fmt: skip
    return Document("mof", "sequester.decide", document)


def _decision(world: World, *statuses: HoldStatus) -> str | None:
    found = world.any_of(
        Collection.HOLDS,
        Hold,
        lambda _, one: one.kind == HoldKind.SEQUESTER and one.status in statuses and one.year == world.year,
    )
    return None if found is None else found[0][0]


@paper("sequester.apply")
def apply(world: World) -> Document | None:
    name = _decision(world, HoldStatus.COMPLETE, HoldStatus.APPLYING)
    return None if name is None else Document("mof", "sequester.apply", (name, world.chance.between(1, 5)))


@paper("sequester.cancel")
def cancel(world: World) -> Document | None:
    name = _decision(world, HoldStatus.OPEN, HoldStatus.COMPLETE, HoldStatus.CANCELLING)
    return None if name is None else Document("mof", "sequester.cancel", (name, world.chance.between(1, 5)))
