"""Blocks, their headers, and what their execution leaves: outcomes and changes (docs/formats.md, "Block")."""

from dataclasses import dataclass

from chain.certificate import CERTIFICATE_BYTES, certificate_hash
from chain.codec import (
    HASH,
    NAME,
    UINT,
    Anything,
    Binary,
    ListOf,
    Optional,
    Row,
    Struct,
    Uint,
    Value,
    decode_fields,
    decode_row,
    encode,
)
from chain.errors import DecodeError, InvalidMessageError
from chain.evidence import EVIDENCE_BYTES, EVIDENCE_MAXIMUM
from chain.hashing import Tag, merkle_root, tagged_hash
from chain.transaction import AUTH_BYTES, BODY_BYTES
from chain.types import ZERO_HASH, Address, Hash32, Height

HEADER_BYTES = 1024
"""Hashes, numbers and an address: about 400 bytes."""
BLOCK_BYTES = 4 << 20
"""Before decoding; the parameter block-bytes may be lower."""

FRAME_BYTES = 5 << 20
"""Any message between peers: a block and its polka or certificate."""

TRANSACTIONS_MAXIMUM = 10_000
"""A transaction costs at least 1 of the block's cost of 10,000."""

OUTCOME_BYTES = 1 << 20
"""What one document did, as events: no longer than the longest document."""
EVENTS_MAXIMUM = 10_000
"""Of one document: as many as a block has cost."""
EVENT_FIELDS_MAXIMUM = 64
"""The longest event has a third of it."""
KEY_BYTES = 512
"""Of a record: the longest has some codes and names of 32 characters."""
VALUE_BYTES = 1 << 20
"""Of a record: an approval carries the document it is of."""
CHANGE_BYTES = VALUE_BYTES + 1024
"""A value with its key and its place."""
CHANGES_MAXIMUM = 20_000
"""10,000 keys of transactions at most, and those the block itself changes before and after them."""

RESULTS_BYTES = 64 << 20
"""Outcomes and changes of one block on disk; larger than a block, since a change carries a whole value."""

HEADER = Struct(
    "BlockHeader",
    1,
    (
        ("chain_id", HASH),
        ("height", Uint(1)),
        ("time_ms", UINT),
        ("proposer", HASH),
        ("parent_hash", HASH),
        ("parent_certificate_hash", HASH),
        ("tx_root", HASH),
        ("tx_count", Uint(0, TRANSACTIONS_MAXIMUM)),
        ("auth_root", HASH),
        ("outcomes_root", HASH),
        ("changes_root", HASH),
        ("state_root", HASH),
        ("history_root", HASH),
        ("validators_hash", HASH),
        ("next_validators_hash", HASH),
        ("params_hash", HASH),
        ("app_version", UINT),
        ("evidence_root", HASH),
    ),
)
BLOCK = Struct(
    "Block",
    1,
    (
        ("header", Binary(1, HEADER_BYTES)),
        ("parent_certificate", Optional(Binary(1, CERTIFICATE_BYTES))),
        (
            "transactions",
            ListOf(
                Row("transaction", (("body", Binary(1, BODY_BYTES)), ("auth", Binary(1, AUTH_BYTES)))),
                TRANSACTIONS_MAXIMUM,
            ),
        ),
        ("evidence", ListOf(Binary(1, EVIDENCE_BYTES), EVIDENCE_MAXIMUM)),
    ),
)


@dataclass(frozen=True, slots=True)
class Event:
    """The shape of one event: `[name, field…]`, a name and up to 63 values that the action defines."""

    depth: int = 5

    def check(self, value: Value, path: str) -> None:
        if type(value) is not tuple or not 1 <= len(value) <= EVENT_FIELDS_MAXIMUM:
            raise DecodeError("not an event: [name, field…] expected", where=path)
        NAME.check(value[0], f"{path}.name")
        Anything(self.depth).check(value, path)


OUTCOME = Struct(
    "Outcome",
    1,
    (
        ("tx_id", HASH),
        ("height", Uint(1)),
        ("index", Uint(0, TRANSACTIONS_MAXIMUM - 1)),
        ("events", ListOf(Event(), EVENTS_MAXIMUM)),
    ),
)
CHANGE = Row(
    "Change",
    (
        ("seq", Uint(0, CHANGES_MAXIMUM - 1)),
        ("tx_id", Optional(HASH)),
        ("collection", NAME),
        ("key", Binary(0, KEY_BYTES)),
        ("old_value_hash", Optional(HASH)),
        ("new_value", Optional(Binary(1, VALUE_BYTES))),
    ),
)
RESULTS = Struct(
    "Results",
    1,
    (
        ("outcomes", ListOf(Binary(1, OUTCOME_BYTES), TRANSACTIONS_MAXIMUM)),
        ("changes", ListOf(Binary(1, CHANGE_BYTES), CHANGES_MAXIMUM)),
    ),
)


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What a block commits to. `time_ms` is the proposer's clock, strictly above the parent's; the roots
    of outcomes, changes and state are those *after* this block; `history_root` covers the blocks before it.
    """

    chain_id: Hash32
    height: Height
    time_ms: int
    proposer: Address
    parent_hash: Hash32
    parent_certificate_hash: Hash32
    tx_root: Hash32
    tx_count: int
    auth_root: Hash32
    outcomes_root: Hash32
    changes_root: Hash32
    state_root: Hash32
    history_root: Hash32
    validators_hash: Hash32
    next_validators_hash: Hash32
    params_hash: Hash32
    app_version: int
    evidence_root: Hash32

    def encode(self) -> bytes:
        """`[1, chain_id, height, time_ms, …]`, the fields in the order above."""
        return encode([HEADER.number, *(getattr(self, name) for name, _ in HEADER.fields)])

    @classmethod
    def decode(cls, data: bytes) -> "BlockHeader":
        """Raises DecodeError."""
        return cls(*decode_fields(data, HEADER, HEADER_BYTES))

    @property
    def block_id(self) -> Hash32:
        """H(header, bytes)."""
        return block_id_of(self.encode())


def block_id_of(header: bytes) -> Hash32:
    """H(header, bytes)."""
    return tagged_hash(Tag.HEADER, header)


@dataclass(frozen=True, slots=True)
class Block:
    """A header and its parts, as bytes received: `transactions` are (body, auth) in order of execution."""

    header: BlockHeader
    header_bytes: bytes
    parent_certificate: bytes | None
    transactions: tuple[tuple[bytes, bytes], ...]
    evidence: tuple[bytes, ...]

    @classmethod
    def of(
        cls,
        header: BlockHeader,
        parent_certificate: bytes | None,
        transactions: tuple[tuple[bytes, bytes], ...],
        evidence: tuple[bytes, ...] = (),
    ) -> "Block":
        """A block around a header of our own."""
        return cls(header, header.encode(), parent_certificate, transactions, evidence)

    def encode(self) -> bytes:
        """`[1, header, parent certificate or nil, [[body, auth]…], [evidence…]]`."""
        return encode(
            [BLOCK.number, self.header_bytes, self.parent_certificate, self.transactions, self.evidence]
        )

    @classmethod
    def decode(cls, data: bytes) -> "Block":
        """The block and its header; the other parts stay bytes. Raises DecodeError."""
        header, certificate, transactions, evidence = decode_fields(data, BLOCK, BLOCK_BYTES)
        try:
            decoded = BlockHeader.decode(header)
        except DecodeError as error:
            raise error.within("header") from None
        return cls(decoded, header, certificate, transactions, evidence)

    @property
    def block_id(self) -> Hash32:
        """H(header, bytes)."""
        return block_id_of(self.header_bytes)


def check_parts(block: Block) -> None:
    """Raises InvalidMessageError unless the header names exactly these parts.

    Whoever sent a body that fails this is to blame, never the block id: the true body may still come.
    """
    header = block.header
    certificate = block.parent_certificate
    named = ZERO_HASH if certificate is None else certificate_hash(certificate)
    if (certificate is None) != (header.height == 1) or named != header.parent_certificate_hash:
        raise InvalidMessageError(f"block {header.height}: parent certificate is not the header's")
    if len(block.transactions) != header.tx_count:
        raise InvalidMessageError(
            f"block {header.height}: {len(block.transactions)} transactions, header says {header.tx_count}"
        )
    if transactions_root(block.transactions) != header.tx_root:
        raise InvalidMessageError(f"block {header.height}: transactions are not those of tx_root")
    if auth_root(block.transactions) != header.auth_root:
        raise InvalidMessageError(f"block {header.height}: signatures are not those of auth_root")
    if evidence_root(block.evidence) != header.evidence_root:
        raise InvalidMessageError(f"block {header.height}: evidence is not that of evidence_root")
    if any(later <= earlier for earlier, later in zip(block.evidence, block.evidence[1:], strict=False)):
        raise InvalidMessageError(f"block {header.height}: evidence is not strictly increasing")


def transactions_root(transactions: tuple[tuple[bytes, bytes], ...]) -> Hash32:
    """tx_root: the tree over the bodies."""
    return merkle_root(Tag.TX_BODY, [body for body, _ in transactions])


def auth_root(transactions: tuple[tuple[bytes, bytes], ...]) -> Hash32:
    """auth_root: the tree over the signatures beside the bodies."""
    return merkle_root(Tag.TX_AUTH, [auth for _, auth in transactions])


def evidence_root(evidence: tuple[bytes, ...]) -> Hash32:
    """evidence_root: the tree over the evidence."""
    return merkle_root(Tag.EVIDENCE, evidence)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one transaction did; only success exists. Each event is (name, field, …)."""

    tx_id: Hash32
    height: Height
    index: int
    events: tuple[tuple[Value, ...], ...]

    def encode(self) -> bytes:
        """`[1, tx id, height, index, [[event name, field…]…]]`, a leaf of outcomes_root."""
        return encode([OUTCOME.number, self.tx_id, self.height, self.index, self.events])

    @classmethod
    def decode(cls, data: bytes) -> "Outcome":
        """Raises DecodeError."""
        return cls(*decode_fields(data, OUTCOME, OUTCOME_BYTES))


@dataclass(frozen=True, slots=True)
class Change:
    """One key's net change by one transaction, or by the block itself (tx_id None). None is absence.

    `old_value_hash` is H(state-value, old value).
    """

    seq: int
    tx_id: Hash32 | None
    collection: str
    key: bytes
    old_value_hash: Hash32 | None
    new_value: bytes | None

    def encode(self) -> bytes:
        """`[seq, tx id or nil, collection, key, old value hash or nil, new value or nil]`."""
        return encode([self.seq, self.tx_id, self.collection, self.key, self.old_value_hash, self.new_value])

    @classmethod
    def decode(cls, data: bytes) -> "Change":
        """Raises DecodeError."""
        return cls(*decode_row(data, CHANGE, CHANGE_BYTES))


@dataclass(frozen=True, slots=True)
class Results:
    """What the block log keeps beside a block: the leaves of outcomes_root and of changes_root."""

    outcomes: tuple[bytes, ...]
    changes: tuple[bytes, ...]

    def encode(self) -> bytes:
        """`[1, [outcome…], [change…]]`."""
        return encode([RESULTS.number, self.outcomes, self.changes])

    @classmethod
    def decode(cls, data: bytes) -> "Results":
        """Raises DecodeError."""
        return cls(*decode_fields(data, RESULTS, RESULTS_BYTES))

    def outcomes_root(self) -> Hash32:
        """The tree over the outcomes."""
        return merkle_root(Tag.OUTCOME, self.outcomes)

    def changes_root(self) -> Hash32:
        """The tree over the changes."""
        return merkle_root(Tag.CHANGE, self.changes)
