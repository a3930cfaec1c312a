"""The HTTP server of one node, bounded where strangers' bytes arrive."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from chain.errors import ConfigError
from web.limits import Connections, HttpLimits, bounded
from web.work import LimitedWork

BACKLOG = 128
"""Connections that the kernel holds for this node to accept."""

SOCKET_BYTES = 128 << 10
"""What the kernel is asked to hold of a connection each way (Linux takes twice that). Left to itself it holds
up to 10 MiB: 2.5 GiB for readers that read nothing."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the node decides when it stops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves an app until cancelled. Raises ConfigError when the address cannot be bound."""

    def __init__(
        self,
        app: FastAPI,
        host: str,
        port: int,
        limits: HttpLimits,
        is_deciding: Callable[[], bool] = bool,
    ) -> None:
        """`is_deciding`: whether the node is in the middle of a height, so that reading waits."""
        self.connections = Connections(limits)
        self.work = LimitedWork(app, limits.work_share, self.connections.refused, is_deciding)
        config = uvicorn.Config(
            self.work,
            http=bounded(self.connections),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=math.ceil(limits.idle_seconds),
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # connections take it over
            self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BYTES)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise ConfigError(
                f"cannot serve the API on {host} port {port}: {error.strerror or error}. Choose another "
                "address or port, or stop what uses it",
                "LISTEN",
            ) from error
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    async def run(self) -> None:
        """Until cancelled, then closes what is open."""
        serving = asyncio.get_running_loop().create_task(self._server.serve([self._socket]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._server.should_exit = True
            await serving
            raise
