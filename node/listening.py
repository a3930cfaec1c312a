"""What a validator hears before its first signature after a start.

Its own journal may be older than it looks: a whole directory put back from an image of the disk is
consistent in itself. The peers remember. So a node begins as a follower: it takes what was decided without
it, asks every peer for the votes it holds of the height being decided, and takes up its key only then. What
its key has signed and its journal lacks comes with the answers and retires the key before it signs.

This costs no height that could have been decided: a quorum that does not hear this node decides without it,
and without a quorum that answers nothing is decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from chain import keys
from chain.certificate import SignedProposal, Vote
from chain.types import Address, Hash32, Height
from chain.validators import ValidatorSet
from consensus.messages import Status, Step
from consensus.records import HeightEnded, OwnMessage, OwnRecord


class Patience(IntEnum):
    """How long the node has listened."""

    ALL = 0
    """It waits for every member's node."""
    QUORUM = 1
    """Those of a quorum are enough, its own included."""
    NONE = 2
    """Where not even a quorum answers, the node begins: it may be linked to one peer that passes everything
    on."""


class Listening:
    """Which members have told what they hold of one height."""

    def __init__(self, own: Address) -> None:
        self._own = own
        self.patience = Patience.ALL
        self._height = 0
        self._heard: set[Address] = set()
        self._owing: dict[Address, bool] = {}
        """Who was asked and has not answered; whether the answer brings a proposal."""

    def questions(self, peer: Address, status: Status, height: int) -> tuple[Status, ...]:
        """What to ask a peer that said where it stands. Nothing of one that holds nothing of our height: it
        is heard. Any other sends what a STATUS shows to be lacking, so the questions are STATUSes of a node
        that has nothing: one brings votes of all rounds, one the proposal of the peer's round."""
        self._enter(height)
        if peer in self._heard or peer in self._owing:
            return ()
        if status.height != height or not (status.held or status.has_proposal):
            self._heard.add(peer)
            return ()
        self._owing[peer] = status.has_proposal
        rounds = (-1, status.round) if status.has_proposal else (-1,)
        return tuple(Status(Height(height), round_, Step.PROPOSE, False, (), ()) for round_ in rounds)

    def saw_votes(self, peer: Address, height: int, has_proposal: bool) -> None:
        """An answer: the votes that a peer holds of a height, as many as one message carries, those of the
        last rounds among them."""
        if height == self._height and self._owing.get(peer, False) <= has_proposal:
            self._owing.pop(peer, None)
            self._heard.add(peer)

    def is_over(self, height: int, validators: ValidatorSet) -> bool:
        """Whether enough members were heard at this height to sign at it."""
        self._enter(height)
        if self.patience is Patience.NONE:
            return True
        members = {member.address for member in validators.members}
        heard = (self._heard | {self._own}) & members
        return heard == members or (self.patience is Patience.QUORUM and validators.is_quorum(heard))

    def _enter(self, height: int) -> None:
        """What was said of an earlier height says nothing of this one."""
        if height != self._height:
            self._height = height
            self._heard.clear()
            self._owing.clear()


def lost_signature(
    messages: Iterable[Vote | SignedProposal],
    records: Iterable[OwnRecord],
    own: Address,
    validators: ValidatorSet,
    chain_id: Hash32,
) -> str | None:
    """What this key has signed and the journal lacks, in words; None when there is nothing. `validators`: of
    the height of all the messages. Of heights that the journal calls done it keeps no single votes."""
    records = tuple(records)
    member = validators.member(own)
    if member is None:
        return None
    ended = max((record.height for record in records if isinstance(record, HeightEnded)), default=Height(0))
    known = {record.sign_bytes for record in records if isinstance(record, OwnMessage)}
    for message in messages:
        if message.address != own or message.height <= ended:
            continue
        sign_bytes = message.sign_bytes(chain_id, validators.hash)
        if sign_bytes in known or not keys.verify(member.public_key, sign_bytes, message.signature):
            continue
        what = message.kind.name.lower() if isinstance(message, Vote) else "proposal"
        return (
            f"height {message.height}: this key's signature arrived on a {what} of round {message.round} "
            "that the journal lacks"
        )
    return None
