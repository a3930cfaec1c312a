"""A node that has other work is asked again when it says so, and not for ever."""

from __future__ import annotations

import httpx
import pytest

from cli.client import BUSY_SECONDS, Client
from cli.failures import NothingAcceptedError

NODE = "http://node"


def busy(seconds: str) -> httpx.Response:
    return httpx.Response(
        429, headers={"retry-after": seconds}, json={"error": {"code": "RATE", "message": "later"}}
    )


def test_a_busy_node_is_asked_again_when_it_says() -> None:
    answers = [busy("3"), busy("nonsense"), busy("999999999999"), httpx.Response(200, json={"height": 7})]
    paused: list[float] = []
    client = Client([NODE], httpx.MockTransport(lambda _: answers.pop(0)), paused.append)
    assert client.status() == {"height": 7}
    assert paused == [3.0, 1.0, 1.0]


def test_a_node_that_stays_busy_is_said_to_be() -> None:
    paused: list[float] = []
    client = Client([NODE], httpx.MockTransport(lambda _: busy("10")), paused.append)
    with pytest.raises(NothingAcceptedError, match="later"):
        client.status()
    assert sum(paused) == BUSY_SECONDS
    assert client.submit_to(NODE, b"b", b"a").status == "busy"
