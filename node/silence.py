"""Why a node takes no part in deciding, as a value: for its log, its health and whoever asks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Why(Enum):
    NO_KEY = "no key"
    """The operator gave none: the node follows by intention."""
    JOURNAL = "journal"
    """What the key has signed is not known; `detail` says what is wrong with the journal."""
    RETIRED = "retired"
    """A signature of this key was met that the journal lacks; `detail` says which."""
    NOT_ENROLLED = "not enrolled"
    """The key is not, not yet or no longer a validator's."""
    DISK = "disk"
    """There is less free space than the reserve (node/reserve.py); it passes."""


@dataclass(frozen=True, slots=True)
class Silence:
    """`detail`: in words, for JOURNAL and RETIRED."""

    why: Why
    detail: str = ""
