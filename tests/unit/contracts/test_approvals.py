"""Approvals: routes, their steps in order, deputies, and the document carried out by the last approval."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chain.block import Outcome
from chain.codec import UINT_MAXIMUM, Anything, encode
from contracts import invariants, reasons
from contracts.actions import NO_APPROVAL, REGISTER, Approval, Call, Step
from contracts.approvals import (
    DEPUTY_DAYS_MAXIMUM,
    OPEN_MAXIMUM,
    ROUTES_OF_ACTION_MAXIMUM,
    SUBMIT_SHAPE,
    amount_of,
    steps_for,
)
from contracts.calendar import day_number
from contracts.executor import Execution, Refusal, apply_transaction
from contracts.records import (
    Agreement,
    ApprovalCount,
    ApprovalStatus,
    Awaited,
    Collection,
    Deputy,
    Rating,
    Role,
    Route,
    Stage,
    agreement_key,
    approval_key,
    awaited_key,
    balance_of,
    deputy_key,
    institution_of,
    programme_scope,
    rating_key,
    route_key,
    trusted,
)
from contracts.state import Overlay
from tests.support import budget
from tests.support.budget import Ledger, a_ledger, a_line
from tests.support.route import (
    BRANCH,
    DGIP,
    KGIP,
    a_chain_year,
    a_step,
    a_step_of_kind,
    approval,
    approve,
    decide,
    reason_of,
    set_route,
    submit,
    submitted,
)
from tests.support.year import (
    GU,
    OTHER_GU,
    YEAR,
    U,
    a_budget_request,
    a_plan,
    a_year,
    an_agreement,
    an_item,
    an_obligation,
    plan_document,
    registration,
)

SCOPE = ("gu", "01.kz", None, None, None, None, None, GU, None)
SUSPEND = (SCOPE, 1, "приказ 7")
"""A small document of the treasury: suspend an institution."""

DAY = day_number(2026, 1, 5)


def awaited(ledger: Ledger) -> list[tuple[object, ...]]:
    """(kind, institution, number) of every document on its way."""
    return [trusted(key) for key, _ in ledger.state.scan(Collection.AWAITED, b"", 99)]


def a_routed(*steps: tuple[str | None, str | None, int, int]) -> Ledger:
    """A ledger on which suspensions by the treasury need these steps, the ministry's head by default."""
    ledger = a_ledger()
    set_route(ledger, "treasury.suspend", *(steps or (a_step("mof"),)))
    return ledger


def is_suspended(ledger: Ledger) -> bool:
    return ledger.state.get(Collection.SUSPENSIONS, encode(SCOPE)) is not None


def events_of(found: Execution | Refusal) -> tuple[tuple[object, ...], ...]:
    assert isinstance(found, Execution)
    return tuple(Outcome.decode(found.outcomes[0]).events)


# --- the chain of the concept


def test_branch_department_committee_and_ministry_in_this_order() -> None:
    """МФ – КГИП – ДГИП – филиал: the branch submits, each level approves, the last approval registers."""
    ledger = a_chain_year()
    set_route(ledger, "agreement.register", a_step(DGIP), a_step(KGIP), a_step("mof"), institution=BRANCH)
    arguments = registration(an_agreement("Д-1", an_obligation("o-1", 300), programme="001"))
    direct = ledger.refused(BRANCH, "agreement.register", *arguments)
    assert direct.reason is reasons.APPROVAL_ROUTE
    assert dict(direct.facts)["next"] == f"{DGIP}, head"
    number = submitted(ledger, BRANCH, "agreement.register", *arguments)
    assert awaited(ledger) == [(None, DGIP, number)]
    assert reason_of(decide(ledger, "sign", KGIP, number)) is reasons.APPROVAL_NEXT
    approve(ledger, number, DGIP, KGIP)
    assert awaited(ledger) == [(None, "mof", number)]
    key = agreement_key(BRANCH, "Д-1")
    assert ledger.state.get(Collection.AGREEMENTS, key) is None
    approve(ledger, number, "mof")
    assert Agreement.find(ledger.state, Collection.AGREEMENTS, key) is not None
    record = approval(ledger, number)
    assert record.status == ApprovalStatus.CARRIED_OUT
    assert [institution for institution, _, _ in record.given] == [DGIP, KGIP, "mof"]
    assert awaited(ledger) == []
    assert ledger.state.get(Collection.APPROVAL_DOCUMENTS, approval_key(number)) is None
    assert invariants.recount(ledger.state) == ()


def test_a_budget_request_goes_the_chain_and_a_rejected_one_is_formed_again() -> None:
    """The department rejects the first request; the second goes up, and money is asked for."""
    ledger = a_chain_year()
    set_route(ledger, "request.form", a_step(DGIP), a_step(KGIP), a_step("mof"), institution=BRANCH)
    large, small = (a_budget_request(an_item(f"e-{units}", units), programme="001") for units in (900, 400))
    first = submitted(ledger, BRANCH, "request.form", *large)
    decide(ledger, "reject", DGIP, first, "нет расчёта")
    second = submitted(ledger, BRANCH, "request.form", *small)
    approve(ledger, second, DGIP, KGIP, "mof")
    assert [approval(ledger, number).amount for number in (first, second)] == [900 * U, 400 * U]
    balance = balance_of(ledger.state, programme_scope(a_line("217", "001", year=2027)))
    assert balance.amounts[Stage.REQUESTED] == 400 * U
    assert invariants.recount(ledger.state) == ()


def test_the_last_approval_tells_both_documents() -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    names = [event[0] for event in events_of(decide(ledger, "sign", "mof", number))]
    assert names == ["approval.signed", "approval.closed", "treasury.suspended"]
    assert is_suspended(ledger)


def test_the_day_since_which_a_step_is_awaited() -> None:
    ledger = a_routed(a_step("mof"), a_step("moh"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    ledger.open_day(2026, 1, 8)
    approve(ledger, number, "mof")
    found = Awaited.find(ledger.state, Collection.AWAITED, awaited_key(None, "moh", number))
    assert found == Awaited(int(Role.HEAD), "treasury", "treasury.suspend", day_number(2026, 1, 8))


# --- what needs an approval


def test_a_document_without_route_comes_directly_and_is_not_submitted() -> None:
    ledger = a_ledger()
    assert reason_of(submit(ledger, "treasury", "treasury.suspend", *SUSPEND)) is reasons.APPROVAL_NONE
    ledger.do("treasury", "treasury.suspend", *SUSPEND)
    assert is_suspended(ledger)


def test_a_threshold_asks_for_a_step_from_its_amount_on() -> None:
    ledger = budget_year()
    set_route(ledger, "agreement.register", a_step("mof", from_amount=500 * U))
    small = registration(
        an_agreement("Д-1", an_obligation("o-1", 300), an_obligation("o-2", 199, specific="149"))
    )
    large = registration(
        an_agreement("Д-2", an_obligation("o-3", 301), an_obligation("o-4", 199, specific="149"))
    )
    assert ledger.refused(GU, "agreement.register", *large).reason is reasons.APPROVAL_ROUTE
    ledger.do(GU, "agreement.register", *small)
    number = submitted(ledger, GU, "agreement.register", *large)
    assert approval(ledger, number).amount == 500 * U


def budget_year() -> Ledger:
    """Two positions of 1,000 units under one programme."""
    return a_year(a_plan(1_000), a_plan(1_000, specific="149"))


def test_the_amount_of_a_plan_is_its_december() -> None:
    found = REGISTER[("plan.approve", 1)]
    assert amount_of(found, plan_document(a_plan(30), a_plan(40, specific="149"))) == 70 * U


def test_an_amount_beyond_the_ledger_s_largest_number_meets_every_threshold() -> None:
    ledger = budget_year()
    set_route(ledger, "agreement.register", a_step("mof", from_amount=UINT_MAXIMUM))
    agreements = []
    for number, year in (("1", YEAR + 3), ("2", YEAR + 4)):
        row = an_obligation(f"o-{number}", 10)
        years = ((YEAR, row[4]), (year, 2**62))
        agreements.append(an_agreement(f"Д-{number}", row, total=row[4] + 2**62, years=years))
    number = submitted(ledger, GU, "agreement.register", *registration(*agreements))
    assert approval(ledger, number).amount == UINT_MAXIMUM


def test_the_route_of_an_institution_stands_before_that_of_all() -> None:
    ledger = a_ledger()
    arguments = plan_document(a_plan(10))
    set_route(ledger, "plan.approve", a_step("treasury"))
    set_route(ledger, "plan.approve", a_step("vap"), institution="mot")
    assert dict(ledger.refused("mot", "plan.approve", *arguments).facts)["next"] == "vap, head"
    assert dict(ledger.refused("moh", "plan.approve", *arguments).facts)["next"] == "treasury, head"
    set_route(ledger, "plan.approve", institution="mot")
    assert dict(ledger.refused("mot", "plan.approve", *arguments).facts)["next"] == "treasury, head"
    set_route(ledger, "plan.approve")
    assert ledger.refused("mot", "plan.approve", *arguments).reason is not reasons.APPROVAL_ROUTE
    assert ledger.state.scan(Collection.ROUTES, b"", 9) == []


def test_a_step_of_kind_administrator_is_the_institution_s_own() -> None:
    ledger = budget_year()
    set_route(ledger, "agreement.register", a_step_of_kind("abp"))
    document = registration(an_agreement("Д-1", an_obligation("o-1", 10)))
    number = submitted(ledger, GU, "agreement.register", *document)
    assert reason_of(decide(ledger, "sign", "moh", number)) is reasons.APPROVAL_NEXT
    approve(ledger, number, "mot")


def test_a_step_of_a_kind_is_met_by_any_institution_of_it() -> None:
    ledger = a_routed(a_step_of_kind("audit"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert awaited(ledger) == [("audit", None, number)]
    approve(ledger, number, "vap")
    assert is_suspended(ledger)


@pytest.mark.parametrize(
    ("effects", "score", "asked"), [(0, 39, []), (1, 39, ["finance"]), (1, 40, []), (1, None, [])]
)
def test_a_low_rating_costs_one_approval_when_the_members_have_switched_it_on(
    effects: int, score: int | None, asked: list[str]
) -> None:
    ledger = a_ledger(rating_effects=effects, rating_floor=40)
    if score is not None:
        rating = Rating(1, DAY, (), (), score).encode()
        ledger.state.commit({(Collection.RATINGS, rating_key("01.kz", 2026, 1, "228")): rating})
    actor = institution_of(ledger.state, "mot")
    assert actor is not None
    amendment = ("01.kz", 2026, "1", "003", "С-1", "a", None, ())
    moved = ("226", "067", None, "228", "003", 10_000)
    adjustment = ("01.kz", 2026, "1", "reserve", "П-1", DAY, None, None, (), (moved,))
    for name, arguments in (("plan.amend", amendment), ("budget.adjust", adjustment)):
        found = replace(REGISTER[(name, 1)], approval=NO_APPROVAL)
        assert [step.kind for step in steps_for(ledger.state, found, "mot", actor, arguments)] == asked


@pytest.fixture
def noted() -> Iterator[list[tuple[str, int, str]]]:
    """treasury.suspend with a step that the law asks for and hooks that note what they saw."""
    found = REGISTER[("treasury.suspend", 1)]
    seen: list[tuple[str, int, str]] = []
    approval_rules = Approval(
        statutory=lambda institution, arguments: (Step(None, "vap", int(Role.HEAD)),),
        begin=lambda call, number: seen.append(("begin", number, call.institution)),
        end=lambda call, number: seen.append(("end", number, call.institution)),
    )
    REGISTER[("treasury.suspend", 1)] = replace(found, approval=approval_rules)
    yield seen
    REGISTER[("treasury.suspend", 1)] = found


def test_steps_of_the_law_come_after_those_of_the_route(noted: list[tuple[str, int, str]]) -> None:
    ledger = a_ledger()
    assert ledger.refused("treasury", "treasury.suspend", *SUSPEND).reason is reasons.APPROVAL_ROUTE
    set_route(ledger, "treasury.suspend", a_step("mof"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert [step[1] for step in approval(ledger, number).steps] == ["mof", "vap"]


@pytest.mark.parametrize("way", ["sign", "reject", "withdraw"])
def test_what_a_submission_begins_ends_with_it(noted: list[tuple[str, int, str]], way: str) -> None:
    ledger = a_ledger()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    begun = ("begin", number, "treasury")
    assert noted == [begun]
    reason = () if way == "sign" else ("не нужен",)
    found = decide(ledger, way, "treasury" if way == "withdraw" else "vap", number, *reason)
    assert isinstance(found, Execution)
    assert noted == [begun, ("end", number, "treasury")]


def test_a_document_that_is_carried_out_knows_its_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    found = REGISTER[("treasury.suspend", 1)]
    seen: list[tuple[str, int | None]] = []

    def note(call: Call) -> None:
        seen.append((call.institution, call.approval))

    ledger = a_routed()
    monkeypatch.setitem(REGISTER, ("treasury.suspend", 1), replace(found, handler=note))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    approve(ledger, number, "mof")
    assert seen == [("treasury", number), ("treasury", number)]


# --- submitting


def test_a_document_is_tried_when_it_is_submitted() -> None:
    ledger = a_routed()
    wrong = ("gu", None, None, None, None, None, None, GU, None)
    found = submit(ledger, "treasury", "treasury.suspend", wrong, 1, "приказ 7")
    assert reason_of(found) is reasons.SCOPE_FIELDS


def test_a_submission_is_signed_as_the_document_would_be() -> None:
    ledger = a_routed()
    found = submit(ledger, "treasury", "treasury.suspend", *SUSPEND, signers=[("treasury", Role.OPERATOR)])
    assert reason_of(found) is reasons.WRONG_SIGNERS


@pytest.mark.parametrize(
    ("institution", "name", "version", "arguments", "reason"),
    [
        ("treasury", "treasury.no", 1, (), reasons.UNKNOWN_ACTION),
        ("treasury", "treasury.suspend", 2, (), reasons.UNKNOWN_ACTION),
        ("treasury", "treasury.suspend", 1, (1,), reasons.BAD_ARGUMENTS),
        ("treasury", "treasury.suspend", 1, (SCOPE, 1, "x" * 201), reasons.BAD_ARGUMENTS),
        ("mof", "treasury.suspend", 1, SUSPEND, reasons.WRONG_KIND),
        ("mof", "ballot.vote", 1, (1, True), reasons.APPROVAL_ACTION),
        ("mof", "approval.sign", 1, (1,), reasons.APPROVAL_ACTION),
    ],
)
def test_what_could_not_come_directly_is_not_submitted(
    institution: str, name: str, version: int, arguments: tuple, reason: object
) -> None:
    ledger = a_routed()
    signed = ledger.document(
        institution, "approval.submit", name, version, arguments, signers=[(institution, Role.HEAD)]
    )
    assert reason_of(ledger.run(signed)) is reason


def test_documents_of_one_institution_on_their_way_are_bounded() -> None:
    ledger = a_routed()
    full = ApprovalCount(OPEN_MAXIMUM).encode()
    ledger.state.commit({(Collection.APPROVAL_COUNTS, b"treasury"): full})
    assert reason_of(submit(ledger, "treasury", "treasury.suspend", *SUSPEND)) is reasons.APPROVALS_FULL


def test_an_ordinary_document_stays_small_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_routed()
    found = REGISTER[("treasury.suspend", 1)]
    monkeypatch.setitem(REGISTER, ("treasury.suspend", 1), replace(found, arguments=Anything(6)))
    large = submit(ledger, "treasury", "treasury.suspend", "x" * 66_000)
    assert reason_of(large) is reasons.TOO_LARGE


# --- who approves


def test_a_maker_does_not_approve_his_own_document() -> None:
    ledger = a_routed(a_step("treasury"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert reason_of(decide(ledger, "sign", "treasury", number)) is reasons.APPROVAL_MAKER


def test_one_person_does_not_approve_twice() -> None:
    ledger = a_routed(a_step("mof"), a_step("mof", Role.ACCOUNTANT))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    approve(ledger, number, "mof")
    assert reason_of(decide(ledger, "sign", "mof", number)) is reasons.APPROVAL_TWICE
    assert isinstance(decide(ledger, "sign", "mof", number, role=Role.ACCOUNTANT), Execution)


def test_an_institution_that_the_directory_of_approvers_has_closed_approves_nothing() -> None:
    ledger = a_routed(a_step("mof"))
    ledger.publish("approvers", "mof", valid_from=DAY, valid_to=DAY)
    in_time = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    approve(ledger, in_time, "mof")
    ledger.open_day(2026, 1, 6)
    late = submitted(ledger, "treasury", "treasury.suspend", SCOPE, 2, "приказ 8")
    assert reason_of(decide(ledger, "sign", "mof", late)) is reasons.CODE_CLOSED
    assert reason_of(decide(ledger, "reject", "mof", late, "поздно")) is reasons.CODE_CLOSED


def test_a_step_is_for_its_role() -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    found = decide(ledger, "sign", "mof", number, role=Role.PREPARER)
    assert reason_of(found) is reasons.APPROVAL_ROLE


def test_exactly_one_person_approves() -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    two = [("mof", Role.HEAD), ("mof", Role.ACCOUNTANT)]
    assert reason_of(ledger.run(ledger.document("mof", "approval.sign", number, signers=two))) is (
        reasons.WRONG_SIGNERS
    )


def test_a_rejected_document_says_why_and_is_over() -> None:
    ledger = a_routed(a_step("mof"), a_step("moh"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert reason_of(decide(ledger, "reject", "moh", number, "нет оснований")) is reasons.APPROVAL_NEXT
    decide(ledger, "reject", "mof", number, "нет оснований")
    record = approval(ledger, number)
    assert (record.status, record.reason) == (ApprovalStatus.REJECTED, "нет оснований")
    assert reason_of(decide(ledger, "sign", "mof", number)) is reasons.APPROVAL_CLOSED
    assert awaited(ledger) == []
    assert not is_suspended(ledger)
    assert reason_of(decide(ledger, "sign", "mof", number + 1)) is reasons.APPROVAL_UNKNOWN


def test_only_who_submitted_withdraws() -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert reason_of(decide(ledger, "withdraw", "mof", number, "x")) is reasons.APPROVAL_FOREIGN
    decide(ledger, "withdraw", "treasury", number, "ошибка")
    assert approval(ledger, number).status == ApprovalStatus.WITHDRAWN
    counts = [key for key, _ in ledger.state.scan(Collection.APPROVAL_COUNTS, b"", 9)]
    assert counts == [b""]


def test_a_refusal_by_then_is_the_last_approver_s_and_changes_nothing() -> None:
    ledger = a_routed()
    first = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    second = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    approve(ledger, first, "mof")
    before = dict(ledger.state.values)
    assert reason_of(decide(ledger, "sign", "mof", second)) is reasons.SUSPENDED_TWICE
    assert ledger.state.values == before
    assert isinstance(decide(ledger, "reject", "mof", second, "повтор"), Execution)


def test_the_document_of_a_closed_institution_is_not_carried_out() -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    budget.decide(ledger, "institution.close", (OTHER_GU,))
    of_a_closed_one = replace(approval(ledger, number), institution=OTHER_GU)
    ledger.state.commit({(Collection.APPROVALS, approval_key(number)): of_a_closed_one.encode()})
    assert reason_of(decide(ledger, "sign", "mof", number)) is reasons.UNKNOWN_INSTITUTION


def test_approvals_go_on_before_the_first_day_and_nobody_is_a_deputy_then() -> None:
    ledger = budget.a_fresh_ledger()
    set_route(ledger, "treasury.resume", a_step("mof"))
    set_route(ledger, "directory.publish", a_step("treasury"))
    rows = (("421", 0, None, "x", "x", None, ()),)
    number = submitted(ledger, "mof", "directory.publish", "economic", rows)
    assert approval(ledger, number).since is None
    found = decide(ledger, "sign", "treasury", number, role=Role.ACCOUNTANT)
    assert reason_of(found) is reasons.APPROVAL_ROLE
    approve(ledger, number, "treasury")


# --- deputies


def deputy(ledger: Ledger, first: int = DAY, last: int = DAY + 9, **how: object) -> tuple[object, ...]:
    """The arguments of an appointment of the ministry's accountant to stand in for its head."""
    signer = how.get("signer", ledger.signer("mof", Role.ACCOUNTANT))
    return (how.get("role", int(Role.HEAD)), signer, first, last, "приказ 3")


@pytest.mark.parametrize(("day", "stands"), [(6, False), (7, True), (9, True), (10, False)])
def test_a_deputy_approves_from_the_first_day_to_the_last(day: int, stands: bool) -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    ledger.do("mof", "deputy.appoint", *deputy(ledger, DAY + 2, DAY + 4))
    ledger.open_day(2026, 1, day)
    found = decide(ledger, "sign", "mof", number, role=Role.ACCOUNTANT)
    assert isinstance(found, Execution) is stands


def test_a_deputy_signs_nothing_but_approvals() -> None:
    ledger = a_ledger()
    ledger.do("mof", "deputy.appoint", *deputy(ledger))
    by_deputy = ledger.document(
        "mof", "deputy.revoke", int(Role.HEAD), bytes(32), signers=[("mof", Role.ACCOUNTANT)]
    )
    assert reason_of(ledger.run(by_deputy)) is reasons.WRONG_SIGNERS


def test_a_revoked_deputyship_ends_at_once() -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    accountant = ledger.signer("mof", Role.ACCOUNTANT)
    ledger.do("mof", "deputy.appoint", *deputy(ledger))
    ledger.do("mof", "deputy.revoke", int(Role.HEAD), accountant)
    found = decide(ledger, "sign", "mof", number, role=Role.ACCOUNTANT)
    assert reason_of(found) is reasons.APPROVAL_ROLE
    refusal = ledger.refused("mof", "deputy.revoke", int(Role.HEAD), accountant)
    assert refusal.reason is reasons.DEPUTY_NONE


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (DAY + 2, DAY + 1, reasons.DEPUTY_DATES),
        (DAY - 9, DAY - 1, reasons.DEPUTY_DATES),
        (DAY, DAY + DEPUTY_DAYS_MAXIMUM, reasons.DEPUTY_DATES),
        (DAY, DAY + DEPUTY_DAYS_MAXIMUM - 1, None),
    ],
)
def test_the_days_of_a_deputy(first: int, last: int, reason: object) -> None:
    ledger = a_ledger()
    found = ledger.run(ledger.document("mof", "deputy.appoint", *deputy(ledger, first, last)))
    assert (found.reason if isinstance(found, Refusal) else None) is reason


def test_who_can_be_a_deputy() -> None:
    ledger = a_ledger()
    head, foreign = ledger.signer("mof", Role.HEAD), ledger.signer("moh", Role.HEAD)
    accountant = ledger.signer("mof", Role.ACCOUNTANT)
    for changed, reason in (
        ({"signer": bytes(32)}, reasons.UNKNOWN_SIGNER),
        ({"signer": foreign}, reasons.FOREIGN_SIGNER),
        ({"signer": head}, reasons.DEPUTY_ROLE),
        ({"role": 12}, reasons.DEPUTY_ROLE),
    ):
        assert ledger.refused("mof", "deputy.appoint", *deputy(ledger, **changed)).reason is reason
    ledger.do("mof", "signer.revoke", accountant)
    assert ledger.refused("mof", "deputy.appoint", *deputy(ledger)).reason is reasons.REVOKED_SIGNER
    key = deputy_key("mof", int(Role.HEAD), accountant)
    assert Deputy.find(ledger.state, Collection.DEPUTIES, key) is None


def test_a_deputy_is_appointed_on_an_open_day() -> None:
    ledger = budget.a_fresh_ledger()
    assert ledger.refused("mof", "deputy.appoint", *deputy(ledger)).reason is reasons.NO_OPEN_DAY


# --- routes


@pytest.mark.parametrize(
    ("action", "institution", "steps", "reason"),
    [
        ("no.such", None, (a_step("mof"),), reasons.ROUTE_ACTION),
        ("ballot.vote", None, (a_step("mof"),), reasons.ROUTE_ACTION),
        ("approval.submit", None, (a_step("mof"),), reasons.ROUTE_ACTION),
        ("signer.add", None, (a_step("mof"),), reasons.ROUTE_ACTION),
        ("plan.approve", "mof", (a_step("mof"),), reasons.ROUTE_OWNER),
        ("plan.approve", "nobody", (a_step("mof"),), reasons.ROUTE_OWNER),
        ("plan.approve", None, (), reasons.ROUTE_NONE),
        ("plan.approve", "mot", (), reasons.ROUTE_NONE),
        ("plan.approve", None, ((None, None, 4, 0),), reasons.ROUTE_STEP),
        ("plan.approve", None, (("finance", "mof", 4, 0),), reasons.ROUTE_STEP),
        ("plan.approve", None, ((None, "mof", 5, 0),), reasons.ROUTE_STEP),
        ("plan.approve", None, ((None, "nobody", 4, 0),), reasons.ROUTE_STEP),
        ("plan.approve", None, ((None, "mof", 32, 0),), reasons.BAD_ARGUMENTS),
        ("plan.approve", None, (a_step("mof"),) * 11, reasons.BAD_ARGUMENTS),
    ],
)
def test_a_route_that_nobody_could_walk_is_refused(
    action: str, institution: str | None, steps: tuple, reason: object
) -> None:
    refusal = a_ledger().refused("mof", "route.set", action, institution, steps, "приказ 1")
    assert refusal.reason is reason


def test_a_route_is_made_and_checked_by_different_people() -> None:
    ledger = a_ledger()
    signed = ledger.document(
        "mof", "route.set", "plan.approve", None, (a_step("mof"),), "x", signers=[("mof", Role.HEAD)]
    )
    assert reason_of(ledger.run(signed)) is reasons.WRONG_SIGNERS


def test_routes_of_institutions_are_bounded() -> None:
    ledger = a_ledger()
    full = Route((), ROUTES_OF_ACTION_MAXIMUM, "", 1).encode()
    ledger.state.commit({(Collection.ROUTES, route_key("plan.approve", None)): full})
    refusal = ledger.refused("mof", "route.set", "plan.approve", "mot", (a_step("mof"),), "x")
    assert refusal.reason is reasons.ROUTES_FULL


def test_a_new_route_leaves_documents_on_their_way_alone() -> None:
    ledger = a_routed()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    set_route(ledger, "treasury.suspend", a_step("moh"))
    approve(ledger, number, "mof")
    assert is_suspended(ledger)


# --- what it costs the others


class Counting(budget.MemoryReader):
    """Counts what is read of a collection."""

    reads: Counter[str]

    def get(self, collection: str, key: bytes) -> bytes | None:
        self.reads[collection] += 1
        return super().get(collection, key)


def test_a_document_without_route_costs_two_looks_at_the_state() -> None:
    ledger = a_ledger()
    state = Counting(ledger.state.values)
    state.reads = Counter()
    document = ledger.document("treasury", "treasury.suspend", *SUSPEND)
    outcome = apply_transaction(Overlay(state), document, ledger.context())
    assert isinstance(outcome, Outcome)
    assert (state.reads[Collection.RULES], state.reads[Collection.ROUTES]) == (1, 1)
    assert state.reads[Collection.APPROVALS] == 0


@pytest.mark.parametrize("place", [place for place, found in REGISTER.items() if found.is_routed])
def test_every_routed_document_can_be_carried(place: tuple[str, int]) -> None:
    """Its arguments nest no deeper than a submission carries."""
    carrier = dict(SUBMIT_SHAPE.fields)["arguments"]
    assert REGISTER[place].arguments.depth <= carrier.depth
