"""Simulations of whole networks, each from one seed.

`--seed N` replays a run and says what happens in it; `--seeds N` runs the first N and counts; `--kept NAME`
replays one of tests/seeds; `--speed` says how many heights a second one core simulates. With `--machines` the
schedules are those of the consensus machine alone (tests/simulation/cluster.py).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import replace

from tests.simulation.cluster import Cluster, plan_of
from tests.simulation.options import Options, options_of
from tests.simulation.runs import attempt, keep, kept, run_seeds, shrink
from tests.simulation.world import Outcome, simulate

SPEED_HEIGHTS = 300


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone and show what it went through")
    parser.add_argument("--seeds", type=int, default=300, help="run seeds 0 to N-1 (default 300)")
    parser.add_argument("--first", type=int, default=0, help="begin here instead of 0")
    parser.add_argument("--kept", help="replay a run of tests/seeds")
    parser.add_argument("--quiet", action="store_true", help="say only what came of it")
    parser.add_argument("--speed", action="store_true", help="heights a second of four nodes in good weather")
    parser.add_argument("--json", action="store_true", help="totals as JSON")
    parser.add_argument("--machines", action="store_true", help="consensus machines instead of whole nodes")
    parser.add_argument("--hashes", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.machines:
        machines(arguments)
        return 0
    if arguments.hashes is not None:
        hashes = {seed: simulate(options_of(int(seed))).trace_hash for seed in arguments.hashes.split(",")}
        print(json.dumps(hashes))
        return 0
    if arguments.speed:
        return speed()
    if arguments.kept is not None:
        return replay(kept()[arguments.kept], arguments.quiet)
    if arguments.seed is not None:
        return replay(options_of(arguments.seed), arguments.quiet)
    return many(arguments)


def replay(options: Options, is_quiet: bool) -> int:
    """One run; what it shrinks to when it fails."""
    print(options)
    try:
        tell(simulate(options, is_told=not is_quiet))
    except AssertionError as error:
        print(f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        shrunk_and_kept(options, f"{type(error).__name__}: {error}")
        return 1
    return 0


def tell(outcome: Outcome) -> None:
    print(
        f"{outcome.heights} heights, {outcome.transactions} transactions, {outcome.virtual_ms / 1000:.1f} s, "
        f"{outcome.events:,} events, trace {outcome.trace_hash}"
    )
    for title, counts in (("done to it", outcome.faults), ("met", outcome.marks)):
        for name, count in counts.items():
            print(f"{count:9,}  {title}: {name}")


def shrunk_and_kept(options: Options, error: str) -> None:
    small = shrink(options, lambda candidate: attempt(candidate)[0])
    path = keep(small, error, f"seed-{options.seed}")
    print(f"the smallest run that still fails: {small}\nkept as {path}", file=sys.stderr)


def many(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    totals = run_seeds(arguments.first, arguments.seeds)
    if arguments.json:
        print(json.dumps(totals.as_json(), indent=1))
    else:
        print(
            f"{totals.seeds} seeds, {totals.heights:,} heights, {totals.transactions:,} transactions, "
            f"{totals.virtual_hours:.1f} hours, {totals.repeated} twice; "
            f"{totals.cpu_seconds / max(1, totals.seeds):.2f} s of a core each, "
            f"{time.monotonic() - began:.0f} s"
        )
        for title, counts in (("done", totals.faults), ("met in so many runs", totals.marks)):
            for name, count in counts.items():
                print(f"{count:9,}  {title}: {name}")
    for failure in totals.failures:
        print(f"seed {failure['seed']}: {failure['error']}", file=sys.stderr)
        shrunk_and_kept(Options.of_json(failure["options"]), failure["error"])
    return 1 if totals.failures else 0


def speed() -> int:
    options = Options(0, heights=SPEED_HEIGHTS, seconds=600, documents=SPEED_HEIGHTS // 2)
    simulate(replace(options, heights=5))  # what is made once is made
    began = time.process_time()
    outcome = simulate(options)
    seconds = time.process_time() - began
    print(
        f"{outcome.heights / seconds:.0f} heights a second of one core, {outcome.transactions} transactions"
    )
    return 0


def machines(arguments: argparse.Namespace) -> None:
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
    sys.exit(main())
