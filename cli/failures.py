"""Errors of the command line and the one table from an error to an exit status (docs/cli.md).

Every error a person meets has one shape: code, what was found, where, the article, what to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from chain.errors import (
    ConfigError,
    CorruptionError,
    DecodeError,
    IntegrationError,
    InvalidBlockError,
    InvalidMessageError,
    LedgerError,
    StorageError,
)
from cli.phrases import phrase
from cli.texts import HEADINGS, heading

LANGUAGES = ("kk", "ru", "en")

DONE = 0
OUR_BUG = 1
USAGE = 2
NOT_FOUND = 3
IDENTITY = 4
REFUSED = 5
CONFLICT = 6
NOTHING_ACCEPTED = 7
NOT_FINAL = 8
VERIFICATION_FAILED = 9
DIFFERENCES = 10


@dataclass(frozen=True, slots=True)
class Details:
    """What a person needs besides the message; empty where there is nothing to say.

    `texts`, `remedies`: message and what to do by language; `where`: row, field or file; `facts`: what was
    found, by name.
    """

    where: str = ""
    article: str = ""
    remedy: str = ""
    remedies: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, int | str] = field(default_factory=dict)


class CommandError(LedgerError):
    """What ends a command. Each branch has its exit status."""

    default_code = "COMMAND"
    exit_status: ClassVar[int] = USAGE

    def __init__(self, message: str, code: str | None = None, details: Details | None = None) -> None:
        super().__init__(message, code)
        self.details = details or Details()


class InputError(CommandError):
    """The document or the file of a person: 2."""

    default_code = "INPUT"


class NotFoundError(CommandError):
    default_code = "NOT-FOUND"
    exit_status = NOT_FOUND


class IdentityError(CommandError):
    """No key, wrong password, revoked, not permitted."""

    default_code = "IDENTITY"
    exit_status = IDENTITY


class RefusedError(CommandError):
    """Refused at admission by every node asked."""

    default_code = "REFUSED"
    exit_status = REFUSED


class ConflictError(CommandError):
    """The same id with another content, or a stale precondition."""

    default_code = "CONFLICT"
    exit_status = CONFLICT


class NothingAcceptedError(CommandError):
    """No node took it: the same file can be submitted again."""

    default_code = "NOTHING-ACCEPTED"
    exit_status = NOTHING_ACCEPTED


class NotFinalError(CommandError):
    """Accepted or unknown: wait; the same file may be submitted again, a new one must keep the client id."""

    default_code = "NOT-FINAL"
    exit_status = NOT_FINAL


class VerificationError(CommandError):
    default_code = "VERIFICATION"
    exit_status = VERIFICATION_FAILED


class DifferencesError(CommandError):
    """What should be equal is not: two nodes of one network tell different stories."""

    default_code = "DIFFERENCES"
    exit_status = DIFFERENCES


EXIT_STATUS: tuple[tuple[type[LedgerError], int], ...] = (
    (ConfigError, USAGE),
    (DecodeError, USAGE),
    (IntegrationError, NOTHING_ACCEPTED),
    (CorruptionError, VERIFICATION_FAILED),
    (StorageError, NOTHING_ACCEPTED),
    (InvalidMessageError, VERIFICATION_FAILED),
    (InvalidBlockError, VERIFICATION_FAILED),
)
"""The branches of LedgerError that are not the command line's own, the first match counts; any other is
our bug. A refusal by the rules (RejectionError) is sorted by its code: `refusal_status`."""


HALTED = "CONSENSUS-HALT"
"""More than two thirds decided what this program refuses (consensus.machine.HaltError, which help must not
import): a restart brings it to the same place."""


def exit_status(error: LedgerError) -> int:
    """The exit status of an error that ended a command."""
    if isinstance(error, CommandError):
        return error.exit_status
    if hasattr(error, "reason"):
        return refusal_status(error.code)
    if error.code == HALTED:
        return VERIFICATION_FAILED
    return next((status for kind, status in EXIT_STATUS if isinstance(error, kind)), OUR_BUG)


def refusal_status(code: str) -> int:
    """A refusal's exit status by its code: who signs is 4, a used client id is 6, any rule is 5."""
    if code.startswith("ID-"):
        return IDENTITY
    return CONFLICT if code == "TX-REPLAY" else REFUSED


REFUSAL_KINDS: Mapping[int, type[CommandError]] = {
    IDENTITY: IdentityError,
    CONFLICT: ConflictError,
    REFUSED: RefusedError,
}


def refusal_error(error: Mapping[str, object]) -> CommandError:
    """The error of the node's API (`code, message, article, texts, remedy, facts`) as a command's end."""
    code = str(error.get("code", "REFUSED"))
    facts = error.get("facts")
    known: dict[str, int | str] = {}
    if isinstance(facts, Mapping):
        known = {str(k): v if isinstance(v, int) else str(v) for k, v in facts.items()}
    spoken = _by_language(error.get("texts"))
    message = str(error.get("message") or spoken.get("en") or code)
    details = Details(
        where=_where(known),
        article=str(error.get("article") or ""),
        remedy=str(error.get("remedy") or ""),
        remedies=_by_language(error.get("remedies")),
        texts=spoken,
        facts=known,
    )
    return REFUSAL_KINDS[refusal_status(code)](message, code, details)


def _by_language(texts: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in texts.items() if v} if isinstance(texts, Mapping) else {}


def details_of(error: LedgerError) -> Details:
    """What is known besides the message, for any error of the ledger."""
    if isinstance(error, CommandError):
        return error.details
    if isinstance(error, DecodeError):
        return Details(where=error.where)
    reason = getattr(error, "reason", None)
    if reason is None:
        return Details()
    from contracts.rejection import fill
    from contracts.remedies import remedies_of
    from contracts.words import texts_of

    facts: tuple[tuple[str, int | str], ...] = getattr(error, "facts", ())
    return Details(
        where=_where(dict(facts)),
        article=reason.article,
        remedy=fill(reason.remedy, facts),
        remedies=remedies_of(reason, facts),
        texts=texts_of(reason, facts),
        facts=dict(facts),
    )


def not_found(refusal: LedgerError) -> NotFoundError:
    """A ground of refusal met while reading: nothing was refused, the thing is not there. Its code, article,
    texts and what to do stay."""
    return NotFoundError(refusal.message, refusal.code, details_of(refusal))


def nothing_under(name: str, key: str, remedy: str = "") -> NotFoundError:
    """Nothing stands under a key, in three languages."""
    texts = {
        "kk": f"табылмады ({name}): {key}",
        "ru": f"не найдено ({name}): {key}",
        "en": f"not found ({name}): {key}",
    }
    return NotFoundError(texts["en"], details=Details(texts=texts, remedy=remedy))


def _where(facts: Mapping[str, int | str]) -> str:
    return ", ".join(f"{name} {facts[name]}" for name in ("row", "field") if name in facts)


def _place(details: Details, language: str) -> str:
    """Where it is: a row and a field by their words, the field also as the document writes it."""
    if language == "en" or details.where != _where(details.facts):
        return phrase(details.where, language)
    said = []
    for name in ("row", "field"):
        value = str(details.facts.get(name, ""))
        known = heading(value, language) if name == "field" and value in HEADINGS else ""
        if value:
            said.append(f"{heading(name, language)} {f'«{known}» ({value})' if known else value}")
    return ", ".join(said)


_LABELS = {
    "en": ("error", "where", "rule", "what to do"),
    "ru": ("ошибка", "где", "норма", "что делать"),
    "kk": ("қате", "қайда", "норма", "не істеу керек"),
}


def render_error(error: LedgerError, language: str) -> str:
    """The one shape for people: `error[CODE]: text`, then where, article and remedy on their own lines."""
    details = details_of(error)
    word, where, article, remedy = _LABELS[language]
    lines = [f"{word}[{error.code}]: {details.texts.get(language) or phrase(error.message, language)}"]
    to_do = details.remedies.get(language) or phrase(details.remedy, language)
    place = _place(details, language)
    for label, text in ((where, place), (article, details.article), (remedy, to_do)):
        if text:
            lines.append(f"  {label}: {text}")
    return "\n".join(lines)


def error_json(error: LedgerError) -> str:
    """The one shape for programs: one JSON object on one line."""
    details = details_of(error)
    return json.dumps(
        {
            "schema": "eqz.error/1",
            "error": {
                "code": error.code,
                "exit": exit_status(error),
                "message": error.message,
                "where": details.where or None,
                "article": details.article or None,
                "remedy": details.remedy or None,
                "remedies": dict(details.remedies),
                "texts": dict(details.texts),
                "facts": dict(details.facts),
            },
        },
        ensure_ascii=False,
    )
