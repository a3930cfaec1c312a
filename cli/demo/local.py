"""A local budget joins: its institutions by ballot, a targeted transfer, what is unused back (BC 7, 76).

The city's institutions, its budget and the amounts are made up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chain.keys import ED25519, possession_bytes
from chain.types import InstitutionId
from cli.amounts import tenge_of
from cli.demo.budget import BUDGET, SOURCE, YEAR
from cli.demo.desk import Clerks, Document
from cli.demo.year import DAY_OF_MONTH, MILLION, MONTHS, Year, date_of, request_document
from cli.documents import Json
from contracts import statements
from contracts.records import Collection, Role

CITY = "02.almaty"
FINANCE, ADMINISTRATOR, HOLDER = "fin-almaty", "health-almaty", "2530001"
PAYEE_DOWN, PAYEE_UP = "180440000001", "180440000002"
RECEIPTS_DOWN, RECEIPTS_UP = "502101", "501101"
TRANSFER = 600 * MILLION
SPENT, RETURNED = 400 * MILLION, 200 * MILLION
SENDER = "2260001"
SENT_PROGRAMME = "070"
DOWN, UP = "339", "338"
"""Specifics: current transfers to another level; return of targeted transfers."""

FIRST = 3
"""The month of the transfer."""

RETURN_IN = 10
SIGNERS = ("head", "accountant")
VOTERS = ("mof", "treasury", "226")
"""Three of four members decide a ballot."""


@dataclass(slots=True)
class Local:
    """The chapter of the city; `year` numbers the payments of all institutions."""

    desk: Clerks
    year: Year
    say: Callable[..., None]

    def month(self, month: int) -> None:
        """What the city and its transfer do in a month of 2026."""
        step = {
            1: self._join,
            2: self._prepare,
            FIRST: self._transfer,
            6: self._spend,
            RETURN_IN: self._give_back,
            12: self._consolidated,
        }.get(month)
        if step is not None:
            step(month)

    # --- joining

    def _join(self, month: int) -> None:
        rows: list[Json] = [
            self._newcomer(FINANCE, "finance", None, None, "Управление финансов Алматы (пример)"),
            self._newcomer(ADMINISTRATOR, "abp", "253", None, "Управление здравоохранения (пример)"),
            self._newcomer(HOLDER, "gu", HOLDER, ADMINISTRATOR, "Городская поликлиника (пример)"),
        ]
        content: dict[str, Json] = {
            "effect": "institution.add", "arguments": {"rows": rows}, "note": "местный бюджет"
        }  # fmt: skip
        self.desk.submit([Document("mof", "ballot.propose", content)])
        for voter in VOTERS:
            self.desk.submit([Document(voter, "ballot.vote", {"ballot": 1, "yes": True})])
        self.desk.submit([_publish(name, rows) for name, rows in _directories(month).items()])
        self.say("joined", number=1, institutions=len(rows), budget=CITY)

    def _newcomer(self, name: str, kind: str, code: str | None, parent: str | None, title: str) -> Json:
        signers: list[Json] = []
        for role in SIGNERS:
            key = self.desk.new_person(name, role)
            proof = possession_bytes(self.desk.chain_id, InstitutionId(name), ED25519, key.public_key)
            signers.append(
                {
                    "algorithm": ED25519, "public_key": key.public_key.hex(),
                    "possession": key.sign(proof).hex(), "roles": int(Role[role.upper()]),
                }
            )  # fmt: skip
        return {
            "id": name, "kind": kind, "code": code, "parent": parent, "name_kk": title, "name_ru": title,
            "name_en": None, "is_member": False, "signers": signers,
        }  # fmt: skip

    # --- its budget

    def _prepare(self, month: int) -> None:
        """The city's budget, its receipts and its plan; the republic's plan of the transfer."""
        self.desk.submit([_adoption()])
        self.desk.submit([_receipts_plan()])
        local = [
            _plan_row(HOLDER, "111", SPENT, FIRST),
            _plan_row(HOLDER, UP, RETURNED, RETURN_IN),
        ]
        self.desk.submit(
            [
                _plans(ADMINISTRATOR, CITY, "001", local),
                _plans("226", BUDGET, SENT_PROGRAMME, [_plan_row(SENDER, DOWN, TRANSFER, FIRST)]),
            ]
        )

    def _transfer(self, month: int) -> None:
        self._accept_and_pay(SENDER, BUDGET, SENT_PROGRAMME, DOWN, "transfer", PAYEE_DOWN, TRANSFER, month)
        self.say("transferred", amount=tenge_of(TRANSFER), budget=CITY)

    def _spend(self, month: int) -> None:
        self._accept_and_pay(HOLDER, CITY, "001", "111", "payroll", None, SPENT, month)

    def _give_back(self, month: int) -> None:
        self._accept_and_pay(HOLDER, CITY, "001", UP, "transfer", PAYEE_UP, RETURNED, month)
        self.say("returned_unused", amount=tenge_of(RETURNED), budget=CITY)

    def _accept_and_pay(
        self, holder: str, budget: str, programme: str, specific: str, kind: str, payee: str | None,
        amount: int, month: int,
    ) -> None:  # fmt: skip
        """An obligation without agreement, asked for and paid at once."""
        name = f"{kind}-{specific}"
        row: Json = {
            "obligation": name, "programme": programme, "subprogramme": "000", "specific": specific,
            "expense": None, "kind": kind, "payee": payee, "document": f"{kind} {month}",
            "document_date": date_of(month, DAY_OF_MONTH), "amount": tenge_of(amount),
        }  # fmt: skip
        content: dict[str, Json] = {"budget": budget, "year": YEAR, "source": SOURCE, "obligations": [row]}
        self.desk.submit([Document(holder, "obligation.accept", content)])
        asked = self.year.ask(holder, name, None, amount)
        self.desk.submit([request_document(asked, month, is_advance=False)])
        self.year.execute([asked])

    def _consolidated(self, month: int) -> None:
        """Both budgets as one: what went from one to the other is no expenditure of the sum (BC 8)."""
        whole = (
            Collection.APPROPRIATIONS, Collection.CASH, Collection.RECEIPTS, Collection.DIRECTORIES,
            Collection.TRANSFER_TOTALS,
        )  # fmt: skip
        found = statements.consolidated(self.desk.state(whole), (BUDGET, CITY), YEAR)
        self.say(
            "consolidated_budgets",
            gross=tenge_of(found.gross.redeemed),
            mutual=tenge_of(found.mutual),
            net=tenge_of(found.net.redeemed),
        )


def _directories(month: int) -> dict[str, list[Json]]:
    """What documents of the city name; in force from the open day."""
    day = date_of(month, DAY_OF_MONTH)
    return {
        "budgets": [
            _entry(BUDGET, "Республиканский бюджет", day, finance="mof"),
            _entry(CITY, "Бюджет города Алматы (пример)", day, upper=BUDGET, finance=FINANCE),
        ],
        "administrators": [_entry("253", "Управление здравоохранения", day)],
        "functional": [_entry("253/001", "Политика в области здравоохранения", day)],
        "receipts": [_entry(RECEIPTS_DOWN, "Трансферты из республиканского бюджета", day)],
        "payees": [
            _entry(PAYEE_DOWN, "Бюджет города (пример)", day, budget=CITY, receipts=RECEIPTS_DOWN),
            _entry(PAYEE_UP, "Республиканский бюджет", day, budget=BUDGET, receipts=RECEIPTS_UP),
        ],
    }


def _entry(code: str, name: str, day: str, **attributes: str) -> Json:
    return {
        "code": code, "valid_from": day, "valid_to": None, "name_kk": name, "name_ru": name, "name_en": None,
        "attributes": [{"name": key, "text": text} for key, text in sorted(attributes.items())],
    }  # fmt: skip


def _publish(directory: str, rows: list[Json]) -> Document:
    return Document("mof", "directory.publish", {"directory": directory, "rows": rows})


def _adoption() -> Document:
    total = tenge_of(SPENT + RETURNED)
    programme: Json = {
        "section": "costs", "functional_group": "05", "administrator": "253", "programme": "001",
        "amount": total, "nature": "ordinary", "is_development": False, "protected": 0,
        "protected_subprogrammes": [], "is_state_obligation": False, "is_pilot": False,
    }  # fmt: skip
    content: dict[str, Json] = {
        "budget": CITY, "year": YEAR, "source": SOURCE, "law": "decision of the maslikhat (example)",
        "law_date": f"{YEAR - 1}-12-20", "mrp": "4325.00", "costs": total, "budget_loans": "0.00",
        "financial_assets": "0.00", "has_more": False, "programmes": [programme], "left_out": [],
    }  # fmt: skip
    return Document(FINANCE, "budget.adopt", content)


def _receipts_plan() -> Document:
    """The transfer is planned in the month in which the upper budget sends it (TP 19)."""
    figures = _from_month(TRANSFER, FIRST)
    row: Json = {"budget": CITY, "year": YEAR, "code": RECEIPTS_DOWN, "cumulative": figures}
    return Document("treasury", "receipts.plan", {"document": "plan of receipts of the city", "rows": [row]})


def _plans(institution: str, budget: str, programme: str, rows: list[Json]) -> Document:
    content: dict[str, Json] = {
        "budget": budget, "year": YEAR, "source": SOURCE, "programme": programme, "plans": [*rows]
    }  # fmt: skip
    return Document(institution, "plan.approve", content)


def _plan_row(holder: str, specific: str, amount: int, first: int) -> Json:
    figures = _from_month(amount, first)
    return {
        "holder": holder, "subprogramme": "000", "specific": specific, "expense": None,
        "obligations": figures, "payments": [*figures],
    }  # fmt: skip


def _from_month(amount: int, first: int) -> list[Json]:
    """Cumulative figures that begin with a month."""
    return [tenge_of(amount if month >= first else 0) for month in MONTHS]
