"""The block log: append-only, the source of truth. What a height was decided to be stands here or nowhere."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from pathlib import Path

from chain.errors import StorageError
from storage.errors import HeightNotHeldError
from storage.files import AppendOnlyFile, failing_as, lock_exclusively, sync_directory
from storage.log_format import (
    CHAIN_BYTES,
    SEGMENT_HEADER_BYTES,
    Fault,
    Records,
    SegmentHeader,
    encode_group,
    encode_segment_header,
    first_chain,
    read_group,
    segment_name,
)
from storage.log_repair import finish_replacement, put_back
from storage.log_scan import Damage, LogDamageError, Segment, TornTail, scan_log

SEGMENT_BYTES = 64 << 20
"""A segment that has reached this size takes no further height: small enough to copy or rewrite in a second,
large enough that a year has hundreds of them and not thousands."""


class BlockLog:
    """The log of one directory, held by one process.

    One thread appends and repairs; any thread may read.
    """

    def __init__(self, directory: Path, chain_id: bytes, segment_bytes: int, lock: int) -> None:
        self._directory = directory
        self._chain_id = chain_id
        self._segment_bytes = segment_bytes
        self._lock = lock
        self._segments: list[Segment] = []
        self._damages: list[Damage] = []
        self._file: AppendOnlyFile | None = None
        self._failure: str | None = None
        self.torn: TornTail | None = None
        """What `open` cut from the end: an unsynced write."""

    @classmethod
    def open(
        cls,
        directory: Path,
        chain_id: bytes,
        *,
        tolerate_damage: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> BlockLog:
        """Lock the directory, check every record, cut an unsynced tail; the directory is made if it is
        missing.

        Damage anywhere else raises LogDamageError, which names file, height, record and offset, and nothing
        is changed. With `tolerate_damage` the log opens all the same: `damages` says what is to be fetched
        from peers, `read` refuses those heights and `append` everything, until `repair` has put them back.

        Raises StorageError LOCKED when another process has the directory.
        """
        with failing_as("create the directory", directory):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        log = cls(directory, chain_id, segment_bytes, lock)
        try:
            lock_exclusively(lock, directory, "writes this block log")
            finish_replacement(directory)
            log._load(tolerate_damage)
        except StorageError:
            log.close()
            raise
        return log

    @property
    def first_height(self) -> int | None:
        """None: the log is empty."""
        return self._segments[0].header.first_height if self._segments else None

    @property
    def last_height(self) -> int:
        """0: the log is empty."""
        return self._segments[-1].next_height - 1 if self._segments else 0

    @property
    def damages(self) -> tuple[Damage, ...]:
        """What `repair` has to put back, in order; empty unless opened with `tolerate_damage`."""
        return tuple(self._damages)

    def append(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        """The three records of a height in one write and one fdatasync; on disk when this returns.

        Heights follow each other; an empty log takes any first one. Raises StorageError when write or sync
        fails, and refuses everything from then on: what reached the disk is not known until the log is opened
        again. Raises LogDamageError while damage waits to be repaired.
        """
        self._check_usable()
        if self._damages:
            raise LogDamageError(self._damages[0])
        assert not self._segments or height == self.last_height + 1, (
            f"height {height} after {self.last_height}: each height once, in order"
        )
        records = Records(block, results, certificate)
        last = self._segments[-1] if self._segments else None
        try:
            if last is None or last.size_bytes >= self._segment_bytes:
                self._append_to_new_segment(last, height, records)
            else:
                self._append_to(last, height, records)
        except StorageError as error:
            self._failure = str(error)
            raise

    def read(self, height: int) -> Records:
        """The bytes given to `append`, checked again.

        Raises HeightNotHeldError for a height that is not in the log, LogDamageError when its bytes, or the
        chain value before them, are not what was written.
        """
        self._check_usable()
        if not self._segments or not self._segments[0].header.first_height <= height <= self.last_height:
            raise HeightNotHeldError(f"block {height} is not here; the last one is {self.last_height}")
        at = bisect_right(self._segments, height, key=lambda held: held.header.first_height) - 1
        segment = self._segments[at]
        position = height - segment.header.first_height
        start, size = segment.starts[position], segment.sizes[position]
        if size == 0:
            raise LogDamageError(self._damage_of(height))
        with failing_as("read", segment.path):
            descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                data = os.pread(descriptor, CHAIN_BYTES + size, start - CHAIN_BYTES)
                before = os.pread(descriptor, SEGMENT_HEADER_BYTES, 0) if position == 0 else b""
            finally:
                os.close(descriptor)
        previous = data[:CHAIN_BYTES] if position else before[-4 - CHAIN_BYTES : -4]
        return _checked(segment, height, start, data[CHAIN_BYTES:], previous)

    def repair(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        """Put back a damaged height with bytes that the caller fetched from peers and verified.

        The first height of a damage comes first. The damaged bytes are copied to `quarantine/`; no other
        height is lost. This node's own certificate stays if it is still whole; else the given one stands and
        the chain after it is computed anew.
        """
        self._check_usable()
        damage = next((one for one in self._damages if one.first_height == height), None)
        assert damage is not None, f"height {height} begins no damage; repair {self._damages} in order"
        scan = scan_log(self._directory, self._chain_id)
        put_back(self._directory, scan, damage, Records(block, results, certificate))
        self._load(tolerate_damage=True)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self._failure = self._failure or "the log was closed"

    def _check_usable(self) -> None:
        if self._failure is not None:
            raise StorageError(
                f"{self._directory}: refused: {self._failure}. What reached the disk is not known: restart "
                "the node, which checks the log again",
                "POISONED",
            )

    def _load(self, tolerate_damage: bool) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        scan = scan_log(self._directory, self._chain_id)
        if scan.damages and not tolerate_damage:
            raise LogDamageError(scan.damages[0])
        if scan.torn is not None:
            self._cut(scan.torn)
            self.torn = scan.torn
        self._segments = scan.segments
        self._damages = scan.damages
        if self._segments:
            self._segments[-1].size_bytes = self._segments[-1].path.stat().st_size

    def _cut(self, torn: TornTail) -> None:
        with failing_as("cut the unsynced tail of", torn.path):
            if torn.size_bytes == 0:
                torn.path.unlink()
            else:
                file = AppendOnlyFile.open(torn.path)
                file.cut(torn.size_bytes)
                file.close()
        sync_directory(self._directory)

    def _append_to(self, segment: Segment, height: int, records: Records) -> None:
        if self._file is None:
            self._file = AppendOnlyFile.open(segment.path)
        data, chain = encode_group(segment.end_chain, height, records)
        start = self._file.append(data)
        segment.place(start, len(data))
        segment.end_chain = chain
        segment.size_bytes = start + len(data)

    def _append_to_new_segment(self, last: Segment | None, height: int, records: Records) -> None:
        """The header comes with the first height, in one write: a segment without heights says nothing."""
        number = 1 if last is None else last.number + 1
        previous = first_chain(self._chain_id) if last is None else last.end_chain
        header = SegmentHeader(self._chain_id, height, previous)
        data, chain = encode_group(previous, height, records)
        path = self._directory / segment_name(number)
        if self._file is not None:
            self._file.close()
        self._file = AppendOnlyFile.open(path, create=True)
        self._file.append(encode_segment_header(header) + data)
        sync_directory(self._directory)
        segment = Segment(number, path, header, self._file.size_bytes, chain)
        segment.place(SEGMENT_HEADER_BYTES, len(data))
        self._segments.append(segment)

    def _damage_of(self, height: int) -> Damage:
        return next(one for one in self._damages if one.first_height <= height <= one.last_height)


def _checked(segment: Segment, height: int, start: int, data: bytes, previous: bytes) -> Records:
    """The records of `data`, which stands at `start`. Raises LogDamageError."""
    try:
        records, _, _ = read_group(io.BytesIO(data), 0, len(data), height, previous)
    except Fault as fault:
        raise LogDamageError(
            Damage(
                file=segment.path,
                first_height=height,
                last_height=height,
                record=fault.record,
                offset=start + fault.offset,
                reason=fault.reason,
                begin=start,
                end=start + len(data),
                previous_chain=previous,
                next_chain=None,
            )
        ) from fault
    return records
