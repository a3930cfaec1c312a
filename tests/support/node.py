"""One node over memory doors: its links are lists, its clock is the test's, its peers are keys that sign."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

from chain.block import Block
from chain.certificate import CommitCertificate, Vote, VoteKind
from chain.errors import InvalidMessageError
from chain.genesis import Genesis, Params
from chain.keys import ED25519, SigningKey, possession_bytes, signer_id
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
from consensus.signer import Signer
from contracts.context import BlockContext
from contracts.membership import Misbehaviour
from contracts.records import Role
from node.application import LedgerApplication
from node.assembly import Executed, Tip, assemble
from node.driver import Driver
from node.ledger import Ledger
from node.mempool import Mempool, MempoolLimits
from node.metrics import NodeMetrics
from node.ports import BlockStore, Journal
from node.reserve import DiskReserve
from node.verified import VerifiedSignatures
from storage.memory import MemoryBlockLog, MemoryJournal, MemoryState
from tests.support.budget import PEOPLE, START_MS, VALID_MS, a_genesis, key_of_person, key_of_validator

FAST = {
    "block_interval_ms": 0,
    "timeout_propose_ms": 60,
    "timeout_vote_ms": 60,
}


@dataclass(slots=True)
class TestClock:
    """Says what the test says, and a millisecond more at every look while it ticks: block times must rise."""

    __test__ = False

    time_ms: int = START_MS + 1_000
    tick_ms: int = 0

    def now_ms(self) -> int:
        self.time_ms += self.tick_ms
        return self.time_ms


@dataclass(slots=True)
class TestTransport:
    """Links that are lists. `deliver` is what a peer says."""

    __test__ = False

    peers: list[Address] = field(default_factory=list)
    sent: list[tuple[Address, int, bytes]] = field(default_factory=list)
    dropped: list[tuple[Address, InvalidMessageError]] = field(default_factory=list)
    is_full: bool = False
    inbox: asyncio.Queue[tuple[Address, int, bytes]] = field(default_factory=asyncio.Queue)

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        if self.is_full or address not in self.peers:
            return False
        self.sent.append((address, kind, payload))
        return True

    def broadcast(self, kind: int, payload: bytes) -> int:
        return sum(self.send(peer, kind, payload) for peer in self.peers)

    async def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]:
        while True:
            yield await self.inbox.get()

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        self.dropped.append((address, refusal))

    def connected(self) -> Sequence[Address]:
        return tuple(self.peers)

    def deliver(self, address: Address, kind: int, payload: bytes) -> None:
        self.inbox.put_nowait((address, int(kind), payload))

    def sent_of(self, kind: int) -> list[tuple[Address, bytes]]:
        return [(peer, payload) for peer, sent, payload in self.sent if sent == kind]


@dataclass(slots=True)
class MemoryArchive:
    """Votes kept, by height."""

    kept: dict[int, tuple[Vote, ...]] = field(default_factory=dict)

    def keep(self, height: int, votes: Sequence[Vote]) -> None:
        self.kept[height] = tuple(votes)


@dataclass(slots=True)
class MemoryNode:
    """The parts of one node, ready to run."""

    genesis: Genesis
    application: LedgerApplication
    blocks: BlockStore
    journal: Journal
    transport: TestTransport
    clock: TestClock
    mempool: Mempool
    metrics: NodeMetrics
    signatures: VerifiedSignatures
    executor: ThreadPoolExecutor
    ledger: Ledger
    driver: Driver
    archive: MemoryArchive
    documents: int = 0

    def document(self, institution: str = "mof", *, client_id: bytes | None = None) -> SignedTransaction:
        """A `signer.add` of the institution's head."""
        self.documents += 1
        chain_id = self.genesis.chain_id
        key = SigningKey.from_seed(sha256(f"document {self.documents}".encode()).digest())
        possession = key.sign(possession_bytes(chain_id, InstitutionId(institution), ED25519, key.public_key))
        return self.signed(
            Transaction(
                chain_id,
                ClientId(client_id or self.documents.to_bytes(16, "big")),
                self.clock.time_ms + VALID_MS,
                InstitutionId(institution),
                ActionName("signer.add"),
                1,
                (ED25519, key.public_key, int(Role.PREPARER), possession),
            )
        )

    def signed(self, transaction: Transaction) -> SignedTransaction:
        """By the head of the transaction's institution."""
        message = tx_sign_bytes(self.genesis.chain_id, tx_id_of(transaction.encode()))
        name = signer_id(self.genesis.chain_id, transaction.institution, PEOPLE.index(Role.HEAD) + 1)
        signature = key_of_person(transaction.institution, Role.HEAD).sign(message)
        return SignedTransaction.of(transaction, [(name, Signature(signature))])

    def next_block(
        self, *transactions: SignedTransaction, time_ms: int | None = None, proposer: str = "mof"
    ) -> tuple[Block, Executed]:
        """A valid block on this node's tip, as another member would propose it."""
        return block_on(
            self.application, self.driver.tip, transactions, time_ms or self.clock.time_ms, proposer=proposer
        )

    def close(self) -> None:
        self.executor.shutdown()


def a_node(
    member: str | None = "mof",
    *,
    members: Sequence[str] = ("mof",),
    blocks: BlockStore | None = None,
    journal: Journal | None = None,
    state: MemoryState | None = None,
    limits: MempoolLimits | None = None,
    clock: TestClock | None = None,
    transport: TestTransport | None = None,
    reserve: DiskReserve | None = None,
    tip: Tip | None = None,
    **params: int,
) -> MemoryNode:
    """A node of `member` (None follows) in a network whose validators are `members`. `tip` belongs to the
    blocks and the state given."""
    genesis = a_genesis(members=members, params=Params.default(**{**FAST, **params}))
    executor = ThreadPoolExecutor(1)
    signatures = VerifiedSignatures(executor)
    application = LedgerApplication(state or MemoryState(), genesis, signatures)
    found_blocks = blocks or MemoryBlockLog()
    found_journal = journal or MemoryJournal()
    found_clock = clock or TestClock(tick_ms=1)
    peers = [address_of_validator(name) for name in members if name != member]
    transport = transport or TestTransport(peers)
    mempool, metrics = Mempool(limits or MempoolLimits()), NodeMetrics()
    key = None if member is None else key_of_validator(member)
    signer = None if key is None else Signer(key.address, key.sign)
    archive = MemoryArchive()
    ledger = Ledger(
        name=member or "follower", network="test", application=application, blocks=found_blocks,
        mempool=mempool, signatures=signatures, clock=found_clock, metrics=metrics,
    )  # fmt: skip
    driver = Driver(
        application=application, blocks=found_blocks,
        tip=tip or Tip.genesis(genesis.chain_id, genesis.time_ms),
        journal=None if signer is None else found_journal, signer=signer, transport=transport,
        clock=found_clock, mempool=mempool, signatures=signatures, metrics=metrics,
        archive=archive, observers=(ledger,), reserve=reserve,
    )  # fmt: skip
    ledger.attach(driver)
    return MemoryNode(
        genesis, application, found_blocks, found_journal, transport, found_clock, mempool, metrics,
        signatures, executor, ledger, driver, archive,
    )  # fmt: skip


def address_of_validator(name: str) -> Address:
    return key_of_validator(name).address


def block_on(
    application: LedgerApplication,
    tip: Tip,
    transactions: Sequence[SignedTransaction],
    time_ms: int,
    *,
    proposer: str = "mof",
    misbehaviour: Sequence[Misbehaviour] = (),
) -> tuple[Block, Executed]:
    """A valid block on `tip`, and what it does."""
    context = BlockContext(application.chain_id, Height(tip.height + 1), time_ms)
    execution = application.check(context, transactions, misbehaviour)
    block = assemble(application, tip, time_ms, address_of_validator(proposer), transactions, execution, ())
    return block, Executed(execution, tuple(transactions))


def a_vote(
    node: MemoryNode, name: str, kind: VoteKind, height: int, block_id: Hash32 | None, round_: int = 0
) -> Vote:
    """One member's vote."""
    key = key_of_validator(name)
    validators = node.application.validators_at(height)
    unsigned = Vote(
        kind, Height(height), Round(round_), block_id, NO_ROUND, key.address, Signature(bytes(64))
    )
    signature = key.sign(unsigned.sign_bytes(node.genesis.chain_id, validators.hash))
    return Vote(kind, Height(height), Round(round_), block_id, NO_ROUND, key.address, Signature(signature))


def a_certificate(node: MemoryNode, block: Block, *names: str) -> CommitCertificate:
    """The commit of a block by these members."""
    height = block.header.height
    validators = node.application.validators_at(height)
    votes = [a_vote(node, name, VoteKind.PRECOMMIT, height, block.block_id) for name in names]
    indexed = [(validators.index_of(vote.address), vote.signature) for vote in votes]
    rows = sorted((index, signature) for index, signature in indexed if index is not None)
    return CommitCertificate(height, Round(0), block.block_id, tuple(rows))
