"""The share of a node's time that its API takes: measured, in turns, and after the heights."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from node.work import on_thread
from web import work
from web.work import SAVED_SECONDS, SENDERS, SUBMIT, USEFUL, WAITING, LimitedWork

T = TypeVar("T")
HEAVY = 0.03
"""Seconds of work of a request of these tests."""


def run(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(story)


@dataclass
class Api:
    """An app whose requests cost what the test says; what was answered, in order."""

    share: float = 0.1
    is_deciding: bool = False
    useful: float = 0.0
    seconds: float = HEAVY
    begun: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.limited = LimitedWork(self.app, self.share, self.refused, lambda: self.is_deciding)

    async def app(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        self.begun.append(scope["client"][0])
        scope.setdefault("state", {})[USEFUL] = self.useful
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds
        while loop.time() < end:
            pass
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask(self, address: str, path: str = "/v1/status", method: str = "GET") -> int:
        answers: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            answers.append(message)

        scope = {"type": "http", "method": method, "path": path, "client": (address, 1), "state": {}}
        await self.limited(scope, _nothing, send)
        return int(answers[0]["status"])


async def _nothing() -> MutableMapping[str, Any]:
    return {"type": "http.disconnect"}


def test_what_is_saved_is_spent_and_then_the_share_is_the_pace() -> None:
    async def story() -> None:
        api = Api()
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert [await api.ask("a") for _ in range(10)] == [200] * 10
        took = loop.time() - began
        spent = api.limited.spent_ms()["reads"] / 1000
        assert spent >= 10 * HEAVY - 0.001
        assert spent <= SAVED_SECONDS + took * api.share + 2 * HEAVY

    run(story())


def test_who_waits_too_long_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.01)

    async def story() -> None:
        api = Api(share=0.001)
        found = await asyncio.gather(*(api.ask("a") for _ in range(20)))
        assert sorted(set(found)) == [200, 429]
        assert api.refused["work"] == found.count(429)
        assert len(api.begun) == found.count(200)

    run(story())


def test_one_address_with_many_requests_does_not_keep_another_waiting() -> None:
    async def story() -> None:
        api = Api(seconds=0.001)
        crowd = [asyncio.ensure_future(api.ask("crowd")) for _ in range(50)]
        await asyncio.sleep(0)
        await api.ask("other")
        assert api.begun.index("other") <= 2
        await asyncio.gather(*crowd)

    run(story())


def test_one_begins_each_time_the_loop_comes_round() -> None:
    async def story() -> None:
        api = Api(seconds=0.0)
        crowd = [asyncio.ensure_future(api.ask("a")) for _ in range(20)]
        seen = [0]
        while not all(one.done() for one in crowd):
            await asyncio.sleep(0)
            assert len(api.begun) - seen[-1] <= 1
            seen.append(len(api.begun))

    run(story())


def test_requests_wait_for_the_end_of_a_height_while_the_purse_has_room() -> None:
    async def story() -> None:
        api = Api(seconds=0.12)
        await api.ask("a")  # less than SPARED_SECONDS is left
        api.is_deciding = True
        waiting = asyncio.ensure_future(api.ask("a"))
        for _ in range(100):
            await asyncio.sleep(0.0001)
        assert len(api.begun) == 1
        api.is_deciding = False
        assert await waiting == 200

    run(story())


def test_under_lasting_load_requests_go_on_beside_the_heights() -> None:
    async def story() -> None:
        api = Api(share=1.0, seconds=0.01, is_deciding=True)
        assert [await api.ask("a") for _ in range(30)] == [200] * 30

    run(story())


def test_the_places_to_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.2)

    async def story() -> None:
        api = Api(share=0.001, seconds=2 * SAVED_SECONDS)
        await api.ask("a")
        crowd = [asyncio.ensure_future(api.ask(f"{number}")) for number in range(WAITING + 30)]
        await asyncio.sleep(0)
        assert api.limited.turns.waiting == WAITING
        assert set(await asyncio.gather(*crowd)) == {429}
        assert api.limited.turns.waiting == 0

    run(story())


def test_documents_that_are_taken_cost_their_sender_nothing() -> None:
    async def story() -> None:
        api = Api(useful=1.0)
        assert [await api.ask("a", SUBMIT, "POST") for _ in range(10)] == [200] * 10
        assert api.limited.spent_ms()["documents"] >= 10 * HEAVY * 1000 - 1
        assert await api.ask("a") == 200, "nor has anybody else paid for them"

    run(story())


def test_documents_that_are_refused_are_charged_to_their_sender_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.01)

    async def story() -> None:
        api = Api(share=0.001, useful=0.0)
        found = [await api.ask("liar", SUBMIT, "POST") for _ in range(12)]
        assert found[-1] == 429
        assert found.count(200) <= SAVED_SECONDS / HEAVY + 1
        api.useful = 1.0
        assert await api.ask("honest", SUBMIT, "POST") == 200
        assert await api.ask("reader") == 200

    run(story())


def test_senders_are_remembered_in_bounds() -> None:
    async def story() -> None:
        api = Api(seconds=0.0)
        for number in range(SENDERS + 20):
            await api.ask(f"{number}", SUBMIT, "POST")
        assert len(api.limited._senders) == SENDERS

    run(story())


def test_work_on_threads_counts() -> None:
    def busy() -> None:
        end = sum(range(400_000))
        assert end

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        for _ in range(5):
            await on_thread(busy)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def story() -> None:
        api = Api()
        api.limited._app = app
        await api.ask("a")
        assert api.limited.spent_ms()["reads"] >= 5

    run(story())
