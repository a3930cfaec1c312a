"""The block log's bytes (docs/formats.md, Block log). Pure: no file is opened here.

Segment 1 begins with a header and the genesis record, every other one with a header; then come groups of
three records, one group a height. Every byte lies under a CRC-32 and, in records, under the chain of SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import BinaryIO, NamedTuple

MAGIC = b"QZNLOG1\n"

CHAIN_BYTES = 32
_SEGMENT = struct.Struct(">8s32sQ32s")
_CRC = struct.Struct(">I")
_RECORD = struct.Struct(">IBQ")

HEADER_CRC_BYTES = _CRC.size
SEGMENT_HEADER_BYTES = _SEGMENT.size + HEADER_CRC_BYTES
RECORD_HEADER_BYTES = _RECORD.size + _CRC.size
RECORD_TRAILER_BYTES = _CRC.size + CHAIN_BYTES

_NAME = re.compile(r"(\d{8})\.log")


class RecordType(IntEnum):
    """Genesis comes once; the other three for each height, in this order."""

    GENESIS = 0
    BLOCK = 1
    RESULTS = 2
    CERTIFICATE = 3


GROUP = (RecordType.BLOCK, RecordType.RESULTS, RecordType.CERTIFICATE)

LIMIT_BYTES = {
    RecordType.GENESIS: 1 << 20,
    RecordType.BLOCK: 4 << 20,
    RecordType.RESULTS: 64 << 20,
    RecordType.CERTIFICATE: 16 << 10,
}
"""Longest payload of each type: what is read into memory before its CRC-32 is known to hold."""


class Records(NamedTuple):
    """What stands in the log for one height, as bytes that other floors gave."""

    block: bytes
    results: bytes
    certificate: bytes


class SegmentHeader(NamedTuple):
    """What a segment says of itself."""

    chain_id: bytes
    first_height: int
    previous_chain: bytes


class Fault(Exception):
    """A record that is not as it was written."""

    def __init__(
        self,
        reason: str,
        record: RecordType | None,
        offset: int,
        *,
        is_cut: bool = False,
        unwritten_by: int | None = None,
        computed_chain: bytes | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.record = record
        self.offset = offset
        self.is_cut = is_cut
        """The file ends inside the record."""
        self.unwritten_by = unwritten_by
        """The record is torn also when the file is zero to its end from this offset or an earlier one on."""
        self.computed_chain = computed_chain
        """The chain value that the bytes give, when only the stored one differs."""


def segment_name(number: int) -> str:
    return f"{number:08d}.log"


def segment_number(name: str) -> int | None:
    """The number in a segment's file name, None for any other file."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def encode_segment_header(header: SegmentHeader) -> bytes:
    body = _SEGMENT.pack(MAGIC, header.chain_id, header.first_height, header.previous_chain)
    return body + _CRC.pack(zlib.crc32(body))


def read_segment_header(file: BinaryIO) -> SegmentHeader:
    """Raises Fault."""
    data = file.read(SEGMENT_HEADER_BYTES)
    if len(data) < SEGMENT_HEADER_BYTES:
        raise Fault("the file ends inside its header", None, 0, is_cut=True)
    magic, chain_id, first_height, previous_chain = _SEGMENT.unpack_from(data)
    (crc,) = _CRC.unpack_from(data, _SEGMENT.size)
    if crc != zlib.crc32(data[: _SEGMENT.size]):
        raise Fault("the segment header fails its CRC-32", None, 0, unwritten_by=SEGMENT_HEADER_BYTES - 1)
    if magic != MAGIC:
        raise Fault(f"the segment begins with {magic!r}, not {MAGIC!r}", None, 0)
    return SegmentHeader(chain_id, first_height, previous_chain)


def chain_value(previous: bytes, header: bytes, payload: bytes) -> bytes:
    """`header` is the 13 bytes without their CRC."""
    digest = hashlib.sha256(previous)
    digest.update(header)
    digest.update(payload)
    return digest.digest()


def encode_record(
    previous_chain: bytes, kind: RecordType, height: int, payload: bytes
) -> tuple[bytes, bytes]:
    """The bytes of one record and its chain value."""
    assert 1 <= len(payload) <= LIMIT_BYTES[kind], f"record {kind.name} of {len(payload)} bytes"
    header = _RECORD.pack(len(payload), kind, height)
    chain = chain_value(previous_chain, header, payload)
    crcs = _CRC.pack(zlib.crc32(header)), _CRC.pack(zlib.crc32(payload))
    return b"".join((header, crcs[0], payload, crcs[1], chain)), chain


def encode_group(previous_chain: bytes, height: int, records: Records) -> tuple[bytes, bytes]:
    """The bytes of one height and the chain value they end with."""
    parts: list[bytes] = []
    chain = previous_chain
    for kind, payload in zip(GROUP, records, strict=True):
        record, chain = encode_record(chain, kind, height, payload)
        parts.append(record)
    return b"".join(parts), chain


def encode_beginning(chain_id: bytes, genesis: bytes) -> tuple[bytes, bytes]:
    """What segment 1 begins with, wholly known from genesis, and the chain value it ends with."""
    record, chain = encode_record(chain_id, RecordType.GENESIS, 0, genesis)
    return encode_segment_header(SegmentHeader(chain_id, 0, chain_id)) + record, chain


def read_group(
    file: BinaryIO, offset: int, size: int, height: int, previous_chain: bytes
) -> tuple[Records, bytes, int]:
    """The records of `height` at `offset`, where `file` stands, their last chain value and where they end.

    `size` is that of the file. Raises Fault.
    """
    payloads: list[bytes] = []
    chain = previous_chain
    for kind in GROUP:
        payload, chain = _read_record(file, offset, size, height, kind, chain)
        payloads.append(payload)
        offset += RECORD_HEADER_BYTES + len(payload) + RECORD_TRAILER_BYTES
    return Records(*payloads), chain, offset


def read_beginning(file: BinaryIO, size: int) -> tuple[SegmentHeader, bytes, int]:
    """What segment 1 begins with: its header, the genesis record, and the first height after it (1 when none
    follows). Raises Fault."""
    header = read_segment_header(file)
    genesis, _ = _read_record(file, SEGMENT_HEADER_BYTES, size, 0, RecordType.GENESIS, header.chain_id)
    head = file.read(_RECORD.size)
    return header, genesis, _RECORD.unpack(head)[2] if len(head) == _RECORD.size else 1


def _read_record(
    file: BinaryIO, offset: int, size: int, height: int, kind: RecordType, previous_chain: bytes
) -> tuple[bytes, bytes]:
    head = file.read(RECORD_HEADER_BYTES)
    if len(head) < RECORD_HEADER_BYTES:
        raise Fault("the file ends inside the record's header", kind, offset, is_cut=True)
    length, found_kind, found_height = _RECORD.unpack_from(head)
    header = head[: _RECORD.size]
    if _CRC.unpack_from(head, _RECORD.size)[0] != zlib.crc32(header):
        last = offset + RECORD_HEADER_BYTES - 1
        raise Fault("the record's header fails its CRC-32", kind, offset, unwritten_by=last)
    if (found_kind, found_height) != (kind, height):
        raise Fault(f"found record type {found_kind} of height {found_height}", kind, offset)
    if not 1 <= length <= LIMIT_BYTES[kind]:
        raise Fault(f"the record says it has {length} bytes", kind, offset)
    last_byte = offset + RECORD_HEADER_BYTES + length + RECORD_TRAILER_BYTES - 1
    if last_byte >= size:
        raise Fault("the file ends inside the record", kind, offset, is_cut=True)
    payload = file.read(length)
    trailer = file.read(RECORD_TRAILER_BYTES)
    if len(payload) + len(trailer) != length + RECORD_TRAILER_BYTES:
        raise Fault("the file was cut while it was read", kind, offset)
    chain = chain_value(previous_chain, header, payload)
    if _CRC.unpack_from(trailer)[0] != zlib.crc32(payload):
        raise Fault("the payload fails its CRC-32", kind, offset, unwritten_by=last_byte)
    if trailer[_CRC.size :] != chain:
        raise Fault("the hash chain breaks", kind, offset, unwritten_by=last_byte, computed_chain=chain)
    return payload, chain


def find_groups(file: BinaryIO, offset: int, after_height: int) -> Iterator[tuple[int, int]]:
    """(offset, height) of whatever looks like the first record of a later height at or after `offset`: its
    header passes its CRC-32. Whether it is one, only its chain says."""
    high = (after_height >> 32).to_bytes(4, "big")
    pattern = re.compile(bytes((RecordType.BLOCK,)) + re.escape(high), re.DOTALL)
    file.seek(offset)
    window = file.read(_SEARCH_BYTES)
    base = offset
    while len(window) >= RECORD_HEADER_BYTES:
        for match in pattern.finditer(window, 4):
            begin = match.start() - 4
            head = window[begin : begin + RECORD_HEADER_BYTES]
            if len(head) < RECORD_HEADER_BYTES:
                break
            (crc,) = _CRC.unpack_from(head, _RECORD.size)
            _, _, height = _RECORD.unpack_from(head)
            if crc == zlib.crc32(head[: _RECORD.size]) and height > after_height:
                yield base + begin, height
        kept = window[-(RECORD_HEADER_BYTES - 1) :]
        base += len(window) - len(kept)
        more = file.read(_SEARCH_BYTES)
        if not more:
            return
        window = kept + more


_SEARCH_BYTES = 1 << 20


def find_certificate(region: bytes, height: int) -> bytes | None:
    """The certificate of `height` among damaged bytes, if its header and payload still pass their CRC-32."""
    header_end = _RECORD.pack(0, RecordType.CERTIFICATE, height)[4:]
    at = region.find(header_end, 4)
    while at >= 0:
        begin = at - 4
        head = region[begin : begin + RECORD_HEADER_BYTES]
        if len(head) == RECORD_HEADER_BYTES and _CRC.unpack_from(head, _RECORD.size)[0] == zlib.crc32(
            head[: _RECORD.size]
        ):
            length = _RECORD.unpack_from(head)[0]
            begin += RECORD_HEADER_BYTES
            payload, crc = region[begin : begin + length], region[begin + length : begin + length + 4]
            if len(crc) == 4 and _CRC.unpack(crc)[0] == zlib.crc32(payload):
                return payload
        at = region.find(header_end, at + 1)
    return None
