"""Network namespaces of a test: one for each node, joined by a bridge that stands in one of its own.

Everything made here is named after the process that made it, and what a process that is gone left behind is
removed first.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PREFIX = "eqz"
HUB = "hub"
NAME = re.compile(rf"{PREFIX}(\d+)-\w+")


def run(*command: str) -> str:
    """Output of a command that must succeed."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}: {ended.stderr}"
    return ended.stdout


@dataclass(frozen=True, slots=True)
class Namespaces:
    """`names` in order; each has an address of its own, and a face: an address of the machine under which the
    others know it, when their lines pass the proxy."""

    names: Sequence[str]

    @property
    def _network(self) -> str:
        return f"198.18.{os.getpid() % 250}"  # RFC 2544: for benchmarks, routed nowhere

    def address(self, name: str) -> str:
        return f"{self._network}.{self.names.index(name) + 1}"

    def face(self, name: str) -> str:
        return f"{self._network}.{self.names.index(name) + 101}"

    def namespace(self, name: str) -> str:
        return f"{PREFIX}{os.getpid()}-{name}"

    def command(self, name: str) -> tuple[str, ...]:
        """What runs a program inside; it becomes that program, with the same process id."""
        return ("ip", "netns", "exec", self.namespace(name))

    def drop(self, at: str, others: Iterable[str]) -> None:
        """Packets of the others do not arrive at a node: one way, for what they send to it."""
        for other in others:
            run(*self.command(at), "iptables", "-A", "INPUT", "-s", self.face(other), "-j", "DROP")

    def split(self, *groups: Sequence[str]) -> None:
        """Packets pass within a group only."""
        self.heal()
        for group in groups:
            for name in group:
                self.drop(name, [other for other in self.names if other not in group])

    def heal(self) -> None:
        for name in self.names:
            run(*self.command(name), "iptables", "-F", "INPUT")

    def make(self) -> None:
        hub = self.namespace(HUB)
        run("ip", "netns", "add", hub)
        run("ip", "-n", hub, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", hub, "link", "set", "br0", "up")
        for number, name in enumerate(self.names):
            namespace = self.namespace(name)
            run("ip", "netns", "add", namespace)
            run(
                "ip",
                "-n",
                namespace,
                "link",
                "add",
                "eth0",
                "type",
                "veth",
                "peer",
                "name",
                f"port{number}",
                "netns",
                hub,
            )
            run("ip", "-n", hub, "link", "set", f"port{number}", "master", "br0", "up")
            run("ip", "-n", namespace, "address", "add", f"{self.address(name)}/24", "dev", "eth0")
            run("ip", "-n", namespace, "link", "set", "eth0", "up")
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        own = self._own_device
        run(
            "ip",
            "-n",
            hub,
            "link",
            "add",
            "outside",
            "type",
            "veth",
            "peer",
            "name",
            own,
            "netns",
            str(os.getpid()),
        )
        run("ip", "-n", hub, "link", "set", "outside", "master", "br0", "up")
        run("ip", "address", "add", f"{self._network}.100/24", "dev", own)  # the first: the tests' own
        for name in self.names:
            run("ip", "address", "add", f"{self.face(name)}/24", "dev", own)
        run("ip", "link", "set", own, "up")

    @property
    def _own_device(self) -> str:
        return f"{PREFIX}{os.getpid()}"

    def remove(self) -> None:
        for name in (*self.names, HUB):
            subprocess.run(["ip", "netns", "del", self.namespace(name)], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", self._own_device], capture_output=True, check=False)


def remove_orphans() -> None:
    """Namespaces of a process that is gone: it was felled before it could remove them."""
    for line in run("ip", "netns", "list").splitlines():
        found = NAME.fullmatch(line.split()[0])
        if found is not None and not Path(f"/proc/{found[1]}").exists():
            run("ip", "netns", "del", found[0])


@contextmanager
def namespaces(names: Sequence[str]) -> Iterator[Namespaces]:
    """They stand for as long as the block lasts. Whoever starts processes in them ends these before."""
    remove_orphans()
    made = Namespaces(names)
    try:
        made.make()
        yield made
    finally:
        made.remove()
