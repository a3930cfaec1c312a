"""Blocks as they stand in the log, and the stream of those being decided."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from chain.block import Outcome
from node.assembly import DecidedBlock
from web.errors import ANSWERS
from web.ports import EventStream, LedgerReader
from web.schemas import BlockOut, ConsistencyOut, TransactionIn, iso_time, json_value

KEEP_ALIVE_SECONDS = 15.0
"""Below the minute after which proxies close a silent connection."""

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`id` is the height, `data` one JSON object `eqz.event.block/1`: height, block_id, "
        "block_time, state_root, transactions with tx_id and events.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


Size = Annotated[int, Query(ge=1, lt=2**63, description="leaves: the history root of header h has size h")]


def routes(reader: LedgerReader) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["blocks"], responses=ANSWERS)

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

    @router.get("/consistency")
    async def consistency(old: Size, new: Size) -> ConsistencyOut:
        """That nothing decided before was changed: for a light client that keeps the last size and root."""
        path = reader.consistency(old, new)
        stored = reader.block(new) if new <= reader.status().height else None
        return ConsistencyOut(
            old=old,
            new=new,
            path=[sibling.hex() for sibling in path],
            header=None if stored is None else stored.block.header_bytes.hex(),
            certificate=None if stored is None else stored.certificate.encode().hex(),
        )

    @router.get("/events", response_class=StreamingResponse, responses=_EVENTS)
    async def events() -> StreamingResponse:
        """Server-sent events: one `block` event for every height decided from now on, with its outcomes.

        A reader that falls too far behind is cut off and asks again; blocks it missed are under /v1/blocks.
        """
        stream = reader.events()
        return StreamingResponse(
            _told(stream, reader.status().height),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    return router


async def _told(stream: EventStream, height: int) -> AsyncIterator[str]:
    """A first line with the height after which the events come; a comment while nothing happens, so that a
    reader that went away is noticed."""
    waiting: asyncio.Task[DecidedBlock | None] | None = None
    try:
        yield f": height {height}\n\n"
        while True:
            waiting = waiting or asyncio.ensure_future(stream.next())
            done, _ = await asyncio.wait((waiting,), timeout=KEEP_ALIVE_SECONDS)
            if not done:
                yield ": still here\n\n"
                continue
            decided = waiting.result()
            waiting = None
            if decided is None:
                return
            yield event_of(decided)
    finally:
        stream.close()
        if waiting is not None:
            waiting.cancel()


@lru_cache(maxsize=2)
def event_of(decided: DecidedBlock) -> str:
    """The event of one block; the same text for every reader."""
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
