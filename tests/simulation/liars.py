"""Validators that lie: a real node whose links pass through a mask, or two nodes with one key.

Each kind has the key of its own member and no other, so that whatever it says in another's name is forged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from chain.block import Block
from chain.certificate import ROUND_MAXIMUM, CommitCertificate, SignedProposal, Vote, VoteKind
from chain.errors import InvalidMessageError, LedgerError
from chain.evidence import Evidence
from chain.types import NO_ROUND, Address, Hash32, Height, Round, Signature
from consensus.machine import Consensus
from consensus.messages import Commit, GetCommits, MessageType, ProposalMessage, Status, Step, Transactions
from contracts.context import BlockContext
from node.assembly import assemble
from node.driver import Driver
from node.node import Node
from tests.simulation.wires import Endpoint

if TYPE_CHECKING:
    from tests.simulation.seats import Process
    from tests.simulation.world import Simulation

NOTHING = Signature(bytes(64))
TURN_SECONDS = (0.1, 1.5)
"""Between two lies told without a reason."""

HEIGHT_OF_NOBODY = 1_000_000_000


class ByzantineConsensus(Consensus):
    """Says what it likes, so its own signatures come from elsewhere all the time: it never retires."""

    def _retire(self, what: str) -> None:
        pass

    def _count(self, vote: Vote, sign_bytes: bytes) -> None:
        if not self._holds(vote):
            super()._count(vote, sign_bytes)


def corrupt(node: Node) -> None:
    """From now on its machines do not mind their own contradictions."""
    driver = node.driver
    honest = driver._new_machine

    def new_machine() -> Consensus:
        machine = honest()
        machine.__class__ = ByzantineConsensus
        return machine

    driver._new_machine = new_machine  # type: ignore[method-assign]
    driver._machine.__class__ = ByzantineConsensus


class Mask:
    """The links of a liar: passes on what its node says, unless the kind says something else."""

    def __init__(self, world: Simulation, process: Process, endpoint: Endpoint) -> None:
        self.world = world
        self.process = process
        self.endpoint = endpoint
        self.key = process.seat.member.key
        self.random = Random(f"liar {world.options.seed} {process.seat.number} {process.life}")

    # --- Links

    @property
    def refusals(self) -> Mapping[str, int]:
        return self.endpoint.refusals

    @property
    def dropped(self) -> Mapping[Address, int]:
        return self.endpoint.dropped

    async def listen(self) -> tuple[str, int]:
        return await self.endpoint.listen()

    async def run(self) -> None:
        lying = asyncio.create_task(self._lie_on())
        try:
            await self.endpoint.run()
        finally:
            lying.cancel()

    def connected(self) -> tuple[Address, ...]:
        return self.endpoint.connected()

    def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]:
        return self.endpoint.incoming()

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        self.endpoint.disconnect(address, refusal)

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        return self.tell(address, kind, payload)

    def broadcast(self, kind: int, payload: bytes) -> int:
        return sum(self.send(address, kind, payload) for address in self.connected())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.endpoint, name)

    # --- what a kind changes

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        """What this peer hears instead."""
        return self.endpoint.send(address, kind, payload)

    def lie(self) -> None:
        """Without a reason, now and then."""

    # --- what it needs for that

    @property
    def driver(self) -> Driver:
        assert self.process.node is not None
        return self.process.node.driver

    @property
    def height(self) -> int:
        return self.driver.machine.height

    def is_of_half(self, address: Address) -> bool:
        return address[0] % 2 == 0

    def vote(self, kind: VoteKind, round_: int, block_id: Hash32 | None, pol: int = -1) -> Vote:
        vote = Vote(kind, Height(self.height), Round(round_), block_id, Round(pol), self.key.address, NOTHING)
        signed = vote.sign_bytes(self.world.chain_id, self.driver._validators.hash)
        return replace(vote, signature=self.key.sign(signed))

    def proposal(self, round_: int, block_id: Hash32, pol: int = -1) -> SignedProposal:
        unsigned = SignedProposal(
            Height(self.height), Round(round_), block_id, Round(pol), self.key.address, NOTHING
        )
        signed = unsigned.sign_bytes(self.world.chain_id, self.driver._validators.hash)
        return replace(unsigned, signature=self.key.sign(signed))

    def other_block(self, later_ms: int = 1) -> Block:
        """A valid block without transactions on the tip."""
        driver = self.driver
        application, tip = driver._application, driver.tip
        time_ms = max(driver._clock.now_ms(), tip.time_ms) + later_ms
        context = BlockContext(application.chain_id, Height(tip.height + 1), time_ms)
        execution = application.check(context, (), ())
        return assemble(application, tip, time_ms, self.key.address, (), execution, ())

    def to_all(self, kind: int, payload: bytes) -> None:
        for address in self.connected():
            self.endpoint.send(address, kind, payload)

    async def _lie_on(self) -> None:
        while True:
            await asyncio.sleep(self.random.uniform(*TURN_SECONDS))
            if self.process.node is not None:
                self.lie()


class TwoFaced(Mask):
    """One block to these, another to those; and votes for both."""

    def __init__(self, world: Simulation, process: Process, endpoint: Endpoint) -> None:
        super().__init__(world, process, endpoint)
        self._others: dict[tuple[int, int], tuple[bytes, Hash32]] = {}

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if kind == MessageType.PROPOSAL and self.is_of_half(address):
            payload = self._other(payload)
        elif kind == MessageType.VOTE and self.is_of_half(address):
            payload = self._voted(payload)
        return self.endpoint.send(address, kind, payload)

    def _other(self, payload: bytes) -> bytes:
        proposal = ProposalMessage.decode(payload).proposal
        place = (proposal.height, proposal.round)
        if proposal.pol >= 0 or proposal.height != self.height:
            return payload
        if place not in self._others:
            block = self.other_block()
            signed = self.proposal(proposal.round, block.block_id)
            self._others[place] = (ProposalMessage(signed, block, ()).encode(), block.block_id)
            self.world.seen["liar: two faces shown"] += 1
        return self._others[place][0]

    def _voted(self, payload: bytes) -> bytes:
        vote = Vote.decode(payload)
        other = self._others.get((vote.height, vote.round))
        if other is None or vote.height != self.height or vote.address != self.key.address:
            return payload
        return self.vote(vote.kind, vote.round, other[1]).encode()


class FalseValidRound(Mask):
    """Offers a new block as if it had been prevoted in an earlier round, with a polka of odd votes."""

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if kind == MessageType.PROPOSAL:
            message = ProposalMessage.decode(payload)
            if message.proposal.height != self.height:
                return False
            if message.proposal.round == 0:
                return False  # so that there is an earlier round to speak of
            payload = self._false(message)
        return self.endpoint.send(address, kind, payload)

    def _false(self, message: ProposalMessage) -> bytes:
        assert message.block is not None
        pol = message.proposal.round - 1
        signed = self.proposal(message.proposal.round, message.block.block_id, pol)
        odd = [vote for vote in self.driver.machine.votes() if vote.round == pol][:100]
        own = self.vote(VoteKind.PREVOTE, pol, message.block.block_id)
        forged = [replace(vote, block_id=message.block.block_id) for vote in odd]
        self.world.seen["liar: valid round made up"] += 1
        return ProposalMessage(signed, message.block, (own, *forged)[:100]).encode()


class WithheldBody(Mask):
    """Signs a proposal and keeps the block, but for one."""

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if kind == MessageType.BLOCK:
            return False
        if kind == MessageType.PROPOSAL and address != min(self.connected()):
            message = ProposalMessage.decode(payload)
            payload = ProposalMessage(message.proposal, None, message.polka).encode()
            self.world.seen["liar: body withheld"] += 1
        return self.endpoint.send(address, kind, payload)


class WrongRoots(Mask):
    """Its blocks say that they do something else than they do."""

    FIELDS = (
        "state_root", "outcomes_root", "changes_root", "history_root", "validators_hash", "params_hash",
        "next_validators_hash", "parent_hash",
    )  # fmt: skip

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if kind == MessageType.PROPOSAL:
            message = ProposalMessage.decode(payload)
            if message.block is not None and message.proposal.height == self.height:
                payload = self._wrong(message)
        return self.endpoint.send(address, kind, payload)

    def _wrong(self, message: ProposalMessage) -> bytes:
        block = message.block
        assert block is not None
        field = self.FIELDS[message.proposal.height % len(self.FIELDS)]
        header = replace(block.header, **{field: Hash32(bytes(31) + b"\1")})
        wrong = Block.of(header, block.parent_certificate, block.transactions, block.evidence)
        signed = self.proposal(message.proposal.round, wrong.block_id)
        self.world.seen["liar: wrong root proposed"] += 1
        return ProposalMessage(signed, wrong, ()).encode()

    def lie(self) -> None:
        """And whatever it is, it votes for it."""
        round_ = max(0, self.driver.machine.round)
        for body in self.driver.machine.status().bodies:
            for kind in VoteKind:
                self.to_all(MessageType.VOTE, self.vote(kind, round_, body).encode())


class OtherChain(Mask):
    """Says again here what was signed for another network, and what was said here before."""

    def __init__(self, world: Simulation, process: Process, endpoint: Endpoint) -> None:
        super().__init__(world, process, endpoint)
        self._heard: list[tuple[int, bytes]] = []

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if len(self._heard) < 200 and kind != MessageType.STATUS:
            self._heard.append((kind, payload))
        return self.endpoint.send(address, kind, payload)

    def lie(self) -> None:
        machine = self.driver.machine
        for body in (None, *machine.status().bodies):
            vote = self.vote(VoteKind.PRECOMMIT, max(0, machine.round), body)
            signed = vote.sign_bytes(Hash32(bytes(32)), self.driver._validators.hash)
            foreign = replace(vote, signature=self.key.sign(signed))
            self.to_all(MessageType.VOTE, foreign.encode())
        if self._heard:
            self.to_all(*self.random.choice(self._heard))
        self.world.seen["liar: words of another chain"] += 1


class GarbageCertificates(Mask):
    """COMMITs that prove nothing, and a parent's certificate with a signature too few."""

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if kind == MessageType.PROPOSAL:
            message = ProposalMessage.decode(payload)
            block = message.block
            if block is not None and block.parent_certificate is not None and message.proposal.pol < 0:
                proof = CommitCertificate.decode(block.parent_certificate)
                short = replace(proof, signatures=proof.signatures[:1]).encode()
                wrong = Block.of(block.header, short, block.transactions, block.evidence)
                signed = self.proposal(message.proposal.round, wrong.block_id)
                payload = ProposalMessage(signed, wrong, ()).encode()
        return self.endpoint.send(address, kind, payload)

    def lie(self) -> None:
        block = self.other_block()
        members = self.driver._validators.members
        index = next(i for i, member in enumerate(members) if member.address == self.key.address)
        own = self.vote(VoteKind.PRECOMMIT, 0, block.block_id).signature
        signatures = [
            (i, own if i == index or self.random.random() < 0.5 else NOTHING) for i in range(len(members))
        ]
        certificate = CommitCertificate(Height(self.height), Round(0), block.block_id, tuple(signatures))
        self.to_all(MessageType.COMMIT, Commit(block, certificate).encode())
        self.world.seen["liar: certificate forged"] += 1


class SyncLiar(Mask):
    """Claims any height, and answers those who believe it with something else, or nothing."""

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if kind == MessageType.STATUS and self.random.random() < 0.5:
            claimed = self.random.choice((1, self.height + 1, self.height + 70, HEIGHT_OF_NOBODY))
            status = Status(Height(claimed), 0, Step.PROPOSE, False, (), ())
            self.world.seen["liar: height made up"] += 1
            return self.endpoint.send(address, kind, status.encode())
        if kind == MessageType.COMMIT and self.random.random() < 0.7:
            return self.random.random() < 0.5 or self.endpoint.send(address, kind, self._other(payload))
        return self.endpoint.send(address, kind, payload)

    def _other(self, payload: bytes) -> bytes:
        commit = Commit.decode(payload)
        kind = self.random.randrange(3)
        if kind == 0:
            last = self.driver._blocks.last_height
            stored = self.driver._blocks.read(self.random.randint(1, last))
            return Commit(Block.decode(stored.block), CommitCertificate.decode(stored.certificate)).encode()
        if kind == 1:
            signatures = commit.certificate.signatures[:-1]
            return Commit(commit.block, replace(commit.certificate, signatures=signatures)).encode()
        data = bytearray(payload)
        data[self.random.randrange(len(data))] ^= 1
        return bytes(data)

    def lie(self) -> None:
        for address in self.connected():
            request = GetCommits(Height(self.random.choice((1, HEIGHT_OF_NOBODY))), 64)
            self.endpoint.send(address, MessageType.GET_COMMITS, request.encode())


class Flood(Mask):
    """Votes of far rounds, evidence against anybody, and the longest messages there are."""

    def lie(self) -> None:
        random = self.random
        for _ in range(20):
            round_ = random.choice((random.randrange(50), random.randrange(ROUND_MAXIMUM + 1), ROUND_MAXIMUM))
            block_id = random.choice((None, Hash32(random.randbytes(32))))
            vote = self.vote(random.choice(list(VoteKind)), round_, block_id)
            if random.random() < 0.2:
                victim = random.choice(self.driver._validators.members).address
                vote = replace(vote, address=victim)
            self.to_all(MessageType.VOTE, vote.encode())
        self.to_all(MessageType.EVIDENCE, self._slander().encode())
        junk = [(random.randbytes(random.choice((10, 60_000))), random.randbytes(200)) for _ in range(2)]
        self.to_all(MessageType.TXS, Transactions(tuple(junk)).encode())
        self.to_all(random.randrange(12), random.randbytes(random.choice((1, 40, 20_000))))
        self.world.seen["liar: flood"] += 1

    def _slander(self) -> Evidence:
        victim = self.random.choice(self.driver._validators.members).address
        one = self.vote(VoteKind.PREVOTE, 0, None)
        other = self.vote(VoteKind.PREVOTE, 0, Hash32(self.random.randbytes(32)))
        return Evidence.of(replace(one, address=victim), replace(other, address=victim))


class Censor(Mask):
    """Proposes nothing that anybody wants, and passes nothing on."""

    def tell(self, address: Address, kind: int, payload: bytes) -> bool:
        if kind == MessageType.TXS:
            return True
        if kind == MessageType.PROPOSAL:
            message = ProposalMessage.decode(payload)
            is_own = message.proposal.pol < 0 and message.proposal.height == self.height
            if is_own and message.block is not None and message.block.transactions:
                payload = self._empty(message)
        return self.endpoint.send(address, kind, payload)

    def _empty(self, message: ProposalMessage) -> bytes:
        assert message.block is not None
        if not hasattr(self, "_block") or self._block.header.height != self.height:
            self._block = self.other_block(0)
        self.world.seen["liar: censored"] += 1
        signed = self.proposal(message.proposal.round, self._block.block_id)
        return ProposalMessage(signed, self._block, ()).encode()


MASKS: dict[str, type[Mask]] = {
    "two-faced": TwoFaced,
    "false-valid-round": FalseValidRound,
    "withheld-body": WithheldBody,
    "wrong-roots": WrongRoots,
    "other-chain": OtherChain,
    "garbage-certificates": GarbageCertificates,
    "sync-liar": SyncLiar,
    "flood": Flood,
    "censor": Censor,
}
"""Kinds that wear one; twins need none."""

__all__ = ["MASKS", "NO_ROUND", "ByzantineConsensus", "LedgerError", "Mask", "corrupt"]
