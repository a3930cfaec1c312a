"""Where the attacks happen: a network of four nodes, its lines, its people, and what can be asked of it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain.errors import LedgerError
from chain.keys import ED25519, SigningKey, possession_bytes
from chain.types import InstitutionId
from cli.client import Client
from cli.demo.desk import Desk, Document
from cli.demo.nodes import DemoNodes
from cli.demo.wires import Wires
from cli.failures import CommandError
from cli.founding import Network
from contracts.records import Role

NAMES = ("mof", "treasury", "226", "228")
VICTIM = "228"
"""Whose node is damaged, when it is one; the others are a quorum."""

RECOVER_SECONDS = 60.0
"""Far above what a node takes to start and to catch up on a machine that has other work."""

POLL_SECONDS = 0.05


@dataclass(slots=True)
class Arena:
    """`desk` has the open keys of everybody. Names are those of the nodes."""

    directory: Path
    network: Network
    nodes: DemoNodes
    desk: Desk
    wires: Wires

    # --- asking

    def client(self, name: str) -> Client:
        return self.desk.clients[name]

    def status(self, name: str) -> dict[str, Any]:
        """Nothing when the node does not answer."""
        client = self.client(name)
        return client.status_of(client.nodes[0]) or {}

    def height(self, name: str) -> int:
        return int(self.status(name).get("height", -1))

    def votes(self, name: str) -> bool:
        return bool(self.status(name).get("votes"))

    def findings(self, name: str) -> list[str]:
        """Codes of what the node says is wrong with it."""
        client = self.client(name)
        return [str(one["code"]) for one in client.findings_of(client.nodes[0])]

    def metric(self, name: str, metric: str) -> float:
        """The sum of a metric over its labels; 0 when the node does not answer."""
        try:
            lines = self.client(name).text("/metrics").splitlines()
        except LedgerError:
            return 0.0
        found = (line.rpartition(" ") for line in lines if line.startswith((metric + " ", metric + "{")))
        return sum(float(value) for _, _, value in found)

    def until(self, is_reached: Callable[[], bool], seconds: float = RECOVER_SECONDS) -> bool:
        """Ask again until it is so; whether it came so far."""
        deadline = time.monotonic() + seconds
        while not is_reached():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def agrees(self, names: Sequence[str] = NAMES) -> bool:
        """Whether the nodes come to stand at one height, and then with one root and one block."""

        def stand() -> list[tuple[Any, ...]]:
            found = [self.status(name) for name in names]
            return [(one.get("height"), one.get("state_root"), one.get("block_id")) for one in found]

        last: list[tuple[Any, ...]] = []

        def is_level() -> bool:
            last[:] = stand()
            return all(last[0]) and len({height for height, _, _ in last}) == 1

        return self.until(is_level) and len(set(last)) == 1

    # --- offering

    def offer(self, document: Document, through: str) -> str:
        """Give a document to a node; its id. CommandError when the node does not take it."""
        envelope = self.desk.prepare(document)
        client = self.client(through)
        (reply,) = client.submit_many(client.nodes[0], [(envelope.body, envelope.auth())])
        if reply.status != "accepted":
            raise CommandError(f"{document.action}: {reply.status} {reply.error}", "DEMO-REFUSED")
        return envelope.tx_id.hex()

    def fate(self, tx_id: str, through: str, wait_ms: int = 0) -> str:
        """What a node says of a document; `unknown` when it does not answer."""
        try:
            return str(self.client(through).transaction(tx_id, wait_ms)["status"])
        except LedgerError:
            return "unknown"

    def is_decided(self, tx_id: str, through: str, seconds: float = RECOVER_SECONDS) -> bool:
        return self.until(lambda: self.fate(tx_id, through, 1_000) == "committed", seconds)

    def decide(self, through: str) -> bool:
        """A document, and whether the node has decided it."""
        return self.is_decided(self.offer(a_document(self, through), through), through)

    # --- felling

    def stop(self, name: str, number: int = signal.SIGKILL) -> None:
        self.nodes.stop(self.nodes.nodes[name], number)

    def start(self, names: Sequence[str], *, wait: bool = True) -> None:
        """Start nodes again; their API has another port now."""
        for name in names:
            self.nodes.start(self.nodes.nodes[name])
        self.nodes.wait_answering(names)
        self.desk.clients.update({name: Client([self.nodes.nodes[name].url]) for name in names})
        if wait:
            self.nodes.wait_ready(names)


def a_document(arena: Arena, institution: str) -> Document:
    """Always valid, before and after any other: the head registers somebody's key."""
    key = SigningKey.from_seed(os.urandom(32))
    proof = possession_bytes(arena.desk.chain_id, InstitutionId(institution), ED25519, key.public_key)
    return Document(
        institution,
        "signer.add",
        {
            "algorithm": ED25519, "public_key": key.public_key.hex(), "roles": int(Role.PREPARER),
            "possession": key.sign(proof).hex(),
        },
    )  # fmt: skip


@dataclass(slots=True)
class Load:
    """People who go on offering documents while nodes fall, and what they were told.

    `confirmed`: documents that a node called committed; `went_back`: times a node told a lower height than it
    had told before.
    """

    arena: Arena
    confirmed: list[str] = field(default_factory=list)
    went_back: int = 0
    _told: dict[str, int] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Load:
        self._thread = threading.Thread(target=self._work, name="load", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(RECOVER_SECONDS)

    def lost(self) -> int:
        """How many of the confirmed some node does not have, now that all are back."""
        arena = self.arena
        return sum(any(arena.fate(tx_id, name) != "committed" for name in NAMES) for tx_id in self.confirmed)

    def _work(self) -> None:
        turn = 0
        while not self._stopped.is_set():
            turn += 1
            through = NAMES[turn % len(NAMES)]
            try:
                tx_id = self.arena.offer(a_document(self.arena, NAMES[turn // 2 % len(NAMES)]), through)
            except LedgerError:
                self._stopped.wait(POLL_SECONDS)  # it is down: the next one
                continue
            if self.arena.fate(tx_id, through, 1_000) == "committed":
                self.confirmed.append(tx_id)
            self._look(through)

    def _look(self, name: str) -> None:
        height = self.arena.height(name)
        if 0 <= height < self._told.get(name, 0):
            self.went_back += 1
        if height >= 0:
            self._told[name] = height
