"""The bench measures every action of the register."""

from __future__ import annotations

from typing import Any

import pytest

from bench import actions

TOKENS = 2_500


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return actions.measure(TOKENS)


def test_every_action_is_measured(figures: dict[str, Any]) -> None:
    assert figures["not_measured"] == []


def test_the_table_has_a_line_an_action(figures: dict[str, Any]) -> None:
    lines = actions.table(figures).splitlines()
    assert [line.split()[0] for line in lines[1 : 1 + len(figures["actions"])]] == sorted(figures["actions"])


def test_what_takes_many_documents_is_told_in_blocks(figures: dict[str, Any]) -> None:
    assert figures["sequester"]["decide_documents"] == figures["sequester"]["apply_documents"] > 0
    assert figures["closing"]["documents"] == -(-figures["closing"]["tokens"] // 1_000)
