"""A validator that signs two contents before the eyes of one node: it is named, and the node goes on."""

from __future__ import annotations

import asyncio

import pytest

from chain.certificate import VoteKind
from chain.evidence import Evidence
from chain.types import Hash32
from consensus.messages import MessageType
from contracts.records import misconduct_key
from tests.support.node import a_node, a_vote, address_of_validator

MEMBERS = ("mof", "treasury", "moh", "mot")
ONE, OTHER = Hash32(b"1" * 32), Hash32(b"2" * 32)
PATIENCE_SECONDS = 10.0


@pytest.mark.parametrize("kind", list(VoteKind))
def test_two_votes_of_one_position_become_evidence(kind: VoteKind) -> None:
    node = a_node(members=MEMBERS)
    liar = address_of_validator("treasury")
    for content in (ONE, OTHER):
        node.transport.deliver(liar, MessageType.VOTE, a_vote(node, "treasury", kind, 1, content).encode())

    async def heard() -> None:
        running = asyncio.create_task(node.driver.run())
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not node.transport.sent_of(MessageType.EVIDENCE):
            if running.done():
                running.result()
            assert asyncio.get_running_loop().time() < deadline, "no evidence was sent"
            await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])

    try:
        asyncio.run(heard())
        (_, payload), *_ = node.transport.sent_of(MessageType.EVIDENCE)
        evidence = Evidence.decode(payload)
        assert (evidence.address, evidence.kind) == (liar, kind)
        assert type(evidence.kind) is int
    finally:
        node.close()


def test_evidence_names_its_kind_by_a_number_that_a_key_can_hold() -> None:
    """The kind of a vote is an enumeration in memory, and a number wherever it is written."""
    node = a_node(members=MEMBERS)
    votes = [a_vote(node, "treasury", VoteKind.PREVOTE, 1, content) for content in (ONE, OTHER)]
    node.close()
    evidence = Evidence.of(*votes)
    key = misconduct_key(evidence.address, evidence.height, evidence.kind)
    assert key == misconduct_key(evidence.address, 1, 1)
    assert evidence == Evidence.decode(evidence.encode())
