"""No scenario of docs/consensus.md is without a test."""

import re
from pathlib import Path

import pytest

from tests.simulation.scenarios import SCENARIOS

PAGE = Path(__file__).parents[2] / "docs" / "consensus.md"


def test_every_scenario_of_the_page_is_told() -> None:
    assert list(SCENARIOS) == list(range(1, 26))
    listed = PAGE.read_text("utf-8").partition("## Invariants and scenarios")[2]
    numbers = {int(number) for number in re.findall(r"(?:^|· |\n)(\d{1,2}) [a-zA-Z]", listed)}
    assert numbers >= SCENARIOS.keys()


@pytest.mark.parametrize("number", SCENARIOS)
def test_what_tells_it_is_a_test_that_pytest_runs(number: int) -> None:
    about, told = SCENARIOS[number]
    assert about
    assert told
    for function in told:
        assert function.__name__.startswith("test_")
        assert function.__module__.rpartition(".")[2].startswith("test_")
