"""Signers, ballots, routes and approvals."""

from __future__ import annotations

from hashlib import sha256

from chain.keys import ED25519, SigningKey, possession_bytes
from chain.types import InstitutionId
from contracts.actions import REGISTER
from contracts.records import (
    ApprovalDocument,
    ApprovalRecord,
    ApprovalStatus,
    Ballot,
    BallotStatus,
    Collection,
    Deputy,
    Role,
    approval_key,
    institution_of,
)
from tests.machine.papers import paper
from tests.machine.papers.budget import an_amendment
from tests.machine.world import Document, World
from tests.support.budget import INSTITUTIONS, MEMBERS, PEOPLE

NAMES = tuple(str(item.id) for item in INSTITUTIONS)


def a_key(world: World) -> SigningKey:
    return SigningKey.from_seed(sha256(f"machine/{world.documents}/{world.height}".encode()).digest())


@paper("signer.add")
def add(world: World) -> Document:
    institution, key = world.chance.pick(NAMES), a_key(world)
    message = possession_bytes(world.chain_id, InstitutionId(institution), ED25519, key.public_key)
    roles = world.chance.between(1, 31)
    return Document(institution, "signer.add", (1, key.public_key, roles, key.sign(message)))


def an_added_signer(world: World) -> tuple[str, bytes] | None:
    """Somebody who came after genesis, so that the people of genesis stay to sign."""
    from chain.keys import signer_id

    institution = world.chance.pick(NAMES)
    record = institution_of(world.state, institution)
    assert record is not None
    if record.signers <= len(PEOPLE):
        return None
    serial = world.chance.between(len(PEOPLE) + 1, record.signers)
    return institution, signer_id(world.chain_id, InstitutionId(institution), serial)


@paper("signer.rotate")
def rotate(world: World) -> Document | None:
    found = an_added_signer(world)
    if found is None:
        return None
    institution, signer = found
    key = a_key(world)
    message = possession_bytes(world.chain_id, InstitutionId(institution), ED25519, key.public_key)
    return Document(institution, "signer.rotate", (signer, 1, key.public_key, key.sign(message)))


@paper("signer.revoke")
def revoke(world: World) -> Document | None:
    found = an_added_signer(world)
    return None if found is None else Document(found[0], "signer.revoke", (found[1],))


@paper("ballot.propose")
def propose(world: World) -> Document:
    chance = world.chance
    effect, arguments = chance.pick((
        ("params.set", ((("retention-percent", chance.between(90, 99)),),)),
        ("params.set", ((("sequester-exact-ten", chance.between(0, 2)),),)),
        ("params.set", ((("payment-request-days", chance.between(5, 30)),),)),
        ("module.pause", ("unaccepted",)),
        ("module.resume", ("unaccepted",)),
        ("validator.remove", ("mot",)),
    ))  # fmt: skip
    return Document(chance.pick(MEMBERS), "ballot.propose", (effect, arguments, ""))


@paper("ballot.vote")
def vote(world: World) -> Document | None:
    found = world.any_of(Collection.BALLOTS, Ballot, lambda _, one: one.status == BallotStatus.OPEN)
    if found is None:
        return None
    voted = {name for name, _, _ in found[1].votes}
    left = [name for name in MEMBERS if name not in voted] or list(MEMBERS)
    return Document(world.chance.pick(left), "ballot.vote", (found[0][0], not world.chance.one_in(4)))


ROUTED = ("act.commission", "receipts.plan", "carry-over.list")
"""Actions that a route is now and then set for: rare ones, so that the year goes on."""


@paper("route.set")
def set_route(world: World) -> Document:
    chance = world.chance
    steps = ((None, "treasury", int(Role.HEAD), 0), (None, "mof", int(Role.HEAD), 100))
    taken = steps[: chance.between(0, 2)] if chance.one_in(3) else ()
    institution = chance.pick((None, "gu-2280101")) if taken else None
    return Document("mof", "route.set", (chance.pick(ROUTED), institution, taken, "приказ 1"))


@paper("deputy.appoint")
def appoint(world: World) -> Document:
    chance = world.chance
    institution = chance.pick(NAMES)
    signer = world.signer(institution, chance.pick(PEOPLE))
    document = (int(Role.HEAD), signer, world.day, world.day + chance.between(0, 60), "приказ 2")
    return Document(institution, "deputy.appoint", document)


@paper("deputy.revoke")
def end_deputy(world: World) -> Document | None:
    found = world.any_of(Collection.DEPUTIES, Deputy, lambda key, _: len(key) == 3)
    return None if found is None else Document(found[0][0], "deputy.revoke", (found[0][1], found[0][2]))


@paper("approval.submit")
def submit(world: World) -> Document | None:
    """Certificates of kind b need the treasury; routed documents their route."""
    from tests.machine.papers import papers

    if world.chance.one_in(2):
        found = an_amendment(world, "b")
        if found is None:
            return None
        institution, action, arguments = found[0], "plan.amend", found[1]
    else:
        document = papers()[world.chance.pick(ROUTED)](world)
        if document is None:
            return None
        institution, action, arguments = document.institution, document.action, document.arguments
    roles = REGISTER[(action, 1)].roles
    signers = tuple((institution, Role(role)) for role in roles)
    return Document(institution, "approval.submit", (action, 1, arguments), signers)


def an_approval(world: World) -> tuple[int, ApprovalRecord] | None:
    found = world.any_of(
        Collection.APPROVALS, ApprovalRecord, lambda key, one: one.status == ApprovalStatus.OPEN
    )
    return None if found is None else (found[0][0], found[1])


def _approver(world: World, record: ApprovalRecord) -> tuple[str, tuple[tuple[str, Role], ...]]:
    kind, institution, role, _ = record.steps[len(record.given)]
    named = institution or {"treasury": "treasury", "finance": "mof", "abp": "mot"}.get(kind or "", "mof")
    return named, ((named, Role(role & -role)),)


@paper("approval.sign")
def approve(world: World) -> Document | None:
    found = an_approval(world)
    if found is None:
        return None
    institution, signers = _approver(world, found[1])
    return Document(institution, "approval.sign", (found[0],), signers)


@paper("approval.reject")
def reject(world: World) -> Document | None:
    found = an_approval(world)
    if found is None:
        return None
    institution, signers = _approver(world, found[1])
    return Document(institution, "approval.reject", (found[0], "нет оснований"), signers)


@paper("approval.withdraw")
def withdraw(world: World) -> Document | None:
    found = an_approval(world)
    return (
        None if found is None else Document(found[1].institution, "approval.withdraw", (found[0], "ошибка"))
    )


__all__ = ["ApprovalDocument", "approval_key"]
