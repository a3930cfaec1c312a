"""How often one peer may make this node do something that costs more than asking for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chain.types import Address
from node.ports import Clock


class Throttle:
    """At most once in `interval_ms` for each peer; what comes sooner is not answered, and is asked again."""

    def __init__(self, clock: Clock, interval_ms: int) -> None:
        self._clock = clock
        self._interval_ms = interval_ms
        self._last_ms: dict[Address, int] = {}

    def allows(self, peer: Address) -> bool:
        """Whether now is late enough; if so, the interval begins anew. A clock set back forgets the past."""
        now_ms = self._clock.now_ms()
        last_ms = self._last_ms.get(peer)
        if last_ms is not None and last_ms <= now_ms < last_ms + self._interval_ms:
            return False
        self._last_ms[peer] = now_ms
        return True


class Remembered:
    """An answer that costs something to find, asked for again after `every_ms` at the earliest."""

    def __init__(self, find: Callable[[], Mapping[str, int]], clock: Clock, every_ms: int) -> None:
        self._find = find
        self._clock = clock
        self._every_ms = every_ms
        self._found: Mapping[str, int] = {}
        self._found_at_ms: int | None = None

    def __call__(self) -> Mapping[str, int]:
        now_ms = self._clock.now_ms()
        if self._found_at_ms is None or abs(now_ms - self._found_at_ms) >= self._every_ms:
            self._found, self._found_at_ms = self._find(), now_ms
        return self._found

    def forget(self) -> None:
        """What was found is no longer so."""
        self._found_at_ms = None
