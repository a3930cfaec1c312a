"""Bounded queues between links and the node: what goes out to one peer, and what came in from all."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

from chain.types import Address

OUT_BYTES = 32 << 20
"""Waiting for one peer: six of the largest frames, or a second of a busy network."""
OUT_FRAMES = 8192
"""Waiting for one peer: votes are small, so their number needs a bound of its own."""
IN_BYTES = 16 << 20
"""Received from one peer and not yet taken by the node; its link is not read while it holds more."""
IN_FRAMES = 2048
"""The same in frames: votes are small."""
WRITE_BYTES = 256 << 10
"""Frames handed to the socket together, so that small ones share a TLS record and a system call."""


class Outbox:
    """Frames waiting for one peer.

    When it is full the new frame is dropped, never an old one: order is kept, and what is lost is repaired by
    STATUS and VOTES (docs/consensus.md). Bulk that must not be dropped waits with `room`.
    """

    __slots__ = ("_changed", "_frames", "_max_bytes", "_max_frames", "_waiting_bytes", "dropped")

    def __init__(self, max_bytes: int = OUT_BYTES, max_frames: int = OUT_FRAMES) -> None:
        self._frames: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        self._changed = asyncio.Event()
        self.dropped = 0

    def has_room(self, size_bytes: int) -> bool:
        """An empty queue takes any frame."""
        if not self._frames:
            return True
        return self._waiting_bytes + size_bytes <= self._max_bytes and len(self._frames) < self._max_frames

    def put(self, frame: bytes) -> bool:
        """False: dropped, the queue is full."""
        if not self.has_room(len(frame)):
            self.dropped += 1
            return False
        self._frames.append(frame)
        self._waiting_bytes += len(frame)
        self._changed.set()
        return True

    async def room(self, size_bytes: int) -> None:
        """Wait until `put` would take a frame of this size."""
        while not self.has_room(size_bytes):
            self._changed.clear()
            await self._changed.wait()

    async def take(self) -> list[bytes]:
        """The next frames, at least one, about `WRITE_BYTES` together."""
        while not self._frames:
            self._changed.clear()
            await self._changed.wait()
        taken: list[bytes] = []
        size_bytes = 0
        while self._frames and size_bytes < WRITE_BYTES:
            frame = self._frames.popleft()
            taken.append(frame)
            size_bytes += len(frame)
        self._waiting_bytes -= size_bytes
        self._changed.set()
        return taken


class Received(NamedTuple):
    """One message and the peer it came from."""

    address: Address
    kind: int
    payload: bytes


class Inbox:
    """What all peers sent, handed out one message a peer in turn: a talkative peer delays only itself."""

    __slots__ = ("_arrived", "_bytes", "_max_bytes", "_max_frames", "_queues", "_taken")

    def __init__(self, max_bytes: int = IN_BYTES, max_frames: int = IN_FRAMES) -> None:
        self._queues: dict[Address, deque[Received]] = {}
        self._bytes: dict[Address, int] = {}
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, received: Received) -> None:
        """Wait while this peer's share is full, then queue the message."""
        address = received.address
        while self._is_full(address):
            self._taken.clear()
            await self._taken.wait()
        self._queues.setdefault(address, deque()).append(received)
        self._bytes[address] = self._bytes.get(address, 0) + len(received.payload)
        self._arrived.set()

    async def take(self) -> Received:
        """The next message, the peers in turn."""
        while not self._queues:
            self._arrived.clear()
            await self._arrived.wait()
        address = next(iter(self._queues))
        queue = self._queues.pop(address)
        received = queue.popleft()
        self._bytes[address] -= len(received.payload)
        if queue:
            self._queues[address] = queue  # behind all others
        else:
            del self._bytes[address]
        self._taken.set()
        return received

    def _is_full(self, address: Address) -> bool:
        queue = self._queues.get(address)
        if queue is None:
            return False
        return len(queue) >= self._max_frames or self._bytes[address] >= self._max_bytes
