"""A state made anew from the block log is the one that lived: every record of it, byte for byte."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from chain.block import Block
from chain.genesis import Genesis
from chain.hashing import History
from chain.transaction import tx_id_of
from node.config import NodeConfig
from node.history import kept
from node.rebuilding import rebuild
from storage.blocks import BlockLog
from storage.leveldb import LevelStore
from storage.state import LevelState
from tests.support.network import NAMES, Processes, founded_processes

HEIGHTS = 15


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a node that lived with three others, stopped and killed on the way; now at rest."""
    with founded_processes(
        tmp_path_factory.mktemp("network") / "n", block_interval_ms=0, timeout_propose_ms=200
    ) as processes:
        processes.all_up()
        commit_until(processes, HEIGHTS // 2)
        processes["228"].kill(signal.SIGKILL)
        processes.commit_one("mof")
        processes.all_up()
        commit_until(processes, HEIGHTS)
        processes.agree()
        processes.stop()
        copy = tmp_path_factory.mktemp("node") / "228"
        shutil.copytree(processes["228"].directory, copy)
    return copy


def commit_until(processes: Processes, height: int) -> None:
    while int(processes["mof"].status()["height"]) < height:
        for name in NAMES[:3]:
            processes.commit_one("mof", name)


def records(path: Path) -> dict[bytes, bytes]:
    """Everything in the database: values now and at every height, tree, places of transactions, history."""
    store = LevelStore.open(path)
    found = {key: value for first in range(0xFF) for key, value in store.seek(bytes((first,)), b"")}
    store.close()
    return found


def test_the_rebuilt_database_has_the_same_records(directory: Path, tmp_path: Path) -> None:
    rebuilt = rebuild(NodeConfig.load(directory), keep_in=tmp_path / "state")
    assert rebuilt.height >= HEIGHTS
    assert rebuilt.certificates == rebuilt.height
    lived = records(directory / "state")
    assert records(tmp_path / "state") == lived
    assert len(lived) > rebuilt.height * 5


def test_its_root_history_and_places_are_those_of_the_headers(directory: Path, tmp_path: Path) -> None:
    config = NodeConfig.load(directory)
    rebuilt = rebuild(config, keep_in=tmp_path / "state")
    genesis = Genesis.decode((directory / "genesis.eqg").read_bytes())
    log = BlockLog.open(directory / "blocks", genesis.encode())
    blocks = [Block.decode(log.read(height).block) for height in range(1, log.last_height + 1)]
    log.close()
    state = LevelState.open(tmp_path / "state")
    try:
        assert state.state_root == blocks[-1].header.state_root == rebuilt.state_root
        history = History.start(genesis.chain_id)
        for block in blocks:
            history = history.append(block.block_id)
        assert kept(state.extra, genesis.chain_id, rebuilt.height) == history
        for block in blocks:
            for index, (body, _) in enumerate(block.transactions):
                place = state.transaction(tx_id_of(body))
                assert place is not None
                assert (place.height, place.index) == (block.header.height, index)
    finally:
        state.close()


def test_it_is_the_same_from_a_log_in_other_segments(directory: Path, tmp_path: Path) -> None:
    """The state hangs on heights, not on files."""
    genesis = (directory / "genesis.eqg").read_bytes()
    other = tmp_path / "node"
    shutil.copytree(directory, other)
    shutil.rmtree(other / "blocks")
    old = BlockLog.open(directory / "blocks", genesis)
    new = BlockLog.open(other / "blocks", genesis, segment_bytes=4096)
    for height in range(1, old.last_height + 1):
        new.append(height, *old.read(height))
    assert len(new.segments()) > len(old.segments())
    old.close()
    new.close()
    rebuild(NodeConfig.load(other), keep_in=tmp_path / "state")
    assert records(tmp_path / "state") == records(directory / "state")
