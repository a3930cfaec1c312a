"""How often one peer may make this node do something that costs more than asking for it."""

from __future__ import annotations

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
