"""A writer killed with SIGKILL at any moment: what it called durable is there, nothing half-written is."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from storage.journal import Journal
from storage.state import LevelState
from tests.support.log import a_group, everything, open_log
from tests.support.writer import KEYS, a_record, changes, state_root

LIVES = 3
"""The next process goes on where the killed one stood."""


def kill_after(store: str, path: Path, writes: int) -> int:
    """Let a new process make this many writes at least, kill it in the middle of the next ones; the last
    write that it reported."""
    command = [sys.executable, "-m", "tests.support.writer", store, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reported = -1
        for _ in range(writes):
            line = process.stdout.readline()
            assert line, "the writer ended by itself"
            reported = int(line)
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]  # the last line may be cut
    return int(rest[-1]) if rest else reported


@pytest.mark.parametrize("seed", [1, 2])
def test_the_block_log_of_a_killed_node_holds_every_height_it_reported(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    for _ in range(LIVES):
        reported = kill_after("blocks", tmp_path / "blocks", chance.randrange(1, 80))
        log = open_log(tmp_path / "blocks")
        assert log.last_height >= reported
        assert everything(log) == {height: a_group(height) for height in range(1, log.last_height + 1)}
        log.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_state_of_a_killed_node_is_that_of_one_height_it_reported_or_the_next(
    tmp_path: Path, seed: int
) -> None:
    chance = Random(seed)
    for _ in range(LIVES):
        reported = kill_after("state", tmp_path / "state", chance.randrange(1, 80))
        state = LevelState.open(tmp_path / "state")
        height = state.height
        assert height is not None
        assert height >= reported
        assert state.state_root == state_root(height)
        expected = {key: value for (_, key), value in changes(height).items() if value is not None}
        assert dict(state.scan("tokens", b"", KEYS)) == expected
        earlier = changes(height // 2)
        assert {("tokens", b"%02d" % key) for key in range(KEYS)} == earlier.keys()
        for (collection, key), value in earlier.items():
            assert state.get_at(collection, key, height // 2) == value
        state.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_journal_of_a_killed_node_holds_every_record_it_reported(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    path = tmp_path / "journal" / "votes"
    Journal.create(path).close()
    for _ in range(LIVES):
        reported = kill_after("journal", path, chance.randrange(1, 50))
        journal = Journal.open(path)
        first = int(journal.position or b"0")
        records = journal.records()
        assert records == tuple(a_record(first + index) for index in range(len(records)))
        assert first + len(records) > reported
        journal.close()
