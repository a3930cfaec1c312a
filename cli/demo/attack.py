"""Four attacks on a network of its own: a stopped node, two stopped, a flipped byte, an overspend."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.client import Client
from cli.demo.budget import adoption, directories
from cli.demo.desk import Desk, Document, desk_of
from cli.demo.nodes import NETWORK, DemoNodes, found
from cli.demo.run import AUDIT, members, run_verifier
from cli.demo.year import MILLION, POSITIONS, SERVICES, SUPPLIERS, Deal, Year, registration
from cli.documents import Json
from cli.failures import REFUSED, VERIFICATION_FAILED, CommandError, refusal_status
from cli.founding import Network

HALT_SECONDS = 6.0
"""Longer than a round of four nodes takes: a network that had a quorum would have decided."""

RECOVER_SECONDS = 60.0

Say = Callable[..., None]


def run_attack(directory: Path, say: Say) -> dict[str, Any]:
    """Each attack, what was promised and what was seen. `passed` when all four ended as promised."""
    network = found(directory, "eqazyna-attack", members())
    nodes = DemoNodes(directory, [member.part.name for member in network.members])
    try:
        nodes.start_all()
        desk = desk_of(network, {name: node.url for name, node in nodes.nodes.items()})
        year = Year(desk, lambda *_, **__: None)
        desk.submit(directories((), SUPPLIERS))
        desk.submit([_open_day(1)])
        desk.submit([adoption()])
        year.plan()
        attacks = {
            "one_stopped": _one_stopped(nodes, desk),
            "two_stopped": _two_stopped(nodes, desk),
            "overspend": _overspend(desk),
        }
    finally:
        nodes.stop_all()
    attacks["flipped_byte"] = _flipped_byte(directory, network)
    for name, text in (
        ("one_stopped", "attack_one"),
        ("two_stopped", "attack_two"),
        ("flipped_byte", "attack_byte"),
        ("overspend", "attack_overspend"),
    ):
        say(text, seen=attacks[name]["seen"])
    failed = [name for name, found_ in attacks.items() if not found_["passed"]]
    say("attack_failed", names=", ".join(failed)) if failed else say("attack_done")
    return {
        "schema": "eqz.demo-attack/1",
        "directory": str(directory),
        "attacks": attacks,
        "passed": not failed,
    }


def _open_day(day: int) -> Document:
    return Document("treasury", "treasury.open_day", {"day": f"2026-01-{day:02d}"})


def _one_stopped(nodes: DemoNodes, desk: Desk) -> dict[str, Json]:
    """Three of four are a quorum: documents are decided, and the returned node agrees."""
    victim = nodes.nodes["228"]
    nodes.stop(victim, signal.SIGKILL)
    client = desk.clients["treasury"]
    before = int(client.status()["height"])
    tx_id = _offer(desk, _open_day(6))
    status = client.transaction(tx_id, 15_000)["status"]
    height = int(client.status()["height"])
    _restart(nodes, desk, ["228"])
    again = _caught_up(desk.clients["228"], client)
    return {
        "promised": "the network goes on",
        "seen": f"height {before} to {height}, document {status}; the node came back and "
        + ("agrees" if again else "does NOT agree"),
        "passed": status == "committed" and height > before and again,
    }


def _restart(nodes: DemoNodes, desk: Desk, names: list[str]) -> None:
    """Start nodes again; their API has another port now."""
    for name in names:
        nodes.start(nodes.nodes[name])
    nodes.wait_ready(names)
    desk.clients.update({name: Client([nodes.nodes[name].url]) for name in names})


def _two_stopped(nodes: DemoNodes, desk: Desk) -> dict[str, Json]:
    """Two of four are no quorum: nothing is decided, nothing forks; when they return the document enters."""
    for name in ("226", "228"):
        nodes.stop(nodes.nodes[name], signal.SIGKILL)
    left = {name: desk.clients[name] for name in ("mof", "treasury")}
    before = {name: int(client.status()["height"]) for name, client in left.items()}
    tx_id = _offer(desk, _open_day(7))
    waited = left["treasury"].transaction(tx_id, int(HALT_SECONDS * 1000))["status"]
    halted = {name: int(client.status()["height"]) for name, client in left.items()}
    _restart(nodes, desk, ["226", "228"])
    healed = left["treasury"].transaction(tx_id, 10_000)["status"]
    deadline = time.monotonic() + RECOVER_SECONDS
    while healed != "committed" and time.monotonic() < deadline:
        healed = left["treasury"].transaction(tx_id, 5_000)["status"]
    roots_agree = all(_caught_up(desk.clients[name], left["treasury"]) for name in ("mof", "226", "228"))
    is_halted = waited != "committed" and halted == before
    return {
        "promised": "it halts, no fork; it goes on when they return",
        "seen": f"height stayed {sorted(set(halted.values()))}, then the document was {healed} and roots "
        + ("are equal" if roots_agree else "DIFFER"),
        "passed": is_halted and healed == "committed" and roots_agree,
    }


def _overspend(desk: Desk) -> dict[str, Json]:
    deal = Deal("2260001", "2260001/26-1", "o1", "a1", SERVICES, 999 * MILLION, 0)
    document = registration(deal, POSITIONS["226"][SERVICES], 1, 0)
    error = desk.refused(document)
    status = refusal_status(str(error["code"]))
    return {
        "promised": "refused with 5 and the article",
        "seen": f"exit {status}, {error['code']} ({error['article']}): {error['message']}",
        "passed": status == REFUSED and bool(error["article"]),
    }


def _flipped_byte(directory: Path, network: Network) -> dict[str, Json]:
    """One byte in the middle of a copy of a block log."""
    copy = directory / AUDIT / "flipped" / "blocks"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory / NETWORK / "nodes" / "mof" / "blocks", copy)
    log = max(copy.iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(log.read_bytes())
    place = len(data) // 2
    data[place] ^= 0x01
    log.write_bytes(data)
    ended = run_verifier("chain", str(copy), "--genesis", network.genesis.chain_id.hex(), "-o", "json")
    try:
        protocol = json.loads(ended.stdout)
    except ValueError:
        protocol = {}
    failure = protocol.get("failure") or {}
    return {
        "promised": "the verifier ends with 9 and names the block",
        "seen": f"byte {place}: exit {ended.returncode}, height {failure.get('height')}",
        "passed": ended.returncode == VERIFICATION_FAILED and failure.get("height") is not None,
    }


def _offer(desk: Desk, document: Document) -> str:
    envelope = desk.prepare(document)
    client = desk.clients["treasury"]
    (reply,) = client.submit_many(client.nodes[0], [(envelope.body, envelope.auth())])
    if reply.status != "accepted":
        raise CommandError(f"{document.action}: {reply.status} {reply.error}", "DEMO-REFUSED")
    return envelope.tx_id.hex()


def _caught_up(one: Client, other: Client) -> bool:
    """Whether both nodes come to stand at one height with one root."""
    deadline = time.monotonic() + RECOVER_SECONDS
    while time.monotonic() < deadline:
        here, there = one.status(), other.status()
        if here["height"] == there["height"]:
            return bool(here["state_root"] == there["state_root"])
    return False
