"""Validators get new keys, leave and come back, in real processes, while a client offers documents, nodes are
killed and lines are cut. What was promised to the client is kept.

The exact moments around a change (each act of a machine, each height) are in tests/simulation/membership.py;
here are real disks, links and processes.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chain.transaction import Transaction
from chain.types import ActionName, ClientId, InstitutionId
from tests.support.network import (
    HOST,
    NAMES,
    VALID_MS,
    NodeProcess,
    Processes,
    founded_processes,
    tx_id_text,
    until,
)
from tests.support.promises import kept_promises
from tests.support.proxy import Fabric, fabric, redirect
from tests.support.terminal import Terminal

SEED = 20260601
VOTERS = ("mof", "treasury", "228")
"""Three of four members decide a ballot."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The network, its lines, and the desk at which all operators sit."""

    network: Processes
    lines: Fabric

    @property
    def desk(self) -> Terminal:
        return Terminal(self.network["mof"].directory.parent)

    def node(self, name: str) -> NodeProcess:
        return self.network[name]

    def do(self, through: str, institution: str, action: str, arguments: tuple[Any, ...]) -> None:
        """A document of the institution's head, decided by the node `through`."""
        transaction = Transaction(
            self.network.founded.genesis.chain_id,
            ClientId(os.urandom(16)),
            time.time_ns() // 1_000_000 + VALID_MS,
            InstitutionId(institution),
            ActionName(action),
            1,
            arguments,
        )
        pair = self.network.signed(transaction)
        assert self.node(through).submit([pair]) == ["accepted"]
        tx_id = tx_id_text(pair)
        until(lambda: self.node(through).is_committed(tx_id, 1_000), f"{action} of {institution}", 60)

    def decide(self, through: str, number: int, effect: str, arguments: tuple[Any, ...]) -> None:
        """A ballot from its proposal to the deciding vote."""
        self.do(through, "mof", "ballot.propose", (effect, arguments, ""))
        for voter in VOTERS:
            self.do(through, voter, "ballot.vote", (number, True))

    def next_key(self, name: str) -> tuple[str, tuple[Any, ...]]:
        """A new validator key for a node, made known to the others; its file, and what the ballot says."""
        made = self.desk.eqz("node", "key", name)["item"]
        self.send_card(name, "--key", made["key"])
        found = json.loads((self.desk.work / made["proposal"]).read_text(encoding="utf-8"))["arguments"]
        return made["key"], (
            found["institution"],
            found["algorithm"],
            bytes.fromhex(found["public_key"]),
            bytes.fromhex(found["possession"]),
        )

    def send_card(self, name: str, *more: str) -> None:
        """To the other three. Places stay as they are: the lines of this test stand between the nodes."""
        self.desk.eqz("node", "peer", "card", name, "--out", f"{name}.json", *more)
        path = self.desk.work / f"{name}.json"
        card = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**card, "host": None, "p2p_port": None}), encoding="utf-8")
        for other in NAMES:
            if other != name:
                self.desk.eqz("node", "peer", "replace", other, f"{name}.json")

    def restart(self, name: str, number: int = signal.SIGTERM) -> None:
        node = self.node(name)
        node.kill(number)
        node.start()
        until(node.is_ready, f"{name} to come back: {node.log[-500:]}", 60)

    def votes(self, name: str) -> bool:
        return bool(self.node(name).status().get("votes"))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    directory = tmp_path_factory.mktemp("voters") / "n"
    with founded_processes(
        directory, block_interval_ms=0, timeout_propose_ms=150, timeout_vote_ms=150, timeout_cap_ms=2_000
    ) as network:
        ports = network.ports()
        with fabric({name: (HOST, port) for name, port in ports.items()}, SEED) as lines:
            for name in NAMES:
                redirect(lines, network[name].directory, name, ports)
            network.all_up()
            yield Stage(network, lines)


def test_a_key_is_renewed_while_another_member_is_cut_off(stage: Stage) -> None:
    """Of four one is behind a cut line, one changes its key: in between nothing can be decided, and nothing
    that was is lost."""
    key, arguments = stage.next_key("228")
    with kept_promises(stage.network, SEED + 1) as client:
        client.wait_for(2)
        stage.lines.split(("mof",), ("treasury", "226", "228"))
        client.wait_for(2)
        stage.decide("treasury", 1, "validator.rotate", arguments)
        until(lambda: not stage.votes("228"), "the old key to have cast its last vote", 60)
        stage.desk.eqz("node", "key", "228", "--use", key)
        stage.restart("228")
        until(lambda: stage.votes("228"), "the new key to vote", 60)
        client.wait_for(2)
        stage.lines.heal()
        client.wait_for(4)
    stage.send_card("228")
    assert all(stage.votes(name) for name in NAMES)
    assert stage.network.agree() > 0


def test_a_validator_that_is_down_is_taken_out_and_another_is_killed_at_the_deciding_vote(
    stage: Stage,
) -> None:
    """From then on all of the other three are asked for; the one that left follows when it comes back."""
    with kept_promises(stage.network, SEED + 2) as client:
        client.wait_for(2)
        stage.node("226").kill()
        stage.decide("mof", 2, "validator.remove", ("226",))
        stage.restart("treasury", signal.SIGKILL)
        client.wait_for(4)
        stage.node("226").start()
        until(stage.node("226").is_ready, "226 to follow", 60)
        client.wait_for(2)
    stage.network.agree()
    assert [stage.votes(name) for name in NAMES] == [True, True, False, True]


def test_it_is_let_in_again_under_a_new_key_while_proposers_are_killed(stage: Stage) -> None:
    """Its node runs with the new key before the vote, as the document says; each of the others dies once."""
    key, arguments = stage.next_key("226")
    stage.desk.eqz("node", "key", "226", "--use", key)
    stage.restart("226")
    assert not stage.votes("226")
    with kept_promises(stage.network, SEED + 3) as client:
        client.wait_for(2)
        stage.decide("treasury", 3, "validator.add", arguments)
        for name in VOTERS:
            stage.restart(name, signal.SIGKILL)
            client.wait_for(2)
        until(lambda: stage.votes("226"), "226 to vote", 60)
        client.wait_for(4)
    stage.send_card("226")
    stage.network.agree()
    assert all(stage.votes(name) for name in NAMES)
    extra = sum(stage.node(name).metric("eqz_extra_rounds_total") for name in NAMES)
    assert extra > 0, "a killed proposer costs rounds"
