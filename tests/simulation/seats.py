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
from node.config import Disk as DiskConfig
from node.config import NodeConfig, Peer
from node.node import Node, start
from node.opening import found_journal, journal_path
from node.world import Identity, Links, World
from tests.simulation.clock import OUTSIDE, PACE, InlineExecutor, Pace, WallClock
from tests.simulation.wires import Endpoint
from tests.support.simulated_database import opener
from tests.support.simulated_disk import Kept, Operation, PowerCut, SimulatedDisk

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)
"""In whose name the running callback acts."""

JOURNAL_TAIL = 65_536
"""Where a message that has just been recorded is looked for first."""

RESERVE_BYTES = 1 << 20
"""Free space below which a node signs nothing, small enough for small disks."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who sits at a machine: an institution and the key of its validator."""

    name: str
    key: SigningKey


class Process:
    """One life of a node."""

    def __init__(self, seat: Seat, life: int, pace: Pace) -> None:
        self.seat = seat
        self.life = life
        self.pace = pace
        self.is_alive = True
        self.node: Node | None = None
        self.endpoint: Endpoint | None = None
        self.tasks: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"{self.seat.name}, life {self.life}"

    def context(self) -> Context:
        """In which everything of this process runs."""
        context = Context()
        context.run(PROCESS.set, self)
        context.run(PACE.set, self.pace)
        return context


class Seat:
    """A machine: what stays when its process dies."""

    def __init__(
        self,
        number: int,
        name: str,
        member: Member,
        members: tuple[Member, ...],
        world: Simulation,
        *,
        is_honest: bool = True,
    ) -> None:
        self.number = number
        self.name = name
        self.member = member
        self.address: Address = member.key.address
        self.is_honest = is_honest
        self.clock = WallClock(world.loop)
        self.slowness_seconds = 0.0
        self.disk = SimulatedDisk()
        self.lives = 0
        self.process: Process | None = None
        self.disguise: Callable[[Process, Endpoint], Links] = lambda process, endpoint: endpoint
        """What a liar's node speaks through."""
        self.on_start: Callable[[Process], None] = lambda process: None
        self.forgets = False
        """Its disk may lose what it called durable, or lost a file: it may contradict itself."""
        self.rots = False
        """Bytes of its block log changed: of several damaged heights at the end all but the first are gone
        until the peers bring them."""
        self.may_fail = False
        """Its disk has given it a reason to stop."""
        self.is_silenced = False
        """Its journal was lost: its key must never sign again."""
        self.acts_to_live: int | None = None
        """When it has sent so many messages and asked its disk so often, it is killed."""
        self._world = world
        self._kept: Kept | None = None
        self._was_cut = False
        self._fault: Callable[[Operation], None] | None = None
        peers = tuple(
            Peer(
                institution=one.name, address=one.key.address.hex(), certificate_sha256=one.key.address.hex()
            )
            for one in members
            if one.name != member.name
        )
        self.directory = Path("/") / name
        self.config = NodeConfig(
            name=name,
            genesis_hash=world.chain_id.hex(),
            peers=peers,
            disk=DiskConfig(reserve_bytes=RESERVE_BYTES),
            directory=self.directory,
        )
        self._identity = Identity(world.genesis.encode(), world.genesis, member.key)
        self.disk.prepare(self.directory)
        found_journal(self.directory, self.address, self.disk)
        self.disk.before, self.disk.after = self._before, self._after

    def __repr__(self) -> str:
        return self.name

    @property
    def node(self) -> Node | None:
        """The node that is up, past its start."""
        return None if self.process is None else self.process.node

    @property
    def journal(self) -> Path:
        return journal_path(self.config, self.address)

    # --- life

    def start(self) -> None:
        """Begin the next life, unless one is under way."""
        if self.process is not None or self._world.watch.is_over:
            return
        if self._was_cut:
            self.disk.power_cut(self._world.disk_random, self._kept)
        else:
            self.disk.process_killed()
        self.lives += 1
        pace = Pace(self._world.loop)
        pace.cost_seconds = self.slowness_seconds
        process = self.process = Process(self, self.lives, pace)
        self._world.watch.began(process)
        task = self._world.loop.create_task(self._live(process), context=process.context())
        process.tasks.add(task)
        task.add_done_callback(lambda task: self._ended(process, task), context=OUTSIDE)

    def crash(self, kept: Kept | None = Kept.ALL, *, is_cut: bool = False) -> None:
        """The process is killed; with `is_cut` the power goes, and `kept` says what is left of what was not
        synced. Nothing of it reaches disk or wires any more."""
        process = self.process
        if process is None:
            return
        self.process = None
        process.is_alive = False
        self.disk.is_off = True
        self._was_cut, self._kept = is_cut, kept
        if process.endpoint is not None:
            process.endpoint.close()
        self._world.watch.died(process)
        for task in list(process.tasks):
            task.cancel()
        process.pace.hurry()

    def heal(self) -> None:
        """The clock is right, the machine as fast as any, and its disk does what it is told."""
        self.clock.heal()
        self.slow_down(0.0)
        self.acts_to_live = None
        self.disk.lies = False
        self.disk.capacity_bytes = None
        self._fault = None

    def slow_down(self, seconds: float) -> None:
        """Every callback takes so long from now on."""
        self.slowness_seconds = seconds
        if self.process is not None:
            self.process.pace.cost_seconds = seconds

    def fail_on(self, fault: Callable[[Operation], None] | None) -> None:
        """Raises an OSError for the operations that are to fail."""
        self._fault = fault
        self.may_fail = True

    def has(self, path: Path) -> bool:
        """Whether its disk has this file or directory."""
        return self.disk._found(path) is not None

    def used_bytes(self) -> int:
        return self.disk._used_bytes()

    # --- what it does

    def holds_durably(self, message: bytes) -> bool:
        """Whether a power cut now would leave this own message in the journal."""
        file = self.disk._found(self.journal)
        durable: bytearray | None = getattr(file, "durable", None)
        if durable is None:
            return False
        return message in durable[-JOURNAL_TAIL:] or message in durable

    def acts(self) -> bool:
        """A message is about to leave; whether the process lives to send it."""
        if self.acts_to_live is not None:
            self.acts_to_live -= 1
            if self.acts_to_live < 0:
                self.acts_to_live = None
                self._world.mischief.killed(self)
        return self.process is not None

    def _before(self, operation: Operation) -> None:
        if self._fault is not None:
            self._fault(operation)
        if not self.acts():
            raise PowerCut(f"{self}: before {operation}")

    def _after(self, operation: Operation) -> None:
        if not self.acts():
            raise PowerCut(f"{self}: after {operation}")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Something a client makes this process do."""
        process = self.process
        assert process is not None
        task = self._world.loop.create_task(work, context=process.context())
        process.tasks.add(task)

        def done(task: asyncio.Task[Any]) -> None:
            process.tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None and process.is_alive and process.node is not None:
                process.node.driver.fail(error)

        task.add_done_callback(done, context=OUTSIDE)

    async def _live(self, process: Process) -> None:
        def links(config: NodeConfig, identity: Identity, height: Callable[[], int]) -> Links:
            endpoint = process.endpoint = Endpoint(self._world.wires, self)
            return self.disguise(process, endpoint)

        world = World(
            clock=self.clock,
            executor=InlineExecutor,
            links=links,
            disk=self.disk,
            open_database=opener(self.disk),
        )
        node = await start(self.config, self._identity, world)
        try:
            process.node = node
            self._world.watch.up(process, node)
            self.on_start(process)
            await node.run()
        finally:
            node.close()

    def _ended(self, process: Process, task: asyncio.Task[None]) -> None:
        process.tasks.discard(task)
        if not process.is_alive or self._world.watch.is_over:
            if not task.cancelled():
                task.exception()
            return
        self.process = None
        process.is_alive = False
        self._was_cut = False
        assert not task.cancelled(), f"{process} was cancelled by itself"
        self._world.watch.ended(process, task.exception())
