"""A ledger for thousands of documents: blocks as a node executes them, over a state without its tree, each
folded by the auditor's code as well."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha512
from typing import Any, TypeVar

from audit.blocks import Change as AuditChange
from audit.blocks import read_genesis, read_transaction
from audit.fold import State as AuditState
from chain.block import Change, Outcome
from chain.codec import UINT_MAXIMUM
from chain.genesis import Genesis, GenesisInstitution, Params
from chain.keys import signer_id
from chain.transaction import SignedTransaction, Transaction, tx_id_of, tx_sign_bytes
from chain.types import ActionName, ClientId, Hash32, InstitutionId, Signature, SignerId
from contracts.actions import REGISTER
from contracts.calendar import civil, day_number
from contracts.context import BlockContext
from contracts.executor import BlockExecution, Refusal
from contracts.genesis import genesis_changes
from contracts.records import Record, Role, operational_day, trusted
from contracts.state import Key
from tests.machine.chance import Chance
from tests.support.budget import INSTITUTIONS, MEMBERS, PEOPLE, START_MS, a_genesis, key_of_person

BLOCK_MS = 40_000
VALID_MS = 200_000
"""A client id is kept for some blocks and then forgotten, so the state does not grow by documents alone."""

RECENT = 30
"""Most documents are about something recent."""

MORE_INSTITUTIONS: tuple[GenesisInstitution, ...] = (
    *INSTITUTIONS,
    GenesisInstitution(InstitutionId("gov"), "government", None, None, "Үкімет", "Правительство", None),
    GenesisInstitution(InstitutionId("mazhilis"), "parliament", None, None, "Мәжіліс", "Мажилис", None),
)

_Record = TypeVar("_Record", bound=Record)


class PlainState:
    """Committed state in dicts; keys by collection in byte order, and in the order they came."""

    def __init__(self) -> None:
        self.values: dict[Key, bytes] = {}
        self.keys: dict[str, list[bytes]] = {}
        self.arrived: dict[str, list[bytes]] = {}

    def get(self, collection: str, key: bytes) -> bytes | None:
        return self.values.get((collection, key))

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        keys = self.keys.get(collection, [])
        at = bisect_left(keys, start)
        return [(key, self.values[(collection, key)]) for key in keys[at : at + limit]]

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        raise AssertionError("this state has no tree")

    def commit(self, place: Key, value: bytes | None) -> None:
        collection, key = place
        keys = self.keys.setdefault(collection, [])
        if value is None:
            if self.values.pop(place, None) is not None:
                del keys[bisect_left(keys, key)]
            return
        if place not in self.values:
            insort(keys, key)
            self.arrived.setdefault(collection, []).append(key)
        self.values[place] = value


def false_signature(public_key: bytes, message: bytes) -> Signature:
    """What stands for a signature here: thousands of documents ask for the rules, not for Ed25519."""
    return Signature(sha512(public_key + message).digest())


def false_check(public_key: bytes, message: bytes, signature: bytes) -> bool:
    return false_signature(public_key, message) == signature


def bounded(value: Any) -> Any:
    """The same with every number one that can be written."""
    if isinstance(value, tuple):
        return tuple(bounded(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return max(0, min(value, UINT_MAXIMUM))
    return value


@cache
def public_key_of(institution: str, role: Role) -> bytes:
    return key_of_person(institution, role).public_key


@dataclass(frozen=True, slots=True)
class Document:
    """What somebody sends: who, what, and who signs (None: the roles the action asks for).

    `envelope`: what is wrong around it: "" nothing, or one of ENVELOPES.
    """

    institution: str
    action: str
    arguments: tuple[Any, ...]
    signers: tuple[tuple[str, Role], ...] | None = None
    version: int = 1
    envelope: str = ""


ENVELOPES = ("chain", "expired", "far", "replayed", "forged")
"""For another network, too late, valid too long, with a client id used before, signed by somebody else."""


@dataclass(slots=True)
class World:
    """The chain so far. `days`: how far the treasury opens the next day, at most."""

    chance: Chance
    params: dict[str, int] = field(default_factory=dict)
    state: PlainState = field(default_factory=PlainState)
    genesis: Genesis = field(init=False)
    auditor: AuditState = field(init=False)
    is_audited: bool = True
    days: int = 5
    height: int = 0
    time_ms: int = START_MS
    documents: int = 0
    used: bytes = bytes(16)
    sent: list[SignedTransaction] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    signer_ids: dict[tuple[str, Role], SignerId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.genesis = a_genesis(MORE_INSTITUTIONS, MEMBERS, Params.default(**self.params))
        for place, value in genesis_changes(self.genesis).items():
            self.state.commit(place, value)
        self.auditor = AuditState(read_genesis(self.genesis.encode()))

    @property
    def chain_id(self) -> Hash32:
        return self.genesis.chain_id

    def context(self) -> BlockContext:
        return BlockContext(self.chain_id, self.height + 1, self.time_ms)

    # --- the calendar

    @property
    def day(self) -> int:
        found = operational_day(self.state)
        return day_number(2026, 1, 1) if found is None else found

    @property
    def year(self) -> int:
        return civil(self.day)[0]

    @property
    def month(self) -> int:
        return civil(self.day)[1]

    # --- what stands in the state

    def any_key(self, collection: str) -> tuple[Any, ...] | None:
        """The parts of a key that came recently, sometimes of any; None when the collection is empty."""
        arrived = self.state.arrived.get(collection, [])
        for _ in range(4):
            if not arrived:
                return None
            last = len(arrived) - 1
            at = self.chance.between(max(0, last - RECENT) if self.chance.bits() % 4 else 0, last)
            if arrived[at] and (collection, arrived[at]) in self.state.values:
                found: tuple[Any, ...] = trusted(arrived[at])
                return found
        return None

    def any_of(
        self, collection: str, kind: type[_Record], useful: Callable[[tuple[Any, ...], _Record], bool]
    ) -> tuple[tuple[Any, ...], _Record] | None:
        """A key and record that a document may be good for; None when a dozen looks find none."""
        arrived = self.state.arrived.get(collection, [])
        for _ in range(12):
            if not arrived:
                return None
            last = len(arrived) - 1
            at = self.chance.between(max(0, last - RECENT) if self.chance.bits() % 4 else 0, last)
            data = self.state.values.get((collection, arrived[at]))
            if data is None or not arrived[at] or arrived[at][0] & 0xF0 != 0x90:
                continue
            parts, record = trusted(arrived[at]), kind.decode(data)
            if useful(parts, record):
                return parts, record
        return None

    # --- documents

    def signed(self, document: Document) -> SignedTransaction:
        """The document with signatures."""
        self.documents += 1
        wrong = document.envelope
        signers = document.signers
        if signers is None:
            known = REGISTER.get((document.action, document.version))
            roles = known.roles if known else (Role.HEAD,)
            signers = tuple((document.institution, Role(role & -role)) for role in roles)
        transaction = Transaction(
            Hash32(bytes(32)) if wrong == "chain" else self.chain_id,
            ClientId(self.used if wrong == "replayed" else self.documents.to_bytes(16, "big")),
            self.time_ms + {"expired": -1, "far": 10**12}.get(wrong, VALID_MS),
            InstitutionId(document.institution),
            ActionName(document.action),
            document.version,
            bounded(document.arguments),
        )
        message = tx_sign_bytes(self.chain_id, tx_id_of(transaction.encode()))
        message = bytes(96) if wrong == "forged" else message
        return SignedTransaction.of(
            transaction,
            [(self.signer(*who), false_signature(public_key_of(*who), message)) for who in signers],
        )

    def signer(self, institution: str, role: Role) -> SignerId:
        who = (institution, role)
        found = self.signer_ids.get(who)
        if found is None:
            found = signer_id(self.chain_id, InstitutionId(institution), PEOPLE.index(role) + 1)
            self.signer_ids[who] = found
        return found

    def block(self, *signed: SignedTransaction) -> tuple[list[Outcome | Refusal], list[Change]]:
        """One block of the documents that pass, with its laws; the answers and the changes in order."""
        execution = BlockExecution(self.state, self.context(), false_check)
        execution.open()
        answers = [execution.apply(one) for one in signed]
        changes = [Change.decode(data) for data in execution.results().changes]
        passed = [one for one, answer in zip(signed, answers, strict=True) if isinstance(answer, Outcome)]
        if self.is_audited:
            self._audit(passed, changes)
        for one in passed:
            self.used = one.transaction.client_id
        for change in changes:
            self.state.commit((change.collection, change.key), change.new_value)
        self.height += 1
        self.time_ms += BLOCK_MS
        return answers, changes

    def _audit(self, passed: Sequence[SignedTransaction], changes: Sequence[Change]) -> None:
        """The auditor's second implementation folds the same changes under the same documents."""
        height = self.height + 1
        groups: dict[bytes | None, list[AuditChange]] = {}
        for one in changes:
            groups.setdefault(one.tx_id, []).append(
                AuditChange(one.seq, one.tx_id, one.collection, one.key, one.old_value_hash, one.new_value)
            )
        self.auditor.apply_block_changes(groups.get(None, []), height, self.time_ms, [])
        for index, signed in enumerate(passed):
            transaction = read_transaction(signed.body, signed.auth, self.chain_id)
            self.auditor.apply_transaction(transaction, groups.get(signed.tx_id, []), height, index)
        self.auditor.close_block(height)
