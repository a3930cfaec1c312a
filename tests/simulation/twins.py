"""Twins (scenario 2): one key runs twice, and each round has its partition and its leader.

The first scenarios are every partition into two groups and every leader of one round and of two rounds, for
four validators and one twin; which validator is the twin makes no difference then. After them come three and
four rounds with up to three groups, spread evenly over all there are, and every eighth has seven validators
of whom two are twins.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from random import Random

from tests.simulation.cluster import Cluster, Plan
from tests.simulation.pool import Totals, spread

GROUPS_OF_TWO = tuple((0, *rest) for rest in product((0, 1), repeat=4))
GROUPS_OF_THREE = tuple((0, *rest) for rest in product((0, 1, 2), repeat=4))
"""Node 0 and node 1 are the twin, 2 to 4 the other three validators; the numbers of groups mean nothing."""

ONE_ROUND = len(GROUPS_OF_TWO) * 4
TWO_ROUNDS = ONE_ROUND**2
EXHAUSTIVE = ONE_ROUND + TWO_ROUNDS

_CHOICES = len(GROUPS_OF_THREE) * 4
_STRIDE = 6_700_417
"""Prime and no divisor of the number of choices: sampled scenarios are spread and none comes twice."""


def twins_plan(number: int) -> Plan:
    """The scenario of a number."""
    if number < EXHAUSTIVE:
        rounds, index = (1, number) if number < ONE_ROUND else (2, number - ONE_ROUND)
        return _four(number, GROUPS_OF_TWO, rounds, index)
    beyond = number - EXHAUSTIVE
    if beyond % 8 == 7:
        return _seven(number)
    rounds = 3 + beyond % 2
    return _four(number, GROUPS_OF_THREE, rounds, beyond * _STRIDE % _CHOICES**rounds)


def _four(number: int, groups: tuple[tuple[int, ...], ...], rounds: int, index: int) -> Plan:
    """Round by round a partition and a leader, the digits of `index`."""
    partitions, leaders = [], []
    for _ in range(rounds):
        index, digit = divmod(index, len(groups) * 4)
        partitions.append(groups[digit // 4])
        leaders.append(digit % 4)
    return Plan(
        number,
        liars=(0,),
        byzantine="twins",
        heights=1,
        partitions=tuple(partitions),
        leaders=tuple(leaders),
        has_crashes=number % 4 == 0,
    )


def _seven(number: int) -> Plan:
    """Two twins of seven; partitions, leaders and twins by chance."""
    random = Random(number)
    return Plan(
        number,
        n=7,
        liars=tuple(random.sample(range(7), 2)),
        byzantine="twins",
        heights=1,
        partitions=tuple(tuple(random.randrange(3) for _ in range(9)) for _ in range(4)),
        leaders=tuple(random.randrange(7) for _ in range(4)),
        has_crashes=number % 4 == 0,
    )


def run_some(first: int, count: int) -> Counter[str]:
    """These scenarios, one after the other, and what they met."""
    seen: Counter[str] = Counter()
    for number in range(first, first + count):
        seen += Cluster(twins_plan(number)).run().seen
    return seen


def run_twins(count: int, first: int = 0) -> Totals:
    """Scenarios `first` to `first + count - 1` over two processes. Raises what broke, with its plan."""
    return spread(run_some, count, first)
