"""Waiting transactions: bounded, in order of arrival, one per client id."""

from __future__ import annotations

from node.mempool import Mempool, MempoolLimits, Place
from tests.support.node import MemoryNode, a_node

LARGE = MempoolLimits()


def a_pool(
    transactions: int = LARGE.transactions, size_bytes: int = LARGE.size_bytes
) -> tuple[Mempool, MemoryNode]:
    return Mempool(MempoolLimits(transactions, size_bytes)), a_node()


def test_order_of_arrival_is_kept() -> None:
    pool, node = a_pool()
    documents = [node.document() for _ in range(5)]
    assert [pool.add(one) for one in documents] == [Place.ADDED] * 5
    assert list(pool.waiting()) == documents


def test_a_known_one_and_a_second_of_one_client_id_find_no_place() -> None:
    pool, node = a_pool()
    first, second = node.document(client_id=b"c" * 16), node.document(client_id=b"c" * 16)
    pool.add(first)
    assert (pool.add(first), pool.add(second)) == (Place.KNOWN, Place.CONFLICT)
    assert list(pool.waiting()) == [first]


def test_other_institutions_may_use_the_same_client_id() -> None:
    pool, node = a_pool()
    assert pool.add(node.document("mof", client_id=b"c" * 16)) is Place.ADDED
    assert pool.add(node.document("moh", client_id=b"c" * 16)) is Place.ADDED


def test_the_number_is_bounded() -> None:
    pool, node = a_pool(transactions=2)
    assert [pool.add(node.document()) for _ in range(3)] == [Place.ADDED, Place.ADDED, Place.FULL]


def test_the_bytes_are_bounded_and_given_back() -> None:
    first, second = (document := a_node()).document(), document.document()
    size = len(first.body) + len(first.auth)
    pool, _ = a_pool(size_bytes=size)
    assert (pool.add(first), pool.add(second)) == (Place.ADDED, Place.FULL)
    pool.remove([first.tx_id])
    assert pool.size_bytes == 0
    assert pool.add(second) is Place.ADDED


def test_what_waits_beside_a_decided_one_is_its_rival() -> None:
    pool, node = a_pool()
    waiting, other = node.document(client_id=b"c" * 16), node.document()
    decided = node.document(client_id=b"c" * 16)
    pool.add(waiting)
    pool.add(other)
    assert pool.rivals([decided]) == [waiting.tx_id]
