"""Institutions, signers and validators: who exists, who may sign, who votes on blocks.

Signers are their own head's matter. Institutions and validators are changed by ballots of the members
(`contracts.governance`), which run the effects registered here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from chain.codec import BOOL, HASH, NAME, SIGNATURE, ListOf, OneOf, Optional, Row, Shape, Text, Uint
from chain.errors import InvalidBlockError, InvalidMessageError
from chain.evidence import EVIDENCE_HEIGHTS
from chain.genesis import SERIAL_MAXIMUM
from chain.keys import ED25519, address_of, possession_bytes, signer_id, verify
from chain.types import Address, Height, InstitutionId, SignerId
from chain.validators import VALIDATORS_MAXIMUM, Validator, ValidatorSet
from contracts import budgets, reasons
from contracts.actions import Call, action, row
from contracts.calendar import civil
from contracts.context import BlockContext
from contracts.records import (
    HELD_ADOPTED,
    HELD_ALLOCATED,
    Balance,
    Collection,
    Debt,
    Institution,
    KeyOwner,
    Kind,
    Misconduct,
    Role,
    Signer,
    Stage,
    ValidatorRecord,
    institution_of,
    misconduct_key,
    operational_day,
    prefix_of,
    put,
    signer_of,
    trusted,
    validator_set_key,
)
from contracts.rejection import RejectionError
from contracts.state import Overlay, StateReader

SIGNERS_MAXIMUM: Final = SERIAL_MAXIMUM
"""Serials of one institution: a rotated key keeps its serial, so these are people, not keys."""

SETS_KEPT_HEIGHTS: Final = EVIDENCE_HEIGHTS
"""How long after its last height a validator set can judge evidence (docs/formats.md, Votes)."""

SETS_PRUNED_PER_BLOCK: Final = 10
"""Bounds a block's work; sets come at most one a block, so the backlog can only shrink."""

CHANGE_DELAY: Final = 2
"""A change executed in block h takes effect at h + 2: header h + 1 names the set (docs/formats.md)."""

PAGE: Final = 1_000

_ALGORITHM = Uint(ED25519, ED25519)
_ROLES = Uint(1, sum(Role))
_NEW_KEY = (("algorithm", _ALGORITHM), ("public_key", HASH))
_POSSESSION = (("possession", SIGNATURE),)


# --- keys


def _register_key(
    call: Call, institution: str, algorithm: int, public_key: bytes, possession: bytes
) -> Address:
    """Check that the key is new and that its owner holds it. Returns its address; the caller records it."""
    address = address_of(public_key, algorithm)
    if call.state.get(Collection.KEYS, address) is not None:
        raise RejectionError(reasons.KEY_KNOWN, key=public_key.hex())
    message = possession_bytes(call.context.chain_id, InstitutionId(institution), algorithm, public_key)
    if not verify(public_key, message, possession):
        raise RejectionError(reasons.BAD_POSSESSION, key=public_key.hex(), institution=institution)
    return address


def _put_signer(
    call: Call,
    institution: str,
    serial: int,
    algorithm: int,
    public_key: bytes,
    roles: int,
    possession: bytes,
) -> SignerId:
    address = _register_key(call, institution, algorithm, public_key, possession)
    name = signer_id(call.context.chain_id, InstitutionId(institution), serial)
    signer = Signer(institution, serial, algorithm, public_key, roles, call.context.height, None)
    put(call.state, Collection.SIGNERS, name, signer)
    put(call.state, Collection.KEYS, address, KeyOwner(institution, False, name))
    call.emit("signer.added", institution, serial, name, roles)
    return name


# --- signers


@action(
    "signer.add",
    Row("signer.add", (*_NEW_KEY, ("roles", _ROLES), *_POSSESSION)),
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source="formats: Keys and signatures; budget-machine 1",
    summary="Register a person's key with its roles, by the institution's own head",
    is_routed=False,
)
def add_signer(call: Call) -> None:
    algorithm, public_key, roles, possession = cast(tuple[int, bytes, int, bytes], call.arguments)
    serial = call.actor.signers + 1
    if serial > SIGNERS_MAXIMUM:
        raise RejectionError(reasons.SIGNERS_FULL, institution=call.institution, limit=SIGNERS_MAXIMUM)
    _put_signer(call, call.institution, serial, algorithm, public_key, roles, possession)
    put(
        call.state, Collection.INSTITUTIONS, call.institution.encode("ascii"),
        replace(call.actor, signers=serial),
    )  # fmt: skip


@action(
    "signer.rotate",
    Row("signer.rotate", (("signer", HASH), *_NEW_KEY, *_POSSESSION)),
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source="formats: Keys and signatures",
    summary="Give a signer a new key; the old one never signs again",
    is_routed=False,
)
def rotate_signer(call: Call) -> None:
    name, algorithm, public_key, possession = cast(tuple[SignerId, int, bytes, bytes], call.arguments)
    signer = _own_signer(call, name)
    address = _register_key(call, call.institution, algorithm, public_key, possession)
    put(call.state, Collection.SIGNERS, name, replace(signer, algorithm=algorithm, public_key=public_key))
    put(call.state, Collection.KEYS, address, KeyOwner(call.institution, False, name))
    call.emit("signer.rotated", call.institution, signer.serial, name)


@action(
    "signer.revoke",
    Row("signer.revoke", (("signer", HASH),)),
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source="formats: Keys and signatures; budget-machine 1",
    summary="Revoke a signer, from the next transaction of the same block",
    is_routed=False,
)
def revoke_signer(call: Call) -> None:
    (name,) = cast(tuple[SignerId], call.arguments)
    signer = _own_signer(call, name)
    if signer.roles & Role.HEAD and not _has_other_head(call, signer.serial):
        raise RejectionError(reasons.LAST_HEAD, institution=call.institution)
    put(call.state, Collection.SIGNERS, name, replace(signer, revoked=call.context.height))
    call.emit("signer.revoked", call.institution, signer.serial, name)


def _own_signer(call: Call, name: SignerId) -> Signer:
    signer = signer_of(call.state, name)
    if signer is None:
        raise RejectionError(reasons.UNKNOWN_SIGNER, signer=name.hex())
    if signer.institution != call.institution:
        raise RejectionError(
            reasons.FOREIGN_SIGNER, signer=name.hex(), found=signer.institution, institution=call.institution
        )
    if signer.revoked is not None:
        raise RejectionError(reasons.REVOKED_SIGNER, signer=name.hex(), height=signer.revoked)
    return signer


def _has_other_head(call: Call, serial: int) -> bool:
    for other in range(1, call.actor.signers + 1):
        name = signer_id(call.context.chain_id, InstitutionId(call.institution), other)
        signer = signer_of(call.state, name)
        if other != serial and signer is not None and signer.revoked is None and signer.roles & Role.HEAD:
            return True
    return False


# --- effects of ballots


@dataclass(frozen=True, slots=True)
class Effect:
    """What a ballot can do: the arguments' shape, and the rules that run when it passes."""

    arguments: Shape
    run: Callable[[Call, tuple[Any, ...]], None]
    summary: str


EFFECTS: Final[dict[str, Effect]] = {}


def effect(name: str, arguments: Shape, summary: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as an effect of ballots."""

    def register(run: Callable[[Call, tuple[Any, ...]], None]) -> Callable[[Call, tuple[Any, ...]], None]:
        assert name not in EFFECTS, f"effect {name} is registered twice"
        EFFECTS[name] = Effect(arguments, run, summary)
        return run

    return register


_NAMES = Text(300, 1)

ADD_INSTITUTIONS = Row(
    "institution.add",
    (
        (
            "rows",
            ListOf(
                Row(
                    "institution",
                    (
                        ("id", NAME),
                        ("kind", OneOf(*Kind.ALL)),
                        ("code", Optional(Text(16, 1))),
                        ("parent", Optional(NAME)),
                        ("name_kk", _NAMES),
                        ("name_ru", _NAMES),
                        ("name_en", Optional(_NAMES)),
                        ("is_member", BOOL),
                        (
                            "signers",
                            ListOf(Row("signer", (*_NEW_KEY, ("roles", _ROLES), *_POSSESSION)), 8, minimum=1),
                        ),
                    ),
                ),
                100,
                minimum=1,
            ),
        ),
    ),
)


@effect("institution.add", ADD_INSTITUTIONS, "Register institutions with their first signers")
def add_institutions(call: Call, arguments: tuple[Any, ...]) -> None:
    (rows,) = arguments
    taken = _codes_in_use(call.state)
    for number, values in enumerate(rows, start=1):
        with row(number):
            _add_institution(call, taken, *values)


def _codes_in_use(state: StateReader) -> set[str]:
    """Codes of administrators and state institutions that are open: each code is given once (TP 84)."""
    return {
        institution.code
        for _, institution in institutions(state)
        if institution.kind in (Kind.ABP, Kind.GU) and institution.closed is None
    }


def institutions(state: StateReader) -> list[tuple[str, Institution]]:
    """All institutions by id, closed ones too."""
    found: list[tuple[str, Institution]] = []
    start = b""
    while True:
        page = state.scan(Collection.INSTITUTIONS, start, PAGE)
        found.extend((key.decode("ascii"), Institution.decode(value)) for key, value in page)
        if len(page) < PAGE:
            return found
        start = page[-1][0] + b"\x00"


def _add_institution(
    call: Call,
    taken: set[str],
    name: str,
    kind: str,
    code: str | None,
    parent: str | None,
    name_kk: str,
    name_ru: str,
    name_en: str | None,
    is_member: bool,
    signers: tuple[Any, ...],
) -> None:
    if institution_of(call.state, name) is not None:
        raise RejectionError(reasons.INSTITUTION_KNOWN, institution=name)
    _check_code(call, taken, name, kind, code, parent)
    if not any(roles & Role.HEAD for _, _, roles, _ in signers):
        raise RejectionError(reasons.NO_HEAD, institution=name)
    for serial, (algorithm, public_key, roles, possession) in enumerate(signers, start=1):
        _put_signer(call, name, serial, algorithm, public_key, roles, possession)
    record = Institution(
        kind,
        code or "",
        parent,
        name_kk,
        name_ru,
        name_en,
        is_member,
        len(signers),
        call.context.height,
        None,
    )
    put(call.state, Collection.INSTITUTIONS, name.encode("ascii"), record)
    call.emit("institution.added", name, kind, code)


def _check_code(
    call: Call, taken: set[str], name: str, kind: str, code: str | None, parent: str | None
) -> None:
    """An administrator has 3 digits, a state institution these and 4 of its own (TP 84); another institution
    has a code when it administers programmes of its own, as the Ministry of Finance does.

    Administrators of local budgets share codes (EBK-26): a code may be given again to an institution that the
    entry of a budget names as its administrator.
    """
    digits = 7 if kind == Kind.GU else 3
    needs_code = kind in (Kind.ABP, Kind.GU)
    if needs_code if code is None else not _is_digits(code, digits):
        raise RejectionError(reasons.INSTITUTION_CODE, code=code or "nil", digits=digits, kind=kind)
    if kind != Kind.GU:
        if parent is not None:
            raise RejectionError(reasons.INSTITUTION_PARENT, parent=parent)
        is_shared = code in taken and budgets.is_named(call.state, name, operational_day(call.state))
        if kind == Kind.ABP and code is not None and not is_shared:
            _take_code(taken, code)
        return
    above = None if parent is None else institution_of(call.state, parent)
    assert code is not None
    if above is None or above.closed is not None or above.kind != Kind.ABP or above.code != code[:3]:
        raise RejectionError(reasons.INSTITUTION_PARENT, parent=parent or "nil")
    _take_code(taken, code)


def _take_code(taken: set[str], code: str) -> None:
    if code in taken:
        raise RejectionError(reasons.CODE_TAKEN, code=code)
    taken.add(code)


def _is_digits(code: str, length: int) -> bool:
    return len(code) == length and all(character in "0123456789" for character in code)


@effect(
    "institution.close",
    Row("institution.close", (("institution", NAME),)),
    "Close an institution: it signs nothing from the next transaction on",
)
def close_institution(call: Call, arguments: tuple[Any, ...]) -> None:
    (name,) = arguments
    record = _open_institution(call.state, name)
    if _validator_of(call.state, name) is not None:
        raise RejectionError(reasons.CLOSE_VALIDATOR, institution=name)
    others = [(key, item) for key, item in institutions(call.state) if item.closed is None and key != name]
    if record.kind in (Kind.FINANCE, Kind.TREASURY) and all(item.kind != record.kind for _, item in others):
        raise RejectionError(reasons.CLOSE_LAST, institution=name, kind=record.kind)
    children = [key for key, item in others if item.parent == name]
    if children:
        raise RejectionError(reasons.CLOSE_PARENT, institution=name, child=children[0])
    _check_no_money(call.state, name)
    _check_no_debt(call.state, name)
    if record.kind == Kind.ABP:
        _check_no_pool(call.state, name, record.code)
    closed = replace(record, closed=call.context.height)
    put(call.state, Collection.INSTITUTIONS, name.encode("ascii"), closed)
    call.emit("institution.closed", name)


_LIVE_SLOTS: Final = (
    Stage.ALLOCATED, Stage.REGISTERED, Stage.PAYABLE, Stage.RETAINED, Stage.ADVANCED, HELD_ALLOCATED,
)  # fmt: skip


def _check_no_money(state: StateReader, holder: str) -> None:
    """A reorganisation first moves plans, obligations and money to the successor (TP 78)."""
    prefix = prefix_of(3, 2, holder)
    start = prefix
    while True:
        page = state.scan(Collection.BALANCES, start, PAGE)
        for key, value in page:
            if not key.startswith(prefix):
                return
            left = Balance.decode(value).total(_LIVE_SLOTS)
            if left:
                raise RejectionError(reasons.CLOSE_MONEY, institution=holder, amount_tiyn=left)
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"


def _check_no_debt(state: StateReader, holder: str) -> None:
    """What it owes of closed years nobody else could accept again (TP 208): it does so first, and pays."""
    prefix = prefix_of(2, holder)
    start = prefix
    while True:
        page = state.scan(Collection.DEBTS, start, PAGE)
        for key, value in page:
            if not key.startswith(prefix):
                return
            debt = Debt.decode(value)
            left = debt.payable - debt.accepted + debt.retained - debt.accepted_retained
            if left:
                raise RejectionError(reasons.CLOSE_MONEY, institution=holder, amount_tiyn=left)
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"


def _check_no_pool(state: StateReader, administrator: str, code: str) -> None:
    """Undistributed money stands under the administrator's id, where no successor could draw on it.

    What is left of years that ended has lapsed (BC 101(5)) and keeps nobody.
    """
    day = operational_day(state)
    first_year = 0 if day is None else civil(day)[0]
    prefix = prefix_of(5, 1)
    start = prefix
    while True:
        page = state.scan(Collection.BALANCES, start, PAGE)
        for key, value in page:
            if not key.startswith(prefix):
                return
            _, budget, year, of_code, _ = trusted(key)
            left = Balance.decode(value).total((Stage.ADOPTED, HELD_ADOPTED))
            is_own = of_code == code and budgets.administers(state, administrator, budget, day)
            if is_own and year >= first_year and left:
                raise RejectionError(reasons.CLOSE_MONEY, institution=administrator, amount_tiyn=left)
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"


def _open_institution(state: StateReader, name: str) -> Institution:
    record = institution_of(state, name)
    if record is None or record.closed is not None:
        raise RejectionError(reasons.UNKNOWN_INSTITUTION, institution=name)
    return record


# --- validators


@effect(
    "validator.add",
    Row("validator.add", (("institution", NAME), *_NEW_KEY, *_POSSESSION)),
    "Let a member's node vote on blocks, from the second block after",
)
def add_validator(call: Call, arguments: tuple[Any, ...]) -> None:
    institution, algorithm, public_key, possession = arguments
    record = _open_institution(call.state, institution)
    if not record.is_member:
        raise RejectionError(reasons.NOT_MEMBER, institution=institution)
    if _validator_of(call.state, institution) is not None:
        raise RejectionError(reasons.VALIDATOR_SECOND, institution=institution)
    members = latest_set(call.state).members
    if len(members) >= VALIDATORS_MAXIMUM:
        raise RejectionError(reasons.VALIDATORS_FULL, limit=VALIDATORS_MAXIMUM)
    address = _register_key(call, institution, algorithm, public_key, possession)
    _put_validator(call, institution, address, public_key, power=1)
    _write_set(call, (*members, Validator(address, public_key, 1)))
    call.emit("validator.added", institution, address)


@effect(
    "validator.remove",
    Row("validator.remove", (("institution", NAME),)),
    "End an institution's vote on blocks, from the second block after",
)
def remove_validator(call: Call, arguments: tuple[Any, ...]) -> None:
    (institution,) = arguments
    address, record = _known_validator(call.state, institution)
    members = latest_set(call.state).members
    if len(members) == 1:
        raise RejectionError(reasons.VALIDATOR_LAST, institution=institution)
    put(call.state, Collection.VALIDATORS, address, replace(record, removed=call.context.height))
    _write_set(call, tuple(member for member in members if member.address != address))
    call.emit("validator.removed", institution, address)


@effect(
    "validator.rotate",
    Row("validator.rotate", (("institution", NAME), *_NEW_KEY, *_POSSESSION)),
    "Give a validator a new key, from the second block after",
)
def rotate_validator(call: Call, arguments: tuple[Any, ...]) -> None:
    institution, algorithm, public_key, possession = arguments
    _open_institution(call.state, institution)
    old, record = _known_validator(call.state, institution)
    members = latest_set(call.state).members
    address = _register_key(call, institution, algorithm, public_key, possession)
    put(call.state, Collection.VALIDATORS, old, replace(record, removed=call.context.height))
    _put_validator(call, institution, address, public_key, record.power)
    kept = tuple(member for member in members if member.address != old)
    _write_set(call, (*kept, Validator(address, public_key, record.power)))
    call.emit("validator.rotated", institution, old, address)


def _put_validator(call: Call, institution: str, address: Address, public_key: bytes, power: int) -> None:
    record = ValidatorRecord(institution, public_key, power, call.context.height, None)
    put(call.state, Collection.VALIDATORS, address, record)
    put(call.state, Collection.KEYS, address, KeyOwner(institution, True, address))


def _validator_of(state: StateReader, institution: str) -> tuple[Address, ValidatorRecord] | None:
    """The validator an institution runs, among those that vote after all changes so far."""
    for member in latest_set(state).members:
        record = ValidatorRecord.find(state, Collection.VALIDATORS, member.address)
        assert record is not None, "every member of a set has a record"
        if record.institution == institution:
            return member.address, record
    return None


def _known_validator(state: StateReader, institution: str) -> tuple[Address, ValidatorRecord]:
    found = _validator_of(state, institution)
    if found is None:
        raise RejectionError(reasons.VALIDATOR_UNKNOWN, institution=institution)
    return found


def _write_set(call: Call, members: tuple[Validator, ...]) -> None:
    """The set after this block's changes; a second change in the block rebuilds it."""
    first_height = Height(call.context.height + CHANGE_DELAY)
    ordered = tuple(sorted(members, key=lambda member: member.address))
    call.state.put(
        Collection.VALIDATOR_SETS,
        validator_set_key(first_height),
        ValidatorSet(first_height, ordered).encode(),
    )


def latest_set(state: StateReader) -> ValidatorSet:
    """The set that holds once every change so far has taken effect."""
    ((_, value),) = state.scan(Collection.VALIDATOR_SETS, b"", 1)
    return ValidatorSet.decode(value)


def _set_at(state: StateReader, height: int) -> ValidatorSet | None:
    found = state.scan(Collection.VALIDATOR_SETS, validator_set_key(height), 1)
    return ValidatorSet.decode(found[0][1]) if found else None


def validators_at(state: StateReader, height: int) -> ValidatorSet:
    """The set that votes on `height`, as far as the changes so far tell: certain up to two heights after the
    last block. InvalidMessageError when the sets of that height are no longer kept."""
    found = _set_at(state, height)
    if found is None:
        raise InvalidMessageError(f"no validator set is kept for height {height}")
    return found


def prune_validator_sets(state: Overlay, context: BlockContext) -> None:
    """Forget sets 10,000 heights after their last height: no evidence of theirs is admitted any more."""
    cutoff = context.height - SETS_KEPT_HEIGHTS
    if cutoff < 1:
        return
    # keys descend by first height: the set in force at the cutoff, then those that ended before it
    found = state.scan(Collection.VALIDATOR_SETS, validator_set_key(cutoff), 1 + SETS_PRUNED_PER_BLOCK)
    for key, _ in found[1:]:
        state.delete(Collection.VALIDATOR_SETS, key)


# --- misbehaviour


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What the consensus engine reports of a validator: kind 1 prevote, 2 precommit, 3 proposal,
    given twice."""

    address: bytes
    height: int
    kind: int


def record_misbehaviour(state: Overlay, act: Misbehaviour, context: BlockContext) -> None:
    """Record proven misbehaviour once per (validator, height, kind).

    Raises InvalidBlockError for a repeated one, and for one that no kept validator set can judge.
    """
    where = f"misbehaviour of {act.address.hex()} at height {act.height}, kind {act.kind}"
    judged_by = None if act.height > context.height else _set_at(state, act.height)
    if judged_by is None or judged_by.index_of(Address(act.address)) is None:
        raise InvalidBlockError(f"{where}: not a validator of that height")
    key = misconduct_key(act.address, act.height, act.kind)
    if state.get(Collection.EVIDENCE, key) is not None:
        raise InvalidBlockError(f"{where}: recorded before")
    put(state, Collection.EVIDENCE, key, Misconduct(context.height))
