"""A network of four real node processes for tests: founded, started, killed, asked."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from chain.genesis import GenesisInstitution, Params
from chain.keys import ED25519, SigningKey, possession_bytes, signer_id
from chain.transaction import SignedTransaction, Transaction, tx_id_of, tx_sign_bytes
from chain.types import ActionName, ClientId, Hash32, InstitutionId
from cli.founding import Endpoint, Network, found_network
from contracts.records import Role

NAMES = ("mof", "treasury", "226", "228")
HOST = "127.0.0.1"
PATIENCE_SECONDS = 30.0
START_SECONDS = 90.0
"""Four processes that import and recover at once on a machine that has other work."""
VALID_MS = 3_600_000

HTTP = httpx.Client(timeout=10.0)
"""One for all: each new one reads the system's certificates, which takes longer than a block."""

Pair = tuple[bytes, bytes]


def members() -> list[GenesisInstitution]:
    """Four institutions, each with a node."""
    return [
        GenesisInstitution(InstitutionId(name), kind, code, None, name, name, None)
        for name, kind, code in (
            ("mof", "finance", None),
            ("treasury", "treasury", None),
            ("226", "abp", "226"),
            ("228", "abp", "228"),
        )
    ]


def free_ports(count: int) -> list[int]:
    """Ports nobody uses now, held together while they are found so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def until(is_reached: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Ask again until the answer is true; that answer. Fails, saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := is_reached()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)
    return found


@dataclass(slots=True)
class NodeProcess:
    """One node: its directory, and its process while it runs."""

    name: str
    directory: Path
    process: subprocess.Popen[bytes] | None = None
    prefix: tuple[str, ...] = ()
    """What runs the command: `ip netns exec NAME`, `strace …`; it must become the process it starts."""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return (self.directory / "node.log").read_text(encoding="utf-8", errors="replace")

    @property
    def url(self) -> str:
        return "http://" + (self.directory / "api.addr").read_text(encoding="ascii").strip()

    def start(self) -> None:
        assert self.process is None
        (self.directory / "api.addr").unlink(missing_ok=True)
        with (self.directory / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "cli.main", "node", "run", str(self.directory)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environment},
            )  # fmt: skip

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_SECONDS)
            self.process = None

    def run_to_the_end(self) -> tuple[int, str]:
        """Exit status and stderr of a node that refuses to start."""
        assert self.process is None
        ended = subprocess.run(
            [sys.executable, "-m", "cli.main", "node", "run", str(self.directory)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        return ended.returncode, ended.stderr.decode("utf-8")

    def get(self, path: str) -> httpx.Response | None:
        """None when the node does not answer."""
        try:
            return HTTP.get(self.url + path)
        except (OSError, httpx.TransportError):
            return None

    def status(self) -> dict[str, Any]:
        answer = self.get("/v1/status")
        return {} if answer is None else dict(answer.json())

    def is_ready(self) -> bool:
        answer = self.get("/health/ready")
        return answer is not None and answer.status_code == httpx.codes.OK

    def metric(self, name: str) -> float:
        """The value of one line of /metrics, its labels included in the name; 0 when it is not there."""
        answer = self.get("/metrics")
        assert answer is not None
        found = re.search(rf"^{re.escape(name)} (\S+)$", answer.text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def submit(self, pairs: list[Pair]) -> list[str]:
        """The statuses; nothing when the node does not answer."""
        sent = {"transactions": [{"body": body.hex(), "auth": auth.hex()} for body, auth in pairs]}
        try:
            answer = HTTP.post(self.url + "/v1/transactions", json=sent)
        except (OSError, httpx.TransportError):
            return []
        return [str(item["status"]) for item in answer.json()["items"]] if answer.is_success else []

    def is_committed(self, tx_id: str, wait_ms: int = 0) -> bool:
        answer = self.get(f"/v1/transactions/{tx_id}?wait_ms={wait_ms}")
        return answer is not None and answer.json()["status"] == "committed"


@dataclass(slots=True)
class Processes:
    """The network and its nodes."""

    founded: Network
    nodes: dict[str, NodeProcess]
    serial: int = field(default=0)

    def __getitem__(self, name: str) -> NodeProcess:
        return self.nodes[name]

    def ports(self) -> dict[str, int]:
        """Where each node listens for its peers."""
        parts = [member.part for member in self.founded.members]
        return {part.name: part.node.p2p_port for part in parts if part.node is not None}

    def all_up(self) -> None:
        """Start who is down; return when all are ready."""
        for node in self.nodes.values():
            if node.process is None:
                node.start()
        for node in self.nodes.values():
            until(node.is_ready, f"{node.name} to be ready: {node.log[-500:]}")

    def stop(self) -> None:
        for node in self.nodes.values():
            node.kill(signal.SIGTERM)

    def document(self, institution: str = "mof") -> Pair:
        """A new `signer.add` of the institution's head: valid always, one after the other or together."""
        self.serial += 1
        chain_id = self.founded.genesis.chain_id
        key = SigningKey.from_seed(os.urandom(32))
        possession = key.sign(possession_bytes(chain_id, InstitutionId(institution), ED25519, key.public_key))
        transaction = Transaction(
            chain_id,
            ClientId(self.serial.to_bytes(16, "big")),
            time.time_ns() // 1_000_000 + VALID_MS,
            InstitutionId(institution),
            ActionName("signer.add"),
            1,
            (ED25519, key.public_key, int(Role.PREPARER), possession),
        )
        return self.signed(transaction)

    def signed(self, transaction: Transaction) -> Pair:
        """By the head of the transaction's institution."""
        chain_id = self.founded.genesis.chain_id
        body = transaction.encode()
        signature = self.head(transaction.institution).sign(tx_sign_bytes(chain_id, tx_id_of(body)))
        name = signer_id(chain_id, transaction.institution, 1)
        signed = SignedTransaction.of(transaction, [(name, signature)])
        return signed.body, signed.auth

    def head(self, institution: str) -> SigningKey:
        member = next(one for one in self.founded.members if one.part.name == institution)
        return member.people[0][1]

    def commit_one(self, through: str, institution: str = "mof") -> str:
        """Submit a document and wait until that node has decided it; its id."""
        pair = self.document(institution)
        assert self[through].submit([pair]) == ["accepted"]
        tx_id = tx_id_of(pair[0]).hex()
        until(lambda: self[through].is_committed(tx_id, 1_000), f"{tx_id} to be decided by {through}")
        return tx_id

    def agree(self, *names: str) -> int:
        """Wait until the nodes (all, when none is named) stand at one height with one root; the height."""

        def heights() -> int:
            found = [self[name].status() for name in names or NAMES]
            if any(not one for one in found) or len({one["height"] for one in found}) != 1:
                return 0
            assert len({(one["state_root"], one["block_id"]) for one in found}) == 1, found
            return int(found[0]["height"])

        return int(until(heights, "one height on all nodes"))


@contextmanager
def founded_processes(
    directory: Path, endpoints: Sequence[Endpoint] | None = None, **params: int
) -> Iterator[Processes]:
    """A network in `directory`, not yet started; its processes are ended at the end. Without `endpoints`, in
    the order of NAMES, on loopback."""
    network = found_network(
        directory,
        "processes",
        members(),
        endpoints or [Endpoint(HOST, port, 0) for port in free_ports(len(NAMES))],
        params=Params.default(**params),
        created_ms=time.time_ns() // 1_000_000,
        roles=("head",),
        password="of the tests",
    )
    nodes = {name: NodeProcess(name, directory / "nodes" / name) for name in NAMES}
    processes = Processes(network, nodes)
    try:
        yield processes
    finally:
        for node in nodes.values():
            node.kill()


def tx_id_text(pair: Pair) -> str:
    return Hash32(tx_id_of(pair[0])).hex()


@contextmanager
def running(directories: Sequence[Path]) -> Iterator[list[NodeProcess]]:
    """A process for each of the node directories that somebody else has made, all answering; stopped in the
    end."""
    nodes = [NodeProcess(directory.name, directory) for directory in directories]
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            until(partial(_answers, node), f"{node.directory} to answer", START_SECONDS)
        yield nodes
    finally:
        for node in nodes:
            node.kill(signal.SIGTERM)


def _answers(node: NodeProcess) -> bool:
    assert node.process is not None
    assert node.process.poll() is None, node.log
    return node.get("/health/live") is not None
