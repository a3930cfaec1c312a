"""Whom to ask for missed blocks, whose COMMITs to keep, and what others may ask of us."""

from __future__ import annotations

from dataclasses import dataclass, field

from chain.types import Address, Height
from chain.validators import ValidatorSet
from consensus.messages import Commit, GetCommits, MessageType, Status, Step
from node.catch_up import (
    ANSWER_BYTES,
    ANSWER_EVERY_MS,
    ANSWER_WITHIN_MS,
    HEIGHT_MS,
    HELP_EVERY_MS,
    KEPT_BYTES,
    CatchUp,
)
from storage.memory import MemoryBlockLog
from tests.support.node import MemoryNode, TestClock, TestTransport, a_certificate, a_node

MEMBERS = ("mof", "treasury", "moh", "mot")


@dataclass(slots=True)
class Story:
    node: MemoryNode = field(default_factory=lambda: a_node(members=MEMBERS))
    clock: TestClock = field(default_factory=TestClock)
    blocks: MemoryBlockLog = field(default_factory=MemoryBlockLog)

    @property
    def transport(self) -> TestTransport:
        return self.node.transport

    @property
    def peers(self) -> list[Address]:
        return sorted(self.node.transport.peers)

    @property
    def validators(self) -> ValidatorSet:
        return self.node.application.validators_at(1)

    def asked(self) -> list[tuple[Address, GetCommits]]:
        sent = self.transport.sent_of(MessageType.GET_COMMITS)
        return [(peer, GetCommits.decode(payload)) for peer, payload in sent]

    def commit(self) -> Commit:
        block, _ = self.node.next_block()
        return Commit(block, a_certificate(self.node, block, "mof", "treasury", "moh"))


def a_story() -> tuple[Story, CatchUp]:
    story = Story()
    return story, CatchUp(story.blocks, story.transport, story.clock)


def status(height: int) -> Status:
    return Status(Height(height), -1, Step.PROPOSE, False, (), ())


def test_one_request_is_under_way() -> None:
    story, catch_up = a_story()
    for peer in story.peers:
        catch_up.saw_status(peer, status(9), 3)
    assert story.asked() == [(story.peers[0], GetCommits(Height(3), 64))]


def test_who_brings_nothing_is_asked_last() -> None:
    story, catch_up = a_story()
    for peer in story.peers:
        catch_up.saw_status(peer, status(9), 3)
    story.clock.time_ms += ANSWER_WITHIN_MS
    catch_up.ask(3)
    story.clock.time_ms += ANSWER_WITHIN_MS
    catch_up.ask(3)
    assert [peer for peer, _ in story.asked()] == story.peers


def test_who_keeps_bringing_has_time() -> None:
    story, catch_up = a_story()
    catch_up.saw_status(story.peers[0], status(9), 3)
    story.clock.time_ms += ANSWER_WITHIN_MS - 1
    catch_up.brought(story.peers[0])
    story.clock.time_ms += ANSWER_WITHIN_MS - 1
    catch_up.ask(3)
    assert len(story.asked()) == 1


def test_a_peer_whose_link_is_down_is_not_waited_for() -> None:
    story, catch_up = a_story()
    first, second, _ = story.peers
    catch_up.saw_status(first, status(9), 3)
    catch_up.saw_status(second, status(9), 3)
    story.transport.peers.remove(first)
    catch_up.ask(3)
    assert [peer for peer, _ in story.asked()] == [first, second]


def test_one_liar_is_not_heard_and_a_dead_peer_neither() -> None:
    story, catch_up = a_story()
    first, second, third = story.peers
    catch_up.saw_status(first, status(10**9), 3)
    assert catch_up.highest_claim(story.validators) == 0
    catch_up.saw_status(second, status(5), 3)
    catch_up.saw_status(third, status(4), 3)
    assert catch_up.highest_claim(story.validators) == 5
    story.transport.peers.remove(second)
    assert catch_up.highest_claim(story.validators) == 4


def test_of_later_heights_only_what_was_asked_for_is_kept() -> None:
    story, catch_up = a_story()
    commit = story.commit()
    later = Height(0)  # the commit is of height 1: seen from below it, it is one of a later height
    catch_up.keep(story.peers[1], commit, later, 100)
    assert catch_up.take(1) is None
    catch_up.saw_status(story.peers[1], status(9), later)
    catch_up.keep(story.peers[1], commit, later, 100)
    assert catch_up.take(1) == (commit, story.peers[1])


def test_what_is_kept_is_bounded_in_bytes() -> None:
    story, catch_up = a_story()
    catch_up.keep(story.peers[0], story.commit(), 1, KEPT_BYTES + 1)
    assert catch_up.take(1) is None


def test_a_false_commit_takes_the_others_of_its_sender_along() -> None:
    story, catch_up = a_story()
    catch_up.saw_status(story.peers[0], status(9), 0)
    catch_up.keep(story.peers[0], story.commit(), 0, 100)
    catch_up.blame(story.peers[0])
    assert catch_up.take(1) is None


def test_a_peer_that_is_behind_gets_its_commit_once_in_a_while() -> None:
    story, catch_up = a_story()
    commit = story.commit()
    story.blocks.append(1, commit.block.encode(), b"\x90", commit.certificate.encode())
    for _ in range(3):
        catch_up.saw_status(story.peers[0], status(1), 2)
    story.clock.time_ms += HELP_EVERY_MS
    catch_up.saw_status(story.peers[0], status(1), 2)
    sent = story.transport.sent_of(MessageType.COMMIT)
    assert [(peer, Commit.decode(payload)) for peer, payload in sent] == [(story.peers[0], commit)] * 2


def test_a_flood_of_requests_is_answered_once() -> None:
    story, catch_up = a_story()
    commit = story.commit()
    story.blocks.append(1, commit.block.encode(), b"\x90", commit.certificate.encode())
    for _ in range(5):
        catch_up.answer(story.peers[0], GetCommits(Height(1), 64))
    assert len(story.transport.sent_of(MessageType.COMMIT)) == 1
    story.clock.time_ms += ANSWER_EVERY_MS
    catch_up.answer(story.peers[0], GetCommits(Height(0), 64))
    assert len(story.transport.sent_of(MessageType.COMMIT)) == 1, (
        "the answer had a height, which has its time"
    )
    story.clock.time_ms += HEIGHT_MS
    catch_up.answer(story.peers[0], GetCommits(Height(0), 64))
    assert len(story.transport.sent_of(MessageType.COMMIT)) == 2


def test_while_an_answer_is_on_its_way_nothing_is_asked_again() -> None:
    story, catch_up = a_story()
    catch_up.saw_status(story.peers[0], status(200), 3)
    for height in range(4, 67):
        catch_up.decided(height)
    assert len(story.asked()) == 1
    catch_up.decided(67)
    assert story.asked()[1:] == [(story.peers[0], GetCommits(Height(67), 64))]


def test_an_answer_that_is_full_is_followed_by_the_next_request() -> None:
    story, catch_up = a_story()
    catch_up.saw_status(story.peers[0], status(200), 0)
    catch_up.keep(story.peers[0], story.commit(), 0, ANSWER_BYTES)
    catch_up.decided(2)
    assert [request.first_height for _, request in story.asked()] == [0, 2]
