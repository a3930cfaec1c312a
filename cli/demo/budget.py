"""The law on the republican budget of 2026 and its directories as documents (data: cli/data, with its
sources)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cli import law
from cli.amounts import tenge_of
from cli.demo.desk import Document
from cli.documents import Json
from contracts.directories import DirectoryName

BUDGET = "01.kz"
YEAR = 2026
SOURCE = "1"
LAW = "Law of the Republic of Kazakhstan of 08.12.2025 No. 239-VIII"
LAW_DATE = "2025-12-08"
FROM = "2026-01-01"

THOUSAND_TENGE = 100_000
"""Tiyn."""

ROWS_PER_DOCUMENT = 400
FINANCING_CODE = "801101"
"""Government bonds: the law names the financing of the deficit as one sum and does not itemise it (art.
1(7))."""


def thousand(amount: int) -> str:
    """Thousand tenge, as the law prints them, as a document's amount."""
    return tenge_of(amount * THOUSAND_TENGE)


def directories(
    subprogrammes: Iterable[tuple[str, str]], suppliers: Iterable[tuple[str, str]]
) -> list[Document]:
    """Everything the year's documents name: administrators, programmes, specifics, receipts, payees.

    `subprogrammes`: further (code, name) of the functional directory; `suppliers`: (BIN, name).
    """
    programmes = [
        _entry(f"{one.administrator}/{one.programme}", one.name_ru, one.name_kk) for one in law.programmes()
    ]
    return [
        *_publish(
            DirectoryName.ADMINISTRATORS,
            [_entry(one.administrator, one.name_ru, one.name_kk) for one in _administrators()],
        ),
        *_publish(
            DirectoryName.FUNCTIONAL,
            [*programmes, *(_entry(code, name, name) for code, name in subprogrammes)],
        ),
        *_publish(DirectoryName.ECONOMIC, [_entry(one.code, one.name_ru, "") for one in law.specifics()]),
        *_publish(DirectoryName.RECEIPTS, [_entry(code, name, name) for code, name, _ in receipts()]),
        *_publish(DirectoryName.PAYEES, [_entry(code, name, name) for code, name in suppliers]),
    ]


def _administrators() -> Iterator[law.AdministratorTotal]:
    """One row for each administrator, with both names as annex 1 prints them."""
    seen: set[str] = set()
    for one in law.administrator_totals():
        if one.administrator not in seen:
            seen.add(one.administrator)
            yield one


def administrator_name(code: str) -> tuple[str, str]:
    """(Russian, Kazakh) name of an administrator."""
    found = next(one for one in _administrators() if one.administrator == code)
    return found.name_ru, found.name_kk


def _entry(code: str, name_ru: str, name_kk: str) -> dict[str, Json]:
    return {
        "code": code,
        "valid_from": FROM,
        "valid_to": None,
        "name_kk": name_kk,
        "name_ru": name_ru,
        "name_en": None,
        "attributes": [],
    }


def _publish(directory: str, rows: Sequence[Json]) -> Iterator[Document]:
    for at in range(0, len(rows), ROWS_PER_DOCUMENT):
        part: list[Json] = list(rows[at : at + ROWS_PER_DOCUMENT])
        yield Document("mof", "directory.publish", {"directory": str(directory), "rows": part})


def adoption() -> Document:
    """budget.adopt: all 231 programmes of annex 1, with the totals of article 1."""
    totals = law.adopted_thousand_tenge(law.programmes())
    listed: dict[tuple[str, str], list[Json]] = {}
    for one in law.protected_programmes():
        if one.level == "republican":
            listed.setdefault((one.administrator, one.programme), []).append(one.subprogramme)
    rows: list[Json] = []
    for programme in law.programmes():
        subprogrammes = listed.get((programme.administrator, programme.programme), [])
        rows.append(
            {
                "section": str(programme.section),
                "functional_group": programme.functional_group,
                "administrator": programme.administrator,
                "programme": programme.programme,
                "amount": thousand(programme.amount_thousand_tenge),
                "nature": "ordinary",
                "is_development": False,
                "protected": 2 if subprogrammes else 0,
                "protected_subprogrammes": subprogrammes,
                "is_state_obligation": False,
                "is_pilot": False,
            }
        )
    content: dict[str, Json] = {
        "budget": BUDGET,
        "year": YEAR,
        "source": SOURCE,
        "law": LAW,
        "law_date": LAW_DATE,
        "mrp": "4325.00",
        "has_more": False,
        "programmes": rows,
        "left_out": [],
        **{str(section): thousand(amount) for section, amount in totals.items()},
    }
    return Document("mof", "budget.adopt", content)


def receipts() -> list[tuple[str, str, int]]:
    """(six-digit code, name, thousand tenge of the year): revenue, loan repayments, financing of the deficit.

    The law stops at subclasses; the first specific of each in the classification stands for the whole.
    """
    specifics = {
        (one.category, one.class_code, one.subclass): one.specific for one in reversed(law.revenue_codes())
    }
    rows = []
    for line in law.revenue_lines():
        if line.level is not law.RevenueLevel.SUBCLASS or not line.amount_thousand_tenge:
            continue
        place = (line.category, line.class_code, line.subclass)
        rows.append(("".join(place) + specifics.get(place, "01"), line.name_ru, line.amount_thousand_tenge))
    deficit = next(one for one in law.law_totals() if one.item == "financing of the deficit")
    rows.append((FINANCING_CODE, "Финансирование дефицита бюджета", deficit.amount_thousand_tenge))
    return rows


def receipts_plan() -> Document:
    """Twelve equal months of each code: the law has no monthly plan of receipts."""
    rows: list[Json] = [
        {"budget": BUDGET, "year": YEAR, "code": code, "cumulative": list(twelfths(amount))}
        for code, _, amount in receipts()
    ]
    return Document("treasury", "receipts.plan", {"document": "plan of receipts 2026", "rows": rows})


def receipts_of_month(month: int, per_mille: int) -> Document:
    """What came in during a month: the month's plan of every code, `per_mille` thousandths of it."""
    rows: list[Json] = []
    for code, _, amount in receipts():
        planned = _cumulative(amount, month) - _cumulative(amount, month - 1)
        came = planned * per_mille // 1000
        rows.append(
            {
                "kind": "receipt",
                "budget": BUDGET,
                "source": SOURCE,
                "code": code,
                "amount": tenge_of(came),
                "reference": f"statement {YEAR}-{month:02d}",
            }
        )
    return Document(
        "treasury", "receipts.post", {"document": f"receipts of {YEAR}-{month:02d}", "rows": rows}
    )


def planned_of_month(month: int) -> int:
    """Tiyn the plan of receipts expects in one month, all codes."""
    return sum(_cumulative(amount, month) - _cumulative(amount, month - 1) for _, _, amount in receipts())


PLAN_UNIT = 10_000


def _cumulative(amount: int, month: int) -> int:
    """Twelfths of thousand tenge in tiyn, rounded down to plan units; December is the whole."""
    return amount * THOUSAND_TENGE * month // 12 // PLAN_UNIT * PLAN_UNIT


def twelfths(amount: int) -> Iterator[str]:
    """Cumulative months of an annual amount in thousand tenge."""
    for month in range(1, 13):
        yield tenge_of(_cumulative(amount, month))
