"""Changes of plans and of codes as the auditor follows them: every block is folded and held to the laws."""

from audit.blocks import read_genesis
from audit.fold import State
from contracts.executor import Execution
from contracts.genesis import genesis_changes
from contracts.records import Collection
from tests.support import route
from tests.support.budget import DIRECTORIES, MemoryReader, a_genesis, with_receipts
from tests.support.year import (
    GU,
    OTHER_GU,
    U,
    a_certificate,
    a_code,
    a_law,
    a_plan,
    a_programme,
    a_recode,
    a_request,
    plan_document,
    position,
    register,
    sign,
    with_successors,
)
from tests.unit.audit.test_approvals import Audited


def an_audited_year() -> Audited:
    """228/003 and 228/001; agreement A of 80 on 003/159 with an act of 60, 20 of which is paid."""
    genesis = a_genesis()
    ledger = Audited(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    ledger.auditor = State(read_genesis(genesis.encode()))
    for directory, codes in DIRECTORIES:
        ledger.publish(directory, *codes)
    ledger.open_day(2026, 1, 5)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000), a_programme("001", 500)))
    ledger.do("mot", "plan.approve", *plan_document(a_plan(100), a_plan(100, specific="151")))
    with_receipts(ledger, 1_000 * U)
    register(ledger, "A", 80)
    sign(ledger, "1", "a", 60)
    ledger.do(GU, "payment.request", (a_request(1, "a", 20, "1"),))
    ledger.do("treasury", "payment.execute", ((GU, "2280101/26-1"),))
    return ledger


def test_both_kinds_of_certificate_are_followed_with_their_suspensions() -> None:
    ledger = an_audited_year()
    ledger.do("mot", "plan.amend", *a_certificate(a_plan(110), a_plan(90, specific="151")))
    document = a_certificate(a_plan(85), a_plan(200, specific="161"), kind="b", number="2")
    number = route.submitted(ledger, "mot", "plan.amend", *document)
    assert len(ledger.state.scan(Collection.SUSPENSIONS, b"", 10)) == 2
    route.approve(ledger, number, "treasury")
    again = a_certificate(a_plan(95), kind="b", number="3", cause="debt")
    number = route.submitted(ledger, "mot", "plan.amend", *again)
    assert isinstance(route.decide(ledger, "reject", "treasury", number, "нет оснований"), Execution)
    assert position(ledger, specific="161") == {"allocated": 200}


def test_positions_are_followed_to_another_programme_and_institution_and_back() -> None:
    ledger = an_audited_year()
    with_successors(ledger)
    before = position(ledger)
    there = a_code(OTHER_GU, "149", programme="001")
    ledger.do("treasury", "plan.recode", *a_recode((a_code(), there), cause="reorganisation"))
    assert position(ledger) == {}
    pool = a_code("mot", None)
    ledger.do("treasury", "plan.recode", *a_recode((pool, a_code("mot", None, programme="001"))))
    ledger.do("treasury", "plan.recode", *a_recode((there, a_code()), cause="reorganisation"))
    assert position(ledger) == before
