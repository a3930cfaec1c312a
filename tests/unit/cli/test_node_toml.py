"""A command changes its own lines of node.toml; what a person wrote there stays."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cli.failures import InputError
from cli.node_toml import replace_toml, with_peer, with_setting

WRITTEN = """\
# the node of the health ministry
name = "health"
genesis_hash = "00"   # read out by Aliya on the 5th

[p2p]
port = 7400   # behind the firewall

# our oldest peer
[[peers]]
institution = "mof"
# asked on the telephone
address = "aa"
port = 1

[[peers]]   # the roads
institution = "roads"
address = "bb"

# who may come to the API
[api]
port = 8400
"""


def peers_of(text: str) -> list[dict[str, Any]]:
    return list(tomllib.loads(text).get("peers", []))


def comments_of(text: str) -> list[str]:
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]


def test_a_peer_is_added_behind_everything_else() -> None:
    changed = with_peer(WRITTEN, "finance", {"institution": "finance", "address": "cc", "port": None})
    assert changed.startswith(WRITTEN.rstrip("\n"))
    assert peers_of(changed) == [*peers_of(WRITTEN), {"institution": "finance", "address": "cc"}]
    assert tomllib.loads(changed)["api"] == {"port": 8400}


@pytest.mark.parametrize("name", ["mof", "roads"])
def test_a_peer_is_replaced_in_its_place_and_every_comment_of_other_lines_stays(name: str) -> None:
    peer = {"institution": name, "address": ["cc", "dd"], "host": "10.0.0.1", "port": 7400}
    changed = with_peer(WRITTEN, name, peer)
    expected = [peer if one["institution"] == name else one for one in peers_of(WRITTEN)]
    assert peers_of(changed) == expected
    lost = {"# the roads"} if name == "roads" else set()
    assert set(comments_of(WRITTEN)) - set(comments_of(changed)) == lost


def test_a_peer_is_removed_with_its_own_lines_only() -> None:
    changed = with_peer(WRITTEN, "mof", None)
    assert [one["institution"] for one in peers_of(changed)] == ["roads"]
    assert set(comments_of(WRITTEN)) - set(comments_of(changed)) == {"# asked on the telephone"}
    assert with_peer(changed, "roads", None).count("[[") == 0


def test_a_setting_is_changed_or_put_above_the_tables() -> None:
    changed = with_setting(with_setting(WRITTEN, "name", "moh"), "certificate", "tls-2.crt")
    assert tomllib.loads(changed) == {**tomllib.loads(WRITTEN), "name": "moh", "certificate": "tls-2.crt"}
    assert changed.index("certificate") < changed.index("[p2p]")


def test_a_form_that_the_rules_do_not_know_is_left_alone(tmp_path: Path) -> None:
    """Peers as an inline table: adding a block beside it is no TOML."""
    path = tmp_path / "node.toml"
    path.write_text('name = "a"\npeers = [{institution = "mof"}]\n', encoding="utf-8")
    peer = {"institution": "roads"}
    changed = with_peer(path.read_text(encoding="utf-8"), "roads", peer)
    with pytest.raises(InputError, match="a form that this command does not change"):
        replace_toml(path, changed, {"name": "a", "peers": [{"institution": "mof"}, peer]})
    assert path.read_text(encoding="utf-8") == 'name = "a"\npeers = [{institution = "mof"}]\n'


def test_the_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text('name = "a"\n', encoding="utf-8")
    path.chmod(0o640)
    replace_toml(path, 'name = "b"\n', {"name": "b"})
    assert (path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777) == ('name = "b"\n', 0o640)
