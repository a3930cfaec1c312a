"""The budget of 2027 is formed while that of 2026 is executed (BC 71–92): limits, requests of institutions,
consolidation, the Ministry of Finance, the Government, the Mazhilis, the Senate, the law.

Amounts and acts are made up; the law of 2027 has the four programmes of the story alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from cli.amounts import tenge_of
from cli.demo.budget import BUDGET, PLAN_UNIT, SOURCE
from cli.demo.desk import Clerks, Document
from cli.demo.texts import STATUS_NAMES
from cli.demo.year import DAY_OF_MONTH, MILLION, PAYROLL, POSITIONS, SERVICES, Position, date_of, institutions
from cli.documents import Json
from contracts import formation
from contracts.records import Collection

NEXT = 2027
GROWTH_PERCENT = 105
"""What institutions ask for, in per cent of 2026."""

ALIGNED = (PAYROLL, SERVICES)
"""Kinds of position whose money goes under its expense ids from the request to the payment."""

PROGRAMMES = (("226", "001"), ("226", "053"), ("228", "001"), ("228", "003"))
"""(administrator, programme) of the story."""

LOWERED = "2260002"
"""The institution whose request its administrator returns."""

RETURNED = ("228", "003")
"""The programme that the Ministry of Finance returns once."""

LEFT_BY_LAW = {("226", "053"): 95, ("228", "003"): 102}
"""Per cent of the last request that the law adopts; of the others all of it."""


def asked_of(position: Position) -> int:
    """Tiyn that an institution asks for a position in 2027."""
    return position.annual * MILLION * GROWTH_PERCENT // 100 // PLAN_UNIT * PLAN_UNIT


def expense_of(holder: str, kind: int, year: int = NEXT) -> str:
    """The expense id of an institution's position, which goes with the money from request to payment."""
    return f"{holder}-{year % 100}-{kind + 1}"


def items_of(administrator: str, programme: str) -> Iterator[tuple[str, int, Position]]:
    """(institution, kind, position) of everything asked for under a programme."""
    for holder, owner in institutions():
        if owner == administrator:
            for kind, position in enumerate(POSITIONS[administrator]):
                if position.programme == programme:
                    yield holder, kind, position


def request_of(holder: str, administrator: str, programme: str, year: int, percent: int = 100) -> Document:
    """request.form: an item a position; a month's price twelve times."""
    items: list[Json] = []
    for owner, kind, position in items_of(administrator, programme):
        if owner == holder:
            price = asked_of(position) * percent // 100 // 12 // PLAN_UNIT * PLAN_UNIT
            items.append(
                {
                    "expense": expense_of(holder, kind, year),
                    "subprogramme": "000",
                    "specific": position.specific,
                    "block": "base" if kind in ALIGNED else "initiatives",
                    "function": "1",
                    "basis": "расчёт по нормам, 12 месяцев",
                    "quantity": 12,
                    "price": tenge_of(price),
                    "amount": tenge_of(price * 12),
                }
            )
    content: dict[str, Json] = {
        "budget": BUDGET, "year": year, "source": SOURCE, "programme": programme, "items": items
    }  # fmt: skip
    return Document(holder, "request.form", content)


def limits_of(year: int, month: int, in_year: int) -> Document:
    """limit.set of the two administrators, by block (BC 74(5)–(7))."""
    rows: list[Json] = []
    for administrator in POSITIONS:
        rows.append(
            {
                "administrator": administrator,
                "base": tenge_of(60_000 * MILLION),
                "initiatives": tenge_of(60_000 * MILLION),
                "growth": tenge_of(5_000 * MILLION),
                "reserves": tenge_of(1_000 * MILLION),
            }
        )
    content: dict[str, Json] = {
        "budget": BUDGET, "year": year, "document": f"limits {year}",
        "date": date_of(month, DAY_OF_MONTH, in_year), "limits": rows,
    }  # fmt: skip
    return Document("mof", "limit.set", content)


@dataclass(slots=True)
class Formation:
    """The requests of 2027 on their way. `amounts`: what each programme asks for now, in tiyn."""

    desk: Clerks
    say: Callable[..., None]
    amounts: dict[tuple[str, str], int] = field(default_factory=dict)
    after: int = NEXT
    """The year that is formed."""

    def month(self, month: int) -> None:
        """What is done for 2027 in a month of 2026."""
        step = {
            1: self._limits, 2: self._form, 3: self._return_to_institution, 4: self._consolidate,
            5: self._ministry, 8: self._government, 9: self._mazhilis, 11: self._senate, 12: self._law,
        }.get(month)  # fmt: skip
        if step is not None:
            step(month)

    def _limits(self, month: int) -> None:
        self.desk.submit([limits_of(NEXT, month, NEXT - 1)])
        self.say("limits", year=NEXT, administrators=len(POSITIONS))

    def _form(self, month: int) -> None:
        documents = []
        for place in PROGRAMMES:
            holders = dict.fromkeys(holder for holder, _, _ in items_of(*place))
            documents += [request_of(holder, *place, NEXT) for holder in holders]
        self.desk.submit(documents)
        self._count(PROGRAMMES)
        self.say("requests", documents=len(documents), amount=tenge_of(sum(self.amounts.values())))

    def _count(self, places: Iterable[tuple[str, str]]) -> None:
        for place in places:
            self.amounts[place] = sum(
                asked_of(position) // 12 // PLAN_UNIT * PLAN_UNIT * 12 for _, _, position in items_of(*place)
            )

    def decide_alone(self, place: tuple[str, str], month: int) -> None:
        """One programme, consolidated and decided on by the Ministry of Finance."""
        self._count([place])
        self.desk.submit([self._consolidation(place)])
        self.desk.submit([self._decision("mof", place, "mof", month, [])])

    def _return_to_institution(self, month: int) -> None:
        """The administrator returns one institution's request, which asks for less then."""
        place = ("226", "001")
        content: dict[str, Json] = {
            **_place(place, self.after), "status": "formed", "holder": LOWERED,
            "reason": "расчёт услуг превышает нормы",
        }  # fmt: skip
        self.desk.submit([Document("226", "request.return", content)])
        before = _amount(request_of(LOWERED, *place, NEXT))
        lowered = request_of(LOWERED, *place, NEXT, percent=90)
        self.desk.submit([lowered])
        self.amounts[place] += _amount(lowered) - before
        self.say("request_returned", holder=LOWERED, amount=tenge_of(before - _amount(lowered)))

    def _consolidate(self, month: int) -> None:
        self.desk.submit([self._consolidation(place) for place in PROGRAMMES])
        self.say("consolidated", amount=tenge_of(sum(self.amounts.values())))

    def _consolidation(self, place: tuple[str, str]) -> Document:
        administrator, programme = place
        content: dict[str, Json] = {
            "budget": BUDGET, "year": self.after, "programme": programme, "goal": "цель программы (пример)",
            "indicators": "показатели прямого результата (пример)", "results": "конечные результаты (пример)",
            "is_development": False, "amount": tenge_of(self.amounts[place]), "reductions": [],
        }  # fmt: skip
        return Document(administrator, "request.consolidate", content)

    def _ministry(self, month: int) -> None:
        """One programme goes back for its reasons, and comes again; one item of another is lowered."""
        back: dict[str, Json] = {
            **_place(RETURNED, self.after), "status": "formed", "holder": None,
            "reason": "нет расчёта по объектам",
        }  # fmt: skip
        self.desk.submit([Document("mof", "request.return", back)])
        self.desk.submit([self._consolidation(RETURNED)])
        cut = ("228", "001")
        holder, kind, position = next(items_of(*cut))
        down = asked_of(position) // 10 // PLAN_UNIT * PLAN_UNIT
        self.amounts[cut] -= down
        reductions: list[Json] = [{"expense": expense_of(holder, kind), "down": tenge_of(down)}]
        self.desk.submit(
            [
                self._decision("mof", place, "mof", month, reductions if place == cut else [])
                for place in PROGRAMMES
            ]
        )
        self.say(
            "decided_by", status=STATUS_NAMES["mof"], declined=tenge_of(down), amount=tenge_of(self._sum())
        )

    def _government(self, month: int) -> None:
        self._all_decided("government", "government", month)

    def _mazhilis(self, month: int) -> None:
        self._all_decided("government", "mazhilis", month)

    def _senate(self, month: int) -> None:
        self._all_decided("parliament", "senate", month)

    def _all_decided(self, institution: str, status: str, month: int) -> None:
        self.desk.submit([self._decision(institution, place, status, month, []) for place in PROGRAMMES])
        self.say(
            "decided_by", status=STATUS_NAMES[status], declined=tenge_of(0), amount=tenge_of(self._sum())
        )

    def _decision(
        self, institution: str, place: tuple[str, str], status: str, month: int, reductions: list[Json]
    ) -> Document:
        act = f"act {status} {self.after}"
        content: dict[str, Json] = {
            **_place(place, self.after), "status": status, "act": act,
            "date": date_of(month, DAY_OF_MONTH, self.after - 1),
            "document": sha256(act.encode()).hexdigest(), "amount": tenge_of(self.amounts[place]),
            "reductions": reductions,
        }  # fmt: skip
        return Document(institution, "request.decide", content)

    def _sum(self) -> int:
        return sum(self.amounts.values())

    # --- the law

    def _law(self, month: int) -> None:
        """The law differs from two requests; the administrators align theirs with it (BC 75(20))."""
        self.desk.submit([self._adoption(month)])
        state = self.desk.state((Collection.REQUESTS, Collection.APPROPRIATIONS))
        for administrator, programme, asked, adopted in formation.difference(state, BUDGET, NEXT):
            if asked != adopted:
                self.say(
                    "difference",
                    programme=f"{administrator}/{programme}",
                    asked=tenge_of(asked),
                    adopted=tenge_of(adopted),
                )
        self.desk.submit([self._alignment(place) for place in PROGRAMMES if place[1] == "001"])
        self.say("law_of_next", year=NEXT, amount=tenge_of(sum(map(self.adopted, PROGRAMMES))))

    def adopted(self, place: tuple[str, str]) -> int:
        """What the law of 2027 adopts for a programme, in tiyn."""
        percent = LEFT_BY_LAW.get(place, 100)
        return self.amounts[place] * percent // 100 // PLAN_UNIT * PLAN_UNIT

    def _adoption(self, month: int) -> Document:
        programmes: list[Json] = [
            {
                "section": "costs", "functional_group": "05" if place[0] == "226" else "12",
                "administrator": place[0], "programme": place[1], "amount": tenge_of(self.adopted(place)),
                "nature": "ordinary", "is_development": False, "protected": 0,
                "protected_subprogrammes": [], "is_state_obligation": False, "is_pilot": False,
            }
            for place in PROGRAMMES
        ]  # fmt: skip
        content: dict[str, Json] = {
            "budget": BUDGET, "year": self.after, "source": SOURCE, "law": "law of 2027 (example)",
            "law_date": date_of(month, 1), "mrp": "4500.00",
            "costs": tenge_of(sum(map(self.adopted, PROGRAMMES))), "budget_loans": "0.00",
            "financial_assets": "0.00", "has_more": False, "programmes": programmes, "left_out": [],
        }  # fmt: skip
        return Document("mof", "budget.adopt", content)

    def _alignment(self, place: tuple[str, str]) -> Document:
        rows: list[Json] = [
            {"expense": expense_of(holder, kind), "up": tenge_of(amount), "down": "0.00"}
            for holder, kind, amount in aligned(place)
        ]
        content: dict[str, Json] = {
            "budget": BUDGET, "year": self.after, "source": SOURCE, "programme": place[1], "rows": rows
        }  # fmt: skip
        return Document(place[0], "request.align", content)


def aligned(place: tuple[str, str]) -> Iterator[tuple[str, int, int]]:
    """(institution, kind, tiyn) that the plans of 2027 take under expense ids."""
    for holder, kind, position in items_of(*place):
        if kind in ALIGNED:
            yield holder, kind, planned_of(position)


def planned_of(position: Position) -> int:
    """Tiyn that the plan of a position has in 2027: as in 2026, less than was asked for and adopted."""
    return position.annual * MILLION * 9 // 10 // PLAN_UNIT * PLAN_UNIT


def _place(place: tuple[str, str], year: int) -> dict[str, Json]:
    return {"budget": BUDGET, "year": year, "administrator": place[0], "programme": place[1]}


def _amount(request: Document) -> int:
    """Tiyn that a request asks for."""
    content = request.content
    assert isinstance(content, dict), "a request is an object"
    items = content["items"]
    assert isinstance(items, list), "a request has items"
    total = 0
    for item in items:
        assert isinstance(item, dict), "an item is an object"
        total += int(str(item["amount"]).replace(".", ""))
    return total
