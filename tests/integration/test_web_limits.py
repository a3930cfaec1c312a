"""The HTTP port of a real node process under those who want its memory: its resident size is measured."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.network import NodeProcess, Processes, founded_processes, until
from web.limits import LINGERING

MEBIBYTE = 1 << 20
BODIES_BYTES = 16 * MEBIBYTE
UNSENT_BYTES = 8 * MEBIBYTE
CONNECTIONS = 60
HOLDS_BYTES = BODIES_BYTES + UNSENT_BYTES + 48 * MEBIBYTE
"""What the node may grow by: both limits; a body of 8 MiB several times over, as bytes, text and values; what
256 connections and the interpreter's own leftovers take."""
OWN_FILES = 128
"""Of a node: the block log, the journal, the state's tables, links to peers."""
LIMITS = f"""
[api_limits]
bodies_bytes = {BODIES_BYTES}
unsent_bytes = {UNSENT_BYTES}
work_share = 1.0
header_seconds = 3.0
body_seconds = 6.0
idle_seconds = 6.0
"""


class Flooded:
    """A node alone, without a quorum: its API answers."""

    def __init__(self, network: Processes) -> None:
        self.node: NodeProcess = network["mof"]
        self.node.start()
        until(lambda: self.node.get("/health/live"), f"the node: {self.node.log[-300:]}")
        for path in ("/docs", "/openapi.json", "/docs/swagger-ui-bundle.js", "/metrics"):
            assert self.node.get(path) is not None  # what is made once is made before it is measured
        self.before = self.resident()

    def resident(self) -> int:
        """Bytes, now."""
        return self._status("VmRSS")

    def highest(self) -> int:
        """Bytes, at most so far."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        assert self.node.process is not None
        text = Path(f"/proc/{self.node.process.pid}/status").read_text("ascii")
        found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def refused(self, limit: str) -> float:
        return self.node.metric(f'eqz_http_refused_total{{limit="{limit}"}}')

    def connect(self, number: int = 0) -> socket.socket:
        """From one of many addresses: no address has all the connections."""
        host, _, port = self.node.url.removeprefix("http://").partition(":")
        connection = socket.create_connection((host, int(port)), 10.0, (f"127.0.1.{number % 200 + 1}", 0))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10.0)
        return connection


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with founded_processes(tmp_path_factory.mktemp("flooded") / "n") as found:
        config = found["mof"].directory / "node.toml"
        config.write_text(config.read_text("utf-8") + LIMITS, "utf-8")
        yield found


@pytest.fixture
def flooded(network: Processes) -> Iterator[Flooded]:
    found = Flooded(network)
    yield found
    found.node.kill()


def sent(connection: socket.socket, data: bytes) -> bool:
    """False: the node has let the connection go."""
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


HEAD = b"POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def test_bodies_of_200_megabytes_are_refused_as_they_come(flooded: Flooded) -> None:
    with ExitStack() as open_ones:
        for number in range(8):
            said = open_ones.enter_context(flooded.connect(number))
            said.sendall(HEAD + b"content-length: 209715200\r\n\r\n")
            assert said.recv(100).startswith(b"HTTP/1.1 413 ")
            chunked = open_ones.enter_context(flooded.connect(number))
            chunked.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
            piece = b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"
            for _ in range(200):
                sent(chunked, piece)  # after the refusal it is not looked at, and then reset
    assert flooded.refused("body_bytes") == 16
    assert flooded.highest() - flooded.before < HOLDS_BYTES


def test_bodies_that_never_end_are_bounded_in_all(flooded: Flooded) -> None:
    with ExitStack() as open_ones:
        for number in range(CONNECTIONS):
            connection = open_ones.enter_context(flooded.connect(number))
            if sent(connection, HEAD + b"content-length: 8000000\r\n\r\n"):
                sent(connection, b" " * 7_900_000)
        assert flooded.refused("bodies_bytes") >= CONNECTIONS - BODIES_BYTES // 7_900_000 - 1
        assert flooded.highest() - flooded.before < HOLDS_BYTES
    until(lambda: flooded.node.submit([(b"\x90", b"\x90")]), "room for the body of an honest client")


def test_readers_that_read_nothing_are_bounded_in_all(flooded: Flooded) -> None:
    with ExitStack() as open_ones:
        for number in range(CONNECTIONS):
            connection = open_ones.enter_context(flooded.connect(number))
            sent(connection, b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n")
        until(lambda: flooded.refused("unsent_bytes") > CONNECTIONS // 2, "the slowest to be let go")
        assert flooded.highest() - flooded.before < HOLDS_BYTES
        until(lambda: flooded.node.get("/docs/swagger-ui-bundle.js"), "the answer of one who reads")


def test_answers_asked_for_ahead_are_not_gathered(flooded: Flooded) -> None:
    with flooded.connect() as connection:
        sent(connection, b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 5_000)
        until(lambda: flooded.refused("pipelined") == 1, "the connection to be let go")
    assert flooded.highest() - flooded.before < HOLDS_BYTES


def test_trailers_and_chunks_without_a_body_are_bounded(flooded: Flooded) -> None:
    for after in (b"0\r\nx-trailer: ", b"1;extension="):
        with flooded.connect() as connection:
            connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n" + after)
            for _ in range(3_200):
                sent(connection, b"a" * 65_536)
    assert flooded.refused("header_bytes") == 2
    assert flooded.highest() - flooded.before < HOLDS_BYTES


def test_connections_half_open_slow_or_idle_leave_in_time(flooded: Flooded) -> None:
    """Silent, in the middle of their headers, in the middle of a body; and streams of events nobody reads."""
    beginnings = (b"", b"GET /v1/status HTTP/1.1\r\nx: ", HEAD + b"content-length: 9\r\n\r\n{",
                  b"GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")  # fmt: skip
    with ExitStack() as open_ones:
        for number in range(200):
            connection = open_ones.enter_context(flooded.connect(number))
            sent(connection, beginnings[number % len(beginnings)])
        until(lambda: flooded.refused("header_seconds") >= 90, "the slow ones to be let go")
        until(lambda: flooded.refused("body_seconds") >= 50, "the slow bodies to be let go")
        assert flooded.highest() - flooded.before < HOLDS_BYTES
        until(lambda: flooded.node.get("/v1/status"), "the answer to an honest client")


def test_a_flood_of_connections_leaves_the_node_its_descriptors(flooded: Flooded) -> None:
    assert flooded.node.process is not None
    descriptors = Path(f"/proc/{flooded.node.process.pid}/fd")
    most = 0
    with ExitStack() as open_ones:
        for number in range(800):
            open_ones.enter_context(flooded.connect(number))
            if number % 50 == 0:
                most = max(most, len(list(descriptors.iterdir())))
    assert most < 256 + LINGERING + OWN_FILES
    until(lambda: flooded.node.get("/v1/status"), "the node to answer again")
    assert flooded.refused("connections") > 400
    assert flooded.highest() - flooded.before < HOLDS_BYTES
