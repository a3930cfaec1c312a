"""send, broadcast, incoming: links to all institutions over TLS 1.3, kept up as long as the transport runs.

Every pinned peer is dialled; every listener accepts only pinned peers. One link a peer survives: of two that
cross, the one dialled by the smaller address, which both ends can tell; of two dialled by the same end, the
newer, for that end knows that the older one is gone; of two with different certificates, the newer too.

`adopt` takes other peers and certificates while links are up. A link that the new settings would not make
again is dialled anew first and let go when the new one is there, so that no peer is without a link meanwhile.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from chain.errors import ConfigError, DecodeError, InvalidMessageError
from chain.types import Address, Hash32
from network.certificates import certificate_der, fingerprint
from network.framing import Frame, encode_frame
from network.handshake import HELLO, REFUSAL, Hello, LinkRefused
from network.peer import Deadlines, Peer, tls_failure
from network.queues import Inbox, Received

BACK_OFF_FIRST_S = 0.1
BACK_OFF_LAST_S = 10.0
"""Between two attempts to dial a peer: doubled from the first to the last, each shortened by chance up to
half, so that nodes that start together do not dial in step."""

MAX_GREETING = 64
"""Connections that have not yet said who they are; a stranger is gone after the TLS deadline."""
MAX_GREETING_FROM_ONE_HOST = 16
"""Of these from one address, so that one stranger cannot keep the peers out."""
STRANGER_SECONDS = 1.0
"""How long a connection that came to nothing keeps its place: a handshake costs this node milliseconds, and a
stranger that fails at once may else have one after the other. 16 a second from one address, 64 in all."""
LINKS_OF_ONE_PEER = 8
"""Connections of one peer that have greeted or are about to, and are not closed yet: two that cross, their
successors, those that end. Each may hold a frame of 5 MiB."""
BLAMED_SECONDS = 1.0
"""So long a peer that broke a rule stays away: it is let in again, and does it again, at this pace
at most."""
LISTEN_BACKLOG = 128
"""Connections that the kernel holds for this node to accept."""

RETIRED_SECONDS = 2.0
"""How long a link that another one replaced is still read, and its queue written out: what the peer sent
before it took the new one is not lost."""
REPLACE_SECONDS = 10.0
"""How long a link whose certificate is no longer pinned may wait for the one with the peer's new certificate:
two attempts to dial that come to nothing. A peer that is removed is cut off at once."""


@dataclass(frozen=True, slots=True)
class PinnedPeer:
    """Another institution's node: its address, its certificate (DER) and, when it is to be dialled, its
    place. While it changes its key or its certificate, it may come with either of two."""

    address: Address
    certificate: bytes
    host: str | None = None
    port: int | None = None
    other_address: Address | None = None
    other_certificate: bytes | None = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        return (self.address,) if self.other_address is None else (self.address, self.other_address)

    @property
    def certificates(self) -> tuple[bytes, ...]:
        other = self.other_certificate
        return (self.certificate,) if other is None else (self.certificate, other)


@dataclass(frozen=True, slots=True)
class TransportConfig:
    """What one node's transport needs to know."""

    address: Address
    chain_id: Hash32
    certificate_file: Path
    key_file: Path
    key_password: bytes | None
    listen_host: str
    listen_port: int
    """0: any free one."""
    peers: Sequence[PinnedPeer]
    limits: Mapping[int, int]
    """Longest payload, in bytes, of each type of message the node exchanges; of types 0 and 1, which are the
    link's own, nothing is handed on."""
    deadlines: Deadlines = field(default_factory=Deadlines)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def make_tls_context(config: TransportConfig, purpose: ssl.Purpose) -> ssl.SSLContext:
    """TLS 1.3 only, both certificates, nothing trusted but the pinned ones. Raises ConfigError.

    Names are not checked: the pin is stricter. There are no session tickets: every link checks the
    certificate and its dates anew.
    """
    is_server = purpose is ssl.Purpose.CLIENT_AUTH
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if is_server:
        context.num_tickets = 0
    password = config.key_password
    try:
        context.load_cert_chain(config.certificate_file, config.key_file, lambda: password or b"")
        for peer in config.peers:
            for certificate in peer.certificates:
                context.load_verify_locations(cadata=certificate)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{config.certificate_file}, {config.key_file}: the TLS certificate, its key or a peer's "
            f"certificate cannot be used: {error}",
            "TLS-CONFIG",
        ) from error
    return context


class _Trust:
    """What a configuration makes: both TLS contexts, who each pinned certificate is, and the own one."""

    def __init__(self, config: TransportConfig) -> None:
        """Raises ConfigError."""
        self.server_tls = make_tls_context(config, ssl.Purpose.CLIENT_AUTH)
        self.client_tls = make_tls_context(config, ssl.Purpose.SERVER_AUTH)
        self.own = fingerprint(certificate_der(config.certificate_file.read_bytes()))
        self.pins = {
            fingerprint(certificate): peer for peer in config.peers for certificate in peer.certificates
        }
        addresses = [address for peer in config.peers for address in peer.addresses]
        count = sum(len(peer.certificates) for peer in config.peers)
        if len(self.pins) != count or len(set(addresses)) != len(addresses):
            raise ConfigError("two peers with one certificate or one address", "PEER-TWICE")
        if config.address in addresses:
            raise ConfigError("this node is named among its own peers", "PEER-SELF")

    def knows(self, peer: Peer) -> bool:
        """Whether it may be linked with the certificate that it showed."""
        pinned = self.pins.get(peer.certificate)
        return pinned is not None and peer.address in pinned.addresses

    def would_make(self, peer: Peer) -> bool:
        """Whether a link made now would have the same two certificates."""
        return self.knows(peer) and peer.own_certificate == self.own


class _Seat:
    """One of the places for connections that have not yet said who they are; left once."""

    def __init__(self, taken: Counter[str], host: str) -> None:
        self._taken = taken
        self._host: str | None = host
        taken[host] += 1

    @property
    def is_taken(self) -> bool:
        return self._host is not None

    def leave(self) -> None:
        if self._host is not None:
            self._taken[self._host] -= 1
            if not self._taken[self._host]:
                del self._taken[self._host]
            self._host = None


class Transport:
    """All links of one node. `listen`, then `run` for as long as the node lives.

    `height` gives the last decided height for HELLO; `chance` shortens the waits between attempts to dial.
    """

    def __init__(self, config: TransportConfig, height: Callable[[], int], chance: Random) -> None:
        self._config = config
        self._limits = {kind: limit for kind, limit in config.limits.items() if kind not in (REFUSAL, HELLO)}
        self._height = height
        self._chance = chance
        self._trust = _Trust(config)
        self._tasks: asyncio.TaskGroup | None = None
        self._dialling: dict[PinnedPeer, asyncio.Task[None]] = {}
        self._listener: socket.socket | None = None
        self._inbox = Inbox()
        self._links: dict[Address, Peer] = {}
        self._retired: dict[Address, Peer] = {}
        self._greeting: Counter[str] = Counter()
        self._living: Counter[Address] = Counter()
        self._blamed: dict[Address, float] = {}
        self._changed = asyncio.Event()
        self.refusals: Counter[str] = Counter()
        """Links refused or ended for a reason, by its code, since the start."""
        self.last_refusal = ""
        """The last of them in words, for the operator."""
        self.dropped: Counter[Address] = Counter()
        """Messages dropped because the peer was not connected or did not keep up."""
        self.lost: Counter[Address] = Counter()
        """Links that ended with no other in their place, of peers that are still pinned."""

    @property
    def config(self) -> TransportConfig:
        """What is in force."""
        return self._config

    @property
    def own_certificate(self) -> bytes:
        """SHA-256 of the certificate that this node shows now."""
        return self._trust.own

    async def listen(self) -> tuple[str, int]:
        """Bind; the host and port bound. Raises ConfigError."""
        host, port = self._config.listen_host, self._config.listen_port
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, kind, protocol, _, place = found[0]
            listener = socket.socket(family, kind, protocol)
            try:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.setblocking(False)
                listener.bind(place)
                listener.listen(LISTEN_BACKLOG)
            except OSError:
                listener.close()
                raise
        except OSError as error:
            raise ConfigError(
                f"cannot listen for peers on {host} port {port}: {error.strerror or error}. Choose another "
                "address or port, or stop what uses it",
                "LISTEN",
            ) from error
        self._listener = listener
        bound = listener.getsockname()
        return bound[0], bound[1]

    async def run(self) -> None:
        """Accept and dial until cancelled; then all links are closed. An error of ours ends it at once."""
        assert self._listener is not None, "listen first"
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._accept(self._listener, tasks))
                self._tasks = tasks
                self._dial_all()
        finally:
            self._tasks = None
            self.close()

    def adopt(self, config: TransportConfig) -> None:
        """Other peers, places and certificates from now on; address, network and listening place stay.

        Raises ConfigError, and then nothing is changed. Links of peers that stay as they are stay up.
        """
        trust = _Trust(config)
        self._config, self._trust = config, trust
        known = {address for peer in config.peers for address in peer.addresses}
        for link in tuple(self._links.values()):
            if link.address not in known:
                link.end()
                if link.address in self._retired:
                    self._retired[link.address].end()
            elif not trust.knows(link):
                asyncio.get_running_loop().call_later(REPLACE_SECONDS, self._end_unknown, link)
        self._dial_all()
        self._changed.set()

    def _end_unknown(self, link: Peer) -> None:
        if not self._trust.knows(link):
            link.end()

    def _dial_all(self) -> None:
        """One task a peer that has a place; those of peers that are no longer named end."""
        if self._tasks is None:
            return
        wanted = {peer for peer in self._config.peers if peer.host is not None and peer.port is not None}
        for peer in [peer for peer in self._dialling if peer not in wanted]:
            self._dialling.pop(peer).cancel()
        for peer in wanted - self._dialling.keys():
            self._dialling[peer] = self._tasks.create_task(self._keep_dialling(peer, self._tasks))

    def close(self) -> None:
        """Stop listening; only needed when `run` was never started."""
        if self._listener is not None:
            self._listener.close()

    def connected(self) -> tuple[Address, ...]:
        """Peers whose HELLO was accepted and whose link is up, by address."""
        return tuple(sorted(self._links))

    def peer_height(self, address: Address) -> int | None:
        """What a connected peer's HELLO claimed; a hint, nothing more."""
        link = self._links.get(address)
        return None if link is None or link.hello is None else link.hello.height

    async def until(self, is_reached: Callable[[], bool]) -> None:
        """Wait until a change of links or refusals makes this true."""
        while not is_reached():
            self._changed.clear()
            await self._changed.wait()

    def send(self, address: Address, kind: int, payload: bytes) -> bool:
        """Queue a message for one peer; False when it is not connected or does not keep up: dropped."""
        link = self._links.get(address)
        is_queued = link is not None and link.send(kind, payload)
        if not is_queued:
            self.dropped[address] += 1
        return is_queued

    def broadcast(self, kind: int, payload: bytes) -> int:
        """Queue a message for every connected peer; for how many it was not dropped. All queues hold the same
        bytes."""
        frame = encode_frame(kind, payload)
        queued = 0
        for address, link in self._links.items():
            if link.outbox.put(frame):
                queued += 1
            else:
                self.dropped[address] += 1
        return queued

    async def deliver(self, address: Address, kind: int, payload: bytes) -> bool:
        """`send` that waits for room first, for bulk such as COMMIT; False when the link ended."""
        link = self._links.get(address)
        if link is None:
            return False
        room = asyncio.ensure_future(link.outbox.room(len(payload)))
        ended = asyncio.ensure_future(link.ended.wait())
        try:
            await asyncio.wait((room, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            room.cancel()
            ended.cancel()
        return not link.ended.is_set() and link.send(kind, payload)

    async def incoming(self) -> AsyncIterator[tuple[Address, int, bytes]]:
        """Messages of all peers, one of each in turn: (address, type, payload)."""
        while True:
            yield await self._inbox.take()

    def disconnect(self, address: Address, refusal: InvalidMessageError) -> None:
        """End the link of a peer that broke a rule the node checks; it will be dialled again."""
        link = self._links.get(address)
        if link is not None:
            self._note(refusal)
            self._blamed[address] = asyncio.get_running_loop().time() + BLAMED_SECONDS
            link.end()

    def _note(self, refusal: InvalidMessageError) -> None:
        self.refusals[refusal.code] += 1
        self.last_refusal = f"{refusal.code}: {refusal.message}"
        self._changed.set()

    async def _accept(self, listener: socket.socket, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, place = await loop.sock_accept(listener)
            except OSError as error:  # out of descriptors: what is open goes on, and frees some
                self._note(LinkRefused(f"cannot accept: {error}", "ACCEPT"))
                await asyncio.sleep(BACK_OFF_FIRST_S)
                continue
            host = str(place[0])
            if self._greeting.total() >= MAX_GREETING or self._greeting[host] >= MAX_GREETING_FROM_ONE_HOST:
                connection.close()
                self._note(LinkRefused(f"too many connections at once, from {host}", "TOO-MANY"))
                continue
            tasks.create_task(self._accepted(connection, _Seat(self._greeting, host)))

    async def _accepted(self, connection: socket.socket, seat: _Seat) -> None:
        trust = self._trust

        async def open_tls() -> Streams:
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(loop=loop)
            protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
            # Not start_server: it keeps failed handshakes to itself, and they are to be counted by reason.
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=trust.server_tls,
                ssl_handshake_timeout=self._config.deadlines.tls_s,
            )
            return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

        try:
            await self._link(open_tls, trust.own, None, seat.leave)
            if seat.is_taken:
                await asyncio.sleep(STRANGER_SECONDS)
        finally:
            seat.leave()

    async def _keep_dialling(self, peer: PinnedPeer, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        wait_s = BACK_OFF_FIRST_S
        while True:
            began = loop.time()
            await self.until(lambda: self._wants(peer))
            before = self._link_of(peer)
            # A task of its own: the link outlives this loop when the peer gets another place or certificate.
            attempt = tasks.create_task(self._dial(peer))
            attempt.add_done_callback(lambda _: self._changed.set())
            await self.until(partial(self._is_over, attempt, peer, before))
            if loop.time() - began >= BACK_OFF_LAST_S:  # it was a link, not another refusal
                wait_s = BACK_OFF_FIRST_S
            await asyncio.sleep(wait_s * (1 - self._chance.random() / 2))
            wait_s = min(2 * wait_s, BACK_OFF_LAST_S)

    def _is_over(self, attempt: asyncio.Task[None], peer: PinnedPeer, before: Peer | None) -> bool:
        """Whether an attempt to dial came to an end, or to a link, be it the one that the peer dialled."""
        return attempt.done() or self._link_of(peer) is not before

    def _wants(self, peer: PinnedPeer) -> bool:
        """Whether there is no link to this peer, or one that would be another if it were made now."""
        link = self._link_of(peer)
        return link is None or not self._trust.would_make(link)

    def _link_of(self, peer: PinnedPeer) -> Peer | None:
        links = (self._links.get(address) for address in peer.addresses)
        return next((link for link in links if link is not None), None)

    async def _dial(self, peer: PinnedPeer) -> None:
        trust, deadlines = self._trust, self._config.deadlines

        async def open_tls() -> Streams:
            async with asyncio.timeout(2 * deadlines.tls_s):
                return await asyncio.open_connection(
                    peer.host, peer.port, ssl=trust.client_tls, ssl_handshake_timeout=deadlines.tls_s
                )

        await self._link(open_tls, trust.own, peer, lambda: None)

    async def _link(
        self,
        open_tls: Callable[[], Awaitable[Streams]],
        own_certificate: bytes,
        expected: PinnedPeer | None,
        greeted: Callable[[], None],
    ) -> None:
        """One connection from TLS to its end. `expected` is the peer that was dialled; `greeted` is called
        when the peer has said who it is."""
        try:
            reader, writer = await open_tls()
        except ConnectionRefusedError:
            return  # nobody listens: a node that is down is no refusal
        except OSError as error:
            self._note(tls_failure(error))
            return
        peer: Peer | None = None
        refusal: InvalidMessageError | None = None
        place: Address | None = None
        try:
            certificate, pinned = self._identify(writer, expected)
            self._let_in(pinned)
            place = pinned.address
            self._living[place] += 1
            dialler = None if expected is None else self._config.address
            deadlines = self._config.deadlines
            peer = Peer(reader, writer, pinned.addresses, dialler, deadlines, certificate, own_certificate)
            await peer.greet(Hello(self._config.chain_id, self._config.address, self._height()))
            greeted()
            if self._admit(peer):
                await peer.run(self._limits, self._receive(peer.address))
        except InvalidMessageError as error:
            refusal = error
        except DecodeError as error:
            refusal = LinkRefused(str(error), error.code)
        except OSError as error:
            refusal = LinkRefused(f"the connection broke: {error}", "BROKEN")
        finally:
            if peer is not None and self._links.get(peer.address) is peer:
                self._leave(peer)
            elif peer is not None and self._retired.get(peer.address) is peer:
                del self._retired[peer.address]
            if refusal is not None:
                self._note(refusal)
            try:
                if peer is None:
                    writer.transport.abort()
                else:
                    await peer.close(refusal)
            finally:
                if place is not None:
                    self._living[place] -= 1

    def _let_in(self, pinned: PinnedPeer) -> None:
        """Raises LinkRefused while this peer has too many connections, or was let go a moment ago."""
        if self._living[pinned.address] >= LINKS_OF_ONE_PEER:
            raise LinkRefused(f"{pinned.address.hex()} has {LINKS_OF_ONE_PEER} connections", "TOO-MANY")
        now = asyncio.get_running_loop().time()
        if any(now < self._blamed.get(address, now) for address in pinned.addresses):
            raise LinkRefused(f"{pinned.address.hex()} was let go less than {BLAMED_SECONDS} s ago", "BLAMED")

    def _leave(self, peer: Peer) -> None:
        """It was the link of its peer, and none is there now."""
        del self._links[peer.address]
        if any(peer.address in pinned.addresses for pinned in self._config.peers):
            self.lost[peer.address] += 1
        self._changed.set()

    def _identify(
        self, writer: asyncio.StreamWriter, expected: PinnedPeer | None
    ) -> tuple[bytes, PinnedPeer]:
        """The certificate's fingerprint and whose it is. Raises LinkRefused: any pinned one passes TLS, the
        dialled one is meant."""
        shown = fingerprint(writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b"")
        pinned = self._trust.pins.get(shown)
        if pinned is None:
            raise LinkRefused("a certificate that is not pinned", "CERTIFICATE-UNKNOWN")
        if expected is not None and not set(pinned.addresses) & set(expected.addresses):
            raise LinkRefused(
                f"dialled {expected.address.hex()}, found the certificate of {pinned.address.hex()}",
                "WRONG-CERTIFICATE",
            )
        return shown, pinned

    def _admit(self, peer: Peer) -> bool:
        """Make it the link of its peer, unless the one there is wins; both ends decide the same."""
        if not self._trust.knows(peer):  # the settings changed while it greeted
            return False
        current = self._link_of(self._trust.pins[peer.certificate])
        if current is not None:
            is_same_dialler = current.dialled_by == peer.dialled_by
            is_renewed = current.certificates != peer.certificates or current.address != peer.address
            if not is_same_dialler and not is_renewed and current.dialled_by < peer.dialled_by:
                return False
            self._retire(current)
        self._links[peer.address] = peer
        self._changed.set()
        return True

    def _retire(self, link: Peer) -> None:
        """Another link takes its place. One a peer is read out: it cannot gather them by dialling."""
        del self._links[link.address]
        before = self._retired.get(link.address)
        if before is not None:
            before.end()
        self._retired[link.address] = link
        link.retire(RETIRED_SECONDS)

    def _receive(self, address: Address) -> Callable[[Frame], Awaitable[None]]:
        async def receive(frame: Frame) -> None:
            await self._inbox.put(Received(address, frame.kind, frame.payload))

        return receive
