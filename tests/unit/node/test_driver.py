"""The driver on a virtual network: what is durable before what, when it signs, whom it believes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

import node.driver as driver_module
from chain.block import Block
from chain.certificate import VoteKind
from chain.errors import CorruptionError
from chain.types import Address, Hash32, Height, Round
from consensus.messages import (
    Commit,
    GetBlock,
    GetCommits,
    HeldVotes,
    MessageType,
    Status,
    Step,
    Votes,
)
from consensus.records import HeightEnded, KeyRetired, OwnMessage, decode_record, encode_record
from storage.memory import MemoryBlockLog, MemoryJournal, MemoryState
from tests.support.node import MemoryNode, TestTransport, a_certificate, a_node, a_vote, address_of_validator

MEMBERS = ("mof", "treasury", "moh", "mot")
TREASURY = address_of_validator("treasury")
OTHER = Hash32(b"o" * 32)
PATIENCE_SECONDS = 10.0


async def drive(node: MemoryNode, until: Callable[[], bool]) -> None:
    """Run the driver until this is true; what ended it is raised."""
    running = asyncio.create_task(node.driver.run())
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_SECONDS
    try:
        while not until():
            if running.done():
                running.result()
            assert loop.time() < deadline, "the driver did not come so far"
            await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.wait([running])


def run(node: MemoryNode, until: Callable[[], bool]) -> None:
    try:
        asyncio.run(drive(node, until))
    finally:
        node.close()


def status(height: int) -> bytes:
    return Status(Height(height), -1, Step.PROPOSE, False, (), ()).encode()


def greet(node: MemoryNode, height: int = 1) -> None:
    """One STATUS of each peer: the node may sign."""
    for peer in node.transport.peers:
        node.transport.deliver(peer, MessageType.STATUS, status(height))


def records(node: MemoryNode) -> list[Any]:
    return [decode_record(record) for record in node.journal.records()]


def commit_of(node: MemoryNode, block: Block, *names: str) -> bytes:
    return Commit(block, a_certificate(node, block, *(names or MEMBERS[:3]))).encode()


# --- stable storage


class Order:
    """What reached a disk or a link, in order."""

    def __init__(self) -> None:
        self.happened: list[str] = []


class OrderedLog(MemoryBlockLog):
    def __init__(self, order: Order) -> None:
        super().__init__()
        self._order = order

    def append(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        super().append(height, block, results, certificate)
        self._order.happened.append(f"log {height}")


class OrderedState(MemoryState):
    order: Order

    def commit(self, height: int, *rest: Any, **more: Any) -> None:
        super().commit(height, *rest, **more)
        self.order.happened.append(f"state {height}")


class OrderedJournal(MemoryJournal):
    def __init__(self, order: Order) -> None:
        super().__init__()
        self._order = order

    def append(self, record: bytes) -> None:
        super().append(record)
        found = decode_record(record)
        name = found.step.name if isinstance(found, OwnMessage) else "end"
        self._order.happened.append(f"journal {name} {found.height}")


class OrderedTransport(TestTransport):
    def __init__(self, order: Order) -> None:
        super().__init__()
        self._order = order

    def broadcast(self, kind: int, payload: bytes) -> int:
        if kind in (MessageType.PROPOSAL, MessageType.VOTE):
            self._order.happened.append(f"say {MessageType(kind).name}")
        return 0


def test_a_record_is_durable_before_its_message_and_log_state_journal_follow() -> None:
    order = Order()
    state = OrderedState()
    state.order = order
    node = a_node(blocks=OrderedLog(order), journal=OrderedJournal(order), state=state)
    transport = OrderedTransport(order)
    node.driver._transport = node.driver.intake._transport = transport
    node.driver._catch_up._transport = node.driver._bodies._transport = transport
    node.mempool.add(node.document())
    node.transport = transport
    run(node, lambda: "journal end 1" in order.happened)
    assert order.happened == [
        "state 0",
        "journal PROPOSE 1", "say PROPOSAL",
        "journal PREVOTE 1", "say VOTE",
        "journal PRECOMMIT 1", "say VOTE",
        "log 1", "state 1", "journal end 1",
    ]  # fmt: skip


def test_a_failed_write_of_the_journal_ends_the_node_and_nothing_is_said() -> None:
    class FullDisk(MemoryJournal):
        def append(self, record: bytes) -> None:
            raise OSError("no space left")

    node = a_node(members=MEMBERS[:2], journal=FullDisk())
    node.transport.peers.clear()
    node.mempool.add(node.document())
    with pytest.raises(OSError, match="no space"):
        run(node, lambda: False)
    assert node.transport.sent_of(MessageType.VOTE) == node.transport.sent_of(MessageType.PROPOSAL) == []


def test_after_a_failed_write_of_the_journal_no_peer_is_sent_the_vote_that_asks_for_it() -> None:
    """It is in the machine's own tally, and the node has some callbacks left to run before it is gone."""

    class FullDisk(MemoryJournal):
        def append(self, record: bytes) -> None:
            for peer in node.transport.peers:
                node.transport.deliver(peer, MessageType.STATUS, asking)
            raise OSError("no space left")

    asking = Status(Height(1), 0, Step.PREVOTE, False, (), ()).encode()
    node = a_node(members=MEMBERS[:2], journal=FullDisk())
    greet(node)
    node.mempool.add(node.document())
    with pytest.raises(OSError, match="no space"):
        run(node, lambda: False)
    assert node.transport.sent_of(MessageType.VOTES) == []


def test_pruning_keeps_that_the_key_is_retired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "JOURNAL_PRUNE_BYTES", 0)
    retired = KeyRetired(Height(0), "lost")
    node = a_node(members=MEMBERS, journal=MemoryJournal([encode_record(retired)]))
    block, _ = node.next_block(proposer="treasury")
    greet(node)
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, block, *MEMBERS[1:]))
    run(node, lambda: node.driver.tip.height == 1)
    assert records(node) == [retired, HeightEnded(Height(1))]
    assert not node.driver.votes


# --- the start


def test_nothing_is_signed_before_each_connected_peer_has_greeted() -> None:
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    for peer in node.transport.peers[:-1]:
        node.transport.deliver(peer, MessageType.STATUS, status(1))
    run(node, lambda: node.transport.inbox.empty() and len(node.transport.sent_of(MessageType.STATUS)) > 0)
    assert records(node) == []


def test_an_own_vote_that_the_journal_lacks_retires_the_key_before_it_signs() -> None:
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    lost = a_vote(node, "mof", VoteKind.PREVOTE, 1, OTHER)
    node.transport.deliver(TREASURY, MessageType.VOTES, Votes(Height(1), None, (lost,)).encode())
    greet(node)
    run(node, lambda: len(records(node)) > 0)
    assert [type(record) for record in records(node)] == [KeyRetired]
    assert not node.driver.votes
    assert node.transport.sent_of(MessageType.VOTE) == []


def claim(node: MemoryNode, height: int, *peers: Address) -> None:
    for peer in peers or node.transport.peers:
        node.transport.deliver(peer, MessageType.STATUS, status(height))


def test_what_was_decided_without_this_node_is_taken_over_before_it_signs() -> None:
    """A directory put back from an old image of the disk is consistent in itself."""
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    block, _ = node.next_block(proposer="treasury")
    claim(node, 2)
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, block, *MEMBERS[1:]))
    run(node, lambda: node.driver.tip.height == 1)
    assert records(node) == [HeightEnded(Height(1))]
    assert node.driver.votes


def test_while_some_honest_peer_is_further_the_node_signs_nothing_however_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver_module, "GREETING_SECONDS", 0.1)
    monkeypatch.setattr(driver_module, "LISTENING_SECONDS", 0.1)
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    claim(node, 2, *node.transport.peers[:2])
    told = len(node.transport.peers) * 2
    run(node, lambda: len(node.transport.sent_of(MessageType.STATUS)) >= told)
    assert node.transport.sent_of(MessageType.GET_COMMITS)
    assert records(node) == []


def test_one_peer_that_claims_to_be_further_silences_nobody() -> None:
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    claim(node, 10**9, TREASURY)
    claim(node, 1, *node.transport.peers[1:])
    run(node, lambda: any(isinstance(one, OwnMessage) for one in records(node)))


def test_an_own_vote_inside_a_certificate_retires_the_key_before_it_signs() -> None:
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    block, _ = node.next_block(proposer="treasury")
    claim(node, 2)
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, block, *MEMBERS[:3]))
    run(node, lambda: node.driver.tip.height == 1)
    assert [type(record) for record in records(node)] == [KeyRetired, HeightEnded]
    assert not node.driver.votes


def holding(node: MemoryNode, *, has_proposal: bool = False) -> bytes:
    """STATUS of a peer in round 0 that has somebody's prevote."""
    vote = a_vote(node, "moh", VoteKind.PREVOTE, 1, OTHER)
    index = node.application.validators_at(1).index_of(vote.address)
    assert index is not None
    held = HeldVotes(VoteKind.PREVOTE, Round(0), OTHER, vote.pol, (1 << index).to_bytes(1, "little"))
    return Status(Height(1), 0, Step.PREVOTE, has_proposal, (held,), ()).encode()


def test_a_peer_that_holds_votes_is_asked_and_waited_for() -> None:
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    node.transport.deliver(TREASURY, MessageType.STATUS, holding(node))
    claim(node, 1, *node.transport.peers[1:])
    sent = node.transport.sent_of
    run(node, lambda: (TREASURY, status(1)) in sent(MessageType.STATUS) and node.transport.inbox.empty())
    assert records(node) == []


def test_its_answer_with_an_own_vote_retires_the_key_and_any_other_lets_it_sign() -> None:
    for name in ("mof", "moh"):
        node = a_node(members=MEMBERS)
        node.mempool.add(node.document())
        node.transport.deliver(TREASURY, MessageType.STATUS, holding(node))
        claim(node, 1, *node.transport.peers[1:])
        vote = a_vote(node, name, VoteKind.PREVOTE, 1, OTHER)
        node.transport.deliver(TREASURY, MessageType.VOTES, Votes(Height(1), None, (vote,)).encode())
        run(node, lambda node=node: len(records(node)) > 0)  # type: ignore[misc]
        kinds = {type(record) for record in records(node)}
        assert kinds == ({KeyRetired} if name == "mof" else {OwnMessage})


def test_an_own_proposal_that_the_journal_lacks_is_asked_for() -> None:
    node = a_node(members=MEMBERS)
    node.transport.deliver(TREASURY, MessageType.STATUS, holding(node, has_proposal=True))
    run(node, lambda: len(node.transport.sent_of(MessageType.STATUS)) > len(node.transport.peers))
    asked = [Status.decode(sent).round for peer, sent in node.transport.sent_of(MessageType.STATUS)][-2:]
    assert asked == [-1, 0]
    assert records(node) == []


def test_where_nobody_answers_the_node_begins_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "GREETING_SECONDS", 0.0)
    monkeypatch.setattr(driver_module, "LISTENING_SECONDS", 0.05)
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    run(node, lambda: any(isinstance(one, OwnMessage) for one in records(node)))


def test_a_quorum_that_answers_is_enough_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "GREETING_SECONDS", 0.05)
    monkeypatch.setattr(driver_module, "LISTENING_SECONDS", 60.0)
    node = a_node(members=MEMBERS)
    node.mempool.add(node.document())
    claim(node, 1, *node.transport.peers[:2])
    run(node, lambda: any(isinstance(one, OwnMessage) for one in records(node)))


def test_a_lost_block_log_with_its_journal_there_retires_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of heights that are done a journal keeps no votes: own ones in the certificates are no surprise. And
    what it knows of later heights stays when it is pruned at an earlier one."""
    monkeypatch.setattr(driver_module, "JOURNAL_PRUNE_BYTES", 0)
    kept = HeightEnded(Height(5))
    node = a_node(members=MEMBERS, journal=MemoryJournal([encode_record(kept)]))
    block, _ = node.next_block(proposer="treasury")
    claim(node, 6)
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, block, *MEMBERS[:3]))
    run(node, lambda: node.driver.tip.height == 1)
    assert records(node) == [kept, HeightEnded(Height(1))]
    assert node.driver.votes


def test_own_records_of_a_height_above_the_start_count_when_it_comes() -> None:
    """The end of the block log was lost, the journal not: what was said at the lost height binds."""
    first = a_node(members=MEMBERS)
    said = a_vote(first, "mof", VoteKind.PREVOTE, 2, None, 3)
    first.close()
    signed = said.sign_bytes(first.genesis.chain_id, first.application.validators_at(2).hash)
    record = OwnMessage(Height(2), Round(3), Step.PREVOTE, signed, said.signature, said.encode())
    node = a_node(members=MEMBERS, journal=MemoryJournal([encode_record(record)]))
    block, _ = node.next_block(proposer="treasury")
    greet(node)
    own = Votes(Height(2), None, (said,)).encode()
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, block, *MEMBERS[1:]))
    node.transport.deliver(TREASURY, MessageType.VOTES, own)
    run(node, lambda: node.driver.tip.height == 1 and node.transport.inbox.empty())
    assert node.driver.votes
    assert (node.driver.machine.round, node.driver.machine.step) == (3, Step.PREVOTE)
    assert said.encode() in [payload for _, payload in node.transport.sent_of(MessageType.VOTE)]


def test_own_records_go_out_again_after_a_restart() -> None:
    first = a_node(members=MEMBERS)
    first.transport.deliver(
        TREASURY, MessageType.VOTE, a_vote(first, "treasury", VoteKind.PREVOTE, 1, None).encode()
    )
    greet(first)
    run(first, lambda: any(isinstance(one, OwnMessage) for one in records(first)))
    (said,) = [one for one in records(first) if isinstance(one, OwnMessage)][:1]
    second = a_node(members=MEMBERS, journal=MemoryJournal(first.journal.records()))
    greet(second)
    run(
        second, lambda: said.message in [payload for _, payload in second.transport.sent_of(MessageType.VOTE)]
    )


# --- peers


def test_votes_of_the_next_height_wait_and_are_bounded_per_link() -> None:
    node = a_node(members=MEMBERS)
    block, _ = node.next_block(proposer="treasury")
    votes = tuple(
        a_vote(node, "moh", VoteKind.PREVOTE, 2, Hash32(bytes([number]) * 32)) for number in range(20)
    )
    greet(node)
    node.transport.deliver(TREASURY, MessageType.VOTES, Votes(Height(2), None, votes).encode())
    kept: list[int] = []

    def is_kept() -> bool:
        kept[:] = [len(link.votes) for link in node.driver._ahead._links.values()]
        return bool(kept)

    run(node, is_kept)
    assert kept == [16]
    assert block.header.height == 1


def test_a_commit_brings_the_block_and_thanks_its_sender() -> None:
    node = a_node(members=MEMBERS)
    block, _ = node.next_block(node.document(), proposer="treasury")
    greet(node)
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, block))
    run(node, lambda: node.driver.tip.height == 1)
    assert node.application.state_root == block.header.state_root
    assert node.metrics.caught_up._value.get() == 1


def test_a_commit_with_one_false_signature_is_its_senders_fault() -> None:
    node = a_node(members=MEMBERS)
    block, _ = node.next_block(proposer="treasury")
    certificate = a_certificate(node, block, *MEMBERS)
    (index, _), *rest = certificate.signatures
    false = replace(certificate, signatures=((index, rest[0][1]), *rest))
    greet(node)
    node.transport.deliver(TREASURY, MessageType.COMMIT, Commit(block, false).encode())
    run(node, lambda: bool(node.transport.dropped))
    assert [peer for peer, _ in node.transport.dropped] == [TREASURY]
    assert node.driver.tip.height == 0


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (MessageType.VOTE, b"\x00"),
        (MessageType.STATUS, b"\x90"),
        (MessageType.PROPOSAL, b"\xc0"),
        (MessageType.TXS, b"\x91\x01"),
        (MessageType.EVIDENCE, b"\x00"),
        (200, b""),
    ],
)
def test_what_cannot_be_read_ends_the_link_and_nothing_else(kind: int, payload: bytes) -> None:
    node = a_node(members=MEMBERS)
    node.transport.deliver(TREASURY, kind, payload)
    run(node, lambda: bool(node.transport.dropped))
    assert [peer for peer, _ in node.transport.dropped] == [TREASURY]


def test_damage_found_while_a_peer_asks_stops_the_node_and_is_not_served() -> None:
    class DamagedLog(MemoryBlockLog):
        def read(self, height: int) -> Any:
            raise CorruptionError(f"blocks/000001.log: height {height} fails its check")

    blocks = DamagedLog()
    blocks.append(1, b"block", b"results", b"certificate")
    node = a_node(members=MEMBERS, blocks=blocks)
    node.transport.deliver(TREASURY, MessageType.GET_COMMITS, GetCommits(Height(1), 1).encode())
    with pytest.raises(CorruptionError, match=r"blocks/000001\.log"):
        run(node, lambda: False)
    assert node.transport.sent_of(MessageType.COMMIT) == []


def test_a_body_is_asked_of_one_who_says_it_has_it() -> None:
    node = a_node(members=MEMBERS)
    votes = tuple(a_vote(node, name, VoteKind.PREVOTE, 1, OTHER) for name in MEMBERS[1:])
    holder = sorted(node.transport.peers)[1]
    greet(node)
    node.transport.deliver(
        holder, MessageType.STATUS, Status(Height(1), 0, Step.PREVOTE, False, (), (OTHER,)).encode()
    )
    node.transport.deliver(TREASURY, MessageType.VOTES, Votes(Height(1), None, votes).encode())
    precommits = tuple(a_vote(node, name, VoteKind.PRECOMMIT, 1, OTHER) for name in MEMBERS[1:])
    node.transport.deliver(TREASURY, MessageType.VOTES, Votes(Height(1), None, precommits).encode())
    run(node, lambda: bool(node.transport.sent_of(MessageType.GET_BLOCK)))
    first = node.transport.sent_of(MessageType.GET_BLOCK)[0]
    assert first == (holder, GetBlock(Height(1), OTHER).encode())


def test_a_quorum_for_an_invalid_block_stops_the_node() -> None:
    node = a_node(members=MEMBERS)
    block, _ = node.next_block(proposer="treasury")
    wrong = Block.of(replace(block.header, state_root=OTHER), None, (), ())
    greet(node)
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, wrong))
    with pytest.raises(Exception, match="more than two thirds decided") as halted:
        run(node, lambda: False)
    assert getattr(halted.value, "code", "") == "CONSENSUS-HALT"


def heard(transport: TestTransport, kind: MessageType) -> Sequence[Address]:
    return [peer for peer, _ in transport.sent_of(kind)]


def test_a_lagging_peer_is_told_what_it_lacks() -> None:
    node = a_node(members=MEMBERS)
    greet(node)
    node.transport.deliver(
        TREASURY, MessageType.VOTE, a_vote(node, "moh", VoteKind.PREVOTE, 1, None).encode()
    )
    node.transport.deliver(TREASURY, MessageType.STATUS, status(1))
    run(node, lambda: TREASURY in heard(node.transport, MessageType.VOTES))


def test_all_votes_of_a_height_with_more_than_one_round_are_kept() -> None:
    node = a_node(members=MEMBERS)
    block, _ = node.next_block(proposer="treasury")
    nil = [a_vote(node, name, VoteKind.PRECOMMIT, 1, None) for name in MEMBERS[1:]]
    greet(node)
    node.transport.deliver(TREASURY, MessageType.VOTES, Votes(Height(1), None, tuple(nil)).encode())
    late = replace(a_certificate(node, block, *MEMBERS[1:]), round=Round(1))
    votes = [a_vote(node, name, VoteKind.PRECOMMIT, 1, block.block_id, round_=1) for name in MEMBERS[1:]]
    validators = node.application.validators_at(1)
    rows = sorted((validators.index_of(vote.address) or 0, vote.signature) for vote in votes)
    late = replace(late, signatures=tuple(rows))
    node.transport.deliver(TREASURY, MessageType.COMMIT, Commit(block, late).encode())
    run(node, lambda: node.driver.tip.height == 1)
    assert set(nil) | set(votes) <= set(node.archive.kept[1])


def test_a_height_of_one_round_heard_of_by_its_commit_leaves_no_votes() -> None:
    node = a_node(members=MEMBERS)
    block, _ = node.next_block(proposer="treasury")
    greet(node)
    node.transport.deliver(TREASURY, MessageType.COMMIT, commit_of(node, block))
    run(node, lambda: node.driver.tip.height == 1)
    assert node.archive.kept == {1: ()}
