"""A TCP proxy between nodes: every link passes it, and it delays, cuts, stalls or narrows what passes.

It runs on a thread of its own and needs no privileges. A stalled way keeps its bytes and lets the sender's
window fill, as a line that loses every packet does; a cut one resets what is open and refuses what is new.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from random import Random
from typing import TypeVar

READ_BYTES = 64 << 10
IN_FLIGHT = 64
"""Pieces of `READ_BYTES` under way in one direction of one connection."""

Place = tuple[str, int]
T = TypeVar("T")


@dataclass(slots=True)
class Way:
    """What happens to bytes from one node to another, on whichever connection they travel."""

    delay_s: float = 0.0
    bytes_per_s: float | None = None
    resets: float = 0.0
    """Of how many pieces the passage ends the connection instead: what loss is to whoever sits above TCP."""
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_open.set()


class Fabric:
    """The lines between nodes. `places` says where each listens; `dial(a, b)` is where `a` finds `b`.

    `faces`: the address of this machine under which each node is known to the others, both when it is dialled
    and when it dials, so that a packet filter can tell them apart.
    """

    def __init__(self, places: Mapping[str, Place], seed: int, faces: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._chance = Random(seed)
        self._faces = dict(faces)
        self._ways = {pair: Way() for pair in permutations(places, 2)}
        self._refusing: set[frozenset[str]] = set()
        self._open: dict[frozenset[str], set[asyncio.StreamWriter]] = {}
        self._listeners: dict[tuple[str, str], socket.socket] = {}
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        for source, target in self._ways:
            listener = socket.create_server((self._faces[target], 0))
            listener.setblocking(False)
            self._listeners[source, target] = listener

    def dial(self, source: str, target: str) -> Place:
        """Where `source` is to dial `target`."""
        return self._faces[target], self._listeners[source, target].getsockname()[1]

    def start(self) -> None:
        self._thread.start()
        for (source, target), listener in self._listeners.items():
            self._on_loop(self._begin(self._accept(source, target, listener)))

    def stop(self) -> None:
        self._on_loop(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for listener in self._listeners.values():
            listener.close()

    # --- what a test does to the lines

    def shape(self, *, delay_s: float = 0.0, bytes_per_s: float | None = None, resets: float = 0.0) -> None:
        """The same for all ways, from the next piece on."""

        async def set_all() -> None:
            for way in self._ways.values():
                way.delay_s, way.bytes_per_s, way.resets = delay_s, bytes_per_s, resets

        self._on_loop(set_all())

    def stall(self, ways: Iterable[tuple[str, str]]) -> None:
        """Nothing passes from the first to the second of each; connections stay open."""

        async def close_ways() -> None:
            for pair in ways:
                self._ways[pair].is_open.clear()

        self._on_loop(close_ways())

    def cut(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Connections between the two of each are reset, and new ones refused."""

        async def reset() -> None:
            for pair in map(frozenset, pairs):
                self._refusing.add(pair)
                for writer in self._open.get(pair, set()):
                    writer.transport.abort()

        self._on_loop(reset())

    def heal(self) -> None:
        """Everything passes again. The shape stays."""

        async def open_ways() -> None:
            self._refusing.clear()
            for way in self._ways.values():
                way.is_open.set()

        self._on_loop(open_ways())

    def split(self, *groups: Sequence[str], by: str = "cut") -> None:
        """Nodes of different groups do not reach each other; those of one group do."""
        self.heal()
        of = {name: number for number, group in enumerate(groups) for name in group}
        apart = [(one, other) for one, other in self._ways if of[one] != of[other]]
        (self.cut if by == "cut" else self.stall)(apart)

    # --- on the loop

    def _on_loop(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result()

    async def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, source: str, target: str, listener: socket.socket) -> None:
        while True:
            connection, _ = await self._loop.sock_accept(listener)
            if frozenset((source, target)) in self._refusing:
                _reset(connection)
                continue
            await self._begin(self._carry(source, target, connection))

    async def _carry(self, source: str, target: str, connection: socket.socket) -> None:
        """One connection, both directions, until either side ends it."""
        try:
            there = await asyncio.open_connection(*self._places[target], local_addr=(self._faces[source], 0))
        except OSError:
            _reset(connection)
            return
        here = await asyncio.open_connection(sock=connection)
        writers = {here[1], there[1]}
        among = self._open.setdefault(frozenset((source, target)), set())
        among.update(writers)
        try:
            await _first(
                self._pump(here[0], there[1], self._ways[source, target]),
                self._pump(there[0], here[1], self._ways[target, source]),
            )
        finally:
            among.difference_update(writers)
            for writer in writers:
                writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT)

        async def take() -> None:
            while True:
                data = await reader.read(READ_BYTES)
                await due.put((self._loop.time() + way.delay_s, data))
                if not data:
                    await asyncio.Event().wait()  # the end leaves last, behind what is under way

        async def give() -> None:
            while True:
                at, data = await due.get()
                await asyncio.sleep(max(0.0, at - self._loop.time()))
                await way.is_open.wait()
                if not data or self._chance.random() < way.resets:
                    return
                if way.bytes_per_s is not None:
                    await asyncio.sleep(len(data) / way.bytes_per_s)
                writer.write(data)
                await writer.drain()

        with contextlib.suppress(OSError):
            await _first(take(), give())


async def _first(*works: Awaitable[None]) -> None:
    """Until one of them ends; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(found, BaseException) and not isinstance(found, OSError | asyncio.CancelledError):
                raise found


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


@contextmanager
def fabric(
    places: Mapping[str, Place], seed: int, faces: Mapping[str, str] | None = None
) -> Iterator[Fabric]:
    """Lines that stand for as long as the block lasts; without `faces`, on loopback."""
    lines = Fabric(places, seed, faces or dict.fromkeys(places, "127.0.0.1"))
    lines.start()
    try:
        yield lines
    finally:
        lines.stop()


def redirect(lines: Fabric, directory: Path, name: str, ports: Mapping[str, int]) -> None:
    """Let the node `name` dial its peers through the lines; `ports`: where each listens, as node.toml says
    it."""
    config = directory / "node.toml"
    text = config.read_text("utf-8")
    for other, port in ports.items():
        if other != name:
            host, line = lines.dial(name, other)
            text = re.sub(rf'host = "[^"]*"\nport = {port}\n', f'host = "{host}"\nport = {line}\n', text)
    config.write_text(text, "utf-8")
