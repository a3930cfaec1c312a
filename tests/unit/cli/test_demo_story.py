"""The two years of the demonstration, document by document, on a ledger in memory."""

from __future__ import annotations

import pytest

from cli.demo.run import members, story
from cli.demo.table import money_of
from cli.demo.texts import LINES, line
from contracts import invariants
from contracts.records import Stage
from tests.support.story import MemoryDesk

Told = list[tuple[str, dict[str, object]]]


@pytest.fixture(scope="module")
def told() -> tuple[MemoryDesk, Told]:
    """Both years, and what was said of them."""
    desk = MemoryDesk.of(members())
    said: Told = []
    year, following = story(desk, lambda name, /, **facts: said.append((name, facts)))
    year.prepare()
    year.adopt()
    year.plan()
    year.live()
    following.live()
    return desk, said


def test_every_law_holds_in_the_end(told: tuple[MemoryDesk, Told]) -> None:
    assert invariants.recount(told[0].memory) == ()


def test_every_stage_is_met(told: tuple[MemoryDesk, Told]) -> None:
    money = money_of(told[0].memory, "01.kz")
    met = set()
    for year in money.values():
        stages = year["stages"]
        assert isinstance(stages, dict)
        met |= {name for name, amount in stages.items() if amount != "0.00"}
    assert met == {stage.name.lower() for stage in Stage}


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_line_that_is_told_has_all_its_facts(told: tuple[MemoryDesk, Told], language: str) -> None:
    for name, facts in told[1]:
        assert "{" not in line(name, language, facts), (name, facts)


def test_the_story_tells_all_that_it_promises(told: tuple[MemoryDesk, Told]) -> None:
    said = {name for name, _ in told[1]}
    promised = {
        "limits", "requests", "request_returned", "consolidated", "decided_by", "difference", "law_of_next",
        "amended_a", "amended_b", "refined", "adjusted", "no_shift", "long_registered", "worked_off",
        "reregistered", "last_act", "penalty", "listed", "closed", "carried_over", "debts_paid", "recovered",
        "rated", "joined", "transferred", "returned_unused", "consolidated_budgets", "requests_after",
    }  # fmt: skip
    assert promised <= said
    assert said <= set(LINES)
