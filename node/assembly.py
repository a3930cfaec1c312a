"""The embedded engine's blocks around the application's content: headers made, headers checked.

What stands in a header and is not the application's (parents, certificates, proposer, evidence, history) is
known here and nowhere below `node`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.block import Block, BlockHeader, auth_root, evidence_root, transactions_root
from chain.certificate import CommitCertificate, certificate_hash, verify_certificate
from chain.errors import DecodeError, InvalidBlockError, InvalidMessageError
from chain.evidence import EVIDENCE_HEIGHTS, Evidence, check_evidence
from chain.genesis import APP_VERSION
from chain.hashing import History
from chain.transaction import SignedTransaction
from chain.types import ZERO_HASH, Address, Hash32, Height
from contracts.context import BlockContext
from contracts.executor import Execution
from contracts.membership import Misbehaviour
from node.ports import Application

HEADER_ROOM_BYTES = 32 * 1024
"""Kept free of transactions in a block: header, a certificate of 100 validators, sixteen pieces of
evidence."""


@dataclass(frozen=True, slots=True)
class Tip:
    """The last decided block as its child needs it. `certificate`: one that proves it, as bytes; None at
    genesis."""

    height: int
    block_id: Hash32
    time_ms: int
    certificate: bytes | None
    history: History

    @classmethod
    def genesis(cls, chain_id: Hash32, time_ms: int) -> Tip:
        """Block 1's parent is the chain itself."""
        return cls(0, chain_id, time_ms, None, History.start(chain_id))

    def child(self, block: Block, certificate: bytes) -> Tip:
        block_id = block.header.block_id
        return Tip(
            block.header.height, block_id, block.header.time_ms, certificate, self.history.append(block_id)
        )


@dataclass(frozen=True, slots=True)
class Executed:
    """What a block does, and its transactions as they were decoded for that."""

    execution: Execution
    transactions: tuple[SignedTransaction, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DecidedBlock:
    """A final block with one of its certificates and what it does; one object a height, equal to itself."""

    block: Block
    certificate: CommitCertificate
    execution: Execution
    transactions: tuple[SignedTransaction, ...]

    @property
    def tx_ids(self) -> tuple[Hash32, ...]:
        return tuple(signed.tx_id for signed in self.transactions)


def misbehaviour_of(evidence: Sequence[Evidence]) -> tuple[Misbehaviour, ...]:
    """Evidence as the application hears of it: who, at which height, of which kind."""
    return tuple(Misbehaviour(one.address, one.height, one.kind) for one in evidence)


def assemble(
    application: Application,
    tip: Tip,
    time_ms: int,
    proposer: Address,
    transactions: Sequence[SignedTransaction],
    execution: Execution,
    evidence: Sequence[Evidence],
) -> Block:
    """The block whose content was just executed."""
    pairs = tuple((signed.body, signed.auth) for signed in transactions)
    pieces = tuple(sorted(one.encode() for one in evidence))
    height = tip.height + 1
    header = BlockHeader(
        chain_id=application.chain_id,
        height=Height(height),
        time_ms=time_ms,
        proposer=proposer,
        parent_hash=tip.block_id,
        parent_certificate_hash=ZERO_HASH if tip.certificate is None else certificate_hash(tip.certificate),
        tx_root=transactions_root(pairs),
        tx_count=len(pairs),
        auth_root=auth_root(pairs),
        outcomes_root=execution.outcomes_root,
        changes_root=execution.changes_root,
        state_root=execution.state_root,
        history_root=tip.history.root(),
        validators_hash=application.validators_at(height).hash,
        next_validators_hash=application.validators_at(height + 1).hash,
        params_hash=application.params().hash,
        app_version=APP_VERSION,
        evidence_root=evidence_root(pieces),
    )
    return Block.of(header, tip.certificate, pairs, pieces)


def check_header(application: Application, tip: Tip, block: Block) -> None:
    """`valid(block)` of consensus.md without the execution; its parts are known to match the header.

    Raises InvalidBlockError.
    """
    header = block.header
    height = tip.height + 1
    validators = application.validators_at(height)
    expected = {
        "chain_id": (header.chain_id, application.chain_id),
        "height": (header.height, height),
        "parent_hash": (header.parent_hash, tip.block_id),
        "history_root": (header.history_root, tip.history.root()),
        "validators_hash": (header.validators_hash, validators.hash),
        "next_validators_hash": (header.next_validators_hash, application.validators_at(height + 1).hash),
        "params_hash": (header.params_hash, application.params().hash),
        "app_version": (header.app_version, APP_VERSION),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise InvalidBlockError(
                f"block {header.height}: {name} is {_shown(found)}, expected {_shown(wanted)}"
            )
    size_bytes, limit_bytes = len(block.encode()), application.params()["block-bytes"]
    if size_bytes > limit_bytes:
        raise InvalidBlockError(f"block {height} has {size_bytes} bytes, at most {limit_bytes} are allowed")
    if header.time_ms <= tip.time_ms:
        raise InvalidBlockError(
            f"block {height}: time {header.time_ms} is not after its parent's {tip.time_ms}"
        )
    if validators.member(header.proposer) is None:
        raise InvalidBlockError(
            f"block {height}: proposer {header.proposer.hex()} is not in the validator set"
        )
    _check_parent_certificate(application, tip, block)


def checked_evidence(application: Application, block: Block) -> tuple[Evidence, ...]:
    """The block's evidence, every piece proved. Raises InvalidBlockError.

    That a piece was not recorded before is said by the execution, from the state.
    """
    try:
        pieces = tuple(Evidence.decode(piece) for piece in block.evidence)
        for piece in pieces:
            if not max(1, block.header.height - EVIDENCE_HEIGHTS) <= piece.height < block.header.height:
                raise InvalidBlockError(f"evidence of height {piece.height} in block {block.header.height}")
            check_evidence(piece, application.validators_at(piece.height), application.chain_id)
    except (DecodeError, InvalidMessageError) as error:
        raise InvalidBlockError(
            f"block {block.header.height}: evidence does not prove anything: {error}"
        ) from None
    return pieces


def execute_block(
    application: Application,
    block: Block,
    decode: Callable[[bytes, bytes], SignedTransaction] = SignedTransaction.decode,
) -> Executed:
    """Run the block and hold its roots against the header.

    Raises DecodeError, InvalidBlockError, ExecutionFault.
    """
    header = block.header
    transactions = tuple(decode(body, auth) for body, auth in block.transactions)
    evidence = checked_evidence(application, block)
    context = BlockContext(header.chain_id, header.height, header.time_ms)
    execution = application.check(context, transactions, misbehaviour_of(evidence))
    for name in ("outcomes_root", "changes_root", "state_root"):
        if getattr(execution, name) != getattr(header, name):
            raise InvalidBlockError(
                f"block {header.height}: {name} is {getattr(header, name).hex()}, execution gives "
                f"{getattr(execution, name).hex()}"
            )
    return Executed(execution, transactions)


def _check_parent_certificate(application: Application, tip: Tip, block: Block) -> None:
    height = block.header.height
    if tip.height == 0:
        if block.parent_certificate is not None:
            raise InvalidBlockError("block 1 has no parent to certify")
        return
    if block.parent_certificate is None:
        raise InvalidBlockError(f"block {height} brings no certificate of its parent")
    try:
        certificate = CommitCertificate.decode(block.parent_certificate)
        if (certificate.height, certificate.block_id) != (tip.height, tip.block_id):
            raise InvalidBlockError(f"block {height}: the certificate is of another block than its parent")
        verify_certificate(certificate, application.validators_at(tip.height), application.chain_id)
    except (DecodeError, InvalidMessageError) as error:
        raise InvalidBlockError(f"block {height}: parent certificate: {error}") from None


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
