"""What the machine of one height asks for; the caller performs the effects in the order given.

The order is a promise: a Record stands before the Broadcast it covers, and the Broadcast must not be
performed before the Record is on disk and synced (docs/consensus.md, Stable storage; invariant I7).
"""

from dataclasses import dataclass

from chain.block import Block
from chain.certificate import CommitCertificate
from chain.evidence import Evidence
from chain.types import Address, Hash32, Height, Round
from consensus.messages import MessageType, Step


@dataclass(frozen=True, slots=True)
class BuildBlock:
    """Build a block of `height` with this node as proposer; answer with BlockBuilt(round, block).

    The builder waits until the clock is past the parent's time. No answer is lawful: the round's timer runs.
    """

    height: Height
    round: Round


@dataclass(frozen=True, slots=True)
class CheckBlock:
    """Decide `valid(block)` and answer with BlockChecked(block id, verdict), exactly once.

    Asked at most once a round for one block, and never again after `valid` or `invalid`; again once at
    decision after a fault. Keep the execution of a valid block: Decide may name it.
    """

    block: Block


@dataclass(frozen=True, slots=True)
class RequestBody:
    """Ask peers for the block by id (GET_BLOCK), first those whose STATUS names it, until BodyReceived or
    ProposalReceived or CertificateReceived brings it or the height ends. Said once an id, and once more when
    the block came too late or was let go and is wanted again."""

    block_id: Hash32


@dataclass(frozen=True, slots=True)
class Record:
    """Append `payload` to the journal and sync it (fdatasync) before the next effect is performed.

    `payload` is an encoded `consensus.records` record; the journal need not look inside. Any failure to write
    ends the process: what is not known to be on disk must not have been said.
    """

    payload: bytes


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Send to every peer. `type` is PROPOSAL or VOTE; a lost sending is repaired through STATUS and VOTES."""

    type: MessageType
    payload: bytes


@dataclass(frozen=True, slots=True)
class ScheduleTimeout:
    """After `duration_ms` milliseconds hand in TimeoutElapsed(height, round, step). Never cancelled."""

    height: Height
    round: Round
    step: Step
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Decide:
    """The block is final. Store block and certificate (synced), apply, then raise the journal to the
    height's end (`consensus.records.HeightEnded`). The last effect of a machine: afterwards it answers
    nothing.

    `block` was checked valid by this node, unless it was built here. `round` is the certificate's.
    """

    height: Height
    round: Round
    block: Block
    certificate: CommitCertificate


@dataclass(frozen=True, slots=True)
class ReportEquivocation:
    """`validator` signed two contents for one (height, round, kind): keep, alarm, pass on as EVIDENCE and
    offer to the builder. Said once per validator and kind in a height, as evidence stands once on the
    chain."""

    validator: Address
    evidence: Evidence


Effect = (
    BuildBlock | CheckBlock | RequestBody | Record | Broadcast | ScheduleTimeout | Decide | ReportEquivocation
)
