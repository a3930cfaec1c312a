"""The envelope of a document on its way between people: `*.eqtx`, JSON (docs/cli.md, "Signing").

It carries the canonical body, so every signer signs the same bytes, and the signatures given so far. What is
shown to a person always comes from the bytes; nothing else in the file is believed. Signatures have no order
and merging commutes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from chain.codec import Value, is_name
from chain.errors import DecodeError
from chain.keys import SigningKey, signer_id, verify
from chain.transaction import (
    BODY_BYTES,
    SignedTransaction,
    Transaction,
    encode_auth,
    tx_id_of,
    tx_sign_bytes,
)
from chain.types import ActionName, ClientId, Hash32, InstitutionId, Signature, SignerId
from cli import ballots
from cli.amounts import instant_of, tenge_of
from cli.documents import Json, as_object, columns, json_of, parse_json, row_count
from cli.failures import ConflictError, IdentityError, InputError
from contracts.actions import REGISTER, Action, role_words, roles_asked
from contracts.areas import LOADED

assert LOADED, "importing the area modules fills the register of actions"

SCHEMA = "eqz.transaction/1"
ENVELOPE_BYTES = 4 * BODY_BYTES
"""The body in hexadecimal, the signatures and room for indentation."""

MEMBERS = frozenset({"schema", "network", "genesis", "required", "body", "signatures"})
"""Of the file; a member that is not here is refused."""

_SIGNATURE_MEMBERS = frozenset({"institution", "serial", "public_key", "signature"})


@dataclass(frozen=True, slots=True)
class GivenSignature:
    """One person's signature. `institution` and `serial` name the signer; the key made the signature."""

    institution: InstitutionId
    serial: int
    public_key: bytes
    signature: Signature


@dataclass(frozen=True, slots=True)
class Envelope:
    """A document and who has signed it. `network` is a name for people; the chain id is in the body."""

    network: str
    body: bytes
    signatures: tuple[GivenSignature, ...] = ()

    @property
    def transaction(self) -> Transaction:
        return Transaction.decode(self.body)

    @property
    def tx_id(self) -> Hash32:
        return tx_id_of(self.body)

    @property
    def action(self) -> Action:
        """The registered action. InputError when this program does not know it."""
        transaction = self.transaction
        return known_action(transaction.action, transaction.version)

    def signed(self) -> SignedTransaction:
        """What a node takes: body and auth."""
        return SignedTransaction.decode(self.body, self.auth())

    def auth(self) -> bytes:
        chain_id = self.transaction.chain_id
        return encode_auth((_id_of(chain_id, given), given.signature) for given in self.signatures)


def _id_of(chain_id: Hash32, given: GivenSignature) -> SignerId:
    return signer_id(chain_id, given.institution, given.serial)


def known_action(name: str, version: int | None = None) -> Action:
    """The action of a name; its newest version unless one is named."""
    versions = [found for known, found in REGISTER if known == name]
    if not versions or (version is not None and version not in versions):
        wanted = name if version is None else f"{name} of version {version}"
        raise InputError(f"no action {wanted}; `eqz tx actions` lists them", "INPUT-ACTION")
    return REGISTER[(name, max(versions) if version is None else version)]


def build(
    *,
    network: str,
    chain_id: bytes,
    institution: str,
    action: Action,
    arguments: Value,
    valid_until_ms: int,
    client_id: bytes | None = None,
) -> Envelope:
    """A document without signatures. The client id is 16 random bytes unless a correction keeps one."""
    if not is_name(institution):
        raise InputError(
            f"institution {institution!r}: 1 to 32 of a-z 0-9 . _ - expected", "INPUT-INSTITUTION"
        )
    transaction = Transaction(
        Hash32(chain_id),
        ClientId(client_id or os.urandom(16)),
        valid_until_ms,
        InstitutionId(institution),
        ActionName(action.name),
        action.version,
        arguments,
    )
    try:
        return parse_body(network, transaction.encode())
    except DecodeError as error:
        raise InputError(str(error), "INPUT-DOCUMENT") from error


def parse_body(network: str, body: bytes) -> Envelope:
    """An envelope around received bytes. DecodeError when they are not a canonical body of a known action."""
    transaction = Transaction.decode(body)
    action = known_action(transaction.action, transaction.version)
    action.arguments.check(transaction.arguments, "arguments")
    return Envelope(network, body)


# --- signing and merging


def sign(envelope: Envelope, key: SigningKey, institution: str, serial: int) -> Envelope:
    """The envelope with one more signature; needs no network."""
    transaction = envelope.transaction
    if institution != transaction.institution:
        raise IdentityError(
            f"the key belongs to {institution}, the document to {transaction.institution}", "ID-FOREIGN"
        )
    signature = key.sign(tx_sign_bytes(transaction.chain_id, envelope.tx_id))
    given = GivenSignature(InstitutionId(institution), serial, key.public_key, signature)
    return _with(envelope, (given,))


def merge(envelopes: Iterable[Envelope]) -> Envelope:
    """One envelope with everybody's signatures. ConflictError when the documents differ."""
    merged, *others = envelopes
    for other in others:
        if other.body != merged.body:
            raise ConflictError(
                f"the files hold different documents: {merged.tx_id.hex()} and {other.tx_id.hex()}",
                "MERGE-BODY",
            )
        merged = _with(merged, other.signatures)
    return merged


def _with(envelope: Envelope, signatures: Iterable[GivenSignature]) -> Envelope:
    known = {(given.institution, given.serial): given for given in envelope.signatures}
    for given in signatures:
        known[(given.institution, given.serial)] = given
    return replace(envelope, signatures=tuple(known[place] for place in sorted(known)))


def check(envelope: Envelope) -> None:
    """Every signature against the key that stands beside it. IdentityError names the first that fails.

    Whether that key is in force and has the role, only the ledger knows: the node says it.
    """
    transaction = envelope.transaction
    message = tx_sign_bytes(transaction.chain_id, envelope.tx_id)
    for given in envelope.signatures:
        if given.institution != transaction.institution:
            raise IdentityError(
                f"a signature of {given.institution} under a document of {transaction.institution}",
                "ID-FOREIGN",
            )
        if not verify(given.public_key, message, given.signature):
            raise IdentityError(
                f"the signature of {given.institution}:{given.serial} is not valid for this document",
                "ID-SIGNATURE",
            )


def missing_signatures(envelope: Envelope) -> int:
    """How many of the signatures that the action asks for are not given yet."""
    return max(0, len(roles_of(envelope)) - len(envelope.signatures))


def roles_of(envelope: Envelope) -> tuple[int, ...]:
    """Who must sign: of a submission, those whom its document asks for."""
    return roles_asked(envelope.action, envelope.transaction.arguments)


def role_names(roles: Iterable[int]) -> tuple[str, ...]:
    return role_words(roles)


# --- the meaning, from the bytes


def meaning(envelope: Envelope) -> dict[str, Json]:
    """What the document says: action, institution, fields, rows, sums, who must sign."""
    transaction, action = envelope.transaction, envelope.action
    return {
        "tx_id": envelope.tx_id.hex(),
        "network": envelope.network,
        "genesis": transaction.chain_id.hex(),
        "client_id": transaction.client_id.hex(),
        "valid_until": instant_of(transaction.valid_until_ms),
        "institution": transaction.institution,
        "action": transaction.action,
        "version": transaction.version,
        "summary": action.summary,
        "source": action.source,
        "document": ballots.to_people(transaction.action, json_of(action.arguments, transaction.arguments)),
        "rows": row_count(action.arguments, transaction.arguments),
        "amounts": [*amounts_of(envelope)],
        "required_roles": list(role_names(roles_of(envelope))),
        "signed_by": [f"{given.institution}:{given.serial}" for given in envelope.signatures],
        "signatures_missing": missing_signatures(envelope),
    }


def amounts_of(envelope: Envelope) -> list[dict[str, Json]]:
    """Count, sum, minimum and maximum of every amount field over all rows, in tenge."""
    return [
        {
            "field": column.path,
            "count": column.count,
            "sum": tenge_of(column.sum_tiyn),
            "minimum": tenge_of(column.minimum_tiyn),
            "maximum": tenge_of(column.maximum_tiyn),
        }
        for column in columns(envelope.action.arguments, envelope.transaction.arguments)
    ]


# --- the file


def dump(envelope: Envelope) -> str:
    """The text of an `*.eqtx` file."""
    transaction = envelope.transaction
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "network": envelope.network,
                "genesis": transaction.chain_id.hex(),
                "required": {
                    "institution": transaction.institution,
                    "roles": list(role_names(roles_of(envelope))),
                },
                "body": envelope.body.hex(),
                "signatures": [
                    {
                        "institution": given.institution,
                        "serial": given.serial,
                        "public_key": given.public_key.hex(),
                        "signature": given.signature.hex(),
                    }
                    for given in envelope.signatures
                ],
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


def parse(text: str, name: str) -> Envelope:
    """An envelope from the text of a file. InputError when what it claims is not what its bytes say."""
    found = as_object(parse_json(text, name), name)
    if found.get("schema") != SCHEMA:
        raise InputError(f"{name}: schema {found.get('schema')!r} found, {SCHEMA} expected", "ENVELOPE")
    _refuse_unknown(found, MEMBERS, name)
    try:
        envelope = parse_body(_text(found, "network", name), _binary(found, "body", name))
        signatures = tuple(_given(item, name) for item in _list(found, "signatures", name))
    except (ValueError, DecodeError) as error:
        raise InputError(f"{name}: {error}", "ENVELOPE") from error
    if found.get("genesis") != envelope.transaction.chain_id.hex():
        raise InputError(f"{name}: the file names another genesis than its signed bytes", "ENVELOPE")
    return _with(envelope, signatures)


def _given(item: Json, name: str) -> GivenSignature:
    found = as_object(item, name)
    _refuse_unknown(found, _SIGNATURE_MEMBERS, name)
    serial = found.get("serial")
    if not isinstance(serial, int) or isinstance(serial, bool) or serial < 0:
        raise InputError(f"{name}: a signature without a serial number", "ENVELOPE")
    public_key = _binary(found, "public_key", name)
    signature = _binary(found, "signature", name)
    if len(public_key) != 32 or len(signature) != 64:
        raise InputError(f"{name}: a signature of another length than Ed25519 has", "ENVELOPE")
    return GivenSignature(
        InstitutionId(_text(found, "institution", name)), serial, public_key, Signature(signature)
    )


def _refuse_unknown(found: Mapping[str, Json], members: frozenset[str], name: str) -> None:
    """What no signer's bytes cover may not stand in the file: somebody could take it for the document."""
    for member in found.keys() - members:
        raise InputError(f"{name}: {member} is no member of this file (docs/formats.md)", "ENVELOPE")


def _binary(found: Mapping[str, Json], field: str, name: str) -> bytes:
    """Lower-case hexadecimal and nothing else. ValueError for another character."""
    text = _text(found, field, name)
    value = bytes.fromhex(text)
    if value.hex() != text:
        raise InputError(f"{name}: {field} is not lower-case hexadecimal", "ENVELOPE")
    return value


def _text(found: Mapping[str, Json], field: str, name: str) -> str:
    value = found.get(field)
    if not isinstance(value, str):
        raise InputError(f"{name}: {field} is missing", "ENVELOPE")
    return value


def _list(found: Mapping[str, Json], field: str, name: str) -> list[Json]:
    value = found.get(field)
    if not isinstance(value, list):
        raise InputError(f"{name}: {field} is missing", "ENVELOPE")
    return value


def read_file(path: Path) -> Envelope:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(ENVELOPE_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{path} is not there", "FILE") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "FILE") from error
    if len(text) > ENVELOPE_BYTES:
        raise InputError(f"{path}: larger than {ENVELOPE_BYTES} characters", "ENVELOPE")
    return parse(text, str(path))


def write_file(path: Path, envelope: Envelope) -> None:
    """Replace or create the file in one step: a crash leaves the old one or the new one."""
    write_text(path, dump(envelope))


def write_text(path: Path, text: str) -> None:
    """Write a file in one step beside its place, then rename."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "FILE") from error
