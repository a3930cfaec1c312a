"""Each planted bug must be caught: by the scripted story that tells of its rule, and where chance can reach
it, by hostile schedules too. Without the bug the same stories and schedules hold; they are run as tests of
their own."""

import os

import pytest

from tests.simulation.bugs import CAUGHT, REACHED_BY_CHANCE, REGISTRY, SLOW, drawn

SEED = int(os.environ.get("PLANTED_SEED") or int.from_bytes(os.urandom(4), "big"))
"""Which ten are planted; set PLANTED_SEED to plant the ten of an earlier run again."""

WANTED = 40


def test_there_are_enough_of_them() -> None:
    assert len(REGISTRY) >= WANTED
    assert REGISTRY.keys() >= REACHED_BY_CHANCE


def test_ten_drawn_by_chance_are_caught_in_every_way() -> None:
    names = drawn(SEED)
    print(f"PLANTED_SEED={SEED}: {', '.join(names)}")
    missed = {name: ways for name in names if (ways := REGISTRY[name].ways_missed())}
    assert not missed, f"PLANTED_SEED={SEED}: not caught: {missed}"


QUICK = [name for name, bug in REGISTRY.items() if bug.story is not None and name not in SLOW]


@pytest.mark.parametrize("name", QUICK)
def test_a_story_catches(name: str) -> None:
    """All quick stories; schedules only for the ten that were drawn."""
    bug = REGISTRY[name]
    assert bug.story is not None
    with bug.plant(), pytest.raises(CAUGHT):
        bug.story()
