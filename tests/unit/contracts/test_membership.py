"""Signers by their own head; institutions, validators and their sets by effects; misbehaviour once."""

from dataclasses import replace

import pytest

from chain.errors import DecodeError, InvalidBlockError, InvalidMessageError
from chain.genesis import Genesis
from chain.keys import SigningKey, signer_id
from chain.transaction import SignedTransaction, tx_sign_bytes
from chain.types import Height, InstitutionId, Signature
from chain.validators import ValidatorSet
from contracts import reasons
from contracts.executor import Execution, Refusal
from contracts.genesis import genesis_changes
from contracts.membership import (
    SETS_KEPT_HEIGHTS,
    SETS_PRUNED_PER_BLOCK,
    SIGNERS_MAXIMUM,
    Misbehaviour,
    latest_set,
    validators_at,
)
from contracts.records import (
    Balance,
    Collection,
    Institution,
    Misconduct,
    Role,
    Stage,
    TokenKey,
    ValidatorRecord,
    institution_of,
    misconduct_key,
    position_scope,
    signer_of,
    validator_set_key,
)
from contracts.rejection import Reason
from tests.support.budget import (
    PEOPLE,
    Ledger,
    MemoryReader,
    a_fresh_ledger,
    a_genesis,
    a_key,
    a_ledger,
    a_line,
    decide,
    key_of_person,
    key_of_validator,
)
from tests.support.year import a_law, a_programme

HEAD = int(Role.HEAD)


def add_signer(ledger: Ledger, key: SigningKey, roles: int = HEAD, institution: str = "moh") -> None:
    proof = ledger.possession(institution, key)
    ledger.do(institution, "signer.add", 1, key.public_key, roles, proof)


# --- signers


def test_a_head_registers_people_and_they_sign_from_the_next_document_on() -> None:
    ledger = a_fresh_ledger()
    key, other = a_key("new"), a_key("other")
    add_signer(ledger, key)
    proof = ledger.possession("moh", other)
    unsigned = ledger.document("moh", "signer.add", 1, other.public_key, HEAD, proof)
    name = signer_id(ledger.chain_id, InstitutionId("moh"), len(PEOPLE) + 1)
    message = tx_sign_bytes(ledger.chain_id, unsigned.tx_id)
    by_new_head = SignedTransaction.of(unsigned.transaction, [(name, key.sign(message))])
    assert isinstance(ledger.run(by_new_head), Execution)
    institution = institution_of(ledger.state, "moh")
    assert institution is not None
    assert institution.signers == len(PEOPLE) + 2


def test_a_key_is_registered_once_in_the_life_of_the_chain() -> None:
    ledger = a_fresh_ledger()
    for known in (key_of_person("mof", Role.HEAD), key_of_validator("mot"), key_of_person("moh", Role.HEAD)):
        proof = ledger.possession("moh", known)
        refusal = ledger.refused("moh", "signer.add", 1, known.public_key, HEAD, proof)
        assert refusal.reason is reasons.KEY_KNOWN


def test_a_revoked_or_rotated_key_never_returns() -> None:
    ledger = a_fresh_ledger()
    accountant = ledger.signer("moh", Role.ACCOUNTANT)
    new = a_key("new")
    ledger.do("moh", "signer.rotate", accountant, 1, new.public_key, ledger.possession("moh", new))
    ledger.do("moh", "signer.revoke", accountant)
    for key in (key_of_person("moh", Role.ACCOUNTANT), new):
        refusal = ledger.refused("moh", "signer.add", 1, key.public_key, HEAD, ledger.possession("moh", key))
        assert refusal.reason is reasons.KEY_KNOWN


def test_a_proof_of_possession_is_for_one_institution_and_one_key() -> None:
    ledger = a_fresh_ledger()
    key = a_key("new")
    elsewhere = ledger.possession("mot", key)
    by_another = ledger.possession("moh", a_key("other"))
    for proof in (elsewhere, by_another, Signature(bytes(64))):
        refusal = ledger.refused("moh", "signer.add", 1, key.public_key, HEAD, proof)
        assert refusal.reason is reasons.BAD_POSSESSION


def test_a_rotated_signer_keeps_place_and_roles_and_only_the_new_key_signs() -> None:
    ledger = a_fresh_ledger()
    head, new = ledger.signer("treasury", Role.HEAD), a_key("new")
    ledger.do("treasury", "signer.rotate", head, 1, new.public_key, ledger.possession("treasury", new))
    refusal = ledger.refused("treasury", "treasury.open_day", 20_000)
    assert refusal.reason is reasons.BAD_SIGNATURE
    ledger.keys[("treasury", Role.HEAD)] = new
    ledger.do("treasury", "treasury.open_day", 20_000)
    signer = signer_of(ledger.state, head)
    assert signer is not None
    assert (signer.serial, signer.roles, signer.public_key) == (1, HEAD, new.public_key)


def test_revocation_works_from_the_next_transaction_of_the_same_block() -> None:
    ledger = a_fresh_ledger()
    second = a_key("second head")
    add_signer(ledger, second)
    revoke = ledger.document("moh", "signer.revoke", ledger.signer("moh", Role.HEAD))
    new = a_key("new")
    late = ledger.document("moh", "signer.add", 1, new.public_key, HEAD, ledger.possession("moh", new))
    assert ledger.run(revoke, late) == Refusal(
        reasons.REVOKED_SIGNER,
        (("signer", ledger.signer("moh", Role.HEAD).hex()), ("height", ledger.height + 1)),
    )
    assert isinstance(ledger.run(late, revoke), Execution)


def test_the_last_head_cannot_be_revoked() -> None:
    ledger = a_fresh_ledger()
    head = ledger.signer("moh", Role.HEAD)
    assert ledger.refused("moh", "signer.revoke", head).reason is reasons.LAST_HEAD
    add_signer(ledger, a_key("second head"))
    ledger.do("moh", "signer.revoke", head)


@pytest.mark.parametrize("action", ["signer.revoke", "signer.rotate"])
def test_only_ones_own_signers_in_force_are_changed(action: str) -> None:
    ledger = a_fresh_ledger()
    key = a_key("new")
    rest = () if action == "signer.revoke" else (1, key.public_key, ledger.possession("moh", key))
    ledger.do("moh", "signer.revoke", ledger.signer("moh", Role.PREPARER))
    for signer, reason in (
        (ledger.signer("mot", Role.ACCOUNTANT), reasons.FOREIGN_SIGNER),
        (ledger.signer("moh", Role.PREPARER), reasons.REVOKED_SIGNER),
        (bytes(32), reasons.UNKNOWN_SIGNER),
    ):
        assert ledger.refused("moh", action, signer, *rest).reason is reason


def test_an_institution_has_a_bounded_number_of_serials() -> None:
    ledger = a_fresh_ledger()
    full = institution_of(ledger.state, "moh")
    assert full is not None
    record = replace(full, signers=SIGNERS_MAXIMUM)
    ledger.state.commit({(Collection.INSTITUTIONS, b"moh"): record.encode()})
    key = a_key("new")
    proof = ledger.possession("moh", key)
    refusal = ledger.refused("moh", "signer.add", 1, key.public_key, HEAD, proof)
    assert refusal.reason is reasons.SIGNERS_FULL


# --- institutions


def an_institution(ledger: Ledger, name: str = "gu-2280199", **changed: object) -> tuple[object, ...]:
    key = a_key(name)
    fields: dict[str, object] = {
        "id": name, "kind": "gu", "code": "2280199", "parent": "mot", "name_kk": "x", "name_ru": "x",
        "name_en": None, "is_member": False,
        "signers": ((1, key.public_key, HEAD, ledger.possession(name, key)),),
    }  # fmt: skip
    return tuple({**fields, **changed}.values())


def test_institutions_come_with_their_first_signers() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "institution.add", ((an_institution(ledger),),))
    assert institution_of(ledger.state, "gu-2280199") == Institution(
        "gu", "2280199", "mot", "x", "x", None, False, 1, ledger.height, None
    )
    ledger.keys[("gu-2280199", Role.HEAD)] = a_key("gu-2280199")
    other = a_key("other")
    proof = ledger.possession("gu-2280199", other)
    ledger.do("gu-2280199", "signer.add", 1, other.public_key, HEAD, proof)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"id": "moh"}, reasons.INSTITUTION_KNOWN),
        ({"code": None}, reasons.INSTITUTION_CODE),
        ({"code": "228019"}, reasons.INSTITUTION_CODE),
        ({"code": "228019x"}, reasons.INSTITUTION_CODE),
        ({"code": "2260199"}, reasons.INSTITUTION_PARENT),
        ({"parent": None}, reasons.INSTITUTION_PARENT),
        ({"parent": "nobody"}, reasons.INSTITUTION_PARENT),
        ({"code": "2280101"}, reasons.CODE_TAKEN),
        ({"kind": "abp", "code": "2280199"}, reasons.INSTITUTION_CODE),
        ({"kind": "abp", "code": "229"}, reasons.INSTITUTION_PARENT),
        ({"kind": "audit"}, reasons.INSTITUTION_CODE),
        ({"signers": ((1, a_key("x").public_key, 2, Signature(bytes(64))),)}, reasons.NO_HEAD),
        ({"signers": ((1, a_key("x").public_key, 4, Signature(bytes(64))),)}, reasons.BAD_POSSESSION),
    ],
)
def test_an_institution_that_does_not_fit_is_refused_when_proposed(
    changed: dict[str, object], reason: Reason
) -> None:
    ledger = a_fresh_ledger()
    row = an_institution(ledger, **changed)
    refusal = ledger.refused("mof", "ballot.propose", "institution.add", ((row,),), "")  # type: ignore[arg-type]
    assert (refusal.reason, refusal.facts[0]) == (reason, ("row", 1))


def test_a_closed_institution_signs_nothing_and_its_id_is_not_given_again() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "institution.close", ("gu-2280101",))
    key = a_key("new")
    proof = ledger.possession("gu-2280101", key)
    refusal = ledger.refused("gu-2280101", "signer.add", 1, key.public_key, HEAD, proof)
    assert refusal.reason is reasons.UNKNOWN_INSTITUTION
    row = an_institution(ledger, "gu-2280101", code="2280101")
    again = ledger.refused("mof", "ballot.propose", "institution.add", ((row,),), "")  # type: ignore[arg-type]
    assert again.reason is reasons.INSTITUTION_KNOWN


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nobody", reasons.UNKNOWN_INSTITUTION),
        ("moh", reasons.CLOSE_VALIDATOR),
    ],
)
def test_what_cannot_be_closed(name: str, reason: Reason) -> None:
    refusal = a_fresh_ledger().refused("mof", "ballot.propose", "institution.close", (name,), "")
    assert refusal.reason is reason


def test_an_administrator_with_institutions_and_the_last_treasury_stay() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("moh",))
    decide(ledger, "validator.remove", ("treasury",))
    for name, reason in (("moh", reasons.CLOSE_PARENT), ("treasury", reasons.CLOSE_LAST)):
        refusal = ledger.refused("mof", "ballot.propose", "institution.close", (name,), "")
        assert refusal.reason is reason


def test_an_institution_that_still_holds_money_stays() -> None:
    ledger = a_fresh_ledger()
    key = TokenKey(a_line(), "gu-2280101", None, Stage.ALLOCATED)
    amounts = tuple(100 if slot == Stage.ALLOCATED else 0 for slot in range(17))
    scope = position_scope(key.holder, key.line)
    ledger.state.commit({(Collection.BALANCES, scope): Balance(0, 0, 0, amounts).encode()})
    refusal = ledger.refused("mof", "ballot.propose", "institution.close", ("gu-2280101",), "")
    assert refusal.reason is reasons.CLOSE_MONEY
    decide(ledger, "institution.close", ("gu-2280102",))


# --- validators


def a_validator(ledger: Ledger, institution: str, name: str) -> tuple[object, ...]:
    key = a_key(name)
    return (institution, 1, key.public_key, ledger.possession(institution, key))


def voters(ledger: Ledger, height: int) -> set[bytes]:
    return {member.public_key for member in validators_at(ledger.state, height).members}


def test_a_change_takes_effect_two_blocks_later() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("mot",))
    height = ledger.height
    everyone = {key_of_validator(name).public_key for name in ("mof", "treasury", "moh", "mot")}
    assert voters(ledger, height) == voters(ledger, height + 1) == everyone
    assert voters(ledger, height + 2) == everyone - {key_of_validator("mot").public_key}
    assert validators_at(ledger.state, height + 2).first_height == height + 2


def test_a_rotated_validator_votes_with_its_new_key_only() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "validator.rotate", a_validator(ledger, "mot", "new"))
    assert a_key("new").public_key in voters(ledger, ledger.height + 2)
    assert key_of_validator("mot").public_key not in voters(ledger, ledger.height + 2)
    refusal = ledger.refused(
        "mof", "ballot.propose", "validator.rotate", a_validator(ledger, "mot", "new"), ""
    )  # type: ignore[arg-type]
    assert refusal.reason is reasons.KEY_KNOWN


def test_a_new_key_keeps_the_power_of_the_old_one_however_often_it_is_renewed() -> None:
    """The genesis may give power; the set and the record of the validator say the same after every change."""
    plain = a_genesis()
    heavy = tuple(replace(one, power=3) if one.institution == "mot" else one for one in plain.validators)
    genesis = replace(plain, validators=heavy)
    ledger = Ledger(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    for name in ("first", "second"):
        decide(ledger, "validator.rotate", a_validator(ledger, "mot", name))
        address = a_key(name).address
        member = latest_set(ledger.state).member(address)
        record = ValidatorRecord.find(ledger.state, Collection.VALIDATORS, address)
        assert member is not None
        assert record is not None
        assert (member.power, record.power) == (3, 3)
    assert latest_set(ledger.state).total_power == 6


def test_two_changes_in_one_block_make_one_set() -> None:
    ledger = a_fresh_ledger()
    for number, (effect, arguments) in enumerate(
        (("validator.remove", ("mot",)), ("validator.rotate", a_validator(ledger, "moh", "new"))), start=1
    ):
        ledger.do("mof", "ballot.propose", effect, arguments, "")  # type: ignore[arg-type]
        for member in ("mof", "treasury"):
            ledger.do(member, "ballot.vote", number, True)
    last = [ledger.document("moh", "ballot.vote", number, True) for number in (1, 2)]
    assert isinstance(ledger.run(*last), Execution)
    expected = {key_of_validator(name).public_key for name in ("mof", "treasury")}
    assert voters(ledger, ledger.height + 2) == expected | {a_key("new").public_key}
    assert len(ledger.state.scan(Collection.VALIDATOR_SETS, b"", 9)) == 2


def test_changes_in_neighbouring_blocks_build_on_each_other() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("mot",))
    first = ledger.height
    decide(ledger, "validator.add", a_validator(ledger, "mot", "again"))
    assert len(latest_set(ledger.state).members) == 4
    assert len(validators_at(ledger.state, first + 2).members) == 3


@pytest.mark.parametrize(
    ("effect", "institution", "reason"),
    [
        ("validator.add", "mof", reasons.VALIDATOR_SECOND),
        ("validator.add", "vap", reasons.NOT_MEMBER),
        ("validator.add", "nobody", reasons.UNKNOWN_INSTITUTION),
        ("validator.rotate", "vap", reasons.VALIDATOR_UNKNOWN),
        ("validator.remove", "vap", reasons.VALIDATOR_UNKNOWN),
    ],
)
def test_one_member_has_one_validator(effect: str, institution: str, reason: Reason) -> None:
    ledger = a_fresh_ledger()
    values = a_validator(ledger, institution, "new")
    arguments = values[:1] if effect == "validator.remove" else values
    refusal = ledger.refused("mof", "ballot.propose", effect, arguments, "")  # type: ignore[arg-type]
    assert refusal.reason is reason


def test_the_last_validator_stays() -> None:
    ledger = a_fresh_ledger()
    for name in ("mot", "moh", "treasury"):
        decide(ledger, "validator.remove", (name,))
    refusal = ledger.refused("mof", "ballot.propose", "validator.remove", ("mof",), "")
    assert refusal.reason is reasons.VALIDATOR_LAST


def test_there_are_at_most_a_hundred_validators() -> None:
    ledger = a_fresh_ledger()
    decide(ledger, "validator.remove", ("mot",))
    keys = [key_of_validator("mof").public_key, *(a_key(str(number)).public_key for number in range(99))]
    crowd = ValidatorSet.of(5, [(key, 1) for key in keys])
    changes: dict[tuple[str, bytes], bytes | None] = {
        (Collection.VALIDATORS, member.address): ValidatorRecord(
            "mof", member.public_key, 1, 0, None
        ).encode()
        for member in crowd.members
    }
    ledger.state.commit({**changes, (Collection.VALIDATOR_SETS, validator_set_key(5_000)): crowd.encode()})
    values = a_validator(ledger, "mot", "one too many")
    refusal = ledger.refused("mof", "ballot.propose", "validator.add", values, "")  # type: ignore[arg-type]
    assert refusal.reason is reasons.VALIDATORS_FULL


def a_set(first_height: int) -> dict[tuple[str, bytes], bytes | None]:
    found = ValidatorSet.of(first_height, [(key_of_validator("mof").public_key, 1)])
    return {(Collection.VALIDATOR_SETS, validator_set_key(first_height)): found.encode()}


def test_a_set_is_kept_ten_thousand_heights_after_its_last() -> None:
    ledger = a_fresh_ledger()
    ledger.state.commit(a_set(50))  # the first set voted on 1..49
    ledger.height = 49 + SETS_KEPT_HEIGHTS - 1
    ledger.run()
    assert validators_at(ledger.state, 49).first_height == 1
    ledger.run()
    with pytest.raises(InvalidMessageError):
        validators_at(ledger.state, 49)
    assert validators_at(ledger.state, 50).first_height == Height(50)


def test_a_block_forgets_a_bounded_number_of_sets() -> None:
    ledger = a_fresh_ledger()
    for first_height in range(2, 42):
        ledger.state.commit(a_set(first_height))
    ledger.height = SETS_KEPT_HEIGHTS + 100
    for left in range(41 - SETS_PRUNED_PER_BLOCK, 0, -SETS_PRUNED_PER_BLOCK):
        ledger.run()
        assert len(ledger.state.scan(Collection.VALIDATOR_SETS, b"", 99)) == left
    assert latest_set(ledger.state).first_height == Height(41)


# --- misbehaviour


def an_act(ledger: Ledger, height: int = 1, kind: int = 2) -> Misbehaviour:
    return Misbehaviour(validators_at(ledger.state, 1).members[0].address, height, kind)


def test_misbehaviour_is_recorded_once_for_a_validator_height_and_kind() -> None:
    ledger = a_fresh_ledger()
    act = an_act(ledger)
    ledger.run(misbehaviour=[act])
    key = misconduct_key(act.address, 1, 2)
    assert Misconduct.find(ledger.state, Collection.EVIDENCE, key) == Misconduct(1)
    with pytest.raises(InvalidBlockError):
        ledger.run(misbehaviour=[act])
    ledger.run(misbehaviour=[an_act(ledger, kind=1), an_act(ledger, height=2)])


@pytest.mark.parametrize("act", [Misbehaviour(bytes(32), 1, 1), None])
def test_misbehaviour_of_a_stranger_or_of_the_future_makes_the_block_invalid(
    act: Misbehaviour | None,
) -> None:
    ledger = a_fresh_ledger()
    with pytest.raises(InvalidBlockError):
        ledger.run(misbehaviour=[act or an_act(ledger, height=2)])


def test_an_administrator_whose_programmes_have_undistributed_money_stays() -> None:
    """Its successor could never draw on a pool that stands under the closed institution."""
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme()))
    decide(ledger, "validator.remove", ("mot",))
    for name in ("gu-2280101", "gu-2280102"):
        decide(ledger, "institution.close", (name,))
    refusal = ledger.refused("mof", "ballot.propose", "institution.close", ("mot",), "")
    assert refusal.reason is reasons.CLOSE_MONEY
    ledger.open_day(2026, 12, 31)
    ledger.open_day(2027, 1, 4)
    decide(ledger, "institution.close", ("mot",))


def test_one_code_is_of_one_open_administrator() -> None:
    ledger = a_fresh_ledger()
    row = an_institution(ledger, "mot-2", kind="abp", code="228", parent=None)
    refusal = ledger.refused("mof", "ballot.propose", "institution.add", ((row,),), "")  # type: ignore[arg-type]
    assert refusal.reason is reasons.CODE_TAKEN


def test_a_genesis_gives_no_serial_that_an_institution_could_not_have() -> None:
    genesis = a_genesis()
    last = replace(genesis.signers[-1], serial=SIGNERS_MAXIMUM + 1)
    with pytest.raises(DecodeError, match="serial"):
        Genesis.decode(replace(genesis, signers=(*genesis.signers[:-1], last)).encode())
