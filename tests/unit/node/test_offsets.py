"""Whose clock is wrong, when each says another time."""

from __future__ import annotations

import pytest

from chain.types import Address
from node.offsets import PROPOSERS, ClockOffsets

NOW_MS = 1_800_000_000_000


@pytest.mark.parametrize(
    ("figures", "offset"),
    [
        ((), None), ((9_000,), 0), ((9_000, 9_010), 9_000), ((20, 9_000), 20), ((20, 25, 30), 20),
        ((20, 25, 9_000), 20), ((20, 25, -9_000), 0), ((9_020, 9_025, 9_030), 9_020),
        ((-9_020, -9_025, -9_030), -9_020), ((20, 9_000, 9_000), 20),
    ],
    ids=str,
)  # fmt: skip
def test_the_median_of_all_clocks_this_one_among_them(figures: tuple[int, ...], offset: int | None) -> None:
    offsets = ClockOffsets()
    for number, figure in enumerate(figures):
        offsets.note(Address(bytes([number]) * 32), NOW_MS + figure, NOW_MS)
    assert offsets.offset_ms == offset


def test_of_each_proposer_the_last_figure_counts_and_not_of_everybody_for_ever() -> None:
    offsets = ClockOffsets()
    for number in range(3 * PROPOSERS):
        offsets.note(Address(bytes([number % 3]) * 32), NOW_MS + 20, NOW_MS)
    for number in range(PROPOSERS):
        offsets.note(Address(bytes([100 + number]) * 32), NOW_MS + 5_000, NOW_MS)
    assert offsets.offset_ms == 5_000
