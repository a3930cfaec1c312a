"""How a year stands, as other documents ask."""

import pytest

from chain.types import Hash32
from contracts import reasons, tokens, years
from contracts.actions import Call
from contracts.calendar import day_number
from contracts.context import BlockContext
from contracts.records import (
    Closing,
    ClosingStatus,
    Collection,
    Stage,
    TokenKey,
    closing_key,
    put,
)
from contracts.rejection import Reason, RejectionError
from contracts.state import Overlay
from tests.support.budget import MemoryReader, a_line

BUDGET, YEAR = "01.kz", 2026
LINE = a_line()
ALLOCATED = TokenKey(LINE, "gu-2280101", None, Stage.ALLOCATED)
LAPSED = TokenKey(LINE, "gu-2280101", None, Stage.LAPSED)


def a_call(status: ClosingStatus | None = None) -> Call:
    """A document over a state with 100 tiyn allocated, in a year that stands so."""
    zero = Hash32(bytes(32))
    state = Overlay(MemoryReader({}))
    call = Call(state, BlockContext(zero, 2, 1), 0, zero, "", None, (), ())  # type: ignore[arg-type]
    tokens.issue(call, ALLOCATED, 100)
    if status is not None:
        closing = Closing(status.value, b"", 0, 0, 0, 0, day_number(2027, 1, 5), None)
        put(call.state, Collection.CLOSINGS, closing_key(BUDGET, YEAR), closing)
    return call


OPEN, CLOSING, CLOSED = None, ClosingStatus.CLOSING, ClosingStatus.CLOSED


@pytest.mark.parametrize(
    ("status", "is_closing", "is_closed"),
    [(OPEN, False, False), (CLOSING, True, False), (CLOSED, False, True)],
)
def test_a_year_is_open_closing_or_closed(
    status: ClosingStatus | None, is_closing: bool, is_closed: bool
) -> None:
    state = a_call(status).state
    assert years.is_closing(state, BUDGET, YEAR) is is_closing
    assert years.is_closed(state, BUDGET, YEAR) is is_closed
    assert not years.is_closing(state, BUDGET, YEAR + 1)
    assert not years.is_closed(state, BUDGET, YEAR + 1)


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("refuse_closing", CLOSING, reasons.YEAR_CLOSING),
        ("refuse_closed", CLOSING, reasons.YEAR_CLOSING),
        ("refuse_closed", CLOSED, reasons.YEAR_CLOSED),
        ("refuse_unclosed", OPEN, reasons.YEAR_UNCLOSED),
        ("refuse_unclosed", CLOSING, reasons.YEAR_CLOSING),
    ],
)
def test_a_document_that_the_year_does_not_admit_is_refused(
    name: str, status: ClosingStatus | None, reason: Reason
) -> None:
    with pytest.raises(RejectionError) as refusal:
        getattr(years, name)(a_call(status), BUDGET, YEAR)
    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("refuse_closing", OPEN), ("refuse_closing", CLOSED), ("refuse_closed", OPEN),
        ("refuse_unclosed", CLOSED),
    ],
)  # fmt: skip
def test_a_document_that_the_year_admits_goes_on(name: str, status: ClosingStatus | None) -> None:
    getattr(years, name)(a_call(status), BUDGET, YEAR)


def test_no_token_moves_in_a_closing_year_but_by_the_closing() -> None:
    call = a_call(CLOSING)
    with pytest.raises(RejectionError) as moved:
        tokens.move(call, ALLOCATED, LAPSED, 1)
    with pytest.raises(RejectionError) as issued:
        tokens.issue(call, ALLOCATED, 1)
    assert moved.value.reason is issued.value.reason is reasons.YEAR_CLOSING
    tokens.settle(call, ALLOCATED, LAPSED, 100)
    assert tokens.amount_of(call.state, LAPSED) == 100


def test_money_of_a_closed_year_becomes_only_what_such_a_year_may_hold() -> None:
    call = a_call(CLOSED)
    with pytest.raises(RejectionError) as refusal:
        tokens.issue(call, ALLOCATED, 1)
    assert refusal.value.reason is reasons.YEAR_CLOSED
    tokens.move(call, ALLOCATED, LAPSED, 100)
    assert tokens.amount_of(call.state, LAPSED) == 100
