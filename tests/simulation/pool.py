"""Long runs over two processes: work is a range of numbers, its result what was met how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

PROCESSES = 2
CHUNK = 50
"""A few seconds of work, so that both processes end at about the same time."""

Work = Callable[[int, int], Counter[str]]
"""(first, count) -> rare situations met. A function of a module: it is sent to other processes by name."""


@dataclass(slots=True)
class Totals:
    """What a run went through: how many scenarios, and each mark with the times it was met."""

    scenarios: int = 0
    marks: Counter[str] = field(default_factory=Counter)

    def missing(self, wanted: frozenset[str]) -> list[str]:
        """Marks that this run never met."""
        return sorted(mark for mark in wanted if not self.marks[mark])


def spread(work: Work, count: int, first: int = 0) -> Totals:
    """Run the numbers from `first` on. What one of them raises is raised here; its note says which."""
    totals = Totals()
    chunks = [(at, min(CHUNK, first + count - at)) for at in range(first, first + count, CHUNK)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        try:
            for (_, size), seen in zip(chunks, pool.map(work, *zip(*chunks, strict=True)), strict=True):
                totals.scenarios += size
                totals.marks += seen
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return totals
