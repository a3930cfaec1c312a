"""Who may sign: every ground on which the auditor refuses a transaction's authority."""

from dataclasses import replace

import pytest

from audit.authority import ACTIONS, check_authority
from audit.blocks import read_genesis, read_transaction
from audit.codec import encode
from audit.failure import VerificationError
from audit.fold import Institution, State, genesis_state, id_key
from chain.codec import Value
from chain.transaction import SignedTransaction
from contracts.actions import REGISTER
from contracts.genesis import genesis_changes
from contracts.records import Role
from tests.support.budget import START_MS, Ledger, a_fresh_ledger, a_genesis

DAY = 20458


def a_state() -> State:
    return State(read_genesis(a_genesis().encode()))


def check(state: State, signed: SignedTransaction, time_ms: int = START_MS) -> int:
    """How many signatures are left to verify."""
    transaction = read_transaction(signed.body, signed.auth, state.chain_id)
    return len(check_authority(state, transaction, len(signed.body), time_ms, 0))


def a_document(
    action: str = "treasury.open_day",
    institution: str = "treasury",
    arguments: tuple[Value, ...] = (DAY,),
    signers: tuple[tuple[str, Role], ...] | None = None,
    ledger: Ledger | None = None,
) -> SignedTransaction:
    return (ledger or a_fresh_ledger()).document(institution, action, *arguments, signers=signers)


def test_the_table_of_actions_is_the_register_of_the_contracts() -> None:
    registered = {
        place: (frozenset(action.kinds), action.is_batch, tuple(int(role) for role in action.roles))
        for place, action in REGISTER.items()
    }
    assert {place: tuple(action) for place, action in ACTIONS.items()} == registered


def test_the_first_state_is_that_of_the_contracts() -> None:
    genesis = a_genesis()
    assert genesis_state(read_genesis(genesis.encode())) == genesis_changes(genesis)


def test_the_right_signer_in_time_is_accepted() -> None:
    assert check(a_state(), a_document()) == 1


def test_a_transaction_outside_its_time_is_refused() -> None:
    document = a_document()
    valid_until_ms = document.transaction.valid_until_ms
    window_ms = 604_800_000
    for time_ms in (valid_until_ms, valid_until_ms - window_ms):
        assert check(a_state(), document, time_ms) == 1
    for time_ms in (valid_until_ms + 1, valid_until_ms - window_ms - 1):
        with pytest.raises(VerificationError, match="not in force"):
            check(a_state(), document, time_ms)


def test_a_used_client_id_is_refused() -> None:
    state, document = a_state(), a_document()
    key = id_key("treasury", document.transaction.client_id)
    state._note("ids", key, encode((1, document.tx_id, 1, 0, 1)))
    with pytest.raises(VerificationError, match="client id before"):
        check(state, document)


def test_an_institution_that_is_closed_or_of_another_kind_is_refused() -> None:
    state = a_state()
    state.institutions["treasury"] = Institution("treasury", 5)
    with pytest.raises(VerificationError, match="unknown or closed"):
        check(state, a_document())
    with pytest.raises(VerificationError, match="kind finance may not"):
        check(a_state(), a_document(institution="mof"))


def test_an_action_that_is_not_in_the_table_is_refused() -> None:
    ledger = a_fresh_ledger()
    document = ledger.document("treasury", "treasury.print", version=7, signers=[("treasury", Role.HEAD)])
    with pytest.raises(VerificationError, match="version 7"):
        check(a_state(), document)


def test_a_stranger_a_foreigner_and_the_revoked_are_refused() -> None:
    head = (("treasury", Role.HEAD),)
    state, document = a_state(), a_document(signers=head)
    identity = document.signatures[0][0]
    known = state.signers.pop(identity)
    with pytest.raises(VerificationError, match="is not registered"):
        check(state, document)
    state.signers[identity] = known._replace(revoked=7)
    with pytest.raises(VerificationError, match="revoked at height 7"):
        check(state, document)
    with pytest.raises(VerificationError, match="belongs to mof, not treasury"):
        check(a_state(), a_document(signers=(("mof", Role.HEAD),)))


def test_each_role_needs_a_person_of_its_own() -> None:
    rows = ("document", ())
    both = (("treasury", Role.HEAD), ("treasury", Role.ACCOUNTANT))
    assert check(a_state(), a_document("receipts.post", arguments=rows, signers=both)) == 2
    for signers in (
        both[:1],
        (("treasury", Role.HEAD), ("treasury", Role.MODERATOR)),
        (*both, ("treasury", Role.MODERATOR)),
    ):
        with pytest.raises(VerificationError, match="one person for each role"):
            check(a_state(), a_document("receipts.post", arguments=rows, signers=signers))


def test_one_person_with_both_roles_is_not_two_people() -> None:
    state = a_state()
    document = a_document("receipts.post", arguments=("d", ()), signers=(("treasury", Role.HEAD),))
    identity = document.signatures[0][0]
    state.signers[identity] = state.signers[identity]._replace(roles=31)
    with pytest.raises(VerificationError, match="one person for each role"):
        check(state, document)


def test_a_large_body_needs_an_action_of_rows() -> None:
    ledger = a_fresh_ledger()
    state = a_state()
    signed = ledger.document("treasury", "treasury.open_day", DAY)
    transaction = read_transaction(signed.body, signed.auth, state.chain_id)
    assert check_authority(state, transaction, 65_536, START_MS, 0)
    with pytest.raises(VerificationError, match="takes no rows"):
        check_authority(state, transaction, 65_537, START_MS, 0)


def test_more_signatures_than_the_parameters_allow_are_refused() -> None:
    state = a_state()
    state.params["transaction-signatures"] = 0
    with pytest.raises(VerificationError, match="more signatures than"):
        check(state, a_document())


def test_a_document_for_another_chain_is_refused() -> None:
    other = replace(a_genesis(), name="other").chain_id
    document = a_fresh_ledger().document("treasury", "treasury.open_day", DAY, chain_id=other)
    with pytest.raises(VerificationError, match="another chain"):
        check(a_state(), document)
