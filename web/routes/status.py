"""Where this node stands."""

from __future__ import annotations

from fastapi import APIRouter

from contracts.calendar import iso_date
from web.errors import ANSWERS
from web.ports import LedgerReader
from web.schemas import StatusOut, iso_time


def routes(reader: LedgerReader) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["node"], responses=ANSWERS)

    @router.get("/status")
    async def status() -> StatusOut:
        """Height, roots, age, peers; whether this node votes."""
        now = reader.status()
        return StatusOut(
            name=now.name,
            network=now.network,
            chain_id=now.chain_id.hex(),
            height=now.height,
            block_id=now.block_id.hex(),
            state_root=now.state_root.hex(),
            block_time=iso_time(now.block_time_ms),
            age_ms=now.age_ms,
            round=now.round,
            validators=now.validators,
            votes=now.votes,
            peers=now.peers,
            highest_claim=now.highest_claim,
            mempool=now.mempool,
            operational_day=None if now.operational_day is None else iso_date(now.operational_day),
            first_height=now.first_height,
        )

    return router
