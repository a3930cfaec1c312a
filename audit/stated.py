"""What money documents say themselves: the budget, year and institution they are about, and the sums that
each of their rows moves.

The rules behind a document are not asked; but a sum that it states must be the one that moved, under the
name it states, or validators could let a small signed document do the work of a large one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from audit.blocks import Change
from audit.codec import Value, decode, encode
from audit.effects import (
    ADOPTED,
    ADVANCED,
    ALLOCATED,
    DECLINED,
    EFFECTS,
    HELD,
    PAID,
    PAYABLE,
    REGISTERED,
    REQUESTED,
    RETAINED,
    UNHELD,
    Movement,
)
from audit.failure import VerificationError

OF_BUDGET_AND_YEAR = frozenset({
    "agreement.register", "agreement.reregister", "budget.adjust", "budget.adopt", "budget.quarter",
    "budget.refine", "obligation.accept", "plan.amend", "plan.approve", "plan.recode", "request.align",
    "request.consolidate", "request.decide", "request.form", "year.close",
})  # fmt: skip
"""Actions whose first two arguments are the budget and the year of all money that they move."""

OF_ADMINISTRATOR = frozenset({"plan.amend", "plan.approve", "request.align", "request.consolidate"})
"""Actions that move money of the programmes of their institution's own code alone."""

PAPERS = frozenset({"acts", "agreements", "claims", "debts", "obligations", "payments"})
"""Collections whose keys begin with a holder."""

PLAN_UNIT = 10_000

Sums = Counter[tuple[Value, ...]]
Rows = tuple[Value, ...]


def check_papers(action: str, institution: str, arguments: Rows, changes: Sequence[Change]) -> None:
    """A state institution's document changes that institution's papers alone, and asks to be paid what its
    rows say."""
    if action == "directory.publish":
        _check_published(arguments, changes)
    if not EFFECTS[action].is_own and action != "payment.request":
        return
    for change in changes:
        if change.collection in PAPERS:
            key = decode(change.key)
            if type(key) is not tuple or not key or key[0] != institution:
                raise VerificationError(f"{institution} changed {change.collection} of another institution")
    if action == "payment.request":
        try:
            _check_requests(arguments, institution, changes)
        except (TypeError, ValueError, IndexError):
            raise VerificationError("the arguments of payment.request are of another form") from None


def _check_published(arguments: Rows, changes: Iterable[Change]) -> None:
    """The newest version of each code that the document names is its row's, and no other code changes."""
    try:
        found = {
            change.key: decode(change.new_value or b"")[1][-1]
            for change in changes
            if change.collection == "directories"
        }
        stated = {encode((arguments[0], row[0])): row[1:] for row in arguments[1]}
    except (TypeError, ValueError, IndexError):
        raise VerificationError("the arguments of directory.publish are of another form") from None
    if found != stated:
        raise VerificationError("directory.publish published something else than its rows")


def check_cash(
    action: str, arguments: Rows, changes: Iterable[Change], balance_of: Callable[[bytes], int]
) -> None:
    """Cash comes in by what `receipts.post` states, by account; a payment brings none, and its restoration no
    more than its rows. `balance_of`: of a cash account, by its key, before the changes."""
    if action not in ("payment.execute", "payment.restore", "receipts.post"):
        return
    try:
        found: Sums = Counter()
        for change in changes:
            if change.collection == "cash":
                _, opening, received, debited, redeemed = decode(change.new_value or b"")
                now = opening + received - debited - redeemed
                found[decode(change.key)[:2]] += now - balance_of(change.key)
        if action == "receipts.post":
            rows = arguments[1]
            stated = _summed(((row[1:3]), -row[4] if row[0] == "refund" else row[4]) for row in rows)
            is_right = stated == Counter({account: net for account, net in found.items() if net})
        else:
            most = sum(row[2] for row in arguments[0]) if action == "payment.restore" else 0
            is_right = sum(found.values()) <= most
    except (TypeError, ValueError, IndexError):
        raise VerificationError(f"the arguments of {action} are of another form") from None
    if not is_right:
        raise VerificationError(f"{action} changed cash accounts by other sums than its rows state")


def _check_requests(arguments: Rows, institution: str, changes: Iterable[Change]) -> None:
    """A `payment.request` asks for what its rows say: how much is paid later is what stands there."""
    found = {
        change.key: None if change.new_value is None else decode(change.new_value)[1:6]
        for change in changes
        if change.collection == "payments"
    }
    if found != {encode((institution, row[0])): row[1:6] for row in arguments[0]}:
        raise VerificationError("payment.request recorded other requests than its rows")


def check_stated(action: str, code: str, arguments: Rows, movements: Sequence[Movement]) -> None:
    """Raises VerificationError when other money moved than the document is about. `code`: that of its
    institution."""
    try:
        if action in OF_BUDGET_AND_YEAR and any(one.programme[:2] != arguments[:2] for one in movements):
            raise VerificationError(f"{action} moved money of another budget or year than it names")
        if action in _SUMS:
            stated, found = _SUMS[action](arguments, movements)
            if stated != found:
                raise VerificationError(f"{action} moved other sums than its rows state")
    except (TypeError, ValueError, IndexError, KeyError):
        raise VerificationError(f"the arguments of {action} are of another form") from None
    if action in OF_ADMINISTRATOR and any(one.programme[3] != code for one in movements):
        raise VerificationError(f"{action} moved money of another administrator")


def _gained(
    movements: Iterable[Movement], slots: Sequence[int], name: Callable[[Movement], tuple[Value, ...]]
) -> Sums:
    """What arrived in the slots, by name."""
    found: Sums = Counter()
    for one in movements:
        if one.slot in slots and one.difference > 0:
            found[name(one)] += one.difference
    return found


def _programme(movement: Movement) -> tuple[Value, ...]:
    return movement.programme[3:5]


def _obligation(movement: Movement) -> tuple[Value, ...]:
    return (movement.key[5],)


def _summed(pairs: Iterable[tuple[tuple[Value, ...], int]]) -> Sums:
    """Sums by name, without those of nothing."""
    found: Sums = Counter()
    for name, amount in pairs:
        found[name] += amount
    return Counter({name: amount for name, amount in found.items() if amount})


Pair = tuple[Sums, Sums]
"""What a document states, and what moved."""


def _adjust(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    rows = arguments[9]
    taken = [((row[0], row[1]), -row[5]) for row in rows if row[0] is not None]
    stated = _summed([*taken, *(((row[3], row[4]), row[5]) for row in rows)])
    return stated, _summed((_programme(one), one.difference) for one in movements)


def _adopt(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    """No programme gets more than its row: what the quarter has given it is there already."""
    rows = _summed(((row[2], row[3]), row[4]) for row in arguments[10])
    found = _gained(movements, (ADOPTED,), _programme)
    return found & rows, found


def _quarter(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    rows = arguments[9]
    stated = _summed(((row[2], row[3]), row[4] // 4 // PLAN_UNIT * PLAN_UNIT) for row in rows)
    return stated, _gained(movements, (ADOPTED,), _programme)


def _refine(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    stated = _summed(((row[0], row[1]), row[2]) for row in arguments[6])
    return stated, _gained(movements, (ADOPTED,), _programme)


def _approve(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    stated = _summed(((row[0], row[1], row[2], row[3]), row[4][11]) for row in arguments[4])
    return stated, _gained(
        movements, (ALLOCATED,), lambda one: (one.holder, one.key[0][5], one.key[0][6], one.key[2])
    )


def _register(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    rows = [row for agreement in arguments[3] for row in agreement[16]]
    return _summed(((row[0],), row[4]) for row in rows), _gained(movements, (REGISTERED,), _obligation)


def _accept(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    stated = _summed(((row[0],), row[9]) for row in arguments[3])
    return stated, _gained(movements, (PAYABLE, RETAINED), _obligation)


def _withdraw(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    """Of the obligation and act that the document names: the sum it states, or what there was."""
    name, act, amount, _ = arguments
    found = _summed(
        ((one.key[5], one.key[6]), -one.difference) for one in movements if one.slot in (PAYABLE, RETAINED)
    )
    return Counter({(name, act): found[name, act] if amount is None else amount}), found


def _sign(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    stated = _summed(((row[0],), row[4]) for row in arguments[0])
    return stated, _gained(movements, (PAYABLE, RETAINED, PAID), lambda one: (one.key[6],))


def _execute(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    """The payments that the rows name; how much each is for stands in its request."""
    named = {(row[0], row[1]) for row in arguments[0]}
    found = _gained(movements, (ADVANCED, PAID), lambda one: (one.holder, one.key[7]))
    return Counter(dict.fromkeys(found, 1)), Counter(dict.fromkeys(named, 1))


def _restore(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    stated = _summed(((row[0], row[1]), row[2]) for row in arguments[0])
    return stated, _summed(
        ((one.holder, one.key[7]), -one.difference)
        for one in movements
        if one.slot in (ADVANCED, PAID) and one.difference < 0
    )


def _expense(movement: Movement) -> tuple[Value, ...]:
    return (movement.key[2],)


def _position(movement: Movement) -> tuple[Value, ...]:
    """Holder, codes and expense id, as the rows of holds name a place."""
    return (movement.holder, *movement.key[0][3:7], movement.key[2])


def _recode(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    """What the old places of a row lose its new place gets, by stage."""
    routes = dict(arguments[6])
    stated: Sums = Counter()
    found: Sums = Counter()
    for one in movements:
        place = (one.holder, *one.key[0][3:7])
        if one.difference < 0:
            stated[one.slot, routes[place]] -= one.difference
        elif one.difference > 0:
            found[one.slot, place] += one.difference
    return stated, found


def _block(rows: Rows, hold: Value, movements: Sequence[Movement]) -> Pair:
    stated = _summed((row[:6], row[6]) for row in rows)
    return stated, _gained((one for one in movements if one.key[4] == hold), HELD, _position)


def _unblock(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    _, _, _, rows, amount = arguments
    if amount is not None:
        return Counter({(): amount}), _gained(movements, UNHELD, lambda one: ())
    return _summed((row[:6], row[6]) for row in rows), _gained(movements, UNHELD, _position)


def _form(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    """No item gets more than it asks for: what it had before stays."""
    rows = _summed(((row[0],), row[8]) for row in arguments[4])
    found = _gained(movements, (REQUESTED,), _expense)
    return found & rows, found


def _reduce(rows: Rows, movements: Sequence[Movement]) -> Pair:
    return _summed(((row[0],), row[1]) for row in rows), _gained(movements, (DECLINED,), _expense)


def _align(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    stated = _summed(((row[0],), row[1] - row[2]) for row in arguments[4])
    named = [one for one in movements if one.key[2] is not None]
    return stated, _summed((_expense(one), one.difference) for one in named)


def _reregister(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    rows = [row for agreement in arguments[3] for row in agreement[4]]
    return _summed(((row[0],), row[4]) for row in rows), _gained(movements, (REGISTERED,), _obligation)


def _penalize(arguments: Rows, movements: Sequence[Movement]) -> Pair:
    stated: Sums = Counter({(arguments[6],): arguments[8]})
    return stated, _gained(movements, (REGISTERED, PAYABLE), _obligation)


_SUMS: dict[str, Callable[[Rows, Sequence[Movement]], Pair]] = {
    "act.sign": _sign,
    "agreement.penalty": _penalize,
    "agreement.register": _register,
    "agreement.reregister": _reregister,
    "budget.adjust": _adjust,
    "budget.adopt": _adopt,
    "budget.quarter": _quarter,
    "budget.refine": _refine,
    "obligation.accept": _accept,
    "obligation.correct": _withdraw,
    "payment.execute": _execute,
    "payment.restore": _restore,
    "plan.approve": _approve,
    "plan.recode": _recode,
    "request.align": _align,
    "request.consolidate": lambda arguments, movements: _reduce(arguments[8], movements),
    "request.decide": lambda arguments, movements: _reduce(arguments[9], movements),
    "request.form": _form,
    "sequester.decide": lambda arguments, movements: _block(arguments[8], arguments[0], movements),
    "treasury.block": lambda arguments, movements: _block(arguments[7], arguments[0], movements),
    "treasury.unblock": _unblock,
}


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
