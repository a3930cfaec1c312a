"""Bytes to frames and back, without I/O: `length u32 big-endian ‖ type u8 ‖ payload`; the length is the
payload's.

A frame is refused from its header, before a byte of its payload is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chain.errors import InvalidMessageError

MAX_PAYLOAD_BYTES = 5 << 20
"""A block of 4 MiB with its polka or certificate fits (docs/formats.md)."""

_HEADER = struct.Struct(">IB")
HEADER_BYTES = _HEADER.size


class Frame(NamedTuple):
    """One message of a link."""

    kind: int
    payload: bytes


def encode_frame(kind: int, payload: bytes) -> bytes:
    """The bytes of one frame; AssertionError above the bound: the receiver would end the link."""
    assert len(payload) <= MAX_PAYLOAD_BYTES, f"a frame of type {kind} with {len(payload)} bytes"
    return _HEADER.pack(len(payload), kind) + payload


class FrameDecoder:
    """Frames out of the bytes of one link, whatever the pieces they arrive in.

    `limits` gives the longest payload of each type that is expected, in bytes; another type, or a longer
    payload, is an InvalidMessageError (FRAME-TYPE, FRAME-TOO-LONG), after which the link has no sense any
    more.
    """

    __slots__ = ("_buffer", "_limits")

    def __init__(self, limits: Mapping[int, int]) -> None:
        self._buffer = bytearray()
        self._limits = limits

    @property
    def is_inside_frame(self) -> bool:
        """Bytes of an unfinished frame are held."""
        return bool(self._buffer)

    def expect(self, limits: Mapping[int, int]) -> None:
        """From the next frame on these types are expected."""
        self._limits = limits

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def frames(self) -> Iterator[Frame]:
        """The frames that are whole by now. Raises InvalidMessageError."""
        while len(self._buffer) >= HEADER_BYTES:
            length, kind = _HEADER.unpack_from(self._buffer)
            self._check(length, kind)
            end = HEADER_BYTES + length
            if len(self._buffer) < end:
                return
            payload = bytes(memoryview(self._buffer)[HEADER_BYTES:end])
            del self._buffer[:end]
            yield Frame(kind, payload)

    def _check(self, length: int, kind: int) -> None:
        limit = self._limits.get(kind)
        if limit is None:
            raise InvalidMessageError(f"a frame of type {kind}, which is not expected here", "FRAME-TYPE")
        if length > min(limit, MAX_PAYLOAD_BYTES):
            raise InvalidMessageError(
                f"a frame of type {kind} announces {length} bytes, at most {limit} are allowed",
                "FRAME-TOO-LONG",
            )
