"""node/recount.py: every so many blocks all laws are held against the state; what is broken is alarmed."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

from contracts.records import Collection, Token
from node.assembly import DecidedBlock
from node.metrics import NodeMetrics
from node.recount import Recount
from storage.memory import MemoryState
from tests.support.year import a_plan, a_year


def a_state(*, broken: bool) -> MemoryState:
    """A budget as adopted; broken: one token has a tiyn that no document issued."""
    values = dict(a_year(a_plan(1_000)).state.values)
    if broken:
        place = next(key for key in values if key[0] == Collection.TOKENS)
        token = Token.decode(values[place])
        values[place] = Token(token.id, token.parents, token.amount + 1, token.height).encode()
    state = MemoryState()
    state.commit(0, bytes(32), values, {})
    return state


def at(height: int) -> DecidedBlock:
    return cast(DecidedBlock, SimpleNamespace(block=SimpleNamespace(header=SimpleNamespace(height=height))))


def after(state: MemoryState, *heights: int) -> dict[str, Any]:
    """Metrics after these heights were decided, with a recount every ten."""
    metrics = NodeMetrics()
    recount = Recount(cast(Any, state.snapshot), metrics, every_blocks=10)

    async def decide() -> None:
        for height in heights:
            recount.decided(at(height))
        await recount.finished()

    asyncio.run(decide())
    return {
        name: metrics.registry.get_sample_value(f"eqz_{name}") for name in ("recounted_height", "broken_laws")
    }


def test_a_sound_state_raises_no_alarm() -> None:
    assert after(a_state(broken=False), 9, 10, 11) == {"recounted_height": 10, "broken_laws": 0}


def test_a_token_that_grew_by_itself_is_found() -> None:
    found = after(a_state(broken=True), 20)
    assert found["recounted_height"] == 20
    assert found["broken_laws"] > 0


def test_between_its_heights_nothing_is_counted() -> None:
    assert after(a_state(broken=True), 1, 2, 19, 21) == {"recounted_height": 0, "broken_laws": 0}


class Held:
    """A snapshot whose first scan waits until it is let go."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self.entered, self.let_go = threading.Event(), threading.Event()
        self.is_closed = False

    def get(self, collection: str, key: bytes) -> bytes | None:
        return self._state.get(collection, key)

    def scan(self, collection: str, start: bytes, limit: int) -> Any:
        self.entered.set()
        assert self.let_go.wait(60)
        return self._state.scan(collection, start, limit)

    def close(self) -> None:
        self.is_closed = True


def test_a_node_that_ends_ends_its_recount_and_nothing_reads_any_more() -> None:
    held, metrics = Held(a_state(broken=True)), NodeMetrics()
    recount = Recount(cast(Any, lambda: held), metrics, every_blocks=10)

    async def decide() -> None:
        recount.decided(at(10))
        assert await asyncio.to_thread(held.entered.wait, 60)
        stopping = asyncio.ensure_future(recount.stop())
        await asyncio.sleep(0)
        held.let_go.set()
        await stopping

    asyncio.run(decide())
    assert held.is_closed
    assert metrics.registry.get_sample_value("eqz_recounted_height") == 0
