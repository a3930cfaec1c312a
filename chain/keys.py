"""Ed25519 keys: strict verification, signing, addresses, signed messages (docs/formats.md, "Keys")."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chain.codec import encode
from chain.hashing import TAGS, Tag, tagged_hash
from chain.types import Address, Hash32, InstitutionId, Signature, SignerId

ED25519 = 1
"""The algorithm number of a registered key. 2 is kept for ECDSA P-256."""

FIELD_PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
"""p and L of RFC 8032, 5.1."""

_ORDER_EIGHT_Y = int.from_bytes(
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
)
SMALL_ORDER_Y = frozenset({0, 1, FIELD_PRIME - 1, _ORDER_EIGHT_Y, FIELD_PRIME - _ORDER_EIGHT_Y})
"""The y of the eight points whose order divides 8. The library accepts them as keys, and then one
constant signature passes for any message."""

_Y_MASK = 2**255 - 1


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Strict, cofactorless Ed25519: the filter, then the library. False for anything malformed."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        return False
    if not is_strict_point(public_key) or not is_strict_point(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def is_strict_point(encoded: bytes) -> bool:
    """Whether 32 bytes have y < p and y is none of the five small-order values; the sign bit is ignored."""
    y = int.from_bytes(encoded, "little") & _Y_MASK
    return y < FIELD_PRIME and y not in SMALL_ORDER_Y


def address_of(public_key: bytes, algorithm: int = ED25519) -> Address:
    """H(key, algorithm, one byte ‖ public key)."""
    return Address(tagged_hash(Tag.KEY, bytes([algorithm]) + public_key))


def signer_id(chain_id: Hash32, institution: InstitutionId, serial: int) -> SignerId:
    """H(account, [chain_id, institution, serial]): independent of keys, so keys rotate."""
    return SignerId(tagged_hash(Tag.ACCOUNT, encode([chain_id, institution, serial])))


def signed_message(tag: str, chain_id: Hash32, digest: Hash32) -> bytes:
    """What is always signed, 96 bytes: tag, padded on the right with zero bytes to 32 ‖ chain_id ‖ digest."""
    assert tag in TAGS
    assert len(chain_id) == len(digest) == 32
    return tag.encode("ascii").ljust(32, b"\x00") + chain_id + digest


def possession_digest(institution: InstitutionId, algorithm: int, public_key: bytes) -> Hash32:
    """H(possession, [institution, algorithm, public key]): signed by a key that is to be registered."""
    return tagged_hash(Tag.POSSESSION, encode([institution, algorithm, public_key]))


def possession_bytes(
    chain_id: Hash32, institution: InstitutionId, algorithm: int, public_key: bytes
) -> bytes:
    """The 96 bytes whose signature by the key itself proves that its owner asked for the registration."""
    return signed_message(Tag.POSSESSION, chain_id, possession_digest(institution, algorithm, public_key))


class SigningKey:
    """A private Ed25519 key in memory. Its representation shows the address and no secret."""

    __slots__ = ("_private", "address", "public_key")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_key = private.public_key().public_bytes_raw()
        self.address = address_of(self.public_key)

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """The key of 32 secret bytes (RFC 8032, 5.1.5). ValueError for another length."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, message: bytes) -> Signature:
        """64 bytes, deterministic (RFC 8032, 5.1.6)."""
        return Signature(self._private.sign(message))

    def __repr__(self) -> str:
        return f"SigningKey({self.address.hex()})"
