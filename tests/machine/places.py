"""Where money stands in the driven world: its budget, programmes, administrators and institutions."""

from __future__ import annotations

from contracts.records import (
    Collection,
    Line,
    RequestItem,
    Stage,
    Token,
    TokenKey,
    prefix_of,
)
from contracts.tokens import amount_of
from tests.machine.world import World

BUDGET = "01.kz"
PROGRAMMES = (("226", "001"), ("226", "067"), ("228", "001"), ("228", "003"))
ABP = {"226": "moh", "228": "mot"}
HOLDERS = {"226": ("gu-2260101", "gu-2260102"), "228": ("gu-2280101", "gu-2280102")}
SPECIFICS = ("159", "159", "149", "151", "414", "431", "111", "161")


def pool(world: World, year: int, administrator: str, programme: str, expense: str | None = None) -> int:
    """What an administrator has of a programme, undistributed and free."""
    line = Line(BUDGET, year, "1", administrator, programme, None, None)
    return amount_of(world.state, TokenKey(line, ABP[administrator], expense, Stage.ADOPTED))


def an_expense(world: World, year: int, administrator: str, programme: str) -> str | None:
    """An expense id under which the administrator has adopted money, now and then; else none."""
    found = world.any_of(
        Collection.REQUEST_ITEMS,
        RequestItem,
        lambda key, one: key[1:4] == (year, administrator, programme) and one.aligned > 0,
    )
    return found[0][4] if found is not None and world.chance.one_in(2) else None


def free_money(world: World, holder: str, line: Line) -> list[tuple[str | None, int]]:
    """Expense id and amount of what is allocated there and not held."""
    prefix = prefix_of(8, line.value(), holder)
    found = []
    for key, value in world.state.scan(Collection.TOKENS, prefix, 200):
        if not key.startswith(prefix):
            break
        place = TokenKey.decode(key)
        if place.stage is Stage.ALLOCATED and place.hold is None:
            found.append((place.expense, Token.decode(value).amount))
    return found
