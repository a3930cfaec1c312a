"""The drill of docs/operating.md, Upgrade and rollback: node after node gets another program while people
work; one goes back; a program with other rules harms nobody but itself, and is mended by the right one."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.codec import Value
from chain.keys import ED25519, SigningKey, possession_bytes
from chain.transaction import Transaction, tx_id_of
from chain.types import ActionName, ClientId, InstitutionId
from contracts.records import Role
from tests.support.network import (
    NAMES,
    VALID_MS,
    NodeProcess,
    Pair,
    Processes,
    founded_processes,
    until,
)
from tests.support.promises import kept_promises

ROOT = Path(__file__).parents[2]
PACKAGES = ("chain", "contracts", "consensus", "storage", "network", "node", "web", "cli", "audit")
SEED = 20_260_301
BETWEEN = 5
"""Receipts between two restarts: people work all the time."""

NEW_RULES = """

@action(
    "signer.add",
    Row("signer.add", (*_NEW_KEY, ("roles", _ROLES), *_POSSESSION)),
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source="formats: Keys and signatures; budget-machine 1",
    summary="The second version, which says so",
    version=2,
    is_routed=False,
)
def add_signer_two(call: Call) -> None:
    add_signer(call)
    call.emit("signer.second", call.institution)
"""
"""What the later program knows beside everything that the earlier one knows."""

ACTIVATED = ("signer.add", 2)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Trees of another version: one with the same rules, one that also knows a new version of an action."""
    root = tmp_path_factory.mktemp("programs")
    trees = {version: root / version for version in ("2.0.0", "3.0.0")}
    for version, tree in trees.items():
        for package in PACKAGES:
            shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
        about = tree / f"eqazyna-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: eqazyna\nVersion: {version}\n", "utf-8"
        )
    with (trees["3.0.0"] / "contracts" / "membership.py").open("a", encoding="utf-8") as rules:
        rules.write(NEW_RULES)
    return trees


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    directory = tmp_path_factory.mktemp("upgrade") / "n"
    with founded_processes(
        directory, block_interval_ms=0, timeout_propose_ms=300, timeout_vote_ms=300, idle_ms=1_000
    ) as processes:
        processes.all_up()
        yield processes


def restart(node: NodeProcess, program: Path | None) -> None:
    """The node ends, and runs on as this program: a tree, or this one."""
    node.kill(signal.SIGTERM)
    node.prefix = () if program is None else ("env", "-C", str(program))
    node.start()
    until(node.is_ready, f"{node.name} to be ready: {node.log[-800:]}")
    until(lambda: node.status().get("votes"), f"{node.name} to vote")


def version_of(node: NodeProcess) -> str:
    answer = node.get("/metrics")
    assert answer is not None
    (line,) = [one for one in answer.text.splitlines() if one.startswith("eqz_build_info{")]
    return line.split('"')[1]


def test_every_node_is_upgraded_and_one_goes_back_while_people_work(
    network: Processes, programs: dict[str, Path]
) -> None:
    before = version_of(network["mof"])
    with kept_promises(network, SEED) as client:
        for name in NAMES:
            client.wait_for(BETWEEN)
            restart(network[name], programs["2.0.0"])
        client.wait_for(BETWEEN)
        assert {version_of(network[name]) for name in NAMES} == {"2.0.0"}
        restart(network["226"], None)
        client.wait_for(BETWEEN)
    assert version_of(network["226"]) == before != "2.0.0"
    assert network.agree() > 0


def document(
    network: Processes, institution: str, action: str, arguments: tuple[Value, ...], version: int = 1
) -> Pair:
    network.serial += 1
    transaction = Transaction(
        network.founded.genesis.chain_id,
        ClientId(network.serial.to_bytes(16, "big")),
        time.time_ns() // 1_000_000 + VALID_MS,
        InstitutionId(institution),
        ActionName(action),
        version,
        arguments,
    )
    return network.signed(transaction)


def decided(network: Processes, pair: Pair, through: str) -> int:
    """Offer it and wait; the height of its block."""
    assert network[through].submit([pair]) == ["accepted"]
    tx_id = tx_id_of(pair[0]).hex()
    until(lambda: network[through].is_committed(tx_id, 1_000), f"{tx_id} to be decided")
    answer = network[through].get(f"/v1/transactions/{tx_id}")
    assert answer is not None
    return int(answer.json()["height"])


def a_key(network: Processes, version: int) -> Pair:
    """A `signer.add` of this version by the head of the ministry."""
    network.serial += 1
    key = SigningKey.from_seed(network.serial.to_bytes(32, "big"))
    chain_id = network.founded.genesis.chain_id
    proof = key.sign(possession_bytes(chain_id, InstitutionId("mof"), ED25519, key.public_key))
    return document(
        network, "mof", "signer.add", (ED25519, key.public_key, int(Role.PREPARER), proof), version
    )


def test_a_program_with_other_rules_ends_with_9_and_the_right_one_takes_its_place(
    network: Processes, programs: dict[str, Path]
) -> None:
    network.all_up()
    laggard, others = network["228"], [name for name in NAMES if name != "228"]
    for name in others:
        restart(network[name], programs["3.0.0"])
    network.agree()

    # the old program does not know what is proposed: it will have no part in the block
    first = int(network["mof"].status()["height"]) + 40
    proposal = ("rules.activate", (*ACTIVATED, first), "the second version")
    height = decided(network, document(network, "mof", "ballot.propose", proposal), "mof")
    assert laggard.process is not None
    assert laggard.process.wait(60) == 9, laggard.log[-1500:]
    laggard.process = None
    assert f"error[CONSENSUS-HALT]: height {height}" in laggard.log
    assert "compare this node's version" in laggard.log

    # the others go on, and the version comes into force at its height
    for voter in ("mof", "treasury", "226"):
        decided(network, document(network, voter, "ballot.vote", (1, True)), "mof")
    until(lambda: network["mof"].status()["height"] >= first, "the height of the new version", 120)
    assert network["mof"].submit([a_key(network, 1)]) == ["refused"]
    decided(network, a_key(network, 2), "treasury")

    # the same program again comes to the same place; the network's version goes on from there
    status, text = laggard.run_to_the_end()
    assert (status, "CONSENSUS-HALT" in text) == (9, True), text[-1500:]
    restart_of_one_that_is_down(laggard, programs["3.0.0"])
    assert network.agree() >= first
    assert "this key will not vote" not in laggard.log
    decided(network, a_key(network, 2), "228")


def restart_of_one_that_is_down(node: NodeProcess, program: Path) -> None:
    node.prefix = ("env", "-C", str(program))
    node.start()
    until(lambda: node.status().get("votes") and node.is_ready(), f"{node.name}: {node.log[-800:]}", 60)
