"""What the HTTP API asks of the ledger: to be read, and to take transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chain.codec import Value
from chain.errors import StorageError
from chain.types import Hash32
from contracts.executor import Refusal
from contracts.records import Balance
from contracts.why import Why
from node.assembly import DecidedBlock
from node.findings import Finding
from node.intake import Admission
from node.ledger import InclusionProof, NodeStatus, StoredHeight, TransactionStatus
from node.ports import Answer


class EventStream(Protocol):
    """Decided blocks, from the moment it was made."""

    async def next(self) -> DecidedBlock | None:
        """None at the end."""

    def close(self) -> None: ...


class LedgerReader(Protocol):
    """Everything decided, and what this node knows of what is not."""

    def status(self) -> NodeStatus: ...

    def findings(self) -> list[Finding]:
        """What is wrong with this node now, worst first."""

    def get(self, collection: str, key: bytes, height: int | None, prove: bool) -> Answer: ...

    async def scan(
        self, collection: str, start: bytes, limit: int, height: int | None
    ) -> Sequence[tuple[bytes, bytes]]: ...

    def header(self, height: int) -> bytes: ...

    def block(self, height: int) -> StoredHeight: ...

    def consistency(self, old: int, new: int) -> tuple[Hash32, ...]: ...

    def transaction(self, tx_id: Hash32) -> TransactionStatus: ...

    def inclusion(self, tx_id: Hash32) -> InclusionProof | None: ...

    async def programme_balances(
        self, budget: str, year: int, height: int | None = None
    ) -> list[tuple[str, str, Balance]]: ...

    def events(self) -> EventStream: ...

    def fail(self, error: StorageError) -> None:
        """Stored data failed its check while it was read: nothing more is served, the node stops."""

    def exposition(self) -> bytes:
        """The node's metrics as Prometheus text."""


class TransactionSubmitter(Protocol):
    """Offers transactions; accepted is not final."""

    async def submit(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[Admission]: ...

    async def dry_run(self, body: bytes, auth: bytes) -> Refusal | None: ...

    async def why(self, institution: str, action: str, arguments: tuple[Value, ...] | None) -> Why: ...

    async def wait(self, tx_id: Hash32, timeout_ms: int) -> TransactionStatus: ...
