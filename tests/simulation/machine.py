"""The machine-level simulation from the command line, and what its runs must have met.

`python -m tests.simulation.machine schedules --first 17 --count 1` replays one hostile schedule; `twins` and
`forks` go by number likewise.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation import marks
from tests.simulation.cluster import Cluster, plan_of
from tests.simulation.forks import examine_some
from tests.simulation.pool import Totals, spread
from tests.simulation.twins import run_twins


def schedule_some(first: int, count: int) -> Counter[str]:
    """These hostile schedules, one after the other, and what they met."""
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        seen += Cluster(plan_of(seed)).run().seen
    return seen


def run_schedules(count: int, first: int = 0) -> Totals:
    """Hostile schedules over two processes. Raises what broke, with its plan."""
    return spread(schedule_some, count, first)


def run_forks(count: int, first: int = 0) -> Totals:
    """Networks with too many liars, and what their archives say. Raises when the honest are named, or too
    few of the others."""
    return spread(examine_some, count, first)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of run: how much of it in CI and in a deep run, and what each must have met."""

    run: Callable[[int, int], Totals]
    ci: int
    deep: int
    ci_marks: frozenset[str]
    deep_marks: frozenset[str]

    def checked(self, is_deep: bool) -> Totals:
        """The totals of a run that met everything it must; AssertionError names what it never met."""
        totals = self.run(self.deep if is_deep else self.ci, 0)
        missing = totals.missing(self.deep_marks if is_deep else self.ci_marks)
        assert not missing, f"{totals.scenarios} scenarios never met: {', '.join(missing)}"
        return totals


PARTS: dict[str, Part] = {
    "schedules": Part(run_schedules, 500, 5_000, marks.CI_SCHEDULES, marks.DEEP_SCHEDULES),
    "twins": Part(run_twins, 5_000, 50_000, marks.CI_TWINS, marks.DEEP_TWINS),
    "forks": Part(run_forks, 240, 2_000, marks.CI_FORKS, marks.DEEP_FORKS),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.machine", description=__doc__)
    parser.add_argument("what", choices=PARTS)
    parser.add_argument("--first", type=int, default=0, help="begin with this number")
    parser.add_argument("--count", type=int, default=300, help="how many")
    arguments = parser.parse_args()
    totals = PARTS[arguments.what].run(arguments.count, arguments.first)
    print(f"{totals.scenarios} {arguments.what} hold, from {arguments.first} on")
    for name, times in sorted(totals.marks.items()):
        print(f"{times:9,}  {name}")


if __name__ == "__main__":
    main()
