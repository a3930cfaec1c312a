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
URL_BYTES = 8 * 1024
HEADERS = 64

LINGER_SECONDS = 2.0
"""After a refusal, for the client to read it."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Seconds, counts and bytes; defaults are those of `node.config.ApiLimits`."""

    connections: int
    connections_per_address: int
    header_seconds: float
    body_seconds: float
    idle_seconds: float
    body_bytes: int


class Connections:
    """Who is connected, and how often each limit was met (shown as metrics)."""

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self.by_address: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

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
        self._in_headers = True
        self._is_refused = False
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
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        if self._in_headers:
            self._header_bytes += len(data)
            if self._deadline is None:
                self._arm(self._limits.header_seconds, "header_seconds")
        super().data_received(data)
        if self._in_headers and self._header_bytes > HEADER_BYTES:
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
        if self._is_refused:
            return
        self._in_headers = False
        self._header_bytes = 0
        self._body_bytes = 0
        self._arm(self._limits.body_seconds, "body_seconds")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._refuse(413, "body_bytes")
        elif not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_refused:
            return
        self._disarm()
        self._in_headers = True
        super().on_message_complete()

    def pause_writing(self) -> None:
        """A reader that takes nothing for `idle_seconds` is let go."""
        super().pause_writing()
        self._write_deadline = self.loop.call_later(self._limits.idle_seconds, self._too_slow, "slow_reader")

    def resume_writing(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None
        super().resume_writing()

    def _arm(self, seconds: float, what: str) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_slow, what)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self, what: str) -> None:
        self._deadline = None
        self.connections_of_server.refused[what] += 1
        self.transport.abort()

    def _refuse(self, status: int, what: str) -> None:
        """Answer once; what still arrives is not looked at. The connection stays open for a moment: closed
        at once, with bytes on their way to it, it would be reset and the answer lost."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        self.connections_of_server.refused[what] += 1
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
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
