"""Votes of heights that took more than one round, for the forensic tool (docs/consensus.md, Evidence).

A commit of one value and a later polka of another name the guilty only with the votes at hand. Agreement does
not need them, so they are written without waiting for the disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chain.certificate import Vote
from chain.codec import encode
from chain.errors import StorageError

HEIGHTS_PER_FILE = 10_000
"""For so long evidence is admitted on the chain; older files may be moved to cheaper disks."""


class VoteArchive:
    """Files `<first height>.eqv`, each a sequence of `length u32 | [1, height, [vote…]]`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, height: int, votes: Sequence[Vote]) -> None:
        """All votes seen at a height, by every validator and round. Raises StorageError."""
        record = encode((1, height, tuple(vote.encode() for vote in votes)))
        path = self._directory / f"{height // HEIGHTS_PER_FILE * HEIGHTS_PER_FILE:012d}.eqv"
        try:
            self._directory.mkdir(exist_ok=True, mode=0o700)
            with path.open("ab") as file:
                file.write(len(record).to_bytes(4, "big") + record)
        except OSError as error:
            raise StorageError(
                f"{path}: cannot keep the votes of height {height}: {error.strerror}"
            ) from error
