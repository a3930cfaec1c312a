"""The laws of the budget over the whole state, every thousand blocks, off the path of consensus.

Each block is checked on what it touched before it is voted for (`contracts.invariants.check`); this finds
what such a check could miss. It raises an alarm and stops nothing: all nodes would stop at one height, and
what is wrong was decided long before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from contracts.invariants import recount
from node.application import FrozenState
from node.assembly import DecidedBlock
from node.metrics import NodeMetrics

EVERY_BLOCKS = 1_000

log = structlog.get_logger("node.recount")


class _StoppedError(Exception):
    """The node ends before the recount does."""


class _Reader:
    """A frozen state that stops answering when the node ends: the database is not closed under a reader."""

    def __init__(self, frozen: FrozenState) -> None:
        self._frozen = frozen
        self.is_stopped = False

    def get(self, collection: str, key: bytes) -> bytes | None:
        self._check()
        return self._frozen.get(collection, key)

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        self._check()
        return self._frozen.scan(collection, start, limit)

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        self._check()
        return self._frozen.tree_node(depth, prefix)

    def recount(self) -> tuple[str, ...] | None:
        """Every broken law in words; None when the node ended first."""
        try:
            return recount(self)
        except _StoppedError:
            return None
        finally:
            self._frozen.close()

    def _check(self) -> None:
        if self.is_stopped:
            raise _StoppedError


class Recount:
    """An observer of the driver. One recount at a time; a height that comes while one runs is left out."""

    def __init__(
        self, snapshot: Callable[[], FrozenState], metrics: NodeMetrics, every_blocks: int = EVERY_BLOCKS
    ) -> None:
        self._snapshot = snapshot
        self._metrics = metrics
        self._every_blocks = every_blocks
        self._reader: _Reader | None = None
        self._running: asyncio.Task[None] | None = None
        self.broken = 0
        """Laws that the last recount found broken."""

    def decided(self, decided: DecidedBlock) -> None:
        """Called by the driver after each height."""
        height = decided.block.header.height
        is_free = self._running is None or self._running.done()
        if height % self._every_blocks == 0 and is_free:
            self._reader = _Reader(self._snapshot())
            self._running = asyncio.get_running_loop().create_task(self._run(self._reader, height))

    async def finished(self) -> None:
        """When the recount under way, if any, is done."""
        if self._running is not None:
            await self._running

    async def stop(self) -> None:
        """End the recount under way; returns when nothing reads any more."""
        if self._reader is not None:
            self._reader.is_stopped = True
        await self.finished()

    async def _run(self, reader: _Reader, height: int) -> None:
        findings = await asyncio.to_thread(reader.recount)
        if findings is None:
            return
        self._metrics.recounted_height.set(height)
        self._metrics.broken_laws.set(len(findings))
        self.broken = len(findings)
        for finding in findings:
            log.critical("a law of the budget does not hold", height=height, finding=finding)
