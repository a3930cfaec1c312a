"""2026 is closed and 2027 begins: what lapsed, what is owed, what is claimed; the agreement of two years goes
on, debts are paid, money of the closed year comes back; 2028 is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cli.amounts import tenge_of
from cli.demo.budget import BUDGET, PLAN_UNIT, SOURCE
from cli.demo.changes import CARRIED_OVER, FIRST_YEAR, LONG, LONG_ACT, PENALTY_CODE, UNPAID, act_document
from cli.demo.desk import Clerks, Document
from cli.demo.formation import (
    ALIGNED,
    NEXT,
    PROGRAMMES,
    Formation,
    expense_of,
    items_of,
    limits_of,
    planned_of,
    request_of,
)
from cli.demo.local import CITY
from cli.demo.year import (
    DAY_OF_MONTH,
    GOODS,
    MILLION,
    MONTHS,
    PAYROLL,
    POSITIONS,
    SERVICES,
    SUPPLIERS,
    WORKS,
    Asked,
    Deal,
    Position,
    Year,
    date_of,
    held_row,
    institutions,
    registration,
    request_document,
)
from cli.documents import Json
from contracts import planner
from contracts.agreements import notification_number
from contracts.records import ClosingStatus, Collection, closing_of

AFTER = NEXT + 1
RECEIPTS_CODE = "101105"
FRONT = 3
"""Receipts and works of 2027 come three times as fast as the months."""

BLOCKED = 1_000 * MILLION
RECOVERED = 2 * MILLION
CLOSE_ROWS = 120
"""Few, so that one sees a year that is being closed."""
SHARE_ASKED = {("226", "001"): False, ("228", "001"): True}
"""Programmes asked for in 2028: whether the Ministry of Finance has decided on it already."""


@dataclass(slots=True)
class NextYear:
    """A chapter of December 2026, and then January to March 2027."""

    desk: Clerks
    year: Year
    formation: Formation
    say: Callable[..., None]

    # --- before it begins

    def month(self, month: int) -> None:
        """In December the plans of 2027, by the law of 2027 and its expense ids."""
        if month != len(MONTHS):
            return
        self.desk.submit([self._receipts_plan(), *self._plans()])
        self.say("planned_next", year=NEXT, programmes=len(PROGRAMMES))

    def _receipts_plan(self) -> Document:
        figures: list[Json] = [tenge_of(self._received_by(month)) for month in MONTHS]
        row: Json = {"budget": BUDGET, "year": NEXT, "code": RECEIPTS_CODE, "cumulative": figures}
        return Document("treasury", "receipts.plan", {"document": f"plan of receipts {NEXT}", "rows": [row]})

    def _received_by(self, month: int) -> int:
        """Tiyn that the plan of receipts expects by the end of a month."""
        total = sum(self.formation.adopted(place) for place in PROGRAMMES)
        return _of_months(total, min(FRONT * month, 12))

    def _plans(self) -> Iterator[Document]:
        for place in PROGRAMMES:
            rows: list[Json] = [
                _plan_row(holder, kind, position) for holder, kind, position in items_of(*place)
            ]
            content: dict[str, Json] = {
                "budget": BUDGET, "year": NEXT, "source": SOURCE, "programme": place[1], "plans": rows
            }  # fmt: skip
            yield Document(place[0], "plan.approve", content)

    # --- January to March

    def live(self) -> None:
        self.year.current = NEXT
        for month in (1, 2, 3):
            self._open(month)
            if month == 1:
                self._close(BUDGET)
                self._close(CITY)
                self._carry_over(month)
                self._go_on(month)
                self._pay_debts(month)
            if month == 2:
                self._ask_for_after(month)
                self._recover(month)
                self._last_act(month)
                self._block(month)
            self._ordinary(month)
            self.say("month_next", year=NEXT, month=month)

    def _open(self, month: int) -> None:
        day: dict[str, Json] = {"day": date_of(month, DAY_OF_MONTH, NEXT)}
        self.desk.submit([Document("treasury", "treasury.open_day", day)])
        came = self._received_by(month) - self._received_by(month - 1)
        if month > 1:
            came = came * 8 // 10
        row: Json = {
            "kind": "receipt", "budget": BUDGET, "source": SOURCE, "code": RECEIPTS_CODE,
            "amount": tenge_of(came), "reference": f"statement {NEXT}-{month:02d}",
        }  # fmt: skip
        posted: dict[str, Json] = {"document": f"receipts of {NEXT}-{month:02d}", "rows": [row]}
        self.desk.submit([Document("treasury", "receipts.post", posted)])

    def _close(self, budget: str) -> None:
        """`year.close` until nothing is left: in between no other document touches the year."""
        content: dict[str, Json] = {"budget": budget, "year": NEXT - 1, "rows": CLOSE_ROWS}
        documents = 0
        while True:
            self.desk.submit([Document("treasury", "year.close", content)])
            documents += 1
            closing = closing_of(self.desk.state(()), budget, NEXT - 1)
            assert closing is not None, "a document that closes leaves its record"
            if closing.status == ClosingStatus.CLOSED:
                break
            if documents == 1:
                self._refused_meanwhile()
        self.say(
            "closed", budget=budget, year=NEXT - 1, documents=documents, tokens=closing.tokens,
            lapsed=tenge_of(closing.lapsed), carried=tenge_of(closing.carried),
            claimed=tenge_of(closing.claimed),
        )  # fmt: skip

    def _refused_meanwhile(self) -> None:
        """Nobody meets a year half-closed."""
        error = self.desk.refused(self._restoration())
        self.say("refused", code=error["code"], article=error["article"], message=error["texts"])

    def _carry_over(self, month: int) -> None:
        """What the list of November permits is used in the new year, by resolution (BC 98, 115(2))."""
        row: Json = {
            "from_administrator": None, "from_programme": None, "from_expense": None,
            "administrator": "228", "programme": "003", "amount": tenge_of(CARRIED_OVER),
        }  # fmt: skip
        content: dict[str, Json] = {
            "budget": BUDGET, "year": NEXT, "source": SOURCE, "case": "carry_over",
            "document": "resolution 3", "date": date_of(month, DAY_OF_MONTH, NEXT), "commission": None,
            "proposed": None, "programmes": [], "rows": [row],
        }  # fmt: skip
        self.desk.submit([Document("mof", "budget.adjust", content)])
        self.say("carried_over", amount=tenge_of(CARRIED_OVER))

    def _go_on(self, month: int) -> None:
        """The agreement of two years is registered again, on what is neither performed nor advanced."""
        worked = LONG.advance * LONG_ACT // FIRST_YEAR
        left = LONG.total - LONG_ACT - (LONG.advance - worked)
        code: dict[str, Json] = {
            "obligation": "long27", "subprogramme": "000", "specific": POSITIONS["228"][WORKS].specific,
            "expense": None, "amount": tenge_of(left), "advance": "0.00", "previous": LONG.obligation,
            "notification": notification_number(LONG.holder, NEXT - 1, LONG.obligation, 1),
        }  # fmt: skip
        row: Json = {
            "agreement": LONG.number, "years": [{"year": NEXT, "amount": tenge_of(left)}],
            "valid_until": f"{NEXT}-12-31", "advance_ground": None, "obligations": [code],
        }  # fmt: skip
        content: dict[str, Json] = {"budget": BUDGET, "year": NEXT, "source": SOURCE, "agreements": [row]}
        self.desk.submit([Document(LONG.holder, "agreement.reregister", content)])
        self.say("reregistered", number=LONG.number, year=NEXT, amount=tenge_of(left),
                 outstanding=tenge_of(LONG.advance - worked))  # fmt: skip

    def _pay_debts(self, month: int) -> None:
        """What 2026 left unpaid is owed still (TP 202, 208); what it retained, until the commissioning."""
        kept = self.year.to_commission[0]
        position = POSITIONS[kept.holder[:3]][WORKS]
        self.desk.submit(
            [
                _debt(UNPAID, POSITIONS["226"][SERVICES], "debt", UNPAID.total, month,
                      expense_of(UNPAID.holder, SERVICES)),
                _debt(kept, position, "retention", kept.retained, month, None),
            ]
        )  # fmt: skip
        commissioned: dict[str, Json] = {
            "agreement": kept.number, "document": f"commissioning {kept.act}",
            "date": date_of(month, DAY_OF_MONTH, NEXT),
        }  # fmt: skip
        self.desk.submit([Document(kept.holder, "act.commission", commissioned)])
        asked = [
            self.year.ask(UNPAID.holder, f"debt-{UNPAID.obligation}", None, UNPAID.total),
            self.year.ask(kept.holder, f"debt-{kept.obligation}", None, kept.retained),
        ]
        self._pay(asked, month)
        self.say("debts_paid", debt=tenge_of(UNPAID.total), retained=tenge_of(kept.retained))

    def _recover(self, month: int) -> None:
        """A payment of December comes back: new revenue, which frees no plan (BC 110(5))."""
        self.desk.submit([self._restoration()])
        self.say("recovered", number=self._paid_in_december().number, amount=tenge_of(RECOVERED))

    def _restoration(self) -> Document:
        paid = self._paid_in_december()
        row: Json = {
            "holder": paid.holder, "number": paid.number, "amount": tenge_of(RECOVERED),
            "document": "bank statement 12", "receipts": PENALTY_CODE, "is_owed": False,
        }  # fmt: skip
        return Document("treasury", "payment.restore", {"restorations": [row]})

    def _paid_in_december(self) -> Asked:
        paid = self.year.of_december
        assert paid is not None, "December had payments"
        return paid

    def _last_act(self, month: int) -> None:
        """The rest is performed: the last of the advance is worked off, 5 % of the whole is retained."""
        amount = LONG.total - LONG_ACT
        deal = Deal(LONG.holder, LONG.number, "long27", "long2", WORKS, amount, 0)
        self.desk.submit([act_document(deal, deal.act, amount, month, NEXT)])
        outstanding = LONG.advance - LONG.advance * LONG_ACT // FIRST_YEAR
        payable = LONG.total * 95 // 100 - LONG_ACT - outstanding
        self._pay([self.year.ask(LONG.holder, "long27", "long2", payable)], month)
        self.say("last_act", number=LONG.number, act=tenge_of(amount), worked=tenge_of(outstanding),
                 paid=tenge_of(payable), retained=tenge_of(LONG.total - LONG.total * 95 // 100))  # fmt: skip

    def _block(self, month: int) -> None:
        whole = (
            Collection.TOKENS, Collection.APPROPRIATIONS, Collection.BUDGETS, Collection.HOLDS,
            Collection.PARAMS,
        )  # fmt: skip
        rows = planner.plan_block(self.desk.state(whole), BUDGET, NEXT, SOURCE, BLOCKED)
        content: dict[str, Json] = {
            "hold": "shortfall-2027", "ground": "shortfall", "budget": BUDGET, "year": NEXT,
            "source": SOURCE, "document": "order 2", "date": date_of(month, DAY_OF_MONTH, NEXT),
            "rows": [held_row(row) for row in rows],
        }  # fmt: skip
        self.desk.submit([Document("treasury", "treasury.block", content)])
        self.say("blocked_next", amount=tenge_of(BLOCKED), rows=len(rows))

    def _ask_for_after(self, month: int) -> None:
        """Three years side by side: 2028 is asked for while 2027 is executed and 2026 is closed."""
        self.desk.submit([limits_of(AFTER, month, NEXT)])
        documents = []
        for place in SHARE_ASKED:
            holders = dict.fromkeys(holder for holder, _, _ in items_of(*place))
            documents += [request_of(holder, *place, AFTER) for holder in holders]
        self.desk.submit(documents)
        later = Formation(self.desk, self.say, after=AFTER)
        for place, is_decided in SHARE_ASKED.items():
            if is_decided:
                later.decide_alone(place, month)
        self.say("requests_after", year=AFTER, documents=len(documents))

    def _ordinary(self, month: int) -> None:
        """Payrolls, and agreements at every stage: performed and paid, performed, advanced, registered."""
        deals: list[tuple[Deal, int, str | None]] = []
        documents: list[Document] = []
        for index, (holder, administrator) in enumerate(institutions()):
            documents.append(_payroll(holder, administrator, month))
            kind = SERVICES if index % 2 else GOODS
            total = 4 * MILLION
            advance = total * 3 // 10 if kind == GOODS and index % 4 == 0 else 0
            name = f"n{month}"
            deal = Deal(holder, f"{holder}/27-{month}", name, name, kind, total, advance)
            expense = expense_of(holder, kind) if kind in ALIGNED else None
            documents.append(registration(deal, POSITIONS[administrator][kind], month, index, NEXT, expense))
            deals.append((deal, index, expense))
        self.desk.submit(documents)
        self.year.agreements += len(deals)
        advances = [
            self.year.ask(deal.holder, deal.obligation, None, deal.advance)
            for deal, _, _ in deals if deal.advance
        ]  # fmt: skip
        self.desk.submit([request_document(one, month, is_advance=True, year=NEXT) for one in advances])
        self.year.execute(advances)
        performed = [deal for deal, index, _ in deals if index % 4 in (1, 3)]
        self.desk.submit([act_document(deal, deal.act, deal.total, month, NEXT) for deal in performed])
        asked = [
            self.year.ask(deal.holder, deal.obligation, deal.act, deal.total)
            for deal, index, _ in deals if index % 4 == 1
        ]  # fmt: skip
        asked += [
            self.year.ask(holder, f"pay27-{month}", None, _payroll_of(administrator))
            for holder, administrator in institutions()
        ]
        self._pay(asked, month)

    def _pay(self, asked: list[Asked], month: int) -> None:
        self.desk.submit([request_document(one, month, is_advance=False, year=NEXT) for one in asked])
        self.year.execute(asked)


def _of_months(annual: int, months: int) -> int:
    """Twelfths of an annual sum, in plan units; the whole after twelve."""
    return annual * months // 12 // PLAN_UNIT * PLAN_UNIT


def _plan_row(holder: str, kind: int, position: Position) -> Json:
    """Works may be contracted at once and are paid early; the rest goes month by month."""
    annual = planned_of(position)
    pace = FRONT if kind == WORKS else 1
    ahead = 12 if kind == WORKS else 1
    return {
        "holder": holder,
        "subprogramme": "000",
        "specific": position.specific,
        "expense": expense_of(holder, kind) if kind in ALIGNED else None,
        "obligations": [tenge_of(_of_months(annual, min(month + ahead, 12))) for month in MONTHS],
        "payments": [tenge_of(_of_months(annual, min(month * pace, 12))) for month in MONTHS],
    }


def _payroll_of(administrator: str) -> int:
    return _of_months(planned_of(POSITIONS[administrator][PAYROLL]), 1) * 8 // 10


def _payroll(holder: str, administrator: str, month: int) -> Document:
    position = POSITIONS[administrator][PAYROLL]
    return _accepted(
        holder, position, f"pay27-{month}", "payroll", _payroll_of(administrator),
        date_of(month, DAY_OF_MONTH, NEXT), expense_of(holder, PAYROLL),
    )  # fmt: skip


def _debt(
    deal: Deal, position: Position, kind: str, amount: int, month: int, expense: str | None
) -> Document:
    """obligation.accept of what a closed year left, by the reconciliation act of the first of the month."""
    document = _accepted(
        deal.holder, position, f"debt-{deal.obligation}", kind, amount, date_of(month, 1, NEXT), expense
    )
    content = document.content
    assert isinstance(content, dict), "a document is an object"
    rows = content["obligations"]
    assert isinstance(rows, list), "rows are a list"
    row = rows[0]
    assert isinstance(row, dict), "a row is an object"
    row["debt"] = deal.obligation
    row["payee"] = _supplier_of(deal)
    row["notification"] = notification_number(deal.holder, NEXT - 1, deal.obligation, 1)
    return document


def _supplier_of(deal: Deal) -> str:
    """The payee of an agreement registered in December."""
    order = [holder for holder, _ in institutions()]
    index = 0 if deal is UNPAID else order.index(deal.holder)
    return SUPPLIERS[(7 * index + 12) % len(SUPPLIERS)][0]


def _accepted(
    holder: str, position: Position, name: str, kind: str, amount: int, date: str, expense: str | None
) -> Document:
    row: dict[str, Json] = {
        "obligation": name, "programme": position.programme, "subprogramme": "000",
        "specific": position.specific, "expense": expense, "kind": kind, "payee": None,
        "document": f"{kind} {name}", "document_date": date, "amount": tenge_of(amount),
    }  # fmt: skip
    content: dict[str, Json] = {"budget": BUDGET, "year": NEXT, "source": SOURCE, "obligations": [row]}
    return Document(holder, "obligation.accept", content)
