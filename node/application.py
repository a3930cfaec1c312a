"""The ledger's rules over this node's state: the application that an engine drives
(`node.ports.Application`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from chain.codec import Value
from chain.errors import InvalidBlockError, LedgerError
from chain.genesis import Genesis, Params
from chain.snapshot import CHUNK_AIM_BYTES
from chain.state_tree import prove, state_path, update, value_hash
from chain.transaction import SignedTransaction
from chain.types import Hash32
from chain.validators import ValidatorSet
from contracts.context import BlockContext
from contracts.executor import (
    Built,
    Execution,
    Refusal,
    SignatureCheck,
    apply_transaction,
    build,
    execute,
)
from contracts.genesis import genesis_changes
from contracts.membership import Misbehaviour, validators_at
from contracts.params import params_of
from contracts.state import Key, Overlay, StateReader
from contracts.why import Why, why
from node.chunks import Fillable, Scratch, chunks, divide, fill
from node.ports import Answer

SETS_REMEMBERED = 16
"""Validator sets decoded since the last block: those of now and the next heights, and of evidence, which may
name any of 10,000 heights."""


class Place(Protocol):
    """Where a transaction stands."""

    @property
    def height(self) -> int: ...

    @property
    def index(self) -> int: ...


class FrozenState(StateReader, Protocol):
    """One committed height, unmoved by later commits."""

    @property
    def height(self) -> int | None: ...

    @property
    def state_root(self) -> bytes | None: ...

    def items(self) -> Iterator[tuple[str, bytes, bytes]]: ...

    def extra(self, name: bytes) -> bytes | None: ...

    def get_at(self, collection: str, key: bytes, height: int) -> bytes | None: ...

    def scan_at(
        self, collection: str, start: bytes, limit: int, height: int
    ) -> Sequence[tuple[bytes, bytes]]: ...

    def close(self) -> None: ...


class StateStore(Fillable, Protocol):
    """Committed state on disk (`storage.state.LevelState`)."""

    @property
    def is_half_filled(self) -> bool: ...

    @property
    def state_root(self) -> bytes | None: ...

    def get_at(self, collection: str, key: bytes, height: int) -> bytes | None: ...

    def scan_at(
        self, collection: str, start: bytes, limit: int, height: int
    ) -> Sequence[tuple[bytes, bytes]]: ...

    def transaction(self, tx_id: bytes) -> Place | None: ...

    def extra(self, name: bytes) -> bytes | None: ...

    def commit(
        self,
        height: int,
        state_root: bytes,
        changes: Mapping[Key, bytes | None],
        nodes: Mapping[tuple[int, bytes], bytes | None],
        *,
        transactions: Sequence[bytes] = (),
        extra: Mapping[bytes, bytes | None] | None = None,
    ) -> None: ...

    def snapshot(self) -> FrozenState: ...

    def wipe(self) -> None: ...


class PastReader(Protocol):
    """The state after earlier blocks."""

    def get_at(self, collection: str, key: bytes, height: int) -> bytes | None: ...

    def scan_at(
        self, collection: str, start: bytes, limit: int, height: int
    ) -> Sequence[tuple[bytes, bytes]]: ...


class StateAt:
    """The state after an earlier block (`contracts.state.StateReader`)."""

    def __init__(self, store: PastReader, height: int) -> None:
        self._store = store
        self._height = height

    def get(self, collection: str, key: bytes) -> bytes | None:
        return self._store.get_at(collection, key, self._height)

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        return self._store.scan_at(collection, start, limit, self._height)

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        raise AssertionError("the tree is kept for the last height only; `replay` does not ask for it")


class LedgerApplication:
    """One per node. Not thread-safe: it belongs to the node's event loop."""

    def __init__(self, store: StateStore, genesis: Genesis, check: SignatureCheck) -> None:
        self._store = store
        self.genesis = genesis
        self._check = check
        self.chain_id = genesis.chain_id
        self._params: Params | None = None
        self._sets: dict[int, ValidatorSet] = {}
        assert not store.is_half_filled, "a state that is not whole is wiped before anything reads it"
        if store.height is None:
            self._commit_changes(0, genesis_changes(genesis))

    @property
    def height(self) -> int:
        height = self._store.height
        assert height is not None, "genesis is committed when the application is made"
        return height

    @property
    def state_root(self) -> Hash32:
        root = self._store.state_root
        assert root is not None, "genesis is committed when the application is made"
        return Hash32(root)

    @property
    def state(self) -> StateReader:
        """Committed state, for reading."""
        return self._store

    def frozen(self) -> FrozenState:
        """The state of the applied height, to be read on any thread while the chain goes on; close it."""
        return self._store.snapshot()

    def validators_at(self, height: int) -> ValidatorSet:
        found = self._sets.get(height)
        if found is None:
            if len(self._sets) >= SETS_REMEMBERED:
                self._sets.clear()
            found = self._sets[height] = validators_at(self._store, height)
        return found

    def validators_then(self, height: int) -> ValidatorSet:
        """The set that voted on a decided height, however long ago. Raises HeightNotHeldError."""
        return validators_at(StateAt(self._store, height - 1), height)

    def params(self) -> Params:
        if self._params is None:
            self._params = params_of(self._store)
        return self._params

    def dry_run(self, signed: SignedTransaction, time_ms: int) -> Refusal | None:
        context = BlockContext(self.chain_id, self.height + 1, time_ms)
        outcome = apply_transaction(
            Overlay(self._store), signed, context, check=self._check, params=self.params()
        )
        return outcome if isinstance(outcome, Refusal) else None

    def question(self, time_ms: int) -> Question:
        """The state of now, to be asked on another thread why something may not be done."""
        return Question(self._store.snapshot(), BlockContext(self.chain_id, self.height + 1, time_ms))

    def build(
        self,
        context: BlockContext,
        candidates: Sequence[SignedTransaction],
        size_limit_bytes: int,
        misbehaviour: Sequence[Misbehaviour],
    ) -> Built:
        assert context.height == self.height + 1
        return build(self._store, context, candidates, size_limit_bytes, misbehaviour, self._check)

    def check(
        self,
        context: BlockContext,
        transactions: Sequence[SignedTransaction],
        misbehaviour: Sequence[Misbehaviour],
    ) -> Execution:
        assert context.height == self.height + 1
        execution = execute(self._store, context, transactions, misbehaviour, self._check)
        if isinstance(execution, Refusal):
            raise InvalidBlockError(
                f"block {context.height} holds a transaction that is refused: {execution.reason.code} "
                f"{execution}"
            )
        return execution

    def apply(
        self,
        height: int,
        execution: Execution,
        transactions: Sequence[Hash32],
        extra: Mapping[bytes, bytes | None],
    ) -> None:
        assert height == self.height + 1, "each height once, in order"
        self._store.commit(
            height,
            execution.state_root,
            execution.state_changes,
            execution.tree.nodes,
            transactions=transactions,
            extra=extra,
        )
        self._forget_decoded()

    def _forget_decoded(self) -> None:
        """Parameters and validator sets are decoded once a height: the block may have changed them."""
        self._params = None
        self._sets.clear()

    def transaction_place(self, tx_id: Hash32) -> tuple[int, int] | None:
        """(height, index) of a decided transaction."""
        found = self._store.transaction(tx_id)
        return None if found is None else (found.height, found.index)

    def extra(self, name: bytes) -> bytes | None:
        """What the engine keeps beside the state."""
        return self._store.extra(name)

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """Up to `limit` pairs from `start` on, now."""
        return self._store.scan(collection, start, limit)

    def past(self, height: int) -> PastState:
        """The state after an earlier block, to be read by another thread."""
        return PastState(self._store.snapshot(), height)

    def query(
        self, collection: str, key: bytes, height: int | None = None, *, with_proof: bool = False
    ) -> Answer:
        if height is not None and height != self.height:
            return Answer(height, self._store.get_at(collection, key, height), None)
        proof = prove(self._store, collection, key) if with_proof else None
        return Answer(self.height, self._store.get(collection, key), proof)

    def snapshot(self) -> StateSnapshot:
        return StateSnapshot(self._store.snapshot())

    def load_snapshot(self, height: int, state_root: Hash32, encoded: Iterable[bytes]) -> None:
        """Fill the state of a node that has no block yet from chunks, each checked before it is written.

        Raises DecodeError, InvalidMessageError for a chunk that is not of this state, or when one is missing;
        then the state is that of the genesis again.
        """
        assert self.height == 0, "a snapshot fills the state of a node that has no block yet"
        self._store.wipe()
        try:
            fill(self._store, height, state_root, encoded, {})
        except LedgerError:
            self._store.wipe()
            self._commit_changes(0, genesis_changes(self.genesis))
            raise
        self._forget_decoded()

    def _commit_changes(self, height: int, changes: Mapping[Key, bytes | None]) -> Hash32:
        hashes = sorted(
            (state_path(*place), None if value is None else value_hash(value))
            for place, value in changes.items()
        )
        tree = update(self._store, hashes)
        self._store.commit(height, tree.root, changes, tree.nodes)
        self._forget_decoded()
        return tree.root


class PastState:
    """One reading of an earlier height; any thread may do it."""

    def __init__(self, frozen: FrozenState, height: int) -> None:
        self._frozen = frozen
        self._height = height

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """Up to `limit` pairs from `start` on; then it is closed. Raises HeightNotHeldError."""
        try:
            return self._frozen.scan_at(collection, start, limit, self._height)
        finally:
            self._frozen.close()


class Question:
    """One "why may I not?"; any thread may ask it."""

    def __init__(self, frozen: FrozenState, context: BlockContext) -> None:
        self._frozen = frozen
        self._context = context

    def ask(self, institution: str, action: str, arguments: tuple[Value, ...] | None) -> Why:
        """What is missing and who can give it; then it is closed. Raises ExecutionFault."""
        try:
            return why(self._frozen, self._context, institution, action, arguments)
        finally:
            self._frozen.close()


class StateSnapshot:
    """The state of one height in chunks (`node.ports.Snapshot`)."""

    def __init__(self, frozen: FrozenState) -> None:
        self._frozen = frozen
        assert frozen.height is not None
        assert frozen.state_root is not None
        self.height = frozen.height
        self.state_root = Hash32(frozen.state_root)

    def chunks(self, scratch: Scratch, aim_bytes: int = CHUNK_AIM_BYTES) -> Iterator[bytes]:
        """Encoded SnapshotChunks of all prefixes, each checkable alone against the state root."""
        for chunk in chunks(self._frozen, divide(self._frozen, aim_bytes), scratch):
            yield chunk.encode()

    def close(self) -> None:
        self._frozen.close()
