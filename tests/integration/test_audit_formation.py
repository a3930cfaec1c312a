"""The formation of a budget as an auditor follows it: claims of a year to come, the law, a first quarter."""

from pathlib import Path

import pytest

from audit.chain import verify_chain
from audit.failure import VerificationError
from chain.block import Change
from contracts import invariants
from contracts.records import Collection, Stage, Token, TokenKey
from tests.support.archive import Archive, an_archive, with_directories
from tests.support.year import (
    BUDGET,
    GU,
    NEXT,
    U,
    a_budget_request,
    a_consolidation,
    a_law,
    a_plan,
    a_programme,
    a_quarter,
    a_request_return,
    a_stage,
    an_alignment,
    an_item,
    limits,
)


def a_formed_budget() -> Archive:
    """A request through all stages, lowered, returned and formed again; a quarter, then the law in parts."""
    archive = with_directories(an_archive())
    do = archive.do
    do("mof", "limit.set", *limits())
    do(GU, "request.form", *a_budget_request(an_item("e-1", 100), an_item("e-2", 50)))
    do("mot", "request.consolidate", *a_consolidation(140, ("e-1", 10)))
    do("mof", "request.decide", *a_stage("mof", 130, ("e-2", 10)))
    do("mof", "request.return", *a_request_return("formed", holder=GU))
    do(GU, "request.form", *a_budget_request(an_item("e-1", 60), an_item("e-3", 20, specific="414")))
    do("mot", "request.consolidate", *a_consolidation(120))
    for status in ("mof", "government", "mazhilis"):
        do("mof", "request.decide", *a_stage(status, 120))
    do("mof", "request.decide", *a_stage("senate", 110, ("e-3", 10)))
    do("mof", "budget.quarter", *a_quarter(a_programme("001", 40)))
    return archive


def test_requests_a_quarter_and_the_law_are_verified(tmp_path: Path) -> None:
    archive = a_formed_budget()
    do = archive.do
    do("mof", "budget.adopt", *a_law(a_programme("003", 100), year=NEXT, costs=150 * U, has_more=True))
    do("mof", "budget.adopt", *a_law(a_programme("001", 50), year=NEXT, costs=150 * U))
    do("mot", "request.align", *an_alignment(("e-1", 60, 0), ("e-2", 20, 0)))
    do("mot", "plan.approve", BUDGET, NEXT, "1", "003", (a_plan(70, expense="e-1"),))
    do("mot", "request.align", *an_alignment(("e-2", 0, 5)))
    assert invariants.recount(archive.ledger.state) == ()
    report = verify_chain(archive.write(tmp_path / "node"), None, 0)
    assert report.state_root == archive.ledger.state.root
    totals = report.years[BUDGET, NEXT]
    assert {name: amount // U for name, amount in totals.statuses.items() if amount} == {
        "announced": 150, "annulled": 70,
    }  # fmt: skip
    assert totals.issued == 220 * U


def test_a_decision_that_raises_a_request_is_found(tmp_path: Path) -> None:
    archive = with_directories(an_archive())
    archive.do("mof", "limit.set", *limits())
    archive.do(GU, "request.form", *a_budget_request(an_item("e-1", 100)))
    archive.do("mot", "request.consolidate", *a_consolidation(100))

    def raised(changes: list[bytes]) -> list[bytes]:
        return [_raised(change) for change in changes]

    decision = archive.ledger.document("mof", "request.decide", *a_stage("mof", 100))
    archive.block(decision, edit_changes=raised)
    with pytest.raises(VerificationError, match="changed the sum of all tokens by 10000 tiyn"):
        verify_chain(archive.write(tmp_path / "node"), None, 0)


def _raised(data: bytes) -> bytes:
    """The change of an approved token that says one unit more."""
    change = Change.decode(data)
    is_token = change.collection == Collection.TOKENS and change.new_value is not None
    if not is_token or TokenKey.decode(change.key).stage is not Stage.APPROVED:
        return data
    assert change.new_value is not None
    token = Token.decode(change.new_value)
    forged = Token(token.id, token.parents, token.amount + U, token.height)
    return Change(
        change.seq, change.tx_id, change.collection, change.key, change.old_value_hash, forged.encode()
    ).encode()
