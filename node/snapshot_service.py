"""Snapshots of a running node: made beside the consensus, given to peers that ask.

They are a convenience for others: one that cannot be made or fails its checks is told in the log and given to
nobody, and the node goes on.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import structlog

from chain.block import BlockHeader
from chain.errors import ConfigError, InvalidMessageError, StorageError
from chain.set_chain import SetStep
from chain.types import Address
from consensus.messages import (
    HEADERS_BYTES,
    HEADERS_MAXIMUM,
    OFFERS_MAXIMUM,
    PART_BYTES,
    ChunkPart,
    GetChunk,
    GetHeaders,
    GetSnapshot,
    Headers,
    MessageType,
    SnapshotOffer,
)
from node.application import FrozenState, LedgerApplication
from node.assembly import DecidedBlock
from node.config import SnapshotSettings
from node.ports import BlockStore, Clock, Transport
from node.snapshots import (
    MANIFEST,
    Base,
    StoredSnapshot,
    certified,
    create,
    heights_in,
    remove,
    remove_leftovers,
)
from node.throttle import Throttle
from storage.disk import Disk
from storage.errors import HeightNotHeldError
from storage.files import failing_as

WANTED = "wanted"
"""A file of this name among the snapshots asks a running node for one of its next height."""

OFFER_EVERY_MS = 200
"""GET_SNAPSHOT of one peer is answered this often at most: a manifest may be 2 MiB."""

HEADERS_EVERY_MS = 50
CHUNK_EVERY_MS = 5
"""So is GET_CHUNK: 256 KiB every 5 ms are 50 MB a second, more than a new node writes."""

CACHED_BYTES = 16 << 20
"""Chunks kept between two of their parts: four of the largest ordinary ones."""

READERS = 2
"""Chunks read and hashed at once; the next wait."""

log = structlog.get_logger("node.snapshots")


class _StoppedError(Exception):
    """The node ends while a snapshot is made."""


class Snapshots:
    """One per node; an observer of the driver. Belongs to the node's event loop."""

    def __init__(
        self,
        *,
        directory: Path,
        disk: Disk,
        settings: SnapshotSettings,
        application: LedgerApplication,
        blocks: BlockStore,
        genesis_bytes: bytes,
        base: Base | None,
        transport: Transport,
        clock: Clock,
        executor: Executor,
    ) -> None:
        self._directory = directory
        self._disk = disk
        self._settings = settings
        self._application = application
        self._blocks = blocks
        self._genesis_bytes = genesis_bytes
        self._base = base
        self._transport = transport
        self._executor = executor
        self._offered: dict[int, StoredSnapshot] = {}
        self._steps: dict[int, tuple[SetStep, ...]] = {}
        self._cache: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._busy: set[Address] = set()
        self._readers = asyncio.Semaphore(READERS)
        self._offers = Throttle(clock, OFFER_EVERY_MS)
        self._headers = Throttle(clock, HEADERS_EVERY_MS)
        self._chunks = Throttle(clock, CHUNK_EVERY_MS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._making: asyncio.Task[None] | None = None
        self._is_stopped = False
        self.fail: Callable[[BaseException], None] = _raise
        """Told what ends the node: its block log is damaged, or we have a bug."""
        remove_leftovers(disk, directory)
        self._look()

    @property
    def heights(self) -> list[int]:
        """Whose state can be given."""
        return sorted(self._offered)

    def _look(self) -> None:
        """Offer what lies there and passes its first checks; a base is one too."""
        self._offered = {} if self._base is None else {self._base.height: self._base.stored}
        for height in heights_in(self._disk, self._directory)[-OFFERS_MAXIMUM + 1 :]:
            try:
                self._offered[height] = StoredSnapshot.open(self._disk, self._directory / str(height))
            except StorageError as error:
                log.error("this snapshot is not given to anybody", height=height, reason=str(error))

    async def stop(self) -> None:
        """End what is under way; returns when nothing reads any more."""
        self._is_stopped = True
        for task in tuple(self._tasks):
            if task is not self._making:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def finished(self) -> None:
        """When the snapshot under way, if any, is made."""
        if self._making is not None:
            await self._making

    # --- making

    def decided(self, decided: DecidedBlock) -> None:
        """Called by the driver after each height."""
        height, every = decided.block.header.height, self._settings.every_heights
        is_due = every > 0 and height % every == 0
        is_free = self._making is None or self._making.done()
        if is_free and (is_due or self._disk.exists(self._directory / WANTED)):
            self._making = self._spawn(self._make(self._application.frozen(), height))

    async def _make(self, frozen: FrozenState, height: int) -> None:
        log.info("making a snapshot", height=height)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._executor, self._create, frozen, height)
        except _StoppedError:
            return
        except (StorageError, ConfigError) as error:
            log.error("no snapshot could be made", height=height, reason=str(error))
            return
        finally:
            frozen.close()
        self._look()
        log.info("snapshot made", height=height, held=self.heights)

    def _create(self, frozen: FrozenState, height: int) -> None:
        """On a thread: from a frozen state, so that the chain goes on."""
        disk, parent = self._disk, self._directory
        if height not in heights_in(disk, parent):
            create(disk, parent, frozen, self._blocks, self._genesis_bytes, self._base, self._check)
        for old in heights_in(disk, parent)[: -self._settings.keep]:
            remove(disk, parent / str(old))
        wanted = parent / WANTED
        if disk.exists(wanted):
            with failing_as("remove", wanted):
                disk.unlink(wanted)

    def _check(self) -> None:
        if self._is_stopped:
            raise _StoppedError

    # --- giving

    def hear(self, peer: Address, kind: int, payload: bytes) -> None:
        """A peer asks. Raises DecodeError; what is asked too often is not answered."""
        match kind:
            case MessageType.GET_SNAPSHOT:
                wanted = GetSnapshot.decode(payload)
                if self._offers.allows(peer):
                    self._give_offer(peer, wanted)
            case MessageType.GET_HEADERS:
                request = GetHeaders.decode(payload)
                if self._headers.allows(peer):
                    self._give(peer, self._steps_for(request), MessageType.HEADERS)
            case MessageType.GET_CHUNK:
                part = GetChunk.decode(payload)
                if self._chunks.allows(peer):
                    self._give(peer, self._part_of(part), MessageType.CHUNK)

    def _give_offer(self, peer: Address, wanted: GetSnapshot) -> None:
        heights = self.heights
        height = wanted.height if wanted.height is not None else (heights[-1] if heights else 0)
        manifest = None
        if height in self._offered:
            path = self._offered[height].directory / MANIFEST
            try:
                with failing_as("read", path):
                    manifest = self._disk.read(path)
            except StorageError as error:
                self._withdraw(height, error)
        offer = SnapshotOffer(tuple(self.heights), manifest)
        self._transport.send(peer, MessageType.SNAPSHOT, offer.encode())

    def _give(self, peer: Address, answer: Coroutine[Any, Any, bytes | None], kind: MessageType) -> None:
        """One answer to one peer at a time."""
        if peer in self._busy:
            answer.close()
            return
        self._busy.add(peer)

        async def send() -> None:
            try:
                payload = await answer
                if payload is not None:
                    self._transport.send(peer, kind, payload)
            finally:
                self._busy.discard(peer)

        self._spawn(send())

    async def _part_of(self, request: GetChunk) -> bytes:
        """A part of a chunk whose bytes are those of its manifest."""
        height, number, offset = request.height, request.number, request.offset
        stored = self._offered.get(height)
        nothing = ChunkPart(height, number, offset, None).encode()
        if stored is None or number >= len(stored.manifest.chunks):
            return nothing
        try:
            data = await self._chunk(stored, number)
        except StorageError as error:
            self._withdraw(height, error)
            return nothing
        return ChunkPart(height, number, offset, data[offset : offset + PART_BYTES] or None).encode()

    async def _chunk(self, stored: StoredSnapshot, number: int) -> bytes:
        place = stored.height, number
        async with self._readers:
            data = self._cache.pop(place, None)
            if data is None:
                data = await self._on_thread(stored.read_chunk, number)
            self._cache[place] = data
            while sum(map(len, self._cache.values())) > CACHED_BYTES and len(self._cache) > 1:
                self._cache.popitem(last=False)
            return data

    async def _steps_for(self, request: GetHeaders) -> bytes:
        first, last = request.first_height, request.last_height
        if first == last:
            step = self._step_of(first)
            return Headers(last, () if step is None else (step,), True).encode()
        try:
            steps = await self._steps_of(last)
        except StorageError as error:
            self._withdraw(last, error)
            steps = ()
        wanted = [step for step in steps if _height_of(step) >= first]
        taken, size = [], 1_024
        for step in wanted[:HEADERS_MAXIMUM]:
            size += len(step.encode()) + 8
            if size > HEADERS_BYTES:
                break
            taken.append(step)
        return Headers(last, tuple(taken), len(taken) == len(wanted)).encode()

    async def _steps_of(self, height: int) -> tuple[SetStep, ...]:
        stored = self._offered.get(height)
        if stored is None:
            return ()
        if height not in self._steps:
            self._steps = {held: self._steps[held] for held in self._offered if held in self._steps}
            self._steps[height] = await self._on_thread(stored.steps)
        return self._steps[height]

    def _step_of(self, height: int) -> SetStep | None:
        """One header of this node's own log, whatever set follows it."""
        try:
            following = self._application.validators_then(height + 1)
            return SetStep(*certified(self._blocks, height), following.encode())
        except (HeightNotHeldError, InvalidMessageError):
            return None

    def _withdraw(self, height: int, error: StorageError) -> None:
        """What cannot be read is given to nobody."""
        self._offered.pop(height, None)
        self._steps.pop(height, None)
        log.critical("a snapshot fails its checks and is given to nobody", height=height, reason=str(error))

    async def _on_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)


def _raise(error: BaseException) -> None:
    raise error


def _height_of(step: SetStep) -> int:
    return BlockHeader.decode(step.header).height
