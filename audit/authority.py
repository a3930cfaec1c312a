"""Who may sign what: the authority behind every transaction, from the state at that point.

The table of actions is docs/formats.md, "Actions and their signers": for each action the
kinds of institution it is open to and the roles it asks for, one distinct person a role.
"""

from typing import NamedTuple

from audit.approvals import SUBMIT, carried, is_never_routed
from audit.blocks import Job, Transaction
from audit.failure import VerificationError
from audit.fold import State
from audit.merkle import signed_bytes
from audit.rights import possession_jobs

PREPARER, ACCOUNTANT, HEAD, MODERATOR, OPERATOR = 1, 2, 4, 8, 16
ANYBODY = PREPARER + ACCOUNTANT + HEAD + MODERATOR + OPERATOR
EVERY_KIND = frozenset({"finance", "treasury", "abp", "gu", "government", "parliament", "audit"})
PLAIN_BYTES = 64 << 10
BATCH_BYTES = 1 << 20


class Action(NamedTuple):
    """Who may call an action, and the roles that must sign it."""

    kinds: frozenset[str]
    is_batch: bool
    roles: tuple[int, ...]


def _row(kinds: str, is_batch: bool, *roles: int) -> Action:
    """An action of these kinds of institution; no kind named is every kind."""
    return Action(frozenset(kinds.split()) if kinds else EVERY_KIND, is_batch, roles)


ACTIONS: dict[tuple[str, int], Action] = {
    ("act.commission", 1): _row("gu", False, HEAD, ACCOUNTANT),
    ("act.correct", 1): _row("gu", False, HEAD, ACCOUNTANT),
    ("act.sign", 1): _row("gu", True, HEAD, ACCOUNTANT),
    ("agreement.amend", 1): _row("gu", False, HEAD, ACCOUNTANT),
    ("agreement.penalty", 1): _row("gu", False, HEAD, ACCOUNTANT),
    ("agreement.register", 1): _row("gu", True, HEAD, ACCOUNTANT),
    ("agreement.reregister", 1): _row("gu", True, HEAD, ACCOUNTANT),
    ("agreement.terminate", 1): _row("gu", False, HEAD, ACCOUNTANT),
    ("approval.reject", 1): _row("", False, ANYBODY),
    ("approval.sign", 1): _row("", False, ANYBODY),
    ("approval.submit", 1): _row("", True, ANYBODY),
    ("approval.withdraw", 1): _row("", False, HEAD),
    ("ballot.propose", 1): _row("", False, HEAD),
    ("ballot.vote", 1): _row("", False, HEAD),
    ("budget.adjust", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("budget.adopt", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("budget.quarter", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("budget.refine", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("carry-over.list", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("deputy.appoint", 1): _row("", False, HEAD),
    ("deputy.revoke", 1): _row("", False, HEAD),
    ("directory.publish", 1): _row("finance", True, MODERATOR, HEAD),
    ("limit.set", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("obligation.correct", 1): _row("gu", False, HEAD, ACCOUNTANT),
    ("obligation.accept", 1): _row("gu", True, HEAD, ACCOUNTANT),
    ("payment.execute", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("payment.refuse", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("payment.request", 1): _row("gu", True, HEAD, ACCOUNTANT),
    ("payment.restore", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("plan.amend", 1): _row("abp", True, HEAD, ACCOUNTANT),
    ("plan.approve", 1): _row("abp", True, HEAD, ACCOUNTANT),
    ("plan.recode", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("receipts.plan", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("receipts.post", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("route.set", 1): _row("finance", False, MODERATOR, HEAD),
    ("request.align", 1): _row("abp", True, HEAD, ACCOUNTANT),
    ("request.consolidate", 1): _row("abp", True, HEAD, ACCOUNTANT),
    ("request.decide", 1): _row("finance government parliament", True, HEAD, ACCOUNTANT),
    ("request.form", 1): _row("gu", True, HEAD, ACCOUNTANT),
    ("request.return", 1): _row("finance abp government parliament", False, HEAD),
    ("sequester.apply", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("sequester.cancel", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("sequester.decide", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("signer.add", 1): _row("", False, HEAD),
    ("signer.revoke", 1): _row("", False, HEAD),
    ("signer.rotate", 1): _row("", False, HEAD),
    ("treasury.block", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("treasury.open_day", 1): _row("treasury", False, HEAD),
    ("treasury.resume", 1): _row("treasury", False, HEAD),
    ("treasury.suspend", 1): _row("treasury", False, HEAD),
    ("treasury.unblock", 1): _row("treasury", True, HEAD, ACCOUNTANT),
    ("rating.compute", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("unaccepted.object", 1): _row("abp", False, HEAD),
    ("unaccepted.warn", 1): _row("finance", True, HEAD, ACCOUNTANT),
    ("year.close", 1): _row("treasury", False, HEAD, ACCOUNTANT),
}
"""Every action of version 1. A submission for approval is signed as the document that it carries."""


def check_authority(
    state: State, transaction: Transaction, size_bytes: int, time_ms: int, index: int
) -> list[Job]:
    """The signatures to verify, after everything else about them has been found in order.

    Raises VerificationError when the transaction is not in force at the block's time, its client id
    was used, its institution may not act so, or its signers are not exactly those asked for.
    `size_bytes` is that of body and auth together, `index` the transaction's place in the block.
    """
    if not time_ms <= transaction.valid_until_ms <= time_ms + state.params["replay-window-ms"]:
        raise VerificationError("the transaction is not in force at the block's time")
    if state.is_id_used(transaction):
        raise VerificationError("the institution has used this client id before")
    actor = state.institutions.get(transaction.institution)
    if actor is None or actor.closed is not None:
        raise VerificationError(f"the institution {transaction.institution} is unknown or closed")
    action = _action(state, transaction.action, transaction.version)
    if actor.kind not in action.kinds:
        raise VerificationError(f"an institution of kind {actor.kind} may not do this")
    asked = action.roles
    if transaction.action == SUBMIT:
        document = _action(state, *carried(transaction))
        if is_never_routed(carried(transaction)[0]):
            raise VerificationError("this action comes directly, never by an approval")
        if actor.kind not in document.kinds:
            raise VerificationError(f"an institution of kind {actor.kind} may not submit this")
        asked = document.roles
    else:
        state.approvals.check_direct(transaction.action, transaction.institution, transaction.arguments)
    if size_bytes > BATCH_BYTES:
        raise VerificationError(f"body and signatures have {size_bytes} bytes together")
    if size_bytes > PLAIN_BYTES and not action.is_batch:
        raise VerificationError(f"a document of {size_bytes} bytes, and the action takes no rows")
    if len(transaction.signatures) > state.params["transaction-signatures"]:
        raise VerificationError("there are more signatures than the parameters allow")
    message = signed_bytes("tx-auth", state.chain_id, transaction.id)
    jobs, roles = [], []
    for identity, signature in transaction.signatures:
        signer = state.signers.get(identity)
        label = f"signer {identity.hex()}"
        if signer is None:
            raise VerificationError(f"{label} is not registered")
        if signer.institution != transaction.institution:
            raise VerificationError(f"{label} belongs to {signer.institution}, not {transaction.institution}")
        if signer.revoked is not None:
            raise VerificationError(f"{label} was revoked at height {signer.revoked}")
        roles.append(signer.roles)
        jobs.append(Job(signer.public_key, message, signature, f"{label} under transaction {index}"))
    if len(roles) != len(asked) or not _covers(roles, asked):
        raise VerificationError("the signers are not one person for each role that the action asks for")
    return jobs + possession_jobs(transaction, state.chain_id, index)


def _action(state: State, name: str, version: int) -> Action:
    """A known action that is in force."""
    found = ACTIONS.get((name, version))
    if found is None:
        raise VerificationError(f"version {version} of this action is not known")
    state.approvals.check_rules(name, version, state.height)
    return found


def _covers(held: list[int], needed: tuple[int, ...]) -> bool:
    """Whether every needed role can be given to another person."""
    if not needed:
        return True
    return any(
        held[at] & needed[0] and _covers(held[:at] + held[at + 1 :], needed[1:]) for at in range(len(held))
    )


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
