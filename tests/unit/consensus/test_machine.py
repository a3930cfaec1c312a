"""The rules of one height, by scripted stories. Four validators of equal power unless said; the machine is
member 1; in round r the proposer is member r mod 4; member 3 is Byzantine where somebody is."""

import pytest

from chain.certificate import ROUND_MAXIMUM, VoteKind
from chain.evidence import check_evidence
from chain.types import Height, Round
from consensus.effects import (
    Broadcast,
    BuildBlock,
    CheckBlock,
    Decide,
    Record,
    ReportEquivocation,
    RequestBody,
    ScheduleTimeout,
)
from consensus.inputs import (
    BlockBuilt,
    BlockChecked,
    BodyReceived,
    CertificateReceived,
    ProposalReceived,
    Verdict,
    VoteReceived,
)
from consensus.machine import HaltError
from consensus.messages import Step
from tests.support.committee import (
    BAD,
    CHAIN_ID,
    FAULTY,
    NOON_MS,
    Committee,
    Seat,
    decisions_in,
    precommit,
    prevote,
    proposals_in,
    votes_in,
)

FOUR = Committee(4)
A = FOUR.block(b"A", proposer=0)
B = FOUR.block(b"B", proposer=3)
C = FOUR.block(b"C", proposer=2)
MINE = FOUR.block(b"mine", proposer=1)
PV, PC = VoteKind.PREVOTE, VoteKind.PRECOMMIT


def a_seat(committee: Committee = FOUR, i: int = 1) -> Seat:
    seat = Seat(committee, i, build=lambda round_: committee.block(b"mine%d" % round_, proposer=i))
    seat.start()
    return seat


def locked_on_a() -> Seat:
    seat = a_seat()
    assert votes_in(seat.offered(A, 0)) == [prevote(0, A)]
    assert votes_in(seat.hear(*FOUR.prevotes(0, A.block_id, (0, 3)))) == [precommit(0, A)]
    assert (seat.machine.lock_round, seat.machine.lock_id) == (0, A.block_id)
    return seat


def in_round(seat: Seat, round_: int) -> Seat:
    """Two others speak of that round, so this one follows."""
    seat.hear(*FOUR.precommits(round_, None, (0, 3 if seat.i == 2 else 2)))
    assert seat.machine.round == round_
    return seat


# --- the plain course


def test_four_messages_decide_and_every_own_vote_is_recorded_before_it_is_sent() -> None:
    seat = a_seat()
    seat.offered(A, 0)
    seat.hear(*FOUR.prevotes(0, A.block_id, (0, 2)))
    seat.hear(*FOUR.precommits(0, A.block_id, (0, 2)))
    shape = [type(effect) for effect in seat.said]
    own_vote = [Record, Broadcast]
    assert shape == [ScheduleTimeout, CheckBlock, *own_vote, *own_vote, Decide]
    assert decisions_in(seat.said) == [(0, A.block_id)]
    assert seat.machine.is_decided


def test_a_decision_brings_a_certificate_that_verifies_from_its_bytes() -> None:
    seat = a_seat()
    seat.offered(A, 0)
    seat.hear(*FOUR.prevotes(0, A.block_id, (0, 2)))
    (decide,) = [e for e in seat.hear(*FOUR.precommits(0, A.block_id, (0, 2))) if isinstance(e, Decide)]
    assert decide.certificate == FOUR.certificate(0, A.block_id, (0, 1, 2))


def test_the_proposer_asks_for_a_block_offers_it_and_votes_for_it() -> None:
    seat = Seat(FOUR, 0)
    assert seat.start() == [
        BuildBlock(Height(1), Round(0)),
        ScheduleTimeout(Height(1), Round(0), Step.PROPOSE, 3_000),
    ]
    effects = seat.see(BlockBuilt(Round(0), A))
    (offered,) = proposals_in(effects)
    assert (offered.proposal, offered.block, offered.polka) == (FOUR.proposal(0, A.block_id), A, ())
    assert votes_in(effects) == [prevote(0, A)]
    assert [type(effect) for effect in effects] == [Record, Broadcast, Record, Broadcast]


def test_a_block_built_too_late_is_dropped() -> None:
    seat = Seat(FOUR, 0)
    seat.start()
    seat.elapse(Step.PROPOSE, 0)
    assert seat.see(BlockBuilt(Round(0), A)) == []
    in_round(seat, 1)
    assert seat.see(BlockBuilt(Round(0), A)) == []


def test_a_lone_validator_decides_alone() -> None:
    one = Committee(1)
    block = one.block(b"alone", proposer=0)
    seat = Seat(one, 0, build=lambda round_: block)
    assert decisions_in(seat.start()) == [(0, block.block_id)]


def test_a_follower_decides_and_says_nothing() -> None:
    seat = Seat(FOUR, None)
    seat.start()
    seat.offered(A, 0)
    seat.hear(*FOUR.prevotes(0, A.block_id, (0, 1, 2)))
    effects = seat.hear(*FOUR.precommits(0, A.block_id, (0, 1, 2)))
    assert decisions_in(effects) == [(0, A.block_id)]
    assert [effect for effect in seat.said if isinstance(effect, Record | Broadcast)] == []


# --- quorums: strictly more than two thirds, strictly more than one third


@pytest.mark.parametrize(("n", "enough"), [(3, 3), (4, 3), (5, 4), (6, 5), (7, 5), (9, 7)])
def test_a_decision_needs_more_than_two_thirds(n: int, enough: int) -> None:
    committee = Committee(n)
    block = committee.block(b"A", proposer=0)
    seat = Seat(committee, None)
    seat.start()
    seat.offered(block, 0)
    votes = committee.precommits(0, block.block_id, range(enough))
    assert decisions_in(seat.hear(*votes[:-1])) == []
    assert decisions_in(seat.hear(votes[-1])) == [(0, block.block_id)]


@pytest.mark.parametrize(("n", "enough"), [(3, 2), (4, 2), (6, 3), (7, 3), (9, 4)])
def test_a_skip_needs_more_than_one_third(n: int, enough: int) -> None:
    committee = Committee(n)
    seat = Seat(committee, None)
    seat.start()
    votes = committee.prevotes(5, None, range(enough))
    seat.hear(*votes[:-1])
    assert seat.machine.round == 0
    seat.hear(votes[-1])
    assert seat.machine.round == 5


def test_power_counts_and_not_heads() -> None:
    heavy = Committee(4, powers=[5, 1, 1, 1])
    block = heavy.block(b"A", proposer=0)
    seat = Seat(heavy, None)
    seat.start()
    seat.offered(block, 0)
    assert decisions_in(seat.hear(*heavy.precommits(0, block.block_id, (1, 2, 3)))) == []
    assert decisions_in(seat.hear(*heavy.precommits(0, block.block_id, (0,)))) == [(0, block.block_id)]


def test_two_halves_are_no_quorum_and_an_equivocator_in_both_decides_nothing() -> None:
    """Scenario 9."""
    seat = a_seat()
    seat.offered(A, 0)
    seat.hear(*FOUR.precommits(0, A.block_id, (0, 3)), *FOUR.precommits(0, B.block_id, (2, 3)))
    assert not seat.machine.is_decided


def test_any_tallies_count_an_equivocator_once() -> None:
    seat = a_seat()
    two = (*FOUR.precommits(0, A.block_id, (3,)), *FOUR.precommits(0, None, (3,)))
    timed = seat.hear(*two, *FOUR.precommits(0, None, (0,)))
    assert [effect for effect in timed if isinstance(effect, ScheduleTimeout)] == []


# --- locks and valid values


def test_a_made_up_valid_round_gets_no_vote_and_nil_when_time_is_up() -> None:
    """Scenario 5."""
    seat = in_round(locked_on_a(), 3)
    assert votes_in(seat.offered(B, 3, pol=Round(2))) == []
    assert votes_in(seat.elapse(Step.PROPOSE, 3)) == [prevote(3, None)]


def test_a_polka_of_too_few_is_no_polka() -> None:
    seat = in_round(locked_on_a(), 3)
    assert votes_in(seat.offered(B, 3, Round(2), FOUR.prevotes(2, B.block_id, (0, 3)))) == []


def test_a_polka_of_false_signatures_is_no_polka() -> None:
    seat = in_round(locked_on_a(), 3)
    forged = tuple(FOUR.vote(PV, 1, B.block_id, i) for i in (0, 2, 3))  # signed for round 1, shown for 2
    shown = tuple(
        type(vote)(PV, vote.height, Round(2), vote.block_id, vote.pol, vote.address, vote.signature)
        for vote in forged
    )
    assert votes_in(seat.offered(B, 3, Round(2), shown)) == []
    assert seat.machine.rejected == 3


def test_a_true_polka_older_than_the_lock_does_not_unlock() -> None:
    """Scenario 6."""
    seat = in_round(a_seat(), 2)
    seat.offered(C, 2)
    seat.hear(*FOUR.prevotes(2, C.block_id, (0, 2)))
    assert (seat.machine.lock_round, seat.machine.lock_id) == (2, C.block_id)
    in_round(seat, 3)
    polka = FOUR.prevotes(1, B.block_id, (0, 2, 3))
    assert votes_in(seat.offered(B, 3, Round(1), polka)) == [prevote(3, None, pol=1)]


def test_a_newer_polka_brought_with_the_proposal_unlocks() -> None:
    """Scenario 4, the polka comes along."""
    seat = in_round(locked_on_a(), 2)
    polka = FOUR.prevotes(1, B.block_id, (0, 2, 3))
    assert votes_in(seat.offered(B, 2, Round(1), polka)) == [prevote(2, B, pol=1)]


def test_a_proposal_without_its_polka_waits_and_the_timer_wins() -> None:
    """Scenario 4, the polka comes never."""
    seat = in_round(locked_on_a(), 2)
    assert votes_in(seat.offered(B, 2, Round(1))) == []
    assert votes_in(seat.elapse(Step.PROPOSE, 2)) == [prevote(2, None)]


def test_a_polka_that_comes_vote_by_vote_after_the_proposal_is_answered() -> None:
    """Scenario 4, the polka comes before the timer."""
    seat = in_round(locked_on_a(), 2)
    seat.offered(B, 2, Round(1))
    assert votes_in(seat.hear(*FOUR.prevotes(1, B.block_id, (0, 2, 3)))) == [prevote(2, B, pol=1)]


def test_a_polka_after_the_timer_changes_no_vote_but_the_next_round_uses_it() -> None:
    """Scenario 4, the polka comes after the timer."""
    seat = in_round(locked_on_a(), 2)
    seat.offered(B, 2, Round(1))
    seat.elapse(Step.PROPOSE, 2)
    assert votes_in(seat.hear(*FOUR.prevotes(1, B.block_id, (0, 2, 3)))) == []
    in_round(seat, 3)
    assert votes_in(seat.offered(B, 3, Round(1))) == [prevote(3, B, pol=1)]


def test_a_locked_validator_refuses_a_fresh_block() -> None:
    seat = in_round(locked_on_a(), 2)
    assert votes_in(seat.offered(C, 2)) == [prevote(2, None)]


def test_a_hidden_lock_comes_out_when_its_holder_proposes() -> None:
    """Scenario 3: only member 1 locked A; as proposer it brings A with the polka, and all follow."""
    seat = locked_on_a()
    seat.hear(*FOUR.precommits(0, None, (0, 2)))
    effects = seat.elapse(Step.PRECOMMIT, 0)
    (offered,) = proposals_in(effects)
    assert (offered.proposal.block_id, offered.proposal.pol, offered.block) == (A.block_id, 0, A)
    assert {vote.address for vote in offered.polka} == {FOUR.address(i) for i in (0, 1, 3)}
    assert [effect for effect in effects if isinstance(effect, BuildBlock)] == []
    other = in_round(a_seat(i=2), 1)
    received = ProposalReceived(offered.proposal, offered.block, offered.polka, NOON_MS)
    assert votes_in(other.see(received)) == [prevote(1, A, pol=0)]


def test_the_valid_value_is_offered_again_though_it_was_never_locked() -> None:
    """A polka seen after the own precommit nil makes a valid value, no lock."""
    seat = a_seat()
    seat.offered(A, 0)
    seat.hear(*FOUR.prevotes(0, None, (2, 3)))
    assert votes_in(seat.elapse(Step.PREVOTE, 0)) == [precommit(0, None)]
    seat.hear(*FOUR.prevotes(0, A.block_id, (0, 3)))
    assert (seat.machine.lock_round, seat.machine.valid_round) == (-1, 0)
    seat.hear(*FOUR.precommits(0, None, (0, 2)))
    (offered,) = proposals_in(seat.elapse(Step.PRECOMMIT, 0))
    assert (offered.proposal.block_id, offered.proposal.pol) == (A.block_id, 0)


def test_prevotes_of_different_valid_rounds_do_not_add_up_to_a_lock() -> None:
    """I3: the same id and pol."""
    seat = in_round(locked_on_a(), 2)
    seat.offered(B, 2, Round(1), FOUR.prevotes(1, B.block_id, (0, 2, 3)))
    assert votes_in(seat.hear(*FOUR.prevotes(2, B.block_id, (0, 3), pol=0))) == []
    assert seat.machine.lock_round == 0
    assert votes_in(seat.hear(*FOUR.prevotes(2, B.block_id, (0, 2), pol=1))) == [precommit(2, B)]


def test_nil_prevotes_of_a_quorum_are_answered_by_nil() -> None:
    seat = a_seat()
    seat.offered(A, 0)
    assert votes_in(seat.hear(*FOUR.prevotes(0, None, (0, 2, 3)))) == [precommit(0, None)]


def test_no_precommit_before_the_own_prevote() -> None:
    seat = a_seat()
    assert votes_in(seat.hear(*FOUR.prevotes(0, A.block_id, (0, 2, 3)))) == []
    assert votes_in(seat.offered(A, 0)) == [prevote(0, A), precommit(0, A)]


# --- what a proposal must be


def test_a_proposal_by_another_than_the_proposer_is_dropped() -> None:
    seat = a_seat()
    forged = FOUR.proposal(0, B.block_id, i=3)
    assert seat.see(ProposalReceived(forged, B, (), NOON_MS)) == []


def test_a_proposal_with_a_false_signature_is_dropped() -> None:
    seat = a_seat()
    true = FOUR.proposal(0, B.block_id)
    forged = type(true)(true.height, true.round, A.block_id, true.pol, true.address, true.signature)
    assert seat.see(ProposalReceived(forged, A, (), NOON_MS)) == []
    assert seat.machine.rejected == 1


def test_an_invalid_block_gets_nil() -> None:
    """Scenario 17."""
    seat = a_seat()
    assert votes_in(seat.offered(FOUR.block(BAD, proposer=0), 0)) == [prevote(0, None)]


def test_a_fresh_block_built_by_another_gets_nil() -> None:
    seat = a_seat()
    assert votes_in(seat.offered(FOUR.block(b"stolen", proposer=2), 0)) == [prevote(0, None)]


@pytest.mark.parametrize(
    ("late_ms", "is_timely"), [(-501, False), (-500, True), (0, True), (5_500, True), (5_501, False)]
)
def test_a_fresh_block_must_be_timely(late_ms: int, is_timely: bool) -> None:
    """Scenario 15: `late_ms` is arrival minus block time; bounds are the precision and the delay."""
    seat = a_seat()
    received = ProposalReceived(FOUR.proposal(0, A.block_id), A, (), NOON_MS + late_ms)
    assert votes_in(seat.see(received)) == [prevote(0, A if is_timely else None)]


def test_a_block_offered_again_may_be_older_than_any_bound() -> None:
    """Scenario 15."""
    seat = in_round(a_seat(), 2)
    polka = FOUR.prevotes(0, A.block_id, (0, 2, 3))
    received = ProposalReceived(FOUR.proposal(2, A.block_id, 0), A, polka, NOON_MS + 86_400_000)
    assert votes_in(seat.see(received)) == [prevote(2, A, pol=0)]


def test_timely_is_judged_by_the_first_arrival() -> None:
    seat = a_seat()
    signed = FOUR.proposal(0, A.block_id)
    seat.see(ProposalReceived(signed, None, (), NOON_MS))
    assert votes_in(seat.see(ProposalReceived(signed, A, (), NOON_MS + 60_000))) == [prevote(0, A)]


def test_a_body_under_another_id_is_not_taken() -> None:
    seat = a_seat()
    assert votes_in(seat.see(ProposalReceived(FOUR.proposal(0, A.block_id), B, (), NOON_MS))) == []
    assert seat.machine.body(B.block_id) is None


# --- bodies that are missing, checks that are pending


def test_a_quorum_for_an_unknown_body_asks_for_it_and_decides_two_rounds_later() -> None:
    """Scenario 7."""
    seat = a_seat()
    assert RequestBody(B.block_id) in seat.hear(*FOUR.precommits(0, B.block_id, (0, 2, 3)))
    in_round(seat, 2)
    assert decisions_in(seat.see(BodyReceived(B))) == [(0, B.block_id)]


def test_a_two_faced_proposer_makes_no_fork_and_the_majority_block_is_locked() -> None:
    """Scenario 1: A was offered to us, B to the others."""
    seat = a_seat()
    seat.offered(A, 0)
    effects = seat.hear(*FOUR.prevotes(0, B.block_id, (0, 2, 3)))
    assert RequestBody(B.block_id) in effects
    assert votes_in(seat.see(BodyReceived(B))) == [precommit(0, B)]
    assert seat.machine.lock_id == B.block_id


def test_a_body_is_asked_for_once() -> None:
    seat = a_seat()
    seat.hear(*FOUR.precommits(0, B.block_id, (0, 2, 3)))
    in_round(seat, 2)
    assert [effect for effect in seat.said if isinstance(effect, RequestBody)] == [RequestBody(B.block_id)]


def test_a_body_that_came_too_late_is_asked_for_again_when_it_is_wanted_again() -> None:
    seat = a_seat()
    signed = FOUR.proposal(0, A.block_id)
    assert RequestBody(A.block_id) in seat.see(ProposalReceived(signed, None, (), NOON_MS))
    in_round(seat, 2)
    seat.see(BodyReceived(A))
    assert seat.machine.body(A.block_id) is None
    assert RequestBody(A.block_id) in seat.hear(*FOUR.precommits(0, A.block_id, (0, 2, 3)))


def test_a_body_nobody_asked_for_is_not_kept() -> None:
    seat = a_seat()
    seat.see(BodyReceived(B))
    assert seat.machine.body(B.block_id) is None


def test_until_the_check_is_answered_the_body_counts_as_unknown() -> None:
    machine = FOUR.machine(1)
    machine.start()
    received = ProposalReceived(FOUR.proposal(0, A.block_id), A, (), NOON_MS)
    assert machine.handle(received) == (CheckBlock(A),)
    assert votes_in(machine.handle(BlockChecked(A.block_id, Verdict.VALID))) == [prevote(0, A)]


def test_an_execution_fault_is_not_remembered_and_the_next_round_asks_again() -> None:
    seat = a_seat()
    faulty = FOUR.block(FAULTY, proposer=0)
    assert votes_in(seat.offered(faulty, 0)) == [prevote(0, None)]
    in_round(seat, 2)
    polka = FOUR.prevotes(0, faulty.block_id, (0, 2, 3))
    assert CheckBlock(faulty) in seat.offered(faulty, 2, Round(0), polka)


def test_a_verdict_is_remembered() -> None:
    seat = a_seat()
    seat.offered(A, 0)
    in_round(seat, 2)
    effects = seat.offered(A, 2, Round(0), FOUR.prevotes(0, A.block_id, (0, 2, 3)))
    assert [effect for effect in effects if isinstance(effect, CheckBlock)] == []
    assert votes_in(effects) == [prevote(2, A, pol=0)]


def test_a_quorum_for_an_invalid_block_stops_the_node() -> None:
    seat = a_seat()
    bad = FOUR.block(BAD, proposer=0)
    seat.offered(bad, 0)
    with pytest.raises(HaltError):
        seat.hear(*FOUR.precommits(0, bad.block_id, (0, 2, 3)))


def test_a_fault_is_tried_once_more_at_decision_and_then_stops_the_node() -> None:
    """Scenario 22, on the one node that differs."""
    machine = FOUR.machine(1)
    machine.start()
    faulty = FOUR.block(FAULTY, proposer=0)
    machine.handle(ProposalReceived(FOUR.proposal(0, faulty.block_id), faulty, (), NOON_MS))
    machine.handle(BlockChecked(faulty.block_id, Verdict.FAULT))
    effects = [
        effect
        for vote in FOUR.precommits(0, faulty.block_id, (0, 2, 3))
        for effect in machine.handle(VoteReceived(vote))
    ]
    assert CheckBlock(faulty) in effects
    with pytest.raises(HaltError):
        machine.handle(BlockChecked(faulty.block_id, Verdict.FAULT))


# --- intake


def test_an_equivocator_cannot_hide_a_decision() -> None:
    """Scenario 8: its two other votes came first; the certificate still counts."""
    seat = a_seat()
    seat.offered(A, 0)
    seat.hear(*(FOUR.vote(PC, 0, block_id, 3) for block_id in (B.block_id, None, A.block_id)))
    seat.hear(*FOUR.precommits(0, A.block_id, (0, 2)))
    assert not seat.machine.is_decided
    certificate = FOUR.certificate(0, A.block_id, (0, 2, 3))
    assert decisions_in(seat.see(CertificateReceived(certificate, None))) == [(0, A.block_id)]


def test_an_equivocator_cannot_hide_a_polka() -> None:
    seat = in_round(locked_on_a(), 2)
    seat.hear(*FOUR.prevotes(1, A.block_id, (3,)), *FOUR.prevotes(1, None, (3,)))
    polka = FOUR.prevotes(1, B.block_id, (0, 2, 3))
    assert votes_in(seat.offered(B, 2, Round(1), polka)) == [prevote(2, B, pol=1)]


def test_an_equivocator_cannot_fill_the_memory_through_polkas() -> None:
    """Each copy of one proposal carries another prevote of it for the same block; two are kept."""
    seat = in_round(a_seat(), 50)
    for pol in range(-1, 39):
        polka = (*FOUR.prevotes(40, B.block_id, (0, 2)), FOUR.vote(PV, 40, B.block_id, 3, pol))
        seat.offered(B, 50, Round(40), polka)
    assert sum(vote.address == FOUR.address(3) for vote in seat.machine.votes()) == 2


def test_a_certificate_decides_before_the_first_round() -> None:
    seat = Seat(FOUR, 1)
    certificate = FOUR.certificate(4, A.block_id, (0, 2, 3))
    assert decisions_in(seat.see(CertificateReceived(certificate, A))) == [(4, A.block_id)]


@pytest.mark.parametrize("who", [(0, 2), (0, 3)])
def test_a_certificate_without_a_quorum_decides_nothing(who: tuple[int, ...]) -> None:
    seat = a_seat()
    assert seat.see(CertificateReceived(FOUR.certificate(0, A.block_id, who), A)) == []
    assert seat.machine.body(A.block_id) is None


def test_a_certificate_with_one_false_signature_counts_only_the_true_ones() -> None:
    seat = a_seat()
    true = FOUR.certificate(0, A.block_id, (0, 2, 3))
    swapped = (*true.signatures[:2], (3, true.signatures[0][1]))
    forged = type(true)(true.height, true.round, true.block_id, swapped)
    assert decisions_in(seat.see(CertificateReceived(forged, A))) == []
    assert seat.machine.rejected == 1


def test_one_validator_naming_the_last_round_moves_nobody_and_one_third_more_does() -> None:
    """Scenario 16."""
    seat = a_seat()
    seat.hear(FOUR.vote(PV, ROUND_MAXIMUM, None, 3))
    assert seat.machine.round == 0
    seat.hear(FOUR.vote(PV, 5, None, 2))
    assert seat.machine.round == 5
    seat.hear(FOUR.vote(PV, ROUND_MAXIMUM, None, 2))
    assert seat.machine.round == ROUND_MAXIMUM
    seat.hear(*FOUR.precommits(ROUND_MAXIMUM, None, (0, 2, 3)))
    seat.elapse(Step.PRECOMMIT, ROUND_MAXIMUM)
    assert seat.machine.round == ROUND_MAXIMUM  # there is no round after it


def test_of_far_rounds_only_the_highest_message_of_a_validator_is_kept() -> None:
    seat = a_seat()
    for round_ in range(2, 200):
        seat.hear(FOUR.vote(PV, round_, None, 3), FOUR.vote(PC, round_, None, 3))
    assert len(seat.machine.votes()) == 0
    seat.hear(FOUR.vote(PV, 199, None, 2))
    held = {(vote.round, vote.kind, vote.address) for vote in seat.machine.votes()}
    assert held == {(199, PC, FOUR.address(3)), (199, PV, FOUR.address(2))}


def test_a_far_proposal_is_used_when_its_round_is_entered() -> None:
    seat = a_seat()
    block = FOUR.block(b"far", proposer=2)
    seat.offered(block, 6)
    assert seat.machine.body(block.block_id) is None
    assert RequestBody(block.block_id) in seat.hear(*FOUR.prevotes(6, None, (0,)))
    assert votes_in(seat.see(BodyReceived(block))) == [prevote(6, block)]


def test_votes_of_strangers_other_heights_and_false_signatures_do_not_count() -> None:
    seat = a_seat()
    stranger = Committee(5).vote(PV, 0, None, 0)
    other_height = FOUR.vote(PV, 0, None, 2, height=2)
    true = FOUR.vote(PV, 0, None, 2)
    forged = type(true)(PV, true.height, true.round, A.block_id, true.pol, true.address, true.signature)
    seat.hear(stranger, other_height, forged)
    assert seat.machine.votes() == ()


def test_both_contents_of_an_equivocator_count() -> None:
    """Else one lie told first to one node hides a decision from it."""
    seat = a_seat()
    seat.offered(A, 0)
    votes = (FOUR.vote(PC, 0, block_id, 3) for block_id in (B.block_id, A.block_id))
    assert decisions_in(seat.hear(*votes, *FOUR.precommits(0, A.block_id, (0, 2)))) == [(0, A.block_id)]


def test_a_third_content_of_one_validator_is_dropped() -> None:
    seat = a_seat()
    seat.hear(*(FOUR.vote(PV, 0, block.block_id, 3) for block in (A, B, C)))
    assert [vote.block_id for vote in seat.machine.votes()] == [A.block_id, B.block_id]


@pytest.mark.parametrize("kind", [PV, PC])
def test_two_contents_of_one_validator_are_evidence_once(kind: VoteKind) -> None:
    """Scenario 19."""
    real = Committee(4, real=True)
    seat = a_seat(real)
    effects = seat.hear(
        *(real.vote(kind, 0, block_id, 3) for block_id in (A.block_id, None)),
        *(real.vote(kind, 1, block_id, 3) for block_id in (A.block_id, None)),
    )
    (report,) = [effect for effect in effects if isinstance(effect, ReportEquivocation)]
    assert report.validator == real.address(3)
    check_evidence(report.evidence, real.validators, CHAIN_ID)


def test_two_proposals_of_one_round_are_evidence() -> None:
    """Scenario 19."""
    real = Committee(4, real=True)
    seat = a_seat(real)
    block = real.block(b"A", proposer=0)
    seat.offered(block, 0)
    second = ProposalReceived(real.proposal(0, B.block_id), None, (), NOON_MS)
    (report,) = [effect for effect in seat.see(second) if isinstance(effect, ReportEquivocation)]
    assert report.validator == real.address(0)
    check_evidence(report.evidence, real.validators, CHAIN_ID)


# --- timers


def test_a_quorum_of_mixed_prevotes_starts_one_timer_and_it_ends_in_nil() -> None:
    seat = a_seat()
    seat.offered(A, 0)
    effects = seat.hear(FOUR.vote(PV, 0, None, 0), FOUR.vote(PV, 0, B.block_id, 2), FOUR.vote(PV, 0, None, 3))
    assert effects == [ScheduleTimeout(Height(1), Round(0), Step.PREVOTE, 500)]
    assert votes_in(seat.elapse(Step.PREVOTE, 0)) == [precommit(0, None)]


def test_a_quorum_of_precommits_starts_one_timer_in_any_step_and_it_ends_the_round() -> None:
    seat = a_seat()
    effects = seat.hear(*FOUR.precommits(0, None, (0, 2, 3)))
    assert effects == [ScheduleTimeout(Height(1), Round(0), Step.PRECOMMIT, 500)]
    seat.elapse(Step.PRECOMMIT, 0)
    assert (seat.machine.round, seat.machine.step) == (
        1,
        Step.PREVOTE,
    )  # as proposer it has offered and voted


def test_a_timer_of_another_round_step_or_height_is_ignored() -> None:
    seat = a_seat()
    seat.offered(A, 0)
    assert seat.elapse(Step.PROPOSE, 0) == []
    assert seat.elapse(Step.PRECOMMIT, 1) == []
    in_round(seat, 2)
    assert seat.elapse(Step.PROPOSE, 0) == []


# --- the own key


def test_an_own_signature_that_the_journal_lacks_silences_the_key_for_ever() -> None:
    seat = a_seat()
    effects = seat.hear(FOUR.vote(PV, 0, B.block_id, 1))
    assert [type(effect) for effect in effects] == [Record]
    assert votes_in(seat.offered(A, 0)) == []
    again = seat.restarted()
    again.start()
    assert votes_in(again.offered(A, 0)) == []


def test_an_own_vote_that_comes_back_is_no_alarm() -> None:
    seat = a_seat()
    seat.offered(A, 0)
    assert seat.hear(FOUR.vote(PV, 0, A.block_id, 1)) == []
    assert seat.machine.rejected == 0
