"""A flipped byte is found and put back, or named; never is something else gone on with."""

from __future__ import annotations

from tests.simulation.byte_flips import EXPECTED, run_all

STRIDE, STATE_STRIDE = 23, 211
"""Of files of more than 255 bytes; the deep run takes every byte, and every sixteenth of the database."""


def test_a_node_with_one_byte_flipped_starts_right_or_says_what_is_damaged() -> None:
    counts = run_all(STRIDE, STATE_STRIDE)
    print(dict(sorted(counts.items())))
    assert counts["bytes"] > 1_000
    assert all(counts[name] for name in EXPECTED)
    assert not counts["state: refused"], "it can always be made anew"
    assert counts["journal: went on"] == counts["blocks: refused"] == 0
