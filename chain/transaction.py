"""Transaction: what people sign, and the signatures beside it (docs/formats.md, "Transaction")."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, cast

from chain.codec import (
    CLIENT_ID,
    HASH,
    NAME,
    SIGNATURE,
    UINT,
    Anything,
    ListOf,
    Row,
    Struct,
    Uint,
    Value,
    decode,
    decode_fields,
    encode,
)
from chain.errors import DecodeError
from chain.hashing import Tag, tagged_hash
from chain.keys import signed_message
from chain.types import ActionName, ClientId, Hash32, InstitutionId, Signature, SignerId

BODY_BYTES = 1 << 20
"""Before decoding: the largest document of many rows."""

SIMPLE_BODY_BYTES = 64 << 10
"""After decoding: every action but a batch action, whose arguments are rows."""

AUTH_BYTES = 2048
"""Eight signatures are about 800 bytes; the rest is room for a higher parameter."""

SIGNATURES_MAXIMUM = 16
"""What can be decoded; the parameter transaction-signatures says what is allowed."""

BODY = Struct(
    "Transaction",
    1,
    (
        ("chain_id", HASH),
        ("client_id", CLIENT_ID),
        ("valid_until_ms", UINT),
        ("institution", NAME),
        ("action", NAME),
        ("version", Uint(1, 65535)),
        ("arguments", Anything(7)),
    ),
)
AUTH = ListOf(Row("signature", (("signer", HASH), ("signature", SIGNATURE))), SIGNATURES_MAXIMUM)

Signatures: TypeAlias = tuple[tuple[SignerId, Signature], ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One document of one institution: an action and its arguments, all rows or none.

    `valid_until_ms` is block time in milliseconds; `arguments` have the shape the action registers.
    """

    chain_id: Hash32
    client_id: ClientId
    valid_until_ms: int
    institution: InstitutionId
    action: ActionName
    version: int
    arguments: Value

    def encode(self) -> bytes:
        """The body: `[1, chain_id, client_id, valid_until_ms, institution, action, version, arguments]`."""
        return encode(
            [
                BODY.number,
                self.chain_id,
                self.client_id,
                self.valid_until_ms,
                self.institution,
                self.action,
                self.version,
                self.arguments,
            ]
        )

    @classmethod
    def decode(cls, body: bytes) -> "Transaction":
        """Raises DecodeError."""
        return cls(*decode_fields(body, BODY, BODY_BYTES))


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction with its signatures and the very bytes received: those are hashed and stored.

    `signatures` are strictly increasing by signer; whether they are the ones the action asks for, and
    valid, is said at admission and again at execution.
    """

    body: bytes
    auth: bytes
    transaction: Transaction
    signatures: Signatures
    tx_id: Hash32

    @classmethod
    def decode(cls, body: bytes, auth: bytes) -> "SignedTransaction":
        """Raises DecodeError."""
        transaction = Transaction.decode(body)
        return cls(body, auth, transaction, decode_auth(auth), tx_id_of(body))

    @classmethod
    def of(
        cls, transaction: Transaction, signatures: Iterable[tuple[SignerId, Signature]]
    ) -> "SignedTransaction":
        """Puts the signatures in their order. DecodeError when one signer stands there twice."""
        return cls.decode(transaction.encode(), encode_auth(signatures))


def tx_id_of(body: bytes) -> Hash32:
    """H(tx-body, body), without signatures: every signer and every retry names the same document."""
    return tagged_hash(Tag.TX_BODY, body)


def encode_auth(signatures: Iterable[tuple[SignerId, Signature]]) -> bytes:
    """`[[signer id, signature]…]` by signer; merging two people's files gives the same bytes in any order."""
    return encode(sorted(signatures))


def decode_auth(auth: bytes) -> Signatures:
    """Raises DecodeError, also when a signer does not follow the one before."""
    signatures = cast(Signatures, decode(auth, AUTH, AUTH_BYTES))
    for index in range(1, len(signatures)):
        if signatures[index - 1][0] >= signatures[index][0]:
            raise DecodeError("signer does not follow its predecessor", where=f"[{index}]")
    return signatures


def tx_sign_bytes(chain_id: Hash32, tx_id: Hash32) -> bytes:
    """The 96 bytes each signer signs."""
    return signed_message(Tag.TX_AUTH, chain_id, tx_id)
