"""Tagged SHA-256, RFC 9162 lists, the history and the compact sparse Merkle tree (docs/formats.md)."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

TAGS = (
    "genesis", "tx-body", "tx-auth", "outcome", "change", "header", "valset", "params", "vote", "proposal",
    "commit", "evidence", "history", "state-key", "state-value", "state-leaf", "state-node", "account", "key",
    "possession",
)  # fmt: skip

ZERO_HASH = bytes(32)
EMPTY_LIST = sha256(b"").digest()

PREFIX = {tag: bytes((len(tag) + 5,)) + b"QZN1/" + tag.encode("ascii") for tag in TAGS}
"""len(tag) as one byte ‖ tag, by the tag's name without `QZN1/`."""


def tagged(tag: str, message: bytes) -> bytes:
    """H(tag, message) = SHA-256(len(tag) ‖ tag ‖ message); the tag without its `QZN1/`."""
    return sha256(PREFIX[tag] + message).digest()


def signed_bytes(tag: str, chain_id: bytes, digest: bytes) -> bytes:
    """What is always signed, 96 bytes: tag padded with zero bytes to 32 ‖ chain_id ‖ digest."""
    return (b"QZN1/" + tag.encode("ascii")).ljust(32, b"\x00") + chain_id + digest


# Lists: RFC 9162, 2.1


def list_leaf(tag: str, index: int, item: bytes) -> bytes:
    """SHA-256(0x00 ‖ len(tag) ‖ tag ‖ index, 8 bytes ‖ item)."""
    return sha256(b"\x00" + PREFIX[tag] + index.to_bytes(8, "big") + item).digest()


def list_node(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class ListRoot:
    """The root of a growing list: full subtrees from the left, one for each bit of the size."""

    __slots__ = ("peaks", "size", "tag")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.size = 0
        self.peaks: list[bytes] = []

    def append(self, item: bytes) -> None:
        """Add the next item: O(log n) memory whatever the list's length."""
        running = list_leaf(self.tag, self.size, item)
        carry = self.size
        while carry & 1:
            running = list_node(self.peaks.pop(), running)
            carry >>= 1
        self.peaks.append(running)
        self.size += 1

    def root(self) -> bytes:
        """The root of the items so far."""
        if not self.peaks:
            return EMPTY_LIST
        running = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            running = list_node(peak, running)
        return running


def list_root(tag: str, items: Sequence[bytes]) -> bytes:
    """The root of a whole list; SHA-256("") when it is empty."""
    tree = ListRoot(tag)
    for item in items:
        tree.append(item)
    return tree.root()


def is_included(tag: str, item: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: the item stands at `index` of the list of `size` items with this root."""
    if not 0 <= index < size:
        return False
    position, last = index, size - 1
    running = list_leaf(tag, index, item)
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            running = list_node(sibling, running)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            running = list_node(running, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and running == root


# The state: a compact sparse Merkle tree


def state_path(collection: bytes, key: bytes) -> bytes:
    """Where a key stands: H(state-key, len(collection) ‖ collection ‖ key)."""
    return sha256(_STATE_KEY + bytes((len(collection),)) + collection + key).digest()


def value_hash(value: bytes) -> bytes:
    """H(state-value, value)."""
    return sha256(_STATE_VALUE + value).digest()


def state_leaf(path: bytes, value: bytes) -> bytes:
    """H(state-leaf, path ‖ value hash)."""
    return sha256(_STATE_LEAF + path + value).digest()


_STATE_KEY, _STATE_VALUE = PREFIX["state-key"], PREFIX["state-value"]
_STATE_LEAF, _STATE_NODE = PREFIX["state-leaf"], PREFIX["state-node"]

Node = Any
"""None: empty. A tuple (hash, path as integer): a leaf. A list [hash, left, right]: an inner node."""

Leaf = tuple[bytes, int]
Update = tuple[int, bytes | None]
"""Path as integer, leaf hash or None to remove it."""


class StateTree:
    """The tree in memory, changed by whole batches: only what a batch touches is hashed again.

    A leaf stands at the highest subtree it is alone in, so the root depends on the set of
    (path, value) alone.
    """

    __slots__ = ("_top",)

    def __init__(self) -> None:
        self._top: Node = None

    def root(self) -> bytes:
        """The state root; 32 zero bytes when nothing is stored."""
        return ZERO_HASH if self._top is None else bytes(self._top[0])

    def update(self, changes: dict[bytes, bytes | None]) -> None:
        """Apply a batch: path -> value hash, or None to remove."""
        batch: list[Update] = [
            (int.from_bytes(path, "big"), None if value is None else state_leaf(path, value))
            for path, value in changes.items()
        ]
        batch.sort(key=_path_of)
        self._top = _apply(self._top, 255, batch)


def _path_of(change: Update) -> int:
    return change[0]


def _apply(node: Node, shift: int, batch: list[Update]) -> Node:
    """The subtree after a sorted batch; `shift` is 255 - depth. At most 256 levels deep."""
    if not batch:
        return node
    if type(node) is list:
        if len(batch) == 1:
            return _apply_one(node, shift, batch[0])
        cut = _cut(batch, shift)
        left = _apply(node[1], shift - 1, batch[:cut])
        right = _apply(node[2], shift - 1, batch[cut:])
        return _join(node, left, right)
    if node is not None and all(path != node[1] for path, _ in batch):
        batch = sorted([*batch, (node[1], node[0])], key=_path_of)
    return _build(shift, [(leaf, path) for path, leaf in batch if leaf is not None])


def _cut(batch: Sequence[Update], shift: int) -> int:
    """How many of a sorted batch have a zero bit at `shift`."""
    low, high = 0, len(batch)
    while low < high:
        middle = (low + high) >> 1
        if batch[middle][0] >> shift & 1:
            high = middle
        else:
            low = middle + 1
    return low


def _apply_one(node: Node, shift: int, change: Update) -> Node:
    """One change below an inner node: down without recursion, then up."""
    path = change[0]
    trail = []
    while type(node) is list:
        side = 1 + (path >> shift & 1)
        trail.append((node, side))
        node = node[side]
        shift -= 1
    node = _apply(node, shift, [change])
    for parent, side in reversed(trail):
        other = parent[3 - side]
        if node is None or other is None:
            alone = other if node is None else node
            if alone is None or type(alone) is tuple:
                node = alone  # a leaf left alone rises
                continue
        parent[side] = node
        left, right = parent[1], parent[2]
        parent[0] = sha256(
            _STATE_NODE
            + (ZERO_HASH if left is None else left[0])
            + (ZERO_HASH if right is None else right[0])
        ).digest()
        node = parent
    return node


def _join(node: Node, left: Node, right: Node) -> Node:
    """An inner node over two subtrees, the old list used again; or what is left of it."""
    if left is None or right is None:
        alone = right if left is None else left
        if alone is None or type(alone) is tuple:
            return alone
    node[1], node[2] = left, right
    node[0] = sha256(
        _STATE_NODE + (ZERO_HASH if left is None else left[0]) + (ZERO_HASH if right is None else right[0])
    ).digest()
    return node


def _build(shift: int, leaves: list[Leaf]) -> Node:
    """A subtree of nothing but these leaves, sorted by path."""
    if len(leaves) < 2:
        return leaves[0] if leaves else None
    cut = sum(1 for _, path in leaves if not path >> shift & 1)
    return _join([b"", None, None], _build(shift - 1, leaves[:cut]), _build(shift - 1, leaves[cut:]))


def proves(root: bytes, collection: bytes, key: bytes, value: bytes | None, proof: Any) -> bool:
    """Whether `[path, depth, mask, siblings, kind, leaf]` shows this value, or its absence (None).

    The proof has been decoded and has the shape of docs/formats.md; what it claims is checked here.
    """
    path, depth, mask, siblings, kind, leaf = proof
    if path != state_path(collection, key) or depth > 256:
        return False
    running = _proven_slot(path, depth, value, kind, leaf)
    bits = int.from_bytes(mask, "big")
    if running is None or bits & ((1 << (256 - depth)) - 1) or bits.bit_count() != len(siblings):
        return False
    turns = int.from_bytes(path, "big")
    remaining = list(siblings)
    for level in range(depth - 1, -1, -1):
        sibling = remaining.pop() if bits >> (255 - level) & 1 else ZERO_HASH
        if turns >> (255 - level) & 1:
            running = sha256(_STATE_NODE + sibling + running).digest()
        else:
            running = sha256(_STATE_NODE + running + sibling).digest()
    return running == root


def _proven_slot(path: bytes, depth: int, value: bytes | None, kind: int, leaf: Any) -> bytes | None:
    """The hash of the subtree the proof ends at, or None when it contradicts itself."""
    if kind == 0:
        return None if value is None or leaf is not None else state_leaf(path, value_hash(value))
    if value is not None:
        return None
    if kind == 1:
        return ZERO_HASH if leaf is None else None
    if kind != 2 or leaf is None or leaf[0] == path:
        return None
    differing = int.from_bytes(leaf[0], "big") ^ int.from_bytes(path, "big")
    return None if differing >> (256 - depth) else state_leaf(leaf[0], leaf[1])


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
