"""Genesis, headers, transactions, certificates, validator sets and evidence, read from bytes.

Whatever is signed comes back as `Job`s: the caller verifies them, in this process or in others.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from audit.codec import (
    CLIENT_ID,
    HASH,
    SIGNATURE,
    UINT,
    Value,
    anything,
    binary,
    decode,
    encode,
    list_of,
    name,
    optional,
    read,
    row,
    struct,
    text,
    uint,
)
from audit.ed25519 import decode_y
from audit.failure import VerificationError
from audit.merkle import ZERO_HASH, list_root, signed_bytes, tagged

ED25519 = 1
GENESIS_LIMIT = 1 << 20
BLOCK_LIMIT = 4 << 20
CERTIFICATE_LIMIT = 16 << 10
RESULTS_LIMIT = 64 << 20
VALIDATORS_LIMIT = 100
TRANSACTIONS_LIMIT = 10_000
EVIDENCE_LIMIT = 16
EVIDENCE_HEIGHTS = 10_000
PREVOTE, PRECOMMIT, PROPOSAL = 1, 2, 3


class Job(NamedTuple):
    """One signature to verify, and whose it is, in words."""

    public_key: bytes
    message: bytes
    signature: bytes
    label: str


# Validator sets


class Member(NamedTuple):
    """A validator of a set; its index is its position."""

    address: bytes
    public_key: bytes
    power: int


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """Who votes from `first_height` on, by address."""

    first_height: int
    members: tuple[Member, ...]
    hash: bytes

    @property
    def total_power(self) -> int:
        return sum(member.power for member in self.members)

    def member(self, address: bytes) -> Member | None:
        """The member with this address, or None."""
        return next((member for member in self.members if member.address == address), None)


_POWER = uint(1, 1_000_000)
_VALIDATOR_SET = struct(
    1,
    ("first_height", uint(1)),
    ("members", list_of(row(("address", HASH), ("public_key", HASH), ("power", _POWER)), VALIDATORS_LIMIT)),
)


def address_of(public_key: bytes) -> bytes:
    """H(key, algorithm 1 ‖ public key)."""
    return tagged("key", bytes((ED25519,)) + public_key)


def read_validator_set(data: bytes) -> ValidatorSet:
    """`[1, first_height, [[address, public key, power]…]]`."""
    _, first_height, rows = read(data, _VALIDATOR_SET, "validator set", CERTIFICATE_LIMIT)
    members = tuple(Member(*item) for item in rows)
    if not members:
        raise VerificationError("validator set: it has no member")
    for before, after in pairwise(members):
        if before.address >= after.address:
            raise VerificationError("validator set: members do not stand by address")
    for member in members:
        if address_of(member.public_key) != member.address:
            raise VerificationError(f"validator set: {member.address.hex()} is not its key's address")
    return ValidatorSet(first_height, members, tagged("valset", data))


# Genesis


_PARAMS = struct(1, ("values", list_of(row(("name", name), ("value", UINT)), 64)))
_GENESIS = struct(
    1,
    ("name", text(100)),
    ("time_ms", UINT),
    ("params", binary(1, 4096)),
    ("app_version", uint(1)),
    (
        "validators",
        list_of(row(("public_key", HASH), ("power", _POWER), ("institution", name)), VALIDATORS_LIMIT),
    ),
    (
        "institutions",
        list_of(
            row(
                ("id", name),
                ("kind", name),
                ("code", optional(text(16))),
                ("parent", optional(name)),
                ("name_kk", text(300)),
                ("name_ru", text(300)),
                ("name_en", optional(text(300))),
            ),
            10_000,
        ),
    ),
    (
        "signers",
        list_of(
            row(
                ("institution", name),
                ("serial", uint(1, 10_000)),
                ("algorithm", uint(1, 1)),
                ("public_key", HASH),
                ("roles", uint(1, 31)),
            ),
            50_000,
        ),
    ),
)


class GenesisValidator(NamedTuple):
    """`[public key, power, institution]`."""

    public_key: bytes
    power: int
    institution: str


class GenesisInstitution(NamedTuple):
    """`[id, kind, code, parent, name_kk, name_ru, name_en]`."""

    id: str
    kind: str
    code: str | None
    parent: str | None
    name_kk: str
    name_ru: str
    name_en: str | None


class GenesisSigner(NamedTuple):
    """`[institution, serial, algorithm, public key, roles]`."""

    institution: str
    serial: int
    algorithm: int
    public_key: bytes
    roles: int


@dataclass(frozen=True, slots=True)
class Genesis:
    """What the chain started with."""

    chain_id: bytes
    name: str
    time_ms: int
    params: bytes
    app_version: int
    validators: tuple[GenesisValidator, ...]
    institutions: tuple[GenesisInstitution, ...]
    signers: tuple[GenesisSigner, ...]

    def validator_set(self) -> bytes:
        """The canonical bytes of the set that votes from block 1 on."""
        rows = sorted((address_of(item.public_key), item.public_key, item.power) for item in self.validators)
        return encode([1, 1, rows])


PARAM_BOUNDS = {
    "adjustment-percent": (0, 100),
    "adjustment-rural-percent": (0, 100),
    "ballot-days": (1, 3_660),
    "block-bytes": (65_536, 4_194_304),
    "block-cost": (100, 10_000),
    "block-interval-ms": (0, 60_000),
    "delay-ms": (1, 600_000),
    "development-free-percent": (0, 100),
    "development-percent": (0, 100),
    "idle-ms": (1, 3_600_000),
    "payment-request-days": (1, 366),
    "precision-ms": (1, 600_000),
    "rating-effects": (0, 1),
    "rating-floor": (0, 100),
    "replay-window-ms": (1_000, 31_622_400_000),
    "retention-percent": (0, 100),
    "sequester-exact-ten": (0, 2),
    "timeout-cap-ms": (1, 3_600_000),
    "timeout-propose-ms": (1, 3_600_000),
    "timeout-propose-step-ms": (0, 3_600_000),
    "timeout-vote-ms": (1, 3_600_000),
    "timeout-vote-step-ms": (0, 3_600_000),
    "transaction-keys": (5, 8_000),
    "transaction-signatures": (2, 8),
    "unaccepted-days": (1, 366),
}
"""Every parameter of version 1 with its bounds, both included."""


def read_params(data: bytes) -> dict[str, int]:
    """`[1, [[name, value]…]]`: exactly the known names in their order, each within its bounds."""
    _, rows = read(data, _PARAMS, "params", 4096)
    if [title for title, _ in rows] != list(PARAM_BOUNDS):
        raise VerificationError("params: the names are not exactly the known ones in their order")
    for title, value in rows:
        least, most = PARAM_BOUNDS[title]
        if not least <= value <= most:
            raise VerificationError(f"params: {title} is {value}, {least}..{most} allowed")
    return dict(rows)


def read_genesis(data: bytes) -> Genesis:
    """Every part in its order, every key given once and strict, every name explained."""
    _, title, time_ms, params, version, validators, institutions, signers = read(
        data, _GENESIS, "genesis", GENESIS_LIMIT
    )
    for label, rows in (("validators", validators), ("institutions", institutions), ("signers", signers)):
        encoded = [encode(item) for item in rows]
        if any(before >= after for before, after in pairwise(encoded)):
            raise VerificationError(f"genesis: {label} are not strictly increasing by bytes")
    read_params(params)
    genesis = Genesis(
        tagged("genesis", data),
        title,
        time_ms,
        params,
        version,
        tuple(GenesisValidator(*item) for item in validators),
        tuple(GenesisInstitution(*item) for item in institutions),
        tuple(GenesisSigner(*item) for item in signers),
    )
    _check_genesis(genesis)
    return genesis


def _check_genesis(genesis: Genesis) -> None:
    known = {item.id for item in genesis.institutions}
    if not genesis.validators:
        raise VerificationError("genesis: there is no validator")
    if len(known) != len(genesis.institutions):
        raise VerificationError("genesis: an institution is given twice")
    if len({item.institution for item in genesis.validators}) != len(genesis.validators):
        raise VerificationError("genesis: an institution runs two validators")
    if any(item.parent is not None and item.parent not in known for item in genesis.institutions):
        raise VerificationError("genesis: the parent of an institution is not given")
    holders: list[GenesisValidator | GenesisSigner] = [*genesis.validators, *genesis.signers]
    keys = set()
    for holder in holders:
        if holder.institution not in known:
            raise VerificationError(f"genesis: the institution {holder.institution} is not given")
        if holder.public_key in keys:
            raise VerificationError("genesis: a key is given twice: one key cannot be two people")
        if decode_y(holder.public_key) is None:
            raise VerificationError(f"genesis: the key {holder.public_key.hex()} is weak")
        keys.add(holder.public_key)
    places = {(item.institution, item.serial) for item in genesis.signers}
    if len(places) != len(genesis.signers):
        raise VerificationError("genesis: a signer's number is given twice in one institution")


def signer_id(chain_id: bytes, institution: str, serial: int) -> bytes:
    """H(account, [chain_id, institution, serial])."""
    return tagged("account", encode((chain_id, institution, serial)))


# Blocks


class Header(NamedTuple):
    """The fields of a header in their order, after the schema number."""

    chain_id: bytes
    height: int
    time_ms: int
    proposer: bytes
    parent_hash: bytes
    parent_certificate_hash: bytes
    tx_root: bytes
    tx_count: int
    auth_root: bytes
    outcomes_root: bytes
    changes_root: bytes
    state_root: bytes
    history_root: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    params_hash: bytes
    app_version: int
    evidence_root: bytes


_HEADER_NUMBERS = {
    "height": uint(1),
    "time_ms": UINT,
    "tx_count": uint(0, TRANSACTIONS_LIMIT),
    "app_version": UINT,
}
_HEADER = struct(1, *((field, _HEADER_NUMBERS.get(field, HASH)) for field in Header._fields))
_BLOCK = struct(
    1,
    ("header", binary(1, 1024)),
    ("parent_certificate", optional(binary(1, CERTIFICATE_LIMIT))),
    (
        "transactions",
        list_of(row(("body", binary(1, 1 << 20)), ("auth", binary(1, 2048))), TRANSACTIONS_LIMIT),
    ),
    ("evidence", list_of(binary(1, 1100), EVIDENCE_LIMIT)),
)


def read_header(data: bytes) -> Header:
    """A header from its canonical bytes."""
    return Header(*read(data, _HEADER, "header", 1024)[1:])


@dataclass(frozen=True, slots=True)
class Block:
    """A block and its id; transactions are (body, auth) in order of execution."""

    header: Header
    id: bytes
    parent_certificate: bytes | None
    transactions: tuple[tuple[bytes, bytes], ...]
    evidence: tuple[bytes, ...]


def read_block(data: bytes) -> Block:
    """A block whose header names exactly these parts: certificate, transactions, signatures, evidence."""
    _, header_bytes, certificate, transactions, evidence = read(data, _BLOCK, "block", BLOCK_LIMIT)
    header = read_header(header_bytes)
    named = ZERO_HASH if certificate is None else tagged("commit", certificate)
    if (certificate is None) != (header.height == 1) or named != header.parent_certificate_hash:
        raise VerificationError("the parent's certificate is not the one the header names")
    if len(transactions) != header.tx_count:
        raise VerificationError(f"{len(transactions)} transactions, but the header says {header.tx_count}")
    for label, tag, items, expected in (
        ("tx_root", "tx-body", [body for body, _ in transactions], header.tx_root),
        ("auth_root", "tx-auth", [auth for _, auth in transactions], header.auth_root),
        ("evidence_root", "evidence", evidence, header.evidence_root),
    ):
        if list_root(tag, items) != expected:
            raise VerificationError(f"{label} computed from the block is not the one in its header")
    if any(before >= after for before, after in pairwise(evidence)):
        raise VerificationError("evidence is not strictly increasing by bytes")
    return Block(header, tagged("header", header_bytes), certificate, transactions, evidence)


# Certificates and evidence


_CERTIFICATE = struct(
    1,
    ("height", uint(1)),
    ("round", uint(0, 2**31 - 1)),
    ("block_id", HASH),
    (
        "signatures",
        list_of(
            row(("index", uint(0, VALIDATORS_LIMIT - 1)), ("signature", SIGNATURE)),
            VALIDATORS_LIMIT,
        ),
    ),
)


def certificate_jobs(
    data: bytes, height: int, block_id: bytes, validators: ValidatorSet, chain_id: bytes
) -> list[Job]:
    """The signatures of a commit certificate of this block by this set, a quorum of it if all hold."""
    _, named_height, round_number, named_id, signatures = read(
        data, _CERTIFICATE, "certificate", CERTIFICATE_LIMIT
    )
    if named_height != height or named_id != block_id:
        raise VerificationError(f"the certificate of height {height} is for another block")
    members = validators.members
    previous, power = -1, 0
    for index, _ in signatures:
        if not previous < index < len(members):
            raise VerificationError(f"certificate: index {index} after {previous}, {len(members)} validators")
        previous = index
        power += members[index].power
    if not 3 * power > 2 * validators.total_power:
        raise VerificationError(f"certificate: power {power} of {validators.total_power} is no quorum")
    content = (PRECOMMIT, height, round_number, block_id, None, validators.hash)
    message = signed_bytes("vote", chain_id, tagged("vote", encode(content)))
    return [
        Job(members[index].public_key, message, signature, f"precommit of validator {index}")
        for index, signature in signatures
    ]


_EVIDENCE = struct(1, ("kind", uint(1, 3)), ("first", binary(1, 512)), ("second", binary(1, 512)))
_ROUND = uint(0, 2**31 - 1)
_VOTE = struct(
    1,
    ("kind", uint(1, 2)),
    ("height", uint(1)),
    ("round", _ROUND),
    ("block_id", optional(HASH)),
    ("pol", optional(_ROUND)),
    ("address", HASH),
    ("signature", SIGNATURE),
)
_PROPOSAL = struct(
    1,
    ("height", uint(1)),
    ("round", _ROUND),
    ("block_id", HASH),
    ("pol", optional(_ROUND)),
    ("address", HASH),
    ("signature", SIGNATURE),
)


class Misconduct(NamedTuple):
    """Two contradicting messages of one validator, read but their signatures not yet verified."""

    kind: int
    height: int
    address: bytes
    messages: tuple[tuple[tuple[Value, ...], bytes], ...]


def read_evidence(data: bytes) -> Misconduct:
    """`[1, kind, first, second]`: one height, round and validator, two different contents."""
    _, kind, first, second = read(data, _EVIDENCE, "evidence", 1100)
    if first >= second:
        raise VerificationError("evidence: the smaller message does not stand first")
    messages = [_message(kind, item) for item in (first, second)]
    (one, _, address), (other, _, other_address) = messages
    if one[-4:-2] != other[-4:-2] or address != other_address:
        raise VerificationError("evidence: the messages differ in height, round or validator")
    if one == other:
        raise VerificationError("evidence: both messages say the same")
    return Misconduct(kind, one[-4], address, tuple((item[0], item[1]) for item in messages))


def _message(kind: int, data: bytes) -> tuple[tuple[Value, ...], bytes, bytes]:
    """(signed fields without the set's hash, signature, address) of a vote or a proposal.

    The last four signed fields of both are height, round, id, pol.
    """
    if kind == PROPOSAL:
        _, *fields, address, signature = read(data, _PROPOSAL, "proposal", 512)
    else:
        _, *fields, address, signature = read(data, _VOTE, "vote", 512)
        if fields[0] != kind or (kind == PRECOMMIT and fields[4] is not None):
            raise VerificationError("evidence: a message is of another kind than said")
    if fields[-1] is not None and fields[-1] >= fields[-3]:
        raise VerificationError("evidence: pol is not below the round")
    return tuple(fields), signature, address


def evidence_jobs(misconduct: Misconduct, validators: ValidatorSet, chain_id: bytes) -> list[Job]:
    """Both signatures, by a member of the set that voted on that height."""
    member = validators.member(misconduct.address)
    if member is None:
        raise VerificationError("evidence: no validator of that height has this address")
    tag = "proposal" if misconduct.kind == PROPOSAL else "vote"
    return [
        Job(
            member.public_key,
            signed_bytes(tag, chain_id, tagged(tag, encode((*fields, validators.hash)))),
            signature,
            "message in evidence",
        )
        for fields, signature in misconduct.messages
    ]


# Transactions and what they leave


class Transaction(NamedTuple):
    """A document and its signatures, read but not yet verified."""

    id: bytes
    client_id: bytes
    valid_until_ms: int
    institution: str
    action: str
    version: int
    arguments: Value
    signatures: tuple[tuple[bytes, bytes], ...]


_BODY = struct(
    1,
    ("chain_id", HASH),
    ("client_id", CLIENT_ID),
    ("valid_until_ms", UINT),
    ("institution", name),
    ("action", name),
    ("version", uint(1, 65535)),
    ("arguments", anything),
)
_AUTH = list_of(row(("signer", HASH), ("signature", SIGNATURE)), 16)


def read_transaction(body: bytes, auth: bytes, chain_id: bytes) -> Transaction:
    """A transaction of this chain; its signers are strictly increasing, and there is at least one."""
    _, named_chain, client_id, valid_until_ms, institution, action, version, arguments = read(
        body, _BODY, "transaction", 1 << 20
    )
    if named_chain != chain_id:
        raise VerificationError("the transaction was signed for another chain")
    signatures = read(auth, _AUTH, "signatures", 2048)
    if not signatures:
        raise VerificationError("the transaction has no signature")
    for before, after in pairwise(signatures):
        if before[0] >= after[0]:
            raise VerificationError("signatures: signers are not strictly increasing")
    tx_id = tagged("tx-body", body)
    return Transaction(tx_id, client_id, valid_until_ms, institution, action, version, arguments, signatures)


class Change(NamedTuple):
    """One net change of the state."""

    seq: int
    tx_id: bytes | None
    collection: str
    key: bytes
    old_value_hash: bytes | None
    new_value: bytes | None


_RESULTS = struct(
    1,
    ("outcomes", list_of(binary(1, 1 << 20), TRANSACTIONS_LIMIT)),
    ("changes", list_of(binary(1, (1 << 20) + 1024), 20_000)),
)
_OUTCOME = struct(
    1,
    ("tx_id", HASH),
    ("height", uint(1)),
    ("index", uint(0, TRANSACTIONS_LIMIT - 1)),
    ("events", list_of(anything, 10_000)),
)
_CHANGE = row(
    ("seq", uint(0, 19_999)),
    ("tx_id", optional(HASH)),
    ("collection", name),
    ("key", binary(0, 512)),
    ("old_value_hash", optional(HASH)),
    ("new_value", optional(binary(1, 1 << 20))),
)


def read_results(data: bytes, block: Block) -> list[Change]:
    """The changes of a block, after its outcomes and changes gave the roots in its header."""
    _, outcomes, changes = read(data, _RESULTS, "results", RESULTS_LIMIT)
    header = block.header
    if list_root("outcome", outcomes) != header.outcomes_root:
        raise VerificationError("outcomes_root computed from the results is not the one in the header")
    if list_root("change", changes) != header.changes_root:
        raise VerificationError("changes_root computed from the results is not the one in the header")
    if len(outcomes) != header.tx_count:
        raise VerificationError(f"{len(outcomes)} outcomes of {header.tx_count} transactions")
    for index, (item, (body, _)) in enumerate(zip(outcomes, block.transactions, strict=True)):
        check_outcome(item, tagged("tx-body", body), header.height, index)
    found = [Change(*_checked_change(item)) for item in changes]
    if any(change.seq != position for position, change in enumerate(found)):
        raise VerificationError("changes are not numbered from 0 without gaps")
    return found


def _checked_change(data: bytes) -> Value:
    value = decode(data)
    _CHANGE(value, "change")
    return value


def check_outcome(data: bytes, tx_id: bytes, height: int, index: int) -> Value:
    """`[1, tx id, height, index, events]` of exactly this transaction; its events are returned."""
    _, named_id, named_height, named_index, events = read(data, _OUTCOME, "outcome", 1 << 20)
    if (named_id, named_height, named_index) != (tx_id, height, index):
        raise VerificationError(f"outcome {index} is not that of transaction {index}")
    return events


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
