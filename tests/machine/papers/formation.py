"""Limits, requests and the first quarter without a budget: the year to come is formed beside the open one."""

from __future__ import annotations

from hashlib import sha256

from contracts.records import (
    Budget,
    Collection,
    Request,
    RequestItem,
    RequestStatus,
    budget_key,
    limit_key,
    trusted,
)
from tests.machine.papers import paper
from tests.machine.places import ABP, BUDGET, HOLDERS, PROGRAMMES, SPECIFICS, pool
from tests.machine.world import Document, World
from tests.support.year import (
    U,
    a_budget_request,
    a_consolidation,
    a_limit,
    a_programme,
    a_quarter,
    a_request_return,
    a_stage,
    an_alignment,
    an_item,
    limits,
)

BLOCKS = ("base", "base", "base", "initiatives", "growth")
LIMIT = 1_000_000
"""Units: what agreements promise of a later year is small beside it."""


def a_year_to_come(world: World) -> int | None:
    """The next year, or one after it, whose law is not recorded."""
    for year in (world.year + 1, world.year + 2):
        data = world.state.get(Collection.BUDGETS, budget_key(BUDGET, year))
        if data is None or Budget.decode(data).status == 0:
            return year
    return None


@paper("limit.set")
def set_limit(world: World) -> Document | None:
    year = a_year_to_come(world)
    if year is None:
        return None
    missing = [
        (code, one)
        for one in (year, year + 1, year + 2)
        for code in ABP
        if one <= world.year + 3 and world.state.get(Collection.LIMITS, limit_key(BUDGET, one, code)) is None
    ]
    code, one = world.chance.pick(missing or [(code, year) for code in ABP])
    row = a_limit(code, LIMIT, initiatives=LIMIT, growth=LIMIT)
    return Document("mof", "limit.set", limits(row, year=one, date=world.day))


@paper("request.form")
def form(world: World) -> Document | None:
    chance, year = world.chance, a_year_to_come(world)
    if year is None:
        return None
    administrator, programme = chance.pick(PROGRAMMES)
    holder = chance.pick(HOLDERS[administrator])
    returned = a_request_at(world, RequestStatus.FORMED)
    if returned is not None and chance.one_in(2):
        _, _, administrator, programme = returned[0]
        holder = next((name for name, _, is_back in returned[1].parts if is_back), holder)
        holder = holder if holder in HOLDERS[administrator] else chance.pick(HOLDERS[administrator])
    items = []
    for number in range(chance.between(1, 3)):
        units = chance.between(1, 200)
        items.append(
            an_item(
                f"E-{year}-{administrator}{programme}-{holder[-1]}-{chance.between(0, 3)}{number}", units,
                specific=chance.pick(SPECIFICS), block=chance.pick(BLOCKS),
            )
        )  # fmt: skip
    document = a_budget_request(*items, year=year, programme=programme)
    return Document(holder, "request.form", document)


def a_request_at(world: World, *statuses: RequestStatus) -> tuple[tuple[str, int, str, str], Request] | None:
    """Budget, year, administrator, programme and record of a request of a year whose law is not recorded."""
    year = a_year_to_come(world)
    found = world.any_of(
        Collection.REQUESTS, Request, lambda key, one: key[1] == year and one.status in statuses
    )
    return None if found is None else ((found[0][0], found[0][1], found[0][2], found[0][3]), found[1])


@paper("request.consolidate")
def consolidate(world: World) -> Document | None:
    found = a_request_at(world, RequestStatus.FORMED)
    if found is None:
        return None
    (_, year, administrator, programme), request = found
    reductions, down = _reductions(world, found[0])
    document = a_consolidation(
        0, year=year, programme=programme, amount=request.amount - down, reductions=reductions
    )
    return Document(ABP[administrator], "request.consolidate", document)


def _reductions(world: World, place: tuple[str, int, str, str]) -> tuple[tuple[tuple[str, int], ...], int]:
    """Now and then one item is lowered."""
    if world.chance.one_in(2):
        return (), 0
    item = world.any_of(
        Collection.REQUEST_ITEMS, RequestItem, lambda key, one: key[:4] == place and one.amount >= U
    )
    if item is None:
        return (), 0
    down = max(1, world.chance.amount(item[1].amount) // U) * U
    return ((item[0][4], down),), down


@paper("request.decide")
def decide(world: World) -> Document | None:
    before = (RequestStatus.CONSOLIDATED, RequestStatus.MOF, RequestStatus.GOVERNMENT, RequestStatus.MAZHILIS)
    found = a_request_at(world, *before)
    return None if found is None else _decision(world, *found)


def on_its_way(world: World, year: int) -> Document | None:
    """The next decision on a request that the law waits for, or None when none is on its way."""
    for key in world.state.keys.get(Collection.REQUESTS, []):
        place = trusted(key)
        request = Request.decode(world.state.values[(Collection.REQUESTS, key)])
        if place[1] == year and RequestStatus.MOF <= request.status < RequestStatus.SENATE:
            return _decision(world, place, request)
    return None


def _decision(world: World, place: tuple[str, int, str, str], request: Request) -> Document:
    _, year, administrator, programme = place
    status = RequestStatus(request.status + 1)
    reductions, down = _reductions(world, place)
    document = a_stage(
        status.name.lower(), 0, year=year, administrator=administrator, programme=programme, date=world.day,
        document=sha256(f"{year}{programme}".encode()).digest(), amount=request.amount - down,
        reductions=reductions,
    )  # fmt: skip
    signer = {RequestStatus.GOVERNMENT: "gov", RequestStatus.SENATE: "mazhilis"}.get(status, "mof")
    return Document(signer if world.chance.one_in(2) else "mof", "request.decide", document)


@paper("request.return")
def send_back(world: World) -> Document | None:
    found = a_request_at(world, *tuple(RequestStatus)[:6])
    if found is None:
        return None
    (_, year, administrator, programme), request = found
    back = "formed"
    if request.status > RequestStatus.CONSOLIDATED:
        back = RequestStatus(world.chance.between(RequestStatus.FORMED, request.status - 1)).name.lower()
    document = a_request_return(back, year=year, administrator=administrator, programme=programme)
    signer = ABP[administrator] if request.status == RequestStatus.FORMED else "mof"
    return Document(signer, "request.return", document)


@paper("request.align")
def align(world: World) -> Document | None:
    found = world.any_of(
        Collection.REQUEST_ITEMS,
        RequestItem,
        lambda key, one: key[1] in (world.year, world.year + 1) and one.amount > 0,
    )
    if found is None:
        return None
    (_, year, administrator, programme, expense), _ = found
    free = pool(world, year, administrator, programme)
    units = min(world.chance.between(1, 20), free // U)
    if units < 1:
        return None
    document = an_alignment((expense, units, 0), year=year, programme=programme)
    return Document(ABP[administrator], "request.align", document)


@paper("budget.quarter")
def quarter(world: World) -> Document | None:
    year = world.year + 1
    if world.month < 12 or world.state.get(Collection.BUDGETS, budget_key(BUDGET, year)) is not None:
        return None
    rows = tuple(
        a_programme(programme, 4_000, administrator=administrator) for administrator, programme in PROGRAMMES
    )
    return Document("mof", "budget.quarter", a_quarter(*rows, year=year, decree_date=world.day))
