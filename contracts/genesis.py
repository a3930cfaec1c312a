"""The state before block 1: parameters, institutions, signers, keys, validators and their first set."""

from __future__ import annotations

from chain.genesis import Genesis
from chain.keys import ED25519, address_of, signer_id
from contracts.membership import validators_at
from contracts.records import (
    Collection,
    Institution,
    KeyOwner,
    Record,
    Signer,
    ValidatorRecord,
    validator_set_key,
)
from contracts.state import Key

__all__ = ["genesis_changes", "validators_at"]

GENESIS_HEIGHT = 0


def genesis_changes(genesis: Genesis) -> dict[Key, bytes]:
    """The first state. Its root is what block 1 builds on.

    An institution that runs a validator is a member: it has a vote in ballots. Signers keep the serials the
    genesis gives them. The genesis has been checked (`Genesis.check`).
    """
    changes: dict[Key, bytes] = {(Collection.PARAMS, b""): genesis.params.encode()}
    members = {item.institution for item in genesis.validators}
    serials: dict[str, int] = {}
    for signer in genesis.signers:
        serials[signer.institution] = max(serials.get(signer.institution, 0), signer.serial)
    for item in genesis.institutions:
        record = Institution(
            kind=item.kind,
            code=item.code or "",
            parent=item.parent,
            name_kk=item.name_kk,
            name_ru=item.name_ru,
            name_en=item.name_en,
            is_member=item.id in members,
            signers=serials.get(item.id, 0),
            opened=GENESIS_HEIGHT,
            closed=None,
        )
        _put(changes, Collection.INSTITUTIONS, item.id.encode("ascii"), record)
    chain_id = genesis.chain_id
    for person in genesis.signers:
        name = signer_id(chain_id, person.institution, person.serial)
        signs = Signer(
            person.institution, person.serial, person.algorithm, person.public_key, person.roles,
            GENESIS_HEIGHT, None,
        )  # fmt: skip
        _put(changes, Collection.SIGNERS, name, signs)
        owner = KeyOwner(person.institution, False, name)
        _put(changes, Collection.KEYS, address_of(person.public_key, person.algorithm), owner)
    for validator in genesis.validators:
        address = address_of(validator.public_key, ED25519)
        votes = ValidatorRecord(
            validator.institution, validator.public_key, validator.power, GENESIS_HEIGHT, None
        )
        _put(changes, Collection.VALIDATORS, address, votes)
        _put(changes, Collection.KEYS, address, KeyOwner(validator.institution, True, address))
    first_set = genesis.validator_set()
    changes[(Collection.VALIDATOR_SETS, validator_set_key(first_set.first_height))] = first_set.encode()
    return changes


def _put(changes: dict[Key, bytes], collection: str, key: bytes, record: Record) -> None:
    assert (collection, key) not in changes, f"genesis gives {collection} {key.hex()} twice"
    changes[(collection, key)] = record.encode()
