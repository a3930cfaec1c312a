"""The state-transition function: one block in, outcomes, changes and roots out.

Build, check and replay all call the same code. A refused transaction ends `execute` (a block that holds one
is invalid); only `build` drops it and goes on. An unexpected exception is an ExecutionFault: ours, never
"transaction failed".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chain.block import (
    EVENTS_MAXIMUM,
    KEY_BYTES,
    OUTCOME_BYTES,
    RESULTS_BYTES,
    VALUE_BYTES,
    Change,
    Outcome,
    Results,
)
from chain.errors import DecodeError, ExecutionFault
from chain.genesis import Params
from chain.keys import verify
from chain.state_tree import TreeUpdate, state_path, update, value_hash
from chain.transaction import BODY_BYTES, SIMPLE_BODY_BYTES, SignedTransaction, tx_sign_bytes
from chain.types import Hash32, Height, Signature, SignerId
from contracts import approvals, areas, invariants, membership, reasons
from contracts.actions import REGISTER, Action, Call, role_words, roles_asked
from contracts.context import BlockContext
from contracts.membership import Misbehaviour
from contracts.params import params_of as params_of
from contracts.records import (
    EXPIRY_VALUE,
    Collection,
    IdEntry,
    Institution,
    Role,
    Signer,
    expiry_key,
    id_key,
    institution_of,
    put,
    signer_of,
)
from contracts.rejection import Reason, RejectionError
from contracts.state import Key, Overlay, StateReader

assert areas.LOADED, "importing the area modules fills the register of actions"

SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) -> valid. The node passes one that remembers what it has verified."""

EXPIRED_IDS_REMOVED_PER_BLOCK = 1_000
"""Bounds the work a block does before its transactions (docs/formats.md, Transaction)."""

TRANSACTION_OVERHEAD_BYTES = 16
"""Array and bin headers around a body and its auth inside a block, at most."""

CHANGE_OVERHEAD_BYTES = 128
"""What a change has beside key and value, at most: headers, sequence, transaction, collection, old hash."""

OUTCOME_OVERHEAD_BYTES = 8
"""The header of an outcome among the results."""

TRANSACTION_RESULTS_BYTES = 16 << 20
BLOCK_RESULTS_BYTES = RESULTS_BYTES - (2 << 20)
"""Outcomes and changes, counted with these overheads (docs/formats.md, Transaction): a document may touch
many large records, and what it leaves must still be stored and read by every node. What a block changes
before its transactions fits the rest many times."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transaction was not executed. It changed nothing."""

    reason: Reason
    facts: tuple[tuple[str, int | str], ...] = ()

    def __str__(self) -> str:
        return str(RejectionError(self.reason, **dict(self.facts)))


@dataclass(frozen=True, slots=True)
class Execution:
    """What a block does: leaves in order, their roots, the net change of the state and of its tree."""

    outcomes: tuple[bytes, ...]
    changes: tuple[bytes, ...]
    outcomes_root: Hash32
    changes_root: Hash32
    state_root: Hash32
    state_changes: dict[Key, bytes | None]
    tree: TreeUpdate
    cost: int


class BlockExecution:
    """One block while it is executed: an overlay, the log of changes, the cost so far."""

    def __init__(self, state: StateReader, context: BlockContext, check: SignatureCheck) -> None:
        self._state = state
        self._context = context
        self._check = check
        self._overlay = Overlay(state)
        self._outcomes: list[bytes] = []
        self._changes: list[bytes] = []
        self._touched: set[Key] = set()
        self._results_bytes = 0
        self.params = params_of(state)
        self.cost = 0

    def open(self, misbehaviour: Iterable[Misbehaviour] = ()) -> None:
        """What a block changes before its transactions: expired client ids and validator sets forgotten,
        misbehaviour recorded."""
        attempt = Overlay(self._overlay)
        _expire_ids(attempt, self._context)
        membership.prune_validator_sets(attempt, self._context)
        for act in misbehaviour:
            membership.record_misbehaviour(attempt, act, self._context)
        self._keep(attempt, attempt.changes(), None)

    def apply(self, signed: SignedTransaction, *, check_invariants: bool = False) -> Outcome | Refusal:
        """Execute one transaction on what the block holds so far; a refused one leaves no trace."""
        attempt = Overlay(self._overlay)
        done = _run(attempt, signed, self._context, len(self._outcomes), self._check, self.params)
        if isinstance(done, Refusal):
            return done
        outcome, changes = done
        cost = cost_of(signed, len(changes))
        encoded = outcome.encode()
        size = results_bytes(changes) + len(encoded) + OUTCOME_OVERHEAD_BYTES
        if self.cost + cost > self.params["block-cost"] or self._results_bytes + size > BLOCK_RESULTS_BYTES:
            return Refusal(reasons.BLOCK_FULL)
        if check_invariants:
            invariants.check(attempt, self._overlay, frozenset(changes), self._context)
        self.cost += cost
        self._results_bytes += size
        self._keep(attempt, changes, signed.tx_id)
        self._outcomes.append(encoded)
        return outcome

    def check_invariants(self) -> None:
        """Raises ExecutionFault where a law of budget-machine section 5 is broken on a touched key."""
        invariants.check(self._overlay, self._state, frozenset(self._touched), self._context)

    def results(self) -> Results:
        """Invariants, then outcomes and changes as the block log keeps them."""
        self.check_invariants()
        return Results(tuple(self._outcomes), tuple(self._changes))

    def finish(self) -> Execution:
        """The results and their roots, and what they make of the state and its tree."""
        results = self.results()
        changes = dict(self._overlay.changes())
        tree = update(
            self._state,
            sorted(
                (state_path(*place), None if value is None else value_hash(value))
                for place, value in changes.items()
            ),
        )
        return Execution(
            outcomes=results.outcomes,
            changes=results.changes,
            outcomes_root=results.outcomes_root(),
            changes_root=results.changes_root(),
            state_root=tree.root,
            state_changes=changes,
            tree=tree,
            cost=self.cost,
        )

    def _keep(self, attempt: Overlay, changes: Mapping[Key, bytes | None], tx_id: Hash32 | None) -> None:
        """Log the net changes of an attempt by (collection, key) and keep them."""
        for place, value in changes.items():
            old = self._overlay.get(*place)
            old_hash = None if old is None else value_hash(old)
            seq = len(self._changes)
            self._changes.append(Change(seq, tx_id, place[0], place[1], old_hash, value).encode())
        self._overlay.absorb(attempt)
        self._touched.update(changes)


def execute(
    state: StateReader,
    context: BlockContext,
    transactions: Iterable[SignedTransaction],
    misbehaviour: Iterable[Misbehaviour] = (),
    check: SignatureCheck = verify,
) -> Execution | Refusal:
    """The block's outcomes, changes and roots; the first refusal ends it. Raises ExecutionFault."""
    block = _executed(state, context, transactions, misbehaviour, check)
    return block if isinstance(block, Refusal) else block.finish()


def replay(
    state: StateReader,
    context: BlockContext,
    transactions: Iterable[SignedTransaction],
    misbehaviour: Iterable[Misbehaviour] = (),
    check: SignatureCheck = verify,
) -> Results | Refusal:
    """`execute` over a state of the past, whose tree is not kept: everything but the state root."""
    block = _executed(state, context, transactions, misbehaviour, check)
    return block if isinstance(block, Refusal) else block.results()


def _executed(
    state: StateReader,
    context: BlockContext,
    transactions: Iterable[SignedTransaction],
    misbehaviour: Iterable[Misbehaviour],
    check: SignatureCheck,
) -> BlockExecution | Refusal:
    block = BlockExecution(state, context, check)
    block.open(misbehaviour)
    for signed in transactions:
        outcome = block.apply(signed)
        if isinstance(outcome, Refusal):
            return outcome
    return block


@dataclass(frozen=True, slots=True)
class Built:
    """A block's content as its builder found it.

    `dropped`: transactions that no longer pass, with the refusal. `quarantined`: those that broke a rule of
    ours; they must not be offered again.
    """

    transactions: tuple[SignedTransaction, ...]
    execution: Execution
    dropped: tuple[tuple[SignedTransaction, Refusal], ...]
    quarantined: tuple[tuple[SignedTransaction, ExecutionFault], ...]


def build(
    state: StateReader,
    context: BlockContext,
    candidates: Sequence[SignedTransaction],
    size_limit_bytes: int,
    misbehaviour: Sequence[Misbehaviour] = (),
    check: SignatureCheck = verify,
) -> Built:
    """Choose from `candidates`, in order, what executes and fits; never raises for a single bad one."""
    try:
        return _build(state, context, candidates, size_limit_bytes, misbehaviour, check, check_each=False)
    except ExecutionFault:
        # a broken invariant shows at the end of the block: the second pass finds the transaction
        return _build(state, context, candidates, size_limit_bytes, misbehaviour, check, check_each=True)


def _build(
    state: StateReader,
    context: BlockContext,
    candidates: Sequence[SignedTransaction],
    size_limit_bytes: int,
    misbehaviour: Sequence[Misbehaviour],
    check: SignatureCheck,
    *,
    check_each: bool,
) -> Built:
    block = BlockExecution(state, context, check)
    block.open(misbehaviour)
    chosen: list[SignedTransaction] = []
    dropped: list[tuple[SignedTransaction, Refusal]] = []
    quarantined: list[tuple[SignedTransaction, ExecutionFault]] = []
    size = 0
    for signed in candidates:
        size += len(signed.body) + len(signed.auth) + TRANSACTION_OVERHEAD_BYTES
        if size > size_limit_bytes:
            break
        try:
            outcome = block.apply(signed, check_invariants=check_each)
        except ExecutionFault as fault:
            quarantined.append((signed, fault))
            continue
        if isinstance(outcome, Outcome):
            chosen.append(signed)
        elif outcome.reason is reasons.BLOCK_FULL:
            break
        else:
            dropped.append((signed, outcome))
    return Built(tuple(chosen), block.finish(), tuple(dropped), tuple(quarantined))


def apply_transaction(
    state: Overlay,
    signed: SignedTransaction,
    context: BlockContext,
    index: int = 0,
    *,
    check: SignatureCheck = verify,
    params: Params | None = None,
) -> Outcome | Refusal:
    """Execute one transaction on an overlay. A refusal, and only a refusal, leaves the overlay unchanged."""
    attempt = Overlay(state)
    done = _run(attempt, signed, context, index, check, params or params_of(state))
    if isinstance(done, Refusal):
        return done
    state.absorb(attempt)
    return done[0]


def _run(
    attempt: Overlay,
    signed: SignedTransaction,
    context: BlockContext,
    index: int,
    check: SignatureCheck,
    params: Params,
) -> tuple[Outcome, Mapping[Key, bytes | None]] | Refusal:
    """The outcome and the net changes on a fresh overlay, which the caller keeps, or forgets when refused."""
    try:
        call = _admitted(attempt, signed, context, index, check, params)
        _handle(call, signed)
        outcome = Outcome(signed.tx_id, Height(context.height), index, tuple(call.events))
        _check_outcome(outcome)
        changes = attempt.changes()
        _check_changes(changes, params["transaction-keys"])
    except RejectionError as rejection:
        return Refusal(rejection.reason, rejection.facts)
    return outcome, changes


def _check_outcome(outcome: Outcome) -> None:
    """The events repeat texts of the document: they must not make an outcome that no node could decode."""
    events = len(outcome.events)
    if events > EVENTS_MAXIMUM or len(outcome.encode()) > OUTCOME_BYTES:
        raise RejectionError(reasons.OUTCOME_TOO_LONG, events=events, limit_bytes=OUTCOME_BYTES)


def _check_changes(changes: Mapping[Key, bytes | None], limit: int) -> None:
    """What a transaction changes can be carried by a block: long names must not make a change that no
    other node could decode."""
    if len(changes) > limit:
        raise RejectionError(reasons.TOO_COSTLY, keys=len(changes), limit=limit)
    for (collection, key), value in changes.items():
        if len(key) > KEY_BYTES or (value is not None and len(value) > VALUE_BYTES):
            raise RejectionError(reasons.RECORD_TOO_LONG, collection=collection)
    size = results_bytes(changes)
    if size > TRANSACTION_RESULTS_BYTES:
        raise RejectionError(
            reasons.RESULTS_TOO_LARGE, size_bytes=size, limit_bytes=TRANSACTION_RESULTS_BYTES
        )


def results_bytes(changes: Mapping[Key, bytes | None]) -> int:
    """What changes take among the results of a block, counted (docs/formats.md, Transaction)."""
    return sum(len(key) + len(value or b"") + CHANGE_OVERHEAD_BYTES for (_, key), value in changes.items())


def cost_of(signed: SignedTransaction, keys: int) -> int:
    """Counted, never timed: 1 + 3 per signature + 1 per key changed (docs/formats.md, Transaction)."""
    return 1 + 3 * len(signed.signatures) + keys


def _handle(call: Call, signed: SignedTransaction) -> None:
    """Run the rules of the transaction's action."""
    transaction = signed.transaction
    found = REGISTER[(transaction.action, transaction.version)]
    run_rules(found, call, f"transaction {signed.tx_id.hex()}")


def run_rules(found: Action, call: Call, what: str) -> None:
    """Run a handler. Whatever it raises that is not a refusal is our error: an ExecutionFault that names
    the action, the height and `what`."""
    try:
        found.handler(call)
    except (RejectionError, MemoryError, RecursionError):
        raise
    except Exception as error:  # the one place: our own mistake must become a fault, not a refusal
        raise ExecutionFault(f"{found.name} at height {call.context.height}, {what}: {error!r}") from error


def _admitted(
    state: Overlay,
    signed: SignedTransaction,
    context: BlockContext,
    index: int,
    check: SignatureCheck,
    params: Params,
) -> Call:
    """Every check that does not depend on the action's own rules; then the client id is used up."""
    transaction = signed.transaction
    if transaction.chain_id != context.chain_id:
        raise RejectionError(reasons.FOREIGN_CHAIN)
    register = _known_action(signed)
    approvals.check_rules(state, register.name, register.version, context.height)
    _check_validity(signed, context, params)
    _use_client_id(state, signed, context, index)
    actor = _actor(state, transaction.institution, register)
    arguments = transaction.arguments
    assert isinstance(arguments, tuple)
    approvals.refuse_if_routed(state, register, transaction.institution, actor, arguments)
    signers = _checked_signers(state, signed, register, context, check, params)
    return Call(state, context, index, signed.tx_id, transaction.institution, actor, signers, arguments)


def _known_action(signed: SignedTransaction) -> Action:
    transaction = signed.transaction
    found = REGISTER.get((transaction.action, transaction.version))
    if found is None:
        raise RejectionError(reasons.UNKNOWN_ACTION, action=transaction.action, version=transaction.version)
    limit = BODY_BYTES if found.is_batch else SIMPLE_BODY_BYTES
    size = len(signed.body) + len(signed.auth)
    if size > limit:
        raise RejectionError(reasons.TOO_LARGE, size_bytes=size, limit_bytes=limit)
    try:
        found.arguments.check(transaction.arguments, "arguments")
    except DecodeError as error:
        raise RejectionError(reasons.BAD_ARGUMENTS, found=str(error)) from None
    return found


def _check_validity(signed: SignedTransaction, context: BlockContext, params: Params) -> None:
    valid_until = signed.transaction.valid_until_ms
    limit = context.time_ms + params["replay-window-ms"]
    if valid_until < context.time_ms:
        raise RejectionError(reasons.EXPIRED, valid_until_ms=valid_until, time_ms=context.time_ms)
    if valid_until > limit:
        raise RejectionError(reasons.TOO_FAR, valid_until_ms=valid_until, limit_ms=limit)


def _use_client_id(state: Overlay, signed: SignedTransaction, context: BlockContext, index: int) -> None:
    transaction = signed.transaction
    key = id_key(transaction.institution, transaction.client_id)
    used = IdEntry.find(state, Collection.IDS, key)
    if used is not None:
        raise RejectionError(reasons.REPLAYED, first=used.tx_id.hex(), height=used.height)
    entry = IdEntry(signed.tx_id, context.height, index, transaction.valid_until_ms)
    put(state, Collection.IDS, key, entry)
    state.put(Collection.EXPIRY, expiry_key(transaction.valid_until_ms, key), EXPIRY_VALUE)


def _actor(state: StateReader, institution: str, register: Action) -> Institution:
    actor = institution_of(state, institution)
    if actor is None or actor.closed is not None:
        raise RejectionError(reasons.UNKNOWN_INSTITUTION, institution=institution)
    if actor.kind not in register.kinds:
        raise RejectionError(
            reasons.WRONG_KIND,
            institution=institution,
            kind=actor.kind,
            action=register.name,
            permitted=", ".join(register.kinds),
        )
    return actor


def _checked_signers(
    state: StateReader,
    signed: SignedTransaction,
    register: Action,
    context: BlockContext,
    check: SignatureCheck,
    params: Params,
) -> tuple[SignerId, ...]:
    """Exactly one distinct signer in force for each role; then every signature."""
    transaction = signed.transaction
    limit = params["transaction-signatures"]
    if len(signed.signatures) > limit:
        raise RejectionError(reasons.TOO_MANY_SIGNATURES, found=len(signed.signatures), limit=limit)
    people: list[tuple[SignerId, Signer, Signature]] = []
    for signer_id, signature in signed.signatures:
        signer = signer_of(state, signer_id)
        if signer is None:
            raise RejectionError(reasons.UNKNOWN_SIGNER, signer=signer_id.hex())
        if signer.institution != transaction.institution:
            raise RejectionError(
                reasons.FOREIGN_SIGNER,
                signer=signer_id.hex(),
                found=signer.institution,
                institution=transaction.institution,
            )
        if signer.revoked is not None:
            raise RejectionError(reasons.REVOKED_SIGNER, signer=signer_id.hex(), height=signer.revoked)
        people.append((signer_id, signer, signature))
    asked = roles_asked(register, transaction.arguments)
    if len(people) != len(asked) or not _covers([person[1].roles for person in people], asked):
        raise RejectionError(
            reasons.WRONG_SIGNERS,
            required=", ".join(role_words(asked)),
            found="; ".join(role_names(person[1].roles) for person in people) or "no signature",
        )
    message = tx_sign_bytes(context.chain_id, signed.tx_id)
    for signer_id, signer, signature in people:
        if not check(signer.public_key, message, signature):
            raise RejectionError(reasons.BAD_SIGNATURE, signer=signer_id.hex())
    return tuple(person[0] for person in people)


def _covers(masks: list[int], roles: tuple[int, ...]) -> bool:
    """Whether each role can be given to another person (at most eight, so trying all is cheap)."""
    if not roles:
        return True
    return any(
        masks[at] & roles[0] and _covers(masks[:at] + masks[at + 1 :], roles[1:]) for at in range(len(masks))
    )


def role_names(mask: int) -> str:
    """The roles of a mask, for people."""
    return "+".join(role.name.lower() for role in Role if mask & role) or "none"


def _expire_ids(state: Overlay, context: BlockContext) -> None:
    """Forget client ids whose validity has passed, in order of (valid_until, key)."""
    for place, _ in state.scan(Collection.EXPIRY, b"", EXPIRED_IDS_REMOVED_PER_BLOCK):
        if int.from_bytes(place[:8], "big") >= context.time_ms:
            return
        state.delete(Collection.EXPIRY, place)
        state.delete(Collection.IDS, place[8:])
