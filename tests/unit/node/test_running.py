"""Who runs on a directory is asked of the system, never read from a file that somebody left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain.errors import StorageError
from node.running import answer, answered, ask, asked, claimed, hang_up, running_pid

HOLD = """
import signal, sys
from pathlib import Path
from node.running import claimed
signal.signal(signal.SIGHUP, lambda *_: print("hung up", flush=True))
with claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs on the directory until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        yield process


def test_the_process_that_runs_is_found_and_gets_the_signal(tmp_path: Path) -> None:
    with held(tmp_path) as process:
        assert running_pid(tmp_path) == process.pid
        assert (tmp_path / "node.pid").read_text() == f"{process.pid}\n"
        assert hang_up(tmp_path)
        assert process.stdout is not None
        assert process.stdout.readline() == "hung up\n"
        with pytest.raises(StorageError) as found, claimed(tmp_path):
            pass
        assert found.value.code == "LOCKED"


def test_a_number_that_was_left_behind_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "node.pid").write_text(f"{os.getpid()}\n")
    before = signal.getsignal(signal.SIGHUP)
    assert running_pid(tmp_path) is None
    assert not hang_up(tmp_path)
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_killed_process_leaves_the_directory_free(tmp_path: Path) -> None:
    with held(tmp_path) as process:
        process.kill()
    assert running_pid(tmp_path) is None
    with held(tmp_path):
        assert running_pid(tmp_path) is not None


def test_where_nothing_ever_ran_there_is_nobody(tmp_path: Path) -> None:
    assert running_pid(tmp_path) is None
    assert not hang_up(tmp_path)


def test_an_answer_belongs_to_its_question(tmp_path: Path) -> None:
    assert asked(tmp_path) is None
    assert answered(tmp_path, "one") is None
    ask(tmp_path, "one")
    assert asked(tmp_path) == "one"
    answer(tmp_path, {"request": "one", "added": ["roads"]})
    assert answered(tmp_path, "one") == {"request": "one", "added": ["roads"]}
    assert answered(tmp_path, "two") is None
