"""Documents whose whole effect they say themselves: ballots, signers, routes, deputies and the day.

docs/formats.md, "Members", "Rules in force" and "Approvals". Whoever may sign, vote or judge came by one of
these, so nothing is taken on trust: what the document changes is computed here from its arguments and the
folded records, and must be exactly what the block says. No contract is asked.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from audit.blocks import Change, Job, Transaction, address_of, read_params, signer_id
from audit.codec import (
    HASH,
    SIGNATURE,
    UINT,
    Shape,
    Value,
    anything,
    decode,
    encode,
    list_of,
    name,
    optional,
    row,
    text,
    uint,
)
from audit.failure import VerificationError
from audit.merkle import signed_bytes, tagged

if TYPE_CHECKING:
    from audit.fold import State

COLLECTIONS = frozenset(
    {"ballots", "deputies", "institutions", "params", "routes", "rules", "signers", "validators", "day"}
)
"""What `Rights.note` keeps: records that are small, and few beside those of money."""

OPEN, PASSED, FAILED = range(3)
"""Status of a ballot."""

SET_DELAY = 2
DAY_MS = 86_400_000
_COUNT: Value = (1, 0, 0, ())
_RULES: Value = (1, (), ())

Place = tuple[str, bytes]
Changes = dict[Place, bytes | None]


def _boolean(value: Value, path: str) -> None:
    if type(value) is not bool:
        raise VerificationError(f"{path}: it is neither true nor false")


_KEY = (("algorithm", uint(1, 1)), ("public_key", HASH), ("possession", SIGNATURE))
_PERSON = row(
    ("algorithm", uint(1, 1)), ("public_key", HASH), ("roles", uint(1, 31)), ("possession", SIGNATURE)
)
_INSTITUTION = row(
    ("id", name), ("kind", name), ("code", optional(text(16))), ("parent", optional(name)),
    ("name_kk", text(300)), ("name_ru", text(300)), ("name_en", optional(text(300))),
    ("is_member", _boolean), ("signers", list_of(_PERSON, 8)),
)  # fmt: skip
_STEP = row(("kind", optional(name)), ("institution", optional(name)), ("role", uint(1, 31)), ("from", UINT))
_ROLE = uint(1, 31)

_ARGUMENTS: dict[str, Shape] = {
    "ballot.propose": row(("effect", name), ("arguments", anything), ("note", text(500))),
    "ballot.vote": row(("ballot", uint(1)), ("yes", _boolean)),
    "deputy.appoint": row(
        ("role", _ROLE), ("signer", HASH), ("first", UINT), ("last", UINT), ("document", text(200))
    ),
    "deputy.revoke": row(("role", _ROLE), ("signer", HASH)),
    "route.set": row(
        ("action", name), ("institution", optional(name)), ("steps", list_of(_STEP, 10)),
        ("document", text(200)),
    ),
    "signer.add": _PERSON,
    "signer.revoke": row(("signer", HASH)),
    "signer.rotate": row(("signer", HASH), *_KEY),
    "treasury.open_day": row(("day", uint(0, 376_199))),
}  # fmt: skip

_EFFECTS: dict[str, Shape] = {
    "institution.add": row(("rows", list_of(_INSTITUTION, 100))),
    "institution.close": row(("institution", name)),
    "module.pause": row(("module", name)),
    "module.resume": row(("module", name)),
    "params.set": row(("values", list_of(row(("name", name), ("value", UINT)), 64))),
    "rules.activate": row(("action", name), ("version", uint(1, 65_535)), ("height", uint(1))),
    "validator.add": row(("institution", name), *_KEY),
    "validator.remove": row(("institution", name)),
    "validator.rotate": row(("institution", name), *_KEY),
}


class Moment(NamedTuple):
    """The block in which a document is executed."""

    height: int
    time_ms: int


class Rights:
    """The records of these documents as folded; `check` before a transaction's changes are applied."""

    def __init__(self) -> None:
        self._records: dict[Place, Value] = {}

    def note(self, collection: str, key: bytes, value: bytes | None) -> None:
        """A record of COLLECTIONS came, changed or went."""
        if value is None:
            self._records.pop((collection, key), None)
        else:
            self._records[collection, key] = decode(value)

    def check(self, transaction: Transaction, changes: list[Change], state: "State", moment: Moment) -> None:
        """Raises VerificationError when a document of these actions changed something else than it says."""
        if transaction.action not in _ARGUMENTS:
            return
        _ARGUMENTS[transaction.action](transaction.arguments, "arguments")
        found: Changes = {
            (change.collection, change.key): change.new_value
            for change in changes
            if change.collection not in ("ids", "expiry")
        }
        work = _Work(self._records, transaction, state, moment)
        if found not in work.permitted():
            raise VerificationError(f"{transaction.action} changed something else than the document says")


class _Work:
    """What one document must change."""

    def __init__(
        self, records: Mapping[Place, Value], transaction: Transaction, state: "State", moment: Moment
    ) -> None:
        self._records = records
        self._transaction = transaction
        self._arguments: tuple[Value, ...] = transaction.arguments
        self._state = state
        self._height, self._time_ms = moment

    def permitted(self) -> list[Changes]:
        """The changes that the document may make: one set of them, or of a ballot that passes two, since its
        effect may have been refused by then."""
        if self._transaction.action == "ballot.vote":
            return [self._net(changes) for changes in self._vote()]
        return [self._net(_DIRECT[self._transaction.action](self))]

    def _net(self, changes: Changes) -> Changes:
        return {place: value for place, value in changes.items() if self._encoded(place) != value}

    def _encoded(self, place: Place) -> bytes | None:
        record = self._records.get(place)
        return None if record is None else encode(record)

    def _record(self, collection: str, key: bytes) -> tuple[Value, ...]:
        found: tuple[Value, ...] | None = self._records.get((collection, key))
        if found is None:
            raise VerificationError(f"the document is about a record of {collection} that is not there")
        return found

    def _open_institution(self, identity: str) -> tuple[Value, ...]:
        record = self._record("institutions", identity.encode("ascii"))
        if record[10] is not None:
            raise VerificationError(f"the institution {identity} is closed")
        return record

    # --- signers

    def _person(self, institution: str, serial: int, public_key: bytes, roles: int) -> Changes:
        identity = signer_id(self._state.chain_id, institution, serial)
        record = (1, institution, serial, 1, public_key, roles, self._height, None)
        return {("signers", identity): encode(record), **_owned(institution, public_key, identity)}

    def add_signer(self) -> Changes:
        _, public_key, roles, _ = self._arguments
        institution = self._transaction.institution
        before = self._open_institution(institution)
        serial = before[8] + 1
        return {
            **self._person(institution, serial, public_key, roles),
            ("institutions", institution.encode("ascii")): encode((*before[:8], serial, *before[9:])),
        }

    def _own_signer(self) -> tuple[Value, ...]:
        record = self._record("signers", self._arguments[0])
        if record[1] != self._transaction.institution or record[7] is not None:
            raise VerificationError("a signer of another institution, or a revoked one, was changed")
        return record

    def rotate_signer(self) -> Changes:
        before = self._own_signer()
        identity, _, public_key, _ = self._arguments
        record = encode((*before[:4], public_key, *before[5:]))
        return {("signers", identity): record, **_owned(before[1], public_key, identity)}

    def revoke_signer(self) -> Changes:
        return {("signers", self._arguments[0]): encode((*self._own_signer()[:7], self._height))}

    # --- routes, deputies, the day

    def set_route(self) -> Changes:
        action, institution, steps, document = self._arguments
        everybody = ("routes", encode((action, None)))
        before = self._records.get(everybody, (1, (), 0, "", self._height))
        general = (before[1], before[2], before[3], before[4])
        changes: Changes = {}
        if institution is None:
            general = (steps, general[1], document if steps else "", self._height)
        else:
            place = ("routes", encode((action, institution)))
            others = general[1] + bool(steps) - (place in self._records)
            general = (general[0], others, general[2], general[3])
            changes[place] = encode((1, steps, 0, document, self._height)) if steps else None
        is_kept = bool(general[0] or general[1])
        changes[everybody] = encode((1, *general)) if is_kept else None
        return changes

    def appoint_deputy(self) -> Changes:
        role, signer, first, last, document = self._arguments
        if self._record("signers", signer)[1] != self._transaction.institution:
            raise VerificationError("a deputy is not of the institution that appoints him")
        key = encode((self._transaction.institution, role, signer))
        return {("deputies", key): encode((1, first, last, document, self._height))}

    def revoke_deputy(self) -> Changes:
        role, signer = self._arguments
        return {("deputies", encode((self._transaction.institution, role, signer))): None}

    def open_day(self) -> Changes:
        (day,) = self._arguments
        before = self._records.get(("day", b""))
        if before is not None and day <= before[1]:
            raise VerificationError("the operational day went back")
        return {("day", b""): encode((1, day, self._height))}

    # --- ballots

    def _counted(self, proposer: str, opened: int, given: int) -> Changes:
        _, _, open_, rows = self._records.get(("ballots", b""), _COUNT)
        of_each = dict(rows)
        of_each[proposer] = of_each.get(proposer, 0) + opened
        listed = tuple((title, count) for title, count in sorted(of_each.items()) if count)
        return {("ballots", b""): encode((1, given, open_ + opened, listed))}

    def propose(self) -> Changes:
        effect, arguments, note = self._arguments
        institution = self._transaction.institution
        if institution not in self._members():
            raise VerificationError("a ballot was proposed by an institution that is no member")
        number = self._records.get(("ballots", b""), _COUNT)[1] + 1
        expires = self._time_ms + self._state.params_to_come["ballot-days"] * DAY_MS
        ballot = (1, institution, (effect, arguments), note, self._height, expires, (), OPEN, None)
        counted = self._counted(institution, 1, number)
        return {("ballots", encode((number,))): encode(ballot), **counted}

    def _members(self) -> set[str]:
        return {
            key.decode("ascii")
            for (collection, key), record in self._records.items()
            if collection == "institutions" and record[7] is True and record[10] is None
        }

    def _vote(self) -> list[Changes]:
        number, is_yes = self._arguments
        ballot = self._record("ballots", encode((number,)))
        institution, members = self._transaction.institution, self._members()
        if ballot[7] != OPEN or institution not in members:
            raise VerificationError(
                "a vote in a ballot that is closed, or of an institution that is no member"
            )
        if self._time_ms > ballot[5]:
            return [self._closed(ballot, FAILED)]
        if any(voter == institution for voter, _, _ in ballot[6]):
            raise VerificationError(f"{institution} voted twice in one ballot")
        votes = (*ballot[6], (institution, is_yes, self._height))
        ballot = (*ballot[:6], votes, *ballot[7:])
        yes = sum(1 for voter, agrees, _ in votes if agrees and voter in members)
        no = sum(1 for voter, agrees, _ in votes if not agrees and voter in members)
        if 3 * yes > 2 * len(members):
            return [self._closed(ballot, FAILED), *self._passed(ballot)]
        if 3 * (len(members) - no) <= 2 * len(members):
            return [self._closed(ballot, FAILED)]
        return [{("ballots", encode((number,))): encode(ballot)}]

    def _closed(self, ballot: tuple[Value, ...], status: int) -> Changes:
        record = encode((*ballot[:7], status, self._height))
        given = self._record("ballots", b"")[1]
        counted = self._counted(ballot[1], -1, given)
        return {("ballots", encode((self._arguments[0],))): record, **counted}

    def _passed(self, ballot: tuple[Value, ...]) -> list[Changes]:
        """What it changes when its effect is carried out; nothing where the effect could not be."""
        effect, arguments = ballot[2]
        if effect not in _EFFECTS:
            raise VerificationError(f"a ballot has no effect {effect}")
        _EFFECTS[effect](arguments, effect)
        try:
            changes = _CARRIED[effect](self, arguments)
        except VerificationError:
            return []
        return [{**changes, **self._closed(ballot, PASSED)}]

    def _params(self, arguments: tuple[Value, ...]) -> Changes:
        params = {**self._state.params_to_come, **dict(arguments[0])}
        value = encode((1, tuple(sorted(params.items()))))
        read_params(value)
        return {("params", b""): value}

    def _rules(self) -> tuple[Value, ...]:
        found: tuple[Value, ...] = self._records.get(("rules", b""), _RULES)
        return found

    def _put_rules(self, versions: tuple[Value, ...], paused: tuple[Value, ...]) -> Changes:
        is_empty = not versions and not paused
        return {("rules", b""): None if is_empty else encode((1, versions, paused))}

    def _activate(self, arguments: tuple[Value, ...]) -> Changes:
        action, _, _ = arguments
        _, versions, paused = self._rules()
        due = [entry for entry in versions if entry[0] == action and entry[2] <= self._height]
        in_force = max(due, key=lambda entry: entry[2], default=None)
        kept = [entry for entry in versions if entry[0] != action or entry == in_force]
        return self._put_rules(tuple(sorted((*kept, arguments))), paused)

    def _pause(self, arguments: tuple[Value, ...]) -> Changes:
        _, versions, paused = self._rules()
        return self._put_rules(versions, tuple(sorted((*paused, (arguments[0], self._height)))))

    def _resume(self, arguments: tuple[Value, ...]) -> Changes:
        _, versions, paused = self._rules()
        return self._put_rules(versions, tuple(entry for entry in paused if entry[0] != arguments[0]))

    def _add_institutions(self, arguments: tuple[Value, ...]) -> Changes:
        changes: Changes = {}
        for identity, kind, code, parent, kk, ru, en, is_member, people in arguments[0]:
            place = ("institutions", identity.encode("ascii"))
            if place in self._records:
                raise VerificationError(f"the institution {identity} is known")
            record = (1, kind, code or "", parent, kk, ru, en, is_member, len(people), self._height, None)
            changes[place] = encode(record)
            for serial, (_, public_key, roles, _) in enumerate(people, start=1):
                changes.update(self._person(identity, serial, public_key, roles))
        return changes

    def _close_institution(self, arguments: tuple[Value, ...]) -> Changes:
        before = self._open_institution(arguments[0])
        place = ("institutions", arguments[0].encode("ascii"))
        return {place: encode((*before[:10], self._height))}

    # --- validators

    def _latest(self) -> tuple[tuple[bytes, bytes, int], ...]:
        found = self._state.sets[max(self._state.sets)]
        return tuple((member.address, member.public_key, member.power) for member in found.members)

    def _validator_of(self, institution: str) -> tuple[bytes, tuple[Value, ...], int]:
        for address, _, power in self._latest():
            record = self._record("validators", address)
            if record[1] == institution:
                return address, record, power
        raise VerificationError(f"{institution} runs no validator")

    def _set(self, members: tuple[tuple[bytes, bytes, int], ...]) -> Changes:
        first = self._height + SET_DELAY
        key = ((1 << 64) - 1 - first).to_bytes(8, "big")
        return {("validator-sets", key): encode((1, first, tuple(sorted(members))))}

    def _registered(self, institution: str, public_key: bytes, power: int) -> Changes:
        address = address_of(public_key)
        record = encode((1, institution, public_key, power, self._height, None))
        owner = encode((1, institution, True, address))
        return {("validators", address): record, ("keys", address): owner}

    def _add_validator(self, arguments: tuple[Value, ...]) -> Changes:
        institution, _, public_key, _ = arguments
        member = (address_of(public_key), public_key, 1)
        return {**self._registered(institution, public_key, 1), **self._set((*self._latest(), member))}

    def _without(self, institution: str) -> tuple[Changes, tuple[tuple[bytes, bytes, int], ...], int]:
        address, record, power = self._validator_of(institution)
        removed: Changes = {("validators", address): encode((*record[:5], self._height))}
        return removed, tuple(member for member in self._latest() if member[0] != address), power

    def _remove_validator(self, arguments: tuple[Value, ...]) -> Changes:
        removed, left, _ = self._without(arguments[0])
        return {**removed, **self._set(left)}

    def _rotate_validator(self, arguments: tuple[Value, ...]) -> Changes:
        institution, _, public_key, _ = arguments
        removed, left, power = self._without(institution)
        member = (address_of(public_key), public_key, power)
        return {**removed, **self._registered(institution, public_key, power), **self._set((*left, member))}


def _owned(institution: str, public_key: bytes, identity: bytes) -> Changes:
    return {("keys", address_of(public_key)): encode((1, institution, False, identity))}


_DIRECT: dict[str, Callable[[_Work], Changes]] = {
    "ballot.propose": _Work.propose,
    "deputy.appoint": _Work.appoint_deputy,
    "deputy.revoke": _Work.revoke_deputy,
    "route.set": _Work.set_route,
    "signer.add": _Work.add_signer,
    "signer.revoke": _Work.revoke_signer,
    "signer.rotate": _Work.rotate_signer,
    "treasury.open_day": _Work.open_day,
}
_CARRIED: dict[str, Callable[[_Work, tuple[Value, ...]], Changes]] = {
    "institution.add": _Work._add_institutions,
    "institution.close": _Work._close_institution,
    "module.pause": _Work._pause,
    "module.resume": _Work._resume,
    "params.set": _Work._params,
    "rules.activate": _Work._activate,
    "validator.add": _Work._add_validator,
    "validator.remove": _Work._remove_validator,
    "validator.rotate": _Work._rotate_validator,
}


def possession_jobs(transaction: Transaction, chain_id: bytes, index: int) -> list[Job]:
    """The proofs of possession in a document that registers keys, or proposes to."""
    action, arguments = transaction.action, transaction.arguments
    if action == "ballot.propose":
        _ARGUMENTS[action](arguments, "arguments")
        effect, values, _ = arguments
        if effect not in _EFFECTS:
            raise VerificationError(f"a ballot has no effect {effect}")
        _EFFECTS[effect](values, effect)
        keys = _keys_of(effect, values)
    elif action in ("signer.add", "signer.rotate"):
        _ARGUMENTS[action](arguments, "arguments")
        keys = [(transaction.institution, arguments[-3 if action == "signer.add" else -2], arguments[-1])]
    else:
        return []
    return [
        Job(
            public_key,
            signed_bytes("possession", chain_id, tagged("possession", encode((institution, 1, public_key)))),
            proof,
            f"possession of {public_key.hex()} in transaction {index}",
        )
        for institution, public_key, proof in keys
    ]


def _keys_of(effect: str, values: tuple[Value, ...]) -> list[tuple[str, bytes, bytes]]:
    """(institution, public key, proof) of every key that an effect of a ballot registers."""
    if effect == "institution.add":
        return [(item[0], person[1], person[3]) for item in values[0] for person in item[8]]
    if effect in ("validator.add", "validator.rotate"):
        return [(values[0], values[2], values[3])]
    return []


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
