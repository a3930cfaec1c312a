"""The auditor's Ed25519: strict and cofactorless, slow and fast ways alike, and as the node verifies."""

import random

import pytest

from audit import ed25519
from audit.ed25519 import L, Verifier, decode_y
from chain.keys import SigningKey, is_strict_point, verify
from tests.support.vectors import vectors

SPECCHECK = vectors("ed25519_speccheck")


def test_of_the_published_edge_cases_only_number_3_passes() -> None:
    answers = [
        Verifier().verify(
            bytes.fromhex(case["pub_key"]), bytes.fromhex(case["message"]), bytes.fromhex(case["signature"])
        )
        for case in SPECCHECK
    ]
    assert answers == [number == 3 for number in range(12)]


def test_the_small_order_values_are_those_of_points_whose_order_divides_8() -> None:
    for y in ed25519.SMALL_ORDER_Y:
        numerator, denominator = y * y - 1, ed25519._D * y * y + 1
        square = numerator * pow(denominator, -1, ed25519.P) % ed25519.P
        x = pow(square, (ed25519.P + 3) // 8, ed25519.P)
        if (x * x - square) % ed25519.P:
            x = x * pow(2, (ed25519.P - 1) // 4, ed25519.P) % ed25519.P
        point = (x, y, 1, x * y % ed25519.P)
        for _ in range(3):
            point = ed25519._double(point)
        assert point[0] == 0
        assert point[1] == point[2]


def test_golden_proofs_of_possession_hold() -> None:
    for case in vectors("keys")["keys"]:
        parts = [bytes.fromhex(case[part]) for part in ("public_key", "possession_message", "possession")]
        assert Verifier().verify(*parts)


@pytest.mark.parametrize("tiers", [(), ((8, 1, 9),), ((11, 1, 9),), ((4, 3, 9), (5, 7, 9), (11, 20, 9))])
def test_tables_and_plain_multiples_answer_as_the_node(
    tiers: tuple[tuple[int, int, int], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    never = ed25519.Tier(8, -1, 1)
    monkeypatch.setattr(ed25519, "TIERS", tuple(ed25519.Tier(*tier) for tier in tiers) or (never,))
    chance = random.Random(3)
    keys = [SigningKey.from_seed(chance.randbytes(32)) for _ in range(2)]
    items = []
    for number in range(60):
        key, message = keys[number % 2], chance.randbytes(96)
        signature = bytearray(key.sign(message))
        if number % 3 == 0:
            signature[chance.randrange(64)] ^= 1 << chance.randrange(8)
        items.append((key.public_key, message, bytes(signature)))
    assert Verifier().verify_many(items) == [verify(*item) for item in items]


def test_s_not_below_the_order_is_refused() -> None:
    key = SigningKey.from_seed(bytes(32))
    signature = key.sign(b"m")
    raised = (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")
    assert Verifier().verify(key.public_key, b"m", signature)
    assert not Verifier().verify(key.public_key, b"m", signature[:32] + raised)


def test_wrong_lengths_are_a_plain_no() -> None:
    key = SigningKey.from_seed(bytes(32))
    signature = key.sign(b"m")
    assert not Verifier().verify(key.public_key[:31], b"m", signature)
    assert not Verifier().verify(key.public_key, b"m", signature + b"\x00")


def test_points_are_filtered_as_the_node_filters_them() -> None:
    chance = random.Random(4)
    special = [0, 1, 2, ed25519.P - 1, ed25519.P, ed25519.P + 1, 2**255 - 1, *ed25519.SMALL_ORDER_Y]
    cases = [(y | sign << 255).to_bytes(32, "little") for y in special for sign in (0, 1)]
    cases += [chance.randbytes(32) for _ in range(100)]
    for encoded in cases:
        assert (decode_y(encoded) is not None) == is_strict_point(encoded)


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    key, message = SigningKey.from_seed(bytes(32)), b"m"
    no_points = 0
    for number in range(2, 40):
        encoded = number.to_bytes(32, "little")
        assert not Verifier().verify(encoded, message, key.sign(message))
        no_points += encoded not in _points(encoded)
    assert no_points > 0


def _points(encoded: bytes) -> tuple[bytes, ...]:
    return () if ed25519._decompress(encoded) is None else (encoded,)


def test_memory_for_keys_and_tables_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ed25519, "TIERS", (ed25519.Tier(4, 1, 2), ed25519.Tier(5, 2, 1)))
    monkeypatch.setattr(ed25519, "KEYS_KEPT", 3)
    verifier = Verifier()
    keys = [SigningKey.from_seed(bytes([number]) * 32) for number in range(1, 6)]
    for key in (*keys, *keys[3:], *keys[3:]):
        assert verifier.verify(key.public_key, b"m", key.sign(b"m"))
    assert len(verifier._keys) == 3
    owned = [len(owners) for owners in verifier._owners]
    assert owned[1] == 1
    assert owned[0] <= 2
    assert sum(key is not None and key.table is not None for key in verifier._keys.values()) == sum(owned)
