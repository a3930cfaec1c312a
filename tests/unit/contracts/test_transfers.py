"""Transfers between budgets: the levels of BC 76, and the return of what was not used."""

from __future__ import annotations

import pytest

from contracts import invariants, reasons, records
from contracts.records import TransferTotals, cash_of, transfer_totals_of
from contracts.rejection import Reason
from tests.support.budget import Ledger, a_ledger
from tests.support.year import (
    DAY,
    GU,
    SUPPLIER,
    YEAR,
    U,
    Values,
    a_law,
    a_plan,
    a_programme,
    a_request,
    a_return,
    an_agreement,
    an_invoice,
    an_obligation,
    payment_number,
    registration,
    restore,
)

REPUBLIC, OBLAST, DISTRICT, RURAL = "01.kz", "02.abai", "03.ayagoz", "06.aul"
PAYEES = {REPUBLIC: "111240000001", OBLAST: "111240000002", DISTRICT: "111240000003", RURAL: "111240000004"}


def a_tree(*names: str, cash: int = 1_000, upper: bool = True) -> Ledger:
    """Budgets with one programme, a plan of 500 under 338, 332 and 339 each, and cash in the first."""
    ledger = a_ledger()
    ledger.publish("economic", "332", "338", "339", valid_from=DAY)
    ledger.publish("receipts", "502111", valid_from=DAY)
    rows = [
        (payee, DAY, None, name, name, None, (("budget", name), ("receipts", "502111")))
        for name, payee in PAYEES.items()
    ]
    ledger.do("mof", "directory.publish", "payees", tuple(rows))
    if upper:
        entries = [(OBLAST, REPUBLIC), (DISTRICT, OBLAST), (RURAL, DISTRICT)]
        published = [(name, DAY, None, name, name, None, (("upper", above),)) for name, above in entries]
        ledger.do("mof", "directory.publish", "budgets", tuple(published))
    for name in names:
        ledger.do("mof", "budget.adopt", *a_law(a_programme(units=2_000), budget=name))
        plans = tuple(a_plan(500, specific=specific) for specific in ("332", "338", "339"))
        ledger.do("mot", "plan.approve", name, YEAR, "1", "003", plans)
    received = ("receipt", names[0], "1", "101110", cash * U, "")
    ledger.do("treasury", "receipts.post", "выписка", (received,))
    return ledger


def _transfer(serial: int, to: str, units: int, specific: str) -> Values:
    return an_invoice(f"pay-{serial}", units, specific=specific, kind="transfer", payee=PAYEES[to])


def send(ledger: Ledger, serial: int, source: str, to: str, units: int, specific: str = "339") -> None:
    ledger.do(GU, "obligation.accept", source, YEAR, "1", (_transfer(serial, to, units, specific),))
    ledger.do(GU, "payment.request", (a_request(serial, f"pay-{serial}", units),))
    ledger.do("treasury", "payment.execute", ((GU, payment_number(serial)),))


def refused(ledger: Ledger, source: str, to: str, specific: str = "339") -> Reason:
    document = (source, YEAR, "1", (_transfer(9, to, 1, specific),))
    return ledger.refused(GU, "obligation.accept", *document).reason


def totals(sent: int, returned: int, upward: int) -> TransferTotals:
    return TransferTotals(sent * U, returned * U, upward * U)


def balances(ledger: Ledger, *names: str) -> list[int]:
    return [cash_of(ledger.state, name, "1", YEAR).balance // U for name in names]


def test_money_goes_down_level_by_level() -> None:
    ledger = a_tree(REPUBLIC, OBLAST, DISTRICT)
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    send(ledger, 2, OBLAST, DISTRICT, 200)
    send(ledger, 3, DISTRICT, RURAL, 50)
    assert balances(ledger, REPUBLIC, OBLAST, DISTRICT, RURAL) == [700, 100, 150, 50]
    assert transfer_totals_of(ledger.state, REPUBLIC, OBLAST, YEAR) == totals(300, 0, 0)
    assert invariants.recount(ledger.state) == ()


def test_only_neighbouring_levels_have_relations() -> None:
    ledger = a_tree(REPUBLIC, OBLAST, DISTRICT)
    assert refused(ledger, REPUBLIC, DISTRICT) is reasons.TRANSFER_LEVEL
    assert refused(ledger, OBLAST, RURAL) is reasons.TRANSFER_LEVEL
    assert refused(ledger, REPUBLIC, RURAL) is reasons.TRANSFER_LEVEL


def test_a_lower_budget_belongs_to_the_one_its_entry_names() -> None:
    ledger = a_tree("02.other", DISTRICT)
    assert refused(ledger, "02.other", DISTRICT) is reasons.TRANSFER_UPPER


def test_the_specific_says_which_way_a_transfer_goes() -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    assert refused(ledger, REPUBLIC, OBLAST, "338") is reasons.TRANSFER_SPECIFIC
    assert refused(ledger, OBLAST, REPUBLIC, "339") is reasons.TRANSFER_SPECIFIC


def test_unused_transfers_are_returned_up_to_what_was_received() -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    send(ledger, 2, OBLAST, REPUBLIC, 100, "338")
    assert balances(ledger, REPUBLIC, OBLAST) == [800, 200]
    assert transfer_totals_of(ledger.state, REPUBLIC, OBLAST, YEAR) == TransferTotals(
        300 * U, 100 * U, 100 * U
    )
    ledger.do("treasury", "receipts.post", "выписка", (("receipt", OBLAST, "1", "101110", 100 * U, ""),))
    ledger.do(GU, "obligation.accept", OBLAST, YEAR, "1", (_transfer(3, REPUBLIC, 201, "338"),))
    ledger.do(GU, "payment.request", (a_request(3, "pay-3", 201),))
    refusal = ledger.refused("treasury", "payment.execute", ((GU, payment_number(3)),))
    assert refusal.reason is reasons.TRANSFER_RETURN
    assert dict(refusal.facts)["room_tiyn"] == 200 * U


def test_a_withdrawal_goes_up_without_a_transfer_received() -> None:
    ledger = a_tree(OBLAST, REPUBLIC)
    send(ledger, 1, OBLAST, REPUBLIC, 40, "332")
    assert balances(ledger, OBLAST, REPUBLIC) == [960, 40]
    assert transfer_totals_of(ledger.state, REPUBLIC, OBLAST, YEAR) == totals(0, 0, 40)
    restore(ledger, 1, 40)
    assert transfer_totals_of(ledger.state, REPUBLIC, OBLAST, YEAR) == totals(0, 0, 0)


def test_what_the_bank_returns_is_uncounted() -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    send(ledger, 2, OBLAST, REPUBLIC, 200, "338")
    restore(ledger, 2, 50)
    assert transfer_totals_of(ledger.state, REPUBLIC, OBLAST, YEAR) == TransferTotals(
        300 * U, 150 * U, 150 * U
    )
    restore(ledger, 1, 150)
    assert transfer_totals_of(ledger.state, REPUBLIC, OBLAST, YEAR) == TransferTotals(
        150 * U, 150 * U, 150 * U
    )
    assert invariants.recount(ledger.state) == ()


def test_a_transfer_sent_back_as_unused_does_not_come_back_again() -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    send(ledger, 2, OBLAST, REPUBLIC, 300, "338")
    ledger.do("treasury", "receipts.post", "выписка", (("receipt", OBLAST, "1", "502111", U, ""),))
    refusal = ledger.refused("treasury", "payment.restore", (a_return(1, 1),))
    assert refusal.reason is reasons.TRANSFER_RETURN


def test_a_return_counts_against_the_year_before_first() -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    key = records.transfer_totals_key(REPUBLIC, OBLAST, YEAR - 1)
    earlier = TransferTotals(80 * U, 20 * U, 20 * U)
    ledger.state.commit({(records.Collection.TRANSFER_TOTALS, key): earlier.encode()})
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    send(ledger, 2, OBLAST, REPUBLIC, 100, "338")
    found = [transfer_totals_of(ledger.state, REPUBLIC, OBLAST, year) for year in (YEAR - 1, YEAR)]
    assert found == [totals(80, 80, 20), totals(300, 40, 100)]
    restore(ledger, 2, 70)
    found = [transfer_totals_of(ledger.state, REPUBLIC, OBLAST, year) for year in (YEAR - 1, YEAR)]
    assert found == [totals(80, 50, 20), totals(300, 0, 30)]


@pytest.mark.parametrize(
    ("kind", "payee"),
    [
        ("invoice", PAYEES[OBLAST]),
        ("special", PAYEES[OBLAST]),
        ("other", PAYEES[RURAL]),
        ("court", PAYEES[OBLAST]),
        ("transfer", SUPPLIER),
    ],
)
def test_another_budget_is_paid_by_a_transfer_and_under_339_nobody_else(kind: str, payee: str) -> None:
    row = an_invoice("pay-1", 10, specific="339", kind=kind, payee=payee)
    refusal = a_tree(REPUBLIC, OBLAST).refused(GU, "obligation.accept", REPUBLIC, YEAR, "1", (row,))
    assert refusal.reason is reasons.TRANSFER_BUDGET


def test_another_budget_is_no_supplier() -> None:
    row = an_agreement("A", an_obligation("a", 10, specific="332"), supplier=PAYEES[OBLAST], kind="services")
    refusal = a_tree(REPUBLIC, OBLAST).refused(GU, "agreement.register", *registration(row))
    assert refusal.reason is reasons.TRANSFER_BUDGET
