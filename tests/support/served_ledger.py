"""A ledger in memory as the reading commands meet it: the client of a node, without a node."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import Any

import pytest

from cli import main as command
from cli.session import Session
from tests.support.budget import Ledger

PAGE = 100


class ServedLedger:
    """The questions that reading commands ask of a node, answered from a ledger in memory."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def status(self) -> dict[str, Any]:
        return {
            "height": self._ledger.height,
            "block_time": "2026-01-05T00:00:00Z",
            "state_root": self._ledger.state.root.hex(),
        }

    def value(self, collection: str, key: bytes, height: int | None = None) -> dict[str, Any]:
        found = self._ledger.state.get(collection, key)
        return {"value": None if found is None else found.hex(), "height": self._ledger.height}

    def page(
        self,
        collection: str,
        prefix: bytes = b"",
        after: str | None = None,
        limit: int = PAGE,
        height: int | None = None,
    ) -> dict[str, Any]:
        start = prefix if after is None else bytes.fromhex(after) + b"\x00"
        limit = min(limit, PAGE)
        found = [
            pair for pair in self._ledger.state.scan(collection, start, limit) if pair[0].startswith(prefix)
        ]
        return {
            "items": [{"key": key.hex(), "value": value.hex()} for key, value in found],
            "next": found[-1][0].hex() if len(found) == limit else None,
            "height": self._ledger.height,
        }


def serve(patch: pytest.MonkeyPatch, ledger: Ledger, *modules: ModuleType) -> None:
    """Let `connected` of these modules reach the ledger instead of a node."""

    @contextmanager
    def connected(nodes: Sequence[str]) -> Iterator[ServedLedger]:
        yield ServedLedger(ledger)

    for module in modules:
        patch.setattr(module, "connected", connected)


def told(*arguments: str, status: int = 0) -> Any:
    """The JSON of a reading command, after checking its exit status."""
    out = io.StringIO()
    environment = {"EQZ_NODE": "http://127.0.0.1:1", "EQZ_LANG": "en", "EQZ_CONFIG": "/nonexistent.toml"}
    with redirect_stdout(out):
        found = command.run([*arguments, "-o", "json"], Session(environment=environment))
    assert found == status, (arguments, out.getvalue())
    return json.loads(out.getvalue()) if out.getvalue() else None
