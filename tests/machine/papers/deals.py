"""Agreements, obligations, acts and payments."""

from __future__ import annotations

from dataclasses import replace

from contracts.calendar import day_number
from contracts.records import (
    ACCEPTED,
    Act,
    Agreement,
    Collection,
    Debt,
    Line,
    Obligation,
    Payment,
    PaymentStatus,
    Plan,
    Stage,
    balance_of,
    obligation_key,
    obligation_scope,
    plan_key,
    position_scope,
)
from tests.machine.papers import paper
from tests.machine.places import free_money
from tests.machine.world import Document, World
from tests.support.year import (
    SUPPLIER,
    U,
    a_commissioning,
    a_continuation,
    a_debt,
    a_penalty,
    a_request,
    a_reregistration,
    a_return,
    a_termination,
    an_act,
    an_agreement,
    an_amendment,
    an_invoice,
    an_obligation,
    filled_amendment,
    notification,
)

SUPPLIERS = (SUPPLIER, "990840000002", "990840000003")
NO_ADVANCE = ("151", "111", "161")


def _name(world: World, letter: str) -> str:
    return f"{letter}{world.documents}.{world.chance.between(0, 9)}"


def a_place(
    world: World, specifics: tuple[str, ...] | None = None
) -> tuple[str, Line, str | None, int] | None:
    """Holder, line, expense id and what may still be accepted there to this month."""
    found = world.any_of(
        Collection.PLANS,
        Plan,
        lambda key, plan: key[1][1] == world.year and (specifics is None or key[1][6] in specifics),
    )
    if found is None:
        return None
    (holder, parts), _ = found
    line = Line(*parts)
    money = free_money(world, holder, line)
    if not money:
        return None
    expense, free = world.chance.pick(money)
    return holder, line, expense, min(free, room_of(world, holder, line))


def room_of(world: World, holder: str, line: Line) -> int:
    """What may still be accepted on a line to this month; 0 without a plan."""
    plan = Plan.find(world.state, Collection.PLANS, plan_key(holder, line))
    if plan is None:
        return 0
    balance = balance_of(world.state, position_scope(holder, line))
    return min(plan.obligations[world.month - 1] - balance.total(ACCEPTED), balance.amounts[Stage.ALLOCATED])


def some_of(world: World, room: int) -> int:
    """All of it, or a part of it."""
    return room if room <= 1 or world.chance.one_in(4) else world.chance.between(1, max(1, room // 2))


@paper("agreement.register")
def register(world: World) -> Document | None:
    chance = world.chance
    place = a_place(world)
    if place is None or place[3] < 1:
        return None
    holder, line, expense, room = place
    amount = some_of(world, room)
    share = 0 if line.specific in NO_ADVANCE else chance.between(0, 30)
    name, number = _name(world, "o"), f"Д-{world.documents}"
    row = an_obligation(
        name, 0, subprogramme=line.subprogramme, specific=line.specific or "", amount=amount, expense=expense
    )
    row = (*row[:-1], amount * share // 100)
    date = world.day - chance.between(0, 3)
    years: tuple[tuple[int, int], ...] = ((world.year, amount),)
    if chance.one_in(5):
        years = (*years, (world.year + 1, chance.amount(50 * U)))
    total = sum(part for _, part in years)
    is_building = line.specific in ("414", "421", "431")
    expertise = ("заключение 5", date - 30, world.day + 300, total) if is_building else None
    kind = chance.pick(("works", "works", "goods", "services"))
    # programmes of development only, whose works may begin with it; of a reserve there is none
    exempt = "construction_start" if kind == "works" and line.programme != "001" else "ordinary"
    agreement = an_agreement(
        number, row, date=date, supplier=chance.pick(SUPPLIERS),
        kind=kind, money=chance.pick((exempt, "ordinary", "ordinary", "ordinary", "reserve")),
        programme=line.programme, total=total, years=years, expertise=expertise,
        valid_until=day_number(years[-1][0], 12, 31),
    )  # fmt: skip
    return Document(holder, "agreement.register", (line.budget, line.year, line.source, (agreement,)))


def an_agreement_of(world: World, is_ended: bool = False) -> tuple[str, str, Agreement] | None:
    """Holder, number and record of an agreement of the open year."""
    found = world.any_of(
        Collection.AGREEMENTS,
        Agreement,
        lambda _, one: one.years[0][0] == world.year and (one.terminated is not None) == is_ended,
    )
    return None if found is None else (found[0][0], found[0][1], found[1])


@paper("agreement.amend")
def amend(world: World) -> Document | None:
    chance = world.chance
    found = an_agreement_of(world)
    if found is None:
        return None
    holder, number, agreement = found
    rows, changed = [], 0
    for name in agreement.obligations:
        obligation = _obligation(world, holder, name)
        if obligation is None or obligation.line.year != world.year:
            continue
        registered = balance_of(world.state, obligation_scope(holder, name)).amounts[Stage.REGISTERED]
        if chance.one_in(2):
            difference = chance.amount(50 * U)
        else:
            difference = -min(registered, obligation.amount - 1, chance.amount(registered + 1))
        amount = obligation.amount + difference
        advance = amount * min(obligation.advance_percent, 30) // 100
        changed += difference
        number_of = notification_of(holder, name, obligation)
        row = filled_amendment(name, 0, notification=number_of, amount=amount)
        rows.append((*row[:-1], advance))
    years = tuple((year, part + (changed if year == world.year else 0)) for year, part in agreement.years)
    expertise = None if agreement.expertise is None else (*agreement.expertise[:3], agreement.total + changed)
    document = an_amendment(
        number, 0, supplement=str(len(agreement.supplements) + 1), date=max(agreement.date, world.day - 1),
        total=agreement.total + changed, years=years, valid_until=agreement.valid_until,
        obligations=tuple(rows), expertise=expertise,
    )  # fmt: skip
    return Document(holder, "agreement.amend", document)


def notification_of(holder: str, name: str, obligation: Obligation) -> str:
    """The number of the last notification of an obligation."""
    return notification(name, obligation.notifications, obligation.line.year, holder.removeprefix("gu-"))


@paper("agreement.penalty")
def penalty(world: World) -> Document | None:
    found = world.any_of(
        Collection.OBLIGATIONS,
        Obligation,
        lambda _, one: one.is_open and one.kind == "agreement" and one.line.year == world.year,
    )
    if found is None:
        return None
    (holder, name), obligation = found
    registered = balance_of(world.state, obligation_scope(holder, name)).amounts[Stage.REGISTERED]
    if registered < 2 or obligation.agreement is None:
        return None
    document = a_penalty(
        obligation.agreement, 0, _name(world, "n"), supplement=f"неустойка {world.documents}", date=world.day,
        obligation=name, notification=notification_of(holder, name, obligation),
        amount=world.chance.amount(registered // 2),
    )  # fmt: skip
    return Document(holder, "agreement.penalty", document)


@paper("agreement.reregister")
def reregister(world: World) -> Document | None:
    """An agreement of a closed year goes on with what is left of it."""
    chance = world.chance
    found = world.any_of(
        Collection.AGREEMENTS,
        Agreement,
        lambda _, one: one.terminated is None and one.years[0][0] < world.year and len(one.years) > 1,
    )
    if found is None:
        return None
    (holder, number), agreement = found
    last = agreement.obligations[-1]
    obligation = _obligation(world, holder, last)
    if obligation is None:
        return None
    done = sum(
        sum(
            balance_of(world.state, obligation_scope(holder, name)).amounts[stage]
            for stage in (4, 5, 6, 7, 8, 14)
        )
        for name in agreement.obligations
    )
    left = agreement.total - done
    if left < 1:
        return None
    line = obligation.line
    here = replace(line, year=world.year)
    room = room_of(world, holder, here)
    amount = min(left, room) if chance.one_in(2) else some_of(world, min(left, room))
    if amount < 1:
        return None
    row = a_continuation(
        _name(world, "r"), 0, last, subprogramme=here.subprogramme, specific=here.specific or "",
        amount=amount, notification=notification_of(holder, last, obligation),
    )  # fmt: skip
    later = ((world.year + 1, left - amount),) if left > amount else ()
    years, until = ((world.year, amount), *later), day_number(world.year + len(later), 12, 31)
    _, _, _, rows = a_reregistration(number, row, year=world.year, years=years, valid_until=until)
    return Document(holder, "agreement.reregister", (agreement.budget, world.year, line.source, rows))


def _obligation(world: World, holder: str, name: str) -> Obligation | None:
    return Obligation.find(world.state, Collection.OBLIGATIONS, obligation_key(holder, name))


@paper("agreement.terminate")
def terminate(world: World) -> Document | None:
    found = an_agreement_of(world)
    if found is None:
        return None
    return Document(found[0], "agreement.terminate", a_termination(found[1], date=world.day))


@paper("act.sign")
def sign(world: World) -> Document | None:
    found = world.any_of(
        Collection.OBLIGATIONS,
        Obligation,
        lambda _, one: one.is_open and one.agreement is not None and one.line.year == world.year,
    )
    if found is None:
        return None
    (holder, name), _ = found
    amounts = balance_of(world.state, obligation_scope(holder, name)).amounts
    left = amounts[Stage.REGISTERED] + amounts[Stage.ADVANCED]
    if not left:
        return None
    row = an_act(_name(world, "a"), name, 0, date=world.day, amount=some_of(world, left))
    return Document(holder, "act.sign", ((row,),))


def an_act_of(world: World) -> tuple[str, str, Act] | None:
    found = world.any_of(Collection.ACTS, Act, lambda _, act: not act.is_corrected)
    return None if found is None else (found[0][0], found[0][1], found[1])


@paper("act.correct")
def correct(world: World) -> Document | None:
    found = an_act_of(world)
    return None if found is None else Document(found[0], "act.correct", (found[1], "неверный объём"))


@paper("obligation.correct")
def take_back(world: World) -> Document | None:
    """What is not paid of an act or of an obligation without acts, whole or in part."""
    chance = world.chance
    if chance.one_in(2):
        act = world.any_of(Collection.ACTS, Act, lambda _, one: not one.is_corrected and one.payable > 0)
        if act is None:
            return None
        (holder, act_name), record = act
        name, room = record.obligation, record.payable
    else:
        found = world.any_of(
            Collection.OBLIGATIONS,
            Obligation,
            lambda _, one: one.amount > 0 and one.kind != "agreement" and one.line.year == world.year,
        )
        if found is None:
            return None
        (holder, name), _ = found
        amounts = balance_of(world.state, obligation_scope(holder, name)).amounts
        act_name, room = None, max(amounts[Stage.PAYABLE], amounts[Stage.RETAINED])
    if room < 1:
        return None
    amount = None if chance.one_in(2) else some_of(world, room)
    return Document(holder, "obligation.correct", (name, act_name, amount, "ошибка"))


@paper("act.commission")
def commission(world: World) -> Document | None:
    found = world.any_of(
        Collection.AGREEMENTS, Agreement, lambda _, one: one.kind == "works" and one.commissioned is None
    )
    if found is None:
        return None
    return Document(found[0][0], "act.commission", a_commissioning(found[0][1], date=world.day))


def a_debt_of(world: World) -> Document | None:
    """A debt of a closed year, whole or in part, by a reconciliation act of the 1st of the month."""
    found = world.any_of(
        Collection.DEBTS,
        Debt,
        lambda _, one: one.payable > one.accepted or one.retained > one.accepted_retained,
    )
    if found is None:
        return None
    (holder, name), debt = found
    obligation = _obligation(world, holder, name)
    left, kind = debt.payable - debt.accepted, "debt"
    if left < 1:
        left, kind = debt.retained - debt.accepted_retained, "retention"
    line = replace(debt.line, year=world.year)
    money = free_money(world, holder, line)
    room = min(left, room_of(world, holder, line))
    if not money or room < 1 or obligation is None:
        return None
    expense, free = world.chance.pick(money)
    number = notification_of(holder, name, obligation) if obligation.notifications else None
    row = a_debt(
        _name(world, "z"), 0, name, line.specific or "", programme=line.programme,
        subprogramme=line.subprogramme, amount=min(free, some_of(world, room)), kind=kind,
        payee=None if obligation.kind == "penalty" else debt.payee, notification=number, expense=expense,
        document_date=day_number(world.year, world.month, 1),
    )  # fmt: skip
    return Document(holder, "obligation.accept", (line.budget, line.year, line.source, (row,)))


@paper("obligation.accept")
def accept(world: World) -> Document | None:
    debt = a_debt_of(world) if world.chance.one_in(3) else None
    if debt is not None:
        return debt
    place = a_place(world, ("159", "151", "111", "161"))
    if place is None or place[3] < 1:
        return None
    holder, line, expense, room = place
    kind, payee = {
        "111": ("payroll", None),
        "161": ("transfer", "111240000001"),
    }.get(line.specific or "", ("invoice", world.chance.pick(SUPPLIERS)))
    row = an_invoice(
        _name(world, "p"), 0, line.specific or "", programme=line.programme, subprogramme=line.subprogramme,
        amount=min(some_of(world, room), 43_000_000), kind=kind, payee=payee, document_date=world.day,
        expense=expense,
    )  # fmt: skip
    return Document(holder, "obligation.accept", (line.budget, line.year, line.source, (row,)))


@paper("payment.request")
def request(world: World) -> Document | None:
    chance = world.chance
    serial = world.documents
    if chance.one_in(4):
        return _an_advance(world, serial)
    act = an_act_of(world) if chance.one_in(2) else None
    if act is not None:
        holder, name, record = act
        room, obligation, act_name = record.payable, record.obligation, name
    else:
        found = world.any_of(
            Collection.OBLIGATIONS,
            Obligation,
            lambda _, one: one.agreement is None and one.line.year == world.year,
        )
        if found is None:
            return None
        holder, obligation = found[0]
        room = balance_of(world.state, obligation_scope(holder, obligation)).amounts[Stage.PAYABLE]
        act_name = None
    if room < 1:
        return None
    return _ask(world, holder, serial, obligation, act_name, some_of(world, room), False)


def _an_advance(world: World, serial: int) -> Document | None:
    found = world.any_of(
        Collection.OBLIGATIONS,
        Obligation,
        lambda _, one: one.is_open and one.advance_limit > one.advanced and one.line.year == world.year,
    )
    if found is None:
        return None
    (holder, name), obligation = found
    registered = balance_of(world.state, obligation_scope(holder, name)).amounts[Stage.REGISTERED]
    room = min(obligation.advance_limit - obligation.advanced, registered)
    return None if room < 1 else _ask(world, holder, serial, name, None, some_of(world, room), True)


def _ask(
    world: World, holder: str, serial: int, obligation: str, act: str | None, amount: int, is_advance: bool
) -> Document:
    code = holder.removeprefix("gu-")
    number = f"{code}/{world.year % 100:02d}-{serial + 1}"
    row = a_request(serial, obligation, 0, act, amount=amount, number=number, is_advance=is_advance)
    return Document(holder, "payment.request", ((row,),))


def a_payment(world: World, status: PaymentStatus) -> tuple[str, str, Payment] | None:
    oldest = world.day - 10 if status is PaymentStatus.REQUESTED and not world.chance.one_in(10) else 0
    found = world.any_of(
        Collection.PAYMENTS, Payment, lambda _, one: one.status == status and one.requested >= oldest
    )
    return None if found is None else (found[0][0], found[0][1], found[1])


@paper("payment.execute")
def execute(world: World) -> Document | None:
    rows: dict[tuple[str, str], None] = {}
    for _ in range(world.chance.between(1, 3)):
        found = a_payment(world, PaymentStatus.REQUESTED)
        if found is not None:
            rows[found[0], found[1]] = None
    return Document("treasury", "payment.execute", (tuple(rows),)) if rows else None


@paper("payment.refuse")
def refuse(world: World) -> Document | None:
    found = a_payment(world, PaymentStatus.REQUESTED)
    if found is None:
        return None
    row = (found[0], found[1], world.chance.between(1, 23), "")
    return Document("treasury", "payment.refuse", ((row,),))


@paper("payment.restore")
def restore(world: World) -> Document | None:
    found = a_payment(world, PaymentStatus.EXECUTED)
    if found is None:
        return None
    holder, number, payment = found
    left = payment.amount - payment.restored
    if left < 1:
        return None
    obligation = _obligation(world, holder, payment.obligation)
    is_late = obligation is not None and obligation.line.year < world.year
    code = "201510" if is_late else None
    is_owed = is_late and not payment.is_advance and world.chance.one_in(2)
    row = a_return(
        0, 0, holder=holder, number=number, amount=some_of(world, left), receipts=code, is_owed=is_owed
    )
    return Document("treasury", "payment.restore", ((row,),))
