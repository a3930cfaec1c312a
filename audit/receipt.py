"""A receipt (*.eqr): that one transaction is final, checked from the file alone (docs/formats.md)."""

import json
from dataclasses import dataclass
from typing import Any

from audit.blocks import (
    ValidatorSet,
    certificate_jobs,
    check_outcome,
    read_genesis,
    read_header,
    read_transaction,
    read_validator_set,
)
from audit.codec import HASH, Value, binary, list_of, name, optional, read, row, uint
from audit.ed25519 import Verifier
from audit.failure import VerificationError
from audit.merkle import is_included, proves, tagged

RECEIPT_LIMIT = 16 << 20
"""A body is at most 1 MiB; the rest is room for steps and state proofs."""
STEPS_LIMIT = 10_000
PATH_LIMIT = 14
"""Siblings of a list of at most 10,000."""

_MEMBERS = frozenset(
    {
        "schema", "chain_id", "tx_id", "height", "index", "count", "body", "auth", "outcome", "body_path",
        "auth_path", "outcome_path", "header", "certificate", "validators", "genesis", "steps",
    }
)  # fmt: skip
_OPTIONAL_MEMBERS = frozenset({"states", "witnesses"})
_PROOF = row(
    ("path", HASH),
    ("depth", uint(0, 256)),
    ("mask", HASH),
    ("siblings", list_of(HASH, 256)),
    ("kind", uint(0, 2)),
    ("leaf", optional(row(("path", HASH), ("value_hash", HASH)))),
)
_KEY = binary(0, 512)


@dataclass(slots=True)
class ReceiptReport:
    """What a receipt proves. Times are milliseconds since 1970-01-01 UTC."""

    chain_id: bytes
    is_genesis_compared: bool
    is_set_proved: bool
    validators_hash: bytes
    tx_id: bytes
    height: int
    index: int
    time_ms: int
    institution: str
    action: str
    signers: int
    signatures: int
    events: Value
    states: list[tuple[str, str, str | None]]
    witnesses: int


class _File:
    """The members of the file, read with their types."""

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    def hex(self, member: str, value: Any = None) -> bytes:
        text = self._members[member] if value is None else value
        if not isinstance(text, str) or len(text) % 2 or any(c not in "0123456789abcdef" for c in text):
            raise VerificationError(f"{member} is not lower-case hexadecimal")
        return bytes.fromhex(text)

    def number(self, member: str) -> int:
        value = self._members[member]
        if type(value) is not int or not 0 <= value < 1 << 63:
            raise VerificationError(f"{member} is not a number")
        return value

    def rows(self, member: str, members: frozenset[str], limit: int) -> list["_File"]:
        found = self._members.get(member, [])
        if not isinstance(found, list) or len(found) > limit:
            raise VerificationError(f"{member} is not a list of at most {limit}")
        for item in found:
            if not isinstance(item, dict) or item.keys() != members:
                raise VerificationError(
                    f"an item of {member} has not the members {', '.join(sorted(members))}"
                )
        return [_File(item) for item in found]

    def path(self, member: str) -> list[bytes]:
        found = self._members[member]
        if not isinstance(found, list) or len(found) > PATH_LIMIT:
            raise VerificationError(f"{member} is not a list of hashes")
        path = [self.hex(member, item) for item in found]
        if any(len(item) != 32 for item in path):
            raise VerificationError(f"{member} is not a list of hashes")
        return path

    def is_null(self, member: str) -> bool:
        return self._members[member] is None

    def text(self, member: str) -> str:
        value = self._members[member]
        if not isinstance(value, str):
            raise VerificationError(f"{member} is not a text")
        return value

    def count(self, member: str) -> int:
        found = self._members.get(member, [])
        if not isinstance(found, list):
            raise VerificationError(f"{member} is not a list")
        return len(found)


def _no_member_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise VerificationError("a member stands twice in the file")
    return members


def _refuse_number(text: str) -> Any:
    raise VerificationError(f"{text} is not a whole number")


def _whole_number(text: str) -> int:
    if len(text) > 19:
        raise VerificationError("a number is too long")
    return int(text)


def _open(data: bytes) -> _File:
    if len(data) > RECEIPT_LIMIT:
        raise VerificationError(f"the file is larger than {RECEIPT_LIMIT} bytes")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_member_twice,
            parse_int=_whole_number,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise VerificationError(f"the file is not JSON in UTF-8: {error}") from None
    except RecursionError:
        raise VerificationError("the file is nested too deep") from None
    if not isinstance(found, dict) or found.get("schema") != "eqz.receipt/1":
        raise VerificationError('the file is no receipt: its schema is not "eqz.receipt/1"')
    missing, strange = _MEMBERS - found.keys(), found.keys() - _MEMBERS - _OPTIONAL_MEMBERS
    if missing or strange:
        named = ascii(sorted(missing or strange))[:200]
        raise VerificationError(f"the receipt {'lacks' if missing else 'has unknown members'} {named}")
    return _File(found)


def verify_receipt(data: bytes, expected_genesis: bytes | None) -> ReceiptReport:
    """Check a receipt in the order of docs/formats.md; VerificationError names the first thing that fails."""
    file = _open(data)
    verifier = Verifier()
    chain_id = file.hex("chain_id")
    if expected_genesis is not None and chain_id != expected_genesis:
        raise VerificationError(f"the genesis hash is {chain_id.hex()}, expected {expected_genesis.hex()}")
    header_bytes = file.hex("header")
    header = read_header(header_bytes)
    height, index, count = file.number("height"), file.number("index"), file.number("count")
    if (header.chain_id, header.height, header.tx_count) != (chain_id, height, count):
        raise VerificationError("the header is of another chain, height or number of transactions")
    body, auth, outcome = file.hex("body"), file.hex("auth"), file.hex("outcome")
    transaction = read_transaction(body, auth, chain_id)
    if transaction.id != file.hex("tx_id"):
        raise VerificationError("tx_id is not the hash of the body")
    events = check_outcome(outcome, transaction.id, height, index)
    for label, tag, item, root in (
        ("body_path", "tx-body", body, header.tx_root),
        ("auth_path", "tx-auth", auth, header.auth_root),
        ("outcome_path", "outcome", outcome, header.outcomes_root),
    ):
        if not is_included(tag, item, index, count, file.path(label), root):
            raise VerificationError(f"{label} does not lead to the root in the header")
    validators = read_validator_set(file.hex("validators"))
    if validators.hash != header.validators_hash:
        raise VerificationError("the validators are not those the header names")
    block_id = tagged("header", header_bytes)
    signatures = _check_certificate(verifier, file.hex("certificate"), height, block_id, validators, chain_id)
    signatures += _check_steps(file, verifier, chain_id, height, validators)
    return ReceiptReport(
        chain_id=chain_id,
        is_genesis_compared=expected_genesis is not None,
        is_set_proved=not file.is_null("steps"),
        validators_hash=validators.hash,
        tx_id=transaction.id,
        height=height,
        index=index,
        time_ms=header.time_ms,
        institution=transaction.institution,
        action=transaction.action,
        signers=len(transaction.signatures),
        signatures=signatures,
        events=events,
        states=_check_states(file, header.state_root),
        witnesses=file.count("witnesses"),
    )


def _check_certificate(
    verifier: Verifier,
    certificate: bytes,
    height: int,
    block_id: bytes,
    validators: ValidatorSet,
    chain_id: bytes,
) -> int:
    """How many signatures of the certificate were verified."""
    jobs = certificate_jobs(certificate, height, block_id, validators, chain_id)
    answers = verifier.verify_many([(job.public_key, job.message, job.signature) for job in jobs])
    for job, holds in zip(jobs, answers, strict=True):
        if not holds:
            raise VerificationError(f"height {height}: the signature of the {job.label} does not hold")
    return len(jobs)


def _check_steps(
    file: _File, verifier: Verifier, chain_id: bytes, height: int, validators: ValidatorSet
) -> int:
    """The chain of validator sets from the genesis to the receipt's height, if it is given."""
    if file.is_null("genesis") != file.is_null("steps"):
        raise VerificationError("genesis and steps must both be given, or both be null")
    if file.is_null("steps"):
        return 0
    genesis = read_genesis(file.hex("genesis"))
    if genesis.chain_id != chain_id:
        raise VerificationError("the genesis in the file does not hash to the chain id")
    current = read_validator_set(genesis.validator_set())
    previous, verified = 0, 0
    members = frozenset({"header", "certificate", "next_validators"})
    for step in file.rows("steps", members, STEPS_LIMIT):
        header_bytes = step.hex("header")
        header = read_header(header_bytes)
        if header.chain_id != chain_id or not previous < header.height < height:
            raise VerificationError("a step is of another chain, or not between its neighbours")
        if header.validators_hash != current.hash:
            raise VerificationError(f"the step at height {header.height} does not follow from the set before")
        block_id = tagged("header", header_bytes)
        verified += _check_certificate(
            verifier, step.hex("certificate"), header.height, block_id, current, chain_id
        )
        following = read_validator_set(step.hex("next_validators"))
        if following.hash != header.next_validators_hash or following.first_height != header.height + 1:
            raise VerificationError(f"the step at height {header.height} names another next set")
        current, previous = following, header.height
    if current.hash != validators.hash:
        raise VerificationError("the steps do not lead to the validators of the receipt")
    return verified


def _check_states(file: _File, state_root: bytes) -> list[tuple[str, str, str | None]]:
    """Proved records: (collection, key, value or None for a proved absence), in hexadecimal."""
    found = []
    members = frozenset({"collection", "key", "value", "proof"})
    for item in file.rows("states", members, STEPS_LIMIT):
        collection, key = item.text("collection"), item.hex("key")
        _KEY(key, "key")
        value = None if item.is_null("value") else item.hex("value")
        proof = read(item.hex("proof"), _PROOF, "state proof", 16 << 10)
        name(collection, "collection")
        if value == b"":
            raise VerificationError("a state proof shows an empty value")
        if not proves(state_root, collection.encode("ascii"), key, value, proof):
            raise VerificationError(f"the proof of {collection} {key.hex()} does not lead to the state root")
        found.append((collection, key.hex(), None if value is None else value.hex()))
    return found


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
