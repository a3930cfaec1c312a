"""R-rec: where a validator stands after a restart, from its own records alone (docs/consensus.md, Stable
storage).

No foreign input is replayed: to the others it was a slow node.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.block import Block
from chain.certificate import SignedProposal, Vote
from chain.types import Address, Hash32, Height
from consensus.messages import Step, decode_body
from consensus.records import OwnMessage, OwnRecord


@dataclass(frozen=True, slots=True)
class OwnProposal:
    """A proposal made before the restart, with what was sent beside it."""

    proposal: SignedProposal
    block: Block
    polka: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class OwnState:
    """Own messages of one height in the order they were signed, and the state they leave.

    round, step: after the last of them. lock: the highest lock record; valid: the newer of the lock and the
    valid round of an own proposal. -1 and None when there is none. `blocks` and `polka` are what those
    records carried.
    """

    messages: tuple[OwnProposal | Vote, ...]
    round: int
    step: Step
    lock_round: int
    lock_id: Hash32 | None
    valid_round: int
    valid_id: Hash32 | None
    blocks: tuple[Block, ...]
    polka: tuple[Vote, ...]


def own_state(records: Iterable[OwnRecord], height: Height, address: Address) -> OwnState | None:
    """The state of this key at this height, or None when it has said nothing there yet.

    The journal has checked each record's bytes, so a record that does not decode raises DecodeError: damage.
    """
    own = [record for record in records if isinstance(record, OwnMessage) and record.height == height]
    messages: list[OwnProposal | Vote] = []
    lock_round, valid_round = -1, -1
    lock_id: Hash32 | None = None
    valid_id: Hash32 | None = None
    blocks: list[Block] = []
    polka: list[Vote] = []
    for record in own:
        block = None if record.block is None else decode_body(record.block)
        votes = tuple(Vote.decode(vote) for vote in record.polka)
        message = _message(record, block, votes)
        if _address(message) != address:
            continue  # an earlier key of this institution
        messages.append(message)
        polka.extend(votes)
        if block is not None:
            blocks.append(block)
        if record.lock_round > lock_round:
            lock_round, lock_id = record.lock_round, record.lock_id
        if isinstance(message, OwnProposal) and message.proposal.pol > valid_round:
            valid_round, valid_id = message.proposal.pol, message.proposal.block_id
    if not messages:
        return None
    if lock_round >= valid_round:
        valid_round, valid_id = lock_round, lock_id
    last = max(record.position for record in own)
    return OwnState(
        tuple(messages),
        last.round,
        Step(last.step),
        lock_round,
        lock_id,
        valid_round,
        valid_id,
        tuple(blocks),
        tuple(polka),
    )


def _message(record: OwnMessage, block: Block | None, polka: tuple[Vote, ...]) -> OwnProposal | Vote:
    if record.step is not Step.PROPOSE:
        return Vote.decode(record.message)
    assert block is not None, "a proposal is recorded with its block"
    return OwnProposal(SignedProposal.decode(record.message), block, polka)


def _address(message: OwnProposal | Vote) -> Address:
    return message.proposal.address if isinstance(message, OwnProposal) else message.address
