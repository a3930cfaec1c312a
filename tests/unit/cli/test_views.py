"""Records as people see them: amounts are tenge and days are dates, inside a record's own lists too."""

from dataclasses import replace

from cli.views import VIEWS
from contracts.incentives import Facts
from contracts.records import Agreement, Collection, Queue, Rating, queue_key, rating_key
from tests.support.year import a_plan, a_year, register


def test_an_expertise_has_dates_and_tenge() -> None:
    ledger = a_year(a_plan(1_000), units=1_000)
    register(ledger, "A-1", 10)
    ((key, value),) = ledger.state.scan(Collection.AGREEMENTS, b"", 2)
    examined = replace(Agreement.decode(value), expertise=("E-1", 20_454, 21_549, 4_800_000_000))
    assert VIEWS["agreement"].item(key, examined.encode())["expertise"] == {
        "number": "E-1",
        "date": "2026-01-01",
        "valid_until": "2028-12-31",
        "amount": "48000000.00",
    }


def test_figures_and_parts_of_a_rating_have_their_names_tenge_and_per_cent() -> None:
    rating = Rating(1, 20_454, (100, 200, 300, 400, 500, 600, 7, 8, 9, 10), (10_000, 9_950, 0, 1, 5_000), 60)
    item = VIEWS["rating"].item(rating_key("01.kz", 2026, 1, "226"), rating.encode())
    assert item["figures"] == dict(
        zip(Facts.__match_args__, ("1.00", "2.00", "3.00", "4.00", "5.00", "6.00", 7, 8, 9, 10), strict=True)
    )
    assert item["parts"] == {
        "acceptance": "100.00",
        "payment": "99.50",
        "economy": "0.00",
        "stability": "0.01",
        "discipline": "50.00",
    }


def test_what_waits_to_be_paid_has_its_day_and_its_priorities() -> None:
    item = VIEWS["queue"].item(queue_key("01.kz", "1", 2026), Queue(((20_454, 100, 0, 250),)).encode())
    assert item["days"] == [
        {"requested": "2026-01-01", "priority_1": "1.00", "priority_2": "0.00", "priority_3": "2.50"}
    ]
