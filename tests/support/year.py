"""Builders of a budget year's documents: each row by field names, with what an ordinary one says.

Amounts are counted in `U`, one unit of plans (100 tenge), so that stories may be told in small numbers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chain.codec import Row
from contracts import (
    acts,
    agreements,
    appropriations,
    formation,
    holds,
    incentives,
    obligations,
    payments,
    plan_changes,
    plans,
    recodes,
    registrations,
    sequester,
    supplements,
    year_end,
)
from contracts import changes as budget_changes
from contracts.calendar import day_number
from contracts.fields import PLAN_UNIT
from contracts.receipts import shortfall
from contracts.records import (
    HELD_ADOPTED,
    HELD_ALLOCATED,
    Appropriation,
    Collection,
    Stage,
    appropriation_key,
    balance_of,
    obligation_scope,
    operational_day,
    position_scope,
    programme_scope,
)
from tests.support.budget import DIRECTORIES, Ledger, a_ledger, a_line, with_receipts

U = PLAN_UNIT
GU, OTHER_GU, FOREIGN_GU = "gu-2280101", "gu-2280102", "gu-2260101"
BUDGET, YEAR = "01.kz", 2026
SUPPLIER = "990840000001"
DAY = day_number(2026, 1, 5)

Values = tuple[Any, ...]


def filled(shape: Row, **values: Any) -> Values:
    """The fields of a row in their order."""
    names = [name for name, _ in shape.fields]
    assert sorted(names) == sorted(values), f"{shape.name}: {sorted(set(names) ^ set(values))}"
    return tuple(values[name] for name in names)


# --- the budget and its plans


def a_programme(programme: str = "003", units: int = 100_000, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "section": "costs",
        "functional_group": "12",
        "administrator": "228",
        "programme": programme,
        "amount": units * U,
        "nature": "ordinary",
        "is_development": False,
        "protected": 0,
        "protected_subprogrammes": (),
        "is_state_obligation": False,
        "is_pilot": False,
    }
    return filled(appropriations.PROGRAMME, **{**values, **changes})


def a_law(*programmes: Values, **changes: Any) -> Values:
    sums = dict.fromkeys(appropriations.SECTIONS, 0)
    for programme in programmes:
        sums[programme[0]] += programme[4]
    values = {
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "law": "239-VIII",
        "law_date": day_number(2025, 12, 8),
        **sums,
        "mrp": 432_500,
        "has_more": False,
        "programmes": programmes,
        "left_out": (),
    }
    return filled(appropriations.ADOPT, **{**values, **changes})


def cumulative(units: int, *first: int) -> tuple[int, ...]:
    """Twelve cumulative figures: the named first months, then `units` to December."""
    return tuple(figure * U for figure in (*first, *(units for _ in range(12 - len(first)))))


def a_plan(units: int, holder: str = GU, specific: str = "159", **changes: Any) -> Values:
    values: dict[str, Any] = {
        "holder": holder,
        "subprogramme": "100",
        "specific": specific,
        "expense": None,
        "obligations": cumulative(units),
        "payments": cumulative(units),
    }
    return filled(plans.PLAN_ROW, **{**values, **changes})


def plan_document(*rows: Values, programme: str = "003") -> Values:
    return (BUDGET, YEAR, "1", programme, rows)


def a_certificate(*rows: Values, kind: str = "a", number: str = "1", **changes: Any) -> Values:
    """A certificate of amendment: rows are those of `a_plan`, with the new figures of each position."""
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "programme": "003",
        "certificate": number,
        "kind": kind,
        "cause": None,
        "plans": rows,
    }
    return filled(plan_changes.AMEND, **{**values, **changes})


def monthly(units: int, months: int = 12, total: int | None = None) -> tuple[int, ...]:
    """Twelve cumulative figures that grow by `units` in each of the first months."""
    end = units * months if total is None else total
    return cumulative(end, *(units * month for month in range(1, months)))


def a_code(holder: str = GU, specific: str | None = "159", **changes: Any) -> Values:
    """Where money stands, in a change of codes; without a specific the undistributed money of the holder."""
    values: dict[str, Any] = {
        "holder": holder,
        "administrator": "228",
        "programme": "003",
        "subprogramme": None if specific is None else "100",
        "specific": specific,
    }
    return filled(Row("place", recodes.PLACE), **{**values, **changes})


def a_recode(*rows: tuple[Values, Values], **changes: Any) -> Values:
    """A change of codes; rows are (old place, new place)."""
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "document": "приказ о ЕБК 1",
        "date": DAY,
        "cause": "classification",
        "rows": rows,
    }
    return filled(recodes.RECODE, **{**values, **changes})


ECONOMIC = next(codes for name, codes in DIRECTORIES if name == "economic")

SUCCESSORS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("economic", tuple((code, " ".join(one for one in ECONOMIC if one != code)) for code in ECONOMIC)),
    ("functional", (("228/003", "228/001 228/002"), ("228/001", "228/003 228/002"))),
    ("institutions", (("2280101", "2280102"), ("2280102", "2280101"))),
)
"""By directory, the codes of `a_ledger` and what a change of codes may make of each."""


def replace_codes(ledger: Ledger, directory: str, *rows: tuple[str, str]) -> None:
    """Publish from the open day on that new codes, separated by spaces, come in the place of old ones."""
    today = operational_day(ledger.state)
    named = tuple((old, today, None, old, old, None, (("replaced-by", new),)) for old, new in rows)
    ledger.do("mof", "directory.publish", directory, named)


def with_successors(ledger: Ledger) -> Ledger:
    """The same ledger with SUCCESSORS published: its codes may change in any direction."""
    for directory, rows in SUCCESSORS:
        replace_codes(ledger, directory, *rows)
    return ledger


def as_programme(ledger: Ledger, year: int = YEAR, **changes: Any) -> Ledger:
    """The same ledger with other features of 228/003 in the law of the year."""
    key = appropriation_key(BUDGET, year, "228", "003")
    found = Appropriation.find(ledger.state, Collection.APPROPRIATIONS, key)
    assert found is not None
    ledger.state.commit({(Collection.APPROPRIATIONS, key): replace(found, **changes).encode()})
    return ledger


def a_year(*rows: Values, units: int = 100_000, cash: int = 1_000_000, **params: int) -> Ledger:
    """A ledger with programme 228/003 of `units` adopted, the plans approved and `cash` units of money."""
    ledger = a_ledger(**params)
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=units)))
    if rows:
        ledger.do("mot", "plan.approve", *plan_document(*rows))
    if cash:
        with_receipts(ledger, cash * U)
    return ledger


# --- agreements, acts, payments


def an_obligation(name: str, units: int, advance: int = 0, specific: str = "159", **changes: Any) -> Values:
    values: dict[str, Any] = {
        "obligation": name,
        "subprogramme": "100",
        "specific": specific,
        "expense": None,
        "amount": units * U,
        "advance": advance * U,
    }
    return filled(agreements.OBLIGATION_ROW, **{**values, **changes})


def an_agreement(number: str, *rows: Values, **changes: Any) -> Values:
    amount = sum(row[4] for row in rows)
    values: dict[str, Any] = {
        "number": number,
        "date": DAY,
        "supplier": SUPPLIER,
        "subject": "текущий ремонт дорог",
        "kind": "works",
        "money": "ordinary",
        "programme": "003",
        "legal_basis": "Закон от 01.07.2024 № 106-VIII",
        "portal_id": None,
        "total": amount,
        "vat": None,
        "years": ((YEAR, amount),),
        "valid_until": day_number(2026, 12, 31),
        "takes_effect_after_registration": True,
        "advance_ground": None,
        "expertise": None,
        "obligations": rows,
    }
    return filled(agreements.AGREEMENT_ROW, **{**values, **changes})


def registration(*rows: Values) -> Values:
    return (BUDGET, YEAR, "1", rows)


def register(ledger: Ledger, number: str, units: int, advance: int = 0, **changes: Any) -> None:
    """An agreement with one obligation of the same name in lower case."""
    agreement = an_agreement(number, an_obligation(number.lower(), units, advance), **changes)
    ledger.do(GU, "agreement.register", *registration(agreement))


def an_amendment(number: str, units: int, advance: int = 0, serial: int = 1, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "agreement": number,
        "supplement": "1",
        "date": DAY,
        "ground": "ст. 18 Закона о государственных закупках",
        "total": units * U,
        "years": ((YEAR, units * U),),
        "valid_until": day_number(2026, 12, 31),
        "expertise": None,
        "obligations": (filled_amendment(number.lower(), units, advance, serial),),
    }
    return filled(supplements.AMEND, **{**values, **changes})


def filled_amendment(name: str, units: int, advance: int = 0, serial: int = 1, **changes: Any) -> Values:
    """`serial`: of the notification that the supplement closes."""
    values: dict[str, Any] = {
        "obligation": name,
        "notification": notification(name, serial),
        "amount": units * U,
        "advance": advance * U,
    }
    return filled(supplements.AMEND_ROW, **{**values, **changes})


def notification(name: str, serial: int = 1, year: int = YEAR, code: str = "2280101") -> str:
    return f"{code}/{year % 100}-{name}-{serial}"


def a_penalty(number: str, units: int, name: str = "pen-1", **changes: Any) -> Values:
    values: dict[str, Any] = {
        "agreement": number,
        "supplement": "неустойка 1",
        "date": DAY,
        "obligation": number.lower(),
        "notification": notification(number.lower()),
        "act": None,
        "penalty": name,
        "receipts": "201510",
        "amount": units * U,
    }
    return filled(supplements.PENALTY_DOCUMENT, **{**values, **changes})


def a_continuation(
    name: str, units: int, previous: str | None, advance: int = 0, specific: str = "159", **changes: Any
) -> Values:
    """An obligation of the next year that goes on with `previous`."""
    values: dict[str, Any] = {
        "obligation": name,
        "subprogramme": "100",
        "specific": specific,
        "expense": None,
        "amount": units * U,
        "advance": advance * U,
        "previous": previous,
        "notification": None if previous is None else notification(previous),
    }
    return filled(registrations.CONTINUED_ROW, **{**values, **changes})


def a_reregistration(number: str, *rows: Values, year: int = YEAR + 1, **changes: Any) -> Values:
    amount = sum(row[4] for row in rows)
    values: dict[str, Any] = {
        "agreement": number,
        "years": ((year, amount),),
        "valid_until": day_number(year, 12, 31),
        "advance_ground": None,
        "obligations": rows,
    }
    row = filled(registrations.REREGISTERED_ROW, **{**values, **changes})
    return (BUDGET, year, "1", (row,))


def with_base(ledger: Ledger, units: int = 100_000, *years: int) -> Ledger:
    """Base expenditure of administrator 228 in years to come (the next two): what agreements may promise."""
    for year in years or (YEAR + 1, YEAR + 2):
        ledger.do("mof", "limit.set", *limits(a_limit(base=units), year=year))
    return ledger


def a_termination(number: str, **changes: Any) -> Values:
    values: dict[str, Any] = {"agreement": number, "date": DAY, "ground": "agreement", "note": "соглашение"}
    return filled(supplements.TERMINATE, **{**values, **changes})


def an_act(act: str, obligation: str, units: int, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "act": act,
        "obligation": obligation,
        "date": DAY,
        "document": f"ЭСФ-{act}",
        "amount": units * U,
    }
    return filled(acts.ACT_ROW, **{**values, **changes})


def sign(ledger: Ledger, act: str, obligation: str, units: int) -> None:
    ledger.do(GU, "act.sign", (an_act(act, obligation, units),))


def a_commissioning(number: str, **changes: Any) -> Values:
    values: dict[str, Any] = {"agreement": number, "document": "акт приёмки", "date": DAY}
    return filled(acts.COMMISSION, **{**values, **changes})


def an_invoice(name: str, units: int, specific: str = "151", **changes: Any) -> Values:
    values: dict[str, Any] = {
        "obligation": name,
        "programme": "003",
        "subprogramme": "100",
        "specific": specific,
        "expense": None,
        "kind": "invoice",
        "payee": SUPPLIER,
        "document": "счёт 1",
        "document_date": DAY,
        "amount": units * U,
        "exemption": None,
        "debt": None,
        "notification": None,
    }
    return filled(obligations.OBLIGATION_ROW, **{**values, **changes})


def a_request(serial: int, obligation: str, units: int, act: str | None = None, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "number": payment_number(serial),
        "obligation": obligation,
        "act": act,
        "is_advance": False,
        "amount": units * U,
        "purpose": "оплата",
    }
    return filled(payments.REQUEST_ROW, **{**values, **changes})


def payment_number(serial: int, code: str = "2280101", year: int = YEAR) -> str:
    return f"{code}/{year % 100}-{serial}"


def pay(
    ledger: Ledger, serial: int, obligation: str, units: int, act: str | None = None, year: int = YEAR
) -> None:
    """Ask for a payment and execute it; without act of an agreement it is an advance."""
    is_advance = act is None and not obligation.startswith("pay")
    number = payment_number(serial, year=year)
    request = a_request(serial, obligation, units, act, is_advance=is_advance, number=number)
    ledger.do(GU, "payment.request", (request,))
    ledger.do("treasury", "payment.execute", ((GU, number),))


def a_correction(obligation: str, units: int | None = None, act: str | None = None) -> Values:
    """What is not paid of an obligation or of an act is taken back, whole without units."""
    return (obligation, act, None if units is None else units * U, "ошибка")


def a_return(serial: int, units: int, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "holder": GU,
        "number": payment_number(serial),
        "amount": units * U,
        "document": "выписка 7",
        "receipts": None,
        "is_owed": False,
    }
    return filled(payments.RESTORE_ROW, **{**values, **changes})


def restore(ledger: Ledger, serial: int, units: int) -> None:
    ledger.do("treasury", "payment.restore", (a_return(serial, units),))


# --- holds and sequester


def a_held_row(units: int, holder: str = GU, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "holder": holder,
        "administrator": "228",
        "programme": "003",
        "subprogramme": "100",
        "specific": "159",
        "expense": None,
        "amount": units * U,
    }
    return filled(holds.HELD_ROW, **{**values, **changes})


def a_block(*rows: Values, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "hold": "block-1",
        "ground": "shortfall",
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "document": "распоряжение 1",
        "date": DAY,
        "rows": rows,
    }
    return filled(holds.BLOCK, **{**values, **changes})


def an_unblock(*rows: Values, units: int | None = None, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "hold": "block-1",
        "document": "распоряжение 2",
        "source": "1",
        "rows": rows,
        "amount": None if units is None else units * U,
    }
    return filled(holds.UNBLOCK, **{**values, **changes})


def a_cut_row(units: int, holder: str = GU, from_hold: str | None = None, **changes: Any) -> Values:
    return (*a_held_row(units, holder, **changes), from_hold)


def a_decision(*rows: Values, name: str = "cut-1", **changes: Any) -> Values:
    values: dict[str, Any] = {
        "decision": name,
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "instrument": "resolution",
        "document": "постановление 1",
        "date": DAY,
        "total": sum(row[6] for row in rows),
        "rows": rows,
    }
    return filled(sequester.DECIDE, **{**values, **changes})


POOL: dict[str, Any] = {"holder": "mot", "subprogramme": None, "specific": None}
"""The administrator's undistributed money, as changes of a held row."""


def with_shortfall(ledger: Ledger, units: int) -> None:
    """A receipts plan of January that misses `units` of what came in so far."""
    missing = units * U - shortfall(ledger.state, BUDGET, YEAR, 1)
    figures = tuple(missing for _ in range(12))
    ledger.do("treasury", "receipts.plan", "сводный план", ((BUDGET, YEAR, "201510", figures),))


# --- what stands where


def slots(amounts: tuple[int, ...]) -> dict[str, int]:
    """The slots of a balance that hold something, by name, in units."""
    names = {HELD_ADOPTED: "held_adopted", HELD_ALLOCATED: "held_allocated"}
    filled_slots = [slot for slot, amount in enumerate(amounts) if amount]
    return {names.get(slot) or Stage(slot).name.lower(): amounts[slot] // U for slot in filled_slots}


def position(ledger: Ledger, holder: str = GU, specific: str = "159", year: int = YEAR) -> dict[str, int]:
    scope = position_scope(holder, a_line(specific=specific, year=year))
    return slots(balance_of(ledger.state, scope).amounts)


def of_obligation(ledger: Ledger, name: str, holder: str = GU) -> dict[str, int]:
    return slots(balance_of(ledger.state, obligation_scope(holder, name)).amounts)


def of_programme(ledger: Ledger, programme: str = "003") -> dict[str, int]:
    line = a_line(programme=programme, subprogramme=None, specific=None)
    return slots(balance_of(ledger.state, programme_scope(line)).amounts)


# --- the end of the year


def a_carry_over_list(*rows: tuple[str, str, int], **changes: Any) -> Values:
    """Rows of (administrator, programme, units)."""
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "document": "перечень 1",
        "date": DAY,
        "rows": tuple((administrator, programme, units * U) for administrator, programme, units in rows),
    }
    return filled(year_end.CARRY_OVER_LIST, **{**values, **changes})


def a_closing(rows: int = 1_000, **changes: Any) -> Values:
    return filled(year_end.CLOSE, **{"budget": BUDGET, "year": YEAR, "rows": rows, **changes})


def close_year(ledger: Ledger, rows: int = 1_000, **changes: Any) -> int:
    """Open the first working day of the next year and close the year; returns how many documents it took."""
    year = changes.get("year", YEAR)
    if (operational_day(ledger.state) or 0) < day_number(year + 1, 1, 1):
        ledger.open_day(year + 1, 1, 5)
    documents = 0
    while True:
        documents += 1
        ((name, *_),) = ledger.do("treasury", "year.close", *a_closing(rows, **changes))
        if name == "year.closed":
            return documents


def next_year(ledger: Ledger, *rows: Values, year: int = YEAR + 1, cash: int = 1_000_000) -> Ledger:
    """Close the year before, adopt the next one, approve its plans and let money come in."""
    close_year(ledger, year=year - 1)
    if rows:
        units = sum(row[4][-1] for row in rows) // U
        law = a_law(a_programme(units=units), year=year, law=f"закон {year}")
        ledger.do("mof", "budget.adopt", *law)
        ledger.do("mot", "plan.approve", BUDGET, year, "1", "003", rows)
    if cash:
        with_receipts(ledger, cash * U)
    return ledger


def a_debt(name: str, units: int, of: str, specific: str = "159", **changes: Any) -> Values:
    """A debt of the year before, accepted by a reconciliation act of the 1st of January."""
    values: dict[str, Any] = {
        "kind": "debt",
        "document": "акт сверки 1",
        "document_date": day_number(YEAR + 1, 1, 1),
        "debt": of,
        "notification": notification(of),
    }
    return an_invoice(name, units, specific, **{**values, **changes})


def accept_debt(ledger: Ledger, row: Values, year: int = YEAR + 1) -> None:
    ledger.do(GU, "obligation.accept", BUDGET, year, "1", (row,))


# --- ratings, and money not accepted in time


def a_rating_document(*rows: Values, month: int = 1, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "month": month,
        "formula": incentives.FORMULA,
        "ratings": rows,
    }
    return filled(incentives.COMPUTE, **{**values, **changes})


def a_rating_row(ledger: Ledger, administrator: str = "228", month: int = 1, **changes: Any) -> Values:
    """What the ledger gives an administrator on its operational day, with changes."""
    day = operational_day(ledger.state) or 0
    rating = incentives.rate(ledger.state, BUDGET, YEAR, month, administrator, day)
    names = [name for name, _ in incentives.RATING_ROW.fields]
    values = dict(zip(names, incentives.row_of(administrator, rating), strict=True))
    return filled(incentives.RATING_ROW, **{**values, **changes})


def a_warning_row(units: int, month: int = 1, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "holder": GU,
        "administrator": "228",
        "programme": "003",
        "subprogramme": "100",
        "specific": "159",
        "month": month,
        "amount": units * U,
    }
    return filled(incentives.WARNING_ROW, **{**values, **changes})


def a_warning(*rows: Values, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "document": "письмо 1",
        "rows": rows,
    }
    return filled(incentives.WARN, **{**values, **changes})


def an_objection(**changes: Any) -> Values:
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "holder": GU,
        "programme": "003",
        "subprogramme": "100",
        "specific": "159",
        "reason": "конкурс не состоялся",
    }
    return filled(incentives.OBJECT, **{**values, **changes})


# --- changes of the budget


def a_new_programme(programme: str = "009", **changes: Any) -> Values:
    values: dict[str, Any] = {
        "section": "costs",
        "functional_group": "12",
        "administrator": "228",
        "programme": programme,
        "nature": "ordinary",
        "is_development": False,
        "protected": 0,
        "protected_subprogrammes": (),
        "is_state_obligation": False,
        "is_pilot": False,
    }
    return filled(budget_changes.NEW_PROGRAMME, **{**values, **changes})


def an_increase(units: int, programme: str = "003", administrator: str = "228") -> Values:
    return (administrator, programme, units * U)


def a_refinement(*increases: Values, costs: int, **changes: Any) -> Values:
    """`costs`: units of the section after it; `hold` and `rows` for what it cuts."""
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "law": "255-VIII",
        "law_date": DAY,
        "programmes": (),
        "increases": increases,
        "hold": None,
        "rows": 0,
        "costs": costs * U,
        "budget_loans": 0,
        "financial_assets": 0,
    }
    return filled(budget_changes.REFINE, **{**values, **changes})


def a_move(units: int, source: str = "228/003", target: str = "228/001", **changes: Any) -> Values:
    """A row of adjustment: programmes as administrator/programme; "" gives none."""
    given = source.split("/") if source else (None, None)
    taken = target.split("/")
    values: dict[str, Any] = {
        "from_administrator": given[0],
        "from_programme": given[1],
        "from_expense": None,
        "administrator": taken[0],
        "programme": taken[1],
        "amount": units * U,
    }
    return filled(budget_changes.MOVE_ROW, **{**values, **changes})


def an_adjustment(*rows: Values, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": YEAR,
        "source": "1",
        "case": "reallocation",
        "document": "постановление 12",
        "date": DAY,
        "commission": "протокол РБК 1",
        "proposed": DAY,
        "programmes": (),
        "rows": rows,
    }
    return filled(budget_changes.ADJUST, **{**values, **changes})


# --- formation

NEXT = YEAR + 1
DIGEST = bytes(range(32))
"""The hash of a document."""


def a_limit(administrator: str = "228", base: int = 1_000_000, **blocks: int) -> Values:
    """Limits of one administrator in units, by block."""
    given = {"initiatives": 0, "growth": 0, "reserves": 0, **blocks}
    return (administrator, base * U, *(given[name] * U for name in ("initiatives", "growth", "reserves")))


def limits(*rows: Values, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": NEXT,
        "document": "лимиты 1",
        "date": DAY,
        "limits": rows or (a_limit(),),
    }
    return filled(formation.LIMIT_SET, **{**values, **changes})


def an_item(expense: str, units: int, **changes: Any) -> Values:
    """An item of `units` pieces at a price of one unit."""
    values: dict[str, Any] = {
        "expense": expense,
        "subprogramme": "100",
        "specific": "159",
        "block": "base",
        "function": "12.1",
        "basis": "расчёт по нормам",
        "quantity": units,
        "price": U,
        "amount": units * U,
    }
    return filled(formation.ITEM, **{**values, **changes})


def a_budget_request(*items: Values, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": NEXT,
        "source": "1",
        "programme": "003",
        "items": items,
    }
    return filled(formation.FORM, **{**values, **changes})


def a_consolidation(units: int, *reductions: tuple[str, int], **changes: Any) -> Values:
    """What is left, in units, after reductions of (expense id, units)."""
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": NEXT,
        "programme": "003",
        "goal": "безопасные дороги",
        "indicators": "доля дорог в нормативном состоянии: 95 %",
        "results": "отремонтировано 300 км",
        "is_development": False,
        "amount": units * U,
        "reductions": tuple((expense, down * U) for expense, down in reductions),
    }
    return filled(formation.CONSOLIDATE, **{**values, **changes})


def a_stage(status: str, units: int, *reductions: tuple[str, int], **changes: Any) -> Values:
    """A decision that brings the request to a status, with what is left in units."""
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": NEXT,
        "administrator": "228",
        "programme": "003",
        "status": status,
        "act": f"акт {status}",
        "date": DAY,
        "document": DIGEST,
        "amount": units * U,
        "reductions": tuple((expense, down * U) for expense, down in reductions),
    }
    return filled(formation.DECIDE, **{**values, **changes})


def a_request_return(status: str, **changes: Any) -> Values:
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": NEXT,
        "administrator": "228",
        "programme": "003",
        "status": status,
        "holder": None,
        "reason": "нет расчёта",
    }
    return filled(formation.RETURN, **{**values, **changes})


def an_alignment(*rows: tuple[str, int, int], **changes: Any) -> Values:
    """Rows of (expense id, units up, units down)."""
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": NEXT,
        "source": "1",
        "programme": "003",
        "rows": tuple((expense, up * U, down * U) for expense, up, down in rows),
    }
    return filled(formation.ALIGN, **{**values, **changes})


def a_quarter(*programmes: Values, **changes: Any) -> Values:
    """The plan of a first quarter; rows carry the forecast of the year."""
    law = a_law(*programmes)
    values: dict[str, Any] = {
        "budget": BUDGET,
        "year": NEXT,
        "source": "1",
        "decree": "Указ № 1",
        "decree_date": DAY,
        **dict(zip(appropriations.SECTIONS, law[5:8], strict=True)),
        "mrp": 432_500,
        "programmes": programmes,
    }
    return filled(appropriations.QUARTER, **{**values, **changes})


def to_the_senate(ledger: Ledger, units: int, status: str = "senate") -> None:
    """A request of `units` under 228/003, formed by the first institution and brought to a status."""
    ledger.do("mof", "limit.set", *limits())
    ledger.do(GU, "request.form", *a_budget_request(an_item("e-1", units)))
    ledger.do("mot", "request.consolidate", *a_consolidation(units))
    for name in ("mof", "government", "mazhilis", "senate"):
        ledger.do("mof", "request.decide", *a_stage(name, units))
        if name == status:
            return
