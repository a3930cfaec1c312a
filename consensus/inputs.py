"""What the machine of one height is told.

Every value here is already decoded and bounded. Signatures of votes and proposals are **not** yet checked:
the machine does that, in one place, and skips what it already holds. Bodies **are** checked before they come
here: parts match the header (`consensus.messages.decode_body`); a body that fails blames its sender and goes
no further. The machine ignores inputs of another height.
"""

from dataclasses import dataclass
from enum import Enum

from chain.block import Block
from chain.certificate import CommitCertificate, SignedProposal, Vote
from chain.types import Hash32, Height, Round
from consensus.messages import Step


class Verdict(Enum):
    """Answer to CheckBlock: `valid(block)` of docs/consensus.md, independent of round and clock.

    FAULT is an ExecutionFault: the block is neither valid nor invalid. The machine prevotes nil in this
    round, does not remember it, and asks once more when the block is decided; a second fault then stops the
    node.
    """

    VALID = "valid"
    INVALID = "invalid"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class BlockBuilt:
    """Answer to BuildBlock. The builder has just executed the block, so it counts as checked and valid.

    Dropped when the machine has left `round` or its step PROPOSE: an answer that comes too late harms nobody.
    """

    round: Round
    block: Block


@dataclass(frozen=True, slots=True)
class ProposalReceived:
    """A PROPOSAL, or the signed proposal inside VOTES (then `block` is None and `polka` empty).

    `received_at_ms`: this node's clock, in milliseconds since 1970, when the message arrived; `timely` is
    judged by the first arrival, however late the block itself comes.
    """

    proposal: SignedProposal
    block: Block | None
    polka: tuple[Vote, ...]
    received_at_ms: int


@dataclass(frozen=True, slots=True)
class VoteReceived:
    """One PREVOTE or PRECOMMIT, of anybody, from anybody."""

    vote: Vote


@dataclass(frozen=True, slots=True)
class CertificateReceived:
    """A COMMIT of this height. The machine checks signatures and quorum; with a true certificate its votes
    count beyond the two kept from an equivocator. Of a false one the true
    signatures count as single votes."""

    certificate: CommitCertificate
    block: Block | None


@dataclass(frozen=True, slots=True)
class BodyReceived:
    """A BLOCK, asked for by RequestBody. One that nobody asked for is dropped."""

    block: Block


@dataclass(frozen=True, slots=True)
class BlockChecked:
    """Answer to CheckBlock; every CheckBlock must be answered once, in any order."""

    block_id: Hash32
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class TimeoutElapsed:
    """A timer of ScheduleTimeout ran out. Timers are never cancelled: one that no longer matters is
    ignored."""

    height: Height
    round: Round
    step: Step


Input = (
    BlockBuilt
    | ProposalReceived
    | VoteReceived
    | CertificateReceived
    | BodyReceived
    | BlockChecked
    | TimeoutElapsed
)
