"""R-rec: what a validator knows after a crash, from its journal alone (scenarios 10, 11, 12)."""

from collections.abc import Sequence

import pytest

from chain.certificate import VoteKind
from chain.types import Height, Round
from consensus.effects import Broadcast, BuildBlock, Effect, ScheduleTimeout
from consensus.inputs import ProposalReceived
from consensus.messages import MessageType, Step
from consensus.records import HeightEnded, OwnMessage, decode_record, encode_record
from consensus.signer import journal_fault
from tests.support.committee import (
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
B = FOUR.block(b"B", proposer=0)
C = FOUR.block(b"C", proposer=2)
PV, PC = VoteKind.PREVOTE, VoteKind.PRECOMMIT


def a_life() -> Seat:
    """Member 1 prevotes and precommits A in round 0, proposes it again in round 1, votes nil in round 2."""
    seat = Seat(FOUR, 1)
    seat.start()
    seat.offered(A, 0)
    seat.hear(*FOUR.prevotes(0, A.block_id, (0, 3)))
    seat.hear(*FOUR.precommits(0, None, (0, 2)))
    seat.elapse(Step.PRECOMMIT, 0)
    seat.hear(*FOUR.precommits(2, None, (0, 3)))
    seat.elapse(Step.PROPOSE, 2)
    seat.hear(*FOUR.prevotes(2, None, (0, 3)))
    return seat


LIFE = a_life().journal


def signed_in(journal: Sequence[bytes]) -> dict[tuple[int, Step], bytes]:
    """Sign-bytes by position; fails when one position was signed twice with different bytes."""
    signed: dict[tuple[int, Step], bytes] = {}
    for payload in journal:
        record = decode_record(payload)
        assert isinstance(record, OwnMessage)
        key = (record.round, record.step)
        assert signed.setdefault(key, record.sign_bytes) == record.sign_bytes
    return signed


def test_the_life_has_every_kind_of_record() -> None:
    assert [(r, s.name) for r, s in signed_in(LIFE)] == [
        (0, "PREVOTE"), (0, "PRECOMMIT"), (1, "PROPOSE"), (1, "PREVOTE"), (2, "PREVOTE"), (2, "PRECOMMIT")
    ]  # fmt: skip


@pytest.mark.parametrize("kept", range(len(LIFE) + 1))
def test_killed_after_any_write_it_signs_no_position_twice(kept: int) -> None:
    """Scenario 10. After the restart the world shows other things than before."""
    seat = Seat(FOUR, 1, LIFE[:kept])
    seat.start()
    seat.offered(B, 0)
    seat.hear(*FOUR.prevotes(0, None, (0, 2, 3)), *FOUR.precommits(0, None, (0, 2, 3)))
    seat.elapse(Step.PRECOMMIT, 0)
    seat.hear(*FOUR.prevotes(1, None, (0, 2, 3)), *FOUR.precommits(2, None, (0, 3)))
    seat.offered(C, 2)
    seat.hear(*FOUR.prevotes(2, C.block_id, (0, 2, 3)))
    signed_in(seat.journal)


@pytest.mark.parametrize("kept", range(len(LIFE) + 1))
def test_killed_after_any_write_the_lock_stands(kept: int) -> None:
    """Scenario 10: a lock whose precommit may have left forbids another block without a newer polka."""
    seat = Seat(FOUR, 1, LIFE[:kept])
    seat.start()
    is_locked = kept >= 2
    assert (seat.machine.lock_round, seat.machine.lock_id) == ((0, A.block_id) if is_locked else (-1, None))
    seat.hear(*FOUR.precommits(6, None, (0, 3)))
    assert votes_in(seat.offered(C, 6)) == [prevote(6, None if is_locked else C)]


def test_the_lock_comes_back_with_its_body_and_its_polka() -> None:
    """Nobody else may have them any more: as proposer it must be able to show both."""
    seat = Seat(FOUR, 1, a_life().journal[:2])
    seat.hear(*FOUR.precommits(0, None, (0, 2)))
    (offered,) = proposals_in(seat.elapse(Step.PRECOMMIT, 0))
    assert (offered.proposal.pol, offered.block) == (0, A)
    assert {vote.address for vote in offered.polka} == {FOUR.address(i) for i in (0, 1, 3)}


def test_the_valid_value_is_the_newer_of_lock_and_own_proposal() -> None:
    """An own proposal with pol 1 proves a polka of round 1 that the lock record of round 0 does not know."""
    seat = Seat(FOUR, 1)
    seat.start()
    seat.offered(A, 0)
    seat.hear(*FOUR.prevotes(0, A.block_id, (0, 3)))
    seat.hear(*FOUR.precommits(4, None, (0, 2)))
    polka = FOUR.prevotes(3, C.block_id, (0, 2, 3))
    seat.see(ProposalReceived(FOUR.proposal(4, C.block_id, 3), C, polka, NOON_MS))
    seat.elapse(Step.PREVOTE, 4)
    seat.hear(*FOUR.prevotes(4, C.block_id, (0, 2, 3), pol=3))
    assert (seat.machine.lock_round, seat.machine.valid_round) == (0, 4)
    seat.hear(*FOUR.precommits(5, None, (0, 2)))
    again = seat.restarted().machine
    assert (again.lock_round, again.lock_id) == (0, A.block_id)
    assert (again.valid_round, again.valid_id) == (4, C.block_id)


def test_it_stands_after_its_last_own_message_and_says_all_again() -> None:
    again = Seat(FOUR, 1, LIFE)
    assert (again.machine.round, again.machine.step) == (2, Step.PRECOMMIT)
    assert votes_in(again.said) == [
        prevote(0, A), precommit(0, A), prevote(1, A, pol=0), prevote(2, None), precommit(2, None)
    ]  # fmt: skip
    assert [offered.proposal for offered in proposals_in(again.said)] == [FOUR.proposal(1, A.block_id, 0)]
    assert again.said[-2:] == [
        ScheduleTimeout(Height(1), Round(2), Step.PROPOSE, 4_000),
        ScheduleTimeout(Height(1), Round(2), Step.PREVOTE, 1_000),
    ]
    assert again.journal == LIFE


def test_own_votes_count_again_in_the_own_tally() -> None:
    """With n = 4 and one silent, the own precommit is needed for the decision."""
    seat = Seat(FOUR, 1, LIFE[:2])
    assert decisions_in(seat.hear(*FOUR.precommits(0, A.block_id, (0, 2)))) == [(0, A.block_id)]


def test_a_proposer_killed_after_its_proposal_votes_for_it_and_builds_no_second() -> None:
    first = Seat(FOUR, 0, build=lambda round_: A)
    first.start()
    again = Seat(FOUR, 0, first.journal[:1], build=lambda round_: B)
    again.start()
    assert [effect for effect in again.said if isinstance(effect, BuildBlock)] == []
    assert votes_in(again.said) == [prevote(0, A)]


def test_all_killed_after_nil_votes_only_go_on_from_the_votes_they_said() -> None:
    """Scenario 10: nobody holds a lock, everybody has prevoted nil; saying it again is enough."""
    seats = [Seat(FOUR, i) for i in range(4)]
    for seat in seats:
        seat.start()
        seat.elapse(Step.PROPOSE, 0)
    again = [seat.restarted() for seat in seats]
    said: list[Effect] = [effect for seat in again for effect in seat.said]
    votes = [effect for effect in said if isinstance(effect, Broadcast) and effect.type is MessageType.VOTE]
    assert len(votes) == 4
    for seat in again:
        for i in range(4):
            if i != seat.i:
                seat.hear(FOUR.vote(PV, 0, None, i))
    assert [votes_in(seat.said)[-1] for seat in again] == [precommit(0, None)] * 4


def test_an_older_journal_signs_nothing_it_could_have_signed_already() -> None:
    """Scenario 11: a copy from before the precommit was put back; the own precommit then arrives from a
    peer."""
    seat = Seat(FOUR, 1, LIFE[:1])
    own = FOUR.vote(PC, 0, A.block_id, 1)
    effects = seat.hear(own)
    assert decode_record(seat.journal[-1]).height == 1
    assert votes_in(effects) == []
    seat.hear(*FOUR.prevotes(0, None, (0, 2, 3)))
    assert votes_in(seat.said) == [
        prevote(0, A)
    ]  # said again at the restart, before the alarm; nothing after it


def test_a_lock_holder_back_before_the_others_moved_on_decides_with_them() -> None:
    """Scenario 12."""
    seat = Seat(FOUR, 1, LIFE[:2])
    seat.hear(*FOUR.precommits(0, A.block_id, (0,)))
    assert decisions_in(seat.hear(*FOUR.precommits(0, A.block_id, (2,)))) == [(0, A.block_id)]


def test_a_lock_holder_back_after_the_others_moved_on_follows_a_newer_polka() -> None:
    """Scenario 12."""
    seat = Seat(FOUR, 1, LIFE[:2])
    seat.hear(*FOUR.precommits(2, None, (0, 3)))
    polka = FOUR.prevotes(1, C.block_id, (0, 2, 3))
    assert votes_in(seat.offered(C, 2, Round(1), polka)) == [prevote(2, C, pol=1)]


def test_records_of_other_heights_only_raise_the_signer() -> None:
    ended = encode_record(HeightEnded(Height(1)))
    seat = Seat(FOUR, 1, [ended])
    seat.start()
    assert votes_in(seat.offered(A, 0)) == []
    (refusal,) = seat.machine.refusals()
    assert refusal.startswith("asked to sign at height 1, round 0, step 2")


@pytest.mark.parametrize(
    ("journal", "log", "may_sign"),
    [(0, 0, True), (0, 1, True), (0, 2, False), (6, 7, True), (6, 8, False), (9, 7, True)],
)
def test_a_journal_more_than_one_height_behind_the_block_log_may_not_sign(
    journal: int, log: int, may_sign: bool
) -> None:
    """Scenario 11."""
    records = [HeightEnded(Height(h)) for h in range(1, journal + 1)]
    assert (journal_fault(records, log) is None) is may_sign
