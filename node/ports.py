"""What the node asks of the world, and the neutral line between a consensus engine and the application.

`Application` is all that an engine may know of the ledger's rules: build a block's content, check it, apply
what was decided, answer queries, list and load snapshots. Headers, certificates, rounds and votes belong to
the engine (here: `node.assembly` and `consensus`), so that another engine can drive the same application.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from chain.certificate import Vote
from chain.errors import InvalidMessageError
from chain.genesis import Params
from chain.state_tree import StateProof
from chain.transaction import SignedTransaction
from chain.types import Address, Hash32
from chain.validators import ValidatorSet
from contracts.context import BlockContext
from contracts.executor import Built, Execution, Refusal
from contracts.membership import Misbehaviour
from node.chunks import Scratch


class Clock(Protocol):
    """Wall clock and timers; the simulator gives a virtual one."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 by this machine's clock."""


class Answer(NamedTuple):
    """A state value as of `height`, with the proof against that height's state root when one was asked
    for."""

    height: int
    value: bytes | None
    proof: StateProof | None


class Application(Protocol):
    """The ledger's rules and state, as an engine sees them."""

    @property
    def chain_id(self) -> Hash32: ...

    @property
    def height(self) -> int:
        """The last applied height; 0 after genesis."""

    @property
    def state_root(self) -> Hash32:
        """The root after that height."""

    def validators_at(self, height: int) -> ValidatorSet:
        """The set that votes on `height`; known up to the applied height + 2."""

    def params(self) -> Params:
        """Parameters in force for the next block."""

    def dry_run(self, signed: SignedTransaction, time_ms: int) -> Refusal | None:
        """Whether the transaction would be executed on the state of now; nothing changes."""

    def build(
        self,
        context: BlockContext,
        candidates: Sequence[SignedTransaction],
        size_limit_bytes: int,
        misbehaviour: Sequence[Misbehaviour],
    ) -> Built:
        """Choose and execute, in order, what fits."""

    def check(
        self,
        context: BlockContext,
        transactions: Sequence[SignedTransaction],
        misbehaviour: Sequence[Misbehaviour],
    ) -> Execution:
        """Execute a proposed content. Raises InvalidBlockError when one is refused, ExecutionFault."""

    def apply(
        self,
        height: int,
        execution: Execution,
        transactions: Sequence[Hash32],
        extra: Mapping[bytes, bytes | None],
    ) -> None:
        """Make the decided height durable, in one synced write. `extra` are small records of the engine."""

    def query(
        self, collection: str, key: bytes, height: int | None = None, *, with_proof: bool = False
    ) -> Answer:
        """A value now (provable) or as of an earlier height."""

    def snapshot(self) -> Snapshot:
        """The state of the applied height, to be read in chunks while the chain goes on."""

    def load_snapshot(self, height: int, state_root: Hash32, encoded: Iterable[bytes]) -> None:
        """Fill an empty state from chunks, each checked against `state_root`."""


class Snapshot(Protocol):
    """A consistent state of one height."""

    @property
    def height(self) -> int: ...

    @property
    def state_root(self) -> Hash32: ...

    def chunks(self, scratch: Scratch) -> Iterator[bytes]:
        """Encoded SnapshotChunks (chain.snapshot), each checkable alone against the state root."""

    def close(self) -> None: ...


class StoredBlock(Protocol):
    """One height in the block log, as bytes (docs/formats.md, Block log)."""

    @property
    def block(self) -> bytes: ...

    @property
    def results(self) -> bytes: ...

    @property
    def certificate(self) -> bytes: ...


class BlockStore(Protocol):
    """The append-only source of truth."""

    @property
    def first_height(self) -> int:
        """The first height it has or will have."""

    @property
    def last_height(self) -> int:
        """The last height it has; `first_height` - 1 when it has none."""

    def append(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        """On disk and synced when this returns."""

    def read(self, height: int) -> StoredBlock:
        """Checked again on every read. Raises CorruptionError."""


class Journal(Protocol):
    """The validator's own words."""

    @property
    def size_bytes(self) -> int: ...

    def append(self, record: bytes) -> None:
        """On disk when this returns; only then may the message leave."""

    def records(self) -> Sequence[bytes]: ...

    def prune(self, kept: Sequence[bytes]) -> None:
        """Replace the file by these records, durably."""


class VoteArchive(Protocol):
    """Votes that the forensic tool reads (`node.archive.worth_keeping`)."""

    def keep(self, height: int, votes: Sequence[Vote]) -> None:
        """Votes of a height; none: nothing is written. Raises StorageError."""


class Received(NamedTuple):
    """One message of one peer."""

    peer: Address
    type: int
    payload: bytes


class Transport(Protocol):
    """Links to the peers (`network.transport.Transport`). What a lost link loses is repaired by STATUS and
    VOTES."""

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        """Queue for one peer; False when it is not connected or does not keep up."""

    def broadcast(self, kind: int, payload: bytes) -> int:
        """Queue for every connected peer; for how many."""

    def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]: ...

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        """The peer sent what no honest node sends."""

    def connected(self) -> Sequence[Address]:
        """Those whose link is up."""
