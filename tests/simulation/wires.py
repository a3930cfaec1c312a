"""Links of a whole network in memory (`node.ports.Transport`), and everything that can happen to them.

A link is lost and made anew like a connection; beyond what a connection may do, messages are also lost one by
one, doubled, overtaken and held up for half a minute, in one direction or both. What waits is bounded as in
`network.queues`, whose inbox is the real one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from chain.errors import InvalidMessageError
from chain.types import Address
from consensus.messages import LIMIT_BYTES, MessageType
from network.queues import IN_FRAMES, OUT_BYTES, OUT_FRAMES, Inbox, Received
from tests.simulation.clock import OUTSIDE, VirtualLoop

LIMITS = {int(kind): limit for kind, limit in LIMIT_BYTES.items()}
REDIAL_SECONDS = (0.05, 1.0)
"""How soon a lost link is made anew when both ends are there."""

UNNOTICED_SECONDS = 10.0
"""How long the other end may take a dead peer for a silent one."""


@dataclass(slots=True)
class Weather:
    """What the network does to a message now. Probabilities, and seconds."""

    latency: tuple[float, float] = (0.001, 0.02)
    loss: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    lateness: tuple[float, float] = (0.5, 30.0)
    broken: float = 0.0
    """That sending a message finds the connection lost."""
    cuts: set[tuple[int, int]] = field(default_factory=set)
    """Directions, from seat to seat, in which nothing arrives."""


CALM = Weather()


class Owner(Protocol):
    """Whose links these are."""

    @property
    def number(self) -> int: ...

    @property
    def address(self) -> Address: ...


@dataclass(eq=False, slots=True)
class _Half:
    """One direction of a link: what its sender has queued and what is still on the way."""

    frames: int = 0
    size_bytes: int = 0


@dataclass(eq=False, slots=True)
class _Link:
    """One connection between two processes."""

    ends: tuple[Endpoint, Endpoint]
    halves: tuple[_Half, _Half] = field(default_factory=lambda: (_Half(), _Half()))


class Endpoint:
    """The links of one process (`node.world.Links`)."""

    def __init__(self, wires: Wires, owner: Owner) -> None:
        self._wires = wires
        self.owner = owner
        self.inbox = Inbox()
        self.links: dict[int, _Link] = {}
        """By the seat of the other end: those this end takes for connected."""
        self.refusals: Counter[str] = Counter()
        self.dropped: Counter[Address] = Counter()
        self.is_open = False
        self._connected: tuple[Address, ...] | None = ()

    async def listen(self) -> tuple[str, int]:
        return f"seat-{self.owner.number}", 1

    async def run(self) -> None:
        self._wires.opened(self)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.close()

    def close(self) -> None:
        """The process is gone, whether it said goodbye or not."""
        if self.is_open:
            self._wires.closed(self)

    def connected(self) -> tuple[Address, ...]:
        if self._connected is None:
            self._connected = tuple(
                sorted({link_to(self, link).owner.address for link in self.links.values()})
            )
        return self._connected

    def changed(self) -> None:
        self._connected = None

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        kind = int(kind)
        is_queued = False
        for link in self.links_to(address):
            is_queued |= self._wires.send(self, link, kind, payload)
        if not is_queued:
            self.dropped[address] += 1
        return is_queued

    def broadcast(self, kind: int, payload: bytes) -> int:
        return sum(self._wires.send(self, link, int(kind), payload) for link in tuple(self.links.values()))

    def links_to(self, address: Address) -> list[_Link]:
        """To every seat with this address: twins share one."""
        return [link for link in self.links.values() if link_to(self, link).owner.address == address]

    async def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]:
        while True:
            yield await self.inbox.take()

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        self.refusals[refusal.code] += 1
        for link in self.links_to(address):
            self._wires.lose(link)

    async def put(self, received: Received) -> None:
        await self.inbox.put(received)


def link_to(endpoint: Endpoint, link: _Link) -> Endpoint:
    """The other end."""
    one, other = link.ends
    return other if one is endpoint else one


class Wires:
    """Everybody's links. `heard` is told of each arrival before the receiver is."""

    def __init__(
        self, loop: VirtualLoop, random: Random, sent: Callable[[Endpoint, Endpoint, int, bytes], None]
    ) -> None:
        self._loop = loop
        self._random = random
        self._sent = sent
        self._open: dict[int, Endpoint] = {}
        self.weather = Weather()
        self.happened: Counter[str] = Counter()

    # --- links

    def opened(self, endpoint: Endpoint) -> None:
        """A process listens and dials."""
        endpoint.is_open = True
        number = endpoint.owner.number
        for link in [link for other in self._open.values() for link in other.links.values()]:
            if any(end.owner.number == number for end in link.ends):
                self.lose(link)  # the new process says hello; the old link is known to be dead
        self._open[number] = endpoint
        for other in self._open.values():
            if other.owner.number != number:
                self._dial(endpoint, other, 0.0)

    def closed(self, endpoint: Endpoint) -> None:
        """Its peers notice at once, or after a while."""
        endpoint.is_open = False
        if self._open.get(endpoint.owner.number) is endpoint:
            del self._open[endpoint.owner.number]
        for link in list(endpoint.links.values()):
            self._forget(endpoint, link)
            other = link_to(endpoint, link)
            if self._random.random() < 0.5:
                self._forget(other, link)
            else:
                after = self._random.uniform(0, UNNOTICED_SECONDS)
                self._loop.call_later(after, self._forget, other, link, context=OUTSIDE)

    def lose(self, link: _Link) -> None:
        """The connection breaks, and both ends know; it is dialled again."""
        one, other = link.ends
        was_up = one.links.get(other.owner.number) is link or other.links.get(one.owner.number) is link
        self._forget(one, link)
        self._forget(other, link)
        if was_up:
            self.happened["link lost"] += 1
            self._dial(one, other, 0.0)

    def _forget(self, endpoint: Endpoint, link: _Link) -> None:
        other = link_to(endpoint, link).owner.number
        if endpoint.links.get(other) is link:
            del endpoint.links[other]
            endpoint.changed()

    def _dial(self, one: Endpoint, other: Endpoint, waited: float) -> None:
        after = self._random.uniform(*REDIAL_SECONDS) * (1 + min(waited, 4.0))
        self._loop.call_later(after, self._meet, one, other, waited + after, context=OUTSIDE)

    def _meet(self, one: Endpoint, other: Endpoint, waited: float) -> None:
        if not one.is_open or not other.is_open or one.links.get(other.owner.number) is not None:
            return
        pair = (one.owner.number, other.owner.number)
        if pair in self.weather.cuts or pair[::-1] in self.weather.cuts:
            self._dial(one, other, waited)  # no handshake without both directions
            return
        link = _Link((one, other))
        for endpoint in (one, other):
            endpoint.links[link_to(endpoint, link).owner.number] = link
            endpoint.changed()

    # --- messages

    def send(self, sender: Endpoint, link: _Link, kind: int, payload: bytes) -> bool:
        """Whether it was queued; not whether it will arrive."""
        half = link.halves[0 if link.ends[0] is sender else 1]
        if not sender.is_open:
            return False
        if half.frames and (half.frames >= OUT_FRAMES or half.size_bytes + len(payload) > OUT_BYTES):
            self.happened["queue full"] += 1
            return False
        receiver = link_to(sender, link)
        self._sent(sender, receiver, kind, payload)
        weather, random = self.weather, self._random
        if weather.broken and random.random() < weather.broken:
            self.lose(link)
            return True
        if (sender.owner.number, receiver.owner.number) in weather.cuts:
            self.happened["message cut off"] += 1
            return True
        if weather.loss and random.random() < weather.loss:
            self.happened["message lost"] += 1
            return True
        copies = 1
        if weather.doubled and random.random() < weather.doubled:
            self.happened["message doubled"] += 1
            copies = 2
        for _ in range(copies):
            after = random.uniform(*weather.latency)
            if weather.late and random.random() < weather.late:
                self.happened["message late"] += 1
                after += random.uniform(*weather.lateness)
            half.frames += 1
            half.size_bytes += len(payload)
            self._loop.call_later(after, self._arrive, link, half, receiver, kind, payload, context=OUTSIDE)
        return True

    def _arrive(self, link: _Link, half: _Half, receiver: Endpoint, kind: int, payload: bytes) -> None:
        half.frames -= 1
        half.size_bytes -= len(payload)
        sender = link_to(receiver, link)
        if not receiver.is_open or receiver.links.get(sender.owner.number) is not link:
            return
        if len(payload) > LIMITS.get(kind, 0):
            receiver.refusals["FRAME-TOO-LONG"] += 1
            self.lose(link)
            return
        received = Received(sender.owner.address, kind, payload)
        put = receiver.put(received)
        try:
            put.send(None)
        except StopIteration:
            return
        put.close()  # its share of the inbox is full: the link is not read, and this one is taken for lost
        self.happened[f"inbox of {IN_FRAMES} full"] += 1


__all__ = ["CALM", "Endpoint", "MessageType", "Weather", "Wires", "link_to"]
