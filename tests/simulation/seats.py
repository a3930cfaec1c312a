"""One machine of the simulated network and the processes that live on it, one after another.

A process is a real node: `node.node.start` and `Node.run` over this machine's disk, clock and links. A crash
takes the links and the power of the disk first, then lets the tasks fall; what they still do reaches nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chain.keys import SigningKey
from chain.types import Address
from node.config import NodeConfig, Peer
from node.node import Node, start
from node.opening import found_journal
from node.world import Identity, Links, World
from tests.simulation.clock import OUTSIDE, PACE, InlineExecutor, Pace, WallClock
from tests.simulation.wires import Endpoint

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)
"""In whose name the running callback acts."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who sits at a machine: an institution and the key of its validator."""

    name: str
    key: SigningKey


class Process:
    """One life of a node."""

    def __init__(self, seat: Seat, life: int) -> None:
        self.seat = seat
        self.life = life
        self.is_alive = True
        self.node: Node | None = None
        self.endpoint: Endpoint | None = None
        self.task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"{self.seat.name}, life {self.life}"


class Seat:
    """A machine: what stays when its process dies."""

    def __init__(
        self,
        number: int,
        name: str,
        member: Member,
        members: tuple[Member, ...],
        world: Simulation,
        directory: Path,
        *,
        is_honest: bool = True,
    ) -> None:
        self.number = number
        self.name = name
        self.member = member
        self.address: Address = member.key.address
        self.is_honest = is_honest
        self.clock = WallClock(world.loop)
        self.pace = Pace(world.loop)
        self.lives = 0
        self.process: Process | None = None
        self.disguise: Callable[[Endpoint], Links] = lambda endpoint: endpoint
        """What a liar's node speaks through."""
        self.on_start: Callable[[Process], None] = lambda process: None
        self.sendings_to_live: int | None = None
        """When it has sent so many messages more, it is killed."""
        self._world = world
        self._tasks: set[asyncio.Task[Any]] = set()
        genesis = world.genesis
        directory.mkdir()
        self._identity = Identity(genesis.encode(), genesis, member.key)
        peers = tuple(
            Peer(institution=one.name, address=one.key.address.hex(), certificate_sha256="00" * 32)
            for one in members
            if one.name != member.name
        )
        self.config = NodeConfig(
            name=name, genesis_hash=genesis.chain_id.hex(), peers=peers, directory=directory
        )

    def __repr__(self) -> str:
        return self.name

    @property
    def node(self) -> Node | None:
        """The node that is up, past its start."""
        return None if self.process is None else self.process.node

    def start(self) -> None:
        """Begin the next life, unless one is under way."""
        if self.process is not None:
            return
        self.lives += 1
        if self.lives == 1:
            found_journal(self.config.directory, self.address)
        process = self.process = Process(self, self.lives)
        context = Context()
        context.run(PROCESS.set, process)
        context.run(PACE.set, self.pace)
        self._world.watch.began(process)
        process.task = self._world.loop.create_task(self._live(process), context=context)
        process.task.add_done_callback(lambda task: self._ended(process, task), context=OUTSIDE)

    def crash(self) -> None:
        """The power goes: nothing of this process reaches disk or wires any more."""
        process = self.process
        if process is None:
            return
        self.process = None
        process.is_alive = False
        if process.endpoint is not None:
            process.endpoint.close()
        self._world.watch.died(process)
        if process.task is not None:
            process.task.cancel()

    def heal(self) -> None:
        """The clock is right, the machine as fast as any."""
        self.clock.heal()
        self.pace.cost_seconds = 0.0
        self.sendings_to_live = None

    def sends(self) -> None:
        """A message is about to leave."""
        if self.sendings_to_live is not None:
            self.sendings_to_live -= 1
            if self.sendings_to_live < 0:
                self.sendings_to_live = None
                self._world.mischief.killed(self)

    def spawn(self, work: Coroutine[Any, Any, Any], context: Context) -> None:
        """Something a client makes this process do."""
        process = self.process
        task = self._world.loop.create_task(work, context=context)
        self._tasks.add(task)

        def done(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None and process is not None and process.is_alive and process.node is not None:
                process.node.driver.fail(error)

        task.add_done_callback(done, context=OUTSIDE)

    async def _live(self, process: Process) -> None:
        def links(config: NodeConfig, identity: Identity, height: Callable[[], int]) -> Links:
            endpoint = process.endpoint = Endpoint(self._world.wires, self)
            return self.disguise(endpoint)

        world = World(clock=self.clock, executor=InlineExecutor, links=links)
        node = await start(self.config, self._identity, world)
        try:
            process.node = node
            self._world.watch.up(process, node)
            self.on_start(process)
            await node.run()
        finally:
            node.close()

    def _ended(self, process: Process, task: asyncio.Task[None]) -> None:
        if not process.is_alive:
            if not task.cancelled():
                task.exception()
            return
        self.process = None
        process.is_alive = False
        assert not task.cancelled(), f"{process} was cancelled by itself"
        self._world.watch.ended(process, task.exception())
