"""The budget machine against a naive model: every document, in any order, with arguments of any size.

The model keeps plain lists of agreements, acts and payments and adds everything up anew whenever it is
asked; it knows nothing of tokens, balances or keys. For each document it says whether the ledger must take
it, and after each step everything the ledger holds must equal what the model adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts import invariants
from contracts.calendar import day_number
from contracts.executor import Execution
from contracts.plans import consolidated_of
from contracts.records import (
    HELD_ADOPTED,
    HELD_ALLOCATED,
    SLOTS,
    Collection,
    Consolidated,
    Line,
    Plan,
    Stage,
    balance_of,
    cash_of,
    obligation_scope,
    plan_key,
    position_scope,
    programme_scope,
)
from tests.support.budget import Ledger, a_line
from tests.support.year import (
    BUDGET,
    GU,
    OTHER_GU,
    POOL,
    YEAR,
    U,
    a_block,
    a_commissioning,
    a_decision,
    a_held_row,
    a_plan,
    a_request,
    a_return,
    a_termination,
    a_year,
    an_act,
    an_agreement,
    an_amendment,
    an_invoice,
    an_obligation,
    an_unblock,
    cumulative,
    notification,
    payment_number,
    registration,
    with_shortfall,
)

UNITS = 5_000
"""Of the programme; the base of the 10 % test."""

HOLDERS = (GU, OTHER_GU)
LINE = a_line(specific="159")
MONTHS_OF_PLAN = {
    GU: (cumulative(1_000, 300, 500, 800), cumulative(1_000, 200, 400, 600)),
    OTHER_GU: (cumulative(600), cumulative(600, 100, 200, 300, 400, 500)),
}
SHORTFALL = 400 * U
CASH = 900 * U
CODES = {GU: "2280101", OTHER_GU: "2280102"}
PROGRAMME_SCOPE = ("programme", BUDGET, YEAR, "228", "003", None, None, None, None)

AMOUNTS = st.one_of(
    st.integers(1, 100).map(lambda units: units * U),
    st.integers(1, 100 * U),
    st.integers(1, 400 * U),
    st.integers(1, 1_500 * U),
)
CHANCE = st.sampled_from(range(5))
"""Rare documents are sent on one value of five; most of the others prefer what they can succeed with."""

RARE = 3
CUTS = st.integers(1, 250).map(lambda units: units * U)


@dataclass
class MPayment:
    """A payment request: what it asked, and what of it is still with the payee."""

    is_advance: bool
    act: str | None
    amount: int
    day: int
    status: str = "requested"
    out: int = 0


@dataclass
class MAct:
    amount: int
    retained: int
    payable: int
    worked: list[tuple[int, int]]
    corrected: bool = False
    is_released: bool = False
    paid: int = 0


@dataclass
class MDeal:
    """An agreement with its one obligation, or an obligation without agreement (`kind` None)."""

    holder: str
    kind: str | None
    amount: int
    limit: int
    registered: int
    direct: int = 0
    is_open: bool = True
    ended: bool = False
    commissioned: bool = False
    notifications: int = 1
    acts: dict[str, MAct] = field(default_factory=dict)
    payments: dict[int, MPayment] = field(default_factory=dict)
    advances: list[int] = field(default_factory=list)

    def outstanding_of(self, serial: int) -> int:
        worked = sum(w for act in self.live() for number, w in act.worked if number == serial)
        return self.payments[serial].out - worked

    def live(self) -> list[MAct]:
        return [act for act in self.acts.values() if not act.corrected]

    @property
    def outstanding(self) -> int:
        return sum(self.outstanding_of(serial) for serial in self.advances)

    @property
    def advanced_this_year(self) -> int:
        return sum(payment.out for payment in self.payments.values() if payment.is_advance)

    @property
    def payable(self) -> int:
        return self.direct + sum(act.payable - act.paid for act in self.live())

    @property
    def retained(self) -> int:
        return sum(act.retained for act in self.live())

    @property
    def paid(self) -> int:
        return sum(payment.out for payment in self.payments.values()) - self.outstanding

    @property
    def accepted(self) -> int:
        return self.registered + self.payable + self.retained + self.outstanding + self.paid


@dataclass
class MHold:
    """A block or a decision: rows of [holder, amount, block it came from]; the pool's holder is "mot"."""

    rows: list[list[Any]]
    total: int
    status: str = "held"


def first_plans() -> dict[str, list[list[int]]]:
    return {name: [list(table) for table in both] for name, both in MONTHS_OF_PLAN.items()}


@dataclass
class Model:
    deals: dict[str, MDeal] = field(default_factory=dict)
    blocks: list[list[Any]] = field(default_factory=list)
    cuts: dict[str, MHold] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=lambda: {"mot": 0, GU: 0, OTHER_GU: 0})
    plans: dict[str, list[list[int]]] = field(
        default_factory=lambda: {
            name: [list(table) for table in both] for name, both in MONTHS_OF_PLAN.items()
        }
    )
    suspended: bool = False
    month: int = 1
    day: int = 5
    received: int = CASH

    # --- sums

    def of(self, holder: str) -> list[MDeal]:
        return [deal for deal in self.deals.values() if deal.holder == holder]

    def accepted(self, holder: str) -> int:
        return sum(deal.accepted for deal in self.of(holder))

    def redeemed(self, holder: str) -> int:
        return sum(deal.outstanding + deal.paid for deal in self.of(holder))

    def blocked(self, holder: str) -> int:
        return sum(amount for name, amount in self.blocks if name == holder)

    def decided(self, holder: str) -> int:
        held = [cut for cut in self.cuts.values() if cut.status == "held"]
        return sum(row[1] for cut in held for row in cut.rows if row[0] == holder)

    def first(self, holder: str) -> int:
        if holder == "mot":
            return (UNITS - 1_600) * U
        return MONTHS_OF_PLAN[holder][0][11]

    def free(self, holder: str) -> int:
        taken = self.accepted(holder) if holder != "mot" else 0
        return self.first(holder) - taken - self.blocked(holder) - self.decided(holder) - self.gone[holder]

    def cash(self) -> int:
        return self.received - sum(self.redeemed(holder) for holder in HOLDERS)

    def is_stopped(self) -> bool:
        return self.suspended or any(cut.status == "held" for cut in self.cuts.values())

    def may_accept(self, holder: str, amount: int) -> bool:
        room = self.plans[holder][0][self.month - 1] - self.accepted(holder)
        return not self.is_stopped() and amount <= room and amount <= self.free(holder)

    def slots(self, holder: str) -> list[int]:
        amounts = [0] * SLOTS
        is_pool = holder == "mot"
        amounts[Stage.ADOPTED if is_pool else Stage.ALLOCATED] = self.free(holder)
        amounts[HELD_ADOPTED if is_pool else HELD_ALLOCATED] = self.blocked(holder) + self.decided(holder)
        amounts[Stage.SEQUESTERED] = self.gone[holder]
        for deal in self.of(holder):
            for slot, amount in enumerate(deal_slots(deal)):
                amounts[slot] += amount
        return amounts

    def lower(self, holder: str, cut: int) -> None:
        """Take a cut from the months of both plans, December first, down to the open month."""
        for table in self.plans[holder]:
            steps = [now - before for before, now in zip([0, *table], table, strict=False)]
            left = cut
            for month in range(11, self.month - 2, -1):
                taken = min(steps[month], left)
                steps[month] -= taken
                left -= taken
            reached = (table[self.month - 2] if self.month > 1 else 0) - left
            for month in range(self.month - 1, 12):
                reached += steps[month]
                table[month] = reached


def deal_slots(deal: MDeal) -> list[int]:
    amounts = [0] * SLOTS
    amounts[Stage.REGISTERED] = deal.registered
    amounts[Stage.PAYABLE] = deal.payable
    amounts[Stage.RETAINED] = deal.retained
    amounts[Stage.ADVANCED] = deal.outstanding
    amounts[Stage.PAID] = deal.paid
    return amounts


@cache
def a_planned_year() -> Ledger:
    """The first state of every history; copied, not built again."""
    rows = [
        a_plan(0, holder=holder, obligations=both[0], payments=both[1])
        for holder, both in MONTHS_OF_PLAN.items()
    ]
    ledger = a_year(*rows, units=UNITS, cash=CASH // U)
    with_shortfall(ledger, SHORTFALL // U)
    return ledger


class BudgetMachine(RuleBasedStateMachine):
    """One programme of an administrator, two institutions, one specific."""

    ledger: Ledger
    model: Model

    @initialize()
    def begin(self) -> None:
        self.ledger = deepcopy(a_planned_year())
        self.model = Model()
        self.serial = 0

    def send(self, institution: str, action: str, *arguments: Any, expected: bool) -> bool:
        """One document in a block; whether it is taken must be what the model says."""
        root = self.ledger.state.root
        outcome = self.ledger.run(self.ledger.document(institution, action, *arguments))
        is_taken = isinstance(outcome, Execution)
        assert is_taken == expected, f"{action} {arguments}: model says {expected}, the ledger {outcome}"
        if not is_taken:
            assert self.ledger.state.root == root
        return is_taken

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    @property
    def today(self) -> int:
        return day_number(YEAR, self.model.month, self.model.day)

    def deal(
        self, data: st.DataObject, useful: Callable[[MDeal], bool], *, with_agreement: bool = False
    ) -> tuple[str, MDeal] | None:
        """One of the deals, mostly one that the document may be good for."""
        names = [name for name, deal in self.model.deals.items() if deal.kind or not with_agreement]
        better = [name for name in names if useful(self.model.deals[name])]
        if better and data.draw(CHANCE) != RARE:
            names = better
        if not names:
            return None
        name = data.draw(st.sampled_from(names))
        return name, self.model.deals[name]

    # --- the calendar and cash

    @rule(days=st.integers(1, 12))
    @precondition(lambda self: self.model.month < 12)
    def open_day(self, days: int) -> None:
        model = self.model
        model.day += days
        if model.day > 28:
            model.month, model.day = model.month + 1, model.day - 28
        self.ledger.open_day(YEAR, model.month, model.day)

    @rule(amount=AMOUNTS, chance=CHANCE)
    def money_comes_in(self, amount: int, chance: int) -> None:
        if chance != RARE:
            return
        row = ("receipt", BUDGET, "1", "101110", amount, "")
        self.send("treasury", "receipts.post", "выписка", (row,), expected=True)
        self.model.received += amount

    @rule(chance=CHANCE)
    def suspend_or_resume(self, chance: int) -> None:
        if chance != RARE and not self.model.suspended:
            return
        action = "treasury.resume" if self.model.suspended else "treasury.suspend"
        self.send("treasury", action, PROGRAMME_SCOPE, 2, "инкассо", expected=True)
        self.model.suspended = not self.model.suspended

    # --- obligations

    @rule(
        holder=st.sampled_from(HOLDERS),
        amount=AMOUNTS,
        share=st.integers(0, 35),
        kind=st.sampled_from(("works", "works", "goods")),
    )
    def register(self, holder: str, amount: int, share: int, kind: str) -> None:
        name = f"d{self.next_serial()}"
        advance = amount * share // 100
        obligation = (*an_obligation(name, 0, amount=amount)[:5], advance)
        row = an_agreement(name, obligation, kind=kind, date=self.today)
        expected = self.model.may_accept(holder, amount) and 10 * advance <= 3 * amount
        if self.send(holder, "agreement.register", *registration(row), expected=expected):
            self.model.deals[name] = MDeal(holder, kind, amount, advance, amount)

    @rule(holder=st.sampled_from(HOLDERS), amount=AMOUNTS)
    def accept(self, holder: str, amount: int) -> None:
        name = f"d{self.next_serial()}"
        row = an_invoice(name, 0, specific="159", amount=amount)
        expected = self.model.may_accept(holder, amount) and amount <= 43_250_000
        if self.send(holder, "obligation.accept", *registration(row), expected=expected):
            self.model.deals[name] = MDeal(holder, None, amount, 0, 0, direct=amount)

    @rule(data=st.data(), amount=AMOUNTS, share=st.integers(0, 32))
    def amend(self, data: st.DataObject, amount: int, share: int) -> None:
        found = self.deal(data, lambda deal: not deal.ended, with_agreement=True)
        if found is None:
            return
        name, deal = found
        advance = amount * share // 100
        document = an_amendment(
            name, 0, total=amount, years=((YEAR, amount),), date=self.today,
            supplement=str(self.next_serial()),
            obligations=((name, self._notification(name, deal), amount, advance),),
        )  # fmt: skip
        added = amount - deal.amount
        expected = (
            not deal.ended
            and deal.registered + added >= 0
            and deal.outstanding <= amount * 30 // 100
            and advance <= amount * 30 // 100
            and (added <= 0 or self.model.may_accept(deal.holder, added))
        )
        if self.send(deal.holder, "agreement.amend", *document, expected=expected):
            deal.amount, deal.limit = amount, advance
            deal.registered += added
            deal.is_open = amount > deal.paid
            deal.notifications += deal.is_open

    @staticmethod
    def _notification(name: str, deal: MDeal) -> str:
        return notification(name, deal.notifications, code=CODES[deal.holder])

    @rule(data=st.data(), chance=CHANCE)
    def terminate(self, data: st.DataObject, chance: int) -> None:
        found = self.deal(data, lambda deal: not deal.ended, with_agreement=True)
        if found is None or chance != RARE:
            return
        name, deal = found
        document = a_termination(name, date=self.today)
        if self.send(deal.holder, "agreement.terminate", *document, expected=not deal.ended):
            deal.amount -= deal.registered
            deal.registered, deal.is_open, deal.ended = 0, False, True

    # --- acts

    @rule(data=st.data(), amount=AMOUNTS, is_all=st.booleans())
    def sign(self, data: st.DataObject, amount: int, is_all: bool) -> None:
        found = self.deal(data, lambda deal: deal.is_open and deal.registered + deal.outstanding > 0)
        if found is None:
            return
        name, deal = found
        left = deal.registered + deal.outstanding
        if is_all and left:
            amount = left
        act = f"{name}.{self.next_serial()}"
        expected = deal.kind is not None and deal.is_open and amount <= left
        document = (an_act(act, name, 0, amount=amount, date=self.today),)
        if self.send(deal.holder, "act.sign", document, expected=expected):
            self._perform(deal, act, amount)

    def _perform(self, deal: MDeal, act: str, amount: int) -> None:
        worked = int(Fraction(deal.outstanding * amount, deal.registered + deal.outstanding))
        due = amount - worked
        reached = deal.paid + deal.outstanding + deal.payable + due
        ceiling = deal.amount * 95 // 100
        is_kept = deal.kind == "works" and not deal.commissioned
        retained = max(0, min(due, reached - ceiling)) if is_kept else 0
        parts = []
        for serial in deal.advances:
            part = min(worked, deal.outstanding_of(serial))
            if part:
                parts.append((serial, part))
                worked -= part
        deal.registered -= due
        deal.acts[act] = MAct(amount, retained, due - retained, parts)

    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        found = self.deal(data, lambda deal: bool(deal.live()))
        if found is None or not found[1].acts:
            return
        _, deal = found
        name = data.draw(st.sampled_from(list(deal.acts)))
        act = deal.acts[name]
        expected = not act.corrected and act.paid == 0 and not act.is_released
        if self.send(deal.holder, "act.correct", name, "", expected=expected):
            back = act.payable + act.retained
            act.corrected = True
            again = [serial for serial, _ in act.worked]
            deal.advances = again + [serial for serial in deal.advances if serial not in again]
            if deal.is_open:
                deal.registered += back
            else:
                deal.amount -= back

    @rule(data=st.data(), chance=CHANCE)
    def commission(self, data: st.DataObject, chance: int) -> None:
        found = self.deal(data, lambda deal: deal.retained > 0, with_agreement=True)
        if found is None or (chance != RARE and not found[1].retained):
            return
        name, deal = found
        expected = deal.kind == "works" and not deal.commissioned
        document = a_commissioning(name, date=self.today)
        if self.send(deal.holder, "act.commission", *document, expected=expected):
            deal.commissioned = True
            for act in deal.live():
                if act.retained:
                    act.payable += act.retained
                    act.retained = 0
                    act.is_released = True

    # --- payments

    @rule(
        data=st.data(), amount=AMOUNTS, is_advance=st.booleans(), is_all=st.booleans(), is_paid=st.booleans()
    )
    def request(
        self, data: st.DataObject, amount: int, is_advance: bool, is_all: bool, is_paid: bool
    ) -> None:
        found = self.deal(data, lambda deal: deal.limit > 0 if is_advance else deal.payable > 0)
        if found is None:
            return
        name, deal = found
        act = None
        if not is_advance and deal.acts:
            due = [act for act in deal.acts if self._payable(deal, act)]
            act = data.draw(st.sampled_from(due or list(deal.acts)))
        room = deal.limit if is_advance else self._payable(deal, act)
        if is_all and room:
            amount = room
        serial = self.next_serial()
        payment = MPayment(is_advance, act, amount, self.today)
        number = payment_number(serial, CODES[deal.holder])
        document = a_request(serial, name, 0, act, is_advance=is_advance, amount=amount, number=number)
        if self.send(deal.holder, "payment.request", (document,), expected=self._may_wait(deal, payment)):
            deal.payments[serial] = payment
            if is_paid:
                self._execute(deal, serial, payment)

    def _payable(self, deal: MDeal, act: str | None) -> int:
        if act is None:
            return deal.direct
        found = deal.acts[act]
        return 0 if found.corrected else found.payable - found.paid

    def _may_wait(self, deal: MDeal, payment: MPayment) -> bool:
        """With the requests for the same money that wait and have not expired it is due as well."""
        waiting = sum(
            one.amount
            for one in deal.payments.values()
            if (one.is_advance, one.act) == (payment.is_advance, payment.act)
            and one.status == "requested"
            and self.today <= one.day + 10
        )
        return self._is_due(deal, replace(payment, amount=payment.amount + waiting))

    def _is_due(self, deal: MDeal, payment: MPayment) -> bool:
        if not payment.is_advance:
            return payment.amount <= self._payable(deal, payment.act)
        return (
            deal.is_open
            and deal.outstanding == 0
            and payment.amount <= deal.limit - deal.advanced_this_year
            and payment.amount <= deal.registered
        )

    def _a_payment(self, data: st.DataObject, status: str) -> tuple[MDeal, int, MPayment] | None:
        every = [
            (deal, serial, payment)
            for deal in self.model.deals.values()
            for serial, payment in deal.payments.items()
        ]
        better = [item for item in every if item[2].status == status]
        if better and data.draw(CHANCE) != RARE:
            every = better
        return data.draw(st.sampled_from(every)) if every else None

    @rule(data=st.data())
    def execute(self, data: st.DataObject) -> None:
        found = self._a_payment(data, "requested")
        if found is None:
            return
        self._execute(*found)

    def _execute(self, deal: MDeal, serial: int, payment: MPayment) -> None:
        model = self.model
        limit = model.plans[deal.holder][1][model.month - 1]
        expected = (
            payment.status == "requested"
            and self.today <= payment.day + 10
            and not model.is_stopped()
            and self._is_due(deal, payment)
            and model.redeemed(deal.holder) + payment.amount <= limit
            and payment.amount <= model.cash()
        )
        row = (deal.holder, payment_number(serial, CODES[deal.holder]))
        if self.send("treasury", "payment.execute", (row,), expected=expected):
            payment.status, payment.out = "executed", payment.amount
            if payment.is_advance:
                deal.advances.append(serial)
                deal.registered -= payment.amount
            elif payment.act is None:
                deal.direct -= payment.amount
            else:
                deal.acts[payment.act].paid += payment.amount

    @rule(data=st.data(), number=st.integers(1, 23), chance=CHANCE)
    def refuse(self, data: st.DataObject, number: int, chance: int) -> None:
        found = self._a_payment(data, "requested")
        if found is None or chance != RARE:
            return
        deal, serial, payment = found
        row = (deal.holder, payment_number(serial, CODES[deal.holder]), number, "")
        expected = payment.status == "requested"
        if self.send("treasury", "payment.refuse", (row,), expected=expected):
            payment.status = "refused"

    @rule(data=st.data(), amount=AMOUNTS, is_all=st.booleans())
    def restore(self, data: st.DataObject, amount: int, is_all: bool) -> None:
        found = self._a_payment(data, "executed")
        if found is None:
            return
        deal, serial, payment = found
        room = 0
        if payment.status == "executed":
            room = deal.outstanding_of(serial) if payment.is_advance else payment.out
        if is_all and room:
            amount = room
        number = payment_number(serial, CODES[deal.holder])
        row = a_return(serial, 0, holder=deal.holder, number=number, amount=amount)
        if self.send("treasury", "payment.restore", (row,), expected=amount <= room):
            payment.out -= amount
            if not payment.is_advance:
                if payment.act is None:
                    deal.direct += amount
                else:
                    deal.acts[payment.act].paid -= amount
            elif deal.is_open:
                deal.registered += amount
            else:
                deal.amount -= amount

    # --- holds

    @rule(place=st.sampled_from(("mot", *HOLDERS)), amount=AMOUNTS, chance=CHANCE)
    def block(self, place: str, amount: int, chance: int) -> None:
        model = self.model
        if chance != RARE and model.blocks:
            return
        came_in = model.received - CASH
        blocked = sum(row[1] for row in model.blocks)
        expected = amount <= model.free(place) and blocked + amount <= max(SHORTFALL - came_in, 0)
        row = self._row(place, amount)
        document = a_block(row, date=day_number(YEAR, 1, 5))
        if self.send("treasury", "treasury.block", *document, expected=expected):
            for known in model.blocks:
                if known[0] == place:
                    known[1] += amount
                    return
            model.blocks.append([place, amount])

    @staticmethod
    def _row(place: str, amount: int) -> tuple[Any, ...]:
        if place == "mot":
            return a_held_row(0, amount=amount, **POOL)
        return a_held_row(0, place, amount=amount)

    @rule(amount=AMOUNTS)
    @precondition(lambda self: self.model.blocks)
    def unblock_in_reverse(self, amount: int) -> None:
        model = self.model
        expected = amount <= sum(row[1] for row in model.blocks)
        if self.send("treasury", "treasury.unblock", *an_unblock(amount=amount), expected=expected):
            while amount:
                last = model.blocks[-1]
                part = min(amount, last[1])
                last[1] -= part
                amount -= part
                if last[1] == 0:
                    model.blocks.pop()

    @rule(data=st.data(), amount=AMOUNTS)
    @precondition(lambda self: self.model.blocks)
    def unblock_a_row(self, data: st.DataObject, amount: int) -> None:
        model = self.model
        known = data.draw(st.sampled_from(model.blocks))
        document = an_unblock(self._row(known[0], amount))
        if self.send("treasury", "treasury.unblock", *document, expected=amount <= known[1]):
            known[1] -= amount
            if known[1] == 0:
                model.blocks.remove(known)

    @rule(
        place=st.sampled_from(("mot", *HOLDERS)),
        amount=CUTS,
        is_from_block=st.booleans(),
        instrument=st.sampled_from(("resolution", "resolution", "law")),
        chance=CHANCE,
    )
    def decide(self, place: str, amount: int, is_from_block: bool, instrument: str, chance: int) -> None:
        model = self.model
        if chance != RARE and not (is_from_block and model.blocked(place)):
            return
        name = f"cut-{self.next_serial()}"
        room = model.blocked(place) if is_from_block else model.free(place)
        counted = sum(cut.total for cut in model.cuts.values() if cut.status != "cancelled") + amount
        tenth = Fraction(UNITS * U, 10)
        required = "resolution" if counted < tenth else "law"
        expected = amount <= room and counted != tenth and instrument == required
        row = (*self._row(place, amount), "block-1" if is_from_block else None)
        document = a_decision(row, name=name, instrument=instrument, document=name)
        if self.send("mof", "sequester.decide", *document, expected=expected):
            model.cuts[name] = MHold([[place, amount, is_from_block]], amount)
            if is_from_block:
                known = next(known for known in model.blocks if known[0] == place)
                known[1] -= amount
                if known[1] == 0:
                    model.blocks.remove(known)

    def _a_cut(self, data: st.DataObject) -> tuple[str, MHold]:
        held = [name for name, cut in self.model.cuts.items() if cut.status == "held"]
        name = data.draw(st.sampled_from(held or list(self.model.cuts)))
        return name, self.model.cuts[name]

    @rule(data=st.data())
    @precondition(lambda self: self.model.cuts)
    def apply(self, data: st.DataObject) -> None:
        name, cut = self._a_cut(data)
        if self.send("mof", "sequester.apply", name, 10, expected=cut.status == "held"):
            for place, amount, _ in cut.rows:
                self.model.gone[place] += amount
                if place != "mot":
                    self.model.lower(place, amount)
            cut.status = "applied"

    @rule(data=st.data())
    @precondition(lambda self: self.model.cuts)
    def cancel(self, data: st.DataObject) -> None:
        name, cut = self._a_cut(data)
        if self.send("mof", "sequester.cancel", name, 10, expected=cut.status == "held"):
            cut.status = "cancelled"
            for place, amount, is_from_block in cut.rows:
                if not is_from_block:
                    continue
                known = next((known for known in self.model.blocks if known[0] == place), None)
                if known is None:
                    self.model.blocks.append([place, amount])
                else:
                    known[1] += amount

    # --- what must agree after every step

    @invariant()
    def the_ledger_holds_what_the_model_adds_up(self) -> None:
        state, model = self.ledger.state, self.model
        for holder in HOLDERS:
            assert list(balance_of(state, position_scope(holder, LINE)).amounts) == model.slots(holder)
            plan = Plan.find(state, Collection.PLANS, plan_key(holder, LINE))
            assert plan == Plan(*(tuple(table) for table in model.plans[holder]))
        pool = Line(BUDGET, YEAR, "1", "228", "003", None, None)
        whole = [sum(parts) for parts in zip(*(model.slots(name) for name in ("mot", *HOLDERS)), strict=True)]
        assert list(balance_of(state, programme_scope(pool)).amounts) == whole
        for name, deal in model.deals.items():
            assert list(balance_of(state, obligation_scope(deal.holder, name)).amounts) == deal_slots(deal)
        assert cash_of(state, BUDGET, "1", YEAR).balance == model.cash()
        every = list(model.plans.values())
        sums = [
            tuple(sum(months) for months in zip(*(both[which] for both in every), strict=True))
            for which in (0, 1)
        ]
        assert consolidated_of(state, BUDGET, YEAR, "228", "003") == Consolidated(*sums)

    @invariant()
    def every_law_holds_when_all_is_counted_again(self) -> None:
        assert invariants.recount(self.ledger.state) == ()


TestBudgetMachine = BudgetMachine.TestCase
TestBudgetMachine.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None, derandomize=True, database=None
)
