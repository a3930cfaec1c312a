"""The key layout keeps the order of keys and never mixes two of them up."""

from hypothesis import example, given
from hypothesis import strategies as st

from storage import keys

KEY = st.binary(max_size=6)
HEIGHT = st.integers(0, keys.MAX_HEIGHT)


@given(one=KEY, other=KEY, height=HEIGHT, later=HEIGHT)
@example(one=b"k", other=b"k\0", height=0, later=9)
@example(one=b"k\0", other=b"k\0\xff", height=0, later=9)
def test_versions_are_ordered_by_key_then_from_the_newest(
    one: bytes, other: bytes, height: int, later: int
) -> None:
    first, second = keys.version("c", one, height), keys.version("c", other, later)
    assert (first < second) == ((one, -height) < (other, -later))


@given(key=KEY, height=HEIGHT)
def test_a_version_key_gives_back_key_and_height(key: bytes, height: int) -> None:
    assert keys.split_version("tokens", keys.version("tokens", key, height)) == (key, height)


@given(key=KEY, height=HEIGHT, other=KEY)
@example(key=b"k", height=0, other=b"k\0")
def test_what_comes_after_the_versions_of_a_key_is_before_the_next_key(
    key: bytes, height: int, other: bytes
) -> None:
    after = keys.after_versions(keys.version("c", key, height))
    assert after > keys.version("c", key, 0)
    assert (after <= keys.version("c", other, keys.MAX_HEIGHT)) == (other > key)


@given(start=KEY, key=KEY, height=HEIGHT)
def test_a_scan_begins_at_the_versions_of_its_first_key(start: bytes, key: bytes, height: int) -> None:
    assert (keys.version("c", key, height) >= keys.from_key("c", start)) == (key >= start)


@given(key=KEY)
def test_a_value_key_gives_back_collection_and_key(key: bytes) -> None:
    assert keys.split_state_value(keys.state_value("tokens", key)) == ("tokens", key)


def test_a_collection_is_no_prefix_of_another() -> None:
    assert not keys.state_value("ab", b"").startswith(keys.state_collection("a"))
    assert not keys.version("ab", b"", 0).startswith(keys.version_collection("a"))
