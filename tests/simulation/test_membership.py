"""Validators come, go and get new keys in whole nodes, whoever dies at whatever moment around it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.membership import Change, Script, play
from tests.simulation.pool import spread

FOUR = ("mof", "treasury", "moh", "mot")
ONE_CHANGE = tuple(
    (Change(verb, institution, 0 if verb == "remove" else 1),)
    for institution in FOUR
    for verb in ("remove", "rotate")
) + tuple((Change("remove", institution), Change("add", institution, 1)) for institution in FOUR)
"""Each institution once: with four of them in turn one is the proposer of the very height of the change."""

ACTS = 96
"""What a machine does between the deciding vote and the fourth height after it: messages and disk."""

CRASHES = 60
"""Of a run in CI. Another number of them begins at another point, so a longer run finds what lies between."""


def crashes(first: int, count: int) -> Counter[str]:
    """Scripts by number: a change, who dies, at which of its acts, and whether its power goes too."""
    met: Counter[str] = Counter()
    for number in range(first, first + count):
        changes = ONE_CHANGE[number % len(ONE_CHANGE)]
        machines = (*FOUR, *(change.machine for change in changes if change.verb != "remove"))
        script = Script(
            4,
            changes,
            victim=machines[number // len(ONE_CHANGE) % len(machines)],
            acts=number * 37 % ACTS,
            is_cut=number % 3 == 0,
            seed=number,
        )
        met += play(script)
    return met


def test_whoever_dies_around_a_change_it_counts_from_the_second_height_and_nobody_forgets() -> None:
    totals = spread(crashes, CRASHES)
    assert totals.marks["felled"] >= CRASHES * 3 // 4
    assert totals.marks["changes"] >= CRASHES
    wanted = {f"round above 0 at h + {after}" for after in range(4)}
    assert totals.missing(frozenset(wanted)) == []


DOWN_TO_ONE = tuple(Change("remove", name) for name in ("treasury", "moh", "mot"))
UP_AGAIN = tuple(Change("add", name, 1) for name in ("mot", "treasury", "moh"))


@pytest.mark.parametrize("seed", range(2))
def test_a_network_shrinks_to_one_and_grows_again(seed: int) -> None:
    met = play(Script(4, (*DOWN_TO_ONE, *UP_AGAIN), seed=seed))
    assert met["changes"] == 6


@pytest.mark.parametrize("victim", ["mof", "mot.1"])
def test_the_only_one_left_dies_while_the_second_is_let_in(victim: str) -> None:
    """From one to two: both are needed for a quorum from h + 2 on."""
    changes = (*DOWN_TO_ONE, UP_AGAIN[0])
    assert play(Script(4, changes, victim=victim, acts=40))["felled"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_changes_decided_at_once_or_in_neighbouring_heights_build_on_each_other(seed: int) -> None:
    changes = (Change("rotate", "mot", 1), Change("remove", "moh"), Change("rotate", "treasury", 1))
    met = play(Script(4, changes, together=True, victim=FOUR[seed], acts=30, seed=seed))
    assert met["changes"] >= 1


def test_a_key_is_renewed_again_and_again() -> None:
    changes = tuple(Change("rotate", "mot", generation) for generation in (1, 2, 3))
    assert play(Script(4, changes))["changes"] == 3


def test_a_validator_that_does_not_run_counts_and_four_of_five_go_on_without_it() -> None:
    """It comes up long after it was let in, takes over the blocks and votes."""
    changes = (Change("remove", "vap"), Change("add", "vap", 1))
    assert play(Script(5, changes, absent=("vap.1",)))["changes"] == 2


def test_one_that_is_down_is_taken_out_so_that_three_of_three_are_asked_for_no_more() -> None:
    """Four with one down: after its removal the other three bear no loss, but need no timer for its turns."""
    assert play(Script(4, (Change("remove", "mot"),), absent=("mot",)))["changes"] == 1


def test_a_new_key_whose_machine_is_down_leaves_a_quorum() -> None:
    assert play(Script(4, (Change("rotate", "mot", 1),), absent=("mot.1",)))["changes"] == 1
