"""Hostile schedules: invariants after every step, a decision by every honest validator once the network
heals.

A failure names its plan; `python -m tests.simulation.machine schedules --first N --count 1` runs that
schedule alone.
"""

import pytest

from tests.simulation.cluster import Cluster, Plan
from tests.simulation.machine import PARTS
from tests.simulation.twins import EXHAUSTIVE, TWO_ROUNDS, twins_plan


def test_hostile_schedules_hold_and_reach_what_is_rare() -> None:
    """A run that never locks late, never recovers a lock and never accuses would prove little."""
    assert PARTS["schedules"].checked(is_deep=False).scenarios == PARTS["schedules"].ci


def test_twins_hold_and_reach_what_is_rare() -> None:
    """Scenario 2."""
    assert PARTS["twins"].checked(is_deep=False).scenarios == PARTS["twins"].ci


def test_every_partition_and_leader_of_two_rounds_comes_first() -> None:
    """Scenario 2: once each, and no sampled one twice."""
    plans = [twins_plan(number) for number in range(EXHAUSTIVE + 2_000)]
    arranged = {(plan.partitions, plan.leaders) for plan in plans}
    assert len(arranged) == len(plans)
    assert sum(len(plan.leaders) == 2 for plan in plans) == TWO_ROUNDS
    assert sum(plan.n == 7 for plan in plans) == 250


@pytest.mark.parametrize("seed", range(4))
def test_with_real_signatures(seed: int) -> None:
    Cluster(Plan(seed, n=4, byzantine="twins", has_real_keys=True, heights=1)).run()


@pytest.mark.parametrize("n", [3, 4, 6, 7])
def test_everything_first_sent_is_lost(n: int) -> None:
    """Scenario 14: STATUS and what it asks for is enough."""
    Cluster(Plan(n, n=n, loses_first_sendings=True, is_masked=False)).run()


@pytest.mark.parametrize("weather", ["halves", "one-way", "deaf", "star", "thirds", "lifting"])
def test_a_network_in_pieces_heals(weather: str) -> None:
    """Scenario 13."""
    for seed, n in enumerate((3, 4, 5, 6, 7)):
        Cluster(Plan(seed, n=n, weather=weather, is_masked=False)).run()


@pytest.mark.parametrize(
    "skews_ms",
    [
        (1_000, -1_000, 0, 0),
        (60_000, 0, 0, 0),
        (-60_000, 0, 0, 0),
        (60_000, 60_000, 0, 0),
        (-30_000, 0, 30_000, 0),
    ],
    ids=str,
)
def test_wrong_clocks_cost_rounds_and_no_safety(skews_ms: tuple[int, ...]) -> None:
    """Scenario 15: the delay grows by a tenth a round until even half the clocks a minute wrong agree."""
    for seed in range(3):
        Cluster(Plan(seed, skews_ms=skews_ms, is_masked=False, heights=1)).run()


@pytest.mark.parametrize(
    "jumps_ms",
    [((0, 5_000, -60_000),), ((0, 5_000, 60_000), (0, 30_000, -60_000)), ((0, 0, -1_000), (1, 0, 1_000))],
    ids=str,
)
def test_a_clock_that_is_set_costs_rounds_and_no_safety(jumps_ms: tuple[tuple[int, int, int], ...]) -> None:
    """Scenario 15: back by a minute, ahead and back again, two of four apart by two seconds."""
    for seed in range(3):
        Cluster(Plan(seed, skews_ms=(0,) * 4, jumps_ms=jumps_ms, is_masked=False, heights=3)).run()


@pytest.mark.parametrize("slow", range(7))
def test_a_slow_validator_does_not_slow_the_others(slow: int) -> None:
    """Scenario 24: its checks come after the others have decided. At most its own turn to propose costs a
    round."""
    everybody = tuple(range(7))  # of equal power, so that it and one passing fault are below a third
    plan = Plan(slow, n=7, heights=4, partitions=((0,) * 7,), has_crashes=False, sets=(everybody,), slow=slow)
    cluster = Cluster(plan)
    cluster.run()
    blocks = cluster.nodes[0].disk.blocks
    led = {certificate.height: cluster.committee.proposer(certificate.height, 0) for _, certificate in blocks}
    late = {certificate.height for _, certificate in blocks if certificate.round > 0}
    assert late <= {height for height, leader in led.items() if leader == slow}


@pytest.mark.parametrize("seed", range(12))
def test_the_validators_change_from_height_to_height(seed: int) -> None:
    """Scenario 18, on this floor: up from one and down to one, among crashes and late rounds. Who does not
    vote follows."""
    sets = ((0,), (0,), (0, 1, 2, 3), (0, 1, 2, 3), (1, 2, 3), (3,), (2, 3, 4, 0))
    seen = Cluster(Plan(seed, n=5, heights=7, sets=sets)).run().seen
    assert seen["decision"] == 5 * 7
