"""A demonstration that is ended from outside leaves no process behind, and its directory serves again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.demo.nodes import DemoNodes, demo_directory, interruptible, running_nodes
from cli.failures import NothingAcceptedError

END_SECONDS = 60


def test_a_demonstration_ended_while_its_nodes_start_takes_them_along(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "demo", "--dir", str(place)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any("genesis" in line for line in process.stdout), "the network was founded"
        while not running_nodes(place):
            assert process.poll() is None
        process.terminate()
        _, told = process.communicate(timeout=END_SECONDS)
    assert (process.returncode, running_nodes(place)) == (7, [])
    assert told == f"error[INTERRUPTED]: interrupted: the nodes are stopped, the files stay in {place}\n"
    assert demo_directory(place) == place
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_ends_a_demonstration_ends_it_in_one_way(tmp_path: Path, number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(NothingAcceptedError, match="the nodes are stopped"), interruptible(tmp_path):
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_a_node_is_known_to_stop_from_the_moment_it_is_started(tmp_path: Path) -> None:
    nodes = DemoNodes(tmp_path, ["mof"])
    node = nodes.nodes["mof"]
    node.directory.mkdir(parents=True)
    nodes.start(node)
    try:
        marker = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
        assert [one["pid"] for one in marker["nodes"]] == [node.pid]
    finally:
        nodes.stop(node)


def test_a_signal_during_the_start_of_a_node_leaves_it_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: the process is there, and its number is not kept yet."""
    real = subprocess.Popen

    def interrupted(*arguments: object, **options: object) -> object:
        process = real(*arguments, **options)  # type: ignore[call-overload]
        os.kill(os.getpid(), signal.SIGTERM)
        return process

    nodes = DemoNodes(tmp_path, ["mof"])
    node = nodes.nodes["mof"]
    node.directory.mkdir(parents=True)
    monkeypatch.setattr("cli.demo.nodes.subprocess.Popen", interrupted)
    try:
        with pytest.raises(NothingAcceptedError), interruptible(tmp_path):
            nodes.start(node)
        assert running_nodes(tmp_path) == [("mof", node.pid)]
    finally:
        nodes.stop(node)
