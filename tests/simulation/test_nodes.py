"""Whole nodes on one virtual clock: a thousand seeds, those that failed once, and bugs that they must find.

A failure names its seed; `python -m tests.simulation --seed N` replays it and shrinks it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.marks import CI_NODES
from tests.simulation.options import FAULTS, LIARS, Options, options_of
from tests.simulation.planted_node import BUGS
from tests.simulation.runs import REPEATED_EVERY, attempt, kept, run_seeds, shrink
from tests.simulation.world import simulate

SEEDS = 1_000


def test_a_thousand_seeds_hold_and_reach_what_is_rare() -> None:
    totals = run_seeds(0, SEEDS)
    assert totals.failures == []
    assert totals.repeated == SEEDS // REPEATED_EVERY
    assert totals.marks.keys() >= CI_NODES
    assert {f"liar: {kind}" for kind in LIARS} <= totals.faults.keys()
    assert totals.faults.keys() >= set(FAULTS) - {"late", "torn"}  # these are counted by what came of them


@pytest.mark.parametrize("name", kept())
def test_a_run_that_failed_once_holds(name: str) -> None:
    simulate(kept()[name])


def test_a_seed_is_the_same_run_again() -> None:
    options = replace(options_of(7), n=4, heights=4, seconds=10)
    assert simulate(options) == simulate(options)


def test_options_are_kept_as_they_were() -> None:
    for seed in range(100):
        options = options_of(seed)
        assert Options.of_json(options.as_json()) == options
        assert len(options.liars) + options.costly <= options.f


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str) -> None:
    found = BUGS[name].run_that_finds_it()
    assert found is not None
    assert attempt(found)[0] is None, "without the bug the same run holds"


def test_a_failing_run_shrinks_to_what_it_needs() -> None:
    bug = BUGS["a_message_leaves_before_its_record"]
    with bug.plant():
        small = shrink(options_of(3), lambda options: attempt(options)[0])
        assert attempt(small)[0] is not None
    assert (small.faults, small.liars, small.documents, small.has_story) == ((), (), 0, False)
    assert small.n == 2, "one alone says nothing"
