"""One budget year, document by document. Institutions, suppliers and agreements are made up; the law is
real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cli.amounts import tenge_of
from cli.demo import budget
from cli.demo.budget import BUDGET, SOURCE, YEAR
from cli.demo.desk import Clerks, Document
from cli.demo.texts import INSTRUMENTS
from cli.documents import Json
from contracts import planner
from contracts.agreements import notification_number
from contracts.records import Collection
from contracts.state import StateReader

INSTITUTIONS_PER_ADMINISTRATOR = 10
MONTHS = range(1, 13)
DAY_OF_MONTH = 5
MORE_AGREEMENTS_IN = (3, 6, 9)
"""Months with a second agreement for every institution: 20 × (12 + 3) = 300."""

REFUSED_IN, RETURNED_IN, SHORT_IN, AMENDED_IN, SEQUESTER_IN = 2, 3, 4, 6, 9
SHORT_PER_MILLE = 880
SEQUESTER_HUNDREDTHS = 120
"""1.2 % of unprotected expenditure: a resolution decides it (BC 97(2))."""

REASON_TP236 = 6
MILLION = 100_000_000
"""Tiyn in a million tenge."""

ADVANCE_EVERY = 5
ADVANCE_PERCENT = 30


@dataclass(frozen=True, slots=True)
class Position:
    """A line of one institution and its annual plan, in million tenge."""

    programme: str
    specific: str
    annual: int


PAYROLL, SERVICES, GOODS, WORKS = range(4)

POSITIONS: dict[str, tuple[Position, Position, Position, Position]] = {
    "226": (
        Position("001", "111", 120),
        Position("001", "159", 360),
        Position("053", "414", 480),
        Position("053", "421", 1800),
    ),
    "228": (
        Position("001", "111", 120),
        Position("001", "159", 300),
        Position("001", "414", 420),
        Position("003", "432", 3000),
    ),
}
KINDS = ("", "services", "goods", "works")
SUBJECTS = ("", "обслуживание зданий и оборудования", "оборудование и инвентарь", "ремонт и строительство")

SUPPLIERS = tuple((f"2601400{number:05d}", f"ТОО «Поставщик {number}» (пример)") for number in range(1, 41))


@dataclass(slots=True)
class Deal:
    """One agreement on its way. Amounts in tiyn."""

    holder: str
    number: str
    obligation: str
    act: str
    kind: int
    total: int
    advance: int

    @property
    def retained(self) -> int:
        """5 % of works until commissioning (TP 191)."""
        return self.total - self.total * 95 // 100 if self.kind == WORKS else 0

    @property
    def payable(self) -> int:
        return self.total - self.advance - self.retained


@dataclass(slots=True)
class Asked:
    """A payment request that waits for the treasury."""

    holder: str
    number: str
    amount: int
    obligation: str
    act: str | None


def institutions() -> Iterator[tuple[str, str]]:
    """(institution, administrator) of all state institutions of the story."""
    for administrator in POSITIONS:
        for number in range(1, INSTITUTIONS_PER_ADMINISTRATOR + 1):
            yield f"{administrator}{number:04d}", administrator


class Chapter(Protocol):
    """A part of the story beside the ordinary documents of every month."""

    def month(self, month: int) -> None:
        """What it does in a month of 2026, after the month's ordinary documents."""


@dataclass(slots=True)
class Year:
    """The story. `say(step, facts)` is told what happens."""

    desk: Clerks
    say: Callable[..., None]
    agreements: int = 0
    payments: int = 0
    serials: Counter[str] = field(default_factory=Counter)
    to_commission: list[Deal] = field(default_factory=list)
    to_ask_again: list[Asked] = field(default_factory=list)
    chapters: Sequence[Chapter] = ()
    current: int = YEAR
    """The year in which payments are asked for."""
    of_december: Asked | None = None
    """A payment of the last month."""
    payment_id: str = ""
    """Transaction of the last executed payments: its receipt is kept."""

    # --- before the year

    def prepare(self) -> None:
        """Directories, the first day, the law, the plans."""
        documents = budget.directories((), SUPPLIERS)
        self.desk.submit(documents)
        self.say("directories", documents=len(documents))
        self._open_day(1)

    def adopt(self) -> None:
        self.desk.submit([budget.adoption()])
        self.say("adopted", programmes=231)

    def plan(self, holders: Container[str] | None = None) -> None:
        """Plans of all institutions, or of those named."""
        documents = [budget.receipts_plan(), *self._plans(holders)]
        self.desk.submit(documents)
        self.say("planned", institutions=2 * INSTITUTIONS_PER_ADMINISTRATOR, documents=len(documents))

    def _plans(self, holders: Container[str] | None) -> Iterator[Document]:
        for administrator, positions in POSITIONS.items():
            for programme in sorted({position.programme for position in positions}):
                rows: list[Json] = [
                    _plan_row(holder, position)
                    for holder, owner in institutions()
                    if owner == administrator and (holders is None or holder in holders)
                    for position in positions
                    if position.programme == programme
                ]
                content: dict[str, Json] = {
                    "budget": BUDGET,
                    "year": YEAR,
                    "source": SOURCE,
                    "programme": programme,
                    "plans": rows,
                }
                if rows:
                    yield Document(administrator, "plan.approve", content)

    def _open_day(self, month: int, day: int = DAY_OF_MONTH) -> None:
        self.desk.submit([Document("treasury", "treasury.open_day", {"day": date_of(month, day)})])

    # --- twelve months

    def live(self) -> None:
        for month in MONTHS:
            self._month(month)
            for chapter in self.chapters:
                chapter.month(month)
            self.say("month", month=month, agreements=self.agreements, payments=self.payments)

    def _month(self, month: int) -> None:
        if month > 1:
            self._open_day(month)
        self._receive(month)
        if month == 1:
            self._refusals()
        deals = self._register(month)
        self._advances(month, [deal for deal in deals if deal.advance])
        self._acts(month, deals)
        self._pay(month, deals)
        if month == AMENDED_IN:
            self._amend_and_terminate(month)
        if month == SEQUESTER_IN:
            self._sequester(month)

    def _receive(self, month: int) -> None:
        """Receipts; in one month too few, so that the treasury blocks, in the next the rest, so that it
        lifts."""
        catching_up = 2 * 1000 - SHORT_PER_MILLE if month == SHORT_IN + 1 else 1000
        came = SHORT_PER_MILLE if month == SHORT_IN else catching_up
        self.desk.submit([budget.receipts_of_month(month, came)])
        if month == SHORT_IN:
            self._block(month)
        if month == SHORT_IN + 1:
            self._unblock()

    def _register(self, month: int) -> list[Deal]:
        deals: list[Deal] = []
        documents: list[Document] = []
        for index, (holder, administrator) in enumerate(institutions()):
            kinds = [1 + (index + month) % 3]
            if month in MORE_AGREEMENTS_IN:
                kinds.append(SERVICES)
            for kind in kinds:
                deal = self._deal(holder, kind, index, month)
                deals.append(deal)
                documents.append(registration(deal, POSITIONS[administrator][kind], month, index))
            documents.append(self._payroll(holder, administrator, month))
        documents.extend(
            Document(
                deal.holder,
                "act.commission",
                {
                    "agreement": deal.number,
                    "document": f"commissioning {deal.act}",
                    "date": date_of(month, DAY_OF_MONTH),
                },
            )
            for deal in self.to_commission
        )
        self.desk.submit(documents)
        self.agreements += len(deals)
        return deals

    def _deal(self, holder: str, kind: int, index: int, month: int) -> Deal:
        self.serials[holder] += 1
        serial = self.serials[holder]
        spread = (7 * index + 5 * month) % 9
        millions = (3 + spread, 6 + 2 * spread, 40 + 8 * spread)[kind - 1]
        total = millions * MILLION
        has_advance = serial % ADVANCE_EVERY == 0
        return Deal(
            holder,
            f"{holder}/26-{serial}",
            f"o{serial}",
            f"a{serial}",
            kind,
            total,
            total * ADVANCE_PERCENT // 100 if has_advance else 0,
        )

    def _payroll(self, holder: str, administrator: str, month: int) -> Document:
        position = POSITIONS[administrator][PAYROLL]
        content: dict[str, Json] = {
            "budget": BUDGET,
            "year": YEAR,
            "source": SOURCE,
            "obligations": [
                {
                    "obligation": f"pay{month}",
                    "programme": position.programme,
                    "subprogramme": "000",
                    "specific": position.specific,
                    "expense": None,
                    "kind": "payroll",
                    "payee": None,
                    "document": f"payroll {YEAR}-{month:02d}",
                    "document_date": date_of(month, DAY_OF_MONTH),
                    "amount": tenge_of(_payroll_amount(position)),
                }
            ],
        }
        return Document(holder, "obligation.accept", content)

    def _advances(self, month: int, deals: list[Deal]) -> None:
        if not deals:
            return
        asked = [self.ask(deal.holder, deal.obligation, None, deal.advance) for deal in deals]
        self.desk.submit([request_document(one, month, is_advance=True) for one in asked])
        self.execute(asked)

    def _acts(self, month: int, deals: list[Deal]) -> None:
        documents = [
            Document(
                deal.holder,
                "act.sign",
                {
                    "acts": [
                        {
                            "act": deal.act,
                            "obligation": deal.obligation,
                            "date": date_of(month, DAY_OF_MONTH),
                            "document": f"act {deal.act}",
                            "amount": tenge_of(deal.total),
                        }
                    ]
                },
            )
            for deal in deals
        ]
        self.desk.submit(documents)

    def _pay(self, month: int, deals: list[Deal]) -> None:
        asked = [self.ask(deal.holder, deal.obligation, deal.act, deal.payable) for deal in deals]
        asked += [
            self.ask(deal.holder, deal.obligation, deal.act, deal.retained) for deal in self.to_commission
        ]
        asked += [
            self.ask(holder, f"pay{month}", None, _payroll_amount(POSITIONS[administrator][PAYROLL]))
            for holder, administrator in institutions()
        ]
        asked += [self.ask(one.holder, one.obligation, one.act, one.amount) for one in self.to_ask_again]
        self.to_commission = [deal for deal in deals if deal.retained]
        self.to_ask_again = []
        self.desk.submit([request_document(one, month, is_advance=False) for one in asked])
        if month == REFUSED_IN:
            asked = self._refuse(asked)
        self.execute(asked)
        if month == RETURNED_IN:
            self._return_by_bank(asked[0])

    def ask(self, holder: str, obligation: str, act: str | None, amount: int) -> Asked:
        name = f"{holder} payments"
        self.serials[name] += 1
        return Asked(holder, f"{holder}/{self.current % 100}-{self.serials[name]}", amount, obligation, act)

    def execute(self, asked: list[Asked]) -> None:
        rows: list[Json] = [{"holder": one.holder, "number": one.number} for one in asked]
        self.desk.submit([Document("treasury", "payment.execute", {"payments": rows})])
        self.payments += len(asked)
        if self.current == YEAR:
            self.of_december = asked[-1]
        self.payment_id = self.desk.last_ids[0]

    # --- what does not go smoothly

    def _refusals(self) -> None:
        """Three documents that the rules refuse: each says its code, its article, what to do."""
        holder, administrator = next(institutions())
        position = POSITIONS[administrator][SERVICES]
        too_much = Deal(holder, f"{holder}/26-900", "o900", "a900", SERVICES, 90 * MILLION, 0)
        over = self.desk.refused(registration(too_much, position, 1, 0))
        self.say("refused", code=over["code"], article=over["article"], message=over["texts"])
        modest = Deal(holder, f"{holder}/26-901", "o901", "a901", SERVICES, MILLION, 0)
        alone = registration(modest, position, 1, 0)
        one = self.desk.refused(Document(alone.institution, alone.action, alone.content, roles=("head",)))
        self.say("refused", code=one["code"], article=one["article"], message=one["texts"])
        opened = self.desk.refused(
            Document(holder, "treasury.open_day", {"day": date_of(1, DAY_OF_MONTH + 1)}, roles=("head",))
        )
        self.say("refused", code=opened["code"], article=opened["article"], message=opened["texts"])

    def _refuse(self, asked: list[Asked]) -> list[Asked]:
        """The treasury returns one request without execution (TP 236); it is asked again next month."""
        first, *rest = asked
        row: Json = {
            "holder": first.holder,
            "number": first.number,
            "reason": REASON_TP236,
            "note": "the act's number is not the invoice's",
        }
        self.desk.submit([Document("treasury", "payment.refuse", {"refusals": [row]})])
        self.to_ask_again.append(first)
        self.say("payment_refused", number=first.number, reason=REASON_TP236)
        return rest

    def _return_by_bank(self, paid: Asked) -> None:
        """The bank sends a payment back (5-17): payable again, asked for again next month."""
        row: Json = {
            "holder": paid.holder,
            "number": paid.number,
            "amount": tenge_of(paid.amount),
            "document": "bank statement: account closed",
            "is_owed": False,
        }
        self.desk.submit([Document("treasury", "payment.restore", {"restorations": [row]})])
        self.to_ask_again.append(paid)
        self.say("payment_restored", number=paid.number, amount=tenge_of(paid.amount))

    def _block(self, month: int) -> None:
        """Up to the shortfall, on rows that a sequester could cut (BC 111(1)(11))."""
        shortfall = budget.planned_of_month(month) * (1000 - SHORT_PER_MILLE) // 1000
        total = shortfall // budget.PLAN_UNIT * budget.PLAN_UNIT
        rows = planner.plan_block(self._state(), BUDGET, YEAR, SOURCE, total)
        self.desk.submit(
            [
                Document(
                    "treasury",
                    "treasury.block",
                    {
                        "hold": "shortfall-april",
                        "ground": "shortfall",
                        "budget": BUDGET,
                        "year": YEAR,
                        "source": SOURCE,
                        "document": "order 17",
                        "date": date_of(month, DAY_OF_MONTH),
                        "rows": [held_row(row) for row in rows],
                    },
                )
            ]
        )
        self.say("blocked", shortfall=tenge_of(shortfall), rows=len(rows))

    def _unblock(self) -> None:
        """Receipts caught up: the whole block is lifted, in reverse."""
        total = budget.planned_of_month(SHORT_IN) * (1000 - SHORT_PER_MILLE) // 1000
        amount = total // budget.PLAN_UNIT * budget.PLAN_UNIT
        content: dict[str, Json] = {
            "hold": "shortfall-april",
            "document": "order 21",
            "source": SOURCE,
            "rows": [],
            "amount": tenge_of(amount),
        }
        self.desk.submit([Document("treasury", "treasury.unblock", content)])
        self.say("unblocked", amount=tenge_of(amount))

    def _amend_and_terminate(self, month: int) -> None:
        """A supplement lowers one agreement, another is terminated: money comes back to the plan."""
        holder, administrator = next(institutions())
        position = POSITIONS[administrator][GOODS]
        lowered = Deal(holder, f"{holder}/26-950", "o950", "a950", GOODS, 6 * MILLION, 0)
        ended = Deal(holder, f"{holder}/26-951", "o951", "a951", GOODS, 4 * MILLION, 0)
        self.desk.submit([registration(deal, position, month, 0) for deal in (lowered, ended)])
        self.agreements += 2
        supplement: dict[str, Json] = {
            "agreement": lowered.number,
            "supplement": "1",
            "date": date_of(month, DAY_OF_MONTH),
            "ground": "price cut by consent, procurement law art. 18(2)",
            "total": tenge_of(5 * MILLION),
            "years": [{"year": YEAR, "amount": tenge_of(5 * MILLION)}],
            "valid_until": f"{YEAR}-12-31",
            "expertise": None,
            "obligations": [
                {
                    "obligation": lowered.obligation,
                    "notification": notification_number(holder, YEAR, lowered.obligation, 1),
                    "amount": tenge_of(5 * MILLION),
                    "advance": "0",
                }
            ],
        }
        termination: dict[str, Json] = {
            "agreement": ended.number,
            "date": date_of(month, DAY_OF_MONTH),
            "ground": "agreement",
            "note": "by consent of both sides",
        }
        self.desk.submit(
            [
                Document(holder, "agreement.amend", supplement),
                Document(holder, "agreement.terminate", termination),
            ]
        )
        self.say("amended", lowered=lowered.number, terminated=ended.number)

    def _sequester(self, month: int) -> None:
        """Planned outside consensus, decided by resolution, applied to what nobody has accepted (BC 97)."""
        state = self._state()
        total = planner.share_amount(state, BUDGET, YEAR, SEQUESTER_HUNDREDTHS)
        plan = planner.plan_sequester(state, BUDGET, YEAR, SOURCE, total)
        rows: list[Json] = [{**held_row(row), "from_hold": None} for row in plan.rows]
        decision: dict[str, Json] = {
            "decision": "sequester-2026-1",
            "budget": BUDGET,
            "year": YEAR,
            "source": SOURCE,
            "instrument": plan.instrument,
            "document": "resolution 812",
            "date": date_of(month, DAY_OF_MONTH),
            "total": tenge_of(plan.total),
            "rows": rows,
        }
        self.desk.submit([Document("mof", "sequester.decide", decision)])
        self.say(
            "decided", amount=tenge_of(plan.total), rows=len(rows), instrument=INSTRUMENTS[plan.instrument]
        )
        step: dict[str, Json] = {"decision": "sequester-2026-1", "rows": len(rows)}
        self.desk.submit([Document("mof", "sequester.apply", step)])
        self.say("sequestered", amount=tenge_of(plan.total))

    def _state(self) -> StateReader:
        """The state of now as the planner reads it."""
        whole = (
            Collection.TOKENS,
            Collection.APPROPRIATIONS,
            Collection.BUDGETS,
            Collection.HOLDS,
            Collection.PARAMS,
        )
        return self.desk.state(whole)


def date_of(month: int, day: int, year: int = YEAR) -> str:
    """A day of the story as documents write it."""
    return f"{year}-{month:02d}-{day:02d}"


def _payroll_amount(position: Position) -> int:
    """Less than a month's share of the plan, so that a sequester leaves room."""
    return position.annual * MILLION // 12 * 9 // 10


def _plan_row(holder: str, position: Position) -> dict[str, Json]:
    """Obligations run a month ahead of payments; both reach the annual amount in December."""
    annual = position.annual * MILLION
    return {
        "holder": holder,
        "subprogramme": "000",
        "specific": position.specific,
        "expense": None,
        "obligations": [tenge_of(annual * min(month + 1, 12) // 12) for month in MONTHS],
        "payments": [tenge_of(annual * month // 12) for month in MONTHS],
    }


def registration(
    deal: Deal, position: Position, month: int, index: int, year: int = YEAR, expense: str | None = None
) -> Document:
    """agreement.register of one agreement under one code."""
    amount = tenge_of(deal.total)
    expertise: Json = None
    if deal.kind == WORKS:
        expertise = {
            "number": f"expertise {deal.number}",
            "date": f"{year}-01-01",
            "valid_until": f"{year + 2}-12-31",
            "amount": amount,
        }
    agreement: dict[str, Json] = {
        "number": deal.number,
        "date": date_of(month, DAY_OF_MONTH, year),
        "supplier": SUPPLIERS[(7 * index + month) % len(SUPPLIERS)][0],
        "subject": SUBJECTS[deal.kind],
        "kind": KINDS[deal.kind],
        "money": "ordinary",
        "programme": position.programme,
        "legal_basis": "",
        "portal_id": f"portal {deal.number}",
        "total": amount,
        "vat": None,
        "years": [{"year": year, "amount": amount}],
        "valid_until": f"{year}-12-31",
        "takes_effect_after_registration": True,
        "advance_ground": None,
        "expertise": expertise,
        "obligations": [
            {
                "obligation": deal.obligation,
                "subprogramme": "000",
                "specific": position.specific,
                "expense": expense,
                "amount": amount,
                "advance": tenge_of(deal.advance),
            }
        ],
    }
    content: dict[str, Json] = {"budget": BUDGET, "year": year, "source": SOURCE, "agreements": [agreement]}
    return Document(deal.holder, "agreement.register", content)


def request_document(asked: Asked, month: int, *, is_advance: bool, year: int = YEAR) -> Document:
    """payment.request of one payment."""
    row: dict[str, Json] = {
        "number": asked.number,
        "obligation": asked.obligation,
        "act": asked.act,
        "is_advance": is_advance,
        "amount": tenge_of(asked.amount),
        "purpose": f"{asked.obligation}, {year}-{month:02d}",
    }
    return Document(asked.holder, "payment.request", {"requests": [row]})


def held_row(row: planner.PlannedRow) -> dict[str, Json]:
    line = row.position.line
    return {
        "holder": row.position.holder,
        "administrator": line.administrator,
        "programme": line.programme,
        "subprogramme": line.subprogramme,
        "specific": line.specific,
        "expense": row.position.expense,
        "amount": tenge_of(row.amount),
    }
