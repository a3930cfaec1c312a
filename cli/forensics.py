"""Who broke the rules of consensus, from what institutions hand over: `votes/`, `blocks/`, node directories.

Everything is read and nothing changed; heights are gone through one by one, so that archives of years need no
more memory than those of a day.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from chain.block import Block, Change, Results
from chain.certificate import CommitCertificate, Vote, verify_certificate
from chain.errors import DecodeError, InvalidMessageError
from chain.evidence import Evidence, Signed
from chain.genesis import Genesis
from chain.keys import address_of
from chain.types import Address, Hash32, Height, Round
from chain.validators import ValidatorSet
from cli.failures import Details, InputError
from consensus.forensics import Culprit, Findings, Question, examine, is_quiet
from contracts.records import Collection, ValidatorRecord
from node.archive import Archived, Unreadable, read_votes
from storage.log_format import Records
from storage.log_reading import ForeignLog

CULPRITS_LISTED = 1_000
"""An equivocator of a whole year would fill the page; a thousand pairs of messages convict as well."""


@dataclass(frozen=True, slots=True)
class Fork:
    """A height that was decided twice, the first of its branches."""

    height: int
    commits: tuple[tuple[Round, Hash32], ...]


@dataclass(slots=True)
class Case:
    """What the archives say. `names`: the institution that ran a key, by address."""

    chain_id: Hash32
    archives: int
    heights: int = 0
    fork: Fork | None = None
    culprits: dict[tuple[Address, str, int, int], Culprit] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    names: dict[Address, str] = field(default_factory=dict)
    left_out: int = 0

    def take(self, findings: Findings) -> None:
        if findings.is_fork and self.fork is None:
            self.fork = Fork(findings.height, findings.commits)
        self.questions += findings.questions[: CULPRITS_LISTED - len(self.questions)]
        for culprit in findings.culprits:
            kind = int(culprit.first.kind) if isinstance(culprit.first, Vote) else 3
            key = (culprit.address, culprit.offence.value, culprit.height, kind)
            if key in self.culprits:
                continue
            if len(self.culprits) < CULPRITS_LISTED:
                self.culprits[key] = culprit
            else:
                self.left_out += 1


@dataclass(frozen=True, slots=True)
class _Heard:
    """All that concerns one height."""

    certificates: list[CommitCertificate] = field(default_factory=list)
    set_hashes: set[Hash32] = field(default_factory=set)
    messages: list[Signed] = field(default_factory=list)


def investigate(directories: Sequence[Path], first_height: int = 1, last_height: int | None = None) -> Case:
    """Go through the archives of a network.

    Each directory is a node's (with `votes/` and `blocks/` in it), a `votes/` or a `blocks/`. Raises
    InputError when one is none of these, when no block log is among them, or when they belong to different
    networks.
    """
    logs = [ForeignLog.open(path) for path in _places(directories, "blocks", "*.log")]
    votes = _places(directories, "votes", "*.eqv")
    if not logs:
        raise InputError(
            "no block log is among the archives: who may vote at a height stands there",
            "ARCHIVE-BLOCKS",
            Details(remedy="give the blocks/ of one node at least, beside the votes/ of all"),
        )
    if len({log.chain_id for log in logs}) > 1:
        raise InputError(
            "the archives belong to different networks: "
            + ", ".join(f"{log.directory} to {log.chain_id.hex()}" for log in logs),
            "ARCHIVE-NETWORK",
        )
    return _Investigation(logs, votes, first_height, last_height).run(len(directories))


def _places(directories: Sequence[Path], name: str, pattern: str) -> list[Path]:
    """The directories of one kind: those given, or inside those given."""
    found = []
    for directory in directories:
        if not any(any(place.glob(one)) for place in _candidates(directory) for one in ("*.log", "*.eqv")):
            raise InputError(
                f"{directory}: neither a node's directory nor its votes/ or blocks/", "ARCHIVE-DIRECTORY"
            )
        found += [place for place in (directory, directory / name) if any(place.glob(pattern))]
    return found


def _candidates(directory: Path) -> tuple[Path, ...]:
    return directory, directory / "votes", directory / "blocks"


class _Investigation:
    """One pass over the heights."""

    def __init__(
        self, logs: Sequence[ForeignLog], votes: Sequence[Path], first_height: int, last_height: int | None
    ) -> None:
        genesis = Genesis.decode(logs[0].genesis)
        if genesis.chain_id != logs[0].chain_id:
            raise InputError(
                f"{logs[0].directory}: its genesis is not the one its files are marked with",
                "ARCHIVE-GENESIS",
            )
        self._logs = logs
        self._votes = votes
        self._first = first_height
        self._last = last_height
        self._sets: dict[Hash32, ValidatorSet] = {}
        self._case = Case(genesis.chain_id, 0)
        self._know(genesis.validator_set())
        for one in genesis.validators:
            self._case.names[address_of(one.public_key)] = one.institution
        for log in logs:
            self._case.unreadable += log.damages

    def run(self, archives: int) -> Case:
        case = self._case
        case.archives = archives
        ahead = self._from_logs()
        for height, heard in _merged(ahead, self._from_votes()):
            if not self._is_asked(height):
                continue
            case.heights += 1
            if is_quiet(heard.certificates, heard.messages):
                continue
            sets = [self._sets[one] for one in heard.set_hashes if one in self._sets]
            case.take(
                examine(
                    Height(height),
                    case.chain_id,
                    sets or list(self._sets.values()),
                    heard.certificates,
                    heard.messages,
                )
            )
        return case

    def _is_asked(self, height: int) -> bool:
        return self._first <= height and (self._last is None or height <= self._last)

    # --- block logs

    def _from_logs(self) -> Iterator[tuple[int, _Heard]]:
        """Height by height what the logs say of it: certificates, who votes. A block's evidence comes with
        the block and is about an earlier height; it is examined at once."""
        first = min(log.first_height for log in self._logs)
        last = max(log.last_height for log in self._logs)
        before: dict[bytes, Records] = {}
        waiting: tuple[int, _Heard] | None = None
        for height in range(first, last + 1):
            records = [found for log in self._logs if (found := log.read(height)) is not None]
            different = {one.block: one for one in records}
            heard = _Heard()
            heard.certificates.extend(self._certificates(height, {one.certificate for one in records}))
            for data in sorted(different):
                block = self._decoded(height, data)
                if block is None:
                    del different[data]
                    continue
                self._learn(block, before.values())
                heard.set_hashes.add(block.header.validators_hash)
                if waiting is not None and block.parent_certificate is not None:
                    waiting[1].certificates.extend(self._certificates(height - 1, {block.parent_certificate}))
                for evidence in block.evidence:
                    self._take_evidence(evidence)
            if waiting is not None:
                yield waiting
            waiting, before = (height, heard), different
        if waiting is not None:
            yield waiting

    def _decoded(self, height: int, data: bytes) -> Block | None:
        try:
            return Block.decode(data)
        except DecodeError as error:
            self._case.unreadable.append(f"block {height}: {error}")
            return None

    def _certificates(self, height: int, found: Iterable[bytes]) -> Iterator[CommitCertificate]:
        for data in sorted(found):
            try:
                yield CommitCertificate.decode(data)
            except DecodeError as error:
                self._case.unreadable.append(f"certificate of height {height}: {error}")

    def _learn(self, block: Block, before: Iterable[Records]) -> None:
        """Who votes at the next height, when that is new: the block before changed it."""
        if block.header.next_validators_hash in self._sets:
            return
        for records in before:
            for change in self._certified_changes(records):
                if change.new_value is None:
                    continue
                if change.collection == Collection.VALIDATOR_SETS:
                    self._know(ValidatorSet.decode(change.new_value))
                elif change.collection == Collection.VALIDATORS:
                    record = ValidatorRecord.decode(change.new_value)
                    self._case.names[Address(Hash32(change.key))] = record.institution
        if block.header.next_validators_hash not in self._sets:
            self._case.unreadable.append(
                f"height {block.header.height}: who votes from the next height on is in none of the logs"
            )

    def _certified_changes(self, records: Records) -> list[Change]:
        """What a block changed, if its validators have said so; else nothing: a log may be made up."""
        header = Block.decode(records.block).header
        validators = self._sets.get(header.validators_hash)
        try:
            certificate = CommitCertificate.decode(records.certificate)
            results = Results.decode(records.results)
            if validators is None or certificate.block_id != header.block_id:
                return []
            verify_certificate(certificate, validators, self._case.chain_id)
        except (DecodeError, InvalidMessageError):
            return []
        if results.changes_root() != header.changes_root:
            return []
        return [Change.decode(data) for data in results.changes]

    def _know(self, validators: ValidatorSet) -> None:
        self._sets[validators.hash] = validators

    def _take_evidence(self, data: bytes) -> None:
        try:
            evidence = Evidence.decode(data)
        except DecodeError as error:
            self._case.unreadable.append(f"evidence in a block: {error}")
            return
        if self._is_asked(evidence.height):
            self._case.take(
                examine(
                    evidence.height,
                    self._case.chain_id,
                    list(self._sets.values()),
                    (),
                    evidence.messages(),
                )
            )

    # --- archived votes

    def _from_votes(self) -> Iterator[tuple[int, _Heard]]:
        archives = [self._read(path) for path in self._votes]
        for height, records in groupby(heapq.merge(*archives, key=_height), key=_height):
            messages: dict[bytes, Signed] = {}
            for record in records:
                messages.update((vote.encode(), vote) for vote in record.votes)
            yield height, _Heard(messages=list(messages.values()))

    def _read(self, path: Path) -> Iterator[Archived]:
        for found in read_votes(path):
            if isinstance(found, Unreadable):
                self._case.unreadable.append(f"{found.path}: no record from offset {found.offset} on")
            else:
                yield found


def _height(record: Archived) -> int:
    return record.height


def _merged(
    logs: Iterator[tuple[int, _Heard]], votes: Iterator[tuple[int, _Heard]]
) -> Iterator[tuple[int, _Heard]]:
    """Both by height, put together where they speak of the same."""
    for height, group in groupby(heapq.merge(logs, votes, key=lambda one: one[0]), key=lambda one: one[0]):
        together = _Heard()
        for _, heard in group:
            together.certificates.extend(heard.certificates)
            together.set_hashes.update(heard.set_hashes)
            together.messages.extend(heard.messages)
        yield height, together


def said(message: Signed) -> str:
    """What a message says, for people."""
    content = "nil" if message.block_id is None else message.block_id.hex()
    kind = message.kind.name.lower() if isinstance(message, Vote) else "proposal"
    valid = f", valid round {message.pol}" if message.pol >= 0 else ""
    return f"{kind} of {content}{valid}"
