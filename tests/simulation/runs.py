"""Many seeds: over all cores, counted together, some of them twice; and what a failure shrinks to.

`run_seeds` is what tests and the deep run call; its totals are JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.simulation.options import Options, options_of
from tests.simulation.world import simulate

SEEDS = Path(__file__).parent.parent / "seeds"
"""Runs that failed once, shrunk; they are replayed for ever."""

REPEATED_EVERY = 20
BATCH = 10
SHRINKS = 80
"""Runs a shrinking may take."""

ROOT = Path(__file__).parent.parent.parent


@dataclass(slots=True)
class Totals:
    """What many runs were together. `failures`: seed and what did not hold; `marks`: rare situations met, in
    how many runs; `faults`: what was done, how often."""

    seeds: int = 0
    events: int = 0
    heights: int = 0
    transactions: int = 0
    virtual_hours: float = 0.0
    cpu_seconds: float = 0.0
    repeated: int = 0
    marks: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The runs of a few seeds, as they come back from a worker."""

    totals: Totals
    hashes: dict[int, str]


def run_seeds(first: int, count: int, *, workers: int | None = None) -> Totals:
    """Seeds `first` to `first + count - 1`, every twentieth of them again under other hash seeds."""
    seeds = range(first, first + count)
    batches = [seeds[at : at + BATCH] for at in range(0, count, BATCH)]
    totals, hashes = Totals(), dict[int, str]()
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for batch in pool.map(_run_batch, batches):
            _add(totals, batch.totals)
            hashes |= batch.hashes
    repeated = [seed for seed in seeds if seed % REPEATED_EVERY == 0 and seed in hashes]
    for seed, found in _hashes_again(repeated):
        totals.repeated += 1
        if found != {hashes[seed]}:
            what = f"the same seed gave the traces {sorted(found | {hashes[seed]})}"
            totals.failures.append({"seed": seed, "error": what, "options": options_of(seed).as_json()})
    totals.marks, totals.faults = dict(sorted(totals.marks.items())), dict(sorted(totals.faults.items()))
    return totals


def _run_batch(seeds: Iterable[int]) -> _Batch:
    totals, hashes = Totals(), dict[int, str]()
    for seed in seeds:
        began = time.process_time()
        options = options_of(seed)
        totals.seeds += 1
        error, outcome = attempt(options)
        if outcome is None:
            totals.failures.append({"seed": seed, "error": error, "options": options.as_json()})
        else:
            totals.events += outcome.events
            totals.heights += outcome.heights
            totals.transactions += outcome.transactions
            totals.virtual_hours += outcome.virtual_ms / 3_600_000
            totals.marks = dict(Counter(totals.marks) + Counter(dict.fromkeys(outcome.marks, 1)))
            totals.faults = dict(Counter(totals.faults) + Counter(outcome.faults))
            hashes[seed] = outcome.trace_hash
        totals.cpu_seconds += time.process_time() - began
    return _Batch(totals, hashes)


def _add(totals: Totals, more: Totals) -> None:
    for name in ("seeds", "events", "heights", "transactions", "virtual_hours", "cpu_seconds"):
        setattr(totals, name, getattr(totals, name) + getattr(more, name))
    totals.marks = dict(Counter(totals.marks) + Counter(more.marks))
    totals.faults = dict(Counter(totals.faults) + Counter(more.faults))
    totals.failures += more.failures


def _hashes_again(seeds: list[int]) -> Iterator[tuple[int, set[str]]]:
    """Trace hashes of these seeds in two fresh interpreters with different hash seeds."""
    if not seeds:
        return
    listed = ",".join(map(str, seeds))
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.simulation", "--hashes", listed],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": number}, stdout=subprocess.PIPE, text=True,
        )
        for number in ("1", "2")
    ]  # fmt: skip
    found = [json.loads(process.communicate()[0] or "{}") for process in running]
    for seed in seeds:
        yield seed, {hashes.get(str(seed), "no answer") for hashes in found}


# --- one run, and what it shrinks to


def attempt(options: Options) -> tuple[str | None, Any]:
    """(None, outcome), or what did not hold and None."""
    try:
        return None, simulate(options)
    except AssertionError as error:
        return f"{type(error).__name__}: {error}", None


def shrink(options: Options, failing: Callable[[Options], str | None], runs: int = SHRINKS) -> Options:
    """The smallest options found that still fail in the same way: greedy, one change at a time."""
    wanted = _kind(failing(options))
    is_smaller = True
    while is_smaller and runs > 0:
        is_smaller = False
        for candidate in _smaller(options):
            runs -= 1
            if _kind(failing(candidate)) == wanted:
                options, is_smaller = candidate, True
                break
            if runs <= 0:
                break
    return options


def _kind(error: str | None) -> str:
    """What failed, without names and numbers: the invariant, or the beginning of the sentence."""
    return "" if error is None else error.split(":", 2)[1][:8].strip()


def _smaller(options: Options) -> Iterator[Options]:
    for fault in options.faults:
        yield replace(options, faults=tuple(one for one in options.faults if one != fault))
    for index in range(len(options.liars)):
        yield replace(options, liars=options.liars[:index] + options.liars[index + 1 :])
    if options.costly:
        yield replace(options, costly=0)
    if options.has_real_keys:
        yield replace(options, has_real_keys=False)
    if options.has_story:
        yield replace(options, has_story=False)
    if options.documents:
        yield replace(options, documents=options.documents // 2)
    if options.heights > 1:
        yield replace(options, heights=options.heights // 2)
    if options.seconds > 5:
        yield replace(options, seconds=options.seconds // 2)
    for n in range(1, options.n):
        if (n - 1) // 3 >= len(options.liars) + options.costly:
            yield replace(options, n=n)


def keep(options: Options, error: str, name: str, folder: Path = SEEDS) -> Path:
    """Write the run to be replayed by the tests."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    kept = {"found": error, "options": options.as_json()}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def kept(folder: Path = SEEDS) -> dict[str, Options]:
    """Every run that failed once, by name."""
    return {
        path.stem: Options.of_json(json.loads(path.read_text(encoding="utf-8"))["options"])
        for path in sorted(folder.glob("*.json"))
    }
