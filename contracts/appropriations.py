"""The budget as the law adopted it: one appropriation a programme (BC 86(3), LRB-26 annex 1).

The adopted pool of a programme stands with its administrator: holder is the id of the registered institution
of kind `abp` that has the administrator's code on the day of adoption, otherwise the code itself. An
administrator that joins later draws on both (`pool_keys`).
"""

from __future__ import annotations

from typing import Any, Final

from chain.codec import AMOUNT, BOOL, DAY, NAME, UINT_MAXIMUM, Digits, ListOf, OneOf, Row, Text, Uint
from contracts import directories, reasons, tokens
from contracts.actions import Call, action, row
from contracts.calendar import civil
from contracts.dates import refuse_ahead
from contracts.directories import DirectoryName
from contracts.fields import CODE3, PLAN_UNIT, POSITIVE, ROWS, SOURCE, YEAR, fields_of
from contracts.records import (
    Appropriation,
    Budget,
    BudgetStatus,
    Collection,
    Institution,
    Kind,
    Line,
    Role,
    Stage,
    TokenKey,
    appropriation_key,
    budget_key,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

SECTIONS: Final = ("costs", "budget_loans", "financial_assets")
"""затраты, бюджетные кредиты, приобретение финансовых активов (BC 9(3))."""

ORDINARY, DISTRIBUTABLE, RESERVE = "ordinary", "distributable", "reserve"
NATURES: Final = (ORDINARY, DISTRIBUTABLE, RESERVE)
"""An ordinary programme; one that the Government distributes among others; a reserve (BC 98)."""

NOT_PROTECTED, PROTECTED, PARTLY_PROTECTED = 0, 1, 2
"""Whether a programme may be sequestered (BC 97(4)): yes; no; all but the listed subprogrammes."""

INSTITUTIONS_PER_PAGE = 1_000

PROGRAMME = Row(
    "programme",
    (
        ("section", OneOf(*SECTIONS)),
        ("functional_group", Digits(2)),
        ("administrator", CODE3),
        ("programme", CODE3),
        ("amount", POSITIVE),
        ("nature", OneOf(*NATURES)),
        ("is_development", BOOL),
        ("protected", Uint(NOT_PROTECTED, PARTLY_PROTECTED)),
        ("protected_subprogrammes", ListOf(CODE3, 100)),
        ("is_state_obligation", BOOL),
        ("is_pilot", BOOL),
    ),
)

ADOPT = Row(
    "budget.adopt",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("law", Text(200, 1)),
        ("law_date", DAY),
        ("costs", AMOUNT),
        ("budget_loans", AMOUNT),
        ("financial_assets", AMOUNT),
        ("mrp", AMOUNT),
        ("programmes", ListOf(PROGRAMME, ROWS, 1)),
    ),
)


@action(
    "budget.adopt",
    ADOPT,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 86(3), 90, 97(4); LRB-26 art. 1",
    summary="Record the budget as adopted: programmes that add up to the law's totals by section",
    is_batch=True,
)
def adopt(call: Call) -> None:
    """Issues the adopted tokens of all programmes. Once per budget and year."""
    budget, year, source, law, law_date, costs, loans, assets, mrp, programmes = fields_of(call.arguments)
    day = call.day()
    if year < civil(day)[0]:
        raise RejectionError(reasons.YEAR_NOT_OPEN, year=year, found=civil(day)[0])
    if Budget.find(call.state, Collection.BUDGETS, budget_key(budget, year)) is not None:
        raise RejectionError(reasons.BUDGET_ADOPTED, budget=budget, year=year)
    refuse_ahead(law_date, day, "law_date")
    _check_totals(programmes, (costs, loans, assets))
    holders = administrators(call.state)
    unprotected = 0
    for number, programme in enumerate(programmes, 1):
        with row(number):
            appropriation, line = _programme(call, budget, year, source, fields_of(programme))
        if appropriation.protected == NOT_PROTECTED:
            unprotected += appropriation.approved
        holder = holders.get(line.administrator, line.administrator)
        key = appropriation_key(budget, year, line.administrator, line.programme)
        put(call.state, Collection.APPROPRIATIONS, key, appropriation)
        tokens.issue(call, TokenKey(line, holder, None, Stage.ADOPTED), appropriation.approved)
    status = BudgetStatus.ADOPTED.value
    record = Budget(law, day, costs, loans, assets, unprotected, 0, 0, mrp, status, 0)
    put(call.state, Collection.BUDGETS, budget_key(budget, year), record)
    call.emit("budget.adopted", budget, year, law, costs, loans, assets, len(programmes))


def _check_totals(programmes: tuple[Any, ...], stated: tuple[int, ...]) -> None:
    """The rows add up to the law's totals by section, to the tiyn (BC 86(3))."""
    sums = dict.fromkeys(SECTIONS, 0)
    for section, _, _, _, amount, *_ in programmes:
        sums[section] += amount
    for section, total in zip(SECTIONS, stated, strict=True):
        if sums[section] != total:
            raise RejectionError(
                reasons.BUDGET_TOTAL, section=section, stated_tiyn=total, found_tiyn=sums[section]
            )
    if sum(stated) > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)


def _programme(
    call: Call, budget: str, year: int, source: str, fields: tuple[Any, ...]
) -> tuple[Appropriation, Line]:
    """One row of the law, checked."""
    section, group, administrator, programme, amount, nature, development, protected, listed, state, pilot = (
        fields
    )
    directories.require(call, DirectoryName.ADMINISTRATORS, administrator, "administrator")
    key = appropriation_key(budget, year, administrator, programme)
    if call.state.get(Collection.APPROPRIATIONS, key) is not None:
        raise RejectionError(reasons.BUDGET_ROW_TWICE, administrator=administrator, programme=programme)
    if amount % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field="amount", amount_tiyn=amount)
    if (protected == PARTLY_PROTECTED) != bool(listed):
        raise RejectionError(reasons.BUDGET_PROTECTED, administrator=administrator, programme=programme)
    appropriation = Appropriation(
        section, group, nature, development, protected, listed, state, pilot, amount, 0, 0, 0, 0, 0
    )
    return appropriation, Line(budget, year, source, administrator, programme, None, None)


def administrators(state: StateReader) -> dict[str, str]:
    """Administrator's code -> id of its open institution; the first in order of ids."""
    found: dict[str, str] = {}
    start = b""
    while True:
        page = state.scan(Collection.INSTITUTIONS, start, INSTITUTIONS_PER_PAGE)
        for key, value in page:
            institution = Institution.decode(value)
            if institution.kind == Kind.ABP and institution.closed is None:
                found.setdefault(institution.code, key.decode("ascii"))
        if len(page) < INSTITUTIONS_PER_PAGE:
            return found
        start = page[-1][0] + b"\x00"


def appropriation_of(state: StateReader, line: Line) -> Appropriation:
    """The appropriation of a line's programme; refused where the law has none."""
    key = appropriation_key(line.budget, line.year, line.administrator, line.programme)
    found = Appropriation.find(state, Collection.APPROPRIATIONS, key)
    if found is None:
        raise RejectionError(
            reasons.BUDGET_NO_PROGRAMME,
            budget=line.budget, year=line.year, administrator=line.administrator, programme=line.programme,
        )  # fmt: skip
    return found


def budget_of(state: StateReader, budget: str, year: int) -> Budget:
    """The adopted budget; refused where none was adopted."""
    found = Budget.find(state, Collection.BUDGETS, budget_key(budget, year))
    if found is None:
        raise RejectionError(reasons.BUDGET_NONE, budget=budget, year=year)
    return found


def pool_keys(institution: str, line: Line, expense: str | None = None) -> tuple[TokenKey, ...]:
    """Where the adopted pool of a programme may stand: under the expense id first, then under none; with the
    institution, or with the bare code."""
    pool = line.programme_level
    holders = dict.fromkeys((institution, line.administrator))
    return tuple(
        TokenKey(pool, holder, found, Stage.ADOPTED)
        for found in dict.fromkeys((expense, None))
        for holder in holders
    )
