"""Approvals (согласование): who must agree before a document is carried out, and how far it has come.

A route is an object of the ledger: ordered steps, each a kind of institution or one institution, a role and a
threshold. A document whose action has a route, or steps that the law itself asks for, does not come directly:
it is submitted, each step is signed in its order by somebody who neither made it nor approved it before, and
the last approval carries it out in the same transaction (E-Qazyna concept: routes; budget-machine 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, cast

from chain.codec import (
    DAY,
    HASH,
    NAME,
    UINT_MAXIMUM,
    Amount,
    Anything,
    ListOf,
    OneOf,
    Optional,
    Row,
    Shape,
    Text,
    Uint,
    Value,
    encode,
)
from chain.errors import DecodeError
from chain.transaction import SIMPLE_BODY_BYTES
from chain.types import SignerId
from contracts import directories, reasons
from contracts.actions import ANYBODY, REGISTER, SUBMIT, Action, Call, Step, action, role_words
from contracts.calendar import iso_date
from contracts.directories import DirectoryName
from contracts.params import params_of
from contracts.records import (
    APPROVALS_GIVEN_KEY,
    ApprovalCount,
    ApprovalDocument,
    ApprovalRecord,
    ApprovalStatus,
    Awaited,
    Collection,
    Deputy,
    Institution,
    Kind,
    Role,
    Route,
    approval_key,
    awaited_key,
    deputy_key,
    institution_of,
    latest_rating_of,
    operational_day,
    put,
    route_key,
    rules_of,
    signer_of,
)
from contracts.rejection import RejectionError
from contracts.state import Overlay, StateReader

STEPS_MAXIMUM: Final = 10
"""Steps of a route; with those of the law a document has a few more."""

OPEN_MAXIMUM: Final = 1_000
"""Documents of one institution on their way at once: each keeps its arguments in the state."""

ROUTES_OF_ACTION_MAXIMUM: Final = 10_000
"""Routes of institutions for one action: as many as a genesis may have institutions."""

DEPUTY_DAYS_MAXIMUM: Final = 366

NEVER_PAUSED: Final = frozenset({"ballot", "signer", "approval"})
"""Modules by which the members mend the network, and by which what was begun is ended."""

_SOURCE: Final = "EQ: routes; budget-machine 4"
_REASON: Final = Text(500, 1)
_NUMBER: Final = Uint(1)


# --- what an action asks for


def module_of(name: str) -> str:
    """The module of an action: the part of its name before the point."""
    return name.split(".", 1)[0]


def check_rules(state: StateReader, name: str, version: int, height: int) -> None:
    """Refuse a version that is not in force at this height, and a module that is paused."""
    rules = rules_of(state)
    current = rules.version_of(name, height)
    if version != current:
        raise RejectionError(
            reasons.RULES_VERSION, action=name, version=version, current=current, height=height
        )
    module = module_of(name)
    for paused, since in rules.paused:
        if paused == module and module not in NEVER_PAUSED:
            raise RejectionError(reasons.RULES_PAUSED, module=module, height=since)


def steps_for(
    state: StateReader, found: Action, institution: str, actor: Institution, arguments: tuple[Value, ...]
) -> tuple[Step, ...]:
    """Who must agree before this document, in order: the route's steps, what a low rating costs when the
    members have switched it on, then the steps of the law.

    A step of kind `abp` means, for a state institution and for an administrator, its own administrator.
    """
    asked: list[Step] = []
    if found.is_routed:
        route = route_of(state, found.name, institution)
        if route is not None and route.steps:
            amount = amount_of(found, arguments)
            asked += (Step(*step) for step in route.steps if step[3] <= amount)
    asked += _of_rating(state, found, actor, arguments)
    asked += found.approval.statutory(institution, arguments)
    resolved = (_resolved(step, institution, actor) for step in asked)
    return tuple(dict.fromkeys(replace(step, from_amount=0) for step in resolved))


def route_of(state: StateReader, name: str, institution: str) -> Route | None:
    """The route in force: the institution's own, else that of all."""
    route = Route.find(state, Collection.ROUTES, route_key(name, None))
    if route is None or not route.others:
        return route
    return Route.find(state, Collection.ROUTES, route_key(name, institution)) or route


def _of_rating(
    state: StateReader, found: Action, actor: Institution, arguments: tuple[Value, ...]
) -> tuple[Step, ...]:
    """One approval more, of the finance ministry's head, for a change of plans or an adjustment of an
    administrator whose latest rating is below `rating-floor`; nothing until `rating-effects` is 1."""
    if found.name not in RATED:
        return ()
    params = params_of(state)
    if not params["rating-effects"]:
        return ()
    budget, year = cast(tuple[str, int], arguments[:2])
    for administrator in RATED[found.name](actor, arguments):
        rating = latest_rating_of(state, budget, year, administrator)
        if rating is not None and rating.score < params["rating-floor"]:
            return (Step(Kind.FINANCE, None, int(Role.HEAD)),)
    return ()


def _of_adjustment(_: Institution, arguments: tuple[Value, ...]) -> tuple[str, ...]:
    """Administrators that give or receive by an adjustment."""
    found: dict[str, None] = {}
    for row in cast(tuple[tuple[Any, ...], ...], arguments[-1]):
        found.update(dict.fromkeys(code for code in (row[0], row[3]) if code is not None))
    return tuple(found)


RATED: Final[dict[str, Callable[[Institution, tuple[Value, ...]], tuple[str, ...]]]] = {
    "budget.adjust": _of_adjustment,
    "plan.amend": lambda actor, arguments: (actor.code,),
}
"""Whose rating an action looks at."""


def _resolved(step: Step, institution: str, actor: Institution) -> Step:
    if step.kind == Kind.ABP and actor.kind in (Kind.GU, Kind.ABP):
        own = actor.parent if actor.kind == Kind.GU else institution
        return replace(step, kind=None, institution=own)
    return step


def amount_of(found: Action, arguments: tuple[Value, ...]) -> int:
    """The amount of a document in tiyn, for the thresholds of routes: what the action says, else the sum of
    its rows: of each its `total`, where it has one, else its `amount` or, of a plan, its December. What is
    more than the largest number of the ledger counts as that number: no threshold lies above it."""
    if found.approval.amount is not None:
        amount = found.approval.amount(arguments)
    else:
        amount = sum(_amounts(found.arguments, arguments, ""))
    return min(amount, UINT_MAXIMUM)


def _amounts(shape: Shape, value: Value, name: str) -> Iterator[int]:
    if isinstance(shape, Optional):
        if value is not None:
            yield from _amounts(shape.shape, value, name)
    elif isinstance(shape, Row):
        items = cast(tuple[Value, ...], value)
        names = [field for field, _ in shape.fields]
        if "total" in names:
            yield cast(int, items[names.index("total")] or 0)
            return
        for (field, inner), item in zip(shape.fields, items, strict=True):
            yield from _amounts(inner, item, field)
    elif isinstance(shape, ListOf):
        items = cast(tuple[Value, ...], value)
        if isinstance(shape.item, Amount):
            if name == "obligations":
                yield cast(int, items[-1])
        else:
            for item in items:
                yield from _amounts(shape.item, item, name)
    elif isinstance(shape, Amount) and name == "amount":
        yield cast(int, value)


def step_words(step: Step) -> str:
    """A step for people: institution or kind, and role."""
    return f"{step.institution or step.kind}, {role_words((step.role,))[0]}"


def refuse_if_routed(
    state: StateReader, found: Action, institution: str, actor: Institution, arguments: tuple[Value, ...]
) -> None:
    """Refuse a document that comes directly though somebody must agree before it."""
    steps = steps_for(state, found, institution, actor, arguments)
    if steps:
        raise RejectionError(
            reasons.APPROVAL_ROUTE, action=found.name, institution=institution, next=step_words(steps[0])
        )


# --- submitting

SUBMIT_SHAPE = Row(
    SUBMIT,
    (
        ("action", NAME),
        ("version", Uint(1, 65_535)),
        ("arguments", Anything(6)),
    ),
)


@action(
    SUBMIT,
    SUBMIT_SHAPE,
    kinds=Kind.ALL,
    roles=(ANYBODY,),
    source=_SOURCE,
    summary="Submit a document for approval, signed as the document itself would be",
    is_batch=True,
    is_routed=False,
)
def submit(call: Call) -> None:
    name, version, arguments = cast(tuple[str, int, tuple[Value, ...]], call.arguments)
    found = _checked_document(call, name, version, arguments)
    steps = steps_for(call.state, found, call.institution, call.actor, arguments)
    if not steps:
        raise RejectionError(reasons.APPROVAL_NONE, action=name, institution=call.institution)
    own = _count(call.state, call.institution.encode("ascii"))
    if own >= OPEN_MAXIMUM:
        raise RejectionError(reasons.APPROVALS_FULL, institution=call.institution, limit=OPEN_MAXIMUM)
    number = _count(call.state, APPROVALS_GIVEN_KEY) + 1
    document = replace(call, arguments=arguments, approval=number)
    found.handler(replace(document, state=Overlay(call.state), events=[]))
    record = ApprovalRecord(
        institution=call.institution,
        action=name,
        version=version,
        makers=tuple(call.signers),
        steps=tuple((step.kind, step.institution, step.role, step.from_amount) for step in steps),
        given=(),
        amount=amount_of(found, arguments),
        tx_id=call.tx_id,
        submitted=call.context.height,
        since=operational_day(call.state),
        status=int(ApprovalStatus.OPEN),
        closed=None,
        reason=None,
    )
    put(call.state, Collection.APPROVALS, approval_key(number), record)
    put(call.state, Collection.APPROVAL_DOCUMENTS, approval_key(number), ApprovalDocument(arguments))
    _set_count(call, APPROVALS_GIVEN_KEY, number)
    _set_count(call, call.institution.encode("ascii"), own + 1)
    _await(call, number, record)
    call.emit("approval.submitted", number, name, step_words(steps[0]))
    if found.approval.begin is not None:
        found.approval.begin(document, number)


def _checked_document(call: Call, name: str, version: int, arguments: tuple[Value, ...]) -> Action:
    """What the executor checks of a document that comes directly."""
    found = REGISTER.get((name, version))
    if found is None:
        raise RejectionError(reasons.UNKNOWN_ACTION, action=name, version=version)
    check_rules(call.state, name, version, call.context.height)
    if call.actor.kind not in found.kinds:
        raise RejectionError(
            reasons.WRONG_KIND,
            institution=call.institution,
            kind=call.actor.kind,
            action=name,
            permitted=", ".join(found.kinds),
        )
    if not found.is_routed:
        raise RejectionError(reasons.APPROVAL_ACTION, action=name)
    try:
        found.arguments.check(arguments, "arguments.arguments")
    except DecodeError as error:
        raise RejectionError(reasons.BAD_ARGUMENTS, found=str(error)) from None
    size = len(encode(arguments))
    if size > SIMPLE_BODY_BYTES and not found.is_batch:
        raise RejectionError(reasons.TOO_LARGE, size_bytes=size, limit_bytes=SIMPLE_BODY_BYTES)
    return found


def _count(state: StateReader, key: bytes) -> int:
    found = ApprovalCount.find(state, Collection.APPROVAL_COUNTS, key)
    return 0 if found is None else found.count


def _set_count(call: Call, key: bytes, count: int) -> None:
    if count:
        put(call.state, Collection.APPROVAL_COUNTS, key, ApprovalCount(count))
    else:
        call.state.delete(Collection.APPROVAL_COUNTS, key)


def _await(call: Call, number: int, record: ApprovalRecord) -> None:
    """Put the document where the next approver looks for it."""
    step = next_step(record)
    entry = Awaited(step.role, record.institution, record.action, record.since)
    put(call.state, Collection.AWAITED, awaited_key(step.kind, step.institution, number), entry)


def next_step(record: ApprovalRecord) -> Step:
    """The step that an open document awaits."""
    return Step(*record.steps[len(record.given)])


# --- signing, rejecting, withdrawing

_ONE = (("approval", _NUMBER),)
_ENDED = (*_ONE, ("reason", _REASON))


@action(
    "approval.sign",
    Row("approval.sign", _ONE),
    kinds=Kind.ALL,
    roles=(ANYBODY,),
    source=_SOURCE,
    summary="Approve a document as the next of its route; the last approval carries it out",
    is_routed=False,
)
def sign(call: Call) -> None:
    (number,) = cast(tuple[int], call.arguments)
    record = _open_record(call, number)
    signer = _checked_approver(call, number, record)
    _no_longer_awaited(call, number, record)
    given = (*record.given, (call.institution, bytes(signer), call.context.height))
    record = replace(record, given=given, since=operational_day(call.state))
    call.emit("approval.signed", number, len(given))
    if len(given) < len(record.steps):
        put(call.state, Collection.APPROVALS, approval_key(number), record)
        _await(call, number, record)
        return
    _carry_out(call, number, record)


def _carry_out(call: Call, number: int, record: ApprovalRecord) -> None:
    """Run the document as its institution's; a refusal is the refusal of the last approval."""
    check_rules(call.state, record.action, record.version, call.context.height)
    actor = institution_of(call.state, record.institution)
    if actor is None or actor.closed is not None:
        raise RejectionError(reasons.UNKNOWN_INSTITUTION, institution=record.institution)
    found = REGISTER[(record.action, record.version)]
    document = _document_call(call, number, record, actor)
    _close(call, number, record, ApprovalStatus.CARRIED_OUT, None)
    found.handler(document)
    if found.approval.end is not None:
        found.approval.end(document, number)


@action(
    "approval.reject",
    Row("approval.reject", _ENDED),
    kinds=Kind.ALL,
    roles=(ANYBODY,),
    source=_SOURCE,
    summary="Reject a document as the next of its route, with a reason",
    is_routed=False,
)
def reject(call: Call) -> None:
    number, reason = cast(tuple[int, str], call.arguments)
    record = _open_record(call, number)
    _checked_approver(call, number, record)
    _end(call, number, record, ApprovalStatus.REJECTED, reason)


@action(
    "approval.withdraw",
    Row("approval.withdraw", _ENDED),
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source=_SOURCE,
    summary="Withdraw a document that is on its way, by the head of the institution that submitted it",
    is_routed=False,
)
def withdraw(call: Call) -> None:
    number, reason = cast(tuple[int, str], call.arguments)
    record = _open_record(call, number)
    if record.institution != call.institution:
        raise RejectionError(
            reasons.APPROVAL_FOREIGN, approval=number, found=record.institution, institution=call.institution
        )
    _end(call, number, record, ApprovalStatus.WITHDRAWN, reason)


def _end(call: Call, number: int, record: ApprovalRecord, status: ApprovalStatus, reason: str) -> None:
    """Close a document that is not carried out, and undo what its submission began."""
    actor = institution_of(call.state, record.institution)
    assert actor is not None, "institutions are closed, never removed"
    document = _document_call(call, number, record, actor)
    _no_longer_awaited(call, number, record)
    _close(call, number, record, status, reason)
    end = REGISTER[(record.action, record.version)].approval.end
    if end is not None:
        end(document, number)


def _document_call(call: Call, number: int, record: ApprovalRecord, actor: Institution) -> Call:
    """The call as the document's own: its institution and arguments, the same state and events."""
    found = ApprovalDocument.find(call.state, Collection.APPROVAL_DOCUMENTS, approval_key(number))
    assert found is not None, "an open approval has its document"
    return replace(
        call, institution=record.institution, actor=actor, arguments=found.arguments, approval=number
    )


def _close(
    call: Call, number: int, record: ApprovalRecord, status: ApprovalStatus, reason: str | None
) -> None:
    closed = replace(record, status=int(status), closed=call.context.height, reason=reason)
    put(call.state, Collection.APPROVALS, approval_key(number), closed)
    call.state.delete(Collection.APPROVAL_DOCUMENTS, approval_key(number))
    owner = record.institution.encode("ascii")
    _set_count(call, owner, _count(call.state, owner) - 1)
    call.emit("approval.closed", number, int(status), reason)


def _no_longer_awaited(call: Call, number: int, record: ApprovalRecord) -> None:
    step = next_step(record)
    call.state.delete(Collection.AWAITED, awaited_key(step.kind, step.institution, number))


def _open_record(call: Call, number: int) -> ApprovalRecord:
    record = ApprovalRecord.find(call.state, Collection.APPROVALS, approval_key(number))
    if record is None:
        raise RejectionError(reasons.APPROVAL_UNKNOWN, approval=number)
    if record.status != ApprovalStatus.OPEN:
        raise RejectionError(
            reasons.APPROVAL_CLOSED, approval=number, found=ApprovalStatus(record.status).name.lower()
        )
    return record


def _checked_approver(call: Call, number: int, record: ApprovalRecord) -> SignerId:
    """The one signer of this document, who is awaited, and neither made it nor approved it before."""
    step = next_step(record)
    is_awaited = call.institution == step.institution or call.actor.kind == step.kind
    if not is_awaited:
        raise RejectionError(
            reasons.APPROVAL_NEXT, approval=number, institution=call.institution, next=step_words(step)
        )
    directories.refuse_if_closed(call, DirectoryName.APPROVERS, call.institution, "institution")
    (signer,) = call.signers
    if signer in record.makers:
        raise RejectionError(reasons.APPROVAL_MAKER, approval=number)
    if any(person == signer for _, person, _ in record.given):
        raise RejectionError(reasons.APPROVAL_TWICE, approval=number)
    found = signer_of(call.state, signer)
    assert found is not None, "the executor has checked the signers"
    if not found.roles & step.role and not is_deputy(call.state, call.institution, step.role, signer):
        raise RejectionError(
            reasons.APPROVAL_ROLE, approval=number, next=step_words(step),
            found="+".join(role_words(role for role in Role if found.roles & role)) or "none",
        )  # fmt: skip
    return signer


# --- routes

STEP = Row(
    "step",
    (
        ("kind", Optional(OneOf(*Kind.ALL))),
        ("institution", Optional(NAME)),
        ("role", Uint(1, ANYBODY)),
        ("from_amount", Amount()),
    ),
)
SET_ROUTE = Row(
    "route.set",
    (
        ("action", NAME),
        ("institution", Optional(NAME)),
        ("steps", ListOf(STEP, STEPS_MAXIMUM)),
        ("document", Text(200, 1)),
    ),
)


@action(
    "route.set",
    SET_ROUTE,
    kinds=(Kind.FINANCE,),
    roles=(Role.MODERATOR, Role.HEAD),
    source=_SOURCE,
    summary="Set who agrees before an action, for one institution or for all; no steps take a route away",
    is_routed=False,
)
def set_route(call: Call) -> None:
    name, institution, steps, document = cast(tuple[str, str | None, tuple[Any, ...], str], call.arguments)
    versions = [found for (known, _), found in sorted(REGISTER.items()) if known == name]
    if not versions or not versions[-1].is_routed:
        raise RejectionError(reasons.ROUTE_ACTION, action=name)
    if institution is not None:
        owner = institution_of(call.state, institution)
        if owner is None or owner.closed is not None or owner.kind not in versions[-1].kinds:
            raise RejectionError(reasons.ROUTE_OWNER, institution=institution, action=name)
    for number, step in enumerate(steps, start=1):
        _check_step(call.state, number, Step(*step))
    _put_route(call, name, institution, steps, document)
    call.emit("route.set", name, institution, len(steps))


def _check_step(state: StateReader, number: int, step: Step) -> None:
    if step.role not in tuple(Role):
        raise RejectionError(reasons.ROUTE_STEP, step=number, found=f"role {step.role}")
    if (step.kind is None) == (step.institution is None):
        raise RejectionError(reasons.ROUTE_STEP, step=number, found="kind and institution")
    if step.institution is not None:
        named = institution_of(state, step.institution)
        if named is None or named.closed is not None:
            raise RejectionError(reasons.ROUTE_STEP, step=number, found=step.institution)


def _put_route(call: Call, name: str, institution: str | None, steps: tuple[Any, ...], document: str) -> None:
    """Keep the route, and in the route of all how many institutions have their own: where none has, a
    document needs one look only."""
    general_key, height = route_key(name, None), call.context.height
    general = Route.find(call.state, Collection.ROUTES, general_key) or Route((), 0, "", height)
    if institution is None:
        if not steps and not general.steps:
            raise RejectionError(reasons.ROUTE_NONE, action=name, institution="all")
        general = replace(general, steps=steps, document=document if steps else "", set=height)
    else:
        key = route_key(name, institution)
        is_known = call.state.get(Collection.ROUTES, key) is not None
        if not steps and not is_known:
            raise RejectionError(reasons.ROUTE_NONE, action=name, institution=institution)
        if not is_known and general.others >= ROUTES_OF_ACTION_MAXIMUM:
            raise RejectionError(reasons.ROUTES_FULL, action=name, limit=ROUTES_OF_ACTION_MAXIMUM)
        general = replace(general, others=general.others + bool(steps) - is_known)
        if steps:
            put(call.state, Collection.ROUTES, key, Route(steps, 0, document, height))
        else:
            call.state.delete(Collection.ROUTES, key)
    if general.steps or general.others:
        put(call.state, Collection.ROUTES, general_key, general)
    else:
        call.state.delete(Collection.ROUTES, general_key)


# --- deputies

_DEPUTY = (("role", Uint(1, ANYBODY)), ("signer", HASH))


@action(
    "deputy.appoint",
    Row("deputy.appoint", (*_DEPUTY, ("first", DAY), ("last", DAY), ("document", Text(200, 1)))),
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source=_SOURCE,
    summary="Let a person of the own institution stand in for a role in approvals, from one day to another",
    is_routed=False,
)
def appoint_deputy(call: Call) -> None:
    role, name, first, last, document = cast(tuple[int, SignerId, int, int, str], call.arguments)
    signer = signer_of(call.state, name)
    if signer is None:
        raise RejectionError(reasons.UNKNOWN_SIGNER, signer=name.hex())
    if signer.institution != call.institution:
        raise RejectionError(
            reasons.FOREIGN_SIGNER, signer=name.hex(), found=signer.institution, institution=call.institution
        )
    if signer.revoked is not None:
        raise RejectionError(reasons.REVOKED_SIGNER, signer=name.hex(), height=signer.revoked)
    if role not in tuple(Role) or signer.roles & role:
        raise RejectionError(reasons.DEPUTY_ROLE, role=_role_text(role))
    today = call.day()
    if not first <= last or last < today or last - first >= DEPUTY_DAYS_MAXIMUM:
        raise RejectionError(
            reasons.DEPUTY_DATES, first=iso_date(first), last=iso_date(last), open=iso_date(today),
            limit=DEPUTY_DAYS_MAXIMUM,
        )  # fmt: skip
    deputy = Deputy(first, last, document, call.context.height)
    put(call.state, Collection.DEPUTIES, deputy_key(call.institution, role, name), deputy)
    call.emit("deputy.appointed", call.institution, role, name, first, last)


@action(
    "deputy.revoke",
    Row("deputy.revoke", _DEPUTY),
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source=_SOURCE,
    summary="End a deputyship before its last day",
    is_routed=False,
)
def revoke_deputy(call: Call) -> None:
    role, name = cast(tuple[int, SignerId], call.arguments)
    key = deputy_key(call.institution, role, name)
    if call.state.get(Collection.DEPUTIES, key) is None:
        raise RejectionError(reasons.DEPUTY_NONE, role=_role_text(role), signer=name.hex())
    call.state.delete(Collection.DEPUTIES, key)
    call.emit("deputy.revoked", call.institution, role, name)


def _role_text(role: int) -> str:
    return role_words((role,))[0] if role in tuple(Role) else str(role)


def is_deputy(state: StateReader, institution: str, role: int, signer: SignerId) -> bool:
    """Whether the signer stands in for the role on the operational day."""
    deputy = Deputy.find(state, Collection.DEPUTIES, deputy_key(institution, role, signer))
    day = operational_day(state)
    return deputy is not None and day is not None and deputy.first <= day <= deputy.last
