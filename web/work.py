"""How much of a node's time its public API may take: the loop that decides blocks also answers strangers.

Measured, not guessed: every step that a request takes on the event loop, and what it computes on threads, is
charged to a purse that fills with a share of the time that passes. While it is empty requests wait, one of
each address in turn, and those that have waited long enough are told to come back (429, `RATE`). Documents
that are taken are the ledger's own work and are not charged; those that are not, and whatever else is sent to
their route, are charged to a purse of the sender's own.

Deciding comes first: while a height is in progress requests wait for its end, as long as the purse has room
for what they do not spend meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from time import perf_counter
from types import TracebackType
from typing import Any

from node.work import Work, working

SAVED_SECONDS = 0.2
"""Work that a purse holds at most: what may come at once after a quiet time. A person's page is a few ms."""

SPARED_SECONDS = 0.1
"""Until a purse holds this, requests wait for the end of a height: a second at most, when it was empty. Under
lasting load it holds so much, and requests go on beside the heights, within the share."""

LOOK_AGAIN_SECONDS = 0.004
"""While a height is in progress, whether it is over."""

PATIENCE_SECONDS = 2.0
"""A request waits so long for its turn. So a connection hears at most one refusal in this time."""

WAITING = 512
"""Requests that wait for their turn: twice the connections, since a client may go while its request waits."""

LEAST_WAIT_SECONDS = 0.001
"""Between two that waited: for the first to begin and be charged."""

SENDERS = 1_024
"""Addresses whose useless documents are remembered; of more, those seen longest ago are forgotten."""

GUESS_SECONDS = 0.005
"""What the first request of a kind is thought to cost; later ones what they cost on average."""

AVERAGE_OVER = 8
"""Requests of a kind: the last one has this part in their average."""

SUBMIT = "/v1/transactions"
USEFUL = "useful"
"""In a request's state: which part of its documents was taken, 0.0 to 1.0."""

_KINDS = (
    "/v1/blocks", "/v1/consistency", "/v1/events", "/v1/state", "/v1/status", "/v1/totals",
    "/v1/transactions", "/v1/why", "/docs", "/health", "/metrics", "/openapi.json",
)  # fmt: skip

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


class Purse:
    """Seconds of work, filled with `share` of the time that passes, up to SAVED_SECONDS; may be overdrawn."""

    __slots__ = ("_at", "_share", "level")

    def __init__(self, share: float, now: float) -> None:
        self._share = share
        self._at = now
        self.level = SAVED_SECONDS

    def fill(self, now: float) -> None:
        self.level = min(SAVED_SECONDS, self.level + (now - self._at) * self._share)
        self._at = now

    def take(self, seconds: float) -> None:
        self.level -= seconds

    def wait_seconds(self) -> float:
        """Until it holds something again."""
        return max(0.0, -self.level / self._share)


class _Measured(Generator[Any, Any, None]):
    """Drives a coroutine and adds up the time that its steps take on the loop."""

    __slots__ = ("_inner", "_work")

    def __init__(self, inner: Coroutine[Any, Any, None], work: Work) -> None:
        self._inner = inner
        self._work = work

    def __await__(self) -> Generator[Any, Any, None]:
        return self

    def send(self, value: Any) -> Any:
        began = perf_counter()
        try:
            return self._inner.send(value)
        finally:
            self._work.add(perf_counter() - began)

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | object = None,
        trace: TracebackType | None = None,
    ) -> Any:
        began = perf_counter()
        try:
            return self._inner.throw(value if isinstance(value, BaseException) else kind)
        finally:
            self._work.add(perf_counter() - began)


class Turns:
    """Who may begin: while the purse holds something, one request each time the loop comes round, of each
    address in turn. So a message of a peer waits for one request at most."""

    def __init__(self, purse: Purse, clock: Callable[[], float], is_deciding: Callable[[], bool]) -> None:
        self._purse = purse
        self._clock = clock
        self._is_deciding = is_deciding
        self._queues: OrderedDict[str, deque[asyncio.Future[bool]]] = OrderedDict()
        self._next: asyncio.Handle | None = None
        self.waiting = 0

    async def take(self, address: str, cost: float) -> bool:
        """True: it may begin, and `cost` is taken from the purse. False: not within PATIENCE_SECONDS."""
        self._purse.fill(self._clock())
        if self._next is None and self._may_begin():
            self._next = asyncio.get_running_loop().call_soon(self._call_next)
            self._purse.take(cost)
            return True
        if self.waiting >= WAITING:
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(address, deque()).append(turn)
        self.waiting += 1
        self._plan()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await turn
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
            self._forget(address, turn)
        self._purse.take(cost)
        return True

    def _may_begin(self) -> bool:
        return self._purse.level > (SPARED_SECONDS if self._is_deciding() else 0.0)

    def _forget(self, address: str, turn: asyncio.Future[bool]) -> None:
        queue = self._queues.get(address)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._queues[address]

    def _plan(self) -> None:
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.call_later(self._wait_seconds(), self._call_next)

    def _wait_seconds(self) -> float:
        least = LOOK_AGAIN_SECONDS if self._is_deciding() else LEAST_WAIT_SECONDS
        return max(least, self._purse.wait_seconds())

    def _call_next(self) -> None:
        """One begins; the next when the loop has come round and the purse holds something after it."""
        self._next = None
        self._purse.fill(self._clock())
        while self._queues and self._may_begin():
            address, queue = self._queues.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._queues[address] = queue  # behind all others
            if not turn.done():
                turn.set_result(True)
                break
        if self._queues:
            loop = asyncio.get_running_loop()
            self._next = loop.call_later(self._wait_seconds(), self._call_next)


class LimitedWork:
    """The app, within its share. `refused` counts by limit; `spent_ms` by what it was spent on."""

    def __init__(
        self,
        app: App,
        share: float,
        refused: Counter[str],
        is_deciding: Callable[[], bool] = bool,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._app = app
        self._share = share
        self._refused = refused
        self._clock = clock
        self._purse = Purse(share, clock())
        self.turns = Turns(self._purse, clock, is_deciding)
        self._senders: OrderedDict[str, Purse] = OrderedDict()
        self._costs: dict[str, float] = {}
        self._spent: dict[str, float] = {"reads": 0.0, "documents": 0.0, "refused documents": 0.0}

    def spent_ms(self) -> dict[str, int]:
        """Milliseconds of work since the start."""
        return {name: int(seconds * 1000) for name, seconds in self._spent.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        address = str(client[0]) if client else "local"
        if scope["method"] == "POST" and scope["path"] == SUBMIT:
            await self._submit(address, scope, receive, send)
        else:
            await self._read(address, scope, receive, send)

    async def _read(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        kind = _kind_of(scope["path"])
        guess = self._costs.get(kind, GUESS_SECONDS)
        if not await self.turns.take(address, guess):
            await self._refuse(send, self._purse.wait_seconds())
            return
        work = Work()
        try:
            await self._worked(work, scope, receive, send)
        finally:
            self._purse.take(work.seconds - guess)
            self._costs[kind] = guess + (work.seconds - guess) / AVERAGE_OVER
            self._spent["reads"] += work.seconds

    async def _submit(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        purse = self._purse_of(address)
        if purse.level <= 0:
            await asyncio.sleep(min(PATIENCE_SECONDS, purse.wait_seconds()))
            purse.fill(self._clock())
            if purse.level <= 0:
                await self._refuse(send, purse.wait_seconds())
                return
        work = Work()
        try:
            await self._worked(work, scope, receive, send)
        finally:
            useful = float(scope.get("state", {}).get(USEFUL, 0.0))
            purse.take(work.seconds * (1.0 - useful))
            self._spent["documents"] += work.seconds * useful
            self._spent["refused documents"] += work.seconds * (1.0 - useful)

    async def _worked(self, work: Work, scope: Scope, receive: Receive, send: Send) -> None:
        with working(work):
            await _Measured(self._app(scope, receive, send), work)

    def _purse_of(self, address: str) -> Purse:
        purse = self._senders.pop(address, None) or Purse(self._share, self._clock())
        self._senders[address] = purse
        while len(self._senders) > SENDERS:
            self._senders.popitem(last=False)
        purse.fill(self._clock())
        return purse

    async def _refuse(self, send: Send, wait_seconds: float) -> None:
        self._refused["work"] += 1
        seconds = max(1, math.ceil(wait_seconds))
        error = {
            "code": "RATE",
            "message": f"this node answers others and decides blocks; come back in {seconds} s",
            "article": "",
            "texts": {},
            "remedy": "",
            "remedies": {},
            "facts": {},
        }
        body = json.dumps({"error": error}).encode("ascii")
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"retry-after", b"%d" % seconds),
        ]
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _kind_of(path: str) -> str:
    """What requests of the same cost have in common; a stranger cannot make up a new one."""
    return next((kind for kind in _KINDS if path.startswith(kind)), "")
