"""Versions of actions come into force at a height, modules are paused and resumed, and old blocks replay
under the version of their height."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chain.block import Outcome
from chain.transaction import SignedTransaction
from chain.types import Hash32
from contracts import reasons
from contracts.actions import REGISTER, Call
from contracts.context import BlockContext
from contracts.executor import Execution, Refusal, execute
from contracts.genesis import genesis_changes
from contracts.governance import ACTIVATION_DELAY, OPEN_OF_MEMBER_MAXIMUM
from contracts.records import Collection, Rules, operational_day, rules_of
from tests.support.budget import (
    START_MS,
    Ledger,
    MemoryReader,
    a_fresh_ledger,
    a_genesis,
    a_ledger,
    day_number,
    decide,
)
from tests.support.route import a_step, approve, reason_of, set_route, submitted
from tests.support.route import decide as decide_approval
from tests.support.year import GU

OPEN_DAY = "treasury.open_day"
SCOPE = ("gu", "01.kz", None, None, None, None, None, GU, None)
PAUSE = ("treasury",)


def open_two(call: Call) -> None:
    """Version 2, of tests only: the day and the one after it."""
    (day,) = call.arguments
    assert isinstance(day, int)
    REGISTER[(OPEN_DAY, 1)].handler(replace(call, arguments=(day + 1,)))


@pytest.fixture(autouse=True)
def second() -> Iterator[None]:
    """A second version of treasury.open_day, which this program knows and the members may put in force."""
    REGISTER[(OPEN_DAY, 2)] = replace(REGISTER[(OPEN_DAY, 1)], version=2, handler=open_two)
    yield
    del REGISTER[(OPEN_DAY, 2)]


def proposal(ledger: Ledger, effect: str, *arguments: object) -> object:
    """Why a ballot on this effect is refused."""
    return ledger.refused("mof", "ballot.propose", effect, arguments, "").reason  # type: ignore[arg-type]


def opened(ledger: Ledger, day: int, version: int) -> Execution | Refusal:
    return ledger.run(ledger.document("treasury", OPEN_DAY, day_number(2026, 1, day), version=version))


# --- activation


def test_before_its_height_a_version_is_refused_and_from_it_on_no_other_is_taken() -> None:
    ledger = a_fresh_ledger()
    assert reason_of(opened(ledger, 5, 2)) is reasons.RULES_VERSION
    first = ledger.height + 20
    decide(ledger, "rules.activate", (OPEN_DAY, 2, first))
    while ledger.height + 1 < first:
        assert reason_of(opened(ledger, 5, 2)) is reasons.RULES_VERSION
        ledger.run()
    assert reason_of(opened(ledger, 5, 1)) is reasons.RULES_VERSION
    assert isinstance(opened(ledger, 5, 2), Execution)
    assert operational_day(ledger.state) == day_number(2026, 1, 6)


def test_an_activation_needs_time_to_be_known_everywhere() -> None:
    ledger = a_fresh_ledger()
    due = ledger.height + 1 + ACTIVATION_DELAY
    assert proposal(ledger, "rules.activate", OPEN_DAY, 2, due - 1) is reasons.RULES_HEIGHT
    ledger.do("mof", "ballot.propose", "rules.activate", (OPEN_DAY, 2, due), "")


def test_a_vote_that_comes_too_late_for_the_height_fails_the_ballot() -> None:
    ledger = a_fresh_ledger()
    ((_, number, _),) = ledger.do("mof", "ballot.propose", "rules.activate", (OPEN_DAY, 2, 11), "")
    for member in ("mof", "moh"):
        ledger.do(member, "ballot.vote", number, True)
    events = ledger.do("mot", "ballot.vote", number, True)
    assert events[-1][:4] == ("ballot.closed", number, False, "RULES-HEIGHT")


def test_what_can_be_activated() -> None:
    ledger = a_fresh_ledger()
    assert proposal(ledger, "rules.activate", OPEN_DAY, 3, 99) is reasons.RULES_UNKNOWN
    assert proposal(ledger, "rules.activate", OPEN_DAY, 1, 99) is reasons.RULES_PENDING
    decide(ledger, "rules.activate", (OPEN_DAY, 2, 50))
    assert proposal(ledger, "rules.activate", OPEN_DAY, 2, 99) is reasons.RULES_PENDING
    assert proposal(ledger, "rules.activate", OPEN_DAY, 1, 99) is reasons.RULES_PENDING


def test_a_version_can_be_taken_back_once_it_is_in_force() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "rules.activate", (OPEN_DAY, 2, 20))
    while ledger.height < 20:
        ledger.run()
    decide(ledger, "rules.activate", (OPEN_DAY, 1, 40))
    assert rules_of(ledger.state) == Rules(((OPEN_DAY, 1, 40), (OPEN_DAY, 2, 20)), ())
    while ledger.height < 40:
        ledger.run()
    assert isinstance(opened(ledger, 5, 1), Execution)
    decide(ledger, "rules.activate", (OPEN_DAY, 2, 60))
    assert rules_of(ledger.state) == Rules(((OPEN_DAY, 1, 40), (OPEN_DAY, 2, 60)), ())


def test_a_document_on_its_way_of_a_version_that_has_gone_is_not_carried_out() -> None:
    ledger = a_ledger()
    suspend = REGISTER[("treasury.suspend", 1)]
    REGISTER[("treasury.suspend", 2)] = replace(suspend, version=2)
    set_route(ledger, "treasury.suspend", a_step("mof"))
    number = submitted(ledger, "treasury", "treasury.suspend", SCOPE, 1, "приказ 7")
    decide(ledger, "rules.activate", ("treasury.suspend", 2, ledger.height + 15))
    for _ in range(15):
        ledger.run()
    assert reason_of(decide_approval(ledger, "sign", "mof", number)) is reasons.RULES_VERSION
    assert isinstance(decide_approval(ledger, "withdraw", "treasury", number, "новая версия"), Execution)
    del REGISTER[("treasury.suspend", 2)]


# --- the golden chain

Block = tuple[BlockContext, tuple[SignedTransaction, ...]]
Roots = tuple[Hash32, Hash32, Hash32]


class Recorder(Ledger):
    """A ledger that keeps its blocks and their roots."""

    blocks: list[tuple[Block, Roots]]

    def run(self, *signed: SignedTransaction, **how: object) -> Execution | Refusal:
        context = self.context()
        found = super().run(*signed, **how)  # type: ignore[arg-type]
        if isinstance(found, Execution):
            roots = (found.state_root, found.outcomes_root, found.changes_root)
            self.blocks.append(((context, signed), roots))
        return found


def a_golden_chain() -> Recorder:
    """Days opened under version 1, an activation, days opened under version 2."""
    ledger = a_fresh_ledger()
    recorder = Recorder(ledger.chain_id, ledger.state)
    recorder.blocks = []
    assert isinstance(opened(recorder, 5, 1), Execution)
    decide(recorder, "rules.activate", (OPEN_DAY, 2, 20))
    assert isinstance(opened(recorder, 6, 1), Execution)
    while recorder.height < 19:
        recorder.run()
    assert isinstance(opened(recorder, 8, 2), Execution)
    return recorder


def test_old_blocks_replay_under_the_version_of_their_height() -> None:
    """Every block of the chain, executed again from genesis by a program that knows both versions."""
    chain = a_golden_chain()
    state = MemoryReader(genesis_changes(a_genesis()))
    days = []
    for (context, transactions), roots in chain.blocks:
        found = execute(state, context, transactions)
        assert isinstance(found, Execution)
        assert (found.state_root, found.outcomes_root, found.changes_root) == roots
        state.commit(found.state_changes)
        days += [
            event[1]
            for outcome in found.outcomes
            for event in Outcome.decode(outcome).events
            if event[0] == "treasury.day-opened"
        ]
    assert days == [day_number(2026, 1, day) for day in (5, 6, 9)]


def test_a_block_judged_by_another_version_than_its_height_s_is_invalid() -> None:
    chain = a_golden_chain()
    (context, transactions), _ = chain.blocks[0]
    later = replace(context, height=20, time_ms=START_MS)
    assert reason_of(execute(chain.state, later, transactions)) is reasons.RULES_VERSION


# --- pause


def test_a_paused_module_takes_no_document_until_it_is_resumed() -> None:
    ledger = a_ledger()
    decide(ledger, "module.pause", PAUSE)
    assert reason_of(opened(ledger, 6, 1)) is reasons.RULES_PAUSED
    assert proposal(ledger, "module.pause", "treasury") is reasons.MODULE_PAUSED
    decide(ledger, "module.resume", PAUSE)
    assert isinstance(opened(ledger, 6, 1), Execution)
    assert ledger.state.get(Collection.RULES, b"") is None


def test_what_can_be_paused_and_resumed() -> None:
    ledger = a_ledger()
    for module in ("ballot", "signer", "approval", "tresury"):
        assert proposal(ledger, "module.pause", module) is reasons.MODULE_UNKNOWN
    assert proposal(ledger, "module.resume", "treasury") is reasons.MODULE_RUNNING


def test_an_approved_document_of_a_paused_module_waits() -> None:
    ledger = a_ledger()
    set_route(ledger, "treasury.suspend", a_step("mof"))
    number = submitted(ledger, "treasury", "treasury.suspend", SCOPE, 1, "приказ 7")
    decide(ledger, "module.pause", PAUSE)
    assert reason_of(decide_approval(ledger, "sign", "mof", number)) is reasons.RULES_PAUSED
    decide(ledger, "module.resume", PAUSE)
    approve(ledger, number, "mof")


# --- places of ballots


def test_one_member_cannot_take_the_places_of_the_others() -> None:
    ledger = a_fresh_ledger()
    arguments = ((("retention-percent", 90),),)
    for _ in range(OPEN_OF_MEMBER_MAXIMUM):
        ledger.do("mof", "ballot.propose", "params.set", arguments, "")
    refusal = ledger.refused("mof", "ballot.propose", "params.set", arguments, "")
    assert refusal.reason is reasons.BALLOTS_OF_MEMBER
    ledger.do("moh", "ballot.propose", "params.set", arguments, "")
    for member in ("mof", "moh", "mot"):
        ledger.do(member, "ballot.vote", 1, True)
    ledger.do("mof", "ballot.propose", "params.set", arguments, "")
