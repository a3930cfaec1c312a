"""What must hold after every step of a cluster (docs/consensus.md, Invariants), judged by own arithmetic.

Nothing here asks the machine whether it did right: thresholds, locks and signatures are counted anew from
what was sent, what is on disk, and which votes a machine holds. Where each stands:

* I1 agreement, I6 valid and certified from bytes: `decision`.
* I2 one content a place, I7 durable before it leaves: `sent`. I3 polka before a precommit:
  `_check_precommit`. I4 no prevote against the lock: `_check_prevote`.
* I5 lock and valid round: `step`, `_check_precommit`, and across restarts `recovered`.
* I8 memory of a height: `_check_memory`, after every step.
* I9 every height once, in order: `applied`.
* I10 block time: `_check_time` when an honest validator takes a fresh block, `decision` for what is decided.
* I11 same inputs, same effects: `Cluster.check_replay` runs a decided machine again.
* I12 a decision by everybody: `Cluster.run`.
* I13 only the guilty are named: `accused` for evidence, `convicts_nobody_honest` for the forensic tool.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chain.block import Block
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind
from chain.evidence import PROPOSAL_KIND
from chain.types import NO_ROUND, Address, Hash32, Height
from consensus import forensics
from consensus.effects import Decide, ReportEquivocation
from consensus.inputs import CertificateReceived, Input, TimeoutElapsed, Verdict
from consensus.machine import Consensus
from consensus.messages import Step
from tests.support.committee import NOON_MS, Committee

if TYPE_CHECKING:
    from tests.simulation.cluster import Node

CONTENTS_KEPT = 2
"""I8: contents a validator may have in one place of one round, and one more that a certificate brought."""

PRECISION_MS, LATENESS_MS = 500, 5_000
"""I10: what the clusters of this simulation allow a fresh block's time."""

BODIES_KEPT = 12
"""I8: lock, valid value, two proposals, and the few ids that a third of the validators can stand behind."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a machine stood before a step."""

    round: int
    step: Step
    lock_id: Hash32 | None

    @classmethod
    def of(cls, machine: Consensus) -> "Stand":
        return cls(machine.round, machine.step, machine.lock_id)


class Oracle:
    """Watches one cluster. Every method asserts; `seen` counts the rare situations a run went through."""

    def __init__(self, committee: Committee, byzantine: frozenset[int], may_fork: bool = False) -> None:
        self.committee = committee
        self.honest = {committee.address(i) for i in range(committee.n) if i not in byzantine}
        self.may_fork = may_fork
        self.decided: dict[int, Block] = {}
        self.seen: Counter[str] = Counter()
        self._signed: dict[tuple[Address, int, int, int], tuple[Hash32 | None, int]] = {}
        self._locks: dict[tuple[int, int], tuple[int, Hash32]] = {}
        self._valid: dict[tuple[int, int, int], int] = {}
        self._counted: dict[int, int] = {}
        self._came_back: set[tuple[int, int]] = set()
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
                if node.machine.lock_id != message.block_id:
                    self.seen["block offered again without a lock on it"] += 1
        elif message.block_id is None:
            self._note_nil(node, message)
        else:
            if message.kind is VoteKind.PREVOTE:
                self._check_prevote(node, message, message.block_id)
            else:
                self._check_precommit(node, message, message.block_id)

    def _note_nil(self, node: "Node", vote: Vote) -> None:
        is_locked = (node.number, vote.height) in self._locks
        if vote.kind is VoteKind.PREVOTE:
            if is_locked:
                self.seen["prevoted nil under a lock"] += 1
            return
        votes = [held for held in node.machine.votes() if held.round == vote.round]
        ids = {held.block_id for held in votes if held.kind is VoteKind.PREVOTE and held.block_id is not None}
        if any(self.holds_polka(node, vote.round, block_id, same_pol=False) for block_id in ids):
            self.seen["precommitted nil beside a polka"] += 1

    def _check_prevote(self, node: "Node", vote: Vote, block_id: Hash32) -> None:
        lock_round, lock_id = self._locks.get((node.number, vote.height), (-1, None))
        if vote.pol >= 0:
            assert self.holds_polka(node, vote.pol, block_id, same_pol=False), f"{node}: no polka for {vote}"
        elif node.member != self.committee.proposer(vote.height, vote.round):
            self._check_time(node, vote, block_id)
        if lock_id is None or lock_id == block_id:
            return
        assert lock_round <= vote.pol < vote.round, f"I4: {node}, locked in {lock_round}, prevotes {vote}"
        self.seen["locked, then unlocked by a newer polka"] += 1
        if (node.number, vote.height) in self._came_back:
            self.seen["a lock that came back gave way to a newer polka"] += 1

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
        earlier_round, earlier_id = self._locks.get(key, (-1, None))
        assert earlier_round < vote.round, f"I5: {node} locks backwards: {vote}"
        self._locks[key] = (vote.round, block_id)
        self.seen["lock"] += 1
        if vote.round >= 2:
            self.seen["lock in round 2 or later"] += 1
        if earlier_id not in (None, block_id):
            self.seen["locked anew on another block"] += 1

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
        if not self.may_fork:
            retired = node.signer.retired
            assert retired is None, f"{node} thinks its journal lost something: {retired}"
        self._check_memory(node)

    def recovered(self, node: "Node") -> None:
        """I5 across a restart; called after R-rec, before anything is heard."""
        machine = node.machine
        if not node.is_honest or machine.is_decided:
            return
        lock_round, lock_id = self._locks.get((node.number, machine.height), (-1, None))
        assert (machine.lock_round, machine.lock_id) >= (lock_round, lock_id) or lock_round < 0, (
            f"I5: {node} comes back without its lock"
        )
        if machine.lock_round >= 0:
            self.seen["recovered with a lock"] += 1
            self._came_back.add((node.number, machine.height))
        if machine.lock_round >= 2:
            self.seen["recovered with a lock of round 2 or later"] += 1
        if machine.round >= 0 and machine.lock_round < 0:
            self.seen["recovered with votes and no lock"] += 1

    def handled(self, node: "Node", before: Stand, received: Input) -> None:
        """Count what one input did; the checks stand in `step`."""
        machine = node.machine
        if not node.is_honest:
            return
        if machine.round > before.round >= 0 and not isinstance(received, TimeoutElapsed):
            self.seen["rounds skipped"] += 1
            if before.lock_id is not None:
                self.seen["round skipped under a lock"] += 1
        if isinstance(received, TimeoutElapsed) and before.step is Step.PROPOSE:
            held = received.round == before.round and machine.step is not Step.PROPOSE
            if held and machine.status().has_proposal:
                self.seen["the timer won over a proposal"] += 1
        if not machine.is_decided or machine.decision is None:
            return
        decided_round = machine.decision.round
        if isinstance(received, CertificateReceived):
            self.seen["decided by a certificate"] += 1
            if decided_round == machine.round == node.skipped_to:
                self.seen["decided by a certificate in a round skipped to"] += 1
        if 0 <= decided_round < machine.round:
            self.seen["decided in a round already left"] += 1
        if machine.lock_id not in (None, machine.decision.block.block_id):
            self.seen["decided another block than the locked one"] += 1

    def asked(self, node: "Node", block_id: Hash32) -> None:
        """A body is asked for."""
        self.seen["body asked for"] += 1
        votes = [vote for vote in node.machine.votes() if vote.block_id == block_id]
        for kind, mark in (
            (VoteKind.PREVOTE, "body asked for after its polka"),
            (VoteKind.PRECOMMIT, "body asked for after its decision"),
        ):
            rounds = {vote.round for vote in votes if vote.kind is kind}
            if any(
                self.is_quorum([vote for vote in votes if (vote.kind, vote.round) == (kind, round_)])
                for round_ in rounds
            ):
                self.seen[mark] += 1

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
            signed = message.sign_bytes(self.committee.chain_id, voting.hash)
            assert self.committee.verify(member.public_key, signed, message.signature), "I13: false evidence"
        self.seen["equivocation reported"] += 1
        if report.evidence.kind == PROPOSAL_KIND:
            self.seen["two proposals of one round"] += 1
        elif node.machine.round >= first.round:
            self.seen["equivocator in both tallies"] += 1

    # --- decisions

    def decision(self, node: "Node", decide: Decide) -> None:
        """I1, I6, I10."""
        if not node.is_honest:
            return
        block = self.decided.setdefault(decide.height, decide.block)
        if self.may_fork and block.block_id != decide.block.block_id:
            self.seen["fork"] += 1
            return
        assert block.block_id == decide.block.block_id, f"I1: two blocks at height {decide.height}, {node}"
        assert node.verdict(decide.block) is Verdict.VALID, f"I6: {node} decides an invalid block"
        assert self.is_certified(decide.certificate, block.block_id), f"I6: {node}, certificate is not valid"
        parent = self.decided.get(decide.height - 1)
        assert parent is None or parent.header.time_ms < block.header.time_ms, "I10: time stands still"
        now_ms = NOON_MS + node.cluster.now_ms
        latest_ms = now_ms + PRECISION_MS + max(p.fastest_skew_ms for p in node.cluster.honest_nodes())
        assert block.header.time_ms <= latest_ms, "I10: time is ahead of every honest clock"
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
            signed = vote.sign_bytes(self.committee.chain_id, voting.hash)
            if not self.committee.verify(members[index].public_key, signed, signature):
                return False
            votes.append(vote)
        return certificate.block_id == block_id and self.is_quorum(votes)

    def _check_memory(self, node: "Node") -> None:
        """I8: two contents a validator, place and round, more inside a certificate alone; no rounds above the
        next one; one far message a validator; a few bodies."""
        machine = node.machine
        held = sum(len(votes.contents) for _, _, votes in machine._tally.items())
        if self._counted.get(node.number) != held:
            self._counted[node.number] = held
            self._check_votes(node, machine.votes())
            assert len(machine.status().bodies) <= BODIES_KEPT, f"I8: {node} holds too many bodies"
        assert len(machine._far) <= len(self.committee.at(machine.height).members), (
            f"I8: {node}, far messages"
        )
        assert len(machine._proposals) <= max(machine.round, 0) + 2, f"I8: {node}, proposals"
        if machine._far:
            self.seen["message of a far round kept"] += 1

    def _check_votes(self, node: "Node", votes: Iterable[Vote]) -> None:
        """A certificate brings a vote for its id beyond the first two; those two alone may stand without a
        quorum behind them. Of rounds that are far there is nothing but certificates."""
        places: dict[tuple[Address, int, int], list[Vote]] = {}
        by_id: dict[tuple[int, int, Hash32 | None], list[Vote]] = {}
        for vote in votes:
            places.setdefault((vote.address, vote.kind, vote.round), []).append(vote)
            by_id.setdefault((vote.kind, vote.round, vote.block_id), []).append(vote)
        for (_, kind, round_), held in places.items():
            if len(held) > CONTENTS_KEPT:
                self.seen["third content counted inside a certificate"] += 1
                certified = [vote for vote in held if self.is_quorum(by_id[kind, round_, vote.block_id])]
                assert len(held) - len(certified) <= CONTENTS_KEPT, f"I8: {node} keeps {held}"
        for round_ in {vote.round for vote in votes if vote.round > node.machine.round + 1}:
            assert any(self.is_quorum(same) for place, same in by_id.items() if place[1] == round_), (
                f"I8: {node} keeps single votes of far round {round_}"
            )

    def convicts_nobody_honest(self, nodes: Iterable["Node"]) -> None:
        """I13 for the forensic tool: over everything the nodes of a run have kept."""
        nodes = list(nodes)
        for height in self.decided:
            certificates = [node.disk.blocks[height - 1][1] for node in nodes if node.height > height]
            votes = [vote for node in nodes for vote in node.archive.get(height, ())]
            if forensics.is_quiet(certificates, votes):
                continue
            found = forensics.examine(
                Height(height),
                self.committee.chain_id,
                [self.committee.at(height)],
                certificates,
                votes,
                self.committee.verify,
            )
            named = {culprit.address for culprit in found.culprits}
            assert not named & self.honest, f"I13: the honest are named: {found.culprits}"
            self.seen["archives examined"] += 1
            self.seen["named by the archives"] += len(named)

    def applied(self, node: "Node", height: int) -> None:
        """I9."""
        self._finished[node.number] += 1
        assert self._finished[node.number] == height, f"I9: {node} applies height {height} out of order"
