"""Signatures that cost a microsecond, for simulations: only who has the key object can make one.

The stub stands where `chain.keys` asks the library, so that every other line of verification is the real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from unittest.mock import patch

from cryptography.exceptions import InvalidSignature

from chain import keys
from chain.keys import SigningKey
from chain.types import Signature

_SECRET = b"nobody in the simulation calls this but through a key"


def _tag(public_key: bytes, message: bytes) -> Signature:
    digest = bytearray(blake2b(message + public_key, key=_SECRET).digest())
    digest[31] &= 0x3F  # below p and below the group's order: what `verify` asks before the library
    digest[63] &= 0x0F
    return Signature(bytes(digest))


class _PublicKey:
    def __init__(self, data: bytes) -> None:
        self._data = data

    @classmethod
    def from_public_bytes(cls, data: bytes) -> _PublicKey:
        return cls(data)

    def verify(self, signature: bytes, message: bytes) -> None:
        if signature != _tag(self._data, message):
            raise InvalidSignature


def _sign(self: SigningKey, message: bytes) -> Signature:
    return _tag(self.public_key, message)


@contextmanager
def stub_signatures() -> Iterator[None]:
    """While inside, keys sign and verify with the stub."""
    with patch.object(keys, "Ed25519PublicKey", _PublicKey), patch.object(SigningKey, "sign", _sign):
        yield
