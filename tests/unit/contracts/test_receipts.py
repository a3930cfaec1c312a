"""Receipts: plan, facts, cash accounts."""

import pytest

from chain.codec import UINT_MAXIMUM
from contracts import invariants, reasons
from contracts.actions import Call
from contracts.receipts import return_cash, shortfall, take_cash
from contracts.records import CashAccount, cash_of, receipts_of
from contracts.rejection import RejectionError
from contracts.state import Overlay
from tests.support.budget import Ledger, a_fresh_ledger, a_ledger, a_line, day_number

TAX, LOAN = "101110", "801101"
BUDGET = "01.kz"


def monthly(amount: int) -> tuple[int, ...]:
    return tuple(amount * month for month in range(1, 13))


def plan(ledger: Ledger, *rows: tuple[str, tuple[int, ...]], year: int = 2026) -> None:
    ledger.do("treasury", "receipts.plan", "сводный план", tuple((BUDGET, year, *row) for row in rows))


def post(ledger: Ledger, kind: str, amount: int, code: str = TAX, source: str = "1") -> None:
    ledger.do("treasury", "receipts.post", "выписка", ((kind, BUDGET, source, code, amount, ""),))


def a_call(ledger: Ledger) -> Call:
    return Call(Overlay(ledger.state), ledger.context(), 0, ledger.chain_id, "", None, (), ())  # type: ignore[arg-type]


def test_the_plan_of_all_codes_is_the_sum_of_the_codes() -> None:
    ledger = a_ledger()
    plan(ledger, (TAX, monthly(100_000)), (LOAN, monthly(20_000)))
    plan(ledger, (TAX, monthly(50_000)))
    assert receipts_of(ledger.state, BUDGET, 2026).plan == monthly(70_000)
    assert invariants.recount(ledger.state) == ()


@pytest.mark.parametrize(
    ("code", "figures", "reason"),
    [
        (TAX, (*monthly(10_000)[:11], 120_001), reasons.RECEIPTS_UNIT),
        (TAX, (20_000, 10_000, *monthly(10_000)[2:]), reasons.RECEIPTS_FALL),
        ("999999", monthly(10_000), reasons.CODE_UNKNOWN),
    ],
)
def test_a_wrong_row_of_the_plan_is_refused(code: str, figures: tuple[int, ...], reason: object) -> None:
    ledger = a_ledger()
    rows = ((BUDGET, 2026, LOAN, monthly(0)), (BUDGET, 2026, code, figures))
    refusal = ledger.refused("treasury", "receipts.plan", "A", rows)
    assert (refusal.reason, refusal.facts[0]) == (reason, ("row", 2))


def test_a_code_stands_once_in_a_plan() -> None:
    row = (BUDGET, 2026, TAX, monthly(10_000))
    assert a_ledger().refused("treasury", "receipts.plan", "A", (row, row)).reason is reasons.RECEIPTS_TWICE


def test_closed_months_of_the_plan_are_frozen_and_open_ones_are_not() -> None:
    ledger = a_ledger()
    plan(ledger, (TAX, monthly(10_000)))
    ledger.open_day(2026, 3, 2)
    frozen = monthly(10_000)[:2]
    plan(ledger, (TAX, (*frozen, *(90_000,) * 10)))
    changed = (0, *frozen[1:], *(90_000,) * 10)
    refusal = ledger.refused("treasury", "receipts.plan", "A", ((BUDGET, 2026, TAX, changed),))
    assert refusal.reason is reasons.RECEIPTS_CLOSED_MONTH
    late = ledger.refused("treasury", "receipts.plan", "A", ((BUDGET, 2025, TAX, monthly(10_000)),))
    assert late.reason is reasons.RECEIPTS_CLOSED_MONTH
    plan(ledger, (TAX, monthly(10_000)), year=2027)


def test_an_account_is_opening_plus_receipts_less_refunds() -> None:
    ledger = a_ledger()
    post(ledger, "opening", 500, code="901101")
    post(ledger, "receipt", 1_000)
    post(ledger, "refund", 300)
    account = cash_of(ledger.state, BUDGET, "1", 2026)
    assert (account, account.balance) == (CashAccount(500, 1_000, 300, 0), 1_200)
    assert invariants.recount(ledger.state) == ()


def test_a_year_opens_with_what_the_year_before_ended_with() -> None:
    ledger = a_ledger()
    post(ledger, "receipt", 1_000)
    ledger.open_day(2027, 1, 4)
    post(ledger, "opening", 600, code="901101")
    row = ("opening", BUDGET, "1", "901101", 401, "")
    refusal = ledger.refused("treasury", "receipts.post", "A", (row,))
    assert (refusal.reason, dict(refusal.facts)["balance_tiyn"]) == (reasons.CASH_SHORT, 400)
    post(ledger, "opening", 400, code="901101")


def test_facts_are_cumulative_from_their_month_and_make_the_shortfall() -> None:
    ledger = a_ledger()
    plan(ledger, (TAX, monthly(10_000)))
    post(ledger, "receipt", 4_000)
    ledger.open_day(2026, 2, 2)
    post(ledger, "receipt", 7_000)
    post(ledger, "refund", 1_000)
    record = receipts_of(ledger.state, BUDGET, 2026, TAX)
    assert (record.posted, record.debited) == ((4_000, *(11_000,) * 11), (0, *(1_000,) * 11))
    assert [shortfall(ledger.state, BUDGET, 2026, month) for month in (1, 2, 12)] == [6_000, 10_000, 110_000]


def test_more_than_planned_is_a_negative_shortfall() -> None:
    ledger = a_ledger()
    post(ledger, "receipt", 4_000)
    assert shortfall(ledger.state, BUDGET, 2026, 1) == -4_000


def test_a_refund_is_never_more_than_came_in_under_its_code() -> None:
    ledger = a_ledger()
    post(ledger, "receipt", 1_000)
    post(ledger, "receipt", 1_000, code=LOAN)
    row = ("refund", BUDGET, "1", TAX, 1_001, "")
    assert ledger.refused("treasury", "receipts.post", "A", (row,)).reason is reasons.REFUND_BEYOND_RECEIPTS


def test_a_refund_is_never_more_than_the_account_holds() -> None:
    ledger = a_ledger()
    post(ledger, "receipt", 1_000)
    row = ("refund", BUDGET, "2", TAX, 500, "")
    assert ledger.refused("treasury", "receipts.post", "A", (row,)).reason is reasons.CASH_SHORT


def test_all_rows_are_posted_or_none() -> None:
    ledger = a_ledger()
    good = ("receipt", BUDGET, "1", TAX, 500, "")
    bad = ("receipt", BUDGET, "1", "999999", 500, "")
    refusal = ledger.refused("treasury", "receipts.post", "A", (good, bad))
    assert (refusal.reason, refusal.facts[0]) == (reasons.CODE_UNKNOWN, ("row", 2))
    assert cash_of(ledger.state, BUDGET, "1", 2026).balance == 0


def test_a_sum_beyond_the_largest_number_is_refused() -> None:
    ledger = a_ledger()
    post(ledger, "receipt", UINT_MAXIMUM)
    for source in ("1", "2"):
        row = ("receipt", BUDGET, source, LOAN, 1, "")
        assert ledger.refused("treasury", "receipts.post", "A", (row,)).reason is reasons.SUM_TOO_LARGE


def test_nothing_is_posted_before_a_day_is_open() -> None:
    ledger = a_fresh_ledger()
    ledger.publish("receipts", TAX)
    row = ("receipt", BUDGET, "1", TAX, 1, "")
    assert ledger.refused("treasury", "receipts.post", "A", (row,)).reason is reasons.NO_OPEN_DAY


def test_payments_take_what_the_account_holds_and_returns_bring_it_back() -> None:
    ledger = a_ledger()
    post(ledger, "receipt", 1_000)
    call = a_call(ledger)
    take_cash(call, a_line(), 1_000)
    with pytest.raises(RejectionError) as refusal:
        take_cash(call, a_line(), 1)
    assert refusal.value.reason is reasons.CASH_SHORT
    return_cash(call, a_line(), 400)
    assert cash_of(call.state, BUDGET, "1", 2026) == CashAccount(0, 1_000, 0, 600)


def test_sources_do_not_share_an_account() -> None:
    ledger = a_ledger()
    post(ledger, "receipt", 1_000, source="2")
    with pytest.raises(RejectionError):
        take_cash(a_call(ledger), a_line(source="1"), 1)


def test_an_account_that_the_chart_of_accounts_has_closed_takes_and_gives_nothing() -> None:
    ledger = a_ledger()
    day = day_number(2026, 1, 5)
    ledger.publish("accounts", f"{BUDGET}/1", valid_from=day, valid_to=day)
    post(ledger, "receipt", 100)
    ledger.open_day(2026, 1, 6)
    for kind in ("receipt", "refund", "opening"):
        row = (kind, BUDGET, "1", TAX, 1, "")
        assert ledger.refused("treasury", "receipts.post", "A", (row,)).reason is reasons.CODE_CLOSED
    with pytest.raises(RejectionError) as refused:
        take_cash(a_call(ledger), a_line(), 1)
    assert refused.value.reason is reasons.CODE_CLOSED
    post(ledger, "receipt", 100, source="3")
