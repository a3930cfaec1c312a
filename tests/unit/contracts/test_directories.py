"""Directories: versions by the operational day; the past is never edited."""

import pytest

from chain.genesis import GenesisInstitution
from chain.types import InstitutionId
from contracts import reasons
from contracts.actions import Call
from contracts.calendar import day_number
from contracts.directories import ENTRY_BYTES, require
from contracts.genesis import genesis_changes
from contracts.records import Collection, Directory, Role, directory_key
from contracts.rejection import RejectionError
from contracts.state import Overlay
from tests.support.budget import INSTITUTIONS, Ledger, MemoryReader, a_fresh_ledger, a_genesis, a_ledger

JANUARY = day_number(2026, 1, 5)


def a_row(code: str, valid_from: int, valid_to: int | None = None, attributes: tuple = ()) -> tuple:
    return (code, valid_from, valid_to, code, code, None, attributes)


def versions(ledger: Ledger, directory: str, code: str) -> list[tuple[int, int | None]]:
    found = Directory.find(ledger.state, Collection.DIRECTORIES, directory_key(directory, code))
    return [] if found is None else [(version[0], version[1]) for version in found.versions]


def a_call(ledger: Ledger) -> Call:
    return Call(Overlay(ledger.state), ledger.context(), 0, ledger.chain_id, "", None, (), ())  # type: ignore[arg-type]


def test_before_the_first_day_everything_may_be_published() -> None:
    ledger = a_fresh_ledger()
    ledger.publish("economic", "159", valid_from=0, valid_to=100)
    assert versions(ledger, "economic", "159") == [(0, 100)]


def test_a_new_version_ends_the_one_before_it_the_day_before() -> None:
    ledger = a_ledger()
    ledger.publish("economic", "159", valid_from=JANUARY + 10)
    assert versions(ledger, "economic", "159") == [(0, JANUARY + 9), (JANUARY + 10, None)]


def test_a_version_that_ended_earlier_keeps_its_end() -> None:
    ledger = a_fresh_ledger()
    ledger.publish("economic", "371", valid_from=10, valid_to=20)
    ledger.publish("economic", "371", valid_from=30)
    assert versions(ledger, "economic", "371") == [(10, 20), (30, None)]


def named(budget: str, finance: str, upper: str | None = None, starts: int = JANUARY + 1) -> tuple:
    attributes = (("finance", finance), *((("upper", upper),) if upper else ()))
    return a_row(budget, starts, attributes=attributes)


def test_the_entry_of_a_budget_is_kept_by_its_finance_body_and_the_one_above() -> None:
    genesis = a_genesis((
        *INSTITUTIONS,
        GenesisInstitution(InstitutionId("akimat"), "finance", None, None, "әкімдік", "акимат", None),
    ))  # fmt: skip
    ledger = Ledger(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    ledger.open_day(2026, 1, 5)
    ledger.do("akimat", "directory.publish", "budgets", (named("02.abai", "akimat", "01.kz"),))
    ledger.do("mof", "directory.publish", "budgets", (named("01.kz", "mof"),))
    own, upper = named("02.abai", "akimat", "01.kz", JANUARY + 2), named("01.kz", "akimat", None, JANUARY + 2)
    refusal = ledger.refused("akimat", "directory.publish", "budgets", (own, upper))
    assert (refusal.reason, dict(refusal.facts)["budget"]) == (reasons.BUDGET_AUTHORITY, "01.kz")
    ledger.do("akimat", "directory.publish", "budgets", (own,))
    ledger.do("mof", "directory.publish", "budgets", (named("02.abai", "mof", "01.kz", JANUARY + 3),))
    assert ledger.refused("akimat", "directory.publish", "budgets", (own,)).reason is reasons.BUDGET_AUTHORITY


def test_a_budget_that_names_nobody_known_is_not_locked_for_ever() -> None:
    ledger = a_ledger()
    ledger.do("mof", "directory.publish", "budgets", (named("01.kz", "mistyped"),))
    ledger.do("mof", "directory.publish", "budgets", (named("01.kz", "mof", starts=JANUARY + 2),))


@pytest.mark.parametrize("code", ["159", "new"])
def test_a_version_from_before_the_operational_day_is_refused(code: str) -> None:
    ledger = a_ledger()
    refusal = ledger.refused("mof", "directory.publish", "economic", (a_row(code, JANUARY - 1),))
    assert refusal.reason is reasons.DIRECTORY_EDITS_PAST


def test_a_version_not_after_the_last_ones_start_is_refused() -> None:
    ledger = a_ledger()
    ledger.publish("economic", "159", valid_from=JANUARY + 10)
    refusal = ledger.refused("mof", "directory.publish", "economic", (a_row("159", JANUARY + 10),))
    assert refusal.reason is reasons.DIRECTORY_EDITS_PAST


def test_rows_are_refused_with_their_number() -> None:
    ledger = a_ledger()
    for bad, reason in (
        (a_row("x", JANUARY + 1, JANUARY), reasons.DIRECTORY_DATES),
        (a_row("ok", JANUARY), reasons.DIRECTORY_TWICE),
        (a_row("x", JANUARY, None, (("b", "1"), ("a", "2"))), reasons.DIRECTORY_ATTRIBUTES),
        (a_row("x", JANUARY, None, (("a", "1"), ("a", "2"))), reasons.DIRECTORY_ATTRIBUTES),
    ):
        refusal = ledger.refused("mof", "directory.publish", "economic", (a_row("ok", JANUARY), bad))
        assert (refusal.reason, refusal.facts[0]) == (reason, ("row", 2))


def test_the_versions_of_one_code_take_bounded_space() -> None:
    ledger = a_fresh_ledger()
    full = Directory(((0, None, "x" * ENTRY_BYTES, "x", None, ()),))
    ledger.state.commit({(Collection.DIRECTORIES, directory_key("economic", "1")): full.encode()})
    refusal = ledger.refused("mof", "directory.publish", "economic", (a_row("1", 10_000),))
    assert refusal.reason is reasons.DIRECTORY_FULL


def test_maker_and_checker_are_two_people_of_the_authorised_body() -> None:
    ledger = a_ledger()
    rows = (a_row("x", JANUARY),)
    alone = ledger.document("mof", "directory.publish", "economic", rows, signers=[("mof", Role.MODERATOR)])
    assert ledger.run(alone).reason is reasons.WRONG_SIGNERS  # type: ignore[union-attr]
    assert ledger.refused("treasury", "directory.publish", "economic", rows).reason is reasons.WRONG_KIND


def test_the_version_of_the_operational_day_is_found_with_its_attributes() -> None:
    ledger = a_ledger()
    rows = (a_row("x", JANUARY, JANUARY + 1, (("group", "05"),)), a_row("y", JANUARY + 2))
    ledger.do("mof", "directory.publish", "economic", rows)
    found = require(a_call(ledger), "economic", "x", "specific")
    assert (found.valid_from, found.attribute("group"), found.attribute("other")) == (JANUARY, "05", None)


def test_unknown_codes_and_codes_not_in_force_are_refused() -> None:
    ledger = a_ledger()
    ledger.do("mof", "directory.publish", "economic", (a_row("x", JANUARY, JANUARY), a_row("y", JANUARY + 2)))
    ledger.open_day(2026, 1, 6)
    expected = {"x": reasons.CODE_CLOSED, "y": reasons.CODE_CLOSED, "z": reasons.CODE_UNKNOWN}
    for code, reason in expected.items():
        with pytest.raises(RejectionError) as refusal:
            require(a_call(ledger), "economic", code, "specific")
        assert refusal.value.reason is reason


def test_without_an_operational_day_no_code_is_in_force() -> None:
    ledger = a_fresh_ledger()
    ledger.publish("economic", "159")
    with pytest.raises(RejectionError) as refusal:
        require(a_call(ledger), "economic", "159", "specific")
    assert refusal.value.reason is reasons.NO_OPEN_DAY
