"""Admission: a stranger's bytes become a waiting transaction, or an answer that says why not.

Signatures and a dry run pass before anything is kept. What was taken from a client goes to every peer at
once; what came from a peer is passed on only if it still waits a second later, to those not known to have it,
so that a whole mesh does not carry everything twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import TypeVar

from chain.errors import DecodeError, ExecutionFault, InvalidMessageError
from chain.transaction import SignedTransaction, tx_id_of
from chain.types import Address, Hash32
from consensus.messages import MessageType, pack_transactions
from contracts.executor import Refusal
from node.application import LedgerApplication
from node.mempool import Mempool, Place
from node.metrics import NodeMetrics
from node.ports import Clock, Transport
from node.verified import VerifiedSignatures

REFUSALS_REMEMBERED = 4_096
"""So that a client that asks a little later still hears why; older answers are found by a new dry run."""

FAULTS_REMEMBERED = 256
"""Transactions that broke a rule of ours. Each is a bug of this version: there are few."""

PASS_ON_AFTER_SECONDS = 1.0
"""What a peer sent and still waits after this goes to those who are not known to have it."""

TURN = 16
"""Transactions worked on before the event loop has its turn: about 8 ms, so that votes do not wait for a
batch."""

PEER_MESSAGES = 8
"""TXS of one peer that wait while one is worked on: 2 MiB, or 8 when each holds one of the largest documents.
More are dropped: their sender still has them, and proposes them when its turn comes."""

VERIFYING = 2
"""Requests, and messages of peers, whose signatures are verified at once, each kind by itself."""

CHUNKS_AT_ONCE = 2
"""Of each of them, so many chunks wait for the threads that verify: a block that is to be checked waits for
eight chunks at most, 25 ms on two threads, however many documents are offered."""

STALE_DROPPED_AT_ONCE = 64
"""Waiting transactions that are tried, and let go, in one look for one that passes."""


AnswerT = TypeVar("AnswerT")


class Status(Enum):
    """What admission says of one transaction."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    COMMITTED = "committed"
    REFUSED = "refused"
    CONFLICT = "conflict"
    FULL = "full"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer for one transaction. `refusal` stands with REFUSED; `error` with UNREADABLE, and with
    REFUSED when not a rule but a fault of ours refused it."""

    status: Status
    tx_id: Hash32
    refusal: Refusal | None = None
    error: DecodeError | ExecutionFault | None = None


class Intake:
    """One per node; belongs to its event loop. The only one that takes from the mempool."""

    def __init__(
        self,
        application: LedgerApplication,
        mempool: Mempool,
        signatures: VerifiedSignatures,
        transport: Transport,
        clock: Clock,
        metrics: NodeMetrics,
        on_added: Callable[[], None],
    ) -> None:
        self._application = application
        self._mempool = mempool
        self._signatures = signatures
        self._transport = transport
        self._clock = clock
        self._metrics = metrics
        self._on_added = on_added
        self._verifying = {is_client: asyncio.Semaphore(VERIFYING) for is_client in (True, False)}
        self._refused: OrderedDict[Hash32, Refusal] = OrderedDict()
        self._faults: OrderedDict[Hash32, ExecutionFault] = OrderedDict()
        self._holders: dict[Hash32, set[Address]] = {}
        self._from_peers: dict[Address, deque[Sequence[tuple[bytes, bytes]]]] = {}

    async def admit(
        self, pairs: Sequence[tuple[bytes, bytes]], source: Address | None = None
    ) -> list[Admission]:
        """One answer for each (body, auth), in order. `source` is the peer that sent them, None for a
        client."""
        looked: list[Admission | SignedTransaction] = []
        for number, (body, auth) in enumerate(pairs, 1):
            looked.append(self._look(body, auth, source))
            await _breathe(number)
        candidates = [one for one in looked if isinstance(one, SignedTransaction)]
        async with self._verifying[source is None]:
            await self._signatures.prepare(
                candidates, self._application.state, self._application.chain_id, at_once=CHUNKS_AT_ONCE
            )
        answers: list[Admission] = []
        added: list[SignedTransaction] = []
        for number, one in enumerate(looked, 1):
            answer = one if isinstance(one, Admission) else self._try(one)
            answers.append(answer)
            if answer.status is Status.ACCEPTED and isinstance(one, SignedTransaction):
                added.append(one)
                self._holders[one.tx_id] = set() if source is None else {source}
            await _breathe(number)
        if added:
            self._metrics.mempool.set(len(self._mempool))
            self._on_added()
            self._hand_on(added, source)
        return answers

    def take_from_peer(self, peer: Address, pairs: Sequence[tuple[bytes, bytes]]) -> bool:
        """Put a peer's TXS in its queue; True when nobody works on that queue: then `admit_from` is due."""
        queue = self._from_peers.get(peer)
        if queue is None:
            self._from_peers[peer] = deque((pairs,))
            return True
        if len(queue) < PEER_MESSAGES:
            queue.append(pairs)
        return False

    async def admit_from(self, peer: Address) -> None:
        """Work off the queue of a peer, one message at a time, so that a talkative one delays itself.

        Raises InvalidMessageError for bytes that no honest peer passes on: it has admitted them itself.
        """
        queue = self._from_peers[peer]
        try:
            while queue:
                for answer in await self.admit(queue.popleft(), peer):
                    if answer.status is Status.UNREADABLE:
                        raise InvalidMessageError(f"transaction {answer.tx_id.hex()}: {answer.error}")
        finally:
            del self._from_peers[peer]

    def refusal_of(self, tx_id: Hash32) -> Refusal | None:
        """Why the transaction was refused here lately."""
        return self._refused.get(tx_id)

    def fault_of(self, tx_id: Hash32) -> ExecutionFault | None:
        """How the transaction broke a rule of ours."""
        return self._faults.get(tx_id)

    def refuse(self, signed: SignedTransaction, refusal: Refusal) -> None:
        """It does not pass any more: it leaves, and whoever asks hears why."""
        self._leave([signed.tx_id])
        self._metrics.refused.labels(refusal.reason.code).inc()
        _remember(self._refused, signed.tx_id, refusal, REFUSALS_REMEMBERED)

    def quarantine(self, signed: SignedTransaction, fault: ExecutionFault) -> None:
        """It broke a rule of ours: it leaves and is not taken again."""
        self._leave([signed.tx_id])
        self._metrics.faults.inc()
        _remember(self._faults, signed.tx_id, fault, FAULTS_REMEMBERED)

    def decided(self, transactions: Sequence[SignedTransaction]) -> None:
        """A block holds them: they leave, and so does what waits under the same client ids."""
        self._leave([signed.tx_id for signed in transactions])
        if len(self._mempool):
            self._leave(self._mempool.rivals(transactions))
        self._metrics.mempool.set(len(self._mempool))

    def has_ready(self, time_ms: int) -> bool:
        """Whether a waiting transaction passes against the state of now; those tried that do not are let go.

        After many stale ones the answer is yes: building drops the rest, and an empty block is valid.
        """
        for signed in list(islice(self._mempool.waiting(), STALE_DROPPED_AT_ONCE)):
            if self._passes(signed, time_ms) is None:
                return True
        return len(self._mempool) > 0

    def _look(self, body: bytes, auth: bytes, source: Address | None) -> Admission | SignedTransaction:
        """What can be answered without verifying anything."""
        tx_id = tx_id_of(body)
        if tx_id in self._mempool:
            if source is not None:
                self._holders.setdefault(tx_id, set()).add(source)
            return Admission(Status.KNOWN, tx_id)
        fault = self._faults.get(tx_id)
        if fault is not None:
            return Admission(Status.REFUSED, tx_id, error=fault)
        if self._application.transaction_place(tx_id) is not None:
            return Admission(Status.COMMITTED, tx_id)
        try:
            signed = SignedTransaction.decode(body, auth)
        except DecodeError as error:
            self._metrics.refused.labels(error.code).inc()
            return Admission(Status.UNREADABLE, tx_id, error=error)
        return _placed(self._mempool.place_for(signed), signed) or signed

    def _try(self, signed: SignedTransaction) -> Admission:
        found = self._passes(signed, self._clock.now_ms())
        if isinstance(found, Refusal):
            return Admission(Status.REFUSED, signed.tx_id, found)
        if found is not None:
            return Admission(Status.REFUSED, signed.tx_id, error=found)
        self._refused.pop(signed.tx_id, None)
        return _placed(self._mempool.add(signed), signed) or Admission(Status.ACCEPTED, signed.tx_id)

    def _passes(self, signed: SignedTransaction, time_ms: int) -> Refusal | ExecutionFault | None:
        """The dry run; None when it passes. A fault is ours: the transaction goes, the node goes on."""
        try:
            refusal = self._application.dry_run(signed, time_ms)
        except ExecutionFault as fault:
            self.quarantine(signed, fault)
            return fault
        if refusal is not None:
            self.refuse(signed, refusal)
        return refusal

    def _leave(self, tx_ids: Sequence[Hash32]) -> None:
        self._mempool.remove(tx_ids)
        for tx_id in tx_ids:
            self._holders.pop(tx_id, None)

    def _hand_on(self, added: Sequence[SignedTransaction], source: Address | None) -> None:
        if source is None:
            self._send(added)
        else:
            asyncio.get_running_loop().call_later(PASS_ON_AFTER_SECONDS, self._send, added)

    def _send(self, transactions: Sequence[SignedTransaction]) -> None:
        """To every peer what still waits and it is not known to have."""
        for peer in self._transport.connected():
            lacking = [
                one
                for one in transactions
                if one.tx_id in self._mempool and peer not in self._holders.get(one.tx_id, ())
            ]
            for payload in pack_transactions((one.body, one.auth) for one in lacking):
                if not self._transport.send(peer, MessageType.TXS, payload):
                    break  # the link is full or down: we propose it ourselves when our turn comes
            else:
                for one in lacking:
                    self._holders.setdefault(one.tx_id, set()).add(peer)


async def _breathe(number: int) -> None:
    if number % TURN == 0:
        await asyncio.sleep(0)


def _remember(kept: OrderedDict[Hash32, AnswerT], tx_id: Hash32, what: AnswerT, limit: int) -> None:
    kept[tx_id] = what
    kept.move_to_end(tx_id)
    while len(kept) > limit:
        kept.popitem(last=False)


def _placed(place: Place, signed: SignedTransaction) -> Admission | None:
    """The answer for a transaction that finds no place; None when there is one."""
    match place:
        case Place.ADDED:
            return None
        case Place.KNOWN:
            return Admission(Status.KNOWN, signed.tx_id)
        case Place.CONFLICT:
            return Admission(Status.CONFLICT, signed.tx_id)
        case Place.FULL:
            return Admission(Status.FULL, signed.tx_id)
