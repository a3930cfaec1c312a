"""Private keys on disk: PKCS#8, PBES2 with scrypt (RFC 7914) and AES-256-CBC, PEM, mode 0600.

`cryptography` reads this form but writes only PBKDF2 with 2,048 iterations, so the envelope is built here
around its Scrypt; `openssl pkcs8` opens it. Opening costs about half a second: keep a key open instead of
opening it twice.
"""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chain.keys import SigningKey
from cli.failures import IdentityError, InputError

SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 14, 8, 10
"""16 MiB (OpenSSL refuses more than 32 by default) and about half a second a guess."""

SALT_BYTES = 16
KEY_BYTES = 32
PEM_LABEL = "ENCRYPTED PRIVATE KEY"
KEY_FILE_BYTES = 16 << 10
"""A key file is some 400 bytes; whatever is larger is not one."""

PASSWORD_BYTES = 1024

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")
"""DER of 1.2.840.113549.1.5.13, 1.3.6.1.4.1.11591.4.11 and 2.16.840.1.101.3.4.1.42."""


def new_seed() -> bytes:
    """32 secret bytes from the operating system."""
    return os.urandom(32)


def write_key(path: Path, seed: bytes, password: str) -> None:
    """Encrypt the Ed25519 key of a seed into a new file of mode 0600. InputError when the file exists."""
    write_private(path, encrypt_key(seed, password).encode("ascii"))


def read_key(path: Path, password: str) -> SigningKey:
    """Open a key. IdentityError for a missing file, an open mode, a wrong password, another kind of key."""
    data = read_private(path, KEY_FILE_BYTES)
    try:
        private = load_pem_private_key(data, password.encode())
    except (ValueError, TypeError) as error:
        raise IdentityError(
            f"{path}: the password is wrong or the file is not an encrypted key", "KEY-PASSWORD"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise IdentityError(f"{path}: not an Ed25519 key", "KEY-ALGORITHM")
    return SigningKey(private)


def encrypt_key(seed: bytes, password: str) -> str:
    """PEM of the encrypted PKCS#8 of an Ed25519 seed."""
    if not password:
        raise IdentityError("an empty password protects nothing", "KEY-PASSWORD")
    clear = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    salt, iv = os.urandom(SALT_BYTES), os.urandom(16)
    secret = Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(password.encode())
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    hidden = encryptor.update(padder.update(clear) + padder.finalize()) + encryptor.finalize()
    numbers = map(_integer, (SCRYPT_N, SCRYPT_R, SCRYPT_P, KEY_BYTES))
    kdf = _sequence(_SCRYPT, _sequence(_octets(salt), *numbers))
    scheme = _sequence(_PBES2, _sequence(kdf, _sequence(_AES_256_CBC, _octets(iv))))
    return _pem(_sequence(scheme, _octets(hidden)))


def _pem(der: bytes) -> str:
    text = base64.b64encode(der).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {PEM_LABEL}-----", *lines, f"-----END {PEM_LABEL}-----", ""))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _sequence(*items: bytes) -> bytes:
    return _der(0x30, b"".join(items))


def _octets(content: bytes) -> bytes:
    return _der(0x04, content)


def _integer(value: int) -> bytes:
    """A positive INTEGER: one more byte than needed where the first bit would read as a sign."""
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


# --- files that only their owner reads


def write_private(path: Path, data: bytes) -> None:
    """A new file of mode 0600, on disk when this returns."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(f"{path} exists and is not overwritten", "FILE-EXISTS") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "FILE") from error
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def read_private(path: Path, limit_bytes: int) -> bytes:
    """A file that only its owner can read. IdentityError when it is missing, open to others or too large."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise IdentityError(
                    f"{path} has mode {mode:04o}: others can read it; make it 0600 (chmod 600)", "FILE-MODE"
                )
            data = file.read(limit_bytes + 1)
    except OSError as error:
        raise IdentityError(f"{path}: {error.strerror}", "KEY-FILE") from error
    if len(data) > limit_bytes:
        raise IdentityError(f"{path} is larger than {limit_bytes} bytes", "KEY-FILE")
    return data


def password_from(path: Path) -> str:
    """The first line of a password file of mode 0600."""
    try:
        password = read_private(path, PASSWORD_BYTES).decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise IdentityError(f"{path} is not text", "KEY-PASSWORD") from error
    if not password:
        raise IdentityError(f"{path} is empty", "KEY-PASSWORD")
    return password
