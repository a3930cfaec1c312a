"""Where the money of each year stands in the end, added up from the tokens themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cli.amounts import tenge_of
from cli.documents import Json
from contracts.records import Collection, Stage, Token, TokenKey
from contracts.state import StateReader

PAGE: Final = 1 << 20

STATUSES: Final[Mapping[str, tuple[Stage, ...]]] = {
    "announced": (Stage.REQUESTED, Stage.APPROVED, Stage.ADOPTED, Stage.ALLOCATED),
    "contracted": (Stage.REGISTERED,),
    "placed": (Stage.PAYABLE, Stage.RETAINED),
    "redeemed": (Stage.ADVANCED, Stage.PAID, Stage.RECOVERED),
    "blocked": (),
    "annulled": (Stage.DECLINED, Stage.REFINED, Stage.SEQUESTERED, Stage.LAPSED, Stage.CARRIED),
}
"""The six statuses of the concept and their stages; blocked is what a hold keeps, whatever its stage."""


def money_of(state: StateReader, budget: str) -> dict[int, dict[str, Json]]:
    """Year -> statuses and stages in tenge, held amounts under `blocked` and not under their stage."""
    found: dict[int, dict[Stage | None, int]] = {}
    for place, value in state.scan(Collection.TOKENS, b"", PAGE):
        key = TokenKey.decode(place)
        if key.line.budget == budget:
            stage = None if key.hold is not None else Stage(key.stage)
            sums = found.setdefault(key.line.year, {})
            sums[stage] = sums.get(stage, 0) + Token.decode(value).amount
    return {year: _named(sums) for year, sums in sorted(found.items())}


def _named(sums: Mapping[Stage | None, int]) -> dict[str, Json]:
    held = sums.get(None, 0)
    statuses: dict[str, Json] = {
        name: tenge_of(held if name == "blocked" else sum(sums.get(stage, 0) for stage in stages))
        for name, stages in STATUSES.items()
    }
    stages: dict[str, Json] = {stage.name.lower(): tenge_of(sums.get(stage, 0)) for stage in Stage}
    return {"issued": tenge_of(sum(sums.values())), "statuses": statuses, "stages": stages}
