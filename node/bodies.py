"""Blocks that the machine asks for by id: whom to ask, again and again, until one brings it."""

from __future__ import annotations

from collections.abc import Callable

from chain.block import Block
from chain.types import Address, Hash32, Height
from consensus.messages import GetBlock, MessageType, Status
from node.ports import Transport


class WantedBodies:
    """One height's. Peers whose STATUS names the block are asked first, one at a time and in turn: a block is
    4 MiB, and asking everybody would bring it from everybody."""

    def __init__(self, transport: Transport, held: Callable[[Hash32], Block | None]) -> None:
        self._transport = transport
        self._held = held
        self._tries: dict[Hash32, int] = {}
        self._named: dict[Address, frozenset[Hash32]] = {}

    def want(self, block_id: Hash32, height: int) -> None:
        """Ask now, and at every `ask_again` until it is here."""
        self._tries.setdefault(block_id, 0)
        self._ask(block_id, height)

    @property
    def is_waiting(self) -> bool:
        """Whether any BLOCK was asked for."""
        return bool(self._tries)

    def is_wanted(self, block_id: Hash32) -> bool:
        """Whether a BLOCK with this id was asked for; any other is dropped."""
        return block_id in self._tries

    def saw_status(self, peer: Address, status: Status) -> None:
        """What the peer says it holds, at most `STATUS_BODIES` ids."""
        self._named[peer] = frozenset(status.bodies)

    def ask_again(self, height: int) -> None:
        """Forget those that came meanwhile, ask for the others."""
        for block_id in list(self._tries):
            if self._held(block_id) is not None:
                del self._tries[block_id]
            else:
                self._ask(block_id, height)

    def clear(self) -> None:
        """The height is decided."""
        self._tries.clear()
        self._named.clear()

    def _ask(self, block_id: Hash32, height: int) -> None:
        request = GetBlock(Height(height), block_id).encode()
        connected = self._transport.connected()
        holders = [peer for peer in connected if block_id in self._named.get(peer, ())] or list(connected)
        if holders:
            self._transport.send(
                holders[self._tries[block_id] % len(holders)], MessageType.GET_BLOCK, request
            )
        self._tries[block_id] += 1
