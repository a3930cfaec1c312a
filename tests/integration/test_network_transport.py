"""Transports over real sockets and TLS: messages arrive, links come back, and of two one stays."""

import asyncio
import socket
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chain.errors import ConfigError, InvalidMessageError
from chain.types import Address
from network.transport import Transport
from tests.support.links import (
    BLOCK,
    HEIGHT,
    VOTE,
    a_config,
    an_institution,
    met,
    pinned,
    refused,
    running,
)


def run(story: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):  # a story that hangs fails; none takes a second
            await story

    asyncio.run(bounded())


def test_messages_go_both_ways(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with (
            running(a_config(one, [pinned(two)])) as (first, place),
            running(a_config(two, [pinned(one, place)])) as (second, _),
        ):
            await met(first, second)
            assert first.connected() == (two.address,)
            assert second.peer_height(one.address) == HEIGHT
            assert second.send(one.address, VOTE, b"a vote")
            assert await anext(first.incoming()) == (two.address, VOTE, b"a vote")
            assert first.broadcast(BLOCK, bytes(4 << 20)) == 1
            assert await anext(second.incoming()) == (one.address, BLOCK, bytes(4 << 20))

    run(story())


def test_messages_of_one_peer_keep_their_order(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with (
            running(a_config(one, [pinned(two)])) as (first, place),
            running(a_config(two, [pinned(one, place)])) as (second, _),
        ):
            await met(first, second)
            for number in range(500):
                assert second.send(one.address, VOTE, b"%d" % number)
            incoming = first.incoming()
            assert [(await anext(incoming))[2] for _ in range(500)] == [b"%d" % n for n in range(500)]

    run(story())


def test_bulk_waits_for_a_slow_node_and_nothing_is_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with (
            running(a_config(one, [pinned(two)])) as (first, place),
            running(a_config(two, [pinned(one, place)])) as (second, _),
        ):
            await met(first, second)

            async def push() -> None:
                for number in range(40):
                    assert await second.deliver(one.address, BLOCK, bytes((number,)) * (3 << 20))

            pushing = asyncio.create_task(push())
            incoming = first.incoming()
            for number in range(40):
                assert (await anext(incoming))[2][:1] == bytes((number,))
            await pushing
            assert not second.dropped

    run(story())


def test_what_is_sent_to_nobody_is_dropped_and_counted(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with running(a_config(one, [pinned(two)])) as (first, _):
            assert not first.send(two.address, VOTE, b"a vote")
            assert not await first.deliver(two.address, VOTE, b"a vote")
            assert first.broadcast(VOTE, b"a vote") == 0
            assert first.dropped[two.address] == 1

    run(story())


def test_four_nodes_that_all_dial_each_other_hear_each_other(tmp_path: Path) -> None:
    """While links cross and are replaced, what was on a lost one is said again, as STATUS and VOTES do."""

    async def chatter(transport: Transport, word: bytes) -> None:
        while True:
            links = dict(transport._links)
            transport.broadcast(VOTE, word)
            await transport.until(lambda links=links: transport._links != links)  # type: ignore[misc]

    async def hear_all(transport: Transport, others: set[Address]) -> None:
        async for address, _, payload in transport.incoming():
            assert payload == address
            others.discard(address)
            if not others:
                return

    async def story() -> None:
        members = [an_institution(tmp_path, number) for number in range(1, 5)]
        places = free_places(len(members))
        transports: list[Transport] = []
        for member, place in zip(members, places, strict=True):
            peers = [pinned(*other) for other in zip(members, places, strict=True) if other[0] is not member]
            config = replace(a_config(member, peers), listen_port=place[1])
            transports.append(Transport(config, lambda: HEIGHT, Random(len(transports))))
            await transports[-1].listen()
        tasks = [asyncio.create_task(transport.run()) for transport in transports]
        for transport, member in zip(transports, members, strict=True):
            tasks.append(asyncio.create_task(chatter(transport, member.address)))
        await asyncio.gather(
            *(
                hear_all(transport, {other.address for other in members if other is not member})
                for transport, member in zip(transports, members, strict=True)
            )
        )
        await met(*transports, peers=3)
        assert not any(transport.refusals for transport in transports)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    run(story())


def free_places(count: int) -> list[tuple[str, int]]:
    """Ports that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname() for one in sockets]


def test_a_peer_that_comes_back_is_linked_again(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with running(a_config(one, [pinned(two)])) as (first, place):
            for life in range(3):
                async with running(a_config(two, [pinned(one, place)])) as (second, _):
                    await met(first, second)
                    assert second.send(one.address, VOTE, b"%d" % life)
                    assert await anext(first.incoming()) == (two.address, VOTE, b"%d" % life)
                await met(first, peers=0)

    run(story())


def test_a_link_lost_on_the_way_is_dialled_again(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with (
            running(a_config(one, [pinned(two)])) as (first, place),
            running(a_config(two, [pinned(one, place)])) as (second, _),
        ):
            await met(first, second)
            second._links[one.address]._writer.transport.abort()
            await met(second, peers=0)
            await met(second, first)
            assert second.send(one.address, VOTE, b"again")
            assert await anext(first.incoming()) == (two.address, VOTE, b"again")

    run(story())


def test_a_node_may_end_the_link_of_a_peer_that_broke_its_rules(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with (
            running(a_config(one, [pinned(two)])) as (first, place),
            running(a_config(two, [pinned(one, place)])) as (second, _),
        ):
            await met(first, second)
            first.disconnect(two.address, InvalidMessageError("a forged vote"))
            await refused(first, "INVALID-MESSAGE")
            await second.until(lambda: second.connected() == ())
            await met(first, second)

    run(story())


def test_two_peers_with_one_certificate_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        one, two, three = (an_institution(tmp_path, number) for number in (1, 2, 3))
        twin = replace(pinned(three), certificate=two.certificate)
        with pytest.raises(ConfigError) as found:
            Transport(a_config(one, [pinned(two), twin]), lambda: HEIGHT, Random(1))
        assert found.value.code == "PEER-TWICE"

    run(story())


def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        async with running(a_config(one, [pinned(two)])) as (_, place):
            config = replace(a_config(two, [pinned(one)]), listen_port=place[1])
            with pytest.raises(ConfigError, match="cannot listen for peers") as found:
                await Transport(config, lambda: HEIGHT, Random(1)).listen()
            assert found.value.code == "LISTEN"

    run(story())


def test_tls_files_that_do_not_fit_are_said_so(tmp_path: Path) -> None:
    one, two = (an_institution(tmp_path, number) for number in (1, 2))
    config = replace(a_config(one, [pinned(two)]), key_file=two.key_file)
    with pytest.raises(ConfigError) as found:
        Transport(config, lambda: HEIGHT, Random(1))
    assert found.value.code == "TLS-CONFIG"
