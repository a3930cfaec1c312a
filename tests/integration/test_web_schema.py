"""Requests drawn from the API's own document: every answer is one that the document promises, and for none
are we to blame (500)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.support.node import a_node
from tests.support.served import LIMITS, Served, serve

EXAMPLES = 60
"""For each operation: some seconds in all."""

ENDLESS = "/v1/events"
"""The stream never ends by itself; test_web_api reads it."""


LONGEST_WAIT_MS = 100
"""A request may wait a minute for its transaction; here nobody sends one."""

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    yield from serve(a_node(), LIMITS)


def test_every_answer_is_a_promised_one(api: Served) -> None:
    document = schemathesis.openapi.from_url(f"{api.url}/openapi.json").exclude(path=ENDLESS)
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) > 10
    answers: Counter[int] = Counter()
    for operation in operations:
        _draw(operation, answers)
    assert answers.keys() >= {200, 400, 404}, "requests that reach nothing show nothing"
    assert api.failure is None


def _draw(operation: Any, answers: Counter[int]) -> None:
    """Requests of one operation, as the document allows them and as it does not."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    def run(case: schemathesis.Case) -> None:
        if isinstance(case.query.get("wait_ms"), int):
            case.query["wait_ms"] %= LONGEST_WAIT_MS
        answers[case.call_and_validate(checks=CHECKS).status_code] += 1

    run()
