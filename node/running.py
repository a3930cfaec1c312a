"""Which process runs on a node's directory, and how it is asked to read its settings again.

The process holds a record lock on `node.pid`; the system says who holds it, so that a number left by a
process that is gone is never believed and no stranger gets the signal.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from storage.files import failing_as, in_use

PID_FILE = "node.pid"
REQUEST_FILE = ".reload.request"
ANSWER_FILE = "reload.json"

WORD_BYTES = 64
"""Of a request: what the answer repeats, so that it is known which request was answered."""

_LOCK = "@hhqqi"
"""`struct flock` of Linux on 64-bit machines: type, whence, start, length, process."""


@contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Be the process of this directory. Raises StorageError LOCKED when another one is."""
    path = directory / PID_FILE
    with failing_as("open", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise in_use(path, "runs this node") from error
        with suppress(OSError):  # the number is for people to read; a full disk must not keep a node down
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(descriptor)


def running_pid(directory: Path) -> int | None:
    """The process that runs this directory's node; None when there is none."""
    try:
        descriptor = os.open(directory / PID_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        asked = struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_LOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else int(pid)


def hang_up(directory: Path) -> bool:
    """Send SIGHUP to that process; False when there is none. A number that was given to another process
    meanwhile gets nothing."""
    pid = running_pid(directory)
    if not pid:
        return False
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if running_pid(directory) != pid:
            return False
        signal.pidfd_send_signal(process, signal.SIGHUP)
    except ProcessLookupError:
        return False
    finally:
        os.close(process)
    return True


# --- question and answer


def ask(directory: Path, word: str) -> None:
    """Leave the word that the next answer shall repeat."""
    _replace(directory / REQUEST_FILE, word)


def asked(directory: Path) -> str | None:
    """The word that was left; None when there is none."""
    try:
        with (directory / REQUEST_FILE).open(encoding="ascii") as file:
            return file.read(WORD_BYTES)
    except (OSError, UnicodeDecodeError):
        return None


def answer(directory: Path, found: Mapping[str, Any]) -> None:
    """What came of it."""
    _replace(directory / ANSWER_FILE, json.dumps(found, ensure_ascii=False) + "\n")


def answered(directory: Path, word: str) -> dict[str, Any] | None:
    """The answer to that word; None as long as there is none."""
    try:
        found = json.loads((directory / ANSWER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return dict(found) if isinstance(found, dict) and found.get("request") == word else None


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with failing_as("write", path):
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
