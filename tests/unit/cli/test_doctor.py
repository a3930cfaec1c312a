"""`eqz node doctor` on a node that does not run: it names what keeps it from running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import doctor
from cli.client import Client
from cli.doctor import Check
from node.findings import KINDS
from tests.support.terminal import Terminal

INSTITUTIONS = ("mof:finance", "treasury:treasury")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("doctor")
    named = [part for one in INSTITUTIONS for part in ("--institution", one)]
    Terminal(root).eqz("network", "new", "net", *named, "--signer-role", "head")
    return root / "net" / "nodes"


def wrong(node: Path) -> dict[str, Any]:
    """What doctor found not right, without the node that does not run."""
    ended = Terminal(node).run("node", "doctor", str(node), "-o", "json")
    assert ended.status == 7
    found = {one["check"]: one["found"] for one in ended.json["items"] if not one["ok"]}
    assert "the last line of its log says why it ended" in found.pop("running")
    return found


def test_a_sound_directory_has_nothing_wrong_but_that_it_does_not_run(nodes: Path) -> None:
    assert wrong(nodes / "mof") == {}


def test_a_peer_certificate_that_is_not_the_pinned_one_is_named(nodes: Path) -> None:
    crt = nodes / "mof" / "peers" / "treasury.crt"
    kept = crt.read_bytes()
    crt.write_bytes((nodes / "mof" / "tls.crt").read_bytes())
    found = wrong(nodes / "mof")
    crt.write_bytes(kept)
    assert list(found) == ["peers/treasury.crt"]
    assert "node.toml pins" in found["peers/treasury.crt"]


def test_the_genesis_of_another_network_is_told_with_both_hashes(nodes: Path) -> None:
    text = (nodes / "mof" / "node.toml").read_text(encoding="utf-8")
    ours = text.split('genesis_hash = "')[1][:64]
    (nodes / "mof" / "node.toml").write_text(text.replace(ours, "ab" * 32), encoding="utf-8")
    found = wrong(nodes / "mof")
    (nodes / "mof" / "node.toml").write_text(text, encoding="utf-8")
    assert found == {"genesis": f"{ours}, node.toml says {'ab' * 32}: another network's genesis"}


def test_the_disk_is_judged_by_the_mark_of_this_node(nodes: Path) -> None:
    config = nodes / "mof" / "node.toml"
    kept = config.read_text(encoding="utf-8")
    config.write_text(kept + f"\n[disk]\nreserve_bytes = {1 << 60}\n", encoding="utf-8")
    found = wrong(nodes / "mof")
    config.write_text(kept, encoding="utf-8")
    assert list(found) == ["disk"]
    assert "the node writes nothing" in found["disk"]


def test_a_key_that_others_can_read_is_named_with_what_to_do(nodes: Path) -> None:
    key = nodes / "mof" / "validator.key"
    key.chmod(0o640)
    ended = Terminal(nodes).run("node", "doctor", str(nodes / "mof"), "-o", "json")
    key.chmod(0o600)
    (row,) = [one for one in ended.json["items"] if one["check"] == "validator.key"]
    assert (row["ok"], row["code"], row["severity"]) == (False, "FILE-MODE", "critical")
    assert row["remedy"] == "do chmod 600 validator.key"


SAYS = {
    "findings": [
        {
            "code": "KEY-JOURNAL", "severity": "critical", "blocks": False,
            "texts": {"kk": "kk текст", "ru": "ключ не голосует", "en": "it does not vote"},
            "remedies": {"kk": "kk", "ru": "новый ключ", "en": "a new key"},
        },
        {
            "code": "OF-ANOTHER-VERSION", "severity": "critical", "blocks": False, "texts": {},
            "remedies": {},
        },
    ]
}  # fmt: skip


def examined(node: Path, monkeypatch: pytest.MonkeyPatch, health: dict[str, Any]) -> dict[str, Check]:
    """What is found of a running node that says this of its health, in Russian."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/health/ready":
            return httpx.Response(200, json=health)
        return httpx.Response(200, json={"height": 7, "votes": not health["findings"]})

    @contextmanager
    def connected(urls: tuple[str, ...]) -> Iterator[Client]:
        yield Client(urls, httpx.MockTransport(answer))

    monkeypatch.setattr(doctor, "connected", connected)
    (node / "api.addr").write_text("127.0.0.1:1\n", encoding="ascii")
    try:
        return {one.check: one for one in doctor.examine(node, "ru")}
    finally:
        (node / "api.addr").unlink()


def test_what_the_running_node_finds_is_told_in_the_language_asked_for(
    nodes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(nodes / "mof", monkeypatch, SAYS)
    assert found["votes"] == Check(
        "votes", False, "ключ не голосует", "KEY-JOURNAL", "critical", "новый ключ"
    )
    assert found["ready"].is_ok
    assert found["running"].found == "http://127.0.0.1:1, высота 7"


def test_of_a_sound_running_node_every_check_is_right(nodes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(nodes / "mof", monkeypatch, {"findings": []})
    assert all(one.is_ok for one in found.values())
    assert list(found) == [
        "node.toml", "genesis", "certificate", "validator.key", "validator.password", "tls.key", "disk",
        "running", "votes", "ready",
    ]  # fmt: skip


def test_every_finding_of_a_node_has_its_check() -> None:
    of_the_directory = {
        "GENESIS-OTHER", "FILE-UNREADABLE", "FILE-MODE", "NOT-RUNNING", "NOT-ANSWERING",
        "CERTIFICATE-PIN", "CERTIFICATE-ENDS", "CERTIFICATE-ENDED",
    }  # fmt: skip
    assert set(doctor._CHECKS) | of_the_directory == set(KINDS)
