"""A set of validators for tests: their keys, their votes and blocks; and one of them at its machine."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha512

from chain import keys
from chain.block import Block, BlockHeader, auth_root, evidence_root, transactions_root
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind, certificate_hash
from chain.hashing import Tag, tagged_hash
from chain.types import NO_ROUND, ZERO_HASH, Address, Hash32, Height, Round, Signature
from chain.validators import ValidatorSet
from consensus.effects import Broadcast, BuildBlock, CheckBlock, Decide, Effect, Record
from consensus.inputs import (
    BlockBuilt,
    BlockChecked,
    Input,
    ProposalReceived,
    TimeoutElapsed,
    Verdict,
    VoteReceived,
)
from consensus.machine import Consensus
from consensus.messages import MessageType, ProposalMessage, Step
from consensus.records import OwnRecord, decode_record
from consensus.signer import Signer
from consensus.timing import TimeBounds, Timeouts

CHAIN_ID = tagged_hash(Tag.GENESIS, b"tests")
UNSIGNED = Signature(bytes(64))
NOON_MS = 1_800_000_000_000

BAD = b"bad"
"""A transaction that makes a block invalid."""

FAULTY = b"faulty"
"""A transaction that makes the check of a block end in an execution fault."""


def stub_sign(public_key: bytes, message: bytes) -> Signature:
    """Fast and deterministic; only good against people who do not forge."""
    return Signature(sha512(public_key + message).digest())


def stub_verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    return signature == stub_sign(public_key, message)


@dataclass(frozen=True, slots=True)
class LedSet(ValidatorSet):
    """A set whose proposers of the first rounds are chosen: by index, round by round, at every height."""

    leaders: tuple[int, ...] = ()

    def proposer(self, height: Height, round: Round) -> Address:
        if round < len(self.leaders):
            return self.members[self.leaders[round]].address
        return ValidatorSet.proposer(self, height, round)


class Committee:
    """n validators; member i is index i of the set. With `real` keys Ed25519 signs, else a stub.

    `sets`: which members vote on height 1, 2 …; the last stays. Without it all vote always, and `leaders`
    may say who proposes in round 0, 1 ….
    """

    def __init__(
        self,
        n: int,
        powers: Sequence[int] | None = None,
        real: bool = False,
        sets: Sequence[tuple[int, ...]] = (),
        chain_id: Hash32 = CHAIN_ID,
        leaders: tuple[int, ...] = (),
    ) -> None:
        signing = [keys.SigningKey.from_seed(bytes([i + 1]) * 32) for i in range(n)]
        signing.sort(key=lambda key: key.address)
        self.n = n
        self.chain_id = chain_id
        self.verify = keys.verify if real else stub_verify
        self._signing = signing
        self._real = real
        powers = [1] * n if powers is None else powers
        pairs = [(key.public_key, power) for key, power in zip(signing, powers, strict=True)]
        self.validators = ValidatorSet.of(1, pairs)
        if leaders:
            self.validators = LedSet(Height(1), self.validators.members, leaders)
        self._sets: list[ValidatorSet] = []
        for height, voting in enumerate(sets, 1):
            if height > 1 and voting == sets[height - 2]:
                self._sets.append(self._sets[-1])
            else:
                self._sets.append(ValidatorSet.of(height, [pairs[i] for i in voting]))

    def at(self, height: int) -> ValidatorSet:
        """The set that votes on this height."""
        return self._sets[min(height, len(self._sets)) - 1] if self._sets else self.validators

    def address(self, i: int) -> Address:
        return self.validators.members[i].address

    def sign(self, i: int, message: bytes) -> Signature:
        if self._real:
            return self._signing[i].sign(message)
        return stub_sign(self.validators.members[i].public_key, message)

    def signer(self, i: int) -> Signer:
        return Signer(self.address(i), lambda message: self.sign(i, message))

    def proposer(self, height: int, round_: int) -> int:
        address = self.at(height).proposer(Height(height), Round(round_))
        return [member.address for member in self.validators.members].index(address)

    def vote(
        self, kind: VoteKind, round_: int, block_id: Hash32 | None, i: int, pol: int = -1, height: int = 1
    ) -> Vote:
        unsigned = Vote(kind, Height(height), Round(round_), block_id, Round(pol), self.address(i), UNSIGNED)
        signature = self.sign(i, unsigned.sign_bytes(self.chain_id, self.at(height).hash))
        return Vote(kind, Height(height), Round(round_), block_id, Round(pol), self.address(i), signature)

    def prevotes(
        self, round_: int, block_id: Hash32 | None, who: Iterable[int], pol: int = -1
    ) -> tuple[Vote, ...]:
        return tuple(self.vote(VoteKind.PREVOTE, round_, block_id, i, pol) for i in who)

    def precommits(self, round_: int, block_id: Hash32 | None, who: Iterable[int]) -> tuple[Vote, ...]:
        return tuple(self.vote(VoteKind.PRECOMMIT, round_, block_id, i) for i in who)

    def proposal(
        self, round_: int, block_id: Hash32, pol: int = -1, height: int = 1, i: int | None = None
    ) -> SignedProposal:
        who = self.proposer(height, round_) if i is None else i
        unsigned = SignedProposal(
            Height(height), Round(round_), block_id, Round(pol), self.address(who), UNSIGNED
        )
        signature = self.sign(who, unsigned.sign_bytes(self.chain_id, self.at(height).hash))
        return SignedProposal(
            Height(height), Round(round_), block_id, Round(pol), self.address(who), signature
        )

    def certificate(self, round_: int, block_id: Hash32, who: Iterable[int]) -> CommitCertificate:
        signed = [(i, self.vote(VoteKind.PRECOMMIT, round_, block_id, i).signature) for i in sorted(who)]
        return CommitCertificate(Height(1), Round(round_), block_id, tuple(signed))

    def block(
        self,
        label: bytes,
        proposer: int,
        height: int = 1,
        time_ms: int = NOON_MS,
        parent: Hash32 | None = None,
        parent_certificate: bytes | None = None,
    ) -> Block:
        """A block that holds one transaction, `label`, with parts that match its header."""
        transactions = ((label, b"auth"),)
        header = BlockHeader(
            chain_id=self.chain_id,
            height=Height(height),
            time_ms=time_ms,
            proposer=self.address(proposer),
            parent_hash=self.chain_id if parent is None else parent,
            parent_certificate_hash=(
                ZERO_HASH if parent_certificate is None else certificate_hash(parent_certificate)
            ),
            tx_root=transactions_root(transactions),
            tx_count=1,
            auth_root=auth_root(transactions),
            outcomes_root=ZERO_HASH,
            changes_root=ZERO_HASH,
            state_root=tagged_hash(Tag.STATE_VALUE, (parent or self.chain_id) + label),
            history_root=ZERO_HASH,
            validators_hash=self.at(height).hash,
            next_validators_hash=self.at(height + 1).hash,
            params_hash=ZERO_HASH,
            app_version=1,
            evidence_root=evidence_root(()),
        )
        return Block.of(header, parent_certificate, transactions)

    def machine(
        self, i: int | None, height: int = 1, signer: Signer | None = None, make: type[Consensus] = Consensus
    ) -> Consensus:
        if i is not None and signer is None:
            signer = self.signer(i)
        return make(
            Height(height),
            self.chain_id,
            self.at(height),
            None if i is None else self.address(i),
            signer,
            Timeouts(),
            TimeBounds(),
            self.verify,
        )


Said = tuple[VoteKind, int, Hash32 | None, int]
"""A vote without its sender: kind, round, id or None, pol."""


def votes_in(effects: Iterable[Effect]) -> list[Said]:
    """Own votes among these effects."""
    votes = [
        Vote.decode(effect.payload)
        for effect in effects
        if isinstance(effect, Broadcast) and effect.type is MessageType.VOTE
    ]
    return [(vote.kind, vote.round, vote.block_id, vote.pol) for vote in votes]


def prevote(round_: int, block: Block | None, pol: int = -1) -> Said:
    return (VoteKind.PREVOTE, round_, None if block is None else block.block_id, pol)


def precommit(round_: int, block: Block | None) -> Said:
    return (VoteKind.PRECOMMIT, round_, None if block is None else block.block_id, -1)


def proposals_in(effects: Iterable[Effect]) -> list[ProposalMessage]:
    """Own proposals among these effects."""
    return [
        ProposalMessage.decode(effect.payload)
        for effect in effects
        if isinstance(effect, Broadcast) and effect.type is MessageType.PROPOSAL
    ]


def decisions_in(effects: Iterable[Effect]) -> list[tuple[int, Hash32]]:
    """(round, id) of decisions among these effects."""
    return [(effect.round, effect.block.block_id) for effect in effects if isinstance(effect, Decide)]


def verdict_of(block: Block) -> Verdict:
    """What the tests' application says of a block, by its first transaction."""
    label = block.transactions[0][0]
    if label.startswith(BAD):
        return Verdict.INVALID
    return Verdict.FAULT if label.startswith(FAULTY) else Verdict.VALID


class Seat:
    """One validator at its machine. Checks are answered at once by `verdict_of`; records are kept as a
    journal.

    `build`: answer to BuildBlock; without it nothing is built. `see` returns all effects, in order.
    """

    def __init__(
        self,
        committee: Committee,
        i: int | None,
        journal: Iterable[bytes] = (),
        build: Callable[[int], Block] | None = None,
        height: int = 1,
    ) -> None:
        self.committee = committee
        self.i = i
        self.height = height
        self.journal = list(journal)
        self.build = build
        self.said: list[Effect] = []
        self.machine = committee.machine(i, height)
        self._perform(self.machine.recover(self.records()))

    def records(self) -> list[OwnRecord]:
        return [decode_record(payload) for payload in self.journal]

    def start(self) -> list[Effect]:
        return self._perform(self.machine.start())

    def see(self, *inputs: Input) -> list[Effect]:
        """Hand these in; every effect that followed."""
        performed: list[Effect] = []
        for received in inputs:
            performed += self._perform(self.machine.handle(received))
        return performed

    def offered(
        self, block: Block, round_: int, pol: int = NO_ROUND, polka: tuple[Vote, ...] = ()
    ) -> list[Effect]:
        """See the proposal of that round's proposer, arriving at the block's own time."""
        proposal = self.committee.proposal(round_, block.block_id, pol, self.height)
        return self.see(ProposalReceived(proposal, block, polka, block.header.time_ms))

    def hear(self, *votes: Vote) -> list[Effect]:
        return self.see(*(VoteReceived(vote) for vote in votes))

    def elapse(self, step: Step, round_: int) -> list[Effect]:
        return self.see(TimeoutElapsed(Height(self.height), Round(round_), step))

    def restarted(self) -> "Seat":
        """The same validator after a crash, with its journal alone."""
        return Seat(self.committee, self.i, self.journal, self.build, self.height)

    def _perform(self, effects: Sequence[Effect]) -> list[Effect]:
        performed: list[Effect] = []
        queue = list(effects)
        while queue:
            effect = queue.pop(0)
            performed.append(effect)
            if isinstance(effect, Record):
                self.journal.append(effect.payload)
            elif isinstance(effect, CheckBlock):
                verdict = verdict_of(effect.block)
                queue += self.machine.handle(BlockChecked(effect.block.block_id, verdict))
            elif isinstance(effect, BuildBlock) and self.build is not None:
                queue += self.machine.handle(BlockBuilt(effect.round, self.build(effect.round)))
        self.said += performed
        return performed
