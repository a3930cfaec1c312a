"""Admission: what a stranger's bytes become, and how little they can do to the node."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from chain.errors import ExecutionFault, InvalidMessageError
from chain.transaction import SignedTransaction, encode_auth
from chain.types import Signature
from consensus.messages import MessageType, Transactions
from contracts import reasons
from node.intake import PEER_MESSAGES, STALE_DROPPED_AT_ONCE, Admission, Status
from node.mempool import MempoolLimits
from tests.support.node import MemoryNode, a_node, address_of_validator

T = TypeVar("T")
MEMBERS = ("mof", "treasury", "moh", "mot")
TREASURY = address_of_validator("treasury")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def pair(document: SignedTransaction) -> tuple[bytes, bytes]:
    return document.body, document.auth


def admitted(node: MemoryNode, *documents: SignedTransaction, source: bool = False) -> list[Admission]:
    pairs = [pair(one) for one in documents]
    return run(node.driver.intake.admit(pairs, TREASURY if source else None))


def test_what_a_client_gives_goes_to_every_peer_at_once() -> None:
    node = a_node(members=MEMBERS)
    document = node.document()
    assert admitted(node, document) == [Admission(Status.ACCEPTED, document.tx_id)]
    sent = node.transport.sent_of(MessageType.TXS)
    assert [peer for peer, _ in sent] == node.transport.peers
    assert {Transactions.decode(payload).transactions for _, payload in sent} == {(pair(document),)}


def test_what_a_peer_gives_is_not_passed_on_at_once() -> None:
    node = a_node(members=MEMBERS)
    assert admitted(node, node.document(), source=True)[0].status is Status.ACCEPTED
    assert node.transport.sent_of(MessageType.TXS) == []


def test_answers_stand_in_the_order_of_the_questions() -> None:
    node = a_node(limits=MempoolLimits(transactions=2))
    first, rival = node.document(client_id=b"c" * 16), node.document(client_id=b"c" * 16)
    second, third = node.document(), node.document()
    statuses = [one.status for one in admitted(node, first, first, rival, second, third)]
    assert statuses == [Status.ACCEPTED, Status.KNOWN, Status.CONFLICT, Status.ACCEPTED, Status.FULL]


def test_a_false_signature_is_refused_and_nothing_waits() -> None:
    node = a_node()
    document = node.document()
    ((signer, _),) = document.signatures
    forged = SignedTransaction.decode(document.body, encode_auth([(signer, Signature(bytes(64)))]))
    (answer,) = admitted(node, forged)
    assert answer.refusal is not None
    assert answer.refusal.reason is reasons.BAD_SIGNATURE
    assert len(node.mempool) == 0


def test_a_refusal_is_remembered_for_who_asks_later() -> None:
    node = a_node()
    document = node.document()
    late = replace(node.clock, time_ms=document.transaction.valid_until_ms + 1)
    node.clock.time_ms = late.time_ms
    (answer,) = admitted(node, document)
    assert answer.refusal is not None
    assert node.driver.intake.refusal_of(document.tx_id) == answer.refusal


def test_a_fault_of_ours_refuses_the_document_for_ever_and_the_node_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = a_node()
    document = node.document()

    def fault(*_: object) -> None:
        raise ExecutionFault("a rule broke")

    with monkeypatch.context() as patched:
        patched.setattr(node.application, "dry_run", fault)
        (first,) = admitted(node, document)
    (second,) = admitted(node, document)
    assert first.status is second.status is Status.REFUSED
    assert isinstance(second.error, ExecutionFault)
    assert node.metrics.faults._value.get() == 1


def test_unreadable_bytes_from_a_peer_blame_it() -> None:
    node = a_node(members=MEMBERS)
    assert node.driver.intake.take_from_peer(TREASURY, [(b"\x00", b"\x90")])
    with pytest.raises(InvalidMessageError):
        run(node.driver.intake.admit_from(TREASURY))


def test_a_peer_that_floods_loses_its_own_messages() -> None:
    node = a_node(members=MEMBERS)
    documents = [node.document() for _ in range(PEER_MESSAGES + 5)]
    due = [node.driver.intake.take_from_peer(TREASURY, [pair(one)]) for one in documents]
    assert due == [True] + [False] * (len(documents) - 1)
    run(node.driver.intake.admit_from(TREASURY))
    assert len(node.mempool) == PEER_MESSAGES
    assert node.driver.intake.take_from_peer(TREASURY, [pair(documents[-1])])


def test_the_loop_has_its_turn_within_a_batch() -> None:
    node = a_node()
    turns: list[int] = []

    async def admit() -> None:
        pairs = [pair(node.document()) for _ in range(64)]
        work = asyncio.ensure_future(node.driver.intake.admit(pairs))
        while not work.done():
            turns.append(len(node.mempool))
            await asyncio.sleep(0)
        await work

    run(admit())
    assert len(set(turns)) >= 3


def test_stale_ones_are_let_go_until_one_passes() -> None:
    node = a_node()
    stale, fresh = node.document(), node.document()
    node.mempool.add(stale)
    node.clock.time_ms += 10
    node.mempool.add(fresh)
    late_ms = stale.transaction.valid_until_ms
    assert node.driver.intake.has_ready(late_ms + 1) is False
    assert len(node.mempool) == 0


def test_a_look_for_a_ready_one_is_bounded() -> None:
    node = a_node()
    for _ in range(STALE_DROPPED_AT_ONCE + 3):
        node.mempool.add(node.document())
    assert node.driver.intake.has_ready(node.clock.time_ms * 2) is True
    assert len(node.mempool) == 3


def test_what_a_block_holds_leaves_with_its_rivals() -> None:
    node = a_node()
    waiting, other = node.document(client_id=b"c" * 16), node.document()
    decided = node.document(client_id=b"c" * 16)
    admitted(node, waiting, other)
    node.driver.intake.decided([decided])
    assert list(node.mempool.waiting()) == [other]
