"""Why may I not? What is missing, and who can give it."""

from dataclasses import replace

import pytest

from chain.codec import Value
from chain.errors import ExecutionFault
from contracts import reasons
from contracts.actions import REGISTER, Call
from contracts.calendar import day_number
from contracts.records import Collection, Role, institution_of
from contracts.why import Why, why
from tests.support.budget import Ledger, a_fresh_ledger, a_ledger, decide
from tests.support.route import a_step, a_step_of_kind, approve, set_route, submitted
from tests.support.year import GU, U, a_plan, a_year, an_agreement, an_obligation, plan_document, registration

GU_SCOPE = ("gu", "01.kz", None, None, None, None, None, GU, None)
ABP_SCOPE = ("abp", "01.kz", None, "228", None, None, None, None, None)
SUSPEND = (GU_SCOPE, 1, "приказ 7")
DAY = day_number(2026, 1, 5)


def ask(ledger: Ledger, institution: str, action: str, *arguments: Value, blank: bool = False) -> Why:
    """The answer about a document; `blank`: about the action alone."""
    return why(ledger.state, ledger.context(), institution, action, None if blank else arguments)


def codes(found: Why) -> list[str]:
    return [missing.code for missing in found.missing]


def an_agreement_of(units: int) -> tuple[Value, ...]:
    return registration(an_agreement("Д-1", an_obligation("o-1", units)))


def test_nothing_is_missing_but_signatures() -> None:
    ledger = a_year(a_plan(1_000))
    before = dict(ledger.state.values)
    found = ask(ledger, GU, "agreement.register", *an_agreement_of(300))
    assert (found.permitted, found.missing, found.steps) == (True, (), ())
    assert found.roles == (("head", (f"{GU}:1",)), ("accountant", (f"{GU}:2",)))
    assert ledger.state.values == before


def test_a_year_to_come_without_limits_waits_for_the_finance_body() -> None:
    years = ((2026, 300 * U), (2027, 100 * U))
    two = an_agreement("Д-1", an_obligation("o-1", 300), total=400 * U, years=years, valid_until=DAY + 500)
    found = ask(a_year(a_plan(1_000)), GU, "agreement.register", *registration(two))
    assert [(missing.code, missing.who) for missing in found.missing] == [("BC109-04-BASE", ("mof",))]


def test_an_institution_of_another_kind_is_told_who_may() -> None:
    found = ask(a_ledger(), "vap", "plan.approve", blank=True)
    assert not found.permitted
    assert codes(found) == [reasons.WRONG_KIND.code]
    assert found.missing[0].who == ("moh", "mot")


def test_a_role_that_nobody_has() -> None:
    ledger = a_ledger()
    ledger.do(GU, "signer.revoke", ledger.signer(GU, Role.ACCOUNTANT))
    found = ask(ledger, GU, "agreement.register", blank=True)
    assert found.roles[1] == ("accountant", ())
    assert (found.missing[0].code, found.missing[0].who) == (reasons.WRONG_SIGNERS.code, (GU,))


def test_the_first_refusal_names_what_is_missing_and_who_can_give_it() -> None:
    """The plan is short: its administrator can amend it."""
    ledger = a_year(a_plan(100))
    found = ask(ledger, GU, "agreement.register", *an_agreement_of(300))
    assert codes(found) == [reasons.EXCEEDS_OBLIGATIONS_PLAN.code]
    assert found.missing[0].who == ("mot",)
    assert len(set(found.missing[0].texts)) == len(set(found.missing[0].remedies)) == 3


@pytest.mark.parametrize(
    ("institution", "action", "arguments", "code", "who"),
    [
        ("mot", "plan.approve", plan_document(a_plan(10)), "BC86-PROGRAMME", ("mof",)),
        ("mot", "plan.approve", (1,), "TX-ARGUMENTS", ("mot",)),
        ("mof", "ballot.vote", (7, True), "BALLOT-UNKNOWN", ("mof",)),
    ],
)
def test_who_can_give_it(
    institution: str, action: str, arguments: tuple[Value, ...], code: str, who: tuple[str, ...]
) -> None:
    found = ask(a_ledger(), institution, action, *arguments)
    assert [(missing.code, missing.who) for missing in found.missing] == [(code, who)]


def test_a_day_that_is_not_open_is_the_treasury_s_to_open() -> None:
    ledger = a_fresh_ledger()
    found = ask(ledger, "mof", "deputy.appoint", 4, ledger.signer("mof", Role.ACCOUNTANT), DAY, DAY, "x")
    assert [(missing.code, missing.who) for missing in found.missing] == [("DAY-NONE", ("treasury",))]


@pytest.mark.parametrize("scope", [GU_SCOPE, ABP_SCOPE])
def test_a_suspension_of_the_institution_or_of_its_administrator(scope: tuple[Value, ...]) -> None:
    ledger = a_ledger()
    ledger.do("treasury", "treasury.suspend", scope, 7, "акт суда")
    found = ask(ledger, GU, "agreement.register", blank=True)
    assert [(missing.code, missing.who) for missing in found.missing] == [("BC111", ("treasury",))]
    assert "акт суда" in found.missing[0].texts[1] or "7" in found.missing[0].texts[1]
    assert ask(ledger, GU, "act.sign", blank=True).missing == ()
    assert ask(ledger, "gu-2260101", "agreement.register", blank=True).missing == ()


def test_the_approvals_before_a_document_and_who_gives_them() -> None:
    ledger = a_year(a_plan(1_000))
    set_route(ledger, "agreement.register", a_step("mot", from_amount=500 * U), a_step_of_kind("audit"))
    whole = ask(ledger, GU, "agreement.register", blank=True)
    assert whole.steps == (("mot, head", 500 * U, ("mot:1",)), ("audit, head", 0, ("vap",)))
    small = ask(ledger, GU, "agreement.register", *an_agreement_of(300))
    assert small.steps == (("audit, head", 0, ("vap",)),)
    assert small.permitted
    sent = ask(ledger, GU, "approval.submit", "agreement.register", 1, an_agreement_of(300))
    assert (sent.steps, sent.roles) == (small.steps, small.roles)


def test_a_deputy_is_among_those_who_approve() -> None:
    ledger = a_ledger()
    set_route(ledger, "treasury.suspend", a_step("mof"))
    accountant = ledger.signer("mof", Role.ACCOUNTANT)
    ledger.do("mof", "deputy.appoint", int(Role.HEAD), accountant, DAY, DAY, "приказ 3")
    found = ask(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert found.steps == (("mof, head", 0, ("mof:1", "mof:2")),)


def test_an_approval_whose_turn_has_not_come() -> None:
    ledger = a_ledger()
    set_route(ledger, "treasury.suspend", a_step("mof"), a_step("moh"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert codes(ask(ledger, "moh", "approval.sign", number)) == ["APPROVAL-NEXT"]
    assert ask(ledger, "mof", "approval.sign", number).permitted
    approve(ledger, number, "mof")
    assert ask(ledger, "moh", "approval.sign", number).steps == (("moh, head", 0, ("moh:1",)),)
    assert codes(ask(ledger, "moh", "approval.sign", number + 1)) == ["APPROVAL-UNKNOWN"]


def test_an_unknown_action_an_unknown_institution_a_paused_module() -> None:
    ledger = a_ledger()
    assert codes(ask(ledger, "mof", "no.such", blank=True)) == ["TX-ACTION"]
    assert codes(ask(ledger, "nobody", "plan.approve", blank=True)) == ["ID-INSTITUTION"]
    decide(ledger, "module.pause", ("plan",))
    assert codes(ask(ledger, "mot", "plan.approve", blank=True)) == ["RULES-PAUSED"]


def test_an_institution_whose_people_are_all_revoked_is_answered() -> None:
    ledger = a_ledger()
    set_route(ledger, "treasury.suspend", a_step("mof"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    record = institution_of(ledger.state, "mof")
    assert record is not None
    ledger.state.commit({(Collection.INSTITUTIONS, b"mof"): replace(record, signers=0).encode()})
    assert codes(ask(ledger, "mof", "approval.sign", number)) == [reasons.WRONG_SIGNERS.code]


def test_an_error_of_ours_is_a_fault_and_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(call: Call) -> None:
        raise KeyError("x")

    found = REGISTER[("treasury.suspend", 1)]
    monkeypatch.setitem(REGISTER, ("treasury.suspend", 1), replace(found, handler=broken))
    with pytest.raises(ExecutionFault, match="asked why"):
        ask(a_ledger(), "treasury", "treasury.suspend", *SUSPEND)
