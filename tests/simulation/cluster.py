"""A whole network in one thread: every delay, loss, crash and lie comes from the seed.

Nodes are the machine of `consensus` with a driver of a few lines, a disk that forgets what was not synced,
and an application that knows one kind of transaction. The network is hostile until `HEALED_MS` and timely
afterwards; then every honest validator must decide (I12). The adversary aims: it hides who has decided,
delays by sender and receiver, and fells who has just locked, because plain chance finds a missing lock in
none of 400 schedules.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from chain.block import Block
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind
from chain.errors import DecodeError, InvalidMessageError
from chain.types import Hash32, Height
from consensus.effects import (
    Broadcast,
    BuildBlock,
    CheckBlock,
    Decide,
    Effect,
    Record,
    ReportEquivocation,
    RequestBody,
    ScheduleTimeout,
)
from consensus.inputs import (
    BlockBuilt,
    BlockChecked,
    BodyReceived,
    CertificateReceived,
    Input,
    ProposalReceived,
    TimeoutElapsed,
    Verdict,
    VoteReceived,
)
from consensus.machine import Consensus, HaltError
from consensus.messages import (
    Commit,
    GetBlock,
    MessageType,
    ProposalMessage,
    Status,
    Votes,
    decode_body,
)
from consensus.records import HeightEnded, OwnMessage, decode_record, encode_record
from consensus.timing import TimeBounds, Timeouts
from node.archive import worth_keeping
from tests.simulation.oracle import LATENESS_MS, PRECISION_MS, Oracle, Stand
from tests.support.committee import BAD, CHAIN_ID, NOON_MS, Committee

HEALED_MS = 60_000
DELAY_MS = 1_000
"""After healing every message arrives within this."""

END_MS = HEALED_MS + 300_000
"""I12: by now every honest validator has decided all heights; with wrong clocks, which cost rounds, twice as
long after healing."""

TIMEOUTS = Timeouts(propose_ms=3_000, propose_step_ms=500, vote_ms=2_000, vote_step_ms=500, cap_ms=30_000)
BOUNDS = TimeBounds(PRECISION_MS, LATENESS_MS)
SLOW_CHECK_MS = 10_000
STATUS_MS = 1_000
NEXT_HEIGHT_VOTES = 4
"""Votes of the next height kept per link and validator; everything else comes again through STATUS."""


@dataclass(frozen=True)
class Plan:
    """What a run is made of; the rest is drawn from the seed.

    byzantine: "none", "twins" (each faulty key runs two honest machines), "forger" (it says anything) or
    "forgetful" (it signs each place once, ignores its lock, never decides and passes nothing on).
    is_masked: None lets the seed choose. loses_first_sendings: only STATUS and what it asks for gets through.
    """

    seed: int
    n: int = 4
    byzantine: str = "none"
    heights: int = 2
    has_real_keys: bool = False
    is_masked: bool | None = None
    loses_first_sendings: bool = False
    has_crashes: bool = True
    partitions: tuple[tuple[int, ...], ...] = ()
    """For each round its groups: node i hears in round r only senders of its own group, partitions[r][i].
    Rounds beyond the last are whole. With partitions there is no other trouble until healing."""

    weather: str | None = None
    """One kind of weather from the start until healing, instead of changing ones; see `Cluster.cuts_of`."""

    skews_ms: tuple[int, ...] = ()
    """How far each validator's clock is ahead; empty lets the seed choose, within 200 ms."""

    jumps_ms: tuple[tuple[int, int, int], ...] = ()
    """(validator, when, by how much): a clock is set, forward or back."""

    sets: tuple[tuple[int, ...], ...] = ()
    """Which validators vote on height 1, 2 …; the last stays. Without it all vote always."""

    slow: int | None = None
    """A validator that needs longer for a check than any round 0 lasts."""

    liars: tuple[int, ...] = ()
    """Which validators are faulty, of equal power like all others then; empty lets the seed choose as many as
    the rules bear. More make forks: see `may_fork`."""

    leaders: tuple[int, ...] = ()
    """Who proposes in round 0, 1 … of every height; the validators in turn afterwards."""

    sides: tuple[int, ...] = ()
    """By node: until healing nodes of side 0 and of side 1 do not hear each other; those of side 2 hear
    both."""

    may_fork: bool = False
    """More are faulty than the rules bear: two blocks may be decided, and the run goes on. One height."""


def plan_of(seed: int) -> Plan:
    """The plan the simulation runs for a seed: 3 to 7 validators, multiples of three among them."""
    n = (4, 4, 3, 7, 4, 5, 6, 4)[seed % 8]
    byzantine = ("twins", "forger", "none", "twins", "forger")[seed // 8 % 5]
    return Plan(seed, n, byzantine, heights=1 + seed % 3 % 2, loses_first_sendings=seed % 29 == 28)


class ByzantineConsensus(Consensus):
    """Two machines share this one's key, so own signatures come from elsewhere all the time."""

    def _retire(self, what: str) -> None:
        pass

    def _count(self, vote: Vote, sign_bytes: bytes) -> None:
        if not self._holds(vote):
            super()._count(vote, sign_bytes)


class ForgetfulConsensus(Consensus):
    """It votes for whatever is proposed, as if it had never locked, and keeps what it knows to itself."""

    def _r1_decide(self) -> bool:
        return False

    def _r3_prevote(self) -> bool:
        lock = self.lock_round, self.lock_id
        self.lock_round, self.lock_id = -1, None
        fired = super()._r3_prevote()
        self.lock_round, self.lock_id = lock
        return fired

    def _enter(self, round_: int) -> None:
        valid_id, self.valid_id = self.valid_id, None
        super()._enter(round_)
        self.valid_id = valid_id

    def votes_lacking(self, peer: Status) -> bytes | None:
        return None


@dataclass
class Disk:
    """A journal and a block log. What was appended and not synced is gone after a crash."""

    journal: list[bytes] = field(default_factory=list)
    unsynced: list[bytes] = field(default_factory=list)
    blocks: list[tuple[Block, CommitCertificate]] = field(default_factory=list)
    _messages: set[bytes] = field(default_factory=set)

    def append(self, payload: bytes) -> None:
        self.unsynced.append(payload)

    def sync(self) -> None:
        for payload in self.unsynced:
            record = decode_record(payload)
            if isinstance(record, OwnMessage):
                self._messages.add(record.message)
        self.journal += self.unsynced
        self.unsynced = []

    def lose_unsynced(self) -> None:
        self.unsynced = []

    def is_durable(self, message: bytes) -> bool:
        return message in self._messages


class Node:
    """One process: the machine of its current height, and the driver around it."""

    def __init__(self, cluster: "Cluster", number: int, member: int, is_honest: bool) -> None:
        self.cluster = cluster
        self.number = number
        self.member = member
        self.is_honest = is_honest
        self.disk = Disk()
        self.life = 0
        self.is_up = True
        skews_ms = cluster.plan.skews_ms
        self.skew_ms = skews_ms[member] if skews_ms else cluster.random.randint(-200, 200)
        self.fastest_skew_ms = self.skew_ms
        self.writes_to_live: int | None = None
        self.faulted: set[Hash32] = set()
        self.arrivals_ms: defaultdict[tuple[int, int, Hash32], list[int]] = defaultdict(list)
        self.hidden_until_ms = 0
        self.skipped_to = -1
        self.archive: dict[int, tuple[Vote, ...]] = {}
        """Votes by height, as a node keeps them for the forensic tool."""
        self._boot()

    def __repr__(self) -> str:
        return f"node {self.number} (validator {self.member}, life {self.life}, height {self.machine.height})"

    # --- life and death

    def _boot(self) -> None:
        self.kept: dict[int, list[tuple[MessageType, bytes]]] = {}
        self.signer = self.cluster.committee.signer(self.member)
        self._open(self.height)

    @property
    def height(self) -> int:
        return len(self.disk.blocks) + 1

    def _kind_of_machine(self) -> type[Consensus]:
        if self.is_honest:
            return Consensus
        return ForgetfulConsensus if self.cluster.plan.byzantine == "forgetful" else ByzantineConsensus

    def _open(self, height: int) -> None:
        """The machine of this height, from the journal."""
        committee = self.cluster.committee
        self.machine = self._kind_of_machine()(
            Height(height),
            committee.chain_id,
            committee.at(height),
            committee.address(self.member),
            self.signer,
            TIMEOUTS,
            BOUNDS,
            committee.verify,
        )
        self.wanted: set[Hash32] = set()
        self.started_with = list(self.disk.journal)
        self.script: list[tuple[Input | None, tuple[Effect, ...]]] = []
        self.recovered = self.machine.recover([decode_record(payload) for payload in self.disk.journal])
        self.skipped_to = -1
        self.cluster.oracle.recovered(self)
        self.perform(self.recovered)
        if self.machine.round < 0:
            is_staggered = height == 1 and not self.cluster.has_ambushes
            wait_ms = self.cluster.random.randrange(3_000 if is_staggered else 200)
            self.later(wait_ms, self._start)

    def _start(self) -> None:
        if self.machine.round < 0:
            effects = self.machine.start()
            self.script.append((None, effects))
            self.perform(effects)

    def crash(self) -> None:
        if self.is_up:
            self.is_up = False
            self.life += 1
            self.disk.lose_unsynced()
            if not any(node.is_up for node in self.cluster.nodes):
                self.cluster.oracle.seen["all down at once"] += 1

    def restart(self) -> None:
        if not self.is_up:
            self.is_up = True
            self.writes_to_live = None
            self._boot()
            self.cluster.oracle.step(self)

    def _is_killed(self) -> bool:
        """A kill point: stands before every write, every sync and every sending."""
        if self.writes_to_live is None:
            return False
        self.writes_to_live -= 1
        if self.writes_to_live >= 0:
            return False
        self.crash()
        self.cluster.oracle.seen["killed between two effects"] += 1
        self.cluster.at(self.cluster.now_ms + self.cluster.random.randint(200, 6_000), self.restart)
        return True

    def later(self, wait_ms: float, action: Callable[[], None]) -> None:
        """Unless the node has died or gone to another height in the meantime."""
        life, machine = self.life, getattr(self, "machine", None)

        def act() -> None:
            if self.is_up and self.life == life and self.machine is machine:
                action()

        self.cluster.at(self.cluster.now_ms + int(wait_ms), act)

    def clock_ms(self) -> int:
        return NOON_MS + self.cluster.now_ms + self.skew_ms

    def set_clock(self, by_ms: int) -> None:
        self.skew_ms += by_ms
        self.fastest_skew_ms = max(self.fastest_skew_ms, self.skew_ms)

    # --- inputs and effects

    def handle(self, received: Input) -> None:
        if not self.is_up or self.machine.is_decided:
            return
        machine = self.machine
        before = Stand.of(machine)
        if isinstance(received, ProposalReceived):
            signed = received.proposal
            arrivals = self.arrivals_ms[signed.height, signed.round, signed.block_id]
            arrivals.append(received.received_at_ms)
        effects = machine.handle(received)
        self.script.append((received, effects))
        if machine.round > before.round >= 0 and not isinstance(received, TimeoutElapsed):
            self.skipped_to = machine.round
        self.cluster.oracle.handled(self, before, received)
        self.perform(effects)
        if self.is_up and self.machine is machine:
            self.cluster.oracle.step(self)

    def perform(self, effects: tuple[Effect, ...]) -> None:
        machine = self.machine
        for effect in effects:
            if not self.is_up or self.machine is not machine or self._is_killed():
                return
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        random = self.cluster.random
        match effect:
            case Record(payload):
                self._record(payload)
            case Broadcast(kind, payload):
                self.cluster.broadcast(self, kind, payload)
            case ScheduleTimeout(height, round_, step, duration_ms):
                self.later(duration_ms, lambda: self.handle(TimeoutElapsed(height, round_, step)))
            case CheckBlock(block):
                answer = BlockChecked(block.block_id, self._checked(block))
                slowness_ms = SLOW_CHECK_MS if self.member == self.cluster.plan.slow else 0
                self.later(random.randrange(60) + slowness_ms, lambda: self.handle(answer))
            case BuildBlock(_, round_):
                self.later(random.randrange(100), lambda: self.handle(BlockBuilt(round_, self.built(round_))))
            case RequestBody(block_id):
                self.wanted.add(block_id)
                self.cluster.oracle.asked(self, block_id)
                self.later(random.randrange(500), lambda: self._ask(block_id))
            case ReportEquivocation():
                self.cluster.oracle.accused(self, effect)
            case Decide():
                self._decide(effect)

    def _record(self, payload: bytes) -> None:
        record = decode_record(payload)
        if self.is_honest and isinstance(record, OwnMessage) and record.lock_round >= 0:
            self.cluster.locked(self)
        self.disk.append(payload)
        if not self._is_killed():
            self.disk.sync()

    def _ask(self, block_id: Hash32) -> None:
        if block_id in self.wanted and not self.machine.is_decided:
            peer = self.cluster.random.choice(self.cluster.peers_of(self))
            self.cluster.send(
                self, peer, MessageType.GET_BLOCK, GetBlock(Height(self.height), block_id).encode()
            )
            self.later(self.cluster.random.randint(500, 1_500), lambda: self._ask(block_id))

    def _decide(self, decide: Decide) -> None:
        self.cluster.oracle.decision(self, decide)
        self.archive[decide.height] = worth_keeping(
            self.machine.votes(), decide.round, decide.block.block_id, self.machine.round
        )
        self.disk.blocks.append((decide.block, decide.certificate))
        if self._is_killed():
            self.cluster.oracle.applied(self, decide.height)
            return
        if self.is_honest:
            self.cluster.check_replay(self)
            self.cluster.decided(self)
        self.cluster.oracle.applied(self, decide.height)
        ended = HeightEnded(decide.height)
        self.disk.append(encode_record(ended))
        self.disk.sync()
        self.signer.end_height(ended)
        if self.height > self.cluster.plan.heights:
            return
        kept, self.kept = self.kept, {}
        self._open(self.height)
        for messages in kept.values():
            for kind, payload in messages:
                self.receive(self, kind, payload)

    # --- the application

    def verdict(self, block: Block) -> Verdict:
        """`valid(block)`, from the chain on this disk."""
        header = block.header
        if header.height - 1 > len(self.disk.blocks):
            return Verdict.INVALID
        parent_id, parent_time_ms, parent_certificate = self.cluster.committee.chain_id, 0, None
        if header.height > 1:
            parent, _ = self.disk.blocks[header.height - 2]
            parent_id, parent_time_ms = parent.block_id, parent.header.time_ms
            if block.parent_certificate is None:
                return Verdict.INVALID
            try:
                parent_certificate = CommitCertificate.decode(block.parent_certificate)
            except DecodeError:
                return Verdict.INVALID
            if not self.cluster.oracle.is_certified(parent_certificate, parent_id):
                return Verdict.INVALID
        label = block.transactions[0][0]
        expected = self.cluster.committee.block(
            label, 0, header.height, header.time_ms, parent_id, block.parent_certificate
        )
        is_valid = (
            header.parent_hash == parent_id
            and header.time_ms > parent_time_ms
            and header.state_root == expected.header.state_root
            and header.validators_hash == expected.header.validators_hash
            and header.next_validators_hash == expected.header.next_validators_hash
            and not label.startswith(BAD)
        )
        return Verdict.VALID if is_valid else Verdict.INVALID

    def _checked(self, block: Block) -> Verdict:
        """The verdict; now and then, once for a block, a passing fault."""
        if self.cluster.random.random() < 0.02 and block.block_id not in self.faulted:
            self.faulted.add(block.block_id)
            self.cluster.oracle.seen["check faulted"] += 1
            return Verdict.FAULT
        return self.verdict(block)

    def built(self, round_: int, label: bytes = b"", lie_ms: int = 0) -> Block:
        self.cluster.blocks_built += 1
        label = label + b"%d/%d/%d" % (self.number, round_, self.cluster.blocks_built)
        chain_id = self.cluster.committee.chain_id
        parent_id, time_ms, certificate = chain_id, self.clock_ms() + lie_ms, None
        if self.disk.blocks:
            parent, certified = self.disk.blocks[-1]
            parent_id, certificate = parent.block_id, certified.encode()
            time_ms = max(time_ms, parent.header.time_ms + 1)
        committee = self.cluster.committee
        block = committee.block(label, self.member, self.height, time_ms, parent_id, certificate)
        self.cluster.times_ms[block.block_id] = time_ms
        return block

    # --- messages

    def receive(self, sender: "Node", kind: MessageType, payload: bytes) -> None:
        if not self.is_up:
            return
        try:
            message = self.cluster.decoded(kind, payload)
        except (DecodeError, InvalidMessageError):
            self.cluster.oracle.seen["message refused"] += 1
            return
        match message:
            case Status():
                self._answer(sender, message)
            case GetBlock(_, block_id):
                body = self.machine.body(block_id)
                if body is not None:
                    self.cluster.send(self, sender, MessageType.BLOCK, body.encode())
            case Block():
                if message.block_id in self.wanted:
                    self.wanted.discard(message.block_id)
                    self.handle(BodyReceived(message))
            case Commit(block, certificate):
                if certificate.height == self.machine.height:
                    self.handle(CertificateReceived(certificate, block))
            case Vote():
                if not self._is_kept(sender, message.height, kind, payload):
                    self.handle(VoteReceived(message))
            case ProposalMessage(proposal, body, polka):
                if not self._is_kept(sender, proposal.height, kind, payload):
                    self.handle(ProposalReceived(proposal, body, polka, self.clock_ms()))
            case Votes(height, proposal, votes):
                if height != self.machine.height:
                    return
                if proposal is not None:
                    self.handle(ProposalReceived(proposal, None, (), self.clock_ms()))
                for vote in votes:
                    self.handle(VoteReceived(vote))

    def _is_kept(self, sender: "Node", height: int, kind: MessageType, payload: bytes) -> bool:
        """Messages of the next height wait per link, a bounded number of them."""
        if height != self.machine.height + 1:
            return False
        kept = self.kept.setdefault(sender.number, [])
        if len(kept) < NEXT_HEIGHT_VOTES * self.cluster.committee.n:
            kept.append((kind, payload))
        return True

    def say_status(self) -> None:
        if self.is_up and not self.cluster.is_muffled():
            peers = self.cluster.peers_of(self)
            for peer in self.cluster.random.sample(peers, min(2, len(peers))):
                self.cluster.send(self, peer, MessageType.STATUS, self.machine.status().encode())
        self.cluster.at(self.cluster.now_ms + STATUS_MS, self.say_status)

    def _answer(self, peer: "Node", status: Status) -> None:
        if status.height <= len(self.disk.blocks):
            block, certificate = self.disk.blocks[status.height - 1]
            self.cluster.send(self, peer, MessageType.COMMIT, Commit(block, certificate).encode())
            return
        payload = self.machine.votes_lacking(status)
        if payload is not None:
            self.cluster.oracle.seen["votes passed on"] += 1
            self.cluster.send(self, peer, MessageType.VOTES, payload)


DECODERS: dict[MessageType, Callable[[bytes], Any]] = {
    MessageType.PROPOSAL: ProposalMessage.decode,
    MessageType.VOTE: Vote.decode,
    MessageType.STATUS: Status.decode,
    MessageType.VOTES: Votes.decode,
    MessageType.GET_BLOCK: GetBlock.decode,
    MessageType.BLOCK: decode_body,
    MessageType.COMMIT: Commit.decode,
}


@dataclass(frozen=True)
class Ambush:
    """Whose messages of one round come too late to whom; validators by index."""

    favourite: int
    proposal_late_to: frozenset[int]
    prevote_late_from: dict[int, int]


class Cluster:
    """The network, its weather and its adversary."""

    def __init__(self, plan: Plan, chain_id: Hash32 = CHAIN_ID) -> None:
        self.plan = plan
        self.random = random = Random(plan.seed)
        has_equal_powers = random.random() < 0.7 or bool(plan.liars or plan.sets)
        powers = [1 if has_equal_powers else random.randint(1, 3) for _ in range(plan.n)]
        self.committee = Committee(plan.n, powers, plan.has_real_keys, plan.sets, chain_id, plan.leaders)
        self.byzantine = self._draw_byzantine()
        self.oracle = Oracle(self.committee, self.byzantine, plan.may_fork)
        self.now_ms = 0
        self.blocks_built = 0
        self.times_ms: dict[Hash32, int] = {}
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0
        self._decoded: dict[tuple[MessageType, bytes], Any] = {}
        self._cuts: set[tuple[int, int]] = set()
        self._masks: dict[tuple[int, int, int, int, int], int] = {}
        self._lateness: dict[tuple[int, int, int], float] = {}
        drawn = random.random() < 0.8
        self.is_masked = drawn if plan.is_masked is None else plan.is_masked
        self.hunts_locked = random.random() < 0.5 and plan.has_crashes
        self.has_ambushes = self.is_masked and random.random() < 0.5
        self.loss = 0.01 if self.has_ambushes else 0.1
        self._ambushes: dict[tuple[int, int], Ambush] = {}
        self.hides_locked = self.is_masked and random.random() < 0.3
        self.nodes: list[Node] = []
        for member in range(plan.n):
            is_twin = member in self.byzantine and plan.byzantine == "twins"
            for _ in range(2 if is_twin else 1):
                self.nodes.append(Node(self, len(self.nodes), member, member not in self.byzantine))
        self._schedule_troubles()

    def _draw_byzantine(self) -> frozenset[int]:
        """As many as the rules bear: less than one third of the power."""
        members = self.committee.validators.members
        if self.plan.liars:
            return frozenset(self.plan.liars)
        total, drawn, power = sum(member.power for member in members), set(), 0
        if self.plan.byzantine != "none":
            for i in self.random.sample(range(self.plan.n), self.plan.n):
                if 3 * (power + members[i].power) < total:
                    power += members[i].power
                    drawn.add(i)
        return frozenset(drawn)

    def _schedule_troubles(self) -> None:
        random = self.random
        for node in self.nodes:
            self.at(random.randint(1_000, 2_000), node.say_status)
        self.at(100, self._change_weather)
        honest = self.honest_nodes()
        for member, at_ms, by_ms in self.plan.jumps_ms:
            for node in self.nodes:
                if node.member == member:
                    self.at(at_ms, partial(node.set_clock, by_ms))
        if self.plan.partitions:
            return
        if self.plan.has_crashes and random.random() < 0.7:
            for _ in range(random.randint(1, 6)):
                node, at_ms = random.choice(honest), random.randrange(HEALED_MS)
                self.at(at_ms, node.crash)
                self.at(at_ms + random.randrange(15_000), node.restart)
            if random.random() < 0.1:
                self._black_out(random.randrange(HEALED_MS))
        if self.plan.byzantine == "forger":
            for node in self.nodes:
                if not node.is_honest:
                    for _ in range(60):
                        self.at(random.randrange(HEALED_MS * 3 // 2), lambda node=node: self._forge(node))  # type: ignore[misc]

    def _black_out(self, at_ms: int) -> None:
        """All at once, also those that lie; each comes back in its own time."""
        for node in self.nodes:
            self.at(at_ms, node.crash)
            self.at(at_ms + self.random.randrange(200, 15_000), node.restart)

    # --- time

    def at(self, at_ms: int, action: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (at_ms, self._sequence, action))

    def run(self) -> Oracle:
        """Until every honest validator has decided every height; fails when it has not by END_MS (I12)."""
        try:
            has_wrong_clocks = bool(self.plan.skews_ms or self.plan.jumps_ms)
            end_ms = END_MS + (END_MS - HEALED_MS if has_wrong_clocks else 0)
            while self._queue and self.now_ms < end_ms:
                self.now_ms, _, action = heapq.heappop(self._queue)
                action()
                if all(node.height > self.plan.heights for node in self.honest_nodes()):
                    if not self.plan.may_fork:
                        self.oracle.convicts_nobody_honest(self.nodes)
                    return self.oracle
            if self.plan.may_fork:
                return self.oracle  # so many liars may also stop everything
            stuck = [(node, node.machine.round, node.machine.step.name) for node in self.honest_nodes()]
            raise AssertionError(f"I12: no decision by {self.now_ms} ms: {stuck}")
        except (AssertionError, HaltError) as broken:
            broken.add_note(f"at {self.now_ms} ms of {self.plan}")
            raise

    # --- the network

    def honest_nodes(self) -> list[Node]:
        return [node for node in self.nodes if node.is_honest]

    def peers_of(self, node: Node) -> list[Node]:
        return [peer for peer in self.nodes if peer is not node]

    def decoded(self, kind: MessageType, payload: bytes) -> Any:
        """Decoding is pure, so one decoding serves all receivers."""
        key = (kind, payload)
        if key not in self._decoded:
            self._decoded[key] = DECODERS[kind](payload)
        return self._decoded[key]

    def broadcast(self, sender: Node, kind: MessageType, payload: bytes) -> None:
        message = self.decoded(kind, payload)
        signed: Vote | SignedProposal = message.proposal if kind is MessageType.PROPOSAL else message
        self.oracle.sent(sender, signed)
        if not self.plan.loses_first_sendings:
            for peer in self.peers_of(sender):
                if not self._is_withheld(sender, peer, signed):
                    self.send(sender, peer, kind, payload, signed)

    def _is_withheld(self, sender: Node, receiver: Node, signed: Vote | SignedProposal) -> bool:
        """The forgetful show their own proposals to one side alone, the sides in turn."""
        sides = self.plan.sides
        if not sides or sides[sender.number] != 2 or not isinstance(signed, SignedProposal):
            return False
        return sides[receiver.number] == signed.round % 2

    def send(
        self,
        sender: Node,
        receiver: Node,
        kind: MessageType,
        payload: bytes,
        signed: Vote | SignedProposal | None = None,
    ) -> None:
        """`signed`: the message itself when it is a first sending; the mask works on those."""
        random = self.random
        if self.now_ms >= HEALED_MS:
            delay_ms = random.randrange(DELAY_MS)
        elif self._are_on_two_sides(sender, receiver):
            return
        elif self.plan.partitions:
            if self._are_parted(sender, receiver):
                return
            delay_ms = random.randrange(50, 200)
        elif (
            (sender.number, receiver.number) in self._cuts
            or self.now_ms < sender.hidden_until_ms
            or random.random() < self.loss
        ):
            return
        elif self.is_masked and signed is not None:
            delay_ms = self._masked_delay_ms(sender, receiver, signed)
        else:
            delay_ms = int(random.expovariate(1 / 700))
        self.at(self.now_ms + delay_ms, lambda: receiver.receive(sender, kind, payload))

    def _are_on_two_sides(self, sender: Node, receiver: Node) -> bool:
        sides = self.plan.sides
        return bool(sides) and {sides[sender.number], sides[receiver.number]} == {0, 1}

    def _are_parted(self, sender: Node, receiver: Node) -> bool:
        groups = self.plan.partitions[max(sender.machine.round, 0) :][:1]
        return bool(groups) and groups[0][sender.number] != groups[0][receiver.number]

    def _masked_delay_ms(self, sender: Node, receiver: Node, signed: Vote | SignedProposal) -> int:
        """For each kind, round, sender and receiver: in time, or much too late."""
        random = self.random
        what = int(signed.kind) if isinstance(signed, Vote) else 3
        place = (what, signed.height, signed.round)
        key = (*place, sender.number, receiver.number)
        if key not in self._masks:
            if self.has_ambushes:
                is_late = self._is_ambushed(*place, sender.member, receiver.member)
            else:
                is_late = self._is_late(*place)
            late_ms = (7_000, 12_000) if self.has_ambushes else (3_000, 20_000)
            self._masks[key] = random.randint(*late_ms) if is_late else random.randint(50, 800)
        return self._masks[key]

    def _is_late(self, what: int, height: int, round_: int) -> bool:
        place = (what, height, round_)
        if place not in self._lateness:
            choices = {1: [0, 0.2, 0.5], 2: [0.2, 0.5, 0.8], 3: [0, 0.3]}[what]
            self._lateness[place] = self.random.choice(choices)
        return self.random.random() < self._lateness[place]

    def _is_ambushed(self, what: int, height: int, round_: int, sender: int, receiver: int) -> bool:
        """So that one node locks alone: a few get the proposal too late and vote nil; of the others'
        prevotes each node but the favourite misses one, and precommits nil although a polka stands."""
        ambush = self._ambushes.get((height, round_))
        if ambush is None:
            members = list(range(self.plan.n))
            proposer = self.committee.proposer(height, round_)
            others = [member for member in members if member != proposer]
            late_to = self.random.sample(others, (self.plan.n - 1) // 3)
            in_time = [member for member in members if member not in late_to]
            late_from = {m: self.random.choice([voter for voter in in_time if voter != m]) for m in members}
            favourite = self.random.choice(members)
            ambush = self._ambushes[height, round_] = Ambush(favourite, frozenset(late_to), late_from)
        if what == 3:
            return receiver in ambush.proposal_late_to
        if what == 1:
            return receiver != ambush.favourite and sender == ambush.prevote_late_from[receiver]
        return self.random.random() < 0.5

    def is_muffled(self) -> bool:
        """Under the mask most STATUS is lost too, or it would undo what the adversary arranges."""
        share = 0.99 if self.has_ambushes else 0.9
        return self.is_masked and self.now_ms < HEALED_MS and self.random.random() < share

    def _change_weather(self) -> None:
        self._cuts = set()
        if self.now_ms >= HEALED_MS:
            return
        drawn = self.random.choice(["clear", "clear", "clear", "halves", "one-way", "star", "thirds"])
        if self.has_ambushes:
            drawn = "clear"  # an ambush needs rounds, and rounds need votes that arrive
        self._cuts = self.cuts_of(self.plan.weather or drawn)
        self.at(self.now_ms + self.random.randint(2_000, 12_000), self._change_weather)

    def cuts_of(self, weather: str) -> set[tuple[int, int]]:
        """(sender, receiver) that do not reach each other: two halves, one-way cuts, nobody hears who stands
        before him (deaf), all but one node's links (star), three parts, or one after the other (lifting)."""
        random, numbers = self.random, [node.number for node in self.nodes]
        if weather == "lifting":
            weather = ("thirds", "halves", "one-way")[min(3 * self.now_ms // HEALED_MS, 2)]
        half = {number: random.random() < 0.5 for number in numbers}
        third = {number: random.randrange(3) for number in numbers}
        centre = random.choice(numbers)
        pairs = [(one, other) for one in numbers for other in numbers]
        match weather:
            case "halves":
                return {(one, other) for one, other in pairs if half[one] != half[other]}
            case "one-way":
                return {pair for pair in pairs if random.random() < 0.4}
            case "deaf":
                return {(one, other) for one, other in pairs if one < other}
            case "star":
                return {pair for pair in pairs if centre not in pair}
            case "thirds":
                return {(one, other) for one, other in pairs if third[one] != third[other]}
            case _:
                return set()

    # --- the adversary

    def locked(self, node: Node) -> None:
        """Just before a lock is written: hide its holder, so that the others go on without knowing of the
        lock; or fell it, now between two writes, or a moment later."""
        if self.now_ms >= HEALED_MS or self.random.random() < 0.4:
            return
        if self.hides_locked and self.random.random() < 0.7:
            node.hidden_until_ms = self.now_ms + self.random.randint(2_000, 25_000)
            self.oracle.seen["lock holder hidden"] += 1
            return
        if not self.hunts_locked:
            return
        self.oracle.seen["lock holder felled"] += 1
        if self.random.random() < 0.5:
            node.writes_to_live = self.random.randrange(4)
            return
        at_ms = self.now_ms + self.random.randrange(1_000)
        self.at(at_ms, node.crash)
        self.at(at_ms + self.random.randint(200, 6_000), node.restart)

    def decided(self, node: Node) -> None:
        """Hide who has decided from all others for a while."""
        if self.is_masked and self.now_ms < HEALED_MS and self.random.random() < 0.8:
            node.hidden_until_ms = self.now_ms + self.random.randrange(HEALED_MS)
            self.oracle.seen["decided node hidden"] += 1

    def _forge(self, node: Node) -> None:
        """A Byzantine validator says anything, to a random part of the others."""
        if not node.is_up:
            return
        random, committee = self.random, self.committee
        height = node.height
        rounds = [peer.machine.round for peer in self.nodes if peer.height == height]
        round_ = max(0, random.choice(rounds) + random.choice([-1, 0, 0, 0, 1, 2, 9]))
        bodies = [
            body
            for peer in self.nodes
            for block_id in peer.machine.status().bodies
            if (body := peer.machine.body(block_id)) is not None
        ]
        kind = MessageType.VOTE
        signed: Vote | SignedProposal
        if random.random() < 0.3:
            kind = MessageType.PROPOSAL
            while committee.proposer(height, round_) != node.member:
                round_ += 1
            label = BAD if random.random() < 0.3 else b""
            lie_ms = (0, 60_000, -60_000)[self.blocks_built % 3]
            block = random.choice([*bodies, node.built(round_, label, lie_ms)])
            pol = random.choice([-1, round_ - 1])
            carried = random.choice([block, block, *bodies, None])
            polka = tuple(node.machine.votes()[:100]) if pol >= 0 else ()
            signed = committee.proposal(round_, block.block_id, pol, height)
            payload = ProposalMessage(signed, carried, polka).encode()
        else:
            vote_kind = random.choice([VoteKind.PREVOTE, VoteKind.PRECOMMIT])
            block_id = random.choice([*(body.block_id for body in bodies), None])
            pol = random.randint(-1, round_ - 1) if vote_kind is VoteKind.PREVOTE else -1
            signed = committee.vote(vote_kind, round_, block_id, node.member, pol, height)
            if random.random() < 0.2:
                victim = random.choice(committee.validators.members).address
                signed = replace(signed, address=victim)  # in another's name, whose signature it cannot make
            payload = signed.encode()
        for peer in self.peers_of(node):
            if random.random() < 0.6:
                self.send(node, peer, kind, payload, signed)

    # --- determinism

    def check_replay(self, node: Node) -> None:
        """I11: the same inputs give the same effects. A decided machine is run again from its script."""
        if self.random.random() < 0.7:
            return
        committee = self.committee
        machine = Consensus(
            node.machine.height,
            committee.chain_id,
            committee.at(node.machine.height),
            committee.address(node.member),
            committee.signer(node.member),
            TIMEOUTS,
            BOUNDS,
            committee.verify,
        )
        effects = machine.recover([decode_record(payload) for payload in node.started_with])
        assert effects == node.recovered, f"I11: {node} recovers differently"
        for received, expected in node.script:
            effects = machine.start() if received is None else machine.handle(received)
            assert effects == expected, f"I11: {node} answers {received} differently"
        self.oracle.seen["height replayed"] += 1
