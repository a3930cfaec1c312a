"""What must hold after every block (budget-machine, section 5).

`check` looks at what a block touched, on the consensus path: a total may change only by what its tokens
changed, and every law is tested where one of its parts moved. `recount` adds up the whole state, off the
consensus path. A broken law is our own error: an ExecutionFault that names block and invariant.

By construction, not looked for here: 8 (only `tokens.issue` brings money into being), 12 (a refused
transaction's overlay is forgotten).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from chain.codec import encode
from chain.errors import ExecutionFault
from contracts.actions import TOKENS_PER_TRANSACTION, TRANSACTIONS_PER_BLOCK
from contracts.calendar import civil
from contracts.context import BlockContext
from contracts.records import (
    ACCEPTED,
    ALL_RECEIPTS,
    ANNUAL,
    HELD_ADOPTED,
    HELD_ALLOCATED,
    REDEEMED,
    SLOTS,
    UNDER_AGREEMENT,
    Act,
    Agreement,
    Appropriation,
    CashAccount,
    ClosingStatus,
    Collection,
    Consolidated,
    Hold,
    HoldRow,
    Line,
    Obligation,
    Payment,
    PaymentStatus,
    Plan,
    ReceiptsRecord,
    Stage,
    Token,
    TokenKey,
    act_key,
    agreement_key,
    appropriation_key,
    balance_of,
    cash_key,
    closing_of,
    consolidated_key,
    hold_key,
    obligation_key,
    obligation_scope,
    operational_day,
    payment_key,
    plan_key,
    position_scope,
    prefix_of,
    programme_scope,
    trusted,
)
from contracts.state import Key, Overlay, StateReader

IDS_PER_BLOCK: Final = TRANSACTIONS_PER_BLOCK * TOKENS_PER_TRANSACTION

NOT_APPROPRIATED: Final = frozenset(
    (Stage.REQUESTED, Stage.APPROVED, Stage.DECLINED, Stage.REFINED, Stage.SEQUESTERED)
)
"""Stages that are no part of a programme's appropriation (invariant 1)."""

APPROPRIATED: Final = tuple(slot for slot in range(SLOTS) if slot not in NOT_APPROPRIATED)

OPEN: Final = (
    Stage.REQUESTED, Stage.APPROVED, Stage.ADOPTED, Stage.ALLOCATED, Stage.REGISTERED, Stage.PAYABLE,
    Stage.RETAINED, HELD_ADOPTED, HELD_ALLOCATED,
)  # fmt: skip
"""What a closed year has no money in (invariant 10)."""

PROGRAMME, POSITION, OBLIGATION = 1, 2, 3
"""Scopes of balances (`contracts.records.Balance`)."""

PAGE: Final = 1_000


def check(after: Overlay, before: StateReader, touched: frozenset[Key], context: BlockContext) -> None:
    """Raises ExecutionFault naming block and invariant, for the keys that the block touched."""
    for broken in _findings(after, before, sorted(touched), context):
        raise ExecutionFault(f"block {context.height}, {broken}")


def recount(state: StateReader) -> tuple[str, ...]:
    """Every law over the whole state: what is broken, in words; empty when all holds."""
    return tuple(_full_findings(state))


# --- sums of tokens


@dataclass(slots=True)
class _Sums:
    """Amounts of tokens, or their changes, by everything that must agree with them."""

    scopes: dict[bytes, list[int]] = field(default_factory=dict)
    acts: dict[bytes, int] = field(default_factory=dict)
    payments: dict[bytes, int] = field(default_factory=dict)
    holds: dict[bytes, int] = field(default_factory=dict)
    redeemed: dict[bytes, int] = field(default_factory=dict)

    def add(self, key: TokenKey, amount: int) -> None:
        line, slot = key.line, key.slot
        self._add_scope(programme_scope(line), slot, amount)
        if line.specific is not None:
            self._add_scope(position_scope(key.holder, line), slot, amount)
        if key.obligation is not None:
            self._add_scope(obligation_scope(key.holder, key.obligation), slot, amount)
        if key.act is not None:
            _add(self.acts, act_key(key.holder, key.act), amount)
        if key.payment is not None:
            _add(self.payments, payment_key(key.holder, key.payment), amount)
        if key.hold is not None:
            _add(self.holds, hold_key(key.hold), amount)
        if slot in REDEEMED:
            _add(self.redeemed, cash_key(line.budget, line.source, line.year), amount)

    def _add_scope(self, scope: bytes, slot: int, amount: int) -> None:
        amounts = self.scopes.get(scope)
        if amounts is None:
            amounts = self.scopes[scope] = [0] * SLOTS
        amounts[slot] += amount


def _add(sums: dict[bytes, int], key: bytes, amount: int) -> None:
    sums[key] = sums.get(key, 0) + amount


# --- what a block touched


@dataclass(slots=True)
class _Places:
    """Keys by collection, each once, in the order they were met."""

    balances: dict[bytes, None] = field(default_factory=dict)
    appropriations: dict[bytes, None] = field(default_factory=dict)
    plans: dict[bytes, None] = field(default_factory=dict)
    consolidated: dict[bytes, None] = field(default_factory=dict)
    obligations: dict[bytes, None] = field(default_factory=dict)
    agreements: dict[bytes, None] = field(default_factory=dict)
    acts: dict[bytes, None] = field(default_factory=dict)
    payments: dict[bytes, None] = field(default_factory=dict)
    holds: dict[bytes, None] = field(default_factory=dict)
    hold_rows: dict[bytes, None] = field(default_factory=dict)
    cash: dict[bytes, None] = field(default_factory=dict)
    receipts: dict[bytes, None] = field(default_factory=dict)
    closings: dict[bytes, None] = field(default_factory=dict)


_COLLECTIONS: Final = {item.name.replace("_", "-"): item.name for item in fields(_Places)}
"""Collection -> field of _Places."""


def _findings(
    after: Overlay, before: StateReader, touched: Sequence[Key], context: BlockContext
) -> Iterator[str]:
    places, changed = _Places(), _Sums()
    ids: set[int] = set()
    for collection, key in touched:
        if collection == Collection.TOKENS:
            yield from _changed_token(after, before, key, context, changed, ids)
        elif collection in _COLLECTIONS:
            getattr(places, _COLLECTIONS[collection])[key] = None
    places.balances.update(dict.fromkeys(changed.scopes))
    places.acts.update(dict.fromkeys(changed.acts))
    places.payments.update(dict.fromkeys(changed.payments))
    places.holds.update(dict.fromkeys(changed.holds))
    places.cash.update(dict.fromkeys(changed.redeemed))
    yield from _changed_balances(after, before, places, changed)
    yield from _changed_documents(after, before, places, changed)
    yield from _changed_receipts(after, before, places)
    yield from _consolidation(places, after, before)
    yield from _laws(after, places)


def _changed_token(
    after: StateReader,
    before: StateReader,
    place: bytes,
    context: BlockContext,
    changed: _Sums,
    ids: set[int],
) -> Iterator[str]:
    old = Token.find(before, Collection.TOKENS, place)
    new = Token.find(after, Collection.TOKENS, place)
    if old == new:
        return
    key = TokenKey.decode(place)
    if new is not None:
        yield from _token_form(key, new)
        if new.height != context.height or new.id // IDS_PER_BLOCK != context.height or new.id in ids:
            yield f"invariant 9: token {new.id} of {key} does not carry an id of this block"
        ids.add(new.id)
    changed.add(key, (0 if new is None else new.amount) - (0 if old is None else old.amount))


def _token_form(key: TokenKey, token: Token) -> Iterator[str]:
    if token.amount <= 0:
        yield f"invariant 9: {token.amount} tiyn stand under {key}"
    if key.hold is not None and key.stage not in (Stage.ADOPTED, Stage.ALLOCATED):
        yield f"invariant 7: a hold on {key.stage.name.lower()} under {key}"
    is_accepted = key.stage in ACCEPTED
    if is_accepted != (key.obligation is not None) and key.stage is not Stage.CARRIED:
        yield f"invariant 9: {key.stage.name.lower()} and obligation {key.obligation} under {key}"
    if (key.stage in REDEEMED) != (key.payment is not None) and key.stage is not Stage.CARRIED:
        yield f"invariant 9: {key.stage.name.lower()} and payment {key.payment} under {key}"


def _changed_balances(
    after: StateReader, before: StateReader, places: _Places, changed: _Sums
) -> Iterator[str]:
    """A balance changes by what its tokens changed; what one programme receives another has given."""
    crossing = 0
    for scope in places.balances:
        old, new = balance_of(before, scope), balance_of(after, scope)
        difference = [to - was for to, was in zip(new.amounts, old.amounts, strict=True)]
        if difference != changed.scopes.get(scope, [0] * SLOTS):
            yield f"invariant 11: balance {_name(scope)} changed by {difference}, its tokens did not"
        crossing += new.received - old.received - new.given + old.given
    if crossing:
        yield f"invariant 8: {crossing} tiyn crossed between programmes without arriving"


def _changed_documents(
    after: StateReader, before: StateReader, places: _Places, changed: _Sums
) -> Iterator[str]:
    """Acts, payments, holds and cash accounts change by what the tokens naming them changed."""
    for key in places.acts:
        difference = _act_amount(after, key) - _act_amount(before, key)
        yield from _compare(4, "act", key, difference, changed.acts.get(key, 0))
    for key in places.payments:
        difference = _payment_amount(after, key) - _payment_amount(before, key)
        yield from _compare(4, "payment", key, difference, changed.payments.get(key, 0))
    rows: dict[bytes, int] = {}
    for key in places.hold_rows:
        hold = hold_key(trusted(key)[0])
        _add(rows, hold, _row_amount(after, key) - _row_amount(before, key))
    for key in dict.fromkeys((*places.holds, *rows)):
        difference = _hold_amount(after, key) - _hold_amount(before, key)
        yield from _compare(7, "hold", key, difference, changed.holds.get(key, 0))
        yield from _compare(7, "rows of hold", key, rows.get(key, 0), changed.holds.get(key, 0))
    for key in places.cash:
        difference = _redeemed_cash(after, key) - _redeemed_cash(before, key)
        yield from _compare(6, "cash account", key, difference, changed.redeemed.get(key, 0))


def _consolidation(places: _Places, after: StateReader, before: StateReader | None) -> Iterator[str]:
    """Consolidated plans, of a programme and of a budget, are the individual ones by month (BC 105(3)).

    The change of one is the change of the others; without `before` the whole is compared.
    """
    sums: dict[bytes, list[int]] = {}
    for key in places.plans:
        figures = _plan_change(after, before, key)
        _, line = trusted(key)
        budget, year, _, administrator, programme, *_ = line
        for scope in ((administrator, programme), (None, None)):
            total = sums.setdefault(consolidated_key(budget, year, *scope), [0] * 24)
            for month, figure in enumerate(figures):
                total[month] += figure
    for key in dict.fromkeys((*places.consolidated, *sums)):
        if _consolidated_change(after, before, key) != sums.get(key, [0] * 24):
            yield f"invariant 11: consolidated plan {_name(key)} is not the sum of its plans"


def _plan_change(after: StateReader, before: StateReader | None, key: bytes) -> list[int]:
    new = Plan.find(after, Collection.PLANS, key)
    old = None if before is None else Plan.find(before, Collection.PLANS, key)
    return _difference(new, old)


def _consolidated_change(after: StateReader, before: StateReader | None, key: bytes) -> list[int]:
    new = Consolidated.find(after, Collection.CONSOLIDATED, key)
    old = None if before is None else Consolidated.find(before, Collection.CONSOLIDATED, key)
    return _difference(new, old)


def _difference(new: Plan | Consolidated | None, old: Plan | Consolidated | None) -> list[int]:
    """Twenty-four figures, obligations then payments: what the new has more than the old."""
    to, was = ([0] * 24 if table is None else [*table.obligations, *table.payments] for table in (new, old))
    return [after - before for after, before in zip(to, was, strict=True)]


def _compare(invariant: int, what: str, key: bytes, stated: int, counted: int) -> Iterator[str]:
    if stated != counted:
        yield f"invariant {invariant}: {what} {_name(key)} says {stated} tiyn, its tokens {counted}"


def _act_amount(state: StateReader, key: bytes) -> int:
    act = Act.find(state, Collection.ACTS, key)
    return 0 if act is None or act.is_corrected else act.amount - act.withdrawn


def _payment_amount(state: StateReader, key: bytes) -> int:
    payment = Payment.find(state, Collection.PAYMENTS, key)
    is_executed = payment is not None and payment.status == PaymentStatus.EXECUTED
    return payment.amount - payment.restored if payment is not None and is_executed else 0


def _hold_amount(state: StateReader, key: bytes) -> int:
    hold = Hold.find(state, Collection.HOLDS, key)
    return 0 if hold is None else hold.placed - hold.lifted - hold.consumed


def _row_amount(state: StateReader, key: bytes) -> int:
    held = HoldRow.find(state, Collection.HOLD_ROWS, key)
    return 0 if held is None else held.amount


def _redeemed_cash(state: StateReader, key: bytes) -> int:
    account = CashAccount.find(state, Collection.CASH, key)
    return 0 if account is None else account.redeemed


@dataclass(slots=True)
class _ReceiptSums:
    """By budget and year: figures of the codes less those of all codes, and the accounts' credits and debits
    less those of all codes; all are zero."""

    figures: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    credited: dict[tuple[str, int], int] = field(default_factory=dict)
    debited: dict[tuple[str, int], int] = field(default_factory=dict)

    def add_receipts(self, key: bytes, record: ReceiptsRecord | None, sign: int) -> None:
        if record is None:
            return
        budget, year, code = trusted(key)
        place = (budget, year)
        sums = self.figures.setdefault(place, [0] * 36)
        is_total = code == ALL_RECEIPTS
        for index, figure in enumerate((*record.plan, *record.posted, *record.debited)):
            sums[index] += -sign * figure if is_total else sign * figure
        if is_total:
            self.credited[place] = self.credited.get(place, 0) - sign * record.posted[-1]
            self.debited[place] = self.debited.get(place, 0) - sign * record.debited[-1]

    def add_cash(self, key: bytes, account: CashAccount | None, sign: int) -> None:
        if account is None:
            return
        budget, _, year = trusted(key)
        place = (budget, year)
        credits = sign * (account.opening + account.received)
        self.credited[place] = self.credited.get(place, 0) + credits
        self.debited[place] = self.debited.get(place, 0) + sign * account.debited

    def findings(self) -> Iterator[str]:
        for place, sums in self.figures.items():
            if any(sums):
                yield f"invariant 11: receipts of {place} differ from the sums of their codes"
        for what, sides in (("credits", self.credited), ("debits", self.debited)):
            for place, difference in sides.items():
                if difference:
                    yield f"invariant 6: {what} of {place} differ by {difference} tiyn from the receipts"


def _changed_receipts(after: StateReader, before: StateReader, places: _Places) -> Iterator[str]:
    sums = _ReceiptSums()
    for key in places.receipts:
        sums.add_receipts(key, ReceiptsRecord.find(after, Collection.RECEIPTS, key), 1)
        sums.add_receipts(key, ReceiptsRecord.find(before, Collection.RECEIPTS, key), -1)
    for key in places.cash:
        sums.add_cash(key, CashAccount.find(after, Collection.CASH, key), 1)
        sums.add_cash(key, CashAccount.find(before, Collection.CASH, key), -1)
    yield from sums.findings()


# --- the laws themselves, at one state


def _laws(state: StateReader, places: _Places) -> Iterator[str]:
    """Every law that has a part among these places."""
    programmes = dict.fromkeys(places.appropriations)
    positions = dict.fromkeys(places.plans)
    obligations = dict.fromkeys(places.obligations)
    for scope in places.balances:
        kind, *rest = trusted(scope)
        if kind == PROGRAMME:
            programmes[appropriation_key(*rest)] = None
        elif kind == POSITION:
            positions[plan_key(rest[0], Line(*rest[1]))] = None
        else:
            obligations[obligation_key(*rest)] = None
    for key in places.closings:
        programmes.update(dict.fromkeys(_programmes_of(state, key)))
    for key in programmes:
        yield from _programme_law(state, key)
    for key in positions:
        yield from _plan_law(state, key)
    # one that went to another holder is gone; the obligations that name an agreement ask for theirs below
    recorded = (key for key in places.agreements if state.get(Collection.AGREEMENTS, key) is not None)
    agreements = dict.fromkeys(recorded)
    for key in obligations:
        yield from _obligation_law(state, key, agreements)
    for key in agreements:
        yield from _agreement_law(state, key)
    for key in places.cash:
        account = CashAccount.find(state, Collection.CASH, key)
        if account is not None and account.balance < 0:
            yield f"invariant 6: cash account {_name(key)} stands at {account.balance} tiyn"


def _programme_law(state: StateReader, key: bytes) -> Iterator[str]:
    balance = balance_of(state, encode((PROGRAMME, *trusted(key))))
    known = Appropriation.find(state, Collection.APPROPRIATIONS, key)
    appropriated = 0 if known is None else known.in_force
    counted = balance.total(APPROPRIATED)
    if appropriated != counted:
        yield f"invariant 1: programme {_name(key)} has {appropriated} tiyn, its tokens {counted}"
    if sum(balance.amounts) != balance.issued + balance.received - balance.given:
        yield f"invariant 8: programme {_name(key)} was issued what its tokens are not"
    budget, year, *_ = trusted(key)
    closing = closing_of(state, budget, year)
    left = balance.total(OPEN)
    if closing is not None and closing.status == ClosingStatus.CLOSED and left:
        yield f"invariant 10: programme {_name(key)} keeps {left} tiyn in a closed year"


def _programmes_of(state: StateReader, closing: bytes) -> Iterator[bytes]:
    """The programmes of a budget and year that hold or held money, as keys of appropriations."""
    prefix = prefix_of(5, PROGRAMME, *trusted(closing))
    start = prefix
    while True:
        page = state.scan(Collection.BALANCES, start, PAGE)
        for scope, _ in page:
            if not scope.startswith(prefix):
                return
            yield appropriation_key(*trusted(scope)[1:])
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"


def _plan_law(state: StateReader, key: bytes) -> Iterator[str]:
    holder, values = trusted(key)
    line = Line(*values)
    balance = balance_of(state, position_scope(holder, line))
    found = Plan.find(state, Collection.PLANS, key)
    plan = Plan((0,) * 12, (0,) * 12) if found is None else found
    annual = balance.total(ANNUAL)
    if not plan.obligations[-1] == plan.payments[-1] == annual:
        yield (
            f"invariant 2: plans of {_name(key)} end at {plan.obligations[-1]} and {plan.payments[-1]} tiyn, "
            f"the tokens are {annual}"
        )
    accepted, redeemed = balance.total(ACCEPTED), balance.total(REDEEMED)
    lowest = (accepted, redeemed)
    for month in open_months(state, line.year):
        obligations, payments = plan.obligations[month - 1], plan.payments[month - 1]
        if not redeemed <= payments <= obligations or accepted > obligations:
            yield (
                f"invariant 3: {_name(key)}, month {month}: plans {obligations} and {payments} tiyn, "
                f"accepted {accepted}, redeemed {redeemed}"
            )
        if obligations < lowest[0] or payments < lowest[1]:
            yield f"invariant 3: {_name(key)}: a cumulative plan falls in month {month}"
        lowest = (obligations, payments)


def open_months(state: StateReader, year: int) -> range:
    """Months of a budget year that the operational day has not closed."""
    day = operational_day(state)
    if day is None:
        return range(1, 13)
    open_year, open_month, _ = civil(day)
    return range(1 if year > open_year else open_month if year == open_year else 13, 13)


def _obligation_law(state: StateReader, key: bytes, agreements: dict[bytes, None]) -> Iterator[str]:
    holder, name = trusted(key)
    counted = sum(balance_of(state, obligation_scope(holder, name)).amounts)
    obligation = Obligation.find(state, Collection.OBLIGATIONS, key)
    stated = 0 if obligation is None else obligation.amount
    yield from _compare(4, "obligation", key, stated, counted)
    if obligation is not None and obligation.agreement is not None:
        agreements[agreement_key(holder, obligation.agreement)] = None


def _agreement_law(state: StateReader, key: bytes) -> Iterator[str]:
    agreement = Agreement.find(state, Collection.AGREEMENTS, key)
    if agreement is None:
        yield f"invariant 5: agreement {_name(key)} is not recorded"
        return
    holder, _ = trusted(key)
    used = 0
    for name in agreement.obligations:
        used += balance_of(state, obligation_scope(holder, name)).total(UNDER_AGREEMENT)
    if used > agreement.total:
        yield f"invariant 5: agreement {_name(key)} of {agreement.total} tiyn carries {used}"


def _name(key: bytes) -> str:
    """A structured key, for people."""
    return "/".join(_word(part) for part in trusted(key))


def _word(part: object) -> str:
    return "/".join(_word(item) for item in part) if isinstance(part, tuple) else str(part)


# --- the whole state


def _full_findings(state: StateReader) -> Iterator[str]:
    sums, receipts, places = _Sums(), _ReceiptSums(), _Places()
    ids: set[int] = set()
    for key, value in _all(state, Collection.TOKENS):
        token, token_key = Token.decode(value), TokenKey.decode(key)
        yield from _token_form(token_key, token)
        if token.id in ids:
            yield f"invariant 9: token id {token.id} stands twice"
        ids.add(token.id)
        sums.add(token_key, token.amount)
    for collection, name in _COLLECTIONS.items():
        getattr(places, name).update((key, None) for key, _ in _all(state, collection))
    places.balances.update(dict.fromkeys(sums.scopes))
    given = received = 0
    for scope in places.balances:
        balance = balance_of(state, scope)
        received, given = received + balance.received, given + balance.given
        if list(balance.amounts) != sums.scopes.get(scope, [0] * SLOTS):
            yield f"invariant 11: balance {_name(scope)} is not the sum of its tokens"
    if received != given:
        yield f"invariant 8: programmes received {received} tiyn and gave {given}"
    yield from _full_documents(state, places, sums)
    for key in places.receipts:
        receipts.add_receipts(key, ReceiptsRecord.find(state, Collection.RECEIPTS, key), 1)
    for key in places.cash:
        receipts.add_cash(key, CashAccount.find(state, Collection.CASH, key), 1)
    yield from receipts.findings()
    yield from _consolidation(places, state, None)
    yield from _laws(state, places)


def _full_documents(state: StateReader, places: _Places, sums: _Sums) -> Iterator[str]:
    for key in dict.fromkeys((*places.acts, *sums.acts)):
        yield from _compare(4, "act", key, _act_amount(state, key), sums.acts.get(key, 0))
    for key in dict.fromkeys((*places.payments, *sums.payments)):
        yield from _compare(4, "payment", key, _payment_amount(state, key), sums.payments.get(key, 0))
    rows: dict[bytes, int] = {}
    for key in places.hold_rows:
        _add(rows, hold_key(trusted(key)[0]), _row_amount(state, key))
    for key in dict.fromkeys((*places.holds, *sums.holds, *rows)):
        yield from _compare(7, "hold", key, _hold_amount(state, key), sums.holds.get(key, 0))
        yield from _compare(7, "rows of hold", key, rows.get(key, 0), sums.holds.get(key, 0))
    for key in dict.fromkeys((*places.cash, *sums.redeemed)):
        yield from _compare(6, "cash account", key, _redeemed_cash(state, key), sums.redeemed.get(key, 0))


def _all(state: StateReader, collection: str) -> Iterator[tuple[bytes, bytes]]:
    start = b""
    while True:
        page = state.scan(collection, start, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"
