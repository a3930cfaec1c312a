"""The public side of a person's key: `NAME.pub` beside `NAME.key`, JSON.

It says who the key is (institution, serial, roles), so that a document can be signed with the cable pulled
out, and it is what is handed to the head of the institution for `signer.add` or to the founders of a network.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chain.genesis import GenesisSigner
from chain.keys import ED25519, SigningKey, address_of, possession_bytes
from chain.types import Hash32, InstitutionId
from cli.documents import as_object, parse_json
from cli.envelope import write_text
from cli.failures import IdentityError, InputError
from contracts.records import Role

SCHEMA = "eqz.key/1"
PUBLIC_FILE_BYTES = 4096
ROLE_NAMES = tuple(role.name.lower() for role in Role)


@dataclass(frozen=True, slots=True)
class Person:
    """A signer as known before any ledger: `roles` are bits of Role; `possession` signs one chain's id."""

    institution: InstitutionId
    serial: int
    roles: int
    public_key: bytes
    genesis: bytes | None = None
    possession: bytes | None = None

    def registration(self) -> GenesisSigner:
        return GenesisSigner(self.institution, self.serial, ED25519, self.public_key, self.roles)

    def proved(self, key: SigningKey, chain_id: bytes) -> Person:
        """With the proof that the key's owner asks for the registration on one chain."""
        proof = key.sign(possession_bytes(Hash32(chain_id), self.institution, ED25519, self.public_key))
        return Person(self.institution, self.serial, self.roles, self.public_key, chain_id, proof)


def role_mask(names: Iterable[str]) -> int:
    """Roles as bits. InputError for an unknown name."""
    mask = 0
    for name in names:
        if name not in ROLE_NAMES:
            raise InputError(f"no role {name}; roles are {', '.join(ROLE_NAMES)}", "INPUT-ROLE")
        mask |= Role[name.upper()]
    return mask


def names_of(mask: int) -> list[str]:
    return [role.name.lower() for role in Role if mask & role]


def public_path(key_file: Path) -> Path:
    """Where the public side of a key file stands."""
    return key_file.with_suffix(".pub")


def dump_person(person: Person) -> str:
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "institution": person.institution,
                "serial": person.serial,
                "roles": names_of(person.roles),
                "algorithm": "ed25519",
                "public_key": person.public_key.hex(),
                "address": address_of(person.public_key).hex(),
                "genesis": None if person.genesis is None else person.genesis.hex(),
                "possession": None if person.possession is None else person.possession.hex(),
            },
            indent=1,
        )
        + "\n"
    )


def write_person(path: Path, person: Person) -> None:
    write_text(path, dump_person(person))


def read_person(path: Path) -> Person:
    """IdentityError when the file is missing, InputError when it is not the public side of a key."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise IdentityError(
            f"{path} is not there: it says whose key it is; or name the signer with --as INSTITUTION:SERIAL",
            "KEY-FILE",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise IdentityError(f"{path}: {error}", "KEY-FILE") from error
    found = as_object(parse_json(text[: PUBLIC_FILE_BYTES + 1], str(path)), str(path))
    institution, serial, roles = found.get("institution"), found.get("serial"), found.get("roles")
    if found.get("schema") != SCHEMA or not isinstance(institution, str) or not isinstance(roles, list):
        raise InputError(f"{path}: not the public side of a key ({SCHEMA})", "KEY-FILE")
    if not isinstance(serial, int) or serial < 1:
        raise InputError(f"{path}: serial {serial!r} found, a number from 1 expected", "KEY-FILE")
    return Person(
        InstitutionId(institution),
        serial,
        role_mask(str(role) for role in roles),
        _hex(found.get("public_key"), 32, path) or b"",
        _hex(found.get("genesis"), 32, path),
        _hex(found.get("possession"), 64, path),
    )


def _hex(found: object, size: int, path: Path) -> bytes | None:
    if found is None:
        return None
    try:
        data = bytes.fromhex(str(found))
    except ValueError:
        data = b""
    if len(data) != size:
        raise InputError(f"{path}: {size} bytes in hexadecimal expected", "KEY-FILE")
    return data


def parse_signer(text: str) -> tuple[InstitutionId, int]:
    """`treasury:2` as institution and serial."""
    institution, _, serial = text.rpartition(":")
    if not institution or not (serial.isascii() and serial.isdigit()):
        raise InputError(f"{text!r}: write INSTITUTION:SERIAL, for example treasury:2", "INPUT-SIGNER")
    return InstitutionId(institution), int(serial)
