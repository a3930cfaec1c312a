"""The envelope of a document: signed offline, merged in any order, never believed beyond its bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations

import pytest

from chain.keys import SigningKey
from chain.types import Hash32, Signature
from cli import envelope as envelopes
from cli.documents import value_of
from cli.envelope import Envelope
from cli.failures import ConflictError, IdentityError, InputError

CHAIN_ID = Hash32(b"\x07" * 32)
HEAD, ACCOUNTANT = (SigningKey.from_seed(bytes([number]) * 32) for number in (1, 2))
OPEN_DAY = envelopes.known_action("treasury.open_day")
REFUSE = envelopes.known_action("payment.refuse")


def a_document(note: str = "нет акта") -> Envelope:
    rows = [{"holder": "gu-1", "number": "7", "reason": 6, "note": note}]
    return envelopes.build(
        network="test",
        chain_id=CHAIN_ID,
        institution="treasury",
        action=REFUSE,
        arguments=value_of(REFUSE.arguments, {"refusals": rows}),
        valid_until_ms=1_767_225_600_000,
        client_id=b"\x01" * 16,
    )


def signed_by_head(envelope: Envelope) -> Envelope:
    return envelopes.sign(envelope, HEAD, "treasury", 1)


def signed_by_accountant(envelope: Envelope) -> Envelope:
    return envelopes.sign(envelope, ACCOUNTANT, "treasury", 2)


def test_what_two_people_signed_is_what_a_node_takes() -> None:
    signed = signed_by_accountant(signed_by_head(a_document())).signed()
    assert len(signed.signatures) == 2
    assert signed.transaction.arguments == ((("gu-1", "7", 6, "нет акта"),),)


def test_signatures_merge_in_any_order_and_twice() -> None:
    document = a_document()
    parts = [document, signed_by_head(document), signed_by_accountant(document), signed_by_head(document)]
    merged = {envelopes.dump(envelopes.merge(order)) for order in permutations(parts)}
    assert merged == {envelopes.dump(signed_by_accountant(signed_by_head(document)))}


def test_different_documents_do_not_merge() -> None:
    with pytest.raises(ConflictError):
        envelopes.merge([a_document(), a_document("другое")])


def test_a_file_is_the_envelope_it_was_made_from() -> None:
    envelope = signed_by_head(a_document())
    assert envelopes.parse(envelopes.dump(envelope), "test") == envelope


def test_the_meaning_comes_from_the_bytes() -> None:
    said = envelopes.meaning(signed_by_head(a_document()))
    assert (said["action"], said["institution"], said["rows"]) == ("payment.refuse", "treasury", 1)
    assert said["document"] == {
        "refusals": [{"holder": "gu-1", "number": "7", "reason": 6, "note": "нет акта"}]
    }
    assert (said["required_roles"], said["signed_by"], said["signatures_missing"]) == (
        ["head", "accountant"],
        ["treasury:1"],
        1,
    )


def test_a_genesis_written_beside_other_bytes_is_refused() -> None:
    found = json.loads(envelopes.dump(a_document()))
    with pytest.raises(InputError, match="another genesis"):
        envelopes.parse(json.dumps({**found, "genesis": "00" * 32}), "test")


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "eqz.transaction/2"},
        {"body": "00"},
        {"body": "zz"},
        {"body": None},
        {"signatures": None},
        {"signatures": [{"institution": "treasury", "serial": 1, "public_key": "00", "signature": "00"}]},
        {"signatures": [{"institution": "treasury", "serial": True}]},
        {"summary": "a payment of 100 tenge"},
        {"body": a_document().body.hex().upper()},
        {"body": f" {a_document().body.hex()}"},
    ],
)
def test_a_broken_file_is_refused_as_input(change: dict[str, object]) -> None:
    found = json.loads(envelopes.dump(a_document()))
    with pytest.raises(InputError):
        envelopes.parse(json.dumps({**found, **change}), "test")


def test_a_signature_says_nothing_beside_its_signer_and_key() -> None:
    found = json.loads(envelopes.dump(signed_by_head(a_document())))
    found["signatures"][0]["name"] = "the minister"
    with pytest.raises(InputError, match="name"):
        envelopes.parse(json.dumps(found), "test")


def test_a_changed_document_fails_the_check_of_its_signatures() -> None:
    signed = signed_by_head(a_document())
    with pytest.raises(IdentityError, match="treasury:1"):
        envelopes.check(replace(signed, body=a_document("другое").body))


def test_a_forged_signature_fails_the_check() -> None:
    signed = signed_by_head(a_document())
    forged = replace(signed.signatures[0], signature=Signature(bytes(64)))
    with pytest.raises(IdentityError):
        envelopes.check(replace(signed, signatures=(forged,)))


def test_a_key_of_another_institution_does_not_sign() -> None:
    with pytest.raises(IdentityError, match="mof"):
        envelopes.sign(a_document(), HEAD, "mof", 1)


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(InputError, match=r"payment\.refund"):
        envelopes.known_action("payment.refund")


def test_a_document_without_a_client_id_gets_a_random_one() -> None:
    made = {
        envelopes.build(
            network="test",
            chain_id=CHAIN_ID,
            institution="treasury",
            action=OPEN_DAY,
            arguments=(20_454,),
            valid_until_ms=1,
        ).tx_id
        for _ in range(2)
    }
    assert len(made) == 2
