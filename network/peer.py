"""One connection: greeting, frames in, frames out, and when it ends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from chain.errors import InvalidMessageError
from chain.types import Address
from network.framing import Frame, FrameDecoder, encode_frame
from network.handshake import (
    GREETING_LIMITS,
    HELLO,
    REFUSAL,
    REFUSAL_BYTES,
    Hello,
    LinkRefused,
    check_hello,
    decode_refusal,
    encode_refusal,
)
from network.queues import Outbox

READ_BYTES = 256 << 10
"""Taken from a link at once: many small frames, or a twentieth of the largest."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a link may take, in seconds."""

    tls_s: float = 5.0
    """From the connection to the end of the TLS handshake."""
    hello_s: float = 5.0
    """From there to the peer's HELLO."""
    frame_s: float = 30.0
    """From a frame's first byte to its last: 5 MiB at 1.4 Mbit/s. A peer that drips bytes is let go."""
    idle_s: float = 60.0
    """Without a byte: a live peer sends STATUS at least every second."""
    drain_s: float = 20.0
    """For a peer to take what the socket holds: a slow reader is let go, and asks for what it missed."""
    close_s: float = 1.0
    """For the reason of a refusal to leave, and for TLS to say goodbye."""


class Peer:
    """A link whose certificate is pinned to one of `addresses`. `greet` first, then `run` until it ends.

    `dialled_by` is None when the peer dialled. `certificate` and `own_certificate` are the SHA-256 of what
    each end has shown.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        addresses: Sequence[Address],
        dialled_by: Address | None,
        deadlines: Deadlines,
        certificate: bytes,
        own_certificate: bytes,
    ) -> None:
        self.address = addresses[0]
        """The one that its HELLO named."""
        self.dialled_by = dialled_by or addresses[0]
        self.certificate = certificate
        self.own_certificate = own_certificate
        self._addresses = addresses
        self._was_dialled = dialled_by is not None
        self.hello: Hello | None = None
        """The peer's, once it was accepted."""
        self.outbox = Outbox()
        self.ended = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._deadlines = deadlines
        self._decoder = FrameDecoder(GREETING_LIMITS)
        self._ready: list[Frame] = []
        self._is_ending = asyncio.Event()

    def send(self, kind: int, payload: bytes) -> bool:
        """Queue a message; False when the peer does not keep up and it was dropped."""
        return self.outbox.put(encode_frame(kind, payload))

    async def greet(self, own: Hello) -> Hello:
        """HELLO both ways. Raises LinkRefused, DecodeError, InvalidMessageError or OSError."""
        self._writer.write(encode_frame(HELLO, own.encode()))
        try:
            async with asyncio.timeout(self._deadlines.hello_s):
                frame = await self._first_frame()
        except TimeoutError as error:
            raise LinkRefused("no HELLO in time", "HELLO-LATE") from error
        if frame.kind == REFUSAL:
            raise decode_refusal(frame.payload)
        theirs = Hello.decode(frame.payload)
        if theirs.address in self._addresses:
            self.address = theirs.address
            self.dialled_by = self.dialled_by if self._was_dialled else theirs.address
        check_hello(own, theirs, self.address)
        self.hello = theirs
        return theirs

    async def run(self, limits: Mapping[int, int], deliver: Callable[[Frame], Awaitable[None]]) -> None:
        """Carry frames of the types in `limits` until the link ends; returns when `end` was called or the
        peer closed it. Raises LinkRefused or InvalidMessageError when the peer broke a rule, OSError when
        the connection broke."""
        self._decoder.expect({**limits, REFUSAL: REFUSAL_BYTES})
        tasks = [
            asyncio.create_task(self._read(deliver)),
            asyncio.create_task(self._write()),
            asyncio.create_task(self._is_ending.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result

    @property
    def certificates(self) -> tuple[bytes, bytes]:
        """Of both ends."""
        return self.certificate, self.own_certificate

    def end(self) -> None:
        """Let `run` return."""
        self._is_ending.set()

    def retire(self, seconds: float) -> None:
        """Let `run` return in a while: what waits is still sent, what comes is still handed on."""
        asyncio.get_running_loop().call_later(seconds, self.end)

    async def close(self, refusal: InvalidMessageError | None = None) -> None:
        """Close the connection; with `refusal`, tell the peer why, if it listens."""
        try:
            async with asyncio.timeout(self._deadlines.close_s):
                if refusal is not None and refusal.code != "REFUSED-BY-PEER":
                    self._writer.write(encode_frame(REFUSAL, encode_refusal(refusal)))
                    await self._writer.drain()
                # A lost link is closed already, and a second close takes from Python 3.11.2 (Debian 12) what
                # abort needs.
                if not self._writer.is_closing():
                    self._writer.close()
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()
        finally:
            self._writer.transport.abort()
            self.ended.set()

    async def _first_frame(self) -> Frame:
        while not self._ready:
            data = await self._reader.read(READ_BYTES)
            if not data:
                raise LinkRefused("the peer closed the link before its HELLO", "NO-HELLO")
            self._feed(data, stop_after_first=True)
        return self._ready.pop(0)

    def _feed(self, data: bytes, *, stop_after_first: bool = False) -> None:
        self._decoder.feed(data)
        for frame in self._decoder.frames():
            self._ready.append(frame)
            if stop_after_first:
                return

    async def _read(self, deliver: Callable[[Frame], Awaitable[None]]) -> None:
        self._feed(b"")
        started: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            for frame in self._ready:
                if frame.kind == REFUSAL:
                    raise decode_refusal(frame.payload)
                await deliver(frame)
            if self._ready or not self._decoder.is_inside_frame:
                started = None  # a frame ended: what is held now began after it
            self._ready.clear()
            data = await self._next_bytes(started)
            if not data:
                if self._decoder.is_inside_frame:
                    raise LinkRefused("the link was cut inside a frame", "TRUNCATED")
                return
            if started is None:
                started = loop.time()
            self._feed(data)

    async def _next_bytes(self, frame_started: float | None) -> bytes:
        """Raises LinkRefused when the frame begun at this time is not whole in time, or nothing comes."""
        deadlines = self._deadlines
        try:
            if frame_started is None:
                async with asyncio.timeout(deadlines.idle_s):
                    return await self._reader.read(READ_BYTES)
            async with asyncio.timeout_at(frame_started + deadlines.frame_s):
                return await self._reader.read(READ_BYTES)
        except TimeoutError as error:
            if frame_started is None:
                raise LinkRefused(f"silent for {deadlines.idle_s} s", "IDLE") from error
            raise LinkRefused(f"a frame was not whole after {deadlines.frame_s} s", "FRAME-LATE") from error

    async def _write(self) -> None:
        while True:
            self._writer.writelines(await self.outbox.take())
            try:
                async with asyncio.timeout(self._deadlines.drain_s):
                    await self._writer.drain()
            except TimeoutError as error:
                raise LinkRefused(f"took nothing for {self._deadlines.drain_s} s", "SLOW-READER") from error


def tls_failure(error: OSError) -> LinkRefused:
    """The stable code for a connection that did not come to TLS, on either side."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = _VERIFY_CODES.get(error.verify_code, "CERTIFICATE-UNKNOWN")
        return LinkRefused(f"certificate refused: {error.verify_message}", code)
    if isinstance(error, ssl.SSLError):
        code = _TLS_CODES.get(error.reason or "", "TLS-FAILED")
        return LinkRefused(f"TLS handshake failed: {error.reason}", code)
    if isinstance(error, ConnectionAbortedError):
        return LinkRefused("the TLS handshake was not finished in time", "TLS-LATE")
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return LinkRefused("the connection was cut during the TLS handshake", "TLS-TRUNCATED")
    return LinkRefused(f"cannot be reached: {error.strerror or error}", "UNREACHABLE")


_VERIFY_CODES = {9: "CERTIFICATE-NOT-YET-VALID", 10: "CERTIFICATE-EXPIRED"}
"""OpenSSL's X509_V_ERR numbers (openssl-verification-options). All others say in some way that the
certificate is not one of those pinned."""

_TLS_CODES = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "CERTIFICATE-MISSING",
    "UNSUPPORTED_PROTOCOL": "TLS-VERSION",
    "WRONG_VERSION_NUMBER": "NOT-TLS",
    "HTTP_REQUEST": "NOT-TLS",
    "UNEXPECTED_EOF_WHILE_READING": "TLS-TRUNCATED",
}
