"""Snapshots on a disk that fails: whole or not there, and what a node begins from survives every crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import ConfigError, StorageError
from chain.snapshot import CHUNK_AIM_BYTES, SnapshotChunk
from chain.state_tree import state_path, update, value_hash
from chain.types import Hash32
from consensus.messages import MessageType
from node.chunks import Division, Scratch, chunks, divide, fill
from node.snapshots import (
    BASE,
    SnapshotDamageError,
    StoredSnapshot,
    heights_in,
    read_base,
    remove,
    remove_leftovers,
    restore,
)
from node.state_sync import INCOMING
from storage.journal import Journal
from storage.memory import MemoryState
from tests.support.budget import a_genesis
from tests.support.simulated_disk import Kept, Operation, PowerCut, SimulatedDisk
from tests.support.snapshots import HOME, Chain, Net, NewNode

PARENT = Path("/peer/snapshots")
HEIGHT = 5
COARSE_BYTES = 12 << 10
"""Fewer chunks, where every operation on the disk is a case."""


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    made = Chain(signers=60, heights=HEIGHT, is_set_changed=True)
    yield made
    made.close()


@pytest.fixture
def disk(chain: Chain) -> SimulatedDisk:
    found = SimulatedDisk()
    found.prepare(PARENT)
    chain.create(found, PARENT)
    return found


def stored(disk: SimulatedDisk) -> StoredSnapshot:
    return StoredSnapshot.open(disk, PARENT / str(HEIGHT))


# --- chunks of any state

ENTRIES = st.dictionaries(
    st.tuples(st.sampled_from(("lines", "tokens", "x")), st.binary(max_size=9)),
    st.binary(min_size=1, max_size=200),
    max_size=60,
)


def a_state(entries: dict[tuple[str, bytes], bytes]) -> tuple[MemoryState, Hash32]:
    state = MemoryState()
    tree = update(state, [(state_path(*place), value_hash(value)) for place, value in entries.items()])
    state.commit(7, tree.root, dict(entries), tree.nodes)
    return state, tree.root


@settings(max_examples=60, deadline=None)
@given(ENTRIES, st.integers(200, 4_000), st.integers(100, 3_000))
def test_any_state_in_any_division_comes_back_from_its_chunks(
    entries: dict[tuple[str, bytes], bytes], aim_bytes: int, part_bytes: int
) -> None:
    state, root = a_state(entries)
    whole = divide(state, aim_bytes)
    if whole.bits > 8:
        return  # one value above the aim: sixteen bits, and 65,536 chunks of it
    disk = SimulatedDisk()
    disk.prepare(PARENT)
    division = Division(whole.bits, whole.size_bytes, part_bytes)
    made = list(chunks(state, division, Scratch(disk, PARENT / "parts")))
    assert len(made) == 1 << whole.bits
    assert not disk.exists(PARENT / "parts") or disk.names(PARENT / "parts") == []
    for chunk in made:
        assert sum(len(name) + len(key) + len(value) + 16 for name, key, value in chunk.entries) <= aim_bytes
    again = MemoryState()
    fill(again, 7, root, (chunk.encode() for chunk in made), {})
    assert list(again.items()) == list(state.items())
    assert again.state_root == root


def test_a_large_state_is_parted_into_files_and_the_chunks_are_the_same() -> None:
    state, _ = a_state({("lines", b"%d" % number): b"x" * 300 for number in range(400)})
    division = divide(state, 8_000)
    disk = SimulatedDisk()
    disk.prepare(PARENT)
    whole = list(chunks(state, division, Scratch(disk, PARENT / "no")))
    assert not disk.exists(PARENT / "no")
    small = Division(division.bits, division.size_bytes, 20_000)
    assert small.part_bits > 1
    assert list(chunks(state, small, Scratch(disk, PARENT / "parts"))) == whole


def test_a_state_of_few_values_is_one_chunk() -> None:
    state, _ = a_state({("lines", b"k"): b"v"})
    assert divide(state, CHUNK_AIM_BYTES).bits == 0


# --- a directory


def test_a_snapshot_is_checked_from_the_genesis_to_its_last_value(chain: Chain, disk: SimulatedDisk) -> None:
    found = stored(disk)
    assert len(found.manifest.chunks) > 2
    assert len(found.steps()) == 1
    found.check(chain.genesis)
    assert found.genesis().chain_id == chain.genesis.chain_id
    entries = [one for data in found.chunks() for one in SnapshotChunk.decode(data).entries]
    assert sorted(entries) == sorted(chain.application.frozen().items())


def checked(disk: SimulatedDisk, chain: Chain) -> None:
    """As `eqz snapshot verify --genesis` does it."""
    found = stored(disk)
    if found.genesis().chain_id != chain.genesis.chain_id:
        raise SnapshotDamageError("the genesis beside it is another network's")
    found.check(chain.genesis)


def test_a_flipped_byte_anywhere_is_found(chain: Chain, disk: SimulatedDisk) -> None:
    random = Random(20260105)
    for path, data in sorted(disk.files(PARENT / str(HEIGHT)).items()):
        for offset in {0, len(data) - 1, *(random.randrange(len(data)) for _ in range(12))}:
            spoiled = disk.copy()
            spoiled.flip(path, offset, 1 << random.randrange(8))
            with pytest.raises(SnapshotDamageError):
                checked(spoiled, chain)


def test_a_missing_file_is_found(chain: Chain, disk: SimulatedDisk) -> None:
    for path in disk.files(PARENT / str(HEIGHT)):
        spoiled = disk.copy()
        spoiled.unlink(path)
        with pytest.raises(StorageError, match="cannot read"):
            checked(spoiled, chain)


def test_no_snapshot_before_the_first_block() -> None:
    chain, disk = Chain(signers=1, heights=1), SimulatedDisk()
    disk.prepare(PARENT)
    chain.application = type(chain.application)(MemoryState(), chain.genesis, chain.node.signatures)
    with pytest.raises(ConfigError) as refused:
        chain.create(disk, PARENT)
    assert refused.value.code == "SNAPSHOT-EARLY"
    chain.close()


# --- crashes


class Copies:
    """What the disk is before and after each durable operation of some work."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self.disks: list[SimulatedDisk] = []
        self._disk = disk

    def __enter__(self) -> Copies:
        self._disk.before = self._disk.after = self._copy
        return self

    def __exit__(self, *_: object) -> None:
        self._disk.before = self._disk.after = SimulatedDisk().before

    def _copy(self, operation: Operation) -> None:
        if operation.is_durable:
            self.disks.append(self._disk.copy())

    def after_power_cuts(self) -> Iterator[SimulatedDisk]:
        for number, copied in enumerate(self.disks):
            for kept in (Kept.NONE, None):
                disk = copied.copy()
                disk.power_cut(Random(number), kept)
                yield disk


def test_a_crash_while_it_is_made_leaves_a_whole_snapshot_or_none(chain: Chain) -> None:
    disk = SimulatedDisk()
    disk.prepare(PARENT.parent)
    with Copies(disk) as copies:
        chain.create(disk, PARENT, COARSE_BYTES)
        remove(disk, PARENT / str(HEIGHT))
    seen = set()
    for left in copies.after_power_cuts():
        seen.add(tuple(heights_in(left, PARENT)))
        for height in heights_in(left, PARENT):
            StoredSnapshot.open(left, PARENT / str(height)).check(chain.genesis)
        remove_leftovers(left, PARENT)
        if left.exists(PARENT):
            assert [name for name in left.names(PARENT) if not name.isdigit()] == []
            for height in heights_in(left, PARENT):
                remove(left, PARENT / str(height))
        chain.create(left, PARENT, COARSE_BYTES).check(chain.genesis)
    assert seen == {(), (HEIGHT,)}


def a_net(chain: Chain, disk: SimulatedDisk) -> Net:
    net = Net()
    net.add(chain, "mof", disk, PARENT)
    return net


def test_a_crash_at_any_moment_of_the_first_start_leads_to_the_same_state(
    chain: Chain,
) -> None:
    """From the first chunk that comes to the first start: a state that is not whole is never opened."""
    node, disk = NewNode(chain), SimulatedDisk()
    disk.prepare(PARENT)
    chain.create(disk, PARENT, COARSE_BYTES)
    with Copies(node.disk) as copies:
        node.sync(a_net(chain, disk))
        with node.started():
            """Its state is filled."""
    resumed = 0
    for left in copies.after_power_cuts():
        again = NewNode(chain, left)
        begun = left.exists(HOME / BASE)
        if begun:
            assert read_base(again.config, chain.genesis, left) is not None
        else:
            resumed += any(left.names(HOME / name) for name in left.names(HOME) if name.startswith(INCOMING))
            if any(left.exists(HOME / name) for name in ("blocks", "state")):
                raise AssertionError("nothing of a chain is there before its base")
            again.sync(a_net(chain, disk))
        with again.started() as started:
            assert started.driver.tip.height == HEIGHT
            assert started.ledger.status().state_root == chain.application.state_root
        journal = Journal.open(HOME / "journal" / again.identity.address.hex(), left)
        assert len(journal.records()) == 1
        journal.close()
    assert resumed > 10


def test_a_resumed_run_asks_only_for_what_is_missing(chain: Chain, disk: SimulatedDisk) -> None:
    node, count = NewNode(chain), len(stored(disk).manifest.chunks)
    half = count // 2

    def stop(operation: Operation) -> None:
        if operation.kind == "create" and operation.path.name == f"chunk-{half:05d}":
            raise PowerCut

    node.disk.before = stop
    with pytest.raises(PowerCut):
        node.sync(a_net(chain, disk))
    node.disk.before = SimulatedDisk().before
    node.disk.power_cut(Random(1), Kept.ALL)
    again, net = NewNode(chain, node.disk), a_net(chain, disk)
    again.sync(net)
    assert again.progress[0].chunks == half
    (peer,) = net.peers
    assert net.asked[peer, MessageType.GET_CHUNK] == count - half


# --- restored from a copy


def test_a_copied_directory_is_what_a_node_begins_from(chain: Chain, disk: SimulatedDisk) -> None:
    node = NewNode(chain)
    copy_to(node.disk, disk, Path("/copy"))
    restored = restore(Path("/copy"), node.config, node.identity, node.world(closed_net()))
    assert (restored.height, restored.state_root) == (HEIGHT, chain.application.state_root)
    with node.started() as started:
        assert started.driver.tip.block_id == chain.tip.block_id


def test_a_spoiled_copy_is_refused_and_leaves_nothing(chain: Chain, disk: SimulatedDisk) -> None:
    node = NewNode(chain)
    copy_to(node.disk, disk, Path("/copy"))
    node.disk.flip(Path("/copy/chunk-00001"), 40)
    with pytest.raises(SnapshotDamageError, match="chunk-00001"):
        restore(Path("/copy"), node.config, node.identity, node.world(closed_net()))
    assert node.disk.names(HOME) == ["journal"]


def test_a_snapshot_of_another_network_is_refused(chain: Chain, disk: SimulatedDisk) -> None:
    node = NewNode(chain)
    copy_to(node.disk, disk, Path("/copy"))
    other = replace(node.identity, genesis=a_genesis(members=("mof",)))
    with pytest.raises(ConfigError) as refused:
        restore(Path("/copy"), node.config, other, node.world(closed_net()))
    assert refused.value.code == "OTHER-NETWORK"


def test_a_spoiled_base_is_said_and_nothing_is_moved(chain: Chain, disk: SimulatedDisk) -> None:
    node = NewNode(chain)
    node.sync(a_net(chain, disk))
    node.disk.flip(HOME / BASE / "chunk-00001", 40)
    with (
        pytest.raises(SnapshotDamageError, match="what this node began from fails its checks"),
        node.started(),
    ):
        """Its state has to be made, and cannot."""
    assert not any("damaged" in name for name in node.disk.names(HOME))
    node.disk.flip(HOME / BASE / "chunk-00001", 40)
    with node.started() as started:
        assert started.driver.tip.height == HEIGHT


def copy_to(disk: SimulatedDisk, source: SimulatedDisk, directory: Path) -> None:
    disk.prepare(directory)
    for path, data in source.files(PARENT / str(HEIGHT)).items():
        disk.put(directory / path.name, data)


def closed_net() -> Net:
    """No peer is needed."""
    net = Net()
    net.loop.close()
    return net
