"""Compact sparse Merkle tree over the state: batch update, proofs (docs/formats.md, "State commitment").

A leaf stands at the highest subtree it is alone in, so the root depends on the set of (path, value) alone.

Nodes are kept in *pages* of four levels: the page at depth d (a multiple of 4) holds the up to sixteen
subtrees at depth d + 4 under its prefix, and the hashes between are computed from them. So a change reads
and writes one record per four levels instead of four, which is what a batch costs in a store. A slot is
empty, a leaf (the only one under it) or the hash of a deeper page (two leaves or more). Only the root's
page may hold a single leaf.

Page record = mask of the slots in use, 2 bytes, bit 15 the first slot ‖ the slots in order, each 96 bytes
for a leaf (leaf hash ‖ path ‖ value hash) or 32 for a page, preceded as a whole by the mask of leaves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import itemgetter
from typing import Protocol, TypeAlias

from chain.codec import HASH, ListOf, Optional, Row, Uint, decode_row, encode
from chain.errors import DecodeError
from chain.hashing import PREFIXES, SEEDED, Tag, tagged_hash
from chain.types import ZERO_HASH, Hash32

PAGE_LEVELS = 4
PATH_BITS = 256
PROOF_BYTES = 16 << 10
"""256 siblings and the rest are below 9 KiB."""

_PAGE_SLOTS = 1 << PAGE_LEVELS
_LEAF_BYTES = 96
_SLOT_BITS = tuple(1 << (_PAGE_SLOTS - 1 - slot) for slot in range(_PAGE_SLOTS))
_NODE = PREFIXES[Tag.STATE_NODE]
_LEAF = PREFIXES[Tag.STATE_LEAF]

Slot: TypeAlias = bytes
"""A slot in use: 96 bytes for a leaf, 32 for a page."""

Read: TypeAlias = Callable[[int, bytes], bytes | None]
Nodes: TypeAlias = dict[tuple[int, bytes], bytes | None]
LeafChange: TypeAlias = tuple[Hash32, Hash32 | None]


class TreeReader(Protocol):
    """Where the pages are kept."""

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        """The page at this depth (0, 4, … 252) whose paths begin with the first `depth` bits of
        `prefix`: ⌈depth / 8⌉ bytes, the bits beyond `depth` zero. None when there is none."""
        ...


def state_path(collection: str, key: bytes) -> Hash32:
    """H(state-key, len(collection), one byte ‖ collection ‖ key): where the key stands in the tree."""
    name = collection.encode("ascii")
    return tagged_hash(Tag.STATE_KEY, bytes([len(name)]) + name + key)


def value_hash(value: bytes) -> Hash32:
    """H(state-value, value)."""
    assert value, "values are never empty"
    return tagged_hash(Tag.STATE_VALUE, value)


def leaf_hash(path: bytes, value: bytes) -> Hash32:
    """H(state-leaf, path ‖ value hash); it does not depend on the depth the leaf stands at."""
    return tagged_hash(Tag.STATE_LEAF, path + value)


def node_hash(left: bytes, right: bytes) -> Hash32:
    """H(state-node, left ‖ right)."""
    return tagged_hash(Tag.STATE_NODE, left + right)


# --- update


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """The root after a batch, and the pages to write: by (depth, prefix), None to remove."""

    root: Hash32
    nodes: Nodes


def update(reader: TreeReader, changes: Sequence[LeafChange]) -> TreeUpdate:
    """The tree after a block's changes: (path, value hash), None to delete; every path at most once.

    Each page touched is read once, folded once and written once.
    """
    ordered = sorted(changes, key=itemgetter(0))
    nodes: Nodes = {}
    record = reader.tree_node(0, b"")
    if not ordered:
        return TreeUpdate(_root_of(record), nodes)
    _assert_distinct(ordered)
    slot = _update_page(reader.tree_node, nodes, 0, record, ordered)
    return TreeUpdate(ZERO_HASH if slot is None else Hash32(slot[:32]), nodes)


def root(reader: TreeReader) -> Hash32:
    """The root of the tree as it is kept."""
    return _root_of(reader.tree_node(0, b""))


def _root_of(record: bytes | None) -> Hash32:
    slot = None if record is None else _fold(_slots_of(record))
    return ZERO_HASH if slot is None else Hash32(slot[:32])


def _assert_distinct(ordered: Sequence[LeafChange]) -> None:
    previous = b""
    for path, _ in ordered:
        assert path != previous, "a path is changed once a batch"
        previous = path


def _prefix(path: bytes, depth: int) -> bytes:
    whole = depth >> 3
    return path[:whole] + bytes((path[whole] & 0xF0,)) if depth & 4 else path[:whole]


def _update_page(
    read: Read, nodes: Nodes, depth: int, record: bytes | None, changes: Sequence[LeafChange]
) -> Slot | None:
    """Applies sorted changes under one page, and returns what the page's subtree has become."""
    slots = _empty_slots() if record is None else _slots_of(record)
    position, is_low = depth >> 3, depth & 4
    count, start = len(changes), 0
    while start < count:
        first = changes[start][0]
        byte = first[position]
        number = byte & 15 if is_low else byte >> 4
        end = start + 1
        while end < count:
            byte = changes[end][0][position]
            if (byte & 15 if is_low else byte >> 4) != number:
                break
            end += 1
        slot = slots[number]
        if slot is not None and len(slot) == 32:
            below = depth + PAGE_LEVELS
            page = read(below, _prefix(first, below))
            assert page is not None, f"page at depth {below} of {first.hex()} is missing"
            slots[number] = _update_page(read, nodes, below, page, changes[start:end])
        else:
            slots[number] = _update_leaf(nodes, depth, slot, changes[start:end])
        start = end
    return _close_page(nodes, depth, changes[0][0], slots)


def _update_leaf(nodes: Nodes, depth: int, slot: Slot | None, changes: Sequence[LeafChange]) -> Slot | None:
    """Applies changes to a slot of the page at `depth` that is empty or a leaf."""
    leaves = [(path, value) for path, value in changes if value is not None]
    if slot is not None:
        path = slot[32:64]
        if all(changed != path for changed, _ in changes):
            leaves.append((Hash32(path), Hash32(slot[64:])))
            leaves.sort(key=itemgetter(0))
    return _build(nodes, depth + PAGE_LEVELS, leaves)


def _build(nodes: Nodes, depth: int, leaves: Sequence[tuple[Hash32, Hash32]]) -> Slot | None:
    """A subtree at `depth` made of nothing but these sorted leaves."""
    if len(leaves) < 2:
        return _leaf_slot(*leaves[0]) if leaves else None
    slots = _empty_slots()
    position, is_low = depth >> 3, depth & 4
    start = 0
    for number in range(_PAGE_SLOTS):
        end = start
        while end < len(leaves):
            byte = leaves[end][0][position]
            if (byte & 15 if is_low else byte >> 4) != number:
                break
            end += 1
        if end > start:
            slots[number] = _build(nodes, depth + PAGE_LEVELS, leaves[start:end])
            start = end
    return _close_page(nodes, depth, leaves[0][0], slots)


def _leaf_slot(path: Hash32, value: Hash32) -> Slot:
    state = SEEDED[Tag.STATE_LEAF].copy()
    both = path + value
    state.update(both)
    return state.digest() + both


def _close_page(nodes: Nodes, depth: int, path: bytes, slots: list[Slot | None]) -> Slot | None:
    """Writes the page, or removes it when no more than a leaf is left, which then rises."""
    top = _fold(slots)
    is_kept = top is not None and (len(top) == 32 or depth == 0)
    nodes[depth, _prefix(path, depth)] = _record_of(slots) if is_kept else None
    return top


def _empty_slots() -> list[Slot | None]:
    return [None] * _PAGE_SLOTS


def _slots_of(record: bytes) -> list[Slot | None]:
    leaves, used = int.from_bytes(record[:2], "big"), int.from_bytes(record[2:4], "big")
    slots: list[Slot | None] = []
    offset = 4
    for bit in _SLOT_BITS:
        if not used & bit:
            slots.append(None)
            continue
        end = offset + (_LEAF_BYTES if leaves & bit else 32)
        slots.append(record[offset:end])
        offset = end
    return slots


def _record_of(slots: Sequence[Slot | None]) -> bytes:
    leaves = used = 0
    parts = []
    for bit, slot in zip(_SLOT_BITS, slots, strict=True):
        if slot is not None:
            used |= bit
            if len(slot) != 32:
                leaves |= bit
            parts.append(slot)
    return leaves.to_bytes(2, "big") + used.to_bytes(2, "big") + b"".join(parts)


def _fold(slots: Sequence[Slot | None]) -> Slot | None:
    """What a page's subtree is as a slot of the page above: nothing, its only leaf, or its hash."""
    level = slots
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def _level_above(level: Sequence[Slot | None]) -> list[Slot | None]:
    """Pairs joined: a leaf without a neighbour rises as it is."""
    above: list[Slot | None] = []
    copy = SEEDED[Tag.STATE_NODE].copy
    for left, right in zip(level[::2], level[1::2], strict=True):
        if left is None:
            if right is None or len(right) != 32:
                above.append(right)
                continue
            pair = ZERO_HASH + right
        elif right is None:
            if len(left) != 32:
                above.append(left)
                continue
            pair = left + ZERO_HASH
        else:
            pair = left[:32] + right[:32]
        state = copy()
        state.update(pair)
        above.append(state.digest())
    return above


# --- proofs


class ProofKind(IntEnum):
    """What stands where the path of a proof ends."""

    PRESENT = 0
    EMPTY = 1
    OTHER_LEAF = 2


_PROOF = Row(
    "StateProof",
    (
        ("path", HASH),
        ("depth", Uint(0, PATH_BITS)),
        ("mask", HASH),
        ("siblings", ListOf(HASH, PATH_BITS)),
        ("kind", Uint(0, 2)),
        ("leaf", Optional(Row("leaf", (("path", HASH), ("value_hash", HASH))))),
    ),
)


@dataclass(frozen=True, slots=True)
class StateProof:
    """What shows the value of a key, or its absence, under a state root.

    `depth` is where the path ends; bit i of `mask` (from the most significant) says whether the sibling
    at depth i + 1 is not empty; `siblings` are those, from the root down; `leaf` is the other leaf's
    (path, value hash) of kind OTHER_LEAF, else None.
    """

    path: Hash32
    depth: int
    mask: bytes
    siblings: tuple[Hash32, ...]
    kind: ProofKind
    leaf: tuple[Hash32, Hash32] | None

    def encode(self) -> bytes:
        """`[path, depth, mask, siblings, kind, leaf]`."""
        return encode([self.path, self.depth, self.mask, self.siblings, int(self.kind), self.leaf])

    @classmethod
    def decode(cls, data: bytes) -> "StateProof":
        """DecodeError also when mask and siblings, or leaf and kind, do not fit each other."""
        path, depth, mask, siblings, kind, leaf = decode_row(data, _PROOF, PROOF_BYTES)
        bits = int.from_bytes(mask, "big")
        if bits & ((1 << (PATH_BITS - depth)) - 1):
            raise DecodeError("bits beyond depth", where="mask")
        if bits.bit_count() != len(siblings):
            raise DecodeError(f"{len(siblings)} found, mask has {bits.bit_count()}", where="siblings")
        if (leaf is not None) != (kind == ProofKind.OTHER_LEAF):
            raise DecodeError("stands with kind 2 and only there", where="leaf")
        return cls(path, depth, mask, siblings, ProofKind(kind), leaf)


def prove(reader: TreeReader, collection: str, key: bytes) -> StateProof:
    """The proof of what stands under a key, present or absent."""
    path = state_path(collection, key)
    depth, siblings, end = _descend(reader, path, PATH_BITS)
    mask = sum(1 << (PATH_BITS - 1 - at) for at, sibling in enumerate(siblings) if sibling is not None)
    if end is None:
        kind, leaf = ProofKind.EMPTY, None
    elif end[32:64] == path:
        kind, leaf = ProofKind.PRESENT, None
    else:
        kind, leaf = ProofKind.OTHER_LEAF, (Hash32(end[32:64]), Hash32(end[64:]))
    found = tuple(Hash32(sibling[:32]) for sibling in siblings if sibling is not None)
    return StateProof(path, depth, mask.to_bytes(32, "big"), found, kind, leaf)


def _descend(reader: TreeReader, path: bytes, bits: int) -> tuple[int, list[Slot | None], Slot | None]:
    """Walks down a path until a leaf, an empty subtree or `bits` levels: the depth reached, the siblings
    passed and what stands there."""
    siblings: list[Slot | None] = []
    depth = 0
    record = reader.tree_node(0, b"")
    while record is not None:
        levels: list[Sequence[Slot | None]] = [_slots_of(record)]
        for _ in range(PAGE_LEVELS):
            levels.append(_level_above(levels[-1]))
        at = 0
        for level in reversed(levels):
            if len(level) > 1:
                at = at << 1 | (path[depth >> 3] >> (7 - (depth & 7)) & 1)
                siblings.append(level[at ^ 1])
                depth += 1
            slot = level[at]
            if depth == bits or slot is None or len(slot) != 32:
                return depth, siblings, slot
        record = reader.tree_node(depth, _prefix(path, depth))
        assert record is not None, f"page at depth {depth} of {path.hex()} is missing"
    return depth, siblings, None


def verify_proof(root: bytes, collection: str, key: bytes, value: bytes | None, proof: StateProof) -> bool:
    """Whether the key has this value under this root; None: whether it is absent."""
    path = state_path(collection, key)
    if proof.path != path or not _is_well_formed(proof):
        return False
    if value is not None:
        if proof.kind is not ProofKind.PRESENT or not value:
            return False
        running = leaf_hash(path, value_hash(value))
    elif proof.kind is ProofKind.EMPTY:
        running = ZERO_HASH
    elif proof.kind is ProofKind.OTHER_LEAF and proof.leaf is not None:
        other, other_value = proof.leaf
        if other == path or not _share(other, path, proof.depth):
            return False
        running = leaf_hash(other, other_value)
    else:
        return False
    return climb(running, path, proof.depth, proof.mask, proof.siblings) == root


def _is_well_formed(proof: StateProof) -> bool:
    bits = int.from_bytes(proof.mask, "big")
    return (
        len(proof.mask) == 32
        and 0 <= proof.depth <= PATH_BITS
        and not bits & ((1 << (PATH_BITS - proof.depth)) - 1)
        and bits.bit_count() == len(proof.siblings)
        and all(len(sibling) == 32 for sibling in proof.siblings)
    )


def _share(one: bytes, other: bytes, bits: int) -> bool:
    shift = PATH_BITS - bits
    return int.from_bytes(one, "big") >> shift == int.from_bytes(other, "big") >> shift


def climb(start: Hash32, path: bytes, depth: int, mask: bytes, siblings: Sequence[bytes]) -> Hash32:
    """The root above a node at this depth of a path; the mask fits the siblings."""
    bits, turns = int.from_bytes(mask, "big"), int.from_bytes(path, "big")
    running, left = start, len(siblings)
    for at in range(PATH_BITS - depth, PATH_BITS):
        sibling: bytes = ZERO_HASH
        if bits >> at & 1:
            left -= 1
            sibling = siblings[left]
        running = node_hash(sibling, running) if turns >> at & 1 else node_hash(running, sibling)
    return running
