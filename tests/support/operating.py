"""docs/operating.md as the tests read it: its tables and headings; and the alert rules beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
ALERTS = ROOT / "docs" / "operating" / "alerts.yaml"

_RULE_LINE = re.compile(r"^ {8}(?P<key>expr|for|labels|annotations): ?(?P<value>.*)$")
_NOTE_LINE = re.compile(r"^ {10}(?P<key>summary|runbook): '(?P<value>.*)'$")


def rows_under(heading: str, columns: int = 3) -> Iterator[tuple[str, ...]]:
    """Rows with so many cells in the tables of one section, without heads and rulers."""
    begin = PAGE.index(f"## {heading}\n")
    section = PAGE[begin : PAGE.index("\n## ", begin)]
    lines = section.splitlines()
    for number, line in enumerate(lines):
        is_ruler = set(line) <= set("|-") and line.startswith("|")
        is_head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("| ") and not is_ruler and not is_head:
            cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
            if len(cells) == columns:
                yield cells


def anchors() -> set[str]:
    """The names by which a link finds a heading of the page."""
    found = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in found}


@dataclass
class Rule:
    """One alert of the rules file."""

    name: str
    expression: str = ""
    duration: str = ""
    severity: str = ""
    summary: str = ""
    runbook: str = ""


def alert_rules() -> list[Rule]:
    """The rules file, which keeps to a part of YAML that a line at a time can be read of. AssertionError for
    any other line: Prometheus would read it, and this reader would not see it."""
    rules: list[Rule] = []
    for line in ALERTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("      - alert: "):
            rules.append(Rule(line.removeprefix("      - alert: ")))
        elif (found := _RULE_LINE.match(line)) is not None:
            _take(rules[-1], found["key"], found["value"])
        elif (found := _NOTE_LINE.match(line)) is not None:
            setattr(rules[-1], found["key"], found["value"])
        else:
            assert line.startswith("#") or line in ("groups:", "  - name: eqazyna", "    rules:"), line
    return rules


def _take(rule: Rule, key: str, value: str) -> None:
    match key:
        case "expr":
            assert value.startswith("'"), value
            assert value.endswith("'"), value
            rule.expression = value[1:-1]
        case "for":
            rule.duration = value
        case "labels":
            (rule.severity,) = re.findall(r"^\{severity: (\w+)\}$", value)
        case _:
            assert value == "", value
