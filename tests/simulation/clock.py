"""One event loop for all nodes whose time jumps from timer to timer, and a wall clock for each node.

Nothing here waits: when no callback is due the loop's time becomes that of the next timer. What runs on
worker threads elsewhere runs at once. The order of callbacks follows from their times and the order in which
they were asked for, so a run is the same every time.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from contextvars import Context, ContextVar
from typing import Any, ParamSpec, TypeVar

START_MS = 1_767_571_200_000
"""What the true wall clock says when the loop's time is 0."""

P = ParamSpec("P")
T = TypeVar("T")


class Pace:
    """How long one process takes for each callback; a slow one works them off one after another."""

    __slots__ = ("_backlog", "_loop", "cost_seconds")

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._backlog: deque[asyncio.Handle] = deque()
        self.cost_seconds = 0.0

    @property
    def is_slow(self) -> bool:
        return self.cost_seconds > 0 or bool(self._backlog)

    def put_off(self, handle: asyncio.Handle) -> None:
        """Run it when those before it are done."""
        if not self._backlog:
            self._loop.call_later(self.cost_seconds, self._work, context=OUTSIDE)
        self._backlog.append(handle)

    def hurry(self) -> None:
        """Everything put off is due now, and nothing is put off any more."""
        self.cost_seconds = 0.0
        self._loop.make_due(self._backlog)
        self._backlog.clear()

    def _work(self) -> None:
        if not self._backlog:
            return  # it was hurried meanwhile
        self._loop.run_handle(self._backlog.popleft())
        if self._backlog:
            self._loop.call_later(self.cost_seconds, self._work, context=OUTSIDE)


PACE: ContextVar[Pace | None] = ContextVar("PACE", default=None)
"""Whose callback is running; nobody's: the world's own."""

OUTSIDE = Context()
"""The world's own context: nobody's pace, nobody's name."""


class StandstillError(AssertionError):
    """Nothing is due and nothing ever will be."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop without I/O over virtual time, which starts at 0 seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._due: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._asked = 0
        self._is_over = False
        self.broken: BaseException | None = None
        """Why `stop` was called, if something does not hold: `run_forever` raises it."""

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._due.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._asked += 1
        heapq.heappush(self._timers, (when, self._asked, timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """At once: what a thread would take is the pace of the process."""
        return asyncio.wrap_future(InlineExecutor().submit(func, *args), loop=self)

    def run_forever(self) -> None:
        """Until `stop`. What a callback raises ends it: an error of the world must not be lost in a log."""
        self._check_closed()
        self._is_over = False
        events._set_running_loop(self)
        try:
            while not self._is_over:
                self._step()
        finally:
            events._set_running_loop(None)
        if self.broken is not None:
            raise self.broken

    def stop(self) -> None:
        self._is_over = True

    def _step(self) -> None:
        if not self._due:
            self._go_on()
        handle = self._due.popleft()
        pace = handle._context.get(PACE)  # type: ignore[attr-defined]
        if pace is not None and pace.is_slow:
            pace.put_off(handle)
        else:
            self.run_handle(handle)

    def _go_on(self) -> None:
        """To the time of the next timer."""
        timers = self._timers
        if not timers:
            raise StandstillError("nothing is due and no timer runs")
        when = timers[0][0]
        self._now = max(self._now, when)
        while timers and timers[0][0] <= self._now:
            self._due.append(heapq.heappop(timers)[2])

    def make_due(self, handles: Iterable[asyncio.Handle]) -> None:
        """They run next, in this order, behind what is due already."""
        self._due.extend(handles)

    def run_handle(self, handle: asyncio.Handle) -> None:
        if handle._cancelled:  # type: ignore[attr-defined]
            return
        handle._context.run(handle._callback, *handle._args)  # type: ignore[attr-defined]

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tasks of dead processes end with errors nobody asks for; what matters is asked for elsewhere."""

    def close(self) -> None:
        self._due.clear()
        self._timers.clear()
        super().close()


class InlineExecutor(Executor):
    """Threads that are never behind. What the work raises, its caller sees at once."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class WallClock:
    """What one machine takes for the time: the true time and its error, or a time at which it stands."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.error_ms = 0
        self._stopped_at_ms: int | None = None

    def now_ms(self) -> int:
        if self._stopped_at_ms is not None:
            return self._stopped_at_ms
        return START_MS + int(self._loop.time() * 1000) + self.error_ms

    def stop(self) -> None:
        """It says the same from now on."""
        self._stopped_at_ms = self.now_ms()

    def go_on(self) -> None:
        """It runs again, from the time it should have."""
        self._stopped_at_ms = None

    def heal(self) -> None:
        """It runs, and is right."""
        self._stopped_at_ms = None
        self.error_ms = 0
