"""Twenty kills without warning; the deep run has two hundred."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.kills import kill_under_load

KILLS = 20


def test_killed_without_warning_nodes_come_back_and_nothing_a_client_was_told_is_gone(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    counts = kill_under_load(tmp_path / "n", KILLS, seed)
    print(dict(sorted(counts.items())))
    assert counts["kills"] >= KILLS
    assert counts["receipts"] > counts["kills"] / 4
