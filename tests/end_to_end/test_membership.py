"""Four node processes whose peers and certificates change while documents are decided; nothing restarts."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.network import NAMES, NodeProcess, Processes, founded_processes, until
from tests.support.promises import kept_promises
from tests.support.terminal import Terminal

SEED = 20260501


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    directory = tmp_path_factory.mktemp("membership") / "n"
    with founded_processes(directory, block_interval_ms=0, timeout_propose_ms=500) as processes:
        processes.all_up()
        until(lambda: all(peers_of(processes[name]) == 3 for name in NAMES), "all links")
        yield processes


@pytest.fixture
def desk(network: Processes) -> Terminal:
    """Where all operators sit; a node's directory is its name."""
    return Terminal(network["mof"].directory.parent)


def peers_of(node: NodeProcess) -> int:
    return int(node.metric("eqz_peers"))


def lost_by(network: Processes) -> dict[str, float]:
    """Links that ended with no other in their place, by the node that lost them."""
    found = {}
    for name in NAMES:
        answer = network[name].get("/metrics")
        assert answer is not None
        lines = [line for line in answer.text.splitlines() if line.startswith("eqz_peer_lost_total{")]
        found[name] = sum(float(line.rpartition(" ")[2]) for line in lines)
    return found


def others(name: str) -> list[str]:
    return [other for other in NAMES if other != name]


def test_the_running_node_says_what_it_took_over(network: Processes, desk: Terminal) -> None:
    assert desk.eqz("node", "reload", "mof")["item"] == {
        "added": "", "removed": "", "changed": "", "later": "", "certificate": False,
    }  # fmt: skip
    config = network["mof"].directory / "node.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text('log_level = "debug"\n' + text, encoding="utf-8")
    assert desk.eqz("node", "reload", "mof")["item"]["later"] == "log_level"
    config.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (lambda text: text + "[[peers\n", "CONFIG"),
        (lambda text: text.replace('institution = "228"', 'institution = "no one"'), "CONFIG"),
        (lambda text: text.replace('certificate_sha256 = "', 'certificate_sha256 = "00', 1), "CONFIG"),
        (lambda text: 'certificate = "tls-9.crt"\n' + text, "TLS-CONFIG"),
        (lambda text: 'certificate = "peers/228.crt"\n' + text, "TLS-CONFIG"),
        (lambda text: 'name = "a"\n', "CONFIG"),
    ],
    ids=["no TOML", "no certificate", "no hash", "no file", "another's key", "no genesis"],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason_and_changes_nothing(
    network: Processes, desk: Terminal, broken: Any, code: str
) -> None:
    node = network["mof"]
    config = node.directory / "node.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(broken(text), encoding="utf-8")
    try:
        ended = desk.run("node", "reload", "mof", "-o", "json")
        assert ended.refusal == (code, 2)
        refusals = [line for line in node.log.splitlines() if "those before stay in force" in line]
        assert json.loads(refusals[-1])["reason"] == ended.error["message"]
    finally:
        config.write_text(text, encoding="utf-8")
    assert lost_by(network) == dict.fromkeys(NAMES, 0.0)
    network.commit_one("mof", "228")
    assert desk.eqz("node", "reload", "mof")["item"]["certificate"] is False


def test_the_plain_signal_does_the_same(network: Processes) -> None:
    node = network["treasury"]
    assert node.process is not None
    read = node.log.count("the settings were read again")
    node.process.send_signal(signal.SIGHUP)
    until(lambda: node.log.count("the settings were read again") > read, "the settings to be read")
    network.commit_one("treasury")


def test_all_four_certificates_are_renewed_under_load_and_no_link_is_lost(
    network: Processes, desk: Terminal
) -> None:
    """One member after another: pinned beside the old one, in use, alone. Every node keeps its three links,
    so that every vote has its way; the client is told nothing that is taken back."""
    before = {name: certificate_of(network, name) for name in NAMES}
    with kept_promises(network, SEED) as client:
        client.wait_for(4)
        for name in NAMES:
            made = desk.eqz("node", "certificate", name)["item"]
            send_card(desk, name, "--certificate", made["certificate"])
            client.wait_for(2)
            used = desk.eqz("node", "certificate", name, "--use", made["certificate"])["item"]
            assert used["is_running"] is True
            send_card(desk, name)
            client.wait_for(2)
    assert lost_by(network) == dict.fromkeys(NAMES, 0.0)
    after = {name: certificate_of(network, name) for name in NAMES}
    assert all(before[name] != after[name] for name in NAMES)
    network.stop()
    network.all_up()  # what stands in the files is what was in force
    until(lambda: all(peers_of(network[name]) == 3 for name in NAMES), "all links with the new certificates")
    network.commit_one("226")


def send_card(desk: Terminal, name: str, *more: str) -> None:
    """The card of a node goes to the other three, which put it into force."""
    desk.eqz("node", "peer", "card", name, "--out", f"{name}.json", *more)
    for other in others(name):
        assert desk.eqz("node", "peer", "replace", other, f"{name}.json")["item"]["is_running"] is True


def certificate_of(network: Processes, name: str) -> str:
    """As another member's directory has it."""
    other = others(name)[0]
    return (network[other].directory / "peers" / f"{name}.crt").read_text(encoding="ascii")


def test_a_peer_is_taken_out_and_put_back_and_the_other_links_stay(
    network: Processes, desk: Terminal
) -> None:
    lost = lost_by(network)
    desk.eqz("node", "peer", "card", "228", "--out", "228.json")
    assert desk.eqz("node", "peer", "remove", "mof", "228")["item"]["is_running"] is True
    until(lambda: peers_of(network["mof"]) == 2, "the link to end")
    network.commit_one("mof", "228")
    network.commit_one("228", "treasury")  # it reaches the others, and mof through them
    desk.eqz("node", "peer", "add", "mof", "228.json")
    until(lambda: peers_of(network["mof"]) == peers_of(network["228"]) == 3, "the link to be back")
    assert lost_by(network) == {**lost, "228": lost["228"] + 1}
    network.agree()
