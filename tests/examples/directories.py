"""Directories: versions by the operational day."""

from __future__ import annotations

from typing import Any

from contracts.calendar import day_number
from contracts.directories import ENTRY_BYTES
from contracts.records import Collection, Directory, directory_key
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger, a_ledger
from tests.support.year import GU, a_plan, a_year, an_invoice, plan_document, registration

JANUARY = day_number(2026, 1, 5)


def a_row(code: str, valid_from: int = JANUARY, valid_to: int | None = None, attributes: Any = ()) -> Any:
    return (code, valid_from, valid_to, code, code, None, attributes)


def publish(ledger: Ledger, *rows: Any) -> Attempt:
    return attempt(ledger, "mof", "directory.publish", "economic", rows)


@example("DIR-PAST")
def a_version_of_last_year() -> Attempt:
    """A new version of specific 159 would start before the operational day."""
    return publish(a_ledger(), a_row("159", JANUARY - 30))


@example("DIR-DATES")
def ends_before_it_starts() -> Attempt:
    """The last day of the entry lies before its first."""
    return publish(a_ledger(), a_row("160", JANUARY + 1, JANUARY))


@example("DIR-TWICE")
def one_code_in_two_rows() -> Attempt:
    """The document has the same code in two rows."""
    return publish(a_ledger(), a_row("160"), a_row("160"))


@example("DIR-ATTRIBUTES")
def attributes_out_of_order() -> Attempt:
    """The attributes of an entry are not in the order of their names."""
    return publish(a_ledger(), a_row("160", attributes=(("priority", "1"), ("kinds", "goods"))))


@example("DIR-VERSIONS")
def too_long_a_history() -> Attempt:
    """The versions of one code fill all the room an entry has."""
    ledger = a_ledger()
    full = Directory(((0, None, "x" * ENTRY_BYTES, "x", None, ()),))
    ledger.state.commit({(Collection.DIRECTORIES, directory_key("economic", "160")): full.encode()})
    return publish(ledger, a_row("160"))


@example("CODE-UNKNOWN")
def a_specific_that_does_not_exist() -> Attempt:
    """A financing plan names specific 999, which the classification does not have."""
    return attempt(a_year(), "mot", "plan.approve", *plan_document(a_plan(10, specific="999")))


@example("CODE-CLOSED")
def a_specific_that_has_ended() -> Attempt:
    """An invoice names a specific whose last day was yesterday."""
    ledger = a_year(a_plan(100, specific="151"))
    ledger.do("mof", "directory.publish", "economic", (a_row("151", JANUARY, JANUARY),))
    ledger.open_day(2026, 1, 6)
    return attempt(ledger, GU, "obligation.accept", *registration(an_invoice("pay-1", 30)))
