"""A second height that rots while the first is put back."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.blocks import BlockLog
from storage.log_scan import LogDamageError
from tests.support.simulated_disk import SimulatedDisk

HOME = Path("/node")
BLOCKS = HOME / "blocks"
SEGMENT = BLOCKS / "00000001.log"


def test_it_is_named_and_the_next_start_puts_both_back() -> None:
    disk = SimulatedDisk()
    disk.prepare(HOME)
    log = BlockLog.open(BLOCKS, b"genesis", disk=disk)
    for height in (1, 2, 3):
        log.append(height, b"block %d" % height, b"results", b"certificate %d" % height)
    log.close()
    flip(disk, b"certificate 1")
    log = BlockLog.open(BLOCKS, b"genesis", tolerate_damage=True, disk=disk)
    flip(disk, b"block 2")
    with pytest.raises(LogDamageError, match="height 2") as found:
        log.repair(1, b"block 1", b"results", b"another certificate")
    assert found.value.damage.first_height == 2
    log.close()
    log = BlockLog.open(BLOCKS, b"genesis", tolerate_damage=True, disk=disk)
    while log.damages:
        height = log.damages[0].first_height
        log.repair(height, b"block %d" % height, b"results", b"another certificate")
    assert [log.read(height).block for height in (1, 2, 3)] == [b"block 1", b"block 2", b"block 3"]


def flip(disk: SimulatedDisk, data: bytes) -> None:
    disk.flip(SEGMENT, disk.read(SEGMENT).index(data))
