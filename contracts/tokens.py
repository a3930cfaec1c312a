"""Split, move, totals: the only module that changes a token.

A part is taken from a token and arrives under another key in O(1); what arrives under an existing key is
merged with it. Every change keeps the balances of the programme, the position and the obligation, which is
why no rule ever has to add up tokens.

Here too every move is held to the state of its year (`contracts.years`): nothing moves in a year that is
being closed, but by `year.close` itself (`settle`).
"""

from __future__ import annotations

from chain.codec import UINT_MAXIMUM
from contracts import reasons, years
from contracts.actions import TOKENS_PER_TRANSACTION, TRANSACTIONS_PER_BLOCK, Call
from contracts.records import (
    Balance,
    Collection,
    Line,
    Token,
    TokenKey,
    balance_of,
    obligation_scope,
    position_scope,
    programme_scope,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader


def amount_of(state: StateReader, key: TokenKey) -> int:
    """Tiyn standing under a key; 0 where no token lives."""
    token = Token.find(state, Collection.TOKENS, key.encode())
    return 0 if token is None else token.amount


def check_room(call: Call, line: Line, amount: int) -> None:
    """All that ever comes to a programme, what was annulled or given away since with it, stays a number of
    the ledger: so does then every sum of its tokens. Refuses SUM-LIMIT."""
    balance = balance_of(call.state, programme_scope(line))
    if balance.issued + balance.received + amount > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)


def issue(call: Call, key: TokenKey, amount: int) -> None:
    """Bring an amount into being (only `request.form`, `budget.adopt`, `.quarter`, `.refine` and
    `.adjust` may)."""
    assert amount > 0, "a token's amount is positive"
    years.refuse_move(call, key.line.budget, key.line.year, key.stage)
    check_room(call, key.line, amount)
    _arrive(call, key, amount, ())
    _count(call, programme_scope(key.line), (key.slot, amount), issued=amount)
    for scope in _holder_scopes(key):
        _count(call, scope, (key.slot, amount))


def move(call: Call, source: TokenKey, target: TokenKey, amount: int) -> None:
    """Take `amount` from the token under `source` and let it arrive under `target`.

    The caller has checked that the amount is there: a shortage here is our error, not the user's. Refuses
    YEAR-CLOSING and YEAR-CLOSED.
    """
    for line in dict.fromkeys((source.line, target.line)):
        years.refuse_move(call, line.budget, line.year, target.stage)
    settle(call, source, target, amount)


def settle(call: Call, source: TokenKey, target: TokenKey, amount: int) -> None:
    """`move` for `year.close`, which alone moves money of a closing year."""
    assert amount > 0, "a token's amount is positive"
    assert source != target, "a move goes somewhere"
    _arrive(call, target, amount, _take(call, source, amount))
    taken_from, brought_to = programme_scope(source.line), programme_scope(target.line)
    if taken_from == brought_to:
        _count(call, taken_from, (source.slot, -amount), (target.slot, amount))
    else:
        _count(call, taken_from, (source.slot, -amount), given=amount)
        _count(call, brought_to, (target.slot, amount), received=amount)
    changes: dict[bytes, list[tuple[int, int]]] = {}
    for key, change in ((source, -amount), (target, amount)):
        for scope in _holder_scopes(key):
            changes.setdefault(scope, []).append((key.slot, change))
    for scope, shifts in changes.items():
        _count(call, scope, *shifts)


def _take(call: Call, key: TokenKey, amount: int) -> tuple[int, ...]:
    """Remove a part; returns the ids of the recorded tokens it came from."""
    place = key.encode()
    token = Token.find(call.state, Collection.TOKENS, place)
    assert token is not None, f"nothing stands under {key}"
    assert token.amount >= amount, f"{amount} tiyn do not stand under {key}"
    origin = _origin(call, token)
    if token.amount == amount:
        call.state.delete(Collection.TOKENS, place)
    else:
        rest = Token(_version(call, token), origin, token.amount - amount, call.context.height)
        put(call.state, Collection.TOKENS, place, rest)
    return origin


def _arrive(call: Call, key: TokenKey, amount: int, parents: tuple[int, ...]) -> None:
    place = key.encode()
    token = Token.find(call.state, Collection.TOKENS, place)
    if token is None:
        arrived = Token(call.new_token_id(), parents, amount, call.context.height)
    else:
        merged = tuple(sorted({*_origin(call, token), *parents}))
        arrived = Token(_version(call, token), merged, token.amount + amount, call.context.height)
    put(call.state, Collection.TOKENS, place, arrived)


def _is_of_this_transaction(call: Call, token: Token) -> bool:
    place = call.context.height * TRANSACTIONS_PER_BLOCK + call.index
    return token.id // TOKENS_PER_TRANSACTION == place


def _origin(call: Call, token: Token) -> tuple[int, ...]:
    """Parents of what is taken: only net changes are recorded, so a token of this transaction passes on
    its own."""
    return token.parents if _is_of_this_transaction(call, token) else (token.id,)


def _version(call: Call, token: Token) -> int:
    """The id after a change: a new one, once a transaction."""
    return token.id if _is_of_this_transaction(call, token) else call.new_token_id()


def _holder_scopes(key: TokenKey) -> tuple[bytes, ...]:
    """The position and the obligation whose balances follow a token."""
    scopes: tuple[bytes, ...] = ()
    if key.line.specific is not None:
        scopes = (position_scope(key.holder, key.line),)
    if key.obligation is not None:
        scopes = (*scopes, obligation_scope(key.holder, key.obligation))
    return scopes


def _count(
    call: Call, scope: bytes, *shifts: tuple[int, int], issued: int = 0, received: int = 0, given: int = 0
) -> None:
    """Change a balance by (slot, change) pairs, written once."""
    balance = balance_of(call.state, scope)
    amounts = list(balance.amounts)
    for slot, change in shifts:
        amounts[slot] += change
        assert amounts[slot] >= 0, "a balance follows its tokens, so it cannot fall below zero"
    counted = Balance(
        balance.issued + issued, balance.received + received, balance.given + given, tuple(amounts)
    )
    put(call.state, Collection.BALANCES, scope, counted)
