"""Every refusal has an example that the ledger refuses with its code, and `eqz rule explain` shows it."""

import json

import pytest

from cli.rule import examples as shown
from contracts.areas import LOADED
from contracts.reasons import CATALOGUE
from tests.examples import examples
from tests.examples.make import FILE, record

assert LOADED, "importing the area modules fills the catalogue"

EXAMPLES = examples()


def test_every_code_has_an_example_and_every_example_a_code() -> None:
    assert sorted(CATALOGUE.keys() - EXAMPLES.keys()) == []
    assert sorted(EXAMPLES.keys() - CATALOGUE.keys()) == []


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_is_refused_with_its_code_and_is_what_the_command_shows(code: str) -> None:
    """Made anew by `python -m tests.examples.make`."""
    assert record(EXAMPLES[code]) == shown().get(code)


def test_the_file_holds_the_examples_and_no_others() -> None:
    assert list(json.loads(FILE.read_text(encoding="utf-8"))) == list(EXAMPLES)
