"""What strangers cannot do to the HTTP port: hold it with slow headers or bodies, fill memory, open it a
thousand times.

uvicorn bounds none of these by itself. This protocol adds the bounds where the bytes arrive, before any of
our code sees a request; each refusal is counted and the connection ends.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES = 16 * 1024
"""Of one request, and of what follows its body. A browser sends 1 or 2 KiB."""

URL_BYTES = 8 * 1024
"""The longest address there is, a page of the state with a prefix and a key, has 2.2 KiB."""

HEADERS = 64
"""Lines of headers of one request, trailers included. A browser sends 15, a proxy adds some."""

LINGER_SECONDS = 2.0
"""After a refusal, for the client to read it."""

LINGERING = 32
"""Refused connections that are still open for that; more are reset at once. They count in no other limit, and
each holds a descriptor of the process that also writes the block log."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Seconds, counts and bytes; defaults are those of `node.config.ApiLimits`."""

    connections: int
    connections_per_address: int
    header_seconds: float
    body_seconds: float
    idle_seconds: float
    body_bytes: int
    bodies_bytes: int = 64 << 20
    unsent_bytes: int = 64 << 20
    work_share: float = 1.0


class Connections:
    """Who is connected, what all connections hold together, and how often each limit was met (shown as
    metrics)."""

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self.by_address: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.lingering = 0
        self.bodies_bytes = 0
        """Of requests that are not answered yet."""
        self._unsent: dict[BoundedProtocol, None] = {}

    def enter(self, address: str) -> str | None:
        """Count a connection in, or say why not."""
        if sum(self.by_address.values()) >= self.limits.connections:
            return "connections"
        if self.by_address[address] >= self.limits.connections_per_address:
            return "connections_per_address"
        self.by_address[address] += 1
        return None

    def leave(self, address: str) -> None:
        self.by_address[address] -= 1
        if self.by_address[address] <= 0:
            del self.by_address[address]

    @property
    def unsent_bytes(self) -> int:
        """Of answers that wait for their readers."""
        return sum(connection.transport.get_write_buffer_size() for connection in self._unsent)

    def stalls(self, connection: BoundedProtocol) -> None:
        """It has more to send than it may hold. While all together hold too much, the one that has stalled
        longest is let go: a reader that reads is never that one for long."""
        self._unsent[connection] = None
        while self.unsent_bytes > self.limits.unsent_bytes:
            slowest = next(iter(self._unsent))
            del self._unsent[slowest]
            slowest.let_go("unsent_bytes")

    def flows(self, connection: BoundedProtocol) -> None:
        self._unsent.pop(connection, None)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `connections` is set on a subclass made for each server (`bounded`)."""

    connections_of_server: Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._limits = self.connections_of_server.limits
        self._address = self.client[0] if self.client else "local"
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._body_bytes = 0
        self._after_body_bytes = 0
        self._in_headers = True
        self._is_refused = False
        self._is_lingering = False
        refusal = self.connections_of_server.enter(self._address)
        self._is_counted = refusal is None
        if refusal is not None:
            self._refuse(503, refusal)
        else:
            self._arm(self._limits.header_seconds, "header_seconds")

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        if self._write_deadline is not None:
            self._write_deadline.cancel()
        if self._is_counted:
            self._is_counted = False
            self.connections_of_server.leave(self._address)
        if self._is_lingering:
            self._is_lingering = False
            self.connections_of_server.lingering -= 1
        self.connections_of_server.flows(self)
        self._forget_body()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        if self._in_headers:
            self._header_bytes += len(data)
            if self._deadline is None:
                self._arm(self._limits.header_seconds, "header_seconds")
        body_bytes = self._body_bytes
        super().data_received(data)
        if self._in_headers and self._header_bytes > HEADER_BYTES:
            self._refuse(431, "header_bytes")
        elif not self._in_headers:
            self._after_body_bytes = (
                self._after_body_bytes + len(data) if body_bytes == self._body_bytes else 0
            )
            if self._after_body_bytes > HEADER_BYTES:  # trailers, and extensions of chunks
                self._refuse(431, "header_bytes")

    def on_message_begin(self) -> None:
        if not self._is_refused:
            self._in_headers = True
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_refused:
            super().on_url(url)
            if len(self.url) > URL_BYTES:
                self._refuse(414, "url_bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_refused:
            return
        super().on_header(name, value)
        if len(self.headers) > HEADERS:
            self._refuse(431, "headers")
        elif name.lower() == b"content-length" and _is_above(value, self._limits.body_bytes):
            self._refuse(413, "body_bytes")

    def on_headers_complete(self) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._in_headers = False
        self._header_bytes = 0
        self._forget_body()
        self._after_body_bytes = 0
        self._arm(self._limits.body_seconds, "body_seconds")
        is_answered = self.cycle is None or self.cycle.response_complete
        if not is_answered or self.flow.write_paused:
            self.let_go("pipelined")  # else the answers to come would be held for whoever reads none
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._body_bytes += len(body)
        self.connections_of_server.bodies_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._refuse(413, "body_bytes")
        elif self.connections_of_server.bodies_bytes > self._limits.bodies_bytes:
            self._refuse(503, "bodies_bytes")
        else:
            super().on_body(body)

    def _forget_body(self) -> None:
        self.connections_of_server.bodies_bytes -= self._body_bytes
        self._body_bytes = 0

    def on_response_complete(self) -> None:
        self._forget_body()
        super().on_response_complete()

    def on_message_complete(self) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._disarm()
        self._in_headers = True
        super().on_message_complete()

    def pause_writing(self) -> None:
        """A reader that takes nothing for `idle_seconds` is let go."""
        super().pause_writing()
        self._write_deadline = self.loop.call_later(self._limits.idle_seconds, self.let_go, "slow_reader")
        self.connections_of_server.stalls(self)

    def resume_writing(self) -> None:
        self.connections_of_server.flows(self)
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None
        super().resume_writing()

    def _arm(self, seconds: float, what: str) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self.let_go, what)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def let_go(self, what: str) -> None:
        """End the connection at once, for this limit."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size() == 0:
            return
        self._disarm()
        self.connections_of_server.refused[what] += 1
        self.transport.abort()

    def _refuse(self, status: int, what: str) -> None:
        """Answer once; what still arrives is not looked at. The connection stays open for a moment: closed
        at once, with bytes on their way to it, it would be reset and the answer lost."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        self.connections_of_server.refused[what] += 1
        self._forget_body()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.connections_of_server.lingering >= LINGERING:
            self.transport.abort()
            return
        self._is_lingering = True
        self.connections_of_server.lingering += 1
        error = {
            "code": "LIMIT",
            "message": f"limit: {what}",
            "article": "",
            "texts": {},
            "remedy": "",
            "remedies": {},
            "facts": {},
        }
        text = json.dumps({"error": error})
        self.transport.write(
            f"HTTP/1.1 {status} Refused\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n"
            f"connection: close\r\n\r\n{text}".encode("ascii")
        )
        self.transport.write_eof()
        self.flow.resume_reading()
        self._disarm()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def _is_above(digits: bytes, limit: int) -> bool:
    """Whether a content-length is above the limit; one of more than 18 digits is above any."""
    return digits.isdigit() and (len(digits) > 18 or int(digits) > limit)


def bounded(connections: Connections) -> type[BoundedProtocol]:
    """A protocol class for one server: uvicorn makes its instances itself."""
    namespace: dict[str, Any] = {"connections_of_server": connections}
    return type("BoundedServerProtocol", (BoundedProtocol,), namespace)
