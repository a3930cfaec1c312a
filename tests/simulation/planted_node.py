"""Bugs to plant around the machine: in the order of disk, log, state and journal, shown by whole nodes alone.

Each names the runs that must find it: one of tests/seeds, and options for seeds 0, 1, 2 … until one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import node.opening
import node.recovery
import storage.blocks
import storage.files
import storage.journal
import storage.log_repair
from consensus.effects import Broadcast, Effect
from node.assembly import Tip
from node.driver import Driver
from node.repair import LogRepair
from storage.files import AppendOnlyFile, failing_as
from storage.journal import Journal
from tests.simulation.options import Options
from tests.simulation.runs import attempt, kept

SEEDS = 60
"""So many runs at most are tried for one bug."""


Bug = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class NodeBug:
    """`faults` and what else brings it out."""

    plant: Bug
    faults: tuple[str, ...]
    liars: tuple[str, ...] = ()
    costly: int = 0
    kept_run: str | None = None
    """A run of tests/seeds that is tried first."""

    def options(self, seed: int) -> Options:
        return Options(
            seed,
            heights=14,
            seconds=30,
            documents=4,
            has_story=False,
            faults=self.faults,
            liars=self.liars,
            costly=self.costly,
        )

    def runs(self) -> Iterator[Options]:
        if self.kept_run is not None:
            yield kept()[self.kept_run]
        yield from map(self.options, range(SEEDS))

    def run_that_finds_it(self) -> Options | None:
        """While the bug stands in the code; None when no run failed."""
        with self.plant():
            return next((options for options in self.runs() if attempt(options)[0] is not None), None)


BUGS: dict[str, NodeBug] = {}
"""By name, which says what the code then does."""


def found_by(
    *faults: str, liars: tuple[str, ...] = (), costly: int = 0, kept_run: str | None = None
) -> Callable[[Bug], Bug]:
    def named(plant: Bug) -> Bug:
        BUGS[plant.__name__] = NodeBug(plant, faults, liars, costly, kept_run)
        return plant

    return named


@found_by("crash", "torn")
def a_message_leaves_before_its_record() -> AbstractContextManager[Any]:
    perform = Driver._perform

    def performed(self: Driver, effects: Sequence[Effect]) -> None:
        perform(self, sorted(effects, key=lambda effect: not isinstance(effect, Broadcast)))

    return patch.object(Driver, "_perform", performed)


@found_by("crash", "blackout")
def a_write_is_not_synced() -> AbstractContextManager[Any]:
    def append(self: AppendOnlyFile, data: bytes) -> int:
        offset = self.size_bytes
        with failing_as("write", self.path):
            self._file.write(data)
            if "blocks" not in str(self.path):
                self._file.sync_data()
        self.size_bytes = offset + len(data)
        return offset

    return patch.object(AppendOnlyFile, "append", append)


def _in_both(settle: Callable[..., None]) -> AbstractContextManager[Any]:
    stack = ExitStack()
    stack.enter_context(patch.object(storage.journal, "settle", settle))
    stack.enter_context(patch.object(storage.blocks, "settle", settle))
    return stack


@found_by("kill", "crash", kept_run="killed-before-its-sync")
def what_a_killed_process_left_in_memory_is_believed() -> AbstractContextManager[Any]:
    return _in_both(lambda disk, path, offset: None)


@found_by("io-error", "crash", "kill", kept_run="failed-sync")
def what_a_failed_sync_left_in_memory_is_believed() -> AbstractContextManager[Any]:
    def only_synced(disk: Any, path: Path, offset: int) -> None:
        with failing_as("sync", path):
            disk.open(path).sync()
        storage.files.sync_directory(disk, path.parent)

    return _in_both(only_synced)


@found_by("crash", "blackout", "torn")
def names_of_new_files_are_not_synced() -> AbstractContextManager[Any]:
    stack = ExitStack()
    for module in (storage.blocks, storage.files, storage.log_repair):
        stack.enter_context(patch.object(module, "sync_directory", lambda disk, directory: None))
    return stack


@found_by("lost-journal", "crash", costly=1)
def a_lost_journal_is_made_anew() -> AbstractContextManager[Any]:
    opened = node.opening.open_journal

    def open_journal(config: Any, key: Any, disk: Any) -> Any:
        journal, fault = opened(config, key, disk)
        if journal is None and key is not None:
            path = node.opening.journal_path(config, key.address)
            if not disk.exists(path):
                return Journal.create(path, disk), None
        return journal, fault

    return patch("node.node.open_journal", open_journal)


@found_by("bit-flip", "crash", liars=("sync-liar",), kept_run="repair-from-a-liar")
def a_repaired_block_is_not_verified() -> AbstractContextManager[Any]:
    return patch.object(LogRepair, "_check", lambda self, commit, validators: None)


@found_by("blackout")
def after_a_restart_the_tip_has_another_certificate() -> AbstractContextManager[Any]:
    right = node.recovery._tip_at

    def tip_at(blocks: Any, height: int, history: Any) -> Tip:
        tip = right(blocks, height, history)
        before = blocks.read(max(1, height - 1)).certificate
        return Tip(tip.height, tip.block_id, tip.time_ms, before, tip.history)

    return patch.object(node.recovery, "_tip_at", tip_at)


@found_by("clock-jump", "crash", "halves")
def own_records_are_not_read_at_the_start() -> AbstractContextManager[Any]:
    return patch.object(Driver, "_records", lambda self: [])
