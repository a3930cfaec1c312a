"""Four nodes, each in a network namespace of its own: killed, stopped, parted by a packet filter, with wrong
clocks, on lines that delay and lose. What was promised to a client that never stopped is kept."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.founding import Endpoint
from tests.faults.netns import Namespaces, namespaces
from tests.support.network import NAMES, NodeProcess, Processes, founded_processes, until
from tests.support.promises import kept_promises
from tests.support.proxy import Fabric, fabric, redirect

SEED = 20260402
PORT = 7400
FAKETIME = "libfaketimeMT.so.1"


@dataclass(frozen=True, slots=True)
class Town:
    """Nodes, the namespaces they live in, and the lines between them."""

    network: Processes
    spaces: Namespaces
    lines: Fabric

    def __getitem__(self, name: str) -> NodeProcess:
        return self.network[name]

    def waits(self, name: str, least: int) -> bool:
        return int(self[name].status().get("mempool", 0)) >= least

    def until_waiting(self, *names: str) -> None:
        """Until more documents wait at these than a network that decides would keep."""
        for name in names:
            until(lambda name=name: self.waits(name, 6), f"documents to wait at {name}")  # type: ignore[misc]

    @contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """Their processes stand still, with everything in their hands."""
        processes = [self[name].process for name in names]
        try:
            for process in processes:
                assert process is not None
                process.send_signal(signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                if process is not None:
                    process.send_signal(signal.SIGCONT)

    def set_clock(self, name: str, offset: str) -> None:
        """From now on this node's wall clock shows another time, `+90s`; its process goes on."""
        (self[name].directory / "clock").write_text(offset + "\n", "ascii")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    directory = tmp_path_factory.mktemp("netns") / "n"
    with namespaces(NAMES) as spaces:
        endpoints = [Endpoint(spaces.address(name), PORT + at, 0) for at, name in enumerate(NAMES)]
        with founded_processes(
            directory, endpoints, block_interval_ms=0, timeout_propose_ms=200, timeout_vote_ms=200,
            timeout_cap_ms=2_000,
        ) as network:  # fmt: skip
            ports = network.ports()
            places = {name: (spaces.address(name), port) for name, port in ports.items()}
            with fabric(places, SEED, {name: spaces.face(name) for name in NAMES}) as lines:
                found = Town(network, spaces, lines)
                for name in NAMES:
                    redirect(lines, network[name].directory, name, ports)
                    network[name].prefix = spaces.command(name)
                    network[name].environment = clock_of(network[name].directory)
                    found.set_clock(name, "+0s")
                network.all_up()
                yield found
                network.stop()


def clock_of(directory: Path) -> dict[str, str]:
    """A wall clock that a file sets; the monotonic one is the machine's."""
    (library,) = Path("/usr/lib").glob(f"*/faketime/{FAKETIME}")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(directory / "clock"),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def test_each_is_felled_in_turn(town: Town) -> None:
    with kept_promises(town.network, SEED + 1) as client:
        for name in NAMES:
            client.wait_for(4)
            town[name].kill()
            client.wait_for(4)
            town[name].start()
            until(town[name].is_ready, f"{name} to come back: {town[name].log[-500:]}")


def test_all_are_felled_at_once(town: Town) -> None:
    with kept_promises(town.network, SEED + 2) as client:
        client.wait_for(4)
        for name in NAMES:
            process = town[name].process
            assert process is not None
            process.kill()
        for name in NAMES:
            town[name].kill()
        town.network.all_up()
        client.wait_for(4)


def test_one_is_stopped_and_goes_on_in_the_middle_of_what_it_did(town: Town) -> None:
    with kept_promises(town.network, SEED + 3) as client:
        for name in NAMES[:2]:
            client.wait_for(2)
            with town.stopped(name):
                client.wait_for(4)
        client.wait_for(4)


def test_two_are_stopped_and_nothing_is_decided_meanwhile(town: Town) -> None:
    with kept_promises(town.network, SEED + 4) as client:
        client.wait_for(2)
        with town.stopped(*NAMES[:2]):
            town.until_waiting(*NAMES[2:])


def test_packets_between_two_halves_are_dropped(town: Town) -> None:
    with kept_promises(town.network, SEED + 5) as client:
        client.wait_for(2)
        town.spaces.split(NAMES[:2], NAMES[2:])
        town.until_waiting(*NAMES)
        town.spaces.heal()


def test_a_minority_is_parted_and_packets_pass_one_way(town: Town) -> None:
    with kept_promises(town.network, SEED + 6) as client:
        for name in ("mof", "228"):
            town.spaces.split((name,), [other for other in NAMES if other != name])
            client.wait_for(4)
            town.spaces.heal()
            town.spaces.drop(name, [other for other in NAMES if other != name])
            client.wait_for(4)
            town.spaces.heal()


def test_lines_that_delay_and_lose_while_one_is_felled(town: Town) -> None:
    town.lines.shape(delay_s=0.02, resets=0.005)
    with kept_promises(town.network, SEED + 7) as client:
        client.wait_for(4)
        town["treasury"].kill()
        client.wait_for(4)
        town["treasury"].start()
        client.wait_for(4)
        town.lines.shape()


def test_a_clock_that_is_wrong_jumps_and_comes_back(town: Town) -> None:
    """A minute and a half ahead, then behind, on one node; within the network's precision on another."""
    with kept_promises(town.network, SEED + 8) as client:
        town.set_clock("228", "+0.3s")
        for offset in ("+90s", "-90s", "+0s"):
            town.set_clock("226", offset)
            client.wait_for(6)
        town["226"].kill()
        town.set_clock("226", "-600s")
        town["226"].start()
        client.wait_for(6)
        town.set_clock("226", "+0s")
        town.set_clock("228", "+0s")
