"""One height of Tendermint: every rule that decides a vote (docs/consensus.md; arXiv 1807.04938).

Rules stand under their names R0 to R7. After every input they are tried in the fixed order R1, R2, R3, R5,
R6, R4, R7 until none fires; the order is part of the determinism.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chain import keys
from chain.block import Block
from chain.certificate import ROUND_MAXIMUM, CommitCertificate, SignedProposal, Vote, VoteKind
from chain.errors import LedgerError
from chain.evidence import PROPOSAL_KIND, Evidence, Signed
from chain.types import NO_ROUND, Address, Hash32, Height, Round, Signature
from chain.validators import ValidatorSet
from consensus import repair
from consensus.bodies import Bodies
from consensus.effects import (
    Broadcast,
    BuildBlock,
    Decide,
    Effect,
    Record,
    ReportEquivocation,
    ScheduleTimeout,
)
from consensus.inputs import (
    BlockBuilt,
    BlockChecked,
    BodyReceived,
    CertificateReceived,
    Input,
    ProposalReceived,
    TimeoutElapsed,
    Verdict,
    VoteReceived,
)
from consensus.messages import MessageType, ProposalMessage, Status, Step
from consensus.records import KeyRetired, OwnMessage, OwnRecord, Position, encode_record
from consensus.recovery import OwnProposal, OwnState, own_state
from consensus.signer import Signer
from consensus.tally import Content, Powers, Tally
from consensus.timing import TimeBounds, Timeouts

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) -> is it valid."""

_VOTE_STEPS = {VoteKind.PREVOTE: Step.PREVOTE, VoteKind.PRECOMMIT: Step.PRECOMMIT}


class HaltError(LedgerError):
    """A quorum decided what this node cannot accept: it must stop, loudly, and must not guess."""

    default_code = "CONSENSUS-HALT"


@dataclass(frozen=True, slots=True)
class HeldProposal:
    """The first signed proposal of a round. `received_at_ms` is None for our own, which is always timely."""

    proposal: SignedProposal
    received_at_ms: int | None


class Consensus:
    """The machine of one height.

    The caller makes one for height h when h - 1 is stored and applied, calls `recover` with the journal's
    records before anything else, and hands in what it hears of h from then on. When recovery leaves `round`
    at -1 (nothing was signed at h) it calls `start` as soon as `Pacing` allows. Every call answers with
    effects to perform in order. `address` and `signer` are None for a node that only follows. `verify` is
    the one place where signatures are judged.
    """

    def __init__(
        self,
        height: Height,
        chain_id: Hash32,
        validators: ValidatorSet,
        address: Address | None,
        signer: Signer | None,
        timeouts: Timeouts,
        bounds: TimeBounds,
        verify: Verify = keys.verify,
    ) -> None:
        self.height = height
        self.round = -1
        """-1 between heights."""
        self.step = Step.PROPOSE
        self.lock_round = -1
        self.lock_id: Hash32 | None = None
        self.valid_round = -1
        self.valid_id: Hash32 | None = None
        self.decision: Decide | None = None
        self.rejected = 0
        """Messages dropped for a bad signature or a signer who had no right to them."""
        self._chain_id = chain_id
        self._validators = validators
        self._validators_hash = validators.hash
        self._address = address
        self._signer = signer
        self._timeouts = timeouts
        self._bounds = bounds
        self._verify = verify
        self._powers = Powers(validators)
        self._tally = Tally(self._powers)
        self._bodies = Bodies()
        self._proposals: dict[int, HeldProposal] = {}
        self._heard: dict[Address, int] = {}
        self._far: dict[Address, ProposalReceived | Vote] = {}
        self._commit_quorums: list[tuple[int, Hash32]] = []
        self._polkas: set[int] = set()
        self._timed: set[tuple[int, Step]] = set()
        self._accused: set[tuple[Address, int]] = set()
        self._effects: list[Effect] = []

    # --- what the driver calls

    @property
    def is_decided(self) -> bool:
        return self.decision is not None

    def start(self) -> tuple[Effect, ...]:
        """Enter round 0, unless a round was entered or the height decided already."""
        if self.round < 0 and self.decision is None:
            self._enter(0)
        return self._settle()

    def handle(self, received: Input) -> tuple[Effect, ...]:
        """Take one input and try the rules. After the decision nothing is answered."""
        if self.decision is not None:
            return ()
        match received:
            case VoteReceived(vote):
                self._take_vote(vote)
            case ProposalReceived():
                self._take_proposal(received)
            case BlockBuilt(round_, block):
                self._take_built(round_, block)
            case BlockChecked(block_id, verdict):
                self._bodies.checked(block_id, verdict)
            case BodyReceived(block):
                self._take_body(block)
            case CertificateReceived(certificate, certified):
                self._take_certificate(certificate, certified)
            case TimeoutElapsed(height, round_, step):
                self._take_timeout(height, round_, step)
        return self._settle()

    def recover(self, records: Iterable[OwnRecord]) -> tuple[Effect, ...]:
        """R-rec. `records`: the journal's; those of other heights only raise the signer's position.

        Everything said before at this height goes back into the own tally and out again; the lock stands.
        """
        assert self.round < 0
        assert not self._heard, "recovery comes first: own votes heard before it would seem lost"
        records = tuple(records)
        if self._signer is not None:
            self._signer.restore(records)
        state = None if self._address is None else own_state(records, self.height, self._address)
        if state is not None and self.decision is None:
            self._restore(state)
        return self._settle()

    def status(self) -> Status:
        """What STATUS says now: on every step change, and every 250 ms backing off to 1 s."""
        return repair.status_of(
            self.height,
            self.round,
            self.step,
            self.round in self._proposals,
            self.valid_round,
            self._tally,
            self._powers,
            self._bodies.ids(),
        )

    def votes_lacking(self, peer: Status) -> bytes | None:
        """Payload of one VOTES message with what this peer's STATUS lacks, or None when that is nothing."""
        if peer.height != self.height:
            return None
        held = self._proposals.get(peer.round)
        return repair.votes_lacking(peer, None if held is None else held.proposal, self._tally, self._powers)

    def body(self, block_id: Hash32) -> Block | None:
        """A body held, for GET_BLOCK."""
        return self._bodies.get(block_id)

    def refusals(self) -> tuple[str, ...]:
        """What the signer refused since the last look: log each; it is a bug or a lost journal."""
        if self._signer is None:
            return ()
        refused, self._signer.refusals = tuple(self._signer.refusals), []
        return refused

    def votes(self) -> tuple[Vote, ...]:
        """All votes held, for the archive of heights with more than one round."""
        return tuple(vote for _, _, votes in self._tally.items() for vote in votes)

    # --- inputs

    def _take_vote(self, vote: Vote) -> None:
        """Intake of a single vote: the first two contents of a validator count, a third is dropped."""
        if vote.height != self.height or vote.round > ROUND_MAXIMUM or vote.address not in self._powers.of:
            return
        votes = self._tally.at(vote.kind, vote.round)
        if votes.holds(vote.address, (vote.block_id, vote.pol)) or votes.is_full(vote.address):
            return
        is_far = self._is_far(vote.round)
        if is_far and not self._is_higher(vote.address, vote.round, _VOTE_STEPS[vote.kind]):
            return
        sign_bytes = self._vote_bytes(vote)
        if not self._is_signed(vote.address, sign_bytes, vote.signature):
            return
        if vote.address == self._address:
            self._retire(f"a {vote.kind.name.lower()} of round {vote.round} that the journal lacks")
        if is_far:
            self._far[vote.address] = vote
            self._hear(vote.address, vote.round)
        else:
            self._count(vote, sign_bytes)

    def _take_certified(self, votes: Iterable[Vote]) -> bool:
        """Votes that came together for one id. With a quorum of true ones they always count, also the third
        of an equivocator: else it could hide a decision from one node for ever. Answers whether they are a
        quorum."""
        true_votes: list[tuple[Vote, bytes]] = []
        power = 0
        sign_bytes_of: dict[Content, bytes] = {}
        for address, vote in {vote.address: vote for vote in votes}.items():
            content = (vote.block_id, vote.pol)
            sign_bytes = sign_bytes_of.get(content) or self._vote_bytes(vote)
            sign_bytes_of[content] = sign_bytes
            if self._holds(vote) or self._is_signed(address, sign_bytes, vote.signature):
                true_votes.append((vote, sign_bytes))
                power += self._powers.of[address]
        is_quorum = self._powers.is_quorum(power)
        for vote, sign_bytes in true_votes:
            if not is_quorum:
                self._take_vote(vote)  # with the bounds of any single vote
            elif not self._adds_nothing(vote):
                if vote.address == self._address:
                    self._retire(f"a {vote.kind.name.lower()} of round {vote.round} that the journal lacks")
                self._count(vote, sign_bytes)
        return is_quorum

    def _take_proposal(self, received: ProposalReceived) -> None:
        proposal = received.proposal
        round_, address = proposal.round, proposal.address
        if proposal.height != self.height or not -1 <= proposal.pol < round_ <= ROUND_MAXIMUM:
            return
        if address != self._validators.proposer(self.height, Round(round_)):
            self.rejected += 1
            return
        held = self._proposals.get(round_)
        is_known = held is not None and _same(held.proposal, proposal)
        if not is_known:
            is_far = self._is_far(round_)
            if is_far and not self._is_higher(address, round_, Step.PROPOSE):
                return
            sign_bytes = proposal.sign_bytes(self._chain_id, self._validators_hash)
            if not self._is_signed(address, sign_bytes, proposal.signature):
                return
            if address == self._address:
                self._retire(f"a proposal of round {round_} that the journal lacks")
            self._hear(address, round_)
            if is_far:
                self._far[address] = replace(received, block=None)  # up to 4 MiB; RequestBody brings it back
                return
        self._hold_proposal(received)

    def _hold_proposal(self, received: ProposalReceived) -> None:
        """A proposal whose signature is true: the first of its round stands, a second accuses its signer."""
        proposal = received.proposal
        held = self._proposals.setdefault(proposal.round, HeldProposal(proposal, received.received_at_ms))
        if not _same(held.proposal, proposal):
            self._accuse(PROPOSAL_KIND, held.proposal, proposal)
            return
        if proposal.pol >= 0:
            self._take_certified(vote for vote in received.polka if self._is_in_polka(vote, proposal))
        if received.block is not None and received.block.block_id == proposal.block_id:
            self._take_body(received.block)

    def _is_in_polka(self, vote: Vote, proposal: SignedProposal) -> bool:
        return (
            vote.kind is VoteKind.PREVOTE
            and vote.height == self.height
            and vote.round == proposal.pol
            and vote.block_id == proposal.block_id
            and vote.address in self._powers.of
        )

    def _take_certificate(self, certificate: CommitCertificate, block: Block | None) -> None:
        members = self._validators.members
        if certificate.height != self.height or certificate.round > ROUND_MAXIMUM:
            return
        if any(index >= len(members) for index, _ in certificate.signatures):
            self.rejected += 1
            return
        round_, block_id = certificate.round, certificate.block_id
        is_quorum = self._take_certified(
            Vote(
                VoteKind.PRECOMMIT, self.height, round_, block_id, NO_ROUND, members[index].address, signature
            )
            for index, signature in certificate.signatures
        )
        if is_quorum and block is not None and block.block_id == block_id:
            self._take_body(block)

    def _take_body(self, block: Block) -> None:
        if block.block_id in self._wanted_bodies():
            self._bodies.put(block)
        else:
            self._bodies.turn_away(block.block_id)

    def _take_built(self, round_: int, block: Block) -> None:
        if round_ == self.round and self.step is Step.PROPOSE and round_ not in self._proposals:
            self._bodies.put_built(block)
            self._offer(block.block_id, NO_ROUND)

    def _take_timeout(self, height: int, round_: int, step: Step) -> None:
        if height != self.height or round_ != self.round:
            return
        if step is Step.PROPOSE and self.step is Step.PROPOSE:
            self._prevote(None, NO_ROUND)
        elif step is Step.PREVOTE and self.step is Step.PREVOTE:
            self._precommit_nil()
        elif step is Step.PRECOMMIT and round_ < ROUND_MAXIMUM:
            self._enter(round_ + 1)

    # --- the rules

    def _settle(self) -> tuple[Effect, ...]:
        """Try the rules until none fires; what they ask for."""
        while self.decision is None and self._fire():
            assert self.lock_round <= self.valid_round <= max(self.round, 0)  # I5
        effects, self._effects = tuple(self._effects), []
        return effects

    def _fire(self) -> bool:
        if self.round < 0:
            return self._r1_decide()
        return (
            self._r1_decide()
            or self._r2_skip()
            or self._r3_prevote()
            or self._r5_lock()
            or self._r6_nil()
            or self._r4_time_prevotes()
            or self._r7_time_precommits()
        )

    def _enter(self, round_: int) -> None:
        """R0."""
        self.round, self.step = round_, Step.PROPOSE
        self._bodies.forget_faults()
        self._absorb_far()
        self._bodies.keep(self._wanted_bodies())
        if self._may_sign() and self._validators.proposer(self.height, Round(round_)) == self._address:
            if self.valid_id is not None:
                self._offer(self.valid_id, Round(self.valid_round))
            else:
                self._effects.append(BuildBlock(self.height, Round(round_)))
        self._schedule(Step.PROPOSE)

    def _r1_decide(self) -> bool:
        for round_, block_id in self._commit_quorums:
            verdict = self._bodies.verdict_at_decision(block_id, self._effects)
            if verdict is None:
                continue  # no timer helps: the body or its check must come
            if verdict is not Verdict.VALID:
                raise HaltError(
                    f"height {self.height}, round {round_}: more than two thirds decided block "
                    f"{block_id.hex()}, which this node finds {verdict.value} (docs/consensus.md, R1). Stop; "
                    "compare this node's version, state root and data with the others before it runs again"
                )
            self._decide(round_, block_id)
            return True
        return False

    def _r2_skip(self) -> bool:
        """To the largest round that some honest validator has reached."""
        ahead = sorted((round_, address) for address, round_ in self._heard.items() if round_ > self.round)
        power = 0
        for round_, address in reversed(ahead):
            power += self._powers.of[address]
            if self._powers.some_honest(power):
                self._enter(round_)
                return True
        return False

    def _r3_prevote(self) -> bool:
        held = self._proposals.get(self.round)
        if self.step is not Step.PROPOSE or held is None:
            return False
        block_id, pol = held.proposal.block_id, held.proposal.pol
        verdict = self._bodies.verdict(block_id, self._effects)
        if verdict is None:
            return False
        if pol < 0:
            is_free = self.lock_round == -1 or self.lock_id == block_id
            accepts = is_free and self._is_fresh(held, block_id)
        elif self._has_polka(pol, block_id):
            accepts = self.lock_round <= pol or self.lock_id == block_id
        else:
            return False  # no vote yet: the polka or the timer decides
        self._prevote(block_id if accepts and verdict is Verdict.VALID else None, pol)
        return True

    def _is_fresh(self, held: HeldProposal, block_id: Hash32) -> bool:
        """At R3a alone: built by this round's proposer, and timely. A block offered again is asked
        neither."""
        block = self._bodies.get(block_id)
        assert block is not None
        if block.header.proposer != self._validators.proposer(self.height, Round(self.round)):
            return False
        if held.received_at_ms is None:
            return True
        return self._bounds.is_timely(block.header.time_ms, held.received_at_ms, self.round)

    def _r5_lock(self) -> bool:
        if self.step is Step.PROPOSE or self.round in self._polkas:
            return False
        for (block_id, _), content in self._tally.at(VoteKind.PREVOTE, self.round).contents.items():
            if block_id is None or not self._powers.is_quorum(content.power):
                continue
            if self._bodies.verdict(block_id, self._effects) is not Verdict.VALID:
                continue
            self._polkas.add(self.round)
            self.valid_round, self.valid_id = self.round, block_id
            if self.step is Step.PREVOTE:
                self.lock_round, self.lock_id = self.round, block_id
                self._precommit(block_id, tuple(content.votes.values()))
            return True
        return False

    def _r6_nil(self) -> bool:
        if self.step is not Step.PREVOTE:
            return False
        if not self._powers.is_quorum(self._tally.at(VoteKind.PREVOTE, self.round).power_for(None)):
            return False
        self._precommit_nil()
        return True

    def _r4_time_prevotes(self) -> bool:
        return self.step is Step.PREVOTE and self._time(VoteKind.PREVOTE, Step.PREVOTE)

    def _r7_time_precommits(self) -> bool:
        return self._time(VoteKind.PRECOMMIT, Step.PRECOMMIT)

    def _time(self, kind: VoteKind, step: Step) -> bool:
        """Once a round: more than two thirds have voted, whatever they said; do not wait for ever for the
        rest."""
        if (self.round, step) in self._timed or not self._powers.is_quorum(
            self._tally.at(kind, self.round).power
        ):
            return False
        self._timed.add((self.round, step))
        self._schedule(step)
        return True

    def _decide(self, round_: int, block_id: Hash32) -> None:
        block = self._bodies.get(block_id)
        assert block is not None
        signed = self._tally.at(VoteKind.PRECOMMIT, round_).contents[block_id, NO_ROUND].votes
        signatures = sorted((self._powers.index[address], vote.signature) for address, vote in signed.items())
        certificate = CommitCertificate(self.height, Round(round_), block_id, tuple(signatures))
        self.decision = Decide(self.height, Round(round_), block, certificate)
        self._effects.append(self.decision)

    # --- own messages

    def _offer(self, block_id: Hash32, pol: Round) -> None:
        """PROPOSAL, with the block, and with the polka when it is offered again."""
        assert self._address is not None
        block = self._bodies.get(block_id)
        assert block is not None, "the valid value's body is kept"
        polka = tuple(self._tally.at(VoteKind.PREVOTE, pol).votes_for(block_id)) if pol >= 0 else ()
        unsigned = SignedProposal(
            self.height, Round(self.round), block_id, pol, self._address, Signature(bytes(64))
        )
        sign_bytes = unsigned.sign_bytes(self._chain_id, self._validators_hash)
        signature = self._sign(Step.PROPOSE, sign_bytes)
        if signature is None:
            return
        proposal = replace(unsigned, signature=signature)
        self._record(
            Step.PROPOSE,
            sign_bytes,
            signature,
            proposal.encode(),
            block=block.encode(),
            polka=tuple(vote.encode() for vote in polka),
        )
        self._effects.append(
            Broadcast(MessageType.PROPOSAL, ProposalMessage(proposal, block, polka).encode())
        )
        self._hear(self._address, self.round)
        self._proposals.setdefault(self.round, HeldProposal(proposal, None))

    def _prevote(self, block_id: Hash32 | None, pol: Round) -> None:
        self.step = Step.PREVOTE
        self._vote(VoteKind.PREVOTE, block_id, pol, ())

    def _precommit(self, block_id: Hash32, polka: tuple[Vote, ...]) -> None:
        assert self._powers.is_quorum(self._powers.sum({vote.address for vote in polka}))  # I3
        self.step = Step.PRECOMMIT
        self._vote(VoteKind.PRECOMMIT, block_id, NO_ROUND, polka)

    def _precommit_nil(self) -> None:
        self.step = Step.PRECOMMIT
        self._vote(VoteKind.PRECOMMIT, None, NO_ROUND, ())

    def _vote(self, kind: VoteKind, block_id: Hash32 | None, pol: Round, polka: tuple[Vote, ...]) -> None:
        """Sign, record, send, and count like a received vote. A follower passes here in silence."""
        if self._address is None:
            return
        unsigned = Vote(
            kind, self.height, Round(self.round), block_id, pol, self._address, Signature(bytes(64))
        )
        sign_bytes = self._vote_bytes(unsigned)
        signature = self._sign(_VOTE_STEPS[kind], sign_bytes)
        if signature is None:
            return
        vote = replace(unsigned, signature=signature)
        wire = vote.encode()
        if polka:
            assert block_id is not None
            block = self._bodies.get(block_id)
            assert block is not None
            self._record(
                _VOTE_STEPS[kind],
                sign_bytes,
                signature,
                wire,
                lock_round=self.round,
                lock_id=block_id,
                block=block.encode(),
                polka=tuple(prevote.encode() for prevote in polka),
            )
        else:
            self._record(_VOTE_STEPS[kind], sign_bytes, signature, wire)
        self._effects.append(Broadcast(MessageType.VOTE, wire))
        self._count(vote, sign_bytes)

    def _may_sign(self) -> bool:
        return self._signer is not None and self._signer.retired is None and self._address in self._powers.of

    def _sign(self, step: Step, sign_bytes: bytes) -> Signature | None:
        if self._signer is None or not self._may_sign():
            return None
        return self._signer.sign(Position(self.height, self.round, step), sign_bytes)

    def _record(
        self,
        step: Step,
        sign_bytes: bytes,
        signature: Signature,
        message: bytes,
        *,
        lock_round: int = -1,
        lock_id: Hash32 | None = None,
        block: bytes | None = None,
        polka: tuple[bytes, ...] = (),
    ) -> None:
        record = OwnMessage(
            self.height,
            Round(self.round),
            step,
            sign_bytes,
            signature,
            message,
            lock_round,
            lock_id,
            block,
            polka,
        )
        self._effects.append(Record(encode_record(record)))

    def _retire(self, what: str) -> None:
        """An own signature arrived that the journal lacks: it was lost, or somebody else holds the key. Of a
        height that the journal calls done (the block log was lost, and not the journal) it keeps no votes."""
        if self._signer is None or self._signer.retired is not None or self._signer.is_past(self.height):
            return
        reason = f"height {self.height}: this key's signature arrived on {what}"
        self._signer.retire(reason)
        self._effects.append(Record(encode_record(KeyRetired(self.height, reason))))

    def _restore(self, state: OwnState) -> None:
        self.lock_round, self.lock_id = state.lock_round, state.lock_id
        self.valid_round, self.valid_id = state.valid_round, state.valid_id
        if state.lock_round >= 0:
            self._polkas.add(state.lock_round)
        self.round, self.step = state.round, state.step
        for vote in state.polka:
            if not self._holds(vote):
                self._count(vote, self._vote_bytes(vote))
        for message in state.messages:
            self._say_again(message)
        self._absorb_far()
        for block in state.blocks:
            self._take_body(block)
        self._schedule(Step.PROPOSE)
        self._schedule(Step.PREVOTE)

    def _say_again(self, message: OwnProposal | Vote) -> None:
        if isinstance(message, Vote):
            if not self._holds(message):
                self._count(message, self._vote_bytes(message))
            self._effects.append(Broadcast(MessageType.VOTE, message.encode()))
            return
        proposal = message.proposal
        self._hear(proposal.address, proposal.round)
        self._proposals.setdefault(proposal.round, HeldProposal(proposal, None))
        payload = ProposalMessage(proposal, message.block, message.polka).encode()
        self._effects.append(Broadcast(MessageType.PROPOSAL, payload))

    # --- what is held

    def _count(self, vote: Vote, sign_bytes: bytes) -> None:
        """A vote whose signature is true and whose content is new."""
        votes = self._tally.opened(vote.kind, vote.round)
        earlier = votes.add(vote, sign_bytes)
        self._hear(vote.address, vote.round)
        if earlier is not None:
            self._accuse(vote.kind, earlier, vote)
        if vote.kind is VoteKind.PRECOMMIT and vote.block_id is not None:
            decided = (vote.round, vote.block_id)
            power = votes.contents[vote.block_id, vote.pol].power
            if self._powers.is_quorum(power) and decided not in self._commit_quorums:
                self._commit_quorums.append(decided)

    def _accuse(self, kind: int, one: Signed, other: Signed) -> None:
        """Once a validator and kind, as evidence stands on the chain; never ourselves: that is `_retire`."""
        address = one.address
        if address == self._address or (address, kind) in self._accused:
            return
        self._accused.add((address, kind))
        self._effects.append(ReportEquivocation(address, Evidence.of(one, other)))

    def _hear(self, address: Address, round_: int) -> None:
        self._heard[address] = max(round_, self._heard.get(address, -1))

    def _holds(self, vote: Vote) -> bool:
        return self._tally.at(vote.kind, vote.round).holds(vote.address, (vote.block_id, vote.pol))

    def _adds_nothing(self, vote: Vote) -> bool:
        """Of an equivocator that stands for this id already a certificate brings no further valid rounds: one
        liar could else name a new one in every message."""
        votes = self._tally.at(vote.kind, vote.round)
        is_known = votes.holds(vote.address, (vote.block_id, vote.pol))
        return is_known or (votes.is_full(vote.address) and votes.stands_for(vote.address, vote.block_id))

    def _has_polka(self, round_: int, block_id: Hash32) -> bool:
        return self._powers.is_quorum(self._tally.at(VoteKind.PREVOTE, round_).power_for(block_id))

    def _is_far(self, round_: int) -> bool:
        return round_ > self.round + 1

    def _is_higher(self, address: Address, round_: int, step: Step) -> bool:
        """Of far rounds only a validator's highest message is kept: what was dropped comes again through
        STATUS."""
        kept = self._far.get(address)
        return kept is None or (round_, step) > _place(kept)

    def _absorb_far(self) -> None:
        """Messages of rounds that are near now, in the order of the set."""
        for address in sorted(self._far, key=self._powers.index.__getitem__):
            kept = self._far[address]
            if self._is_far(_place(kept)[0]):
                continue
            del self._far[address]
            if isinstance(kept, ProposalReceived):
                self._hold_proposal(kept)
            elif not self._holds(kept):
                self._count(kept, self._vote_bytes(kept))

    def _wanted_bodies(self) -> set[Hash32]:
        """Lock, valid value, proposals of this round and the next, and ids that some honest validator
        precommitted in any round or prevoted in this round or the last (older ones nobody can lock any
        more)."""
        wanted = {block_id for block_id in (self.lock_id, self.valid_id) if block_id is not None}
        for round_ in (self.round, self.round + 1):
            held = self._proposals.get(round_)
            if held is not None:
                wanted.add(held.proposal.block_id)
        for kind, round_, votes in self._tally.items():
            if kind is VoteKind.PRECOMMIT or round_ >= self.round - 1:
                wanted.update(votes.ids_backed())
        return wanted

    def _vote_bytes(self, vote: Vote) -> bytes:
        content = self._tally.at(vote.kind, vote.round).contents.get((vote.block_id, vote.pol))
        if content is not None:
            return content.sign_bytes
        return vote.sign_bytes(self._chain_id, self._validators_hash)

    def _is_signed(self, address: Address, sign_bytes: bytes, signature: Signature) -> bool:
        """The one place where signatures are judged."""
        if self._verify(self._powers.public_key[address], sign_bytes, signature):
            return True
        self.rejected += 1
        return False

    def _schedule(self, step: Step) -> None:
        duration_ms = self._timeouts.duration_ms(step, self.round)
        self._effects.append(ScheduleTimeout(self.height, Round(self.round), step, duration_ms))


def _same(one: SignedProposal, other: SignedProposal) -> bool:
    """Same signed content; a second signature on it accuses nobody."""
    return (one.block_id, one.pol) == (other.block_id, other.pol)


def _place(kept: ProposalReceived | Vote) -> tuple[int, Step]:
    if isinstance(kept, ProposalReceived):
        return kept.proposal.round, Step.PROPOSE
    return kept.round, _VOTE_STEPS[kept.kind]
