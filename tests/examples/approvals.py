"""Routes, approvals, deputies; versions in force and paused modules."""

from __future__ import annotations

from typing import Any

from contracts.approvals import OPEN_MAXIMUM, ROUTES_OF_ACTION_MAXIMUM
from contracts.calendar import day_number
from contracts.governance import OPEN_OF_MEMBER_MAXIMUM
from contracts.records import (
    RULES_KEY,
    ApprovalCount,
    Collection,
    Role,
    Route,
    Rules,
    route_key,
)
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger, a_ledger, decide
from tests.support.route import a_step, approve, set_route, submitted
from tests.support.year import GU

SUSPEND = (("gu", "01.kz", None, None, None, None, None, GU, None), 1, "приказ 7")
DAY = day_number(2026, 1, 5)
HEAD = int(Role.HEAD)
OPEN_DAY = "treasury.open_day"


def a_routed(*steps: Any) -> Ledger:
    """Suspensions by the treasury need the approval of the head of the Ministry of Finance."""
    ledger = a_ledger()
    set_route(ledger, "treasury.suspend", *(steps or (a_step("mof"),)))
    return ledger


def on_its_way(*steps: Any) -> tuple[Ledger, int]:
    ledger = a_routed(*steps)
    return ledger, submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)


def signed(
    ledger: Ledger, institution: str, number: int, role: Role = Role.HEAD, verb: str = "sign", *more: Any
) -> Attempt:
    return attempt(ledger, institution, f"approval.{verb}", number, *more, signers=[(institution, role)])


def submission(ledger: Ledger, institution: str, action: str, arguments: Any) -> Attempt:
    return attempt(
        ledger, institution, "approval.submit", action, 1, arguments, signers=[(institution, Role.HEAD)]
    )


@example("APPROVAL-ROUTE")
def directly() -> Attempt:
    """The treasury sends a suspension that the Ministry of Finance must approve first."""
    return attempt(a_routed(), "treasury", "treasury.suspend", *SUSPEND)


@example("APPROVAL-NONE")
def without_route() -> Attempt:
    """A suspension is submitted for approval though nobody set a route for it."""
    return submission(a_ledger(), "treasury", "treasury.suspend", SUSPEND)


@example("APPROVAL-ACTION")
def a_vote_for_approval() -> Attempt:
    """A vote in a ballot is submitted for approval."""
    return submission(a_ledger(), "mof", "ballot.vote", (1, True))


@example("APPROVAL-UNKNOWN")
def no_such_approval() -> Attempt:
    """The number of the approval is one that was never given."""
    return signed(a_ledger(), "mof", 7)


@example("APPROVAL-CLOSED")
def approved_twice() -> Attempt:
    """The document was carried out with its last approval, and is approved again."""
    ledger, number = on_its_way()
    approve(ledger, number, "mof")
    return signed(ledger, "mof", number)


@example("APPROVAL-NEXT")
def out_of_turn() -> Attempt:
    """The second institution of the route approves before the first."""
    ledger, number = on_its_way(a_step("mof"), a_step("moh"))
    return signed(ledger, "moh", number)


@example("APPROVAL-ROLE")
def of_another_role() -> Attempt:
    """The route asks for the head of the ministry, and its accountant approves."""
    ledger, number = on_its_way()
    return signed(ledger, "mof", number, Role.ACCOUNTANT)


@example("APPROVAL-MAKER")
def his_own_document() -> Attempt:
    """The head of the treasury made the document and is the next of its route."""
    ledger, number = on_its_way(a_step("treasury"))
    return signed(ledger, "treasury", number)


@example("APPROVAL-TWICE")
def one_person_two_steps() -> Attempt:
    """The head of the ministry approved the first step and approves the second too, as a deputy."""
    ledger, number = on_its_way(a_step("mof"), a_step("mof", Role.ACCOUNTANT))
    approve(ledger, number, "mof")
    return signed(ledger, "mof", number)


@example("APPROVAL-FOREIGN")
def somebody_else_s() -> Attempt:
    """The Ministry of Finance withdraws a document that the treasury submitted."""
    ledger, number = on_its_way()
    return signed(ledger, "mof", number, Role.HEAD, "withdraw", "не нужен")


@example("APPROVAL-LIMIT")
def too_many_on_their_way() -> Attempt:
    """The treasury has as many documents on their way as one institution may have."""
    ledger = a_routed()
    ledger.state.commit({(Collection.APPROVAL_COUNTS, b"treasury"): ApprovalCount(OPEN_MAXIMUM).encode()})
    return submission(ledger, "treasury", "treasury.suspend", SUSPEND)


def route(ledger: Ledger, action: str, institution: str | None, *steps: Any) -> Attempt:
    return attempt(ledger, "mof", "route.set", action, institution, steps, "приказ 1")


@example("ROUTE-ACTION")
def a_route_of_votes() -> Attempt:
    """A route is set for votes in ballots."""
    return route(a_ledger(), "ballot.vote", None, a_step("mof"))


@example("ROUTE-STEP")
def a_step_of_nobody() -> Attempt:
    """A step of the route names an institution that does not exist."""
    return route(a_ledger(), "plan.approve", None, a_step("nobody"))


@example("ROUTE-OWNER")
def a_route_of_the_wrong_one() -> Attempt:
    """A route of plans is set for the audit chamber, which approves no plans."""
    return route(a_ledger(), "plan.approve", "vap", a_step("mof"))


@example("ROUTE-NONE")
def no_route_to_take_away() -> Attempt:
    """A route without steps takes away the one before it, and there is none."""
    return route(a_ledger(), "plan.approve", None)


@example("ROUTE-LIMIT")
def too_many_routes() -> Attempt:
    """As many institutions have a route of their own as can be."""
    ledger = a_ledger()
    full = Route((), ROUTES_OF_ACTION_MAXIMUM, "", 1).encode()
    ledger.state.commit({(Collection.ROUTES, route_key("plan.approve", None)): full})
    return route(ledger, "plan.approve", "mot", a_step("mof"))


def deputy(ledger: Ledger, role: int, whose: Role, first: int, last: int) -> Attempt:
    signer = ledger.signer("mof", whose)
    return attempt(ledger, "mof", "deputy.appoint", role, signer, first, last, "приказ 3")


@example("DEPUTY-ROLE")
def a_deputy_for_himself() -> Attempt:
    """The head is appointed to stand in for the head."""
    return deputy(a_ledger(), HEAD, Role.HEAD, DAY, DAY + 9)


@example("DEPUTY-DATES")
def a_deputyship_that_is_over() -> Attempt:
    """The last day of the deputyship lies before the open day."""
    return deputy(a_ledger(), HEAD, Role.ACCOUNTANT, DAY - 9, DAY - 1)


@example("DEPUTY-NONE")
def no_deputy_to_revoke() -> Attempt:
    """The accountant's deputyship is ended, and he was no deputy."""
    ledger = a_ledger()
    return attempt(ledger, "mof", "deputy.revoke", HEAD, ledger.signer("mof", Role.ACCOUNTANT))


# --- rules in force


def proposal(ledger: Ledger, effect: str, *arguments: Any) -> Attempt:
    return attempt(ledger, "mof", "ballot.propose", effect, arguments, "")


@example("RULES-VERSION")
def a_version_that_has_gone() -> Attempt:
    """The members put version 2 of an action in force, and a document of version 1 comes."""
    ledger = a_ledger()
    rules = Rules(((OPEN_DAY, 2, 1),), ()).encode()
    ledger.state.commit({(Collection.RULES, RULES_KEY): rules})
    return attempt(ledger, "treasury", OPEN_DAY, DAY + 1)


@example("RULES-PAUSED")
def a_paused_module() -> Attempt:
    """The members paused the module of the treasury, and it opens a day."""
    ledger = a_ledger()
    decide(ledger, "module.pause", ("treasury",))
    return attempt(ledger, "treasury", OPEN_DAY, DAY + 1)


@example("RULES-UNKNOWN")
def a_version_nobody_knows() -> Attempt:
    """A ballot would put a version in force that no program has."""
    return proposal(a_ledger(), "rules.activate", OPEN_DAY, 7, 500)


@example("RULES-HEIGHT")
def too_soon() -> Attempt:
    """A version would come into force before every node can know of it."""
    return proposal(a_ledger(), "rules.activate", OPEN_DAY, 1, 2)


@example("RULES-PENDING")
def in_force_already() -> Attempt:
    """A ballot would put the version in force that is in force."""
    return proposal(a_ledger(), "rules.activate", OPEN_DAY, 1, 500)


@example("MODULE-UNKNOWN")
def ballots_paused() -> Attempt:
    """A ballot would pause ballots."""
    return proposal(a_ledger(), "module.pause", "ballot")


@example("MODULE-PAUSED")
def paused_again() -> Attempt:
    """The module of plans is paused, and a ballot would pause it."""
    ledger = a_ledger()
    decide(ledger, "module.pause", ("plan",))
    return proposal(ledger, "module.pause", "plan")


@example("MODULE-RUNNING")
def resumed_without_pause() -> Attempt:
    """A ballot would resume a module that nobody paused."""
    return proposal(a_ledger(), "module.resume", "plan")


@example("BALLOT-MEMBER-LIMIT")
def too_many_ballots_of_one() -> Attempt:
    """One member has as many ballots open as one may have, and proposes another."""
    ledger = a_ledger()
    for _ in range(OPEN_OF_MEMBER_MAXIMUM):
        ledger.do("mof", "ballot.propose", "params.set", ((("retention-percent", 90),),), "")
    return proposal(ledger, "params.set", (("retention-percent", 90),))
