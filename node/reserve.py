"""Free space on the node's disk against a mark: who may fail to write what it signs must not sign.

Below the mark the node does not vote; it follows, answers, and takes documents for the others to decide.
Below the floor, a quarter of the mark, it writes nothing at all, so that a full disk is never met in the
middle of a record. Both end by themselves when there is space again.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

RESUME_MARGIN_BYTES = 128 * 1024 * 1024
"""Above the mark by this much (or an eighth of it) before the node goes on: a disk at the mark must not make
a validator appear and disappear with every file that somebody removes."""

FLOOR_SHARE = 4
"""The floor is the mark divided by this: 256 MiB of the default 1 GiB. Between two looks a node writes one
height: the block twice (log, journal), its results, its state and a compaction, some 40 MiB at most."""


class Room(IntEnum):
    """What the disk allows."""

    NONE = 0
    """Nothing is written: the node answers questions about what it has."""
    FOLLOW = 1
    """Blocks are taken over; nothing is signed."""
    VOTE = 2


class DiskReserve:
    """One per node. `free_bytes` is the world's door; a mark of 0 never stops anybody."""

    def __init__(self, free_bytes: Callable[[], int], mark_bytes: int) -> None:
        self._free_bytes = free_bytes
        self.mark_bytes = mark_bytes
        self.free_bytes = 0
        """At the last look."""
        self.room = Room.VOTE
        self.look()

    @property
    def floor_bytes(self) -> int:
        return self.mark_bytes // FLOOR_SHARE

    @property
    def resume_bytes(self) -> int:
        """From here on the node votes again."""
        return self.mark_bytes + min(self.mark_bytes // 8, RESUME_MARGIN_BYTES)

    def look(self) -> bool:
        """Ask the disk; whether the room has changed. Raises what the door raises."""
        before, self.free_bytes = self.room, self._free_bytes()
        self.room = self._room_of(self.free_bytes)
        return self.room is not before

    def _room_of(self, free_bytes: int) -> Room:
        is_rising = self.room is not Room.VOTE
        if free_bytes < self.floor_bytes:
            return Room.NONE
        if free_bytes < (self.resume_bytes if is_rising else self.mark_bytes):
            is_still_full = self.room is Room.NONE and free_bytes < self.mark_bytes // 2
            return Room.NONE if is_still_full else Room.FOLLOW
        return Room.VOTE


def unlimited() -> DiskReserve:
    """For a node whose disk nobody watches."""
    return DiskReserve(lambda: 0, 0)
