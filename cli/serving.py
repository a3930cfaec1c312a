"""One node with its HTTP API in one process: where all parts meet the operator."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import structlog
import uvloop

from chain.errors import LedgerError
from node.config import NodeConfig
from node.node import Node, build_node
from web.app import create_app
from web.limits import HttpLimits
from web.server import HttpServer

log = structlog.get_logger("node")


def run_node(directory: Path) -> None:
    """Run the node of a directory until SIGTERM or SIGINT. Raises ConfigError, StorageError, CorruptionError."""
    config = NodeConfig.load(directory)
    _log_as_json(config.log_level)
    uvloop.run(_run(config))


async def _run(config: NodeConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    node = build_node(config)
    try:
        await _serve(node, stop)
    except LedgerError as error:
        log.critical("the node stops", code=error.code, reason=str(error))
        raise
    finally:
        node.close()


async def _serve(node: Node, stop: asyncio.Event) -> None:
    limits = node.config.api_limits
    server = HttpServer(
        create_app(node.ledger, node.ledger),
        node.config.api.host,
        node.config.api.port,
        HttpLimits(
            limits.connections,
            limits.connections_per_address,
            limits.header_seconds,
            limits.body_seconds,
            limits.idle_seconds,
            limits.body_bytes,
        ),
    )
    host, port = server.address
    node.config.path("api.addr").write_text(f"{host}:{port}\n", encoding="ascii")
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(work) for work in (node.run(), server.run(), stop.wait())]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    node.ledger.close_streams()
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
            raise outcome


def _log_as_json(level: str) -> None:
    """One JSON object a line on stderr: for machines, in English."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
