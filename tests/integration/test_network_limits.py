"""What strangers and peers can make a node hold: counted while they do their worst."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain.certificate import Vote, VoteKind
from chain.errors import InvalidMessageError
from chain.transaction import SignedTransaction, encode_auth
from chain.types import Hash32, Height, Signature
from consensus.machine import Consensus
from consensus.messages import GetBlock, GetCommits, MessageType, Status, Step, pack_transactions
from network import transport as transport_module
from network.framing import MAX_PAYLOAD_BYTES
from network.queues import IN_BYTES, IN_FRAMES
from network.transport import Transport
from node import application as application_module
from node import intake as intake_module
from node.catch_up import ANSWER_BYTES
from node.driver import HELPS_AT_ONCE, HELPS_PER_SECOND
from node.mempool import MempoolLimits
from tests.integration.test_network_hostile import Place, against_a_node
from tests.support.links import BLOCK, VOTE, Institution, Stranger, met, refused
from tests.support.node import MemoryNode, a_node, a_vote, address_of_validator

MEMBERS = ("mof", "treasury", "moh", "mot")
LIAR = address_of_validator("treasury")
OTHER = Hash32(b"o" * 32)
MEBIBYTE = 1 << 20


@dataclass
class Held:
    """Bytes of Python's memory taken in a block: still held at its end, and at most."""

    after: int = 0
    peak: int = 0


@contextmanager
def counted() -> Iterator[Held]:
    gc.collect()
    tracemalloc.start()
    held = Held()
    try:
        yield held
        held.peak = tracemalloc.get_traced_memory()[1]
        gc.collect()
        held.after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def hear(node: MemoryNode, flood: list[tuple[int, bytes]]) -> Held:
    """What the node holds of what one peer says, all at once; the driver runs until it has heard it."""

    async def story() -> Held:
        running = asyncio.create_task(node.driver.run())
        for peer in node.transport.peers:
            node.transport.deliver(peer, MessageType.STATUS, status())
        await _taken_in(node, running)
        node.transport.sent.clear()
        with counted() as held:
            for kind, payload in flood:
                node.transport.deliver(LIAR, kind, payload)
            await _taken_in(node, running)
        running.cancel()
        await asyncio.wait([running])
        return held

    try:
        return asyncio.run(story())
    finally:
        node.close()


async def _taken_in(node: MemoryNode, running: asyncio.Task[None]) -> None:
    while not node.transport.inbox.empty() or node.driver.intake._from_peers:
        assert not running.done(), running.exception()
        await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    assert not running.done(), running.exception()


def status() -> bytes:
    return Status(Height(1), -1, Step.PROPOSE, False, (), ()).encode()


# --- floods of one peer


def test_votes_for_ever_further_rounds_take_the_room_of_one() -> None:
    node = a_node(members=MEMBERS, timeout_propose_ms=60_000)
    votes = [a_vote(node, "treasury", VoteKind.PREVOTE, 1, OTHER, round_) for round_ in range(2, 2_000)]
    held = hear(node, [(MessageType.VOTE, vote.encode()) for vote in votes])
    kept: list[Vote] = [one for one in node.driver.machine._far.values() if isinstance(one, Vote)]
    assert [vote.round for vote in kept] == [1_999]
    assert held.after < MEBIBYTE


def test_a_flood_of_status_is_answered_within_its_allowance() -> None:
    node = a_node(members=MEMBERS, timeout_propose_ms=60_000)
    node.clock.tick_ms = 0
    vote = a_vote(node, "moh", VoteKind.PREVOTE, 1, None)
    hear(node, [(MessageType.VOTE, vote.encode()), *[(MessageType.STATUS, status())] * 3_000])
    answers = [peer for peer, _ in node.transport.sent_of(MessageType.VOTES) if peer == LIAR]
    assert 0 < len(answers) <= HELPS_AT_ONCE + HELPS_PER_SECOND


def test_a_storm_for_one_block_brings_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    node = a_node(members=MEMBERS, timeout_propose_ms=60_000)
    node.clock.tick_ms = 0
    block, _ = node.next_block(proposer="treasury")
    request = GetBlock(Height(1), block.block_id).encode()
    monkeypatch.setattr(Consensus, "body", lambda machine, block_id: block)
    hear(node, [(MessageType.GET_BLOCK, request)] * 1_000)
    assert len(node.transport.sent_of(MessageType.BLOCK)) == 1


def test_a_storm_for_the_log_brings_one_answer() -> None:
    node = a_node(members=MEMBERS, timeout_propose_ms=60_000)
    node.clock.tick_ms = 0
    flood = [(MessageType.GET_COMMITS, GetCommits(Height(1), 64).encode())] * 1_000
    held = hear(node, list(flood))
    assert sum(len(payload) for _, payload in node.transport.sent_of(MessageType.COMMIT)) <= ANSWER_BYTES
    assert held.after < MEBIBYTE


def test_bodies_that_nobody_asked_for_are_not_kept() -> None:
    node = a_node(members=MEMBERS, timeout_propose_ms=60_000)
    block, _ = node.next_block(*[node.document() for _ in range(200)], proposer="treasury")
    held = hear(node, [(MessageType.BLOCK, block.encode())] * 200)
    assert held.after < MEBIBYTE


def test_true_transactions_fill_the_pool_and_no_more() -> None:
    limits = MempoolLimits(transactions=40, size_bytes=MEBIBYTE)
    node = a_node(members=MEMBERS, limits=limits, timeout_propose_ms=60_000)
    pairs = [(one.body, one.auth) for one in (node.document() for _ in range(300))]
    held = hear(node, [(MessageType.TXS, payload) for payload in pack_transactions(pairs)])
    assert len(node.mempool) == limits.transactions
    assert len(node.driver.intake._holders) == limits.transactions
    assert held.after < 4 * MEBIBYTE


def test_false_transactions_leave_a_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "REFUSALS_REMEMBERED", 20)
    node = a_node(members=MEMBERS, timeout_propose_ms=60_000)
    forged = []
    for _ in range(200):
        document = node.document()
        ((signer, _),) = document.signatures
        auth = encode_auth([(signer, Signature(bytes(64)))])
        forged.append((document.body, SignedTransaction.decode(document.body, auth).auth))
    hear(node, [(MessageType.TXS, payload) for payload in pack_transactions(forged)])
    assert len(node.mempool) == 0
    assert len(node.driver.intake._refused) == 20
    assert node.driver.intake._holders == {}


def test_executions_of_rounds_gone_by_are_let_go() -> None:
    """A network that stands for hours executes a proposal in each of its rounds."""
    node = a_node(members=MEMBERS)
    driver = node.driver
    for number in range(50):
        node.clock.time_ms += 1
        block, executed = node.next_block(node.document(), proposer=MEMBERS[number % 4])
        driver._keep_executed(block.block_id, executed)
    assert len(driver._executed) == 1
    node.close()


def test_validator_sets_that_evidence_asks_for_are_not_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application_module, "SETS_REMEMBERED", 1)
    node = a_node(members=MEMBERS)
    found = {node.application.validators_at(height).hash for height in (1, 2, 1, 2)}
    assert len(found) == 1
    assert len(node.application._sets) == 1
    node.close()


# --- links


def test_one_peer_holds_so_many_connections_and_their_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each begins a frame of almost 5 MiB and never ends it, then makes the next connection."""
    monkeypatch.setattr(transport_module, "LINKS_OF_ONE_PEER", 2)

    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        begun = MAX_PAYLOAD_BYTES.to_bytes(4, "big") + bytes([BLOCK]) + bytes(MAX_PAYLOAD_BYTES - 1)
        strangers = []
        while node.refusals["TOO-MANY"] < 3:
            stranger = await Stranger.dial(place, two)
            stranger.writer.transport.pause_reading()  # type: ignore[attr-defined]
            stranger.greet(two.address)
            stranger.writer.write(begun)
            strangers.append(stranger)
            assert max(node._living.values(), default=0) <= 2
        for stranger in strangers:
            stranger.close()

    against_a_node(tmp_path, attack)


def test_what_a_peer_says_and_nobody_takes_is_bounded(tmp_path: Path) -> None:
    """The node does not come to reading: the link is not read either, and the peer's own buffers fill."""

    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.greet(two.address)
        await met(node)
        for size, most in ((4 * MEBIBYTE, IN_BYTES // (4 * MEBIBYTE) + 1), (100, IN_FRAMES)):
            kind = BLOCK if size > 100 else VOTE
            for _ in range(2 * most):
                peer.say(kind, bytes(size))
            queued = node._inbox._queues
            await node.until(lambda: True)
            while len(queued.get(two.address, ())) < most - 1:
                await asyncio.sleep(0)
            for _ in range(200):
                await asyncio.sleep(0)
            assert node._inbox._bytes[two.address] < IN_BYTES + MAX_PAYLOAD_BYTES
            assert len(queued[two.address]) <= IN_FRAMES
            taken = node.incoming()
            for _ in range(2 * most):
                await anext(taken)
        peer.close()

    against_a_node(tmp_path, attack)


def test_a_peer_that_broke_a_rule_stays_away_for_a_moment(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.greet(two.address)
        await met(node)
        node.disconnect(two.address, InvalidMessageError("a vote that nobody signed"))
        await node.until(lambda: node.connected() == ())
        peer.close()
        again = await Stranger.dial(place, two)
        again.greet(two.address)
        await refused(node, "BLAMED")
        again.close()
        node._blamed.clear()
        later = await Stranger.dial(place, two)
        later.greet(two.address)
        await met(node)
        later.close()
        await met(node, peers=0)

    against_a_node(tmp_path, attack)


def test_handshakes_that_fail_keep_their_places_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger cannot have one handshake after the other as fast as it likes."""
    monkeypatch.setattr(transport_module, "MAX_GREETING_FROM_ONE_HOST", 4)

    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        for _ in range(40):
            before = node.refusals.total()
            _, writer = await asyncio.open_connection(*place)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await node.until(lambda before=before: node.refusals.total() > before)  # type: ignore[misc]
            writer.transport.abort()
        assert node.refusals["NOT-TLS"] <= 12, "four a second"
        assert node.refusals["TOO-MANY"] >= 28

    against_a_node(tmp_path, attack)
