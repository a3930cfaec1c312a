"""Blocks a node missed: whom to ask, what to keep until its turn, what to answer others.

A claimed height causes requests, nothing else: the node goes on voting at its own height until a verified
COMMIT is in its hands. COMMITs go through the consensus machine of their height like every other decision.
"""

from __future__ import annotations

from chain.types import Address, Height
from consensus.messages import MAX_COMMITS, Commit, GetCommits, MessageType, Status, encode_commit
from node.ports import BlockStore, Clock, Transport

ANSWER_WITHIN_MS = 3_000
"""A peer that was asked and brought no valid COMMIT in this time is asked last from then on."""

KEPT_BYTES = 32 * 1024 * 1024
"""COMMITs waiting for their turn: eight of the largest blocks, thousands of ordinary ones."""

ANSWER_BYTES = 8 * 1024 * 1024
"""What one GET_COMMITS is answered with at most; the asker goes on from there."""

REPEAT_TO_PEER_MS = 1_000
"""A STATUS that is behind is answered with its COMMIT this often at most."""


class CatchUp:
    """One per node. `height` is always the height being decided."""

    def __init__(self, blocks: BlockStore, transport: Transport, clock: Clock) -> None:
        self._blocks = blocks
        self._transport = transport
        self._clock = clock
        self._claims: dict[Address, int] = {}
        self._failures: dict[Address, int] = {}
        self._asked: tuple[Address, int] | None = None
        self._kept: dict[int, tuple[Commit, Address, int]] = {}
        self._kept_bytes = 0
        self._answered: dict[Address, tuple[int, int]] = {}

    @property
    def highest_claim(self) -> int:
        """The highest height a peer says it is deciding; unsigned, so it is shown and never believed."""
        return max(self._claims.values(), default=0)

    def forget_peer(self, peer: Address) -> None:
        """Its link is down."""
        self._claims.pop(peer, None)
        if self._asked is not None and self._asked[0] == peer:
            self._asked = None

    def saw_status(self, peer: Address, status: Status, height: int) -> None:
        """A peer said where it stands: help it when it is behind, ask it when we are."""
        self._claims[peer] = status.height
        if status.height < height:
            self._help(peer, status.height)
        else:
            self.ask(height)

    def ask(self, height: int) -> None:
        """Have one request under way while somebody claims to be further and the next COMMIT is not here."""
        now_ms = self._clock.now_ms()
        if self._asked is not None:
            peer, deadline_ms = self._asked
            if now_ms < deadline_ms:
                return
            self._failures[peer] = self._failures.get(peer, 0) + 1
            self._asked = None
        if height in self._kept:
            return
        ahead = [peer for peer, claim in self._claims.items() if claim > height]
        for peer in sorted(ahead, key=lambda one: (self._failures.get(one, 0), one)):
            request = GetCommits(Height(height), MAX_COMMITS).encode()
            if self._transport.send(peer, MessageType.GET_COMMITS, request):
                self._asked = (peer, now_ms + ANSWER_WITHIN_MS)
                return

    def keep(self, peer: Address, commit: Commit, height: int, size_bytes: int) -> None:
        """A COMMIT of a later height waits for its turn."""
        at = commit.block.header.height
        if (
            height <= at < height + MAX_COMMITS
            and at not in self._kept
            and self._kept_bytes + size_bytes <= KEPT_BYTES
        ):
            self._kept[at] = (commit, peer, size_bytes)
            self._kept_bytes += size_bytes

    def take(self, height: int) -> tuple[Commit, Address] | None:
        """The COMMIT that waited for this height."""
        for past in [at for at in self._kept if at < height]:
            self._drop(past)
        kept = self._kept.get(height)
        if kept is None:
            return None
        self._drop(height)
        return kept[0], kept[1]

    def brought(self, peer: Address) -> None:
        """A COMMIT of this peer was valid."""
        self._failures.pop(peer, None)

    def decided(self, height: int) -> None:
        """`height` is the next one now: the request under way has been answered as far as its blocks go."""
        if self._asked is not None and height not in self._kept:
            self._asked = None
            self.ask(height)

    def answer(self, peer: Address, request: GetCommits) -> None:
        """Send the COMMITs asked for, as far as they are here and fit. Raises CorruptionError, never serves
        it."""
        sent = 0
        last = min(request.first_height + request.count - 1, self._blocks.last_height)
        for at in range(request.first_height, last + 1):
            payload = self._commit(at)
            if sent and sent + len(payload) > ANSWER_BYTES:
                return
            if not self._transport.send(peer, MessageType.COMMIT, payload):
                return
            sent += len(payload)

    def _help(self, peer: Address, height: int) -> None:
        now_ms = self._clock.now_ms()
        last = self._answered.get(peer)
        if last is not None and last[0] == height and now_ms < last[1] + REPEAT_TO_PEER_MS:
            return
        if not 1 <= height <= self._blocks.last_height:
            return
        if self._transport.send(peer, MessageType.COMMIT, self._commit(height)):
            self._answered[peer] = (height, now_ms)

    def _commit(self, height: int) -> bytes:
        stored = self._blocks.read(height)
        return encode_commit(stored.block, stored.certificate)

    def _drop(self, height: int) -> None:
        self._kept_bytes -= self._kept.pop(height)[2]
