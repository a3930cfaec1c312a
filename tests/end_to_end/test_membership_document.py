"""A fifth node joins a running demonstration network by the commands of docs/operating.md, as they stand.

Each fenced block of the section is given to bash at the place that its first line names. Replaced are only
places (ports, addresses, directories) and, where the document says "here mof", the name of the member.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chain.block import BlockHeader
from chain.keys import address_of
from node.running import running_pid
from tests.support.network import NodeProcess, free_ports, until

ROOT = Path(__file__).parents[2]
MEMBERS = ("mof", "treasury", "226", "228")
COMMAND_SECONDS = 240
SECTION = "## A new member\n"


def blocks() -> list[str]:
    """The commands of the section, in order."""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = text[text.index(SECTION) :].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@dataclass
class Scene:
    """The demonstration network, and a desk (a directory) for each institution."""

    root: Path
    network: dict[str, Any]
    port: int

    def desk(self, name: str) -> Path:
        place = self.root / "desks" / name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def directory(self, name: str) -> Path:
        known = {str(node["name"]): Path(node["directory"]) for node in self.network["nodes"]}
        return known.get(name, self.desk(name) / "node")

    def node(self, name: str) -> NodeProcess:
        return NodeProcess(name, self.directory(name))

    def run(self, block: str, name: str, **variables: str) -> str:
        """One block as this institution's people run it; what it printed."""
        url = self.network["nodes"][0]["url"]
        password = self.root / "demo" / "password"
        placed = (
            block.replace("/var/lib/eqazyna", str(self.directory(name)))
            .replace("http://10.0.0.5:8400", url)
            .replace("--host 10.0.0.9 --listen 0.0.0.0", "--host 127.0.0.1")
            .replace("--p2p-port 7400 --api-port 8400", f"--p2p-port {self.port} --api-port 0")
        )
        if "here mof" in block.splitlines()[0]:
            placed = placed.replace("mof.json", f"{name}.json").replace("mof-head.key", f"{name}-head.key")
        environment = {
            **os.environ,
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "EQZ_NODE": url,
            "EQZ_PASSWORD_FILE": str(password),
            "EQZ_CONFIG": str(self.root / "no-config.toml"),
            **variables,
        }
        told = self.desk(name) / "told"
        with told.open("wb") as file:  # no pipe: what runs on behind `&` would hold it
            ended = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", placed],
                cwd=self.desk(name), env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                timeout=COMMAND_SECONDS, check=False,
            )  # fmt: skip
        text = told.read_text(encoding="utf-8")
        assert ended.returncode == 0, f"{name}:\n{placed}\nended with {ended.returncode}\n{text}"
        return text

    def send(self, source: str, names: list[str], target: str) -> None:
        for name in names:
            shutil.copy(self.desk(source) / name, self.desk(target) / name)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """`eqz` on the path, and four nodes left running by the demonstration's own command."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "eqz"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m cli.main "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    demo = [str(program), "demo", "--dir", str(tmp_path / "demo")]
    try:
        ended = subprocess.run([*demo, "--bare", "-o", "json"], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        scene = Scene(tmp_path, json.loads(ended.stdout), free_ports(1)[0])
        signers = tmp_path / "demo" / "network" / "signers"
        for name in MEMBERS:
            for end in ("key", "pub"):
                shutil.copy(signers / name / f"head.{end}", scene.desk(name) / f"{name}-head.{end}")
        shutil.copy(tmp_path / "demo" / "password", scene.desk("energy") / "head.password")
        (scene.desk("energy") / "head.password").chmod(0o600)
        yield scene
    finally:
        stopped = subprocess.run([*demo, "--stop"], capture_output=True, text=True, check=False)
        assert stopped.returncode == 0, stopped.stderr


def test_a_fifth_node_joins_the_running_network_by_the_document(scene: Scene) -> None:
    own_keys, cards, snapshot, join, institution, first_vote, enrol, second_vote = blocks()
    assert own_keys.startswith("# the new member\n")
    scene.run(own_keys, "energy")
    part = json.loads((scene.desk("energy") / "energy.json").read_text(encoding="utf-8"))
    for name in MEMBERS:
        scene.send("energy", ["energy.json", "head.pub"], name)
        told = scene.run(cards, name, ENERGY=part["node"]["certificate_sha256"])
        assert "is_running\ttrue" in told
        scene.send(name, [f"{name}.json"], "energy")
    scene.run(snapshot, "mof")
    shutil.copy(scene.directory("mof") / "genesis.eqg", scene.desk("energy") / "genesis.eqg")
    node = scene.node("energy")
    try:
        scene.run(join, "energy", GENESIS=scene.network["genesis"])
        assert (node.directory / "base").is_dir(), "it began from a snapshot"
        assert node.status()["votes"] is False
        scene.run(institution, "mof")
        for name in MEMBERS[:3]:
            scene.run(first_vote, name)
        scene.run(enrol, "energy")
        for name in MEMBERS:
            scene.run(second_vote, name)
        days = iter(range(1, 31))
        while not node.status()["votes"]:
            open_day(scene, next(days))
        height = int(node.status()["height"])
        while part_address(part) not in proposers(node, height):
            open_day(scene, next(days))
        assert node.metric("eqz_peers") == 4
        stood = [one.status() for one in map(scene.node, (*MEMBERS, "energy"))]
        assert len({one["chain_id"] for one in stood}) == 1
        checks = scene.run("eqz node doctor /var/lib/eqazyna -o json", "energy")
        found = {one["check"]: one["ok"] for one in json.loads(checks)["items"]}
        assert found["votes"] is found["ready"] is True
    finally:
        stop(node)


def open_day(scene: Scene, day: int) -> None:
    """A document, and so a block: an idle network would take half a minute for it."""
    signed = "--sign-with treasury-head.key --yes"
    scene.run(f"eqz treasury open-day day=2026-01-{day:02d} {signed}", "treasury")


def proposers(node: NodeProcess, first_height: int) -> set[str]:
    """Addresses of those whose blocks were decided from this height on."""
    last = int(node.status()["height"])
    answers = [node.get(f"/v1/blocks/{height}") for height in range(first_height, last + 1)]
    headers = [bytes.fromhex(answer.json()["header"]) for answer in answers if answer is not None]
    return {BlockHeader.decode(header).proposer.hex() for header in headers}


def part_address(part: dict[str, Any]) -> str:
    return address_of(bytes.fromhex(part["node"]["public_key"])).hex()


def stop(node: NodeProcess) -> None:
    """The process that the document's `&` left behind: by its own number, that of this directory's lock."""
    pid = running_pid(node.directory)
    if pid:
        os.kill(pid, signal.SIGTERM)
        until(lambda: running_pid(node.directory) is None, "the new member's node to end")
