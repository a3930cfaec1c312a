"""Approvals as the auditor follows them: every block of a story is folded, and no record of it can be
another than the rules allow."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.authority import check_authority
from audit.blocks import Change, read_genesis, read_transaction
from audit.codec import decode, encode
from audit.failure import VerificationError
from audit.fold import State
from audit.merkle import value_hash
from chain.block import Change as Recorded
from chain.transaction import SignedTransaction
from contracts.executor import Execution, Refusal, execute
from contracts.genesis import genesis_changes
from contracts.governance import ACTIVATION_DELAY
from contracts.records import Role
from tests.support.budget import DIRECTORIES, Ledger, MemoryReader, a_genesis, day_number, decide
from tests.support.route import (
    BRANCH,
    DGIP,
    KGIP,
    a_chain_genesis,
    a_chain_year,
    a_step,
    a_step_of_kind,
    approve,
    set_route,
    submitted,
)
from tests.support.route import decide as decide_approval
from tests.support.year import GU, a_budget_request, an_item

SCOPE = ("gu", "01.kz", None, None, None, None, None, GU, None)
SUSPEND = (SCOPE, 1, "приказ 7")
DAY = day_number(2026, 1, 5)


class Audited(Ledger):
    """A ledger whose auditor folds each block after it; `forge` rewrites an approval's record on the way, the
    old value hashes kept right."""

    auditor: State
    forge: Callable[[list[Any]], None] | None = None

    def run(self, *signed: SignedTransaction, **how: Any) -> Execution | Refusal:
        context = self.context()
        found = execute(self.state, context, signed)
        if isinstance(found, Refusal):
            return found
        changes = [self._read(Recorded.decode(item)) for item in found.changes]
        self.auditor.apply_block_changes(
            [change for change in changes if change.tx_id is None], context.height, context.time_ms, []
        )
        for index, document in enumerate(signed):
            transaction = read_transaction(document.body, document.auth, self.chain_id)
            check_authority(self.auditor, transaction, len(document.body), context.time_ms, index)
            own = [change for change in changes if change.tx_id == document.tx_id]
            self.auditor.apply_transaction(transaction, own, context.height, index)
        self.auditor.close_block(context.height)
        assert self.auditor.root == found.state_root
        return super().run(*signed)

    def _read(self, change: Recorded) -> Change:
        value = change.new_value
        if self.forge is not None and change.collection == "approvals" and value is not None:
            fields = list(decode(value))
            self.forge(fields)
            value = encode(tuple(fields))
        return Change(change.seq, change.tx_id, change.collection, change.key, change.old_value_hash, value)


def an_audited(*steps: tuple[str | None, str | None, int, int]) -> Audited:
    """Suspensions by the treasury go through these steps; 5 January is open."""
    genesis = a_genesis()
    ledger = Audited(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    ledger.auditor = State(read_genesis(genesis.encode()))
    ledger.publish(*DIRECTORIES[0][:1], *DIRECTORIES[0][1])
    ledger.open_day(2026, 1, 5)
    set_route(ledger, "treasury.suspend", *(steps or (a_step("mof"),)))
    return ledger


def test_a_document_is_followed_from_its_submission_to_its_effect() -> None:
    ledger = an_audited(a_step("mof"), a_step_of_kind("audit"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    approve(ledger, number, "mof", "vap")
    assert ledger.auditor.holds("suspensions", encode(SCOPE))


def test_the_budget_request_of_the_chain_is_followed_with_its_money() -> None:
    """The ministry's approval issues money that is the branch's: its own action could issue none."""
    genesis = a_chain_genesis()
    ledger = Audited(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    ledger.auditor = State(read_genesis(genesis.encode()))
    a_chain_year(ledger)
    set_route(ledger, "request.form", a_step(DGIP), a_step(KGIP), a_step("mof"), institution=BRANCH)
    number = submitted(
        ledger, BRANCH, "request.form", *a_budget_request(an_item("e-1", 400), programme="001")
    )
    before = ledger.auditor.money.tokens
    approve(ledger, number, DGIP, KGIP, "mof")
    assert ledger.auditor.money.tokens == before + 1


@pytest.mark.parametrize(("verb", "institution"), [("reject", "mof"), ("withdraw", "treasury")])
def test_a_document_that_is_not_carried_out_is_followed_too(verb: str, institution: str) -> None:
    ledger = an_audited()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    assert isinstance(decide_approval(ledger, verb, institution, number, "нет оснований"), Execution)


def test_a_deputy_is_known() -> None:
    ledger = an_audited()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    accountant = ledger.signer("mof", Role.ACCOUNTANT)
    ledger.do("mof", "deputy.appoint", int(Role.HEAD), accountant, DAY, DAY + 3, "приказ 3")
    found = decide_approval(ledger, "sign", "mof", number, role=Role.ACCOUNTANT)
    assert isinstance(found, Execution)
    ledger.do("mof", "deputy.revoke", int(Role.HEAD), accountant)


def test_versions_and_pauses_are_known() -> None:
    ledger = an_audited()
    decide(ledger, "module.pause", ("plan",))
    rules = ledger.auditor.approvals
    with pytest.raises(VerificationError, match="paused"):
        rules.check_rules("plan.approve", 1, ledger.height)
    rules.check_rules("ballot.vote", 1, ledger.height)
    decide(ledger, "module.resume", ("plan",))
    rules.check_rules("plan.approve", 1, ledger.height)


def test_a_version_counts_from_its_height() -> None:
    rules = an_audited().auditor.approvals
    rules.note("rules", b"", encode((1, (("plan.approve", 2, ACTIVATION_DELAY),), ())))
    rules.check_rules("plan.approve", 1, ACTIVATION_DELAY - 1)
    for version, height in ((2, ACTIVATION_DELAY - 1), (1, ACTIVATION_DELAY)):
        with pytest.raises(VerificationError, match="not in force"):
            rules.check_rules("plan.approve", version, height)


def test_a_document_with_a_route_does_not_come_directly() -> None:
    ledger = an_audited()
    document = ledger.document("treasury", "treasury.suspend", *SUSPEND)
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    with pytest.raises(VerificationError, match="has a route"):
        check_authority(ledger.auditor, transaction, 99, ledger.time_ms, 0)


def test_a_submission_is_signed_as_its_document() -> None:
    ledger = an_audited()
    for institution, action, words in (
        ("treasury", "treasury.suspend", "not one person for each role"),
        ("mof", "treasury.suspend", "may not submit"),
        ("treasury", "treasury.no", "not known"),
    ):
        document = ledger.document(
            institution, "approval.submit", action, 1, SUSPEND, signers=[(institution, Role.OPERATOR)]
        )
        transaction = read_transaction(document.body, document.auth, ledger.chain_id)
        with pytest.raises(VerificationError, match=words):
            check_authority(ledger.auditor, transaction, 99, ledger.time_ms, 0)


INSTITUTION, ACTION, MAKERS, STEPS, GIVEN, STATUS = 1, 2, 4, 5, 6, 11


def forged(place: int, value: object) -> Callable[[list[Any]], None]:
    def forge(fields: list[Any]) -> None:
        fields[place] = value

    return forge


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (INSTITUTION, "mof", "otherwise than it was sent"),
        (ACTION, "treasury.resume", "otherwise than it was sent"),
        (MAKERS, (), "otherwise than it was sent"),
        (GIVEN, (("mof", bytes(32), 1),), "otherwise than it was sent"),
        (STATUS, 1, "otherwise than it was sent"),
        (STEPS, (), "otherwise than it was sent"),
        (STEPS, ((None, "moh", 4, 0),), "leaves out a step"),
    ],
)
def test_a_submission_that_is_recorded_otherwise_is_found(place: int, value: object, words: str) -> None:
    ledger = an_audited()
    ledger.forge = forged(place, value)
    with pytest.raises(VerificationError, match=words):
        submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (INSTITUTION, "mof", "what an approval is about"),
        (STEPS, ((None, "mof", 4, 0),), "what an approval is about"),
        (GIVEN, (("mof", bytes(32), 9),), "otherwise than it was given"),
        (STATUS, 2, "before its last approval"),
    ],
)
def test_an_approval_that_is_recorded_otherwise_is_found(place: int, value: object, words: str) -> None:
    ledger = an_audited(a_step("mof"), a_step("moh"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    ledger.forge = forged(place, value)
    with pytest.raises(VerificationError, match=words):
        approve(ledger, number, "mof")


def test_a_document_carried_out_before_its_last_approval_is_found() -> None:
    ledger = an_audited(a_step("mof"), a_step("moh"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    ledger.forge = forged(STATUS, 1)
    with pytest.raises(VerificationError, match="before its last approval"):
        approve(ledger, number, "mof")


@pytest.mark.parametrize(
    ("institution", "role", "words"),
    [
        ("moh", Role.HEAD, "not the turn"),
        ("mof", Role.OPERATOR, "neither the role"),
    ],
)
def test_an_approver_whose_turn_it_is_not_is_found(institution: str, role: Role, words: str) -> None:
    ledger = an_audited()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    document = ledger.document(institution, "approval.sign", number, signers=[(institution, role)])
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    before = ledger.auditor.approvals._approvals[encode((number,))]
    with pytest.raises(VerificationError, match=words):
        ledger.auditor.approvals._check_turn(transaction, ledger.auditor, before)


def test_a_maker_who_approves_is_found() -> None:
    ledger = an_audited(a_step("treasury"))
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    document = ledger.document("treasury", "approval.sign", number, signers=[("treasury", Role.HEAD)])
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    before = ledger.auditor.approvals._approvals[encode((number,))]
    with pytest.raises(VerificationError, match="made the document"):
        ledger.auditor.approvals._check_turn(transaction, ledger.auditor, before)


def test_no_other_document_touches_an_approval_and_none_leaves_the_state() -> None:
    ledger = an_audited()
    number = submitted(ledger, "treasury", "treasury.suspend", *SUSPEND)
    approvals = ledger.auditor.approvals
    key = encode((number,))
    value = ledger.state.get("approvals", key)
    assert value is not None
    assert value_hash(value)
    document = ledger.document("treasury", "treasury.resume", *SUSPEND)
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    approvals.begin()
    approvals.note("approvals", key, value)
    with pytest.raises(VerificationError, match="changed an approval"):
        approvals.check(transaction, ledger.auditor, 9)
    with pytest.raises(VerificationError, match="removed"):
        approvals.note("approvals", key, None)
