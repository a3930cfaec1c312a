"""Blocks as they stand in the log, and the stream of those being decided."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from chain.block import Outcome
from node.assembly import DecidedBlock
from web.ports import LedgerReader
from web.schemas import BlockOut, TransactionIn, iso_time, json_value


def routes(reader: LedgerReader) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["blocks"])

    @router.get("/blocks/{height}")
    async def block(height: Annotated[int, Path(ge=1, lt=2**63)]) -> BlockOut:
        """Everything of one height, as bytes: all an auditor needs."""
        stored = reader.block(height)
        found, results = stored.block, stored.results
        certificate = found.parent_certificate
        return BlockOut(
            height=height,
            block_id=found.block_id.hex(),
            block_time=iso_time(found.header.time_ms),
            header=found.header_bytes.hex(),
            certificate=stored.certificate.encode().hex(),
            parent_certificate=None if certificate is None else certificate.hex(),
            transactions=[
                TransactionIn(body=body.hex(), auth=auth.hex()) for body, auth in found.transactions
            ],
            outcomes=[outcome.hex() for outcome in results.outcomes],
            changes=[change.hex() for change in results.changes],
            evidence=[piece.hex() for piece in found.evidence],
        )

    @router.get("/events")
    async def events() -> StreamingResponse:
        """Server-sent events: one `block` event for every height decided from now on, with its outcomes.

        A reader that falls too far behind is cut off and asks again; blocks it missed are under /v1/blocks.
        """
        return StreamingResponse(
            _stream(reader), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    return router


async def _stream(reader: LedgerReader) -> AsyncIterator[str]:
    yield f": height {reader.status().height}\n\n"
    async for decided in reader.events():
        yield _event(decided)


def _event(decided: DecidedBlock) -> str:
    header = decided.block.header
    outcomes = [Outcome.decode(outcome) for outcome in decided.execution.outcomes]
    data = {
        "schema": "eqz.event.block/1",
        "height": header.height,
        "block_id": decided.block.block_id.hex(),
        "block_time": iso_time(header.time_ms),
        "state_root": header.state_root.hex(),
        "transactions": [
            {"tx_id": outcome.tx_id.hex(), "events": [json_value(event) for event in outcome.events]}
            for outcome in outcomes
        ],
    }
    return f"id: {header.height}\nevent: block\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
