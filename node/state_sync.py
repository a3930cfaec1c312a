"""The state of a network from its peers: what a node begins from when it does not execute every block itself.

No peer is believed. The set chain from the genesis says who certifies the snapshot's block, its header names
the state root and the history, and each chunk is checked against that root alone, so that whoever sent a
wrong one is known, and another peer is asked. Nothing of it is a state before the last chunk is in.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from chain.block import BlockHeader, block_id_of
from chain.errors import DecodeError, IntegrationError, InvalidMessageError
from chain.set_chain import SetStep, TrustedSet
from chain.snapshot import ChunkDigest, SnapshotManifest, check_chunk_of, check_manifest
from chain.types import Address, Hash32
from consensus.messages import (
    PART_BYTES,
    ChunkPart,
    GetChunk,
    GetHeaders,
    GetSnapshot,
    Headers,
    MessageType,
    SnapshotOffer,
)
from node.config import NodeConfig
from node.ports import Transport
from node.snapshots import (
    BASE,
    Contents,
    Restored,
    begin_from,
    check_new,
    chunk_name,
    finish,
    remove,
    remove_leftovers,
)
from node.world import Identity, World
from storage.disk import Disk
from storage.files import failing_as, write_new_file

Synced = Restored

INCOMING = BASE + ".incoming-"
"""Chunks that have come, in a directory of this name with height, block id and bits; a later run goes on."""

ANSWER_SECONDS = 3.0
"""A peer that has not answered by then has failed once more."""

FAILURES_BORNE = 3
"""Answers in a row that a peer may owe before others are asked in its place."""

PAUSE_SECONDS = 0.01
"""Between two questions to one peer: twice as long as what it answers at most."""

LOOK_SECONDS = 0.25
"""Between two looks for peers and their snapshots: longer than what they answer at most."""

SOURCES = 4
"""Peers asked for chunks at once, each for one: so many chunks are in memory."""

STEPS_MAXIMUM = 10_000
"""Changes of the validator set a snapshot may rest on: one a day for 27 years. Each is certified: no liar
makes one."""

Report = Callable[["Progress"], None]

log = structlog.get_logger("node.sync")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come."""

    height: int
    chunks: int
    chunks_in_all: int
    peers: int


def unheard(progress: Progress) -> None:
    """Nobody watches."""


class SyncError(IntegrationError):
    """No state could be had from the peers; what is known of each is said."""

    default_code = "STATE-SYNC"


@dataclass(slots=True)
class _Peer:
    """What is known of one of them."""

    address: Address
    name: str
    target: _Target | None = None
    """What it offers and has proved."""
    failures: int = 0
    """Questions in a row that it did not answer."""
    unkept: int = 0
    """Chunks in a row that it did not give."""
    found: str = "no answer"
    is_liar: bool = False


@dataclass(frozen=True, slots=True)
class _Target:
    """The snapshot that is being fetched: everything about it is proved but its chunks."""

    manifest: SnapshotManifest
    header: BlockHeader
    steps: tuple[SetStep, ...]

    @property
    def block_id(self) -> Hash32:
        return block_id_of(self.manifest.header)

    @property
    def name(self) -> str:
        """The same for all peers that give the same chunks."""
        return f"{INCOMING}{self.header.height}-{self.block_id.hex()[:16]}-{self.manifest.bits}"

    def check_chunk(self, number: int, data: bytes) -> None:
        """Raises DecodeError, InvalidMessageError."""
        check_chunk_of(data, number, self.manifest.bits, self.header.state_root)


@dataclass(slots=True)
class _Question:
    kind: MessageType
    answer: asyncio.Future[bytes] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _UnansweredError(Exception):
    """The peer owes an answer."""


async def sync_from_peers(
    config: NodeConfig,
    identity: Identity,
    world: World,
    trusted: tuple[int, bytes] | None = None,
    report: Report = unheard,
) -> Synced:
    """Fetch the newest snapshot that a connected peer has and let the node of `config` begin from it: its
    block log will begin after it, its state is filled at the next start, its journal stands at the end of
    that height.

    `trusted`: a height and the id of its block, known from elsewhere: a chain without it is refused, and so
    is an older snapshot. Interrupted, it goes on where it was. Blocks, state and base must not be there.

    Raises ConfigError when they are, SyncError when no peer has one that holds, StorageError.
    """
    check_new(config, world.disk)
    remove_leftovers(world.disk, config.directory)
    transport = world.links(config, identity, lambda: 0)
    sync = StateSync(config, identity, world, transport, trusted, report)
    host, port = await transport.listen()
    log.info("listening for the snapshot only", p2p=f"{host}:{port}")
    links = asyncio.get_running_loop().create_task(transport.run())
    working = asyncio.get_running_loop().create_task(sync.run())
    try:
        await asyncio.wait((links, working), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, links):
            task.cancel()
        ended = await asyncio.gather(working, links, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
            raise outcome
    return working.result()


class StateSync:
    """One attempt of one node over its links."""

    def __init__(
        self,
        config: NodeConfig,
        identity: Identity,
        world: World,
        transport: Transport,
        trusted: tuple[int, bytes] | None,
        report: Report,
    ) -> None:
        self._config = config
        self._identity = identity
        self._disk: Disk = world.disk
        self._transport = transport
        self._trusted = trusted
        self._report = report
        self._names = {
            Address(bytes.fromhex(address)): peer.institution
            for peer in config.peers
            for address in peer.addresses
        }
        self._peers: dict[Address, _Peer] = {}
        self._questions: dict[Address, _Question] = {}
        self._given_up: set[str] = set()
        self._deadline = 0.0

    async def run(self) -> Synced:
        """Until the node can begin from it. Raises SyncError, StorageError."""
        if not self._names:
            raise SyncError("no peer was asked for a snapshot: node.toml names none")
        hearing = asyncio.get_running_loop().create_task(self._hear())
        self._put_off()
        try:
            while True:
                target = await self._choose()
                if await self._fetch(target):
                    return self._begin(target)
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing

    # --- which snapshot

    async def _choose(self) -> _Target:
        """The newest one that some peer can prove, of equals the one that most peers have; one whose chunks
        are here already goes first, one that nobody gave goes last."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._check_patience()
            await self._look_at_each()
            found = [peer.target for peer in self._usable() if peer.target is not None]
            fresh = [target for target in found if target.name not in self._given_up]
            begun = [target for target in fresh if self._disk.exists(self._incoming(target))]
            if not fresh:
                self._given_up.clear()
                for peer in self._peers.values():
                    peer.unkept = 0
            if found:
                offers = Counter(target.name for target in found)
                return max(begun or fresh or found, key=lambda one: (one.header.height, offers[one.name]))

    async def _look_at_each(self, height: int | None = None) -> None:
        """Have all usable peers prove what they offer: the snapshot of `height`, or the one that was begun,
        or their newest."""
        await asyncio.gather(*(self._look_at(peer, height) for peer in self._usable()))

    async def _look_at(self, peer: _Peer, height: int | None) -> None:
        peer.target = None
        try:
            peer.target = await self._offered(peer, height)
        except _UnansweredError:
            return
        except (DecodeError, InvalidMessageError) as error:
            self._blame(peer, error)

    def _usable(self) -> list[_Peer]:
        """Connected and no liars; those that owe fewest answers first."""
        connected = self._transport.connected()
        for address in connected:
            self._peers.setdefault(address, _Peer(address, self._names.get(address, address.hex())))
        usable = [peer for address in connected if not (peer := self._peers[address]).is_liar]
        return sorted(usable, key=lambda peer: (peer.failures, peer.address))

    async def _offered(self, peer: _Peer, height: int | None) -> _Target | None:
        """Raises DecodeError, InvalidMessageError: it lies."""
        offer = await self._offer_of(peer, height)
        begun = [held for held in offer.heights if held in self._begun_heights()]
        if height is None and begun and begun[-1] != offer.heights[-1]:
            await asyncio.sleep(LOOK_SECONDS)
            offer = await self._offer_of(peer, begun[-1])
        if offer.manifest is None:
            peer.found = "it has none of that height" if offer.heights else "it has no snapshot"
            return None
        manifest = SnapshotManifest.decode(offer.manifest)
        header = BlockHeader.decode(manifest.header)
        if header.chain_id != self._identity.genesis.chain_id:
            raise InvalidMessageError("its snapshot is of another network", "OTHER-NETWORK")
        if header.height not in offer.heights:
            raise InvalidMessageError(f"it sent height {header.height}, which it does not offer")
        if self._trusted is not None and header.height < self._trusted[0]:
            peer.found = f"its snapshot of height {header.height} is older than {self._trusted[0]}"
            return None
        return await self._proved(peer, manifest, header)

    async def _offer_of(self, peer: _Peer, height: int | None) -> SnapshotOffer:
        question = GetSnapshot(height).encode()
        return SnapshotOffer.decode(await self._ask(peer, MessageType.GET_SNAPSHOT, question))

    async def _proved(self, peer: _Peer, manifest: SnapshotManifest, header: BlockHeader) -> _Target:
        """The set chain from the genesis, through the trusted block, to this header."""
        reached = TrustedSet.of_genesis(self._identity.genesis)
        steps: list[SetStep] = []
        is_whole = header.height == 1
        while not is_whole:
            request = GetHeaders(reached.height + 1, header.height)
            if request.first_height >= request.last_height:
                break
            headers = await self._headers_of(peer, request)
            if not headers.steps and not headers.is_whole:
                raise InvalidMessageError("it sends no steps and says that there are some")
            for step in headers.steps:
                reached = self._step(reached, step)
            steps.extend(headers.steps)
            is_whole = headers.is_whole
            if len(steps) > STEPS_MAXIMUM:
                raise InvalidMessageError(f"more than {STEPS_MAXIMUM} changes of the validator set")
        if reached.height >= header.height:
            raise InvalidMessageError(f"a step of height {reached.height} for block {header.height}")
        if self._trusted is not None:
            await self._pass_through(peer, manifest, header, steps)
        check_manifest(manifest, reached)
        peer.found = f"it gave what it offered of height {header.height}"
        return _Target(manifest, header, tuple(steps))

    def _step(self, reached: TrustedSet, step: SetStep) -> TrustedSet:
        following = reached.after(step)
        trusted = self._trusted
        if trusted is not None and following.height == trusted[0] and block_id_of(step.header) != trusted[1]:
            raise InvalidMessageError(f"block {trusted[0]} is not the one that is trusted", "NOT-TRUSTED")
        return following

    async def _pass_through(
        self, peer: _Peer, manifest: SnapshotManifest, header: BlockHeader, steps: list[SetStep]
    ) -> None:
        """The trusted block is one of this chain. Raises InvalidMessageError."""
        assert self._trusted is not None
        height, block_id = self._trusted
        if height == header.height:
            found = manifest.header
        else:
            headers = await self._headers_of(peer, GetHeaders(height, height))
            if not headers.steps:
                peer.found = f"it does not have block {height}, which is trusted"
                raise _UnansweredError
            found = headers.steps[0].header
        if block_id_of(found) != block_id:
            raise InvalidMessageError(f"block {height} is not the one that is trusted", "NOT-TRUSTED")
        before = [step for step in steps if BlockHeader.decode(step.header).height <= height]
        there = TrustedSet.of_genesis(self._identity.genesis).walk(before).validators
        expected = BlockHeader.decode(found).next_validators_hash
        if height < header.height and there.hash != expected:
            raise InvalidMessageError(f"the set after block {height} is not that of the trusted block")

    async def _headers_of(self, peer: _Peer, request: GetHeaders) -> Headers:
        await asyncio.sleep(LOOK_SECONDS / 2)
        headers = Headers.decode(await self._ask(peer, MessageType.GET_HEADERS, request.encode()))
        if headers.last_height != request.last_height:
            raise InvalidMessageError("its headers are not those that were asked for")
        return headers

    # --- its chunks

    async def _fetch(self, target: _Target) -> bool:
        """Whether every chunk is here. False: nobody gives this snapshot any more."""
        directory = self._incoming(target)
        with failing_as("create", directory):
            self._disk.make_directory(directory)
        missing = self._missing(target, directory)
        self._tell(target, missing)
        while missing:
            self._check_patience()
            before = len(missing)
            sources = [peer for peer in self._usable() if self._gives(peer, target)][:SOURCES]
            await asyncio.gather(*(self._work(directory, missing, peer) for peer in sources))
            if len(missing) == before:
                await asyncio.sleep(LOOK_SECONDS)
                await self._look_at_each(target.header.height)
                if not any(self._gives(peer, target) for peer in self._usable()):
                    self._given_up.add(target.name)
                    return False
        return True

    def _gives(self, peer: _Peer, target: _Target) -> bool:
        """By its own manifest: what it then sends wrong is its own fault."""
        return peer.target is not None and peer.target.name == target.name and peer.unkept < FAILURES_BORNE

    def _missing(self, target: _Target, directory: Path) -> list[int]:
        """Numbers of the chunks that are not here yet: one that a crash tore is fetched again."""
        here = set(self._disk.names(directory))
        missing: list[int] = []
        for number in range(1 << target.manifest.bits):
            path = directory / chunk_name(number)
            if path.name in here:
                with failing_as("read", path):
                    data = self._disk.read(path)
                try:
                    target.check_chunk(number, data)
                    continue
                except (DecodeError, InvalidMessageError):
                    with failing_as("remove", path):
                        self._disk.unlink(path)
            missing.append(number)
        return missing

    async def _work(self, directory: Path, missing: list[int], peer: _Peer) -> None:
        """Take chunks from one peer until none is missing or it fails."""
        target = peer.target
        assert target is not None, "only who proved its snapshot is asked for its chunks"
        while missing:
            number = missing.pop(0)
            data: bytes | None = None
            try:
                data = await self._chunk_of(target, number, peer)
                target.check_chunk(number, data)
            except _UnansweredError:
                peer.unkept += 1
                return
            except (DecodeError, InvalidMessageError) as error:
                data = None
                self._blame(peer, error)
                return
            finally:
                if data is None:
                    missing.append(number)
            write_new_file(self._disk, directory / chunk_name(number), [data])
            peer.unkept = 0
            self._put_off()
            self._tell(target, missing)

    async def _chunk_of(self, target: _Target, number: int, peer: _Peer) -> bytes:
        """The bytes of one chunk from this peer. Raises _UnansweredError, also when it has it no more."""
        height, size = target.header.height, target.manifest.chunks[number].size_bytes
        data = bytearray()
        while len(data) < size:
            await asyncio.sleep(PAUSE_SECONDS)
            question = GetChunk(height, number, len(data))
            part = ChunkPart.decode(await self._ask(peer, MessageType.GET_CHUNK, question.encode()))
            if (part.height, part.number, part.offset) != (height, number, len(data)):
                raise InvalidMessageError("its part of a chunk is not the one that was asked for")
            if part.data is None:
                peer.found = "its snapshot is gone"
                raise _UnansweredError
            data += part.data
            if len(data) > size or (len(part.data) < PART_BYTES and len(data) < size):
                raise InvalidMessageError(f"its chunk {number} does not have {size} bytes")
        return bytes(data)

    # --- the end

    def _begin(self, target: _Target) -> Synced:
        directory, manifest = self._incoming(target), target.manifest
        digests = [
            ChunkDigest.of(self._disk.read(directory / chunk_name(number)))
            for number in range(1 << manifest.bits)
        ]
        contents = Contents(
            manifest.header, manifest.certificate, manifest.history, manifest.bits, (), target.steps,
            self._identity.genesis_bytes,
        )  # fmt: skip
        finish(self._disk, directory, contents, digests)
        begin_from(self._config, self._identity, self._disk, directory, target.header.height)
        for name in self._disk.names(self._config.directory):
            if name.startswith(INCOMING):
                remove(self._disk, self._config.path(name))
        log.info("the node can begin from the snapshot", height=target.header.height)
        return Synced(target.header.height, target.header.state_root)

    def _incoming(self, target: _Target) -> Path:
        return self._config.path(target.name)

    def _begun_heights(self) -> set[int]:
        names = self._disk.names(self._config.directory)
        begun = [name.removeprefix(INCOMING).split("-")[0] for name in names if name.startswith(INCOMING)]
        return {int(height) for height in begun if height.isdigit()}

    # --- asking

    async def _ask(self, peer: _Peer, kind: MessageType, payload: bytes) -> bytes:
        """One question at a time to one peer. Raises _UnansweredError."""
        question = _Question(MessageType(kind + 1))
        self._questions[peer.address] = question
        try:
            if self._transport.send(peer.address, kind, payload):
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await question.answer
                peer.failures = 0
                return answer
        except TimeoutError:
            peer.found = "no answer"
        finally:
            del self._questions[peer.address]
        peer.failures += 1
        raise _UnansweredError

    async def _hear(self) -> None:
        """Take answers; whatever else the peers say is for a node that has a state."""
        async for address, kind, payload in self._transport.incoming():
            question = self._questions.get(address)
            if question is not None and question.kind == kind and not question.answer.done():
                question.answer.set_result(payload)

    def _blame(self, peer: _Peer, error: DecodeError | InvalidMessageError) -> None:
        """It sent what no honest node sends: it is not asked again."""
        peer.is_liar, peer.found = True, f"what it sent proves nothing ({error})"
        log.warning("bad answer", peer=peer.name, reason=str(error))
        self._transport.disconnect(peer.address, InvalidMessageError(str(error), error.code))

    def _put_off(self) -> None:
        patience = self._config.snapshots.patience_seconds
        self._deadline = asyncio.get_running_loop().time() + patience

    def _check_patience(self) -> None:
        if asyncio.get_running_loop().time() < self._deadline:
            return
        tried = "; ".join(f"{peer.name}: {peer.found}" for peer in self._peers.values())
        raise SyncError(
            f"no snapshot could be had in {self._config.snapshots.patience_seconds:g} s "
            f"({tried or 'no peer was connected'}). What has come is kept, and another run goes on there. "
            "Let a member make a snapshot (eqz snapshot create, or [snapshots] every_heights in node.toml), "
            "or start the node without one: it then executes every block since the genesis"
        )

    def _tell(self, target: _Target, missing: list[int]) -> None:
        count = 1 << target.manifest.bits
        usable = len(self._usable())
        self._report(Progress(target.header.height, count - len(missing), count, usable))
