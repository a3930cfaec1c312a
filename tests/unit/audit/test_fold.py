"""The folded state: what changes may say, whoever certified them."""

from collections.abc import Sequence

import pytest

from audit.blocks import Change, ValidatorSet, read_genesis, signer_id
from audit.codec import decode, encode
from audit.failure import VerificationError
from audit.fold import State, genesis_state
from audit.merkle import value_hash
from tests.support.budget import START_MS, a_genesis, a_key

GENESIS = read_genesis(a_genesis().encode())
FIRST = genesis_state(GENESIS)
HEAD = signer_id(GENESIS.chain_id, "treasury", 1)


def a_change(collection: str, key: bytes, new: bytes | None, seq: int = 0) -> Change:
    """A change of the first state, with the right old value."""
    old = FIRST.get((collection, key))
    return Change(seq, None, collection, key, None if old is None else value_hash(old), new)


def refuses(changes: Sequence[Change], words: str, height: int = 1, evidence: Sequence[bytes] = ()) -> None:
    with pytest.raises(VerificationError, match=words):
        State(GENESIS).apply_block_changes(list(changes), height, START_MS, list(evidence))


def applies(*changes: Change) -> None:
    State(GENESIS)._apply(list(changes))


def test_a_block_by_itself_moves_no_money_and_no_rights() -> None:
    for collection in ("tokens", "balances", "signers", "institutions", "params", "keys", "day"):
        refuses([a_change(collection, b"k", b"\x91\x01")], f"may not change {collection}")


def test_evidence_in_the_state_is_exactly_that_in_the_block() -> None:
    key, words = b"key", "evidence recorded"
    refuses([a_change("evidence", key, encode((1, 1)))], words)
    refuses([], words, evidence=[key])
    refuses([a_change("evidence", key, encode((1, 2)))], words, evidence=[key])
    State(GENESIS).apply_block_changes([a_change("evidence", key, encode((1, 1)))], 1, START_MS, [key])


def test_a_client_id_leaves_only_when_it_has_expired() -> None:
    refuses([a_change("ids", b"k", None)], "not those that expired")
    refuses([a_change("expiry", b"k", None)], "not those that expired")


def test_a_validator_set_leaves_only_long_after_its_last_height() -> None:
    key = ((1 << 64) - 2).to_bytes(8, "big")
    removed = a_change("validator-sets", key, None)
    refuses([removed], "may not", height=50_000)
    state = State(GENESIS)
    state.sets[7] = ValidatorSet(7, state.sets[1].members, b"")
    with pytest.raises(VerificationError, match="may not"):
        state.apply_block_changes([removed], 10_006, START_MS, [])
    state.apply_block_changes([removed], 10_007, START_MS, [])
    assert list(state.sets) == [7]


def test_a_change_names_the_old_value_and_differs_from_it() -> None:
    day = encode((1, 20458, 1))
    applies(a_change("day", b"", day))
    for change, words in (
        (a_change("day", b"", day)._replace(old_value_hash=bytes(32)), "old value"),
        (a_change("params", b"", GENESIS.params)._replace(old_value_hash=None), "old value"),
        (a_change("params", b"", GENESIS.params), "changes nothing"),
        (a_change("day", b"", None), "changes nothing"),
    ):
        with pytest.raises(VerificationError, match=words):
            applies(change)


def test_changes_stand_by_collection_and_key_each_once() -> None:
    first, second = a_change("suspensions", b"", b"\x01"), a_change("suspensions", b"a", b"\x01", 1)
    applies(first, second)
    for wrong in ((second, first), (first, first)):
        with pytest.raises(VerificationError, match="order"):
            applies(*wrong)


def a_signer(institution: str = "treasury", key: bytes | None = None, revoked: int | None = None) -> bytes:
    public_key = FIRST["signers", HEAD][-35:-3] if key is None else key
    return encode((1, institution, 1, 1, public_key, 4, 0, revoked))


def test_people_and_keys_are_never_removed_and_never_change_hands() -> None:
    address = next(key for collection, key in FIRST if collection == "keys")
    stranger = a_key("stranger")
    for change, words in (
        (a_change("signers", HEAD, None), "removed"),
        (a_change("signers", HEAD, a_signer("mof")), "changed institution"),
        (a_change("signers", HEAD, a_signer(key=stranger.public_key)), "not registered as his"),
        (a_change("keys", address, None), "removed or given"),
        (a_change("keys", address, encode((1, "mof", False, bytes(32)))), "removed or given"),
        (a_change("keys", stranger.address, encode((1, "mof", True, HEAD))), "neither"),
        (a_change("institutions", b"treasury", None), "removed"),
        (a_change("params", b"", None), "parameters were removed"),
    ):
        with pytest.raises(VerificationError, match=words):
            applies(change)


def test_the_revoked_never_come_back() -> None:
    state = State(GENESIS)
    revoked = a_signer(revoked=5)
    state._apply([a_change("signers", HEAD, revoked)])
    again = a_change("signers", HEAD, a_signer())._replace(old_value_hash=value_hash(revoked))
    with pytest.raises(VerificationError, match="came back"):
        state._apply([again])


def test_a_validator_set_votes_from_the_second_block_after() -> None:
    first = FIRST[("validator-sets", ((1 << 64) - 2).to_bytes(8, "big"))]
    members = decode(first)[2]
    for first_height in (5, 6, 8):
        state = State(GENESIS)
        state.apply_block_changes([], 5, START_MS, [])
        key = ((1 << 64) - 1 - first_height).to_bytes(8, "big")
        with pytest.raises(VerificationError, match=f"votes from {first_height}, not from 7"):
            state._apply([Change(0, None, "validator-sets", key, None, encode((1, first_height, members)))])
