"""What a request costs the node: added up wherever it is worked on, by whoever answers for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import thread_time
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Work:
    """Seconds of one request."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self.seconds += seconds


_WORK: ContextVar[Work | None] = ContextVar("work", default=None)


@contextmanager
def working(work: Work) -> Iterator[None]:
    """What is done on threads meanwhile, in this context, is added to it."""
    token = _WORK.set(work)
    try:
        yield
    finally:
        _WORK.reset(token)


async def on_thread(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """`asyncio.to_thread`, whose time counts: a thread shares the interpreter with the event loop."""
    work = _WORK.get()

    def timed() -> T:
        began = thread_time()
        try:
            return function(*arguments, **named)
        finally:
            if work is not None:
                work.add(thread_time() - began)

    return await asyncio.to_thread(timed)
