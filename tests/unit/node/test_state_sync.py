"""A new node and the peers it does not believe: whoever lies is blamed, and another one is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.block import Block, BlockHeader, block_id_of
from chain.errors import ConfigError
from chain.hashing import History
from chain.snapshot import ChunkDigest, SnapshotManifest
from chain.types import Hash32
from consensus.messages import PART_BYTES, ChunkPart, Headers, MessageType, SnapshotOffer
from node.snapshots import BASE, read_base
from node.state_sync import INCOMING, SyncError
from storage.journal import Journal
from tests.support.budget import a_genesis
from tests.support.node import address_of_validator
from tests.support.simulated_disk import SimulatedDisk
from tests.support.snapshots import HOME, MEMBERS, Chain, Net, NewNode, Twist

SNAPSHOTS = Path("/peer/snapshots")
HEIGHT = 6


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    """Six heights; the set of height 5 on is another one."""
    made = Chain(heights=HEIGHT, is_set_changed=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def peers_disk(chain: Chain) -> SimulatedDisk:
    disk = SimulatedDisk()
    disk.prepare(SNAPSHOTS)
    chain.create(disk, SNAPSHOTS)
    return disk


def a_net(chain: Chain, disk: SimulatedDisk, *twists: Twist | None) -> Net:
    """Honest peers, and those that change what they say."""
    net = Net()
    for name, twist in zip(MEMBERS, twists, strict=False):
        if twist is None:
            net.add(chain, name, disk, SNAPSHOTS)
        else:
            net.add(chain, name, disk, SNAPSHOTS, twist)
    return net


def test_a_new_node_begins_where_the_snapshot_ends(chain: Chain, peers_disk: SimulatedDisk) -> None:
    node, net = NewNode(chain), a_net(chain, peers_disk, None, None)
    synced = node.sync(net)
    assert (synced.height, synced.state_root) == (HEIGHT, chain.application.state_root)
    assert net.blamed == {}
    assert node.progress[-1].chunks == node.progress[-1].chunks_in_all > 4
    assert not [name for name in node.disk.names(HOME) if name.startswith(INCOMING)]
    with node.started() as started:
        assert (started.driver.tip.height, started.driver.tip.block_id) == (HEIGHT, chain.tip.block_id)
        assert started.driver.tip.history == chain.tip.history
        assert started.ledger.status().state_root == chain.application.state_root
        for height in (HEIGHT + 1, HEIGHT + 2):
            found = started.driver._application.validators_at(height)
            assert found == chain.application.validators_at(height)
        with pytest.raises(Exception, match=f"this node holds {HEIGHT + 1} to {HEIGHT}"):
            started.ledger.block(HEIGHT)


def test_the_journal_stands_at_the_end_of_the_snapshots_height(
    chain: Chain, peers_disk: SimulatedDisk
) -> None:
    node = NewNode(chain)
    node.sync(a_net(chain, peers_disk, None))
    with node.started():
        """At the start the journal is held against the block log."""
    journal = Journal.open(HOME / "journal" / node.identity.address.hex(), node.disk)
    assert len(journal.records()) == 1
    journal.close()


# --- liars


def of_kind(kind: MessageType, change: Callable[[bytes], Iterable[bytes]]) -> Twist:
    return lambda found, payload: change(payload) if found == kind else (payload,)


def in_manifest(change: Callable[[SnapshotManifest], SnapshotManifest]) -> Twist:
    def twisted(payload: bytes) -> Iterable[bytes]:
        offer = SnapshotOffer.decode(payload)
        assert offer.manifest is not None
        changed = change(SnapshotManifest.decode(offer.manifest))
        heights = (BlockHeader.decode(changed.header).height,)
        yield SnapshotOffer(heights, changed.encode()).encode()

    return of_kind(MessageType.SNAPSHOT, twisted)


def in_chunk(change: Callable[[ChunkPart], ChunkPart]) -> Twist:
    return of_kind(MessageType.CHUNK, lambda payload: (change(ChunkPart.decode(payload)).encode(),))


def in_steps(change: Callable[[Headers], Headers]) -> Twist:
    return of_kind(MessageType.HEADERS, lambda payload: (change(Headers.decode(payload)).encode(),))


def _flipped(part: ChunkPart) -> ChunkPart:
    assert part.data is not None
    return replace(part, data=part.data[:-1] + bytes([part.data[-1] ^ 1]))


def _with_header(manifest: SnapshotManifest, **other: object) -> SnapshotManifest:
    header = replace(BlockHeader.decode(manifest.header), **other)  # type: ignore[arg-type]
    return replace(manifest, header=header.encode())


OTHER_CHAIN = a_genesis(members=MEMBERS[:1]).chain_id

LIES: dict[str, Twist] = {
    "one wrong chunk": in_chunk(lambda part: _flipped(part) if part.number == 1 else part),
    "a chunk of another number": in_chunk(lambda part: replace(part, number=part.number ^ 1)),
    "a chunk of another height": in_chunk(lambda part: replace(part, height=part.height + 1)),
    "a chunk that ends early": in_chunk(lambda part: replace(part, data=(part.data or b"")[:-1] or b"x")),
    "a chunk that does not end": in_chunk(lambda part: replace(part, data=(part.data or b"") + b"x")),
    "chunks that are no chunks": in_chunk(lambda part: replace(part, data=b"x" * len(part.data or b""))),
    "bytes that are no message": of_kind(MessageType.CHUNK, lambda payload: (b"\x90",)),
    "another state root": in_manifest(lambda one: _with_header(one, state_root=Hash32(bytes(32)))),
    "another network": in_manifest(lambda one: _with_header(one, chain_id=OTHER_CHAIN)),
    "a later height": in_manifest(lambda one: _with_header(one, height=HEIGHT + 7)),
    "another history": in_manifest(
        lambda one: replace(one, history=History.start(Hash32(bytes(32))).encode())
    ),
    "another certificate": in_manifest(lambda one: replace(one, certificate=b"\x90")),
    "other sizes": in_manifest(
        lambda one: replace(one, chunks=tuple(replace(each, size_bytes=7) for each in one.chunks))
    ),
    "endless chunks": in_manifest(
        lambda one: replace(one, bits=16, chunks=(ChunkDigest(64 << 20, Hash32(bytes(32))),) * 65_536)
    ),
    "a manifest that is none": of_kind(
        MessageType.SNAPSHOT, lambda payload: (SnapshotOffer((HEIGHT,), b"\x90").encode(),)
    ),
    "no step of the set": in_steps(lambda one: replace(one, steps=())),
    "steps that do not come": in_steps(lambda one: replace(one, steps=(), is_whole=False)),
    "a step with another set": in_steps(
        lambda one: replace(one, steps=tuple(replace(step, next=b"\x90") for step in one.steps))
    ),
    "steps of another height": in_steps(lambda one: replace(one, last_height=HEIGHT - 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_liar_is_blamed_and_the_others_are_asked(lie: str, chain: Chain, peers_disk: SimulatedDisk) -> None:
    node, net = NewNode(chain), a_net(chain, peers_disk, LIES[lie], None)
    assert node.sync(net).state_root == chain.application.state_root
    assert address_of_validator(MEMBERS[1]) not in net.blamed


@pytest.mark.parametrize("lie", LIES)
def test_where_all_lie_nothing_is_begun(lie: str, chain: Chain, peers_disk: SimulatedDisk) -> None:
    node, net = NewNode(chain), a_net(chain, peers_disk, LIES[lie], LIES[lie])
    with pytest.raises(SyncError, match="mof: what it sent proves nothing"):
        node.sync(net)
    assert not node.disk.exists(node.config.path(BASE))
    assert read_base(node.config, chain.genesis, node.disk) is None


SHY: dict[str, Twist] = {
    "says nothing": lambda kind, payload: (),
    "gives no chunk": of_kind(MessageType.CHUNK, lambda payload: ()),
    "gives no steps": of_kind(MessageType.HEADERS, lambda payload: ()),
    "has it no more": in_chunk(lambda part: replace(part, data=None)),
    "offers nothing": of_kind(MessageType.SNAPSHOT, lambda payload: (SnapshotOffer((), None).encode(),)),
}


@pytest.mark.parametrize("shy", SHY)
def test_who_does_not_give_is_asked_last_and_not_blamed(
    shy: str, chain: Chain, peers_disk: SimulatedDisk
) -> None:
    node, net = NewNode(chain), a_net(chain, peers_disk, SHY[shy], None)
    assert node.sync(net).height == HEIGHT
    assert net.blamed == {}
    alone = a_net(chain, peers_disk, SHY[shy])
    with pytest.raises(SyncError, match="mof: "):
        NewNode(chain).sync(alone)


def test_a_newer_snapshot_that_nobody_gives_makes_room_for_an_older_one() -> None:
    chain = Chain(signers=20, heights=2)
    disk = SimulatedDisk()
    old, both = Path("/old/snapshots"), Path("/both/snapshots")
    for place in (old, both):
        disk.prepare(place)
        chain.create(disk, place)
    chain.grow()
    chain.create(disk, both)
    net = Net()
    net.add(chain, "mof", disk, both, SHY["gives no chunk"])
    net.add(chain, "treasury", disk, old)
    try:
        assert NewNode(chain).sync(net).height == 2
    finally:
        chain.close()


# --- what the operator knows


def test_the_trusted_block_must_be_of_the_chain(chain: Chain, peers_disk: SimulatedDisk) -> None:
    for height in range(1, HEIGHT + 1):
        block_id = Block.decode(chain.blocks.read(height).block).block_id
        assert NewNode(chain).sync(a_net(chain, peers_disk, None), (height, block_id)).height == HEIGHT
        with pytest.raises(SyncError, match="is not the one that is trusted"):
            NewNode(chain).sync(a_net(chain, peers_disk, None), (height, bytes(32)))


def test_a_snapshot_older_than_the_trusted_block_is_refused(chain: Chain, peers_disk: SimulatedDisk) -> None:
    node, net = NewNode(chain), a_net(chain, peers_disk, None)
    with pytest.raises(SyncError, match=f"its snapshot of height {HEIGHT} is older than {HEIGHT + 1}"):
        node.sync(net, (HEIGHT + 1, bytes(32)))
    assert net.blamed == {}


def test_a_node_that_has_a_chain_takes_no_snapshot(chain: Chain, peers_disk: SimulatedDisk) -> None:
    node = NewNode(chain)
    with node.started():
        """From the genesis."""
    with pytest.raises(ConfigError, match="neither blocks nor state"):
        node.sync(a_net(chain, peers_disk, None))
    begun = NewNode(chain)
    begun.sync(a_net(chain, peers_disk, None))
    with pytest.raises(ConfigError, match="/new/base is there"):
        begun.sync(a_net(chain, peers_disk, None))


def test_blocks_of_the_manifest_and_of_the_log_are_one(chain: Chain, peers_disk: SimulatedDisk) -> None:
    node = NewNode(chain)
    node.sync(a_net(chain, peers_disk, None))
    base = read_base(node.config, chain.genesis, node.disk)
    assert base is not None
    assert block_id_of(base.stored.manifest.header) == base.tip().block_id == chain.tip.block_id
    assert len(base.steps) == 1


def test_a_chunk_of_several_parts_comes_whole() -> None:
    chain, disk = Chain(signers=900, heights=1), SimulatedDisk()
    disk.prepare(SNAPSHOTS)
    stored = chain.create(disk, SNAPSHOTS, aim_bytes=4 << 20)
    try:
        assert [one.size_bytes > PART_BYTES for one in stored.manifest.chunks] == [True]
        assert NewNode(chain).sync(a_net(chain, disk, None)).state_root == chain.application.state_root
        short = in_chunk(lambda part: replace(part, data=(part.data or b"")[:1000]))
        with pytest.raises(SyncError, match="mof: what it sent proves nothing"):
            NewNode(chain).sync(a_net(chain, disk, short))
    finally:
        chain.close()
