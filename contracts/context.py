"""All that a contract knows of the world."""

from __future__ import annotations

from dataclasses import dataclass

from chain.types import Hash32


@dataclass(frozen=True, slots=True)
class BlockContext:
    """The block that is being executed.

    `time_ms` is block time: monotone and bounded, never "now". Budget rules do not use it; they use the
    operational day that the treasury opened, which is state.
    """

    chain_id: Hash32
    height: int
    time_ms: int
