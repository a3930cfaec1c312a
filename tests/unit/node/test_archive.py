"""Votes kept for the forensic tool, one file for ten thousand heights."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.certificate import Vote, VoteKind
from chain.codec import encode
from chain.errors import StorageError
from chain.types import Hash32
from node.archive import RECORD_BYTES, Archived, Unreadable, VoteArchive, read_votes, worth_keeping
from tests.support.node import a_node, a_vote

A, B = Hash32(b"a" * 32), Hash32(b"b" * 32)


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


def test_what_was_kept_is_read_file_by_file(tmp_path: Path) -> None:
    votes = two_votes()
    for height in (7, 20_000, 9_999):
        VoteArchive(tmp_path).keep(height, votes)
    assert list(read_votes(tmp_path)) == [Archived(height, tuple(votes)) for height in (7, 9_999, 20_000)]


def test_no_votes_make_no_file(tmp_path: Path) -> None:
    VoteArchive(tmp_path / "votes").keep(1, [])
    assert not (tmp_path / "votes").exists()


@pytest.mark.parametrize(
    "tail",
    [
        b"\0",
        b"\0" * 32,
        b"\xff\xff\xff\xff",
        (20).to_bytes(4, "big") + b"cut",
        (3).to_bytes(4, "big") + b"bad",
    ],
    ids=["a byte", "zeros", "a length too long", "cut off", "no record"],
)
def test_after_a_torn_write_the_next_record_begins_a_file_of_its_own(tmp_path: Path, tail: bytes) -> None:
    votes, path = two_votes(), tmp_path / "000000000000.eqv"
    VoteArchive(tmp_path).keep(1, votes)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    VoteArchive(tmp_path).keep(2, votes)
    assert path.read_bytes() == whole + tail
    assert set(read_votes(tmp_path)) == {
        Archived(1, tuple(votes)),
        Unreadable(path, len(whole)),
        Archived(2, tuple(votes)),
    }


def test_a_record_longer_than_any_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "000000000000.eqv"
    with path.open("wb") as file:
        file.write((RECORD_BYTES + 1).to_bytes(4, "big"))
        file.truncate(RECORD_BYTES + 5)
    assert list(read_votes(tmp_path)) == [Unreadable(path, 0)]


def test_a_disk_that_fails_is_said(tmp_path: Path) -> None:
    (tmp_path / "votes").write_bytes(b"a file in the way")
    with pytest.raises(StorageError, match="cannot keep the votes of height 1"):
        VoteArchive(tmp_path / "votes").keep(1, two_votes())


def test_of_a_height_of_one_round_the_prevotes_behind_its_decision_are_kept() -> None:
    node = a_node()
    votes = [a_vote(node, "mof", kind, 1, block_id) for kind in VoteKind for block_id in (A, B, None)]
    behind = (a_vote(node, "mof", VoteKind.PREVOTE, 1, A),)
    assert worth_keeping(votes, 0, A, 0) == behind
    assert worth_keeping(votes, 0, A, -1) == behind


def test_of_a_height_of_more_rounds_all_votes_are_kept() -> None:
    votes = two_votes()
    assert worth_keeping(votes, 1, A, 0) == worth_keeping(votes, 0, A, 1) == tuple(votes)
