"""Every error of the ledger has one exit status and one shape."""

from __future__ import annotations

import json

import pytest

from chain import errors
from chain.errors import LedgerError
from cli import failures
from cli.failures import (
    LANGUAGES,
    error_json,
    exit_status,
    not_found,
    nothing_under,
    refusal_error,
    render_error,
)
from contracts import reasons
from contracts.rejection import RejectionError

API_ERROR = {
    "code": "TP218-07",
    "message": "too much",
    "article": "TP 218(7)",
    "texts": {"kk": "тым көп", "ru": "слишком много", "en": "too much"},
    "remedy": "lower it",
    "remedies": {"ru": "уменьшите", "en": "lower it"},
    "facts": {"row": 3, "field": "amount"},
}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (failures.InputError("x"), 2),
        (errors.ConfigError("x"), 2),
        (errors.DecodeError("x"), 2),
        (failures.NotFoundError("x"), 3),
        (failures.IdentityError("x"), 4),
        (RejectionError(reasons.REVOKED_SIGNER), 4),
        (failures.RefusedError("x"), 5),
        (RejectionError(reasons.NO_OPEN_DAY), 5),
        (failures.ConflictError("x"), 6),
        (RejectionError(reasons.REPLAYED), 6),
        (failures.NothingAcceptedError("x"), 7),
        (errors.IntegrationError("x"), 7),
        (failures.NotFinalError("x"), 8),
        (failures.VerificationError("x"), 9),
        (errors.CorruptionError("x"), 9),
        (errors.InvalidMessageError("x"), 9),
        (errors.StorageError("x"), 7),
        (errors.ExecutionFault("x"), 1),
    ],
)
def test_an_error_ends_with_the_status_the_manual_promises(error: LedgerError, status: int) -> None:
    assert exit_status(error) == status


def test_a_refusal_is_said_in_the_language_asked_for_with_place_article_and_remedy() -> None:
    assert render_error(refusal_error(API_ERROR), "ru") == (
        "ошибка[TP218-07]: слишком много\n"
        "  где: строка 3, поле «сумма» (amount)\n"
        "  норма: TP 218(7)\n"
        "  что делать: уменьшите"
    )


def test_an_error_for_programs_is_one_line_of_json() -> None:
    text = error_json(refusal_error(API_ERROR))
    assert "\n" not in text
    assert json.loads(text)["error"] == {
        "code": "TP218-07",
        "exit": 5,
        "message": "too much",
        "where": "row 3, field amount",
        "article": "TP 218(7)",
        "remedy": "lower it",
        "remedies": API_ERROR["remedies"],
        "texts": API_ERROR["texts"],
        "facts": API_ERROR["facts"],
    }


def test_a_refusal_of_this_program_has_the_same_shape_as_a_nodes() -> None:
    error = RejectionError(reasons.WRONG_KIND, institution="mof", kind="finance", action="a", permitted="gu")
    assert "mof (уәкілетті орган)" in render_error(error, "kk")
    assert json.loads(error_json(error))["error"]["article"] == "budget-machine 1"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there_is_said_in_every_language(language: str) -> None:
    nowhere = nothing_under("agreements", "clinic 9", "eqz agreement list")
    assert exit_status(nowhere) == 3
    assert nowhere.details.texts[language] in render_error(nowhere, language)
    no_day = not_found(RejectionError(reasons.NO_OPEN_DAY))
    assert (exit_status(no_day), no_day.code) == (3, "DAY-NONE")
    assert getattr(reasons.NO_OPEN_DAY, language) in render_error(no_day, language)
