"""STATUS and VOTES: what a node says it holds, and what another then sends it (docs/consensus.md, Messages).

Every node passes on anybody's votes: a lost sending, or a sender that is gone, hides nothing for long.
"""

from collections.abc import Iterator

from chain.certificate import SignedProposal, Vote, VoteKind
from chain.types import Hash32, Height, Round
from consensus.messages import (
    STATUS_BODIES,
    STATUS_ROWS,
    VOTES_BYTES,
    VOTES_ITEMS,
    HeldVotes,
    Status,
    Step,
    Votes,
)
from consensus.tally import Content, ContentVotes, Powers, RoundVotes, Tally

_MESSAGE_BYTES = 1024
"""Room in a VOTES message for its own fields and the signed proposal."""

_KINDS = (VoteKind.PRECOMMIT, VoteKind.PREVOTE)
"""Precommits first: they decide."""


def status_of(
    height: Height,
    round_: int,
    step: Step,
    has_proposal: bool,
    valid_round: int,
    tally: Tally,
    powers: Powers,
    bodies: tuple[Hash32, ...],
) -> Status:
    """Votes held of the rounds round-1, round and the valid round; rows with most power first."""
    rounds = {held for held in (round_ - 1, round_, valid_round) if held >= 0}
    rows: list[tuple[int, HeldVotes]] = []
    for held in sorted(rounds, reverse=True):
        for kind in _KINDS:
            for content, signed in _by_power(tally.at(kind, held)):
                block_id, pol = content
                row = HeldVotes(kind, Round(held), block_id, pol, _bitmap(signed, powers))
                rows.append((signed.power, row))
    rows.sort(key=lambda row: -row[0])
    held_votes = tuple(row for _, row in rows[:STATUS_ROWS])
    return Status(height, round_, step, has_proposal, held_votes, bodies[:STATUS_BODIES])


def votes_lacking(
    peer: Status, proposal: SignedProposal | None, tally: Tally, powers: Powers
) -> bytes | None:
    """One VOTES payload for a peer at our height, or None. `proposal`: ours of the peer's round, if held."""
    offered = None if peer.has_proposal else proposal
    votes: list[Vote] = []
    size = _MESSAGE_BYTES
    for vote in _lacking(peer, proposal, tally, powers):
        size += len(vote.encode()) + 3  # and the header of the byte string that carries it
        if size > VOTES_BYTES or len(votes) == VOTES_ITEMS:
            break
        votes.append(vote)
    if offered is None and not votes:
        return None
    return Votes(peer.height, offered, tuple(votes)).encode()


def _lacking(peer: Status, proposal: SignedProposal | None, tally: Tally, powers: Powers) -> Iterator[Vote]:
    """Highest round first. Of rounds above the peer's it shows nothing, so all is sent: they make it skip
    (R2). Of rounds below, only those it speaks of; and the polka its proposal needs, while it waits for
    that."""
    shown = {(row.kind, row.round, row.block_id, row.pol): row for row in peer.held}
    covered = {peer.round - 1, peer.round} | {int(row.round) for row in peer.held}
    awaited = proposal.pol if proposal is not None and peer.step is Step.PROPOSE else -1
    for round_ in tally.rounds():
        is_awaited = round_ == awaited and round_ not in covered
        if round_ <= peer.round and round_ not in covered and not is_awaited:
            continue
        for kind in _KINDS:
            if is_awaited and kind is VoteKind.PRECOMMIT:
                continue
            for (block_id, pol), signed in _by_power(tally.at(kind, round_)):
                if is_awaited and proposal is not None and block_id != proposal.block_id:
                    continue
                row = shown.get((kind, Round(round_), block_id, pol))
                for address, vote in signed.votes.items():
                    if row is None or not row.holds(powers.index[address]):
                        yield vote


def _by_power(votes: RoundVotes) -> list[tuple[Content, ContentVotes]]:
    """Contents that most stand behind come first; where a bound cuts, it cuts an equivocator's odd ones."""
    return sorted(votes.contents.items(), key=lambda item: (-item[1].power, item[0][0] or b"", item[0][1]))


def _bitmap(signed: ContentVotes, powers: Powers) -> bytes:
    bits = sum(1 << powers.index[address] for address in signed.votes)
    return bits.to_bytes((len(powers.index) + 7) // 8, "little")
