"""Ballots, signers, routes, deputies and the day: what the document says and nothing else, whoever signed the
block."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from audit.authority import check_authority
from audit.blocks import Change, Job, address_of, read_genesis, read_transaction
from audit.codec import decode, encode
from audit.failure import VerificationError
from audit.fold import State
from audit.merkle import value_hash
from chain.block import Change as Recorded
from chain.keys import verify
from chain.transaction import SignedTransaction
from contracts.actions import REGISTER
from contracts.executor import Execution, Refusal, execute
from contracts.genesis import genesis_changes
from contracts.records import Role
from tests.support.budget import Ledger, MemoryReader, a_genesis, a_key, day_number, decide
from tests.support.route import a_step

HEAD = int(Role.HEAD)
DAY = day_number(2026, 1, 5)
NEW = "gu-2280199"
Forgery = Callable[[dict[tuple[str, bytes], Any]], None]


class Audited(Ledger):
    """A ledger whose auditor folds each block after it. `forge` changes what the documents changed, as
    (collection, key) -> fields or None; old value hashes are kept right."""

    auditor: State
    forge: Forgery | None = None
    jobs: list[Job]

    def run(self, *signed: SignedTransaction, **how: Any) -> Execution | Refusal:
        context = self.context()
        found = execute(self.state, context, signed)
        if isinstance(found, Refusal):
            return found
        changes = [Change(*self._fields(Recorded.decode(item))) for item in found.changes]
        before = [change for change in changes if change.tx_id is None]
        self.auditor.apply_block_changes(before, context.height, context.time_ms, [])
        for index, document in enumerate(signed):
            transaction = read_transaction(document.body, document.auth, self.chain_id)
            self.jobs = check_authority(self.auditor, transaction, 99, context.time_ms, index)
            own = [change for change in changes if change.tx_id == document.tx_id]
            self.auditor.apply_transaction(transaction, self._forged(own), context.height, index)
        self.auditor.close_block(context.height)
        return super().run(*signed)

    def _fields(self, change: Recorded) -> tuple[Any, ...]:
        return (
            change.seq, change.tx_id, change.collection, change.key, change.old_value_hash, change.new_value
        )  # fmt: skip

    def _forged(self, changes: list[Change]) -> list[Change]:
        if self.forge is None:
            return changes
        found = {
            (one.collection, one.key): None if one.new_value is None else decode(one.new_value)
            for one in changes
        }
        self.forge(found)
        forged = []
        for (collection, key), fields in sorted(found.items()):
            old = self.state.get(collection, key)
            old_hash = None if old is None else value_hash(old)
            new = None if fields is None else encode(fields)
            if new != old:
                forged.append(Change(0, changes[0].tx_id, collection, key, old_hash, new))
        return forged


def an_audited(power_of_mot: int = 1) -> Audited:
    plain = a_genesis()
    validators = (
        replace(one, power=power_of_mot) if one.institution == "mot" else one for one in plain.validators
    )
    genesis = replace(plain, validators=tuple(validators))
    ledger = Audited(genesis.chain_id, MemoryReader(genesis_changes(genesis)))
    ledger.auditor = State(read_genesis(genesis.encode()))
    return ledger


def an_institution(ledger: Ledger) -> tuple[Any, ...]:
    key = a_key(NEW)
    people = ((1, key.public_key, HEAD, ledger.possession(NEW, key)),)
    return (((NEW, "gu", "2280199", "mot", "x", "x", None, False, people),),)


def a_validator(ledger: Ledger, institution: str, name: str) -> tuple[Any, ...]:
    key = a_key(name)
    return (institution, 1, key.public_key, ledger.possession(institution, key))


def test_every_effect_of_a_ballot_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = an_audited()
    monkeypatch.setitem(REGISTER, ("plan.amend", 2), REGISTER[("plan.amend", 1)])
    decide(ledger, "institution.add", an_institution(ledger))
    decide(ledger, "institution.close", (NEW,))
    decide(ledger, "validator.rotate", a_validator(ledger, "mot", "other"))
    decide(ledger, "validator.remove", ("mot",))
    decide(ledger, "validator.add", a_validator(ledger, "mot", "third"))
    decide(ledger, "params.set", ((("retention-percent", 90), ("ballot-days", 1)),))
    decide(ledger, "rules.activate", ("plan.amend", 2, ledger.height + 20))
    decide(ledger, "module.pause", ("plan",))
    decide(ledger, "module.resume", ("plan",))
    assert len(ledger.auditor.sets[max(ledger.auditor.sets)].members) == 4


def test_the_power_of_a_renewed_key_is_computed_again() -> None:
    ledger = an_audited(power_of_mot=3)
    for name in ("first", "second"):
        decide(ledger, "validator.rotate", a_validator(ledger, "mot", name))


def test_a_ballot_that_fails_or_comes_too_late_is_followed() -> None:
    ledger = an_audited()
    for number, time_ms in ((1, 0), (2, 31 * 86_400_000)):
        ledger.do("mof", "ballot.propose", "params.set", ((("retention-percent", 90),),), "")
        ledger.time_ms += time_ms
        votes = ("moh", "mot") if number == 1 else ("moh",)
        for member in votes:
            events = ledger.do(member, "ballot.vote", number, False)
        assert events[-1][0] == "ballot.closed"


def test_a_ballot_whose_effect_is_refused_by_then_is_followed() -> None:
    ledger = an_audited()
    for _ in range(2):
        ledger.do("mof", "ballot.propose", "module.pause", ("plan",), "")
    for number in (1, 2):
        for member in ("mof", "moh", "mot"):
            events = ledger.do(member, "ballot.vote", number, True)
    assert events[-1][2:4] == (False, "MODULE-PAUSED")


def test_signers_routes_deputies_and_days_are_computed_again() -> None:
    ledger = an_audited()
    ledger.open_day(2026, 1, 5)
    first, second = a_key("first"), a_key("second")
    ledger.do("moh", "signer.add", 1, first.public_key, HEAD, ledger.possession("moh", first))
    head = ledger.signer("moh", Role.HEAD)
    ledger.do("moh", "signer.rotate", head, 1, second.public_key, ledger.possession("moh", second))
    ledger.keys["moh", Role.HEAD] = second
    ledger.do("moh", "signer.revoke", ledger.signer("moh", Role.ACCOUNTANT))
    operator = ledger.signer("moh", Role.OPERATOR)
    ledger.do("moh", "deputy.appoint", HEAD, operator, DAY, DAY + 3, "приказ")
    ledger.do("moh", "deputy.revoke", HEAD, operator)
    for institution in (None, "treasury"):
        ledger.do("mof", "route.set", "treasury.suspend", institution, (a_step("mof"),), "приказ")
    for institution in ("treasury", None):
        ledger.do("mof", "route.set", "treasury.suspend", institution, (), "приказ")
    assert not ledger.auditor.holds("routes", encode(("treasury.suspend", None)))


def refuses(ledger: Audited, forge: Forgery, institution: str, action: str, *arguments: Any) -> None:
    ledger.forge = forge
    with pytest.raises(VerificationError, match="something else than the document says"):
        ledger.do(institution, action, *arguments)


def other_params(changes: dict[tuple[str, bytes], Any]) -> None:
    key = ("params", b"")
    name, rows = changes.get(key) or decode(a_genesis().params.encode())
    changes[key] = (name, tuple((one, 1 if one == "retention-percent" else figure) for one, figure in rows))


def test_one_vote_changes_nothing_that_the_members_did_not_decide() -> None:
    ledger = an_audited()
    ledger.do("mof", "ballot.propose", "params.set", ((("retention-percent", 90),),), "")
    refuses(ledger, other_params, "mof", "ballot.vote", 1, True)


def test_a_ballot_that_passed_changes_what_it_says() -> None:
    ledger = an_audited()
    ledger.do("mof", "ballot.propose", "params.set", ((("retention-percent", 90),),), "")
    for member in ("mof", "moh"):
        ledger.do(member, "ballot.vote", 1, True)
    refuses(ledger, other_params, "mot", "ballot.vote", 1, True)


def votes_for_all(changes: dict[tuple[str, bytes], Any]) -> None:
    key = ("ballots", encode((1,)))
    fields = changes[key]
    votes = tuple((member, True, 1) for member in ("mof", "moh", "mot"))
    changes[key] = (*fields[:6], votes, 1, 2)


def test_nobody_votes_for_others() -> None:
    ledger = an_audited()
    ledger.do("mof", "ballot.propose", "params.set", ((("retention-percent", 90),),), "")
    refuses(ledger, votes_for_all, "mof", "ballot.vote", 1, True)


def test_a_ballot_is_recorded_as_it_was_proposed() -> None:
    def with_votes(changes: dict[tuple[str, bytes], Any]) -> None:
        key = ("ballots", encode((1,)))
        changes[key] = (*changes[key][:6], (("moh", True, 1), ("mot", True, 1)), 0, None)

    refuses(an_audited(), with_votes, "mof", "ballot.propose", "module.pause", ("plan",), "")


def test_only_members_propose_and_vote() -> None:
    ledger = an_audited()
    document = ledger.document("vap", "ballot.propose", "module.pause", ("plan",), "")
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    with pytest.raises(VerificationError, match="no member"):
        ledger.auditor.rights.check(transaction, [], ledger.auditor, (1, ledger.time_ms))  # type: ignore[arg-type]


def test_the_key_that_is_registered_is_the_one_in_the_document() -> None:
    ledger = an_audited()
    mine, theirs = a_key("mine"), a_key("theirs").public_key

    def other_key(changes: dict[tuple[str, bytes], Any]) -> None:
        (place,) = (place for place in changes if place[0] == "signers")
        fields = changes[place]
        changes[place] = (*fields[:4], theirs, *fields[5:])
        (owner,) = (place for place in changes if place[0] == "keys")
        changes["keys", address_of(theirs)] = changes.pop(owner)

    refuses(
        ledger, other_key, "moh", "signer.add", 1, mine.public_key, HEAD, ledger.possession("moh", mine)
    )  # fmt: skip


def test_a_head_revokes_whom_his_document_names() -> None:
    ledger = an_audited()
    place = ("signers", ledger.signer("moh", Role.ACCOUNTANT))

    def another(changes: dict[tuple[str, bytes], Any]) -> None:
        value = ledger.state.get(*place)
        assert value is not None
        changes[place] = (*decode(value)[:7], 1)

    refuses(ledger, another, "moh", "signer.revoke", ledger.signer("moh", Role.OPERATOR))


def test_a_deputy_is_of_the_institution_that_appoints_him() -> None:
    ledger = an_audited()
    ledger.open_day(2026, 1, 5)
    operator = ledger.signer("moh", Role.OPERATOR)

    def of_another(changes: dict[tuple[str, bytes], Any]) -> None:
        key = encode(("moh", HEAD, operator))
        changes["deputies", encode(("mof", HEAD, operator))] = changes.pop(("deputies", key))

    refuses(ledger, of_another, "moh", "deputy.appoint", HEAD, operator, DAY, DAY + 3, "приказ")


def test_a_route_is_set_for_the_action_that_the_document_names() -> None:
    def of_another(changes: dict[tuple[str, bytes], Any]) -> None:
        key = encode(("treasury.suspend", None))
        changes["routes", encode(("payment.execute", None))] = changes.pop(("routes", key))

    refuses(
        an_audited(), of_another, "mof", "route.set", "treasury.suspend", None, (a_step("mof"),), "приказ"
    )  # fmt: skip


def test_the_day_is_the_one_in_the_document_and_never_goes_back() -> None:
    ledger = an_audited()
    ledger.open_day(2026, 1, 5)

    def next_year(changes: dict[tuple[str, bytes], Any]) -> None:
        changes["day", b""] = (1, DAY + 366, 2)

    refuses(ledger, next_year, "treasury", "treasury.open_day", DAY + 1)
    document = ledger.document("treasury", "treasury.open_day", DAY - 1)
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    with pytest.raises(VerificationError, match="went back"):
        ledger.auditor.rights.check(transaction, [], ledger.auditor, (2, ledger.time_ms))  # type: ignore[arg-type]


@pytest.mark.parametrize("is_mine", [True, False])
def test_a_key_is_registered_by_who_holds_it(is_mine: bool) -> None:
    ledger = an_audited()
    ledger.do("mof", "ballot.propose", "institution.add", an_institution(ledger), "")
    proofs = [job for job in ledger.jobs if job.label.startswith("possession")]
    (proof,) = proofs
    message = proof.message if is_mine else bytes(96)
    assert verify(proof.public_key, message, proof.signature) is is_mine


@pytest.mark.parametrize("arguments", [(), ("params.set",), ("params.set", (1,), ""), ("x", (), ""), None])
def test_a_document_of_another_form_is_a_sentence(arguments: Any) -> None:
    ledger = an_audited()
    document = ledger.document("mof", "ballot.propose", *(arguments or ()))
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    with pytest.raises(VerificationError):
        check_authority(ledger.auditor, transaction, 99, ledger.time_ms, 0)


@pytest.mark.parametrize("action", ["ballot.vote", "signer.add", "treasury.open_day", "year.close"])
def test_no_approval_carries_what_comes_directly(action: str) -> None:
    ledger = an_audited()
    roles = REGISTER[(action, 1)].roles
    document = ledger.document(
        "treasury", "approval.submit", action, 1, (), signers=[("treasury", Role(role)) for role in roles]
    )
    transaction = read_transaction(document.body, document.auth, ledger.chain_id)
    with pytest.raises(VerificationError, match="comes directly"):
        check_authority(ledger.auditor, transaction, 99, ledger.time_ms, 0)
