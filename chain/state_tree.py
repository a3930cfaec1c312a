"""Compact sparse Merkle tree over the state: batch update, proofs (docs/formats.md, "State commitment").

A leaf stands at the highest subtree it is alone in, so the root depends on the set of (path, value) alone.

Nodes are kept in *pages* of four levels: the page at depth d (a multiple of 4) holds the up to sixteen
subtrees at depth d + 4 under its prefix. So a batch reads and writes one record per four levels instead of
four, and records are what costs in a store. A *slot* is empty, a leaf (the only one under it) or the hash of
a deeper page (two leaves or more). Only the root's page may hold a single leaf.

A page is four *quarters* of four slots. A quarter keeps the hash at depth d + 2 above its slots, so that a
change folds its own quarter and the three nodes above, not all fifteen nodes of the page.

Page record = 4 layout bytes, one a quarter ‖ the quarters. Layout byte = which slots are leaves (high four
bits) ‖ which are in use (low four bits), the first slot in the highest bit. Quarter = its hash, 32 bytes,
when it is neither empty nor a single leaf ‖ its slots in use: a leaf in 96 bytes (leaf hash ‖ path ‖ value
hash), a page in 32. These records are the node's own and never leave it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import itemgetter
from typing import Protocol, TypeAlias

from chain.codec import HASH, ListOf, Optional, Row, Uint, decode_row, encode
from chain.errors import DecodeError
from chain.hashing import SEEDED, Tag, tagged_hash
from chain.types import ZERO_HASH, Hash32

PAGE_LEVELS = 4
PATH_BITS = 256
PROOF_BYTES = 16 << 10
"""256 siblings and the rest are below 9 KiB."""

_copy_node_seed = SEEDED[Tag.STATE_NODE].copy

_QUARTERS = _QUARTER_SLOTS = 4
_HASH_BYTES = 32
_LEAF_BYTES = 96

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
    slot = _top_of(*_quarters_of(record))
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
    layouts, quarters = _quarters_of(record)
    position, is_low = depth >> 3, depth & 4
    count, start, below = len(changes), 0, depth + PAGE_LEVELS
    current, slots = -1, _EMPTY
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
        if number >> 2 != current:
            if current >= 0:
                layouts[current], quarters[current] = _pack(slots)
            current = number >> 2
            slots = _slots_of(layouts[current], quarters[current])
        slot = slots[number & 3]
        if slot is not None and len(slot) == _HASH_BYTES:
            page = read(below, _prefix(first, below))
            assert page is not None, f"page at depth {below} of {first.hex()} is missing"
            slots[number & 3] = _update_page(read, nodes, below, page, changes[start:end])
        else:
            slots[number & 3] = _update_leaf(nodes, below, slot, changes[start:end])
        start = end
    layouts[current], quarters[current] = _pack(slots)
    return _close_page(nodes, depth, changes[0][0], layouts, quarters)


def _update_leaf(nodes: Nodes, depth: int, slot: Slot | None, changes: Sequence[LeafChange]) -> Slot | None:
    """Applies changes to a subtree at `depth` that was empty or a leaf."""
    if len(changes) == 1:
        path, value = changes[0]
        if slot is None or slot[32:64] == path:
            return None if value is None else _leaf_slot(path, value)
    leaves = [(path, value) for path, value in changes if value is not None]
    if slot is not None:
        kept = Hash32(slot[32:64])
        if all(changed != kept for changed, _ in changes):
            leaves.append((kept, Hash32(slot[64:])))
            leaves.sort(key=itemgetter(0))
    return _build(nodes, depth, leaves)


def _build(nodes: Nodes, depth: int, leaves: Sequence[tuple[Hash32, Hash32]]) -> Slot | None:
    """A subtree at `depth` made of nothing but these sorted leaves."""
    if len(leaves) < 2:
        return _leaf_slot(*leaves[0]) if leaves else None
    layouts, quarters = _quarters_of(None)
    position, is_low = depth >> 3, depth & 4
    count, start = len(leaves), 0
    for quarter in range(_QUARTERS):
        slots = _slots_of(0, b"")
        for at in range(_QUARTER_SLOTS):
            number, end = quarter << 2 | at, start
            while end < count:
                byte = leaves[end][0][position]
                if (byte & 15 if is_low else byte >> 4) != number:
                    break
                end += 1
            if end > start:
                slots[at] = _build(nodes, depth + PAGE_LEVELS, leaves[start:end])
                start = end
        layouts[quarter], quarters[quarter] = _pack(slots)
    return _close_page(nodes, depth, leaves[0][0], layouts, quarters)


def _leaf_slot(path: Hash32, value: Hash32) -> Slot:
    both = path + value
    return tagged_hash(Tag.STATE_LEAF, both) + both


def _close_page(
    nodes: Nodes, depth: int, path: bytes, layouts: Sequence[int], quarters: Sequence[bytes]
) -> Slot | None:
    """Writes the page, or removes it when no more than a leaf is left, which then rises."""
    top = _top_of(layouts, quarters)
    is_kept = top is not None and (len(top) == _HASH_BYTES or depth == 0)
    nodes[depth, _prefix(path, depth)] = bytes(layouts) + b"".join(quarters) if is_kept else None
    return top


# --- page records


def _is_inner(layout: int) -> bool:
    """Whether a quarter keeps a hash: not when it is empty or holds a single leaf."""
    used = layout & 15
    return used.bit_count() > 1 or (used != 0 and layout >> 4 != used)


def _cuts(layout: int) -> tuple[slice | None, ...]:
    offset = _HASH_BYTES if _is_inner(layout) else 0
    cuts: list[slice | None] = []
    for bit in (8, 4, 2, 1):
        if not layout & bit:
            cuts.append(None)
            continue
        end = offset + (_LEAF_BYTES if layout >> 4 & bit else _HASH_BYTES)
        cuts.append(slice(offset, end))
        offset = end
    return tuple(cuts)


_INNER = tuple(_is_inner(layout) for layout in range(256))
_CUTS = tuple(_cuts(layout) for layout in range(256))
_SIZES = tuple(max((cut.stop for cut in cuts if cut is not None), default=0) for cuts in _CUTS)
"""By layout byte: whether a quarter keeps a hash, where its slots lie, how long it is."""

_EMPTY: list[Slot | None] = []


def _quarters_of(record: bytes | None) -> tuple[list[int], list[bytes]]:
    """The layout bytes and the quarters of a page."""
    if record is None:
        return [0] * _QUARTERS, [b""] * _QUARTERS
    one, two, three, four = record[:4]
    second = 4 + _SIZES[one]
    third = second + _SIZES[two]
    fourth = third + _SIZES[three]
    return [one, two, three, four], [
        record[4:second],
        record[second:third],
        record[third:fourth],
        record[fourth:],
    ]


def _slots_of(layout: int, quarter: bytes) -> list[Slot | None]:
    return [None if cut is None else quarter[cut] for cut in _CUTS[layout]]


def _pack(slots: Sequence[Slot | None]) -> tuple[int, bytes]:
    """The layout byte and the bytes of a quarter with these four slots."""
    layout, bit = 0, 8
    parts = []
    for slot in slots:
        if slot is not None:
            layout |= bit if len(slot) == _HASH_BYTES else bit * 17
            parts.append(slot)
        bit >>= 1
    if _INNER[layout]:
        first, second, third, fourth = slots
        top = _join(_join(first, second), _join(third, fourth))
        assert top is not None
        parts.insert(0, top)
    return layout, b"".join(parts)


def _top_of(layouts: Sequence[int], quarters: Sequence[bytes]) -> Slot | None:
    """What a page's subtree is as a slot of the page above: nothing, its only leaf, or its hash."""
    first, second, third, fourth = [
        quarter[:_HASH_BYTES] if _INNER[layout] else (quarter or None)
        for layout, quarter in zip(layouts, quarters, strict=True)
    ]
    return _join(_join(first, second), _join(third, fourth))


def _join(left: Slot | None, right: Slot | None) -> Slot | None:
    """The parent of two subtrees; a leaf without a neighbour rises as it is."""
    if left is None:
        if right is None or len(right) != _HASH_BYTES:
            return right
        pair = ZERO_HASH + right
    elif right is None:
        if len(left) != _HASH_BYTES:
            return left
        pair = left + ZERO_HASH
    else:
        pair = left[:_HASH_BYTES] + right[:_HASH_BYTES]
    state = _copy_node_seed()
    state.update(pair)
    return state.digest()


# --- proofs


class ProofKind(IntEnum):
    """What stands where the path of a proof ends."""

    PRESENT = 0
    EMPTY = 1
    OTHER_LEAF = 2
    SUBTREE = 3
    """Two leaves or more under a prefix: only in the chunks of a snapshot."""


_PROOF = Row(
    "StateProof",
    (
        ("path", HASH),
        ("depth", Uint(0, PATH_BITS)),
        ("mask", HASH),
        ("siblings", ListOf(HASH, PATH_BITS)),
        ("kind", Uint(0, 3)),
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

    def is_well_formed(self) -> bool:
        """Whether mask, depth and siblings fit each other, as decoding makes sure."""
        bits = int.from_bytes(self.mask, "big")
        return (
            len(self.mask) == _HASH_BYTES
            and 0 <= self.depth <= PATH_BITS
            and not bits & ((1 << (PATH_BITS - self.depth)) - 1)
            and bits.bit_count() == len(self.siblings)
            and all(len(sibling) == _HASH_BYTES for sibling in self.siblings)
        )


def prove(reader: TreeReader, collection: str, key: bytes) -> StateProof:
    """The proof of what stands under a key, present or absent."""
    path = state_path(collection, key)
    return _proof_of(path, _descend(reader, path, PATH_BITS), PATH_BITS)


def prove_prefix(reader: TreeReader, prefix: Hash32, bits: int) -> StateProof:
    """The proof of what stands under the first `bits` bits of a prefix whose other bits are zero."""
    return _proof_of(prefix, _descend(reader, prefix, bits), bits)


def _proof_of(path: Hash32, walked: tuple[int, list[Slot | None], Slot | None], bits: int) -> StateProof:
    """The record of a walk down the first `bits` bits of a path."""
    depth, siblings, end = walked
    mask = sum(1 << (PATH_BITS - 1 - at) for at, sibling in enumerate(siblings) if sibling is not None)
    leaf = None
    if end is None:
        kind = ProofKind.EMPTY
    elif len(end) == _HASH_BYTES:
        kind = ProofKind.SUBTREE
    elif shares_bits(end[32:64], path, bits):
        kind = ProofKind.PRESENT
    else:
        kind, leaf = ProofKind.OTHER_LEAF, (Hash32(end[32:64]), Hash32(end[64:]))
    found = tuple(Hash32(sibling[:_HASH_BYTES]) for sibling in siblings if sibling is not None)
    return StateProof(path, depth, mask.to_bytes(32, "big"), found, kind, leaf)


def subtree_hash(leaves: Sequence[tuple[Hash32, Hash32]], depth: int) -> Hash32:
    """The node at a depth over these leaves, (path, value hash) strictly increasing by path, which all share
    the bits above it."""
    if not leaves:
        return ZERO_HASH
    if len(leaves) == 1:
        return leaf_hash(*leaves[0])
    position, bit = depth >> 3, 0x80 >> (depth & 7)
    split = sum(1 for path, _ in leaves if not path[position] & bit)
    return node_hash(subtree_hash(leaves[:split], depth + 1), subtree_hash(leaves[split:], depth + 1))


def _descend(reader: TreeReader, path: bytes, bits: int) -> tuple[int, list[Slot | None], Slot | None]:
    """Walks down a path until a leaf, an empty subtree or `bits` levels: the depth reached, the siblings
    passed and what stands there."""
    siblings: list[Slot | None] = []
    depth = 0
    record = reader.tree_node(0, b"")
    while record is not None:
        levels = _levels_of(record)
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


def _levels_of(record: bytes) -> list[list[Slot | None]]:
    """The subtrees of a page, level by level: its sixteen slots first, its top last."""
    level: list[Slot | None] = []
    for layout, quarter in zip(*_quarters_of(record), strict=True):
        level += _slots_of(layout, quarter)
    levels = [level]
    while len(level) > 1:
        level = [_join(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
        levels.append(level)
    return levels


def verify_proof(root: bytes, collection: str, key: bytes, value: bytes | None, proof: StateProof) -> bool:
    """Whether the key has this value under this root; None: whether it is absent."""
    path = state_path(collection, key)
    if proof.path != path or not proof.is_well_formed():
        return False
    if value is not None:
        if proof.kind is not ProofKind.PRESENT or not value:
            return False
        running = leaf_hash(path, value_hash(value))
    elif proof.kind is ProofKind.EMPTY:
        running = ZERO_HASH
    elif proof.kind is ProofKind.OTHER_LEAF and proof.leaf is not None:
        other, other_value = proof.leaf
        if other == path or not shares_bits(other, path, proof.depth):
            return False
        running = leaf_hash(other, other_value)
    else:
        return False
    return climb(running, path, proof.depth, proof.mask, proof.siblings) == root


def shares_bits(one: bytes, other: bytes, bits: int) -> bool:
    """Whether two paths have their first `bits` bits in common."""
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
