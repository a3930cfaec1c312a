"""What the service manager is told (sd_notify of systemd): that the node serves, that its event loop turns,
that it stops. Without a service manager nothing is said."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

BEATS_PER_DEADLINE = 3
"""One message may be lost, and one come late, before the process is taken for dead."""


class Notifier:
    """`environment`: NOTIFY_SOCKET says where, WATCHDOG_USEC how often, WATCHDOG_PID to whom."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        deadline = environment.get("WATCHDOG_USEC", "")
        is_meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._deadline_s = int(deadline) / 1_000_000 if deadline.isdecimal() and is_meant else 0.0

    def ready(self, status: str) -> None:
        """The node answers people from now on."""
        self._tell("READY=1", f"STATUS={status}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    async def keep_alive(self) -> None:
        """Until cancelled: a sign of life from the event loop. One that hangs is ended and started again."""
        while self._deadline_s and self._address:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._deadline_s / BEATS_PER_DEADLINE)
        await asyncio.get_running_loop().create_future()

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as out:
            out.sendto("\n".join(lines).encode(), address)  # whoever does not listen any more misses nothing
