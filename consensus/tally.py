"""Votes to quorums, and two contents of one validator to evidence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chain.certificate import Vote, VoteKind
from chain.types import Address, Hash32, Round
from chain.validators import ValidatorSet

VOTES_KEPT_PER_VALIDATOR = 2
"""Two conflicting votes prove equivocation; both count, a third adds nothing (unless a certificate brings
it)."""

Content = tuple[Hash32 | None, Round]
"""What a vote says: block id or None for nil, and the valid round it answers to or -1."""


class Powers:
    """Voting power of one height's set, and the only two thresholds there are."""

    def __init__(self, validators: ValidatorSet) -> None:
        self.of: dict[Address, int] = {member.address: member.power for member in validators.members}
        self.index: dict[Address, int] = {
            member.address: index for index, member in enumerate(validators.members)
        }
        self.public_key: dict[Address, bytes] = {
            member.address: member.public_key for member in validators.members
        }
        self.total = sum(self.of.values())

    def sum(self, addresses: Iterable[Address]) -> int:
        return sum(self.of[address] for address in addresses)

    def is_quorum(self, power: int) -> bool:
        """More than two thirds: any two quorums share an honest validator."""
        return 3 * power > 2 * self.total

    def some_honest(self, power: int) -> bool:
        """More than one third: at least one of them is honest."""
        return 3 * power > self.total


@dataclass(slots=True)
class ContentVotes:
    """Those who signed one content in one round. `sign_bytes` is the same for all of them."""

    sign_bytes: bytes
    votes: dict[Address, Vote] = field(default_factory=dict)
    power: int = 0


class RoundVotes:
    """Votes of one kind in one round. An equivocator counts in each of its contents, and once in `power`."""

    def __init__(self, powers: Powers) -> None:
        self._powers = powers
        self._contents_of: dict[Address, list[Content]] = {}
        self._voters_for: dict[Hash32 | None, set[Address]] = {}
        self._power_for: dict[Hash32 | None, int] = {}
        self.contents: dict[Content, ContentVotes] = {}
        self.power = 0

    def holds(self, address: Address, content: Content) -> bool:
        return content in self._contents_of.get(address, ())

    def is_full(self, address: Address) -> bool:
        """Whether a further content of this validator counts only inside a certificate."""
        return len(self._contents_of.get(address, ())) >= VOTES_KEPT_PER_VALIDATOR

    def stands_for(self, address: Address, block_id: Hash32 | None) -> bool:
        """Whether a vote of this validator for this id is held, whatever valid round it names."""
        return address in self._voters_for.get(block_id, ())

    def power_for(self, block_id: Hash32 | None) -> int:
        """Power behind an id, whatever valid round the votes name; each validator once."""
        return self._power_for.get(block_id, 0)

    def votes_for(self, block_id: Hash32 | None) -> Iterator[Vote]:
        """One vote a validator for this id, whatever valid round it names, in the order of the set."""
        chosen: dict[Address, Vote] = {}
        for (held_id, _), content in self.contents.items():
            if held_id == block_id:
                for address, vote in content.votes.items():
                    chosen.setdefault(address, vote)
        return iter(sorted(chosen.values(), key=lambda vote: self._powers.index[vote.address]))

    def add(self, vote: Vote, sign_bytes: bytes) -> Vote | None:
        """Count a vote that is new here; the earlier vote that it contradicts, or None."""
        address, content = vote.address, (vote.block_id, vote.pol)
        contents = self._contents_of.setdefault(address, [])
        assert content not in contents, "a vote is counted once"
        power = self._powers.of[address]
        if not contents:
            self.power += power
        earlier = self.contents[contents[0]].votes[address] if contents else None
        contents.append(content)
        voters = self._voters_for.setdefault(vote.block_id, set())
        if address not in voters:
            voters.add(address)
            self._power_for[vote.block_id] = self.power_for(vote.block_id) + power
        signed = self.contents.setdefault(content, ContentVotes(sign_bytes))
        signed.votes[address] = vote
        signed.power += power
        return earlier

    def ids_backed(self) -> Iterator[Hash32]:
        """Ids that some honest validator voted for."""
        for block_id, power in self._power_for.items():
            if block_id is not None and self._powers.some_honest(power):
                yield block_id

    def __iter__(self) -> Iterator[Vote]:
        for content in self.contents.values():
            yield from content.votes.values()


class Tally:
    """All votes held for one height. Memory is O(validators · rounds held): see RoundVotes.is_full, and the
    machine's bound on far rounds."""

    def __init__(self, powers: Powers) -> None:
        self._powers = powers
        self._rounds: dict[tuple[VoteKind, int], RoundVotes] = {}
        self._empty = RoundVotes(powers)

    def at(self, kind: VoteKind, round_: int) -> RoundVotes:
        """Votes of one kind and round, for reading."""
        return self._rounds.get((kind, round_), self._empty)

    def opened(self, kind: VoteKind, round_: int) -> RoundVotes:
        """Votes of one kind and round, for adding."""
        votes = self._rounds.get((kind, round_))
        if votes is None:
            votes = self._rounds[kind, round_] = RoundVotes(self._powers)
        return votes

    def rounds(self) -> list[int]:
        """Rounds with votes, highest first."""
        return sorted({round_ for _, round_ in self._rounds}, reverse=True)

    def items(self) -> Iterator[tuple[VoteKind, int, RoundVotes]]:
        for (kind, round_), votes in self._rounds.items():
            yield kind, round_, votes
