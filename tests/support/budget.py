"""Builders for tests of the contracts: a small network of institutions, its people's keys, one ledger in
memory, and documents signed by the right people.

```python
ledger = a_ledger()                                   # directories published, 5 January 2026 open
ledger.do("treasury", "treasury.open_day", day(2026, 2, 2))
refusal = ledger.refused("gu-2260101", "agreement.register", ...)
assert refusal.reason is reasons.CODE_UNKNOWN
```
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any

from chain.block import Outcome
from chain.codec import Value
from chain.genesis import Genesis, GenesisInstitution, GenesisSigner, GenesisValidator, Params
from chain.keys import ED25519, SigningKey, possession_bytes, signer_id
from chain.state_tree import state_path, update, value_hash
from chain.transaction import SignedTransaction, Transaction, tx_id_of, tx_sign_bytes
from chain.types import ActionName, ClientId, Hash32, InstitutionId, Signature, SignerId
from contracts.actions import REGISTER
from contracts.calendar import day_number
from contracts.context import BlockContext
from contracts.executor import Execution, Refusal, execute
from contracts.genesis import genesis_changes
from contracts.membership import Misbehaviour
from contracts.records import Line, Role
from contracts.state import Key

START_MS = 1_767_571_200_000
"""Block time of the first block: it plays no part in budget rules."""

VALID_MS = 600_000

INSTITUTIONS: tuple[GenesisInstitution, ...] = (
    GenesisInstitution(
        InstitutionId("mof"), "finance", None, None, "Қаржы министрлігі", "Министерство финансов", "MoF"
    ),
    GenesisInstitution(
        InstitutionId("treasury"), "treasury", None, None, "Қазынашылық комитеті", "Комитет казначейства",
        None,
    ),
    GenesisInstitution(
        InstitutionId("moh"), "abp", "226", None, "Денсаулық сақтау министрлігі", "Минздрав", None
    ),
    GenesisInstitution(InstitutionId("mot"), "abp", "228", None, "Көлік министрлігі", "Минтранс", None),
    *(
        GenesisInstitution(InstitutionId(f"gu-{code}"), "gu", code, InstitutionId(parent), code, code, None)
        for code, parent in (
            ("2260101", "moh"), ("2260102", "moh"), ("2280101", "mot"), ("2280102", "mot"),
        )
    ),
    GenesisInstitution(
        InstitutionId("vap"), "audit", None, None, "Жоғары аудиторлық палата", "Высшая аудиторская палата",
        None,
    ),
)  # fmt: skip

MEMBERS = ("mof", "treasury", "moh", "mot")
"""Institutions with a validator."""

PEOPLE: tuple[Role, ...] = (Role.HEAD, Role.ACCOUNTANT, Role.MODERATOR, Role.PREPARER, Role.OPERATOR)
"""Every institution has one person for each role; the serial is the place here, from 1."""


@cache
def key_of_person(institution: str, role: Role) -> SigningKey:
    return SigningKey.from_seed(sha256(f"{institution}/{role.name}".encode()).digest())


def key_of_validator(institution: str) -> SigningKey:
    return SigningKey.from_seed(sha256(f"validator/{institution}".encode()).digest())


def a_key(name: str) -> SigningKey:
    """A key nobody has registered yet."""
    return SigningKey.from_seed(sha256(f"key/{name}".encode()).digest())


def a_genesis(
    institutions: Sequence[GenesisInstitution] = INSTITUTIONS,
    members: Sequence[str] = MEMBERS,
    params: Params | None = None,
) -> Genesis:
    return Genesis(
        name="test",
        time_ms=START_MS - 1,
        params=params or Params.default(),
        app_version=1,
        validators=tuple(
            GenesisValidator(key_of_validator(name).public_key, 1, InstitutionId(name)) for name in members
        ),
        institutions=tuple(institutions),
        signers=tuple(
            GenesisSigner(item.id, serial, ED25519, key_of_person(item.id, role).public_key, int(role))
            for item in institutions
            for serial, role in enumerate(PEOPLE, start=1)
        ),
    )


class MemoryReader:
    """Committed state in a dict: a StateReader with its tree."""

    def __init__(self, changes: Mapping[Key, bytes | None] | None = None) -> None:
        self.values: dict[Key, bytes] = {}
        self._keys: dict[str, list[bytes]] = {}
        self._nodes: dict[tuple[int, bytes], bytes] = {}
        self.root = Hash32(bytes(32))
        if changes:
            self.commit(changes)

    def get(self, collection: str, key: bytes) -> bytes | None:
        return self.values.get((collection, key))

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        keys = self._keys.get(collection, [])
        at = bisect_left(keys, start)
        return [(key, self.values[(collection, key)]) for key in keys[at : at + limit]]

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        return self._nodes.get((depth, prefix))

    def commit(self, changes: Mapping[Key, bytes | None]) -> None:
        """Keep changes and the tree they make."""
        hashes = sorted(
            (state_path(*place), None if value is None else value_hash(value))
            for place, value in changes.items()
        )
        tree = update(self, hashes)
        self.root = tree.root
        for node, record in tree.nodes.items():
            if record is None:
                self._nodes.pop(node, None)
            else:
                self._nodes[node] = record
        for place, value in changes.items():
            self._keep(place, value)

    def _keep(self, place: Key, value: bytes | None) -> None:
        keys = self._keys.setdefault(place[0], [])
        at = bisect_left(keys, place[1])
        is_known = place in self.values
        if value is None:
            if is_known:
                del self.values[place]
                del keys[at]
        else:
            if not is_known:
                keys.insert(at, place[1])
            self.values[place] = value


@dataclass(slots=True)
class Ledger:
    """A chain without blocks: committed state, and the height and time of the next block."""

    chain_id: Hash32
    state: MemoryReader
    height: int = 0
    time_ms: int = START_MS
    documents: int = 0
    keys: dict[tuple[str, Role], SigningKey] = field(default_factory=dict)

    def context(self) -> BlockContext:
        """The next block."""
        return BlockContext(self.chain_id, self.height + 1, self.time_ms)

    def document(
        self,
        institution: str,
        action: str,
        *arguments: Value,
        signers: Sequence[tuple[str, Role]] | None = None,
        client_id: bytes | None = None,
        valid_until_ms: int | None = None,
        chain_id: Hash32 | None = None,
        version: int = 1,
    ) -> SignedTransaction:
        """A document signed by the people of the institution that the action asks for, unless `signers`
        names others as (institution, role)."""
        self.documents += 1
        if signers is None:
            signers = [(institution, Role(role)) for role in REGISTER[(action, version)].roles]
        transaction = Transaction(
            chain_id or self.chain_id,
            ClientId(client_id or self.documents.to_bytes(16, "big")),
            self.time_ms + VALID_MS if valid_until_ms is None else valid_until_ms,
            InstitutionId(institution),
            ActionName(action),
            version,
            tuple(arguments),
        )
        message = tx_sign_bytes(self.chain_id, tx_id_of(transaction.encode()))
        signatures = [
            (self.signer(name, role), Signature(self.key(name, role).sign(message))) for name, role in signers
        ]
        return SignedTransaction.of(transaction, signatures)

    def signer(self, institution: str, role: Role) -> SignerId:
        return signer_id(self.chain_id, InstitutionId(institution), PEOPLE.index(role) + 1)

    def key(self, institution: str, role: Role) -> SigningKey:
        return self.keys.get((institution, role)) or key_of_person(institution, role)

    def possession(self, institution: str, key: SigningKey) -> Signature:
        """A proof that the owner of `key` asks for its registration by the institution."""
        message = possession_bytes(self.chain_id, InstitutionId(institution), ED25519, key.public_key)
        return key.sign(message)

    def run(
        self, *signed: SignedTransaction, misbehaviour: Sequence[Misbehaviour] = ()
    ) -> Execution | Refusal:
        """Execute one block with its invariants; keep it unless a transaction is refused."""
        execution = execute(self.state, self.context(), signed, misbehaviour)
        if isinstance(execution, Execution):
            self.state.commit(execution.state_changes)
            assert self.state.root == execution.state_root
            self.height += 1
            self.time_ms += 1
        return execution

    def do(self, institution: str, action: str, *arguments: Value) -> tuple[tuple[Value, ...], ...]:
        """One document in a block of its own; its events. Fails the test when it is refused."""
        execution = self.run(self.document(institution, action, *arguments))
        assert isinstance(execution, Execution), f"{action}: {execution.reason.code} {execution}"
        return tuple(Outcome.decode(execution.outcomes[0]).events)

    def refused(self, institution: str, action: str, *arguments: Value) -> Refusal:
        """One document that must be refused."""
        refusal = self.run(self.document(institution, action, *arguments))
        assert isinstance(refusal, Refusal), f"{action} was not refused"
        return refusal

    def publish(self, directory: str, *codes: str, valid_from: int = 0, valid_to: int | None = None) -> None:
        """Publish versions of codes whose names are the codes."""
        rows = tuple((code, valid_from, valid_to, code, code, None, ()) for code in codes)
        self.do("mof", "directory.publish", directory, rows)

    def open_day(self, year: int, month: int, number: int) -> None:
        self.do("treasury", "treasury.open_day", day_number(year, month, number))


def a_fresh_ledger(**params: int) -> Ledger:
    """Genesis committed, nothing published, no day open."""
    genesis = a_genesis(params=Params.default(**params))
    return Ledger(genesis.chain_id, MemoryReader(genesis_changes(genesis)))


DIRECTORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("budgets", ("01.kz",)),
    ("sources", ("1", "2", "3")),
    ("administrators", ("226", "228")),
    ("functional-groups", ("05", "12")),
    (
        "functional",
        (
            "226/001", "226/001/100", "226/067", "226/067/100", "226/067/106", "228/001", "228/001/100",
            "228/003", "228/003/100",
        ),
    ),
    ("economic", ("111", "121", "123", "149", "151", "159", "161", "414", "421", "431")),
    ("receipts", ("101110", "201510", "801101", "901101")),
    ("payees", ("990840000001", "990840000002", "990840000003")),
    ("reasons", tuple(str(number) for number in range(1, 24))),
    ("grounds", tuple(str(number) for number in range(1, 12))),
)  # fmt: skip


def a_ledger(**params: int) -> Ledger:
    """A fresh ledger with DIRECTORIES published and 5 January 2026 open."""
    ledger = a_fresh_ledger(**params)
    for directory, codes in DIRECTORIES:
        ledger.publish(directory, *codes)
    ledger.open_day(2026, 1, 5)
    return ledger


def a_line(
    administrator: str = "228",
    programme: str = "003",
    subprogramme: str | None = "100",
    specific: str | None = "421",
    year: int = 2026,
    source: str = "1",
    budget: str = "01.kz",
) -> Line:
    return Line(budget, year, source, administrator, programme, subprogramme, specific)


def decide(ledger: Ledger, effect: str, arguments: tuple[Any, ...]) -> None:
    """Carry out an effect by a ballot in which the members vote yes, in order, until it is decided."""
    ((_, number, _),) = ledger.do("mof", "ballot.propose", effect, arguments, "")
    for member in MEMBERS:
        for event in ledger.do(member, "ballot.vote", number, True):
            if event[0] == "ballot.closed":
                assert event[2] is True, event
                return


def with_receipts(ledger: Ledger, amount_tiyn: int, source: str = "1") -> None:
    """Money on the republican cash account of the source."""
    ledger.do(
        "treasury", "receipts.post", "выписка",
        (("receipt", "01.kz", source, "101110", amount_tiyn, ""),),
    )  # fmt: skip


__all__ = [
    "DIRECTORIES",
    "INSTITUTIONS",
    "MEMBERS",
    "PEOPLE",
    "Ledger",
    "MemoryReader",
    "a_fresh_ledger",
    "a_genesis",
    "a_key",
    "a_ledger",
    "a_line",
    "day_number",
    "decide",
    "key_of_person",
    "key_of_validator",
    "with_receipts",
]
