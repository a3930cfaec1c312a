"""Cards, peers and the settings of a node that was not in the genesis: files only, no process."""

from __future__ import annotations

import json
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest

from chain.genesis import Params
from cli import joining
from cli.founding import Endpoint, found_network
from node.config import NodeConfig
from node.opening import pinned_peers
from tests.support.network import members
from tests.support.terminal import Terminal


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four directories of nodes that never ran."""
    directory = tmp_path_factory.mktemp("founded") / "n"
    found_network(
        directory, "joining", members(), [Endpoint("127.0.0.1", 7400 + n, 0) for n in range(4)],
        params=Params.default(), created_ms=1, roles=("head",), password="of the tests",
    )  # fmt: skip
    return directory / "nodes"


@pytest.fixture
def nodes(founded: Path, tmp_path: Path) -> Terminal:
    """The same for one test alone; the work of all operators in one place."""
    shutil.copytree(founded, tmp_path / "nodes")
    return Terminal(tmp_path / "nodes")


def card_of(nodes: Terminal, name: str, *more: str) -> Any:
    return nodes.eqz("node", "peer", "card", name, "--out", f"{name}.json", *more)["item"]


def peer_in(nodes: Terminal, directory: str, name: str) -> Any:
    config = NodeConfig.load(nodes.work / directory)
    pinned_peers(config)  # every pin has its certificate
    return next(one for one in config.peers if one.institution == name)


def test_a_card_brings_back_what_was_there(nodes: Terminal) -> None:
    """Removed and added from its card, the peer stands as `network new` wrote it."""
    before = peer_in(nodes, "mof", "228")
    card_of(nodes, "228")
    nodes.eqz("node", "peer", "remove", "mof", "228")
    assert not (nodes.work / "mof" / "peers" / "228.crt").exists()
    nodes.eqz("node", "peer", "add", "mof", "228.json", "--expect", before.certificate_sha256)
    assert peer_in(nodes, "mof", "228") == before
    nodes.eqz("node", "peer", "add", "mof", "228.json")  # once more changes nothing
    assert peer_in(nodes, "mof", "228") == before


def test_a_certificate_is_renewed_over_two_cards(nodes: Terminal) -> None:
    old = peer_in(nodes, "mof", "228").certificate_sha256
    made = nodes.eqz("node", "certificate", "228")["item"]
    new = made["certificate_sha256"]
    card_of(nodes, "228", "--certificate", made["certificate"])
    nodes.eqz("node", "peer", "replace", "mof", "228.json", "--expect", new)
    assert peer_in(nodes, "mof", "228").pins == (old, new)
    nodes.eqz("node", "certificate", "228", "--use", made["certificate"])
    assert NodeConfig.load(nodes.work / "228").certificate_key == "tls-2.key"
    card_of(nodes, "228")
    nodes.eqz("node", "peer", "replace", "mof", "228.json", "--expect", new)
    assert peer_in(nodes, "mof", "228").pins == (new,)
    pem = (nodes.work / "mof" / "peers" / "228.crt").read_text(encoding="ascii")
    assert pem == (nodes.work / "228" / "tls-2.crt").read_text(encoding="ascii")
    assert nodes.eqz("node", "certificate", "228")["item"]["certificate"] == "tls-3.crt"


def test_a_validator_key_is_renewed_over_two_cards(nodes: Terminal) -> None:
    old = peer_in(nodes, "mof", "228").address
    made = nodes.eqz("node", "key", "228")["item"]
    card_of(nodes, "228", "--key", made["key"])
    nodes.eqz("node", "peer", "replace", "mof", "228.json")
    assert peer_in(nodes, "mof", "228").addresses == (old, made["address"])
    used = nodes.run("node", "key", "228", "--use", made["key"])
    assert used.status == 0, used
    card_of(nodes, "228")
    nodes.eqz("node", "peer", "replace", "mof", "228.json")
    assert peer_in(nodes, "mof", "228").addresses == (made["address"],)
    proposal = json.loads((nodes.work / "228" / "validator-2.rotate.json").read_text(encoding="utf-8"))
    assert proposal["effect"] == "validator.rotate"
    assert (nodes.work / "228" / "journal" / made["address"]).exists()


def test_another_certificate_than_was_read_out_is_refused_and_nothing_is_written(nodes: Terminal) -> None:
    made = nodes.eqz("node", "certificate", "228")["item"]
    card_of(nodes, "228", "--certificate", made["certificate"])
    before = (nodes.work / "mof" / "node.toml").read_bytes()
    replaced = ("node", "peer", "replace", "mof", "228.json", "--expect", "00" * 32)
    assert nodes.refused(*replaced) == ("CERTIFICATE-PIN", 9)
    assert (nodes.work / "mof" / "node.toml").read_bytes() == before


def test_what_no_peer_can_be_is_refused(nodes: Terminal) -> None:
    card_of(nodes, "228")
    card_of(nodes, "mof")
    card = json.loads((nodes.work / "228.json").read_text(encoding="utf-8"))

    def changed(**fields: Any) -> str:
        (nodes.work / "changed.json").write_text(json.dumps({**card, **fields}), encoding="utf-8")
        return "changed.json"

    def refused(verb: str, directory: str, file: str) -> tuple[str, int]:
        return nodes.refused("node", "peer", verb, directory, file)

    assert refused("add", "mof", "mof.json") == ("PEER-SELF", 2)
    assert refused("add", "mof", changed(genesis="11" * 32)) == ("OTHER-NETWORK", 2)
    assert refused("add", "mof", changed(certificate_sha256=["11" * 32])) == ("CARD", 2)
    assert refused("add", "mof", changed(certificates=["no certificate"])) == ("CARD", 2)
    assert refused("add", "mof", changed(public_keys=[])) == ("CARD", 2)
    assert refused("add", "mof", changed(schema="eqz.other/1")) == ("CARD", 2)
    assert refused("replace", "mof", changed(institution="nobody")) == ("PEER-UNKNOWN", 3)
    assert refused("add", "mof", changed(institution="twin")) == ("CONFIG", 2)  # one address, two peers
    assert nodes.refused("node", "peer", "remove", "mof", "nobody") == ("PEER-UNKNOWN", 3)
    other = card_of(nodes, "treasury")
    replaced = json.loads((nodes.work / "treasury.json").read_text(encoding="utf-8")) | {"institution": "228"}
    (nodes.work / "changed.json").write_text(json.dumps(replaced), encoding="utf-8")
    assert refused("add", "mof", "changed.json") == ("PEER-KNOWN", 6)
    assert other["institution"] == "treasury"


def test_a_stop_between_the_two_files_leaves_settings_that_work(
    nodes: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate file with old and new comes first; node.toml decides; repeated, it is done."""
    made = nodes.eqz("node", "certificate", "228")["item"]
    nodes.eqz("node", "certificate", "228", "--use", made["certificate"])
    card_of(nodes, "228")
    before = peer_in(nodes, "mof", "228")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(joining, "replace_toml", stop)
        with pytest.raises(KeyboardInterrupt):
            joining.set_peer(nodes.work / "mof", joining.read_card(nodes.work / "228.json"))
    assert peer_in(nodes, "mof", "228") == before
    assert nodes.run("node", "peer", "replace", "mof", "228.json").status == 0
    assert peer_in(nodes, "mof", "228").pins == (made["certificate_sha256"],)


def test_a_certificate_that_cannot_be_used_is_not_put_in_use(nodes: Terminal) -> None:
    made = nodes.eqz("node", "certificate", "228")["item"]
    shutil.copy(nodes.work / "228" / "tls.key", nodes.work / "228" / "tls-2.key")
    before = (nodes.work / "228" / "node.toml").read_bytes()
    assert nodes.refused("node", "certificate", "228", "--use", made["certificate"]) == ("TLS-CONFIG", 2)
    assert nodes.refused("node", "certificate", "228", "--use", "tls-9.crt") == ("TLS-CONFIG", 2)
    assert (nodes.work / "228" / "node.toml").read_bytes() == before


def test_a_node_that_was_not_in_the_genesis_gets_its_settings(nodes: Terminal) -> None:
    cards = [
        argument for name in ("mof", "treasury", "226", "228") for argument in ("--peer", f"{name}.json")
    ]
    for name in ("mof", "treasury", "226", "228"):
        card_of(nodes, name)
    nodes.eqz(
        "node", "init", "energy", "--institution", "energy:abp:229", "--p2p-port", "7409", "--api-port", "0"
    )
    shutil.copy(nodes.work / "mof" / "genesis.eqg", nodes.work / "genesis.eqg")
    told = nodes.eqz("network", "show", "genesis.eqg")["item"]["genesis"]
    join = ("node", "join", "energy", "--genesis", "genesis.eqg", *cards, "--expect")
    assert nodes.refused(*join, "00" * 32) == ("GENESIS-HASH", 9)
    assert not (nodes.work / "energy" / "node.toml").exists()
    made = nodes.eqz(*join, told)["item"]
    assert (made["genesis"], made["peers"]) == (told, 4)
    assert peer_in(nodes, "energy", "228").port == 7403
    proposal = json.loads((nodes.work / "energy" / "validator.add.json").read_text(encoding="utf-8"))
    assert proposal["arguments"]["institution"] == "energy"
    assert nodes.refused(*join, told) == ("NODE-DIRECTORY", 2)
    nodes.eqz("node", "peer", "add", "mof", "energy/part.json")
    assert peer_in(nodes, "mof", "energy").address == made["address"]
    ssl.PEM_cert_to_DER_cert((nodes.work / "mof" / "peers" / "energy.crt").read_text(encoding="ascii"))


def test_a_node_that_does_not_run_cannot_be_told(nodes: Terminal) -> None:
    assert nodes.refused("node", "reload", "mof") == ("NOT-RUNNING", 7)
