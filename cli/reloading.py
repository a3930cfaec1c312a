"""`eqz node reload`: a running node is told to read its settings again, and says what came of it."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chain.errors import ConfigError
from cli.failures import Details, NothingAcceptedError
from node.running import answered, ask, hang_up

ANSWER_SECONDS = 15.0
"""A node reads its settings between two messages; one silent for so long starts or repairs its log."""

POLL_SECONDS = 0.02


def reload(directory: Path) -> dict[str, Any] | None:
    """What the running node of a directory took over; None when none runs.

    Raises ConfigError with the node's own reason when it refused: then the settings before are in force.
    """
    word = secrets.token_hex(16)
    with _alone(directory):
        ask(directory, word)
        if not hang_up(directory):
            return None
        deadline = time.monotonic() + ANSWER_SECONDS
        while (found := answered(directory, word)) is None:
            if time.monotonic() > deadline:
                raise NothingAcceptedError(
                    f"the node of {directory} has not answered for {ANSWER_SECONDS:.0f} s",
                    "RELOAD-LATE",
                    Details(remedy="it starts or repairs its log, and reads the settings then; see its log"),
                )
            time.sleep(POLL_SECONDS)
    error = found.get("error")
    if isinstance(error, dict):
        raise ConfigError(str(error.get("message")), str(error.get("code")))
    return {name: value for name, value in found.items() if name not in ("schema", "request")}


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One question at a time: the second would overwrite the first one's word."""
    descriptor = os.open(directory / ".reload.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
