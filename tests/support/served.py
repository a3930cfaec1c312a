"""The HTTP API of one node over a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from chain.transaction import SignedTransaction
from tests.support.node import MemoryNode
from web.app import create_app
from web.limits import HttpLimits
from web.server import HttpServer

LIMITS = HttpLimits(
    connections=48,
    connections_per_address=24,
    header_seconds=10.0,
    body_seconds=10.0,
    idle_seconds=10.0,
    body_bytes=1 << 20,
)
PATIENCE_SECONDS = 20.0


@dataclass(slots=True)
class Served:
    """A node of one validator that decides alone, and its API."""

    node: MemoryNode
    server: HttpServer
    failure: BaseException | None = None

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.server.address)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return httpx.get(self.url + path, params=query or None, timeout=PATIENCE_SECONDS)

    def post(self, path: str, body: Any) -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=PATIENCE_SECONDS)

    def submit(self, *documents: SignedTransaction) -> list[dict[str, Any]]:
        answer = self.post("/v1/transactions", {"transactions": [as_json(one) for one in documents]})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    def commit(self, document: SignedTransaction) -> dict[str, Any]:
        assert [item["status"] for item in self.submit(document)] == ["accepted"]
        found = self.get(f"/v1/transactions/{document.tx_id.hex()}", wait_ms=10_000).json()
        assert found["status"] == "committed"
        return dict(found)

    def raw(self, *parts: bytes) -> bytes:
        """What the server answers to these bytes until it closes the connection."""
        with socket.create_connection(self.server.address, PATIENCE_SECONDS) as connection:
            for part in parts:
                connection.sendall(part)
            answer = b""
            try:
                while data := connection.recv(65_536):
                    answer += data
            except ConnectionResetError:
                return answer
            return answer

    def refused(self, limit: str) -> int:
        return self.server.connections.refused[limit]


def as_json(document: SignedTransaction) -> dict[str, str]:
    return {"body": document.body.hex(), "auth": document.auth.hex()}


def serve(node: MemoryNode, limits: HttpLimits) -> Iterator[Served]:
    """The node and its server on a thread of their own."""
    server = HttpServer(create_app(node.ledger, node.ledger), "127.0.0.1", 0, limits)
    served = Served(node, server)
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    begun = threading.Event()

    async def live() -> None:
        loops.append(asyncio.get_running_loop())
        tasks = [asyncio.ensure_future(one) for one in (node.driver.run(), server.run(), stop.wait())]
        begun.set()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        node.ledger.close_streams()
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(found, BaseException) and not isinstance(found, asyncio.CancelledError):
                served.failure = found

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    begun.wait()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(served.url + "/health/live")
            break
        except httpx.TransportError:
            continue
    yield served
    with suppress(RuntimeError):  # it ended by itself
        loops[0].call_soon_threadsafe(stop.set)
    thread.join()
    node.close()
