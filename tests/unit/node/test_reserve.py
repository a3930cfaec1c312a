"""The mark below which a node does not vote, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.reserve import RESUME_MARGIN_BYTES, DiskReserve, Room, unlimited

MIB = 1024 * 1024
MARK = 1024 * MIB


class Disk:
    """As much free space as the test says."""

    def __init__(self, free_bytes: int) -> None:
        self.free_bytes = free_bytes

    def __call__(self) -> int:
        return self.free_bytes


@pytest.mark.parametrize(
    ("free", "room"),
    [
        (MARK, Room.VOTE), (MARK - 1, Room.FOLLOW), (MARK // 4, Room.FOLLOW), (MARK // 4 - 1, Room.NONE),
        (0, Room.NONE),
    ],
)  # fmt: skip
def test_a_node_that_starts_is_judged_by_the_mark_and_the_floor(free: int, room: Room) -> None:
    assert DiskReserve(Disk(free), MARK).room is room


def test_space_must_come_back_with_a_margin_before_the_node_votes_again() -> None:
    disk = Disk(MARK)
    reserve = DiskReserve(disk, MARK)
    seen = []
    for free in (MARK - 1, MARK, MARK + RESUME_MARGIN_BYTES - 1, MARK + RESUME_MARGIN_BYTES, MARK, MARK - 1):
        disk.free_bytes = free
        changed = reserve.look()
        seen.append((reserve.room, changed))
    assert seen == [
        (Room.FOLLOW, True), (Room.FOLLOW, False), (Room.FOLLOW, False), (Room.VOTE, True),
        (Room.VOTE, False), (Room.FOLLOW, True),
    ]  # fmt: skip


def test_from_below_the_floor_it_follows_again_at_half_the_mark() -> None:
    disk = Disk(0)
    reserve = DiskReserve(disk, MARK)
    rooms = []
    for free in (MARK // 4, MARK // 2 - 1, MARK // 2, MARK // 4, MARK // 4 - 1):
        disk.free_bytes = free
        reserve.look()
        rooms.append(reserve.room)
    assert rooms == [Room.NONE, Room.NONE, Room.FOLLOW, Room.FOLLOW, Room.NONE]


def test_a_large_mark_asks_for_no_larger_margin() -> None:
    assert DiskReserve(Disk(0), 1000 * MARK).resume_bytes == 1000 * MARK + RESUME_MARGIN_BYTES
    assert DiskReserve(Disk(0), 80 * MIB).resume_bytes == 90 * MIB


def test_a_mark_of_zero_stops_nobody() -> None:
    assert unlimited().room is Room.VOTE
    assert not unlimited().look()


@given(st.lists(st.integers(0, 2 * MARK), min_size=1, max_size=30))
def test_whatever_the_disk_does_nobody_votes_below_the_mark_or_writes_below_the_floor(
    frees: list[int],
) -> None:
    disk = Disk(frees[0])
    reserve = DiskReserve(disk, MARK)
    for free in frees:
        disk.free_bytes = free
        reserve.look()
        assert reserve.room is not Room.VOTE or free >= MARK
        assert reserve.room is Room.NONE or free >= MARK // 4
        assert reserve.room is Room.VOTE or free < reserve.resume_bytes
