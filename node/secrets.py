"""Passwords of keys: from a file that only its owner can read, never from a flag or the environment's
value."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from chain.errors import ConfigError


def read_password(path: Path) -> bytes:
    """The first line of a mode-0600 file. Raises ConfigError."""
    try:
        mode = os.stat(path).st_mode
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: the password file cannot be read: {error.strerror}", "PASSWORD") from None
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigError(
            f"{path} can be read by others (mode {stat.S_IMODE(mode):04o}); make it 0600", "PASSWORD-MODE"
        )
    return text.split(b"\n", 1)[0].rstrip(b"\r")
