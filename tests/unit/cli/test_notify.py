"""What systemd hears of a node, on a socket as it makes them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.notify import Notifier

PATIENCE_SECONDS = 10.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(PATIENCE_SECONDS)
        yield listening


def test_the_node_says_that_it_serves_and_that_it_stops(manager: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.ready("serves on 127.0.0.1:8400")
    notifier.stopping()
    assert manager.recv(1024) == b"READY=1\nSTATUS=serves on 127.0.0.1:8400"
    assert manager.recv(1024) == b"STOPPING=1"


def test_the_name_of_a_socket_may_be_abstract() -> None:
    name = f"eqazyna-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(PATIENCE_SECONDS)
        Notifier({"NOTIFY_SOCKET": "@" + name}).stopping()
        assert listening.recv(1024) == b"STOPPING=1"


def test_the_event_loop_gives_signs_of_life_as_often_as_it_is_asked(manager: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "3000"})

    async def live() -> list[bytes]:
        beating = asyncio.create_task(notifier.keep_alive())
        heard = [await asyncio.to_thread(manager.recv, 1024) for _ in range(3)]
        assert not beating.done()
        beating.cancel()
        await asyncio.wait([beating])
        return heard

    assert asyncio.run(live()) == [b"WATCHDOG=1"] * 3


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": "3000"}, {"WATCHDOG_USEC": "3000", "WATCHDOG_PID": "1"}]
)
def test_without_a_service_manager_nothing_is_said_and_nothing_ends(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    notifier.ready("")

    async def live() -> bool:
        beating = asyncio.create_task(notifier.keep_alive())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        is_waiting = not beating.done()
        beating.cancel()
        await asyncio.wait([beating])
        return is_waiting

    assert asyncio.run(live())


def test_a_service_manager_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).stopping()
