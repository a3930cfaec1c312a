"""The auditor's verifier over a chain that changes a budget and sends a transfer to another."""

from __future__ import annotations

from pathlib import Path

from audit.chain import verify_chain
from contracts.records import STATUSES, Line, balance_of, programme_scope
from tests.support.archive import Archive, an_archive, with_directories
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    POOL,
    YEAR,
    U,
    a_block,
    a_cut_row,
    a_decision,
    a_held_row,
    a_law,
    a_move,
    a_plan,
    a_programme,
    a_refinement,
    a_request,
    a_return,
    an_adjustment,
    an_increase,
    an_invoice,
    payment_number,
    plan_document,
    registration,
)

OBLAST = "02.abai"


def a_changed_archive() -> Archive:
    """An adjustment, a refinement, a sequester, and a transfer of which a part comes back."""
    archive = with_directories(an_archive())
    law = a_law(a_programme(units=10_000), a_programme("001", 10_000))
    archive.do("mof", "budget.adopt", *law)
    archive.do("mot", "plan.approve", *plan_document(a_plan(1_000), a_plan(600, specific="161")))
    archive.do("mof", "budget.adjust", *an_adjustment(a_move(100)))
    block = a_block(a_held_row(500), hold="bill", ground="refinement")
    archive.do("treasury", "treasury.block", *block)
    refinement = a_refinement(an_increase(200, "001"), hold="bill", rows=1, costs=19_700)
    archive.do("mof", "budget.refine", *refinement)
    archive.do("mof", "sequester.decide", *a_decision(a_cut_row(30, **POOL)))
    archive.do("mof", "sequester.apply", "cut-1", 5)
    archive.do("treasury", "receipts.post", "выписка", (("receipt", BUDGET, "1", "101110", 600 * U, ""),))
    attributes = (("budget", OBLAST), ("receipts", "201510"))
    payee = ("111240000001", DAY, None, "Абай облысы", "Абайская область", None, attributes)
    archive.do("mof", "directory.publish", "payees", (payee,))
    transfer = an_invoice("pay-1", 600, specific="161", kind="transfer", payee=payee[0])
    archive.do(GU, "obligation.accept", *registration(transfer))
    archive.do(GU, "payment.request", (a_request(1, "pay-1", 600),))
    archive.do("treasury", "payment.execute", ((GU, payment_number(1)),))
    archive.do("treasury", "payment.restore", (a_return(1, 100),))
    return archive


def test_a_changed_budget_is_verified_and_its_totals_are_those_of_the_state(tmp_path: Path) -> None:
    archive = a_changed_archive()
    report = verify_chain(archive.write(tmp_path / "node", 3), archive.genesis.chain_id, 0)
    assert report.state_root == archive.ledger.state.root
    year = report.years[BUDGET, YEAR]
    lines = [Line(BUDGET, YEAR, "1", "228", programme, None, None) for programme in ("001", "003")]
    balances = [balance_of(archive.ledger.state, programme_scope(line)) for line in lines]
    assert year.statuses == {
        status: sum(balance.total(slots) for balance in balances) for status, slots in STATUSES
    }
    assert (year.issued, year.statuses["annulled"]) == (20_200 * U, 530 * U)
