from dataclasses import replace

import pytest

from chain.codec import encode
from chain.errors import DecodeError
from chain.hashing import Tag, tagged_hash
from chain.keys import signed_message
from chain.transaction import (
    BODY,
    BODY_BYTES,
    SIGNATURES_MAXIMUM,
    SignedTransaction,
    Transaction,
    decode_auth,
    encode_auth,
    tx_id_of,
    tx_sign_bytes,
)
from chain.types import ActionName, ClientId, Hash32, InstitutionId, Signature, SignerId

TRANSACTION = Transaction(
    Hash32(bytes([1]) * 32),
    ClientId(bytes([2]) * 16),
    1_000,
    InstitutionId("health"),
    ActionName("plan.approve"),
    1,
    ("строка", (1, 2)),
)
SIGNATURES = [(SignerId(bytes([n]) * 32), Signature(bytes([n]) * 64)) for n in (3, 1, 2)]


def test_a_body_comes_back() -> None:
    assert Transaction.decode(TRANSACTION.encode()) == TRANSACTION


def test_the_id_is_over_the_body_alone() -> None:
    body = TRANSACTION.encode()
    one, other = SignedTransaction.of(TRANSACTION, SIGNATURES[:1]), SignedTransaction.of(TRANSACTION, [])
    assert one.tx_id == other.tx_id == tx_id_of(body) == tagged_hash(Tag.TX_BODY, body)


def test_signatures_stand_by_signer_whatever_order_they_came_in() -> None:
    signed = SignedTransaction.of(TRANSACTION, SIGNATURES)
    assert signed == SignedTransaction.of(TRANSACTION, reversed(SIGNATURES))
    assert signed.signatures == tuple(sorted(SIGNATURES))


def test_received_bytes_are_kept() -> None:
    body, auth = TRANSACTION.encode(), encode_auth(SIGNATURES)
    signed = SignedTransaction.decode(body, auth)
    assert (signed.body, signed.auth, signed.transaction) == (body, auth, TRANSACTION)


def test_one_signer_twice_is_refused() -> None:
    (signer, one), (_, two) = SIGNATURES[:2]
    with pytest.raises(DecodeError):
        SignedTransaction.of(TRANSACTION, [(signer, one), (signer, two)])


def test_signatures_out_of_order_are_refused() -> None:
    with pytest.raises(DecodeError):
        decode_auth(encode(SIGNATURES))


def test_more_signatures_than_can_be_checked_are_refused() -> None:
    many = [(SignerId(bytes([n]) * 32), Signature(bytes(64))) for n in range(SIGNATURES_MAXIMUM + 1)]
    with pytest.raises(DecodeError):
        decode_auth(encode_auth(many))


def test_signers_sign_96_bytes() -> None:
    chain_id, tx_id = TRANSACTION.chain_id, tx_id_of(TRANSACTION.encode())
    assert tx_sign_bytes(chain_id, tx_id) == signed_message(Tag.TX_AUTH, chain_id, tx_id)


def test_a_body_above_one_mebibyte_is_refused_before_it_is_read() -> None:
    with pytest.raises(DecodeError) as caught:
        Transaction.decode(b"\xc1" * (BODY_BYTES + 1))
    assert caught.value.code == "TOO-LARGE"


def test_an_institution_with_capitals_is_refused() -> None:
    body = replace(TRANSACTION, institution=InstitutionId("Health")).encode()
    with pytest.raises(DecodeError, match="institution"):
        Transaction.decode(body)


def test_no_body_is_deeper_than_the_profile() -> None:
    assert BODY.depth == 8
