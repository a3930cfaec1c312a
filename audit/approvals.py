"""Approvals, routes and rules in force, as the state records them: who had to agree, and who did.

docs/formats.md, "Approvals" and "Rules in force". An approval's record says whose document it is and who
signed it; the transaction that carries it out is held to the effects of that document, not of its own action.
"""

from typing import TYPE_CHECKING, NamedTuple

from audit.blocks import Change, Transaction
from audit.codec import (
    HASH,
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
    struct,
    text,
    uint,
)
from audit.failure import VerificationError

if TYPE_CHECKING:
    from audit.fold import State

SUBMIT, SIGN, REJECT, WITHDRAW = "approval.submit", "approval.sign", "approval.reject", "approval.withdraw"
VERBS = frozenset({SUBMIT, SIGN, REJECT, WITHDRAW})
OPEN, CARRIED_OUT, REJECTED, WITHDRAWN = range(4)
COLLECTIONS = frozenset({"approvals", "approval-documents", "routes", "deputies", "rules", "day"})
SUSPENDING = "plan.amend"
"""The action whose documents suspend what they are about while they are on their way."""

BY_TREASURY = ("treasury", 4)
"""Kind and role that agree to a certificate of kind b, whatever route is set (BC 105(7))."""

NEVER_PAUSED = frozenset({"ballot", "signer", "approval"})
NEVER_ROUTED = frozenset({"ballot", "signer", "approval", "route", "deputy"})
DIRECT = frozenset({"treasury.open_day", "year.close"})
"""Never routed either."""

_STEP = row(("kind", optional(name)), ("institution", optional(name)), ("role", uint(1, 31)), ("from", UINT))
_STEPS = list_of(_STEP, 64)
_GIVEN = row(("institution", name), ("signer", HASH), ("height", UINT))
_APPROVAL = struct(
    1,
    ("institution", name),
    ("action", name),
    ("version", uint(1)),
    ("makers", list_of(HASH, 8)),
    ("steps", _STEPS),
    ("given", list_of(_GIVEN, 64)),
    ("amount", UINT),
    ("tx_id", HASH),
    ("submitted", UINT),
    ("since", optional(UINT)),
    ("status", uint(0, 3)),
    ("closed", optional(UINT)),
    ("reason", optional(text(500))),
)
_ROUTE = struct(1, ("steps", _STEPS), ("others", UINT), ("document", text(200)), ("set", UINT))
_ROUTE_KEY = row(("action", name), ("institution", optional(name)))
_DEPUTY = struct(1, ("first", UINT), ("last", UINT), ("document", text(200)), ("appointed", UINT))
_RULES = struct(
    1,
    ("versions", list_of(row(("action", name), ("version", uint(1)), ("height", uint(1))), 10_000)),
    ("paused", list_of(row(("module", name), ("height", UINT)), 1_000)),
)
_SUBMITTED = row(("action", name), ("version", uint(1, 65_535)), ("arguments", anything))
_DOCUMENT = struct(1, ("arguments", anything))
_DAY = struct(1, ("day", UINT), ("opened", UINT))


class Approval(NamedTuple):
    """What an auditor needs of approvals[[number]]."""

    institution: str
    action: str
    version: int
    makers: tuple[bytes, ...]
    steps: tuple[Value, ...]
    given: tuple[Value, ...]
    tx_id: bytes
    status: int


class Work(NamedTuple):
    """Whose work a transaction does: its own, or that of the document which it carries out.

    `about`: the action of the document that it submits, signs, rejects or withdraws; else its own.
    """

    action: str
    institution: str
    arguments: Value
    about: str


class Approvals:
    """Folded approvals; `begin` before a transaction's changes, `check` after them."""

    def __init__(self) -> None:
        self._approvals: dict[bytes, Approval] = {}
        self._routes: dict[tuple[str, str | None], tuple[Value, ...]] = {}
        self._deputies: dict[bytes, tuple[int, int]] = {}
        self._versions: tuple[tuple[str, int, int], ...] = ()
        self._paused: frozenset[str] = frozenset()
        self._day: int | None = None
        self._changed: dict[bytes, Approval | None] = {}
        self._documents: dict[bytes, Value] = {}
        self._written: dict[bytes, bytes | None] = {}

    def note(self, collection: str, key: bytes, value: bytes | None) -> None:
        """Keep the meaning of one change."""
        if collection == "approvals":
            self._note_approval(key, value)
        elif collection == "approval-documents":
            self._written[key] = value
            self._documents.pop(key, None)
            if value is not None:
                self._documents[key] = _read(value, _DOCUMENT, "approval-documents")[1]
        elif collection == "routes":
            place = _read(key, _ROUTE_KEY, "routes")
            self._routes.pop(place, None)
            if value is not None:
                self._routes[place] = _read(value, _ROUTE, "routes")[1]
        elif collection == "deputies":
            self._deputies.pop(key, None)
            if value is not None:
                _, first, last, _, _ = _read(value, _DEPUTY, "deputies")
                self._deputies[key] = (first, last)
        elif collection == "day":
            self._day = None if value is None else _read(value, _DAY, "day")[1]
        else:
            _, versions, paused = (1, (), ()) if value is None else _read(value, _RULES, "rules")
            self._versions = versions
            self._paused = frozenset(module for module, _ in paused)

    def _note_approval(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            raise VerificationError("an approval was removed from the state")
        self._changed.setdefault(key, self._approvals.get(key))
        found = _read(value, _APPROVAL, "approvals")
        _, institution, action, version, makers, steps, given, _, tx_id, _, _, status, _, _ = found
        self._approvals[key] = Approval(institution, action, version, makers, steps, given, tx_id, status)

    # --- rules and routes

    def check_rules(self, action: str, version: int, height: int) -> None:
        """Raises VerificationError for a version not in force at the height, and for a paused module."""
        due = [(first, found) for name_, found, first in self._versions if name_ == action]
        current = max(((first, found) for first, found in due if first <= height), default=(0, 1))[1]
        if version != current:
            raise VerificationError(f"version {version} of {action} is not in force, version {current} is")
        module = action.split(".", 1)[0]
        if module in self._paused and module not in NEVER_PAUSED:
            raise VerificationError(f"the module {module} is paused")

    def check_direct(self, action: str, institution: str, arguments: Value) -> None:
        """Raises VerificationError for a document that came directly though its route asks somebody of
        whatever amount, or the law does."""
        if is_never_routed(action):
            return
        if _is_agreed_by_treasury(action, arguments):
            raise VerificationError("a certificate of kind b came without the treasury")
        if any(step[3] == 0 for step in self._route(action, institution)):
            raise VerificationError(f"the action {action} of {institution} has a route of approvals")

    def _route(self, action: str, institution: str) -> tuple[Value, ...]:
        own = self._routes.get((action, institution))
        return self._routes.get((action, None), ()) if own is None else own

    # --- transactions

    def begin(self) -> None:
        """A transaction's changes come next."""
        self._changed, self._written = {}, {}

    def work(self, transaction: Transaction, changes: list[Change]) -> Work:
        """Before its changes: what the transaction does, and for whom."""
        own = Work(transaction.action, transaction.institution, transaction.arguments, transaction.action)
        if transaction.action == SUBMIT:
            return own._replace(about=carried(transaction)[0])
        if transaction.action not in (SIGN, REJECT, WITHDRAW):
            return own
        key = _key(transaction)
        before = self._approvals.get(key)
        if before is None:
            return own
        for change in changes:
            if (change.collection, change.key) == ("approvals", key) and change.new_value is not None:
                value = _read(change.new_value, _APPROVAL, "approvals")
                if transaction.action == SIGN and value[11] == CARRIED_OUT:
                    arguments = self._documents.get(key)
                    return Work(before.action, before.institution, arguments, before.action)
        return own._replace(about=before.action)

    def check(self, transaction: Transaction, state: "State", height: int) -> None:
        """Raises VerificationError when an approval was changed as its rules do not allow."""
        verbs = {SUBMIT: self._submitted, SIGN: self._signed, REJECT: self._ended, WITHDRAW: self._ended}
        if transaction.action not in verbs:
            if self._changed:
                raise VerificationError(f"the action {transaction.action} changed an approval")
            return
        if len(self._changed) != 1:
            raise VerificationError("an approval's document changes exactly one approval")
        ((key, before),) = self._changed.items()
        after = self._approvals[key]
        if transaction.action != SUBMIT:
            if before is None or before.status != OPEN or key != _key(transaction):
                raise VerificationError("an approval that is not open, or another one, was changed")
            if before._replace(given=after.given, status=after.status) != after:
                raise VerificationError("what an approval is about was changed on its way")
        elif before is not None:
            raise VerificationError("a submission changed an approval that was there")
        verbs[transaction.action](transaction, state, before, after, height)
        self._check_document(transaction, key, after)

    def _check_document(self, transaction: Transaction, key: bytes, after: Approval) -> None:
        """The document is kept as it was submitted while it is on its way, and no longer."""
        due: dict[bytes, bytes | None] = {}
        if transaction.action == SUBMIT:
            due[key] = encode((1, transaction.arguments[2]))
        elif after.status != OPEN:
            due[key] = None
        if self._written != due:
            raise VerificationError("a document on its way is kept otherwise than it was submitted")

    def _submitted(
        self, transaction: Transaction, state: "State", _: Approval | None, after: Approval, height: int
    ) -> None:
        action, version = carried(transaction)
        signers = tuple(signer for signer, _ in transaction.signatures)
        due = Approval(
            transaction.institution, action, version, signers, after.steps, (), transaction.id, OPEN
        )
        if after != due or not after.steps:
            raise VerificationError("a submitted document is recorded otherwise than it was sent")
        asked = {(step[1], step[2]) for step in after.steps} | {(step[0], step[2]) for step in after.steps}
        kinds = {
            (state.institutions[step[1]].kind, step[2])
            for step in after.steps
            if step[1] in state.institutions
        }
        for kind, institution, role, least in self._route(action, transaction.institution):
            if least == 0 and (institution or kind, role) not in asked | kinds:
                raise VerificationError("a submitted document leaves out a step of its route")
        if _is_agreed_by_treasury(action, transaction.arguments[2]) and BY_TREASURY not in asked | kinds:
            raise VerificationError("a certificate of kind b is submitted without the treasury")

    def _signed(
        self,
        transaction: Transaction,
        state: "State",
        before: Approval | None,
        after: Approval,
        height: int,
    ) -> None:
        assert before is not None, "only a submission makes an approval"
        signer = self._check_turn(transaction, state, before)
        if after.given != (*before.given, (transaction.institution, signer, height)):
            raise VerificationError("an approval is recorded otherwise than it was given")
        is_last = len(after.given) == len(after.steps)
        if after.status != (CARRIED_OUT if is_last else OPEN):
            raise VerificationError("a document was carried out before its last approval, or not with it")

    def _ended(
        self,
        transaction: Transaction,
        state: "State",
        before: Approval | None,
        after: Approval,
        height: int,
    ) -> None:
        assert before is not None, "only a submission makes an approval"
        is_withdrawn = transaction.action == WITHDRAW
        if after.given != before.given or after.status != (WITHDRAWN if is_withdrawn else REJECTED):
            raise VerificationError("a document that ended without its approvals is recorded otherwise")
        if is_withdrawn and transaction.institution != before.institution:
            raise VerificationError("a document was withdrawn by an institution that did not submit it")
        if not is_withdrawn:
            self._check_turn(transaction, state, before)

    def _check_turn(self, transaction: Transaction, state: "State", before: Approval) -> bytes:
        """The one signer, whose turn it is and who neither made the document nor approved it before."""
        ((signer, _),) = transaction.signatures
        kind, institution, role, _ = before.steps[len(before.given)]
        if (
            transaction.institution != institution
            and state.institutions[transaction.institution].kind != kind
        ):
            raise VerificationError(f"it is not the turn of {transaction.institution} to approve")
        if signer in before.makers or any(given[1] == signer for given in before.given):
            raise VerificationError("an approver made the document or approved it before")
        if not state.signers[signer].roles & role:
            first, last = self._deputies.get(encode((transaction.institution, role, signer)), (1, 0))
            if self._day is None or not first <= self._day <= last:
                raise VerificationError("an approver has neither the role nor a deputyship for it")
        return signer


def _is_agreed_by_treasury(action: str, arguments: Value) -> bool:
    is_known = action == SUSPENDING and type(arguments) is tuple and len(arguments) > 5
    return is_known and arguments[5] != "a"


def is_never_routed(action: str) -> bool:
    """Whether no approval ever comes before a document of the action."""
    return action.split(".", 1)[0] in NEVER_ROUTED or action in DIRECT


def carried(transaction: Transaction) -> tuple[str, int]:
    """Action and version of the document that a submission carries."""
    _SUBMITTED(transaction.arguments, "arguments")
    action, version, _ = transaction.arguments
    return action, version


def _key(transaction: Transaction) -> bytes:
    """The key of the approval that a document about approvals names."""
    arguments = transaction.arguments
    if type(arguments) is not tuple or not arguments or type(arguments[0]) is not int:
        raise VerificationError("the document names no approval")
    return encode((arguments[0],))


def _read(data: bytes, shape: Shape, path: str) -> Value:
    value = decode(data)
    shape(value, path)
    return value


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
