"""The doors over dicts keep the promises of the doors over disk."""

import pytest

from storage.errors import HeightNotHeldError
from storage.log_format import Records
from storage.memory import MemoryBlockLog, MemoryJournal, MemoryState


def test_the_log_gives_back_each_height() -> None:
    log = MemoryBlockLog(first_height=5)
    log.append(5, b"block", b"results", b"certificate")
    assert (log.first_height, log.last_height) == (5, 5)
    assert log.read(5) == Records(b"block", b"results", b"certificate")
    with pytest.raises(HeightNotHeldError):
        log.read(4)


def test_the_log_takes_each_height_once_in_order() -> None:
    log = MemoryBlockLog()
    with pytest.raises(AssertionError, match="in order"):
        log.append(2, b"block", b"results", b"certificate")


def test_the_journal_keeps_its_position_through_a_prune() -> None:
    journal = MemoryJournal()
    journal.append(b"one")
    journal.append(b"two")
    journal.raise_position(b"position")
    journal.prune([b"two"])
    assert (journal.records(), journal.position) == ((b"two",), b"position")


def test_a_snapshot_of_the_state_stands_still() -> None:
    state = MemoryState()
    state.commit(0, bytes(32), {("c", b"k"): b"old"}, {})
    with state.snapshot() as snapshot:
        state.commit(1, bytes(32), {("c", b"k"): None}, {})
        assert (snapshot.get("c", b"k"), snapshot.height) == (b"old", 0)
        assert (state.get("c", b"k"), state.get_at("c", b"k", 0)) == (None, b"old")


def test_a_wiped_state_is_empty() -> None:
    state = MemoryState()
    state.commit(3, bytes(32), {("c", b"k"): b"value"}, {(1, b"p"): b"node"})
    state.wipe()
    assert (state.meta, state.get("c", b"k"), state.tree_node(1, b"p")) == (None, None, None)
