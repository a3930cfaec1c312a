"""The operational day, and suspension of operations (BC 111)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final, cast

from chain.codec import DAY, NAME, OneOf, Optional, Row, Shape, Text, Uint, encode
from contracts import budgets, reasons
from contracts.actions import Call, action
from contracts.calendar import iso_date
from contracts.fields import CODE3, DOCUMENT_NUMBER, YEAR
from contracts.records import (
    DAY_KEY,
    KEYS_REMEMBERED,
    Collection,
    Day,
    Hold,
    HoldKind,
    HoldStatus,
    Kind,
    Line,
    Role,
    Suspension,
    hold_key,
    operational_day,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

DAYS_AHEAD_MAXIMUM: Final = 366
"""A day opened by mistake can never be taken back; a wrong year is the mistake that would end the ledger."""


# --- the operational day

OPEN_DAY = Row("treasury.open_day", (("day", DAY),))


@action(
    "treasury.open_day",
    OPEN_DAY,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD,),
    source="budget-machine 4",
    summary="Open the operational day; only forward; opening a month closes the one before",
    is_routed=False,
)
def open_day(call: Call) -> None:
    (day,) = cast(tuple[int], call.arguments)
    before = operational_day(call.state)
    if before is not None and day <= before:
        raise RejectionError(reasons.DAY_BACK, open=iso_date(before), day=iso_date(day))
    if before is not None and day > before + DAYS_AHEAD_MAXIMUM:
        raise RejectionError(
            reasons.DAY_FAR, open=iso_date(before), day=iso_date(day), limit=DAYS_AHEAD_MAXIMUM
        )
    put(call.state, Collection.DAY, DAY_KEY, Day(day, call.context.height))
    call.emit("treasury.day-opened", day)


# --- suspension

GROUNDS_OF_SCOPE_MAXIMUM: Final = 100
"""Grounds that stand on one scope at once: BC 111(1) has eleven, each with a few documents. A larger record
would slow every document of the scope."""

PLAN_CHANGE: Final = 1
SEQUESTER: Final = 5
CASH_SHORTAGE: Final = 11

GROUNDS: Final[dict[int, tuple[str, str, str]]] = {
    1: (
        "жеке қаржыландыру жоспарларына өзгерістер енгізу",
        "внесение изменений в индивидуальные планы финансирования",
        "change of individual financing plans",
    ),
    2: ("инкассолық өкімнің шығарылуы", "выставление инкассового распоряжения", "collection order"),
    3: (
        "шетел валютасының пайдаланылмаған қалдығын қайта айырбастамау",
        "неиспользованная иностранная валюта не реконвертирована",
        "foreign currency not reconverted",
    ),
    4: (
        "жоғары тұрған бюджетке бюджеттік кредитті қайтармау",
        "невозврат бюджетного кредита вышестоящему бюджету",
        "budget loan of the upper budget not repaid",
    ),
    5: ("секвестрлеу", "секвестр", "sequester"),
    6: (
        "жылдық қаржылық есептілікті ұсынбау",
        "непредставление годовой финансовой отчётности",
        "no annual financial statements",
    ),
    7: (
        "тыйым салу немесе сот органының актісі",
        "арест или акт судебного органа",
        "arrest or act of a court",
    ),
    8: (
        "салық органы мен ішкі мемлекеттік аудит органының өкімі",
        "распоряжение налогового органа или органа внутреннего государственного аудита",
        "order of a tax or internal state audit body",
    ),
    9: (
        "бюджеттік алып қою сомаларын аудару мерзімдерін бұзу",
        "нарушение сроков перечисления бюджетных изъятий",
        "late budget withdrawals",
    ),
    10: (
        "нысаналы трансферттерді аудару мерзімдерін бұзу",
        "нарушение сроков возврата целевых трансфертов",
        "late return of targeted transfers",
    ),
    11: (
        "қолма-қол ақшаны бақылау шотында ақшаның болмауы не жеткіліксіздігі",
        "отсутствие или недостаточность денег на КСН",
        "no or insufficient money on the cash control account",
    ),
}
"""BC 111(1), by number: texts in Kazakh, Russian, English."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is suspended. Each kind names exactly its fields; the others are None.

    Every scope is of one budget. `code`: one programme, subprogramme and, if given, specific, of one holder
    or of all (TP 35). `programme`; `gu`: one state institution; `abp`: an administrator; `agreement`.
    """

    kind: str
    budget: str | None = None
    year: int | None = None
    administrator: str | None = None
    programme: str | None = None
    subprogramme: str | None = None
    specific: str | None = None
    holder: str | None = None
    agreement: str | None = None

    def key(self) -> bytes:
        return encode([getattr(self, name) for name in self.__match_args__])

    def __str__(self) -> str:
        named = (getattr(self, field.name) for field in fields(self)[1:])
        return " ".join((self.kind, *(str(value) for value in named if value is not None)))


_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "code": ("budget", "year", "administrator", "programme", "subprogramme"),
    "programme": ("budget", "year", "administrator", "programme"),
    "gu": ("budget", "holder"),
    "abp": ("budget", "administrator"),
    "agreement": ("budget", "holder", "agreement"),
}
_ALLOWED: Final[dict[str, tuple[str, ...]]] = {"code": ("specific", "holder")}

SCOPE = Row(
    "scope",
    (
        ("kind", OneOf(*_REQUIRED)),
        ("budget", Optional(NAME)),
        ("year", Optional(YEAR)),
        ("administrator", Optional(CODE3)),
        ("programme", Optional(CODE3)),
        ("subprogramme", Optional(CODE3)),
        ("specific", Optional(CODE3)),
        ("holder", Optional(NAME)),
        ("agreement", Optional(DOCUMENT_NUMBER)),
    ),
)


def _arguments(name: str) -> Shape:
    return Row(name, (("scope", SCOPE), ("ground", Uint(1, max(GROUNDS))), ("document", Text(200, 1))))


def programme_of(line: Line) -> Scope:
    """The scope of a whole programme (BC 97(5) suspends these)."""
    return Scope(
        "programme",
        budget=line.budget,
        year=line.year,
        administrator=line.administrator,
        programme=line.programme,
    )


@action(
    "treasury.suspend",
    _arguments("treasury.suspend"),
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD,),
    source="BC 111, TP 20, 35, 228",
    summary="Stop registering, amending up, accepting and paying within a scope, on a ground of BC 111(1)",
)
def suspend_by_order(call: Call) -> None:
    scope, ground, document = cast(tuple[tuple[Any, ...], int, str], call.arguments)
    call.day()
    checked = _checked_scope(scope)
    _require_authority(call, checked)
    suspend(call, checked, ground, document)


@action(
    "treasury.resume",
    _arguments("treasury.resume"),
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD,),
    source="BC 111",
    summary="Lift one ground of a suspension; operations go on when none is left",
)
def resume_by_order(call: Call) -> None:
    scope, ground, document = cast(tuple[tuple[Any, ...], int, str], call.arguments)
    checked = _checked_scope(scope)
    _require_authority(call, checked)
    _refuse_if_pending(call, checked, ground, document)
    resume(call, checked, ground, document)


def _require_authority(call: Call, scope: Scope) -> None:
    """Every scope is one of a budget, and for the treasury of that budget."""
    assert scope.budget is not None, "each kind of scope names its budget"
    budgets.require_authority(call, scope.budget)


def _refuse_if_pending(call: Call, scope: Scope, ground: int, decision: str) -> None:
    """What a decision on sequester suspended goes on only when its last row is applied or cancelled
    (BC 97(5)): by order it would be lifted too early, and the decision could not be finished."""
    if ground != SEQUESTER or scope.kind != "programme":
        return
    hold = Hold.find(call.state, Collection.HOLDS, hold_key(decision))
    if hold is None or hold.kind != HoldKind.SEQUESTER:
        return
    is_done = hold.status in (HoldStatus.APPLIED, HoldStatus.CANCELLED, HoldStatus.LAPSED)
    is_of_it = (scope.administrator, scope.programme) in hold.programmes
    if not is_done and is_of_it and (scope.budget, scope.year) == (hold.budget, hold.year):
        raise RejectionError(reasons.SUSPENDED_SEQUESTER, scope=str(scope), decision=decision)


def _checked_scope(values: tuple[Any, ...]) -> Scope:
    scope = Scope(*values)
    required = _REQUIRED[scope.kind]
    permitted = (*required, *_ALLOWED.get(scope.kind, ()))
    for field in fields(scope)[1:]:
        given = getattr(scope, field.name) is not None
        if given != (field.name in required) and not (given and field.name in permitted):
            raise RejectionError(reasons.SCOPE_FIELDS, kind=scope.kind, required=", ".join(required))
    return scope


def suspend(call: Call, scope: Scope, ground: int, document: str) -> None:
    """Add a ground to a scope. Refuses the same ground and document a second time."""
    key = scope.key()
    found = Suspension.find(call.state, Collection.SUSPENSIONS, key)
    grounds = () if found is None else found.grounds
    if is_suspended_by(call.state, scope, ground, document):
        raise RejectionError(reasons.SUSPENDED_TWICE, scope=str(scope), document=document)
    if len(grounds) >= GROUNDS_OF_SCOPE_MAXIMUM:
        raise RejectionError(reasons.SUSPENDED_FULL, scope=str(scope), limit=GROUNDS_OF_SCOPE_MAXIMUM)
    put(call.state, Collection.SUSPENSIONS, key, Suspension((*grounds, (ground, document, call.day()))))
    call.emit("treasury.suspended", str(scope), ground, document)


def is_suspended_by(state: StateReader, scope: Scope, ground: int, document: str) -> bool:
    """Whether this ground of this document stands on the scope."""
    found = Suspension.find(state, Collection.SUSPENSIONS, scope.key())
    return found is not None and any((entry[0], entry[1]) == (ground, document) for entry in found.grounds)


def resume(call: Call, scope: Scope, ground: int, document: str) -> None:
    """Lift a ground of a scope. Refuses a ground that does not stand."""
    key = scope.key()
    found = Suspension.find(call.state, Collection.SUSPENSIONS, key)
    grounds = () if found is None else found.grounds
    kept = tuple(entry for entry in grounds if (entry[0], entry[1]) != (ground, document))
    if len(kept) == len(grounds):
        raise RejectionError(reasons.NOT_SUSPENDED, scope=str(scope), ground=ground, document=document)
    if kept:
        put(call.state, Collection.SUSPENSIONS, key, Suspension(kept))
    else:
        call.state.delete(Collection.SUSPENSIONS, key)
    call.emit("treasury.resumed", str(scope), ground, document)


def refuse_if_suspended(call: Call, holder: str, line: Line, agreement: str | None = None) -> None:
    """Refuse BC111 when the holder, the line or the agreement stands under a suspension.

    For registering, amending up, accepting and paying; acts, amendments down, terminations and
    restorations go on (budget-machine 4).
    """
    for scope, key in _scopes_of(holder, line, agreement):
        found = Suspension.find(call.state, Collection.SUSPENSIONS, key)
        if found is not None:
            ground, document, _ = found.grounds[0]
            kk, ru, en = GROUNDS[ground]
            raise RejectionError(
                reasons.SUSPENDED,
                scope=str(scope), ground=ground, document=document, text_kk=kk, text_ru=ru, text_en=en,
            )  # fmt: skip


def _scopes_of(holder: str, line: Line, agreement: str | None) -> Iterator[tuple[Scope, bytes]]:
    """Every scope that would stop an operation of this holder on this line, with its key, the widest
    first."""
    yield from _scopes_of_line(holder, line)
    if agreement is not None:
        scope = Scope("agreement", budget=line.budget, holder=holder, agreement=agreement)
        yield scope, scope.key()


@lru_cache(KEYS_REMEMBERED)
def _scopes_of_line(holder: str, line: Line) -> tuple[tuple[Scope, bytes], ...]:
    """Those of the position itself: asked for by every document on it."""
    scopes = [
        Scope("abp", budget=line.budget, administrator=line.administrator),
        Scope("gu", budget=line.budget, holder=holder),
        programme_of(line),
    ]
    if line.subprogramme is not None:
        for specific in (None, line.specific) if line.specific is not None else (None,):
            for whose in (None, holder):
                scopes.append(
                    Scope(
                        "code",
                        line.budget,
                        line.year,
                        line.administrator,
                        line.programme,
                        line.subprogramme,
                        specific,
                        whose,
                    )
                )
    return tuple((scope, scope.key()) for scope in scopes)
