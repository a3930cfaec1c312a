"""Inputs in, effects performed: the embedded engine around one application.

The machine of the height decides; this module carries out what it asks for, in order, and feeds it what the
world says. Everything runs on one event loop. Whatever fails here that is not a stranger's fault ends the
node: a half-written journal or an unknown state must not go on voting.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

import structlog

from chain.block import Block, Results
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind, verify_certificate
from chain.errors import (
    CorruptionError,
    DecodeError,
    ExecutionFault,
    InvalidBlockError,
    InvalidMessageError,
)
from chain.evidence import EVIDENCE_BYTES, Evidence
from chain.transaction import SignedTransaction, tx_id_of
from chain.types import NO_ROUND, Address, Hash32, Height
from chain.validators import ValidatorSet
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
from consensus.machine import Consensus
from consensus.messages import (
    Commit,
    GetBlock,
    GetCommits,
    MessageType,
    ProposalMessage,
    Status,
    Transactions,
    Votes,
    decode_body,
)
from consensus.records import HeightEnded, KeyRetired, OwnRecord, decode_record, encode_record
from consensus.signer import Signer
from consensus.timing import Pacing, TimeBounds, Timeouts
from contracts.context import BlockContext
from node.ahead import Ahead
from node.application import LedgerApplication
from node.archive import worth_keeping
from node.assembly import (
    HEADER_ROOM_BYTES,
    DecidedBlock,
    Executed,
    Tip,
    assemble,
    check_header,
    execute_block,
    misbehaviour_of,
)
from node.bodies import WantedBodies
from node.catch_up import CatchUp
from node.evidence import EvidencePool
from node.history import grown
from node.intake import Intake
from node.listening import Listening, Patience, lost_signature
from node.mempool import Mempool
from node.metrics import NodeMetrics
from node.offsets import ClockOffsets
from node.ports import BlockStore, Clock, Journal, Received, Transport, VoteArchive
from node.reserve import DiskReserve, Room, unlimited
from node.silence import Silence, Why
from node.throttle import Allowance, Throttle
from node.verified import VerifiedSignatures

CANDIDATES = 2_048
"""Transactions offered to one block: even the cheapest cost 5 of 10,000, so more would not fit."""

STATUS_FIRST_MS = 250
STATUS_SLOWEST_MS = 1_000
"""STATUS after a step, and as it slows down while nothing changes."""
JOURNAL_PRUNE_BYTES = 4 * 1024 * 1024
"""Older records go when the journal has grown to this: a block and its votes are far below it."""

CLOCK_CHECK_SECONDS = 0.02
"""While the clock has not passed the last block's time, a proposer looks again after this."""

GREETING_SECONDS = 1.0
"""At the start the node waits this long for the word of every member's node before it signs
(node/listening.py), and then on for that of a quorum."""

LISTENING_SECONDS = 5.0
"""Where not even a quorum answers in this time the node begins all the same: no height is decided without
one, unless a single peer passes everything on. Dialling, TLS and two messages take a tenth of it."""

HELPS_PER_SECOND = 100
HELPS_AT_ONCE = 32
"""STATUS of one peer that are answered with the votes it lacks. An honest one says it at each of its steps, a
few tens in a second, and every quarter of a second when nothing moves; an answer may have 64 KiB."""

BLOCK_EVERY_MS = 100
"""GET_BLOCK of one peer is answered this often at most: each answer may be 4 MiB."""

log = structlog.get_logger("node.driver")


class Asked(Protocol):
    """Whoever answers what peers ask beside the consensus (`node.snapshot_service.Snapshots`)."""

    def hear(self, peer: Address, kind: int, payload: bytes) -> None:
        """Raises DecodeError, InvalidMessageError."""


class Observer(Protocol):
    """Whoever wants to know what was decided (the HTTP API, metrics)."""

    def decided(self, decided: DecidedBlock) -> None: ...


class _HandOn:
    """Hands whatever is raised inside to `report`, at once, instead of to the event loop, which would only
    log it, and later."""

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        self._report = report

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            return False
        if error is not None:
            self._report(error)
        return True


class Driver:
    """Drives one node from height to height until `stop`."""

    def __init__(
        self,
        *,
        application: LedgerApplication,
        blocks: BlockStore,
        tip: Tip,
        journal: Journal | None,
        signer: Signer | None,
        transport: Transport,
        clock: Clock,
        mempool: Mempool,
        signatures: VerifiedSignatures,
        metrics: NodeMetrics,
        archive: VoteArchive,
        observers: Sequence[Observer] = (),
        snapshots: Asked | None = None,
        reserve: DiskReserve | None = None,
        fault: str | None = None,
    ) -> None:
        """`fault`: why there is no signer, when it is not that the operator gave no key."""
        self._application = application
        self._blocks = blocks
        self._tip = tip
        self._journal = journal
        self._signer = signer
        self._transport = transport
        self._clock = clock
        self._mempool = mempool
        self._signatures = signatures
        self._metrics = metrics
        self._archive = archive
        self._observers = observers
        self._snapshots = snapshots
        self._reserve = reserve or unlimited()
        self._fault = fault
        self._evidence = EvidencePool(application)
        self._catch_up = CatchUp(blocks, transport, clock)
        self._bodies = WantedBodies(transport, lambda block_id: self._machine.body(block_id))
        self._ahead = Ahead()
        self._offsets = ClockOffsets()
        self._blocks_sent = Throttle(clock, BLOCK_EVERY_MS)
        self._helped = Allowance(clock, HELPS_PER_SECOND, HELPS_AT_ONCE)
        self.intake = Intake(
            application, mempool, signatures, transport, clock, metrics, self._transactions_came
        )
        self._inputs: deque[Input] = deque()
        self._is_retirement_told = False
        self._is_feeding = False
        self._executed: dict[Hash32, Executed] = {}
        self._commit_from: dict[Hash32, Address] = {}
        self._has_begun = False
        self._greeted: set[Address] = set()
        self._listening = None if signer is None else Listening(signer.address)
        self._has_message = False
        self._has_transaction = False
        self._decided_at_ms = self._entered_at_ms = clock.now_ms()
        self._status_every_ms = STATUS_FIRST_MS
        self._pacing_timer: asyncio.TimerHandle | None = None
        self._status_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[None] | None = None
        self._failed_early: BaseException | None = None
        self._machine = self._new_machine()
        if self._reserve.room is not Room.VOTE:
            self._tell_room()
        self._show_disk()

    # --- life

    @property
    def tip(self) -> Tip:
        return self._tip

    @property
    def machine(self) -> Consensus:
        """The height being decided, for status pages."""
        return self._machine

    @property
    def votes(self) -> bool:
        """Whether this node takes part in deciding the current height."""
        return self.silence is None

    @property
    def silence(self) -> Silence | None:
        """Why this node takes no part in deciding; None when it does."""
        signer = self._signer
        if signer is None:
            return Silence(Why.NO_KEY) if self._fault is None else Silence(Why.JOURNAL, self._fault)
        if signer.retired is not None:
            return Silence(Why.RETIRED, signer.retired)
        if self._application.validators_at(self._tip.height + 1).member(signer.address) is None:
            return Silence(Why.NOT_ENROLLED)
        return None if self._reserve.room is Room.VOTE else Silence(Why.DISK)

    @property
    def room(self) -> Room:
        """What this machine's disk allows the node to write."""
        return self._reserve.room

    @property
    def reserve(self) -> DiskReserve:
        return self._reserve

    @property
    def clock_offset_ms(self) -> int | None:
        """How far this machine's clock is from the others', as far as their blocks tell."""
        return self._offsets.offset_ms

    @property
    def peers_up(self) -> int:
        return len(self._transport.connected())

    @property
    def highest_claim(self) -> int:
        """The highest height that more than one liar's worth of peers claims to be deciding; unsigned."""
        return self._catch_up.highest_claim(self._validators)

    async def run(self) -> None:
        """Until cancelled. Raises what ended the node."""
        if self._failed_early is not None:
            raise self._failed_early
        loop = asyncio.get_running_loop()
        self._failure = loop.create_future()
        self._spawn(self._hear())
        self._guarded(self._tell_status)
        if self.votes and len(self._validators.members) == 1:
            self._guarded(self._begin)
        else:
            for seconds, patience in (
                (GREETING_SECONDS, Patience.QUORUM),
                (LISTENING_SECONDS, Patience.NONE),
            ):
                loop.call_later(seconds, self._guarded, self._listened, patience)
        try:
            await self._failure
        finally:
            for timer in (self._pacing_timer, self._status_timer):
                if timer is not None:
                    timer.cancel()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _guarded(self, call: Callable[..., None], *arguments: Any) -> None:
        """Run a callback; what it raises ends the node instead of vanishing in the loop."""
        if self._failure is None or self._is_over:
            return
        with _HandOn(self.fail):
            call(*arguments)

    def fail(self, error: BaseException) -> None:
        """End the node with this: what was found must not be served, and nothing is known any more. From here
        on nothing is heard or done: a vote whose record failed is in the machine's tally, and a peer that
        asks for votes would be sent it."""
        if self._failure is None:
            self._failed_early = error
        elif not self._failure.done():
            self._failure.set_exception(error)

    @property
    def _is_over(self) -> bool:
        if self._failure is None:
            return self._failed_early is not None
        return self._failure.done()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._watched(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # which began nothing when the node ended first

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        with _HandOn(self.fail):
            await work

    # --- heights

    def _new_machine(self) -> Consensus:
        height = Height(self._tip.height + 1)
        validators = self._application.validators_at(height)
        self._validators = validators
        params = self._application.params()
        signer = self._signer if self.votes and self._has_begun else None
        return Consensus(
            height,
            self._application.chain_id,
            validators,
            None if signer is None else signer.address,
            signer,
            Timeouts(
                params["timeout-propose-ms"],
                params["timeout-propose-step-ms"],
                params["timeout-vote-ms"],
                params["timeout-vote-step-ms"],
                params["timeout-cap-ms"],
            ),
            TimeBounds(params["precision-ms"], params["delay-ms"]),
        )

    def _listened(self, patience: Patience) -> None:
        if self._listening is not None:
            self._listening.patience = patience
        if not self.votes:
            self._begin()
        self._begin_when_heard()

    def _begin_when_heard(self) -> None:
        """Sign from now on, if that is safe: enough members have told what they hold of this height, and
        nothing that is decided waits to be taken over. A claim is heard when some honest peer makes it."""
        if self._has_begun or self._commit_from:
            return
        if self._listening is None or not self.votes:
            if self._greeted and self._greeted.issuperset(self._transport.connected()):
                self._begin()
        elif self.highest_claim <= self._machine.height and self._listening.is_over(
            self._machine.height, self._validators
        ):
            self._begin()

    def _begin(self) -> None:
        """Own records of this height first, then what waited for it, then the pace. Once, after the start."""
        if self._has_begun:
            return
        self._has_begun = True
        self._machine = self._new_machine()
        if self._journal is not None:
            records = self._records()
            if self._signer is not None:
                self._signer.restore(records)
            self._perform(self._machine.recover(records))
        self._take_waiting()
        self._pace()

    def _records(self) -> list[OwnRecord]:
        return [] if self._journal is None else [decode_record(one) for one in self._journal.records()]

    def _retire_if_lost(self, messages: Iterable[Vote | SignedProposal]) -> None:
        """Before the machine has its own records back: what of these the key has signed without a record of
        it."""
        signer = self._signer
        if signer is None or self._journal is None or signer.retired is not None:
            return
        own = [message for message in messages if message.address == signer.address]
        lost = own and lost_signature(
            own, self._records(), signer.address, self._validators, self._application.chain_id
        )
        if lost:
            signer.retire(lost)
            self._journal.append(encode_record(KeyRetired(Height(self._machine.height), lost)))
            self._tell_retirement()

    def _restart_height(self) -> None:
        """As a restart of the process does: a new machine, own records from the journal, and the others pass
        on again what they said."""
        self._machine = self._new_machine()
        self._forget_height()
        if self._has_begun:
            self._has_begun = False
            self._begin()

    def _take_waiting(self) -> None:
        if self._reserve.room is Room.NONE:
            return
        kept = self._catch_up.take(self._machine.height)
        if kept is not None:
            commit, peer = kept
            try:
                self._take_commit(peer, commit)
            except InvalidMessageError as error:
                self._blame(peer, MessageType.COMMIT, error)
        if not self._has_begun:
            return
        waiting = self._ahead.take()
        if waiting:
            self._note_message()
        for received in waiting:
            self._feed(received)

    def _decide(self, effect: Decide) -> None:
        """Log, then state, then journal: each durable before the next (consensus.md, Stable storage)."""
        block, certificate = effect.block, effect.certificate
        executed = self._executed.get(block.block_id) or execute_block(
            self._application, block, self._decoded
        )
        decided = DecidedBlock(block, certificate, executed.execution, executed.transactions)
        certificate_bytes = certificate.encode()
        with self._metrics.store_seconds.time():
            # before the block is stored: after a crash in between the height is decided, and kept, again
            self._archive.keep(
                block.header.height,
                worth_keeping(self._machine.votes(), effect.round, block.block_id, self._machine.round),
            )
            self._store(decided, certificate_bytes)
        self._note(decided, effect.round)
        self._tip = self._tip.child(block, certificate_bytes)
        self._reserve_looked()
        self._machine = self._new_machine()
        self._forget_height()
        self._decided_at_ms = self._clock.now_ms()
        self._evidence.settle()
        for observer in self._observers:
            observer.decided(decided)
        self._catch_up.decided(self._machine.height)
        if not self._has_begun:
            self._ahead.take()  # what waited there was of the height that is done
            if self.highest_claim <= self._machine.height:
                asyncio.get_running_loop().call_soon(self._guarded, self._tell_status)
        self._recall()
        self._take_waiting()
        self._pace()

    def _recall(self) -> None:
        """Own records of the height that begins. There are some when the block log has lost its end and the
        journal has not; without them a lock would be forgotten, and an own vote that comes back would seem to
        be somebody else's."""
        position = None if self._signer is None else self._signer.position
        if self._has_begun and position is not None and position.height >= self._machine.height:
            self._perform(self._machine.recover(self._records()))

    def _forget_height(self) -> None:
        """What belonged to the machine before this one."""
        self._inputs.clear()
        self._executed.clear()
        self._bodies.clear()
        self._commit_from.clear()
        self._has_message = False
        self._has_transaction = False

    def _store(self, decided: DecidedBlock, certificate: bytes) -> None:
        height = decided.block.header.height
        results = Results(decided.execution.outcomes, decided.execution.changes).encode()
        self._blocks.append(height, decided.block.encode(), results, certificate)
        _, history_records = grown(self._tip.history, decided.block.block_id)
        self._application.apply(height, decided.execution, decided.tx_ids, history_records)
        if self._journal is None or self._signer is None:
            return
        ended = HeightEnded(height)
        if self._journal.size_bytes > JOURNAL_PRUNE_BYTES:
            self._journal.prune([*self._worth_keeping(height), encode_record(ended)])
        else:
            self._journal.append(encode_record(ended))
        self._signer.end_height(ended)

    def _worth_keeping(self, height: int) -> list[bytes]:
        """Of the journal, once this height is done: that the key is retired, and what stands above the
        height, for the block log may have been lost, and the journal not."""
        assert self._journal is not None, "only a node with a journal prunes one"
        found = [(record, decode_record(record)) for record in self._journal.records()]
        return [record for record, read in found if isinstance(read, KeyRetired) or read.height > height]

    def _note(self, decided: DecidedBlock, round_: int) -> None:
        header = decided.block.header
        self.intake.decided(decided.transactions)
        peer = self._commit_from.get(decided.block.block_id)
        if peer is not None:
            self._catch_up.brought(peer)
            self._metrics.caught_up.inc()
        elif decided.transactions:
            self._metrics.decide_seconds.observe((self._clock.now_ms() - self._entered_at_ms) / 1000)
        self._metrics.height.set(header.height)
        self._metrics.round.set(-1)
        self._metrics.block_time.set(header.time_ms / 1000)
        self._metrics.transactions.inc(len(decided.transactions))
        self._metrics.rounds.inc(round_)
        log.debug(
            "decided", height=header.height, round=round_, transactions=len(decided.transactions),
            block=decided.block.block_id.hex(), state_root=header.state_root.hex(),
        )  # fmt: skip

    # --- the disk

    def _reserve_looked(self) -> bool:
        """Look at the disk; whether that changes what this node does."""
        has_changed = self._reserve.look()
        if has_changed:
            self._tell_room()
        self._show_disk()
        return has_changed

    def _look_at_disk(self) -> None:
        """Between two messages: whoever may not vote, or may again, begins the height anew."""
        if self._reserve_looked():
            self._restart_height()

    def _tell_room(self) -> None:
        facts = {"free_bytes": self._reserve.free_bytes, "reserve_bytes": self._reserve.mark_bytes}
        match self._reserve.room:
            case Room.VOTE:
                log.warning("disk reserve: there is space again, this node takes part", **facts)
            case Room.FOLLOW:
                log.critical("disk reserve: this node signs nothing until there is space", **facts)
            case Room.NONE:
                log.critical("disk reserve: this node writes nothing until there is space", **facts)

    def _show_disk(self) -> None:
        self._metrics.disk_free.set(self._reserve.free_bytes)
        self._metrics.disk_reserve.set(self._reserve.mark_bytes)

    # --- pace

    def _pace(self) -> None:
        """Enter round 0 when there is a reason to, not before the block interval has passed."""
        if self._pacing_timer is not None:
            self._pacing_timer.cancel()
            self._pacing_timer = None
        if not self._has_begun or self._machine.round >= 0 or self._machine.is_decided:
            return
        if self._reserve.room is Room.NONE:
            return
        params = self._application.params()
        pacing = Pacing(self._decided_at_ms, params["block-interval-ms"], params["idle-ms"])
        now_ms = self._clock.now_ms()
        if self._decided_at_ms > now_ms:
            self._decided_at_ms = now_ms  # the clock was set back: do not wait for it to come again
        if not self._has_message and not self._has_transaction:
            self._has_transaction = self.intake.has_ready(now_ms)
        wait_ms = pacing.wait_ms(now_ms, self._has_transaction, self._has_message)
        if wait_ms == 0:
            self._entered_at_ms = now_ms
            self._perform(self._machine.start())
            self._step_changed()
        else:
            loop = asyncio.get_running_loop()
            self._pacing_timer = loop.call_later(wait_ms / 1000, self._guarded, self._pace)

    def _transactions_came(self) -> None:
        self._has_transaction = True
        self._guarded(self._pace)

    # --- the machine

    def _feed(self, received: Input) -> None:
        """Hand in an input and perform what follows; inputs that arise meanwhile wait their turn."""
        if self._is_over or self._reserve.room is Room.NONE:
            return  # it could lead to a block or a record; the height begins anew when there is space
        self._inputs.append(received)
        if self._is_feeding:
            return
        self._is_feeding = True
        try:
            while self._inputs:
                machine = self._machine
                before = (machine.round, machine.step)
                self._perform(machine.handle(self._inputs.popleft()))
                if machine is self._machine and (machine.round, machine.step) != before:
                    self._step_changed()
        except (DecodeError, InvalidMessageError) as error:
            # the sender's bytes were decoded before they came here: what does not decode now is our own
            raise CorruptionError(
                f"height {self._machine.height}: what this node holds is not valid: {error}"
            ) from error
        finally:
            self._is_feeding = False

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Record(payload):
                    assert self._journal is not None, "a node without a journal signs nothing"
                    self._journal.append(payload)
                case Broadcast(kind, payload):
                    self._transport.broadcast(kind, payload)
                case ScheduleTimeout(height, round_, step, duration_ms):
                    elapsed = TimeoutElapsed(height, round_, step)
                    asyncio.get_running_loop().call_later(
                        duration_ms / 1000, self._guarded, self._feed_timeout, self._machine, elapsed
                    )
                case BuildBlock():
                    self._spawn(self._build(self._machine, effect))
                case CheckBlock(block):
                    self._spawn(self._check(self._machine, block))
                case RequestBody(block_id):
                    self._bodies.want(block_id, self._machine.height)
                case ReportEquivocation(validator, evidence):
                    self._metrics.equivocations.inc()
                    log.error("equivocation", validator=validator.hex(), height=self._machine.height)
                    self._take_evidence(evidence)
                case Decide():
                    self._decide(effect)
        if self._signer is not None and self._signer.refusals:
            for refusal in self._signer.refusals:
                log.error("signature refused", reason=refusal)
            self._signer.refusals.clear()
        self._tell_retirement()

    def _tell_retirement(self) -> None:
        if self._signer is not None and self._signer.retired is not None and not self._is_retirement_told:
            self._is_retirement_told = True
            log.critical("this key will not vote", reason=self._signer.retired)

    def _feed_timeout(self, machine: Consensus, elapsed: TimeoutElapsed) -> None:
        if machine is self._machine:
            self._feed(elapsed)

    async def _build(self, machine: Consensus, effect: BuildBlock) -> None:
        while self._clock.now_ms() <= self._tip.time_ms:  # block time rises strictly
            await asyncio.sleep(CLOCK_CHECK_SECONDS)
            if machine is not self._machine or machine.round != effect.round:
                return
        candidates = list(islice(self._mempool.waiting(), CANDIDATES))
        await self._signatures.prepare(candidates, self._application.state, self._application.chain_id)
        now_ms = self._clock.now_ms()
        if machine is not self._machine or machine.round != effect.round or now_ms <= self._tip.time_ms:
            return  # too late, or the clock was set back meanwhile: the round's timer runs
        assert self._signer is not None, "only a validator is asked to build"
        evidence = self._evidence.for_block(effect.height)
        context = BlockContext(self._application.chain_id, effect.height, now_ms)
        limit_bytes = self._application.params()["block-bytes"] - HEADER_ROOM_BYTES
        with self._metrics.execute_seconds.time():
            built = self._application.build(context, candidates, limit_bytes, misbehaviour_of(evidence))
        for signed, refusal in built.dropped:
            self.intake.refuse(signed, refusal)
        for signed, fault in built.quarantined:
            log.critical("execution fault: quarantined", tx_id=signed.tx_id.hex(), fault=str(fault))
            self.intake.quarantine(signed, fault)
        block = assemble(
            self._application,
            self._tip,
            now_ms,
            self._signer.address,
            built.transactions,
            built.execution,
            evidence,
        )
        self._keep_executed(block.block_id, Executed(built.execution, built.transactions))
        self._feed(BlockBuilt(effect.round, block))

    async def _check(self, machine: Consensus, block: Block) -> None:
        try:
            check_header(self._application, self._tip, block)
            transactions = [self._decoded(body, auth) for body, auth in block.transactions]
            await self._signatures.prepare(transactions, self._application.state, self._application.chain_id)
            if machine is not self._machine:
                return
            with self._metrics.execute_seconds.time():
                executed = execute_block(self._application, block, self._decoded)
                self._keep_executed(block.block_id, executed)
            verdict = Verdict.VALID
        except ExecutionFault as fault:
            self._metrics.faults.inc()
            log.critical("execution fault: prevoting nil", height=machine.height, fault=str(fault))
            verdict = Verdict.FAULT
        except (DecodeError, InvalidMessageError, InvalidBlockError) as error:
            log.error(
                "invalid block",
                height=machine.height,
                proposer=block.header.proposer.hex(),
                reason=str(error),
            )
            verdict = Verdict.INVALID
        if machine is self._machine:
            self._feed(BlockChecked(block.block_id, verdict))

    def _keep_executed(self, block_id: Hash32, executed: Executed) -> None:
        """Of the bodies that the machine holds, however many rounds brought others: what comes back is
        executed again."""
        for known in [one for one in self._executed if self._machine.body(one) is None]:
            del self._executed[known]
        self._executed[block_id] = executed

    def _decoded(self, body: bytes, auth: bytes) -> SignedTransaction:
        """A transaction of a block; one that waits here was decoded before."""
        waiting = self._mempool.get(tx_id_of(body))
        if waiting is not None and waiting.auth == auth:
            return waiting
        return SignedTransaction.decode(body, auth)

    def _take_evidence(self, evidence: Evidence) -> None:
        if self._evidence.add(evidence):
            self._transport.broadcast(MessageType.EVIDENCE, evidence.encode())

    # --- peers

    def _step_changed(self) -> None:
        self._status_every_ms = STATUS_FIRST_MS
        self._metrics.round.set(self._machine.round)
        self._tell_status()

    def _tell_status(self) -> None:
        """STATUS to all, then again a little later; slower while nothing happens."""
        self._look_at_disk()
        if self._status_timer is not None:
            self._status_timer.cancel()
        self._transport.broadcast(MessageType.STATUS, self._machine.status().encode())
        self._metrics.votes.set(int(self.votes))
        self._metrics.peers.set(len(self._transport.connected()))
        self._bodies.ask_again(self._machine.height)
        if self._reserve.room is not Room.NONE:
            self._catch_up.ask(self._machine.height)
        delay = self._status_every_ms / 1000
        self._status_every_ms = min(self._status_every_ms * 2, STATUS_SLOWEST_MS)
        loop = asyncio.get_running_loop()
        self._status_timer = loop.call_later(delay, self._guarded, self._tell_status)
        self._begin_when_heard()

    async def _hear(self) -> None:
        async for message in self._transport.incoming():
            self._hear_one(Received(*message))
            await asyncio.sleep(0)  # a full inbox must not keep timers and clients waiting

    def _hear_one(self, message: Received) -> None:
        if self._is_over:
            return
        try:
            self._dispatch(message)
        except (DecodeError, InvalidMessageError) as error:
            self._blame(message.peer, message.type, error)

    def _blame(self, peer: Address, kind: int, error: DecodeError | InvalidMessageError) -> None:
        """The peer sent what no honest node sends: count it and end the link, which is made anew."""
        self._metrics.blamed.labels(str(int(kind))).inc()
        log.warning("bad message", peer=peer.hex(), type=int(kind), reason=str(error))
        if kind == MessageType.COMMIT:
            self._catch_up.blame(peer)
        if isinstance(error, DecodeError):
            error = InvalidMessageError(str(error), error.code)
        self._transport.disconnect(peer, error)

    def _dispatch(self, message: Received) -> None:
        peer, kind, payload = message
        match kind:
            case MessageType.PROPOSAL:
                self._hear_proposal(peer, ProposalMessage.decode(payload))
            case MessageType.VOTE:
                vote = Vote.decode(payload)
                self._hear_votes(peer, Votes(vote.height, None, (vote,)))
            case MessageType.VOTES:
                votes = Votes.decode(payload)
                self._hear_votes(peer, votes)
                if not self._has_begun and self._listening is not None:
                    self._listening.saw_votes(peer, votes.height, votes.proposal is not None)
                    self._begin_when_heard()
            case MessageType.STATUS:
                self._hear_status(peer, Status.decode(payload))
            case MessageType.TXS:
                if self.intake.take_from_peer(peer, Transactions.decode(payload).transactions):
                    self._spawn(self._admit_from(peer))
            case MessageType.COMMIT:
                self._hear_commit(peer, Commit.decode(payload), len(payload))
            case MessageType.GET_BLOCK:
                self._answer_block(peer, GetBlock.decode(payload))
            case MessageType.BLOCK:
                if self._bodies.is_waiting:  # else 4 MiB are not worth a look
                    block = decode_body(payload)
                    if self._bodies.is_wanted(block.block_id):
                        self._feed(BodyReceived(block))
            case MessageType.GET_COMMITS:
                self._catch_up.answer(peer, GetCommits.decode(payload))
            case MessageType.EVIDENCE:
                self._hear_evidence(payload)
            case MessageType.GET_SNAPSHOT | MessageType.GET_CHUNK | MessageType.GET_HEADERS:
                if self._snapshots is not None:
                    self._snapshots.hear(peer, kind, payload)
            case MessageType.SNAPSHOT | MessageType.CHUNK | MessageType.HEADERS:
                """A late answer to what this node asked before it had a state."""
            case _:
                raise InvalidMessageError(f"message type {kind} is not known")

    async def _admit_from(self, peer: Address) -> None:
        try:
            await self.intake.admit_from(peer)
        except InvalidMessageError as error:
            self._blame(peer, MessageType.TXS, error)

    def _is_for_now(self, height: int) -> bool:
        """Whether a message of this height goes to the machine; then others have begun, so shall we."""
        if not self._has_begun or height != self._machine.height:
            return False
        self._note_message()
        return True

    def _is_ahead(self, height: int) -> bool:
        """The next height; before the machine has its own records back, the present one."""
        return height == self._machine.height + self._has_begun

    def _note_message(self) -> None:
        if not self._has_message:
            self._has_message = True
            self._pace()

    def _hear_proposal(self, peer: Address, message: ProposalMessage) -> None:
        received = ProposalReceived(message.proposal, message.block, message.polka, self._clock.now_ms())
        self._note_clock(peer, received)
        self._hear_before_begin(message.proposal.height, (message.proposal,))
        if self._is_for_now(message.proposal.height):
            self._feed(received)
        elif self._is_ahead(message.proposal.height):
            self._ahead.keep_proposal(peer, received)

    def _note_clock(self, peer: Address, received: ProposalReceived) -> None:
        """Of a block that its own proposer sends for the first time; unsigned, shown and never believed."""
        proposal, block = received.proposal, received.block
        is_new = block is not None and proposal.pol < 0 and proposal.height >= self._machine.height
        if block is not None and is_new and block.header.proposer == peer and proposal.address == peer:
            self._offsets.note(peer, received.received_at_ms, block.header.time_ms)
            self._metrics.clock_offset.set((self.clock_offset_ms or 0) / 1000)

    def _hear_votes(self, peer: Address, votes: Votes) -> None:
        """Those of VOTES itself and of its proposal; a vote of another height inside is nobody's."""
        proposal = votes.proposal
        received = None if proposal is None else ProposalReceived(proposal, None, (), self._clock.now_ms())
        own = [vote for vote in votes.votes if vote.height == votes.height]
        self._hear_before_begin(votes.height, own if proposal is None else (*own, proposal))
        if self._is_for_now(votes.height):
            if received is not None:
                self._feed(received)
            for vote in own:
                self._feed(VoteReceived(vote))
        elif self._is_ahead(votes.height):
            if received is not None:
                self._ahead.keep_proposal(peer, received)
            self._ahead.keep_votes(peer, own, len(self._validators.members))

    def _hear_before_begin(self, height: int, messages: Iterable[Vote | SignedProposal]) -> None:
        if not self._has_begun and height == self._machine.height:
            self._retire_if_lost(message for message in messages if message.height == height)

    def _hear_status(self, peer: Address, status: Status) -> None:
        height = self._machine.height
        self._catch_up.saw_status(peer, status, height)
        if status.height == height:
            self._bodies.saw_status(peer, status)
            lacking = self._machine.votes_lacking(status) if self._helped.allows(peer) else None
            if lacking is not None:
                self._transport.send(peer, MessageType.VOTES, lacking)
        if not self._has_begun:
            self._greeted.add(peer)
            if self._listening is not None:
                for question in self._listening.questions(peer, status, height):
                    self._transport.send(peer, MessageType.STATUS, question.encode())
            self._begin_when_heard()

    def _hear_commit(self, peer: Address, commit: Commit, size_bytes: int) -> None:
        height = self._machine.height
        if commit.block.header.height == height:
            self._take_commit(peer, commit)
        else:
            self._catch_up.keep(peer, commit, height, size_bytes)

    def _take_commit(self, peer: Address, commit: Commit) -> None:
        """Every signature is checked before the machine hears of it. Raises InvalidMessageError."""
        block_id = commit.block.block_id
        if block_id in self._commit_from:
            return
        verify_certificate(commit.certificate, self._validators, self._application.chain_id)
        self._commit_from[block_id] = peer
        if not self._has_begun:
            self._retire_if_lost(_votes_in(commit.certificate, self._validators))
        self._feed(CertificateReceived(commit.certificate, commit.block))

    def _answer_block(self, peer: Address, request: GetBlock) -> None:
        block = self._machine.body(request.block_id)
        if block is not None and self._blocks_sent.allows(peer):
            self._transport.send(peer, MessageType.BLOCK, block.encode())

    def _hear_evidence(self, payload: bytes) -> None:
        if len(payload) > EVIDENCE_BYTES:
            raise DecodeError(f"evidence of {len(payload)} bytes")
        evidence = Evidence.decode(payload)
        if evidence.height <= self._machine.height:
            self._take_evidence(evidence)


def _votes_in(certificate: CommitCertificate, validators: ValidatorSet) -> Iterator[Vote]:
    """The precommits of a verified certificate."""
    for index, signature in certificate.signatures:
        address = validators.members[index].address
        yield Vote(
            VoteKind.PRECOMMIT,
            certificate.height,
            certificate.round,
            certificate.block_id,
            NO_ROUND,
            address,
            signature,
        )
