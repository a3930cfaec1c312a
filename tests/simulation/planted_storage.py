"""Bugs to plant in the disk's order of things, and what must catch each: a scene of the crash grid, or a
story of the storage's own tests.

Each changes a line or two of production code; a line that is not there any more fails the planting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from node import opening
from node.driver import Driver
from storage import blocks, journal, log_repair
from storage.blocks import BlockLog
from storage.files import AppendOnlyFile
from storage.journal import Journal
from storage.log_format import Records
from storage.log_scan import _Walk
from storage.state import LevelState
from tests.simulation.crash_grid import run_scene
from tests.simulation.planted import Bug, edited, replaced
from tests.unit.node import test_driver as driver
from tests.unit.storage import test_on_a_bad_disk as bad_disk
from tests.unit.storage import test_settled as settled

BUGS: dict[str, Bug] = {}


def bug(plant: Bug) -> Bug:
    BUGS[plant.__name__] = plant
    return plant


# --- what is durable, and when


@bug
def what_is_appended_is_not_synced() -> AbstractContextManager[Any]:
    return edited(AppendOnlyFile.append, "self._file.sync_data()", "pass")


@bug
def the_name_of_a_new_segment_is_not_synced() -> AbstractContextManager[Any]:
    return edited(BlockLog._append_to_new_segment, "sync_directory(self._disk, self._directory)", "pass")


@bug
def a_pruned_journal_has_its_name_before_its_bytes() -> AbstractContextManager[Any]:
    return edited(
        journal._replace,
        "write_new_file(disk, replacement, [data])",
        "disk.lies = True; write_new_file(disk, replacement, [data]); disk.lies = False",
    )


@bug
def the_name_of_a_pruned_journal_is_not_synced() -> AbstractContextManager[Any]:
    return edited(journal._replace, "sync_directory(disk, path.parent)", "pass")


@bug
def the_directory_of_a_new_journal_is_not_synced() -> AbstractContextManager[Any]:
    return edited(Journal.create.__func__, "sync_directory(disk, path.parent.parent)", "pass")


@bug
def a_block_is_two_batches_of_the_state() -> AbstractContextManager[Any]:
    return edited(
        LevelState.commit,
        "self._store.write(chain(((keys.FILLING, None),), records) if self.is_half_filled else records)",
        "several = list(records); self._store.write(several[:3]); self._store.write(several[3:])",
    )


@bug
def the_state_is_written_before_the_log() -> AbstractContextManager[Any]:
    return edited(
        Driver._store,
        """self._blocks.append(height, decided.block.encode(), results, certificate)
    _, history_records = grown(self._tip.history, decided.block.block_id)
    self._application.apply(height, decided.execution, decided.tx_ids, history_records)""",
        """_, history_records = grown(self._tip.history, decided.block.block_id)
    self._application.apply(height, decided.execution, decided.tx_ids, history_records)
    self._blocks.append(height, decided.block.encode(), results, certificate)""",
    )


@bug
def a_height_is_called_done_before_it_is_stored() -> AbstractContextManager[Any]:
    """Observers, and through them clients, are told first."""
    return edited(
        Driver._decide,
        "with self._metrics.store_seconds.time():",
        "for observer in self._observers:\n        observer.decided(decided)\n"
        "    with self._metrics.store_seconds.time():",
    )


# --- what is done about a failure


@bug
def a_failed_sync_is_forgotten() -> AbstractContextManager[Any]:
    return edited(AppendOnlyFile.poison, "self._failure = ", "_ = ")


@bug
def a_vote_leaves_though_its_record_failed() -> AbstractContextManager[Any]:
    return edited(Driver._hear_one, "if self._is_over:", "if False:")


@bug
def what_a_killed_process_left_is_believed_unsynced() -> AbstractContextManager[Any]:
    return edited(Journal.open.__func__, "settle(disk, path, last)", "pass")


@bug
def a_journal_that_lags_a_height_is_left_so() -> AbstractContextManager[Any]:
    return replaced(opening, "_raise_to_tip", lambda *_: None)


# --- what is read


@bug
def a_read_is_not_checked() -> AbstractContextManager[Any]:
    def unchecked(segment: Any, height: int, start: int, data: bytes, previous: bytes) -> Records:
        found = []
        for _ in range(3):
            length = int.from_bytes(data[:4], "big")
            found.append(data[17 : 17 + length])
            data = data[17 + length + 36 :]
        return Records(*found)

    return replaced(blocks, "_checked", unchecked)


@bug
def a_torn_end_of_the_journal_stays() -> AbstractContextManager[Any]:
    return edited(Journal.open.__func__, "file.cut(end)", "pass")


@bug
def a_torn_end_of_the_log_stays() -> AbstractContextManager[Any]:
    return replaced(BlockLog, "_cut", lambda *_: None)


@bug
def a_damaged_journal_is_cut_where_the_damage_begins() -> AbstractContextManager[Any]:
    return edited(
        journal._read_entry,
        'raise CorruptionError(f"{path}: the record at offset {offset} fails its check. {_WHAT_TO_DO}")',
        "return None, 0",
    )


@bug
def damage_at_the_end_of_the_log_is_taken_for_torn() -> AbstractContextManager[Any]:
    return replaced(_Walk, "_is_torn", lambda self, fault: self._is_last)


# --- repair


@bug
def the_list_of_replaced_segments_is_not_synced() -> AbstractContextManager[Any]:
    return edited(
        log_repair._put_in_place,
        "sync_directory(disk, repair)\n    finish_replacement",
        "finish_replacement",
    )


@bug
def a_repair_throws_away_what_it_replaces() -> AbstractContextManager[Any]:
    """And what followed it."""
    return edited(
        log_repair._write_replacements,
        "replaced, _Copy(damage.end, None)]",
        "replaced]",
    )


Story = Callable[[], object]


def scene(name: str) -> Story:
    """The power cuts of one scene of the crash grid."""
    return partial(run_scene, name, only_crashes=True)


STORIES: Mapping[str, Story] = {
    "what_is_appended_is_not_synced": scene("first blocks"),
    "the_name_of_a_new_segment_is_not_synced": scene("new segments"),
    "a_pruned_journal_has_its_name_before_its_bytes": scene("new segments"),
    "the_name_of_a_pruned_journal_is_not_synced": scene("new segments"),
    "the_directory_of_a_new_journal_is_not_synced": scene("first blocks"),
    "a_block_is_two_batches_of_the_state": scene("new segments"),
    "the_state_is_written_before_the_log": (
        driver.test_a_record_is_durable_before_its_message_and_log_state_journal_follow
    ),
    "a_height_is_called_done_before_it_is_stored": scene("new segments"),
    "a_failed_sync_is_forgotten": bad_disk.test_after_a_sync_that_failed_every_append_is_refused,
    "a_vote_leaves_though_its_record_failed": (
        driver.test_after_a_failed_write_of_the_journal_no_peer_is_sent_the_vote_that_asks_for_it
    ),
    "what_a_killed_process_left_is_believed_unsynced": (
        settled.test_a_vote_that_was_read_after_a_kill_survives_the_power_cut_that_follows
    ),
    "a_journal_that_lags_a_height_is_left_so": scene("catching up"),
    "a_read_is_not_checked": bad_disk.test_a_read_of_the_log_gives_what_was_written_or_says_that_it_cannot,
    "a_torn_end_of_the_journal_stays": bad_disk.test_a_torn_record_of_the_journal_is_cut_before_the_next_one,
    "a_torn_end_of_the_log_stays": scene("new segments"),
    "a_damaged_journal_is_cut_where_the_damage_begins": (
        bad_disk.test_a_flipped_byte_of_the_journal_is_damage_and_nothing_is_cut
    ),
    "damage_at_the_end_of_the_log_is_taken_for_torn": (
        bad_disk.test_a_flipped_byte_of_the_last_height_is_damage_and_no_torn_tail
    ),
    "the_list_of_replaced_segments_is_not_synced": (
        bad_disk.test_a_repair_that_is_cut_off_leaves_the_log_as_it_was_or_whole
    ),
    "a_repair_throws_away_what_it_replaces": scene("repair of a height"),
}
