"""A whole network in one thread: machines, wires, disks, clients and trouble, all from one seed.

A run has two phases. In the first anything may happen that the ledger promises to survive; then everything
heals, and what is pending must be committed on every machine within a bound (I12).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import Context
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any
from unittest.mock import patch

import structlog

from chain.certificate import CommitCertificate, SignedProposal, Vote
from chain.errors import StorageError
from chain.genesis import Params
from chain.transaction import SignedTransaction
from chain.types import Address, Hash32
from consensus.messages import ProposalMessage, Status, Votes
from node.ledger import TransactionStatus
from tests.simulation.clock import OUTSIDE, VirtualLoop
from tests.simulation.liars import MASKS, corrupt
from tests.simulation.mischief import Mischief
from tests.simulation.options import Options
from tests.simulation.seats import PROCESS, Member, Process, Seat
from tests.simulation.stub_keys import stub_signatures
from tests.simulation.watch import Watch
from tests.simulation.wires import Weather, Wires
from tests.simulation.workload import Clients
from tests.support.budget import a_genesis, key_of_validator
from tests.support.simulated_disk import PowerCut

NAMES = ("mof", "treasury", "moh", "mot", "vap", "gu-2260101", "gu-2280101")
"""Institutions with a validator, the first n of them."""

DECODINGS_KEPT = 1_024

HEALED_SECONDS = 300.0
"""I12: so long after healing everything pending is committed everywhere. Rounds that grew long and clocks
that were a minute ahead need most of it."""


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run was. `marks`: rare situations and how often they were met; `faults`: what was done to it."""

    options: Options
    trace_hash: str
    events: int
    heights: int
    transactions: int
    virtual_ms: int
    marks: dict[str, int]
    faults: dict[str, int]


class Simulation:
    """One run of one set of options."""

    def __init__(self, options: Options, *, is_told: bool = False) -> None:
        self.options = options
        self.random = random = Random(f"world {options.seed}")
        self.disk_random = Random(f"disks {options.seed}")
        self.loop = VirtualLoop()
        self.faults: Counter[str] = Counter()
        self.watch = Watch(self, is_told=is_told)
        self.seen = self.watch.seen
        members = tuple(Member(name, key_of_validator(name)) for name in NAMES[: options.n])
        idle_ms = 300 if options.is_absence else random.choice((300, 2_000, 30_000))
        self.genesis = a_genesis(
            members=NAMES[: options.n],
            params=Params.default(idle_ms=idle_ms, block_interval_ms=random.choice((0, 200))),
        )
        self.chain_id = self.genesis.chain_id
        self.validators = self.genesis.validator_set()
        self.wires = Wires(self.loop, Random(f"wires {options.seed}"), self.watch.sent)
        self.seats = self._seated(members)
        self.clients = Clients(self, Random(f"clients {options.seed}"), options.documents, options.has_story)
        self.mischief = Mischief(self, Random(f"mischief {options.seed}"))
        self.is_healed = False

    def _seated(self, members: tuple[Member, ...]) -> list[Seat]:
        """One machine for each member, two for twins; which members lie is drawn."""
        liars = dict(
            zip(self.random.sample(range(len(members)), len(members)), self.options.liars, strict=False)
        )
        seats: list[Seat] = []
        for index, member in enumerate(members):
            kind = liars.get(index)
            for name in (member.name, f"{member.name}-twin") if kind == "twins" else (member.name,):
                seat = Seat(len(seats), name, member, members, self, is_honest=kind is None)
                if kind is not None:
                    self._make_lie(seat, kind)
                seats.append(seat)
        return seats

    def _make_lie(self, seat: Seat, kind: str) -> None:
        def begun(process: Process) -> None:
            assert process.node is not None
            corrupt(process.node)

        seat.on_start = begun
        if kind in MASKS:
            seat.disguise = lambda process, endpoint: MASKS[kind](self, process, endpoint)
        self.faults[f"liar: {kind}"] += 1

    # --- who

    @property
    def now_ms(self) -> int:
        return int(self.loop.time() * 1000)

    @property
    def honest(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.is_honest]

    @property
    def blameless(self) -> frozenset[Address]:
        """Keys that never signed two contents."""
        return frozenset(seat.address for seat in self.honest if not seat.forgets)

    @property
    def up(self) -> list[Seat]:
        """Honest machines whose node answers."""
        return [seat for seat in self.honest if seat.node is not None]

    # --- the run

    def run(self) -> Outcome:
        """Raises whatever does not hold, with the options in a note."""
        task = self.loop.create_task(self._play(), context=Context())
        task.add_done_callback(self._played, context=OUTSIDE)
        try:
            self.loop.run_forever()
            task.result()
            return Outcome(
                self.options,
                self.watch.trace_hash,
                self.watch.events,
                len(self.watch.chain),
                sum(len(block.transactions) for block in self.watch.chain.values()),
                self.now_ms,
                dict(sorted(self.seen.items())),
                dict(sorted((self.faults + self.wires.happened).items())),
            )
        except BaseException as error:
            error.add_note(f"at {self.loop.time():.3f} s of {self.options}")
            raise
        finally:
            self._clean_up(task)

    def fail(self, what: str, cause: BaseException | None = None) -> None:
        """End the run: something does not hold."""
        broken = Broken(what)
        broken.__cause__ = cause
        self.loop.broken = self.loop.broken or broken
        self.loop.stop()
        raise broken

    def _played(self, task: asyncio.Task[None]) -> None:
        self.loop.stop()

    async def _play(self) -> None:
        self.mischief.begin()
        for seat in self.seats:
            if self.options.is_absence and seat is self.honest[0]:
                self.watch.is_absent(seat)
            else:
                self.loop.call_later(self.random.uniform(0, 0.5), seat.start, context=OUTSIDE)
        serving = self._going_on(self._serve())
        troubling = self._going_on(self.mischief.run())
        await self._until(lambda: len(self.watch.chain) >= self.options.heights, self.options.seconds)
        troubling.cancel()
        self._heal()
        is_done = await self._until(self._is_settled, HEALED_SECONDS)
        serving.cancel()
        if not is_done:
            self.fail(f"I12: {self._what_is_open()}")
        self.watch.at_the_end()

    def _going_on(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Beside the play; what it raises ends the run."""
        task = asyncio.create_task(work)

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled():
                task.result()

        task.add_done_callback(ended, context=OUTSIDE)
        return task

    async def _serve(self) -> None:
        while True:
            self.clients.turn()
            await asyncio.sleep(self.clients.random.uniform(0.05, 0.4))

    async def _until(self, is_reached: Any, seconds: float) -> bool:
        end = self.loop.time() + seconds
        while not is_reached():
            if self.loop.time() >= end:
                return False
            await asyncio.sleep(0.1)
        return True

    def _heal(self) -> None:
        """The network is calm, clocks are right, disks obey, who was felled gets up."""
        self.is_healed = True
        self.wires.weather = Weather()
        self.mischief.heal()
        for seat in self.seats:
            seat.heal()
            if seat.may_fail:
                seat.crash()  # its next start looks at every byte
            seat.start()
        self.clients.finish()
        self.clients.last_wishes()
        self.watch.note("healed", 0)

    def _is_settled(self) -> bool:
        heights = {None if seat.node is None else seat.node.driver.tip.height for seat in self.honest}
        return self.clients.is_idle and len(heights) == 1 and None not in heights

    def _what_is_open(self) -> str:
        rows = [
            f"{seat}: down"
            if seat.node is None
            else f"{seat}: height {seat.node.driver.machine.height}, round {seat.node.driver.machine.round}, "
            f"{seat.node.driver.machine.step.name}, votes {seat.node.driver.votes}"
            for seat in self.seats
        ]
        return f"{self.clients.open_count} documents are not committed; " + "; ".join(rows)

    def _clean_up(self, task: asyncio.Task[None]) -> None:
        """Let every task fall, so that nothing of this run is left for the next."""
        self.watch.is_over = True
        self.loop.broken = None
        task.cancel()
        for seat in self.seats:
            seat.heal()
            seat.crash()
        while remaining := asyncio.all_tasks(self.loop):
            for one in remaining:
                one.cancel()
            self.loop.call_later(1.0, self.loop.stop, context=OUTSIDE)
            self.loop.run_forever()
        self.loop.close()

    # --- clients

    def submit(self, signed: SignedTransaction, seat: Seat | None = None) -> None:
        """Offer it to a node, a random one unless it is named; nobody answers while it is down."""
        up = self.up
        if seat is None and up:
            seat = self.clients.random.choice(up)
        if seat is None or seat.node is None:
            return
        seat.spawn(seat.node.ledger.submit([(signed.body, signed.auth)]))

    def look_up(self, tx_id: Hash32) -> TransactionStatus | None:
        """What a random honest node says of it. What cannot be read ends that node, as its HTTP API does."""
        up = self.up
        if not up:
            return None
        seat = self.clients.random.choice(up)
        assert seat.node is not None
        ledger = seat.node.ledger
        try:
            found = ledger.transaction(tx_id)
        except StorageError as error:
            ledger.fail(error)
            return None
        except PowerCut:
            return None
        self.watch.read(seat, ledger.status().height, found)
        return found


@contextmanager
def quiet_logs(watch: Watch) -> Iterator[None]:
    """What nodes log goes to the watch, which counts the rare."""

    def take(_: Any, level: str, event: dict[str, Any]) -> Any:
        process = PROCESS.get()
        if process is not None:
            watch.logged(process, event)
        raise structlog.DropEvent

    structlog.configure(
        processors=[take],
        wrapper_class=structlog.make_filtering_bound_logger(30),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.reset_defaults()


@contextmanager
def shared_decoding() -> Iterator[None]:
    """Decoding is pure and its values are frozen, so one decoding of a message serves all who get it."""
    with ExitStack() as patches:
        for kind in (Vote, SignedProposal, CommitCertificate, Status, Votes, ProposalMessage):
            decode = staticmethod(lru_cache(DECODINGS_KEPT)(kind.decode))  # type: ignore[attr-defined]
            patches.enter_context(patch.object(kind, "decode", decode))
        yield


def simulate(options: Options, *, is_told: bool = False) -> Outcome:
    """One run. Raises Broken, or what else went wrong, with the options in a note."""
    with nullcontext() if options.has_real_keys else stub_signatures(), shared_decoding():
        simulation = Simulation(options, is_told=is_told)
        with quiet_logs(simulation.watch):
            return simulation.run()


__all__ = ["Broken", "Outcome", "Process", "Simulation", "simulate"]
