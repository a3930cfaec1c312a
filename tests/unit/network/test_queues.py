"""Bounded queues: what is dropped, who waits, and who does not have to."""

import asyncio

from chain.types import Address
from network.queues import WRITE_BYTES, Inbox, Outbox, Received

ALICE, BOB = Address(b"a" * 32), Address(b"b" * 32)


def test_a_full_outbox_drops_the_new_frame_and_keeps_the_order() -> None:
    async def story() -> None:
        outbox = Outbox(max_bytes=10, max_frames=3)
        assert [outbox.put(frame) for frame in (b"1234", b"5678", b"9abc", b"de", b"f")] == [
            True,
            True,
            False,
            True,
            False,
        ]
        assert outbox.dropped == 2
        assert await outbox.take() == [b"1234", b"5678", b"de"]

    asyncio.run(story())


def test_an_empty_outbox_takes_any_frame() -> None:
    async def story() -> None:
        outbox = Outbox(max_bytes=10)
        assert outbox.put(bytes(100))
        assert not outbox.put(b"1")

    asyncio.run(story())


def test_room_is_waited_for_until_something_was_taken() -> None:
    async def story() -> None:
        outbox = Outbox(max_bytes=10)
        outbox.put(bytes(10))
        waiting = asyncio.create_task(outbox.room(5))
        await asyncio.sleep(0)
        assert not waiting.done()
        await outbox.take()
        await waiting
        assert outbox.put(bytes(5))

    asyncio.run(story())


def test_frames_are_taken_in_pieces_of_bounded_size() -> None:
    async def story() -> None:
        outbox = Outbox()
        frames = [bytes(WRITE_BYTES // 2)] * 5
        for frame in frames:
            outbox.put(frame)
        assert [len(await outbox.take()) for _ in range(3)] == [2, 2, 1]

    asyncio.run(story())


def test_peers_are_heard_in_turn() -> None:
    async def story() -> None:
        inbox = Inbox()
        for number in range(3):
            await inbox.put(Received(ALICE, number, b""))
        await inbox.put(Received(BOB, 9, b""))
        assert [(await inbox.take()).kind for _ in range(4)] == [0, 9, 1, 2]

    asyncio.run(story())


def test_a_peer_that_fills_its_share_waits_and_the_others_do_not() -> None:
    async def story() -> None:
        inbox = Inbox(max_frames=2)
        for number in range(2):
            await inbox.put(Received(ALICE, number, b""))
        waiting = asyncio.create_task(inbox.put(Received(ALICE, 2, b"")))
        await inbox.put(Received(BOB, 9, b""))
        assert not waiting.done()
        assert [(await inbox.take()).kind for _ in range(2)] == [0, 9]
        await waiting
        assert [(await inbox.take()).kind for _ in range(2)] == [1, 2]

    asyncio.run(story())


def test_a_share_is_bounded_in_bytes_too() -> None:
    async def story() -> None:
        inbox = Inbox(max_bytes=10)
        await inbox.put(Received(ALICE, 0, bytes(10)))
        waiting = asyncio.create_task(inbox.put(Received(ALICE, 1, b"")))
        await asyncio.sleep(0)
        assert not waiting.done()
        await inbox.take()
        await waiting

    asyncio.run(story())
