"""Four nodes, and disks that fill and are freed: who signs, who follows, who writes, and that it passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from chain.types import Address, Hash32
from consensus.messages import Step
from consensus.records import OwnMessage, decode_record
from node.intake import Status
from node.reserve import DiskReserve, Room
from node.silence import Silence, Why
from tests.support.node import MemoryNode, TestClock, TestTransport, a_node, address_of_validator

MEMBERS = ("mof", "treasury", "moh", "mot")
MARK = 1_000_000
PLENTY, LITTLE, NOTHING = 2 * MARK, MARK - 1, MARK // 4 - 1
PATIENCE_SECONDS = 20.0
NOBODY = Address(bytes(32))


@dataclass(slots=True)
class Link(TestTransport):
    """What is sent arrives in the other's inbox."""

    address: Address = NOBODY
    others: dict[Address, TestTransport] = field(default_factory=dict)

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        self.others[address].deliver(self.address, kind, payload)
        return True


@dataclass
class Member:
    """One node, and the free space of its disk."""

    node: MemoryNode
    free_bytes: int

    @property
    def height(self) -> int:
        return self.node.ledger.status().height

    def signed(self) -> int:
        """Messages in the journal since it was made."""
        records = [decode_record(record) for record in self.node.journal.records()]
        return sum(isinstance(record, OwnMessage) for record in records)

    def voted(self) -> bool:
        """On the height that is being decided."""
        machine = self.node.driver.machine
        return machine.round >= 0 and machine.step is not Step.PROPOSE


def a_member(name: str, free_bytes: int, clock: TestClock, link: Link) -> Member:
    member: list[Member] = []
    reserve = DiskReserve(lambda: member[0].free_bytes if member else free_bytes, MARK)
    node = a_node(name, members=MEMBERS, clock=clock, transport=link, reserve=reserve)
    node.documents = 1_000 * MEMBERS.index(name)  # so that no two offer the same
    member.append(Member(node, free_bytes))
    return member[0]


@contextmanager
def four(*free_bytes: int) -> Iterator[list[Member]]:
    """Four members, with so much space each; all of them when only one figure is given."""
    frees = free_bytes if len(free_bytes) > 1 else free_bytes * len(MEMBERS)
    clock = TestClock(tick_ms=1)
    links = {address_of_validator(name): Link() for name in MEMBERS}
    for address, link in links.items():
        link.address, link.others = address, {**links}
        link.peers = [other for other in links if other != address]
    members = [
        a_member(name, free, clock, links[address_of_validator(name)])
        for name, free in zip(MEMBERS, frees, strict=True)
    ]
    try:
        yield members
    finally:
        for member in members:
            member.node.close()


async def until(is_reached: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not is_reached():
        assert asyncio.get_running_loop().time() < deadline, "the nodes did not come so far"
        await asyncio.sleep(0.001)


def tell(members: list[Member], story: Coroutine[Any, Any, None]) -> None:
    """Run the nodes while the story is told; what ends one of them is raised."""

    async def together() -> None:
        running = [asyncio.create_task(member.node.driver.run()) for member in members]
        try:
            await story
            for one in running:
                assert not one.done(), one.exception()
        finally:
            for one in running:
                one.cancel()
            await asyncio.wait(running)

    asyncio.run(together())


async def decide(through: Member) -> None:
    """A document through this member, decided by it."""
    document = through.node.document()
    (answer,) = await through.node.ledger.submit([(document.body, document.auth)])
    assert answer.status is Status.ACCEPTED
    tx_id = Hash32(document.tx_id)
    await until(lambda: through.node.ledger.transaction(tx_id).status == "committed")


def test_one_below_the_mark_signs_nothing_and_follows_until_there_is_space_again() -> None:
    with four(PLENTY) as members:

        async def story() -> None:
            poor = members[0]
            await decide(members[1])
            poor.free_bytes = LITTLE
            await until(lambda: not poor.node.driver.votes)
            assert poor.node.driver.silence == Silence(Why.DISK)
            signed = poor.signed()
            assert signed > 0
            for _ in range(3):
                await decide(members[1])
            await until(lambda: poor.height == members[1].height)
            assert poor.signed() == signed
            poor.free_bytes = PLENTY
            await until(lambda: poor.node.driver.votes)
            while poor.signed() == signed:
                await decide(members[1])

        tell(members, story())


def test_documents_given_to_a_node_below_the_mark_are_decided_by_the_others() -> None:
    with four(LITTLE, PLENTY, PLENTY, PLENTY) as members:
        tell(members, decide(members[0]))
        assert members[0].signed() == 0


def test_two_below_the_mark_stop_the_network_and_it_goes_on_when_one_has_space() -> None:
    with four(PLENTY) as members:

        async def story() -> None:
            await decide(members[0])
            for poor in members[:2]:
                poor.free_bytes = LITTLE
            await until(lambda: not any(poor.node.driver.votes for poor in members[:2]))
            signed = members[0].signed(), members[1].signed()
            document = members[2].node.document()
            await members[2].node.ledger.submit([(document.body, document.auth)])
            await until(lambda: all(member.voted() for member in members[2:]))
            assert members[2].node.ledger.transaction(document.tx_id).status == "waiting"
            assert (members[0].signed(), members[1].signed()) == signed
            members[0].free_bytes = PLENTY
            ledger = members[2].node.ledger
            await until(lambda: ledger.transaction(document.tx_id).status == "committed")

        tell(members, story())


@pytest.mark.parametrize("space", [LITTLE, NOTHING])
def test_all_that_stopped_together_go_on_together(space: int) -> None:
    """Nobody waits for a timer that ran out, or for a vote that nobody gave, while they were silent."""
    with four(PLENTY) as members:

        async def story() -> None:
            await decide(members[0])
            document = members[0].node.document()
            await members[0].node.ledger.submit([(document.body, document.auth)])
            for member in members:
                member.free_bytes = space
            await until(lambda: not any(member.node.driver.votes for member in members))
            for member in members:
                member.free_bytes = PLENTY
            ledger = members[0].node.ledger
            await until(lambda: ledger.transaction(document.tx_id).status == "committed")
            await decide(members[3])

        tell(members, story())


def test_below_the_floor_nothing_is_written_and_what_is_here_is_still_told() -> None:
    with four(PLENTY) as members:

        async def story() -> None:
            full = members[0]
            await decide(full)
            full.free_bytes = NOTHING
            await until(lambda: full.node.driver.room is Room.NONE)
            written = full.height, len(full.node.journal.records())
            for _ in range(3):
                await decide(members[1])
            assert (full.height, len(full.node.journal.records())) == written
            assert full.node.ledger.block(full.height).block.header.height == full.height
            document = full.node.document()
            (answer,) = await full.node.ledger.submit([(document.body, document.auth)])
            assert answer.status is Status.FULL
            full.free_bytes = LITTLE
            await until(lambda: full.height == members[1].height)
            assert not full.node.driver.votes
            full.free_bytes = PLENTY
            await until(lambda: full.node.driver.votes)

        tell(members, story())


def test_a_node_that_starts_below_the_mark_votes_when_there_is_space() -> None:
    with four(LITTLE, PLENTY, PLENTY, PLENTY) as members:

        async def story() -> None:
            poor = members[0]
            await decide(members[1])
            await until(lambda: poor.height == members[1].height)
            assert poor.signed() == 0
            poor.free_bytes = PLENTY
            while not poor.signed():
                await decide(members[1])

        tell(members, story())
