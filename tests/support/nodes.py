"""Real node processes: started, waited for, stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cli.main

TREE = Path(cli.main.__file__).parents[1]
START_SECONDS = 60
STOP_SECONDS = 30


class NodeProcess:
    """`eqz node run DIRECTORY` as a process; its log is read as it comes: a full pipe would stop it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = ""
        self.lines: list[str] = []
        self._serves = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "node", "run", str(directory)],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            for line in log:
                self.lines.append(line)
                if '"serving"' in line:
                    self.url = f"http://{json.loads(line)['api']}"
                    self._serves.set()
        self._serves.set()

    def wait(self) -> str:
        """The address of its API, as soon as it serves."""
        assert self._serves.wait(START_SECONDS), self.lines
        assert self.url, self.lines
        return self.url

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """End it; the exit status of the process."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        status = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return status


@contextmanager
def running(directories: Sequence[Path]) -> Iterator[list[NodeProcess]]:
    """A node process a directory, all serving; stopped in the end."""
    nodes: list[NodeProcess] = []
    try:
        for directory in directories:
            nodes.append(NodeProcess(directory))
        for node in nodes:
            node.wait()
        yield nodes
    finally:
        for node in nodes:
            node.stop()


def free_ports(count: int) -> list[int]:
    """Ports that are free now, all held open until the last is known."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
