"""A year that ends, as an auditor follows it: closed in several blocks, with debts, claims and holds."""

from pathlib import Path

import pytest

from audit.chain import verify_chain
from audit.failure import VerificationError
from chain.block import Change
from contracts import invariants
from contracts.calendar import day_number
from contracts.records import Closing, ClosingStatus, Collection
from tests.support.archive import Archive, an_archive, with_directories
from tests.support.year import (
    BUDGET,
    GU,
    YEAR,
    U,
    a_block,
    a_carry_over_list,
    a_closing,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_rating_document,
    a_rating_row,
    a_request,
    a_warning,
    a_warning_row,
    an_act,
    an_agreement,
    an_objection,
    an_obligation,
    payment_number,
    plan_document,
    registration,
)


def a_year_that_ended() -> Archive:
    """An advance outstanding, an act not paid, a block, a list of carry-over, a rating, a warning."""
    archive = with_directories(an_archive())
    do = archive.do
    do("mof", "budget.adopt", *a_law(a_programme(units=2_000)))
    do("mot", "plan.approve", *plan_document(a_plan(1_000)))
    received = ("receipt", BUDGET, "1", "101110", 500 * U, "")
    do("treasury", "receipts.post", "выписка", (received,))
    do("treasury", "receipts.plan", "план", ((BUDGET, YEAR, "101110", (1_000 * U,) * 12),))
    agreement = an_agreement("A-1", an_obligation("a-1", 400, 120), kind="goods")
    do(GU, "agreement.register", *registration(agreement))
    do(GU, "payment.request", (a_request(1, "a-1", 120, is_advance=True),))
    do("treasury", "payment.execute", ((GU, payment_number(1)),))
    do(GU, "act.sign", (an_act("act-1", "a-1", 300),))
    do("treasury", "treasury.block", *a_block(a_held_row(200)))
    do("mof", "carry-over.list", *a_carry_over_list(("228", "003", 250)))
    do("mof", "rating.compute", *a_rating_document(a_rating_row(archive.ledger)))
    do("treasury", "treasury.open_day", day_number(YEAR, 3, 5))
    do("mof", "unaccepted.warn", *a_warning(a_warning_row(400)))
    do("mot", "unaccepted.object", *an_objection())
    do("treasury", "treasury.open_day", day_number(YEAR + 1, 1, 5))
    return archive


def test_a_year_closed_over_several_blocks_is_verified(tmp_path: Path) -> None:
    archive = a_year_that_ended()
    for _ in range(3):
        archive.do("treasury", "year.close", *a_closing(2))
    closing = Closing.decode(archive.ledger.state.scan(Collection.CLOSINGS, b"", 1)[0][1])
    assert closing.status == ClosingStatus.CLOSED
    assert invariants.recount(archive.ledger.state) == ()
    report = verify_chain(archive.write(tmp_path / "node"), None, 0)
    assert report.state_root == archive.ledger.state.root
    statuses = report.years[BUDGET, YEAR].statuses
    assert {name: amount // U for name, amount in statuses.items() if amount} == {
        "redeemed": 120, "annulled": 1_880,
    }  # fmt: skip


def test_a_closing_that_leaves_money_open_is_found(tmp_path: Path) -> None:
    archive = a_year_that_ended()

    def too_soon(changes: list[bytes]) -> list[bytes]:
        return [_closed(change) for change in changes]

    archive.block(archive.ledger.document("treasury", "year.close", *a_closing(2)), edit_changes=too_soon)
    with pytest.raises(VerificationError, match=r"law 10: the programme .* keeps"):
        verify_chain(archive.write(tmp_path / "node"), None, 0)


def _closed(data: bytes) -> bytes:
    """The change of a closing that says it is done."""
    change = Change.decode(data)
    if change.collection != Collection.CLOSINGS or change.new_value is None:
        return data
    closing = Closing.decode(change.new_value)
    forged = Closing(
        ClosingStatus.CLOSED.value, closing.cursor, closing.tokens, closing.lapsed, closing.carried,
        closing.claimed, closing.began, closing.began,
    )  # fmt: skip
    return Change(
        change.seq, change.tx_id, change.collection, change.key, change.old_value_hash, forged.encode()
    ).encode()
