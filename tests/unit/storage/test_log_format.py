"""The block log's bytes, against docs/formats.md and not against the code that writes them."""

import hashlib
import io
import zlib

import pytest

from storage.log_format import (
    Fault,
    Records,
    RecordType,
    SegmentHeader,
    encode_beginning,
    encode_group,
    encode_segment_header,
    find_certificate,
    find_groups,
    read_group,
    read_segment_header,
    segment_name,
    segment_number,
)

CHAIN_ID = bytes(range(32))
GROUP = Records(b"a block", b"its results", b"a certificate")


def record_by_the_page(previous: bytes, kind: int, height: int, payload: bytes) -> tuple[bytes, bytes]:
    head = len(payload).to_bytes(4, "big") + bytes((kind,)) + height.to_bytes(8, "big")
    chain = hashlib.sha256(previous + head + payload).digest()
    crcs = [zlib.crc32(part).to_bytes(4, "big") for part in (head, payload)]
    return head + crcs[0] + payload + crcs[1] + chain, chain


def test_a_segment_header_is_that_of_the_page() -> None:
    body = bytes.fromhex("515A4E4C4F47310A") + CHAIN_ID + (7).to_bytes(8, "big") + b"\x11" * 32
    header = SegmentHeader(CHAIN_ID, 7, b"\x11" * 32)
    data = body + zlib.crc32(body).to_bytes(4, "big")
    assert len(data) == 84
    assert encode_segment_header(header) == data
    assert read_segment_header(io.BytesIO(data)) == header


def test_the_beginning_is_header_and_genesis_record() -> None:
    record, chain = record_by_the_page(CHAIN_ID, 0, 0, b"genesis")
    header = encode_segment_header(SegmentHeader(CHAIN_ID, 0, CHAIN_ID))
    assert encode_beginning(CHAIN_ID, b"genesis") == (header + record, chain)


def test_a_group_is_three_records_of_the_page() -> None:
    data, chain = b"", CHAIN_ID
    for kind, payload in enumerate(GROUP, start=1):
        record, chain = record_by_the_page(chain, kind, 9, payload)
        data += record
    assert encode_group(CHAIN_ID, 9, GROUP) == (data, chain)
    assert read_group(io.BytesIO(data), 0, len(data), 9, CHAIN_ID) == (GROUP, chain, len(data))


@pytest.mark.parametrize(
    ("height", "previous", "reason"),
    [(8, CHAIN_ID, "found record type 1 of height 9"), (9, bytes(32), "the hash chain breaks")],
)
def test_a_group_of_another_height_or_chain_is_refused(height: int, previous: bytes, reason: str) -> None:
    data, _ = encode_group(CHAIN_ID, 9, GROUP)
    with pytest.raises(Fault) as fault:
        read_group(io.BytesIO(data), 0, len(data), height, previous)
    assert (fault.value.reason, fault.value.record, fault.value.offset) == (reason, RecordType.BLOCK, 0)


def test_a_length_above_the_limit_of_its_type_is_not_read() -> None:
    head = (4 * 1024 * 1024 + 1).to_bytes(4, "big") + b"\1" + (9).to_bytes(8, "big")
    data = head + zlib.crc32(head).to_bytes(4, "big")
    with pytest.raises(Fault, match="the record says it has 4194305 bytes"):
        read_group(io.BytesIO(data), 0, 1 << 40, 9, CHAIN_ID)


def test_groups_are_found_again_behind_damage() -> None:
    chain, parts = CHAIN_ID, []
    for height in range(1, 5):
        data, chain = encode_group(chain, height, GROUP)
        parts.append(data)
    file = io.BytesIO(b"noise" + b"".join(parts))
    size = len(parts[0])
    assert list(find_groups(file, 0, 1)) == [(5 + size * index, index + 1) for index in (1, 2, 3)]


def test_a_whole_certificate_is_found_among_damaged_bytes() -> None:
    data, _ = encode_group(CHAIN_ID, 9, GROUP)
    assert find_certificate(b"noise" + data[3:], 9) == b"a certificate"
    assert find_certificate(data, 8) is None
    assert find_certificate(data.replace(b"a certificate", b"b certificate"), 9) is None


def test_segments_are_numbered_with_eight_digits() -> None:
    assert segment_name(12) == "00000012.log"
    assert [segment_number(name) for name in ("00000012.log", "12.log", "00000012.log.new", "LOCK")] == [
        12,
        None,
        None,
        None,
    ]
