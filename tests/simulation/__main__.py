"""`python -m tests.simulation --seed N` replays one schedule; `--seeds N` runs the first N and counts."""

import argparse
from collections import Counter

from tests.simulation.cluster import Cluster, plan_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this schedule alone and show what it went through")
    parser.add_argument("--seeds", type=int, default=300, help="run schedules 0 to N-1 (default 300)")
    parser.add_argument("--first", type=int, default=0, help="begin here instead of 0")
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    if arguments.seed is not None:
        seeds = range(arguments.seed, arguments.seed + 1)
    seen: Counter[str] = Counter()
    schedules: Counter[str] = Counter()
    for seed in seeds:
        run = Cluster(plan_of(seed)).run().seen
        seen += run
        schedules.update(run.keys())
    print(f"{len(seeds)} schedules hold: {seeds.start} to {seeds.stop - 1}")
    for name, times in sorted(seen.items()):
        print(f"{times:9,}  {name} (in {schedules[name]} schedules)")


if __name__ == "__main__":
    main()
