"""`eqz node doctor` on a node that does not run: it names what keeps it from running."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
