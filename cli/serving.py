"""One node's process: the node and its HTTP API in one event loop, until a signal or a fault ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import structlog
import uvloop

from cli.logs import log_to_stderr
from cli.notify import Notifier
from node.config import NodeConfig
from node.node import start_node
from node.reload import reload_when, show_lost_links
from node.running import claimed
from web.app import create_app
from web.limits import HttpLimits
from web.server import HttpServer

THREAD_SECONDS = 0.001
"""So long a thread that reads the past keeps the interpreter from the loop; Python's own is 5 ms."""


def serve(directory: Path) -> None:
    """Run the node of a directory. Raises what ended it; returns after SIGTERM or SIGINT.

    A node that cannot start says so and serves nothing. While a damaged block log is repaired it listens to
    its peers for that alone, and the HTTP API is not there yet.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # before anybody can find this process: it asks, never ends
    sys.setswitchinterval(THREAD_SECONDS)
    config = NodeConfig.load(directory)
    log_to_stderr(config.log_level)
    with claimed(directory), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config))


async def _serve(config: NodeConfig) -> None:
    notifier = Notifier(os.environ)
    hung_up = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up.set)
    node = await start_node(config)
    try:
        api = config.api
        driver = node.driver
        server = HttpServer(
            create_app(node.ledger, node.ledger),
            api.host,
            api.port,
            _limits(config),
            lambda: driver.machine.round >= 0,
        )
        address = f"{server.address[0]}:{server.address[1]}"
        node.ledger.metrics.expose(
            "http_refused",
            "HTTP connections and requests refused, by limit.",
            "limit",
            lambda: server.connections.refused,
        )
        node.ledger.metrics.expose(
            "http_work_milliseconds",
            "Time spent on HTTP requests, by what for.",
            "what",
            server.work.spent_ms,
        )
        version = program_version()
        node.ledger.metrics.show("build_info", "The program's version.", "version", lambda: {version: 1})
        show_lost_links(node)
        config.path("api.addr").write_text(address + "\n", encoding="ascii")
        structlog.get_logger("node").info("serving", api=address, name=config.name, version=version)
        notifier.ready(f"serves on {address}")
        await _until_stopped(
            asyncio.ensure_future(node.run()),
            asyncio.ensure_future(server.run()),
            asyncio.ensure_future(reload_when(hung_up, node)),
            asyncio.ensure_future(notifier.keep_alive()),
        )
    finally:
        notifier.stopping()
        node.close()


def program_version() -> str:
    """Of the installed distribution; a bare tree has none."""
    try:
        return version_of("eqazyna")
    except PackageNotFoundError:
        return "not installed"


async def _until_stopped(*tasks: asyncio.Future[Any]) -> None:
    """Wait for the first to end or for a signal; then end the others and raise the first fault."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waiting: tuple[asyncio.Future[Any], ...] = (loop.create_task(stop.wait()), *tasks)
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        results = await asyncio.gather(*waiting, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result


def _limits(config: NodeConfig) -> HttpLimits:
    limits = config.api_limits
    return HttpLimits(
        connections=limits.connections,
        connections_per_address=limits.connections_per_address,
        header_seconds=limits.header_seconds,
        body_seconds=limits.body_seconds,
        idle_seconds=limits.idle_seconds,
        body_bytes=limits.body_bytes,
        bodies_bytes=limits.bodies_bytes,
        unsent_bytes=limits.unsent_bytes,
        work_share=limits.work_share,
    )
