"""The key layout of the state database, one function per record. The database is one node's own and can be
rebuilt from the block log, so this layout is nobody else's business and may change with `LAYOUT`.

    f                                              the state is being filled from a snapshot
    m                                              layout, height, state root, first height of the history
    s <len> collection key                         a value now
    v <len> collection key' ~height                a value since that height (key' escaped, newest first)
    t depth prefix                                 a node of the state tree
    x transaction id                               where the transaction stands
    e name                                         what the node keeps beside the state
    FF                                             the end (storage/leveldb.py)
"""

from __future__ import annotations

LAYOUT = 1
FILLING = b"f"
META = b"m"
STATE = b"s"
VERSION = b"v"
TREE = b"t"
TRANSACTION = b"x"
EXTRA = b"e"

MAX_HEIGHT = (1 << 64) - 1
_HEIGHT_BYTES = 8
_END_OF_KEY = b"\0\0"


def _collection(collection: str) -> bytes:
    name = collection.encode("ascii")
    assert 0 < len(name) < 256, f"a collection's name is 1 to 255 ASCII characters: {collection!r}"
    return bytes((len(name),)) + name


def state_collection(collection: str) -> bytes:
    """What every `state_value` key of the collection begins with."""
    return STATE + _collection(collection)


def state_value(collection: str, key: bytes) -> bytes:
    return STATE + _collection(collection) + key


def split_state_value(record: bytes) -> tuple[str, bytes]:
    """(collection, key) of a `state_value` key."""
    begin = 2 + record[1]
    return record[2:begin].decode("ascii"), record[begin:]


def version_collection(collection: str) -> bytes:
    """What every version key of the collection begins with."""
    return VERSION + _collection(collection)


def version_key(collection: str, key: bytes) -> bytes:
    """What all versions of one key begin with, and no version of another key: a zero byte in `key` becomes
    00 FF and 00 00 ends it, which keeps the order of keys."""
    return version_collection(collection) + key.replace(b"\0", b"\0\xff") + _END_OF_KEY


def version(collection: str, key: bytes, height: int) -> bytes:
    """The height is inverted, so that the first key at or after `version(.., h)` is the newest not above
    h."""
    return version_key(collection, key) + (MAX_HEIGHT - height).to_bytes(_HEIGHT_BYTES, "big")


def split_version(collection: str, record: bytes) -> tuple[bytes, int]:
    """(key, height) of a version key of this collection."""
    begin = len(version_collection(collection))
    escaped = record[begin : -_HEIGHT_BYTES - len(_END_OF_KEY)]
    height = MAX_HEIGHT - int.from_bytes(record[-_HEIGHT_BYTES:], "big")
    return escaped.replace(b"\0\xff", b"\0"), height


def after_versions(record: bytes) -> bytes:
    """The first place after all versions of the key that the version key `record` belongs to."""
    return record[:-_HEIGHT_BYTES] + b"\xff" * (_HEIGHT_BYTES + 1)


def from_key(collection: str, start: bytes) -> bytes:
    """The first place where a version of a key >= `start` may stand."""
    return version_collection(collection) + start.replace(b"\0", b"\0\xff")


def tree_node(depth: int, prefix: bytes) -> bytes:
    return TREE + depth.to_bytes(2, "big") + prefix


def transaction(tx_id: bytes) -> bytes:
    return TRANSACTION + tx_id


def extra(name: bytes) -> bytes:
    return EXTRA + name
