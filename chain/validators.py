"""ValidatorSet: who votes, with what power, and what a quorum is (docs/formats.md, "Votes")."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chain.codec import HASH, ListOf, Row, Struct, Uint, decode_fields, encode
from chain.errors import DecodeError
from chain.hashing import Tag, tagged_hash
from chain.keys import address_of
from chain.types import Address, Hash32, Height, Round

VALIDATORS_MAXIMUM = 100
"""Ministries and administrators, not the public; every vote is checked by every validator."""

POWER_MAXIMUM = 1_000_000
"""Sums of powers stay far below 2^63 in any language. Power is 1 for every institution in version 1."""

VALSET_BYTES = 16 << 10
"""A hundred validators of about 100 bytes."""

VALIDATOR_SET = Struct(
    "ValidatorSet",
    1,
    (
        ("first_height", Uint(1)),
        (
            "members",
            ListOf(
                Row(
                    "validator",
                    (("address", HASH), ("public_key", HASH), ("power", Uint(1, POWER_MAXIMUM))),
                ),
                VALIDATORS_MAXIMUM,
                minimum=1,
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Validator:
    """One member: its address, its Ed25519 public key and its voting power."""

    address: Address
    public_key: bytes
    power: int


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """The validators that vote from `first_height` on, by address. A member's index is its position."""

    first_height: Height
    members: tuple[Validator, ...]
    hash: Hash32 = field(init=False, compare=False, repr=False)
    total_power: int = field(init=False, compare=False, repr=False)
    _positions: dict[Address, int] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        addresses = [member.address for member in self.members]
        assert addresses == sorted(set(addresses)), "members stand by address, each once"
        object.__setattr__(self, "hash", tagged_hash(Tag.VALSET, self.encode()))
        object.__setattr__(self, "total_power", sum(member.power for member in self.members))
        object.__setattr__(self, "_positions", {address: index for index, address in enumerate(addresses)})

    @classmethod
    def of(cls, first_height: int, keys: Iterable[tuple[bytes, int]]) -> "ValidatorSet":
        """The set of these (public key, power), put in order."""
        members = [Validator(address_of(key), key, power) for key, power in keys]
        members.sort(key=lambda member: member.address)
        return cls(Height(first_height), tuple(members))

    def power_of(self, addresses: Iterable[Address]) -> int:
        """The power of the members among these addresses, each counted once; strangers have none."""
        positions, members = self._positions, self.members
        return sum(members[positions[address]].power for address in set(addresses) if address in positions)

    def is_quorum(self, addresses: Iterable[Address]) -> bool:
        """More than two thirds: any two quorums share an honest validator."""
        return 3 * self.power_of(addresses) > 2 * self.total_power

    def some_honest(self, addresses: Iterable[Address]) -> bool:
        """More than one third: at least one of them is honest."""
        return 3 * self.power_of(addresses) > self.total_power

    def proposer(self, height: Height, round: Round) -> Address:
        """Members in turn: index (height − first_height + round) mod n. Powers play no part in version 1."""
        return self.members[(height - self.first_height + round) % len(self.members)].address

    def index_of(self, address: Address) -> int | None:
        """The position of a member, None for a stranger."""
        return self._positions.get(address)

    def member(self, address: Address) -> Validator | None:
        """The member with this address, None for a stranger."""
        index = self._positions.get(address)
        return None if index is None else self.members[index]

    def encode(self) -> bytes:
        """`[1, first_height, [[address, public key, power]…]]`."""
        rows = [(member.address, member.public_key, member.power) for member in self.members]
        return encode([VALIDATOR_SET.number, self.first_height, rows])

    @classmethod
    def decode(cls, data: bytes) -> "ValidatorSet":
        """DecodeError also when members are out of order or an address is not that of its key."""
        first_height, rows = decode_fields(data, VALIDATOR_SET, VALSET_BYTES)
        previous = b""
        for index, (address, public_key, _) in enumerate(rows):
            if address <= previous:
                raise DecodeError(
                    "address does not follow its predecessor", where=f"members[{index}].address"
                )
            if address != address_of(public_key):
                raise DecodeError("address is not that of the key", where=f"members[{index}].address")
            previous = address
        return cls(first_height, tuple(Validator(*row) for row in rows))
