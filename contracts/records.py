"""What the state holds: collections, keys and records.

Every value is `[1, field…]` in the order written here (the first number is the record's schema); keys are
given by the functions beside each record. docs/formats.md, "State records", says the same in a table.
Amounts are tiyn; days are days since 1970-01-01; lists of twelve are January to December, cumulative.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, ClassVar, Final, Self, cast

import msgpack

from chain.codec import Value, encode
from chain.genesis import KINDS
from chain.genesis import Role as Role
from chain.types import SignerId
from contracts.state import Overlay, StateReader


class Collection:
    """Names of the collections. ASCII, part of every state path."""

    PARAMS: Final = "params"
    INSTITUTIONS: Final = "institutions"
    SIGNERS: Final = "signers"
    KEYS: Final = "keys"
    VALIDATORS: Final = "validators"
    VALIDATOR_SETS: Final = "validator-sets"
    EVIDENCE: Final = "evidence"
    IDS: Final = "ids"
    EXPIRY: Final = "expiry"
    BALLOTS: Final = "ballots"
    DIRECTORIES: Final = "directories"
    DAY: Final = "day"
    APPROPRIATIONS: Final = "appropriations"
    TOKENS: Final = "tokens"
    BALANCES: Final = "balances"
    PLANS: Final = "plans"
    CONSOLIDATED: Final = "consolidated"
    AMENDMENTS: Final = "amendments"
    CERTIFICATES: Final = "certificates"
    OBLIGATIONS: Final = "obligations"
    AGREEMENTS: Final = "agreements"
    ACTS: Final = "acts"
    PAYMENTS: Final = "payments"
    QUEUES: Final = "queues"
    ASKED: Final = "asked"
    TRANSFERS: Final = "transfers"
    DEBTS: Final = "debts"
    CLAIMS: Final = "claims"
    CASH: Final = "cash"
    RECEIPTS: Final = "receipts"
    HOLDS: Final = "holds"
    HOLD_ROWS: Final = "hold-rows"
    HOLD_PLACES: Final = "hold-places"
    BUDGETS: Final = "budgets"
    COMMITMENTS: Final = "commitments"
    SUSPENSIONS: Final = "suspensions"
    CLOSINGS: Final = "closings"
    ROUTES: Final = "routes"
    DEPUTIES: Final = "deputies"
    APPROVALS: Final = "approvals"
    APPROVAL_DOCUMENTS: Final = "approval-documents"
    APPROVAL_COUNTS: Final = "approval-counts"
    AWAITED: Final = "awaited"
    RULES: Final = "rules"
    BUDGET_ACTS: Final = "budget-acts"
    ADJUSTMENTS: Final = "adjustments"
    ADJUSTMENT_PROPOSALS: Final = "adjustment-proposals"
    TRANSFER_TOTALS: Final = "transfer-totals"
    CARRY_OVERS: Final = "carry-overs"
    CONDUCT: Final = "conduct"
    RATINGS: Final = "ratings"
    WARNINGS: Final = "warnings"
    LIMITS: Final = "limits"
    REQUESTS: Final = "requests"
    REQUEST_ITEMS: Final = "request-items"
    EXPENSES: Final = "expenses"
    QUARTERS: Final = "quarters"


class Kind:
    """Kinds of institution (budget-machine, section 1)."""

    FINANCE: Final = "finance"
    TREASURY: Final = "treasury"
    ABP: Final = "abp"
    GU: Final = "gu"
    GOVERNMENT: Final = "government"
    PARLIAMENT: Final = "parliament"
    AUDIT: Final = "audit"
    ALL: Final = KINDS


class Stage(IntEnum):
    """Where an amount stands (budget-machine, section 3). The numbers are on the chain."""

    REQUESTED = 0
    APPROVED = 1
    ADOPTED = 2
    ALLOCATED = 3
    REGISTERED = 4
    PAYABLE = 5
    RETAINED = 6
    ADVANCED = 7
    PAID = 8
    RECOVERED = 9
    DECLINED = 10
    REFINED = 11
    SEQUESTERED = 12
    LAPSED = 13
    CARRIED = 14


HELD_ADOPTED: Final = 15
HELD_ALLOCATED: Final = 16
SLOTS: Final = 17
"""Amounts of a balance: the fifteen stages without holds, then adopted and allocated under a hold."""

STATUSES: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    ("announced", (Stage.REQUESTED, Stage.APPROVED, Stage.ADOPTED, Stage.ALLOCATED)),
    ("contracted", (Stage.REGISTERED,)),
    ("placed", (Stage.PAYABLE, Stage.RETAINED)),
    ("redeemed", (Stage.ADVANCED, Stage.PAID, Stage.RECOVERED)),
    ("blocked", (HELD_ADOPTED, HELD_ALLOCATED)),
    ("annulled", (Stage.DECLINED, Stage.REFINED, Stage.SEQUESTERED, Stage.LAPSED, Stage.CARRIED)),
)
"""The six statuses of the E-Qazyna concept, derived from slots of a balance."""

ACCEPTED: Final = (
    Stage.REGISTERED, Stage.PAYABLE, Stage.RETAINED, Stage.ADVANCED, Stage.PAID, Stage.RECOVERED,
)  # fmt: skip
"""принятые обязательства (form 4-20): contracted, placed and redeemed; nothing else is called accepted."""

REDEEMED: Final = (Stage.ADVANCED, Stage.PAID, Stage.RECOVERED)
"""Cash execution (form 5-15), advances included."""

UNDER_AGREEMENT: Final = (
    Stage.REGISTERED, Stage.PAYABLE, Stage.RETAINED, Stage.ADVANCED, Stage.PAID, Stage.CARRIED,
)  # fmt: skip
"""Σ acts (payable, retained, paid, carried as debts) + registered + advance outstanding (invariant 5)."""

ANNUAL: Final = (*range(Stage.ALLOCATED, Stage.RECOVERED + 1), Stage.LAPSED, Stage.CARRIED, HELD_ALLOCATED)
"""What December of a plan equals (invariant 2): Σ allocated … recovered, lapsed, carried; held counts."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A line of a budget: where an amount belongs.

    `budget` is kind and territory ("01.kz": kind 01 republican; BC 7). Codes keep their zeros. Subprogramme
    is "000" when a programme has none; subprogramme and specific are None until financing plans name them.
    """

    budget: str
    year: int
    source: str
    administrator: str
    programme: str
    subprogramme: str | None
    specific: str | None

    def value(self) -> tuple[Value, ...]:
        return (
            self.budget, self.year, self.source, self.administrator, self.programme, self.subprogramme,
            self.specific,
        )  # fmt: skip

    @property
    def programme_level(self) -> Line:
        """The same programme, before subprogramme and specific."""
        return Line(self.budget, self.year, self.source, self.administrator, self.programme, None, None)


def trusted(data: bytes) -> tuple[Any, ...]:
    """A value that this ledger itself encoded: decoded without the checks made for strangers' bytes."""
    return cast(tuple[Any, ...], msgpack.unpackb(data, use_list=False))


class Record:
    """A frozen dataclass that stands in the state as `[1, field…]`; fields are plain values of the codec."""

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    SCHEMA: ClassVar[int] = 1

    def encode(self) -> bytes:
        # the fields in their order; `fields()` is too slow for every value of the state
        values = [getattr(self, name) for name in self.__match_args__]
        return encode((self.SCHEMA, *(v.value() if isinstance(v, Line) else v for v in values)))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        schema, *values = trusted(data)
        assert schema == cls.SCHEMA, f"{cls.__name__} of schema {schema} in the state"
        return cls(*values)

    @classmethod
    def find(cls, state: StateReader, collection: str, key: bytes) -> Self | None:
        data = state.get(collection, key)
        return None if data is None else cast(Self, _decoded(cast(Any, cls), data))


RECORDS_REMEMBERED: Final = 8192
"""Decoded records, frozen and a function of their bytes; some 500 bytes each. A document reads the same
institution, plan and directory entries as the one before it."""


@lru_cache(RECORDS_REMEMBERED)
def _decoded(kind: type[Record], data: bytes) -> Record:
    return kind.decode(data)


def key_of(*parts: Value) -> bytes:
    """A structured key: the canonical encoding of its parts, so that equal first parts stand together."""
    return encode(parts)


def prefix_of(length: int, *parts: Value) -> bytes:
    """The common beginning of all keys of `length` (<= 15) parts that start with `parts`, for scans."""
    return bytes((0x90 | length,)) + b"".join(encode(part) for part in parts)


# --- members


@dataclass(frozen=True, slots=True)
class Institution(Record):
    """institutions[id]. `code` is the administrator's 3 digits or the ГУ's 7 (TP 84), else "".

    `parent`: the administrator's institution id of a ГУ. `is_member`: has a vote in ballots. Heights of
    opening and closing; a closed institution signs nothing. `signers`: the highest serial given, from 1.
    """

    kind: str
    code: str
    parent: str | None
    name_kk: str
    name_ru: str
    name_en: str | None
    is_member: bool
    signers: int
    opened: int
    closed: int | None


@dataclass(frozen=True, slots=True)
class Signer(Record):
    """signers[signer id]: a person's registered key. Revoked or rotated keys never sign again."""

    institution: str
    serial: int
    algorithm: int
    public_key: bytes
    roles: int
    added: int
    revoked: int | None


@dataclass(frozen=True, slots=True)
class KeyOwner(Record):
    """keys[address]: every public key ever registered, signers' and validators'; one key is one person."""

    institution: str
    is_validator: bool
    owner: bytes


@dataclass(frozen=True, slots=True)
class ValidatorRecord(Record):
    """validators[address]: the institution that runs it; `removed` is the height of its removal."""

    institution: str
    public_key: bytes
    power: int
    added: int
    removed: int | None


@dataclass(frozen=True, slots=True)
class IdEntry(Record):
    """ids[institution ‖ 0x00 ‖ client id]: which transaction used a client id, until it has expired."""

    tx_id: bytes
    height: int
    index: int
    valid_until_ms: int


def id_key(institution: str, client_id: bytes) -> bytes:
    return institution.encode("ascii") + b"\x00" + client_id


def expiry_key(valid_until_ms: int, key: bytes) -> bytes:
    return valid_until_ms.to_bytes(8, "big") + key


EXPIRY_VALUE: Final = encode((1,))


# --- approvals: routes, deputies, documents on their way, rules in force


@dataclass(frozen=True, slots=True)
class Route(Record):
    """routes[[action, institution or nil]]: маршрут согласования, who agrees before an action.

    A step is [kind or nil, institution or nil, role, from amount in tiyn]; exactly one of kind and
    institution is given. The route of an institution stands before that of all (nil). `others`: in the
    route of all, how many institutions have one of their own. `document`: on what it was set; `set`: height.
    """

    steps: tuple[tuple[str | None, str | None, int, int], ...]
    others: int
    document: str
    set: int


def route_key(action: str, institution: str | None) -> bytes:
    return key_of(action, institution)


@dataclass(frozen=True, slots=True)
class Deputy(Record):
    """deputies[[institution, role, signer id]]: a person who stands in for a role, for approvals only.

    `first` and `last` are operational days, both included; `document`: the order; `appointed`: height.
    """

    first: int
    last: int
    document: str
    appointed: int


def deputy_key(institution: str, role: int, signer: bytes) -> bytes:
    return key_of(institution, role, signer)


class ApprovalStatus(IntEnum):
    """How a document on its way stands. The numbers are on the chain."""

    OPEN = 0
    CARRIED_OUT = 1
    REJECTED = 2
    WITHDRAWN = 3


@dataclass(frozen=True, slots=True)
class ApprovalRecord(Record):
    """approvals[[number]]: a document that was submitted for approval, and how far it has come.

    `makers`: who signed it, in the order of the document; `steps` as in `Route`, those that this document
    needs, kinds already resolved where the law leaves one institution; `given`: [institution, signer id,
    height], one a step, in their order. `amount`: what the thresholds looked at, tiyn. `tx_id`: the
    transaction that carries the document's bytes. `submitted` and `closed` are heights; `since`: the
    operational day since which the next step is awaited. `reason`: why it was rejected or withdrawn.
    """

    institution: str
    action: str
    version: int
    makers: tuple[bytes, ...]
    steps: tuple[tuple[str | None, str | None, int, int], ...]
    given: tuple[tuple[str, bytes, int], ...]
    amount: int
    tx_id: bytes
    submitted: int
    since: int | None
    status: int
    closed: int | None
    reason: str | None


def approval_key(number: int) -> bytes:
    return key_of(number)


@dataclass(frozen=True, slots=True)
class ApprovalDocument(Record):
    """approval-documents[[number]]: the arguments of a document on its way; gone when it is closed."""

    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ApprovalCount(Record):
    """approval-counts[""]: numbers given; approval-counts[institution]: its documents on their way."""

    count: int


APPROVALS_GIVEN_KEY: Final = b""


@dataclass(frozen=True, slots=True)
class Awaited(Record):
    """awaited[[kind or nil, institution or nil, number]]: whose turn it is in a document on its way.

    `role` of `Role`; `institution` and `action`: whose document and what it is; `since`: operational day.
    """

    role: int
    institution: str
    action: str
    since: int | None


def awaited_key(kind: str | None, institution: str | None, number: int) -> bytes:
    return key_of(kind, institution, number)


@dataclass(frozen=True, slots=True)
class Rules(Record):
    """rules[""]: versions of actions that the members put in force, and modules they paused.

    `versions`: [action, version, first height], strictly increasing: of an action the last whose height has
    come counts, before it version 1. `paused`: [module, height], strictly increasing.
    """

    versions: tuple[tuple[str, int, int], ...]
    paused: tuple[tuple[str, int], ...]

    def version_of(self, action: str, height: int) -> int:
        """The only version of an action that a block of this height takes."""
        found = [(first, version) for name, version, first in self.versions if name == action]
        return max(((first, version) for first, version in found if first <= height), default=(0, 1))[1]


RULES_KEY: Final = b""
FIRST_RULES: Final = Rules((), ())


def rules_of(state: StateReader) -> Rules:
    return Rules.find(state, Collection.RULES, RULES_KEY) or FIRST_RULES


# --- directories and the day


@dataclass(frozen=True, slots=True)
class Directory(Record):
    """directories[[directory, code]]: all versions of one code, oldest first, never edited.

    A version is [valid_from, valid_to or nil, name_kk, name_ru, name_en or nil, attributes], attributes a
    list of [name, text] strictly increasing by name. Days are operational days, both inclusive.
    """

    versions: tuple[tuple[Any, ...], ...]

    def on(self, day: int) -> DirectoryVersion | None:
        """The version valid on `day`."""
        for version in reversed(self.versions):
            if version[0] <= day:
                found = DirectoryVersion(*version)
                return found if found.valid_to is None or day <= found.valid_to else None
        return None


@dataclass(frozen=True, slots=True)
class DirectoryVersion:
    valid_from: int
    valid_to: int | None
    name_kk: str
    name_ru: str
    name_en: str | None
    attributes: tuple[tuple[str, str], ...]

    def attribute(self, name: str) -> str | None:
        for key, value in self.attributes:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Day(Record):
    """day[""]: the operational day the treasury opened last."""

    day: int
    opened: int


DAY_KEY: Final = b""


# --- money


@dataclass(frozen=True, slots=True)
class TokenKey:
    """What makes a token this token: one live token per key. tokens[encode of the fields]."""

    line: Line
    holder: str
    expense: str | None
    stage: Stage
    hold: str | None = None
    obligation: str | None = None
    act: str | None = None
    payment: str | None = None

    def encode(self) -> bytes:
        return encode((
            self.line.value(), self.holder, self.expense, int(self.stage), self.hold, self.obligation,
            self.act, self.payment,
        ))  # fmt: skip

    @classmethod
    def decode(cls, data: bytes) -> TokenKey:
        line, holder, expense, stage, *rest = trusted(data)
        return cls(Line(*line), holder, expense, Stage(stage), *rest)

    @property
    def slot(self) -> int:
        """Where its amount stands in a balance."""
        if self.hold is None:
            return int(self.stage)
        return HELD_ADOPTED if self.stage is Stage.ADOPTED else HELD_ALLOCATED


def tokens_prefix(budget: str, year: int) -> bytes:
    """The common beginning of the keys of all tokens of a budget and year: an array of eight whose first
    item, the line, is an array of seven."""
    return b"\x98\x97" + encode(budget) + encode(year)


@dataclass(frozen=True, slots=True)
class Token(Record):
    """The value under a token key: id (never used again), ids of the tokens it came from, amount > 0 and
    the height of the last change."""

    id: int
    parents: tuple[int, ...]
    amount: int
    height: int


@dataclass(frozen=True, slots=True)
class Balance(Record):
    """balances[[scope, …]]: the incremental total of all tokens of one scope, by slot.

    Scopes: 1 [budget, year, administrator, programme]; 2 [holder, line]; 3 [holder, obligation].
    `issued` and `received` count, at programme scope only, what came into being here and what
    `budget.adjust` or `plan.recode` brought less what it took: Σ amounts = issued + received − given.
    """

    issued: int
    received: int
    given: int
    amounts: tuple[int, ...]

    def total(self, slots: tuple[int, ...]) -> int:
        return sum(self.amounts[slot] for slot in slots)


EMPTY_BALANCE: Final = Balance(0, 0, 0, (0,) * SLOTS)


KEYS_REMEMBERED: Final = 4096
"""Encoded keys of the positions in use, about 200 bytes each: a document asks for the same one many times.

A key is a function of its parts alone, so remembering it changes nothing but the time.
"""


@lru_cache(KEYS_REMEMBERED)
def programme_scope(line: Line) -> bytes:
    return encode((1, line.budget, line.year, line.administrator, line.programme))


@lru_cache(KEYS_REMEMBERED)
def position_scope(holder: str, line: Line) -> bytes:
    return encode((2, holder, line.value()))


def obligation_scope(holder: str, obligation: str) -> bytes:
    return encode((3, holder, obligation))


def balance_of(state: StateReader, scope: bytes) -> Balance:
    return Balance.find(state, Collection.BALANCES, scope) or EMPTY_BALANCE


@dataclass(frozen=True, slots=True)
class Appropriation(Record):
    """appropriations[[budget, year, administrator, programme]] (BC 86(3)).

    `section`: costs, budget_loans or financial_assets. `nature`: ordinary, distributable (распределяемая) or
    reserve (резерв). `protected`: 0 no, 1 the whole programme,
    2 the listed subprogrammes (BC 97(4)). State obligations: BC 148–149. Amounts: approved by law, then
    refined (BC 94), adjusted (BC 98), sequestered (BC 97).
    """

    section: str
    functional_group: str
    nature: str
    is_development: bool
    protected: int
    protected_subprogrammes: tuple[str, ...]
    is_state_obligation: bool
    is_pilot: bool
    approved: int
    refined_up: int
    refined_down: int
    adjusted_up: int
    adjusted_down: int
    sequestered: int

    @property
    def refined(self) -> int:
        """уточнённый: as the laws have it (BC 3(1)(22))."""
        return self.approved + self.refined_up - self.refined_down

    @property
    def adjusted(self) -> int:
        """скорректированный: after the resolutions too (BC 3(1)(27))."""
        return self.refined + self.adjusted_up - self.adjusted_down

    @property
    def in_force(self) -> int:
        """What the programme may spend."""
        return self.adjusted - self.sequestered


@lru_cache(KEYS_REMEMBERED)
def appropriation_key(budget: str, year: int, administrator: str, programme: str) -> bytes:
    return key_of(budget, year, administrator, programme)


@dataclass(frozen=True, slots=True)
class Plan(Record):
    """plans[[holder, line…]]: the financing plans of one institution and line, cumulative by month.

    `obligations` limits what may be accepted, `payments` what may be paid (TP 5–6); both have the same
    December (TP 19, 35).
    """

    obligations: tuple[int, ...]
    payments: tuple[int, ...]


@lru_cache(KEYS_REMEMBERED)
def plan_key(holder: str, line: Line) -> bytes:
    return key_of(holder, line.value())


# --- members: ballots, validator sets, misbehaviour


def validator_set_key(first_height: int) -> bytes:
    """validator-sets: descending by first height, so one scan finds the set in force at any height."""
    return ((1 << 64) - 1 - first_height).to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class Misconduct(Record):
    """evidence[[address, height, kind]]: a proven double signature, and the block that recorded it."""

    recorded: int


def misconduct_key(address: bytes, height: int, kind: int) -> bytes:
    return key_of(address, height, kind)


class BallotStatus(IntEnum):
    """How a ballot stands. The numbers are on the chain."""

    OPEN = 0
    PASSED = 1
    FAILED = 2


@dataclass(frozen=True, slots=True)
class Ballot(Record):
    """ballots[[number]]: a change that the members decide.

    `effect` is [name, arguments] (see `contracts.governance`). A vote is [institution, yes, height], in the
    order they came. After `expires_ms` (block time) no vote counts. `closed`: the height at which it passed
    or failed.
    """

    proposer: str
    effect: tuple[Any, ...]
    note: str
    opened: int
    expires_ms: int
    votes: tuple[tuple[str, bool, int], ...]
    status: int
    closed: int | None


def ballot_key(number: int) -> bytes:
    return key_of(number)


@dataclass(frozen=True, slots=True)
class BallotCount(Record):
    """ballots[""]: numbers given so far, and how many ballots are open.

    `by_proposer`: [institution, open ballots], strictly increasing, none of zero.
    """

    given: int
    open: int
    by_proposer: tuple[tuple[str, int], ...]


BALLOT_COUNT_KEY: Final = b""


def directory_key(directory: str, code: str) -> bytes:
    return key_of(directory, code)


# --- treasury and receipts


@dataclass(frozen=True, slots=True)
class Suspension(Record):
    """suspensions[encode(scope)]: приостановление операций (BC 111): what is suspended, and why, until every
    ground is lifted.

    A ground is [number of BC 111(1), document, operational day]; grounds stand in the order they came.
    """

    grounds: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True, slots=True)
class CashAccount(Record):
    """cash[[budget, source, year]]: КСН, контрольный счёт наличности (BC 106(3)), in tiyn.

    `redeemed` is what payments took less what came back; balance = opening + received − debited − redeemed.
    """

    opening: int
    received: int
    debited: int
    redeemed: int

    @property
    def balance(self) -> int:
        return self.opening + self.received - self.debited - self.redeemed


EMPTY_CASH: Final = CashAccount(0, 0, 0, 0)


def cash_key(budget: str, source: str, year: int) -> bytes:
    return key_of(budget, source, year)


def cash_of(state: StateReader, budget: str, source: str, year: int) -> CashAccount:
    return CashAccount.find(state, Collection.CASH, cash_key(budget, source, year)) or EMPTY_CASH


@dataclass(frozen=True, slots=True)
class ReceiptsRecord(Record):
    """receipts[[budget, year, code]]: план поступлений and what came in, cumulative by month, in tiyn.

    The code "" holds the sums of all codes. Opening balances, loans and financing have codes of their own.
    `posted` includes opening balances; `debited` are refunds.
    """

    plan: tuple[int, ...]
    posted: tuple[int, ...]
    debited: tuple[int, ...]


EMPTY_RECEIPTS: Final = ReceiptsRecord((0,) * 12, (0,) * 12, (0,) * 12)
ALL_RECEIPTS: Final = ""


def receipts_key(budget: str, year: int, code: str) -> bytes:
    return key_of(budget, year, code)


def receipts_of(state: StateReader, budget: str, year: int, code: str = ALL_RECEIPTS) -> ReceiptsRecord:
    return ReceiptsRecord.find(state, Collection.RECEIPTS, receipts_key(budget, year, code)) or EMPTY_RECEIPTS


@dataclass(frozen=True, slots=True)
class Consolidated(Record):
    """consolidated[[budget, year, administrator or nil, programme or nil]]: сводный план финансирования.

    Σ the individual plans by month (BC 105(3), TP 19(2)): of one programme, and with nil, nil of the budget.
    """

    obligations: tuple[int, ...]
    payments: tuple[int, ...]


EMPTY_CONSOLIDATED: Final = Consolidated((0,) * 12, (0,) * 12)


def consolidated_key(
    budget: str, year: int, administrator: str | None = None, programme: str | None = None
) -> bytes:
    return key_of(budget, year, administrator, programme)


@dataclass(frozen=True, slots=True)
class Amendments(Record):
    """amendments[[budget, year, administrator, programme, month, kind]]: how often plans were changed.

    `kind`: a by the administrator alone, b through the treasury (BC 105(7), TP 33); `counted`: certificates
    filed in the month; `exempt`: those with a cause that TP 33 does not count. Month 0: before the year.
    """

    counted: int
    exempt: int


EMPTY_AMENDMENTS: Final = Amendments(0, 0)


def amendments_key(
    budget: str, year: int, administrator: str, programme: str, month: int, kind: str
) -> bytes:
    return key_of(budget, year, administrator, programme, month, kind)


@dataclass(frozen=True, slots=True)
class Certificate(Record):
    """certificates[[budget, year, administrator, programme, number]]: справка о внесении изменений, done.

    `filed` and `carried_out` are operational days; `positions`: how many it changed; `moved`: tiyn that went
    from one position to another, `taken` from the administrator's undistributed money, `returned` to it.
    """

    kind: str
    cause: str | None
    filed: int
    carried_out: int
    positions: int
    moved: int
    taken: int
    returned: int


def certificate_key(budget: str, year: int, administrator: str, programme: str, number: str) -> bytes:
    return key_of(budget, year, administrator, programme, number)


# --- helpers over the state


def put(state: Overlay, collection: str, key: bytes, record: Record) -> None:
    state.put(collection, key, record.encode())


def signer_of(state: StateReader, signer_id: SignerId) -> Signer | None:
    return Signer.find(state, Collection.SIGNERS, signer_id)


def institution_of(state: StateReader, institution: str) -> Institution | None:
    return Institution.find(state, Collection.INSTITUTIONS, institution.encode("ascii"))


def operational_day(state: StateReader) -> int | None:
    """The open day, or None before the treasury opened the first."""
    found = Day.find(state, Collection.DAY, DAY_KEY)
    return None if found is None else found.day


# --- budgets, obligations, agreements, acts, payments


@dataclass(frozen=True, slots=True)
class Budget(Record):
    """budgets[[budget, year]]: the adopted budget (утверждённый бюджет) and what is counted over its year.

    `law`: number of the act; `adopted`: operational day. Totals by section: costs, budget loans, financial
    assets. `unprotected`: refined expenditure without protected programmes, the base of the 10 % test
    (BC 97(2)). `sequestered`: decided cuts of the year, applied or not. `blocked`: what stands under holds
    on the ground of a shortfall (BC 111(1)(11)). `mrp`: месячный расчётный показатель of the year in tiyn,
    set by the law (LRB-26 art. 7), 0 when it sets none. `status`: see `BudgetStatus`. `acts`: serials given
    to the acts that changed the budget since (`budget-acts`).
    """

    law: str
    adopted: int
    costs: int
    budget_loans: int
    financial_assets: int
    unprotected: int
    sequestered: int
    blocked: int
    mrp: int
    status: int
    acts: int


class BudgetStatus(IntEnum):
    """How a budget stands. The numbers are on the chain.

    QUARTER: the financial plan of a first quarter, while no budget is adopted (BC 90(4)). ADOPTING: the law
    is recorded in parts, of which some are missing. ADOPTED: the whole law is recorded.
    """

    QUARTER = 0
    ADOPTING = 1
    ADOPTED = 2


def budget_key(budget: str, year: int) -> bytes:
    return key_of(budget, year)


# --- formation: limits, requests, the plan of a first quarter


@dataclass(frozen=True, slots=True)
class Limit(Record):
    """limits[[budget, year, administrator]]: лимиты of a year to come, by block (BC 74(5)–(7)), in tiyn.

    `base` bounds what agreements promise of that year (BC 109(4)). `used`: by block in the same order, what
    the administrator's consolidated requests take. `document` and `day`: by what and when it was set last.
    """

    base: int
    initiatives: int
    growth: int
    reserves: int
    used: tuple[int, ...]
    document: str
    day: int

    @property
    def blocks(self) -> tuple[int, ...]:
        return (self.base, self.initiatives, self.growth, self.reserves)


def limit_key(budget: str, year: int, administrator: str) -> bytes:
    return key_of(budget, year, administrator)


class LimitBlock(IntEnum):
    """Blocks of the limits (BC 74(5)): базовые расходы, новые инициативы, рост базовых расходов, резервы."""

    BASE = 0
    INITIATIVES = 1
    GROWTH = 2
    RESERVES = 3


class RequestStatus(IntEnum):
    """The seven statuses of a budget request, in their order (the concept). The numbers are on the chain."""

    FORMED = 1
    CONSOLIDATED = 2
    MOF = 3
    GOVERNMENT = 4
    MAZHILIS = 5
    SENATE = 6
    LAW = 7


@dataclass(frozen=True, slots=True)
class Request(Record):
    """requests[[budget, year, administrator, programme]]: бюджетный запрос (BC 75) of one programme.

    `passport`: [goal, indicators, end results, is_development] since it was consolidated, else nil. A part is
    [institution, live tiyn, is_returned]; `items`: how many there ever were. `blocks`: live tiyn, requested
    and approved, by block of the limits; since the law what was approved before it. `adopted`: what the law
    gave the programme, 0 when it left the request out, nil until the law. `history`, oldest first, of at most
    100 steps: [status before, after, act or nil, date or nil, hash or nil, operational day, reason or nil].
    """

    source: str
    status: int
    passport: tuple[Any, ...] | None
    parts: tuple[tuple[str, int, bool], ...]
    items: int
    blocks: tuple[int, ...]
    adopted: int | None
    history: tuple[tuple[Any, ...], ...]

    @property
    def amount(self) -> int:
        return sum(self.blocks)


def request_key(budget: str, year: int, administrator: str, programme: str) -> bytes:
    return key_of(budget, year, administrator, programme)


@dataclass(frozen=True, slots=True)
class RequestItem(Record):
    """request-items[[budget, year, administrator, programme, expense id]]: one expense of a request (STD 2).

    `block`: its place in the limits, from 0. `function`: код функции of the passport; `quantity` × `price`,
    rounded up to the unit of plans, = `asked`; `basis` says where they come from (BC 71(1)(15)). `amount`:
    live tiyn, kept as approved when the law comes; `aligned`: adopted money that `request.align` put under
    its expense id.
    """

    holder: str
    subprogramme: str
    specific: str
    block: int
    function: str
    basis: str
    quantity: int
    price: int
    asked: int
    amount: int
    aligned: int


def request_item_key(budget: str, year: int, administrator: str, programme: str, expense: str) -> bytes:
    return key_of(budget, year, administrator, programme, expense)


@dataclass(frozen=True, slots=True)
class Expense(Record):
    """expenses[[budget, year, expense id]]: whose request has this идентификатор расхода."""

    administrator: str
    programme: str


def expense_key(budget: str, year: int, expense: str) -> bytes:
    return key_of(budget, year, expense)


@dataclass(frozen=True, slots=True)
class QuarterPlan(Record):
    """quarters[[budget, year]]: финансовый план на первый квартал (BC 90(4)), until the law replaces it.

    `decree` and `date` of the President's act; rows: [administrator, programme, tiyn] that no part of the law
    has adopted yet.
    """

    decree: str
    date: int
    rows: tuple[tuple[str, str, int], ...]


def quarter_key(budget: str, year: int) -> bytes:
    return key_of(budget, year)


# --- acts that change a budget, and transfers between budgets


@dataclass(frozen=True, slots=True)
class BudgetAct(Record):
    """budget-acts[[budget, year, serial]]: one document that changed an adopted budget, serials from 1.

    `kind`: refinement, adjustment, sequester or recode; `case`: that of BC 98(1) of an adjustment. `date` is
    the document's, `day` the operational day it was recorded on. A row is [administrator, programme, tiyn
    up, tiyn down], one a programme, in order.
    """

    kind: str
    case: str | None
    document: str
    date: int
    day: int
    rows: tuple[tuple[str, str, int, int], ...]


def budget_act_key(budget: str, year: int, serial: int) -> bytes:
    return key_of(budget, year, serial)


@dataclass(frozen=True, slots=True)
class Adjusted(Record):
    """adjustments[[budget, year, case, administrator or nil, programme or nil]]: tiyn over the year.

    What adjustments of one case took from a programme; with nil, nil: what opening balances issued. Also what
    `contracts.budget_acts` counts of a programme: received from a reserve, brought and taken by new codes.
    """

    amount: int


def adjusted_key(
    budget: str, year: int, case: str, administrator: str | None = None, programme: str | None = None
) -> bytes:
    return key_of(budget, year, case, administrator, programme)


@dataclass(frozen=True, slots=True)
class AdjustmentProposal(Record):
    """adjustment-proposals[[budget, year, administrator, quarter]]: the one day of a quarter on which an
    administrator proposed to reallocate (TP 59)."""

    day: int


def adjustment_proposal_key(budget: str, year: int, administrator: str, quarter: int) -> bytes:
    return key_of(budget, year, administrator, quarter)


@dataclass(frozen=True, slots=True)
class TransferTotals(Record):
    """transfer-totals[[upper, lower, year]]: what two neighbouring budgets sent each other in a year, tiyn.

    `sent`: from the upper budget down, less what came back from its bank. `returned`: of those transfers,
    unused and sent back up (specific 338), in that year or the next. `upward`: everything sent up in that
    year, returns and withdrawals (бюджетные изъятия).
    """

    sent: int
    returned: int
    upward: int

    @property
    def unreturned(self) -> int:
        return self.sent - self.returned


EMPTY_TRANSFERS: Final = TransferTotals(0, 0, 0)


def transfer_totals_key(upper: str, lower: str, year: int) -> bytes:
    return key_of(upper, lower, year)


def transfer_totals_of(state: StateReader, upper: str, lower: str, year: int) -> TransferTotals:
    key = transfer_totals_key(upper, lower, year)
    return TransferTotals.find(state, Collection.TRANSFER_TOTALS, key) or EMPTY_TRANSFERS


class LineRecord(Record):
    """A record whose first field is a line."""

    __slots__ = ()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        schema, line, *values = trusted(data)
        assert schema == cls.SCHEMA, f"{cls.__name__} of schema {schema} in the state"
        return cls(Line(*line), *values)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class Obligation(LineRecord):
    """obligations[[holder, obligation]]: принятое обязательство of one institution and line (TP 179, 215).

    `kind`: agreement, penalty, payroll, invoice, transfer, court, special, other, debt, retention. `payee`:
    of a penalty the receipts code. `amount`: what was accepted for the year = Σ its tokens. `advance_limit`:
    ceiling of advances of the year; `advance_percent`: the highest share of the current-year sum (TP 184);
    `advanced`: advances executed less restored, worked off or not; `advances`: payments whose advance is
    outstanding, oldest first, those of the obligations it goes on with among them. `notifications`: how many
    notifications of registration were issued (TP 222). `retained`: acts with money kept until commissioning.
    A closed obligation takes no act and no advance; what is payable is still paid. `previous`: the obligation
    of an earlier year whose agreement or debt it goes on with.
    """

    line: Line
    expense: str | None
    kind: str
    agreement: str | None
    payee: str | None
    amount: int
    advance_limit: int
    advance_percent: int
    advanced: int
    advances: tuple[str, ...]
    notifications: int
    retained: tuple[str, ...]
    is_open: bool
    previous: str | None


def obligation_key(holder: str, obligation: str) -> bytes:
    return key_of(holder, obligation)


@dataclass(frozen=True, slots=True)
class Agreement(Record):
    """agreements[[holder, number]]: гражданско-правовая сделка, an agreement with a supplier (BC 109).

    `kind`: goods, services or works. `money`: ordinary, reserve or construction_start (TP 191, BC 109(8)).
    `total` is of all years; `years`: [year, sum] from the year it was registered in last on (TP 182, 211).
    `obligations`: one a code (TP 215), of every year and those of penalties, oldest first; `debts`:
    obligations that accepted its debts of closed years (TP 208). `expertise`: [number, date, valid until,
    sum] of the комплексная вневедомственная экспертиза, or nil. `supplements`: numbers of дополнительные
    соглашения. `commissioned`, `terminated` and `registered`, the first registration, are operational days:
    an agreement is in force from its registration on (BC 109(4)).
    """

    date: int
    supplier: str
    subject: str
    kind: str
    money: str
    legal_basis: str
    portal_id: str | None
    budget: str
    administrator: str
    programme: str
    total: int
    years: tuple[tuple[int, int], ...]
    obligations: tuple[str, ...]
    debts: tuple[str, ...]
    expertise: tuple[Any, ...] | None
    valid_until: int
    supplements: tuple[str, ...]
    commissioned: int | None
    terminated: int | None
    registered: int


def agreement_key(holder: str, number: str) -> bytes:
    return key_of(holder, number)


@dataclass(frozen=True, slots=True)
class Commitment(Record):
    """commitments[[budget, year, administrator, programme or nil]]: what agreements promise of a later year.

    No tokens: money of a later year does not exist yet (BC 109(4), 101(6)). With nil the sum of the
    administrator, which its base expenditure of that year bounds (`limits`).
    """

    amount: int


def commitment_key(budget: str, year: int, administrator: str, programme: str | None = None) -> bytes:
    return key_of(budget, year, administrator, programme)


@dataclass(frozen=True, slots=True)
class Act(Record):
    """acts[[holder, act]]: акт приёмки товаров, работ, услуг (BC 109(5)): Σ tokens naming it = amount
    − withdrawn.

    `worked_off`: [payment, tiyn] of the advances it cleared, oldest first; `retained`: kept until
    commissioning when it was signed; the rest became payable, of which `withdrawn` is owed no more. A
    corrected act has no tokens left.
    """

    obligation: str
    date: int
    document: str
    amount: int
    worked_off: tuple[tuple[str, int], ...]
    retained: int
    is_corrected: bool
    withdrawn: int

    @property
    def payable(self) -> int:
        return self.amount - self.withdrawn - self.retained - sum(tiyn for _, tiyn in self.worked_off)


def act_key(holder: str, act: str) -> bytes:
    return key_of(holder, act)


class PaymentStatus(IntEnum):
    """How a payment request stands. The numbers are on the chain."""

    REQUESTED = 0
    REFUSED = 1
    EXECUTED = 2


@dataclass(frozen=True, slots=True)
class Payment(Record):
    """payments[[holder, number]]: счёт к оплате and what became of it (TP 229–238).

    Pays one act of an obligation, or an obligation without act, or an advance (`is_advance`). `requested`
    and `decided` are operational days; `refusal` is the number of TP 236. `restored`: what came back within
    its year: Σ tokens naming an executed payment = amount − restored. `priority`: the order of its payment
    while cash is short, 1 to 3 (TP 228); `account`: [budget, source, year], the cash account it waits for.
    """

    obligation: str
    act: str | None
    is_advance: bool
    amount: int
    purpose: str
    requested: int
    status: int
    decided: int | None
    refusal: int | None
    restored: int
    priority: int
    account: tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Queue(Record):
    """queues[[budget, source, year]]: очерёдность: tiyn of the requests that wait (TP 228).

    `days`: [day of the request, priority 1, 2, 3], oldest first. Days whose requests have expired are left
    out when the record is written and not counted when it is read (TP 229).
    """

    days: tuple[tuple[int, ...], ...]


EMPTY_QUEUE: Final = Queue(())


def queue_key(budget: str, source: str, year: int) -> bytes:
    return key_of(budget, source, year)


@dataclass(frozen=True, slots=True)
class Asked(Record):
    """asked[[holder, obligation, act, is_advance]]: tiyn of the requests that wait for the same money.

    `days`: [day of the request, amount], as in `Queue`; no record where none waits (TP 228, 236(13)).
    """

    days: tuple[tuple[int, ...], ...]


def asked_key(holder: str, obligation: str, act: str | None, is_advance: bool) -> bytes:
    return key_of(holder, obligation, act, is_advance)


def payment_key(holder: str, number: str) -> bytes:
    return key_of(holder, number)


@dataclass(frozen=True, slots=True)
class Transfer(Record):
    """transfers[[holder, number of the payment]]: the budget and receipts code where its money arrived.

    `sender` and `year` are those of its line, `specific` too. `present` and `earlier`: tiyn, less what came
    back, counted to that year and, of a return of unused transfers, to the year before (`TransferTotals`).
    """

    budget: str
    code: str
    sender: str
    year: int
    specific: str
    earlier: int
    present: int


@dataclass(frozen=True, slots=True)
class Claim(LineRecord):
    """claims[[holder, obligation]]: требование возврата аванса, outstanding when its agreement ended."""

    line: Line
    payee: str | None
    amount: int
    arisen: int


def claim_key(holder: str, obligation: str) -> bytes:
    return key_of(holder, obligation)


@dataclass(frozen=True, slots=True)
class Debt(LineRecord):
    """debts[[holder, obligation]]: кредиторская задолженность of a closed year, by its obligation there.

    `line` and `expense` are those of the closed year. `payable` and `retained`: what `year.close` carried
    and what the bank could not deliver of a paid sum, of which `accepted` and `accepted_retained` were
    accepted again from money of a later year (TP 202, 208).
    """

    line: Line
    expense: str | None
    agreement: str | None
    payee: str | None
    payable: int
    retained: int
    accepted: int
    accepted_retained: int
    arisen: int


def debt_key(holder: str, obligation: str) -> bytes:
    return key_of(holder, obligation)


class ClosingStatus(IntEnum):
    """How a year stands. The numbers are on the chain; without a record the year is open."""

    CLOSING = 1
    CLOSED = 2


@dataclass(frozen=True, slots=True)
class Closing(Record):
    """closings[[budget, year]]: закрытие года: how far `year.close` has come.

    `cursor`: the token key after which the next `year.close` goes on. `lapsed`, `carried`, `claimed`: tiyn so
    far. `began` and `ended` are operational days.
    """

    status: int
    cursor: bytes
    tokens: int
    lapsed: int
    carried: int
    claimed: int
    began: int
    ended: int | None


def closing_key(budget: str, year: int) -> bytes:
    return key_of(budget, year)


def closing_of(state: StateReader, budget: str, year: int) -> Closing | None:
    """How a year's closing stands; None while the year is open."""
    return Closing.find(state, Collection.CLOSINGS, closing_key(budget, year))


@dataclass(frozen=True, slots=True)
class CarryOver(Record):
    """carry-overs[[budget, year, administrator, programme]]: остатки, разрешённые к использованию в следующем
    году (BC 115(2)), by the year that ends.

    `listed`: what the list of the finance body, made before 1 December, permits; `carried`: what was left
    unpaid when the year closed, at most that much; `used`: what `budget.adjust` of a later year brought back.
    """

    listed: int
    carried: int
    used: int


EMPTY_CARRY_OVER: Final = CarryOver(0, 0, 0)


def carry_over_key(budget: str, year: int, administrator: str, programme: str) -> bytes:
    return key_of(budget, year, administrator, programme)


# --- conduct and ratings


@dataclass(frozen=True, slots=True)
class Conduct(Record):
    """conduct[[budget, year, administrator]]: what the rating counts beside money, over the year.

    `amendments`: amendment certificates of plans carried out (one a programme and document); `requests`:
    payment requests made; `refusals`: those that the treasury returned on a ground of TP 236.
    """

    amendments: int
    requests: int
    refusals: int


EMPTY_CONDUCT: Final = Conduct(0, 0, 0)


def conduct_key(budget: str, year: int, administrator: str) -> bytes:
    return key_of(budget, year, administrator)


@dataclass(frozen=True, slots=True)
class Rating(Record):
    """ratings[[budget, year, month, administrator]]: рейтинг of an administrator, as computed last.

    `formula`: version of the published formula; `day`: operational day of the figures. `figures`: the facts
    of the ledger, in the formula's order; `parts`: what each part earned, in hundredths of a point
    (0–10,000); `score`: 0–100 points.
    """

    formula: int
    day: int
    figures: tuple[int, ...]
    parts: tuple[int, ...]
    score: int


def rating_key(budget: str, year: int, month: int, administrator: str) -> bytes:
    return key_of(budget, year, month, administrator)


def latest_rating_of(state: StateReader, budget: str, year: int, administrator: str) -> Rating | None:
    """The rating of the latest month of the year that has one, else that of the year before; None: not
    rated."""
    for rated in (year, year - 1):
        for month in range(12, 0, -1):
            found = Rating.find(state, Collection.RATINGS, rating_key(budget, rated, month, administrator))
            if found is not None:
                return found
    return None


@dataclass(frozen=True, slots=True)
class PlanWarning(Record):
    """warnings[[holder, line…]]: предупреждение: money of the obligations plan not accepted in time.

    `month`: whose plan it is; `amount`: tiyn not accepted when it was warned of; `warned` and `objected` are
    operational days; `objection`: why, in the administrator's words. It annuls nothing: before 31 December
    nothing lapses.
    """

    month: int
    amount: int
    warned: int
    objected: int | None
    objection: str | None


def warning_key(holder: str, line: Line) -> bytes:
    return key_of(holder, line.value())


# --- holds


class HoldKind:
    """Why money is held."""

    SHORTFALL: Final = "shortfall"
    REFINEMENT: Final = "refinement"
    SEQUESTER: Final = "sequester"


class HoldStatus(IntEnum):
    """How a hold stands. The numbers are on the chain."""

    OPEN = 0
    COMPLETE = 1
    APPLYING = 2
    APPLIED = 3
    CANCELLING = 4
    CANCELLED = 5
    LAPSED = 6


@dataclass(frozen=True, slots=True)
class Hold(Record):
    """holds[[hold]]: a block by the treasury (блокировка), or a decision on sequester (BC 97, 111).

    Σ its tokens = placed − lifted − consumed. `rows`: serials given; `cursor`: rows done by an apply or a
    cancel that takes several documents. Of a sequester only: `instrument`, the stated `total` of all parts,
    and `programmes` ([administrator, programme]) suspended until the last row is done.
    """

    kind: str
    budget: str
    year: int
    document: str
    date: int
    instrument: str | None
    total: int
    placed: int
    lifted: int
    consumed: int
    rows: int
    cursor: int
    programmes: tuple[tuple[str, str], ...]
    status: int


def hold_key(hold: str) -> bytes:
    return key_of(hold)


@dataclass(frozen=True, slots=True)
class HoldRow(LineRecord):
    """hold-rows[[hold, serial]]: what one row still holds; gone when nothing is left.

    `stage` is adopted or allocated; `taken_from`: the block out of which a sequester took it, or nil.
    """

    line: Line
    holder: str
    expense: str | None
    stage: int
    amount: int
    taken_from: str | None


def hold_row_key(hold: str, serial: int) -> bytes:
    return key_of(hold, serial)


@dataclass(frozen=True, slots=True)
class HoldPlace(Record):
    """hold-places[[hold, holder, line, expense, taken from]]: the serial of the row of a position."""

    serial: int


def hold_place_key(hold: str, row: HoldRow) -> bytes:
    return key_of(hold, row.holder, row.line.value(), row.expense, row.taken_from)
