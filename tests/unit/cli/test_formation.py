"""What people see of the budget's formation."""

from __future__ import annotations

from cli.formation import history_item, request_item
from cli.views import VIEWS
from contracts.records import Collection, Request, RequestStatus
from contracts.requests import Place, find
from tests.examples.formation import tabled
from tests.support.budget import Ledger
from tests.support.year import BUDGET, DIGEST, GU, NEXT, a_request_return

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
