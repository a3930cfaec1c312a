"""The oracle: what must hold while whole nodes run, judged from outside (docs/consensus.md, Invariants).

It hears of every message before it leaves, of every decision, of every answer to a client and of every
death; it counts votes and signatures with its own arithmetic and keeps what was promised.
"""

from __future__ import annotations

import sys
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from chain.block import Block
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind
from chain.errors import StorageError
from chain.evidence import Evidence
from chain.keys import verify
from chain.types import NO_ROUND, Address, Hash32
from consensus.messages import MAX_COMMITS, MessageType, ProposalMessage, Step, Votes
from consensus.records import OwnMessage, decode_record
from contracts.invariants import recount
from node.assembly import DecidedBlock
from node.ledger import TransactionStatus
from node.node import Node

if TYPE_CHECKING:
    from tests.simulation.seats import Process, Seat
    from tests.simulation.wires import Endpoint
    from tests.simulation.world import Simulation

Key = tuple[int, int, int]
"""(height, round, step) of a signed message."""

VOTES_OF_A_ROUND = 5
"""I8: contents a validator may have in one round: two prevotes, two precommits, one a certificate brought."""

LOGGED = {
    "damaged height put back": "log repaired from a peer",
    "put back what is known without a peer": "log repaired without a peer",
    "the state is damaged: rebuilding it from the block log": "state rebuilt",
    "state root is not the one of its block: rebuilding the state": "state rebuilt",
    "state is ahead of the block log: rebuilding it": "state rebuilt",
    "cut an unsynced tail of the block log": "torn tail cut",
    "this key will not vote": "key retired",
    "equivocation": "equivocation seen",
    "invalid block": "invalid block refused",
    "bad message": "bad message blamed",
    "signature refused": "signature refused",
}
"""Log lines that are marks of something rare."""


class Watch:
    """One run's oracle. Whatever does not hold ends the run through `world.fail`."""

    def __init__(self, world: Simulation, *, is_told: bool = False) -> None:
        self._world = world
        self._is_told = is_told
        self._trace = sha256()
        self.events = 0
        self.seen: Counter[str] = Counter()
        self.chain: dict[int, Block] = {}
        """What was decided, by the first honest node that did."""
        self.is_over = False
        self._signed: dict[Address, dict[Key, tuple[Hash32 | None, int]]] = {}
        self._locks: dict[tuple[Address, int], tuple[int, Hash32]] = {}
        self._certified: set[bytes] = set()
        self._told: dict[Hash32, tuple[int, int]] = {}
        self._read: Counter[int] = Counter()
        self._served: Counter[int] = Counter()
        self._last_payload = b""
        self._left_at: dict[int, int] = {}

    # --- the trace

    @property
    def trace_hash(self) -> str:
        """Over everything that happened, in order."""
        return self._trace.hexdigest()

    def note(self, what: str, number: int, data: bytes = b"") -> None:
        self.events += 1
        line = f"{self._world.loop.time():.9f} {number} {what} {len(data)} "
        self._trace.update(line.encode() + data)
        if self._is_told and not what.startswith("sent"):
            print(f"{self._world.loop.time():9.3f} {self._world.seats[number]}: {what} {data.hex()[:16]}")

    def logged(self, process: Process, event: dict[str, Any]) -> None:
        """A warning or worse of a node."""
        if self.is_over:
            return
        text = event["event"]
        if self._is_told and process.seat.is_honest:
            print(f"{self._world.loop.time():9.3f} {process}: {event}", file=sys.stderr)
        mark = LOGGED.get(text)
        if mark is not None and process.seat.is_honest and process.is_alive:
            self.seen[mark] += 1

    # --- lives

    def began(self, process: Process) -> None:
        self.note("began", process.seat.number)

    def is_absent(self, seat: Seat) -> None:
        """It comes only when the others have gone on for long."""
        self._left_at[seat.number] = 0

    def died(self, process: Process) -> None:
        if self.is_over:
            return
        self.note("died", process.seat.number)
        node = process.node
        if node is not None:
            self._left_at[process.seat.number] = node.driver.tip.height

    def up(self, process: Process, node: Node) -> None:
        """Past its start: the state stands, the journal is read, nothing was said yet."""
        seat = process.seat
        height = node.driver.tip.height
        self.note("up", seat.number, height.to_bytes(8, "big"))
        node.driver._observers = (*node.driver._observers, _Decisions(self, process))
        if not seat.is_honest:
            return
        if seat.forgets:
            return
        if height < self._served[seat.number]:
            if not seat.rots:
                self._world.fail(
                    f"{process} starts at height {height}, and has shown {self._served[seat.number]} already"
                )
            self.seen["the log's end was lost to rot"] += 1
            self._served[seat.number] = height
        if height > self._served[seat.number] + 1:
            self._world.fail(f"I9: {process} starts at height {height} after {self._served[seat.number]}")
        if height > self._served[seat.number]:
            self.seen["killed between storing a height and telling of it"] += 1
            self._served[seat.number] = height
        self._check_tip(process, node)
        self._note_restart(process, node)

    def _check_tip(self, process: Process, node: Node) -> None:
        height = node.driver.tip.height
        if not height:
            return
        decided = self.chain.get(height)
        if decided is None:  # it was killed before it could tell anybody
            decided = self.chain[height] = node.ledger.block(height).block
        if node.driver.tip.block_id != decided.block_id:
            self._world.fail(f"I1: {process} starts on another block at height {height}")
        if node.ledger.status().state_root != decided.header.state_root:
            self._world.fail(f"{process} starts with another state root at height {height}")

    def _note_restart(self, process: Process, node: Node) -> None:
        """Marks of what a restart found."""
        if process.life == 1:
            return
        self.seen["restart"] += 1
        address, height = process.seat.address, node.driver.tip.height + 1
        if (address, height) in self._locks:
            self.seen["restart with a lock"] += 1
        journal = node.driver._journal
        if journal is None:
            return
        said = self._signed.get(address, {})
        for payload in journal.records():
            record = decode_record(payload)
            if isinstance(record, OwnMessage) and record.height == height and record.position not in said:
                self.seen["crash between journal and broadcast"] += 1

    def ended(self, process: Process, error: BaseException | None) -> None:
        """A process ended by itself."""
        seat = process.seat
        self.note("ended", seat.number, type(error).__name__.encode())
        if self._is_told:
            print(f"{self._world.loop.time():9.3f} {process} ended: {error!r}", file=sys.stderr)
        if not seat.is_honest:
            self._world.mischief.stopped(seat)
            return
        if isinstance(error, StorageError) and seat.may_fail:
            self.seen["stopped by its disk"] += 1
            self._world.mischief.stopped(seat)
            return
        self._world.fail(f"{process} ended: {error!r}", error)

    # --- what leaves a node

    def sent(self, sender: Endpoint, receiver: Endpoint, kind: int, payload: bytes) -> None:
        """Before it leaves."""
        seat: Seat = sender.owner  # type: ignore[assignment]
        self.note(f"sent {receiver.owner.number} {kind}", seat.number, payload)
        if payload is not self._last_payload and seat.is_honest:
            self._last_payload = payload
            match kind:
                case MessageType.VOTE:
                    self._said(seat, Vote.decode(payload))
                case MessageType.PROPOSAL:
                    self._said(seat, ProposalMessage.decode(payload).proposal)
                case MessageType.VOTES:
                    votes = Votes.decode(payload)
                    for message in (votes.proposal, *votes.votes):
                        if message is not None and message.address == seat.address:
                            self._said(seat, message)
                case MessageType.EVIDENCE:
                    self._accused(Evidence.decode(payload), f"{seat} passes on")
        seat.acts()

    def _said(self, seat: Seat, message: Vote | SignedProposal) -> None:
        """An own message of an honest node: I2, I3, I4, I5, I7."""
        step = Step.PROPOSE
        if isinstance(message, Vote):
            step = Step.PREVOTE if message.kind is VoteKind.PREVOTE else Step.PRECOMMIT
        key = (int(message.height), int(message.round), int(step))
        content = (message.block_id, int(message.pol))
        said = self._signed.setdefault(message.address, {})
        if message.address == seat.address and not seat.forgets and not seat.holds_durably(message.encode()):
            self._world.fail(f"I7: {seat} sends what is not on its disk: {message}")
        known = said.get(key)
        if known is not None:
            if known != content and not seat.forgets:
                self._world.fail(f"I2: {seat} signed two contents at height, round, step {key}")
            return
        said[key] = content
        if seat.is_silenced:
            self._world.fail(f"{seat} signs, though its journal was lost: {message}")
        process = seat.process
        if process is None or process.node is None or not isinstance(message, Vote):
            return
        if message.block_id is not None and message.height == process.node.driver.machine.height:
            if message.kind is VoteKind.PREVOTE:
                self._check_prevote(seat, message)
            else:
                self._check_precommit(seat, message, process.node)

    def _check_prevote(self, seat: Seat, vote: Vote) -> None:
        lock_round, lock_id = self._locks.get((seat.address, vote.height), (-1, None))
        if lock_id is None or lock_id == vote.block_id or vote.round <= lock_round or seat.forgets:
            return
        if not lock_round <= vote.pol < vote.round:
            self._world.fail(f"I4: {seat}, locked in round {lock_round}, prevotes {vote}")
        self.seen["unlocked by a newer polka"] += 1

    def _check_precommit(self, seat: Seat, vote: Vote, node: Node) -> None:
        held = node.driver.machine.votes()
        polka = [
            one for one in held
            if (one.kind, one.round, one.block_id) == (VoteKind.PREVOTE, vote.round, vote.block_id)
        ]  # fmt: skip
        pols = sorted({one.pol for one in polka})
        if not any(self._is_quorum(node, [one for one in polka if one.pol == pol]) for pol in pols):
            self._world.fail(f"I3: {seat} precommits without a polka: {vote}")
        rounds = len({one.round for one in held})
        if len(held) > VOTES_OF_A_ROUND * self._world.options.n * rounds:
            self._world.fail(f"I8: {seat} holds {len(held)} votes of {rounds} rounds")
        if self._locks.get((seat.address, vote.height), (-1, None))[0] > vote.round and not seat.forgets:
            self._world.fail(f"I5: {seat} locks backwards: {vote}")
        assert vote.block_id is not None
        self._locks[seat.address, vote.height] = (int(vote.round), vote.block_id)
        self.seen["lock"] += 1
        if vote.round >= 2:
            self.seen["lock in round 2 or later"] += 1

    def _is_quorum(self, node: Node, votes: list[Vote]) -> bool:
        members = node.driver._validators.members
        voters = {vote.address for vote in votes}
        power = sum(member.power for member in members if member.address in voters)
        return power * 3 > sum(member.power for member in members) * 2

    def _accused(self, evidence: Evidence, who: str) -> None:
        """I13."""
        if evidence.address in self._world.blameless:
            self._world.fail(f"I13: {who} evidence against an honest validator: {evidence.messages()}")

    # --- decisions

    def decided(self, process: Process, decided: DecidedBlock) -> None:
        """An honest node has stored and applied a height: I1, I6, I9, I10."""
        seat, node = process.seat, process.node
        assert node is not None
        block = decided.block
        header = block.header
        self.note("decided", seat.number, block.block_id)
        if not process.is_alive or not seat.is_honest:
            return
        known = self.chain.setdefault(header.height, block)
        if known.block_id != block.block_id:
            self._world.fail(f"I1: {process} decides another block at height {header.height}")
        if known is block:
            self._first_decision(process, decided)
        if node.ledger.status().state_root != header.state_root:
            self._world.fail(f"{process}: its state after height {header.height} has another root")
        expected = self._served[seat.number] + 1
        if header.height != expected and not seat.forgets:
            self._world.fail(f"I9: {process} executes height {header.height}, expected {expected}")
        self._served[seat.number] = header.height
        self._check_certificate(str(process), decided.certificate, block)
        if decided.certificate.round >= 3:
            self.seen["decided in round 3 or later"] += 1
        if header.height == self._left_at.get(seat.number, 1 << 60) + MAX_COMMITS + 1:
            self.seen["caught up over more than 64 heights"] += 1

    def _first_decision(self, process: Process, decided: DecidedBlock) -> None:
        block = decided.block
        parent = self.chain.get(block.header.height - 1)
        if parent is not None:
            if block.header.parent_hash != parent.block_id:
                self._world.fail(f"{process}: block {block.header.height} does not follow its parent")
            if block.header.time_ms <= parent.header.time_ms:
                self._world.fail(f"I10: time stands still at height {block.header.height}")
        for piece in block.evidence:
            self._accused(Evidence.decode(piece), f"block {block.header.height} holds")
            self.seen["evidence on chain"] += 1

    def _check_certificate(self, process: str, certificate: CommitCertificate, block: Block) -> None:
        """I6: from bytes alone, with own arithmetic."""
        data = certificate.encode()
        if data in self._certified:
            return
        self._certified.add(data)
        decoded = CommitCertificate.decode(data)
        members = self._world.validators.members
        power = 0
        for index, signature in decoded.signatures:
            member = members[index]
            vote = Vote(
                VoteKind.PRECOMMIT, decoded.height, decoded.round, block.block_id, NO_ROUND, member.address,
                signature,
            )  # fmt: skip
            signed = vote.sign_bytes(self._world.chain_id, self._world.validators.hash)
            if not verify(member.public_key, signed, signature):
                self._world.fail(f"I6: {process} holds a certificate with a false signature: {certificate}")
            power += member.power
        if not power * 3 > sum(member.power for member in members) * 2:
            self._world.fail(f"I6: {process} decides without a quorum: {certificate}")

    # --- clients

    def read(self, seat: Seat, height: int, found: TransactionStatus) -> None:
        """What a node told a client stays true on every node, and a node never goes back."""
        if seat.forgets or seat.rots:
            return
        if height < self._read[seat.number]:
            self._world.fail(f"{seat} answers from height {height} after {self._read[seat.number]}")
        self._read[seat.number] = height
        told = self._told.get(found.tx_id)
        if found.status == "committed":
            assert found.height is not None
            assert found.index is not None
            place = (found.height, found.index)
            if told is not None and told != place:
                self._world.fail(
                    f"transaction {found.tx_id.hex()} was at {told}, and is at {place} at {seat}"
                )
            self._told[found.tx_id] = place
        elif told is not None and height >= told[0]:
            self._world.fail(f"transaction {found.tx_id.hex()}, told to be at {told}, is {found.status}")

    # --- the end

    def at_the_end(self) -> None:
        """Every honest machine has the same ledger, and its laws hold."""
        height = max(self.chain)
        for number in range(1, height + 1):
            if number not in self.chain:
                self._world.fail(f"height {number} is missing, {height} is there")
        roots: set[Hash32] = set()
        for seat in self._world.honest:
            node = seat.node
            assert node is not None
            roots.add(node.ledger.status().state_root)
            for tx_id, place in sorted(self._told.items()):
                found = node.ledger.transaction(tx_id)
                if (found.height, found.index) != place:
                    self._world.fail(f"{seat}: transaction {tx_id.hex()} was told to be at {place}: {found}")
            self._check_log(seat, node, height)
        if roots != {self.chain[height].header.state_root}:
            self._world.fail(f"state roots at height {height}: {sorted(root.hex() for root in roots)}")
        node = self._world.honest[0].node
        assert node is not None
        broken = recount(node.ledger._application.state)
        if broken:
            self._world.fail(f"laws of the budget do not hold: {broken}")
        self.note("over", 0, height.to_bytes(8, "big"))

    def _check_log(self, seat: Seat, node: Node, last: int) -> None:
        """What lies on its disk is the chain, each height with a certificate that proves it."""
        for height in range(1, last + 1):
            stored = node.ledger.block(height)
            if stored.block.block_id != self.chain[height].block_id:
                self._world.fail(f"I1: the log of {seat} has another block at height {height}")
            self._check_certificate(f"the log of {seat}", stored.certificate, stored.block)


class _Decisions:
    """An observer of one process."""

    def __init__(self, watch: Watch, process: Process) -> None:
        self._watch = watch
        self._process = process

    def decided(self, decided: DecidedBlock) -> None:
        self._watch.decided(self._process, decided)
