"""LedgerError to HTTP status: one table. Every answer that is not a success has one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from chain.errors import DecodeError, ExecutionFault, LedgerError, StorageError
from contracts.executor import Refusal
from contracts.rejection import RejectionError, fill, tenge
from contracts.remedies import remedies_of
from contracts.words import texts_of
from web.schemas import ErrorAnswer

HTTP_STATUS: tuple[tuple[str, int], ...] = (
    ("HEIGHT-NOT-HELD", 404),
    ("PROOF-NOT-HELD", 404),
    ("SIZE-NOT-HELD", 404),
    ("NOT-FOUND", 404),
    ("TOO-MANY-WAITING", 503),
)
"""By code; a DecodeError is the sender's (400), a StorageError the machine's (500)."""

ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text}
    for status, text in (
        (400, "The request cannot be read: bytes that are not canonical, a field out of its bounds."),
        (404, "Not here: nothing of this name, or a height this node does not hold."),
        (422, "The ledger's rules forbid it."),
        (429, "The node's share of time for requests is used up (RATE); Retry-After says when to come back."),
        (500, "A fault of this node."),
        (503, "Too many requests wait already; Retry-After says when to come back."),
    )
}
"""What the routes may answer besides their own model; 413, 414 and 431 come from the connection itself."""

Error = Mapping[str, object]


class NotFoundError(LedgerError):
    """What was asked for is not on the ledger, as far as this node knows."""

    default_code = "NOT-FOUND"


def error_of(error: LedgerError) -> Error:
    """The one shape: code, message, article, texts, remedy, facts."""
    if isinstance(error, RejectionError):
        return refusal_error(Refusal(error.reason, error.facts))
    return {
        "code": error.code,
        "message": str(error),
        "article": "",
        "texts": {},
        "remedy": "",
        "remedies": {},
        "facts": {},
    }


def refusal_error(refusal: Refusal) -> Error:
    """A refusal with its article and its texts; amounts among the facts as tenge."""
    reason, facts = refusal.reason, refusal.facts
    return {
        "code": reason.code,
        "message": str(refusal),
        "article": reason.article,
        "texts": texts_of(reason, facts),
        "remedy": fill(reason.remedy, facts),
        "remedies": remedies_of(reason, facts),
        "facts": {name: tenge(value) if name.endswith("_tiyn") else value for name, value in facts},
    }


def status_of(error: LedgerError) -> int:
    for code, status in HTTP_STATUS:
        if error.code == code:
            return status
    if isinstance(error, DecodeError):
        return 400
    return 500 if isinstance(error, StorageError | ExecutionFault) else 422


def _answer(status: int, error: Error, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": error}, status, dict(headers or {}))


def _plain(code: str, message: str) -> Error:
    return {
        "code": code,
        "message": message,
        "article": "",
        "texts": {},
        "remedy": "",
        "remedies": {},
        "facts": {},
    }


async def _on_ledger_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LedgerError)
    status = status_of(error)
    return _answer(status, error_of(error), {"Retry-After": "1"} if status == 503 else None)


async def _on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _answer(400, _plain("REQUEST", f"{where}: {first['msg']}"))


async def _on_http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    codes = {400: "REQUEST", 404: "NOT-FOUND", 405: "METHOD"}
    return _answer(
        error.status_code, _plain(codes.get(error.status_code, "HTTP"), str(error.detail)), error.headers
    )


async def _on_bug(_: Request, __: Exception) -> JSONResponse:
    """The server logs the traceback; a stranger learns nothing of it."""
    return _answer(500, _plain("INTERNAL", "a fault of this node's own; its operator finds it in the log"))


def install(app: FastAPI, stop: Callable[[StorageError], None]) -> None:
    """Every error leaves in the one shape. `stop` is told of stored data that cannot be read."""

    async def on_storage_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StorageError)
        stop(error)
        return await _on_ledger_error(request, error)

    app.add_exception_handler(StorageError, on_storage_error)
    app.add_exception_handler(LedgerError, _on_ledger_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_bug)
