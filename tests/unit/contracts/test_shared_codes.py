"""Administrators of two local budgets with one code (BC 7, EBK-26)."""

from __future__ import annotations

from typing import Any

from contracts import invariants, reasons
from contracts.calendar import day_number
from contracts.executor import Refusal
from contracts.records import Role, Stage, TokenKey
from contracts.tokens import amount_of
from tests.support.budget import Ledger, a_ledger, a_line, decide, key_of_person
from tests.support.year import U, a_law, a_plan, a_programme
from tests.unit.contracts.test_membership import an_institution

ABAY, ZHANIBEK = "03.abay", "03.zhanibek"
CODE = "452"
NAMES = {ABAY: "finance-abay", ZHANIBEK: "finance-zhanibek"}


def two_districts() -> Ledger:
    """Each district's entry names its own administrator 452."""
    ledger = a_ledger()
    day = day_number(2026, 1, 5)
    ledger.publish("administrators", CODE, valid_from=day)
    entries = tuple(
        (budget, day, None, budget, budget, None, (("abp", NAMES[budget]),)) for budget in (ABAY, ZHANIBEK)
    )
    ledger.do("mof", "directory.publish", "budgets", entries)
    for name in NAMES.values():
        decide(ledger, "institution.add", ((an_administrator(ledger, name),),))
    return ledger


def an_administrator(ledger: Ledger, name: str) -> tuple[object, ...]:
    """With a head and an accountant."""
    signers = []
    for role in (Role.HEAD, Role.ACCOUNTANT):
        key = key_of_person(name, role)
        signers.append((1, key.public_key, int(role), ledger.possession(name, key)))
    return an_institution(ledger, name, kind="abp", code=CODE, parent=None, signers=tuple(signers))


def adopted(ledger: Ledger, budget: str, units: int) -> None:
    law = a_law(a_programme("001", units, administrator=CODE), budget=budget)
    ledger.do("mof", "budget.adopt", *law)


def pool(ledger: Ledger, budget: str, holder: str) -> int:
    line: Any = a_line(budget=budget, administrator=CODE, programme="001", subprogramme=None, specific=None)
    return amount_of(ledger.state, TokenKey(line, holder, None, Stage.ADOPTED)) // U


def test_two_districts_have_an_administrator_of_one_code_each() -> None:
    ledger = two_districts()
    adopted(ledger, ABAY, 500)
    adopted(ledger, ZHANIBEK, 300)
    held = {(budget, name): pool(ledger, budget, name) for budget in NAMES for name in NAMES.values()}
    assert held == {
        (ABAY, NAMES[ABAY]): 500, (ABAY, NAMES[ZHANIBEK]): 0,
        (ZHANIBEK, NAMES[ABAY]): 0, (ZHANIBEK, NAMES[ZHANIBEK]): 300,
    }  # fmt: skip
    assert invariants.recount(ledger.state) == ()


def test_no_administrator_plans_the_budget_of_another() -> None:
    ledger = two_districts()
    adopted(ledger, ABAY, 500)
    name = NAMES[ZHANIBEK]
    signers = ((name, Role.HEAD), (name, Role.ACCOUNTANT))
    document = ledger.document(
        name, "plan.approve", ABAY, 2026, "1", "001", (a_plan(1, holder="gu-4520001"),), signers=signers
    )
    refusal = ledger.run(document)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reasons.BUDGET_AUTHORITY


def test_a_code_is_shared_only_where_a_budget_names_the_institution() -> None:
    ledger = two_districts()
    row: Any = an_administrator(ledger, "finance-third")
    refusal = ledger.refused("mof", "ballot.propose", "institution.add", ((row,),), "")
    assert refusal.reason is reasons.CODE_TAKEN
