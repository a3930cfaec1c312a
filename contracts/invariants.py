"""What must hold after every block (budget-machine, section 5)."""

from __future__ import annotations

from contracts.context import BlockContext
from contracts.state import Key, Overlay, StateReader


def check(after: Overlay, before: StateReader, touched: frozenset[Key], context: BlockContext) -> None:
    """Raises ExecutionFault naming block and invariant."""
