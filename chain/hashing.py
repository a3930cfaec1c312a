"""Domain-separated SHA-256, RFC 9162 Merkle trees and the history tree (docs/formats.md, "Hash", "Trees").

A tag says what kind of thing is hashed, so bytes of one kind can never pass for another.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.codec import HASH, ListOf, Struct, Uint, decode_fields, encode
from chain.errors import DecodeError
from chain.types import Hash32


class Tag:
    """Every domain of hashing; ASCII of 8 to 32 bytes."""

    GENESIS = "QZN1/genesis"
    TX_BODY = "QZN1/tx-body"
    TX_AUTH = "QZN1/tx-auth"
    OUTCOME = "QZN1/outcome"
    CHANGE = "QZN1/change"
    HEADER = "QZN1/header"
    VALSET = "QZN1/valset"
    PARAMS = "QZN1/params"
    VOTE = "QZN1/vote"
    PROPOSAL = "QZN1/proposal"
    COMMIT = "QZN1/commit"
    EVIDENCE = "QZN1/evidence"
    HISTORY = "QZN1/history"
    STATE_KEY = "QZN1/state-key"
    STATE_VALUE = "QZN1/state-value"
    STATE_LEAF = "QZN1/state-leaf"
    STATE_NODE = "QZN1/state-node"
    ACCOUNT = "QZN1/account"
    KEY = "QZN1/key"
    POSSESSION = "QZN1/possession"


TAGS: tuple[str, ...] = tuple(value for name, value in vars(Tag).items() if not name.startswith("_"))

PREFIXES = {tag: bytes([len(tag)]) + tag.encode("ascii") for tag in TAGS}
"""len(tag) as one byte ‖ tag: what stands before every hashed message."""

SEEDED = {tag: hashlib.sha256(prefix) for tag, prefix in PREFIXES.items()}
"""Hash states that have already taken their prefix; only ever copied, never updated."""

EMPTY_ROOT = Hash32(hashlib.sha256(b"").digest())
"""RFC 9162, 2.1.1: the root of a list without items."""


def tagged_hash(tag: str, message: bytes) -> Hash32:
    """H(tag, message) = SHA-256(len(tag) ‖ tag ‖ message). KeyError for a tag the formats do not have."""
    state = SEEDED[tag].copy()
    state.update(message)
    return Hash32(state.digest())


# --- lists: RFC 9162, 2.1


def leaf_hash(tag: str, index: int, item: bytes) -> Hash32:
    """SHA-256(0x00 ‖ len(tag) ‖ tag ‖ index, 8 bytes big-endian ‖ item): an item bound to its place."""
    return Hash32(hashlib.sha256(b"\x00" + PREFIXES[tag] + index.to_bytes(8, "big") + item).digest())


def node_hash(left: bytes, right: bytes) -> Hash32:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return Hash32(hashlib.sha256(b"\x01" + left + right).digest())


def merkle_root(tag: str, items: Sequence[bytes]) -> Hash32:
    """The root over items in their order; SHA-256("") when there are none."""
    return tree_root([leaf_hash(tag, index, item) for index, item in enumerate(items)])


def tree_root(leaves: Sequence[Hash32]) -> Hash32:
    """The root over leaf hashes. Pairing neighbours level by level, an odd last one rising unchanged,
    gives the same tree as splitting at the largest power of two below n."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    sha256 = hashlib.sha256
    while len(level) > 1:
        paired = [
            Hash32(sha256(b"\x01" + left + right).digest())
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def inclusion_path(tag: str, items: Sequence[bytes], index: int) -> tuple[Hash32, ...]:
    """RFC 9162, 2.1.3.1: the siblings from the leaf up. IndexError outside the list."""
    if not 0 <= index < len(items):
        raise IndexError(f"item {index} of {len(items)}")
    level = [leaf_hash(tag, position, item) for position, item in enumerate(items)]
    path = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level, index = paired, index // 2
    return tuple(path)


def verify_inclusion(
    tag: str, item: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """RFC 9162, 2.1.3.2: whether the item stands at this index of a list of this size under this root."""
    if not 0 <= index < size:
        return False
    fn, sn = index, size - 1
    running = leaf_hash(tag, index, item)
    for sibling in path:
        if sn == 0 or len(sibling) != 32:
            return False
        if fn & 1 or fn == sn:
            running = node_hash(sibling, running)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            running = node_hash(running, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and running == root


def consistency_path(leaves: Sequence[Hash32], old_size: int, new_size: int) -> tuple[Hash32, ...]:
    """RFC 9162, 2.1.4.1: what shows that the first `old_size` leaf hashes begin the first `new_size`.

    Empty when the sizes are equal or the old one is 0. IndexError when the sizes do not fit the leaves.
    """
    if not 0 <= old_size <= new_size <= len(leaves):
        raise IndexError(f"sizes {old_size} and {new_size} of {len(leaves)} leaves")
    return _consistency(lambda start, end: tree_root(leaves[start:end]), old_size, new_size)


def consistency_from(
    subtree: Callable[[int, int], Hash32], old_size: int, new_size: int
) -> tuple[Hash32, ...]:
    """`consistency_path` from the full subtrees that `History.grow` named: a few dozen, however long the
    history. `subtree` gives the root by level and index. IndexError when the sizes do not fit each other."""
    if not 0 <= old_size <= new_size:
        raise IndexError(f"sizes {old_size} and {new_size}")
    return _consistency(lambda start, end: _range_root(subtree, start, end), old_size, new_size)


def _range_root(subtree: Callable[[int, int], Hash32], start: int, end: int) -> Hash32:
    """The root over leaves that begin where a full subtree begins."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return subtree(level, start >> level)
    split = start + _split(size)
    return node_hash(_range_root(subtree, start, split), _range_root(subtree, split, end))


def _consistency(root: Callable[[int, int], Hash32], old_size: int, new_size: int) -> tuple[Hash32, ...]:
    if old_size in (0, new_size):
        return ()
    return tuple(_subproof(root, 0, new_size, old_size, True))


def _subproof(
    root: Callable[[int, int], Hash32], start: int, end: int, old: int, is_whole: bool
) -> list[Hash32]:
    """RFC 9162's SUBPROOF(m, D[start:end], b), `old` counted from `start`; `root` is that of a range."""
    if old == end - start:
        return [] if is_whole else [root(start, end)]
    split = _split(end - start)
    if old <= split:
        return [*_subproof(root, start, start + split, old, is_whole), root(start + split, end)]
    return [*_subproof(root, start + split, end, old - split, False), root(start, start + split)]


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """RFC 9162, 2.1.4.2: whether the tree of `new_size` begins with the tree of `old_size`."""
    if not 0 <= old_size <= new_size or any(len(sibling) != 32 for sibling in path):
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT
    nodes = list(path)
    if old_size & (old_size - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        return False
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_running = new_running = nodes[0]
    for sibling in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old_running, new_running = node_hash(sibling, old_running), node_hash(sibling, new_running)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new_running = node_hash(new_running, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old_running == old_root and new_running == new_root


# --- history: leaf 0 = chain_id, leaf i = block id i

HISTORY_BYTES = 4096
"""63 hashes are below 2,200."""

_FRONTIER = Struct("History", 1, (("size", Uint(1)), ("frontier", ListOf(HASH, 63, minimum=1))))


def history_leaf(index: int, item: bytes) -> Hash32:
    """The leaf hash of the chain id (index 0) or of the id of block `index`."""
    return leaf_hash(Tag.HISTORY, index, item)


@dataclass(frozen=True, slots=True)
class History:
    """The right edge of the history tree: enough to append a block id and to say the root.

    `frontier` has the roots of the full subtrees from the left, one for each set bit of `size`.
    """

    size: int
    frontier: tuple[Hash32, ...]

    @classmethod
    def start(cls, chain_id: Hash32) -> "History":
        """The history before block 1: one leaf, the chain id."""
        return cls(1, (history_leaf(0, chain_id),))

    def append(self, block_id: Hash32) -> "History":
        """The history with one more block; after block h its size is h + 1."""
        return self.grow(block_id)[0]

    def grow(self, block_id: Hash32) -> tuple["History", tuple[tuple[int, int, Hash32], ...]]:
        """The history with one more block, and the full subtrees that this completes: (level, index, root),
        the new leaf first. Kept by their places they prove consistency between any two sizes."""
        frontier = list(self.frontier)
        running, index = history_leaf(self.size, block_id), self.size
        completed = [(0, index, running)]
        while index & 1:
            running, index = node_hash(frontier.pop(), running), index >> 1
            completed.append((len(completed), index, running))
        frontier.append(running)
        return History(self.size + 1, tuple(frontier)), tuple(completed)

    def root(self) -> Hash32:
        """The root over all leaves so far. A header's history_root(h) is the root at size h."""
        running = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            running = node_hash(left, running)
        return running

    def encode(self) -> bytes:
        """`[1, size, [hash…]]`, for the node's own store and the manifest of a snapshot."""
        return encode([1, self.size, self.frontier])

    @classmethod
    def decode(cls, data: bytes) -> "History":
        """DecodeError when the frontier does not fit the size."""
        size, frontier = decode_fields(data, _FRONTIER, HISTORY_BYTES)
        if len(frontier) != size.bit_count():
            raise DecodeError(f"{len(frontier)} subtrees found, size {size} has {size.bit_count()}")
        return cls(size, frontier)
