"""Institutions on loopback for tests: their certificates, their transports, and strangers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from chain.types import Address, Hash32
from network.certificates import TlsIdentity, certificate_der, make_identity
from network.framing import FrameDecoder, encode_frame
from network.handshake import GREETING_LIMITS, HELLO, REFUSAL, Hello, LinkRefused, decode_refusal
from network.peer import Deadlines
from network.transport import PinnedPeer, Transport, TransportConfig

CHAIN_ID = Hash32(b"c" * 32)
VOTE = 3
BLOCK = 8
LIMITS = {HELLO: 256, VOTE: 512, BLOCK: 5 << 20}
HEIGHT = 7


@dataclass(frozen=True, slots=True)
class Institution:
    """One member: where its TLS files lie, and what the others know of it."""

    address: Address
    certificate_file: Path
    key_file: Path
    certificate: bytes


def an_institution(directory: Path, number: int, *, age_days: int = 0, valid_days: int = 30) -> Institution:
    """`number` gives the address, so that its order is known; a certificate made `age_days` ago."""
    now = datetime.now(UTC) - timedelta(days=age_days)
    identity: TlsIdentity = make_identity(f"institution-{number}", ["127.0.0.1"], now, valid_days)
    certificate_file, key_file = directory / f"{number}.crt", directory / f"{number}.key"
    certificate_file.write_bytes(identity.certificate_pem)
    key_file.write_bytes(identity.key_pem)
    return Institution(
        Address(bytes((number,)) * 32),
        certificate_file,
        key_file,
        certificate_der(identity.certificate_pem),
    )


def pinned(institution: Institution, place: tuple[str, int] | None = None) -> PinnedPeer:
    """`place`: where it listens, if it is to be dialled."""
    host, port = (None, None) if place is None else place
    return PinnedPeer(institution.address, institution.certificate, host, port)


def a_config(institution: Institution, peers: Sequence[PinnedPeer]) -> TransportConfig:
    return TransportConfig(
        address=institution.address,
        chain_id=CHAIN_ID,
        certificate_file=institution.certificate_file,
        key_file=institution.key_file,
        key_password=None,
        listen_host="127.0.0.1",
        listen_port=0,
        peers=peers,
        limits=LIMITS,
    )


def with_deadlines(config: TransportConfig, **seconds: float) -> TransportConfig:
    return replace(config, deadlines=replace(Deadlines(), **seconds))


@asynccontextmanager
async def running(config: TransportConfig) -> AsyncIterator[tuple[Transport, tuple[str, int]]]:
    """A transport that runs, and where it listens."""
    transport = Transport(config, lambda: HEIGHT, Random(1))
    place = await transport.listen()
    task = asyncio.create_task(transport.run())
    try:
        yield transport, place
    finally:
        task.cancel()
        await asyncio.wait([task])
        transport.close()
        if not task.cancelled():
            task.result()


async def met(*transports: Transport, peers: int = 1) -> None:
    """Every one of them has so many links up."""
    for transport in transports:
        await transport.until(lambda transport=transport: len(transport.connected()) == peers)  # type: ignore[misc]


async def refused(transport: Transport, code: str, times: int = 1) -> None:
    """It has refused or ended so many links for this reason."""
    await transport.until(lambda: transport.refusals[code] >= times)


class Stranger:
    """A client that does on a TLS link whatever a test tells it to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def dial(
        cls,
        place: tuple[str, int],
        certificate: Institution | None,
        configure: Callable[[ssl.SSLContext], None] = lambda context: None,
    ) -> "Stranger":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if certificate is not None:
            context.load_cert_chain(certificate.certificate_file, certificate.key_file)
        configure(context)
        return cls(*await asyncio.open_connection(*place, ssl=context))

    def say(self, kind: int, payload: bytes) -> None:
        self.writer.write(encode_frame(kind, payload))

    def greet(self, address: Address, chain_id: Hash32 = CHAIN_ID) -> None:
        self.say(HELLO, Hello(chain_id, address, HEIGHT).encode())

    async def refusal(self) -> LinkRefused | None:
        """What the node said against this stranger before it closed the link; None if it said nothing."""
        decoder = FrameDecoder({**LIMITS, **GREETING_LIMITS})
        said: LinkRefused | None = None
        try:
            while data := await self.reader.read(65536):
                decoder.feed(data)
                for kind, payload in decoder.frames():
                    if kind == REFUSAL:
                        said = decode_refusal(payload)
        except OSError:  # the link was reset after the reason
            return said
        return said

    def close(self) -> None:
        self.writer.transport.abort()
