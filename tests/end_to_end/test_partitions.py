"""Four node processes whose links pass a proxy: partitions of five kinds, each healed. What was promised to a
client that never stopped is kept, and everything it left waiting is decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pytest

from tests.support.network import HOST, NAMES, Processes, founded_processes, until
from tests.support.promises import kept_promises
from tests.support.proxy import Fabric, fabric, redirect

SEED = 20260401


@dataclass(frozen=True, slots=True)
class Wired:
    """A network and the lines between its nodes."""

    network: Processes
    lines: Fabric

    def height(self, name: str) -> int:
        return int(self.network[name].status().get("height", 0))

    def highest(self) -> int:
        return max(self.height(name) for name in NAMES)

    def waits(self, name: str, least: int) -> bool:
        """Whether so many documents wait at a node: nothing is decided there while more come."""
        return int(self.network[name].status().get("mempool", 0)) >= least


@contextmanager
def wired(directory: Path) -> Iterator[Wired]:
    """Every node dials every other through the proxy, and by no other way."""
    with founded_processes(
        directory, block_interval_ms=0, timeout_propose_ms=150, timeout_vote_ms=150, timeout_cap_ms=2_000
    ) as network:
        ports = network.ports()
        with fabric({name: (HOST, port) for name, port in ports.items()}, SEED) as lines:
            for name in NAMES:
                redirect(lines, network[name].directory, name, ports)
            yield Wired(network, lines)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wired]:
    with wired(tmp_path_factory.mktemp("partitions") / "n") as found:
        found.network.all_up()
        yield found


def test_one_node_off_follows_when_its_line_is_back(net: Wired) -> None:
    with kept_promises(net.network, SEED + 1) as client:
        client.wait_for(4)
        net.lines.split(("226",), ("mof", "treasury", "228"))
        apart = net.height("226")
        client.wait_for(12)
        assert net.height("226") <= apart + 1, "what was under way may still have been decided, no more"
        net.lines.heal()


def test_two_halves_decide_nothing_and_go_on_together(net: Wired) -> None:
    with kept_promises(net.network, SEED + 2) as client:
        client.wait_for(4)
        net.lines.split(("mof", "treasury"), ("226", "228"), by="stall")
        before = net.highest()
        for name in NAMES:
            until(lambda name=name: net.waits(name, 8), f"documents to wait at {name}")  # type: ignore[misc]
        assert net.highest() <= before + 1
        net.lines.heal()


def test_a_line_that_carries_one_way_only(net: Wired) -> None:
    """First a node that is heard and hears nobody, then one that hears and is not heard."""
    with kept_promises(net.network, SEED + 3) as client:
        client.wait_for(4)
        for deaf_or_dumb in (1, 0):
            ways = [way for way in permutations(NAMES, 2) if way[deaf_or_dumb] == "treasury"]
            net.lines.stall(ways)
            client.wait_for(8)
            net.lines.heal()
            client.wait_for(4)


def test_a_partition_that_comes_and_goes(net: Wired) -> None:
    with kept_promises(net.network, SEED + 4) as client:
        for turn in range(8):
            net.lines.split(NAMES[: turn % 3 + 1], NAMES[turn % 3 + 1 :], by=("cut", "stall")[turn % 2])
            until(lambda: any(net.waits(name, 3) for name in NAMES), "a node to miss the others")
            net.lines.heal()
            client.wait_for(2)


def test_majorities_that_change_while_the_line_is_slow_and_loses(net: Wired) -> None:
    """Each of the four is outside once; those inside decide, the outsider comes back as another leaves."""
    net.lines.shape(delay_s=0.01, bytes_per_s=4e6, resets=0.002)
    with kept_promises(net.network, SEED + 5) as client:
        for outside in NAMES:
            net.lines.split((outside,), tuple(name for name in NAMES if name != outside))
            client.wait_for(4)
        net.lines.heal()
        net.lines.shape()
