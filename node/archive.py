"""What of the votes a node keeps for the forensic tool (docs/consensus.md, Evidence and time).

Of a height that took more than one round, all votes seen; of any other the prevotes behind its decision: a
commit of one value and a later polka of another name the guilty only with the votes at hand. Agreement does
not need them, so they are written without waiting for the disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

from chain.certificate import VOTE_BYTES, Vote, VoteKind
from chain.codec import Binary, ListOf, Struct, Uint, decode_fields, encode
from chain.errors import DecodeError, StorageError
from chain.types import Hash32
from storage.disk import REAL_DISK, Disk

HEIGHTS_PER_FILE = 10_000
"""For so long evidence is admitted on the chain; older files may be moved to cheaper disks."""

RECORD_BYTES = 64 << 20
"""Four votes of each of a hundred validators in a thousand rounds; longer is damage, and is not read."""

_LENGTH_BYTES = 4
_VOTES = Struct(
    "archived votes",
    1,
    (("height", Uint(1)), ("votes", ListOf(Binary(1, VOTE_BYTES), RECORD_BYTES // 64))),
)


def worth_keeping(votes: Sequence[Vote], round_: int, block_id: Hash32, reached: int) -> tuple[Vote, ...]:
    """Of the votes of a height decided in `round_` for this block: all when this node `reached` or decided a
    later round than the first, else the prevotes for the block."""
    if round_ > 0 or reached > 0:
        return tuple(votes)
    return tuple(vote for vote in votes if vote.kind is VoteKind.PREVOTE and vote.block_id == block_id)


class VoteArchive:
    """Files `<first height>.eqv`, each a sequence of `length u32 | [1, height, [vote…]]`.

    A crash may leave a file without its last bytes, and nothing tells them from damage; so a file that does
    not end with a whole record is left as it is and another one, `<first height>.1.eqv`, is begun.
    """

    def __init__(self, directory: Path, disk: Disk = REAL_DISK) -> None:
        self._directory = directory
        self._disk = disk
        self._current: tuple[int, Path] | None = None

    def keep(self, height: int, votes: Sequence[Vote]) -> None:
        """Votes of a height; of none nothing is written. Raises StorageError."""
        if not votes:
            return
        record = encode((_VOTES.number, height, tuple(vote.encode() for vote in votes)))
        first = height // HEIGHTS_PER_FILE * HEIGHTS_PER_FILE
        try:
            if self._current is None or self._current[0] != first:
                self._disk.make_directory(self._directory)
                self._current = first, self._place(first)
            path = self._current[1]
            file = self._disk.open(path) if self._disk.exists(path) else self._disk.create(path)
            try:
                file.write(len(record).to_bytes(_LENGTH_BYTES, "big") + record)
            finally:
                file.close()
        except OSError as error:
            raise StorageError(
                f"{self._directory}: cannot keep the votes of height {height}: {error.strerror or error}"
            ) from error

    def _place(self, first: int) -> Path:
        """The file to go on with: the first that is whole, or not there yet."""
        for number in count():
            path = self._directory / f"{first:012d}{f'.{number}' if number else ''}.eqv"
            if not self._disk.exists(path):
                return path
            if self._is_whole(path):
                return path
        raise AssertionError("numbers do not end")

    def _is_whole(self, path: Path) -> bool:
        """Whether records fill the file and the last one can be read; the others were last once."""
        read, last = 0, b""
        with self._disk.reader(path) as file:
            for last in archived(file):
                read += _LENGTH_BYTES + len(last)
        return read == self._disk.size(path) and (not last or _decoded(last) is not None)


def archived(file: BinaryIO) -> Iterator[bytes]:
    """The records of one file, up to its end or the first one that is not whole."""
    while True:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
        record = file.read(length) if length <= RECORD_BYTES else b""
        if not length or len(record) < length:
            return
        yield record


@dataclass(frozen=True, slots=True)
class Archived:
    """One record. A height decided again after a crash stands twice."""

    height: int
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """From this offset on a file holds no record: power failed while it was written, or it is damaged."""

    path: Path
    offset: int


def read_votes(directory: Path, disk: Disk = REAL_DISK) -> Iterator[Archived | Unreadable]:
    """Everything the files of a `votes/` directory hold, file by file, one record in memory at a time.

    Raises StorageError when a file cannot be read at all.
    """
    try:
        for name in sorted(disk.names(directory), key=_order):
            path = directory / name
            if path.suffix == ".eqv":
                with disk.reader(path) as file:
                    yield from _votes(path, file, disk.size(path))
    except OSError as error:
        raise StorageError(
            f"{directory}: cannot read the archived votes: {error.strerror or error}"
        ) from error


def _order(name: str) -> tuple[str, int]:
    """By height, and of one height `H.eqv` before `H.1.eqv` and that before `H.10.eqv`."""
    first, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    return first, int(number) if number.isdecimal() else 0


def _votes(path: Path, file: BinaryIO, size: int) -> Iterator[Archived | Unreadable]:
    offset = 0
    for record in archived(file):
        found = _decoded(record)
        if found is None:
            break
        offset += _LENGTH_BYTES + len(record)
        yield found
    if offset < size:
        yield Unreadable(path, offset)


def _decoded(record: bytes) -> Archived | None:
    try:
        height, votes = decode_fields(record, _VOTES, RECORD_BYTES)
        return Archived(height, tuple(Vote.decode(vote) for vote in votes))
    except DecodeError:
        return None
