"""Request and response models of the HTTP API. Binary is lower-case hexadecimal, amounts are tenge as
strings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chain.transaction import AUTH_BYTES, BODY_BYTES

BATCH_MAXIMUM = 2_048
"""Transactions in one request; the body's own limit is lower for large documents."""

WAIT_MAXIMUM_MS = 60_000
"""A request may wait for a transaction; below `idle_seconds`, after which it would be let go."""

Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})*$")]
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Body = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$", max_length=2 * BODY_BYTES)]
Auth = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$", max_length=2 * AUTH_BYTES)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TransactionIn(Model):
    """A signed document: canonical body and signatures."""

    body: Body
    auth: Auth


class TransactionsIn(Model):
    transactions: Annotated[list[TransactionIn], Field(min_length=1, max_length=BATCH_MAXIMUM)]


class DryRunIn(Model):
    transactions: Annotated[list[TransactionIn], Field(min_length=1, max_length=1)]


class ErrorOut(Model):
    """Why not: code, what was found, article of the law, what to do."""

    code: str
    message: str
    article: str
    texts: dict[str, str]
    remedy: str
    remedies: dict[str, str]
    facts: dict[str, int | str]


class ErrorAnswer(Model):
    """The body of every answer that is not a success."""

    error: ErrorOut


class AdmissionOut(Model):
    """accepted, known: wait; committed: final; refused, conflict, unreadable: not as it is; full: repeat."""

    tx_id: Hex32
    status: Literal["accepted", "known", "committed", "refused", "conflict", "full", "unreadable"]
    error: ErrorOut | None = None


class AdmissionsOut(Model):
    schema_: Literal["eqz.transactions/1"] = Field(default="eqz.transactions/1", serialization_alias="schema")
    items: list[AdmissionOut]


class DryRunOut(Model):
    """What a node says of a document on the state of now; nothing is kept."""

    schema_: Literal["eqz.dry-run/1"] = Field(default="eqz.dry-run/1", serialization_alias="schema")
    tx_id: Hex32
    height: int
    accepted: bool
    error: ErrorOut | None = None


class WhyIn(Model):
    """`arguments`: the canonical bytes of a document's arguments; without them the action alone is asked."""

    institution: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{1,32}$")]
    action: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{1,32}$")]
    arguments: Body | None = None


class WhyRoleOut(Model):
    """A role that signs, and the people of the institution who have it."""

    role: str
    signers: list[str]


class WhyStepOut(Model):
    """An approval before the document: from which amount it is asked for, and who may give it."""

    step: str
    from_amount: str
    who: list[str]


class MissingOut(Model):
    """What stands in the way, what to do about it, and who can give it."""

    code: str
    article: str
    texts: dict[str, str]
    remedies: dict[str, str]
    who: list[str]


class WhyOut(Model):
    """permitted: nothing is missing but signatures and approvals."""

    schema_: Literal["eqz.why/1"] = Field(default="eqz.why/1", serialization_alias="schema")
    height: int
    institution: str
    action: str
    version: int
    permitted: bool
    kinds: list[str]
    roles: list[WhyRoleOut]
    steps: list[WhyStepOut]
    missing: list[MissingOut]


class StatusOut(Model):
    schema_: Literal["eqz.status/1"] = Field(default="eqz.status/1", serialization_alias="schema")
    name: str
    network: str
    chain_id: Hex32
    height: int
    block_id: Hex32
    state_root: Hex32
    block_time: str
    age_ms: int
    round: int
    validators: int
    votes: bool
    peers: int
    highest_claim: int
    mempool: int
    operational_day: str | None
    first_height: int


class ConsistencyOut(Model):
    """The path of RFC 9162 from the history root of size `old` to that of size `new`; of block `new`, when it
    is decided, the header that carries the new root, and its certificate."""

    schema_: Literal["eqz.consistency/1"] = Field(default="eqz.consistency/1", serialization_alias="schema")
    old: int
    new: int
    path: list[Hex32]
    header: Hex | None
    certificate: Hex | None


class TransactionOut(Model):
    """committed, waiting, refused (here, lately) or unknown (here; `error`: earlier blocks are not)."""

    schema_: Literal["eqz.transaction-status/1"] = Field(
        "eqz.transaction-status/1", serialization_alias="schema"
    )
    tx_id: Hex32
    status: Literal["committed", "waiting", "refused", "unknown"]
    height: int | None = None
    index: int | None = None
    events: list[list[Any]] = []
    error: ErrorOut | None = None


class SetStepOut(Model):
    """One change of the validator set: the certified header that names the next one."""

    header: Hex
    certificate: Hex
    next_validators: Hex


class ReceiptOut(Model):
    """The receipt file (*.eqr; docs/formats.md, Files for people)."""

    schema_: Literal["eqz.receipt/1"] = Field(default="eqz.receipt/1", serialization_alias="schema")
    chain_id: Hex32
    tx_id: Hex32
    height: int
    index: int
    count: int
    body: Hex
    auth: Hex
    outcome: Hex
    body_path: list[Hex32]
    auth_path: list[Hex32]
    outcome_path: list[Hex32]
    header: Hex
    certificate: Hex
    validators: Hex
    genesis: Hex
    steps: list[SetStepOut]
    states: list[Any]
    witnesses: list[str]


class ValueOut(Model):
    """One value, null where nothing stands; with a proof, the header whose state root it is held against."""

    schema_: Literal["eqz.state-value/1"] = Field(default="eqz.state-value/1", serialization_alias="schema")
    height: int
    collection: str
    key: Hex
    value: Hex | None
    proof: Hex | None = None
    header: Hex | None = None
    certificate: Hex | None = None


class PairOut(Model):
    key: Hex
    value: Hex


class ScanOut(Model):
    """Pairs in the order of the keys; `next` is the key to go on from, null at the end."""

    schema_: Literal["eqz.state/1"] = Field(default="eqz.state/1", serialization_alias="schema")
    height: int
    collection: str
    items: list[PairOut]
    next: Hex | None


class ProgrammeOut(Model):
    administrator: str
    programme: str
    issued: str
    statuses: dict[str, str]


class TotalsOut(Model):
    """The six statuses of one budget year in tenge; their sum is what was issued."""

    schema_: Literal["eqz.totals/1"] = Field(default="eqz.totals/1", serialization_alias="schema")
    height: int
    budget: str
    year: int
    statuses: dict[str, str]
    issued: str
    programmes: list[ProgrammeOut]


class BlockOut(Model):
    schema_: Literal["eqz.block/1"] = Field(default="eqz.block/1", serialization_alias="schema")
    height: int
    block_id: Hex32
    block_time: str
    header: Hex
    certificate: Hex
    parent_certificate: Hex | None
    transactions: list[TransactionIn]
    outcomes: list[Hex]
    changes: list[Hex]
    evidence: list[Hex]


class FindingOut(Model):
    """One thing that is wrong with the node: a stable code, how bad it is, and what to do."""

    code: str
    severity: Literal["critical", "warning", "info"]
    blocks: bool
    message: str
    texts: dict[str, str]
    remedy: str
    remedies: dict[str, str]
    facts: dict[str, int | str]


class HealthOut(Model):
    """`reasons` says why the node is not ready, and is empty when it is; `findings` is all that is wrong,
    worst first, also what keeps nobody from asking it."""

    schema_: Literal["eqz.health/1"] = Field(default="eqz.health/1", serialization_alias="schema")
    ready: bool
    reasons: list[str]
    findings: list[FindingOut] = []


def iso_time(time_ms: int) -> str:
    """UTC with milliseconds."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def json_value(value: object) -> Any:
    """An event's field as JSON: bytes as hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list):
        return [json_value(item) for item in value]
    return value
