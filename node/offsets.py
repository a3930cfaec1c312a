"""How far this machine's clock is from the others', as their blocks tell: a block carries its proposer's
clock, and a proposal of now arrives some milliseconds later."""

from __future__ import annotations

from collections import OrderedDict

from chain.types import Address

PROPOSERS = 16
"""Of so many the last figure is kept: the median of a larger network needs no more."""


class ClockOffsets:
    """The last figure of each proposer; a liar moves the median no more than any other."""

    def __init__(self) -> None:
        self._last: OrderedDict[Address, int] = OrderedDict()

    def note(self, proposer: Address, received_at_ms: int, block_time_ms: int) -> None:
        """A proposal of a block that was just built."""
        self._last[proposer] = received_at_ms - block_time_ms
        self._last.move_to_end(proposer)
        while len(self._last) > PROPOSERS:
            self._last.popitem(last=False)

    @property
    def offset_ms(self) -> int | None:
        """The median of all figures and of this clock itself; above 0: this clock is ahead, by so much less
        the way of a message. None: nothing is known yet."""
        if not self._last:
            return None
        figures = sorted((0, *self._last.values()))
        middle = figures[(len(figures) - 1) // 2], figures[len(figures) // 2]
        return min(middle, key=abs)
