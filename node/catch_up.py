"""Blocks a node missed: whom to ask, what to keep until its turn, what to answer others.

A claimed height causes requests, nothing else: the node goes on voting at its own height until a verified
COMMIT is in its hands. COMMITs go through the consensus machine of their height like every other decision.
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.types import Address, Height
from chain.validators import ValidatorSet
from consensus.messages import (
    LIMIT_BYTES,
    MAX_COMMITS,
    Commit,
    GetCommits,
    MessageType,
    Status,
    encode_commit,
)
from node.ports import BlockStore, Clock, Transport
from node.throttle import Throttle

ANSWER_WITHIN_MS = 3_000
"""A peer that was asked and brought no valid COMMIT in this time is asked last from then on."""

KEPT_BYTES = 32 * 1024 * 1024
"""COMMITs waiting for their turn: eight of the largest blocks, thousands of ordinary ones."""

ANSWER_BYTES = 8 * 1024 * 1024
"""What one GET_COMMITS is answered with at most; the asker goes on from there."""

HELP_EVERY_MS = 1_000
"""A STATUS that is behind is answered with its COMMIT this often at most; who lacks more asks for it."""

ANSWER_EVERY_MS = 20
"""GET_COMMITS of one peer are answered this often at most, and later the more an answer held."""

HEIGHT_MS = 1
"""What a height in an answer is worth before the next answer."""
BYTES_PER_MS = 20 * 1024
"""What an answer is worth before the next one: a few times what it costs to read, and a fraction of what it
takes the asker to execute. A peer that only asks takes a tenth of this node's time at most."""


@dataclass(slots=True)
class _Request:
    """A GET_COMMITS under way: of whom, up to which height, until when, and how much has come."""

    peer: Address
    last_height: int
    deadline_ms: int
    received_bytes: int = 0

    def is_answered(self, height: int) -> bool:
        """Whether the answer can bring `height` no more: another COMMIT might not have fitted into it."""
        return (
            height > self.last_height or self.received_bytes > ANSWER_BYTES - LIMIT_BYTES[MessageType.COMMIT]
        )


class CatchUp:
    """One per node. `height` is always the height being decided."""

    def __init__(self, blocks: BlockStore, transport: Transport, clock: Clock) -> None:
        self._blocks = blocks
        self._transport = transport
        self._clock = clock
        self._claims: dict[Address, int] = {}
        self._failures: dict[Address, int] = {}
        self._asked: _Request | None = None
        self._kept: dict[int, tuple[Commit, Address, int]] = {}
        self._kept_bytes = 0
        self._helps = Throttle(clock, HELP_EVERY_MS)
        self._answers = Throttle(clock, ANSWER_EVERY_MS)

    def highest_claim(self, validators: ValidatorSet) -> int:
        """The highest height that connected peers with more than a third of the power say they have reached,
        so that no single liar is heard; 0 when nobody says anything. Unsigned: shown, and never believed."""
        claims = sorted(((height, peer) for peer, height in self._connected_claims().items()), reverse=True)
        for count, (height, _) in enumerate(claims, 1):
            if validators.some_honest([peer for _, peer in claims[:count]]):
                return height
        return 0

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
            peer = self._asked.peer
            if now_ms < self._asked.deadline_ms and peer in self._transport.connected():
                return
            self._failures[peer] = self._failures.get(peer, 0) + 1
            self._asked = None
        if height in self._kept:
            return
        ahead = [peer for peer, claim in self._connected_claims().items() if claim > height]
        for peer in sorted(ahead, key=lambda one: (self._failures.get(one, 0), one)):
            request = GetCommits(Height(height), MAX_COMMITS).encode()
            if self._transport.send(peer, MessageType.GET_COMMITS, request):
                self._asked = _Request(peer, height + MAX_COMMITS - 1, now_ms + ANSWER_WITHIN_MS)
                return

    def keep(self, peer: Address, commit: Commit, height: int, size_bytes: int) -> None:
        """A COMMIT waits for its turn. Of later heights only those that were asked for: else a liar could
        fill the places of all heights to come."""
        at = commit.block.header.height
        is_asked = at == height or self._is_asked(peer)
        if self._asked is not None and self._is_asked(peer):
            self._asked.received_bytes += size_bytes
        if (
            is_asked
            and height <= at < height + MAX_COMMITS
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
        """A COMMIT of this peer was valid: it may take its time for the next."""
        self._failures.pop(peer, None)
        if self._asked is not None and self._is_asked(peer):
            self._asked.deadline_ms = self._clock.now_ms() + ANSWER_WITHIN_MS

    def blame(self, peer: Address) -> None:
        """A COMMIT of this peer proves nothing: what else it sent is not worth its room."""
        self._failures[peer] = self._failures.get(peer, 0) + 1
        for at in [at for at, kept in self._kept.items() if kept[1] == peer]:
            self._drop(at)
        if self._is_asked(peer):
            self._asked = None

    def decided(self, height: int) -> None:
        """`height` is the next one now: when the request under way brings no more, the next one follows."""
        if self._asked is not None and height not in self._kept and self._asked.is_answered(height):
            self._asked = None
            self.ask(height)

    def _is_asked(self, peer: Address) -> bool:
        return self._asked is not None and self._asked.peer == peer

    def answer(self, peer: Address, request: GetCommits) -> None:
        """Send the COMMITs asked for, as far as they are here and fit. Raises CorruptionError, never serves
        it."""
        if not self._answers.allows(peer):
            return
        sent = heights = 0
        last = min(request.first_height + request.count - 1, self._blocks.last_height)
        for at in range(max(request.first_height, self._blocks.first_height), last + 1):
            payload = self._commit(at)
            heights += 1
            is_last = bool(sent) and sent + len(payload) > ANSWER_BYTES
            if is_last or not self._transport.send(peer, MessageType.COMMIT, payload):
                break
            sent += len(payload)
        self._answers.rest(peer, heights * HEIGHT_MS + sent // BYTES_PER_MS)

    def _connected_claims(self) -> dict[Address, int]:
        return {peer: self._claims[peer] for peer in self._transport.connected() if peer in self._claims}

    def _help(self, peer: Address, height: int) -> None:
        is_held = self._blocks.first_height <= height <= self._blocks.last_height
        if is_held and self._helps.allows(peer):
            self._transport.send(peer, MessageType.COMMIT, self._commit(height))

    def _commit(self, height: int) -> bytes:
        stored = self._blocks.read(height)
        return encode_commit(stored.block, stored.certificate)

    def _drop(self, height: int) -> None:
        self._kept_bytes -= self._kept.pop(height)[2]
