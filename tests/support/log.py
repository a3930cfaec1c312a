"""A small block log for tests, and where each of its bytes belongs."""

from pathlib import Path

from storage.blocks import BlockLog
from storage.disk import REAL_DISK, Disk
from storage.log_format import SEGMENT_HEADER_BYTES, Records

GENESIS = b"genesis of the tests"
SEGMENT_BYTES = 400
"""Small, so that a few heights fill a segment."""


def a_group(height: int) -> Records:
    """Different at every height and in every record; the certificate is this node's own."""
    return Records(b"block %d" % height, b"results %d" % height * 2, b"own certificate %d" % height)


def open_log(directory: Path, *, tolerate_damage: bool = False, disk: Disk = REAL_DISK) -> BlockLog:
    return BlockLog.open(
        directory, GENESIS, segment_bytes=SEGMENT_BYTES, tolerate_damage=tolerate_damage, disk=disk
    )


def write_log(directory: Path, last_height: int) -> None:
    log = open_log(directory)
    for height in range(log.last_height + 1, last_height + 1):
        log.append(height, *a_group(height))
    log.close()


def group_places(directory: Path) -> dict[int, tuple[Path, int, int]]:
    """For every height the segment, the offset and the size of its group."""
    log = open_log(directory)
    places = {
        segment.first_height + position: (segment.path, start, segment.sizes[position])
        for segment in log.segments()
        for position, start in enumerate(segment.starts)
    }
    log.close()
    return places


def height_of_byte(places: dict[int, tuple[Path, int, int]], path: Path, offset: int) -> int:
    """The height a byte belongs to; a header's byte to the first height of its segment, genesis' to 0."""
    for height, (segment, start, size) in places.items():
        if segment == path and start <= offset < start + size:
            return height
    if path.name == "00000001.log":
        return 0
    assert offset < SEGMENT_HEADER_BYTES
    return min(height for height, (segment, _, _) in places.items() if segment == path)


def flip(path: Path, offset: int, mask: int = 0xFF) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= mask
    path.write_bytes(data)


def everything(log: BlockLog) -> dict[int, Records]:
    return {height: log.read(height) for height in range(log.first_height, log.last_height + 1)}
