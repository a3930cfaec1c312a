"""A chain whose state is worth a snapshot, the peers that give it, and the new node that asks them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chain.block import Block, Results
from chain.codec import Value
from chain.errors import InvalidMessageError
from chain.transaction import SignedTransaction, Transaction
from chain.types import ActionName, Address, ClientId, InstitutionId
from node.application import LedgerApplication
from node.assembly import Tip
from node.config import NodeConfig, Peer, SnapshotSettings
from node.history import grown
from node.node import Node, build_node
from node.opening import found_journal
from node.snapshot_service import Snapshots
from node.snapshots import StoredSnapshot, create
from node.state_sync import Progress, Synced, sync_from_peers
from node.world import Identity, World
from storage.disk import Disk
from storage.memory import MemoryBlockLog, MemoryState
from tests.simulation.clock import InlineExecutor, VirtualLoop, WallClock
from tests.support.budget import a_key, key_of_validator
from tests.support.node import a_certificate, a_node, address_of_validator, block_on
from tests.support.simulated_database import opener
from tests.support.simulated_disk import SimulatedDisk

MEMBERS = ("mof", "treasury", "moh", "mot")
AIM_BYTES = 4 << 10
"""So that a small state has several chunks."""

HOME = Path("/new")
"""Of the new node, on its own disk."""


class Chain:
    """One member's blocks and state; certificates are those of three of the four."""

    def __init__(self, signers: int = 150, heights: int = 3, *, is_set_changed: bool = False) -> None:
        self.node = a_node(members=MEMBERS)
        self.genesis = self.node.genesis
        self.blocks = MemoryBlockLog()
        self.application = LedgerApplication(MemoryState(), self.genesis, self.node.signatures)
        self.node.application = self.application
        self.tip = Tip.genesis(self.genesis.chain_id, self.genesis.time_ms)
        self.grow([self.node.document() for _ in range(signers)])
        if is_set_changed:
            self.grow([self.act("mof", "ballot.propose", "validator.remove", ("mot",), "")])
            self.grow([self.act(member, "ballot.vote", 1, True) for member in MEMBERS[:3]])
        while self.application.height < heights:
            self.grow()

    def act(self, institution: str, action: str, *arguments: Value) -> SignedTransaction:
        self.node.documents += 1
        return self.node.signed(
            Transaction(
                self.genesis.chain_id,
                ClientId(self.node.documents.to_bytes(16, "big")),
                self.node.clock.time_ms + 600_000,
                InstitutionId(institution),
                ActionName(action),
                1,
                arguments,
            )
        )

    def grow(self, documents: Sequence[SignedTransaction] = ()) -> None:
        """One more block."""
        block, executed = block_on(self.application, self.tip, documents, self.node.clock.now_ms())
        certificate = self.certificate(block)
        results = Results(executed.execution.outcomes, executed.execution.changes)
        height = block.header.height
        self.blocks.append(height, block.encode(), results.encode(), certificate)
        _, records = grown(self.tip.history, block.block_id)
        self.application.apply(height, executed.execution, [one.tx_id for one in documents], records)
        self.tip = self.tip.child(block, certificate)

    def certificate(self, block: Block, signers: Sequence[str] = MEMBERS[:3]) -> bytes:
        return a_certificate(self.node, block, *signers).encode()

    def create(self, disk: Disk, parent: Path, aim_bytes: int = AIM_BYTES) -> StoredSnapshot:
        with closing(self.application.frozen()) as frozen:
            genesis = self.genesis.encode()
            return create(disk, parent, frozen, self.blocks, genesis, None, aim_bytes=aim_bytes)

    def close(self) -> None:
        self.node.close()


Twist = Callable[[int, bytes], Iterable[bytes]]
"""What a peer sends instead of an honest answer of this kind: nothing, one or several payloads."""


def honest(kind: int, payload: bytes) -> Iterable[bytes]:
    return (payload,)


@dataclass(slots=True)
class GivingPeer:
    """A peer that runs the honest service and, when it lies, changes what comes out."""

    address: Address
    net: Net
    service: Snapshots = field(init=False)
    twist: Twist = honest

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        for given in self.twist(kind, payload):
            self.net.inbox.put_nowait((self.address, kind, given))
        return True

    def broadcast(self, kind: int, payload: bytes) -> int:
        raise AssertionError("the service of snapshots tells nobody what nobody asked")

    async def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]:
        raise AssertionError("the driver hears, not the service")
        yield

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        raise AssertionError(refusal)

    def connected(self) -> Sequence[Address]:
        return ()


class Net:
    """The new node's links (`node.world.Links`): to peers of the test."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = WallClock(self.loop)
        self.peers: dict[Address, GivingPeer] = {}
        self.inbox: asyncio.Queue[tuple[Address, int, bytes]] = asyncio.Queue()
        self.blamed: dict[Address, str] = {}
        self.asked: Counter[tuple[Address, int]] = Counter()
        self.refusals: Counter[str] = Counter()
        self.dropped: Counter[Address] = Counter()

    def add(self, chain: Chain, name: str, disk: Disk, directory: Path, twist: Twist = honest) -> GivingPeer:
        """A member with the snapshots that lie in a directory."""
        peer = GivingPeer(address_of_validator(name), self, twist=twist)
        peer.service = Snapshots(
            directory=directory,
            disk=disk,
            settings=SnapshotSettings(),
            application=chain.application,
            blocks=chain.blocks,
            genesis_bytes=chain.genesis.encode(),
            base=None,
            transport=peer,
            clock=self.clock,
            executor=InlineExecutor(),
        )
        self.peers[peer.address] = peer
        return peer

    async def listen(self) -> tuple[str, int]:
        return "127.0.0.1", 7400

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    def connected(self) -> Sequence[Address]:
        return tuple(address for address in self.peers if address not in self.blamed)

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        self.blamed.setdefault(address, str(refusal))

    async def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]:
        while True:
            yield await self.inbox.get()

    def broadcast(self, kind: int, payload: bytes) -> int:
        raise AssertionError("a node that takes a snapshot tells nobody anything")

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        if address not in self.connected():
            return False
        self.asked[address, kind] += 1
        self.loop.call_soon(self.peers[address].service.hear, ASKER, kind, payload)
        return True


ASKER = a_key("new validator").address


class NewNode:
    """A node that nobody has enrolled, as `eqz node init` leaves it, on a disk that can fail."""

    def __init__(self, chain: Chain, disk: SimulatedDisk | None = None) -> None:
        genesis = chain.genesis
        self.identity = Identity(genesis.encode(), genesis, a_key("new validator"))
        self.config = NodeConfig(
            name="new",
            genesis_hash=genesis.chain_id.hex(),
            peers=tuple(
                Peer(institution=name, address=address, certificate_sha256=address)
                for name in MEMBERS
                for address in [key_of_validator(name).address.hex()]
            ),
            directory=HOME,
        )
        if disk is None:
            disk = SimulatedDisk()
            disk.prepare(HOME)
            found_journal(HOME, self.identity.address, disk)
        self.disk = disk
        self.progress: list[Progress] = []

    def world(self, net: Net) -> World:
        return World(
            clock=net.clock,
            executor=InlineExecutor,
            links=lambda *_: net,
            disk=self.disk,
            open_database=opener(self.disk),
        )

    @contextmanager
    def started(self) -> Iterator[Node]:
        """Composed from its files, without any peer."""
        net = Net()
        try:
            node = build_node(self.config, self.identity, self.world(net))
            try:
                yield node
            finally:
                node.close()
        finally:
            net.loop.close()

    def sync(self, net: Net, trusted: tuple[int, bytes] | None = None) -> Synced:
        """Over virtual time: patience costs nothing."""
        work = sync_from_peers(self.config, self.identity, self.world(net), trusted, self.progress.append)
        task = net.loop.create_task(work)
        task.add_done_callback(lambda _: net.loop.stop())
        try:
            net.loop.run_forever()
            return task.result()
        finally:
            for left in asyncio.all_tasks(net.loop):
                left.cancel()
            net.loop.close()
