"""Private keys on disk: who can open them, and who cannot."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from chain.keys import SigningKey
from cli.failures import IdentityError, InputError
from cli.keystore import password_from, read_key, write_key, write_private

SEED = bytes(range(32))
PASSWORD = "пароль 1"


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "head.key"
    write_key(path, SEED, PASSWORD)
    return path


def test_a_written_key_is_read_back(key_file: Path) -> None:
    assert read_key(key_file, PASSWORD).public_key == SigningKey.from_seed(SEED).public_key


def test_openssl_opens_a_key(key_file: Path) -> None:
    opened = subprocess.run(
        ["openssl", "pkcs8", "-in", key_file, "-passin", f"pass:{PASSWORD}"], capture_output=True, check=True
    )
    assert (
        load_pem_private_key(opened.stdout, None).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        == SigningKey.from_seed(SEED).public_key
    )


def test_openssl_finds_scrypt_of_the_stated_cost_and_aes_256(key_file: Path) -> None:
    parsed = subprocess.run(
        ["openssl", "asn1parse", "-in", key_file], capture_output=True, check=True, text=True
    ).stdout
    words = [line.rsplit(":", 1)[-1].strip() for line in parsed.splitlines()]
    assert [
        words.index(one) for one in ("PBES2", "scrypt", "4000", "08", "0A", "20", "aes-256-cbc")
    ] == sorted(words.index(one) for one in ("PBES2", "scrypt", "4000", "08", "0A", "20", "aes-256-cbc"))


def test_a_key_file_is_its_owners_alone(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_wrong_password_is_an_identity_error_that_does_not_repeat_it(key_file: Path) -> None:
    with pytest.raises(IdentityError) as caught:
        read_key(key_file, "другой")
    assert "другой" not in str(caught.value)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, key_file: Path) -> None:
    copy = tmp_path / "open.key"
    copy.write_bytes(key_file.read_bytes())
    copy.chmod(0o640)
    with pytest.raises(IdentityError, match="mode 0640"):
        read_key(copy, PASSWORD)


def test_a_key_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(InputError, match="exists"):
        write_key(key_file, SEED, PASSWORD)
    assert key_file.read_bytes() == before


def test_an_empty_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IdentityError):
        write_key(tmp_path / "a.key", SEED, "")


def test_a_key_without_encryption_is_not_used(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    write_private(
        tmp_path / "plain.key", private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(IdentityError):
        read_key(tmp_path / "plain.key", PASSWORD)


def test_a_key_of_another_program_in_pkcs8_is_read(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    foreign = private.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode())
    )
    write_private(tmp_path / "foreign.key", foreign)
    assert read_key(tmp_path / "foreign.key", PASSWORD).public_key == SigningKey.from_seed(SEED).public_key


def test_a_password_file_must_be_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o644)
    with pytest.raises(IdentityError, match="0600"):
        password_from(path)
    path.chmod(0o600)
    assert password_from(path) == "secret"


def test_a_key_in_memory_does_not_show_its_secret(key_file: Path) -> None:
    assert SEED.hex() not in repr(read_key(key_file, PASSWORD))
