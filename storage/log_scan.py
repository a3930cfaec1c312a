"""The walk over the whole block log: every CRC-32 and every chain value, one record in memory at a time.

It changes nothing. What it finds: where each height stands, the stretches that are damaged, and how much of
the end was never wholly written.
"""

from __future__ import annotations

import errno
import io
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from chain.errors import CorruptionError, StorageError
from storage.disk import Disk
from storage.files import ends_unwritten, failing_as
from storage.log_format import (
    CHAIN_BYTES,
    SEGMENT_HEADER_BYTES,
    Fault,
    RecordType,
    SegmentHeader,
    encode_beginning,
    encode_segment_header,
    find_groups,
    read_group,
    read_segment_header,
    segment_name,
    segment_number,
)

_START = (
    "Start the node while its peers can be reached: it puts the height back from them. Put no other node's "
    "log in its place: a log that is ahead of the journal ends the vote of this node's key"
)


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of one file whose bytes are not what was written."""

    file: Path
    first_height: int
    last_height: int
    """At the end of the log the last height cannot be read any more; it is then the first."""
    record: RecordType | None
    """The first record that fails; None for the segment's header."""
    offset: int
    """Of that record, in bytes."""
    reason: str
    begin: int
    end: int
    """The bytes to be replaced."""
    previous_chain: bytes
    next_chain: bytes | None
    """With which the bytes after the stretch were found whole; None when none follow."""
    replacement: bytes | None = None
    """What belongs there, when it follows from genesis or from the segment before: no peer is asked."""
    lead: bytes = b""
    """The beginning of a file that is missing, before its first height; then `begin` and `end` are 0."""

    @property
    def ends_log(self) -> bool:
        """Nothing whole follows: whether its height was ever wholly written is not known here."""
        return self.next_chain is None and not self.lead and self.replacement is None and self.end > 0

    def describe(self) -> str:
        heights = (
            f"height {self.first_height}"
            if self.first_height == self.last_height
            else f"heights {self.first_height} to {self.last_height}"
        )
        if self.record is None and not self.end:
            return f"{self.file}: {heights}: {self.reason}"
        record = (
            "segment header" if self.record is None else f"record {self.record} ({self.record.name.lower()})"
        )
        return f"{self.file}: {heights}, {record} at offset {self.offset}: {self.reason}"


class LogDamageError(CorruptionError):
    """The block log fails its checks; `damage` says where, `remedy` what to do."""

    default_code = "LOG-DAMAGED"

    def __init__(self, damage: Damage, remedy: str | None = None) -> None:
        super().__init__(f"{damage.describe()}. Nothing was cut off. {remedy or _START}")
        self.damage = damage


@dataclass(slots=True)
class Segment:
    """One file: where each of its heights stands."""

    number: int
    path: Path
    header: SegmentHeader
    first_height: int
    """Of its first group; in segment 1 the header says 0, for the genesis record."""
    size_bytes: int
    end_chain: bytes
    starts: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    """Parallel to `starts`, from `first_height` on; 0: damaged."""

    @property
    def next_height(self) -> int:
        return self.first_height + len(self.starts)

    def place(self, start: int, size: int) -> None:
        """The next height stands there. `starts` grows last: it is what makes the height visible to
        readers."""
        self.sizes.append(size)
        self.starts.append(start)


@dataclass(frozen=True, slots=True)
class TornTail:
    """What a crash left of the last write: it was never synced, so no one was told of it."""

    path: Path
    size_bytes: int
    """What stays of the file; 0: the file goes."""
    cut_bytes: int


@dataclass(frozen=True, slots=True)
class LogScan:
    """What the walk found."""

    segments: list[Segment]
    damages: list[Damage]
    torn: TornTail | None
    stray: Damage | None = None
    """A file that cannot be read, or does not continue the one before: where the walk ended. Once the file is
    out of the way its heights are missing, or the log ends before them."""


@dataclass(frozen=True, slots=True)
class LogOrigin:
    """What a log begins with: the network it belongs to and the first height this node has."""

    chain_id: bytes
    genesis: bytes
    first_height: int


def scan_log(disk: Disk, directory: Path, origin: LogOrigin) -> LogScan:
    """Walk all segments. Raises StorageError OTHER-NETWORK for the log of another chain.

    A file that is missing while a later one is there is a segment of damaged heights: its neighbours say
    which. What is missing at the end cannot be seen here; the node meets it by its state and its journal.
    """
    segments: list[Segment] = []
    damages: list[Damage] = []
    torn: TornTail | None = None
    numbers = _segment_numbers(disk, directory)
    for index, number in enumerate(numbers):
        path = directory / segment_name(number)
        if number > len(segments) + 1 and not _note_missing(disk, path, number, segments, damages, origin):
            reason = "segments before it are missing, and it does not say how many heights they had"
            return LogScan(segments, damages, None, _stray(path, segments, origin, reason))
        is_last = index + 1 == len(numbers)
        following = None
        if not is_last and numbers[index + 1] == number + 1:
            following = _header_of(disk, directory / segment_name(number + 1))
        held = len(segments), len(damages)
        try:
            walk = _Walk(disk, path, segments, damages, is_last, following)
            torn = walk.first_segment(origin) if number == 1 else walk.later_segment(origin)
        except (_Stray, StorageError) as error:
            if not isinstance(error, _Stray) and not _is_unreadable(error):
                raise
            del segments[held[0] :], damages[held[1] :]
            return LogScan(segments, damages, None, _stray(path, segments, origin, str(error)))
    return LogScan(segments, damages, torn)


class _Stray(Exception):
    """The file is none of this log, as far as one can see."""


def _is_unreadable(error: StorageError) -> bool:
    """The disk does not give the bytes back; any other failure (permissions) is for a person to mend."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in _BAD_MEDIUM


_BAD_MEDIUM = (errno.EIO, errno.EBADMSG, errno.EUCLEAN)


def _stray(path: Path, segments: list[Segment], origin: LogOrigin, reason: str) -> Damage:
    height = segments[-1].next_height if segments else origin.first_height
    return Damage(path, height, height, None, 0, reason, 0, 0, b"", None)


def _segment_numbers(disk: Disk, directory: Path) -> list[int]:
    with failing_as("list", directory):
        found = [segment_number(name) for name in disk.names(directory)]
    return sorted(number for number in found if number is not None)


def _note_missing(
    disk: Disk, path: Path, number: int, segments: list[Segment], damages: list[Damage], origin: LogOrigin
) -> bool:
    """Segments of damaged heights in the place of those missing before `path`; False when its header does not
    say which heights they are. Each but the last gets one height: where one ended nobody knows any more."""
    header = _header_of(disk, path)
    missing = range(len(segments) + 1, number)
    first = segments[-1].next_height if segments else origin.first_height
    if header is None or header.chain_id != origin.chain_id or header.first_height - first < len(missing):
        return False
    for one in missing:
        last = first if one < missing[-1] else header.first_height - 1
        if one == 1:
            lead, chain = encode_beginning(origin.chain_id, origin.genesis)
            own = SegmentHeader(origin.chain_id, 0, origin.chain_id)
        else:
            chain = segments[-1].end_chain
            own = SegmentHeader(origin.chain_id, first, chain)
            lead = encode_segment_header(own)
        place = path.with_name(segment_name(one))
        following = header.previous_chain if one == missing[-1] else None
        segment = Segment(one, place, own, first, 0, following or chain)
        for _ in range(first, last + 1):
            segment.place(0, 0)
        segments.append(segment)
        damages.append(
            Damage(place, first, last, None, 0, "the segment is missing", 0, 0, chain, following, lead=lead)
        )
        first = last + 1
    return True


def _header_of(disk: Disk, path: Path) -> SegmentHeader | None:
    """The header if it can be read and passes its check."""
    try:
        with failing_as("read", path), disk.reader(path) as file:
            return read_segment_header(file)
    except Fault:
        return None
    except StorageError as error:
        if _is_unreadable(error):
            return None
        raise


def _other_network(path: Path, found: bytes, expected: bytes) -> StorageError:
    return StorageError(
        f"{path}: the block log of another network: its chain id is {found.hex()}, this node's genesis gives "
        f"{expected.hex()}. Give the node the directory of its own network",
        "OTHER-NETWORK",
    )


class _Walk:
    """Through one segment."""

    def __init__(
        self,
        disk: Disk,
        path: Path,
        segments: list[Segment],
        damages: list[Damage],
        is_last: bool,
        following: SegmentHeader | None,
    ) -> None:
        self._disk = disk
        self._path = path
        self._segments = segments
        self._damages = damages
        self._is_last = is_last
        self._following = following
        with failing_as("look at", path):
            self._size = disk.size(path)

    def first_segment(self, origin: LogOrigin) -> TornTail | None:
        """Header and genesis record are known to the byte and were whole when the file got its name."""
        beginning, chain = encode_beginning(origin.chain_id, origin.genesis)
        header = SegmentHeader(origin.chain_id, 0, origin.chain_id)
        with failing_as("read", self._path), self._disk.reader(self._path) as file:
            found = file.read(len(beginning))
            if found != beginning:
                self._note_beginning(found, beginning, chain, origin)
            segment = Segment(1, self._path, header, origin.first_height, self._size, chain)
            return self._groups(segment, file, len(beginning))

    def later_segment(self, origin: LogOrigin) -> TornTail | None:
        """The header must continue the segment before; groups follow."""
        before = self._segments[-1]
        expected = SegmentHeader(origin.chain_id, before.next_height, before.end_chain)
        with failing_as("read", self._path), self._disk.reader(self._path) as file:
            try:
                header = read_segment_header(file)
            except Fault as fault:
                if self._is_torn(fault):
                    return TornTail(self._path, 0, self._size)
                begins = next(find_groups(file, SEGMENT_HEADER_BYTES, 0), None)
                if (
                    begins is not None
                    and begins[0] == SEGMENT_HEADER_BYTES
                    and (begins[1] != expected.first_height)
                ):
                    raise _Stray(
                        f"{fault.reason}, and its first height is {begins[1]}, where {expected.first_height} "
                        "comes"
                    ) from fault
                self._note_header(fault, expected, before)
            else:
                self._check_continues(header, expected)
            segment = Segment(
                before.number + 1, self._path, expected, expected.first_height, self._size, before.end_chain
            )
            return self._groups(segment, file, SEGMENT_HEADER_BYTES)

    def _is_torn(self, fault: Fault) -> bool:
        """The file ends inside the record or is zero to its end: only the last write can be so."""
        if not self._is_last:
            return False
        if fault.is_cut:
            return True
        latest = fault.unwritten_by
        return latest is not None and ends_unwritten(self._disk, self._path, fault.offset, latest)

    def _note_beginning(self, found: bytes, beginning: bytes, chain: bytes, origin: LogOrigin) -> None:
        reason = "the genesis record is not that of this node's genesis"
        record: RecordType | None = RecordType.GENESIS
        try:
            chain_id = read_segment_header(io.BytesIO(found)).chain_id
        except Fault as fault:
            reason, record = fault.reason, None
        else:
            if chain_id != origin.chain_id:
                raise _other_network(self._path, chain_id, origin.chain_id)
            if found[:SEGMENT_HEADER_BYTES] != beginning[:SEGMENT_HEADER_BYTES]:
                reason, record = "the segment header is not that of a first segment", None
        offset = 0 if record is None else SEGMENT_HEADER_BYTES
        self._damages.append(
            Damage(
                self._path, 0, 0, record, offset, reason, 0, len(beginning), origin.chain_id, chain, beginning
            )
        )

    def _note_header(self, fault: Fault, expected: SegmentHeader, before: Segment) -> None:
        last = self._damages[-1] if self._damages else None
        if last is not None and last.file == before.path and last.end == before.size_bytes:
            raise _Stray(
                f"{fault.reason}, and so it is not known where {before.path.name} should end, which is "
                "damaged too"
            )
        height = expected.first_height
        chain = expected.previous_chain
        header = encode_segment_header(expected)
        self._damages.append(
            Damage(self._path, height, height, None, 0, fault.reason, 0, len(header), chain, chain, header)
        )

    def _check_continues(self, header: SegmentHeader, expected: SegmentHeader) -> None:
        if header.chain_id != expected.chain_id:
            raise _other_network(self._path, header.chain_id, expected.chain_id)
        if header != expected:
            raise _Stray(
                f"the segment begins at height {header.first_height} and does not continue the one before "
                f"it, after which height {expected.first_height} comes"
            )

    def _groups(self, segment: Segment, file: BinaryIO, offset: int) -> TornTail | None:
        """Walk the groups from `offset` to the end; the torn tail, if there is one."""
        self._segments.append(segment)
        while offset < self._size:
            file.seek(offset)
            try:
                _, chain, end = read_group(file, offset, self._size, segment.next_height, segment.end_chain)
            except Fault as fault:
                if self._is_torn(fault):
                    return TornTail(self._path, offset, self._size - offset)
                offset = self._resume(segment, file, offset, fault)
            else:
                segment.place(offset, end - offset)
                segment.end_chain = chain
                offset = end
        if self._following is not None and self._following.first_height > segment.next_height:
            lost = Fault("the file ends here, before its last height", RecordType.BLOCK, offset)
            self._resume(segment, file, offset, lost)
        return None

    def _resume(self, segment: Segment, file: BinaryIO, begin: int, fault: Fault) -> int:
        """Note the damage that begins at `begin`; where the next whole group stands, or the file's end."""
        first, previous_chain = segment.next_height, segment.end_chain
        end, next_height, next_chain = self._next_whole(file, begin, first, fault)
        if next_height is None:
            next_height = first + 1
            if self._following is not None:
                next_height, next_chain = self._following.first_height, self._following.previous_chain
        for _ in range(first, next_height):
            segment.place(begin, 0)
        if next_chain is not None:
            segment.end_chain = next_chain
        self._damages.append(
            Damage(
                file=self._path,
                first_height=first,
                last_height=next_height - 1,
                record=fault.record,
                offset=fault.offset,
                reason=fault.reason,
                begin=begin,
                end=end,
                previous_chain=previous_chain,
                next_chain=next_chain,
            )
        )
        return end

    def _next_whole(
        self, file: BinaryIO, begin: int, first: int, fault: Fault
    ) -> tuple[int, int | None, bytes | None]:
        """Offset, height and previous chain value of the next group that is whole; else the file's end."""
        # `begin` lies beyond a file that lost even its beginning.
        with self._disk.reader(self._path) as searched:
            for offset, height in find_groups(searched, begin, first):
                file.seek(offset - CHAIN_BYTES)
                candidates = [file.read(CHAIN_BYTES)]
                if fault.record is RecordType.CERTIFICATE and fault.computed_chain and height == first + 1:
                    candidates.append(fault.computed_chain)  # only the stored chain value was damaged
                for previous in candidates:
                    file.seek(offset)
                    try:
                        read_group(file, offset, self._size, height, previous)
                    except Fault:
                        continue
                    return offset, height, previous
        return max(begin, self._size), None, None
