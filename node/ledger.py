"""The ledger as the outside sees it through this node: what is decided, what waits, what is proved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from chain.block import Block, Outcome, Results
from chain.certificate import CommitCertificate
from chain.codec import Value
from chain.errors import CorruptionError, DecodeError, ExecutionFault, LedgerError, StorageError
from chain.hashing import Tag, inclusion_path
from chain.set_chain import SetStep
from chain.transaction import SignedTransaction, tx_id_of
from chain.types import Hash32
from contracts.executor import Refusal
from contracts.records import Balance, Collection, operational_day, prefix_of, trusted
from contracts.why import Why
from node.application import LedgerApplication
from node.assembly import DecidedBlock
from node.driver import Driver
from node.findings import Finding
from node.health import Vitals, findings_of
from node.history import consistency
from node.intake import Admission, Status
from node.mempool import Mempool
from node.metrics import NodeMetrics
from node.ports import Answer, BlockStore, Clock
from node.reserve import Room
from node.snapshots import Base, steps_to
from node.verified import VerifiedSignatures
from node.work import on_thread
from storage.errors import HeightNotHeldError

EVENTS_BUFFERED = 64
"""Decided blocks a slow reader of the event stream may be behind before it is cut off; it asks again from
there."""

EVENTS_BYTES = 32 * 1024 * 1024
"""The same in bytes of transactions, outcomes and changes. All readers wait for the same blocks, so this is
what the slowest costs."""

STREAMS = 64
"""Readers of the event stream at once."""

WAITERS = 4_096
"""Requests that may wait for a transaction at once."""

SCAN_PAGE = 1_000
"""Pairs read from the state at once where all of a programme is added up."""

PAST_READERS = 2
"""Threads that read the past at once; the next wait. They share the interpreter with the consensus."""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What `GET /v1/status` says. Times in ms since 1970, ages in ms by this node's clock."""

    name: str
    network: str
    chain_id: Hash32
    height: int
    block_id: Hash32
    state_root: Hash32
    block_time_ms: int
    age_ms: int
    round: int
    validators: int
    votes: bool
    peers: int
    highest_claim: int
    mempool: int
    operational_day: int | None
    first_height: int
    """Of the blocks here: 1, or the one after the snapshot that this node began from."""


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """committed (with place and outcome), waiting, refused (with the reason, or our fault) or unknown."""

    tx_id: Hash32
    status: str
    height: int | None = None
    index: int | None = None
    outcome: Outcome | None = None
    refusal: Refusal | None = None
    fault: ExecutionFault | None = None
    gap: HeightNotHeldError | None = None
    """Why an unknown one may be decided all the same: the blocks that this node does not have."""


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """All that a receipt needs (docs/formats.md, Receipt)."""

    body: bytes
    auth: bytes
    outcome: bytes
    index: int
    count: int
    body_path: tuple[Hash32, ...]
    auth_path: tuple[Hash32, ...]
    outcome_path: tuple[Hash32, ...]
    header: bytes
    certificate: bytes
    validators: bytes
    genesis: bytes
    steps: tuple[SetStep, ...]


@dataclass(frozen=True, slots=True)
class StoredHeight:
    """One decided height from the block log."""

    block: Block
    results: Results
    certificate: CommitCertificate


class TooManyWaitingError(LedgerError):
    """All places to wait are taken; ask again."""

    default_code = "TOO-MANY-WAITING"


class ProofNotHeldError(LedgerError):
    """A proof against a state root of the past: the tree of that height is not kept."""

    default_code = "PROOF-NOT-HELD"


class EventStream:
    """Decided blocks for one reader, from the moment it was made; ends when the reader has fallen too far
    behind. Close it."""

    def __init__(self, streams: set[EventStream]) -> None:
        self._queue: asyncio.Queue[tuple[DecidedBlock, int] | None] = asyncio.Queue(EVENTS_BUFFERED)
        self._streams = streams
        self.waiting_bytes = 0
        streams.add(self)

    def put(self, decided: DecidedBlock, size_bytes: int) -> None:
        """One more block; a reader whose queue is full is cut off. An empty queue takes any."""
        is_too_much = self.waiting_bytes > 0 and self.waiting_bytes + size_bytes > EVENTS_BYTES
        if self._queue.full() or is_too_much:
            self.end()
        else:
            self._queue.put_nowait((decided, size_bytes))
            self.waiting_bytes += size_bytes

    def end(self) -> None:
        """What still waits is not read any more."""
        self.close()
        while not self._queue.empty():
            self._queue.get_nowait()
        self.waiting_bytes = 0
        self._queue.put_nowait(None)

    async def next(self) -> DecidedBlock | None:
        """The next block; None at the end."""
        found = await self._queue.get()
        if found is None:
            return None
        decided, size_bytes = found
        self.waiting_bytes -= size_bytes
        return decided

    def close(self) -> None:
        """Nothing more is put."""
        self._streams.discard(self)


class Ledger:
    """Reads and submissions of one node. Belongs to the node's event loop."""

    def __init__(
        self,
        *,
        name: str,
        network: str,
        application: LedgerApplication,
        blocks: BlockStore,
        mempool: Mempool,
        signatures: VerifiedSignatures,
        clock: Clock,
        metrics: NodeMetrics,
        certificates: Callable[[], Mapping[str, int]] = dict,
        broken_laws: Callable[[], int] = int,
        base: Base | None = None,
    ) -> None:
        """`certificates`: whose they are, and when they end, in seconds since 1970; `broken_laws`: found by
        the last recount."""
        self._base = base
        self._name = name
        self._network = network
        self._application = application
        self._blocks = blocks
        self._mempool = mempool
        self._signatures = signatures
        self._clock = clock
        self.metrics = metrics
        self._certificates = certificates
        self._broken_laws = broken_laws
        self._driver: Driver | None = None
        self._waiters: dict[Hash32, list[asyncio.Future[None]]] = {}
        self._waiting = 0
        self._past_readers = asyncio.Semaphore(PAST_READERS)
        self._streams: set[EventStream] = set()

    def attach(self, driver: Driver) -> None:
        """The driver observes through this ledger and is asked by it: made one after the other."""
        self._driver = driver

    @property
    def driver(self) -> Driver:
        assert self._driver is not None, "attached when the node is composed"
        return self._driver

    # --- reading

    def status(self) -> NodeStatus:
        """Where this node stands."""
        tip, machine = self.driver.tip, self.driver.machine
        return NodeStatus(
            name=self._name,
            network=self._network,
            chain_id=self._application.chain_id,
            height=self._application.height,
            block_id=tip.block_id,
            state_root=self._application.state_root,
            block_time_ms=tip.time_ms,
            age_ms=max(0, self._clock.now_ms() - tip.time_ms),
            round=machine.round,
            validators=len(self._application.validators_at(tip.height + 1).members),
            votes=self.driver.votes,
            peers=self.driver.peers_up,
            highest_claim=self.driver.highest_claim,
            mempool=len(self._mempool),
            operational_day=operational_day(self._application.state),
            first_height=self._blocks.first_height,
        )

    def findings(self) -> list[Finding]:
        """What is wrong with this node now, worst first."""
        driver, reserve = self.driver, self.driver.reserve
        return findings_of(
            Vitals(
                height=self._application.height,
                round=driver.machine.round,
                validators=len(self._application.validators_at(driver.tip.height + 1).members),
                peers=driver.peers_up,
                votes=driver.votes,
                highest_claim=driver.highest_claim,
                silence=driver.silence,
                room=reserve.room,
                free_bytes=reserve.free_bytes,
                reserve_bytes=reserve.mark_bytes,
                resume_bytes=reserve.resume_bytes,
                clock_offset_ms=driver.clock_offset_ms,
                precision_ms=self._application.params()["precision-ms"],
                broken_laws=self._broken_laws(),
                now_seconds=self._clock.now_ms() // 1_000,
                certificates=tuple(self._certificates().items()),
            )
        )

    def get(self, collection: str, key: bytes, height: int | None, prove: bool) -> Answer:
        """A value now (provable) or at an earlier height. Raises LedgerError for a height not held, and for
        the proof of an earlier one."""
        if prove and height is not None and height != self._application.height:
            raise ProofNotHeldError(
                f"nodes of the state tree are kept for the last height only, {self._application.height}; ask "
                "without a height, or without a proof"
            )
        return self._application.query(collection, key, height, with_proof=prove)

    async def scan(
        self, collection: str, start: bytes, limit: int, height: int | None
    ) -> Sequence[tuple[bytes, bytes]]:
        """Up to `limit` pairs from `start` on, now or after an earlier block.

        The past is read on a thread, over a snapshot: keys that are gone are passed over one by one, and the
        node must not stand still meanwhile.
        """
        if height is None or height == self._application.height:
            return self._application.scan(collection, start, limit)
        async with self._past_readers:
            return await on_thread(self._application.past(height).scan, collection, start, limit)

    def header(self, height: int) -> bytes:
        """The header's bytes, against whose state root a proof is checked."""
        return self.block(height).block.header_bytes

    def block(self, height: int) -> StoredHeight:
        """Raises HeightNotHeldError, CorruptionError."""
        stored = self._blocks.read(height)
        try:
            return StoredHeight(
                Block.decode(stored.block),
                Results.decode(stored.results),
                CommitCertificate.decode(stored.certificate),
            )
        except DecodeError as error:
            raise CorruptionError(f"block {height} of the log is not a block: {error}") from error

    def consistency(self, old: int, new: int) -> tuple[Hash32, ...]:
        """That the history of size `new` begins with that of size `old`. Raises SizeNotHeldError."""
        application = self._application
        return consistency(application.extra, application.chain_id, application.height + 1, old, new)

    def transaction(self, tx_id: Hash32) -> TransactionStatus:
        """What this node knows of it."""
        place = self._application.transaction_place(tx_id)
        if place is not None:
            height, index = place
            outcome = Outcome.decode(self.block(height).results.outcomes[index])
            return TransactionStatus(tx_id, "committed", height, index, outcome)
        if tx_id in self._mempool:
            return TransactionStatus(tx_id, "waiting")
        refusal = self.driver.intake.refusal_of(tx_id)
        if refusal is not None:
            return TransactionStatus(tx_id, "refused", refusal=refusal)
        fault = self.driver.intake.fault_of(tx_id)
        if fault is not None:
            return TransactionStatus(tx_id, "refused", fault=fault)
        return TransactionStatus(tx_id, "unknown", gap=self._gap())

    def _gap(self) -> HeightNotHeldError | None:
        first = self._blocks.first_height
        if first == 1:
            return None
        return HeightNotHeldError(
            f"the transaction is in no block since height {first}; this node began from a snapshot and has "
            "no earlier ones: ask a node that has them"
        )

    def inclusion(self, tx_id: Hash32) -> InclusionProof | None:
        """Everything a receipt carries, or None: the transaction is in no block. Raises HeightNotHeldError
        when it may be in one that this node does not have."""
        place = self._application.transaction_place(tx_id)
        if place is None:
            gap = self._gap()
            if gap is not None:
                raise gap
            return None
        height, index = place
        stored = self.block(height)
        bodies = [body for body, _ in stored.block.transactions]
        auths = [auth for _, auth in stored.block.transactions]
        outcomes = stored.results.outcomes
        return InclusionProof(
            body=bodies[index],
            auth=auths[index],
            outcome=outcomes[index],
            index=index,
            count=len(bodies),
            body_path=inclusion_path(Tag.TX_BODY, bodies, index),
            auth_path=inclusion_path(Tag.TX_AUTH, auths, index),
            outcome_path=inclusion_path(Tag.OUTCOME, outcomes, index),
            header=stored.block.header_bytes,
            certificate=stored.certificate.encode(),
            validators=self._application.validators_then(height).encode(),
            genesis=self._application.genesis.encode(),
            steps=self._steps(height),
        )

    async def programme_balances(
        self, budget: str, year: int, height: int | None = None
    ) -> list[tuple[str, str, Balance]]:
        """(administrator, programme, balance) of one budget year, in the order of the codes."""
        prefix = prefix_of(5, 1, budget, year)
        found: list[tuple[str, str, Balance]] = []
        start = prefix
        while True:
            page = await self.scan(Collection.BALANCES, start, SCAN_PAGE, height)
            for key, value in page:
                if not key.startswith(prefix):
                    return found
                _, _, _, administrator, programme = trusted(key)
                found.append((administrator, programme, Balance.decode(value)))
            if len(page) < SCAN_PAGE:
                return found
            start = page[-1][0] + b"\x00"

    # --- submitting

    async def submit(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[Admission]:
        """Offer transactions; one answer for each, in order. Accepted is not final: wait.

        A node that cannot store what becomes of them takes none: another one can.
        """
        if self.driver.room is Room.NONE:
            return [Admission(Status.FULL, tx_id_of(body)) for body, _ in pairs]
        return await self.driver.intake.admit(pairs)

    async def dry_run(self, body: bytes, auth: bytes) -> Refusal | None:
        """Whether it would be executed on the state of now. Raises DecodeError; nothing is kept."""
        signed = SignedTransaction.decode(body, auth)
        await self._signatures.prepare([signed], self._application.state, self._application.chain_id)
        return self._application.dry_run(signed, self._clock.now_ms())

    async def why(self, institution: str, action: str, arguments: tuple[Value, ...] | None) -> Why:
        """What stands in the way of an action on the state of now, signatures left out.

        Asked on a thread, over a snapshot: it runs a document's rules and looks at many institutions, and the
        node must not stand still meanwhile.
        """
        async with self._past_readers:
            question = self._application.question(self._clock.now_ms())
            return await on_thread(question.ask, institution, action, arguments)

    async def wait(self, tx_id: Hash32, timeout_ms: int) -> TransactionStatus:
        """The status when the transaction is decided, or after `timeout_ms`."""
        if self._application.transaction_place(tx_id) is None and timeout_ms > 0:
            if self._waiting >= WAITERS:
                raise TooManyWaitingError(
                    f"{WAITERS} requests are waiting already; ask for the status instead"
                )
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.setdefault(tx_id, []).append(future)
            self._waiting += 1
            try:
                with suppress(TimeoutError):
                    await asyncio.wait_for(future, timeout_ms / 1000)
            finally:
                self._forget_waiter(tx_id, future)
        return self.transaction(tx_id)

    def events(self) -> EventStream:
        """Every block decided from now on. Raises TooManyWaitingError."""
        if len(self._streams) >= STREAMS:
            raise TooManyWaitingError(f"{STREAMS} readers follow the events already; ask for blocks instead")
        return EventStream(self._streams)

    def decided(self, decided: DecidedBlock) -> None:
        """Called by the driver after each height."""
        if self._waiters:
            for tx_id in decided.tx_ids:
                for future in self._waiters.get(tx_id, ()):
                    if not future.done():
                        future.set_result(None)
        if self._streams:
            size_bytes = _size_of(decided)
            for stream in tuple(self._streams):
                stream.put(decided, size_bytes)

    def close_streams(self) -> None:
        """End every event stream, so that the server can stop."""
        for stream in tuple(self._streams):
            stream.end()

    def fail(self, error: StorageError) -> None:
        """What this machine stored cannot be read: nothing more is served, the node stops with this."""
        self.driver.fail(error)

    def exposition(self) -> bytes:
        """The node's metrics as Prometheus text."""
        return self.metrics.exposition()

    def _forget_waiter(self, tx_id: Hash32, future: asyncio.Future[None]) -> None:
        self._waiting -= 1
        waiters = self._waiters[tx_id]
        waiters.remove(future)
        if not waiters:
            del self._waiters[tx_id]

    def _steps(self, height: int) -> tuple[SetStep, ...]:
        """The set chain from genesis to `height`: each header before which a new set begins, certified."""

        def certified(at: int) -> tuple[bytes, bytes]:
            stored = self.block(at)
            return stored.block.header_bytes, stored.certificate.encode()

        return steps_to(height, self._application.validators_then, certified, self._base)


def _size_of(decided: DecidedBlock) -> int:
    transactions = sum(len(body) + len(auth) for body, auth in decided.block.transactions)
    execution = decided.execution
    return transactions + sum(map(len, execution.outcomes)) + sum(map(len, execution.changes))
