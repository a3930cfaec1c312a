"""Bugs to plant: each breaks one rule of the machine, to see that the tests bite.

Every bug is a context manager that patches the production code and takes the patch away again.
"""

import __future__

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from chain.block import Block
from chain.certificate import CommitCertificate, Vote, VoteKind
from chain.types import Hash32
from consensus import machine, messages
from consensus.bodies import Bodies
from consensus.effects import Broadcast, Effect, Record
from consensus.inputs import Verdict
from consensus.machine import Consensus
from consensus.records import OwnRecord
from consensus.recovery import OwnProposal, OwnState, own_state
from consensus.tally import Powers, RoundVotes
from consensus.timing import TimeBounds
from tests.simulation.cluster import Disk

Bug = Callable[[], AbstractContextManager[Any]]

BUGS: dict[str, Bug] = {}
"""Name to bug. A name says what the code then does."""


def bug(plant: Bug) -> Bug:
    BUGS[plant.__name__] = plant
    return plant


def replaced(owner: Any, name: str, by: Any) -> AbstractContextManager[Any]:
    return patch.object(owner, name, by)


@contextmanager
def edited(function: Any, old: str, new: str) -> Iterator[None]:
    """A function whose source has `new` where `old` stands, under every name it is known by.

    Fails when `old` does not stand there exactly once: then the bug must be planted anew.
    """
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{function.__qualname__} has {source.count(old)} times: {old}"
    names = dict(function.__globals__)
    flags = function.__code__.co_flags & __future__.annotations.compiler_flag
    source = re.sub(r"\A(?:@.*\n)+", "", source)
    exec(compile(source.replace(old, new), "planted", "exec", flags, dont_inherit=True), names)
    whole, function.__code__ = function.__code__, names[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = whole


# --- thresholds


@bug
def half_is_a_quorum() -> AbstractContextManager[Any]:
    return replaced(Powers, "is_quorum", lambda self, power: 2 * power >= self.total)


@bug
def exactly_two_thirds_are_a_quorum() -> AbstractContextManager[Any]:
    return replaced(Powers, "is_quorum", lambda self, power: 3 * power >= 2 * self.total)


@bug
def one_validator_moves_all_to_its_round() -> AbstractContextManager[Any]:
    return replaced(Powers, "some_honest", lambda self, power: power > 0)


@bug
def an_equivocator_counts_twice() -> AbstractContextManager[Any]:
    def add(self: RoundVotes, vote: Vote, sign_bytes: bytes) -> Vote | None:
        power = self.power
        earlier = ADD(self, vote, sign_bytes)
        self.power = power + self._powers.of[vote.address]
        return earlier

    return replaced(RoundVotes, "add", add)


ADD = RoundVotes.add


# --- locks


@bug
def the_lock_is_ignored() -> AbstractContextManager[Any]:
    def prevote(self: Consensus) -> bool:
        lock = self.lock_round, self.lock_id
        self.lock_round, self.lock_id = -1, None
        fired = R3(self)
        self.lock_round, self.lock_id = lock
        return fired

    return replaced(Consensus, "_r3_prevote", prevote)


R3 = Consensus._r3_prevote


@bug
def the_lock_is_forgotten_in_a_restart() -> AbstractContextManager[Any]:
    def forgetful(records: Iterable[OwnRecord], *place: Any) -> OwnState | None:
        state = own_state(records, *place)
        if state is None:
            return None
        return replace(state, lock_round=-1, lock_id=None, valid_round=-1, valid_id=None)

    return replaced(machine, "own_state", forgetful)


@bug
def a_made_up_valid_round_is_trusted() -> AbstractContextManager[Any]:
    return replaced(Consensus, "_has_polka", lambda *_: True)


@bug
def one_third_is_enough_to_lock() -> AbstractContextManager[Any]:
    def lock(self: Consensus) -> bool:
        with replaced(Powers, "is_quorum", Powers.some_honest):
            return R5(self)

    return replaced(Consensus, "_r5_lock", lock)


R5 = Consensus._r5_lock


@bug
def prevotes_of_any_valid_round_add_up_to_a_lock() -> AbstractContextManager[Any]:
    class AnyPol(dict[Any, Any]):
        def items(self) -> Any:
            for (block_id, pol), content in super().items():
                votes = {
                    address: vote
                    for (other_id, _), other in super().items()
                    if other_id == block_id
                    for address, vote in other.votes.items()
                }
                yield (block_id, pol), replace(content, votes=votes, power=len(votes))

    def lock(self: Consensus) -> bool:
        votes = self._tally.at(VoteKind.PREVOTE, self.round)
        with replaced(votes, "contents", AnyPol(votes.contents)):
            return R5(self)

    return replaced(Consensus, "_r5_lock", lock)


@bug
def the_valid_value_is_not_offered_again() -> AbstractContextManager[Any]:
    def enter(self: Consensus, round_: int) -> None:
        valid_id, self.valid_id = self.valid_id, None
        ENTER(self, round_)
        self.valid_id = valid_id

    return replaced(Consensus, "_enter", enter)


ENTER = Consensus._enter


@bug
def the_polka_is_left_out_of_the_proposal() -> AbstractContextManager[Any]:
    return replaced(RoundVotes, "votes_for", lambda *_: iter(()))


# --- journal and restart


@bug
def the_journal_is_lost_in_a_crash() -> AbstractContextManager[Any]:
    def lose(self: Disk) -> None:
        self.journal, self.unsynced = [], []

    return replaced(Disk, "lose_unsynced", lose)


@bug
def messages_leave_before_their_record() -> AbstractContextManager[Any]:
    def settle(self: Consensus) -> tuple[Effect, ...]:
        effects = list(SETTLE(self))
        for at in range(len(effects) - 1):
            if isinstance(effects[at], Record) and isinstance(effects[at + 1], Broadcast):
                effects[at], effects[at + 1] = effects[at + 1], effects[at]
        return tuple(effects)

    return replaced(Consensus, "_settle", settle)


SETTLE = Consensus._settle


@bug
def the_body_is_not_written_with_the_lock() -> AbstractContextManager[Any]:
    def record(self: Consensus, *signed: Any, **beside: Any) -> None:
        if beside.get("lock_id") is not None:
            beside["block"] = None
        RECORD(self, *signed, **beside)

    return replaced(Consensus, "_record", record)


RECORD = Consensus._record


@bug
def the_polka_is_not_written_with_the_lock() -> AbstractContextManager[Any]:
    def record(self: Consensus, *signed: Any, **beside: Any) -> None:
        if beside.get("lock_id") is not None:
            beside["polka"] = ()
        RECORD(self, *signed, **beside)

    return replaced(Consensus, "_record", record)


@bug
def own_votes_are_not_counted_after_a_restart() -> AbstractContextManager[Any]:
    def say_again(self: Consensus, message: OwnProposal | Vote) -> None:
        with replaced(Consensus, "_count", lambda *_: None):
            SAY_AGAIN(self, message)

    return replaced(Consensus, "_say_again", say_again)


SAY_AGAIN = Consensus._say_again


# --- intake


@bug
def votes_are_not_passed_on() -> AbstractContextManager[Any]:
    return replaced(Consensus, "votes_lacking", lambda *_: None)


@bug
def a_certificate_is_plain_votes() -> AbstractContextManager[Any]:
    def take(self: Consensus, certificate: CommitCertificate, block: Block | None) -> None:
        full = RoundVotes.is_full
        with replaced(
            RoundVotes,
            "add",
            lambda votes, vote, b: None if full(votes, vote.address) else ADD(votes, vote, b),
        ):
            CERTIFICATE(self, certificate, block)

    return replaced(Consensus, "_take_certificate", take)


CERTIFICATE = Consensus._take_certificate


@bug
def a_third_vote_inside_a_polka_is_dropped() -> AbstractContextManager[Any]:
    def take(self: Consensus, votes: Iterable[Vote]) -> bool:
        for vote in votes:
            self._take_vote(vote)
        return False

    return replaced(Consensus, "_take_certified", take)


@bug
def certificates_are_not_read() -> AbstractContextManager[Any]:
    return replaced(Consensus, "_take_certificate", lambda *_: None)


@bug
def signatures_are_not_judged() -> AbstractContextManager[Any]:
    return replaced(Consensus, "_is_signed", lambda *_: True)


@bug
def far_rounds_are_all_kept() -> AbstractContextManager[Any]:
    return replaced(Consensus, "_is_far", lambda *_: False)


@bug
def only_the_first_vote_of_an_equivocator_counts() -> AbstractContextManager[Any]:
    return replaced(RoundVotes, "is_full", lambda self, address: address in self._contents_of)


# --- blocks and time


@bug
def a_body_that_does_not_fit_its_id_is_taken() -> AbstractContextManager[Any]:
    return replaced(messages, "check_parts", lambda block: None)


@bug
def a_fault_is_remembered_as_invalid() -> AbstractContextManager[Any]:
    return replaced(Bodies, "forget_faults", lambda self: None)


@bug
def unchecked_bodies_count_as_known() -> AbstractContextManager[Any]:
    def verdict(self: Bodies, block_id: Hash32, effects: list[Effect]) -> Any:
        known = VERDICT(self, block_id, effects)
        return Verdict.VALID if known is None and self.get(block_id) is not None else known

    return replaced(Bodies, "verdict", verdict)


VERDICT = Bodies.verdict


@bug
def the_time_of_a_fresh_block_is_not_asked() -> AbstractContextManager[Any]:
    return replaced(TimeBounds, "is_timely", lambda *_: True)


@bug
def a_block_offered_again_must_be_timely() -> AbstractContextManager[Any]:
    def prevote(self: Consensus) -> bool:
        held = self._proposals.get(self.round)
        is_again = held is not None and held.proposal.pol >= 0
        if held is not None and is_again and self._bodies.get(held.proposal.block_id) is not None:
            return self._is_fresh(held, held.proposal.block_id) and R3(self)
        return R3(self)

    return replaced(Consensus, "_r3_prevote", prevote)
