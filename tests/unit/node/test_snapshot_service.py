"""Snapshots of a running node: made when due or asked for, given at a pace, withdrawn when spoiled."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chain.block import Block
from chain.errors import CorruptionError, DecodeError
from consensus.messages import (
    ChunkPart,
    GetChunk,
    GetHeaders,
    GetSnapshot,
    Headers,
    MessageType,
    SnapshotOffer,
)
from node.assembly import DecidedBlock
from node.config import SnapshotSettings
from node.snapshot_service import CHUNK_EVERY_MS, WANTED, Snapshots
from node.snapshots import heights_in
from tests.simulation.clock import InlineExecutor
from tests.support.node import TestClock, TestTransport, address_of_validator
from tests.support.simulated_disk import Operation, SimulatedDisk
from tests.support.snapshots import Chain

PARENT = Path("/peer/snapshots")
PEER = address_of_validator("treasury")
HEIGHT = 5


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    made = Chain(signers=30, heights=HEIGHT, is_set_changed=True)
    yield made
    made.close()


class Desk:
    """The service of one node over a disk and a clock of the test."""

    def __init__(self, chain: Chain, disk: SimulatedDisk, **settings: int) -> None:
        self.disk = disk
        self.clock = TestClock()
        self.transport = TestTransport([PEER])
        self.failures: list[BaseException] = []
        self.service = Snapshots(
            directory=PARENT,
            disk=disk,
            settings=SnapshotSettings(**settings),
            application=chain.application,
            blocks=chain.blocks,
            genesis_bytes=chain.genesis.encode(),
            base=None,
            transport=self.transport,
            clock=self.clock,
            executor=InlineExecutor(),
        )
        self.service.fail = self.failures.append

    async def decide(self, height: int) -> None:
        """As the driver tells it."""
        block = SimpleNamespace(header=SimpleNamespace(height=height))
        self.service.decided(cast(DecidedBlock, SimpleNamespace(block=block)))
        await self.service.finished()

    async def ask(self, kind: MessageType, payload: bytes, wait_ms: int = 1_000) -> list[bytes]:
        """What the peer gets for it."""
        self.transport.sent.clear()
        self.clock.time_ms += wait_ms
        self.service.hear(PEER, kind, payload)
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
        return [sent for _, _, sent in self.transport.sent]


def a_disk() -> SimulatedDisk:
    disk = SimulatedDisk()
    disk.prepare(PARENT.parent)
    return disk


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_one_is_made_every_so_many_heights_and_the_newest_are_kept() -> None:
    chain = Chain(signers=1, heights=1)
    desk = Desk(chain, a_disk(), every_heights=2, keep=2)

    async def story() -> None:
        for height in range(2, 10):
            chain.grow()
            await desk.decide(height)

    run(story())
    assert heights_in(desk.disk, PARENT) == desk.service.heights == [6, 8]
    chain.close()


def test_one_is_made_when_somebody_asks_for_it(chain: Chain) -> None:
    desk = Desk(chain, a_disk())
    run(desk.decide(HEIGHT))
    assert desk.service.heights == []
    desk.disk.prepare(PARENT)
    desk.disk.put(PARENT / WANTED, b"x")
    run(desk.decide(HEIGHT))
    assert desk.service.heights == [HEIGHT]
    assert not desk.disk.exists(PARENT / WANTED)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("kind", ["make_directory", "create", "write", "sync", "rename", "sync_directory"])
def test_where_the_disk_refuses_none_is_made_and_the_node_goes_on(
    chain: Chain, kind: str, error: int
) -> None:
    desk = Desk(chain, a_disk(), every_heights=1)

    def refuse(operation: Operation) -> None:
        if operation.kind == kind:
            raise OSError(error, "refused")

    desk.disk.before = refuse
    run(desk.decide(HEIGHT))
    assert desk.failures == []
    desk.disk.before = SimulatedDisk().before
    again = Desk(chain, desk.disk, every_heights=1)
    run(again.decide(HEIGHT))
    assert again.service.heights == [HEIGHT]
    assert [name for name in desk.disk.names(PARENT) if not name.isdigit()] == []


@pytest.fixture
def desk(chain: Chain) -> Desk:
    disk = a_disk()
    disk.prepare(PARENT)
    chain.create(disk, PARENT)
    return Desk(chain, disk)


def test_what_is_asked_too_often_is_not_answered(desk: Desk) -> None:
    async def story() -> None:
        offer, chunk = GetSnapshot(None).encode(), GetChunk(HEIGHT, 0, 0).encode()
        assert len(await desk.ask(MessageType.GET_SNAPSHOT, offer)) == 1
        assert await desk.ask(MessageType.GET_SNAPSHOT, offer, 1) == []
        assert len(await desk.ask(MessageType.GET_CHUNK, chunk)) == 1
        assert await desk.ask(MessageType.GET_CHUNK, chunk, CHUNK_EVERY_MS - 1) == []
        headers = GetHeaders(1, HEIGHT).encode()
        assert len(await desk.ask(MessageType.GET_HEADERS, headers)) == 1
        assert await desk.ask(MessageType.GET_HEADERS, headers, 1) == []

    run(story())


def test_what_is_not_here_is_said_to_be_gone(desk: Desk) -> None:
    async def story() -> None:
        for request in (
            GetChunk(HEIGHT + 1, 0, 0),
            GetChunk(HEIGHT, 65_535, 0),
            GetChunk(HEIGHT, 0, 1 << 26),
        ):
            (payload,) = await desk.ask(MessageType.GET_CHUNK, request.encode())
            assert ChunkPart.decode(payload).data is None
        (payload,) = await desk.ask(MessageType.GET_SNAPSHOT, GetSnapshot(HEIGHT + 1).encode())
        assert SnapshotOffer.decode(payload) == SnapshotOffer((HEIGHT,), None)
        for first, last in ((1, HEIGHT + 1), (HEIGHT + 9, HEIGHT + 9)):
            (payload,) = await desk.ask(MessageType.GET_HEADERS, GetHeaders(first, last).encode())
            assert Headers.decode(payload) == Headers(last, (), True)

    run(story())


def test_the_header_of_any_height_here_is_given_with_the_set_that_follows(chain: Chain, desk: Desk) -> None:
    async def story() -> None:
        for height in range(1, HEIGHT + 1):
            (payload,) = await desk.ask(MessageType.GET_HEADERS, GetHeaders(height, height).encode())
            (step,) = Headers.decode(payload).steps
            assert step.header == Block.decode(chain.blocks.read(height).block).header_bytes
            assert step.next == chain.application.validators_at(height + 1).encode()

    run(story())


def test_a_spoiled_one_is_given_to_nobody(desk: Desk) -> None:
    async def story() -> None:
        desk.disk.flip(PARENT / str(HEIGHT) / "chunk-00000", 30)
        (payload,) = await desk.ask(MessageType.GET_CHUNK, GetChunk(HEIGHT, 0, 0).encode())
        assert ChunkPart.decode(payload).data is None
        (payload,) = await desk.ask(MessageType.GET_SNAPSHOT, GetSnapshot(None).encode())
        assert SnapshotOffer.decode(payload) == SnapshotOffer((), None)

    run(story())
    assert desk.failures == []


def test_one_whose_manifest_is_spoiled_is_not_offered_and_the_node_starts(chain: Chain, desk: Desk) -> None:
    desk.disk.flip(PARENT / str(HEIGHT) / "manifest", 0)
    assert Desk(chain, desk.disk).service.heights == []


def test_a_damaged_block_log_found_on_the_way_ends_the_node(desk: Desk, monkeypatch: Any) -> None:
    def damaged(height: int) -> None:
        raise CorruptionError(f"block {height} is damaged")

    monkeypatch.setattr(desk.service._blocks, "read", damaged)
    run(_ask(desk, MessageType.GET_HEADERS, GetHeaders(1, 1).encode()))
    assert [type(error) for error in desk.failures] == [CorruptionError]


async def _ask(desk: Desk, kind: MessageType, payload: bytes) -> None:
    assert await desk.ask(kind, payload) == []


@pytest.mark.parametrize("kind", [MessageType.GET_SNAPSHOT, MessageType.GET_CHUNK, MessageType.GET_HEADERS])
def test_bytes_that_are_no_question_blame_the_peer(desk: Desk, kind: MessageType) -> None:
    with pytest.raises(DecodeError):
        desk.service.hear(PEER, kind, b"\x90")
