"""Four whole nodes over memory doors on one loop, of which some may be away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from chain.block import Results
from chain.types import Address, Height, Round
from consensus.records import HeightEnded, encode_record
from node.assembly import Tip
from node.history import grown
from storage.memory import MemoryBlockLog, MemoryJournal, MemoryState
from tests.support.node import (
    MemoryNode,
    TestClock,
    TestTransport,
    a_certificate,
    a_node,
    address_of_validator,
    block_on,
)

MEMBERS = ("mof", "treasury", "moh", "mot")
PATIENCE_SECONDS = 120.0
NOBODY = Address(bytes(32))


@dataclass(slots=True)
class Link(TestTransport):
    """What is sent arrives in the other's inbox, if that one is up."""

    address: Address = NOBODY
    others: dict[Address, Link] = field(default_factory=dict)
    is_up: bool = True

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        other = self.others[address]
        if not other.is_up:
            return False
        other.deliver(self.address, kind, payload)
        return True

    def connected(self) -> Sequence[Address]:
        return tuple(peer for peer in self.peers if self.others[peer].is_up)


def four_nodes(away: Iterable[str] = (), height: int = 0, **params: Any) -> dict[str, MemoryNode]:
    """By name. Those away hear nothing until `come_back` and are at genesis; the others have decided
    `height` empty blocks already."""
    clock = TestClock(tick_ms=1)
    links = {address_of_validator(name): Link() for name in MEMBERS}
    for address, link in links.items():
        link.address, link.others = address, {**links}
        link.peers = [other for other in links if other != address]
    past = Past.of(height, clock, params)
    nodes: dict[str, MemoryNode] = {}
    for name in MEMBERS:
        link = links[address_of_validator(name)]
        link.is_up = name not in away
        given = {**params, **past.copied()} if link.is_up else params
        nodes[name] = a_node(name, members=MEMBERS, clock=clock, transport=link, **given)
    return nodes


@dataclass(frozen=True, slots=True)
class Past:
    """Blocks that were decided before the story begins, with the state after them."""

    blocks: MemoryBlockLog
    state: MemoryState
    tip: Tip | None

    @classmethod
    def of(cls, height: int, clock: TestClock, params: dict[str, Any]) -> Past:
        past = cls(MemoryBlockLog(), MemoryState(), None)
        author = a_node(None, members=MEMBERS, state=past.state, clock=clock, **params)
        tip = author.driver.tip
        for at in range(1, height + 1):
            proposer = author.application.validators_at(at).proposer(Height(at), Round(0))
            name = next(one for one in MEMBERS if address_of_validator(one) == proposer)
            block, executed = block_on(author.application, tip, (), clock.now_ms(), proposer=name)
            certificate = a_certificate(author, block, *MEMBERS[:3]).encode()
            execution = executed.execution
            results = Results(execution.outcomes, execution.changes).encode()
            past.blocks.append(at, block.encode(), results, certificate)
            _, history = grown(tip.history, block.block_id)
            author.application.apply(at, execution, (), history)
            tip = tip.child(block, certificate)
        author.close()
        return cls(past.blocks, past.state, tip)

    def copied(self) -> dict[str, Any]:
        """What one node is given of it, its journal at the end of the last height included."""
        if self.tip is None or not self.tip.height:
            return {}
        journal = MemoryJournal()
        journal.append(encode_record(HeightEnded(Height(self.tip.height))))
        return {
            "blocks": deepcopy(self.blocks),
            "state": deepcopy(self.state),
            "tip": self.tip,
            "journal": journal,
        }


def come_back(node: MemoryNode) -> None:
    assert isinstance(node.transport, Link)
    node.transport.is_up = True


class Running:
    """Drivers that run; what ends one is kept for who asks."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, *nodes: MemoryNode) -> None:
        for node in nodes:
            self._tasks[id(node)] = asyncio.create_task(node.driver.run())

    def ended(self, node: MemoryNode) -> BaseException | None:
        """What ended this node, None while it runs."""
        task = self._tasks[id(node)]
        return task.exception() if task.done() else None

    async def until(self, is_reached: Callable[[], bool], may_end: MemoryNode | None = None) -> None:
        """Let the nodes work until this is true. Fails when one of them ends that may not, and when it takes
        too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while not is_reached():
            for key, task in self._tasks.items():
                if task.done() and (may_end is None or key != id(may_end)):
                    task.result()
            assert loop.time() < deadline, "the nodes did not come so far"
            await asyncio.sleep(0)

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@asynccontextmanager
async def running(nodes: dict[str, MemoryNode], *names: str) -> AsyncIterator[Running]:
    """The drivers of these, all when none is named; stopped and closed at the end."""
    group = Running()
    group.start(*(nodes[name] for name in names or nodes))
    try:
        yield group
    finally:
        await group.stop()
        for node in nodes.values():
            node.close()
