"""Four node processes over real links and disks: felled, damaged, impersonated. What was decided stays."""

from __future__ import annotations

import asyncio
import shutil
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from chain.types import Address, Hash32
from network.certificates import certificate_der, fingerprint
from tests.support.links import Institution, Stranger, an_institution
from tests.support.network import NAMES, Processes, founded_processes, tx_id_text, until

SEED = 20260105
FELLINGS = 3


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    directory = tmp_path_factory.mktemp("network") / "n"
    with founded_processes(
        directory, block_interval_ms=0, timeout_propose_ms=100, timeout_vote_ms=100
    ) as processes:
        yield processes


class Load:
    """Offers documents to whoever answers, and remembers which of them a node called committed."""

    def __init__(self, network: Processes) -> None:
        self._network = network
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.committed: list[str] = []

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def has_committed(self, count: int) -> bool:
        return len(self.committed) >= count

    def _run(self) -> None:
        turn = 0
        while not self._stop.is_set():
            turn += 1
            pairs = [self._network.document(NAMES[turn % 4]) for _ in range(4)]
            node = self._network[NAMES[turn * 3 % 4]]
            if node.submit(pairs):
                ids = [tx_id_text(pair) for pair in pairs]
                node.is_committed(ids[-1], 500)
                self.committed += [tx_id for tx_id in ids if node.is_committed(tx_id)]


def test_nodes_killed_at_random_under_load_agree_and_lose_nothing(network: Processes) -> None:
    random = Random(SEED)
    network.all_up()
    with Load(network) as load:
        for _ in range(FELLINGS):
            wanted = len(load.committed) + random.randrange(1, 12)
            until(partial(load.has_committed, wanted), "documents")
            victim = network[random.choice(NAMES)]
            victim.kill()
            victim.start()
            until(victim.is_ready, f"{victim.name} to come back: {victim.log[-500:]}")
    network.agree()
    assert len(load.committed) > FELLINGS
    for name in NAMES:
        assert [tx_id for tx_id in load.committed if not network[name].is_committed(tx_id)] == []
        assert "this key will not vote" not in network[name].log


def test_all_killed_at_once_go_on_together(network: Processes) -> None:
    network.all_up()
    height = network.agree()
    for name in NAMES:
        process = network[name].process
        assert process is not None
        process.send_signal(signal.SIGKILL)
    for name in NAMES:
        network[name].kill()
    network.all_up()
    network.commit_one("228")
    assert network.agree() > height
    assert all(network[name].status()["votes"] for name in NAMES)


def test_a_node_that_was_away_takes_over_the_blocks(network: Processes) -> None:
    network.all_up()
    away = network["226"]
    away.kill()
    height = int(network["mof"].status()["height"])
    while int(network["mof"].status()["height"]) < height + 100:
        network.commit_one("mof", "treasury")
    away.start()
    until(lambda: away.status().get("height", 0) >= height + 100, "the missing blocks")
    network.agree()
    assert away.metric("eqz_caught_up_total") > 50


def test_a_state_that_is_gone_is_made_anew_from_the_log(network: Processes) -> None:
    network.all_up()
    height = network.agree()
    node = network["treasury"]
    node.kill(signal.SIGTERM)
    shutil.rmtree(node.directory / "state")
    node.start()
    until(node.is_ready, "the node")
    assert network.agree() >= height
    assert node.status()["votes"]


def test_a_damaged_state_is_moved_aside_and_made_anew(network: Processes) -> None:
    network.all_up()
    network.agree()
    node = network["treasury"]
    node.kill(signal.SIGTERM)
    for file in (node.directory / "state").glob("*.ldb"):
        _flip(file, file.stat().st_size // 2)
    _flip(next((node.directory / "state").glob("MANIFEST-*")), 20)
    node.start()
    until(node.is_ready, "the node")
    network.agree()
    assert (node.directory / "state.damaged-1").is_dir()
    assert "rebuilding it from the block log" in node.log


def test_a_flipped_byte_in_the_log_is_named_and_nothing_starts_until_peers_mend_it(
    network: Processes,
) -> None:
    network.all_up()
    height = network.agree()
    network.stop()
    node = network["228"]
    config = node.directory / "node.toml"
    config.write_text("log_repair_seconds = 0.5\n" + config.read_text("utf-8"), "utf-8")
    log = max((node.directory / "blocks").iterdir())
    _flip(log, log.stat().st_size // 2)
    status, text = node.run_to_the_end()
    assert status == 9
    assert "error[LOG-DAMAGED]" in text
    assert str(log) in text
    assert any(f"height {at}" in text for at in range(1, height + 1)), text
    config.write_text(config.read_text("utf-8").split("\n", 1)[1], "utf-8")
    network.all_up()
    assert network.agree() >= height
    assert node.status()["votes"]


def test_two_processes_do_not_share_a_directory(network: Processes) -> None:
    network.all_up()
    node = network["mof"]
    running, node.process = node.process, None
    status, text = node.run_to_the_end()
    node.process = running
    assert status != 0
    assert "error[LOCKED]" in text
    network.commit_one("mof")


def test_strangers_and_impostors_are_refused_and_the_node_lives(network: Processes, tmp_path: Path) -> None:
    network.all_up()
    node = network["mof"]
    host, _, port = (node.directory / "p2p.addr").read_text("ascii").strip().rpartition(":")
    place = (host, int(port))
    unknown = an_institution(tmp_path, 9)
    member = {name: _identity_of(network, name) for name in NAMES}
    chain_id = network.founded.genesis.chain_id
    asyncio.run(_knock(place, unknown, unknown.address, chain_id))
    asyncio.run(_knock(place, member["228"], member["228"].address, Hash32(b"another network" + bytes(17))))
    asyncio.run(_knock(place, member["228"], member["treasury"].address, chain_id))
    codes = ("CERTIFICATE-UNKNOWN", "OTHER-NETWORK", "WRONG-ADDRESS")
    for code in codes:
        until(lambda code=code: node.metric(f'eqz_peer_refusals_total{{code="{code}"}}') >= 1, code)  # type: ignore[misc]
    network.commit_one("mof")


def test_an_expired_certificate_is_refused_and_the_others_go_on(network: Processes, tmp_path: Path) -> None:
    network.all_up()
    node = network["mof"]
    expired = an_institution(tmp_path, 9, age_days=40, valid_days=30)
    node.kill(signal.SIGTERM)
    pinned = node.directory / "peers" / "228.crt"
    text = (node.directory / "node.toml").read_text("utf-8")
    kept = pinned.read_bytes()
    old, new = (
        fingerprint(certificate_der(pem)).hex() for pem in (kept, expired.certificate_file.read_bytes())
    )
    pinned.write_bytes(expired.certificate_file.read_bytes())
    (node.directory / "node.toml").write_text(text.replace(old, new), "utf-8")
    network.all_up()
    host, _, port = (node.directory / "p2p.addr").read_text("ascii").strip().rpartition(":")
    address = _identity_of(network, "228").address
    asyncio.run(_knock((host, int(port)), expired, address, network.founded.genesis.chain_id))
    until(lambda: node.metric('eqz_peer_refusals_total{code="CERTIFICATE-EXPIRED"}') >= 1, "the refusal")
    network.commit_one("mof")
    node.kill(signal.SIGTERM)
    pinned.write_bytes(kept)
    (node.directory / "node.toml").write_text(text, "utf-8")


def test_a_key_without_its_journal_follows_and_the_others_go_on(network: Processes) -> None:
    network.all_up()
    node = network["226"]
    node.kill(signal.SIGTERM)
    shutil.move(node.directory / "journal", node.directory / "journal.away")
    node.start()
    until(node.is_ready, "the node")
    network.commit_one("226")
    network.agree()
    assert not node.status()["votes"]
    node.kill(signal.SIGTERM)
    shutil.rmtree(node.directory / "journal", ignore_errors=True)


def _identity_of(network: Processes, name: str) -> Institution:
    member = next(one for one in network.founded.members if one.part.name == name)
    assert member.validator is not None
    directory = network[name].directory
    pem = (directory / "tls.crt").read_bytes()
    return Institution(
        member.validator.address, directory / "tls.crt", directory / "tls.key", certificate_der(pem)
    )


async def _knock(place: tuple[str, int], who: Institution, address: Address, chain_id: Hash32) -> None:
    """Connect, say HELLO, and stay until the node ends the link."""
    stranger = await Stranger.dial(place, who)
    stranger.greet(address, chain_id)
    await stranger.refusal()
    stranger.close()


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x40
    path.write_bytes(data)
