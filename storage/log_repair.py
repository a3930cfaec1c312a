"""Putting a height back into the block log, whole files at a time: the damaged bytes are kept in quarantine,
nothing after them is cut, and a crash at any moment leaves the old files or the new ones.

The directory itself holds nothing but segments. Replacements are written to `blocks.repair` beside it and
synced; then the file `replacing` there names them; then they are renamed into place. While `replacing` is
there, opening the log finishes the renames; without it the replacements go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

from storage.disk import Disk
from storage.files import READ_CHUNK_BYTES, failing_as, sync_directory, write_new_file
from storage.log_format import (
    CHAIN_BYTES,
    SEGMENT_HEADER_BYTES,
    Fault,
    Records,
    encode_group,
    encode_segment_header,
    find_certificate,
    read_group,
)
from storage.log_scan import Damage, LogDamageError, LogScan, Segment

REPLACING = "replacing"

HEIGHTS_SEARCHED = 16
"""A stretch of more damaged heights is not searched for certificates that are still whole."""


def repair_directory(directory: Path) -> Path:
    """Where replacements of the segments in `directory` are made."""
    return directory.with_name(directory.name + ".repair")


def quarantine_directory(directory: Path) -> Path:
    """Where damaged bytes are kept."""
    return directory.with_name(directory.name + ".quarantine")


def finish_replacement(disk: Disk, directory: Path) -> None:
    """Complete or forget what a crash left of a repair."""
    repair = repair_directory(directory)
    marker = repair / REPLACING
    with failing_as("finish the repair in", repair):
        if not disk.exists(repair):
            return
        if disk.exists(marker):
            for name in disk.read(marker).decode("ascii").split():
                if disk.exists(repair / name):
                    disk.rename(repair / name, directory / name)
            sync_directory(disk, directory)
            disk.unlink(marker)
            sync_directory(disk, repair)
        for leftover in disk.names(repair):
            disk.unlink(repair / leftover)
        disk.remove_directory(repair)


def put_back(disk: Disk, directory: Path, scan: LogScan, damage: Damage, records: Records | None) -> None:
    """Replace the first height of `damage` by `records`, whose correctness the caller has verified; or, where
    the damage knows its own replacement, by that.

    The node's own certificate is kept if its bytes are still whole and give the chain value that stands after
    them; else the given one stands, and the chain is computed anew.
    """
    repair = _make_repair_directory(disk, directory)
    region = b"" if damage.lead else keep_region(disk, directory, damage)
    names = _write_replacements(disk, repair, scan, damage, region, records)
    _put_in_place(disk, directory, names)


def set_aside(disk: Disk, directory: Path, damage: Damage) -> Path:
    """Move the whole file of a stray segment to the quarantine; where it lies now."""
    quarantine = _make_quarantine(disk, directory)
    kept = _free_place(disk, quarantine, f"{damage.file.stem}-whole")
    with failing_as("set aside", damage.file):
        disk.rename(damage.file, kept)
    sync_directory(disk, quarantine)
    sync_directory(disk, directory)
    return kept


def place_segment(disk: Disk, directory: Path, name: str, data: bytes) -> None:
    """A new segment that has its name only when all of `data` is on disk."""
    write_new_file(disk, _make_repair_directory(disk, directory) / name, [data])
    _put_in_place(disk, directory, [name])


def _make_repair_directory(disk: Disk, directory: Path) -> Path:
    repair = repair_directory(directory)
    with failing_as("create", repair):
        disk.make_directory(repair)
    sync_directory(disk, repair.parent)  # or the file `replacing` would go with it
    return repair


def _put_in_place(disk: Disk, directory: Path, names: Sequence[str]) -> None:
    """The files of these names in the repair directory become segments, all or, after a crash, none."""
    repair = repair_directory(directory)
    sync_directory(disk, repair)
    marker = repair / (REPLACING + ".new")
    write_new_file(disk, marker, ["\n".join(names).encode("ascii")])
    with failing_as("rename", marker):
        disk.rename(marker, repair / REPLACING)
    sync_directory(disk, repair)
    finish_replacement(disk, directory)


def _write_replacements(
    disk: Disk, repair: Path, scan: LogScan, damage: Damage, region: bytes, records: Records | None
) -> list[str]:
    """The names of the segments that are replaced."""
    if damage.replacement is not None:
        replaced = damage.replacement
    else:
        assert records is not None, "a damaged height is replaced by its records"
        replaced, chain = _group(damage, region, records)
        if damage.last_height > damage.first_height:
            replaced += _still_to_come(disk, damage, region)
        elif damage.next_chain is not None and chain != damage.next_chain:
            return _rechain(disk, repair, scan, damage, replaced, chain)
    parts: list[bytes | _Copy] = [damage.lead, _Copy(0, damage.begin), replaced, _Copy(damage.end, None)]
    _write_replacement(disk, repair, damage.file, parts)
    return [damage.file.name]


def _still_to_come(disk: Disk, damage: Damage, region: bytes) -> bytes:
    """What stays of the damaged bytes while the heights after the first are still to come: all, since this
    node's own certificates may be whole in them. Of a long stretch, which would be written anew for every
    height, only the chain value that the bytes after it are checked with; the rest lies in quarantine."""
    if damage.last_height - damage.first_height < HEIGHTS_SEARCHED:
        return region
    if damage.lead or damage.end >= disk.size(damage.file):
        return b""
    return region[-CHAIN_BYTES:]


def _group(damage: Damage, region: bytes, records: Records) -> tuple[bytes, bytes]:
    """The group to be put back, with this node's own certificate if a chain value proves it."""
    own = find_certificate(region, damage.first_height)
    if own is not None:
        group = encode_group(damage.previous_chain, damage.first_height, records._replace(certificate=own))
        if group[1] in (damage.next_chain, region[-CHAIN_BYTES:]):
            return group
    return encode_group(damage.previous_chain, damage.first_height, records)


def _rechain(
    disk: Disk, repair: Path, scan: LogScan, damage: Damage, replaced: bytes, chain: bytes
) -> list[str]:
    """Replacements of this segment and the following ones, up to the next damage (whose following bytes are
    chained from the value stored before them) or the end of the log."""
    assert damage.next_chain is not None
    names: list[str] = []
    stop = next((other for other in scan.damages if other.first_height > damage.last_height), None)
    index = next(i for i, segment in enumerate(scan.segments) if segment.path == damage.file)
    lead: list[bytes | _Copy] = [damage.lead, _Copy(0, damage.begin), replaced]
    begin, old_chain = damage.end, damage.next_chain
    for segment in scan.segments[index:]:
        if segment.path != damage.file:
            lead = [encode_segment_header(segment.header._replace(previous_chain=chain))]
            begin, old_chain = SEGMENT_HEADER_BYTES, segment.header.previous_chain
        stops_here = stop is not None and stop.file == segment.path
        if stop is not None and stops_here and stop.lead:
            break  # a missing file is made with its first height; its header then says the new chain
        end = stop.begin if stop is not None and stops_here else segment.size_bytes
        rechained = _Rechained(disk, segment, chain, begin, end)
        _write_replacement(
            disk, repair, segment.path, (*lead, *rechained.groups(old_chain), _Copy(end, None))
        )
        names.append(segment.path.name)
        chain = rechained.chain
        if stops_here:
            break
    return names


class _Copy:
    """Bytes [begin, end) of the file as it is; to its end when `end` is None."""

    def __init__(self, begin: int, end: int | None) -> None:
        self.begin = begin
        self.end = end


class _Rechained:
    """The groups of [begin, end) of a segment, checked against their old chain and given a new one."""

    def __init__(self, disk: Disk, segment: Segment, chain: bytes, begin: int, end: int) -> None:
        self._disk = disk
        self._segment = segment
        self._begin = begin
        self._end = end
        self.chain = chain

    def groups(self, old_chain: bytes) -> Iterator[bytes]:
        """Raises LogDamageError for a height that was whole when the log was opened and is so no more."""
        segment = self._segment
        if not segment.size_bytes:
            return  # the file is missing still
        with self._disk.reader(segment.path) as file:
            for position, start in enumerate(segment.starts):
                if not self._begin <= start < self._end or not segment.sizes[position]:
                    continue
                height = segment.first_height + position
                file.seek(start)
                try:
                    records, old_chain, _ = read_group(file, start, segment.size_bytes, height, old_chain)
                except Fault as fault:
                    raise _rotted(segment, height, position, old_chain, fault) from fault
                group, self.chain = encode_group(self.chain, height, records)
                yield group


def _rotted(segment: Segment, height: int, position: int, chain: bytes, fault: Fault) -> LogDamageError:
    begin, size_bytes = segment.starts[position], segment.sizes[position]
    return LogDamageError(
        Damage(
            file=segment.path,
            first_height=height,
            last_height=height,
            record=fault.record,
            offset=fault.offset,
            reason=f"{fault.reason}, and was whole a moment ago",
            begin=begin,
            end=begin + size_bytes,
            previous_chain=chain,
            next_chain=None,
        ),
        "Check the disk, then start the node again: it looks at every byte and puts this height back too",
    )


def _write_replacement(disk: Disk, repair: Path, path: Path, parts: Iterable[bytes | _Copy]) -> None:
    write_new_file(disk, repair / path.name, _replaced(disk, path, parts))


def _replaced(disk: Disk, path: Path, parts: Iterable[bytes | _Copy]) -> Iterator[bytes]:
    """The bytes of the new file, a piece at a time."""
    size_bytes = disk.size(path) if disk.exists(path) else 0
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        begin, end = part.begin, size_bytes if part.end is None else part.end
        while begin < end:
            chunk = disk.read(path, begin, min(end - begin, READ_CHUNK_BYTES))
            assert chunk, f"{path} was cut while it was copied"
            yield chunk
            begin += len(chunk)


def _read(disk: Disk, path: Path, begin: int, end: int) -> bytes:
    with failing_as("read", path):
        return disk.read(path, begin, end - begin)


def keep_region(disk: Disk, directory: Path, damage: Damage) -> bytes:
    """The damaged bytes, which now lie in the quarantine too."""
    region = _read(disk, damage.file, damage.begin, damage.end)
    if region:
        quarantine = _make_quarantine(disk, directory)
        stem = f"{damage.file.stem}-{damage.begin}-height-{damage.first_height}"
        write_new_file(disk, _free_place(disk, quarantine, stem), [region])
        sync_directory(disk, quarantine)
    return region


def _make_quarantine(disk: Disk, directory: Path) -> Path:
    quarantine = quarantine_directory(directory)
    with failing_as("create", quarantine):
        disk.make_directory(quarantine)
    sync_directory(disk, quarantine.parent)
    return quarantine


def _free_place(disk: Disk, quarantine: Path, stem: str) -> Path:
    places = (quarantine / f"{stem}.{number}.damaged" for number in count())
    return next(place for place in places if not disk.exists(place))
