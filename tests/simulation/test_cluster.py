"""Hostile schedules: invariants after every step, a decision by every honest validator once the network
heals.

A failure names its plan; `python -m tests.simulation --seed N` runs that schedule alone.
"""

from itertools import product
from random import Random

import pytest

from tests.simulation.cluster import Cluster, Plan, plan_of

BATCH = 25


@pytest.mark.parametrize("first", range(0, 500, BATCH))
def test_hostile_schedules_hold(first: int) -> None:
    for seed in range(first, first + BATCH):
        Cluster(plan_of(seed)).run()


@pytest.mark.parametrize("seed", range(4))
def test_with_real_signatures(seed: int) -> None:
    Cluster(Plan(seed, n=4, byzantine="twins", has_real_keys=True, heights=1)).run()


def test_the_schedules_reach_what_is_rare() -> None:
    """A run that never locks late, never recovers a lock and never accuses would prove little."""
    reached: set[str] = set()
    for seed in range(150):
        reached |= Cluster(plan_of(seed)).run().seen.keys()
    assert reached >= {
        "lock in round 2 or later",
        "decided in round 4+",
        "block offered again with its polka",
        "locked, then unlocked by a newer polka",
        "valid value without a lock of its round",
        "recovered with a lock",
        "killed between two effects",
        "lock holder felled",
        "lock holder hidden",
        "decided node hidden",
        "decided by a certificate",
        "body asked for",
        "votes passed on",
        "message refused",
        "check faulted",
        "equivocation reported",
        "rounds skipped",
        "height replayed",
    }


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


@pytest.mark.parametrize("twin", range(4))
def test_twins_under_every_partition_of_two_rounds(twin: int) -> None:
    """Scenario 2: five nodes for four validators, two groups in each round; the twin leads round 0, 1 or
    neither."""
    groups = [(0, *rest) for rest in product((0, 1), repeat=4)]
    for seed, partitions in enumerate(product(groups, repeat=2)):
        Cluster(Plan(seed, liars=(twin,), byzantine="twins", heights=1, partitions=partitions)).run()


def test_two_twins_of_seven_under_random_partitions() -> None:
    """Scenario 2."""
    random = Random(7)
    for seed in range(60):
        partitions = tuple(tuple(random.randrange(2) for _ in range(9)) for _ in range(4))
        twins = tuple(random.sample(range(7), 2))
        Cluster(Plan(seed, n=7, liars=twins, byzantine="twins", heights=1, partitions=partitions)).run()
