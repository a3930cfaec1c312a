"""Headers made and headers checked: a block with one wrong field is not valid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chain.block import Block, BlockHeader
from chain.certificate import CommitCertificate, VoteKind, certificate_hash
from chain.errors import InvalidBlockError
from chain.evidence import Evidence
from chain.types import Hash32
from node.assembly import Tip, check_header, checked_evidence, execute_block
from tests.support.node import MemoryNode, a_certificate, a_node, a_vote, block_on

MEMBERS = ("mof", "treasury", "moh", "mot")
OTHER = Hash32(b"o" * 32)


@pytest.fixture
def node() -> MemoryNode:
    return a_node(members=MEMBERS)


def with_header(block: Block, **changes: Any) -> Block:
    """The block under a header with other fields."""
    return Block.of(
        replace(block.header, **changes), block.parent_certificate, block.transactions, block.evidence
    )


def after_one_block(node: MemoryNode) -> tuple[Tip, CommitCertificate]:
    """Block 1 applied to the state; the tip, and its certificate."""
    block, executed = node.next_block(node.document())
    node.application.apply(1, executed.execution, [signed.tx_id for signed in executed.transactions], {})
    certificate = a_certificate(node, block, "mof", "treasury", "moh")
    return node.driver.tip.child(block, certificate.encode()), certificate


def second_block(node: MemoryNode) -> tuple[Tip, Block]:
    tip, _ = after_one_block(node)
    block, _ = block_on(node.application, tip, [node.document()], tip.time_ms + 1)
    return tip, block


def test_an_assembled_block_is_valid(node: MemoryNode) -> None:
    tip, block = second_block(node)
    check_header(node.application, tip, block)
    assert execute_block(node.application, block).execution.state_root == block.header.state_root


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chain_id", OTHER),
        ("height", 3),
        ("parent_hash", OTHER),
        ("history_root", OTHER),
        ("validators_hash", OTHER),
        ("next_validators_hash", OTHER),
        ("params_hash", OTHER),
        ("app_version", 2),
        ("proposer", OTHER),
        ("time_ms", 0),
    ],
)
def test_one_wrong_field_makes_the_block_invalid(node: MemoryNode, field: str, value: Any) -> None:
    tip, block = second_block(node)
    with pytest.raises(InvalidBlockError):
        check_header(node.application, tip, with_header(block, **{field: value}))


def test_the_time_of_the_parent_is_too_early(node: MemoryNode) -> None:
    tip, block = second_block(node)
    with pytest.raises(InvalidBlockError, match="not after its parent's"):
        check_header(node.application, tip, with_header(block, time_ms=tip.time_ms))


def test_block_one_comes_after_the_genesis_time(node: MemoryNode) -> None:
    block, _ = node.next_block()
    check_header(node.application, node.driver.tip, with_header(block, time_ms=node.genesis.time_ms + 1))
    with pytest.raises(InvalidBlockError, match="not after its parent's"):
        check_header(node.application, node.driver.tip, with_header(block, time_ms=node.genesis.time_ms))


@pytest.mark.parametrize("root", ["outcomes_root", "changes_root", "state_root"])
def test_a_root_that_execution_does_not_give(node: MemoryNode, root: str) -> None:
    _, block = second_block(node)
    with pytest.raises(InvalidBlockError, match=root):
        execute_block(node.application, with_header(block, **{root: OTHER}))


def test_a_block_with_a_refused_transaction_is_invalid(node: MemoryNode) -> None:
    _, block = second_block(node)
    late = with_header(block, time_ms=block.header.time_ms + 10**9)
    with pytest.raises(InvalidBlockError, match="is refused"):
        execute_block(node.application, late)


def test_a_block_above_the_size_of_the_parameters_is_invalid() -> None:
    node = a_node(members=MEMBERS, block_bytes=65_536)
    block, _ = node.next_block(*[node.document() for _ in range(150)])
    assert len(block.encode()) <= 65_536
    large, _ = node.next_block(*[node.document() for _ in range(250)])
    check_header(node.application, node.driver.tip, block)
    with pytest.raises(InvalidBlockError, match="at most 65536"):
        check_header(node.application, node.driver.tip, large)


def with_certificate(block: Block, certificate: CommitCertificate) -> Block:
    data = certificate.encode()
    header = replace(block.header, parent_certificate_hash=certificate_hash(data))
    return Block.of(header, data, block.transactions, block.evidence)


def test_the_parent_is_certified_by_more_than_two_thirds(node: MemoryNode) -> None:
    tip, block = second_block(node)
    assert tip.certificate is not None
    certificate = CommitCertificate.decode(tip.certificate)
    fewer = replace(certificate, signatures=certificate.signatures[:2])
    with pytest.raises(InvalidBlockError, match="parent certificate"):
        check_header(node.application, tip, with_certificate(block, fewer))


def test_a_certificate_of_another_block_certifies_no_parent(node: MemoryNode) -> None:
    tip, block = second_block(node)
    assert tip.certificate is not None
    other = replace(CommitCertificate.decode(tip.certificate), block_id=OTHER)
    with pytest.raises(InvalidBlockError, match="of another block"):
        check_header(node.application, tip, with_certificate(block, other))


def test_a_block_without_its_parents_certificate(node: MemoryNode) -> None:
    tip, block = second_block(node)
    with pytest.raises(InvalidBlockError, match="no certificate"):
        check_header(node.application, tip, replace(block, parent_certificate=None))


def with_evidence(block: Block, *evidence: Evidence) -> Block:
    return replace(block, evidence=tuple(sorted(one.encode() for one in evidence)))


def equivocation(node: MemoryNode, height: int, other: Hash32 | None = None) -> Evidence:
    return Evidence.of(
        a_vote(node, "mot", VoteKind.PREVOTE, height, other),
        a_vote(node, "mot", VoteKind.PREVOTE, height, OTHER),
    )


def test_true_evidence_of_an_earlier_height_is_taken(node: MemoryNode) -> None:
    _, block = second_block(node)
    evidence = equivocation(node, 1)
    assert checked_evidence(node.application, with_evidence(block, evidence)) == (evidence,)


def test_evidence_of_the_blocks_own_height_waits(node: MemoryNode) -> None:
    _, block = second_block(node)
    with pytest.raises(InvalidBlockError, match="evidence of height 2"):
        checked_evidence(node.application, with_evidence(block, equivocation(node, 2)))


def test_evidence_older_than_ten_thousand_heights_is_refused(node: MemoryNode) -> None:
    _, block = second_block(node)
    late = with_header(block, height=10_002)
    with pytest.raises(InvalidBlockError, match="evidence of height 1"):
        checked_evidence(node.application, with_evidence(late, equivocation(node, 1)))
    checked_evidence(
        node.application, with_evidence(with_header(block, height=10_001), equivocation(node, 1))
    )


def test_forged_evidence_proves_nothing(node: MemoryNode) -> None:
    _, block = second_block(node)
    true = equivocation(node, 1)
    first, second = true.messages()
    forged = Evidence.of(replace(first, signature=second.signature), second)
    with pytest.raises(InvalidBlockError, match="does not prove anything"):
        checked_evidence(node.application, with_evidence(block, forged))


def test_the_header_says_where_it_stands(node: MemoryNode) -> None:
    tip, block = second_block(node)
    header: BlockHeader = block.header
    assert (header.height, header.parent_hash) == (2, tip.block_id)
    assert header.history_root == tip.history.root()


def test_the_history_grows_by_the_block_itself(node: MemoryNode) -> None:
    tip, block = second_block(node)
    following = tip.child(block, b"certificate").history
    assert following.root() == tip.history.append(block.block_id).root()
    assert following.root() != tip.history.append(tip.block_id).root()
