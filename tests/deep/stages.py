"""The parts of a deep run: what each does, how much of it in a short run and in a whole one, and its totals.

A stage raises what it found; totals are numbers, by name.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

from tests.fuzz.run import search_all
from tests.fuzz.targets import TARGETS
from tests.simulation import bugs, byte_flips, crash_grid, planted_node, runs
from tests.simulation.machine import PARTS
from tests.simulation.marks import DEEP_NODES
from tests.simulation.pool import PROCESSES, Totals
from tests.support.kills import kill_under_load

Numbers = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stage:
    """`run(amount, is_whole)`: how much of it, and whether it is a whole deep run, which must have met every
    rare situation."""

    name: str
    short: int
    whole: int
    run: Callable[[int, bool], Numbers]


class MissedError(AssertionError):
    """The run proves less than it should: something was never met, or not caught."""


def machine_part(name: str) -> Callable[[int, bool], Numbers]:
    """Hostile schedules, Twins or forks of the machine-level simulation."""

    def run(amount: int, is_whole: bool) -> Numbers:
        part = PARTS[name]
        totals = part.run(amount, 0)
        if is_whole:
            require(totals, part.deep_marks)
        return numbers_of(totals)

    return run


def require(totals: Totals, marks: frozenset[str]) -> None:
    missing = totals.missing(marks)
    if missing:
        raise MissedError(f"{totals.scenarios} scenarios never met: {', '.join(missing)}")


def numbers_of(totals: Totals) -> Numbers:
    return {"scenarios": totals.scenarios, **{f"met: {name}": n for name, n in sorted(totals.marks.items())}}


def planted_bugs(amount: int, is_whole: bool) -> Numbers:
    """All planted bugs, or as many as `amount`; each must be caught by all that it names."""
    names = sorted(bugs.REGISTRY) if is_whole else bugs.drawn(seed=amount, count=amount)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        missed = dict(zip(names, pool.map(ways_missed, names), strict=True))
    escaped = [f"{name} ({', '.join(ways)})" for name, ways in missed.items() if ways]
    if escaped:
        raise MissedError(f"planted bugs that were not caught: {'; '.join(escaped)}")
    return {"planted": len(bugs.REGISTRY), "caught": len(names)}


def ways_missed(name: str) -> list[str]:
    """For a process of the pool."""
    return bugs.REGISTRY[name].ways_missed()


def crash_cases(_: int, is_whole: bool) -> Numbers:
    """Every durable operation of a node's life with every end that it may have."""
    del is_whole
    names = [scene.name for scene in crash_grid.SCENES]
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for found in pool.map(crash_grid.run_scene, names):
            counts += found
    return dict(sorted(counts.items()))


def flipped_bytes(stride: int, is_whole: bool) -> Numbers:
    """Every `stride`-th byte of a small node's files, every sixteenth of its database's at best."""
    counts = byte_flips.run_all(stride, max(stride, 16))
    if is_whole and not all(counts[name] for name in byte_flips.EXPECTED):
        raise MissedError(f"never met: {[name for name in byte_flips.EXPECTED if not counts[name]]}")
    return dict(sorted(counts.items()))


def fuzzing(seconds: int, _: bool, findings: Path = Path()) -> Numbers:
    """Coverage-guided search, `seconds` for each target."""
    searches = search_all(tuple(TARGETS), seconds, findings)
    broken = [f"{one.target}: {one.failure}" for one in searches if one.failure]
    if broken:
        raise MissedError("\n".join(broken))
    return {
        "seconds a target": seconds,
        **{f"executions: {one.target}": one.executions for one in searches},
    }


def whole_nodes(amount: int, is_whole: bool) -> Numbers:
    """Seeds of the whole-node simulation, every twentieth twice."""
    totals = runs.run_seeds(0, amount, workers=PROCESSES)
    if totals.failures:
        raise MissedError("\n".join(f"seed {one['seed']}: {one['error']}" for one in totals.failures))
    missing = DEEP_NODES - totals.marks.keys() if is_whole else ()
    if missing:
        raise MissedError(f"{totals.seeds} seeds never met: {', '.join(sorted(missing))}")
    return {
        "seeds": totals.seeds,
        "seeds run again": totals.repeated,
        "heights": totals.heights,
        "transactions": totals.transactions,
        "virtual hours": round(totals.virtual_hours),
        **{f"met: {name}": count for name, count in totals.marks.items()},
        **{f"done: {name}": count for name, count in totals.faults.items()},
    }


def planted_node_bugs(amount: int, is_whole: bool) -> Numbers:
    """Bugs around the machine; each must be found by a run of whole nodes."""
    names = list(planted_node.BUGS) if is_whole else list(planted_node.BUGS)[:amount]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        found = dict(zip(names, pool.map(is_found, names), strict=True))
    escaped = [name for name, was_found in found.items() if not was_found]
    if escaped:
        raise MissedError(f"planted bugs that no run found: {', '.join(escaped)}")
    return {"planted": len(planted_node.BUGS), "found": len(names)}


def is_found(name: str) -> bool:
    """For a process of the pool."""
    return planted_node.BUGS[name].run_that_finds_it() is not None


def kills(amount: int, _: bool) -> Numbers:
    """Real processes under load, killed without warning; the seed is among the totals."""
    seed = Random().getrandbits(32)
    with tempfile.TemporaryDirectory(prefix="eqazyna-kills-") as directory:
        return {"seed": seed, **dict(sorted(kill_under_load(Path(directory) / "n", amount, seed).items()))}


STAGES = (
    Stage("nodes", 250, 10_000, whole_nodes),
    Stage("planted node bugs", 4, 0, planted_node_bugs),
    Stage("crash grid", 1, 1, crash_cases),
    Stage("flipped bytes", 23, 1, flipped_bytes),
    Stage("schedules", 300, 5_000, machine_part("schedules")),
    Stage("twins", 2_500, 50_000, machine_part("twins")),
    Stage("forks", 120, 2_000, machine_part("forks")),
    Stage("planted bugs", 10, 0, planted_bugs),
    Stage("kills", 10, 200, kills),
    Stage("fuzzing", 20, 600, fuzzing),
)
