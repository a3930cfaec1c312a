"""Peers and certificates that change while a transport runs: what stays as it is keeps its link."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chain.errors import ConfigError
from chain.types import Address
from network.certificates import certificate_der, make_identity
from network.transport import PinnedPeer, Transport, TransportConfig
from tests.support.links import (
    VOTE,
    Institution,
    Stranger,
    a_config,
    an_institution,
    met,
    pinned,
    refused,
    running,
)

Place = tuple[str, int]


def run(story: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):  # a story that hangs fails; none takes three seconds
            await story

    asyncio.run(bounded())


class Site:
    """One institution's transport, which can be given other settings."""

    def __init__(self, who: Institution, transport: Transport, place: Place) -> None:
        self.who = who
        self.transport = transport
        self.place = place

    @property
    def config(self) -> TransportConfig:
        return self.transport._config

    def adopt(self, *peers: PinnedPeer) -> None:
        self.transport.adopt(replace(self.config, peers=peers))

    def present(self, who: Institution) -> None:
        """Come with another certificate from now on."""
        self.transport.adopt(
            replace(self.config, certificate_file=who.certificate_file, key_file=who.key_file)
        )

    def link(self, other: "Site") -> object:
        return self.transport._links.get(other.who.address)


def sites(tmp_path: Path, count: int, story: Callable[..., Awaitable[None]]) -> Coroutine[Any, Any, None]:
    """`count` transports that know nobody yet, handed to the story."""

    async def told() -> None:
        async with AsyncExitStack() as stack:
            found = []
            for number in range(1, count + 1):
                who = an_institution(tmp_path, number)
                transport, place = await stack.enter_async_context(running(a_config(who, ())))
                found.append(Site(who, transport, place))
            await story(*found)

    return told()


def renewed(directory: Path, who: Institution, name: str) -> Institution:
    """The same institution with a new key and certificate of the same name."""
    now = datetime.now(UTC) - timedelta(days=1)
    identity = make_identity(f"institution-{who.address[0]}", ["127.0.0.1"], now, 30)
    certificate_file, key_file = directory / f"{name}.crt", directory / f"{name}.key"
    certificate_file.write_bytes(identity.certificate_pem)
    key_file.write_bytes(identity.key_pem)
    return Institution(who.address, certificate_file, key_file, certificate_der(identity.certificate_pem))


async def settled(one: Site, other: Site) -> None:
    """Both ends have one and the same link: of two that crossed one has been given up."""

    def ends(site: Site, far: Site, *names: str) -> list[object]:
        link = site.transport._links.get(far.who.address)
        return [] if link is None else [link._writer.get_extra_info(name) for name in names]

    while not (found := ends(one, other, "sockname", "peername")) or found != ends(
        other, one, "peername", "sockname"
    ):
        await asyncio.sleep(0.01)


async def hears(one: Site, other: Site, word: bytes) -> None:
    """What `one` sends arrives at `other`."""
    assert one.transport.send(other.who.address, VOTE, word)
    assert await anext(other.transport.incoming()) == (one.who.address, VOTE, word)


def test_a_peer_that_is_added_is_linked_and_the_others_keep_their_links(tmp_path: Path) -> None:
    async def story(one: Site, two: Site, three: Site) -> None:
        one.adopt(pinned(two.who, two.place))
        two.adopt(pinned(one.who))
        await met(one.transport, two.transport)
        link = one.link(two)
        three.adopt(pinned(one.who))
        one.adopt(pinned(two.who, two.place), pinned(three.who, three.place))
        await met(one.transport, peers=2)
        await met(three.transport)
        assert one.link(two) is link
        await hears(three, one, b"a newcomer's vote")

    run(sites(tmp_path, 3, story))


def test_a_peer_that_is_removed_is_cut_off_and_cannot_come_back(tmp_path: Path) -> None:
    async def story(one: Site, two: Site, three: Site) -> None:
        one.adopt(pinned(two.who), pinned(three.who))
        two.adopt(pinned(one.who, one.place))
        three.adopt(pinned(one.who, one.place))
        await met(one.transport, peers=2)
        link = one.link(two)
        one.adopt(pinned(two.who))
        await met(three.transport, peers=0)
        await refused(one.transport, "CERTIFICATE-UNKNOWN")
        assert one.transport.connected() == (two.who.address,)
        assert one.link(two) is link
        assert not one.transport.lost

    run(sites(tmp_path, 3, story))


def test_a_peer_that_moves_is_dialled_at_its_new_place(tmp_path: Path) -> None:
    async def story(one: Site, two: Site) -> None:
        one.adopt(pinned(two.who, ("127.0.0.1", 1)))  # nobody listens there
        two.adopt(pinned(one.who))
        one.adopt(pinned(two.who, two.place))
        await met(one.transport, two.transport)
        link = one.link(two)
        one.adopt(pinned(two.who, ("127.0.0.1", 1)))  # the link that is there stays
        await hears(two, one, b"still here")
        assert one.link(two) is link

    run(sites(tmp_path, 2, story))


@pytest.mark.parametrize("renewing", [0, 1], ids=["smaller", "larger"])
@pytest.mark.parametrize("dialling", [0, 1, 2], ids=["smaller dials", "larger dials", "both dial"])
def test_a_certificate_is_renewed_in_three_steps_and_no_link_is_lost(
    tmp_path: Path, renewing: int, dialling: int
) -> None:
    """Pinned beside the old one, put in use, the old one dropped; words arrive all the while."""

    async def story(*both: Site) -> None:
        own, other = both[renewing], both[1 - renewing]

        def of(site: Site, **more: Any) -> PinnedPeer:
            is_dialled = dialling == 2 or both[1 - dialling] is site
            return replace(pinned(site.who, site.place if is_dialled else None), **more)

        async def talk(word: bytes) -> None:
            await hears(own, other, word)
            await hears(other, own, word)

        own.adopt(of(other))
        other.adopt(of(own))
        await settled(own, other)
        next_one = renewed(tmp_path, own.who, "next")
        other.adopt(of(own, other_certificate=next_one.certificate))
        await talk(b"pinned to two")
        before = other.link(own)
        own.present(next_one)
        if dialling == 2 or both[dialling] is own:  # who has no place to dial waits for the other
            await other.transport.until(lambda: other.link(own) is not before)
        await talk(b"in use")
        old = own.who
        own.who = next_one
        other.adopt(of(own))
        await other.transport.until(lambda: other.transport._trust.would_make(other.link(own)))  # type: ignore[arg-type]
        await talk(b"alone")
        assert not own.transport.lost
        assert not other.transport.lost
        stranger = await Stranger.dial(other.place, old)
        stranger.greet(old.address)
        await refused(other.transport, "CERTIFICATE-UNKNOWN")
        stranger.close()

    run(sites(tmp_path, 2, story))


def test_what_was_sent_on_the_old_link_still_arrives(tmp_path: Path) -> None:
    async def story(one: Site, two: Site) -> None:
        one.adopt(pinned(two.who, two.place))
        two.adopt(pinned(one.who))
        await met(one.transport, two.transport)
        next_one = renewed(tmp_path, one.who, "next")
        two.adopt(replace(pinned(one.who), other_certificate=next_one.certificate))
        words = [b"%d" % number * 1000 for number in range(200)]
        before = two.link(one)
        one.present(next_one)
        incoming, heard = two.transport.incoming(), set()
        for word in words:  # the new link takes over somewhere in the middle
            assert one.transport.send(two.who.address, VOTE, word[:500])
            heard.add((await anext(incoming))[2])
        await two.transport.until(lambda: two.link(one) is not before)
        assert heard == {word[:500] for word in words}
        assert not one.transport.lost + two.transport.lost

    run(sites(tmp_path, 2, story))


def test_until_the_others_have_pinned_it_a_new_certificate_costs_no_link(tmp_path: Path) -> None:
    """Put in use too early: the link that is there stays, and the new one comes when it is pinned."""

    async def story(one: Site, two: Site) -> None:
        one.adopt(pinned(two.who, two.place))
        two.adopt(pinned(one.who))
        await met(one.transport, two.transport)
        before = two.link(one)
        next_one = renewed(tmp_path, one.who, "next")
        one.present(next_one)
        await refused(two.transport, "CERTIFICATE-UNKNOWN")
        await hears(one, two, b"on the link that is there")
        assert two.link(one) is before
        two.adopt(replace(pinned(one.who), other_certificate=next_one.certificate))
        await two.transport.until(lambda: two.link(one) is not before)
        await hears(one, two, b"on the new one")
        assert not one.transport.lost + two.transport.lost

    run(sites(tmp_path, 2, story))


def test_a_certificate_dropped_without_a_new_one_in_use_ends_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(one: Site, two: Site) -> None:
        one.adopt(pinned(two.who, two.place))
        two.adopt(pinned(one.who))
        await met(one.transport, two.transport)
        two.adopt(pinned(renewed(tmp_path, one.who, "next")))
        await met(two.transport, peers=0)

    monkeypatch.setattr("network.transport.REPLACE_SECONDS", 0.05)
    run(sites(tmp_path, 2, story))


def test_a_peer_may_come_with_either_of_two_addresses(tmp_path: Path) -> None:
    """Its validator key is about to change: the process with the old one and the one with the new one."""

    async def story(one: Site, two: Site) -> None:
        new = replace(two.who, address=Address(bytes((9,)) * 32))
        one.adopt(replace(pinned(two.who), other_address=new.address))
        two.adopt(pinned(one.who, one.place))
        await met(one.transport)
        assert one.transport.connected() == (two.who.address,)
        two.adopt()
        async with running(a_config(new, [pinned(one.who, one.place)])) as (again, _):
            await met(again)
            await one.transport.until(lambda: one.transport.connected() == (new.address,))
            assert again.send(one.who.address, VOTE, b"by the new key")
            assert await anext(one.transport.incoming()) == (new.address, VOTE, b"by the new key")

    run(sites(tmp_path, 2, story))


def test_settings_that_cannot_be_used_change_nothing(tmp_path: Path) -> None:
    async def story(one: Site, two: Site) -> None:
        one.adopt(pinned(two.who, two.place))
        two.adopt(pinned(one.who))
        await met(one.transport, two.transport)
        before = one.config
        broken = replace(before, key_file=two.who.key_file)
        twice = replace(before, peers=(pinned(two.who), replace(pinned(one.who), address=Address(b"3" * 32))))
        itself = replace(before, peers=(pinned(one.who),))
        for config, code in ((broken, "TLS-CONFIG"), (itself, "PEER-SELF")):
            with pytest.raises(ConfigError) as found:
                one.transport.adopt(config)
            assert found.value.code == code
        with pytest.raises(ConfigError):
            one.transport.adopt(replace(twice, peers=(*twice.peers, pinned(two.who))))
        assert one.config is before
        await hears(one, two, b"as before")

    run(sites(tmp_path, 2, story))
