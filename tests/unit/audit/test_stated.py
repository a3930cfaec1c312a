"""Money documents held to the sums, the budget, the year and the institution that they state themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.blocks import Change, read_genesis
from audit.codec import encode
from audit.failure import VerificationError
from audit.fold import State
from audit.stated import check_cash, check_papers, check_stated
from contracts.executor import Execution
from contracts.genesis import genesis_changes
from tests.support import route
from tests.support.budget import DIRECTORIES, MemoryReader, a_genesis, with_receipts
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    NEXT,
    OTHER_GU,
    YEAR,
    U,
    a_block,
    a_budget_request,
    a_certificate,
    a_code,
    a_consolidation,
    a_correction,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_move,
    a_plan,
    a_programme,
    a_recode,
    a_refinement,
    a_request,
    a_return,
    a_stage,
    an_adjustment,
    an_agreement,
    an_alignment,
    an_increase,
    an_invoice,
    an_item,
    an_obligation,
    an_unblock,
    limits,
    plan_document,
    registration,
    with_successors,
)
from tests.unit.audit.test_approvals import Audited

QUARTER = (
    BUDGET, YEAR + 1, "1", "постановление", DAY, 8_000 * U, 0, 0, 432_500,
    (a_programme(units=8_000),),
)  # fmt: skip
STORY: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("mof", "budget.quarter", QUARTER),
    ("mof", "budget.adopt", a_law(a_programme(units=10_000), a_programme("001", 10_000))),
    ("mot", "plan.approve", plan_document(a_plan(1_000), a_plan(600, specific="151"))),
    ("mof", "budget.adjust", an_adjustment(a_move(100))),
    ("mof", "budget.refine", a_refinement(an_increase(200, "001"), costs=20_200)),
    (GU, "agreement.register", registration(an_agreement("A", an_obligation("a", 500)))),
    (GU, "obligation.accept", registration(an_invoice("b", 100, specific="151"))),
    (GU, "act.sign", ((("1", "a", DAY, "акт", 300 * U),),)),
    (GU, "payment.request", ((a_request(1, "a", 200, "1"),),)),
    ("treasury", "payment.execute", (((GU, "2280101/26-1"),),)),
    ("treasury", "payment.restore", ((a_return(1, 50),),)),
    (GU, "obligation.correct", a_correction("a", 50, "1")),
    (GU, "obligation.correct", a_correction("b", 50)),
)
"""A year in which every action whose rows state sums moves money once."""


POOL: dict[str, Any] = {"holder": "mot", "subprogramme": None, "specific": None}
OTHER_STORY: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("mof", "budget.adopt", a_law(a_programme(units=10_000), a_programme("001", 10_000))),
    ("treasury", "plan.recode", a_recode((a_code("mot", None), a_code("mot", None, programme="001")))),
    ("treasury", "treasury.block", a_block(a_held_row(90, **POOL, programme="001"), ground="refinement")),
    ("treasury", "treasury.unblock", an_unblock(a_held_row(20, **POOL, programme="001"))),
    ("treasury", "treasury.unblock", an_unblock(units=30)),
    ("mof", "sequester.decide", a_decision(a_cut_row(40, **POOL, programme="001"))),
    ("mof", "limit.set", limits()),
    (GU, "request.form", a_budget_request(an_item("e-1", 100), an_item("e-2", 50))),
    ("mot", "request.consolidate", a_consolidation(140, ("e-1", 10))),
    ("mof", "request.decide", a_stage("mof", 130, ("e-2", 10))),
    ("mof", "request.decide", a_stage("government", 130)),
    ("mof", "request.decide", a_stage("mazhilis", 130)),
    ("mof", "request.decide", a_stage("senate", 130)),
    ("mof", "budget.adopt", a_law(a_programme(units=130), year=NEXT)),
    ("mot", "request.align", an_alignment(("e-1", 60, 0))),
)
"""The same of holds, changes of codes and requests."""


def an_audited() -> Audited:
    genesis = a_genesis()
    ledger = Audited(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    ledger.auditor = State(read_genesis(genesis.encode()))
    for directory, codes in DIRECTORIES:
        ledger.publish(directory, *codes)
    ledger.open_day(2026, 1, 5)
    with_successors(ledger)
    with_receipts(ledger, 10_000 * U)
    return ledger


def larger(value: Any) -> Any:
    """The same with every sum doubled: a document that somebody signed for less."""
    if isinstance(value, tuple):
        return tuple(larger(item) for item in value)
    is_sum = isinstance(value, int) and not isinstance(value, bool) and value >= U
    return value * 2 if is_sum else value


def refused(action: str, arguments: tuple[Any, ...], movements: Any, words: str, code: str = "228") -> None:
    with pytest.raises(VerificationError, match=words):
        check_stated(action, code, arguments, movements)


@pytest.mark.parametrize("until", [at for at, one in enumerate(OTHER_STORY) if one[1] != "limit.set"])
def test_what_moved_by_holds_codes_and_requests_is_what_the_rows_state(until: int) -> None:
    ledger = an_audited()
    for institution, action, arguments in OTHER_STORY[: until + 1]:
        ledger.do(institution, action, *arguments)
    movements = ledger.auditor.money.movements
    check_stated(action, "228", arguments, movements)
    if action in ("budget.adopt", "request.decide") and not (action == "request.decide" and arguments[9]):
        return
    if action != "request.form":
        elsewhere = [one._replace(difference=2 * one.difference) for one in movements]
        if action != "plan.recode":
            refused(action, arguments, elsewhere, "other sums than its rows")
        else:
            refused(action, arguments, movements[1:], "other sums than its rows")
    else:
        refused(action, smaller(arguments), movements, "other sums than its rows")


def smaller(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The request with a tenge less in each item."""
    return (*arguments[:4], tuple((*item[:8], item[8] - 1) for item in arguments[4]))


def test_a_request_to_pay_is_recorded_as_it_was_made() -> None:
    ledger = an_audited()
    for institution, action, arguments in STORY[1:8]:
        ledger.do(institution, action, *arguments)
    (row,) = STORY[8][2][0]
    record = (1, *row[1:6], DAY, 0, None, None, 0, 3, (BUDGET, "1", YEAR))
    change = Change(0, None, "payments", encode((GU, row[0])), None, encode(record))
    check_papers("payment.request", GU, ((row,),), [change])
    for rows in ((), ((*row[:4], row[4] + 1, row[5]),)):
        with pytest.raises(VerificationError, match="other requests than its rows"):
            check_papers("payment.request", GU, (rows,), [change])
    strange: tuple[Any, ...] = ((), None, ((1,),))
    for one in strange:
        with pytest.raises(VerificationError, match="of another form"):
            check_papers("payment.request", GU, one, [change])


def test_what_is_taken_back_whole_is_of_the_obligation_that_is_named() -> None:
    ledger = an_audited()
    for institution, action, arguments in STORY:
        ledger.do(institution, action, *arguments)
    whole = a_correction("b")
    ledger.do(GU, "obligation.correct", *whole)
    movements = ledger.auditor.money.movements
    check_stated("obligation.correct", "228", whole, movements)
    refused("obligation.correct", a_correction("a"), movements, "other sums than its rows")
    refused("obligation.correct", a_correction("b", act="1"), movements, "other sums than its rows")


SUMS = [action for _, action, _ in STORY if action not in ("payment.request", "payment.execute")]


@pytest.mark.parametrize("until", range(len(STORY)))
def test_what_moved_is_what_the_rows_state(until: int) -> None:
    ledger = an_audited()
    for institution, action, arguments in STORY[: until + 1]:
        ledger.do(institution, action, *arguments)
    movements = ledger.auditor.money.movements
    check_stated(action, "228", arguments, movements)
    if action in SUMS and action != "budget.adopt":
        refused(action, larger(arguments), movements, "other sums than its rows")
    if action != "payment.request":
        doubled = [one._replace(difference=2 * one.difference) for one in movements]
        if action != "payment.execute":
            refused(action, arguments, doubled, "other sums than its rows")
        refused(action, (*arguments[:2], *((),) * len(arguments[2:])) if len(arguments) > 2 else ((1,),),
                movements, "moved other sums|of another form")  # fmt: skip


def test_only_the_payments_named_are_paid() -> None:
    ledger = an_audited()
    for institution, action, arguments in STORY[:10]:
        ledger.do(institution, action, *arguments)
    movements = ledger.auditor.money.movements
    refused("payment.execute", (((GU, "2280101/26-2"),),), movements, "other sums than its rows")


def test_money_of_another_year_or_administrator_does_not_move() -> None:
    ledger = an_audited()
    for institution, action, arguments in STORY[:3]:
        ledger.do(institution, action, *arguments)
    movements = ledger.auditor.money.movements
    refused(action, (BUDGET, YEAR + 1, *arguments[2:]), movements, "another budget or year")
    refused(action, arguments, movements, "another administrator", "226")


@pytest.mark.parametrize(("action", "institution"), [("act.sign", OTHER_GU), ("payment.request", OTHER_GU)])
def test_papers_of_another_institution_stay(action: str, institution: str) -> None:
    change = Change(0, None, "payments", encode((GU, "2280101/26-1")), None, None)
    check_papers("payment.execute", "treasury", (), [change])
    for key in (change.key, encode(()), encode(GU)):
        with pytest.raises(VerificationError, match="of another institution"):
            check_papers(action, institution, (), [change._replace(key=key)])


# --- what approvals cover

SCOPE = ("gu", "01.kz", None, None, None, None, None, GU, None)


def forged(change: Callable[[Change], Change]) -> Audited:
    """A ledger in which 'treasury.suspend' has a route; the auditor sees changes as `change` makes them."""

    class Forged(Audited):
        def _read(self, recorded: Any) -> Change:
            return change(super()._read(recorded))

    genesis = a_genesis()
    ledger = Forged(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    ledger.auditor = State(read_genesis(genesis.encode()))
    ledger.open_day(2026, 1, 5)
    route.set_route(ledger, "treasury.suspend", route.a_step("mof"))
    return ledger


def test_a_document_on_its_way_is_kept_as_it_was_submitted() -> None:
    def other_scope(change: Change) -> Change:
        if change.collection != "approval-documents":
            return change
        return change._replace(new_value=encode((1, (SCOPE, 2, "приказ"))))

    with pytest.raises(VerificationError, match="kept otherwise than it was submitted"):
        route.submitted(forged(other_scope), "treasury", "treasury.suspend", SCOPE, 1, "приказ")


def test_an_approval_suspends_only_as_its_document_does() -> None:
    def suspension(change: Change) -> Change:
        if change.collection != "awaited":
            return change
        return change._replace(collection="suspensions", key=encode(SCOPE), new_value=encode((1, ())))

    with pytest.raises(VerificationError, match="changed suspensions"):
        route.submitted(forged(suspension), "treasury", "treasury.suspend", SCOPE, 1, "приказ")


def test_a_certificate_of_kind_b_comes_with_the_treasury() -> None:
    ledger = an_audited()
    for institution, action, arguments in STORY[1:3]:
        ledger.do(institution, action, *arguments)
    certificate = a_certificate(a_plan(85), kind="b")
    with pytest.raises(VerificationError, match="kind b came without the treasury"):
        ledger.auditor.approvals.check_direct("plan.amend", "mot", certificate)
    ledger.auditor.approvals.check_direct("plan.amend", "mot", a_certificate(a_plan(85)))
    assert isinstance(route.submit(ledger, "mot", "plan.amend", *certificate), Execution)


def test_a_certificate_of_kind_b_is_not_submitted_to_others() -> None:
    ledger = an_audited()
    for institution, action, arguments in STORY[1:3]:
        ledger.do(institution, action, *arguments)

    def to_its_own(fields: list[Any]) -> None:
        fields[5] = ((None, "mot", 4, 0),)

    ledger.forge = to_its_own
    with pytest.raises(VerificationError, match="submitted without the treasury"):
        route.submitted(ledger, "mot", "plan.amend", *a_certificate(a_plan(85), kind="b"))


# --- cash and directories

ACCOUNT = encode((BUDGET, "1", YEAR))


def of_account(received: int, redeemed: int = 0) -> Change:
    return Change(0, None, "cash", ACCOUNT, None, encode((1, 0, received, 0, redeemed)))


@pytest.mark.parametrize(
    ("action", "arguments", "received", "redeemed"),
    [
        ("receipts.post", ("", (("receipt", BUDGET, "1", "101110", 30, ""),)), 131, 0),
        ("receipts.post", ("", (("refund", BUDGET, "1", "101110", 30, ""),)), 100, 0),
        ("receipts.post", ("", (("receipt", BUDGET, "2", "101110", 30, ""),)), 130, 0),
        ("payment.execute", (((GU, "2280101/26-1"),),), 101, 0),
        ("payment.restore", (((GU, "2280101/26-1", 30, "", None, False),),), 131, 0),
        ("receipts.post", (), 100, 0),
    ],
)
def test_cash_comes_from_nothing_by_no_document(
    action: str, arguments: tuple[Any, ...], received: int, redeemed: int
) -> None:
    with pytest.raises(VerificationError, match=r"by other sums than its rows|of another form"):
        check_cash(action, arguments, [of_account(received, redeemed)], lambda key: 100)


def test_a_code_is_published_as_the_document_says() -> None:
    row = ("159", DAY, None, "x", "x", None, ())
    arguments = ("economic", (row,))
    change = Change(0, None, "directories", encode(("economic", "159")), None, encode((1, (row[1:],))))
    check_papers("directory.publish", "mof", arguments, [change])
    for forged in (
        change._replace(key=encode(("payees", "159"))),
        change._replace(new_value=encode((1, ((DAY + 1, *row[2:]),)))),
    ):
        with pytest.raises(VerificationError, match="something else than its rows"):
            check_papers("directory.publish", "mof", arguments, [forged])
    with pytest.raises(VerificationError, match="of another form"):
        check_papers("directory.publish", "mof", (), [change._replace(new_value=encode(1))])
