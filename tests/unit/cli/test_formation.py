"""What people see of the budget's formation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from cli import formation
from cli.formation import history_item, request_item
from cli.main import run
from cli.session import Session
from cli.views import VIEWS
from contracts.records import Collection, Request, RequestStatus
from contracts.requests import Place, find
from contracts.state import StateReader
from tests.examples.formation import next_law, tabled
from tests.support.budget import Ledger
from tests.support.year import BUDGET, DIGEST, GU, NEXT, a_programme, a_request_return

PLACE = Place(BUDGET, NEXT, "228", "003")


def the_request(ledger: Ledger) -> Request:
    found = find(ledger.state, PLACE)
    assert found is not None
    return found


def test_a_request_is_shown_with_its_blocks_parts_and_passport() -> None:
    item = request_item(PLACE, the_request(tabled(100)))
    assert item["status"] == "senate"
    assert (item["amount"], item["base"], item["growth"]) == ("10000.00", "10000.00", "0.00")
    assert item["parts"] == [{"holder": GU, "amount": "10000.00", "is_returned": False}]
    assert (item["goal"], item["adopted"]) == ("безопасные дороги", None)


def test_a_step_says_its_act_or_its_reason() -> None:
    ledger = tabled(100)
    ledger.do("mof", "request.return", *a_request_return("mof"))
    *_, approved, returned = (history_item(step) for step in the_request(ledger).history)
    assert approved == {
        "from": "mazhilis", "to": "senate", "act": "акт senate", "date": "2026-01-05", "hash": DIGEST.hex(),
        "day": "2026-01-05", "reason": None,
    }  # fmt: skip
    assert returned == {
        "from": "senate", "to": "mof", "act": None, "date": None, "hash": None, "day": "2026-01-05",
        "reason": "нет расчёта",
    }  # fmt: skip


def test_lists_name_statuses_and_blocks() -> None:
    ledger = tabled(100)
    for name, collection, field, word in (
        ("request", Collection.REQUESTS, "status", "senate"),
        ("request-item", Collection.REQUEST_ITEMS, "block", "base"),
        ("limit", Collection.LIMITS, "base", "100000000.00"),
    ):
        ((key, value),) = ledger.state.scan(collection, b"", 9)
        assert VIEWS[name].item(key, value)[field] == word
    assert VIEWS["request"].choices["status"] == tuple(status.name.lower() for status in RequestStatus)


class Answering:
    """What a node says of a ledger, through the client's methods that these verbs use."""

    def __init__(self, state: StateReader) -> None:
        self._state = state

    def status(self) -> dict[str, Any]:
        return {"height": 9, "block_time": "2026-02-02T00:00:00Z"}

    def value(self, collection: str, key: bytes, height: int | None = None) -> dict[str, Any]:
        value = self._state.get(collection, key)
        return {"height": 9, "value": None if value is None else value.hex()}

    def page(
        self, collection: str, prefix: bytes, after: str | None, limit: int, height: int | None
    ) -> dict[str, Any]:
        pairs = self._state.scan(collection, prefix, limit)
        items = [{"key": key.hex(), "value": value.hex()} for key, value in pairs if key.startswith(prefix)]
        return {"height": 9, "items": items, "next": None}


@pytest.fixture
def eqz(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a command over a ledger; its JSON."""

    def of(ledger: Ledger, *arguments: str) -> Any:
        @contextmanager
        def connected(nodes: Sequence[str]) -> Iterator[Answering]:
            yield Answering(ledger.state)

        monkeypatch.setattr(formation, "connected", connected)
        session = Session(environment={"EQZ_CONFIG": "/nonexistent"})
        status = run([*arguments, "--node", "http://node", "-o", "json"], session)
        found = capsys.readouterr()
        return (status, json.loads(found.out)) if status == 0 else (status, json.loads(found.err))

    return of


def test_the_difference_names_programmes_that_the_law_gave_otherwise(eqz: Callable[..., Any]) -> None:
    ledger = tabled(100)
    law = next_law(a_programme(units=80), a_programme("067", 30, administrator="226"))
    ledger.do("mof", "budget.adopt", *law)
    status, found = eqz(ledger, "request", "difference", "--year", str(NEXT))
    assert status == 0
    assert found["items"] == [
        {
            "administrator": "226", "programme": "067", "asked": "0.00", "adopted": "3000.00",
            "difference": "3000.00",
        },
        {
            "administrator": "228", "programme": "003", "asked": "10000.00", "adopted": "8000.00",
            "difference": "-2000.00",
        },
    ]  # fmt: skip


def test_an_administrator_is_as_far_as_its_slowest_programme(eqz: Callable[..., Any]) -> None:
    _, found = eqz(tabled(100), "request", "status", "--year", str(NEXT))
    assert found["items"] == [
        {"administrator": "228", "status": "senate", "programmes": 1, "amount": "10000.00"}
    ]


def test_a_request_is_shown_and_one_that_is_not_there_is_not_found(eqz: Callable[..., Any]) -> None:
    status, found = eqz(tabled(100), "request", "show", BUDGET, str(NEXT), "228", "003")
    assert (status, len(found["item"]["history"])) == (0, 5)
    status, _ = eqz(tabled(100), "request", "show", BUDGET, str(NEXT), "228", "001")
    assert status == 3
