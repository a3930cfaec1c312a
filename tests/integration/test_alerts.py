"""The alert rules against a running node: every metric is there, every row has its rule, nothing else asks.

Prometheus' own checker is not at hand; the expressions are taken apart here, so far as the rules use them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.network import Processes, founded_processes, until
from tests.support.operating import alert_rules, anchors, rows_under

FUNCTIONS = frozenset(
    {
        "abs", "changes", "count", "histogram_quantile", "increase", "max", "predict_linear", "rate",
        "scalar", "sum", "time",
    }
)  # fmt: skip
WORDS = frozenset({"by", "instance", "code", "limit", "job", "up", "version"})
TOKEN = re.compile(
    r"\s*(?P<number>\d+(\.\d+)?)|\s*(?P<name>[a-z_]+\w*)|\s*(?P<range>\[\d+[smhd]\])"
    r"|\s*(?P<selector>\{job=\"eqazyna\"\})|\s*(?P<sign>[()<>,*/+\-]|==|>=|<=)"
)
DURATION = re.compile(r"^\d+[smhd]$")
METRIC = re.compile(r"`(eqz_\w+)")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[frozenset[str]]:
    """Names of every sample family of one real node that has heard of nobody."""
    directory = tmp_path_factory.mktemp("alerts") / "n"
    with founded_processes(directory) as processes:
        yield frozenset(families(processes))


def families(processes: Processes) -> set[str]:
    node = processes["mof"]
    node.start()
    until(lambda: node.get("/health/live") is not None, f"the node to answer: {node.log[-500:]}")
    answer = node.get("/metrics")
    assert answer is not None
    found = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", answer.text, re.MULTILINE):
        found |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return {name for name in found if not name.endswith("_created")}


def names_in(expression: str) -> list[str]:
    """Metrics of an expression. AssertionError for what is not PromQL as the rules use it."""
    names, place, depth = [], 0, 0
    while place < len(expression):
        token = TOKEN.match(expression, place)
        assert token is not None, expression[place:]
        place = token.end()
        if (name := token["name"]) is not None:
            is_call = expression[place:].lstrip().startswith("(")
            if not (is_call and name in FUNCTIONS) and name not in WORDS:
                names.append(name)
        depth += {"(": 1, ")": -1}.get(token["sign"] or "", 0)
        assert depth >= 0, expression
    assert depth == 0, expression
    return names


def test_every_metric_that_a_rule_asks_for_is_shown_by_a_node(metrics: frozenset[str]) -> None:
    for rule in alert_rules():
        names = names_in(rule.expression)
        assert names or rule.expression.startswith("up"), rule.name
        assert set(names) <= metrics, rule.name


def test_every_metric_of_the_page_is_shown_and_every_shown_one_is_on_the_page(
    metrics: frozenset[str],
) -> None:
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in metrics if name.startswith("eqz_")}
    page = {name for row in rows_under("Metrics") for name in METRIC.findall(row[0])}
    assert page == shown


def test_a_row_with_an_alarm_has_a_rule_and_a_row_for_information_has_none() -> None:
    rules = alert_rules()
    asked = {
        re.sub(r"_(bucket|sum|count)$", "", name) for rule in rules for name in names_in(rule.expression)
    }
    for metric, alarm, _ in rows_under("Metrics"):
        names = set(METRIC.findall(metric))
        if alarm.startswith("–"):
            assert not names & asked, metric
        else:
            assert names <= asked, metric


def test_a_rule_says_how_bad_it_is_how_long_it_waits_and_where_to_read_on() -> None:
    rules = alert_rules()
    assert len({rule.name for rule in rules}) == len(rules) > 15
    headings = anchors()
    for rule in rules:
        assert rule.severity in {"critical", "warning"}, rule.name
        assert DURATION.match(rule.duration), rule.name
        assert rule.summary.endswith("."), rule.name
        page, _, heading = rule.runbook.partition("#")
        assert page == "docs/operating.md", rule.name
        assert heading in headings, rule.name


def test_the_reader_of_the_expressions_refuses_what_it_does_not_know() -> None:
    assert names_in("rate(eqz_x_total[5m]) > 1") == ["eqz_x_total"]
    for wrong in ("rate(eqz_x_total[5m] > 1", "eqz_x)", "eqz_x ~ 1", "rate(eqz_x[5 m])"):
        with pytest.raises(AssertionError):
            names_in(wrong)
    assert names_in("frobnicate(eqz_x)") == ["frobnicate", "eqz_x"], "an unknown function is no metric"


def test_the_rules_lie_where_the_page_says() -> None:
    assert (Path(__file__).parents[2] / "docs" / "operating" / "alerts.yaml").is_file()
