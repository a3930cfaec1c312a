"""From a LedgerError to an HTTP status, and to the one shape of errors."""

from __future__ import annotations

import pytest

from chain.errors import (
    CorruptionError,
    DecodeError,
    ExecutionFault,
    InvalidMessageError,
    LedgerError,
    StorageError,
)
from contracts import reasons
from contracts.executor import Refusal
from node.ledger import ProofNotHeldError, TooManyWaitingError
from storage.errors import HeightNotHeldError
from web.errors import NotFoundError, error_of, refusal_error, status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DecodeError("x"), 400), (HeightNotHeldError("x"), 404), (ProofNotHeldError("x"), 404),
        (NotFoundError("x"), 404), (InvalidMessageError("x"), 422), (StorageError("x"), 500),
        (CorruptionError("x"), 500), (ExecutionFault("x"), 500), (TooManyWaitingError("x"), 503),
    ],
)  # fmt: skip
def test_whose_fault_it_is_gives_the_status(error: LedgerError, status: int) -> None:
    assert status_of(error) == status


def test_a_plain_error_has_every_member() -> None:
    assert error_of(DecodeError("bad", where="body")) == {
        "code": "DECODE", "message": "body: bad", "article": "", "texts": {}, "remedy": "", "remedies": {},
        "facts": {},
    }  # fmt: skip


def test_amounts_among_the_facts_are_tenge() -> None:
    refusal = Refusal(reasons.UNKNOWN_ACTION, (("amount_tiyn", 12_345), ("action", "x"), ("version", 1)))
    found = refusal_error(refusal)
    assert found["facts"] == {"amount_tiyn": "123.45", "action": "x", "version": 1}
