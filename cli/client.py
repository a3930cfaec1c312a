"""The node's HTTP API from a person's side: several nodes, bounded times, answers checked before use."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from cli.failures import CommandError, NotFoundError, NothingAcceptedError, refusal_error

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
WAIT_MS = 10_000
"""One request waits this long for a transaction; below READ_SECONDS, so that silence means a dead node."""

BUSY_SECONDS = 60.0
"""So long a node is asked again that has other work; then a person is told that it is busy."""

ANSWER_BYTES = 32 << 20
"""Larger than any page a node gives; a node that sends more is not one of ours."""

PAGE = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """One node's answer about one submitted transaction.

    `status`: accepted, refused, known, committed, as the node says it; `unreachable`: it never got the bytes;
    `unknown`: it may have got them and did not answer; `busy`: it says it did not take them.
    """

    node: str
    status: str
    error: Mapping[str, Any] | None = None


class Client:
    """Several nodes of one network, asked in order; the first that answers is believed."""

    def __init__(
        self,
        nodes: Sequence[str],
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.nodes = tuple(nodes)
        self._pause = pause
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        self._http = httpx.Client(timeout=timeout, transport=transport, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int | None) -> dict[str, Any]:
        """JSON of the first node that answers. NotFoundError for 404, the refusal's error for the rest."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._first("GET", path, params=given)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._first("POST", path, json=body)

    def text(self, path: str) -> str:
        """The answer as it came: a receipt is kept as its bytes."""
        for node in self._asked():
            try:
                return _checked(self._asked_of("GET", node + path)).text
            except httpx.TransportError:
                continue
        raise self._no_node()

    def _first(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        for node in self._asked():
            try:
                answer = self._asked_of(method, node + path, **request)
            except httpx.TransportError:
                continue
            return _object(_checked(answer))
        raise self._no_node()

    def _asked_of(self, method: str, url: str, **request: Any) -> httpx.Response:
        """A node that answers too many at once says when to come back: then it is asked again."""
        waited = 0.0
        while True:
            answer = self._http.request(method, url, **request)
            if answer.status_code != 429 or waited >= BUSY_SECONDS:
                return answer
            seconds = _retry_after(answer)
            self._pause(seconds)
            waited += seconds

    def _asked(self) -> tuple[str, ...]:
        if not self.nodes:
            raise CommandError(
                "no node is known: give --node URL, set EQZ_NODE, or `eqz profile set NAME node=URL`",
                "NO-NODE",
            )
        return self.nodes

    def _no_node(self) -> NothingAcceptedError:
        return NothingAcceptedError(f"no node answers: {', '.join(self.nodes)}", "NODE-SILENT")

    # --- one method an endpoint

    def status(self) -> dict[str, Any]:
        return self.get("/v1/status")

    def status_of(self, node: str) -> dict[str, Any] | None:
        """One node's own status; None when it does not answer."""
        try:
            return _object(_checked(self._asked_of("GET", node + "/v1/status")))
        except (httpx.TransportError, CommandError):
            return None

    def readiness_of(self, node: str) -> list[str]:
        """Why a node should not be asked now; empty when it is ready, one reason when it does not answer."""
        try:
            found = _object(self._asked_of("GET", node + "/health/ready"))
        except (httpx.TransportError, CommandError) as error:
            return [f"no answer: {error}"]
        return [str(reason) for reason in found.get("reasons", ["an answer without reasons"])]

    def findings_of(self, node: str) -> list[dict[str, Any]]:
        """What a node says is wrong with it, worst first; nothing when it does not answer."""
        try:
            found = _object(self._asked_of("GET", node + "/health/ready")).get("findings", [])
        except (httpx.TransportError, CommandError):
            return []
        return [dict(one) for one in found]

    def submit_to(self, node: str, body: bytes, auth: bytes) -> Reply:
        """Offer one transaction to one node and say what is known of it there."""
        sent = {"transactions": [{"body": body.hex(), "auth": auth.hex()}]}
        try:
            answer = self._asked_of("POST", node + "/v1/transactions", json=sent)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Reply(node, "unreachable")
        except httpx.TransportError:
            return Reply(node, "unknown")
        if answer.status_code in (429, 503):
            return Reply(node, "busy", _error_of(answer))
        if answer.is_server_error:
            return Reply(node, "unknown", _error_of(answer))
        if answer.is_error:
            return Reply(node, "refused", _error_of(answer))
        item = _object(answer)["items"][0]
        return Reply(node, str(item["status"]), item.get("error"))

    def submit_many(self, node: str, pairs: Sequence[tuple[bytes, bytes]]) -> list[Reply]:
        """Offer many transactions to one node in one request; one reply each, in order.

        NothingAcceptedError when the node cannot be reached or takes nothing now.
        """
        sent = {"transactions": [{"body": body.hex(), "auth": auth.hex()} for body, auth in pairs]}
        try:
            answer = _object(_checked(self._asked_of("POST", node + "/v1/transactions", json=sent)))
        except httpx.TransportError as error:
            raise NothingAcceptedError(f"{node}: {error or 'no answer'}", "NODE-SILENT") from error
        return [Reply(node, str(item["status"]), item.get("error")) for item in answer["items"]]

    def dry_run(self, body: bytes, auth: bytes) -> dict[str, Any]:
        return self.post(
            "/v1/transactions/dry-run", {"transactions": [{"body": body.hex(), "auth": auth.hex()}]}
        )

    def why(self, institution: str, action: str, arguments: bytes | None) -> dict[str, Any]:
        """What stands in the way of an action; `arguments`: canonical bytes of a document's, or none."""
        asked = None if arguments is None else arguments.hex()
        return self.post("/v1/why", {"institution": institution, "action": action, "arguments": asked})

    def transaction(self, tx_id: str, wait_ms: int = 0) -> dict[str, Any]:
        return self.get(f"/v1/transactions/{tx_id}", wait_ms=wait_ms or None)

    def receipt(self, tx_id: str) -> str:
        return self.text(f"/v1/transactions/{tx_id}/receipt")

    def value(
        self, collection: str, key: bytes, height: int | None = None, *, proof: bool = False
    ) -> dict[str, Any]:
        """`height` and `value` (hex or None), with the proof when asked."""
        return self.get(
            f"/v1/state/{collection}/{key.hex() or '-'}", height=height, proof=1 if proof else None
        )

    def page(
        self,
        collection: str,
        prefix: bytes = b"",
        after: str | None = None,
        limit: int = PAGE,
        height: int | None = None,
    ) -> dict[str, Any]:
        return self.get(
            f"/v1/state/{collection}", prefix=prefix.hex() or None, after=after, limit=limit, height=height
        )

    def totals(self, budget: str, year: int, height: int | None = None) -> dict[str, Any]:
        return self.get("/v1/totals", budget=budget, year=year, height=height)


def _retry_after(answer: httpx.Response) -> float:
    """Seconds; between one and ten, whatever the node says."""
    said = answer.headers.get("retry-after", "")
    return float(min(10, max(1, int(said)))) if said.isascii() and said.isdigit() and len(said) < 9 else 1.0


def _checked(answer: httpx.Response) -> httpx.Response:
    if len(answer.content) > ANSWER_BYTES:
        raise CommandError(f"{answer.url.host} answers with more than {ANSWER_BYTES} bytes", "NODE-ANSWER")
    if answer.status_code == 404:
        raise NotFoundError(str(_error_of(answer).get("message") or f"{answer.url.path}: not found"))
    if answer.status_code in (429, 503):
        raise NothingAcceptedError(str(_error_of(answer).get("message") or "the node is busy"), "NODE-BUSY")
    if answer.is_server_error:
        raise NothingAcceptedError(f"{answer.url}: the node answers {answer.status_code}", "NODE-FAULT")
    if answer.is_error:
        raise refusal_error(_error_of(answer))
    return answer


def _error_of(answer: httpx.Response) -> Mapping[str, Any]:
    """The error object of an answer; what the HTTP status says when there is none."""
    try:
        found = json.loads(answer.content)
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("error"), dict):
        return dict(found["error"])
    return {"code": f"HTTP-{answer.status_code}", "message": f"the node answers {answer.status_code}"}


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.content, parse_float=str)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CommandError(f"{answer.url.host} does not answer with a JSON object", "NODE-ANSWER")
    return found


@contextmanager
def connected(nodes: Sequence[str]) -> Iterator[Client]:
    """A client for one command."""
    with Client(nodes) as client:
        yield client
