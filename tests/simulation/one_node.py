"""One real node on a simulated disk; the other three members are puppets that follow a script.

The puppets remember across the node's lives what they decided and voted, so that a life can be broken off
anywhere and another one begun from what the disk then holds. They stay within what one liar may do: the
proposer of a round may offer another block in the next life, and nobody votes twice in a round.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

import structlog

from chain.block import Block
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind
from chain.errors import InvalidMessageError, StorageError
from chain.genesis import Genesis, Params
from chain.keys import ED25519, possession_bytes, signer_id
from chain.transaction import SignedTransaction, Transaction, tx_id_of, tx_sign_bytes
from chain.types import (
    NO_ROUND,
    ActionName,
    Address,
    ClientId,
    Hash32,
    Height,
    InstitutionId,
    Round,
    Signature,
)
from consensus.messages import (
    GetCommits,
    MessageType,
    ProposalMessage,
    Status,
    Step,
    Transactions,
    Votes,
    encode_commit,
)
from contracts.records import Role
from node import driver as driver_module
from node.assembly import DecidedBlock
from node.config import NodeConfig, Peer
from node.node import Node, start
from node.opening import found_journal, journal_path
from node.silence import Silence
from node.world import Identity, World
from storage.database import Database, OpenDatabase
from tests.simulation.clock import InlineExecutor, VirtualLoop, WallClock
from tests.simulation.stub_keys import stub_signatures
from tests.support.budget import MEMBERS, PEOPLE, START_MS, a_genesis, a_key, key_of_person, key_of_validator
from tests.support.node import block_on
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_disk import SimulatedDisk

HOME = Path("/node")
OWN = "mof"
OTHERS = tuple(name for name in MEMBERS if name != OWN)
SEGMENT_BYTES = 6_000
"""Two or three heights."""
JOURNAL_BYTES = 3_000
"""A journal of this size is pruned: after each height with a block of this network in it."""
LIFE_SECONDS = 60.0
"""Of virtual time; a life that comes no further stands still."""

_PARAMS = {"block_interval_ms": 0, "idle_ms": 50, "timeout_propose_ms": 60, "timeout_vote_ms": 60}


class Plan:
    """How a height goes."""

    PLAIN = "plain"
    NIL = "nil"
    """Round 0 brings nothing: nobody offers, all vote nil."""
    LOCK = "lock"
    """Round 0 has a polka, and no commit; the node is locked."""
    BEHIND = "behind"
    """The others decide without this node, which catches up."""


Position = tuple[str, int, int]
"""What is signed once: kind of message, height, round."""


@dataclass(slots=True)
class Outside:
    """What the others know, and what the node ever said to them. `told`: the height that observers of the
    node (its clients) were told last."""

    chain: list[tuple[bytes, bytes]] = field(default_factory=list)
    voted: dict[Position, Hash32 | None] = field(default_factory=dict)
    polkas: dict[tuple[int, int], tuple[Block, tuple[Vote, ...]]] = field(default_factory=dict)
    said: dict[Position, bytes] = field(default_factory=dict)
    told: int = 0
    now_ms: int = 0
    lives: int = 0

    def copy(self) -> Outside:
        return replace(
            self,
            chain=self.chain.copy(),
            voted=self.voted.copy(),
            polkas=self.polkas.copy(),
            said=self.said.copy(),
        )


class BrokenPromiseError(AssertionError):
    """The node did what it must never do."""


def the_genesis() -> Genesis:
    return a_genesis(members=MEMBERS, params=Params.default(**_PARAMS))


GENESIS = the_genesis()
IDENTITY = Identity(GENESIS.encode(), GENESIS, key_of_validator(OWN))
CONFIG = NodeConfig(
    name=OWN,
    genesis_hash=GENESIS.chain_id.hex(),
    peers=tuple(
        Peer(institution=name, address=address, certificate_sha256=address)
        for name in OTHERS
        for address in [key_of_validator(name).address.hex()]
    ),
    log_repair_seconds=5,
    directory=HOME,
)
ADDRESSES = {key_of_validator(name).address: name for name in MEMBERS}


def a_disk() -> SimulatedDisk:
    """As `eqz node init` leaves it."""
    disk = SimulatedDisk()
    disk.prepare(HOME)
    found_journal(HOME, IDENTITY.address, disk)
    return disk


def a_document(height: int) -> SignedTransaction:
    """A `signer.add` of the ministry's head: one for each height."""
    key, institution = a_key(f"document {height}"), InstitutionId(OWN)
    possession = key.sign(possession_bytes(GENESIS.chain_id, institution, ED25519, key.public_key))
    transaction = Transaction(
        GENESIS.chain_id,
        ClientId(height.to_bytes(16, "big")),
        START_MS + 600_000,
        institution,
        ActionName("signer.add"),
        1,
        (ED25519, key.public_key, int(Role.PREPARER), possession),
    )
    name = signer_id(GENESIS.chain_id, institution, PEOPLE.index(Role.HEAD) + 1)
    message = tx_sign_bytes(GENESIS.chain_id, tx_id_of(transaction.encode()))
    return SignedTransaction.of(transaction, [(name, key_of_person(OWN, Role.HEAD).sign(message))])


class Puppets:
    """The other members, behind the node's links (`node.world.Links`)."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.outside = life.outside
        self.refusals: Counter[str] = Counter()
        self.dropped: Counter[Address] = Counter()
        self._inbox: asyncio.Queue[tuple[Address, int, bytes]] = asyncio.Queue()
        self._peers = tuple(sorted(key_of_validator(name).address for name in OTHERS))
        self._offered: dict[tuple[int, int], Block] = {}
        self._done: set[tuple[str, int, int]] = set()

    # --- links

    async def listen(self) -> tuple[str, int]:
        return "puppets", 1

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    def connected(self) -> Sequence[Address]:
        return self._peers

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        self.life.breaks(f"the node blames {ADDRESSES[address]}: {refusal}")

    async def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]:
        while True:
            yield await self._inbox.get()

    def broadcast(self, kind: int, payload: bytes) -> int:
        self._hear(self._peers, kind, payload)
        return len(self._peers)

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        self._hear((address,), kind, payload)
        return True

    # --- hearing

    def _hear(self, peers: Sequence[Address], kind: int, payload: bytes) -> None:
        match kind:
            case MessageType.PROPOSAL:
                message = ProposalMessage.decode(payload)
                self._note_own(message.proposal)
                assert message.block is not None
                self._offered.setdefault((message.proposal.height, message.proposal.round), message.block)
            case MessageType.VOTE:
                self._note_own(Vote.decode(payload))
            case MessageType.VOTES:
                votes = Votes.decode(payload)
                for vote in votes.votes:
                    self._note_own(vote)
                if votes.proposal is not None:
                    self._note_own(votes.proposal)
            case MessageType.STATUS:
                self.life.soon(self._answer_status, peers, Status.decode(payload))
            case MessageType.GET_COMMITS:
                self.life.soon(self._answer_commits, peers[0], GetCommits.decode(payload))

    def _note_own(self, message: Vote | SignedProposal) -> None:
        """I2 and I7: one content for a place, and on disk before it left."""
        if message.address != IDENTITY.address:
            return
        kind = "proposal" if isinstance(message, SignedProposal) else message.kind.name.lower()
        place = (kind, int(message.height), int(message.round))
        encoded = message.encode()
        if self.outside.said.setdefault(place, encoded) != encoded:
            earlier = type(message).decode(self.outside.said[place])
            self.life.breaks(f"two contents of one {kind}: first {earlier}, now {message}")
        if not self.life.is_recorded(encoded):
            self.life.breaks(f"{kind} of height {place[1]}, round {place[2]} left before its record")

    # --- answering

    def _say(self, peer: Address, kind: int, payload: bytes) -> None:
        self._inbox.put_nowait((peer, int(kind), payload))

    def _answer_commits(self, peer: Address, asked: GetCommits) -> None:
        for block, certificate in self.outside.chain[asked.first_height - 1 :][: asked.count]:
            self._say(peer, MessageType.COMMIT, encode_commit(block, certificate))

    def _answer_status(self, peers: Sequence[Address], status: Status) -> None:
        height, node = status.height, self.life.node
        if node is not None and height == len(self.outside.chain) + 1 == node.driver.tip.height + 1:
            self._go_on(status)
        ours = Status(Height(len(self.outside.chain) + 1), -1, Step.PROPOSE, False, (), ())
        for peer in peers:
            self._say(peer, MessageType.STATUS, ours.encode())

    def _go_on(self, status: Status) -> None:
        """Do what the plan says of this height, as far as the node is."""
        height, round_ = status.height, max(status.round, 0)
        plan = self.life.plan(height)
        if plan == Plan.BEHIND and ("precommit", height, 0) not in self.outside.voted:
            block = self._built(height, OTHERS[0])
            self._vote(VoteKind.PRECOMMIT, height, 0, block)
            return
        if status.round >= 0 and not (plan == Plan.NIL and round_ == 0):
            self._offer(height, round_)
        block = self._offered.get((height, round_))
        if status.round >= 0 and status.step >= Step.PREVOTE:
            polka = self._vote(VoteKind.PREVOTE, height, round_, block)
            if block is not None and polka:
                self.outside.polkas.setdefault((height, round_), (block, polka))
        if status.round >= 0 and status.step >= Step.PRECOMMIT:
            fails = plan in (Plan.LOCK, Plan.NIL) and round_ == 0
            self._vote(VoteKind.PRECOMMIT, height, round_, None if fails else block)

    def _offer(self, height: int, round_: int) -> None:
        """The round's proposer speaks, unless it is the node."""
        node = self.life.node
        assert node is not None
        validators = node.driver._validators
        proposer = ADDRESSES[validators.proposer(Height(height), Round(round_))]
        if proposer == OWN or (height, round_) in self._offered:
            return
        valid = [(place[1], *found) for place, found in self.outside.polkas.items() if place[0] == height]
        earlier = max((one for one in valid if one[0] < round_), key=lambda one: one[0], default=None)
        voted = self.outside.voted.get(("prevote", height, round_))
        if earlier is not None:
            pol, block, polka = earlier
        else:
            again = next((one[1] for one in valid if one[0] == round_), None)
            pol, polka = NO_ROUND, ()
            block = again if again is not None and again.block_id == voted else self._built(height, proposer)
        self._offered[(height, round_)] = block
        key = key_of_validator(proposer)
        unsigned = SignedProposal(
            Height(height), Round(round_), block.block_id, Round(pol), key.address, Signature(bytes(64))
        )
        signature = key.sign(unsigned.sign_bytes(GENESIS.chain_id, validators.hash))
        message = ProposalMessage(replace(unsigned, signature=signature), block, polka)
        self._say(key.address, MessageType.PROPOSAL, message.encode())

    def _built(self, height: int, proposer: str) -> Block:
        """Another one in every life: the clock has gone on."""
        node = self.life.node
        assert node is not None
        time_ms = max(self.life.clock.now_ms(), node.driver.tip.time_ms + 1)
        transactions = [a_document(height)] if height % 2 else []
        block, _ = block_on(
            node.driver._application, node.driver.tip, transactions, time_ms, proposer=proposer
        )
        return block

    def _vote(self, kind: VoteKind, height: int, round_: int, block: Block | None) -> tuple[Vote, ...]:
        """All three say the same; what they said in an earlier life they say again."""
        place = (kind.name.lower(), height, round_)
        if place in self._done:
            return ()
        self._done.add(place)
        node = self.life.node
        assert node is not None
        validators = node.driver._validators
        block_id = self.outside.voted.setdefault(place, None if block is None else block.block_id)
        pol = NO_ROUND
        if kind is VoteKind.PREVOTE and block_id is not None:
            pol = max((r for h, r in self.outside.polkas if h == height and r < round_), default=NO_ROUND)
        votes = []
        for name in OTHERS:
            key = key_of_validator(name)
            unsigned = Vote(
                kind, Height(height), Round(round_), block_id, Round(pol), key.address, Signature(bytes(64))
            )
            signature = key.sign(unsigned.sign_bytes(GENESIS.chain_id, validators.hash))
            votes.append(replace(unsigned, signature=signature))
        if kind is VoteKind.PRECOMMIT and block_id is not None and len(self.outside.chain) < height:
            assert block is not None
            assert block.block_id == block_id
            rows = sorted((validators.index_of(vote.address), vote.signature) for vote in votes)
            certificate = CommitCertificate(Height(height), Round(round_), block_id, tuple(rows))
            self.outside.chain.append((block.encode(), certificate.encode()))
        if self.life.plan(height) != Plan.BEHIND:
            for vote in votes:
                self._say(vote.address, MessageType.VOTE, vote.encode())
        return tuple(votes)

    def send_document(self, height: int) -> None:
        """Somebody's transaction on its way to the node."""
        signed = a_document(height)
        payload = Transactions(((signed.body, signed.auth),)).encode()
        self._say(self._peers[0], MessageType.TXS, payload)


class Life:
    """One life of the node, from its start until it has decided `last_height`, ends, or the power goes."""

    def __init__(
        self,
        disk: SimulatedDisk,
        outside: Outside,
        plan: Callable[[int], str],
        last_height: int,
        *,
        on_start: Callable[[Node], None] = lambda node: None,
        on_decided: Callable[[int], None] = lambda height: None,
        open_database: OpenDatabase | None = None,
    ) -> None:
        self.disk = disk
        self.outside = outside
        self.plan = plan
        self.last_height = last_height
        self.node: Node | None = None
        self.ended: BaseException | None = None
        self.database: Database | None = None
        self.silence: Silence | None = None
        """Why it took no part when it had started."""
        self._opener: OpenDatabase = open_database or (lambda path: SimulatedDatabase(disk, path))
        self._broken: BrokenPromiseError | None = None
        self._on_start = on_start
        self._on_decided = on_decided
        self._loop = VirtualLoop()
        self.clock = WallClock(self._loop)
        self.clock.error_ms = outside.now_ms
        self._journal = journal_path(CONFIG, IDENTITY.address)

    def run(self) -> None:
        """`ended` says what ended it; None when it came to its last height."""
        self.outside.lives += 1
        task = self._loop.create_task(self._live(), context=Context())
        task.add_done_callback(lambda _: self._loop.stop())
        try:
            self._loop.run_forever()
        finally:
            self.outside.now_ms = self.clock.now_ms() - START_MS + 1
            for left in asyncio.all_tasks(self._loop):
                left.cancel()
            self.disk.is_off = False
            self._loop.close()
        self.ended = task.exception()
        if self._broken is not None:
            raise self._broken
        if isinstance(self.ended, AssertionError):
            raise self.ended

    def breaks(self, what: str) -> NoReturn:
        """End the run with a broken promise, whatever the node makes of it."""
        self._broken = self._broken or BrokenPromiseError(what)
        raise self._broken

    def soon(self, call: Callable[..., None], *arguments: object) -> None:
        """What a puppet does, when the node has done what it is at. It builds its blocks on the node's own
        state: damage that it meets there is found by the node, as if a client had read."""

        def act() -> None:
            try:
                call(*arguments)
            except StorageError as error:
                assert self.node is not None
                self.node.ledger.fail(error)

        self._loop.call_soon(act, context=Context())

    def is_recorded(self, message: bytes) -> bool:
        return message in self.disk.durable(self._journal)

    def decided(self, decided: DecidedBlock) -> None:
        """`node.driver.Observer`: what clients are told."""
        height = int(decided.block.header.height)
        self.outside.told = max(self.outside.told, height)
        self._on_decided(height)
        if height >= self.last_height:
            assert self._running is not None
            self._running.cancel()

    def _open_database(self, path: Path) -> Database:
        self.database = self._opener(path)
        return self.database

    async def _live(self) -> None:
        puppets = Puppets(self)
        world = World(
            clock=self.clock,
            executor=InlineExecutor,
            links=lambda *_: puppets,
            disk=self.disk,
            open_database=self._open_database,
            segment_bytes=SEGMENT_BYTES,
        )
        async with asyncio.timeout(LIFE_SECONDS):
            node = await start(CONFIG, IDENTITY, world)
            try:
                node.driver._observers = (*node.driver._observers, self)
                self.node = node
                self.silence = node.driver.silence
                self._on_start(node)
                if node.driver.tip.height >= self.last_height:
                    return
                puppets.send_document(2)
                self._running = asyncio.get_running_loop().create_task(node.run())
                try:
                    await self._running
                except asyncio.CancelledError:
                    if node.driver.tip.height < self.last_height:
                        raise
            finally:
                node.close()


@contextmanager
def quiet() -> Iterator[None]:
    """Stub signatures, short journals, no log lines."""

    def drop(*_: object) -> structlog.typing.EventDict:
        raise structlog.DropEvent

    structlog.configure(
        processors=[drop],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
    try:
        with stub_signatures(), patch.object(driver_module, "JOURNAL_PRUNE_BYTES", JOURNAL_BYTES):
            yield
    finally:
        structlog.reset_defaults()
