"""Votes of long heights, one file for ten thousand heights."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.certificate import Vote, VoteKind
from chain.codec import encode
from chain.errors import StorageError
from node.archive import VoteArchive
from tests.support.node import a_node, a_vote


def two_votes() -> list[Vote]:
    node = a_node()
    return [a_vote(node, "mof", kind, 1, None) for kind in VoteKind]


def test_records_follow_each_other(tmp_path: Path) -> None:
    archive, votes = VoteArchive(tmp_path / "votes"), two_votes()
    for height in (7, 9_999, 10_000):
        archive.keep(height, votes)
    records = [encode((1, height, tuple(vote.encode() for vote in votes))) for height in (7, 9_999)]
    assert (tmp_path / "votes" / "000000000000.eqv").read_bytes() == b"".join(
        len(record).to_bytes(4, "big") + record for record in records
    )
    assert (tmp_path / "votes" / "000000010000.eqv").exists()


def test_a_disk_that_fails_is_said(tmp_path: Path) -> None:
    (tmp_path / "votes").write_bytes(b"a file in the way")
    with pytest.raises(StorageError, match="cannot keep the votes of height 1"):
        VoteArchive(tmp_path / "votes").keep(1, two_votes())
