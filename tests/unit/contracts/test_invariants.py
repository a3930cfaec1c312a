"""Each law of budget-machine 5, broken on purpose, is found on the block's path and by the full recount."""

from dataclasses import replace

import pytest

from chain.errors import ExecutionFault
from contracts import invariants, tokens
from contracts.actions import Call
from contracts.calendar import day_number
from contracts.records import (
    Act,
    Agreement,
    Appropriation,
    Balance,
    CashAccount,
    Collection,
    Consolidated,
    Day,
    Hold,
    HoldRow,
    Obligation,
    Payment,
    PaymentStatus,
    Plan,
    ReceiptsRecord,
    Record,
    Stage,
    Token,
    TokenKey,
    act_key,
    agreement_key,
    appropriation_key,
    cash_key,
    consolidated_key,
    hold_key,
    hold_row_key,
    obligation_key,
    obligation_scope,
    payment_key,
    plan_key,
    position_scope,
    programme_scope,
    put,
    receipts_key,
)
from contracts.state import Key, Overlay
from tests.support.budget import Ledger, a_fresh_ledger, a_line

GU = "gu-2280101"
LINE = a_line()
POOL = TokenKey(LINE.programme_level, "mot", None, Stage.ADOPTED)
ALLOCATED = TokenKey(LINE, GU, None, Stage.ALLOCATED)
HELD = replace(ALLOCATED, hold="b1")
REGISTERED = replace(ALLOCATED, stage=Stage.REGISTERED, obligation="1")
PAYABLE = replace(REGISTERED, stage=Stage.PAYABLE, act="a1")
PAID = replace(PAYABLE, stage=Stage.PAID, payment="p1")

PLACES: dict[str, Key] = {
    "appropriation": (Collection.APPROPRIATIONS, appropriation_key("01.kz", 2026, "228", "003")),
    "plan": (Collection.PLANS, plan_key(GU, LINE)),
    "programme's plan": (Collection.CONSOLIDATED, consolidated_key("01.kz", 2026, "228", "003")),
    "budget's plan": (Collection.CONSOLIDATED, consolidated_key("01.kz", 2026)),
    "obligation": (Collection.OBLIGATIONS, obligation_key(GU, "1")),
    "agreement": (Collection.AGREEMENTS, agreement_key(GU, "7")),
    "act": (Collection.ACTS, act_key(GU, "a1")),
    "payment": (Collection.PAYMENTS, payment_key(GU, "p1")),
    "hold": (Collection.HOLDS, hold_key("b1")),
    "hold row": (Collection.HOLD_ROWS, hold_row_key("b1", 1)),
    "cash": (Collection.CASH, cash_key("01.kz", "1", 2026)),
    "receipts": (Collection.RECEIPTS, receipts_key("01.kz", 2026, "101110")),
    "all receipts": (Collection.RECEIPTS, receipts_key("01.kz", 2026, "")),
    "programme": (Collection.BALANCES, programme_scope(LINE)),
    "position": (Collection.BALANCES, position_scope(GU, LINE)),
    "tokens of the obligation": (Collection.BALANCES, obligation_scope(GU, "1")),
    "token": (Collection.TOKENS, PAID.encode()),
    "registered": (Collection.TOKENS, REGISTERED.encode()),
}

APPROPRIATION = Appropriation("costs", "12", "ordinary", True, 0, (), False, False, 2_000, 0, 0, 0, 0, 0)
PLAN = Plan((0, *(1_000,) * 11), (0, *(400,) * 10, 1_000))
CONSOLIDATED = Consolidated(PLAN.obligations, PLAN.payments)
OBLIGATION = Obligation(LINE, None, "agreement", "7", None, 400, 0, 0, 0, (), 1, (), True, None)
AGREEMENT = Agreement(
    0, "990840000001", "ремонт", "works", "ordinary", "39(3)1", None, "01.kz", "228", "003", 400, (),
    ("1",), (), None, 0, (), None, None, 0,
)  # fmt: skip
ACT = Act("1", 0, "акт", 300, (), 0, False, 0)
ACCOUNT = ("01.kz", "1", 2026)
PAYMENT = Payment("1", "a1", False, 150, "", 0, int(PaymentStatus.EXECUTED), 0, None, 50, 3, ACCOUNT)
HOLD = Hold("shortfall", "01.kz", 2026, "A", 0, None, 0, 50, 0, 0, 1, 0, (), 0)
HOLD_ROW = HoldRow(LINE, GU, None, int(Stage.ALLOCATED), 50, None)
CASH = CashAccount(100, 1_000, 200, 100)
RECEIPTS = ReceiptsRecord((500,) * 12, (1_100,) * 12, (200,) * 12)

RECORDS: dict[str, Record] = {
    "appropriation": APPROPRIATION,
    "plan": PLAN,
    "programme's plan": CONSOLIDATED,
    "budget's plan": CONSOLIDATED,
    "obligation": OBLIGATION,
    "agreement": AGREEMENT,
    "act": ACT,
    "payment": PAYMENT,
    "hold": HOLD,
    "hold row": HOLD_ROW,
    "cash": CASH,
    "receipts": RECEIPTS,
    "all receipts": RECEIPTS,
}


def a_call(ledger: Ledger) -> Call:
    return Call(Overlay(ledger.state), ledger.context(), 0, ledger.chain_id, "", None, (), ())  # type: ignore[arg-type]


def a_little_budget(ledger: Ledger) -> Overlay:
    """One programme with an agreement, an act, a payment and a hold, on 5 February."""
    call = a_call(ledger)
    tokens.issue(call, POOL, 2_000)
    tokens.move(call, POOL, ALLOCATED, 1_000)
    tokens.move(call, ALLOCATED, HELD, 50)
    tokens.move(call, ALLOCATED, REGISTERED, 400)
    tokens.move(call, REGISTERED, PAYABLE, 300)
    tokens.move(call, PAYABLE, PAID, 100)
    for name, record in RECORDS.items():
        put(call.state, *PLACES[name], record)
    put(call.state, Collection.DAY, b"", Day(day_number(2026, 2, 5), 1))
    return call.state


def check(ledger: Ledger, after: Overlay) -> None:
    invariants.check(after, ledger.state, frozenset(after.changes()), ledger.context())


def test_a_sound_budget_passes_both_checks() -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    check(ledger, state)
    assert invariants.recount(state) == ()


def balance(state: Overlay, name: str) -> Balance:
    return Balance.decode(state.get(*PLACES[name]) or b"")


def with_slot(found: Balance, slot: int, change: int) -> Balance:
    amounts = list(found.amounts)
    amounts[slot] += change
    return replace(found, amounts=tuple(amounts))


BROKEN: list[tuple[int, str, Record]] = [
    (1, "appropriation", replace(APPROPRIATION, approved=2_001)),
    (1, "appropriation", replace(APPROPRIATION, refined_up=1)),
    (1, "appropriation", replace(APPROPRIATION, refined_down=1)),
    (1, "appropriation", replace(APPROPRIATION, adjusted_up=1)),
    (1, "appropriation", replace(APPROPRIATION, adjusted_down=1)),
    (1, "appropriation", replace(APPROPRIATION, sequestered=1)),
    (2, "plan", Plan((0, *(1_000,) * 11), (0, *(400,) * 10, 900))),
    (2, "plan", Plan((0, *(1_000,) * 10, 1_001), (0, *(400,) * 10, 1_001))),
    (3, "plan", Plan((0, 399, *(1_000,) * 10), (0, *(399,) * 10, 1_000))),
    (3, "plan", Plan((0, *(1_000,) * 11), (0, 99, *(400,) * 9, 1_000))),
    (3, "plan", Plan((0, *(1_000,) * 11), (0, 1_001, *(400,) * 9, 1_000))),
    (3, "plan", Plan((0, 900, 800, *(1_000,) * 9), (0, *(400,) * 10, 1_000))),
    (3, "plan", Plan((0, *(1_000,) * 11), (0, 400, 300, *(400,) * 8, 1_000))),
    (4, "obligation", replace(OBLIGATION, amount=399)),
    (4, "act", replace(ACT, amount=301)),
    (4, "act", replace(ACT, is_corrected=True)),
    (4, "payment", replace(PAYMENT, restored=49)),
    (4, "payment", replace(PAYMENT, status=int(PaymentStatus.REQUESTED))),
    (5, "agreement", replace(AGREEMENT, total=399)),
    (6, "cash", replace(CASH, redeemed=101)),
    (6, "cash", replace(CASH, received=1_001)),
    (6, "cash", replace(CASH, debited=199)),
    (7, "hold", replace(HOLD, lifted=1)),
    (7, "hold", replace(HOLD, consumed=1)),
    (7, "hold row", replace(HOLD_ROW, amount=49)),
    (9, "token", Token(1 << 28 | 77, (), 0, 1)),
    (11, "token", Token(1 << 28 | 77, (), 99, 1)),
    (11, "programme's plan", replace(CONSOLIDATED, payments=(1, *(400,) * 10, 1_000))),
    (11, "budget's plan", replace(CONSOLIDATED, obligations=(0, *(1_000,) * 10, 1_001))),
    (11, "all receipts", replace(RECEIPTS, plan=(501,) * 12)),
]


@pytest.mark.parametrize(("invariant", "name", "record"), BROKEN)
def test_a_broken_record_is_found_twice(invariant: int, name: str, record: Record) -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    put(state, *PLACES[name], record)
    with pytest.raises(ExecutionFault, match=r"block 1, invariant \d+"):
        check(ledger, state)
    assert f"invariant {invariant}" in {finding.split(":")[0] for finding in invariants.recount(state)}


@pytest.mark.parametrize(("invariant", "name", "record"), BROKEN)
def test_a_later_block_finds_what_it_breaks_by_the_touched_key_alone(
    invariant: int, name: str, record: Record
) -> None:
    ledger = a_fresh_ledger()
    ledger.state.commit(a_little_budget(ledger).changes())
    ledger.height += 1
    state = Overlay(ledger.state)
    if isinstance(record, Token):
        record = replace(record, id=2 << 28 | 77, height=2)
    put(state, *PLACES[name], record)
    with pytest.raises(ExecutionFault, match="block 2, invariant "):
        check(ledger, state)


def test_a_balance_that_follows_no_token_is_found() -> None:
    for name in ("programme", "position", "tokens of the obligation"):
        ledger = a_fresh_ledger()
        state = a_little_budget(ledger)
        put(state, *PLACES[name], with_slot(balance(state, name), Stage.REGISTERED, 1))
        with pytest.raises(ExecutionFault, match="invariant 11"):
            check(ledger, state)
        assert any("invariant 11" in finding for finding in invariants.recount(state))


def test_money_issued_or_moved_between_programmes_only_in_the_books_is_found() -> None:
    for field in ("issued", "received", "given"):
        ledger = a_fresh_ledger()
        state = a_little_budget(ledger)
        found = balance(state, "programme")
        put(state, *PLACES["programme"], replace(found, **{field: getattr(found, field) + 5}))
        with pytest.raises(ExecutionFault, match="invariant 8"):
            check(ledger, state)
        assert any("invariant 8" in finding for finding in invariants.recount(state))


def test_an_account_below_zero_is_found() -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    put(state, *PLACES["cash"], CashAccount(0, 1_100, 1_001, 100))
    less = ReceiptsRecord((500,) * 12, (1_100,) * 12, (1_001,) * 12)
    for name in ("receipts", "all receipts"):
        put(state, *PLACES[name], less)
    with pytest.raises(ExecutionFault, match=r"invariant 6.*-1 tiyn"):
        check(ledger, state)
    assert [finding.split(":")[0] for finding in invariants.recount(state)] == ["invariant 6"]


@pytest.mark.parametrize(
    ("key", "invariant"),
    [
        (replace(REGISTERED, hold="b1"), 7),
        (replace(ALLOCATED, obligation="1"), 9),
        (replace(ALLOCATED, stage=Stage.REGISTERED), 9),
        (replace(PAYABLE, payment="p1"), 9),
        (replace(PAID, payment=None), 9),
    ],
)
def test_a_token_in_an_impossible_place_is_found(key: TokenKey, invariant: int) -> None:
    ledger = a_fresh_ledger()
    call = a_call(ledger)
    tokens.issue(call, key, 1)
    with pytest.raises(ExecutionFault, match=f"invariant {invariant}"):
        check(ledger, call.state)
    assert any(finding.startswith(f"invariant {invariant}") for finding in invariants.recount(call.state))


@pytest.mark.parametrize(
    "token", [Token(1 << 28 | 1, (), 100, 1), Token(2 << 28 | 9, (), 100, 1), Token(1 << 28 | 9, (), 100, 2)]
)
def test_an_id_that_is_not_this_blocks_own_is_found(token: Token) -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    put(state, *PLACES["token"], token)  # another token of this block carries 1 << 28 | 1
    with pytest.raises(ExecutionFault, match="invariant 9"):
        check(ledger, state)


def test_an_obligation_of_an_unknown_agreement_is_found() -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    state.delete(*PLACES["agreement"])
    with pytest.raises(ExecutionFault, match="invariant 5"):
        check(ledger, state)


def test_an_id_that_stands_twice_is_found_by_the_recount() -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    put(state, *PLACES["token"], replace(Token.decode(state.get(*PLACES["registered"]) or b""), amount=100))
    assert [finding.split(":")[0] for finding in invariants.recount(state)] == ["invariant 9"]


def test_what_is_set_back_to_its_old_value_broke_nothing() -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    ledger.state.commit(state.changes())
    invariants.check(Overlay(ledger.state), ledger.state, frozenset(PLACES.values()), ledger.context())


def test_closed_months_are_history() -> None:
    ledger = a_fresh_ledger()
    state = a_little_budget(ledger)
    plan = Plan((5, *(1_000,) * 11), (900, *(400,) * 10, 1_000))
    put(state, *PLACES["plan"], plan)
    for name in ("programme's plan", "budget's plan"):
        put(state, *PLACES[name], Consolidated(plan.obligations, plan.payments))
    check(ledger, state)
    assert [list(invariants.open_months(state, year))[:1] for year in (2025, 2026, 2027)] == [[], [2], [1]]
