"""Durations, bounds on block time, and the pause between heights."""

import pytest

from consensus.messages import Step
from consensus.timing import Pacing, TimeBounds, Timeouts


@pytest.mark.parametrize(
    ("step", "round_", "duration_ms"),
    [
        (Step.PROPOSE, 0, 3_000),
        (Step.PROPOSE, 4, 5_000),
        (Step.PREVOTE, 0, 500),
        (Step.PRECOMMIT, 2, 1_000),
        (Step.PROPOSE, 10_000, 60_000),
        (Step.PREVOTE, 2**31 - 1, 60_000),
    ],
)
def test_timers_grow_linearly_up_to_the_cap(step: Step, round_: int, duration_ms: int) -> None:
    assert Timeouts().duration_ms(step, round_) == duration_ms


def test_the_delay_grows_by_a_tenth_a_round_and_stops_at_the_fiftieth() -> None:
    bounds = TimeBounds(precision_ms=500, delay_ms=5_000)
    assert bounds.is_timely(0, 6_000, 1)
    assert not bounds.is_timely(0, 6_001, 1)
    widest_ms = 500 + 5_000 * 11**50 // 10**50
    assert bounds.is_timely(0, widest_ms, 2**31 - 1)
    assert not bounds.is_timely(0, widest_ms + 1, 2**31 - 1)


@pytest.mark.parametrize(
    ("now_ms", "has_transaction", "has_message", "wait_ms"),
    [
        (1_000, False, False, 30_000),
        (1_000, True, False, 200),
        (1_150, False, True, 50),
        (1_200, True, False, 0),
        (31_000, False, False, 0),
        (90_000, False, False, 0),
    ],
)
def test_a_height_begins_with_work_after_the_interval_or_without_it_when_idle_long_enough(
    now_ms: int, has_transaction: bool, has_message: bool, wait_ms: int
) -> None:
    """Scenario 21."""
    assert Pacing(decided_at_ms=1_000).wait_ms(now_ms, has_transaction, has_message) == wait_ms
