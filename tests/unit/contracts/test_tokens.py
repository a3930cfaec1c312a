"""Tokens: split, move, merge, and the totals that follow them."""

from pathlib import Path

import pytest

from contracts import invariants, tokens
from contracts.actions import Call
from contracts.records import (
    Balance,
    Collection,
    Stage,
    Token,
    TokenKey,
    balance_of,
    obligation_scope,
    position_scope,
    programme_scope,
)
from contracts.state import Overlay
from tests.support.budget import Ledger, a_fresh_ledger, a_line

GU = "gu-2280101"
POOL = TokenKey(a_line(subprogramme=None, specific=None), "mot", None, Stage.ADOPTED)
ALLOCATED = TokenKey(a_line(), GU, None, Stage.ALLOCATED)
REGISTERED = TokenKey(a_line(), GU, None, Stage.REGISTERED, obligation="1")


def a_call(ledger: Ledger, index: int = 0) -> Call:
    return Call(Overlay(ledger.state), ledger.context(), index, ledger.chain_id, "", None, (), ())  # type: ignore[arg-type]


def token(call: Call, key: TokenKey) -> Token | None:
    return Token.find(call.state, Collection.TOKENS, key.encode())


def keep(ledger: Ledger, call: Call) -> None:
    ledger.state.commit(call.state.changes())
    ledger.height += 1


def test_an_issued_token_has_no_parents_and_is_counted() -> None:
    call = a_call(a_fresh_ledger())
    tokens.issue(call, POOL, 100)
    found = token(call, POOL)
    assert found == Token(call.context.height << 28 | 1, (), 100, 1)
    balance = balance_of(call.state, programme_scope(POOL.line))
    assert (balance.issued, balance.amounts[Stage.ADOPTED]) == (100, 100)


def test_a_part_keeps_the_parent_and_the_rest_gets_a_new_id() -> None:
    ledger = a_fresh_ledger()
    call = a_call(ledger)
    tokens.issue(call, POOL, 100)
    first = token(call, POOL)
    keep(ledger, call)
    call = a_call(ledger)
    tokens.move(call, POOL, ALLOCATED, 30)
    part, rest = token(call, ALLOCATED), token(call, POOL)
    assert first is not None
    assert part is not None
    assert rest is not None
    assert (part.amount, part.parents) == (30, (first.id,))
    assert (rest.amount, rest.parents) == (70, (first.id,))
    assert len({first.id, part.id, rest.id}) == 3


def test_the_whole_leaves_nothing_behind() -> None:
    call = a_call(a_fresh_ledger())
    tokens.issue(call, POOL, 100)
    tokens.move(call, POOL, ALLOCATED, 100)
    assert token(call, POOL) is None
    assert tokens.amount_of(call.state, POOL) == 0


def test_what_arrives_under_a_key_is_merged_and_remembers_both_sides() -> None:
    ledger = a_fresh_ledger()
    for amount in (100, 50):
        call = a_call(ledger)
        tokens.issue(call, POOL, amount)
        tokens.move(call, POOL, ALLOCATED, amount)
        keep(ledger, call)
    found = token(a_call(ledger), ALLOCATED)
    assert found is not None
    assert (found.amount, len(found.parents)) == (150, 1)


def test_a_token_that_only_passes_within_a_transaction_is_nobodys_parent() -> None:
    ledger = a_fresh_ledger()
    call = a_call(ledger)
    tokens.issue(call, POOL, 100)
    origin = token(call, POOL)
    keep(ledger, call)
    call = a_call(ledger)
    tokens.move(call, POOL, ALLOCATED, 60)
    tokens.move(call, ALLOCATED, REGISTERED, 60)
    found = token(call, REGISTERED)
    assert origin is not None
    assert found is not None
    assert found.parents == (origin.id,)


def test_a_move_between_programmes_is_given_and_received() -> None:
    call = a_call(a_fresh_ledger())
    tokens.issue(call, POOL, 100)
    other = TokenKey(a_line("226", "001", None, None), "moh", None, Stage.ADOPTED)
    tokens.move(call, POOL, other, 40)
    amounts = [0] * 17
    amounts[Stage.ADOPTED] = 60
    assert balance_of(call.state, programme_scope(POOL.line)) == Balance(100, 0, 40, tuple(amounts))
    amounts[Stage.ADOPTED] = 40
    assert balance_of(call.state, programme_scope(other.line)) == Balance(0, 40, 0, tuple(amounts))


def test_totals_stand_at_programme_position_and_obligation() -> None:
    call = a_call(a_fresh_ledger())
    tokens.issue(call, POOL, 100)
    tokens.move(call, POOL, ALLOCATED, 100)
    tokens.move(call, ALLOCATED, REGISTERED, 70)
    for scope, left in (
        (programme_scope(POOL.line), (30, 70)),
        (position_scope(GU, ALLOCATED.line), (30, 70)),
        (obligation_scope(GU, "1"), (0, 70)),
    ):
        amounts = balance_of(call.state, scope).amounts
        assert (amounts[Stage.ALLOCATED], amounts[Stage.REGISTERED]) == left


def test_a_hold_moves_the_amount_to_a_slot_of_its_own() -> None:
    call = a_call(a_fresh_ledger())
    held = TokenKey(POOL.line, "mot", None, Stage.ADOPTED, hold="b1")
    tokens.issue(call, POOL, 100)
    tokens.move(call, POOL, held, 25)
    balance = balance_of(call.state, programme_scope(POOL.line))
    assert (balance.amounts[Stage.ADOPTED], balance.amounts[held.slot], held.slot) == (75, 25, 15)


@pytest.mark.parametrize("amount", [0, 101])
def test_moving_nothing_or_more_than_stands_is_our_own_error(amount: int) -> None:
    call = a_call(a_fresh_ledger())
    tokens.issue(call, POOL, 100)
    with pytest.raises(AssertionError):
        tokens.move(call, POOL, ALLOCATED, amount)


def test_ids_differ_between_heights_places_and_steps() -> None:
    ledger = a_fresh_ledger()
    ids = []
    for index in range(2):
        call = a_call(ledger, index)
        ids += [call.new_token_id(), call.new_token_id()]
    ledger.height += 1
    ids.append(a_call(ledger).new_token_id())
    assert ids == sorted(set(ids))


def test_a_key_survives_its_encoding() -> None:
    key = TokenKey(a_line(), GU, "e1", Stage.PAID, None, "1", "a1", "p1")
    assert TokenKey.decode(key.encode()) == key
    assert invariants.recount(a_fresh_ledger().state) == ()


CONTRACTS = Path(tokens.__file__).parent


def modules_that_say(text: str) -> set[str]:
    return {path.name for path in CONTRACTS.glob("*.py") if text in path.read_text(encoding="utf-8")}


def test_money_comes_into_being_only_where_the_law_adopts_it() -> None:
    assert modules_that_say("tokens.issue(") == {"appropriations.py", "changes.py", "formation.py"}


def test_only_this_module_writes_tokens_and_balances() -> None:
    readers = {
        "incentives.py", "invariants.py", "membership.py", "planner.py", "recodes.py", "records.py",
        "tokens.py", "year_end.py",
    }  # fmt: skip
    assert modules_that_say("Collection.TOKENS") | modules_that_say("Collection.BALANCES") <= readers
    writes = ("put(", "put_", "delete(")
    for name in sorted(readers - {"tokens.py"}):
        source = (CONTRACTS / name).read_text(encoding="utf-8")
        lines = [line for line in source.splitlines() if "Collection.TOKENS" in line or ".BALANCES" in line]
        assert not any(write in line for line in lines for write in writes), name
