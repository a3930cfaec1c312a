"""docs/budget-machine.md says what the code does."""

import pytest

from contracts.actions import REGISTER
from contracts.membership import EFFECTS
from contracts.reasons import CATALOGUE
from tests.examples import examples
from tests.pages.budget_machine import PAGE, with_section
from tests.pages.rules_of import names_of, reasons_of, refusals_of, refusals_of_every_document

GENERAL = {one.code for one in refusals_of_every_document()}
EXAMPLES = examples()


def _of_effect(name: str) -> set[str]:
    run = EFFECTS[name].run
    return {
        one.code for one in reasons_of(names_of((run.__module__.removeprefix("contracts."), run.__name__)))
    }


def _of_action(name: str) -> set[str]:
    return {one.code for one in refusals_of(REGISTER[(name, 1)])}


def test_the_page_is_what_the_code_writes() -> None:
    """Made anew by `python -m tests.pages.budget_machine`."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_section(page)


def test_every_code_belongs_to_an_action_an_effect_or_every_document() -> None:
    found = GENERAL.union(
        *(_of_action(name) for name, _ in REGISTER), *(_of_effect(name) for name in EFFECTS)
    )
    assert CATALOGUE.keys() - found == set()


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_action_of_an_example_is_one_that_can_refuse_it(code: str) -> None:
    transaction = EXAMPLES[code].build().document.transaction
    found = set(GENERAL)
    arguments = transaction.arguments
    assert isinstance(arguments, tuple)
    if (transaction.action, transaction.version) in REGISTER:
        found |= _of_action(transaction.action)
    if transaction.action == "ballot.propose":
        found |= _of_effect(str(arguments[0]))
    if transaction.action == "approval.submit" and (str(arguments[0]), 1) in REGISTER:
        found |= _of_action(str(arguments[0]))
    assert code in found
