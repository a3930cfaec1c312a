"""Messages of the next height, from whoever decided a few milliseconds sooner: kept a link at a time, and
bounded (docs/consensus.md, Messages)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.certificate import Vote
from chain.types import Address
from consensus.inputs import Input, ProposalReceived, VoteReceived

VOTES_PER_VALIDATOR = 4
"""A peer passes on anybody's votes: two kinds, and two contents of an equivocator, or two rounds."""


@dataclass(slots=True)
class _Link:
    proposal: ProposalReceived | None = None
    votes: list[Vote] = field(default_factory=list)


class Ahead:
    """At most one PROPOSAL and 4·n votes a link; the rest comes again through STATUS."""

    def __init__(self) -> None:
        self._links: dict[Address, _Link] = {}

    def keep_proposal(self, peer: Address, received: ProposalReceived) -> None:
        """The first of a link, with the moment of its arrival: `timely` is judged by that."""
        link = self._links.setdefault(peer, _Link())
        if link.proposal is None:
            link.proposal = received

    def keep_votes(self, peer: Address, votes: Sequence[Vote], validators: int) -> None:
        """`validators`: how many there are at the height being decided."""
        link = self._links.setdefault(peer, _Link())
        room = VOTES_PER_VALIDATOR * validators - len(link.votes)
        link.votes.extend(votes[: max(0, room)])

    def take(self) -> list[Input]:
        """Everything kept, proposals first; nothing is kept any more."""
        links, self._links = self._links, {}
        inputs: list[Input] = [link.proposal for link in links.values() if link.proposal is not None]
        inputs.extend(VoteReceived(vote) for link in links.values() for vote in link.votes)
        return inputs
