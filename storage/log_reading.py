"""A block log that belongs to somebody else, read and never changed: copies that an investigation is given.

No lock is taken and nothing is cut or put back. Heights that are damaged are left out, and a tail that was
never wholly written is not there.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from pathlib import Path

from chain.errors import CorruptionError
from storage.disk import REAL_DISK, Disk
from storage.files import failing_as
from storage.log_format import (
    CHAIN_BYTES,
    HEADER_CRC_BYTES,
    Fault,
    Records,
    read_beginning,
    read_group,
    segment_name,
)
from storage.log_scan import LogOrigin, LogScan, scan_log


class ForeignLog:
    """One copy. It says what network it belongs to; whether that is the right one is for the caller."""

    def __init__(self, directory: Path, origin: LogOrigin, scan: LogScan, disk: Disk) -> None:
        self.directory = directory
        self.chain_id = origin.chain_id
        self.genesis = origin.genesis
        self.first_height = origin.first_height
        self._scan = scan
        self._disk = disk

    @classmethod
    def open(cls, directory: Path, disk: Disk = REAL_DISK) -> ForeignLog:
        """Walk the whole log. Raises CorruptionError when its beginning cannot be read or segments are
        missing, StorageError when a file cannot be read at all."""
        path = directory / segment_name(1)
        with failing_as("read", path), disk.reader(path) as file:
            try:
                header, genesis, first_height = read_beginning(file, disk.size(path))
            except Fault as fault:
                raise CorruptionError(f"{path}: {fault.reason}: it is not known whose log this is") from fault
        origin = LogOrigin(header.chain_id, genesis, first_height)
        return cls(directory, origin, scan_log(disk, directory, origin), disk)

    @property
    def last_height(self) -> int:
        """The last height in it; `first_height` - 1 when there is none."""
        return self._scan.segments[-1].next_height - 1

    @property
    def damages(self) -> tuple[str, ...]:
        """What cannot be read, in words."""
        return tuple(damage.describe() for damage in self._scan.damages)

    def read(self, height: int) -> Records | None:
        """The records of a height; None when they are damaged or not in this log."""
        if not self.first_height <= height <= self.last_height:
            return None
        segments = self._scan.segments
        segment = segments[bisect_right(segments, height, key=lambda one: one.first_height) - 1]
        position = height - segment.first_height
        start, size = segment.starts[position], segment.sizes[position]
        if size == 0:
            return None
        # The chain value of the record before, or of the segment's header, which ends with a CRC after it.
        gap = HEADER_CRC_BYTES if position == 0 and segment.number > 1 else 0
        begin = start - gap - CHAIN_BYTES
        with failing_as("read", segment.path):
            data = self._disk.read(segment.path, begin, start - begin + size)
        try:
            records, _, _ = read_group(io.BytesIO(data[start - begin :]), 0, size, height, data[:CHAIN_BYTES])
        except Fault:
            return None  # it was whole a moment ago
        return records
