"""Who is at the other end, without I/O: HELLO both ways, and the reason given when a link is refused.

TLS has shown which certificate the peer holds; the certificate is pinned to one address. HELLO must agree
with it: the trust store alone would accept any pinned certificate from anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chain.codec import HASH, UINT, Struct, Text, decode_fields, encode
from chain.errors import InvalidMessageError
from chain.types import Address, Hash32

PROTOCOL_VERSION = 1
"""Of frames and messages; another version ends the link."""

REFUSAL = 0
HELLO = 1
"""Types 0 and 1 belong to the link itself; all others are the node's."""

REFUSAL_BYTES = 512
HELLO_BYTES = 256
GREETING_LIMITS: Mapping[int, int] = {REFUSAL: REFUSAL_BYTES, HELLO: HELLO_BYTES}
"""What may come before the link is up: a stranger cannot make us hold more."""

_CODE_CHARACTERS = 32
_REASON_CHARACTERS = 200

_HELLO_SHAPE = Struct(
    "hello", 1, (("protocol", UINT), ("chain_id", HASH), ("address", HASH), ("height", UINT))
)
_REFUSAL_SHAPE = Struct(
    "refusal", 1, (("code", Text(_CODE_CHARACTERS, 1)), ("reason", Text(_REASON_CHARACTERS)))
)


class LinkRefused(InvalidMessageError):
    """The link ends, for the reason `code` names; the peer is told."""

    default_code = "LINK-REFUSED"


@dataclass(frozen=True, slots=True)
class Hello:
    """First on every link, both ways (docs/consensus.md, Messages). `height` is the last decided one, a
    hint."""

    chain_id: Hash32
    address: Address
    height: int
    protocol: int = PROTOCOL_VERSION

    def encode(self) -> bytes:
        return encode((1, self.protocol, self.chain_id, self.address, self.height))

    @classmethod
    def decode(cls, payload: bytes) -> Hello:
        """Raises DecodeError."""
        protocol, chain_id, address, height = decode_fields(payload, _HELLO_SHAPE, HELLO_BYTES)
        return cls(chain_id, address, height, protocol)


def check_hello(own: Hello, theirs: Hello, certified: Address) -> None:
    """Accept the peer whose certificate is pinned to `certified`, or raise LinkRefused."""
    if theirs.protocol != own.protocol:
        raise LinkRefused(
            f"protocol version {theirs.protocol}, this node speaks {own.protocol}", "OTHER-VERSION"
        )
    if theirs.chain_id != own.chain_id:
        raise LinkRefused(
            f"another network: chain id {theirs.chain_id.hex()}, here {own.chain_id.hex()}", "OTHER-NETWORK"
        )
    if theirs.address != certified:
        raise LinkRefused(
            f"says it is {theirs.address.hex()}, its certificate is pinned to {certified.hex()}",
            "WRONG-ADDRESS",
        )


def encode_refusal(refusal: InvalidMessageError) -> bytes:
    """The last frame of a link that is refused."""
    reason = "".join(character if " " <= character <= "~" else "?" for character in refusal.message)
    return encode((1, refusal.code[:_CODE_CHARACTERS], reason[:_REASON_CHARACTERS]))


def decode_refusal(payload: bytes) -> LinkRefused:
    """What the peer had against this node. Raises DecodeError."""
    code, reason = decode_fields(payload, _REFUSAL_SHAPE, REFUSAL_BYTES)
    return LinkRefused(f"the peer refused this node ({code}): {reason}", "REFUSED-BY-PEER")
