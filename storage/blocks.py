"""The block log: append-only, the source of truth. What a height was decided to be stands here or nowhere."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from chain.errors import StorageError
from chain.hashing import Tag, tagged_hash
from storage.disk import REAL_DISK, Disk, Lock
from storage.errors import HeightNotHeldError
from storage.files import AppendOnlyFile, failing_as, lock_directory, settle, sync_directory
from storage.log_format import (
    CHAIN_BYTES,
    HEADER_CRC_BYTES,
    SEGMENT_HEADER_BYTES,
    Fault,
    Records,
    SegmentHeader,
    encode_beginning,
    encode_group,
    encode_segment_header,
    read_group,
    segment_name,
)
from storage.log_repair import finish_replacement, keep_region, place_segment, put_back, set_aside
from storage.log_scan import Damage, LogDamageError, LogOrigin, LogScan, Segment, TornTail, scan_log

SEGMENT_BYTES = 64 << 20
"""A segment that has reached this size takes no further height: small enough to copy or rewrite in a second,
large enough that a year has hundreds of them and not thousands."""


class BlockLog:
    """The log of one directory, held by one process.

    One thread appends and repairs; any thread may read.
    """

    def __init__(
        self, disk: Disk, directory: Path, origin: LogOrigin, segment_bytes: int, lock: Lock
    ) -> None:
        self._disk = disk
        self._directory = directory
        self._origin = origin
        self._segment_bytes = segment_bytes
        self._lock: Lock | None = lock
        self._scan = LogScan([], [], None)
        self._file: AppendOnlyFile | None = None
        self._failure: str | None = None
        self.torn: TornTail | None = None
        """What `open` cut from the end: an unsynced write."""
        self.restored: list[Damage] = []
        """What was put back without a peer, since it follows from genesis or from the segment before."""
        self.set_aside: list[Damage] = []
        """Whole files that cannot be read or do not continue the log; they lie in `blocks.quarantine`."""

    @classmethod
    def open(
        cls,
        directory: Path,
        genesis: bytes,
        *,
        first_height: int = 1,
        tolerate_damage: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
        disk: Disk = REAL_DISK,
    ) -> BlockLog:
        """Lock the directory, check every record, cut an unsynced tail. A missing or empty directory becomes
        a log with `genesis` (its canonical bytes) in it. `first_height` is 1, or h + 1 on a node that began
        from a snapshot of height h.

        Damage that is not the unsynced tail raises LogDamageError, which names file, height, record and
        offset, and nothing is changed. With `tolerate_damage` the log opens all the same: what follows from
        genesis or the segment before is put back at once, `damages` says what is to be fetched from peers,
        `read` refuses those heights and `append` everything, until `repair` has put them back.

        Raises StorageError LOCKED when another process has the directory, OTHER-NETWORK when the log belongs
        to another genesis.
        """
        with failing_as("create the directory", directory):
            disk.make_directory(directory)
        lock = lock_directory(disk, directory, "writes this block log")
        origin = LogOrigin(tagged_hash(Tag.GENESIS, genesis), genesis, first_height)
        log = cls(disk, directory, origin, segment_bytes, lock)
        try:
            finish_replacement(disk, directory)
            log._load(tolerate_damage)
            log._settle()
        except StorageError:
            log.close()
            raise
        return log

    @property
    def first_height(self) -> int:
        """The first height this log has or will have."""
        return self._origin.first_height

    @property
    def last_height(self) -> int:
        """The last height in the log; `first_height` - 1 (0 on most nodes) when there is none."""
        return self._scan.segments[-1].next_height - 1

    @property
    def damages(self) -> tuple[Damage, ...]:
        """What `repair` has to put back, in order; empty unless opened with `tolerate_damage`."""
        return tuple(self._scan.damages)

    def segments(self) -> tuple[Segment, ...]:
        """The files and where in them each height stands, for whoever copies or measures them."""
        return tuple(self._scan.segments)

    def append(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        """The three records of a height in one write and one fdatasync; on disk when this returns.

        Heights follow each other. Raises StorageError when write or sync
        fails, and refuses everything from then on: what reached the disk is not known until the log is opened
        again. Raises LogDamageError while damage waits to be repaired.
        """
        self._check_usable()
        if self._scan.damages:
            raise LogDamageError(self._scan.damages[0])
        assert height == self.last_height + 1, (
            f"height {height} after {self.last_height}: each height once, in order"
        )
        records = Records(block, results, certificate)
        last = self._scan.segments[-1]
        try:
            if last.size_bytes >= self._segment_bytes:
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
        if not self.first_height <= height <= self.last_height:
            raise HeightNotHeldError(
                f"block {height} is not here; this node holds {self.first_height} to {self.last_height}"
            )
        segments = self._scan.segments
        segment = segments[_at(segments, height)]
        position = height - segment.first_height
        start, size = segment.starts[position], segment.sizes[position]
        if size == 0:
            raise LogDamageError(self._damage_of(height))
        # The chain value of the record before, or of the segment's header, which ends with a CRC after it.
        gap = HEADER_CRC_BYTES if position == 0 and segment.number > 1 else 0
        begin = start - gap - CHAIN_BYTES
        with failing_as("read", segment.path):
            data = self._disk.read(segment.path, begin, start - begin + size)
        return _checked(segment, height, start, data[start - begin :], data[:CHAIN_BYTES])

    def repair(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        """Put back a damaged height with bytes that the caller fetched from peers and verified.

        The first height of a damage comes first. The damaged bytes are copied to `blocks.quarantine` beside
        the directory; no other height is lost. This node's own certificate stays if it is still whole; else
        the given one stands and the chain after it is computed anew.
        """
        self._check_usable()
        damage = next((one for one in self._scan.damages if one.first_height == height), None)
        assert damage is not None, f"height {height} begins no damage; repair {self._scan.damages} in order"
        self._put_back(damage, Records(block, results, certificate))

    def set_end_aside(self) -> Damage | None:
        """Keep a damaged end of the log in the quarantine, and let the log end before it; what was damaged,
        or None when that is not the last thing in the log.

        For a height of which this node has told nobody (its state is not beyond the one before): a power cut
        may leave what was never wholly written, and if the height was decided, the peers have it.
        """
        self._check_usable()
        damage = self._scan.damages[-1] if self._scan.damages else None
        if damage is None or not damage.ends_log or damage.file != self._scan.segments[-1].path:
            return None
        segment = self._scan.segments[-1]
        try:
            if segment.number > 1 and damage.begin <= SEGMENT_HEADER_BYTES:
                set_aside(self._disk, self._directory, damage)
            else:
                keep_region(self._disk, self._directory, damage)
                self._cut(TornTail(damage.file, damage.begin, damage.end - damage.begin))
            self._load(tolerate_damage=True)
        except StorageError as error:
            self._failure = str(error)
            raise
        return damage

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        self._failure = self._failure or "the log was closed"

    def _check_usable(self) -> None:
        if self._failure is not None:
            raise StorageError(
                f"{self._directory}: refused: {self._failure}. What reached the disk is not known: restart "
                "the node, which checks the log again",
                "POISONED",
            )

    def _load(self, tolerate_damage: bool) -> None:
        scan = self._scanned(tolerate_damage)
        if scan.torn is not None:
            self._cut(scan.torn)
            self.torn = scan.torn
            scan = self._scanned(tolerate_damage)
        if not scan.segments:
            self._create()
            scan = self._scanned(tolerate_damage)
        if not scan.segments:
            raise StorageError(
                f"{self._directory}: the disk does not give back the first segment, which was just written. "
                "Check the disk, then start the node again"
            )
        self._scan = scan
        known = next((damage for damage in scan.damages if damage.replacement is not None), None)
        if known is not None:
            self._put_back(known, None)
            self.restored.append(known)

    def _scanned(self, tolerate_damage: bool) -> LogScan:
        """The walk over all segments, with whole files that are no part of the log set aside. Raises
        LogDamageError where nothing is to be tolerated: also what an earlier walk did not see."""
        scan = scan_log(self._disk, self._directory, self._origin)
        while scan.stray is not None and tolerate_damage:
            set_aside(self._disk, self._directory, scan.stray)
            self.set_aside.append(scan.stray)
            scan = scan_log(self._disk, self._directory, self._origin)
        found = [*scan.damages, *([scan.stray] if scan.stray is not None else ())]
        if found and not tolerate_damage:
            raise LogDamageError(found[0])
        return scan

    def _settle(self) -> None:
        """What was found is on disk, not only in the kernel's hands: a height that is served must not be gone
        after a power cut. Earlier segments were synced before the last one began."""
        last = self._scan.segments[-1]
        settle(self._disk, last.path, last.starts[-1] if len(last.starts) > 1 else 0)

    def _put_back(self, damage: Damage, records: Records | None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        try:
            if records is None or not self._continue_end(damage, records):
                put_back(self._disk, self._directory, self._scan, damage, records)
                self._load(tolerate_damage=True)
        except StorageError as error:
            self._failure = str(error)
            raise

    def _continue_end(self, damage: Damage, records: Records) -> bool:
        """Append the height where a file ends before the heights it had; whether that is so here. A segment
        of thousands of heights comes back without being read again for each of them. A crash leaves a torn
        end, which is damage like any other, since a later segment follows."""
        segment = next(one for one in self._scan.segments if one.path == damage.file)
        if damage.lead or not damage.begin == damage.end == segment.size_bytes:
            return False
        data, chain = encode_group(damage.previous_chain, damage.first_height, records)
        is_last = damage.first_height == damage.last_height
        if is_last and chain != damage.next_chain:
            return False
        with closing(AppendOnlyFile.open(segment.path, disk=self._disk)) as file:
            begin = file.append(data)
        end = begin + len(data)
        position = damage.first_height - segment.first_height
        segment.starts[position], segment.sizes[position] = begin, len(data)
        for later in range(position + 1, damage.last_height + 1 - segment.first_height):
            segment.starts[later] = end
        segment.size_bytes = end
        index = self._scan.damages.index(damage)
        rest = replace(
            damage, first_height=damage.first_height + 1, offset=end, begin=end, end=end, previous_chain=chain
        )
        self._scan.damages[index : index + 1] = [] if is_last else [rest]
        return True

    def _create(self) -> None:
        beginning, _ = encode_beginning(self._origin.chain_id, self._origin.genesis)
        place_segment(self._disk, self._directory, segment_name(1), beginning)
        sync_directory(self._disk, self._directory.parent)

    def _cut(self, torn: TornTail) -> None:
        with failing_as("cut the unsynced tail of", torn.path):
            if torn.size_bytes == 0:
                self._disk.unlink(torn.path)
            else:
                file = AppendOnlyFile.open(torn.path, disk=self._disk)
                file.cut(torn.size_bytes)
                file.close()
        sync_directory(self._disk, self._directory)

    def _append_to(self, segment: Segment, height: int, records: Records) -> None:
        if self._file is None:
            self._file = AppendOnlyFile.open(segment.path, disk=self._disk)
        data, chain = encode_group(segment.end_chain, height, records)
        start = self._file.append(data)
        segment.place(start, len(data))
        segment.end_chain = chain
        segment.size_bytes = start + len(data)

    def _append_to_new_segment(self, last: Segment, height: int, records: Records) -> None:
        """The header comes with the first height, in one write: a segment without heights says nothing."""
        header = SegmentHeader(self._origin.chain_id, height, last.end_chain)
        data, chain = encode_group(last.end_chain, height, records)
        path = self._directory / segment_name(last.number + 1)
        if self._file is not None:
            self._file.close()
        self._file = AppendOnlyFile.open(path, create=True, disk=self._disk)
        self._file.append(encode_segment_header(header) + data)
        sync_directory(self._disk, self._directory)
        segment = Segment(last.number + 1, path, header, height, self._file.size_bytes, chain)
        segment.place(SEGMENT_HEADER_BYTES, len(data))
        self._scan.segments.append(segment)

    def _damage_of(self, height: int) -> Damage:
        return next(one for one in self._scan.damages if one.first_height <= height <= one.last_height)


def _at(segments: Sequence[Segment], height: int) -> int:
    """Which segment holds the height."""
    return bisect_right(segments, height, key=lambda segment: segment.first_height) - 1


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
