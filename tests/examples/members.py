"""Signers, institutions, validators, ballots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chain.types import Signature
from chain.validators import VALIDATORS_MAXIMUM, ValidatorSet
from contracts.governance import OPEN_MAXIMUM
from contracts.membership import SIGNERS_MAXIMUM
from contracts.records import (
    BALLOT_COUNT_KEY,
    BallotCount,
    Collection,
    Role,
    ValidatorRecord,
    institution_of,
    validator_set_key,
)
from tests.examples import Attempt, attempt, example
from tests.support.budget import (
    Ledger,
    a_fresh_ledger,
    a_key,
    decide,
    key_of_person,
    key_of_validator,
)
from tests.support.year import a_plan, a_year

HEAD = int(Role.HEAD)
RETENTION = ((("retention-percent", 90),),)


def add_signer(ledger: Ledger, key: Any, possession: Signature | None = None) -> Attempt:
    proof = ledger.possession("moh", key) if possession is None else possession
    return attempt(ledger, "moh", "signer.add", 1, key.public_key, HEAD, proof)


@example("KEY-KNOWN")
def a_key_of_somebody_else() -> Attempt:
    """A person is registered with a key that another institution registered before."""
    return add_signer(a_fresh_ledger(), key_of_person("mof", Role.HEAD))


@example("KEY-POSSESSION")
def a_proof_for_another_institution() -> Attempt:
    """The owner of the key proved possession for another ministry."""
    ledger = a_fresh_ledger()
    key = a_key("new")
    return add_signer(ledger, key, ledger.possession("mot", key))


@example("SIGNER-LIMIT")
def too_many_signers() -> Attempt:
    """The ministry has given all the serial numbers an institution has."""
    ledger = a_fresh_ledger()
    full = institution_of(ledger.state, "moh")
    assert full is not None
    record = replace(full, signers=SIGNERS_MAXIMUM)
    ledger.state.commit({(Collection.INSTITUTIONS, b"moh"): record.encode()})
    return add_signer(ledger, a_key("new"))


@example("SIGNER-LAST-HEAD")
def the_last_head() -> Attempt:
    """The only head of the ministry revokes the own key."""
    ledger = a_fresh_ledger()
    return attempt(ledger, "moh", "signer.revoke", ledger.signer("moh", Role.HEAD))


def an_institution(ledger: Ledger, **changed: Any) -> Attempt:
    key = a_key("gu-2280199")
    fields: dict[str, Any] = {
        "id": "gu-2280199", "kind": "gu", "code": "2280199", "parent": "mot", "name_kk": "x", "name_ru": "x",
        "name_en": None, "is_member": False,
        "signers": ((1, key.public_key, HEAD, ledger.possession("gu-2280199", key)),),
    }  # fmt: skip
    return propose(ledger, "institution.add", ((tuple({**fields, **changed}.values()),),))


def propose(ledger: Ledger, effect: str, arguments: Any, institution: str = "mof") -> Attempt:
    return attempt(ledger, institution, "ballot.propose", effect, arguments, "")


@example("INST-KNOWN")
def an_id_given_before() -> Attempt:
    """A new institution would have the id of an existing one."""
    return an_institution(a_fresh_ledger(), id="moh")


@example("INST-CODE")
def a_code_of_six_digits() -> Attempt:
    """The code of a state institution has six digits instead of seven."""
    return an_institution(a_fresh_ledger(), code="228019")


@example("INST-PARENT")
def a_parent_of_another_code() -> Attempt:
    """The code begins with 226, and the administrator named is that of 228."""
    return an_institution(a_fresh_ledger(), code="2260199")


@example("INST-CODE-TAKEN")
def a_code_of_another() -> Attempt:
    """The treasury's code belongs to another institution."""
    return an_institution(a_fresh_ledger(), code="2280101")


@example("INST-NO-HEAD")
def nobody_is_head() -> Attempt:
    """The first signers of the institution are accountants only."""
    ledger = a_fresh_ledger()
    key = a_key("gu-2280199")
    accountant = (1, key.public_key, int(Role.ACCOUNTANT), ledger.possession("gu-2280199", key))
    return an_institution(ledger, signers=(accountant,))


def close(ledger: Ledger, name: str) -> Attempt:
    return propose(ledger, "institution.close", (name,))


@example("INST-VALIDATOR")
def close_one_with_a_validator() -> Attempt:
    """An institution is to be closed while its validator still votes on blocks."""
    return close(a_fresh_ledger(), "moh")


@example("INST-LAST")
def close_the_only_treasury() -> Attempt:
    """The only treasury of the network is to be closed."""
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("treasury",))
    return close(ledger, "treasury")


@example("INST-CHILDREN")
def close_an_administrator_with_institutions() -> Attempt:
    """An administrator is to be closed whose state institutions are open."""
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("moh",))
    return close(ledger, "moh")


@example("INST-MONEY")
def close_an_institution_with_plans() -> Attempt:
    """A state institution is to be closed while money stands in its plans."""
    return close(a_year(a_plan(100)), "gu-2280101")


@example("MEMBER-NOT")
def proposed_by_no_member() -> Attempt:
    """The audit chamber, which is no member, proposes a ballot."""
    return propose(a_fresh_ledger(), "params.set", RETENTION, "vap")


def a_validator(ledger: Ledger, effect: str, institution: str) -> Attempt:
    key = a_key("new")
    proof = ledger.possession(institution, key)
    return propose(ledger, effect, (institution, 1, key.public_key, proof))


@example("VALIDATOR-SECOND")
def a_second_validator() -> Attempt:
    """A member that runs a validator would run another."""
    return a_validator(a_fresh_ledger(), "validator.add", "mof")


@example("VALIDATOR-UNKNOWN")
def rotate_no_validator() -> Attempt:
    """The key of a validator is to be rotated that does not exist."""
    return a_validator(a_fresh_ledger(), "validator.rotate", "vap")


@example("VALIDATOR-LAST")
def remove_the_last_validator() -> Attempt:
    """The last validator of the network is to be removed."""
    ledger = a_fresh_ledger()
    for name in ("mot", "moh", "treasury"):
        decide(ledger, "validator.remove", (name,))
    return propose(ledger, "validator.remove", ("mof",))


@example("VALIDATOR-LIMIT")
def too_many_validators() -> Attempt:
    """The network has as many validators as a set may have."""
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("mot",))
    others = range(VALIDATORS_MAXIMUM - 1)
    keys = [key_of_validator("mof").public_key, *(a_key(str(number)).public_key for number in others)]
    crowd = ValidatorSet.of(5, [(key, 1) for key in keys])
    changes: dict[tuple[str, bytes], bytes | None] = {
        (Collection.VALIDATORS, member.address): ValidatorRecord(
            "mof", member.public_key, 1, 0, None
        ).encode()
        for member in crowd.members
    }
    ledger.state.commit({**changes, (Collection.VALIDATOR_SETS, validator_set_key(5_000)): crowd.encode()})
    return a_validator(ledger, "validator.add", "mot")


@example("PARAMS")
def an_unknown_parameter() -> Attempt:
    """A ballot would set a parameter that the network does not have."""
    return propose(a_fresh_ledger(), "params.set", ((("retention", 90),),))


@example("BALLOT-LIMIT")
def too_many_ballots() -> Attempt:
    """As many ballots are open as members can be asked to read."""
    ledger = a_fresh_ledger()
    full = BallotCount(OPEN_MAXIMUM, OPEN_MAXIMUM, ())
    ledger.state.commit({(Collection.BALLOTS, BALLOT_COUNT_KEY): full.encode()})
    return propose(ledger, "params.set", RETENTION)


@example("BALLOT-UNKNOWN")
def a_vote_in_no_ballot() -> Attempt:
    """A member votes in a ballot that nobody proposed."""
    return attempt(a_fresh_ledger(), "mof", "ballot.vote", 7, True)


def balloted(*members: str) -> Ledger:
    """Ballot 1 in which the members have said yes."""
    ledger = a_fresh_ledger()
    ledger.do("mof", "ballot.propose", "params.set", RETENTION, "")
    for member in members:
        ledger.do(member, "ballot.vote", 1, True)
    return ledger


@example("BALLOT-CLOSED")
def a_vote_too_late() -> Attempt:
    """Three of four members have decided the ballot, and the fourth votes."""
    return attempt(balloted("mof", "moh", "mot"), "treasury", "ballot.vote", 1, True)


@example("BALLOT-TWICE")
def a_second_vote() -> Attempt:
    """A member that has voted yes votes again, no."""
    return attempt(balloted("mof"), "mof", "ballot.vote", 1, False)
