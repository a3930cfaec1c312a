"""The budget as the law adopted it: one appropriation a programme (BC 86(3), LRB-26 annex 1).

The adopted pool of a programme stands with its administrator: holder is the id of the registered institution
of kind `abp` that has the administrator's code on the day of adoption, otherwise the code itself. An
administrator that joins later draws on both (`pool_keys`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from chain.codec import AMOUNT, BOOL, DAY, NAME, UINT_MAXIMUM, Digits, ListOf, OneOf, Row, Text, Uint
from contracts import budgets, directories, reasons, requests, tokens
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
    QuarterPlan,
    Role,
    Stage,
    TokenKey,
    appropriation_key,
    budget_key,
    operational_day,
    prefix_of,
    put,
    trusted,
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
PROGRAMMES_PER_PAGE = 1_000

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

LEFT_OUT = Row("left out", (("administrator", CODE3), ("programme", CODE3)))

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
        ("has_more", BOOL),
        ("programmes", ListOf(PROGRAMME, ROWS, 1)),
        ("left_out", ListOf(LEFT_OUT, ROWS)),
    ),
)

QUARTER = Row(
    "budget.quarter",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("decree", Text(200, 1)),
        ("decree_date", DAY),
        ("costs", AMOUNT),
        ("budget_loans", AMOUNT),
        ("financial_assets", AMOUNT),
        ("mrp", AMOUNT),
        ("programmes", ListOf(PROGRAMME, ROWS, 1)),
    ),
)

QUARTER_MONTHS: Final = 3
"""The financial plan of a first quarter ends with March, and is not made after it (BC 90(4))."""

ParsedProgramme = tuple[Appropriation, Line]


@dataclass(frozen=True, slots=True)
class _Act:
    """The head of the law, or of the decree on a first quarter."""

    budget: str
    year: int
    source: str
    number: str
    date: int

    @property
    def key(self) -> bytes:
        return budget_key(self.budget, self.year)


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
    """Issues the adopted tokens of all programmes; what was asked for and approved becomes part of them.

    Once per budget and year; a long law comes in parts, of which all but the last say that there is more.
    Each states the totals of the whole law, which the rows of all parts add up to. It replaces the financial
    plan of a first quarter.
    """
    (
        budget, year, source, law, law_date, costs, loans, assets, mrp, has_more, programmes, left_out,
    ) = fields_of(call.arguments)  # fmt: skip
    act = _Act(budget, year, source, law, law_date)
    before = _before_law(call, act)
    quarter = QuarterPlan.find(call.state, Collection.QUARTERS, act.key)
    due = {} if quarter is None else {row[:2]: row[2] for row in quarter.rows}
    sums = dict(zip(SECTIONS, (before.costs, before.budget_loans, before.financial_assets), strict=True))
    for section, _, _, _, amount, *_ in programmes:
        sums[section] += amount
    _check_totals(sums, (costs, loans, assets), has_more)
    unprotected = before.unprotected + _adopt_rows(call, act, programmes, due)
    for number, (administrator, programme) in enumerate(left_out, 1):
        with row(number):
            _leave_out(call, act, administrator, programme)
    _replace_quarter(call, act, quarter, due, has_more)
    if not has_more:
        requests.refuse_unsettled(call.state, budget, year)
    status = BudgetStatus.ADOPTING if has_more else BudgetStatus.ADOPTED
    record = replace(
        before,
        law=law, adopted=call.day(), unprotected=unprotected, mrp=mrp, status=status.value, **sums,
    )  # fmt: skip
    put(call.state, Collection.BUDGETS, act.key, record)
    call.emit("budget.adopted", budget, year, law, costs, loans, assets, len(programmes), has_more)


def _before_law(call: Call, act: _Act) -> Budget:
    """What is recorded of the budget before this part of its law. Refuses BC90-ADOPTED and BC90-PART."""
    day = call.day()
    if act.year < civil(day)[0]:
        raise RejectionError(reasons.YEAR_NOT_OPEN, year=act.year, found=civil(day)[0])
    budgets.require_authority(call, act.budget)
    before = Budget.find(call.state, Collection.BUDGETS, act.key)
    refuse_ahead(act.date, day, "law_date")
    if before is None:
        return Budget(act.number, day, 0, 0, 0, 0, 0, 0, 0, BudgetStatus.ADOPTING.value, 0)
    if before.status == BudgetStatus.ADOPTED:
        raise RejectionError(reasons.BUDGET_ADOPTED, budget=act.budget, year=act.year)
    if before.status == BudgetStatus.QUARTER:
        return replace(before, costs=0, budget_loans=0, financial_assets=0, unprotected=0)
    if before.law != act.number:
        raise RejectionError(reasons.BUDGET_PART, law=act.number, recorded=before.law)
    return before


def _check_totals(sums: dict[str, int], stated: tuple[int, ...], has_more: bool = False) -> None:
    """The rows add up to the law's totals by section, to the tiyn (BC 86(3)); a part to no more."""
    for section, total in zip(SECTIONS, stated, strict=True):
        if sums[section] > total or (sums[section] < total and not has_more):
            raise RejectionError(
                reasons.BUDGET_TOTAL, section=section, stated_tiyn=total, found_tiyn=sums[section]
            )
    if sum(stated) > UINT_MAXIMUM:
        raise RejectionError(reasons.SUM_TOO_LARGE)


def _adopt_rows(call: Call, act: _Act, programmes: tuple[Any, ...], due: dict[Any, int]) -> int:
    """Write the appropriations and issue what neither quarter nor request has brought; the unprotected sum.

    Programmes of the quarter are taken out of `due`.
    """
    holders = administrators(call.state, act.budget)
    unprotected = 0
    for number, programme in enumerate(programmes, 1):
        with row(number):
            place = fields_of(programme)[2:4]
            appropriation, line = _programme(call, act, fields_of(programme), place in due)
            known = due.pop(place, 0)
            if appropriation.approved < known:
                raise RejectionError(
                    reasons.QUARTER_ABOVE,
                    administrator=line.administrator, programme=line.programme,
                    amount_tiyn=appropriation.approved, quarter_tiyn=known,
                )  # fmt: skip
            if appropriation.protected == NOT_PROTECTED:
                unprotected += appropriation.approved
            pool = TokenKey(line, holders.get(line.administrator, line.administrator), None, Stage.ADOPTED)
            wanted = appropriation.approved - known
            asked = requests.Place(act.budget, act.year, line.administrator, line.programme)
            act_of = (act.number, act.date)
            left = wanted - requests.adopt(call, asked, pool, appropriation.approved, wanted, act_of)
        if left:
            tokens.issue(call, pool, left)
    return unprotected


def _leave_out(call: Call, act: _Act, administrator: str, programme: str) -> None:
    """A programme that was asked for and that the law does not have."""
    key = appropriation_key(act.budget, act.year, administrator, programme)
    if call.state.get(Collection.APPROPRIATIONS, key) is not None:
        raise RejectionError(reasons.BUDGET_ROW_TWICE, administrator=administrator, programme=programme)
    place = requests.Place(act.budget, act.year, administrator, programme)
    requests.leave_out(call, place, (act.number, act.date))


def _replace_quarter(
    call: Call, act: _Act, quarter: QuarterPlan | None, due: dict[Any, int], has_more: bool
) -> None:
    """The last part of the law leaves no programme of the quarter without money (BC 90(4))."""
    if quarter is None:
        return
    if due and not has_more:
        (administrator, programme), amount = min(due.items())
        raise RejectionError(
            reasons.QUARTER_MISSING, administrator=administrator, programme=programme, quarter_tiyn=amount
        )
    if due:
        left = tuple((*place, due[place]) for place in sorted(due))
        put(call.state, Collection.QUARTERS, act.key, replace(quarter, rows=left))
    else:
        call.state.delete(Collection.QUARTERS, act.key)


def _programme(call: Call, act: _Act, fields: tuple[Any, ...], is_known: bool = False) -> ParsedProgramme:
    """One row of the law, checked; `is_known`: the plan of the quarter has the programme."""
    section, group, administrator, programme, amount, nature, development, protected, listed, state, pilot = (
        fields
    )
    require_administrator(call, administrator)
    key = appropriation_key(act.budget, act.year, administrator, programme)
    if call.state.get(Collection.APPROPRIATIONS, key) is not None and not is_known:
        raise RejectionError(reasons.BUDGET_ROW_TWICE, administrator=administrator, programme=programme)
    if amount % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field="amount", amount_tiyn=amount)
    if (protected == PARTLY_PROTECTED) != bool(listed):
        raise RejectionError(reasons.BUDGET_PROTECTED, administrator=administrator, programme=programme)
    before = Appropriation.find(call.state, Collection.APPROPRIATIONS, key)
    sequestered = 0 if before is None else before.sequestered
    appropriation = Appropriation(
        section, group, nature, development, protected, listed, state, pilot, amount, 0, 0, 0, 0, sequestered
    )
    put(call.state, Collection.APPROPRIATIONS, key, appropriation)
    return appropriation, Line(act.budget, act.year, act.source, administrator, programme, None, None)


def require_administrator(call: Call, administrator: str) -> None:
    """The administrator's code is in force. Refuses CODE-UNKNOWN and CODE-CLOSED."""
    directories.require(call, DirectoryName.ADMINISTRATORS, administrator, "administrator")


# --- the first quarter without a budget


@action(
    "budget.quarter",
    QUARTER,
    kinds=(Kind.FINANCE,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="BC 90(4), 91(4); TP 30",
    summary="Record the financial plan of a first quarter without a budget: a quarter of the forecast",
    is_batch=True,
)
def adopt_quarter(call: Call) -> None:
    """Issues a quarter of each programme's forecast, rounded down to the unit of plans.

    The rows carry the forecast of the year, which adds up to the stated totals. Plans then end with March;
    `budget.adopt`, due by 1 March, replaces it and issues the rest.
    """
    budget, year, source, decree, date, costs, loans, assets, mrp, programmes = fields_of(call.arguments)
    today = civil(call.day())
    if year < today[0]:
        raise RejectionError(reasons.YEAR_NOT_OPEN, year=year, found=today[0])
    if year == today[0] and today[1] > QUARTER_MONTHS:
        raise RejectionError(reasons.QUARTER_OVER, year=year, month=today[1])
    budgets.require_authority(call, budget)
    if Budget.find(call.state, Collection.BUDGETS, budget_key(budget, year)) is not None:
        raise RejectionError(reasons.BUDGET_ADOPTED, budget=budget, year=year)
    refuse_ahead(date, call.day(), "decree_date")
    forecast = dict.fromkeys(SECTIONS, 0)
    for section, _, _, _, amount, *_ in programmes:
        forecast[section] += amount
    _check_totals(forecast, (costs, loans, assets))
    act = _Act(budget, year, source, decree, date)
    sums, unprotected, rows = _issue_quarter(call, act, programmes)
    put(call.state, Collection.QUARTERS, act.key, QuarterPlan(decree, date, tuple(sorted(rows))))
    costs, loans, assets = (sums[section] for section in SECTIONS)
    status = BudgetStatus.QUARTER.value
    record = Budget(decree, call.day(), costs, loans, assets, unprotected, 0, 0, mrp, status, 0)
    put(call.state, Collection.BUDGETS, act.key, record)
    call.emit("budget.quarter", budget, year, decree, sum(sums.values()), len(programmes))


def _issue_quarter(
    call: Call, act: _Act, programmes: tuple[Any, ...]
) -> tuple[dict[str, int], int, list[tuple[str, str, int]]]:
    """Sums by section, the unprotected sum, and [administrator, programme, tiyn] of a quarter."""
    holders = administrators(call.state, act.budget)
    sums, unprotected = dict.fromkeys(SECTIONS, 0), 0
    rows: list[tuple[str, str, int]] = []
    for number, programme in enumerate(programmes, 1):
        fields = fields_of(programme)
        amount = fields[4] // 4 // PLAN_UNIT * PLAN_UNIT
        with row(number):
            if amount == 0:
                raise RejectionError(reasons.QUARTER_NOTHING, amount_tiyn=fields[4])
            appropriation, line = _programme(call, act, (*fields[:4], amount, *fields[5:]))
        sums[appropriation.section] += amount
        unprotected += amount * (appropriation.protected == NOT_PROTECTED)
        rows.append((line.administrator, line.programme, amount))
        holder = holders.get(line.administrator, line.administrator)
        tokens.issue(call, TokenKey(line, holder, None, Stage.ADOPTED), amount)
    return sums, unprotected, rows


# --- what other documents ask of a budget


def administrators(state: StateReader, budget: str) -> dict[str, str]:
    """Administrator's code -> id of the open institution that has it in the budget; the first in order of
    ids."""
    day = operational_day(state)
    found: dict[str, str] = {}
    start = b""
    while True:
        page = state.scan(Collection.INSTITUTIONS, start, INSTITUTIONS_PER_PAGE)
        for key, value in page:
            institution = Institution.decode(value)
            if institution.kind != Kind.ABP or institution.closed is not None:
                continue
            name = key.decode("ascii")
            if institution.code not in found and budgets.administers(state, name, budget, day):
                found[institution.code] = name
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


def approved_of(state: StateReader, budget: str, year: int) -> list[tuple[str, str, int]]:
    """(administrator, programme, tiyn that the law approved) of every programme, in order."""
    prefix = prefix_of(4, budget, year)
    found: list[tuple[str, str, int]] = []
    start = prefix
    while True:
        page = state.scan(Collection.APPROPRIATIONS, start, PROGRAMMES_PER_PAGE)
        ours = [(key, value) for key, value in page if key.startswith(prefix)]
        for key, value in ours:
            _, _, administrator, programme = trusted(key)
            found.append((administrator, programme, Appropriation.decode(value).approved))
        if len(ours) < PROGRAMMES_PER_PAGE:
            return found
        start = page[-1][0] + b"\x00"


def budget_of(state: StateReader, budget: str, year: int) -> Budget:
    """The adopted budget, or the plan of a first quarter.

    Refuses BC90-NONE, and BC90-PARTS while parts of the law are missing: nothing is done with a budget before
    it is whole.
    """
    found = Budget.find(state, Collection.BUDGETS, budget_key(budget, year))
    if found is None:
        raise RejectionError(reasons.BUDGET_NONE, budget=budget, year=year)
    if found.status == BudgetStatus.ADOPTING:
        raise RejectionError(reasons.BUDGET_PARTS, budget=budget, year=year, law=found.law)
    return found


def adopted_of(state: StateReader, budget: str, year: int) -> Budget:
    """The budget whose whole law is recorded.

    Refuses BC90-NONE, BC90-PARTS, and BC94-STATUS for the plan of a first quarter: what programmes have is
    changed once the law has said it.
    """
    found = budget_of(state, budget, year)
    if found.status != BudgetStatus.ADOPTED:
        status = BudgetStatus(found.status).name.lower()
        raise RejectionError(reasons.CHANGE_STATUS, budget=budget, year=year, status=status)
    return found


def pool_keys(institution: str, line: Line, expense: str | None = None) -> tuple[TokenKey, ...]:
    """Where the adopted pool of a programme may stand: with the institution, or with the bare code.

    With an expense id first what `request.align` put under it, then what has none.
    """
    pool = line.programme_level
    holders = dict.fromkeys((institution, line.administrator))
    names = dict.fromkeys((expense, None))
    return tuple(TokenKey(pool, holder, name, Stage.ADOPTED) for name in names for holder in holders)
