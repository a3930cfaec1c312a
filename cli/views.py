"""How people see what the state holds: each collection's key and record as named fields.

Amounts are tenge strings, days ISO dates, numbers of stages and statuses their Latin names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any, Final

from cli.amounts import date_of, tenge_of
from cli.documents import Json, json_of, plain_json
from contracts import records
from contracts.actions import role_words
from contracts.records import (
    STATUSES,
    ApprovalStatus,
    BallotStatus,
    Collection,
    HoldStatus,
    Line,
    PaymentStatus,
    Record,
    Stage,
    Token,
    TokenKey,
    trusted,
)

LINE_FIELDS: Final = tuple(one.name for one in fields(Line))


@dataclass(frozen=True, slots=True)
class View:
    """One collection. `key`: names of the parts of its structured key; an empty one is an ASCII id as it is.

    `amounts`, `days`: fields in tiyn and in days; `numbers`: fields whose numbers have names; `count`: the
    number of parts when keys of other kinds stand in the same collection.
    """

    collection: str
    record: type[Record]
    key: tuple[str, ...]
    amounts: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    numbers: Mapping[str, type[IntEnum]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """Fields with few values, and the values."""
        return {name: tuple(one.name.lower() for one in numbers) for name, numbers in self.numbers.items()}

    def item(self, key: bytes, value: bytes) -> dict[str, Json]:
        """Key and record as one flat object."""
        named = dict(self.key_fields(key))
        record = self.record.decode(value)
        for one in fields(record):  # type: ignore[arg-type]
            found = getattr(record, one.name)
            if isinstance(found, Line):
                named.update(line_fields(found))
            elif one.name not in self.hidden:
                named[one.name] = self._shown(one.name, found)
        return named

    def key_fields(self, key: bytes) -> list[tuple[str, Json]]:
        """The parts of a key by name; the seven parts of a line by theirs."""
        if not self.key:
            return [("id", key.decode("ascii") if key.isascii() else key.hex())]
        found: list[tuple[str, Json]] = []
        for name, part in zip(self.key, trusted(key), strict=True):
            if name == "line":
                found += line_fields(Line(*part)).items()
            elif name == "role":
                found.append((name, role_words((part,))[0]))
            else:
                found.append((name, plain_json(part)))
        return found

    def _shown(self, name: str, value: Any) -> Json:
        if value is None:
            return None
        if self.record is records.Rating and name in ("figures", "parts"):
            return rated(name, value)
        if name in self.amounts:
            return [tenge_of(one) for one in value] if isinstance(value, tuple) else tenge_of(value)
        if name in self.days:
            return date_of(value)
        if name in self.numbers:
            return self.numbers[name](value).name.lower()
        if name == "role":
            return role_words((value,))[0]
        if name == "steps":
            return [
                {"kind": kind, "institution": institution, "role": role_words((role,))[0],
                 "from_amount": tenge_of(amount)}
                for kind, institution, role, amount in value
            ]  # fmt: skip
        if name == "given":
            return [
                {"institution": institution, "signer": signer.hex(), "height": height}
                for institution, signer, height in value
            ]
        if name == "roles":
            return "+".join(role.name.lower() for role in records.Role if value & role)
        if name == "expertise":
            number, day, valid_until, amount = value
            return {
                "number": number,
                "date": date_of(day),
                "valid_until": date_of(valid_until),
                "amount": tenge_of(amount),
            }
        if name == "days":
            return [
                {"requested": date_of(day),
                 **{f"priority_{number}": tenge_of(one) for number, one in enumerate(amounts, 1)}}
                for day, *amounts in value
            ]  # fmt: skip
        if name in PAIRS:
            return [{PAIRS[name][0]: one[0], PAIRS[name][1]: tenge_of(one[1])} for one in value]
        return value.hex() if isinstance(value, bytes) else plain_json(value)


PAIRS: Final[dict[str, tuple[str, str]]] = {"years": ("year", "amount"), "worked_off": ("payment", "amount")}
"""Lists of [name, tiyn]."""


def rated(name: str, values: tuple[int, ...]) -> dict[str, Json]:
    """The figures of a rating by name, amounts in tenge; its parts by name, each in per cent."""
    from contracts.incentives import RATING_ROW, WEIGHTS, Facts

    if name == "parts":
        return {part: tenge_of(value) for (part, *_), value in zip(WEIGHTS, values, strict=True)}
    shapes = dict(RATING_ROW.fields)
    return {one: json_of(shapes[one], value) for one, value in zip(Facts.__match_args__, values, strict=True)}


def line_fields(line: Line) -> dict[str, Json]:
    return {name: getattr(line, name) for name in LINE_FIELDS}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


VIEWS: Final[dict[str, View]] = {
    "budget": View(
        Collection.BUDGETS, records.Budget, ("budget", "year"),
        _set("costs budget_loans financial_assets unprotected sequestered blocked mrp"), _set("adopted"),
        {"status": records.BudgetStatus},
    ),
    "appropriation": View(
        Collection.APPROPRIATIONS, records.Appropriation, ("budget", "year", "administrator", "programme"),
        _set("approved refined_up refined_down adjusted_up adjusted_down sequestered"),
    ),
    "limit": View(
        Collection.LIMITS, records.Limit, ("budget", "year", "administrator"),
        _set("base initiatives growth reserves used"), _set("day"),
    ),
    "request": View(
        Collection.REQUESTS, records.Request, ("budget", "year", "administrator", "programme"),
        _set("blocks adopted"), numbers={"status": records.RequestStatus},
        hidden=_set("passport parts history"),
    ),
    "request-item": View(
        Collection.REQUEST_ITEMS, records.RequestItem,
        ("budget", "year", "administrator", "programme", "expense"),
        _set("price asked amount aligned"), numbers={"block": records.LimitBlock},
    ),
    "plan": View(Collection.PLANS, records.Plan, ("holder", "line"), _set("obligations payments")),
    "certificate": View(
        Collection.CERTIFICATES, records.Certificate,
        ("budget", "year", "administrator", "programme", "certificate"),
        _set("moved taken returned"), _set("filed carried_out"),
    ),
    "amendments": View(
        Collection.AMENDMENTS, records.Amendments,
        ("budget", "year", "administrator", "programme", "month", "kind"),
    ),
    "agreement": View(
        Collection.AGREEMENTS, records.Agreement, ("holder", "number"), _set("total"),
        _set("date valid_until commissioned terminated registered"),
    ),
    "obligation": View(
        Collection.OBLIGATIONS, records.Obligation, ("holder", "obligation"),
        _set("amount advance_limit advanced"),
    ),
    "act": View(
        Collection.ACTS, records.Act, ("holder", "act"), _set("amount retained withdrawn"), _set("date")
    ),
    "payment": View(
        Collection.PAYMENTS, records.Payment, ("holder", "number"), _set("amount restored"),
        _set("requested decided"), {"status": PaymentStatus},
    ),
    "queue": View(Collection.QUEUES, records.Queue, ("budget", "source", "year")),
    "commitment": View(
        Collection.COMMITMENTS, records.Commitment, ("budget", "year", "administrator", "programme"),
        _set("amount"),
    ),
    "receipts": View(
        Collection.RECEIPTS, records.ReceiptsRecord, ("budget", "year", "code"), _set("plan posted debited"),
    ),
    "cash": View(
        Collection.CASH, records.CashAccount, ("budget", "source", "year"),
        _set("opening received debited redeemed"),
    ),
    "hold": View(
        Collection.HOLDS, records.Hold, ("hold",), _set("total placed lifted consumed"), _set("date"),
        {"status": HoldStatus},
    ),
    "hold-row": View(
        Collection.HOLD_ROWS, records.HoldRow, ("hold", "serial"), _set("amount"), numbers={"stage": Stage},
    ),
    "transfer": View(
        Collection.TRANSFERS, records.Transfer, ("holder", "number"), _set("earlier present"),
    ),
    "transfer-totals": View(
        Collection.TRANSFER_TOTALS, records.TransferTotals, ("upper", "lower", "year"),
        _set("sent returned upward"),
    ),
    "adjustment": View(
        Collection.ADJUSTMENTS, records.Adjusted, ("budget", "year", "case", "administrator", "programme"),
        _set("amount"),
    ),
    "adjustment-proposal": View(
        Collection.ADJUSTMENT_PROPOSALS, records.AdjustmentProposal,
        ("budget", "year", "administrator", "quarter"), days=_set("day"),
    ),
    "claim": View(
        Collection.CLAIMS, records.Claim, ("holder", "obligation"), _set("amount"), _set("arisen"),
    ),
    "debt": View(
        Collection.DEBTS, records.Debt, ("holder", "obligation"),
        _set("payable retained accepted accepted_retained"), _set("arisen"),
    ),
    "closing": View(
        Collection.CLOSINGS, records.Closing, ("budget", "year"), _set("lapsed carried claimed"),
        _set("began ended"), {"status": records.ClosingStatus}, _set("cursor"),
    ),
    "carry-over": View(
        Collection.CARRY_OVERS, records.CarryOver, ("budget", "year", "administrator", "programme"),
        _set("listed carried used"),
    ),
    "conduct": View(Collection.CONDUCT, records.Conduct, ("budget", "year", "administrator")),
    "rating": View(
        Collection.RATINGS, records.Rating, ("budget", "year", "month", "administrator"), days=_set("day"),
    ),
    "warning": View(
        Collection.WARNINGS, records.PlanWarning, ("holder", "line"), _set("amount"), _set("warned objected"),
    ),
    "institution": View(Collection.INSTITUTIONS, records.Institution, ()),
    "signer": View(Collection.SIGNERS, records.Signer, ()),
    "validator": View(Collection.VALIDATORS, records.ValidatorRecord, ()),
    "ballot": View(Collection.BALLOTS, records.Ballot, ("ballot",), numbers={"status": BallotStatus}),
    "route": View(Collection.ROUTES, records.Route, ("action", "institution")),
    "deputy": View(
        Collection.DEPUTIES, records.Deputy, ("institution", "role", "signer"), days=_set("first last"),
    ),
    "approval": View(
        Collection.APPROVALS, records.ApprovalRecord, ("approval",), _set("amount"), _set("since"),
        {"status": ApprovalStatus},
    ),
    "awaited": View(
        Collection.AWAITED, records.Awaited, ("awaited_kind", "awaited_institution", "approval"),
        days=_set("since"),
    ),
    "evidence": View(Collection.EVIDENCE, records.Misconduct, ("address", "height", "kind")),
}  # fmt: skip


SUSPENSION_SCOPE: Final = (
    "kind", "budget", "year", "administrator", "programme", "subprogramme", "specific", "holder", "agreement",
)  # fmt: skip


def suspension_items(key: bytes, value: bytes) -> list[dict[str, Json]]:
    """One item a ground: scope, number of BC 111(1), document, day."""
    scope = {name: plain_json(part) for name, part in zip(SUSPENSION_SCOPE, trusted(key), strict=True)}
    grounds = records.Suspension.decode(value).grounds
    return [
        {**scope, "ground": number, "document": document, "day": date_of(day)}
        for number, document, day in grounds
    ]


def directory_items(key: bytes, value: bytes) -> list[dict[str, Json]]:
    """One item a version, oldest first."""
    directory, code = trusted(key)
    items: list[dict[str, Json]] = []
    for starts, ends, name_kk, name_ru, name_en, attributes in records.Directory.decode(value).versions:
        items.append(
            {
                "directory": directory,
                "code": code,
                "valid_from": date_of(starts),
                "valid_to": None if ends is None else date_of(ends),
                "name_kk": name_kk,
                "name_ru": name_ru,
                "name_en": name_en,
                "attributes": dict(attributes),
            }
        )
    return items


def status_of(key: TokenKey) -> str:
    """The status of the E-Qazyna concept that a token's stage and hold mean."""
    return next(name for name, slots in STATUSES if key.slot in slots)


def token_item(key: bytes, value: bytes) -> dict[str, Json]:
    """A token with its key: line, holder, stage, status, what it is bound to, amount, id and parents."""
    place, token = TokenKey.decode(key), Token.decode(value)
    return {
        "id": token.id,
        "status": status_of(place),
        "stage": place.stage.name.lower(),
        "amount": tenge_of(token.amount),
        "holder": place.holder,
        **line_fields(place.line),
        "expense": place.expense,
        "hold": place.hold,
        "obligation": place.obligation,
        "act": place.act,
        "payment": place.payment,
        "height": token.height,
        "parents": list(token.parents),
        "key": key.hex(),
    }
