"""Chunks of a snapshot: all of the state under one path prefix, checked alone against a state root
(docs/formats.md, "SnapshotChunk")."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.block import KEY_BYTES, VALUE_BYTES
from chain.codec import HASH, NAME, Binary, ListOf, Row, Struct, Uint, decode_fields, encode
from chain.errors import DecodeError, InvalidMessageError
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
ENTRIES_MAXIMUM = 1_000_000

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
    def decode(cls, data: bytes) -> "SnapshotChunk":
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
