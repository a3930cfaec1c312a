"""Four whole nodes over memory doors, on one loop: what no single driver can show."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from chain.transaction import SignedTransaction
from chain.types import Address, Hash32
from contracts.context import BlockContext
from contracts.executor import Built
from contracts.membership import Misbehaviour
from tests.support.node import MemoryNode, TestClock, TestTransport, a_node, address_of_validator

MEMBERS = ("mof", "treasury", "moh", "mot")
PATIENCE_MS = 20_000
NOBODY = Address(bytes(32))


@dataclass(slots=True)
class Link(TestTransport):
    """What is sent arrives in the other's inbox."""

    address: Address = NOBODY
    others: dict[Address, TestTransport] = field(default_factory=dict)

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        self.others[address].deliver(self.address, kind, payload)
        return True


def four_nodes() -> list[MemoryNode]:
    clock = TestClock(tick_ms=1)
    links = {address_of_validator(name): Link() for name in MEMBERS}
    for address, link in links.items():
        link.address, link.others = address, {**links}
        link.peers = [other for other in links if other != address]
    return [
        a_node(name, members=MEMBERS, clock=clock, transport=links[address_of_validator(name)])
        for name in MEMBERS
    ]


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


async def decided_height(nodes: list[MemoryNode], document: SignedTransaction) -> tuple[int, int]:
    """The height when the document was offered to the first node, and the one that holds it."""
    running = [asyncio.create_task(node.driver.run()) for node in nodes]
    try:
        first = nodes[0].ledger
        offered_at = first.status().height
        (admission,) = await first.submit([(document.body, document.auth)])
        assert admission.error is admission.refusal is None
        found = await first.wait(Hash32(document.tx_id), PATIENCE_MS)
        assert found.height is not None, found
        return offered_at, found.height
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


@pytest.mark.parametrize("first", MEMBERS)
def test_a_document_that_one_proposer_leaves_out_enters_within_as_many_heights_as_members(first: str) -> None:
    """Scenario 23: it went to every node, and the next proposer takes it."""
    nodes = four_nodes()
    nodes.sort(key=lambda node: node.ledger.status().name != first)
    try:
        censor(nodes[0])
        offered_at, height = asyncio.run(decided_height(nodes, nodes[0].document()))
        assert height - offered_at <= len(MEMBERS)
        block = nodes[0].ledger.block(height).block
        assert block.header.proposer != address_of_validator(first)
    finally:
        for node in nodes:
            node.close()
