"""The law on the republican budget of 2026 and the classification, as the program carries them.

The files and their sources are described in `cli/data/README.md`. Amounts are thousand tenge, as the law
prints them; one thousand tenge is 100,000 tiyn. Codes are strings, because leading zeros matter.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import TypeVar

TIYN_IN_THOUSAND_TENGE = 100_000

_Record = TypeVar("_Record")
_Row = Mapping[str, str]


class Section(StrEnum):
    """A part of expenditures in annex 1 of the law."""

    COSTS = "costs"
    BUDGET_LOANS = "budget_loans"
    FINANCIAL_ASSETS = "financial_assets"


class RevenueSection(StrEnum):
    """A part of receipts in annex 1 of the law."""

    REVENUES = "revenues"
    LOAN_REPAYMENTS = "loan_repayments"
    FINANCIAL_ASSET_SALES = "financial_asset_sales"


class RevenueLevel(StrEnum):
    """How deep a row of receipts stands; the amounts of one level add up to those of the level above."""

    TOTAL = "total"
    CATEGORY = "category"
    CLASS = "class"
    SUBCLASS = "subclass"


@dataclass(frozen=True, slots=True)
class Programme:
    """A budget programme of annex 1: what the law adopts, one row of expenditures."""

    section: Section
    functional_group: str
    administrator: str
    programme: str
    name_ru: str
    name_kk: str
    amount_thousand_tenge: int

    @property
    def amount_tiyn(self) -> int:
        return self.amount_thousand_tenge * TIYN_IN_THOUSAND_TENGE


@dataclass(frozen=True, slots=True)
class AdministratorTotal:
    """A subtotal of annex 1 as printed: one administrator within a section and functional group."""

    section: Section
    functional_group: str
    administrator: str
    name_ru: str
    name_kk: str
    amount_thousand_tenge: int


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """A subtotal of annex 1 as printed: one functional group within a section."""

    section: Section
    functional_group: str
    name_ru: str
    name_kk: str
    amount_thousand_tenge: int


@dataclass(frozen=True, slots=True)
class RevenueLine:
    """A row of receipts of annex 1. A code below the row's level is empty."""

    section: RevenueSection
    level: RevenueLevel
    category: str
    class_code: str
    subclass: str
    name_ru: str
    name_kk: str
    amount_thousand_tenge: int


@dataclass(frozen=True, slots=True)
class LawTotal:
    """An amount that an article fixes; negative for a deficit."""

    place_in_law: str
    item: str
    amount_thousand_tenge: int


@dataclass(frozen=True, slots=True)
class ProtectedProgramme:
    """A name that sequester may not touch (annexes 5 and 6, Budget Code art. 97).

    Protection is printed for subprogrammes, their amounts are not: `programme_amount_thousand_tenge` is the
    whole programme, an upper bound, and None for local names, which annex 6 prints without codes.
    """

    level: str
    functional_group: str
    administrator: str
    programme: str
    subprogramme: str
    name_ru: str
    name_kk: str
    programme_name_ru: str
    programme_amount_thousand_tenge: int | None
    assignment: str


@dataclass(frozen=True, slots=True)
class Administrator:
    """An administrator of budget programmes (администратор бюджетных программ); `name_kk` is empty for a
    local one."""

    code: str
    name_ru: str
    name_kk: str


@dataclass(frozen=True, slots=True)
class Specific:
    """A code of the economic classification (специфика)."""

    code: str
    name_ru: str


@dataclass(frozen=True, slots=True)
class RevenueCode:
    """A code of the classification of receipts, down to the specific."""

    category: str
    class_code: str
    subclass: str
    specific: str
    name_ru: str


@dataclass(frozen=True, slots=True)
class ExpenditureLine:
    """A row of the functional classification; the subprogramme is empty in a row of a whole programme, and
    `name_kk` where the law does not print the code."""

    functional_group: str
    subgroup: str
    administrator: str
    programme: str
    subprogramme: str
    name_ru: str
    name_kk: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the ledger in the three languages; `source_kk` names the act that prints the Kazakh one."""

    key: str
    ru: str
    kk: str
    en: str
    kind: str
    source_kk: str


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that is off though a weekday, or worked though at a weekend. `date` is YYYY-MM-DD."""

    date: str
    is_off: bool
    kind: str
    name_ru: str
    name_en: str
    basis: str
    confidence: str


def programmes() -> tuple[Programme, ...]:
    """The 231 programmes of annex 1, in the order of the law."""
    return _read(
        "budget-2026/expenditures.csv",
        lambda row: Programme(
            Section(row["section"]),
            row["functional_group"],
            row["administrator"],
            row["programme"],
            row["name_ru"],
            row["name_kk"],
            _amount(row),
        ),
    )


def administrator_totals() -> tuple[AdministratorTotal, ...]:
    """The printed subtotals by administrator, in the order of the law."""
    return _read(
        "budget-2026/expenditures_administrators.csv",
        lambda row: AdministratorTotal(
            Section(row["section"]),
            row["functional_group"],
            row["administrator"],
            row["name_ru"],
            row["name_kk"],
            _amount(row),
        ),
    )


def group_totals() -> tuple[GroupTotal, ...]:
    """The printed subtotals by functional group, in the order of the law."""
    return _read(
        "budget-2026/expenditures_groups.csv",
        lambda row: GroupTotal(
            Section(row["section"]), row["functional_group"], row["name_ru"], row["name_kk"], _amount(row)
        ),
    )


def revenue_lines() -> tuple[RevenueLine, ...]:
    """Receipts of annex 1 at every level, in the order of the law."""
    return _read(
        "budget-2026/revenues.csv",
        lambda row: RevenueLine(
            RevenueSection(row["section"]),
            RevenueLevel(row["level"]),
            row["category"],
            row["class"],
            row["subclass"],
            row["name_ru"],
            row["name_kk"],
            _amount(row),
        ),
    )


def law_totals() -> tuple[LawTotal, ...]:
    """The amounts that the articles fix."""
    return _read(
        "budget-2026/totals.csv", lambda row: LawTotal(row["place_in_law"], row["item"], _amount(row))
    )


def protected_programmes() -> tuple[ProtectedProgramme, ...]:
    """The names of annexes 5 and 6."""
    return _read(
        "budget-2026/protected_programmes.csv",
        lambda row: ProtectedProgramme(
            row["level"],
            row["functional_group"],
            row["administrator"],
            row["programme"],
            row["subprogramme"],
            row["name_ru"],
            row["name_kk"],
            row["programme_name_ru"],
            int(text) if (text := row["programme_amount_thousand_tenge"]) else None,
            row["assignment"],
        ),
    )


def administrators() -> tuple[Administrator, ...]:
    """Administrators of the republican and local budgets, by code."""
    return _read(
        "ebk/administrators.csv", lambda row: Administrator(row["code"], row["name_ru"], row["name_kk"])
    )


def specifics() -> tuple[Specific, ...]:
    """The economic classification, by code."""
    return _read("ebk/specifics.csv", lambda row: Specific(row["code"], row["name_ru"]))


def revenue_codes() -> tuple[RevenueCode, ...]:
    """The classification of receipts, by code."""
    return _read(
        "ebk/revenues.csv",
        lambda row: RevenueCode(
            row["category"], row["class"], row["subclass"], row["specific"], row["name_ru"]
        ),
    )


def expenditure_lines() -> tuple[ExpenditureLine, ...]:
    """A sample of the functional classification, by code."""
    return _read(
        "ebk/expenditure_lines.csv",
        lambda row: ExpenditureLine(
            row["functional_group"],
            row["subgroup"],
            row["administrator"],
            row["programme"],
            row["subprogramme"],
            row["name_ru"],
            row["name_kk"],
        ),
    )


def terms() -> tuple[Term, ...]:
    """The glossary, in its own order."""
    return _read(
        "glossary.csv",
        lambda row: Term(row["key"], row["ru"], row["kk"], row["en"], row["kind"], row["source_kk"]),
    )


def calendar_days() -> tuple[CalendarDay, ...]:
    """Exceptions from the five-day week, by date, from 2024 to 7 January 2027."""
    return _read(
        "holidays.csv",
        lambda row: CalendarDay(
            row["date"],
            row["status"] == "off",
            row["kind"],
            row["name_ru"],
            row["name_en"],
            row["basis"],
            row["confidence"],
        ),
    )


def adopted_thousand_tenge(adopted: Iterable[Programme]) -> dict[Section, int]:
    """What the programmes come to, by section; for all of them the sums of article 1."""
    sums = dict.fromkeys(Section, 0)
    for programme in adopted:
        sums[programme.section] += programme.amount_thousand_tenge
    return sums


def _read(name: str, record_of: Callable[[_Row], _Record]) -> tuple[_Record, ...]:
    text = files("cli.data").joinpath(name).read_text(encoding="utf-8")
    return tuple(record_of(row) for row in csv.DictReader(text.splitlines(keepends=True), strict=True))


def _amount(row: _Row) -> int:
    return int(row["amount_thousand_tenge"])
