"""The 25 scenarios of docs/consensus.md, and the test functions that tell each.

A test that is renamed or gone is an import error here, so no scenario loses its last test unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.integration import test_cli_forensics as forensic_command
from tests.integration import test_network_hostile as peer_port
from tests.integration import test_node_processes as processes
from tests.integration import test_node_recovery as node_recovery
from tests.integration import test_storage_journal as journal
from tests.simulation import test_cluster as clusters
from tests.simulation import test_forensics as forks
from tests.unit.chain import test_certificate as certificates
from tests.unit.chain import test_snapshot as chunks
from tests.unit.consensus import test_forensics as forensics
from tests.unit.consensus import test_machine as machine
from tests.unit.consensus import test_recovery as recovery
from tests.unit.consensus import test_timing as timing
from tests.unit.contracts import test_membership as membership
from tests.unit.node import test_assembly as assembly
from tests.unit.node import test_driver as driver
from tests.unit.node import test_four_nodes as four_nodes
from tests.unit.node import test_state_sync as state_sync

Told = tuple[Callable[..., Any], ...]

SCENARIOS: Final[dict[int, tuple[str, Told]]] = {
    1: (
        "two-faced proposer",
        (
            machine.test_a_two_faced_proposer_makes_no_fork_and_the_majority_block_is_locked,
            clusters.test_hostile_schedules_hold_and_reach_what_is_rare,
        ),
    ),
    2: (
        "Twins: one key twice, partitions and leaders round by round",
        (
            clusters.test_every_partition_and_leader_of_two_rounds_comes_first,
            clusters.test_twins_hold_and_reach_what_is_rare,
        ),
    ),
    3: ("hidden lock", (machine.test_a_hidden_lock_comes_out_when_its_holder_proposes,)),
    4: (
        "delayed polka: with its proposal, never, before and after the timer",
        (
            machine.test_a_newer_polka_brought_with_the_proposal_unlocks,
            machine.test_a_proposal_without_its_polka_waits_and_the_timer_wins,
            machine.test_a_polka_that_comes_vote_by_vote_after_the_proposal_is_answered,
            machine.test_a_polka_after_the_timer_changes_no_vote_but_the_next_round_uses_it,
        ),
    ),
    5: ("made-up valid round", (machine.test_a_made_up_valid_round_gets_no_vote_and_nil_when_time_is_up,)),
    6: ("true but older certificate", (machine.test_a_true_polka_older_than_the_lock_does_not_unlock,)),
    7: (
        "quorum for an unknown body, which comes two rounds later",
        (machine.test_a_quorum_for_an_unknown_body_asks_for_it_and_decides_two_rounds_later,),
    ),
    8: (
        "third vote of an equivocator and the certificate",
        (machine.test_an_equivocator_cannot_hide_a_decision, machine.test_an_equivocator_cannot_hide_a_polka),
    ),
    9: (
        "equivocator in both tallies makes no decision",
        (machine.test_two_halves_are_no_quorum_and_an_equivocator_in_both_decides_nothing,),
    ),
    10: (
        "crash after each single write, all at once, after nil votes only",
        (
            recovery.test_killed_after_any_write_it_signs_no_position_twice,
            recovery.test_killed_after_any_write_the_lock_stands,
            recovery.test_all_killed_after_nil_votes_only_go_on_from_the_votes_they_said,
            processes.test_all_killed_at_once_go_on_together,
        ),
    ),
    11: (
        "torn tail, older signer file, two processes on one key",
        (
            journal.test_a_file_that_ends_inside_its_last_record_is_cut_back_to_the_one_before,
            journal.test_a_file_that_is_zero_to_its_end_is_cut_back_to_the_record_before,
            recovery.test_an_older_journal_signs_nothing_it_could_have_signed_already,
            recovery.test_a_journal_more_than_one_height_behind_the_block_log_may_not_sign,
            node_recovery.test_an_older_journal_retires_the_key_and_that_stays,
            journal.test_a_second_process_is_refused_also_after_a_prune,
            processes.test_two_processes_do_not_share_a_directory,
        ),
    ),
    12: (
        "lock holder returns before and after the others moved on",
        (
            recovery.test_a_lock_holder_back_before_the_others_moved_on_decides_with_them,
            recovery.test_a_lock_holder_back_after_the_others_moved_on_follows_a_newer_polka,
        ),
    ),
    13: ("partitions, asymmetric too, that heal in steps", (clusters.test_a_network_in_pieces_heals,)),
    14: ("every first sending lost", (clusters.test_everything_first_sent_is_lost,)),
    15: (
        "wrong clocks, and bounds to the millisecond",
        (
            machine.test_a_fresh_block_must_be_timely,
            machine.test_a_block_offered_again_may_be_older_than_any_bound,
            clusters.test_wrong_clocks_cost_rounds_and_no_safety,
            clusters.test_a_clock_that_is_set_costs_rounds_and_no_safety,
        ),
    ),
    16: (
        "the last round number from one and from more than a third",
        (
            machine.test_one_validator_naming_the_last_round_moves_nobody_and_one_third_more_does,
            machine.test_of_far_rounds_only_the_highest_message_of_a_validator_is_kept,
        ),
    ),
    17: (
        "invalid block, oversize block, wrong parent",
        (
            machine.test_an_invalid_block_gets_nil,
            assembly.test_a_block_above_the_size_of_the_parameters_is_invalid,
            assembly.test_one_wrong_field_makes_the_block_invalid,
        ),
    ),
    18: (
        "validators change: effective at h+2, across crashes and late rounds, down to one and up from one",
        (
            membership.test_a_change_takes_effect_two_blocks_later,
            clusters.test_the_validators_change_from_height_to_height,
        ),
    ),
    19: (
        "evidence: true, forged, too old; amnesia by the forensic tool, no honest validator named",
        (
            machine.test_two_contents_of_one_validator_are_evidence_once,
            machine.test_two_proposals_of_one_round_are_evidence,
            assembly.test_forged_evidence_proves_nothing,
            assembly.test_evidence_older_than_ten_thousand_heights_is_refused,
            forensics.test_a_commit_and_a_later_polka_of_another_name_who_was_in_both,
            forks.test_forked_networks_name_more_than_a_third_and_no_honest_validator,
            forensic_command.test_the_archives_of_the_honest_convict_more_than_a_third_with_both_messages,
        ),
    ),
    20: (
        "late joiner; a wrong chunk; a doubled, a swapped and a bad signature in a commit",
        (
            four_nodes.test_who_comes_a_thousand_heights_late_takes_them_over_while_blocks_go_on_and_votes,
            state_sync.test_a_liar_is_blamed_and_the_others_are_asked,
            chunks.test_nothing_can_be_left_out_added_changed_or_reordered,
            certificates.test_one_signature_counted_twice_is_refused,
            certificates.test_signatures_in_each_others_place_are_refused,
            certificates.test_one_bad_signature_beyond_the_quorum_is_refused,
            driver.test_a_commit_with_one_false_signature_is_its_senders_fault,
        ),
    ),
    21: (
        "silence, then one transaction",
        (
            timing.test_a_height_begins_with_work_after_the_interval_or_without_it_when_idle_long_enough,
            four_nodes.test_without_documents_there_is_silence_and_then_one_block,
        ),
    ),
    22: (
        "one node executes otherwise: it stops, the others go on",
        (
            machine.test_a_fault_is_tried_once_more_at_decision_and_then_stops_the_node,
            machine.test_a_quorum_for_an_invalid_block_stops_the_node,
            four_nodes.test_a_node_that_executes_otherwise_stops_and_the_others_go_on,
        ),
    ),
    23: (
        "a proposer censors: the transaction gets in within n heights",
        (four_nodes.test_a_document_that_one_proposer_leaves_out_enters_within_as_many_heights_as_members,),
    ),
    24: (
        "a slow validator does not slow the others",
        (clusters.test_a_slow_validator_does_not_slow_the_others,),
    ),
    25: (
        "slowloris and oversized frames on the peer port",
        (
            peer_port.test_a_peer_that_drips_a_frame_is_let_go,
            peer_port.test_a_frame_out_of_bounds_ends_the_link_from_its_header,
            peer_port.test_a_tls_handshake_that_stops_is_let_go,
            peer_port.test_a_silent_peer_is_let_go,
        ),
    ),
}
"""Number, what it is about, who tells it."""
