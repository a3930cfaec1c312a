"""Whose word is taken for a damaged height of the block log, and what is said when there is nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from chain.block import Block, Results
from chain.errors import CorruptionError
from chain.keys import verify
from chain.types import Address, Hash32
from consensus.messages import Commit, GetCommits, MessageType, Status, Step
from node import repair
from node.application import LedgerApplication
from node.assembly import Tip
from node.recovery import bring_up
from node.repair import LogRepair
from storage.log_format import Records, RecordType
from storage.log_scan import Damage, LogDamageError
from storage.memory import MemoryBlockLog, MemoryState
from tests.support.node import (
    MemoryNode,
    TestTransport,
    a_certificate,
    a_node,
    address_of_validator,
    block_on,
)

MEMBERS = ("mof", "treasury", "moh", "mot")
QUORUM = ("treasury", "moh", "mot")
PEERS = {address_of_validator(name): name for name in QUORUM}
HEIGHTS = 6

Answer = Callable[[GetCommits], Commit | None]


@dataclass(slots=True)
class AnsweringTransport(TestTransport):
    """Each peer answers GET_COMMITS at once, as the test says; else it is silent."""

    answers: dict[Address, Answer] = field(default_factory=dict)

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        is_sent = TestTransport.send(self, address, kind, payload)
        if is_sent and kind == MessageType.GET_COMMITS and address in self.answers:
            commit = self.answers[address](GetCommits.decode(payload))
            if commit is not None:
                self.deliver(address, MessageType.COMMIT, commit.encode())
        return is_sent


class DamagedMemoryLog(MemoryBlockLog):
    """A log whose damaged heights cannot be read until they are put back."""

    def __init__(self, whole: MemoryBlockLog, damaged: Iterable[int]) -> None:
        super().__init__()
        self._groups = {height: whole.read(height) for height in range(1, whole.last_height + 1)}
        self._damaged = sorted(damaged)
        self.stays_damaged = False

    @property
    def damages(self) -> tuple[Damage, ...]:
        return tuple(self._damage(height) for height in self._damaged)

    def _damage(self, height: int) -> Damage:
        return Damage(
            Path("00000001.log"), height, height, RecordType.BLOCK, 1000 * height, "the payload fails",
            0, 0, b"", None,
        )  # fmt: skip

    def read(self, height: int) -> Records:
        if height in self._damaged:
            raise LogDamageError(self._damage(height))
        return super().read(height)

    def repair(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        assert height == self._damaged[0]
        self._groups[height] = Records(block, results, certificate)
        if not self.stays_damaged:
            del self._damaged[0]


@dataclass(slots=True)
class Story:
    """A chain of HEIGHTS blocks, its state, and a node whose log is damaged at some of them."""

    node: MemoryNode
    state: MemoryState
    whole: MemoryBlockLog
    tips: list[Tip]
    transport: AnsweringTransport
    log: DamagedMemoryLog
    names: dict[Address, str] = field(default_factory=lambda: PEERS)

    def honest(self, request: GetCommits) -> Commit:
        assert request.count == 1
        stored = self.whole.read(request.first_height)
        block = Block.decode(stored.block)
        return Commit(block, a_certificate(self.node, block, *QUORUM))

    def repair(self, *, state: MemoryState | None = None, patience_seconds: float = 20.0) -> None:
        found = state or self.state
        application = LedgerApplication(found, self.node.genesis, verify)
        log_repair = LogRepair(
            blocks=self.log,
            state=found,
            chain_id=self.node.genesis.chain_id,
            transport=self.transport,
            bring_up=lambda height: bring_up(application, self.log, self.node.genesis, height),
            patience_seconds=patience_seconds,
            names=self.names,
        )
        asyncio.run(log_repair.run())

    def is_whole(self) -> bool:
        heights = range(1, HEIGHTS + 1)
        if self.log.damages:
            return False
        return all(self.log.read(at)[:2] == self.whole.read(at)[:2] for at in heights)

    def dropped(self) -> list[str]:
        return [PEERS[peer] for peer, _ in self.transport.dropped]


def a_story(*damaged: int) -> Story:
    state, whole = MemoryState(), MemoryBlockLog()
    node = a_node(members=MEMBERS, state=state)
    tips = [Tip.genesis(node.genesis.chain_id, node.genesis.time_ms)]
    for height in range(1, HEIGHTS + 1):
        tip = tips[-1]
        block, executed = block_on(node.application, tip, [node.document()], tip.time_ms + 1)
        execution = executed.execution
        tx_ids = [signed.tx_id for signed in executed.transactions]
        history = tip.history.append(block.block_id)
        node.application.apply(height, execution, tx_ids, {b"history": history.encode()})
        certificate = a_certificate(node, block, "mof", "treasury", "moh").encode()
        results = Results(execution.outcomes, execution.changes).encode()
        whole.append(height, block.encode(), results, certificate)
        tips.append(tip.child(block, certificate))
    node.close()
    return Story(
        node, state, whole, tips, AnsweringTransport(sorted(PEERS)), DamagedMemoryLog(whole, damaged)
    )


def with_header(block: Block, **changes: Any) -> Block:
    return Block.of(
        replace(block.header, **changes), block.parent_certificate, block.transactions, block.evidence
    )


@pytest.mark.parametrize("damaged", [(1,), (3,), (HEIGHTS,), (1, 2, HEIGHTS - 1, HEIGHTS)])
def test_every_damaged_height_is_put_back(damaged: tuple[int, ...]) -> None:
    story = a_story(*damaged)
    story.transport.answers = dict.fromkeys(PEERS, story.honest)
    story.repair()
    assert story.is_whole()
    assert len(story.transport.sent) == len(damaged)


def test_a_state_that_is_lost_is_made_anew_in_step_with_the_log() -> None:
    story = a_story(3, 5)
    story.transport.answers = dict.fromkeys(PEERS, story.honest)
    state = MemoryState()
    story.repair(state=state)
    assert story.is_whole()
    assert state.height == 4


def test_what_else_the_peers_say_is_not_answered() -> None:
    story = a_story(3)
    story.transport.answers = dict.fromkeys(PEERS, story.honest)
    peer = story.transport.peers[0]
    status = Status(story.honest(GetCommits(1, 1)).block.header.height, 0, Step.PROPOSE, False, (), ())  # type: ignore[arg-type]
    story.transport.deliver(peer, MessageType.STATUS, status.encode())
    story.transport.deliver(peer, MessageType.GET_COMMITS, b"not even this")
    story.repair()
    assert [kind for _, kind, _ in story.transport.sent] == [MessageType.GET_COMMITS]
    assert story.dropped() == []


def forged_by_a_minority(story: Story, block: Block) -> Commit:
    return Commit(block, a_certificate(story.node, block, "treasury", "moh"))


def another_parent(story: Story, block: Block) -> Commit:
    other = with_header(block, parent_hash=Hash32(b"o" * 32))
    return Commit(other, a_certificate(story.node, other, *QUORUM))


def not_the_parent_of_the_next(story: Story, block: Block) -> Commit:
    other = with_header(block, state_root=Hash32(b"o" * 32))
    return Commit(other, a_certificate(story.node, other, *QUORUM))


def parts_of_another_header(story: Story, block: Block) -> Commit:
    other = Block.of(block.header, block.parent_certificate, (), block.evidence)
    return Commit(other, a_certificate(story.node, other, *QUORUM))


LIES = (forged_by_a_minority, another_parent, not_the_parent_of_the_next, parts_of_another_header)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_not_believed_and_the_next_peer_is_asked(lie: Callable[[Story, Block], Commit]) -> None:
    story = a_story(3)
    liar, *others = story.transport.peers
    story.transport.answers = dict.fromkeys(others, story.honest)
    story.transport.answers[liar] = lambda request: lie(story, story.honest(request).block)
    story.repair()
    assert story.is_whole()
    assert story.dropped() == [PEERS[liar]]


def test_an_answer_to_another_question_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "ANSWER_SECONDS", 0.05)
    story = a_story(3)
    late, *others = story.transport.peers
    story.transport.answers = dict.fromkeys(others, story.honest)
    story.transport.answers[late] = lambda request: story.honest(replace(request, first_height=2))  # type: ignore[arg-type]
    story.repair()
    assert story.is_whole()
    assert story.dropped() == []


def test_who_is_silent_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "ANSWER_SECONDS", 0.05)
    story = a_story(3)
    story.transport.answers = {story.transport.peers[-1]: story.honest}
    story.repair()
    assert story.is_whole()


def test_what_was_tried_is_said_and_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "ANSWER_SECONDS", 0.05)
    story = a_story(3, 5)
    liar = address_of_validator("moh")
    story.transport.answers = {liar: lambda request: forged_by_a_minority(story, story.honest(request).block)}
    with pytest.raises(LogDamageError) as refused:
        story.repair(patience_seconds=1.0)
    text = str(refused.value)
    assert "00000001.log: height 3, record 1 (block) at offset 3000: the payload fails" in text
    assert "Peers were asked for height 3 for 1 s" in text
    assert "treasury: no answer" in text
    assert "moh: its answer proves nothing (certificate of height 3: power 2 of 4 is no quorum)" in text
    assert len(story.log.damages) == 2


def test_a_node_that_knows_no_peers_does_not_wait() -> None:
    story = a_story(3)
    story.names = {}
    with pytest.raises(LogDamageError, match=r"No peer was asked: node\.toml names none"):
        story.repair()


def test_with_nobody_connected_it_is_said_so() -> None:
    story = a_story(3)
    story.transport.peers = []
    with pytest.raises(LogDamageError, match=r"height 3: none was connected for 0\.1 s"):
        story.repair(patience_seconds=0.1)


def test_without_the_state_before_it_no_peer_is_asked() -> None:
    story = a_story(3)
    began_later = MemoryState()
    began_later.commit(4, bytes(32), {}, {})
    with pytest.raises(LogDamageError, match="the state after block 2 is not here"):
        story.repair(state=began_later)
    assert story.transport.sent == []


def test_a_certified_block_that_does_not_execute_so_here_is_not_the_peers_fault() -> None:
    story = a_story(HEIGHTS)

    def answer(request: GetCommits) -> Commit:
        other = with_header(story.honest(request).block, changes_root=Hash32(b"o" * 32))
        return Commit(other, a_certificate(story.node, other, *QUORUM))

    story.transport.answers = dict.fromkeys(PEERS, answer)
    with pytest.raises(CorruptionError, match="its changes are others") as refused:
        story.repair()
    assert not isinstance(refused.value, LogDamageError)
    assert story.dropped() == []
    assert story.log.damages


def test_a_disk_that_damages_it_again_does_not_keep_the_node_asking() -> None:
    story = a_story(3)
    story.transport.answers = dict.fromkeys(PEERS, story.honest)
    story.log.stays_damaged = True
    with pytest.raises(LogDamageError, match="put back and is damaged again"):
        story.repair()
    assert len(story.transport.sent) == 1
