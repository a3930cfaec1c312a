"""Equivocations seen and not yet on the chain: bounded, proved, offered to the builder."""

from __future__ import annotations

from collections.abc import Sequence

from chain.evidence import EVIDENCE_HEIGHTS, EVIDENCE_MAXIMUM, Evidence, check_evidence
from chain.types import Address
from contracts.records import Collection, misconduct_key
from node.application import LedgerApplication

POOL = 256
"""One piece a (validator, height, kind): more than this are left out until blocks have taken these."""


class EvidencePool:
    """Everything in it would be valid in the next block."""

    def __init__(self, application: LedgerApplication) -> None:
        self._application = application
        self._pieces: dict[tuple[Address, int, int], Evidence] = {}

    def add(self, evidence: Evidence) -> bool:
        """Keep it if it proves something not yet recorded. Raises LedgerError when it proves nothing."""
        height = self._application.height
        place = (evidence.address, evidence.height, evidence.kind)
        if place in self._pieces or len(self._pieces) >= POOL:
            return False
        if not height - EVIDENCE_HEIGHTS < evidence.height <= height + 1:
            return False
        if self._is_recorded(place):  # the cheap question first: what is recorded can be sent for ever
            return False
        check_evidence(evidence, self._application.validators_at(evidence.height), self._application.chain_id)
        self._pieces[place] = evidence
        return True

    def for_block(self, height: int) -> Sequence[Evidence]:
        """What the block at `height` may carry; a piece of the height itself waits for the next."""
        ready = [piece for piece in self._pieces.values() if piece.height < height]
        return ready[:EVIDENCE_MAXIMUM]

    def settle(self) -> None:
        """After a block: drop what is recorded or too old."""
        height = self._application.height
        for place in list(self._pieces):
            recorded = self._is_recorded(place)
            if recorded or place[1] <= height - EVIDENCE_HEIGHTS:
                del self._pieces[place]

    def _is_recorded(self, place: tuple[Address, int, int]) -> bool:
        return self._application.state.get(Collection.EVIDENCE, misconduct_key(*place)) is not None
