"""The lines between the nodes of a demonstration, each through this process, so that it can cut them."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import permutations
from pathlib import Path
from typing import TypeVar

HOST = "127.0.0.1"
READ_BYTES = 64 * 1024
CALL_SECONDS = 30.0
"""Far above what opening twelve listeners takes."""

Line = tuple[str, str]
AnswerT = TypeVar("AnswerT")


class Wires:
    """`places`: the port at which each node listens. A line that is cut loses what is on it, and whoever
    dials is turned away, as by a cable that is pulled out."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = dict(places)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self._ports: dict[Line, int] = {}
        self._servers: list[asyncio.Server] = []
        self._cut: set[frozenset[str]] = set()
        self._open: dict[frozenset[str], set[asyncio.StreamWriter]] = {}

    def start(self) -> None:
        """A listener for every node that dials another."""
        self._thread.start()
        self._call(self._listen())

    def port(self, dialler: str, dialled: str) -> int:
        """Where `dialler` finds `dialled`."""
        return self._ports[dialler, dialled]

    def lay(self, directory: Path, dialler: str) -> None:
        """Rewrite a node.toml so that its node dials through these lines."""
        path = directory / "node.toml"
        text = path.read_text(encoding="utf-8")
        for name in self._places:
            if name != dialler:
                before = rf'(institution = "{re.escape(name)}"(?:\n(?!\[\[)[^\n]*)*?\nport = )\d+'
                text, count = re.subn(before, rf"\g<1>{self.port(dialler, name)}", text)
                assert count == 1, f"{path} has {count} places of {name}"
        path.write_text(text, encoding="utf-8")

    def cut(self, one_side: Iterable[str], other_side: Iterable[str]) -> None:
        """Nothing passes between the two sides until `heal`."""
        others = tuple(other_side)
        lines = {frozenset((one, other)) for one in one_side for other in others}
        self._call(self._end(lines))

    def heal(self) -> None:
        self._call(self._end(set()))

    def stop(self) -> None:
        """End every line; the nodes lose each other."""
        if not self._thread.is_alive():
            return
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS)
        self._loop.close()

    def _call(self, work: Awaitable[AnswerT]) -> AnswerT:
        async def run() -> AnswerT:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(CALL_SECONDS)

    async def _listen(self) -> None:
        for line in permutations(self._places, 2):
            server = await asyncio.start_server(self._carrier(line), HOST, 0)
            self._servers.append(server)
            self._ports[line] = server.sockets[0].getsockname()[1]

    async def _end(self, lines: set[frozenset[str]]) -> None:
        self._cut = lines
        for line in lines:
            for writer in self._open.pop(line, set()):
                writer.transport.abort()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        carriers = asyncio.all_tasks() - {asyncio.current_task()}
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)

    def _carrier(self, line: Line) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        key = frozenset(line)

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers = {writer}
            try:
                if key in self._cut:
                    return
                far_reader, far_writer = await asyncio.open_connection(HOST, self._places[line[1]])
                writers.add(far_writer)
                self._open.setdefault(key, set()).update(writers)
                if key not in self._cut:
                    await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
            except OSError:
                return  # the other end is down, or the line was cut: both ends see it end
            finally:
                self._open.get(key, set()).difference_update(writers)
                for one in writers:
                    one.transport.abort()

        return carry


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What comes goes on, until one side ends; then the whole line ends."""
    while data := await reader.read(READ_BYTES):
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError("one side ended")
