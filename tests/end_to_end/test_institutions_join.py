"""Four institutions found a network without ever showing a private key: parts, one genesis, four nodes."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.network import free_ports, running
from tests.support.terminal import Terminal

MEMBERS = {
    "mof": "mof:finance",
    "treasury": "treasury:treasury",
    "health": "health:abp:226",
    "roads": "roads:abp:228",
}


@dataclass(frozen=True)
class Site:
    """One institution's own machine: its people's keys, its node's directory, the parts others sent."""

    name: str
    machine: Terminal

    @property
    def node(self) -> Path:
        return self.machine.work / "node"

    def init(self, port: int) -> None:
        """People make their keys, the operator the node's; the clinic is a client of the health ministry."""
        institutions = [self.name, *(["clinic"] if self.name == "health" else [])]
        signers = [argument for name in institutions for argument in ("--signer", self.person(name))]
        clients = ["--client", "clinic:gu:2260001:health"] if self.name == "health" else []
        made = self.machine.eqz(
            "node", "init", "node", "--institution", MEMBERS[self.name], *clients, *signers,
            "--host", "127.0.0.1", "--p2p-port", str(port), "--api-port", "0",
        )["item"]  # fmt: skip
        assert made["institution"] == self.name

    def person(self, institution: str) -> str:
        """The head's own key; the public side of it."""
        password = self.machine.work / f"{institution}.password"
        password.write_text(f"пароль {institution}\n", encoding="utf-8")
        password.chmod(0o600)
        self.machine.eqz(
            "key", "new", f"{institution}-head.key", "--institution", institution, "--serial", "1",
            "--role", "head", "--password-file", str(password),
        )  # fmt: skip
        return f"{institution}-head.pub"

    def send(self, other: Site) -> None:
        shutil.copy(self.node / "part.json", other.machine.work / f"{self.name}.json")

    def parts(self, order: int) -> list[str]:
        """`--part` of all members, beginning with another one at each site."""
        names = list(MEMBERS)
        return [argument for name in names[order:] + names[:order] for argument in ("--part", f"{name}.json")]

    def genesis(self, order: int, *more: str) -> Any:
        return self.machine.eqz("network", "genesis", *self.parts(order), *more)["item"]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four machines whose parts have been exchanged; made once, for keys take their time."""
    root = tmp_path_factory.mktemp("founders")
    found = []
    for name, port in zip(MEMBERS, free_ports(len(MEMBERS)), strict=True):
        (root / name).mkdir()
        found.append(Site(name, Terminal(root / name)))
        found[-1].init(port)
    for site in found:
        for other in found:
            site.send(other)
    return root


@pytest.fixture
def sites(founded: Path, tmp_path: Path) -> list[Site]:
    """The same machines for one test alone."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    return [Site(name, Terminal(tmp_path / name)) for name in MEMBERS]


def test_the_same_genesis_everywhere_and_four_nodes_that_decide(sites: list[Site]) -> None:
    """Each makes the genesis from the parts; all get the hash that one has read out on the telephone."""
    told = sites[0].genesis(0, "--out", "genesis.eqg")["genesis"]
    for order, site in enumerate(sites):
        made = site.genesis(order, "--expect", told, "--node-directory", "node")
        assert (made["genesis"], made["validators"], made["institutions"]) == (told, 4, 5)
        assert site.machine.eqz("network", "show", "node/genesis.eqg")["item"]["genesis"] == told
    with running([site.node for site in sites]) as nodes:
        treasury = Terminal(sites[1].machine.work, {"EQZ_NODE": nodes[1].url})
        keys = ["--sign-with", "treasury-head.key", "--password-file", "treasury.password"]
        done = treasury.eqz("treasury", "open-day", "day=2026-01-05", *keys, "--yes")["item"]
        for site, node in zip(sites, nodes, strict=True):
            here = Terminal(site.machine.work, {"EQZ_NODE": node.url})
            day = here.eqz("treasury", "day", "--min-height", str(done["height"]))
            assert day["item"]["day"] == "2026-01-05"
            checks = here.run("node", "doctor", "node", "-o", "json")
            assert {one["check"]: one["ok"] for one in checks.json["items"]}["votes"] is True
    for site in sites:
        verified = site.machine.verify("chain", "node", "--genesis", told, "--workers", "0")
        assert verified.status == 0, verified


def test_a_part_that_was_changed_on_the_way_shows_in_the_hash(sites: list[Site]) -> None:
    told = sites[0].genesis(0)["genesis"]
    path = sites[1].machine.work / "health.json"
    part = json.loads(path.read_text(encoding="utf-8"))
    part["signers"][0]["roles"] |= 16
    path.write_text(json.dumps(part), encoding="utf-8")
    changed = ("network", "genesis", *sites[1].parts(1), "--expect", told, "--node-directory", "node")
    assert sites[1].machine.refused(*changed) == ("GENESIS-HASH", 9)
    assert not (sites[1].node / "node.toml").exists()


def test_a_certificate_swapped_on_the_way_is_refused(sites: list[Site]) -> None:
    """The certificate is not in the genesis; its hash stands beside it, and people compare that too."""
    path = sites[0].machine.work / "roads.json"
    part = json.loads(path.read_text(encoding="utf-8"))
    other = json.loads((sites[0].machine.work / "health.json").read_text(encoding="utf-8"))
    part["node"]["certificate"] = other["node"]["certificate"]
    path.write_text(json.dumps(part), encoding="utf-8")
    assert sites[0].machine.refused("network", "genesis", *sites[0].parts(0)) == ("PART", 2)


def test_without_its_own_part_a_node_gets_no_configuration(sites: list[Site]) -> None:
    others = [argument for name in ("mof", "health", "roads") for argument in ("--part", f"{name}.json")]
    refused = sites[1].machine.refused("network", "genesis", *others, "--node-directory", "node")
    assert refused == ("PART", 2)


def test_only_the_part_leaves_the_machine_and_it_holds_no_secret(sites: list[Site]) -> None:
    """Keys are encrypted and readable by their owner alone; the part has public keys and certificates."""
    for site in sites:
        modes = {path.name: path.stat().st_mode & 0o777 for path in site.node.iterdir()}
        secrets = {name: mode for name, mode in modes.items() if name.endswith((".key", ".password"))}
        assert secrets == {"validator.key": 0o600, "validator.password": 0o600, "tls.key": 0o600}
        text = (site.node / "part.json").read_text(encoding="utf-8")
        assert "PRIVATE" not in text
        assert (site.node / "validator.password").read_text(encoding="utf-8").strip() not in text
