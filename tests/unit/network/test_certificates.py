"""Self-signed certificates: what is pinned, and what is refused."""

import hashlib
from datetime import UTC, datetime

import pytest

from chain.errors import ConfigError
from network.certificates import certificate_der, fingerprint, make_identity, valid_until

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_fingerprint_is_the_hash_of_the_der_bytes() -> None:
    identity = make_identity("treasury", ["127.0.0.1", "node.example"], NOON, 30)
    der = certificate_der(identity.certificate_pem)
    assert fingerprint(der) == hashlib.sha256(der).digest()
    assert valid_until(der) == datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_a_key_is_encrypted_when_a_password_is_given() -> None:
    identity = make_identity("treasury", ["127.0.0.1"], NOON, 30, b"password")
    assert identity.key_pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@pytest.mark.parametrize("copies", [0, 2])
def test_anything_but_one_certificate_is_refused(copies: int) -> None:
    pem = make_identity("treasury", ["127.0.0.1"], NOON, 30).certificate_pem
    with pytest.raises(ConfigError) as refused:
        certificate_der(pem * copies)
    assert refused.value.code == "CERTIFICATE-UNREADABLE"
