"""Every planted bug of the project, with what must catch it: a story, hostile schedules, or both.

A story is a test function of the suite, called while the bug stands in the code; it must fail. A story that
does not exist any more is an import error here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from random import Random

import pytest

from chain.errors import LedgerError
from tests.simulation import planted, planted_rules, planted_storage
from tests.simulation.cluster import Cluster, plan_of
from tests.support.node import MemoryNode, a_node
from tests.unit.chain import test_certificate as certificates
from tests.unit.chain import test_evidence as evidence
from tests.unit.chain import test_keys as keys
from tests.unit.consensus import test_forensics as forensics
from tests.unit.consensus import test_machine as machine
from tests.unit.consensus import test_messages as payloads
from tests.unit.consensus import test_recovery as restarts
from tests.unit.consensus import test_signer as signer
from tests.unit.contracts import test_executor as executor
from tests.unit.contracts import test_membership as membership
from tests.unit.node import test_archive as archive
from tests.unit.node import test_assembly as assembly
from tests.unit.node import test_driver as driver

Story = Callable[[], object]

SCHEDULES = 100
"""Hostile schedules that find by themselves what chance can reach."""

CAUGHT = (AssertionError, pytest.fail.Exception, LedgerError)
"""How a story or a schedule fails."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One bug. `story` None: schedules alone must find it."""

    plant: planted.Bug
    story: Story | None
    is_found_by_schedules: bool = False

    def ways_missed(self) -> list[str]:
        """What should have caught the bug and did not. Anything but a failed test is raised."""
        missed: list[str] = []
        with self.plant():
            if self.story is not None and not _fails(self.story):
                missed.append("story")
            if self.is_found_by_schedules and not _fails(run_schedules):
                missed.append("schedules")
        return missed


def _fails(run: Story) -> bool:
    try:
        run()
    except CAUGHT:
        return True
    return False


def run_schedules() -> None:
    for seed in range(SCHEDULES):
        Cluster(plan_of(seed)).run()


def on_a_node(story: Callable[[MemoryNode], None]) -> Story:
    """A story of tests/unit/node/test_assembly.py with the node its fixture gives."""

    def told() -> None:
        node = a_node(members=assembly.MEMBERS)
        with closing(node):
            story(node)

    return told


def case(story: Callable[..., None], *arguments: object) -> Story:
    """One case of a story of several."""
    return lambda: story(*arguments)


MACHINE_STORIES: Mapping[str, Story] = {
    "half_is_a_quorum": machine.test_two_halves_are_no_quorum_and_an_equivocator_in_both_decides_nothing,
    "exactly_two_thirds_are_a_quorum": case(machine.test_a_decision_needs_more_than_two_thirds, 6, 5),
    "one_validator_moves_all_to_its_round": (
        machine.test_one_validator_naming_the_last_round_moves_nobody_and_one_third_more_does
    ),
    "an_equivocator_counts_twice": machine.test_any_tallies_count_an_equivocator_once,
    "the_lock_is_ignored": machine.test_a_locked_validator_refuses_a_fresh_block,
    "the_lock_is_forgotten_in_a_restart": case(restarts.test_killed_after_any_write_the_lock_stands, 2),
    "a_made_up_valid_round_is_trusted": (
        machine.test_a_made_up_valid_round_gets_no_vote_and_nil_when_time_is_up
    ),
    "one_third_is_enough_to_lock": machine.test_prevotes_of_different_valid_rounds_do_not_add_up_to_a_lock,
    "prevotes_of_any_valid_round_add_up_to_a_lock": (
        machine.test_prevotes_of_different_valid_rounds_do_not_add_up_to_a_lock
    ),
    "the_valid_value_is_not_offered_again": (
        machine.test_the_valid_value_is_offered_again_though_it_was_never_locked
    ),
    "the_polka_is_left_out_of_the_proposal": machine.test_a_hidden_lock_comes_out_when_its_holder_proposes,
    "messages_leave_before_their_record": (
        machine.test_four_messages_decide_and_every_own_vote_is_recorded_before_it_is_sent
    ),
    "the_body_is_not_written_with_the_lock": restarts.test_the_lock_comes_back_with_its_body_and_its_polka,
    "the_polka_is_not_written_with_the_lock": restarts.test_the_lock_comes_back_with_its_body_and_its_polka,
    "own_votes_are_not_counted_after_a_restart": restarts.test_own_votes_count_again_in_the_own_tally,
    "a_certificate_is_plain_votes": machine.test_an_equivocator_cannot_hide_a_decision,
    "a_third_vote_inside_a_polka_is_dropped": machine.test_an_equivocator_cannot_hide_a_polka,
    "certificates_are_not_read": machine.test_a_certificate_decides_before_the_first_round,
    "signatures_are_not_judged": machine.test_a_polka_of_false_signatures_is_no_polka,
    "far_rounds_are_all_kept": machine.test_of_far_rounds_only_the_highest_message_of_a_validator_is_kept,
    "only_the_first_vote_of_an_equivocator_counts": machine.test_both_contents_of_an_equivocator_count,
    "a_body_that_does_not_fit_its_id_is_taken": (
        payloads.test_a_body_whose_parts_are_not_its_headers_blames_its_sender
    ),
    "a_fault_is_remembered_as_invalid": (
        machine.test_an_execution_fault_is_not_remembered_and_the_next_round_asks_again
    ),
    "unchecked_bodies_count_as_known": machine.test_until_the_check_is_answered_the_body_counts_as_unknown,
    "the_time_of_a_fresh_block_is_not_asked": case(machine.test_a_fresh_block_must_be_timely, -501, False),
    "a_block_offered_again_must_be_timely": machine.test_a_block_offered_again_may_be_older_than_any_bound,
}

REACHED_BY_CHANCE = frozenset(
    {
        "half_is_a_quorum",
        "exactly_two_thirds_are_a_quorum",
        "the_lock_is_ignored",
        "the_lock_is_forgotten_in_a_restart",
        "a_made_up_valid_round_is_trusted",
        "one_third_is_enough_to_lock",
        "prevotes_of_any_valid_round_add_up_to_a_lock",
        "the_valid_value_is_not_offered_again",
        "the_journal_is_lost_in_a_crash",
        "messages_leave_before_their_record",
        "the_body_is_not_written_with_the_lock",
        "the_polka_is_not_written_with_the_lock",
        "own_votes_are_not_counted_after_a_restart",
        "votes_are_not_passed_on",
        "certificates_are_not_read",
        "signatures_are_not_judged",
        "the_time_of_a_fresh_block_is_not_asked",
        "a_block_offered_again_must_be_timely",
    }
)
"""The rest has its story alone: what random never hits must be scripted."""

RULE_STORIES: Mapping[str, Story] = {
    "a_doubled_signature_counts_twice": certificates.test_one_signature_counted_twice_is_refused,
    "signatures_may_stand_in_each_others_place": (
        certificates.test_signatures_in_each_others_place_are_refused
    ),
    "what_comes_after_the_quorum_is_not_verified": (
        certificates.test_one_bad_signature_beyond_the_quorum_is_refused
    ),
    "two_thirds_make_a_certificate": certificates.test_exactly_two_thirds_are_no_quorum,
    "votes_do_not_say_of_which_set_they_are": certificates.test_signatures_for_another_set_are_refused,
    "what_is_signed_names_no_chain": keys.test_signed_messages_are_96_bytes_beginning_with_the_padded_tag,
    "one_message_twice_is_evidence": evidence.test_one_content_twice_proves_nothing,
    "evidence_is_recorded_again": (
        membership.test_misbehaviour_is_recorded_once_for_a_validator_height_and_kind
    ),
    "evidence_never_grows_too_old": on_a_node(
        assembly.test_evidence_older_than_ten_thousand_heights_is_refused
    ),
    "a_lawful_unlock_is_called_amnesia": (
        forensics.test_who_locked_anew_may_prevote_that_block_without_a_valid_round
    ),
    "archives_are_believed_without_signatures": (forensics.test_what_is_not_truly_signed_convicts_nobody),
    "a_second_round_leaves_no_votes": archive.test_of_a_height_of_more_rounds_all_votes_are_kept,
    "the_history_root_is_not_compared": on_a_node(
        lambda node: assembly.test_one_wrong_field_makes_the_block_invalid(
            node, "history_root", assembly.OTHER
        )
    ),
    "the_history_is_one_block_behind": on_a_node(assembly.test_the_history_grows_by_the_block_itself),
    "a_block_may_have_the_time_of_its_parent": on_a_node(assembly.test_the_time_of_the_parent_is_too_early),
    "the_state_root_is_not_compared": on_a_node(
        lambda node: assembly.test_a_root_that_execution_does_not_give(node, "state_root")
    ),
    "the_certificate_of_the_parent_is_not_verified": on_a_node(
        assembly.test_the_parent_is_certified_by_more_than_two_thirds
    ),
    "a_block_of_any_size_is_valid": assembly.test_a_block_above_the_size_of_the_parameters_is_invalid,
    "a_position_may_be_signed_again": signer.test_the_same_position_with_other_bytes_is_refused,
    "an_older_journal_may_sign": case(
        restarts.test_a_journal_more_than_one_height_behind_the_block_log_may_not_sign, 0, 2, False
    ),
    "an_own_vote_that_the_journal_lacks_is_ignored": (
        machine.test_an_own_signature_that_the_journal_lacks_silences_the_key_for_ever
    ),
    "own_records_of_later_heights_are_forgotten": (
        driver.test_own_records_of_a_height_above_the_start_count_when_it_comes
    ),
    "commits_go_to_the_machine_unverified": (
        driver.test_a_commit_with_one_false_signature_is_its_senders_fault
    ),
    "a_message_of_many_transactions_has_no_limit": (
        payloads.test_several_transactions_above_the_bound_are_refused
    ),
    "the_replay_window_is_a_millisecond_longer": (
        executor.test_validity_ends_at_block_time_and_reaches_to_the_replay_window
    ),
    "client_ids_are_forgotten_a_millisecond_early": executor.test_a_client_id_in_force_is_kept,
    "a_client_id_is_accepted_twice": (
        executor.test_a_client_id_is_used_once_and_the_refusal_names_the_first_document
    ),
    "validators_change_one_height_early": membership.test_a_change_takes_effect_two_blocks_later,
    "validators_change_one_height_late": membership.test_a_change_takes_effect_two_blocks_later,
}


SLOW = frozenset({"commits_go_to_the_machine_unverified"})
"""Stories that fail by waiting ten seconds for what the bug prevents: told when drawn, and in a deep run."""


def registered() -> dict[str, Planted]:
    """All of them, by name. A bug without a story and without schedules, or a name twice, is refused."""
    found: dict[str, Planted] = {}
    for bugs, stories in (
        (planted.BUGS, MACHINE_STORIES),
        (planted_rules.BUGS, RULE_STORIES),
        (planted_storage.BUGS, planted_storage.STORIES),
    ):
        assert stories.keys() <= bugs.keys(), sorted(stories.keys() - bugs.keys())
        for name, plant in bugs.items():
            assert name not in found, name
            found[name] = Planted(plant, stories.get(name), name in REACHED_BY_CHANCE)
            assert found[name].story is not None or found[name].is_found_by_schedules, name
    return found


REGISTRY = registered()


def drawn(seed: int, count: int = 10) -> list[str]:
    """Some of them, by chance."""
    return Random(seed).sample(sorted(REGISTRY), count)


def missed_of_all() -> dict[str, list[str]]:
    """Plant every bug in turn; which ways did not catch which. Empty when the tests bite. For a deep run."""
    found = {name: REGISTRY[name].ways_missed() for name in sorted(REGISTRY)}
    return {name: ways for name, ways in found.items() if ways}
