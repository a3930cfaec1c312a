"""Totals counted from tokens: what they are, and each way in which they cannot be bent."""

from dataclasses import replace

import pytest

from audit.failure import VerificationError
from audit.money import EMPTY, SLOTS, STATUSES, Money
from contracts.records import (
    STATUSES as RECORDED_STATUSES,
)
from contracts.records import (
    Balance,
    Line,
    Stage,
    Token,
    TokenKey,
    obligation_scope,
    position_scope,
    programme_scope,
)
from tests.support.budget import a_line

POOL = TokenKey(a_line(subprogramme=None, specific=None), "mot", None, Stage.ADOPTED)
PART = TokenKey(a_line(), "gu-2280101", None, Stage.REGISTERED, obligation="ob")


def put(money: Money, key: TokenKey, amount: int) -> None:
    value = Token(1, (), amount, 1).encode() if amount else None
    money.note("tokens", key.encode(), value)


def record(money: Money, scope: bytes, issued: int = 0, **by_slot: int) -> None:
    amounts = [0] * SLOTS
    for slot, amount in by_slot.items():
        amounts[int(slot[1:])] = amount
    money.note("balances", scope, Balance(issued, 0, 0, tuple(amounts)).encode())


def adopted(amount: int = 100) -> Money:
    money = Money()
    money.begin("budget.adopt")
    put(money, POOL, amount)
    record(money, programme_scope(POOL.line), amount, s2=amount)
    money.end(0)
    money.close_block(1)
    return money


def registered(money: Money, amount: int) -> None:
    money.begin("agreement.register")
    put(money, POOL, 100 - amount)
    put(money, PART, amount)
    record(money, programme_scope(POOL.line), 100, s2=100 - amount, s4=amount)
    record(money, position_scope(PART.holder, PART.line), s4=amount)
    record(money, obligation_scope(PART.holder, "ob"), s4=amount)
    money.end(0)


def test_statuses_are_those_of_the_state() -> None:
    assert {name: tuple(map(int, slots)) for name, slots in RECORDED_STATUSES} == STATUSES


def test_tokens_are_counted_under_programme_position_and_obligation() -> None:
    money = adopted()
    registered(money, 30)
    money.close_block(2)
    money.close()
    assert money.tokens == 2
    assert money.totals_compared == 4
    (programme,) = money.programmes()
    assert programme.place == ("01.kz", 2026, "228", "003")
    assert {name: amount for name, amount in programme.statuses.items() if amount} == {
        "announced": 70, "contracted": 30,
    }  # fmt: skip
    assert money.by_year()["01.kz", 2026].issued == 100


def test_a_held_amount_is_blocked_and_only_early_stages_can_be_held() -> None:
    money = Money()
    put(money, replace(POOL, hold="h"), 5)
    (programme,) = money.programmes()
    assert programme.statuses["blocked"] == 5
    with pytest.raises(VerificationError, match="stage 4 is under a hold"):
        put(money, replace(PART, hold="h"), 5)


def test_money_made_or_destroyed_by_an_action_that_may_not_is_found() -> None:
    money = adopted()
    money.begin("payment.execute")
    put(money, POOL, 101)
    with pytest.raises(VerificationError, match="by 1 tiyn"):
        money.end(0)
    money.begin("budget.adopt")
    put(money, POOL, 0)
    with pytest.raises(VerificationError, match="by -101 tiyn"):
        money.end(0)


@pytest.mark.parametrize("scope", [1, 2, 3])
def test_a_total_that_was_not_moved_with_its_tokens_is_found(scope: int) -> None:
    money = adopted()
    registered(money, 30)
    key = (
        programme_scope(POOL.line),
        position_scope(PART.holder, PART.line),
        obligation_scope(PART.holder, "ob"),
    )[scope - 1]
    record(money, key, 100 if scope == 1 else 0, s2=70, s4=31)
    with pytest.raises(VerificationError, match="but its tokens give"):
        money.close_block(2)


def test_a_total_without_tokens_is_found() -> None:
    money = Money()
    record(money, programme_scope(POOL.line), 7, s2=7)
    with pytest.raises(VerificationError, match="its tokens give nothing"):
        money.close_block(1)


def test_more_in_statuses_than_was_issued_is_found() -> None:
    money = adopted()
    record(money, programme_scope(POOL.line), 99, s2=100)
    with pytest.raises(VerificationError, match="sum to 100 tiyn, but 99"):
        money.close_block(2)


def test_what_one_programme_gave_another_must_have_received() -> None:
    money = adopted()
    other = TokenKey(Line("01.kz", 2026, "1", "226", "001", None, None), "moh", None, Stage.ADOPTED)
    money.begin("budget.adjust")
    put(money, other, 40)
    money.note("balances", programme_scope(other.line), Balance(0, 40, 0, (0, 0, 40, *[0] * 14)).encode())
    money.end(0)
    money.close_block(2)
    with pytest.raises(VerificationError, match="sum to 140 tiyn, but 100 were issued"):
        money.close()


def test_bytes_that_are_no_token_or_total_are_refused() -> None:
    for collection, key, value in (
        ("tokens", b"\x01", Token(1, (), 5, 1).encode()),
        ("tokens", POOL.encode(), Token(1, (), 0, 1).encode()),
        ("balances", b"x", b"\x94\x01\x00\x00\x00"),
        ("balances", b"x", Balance(*EMPTY[:3], (1,)).encode()),
    ):
        with pytest.raises(VerificationError):
            Money().note(collection, key, value)
