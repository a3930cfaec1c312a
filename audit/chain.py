"""The walk over a whole chain, from genesis to the tip: every check that needs no code of a contract."""

from dataclasses import dataclass, field
from pathlib import Path

from audit.authority import check_authority
from audit.blocks import (
    EVIDENCE_HEIGHTS,
    Block,
    Change,
    Genesis,
    Transaction,
    ValidatorSet,
    certificate_jobs,
    evidence_jobs,
    read_block,
    read_evidence,
    read_genesis,
    read_results,
    read_transaction,
)
from audit.codec import encode
from audit.failure import VerificationError
from audit.fold import State
from audit.log import Group, LogReader, blocks_directory
from audit.merkle import ListRoot
from audit.money import ProgrammeTotals, YearTotals
from audit.signatures import Signatures, workers_for


@dataclass(slots=True)
class Report:
    """What was checked and what was found. Amounts are tiyn, times milliseconds since 1970-01-01 UTC."""

    directory: str = ""
    genesis_hash: bytes = b""
    is_genesis_compared: bool = False
    name: str = ""
    height: int = 0
    time_ms: int = 0
    block_id: bytes = b""
    state_root: bytes = b""
    files: int = 0
    bytes: int = 0
    transactions: int = 0
    signatures: int = 0
    set_changes: int = 0
    evidence: int = 0
    changes: int = 0
    keys: int = 0
    tokens: int = 0
    totals_compared: int = 0
    years: dict[tuple[str, int], YearTotals] = field(default_factory=dict)
    programmes: list[ProgrammeTotals] = field(default_factory=list)


class Walk:
    """One pass over a log. `run` returns the report or raises VerificationError."""

    def __init__(self, reader: LogReader, signatures: Signatures) -> None:
        self._reader = reader
        self._signatures = signatures
        self._state: State
        self._genesis: Genesis
        self._history = ListRoot("history")
        self._parent: Block | None = None
        self._parent_set: ValidatorSet | None = None
        self.report = Report()

    def run(self, expected_genesis: bytes | None) -> Report:
        """Verify every group; `expected_genesis` is what the auditor compares with, if he has it."""
        last: tuple[Block, ValidatorSet] | None = None
        for group in self._reader.groups():
            if last is None:
                self._start(expected_genesis)
            try:
                last = self._group(group)
            except VerificationError as error:
                raise error.at(group.height, *group.places[0]) from None
        assert last is not None, "a log without blocks is refused by its reader"
        self._signatures.close()
        self._state.money.close()
        return self._finish(last[0])

    def _start(self, expected_genesis: bytes | None) -> None:
        place = ("00000001.log", 84)
        try:
            self._genesis = read_genesis(self._reader.genesis)
            if expected_genesis is not None and expected_genesis != self._genesis.chain_id:
                raise VerificationError(
                    f"the genesis hash is {self._genesis.chain_id.hex()}, expected {expected_genesis.hex()}"
                )
            self._state = State(self._genesis)
        except VerificationError as error:
            raise error.at(0, *place) from None
        self._history.append(self._genesis.chain_id)
        self.report.genesis_hash = self._genesis.chain_id
        self.report.is_genesis_compared = expected_genesis is not None
        self.report.name = self._genesis.name

    def _group(self, group: Group) -> tuple[Block, ValidatorSet]:
        if len(group.block) > self._state.params["block-bytes"]:
            raise VerificationError(f"a block of {len(group.block)} bytes is above the parameter block-bytes")
        block = read_block(group.block)
        validators = self._check_header(block, group.height)
        self._check_parent_certificate(block, group)
        transactions = self._read_transactions(block)
        evidence = self._check_evidence(block, group)
        try:
            changes = read_results(group.results, block)
            self._fold(block, transactions, changes, evidence, group)
        except VerificationError as error:
            raise error.at(group.height, *group.places[1]) from None
        try:
            jobs = certificate_jobs(
                group.certificate, group.height, block.id, validators, self._genesis.chain_id
            )
        except VerificationError as error:
            raise error.at(group.height, *group.places[2]) from None
        self._signatures.add(jobs, group.height, group.places[2])
        self._history.append(block.id)
        self._parent, self._parent_set = block, validators
        self.report.transactions += len(transactions)
        return block, validators

    def _check_header(self, block: Block, height: int) -> ValidatorSet:
        """Everything a header says that does not come from the block's own parts or results."""
        header, state, genesis, parent = block.header, self._state, self._genesis, self._parent
        validators, following = state.set_at(height), state.set_at(height + 1)
        for label, found, expected in (
            ("chain_id", header.chain_id, genesis.chain_id),
            ("height", header.height, height),
            ("parent_hash", header.parent_hash, genesis.chain_id if parent is None else parent.id),
            ("history_root", header.history_root, self._history.root()),
            ("validators_hash", header.validators_hash, validators.hash),
            ("next_validators_hash", header.next_validators_hash, following.hash),
            ("params_hash", header.params_hash, state.params_hash),
            ("app_version", header.app_version, genesis.app_version),
        ):
            if found != expected:
                raise VerificationError(
                    f"{label} in the header is {_show(found)}, expected {_show(expected)}"
                )
        if header.time_ms <= (genesis.time_ms if parent is None else parent.header.time_ms):
            raise VerificationError("the block's time is not after its parent's")
        if validators.member(header.proposer) is None:
            raise VerificationError("the proposer is not in the validator set of this height")
        if following.hash != validators.hash:
            self.report.set_changes += 1
        return validators

    def _check_parent_certificate(self, block: Block, group: Group) -> None:
        if self._parent is None or self._parent_set is None:
            return
        assert block.parent_certificate is not None, "a block above height 1 has one, or was refused"
        jobs = certificate_jobs(
            block.parent_certificate,
            group.height - 1,
            self._parent.id,
            self._parent_set,
            self._genesis.chain_id,
        )
        self._signatures.add(jobs, group.height, group.places[0])

    def _read_transactions(self, block: Block) -> list[Transaction]:
        found = []
        for index, (body, auth) in enumerate(block.transactions):
            try:
                found.append(read_transaction(body, auth, self._genesis.chain_id))
            except VerificationError as error:
                raise VerificationError(f"transaction {index}: {error.what}") from None
        return found

    def _check_evidence(self, block: Block, group: Group) -> list[bytes]:
        """The keys under which the state must record it."""
        keys: list[bytes] = []
        for item in block.evidence:
            misconduct = read_evidence(item)
            key = encode((misconduct.address, misconduct.height, misconduct.kind))
            if not group.height - EVIDENCE_HEIGHTS <= misconduct.height < group.height:
                raise VerificationError(f"evidence of height {misconduct.height} is too old or too new")
            if key in keys or self._state.holds("evidence", key):
                raise VerificationError("evidence against one validator, height and kind is given twice")
            keys.append(key)
            validators = self._state.set_at(misconduct.height)
            jobs = evidence_jobs(misconduct, validators, self._genesis.chain_id)
            self._signatures.add(jobs, group.height, group.places[0])
        self.report.evidence += len(block.evidence)
        return keys

    def _fold(
        self,
        block: Block,
        transactions: list[Transaction],
        changes: list[Change],
        evidence: list[bytes],
        group: Group,
    ) -> None:
        """The changes in their order: the block's own, each transaction's after its authority, no other."""
        header, state = block.header, self._state
        groups = _by_transaction(changes, transactions)
        _check_cost(state, transactions, groups)
        state.apply_block_changes(groups[0], group.height, header.time_ms, evidence)
        for index, transaction in enumerate(transactions):
            try:
                size_bytes = sum(map(len, block.transactions[index]))
                jobs = check_authority(state, transaction, size_bytes, header.time_ms, index)
            except VerificationError as error:
                raise VerificationError(
                    f"transaction {index} ({transaction.action}): {error.what}",
                    group.height,
                    *group.places[0],
                ) from None
            self._signatures.add(jobs, group.height, group.places[0])
            state.apply_transaction(transaction, groups[index + 1], group.height, index)
        state.close_block(group.height)
        if state.root != header.state_root:
            raise VerificationError(
                f"the state root folded from the changes is {state.root.hex()}, the header says"
                f" {header.state_root.hex()}"
            )

    def _finish(self, tip: Block) -> Report:
        report, state = self.report, self._state
        report.height, report.time_ms, report.block_id = tip.header.height, tip.header.time_ms, tip.id
        report.state_root = tip.header.state_root
        report.files, report.bytes = self._reader.read.files, self._reader.read.bytes
        report.signatures = self._signatures.count
        report.changes, report.keys = state.changes, state.size
        report.tokens, report.totals_compared = state.money.tokens, state.money.totals_compared
        report.years, report.programmes = state.money.by_year(), state.money.programmes()
        return report


def _show(value: bytes | int) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _by_transaction(changes: list[Change], transactions: list[Transaction]) -> list[list[Change]]:
    """The block's own changes, then those of each transaction, in the order of execution."""
    groups: list[list[Change]] = [[] for _ in range(len(transactions) + 1)]
    ids = [None, *(transaction.id for transaction in transactions)]
    at = 0
    for change in changes:
        while change.tx_id != ids[at]:
            at += 1
            if at == len(ids):
                raise VerificationError(f"change {change.seq} belongs to no transaction that is due")
        groups[at].append(change)
    return groups


def _check_cost(state: State, transactions: list[Transaction], groups: list[list[Change]]) -> None:
    """Cost is counted, never timed: 1 + 3 a signature + 1 a key changed."""
    total = 0
    for index, transaction in enumerate(transactions):
        keys = len(groups[index + 1])
        if keys > state.params["transaction-keys"]:
            raise VerificationError(
                f"transaction {index} changes {keys} keys, more than the parameters allow"
            )
        total += 1 + 3 * len(transaction.signatures) + keys
    if total > state.params["block-cost"]:
        raise VerificationError(f"the block costs {total}, more than the parameters allow")


def verify_chain(directory: Path, expected_genesis: bytes | None, workers: int | None = None) -> Report:
    """Verify the log of a node's directory, or of a bare copy of its blocks/.

    Raises VerificationError when anything differs, NothingFoundError when there is no log.
    `workers`: processes for signatures; None chooses by the log's size, 0 is this process alone.
    """
    blocks = blocks_directory(directory)
    if workers is None:
        workers = workers_for(sum(path.stat().st_size for path in blocks.iterdir() if path.is_file()))
    reader = LogReader(blocks)
    signatures = Signatures(workers)
    try:
        report = Walk(reader, signatures).run(expected_genesis)
        _check_genesis_file(directory, blocks, reader.genesis)
    except VerificationError as error:
        raise _earlier(signatures, error) from None
    finally:
        signatures.end()
    report.directory = str(directory)
    return report


def _earlier(signatures: Signatures, error: VerificationError) -> VerificationError:
    """Whichever comes first in the archive: this, or a signature still being verified."""
    try:
        signatures.close()
    except VerificationError as other:
        if error.height is None or (other.height is not None and other.height <= error.height):
            return other
    return error


def _check_genesis_file(directory: Path, blocks: Path, genesis: bytes) -> None:
    """genesis.eqg of the node's directory, where there is one, is the log's genesis."""
    path = (directory.resolve().parent if blocks == directory else directory) / "genesis.eqg"
    if not path.is_file():
        return
    with path.open("rb") as file:
        if file.read(len(genesis) + 1) != genesis:
            raise VerificationError("the file is not the genesis that the log begins with", 0, path.name)


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
