"""The state before block 1."""

from chain.keys import address_of
from contracts.executor import params_of
from contracts.genesis import genesis_changes, validators_at
from contracts.records import (
    Collection,
    Institution,
    KeyOwner,
    Role,
    Signer,
    ValidatorRecord,
    institution_of,
    signer_of,
)
from tests.support.budget import (
    INSTITUTIONS,
    MEMBERS,
    PEOPLE,
    MemoryReader,
    a_fresh_ledger,
    a_genesis,
    key_of_person,
    key_of_validator,
)


def test_the_first_state_holds_what_the_genesis_says_and_nothing_else() -> None:
    people = len(INSTITUTIONS) * len(PEOPLE)
    counted: dict[str, int] = {}
    for collection, _ in genesis_changes(a_genesis()):
        counted[collection] = counted.get(collection, 0) + 1
    assert counted == {
        Collection.PARAMS: 1,
        Collection.INSTITUTIONS: len(INSTITUTIONS),
        Collection.SIGNERS: people,
        Collection.KEYS: people + len(MEMBERS),
        Collection.VALIDATORS: len(MEMBERS),
        Collection.VALIDATOR_SETS: 1,
    }


def test_an_institution_with_a_validator_is_a_member() -> None:
    state = a_fresh_ledger().state
    members = {item.id: institution_of(state, item.id) for item in INSTITUTIONS}
    assert {name for name, item in members.items() if item is not None and item.is_member} == set(MEMBERS)
    assert members["moh"] == Institution(
        "abp", "226", None, "Денсаулық сақтау министрлігі", "Минздрав", None, True, len(PEOPLE), 0, None
    )


def test_signers_are_found_by_institution_and_serial() -> None:
    ledger = a_fresh_ledger()
    key = key_of_person("mof", Role.HEAD).public_key
    name = ledger.signer("mof", Role.HEAD)
    assert signer_of(ledger.state, name) == Signer("mof", 1, 1, key, Role.HEAD, 0, None)
    assert KeyOwner.find(ledger.state, Collection.KEYS, address_of(key)) == KeyOwner("mof", False, name)


def test_the_first_set_votes_from_block_one() -> None:
    ledger = a_fresh_ledger()
    first = validators_at(ledger.state, 1)
    assert first == a_genesis().validator_set() == validators_at(ledger.state, 1_000_000)
    key = key_of_validator("mof").public_key
    record = ValidatorRecord.find(ledger.state, Collection.VALIDATORS, address_of(key))
    assert record == ValidatorRecord("mof", key, 1, 0, None)


def test_the_parameters_are_those_of_the_genesis() -> None:
    genesis = a_genesis()
    state = MemoryReader(genesis_changes(genesis))
    assert params_of(state) == genesis.params
