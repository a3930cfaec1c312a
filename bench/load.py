"""Real documents in real batches: agreements of twenty institutions, signed by two people each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

from chain.transaction import SignedTransaction
from cli import envelope as envelopes
from cli.client import Client
from cli.demo.budget import BUDGET, SOURCE, YEAR
from cli.demo.desk import Desk
from cli.demo.year import POSITIONS, SERVICES, SUPPLIERS, institutions
from cli.failures import NothingAcceptedError
from contracts.actions import REGISTER
from contracts.calendar import day_number

BATCH = 128
AMOUNT = 100_000
"""Tiyn: a thousand tenge, so that a month's plan holds a hundred thousand agreements."""

VALID_MS = 3_600_000
BUSY_SECONDS = 0.02

Pair = tuple[bytes, bytes]


def agreements(desk: Desk, rows: int, name: str) -> Iterator[Pair]:
    """Endless `agreement.register` documents of `rows` agreements each; no two name the same agreement."""
    for number, (holder, administrator) in enumerate(cycle(institutions()), 1):
        position = POSITIONS[administrator][SERVICES]
        entries = tuple(
            _agreement(f"{name}{number}-{row}", position.programme, position.specific, number)
            for row in range(rows)
        )
        yield _signed(desk, holder, (BUDGET, YEAR, SOURCE, entries))


def _agreement(name: str, programme: str, specific: str, number: int) -> tuple[object, ...]:
    today = day_number(YEAR, 1, 5)
    supplier, _ = SUPPLIERS[number % len(SUPPLIERS)]
    return (
        f"bench {name}", today, supplier, "services", "services", "ordinary", programme, "", f"portal {name}",
        AMOUNT, None, ((YEAR, AMOUNT),), day_number(YEAR, 12, 31), True, None, None,
        ((name, "000", specific, None, AMOUNT, 0),),
    )  # fmt: skip


def _signed(desk: Desk, holder: str, arguments: tuple[object, ...]) -> Pair:
    action = REGISTER[("agreement.register", 1)]
    envelope = envelopes.build(
        network=desk.network.genesis.name,
        chain_id=desk.network.genesis.chain_id,
        institution=holder,
        action=action,
        arguments=arguments,  # type: ignore[arg-type]
        valid_until_ms=time.time_ns() // 1_000_000 + VALID_MS,
    )
    for role in ("head", "accountant"):
        person, key = desk.people[(holder, role)]
        envelope = envelopes.sign(envelope, key, person.institution, person.serial)
    return envelope.body, envelope.auth()


def prepared(documents: Iterator[Pair], count: int) -> list[Pair]:
    """The next `count`, built before the clock starts."""
    return list(islice(documents, count))


@dataclass(slots=True)
class Flood:
    """Offers documents to all nodes in turn, as fast as they take them or at a given rate, on one thread."""

    urls: Sequence[str]
    documents: Sequence[Pair]
    per_second: float | None = None
    batch: int = BATCH
    offered: int = 0
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until all are offered or `stop`."""
        clients = cycle([Client([url]) for url in self.urls])
        began = time.monotonic()
        at = 0
        while at < len(self.documents) and not self._stop.is_set():
            group = self.documents[at : at + self.batch]
            client = next(clients)
            try:
                replies = client.submit_many(client.nodes[0], group)
            except NothingAcceptedError:
                self._stop.wait(BUSY_SECONDS)
                continue
            taken = sum(reply.status in ("accepted", "known", "committed") for reply in replies)
            full = sum(reply.status == "full" for reply in replies)
            self.refused += len(replies) - taken - full
            self.offered += taken
            if full:
                self._stop.wait(BUSY_SECONDS)
                if taken == 0:
                    continue
            at += len(group)
            if self.per_second is not None:
                self._stop.wait(max(0.0, began + at / self.per_second - time.monotonic()))

    def stop(self) -> None:
        self._stop.set()


def tx_ids(documents: Sequence[Pair]) -> list[str]:
    return [SignedTransaction.decode(body, auth).tx_id.hex() for body, auth in documents]
