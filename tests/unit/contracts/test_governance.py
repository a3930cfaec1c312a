"""Ballots: one institution, one vote; passed by more than two thirds, failed once that is out of reach."""

import pytest

from chain.genesis import PARAM_RULES, Params
from contracts import reasons
from contracts.executor import Execution, params_of
from contracts.governance import OPEN_MAXIMUM
from contracts.records import (
    BALLOT_COUNT_KEY,
    Ballot,
    BallotCount,
    BallotStatus,
    Collection,
    Role,
    ballot_key,
)
from tests.support.budget import Ledger, a_fresh_ledger, a_key, decide

RETENTION = ((("retention-percent", 90),),)


def propose(ledger: Ledger, effect: str = "params.set", arguments: tuple = RETENTION) -> int:
    ((_, number, _),) = ledger.do("mof", "ballot.propose", effect, arguments, "")
    assert isinstance(number, int)
    return number


def ballot(ledger: Ledger, number: int) -> Ballot:
    found = Ballot.find(ledger.state, Collection.BALLOTS, ballot_key(number))
    assert found is not None
    return found


def statuses(ledger: Ledger, votes: dict[str, bool]) -> list[BallotStatus]:
    """How a ballot stands after each of these votes."""
    number = propose(ledger)
    found = []
    for member, is_yes in votes.items():
        ledger.do(member, "ballot.vote", number, is_yes)
        found.append(BallotStatus(ballot(ledger, number).status))
    return found


OPEN, PASSED, FAILED = BallotStatus.OPEN, BallotStatus.PASSED, BallotStatus.FAILED


def test_three_of_four_pass_and_the_proposer_has_to_vote_too() -> None:
    votes = {"treasury": True, "moh": True, "mof": True}
    ledger = a_fresh_ledger()
    assert statuses(ledger, votes) == [OPEN, OPEN, PASSED]
    assert params_of(ledger.state)["retention-percent"] == 90


def test_two_thirds_of_three_members_are_not_more_than_two_thirds() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("mot",))
    decide(ledger, "institution.close", ("gu-2280101",))
    decide(ledger, "institution.close", ("gu-2280102",))
    decide(ledger, "institution.close", ("mot",))
    assert statuses(ledger, {"mof": True, "treasury": True, "moh": True}) == [OPEN, OPEN, PASSED]
    assert statuses(ledger, {"mof": True, "treasury": False}) == [OPEN, FAILED]


def test_a_ballot_that_cannot_pass_any_more_fails_at_once() -> None:
    ledger = a_fresh_ledger()
    assert statuses(ledger, {"mof": True, "treasury": False, "moh": False}) == [OPEN, OPEN, FAILED]
    assert params_of(ledger.state)["retention-percent"] == 95


def test_a_vote_stands_and_a_closed_ballot_takes_none() -> None:
    ledger = a_fresh_ledger()
    number = propose(ledger)
    ledger.do("mof", "ballot.vote", number, True)
    assert ledger.refused("mof", "ballot.vote", number, False).reason is reasons.BALLOT_TWICE
    ledger.do("moh", "ballot.vote", number, True)
    ledger.do("mot", "ballot.vote", number, True)
    assert ledger.refused("treasury", "ballot.vote", number, True).reason is reasons.BALLOT_CLOSED
    assert ledger.refused("treasury", "ballot.vote", number + 1, True).reason is reasons.BALLOT_UNKNOWN


def test_only_members_take_part_by_their_heads() -> None:
    ledger = a_fresh_ledger()
    number = propose(ledger)
    assert ledger.refused("vap", "ballot.vote", number, True).reason is reasons.NOT_MEMBER
    refusal = ledger.refused("vap", "ballot.propose", "params.set", RETENTION, "")
    assert refusal.reason is reasons.NOT_MEMBER
    by_operator = ledger.document("mof", "ballot.vote", number, True, signers=[("mof", Role.OPERATOR)])
    assert ledger.run(by_operator).reason is reasons.WRONG_SIGNERS  # type: ignore[union-attr]


def test_the_effect_is_checked_in_full_when_proposed_and_nothing_of_it_stays() -> None:
    ledger = a_fresh_ledger()
    before = dict(ledger.state.values)
    number = propose(ledger, "validator.remove", ("mot",))
    after = {place: value for place, value in ledger.state.values.items() if before.get(place) != value}
    assert {collection for collection, _ in after} == {Collection.BALLOTS, Collection.IDS, Collection.EXPIRY}
    assert ballot(ledger, number).effect == ("validator.remove", ("mot",))


@pytest.mark.parametrize(
    ("effect", "arguments", "reason"),
    [
        ("params.set", ((("no-such-name", 1),),), reasons.PARAMS_WRONG),
        ("params.set", ((("block-cost", 1),),), reasons.PARAMS_WRONG),
        ("params.set", ((("block-cost", 500), ("block-cost", 600)),), reasons.PARAMS_WRONG),
        ("params.set", (), reasons.BAD_ARGUMENTS),
        ("params.unset", (), reasons.BAD_ARGUMENTS),
        ("validator.remove", (1,), reasons.BAD_ARGUMENTS),
        ("validator.remove", ("vap",), reasons.VALIDATOR_UNKNOWN),
    ],
)
def test_an_effect_that_could_not_be_carried_out_is_refused(
    effect: str, arguments: tuple, reason: object
) -> None:
    assert a_fresh_ledger().refused("mof", "ballot.propose", effect, arguments, "").reason is reason


def test_an_effect_refused_by_now_closes_the_ballot_as_failed_with_its_reason() -> None:
    ledger = a_fresh_ledger()
    first, second = (
        propose(ledger, "validator.remove", ("mot",)),
        propose(ledger, "validator.remove", ("mot",)),
    )
    for member in ("mof", "treasury"):
        ledger.do(member, "ballot.vote", first, True)
        ledger.do(member, "ballot.vote", second, True)
    ledger.do("moh", "ballot.vote", first, True)
    events = ledger.do("moh", "ballot.vote", second, True)
    assert events[-1][:4] == ("ballot.closed", second, False, reasons.VALIDATOR_UNKNOWN.code)
    assert ballot(ledger, second).status == FAILED


def test_parameters_change_for_the_next_block() -> None:
    ledger = a_fresh_ledger()
    number = propose(ledger, "params.set", ((("transaction-keys", 5),),))
    for member in ("mof", "treasury"):
        ledger.do(member, "ballot.vote", number, True)
    rows = tuple((str(code), 0, None, "x", "x", None, ()) for code in range(4))
    publish = ledger.document("mof", "directory.publish", "economic", rows)
    deciding = ledger.document("moh", "ballot.vote", number, True)
    assert isinstance(ledger.run(deciding, publish), Execution)
    more = tuple((str(code), 0, None, "x", "x", None, ()) for code in range(4, 8))
    assert ledger.refused("mof", "directory.publish", "economic", more).reason is reasons.TOO_COSTLY


def test_an_expired_ballot_is_closed_by_the_next_vote_which_does_not_count() -> None:
    ledger = a_fresh_ledger(ballot_days=1)
    number = propose(ledger)
    for member in ("mof", "treasury"):
        ledger.do(member, "ballot.vote", number, True)
    ledger.time_ms = ballot(ledger, number).expires_ms + 1
    events = ledger.do("mof", "ballot.vote", number, True)
    assert events == (("ballot.closed", number, False, "BALLOT-EXPIRED", None),)
    assert params_of(ledger.state)["retention-percent"] == 95


def test_the_last_moment_of_a_ballot_counts() -> None:
    ledger = a_fresh_ledger(ballot_days=1)
    number = propose(ledger)
    for member in ("mof", "treasury"):
        ledger.do(member, "ballot.vote", number, True)
    ledger.time_ms = ballot(ledger, number).expires_ms
    ledger.do("moh", "ballot.vote", number, True)
    assert ballot(ledger, number).status == PASSED


def test_open_ballots_are_bounded() -> None:
    ledger = a_fresh_ledger()
    full = BallotCount(OPEN_MAXIMUM, OPEN_MAXIMUM, ())
    ledger.state.commit({(Collection.BALLOTS, BALLOT_COUNT_KEY): full.encode()})
    refusal = ledger.refused("mof", "ballot.propose", "params.set", RETENTION, "")
    assert refusal.reason is reasons.BALLOTS_FULL


def test_the_votes_of_a_former_member_do_not_count() -> None:
    ledger = a_fresh_ledger()
    number = propose(ledger)
    ledger.do("mot", "ballot.vote", number, True)
    decide(ledger, "validator.remove", ("mot",))
    for name in ("gu-2280101", "gu-2280102", "mot"):
        decide(ledger, "institution.close", (name,))
    ledger.do("mof", "ballot.vote", number, True)
    ledger.do("moh", "ballot.vote", number, True)
    assert ballot(ledger, number).status == OPEN
    ledger.do("treasury", "ballot.vote", number, True)
    assert ballot(ledger, number).status == PASSED


def test_a_new_member_votes() -> None:
    ledger = a_fresh_ledger()
    key = a_key("court")
    row = (
        "court", "audit", None, None, "x", "x", None, True,
        ((1, key.public_key, 4, ledger.possession("court", key)),),
    )  # fmt: skip
    decide(ledger, "institution.add", ((row,),))
    ledger.keys[("court", Role.HEAD)] = key
    votes = {"mof": True, "treasury": True, "moh": True, "court": True}
    assert statuses(ledger, votes) == [OPEN, OPEN, OPEN, PASSED]


def test_no_parameter_can_stop_the_ballot_that_would_change_it_back() -> None:
    """A network whose limits let no vote through could never be mended."""
    ledger = a_fresh_ledger()
    least = tuple((name, rule.minimum) for name, rule in sorted(PARAM_RULES.items()))
    least_of = dict(least)
    decide(ledger, "params.set", (least,))
    back = tuple((name, rule.default) for name, rule in sorted(PARAM_RULES.items()))
    soon = ledger.time_ms + least_of["replay-window-ms"]
    documents = [ledger.document("mof", "ballot.propose", "params.set", (back,), "", valid_until_ms=soon)]
    for name in ("mof", "treasury", "moh"):
        documents.append(ledger.document(name, "ballot.vote", 2, True, valid_until_ms=soon))
    for document in documents:
        assert isinstance(ledger.run(document), Execution)
    assert params_of(ledger.state) == Params.default()
