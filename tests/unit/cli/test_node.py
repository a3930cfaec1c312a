"""`eqz node status` of several nodes: whether they tell one story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from cli import node
from cli.client import Client
from cli.main import run
from cli.session import Session

ROOT, OTHER = "aa" * 32, "bb" * 32


def ended(monkeypatch: pytest.MonkeyPatch, first: tuple[int, str, str], second: tuple[int, str, str]) -> int:
    """Exit status of asking two nodes that stand at (height, state root, chain id)."""
    stands = {"one": first, "two": second}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/health/ready":
            return httpx.Response(200, json={"ready": True, "reasons": []})
        height, root, chain_id = stands[request.url.host]
        return httpx.Response(200, json={"height": height, "state_root": root, "chain_id": chain_id})

    @contextmanager
    def connected(urls: tuple[str, ...]) -> Iterator[Client]:
        yield Client(urls, httpx.MockTransport(answer))

    monkeypatch.setattr(node, "connected", connected)
    session = Session(environment={"EQZ_CONFIG": "/nonexistent"})
    return run(["node", "status", "--node", "http://one", "--node", "http://two", "-o", "json"], session)


@pytest.mark.parametrize(
    ("second", "status"),
    [
        ((7, ROOT, "01"), 0),
        ((8, OTHER, "01"), 0),
        ((7, OTHER, "01"), 10),
        ((7, ROOT, "02"), 10),
    ],
    ids=["the same", "one is ahead", "two states of one height", "two networks"],
)
def test_nodes_that_tell_different_stories_end_it_with_10(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    second: tuple[int, str, str],
    status: int,
) -> None:
    assert ended(monkeypatch, (7, ROOT, "01"), second) == status
    said = capsys.readouterr()
    assert len(json.loads(said.out)["items"]) == 2
    assert (json.loads(said.err)["error"]["code"] if said.err else "") == ("DIFFERENCES" if status else "")
