"""The calendar, directories, receipts, the budget and its plans."""

from __future__ import annotations

from typing import Any

from contracts.calendar import day_number
from contracts.records import (
    Appropriation,
    Budget,
    BudgetStatus,
    Collection,
    Line,
    Plan,
    appropriation_key,
    budget_key,
    closing_of,
    plan_key,
    trusted,
)
from tests.machine.papers import paper
from tests.machine.papers.formation import on_its_way
from tests.machine.places import ABP, BUDGET, HOLDERS, PROGRAMMES, SPECIFICS, an_expense, pool
from tests.machine.world import Document, World
from tests.support.year import U, a_law, a_plan, a_programme, plan_document

RECEIPTS = ("101110", "201510", "801101")


@paper("treasury.open_day")
def open_day(world: World) -> Document:
    return Document("treasury", "treasury.open_day", (world.day + world.chance.between(1, world.days),))


@paper("directory.publish")
def publish(world: World) -> Document:
    chance = world.chance
    code = str(chance.between(100, 999))
    attributes = (("kinds", "goods"),) if chance.one_in(3) else ()
    end = world.day + 1_000 if chance.one_in(3) else None
    row = (f"9{code}", world.day + chance.between(0, 3), end, "атауы", "название", None, attributes)
    return Document("mof", "directory.publish", ("accounts", (row,)))


@paper("receipts.plan")
def plan_receipts(world: World) -> Document:
    chance, month = world.chance, world.month
    code = chance.pick(RECEIPTS)
    found = world.state.get(Collection.RECEIPTS, _receipts_key(world, code))
    before = trusted(found)[1] if found else (0,) * 12
    figures, reached = list(before), before[month - 2] if month > 1 else 0
    for at in range(month - 1, 12):
        reached += chance.between(20_000, 60_000) * U
        figures[at] = max(reached, before[at])
    return Document(
        "treasury", "receipts.plan", ("сводный план", ((BUDGET, world.year, code, tuple(figures)),))
    )


def _receipts_key(world: World, code: str) -> bytes:
    from contracts.records import receipts_key

    return receipts_key(BUDGET, world.year, code)


@paper("receipts.post")
def post(world: World) -> Document:
    chance = world.chance
    kind = chance.pick(("receipt", "receipt", "receipt", "opening", "refund"))
    amount = chance.amount(10_000 * U) if kind != "refund" else chance.amount(10 * U)
    rows = tuple(
        (kind, BUDGET, "1", chance.pick(RECEIPTS), amount + number, "")
        for number in range(chance.between(1, 3))
    )
    return Document("treasury", "receipts.post", ("выписка", rows))


@paper("budget.adopt")
def adopt(world: World) -> Document | None:
    chance = world.chance
    missing = [
        year
        for year in (world.year, world.year + 1)
        if _is_open(world, year) and (year == world.year or (world.month == 12 and chance.one_in(4)))
    ]
    if not missing:
        return None
    year = missing[0]
    waited_for = on_its_way(world, year)
    if waited_for is not None:
        return waited_for
    rows = []
    for administrator, programme in PROGRAMMES:
        changes: dict[str, Any] = {"administrator": administrator, "is_development": programme != "001"}
        if (administrator, programme) == ("226", "067"):
            changes |= {"protected": 2, "protected_subprogrammes": ("106",), "nature": "distributable"}
        rows.append(a_programme(programme, chance.between(4_000, 9_000), **changes))
    law = a_law(*rows, year=year, law_date=min(world.day, day_number(year, 1, 1)), law=f"закон {year}")
    return Document("mof", "budget.adopt", law)


def _is_open(world: World, year: int) -> bool:
    """No law of the year is recorded: at most the plan of a first quarter."""
    data = world.state.get(Collection.BUDGETS, budget_key(BUDGET, year))
    return data is None or Budget.decode(data).status == BudgetStatus.QUARTER


def months(world: World, year: int, total: int, floor: int = 0) -> tuple[int, ...]:
    """Cumulative figures: nothing in closed months, then in steps to the total in December."""
    first = world.month if year == world.year else 1
    figures, reached = [0] * (first - 1), floor
    for at in range(first, 13):
        left = total - reached
        reached += left if at == 12 else left * world.chance.between(0, 60) // 100 // U * U
        figures.append(reached)
    return tuple(figures)


@paper("plan.approve")
def approve(world: World) -> Document | None:
    chance = world.chance
    year = world.year + (1 if world.month == 12 and chance.one_in(2) else 0)
    administrator, programme = chance.pick(PROGRAMMES)
    expense = an_expense(world, year, administrator, programme)
    free = pool(world, year, administrator, programme)
    free += pool(world, year, administrator, programme, expense) if expense else 0
    rows = []
    for holder in chance.some(HOLDERS[administrator], 2):
        specific = chance.pick(SPECIFICS)
        line = Line(BUDGET, year, "1", administrator, programme, "100", specific)
        total = min(free, chance.between(100, 900) * U)
        if total < U or world.state.get(Collection.PLANS, plan_key(holder, line)) is not None:
            continue
        free -= total
        obligations = months(world, year, total)
        payments = tuple(figure * chance.between(50, 100) // 100 // U * U for figure in obligations[:11])
        payments = tuple(max(payments[: at + 1]) for at in range(11))
        rows.append(
            a_plan(0, holder, specific, obligations=obligations, payments=(*payments, total), expense=expense)
        )
    if not rows:
        return None
    _, _, source, _, plans = plan_document(*rows)
    return Document(ABP[administrator], "plan.approve", (BUDGET, year, source, programme, plans))


@paper("plan.amend")
def amend(world: World) -> Document | None:
    """Kind a: a part of a future month goes to December, of two positions there and back."""
    found = an_amendment(world, world.chance.pick(("a", "a", "b")))
    return None if found is None else Document(found[0], "plan.amend", found[1])


def an_amendment(world: World, kind: str) -> tuple[str, tuple[Any, ...]] | None:
    """The administrator and a certificate of amendment of the kind."""
    chance, month = world.chance, world.month
    position = world.any_of(Collection.PLANS, Plan, lambda key, _: key[1][1] == world.year)
    if position is None:
        return None
    (holder, parts), plan = position
    line = Line(*parts)
    others = [
        (other, Plan.decode(world.state.values[(Collection.PLANS, plan_key(other, line))]))
        for other in HOLDERS[line.administrator]
        if other != holder and world.state.get(Collection.PLANS, plan_key(other, line)) is not None
    ]
    step = chance.between(1, 20) * U
    rows = [(holder, plan, -step if kind == "a" or chance.one_in(2) else step)]
    if kind == "a":
        if not others:
            return None
        rows.append((others[0][0], others[0][1], step))
    start = chance.between(month, 12)
    filled = []
    for who, table, change in rows:
        both = [
            tuple(figure + (change if at >= start - 1 else 0) for at, figure in enumerate(figures))
            for figures in (table.obligations, table.payments)
        ]
        if min(map(min, both)) < 0 or both[0][11] == 0:
            return None
        filled.append(
            a_plan(
                0,
                who,
                line.specific or "",
                subprogramme=line.subprogramme,
                obligations=both[0],
                payments=both[1],
            )
        )
    cause = chance.pick((None, "transfers", "court"))
    number = f"справка {chance.between(1, 10**6)}"
    document = (line.budget, line.year, line.source, line.programme, number, kind, cause, tuple(filled))
    return ABP[line.administrator], document


@paper("plan.recode")
def recode(world: World) -> Document | None:
    chance = world.chance
    position = world.any_of(Collection.PLANS, Plan, lambda key, _: key[1][1] == world.year)
    if position is None:
        return None
    (holder, parts), _ = position
    line = Line(*parts)
    old = (holder, line.administrator, line.programme, line.subprogramme, line.specific)
    target = chance.pick(HOLDERS[line.administrator]) if chance.one_in(2) else holder
    new = (target, line.administrator, line.programme, line.subprogramme, chance.pick(SPECIFICS))
    cause = "reorganisation" if target != holder else "classification"
    head = (line.budget, line.year, line.source, f"приказ {chance.between(1, 10**6)}", world.day, cause)
    return Document("treasury", "plan.recode", (*head, ((old, new),)))


@paper("budget.refine")
def refine(world: World) -> Document | None:
    chance, year = world.chance, world.year
    data = world.state.get(Collection.BUDGETS, budget_key(BUDGET, year))
    if data is None:
        return None
    record = Budget.decode(data)
    administrator, programme = chance.pick(PROGRAMMES)
    ups = chance.between(1, 300) * U
    held = None if chance.one_in(2) else _refinement(world)
    cut = 0 if held is None else held[1]
    increases = ((administrator, programme, ups),) if chance.one_in(2) or held is None else ()
    totals = (record.costs + (ups if increases else 0) - cut, record.budget_loans, record.financial_assets)
    hold, rows = (None, 0) if held is None else (held[0], 1_000)
    head = (BUDGET, year, "1", f"закон {chance.between(1, 10**6)}", world.day)
    return Document("mof", "budget.refine", (*head, (), increases, hold, rows, *totals))


def _refinement(world: World) -> tuple[str, int] | None:
    """A block for a refinement of the open year, and what it holds."""
    from contracts.records import Hold, HoldKind

    found = world.any_of(
        Collection.HOLDS,
        Hold,
        lambda _, hold: (
            (hold.kind, hold.year) == (HoldKind.REFINEMENT, world.year)
            and hold.placed > hold.lifted + hold.consumed
        ),
    )
    return None if found is None else (found[0][0], found[1].placed - found[1].lifted - found[1].consumed)


@paper("budget.adjust")
def adjust(world: World) -> Document | None:
    chance, year = world.chance, world.year
    case = chance.pick(
        (
            "reallocation",
            "development",
            "distribution",
            "reorganisation",
            "carry_over",
            "opening_balances",
            "monitoring",
        )
    )
    giver, taker = chance.pick(PROGRAMMES), chance.pick(PROGRAMMES)
    key = appropriation_key(BUDGET, year, *giver)
    data = world.state.get(Collection.APPROPRIATIONS, key)
    if data is None or giver == taker:
        return None
    most = Appropriation.decode(data).approved // 50
    amount = max(1, chance.amount(most) // U) * U
    issuing = case in ("carry_over", "opening_balances")
    source = (None, None, None) if issuing else (*giver, None)
    quarter = (world.month - 1) // 3 * 3 + 1
    proposed = min(world.day, day_number(year, quarter, 1))
    head = (BUDGET, year, "1", case, f"постановление {chance.between(1, 10**6)}", world.day)
    return Document("mof", "budget.adjust", (*head, "комиссия 1", proposed, (), ((*source, *taker, amount),)))


@paper("carry-over.list")
def list_carry_over(world: World) -> Document:
    chance = world.chance
    rows = tuple((*programme, chance.between(0, 50) * U) for programme in chance.some(PROGRAMMES, 3))
    return Document("mof", "carry-over.list", (BUDGET, world.year, "перечень", world.day, rows))


@paper("year.close")
def close(world: World) -> Document | None:
    for year in range(2026, world.year):
        if world.state.get(Collection.BUDGETS, budget_key(BUDGET, year)) is None:
            continue
        closing = closing_of(world.state, BUDGET, year)
        if closing is None or closing.status != 2:
            return Document("treasury", "year.close", (BUDGET, year, world.chance.pick((7, 40, 1_000))))
    return None
