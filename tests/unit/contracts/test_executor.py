"""The state-transition function: the envelope of every document, one block, a builder."""

from dataclasses import replace

import pytest

from chain.block import EVENTS_MAXIMUM, OUTCOME_BYTES, Change, Outcome, Results
from chain.errors import ExecutionFault
from chain.genesis import Params
from chain.state_tree import value_hash
from chain.transaction import SignedTransaction
from chain.types import Hash32, Signature
from contracts import reasons
from contracts.actions import REGISTER, Call
from contracts.calendar import day_number
from contracts.executor import (
    EXPIRED_IDS_REMOVED_PER_BLOCK,
    Execution,
    Refusal,
    apply_transaction,
    build,
    cost_of,
    execute,
    replay,
)
from contracts.records import Collection, Day, IdEntry, Role, id_key, operational_day
from contracts.rejection import Reason
from contracts.state import Overlay
from tests.support.budget import VALID_MS, Ledger, a_fresh_ledger, a_key, a_ledger

BLOCK_BYTES = 4 << 20


def open_day(ledger: Ledger, number: int, **how: object) -> SignedTransaction:
    day = day_number(2026, 1, 1) + number
    return ledger.document("treasury", "treasury.open_day", day, **how)  # type: ignore[arg-type]


def reason_of(ledger: Ledger, signed: SignedTransaction) -> Reason:
    overlay = Overlay(ledger.state)
    outcome = apply_transaction(overlay, signed, ledger.context())
    assert isinstance(outcome, Refusal)
    assert overlay.changes() == {}, "a refused transaction changes nothing"
    return outcome.reason


# --- the envelope


def test_a_document_for_another_network_is_refused() -> None:
    ledger = a_fresh_ledger()
    assert reason_of(ledger, open_day(ledger, 1, chain_id=Hash32(bytes(32)))) is reasons.FOREIGN_CHAIN


def test_an_unknown_action_or_version_is_refused() -> None:
    ledger = a_fresh_ledger()
    nobody: list[tuple[str, Role]] = []
    for action, version in (("treasury.close_day", 1), ("treasury.open_day", 2)):
        signed = ledger.document("treasury", action, 1, signers=nobody, version=version)
        assert reason_of(ledger, signed) is reasons.UNKNOWN_ACTION


@pytest.mark.parametrize("arguments", [(), (1, 2), ("1",), (True,), (None,)])
def test_arguments_of_another_form_are_refused(arguments: tuple[object, ...]) -> None:
    ledger = a_fresh_ledger()
    signed = ledger.document("treasury", "treasury.open_day", *arguments)  # type: ignore[arg-type]
    assert reason_of(ledger, signed) is reasons.BAD_ARGUMENTS


def test_an_ordinary_document_is_small() -> None:
    ledger = a_fresh_ledger()
    signed = ledger.document("treasury", "treasury.open_day", "x" * 65_536)
    assert reason_of(ledger, signed) is reasons.TOO_LARGE


def test_validity_ends_at_block_time_and_reaches_to_the_replay_window() -> None:
    ledger = a_fresh_ledger(replay_window_ms=1_000)
    expected: dict[int, Reason | None] = {-1: reasons.EXPIRED, 0: None, 1_000: None, 1_001: reasons.TOO_FAR}
    for offset, reason in expected.items():
        signed = open_day(ledger, 1, valid_until_ms=ledger.time_ms + offset)
        outcome = apply_transaction(Overlay(ledger.state), signed, ledger.context())
        assert (outcome.reason if isinstance(outcome, Refusal) else None) is reason


def test_a_client_id_is_used_once_and_the_refusal_names_the_first_document() -> None:
    ledger = a_fresh_ledger()
    first = open_day(ledger, 1, client_id=bytes(16))
    assert isinstance(ledger.run(first), Execution)
    second = open_day(ledger, 2, client_id=bytes(16))
    outcome = apply_transaction(Overlay(ledger.state), second, ledger.context())
    assert outcome == Refusal(reasons.REPLAYED, (("first", first.tx_id.hex()), ("height", 1)))


def test_two_institutions_may_use_the_same_client_id() -> None:
    ledger = a_ledger()
    scope = ("gu", "01.kz", None, None, None, None, None, "gu-2280101", None)
    one = ledger.document("treasury", "treasury.suspend", scope, 1, "A", client_id=bytes(16))
    rows = (("x", day_number(2027, 1, 1), None, "x", "x", None, ()),)
    other = ledger.document("mof", "directory.publish", "economic", rows, client_id=bytes(16))
    assert isinstance(ledger.run(one, other), Execution)


def test_expired_client_ids_are_forgotten_in_order_and_bounded() -> None:
    ledger = a_fresh_ledger()
    changes: dict[tuple[str, bytes], bytes | None] = {}
    for number in range(EXPIRED_IDS_REMOVED_PER_BLOCK + 5):
        key = id_key("mof", number.to_bytes(16, "big"))
        changes[(Collection.IDS, key)] = IdEntry(bytes(32), 1, number, number).encode()
        changes[(Collection.EXPIRY, number.to_bytes(8, "big") + key)] = b"\x91\x01"
    ledger.state.commit(changes)
    ledger.run()
    assert [IdEntry.decode(value).index for _, value in ledger.state.scan(Collection.IDS, b"", 9)] == [
        1000, 1001, 1002, 1003, 1004,
    ]  # fmt: skip
    ledger.run()
    assert ledger.state.scan(Collection.IDS, b"", 9) == ledger.state.scan(Collection.EXPIRY, b"", 9) == []


def test_a_client_id_in_force_is_kept() -> None:
    ledger = a_fresh_ledger()
    ledger.run(open_day(ledger, 1, client_id=bytes(16)))
    ledger.time_ms += VALID_MS - 1
    ledger.run()
    assert ledger.state.get(Collection.IDS, id_key("treasury", bytes(16))) is not None
    ledger.time_ms += 1
    ledger.run()
    assert ledger.state.get(Collection.IDS, id_key("treasury", bytes(16))) is None


# --- who signs


def test_the_institution_and_its_kind_are_checked() -> None:
    ledger = a_fresh_ledger()
    day = day_number(2026, 1, 1)
    stranger = ledger.document("nobody", "treasury.open_day", day, signers=[("treasury", Role.HEAD)])
    assert reason_of(ledger, stranger) is reasons.UNKNOWN_INSTITUTION
    assert reason_of(ledger, ledger.document("mof", "treasury.open_day", day)) is reasons.WRONG_KIND


@pytest.mark.parametrize(
    "signers",
    [
        [],
        [("treasury", Role.ACCOUNTANT)],
        [("treasury", Role.HEAD), ("treasury", Role.ACCOUNTANT)],
    ],
)
def test_exactly_the_asked_roles_sign(signers: list[tuple[str, Role]]) -> None:
    ledger = a_fresh_ledger()
    assert reason_of(ledger, open_day(ledger, 1, signers=signers)) is reasons.WRONG_SIGNERS


def test_a_person_of_another_institution_cannot_sign() -> None:
    ledger = a_fresh_ledger()
    assert reason_of(ledger, open_day(ledger, 1, signers=[("mof", Role.HEAD)])) is reasons.FOREIGN_SIGNER


def test_one_person_with_two_roles_is_still_one_person() -> None:
    ledger = a_ledger()
    key = a_key("both")
    roles = int(Role.HEAD | Role.ACCOUNTANT)
    ledger.do("treasury", "signer.add", 1, key.public_key, roles, ledger.possession("treasury", key))
    row = ("receipt", "01.kz", "1", "101110", 1, "")
    signed = ledger.document("treasury", "receipts.post", "A", (row,), signers=[("treasury", Role.HEAD)])
    assert reason_of(ledger, signed) is reasons.WRONG_SIGNERS


def test_an_unregistered_signer_is_refused() -> None:
    ledger = a_fresh_ledger()
    signed = open_day(ledger, 1)
    stranger = SignedTransaction.of(
        signed.transaction, [(signed.signatures[0][0].__class__(b"\x01" * 32), signed.signatures[0][1])]
    )
    assert reason_of(ledger, stranger) is reasons.UNKNOWN_SIGNER


def test_a_signature_of_another_document_or_key_is_refused() -> None:
    ledger = a_fresh_ledger()
    signed, other = open_day(ledger, 1), open_day(ledger, 2)
    for signature in (other.signatures[0][1], Signature(bytes(64))):
        forged = SignedTransaction.of(signed.transaction, [(signed.signatures[0][0], signature)])
        assert reason_of(ledger, forged) is reasons.BAD_SIGNATURE


# --- the block


def test_a_block_lists_net_changes_from_which_its_state_follows() -> None:
    ledger = a_ledger()
    before = dict(ledger.state.values)
    execution = ledger.run(open_day(ledger, 10), open_day(ledger, 11))
    assert isinstance(execution, Execution)
    changes = [Change.decode(data) for data in execution.changes]
    assert [change.seq for change in changes] == list(range(len(changes)))
    folded = dict(before)
    for change in changes:
        place = (change.collection, change.key)
        old = folded.get(place)
        assert change.old_value_hash == (None if old is None else value_hash(old))
        assert change.new_value != old, "what is left equal is omitted"
        if change.new_value is None:
            del folded[place]
        else:
            folded[place] = change.new_value
    assert folded == ledger.state.values
    outcomes = [Outcome.decode(data) for data in execution.outcomes]
    assert [(item.height, item.index) for item in outcomes] == [(12, 0), (12, 1)]


def test_equal_blocks_on_equal_states_give_equal_results() -> None:
    one, other = a_ledger(), a_ledger()
    documents = [open_day(one, 10), open_day(one, 11)]
    assert one.run(*documents) == other.run(*documents)


def test_a_block_replayed_without_the_tree_gives_the_same_results(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger()
    documents = [open_day(ledger, 10), open_day(ledger, 11)]
    execution = execute(ledger.state, ledger.context(), documents)
    assert isinstance(execution, Execution)
    monkeypatch.setattr(ledger.state, "tree_node", None)
    results = replay(ledger.state, ledger.context(), documents)
    assert results == Results(execution.outcomes, execution.changes)


def test_a_block_with_a_refused_document_is_refused_whole() -> None:
    ledger = a_ledger()
    outcome = ledger.run(open_day(ledger, 10), open_day(ledger, 9))
    assert isinstance(outcome, Refusal)
    assert outcome.reason is reasons.DAY_BACK
    assert operational_day(ledger.state) == day_number(2026, 1, 5)


def test_documents_follow_each_other_within_a_block() -> None:
    ledger = a_ledger()
    reversed_order = ledger.run(open_day(ledger, 11), open_day(ledger, 10))
    assert isinstance(reversed_order, Refusal)
    assert isinstance(ledger.run(open_day(ledger, 10), open_day(ledger, 11)), Execution)


def test_cost_is_one_and_three_a_signature_and_one_a_key() -> None:
    ledger = a_ledger()
    signed = open_day(ledger, 10)
    execution = ledger.run(signed)
    assert isinstance(execution, Execution)
    # the day, the client id and its expiry
    assert (cost_of(signed, 3), execution.cost) == (7, 7)


def test_a_block_beyond_its_cost_is_refused() -> None:
    ledger = a_fresh_ledger(block_cost=100)
    documents = [open_day(ledger, number) for number in range(15)]
    assert isinstance(execute(ledger.state, ledger.context(), documents[:14]), Execution)
    assert execute(ledger.state, ledger.context(), documents) == Refusal(reasons.BLOCK_FULL)


def test_a_document_that_changes_too_many_records_is_refused() -> None:
    ledger = a_fresh_ledger(transaction_keys=5)
    rows = tuple((str(code), 0, None, "x", "x", None, ()) for code in range(4))
    refusal = ledger.refused("mof", "directory.publish", "economic", rows)
    assert refusal == Refusal(reasons.TOO_COSTLY, (("keys", 6), ("limit", 5)))


def test_names_that_would_make_a_record_no_block_can_carry_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = a_ledger()
    action = REGISTER[("treasury.open_day", 1)]
    for key, value in ((bytes(513), b"1"), (b"", bytes((1 << 20) + 1))):
        record = (Collection.CLAIMS, key, value)
        rule = replace(action, handler=lambda call, record=record: call.state.put(*record))
        monkeypatch.setitem(REGISTER, ("treasury.open_day", 1), rule)
        assert reason_of(ledger, open_day(ledger, 10)) is reasons.RECORD_TOO_LONG


def broken(call: object) -> None:
    raise ZeroDivisionError


def recorded_twice(call: object) -> None:
    """A rule that breaks an invariant: cash out of nothing."""
    call.state.put(Collection.CASH, b"\x93\xa1x\xa11\x01", b"\x95\x01\x00\x05\x00\x00")  # type: ignore[attr-defined]


def test_an_unexpected_exception_is_a_fault_and_not_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger()
    action = REGISTER[("treasury.open_day", 1)]
    monkeypatch.setitem(REGISTER, ("treasury.open_day", 1), replace(action, handler=broken))
    with pytest.raises(ExecutionFault):
        ledger.run(open_day(ledger, 10))


@pytest.mark.parametrize("rule", [broken, recorded_twice])
def test_a_builder_quarantines_the_faulty_document_and_keeps_the_rest(
    monkeypatch: pytest.MonkeyPatch, rule: object
) -> None:
    ledger = a_ledger()
    action = REGISTER[("treasury.suspend", 1)]
    monkeypatch.setitem(REGISTER, ("treasury.suspend", 1), replace(action, handler=rule))  # type: ignore[arg-type]
    scope = ("gu", "01.kz", None, None, None, None, None, "gu-2280101", None)
    faulty = ledger.document("treasury", "treasury.suspend", scope, 1, "A")
    late, good = open_day(ledger, 1), open_day(ledger, 10)
    built = build(ledger.state, ledger.context(), [faulty, late, good], BLOCK_BYTES)
    assert built.transactions == (good,)
    assert [signed for signed, _ in built.quarantined] == [faulty]
    assert [(signed, refusal.reason) for signed, refusal in built.dropped] == [(late, reasons.DAY_BACK)]
    assert built.execution == execute(ledger.state, ledger.context(), [good])


def test_a_builder_stops_at_the_size_and_at_the_cost_of_a_block() -> None:
    ledger = a_fresh_ledger(block_cost=100)
    documents = [open_day(ledger, number) for number in range(20)]
    assert len(build(ledger.state, ledger.context(), documents, BLOCK_BYTES).transactions) == 14
    size = len(documents[0].body) + len(documents[0].auth)
    assert len(build(ledger.state, ledger.context(), documents, 3 * (size + 20)).transactions) == 3


def test_the_day_is_recorded_with_its_height() -> None:
    ledger = a_ledger()
    assert Day.find(ledger.state, Collection.DAY, b"") == Day(day_number(2026, 1, 5), ledger.height)


# --- what a block carries can be read again


def rule_of(monkeypatch: pytest.MonkeyPatch, handler: object) -> None:
    """treasury.open_day with other rules."""
    action = REGISTER[("treasury.open_day", 1)]
    monkeypatch.setitem(REGISTER, ("treasury.open_day", 1), replace(action, handler=handler))  # type: ignore[arg-type]


def put_records(call: Call, count: int, size: int) -> None:
    """`count` records of `size` bytes, under keys that no other document uses."""
    for number in range(count):
        call.state.put(Collection.CLAIMS, b"%d/%d" % (call.index, number), bytes(size))


def test_events_that_no_node_could_decode_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger()
    for events, size in ((EVENTS_MAXIMUM + 1, 1), (3, OUTCOME_BYTES // 3)):

        def many(call: Call, events: int = events, size: int = size) -> None:
            for _ in range(events):
                call.emit("test", "a" * size)

        rule_of(monkeypatch, many)
        assert reason_of(ledger, open_day(ledger, 10)) is reasons.OUTCOME_TOO_LONG


def test_records_that_together_fill_the_results_of_a_block_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = a_ledger()
    rule_of(monkeypatch, lambda call: put_records(call, 17, 1 << 20))
    assert reason_of(ledger, open_day(ledger, 10)) is reasons.RESULTS_TOO_LARGE


def test_a_block_of_large_records_stays_below_what_its_results_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = a_ledger()
    rule_of(monkeypatch, lambda call: put_records(call, 14, 1 << 20))
    documents = [open_day(ledger, number) for number in range(10, 16)]
    built = build(ledger.state, ledger.context(), documents, BLOCK_BYTES)
    assert built.transactions == tuple(documents[:4])
    results = Results(built.execution.outcomes, built.execution.changes)
    assert Results.decode(results.encode()) == results
    assert execute(ledger.state, ledger.context(), documents[:5]) == Refusal(reasons.BLOCK_FULL)


def test_a_document_of_too_many_tokens_is_refused_and_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(call: Call) -> None:
        while True:
            call.new_token_id()

    ledger = a_ledger()
    rule_of(monkeypatch, endless)
    assert reason_of(ledger, open_day(ledger, 10)) is reasons.TOO_COSTLY


def test_more_signatures_than_the_members_allow_are_refused_before_any_is_verified() -> None:
    ledger = a_ledger()
    row = ("receipt", "01.kz", "1", "101110", 1, "")
    signed = ledger.document("treasury", "receipts.post", "выписка", (row,))
    overlay = Overlay(ledger.state)
    one = {"transaction-signatures": 1}
    few = Params(tuple((name, one.get(name, value)) for name, value in Params.default().values))
    refusal = apply_transaction(overlay, signed, ledger.context(), params=few)
    assert refusal == Refusal(reasons.TOO_MANY_SIGNATURES, (("found", 2), ("limit", 1)))
