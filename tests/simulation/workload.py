"""Clients: real documents over the real contracts, offered to any node, asked for at any other.

A budget's story goes stage by stage, from its directories to a payment; beside it stand documents that need
nothing. What a client was told is remembered: it must stay true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from chain.codec import Value
from chain.keys import ED25519, SigningKey, possession_bytes, signer_id
from chain.transaction import SignedTransaction, Transaction, tx_id_of, tx_sign_bytes
from chain.types import ActionName, ClientId, Hash32, InstitutionId
from contracts.actions import REGISTER
from contracts.records import Role
from tests.simulation.clock import START_MS
from tests.support import year
from tests.support.budget import DIRECTORIES, PEOPLE, Ledger, a_fresh_ledger, key_of_person, with_receipts

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

VALID_MS = 3_600_000
RESUBMIT_AFTER_MS = 4_000


class Document(NamedTuple):
    """What somebody of an institution wants done."""

    institution: str
    action: str
    arguments: tuple[Value, ...]


class _Recorder(Ledger):
    """Keeps what a story does."""

    def __init__(self) -> None:
        fresh = a_fresh_ledger()
        super().__init__(fresh.chain_id, fresh.state)
        self.documents_done: list[Document] = []

    def do(self, institution: str, action: str, *arguments: Value) -> tuple[tuple[Value, ...], ...]:
        events = super().do(institution, action, *arguments)
        self.documents_done.append(Document(institution, action, arguments))
        return events

    def taken(self) -> tuple[Document, ...]:
        done, self.documents_done = self.documents_done, []
        return tuple(done)


@cache
def story() -> tuple[tuple[Document, ...], ...]:
    """Stages of a small budget year; each needs those before it, and no document one of its own stage."""
    ledger = _Recorder()
    for directory, codes in DIRECTORIES:
        ledger.publish(directory, *codes)
    stages = [ledger.taken()]
    ledger.open_day(2026, 1, 5)
    stages.append(ledger.taken())
    ledger.do("mof", "budget.adopt", *year.a_law(year.a_programme(units=100_000)))
    with_receipts(ledger, 1_000_000 * year.U)
    stages.append(ledger.taken())
    rows = (year.a_plan(40_000), year.a_plan(20_000, holder=year.OTHER_GU))
    ledger.do("mot", "plan.approve", *year.plan_document(*rows))
    stages.append(ledger.taken())
    for number in ("A-1", "A-2", "A-3"):
        year.register(ledger, number, 100)
    stages.append(ledger.taken())
    for number in ("a-1", "a-2"):
        year.sign(ledger, f"act-{number}", number, 60)
    stages.append(ledger.taken())
    for serial, number in enumerate(("a-1", "a-2"), 1):
        request = year.a_request(serial, number, 60, f"act-{number}")
        ledger.do(year.GU, "payment.request", (request,))
        stages.append(ledger.taken())
    for serial in (1, 2):
        ledger.do("treasury", "payment.execute", ((year.GU, year.payment_number(serial)),))
    stages.append(ledger.taken())
    return tuple(stages)


@dataclass(slots=True)
class _Offer:
    """One document under way."""

    signed: SignedTransaction
    offered_ms: int = -RESUBMIT_AFTER_MS
    committed_at: int | None = None


@dataclass(slots=True)
class Clients:
    """All of them. `told`: height and index of each transaction that a client was told is committed."""

    world: Simulation
    random: Random
    documents: int
    has_story: bool
    told: dict[Hash32, tuple[int, int]] = field(default_factory=dict)
    _stage: int = 0
    _open: dict[Hash32, _Offer] = field(default_factory=dict)
    _done: list[SignedTransaction] = field(default_factory=list)
    _of_stage: set[Hash32] = field(default_factory=set)
    _signed: int = 0

    @property
    def is_idle(self) -> bool:
        """Everything that was offered is committed."""
        return not self._open

    @property
    def open_count(self) -> int:
        return len(self._open)

    @property
    def submitted(self) -> int:
        return self._signed

    def turn(self) -> None:
        """Ask, offer, repeat."""
        self._ask()
        self._go_on()
        if self.documents and self.random.random() < 0.5:
            self.documents -= 1
            self._offer(self.newcomer())
        if self._done and self.random.random() < 0.1:
            self.world.seen["replay offered"] += 1
            self.world.submit(self.random.choice(self._done))

    def last_wishes(self) -> None:
        """One document for each machine, after healing: they must all be taken."""
        for seat in self.world.honest:
            offer = self._offer(self.newcomer())
            offer.offered_ms = self.world.now_ms
            self.world.submit(offer.signed, seat)

    def finish(self) -> None:
        """No new stage begins; what is open stays wanted."""
        self.has_story = False
        self.documents = 0

    def _ask(self) -> None:
        """Each open document is looked for at a random honest node."""
        for tx_id, offer in list(self._open.items()):
            found = self.world.look_up(tx_id)
            if found is not None and found.status == "committed":
                assert found.height is not None
                assert found.index is not None
                self.told[tx_id] = (found.height, found.index)
                self._done.append(offer.signed)
                del self._open[tx_id]
                self._of_stage.discard(tx_id)
            elif self.world.now_ms >= offer.offered_ms + RESUBMIT_AFTER_MS:
                offer.offered_ms = self.world.now_ms
                self.world.submit(offer.signed)

    def _go_on(self) -> None:
        if not self.has_story or self._of_stage or self._stage >= len(story()):
            return
        for document in story()[self._stage]:
            self._of_stage.add(Hash32(self._offer(document).signed.tx_id))
        self._stage += 1

    def _offer(self, document: Document) -> _Offer:
        offer = _Offer(self.sign(document))
        self._open[Hash32(offer.signed.tx_id)] = offer
        return offer

    # --- documents

    def newcomer(self) -> Document:
        """A `signer.add`, which needs nothing."""
        institution = self.random.choice(("mof", "treasury", "moh", "mot"))
        chain_id = self.world.chain_id
        key = SigningKey.from_seed(sha256(f"newcomer {self._signed}".encode()).digest())
        possession = key.sign(possession_bytes(chain_id, InstitutionId(institution), ED25519, key.public_key))
        arguments = (ED25519, key.public_key, int(Role.PREPARER), possession)
        return Document(institution, "signer.add", arguments)

    def sign(self, document: Document) -> SignedTransaction:
        self._signed += 1
        chain_id = self.world.chain_id
        transaction = Transaction(
            chain_id,
            ClientId(self._signed.to_bytes(16, "big")),
            START_MS + self.world.now_ms + VALID_MS,
            InstitutionId(document.institution),
            ActionName(document.action),
            1,
            document.arguments,
        )
        message = tx_sign_bytes(chain_id, tx_id_of(transaction.encode()))
        signatures = []
        for role in REGISTER[(document.action, 1)].roles:
            institution = InstitutionId(document.institution)
            name = signer_id(chain_id, institution, PEOPLE.index(Role(role)) + 1)
            signatures.append((name, key_of_person(document.institution, Role(role)).sign(message)))
        return SignedTransaction.of(transaction, signatures)
