"""A fifth node that never executed the first blocks: it begins from a snapshot, follows and answers."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chain.genesis import GenesisInstitution
from chain.types import InstitutionId
from cli.founding import Endpoint, found_member, seal, write_node
from tests.support.network import HOST, NodeProcess, Processes, founded_processes, free_ports, until

BLOCKS = 24
NEW = "new"


def eqz(*arguments: object, status: int = 0) -> Any:
    """What the command prints, as JSON."""
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "-o", "json", *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert ended.returncode == status, ended.stderr
    return json.loads(ended.stdout or ended.stderr.splitlines()[-1])


def with_a_fifth(network: Processes) -> NodeProcess:
    """A node whose key nobody has enrolled: its peers know its certificate, and it knows theirs."""
    founded = network.founded
    endpoint = Endpoint(HOST, *free_ports(1), 0)
    member, sealings = found_member(
        founded.directory / "nodes" / NEW,
        (GenesisInstitution(InstitutionId(NEW), "abp", "240", None, NEW, NEW, None),),
        endpoint,
        founded.directory / "signers",
        created_ms=time.time_ns() // 1_000_000,
        roles=("head",),
        password="of the tests",
    )
    seal(sealings)
    parts = [*(one.part for one in founded.members), member.part]
    for one, place in zip((*founded.members, member), (*founded.endpoints, endpoint), strict=True):
        write_node(one.directory, one.part, parts, founded.genesis, place)
    return NodeProcess(NEW, member.directory)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    directory = tmp_path_factory.mktemp("network") / "n"
    with founded_processes(
        directory, block_interval_ms=0, timeout_propose_ms=200, timeout_vote_ms=200
    ) as processes:
        yield processes


def test_a_new_node_begins_from_a_snapshot_of_its_peers(network: Processes) -> None:
    fifth = with_a_fifth(network)
    settings = network["mof"].directory / "node.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[snapshots]\nevery_heights = 5\nkeep = 2\n", "utf-8")
    network.all_up()
    early = network.commit_one("mof")
    while int(network["mof"].status()["height"]) < BLOCKS:
        network.commit_one("mof")
    treasury = network["treasury"].directory
    kept = until(lambda: len(eqz("snapshot", "list", network["mof"].directory)["items"]) == 2, "two kept")
    assert kept

    stopped = network["226"]
    stopped.kill(signal.SIGTERM)
    of_stopped = eqz("snapshot", "create", stopped.directory)
    stopped.start()
    verified = eqz(
        "snapshot", "verify", of_stopped["item"]["path"],
        "--genesis", network.founded.genesis.chain_id.hex(),
    )  # fmt: skip
    assert verified["item"]["height"] == of_stopped["item"]["height"] >= BLOCKS

    with Committing(network):
        of_running = eqz("snapshot", "create", treasury)
        fetched = eqz("snapshot", "fetch", fifth.directory)
    height = int(fetched["item"]["height"])
    assert height >= of_running["item"]["height"] > of_stopped["item"]["height"]

    fifth.start()
    try:
        until(fifth.is_ready, "the fifth to follow")
        network.commit_one("mof")
        network.nodes[NEW] = fifth
        network.agree("mof", "treasury", NEW)
        assert fifth.status()["votes"] is False
        refused = fifth.get(f"/v1/blocks/{height}")
        assert refused is not None
        assert refused.status_code == 404
        assert f"this node holds {height + 1} to " in refused.text
        assert fifth.status()["first_height"] == height + 1
        before = fifth.get(f"/v1/transactions/{early}")
        assert before is not None
        assert (before.json()["status"], before.json()["error"]["code"]) == ("unknown", "HEIGHT-NOT-HELD")
        tx_id = network.commit_one(NEW)
        receipt = fifth.get(f"/v1/transactions/{tx_id}/receipt")
        assert receipt is not None
        assert receipt.is_success, receipt.text

        fifth.kill()
        shutil.rmtree(fifth.directory / "state")
        fifth.start()
        until(fifth.is_ready, "the fifth to rebuild its state")
        network.commit_one("mof")
        network.agree("mof", "treasury", NEW)
        fifth.kill(signal.SIGTERM)
        audited = subprocess.run(
            [sys.executable, "-m", "audit", "chain", str(fifth.directory)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert audited.returncode != 0
        assert f"the log begins at height {height + 1}: its node started from a snapshot" in audited.stderr
        again = eqz("snapshot", "fetch", fifth.directory, status=2)
        assert again["error"]["code"] == "NODE-DIRECTORY"
    finally:
        fifth.kill(signal.SIGTERM)
        network.nodes.pop(NEW, None)


class Committing:
    """Documents all the while, so that heights go on."""

    def __init__(self, network: Processes) -> None:
        self._network = network
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Committing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._network.commit_one("mof")
