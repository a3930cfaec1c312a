"""A key that lies, and a key whose journal is lost: one is named on the chain, the other falls silent."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from chain.block import Block
from chain.certificate import CommitCertificate, Vote, VoteKind
from chain.keys import ED25519, SigningKey, possession_bytes
from chain.types import NO_ROUND, Hash32, Height, InstitutionId, Round, Signature
from cli.demo.arena import NAMES, RECOVER_SECONDS, VICTIM, Arena
from cli.demo.desk import Document
from cli.demo.judges import Liar, LostJournal
from cli.documents import Json
from cli.keystore import new_seed, write_key
from consensus.messages import Commit, MessageType
from contracts.records import (
    BALLOT_COUNT_KEY,
    Ballot,
    BallotCount,
    BallotStatus,
    Collection,
    KeyOwner,
    ValidatorRecord,
    ballot_key,
    trusted,
)
from network.transport import Transport
from node.config import NodeConfig
from node.opening import BLOCKS, JOURNAL, links_of, read_identity
from node.running import hang_up
from node.world import Identity
from storage.blocks import BlockLog

HONEST = tuple(name for name in NAMES if name != VICTIM)
VOTERS = ("mof", "treasury", "226")
"""Three of four members decide a ballot."""


# --- the liar


def liar(arena: Arena) -> Liar:
    """The victim's key in the hands of another program: it signs two contents of one position, and offers two
    forged blocks. Then its own node comes back."""
    arena.agrees()
    arena.stop(VICTIM, signal.SIGTERM)
    config = NodeConfig.load(arena.nodes.nodes[VICTIM].directory)
    identity = read_identity(config)
    with closing(BlockLog.open(config.path(BLOCKS), identity.genesis_bytes)) as blocks:
        stored = blocks.read(blocks.last_height)
        block, certificate = Block.decode(stored.block), CommitCertificate.decode(stored.certificate)
    before = arena.height(HONEST[0])
    forger = _Forger(arena, identity, block, certificate)
    asyncio.run(forger.attack(links_of(config, identity, lambda: before)))
    decided = all(arena.decide(name) for name in HONEST)
    named = _named(arena) if decided else ()
    arena.start([VICTIM])
    agrees = arena.agrees()
    return Liar(
        liar=VICTIM,
        named=named,
        nodes=len(HONEST),
        turned_away=forger.turned_away,
        spread=sum(forger.is_taken_by(name) for name in NAMES),
        before=before,
        after=arena.height(HONEST[0]),
        agrees=agrees,
    )


def _named(arena: Arena) -> tuple[str, ...]:
    """Institutions in the evidence on the chain, as an honest node tells it."""
    client = arena.client(HONEST[0])
    names = set()
    for item in client.page(Collection.EVIDENCE)["items"]:
        address = trusted(bytes.fromhex(item["key"]))[0]
        owner = client.value(Collection.KEYS, address)["value"]
        names.add(str(KeyOwner.decode(bytes.fromhex(owner)).institution))
    return tuple(sorted(names))


@dataclass(slots=True)
class _Forger:
    """Holds one validator's key and one true block; `turned_away`: refusals that the honest nodes counted."""

    arena: Arena
    identity: Identity
    block: Block
    certificate: CommitCertificate
    turned_away: int = 0

    async def attack(self, links: Transport) -> None:
        """Every lie, each on links that are up: a node ends the link of whoever forges."""
        await links.listen()
        running = asyncio.create_task(links.run())
        try:
            await self._until(lambda: len(links.connected()) == len(HONEST))
            next_height = await self._next_height()
            for content in (b"one", b"another"):
                links.broadcast(MessageType.VOTE, self._vote(next_height, content).encode())
            for forged in (self._under_own_signature(next_height), self._under_a_true_certificate()):
                await self._offer(links, forged)
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def _offer(self, links: Transport, forged: Commit) -> None:
        """To each honest node, and until each has refused it."""
        before = {name: self._blamed(name) for name in HONEST}
        await self._until(lambda: len(links.connected()) == len(HONEST))
        links.broadcast(MessageType.COMMIT, forged.encode())
        await self._until(lambda: all(self._blamed(name) > before[name] for name in HONEST))
        self.turned_away += sum(self._blamed(name) > before[name] for name in HONEST)

    async def _next_height(self) -> int:
        return await asyncio.to_thread(self.arena.height, HONEST[0]) + 1

    async def _until(self, is_reached: Callable[[], bool]) -> None:
        """Until it is so, or so long that it never will be."""
        deadline = asyncio.get_running_loop().time() + RECOVER_SECONDS / 2
        while not is_reached() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.1)

    def _blamed(self, name: str) -> float:
        return self.arena.metric(name, "eqz_blamed_total")

    def is_taken_by(self, name: str) -> bool:
        """Whether a node tells the altered block as its own history."""
        height = self.block.header.height
        told = self.arena.client(name).get(f"/v1/blocks/{height}")["header"]
        return bytes.fromhex(told) != self.block.header_bytes

    def _vote(self, height: int, content: bytes) -> Vote:
        key, chain_id = self._key, self.identity.genesis.chain_id
        validators = self.identity.genesis.validator_set()
        unsigned = Vote(
            VoteKind.PREVOTE, Height(height), Round(0), Hash32(sha256(content).digest()), NO_ROUND,
            key.address, Signature(bytes(64)),
        )  # fmt: skip
        return replace(unsigned, signature=key.sign(unsigned.sign_bytes(chain_id, validators.hash)))

    @property
    def _key(self) -> SigningKey:
        assert self.identity.key is not None, "the victim is a validator"
        return self.identity.key

    def _altered(self, height: int) -> Block:
        """The true block with another state root: money out of nothing."""
        header = replace(self.block.header, height=Height(height), state_root=Hash32(b"\x0f" * 32))
        return Block.of(header, self.block.parent_certificate, self.block.transactions, self.block.evidence)

    def _under_own_signature(self, height: int) -> Commit:
        """The next block, decided by nobody but the liar, whose signature stands for everybody's."""
        altered = self._altered(height)
        validators, key = self.identity.genesis.validator_set(), self._key
        unsigned = Vote(
            VoteKind.PRECOMMIT, Height(height), Round(0), altered.block_id, NO_ROUND, key.address,
            Signature(bytes(64)),
        )  # fmt: skip
        signature = key.sign(unsigned.sign_bytes(self.identity.genesis.chain_id, validators.hash))
        signatures = tuple((index, signature) for index in range(len(validators.members)))
        return Commit(altered, CommitCertificate(Height(height), Round(0), altered.block_id, signatures))

    def _under_a_true_certificate(self) -> Commit:
        """A decided block with another content, under the signatures that it was decided with."""
        return Commit(self._altered(self.block.header.height), self.certificate)


# --- the lost journal


def lost_journal(arena: Arena) -> LostJournal:
    """The journal of own votes is gone: the key may not vote. A new one is enrolled by a ballot; nobody else
    is restarted (docs/operating.md, A new validator key)."""
    node = arena.nodes.nodes[VICTIM]
    arena.stop(VICTIM, signal.SIGTERM)
    old = read_identity(NodeConfig.load(node.directory)).address
    shutil.rmtree(node.directory / JOURNAL)
    arena.start([VICTIM])
    votes = arena.votes(VICTIM)
    reasons = [code for code in arena.findings(VICTIM) if code.startswith("KEY-")]
    followed = arena.decide("mof") and arena.agrees()
    arena.stop(VICTIM, signal.SIGTERM)
    key = _new_key(node.directory)
    for name in HONEST:
        _expect(arena, name, key)
    arena.start([VICTIM])
    ballot = _rotate(arena, key)
    for name in (*HONEST, *HONEST):  # two more heights at least: from the second on the new key votes
        arena.decide(name)
    again = arena.until(lambda: arena.votes(VICTIM))
    return LostJournal(
        reason=reasons[0] if reasons else "nothing",
        votes_without=votes,
        followed=followed,
        ballot=ballot,
        votes_again=again,
        is_old_key_out=_is_removed(arena, old),
        agrees=arena.agrees(),
    )


def _new_key(directory: Path) -> SigningKey:
    """A key of the same password, named in node.toml."""
    seed = new_seed()
    password = (directory / "validator.password").read_text(encoding="utf-8").strip()
    write_key(directory / "validator2.key", seed, password)
    path = directory / "node.toml"
    path.write_text('validator_key = "validator2.key"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    return SigningKey.from_seed(seed)


def _expect(arena: Arena, name: str, key: SigningKey) -> None:
    """A member's node is told that this peer may come with either key, and reads it while it runs."""
    directory = arena.nodes.nodes[name].directory
    path = directory / "node.toml"
    text = path.read_text(encoding="utf-8")
    before = rf'(institution = "{VICTIM}"\naddress = )("[0-9a-f]+")'
    text, count = re.subn(before, rf'\g<1>[\g<2>, "{key.address.hex()}"]', text)
    assert count == 1, f"{path} has no peer {VICTIM}"
    path.write_text(text, encoding="utf-8")
    hang_up(directory)


def _rotate(arena: Arena, key: SigningKey) -> str:
    """Propose the new key, vote for it; how the ballot ended."""
    proof = key.sign(possession_bytes(arena.desk.chain_id, InstitutionId(VICTIM), ED25519, key.public_key))
    arguments: dict[str, Json] = {
        "institution": VICTIM, "algorithm": ED25519, "public_key": key.public_key.hex(),
        "possession": proof.hex(),
    }  # fmt: skip
    proposal: dict[str, Json] = {"effect": "validator.rotate", "arguments": arguments, "note": "journal lost"}
    arena.is_decided(arena.offer(Document(VICTIM, "ballot.propose", proposal), "mof"), "mof")
    number = _last_ballot(arena)
    for voter in VOTERS:
        vote = Document(voter, "ballot.vote", {"ballot": number, "yes": True})
        arena.is_decided(arena.offer(vote, "mof"), "mof")
    return _status_of_ballot(arena, number)


def _last_ballot(arena: Arena) -> int:
    found = arena.client("mof").value(Collection.BALLOTS, BALLOT_COUNT_KEY)["value"]
    return int(BallotCount.decode(bytes.fromhex(found)).given)


def _status_of_ballot(arena: Arena, number: int) -> str:
    found = arena.client("mof").value(Collection.BALLOTS, ballot_key(number))["value"]
    return BallotStatus(Ballot.decode(bytes.fromhex(found)).status).name.lower()


def _is_removed(arena: Arena, address: bytes) -> bool:
    """Whether the chain says that this key votes no more."""
    found = arena.client("mof").value(Collection.VALIDATORS, address)["value"]
    return found is not None and ValidatorRecord.decode(bytes.fromhex(found)).removed is not None
