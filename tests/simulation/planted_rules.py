"""Bugs to plant in what surrounds the machine: certificates, evidence, blocks, journal, archives, contracts.

Each changes one line of production code; a line that is not there any more fails the planting.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from chain import keys
from chain.certificate import verify_certificate, vote_sign_bytes
from chain.evidence import check_evidence
from consensus import forensics
from consensus.machine import Consensus
from consensus.messages import Transactions
from consensus.signer import Signer, journal_fault
from contracts import executor, membership
from node import archive, assembly
from node.driver import Driver
from tests.simulation.planted import Bug, edited, replaced

BUGS: dict[str, Bug] = {}


def bug(plant: Bug) -> Bug:
    BUGS[plant.__name__] = plant
    return plant


# --- certificates and signatures


@bug
def a_doubled_signature_counts_twice() -> AbstractContextManager[Any]:
    return edited(verify_certificate, "previous < index < len(members)", "previous <= index < len(members)")


@bug
def signatures_may_stand_in_each_others_place() -> AbstractContextManager[Any]:
    return edited(
        verify_certificate,
        "if not verify(members[index].public_key, message, signature):",
        "if not any(verify(member.public_key, message, signature) for member in members):",
    )


@bug
def what_comes_after_the_quorum_is_not_verified() -> AbstractContextManager[Any]:
    return edited(
        verify_certificate,
        "for index, signature in certificate.signatures:\n        if not verify",
        "for index, signature in certificate.signatures[: 2 * len(members) // 3 + 1]:\n        if not verify",
    )


@bug
def two_thirds_make_a_certificate() -> AbstractContextManager[Any]:
    return edited(
        verify_certificate,
        "3 * power > 2 * validators.total_power",
        "3 * power >= 2 * validators.total_power",
    )


@bug
def votes_do_not_say_of_which_set_they_are() -> AbstractContextManager[Any]:
    return edited(vote_sign_bytes, "_pol_on_wire(pol), validators_hash]", "_pol_on_wire(pol), bytes(32)]")


@bug
def what_is_signed_names_no_chain() -> AbstractContextManager[Any]:
    return edited(keys.signed_message, "+ chain_id + digest", "+ bytes(32) + digest")


# --- evidence and archives


@bug
def one_message_twice_is_evidence() -> AbstractContextManager[Any]:
    return edited(
        check_evidence, "if (first.block_id, first.pol) == (second.block_id, second.pol):", "if False:"
    )


@bug
def evidence_is_recorded_again() -> AbstractContextManager[Any]:
    return edited(
        membership.record_misbehaviour, "if state.get(Collection.EVIDENCE, key) is not None:", "if False:"
    )


@bug
def evidence_never_grows_too_old() -> AbstractContextManager[Any]:
    return edited(assembly.checked_evidence, "max(1, block.header.height - EVIDENCE_HEIGHTS)", "1")


@bug
def a_lawful_unlock_is_called_amnesia() -> AbstractContextManager[Any]:
    return edited(
        forensics._amnesias, "if any(round_ <= earlier < later and other_id == known", "if any(False"
    )


@bug
def archives_are_believed_without_signatures() -> AbstractContextManager[Any]:
    return edited(
        forensics._signed,
        "if verify(member.public_key, sign_bytes_of[place], message.signature):",
        "if True:",
    )


@bug
def a_second_round_leaves_no_votes() -> AbstractContextManager[Any]:
    return edited(archive.worth_keeping, "if round_ > 0 or reached > 0:", "if False:")


# --- blocks


@bug
def the_history_root_is_not_compared() -> AbstractContextManager[Any]:
    return edited(assembly.check_header, '"history_root": (header.history_root, tip.history.root()),', "")


@bug
def the_history_is_one_block_behind() -> AbstractContextManager[Any]:
    return edited(assembly.Tip.child, "self.history.append(block_id)", "self.history.append(self.block_id)")


@bug
def a_block_may_have_the_time_of_its_parent() -> AbstractContextManager[Any]:
    return edited(assembly.check_header, "header.time_ms <= tip.time_ms", "header.time_ms < tip.time_ms")


@bug
def the_state_root_is_not_compared() -> AbstractContextManager[Any]:
    return edited(
        assembly.execute_block,
        '("outcomes_root", "changes_root", "state_root")',
        '("outcomes_root", "changes_root")',
    )


@bug
def the_certificate_of_the_parent_is_not_verified() -> AbstractContextManager[Any]:
    return edited(
        assembly._check_parent_certificate,
        "verify_certificate(certificate, application.validators_at(tip.height), application.chain_id)",
        "pass",
    )


@bug
def a_block_of_any_size_is_valid() -> AbstractContextManager[Any]:
    return edited(assembly.check_header, "if size_bytes > limit_bytes:", "if False:")


# --- the key and its journal


@bug
def a_position_may_be_signed_again() -> AbstractContextManager[Any]:
    return edited(Signer.sign, "position <= self._last:", "position < self._last:")


@bug
def an_older_journal_may_sign() -> AbstractContextManager[Any]:
    return edited(journal_fault, "if height + 1 < last_height:", "if False:")


@bug
def an_own_vote_that_the_journal_lacks_is_ignored() -> AbstractContextManager[Any]:
    return replaced(Consensus, "_retire", lambda self, what: None)


# --- the driver


@bug
def commits_go_to_the_machine_unverified() -> AbstractContextManager[Any]:
    return edited(
        Driver._take_commit,
        "verify_certificate(commit.certificate, self._validators, self._application.chain_id)",
        "pass",
    )


@bug
def a_message_of_many_transactions_has_no_limit() -> AbstractContextManager[Any]:
    return edited(Transactions.decode, "if len(pairs) > 1 and len(payload) > TXS_BYTES:", "if False:")


@bug
def own_records_of_later_heights_are_forgotten() -> AbstractContextManager[Any]:
    return replaced(Driver, "_recall", lambda self: None)


# --- contracts


@bug
def the_replay_window_is_a_millisecond_longer() -> AbstractContextManager[Any]:
    return edited(executor._check_validity, 'params["replay-window-ms"]', 'params["replay-window-ms"] + 1')


@bug
def client_ids_are_forgotten_a_millisecond_early() -> AbstractContextManager[Any]:
    return edited(executor._expire_ids, ">= context.time_ms:", "> context.time_ms:")


@bug
def a_client_id_is_accepted_twice() -> AbstractContextManager[Any]:
    return edited(executor._use_client_id, "if used is not None:", "if False:")


@bug
def validators_change_one_height_early() -> AbstractContextManager[Any]:
    return replaced(membership, "CHANGE_DELAY", membership.CHANGE_DELAY - 1)


@bug
def validators_change_one_height_late() -> AbstractContextManager[Any]:
    return replaced(membership, "CHANGE_DELAY", membership.CHANGE_DELAY + 1)
