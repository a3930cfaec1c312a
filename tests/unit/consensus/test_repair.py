"""STATUS and VOTES: a node says what it holds, another sends what lacks."""

from chain.certificate import Vote, VoteKind
from chain.types import Round
from consensus.inputs import ProposalReceived
from consensus.messages import VOTES_BYTES, Status, Step, Votes
from tests.support.committee import NOON_MS, Committee, Seat, prevote, votes_in

FOUR = Committee(4)
A = FOUR.block(b"A", proposer=0)
B = FOUR.block(b"B", proposer=1)
PV, PC = VoteKind.PREVOTE, VoteKind.PRECOMMIT


def a_seat(i: int | None, committee: Committee = FOUR) -> Seat:
    seat = Seat(committee, i)
    seat.start()
    return seat


def lacking(holder: Seat, peer: Seat) -> Votes:
    payload = holder.machine.votes_lacking(Status.decode(peer.machine.status().encode()))
    return Votes.decode(payload) if payload is not None else Votes(peer.machine.height, None, ())


def repaired(holder: Seat, peer: Seat) -> None:
    """One exchange: what the peer lacks, handed to it."""
    votes = lacking(holder, peer)
    if votes.proposal is not None:
        peer.see(ProposalReceived(votes.proposal, None, (), NOON_MS))
    peer.hear(*votes.votes)


def in_round(seat: Seat, round_: int) -> Seat:
    others = (0, 2) if seat.i == 3 else (0, 3)
    seat.hear(*FOUR.precommits(round_, None, others))
    return seat


def test_status_says_where_the_node_stands_and_what_it_holds() -> None:
    seat = a_seat(1)
    seat.offered(A, 0)
    seat.hear(FOUR.vote(PC, 0, None, 3))
    status = seat.machine.status()
    assert (status.round, status.step, status.has_proposal) == (0, Step.PREVOTE, True)
    assert [(row.kind, row.block_id, row.holders) for row in status.held] == [
        (PC, None, b"\x08"), (PV, A.block_id, b"\x02")
    ]  # fmt: skip
    assert status.bodies == (A.block_id,)


def test_status_covers_this_round_the_last_and_the_valid_one() -> None:
    seat = a_seat(1)
    seat.offered(A, 0)
    seat.hear(*FOUR.prevotes(0, A.block_id, (0, 3)))
    in_round(seat, 3)
    in_round(seat, 6)
    in_round(seat, 7)
    assert {row.round for row in seat.machine.status().held} == {0, 6, 7}


def test_between_heights_the_round_is_none() -> None:
    assert Seat(FOUR, 1).machine.status().round == -1


def test_votes_of_anybody_are_passed_on_and_then_nothing_lacks() -> None:
    holder, peer = a_seat(1), a_seat(2)
    holder.offered(A, 0)
    holder.hear(*FOUR.prevotes(0, A.block_id, (3,)), *FOUR.precommits(0, None, (0,)))
    lacks = lacking(holder, peer)
    assert lacks.proposal == FOUR.proposal(0, A.block_id)
    assert {(vote.kind, vote.address) for vote in lacks.votes} == {
        (PV, FOUR.address(1)), (PV, FOUR.address(3)), (PC, FOUR.address(0))
    }  # fmt: skip
    repaired(holder, peer)
    assert lacking(holder, peer) == Votes(peer.machine.height, None, ())


def test_highest_round_first_and_precommits_before_prevotes() -> None:
    holder = a_seat(1)
    holder.hear(*FOUR.prevotes(0, A.block_id, (0,)), *FOUR.precommits(0, A.block_id, (0,)))
    holder.hear(*FOUR.prevotes(1, A.block_id, (0,)))
    votes = lacking(holder, a_seat(2)).votes
    assert [(vote.round, vote.kind) for vote in votes] == [(1, PV), (0, PC), (0, PV)]


def test_a_peer_far_behind_is_sent_the_votes_that_make_it_skip() -> None:
    holder, peer = in_round(a_seat(1), 9), a_seat(2)
    repaired(holder, peer)
    assert peer.machine.round == 9


def test_a_peer_of_another_height_is_sent_nothing() -> None:
    holder, peer = in_round(a_seat(1), 2), Seat(FOUR, 2, height=2)
    assert holder.machine.votes_lacking(peer.machine.status()) is None


def test_a_peer_that_waits_for_a_polka_is_sent_its_votes() -> None:
    """The proposal came through VOTES, without its polka, and the polka's round is none that STATUS
    covers."""
    polka = FOUR.prevotes(1, B.block_id, (0, 1, 3))
    holder, peer = in_round(a_seat(None), 5), in_round(a_seat(2), 5)
    holder.offered(B, 5, Round(1), polka)
    peer.see(ProposalReceived(FOUR.proposal(5, B.block_id, 1), B, (), NOON_MS))
    assert votes_in(peer.said) == []
    repaired(holder, peer)
    assert votes_in(peer.said) == [prevote(5, B, pol=1)]


def test_a_hundred_validators_fit_one_message_after_another() -> None:
    many = Committee(100)
    holder, peer = a_seat(1, many), a_seat(2, many)
    for kind in (PV, PC):
        votes = [many.vote(kind, 0, A.block_id, i) for i in range(100) if i not in (1, 2)]
        holder.hear(*votes)
    sent: list[Vote] = []
    for _ in range(3):
        payload = holder.machine.votes_lacking(peer.machine.status())
        assert payload is None or len(payload) <= VOTES_BYTES
        sent += lacking(holder, peer).votes
        repaired(holder, peer)
    assert len(sent) == len(set(sent)) == 196
