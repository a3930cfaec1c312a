"""Who broke the rules at one height, from what any number of nodes kept of it (docs/consensus.md, "Evidence
and time").

Nothing here believes an archive: every signature is verified, and whoever is named signed both messages that
stand beside the name. What proves:

* **Equivocation**: two contents of one (height, round, kind) under one key. Two commits of one round are that
  already: whoever signed both is named by the two certificates alone.
* **Amnesia**: a precommit of A in round r among those that decided A, and a prevote of B in a later polka,
  whose valid round is below r, while no archive holds a polka of B from r or later before that. Who
  precommits is locked, and an honest lock gives way to a newer polka only. Two single votes prove nothing:
  a prevote of nil and an unlock by a newer polka are lawful.

Of a fork with the archives of its honest nodes more than a third of the power is named: the votes that
decided A and the first later polka of another value share that much, and each of them is one of the two. A
fork of different rounds without archived votes names nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from chain import keys
from chain.certificate import CommitCertificate, SignedProposal, Vote, VoteKind
from chain.evidence import PROPOSAL_KIND, Signed
from chain.types import NO_ROUND, Address, Hash32, Height, Round
from chain.validators import ValidatorSet

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) -> is it valid."""

Content = tuple[Hash32 | None, Round]
"""What a message says besides its place: block id or None for nil, and the valid round or -1."""


class Offence(Enum):
    """What a validator did that no honest one does."""

    EQUIVOCATION = "equivocation"
    AMNESIA = "amnesia"


@dataclass(frozen=True, slots=True)
class Culprit:
    """A validator and the two signed messages that prove the offence; of an amnesia the precommit first."""

    address: Address
    offence: Offence
    first: Signed
    second: Signed

    @property
    def height(self) -> Height:
        return self.first.height

    @property
    def rounds(self) -> tuple[Round, Round]:
        return self.first.round, self.second.round


@dataclass(frozen=True, slots=True)
class Question:
    """Not proved: after a precommit that decided one block this validator prevoted another and named a valid
    round whose polka no archive holds. Either the polka can be shown, or there never was one."""

    address: Address
    first: Vote
    second: Vote


@dataclass(frozen=True, slots=True)
class Findings:
    """What the messages of one height say. `commits`: every (round, block id) that a quorum precommitted;
    more than one id is a fork."""

    height: Height
    commits: tuple[tuple[Round, Hash32], ...]
    culprits: tuple[Culprit, ...]
    questions: tuple[Question, ...]

    @property
    def is_fork(self) -> bool:
        return len({block_id for _, block_id in self.commits}) > 1


def is_quiet(certificates: Iterable[CommitCertificate], messages: Iterable[Signed]) -> bool:
    """Whether `examine` could find nothing: one block id alone, and no validator that said two things in one
    round. No signature is verified, so a long archive is gone through at the cost of reading it."""
    ids = {certificate.block_id for certificate in certificates}
    said: dict[tuple[Address, int, int], Content] = {}
    for message in messages:
        if message.block_id is not None:
            ids.add(message.block_id)
        content = (message.block_id, message.pol)
        if said.setdefault((message.address, _kind(message), message.round), content) != content:
            return False
    return len(ids) < 2


def precommits_of(certificate: CommitCertificate, validators: ValidatorSet) -> Iterator[Vote]:
    """The votes a certificate is made of; those of members that the set does not have are left out."""
    members = validators.members
    for index, signature in certificate.signatures:
        if index < len(members):
            yield Vote(
                VoteKind.PRECOMMIT,
                certificate.height,
                certificate.round,
                certificate.block_id,
                NO_ROUND,
                members[index].address,
                signature,
            )


def examine(
    height: Height,
    chain_id: Hash32,
    sets: Sequence[ValidatorSet],
    certificates: Iterable[CommitCertificate],
    messages: Iterable[Signed],
    verify: Verify = keys.verify,
) -> Findings:
    """Name whom the messages of `height` convict; those of other heights are passed over.

    `sets`: who votes at this height; more than one when the network forked below it and the branches have
    different validators. `certificates` and `messages` (votes and proposals) come from anybody, in any order
    and number; what is not truly signed counts for nothing.
    """
    certificates, messages = list(certificates), list(messages)
    branches = [
        _Branch(
            validators,
            _signed(
                height,
                chain_id,
                validators,
                (*precommits_of_all(certificates, validators), *messages),
                verify,
            ),
        )
        for validators in sets
    ]
    culprits: dict[tuple[Address, Offence, int], Culprit] = {}
    for culprit in _equivocations(branches):
        key = (culprit.address, culprit.offence, _kind(culprit.first))
        culprits.setdefault(key, culprit)
    questions: dict[Address, Question] = {}
    commits: set[tuple[Round, Hash32]] = set()
    for branch in branches:
        commits.update(branch.quorums(VoteKind.PRECOMMIT))
        for found in _amnesias(branch):
            if isinstance(found, Culprit):
                culprits.setdefault((found.address, found.offence, 0), found)
            else:
                questions.setdefault(found.address, found)
    named = {culprit.address for culprit in culprits.values()}
    return Findings(
        height,
        tuple(sorted(commits)),
        tuple(culprits[key] for key in sorted(culprits, key=lambda key: (key[0], key[1].value, key[2]))),
        tuple(questions[address] for address in sorted(questions) if address not in named),
    )


def precommits_of_all(certificates: Iterable[CommitCertificate], validators: ValidatorSet) -> Iterator[Vote]:
    """Those of every certificate, in turn."""
    for certificate in certificates:
        yield from precommits_of(certificate, validators)


@dataclass(frozen=True, slots=True)
class _Branch:
    """One validator set and what its members truly signed: by kind and round, by member, by content."""

    validators: ValidatorSet
    signed: Mapping[tuple[int, Round], Mapping[Address, Mapping[Content, Signed]]]

    def voters(self, kind: VoteKind, round_: Round, block_id: Hash32) -> dict[Address, list[Vote]]:
        """Members with a vote for this id in this round, whatever valid round it names."""
        found: dict[Address, list[Vote]] = {}
        for address, contents in self.signed.get((kind, round_), {}).items():
            for (voted_id, _), message in contents.items():
                if voted_id == block_id and isinstance(message, Vote):
                    found.setdefault(address, []).append(message)
        return found

    def quorums(self, kind: VoteKind) -> list[tuple[Round, Hash32]]:
        """Every (round, id) with more than two thirds of the power behind it, lowest round first."""
        found: list[tuple[Round, Hash32]] = []
        for voted_kind, round_ in sorted(self.signed):
            if voted_kind != kind:
                continue
            contents = self.signed[voted_kind, round_].values()
            ids = {block_id for said in contents for block_id, _ in said if block_id is not None}
            found += [
                (round_, block_id)
                for block_id in sorted(ids)
                if self.validators.is_quorum(self.voters(kind, round_, block_id))
            ]
        return found


def _kind(message: Signed) -> int:
    return PROPOSAL_KIND if isinstance(message, SignedProposal) else int(message.kind)


def _signed(
    height: Height,
    chain_id: Hash32,
    validators: ValidatorSet,
    messages: Iterable[Signed],
    verify: Verify,
) -> dict[tuple[int, Round], dict[Address, dict[Content, Signed]]]:
    """What members of this set truly signed at this height, each content once."""
    found: dict[tuple[int, Round], dict[Address, dict[Content, Signed]]] = {}
    sign_bytes_of: dict[tuple[int, Round, Content], bytes] = {}
    for message in messages:
        member = validators.member(message.address)
        if member is None or message.height != height:
            continue
        kind, content = _kind(message), (message.block_id, message.pol)
        contents = found.get((kind, message.round), {}).get(message.address, {})
        if content in contents:
            continue
        place = (kind, message.round, content)
        if place not in sign_bytes_of:
            sign_bytes_of[place] = message.sign_bytes(chain_id, validators.hash)
        if verify(member.public_key, sign_bytes_of[place], message.signature):
            by_address = found.setdefault((kind, message.round), {})
            by_address.setdefault(message.address, {})[content] = message
    return found


def _equivocations(branches: Iterable[_Branch]) -> Iterator[Culprit]:
    """Two contents of one place under one key; also one in each of two branches."""
    said: dict[tuple[int, Round, Address], dict[Content, Signed]] = {}
    for branch in branches:
        for (kind, round_), by_address in branch.signed.items():
            for address, contents in by_address.items():
                said.setdefault((kind, round_, address), {}).update(contents)
    for (_, _, address), contents in sorted(said.items(), key=lambda item: item[0]):
        if len(contents) > 1:
            first, second = sorted(contents.values(), key=lambda message: message.encode())[:2]
            yield Culprit(address, Offence.EQUIVOCATION, first, second)


def _amnesias(branch: _Branch) -> Iterator[Culprit | Question]:
    """A commit of one value, and a later polka of another that no polka in between explains."""
    polkas = branch.quorums(VoteKind.PREVOTE)
    for round_, block_id in branch.quorums(VoteKind.PRECOMMIT):
        locked = branch.voters(VoteKind.PRECOMMIT, round_, block_id)
        for later, other_id in polkas:
            if later <= round_ or other_id == block_id:
                continue
            if any(round_ <= earlier < later and other_id == known for earlier, known in polkas):
                continue  # it allowed the unlock; who was in it is asked in its own turn
            prevotes = branch.voters(VoteKind.PREVOTE, later, other_id)
            for address in sorted(locked.keys() & prevotes.keys()):
                precommit = locked[address][0]
                for prevote in prevotes[address]:
                    if prevote.pol < round_:
                        yield Culprit(address, Offence.AMNESIA, precommit, prevote)
                    else:
                        yield Question(address, precommit, prevote)
