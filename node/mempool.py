"""Transactions that passed admission and wait for a block: bounded, in order of arrival, one per client
id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from chain.transaction import SignedTransaction
from chain.types import Hash32


@dataclass(frozen=True, slots=True)
class MempoolLimits:
    """What strangers can make a node keep.

    About four full blocks of documents; above that a client is told to come back, which costs it nothing: it
    was not accepted, and repeating is safe.
    """

    transactions: int = 8_192
    size_bytes: int = 64 * 1024 * 1024


class Place(Enum):
    """What became of a transaction that was offered."""

    ADDED = "added"
    KNOWN = "known"
    FULL = "full"
    CONFLICT = "conflict"


class Mempool:
    """Order of arrival is kept; what a block holds or refuses leaves."""

    def __init__(self, limits: MempoolLimits) -> None:
        self._limits = limits
        self._waiting: dict[Hash32, SignedTransaction] = {}
        self._by_client: dict[tuple[str, bytes], Hash32] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, tx_id: Hash32) -> bool:
        return tx_id in self._waiting

    def get(self, tx_id: Hash32) -> SignedTransaction | None:
        return self._waiting.get(tx_id)

    def place_for(self, signed: SignedTransaction) -> Place:
        """What `add` would answer, at the cost of two look-ups: asked before signatures are verified."""
        if signed.tx_id in self._waiting:
            return Place.KNOWN
        if _client(signed) in self._by_client:
            return Place.CONFLICT
        size = len(signed.body) + len(signed.auth)
        if (
            len(self._waiting) >= self._limits.transactions
            or self.size_bytes + size > self._limits.size_bytes
        ):
            return Place.FULL
        return Place.ADDED

    def add(self, signed: SignedTransaction) -> Place:
        """The caller has verified signatures and made a dry run."""
        place = self.place_for(signed)
        if place is Place.ADDED:
            self._waiting[signed.tx_id] = signed
            self._by_client[_client(signed)] = signed.tx_id
            self.size_bytes += len(signed.body) + len(signed.auth)
        return place

    def remove(self, tx_ids: Iterable[Hash32]) -> None:
        for tx_id in tx_ids:
            signed = self._waiting.pop(tx_id, None)
            if signed is not None:
                del self._by_client[_client(signed)]
                self.size_bytes -= len(signed.body) + len(signed.auth)

    def rivals(self, decided: Iterable[SignedTransaction]) -> list[Hash32]:
        """What waits under the client ids of decided transactions: at most one of them can ever enter."""
        clients = (_client(signed) for signed in decided)
        return [self._by_client[client] for client in clients if client in self._by_client]

    def waiting(self) -> Iterator[SignedTransaction]:
        """In order of arrival. The pool may change while the caller waits, so iterate over a copy then."""
        return iter(self._waiting.values())


def _client(signed: SignedTransaction) -> tuple[str, bytes]:
    return signed.transaction.institution, signed.transaction.client_id
