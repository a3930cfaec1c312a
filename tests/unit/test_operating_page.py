"""docs/operating.md and the files beside it say what the program does: events, findings, settings, units."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.config import Disk
from node.findings import KINDS
from node.reload import TAKEN_OVER
from tests.support.operating import PAGE, anchors, rows_under

ROOT = Path(__file__).parents[2]
PRODUCT = ("chain", "contracts", "consensus", "storage", "network", "node", "web", "cli")
LEVELS = ("critical", "error", "warning", "info", "debug")
WANTS_SOMEBODY = frozenset({"critical", "error"})


def logged() -> Iterator[tuple[str, str, str]]:
    """(event, level, place) of every log line of the product."""
    for package in PRODUCT:
        for path in sorted((ROOT / package).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    source = ast.unparse(call.func.value)
                    is_log = source == "log" or source.startswith("structlog.get_logger(")
                    if is_log and call.func.attr in (*LEVELS, "exception"):
                        place = f"{path.relative_to(ROOT)}:{call.lineno}"
                        event = call.args[0]
                        assert isinstance(event, ast.Constant), f"{place}: an event is a text of its own"
                        yield str(event.value), call.func.attr, place


def test_every_event_that_is_logged_is_in_the_table_with_its_level() -> None:
    table = {event.strip("`"): level for event, level, _ in rows_under("Logs")}
    found = {event: level for event, level, _ in logged()}
    lacking = [one for one in logged() if table.get(one[0]) != one[1]]
    assert lacking == [], "not in docs/operating.md, Logs"
    assert sorted(table.keys() - found.keys()) == [], "nobody logs this any more"


def test_an_event_has_one_level_wherever_it_is_logged() -> None:
    levels: dict[str, set[str]] = {}
    for event, level, _ in logged():
        levels.setdefault(event, set()).add(level)
    assert {event: found for event, found in levels.items() if len(found) > 1} == {}


def test_an_event_that_wants_somebody_says_what_to_do() -> None:
    for event, level, what in rows_under("Logs"):
        assert level in LEVELS, event
        assert level not in WANTS_SOMEBODY or len(what) > 1, event


def test_every_finding_is_in_the_table_as_it_is_told() -> None:
    assert list(rows_under("Health", columns=5)) == [
        (f"`{code}`", kind.severity, "yes" if kind.blocks else "", kind.texts[2], kind.remedies[2])
        for code, kind in KINDS.items()
    ]


@pytest.mark.parametrize(
    ("name", "opening"),
    [
        ("eqazyna.service", "```ini\n# /etc/systemd/system/eqazyna.service"),
        ("firewall.nft", "```\ntable inet eqazyna {"),
        ("nginx.conf", "```nginx\n"),
    ],
)
def test_a_sample_on_the_page_is_the_file_beside_it(name: str, opening: str) -> None:
    begin = PAGE.index(opening)
    block = PAGE[PAGE.index("\n", begin) + 1 : PAGE.index("```", begin + 3)]
    assert block == (ROOT / "docs" / "operating" / name).read_text(encoding="utf-8")


def test_the_unit_restarts_what_a_restart_can_mend_and_nothing_else() -> None:
    unit = (ROOT / "docs" / "operating" / "eqazyna.service").read_text(encoding="utf-8")
    settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line)
    kept_down = set(settings["RestartPreventExitStatus"].split())
    table = {status: restart for status, _, restart in rows_under("Start and stop") if status.isdigit()}
    assert kept_down == {status for status, restart in table.items() if restart.startswith("no")}
    assert settings["Type"] == "notify"
    assert settings["ExecReload"].endswith("kill -HUP $MAINPID")
    assert settings["TimeoutStartSec"] == "infinity", "a long repair of the block log is no failure"


def test_the_reserve_of_the_page_is_the_default_and_a_reload_takes_it_over() -> None:
    (figure,) = re.findall(r"^reserve_bytes = (\d+)", PAGE, re.MULTILINE)
    assert int(figure) == Disk().reserve_bytes
    assert "disk" in TAKEN_OVER


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    wanted = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert wanted - anchors() == set()
