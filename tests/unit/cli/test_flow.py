"""What the answers of several nodes mean together, and when a document is final."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli import flow
from cli.client import Client, Reply
from cli.failures import (
    CommandError,
    ConflictError,
    IdentityError,
    NotFinalError,
    NotFoundError,
    NothingAcceptedError,
    RefusedError,
)

TX_ID = "ab" * 32
OVER_PLAN = {"code": "TP218-07", "message": "too much", "article": "", "texts": {}, "remedy": "", "facts": {}}
REVOKED = {**OVER_PLAN, "code": "ID-REVOKED"}


def replies(*statuses: str, error: Any = None) -> list[Reply]:
    return [Reply(f"node-{number}", status, error) for number, status in enumerate(statuses)]


@pytest.mark.parametrize(
    "statuses",
    [
        ("accepted",),
        ("refused", "accepted"),
        ("known", "unreachable"),
        ("committed",),
        ("unknown", "unreachable"),
    ],
)
def test_what_may_be_on_its_way_is_waited_for(statuses: tuple[str, ...]) -> None:
    flow.judge(replies(*statuses, error=OVER_PLAN), TX_ID)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (replies("refused", "refused", error=OVER_PLAN), RefusedError),
        (replies("refused", "unreachable", error=OVER_PLAN), RefusedError),
        (replies("refused", "refused", error=REVOKED), IdentityError),
        (replies("conflict", "conflict"), ConflictError),
        (replies("unreachable", "unreachable"), NothingAcceptedError),
        (replies("busy", "full"), NothingAcceptedError),
    ],
)
def test_what_no_node_took_ends_by_its_reason(answers: list[Reply], kind: type[CommandError]) -> None:
    with pytest.raises(kind):
        flow.judge(answers, TX_ID)


def ticking() -> Iterator[float]:
    second = 0.0
    while True:
        yield second
        second += 1


def client_that_says(*answers: dict[str, Any]) -> Client:
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        found = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(200, json={"tx_id": TX_ID, "height": None, "index": None, **found})

    return Client(["http://node"], httpx.MockTransport(answer))


def test_waiting_ends_when_the_transaction_is_committed() -> None:
    client = client_that_says(
        {"status": "waiting"}, {"status": "unknown"}, {"status": "committed", "height": 5}
    )
    assert flow.wait(client, TX_ID, 60_000)["height"] == 5


def test_waiting_longer_than_allowed_says_it_is_not_final() -> None:
    clock = ticking()
    with pytest.raises(NotFinalError, match="waiting"):
        flow.wait(client_that_says({"status": "waiting"}), TX_ID, 3_000, lambda: next(clock))


def test_a_document_dropped_after_it_was_accepted_is_not_called_refused() -> None:
    with pytest.raises(NotFinalError, match="too much") as caught:
        flow.wait(client_that_says({"status": "refused", "error": OVER_PLAN}), TX_ID, 60_000)
    assert "client id" in caught.value.details.remedy


def test_a_node_that_stops_answering_leaves_the_transaction_unknown() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down", request=request)

    with pytest.raises(NotFinalError):
        flow.wait(Client(["http://node"], httpx.MockTransport(fail)), TX_ID, 60_000)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (httpx.ConnectError("x"), "unreachable"),
        (httpx.ConnectTimeout("x"), "unreachable"),
        (httpx.ReadTimeout("x"), "unknown"),
        (httpx.RemoteProtocolError("x"), "unknown"),
        (httpx.Response(503), "busy"),
        (httpx.Response(500), "unknown"),
        (httpx.Response(413), "refused"),
    ],
)
def test_how_a_submission_failed_says_whether_a_node_may_have_it(failure: Any, status: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(failure, httpx.Response):
            return failure
        raise failure

    client = Client(["http://node"], httpx.MockTransport(answer))
    assert client.submit_to("http://node", b"body", b"auth").status == status


def test_a_read_goes_to_the_next_node_when_one_is_down() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "a":
            raise httpx.ConnectError("down", request=request)
        return httpx.Response(200, json={"height": 7})

    assert Client(["http://a", "http://b"], httpx.MockTransport(answer)).status() == {"height": 7}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404, json={"error": {"code": "NOT-FOUND", "message": "no"}}), NotFoundError),
        (httpx.Response(503), NothingAcceptedError),
        (httpx.Response(200, text="<html>"), CommandError),
        (httpx.Response(200, json=[1]), CommandError),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_its_kind(
    answer: httpx.Response, kind: type[CommandError]
) -> None:
    with pytest.raises(kind):
        Client(["http://node"], httpx.MockTransport(lambda _: answer)).status()


def test_without_a_node_nothing_is_asked() -> None:
    with pytest.raises(CommandError, match="--node"):
        Client([]).status()
