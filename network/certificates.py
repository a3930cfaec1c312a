"""TLS certificates of institutions: self-signed, one each, pinned by everybody else by SHA-256 of the DER
bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chain.errors import ConfigError

CERTIFICATES_MAXIMUM = 4
"""In one file: the one in use, the next one, and what a renewal that was broken off left."""


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """What one node proves itself with, as PEM."""

    certificate_pem: bytes
    key_pem: bytes
    """PKCS#8; encrypted when a password was given."""


def make_identity(
    name: str, hosts: Sequence[str], now: datetime, valid_days: int, password: bytes | None = None
) -> TlsIdentity:
    """A fresh P-256 key (tokens and HSMs know no other curve everywhere) and its self-signed certificate.

    `name` becomes the common name, `hosts` (names or IP addresses) the alternative names; `now` is a UTC time
    with zone, from one hour before which the certificate is valid, so that clocks may differ.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public_key = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=valid_days))
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_KEY_USAGE, critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return TlsIdentity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption),
    )


def certificate_der(certificate_pem: bytes) -> bytes:
    """The DER bytes of the one certificate in a PEM file. Raises ConfigError."""
    certificates = certificates_der(certificate_pem)
    if len(certificates) != 1:
        raise ConfigError(
            f"{len(certificates)} certificates in one file, exactly one is expected", "CERTIFICATE-UNREADABLE"
        )
    return certificates[0]


def certificates_der(certificate_pem: bytes) -> tuple[bytes, ...]:
    """The DER bytes of all certificates in a PEM file, at least one. Raises ConfigError."""
    try:
        certificates = x509.load_pem_x509_certificates(certificate_pem)
    except ValueError as error:
        raise ConfigError(f"not a PEM certificate: {error}", "CERTIFICATE-UNREADABLE") from error
    if len(certificates) > CERTIFICATES_MAXIMUM:
        raise ConfigError(
            f"{len(certificates)} certificates in one file, at most {CERTIFICATES_MAXIMUM} make sense",
            "CERTIFICATE-UNREADABLE",
        )
    return tuple(one.public_bytes(serialization.Encoding.DER) for one in certificates)


def names_in(certificate: bytes) -> tuple[str, list[str]]:
    """Common name and alternative names of a certificate (DER)."""
    found = x509.load_der_x509_certificate(certificate)
    (name,) = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return str(name.value), [str(one.value) for one in names]


def fingerprint(certificate: bytes) -> bytes:
    """SHA-256 of the DER bytes: what is pinned, and what people compare."""
    return hashlib.sha256(certificate).digest()


def valid_until(certificate: bytes) -> datetime:
    """When the certificate (DER) expires, UTC: worth an alarm some weeks before."""
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc


_KEY_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
