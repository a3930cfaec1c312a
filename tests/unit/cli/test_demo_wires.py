"""The lines of a demonstration: what passes, what a cut ends, and that it heals."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cli.demo.wires import HOST, Wires

PATIENCE_SECONDS = 10.0
NAMES = ("a", "b", "c")


class Echo:
    """A node that says back what it hears."""

    def __init__(self) -> None:
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # the thread that accepts must end, too
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(1024):
                    connection.sendall(data)
            except OSError:
                return


@pytest.fixture
def echoes() -> Iterator[dict[str, Echo]]:
    found = {name: Echo() for name in NAMES}
    yield found
    for one in found.values():
        one.close()


@pytest.fixture
def wires(echoes: dict[str, Echo]) -> Iterator[Wires]:
    laid = Wires({name: one.port for name, one in echoes.items()})
    laid.start()
    yield laid
    laid.stop()


def dial(wires: Wires, one: str, other: str) -> socket.socket:
    return socket.create_connection((HOST, wires.port(one, other)), PATIENCE_SECONDS)


def answers(link: socket.socket) -> bool:
    """Whether what is said comes back; False when the line ends."""
    try:
        link.sendall(b"hello")
        return link.recv(1024) == b"hello"
    except OSError:
        return False


def test_what_is_said_on_a_line_arrives(wires: Wires) -> None:
    with dial(wires, "a", "b") as link:
        assert answers(link)


def test_a_cut_ends_what_is_open_refuses_what_is_new_and_leaves_the_other_lines(wires: Wires) -> None:
    with dial(wires, "a", "b") as across, dial(wires, "c", "b") as within:
        assert answers(across)
        assert answers(within)
        wires.cut(("a",), ("b", "c"))
        assert not answers(across)
        with dial(wires, "b", "a") as refused:
            assert not answers(refused)
        assert answers(within)
        wires.heal()
        with dial(wires, "a", "b") as again:
            assert answers(again)


def test_a_node_that_is_down_ends_the_line_at_once(wires: Wires, echoes: dict[str, Echo]) -> None:
    echoes["c"].close()
    with dial(wires, "a", "c") as link:
        assert not answers(link)


def test_a_node_dials_each_peer_through_its_own_line(wires: Wires, tmp_path: Path) -> None:
    blocks = [
        f'[[peers]]\ninstitution = "{name}"\naddress = "00"\nhost = "{HOST}"\nport = 1\n' for name in "bc"
    ]
    (tmp_path / "node.toml").write_text("[p2p]\nport = 2\n\n" + "\n".join(blocks), encoding="utf-8")
    wires.lay(tmp_path, "a")
    lines = (tmp_path / "node.toml").read_text(encoding="utf-8").splitlines()
    ports = [line for line in lines if line.startswith("port")]
    assert ports == ["port = 2", f"port = {wires.port('a', 'b')}", f"port = {wires.port('a', 'c')}"]
