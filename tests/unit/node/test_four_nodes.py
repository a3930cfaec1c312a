"""Four whole nodes over memory doors, on one loop: what no single driver can show."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chain.errors import ExecutionFault, LedgerError
from chain.transaction import SignedTransaction
from chain.types import Hash32
from contracts.context import BlockContext
from contracts.executor import Built, Execution
from contracts.membership import Misbehaviour
from tests.simulation.stub_keys import stub_signatures
from tests.support.four_nodes import MEMBERS, come_back, four_nodes, running
from tests.support.node import MemoryNode, address_of_validator

PATIENCE_MS = 20_000
BEHIND = 1_000
OTHER = Hash32(b"o" * 32)


def censor(node: MemoryNode) -> None:
    """From now on it proposes empty blocks, whatever waits."""
    build = node.application.build

    def build_nothing(
        context: BlockContext,
        candidates: Sequence[SignedTransaction],
        size_limit_bytes: int,
        misbehaviour: Sequence[Misbehaviour],
    ) -> Built:
        return build(context, (), size_limit_bytes, misbehaviour)

    node.application.build = build_nothing  # type: ignore[method-assign]


async def decided(node: MemoryNode, document: SignedTransaction) -> tuple[int, int]:
    """The height when the document was offered to this node, and the one that holds it."""
    offered_at = node.ledger.status().height
    (admission,) = await node.ledger.submit([(document.body, document.auth)])
    assert (admission.error, admission.refusal) == (None, None)
    found = await node.ledger.wait(Hash32(document.tx_id), PATIENCE_MS)
    assert found.height is not None, found
    return offered_at, found.height


@pytest.mark.parametrize("first", MEMBERS)
def test_a_document_that_one_proposer_leaves_out_enters_within_as_many_heights_as_members(first: str) -> None:
    """Scenario 23: it went to every node, and the next proposer takes it."""
    nodes = four_nodes()
    censor(nodes[first])

    async def story() -> None:
        async with running(nodes):
            offered_at, height = await decided(nodes[first], nodes[first].document())
            assert height - offered_at <= len(MEMBERS)
            block = nodes[first].ledger.block(height).block
            assert block.header.proposer != address_of_validator(first)

    asyncio.run(story())


def test_without_documents_there_is_silence_and_then_one_block() -> None:
    """Scenario 21: nothing is decided for as long as `idle-ms` lasts; a document ends the silence."""
    nodes = four_nodes()

    async def story() -> None:
        async with running(nodes) as group:
            everybody = list(nodes.values())
            await group.until(lambda: all(node.driver.votes and node.driver._has_begun for node in everybody))
            assert [node.driver.tip.height for node in everybody] == [0] * 4
            assert [node.driver.machine.round for node in everybody] == [-1] * 4
            assert await decided(nodes["moh"], nodes["moh"].document()) == (0, 1)
            await group.until(lambda: all(node.driver.tip.height == 1 for node in everybody))

    asyncio.run(story())


def differ(node: MemoryNode, *, is_fault: bool) -> None:
    """From now on it executes blocks with documents otherwise than everybody: to another state, or not at
    all."""
    check = node.application.check

    def check_otherwise(
        context: BlockContext,
        transactions: Sequence[SignedTransaction],
        misbehaviour: Sequence[Misbehaviour] = (),
    ) -> Execution:
        execution = check(context, transactions, misbehaviour)
        if not transactions:
            return execution
        if is_fault:
            raise ExecutionFault("this machine counts otherwise")
        return replace(execution, state_root=OTHER)

    node.application.check = check_otherwise  # type: ignore[method-assign]


@pytest.mark.parametrize("is_fault", [False, True], ids=["another root", "a fault"])
def test_a_node_that_executes_otherwise_stops_and_the_others_go_on(is_fault: bool) -> None:
    """Scenario 22: a quorum decides what this node cannot accept, so it must not go on beside them."""
    nodes = four_nodes(block_interval_ms=0)
    odd, others = nodes["mot"], [nodes[name] for name in MEMBERS if name != "mot"]
    censor(odd)  # its own blocks are empty, so that all four agree on them
    differ(odd, is_fault=is_fault)

    async def story() -> None:
        async with running(nodes) as group:
            _, height = await decided(others[0], others[0].document())
            await group.until(lambda: group.ended(odd) is not None, may_end=odd)
            error = group.ended(odd)
            assert isinstance(error, LedgerError)
            assert error.code == "CONSENSUS-HALT"
            assert odd.driver.tip.height == height - 1
            odd.transport.peers = []
            _, later = await decided(others[1], others[0].document())
            await group.until(lambda: all(node.driver.tip.height >= later for node in others), may_end=odd)
            assert len({node.ledger.block(later).block.block_id for node in others}) == 1
            assert group.ended(odd) is error

    asyncio.run(story())


def test_who_comes_a_thousand_heights_late_takes_them_over_while_blocks_go_on_and_votes() -> None:
    """Scenario 20."""
    with stub_signatures():
        nodes = four_nodes(away=["mot"], height=BEHIND, idle_ms=1)
        asyncio.run(catching_up(nodes, "mot"))


async def catching_up(nodes: dict[str, MemoryNode], name: str) -> None:
    late, others = nodes[name], [node for one, node in nodes.items() if one != name]

    def votes() -> bool:
        """Whether the late one's signature stands in the last certificate of another."""
        certificate = others[0].ledger.block(others[0].driver.tip.height).certificate
        index = late.application.validators_at(certificate.height).index_of(address_of_validator(name))
        return index in {signer for signer, _ in certificate.signatures}

    async with running(nodes, *(one for one in nodes if one != name)) as group:
        await group.until(lambda: others[0].driver.tip.height > BEHIND)
        come_back(late)
        group.start(late)
        await group.until(lambda: late.driver.tip.height > BEHIND + 1 and votes())
        common = min(node.driver.tip.height for node in nodes.values())
        assert len({node.ledger.block(common).block.block_id for node in nodes.values()}) == 1
        assert late.metrics.caught_up._value.get() >= BEHIND
