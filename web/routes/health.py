"""Health for those who restart and those who route, metrics for those who watch."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from node.ledger import NodeStatus
from web.ports import LedgerReader
from web.schemas import HealthOut

BEHIND_HEIGHTS = 3
"""A node this far behind what peers claim is catching up: its answers are true and old."""


def reasons_not_ready(status: NodeStatus) -> list[str]:
    """Why no one should be sent here now; empty when all is well."""
    reasons = []
    heard = status.peers + status.votes
    if not 3 * heard > 2 * status.validators:
        reasons.append(f"{heard} of {status.validators} validators are heard, own votes included: no quorum")
    if status.highest_claim > status.height + 1 + BEHIND_HEIGHTS:
        reasons.append(f"catching up: height {status.height}, peers claim {status.highest_claim - 1}")
    if status.round > 2:
        reasons.append(f"height {status.height + 1} is in round {status.round}")
    return reasons


def routes(reader: LedgerReader) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health/live")
    async def live() -> HealthOut:
        """The process answers: restart it only when it does not."""
        return HealthOut(ready=True, reasons=[])

    @router.get("/health/ready", responses={503: {"model": HealthOut}})
    async def ready() -> JSONResponse:
        """Whether requests should come here; 503 with the reasons when not."""
        reasons = reasons_not_ready(reader.status())
        health = HealthOut(ready=not reasons, reasons=reasons)
        return JSONResponse(health.model_dump(by_alias=True), 200 if health.ready else 503)

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(reader.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
