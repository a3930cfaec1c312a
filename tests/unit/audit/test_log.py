"""The block log as an auditor reads it: the golden files, and every byte of them."""

import os
from pathlib import Path

import pytest

from audit.failure import VerificationError
from audit.log import LogReader
from tests.support.vectors import vectors

SEGMENTS = {name: bytes.fromhex(data) for name, data in vectors("block_log")["segments"].items()}


def write(directory: Path, segments: dict[str, bytes]) -> Path:
    directory.mkdir(exist_ok=True)
    for path in directory.iterdir():
        path.unlink()
    for name, data in segments.items():
        (directory / name).write_bytes(data)
    return directory


def read(directory: Path) -> list[int]:
    return [group.height for group in LogReader(directory).groups()]


def test_the_golden_log_is_read_to_its_last_byte(tmp_path: Path) -> None:
    reader = LogReader(write(tmp_path, SEGMENTS))
    groups = list(reader.groups())
    assert [group.height for group in groups] == list(range(1, len(groups) + 1))
    assert reader.read.files == len(SEGMENTS)
    assert reader.read.bytes == sum(map(len, SEGMENTS.values()))
    assert reader._chain.hex() == vectors("block_log")["last_chain_value"]


def test_every_flipped_byte_of_the_golden_log_is_found_in_its_file(tmp_path: Path) -> None:
    write(tmp_path, SEGMENTS)
    for name, data in SEGMENTS.items():
        with (tmp_path / name).open("r+b", buffering=0) as file:
            for at in range(len(data)):
                os.pwrite(file.fileno(), bytes((data[at] ^ 0x10,)), at)
                with pytest.raises(VerificationError) as failure:
                    read(tmp_path)
                assert failure.value.file == name
                assert failure.value.height is not None
                os.pwrite(file.fileno(), data[at : at + 1], at)


def test_a_log_cut_anywhere_inside_a_group_is_damaged(tmp_path: Path) -> None:
    last = max(SEGMENTS)
    data = SEGMENTS[last]
    for length in range(0, len(data), 7):
        write(tmp_path, SEGMENTS | {last: data[:length]})
        with pytest.raises(VerificationError):
            read(tmp_path)


def test_a_missing_doubled_or_foreign_file_is_named(tmp_path: Path) -> None:
    first, second = sorted(SEGMENTS)
    for segments, named in (
        ({second: SEGMENTS[second]}, second),
        ({first: SEGMENTS[first], "00000003.log": SEGMENTS[second]}, "00000003.log"),
        ({**SEGMENTS, "00000003.log": SEGMENTS[second]}, "00000003.log"),
        ({**SEGMENTS, "notes.txt": b""}, "notes.txt"),
        ({first: SEGMENTS[second], second: SEGMENTS[first]}, first),
    ):
        with pytest.raises(VerificationError) as failure:
            read(write(tmp_path, segments))
        assert failure.value.file == named
