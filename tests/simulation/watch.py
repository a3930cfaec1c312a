"""The oracle: what must hold while whole nodes run, judged from outside (docs/consensus.md, Invariants)."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

from chain.types import Hash32
from node.assembly import DecidedBlock
from node.node import Node
from tests.simulation.clock import VirtualLoop

if TYPE_CHECKING:
    from tests.simulation.seats import Process, Seat
    from tests.simulation.wires import Endpoint


class Watch:
    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._trace = sha256()
        self.seen: Counter[str] = Counter()
        self.decided: dict[int, Hash32] = {}
        self.events = 0

    @property
    def trace_hash(self) -> str:
        return self._trace.hexdigest()

    def note(self, what: str, number: int, data: bytes = b"") -> None:
        self.events += 1
        self._trace.update(f"{self._loop.time():.9f} {what} {number} {len(data)} ".encode() + data)

    def sent(self, sender: Endpoint, receiver: Endpoint, kind: int, payload: bytes) -> None:
        self.note(f"sent {receiver.owner.number} {kind}", sender.owner.number, payload)

    def began(self, process: Process) -> None:
        self.note("began", process.seat.number)

    def died(self, process: Process) -> None:
        self.note("died", process.seat.number)

    def up(self, process: Process, node: Node) -> None:
        self.note("up", process.seat.number)
        node.driver._observers = (*node.driver._observers, Decisions(self, process))

    def ended(self, process: Process, error: BaseException | None) -> None:
        raise AssertionError(f"{process} ended: {error!r}") from error

    def decision(self, process: Process, decided: DecidedBlock) -> None:
        height, block_id = decided.block.header.height, decided.block.block_id
        self.note("decided", process.seat.number, block_id)
        assert self.decided.setdefault(height, block_id) == block_id, f"I1: {height}"


class Decisions:
    def __init__(self, watch: Watch, process: Process) -> None:
        self._watch = watch
        self._process = process

    def decided(self, decided: DecidedBlock) -> None:
        self._watch.decision(self._process, decided)
