"""What a document takes from the plans, as a signer is shown before signing."""

from __future__ import annotations

from typing import Any

import pytest

from cli.envelope import Envelope
from cli.remainders import Wanted, wanted_by
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    BUDGET,
    GU,
    YEAR,
    U,
    a_continuation,
    a_debt,
    a_plan,
    a_request,
    a_reregistration,
    a_year,
    an_agreement,
    an_invoice,
    an_obligation,
    next_year,
    pay,
    register,
    registration,
    sign,
)

LINE, NEXT_LINE = a_line(specific="159"), a_line(specific="159", year=YEAR + 1)


def a_ledger_of_two_years() -> Ledger:
    """Goods for 400: an act of 300, of which 200 are paid; the next year is open."""
    ledger = a_year(a_plan(400), units=400)
    register(ledger, "A", 400, kind="goods")
    sign(ledger, "act-1", "a", 300)
    pay(ledger, 1, "a", 200, "act-1")
    return next_year(ledger, a_plan(1_000))


@pytest.mark.parametrize(
    ("action", "arguments", "wanted"),
    [
        (
            "agreement.register",
            registration(an_agreement("B", an_obligation("b", 60))),
            Wanted(GU, LINE, 60 * U, False),
        ),
        (
            "agreement.reregister",
            a_reregistration("A", a_continuation("a-27", 100, "a")),
            Wanted(GU, NEXT_LINE, 100 * U, False),
        ),
        (
            "obligation.accept",
            registration(an_invoice("pay-1", 5, specific="159")),
            Wanted(GU, LINE, 5 * U, False),
        ),
        (
            "obligation.accept",
            (BUDGET, YEAR + 1, "1", (a_debt("pay-1", 100, "a"),)),
            Wanted(GU, NEXT_LINE, 100 * U, False),
        ),
        ("payment.request", ((a_request(2, "a", 7, "act-1"),),), Wanted(GU, LINE, 7 * U, True)),
    ],
)
def test_a_document_is_shown_with_the_positions_it_takes_from(
    action: str, arguments: tuple[Any, ...], wanted: Wanted
) -> None:
    ledger = a_ledger_of_two_years()
    envelope = Envelope("test", ledger.document(GU, action, *arguments).body)
    assert list(wanted_by(ledger.state, envelope)) == [wanted]
