"""Given what the honest nodes of a forked network kept, the forensic tool names more than a third of the
power and no honest validator; of any part of the archives it names no honest validator (scenario 19)."""

from collections import Counter
from random import Random

from consensus.forensics import Offence
from tests.simulation.forks import SIZES, Forked, fork_plan, run_fork

SEEDS = 240
FORKS_WANTED = 60


def run_forks(count: int, first: int = 0) -> Counter[str]:
    """Run these seeds and examine what is left of each; how often what happened."""
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        run = run_fork(fork_plan(seed))
        findings = run.examined(run.honest_nodes())
        named = {culprit.address for culprit in findings.culprits}
        assert not named & run.honest, f"seed {seed} names the honest: {findings}"
        _examine_parts(run, seed)
        if not run.has_forked:
            continue
        assert findings.is_fork, f"seed {seed}"
        assert run.committee.validators.some_honest(named), f"seed {seed} names too few: {findings}"
        seen["forks"] += 1
        seen[f"forks by {run.plan.byzantine}, {run.plan.n} validators"] += 1
        seen["convicted of equivocation"] += any(
            one.offence is Offence.EQUIVOCATION for one in findings.culprits
        )
        seen["convicted of amnesia"] += any(one.offence is Offence.AMNESIA for one in findings.culprits)
    return seen


def _examine_parts(run: Forked, seed: int) -> None:
    """Some archives only, also those of liars: fewer may be named, and never the honest."""
    random = Random(seed)
    for _ in range(3):
        part = tuple(random.sample(run.nodes, random.randint(1, len(run.nodes))))
        named = {culprit.address for culprit in run.examined(part).culprits}
        assert not named & run.honest, f"seed {seed}, of {part}: the honest are named"


def test_forked_networks_name_more_than_a_third_and_no_honest_validator() -> None:
    seen = run_forks(SEEDS)
    assert seen["forks"] >= FORKS_WANTED, seen
    assert {f"forks by twins, {n} validators" for n, _ in SIZES} <= seen.keys(), seen
    assert {f"forks by forgetful, {n} validators" for n in (4, 7, 9, 10)} <= seen.keys(), seen
    assert {"convicted of equivocation", "convicted of amnesia"} <= (+seen).keys(), seen
