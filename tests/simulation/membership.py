"""Validators added, removed and given new keys, over whole nodes, with a crash at any point around it.

The set that must vote at each height is computed here from the events of decided blocks alone: a change in
block h counts from h + 2. Certificates are checked against it, and so is what every node believes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from chain.block import Block, Outcome
from chain.certificate import CommitCertificate
from chain.keys import ED25519, SigningKey, possession_bytes
from chain.types import Address, Hash32, InstitutionId
from chain.validators import ValidatorSet
from node.assembly import DecidedBlock
from node.node import Node
from tests.simulation.clock import OUTSIDE
from tests.simulation.options import Options
from tests.simulation.seats import Member, Process, Seat
from tests.simulation.stub_keys import stub_signatures
from tests.simulation.watch import Watch
from tests.simulation.wires import Wires
from tests.simulation.workload import Document
from tests.simulation.world import HEALED_SECONDS, NAMES, Simulation, quiet_logs
from tests.support.budget import a_key, key_of_validator

AFTERWARDS = 4
"""Heights decided after the deciding vote: the two before the change counts, and two with it."""

DOWN_SECONDS = (0.3, 4.0)
"""How long a felled machine stays down: shorter and longer than a round."""


@dataclass(frozen=True, slots=True)
class Change:
    """One ballot: `verb` add, remove or rotate; `generation` numbers the keys of an institution, 0 is the one
    of the genesis."""

    verb: str
    institution: str
    generation: int = 0

    @property
    def machine(self) -> str:
        """Where the new key votes from."""
        return f"{self.institution}.{self.generation}"

    @property
    def key(self) -> SigningKey:
        return a_key(f"validator {self.machine}")


@dataclass(frozen=True, slots=True)
class Script:
    """`together`: the deciding votes of all ballots are offered at once. `victim` (a machine) dies after so
    many `acts`, messages and disk operations, counted from the last deciding vote; with `is_cut` its power
    goes. `absent` machines do not run before the end."""

    n: int
    changes: tuple[Change, ...]
    together: bool = False
    victim: str = ""
    acts: int = 0
    is_cut: bool = False
    absent: tuple[str, ...] = ()
    seed: int = 0


class Sets:
    """Who votes at which height, from events."""

    def __init__(self, genesis: ValidatorSet, keys: Iterable[SigningKey]) -> None:
        self._keys = {key.address: key.public_key for key in keys}
        self._latest = frozenset(member.address for member in genesis.members)
        self._since = {1: self._latest}
        self.heard = 0
        self.changed: list[int] = []
        """Heights whose blocks changed the set."""

    def at(self, height: int) -> ValidatorSet:
        first = max(one for one in self._since if one <= height)
        return ValidatorSet.of(first, ((self._keys[address], 1) for address in self._since[first]))

    def hear(self, height: int, outcomes: Iterable[bytes]) -> None:
        """The events of a decided block; every height once, in order."""
        if height != self.heard + 1:
            return
        self.heard = height
        before = self._latest
        for outcome in outcomes:
            for event in Outcome.decode(outcome).events:
                self._change(event)
        if self._latest != before:
            self._since[height + 2] = self._latest
            self.changed.append(height)

    def _change(self, event: tuple[object, ...]) -> None:
        match event:
            case ("validator.added", _, bytes(new)):
                self._latest |= {Address(new)}
            case ("validator.removed", _, bytes(old)):
                self._latest -= {Address(old)}
            case ("validator.rotated", _, bytes(old), bytes(new)):
                self._latest = self._latest - {Address(old)} | {Address(new)}


class MemberWatch(Watch):
    """The oracle, with sets that change."""

    def __init__(self, world: Membership) -> None:
        super().__init__(world)
        self._members = world
        self.rounds: dict[int, int] = {}

    def up(self, process: Process, node: Node) -> None:
        sets = self._members.sets
        for height in range(sets.heard + 1, node.driver.tip.height + 1):  # decided, and told to nobody
            sets.hear(height, node.ledger.block(height).results.outcomes)
        super().up(process, node)

    def decided(self, process: Process, decided: DecidedBlock) -> None:
        height = decided.block.header.height
        sets = self._members.sets
        if process.is_alive:
            sets.hear(height, decided.execution.outcomes)
        super().decided(process, decided)
        if process.is_alive and process.node is not None:
            for at in (height + 1, height + 2):
                found = process.node.ledger._application.validators_at(at)
                if found != sets.at(at):
                    self._members.fail(f"{process}: after height {height} others vote at {at}: {found}")

    def _check_certificate(self, process: Process, certificate: CommitCertificate, block: Block) -> None:
        height = block.header.height
        self.rounds[height] = max(self.rounds.get(height, 0), certificate.round)
        self._members.validators = self._members.sets.at(height)
        super()._check_certificate(process, certificate, block)


class Membership(Simulation):
    """One script over whole nodes; a new key votes from a machine of its own, the old one's goes on."""

    def __init__(self, script: Script) -> None:
        self.script = script
        options = Options(seed=script.seed, n=script.n, heights=1, documents=0, has_story=False)
        super().__init__(options)
        newcomers = [
            Member(change.machine, change.key) for change in script.changes if change.verb != "remove"
        ]
        members = tuple(seat.member for seat in self.seats)
        self.newcomers = {
            member.name: Seat(len(members) + number, member.name, member, members, self)
            for number, member in enumerate(newcomers)
        }
        self.seats.extend(self.newcomers.values())
        self.sets = Sets(self.validators, (seat.member.key for seat in self.seats))
        self.watch: MemberWatch = MemberWatch(self)
        self.seen = self.watch.seen
        self.wires = Wires(self.loop, Random(f"wires {script.seed}"), self.watch.sent)
        self.ballots = 0

    def seat(self, name: str) -> Seat:
        return next(seat for seat in self.seats if seat.name == name)

    async def _play(self) -> None:
        for seat in self.seats:
            if seat.name not in self.script.absent:
                self.loop.call_later(self.random.uniform(0, 0.5), seat.start, context=OUTSIDE)
        serving = self._going_on(self._serve())
        restarting = self._going_on(self._restart())
        waiting = []
        for number, change in enumerate(self.script.changes, 1):
            *votes, last = self._ballot(number, change)
            for document in votes:
                await self._done(document)
            waiting.append(last)
            if not self.script.together:
                await self._decide(waiting, number == len(self.script.changes))
        if waiting:
            await self._decide(waiting, True)
        restarting.cancel()
        self._heal()
        is_done = await self._until(self._is_settled, HEALED_SECONDS)
        serving.cancel()
        if not is_done:
            self.fail(f"I12: {self._what_is_open()}")
        self.watch.at_the_end()
        self._check_voters()

    def _ballot(self, number: int, change: Change) -> Iterator[Document]:
        """A proposal and just as many votes as it takes."""
        arguments: tuple[object, ...] = (change.institution,)
        if change.verb != "remove":
            message = possession_bytes(
                self.chain_id, InstitutionId(change.institution), ED25519, change.key.public_key
            )
            arguments = (
                change.institution, ED25519, change.key.public_key, change.key.sign(message)
            )  # fmt: skip
        yield Document("mof", "ballot.propose", (f"validator.{change.verb}", arguments, ""))  # type: ignore[arg-type]
        for voter in NAMES[: self.script.n * 2 // 3 + 1]:
            yield Document(voter, "ballot.vote", (number, True))

    async def _done(self, document: Document) -> None:
        """Offered until a node has decided it."""
        tx_id = Hash32(self.clients._offer(document).signed.tx_id)
        if not await self._until(lambda: tx_id in self.clients.told, HEALED_SECONDS):
            self.fail(f"{document} is not decided; {self._what_is_open()}")

    async def _decide(self, waiting: list[Document], is_last: bool) -> None:
        """The deciding votes at once, then documents until the change counts."""
        if is_last and self.script.victim:
            self.seat(self.script.victim).acts_to_live = self.script.acts
        ids = [Hash32(self.clients._offer(document).signed.tx_id) for document in waiting]
        waiting.clear()
        if not await self._until(lambda: all(one in self.clients.told for one in ids), HEALED_SECONDS):
            self.fail(f"a deciding vote is not decided; {self._what_is_open()}")
        end = max(self.clients.told[one][0] for one in ids) + AFTERWARDS
        while len(self.watch.chain) < end:
            await self._done(self.clients.newcomer())

    async def _restart(self) -> None:
        """A felled machine comes back."""
        victim = self.seat(self.script.victim) if self.script.victim else None
        while victim is not None:
            await self._until(lambda: victim.process is None and victim.lives > 0, HEALED_SECONDS)
            await self._until(lambda: False, self.random.uniform(*DOWN_SECONDS))
            victim.start()

    def killed(self, seat: Seat) -> None:
        self.faults["felled"] += 1
        seat.crash(None, is_cut=self.script.is_cut)

    def _check_voters(self) -> None:
        """Who is in the last set votes, and nobody else."""
        height = len(self.watch.chain) + 1
        expected = {member.address for member in self.sets.at(height).members}
        found = {seat.address for seat in self.seats if seat.node is not None and seat.node.driver.votes}
        if found != expected:
            names = sorted(seat.name for seat in self.seats if seat.address in found)
            self.fail(f"at height {height} there vote {names}, not {self.sets.at(height)}")


def play(script: Script) -> Counter[str]:
    """One run; what it met. Raises what does not hold, with the script in a note."""
    with stub_signatures():
        world = Membership(script)
        world.mischief.killed = world.killed  # type: ignore[method-assign]
        with quiet_logs(world.watch):
            try:
                world.run()
            except BaseException as error:
                error.add_note(str(script))
                raise
    met = Counter(world.seen)
    met["felled"] = world.faults["felled"]
    for height in world.sets.changed:
        for at in range(height, height + 4):
            if world.watch.rounds.get(at, 0):
                met[f"round above 0 at h + {at - height}"] += 1
    met["changes"] = len(world.sets.changed)
    return met


def original(name: str) -> bytes:
    """The address of an institution's key of the genesis."""
    return key_of_validator(name).address
