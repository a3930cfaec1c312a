"""What is fuzzed, and what must hold for any bytes: only the errors that are stated, one encoding of each
value, and nothing believed that was not written.

A target is a function of the input. Its first byte chooses among the readers of one family, so that one
corpus serves all of them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from chain.block import Block, BlockHeader, Results
from chain.certificate import CommitCertificate, SignedProposal, Vote, verify_certificate
from chain.codec import ANY, decode, encode
from chain.errors import CorruptionError, DecodeError, InvalidMessageError, StorageError
from chain.evidence import Evidence, check_evidence
from chain.genesis import Genesis, Params
from chain.snapshot import SnapshotChunk, check_chunk
from chain.state_tree import StateProof
from chain.transaction import SignedTransaction, Transaction
from chain.types import ZERO_HASH, Address, Hash32, Height
from chain.validators import ValidatorSet
from consensus.messages import (
    LIMIT_BYTES,
    Commit,
    GetBlock,
    GetCommits,
    ProposalMessage,
    Status,
    Transactions,
)
from consensus.messages import Votes as VotesMessage
from consensus.records import HeightEnded, KeyRetired, decode_record, encode_record
from network.framing import Frame, FrameDecoder, encode_frame
from network.handshake import Hello, decode_refusal, encode_refusal
from storage.blocks import BlockLog
from storage.journal import Journal
from storage.log_scan import LogDamageError
from tests.support.log import GENESIS, a_group, write_log

VECTORS = Path(__file__).parent.parent / "vectors"
Target = Callable[[bytes], None]


class Encodable(Protocol):
    def encode(self) -> bytes: ...


def _reads(read: Callable[[bytes], Encodable]) -> Target:
    """The reader's value, written again, is the bytes that were read."""

    def run(data: bytes) -> None:
        value = read(data)
        assert value.encode() == data, f"{read}: another encoding of the same value was read"

    return run


# --- decoder: every value that travels or is stored


def _any(data: bytes) -> None:
    assert encode(decode(data, ANY, 1 << 20)) == data


def _signed(data: bytes) -> None:
    size = int.from_bytes(data[:2], "big")
    body, auth = data[2 : 2 + size], data[2 + size :]
    signed = SignedTransaction.decode(body, auth)
    assert (signed.body, signed.auth) == (body, auth)
    again = SignedTransaction.of(signed.transaction, signed.signatures)
    assert (again.body, again.auth) == (body, auth), "another encoding of the same transaction was read"


DECODERS: tuple[Target, ...] = (
    _any,
    _signed,
    _reads(Transaction.decode),
    _reads(BlockHeader.decode),
    _reads(Block.decode),
    _reads(Results.decode),
    _reads(Genesis.decode),
    _reads(Params.decode),
    _reads(StateProof.decode),
    _reads(ValidatorSet.decode),
)

# --- certificate: what is believed because of its signatures

_CONSENSUS = json.loads((VECTORS / "consensus.json").read_text("ascii"))
_CHAIN_ID = Hash32(bytes.fromhex(_CONSENSUS["chain_id"]))
_SET = ValidatorSet.decode(bytes.fromhex(_CONSENSUS["validator_set"]))
_CERTIFICATE = bytes.fromhex(_CONSENSUS["certificate"])
_CERTIFIED = CommitCertificate.decode(_CERTIFICATE).block_id
_EVIDENCE = {bytes.fromhex(_CONSENSUS["evidence"])}


def _certificate(data: bytes) -> None:
    certificate = CommitCertificate.decode(data)
    assert certificate.encode() == data
    verify_certificate(certificate, _SET, _CHAIN_ID)
    assert certificate.block_id == _CERTIFIED, "a certificate that nobody signed was believed"


def _evidence(data: bytes) -> None:
    evidence = Evidence.decode(data)
    assert evidence.encode() == data
    check_evidence(evidence, _SET, _CHAIN_ID)
    assert data in _EVIDENCE, "evidence that nobody gave was believed"


def _chunk(data: bytes) -> None:
    chunk = SnapshotChunk.decode(data[32:])
    assert chunk.encode() == data[32:]
    check_chunk(chunk, data[:32])


CERTIFICATES: tuple[Target, ...] = (
    _certificate,
    _evidence,
    _chunk,
    _reads(Vote.decode),
    _reads(SignedProposal.decode),
)

# --- frame: what comes from a peer's link

_LIMITS = {int(kind): limit for kind, limit in LIMIT_BYTES.items()}


def _frames(data: bytes) -> None:
    """Whole and in pieces the same frames come out, and no more than was announced is held."""
    whole, failure = _decoded([data])
    pieces, failure_in_pieces = _decoded([bytes((byte,)) for byte in data])
    assert (pieces, failure_in_pieces) == (whole, failure), "the pieces that bytes came in made a difference"
    assert data.startswith(b"".join(encode_frame(frame.kind, frame.payload) for frame in whole))


def _decoded(pieces: Sequence[bytes]) -> tuple[list[Frame], str | None]:
    """The frames up to the first refusal, and its code."""
    decoder = FrameDecoder(_LIMITS)
    frames: list[Frame] = []
    for piece in pieces:
        decoder.feed(piece)
        try:
            for frame in decoder.frames():
                frames.append(frame)
        except InvalidMessageError as error:
            return frames, error.code
    return frames, None


def _record(data: bytes) -> None:
    assert encode_record(decode_record(data)) == data


FRAMES: tuple[Target, ...] = (
    _frames,
    _reads(ProposalMessage.decode),
    _reads(Status.decode),
    _reads(VotesMessage.decode),
    _reads(GetBlock.decode),
    _reads(Commit.decode),
    _reads(GetCommits.decode),
    _reads(Transactions.decode),
    _reads(Hello.decode),
    lambda data: _ignore(decode_refusal(data)),
    _record,
)


def _ignore(value: Any) -> None:
    """Reading it was the test."""


# --- log: what a crash, a bad disk or a stranger left of the files


HEIGHTS = 4
EDITS = 8
_KEPT = {height: a_group(height) for height in range(1, HEIGHTS + 1)}


def _edited(whole: bytes, data: bytes) -> bytes:
    """The file after up to `EDITS` edits that the input describes: (what, place, length, byte)."""
    changed = bytearray(whole)
    for at in range(0, min(len(data), 6 * EDITS) - 5, 6):
        place = int.from_bytes(data[at + 1 : at + 4], "big")
        what, length, byte = data[at], data[at + 4], data[at + 5]
        place %= len(changed) + 1
        match what % 6:
            case 0:
                changed[place : place + 1] = bytes((byte,))
            case 1:
                del changed[place:]
            case 2:
                changed[place : place + length] = bytes(length)
            case 3:
                del changed[place : place + length]
            case 4:
                changed[place:place] = data[at:] * (length % 4)
            case 5:
                changed[place:place] = changed[place : place + length]
    return bytes(changed)


class _Folder:
    """A log of four heights in several segments and a journal; written once, read for every input."""

    def __init__(self) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="eqazyna-fuzz-")
        self.path = Path(self._kept.name)
        write_log(self.path / "blocks", HEIGHTS)
        self.segments = {path.name: path.read_bytes() for path in (self.path / "blocks").iterdir()}
        journal = Journal.create(self.path / "journal")
        for record in (b"one", b"two" * 100, b"three"):
            journal.append(record)
        journal.close()
        self.journal = (self.path / "journal").read_bytes()


_FOLDERS: list[_Folder] = []


def _folder() -> _Folder:
    if not _FOLDERS:
        _FOLDERS.append(_Folder())
    return _FOLDERS[0]


def _block_log(data: bytes) -> None:
    """Whatever was done to one segment: what is read is what was written, or it is refused, and opening the
    damaged log changes nothing that was whole."""
    if not data:
        return
    folder = _folder()
    directory = folder.path / "blocks"
    names = sorted(folder.segments)
    for name in [path.name for path in directory.iterdir()]:
        (directory / name).unlink()
    for name, content in folder.segments.items():
        (directory / name).write_bytes(content)
    victim = names[data[0] % len(names)]
    (directory / victim).write_bytes(_edited(folder.segments[victim], data[1:]))
    try:
        log = BlockLog.open(directory, GENESIS, tolerate_damage=True)
    except (StorageError, CorruptionError):
        return
    try:
        for height in range(1, log.last_height + 1):
            try:
                records = log.read(height)
            except LogDamageError:
                continue
            assert records == _KEPT.get(height), f"height {height} is read as it never was"
    finally:
        log.close()


def _journal(data: bytes) -> None:
    """What is read of a journal is a beginning of what was written, or the journal is refused."""
    folder = _folder()
    path = folder.path / "journal"
    path.write_bytes(_edited(folder.journal, data))
    try:
        journal = Journal.open(path)
    except (StorageError, CorruptionError):
        return
    records = journal.records()
    journal.close()
    written = (b"one", b"two" * 100, b"three")
    assert records == written[: len(records)], "the journal says what was never written"


LOGS: tuple[Target, ...] = (_block_log, _journal)

TARGETS: dict[str, tuple[Target, ...]] = {
    "decoder": DECODERS,
    "certificate": CERTIFICATES,
    "frame": FRAMES,
    "log": LOGS,
}


def run_one(name: str, data: bytes) -> None:
    """One input through one target. Raises AssertionError, or whatever error was not stated."""
    readers = TARGETS[name]
    if not data:
        return
    try:
        readers[data[0] % len(readers)](data[1:])
    except (DecodeError, InvalidMessageError):
        return


def seeds(name: str) -> Iterator[bytes]:
    """Inputs to begin from: every golden value, before every reader of the family that takes it."""
    if name == "log":
        yield from (bytes((number, 0, what)) + bytes(5) for number in range(2) for what in range(6))
        return
    values = sorted(
        {value for path in sorted(VECTORS.glob("*.json")) for value in _hexes(path)} | set(_made())
    )
    for number, reader in enumerate(TARGETS[name]):
        for value in values:
            try:
                reader(value)
            except (DecodeError, InvalidMessageError, AssertionError):
                continue
            yield bytes((number,)) + value


def _made() -> Iterator[bytes]:
    """What readers take that stands in no golden file as it is."""
    for transaction in json.loads((VECTORS / "transactions.json").read_text("ascii"))["transactions"]:
        body, auth = bytes.fromhex(transaction["body"]), bytes.fromhex(transaction["auth"])
        yield len(body).to_bytes(2, "big") + body + auth
    tree = json.loads((VECTORS / "state_tree.json").read_text("ascii"))
    roots = [bytes.fromhex(step["root"]) for step in tree["steps"]]
    yield from (root + bytes.fromhex(chunk) for root in roots for chunk in tree["chunks"])
    yield GetCommits(Height(7), 64).encode()
    yield Hello(_CHAIN_ID, Address(ZERO_HASH), 7).encode()
    yield encode_refusal(InvalidMessageError("no", "OTHER-VERSION"))
    yield encode_record(HeightEnded(Height(7)))
    yield encode_record(KeyRetired(Height(7), "the journal is damaged"))


LONGEST_SEED_BYTES = 8_192


def _hexes(path: Path) -> Iterator[bytes]:
    waiting = [json.loads(path.read_text("utf-8"))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            try:
                found = bytes.fromhex(value)
            except ValueError:
                continue
            if 8 <= len(found) <= LONGEST_SEED_BYTES:
                yield found
