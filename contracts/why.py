"""Why may I not? For an institution and an action, what is missing and who can give it.

Answers from the state alone, and changes nothing: the kinds an action is open to, the people who have its
roles, the approvals before it, suspensions of the institution, and the first refusal of the rules when the
document itself is given, its signatures left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from chain.codec import Value
from chain.errors import DecodeError
from chain.keys import signer_id
from chain.types import Hash32, InstitutionId, SignerId
from contracts import reasons
from contracts.actions import ANYBODY, REGISTER, SUBMIT, Action, Call, Step, carried, role_words, roles_asked
from contracts.approvals import check_rules, route_of, step_words, steps_for
from contracts.calendar import iso_date
from contracts.context import BlockContext
from contracts.executor import run_rules
from contracts.records import (
    ApprovalRecord,
    ApprovalStatus,
    Collection,
    Deputy,
    Institution,
    Kind,
    Suspension,
    approval_key,
    institution_of,
    key_of,
    operational_day,
    prefix_of,
    rules_of,
    signer_of,
    trusted,
)
from contracts.rejection import RejectionError
from contracts.remedies import remedies_of
from contracts.state import Overlay, StateReader
from contracts.words import texts_of

PEOPLE_LOOKED_AT: Final = 1_000
"""Serials of one institution; more people than this have the same few roles."""

INSTITUTIONS_LOOKED_AT: Final = 2_000
INSTITUTIONS_NAMED: Final = 10
SUSPENSIONS_LOOKED_AT: Final = 1_000

Texts = tuple[str, str, str]
"""Kazakh, Russian, English."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: a code of `contracts.reasons`, what it is, what to do, who can give it
    (institutions; people as institution:serial)."""

    code: str
    article: str
    texts: Texts
    remedies: Texts
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The answer. `permitted`: nothing is missing but signatures and approvals.

    `roles`: each role that signs, with the people of the institution who have it; `steps`: each approval
    before the document, with those who may give it; `missing`: everything else that stands in the way.
    """

    institution: str
    action: str
    version: int
    permitted: bool
    kinds: tuple[str, ...]
    roles: tuple[tuple[str, tuple[str, ...]], ...]
    steps: tuple[tuple[str, int, tuple[str, ...]], ...]
    missing: tuple[Missing, ...]


GIVERS: Final[tuple[tuple[str, str], ...]] = (
    ("DAY-NONE", Kind.TREASURY),
    ("BC111", Kind.TREASURY),
    ("BC110-3", Kind.TREASURY),
    ("BC105-06", Kind.TREASURY),
    ("TP33-MONTH", Kind.TREASURY),
    ("CODE-", Kind.FINANCE),
    ("YEAR-UNCLOSED", Kind.TREASURY),
    ("BC90-NONE", Kind.FINANCE),
    ("BC90-PARTS", Kind.FINANCE),
    ("BC109-04-BASE", Kind.FINANCE),
    ("BC86-PROGRAMME", Kind.FINANCE),
    ("BC74", Kind.FINANCE),
    ("TP11", Kind.FINANCE),
    ("BC109-PLAN", Kind.ABP),
    ("TP218-07", Kind.ABP),
    ("PLAN-FREE", Kind.ABP),
    ("TP236-14", Kind.ABP),
)
"""Who can give what a refusal misses, by the beginning of its code; otherwise the institution itself."""


def why(
    state: StateReader,
    context: BlockContext,
    institution: str,
    name: str,
    arguments: tuple[Value, ...] | None,
) -> Why:
    """What stands in the way of this action by this institution; ExecutionFault for an error of ours."""
    version = rules_of(state).version_of(name, context.height)
    found = REGISTER.get((name, version))
    actor = institution_of(state, institution)
    if found is None or actor is None or actor.closed is not None:
        unknown = RejectionError(reasons.UNKNOWN_ACTION, action=name, version=version)
        closed = RejectionError(reasons.UNKNOWN_INSTITUTION, institution=institution)
        lacking = _of_refusal(state, institution, actor, unknown if found is None else closed)
        kinds = () if found is None else found.kinds
        return Why(institution, name, version, False, kinds, (), (), (lacking,))
    missing = list(_general(state, context, institution, actor, found))
    asked = roles_asked(found, arguments)
    people = _people(state, context.chain_id, institution, actor)
    roles = tuple((role_words((role,))[0], _with_role(people, role)) for role in asked)
    missing += (
        Missing(
            reasons.WRONG_SIGNERS.code,
            reasons.WRONG_SIGNERS.article,
            *_no_role(institution, role),
            (institution,),
        )
        for role, holders in roles
        if not holders
    )
    steps = _steps(state, context, institution, actor, found, arguments)
    if arguments is not None and not missing:
        refusal = _refusal(state, context, institution, actor, found, arguments, people)
        if refusal is not None:
            missing.append(_of_refusal(state, institution, actor, refusal))
    return Why(institution, name, version, not missing, found.kinds, roles, steps, tuple(missing))


def _no_role(institution: str, role: str) -> tuple[Texts, Texts]:
    """That nobody of the institution has the role, and what to do about it."""
    return (
        (
            f"{institution} мекемесінде {role} рөлі бар ешкім жоқ",
            f"в {institution} ни у кого нет роли {role}",
            f"nobody of {institution} has the role {role}",
        ),
        (
            "мекеме басшысы signer.add арқылы тіркейді",
            "руководитель учреждения регистрирует человека через signer.add",
            "the head of the institution registers a person with signer.add",
        ),
    )


# --- kinds, rules, suspensions


def _general(
    state: StateReader, context: BlockContext, institution: str, actor: Institution, found: Action
) -> Iterator[Missing]:
    """What does not depend on the document."""
    if actor.kind not in found.kinds:
        wrong = RejectionError(
            reasons.WRONG_KIND,
            institution=institution,
            kind=actor.kind,
            action=found.name,
            permitted=", ".join(found.kinds),
        )
        yield _missing(wrong, _of_kinds(state, found.kinds))
    try:
        check_rules(state, found.name, found.version, context.height)
    except RejectionError as refusal:
        yield _missing(refusal, ("ballot",))
    yield from _suspensions(state, institution, actor, found)


STOPPED: Final = frozenset(
    {"agreement.register", "agreement.amend", "obligation.accept", "payment.request", "payment.execute"}
)
"""What a suspension stops; acts, terminations and restorations go on (budget-machine 4)."""


def _suspensions(
    state: StateReader, institution: str, actor: Institution, found: Action
) -> Iterator[Missing]:
    """Suspensions of the whole institution or of its administrator (BC 111)."""
    if found.name not in STOPPED:
        return
    for key, value in state.scan(Collection.SUSPENSIONS, b"", SUSPENSIONS_LOOKED_AT):
        kind, budget, year, administrator, *_, holder, _agreement = trusted(key)
        is_own = kind == "gu" and holder == institution
        is_above = kind == "abp" and administrator == actor.code[:3]
        if is_own or is_above:
            scope = " ".join(str(part) for part in (kind, budget, year, administrator, holder) if part)
            ground, document, day = Suspension.decode(value).grounds[0]
            refusal = RejectionError(
                reasons.SUSPENDED, scope=scope, ground=ground, document=document, text_kk=iso_date(day),
                text_ru=iso_date(day), text_en=iso_date(day),
            )  # fmt: skip
            yield _missing(refusal, _of_kinds(state, (Kind.TREASURY,)))


# --- people and approvals


def _people(
    state: StateReader, chain_id: Hash32, institution: str, actor: Institution
) -> list[tuple[str, SignerId, int]]:
    """(institution:serial, signer id, roles) of those in force."""
    found = []
    for serial in range(1, min(actor.signers, PEOPLE_LOOKED_AT) + 1):
        name = signer_id(chain_id, InstitutionId(institution), serial)
        signer = signer_of(state, name)
        if signer is not None and signer.revoked is None:
            found.append((f"{institution}:{serial}", name, signer.roles))
    return found


def _with_role(people: list[tuple[str, SignerId, int]], role: int) -> tuple[str, ...]:
    return tuple(place for place, _, roles in people if roles & role)[:INSTITUTIONS_NAMED]


def _steps(
    state: StateReader,
    context: BlockContext,
    institution: str,
    actor: Institution,
    found: Action,
    arguments: tuple[Value, ...] | None,
) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """(whose approval, from which amount in tiyn, who may give it): of the document, or of the whole route;
    of an approval on its way, the steps still to come."""
    of_document = _checked(found, arguments)
    if of_document is not None and found.name in ("approval.sign", "approval.reject"):
        record = ApprovalRecord.find(state, Collection.APPROVALS, approval_key(cast(int, of_document[0])))
        is_open = record is not None and record.status == ApprovalStatus.OPEN
        asked = [Step(*step) for step in record.steps[len(record.given) :]] if record and is_open else []
    elif of_document is not None and found.name == SUBMIT:
        inner = carried(of_document)
        values = None if inner is None else _checked(inner, cast(tuple[Value, ...], of_document[2]))
        asked = [] if inner is None or values is None else [
            *steps_for(state, inner, institution, actor, values)
        ]  # fmt: skip
    elif of_document is not None:
        asked = [*steps_for(state, found, institution, actor, of_document)]
    else:
        route = route_of(state, found.name, institution) if found.is_routed else None
        asked = [Step(*step) for step in route.steps] if route is not None else []
    return tuple(
        (step_words(step), step.from_amount, _approvers(state, context.chain_id, step)) for step in asked
    )


def _checked(found: Action, arguments: tuple[Value, ...] | None) -> tuple[Value, ...] | None:
    if arguments is None:
        return None
    try:
        found.arguments.check(arguments, "arguments")
    except DecodeError:
        return None
    return arguments


def _approvers(state: StateReader, chain_id: Hash32, step: Step) -> tuple[str, ...]:
    """Who may give an approval: people with the role and deputies on the day; institutions of a kind."""
    if step.institution is None:
        return _of_kinds(state, (step.kind or "",))
    actor = institution_of(state, step.institution)
    if actor is None or actor.closed is not None:
        return ()
    people = _people(state, chain_id, step.institution, actor)
    deputies = _deputies(state, step.institution, step.role)
    return tuple(place for place, name, roles in people if roles & step.role or name in deputies)[
        :INSTITUTIONS_NAMED
    ]


def _deputies(state: StateReader, institution: str, role: int) -> frozenset[bytes]:
    day, prefix = operational_day(state), prefix_of(3, institution, role)
    found = set()
    for key, value in state.scan(Collection.DEPUTIES, prefix, PEOPLE_LOOKED_AT):
        if not key.startswith(prefix):
            break
        deputy = Deputy.decode(value)
        if day is not None and deputy.first <= day <= deputy.last:
            found.add(trusted(key)[2])
    return frozenset(found)


# --- the document itself


def _refusal(
    state: StateReader,
    context: BlockContext,
    institution: str,
    actor: Institution,
    found: Action,
    arguments: tuple[Value, ...],
    people: list[tuple[str, SignerId, int]],
) -> RejectionError | None:
    """The first refusal of the rules, the signatures taken for given."""
    try:
        found.arguments.check(arguments, "arguments")
    except DecodeError as error:
        return RejectionError(reasons.BAD_ARGUMENTS, found=str(error))
    signers = _assigned(people, _signing(state, found, arguments))
    call = Call(
        Overlay(state), context, 0, Hash32(bytes(32)), institution, actor, signers, arguments, approval=None
    )
    try:
        run_rules(found, call, "asked why")
    except RejectionError as refusal:
        return refusal
    return None


def _signing(state: StateReader, found: Action, arguments: tuple[Value, ...]) -> tuple[int, ...]:
    """The roles that sign; for an approval, the role that its next step asks for."""
    asked = roles_asked(found, arguments)
    if asked != (ANYBODY,):
        return asked
    record = ApprovalRecord.find(state, Collection.APPROVALS, key_of(arguments[0]))
    if record is None or len(record.given) >= len(record.steps):
        return asked
    return (record.steps[len(record.given)][2],)


def _assigned(people: list[tuple[str, SignerId, int]], roles: tuple[int, ...]) -> tuple[SignerId, ...]:
    """One person for each role, in the order of the ledger's signers; anybody where nobody has it."""
    chosen: list[SignerId] = []
    for role in roles:
        free = [(name, held) for _, name, held in people if name not in chosen]
        fitting = [name for name, held in free if held & role] or [name for name, _ in free]
        chosen += fitting[:1]
    return tuple(chosen)


# --- who can give it


def _of_refusal(
    state: StateReader, institution: str, actor: Institution | None, refusal: RejectionError
) -> Missing:
    code = refusal.reason.code
    kind = next((kind for start, kind in GIVERS if code.startswith(start)), None)
    if kind == Kind.ABP and actor is not None and actor.parent is not None:
        return _missing(refusal, (actor.parent,))
    return _missing(refusal, (institution,) if kind is None else _of_kinds(state, (kind,)))


def _missing(refusal: RejectionError, who: tuple[str, ...]) -> Missing:
    reason, facts = refusal.reason, refusal.facts
    texts, remedies = texts_of(reason, facts), remedies_of(reason, facts)
    said = (texts["kk"], texts["ru"], texts["en"])
    return Missing(reason.code, reason.article, said, (remedies["kk"], remedies["ru"], remedies["en"]), who)


def _of_kinds(state: StateReader, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Open institutions of these kinds: the first few by id."""
    found = []
    for key, value in state.scan(Collection.INSTITUTIONS, b"", INSTITUTIONS_LOOKED_AT):
        record = Institution.decode(value)
        if record.kind in kinds and record.closed is None:
            found.append(key.decode("ascii"))
    return tuple(found[:INSTITUTIONS_NAMED])
