"""Chance from a seed, the same in every process and version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_MASK = (1 << 64) - 1


class Chance:
    """SplitMix64."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def bits(self) -> int:
        """Sixty-four bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def between(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return least + self.bits() % (most - least + 1)

    def one_in(self, times: int) -> bool:
        return self.bits() % times == 0

    def pick(self, items: Sequence[_Item]) -> _Item:
        return items[self.bits() % len(items)]

    def some(self, items: Sequence[_Item], most: int) -> list[_Item]:
        """One to `most` different items, in an order of chance."""
        left, found = list(items), []
        for _ in range(self.between(1, max(1, min(most, len(left))))):
            found.append(left.pop(self.bits() % len(left)))
        return found

    def amount(self, most: int) -> int:
        """Up to `most`, small and large amounts alike likely; at least 1."""
        if most <= 1:
            return 1
        top = 1 << self.between(0, most.bit_length())
        return self.between(1, min(top, most))
