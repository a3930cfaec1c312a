"""A state in pieces: chunks, each all of the state under one path prefix and checked alone against a state
root, and the manifest that says of which block they are (docs/formats.md, "Snapshots")."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from chain.block import HEADER_BYTES, KEY_BYTES, VALUE_BYTES, BlockHeader, block_id_of
from chain.certificate import CERTIFICATE_BYTES
from chain.codec import HASH, NAME, Binary, ListOf, Row, Struct, Uint, decode_fields, encode
from chain.errors import DecodeError, InvalidMessageError
from chain.hashing import HISTORY_BYTES, History
from chain.set_chain import TrustedSet
from chain.state_tree import (
    PATH_BITS,
    PROOF_BYTES,
    ProofKind,
    StateProof,
    TreeReader,
    climb,
    leaf_hash,
    prove_prefix,
    shares_bits,
    state_path,
    subtree_hash,
    value_hash,
)
from chain.types import ZERO_HASH, Hash32

BITS_MAXIMUM = 16
"""65,536 chunks: a thousand keys each in a state of sixty million."""

CHUNK_BYTES = 64 << 20
"""Before decoding. Only where sixteen bits do not part the state finely enough is a chunk above the aim."""

CHUNK_AIM_BYTES = 4 << 20
"""A snapshot has the fewest chunks of which none is larger: a few are held in memory, and one that a peer
sent wrong is fetched again within a second."""

ENTRIES_MAXIMUM = 1_000_000
ENTRY_ROOM_BYTES = 16
"""Above collection, key and value: the headers of an entry."""

_DIGEST = struct.Struct(">I32s")
MANIFEST_BYTES = 3 << 20
"""65,536 chunks of 36 bytes are 2.25 MiB; header, certificate, set and history are below 40 KiB."""

CHUNK = Struct(
    "SnapshotChunk",
    1,
    (
        ("bits", Uint(0, BITS_MAXIMUM)),
        ("prefix", HASH),
        ("proof", Binary(1, PROOF_BYTES)),
        (
            "entries",
            ListOf(
                Row(
                    "entry",
                    (
                        ("collection", NAME),
                        ("key", Binary(0, KEY_BYTES)),
                        ("value", Binary(1, VALUE_BYTES)),
                    ),
                ),
                ENTRIES_MAXIMUM,
            ),
        ),
    ),
)

MANIFEST = Struct(
    "SnapshotManifest",
    1,
    (
        ("header", Binary(1, HEADER_BYTES)),
        ("certificate", Binary(1, CERTIFICATE_BYTES)),
        ("history", Binary(1, HISTORY_BYTES)),
        ("bits", Uint(0, BITS_MAXIMUM)),
        ("chunks", Binary(_DIGEST.size, _DIGEST.size << BITS_MAXIMUM)),
    ),
)


@dataclass(frozen=True, slots=True)
class ChunkDigest:
    """Size in bytes and SHA-256 of one encoded chunk: what a disk is held to. What is true says the chunk."""

    size_bytes: int
    sha256: Hash32

    @classmethod
    def of(cls, chunk: bytes) -> ChunkDigest:
        return cls(len(chunk), Hash32(sha256(chunk).digest()))


@dataclass(frozen=True, slots=True)
class SnapshotManifest:
    """Of which block the chunks are the state: its header and a certificate, the history before it (size =
    its height), and 2^bits chunks by prefix."""

    header: bytes
    certificate: bytes
    history: bytes
    bits: int
    chunks: tuple[ChunkDigest, ...]

    def encode(self) -> bytes:
        """`[1, header bin, certificate bin, History bin, bits, chunks bin]`; chunks = size u32 ‖ SHA-256 of
        each."""
        digests = b"".join(_DIGEST.pack(one.size_bytes, one.sha256) for one in self.chunks)
        return encode([MANIFEST.number, self.header, self.certificate, self.history, self.bits, digests])

    @classmethod
    def decode(cls, data: bytes) -> SnapshotManifest:
        """DecodeError also when the digests are not those of 2^bits chunks, or a size is out of bounds."""
        header, certificate, history, bits, packed = decode_fields(data, MANIFEST, MANIFEST_BYTES)
        if len(packed) != _DIGEST.size << bits:
            raise DecodeError(
                f"{len(packed)} bytes are not the digests of {1 << bits} chunks", where="chunks"
            )
        digests = tuple(ChunkDigest(size, Hash32(digest)) for size, digest in _DIGEST.iter_unpack(packed))
        if not all(0 < one.size_bytes <= CHUNK_BYTES for one in digests):
            raise DecodeError(f"a chunk has 1 to {CHUNK_BYTES} bytes", where="chunks")
        return cls(header, certificate, history, bits, digests)

    @property
    def size_bytes(self) -> int:
        """Of all chunks."""
        return sum(one.size_bytes for one in self.chunks)


def check_manifest(manifest: SnapshotManifest, trusted: TrustedSet) -> tuple[BlockHeader, History]:
    """The block whose state it is, and the history that ends with it: certified by the set of its height, and
    the history the one that its header names. Raises DecodeError, InvalidMessageError.

    `trusted`: the set that votes on that height, walked to from the genesis.
    """
    header = trusted.check(manifest.header, manifest.certificate)
    try:
        history = History.decode(manifest.history)
    except DecodeError as error:
        raise error.within("history") from None
    if history.size != header.height or history.root() != header.history_root:
        raise InvalidMessageError(f"snapshot of height {header.height}: the history is not the header's")
    return header, history.append(block_id_of(manifest.header))


@dataclass(frozen=True, slots=True)
class SnapshotChunk:
    """All (collection, key, value) whose path begins with the first `bits` bits of `prefix`, by path."""

    bits: int
    prefix: Hash32
    proof: StateProof
    entries: tuple[tuple[str, bytes, bytes], ...]

    def encode(self) -> bytes:
        """`[1, bits, prefix, proof bin, [[collection, key, value]…]]`."""
        return encode([CHUNK.number, self.bits, self.prefix, self.proof.encode(), self.entries])

    @classmethod
    def decode(cls, data: bytes) -> SnapshotChunk:
        """Raises DecodeError; whether the chunk is true says `check_chunk`."""
        bits, prefix, proof, entries = decode_fields(data, CHUNK, CHUNK_BYTES)
        try:
            decoded = StateProof.decode(proof)
        except DecodeError as error:
            raise error.within("proof") from None
        return cls(bits, prefix, decoded, entries)


def prefix_of(number: int, bits: int) -> Hash32:
    """The prefix of chunk `number` of 2^bits: its bits at the front, zeros after."""
    assert 0 <= bits <= BITS_MAXIMUM
    assert 0 <= number < 1 << bits
    return Hash32((number << (PATH_BITS - bits)).to_bytes(32, "big"))


def chunk_of(
    reader: TreeReader, bits: int, prefix: Hash32, entries: Sequence[tuple[str, bytes, bytes]]
) -> SnapshotChunk:
    """The chunk of these entries: all the state has under the prefix, in any order."""
    ordered = sorted(entries, key=lambda entry: state_path(entry[0], entry[1]))
    return SnapshotChunk(bits, prefix, prove_prefix(reader, prefix, bits), tuple(ordered))


def check_chunk(chunk: SnapshotChunk, root: bytes) -> None:
    """Raises InvalidMessageError unless the state of this root has exactly these entries there."""
    bits, prefix, proof = chunk.bits, chunk.prefix, chunk.proof
    place = f"chunk {prefix[:2].hex()}/{bits}"
    if int.from_bytes(prefix, "big") & ((1 << (PATH_BITS - bits)) - 1):
        raise InvalidMessageError(f"{place}: the prefix has bits beyond its length")
    leaves = [(state_path(name, key), value_hash(value)) for name, key, value in chunk.entries]
    previous = b""
    for path, _ in leaves:
        if path <= previous or not shares_bits(path, prefix, bits):
            raise InvalidMessageError(f"{place}: an entry is out of order or outside the prefix")
        previous = path
    if proof.path != prefix or proof.depth > bits or not proof.is_well_formed():
        raise InvalidMessageError(f"{place}: the proof is not of this prefix")
    start = _start(proof, prefix, bits, leaves)
    if start is None:
        raise InvalidMessageError(f"{place}: the proof does not fit {len(leaves)} entries")
    # A single entry's path, not the prefix, says where its leaf stands: both agree above the proof's depth.
    if climb(start, prefix, proof.depth, proof.mask, proof.siblings) != root:
        raise InvalidMessageError(f"{place}: the entries do not lead to the state root")


def _start(
    proof: StateProof, prefix: Hash32, bits: int, leaves: Sequence[tuple[Hash32, Hash32]]
) -> Hash32 | None:
    """The node the proof starts from, None when its kind does not fit the entries."""
    if len(leaves) > 1:
        fits = proof.kind is ProofKind.SUBTREE and proof.depth == bits
        return subtree_hash(leaves, bits) if fits else None
    if leaves:
        return leaf_hash(*leaves[0]) if proof.kind is ProofKind.PRESENT else None
    if proof.kind is ProofKind.EMPTY:
        return ZERO_HASH
    if proof.kind is ProofKind.OTHER_LEAF and proof.leaf is not None:
        path, value = proof.leaf
        is_outside = shares_bits(path, prefix, proof.depth) and not shares_bits(path, prefix, bits)
        return leaf_hash(path, value) if is_outside else None
    return None


def check_chunk_of(data: bytes, number: int, bits: int, root: bytes) -> SnapshotChunk:
    """Chunk `number` of 2^bits of the state with this root. Raises DecodeError, InvalidMessageError: whoever
    sent it is to blame, whatever a manifest says of it."""
    chunk = SnapshotChunk.decode(data)
    if (chunk.bits, chunk.prefix) != (bits, prefix_of(number, bits)):
        raise InvalidMessageError(
            f"chunk {chunk.prefix[:2].hex()}/{chunk.bits} was sent as number {number} of {1 << bits}"
        )
    check_chunk(chunk, root)
    return chunk
