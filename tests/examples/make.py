"""Executes every example and writes what `eqz rule explain` shows: cli/data/examples.json.

Run with `python -m tests.examples.make`. An example that is not refused with its code stops it.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from chain.errors import DecodeError
from chain.transaction import SignedTransaction
from cli.documents import Json, json_of, plain_json
from contracts.actions import REGISTER
from tests.examples import Example, examples
from tests.support.budget import INSTITUTIONS, PEOPLE, Ledger

FILE = Path(str(files("cli.data"))) / "examples.json"

ITEMS_SHOWN = 3
TEXT_SHOWN = 200
"""An example is read by people: longer lists and texts are cut, and say by how much."""


def record(one: Example) -> dict[str, Json]:
    """What is stored of an example: the document by field names and what the ledger answered."""
    attempt = one.build()
    refusal = attempt.refusal()
    assert refusal.reason.code == one.code, f"the example of {one.code} is refused with {refusal.reason.code}"
    signed = attempt.document
    return {
        "code": one.code,
        "situation": one.situation,
        "institution": signed.transaction.institution,
        "action": signed.transaction.action,
        "signed_by": _people(attempt.ledger, signed),
        "document": _cut(_document(signed)),
        "facts": dict(refusal.facts),
        "text": str(refusal),
    }


def _people(ledger: Ledger, signed: SignedTransaction) -> list[Json]:
    """Who signed: the role and institution of the people of genesis, the id of others."""
    names: dict[bytes, str] = {}
    for institution in (item.id for item in INSTITUTIONS):
        for role in PEOPLE:
            names[ledger.signer(institution, role)] = f"{role.name.lower()} of {institution}"
    return [names.get(signer, signer.hex()) for signer, _ in signed.signatures]


def _document(signed: SignedTransaction) -> Json:
    """By field names where the arguments have the form of the action, as they are where they have not."""
    transaction = signed.transaction
    action = REGISTER.get((transaction.action, transaction.version))
    if action is None:
        return plain_json(transaction.arguments)
    try:
        action.arguments.check(transaction.arguments, "arguments")
    except DecodeError:
        return plain_json(transaction.arguments)
    return json_of(action.arguments, transaction.arguments)


def _cut(document: Json) -> Json:
    match document:
        case dict():
            return {name: _cut(value) for name, value in document.items()}
        case list() if len(document) > ITEMS_SHOWN and any(isinstance(one, dict | list) for one in document):
            shown = [_cut(one) for one in document[:ITEMS_SHOWN]]
            return [*shown, f"… and {len(document) - ITEMS_SHOWN} more"]
        case list():
            return [_cut(one) for one in document]
        case str() if len(document) > TEXT_SHOWN:
            return f"{document[:TEXT_SHOWN]}… ({len(document)} characters)"
    return document


def text() -> str:
    """The whole file."""
    records: dict[str, Json] = {code: record(one) for code, one in examples().items()}
    return json.dumps(records, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Writes the file."""
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
