"""The vectors of docs/formats.md, Peer messages: one payload of each type, hexadecimal."""

from typing import Any

from chain.certificate import VoteKind
from chain.hashing import History
from chain.set_chain import SetStep
from chain.snapshot import ChunkDigest, SnapshotManifest
from chain.types import Height, Round
from chain.validators import ValidatorSet
from consensus.messages import (
    ChunkPart,
    Commit,
    GetBlock,
    GetChunk,
    GetCommits,
    GetHeaders,
    GetSnapshot,
    Headers,
    HeldVotes,
    ProposalMessage,
    SnapshotOffer,
    Status,
    Step,
    Transactions,
    Votes,
)
from tests.support.committee import Committee


def peer_messages() -> dict[str, Any]:
    """Ed25519 keys of the seeds 01…, 02…, 03…, 04…, and a block of one transaction."""
    four = Committee(4, real=True)
    block = four.block(b"A", proposer=0)
    proposal = four.proposal(2, block.block_id, 1)
    polka = four.prevotes(1, block.block_id, (0, 1, 2))
    row = HeldVotes(VoteKind.PREVOTE, Round(1), block.block_id, Round(0), b"\x05")
    certificate = four.certificate(0, block.block_id, (0, 1, 2)).encode()
    manifest = SnapshotManifest(
        block.header_bytes,
        certificate,
        History.start(block.header.chain_id).encode(),
        1,
        (ChunkDigest.of(b"chunk 0"), ChunkDigest.of(b"chunk 1")),
    )
    following = ValidatorSet.of(2, [(one.public_key, 1) for one in four.validators.members[:3]])
    step = SetStep(block.header_bytes, certificate, following.encode())
    nil = HeldVotes(VoteKind.PRECOMMIT, Round(2), None, Round(-1), b"\x08")
    payloads = {
        "PROPOSAL": ProposalMessage(proposal, block, polka).encode(),
        "VOTE": polka[0].encode(),
        "STATUS": Status(Height(1), 2, Step.PREVOTE, True, (row, nil), (block.block_id,)).encode(),
        "VOTES": Votes(Height(1), proposal, polka).encode(),
        "GET_BLOCK": GetBlock(Height(1), block.block_id).encode(),
        "BLOCK": block.encode(),
        "COMMIT": Commit(block, four.certificate(0, block.block_id, (0, 1, 2))).encode(),
        "GET_COMMITS": GetCommits(Height(1), 64).encode(),
        "TXS": Transactions(((b"body", b"auth"),)).encode(),
        "GET_SNAPSHOT": GetSnapshot(None).encode(),
        "SNAPSHOT": SnapshotOffer((1,), manifest.encode()).encode(),
        "GET_CHUNK": GetChunk(1, 1, 262_144).encode(),
        "CHUNK": ChunkPart(1, 1, 0, b"chunk 1").encode(),
        "GET_HEADERS": GetHeaders(1, 2).encode(),
        "HEADERS": Headers(2, (step,), True).encode(),
    }
    return {name: payload.hex() for name, payload in payloads.items()}
