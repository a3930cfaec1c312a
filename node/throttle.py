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
        self._rests_ms: dict[Address, int] = {}

    def allows(self, peer: Address) -> bool:
        """Whether now is late enough; if so, the interval begins anew. A clock set back forgets the past."""
        now_ms = self._clock.now_ms()
        last_ms = self._last_ms.get(peer)
        interval_ms = self._interval_ms + self._rests_ms.get(peer, 0)
        if last_ms is not None and last_ms <= now_ms < last_ms + interval_ms:
            return False
        self._last_ms[peer] = now_ms
        self._rests_ms.pop(peer, None)
        return True

    def rest(self, peer: Address, more_ms: int) -> None:
        """What was done for this peer just now was worth a longer interval, once."""
        self._rests_ms[peer] = more_ms


class Allowance:
    """So many at once for each peer, and so many a second in the long run; what is above is not answered."""

    def __init__(self, clock: Clock, per_second: int, at_once: int) -> None:
        self._clock = clock
        self._every_ms = 1000 // per_second
        self._at_once = at_once
        self._held: dict[Address, tuple[int, int]] = {}

    def allows(self, peer: Address) -> bool:
        """Whether one is left; if so, it is taken. A clock set back forgets the past."""
        now_ms = self._clock.now_ms()
        left, since_ms = self._held.get(peer, (self._at_once, now_ms))
        if now_ms < since_ms:
            left, since_ms = self._at_once, now_ms
        more = (now_ms - since_ms) // self._every_ms
        left, since_ms = min(self._at_once, left + more), since_ms + more * self._every_ms
        self._held[peer] = (max(0, left - 1), since_ms)
        return left > 0


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
