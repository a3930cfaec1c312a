"""Institutions, signers and validators: who exists and who may sign."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.context import BlockContext
from contracts.state import Overlay


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What the consensus engine reports of a validator: kind 1 prevote, 2 precommit, 3 proposal,
    given twice."""

    address: bytes
    height: int
    kind: int


def record_misbehaviour(state: Overlay, act: Misbehaviour, context: BlockContext) -> None:
    """Written by the engineer of this room."""
    raise AssertionError
