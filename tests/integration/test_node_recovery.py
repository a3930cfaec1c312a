"""One node's directory from start to start: what it believes of what it finds, and what it makes anew."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from pathlib import Path

import pytest

from chain.errors import ConfigError, CorruptionError, StorageError
from chain.genesis import Params
from chain.transaction import tx_id_of
from chain.types import Height
from cli.founding import Endpoint, Network, found_network
from cli.keystore import new_seed, write_key
from consensus.records import HeightEnded, KeyRetired, decode_record, encode_record
from node.config import NodeConfig
from node.node import Node, build_node, start_node
from storage.journal import Journal
from tests.support.network import NodeProcess, Processes, members

PATIENCE_MS = 20_000
PASSWORD = "of the tests"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """One institution, whose node decides alone."""
    return found_network(
        tmp_path_factory.mktemp("alone") / "n",
        "alone",
        members()[:1],
        [Endpoint()],
        params=Params.default(block_interval_ms=0),
        created_ms=time.time_ns() // 1_000_000,
        roles=("head",),
        password=PASSWORD,
    )


class Alone:
    """The node in a directory of its own."""

    def __init__(self, founded: Network, directory: Path) -> None:
        shutil.copytree(founded.members[0].directory, directory)
        self.directory = directory
        self._documents = Processes(founded, {"mof": NodeProcess("mof", directory)})

    @property
    def config(self) -> NodeConfig:
        return NodeConfig.load(self.directory)

    def journal(self) -> Path:
        (path,) = (self.directory / "journal").iterdir()
        return path

    def live(self, count: int = 0, found: StorageError | None = None) -> Node:
        """Start, decide so many documents, find `found` while reading, stop. The node, closed."""
        node = build_node(self.config)
        try:
            asyncio.run(self._live(node, count, found))
        finally:
            node.close()
        return node

    async def _live(self, node: Node, count: int, found: StorageError | None) -> None:
        running = asyncio.create_task(node.run())
        for _ in range(count):
            pair = self._documents.document()
            await node.ledger.submit([pair])
            status = await node.ledger.wait(tx_id_of(pair[0]), PATIENCE_MS)
            assert status.status == "committed"
        if found is None:
            running.cancel()
        else:
            node.ledger.fail(found)
        await asyncio.wait([running], timeout=PATIENCE_MS / 1000)
        if not running.cancelled():
            running.result()


@pytest.fixture
def alone(founded: Network, tmp_path: Path) -> Alone:
    return Alone(founded, tmp_path / "node")


def tip(node: Node) -> tuple[int, bytes]:
    return node.driver.tip.height, node.driver.tip.block_id


def test_a_stopped_node_goes_on_where_it_was(alone: Alone) -> None:
    first = alone.live(2)
    second = alone.live(1)
    assert second.driver.tip.height == first.driver.tip.height + 1
    assert second.driver.votes


def test_a_state_found_damaged_while_running_stops_the_node_once_and_is_made_anew(alone: Alone) -> None:
    before = tip(alone.live(2))
    with pytest.raises(CorruptionError, match="checksum"):
        alone.live(0, CorruptionError("state/000005.ldb: checksum"))
    assert (alone.directory / "state.damaged").read_text("utf-8") == "state/000005.ldb: checksum\n"
    assert tip(alone.live()) == before
    assert (alone.directory / "state.damaged-1").is_dir()
    assert not (alone.directory / "state.damaged").exists()


def test_a_state_found_damaged_while_the_node_is_composed_is_made_anew_by_the_next_start(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not met by the recovery itself: without a mark every start would end there."""

    def read(*_: object) -> None:
        raise CorruptionError("state/000005.ldb: checksum")

    before = tip(alone.live(2))
    with monkeypatch.context() as patched:
        patched.setattr("node.node.signer_of", read)
        with pytest.raises(CorruptionError, match="checksum"):
            build_node(alone.config)
    assert tip(alone.live()) == before
    assert (alone.directory / "state.damaged-1").is_dir()


def test_a_disk_that_fails_is_no_reason_to_throw_the_state_away(alone: Alone) -> None:
    alone.live(1)
    with pytest.raises(StorageError, match="no space"):
        alone.live(0, StorageError("no space left"))
    assert not (alone.directory / "state.damaged").exists()


def test_a_state_ahead_of_the_log_is_made_anew(alone: Alone) -> None:
    first = tip(alone.live(1))
    shutil.copytree(alone.directory / "blocks", alone.directory / "earlier")
    alone.live(2)
    shutil.rmtree(alone.directory / "blocks")
    (alone.directory / "earlier").rename(alone.directory / "blocks")
    node = build_node(alone.config)
    try:
        assert tip(node) == first
    finally:
        node.close()


def test_a_state_older_than_the_log_catches_up(alone: Alone) -> None:
    alone.live(1)
    shutil.copytree(alone.directory / "state", alone.directory / "earlier")
    last = tip(alone.live(2))
    shutil.rmtree(alone.directory / "state")
    (alone.directory / "earlier").rename(alone.directory / "state")
    assert tip(alone.live()) == last


def test_an_end_of_the_log_that_was_never_told_stops_no_node(alone: Alone) -> None:
    """No peer could have it: a power cut leaves what the sectors held before, not only zeros."""
    before = tip(alone.live(2))
    segment = alone.directory / "blocks" / "00000001.log"
    whole = segment.read_bytes()
    segment.write_bytes(whole + b"what the disk held before" * 40)

    async def started() -> Node:
        return await start_node(alone.config)

    node = asyncio.run(started())
    try:
        assert tip(node) == before
        assert node.driver.votes
    finally:
        node.close()
    assert segment.read_bytes() == whole
    assert any((alone.directory / "blocks.quarantine").iterdir())


def test_a_key_whose_journal_is_gone_never_signs_again(alone: Alone) -> None:
    alone.live(1)
    shutil.rmtree(alone.directory / "journal")
    node = build_node(alone.config)
    assert not node.driver.votes
    node.close()


def test_a_journal_gone_before_the_first_block_is_missed_too(alone: Alone) -> None:
    alone.live()
    shutil.rmtree(alone.directory / "journal")
    node = build_node(alone.config)
    assert not node.driver.votes
    node.close()


def test_a_machine_restored_from_its_configuration_alone_does_not_vote(alone: Alone) -> None:
    """Key and node.toml are there, blocks, state and journal are not: this key may have voted."""
    alone.live(1)
    for name in ("journal", "blocks", "state"):
        shutil.rmtree(alone.directory / name)
    node = build_node(alone.config)
    assert not node.driver.votes
    node.close()
    assert not (alone.directory / "journal").exists()


def test_an_older_journal_retires_the_key_and_that_stays(alone: Alone) -> None:
    alone.live(1)
    older = alone.journal().read_bytes()
    alone.live(3)
    alone.journal().write_bytes(older)
    for _ in range(2):
        node = build_node(alone.config)
        assert not node.driver.votes
        node.close()
    journal = Journal.open(alone.journal())
    retired = [one for one in map(decode_record, journal.records()) if isinstance(one, KeyRetired)]
    journal.close()
    assert len(retired) == 1


def test_two_lives_that_end_between_log_and_journal_cost_no_key(alone: Alone) -> None:
    """Each at a height it had only caught up, so that the journal has no word of it."""
    alone.live(2)
    for _ in range(2):
        forget_last_height(alone)
        node = build_node(alone.config)
        assert node.driver.votes
        node.close()
        alone.live(1)


def forget_last_height(alone: Alone) -> None:
    journal = Journal.open(alone.journal())
    records = [decode_record(record) for record in journal.records()]
    last = max(record.height for record in records)
    journal.prune([encode_record(record) for record in records if record.height < last])
    journal.close()


def test_an_empty_journal_in_the_place_of_a_used_one_is_not_believed(alone: Alone) -> None:
    """One block is enough: it carries the key's signature."""
    empty = alone.journal().read_bytes()
    alone.live(1)
    alone.journal().write_bytes(empty)
    for _ in range(2):
        node = build_node(alone.config)
        assert not node.driver.votes
        node.close()


def test_a_damaged_journal_is_not_believed(alone: Alone) -> None:
    alone.live(1)
    data = bytearray(alone.journal().read_bytes())
    data[len(data) // 2] ^= 1
    alone.journal().write_bytes(data)
    node = build_node(alone.config)
    assert not node.driver.votes
    node.close()


def test_a_new_key_begins_a_new_journal_and_the_old_one_stays(alone: Alone) -> None:
    alone.live(1)
    old = alone.journal().name
    (alone.directory / "validator.key").unlink()
    write_key(alone.directory / "validator.key", new_seed(), PASSWORD)
    node = build_node(alone.config)
    try:
        height = node.driver.tip.height
        (new,) = [path for path in (alone.directory / "journal").iterdir() if path.name != old]
        assert node.driver._signer is not None
        assert not node.driver.votes
    finally:
        node.close()
    journal = Journal.open(new)
    assert journal.records() == (encode_record(HeightEnded(Height(height))),)
    journal.close()


def test_a_log_of_another_network_is_refused(alone: Alone, founded: Network) -> None:
    alone.live(1)
    genesis = founded.genesis
    other = type(genesis)(
        "other", genesis.time_ms, genesis.params, genesis.app_version, genesis.validators,
        genesis.institutions, genesis.signers,
    )  # fmt: skip
    text = (alone.directory / "node.toml").read_text("utf-8")
    changed = text.replace(genesis.chain_id.hex(), other.chain_id.hex())
    (alone.directory / "node.toml").write_text(changed, "utf-8")
    (alone.directory / "genesis.eqg").write_bytes(other.encode())
    with pytest.raises(StorageError) as refused:
        build_node(alone.config)
    assert refused.value.code == "OTHER-NETWORK"


@pytest.mark.parametrize(
    ("file", "data", "text"),
    [
        ("genesis.eqg", b"\x90", "not a genesis file"),
        ("genesis.eqg", None, "is not there"),
        ("validator.key", b"nothing", "not an encrypted PKCS#8 key"),
        ("validator.key", None, "is not there"),
        ("validator.password", None, "cannot be read"),
        ("tls.crt", b"nothing", "cannot be used"),
        ("node.toml", b"name = 1", "node.toml: name"),
        ("node.toml", b"= ", "not TOML"),
        ("node.toml", None, "is not there"),
    ],
)
def test_what_the_operator_must_mend_is_named(alone: Alone, file: str, data: bytes | None, text: str) -> None:
    (alone.directory / file).unlink()
    if data is not None:
        (alone.directory / file).write_bytes(data)
    with pytest.raises(ConfigError, match=text):
        build_node(alone.config)


def test_a_port_in_use_is_said_at_once(alone: Alone) -> None:
    process = NodeProcess("mof", alone.directory)
    other = NodeProcess("mof", alone.directory.with_name("other"))
    shutil.copytree(alone.directory, other.directory)
    process.start()
    try:
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not (alone.directory / "api.addr").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        port = int(process.url.rpartition(":")[2])
        config = other.directory / "node.toml"
        text = config.read_text("utf-8")
        head, _, tail = text.partition("[api]")
        config.write_text(head + "[api]" + tail.replace("port = 0", f"port = {port}", 1), "utf-8")
        status, said = other.run_to_the_end()
        assert status == 2
        assert "error[LISTEN]" in said
    finally:
        process.kill(signal.SIGTERM)
