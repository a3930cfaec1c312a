"""Networks that fork, because more validators lie than the rules bear; for the forensic tool.

The honest stand on two sides that do not hear each other. Twins run an honest machine on each side; the
forgetful hear both sides, sign every place once and ignore their locks. Either kind can make two blocks of
one height final, and what the honest nodes keep must name them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from chain.certificate import CommitCertificate, Vote
from chain.types import Address, Hash32, Height
from consensus.forensics import Findings, Offence, examine
from tests.simulation.cluster import Cluster, Node, Plan
from tests.support.committee import CHAIN_ID, Committee

SIZES = ((4, 2), (7, 3), (7, 4), (5, 3), (9, 5), (10, 4))
"""Validators, and how many of them lie: more than a third, fewer than two thirds, and enough to make a quorum
with either half of the honest."""


def fork_plan(seed: int) -> Plan:
    """Sizes, kinds of liars and sides in turn; the weather from the seed."""
    n, count = SIZES[seed % len(SIZES)]
    random = Random(seed)
    liars = tuple(sorted(random.sample(range(n), count)))
    kind = ("twins", "forgetful")[seed // len(SIZES) % 2]
    honest = [member for member in range(n) if member not in liars]
    first_side = set(random.sample(honest, len(honest) // 2))
    sides: list[int] = []
    for member in range(n):
        if member not in liars:
            sides.append(0 if member in first_side else 1)
        else:
            sides += [0, 1] if kind == "twins" else [2]
    return Plan(
        seed,
        n=n,
        byzantine=kind,
        heights=1,
        liars=liars,
        sides=tuple(sides),
        may_fork=True,
        has_crashes=seed % 4 == 0,
        is_masked=seed % 5 == 0,
        weather="clear" if seed % 3 else None,
    )


@dataclass(frozen=True, slots=True)
class Forked:
    """One run: who lied, and what each node has kept of height 1."""

    plan: Plan
    committee: Committee
    honest: frozenset[Address]
    nodes: tuple[Node, ...]
    has_forked: bool

    def certificates(self, nodes: tuple[Node, ...]) -> list[CommitCertificate]:
        return [node.disk.blocks[0][1] for node in nodes if node.disk.blocks]

    def votes(self, nodes: tuple[Node, ...]) -> list[Vote]:
        return [vote for node in nodes for vote in node.archive.get(1, ())]

    def honest_nodes(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.is_honest)

    def examined(self, nodes: tuple[Node, ...]) -> Findings:
        """What the archives of these nodes say."""
        return examine(
            Height(1),
            self.committee.chain_id,
            [self.committee.at(1)],
            self.certificates(nodes),
            self.votes(nodes),
            self.committee.verify,
        )


def run_fork(plan: Plan, chain_id: Hash32 = CHAIN_ID) -> Forked:
    """Until every honest node has decided, one block or another, or too many liars have stopped it all."""
    cluster = Cluster(plan, chain_id)
    seen = cluster.run().seen
    committee = cluster.committee
    honest = frozenset(committee.address(i) for i in range(plan.n) if i not in cluster.byzantine)
    return Forked(plan, committee, honest, tuple(cluster.nodes), seen["fork"] > 0)


def examine_some(first: int, count: int) -> Counter[str]:
    """Run these seeds and examine what is left of each; how often what happened."""
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        run = run_fork(fork_plan(seed))
        findings = run.examined(run.honest_nodes())
        named = {culprit.address for culprit in findings.culprits}
        assert not named & run.honest, f"seed {seed} names the honest: {findings}"
        _examine_parts(run, seed)
        if not run.has_forked:
            continue
        assert findings.is_fork, f"seed {seed}"
        assert run.committee.validators.some_honest(named), f"seed {seed} names too few: {findings}"
        seen["forks"] += 1
        seen[f"forks by {run.plan.byzantine}, {run.plan.n} validators"] += 1
        seen["convicted of equivocation"] += any(
            one.offence is Offence.EQUIVOCATION for one in findings.culprits
        )
        seen["convicted of amnesia"] += any(one.offence is Offence.AMNESIA for one in findings.culprits)
    return seen


def _examine_parts(run: Forked, seed: int) -> None:
    """Some archives only, also those of liars: fewer may be named, and never the honest."""
    random = Random(seed)
    for _ in range(3):
        part = tuple(random.sample(run.nodes, random.randint(1, len(run.nodes))))
        named = {culprit.address for culprit in run.examined(part).culprits}
        assert not named & run.honest, f"seed {seed}, of {part}: the honest are named"
