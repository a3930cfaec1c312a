"""What changes a budget in its year: certificates of both kinds, an approval, a refinement, an adjustment,
and the statement that nothing else moved; an agreement of two years, a penalty; what may be carried over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cli.amounts import tenge_of
from cli.demo.budget import BUDGET, SOURCE, YEAR
from cli.demo.desk import Clerks, Document, approval_of
from cli.demo.texts import NO, YES
from cli.demo.year import (
    DAY_OF_MONTH,
    GOODS,
    MILLION,
    MONTHS,
    POSITIONS,
    SERVICES,
    WORKS,
    Deal,
    Position,
    Year,
    date_of,
    registration,
    request_document,
)
from cli.documents import Json, json_of
from contracts import incentives, statements
from contracts.agreements import notification_number
from contracts.records import (
    Appropriation,
    Budget,
    Collection,
    Line,
    Plan,
    Rating,
    appropriation_key,
    budget_key,
    operational_day,
    plan_key,
)

PENALTY_CODE = "206101"
"""Other non-tax receipts: where what was withheld goes."""

LONG = Deal("2280001", "2280001/26-1000", "long26", "long1", WORKS, 1000 * MILLION, 120 * MILLION)
"""An agreement of two years, in million tenge: 400 in 2026 with an advance of 120, 600 in 2027."""

FIRST_YEAR = 400 * MILLION
LONG_ACT = 300 * MILLION
SHIFTED = 12 * MILLION
FREED = 24 * MILLION
REFINED_UP, REFINED_DOWN = 6_000 * MILLION, 10_000 * MILLION
ADJUSTED = 100 * MILLION
CARRIED_OVER = 500 * MILLION
PENALTY_PERCENT = 5


@dataclass(slots=True)
class Changes:
    """Told beside the ordinary documents; `year` numbers its payments and executes them."""

    desk: Clerks
    year: Year
    say: Callable[..., None]
    approvals: int = 0

    def month(self, month: int) -> None:
        """What changes in a month of 2026."""
        steps: dict[int, tuple[Callable[[int], None], ...]] = {
            3: (self._long_agreement,),
            5: (self._between_institutions,),
            6: (self._by_approval, self._bill),
            7: (self._refine, self._adjust),
            8: (self._no_shift,),
            10: (self._penalty,),
            11: (self._long_act, self._carry_over_list),
            12: (self._unpaid, self._ratings, self._no_shift),
        }
        for step in steps.get(month, ()):
            step(month)

    # --- agreements

    def _long_agreement(self, month: int) -> None:
        """Registered with the sum of its first year; the second is a promise within the base limit."""
        document = registration(LONG, POSITIONS["228"][WORKS], month, 0)
        years: list[Json] = [
            {"year": YEAR, "amount": tenge_of(FIRST_YEAR)},
            {"year": YEAR + 1, "amount": tenge_of(LONG.total - FIRST_YEAR)},
        ]
        agreement = first_row(document, "agreements")
        agreement["years"] = years
        agreement["valid_until"] = f"{YEAR + 1}-12-31"
        first_of(agreement, "obligations")["amount"] = tenge_of(FIRST_YEAR)
        self.desk.submit([document])
        self.year.agreements += 1
        asked = self.year.ask(LONG.holder, LONG.obligation, None, LONG.advance)
        self.desk.submit([request_document(asked, month, is_advance=True)])
        self.year.execute([asked])
        self.say("long_registered", number=LONG.number, total=tenge_of(LONG.total), year=YEAR,
                 amount=tenge_of(FIRST_YEAR), advance=tenge_of(LONG.advance))  # fmt: skip

    def _long_act(self, month: int) -> None:
        """The act works off a part of the advance; the rest of it is paid."""
        self.desk.submit([act_document(LONG, LONG.act, LONG_ACT, month)])
        worked = LONG.advance * LONG_ACT // FIRST_YEAR
        asked = self.year.ask(LONG.holder, LONG.obligation, LONG.act, LONG_ACT - worked)
        self.desk.submit([request_document(asked, month, is_advance=False)])
        self.year.execute([asked])
        self.say("worked_off", number=LONG.number, act=tenge_of(LONG_ACT), worked=tenge_of(worked))

    def _penalty(self, month: int) -> None:
        """A late supplier is paid less; what is withheld goes to the receipts (TP 217)."""
        holder = "2260003"
        deal = Deal(holder, f"{holder}/26-960", "o960", "a960", GOODS, 20 * MILLION, 0)
        self.desk.submit([registration(deal, POSITIONS["226"][GOODS], month, 0)])
        self.desk.submit([act_document(deal, deal.act, deal.total, month)])
        penalty = deal.total * PENALTY_PERCENT // 100
        content: dict[str, Json] = {
            "agreement": deal.number, "supplement": "1", "date": date_of(month, DAY_OF_MONTH),
            "obligation": deal.obligation,
            "notification": notification_number(holder, YEAR, deal.obligation, 1),
            "act": deal.act, "penalty": "p960", "receipts": PENALTY_CODE, "amount": tenge_of(penalty),
        }  # fmt: skip
        self.desk.submit([Document(holder, "agreement.penalty", content)])
        asked = [
            self.year.ask(holder, deal.obligation, deal.act, deal.total - penalty),
            self.year.ask(holder, "p960", deal.act, penalty),
        ]
        self.desk.submit([request_document(one, month, is_advance=False) for one in asked])
        self.year.execute(asked)
        self.year.agreements += 1
        self.say("penalty", number=deal.number, amount=tenge_of(penalty))

    def _unpaid(self, month: int) -> None:
        """Signed on the last days and not paid any more: what 2027 will owe."""
        deal = UNPAID
        self.desk.submit([registration(deal, POSITIONS["226"][SERVICES], month, 0)])
        self.desk.submit([act_document(deal, deal.act, deal.total, month)])
        self.year.agreements += 1

    # --- plans

    def _between_institutions(self, month: int) -> None:
        """Kind a: the administrator moves services between two institutions; the programme's months stay."""
        position = POSITIONS["226"][SERVICES]
        rows = [
            self._shifted("2260001", position, -SHIFTED, month + 1),
            self._shifted("2260002", position, SHIFTED, month + 1),
        ]
        self.desk.submit([_certificate("226", position, "a", "1", rows)])
        self.say("amended_a", amount=tenge_of(SHIFTED))

    def _by_approval(self, month: int) -> None:
        """Kind b: money goes back to the administrator's pool. The treasury agrees; until then the code is
        suspended (блокировка, TP 35)."""
        position = POSITIONS["228"][GOODS]
        holder = "2280003"
        rows = [self._shifted(holder, position, -FREED, month + 1)]
        self.desk.submit([approval_of(_certificate("228", position, "b", "1", rows))])
        modest = Deal(holder, f"{holder}/26-970", "o970", "a970", GOODS, MILLION, 0)
        error = self.desk.refused(registration(modest, position, month, 0))
        self.say("refused", code=error["code"], article=error["article"], message=error["texts"])
        self.approvals += 1
        content: dict[str, Json] = {"approval": self.approvals}
        self.desk.submit([Document("treasury", "approval.sign", content, roles=("head",))])
        self.say("amended_b", amount=tenge_of(FREED))

    def _shifted(self, holder: str, position: Position, amount: int, first: int) -> dict[str, Json]:
        """The new figures of a position: `amount` tiyn more (or less) from a month on."""
        line = Line(BUDGET, YEAR, SOURCE, holder[:3], position.programme, "000", position.specific)
        plan = Plan.find(self.desk.state(()), Collection.PLANS, plan_key(holder, line))
        assert plan is not None, "the position was planned in January"
        figures: dict[str, Json] = {
            name: [
                tenge_of(figure + (amount if month >= first else 0))
                for month, figure in zip(MONTHS, getattr(plan, name), strict=True)
            ]
            for name in ("obligations", "payments")
        }
        return {
            "holder": holder, "subprogramme": "000", "specific": position.specific, "expense": None, **figures
        }  # fmt: skip

    # --- the budget

    def _bill(self, month: int) -> None:
        """The bill on a refinement is tabled: what it takes away is held (BC 94(3))."""
        row: Json = {
            "holder": "226", "administrator": "226", "programme": "002", "subprogramme": None,
            "specific": None, "expense": None, "amount": tenge_of(REFINED_DOWN),
        }  # fmt: skip
        content: dict[str, Json] = {
            "hold": "refinement-2026", "ground": "refinement", "budget": BUDGET, "year": YEAR,
            "source": SOURCE, "document": "bill 14", "date": date_of(month, DAY_OF_MONTH), "rows": [row],
        }  # fmt: skip
        self.desk.submit([Document("treasury", "treasury.block", content)])
        self.say("bill", amount=tenge_of(REFINED_DOWN))

    def _refine(self, month: int) -> None:
        record = Budget.find(self.desk.state(()), Collection.BUDGETS, budget_key(BUDGET, YEAR))
        assert record is not None, "the budget was adopted"
        content: dict[str, Json] = {
            "budget": BUDGET, "year": YEAR, "source": SOURCE, "law": "law on amendments 255-VIII (example)",
            "law_date": date_of(month, 1), "programmes": [],
            "increases": [{"administrator": "226", "programme": "053", "amount": tenge_of(REFINED_UP)}],
            "hold": "refinement-2026", "rows": 1,
            "costs": tenge_of(record.costs + REFINED_UP - REFINED_DOWN),
            "budget_loans": tenge_of(record.budget_loans),
            "financial_assets": tenge_of(record.financial_assets),
        }  # fmt: skip
        self.desk.submit([Document("mof", "budget.refine", content)])
        self.say("refined", up=tenge_of(REFINED_UP), down=tenge_of(REFINED_DOWN))

    def _adjust(self, month: int) -> None:
        """A resolution moves money between two programmes, within 15 % of the one that gives (BC 98)."""
        row: Json = {
            "from_administrator": "228", "from_programme": "013", "from_expense": None,
            "administrator": "228", "programme": "001", "amount": tenge_of(ADJUSTED),
        }  # fmt: skip
        content: dict[str, Json] = {
            "budget": BUDGET, "year": YEAR, "source": SOURCE, "case": "reallocation",
            "document": "resolution 540", "date": date_of(month, DAY_OF_MONTH),
            "commission": "minutes 7", "proposed": date_of(month, DAY_OF_MONTH), "programmes": [],
            "rows": [row],
        }  # fmt: skip
        self.desk.submit([Document("mof", "budget.adjust", content)])
        place = appropriation_key(BUDGET, YEAR, "228", "001")
        found = Appropriation.find(self.desk.state(()), Collection.APPROPRIATIONS, place)
        assert found is not None, "the programme was adopted"
        figures = statements.figures_of(found)
        self.say(
            "adjusted", amount=tenge_of(ADJUSTED), approved=tenge_of(figures.approved),
            refined=tenge_of(figures.refined), adjusted=tenge_of(figures.adjusted),
        )  # fmt: skip

    def _no_shift(self, month: int) -> None:
        """Proof from the ledger that no money moved between programmes except by these acts."""
        state = self.desk.state((Collection.APPROPRIATIONS, Collection.BUDGET_ACTS, Collection.BALANCES))
        found = statements.no_shift(state, BUDGET, YEAR, month)
        self.say(
            "no_shift", month=month, programmes=len(found.programmes), proven=YES if found.is_proven else NO
        )
        assert found.is_proven, "the ledger moves money between programmes by acts alone"

    def _carry_over_list(self, month: int) -> None:
        row: Json = {"administrator": "228", "programme": "003", "amount": tenge_of(CARRIED_OVER)}
        content: dict[str, Json] = {
            "budget": BUDGET, "year": YEAR, "document": "list 1", "date": date_of(month, DAY_OF_MONTH),
            "rows": [row],
        }  # fmt: skip
        self.desk.submit([Document("mof", "carry-over.list", content)])
        self.say("listed", amount=tenge_of(CARRIED_OVER))

    def _ratings(self, month: int) -> None:
        """Recomputed by anybody from the same facts; the document is refused when a figure differs."""
        state = self.desk.state((Collection.APPROPRIATIONS, Collection.CONSOLIDATED, Collection.CONDUCT))
        day = operational_day(state)
        assert day is not None, "a day is open"
        ratings: list[Json] = []
        for administrator in POSITIONS:
            rating = incentives.rate(state, BUDGET, YEAR, month, administrator, day)
            ratings.append(rating_row(administrator, rating))
            self.say("rated", administrator=administrator, score=rating.score)
        content: dict[str, Json] = {
            "budget": BUDGET, "year": YEAR, "month": month, "formula": incentives.FORMULA, "ratings": ratings
        }  # fmt: skip
        self.desk.submit([Document("mof", "rating.compute", content)])


UNPAID = Deal("2260004", "2260004/26-980", "o980", "a980", SERVICES, 5 * MILLION, 0)


def rating_row(administrator: str, rating: Rating) -> Json:
    """A rating as `eqz rating figures` writes it."""
    return json_of(incentives.RATING_ROW, incentives.row_of(administrator, rating))


def _certificate(
    administrator: str, position: Position, kind: str, number: str, rows: list[dict[str, Json]]
) -> Document:
    """A certificate of amendment (справка)."""
    content: dict[str, Json] = {
        "budget": BUDGET, "year": YEAR, "source": SOURCE, "programme": position.programme,
        "certificate": number, "kind": kind, "cause": None, "plans": [*rows],
    }  # fmt: skip
    return Document(administrator, "plan.amend", content)


def act_document(deal: Deal, act: str, amount: int, month: int, year: int = YEAR) -> Document:
    """act.sign of one act."""
    row: Json = {
        "act": act, "obligation": deal.obligation, "date": date_of(month, DAY_OF_MONTH, year),
        "document": f"act {act}", "amount": tenge_of(amount),
    }  # fmt: skip
    return Document(deal.holder, "act.sign", {"acts": [row]})


def first_row(document: Document, field: str) -> dict[str, Json]:
    """The first row of a document, to be changed."""
    content = document.content
    assert isinstance(content, dict), "a document is an object"
    return first_of(content, field)


def first_of(found: dict[str, Json], field: str) -> dict[str, Json]:
    rows = found[field]
    assert isinstance(rows, list), "rows are a list"
    row = rows[0]
    assert isinstance(row, dict), "a row is an object"
    return row
