"""What must hold after every step of a cluster (docs/consensus.md, Invariants), judged by own arithmetic.

Nothing here asks the machine whether it did right: thresholds, locks and signatures are counted anew from
what was sent, what is on disk, and which votes a machine holds.
"""

from collections import Counter
from typing import TYPE_CHECKING

from chain.block import Block
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind
from chain.types import NO_ROUND, Address, Hash32
from consensus.effects import Decide, ReportEquivocation
from consensus.inputs import Verdict
from tests.support.committee import CHAIN_ID, Committee

if TYPE_CHECKING:
    from tests.simulation.cluster import Node

ROUND_STEPS_KEPT = 5
"""I8: contents a validator may have in one round: two prevotes, two precommits, and one a certificate
brought."""

PRECISION_MS, LATENESS_MS = 500, 5_000
"""I10: what the clusters of this simulation allow a fresh block's time."""

BODIES_KEPT = 12
"""I8: lock, valid value, two proposals, and the few ids that a third of the validators can stand behind."""


class Oracle:
    """Watches one cluster. Every method asserts; `seen` counts the rare situations a run went through."""

    def __init__(self, committee: Committee, byzantine: frozenset[int]) -> None:
        self.committee = committee
        self.honest = {committee.address(i) for i in range(committee.n) if i not in byzantine}
        self.decided: dict[int, Block] = {}
        self.seen: Counter[str] = Counter()
        self._signed: dict[tuple[Address, int, int, int], tuple[Hash32 | None, int]] = {}
        self._locks: dict[tuple[int, int], tuple[int, Hash32]] = {}
        self._valid: dict[tuple[int, int, int], int] = {}
        self._finished: Counter[int] = Counter()

    # --- thresholds

    def is_quorum(self, votes: list[Vote]) -> bool:
        members = self.committee.at(votes[0].height).members if votes else ()
        voters = {vote.address for vote in votes}
        power = sum(member.power for member in members if member.address in voters)
        return power * 3 > sum(member.power for member in members) * 2

    def holds_polka(self, node: "Node", round_: int, block_id: Hash32, same_pol: bool) -> bool:
        held = [
            vote
            for vote in node.machine.votes()
            if (vote.kind, vote.round, vote.block_id) == (VoteKind.PREVOTE, round_, block_id)
        ]
        if not same_pol:
            return self.is_quorum(held)
        return any(
            self.is_quorum([vote for vote in held if vote.pol == pol]) for pol in {v.pol for v in held}
        )

    # --- what leaves a node

    def sent(self, node: "Node", message: Vote | SignedProposal) -> None:
        """A first sending, or one repeated after a restart."""
        if not node.is_honest:
            return
        assert node.disk.is_durable(message.encode()), f"I7: {node} sent what is not on disk: {message}"
        kind = int(message.kind) if isinstance(message, Vote) else 3
        key = (message.address, message.height, message.round, kind)
        content = (message.block_id, int(message.pol))
        is_repeated = key in self._signed
        assert self._signed.setdefault(key, content) == content, f"I2: {node} signed twice at {key[1:]}"
        if is_repeated:
            return
        if isinstance(message, SignedProposal):
            if message.pol >= 0:
                self.seen["block offered again with its polka"] += 1
        elif message.block_id is not None:
            if message.kind is VoteKind.PREVOTE:
                self._check_prevote(node, message, message.block_id)
            else:
                self._check_precommit(node, message, message.block_id)

    def _check_prevote(self, node: "Node", vote: Vote, block_id: Hash32) -> None:
        lock_round, lock_id = self._locks.get((node.number, vote.height), (-1, None))
        if vote.pol >= 0:
            assert self.holds_polka(node, vote.pol, block_id, same_pol=False), f"{node}: no polka for {vote}"
        elif node.member != self.committee.proposer(vote.height, vote.round):
            self._check_time(node, vote, block_id)
        if lock_id is None or lock_id == block_id:
            return
        assert lock_round <= vote.pol < vote.round, f"I4: {node}, locked in {lock_round}, prevotes {vote}"
        self.seen["unlocked by a newer polka"] += 1

    def _check_time(self, node: "Node", vote: Vote, block_id: Hash32) -> None:
        """I10: a fresh block is of about the time at which its proposal came, by this node's clock."""
        time_ms = node.cluster.times_ms[block_id]
        earliest = -PRECISION_MS - LATENESS_MS * 11 ** min(vote.round, 50) // 10 ** min(vote.round, 50)
        arrivals = node.arrivals_ms[vote.height, vote.round, block_id]
        assert any(earliest <= time_ms - arrival <= PRECISION_MS for arrival in arrivals), (
            f"I10: {node} takes a block of {time_ms}, heard of at {arrivals}"
        )

    def _check_precommit(self, node: "Node", vote: Vote, block_id: Hash32) -> None:
        assert self.holds_polka(node, vote.round, block_id, same_pol=True), f"I3: {node}, no polka: {vote}"
        key = (node.number, vote.height)
        assert self._locks.get(key, (-1, None))[0] < vote.round, f"I5: {node} locks backwards: {vote}"
        self._locks[key] = (vote.round, block_id)
        self.seen["lock"] += 1
        if vote.round >= 2:
            self.seen["lock in round 2 or later"] += 1

    # --- what a node is after a step

    def step(self, node: "Node") -> None:
        """After every input of an honest node."""
        if not node.is_honest:
            return
        machine = node.machine
        assert machine.lock_round <= machine.valid_round <= max(machine.round, 0), f"I5: {node}"
        lock_round, lock_id = self._locks.get((node.number, machine.height), (-1, None))
        keeps_lock = machine.lock_id == lock_id if machine.lock_round == lock_round else True
        assert machine.lock_round >= lock_round, f"I5: {node} lost its lock"
        assert keeps_lock, f"I5: {node} changed its lock"
        key = (node.number, node.life, machine.height)
        assert machine.valid_round >= self._valid.get(key, -1), f"I5: {node}, valid round fell"
        if machine.valid_round > max(machine.lock_round, self._valid.get(key, -1)):
            self.seen["valid value without a lock of its round"] += 1
        self._valid[key] = machine.valid_round
        assert node.signer.retired is None, f"{node} thinks its journal lost something: {node.signer.retired}"

    def accused(self, node: "Node", report: ReportEquivocation) -> None:
        """I13."""
        first, second = report.evidence.messages()
        assert first.address == second.address == report.validator
        assert (first.height, first.round) == (second.height, second.round)
        assert (first.block_id, first.pol) != (second.block_id, second.pol)
        assert report.validator not in self.honest, f"I13: {node} accuses an honest validator"
        voting = self.committee.at(first.height)
        member = voting.member(report.validator)
        assert member is not None
        for message in (first, second):
            signed = message.sign_bytes(CHAIN_ID, voting.hash)
            assert self.committee.verify(member.public_key, signed, message.signature), "I13: false evidence"
        self.seen["equivocation reported"] += 1

    # --- decisions

    def decision(self, node: "Node", decide: Decide) -> None:
        """I1, I6, I8, I10."""
        if not node.is_honest:
            return
        block = self.decided.setdefault(decide.height, decide.block)
        assert block.block_id == decide.block.block_id, f"I1: two blocks at height {decide.height}, {node}"
        assert node.verdict(decide.block) is Verdict.VALID, f"I6: {node} decides an invalid block"
        assert self.is_certified(decide.certificate, block.block_id), f"I6: {node}, certificate is not valid"
        parent = self.decided.get(decide.height - 1)
        assert parent is None or parent.header.time_ms < block.header.time_ms, "I10: time stands still"
        self._check_memory(node)
        self.seen["decision"] += 1
        self.seen[f"decided in round {min(decide.round, 4)}" + ("+" if decide.round >= 4 else "")] += 1

    def is_certified(self, certificate: CommitCertificate, block_id: Hash32) -> bool:
        """From bytes alone."""
        certificate = CommitCertificate.decode(certificate.encode())
        voting = self.committee.at(certificate.height)
        members = voting.members
        votes: list[Vote] = []
        for index, signature in certificate.signatures:
            vote = Vote(
                VoteKind.PRECOMMIT,
                certificate.height,
                certificate.round,
                block_id,
                NO_ROUND,
                members[index].address,
                signature,
            )
            signed = vote.sign_bytes(CHAIN_ID, voting.hash)
            if not self.committee.verify(members[index].public_key, signed, signature):
                return False
            votes.append(vote)
        return certificate.block_id == block_id and self.is_quorum(votes)

    def _check_memory(self, node: "Node") -> None:
        votes = node.machine.votes()
        rounds = {vote.round for vote in votes}
        assert len(votes) <= ROUND_STEPS_KEPT * self.committee.n * len(rounds), (
            f"I8: {node} holds too many votes"
        )
        assert len(node.machine.status().bodies) <= BODIES_KEPT, f"I8: {node} holds too many bodies"

    def applied(self, node: "Node", height: int) -> None:
        """I9."""
        self._finished[node.number] += 1
        assert self._finished[node.number] == height, f"I9: {node} applies height {height} out of order"
