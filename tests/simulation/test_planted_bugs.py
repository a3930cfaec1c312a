"""Each planted bug must be caught: by the scripted story that tells of its rule, and where chance can reach
it, by hostile schedules too. Without the bug the same stories and schedules hold; they are run as tests of
their own."""

from collections.abc import Callable

import pytest

from consensus.machine import HaltError
from tests.simulation.cluster import Cluster, plan_of
from tests.simulation.planted import BUGS, planted
from tests.unit.consensus import test_machine as stories
from tests.unit.consensus import test_messages as payloads
from tests.unit.consensus import test_recovery as restarts

Story = Callable[[], None]

STORIES: dict[str, Story] = {
    "half_is_a_quorum": stories.test_two_halves_are_no_quorum_and_an_equivocator_in_both_decides_nothing,
    "exactly_two_thirds_are_a_quorum": lambda: stories.test_a_decision_needs_more_than_two_thirds(6, 5),
    "one_validator_moves_all_to_its_round": (
        stories.test_one_validator_naming_the_last_round_moves_nobody_and_one_third_more_does
    ),
    "an_equivocator_counts_twice": stories.test_any_tallies_count_an_equivocator_once,
    "the_lock_is_ignored": stories.test_a_locked_validator_refuses_a_fresh_block,
    "the_lock_is_forgotten_in_a_restart": lambda: restarts.test_killed_after_any_write_the_lock_stands(2),
    "a_made_up_valid_round_is_trusted": (
        stories.test_a_made_up_valid_round_gets_no_vote_and_nil_when_time_is_up
    ),
    "one_third_is_enough_to_lock": stories.test_prevotes_of_different_valid_rounds_do_not_add_up_to_a_lock,
    "prevotes_of_any_valid_round_add_up_to_a_lock": (
        stories.test_prevotes_of_different_valid_rounds_do_not_add_up_to_a_lock
    ),
    "the_valid_value_is_not_offered_again": (
        stories.test_the_valid_value_is_offered_again_though_it_was_never_locked
    ),
    "the_polka_is_left_out_of_the_proposal": stories.test_a_hidden_lock_comes_out_when_its_holder_proposes,
    "messages_leave_before_their_record": (
        stories.test_four_messages_decide_and_every_own_vote_is_recorded_before_it_is_sent
    ),
    "the_body_is_not_written_with_the_lock": (restarts.test_the_lock_comes_back_with_its_body_and_its_polka),
    "the_polka_is_not_written_with_the_lock": (restarts.test_the_lock_comes_back_with_its_body_and_its_polka),
    "own_votes_are_not_counted_after_a_restart": restarts.test_own_votes_count_again_in_the_own_tally,
    "a_certificate_is_plain_votes": stories.test_an_equivocator_cannot_hide_a_decision,
    "a_third_vote_inside_a_polka_is_dropped": stories.test_an_equivocator_cannot_hide_a_polka,
    "certificates_are_not_read": stories.test_a_certificate_decides_before_the_first_round,
    "signatures_are_not_judged": stories.test_a_polka_of_false_signatures_is_no_polka,
    "far_rounds_are_all_kept": stories.test_of_far_rounds_only_the_highest_message_of_a_validator_is_kept,
    "only_the_first_vote_of_an_equivocator_counts": stories.test_both_contents_of_an_equivocator_count,
    "a_body_that_does_not_fit_its_id_is_taken": (
        payloads.test_a_body_whose_parts_are_not_its_headers_blames_its_sender
    ),
    "a_fault_is_remembered_as_invalid": (
        stories.test_an_execution_fault_is_not_remembered_and_the_next_round_asks_again
    ),
    "unchecked_bodies_count_as_known": stories.test_until_the_check_is_answered_the_body_counts_as_unknown,
    "the_time_of_a_fresh_block_is_not_asked": lambda: stories.test_a_fresh_block_must_be_timely(-501, False),
    "a_block_offered_again_must_be_timely": stories.test_a_block_offered_again_may_be_older_than_any_bound,
}


REACHED_BY_CHANCE = (
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
)
"""What the first hundred schedules find by themselves. The rest has its story alone: what random never hits
must be scripted."""


def run_schedules(count: int) -> None:
    for seed in range(count):
        Cluster(plan_of(seed)).run()


def test_every_bug_has_a_story_or_schedules_that_find_it() -> None:
    assert {*STORIES, *REACHED_BY_CHANCE} == BUGS.keys()


@pytest.mark.parametrize("name", STORIES)
def test_a_story_catches(name: str) -> None:
    with planted(name), pytest.raises((AssertionError, pytest.fail.Exception)):
        STORIES[name]()


@pytest.mark.parametrize("name", REACHED_BY_CHANCE)
def test_hostile_schedules_catch(name: str) -> None:
    with planted(name), pytest.raises((AssertionError, HaltError)):
        run_schedules(100)
