"""Builders of approvals: the chain МФ – КГИП – ДГИП – филиал, routes, and approvals by one person each.

КГИП is the committee of state property and privatisation, ДГИП its department in a region, филиал the branch
whose documents start the chain.
"""

from __future__ import annotations

from collections.abc import Sequence

from chain.block import Outcome
from chain.codec import Value
from chain.genesis import Genesis, GenesisInstitution
from chain.types import InstitutionId
from contracts.actions import REGISTER
from contracts.executor import Execution, Refusal
from contracts.genesis import genesis_changes
from contracts.records import ApprovalRecord, Collection, Role, approval_key
from tests.support.budget import DIRECTORIES, INSTITUTIONS, Ledger, MemoryReader, a_genesis
from tests.support.year import a_law, a_limit, a_plan, a_programme, limits, plan_document

KGIP, DGIP, BRANCH = "kgip", "gu-2170101", "gu-2170102"

CHAIN: tuple[GenesisInstitution, ...] = (
    GenesisInstitution(InstitutionId(KGIP), "abp", "217", None, "ММЖК", "КГИП", None),
    GenesisInstitution(InstitutionId(DGIP), "gu", "2170101", InstitutionId(KGIP), "ММЖД", "ДГИП", None),
    GenesisInstitution(
        InstitutionId(BRANCH), "gu", "2170102", InstitutionId(KGIP), "бөлімше", "филиал", None
    ),
)

Step = tuple[str | None, str | None, int, int]


def a_step(who: str, role: Role = Role.HEAD, from_amount: int = 0) -> Step:
    """A step of an institution."""
    return (None, who, int(role), from_amount)


def a_step_of_kind(kind: str, role: Role = Role.HEAD, from_amount: int = 0) -> Step:
    return (kind, None, int(role), from_amount)


def a_chain_genesis() -> Genesis:
    """The usual institutions and the chain."""
    return a_genesis((*INSTITUTIONS, *CHAIN))


def a_chain() -> Ledger:
    """A ledger whose institutions have the chain besides the usual ones; nothing published, no day open."""
    genesis = a_chain_genesis()
    return Ledger(genesis.chain_id, MemoryReader(genesis_changes(genesis)))


def a_chain_year(ledger: Ledger | None = None) -> Ledger:
    """The chain in a budget year: programme 217/001 of the committee, of which the branch has 1,000 units of
    specific 159; limits of the next year."""
    ledger = ledger or a_chain()
    for directory, codes in DIRECTORIES:
        extra = {"administrators": ("217",), "functional": ("217/001", "217/001/100")}.get(directory, ())
        ledger.publish(directory, *codes, *extra)
    ledger.open_day(2026, 1, 5)
    ledger.do("mof", "budget.adopt", *a_law(a_programme("001", 1_000, administrator="217")))
    ledger.do(KGIP, "plan.approve", *plan_document(a_plan(1_000, BRANCH), programme="001"))
    ledger.do("mof", "limit.set", *limits(a_limit("217")))
    return ledger


def set_route(ledger: Ledger, action: str, *steps: Step, institution: str | None = None) -> None:
    ledger.do("mof", "route.set", action, institution, steps, "приказ 1")


def submit(
    ledger: Ledger,
    institution: str,
    action: str,
    *arguments: Value,
    signers: Sequence[tuple[str, Role]] | None = None,
) -> Execution | Refusal:
    """A document sent for approval by the people whom the action asks for."""
    if signers is None:
        signers = [(institution, Role(role)) for role in REGISTER[(action, 1)].roles]
    return ledger.run(
        ledger.document(institution, "approval.submit", action, 1, tuple(arguments), signers=signers)
    )


def submitted(ledger: Ledger, institution: str, action: str, *arguments: Value) -> int:
    """The number of a document that must be taken for approval."""
    found = submit(ledger, institution, action, *arguments)
    assert isinstance(found, Execution), f"{action}: {found.reason.code} {found}"
    event = Outcome.decode(found.outcomes[0]).events[0]
    assert event[0] == "approval.submitted"
    assert isinstance(event[1], int)
    return event[1]


def decide(
    ledger: Ledger, verb: str, institution: str, *arguments: Value, role: Role = Role.HEAD
) -> Execution | Refusal:
    """approval.sign, .reject or .withdraw by one person of the institution."""
    return ledger.run(
        ledger.document(institution, f"approval.{verb}", *arguments, signers=[(institution, role)])
    )


def approve(ledger: Ledger, number: int, *institutions: str) -> None:
    """The heads of these institutions approve, in their order."""
    for institution in institutions:
        found = decide(ledger, "sign", institution, number)
        assert isinstance(found, Execution), f"{institution}: {found.reason.code} {found}"


def approval(ledger: Ledger, number: int) -> ApprovalRecord:
    found = ApprovalRecord.find(ledger.state, Collection.APPROVALS, approval_key(number))
    assert found is not None
    return found


def reason_of(found: Execution | Refusal) -> object:
    assert isinstance(found, Refusal), "was not refused"
    return found.reason
