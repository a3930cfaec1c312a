"""Putting a height back into the block log, whole files at a time: the damaged bytes are kept in quarantine,
nothing after them is cut, and a crash at any moment leaves the old files or the new ones.

Replacements are written beside the segments as `*.log.new` and synced; then the file `replacing` names them;
then they are renamed. While `replacing` is there, opening the log finishes the renames; without it `*.new`
files go.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from storage.files import READ_CHUNK_BYTES, failing_as, sync_directory, write_new_file
from storage.log_format import (
    Records,
    SegmentHeader,
    encode_group,
    encode_segment_header,
    find_certificate,
    read_group,
)
from storage.log_scan import Damage, LogScan, Segment

REPLACING = "replacing"
QUARANTINE = "quarantine"
_NEW = ".new"


def finish_replacement(directory: Path) -> None:
    """Complete or forget what a crash left of a repair."""
    marker = directory / REPLACING
    with failing_as("finish a repair in", directory):
        names = marker.read_text("ascii").split() if marker.exists() else []
        for name in names:
            if (directory / (name + _NEW)).exists():
                os.rename(directory / (name + _NEW), directory / name)
        if names:
            sync_directory(directory)
        marker.unlink(missing_ok=True)
        for leftover in directory.glob("*.log" + _NEW):
            leftover.unlink()
    sync_directory(directory)


def put_back(directory: Path, scan: LogScan, damage: Damage, records: Records) -> None:
    """Replace the first height of `damage` by `records`, whose correctness the caller has verified.

    The node's own certificate is kept if its bytes are still whole and give the chain value that the
    following records were found whole with; else the given one stands, and the chain is computed anew after
    it.
    """
    region = _read(damage.file, damage.begin, damage.end)
    _quarantine(directory, damage, region)
    group, chain = _group(damage, region, records)
    index = next(i for i, segment in enumerate(scan.segments) if segment.path == damage.file)
    header = scan.segments[index].header if damage.begin == 0 else None
    lead = encode_segment_header(header) if header else b""
    is_whole = damage.last_height == damage.first_height
    names: list[str] = []
    if not is_whole or chain == damage.next_chain or damage.next_chain is None:
        rest = b"" if is_whole else region
        parts: list[bytes | _Copy] = [_Copy(0, damage.begin), lead + group + rest, _Copy(damage.end, None)]
        _write_replacement(damage.file, parts)
        names.append(damage.file.name)
    else:
        names = _rechain(scan, index, damage, lead + group, chain)
    marker = directory / (REPLACING + _NEW)
    write_new_file(marker, "\n".join(names).encode("ascii"))
    with failing_as("rename", marker):
        os.rename(marker, directory / REPLACING)
    sync_directory(directory)
    finish_replacement(directory)


def _group(damage: Damage, region: bytes, records: Records) -> tuple[bytes, bytes]:
    own = find_certificate(region, damage.first_height)
    if own is not None and damage.next_chain is not None:
        group = encode_group(damage.previous_chain, damage.first_height, records._replace(certificate=own))
        if group[1] == damage.next_chain:
            return group
    return encode_group(damage.previous_chain, damage.first_height, records)


def _rechain(scan: LogScan, index: int, damage: Damage, replaced: bytes, chain: bytes) -> list[str]:
    """Replacements of this segment and the following ones, up to the next damage (whose following bytes are
    chained from the value stored before them) or the end of the log."""
    names: list[str] = []
    stop = next((other for other in scan.damages if other.first_height > damage.last_height), None)
    for segment in scan.segments[index:]:
        is_first = segment.path == damage.file
        begin = damage.end if is_first else len(encode_segment_header(segment.header))
        end = stop.begin if stop is not None and stop.file == segment.path else segment.size_bytes
        writer = _Rechained(segment, chain, begin, end)
        if is_first:
            lead: list[bytes | _Copy] = [_Copy(0, damage.begin), replaced]
            old_chain = damage.next_chain or damage.previous_chain
        else:
            lead = [encode_segment_header(SegmentHeader(*segment.header[:2], chain))]
            old_chain = segment.header.previous_chain
        if stop is not None and stop.file == segment.path and stop.begin == 0:
            break
        _write_replacement(segment.path, [*lead, *writer.groups(old_chain), _Copy(end, None)])
        names.append(segment.path.name)
        chain = writer.chain
        if stop is not None and stop.file == segment.path:
            break
    return names


class _Copy:
    """Bytes [begin, end) of the file as it is; to its end when `end` is None."""

    def __init__(self, begin: int, end: int | None) -> None:
        self.begin = begin
        self.end = end


class _Rechained:
    """The groups of [begin, end) of a segment, checked against their old chain and given a new one."""

    def __init__(self, segment: Segment, chain: bytes, begin: int, end: int) -> None:
        self._segment = segment
        self._begin = begin
        self._end = end
        self.chain = chain

    def groups(self, old_chain: bytes) -> Iterator[bytes]:
        segment = self._segment
        with segment.path.open("rb") as file:
            for position, start in enumerate(segment.starts):
                if not self._begin <= start < self._end or not segment.sizes[position]:
                    continue
                height = segment.header.first_height + position
                file.seek(start)
                records, old_chain, _ = read_group(file, start, segment.size_bytes, height, old_chain)
                group, self.chain = encode_group(self.chain, height, records)
                yield group


def _write_replacement(path: Path, parts: Sequence[bytes | _Copy]) -> None:
    replacement = path.with_name(path.name + _NEW)
    with (
        failing_as("write the repaired segment", replacement),
        path.open("rb") as old,
        replacement.open("wb") as new,
    ):
        size_bytes = os.fstat(old.fileno()).st_size
        for part in parts:
            if isinstance(part, bytes):
                new.write(part)
                continue
            old.seek(part.begin)
            left = (size_bytes if part.end is None else part.end) - part.begin
            while left > 0:
                chunk = old.read(min(left, READ_CHUNK_BYTES))
                assert chunk, f"{path} was cut while it was copied"
                new.write(chunk)
                left -= len(chunk)
        new.flush()
        os.fsync(new.fileno())


def _read(path: Path, begin: int, end: int) -> bytes:
    with failing_as("read", path), path.open("rb") as file:
        file.seek(begin)
        return file.read(end - begin)


def _quarantine(directory: Path, damage: Damage, region: bytes) -> None:
    quarantine = directory / QUARANTINE
    with failing_as("create", quarantine):
        quarantine.mkdir(exist_ok=True, mode=0o700)
    stem = f"{damage.file.stem}-{damage.begin}-height-{damage.first_height}"
    path = next(path for number in count() if not (path := quarantine / f"{stem}.{number}.damaged").exists())
    write_new_file(path, region)
    sync_directory(quarantine)
    sync_directory(directory)
