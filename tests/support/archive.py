"""An archive for an auditor: real documents in real blocks with real certificates, in a block log on disk.

The blocks are what a node would decide; the log is written with the node's own encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chain.block import Block, BlockHeader, auth_root, evidence_root, transactions_root
from chain.certificate import CommitCertificate, VoteKind, certificate_hash, vote_sign_bytes
from chain.codec import encode
from chain.evidence import Evidence
from chain.genesis import Genesis, Params
from chain.hashing import History, Tag, merkle_root
from chain.keys import SigningKey
from chain.state_tree import state_path, update, value_hash
from chain.transaction import SignedTransaction
from chain.types import ZERO_HASH, Address, Hash32, Height, Round, Signature
from chain.validators import ValidatorSet
from contracts.executor import Execution
from contracts.genesis import genesis_changes
from contracts.membership import Misbehaviour, validators_at
from contracts.params import params_of
from storage.log_format import (
    Records,
    SegmentHeader,
    encode_beginning,
    encode_group,
    encode_segment_header,
    segment_name,
)
from tests.support.budget import DIRECTORIES, MEMBERS, Ledger, MemoryReader, a_genesis, key_of_validator

Edit = Callable[[BlockHeader], BlockHeader]
Parts = tuple[tuple[bytes, bytes], ...]


@dataclass(slots=True)
class Archive:
    """A chain that grows block by block. The `edit_` arguments forge what validators would sign."""

    genesis: Genesis
    ledger: Ledger
    history: History
    keys: dict[Address, SigningKey]
    groups: list[Records] = field(default_factory=list)
    headers: list[BlockHeader] = field(default_factory=list)

    def validators(self, height: int) -> ValidatorSet:
        return validators_at(self.ledger.state, Height(height))

    def block(
        self,
        *signed: SignedTransaction,
        evidence: Sequence[Evidence] = (),
        edit_header: Edit | None = None,
        edit_changes: Callable[[list[bytes]], list[bytes]] | None = None,
        edit_parts: Callable[[Parts], Parts] | None = None,
        signers: int | None = None,
    ) -> Block:
        """Decide a block of these documents: executed, proposed, certified, ready for the log."""
        context = self.ledger.context()
        validators, following = self.validators(context.height), self.validators(context.height + 1)
        acts = [Misbehaviour(item.address, item.height, int(item.kind)) for item in evidence]
        params_hash = params_of(self.ledger.state).hash
        execution = self.ledger.run(*signed, misbehaviour=acts)
        assert isinstance(execution, Execution), str(execution)
        changes = list(execution.changes)
        if edit_changes is not None:
            changes = edit_changes(changes)
        parent = self.groups[-1].certificate if self.groups else None
        items = tuple(sorted(item.encode() for item in evidence))
        parts = tuple((item.body, item.auth) for item in signed)
        if edit_parts is not None:
            parts = edit_parts(parts)
        header = BlockHeader(
            chain_id=self.genesis.chain_id,
            height=Height(context.height),
            time_ms=context.time_ms,
            proposer=validators.proposer(Height(context.height), Round(0)),
            parent_hash=self.headers[-1].block_id if self.headers else self.genesis.chain_id,
            parent_certificate_hash=ZERO_HASH if parent is None else certificate_hash(parent),
            tx_root=transactions_root(parts),
            tx_count=len(parts),
            auth_root=auth_root(parts),
            outcomes_root=execution.outcomes_root,
            changes_root=merkle_root(Tag.CHANGE, changes),
            state_root=execution.state_root,
            history_root=self.history.root(),
            validators_hash=validators.hash,
            next_validators_hash=following.hash,
            params_hash=params_hash,
            app_version=1,
            evidence_root=evidence_root(items),
        )
        if edit_header is not None:
            header = edit_header(header)
        block = Block.of(header, parent, parts, items)
        certificate = self.certify(header, validators, signers)
        results = encode([1, list(execution.outcomes), changes])
        self.groups.append(Records(block.encode(), results, certificate.encode()))
        self.headers.append(header)
        self.history = self.history.append(header.block_id)
        return block

    def certify(
        self, header: BlockHeader, validators: ValidatorSet, signers: int | None = None
    ) -> CommitCertificate:
        """A certificate by the first `signers` members; as many as a quorum needs when None."""
        count = 2 * len(validators.members) // 3 + 1 if signers is None else signers
        message = vote_sign_bytes(
            self.genesis.chain_id, validators.hash, VoteKind.PRECOMMIT, header.height, 0, header.block_id
        )
        signatures = tuple(
            (index, Signature(self.keys[member.address].sign(message)))
            for index, member in enumerate(validators.members[:count])
        )
        return CommitCertificate(header.height, Round(0), header.block_id, signatures)

    def do(self, institution: str, action: str, *arguments: object) -> Block:
        """One document in a block of its own."""
        return self.block(self.ledger.document(institution, action, *arguments))  # type: ignore[arg-type]

    def write(self, directory: Path, groups_per_segment: int = 1000) -> Path:
        """Write `blocks/` and `genesis.eqg` like a node; returns the node's directory."""
        blocks = directory / "blocks"
        blocks.mkdir(parents=True)
        genesis = self.genesis.encode()
        (directory / "genesis.eqg").write_bytes(genesis)
        data, chain = encode_beginning(self.genesis.chain_id, genesis)
        number = 1
        for position, records in enumerate(self.groups):
            if position and position % groups_per_segment == 0:
                (blocks / segment_name(number)).write_bytes(data)
                number += 1
                data = encode_segment_header(SegmentHeader(self.genesis.chain_id, position + 1, chain))
            group, chain = encode_group(chain, position + 1, records)
            data += group
        (blocks / segment_name(number)).write_bytes(data)
        return directory


def an_archive(**params: int) -> Archive:
    """Genesis with four validators and the people of `tests.support.budget`; no block yet."""
    genesis = a_genesis(params=Params.default(**params))
    ledger = Ledger(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    signing = [key_of_validator(name) for name in MEMBERS]
    return Archive(
        genesis,
        ledger,
        History.start(genesis.chain_id),
        {key.address: key for key in signing},
    )


def with_directories(archive: Archive) -> Archive:
    """Directories published and 5 January 2026 open, several documents a block."""
    documents = [
        archive.ledger.document(
            "mof",
            "directory.publish",
            directory,
            tuple((code, 0, None, code, code, None, ()) for code in codes),
        )
        for directory, codes in DIRECTORIES
    ]
    archive.block(*documents)
    archive.do("treasury", "treasury.open_day", 20458)
    return archive


TENGE = 100
MONTHS_TIYN = tuple(10_000_000 * TENGE * month for month in range(1, 13))
"""A plan of 10 million tenge a month, cumulative."""


def with_money(archive: Archive) -> Archive:
    """A budget of one programme, a plan, and an agreement of one million tenge registered under it."""
    with_directories(archive)
    year = MONTHS_TIYN[-1]
    archive.do("treasury", "receipts.plan", "plan", (("01.kz", 2026, "101110", MONTHS_TIYN),))
    archive.do(
        "mof", "budget.adopt", "01.kz", 2026, "1", "239-VIII", 20400, year, 0, 0, 432_500, False,
        (("costs", "12", "228", "003", year, "ordinary", False, 0, (), False, False),), (),
    )  # fmt: skip
    archive.do(
        "mot", "plan.approve", "01.kz", 2026, "1", "003",
        (("gu-2280101", "100", "421", None, MONTHS_TIYN, MONTHS_TIYN),),
    )  # fmt: skip
    archive.block(agreement(archive, "1", 1_000_000 * TENGE))
    return archive


def agreement(archive: Archive, number: str, amount_tiyn: int) -> SignedTransaction:
    """The registration of one agreement for goods."""
    return archive.ledger.document(
        "gu-2280101", "agreement.register", "01.kz", 2026, "1",
        (
            (
                number, 20458, "990840000001", "тауар", "goods", "ordinary", "003", "BC 109", None,
                amount_tiyn, None, ((2026, amount_tiyn),), 20700, True, None, None,
                ((f"obligation-{number}", "100", "421", None, amount_tiyn, 0),),
            ),
        ),
    )  # fmt: skip


def replace_value(state: MemoryReader, collection: str, key: bytes, value: bytes) -> Hash32:
    """The root the state would have with one value replaced: for forged headers."""
    return update(state, [(state_path(collection, key), value_hash(value))]).root


__all__ = [
    "Archive",
    "Edit",
    "agreement",
    "an_archive",
    "replace",
    "replace_value",
    "with_directories",
    "with_money",
]
