"""Four real node processes under load, killed without warning again and again.

`kill -9` takes the process and leaves the machine: what was written is there, what waited in memory is not.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.support.network import NAMES, NodeProcess, Processes, founded_processes, until
from tests.support.promises import kept_promises

DOCUMENTS = (1, 6)
"""Decided between two kills, at least and at most."""
START_SECONDS = (0.2, 2.5)
"""Of a start that is broken off as well: importing, checking the log, bringing up the state, joining."""


def kill_under_load(directory: Path, kills: int, seed: int) -> Counter[str]:
    """Raises AssertionError when anything a client was told is gone or different, a node does not come back,
    or one that comes back does not vote. What was done, and how often."""
    counts: Counter[str] = Counter()
    random = Random(seed)
    with founded_processes(
        directory, block_interval_ms=0, timeout_propose_ms=300, timeout_vote_ms=300, idle_ms=1_000
    ) as network:
        network.all_up()
        try:
            with kept_promises(network, seed) as client:
                while counts["kills"] < kills:
                    client.wait_for(random.randint(*DOCUMENTS))
                    _kill(network, random, counts)
        except AssertionError as broken:
            broken.add_note(f"seed {seed}, after {counts}")
            raise
        counts["receipts"] = len(client.receipts)
        counts["heights"] = network.agree()
        for node in network.nodes.values():
            assert node.status()["votes"], f"{node.name} does not vote: {node.log[-2_000:]}"
            assert "this key will not vote" not in node.log
    return counts


def _kill(network: Processes, random: Random, counts: Counter[str]) -> None:
    count, way = random.choice(((1, "one"), (1, "one"), (2, "two at once"), (4, "all at once")))
    victims = [network[name] for name in random.sample(NAMES, count)]
    for node in victims:
        assert node.process is not None
        node.process.kill()
    for node in victims:
        node.kill()
        node.start()
    counts["kills"] += count
    counts[way] += 1
    if random.random() < 0.5:
        _kill_again(victims[0], random.uniform(*START_SECONDS))
        counts["kills"] += 1
        counts["in the start"] += 1
    for node in victims:
        until(node.is_ready, f"{node.name} to come back: {node.log[-2_000:]}")


def _kill_again(node: NodeProcess, after_seconds: float) -> None:
    assert node.process is not None
    with suppress(subprocess.TimeoutExpired):
        status = node.process.wait(after_seconds)
        raise AssertionError(f"{node.name} ended with {status} by itself: {node.log[-2_000:]}")
    node.kill()
    node.start()
