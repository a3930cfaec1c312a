"""The walk over the whole block log: every CRC-32 and every chain value, one record in memory at a time.

It changes nothing. What it finds: where each height stands, the stretches that are damaged, and how much of
the end was never wholly written.
"""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from chain.errors import CorruptionError, StorageError
from storage.files import ends_unwritten, failing_as
from storage.log_format import (
    CHAIN_BYTES,
    SEGMENT_HEADER_BYTES,
    Fault,
    RecordType,
    SegmentHeader,
    find_groups,
    first_chain,
    read_group,
    read_segment_header,
    segment_name,
    segment_number,
)

READ_BUFFER_BYTES = 1 << 20
"""One system call for some hundred small blocks."""


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

    def describe(self) -> str:
        heights = (
            f"height {self.first_height}"
            if self.first_height == self.last_height
            else f"heights {self.first_height} to {self.last_height}"
        )
        record = (
            "segment header" if self.record is None else f"record {self.record} ({self.record.name.lower()})"
        )
        return f"{self.file}: {heights}, {record} at offset {self.offset}: {self.reason}"


class LogDamageError(CorruptionError):
    """The block log fails its checks; `damage` says where."""

    default_code = "LOG-DAMAGED"

    def __init__(self, damage: Damage) -> None:
        super().__init__(
            f"{damage.describe()}. Nothing was cut off. The node puts the height back from its peers: start "
            "it while they can be reached; without peers, copy this segment from a backup or from another "
            "node"
        )
        self.damage = damage


@dataclass(slots=True)
class Segment:
    """One file: where each of its heights stands."""

    number: int
    path: Path
    header: SegmentHeader
    size_bytes: int
    end_chain: bytes
    starts: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    """Parallel to `starts`, from the header's first height on; 0: damaged."""

    @property
    def next_height(self) -> int:
        return self.header.first_height + len(self.starts)

    def place(self, start: int, size: int) -> None:
        """The next height stands there."""
        self.starts.append(start)
        self.sizes.append(size)


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


def scan_log(directory: Path, chain_id: bytes) -> LogScan:
    """Walk all segments. Raises CorruptionError for what no single height can mend (a missing segment, two
    neighbouring headers gone) and StorageError OTHER-NETWORK for the log of another chain."""
    scan = LogScan([], [], None)
    paths = _segment_paths(directory)
    torn: TornTail | None = None
    for index, path in enumerate(paths):
        is_last = index == len(paths) - 1
        following = None if is_last else _header_of(paths[index + 1])
        walk = _Walk(path, index + 1, chain_id, is_last, following)
        torn = walk.run(scan)
    return LogScan(scan.segments, scan.damages, torn)


def _segment_paths(directory: Path) -> list[Path]:
    with failing_as("list", directory):
        found = [segment_number(name) for name in os.listdir(directory)]
    numbers = sorted(number for number in found if number is not None)
    for expected, number in enumerate(numbers, start=1):
        if number != expected:
            raise CorruptionError(
                f"{directory / segment_name(expected)}: the segment is missing, {segment_name(number)} is "
                "there. Copy it from a backup or from another node of this network",
                "SEGMENT-MISSING",
            )
    return [directory / segment_name(number) for number in numbers]


def _header_of(path: Path) -> SegmentHeader | None:
    """The header if it passes its check."""
    with failing_as("read", path), path.open("rb") as file:
        try:
            return read_segment_header(file)
        except Fault:
            return None


class _Walk:
    """Through one segment."""

    def __init__(
        self, path: Path, number: int, chain_id: bytes, is_last: bool, following: SegmentHeader | None
    ) -> None:
        self._path = path
        self._number = number
        self._chain_id = chain_id
        self._is_last = is_last
        self._following = following
        with failing_as("look at", path):
            self._size = path.stat().st_size

    def run(self, scan: LogScan) -> TornTail | None:
        """Add the segment and its damages to `scan`; the torn tail, if this is the last one and has one."""
        with failing_as("read", self._path), self._path.open("rb", buffering=READ_BUFFER_BYTES) as file:
            self._file = file
            before = scan.segments[-1] if scan.segments else None
            try:
                header = read_segment_header(file)
            except Fault as fault:
                if self._is_torn(fault):
                    return TornTail(self._path, 0, self._size)
                self._segment, offset = self._without_header(scan, before, fault)
            else:
                self._check_continues(header, scan, before)
                self._segment = self._start(header)
                offset = SEGMENT_HEADER_BYTES
            torn_from = self._groups(scan, offset)
            scan.segments.append(self._segment)
        if torn_from is None:
            return None
        return TornTail(self._path, torn_from, self._size - torn_from)

    def _start(self, header: SegmentHeader) -> Segment:
        return Segment(self._number, self._path, header, self._size, header.previous_chain)

    def _is_torn(self, fault: Fault) -> bool:
        """The file ends inside the record or is zero to its end: only the last write can be so."""
        if not self._is_last:
            return False
        if fault.is_cut:
            return True
        latest = fault.unwritten_by
        return latest is not None and ends_unwritten(self._path, fault.offset, latest)

    def _check_continues(self, header: SegmentHeader, scan: LogScan, before: Segment | None) -> None:
        if header.chain_id != self._chain_id:
            raise StorageError(
                f"{self._path}: the block log of another network: its chain id is {header.chain_id.hex()}, "
                f"this node's genesis says {self._chain_id.hex()}. Give the node the directory of its own "
                "network",
                "OTHER-NETWORK",
            )
        if before is None:
            expected = SegmentHeader(self._chain_id, header.first_height, first_chain(self._chain_id))
        elif (
            scan.damages
            and scan.damages[-1].file == before.path
            and scan.damages[-1].end == before.size_bytes
        ):
            return  # its end is damaged: this header is what says where it ended (`_Walk._resume`)
        else:
            expected = SegmentHeader(self._chain_id, before.next_height, before.end_chain)
        if header != expected:
            raise CorruptionError(
                f"{self._path}: the segment begins at height {header.first_height} and does not continue "
                f"the one before it, after which height {expected.first_height} comes. Copy the blocks "
                "directory from a backup or from another node of this network",
                "SEGMENT-FOREIGN",
            )

    def _without_header(self, scan: LogScan, before: Segment | None, fault: Fault) -> tuple[Segment, int]:
        """The header's content follows from the segment before; it is put back with the first height."""
        if before is not None and scan.damages and scan.damages[-1].end == before.size_bytes:
            raise CorruptionError(
                f"{self._path}: {fault.reason}, and the segment before it is damaged at its end. Copy both "
                "from a backup or from another node of this network",
                "SEGMENT-DAMAGED",
            )
        if before is None:
            header = SegmentHeader(self._chain_id, self._first_height_found(), first_chain(self._chain_id))
        else:
            header = SegmentHeader(self._chain_id, before.next_height, before.end_chain)
        self._segment = self._start(header)
        return self._segment, self._resume(scan, 0, fault)

    def _first_height_found(self) -> int:
        """Of the first segment without its header: its first group says it, else the first height is 1."""
        for _, height in find_groups(self._path, SEGMENT_HEADER_BYTES, 0):
            return height
        return 1

    def _groups(self, scan: LogScan, offset: int) -> int | None:
        """Walk the groups from `offset`; where a torn one begins, if one does."""
        segment = self._segment
        while offset < self._size:
            self._file.seek(offset)
            try:
                _, chain, end = read_group(
                    self._file, offset, self._size, segment.next_height, segment.end_chain
                )
            except Fault as fault:
                if self._is_torn(fault):
                    return offset
                offset = self._resume(scan, offset, fault)
            else:
                segment.place(offset, end - offset)
                segment.end_chain = chain
                offset = end
        return None

    def _resume(self, scan: LogScan, begin: int, fault: Fault) -> int:
        """Note the damage that begins at `begin`; where the next whole group stands, or the file's end."""
        segment, first = self._segment, self._segment.next_height
        previous_chain = segment.end_chain
        end, following_height, next_chain = self._next_whole(begin, first, fault)
        if following_height is None:
            following_height = first + 1
            if self._following is not None:
                following_height, next_chain = self._following.first_height, self._following.previous_chain
        for _ in range(first, following_height):
            segment.place(begin, 0)
        if next_chain is not None:
            segment.end_chain = next_chain
        scan.damages.append(
            Damage(
                file=self._path,
                first_height=first,
                last_height=following_height - 1,
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

    def _next_whole(self, begin: int, first: int, fault: Fault) -> tuple[int, int | None, bytes | None]:
        """Offset, height and previous chain value of the next group that is whole."""
        for offset, height in find_groups(self._path, begin, first):
            self._file.seek(offset - CHAIN_BYTES)
            candidates = [self._file.read(CHAIN_BYTES)]
            if fault.record is RecordType.CERTIFICATE and fault.computed_chain and height == first + 1:
                candidates.append(fault.computed_chain)  # only the stored chain value was damaged
            for previous in candidates:
                self._file.seek(offset)
                try:
                    read_group(self._file, offset, self._size, height, previous)
                except Fault:
                    continue
                return offset, height, previous
        return self._size, None, None
