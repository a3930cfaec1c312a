"""Whom archived messages convict, and whom they must not (scenario 19). Four validators of equal power unless
said: three are a quorum."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from chain.certificate import CommitCertificate, Vote, VoteKind
from chain.evidence import Evidence, Signed, check_evidence
from chain.types import Height, Round, Signature
from chain.validators import ValidatorSet
from consensus.forensics import Findings, Offence, examine, is_quiet
from tests.support.committee import CHAIN_ID, Committee

FOUR = Committee(4)
A = FOUR.block(b"A", proposer=0).block_id
B = FOUR.block(b"B", proposer=1).block_id
C = FOUR.block(b"C", proposer=2).block_id
PV, PC = VoteKind.PREVOTE, VoteKind.PRECOMMIT

Named = set[tuple[int, Offence, tuple[int, int]]]


def found(
    *messages: Signed,
    commits: Iterable[CommitCertificate] = (),
    committee: Committee = FOUR,
    sets: Iterable[ValidatorSet] = (),
) -> Findings:
    return examine(
        Height(1), CHAIN_ID, tuple(sets) or [committee.validators], commits, messages, committee.verify
    )


def named(findings: Findings, committee: Committee = FOUR) -> Named:
    """(member, offence, rounds) of each culprit."""
    members = {committee.address(i): i for i in range(committee.n)}
    return {(members[one.address], one.offence, one.rounds) for one in findings.culprits}


def equivocated(*members: int, round_: int = 0) -> Named:
    return {(i, Offence.EQUIVOCATION, (round_, round_)) for i in members}


def forgot(*members: int, rounds: tuple[int, int]) -> Named:
    return {(i, Offence.AMNESIA, rounds) for i in members}


COMMIT_A = FOUR.certificate(0, A, (0, 1, 2))
"""A, decided in round 0 by members 0, 1 and 2."""


# --- equivocation


@pytest.mark.parametrize("kind", [PV, PC])
def test_two_contents_of_one_round_convict_and_prove(kind: VoteKind) -> None:
    votes = [FOUR.vote(kind, 3, block_id, 2) for block_id in (A, None)]
    findings = found(*votes, FOUR.vote(kind, 3, A, 1))
    assert named(findings) == equivocated(2, round_=3)
    (culprit,) = findings.culprits
    assert {culprit.first, culprit.second} == set(votes)


def test_what_the_chain_takes_as_evidence_is_found_in_the_same_messages() -> None:
    real = Committee(4, real=True)
    findings = found(*(real.vote(PV, 0, block_id, 2) for block_id in (A, B)), committee=real)
    (culprit,) = findings.culprits
    check_evidence(Evidence.of(culprit.first, culprit.second), real.validators, CHAIN_ID)


def test_two_valid_rounds_of_one_prevote_are_two_contents() -> None:
    assert named(found(*(FOUR.vote(PV, 3, A, 1, pol) for pol in (0, 2)))) == equivocated(1, round_=3)


def test_two_proposals_of_one_round_convict_their_signer() -> None:
    assert named(found(*(FOUR.proposal(1, block_id) for block_id in (A, B)))) == equivocated(1, round_=1)


def test_a_vote_for_each_kind_and_round_is_lawful() -> None:
    assert not found(
        FOUR.vote(PV, 0, A, 1), FOUR.vote(PC, 0, None, 1), FOUR.vote(PV, 1, None, 1), FOUR.proposal(1, B)
    ).culprits


def test_two_commits_of_one_round_name_the_signers_of_both() -> None:
    findings = found(commits=[COMMIT_A, FOUR.certificate(0, B, (1, 2, 3))])
    assert findings.is_fork
    assert named(findings) == equivocated(1, 2)


def test_a_fork_of_two_rounds_names_nobody_without_votes() -> None:
    findings = found(commits=[COMMIT_A, FOUR.certificate(2, B, (1, 2, 3))])
    assert findings.is_fork
    assert findings.commits == ((0, A), (2, B))
    assert not findings.culprits
    assert not findings.questions


def test_two_commits_of_one_block_are_no_fork() -> None:
    assert not found(commits=[COMMIT_A, FOUR.certificate(1, A, (1, 2, 3))]).is_fork


def test_equivocation_across_two_branches_with_other_validators() -> None:
    """After a fork the branches may have different sets; one key voting in both has signed twice."""
    branch = Committee(4, sets=[(0, 1, 2, 3)])
    other = ValidatorSet.of(1, [(member.public_key, 2) for member in FOUR.validators.members])
    unsigned = FOUR.vote(PC, 0, B, 2)
    signature = FOUR.sign(2, unsigned.sign_bytes(CHAIN_ID, other.hash))
    votes = [branch.vote(PC, 0, A, 2), replace(unsigned, signature=signature)]
    assert named(found(*votes, sets=[FOUR.validators, other])) == equivocated(2)
    assert not found(*votes).culprits


# --- amnesia


def test_a_commit_and_a_later_polka_of_another_name_who_was_in_both() -> None:
    findings = found(*FOUR.prevotes(2, B, (1, 2, 3)), commits=[COMMIT_A])
    assert named(findings) == forgot(1, 2, rounds=(0, 2))
    for culprit in findings.culprits:
        assert isinstance(culprit.first, Vote)
        assert isinstance(culprit.second, Vote)
        assert (culprit.first.kind, culprit.first.block_id) == (PC, A)
        assert (culprit.second.kind, culprit.second.block_id) == (PV, B)


def test_archived_precommits_are_as_good_as_a_certificate() -> None:
    messages = (*FOUR.precommits(0, A, (0, 1, 2)), *FOUR.prevotes(2, B, (1, 2, 3)))
    assert named(found(*messages)) == forgot(1, 2, rounds=(0, 2))


def test_a_precommitter_that_the_certificate_left_out_is_named_too() -> None:
    messages = (FOUR.vote(PC, 0, A, 3), *FOUR.prevotes(2, B, (1, 2, 3)))
    assert named(found(*messages, commits=[COMMIT_A])) == forgot(1, 2, 3, rounds=(0, 2))


def test_who_unlocked_by_a_newer_polka_is_not_named() -> None:
    """Members 1 and 2 made the first polka of B; member 0 saw it and followed, as the rules say."""
    votes = (*FOUR.prevotes(1, B, (1, 2, 3)), *FOUR.prevotes(2, B, (0, 1, 2, 3), pol=1))
    assert named(found(*votes, commits=[COMMIT_A])) == forgot(1, 2, rounds=(0, 1))


def test_who_locked_anew_may_prevote_that_block_without_a_valid_round() -> None:
    """Member 0 saw the polka of round 1, locked B, and was shown B as if it were fresh in round 2."""
    votes = (
        *FOUR.prevotes(1, B, (1, 2, 3)),
        *FOUR.precommits(1, B, (0,)),
        *FOUR.prevotes(2, B, (0, 2, 3)),
    )
    assert named(found(*votes, commits=[COMMIT_A])) == forgot(1, 2, rounds=(0, 1))


def test_a_valid_round_older_than_the_lock_excuses_nobody() -> None:
    commit = FOUR.certificate(3, A, (0, 1, 2))
    votes = (*FOUR.prevotes(1, B, (1, 2, 3)), *FOUR.prevotes(4, B, (1, 2, 3), pol=1))
    assert named(found(*votes, commits=[commit])) == forgot(1, 2, rounds=(3, 4))


def test_a_prevote_of_nil_is_lawful_under_a_lock() -> None:
    assert not found(*FOUR.prevotes(1, None, range(4)), commits=[COMMIT_A]).culprits


def test_single_votes_prove_nothing() -> None:
    """Without a commit nothing was final; without a polka nobody was moved."""
    assert not found(*FOUR.precommits(0, A, (0, 1)), *FOUR.prevotes(1, B, (1, 2, 3))).culprits
    assert not found(*FOUR.prevotes(1, B, (1, 2)), commits=[COMMIT_A]).culprits


def test_a_polka_before_the_commit_is_lawful() -> None:
    """Who was in it saw no commit then."""
    assert not found(*FOUR.prevotes(0, B, (1, 2, 3)), commits=[FOUR.certificate(1, A, (0, 1, 2))]).culprits


def test_two_polkas_of_one_round_convict_those_in_both_and_not_who_followed_the_other() -> None:
    """A was decided in round 0 though B had a polka there too; member 0 unlocked by it."""
    votes = (
        *FOUR.prevotes(0, A, (0, 1, 2)),
        *FOUR.prevotes(0, B, (1, 2, 3)),
        *FOUR.prevotes(1, B, (0, 1, 2), pol=0),
    )
    assert named(found(*votes, commits=[COMMIT_A])) == equivocated(1, 2)


def test_a_valid_round_that_nobody_can_show_is_a_question_and_no_conviction() -> None:
    later = FOUR.prevotes(3, B, (1, 2, 3), pol=2)
    findings = found(*later, commits=[COMMIT_A])
    assert not findings.culprits
    assert [one.address for one in findings.questions] == [FOUR.address(1), FOUR.address(2)]
    answered = found(*later, *FOUR.prevotes(2, B, (2, 3, 0)), commits=[COMMIT_A])
    assert named(answered) == forgot(0, 2, rounds=(0, 2))
    assert not answered.questions


def test_every_value_is_asked_for_its_own_polka() -> None:
    """A polka of B moves nobody to C."""
    votes = (*FOUR.prevotes(1, B, (1, 2, 3)), *FOUR.prevotes(2, C, (0, 1, 3)))
    assert named(found(*votes, commits=[COMMIT_A])) == forgot(1, 2, rounds=(0, 1)) | forgot(0, rounds=(0, 2))


@pytest.mark.parametrize(("power", "is_named"), [(1, True), (5, False)])
def test_power_makes_quorums_and_not_heads(power: int, is_named: bool) -> None:
    """With power 5 member 0 alone keeps the others from a quorum, so their prevotes are no polka."""
    weighted = Committee(4, powers=[power, 1, 1, 1])
    commit = weighted.certificate(0, A, (0, 1, 2))
    assert (
        bool(found(*weighted.prevotes(1, B, (1, 2, 3)), commits=[commit], committee=weighted).culprits)
        is is_named
    )


# --- what counts for nothing


def test_what_is_not_truly_signed_convicts_nobody() -> None:
    true = FOUR.vote(PV, 0, A, 2)
    unsigned = replace(FOUR.vote(PV, 0, B, 2), signature=Signature(bytes(64)))
    of_another = replace(FOUR.vote(PV, 0, B, 3), address=FOUR.address(2))
    of_another_height = FOUR.vote(PV, 0, B, 2, height=2)
    stranger = Committee(5)
    theirs = [stranger.vote(PV, 0, block_id, i) for block_id in (A, B) for i in range(5)]
    theirs = [vote for vote in theirs if FOUR.validators.member(vote.address) is None]
    assert theirs
    assert not found(true, unsigned, of_another, of_another_height, *theirs).culprits


def test_a_false_copy_beside_a_true_one_hides_nothing() -> None:
    votes = [FOUR.vote(PV, 0, block_id, 2) for block_id in (A, B)]
    false = [replace(vote, signature=Signature(bytes(64))) for vote in votes]
    assert named(found(*false, *votes, *false)) == equivocated(2)


def test_a_certificate_with_a_false_signature_convicts_only_by_the_true_ones() -> None:
    made_up = replace(
        FOUR.certificate(0, B, (1, 2)),
        signatures=(
            *FOUR.certificate(0, B, (1, 2)).signatures,
            (3, Signature(bytes(64))),
            (99, Signature(bytes(64))),
        ),
    )
    findings = found(FOUR.vote(PC, 0, A, 3), commits=[COMMIT_A, made_up])
    assert findings.commits == ((0, A),)
    assert named(findings) == equivocated(1, 2)


def test_the_order_and_number_of_copies_make_no_difference() -> None:
    votes = [*FOUR.prevotes(1, B, (1, 2, 3)), *FOUR.prevotes(2, B, (0, 1), pol=1), FOUR.vote(PV, 1, A, 3)]
    one = found(*votes, commits=[COMMIT_A])
    assert found(*reversed(votes), *votes, commits=[COMMIT_A, COMMIT_A]) == one


# --- the quick look


def test_a_quiet_height_needs_no_signature_verified() -> None:
    votes = (*FOUR.prevotes(0, A, range(4)), FOUR.vote(PV, 1, None, 0), FOUR.vote(PV, 1, A, 1, pol=0))
    assert is_quiet([COMMIT_A], votes)
    assert is_quiet([], ())


@pytest.mark.parametrize(
    "messages",
    [
        FOUR.prevotes(1, B, (3,)),
        (FOUR.vote(PV, 1, A, 0), FOUR.vote(PV, 1, None, 0)),
        (FOUR.vote(PV, 3, A, 0, pol=1), FOUR.vote(PV, 3, A, 0, pol=2)),
        (FOUR.proposal(1, B),),
    ],
)
def test_a_height_with_two_blocks_or_two_contents_is_not_quiet(messages: tuple[Signed, ...]) -> None:
    assert not is_quiet([COMMIT_A], messages)


def test_rounds_far_apart_are_examined_as_quickly_as_near_ones() -> None:
    """Nothing walks over the rounds between."""
    last = Round(2**31 - 1)
    assert named(found(*FOUR.prevotes(last, B, (1, 2, 3)), commits=[COMMIT_A])) == forgot(
        1, 2, rounds=(0, last)
    )
