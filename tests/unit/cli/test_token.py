"""A header that a node shows beside a proof: final only under the set that it names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chain.certificate import CommitCertificate
from chain.errors import InvalidMessageError
from cli.failures import VerificationError
from cli.token import check_final
from tests.support.node import MemoryNode, a_certificate, a_node

MEMBERS = ("mof", "treasury", "moh", "mot")


@pytest.fixture
def node() -> Iterator[MemoryNode]:
    made = a_node(members=MEMBERS)
    yield made
    made.close()


def test_a_header_certified_by_its_own_set_is_final(node: MemoryNode) -> None:
    block, _ = node.next_block()
    validators = node.genesis.validator_set()
    check_final(block.header, a_certificate(node, block, *MEMBERS[:3]), [validators])


def test_two_of_four_make_nothing_final(node: MemoryNode) -> None:
    block, _ = node.next_block()
    with pytest.raises(InvalidMessageError):
        check_final(block.header, a_certificate(node, block, *MEMBERS[:2]), [node.genesis.validator_set()])


def test_the_certificate_of_another_block_says_nothing(node: MemoryNode) -> None:
    block, _ = node.next_block()
    other, _ = node.next_block(time_ms=block.header.time_ms + 1)
    certificate: CommitCertificate = a_certificate(node, other, *MEMBERS)
    with pytest.raises(VerificationError, match="another block"):
        check_final(block.header, certificate, [node.genesis.validator_set()])


def test_a_set_that_the_header_does_not_name_does_not_count(node: MemoryNode) -> None:
    block, _ = node.next_block()
    with pytest.raises(VerificationError, match="names"):
        check_final(block.header, a_certificate(node, block, *MEMBERS), [])
