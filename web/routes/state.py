"""State: one value with its proof, pages of a collection, totals of a budget year; now or at a height."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from contracts.records import STATUSES, Balance
from contracts.rejection import tenge
from web.errors import ANSWERS
from web.ports import LedgerReader
from web.schemas import PairOut, ProgrammeOut, ScanOut, TotalsOut, ValueOut

PAGE_MAXIMUM = 1_000
"""Pairs of one page of the state."""

Collection = Annotated[str, Path(pattern=r"^[a-z-]{1,32}$")]
Key = Annotated[
    str, Path(pattern=r"^(-|([0-9a-f]{2}){1,512})$", description="hexadecimal; `-` is the empty key")
]
HexQuery = Annotated[str, Query(pattern=r"^([0-9a-f]{2}){0,520}$")]
HeightQuery = Annotated[int | None, Query(ge=0, lt=2**63)]


def routes(reader: LedgerReader) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["state"], responses=ANSWERS)

    @router.get("/state/{collection}/{key}")
    async def value(
        collection: Collection,
        key: Key,
        height: HeightQuery = None,
        proof: Annotated[int, Query(ge=0, le=1)] = 0,
    ) -> ValueOut:
        """One value. With `proof=1` (now only) also the proof, and the header of the same height with its
        certificate; at height 0 there is no header yet, the genesis itself says what it holds."""
        place = b"" if key == "-" else bytes.fromhex(key)
        answer = reader.get(collection, place, height, bool(proof))
        value = None if answer.value is None else answer.value.hex()
        if answer.proof is None or answer.height == 0:
            return ValueOut(height=answer.height, collection=collection, key=place.hex(), value=value)
        stored = reader.block(answer.height)
        return ValueOut(
            height=answer.height,
            collection=collection,
            key=place.hex(),
            value=value,
            proof=answer.proof.encode().hex(),
            header=stored.block.header_bytes.hex(),
            certificate=stored.certificate.encode().hex(),
        )

    @router.get("/state/{collection}")
    async def collection_page(
        collection: Collection,
        prefix: HexQuery = "",
        after: HexQuery = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAXIMUM)] = 100,
        height: HeightQuery = None,
    ) -> ScanOut:
        """Pairs whose key begins with `prefix`, from just after the key `after` on."""
        begin = bytes.fromhex(prefix)
        start = max(begin, bytes.fromhex(after) + b"\x00") if after else begin
        at = reader.status().height if height is None else height
        page = await reader.scan(collection, start, limit + 1, height)
        found = [pair for pair in page if pair[0].startswith(begin)]
        items = [PairOut(key=key.hex(), value=value.hex()) for key, value in found[:limit]]
        following = items[-1].key if len(found) > limit else None
        return ScanOut(height=at, collection=collection, items=items, next=following)

    @router.get("/totals")
    async def totals(
        budget: Annotated[str, Query(pattern=r"^[a-z0-9.-]{1,32}$")] = "01.kz",
        year: Annotated[int, Query(ge=1, le=9999)] = 2026,
        height: HeightQuery = None,
    ) -> TotalsOut:
        """The six statuses of a budget year, in all and by programme."""
        at = reader.status().height if height is None else height
        balances = await reader.programme_balances(budget, year, height)
        sums = {name: sum(balance.total(slots) for _, _, balance in balances) for name, slots in STATUSES}
        return TotalsOut(
            height=at,
            budget=budget,
            year=year,
            statuses={name: tenge(amount) for name, amount in sums.items()},
            issued=tenge(sum(balance.issued for _, _, balance in balances)),
            programmes=[
                ProgrammeOut(
                    administrator=administrator,
                    programme=programme,
                    issued=tenge(balance.issued),
                    statuses=_statuses(balance),
                )
                for administrator, programme, balance in balances
            ],
        )

    return router


def _statuses(balance: Balance) -> dict[str, str]:
    return {name: tenge(balance.total(slots)) for name, slots in STATUSES}
