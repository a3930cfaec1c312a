"""A header that a node shows beside a proof: final only under the set that it names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chain.block import Change
from chain.certificate import CommitCertificate
from chain.errors import InvalidMessageError
from chain.types import Hash32
from cli.failures import VerificationError
from cli.token import check_final, tree_items
from contracts.records import Stage, Token, TokenKey
from tests.support.budget import a_line
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


def _made(identity: int, *parents: int) -> Change:
    key = TokenKey(a_line(), "clinic", None, Stage.ALLOCATED).encode()
    return Change(0, Hash32(bytes(32)), "tokens", key, None, Token(identity, parents, 1, 1).encode())


def test_a_tree_follows_each_branch_to_its_beginning_and_a_shared_token_once() -> None:
    made = {4: _made(4, 2, 3), 3: _made(3, 1), 2: _made(2, 1), 1: _made(1)}
    items, following = tree_items(made.__getitem__, 4, 10)
    shown = [(item["depth"], item["id"], item["repeated"]) for item in items]
    assert shown == [(0, 4, False), (1, 3, False), (2, 1, False), (1, 2, False), (2, 1, True)]
    assert following is None


def test_a_long_tree_says_where_to_go_on() -> None:
    made = {3: _made(3, 2), 2: _made(2, 1), 1: _made(1)}
    items, following = tree_items(made.__getitem__, 3, 2)
    assert ([item["id"] for item in items], following) == ([3, 2], "1")
