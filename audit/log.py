"""The block log as an auditor reads it: every byte of every file (docs/formats.md, "Block log").

Nothing is forgiven here: a tail that a node might cut after a crash is damage to an
auditor, since a log is given to him when its node is at rest.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from audit.failure import NothingFoundError, VerificationError
from audit.merkle import tagged

MAGIC = b"QZNLOG1\n"
SEGMENT_HEADER_BYTES = 84
RECORD_HEAD_BYTES = 13
GENESIS, BLOCK, RESULTS, CERTIFICATE = range(4)
RECORD_NAMES = ("genesis", "block", "results", "certificate")
PAYLOAD_LIMITS = (1 << 20, 4 << 20, 64 << 20, 16 << 10)
"""By record type: no length above these is read into memory."""

_SEGMENT_NAME = re.compile(r"[0-9]{8}\.log")


class Place(NamedTuple):
    """Where a record begins."""

    file: str
    offset: int


class Group(NamedTuple):
    """The three records of a height, as bytes, and where each stands."""

    height: int
    block: bytes
    results: bytes
    certificate: bytes
    places: tuple[Place, Place, Place]


@dataclass(slots=True)
class LogSize:
    """What has been read so far."""

    files: int = 0
    bytes: int = 0


def blocks_directory(directory: Path) -> Path:
    """The directory of segments: `directory/blocks`, or the directory itself when it is a bare copy.

    Raises NothingFoundError when neither holds a segment.
    """
    if not directory.is_dir():
        raise NothingFoundError(f"{directory}: there is no such directory")
    for candidate in (directory / "blocks", directory):
        if candidate.is_dir() and any(_SEGMENT_NAME.fullmatch(path.name) for path in candidate.iterdir()):
            return candidate
    raise NothingFoundError(f"{directory}: neither it nor its blocks/ holds a segment NNNNNNNN.log")


class LogReader:
    """Reads a log once, from its first byte to its last."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: BinaryIO
        self._name = ""
        self._size = 0
        self._offset = 0
        self._height: int | None = None
        self._chain = b""
        self.chain_id = b""
        self.genesis = b""
        self.read = LogSize()

    def groups(self) -> Iterator[Group]:
        """Every group in order of height. `genesis` and `chain_id` are set before the first is given.

        Raises VerificationError at the first byte that is not as it must be.
        """
        for number, path in enumerate(self._segments(), 1):
            self._name, self._offset, self._size = path.name, 0, path.stat().st_size
            with path.open("rb") as self._file:
                self._open_segment(number)
                while self._offset < self._size:
                    yield self._group()
                if self._file.read(1):
                    raise self._fault(
                        "the file grew while it was read: verify the log of a node at rest, or a copy"
                    )
            self.read.files += 1
            self.read.bytes += self._size
        if self._height in (None, 0):
            raise self._fault("the log ends after its genesis: it holds no block")

    def _segments(self) -> list[Path]:
        paths = sorted(self._directory.iterdir())
        for number, path in enumerate(paths, 1):
            if path.name != f"{number:08d}.log" or not path.is_file() or path.is_symlink():
                raise VerificationError(
                    f"expected the segment {number:08d}.log: segments are numbered without gaps and nothing"
                    " else stands beside them",
                    file=path.name,
                )
        return paths

    def _fault(self, what: str, offset: int | None = None, height: int | None = None) -> VerificationError:
        where = self._offset if offset is None else offset
        return VerificationError(what, self._next_height() if height is None else height, self._name, where)

    def _next_height(self) -> int:
        return 0 if self._height is None else self._height + 1

    def _open_segment(self, number: int) -> None:
        head = self._file.read(SEGMENT_HEADER_BYTES)
        if len(head) < SEGMENT_HEADER_BYTES:
            raise self._fault("the file ends inside its header of 84 bytes")
        if zlib.crc32(head[:80]) != int.from_bytes(head[80:], "big"):
            raise self._fault("the CRC-32 of the file's header does not fit its bytes")
        if head[:8] != MAGIC:
            raise self._fault("the file does not begin with QZNLOG1")
        chain_id, first_height, previous = head[8:40], int.from_bytes(head[40:48], "big"), head[48:80]
        self._offset = SEGMENT_HEADER_BYTES
        if number == 1:
            self._begin(chain_id, first_height, previous)
            return
        if chain_id != self.chain_id:
            raise self._fault("the file's header names another chain than the files before", 0)
        if self._height == 0 or first_height != self._next_height():
            raise self._fault(f"the file's header says its first height is {first_height}", 0)
        if previous != self._chain:
            raise self._fault("the file's header does not continue the hash chain of the file before", 0)
        if self._offset == self._size:
            raise self._fault("the file holds no record", 0)

    def _begin(self, chain_id: bytes, first_height: int, previous: bytes) -> None:
        """The first segment: its header, and the genesis record."""
        if first_height != 0 or previous != chain_id:
            raise self._fault("the first file's header does not begin a hash chain at height 0", 0)
        self.chain_id = self._chain = chain_id
        self.genesis, _ = self._record(GENESIS, 0)
        if tagged("genesis", self.genesis) != chain_id:
            raise self._fault("the genesis record does not hash to the chain id of the file's header", 84, 0)
        self._height = 0

    def _group(self) -> Group:
        height = self._next_height()
        if self._height == 0 and self._size - self._offset >= RECORD_HEAD_BYTES:
            height = self._first_height()
        block, first = self._record(BLOCK, height)
        results, second = self._record(RESULTS, height)
        certificate, third = self._record(CERTIFICATE, height)
        self._height = height
        return Group(height, block, results, certificate, (first, second, third))

    def _first_height(self) -> int:
        """Height 1, or a later one in the log of a node that began from a snapshot: refused in words."""
        head = self._file.read(RECORD_HEAD_BYTES + 4)
        self._file.seek(self._offset)
        height = int.from_bytes(head[5:13], "big")
        if len(head) == 17 and zlib.crc32(head[:13]) == int.from_bytes(head[13:], "big") and height > 1:
            raise self._fault(
                f"the log begins at height {height}: its node started from a snapshot. A whole verification"
                " needs the log of a node that holds block 1",
                height=height,
            )
        return 1

    def _record(self, kind: int, height: int) -> tuple[bytes, Place]:
        """The payload of the record that must stand here; each check before what relies on it."""
        start, label = self._offset, RECORD_NAMES[kind]
        head = self._file.read(RECORD_HEAD_BYTES + 4)
        if len(head) < RECORD_HEAD_BYTES + 4:
            raise self._fault(f"the file ends inside the {label} record", start, height)
        fixed = head[:RECORD_HEAD_BYTES]
        if zlib.crc32(fixed) != int.from_bytes(head[RECORD_HEAD_BYTES:], "big"):
            raise self._fault(f"the CRC-32 of the {label} record's head does not fit", start, height)
        size = int.from_bytes(fixed[:4], "big")
        if (fixed[4], int.from_bytes(fixed[5:], "big")) != (kind, height):
            found = f"type {fixed[4]} of height {int.from_bytes(fixed[5:], 'big')}"
            raise self._fault(f"expected the {label} record of height {height}, found {found}", start, height)
        if not 1 <= size <= PAYLOAD_LIMITS[kind]:
            raise self._fault(f"the {label} record says it has {size} bytes", start, height)
        if self._size - start < RECORD_HEAD_BYTES + 4 + size + 36:
            raise self._fault(f"the file ends inside the {label} record", start, height)
        payload = self._file.read(size)
        tail = self._file.read(36)
        if len(payload) + len(tail) != size + 36:
            raise self._fault("the file was cut while it was read", start, height)
        if zlib.crc32(payload) != int.from_bytes(tail[:4], "big"):
            raise self._fault(f"the CRC-32 of the {label} record does not fit its bytes", start, height)
        chain = sha256(self._chain + fixed)
        chain.update(payload)
        self._chain = chain.digest()
        if tail[4:] != self._chain:
            raise self._fault(f"the hash chain breaks at the {label} record", start, height)
        self._offset = start + RECORD_HEAD_BYTES + 4 + size + 36
        return payload, Place(self._name, start)


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
