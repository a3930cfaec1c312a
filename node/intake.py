"""Admission: a stranger's bytes become a waiting transaction, or an answer that says why not.

Signatures and a dry run pass before anything is kept. What was taken from a client goes to every peer at
once; what came from a peer is passed on only if it still waits a second later, to those not known to have it,
so that a whole mesh does not carry everything twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from chain.errors import DecodeError
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

PASS_ON_AFTER_SECONDS = 1.0


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
    """The answer for one transaction. `refusal` stands with REFUSED, `error` with UNREADABLE."""

    status: Status
    tx_id: Hash32
    refusal: Refusal | None = None
    error: DecodeError | None = None


class Intake:
    """One per node; belongs to its event loop."""

    def __init__(
        self,
        application: LedgerApplication,
        is_committed: Callable[[Hash32], bool],
        mempool: Mempool,
        signatures: VerifiedSignatures,
        transport: Transport,
        clock: Clock,
        metrics: NodeMetrics,
        on_added: Callable[[], None],
    ) -> None:
        self._application = application
        self._is_committed = is_committed
        self._mempool = mempool
        self._signatures = signatures
        self._transport = transport
        self._clock = clock
        self._metrics = metrics
        self._on_added = on_added
        self._refused: OrderedDict[Hash32, Refusal] = OrderedDict()
        self._holders: dict[Hash32, set[Address]] = {}

    async def admit(
        self, pairs: Sequence[tuple[bytes, bytes]], source: Address | None = None
    ) -> list[Admission]:
        """One answer for each (body, auth), in order. `source` is the peer that sent them, None for a
        client."""
        answers: list[Admission | SignedTransaction] = [
            self._look(body, auth, source) for body, auth in pairs
        ]
        candidates = [one for one in answers if isinstance(one, SignedTransaction)]
        await self._signatures.prepare(candidates, self._application.state, self._application.chain_id)
        now_ms = self._clock.now_ms()
        done = [one if isinstance(one, Admission) else self._try(one, now_ms) for one in answers]
        added = [signed for signed in candidates if signed.tx_id in self._mempool]
        if added:
            self._note_holders(added, source)
            self._on_added()
            if source is None:
                self._send(added, self._transport.connected())
            else:
                asyncio.get_running_loop().call_later(PASS_ON_AFTER_SECONDS, self._pass_on, added)
        return done

    def refusal_of(self, tx_id: Hash32) -> Refusal | None:
        """Why the transaction was refused here lately."""
        return self._refused.get(tx_id)

    def remember_refusal(self, tx_id: Hash32, refusal: Refusal) -> None:
        self._metrics.refused.labels(refusal.reason.code).inc()
        self._refused[tx_id] = refusal
        self._refused.move_to_end(tx_id)
        while len(self._refused) > REFUSALS_REMEMBERED:
            self._refused.popitem(last=False)

    def forget(self, tx_ids: Sequence[Hash32]) -> None:
        """They left the mempool: nobody needs to be sent them any more."""
        for tx_id in tx_ids:
            self._holders.pop(tx_id, None)

    def _look(self, body: bytes, auth: bytes, source: Address | None) -> Admission | SignedTransaction:
        """What can be answered without verifying anything."""
        tx_id = tx_id_of(body)
        if tx_id in self._mempool:
            if source is not None:
                self._holders.setdefault(tx_id, set()).add(source)
            return Admission(Status.KNOWN, tx_id)
        if self._is_committed(tx_id):
            return Admission(Status.COMMITTED, tx_id)
        try:
            signed = SignedTransaction.decode(body, auth)
        except DecodeError as error:
            self._metrics.refused.labels(error.code).inc()
            return Admission(Status.UNREADABLE, tx_id, error=error)
        return _placed(self._mempool.place_for(signed), signed) or signed

    def _try(self, signed: SignedTransaction, now_ms: int) -> Admission:
        refusal = self._application.dry_run(signed, now_ms)
        if refusal is not None:
            self.remember_refusal(signed.tx_id, refusal)
            return Admission(Status.REFUSED, signed.tx_id, refusal)
        self._refused.pop(signed.tx_id, None)
        return _placed(self._mempool.add(signed), signed) or Admission(Status.ACCEPTED, signed.tx_id)

    def _note_holders(self, added: Sequence[SignedTransaction], source: Address | None) -> None:
        for signed in added:
            holders = self._holders.setdefault(signed.tx_id, set())
            if source is not None:
                holders.add(source)

    def _pass_on(self, transactions: Sequence[SignedTransaction]) -> None:
        waiting = [signed for signed in transactions if signed.tx_id in self._mempool]
        if waiting:
            self._send(waiting, self._transport.connected())

    def _send(self, transactions: Sequence[SignedTransaction], peers: Sequence[Address]) -> None:
        for peer in peers:
            lacking = [one for one in transactions if peer not in self._holders.get(one.tx_id, ())]
            for payload in pack_transactions((one.body, one.auth) for one in lacking):
                if not self._transport.send(peer, MessageType.TXS, payload):
                    break  # the link is full or down; what still waits is passed on by others or offered again
            else:
                for one in lacking:
                    self._holders.setdefault(one.tx_id, set()).add(peer)


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
