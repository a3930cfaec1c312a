"""Four node processes of a demonstration: founded, started, watched, stopped. Only its own processes, by
id."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx

from chain.genesis import GenesisInstitution, Params
from cli.envelope import write_text
from cli.failures import CommandError, InputError, NothingAcceptedError
from cli.founding import NODE_KINDS, Endpoint, Network, found_network, new_password
from cli.keystore import write_private

MARKER = "demo.json"
NETWORK = "network"
MARKER_SCHEMA = "eqz.demo-directory/1"
START_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
HOST = "127.0.0.1"


@dataclass(slots=True)
class DemoNode:
    """One node: its name, its directory, its process while it runs."""

    name: str
    directory: Path
    process: subprocess.Popen[bytes] | None = None
    url: str = ""

    @property
    def pid(self) -> int:
        return self.process.pid if self.process is not None else 0


def demo_directory(given: Path | None) -> Path:
    """The directory of a run: a fresh one, or the given one when it is empty or an earlier
    demonstration's."""
    if given is None:
        return Path(tempfile.mkdtemp(prefix="eqazyna-demo-"))
    directory = given.resolve()
    if directory.exists():
        if not directory.is_dir():
            raise InputError(f"{directory} is not a directory", "DEMO-DIRECTORY")
        if any(directory.iterdir()):
            _clear_earlier(directory)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def _clear_earlier(directory: Path) -> None:
    """Remove an earlier demonstration, and nothing that is not one."""
    if not (directory / MARKER).is_file():
        raise InputError(
            f"{directory} is not empty and was not made by `eqz demo`; nothing was touched. Give another",
            "DEMO-DIRECTORY",
        )
    running = running_nodes(directory)
    if running:
        raise InputError(
            f"the nodes of {directory} still run (pid {', '.join(str(pid) for _, pid in running)}): "
            f"eqz demo --stop --dir {directory}",
            "DEMO-RUNNING",
        )
    for path in sorted(directory.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


def found(
    directory: Path, name: str, institutions: Sequence[GenesisInstitution], params: Params | None = None
) -> Network:
    """Keys, genesis, certificates and configurations of the demonstration's network, in `directory`.

    All keys have one password, which lies in `directory/password`, mode 0600.
    """
    write_text(directory / MARKER, _marker([]))
    password = new_password()
    write_private(directory / "password", password.encode("ascii") + b"\n")
    count = sum(1 for one in institutions if one.kind in NODE_KINDS)
    return found_network(
        directory / NETWORK,
        name,
        institutions,
        [Endpoint(HOST, port, 0) for port in _free_ports(count)],
        params=params or Params.default(),
        created_ms=time.time_ns() // 1_000_000,
        roles=("head", "accountant"),
        roles_by_kind={"finance": ("head", "accountant", "moderator")},
        password=password,
    )


@contextmanager
def interruptible(directory: Path) -> Iterator[None]:
    """SIGTERM and a closed terminal (SIGHUP) end a demonstration as Ctrl-C does: its nodes are stopped too.

    A signal that somebody ignores on purpose (nohup) stays ignored. Raises NothingAcceptedError.
    """
    numbers = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        raise NothingAcceptedError(
            f"interrupted: the nodes are stopped, the files stay in {directory}", "INTERRUPTED"
        ) from None
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A signal that would end the demonstration waits: raised between the fork of a node and the line that
    keeps its number it would leave a process that nobody knows of."""
    waiting: list[int] = []
    handlers = {
        number: signal.signal(number, lambda met, _: waiting.append(met))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for met in waiting:
        signal.raise_signal(met)


def _free_ports(count: int) -> list[int]:
    """Ports nobody uses now, held together while they are found so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class DemoNodes:
    """The processes of one network."""

    def __init__(self, directory: Path, names: Iterable[str]) -> None:
        self.directory = directory
        self.nodes = {name: DemoNode(name, directory / NETWORK / "nodes" / name) for name in names}

    def start_all(self) -> None:
        for node in self.nodes.values():
            self.start(node)
        self.wait_ready()

    def start(self, node: DemoNode) -> None:
        """Start one process; it outlives this one only with --keep."""
        (node.directory / "api.addr").unlink(missing_ok=True)
        with (node.directory / "node.log").open("ab") as log, _undisturbed():
            node.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cli.main", "node", "run", str(node.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            self.write_marker()

    def wait_ready(self, names: Iterable[str] | None = None, seconds: float = START_SECONDS) -> None:
        """Until each answers that it is ready. CommandError with the end of its log when one does not."""
        self._wait(_is_ready, names, seconds)

    def wait_answering(self, names: Iterable[str] | None = None, seconds: float = START_SECONDS) -> None:
        """Until each answers, ready or not."""
        self._wait(_answers, names, seconds)

    def _wait(
        self, is_reached: Callable[[DemoNode], bool], names: Iterable[str] | None, seconds: float
    ) -> None:
        deadline = time.monotonic() + seconds
        for node in [self.nodes[name] for name in names or self.nodes]:
            while not is_reached(node):
                if node.process is not None and node.process.poll() is not None:
                    raise CommandError(f"node {node.name} ended at start: {_log_tail(node)}", "DEMO-NODE")
                if time.monotonic() > deadline:
                    raise CommandError(f"node {node.name} is not ready: {_log_tail(node)}", "DEMO-NODE")
                time.sleep(POLL_SECONDS)

    def stop(self, node: DemoNode, number: int = signal.SIGTERM) -> None:
        """End one process and wait for its end."""
        process = node.process
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        node.process = None

    def fell_all(self) -> None:
        """As a power cut does: no process has a moment longer than another."""
        running = [node.process for node in self.nodes.values() if node.process is not None]
        for process in running:
            process.kill()
        for node in self.nodes.values():
            self.stop(node, signal.SIGKILL)

    def stop_all(self) -> None:
        for node in self.nodes.values():
            if node.process is not None:
                node.process.terminate()
        for node in self.nodes.values():
            self.stop(node)

    def write_marker(self) -> None:
        """What says that a directory is a demonstration's, and which processes are its."""
        write_text(self.directory / MARKER, _marker(self.nodes.values()))


def _marker(nodes: Iterable[DemoNode]) -> str:
    listed = [{"name": node.name, "pid": node.pid, "directory": str(node.directory)} for node in nodes]
    return json.dumps({"schema": MARKER_SCHEMA, "nodes": listed}, indent=1) + "\n"


def running_nodes(directory: Path) -> list[tuple[str, int]]:
    """(name, pid) of the processes a demonstration left running: a pid counts only while it runs that
    node."""
    try:
        found = json.loads((directory / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{directory} is not a directory of `eqz demo`", "DEMO-DIRECTORY") from None
    return [
        (str(node["name"]), int(node["pid"]))
        for node in found["nodes"]
        if node["pid"] and _runs(int(node["pid"]), str(node["directory"]))
    ]


def stop_running(directory: Path) -> list[str]:
    """End the nodes of a demonstration that was kept; their names."""
    running = running_nodes(directory)
    for _, pid in running:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running_nodes(directory) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for _, pid in running_nodes(directory):
        os.kill(pid, signal.SIGKILL)
    return [name for name, _ in running]


def _runs(pid: int, directory: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"run" in command and directory.encode() in command


def _is_ready(node: DemoNode) -> bool:
    return _is_healthy(node, "/health/ready")


def _answers(node: DemoNode) -> bool:
    return _is_healthy(node, "/health/live")


def _is_healthy(node: DemoNode, path: str) -> bool:
    try:
        node.url = "http://" + (node.directory / "api.addr").read_text(encoding="ascii").strip()
        return httpx.get(node.url + path, timeout=2.0).status_code == httpx.codes.OK
    except (OSError, httpx.HTTPError):
        return False


def _log_tail(node: DemoNode) -> str:
    try:
        lines = (node.directory / "node.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "it wrote no log"
    return " | ".join(lines[-3:])
