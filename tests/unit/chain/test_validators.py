import pytest

from chain.codec import encode
from chain.errors import DecodeError
from chain.hashing import Tag, tagged_hash
from chain.keys import SigningKey
from chain.types import Height, Round
from chain.validators import ValidatorSet
from tests.unit.chain.example import ADDRESSES, SET, STRANGER


def a_set(*powers: int) -> ValidatorSet:
    keys = [SigningKey.from_seed(bytes([seed]) * 32) for seed in range(1, len(powers) + 1)]
    return ValidatorSet.of(1, [(key.public_key, power) for key, power in zip(keys, powers, strict=True)])


def test_members_stand_by_address() -> None:
    assert sorted(ADDRESSES) == ADDRESSES
    assert [SET.index_of(address) for address in ADDRESSES] == [0, 1, 2, 3]


def test_a_set_comes_back() -> None:
    assert ValidatorSet.decode(SET.encode()) == SET
    assert SET.hash == tagged_hash(Tag.VALSET, SET.encode())


@pytest.mark.parametrize(
    ("members", "quorum", "some_honest"),
    [(1, 1, 1), (3, 3, 2), (4, 3, 2), (6, 5, 3), (7, 5, 3), (100, 67, 34)],
)
def test_thresholds_are_strict(members: int, quorum: int, some_honest: int) -> None:
    validators = a_set(*[1] * members)
    addresses = [member.address for member in validators.members]
    assert validators.is_quorum(addresses[:quorum])
    assert not validators.is_quorum(addresses[: quorum - 1])
    assert validators.some_honest(addresses[:some_honest])
    assert not validators.some_honest(addresses[: some_honest - 1])


def test_power_counts_each_member_once_and_strangers_not_at_all() -> None:
    validators = a_set(1, 2, 3)
    addresses = [member.address for member in validators.members]
    assert validators.total_power == 6
    assert validators.power_of([*addresses, *addresses, STRANGER.address]) == 6


def test_a_stranger_has_no_place() -> None:
    assert (SET.index_of(STRANGER.address), SET.member(STRANGER.address)) == (None, None)


def test_members_propose_in_turn_from_the_first_height_on() -> None:
    later = ValidatorSet(Height(10), SET.members)
    turns = [
        later.proposer(Height(height), Round(turn)) for height, turn in ((10, 0), (11, 0), (11, 2), (13, 1))
    ]
    assert turns == [ADDRESSES[0], ADDRESSES[1], ADDRESSES[3], ADDRESSES[0]]


def test_members_out_of_order_are_refused() -> None:
    rows = [(member.address, member.public_key, 1) for member in reversed(SET.members)]
    with pytest.raises(DecodeError, match=r"members\[1\]\.address"):
        ValidatorSet.decode(encode([1, 1, rows]))


def test_an_address_of_another_key_is_refused() -> None:
    rows = [(SET.members[0].address, STRANGER.public_key, 1)]
    with pytest.raises(DecodeError, match="not that of the key"):
        ValidatorSet.decode(encode([1, 1, rows]))


@pytest.mark.parametrize("power", [0, 1_000_001])
def test_a_power_out_of_bounds_is_refused(power: int) -> None:
    with pytest.raises(DecodeError, match="power"):
        ValidatorSet.decode(encode([1, 1, [(SET.members[0].address, SET.members[0].public_key, power)]]))


def test_a_set_without_members_is_refused() -> None:
    with pytest.raises(DecodeError):
        ValidatorSet.decode(encode([1, 1, []]))
