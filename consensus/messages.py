"""Payloads of every peer message: bytes to values and back, each bounded before it is parsed.

A frame on the wire is `length u32 ‖ type u8 ‖ payload`; this module owns types and payloads, the network owns
lengths and links. A payload that cannot be decoded raises DecodeError and one that contradicts itself
InvalidMessageError: in both cases the sender is to blame, never a block id it names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from chain.block import BLOCK_BYTES, FRAME_BYTES, Block, check_parts
from chain.certificate import (
    CERTIFICATE_BYTES,
    ROUND_MAXIMUM,
    VOTE_BYTES,
    CommitCertificate,
    SignedProposal,
    Vote,
    VoteKind,
)
from chain.codec import (
    BOOL,
    HASH,
    UINT,
    Binary,
    ListOf,
    Optional,
    Row,
    Struct,
    Uint,
    decode_fields,
    encode,
)
from chain.errors import DecodeError, InvalidMessageError
from chain.evidence import EVIDENCE_BYTES
from chain.set_chain import SET_STEP_BYTES, SetStep
from chain.snapshot import BITS_MAXIMUM, CHUNK_BYTES, MANIFEST_BYTES
from chain.transaction import AUTH_BYTES, BODY_BYTES
from chain.types import NO_ROUND, Hash32, Height, Round
from chain.validators import VALIDATORS_MAXIMUM

STATUS_BYTES = 16 * 1024
"""Every second from every peer: rows of votes as bits, never the votes themselves."""
VOTES_BYTES = 64 * 1024
"""What one STATUS lacks, at most VOTES_ITEMS of 250 bytes; the next STATUS asks for the rest."""
TXS_BYTES = 256 * 1024
"""A TXS message with more than one transaction stays below this."""

MAX_COMMITS = 64
"""Heights one GET_COMMITS may ask for."""

PART_BYTES = 256 * 1024
"""Of a chunk in one CHUNK: a vote waits behind it for 20 ms on a line of 100 Mbit/s."""

OFFERS_MAXIMUM = 16
"""Snapshots one node names; it keeps two."""

HEADERS_BYTES = 1024 * 1024
"""One HEADERS: some tens of steps of the largest sets."""
HEADERS_MAXIMUM = 64
"""A step is below 34 KiB with a hundred validators, below 2 KiB with four."""

STATUS_ROWS = 200
"""A row is at most 65 bytes: 200 rows and 16 body ids stay below STATUS_BYTES. Rows with most power come
first, so only the odd contents of equivocators are left out; leaving one out costs a repeated vote, nothing
else."""

STATUS_BODIES = 16
"""Blocks that a STATUS names as held: those of the last rounds, one is wanted."""
VOTES_ITEMS = 256
"""Both kinds of a round from a hundred validators, and some of another."""
TXS_MAXIMUM = 4096
"""In one TXS: the smallest documents that 256 KiB hold are far fewer."""


class MessageType(IntEnum):
    """The byte after a frame's length. 0 and 1 are the link's own: its refusal and HELLO."""

    PROPOSAL = 2
    VOTE = 3
    STATUS = 4
    VOTES = 5
    GET_BLOCK = 6
    BLOCK = 7
    COMMIT = 8
    GET_COMMITS = 9
    EVIDENCE = 10
    TXS = 11
    GET_SNAPSHOT = 12
    SNAPSHOT = 13
    GET_CHUNK = 14
    CHUNK = 15
    GET_HEADERS = 16
    HEADERS = 17


LIMIT_BYTES: dict[MessageType, int] = {
    MessageType.PROPOSAL: FRAME_BYTES,
    MessageType.VOTE: VOTE_BYTES,
    MessageType.STATUS: STATUS_BYTES,
    MessageType.VOTES: VOTES_BYTES,
    MessageType.GET_BLOCK: 128,
    MessageType.BLOCK: BLOCK_BYTES,
    MessageType.COMMIT: FRAME_BYTES,
    MessageType.GET_COMMITS: 64,
    MessageType.EVIDENCE: EVIDENCE_BYTES,
    MessageType.TXS: BODY_BYTES + AUTH_BYTES + 64,
    MessageType.GET_SNAPSHOT: 64,
    MessageType.SNAPSHOT: MANIFEST_BYTES + 1024,
    MessageType.GET_CHUNK: 64,
    MessageType.CHUNK: PART_BYTES + 64,
    MessageType.GET_HEADERS: 64,
    MessageType.HEADERS: HEADERS_BYTES,
}
"""Largest payload of each type in bytes, to be held against the frame's length before anything is read."""


class Step(IntEnum):
    """Where a validator stands in its round; the order is the order of its messages."""

    PROPOSE = 1
    PREVOTE = 2
    PRECOMMIT = 3


_ROUND = Uint(0, ROUND_MAXIMUM)
_VOTE = Binary(1, VOTE_BYTES)
_BLOCK = Binary(1, BLOCK_BYTES)
_CERTIFICATE = Binary(1, CERTIFICATE_BYTES)

PROPOSAL_SHAPE = Struct(
    "proposal message",
    1,
    (("proposal", _VOTE), ("block", Optional(_BLOCK)), ("polka", ListOf(_VOTE, VALIDATORS_MAXIMUM))),
)
_STATUS_ROW = Row(
    "held votes",
    (
        ("kind", Uint(1, 2)),
        ("round", _ROUND),
        ("block_id", Optional(HASH)),
        ("pol", Optional(_ROUND)),
        ("holders", Binary(0, (VALIDATORS_MAXIMUM + 7) // 8)),
    ),
)
STATUS_SHAPE = Struct(
    "status",
    1,
    (
        ("height", UINT),
        ("round", Optional(_ROUND)),
        ("step", Uint(1, 3)),
        ("has_proposal", BOOL),
        ("held", ListOf(_STATUS_ROW, STATUS_ROWS)),
        ("bodies", ListOf(HASH, STATUS_BODIES)),
    ),
)
VOTES_SHAPE = Struct(
    "votes",
    1,
    (("height", UINT), ("proposal", Optional(_VOTE)), ("votes", ListOf(_VOTE, VOTES_ITEMS))),
)
GET_BLOCK_SHAPE = Struct("get block", 1, (("height", UINT), ("block_id", HASH)))
COMMIT_SHAPE = Struct("commit", 1, (("block", _BLOCK), ("certificate", _CERTIFICATE)))
GET_COMMITS_SHAPE = Struct("get commits", 1, (("first_height", UINT), ("count", Uint(1, MAX_COMMITS))))
_CHUNK_NUMBER = Uint(0, (1 << BITS_MAXIMUM) - 1)
_OFFSET = Uint(0, CHUNK_BYTES)
GET_SNAPSHOT_SHAPE = Struct("get snapshot", 1, (("height", Optional(Uint(1))),))
SNAPSHOT_SHAPE = Struct(
    "snapshot",
    1,
    (
        ("heights", ListOf(Uint(1), OFFERS_MAXIMUM)),
        ("manifest", Optional(Binary(1, MANIFEST_BYTES))),
    ),
)
GET_CHUNK_SHAPE = Struct(
    "get chunk", 1, (("height", Uint(1)), ("number", _CHUNK_NUMBER), ("offset", _OFFSET))
)
CHUNK_SHAPE = Struct(
    "chunk part",
    1,
    (
        ("height", Uint(1)),
        ("number", _CHUNK_NUMBER),
        ("offset", _OFFSET),
        ("data", Optional(Binary(1, PART_BYTES))),
    ),
)
GET_HEADERS_SHAPE = Struct("get headers", 1, (("first_height", Uint(1)), ("last_height", Uint(1))))
HEADERS_SHAPE = Struct(
    "headers",
    1,
    (
        ("last_height", Uint(1)),
        ("steps", ListOf(Binary(1, SET_STEP_BYTES), HEADERS_MAXIMUM)),
        ("is_whole", BOOL),
    ),
)
_TX = Row("transaction", (("body", Binary(1, BODY_BYTES)), ("auth", Binary(1, AUTH_BYTES))))
TXS_SHAPE = Struct("transactions", 1, (("transactions", ListOf(_TX, TXS_MAXIMUM, 1)),))


def _none(number: int) -> int | None:
    """-1 exists in code only; on the wire it is nil."""
    return None if number < 0 else number


def _minus(value: Round | None) -> Round:
    return NO_ROUND if value is None else value


@dataclass(frozen=True, slots=True)
class ProposalMessage:
    """PROPOSAL: the signed proposal; beside it, unsigned, the block and, with pol ≥ 0, the polka.

    `decode` has checked that the block hashes to the proposal's id and that its parts match its header
    (docs/consensus.md, Bodies), so `block` may go into the machine as it is. No signature is checked here.
    """

    proposal: SignedProposal
    block: Block | None
    polka: tuple[Vote, ...]

    def encode(self) -> bytes:
        block = None if self.block is None else self.block.encode()
        return encode((1, self.proposal.encode(), block, tuple(vote.encode() for vote in self.polka)))

    @staticmethod
    def decode(payload: bytes) -> "ProposalMessage":
        limit_bytes = LIMIT_BYTES[MessageType.PROPOSAL]
        proposal_bytes, block_bytes, polka = decode_fields(payload, PROPOSAL_SHAPE, limit_bytes)
        proposal = SignedProposal.decode(proposal_bytes)
        block = None if block_bytes is None else decode_body(block_bytes, proposal.block_id)
        return ProposalMessage(proposal, block, tuple(Vote.decode(vote) for vote in polka))


def decode_body(data: bytes, block_id: Hash32 | None = None) -> Block:
    """A block whose parts match its header and, when `block_id` is given, whose header hashes to it.

    This is the payload of BLOCK. InvalidMessageError blames whoever sent the bytes, never the id: else one
    liar with a wrong body under a true id would stop every honest node.
    """
    block = Block.decode(data)
    if block_id is not None and block.block_id != block_id:
        raise InvalidMessageError(
            f"the block's header hashes to {block.block_id.hex()}, not to the id it was sent under, "
            f"{block_id.hex()} (docs/consensus.md, Bodies); drop the message and blame its sender"
        )
    check_parts(block)
    return block


@dataclass(frozen=True, slots=True)
class HeldVotes:
    """One row of STATUS: which validators' votes for one content are held.

    `holders`: bit i (byte i // 8, value 1 << i % 8) stands for the validator at index i of the height's set.
    `block_id` None is nil; `pol` is -1 when the vote names no valid round.
    """

    kind: VoteKind
    round: Round
    block_id: Hash32 | None
    pol: Round
    holders: bytes

    def holds(self, index: int) -> bool:
        return index // 8 < len(self.holders) and bool(self.holders[index // 8] & 1 << index % 8)


@dataclass(frozen=True, slots=True)
class Status:
    """STATUS: where a node stands and which votes it holds, so that a peer can send what is lacking.

    `round` is -1 between heights. Rows cover the rounds round-1, round and the valid round; for a covered
    round a content without a row is held from nobody. `bodies` are ids of blocks of this height that
    GET_BLOCK can ask for.
    """

    height: Height
    round: int
    step: Step
    has_proposal: bool
    held: tuple[HeldVotes, ...]
    bodies: tuple[Hash32, ...]

    def encode(self) -> bytes:
        rows = tuple(
            (int(row.kind), row.round, row.block_id, _none(row.pol), row.holders) for row in self.held
        )
        return encode(
            (1, self.height, _none(self.round), int(self.step), self.has_proposal, rows, self.bodies)
        )

    @staticmethod
    def decode(payload: bytes) -> "Status":
        limit_bytes = LIMIT_BYTES[MessageType.STATUS]
        fields = decode_fields(payload, STATUS_SHAPE, limit_bytes)
        height, round_, step, has_proposal, rows, bodies = fields
        held = tuple(
            HeldVotes(VoteKind(kind), row_round, block_id, _minus(pol), holders)
            for kind, row_round, block_id, pol, holders in rows
        )
        return Status(height, _minus(round_), Step(step), has_proposal, held, bodies)


@dataclass(frozen=True, slots=True)
class Votes:
    """VOTES: votes a peer's STATUS showed it lacks, anybody's, highest round first; the signed proposal of
    its round, without block and polka, when it lacks that too."""

    height: Height
    proposal: SignedProposal | None
    votes: tuple[Vote, ...]

    def encode(self) -> bytes:
        proposal = None if self.proposal is None else self.proposal.encode()
        return encode((1, self.height, proposal, tuple(vote.encode() for vote in self.votes)))

    @staticmethod
    def decode(payload: bytes) -> "Votes":
        limit_bytes = LIMIT_BYTES[MessageType.VOTES]
        height, proposal, votes = decode_fields(payload, VOTES_SHAPE, limit_bytes)
        return Votes(
            height,
            None if proposal is None else SignedProposal.decode(proposal),
            tuple(Vote.decode(vote) for vote in votes),
        )


@dataclass(frozen=True, slots=True)
class GetBlock:
    """GET_BLOCK: asks for the body of one block of a height that is being decided; answered by BLOCK or by
    nothing."""

    height: Height
    block_id: Hash32

    def encode(self) -> bytes:
        return encode((1, self.height, self.block_id))

    @staticmethod
    def decode(payload: bytes) -> "GetBlock":
        limit_bytes = LIMIT_BYTES[MessageType.GET_BLOCK]
        height, block_id = decode_fields(payload, GET_BLOCK_SHAPE, limit_bytes)
        return GetBlock(height, block_id)


@dataclass(frozen=True, slots=True)
class Commit:
    """COMMIT: a decided block and a certificate for it.

    `decode` has checked the block's parts and that the certificate names its id and height; signatures are
    checked by `chain.certificate.verify_certificate` against the set of that height.
    """

    block: Block
    certificate: CommitCertificate

    def encode(self) -> bytes:
        return encode((1, self.block.encode(), self.certificate.encode()))

    @staticmethod
    def decode(payload: bytes) -> "Commit":
        limit_bytes = LIMIT_BYTES[MessageType.COMMIT]
        block_bytes, certificate_bytes = decode_fields(payload, COMMIT_SHAPE, limit_bytes)
        certificate = CommitCertificate.decode(certificate_bytes)
        block = decode_body(block_bytes, certificate.block_id)
        if block.header.height != certificate.height:
            raise InvalidMessageError(
                f"the certificate is for height {certificate.height}, its block for {block.header.height} "
                "(docs/formats.md, Votes and certificates); drop the message and blame its sender"
            )
        return Commit(block, certificate)


def encode_commit(block: bytes, certificate: bytes) -> bytes:
    """COMMIT of bytes as the block log keeps them: nothing is decoded to be sent on."""
    return encode((COMMIT_SHAPE.number, block, certificate))


@dataclass(frozen=True, slots=True)
class GetCommits:
    """GET_COMMITS: asks for `count` (1 to 64) decided heights from `first_height` on, answered by COMMITs in
    order."""

    first_height: Height
    count: int

    def encode(self) -> bytes:
        return encode((1, self.first_height, self.count))

    @staticmethod
    def decode(payload: bytes) -> "GetCommits":
        limit_bytes = LIMIT_BYTES[MessageType.GET_COMMITS]
        first_height, count = decode_fields(payload, GET_COMMITS_SHAPE, limit_bytes)
        return GetCommits(first_height, count)


@dataclass(frozen=True, slots=True)
class GetSnapshot:
    """GET_SNAPSHOT: asks which snapshots the peer has, and for the manifest of one; None: the newest."""

    height: int | None

    def encode(self) -> bytes:
        return encode((1, self.height))

    @staticmethod
    def decode(payload: bytes) -> "GetSnapshot":
        return GetSnapshot(*decode_fields(payload, GET_SNAPSHOT_SHAPE, LIMIT_BYTES[MessageType.GET_SNAPSHOT]))


@dataclass(frozen=True, slots=True)
class SnapshotOffer:
    """SNAPSHOT: the heights whose state the sender can give, rising, and the manifest asked for; None when it
    has none of that height."""

    heights: tuple[int, ...]
    manifest: bytes | None

    def encode(self) -> bytes:
        return encode((1, self.heights, self.manifest))

    @staticmethod
    def decode(payload: bytes) -> "SnapshotOffer":
        return SnapshotOffer(*decode_fields(payload, SNAPSHOT_SHAPE, LIMIT_BYTES[MessageType.SNAPSHOT]))


@dataclass(frozen=True, slots=True)
class GetChunk:
    """GET_CHUNK: asks for the bytes of one chunk of a snapshot from `offset` on."""

    height: int
    number: int
    offset: int

    def encode(self) -> bytes:
        return encode((1, self.height, self.number, self.offset))

    @staticmethod
    def decode(payload: bytes) -> "GetChunk":
        return GetChunk(*decode_fields(payload, GET_CHUNK_SHAPE, LIMIT_BYTES[MessageType.GET_CHUNK]))


@dataclass(frozen=True, slots=True)
class ChunkPart:
    """CHUNK: at most 256 KiB of a chunk from `offset` on; None: this snapshot is not here any more."""

    height: int
    number: int
    offset: int
    data: bytes | None

    def encode(self) -> bytes:
        return encode((1, self.height, self.number, self.offset, self.data))

    @staticmethod
    def decode(payload: bytes) -> "ChunkPart":
        return ChunkPart(*decode_fields(payload, CHUNK_SHAPE, LIMIT_BYTES[MessageType.CHUNK]))


@dataclass(frozen=True, slots=True)
class GetHeaders:
    """GET_HEADERS: asks for the set chain, from `first_height` on, below the snapshot of `last_height`. Where
    both are equal: for that header, whatever set follows it."""

    first_height: int
    last_height: int

    def encode(self) -> bytes:
        return encode((1, self.first_height, self.last_height))

    @staticmethod
    def decode(payload: bytes) -> "GetHeaders":
        return GetHeaders(*decode_fields(payload, GET_HEADERS_SHAPE, LIMIT_BYTES[MessageType.GET_HEADERS]))


@dataclass(frozen=True, slots=True)
class Headers:
    """HEADERS: steps of the set chain, rising, for the `last_height` asked for; `is_whole`: no step follows
    them."""

    last_height: int
    steps: tuple[SetStep, ...]
    is_whole: bool

    def encode(self) -> bytes:
        return encode((1, self.last_height, tuple(step.encode() for step in self.steps), self.is_whole))

    @staticmethod
    def decode(payload: bytes) -> "Headers":
        last_height, steps, is_whole = decode_fields(payload, HEADERS_SHAPE, LIMIT_BYTES[MessageType.HEADERS])
        return Headers(last_height, tuple(SetStep.decode(step) for step in steps), is_whole)


@dataclass(frozen=True, slots=True)
class Transactions:
    """TXS: pairs (body, auth) that passed the sender's admission, not yet sent to or had from the
    receiver."""

    transactions: tuple[tuple[bytes, bytes], ...]

    def encode(self) -> bytes:
        return encode((1, self.transactions))

    @staticmethod
    def decode(payload: bytes) -> "Transactions":
        (pairs,) = decode_fields(payload, TXS_SHAPE, LIMIT_BYTES[MessageType.TXS])
        if len(pairs) > 1 and len(payload) > TXS_BYTES:
            raise DecodeError(
                f"TXS of {len(payload)} bytes holds {len(pairs)} transactions; above {TXS_BYTES} bytes it "
                "may hold one alone (docs/formats.md, Peer messages)"
            )
        return Transactions(pairs)


def pack_transactions(transactions: Iterable[tuple[bytes, bytes]]) -> Sequence[bytes]:
    """TXS payloads that carry the transactions in order: ≤ 256 KiB each, a larger transaction alone."""
    payloads: list[bytes] = []
    group: list[tuple[bytes, bytes]] = []
    size = 0
    for body, auth in transactions:
        cost = len(body) + len(auth) + 16  # headers of the pair and its two byte strings
        if group and (size + cost > TXS_BYTES - 16 or len(group) == TXS_MAXIMUM):
            payloads.append(Transactions(tuple(group)).encode())
            group, size = [], 0
        group.append((body, auth))
        size += cost
    if group:
        payloads.append(Transactions(tuple(group)).encode())
    return payloads
