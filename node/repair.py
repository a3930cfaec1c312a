"""A damaged block log, put back from the peers before the node takes part in anything.

Nobody's word is taken for a height: the certificate must be one of the set that this node's state names, the
block must fit the neighbours that are whole here, and its execution here, over the state before it, must give
the outcomes and changes that its header names. Until then the node votes on nothing and answers nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from chain.block import Block, Results
from chain.certificate import CommitCertificate, verify_certificate
from chain.errors import CorruptionError, DecodeError, ExecutionFault, InvalidMessageError
from chain.evidence import Evidence
from chain.transaction import SignedTransaction
from chain.types import Address, Hash32, Height
from chain.validators import ValidatorSet
from consensus.messages import Commit, GetCommits, MessageType
from contracts.context import BlockContext
from contracts.executor import Refusal, replay
from contracts.membership import validators_at
from node.application import StateAt, StateStore
from node.assembly import misbehaviour_of
from node.ports import BlockStore, Transport
from storage.errors import HeightNotHeldError
from storage.log_scan import Damage, LogDamageError

ANSWER_SECONDS = 3.0
"""A peer that has not sent the height in this time is asked last from then on."""

PAUSE_SECONDS = 0.05
"""Between two requests, and while nobody is connected: a peer answers GET_COMMITS every 20 ms at most."""

ANSWERS_KEPT = 2
"""One height is asked of one peer at a time; a late answer to an earlier question may come before it."""

log = structlog.get_logger("node.repair")


class DamagedLog(BlockStore, Protocol):
    """A block log opened in spite of its damage (`storage.blocks.BlockLog`)."""

    @property
    def damages(self) -> Sequence[Damage]:
        """What has to be put back, in order."""

    def repair(self, height: int, block: bytes, results: bytes, certificate: bytes) -> None:
        """Put back the first height of the first damage."""


def refusal(damage: Damage, tried: str) -> LogDamageError:
    """Why a height could not be put back: what was found, what was tried, what to do."""
    return LogDamageError(
        damage,
        f"{tried}. Nothing is served from a damaged log. Start the node while a peer that has this height "
        "can be reached; or, while it is stopped, put back the blocks directory from a backup of this node. "
        "Put no other node's log in its place: a log that is ahead of the journal ends the vote of this "
        "node's key",
    )


class LogRepair:
    """Puts back every damaged height of one log.

    `bring_up(height)` executes the whole blocks up to this height that the state lacks. `patience_seconds`
    is how long peers are asked for one height.
    """

    def __init__(
        self,
        *,
        blocks: DamagedLog,
        state: StateStore,
        chain_id: Hash32,
        transport: Transport,
        bring_up: Callable[[int], object],
        patience_seconds: float,
        names: Mapping[Address, str],
    ) -> None:
        self._blocks = blocks
        self._state = state
        self._chain_id = chain_id
        self._transport = transport
        self._bring_up = bring_up
        self._patience_seconds = patience_seconds
        self._names = names
        self._asked: Address | None = None
        self._answers: asyncio.Queue[tuple[Address, bytes]] = asyncio.Queue(ANSWERS_KEPT)

    async def run(self) -> None:
        """Until the log is whole. Raises LogDamageError when a height cannot be had, CorruptionError
        when a certified block does not do here what its header says: the state is wrong, or the rules."""
        hearing = asyncio.get_running_loop().create_task(self._hear())
        try:
            repaired: set[int] = set()
            while self._blocks.damages:
                damage = self._blocks.damages[0]
                if damage.first_height in repaired:
                    raise refusal(damage, "It was put back and is damaged again: check the disk")
                await self._put_back(damage)
                repaired.add(damage.first_height)
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing

    async def _put_back(self, damage: Damage) -> None:
        height = damage.first_height
        log.critical("damaged block log: asking the peers", height=height, damage=damage.describe())
        try:
            if (self._state.height or 0) < height - 1:
                self._bring_up(height - 1)
            validators = self._validators_at(height)
        except (HeightNotHeldError, InvalidMessageError) as error:
            raise refusal(
                damage, f"No peer was asked: what they would send cannot be checked, since {error}"
            ) from error
        peer, commit = await self._fetched(damage, validators)
        results = self._replayed(commit.block)
        self._blocks.repair(height, commit.block.encode(), results.encode(), commit.certificate.encode())
        log.critical("damaged height put back", height=height, peer=self._name(peer))

    # --- asking

    async def _fetched(self, damage: Damage, validators: ValidatorSet) -> tuple[Address, Commit]:
        """A peer and the COMMIT it had, checked."""
        if not self._names:
            raise refusal(damage, "No peer was asked: node.toml names none")
        height = damage.first_height
        found: dict[Address, str] = {}
        asked: Counter[Address] = Counter()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_seconds):
                while True:
                    await asyncio.sleep(PAUSE_SECONDS)
                    connected = self._transport.connected()
                    if not connected:
                        continue
                    peer = min(connected, key=lambda one: (asked[one], one))
                    asked[peer] += 1
                    found.setdefault(peer, "no answer")
                    try:
                        commit = await self._answer_of(peer, height)
                        if commit is not None:
                            self._check(commit, validators)
                            return peer, commit
                    except (DecodeError, InvalidMessageError) as error:
                        found[peer] = f"its answer proves nothing ({error})"
                        log.warning("bad answer", peer=self._name(peer), height=height, reason=str(error))
                        self._transport.disconnect(peer, InvalidMessageError(str(error), error.code))
        raise refusal(damage, self._tried(height, found))

    async def _answer_of(self, peer: Address, height: int) -> Commit | None:
        """What the peer sends for this height; None when it sends nothing. Raises DecodeError,
        InvalidMessageError."""
        if not self._transport.send(peer, MessageType.GET_COMMITS, GetCommits(Height(height), 1).encode()):
            return None
        self._asked = peer
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while True:
                    sender, payload = await self._answers.get()
                    if sender != peer:
                        continue
                    commit = Commit.decode(payload)
                    if commit.block.header.height == height:
                        return commit
        except TimeoutError:
            return None
        finally:
            self._asked = None

    async def _hear(self) -> None:
        """Take the answer; whatever else the peers say is for a node that has its blocks."""
        async for peer, kind, payload in self._transport.incoming():
            if kind == MessageType.COMMIT and peer == self._asked and not self._answers.full():
                self._answers.put_nowait((peer, payload))

    def _tried(self, height: int, found: Mapping[Address, str]) -> str:
        asked = f"for {self._patience_seconds:g} s"
        if not found:
            return f"Peers could not be asked for height {height}: none was connected {asked}"
        answers = "; ".join(f"{self._name(peer)}: {answer}" for peer, answer in sorted(found.items()))
        return f"Peers were asked for height {height} {asked}: {answers}"

    def _name(self, peer: Address) -> str:
        return self._names.get(peer, peer.hex())

    # --- checking

    def _validators_at(self, height: int) -> ValidatorSet:
        """The set that voted on `height`, by the state before it: known however long ago that was."""
        return validators_at(StateAt(self._state, height - 1), height)

    def _check(self, commit: Commit, validators: ValidatorSet) -> None:
        """Raises InvalidMessageError unless this is the height that the log had. Decoding has checked that
        the parts are the header's and that the certificate names it."""
        block = commit.block
        verify_certificate(commit.certificate, validators, self._chain_id)
        if block.header.chain_id != self._chain_id:
            raise InvalidMessageError(f"block {block.header.height} is of another network")
        self._check_parent(block, validators)
        following = self._whole(block.header.height + 1)
        if following is not None:
            if following.header.parent_hash != block.block_id:
                raise InvalidMessageError(
                    f"block {block.header.height} is not the parent of the next block in this log"
                )
            self._check_proof_inside(following, validators)

    def _check_parent(self, block: Block, validators: ValidatorSet) -> None:
        header = block.header
        parent = self._whole(header.height - 1)
        expected = self._chain_id if header.height == 1 else None if parent is None else parent.block_id
        if expected is not None and header.parent_hash != expected:
            raise InvalidMessageError(f"block {header.height} does not follow block {header.height - 1}")
        if header.height > 1:
            before = StateAt(self._state, header.height - 1)
            self._check_proof_inside(block, validators_at(before, header.height - 1))

    def _check_proof_inside(self, child: Block, validators: ValidatorSet) -> None:
        """The certificate of its parent that a block carries, against the set of the parent's height."""
        height = child.header.height - 1
        assert child.parent_certificate is not None, "only block 1 has none, as its parts were checked"
        proof = CommitCertificate.decode(child.parent_certificate)
        if (proof.height, proof.block_id) != (height, child.header.parent_hash):
            raise InvalidMessageError(
                f"the certificate inside block {height + 1} is not of its parent, block {height}"
            )
        verify_certificate(proof, validators, self._chain_id)

    def _whole(self, height: int) -> Block | None:
        """A block of this log; None when it has none of this height, or a damaged one."""
        if not self._blocks.first_height <= height <= self._blocks.last_height:
            return None
        try:
            return Block.decode(self._blocks.read(height).block)
        except LogDamageError:
            return None
        except DecodeError as error:
            raise CorruptionError(f"block {height} of the log is not a block: {error}") from error

    def _replayed(self, block: Block) -> Results:
        """Outcomes and changes of a certified block, made anew. Raises CorruptionError."""
        header = block.header
        context = BlockContext(header.chain_id, header.height, header.time_ms)
        try:
            transactions = [SignedTransaction.decode(body, auth) for body, auth in block.transactions]
            evidence = [Evidence.decode(piece) for piece in block.evidence]
            before = StateAt(self._state, header.height - 1)
            results = replay(before, context, transactions, misbehaviour_of(evidence))
        except (DecodeError, ExecutionFault) as error:
            raise self._contradiction(header.height, str(error)) from error
        if isinstance(results, Refusal):
            raise self._contradiction(header.height, f"a transaction is refused, {results}")
        if results.outcomes_root() != header.outcomes_root:
            raise self._contradiction(header.height, "its outcomes are others")
        if results.changes_root() != header.changes_root:
            raise self._contradiction(header.height, "its changes are others")
        return results

    def _contradiction(self, height: int, what: str) -> CorruptionError:
        return CorruptionError(
            f"block {height}, certified and sent by a peer, does not do on this node's state what its header "
            f"says: {what}. It was not put back. When the state was just rebuilt from the block "
            "log, another version of the rules is likely: compare this node's version with the others'"
        )
