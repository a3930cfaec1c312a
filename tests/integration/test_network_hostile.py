"""Strangers, impostors and broken peers at the peer port: refused with a code, and the node lives on."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chain.types import Hash32
from network import transport as transport_module
from network.handshake import HELLO, Hello
from network.transport import Transport
from tests.integration.test_network_transport import run
from tests.support.links import (
    BLOCK,
    CHAIN_ID,
    HEIGHT,
    VOTE,
    Institution,
    Stranger,
    a_config,
    an_institution,
    met,
    pinned,
    refused,
    running,
    with_deadlines,
)

Place = tuple[str, int]
Attack = Callable[[Transport, Place, Institution, Institution], Awaitable[None]]


def against_a_node(tmp_path: Path, attack: Attack, **seconds: float) -> None:
    """A node that pins institutions 2 and 3 is attacked by or as 2; afterwards it still takes 3 in."""

    async def story() -> None:
        one, two, three = (an_institution(tmp_path, number) for number in (1, 2, 3))
        config = with_deadlines(a_config(one, [pinned(two), pinned(three)]), **seconds)
        async with running(config) as (node, place):
            await attack(node, place, two, three)
            async with running(a_config(three, [pinned(one, place)])) as (honest, _):
                await honest.until(lambda: honest.connected() == (one.address,))
                assert honest.send(one.address, VOTE, b"alive")
                incoming = node.incoming()
                message = await anext(incoming)
                while message[0] != three.address:
                    message = await anext(incoming)
                assert message == (three.address, VOTE, b"alive")

    run(story())


def test_a_certificate_nobody_pinned_is_refused(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        stranger = await Stranger.dial(place, an_institution(tmp_path, 9))
        stranger.greet(two.address)
        assert await stranger.refusal() is None
        await refused(node, "CERTIFICATE-UNKNOWN")
        stranger.close()

    against_a_node(tmp_path, attack)


def test_no_certificate_is_refused(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        stranger = await Stranger.dial(place, None)
        await refused(node, "CERTIFICATE-MISSING")
        stranger.close()

    against_a_node(tmp_path, attack)


@pytest.mark.parametrize(
    ("age_days", "code"), [(40, "CERTIFICATE-EXPIRED"), (-10, "CERTIFICATE-NOT-YET-VALID")]
)
def test_a_pinned_certificate_out_of_its_time_is_refused(tmp_path: Path, age_days: int, code: str) -> None:
    async def story() -> None:
        one = an_institution(tmp_path, 1)
        two = an_institution(tmp_path, 2, age_days=age_days)
        async with running(a_config(one, [pinned(two)])) as (node, place):
            stranger = await Stranger.dial(place, two)
            stranger.greet(two.address)
            await refused(node, code)
            assert node.connected() == ()
            stranger.close()
            async with running(a_config(two, [pinned(one, place)])) as (dialler, _):
                await refused(node, code, times=2)
                assert dialler.connected() == ()

    run(story())


def test_a_certificate_signed_by_a_pinned_institution_is_not_pinned_itself(tmp_path: Path) -> None:
    """Trust ends at the pin: an institution cannot let others in."""

    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        stranger = await Stranger.dial(place, child_of(two, tmp_path))
        stranger.greet(two.address)
        await refused(node, "CERTIFICATE-UNKNOWN")
        stranger.close()

    against_a_node(tmp_path, attack)


def child_of(parent: Institution, directory: Path) -> Institution:
    key = serialization.load_pem_private_key(parent.key_file.read_bytes(), None)
    issuer = x509.load_der_x509_certificate(parent.certificate)
    own = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(own.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    files = directory / "child.crt", directory / "child.key"
    files[0].write_bytes(pem + parent.certificate_file.read_bytes())
    files[1].write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return replace(parent, certificate_file=files[0], key_file=files[1])


def test_a_pinned_certificate_of_another_institution_is_refused_by_the_listener(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        impostor = await Stranger.dial(place, two)
        impostor.greet(three.address)
        told = await impostor.refusal()
        assert told is not None
        assert "(WRONG-ADDRESS)" in told.message
        assert node.refusals["WRONG-ADDRESS"] == 1
        impostor.close()

    against_a_node(tmp_path, attack)


def test_a_pinned_certificate_of_another_institution_is_refused_by_the_dialler(tmp_path: Path) -> None:
    async def story() -> None:
        one, two, three = (an_institution(tmp_path, number) for number in (1, 2, 3))
        async with running(a_config(two, [pinned(one)])) as (_, place):
            peers = [pinned(three, place), pinned(two)]  # where 3 should be, 2 listens
            async with running(a_config(one, peers)) as (dialler, _):
                await refused(dialler, "WRONG-CERTIFICATE")
                assert dialler.connected() == ()

    run(story())


def test_a_node_of_another_network_is_refused_and_told_why(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (an_institution(tmp_path, number) for number in (1, 2))
        other = replace(a_config(two, [pinned(one)]), chain_id=Hash32(b"o" * 32))
        async with (
            running(other) as (theirs, place),
            running(a_config(one, [pinned(two, place)])) as (
                ours,
                _,
            ),
        ):
            await refused(ours, "OTHER-NETWORK")
            await theirs.until(lambda: theirs.refusals.total() > 0)
            assert theirs.refusals.keys() <= {"OTHER-NETWORK", "REFUSED-BY-PEER"}
            assert (ours.connected(), theirs.connected()) == ((), ())
            assert "another network" in ours.last_refusal

    run(story())


def test_another_protocol_version_is_refused(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.say(HELLO, Hello(CHAIN_ID, two.address, HEIGHT, protocol=2).encode())
        told = await peer.refusal()
        assert told is not None
        assert "(OTHER-VERSION)" in told.message
        peer.close()

    against_a_node(tmp_path, attack)


@pytest.mark.parametrize(
    ("first_bytes", "code"),
    [
        (b"\0\0\0\5\1hello", "DECODE"),
        (b"\0\0\0\1\3v", "FRAME-TYPE"),
        (b"\0\1\0\0\1", "FRAME-TOO-LONG"),
        (b"GET / HTTP/1.1\r\n\r\n", "FRAME-TYPE"),
    ],
)
def test_a_link_that_does_not_begin_with_hello_is_refused(
    tmp_path: Path, first_bytes: bytes, code: str
) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.writer.write(first_bytes)
        told = await peer.refusal()
        assert told is not None
        assert f"({code})" in told.message
        assert node.refusals[code] == 1
        peer.close()

    against_a_node(tmp_path, attack)


def test_a_peer_that_keeps_its_hello_to_itself_is_let_go(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        await refused(node, "HELLO-LATE")
        peer.close()

    against_a_node(tmp_path, attack, hello_s=0.05)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\0\0\2\1\3", "FRAME-TOO-LONG"),
        (b"\0\x60\0\0\x08", "FRAME-TOO-LONG"),
        (b"\0\0\0\0\x63", "FRAME-TYPE"),
        (b"\0\0\0\0\1", "FRAME-TYPE"),
    ],
)
def test_a_frame_out_of_bounds_ends_the_link_from_its_header(
    tmp_path: Path, message: bytes, code: str
) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.greet(two.address)
        await met(node)
        peer.writer.write(message)
        told = await peer.refusal()
        assert told is not None
        assert f"({code})" in told.message
        peer.close()

    against_a_node(tmp_path, attack)


def test_a_link_cut_inside_a_frame_is_said_so(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.greet(two.address)
        await met(node)
        peer.writer.write(b"\0\0\1\0\3half")
        peer.writer.close()
        await refused(node, "TRUNCATED")
        assert node.connected() == ()

    against_a_node(tmp_path, attack)


def test_a_peer_that_drips_a_frame_is_let_go(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.greet(two.address)
        await met(node)
        peer.writer.write(b"\0\0\1\0\3half")
        await refused(node, "FRAME-LATE")
        peer.close()

    against_a_node(tmp_path, attack, frame_s=0.05)


def test_a_silent_peer_is_let_go(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.greet(two.address)
        await refused(node, "IDLE")
        peer.close()

    against_a_node(tmp_path, attack, idle_s=0.2)


def test_a_peer_that_does_not_read_is_let_go_and_its_queue_is_bounded(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        peer = await Stranger.dial(place, two)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        peer.greet(two.address)
        await met(node)
        sent = [node.send(two.address, BLOCK, bytes(4 << 20)) for _ in range(20)]
        assert sent == [True] * 7 + [False] * 13
        await refused(node, "SLOW-READER")
        assert node.dropped[two.address] == 13
        peer.close()

    against_a_node(tmp_path, attack, drain_s=0.1)


def test_plain_bytes_instead_of_tls_are_refused(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        for said in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\0\1"):
            before = node.refusals.total()
            _, writer = await asyncio.open_connection(*place)
            writer.write(said)
            await node.until(lambda before=before: node.refusals.total() > before)  # type: ignore[misc]
            writer.transport.abort()
        assert node.refusals["NOT-TLS"] == 2

    against_a_node(tmp_path, attack)


def test_a_tls_handshake_that_is_cut_is_counted(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        hello = tls_client_hello()
        for kept in (0, 1, 5, len(hello) // 2, len(hello)):
            before = node.refusals.total()
            _, writer = await asyncio.open_connection(*place)
            writer.write(hello[:kept])
            await writer.drain()
            writer.close()
            await node.until(lambda before=before: node.refusals.total() > before)  # type: ignore[misc]
        assert node.refusals["TLS-TRUNCATED"] == 5

    against_a_node(tmp_path, attack)


def tls_client_hello() -> bytes:
    """The first flight of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_a_tls_handshake_that_stops_is_let_go(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        _, writer = await asyncio.open_connection(*place)
        await refused(node, "TLS-LATE")
        writer.transport.abort()

    against_a_node(tmp_path, attack, tls_s=0.3)


def test_tls_below_1_3_is_refused(tmp_path: Path) -> None:
    def only_1_2(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        with pytest.raises(OSError, match=r"alert|reset|^$"):
            await Stranger.dial(place, two, only_1_2)
        await refused(node, "TLS-VERSION")

    against_a_node(tmp_path, attack)


def test_strangers_cannot_take_all_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_GREETING_FROM_ONE_HOST", 4)

    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        links = [await asyncio.open_connection(*place) for _ in range(6)]
        await refused(node, "TOO-MANY", times=2)
        assert node.refusals == {"TOO-MANY": 2}
        for _, writer in links:
            writer.transport.abort()
        await refused(node, "TLS-TRUNCATED", times=4)

    against_a_node(tmp_path, attack)


def test_of_two_links_dialled_by_one_peer_the_newer_stays(tmp_path: Path) -> None:
    async def attack(node: Transport, place: Place, two: Institution, three: Institution) -> None:
        older = await Stranger.dial(place, two)
        older.greet(two.address)
        await met(node)
        newer = await Stranger.dial(place, two)
        newer.greet(two.address)
        assert await older.refusal() is None
        newer.say(VOTE, b"from the newer")
        assert await anext(node.incoming()) == (two.address, VOTE, b"from the newer")
        older.close()
        newer.close()
        await met(node, peers=0)

    against_a_node(tmp_path, attack)


@pytest.mark.parametrize("is_smaller_dialler", [True, False])
def test_of_two_links_that_cross_the_one_dialled_by_the_smaller_address_stays(
    tmp_path: Path, is_smaller_dialler: bool
) -> None:
    """The node dials a listener that is also, with the same certificate, its client."""

    async def story() -> None:
        numbers = (1, 2) if is_smaller_dialler else (2, 1)
        node_side, other = (an_institution(tmp_path, number) for number in numbers)
        other_config = a_config(other, [pinned(node_side)])
        async with (
            running(other_config) as (listener, place),
            running(a_config(node_side, [pinned(other, place)])) as (node, node_place),
        ):
            await met(node, listener)
            client = await Stranger.dial(node_place, other)
            client.greet(other.address)
            if is_smaller_dialler:
                assert await client.refusal() is None  # the client's link is closed
                assert listener.send(node_side.address, VOTE, b"on the dialled link")
                assert await anext(node.incoming()) == (other.address, VOTE, b"on the dialled link")
            else:
                await listener.until(lambda: listener.connected() == ())
                client.say(VOTE, b"on the client's link")
                assert await anext(node.incoming()) == (other.address, VOTE, b"on the client's link")
            client.close()

    run(story())
