"""Records as people see them: amounts are tenge and days are dates, inside a record's own lists too."""

from dataclasses import replace

from cli.views import VIEWS
from contracts.records import Agreement, Collection
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
