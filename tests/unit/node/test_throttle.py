"""How often one peer is answered."""

from __future__ import annotations

from node.throttle import Allowance, Throttle
from tests.support.node import TestClock, address_of_validator

ONE, OTHER = (address_of_validator(name) for name in ("mof", "treasury"))


def test_once_in_an_interval_each() -> None:
    clock = TestClock()
    throttle = Throttle(clock, 100)
    assert [throttle.allows(ONE), throttle.allows(ONE), throttle.allows(OTHER)] == [True, False, True]
    clock.time_ms += 100
    assert throttle.allows(ONE)


def test_what_was_worth_more_is_followed_later_once() -> None:
    clock = TestClock()
    throttle = Throttle(clock, 100)
    assert throttle.allows(ONE)
    throttle.rest(ONE, 50)
    clock.time_ms += 149
    assert not throttle.allows(ONE)
    clock.time_ms += 1
    assert throttle.allows(ONE)
    clock.time_ms += 100
    assert throttle.allows(ONE)


def test_so_many_at_once_and_so_many_a_second() -> None:
    clock = TestClock()
    allowance = Allowance(clock, per_second=100, at_once=3)
    assert [allowance.allows(ONE) for _ in range(5)] == [True, True, True, False, False]
    assert allowance.allows(OTHER)
    clock.time_ms += 25
    assert [allowance.allows(ONE) for _ in range(3)] == [True, True, False]
    clock.time_ms += 60_000
    assert sum(allowance.allows(ONE) for _ in range(10)) == 3


def test_a_clock_set_back_silences_nobody() -> None:
    clock = TestClock()
    throttle, allowance = Throttle(clock, 100), Allowance(clock, per_second=1, at_once=1)
    assert throttle.allows(ONE)
    assert allowance.allows(ONE)
    clock.time_ms -= 3_600_000
    assert throttle.allows(ONE)
    assert allowance.allows(ONE)
