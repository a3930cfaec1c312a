"""Where money stands in the driven world: its budget, programmes, administrators and institutions."""

from __future__ import annotations

from contracts.records import Line, Stage, TokenKey
from contracts.tokens import amount_of
from tests.machine.world import World

BUDGET = "01.kz"
PROGRAMMES = (("226", "001"), ("226", "067"), ("228", "001"), ("228", "003"))
ABP = {"226": "moh", "228": "mot"}
HOLDERS = {"226": ("gu-2260101", "gu-2260102"), "228": ("gu-2280101", "gu-2280102")}
SPECIFICS = ("159", "159", "149", "151", "414", "431", "111", "161")


def pool(world: World, year: int, administrator: str, programme: str) -> int:
    """What an administrator has of a programme, undistributed and free."""
    line = Line(BUDGET, year, "1", administrator, programme, None, None)
    return amount_of(world.state, TokenKey(line, ABP[administrator], None, Stage.ADOPTED))
