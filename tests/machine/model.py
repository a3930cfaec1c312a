"""A naive model of the money: plain dicts, added to and taken from by what each document says.

It keeps every amount under the eight parts that the ledger's pages name (line, holder, expense id, stage,
hold, obligation, act, payment) and knows nothing of the rules: a document that the ledger took is carried out
here in its own words, and then both must stand the same. Cash and plans likewise, and who may act.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from chain.block import Change
from chain.codec import encode
from chain.genesis import Params
from contracts.actions import REGISTER
from contracts.calendar import civil
from contracts.records import Asked as Waiting
from contracts.records import CashAccount, Closing, ClosingStatus, Collection, Plan, Token, trusted

REQUESTED, APPROVED, ADOPTED, ALLOCATED, REGISTERED, PAYABLE, RETAINED, ADVANCED, PAID = range(9)
RECOVERED, DECLINED, REFINED, SEQUESTERED, LAPSED, CARRIED = range(9, 15)
MONEY = range(ADOPTED, 10)
ENDED = frozenset({7, 8, 9, 10, 11, 12, 13, 14})
"""Stages that a closed year may hold."""

ABP = {"226": "moh", "228": "mot"}
LOWER = ("111240000001", "02.abai")
"""The payee whose transfers arrive in a lower budget, and the budget."""

Place = tuple[Any, ...]
"""line, holder, expense, stage, hold, obligation, act, payment"""


class Unknown(Exception):
    """The document is about something whose beginning the model did not see."""


@dataclass
class Deal:
    """An obligation: where it stands and what became of it."""

    line: Place
    expense: str | None
    agreement: str | None
    amount: int
    is_open: bool = True
    receiver: str | None = None
    is_penalty: bool = False
    advances: list[str] = field(default_factory=list)


@dataclass
class Contract:
    kind: str
    money: str
    total: int
    deals: list[str]
    year: int
    commissioned: bool = False
    debts: list[str] = field(default_factory=list)


@dataclass
class Signed:
    """An act."""

    deal: str
    worked: list[tuple[str, int]]
    retained: int
    payable: int


@dataclass
class Asked:
    """A payment request."""

    deal: str
    act: str | None
    is_advance: bool
    amount: int


@dataclass
class Held:
    """A block or a decision; rows by serial: [place without hold, amount, block it came from]."""

    kind: str
    rows: dict[int, list[Any]] = field(default_factory=dict)
    last: int = 0
    cursor: int = 0


@dataclass
class Model:
    """Everything that the documents so far say."""

    tokens: dict[Place, int] = field(default_factory=dict)
    positions: dict[Place, dict[Place, None]] = field(default_factory=dict)
    plans: dict[tuple[str, Place], list[list[int]]] = field(default_factory=dict)
    cash: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    deals: dict[tuple[str, str], Deal] = field(default_factory=dict)
    contracts: dict[tuple[str, str], Contract] = field(default_factory=dict)
    acts: dict[tuple[str, str], Signed] = field(default_factory=dict)
    payments: dict[tuple[str, str], Asked] = field(default_factory=dict)
    asked: dict[tuple[str, str], tuple[Place, int, int]] = field(default_factory=dict)
    transfers: dict[tuple[str, str], str] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    items: dict[Place, tuple[str, str, str, str]] = field(default_factory=dict)
    statuses: dict[Place, str] = field(default_factory=dict)
    quarters: dict[Place, int] = field(default_factory=dict)
    listed: dict[Place, int] = field(default_factory=dict)
    closing: dict[tuple[str, int], dict[Place, dict[int, int]]] = field(default_factory=dict)
    waiting: dict[int, tuple[str, str, tuple[Any, ...]]] = field(default_factory=dict)
    touched: dict[Place, int] = field(default_factory=dict)
    planned: dict[tuple[str, Place], None] = field(default_factory=dict)
    year: int = 2026
    month: int = 1
    day: int = 0
    retention: int = 95
    life: int = 10
    followed: Counter[str] = field(default_factory=Counter)
    unfollowed: Counter[str] = field(default_factory=Counter)

    # --- moving amounts

    def of(self, place: Place) -> int:
        return self.tokens.get(place, 0)

    def add(self, place: Place, amount: int) -> None:
        """An amount comes (or, below zero, goes)."""
        left = self.tokens.get(place, 0) + amount
        assert left >= 0, f"{-amount} taken from {place}, which holds {left - amount}"
        self.touched.setdefault(place, left - amount)
        self.put(place, left)

    def put(self, place: Place, amount: int) -> None:
        """So much stands there now."""
        position = self.positions.setdefault(place[:2], {})
        if amount:
            self.tokens[place] = amount
            position[place] = None
        else:
            self.tokens.pop(place, None)
            position.pop(place, None)

    def move(self, source: Place, target: Place, amount: int) -> None:
        self.add(source, -amount)
        self.add(target, amount)

    def deal(self, holder: str, name: str) -> Deal:
        found = self.deals.get((holder, name))
        if found is None:
            raise Unknown(name)
        return found

    def sum_of(self, holder: str, name: str, stages: Iterable[int]) -> int:
        """Everything of an obligation in these stages."""
        wanted = frozenset(stages)
        deal = self.deal(holder, name)
        return sum(
            amount
            for place, amount in self.tokens_of(deal.line, holder)
            if place[5] == name and place[3] in wanted
        )

    def sums_of(self, budget: str, year: int) -> dict[Place, dict[int, int]]:
        """By programme of a budget and year: the amounts by stage."""
        found: dict[Place, Counter[int]] = {}
        for place, amount in self.tokens.items():
            line = place[0]
            if line[:2] == (budget, year):
                found.setdefault((*line[:2], *line[3:5]), Counter())[place[3]] += amount
        return {programme: dict(sorted(sums.items())) for programme, sums in found.items()}

    def tokens_of(self, line: Place, holder: str) -> list[tuple[Place, int]]:
        return [(place, self.tokens[place]) for place in self.positions.get((line, holder), ())]

    # --- one document

    def scopes_of(self, place: Place) -> list[tuple[bytes, int]]:
        """The totals that an amount is part of, each with its slot."""
        line, holder, _, stage, hold, obligation, _, _ = place
        slot = stage if hold is None else {ADOPTED: 15, ALLOCATED: 16}[stage]
        found = [(encode((1, line[0], line[1], line[3], line[4])), slot)]
        if line[6] is not None:
            found.append((encode((2, holder, line)), slot))
        if obligation is not None:
            found.append((encode((3, holder, obligation)), slot))
        return found

    def follow(self, action: str, institution: str, arguments: Any, changes: list[Change]) -> None:
        """Carry out a document that the ledger took, and compare what it touched."""
        self.touched.clear()
        self.planned.clear()
        effect = EFFECTS.get(action)
        try:
            if effect is None:
                raise Unknown(action)
            effect(self, institution, arguments, changes)
        except Unknown:
            for place, before in self.touched.items():
                self.put(place, before)
            self.take_over(action, changes)
            if any(change.collection == Collection.TOKENS for change in changes):
                self.unfollowed[action] += 1
        else:
            self.followed[action] += 1
            self._compare(action, changes)

    def _compare(self, action: str, changes: list[Change]) -> None:
        stated: dict[Place, int] = {}
        for change in changes:
            if change.collection == Collection.TOKENS:
                value = change.new_value
                stated[trusted(change.key)] = 0 if value is None else Token.decode(value).amount
            elif change.collection == Collection.CASH:
                self._compare_cash(action, change)
            elif change.collection == Collection.PLANS:
                self._compare_plan(action, change)
            elif change.collection == Collection.ASKED:
                self._compare_asked(action, change)
        for place in {**stated, **self.touched}:
            expected = stated.get(place, self.touched.get(place, 0))
            assert self.of(place) == expected, (
                f"{action}: the model has {self.of(place)} at {place}, the ledger {expected}"
            )

    def _compare_cash(self, action: str, change: Change) -> None:
        assert change.new_value is not None
        account = CashAccount.decode(change.new_value)
        budget, source, year = trusted(change.key)
        found = self.cash.get((budget, source, year), [0])[0]
        assert found == account.balance, (
            f"{action}: cash {found} in the model, {account.balance} in the ledger"
        )

    def _compare_asked(self, action: str, change: Change) -> None:
        """By day, what waits for the same money; days that expired under any life of requests may be gone."""
        money, found = trusted(change.key), Counter[int]()
        for place, day, amount in self.asked.values():
            if place == money:
                found[day] += amount
        days = () if change.new_value is None else Waiting.decode(change.new_value).days
        stated = {entry[0]: entry[1] for entry in days}
        assert stated.items() <= found.items(), f"{action}: {stated} asked of {money}, {found} in the model"
        assert all(day in stated for day in found if day >= self.day - self.life), f"{action}: {money}"

    def _compare_plan(self, action: str, change: Change) -> None:
        holder, line = trusted(change.key)
        if change.new_value is None:
            assert (holder, line) not in self.plans, f"{action}: the plan of {holder} {line} is gone"
            return
        plan = Plan.decode(change.new_value)
        found = self.plans[(holder, line)]
        assert found == [list(plan.obligations), list(plan.payments)], f"{action}: plan of {holder} {line}"

    def take_over(self, action: str, changes: list[Change]) -> None:
        """What the model cannot follow it takes over, if no tiyn came from nowhere."""
        difference = 0
        for change in changes:
            if change.collection == Collection.TOKENS:
                place = trusted(change.key)
                new = 0 if change.new_value is None else Token.decode(change.new_value).amount
                difference += new - self.of(place)
                self.put(place, new)
            elif change.collection == Collection.CASH and change.new_value is not None:
                self.cash[trusted(change.key)] = [CashAccount.decode(change.new_value).balance]
            elif change.collection == Collection.PLANS:
                if change.new_value is None:
                    self.plans.pop(trusted(change.key), None)
                else:
                    plan = Plan.decode(change.new_value)
                    self.plans[trusted(change.key)] = [list(plan.obligations), list(plan.payments)]
        assert difference == 0 or action in ISSUING, f"{action}: {difference} tiyn came from nowhere"

    # --- plans

    def lower(self, holder: str, line: Place, cut: int) -> None:
        """A cut takes from the months of both plans, December first, down to the open month."""
        first = self.month if line[1] == self.year else 1
        for table in self.plans[(holder, line)]:
            annual = table[11] - cut
            for month in range(first - 1, 12):
                table[month] = min(table[month], annual)


ISSUING = frozenset(
    {"budget.adopt", "budget.refine", "budget.adjust", "request.form", "budget.quarter", "approval.sign"}
)

Effect = Callable[[Model, str, Any, list[Change]], None]
EFFECTS: dict[str, Effect] = {}


def effect(*actions: str) -> Callable[[Effect], Effect]:
    def register(carry_out: Effect) -> Effect:
        for action in actions:
            EFFECTS[action] = carry_out
        return carry_out

    return register


def named(action: str, arguments: Any) -> dict[str, Any]:
    """The fields of a document by name."""
    shape = REGISTER[(action, 1)].arguments
    return {name: value for (name, _), value in zip(shape.fields, arguments, strict=True)}  # type: ignore[attr-defined]


def place_of(line: Place, holder: str, expense: str | None, stage: int, **more: str | None) -> Place:
    return (
        line, holder, expense, stage, more.get("hold"), more.get("obligation"), more.get("act"),
        more.get("payment"),
    )  # fmt: skip


def pool_of(line: Place, expense: str | None = None) -> Place:
    head = (*line[:5], None, None)
    return place_of(head, ABP[line[3]], expense, ADOPTED)


# --- the budget and its plans


@effect("treasury.open_day")
def open_day(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    model.day = arguments[0]
    model.year, model.month, _ = civil(arguments[0])


@effect("budget.adopt")
def adopt(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    law = named("budget.adopt", arguments)
    head = (law["budget"], law["year"])
    for row in law["programmes"]:
        place, amount = (*head, row[2], row[3]), row[4]
        pool = pool_of((*head, law["source"], row[2], row[3], None, None))
        wanted = amount - model.quarters.pop(place, 0)
        model.add(pool, wanted - _settle_request(model, place, pool, wanted))
    for administrator, programme in law["left_out"]:
        _settle_request(model, (*head, administrator, programme), (), 0)


def _settle_request(model: Model, programme: Place, pool: Place, wanted: int) -> int:
    """approved -> adopted up to what the law gives, item by item; everything else that was asked for is
    declined. Returns what was adopted."""
    status = model.statuses.get(programme)
    left = wanted if status == "senate" else 0
    items = sorted((key for key in model.items if key[:4] == programme), key=lambda key: encode(key[4]))
    for key in items:
        approved = _item_place(model, key, APPROVED)
        part = min(left, model.of(approved))
        if part:
            model.move(approved, pool, part)
            left -= part
        if _live(model, key):
            _decline(model, key, _live(model, key))
    return wanted - left if status == "senate" else 0


@effect("budget.quarter")
def adopt_quarter(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    plan = named("budget.quarter", arguments)
    head = (plan["budget"], plan["year"])
    for row in plan["programmes"]:
        amount = row[4] // 40_000 * 10_000
        model.quarters[(*head, row[2], row[3])] = amount
        model.add(pool_of((*head, plan["source"], row[2], row[3], None, None)), amount)


# --- the end of a year


@effect("carry-over.list")
def list_carry_over(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    document = named("carry-over.list", arguments)
    for administrator, programme, amount in document["rows"]:
        model.listed[(document["budget"], document["year"], administrator, programme)] = amount


@effect("year.close")
def close(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    """Money by money it is taken over; when the last is done, each programme must have become what it had."""
    budget, year, _ = arguments
    if (budget, year) not in model.closing:
        model.closing[(budget, year)] = model.sums_of(budget, year)
    model.take_over("year.close", changes)
    is_done = any(
        change.collection == Collection.CLOSINGS
        and change.new_value is not None
        and Closing.decode(change.new_value).status == ClosingStatus.CLOSED
        for change in changes
    )
    if not is_done:
        return
    after = model.sums_of(budget, year)
    for programme, before in model.closing.pop((budget, year)).items():
        assert after[programme] == _closed(before, model.listed.get(programme, 0)), f"{programme} closed"
    model.touched.clear()


def _closed(before: dict[int, int], listed: int) -> dict[int, int]:
    """What the amounts of a programme by stage become: requests are declined, what is unused lapses save what
    the list carries over, what is due is carried as a debt, what is paid stays."""
    unused = sum(before.get(stage, 0) for stage in (ADOPTED, ALLOCATED, REGISTERED))
    carried = min(unused, listed)
    after = {stage: amount for stage, amount in before.items() if stage in ENDED}
    for stage, amount in (
        (DECLINED, before.get(REQUESTED, 0) + before.get(APPROVED, 0)),
        (LAPSED, unused - carried),
        (CARRIED, carried + before.get(PAYABLE, 0) + before.get(RETAINED, 0)),
    ):
        after[stage] = after.get(stage, 0) + amount
    return {stage: amount for stage, amount in sorted(after.items()) if amount}


@effect("plan.approve")
def approve(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    budget, year, source, programme, rows = arguments
    code = {name: code for code, name in ABP.items()}[institution]
    for holder, subprogramme, specific, expense, obligations, payments in rows:
        line = (budget, year, source, code, programme, subprogramme, specific)
        amount = obligations[11]
        allocated = place_of(line, holder, expense, ALLOCATED)
        owned = min(amount, model.of(pool_of(line, expense))) if expense is not None else 0
        for pool, part in ((pool_of(line, expense), owned), (pool_of(line), amount - owned)):
            if part:
                model.move(pool, allocated, part)
        before = model.plans.setdefault((holder, line), [[0] * 12, [0] * 12])
        for table, figures in zip(before, (obligations, payments), strict=True):
            table[:] = [one + other for one, other in zip(table, figures, strict=True)]


@effect("plan.amend")
def amend_plan(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    document = named("plan.amend", arguments)
    code = {name: code for code, name in ABP.items()}[institution]
    for holder, subprogramme, specific, expense, obligations, payments in document["plans"]:
        if expense is not None:
            raise Unknown("an expense id")
        line = (
            document["budget"],
            document["year"],
            document["source"],
            code,
            document["programme"],
            subprogramme,
            specific,
        )
        before = model.plans.setdefault((holder, line), [[0] * 12, [0] * 12])
        grown = obligations[11] - before[0][11]
        before[0][:], before[1][:] = list(obligations), list(payments)
        allocated = place_of(line, holder, None, ALLOCATED)
        if grown < 0:
            model.move(allocated, pool_of(line), -grown)
    for holder, subprogramme, specific, _, obligations, _ in document["plans"]:
        line = (
            document["budget"],
            document["year"],
            document["source"],
            code,
            document["programme"],
            subprogramme,
            specific,
        )
        allocated = place_of(line, holder, None, ALLOCATED)
        standing = sum(
            amount for place, amount in model.tokens_of(line, holder) if place[3] in (*MONEY, 13, 14)
        )
        missing = obligations[11] - standing
        if missing > 0:
            model.move(pool_of(line), allocated, missing)


@effect("plan.recode")
def recode(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    document = named("plan.recode", arguments)
    head = (document["budget"], document["year"], document["source"])
    routes = {}
    for old, new in document["rows"]:
        if None in (old[3], new[3]):
            raise Unknown("a pool")
        routes[(old[0], (*head, *old[1:]))] = (new[0], (*head, *new[1:]))
    for (holder, line), (target, other) in routes.items():
        for place, amount in model.tokens_of(line, holder):
            if place[3] in MONEY:
                model.move(place, (other, target, *place[2:]), amount)
        moved = [name for (owner, name), deal in model.deals.items() if owner == holder and deal.line == line]
        for name in moved:
            model.deals[(holder, name)].line = other
        if target != holder:
            _hand_over(model, holder, target, moved)
        tables = model.plans.pop((holder, line), None)
        if tables is not None:
            into = model.plans.setdefault((target, other), [[0] * 12, [0] * 12])
            for table, figures in zip(into, tables, strict=True):
                table[:] = [one + more for one, more in zip(table, figures, strict=True)]


def _hand_over(model: Model, holder: str, target: str, names: list[str]) -> None:
    """The papers of these obligations are another institution's from now on."""
    for name in names:
        deal = model.deals.pop((holder, name))
        model.deals[(target, name)] = deal
        if deal.agreement is not None and (holder, deal.agreement) in model.contracts:
            model.contracts[(target, deal.agreement)] = model.contracts.pop((holder, deal.agreement))
    for number in [key[1] for key, act in model.acts.items() if key[0] == holder and act.deal in names]:
        model.acts[(target, number)] = model.acts.pop((holder, number))
    for number in [key[1] for key, one in model.payments.items() if key[0] == holder and one.deal in names]:
        model.payments[(target, number)] = model.payments.pop((holder, number))


@effect("budget.refine")
def refine(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    law = named("budget.refine", arguments)
    for administrator, programme, amount in law["increases"]:
        line = (law["budget"], law["year"], law["source"], administrator, programme, None, None)
        model.add(pool_of(line), amount)
    if law["hold"] is not None:
        _cut(model, law["hold"], law["rows"], REFINED)


@effect("sequester.apply")
def apply(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    name, count = arguments
    _cut(model, name, count, SEQUESTERED)


def _cut(model: Model, name: str, count: int, stage: int) -> None:
    """The next rows of a hold are annulled, and the plans of positions lowered."""
    held = model.holds[name]
    for serial in range(held.cursor + 1, min(held.cursor + count, held.last) + 1):
        row = held.rows.pop(serial, None)
        held.cursor = serial
        if row is None:
            continue
        place, amount, _ = row
        model.move((*place[:4], name, *place[5:]), (*place[:3], stage, None, None, None, None), amount)
        if place[3] == ALLOCATED:
            model.lower(place[1], place[0], amount)


@effect("budget.adjust")
def adjust(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    act = named("budget.adjust", arguments)
    head = (act["budget"], act["year"], act["source"])
    for giver, given, expense, administrator, programme, amount in act["rows"]:
        target = pool_of((*head, administrator, programme))
        if giver is None:
            model.add(target, amount)
        else:
            model.move(pool_of((*head, giver, given), expense), target, amount)


# --- requests


def _item_place(model: Model, key: Place, stage: int) -> Place:
    """Where the money of an item stands: with its institution, under its own expense id."""
    budget, year, administrator, programme, expense = key
    source, holder, subprogramme, specific = model.items[key]
    line = (budget, year, source, administrator, programme, subprogramme, specific)
    return place_of(line, holder, expense, stage)


def _decline(model: Model, key: Place, amount: int) -> None:
    """Requested first, then approved."""
    for stage in (REQUESTED, APPROVED):
        source = _item_place(model, key, stage)
        part = min(amount, model.of(source))
        if part:
            model.move(source, _item_place(model, key, DECLINED), part)
            amount -= part
    assert not amount, f"{amount} more is declined of {key} than was asked for"


def _live(model: Model, key: Place) -> int:
    return sum(model.of(_item_place(model, key, stage)) for stage in (REQUESTED, APPROVED))


@effect("request.form")
def form(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    budget, year, source, programme, items = arguments
    administrator = institution.removeprefix("gu-")[:3]
    for expense, subprogramme, specific, *_, amount in items:
        key = (budget, year, administrator, programme, expense)
        now = (source, institution, subprogramme, specific)
        if key in model.items:
            kept = min(_live(model, key), amount) if model.items[key] == now else 0
            if _live(model, key) > kept:
                _decline(model, key, _live(model, key) - kept)
        model.items[key] = now
        missing = amount - _live(model, key)
        if missing > 0:
            model.add(_item_place(model, key, REQUESTED), missing)
    model.statuses[(budget, year, administrator, programme)] = "formed"


@effect("request.consolidate")
def consolidate(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    document = named("request.consolidate", arguments)
    code = {name: code for code, name in ABP.items()}[institution]
    for expense, down in document["reductions"]:
        _decline(model, (document["budget"], document["year"], code, document["programme"], expense), down)
    model.statuses[(document["budget"], document["year"], code, document["programme"])] = "consolidated"


@effect("request.decide")
def decide_request(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    document = named("request.decide", arguments)
    head = (document["budget"], document["year"], document["administrator"], document["programme"])
    for expense, down in document["reductions"]:
        _decline(model, (*head, expense), down)
    model.statuses[head] = document["status"]
    if document["status"] == "mof":
        for key in [key for key in model.items if key[:4] == head]:
            requested = _item_place(model, key, REQUESTED)
            if model.of(requested):
                model.move(requested, _item_place(model, key, APPROVED), model.of(requested))


@effect("request.return")
def send_back(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    budget, year, administrator, programme, status, *_ = arguments
    model.statuses[(budget, year, administrator, programme)] = status


@effect("request.align")
def align(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    budget, year, source, programme, rows = arguments
    code = {name: code for code, name in ABP.items()}[institution]
    line = (budget, year, source, code, programme, None, None)
    for expense, up, down in rows:
        free, owned = pool_of(line), pool_of(line, expense)
        model.move(*((free, owned, up) if up else (owned, free, down)))


# --- agreements and obligations


@effect("agreement.register")
def register(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    budget, year, source, agreements = arguments
    code = institution.removeprefix("gu-")[:3]
    for values in agreements:
        row = _row("agreement.register", values)
        names = []
        for name, subprogramme, specific, expense, amount, *_ in row["obligations"]:
            line = (budget, year, source, code, row["programme"], subprogramme, specific)
            model.move(
                place_of(line, institution, expense, ALLOCATED),
                place_of(line, institution, expense, REGISTERED, obligation=name),
                amount,
            )
            model.deals[(institution, name)] = Deal(line, expense, row["number"], amount)
            names.append(name)
        model.contracts[(institution, row["number"])] = Contract(
            row["kind"], row["money"], row["total"], names, year
        )


def _row(action: str, values: Any) -> dict[str, Any]:
    """The fields of a row of the last list of an action."""
    _, rows = REGISTER[(action, 1)].arguments.fields[-1]  # type: ignore[attr-defined]
    return {name: value for (name, _), value in zip(rows.item.fields, values, strict=True)}


@effect("agreement.amend")
def amend(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    document = named("agreement.amend", arguments)
    contract = model.contracts.get((institution, document["agreement"]))
    if contract is None:
        raise Unknown("an agreement")
    contract.total = document["total"]
    for values in document["obligations"]:
        row = _row("agreement.amend", values)
        name, amount = row["obligation"], row["amount"]
        deal = model.deal(institution, name)
        difference = amount - deal.amount
        free = place_of(deal.line, institution, deal.expense, ALLOCATED)
        registered = place_of(deal.line, institution, deal.expense, REGISTERED, obligation=name)
        if difference > 0:
            model.move(free, registered, difference)
        elif difference < 0:
            model.move(registered, free, -difference)
        deal.amount = amount
        deal.is_open = amount > model.sum_of(institution, name, (PAID,))


@effect("agreement.terminate")
def terminate(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    contract = model.contracts.get((institution, arguments[0]))
    if contract is None:
        raise Unknown("an agreement")
    for name in contract.deals if contract.year == model.year else ():
        deal = model.deal(institution, name)
        if deal.line[1] != contract.year:
            continue
        registered = place_of(deal.line, institution, deal.expense, REGISTERED, obligation=name)
        unused = model.of(registered)
        if unused:
            model.move(registered, place_of(deal.line, institution, deal.expense, ALLOCATED), unused)
        deal.amount -= unused
        deal.is_open = False


def _accept_debt(model: Model, holder: str, head: Place, row: dict[str, Any]) -> None:
    """What a closed year left is due from money of this one: as before, or kept until commissioning."""
    before = model.deal(holder, row["debt"])
    contract = None if before.agreement is None else model.contracts.get((holder, before.agreement))
    is_kept = row["kind"] == "retention" and not (contract is not None and contract.commissioned)
    line = (*head, row["programme"], row["subprogramme"], row["specific"])
    name, amount = row["obligation"], row["amount"]
    model.move(
        place_of(line, holder, row["expense"], ALLOCATED),
        place_of(line, holder, row["expense"], RETAINED if is_kept else PAYABLE, obligation=name),
        amount,
    )
    model.deals[(holder, name)] = Deal(
        line, row["expense"], None, amount, receiver=before.receiver, is_penalty=before.is_penalty
    )
    if contract is not None:
        contract.debts.append(name)


@effect("agreement.penalty")
def penalize(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    document = named("agreement.penalty", arguments)
    name, penalty, act, amount = (document[key] for key in ("obligation", "penalty", "act", "amount"))
    deal = model.deal(institution, name)
    contract = model.contracts.get((institution, document["agreement"]))
    if contract is None:
        raise Unknown("an agreement")
    stage = REGISTERED if act is None else PAYABLE
    source = place_of(deal.line, institution, deal.expense, stage, obligation=name, act=act)
    model.move(source, (*source[:5], penalty, *source[6:]), amount)
    contract.deals.append(penalty)
    model.deals[(institution, penalty)] = Deal(
        deal.line, deal.expense, deal.agreement, amount, is_penalty=True
    )
    deal.amount -= amount
    if deal.is_open:
        deal.is_open = deal.amount > model.sum_of(institution, name, (PAID,))


@effect("agreement.reregister")
def reregister(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    budget, year, source, agreements = arguments
    code = institution.removeprefix("gu-")[:3]
    for number, _, _, _, rows in agreements:
        contract = model.contracts.get((institution, number))
        if contract is None:
            raise Unknown("an agreement")
        programme = model.deal(institution, contract.deals[0]).line[4]
        contract.year = year
        for name, subprogramme, specific, expense, amount, _, previous, *_ in rows:
            line = (budget, year, source, code, programme, subprogramme, specific)
            free = place_of(line, institution, expense, ALLOCATED)
            model.move(free, place_of(line, institution, expense, REGISTERED, obligation=name), amount)
            deal = model.deals[(institution, name)] = Deal(line, expense, number, amount)
            contract.deals.append(name)
            if previous is not None:
                before = model.deal(institution, previous)
                deal.advances, before.advances, before.is_open = before.advances, [], False


@effect("obligation.accept")
def accept(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    budget, year, source, rows = arguments
    code = institution.removeprefix("gu-")[:3]
    for values in rows:
        row = _row("obligation.accept", values)
        if row["kind"] in ("debt", "retention"):
            _accept_debt(model, institution, (budget, year, source, code), row)
            continue
        line = (budget, year, source, code, row["programme"], row["subprogramme"], row["specific"])
        name, amount = row["obligation"], row["amount"]
        model.move(
            place_of(line, institution, row["expense"], ALLOCATED),
            place_of(line, institution, row["expense"], PAYABLE, obligation=name),
            amount,
        )
        is_transfer = (row["kind"], row["payee"]) == ("transfer", LOWER[0])
        receiver = LOWER[1] if is_transfer else None
        model.deals[(institution, name)] = Deal(line, row["expense"], None, amount, receiver=receiver)


# --- acts


@effect("act.sign")
def sign(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for values in arguments[0]:
        row = _row("act.sign", values)
        _perform(model, institution, row["act"], row["obligation"], row["amount"])


def _perform(model: Model, holder: str, act: str, name: str, amount: int) -> None:
    deal = model.deal(holder, name)
    if deal.agreement is None or (holder, deal.agreement) not in model.contracts:
        raise Unknown("an agreement")
    registered = place_of(deal.line, holder, deal.expense, REGISTERED, obligation=name)
    left = model.of(registered)
    outstanding = sum(model.of(_advance(model, holder, payment)) for payment in deal.advances)
    worked = outstanding * amount // (left + outstanding)
    due = amount - worked
    retained = 0
    if not deal.is_penalty:
        retained = _retention(model, holder, model.contracts[(holder, deal.agreement)], due)
    parts = []
    for payment in list(deal.advances):
        advanced = _advance(model, holder, payment)
        part = min(worked, model.of(advanced))
        if part:
            model.move(advanced, _worked(advanced, act), part)
            parts.append((payment, part))
            worked -= part
        if not model.of(advanced):
            deal.advances.remove(payment)
    for stage, part in ((RETAINED, retained), (PAYABLE, due - retained)):
        if part:
            model.move(
                registered, place_of(deal.line, holder, deal.expense, stage, obligation=name, act=act), part
            )
    model.acts[(holder, act)] = Signed(name, parts, retained, due - retained)


def _advance(model: Model, holder: str, payment: str) -> Place:
    """Where an advance stands until acts work it off: under the obligation that it was paid for."""
    name = model.payments[(holder, payment)].deal
    deal = model.deal(holder, name)
    return place_of(deal.line, holder, deal.expense, ADVANCED, obligation=name, payment=payment)


def _worked(advance: Place, act: str) -> Place:
    return (*advance[:3], PAID, *advance[4:6], act, advance[7])


def _retention(model: Model, holder: str, contract: Contract, due: int) -> int:
    """Works: what would bring paid, advanced and payable above the ceiling waits for commissioning."""
    if contract.kind != "works" or contract.commissioned or contract.money != "ordinary":
        return 0
    if any(model.sum_of(holder, name, (CARRIED,)) for name in contract.deals):
        raise Unknown("a debt")
    reached = sum(model.sum_of(holder, name, (PAID, ADVANCED, PAYABLE)) for name in contract.deals)
    return min(due, max(0, reached + due - contract.total * model.retention // 100))


@effect("act.correct")
def correct(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    name = arguments[0]
    act = model.acts.pop((institution, name), None)
    if act is None:
        raise Unknown("an act")
    deal = model.deal(institution, act.deal)
    back = {"obligation": act.deal} if deal.is_open else {}
    target = place_of(deal.line, institution, deal.expense, REGISTERED if deal.is_open else ALLOCATED, **back)
    for stage, part in ((PAYABLE, act.payable), (RETAINED, act.retained)):
        if part:
            source = place_of(deal.line, institution, deal.expense, stage, obligation=act.deal, act=name)
            model.move(source, target, part)
    for payment, part in act.worked:
        advance = _advance(model, institution, payment)
        model.move(_worked(advance, name), advance, part)
    again = [payment for payment, _ in act.worked]
    deal.advances = again + [one for one in deal.advances if one not in again]
    if not deal.is_open:
        deal.amount -= act.payable + act.retained


@effect("obligation.correct")
def take_back(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    name, act_name, stated, _ = arguments
    deal = model.deal(institution, name)
    if act_name is not None and (institution, act_name) not in model.acts:
        raise Unknown("an act")
    source = place_of(deal.line, institution, deal.expense, PAYABLE, obligation=name, act=act_name)
    kept = (*source[:3], RETAINED, *source[4:])
    if act_name is None and model.of(kept):
        source = kept
    amount = model.of(source) if stated is None else stated
    is_registered = act_name is not None and deal.is_open
    back = {"obligation": name} if is_registered else {}
    stage = REGISTERED if is_registered else ALLOCATED
    model.move(source, place_of(deal.line, institution, deal.expense, stage, **back), amount)
    if not is_registered:
        deal.amount -= amount
    if act_name is not None:
        model.acts[(institution, act_name)].payable -= amount


@effect("act.commission")
def commission(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    contract = model.contracts.get((institution, arguments[0]))
    if contract is None:
        raise Unknown("an agreement")
    contract.commissioned = True
    for name in contract.debts:
        deal = model.deal(institution, name)
        kept = place_of(deal.line, institution, deal.expense, RETAINED, obligation=name)
        if deal.line[1] == model.year and model.of(kept):
            model.move(kept, (*kept[:3], PAYABLE, *kept[4:]), model.of(kept))
    for name in contract.deals:
        deal = model.deal(institution, name)
        for place, amount in model.tokens_of(deal.line, institution):
            if place[5] == name and place[3] == RETAINED and deal.line[1] == contract.year:
                model.move(place, (*place[:3], PAYABLE, *place[4:]), amount)


# --- payments


@effect("payment.request")
def request(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for values in arguments[0]:
        row = _row("payment.request", values)
        model.payments[(institution, row["number"])] = Asked(
            row["obligation"], row["act"], row["is_advance"], row["amount"]
        )
        money = (institution, row["obligation"], row["act"], row["is_advance"])
        model.asked[(institution, row["number"])] = (money, model.day, row["amount"])


@effect("payment.refuse")
def refuse(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for holder, number, *_ in arguments[0]:
        del model.asked[(holder, number)]


def _paid(deal: Deal, holder: str, number: str, asked: Asked) -> tuple[Place, Place]:
    """Where the money of a payment comes from and where it stands when it is paid."""
    if asked.is_advance:
        return (
            place_of(deal.line, holder, deal.expense, REGISTERED, obligation=asked.deal),
            place_of(deal.line, holder, deal.expense, ADVANCED, obligation=asked.deal, payment=number),
        )
    return (
        place_of(deal.line, holder, deal.expense, PAYABLE, obligation=asked.deal, act=asked.act),
        place_of(deal.line, holder, deal.expense, PAID, obligation=asked.deal, act=asked.act, payment=number),
    )


def _pay_out(model: Model, line: Place, amount: int) -> None:
    model.cash.setdefault((line[0], line[2], line[1]), [0])[0] -= amount


@effect("payment.execute")
def execute(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for holder, number, *_ in arguments[0]:
        del model.asked[(holder, number)]
    for holder, number, *_ in arguments[0]:
        asked = model.payments[(holder, number)]
        deal = model.deal(holder, asked.deal)
        source, target = _paid(deal, holder, number, asked)
        model.move(source, target, asked.amount)
        if asked.is_advance:
            deal.advances.append(number)
        _pay_out(model, deal.line, asked.amount)
        _arrive(model, deal, asked.amount)


@effect("payment.restore")
def restore(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for values in arguments[0]:
        row = _row("payment.restore", values)
        holder, number, amount = row["holder"], row["number"], row["amount"]
        asked = model.payments[(holder, number)]
        deal = model.deal(holder, asked.deal)
        _arrive(model, deal, -amount)
        if deal.line[1] != model.year:
            _recover(model, holder, number, amount)
            continue
        target, source = _paid(deal, holder, number, asked)
        if asked.is_advance and not deal.is_open:
            target = place_of(deal.line, holder, deal.expense, ALLOCATED)
            deal.amount -= amount
        model.move(source, target, amount)
        if asked.is_advance and not model.of(source):
            deal.advances.remove(number)
        _pay_out(model, deal.line, -amount)


def _arrive(model: Model, deal: Deal, amount: int) -> None:
    """A transfer arrives in its budget, a penalty in the budget that pays it (below zero: leaves again)."""
    if deal.receiver is not None:
        model.cash.setdefault((deal.receiver, "1", model.year), [0])[0] += amount
    if deal.is_penalty:
        model.cash.setdefault((deal.line[0], deal.line[2], model.year), [0])[0] += amount


def _recover(model: Model, holder: str, number: str, amount: int) -> None:
    """Money of a closed year is new revenue of the open one."""
    asked = model.payments[(holder, number)]
    deal = model.deal(holder, asked.deal)
    _, paid = _paid(deal, holder, number, asked)
    model.move(paid, (*paid[:3], RECOVERED, *paid[4:]), amount)
    model.cash.setdefault((deal.line[0], deal.line[2], model.year), [0])[0] += amount
    if asked.is_advance and not model.of(paid):
        for one in model.deals.values():
            if number in one.advances:
                one.advances.remove(number)


@effect("receipts.post")
def post(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for kind, budget, source, _, amount, *_ in arguments[1]:
        account = model.cash.setdefault((budget, source, model.year), [0])
        account[0] += -amount if kind == "refund" else amount


# --- holds


def _place(budget: str, year: int, source: str, row: Any) -> Place:
    holder, administrator, programme, subprogramme, specific, expense = row[:6]
    line = (budget, year, source, administrator, programme, subprogramme, specific)
    return place_of(line, holder, expense, ADOPTED if specific is None else ALLOCATED)


def _hold(model: Model, name: str, place: Place, amount: int, taken_from: str | None = None) -> None:
    """Put an amount of a place under a hold, and add to its row."""
    model.move((*place[:4], taken_from, *place[5:]), (*place[:4], name, *place[5:]), amount)
    _raise_row(model.holds[name], place, amount, taken_from)


def _raise_row(held: Held, place: Place, amount: int, taken_from: str | None) -> None:
    for row in held.rows.values():
        if row[0] == place and row[2] == taken_from:
            row[1] += amount
            return
    held.last += 1
    held.rows[held.last] = [place, amount, taken_from]


def _take_row(held: Held, place: Place, amount: int) -> None:
    for serial, row in held.rows.items():
        if row[0] == place and row[2] is None:
            row[1] -= amount
            if not row[1]:
                del held.rows[serial]
            return
    raise AssertionError(f"no row of {place}")


@effect("treasury.block")
def block(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    order = named("treasury.block", arguments)
    model.holds.setdefault(order["hold"], Held(order["ground"]))
    for row in order["rows"]:
        _hold(model, order["hold"], _place(order["budget"], order["year"], order["source"], row), row[6])


@effect("treasury.unblock")
def unblock(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    order = named("treasury.unblock", arguments)
    name, held = order["hold"], model.holds[order["hold"]]
    for row in order["rows"]:
        known = next(iter(held.rows.values()))[0][0]
        place = _place(known[0], known[1], order["source"], row)
        model.move((*place[:4], name, *place[5:]), place, row[6])
        _take_row(held, place, row[6])
    left = order["amount"] or 0
    serial = held.last
    while left:
        found = held.rows.get(serial)
        if found is not None:
            place, amount, _ = found
            part = min(left, amount)
            model.move((*place[:4], name, *place[5:]), place, part)
            _take_row(held, place, part)
            left -= part
            if part < amount:
                break
        serial -= 1
    if order["amount"] is not None:
        held.last = serial


@effect("sequester.decide")
def decide(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    act = named("sequester.decide", arguments)
    model.holds.setdefault(act["decision"], Held("sequester"))
    for row in act["rows"]:
        place = _place(act["budget"], act["year"], act["source"], row)
        if row[7] is not None:
            _take_row(model.holds[row[7]], place, row[6])
        _hold(model, act["decision"], place, row[6], row[7])


@effect("sequester.cancel")
def cancel(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    name, count = arguments
    held = model.holds[name]
    for serial in range(held.cursor + 1, min(held.cursor + count, held.last) + 1):
        place, amount, taken_from = held.rows.pop(serial)
        held.cursor = serial
        model.move((*place[:4], name, *place[5:]), (*place[:4], taken_from, *place[5:]), amount)
        if taken_from is not None:
            _raise_row(model.holds[taken_from], place, amount, None)


# --- approvals: a document that is carried out by the last of those who agree


@effect("approval.submit")
def submit(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for change in changes:
        if change.collection == Collection.APPROVALS:
            model.waiting[trusted(change.key)[0]] = (arguments[0], institution, arguments[2])


@effect("approval.sign")
def agree(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    action, maker, inner = model.waiting[arguments[0]]
    is_carried_out = any(
        change.collection == Collection.APPROVAL_DOCUMENTS and change.new_value is None for change in changes
    )
    if is_carried_out:
        carry_out = EFFECTS.get(action)
        if carry_out is not None:
            carry_out(model, maker, inner, changes)
        elif any(change.collection == Collection.TOKENS for change in changes):
            raise Unknown(action)


@effect("ballot.vote")
def vote(model: Model, institution: str, arguments: Any, changes: list[Change]) -> None:
    for change in changes:
        if change.collection == Collection.PARAMS and change.new_value is not None:
            params = Params.decode(change.new_value)
            model.retention = params["retention-percent"]
            model.life = min(model.life, params["payment-request-days"])
