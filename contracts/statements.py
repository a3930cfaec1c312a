"""Statements over the state: pure reads that anyone can repeat and that prove what they say.

`no_shift`: no money moved between programmes except by the acts of the budget. `figures`: approved, refined
and adjusted budget. `transfers_plan`: transfers of an upper budget against the receipts of the lower ones.
`consolidated`: several budgets added up, mutual flows taken out. `notice`: blocks that may be lifted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts import budgets
from contracts.appropriations import SECTIONS, budget_of
from contracts.budget_acts import ADJUSTMENT, RECODE, REFINEMENT, SEQUESTER
from contracts.calendar import civil
from contracts.changes import ISSUING
from contracts.fields import SOURCE
from contracts.receipts import shortfall
from contracts.records import (
    Appropriation,
    Balance,
    BudgetAct,
    Collection,
    Line,
    Plan,
    Stage,
    balance_of,
    budget_act_key,
    cash_of,
    prefix_of,
    programme_scope,
    receipts_of,
    transfer_totals_of,
    trusted,
)
from contracts.state import StateReader
from contracts.transfers import DOWNWARD

PAGE: Final = 1_000

Programme = tuple[str, str]
"""(administrator, programme)."""


def under(state: StateReader, collection: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every pair of a collection whose key begins with `prefix`, in the order of the keys."""
    start = prefix
    while True:
        page = state.scan(collection, start, PAGE)
        for key, value in page:
            if not key.startswith(prefix):
                return
            yield key, value
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"


# --- approved, refined, adjusted


@dataclass(frozen=True, slots=True)
class Figures:
    """The three states of a budget (BC 3(1), (22), (27)) and what sequesters took, in tiyn.

    `refined` = approved + refined up − down; `adjusted` = refined + adjusted up − down; `in_force` =
    adjusted − sequestered.
    """

    approved: int = 0
    refined: int = 0
    adjusted: int = 0
    sequestered: int = 0

    @property
    def in_force(self) -> int:
        return self.adjusted - self.sequestered

    def plus(self, other: Figures) -> Figures:
        return Figures(
            self.approved + other.approved,
            self.refined + other.refined,
            self.adjusted + other.adjusted,
            self.sequestered + other.sequestered,
        )


def figures_of(appropriation: Appropriation) -> Figures:
    """The figures of one programme."""
    return Figures(
        appropriation.approved, appropriation.refined, appropriation.adjusted, appropriation.sequestered
    )


def appropriations_of(state: StateReader, budget: str, year: int) -> dict[Programme, Appropriation]:
    """Every programme of a budget, in the order of administrators and programmes."""
    prefix = prefix_of(4, budget, year)
    found = {}
    for key, value in under(state, Collection.APPROPRIATIONS, prefix):
        _, _, administrator, programme = trusted(key)
        found[administrator, programme] = Appropriation.decode(value)
    return found


def figures(state: StateReader, budget: str, year: int) -> dict[str, Figures]:
    """The figures of a budget by section of the law."""
    sums = {section: Figures() for section in SECTIONS}
    for appropriation in appropriations_of(state, budget, year).values():
        sums[appropriation.section] = sums[appropriation.section].plus(figures_of(appropriation))
    return sums


def whole(sections: Mapping[str, Figures]) -> Figures:
    """The figures of the whole budget."""
    found = Figures()
    for one in sections.values():
        found = found.plus(one)
    return found


# --- no shift between programmes


@dataclass(slots=True)
class _Acts:
    """What the acts of a budget did to one programme."""

    refined_up: int = 0
    refined_down: int = 0
    adjusted_up: int = 0
    adjusted_down: int = 0
    sequestered: int = 0
    issued: int = 0

    def add(self, act: BudgetAct, up: int, down: int) -> None:
        if act.kind == REFINEMENT:
            self.refined_up += up
            self.refined_down += down
        elif act.kind == SEQUESTER:
            self.sequestered += down
        else:
            assert act.kind in (ADJUSTMENT, RECODE), "four kinds of act"
            self.adjusted_up += up
            self.adjusted_down += down
            if act.case in ISSUING:
                self.issued += up


@dataclass(frozen=True, slots=True)
class ProgrammeStatement:
    """One programme: figures at the end of the month, in tiyn, and what contradicts them; empty when none.

    `received` and `given`: what came from and went to other programmes by acts to the end of the month.
    """

    administrator: str
    programme: str
    figures: Figures
    received: int
    given: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoShift:
    """The no-shift statement of a budget to the end of a month (отчёт об отсутствии перемещений).

    `acts`: how many acts changed the budget by then. Proven when nothing contradicts any programme.
    """

    budget: str
    year: int
    month: int
    acts: int
    programmes: tuple[ProgrammeStatement, ...]

    @property
    def is_proven(self) -> bool:
        return not any(programme.findings for programme in self.programmes)


def acts_of(state: StateReader, budget: str, year: int) -> Iterator[tuple[int, BudgetAct]]:
    """Every act that changed the budget, by serial."""
    for serial in range(1, budget_of(state, budget, year).acts + 1):
        act = BudgetAct.find(state, Collection.BUDGET_ACTS, budget_act_key(budget, year, serial))
        assert act is not None, "acts are numbered without a gap"
        yield serial, act


def no_shift(state: StateReader, budget: str, year: int, month: int) -> NoShift:
    """Whether money moved between programmes only by the acts of the budget (BC 94, 97, 98, TP 78).

    Two independent accounts are compared for every programme: what all its tokens came from (balances count
    issue, receipt from and gift to other programmes, token by token) and what the recorded acts say. Refuses
    BC90-NONE where no budget is adopted.
    """
    whole: dict[Programme, _Acts] = {}
    until: dict[Programme, _Acts] = {}
    counted = 0
    for _, act in acts_of(state, budget, year):
        is_within = civil(act.day)[:2] <= (year, month)
        counted += is_within
        for administrator, programme, up, down in act.rows:
            whole.setdefault((administrator, programme), _Acts()).add(act, up, down)
            if is_within:
                until.setdefault((administrator, programme), _Acts()).add(act, up, down)
    appropriated = appropriations_of(state, budget, year)
    statements = []
    for place in sorted({*appropriated, *whole}):
        appropriation = appropriated.get(place)
        line = Line(budget, year, "", *place, None, None)
        balance = balance_of(state, programme_scope(line))
        findings = _findings(appropriation, balance, whole.get(place, _Acts()))
        approved = 0 if appropriation is None else appropriation.approved
        statements.append(_statement(place, approved, until.get(place, _Acts()), findings))
    return NoShift(budget, year, month, counted, tuple(statements))


def _statement(place: Programme, approved: int, acts: _Acts, findings: tuple[str, ...]) -> ProgrammeStatement:
    refined = approved + acts.refined_up - acts.refined_down
    adjusted = refined + acts.adjusted_up - acts.adjusted_down
    found = Figures(approved, refined, adjusted, acts.sequestered)
    return ProgrammeStatement(*place, found, acts.adjusted_up - acts.issued, acts.adjusted_down, findings)


def _findings(appropriation: Appropriation | None, balance: Balance, acts: _Acts) -> tuple[str, ...]:
    """What contradicts the acts: "name: recorded, by acts"."""
    if appropriation is None:
        return ("an act names a programme that the budget does not have",)
    requested = balance.total((Stage.REQUESTED, Stage.APPROVED, Stage.DECLINED))
    pairs = (
        ("refined up", appropriation.refined_up, acts.refined_up),
        ("refined down", appropriation.refined_down, acts.refined_down),
        ("adjusted up", appropriation.adjusted_up, acts.adjusted_up),
        ("adjusted down", appropriation.adjusted_down, acts.adjusted_down),
        ("sequestered", appropriation.sequestered, acts.sequestered),
        ("received from other programmes", balance.received, acts.adjusted_up - acts.issued),
        ("given to other programmes", balance.given, acts.adjusted_down),
        ("issued", balance.issued, appropriation.approved + requested + acts.refined_up + acts.issued),
    )
    return tuple(
        f"{name}: {recorded} tiyn recorded, {said} tiyn by the acts"
        for name, recorded, said in pairs
        if recorded != said
    )


# --- transfers between budgets

RENUMBERED: Final = 2026
"""From 2026 receipts category 4 is special receipts; the later categories moved up by one (EBK-26)."""


def transfers_class(year: int) -> str:
    """Category and class of receipts from the budget above: трансферты из вышестоящих органов."""
    return "502" if year >= RENUMBERED else "402"


@dataclass(frozen=True, slots=True)
class TransfersPlan:
    """TP 19(3)–(4): twelve cumulative figures in tiyn, what an upper budget plans to send to other levels,
    and what the lower budgets plan to receive from above; then what was sent to each of them."""

    upper: str
    year: int
    planned: tuple[int, ...]
    expected: tuple[int, ...]
    sent: tuple[tuple[str, int], ...]

    @property
    def differing_months(self) -> tuple[int, ...]:
        pairs = zip(self.planned, self.expected, strict=True)
        return tuple(month for month, (plan, expect) in enumerate(pairs, 1) if plan != expect)


def transfers_plan(state: StateReader, upper: str, year: int, lowers: Sequence[str]) -> TransfersPlan:
    """Transfers of an upper budget against the receipts of the named lower ones, month by month."""
    planned = [0] * 12
    for key, value in under(state, Collection.PLANS, prefix_of(2)):
        line = Line(*trusted(key)[1])
        if (line.budget, line.year) == (upper, year) and line.specific in DOWNWARD:
            payments = Plan.decode(value).payments
            planned = [one + other for one, other in zip(planned, payments, strict=True)]
    expected = [0] * 12
    for lower in lowers:
        figures_ = transfer_receipts(state, lower, year)
        expected = [one + other for one, other in zip(expected, figures_, strict=True)]
    sent = tuple((lower, transfer_totals_of(state, upper, lower, year).sent) for lower in lowers)
    return TransfersPlan(upper, year, tuple(planned), tuple(expected), sent)


def transfer_receipts(state: StateReader, budget: str, year: int) -> tuple[int, ...]:
    """The receipts plan of a budget from the budget above, cumulative by month."""
    sums = [0] * 12
    for key, _ in under(state, Collection.RECEIPTS, prefix_of(3, budget, year)):
        code = str(trusted(key)[2])
        if code.startswith(transfers_class(year)):
            plan = receipts_of(state, budget, year, code).plan
            sums = [one + other for one, other in zip(sums, plan, strict=True)]
    return tuple(sums)


# --- budgets added up


@dataclass(frozen=True, slots=True)
class Totals:
    """One budget of a year or a sum of several: plans, what came in and what was paid, in tiyn."""

    planned_receipts: int
    planned_expenditure: int
    received: int
    redeemed: int

    def less(self, planned: int, sent: int) -> Totals:
        return Totals(
            self.planned_receipts - planned,
            self.planned_expenditure - planned,
            self.received - sent,
            self.redeemed - sent,
        )


@dataclass(frozen=True, slots=True)
class Consolidation:
    """Several budgets of a year added up (свод; BC 8). `gross` is the plain sum, `net` is without mutual
    flows (взаимопогашаемые операции): transfers between two budgets of the sum, planned and sent."""

    budgets: tuple[tuple[str, Totals], ...]
    gross: Totals
    planned_mutual: int
    mutual: int
    net: Totals


def totals_of(state: StateReader, budget: str, year: int) -> Totals:
    """Plans and facts of one budget; opening balances are among the receipts."""
    planned = sum(figures_of(one).in_force for one in appropriations_of(state, budget, year).values())
    receipts = receipts_of(state, budget, year)
    received = receipts.posted[-1] - receipts.debited[-1]
    redeemed = sum(cash_of(state, budget, source, year).redeemed for source in SOURCE.values)
    return Totals(receipts.plan[-1], planned, received, redeemed)


def consolidated(state: StateReader, names: Sequence[str], year: int) -> Consolidation:
    """The sum of budgets with mutual flows taken out (BC 8(2)).

    Mutual are flows between neighbouring levels of the sum: sent down, and sent up as returns and
    withdrawals. Planned: what a lower budget expects from above when the budget above it is in the sum too;
    a budget's own entry names it by the attribute `upper`, else it is the only one of the level above.
    """
    each = tuple((name, totals_of(state, name, year)) for name in dict.fromkeys(names))
    gross = Totals(
        sum(one.planned_receipts for _, one in each),
        sum(one.planned_expenditure for _, one in each),
        sum(one.received for _, one in each),
        sum(one.redeemed for _, one in each),
    )
    planned = mutual = 0
    for name, _ in each:
        above = _above(state, name, [other for other, _ in each])
        if len(above) == 1:
            planned += transfer_receipts(state, name, year)[-1]
        for upper in above:
            flows = transfer_totals_of(state, upper, name, year)
            mutual += flows.sent + flows.upward
    return Consolidation(each, gross, planned, mutual, gross.less(planned, mutual))


def _above(state: StateReader, lower: str, names: Sequence[str]) -> list[str]:
    """Budgets of the sum that stand right above one of them."""
    rank = _rank(lower)
    above = [name for name in names if rank > 0 and _rank(name) == rank - 1]
    entry = budgets.newest_entry(state, lower)
    named = None if entry is None else entry.attribute(budgets.UPPER)
    return above if named is None else [name for name in above if name == named]


def _rank(budget: str) -> int:
    kind = budgets.kind_of(budget)
    return budgets.LEVELS.index(kind) if kind in budgets.LEVELS else -1


# --- notices to unblock


@dataclass(frozen=True, slots=True)
class Notice:
    """Receipts improved: blocks for a shortfall exceed what is missing; `excess` may be lifted, in tiyn."""

    budget: str
    year: int
    month: int
    blocked: int
    shortfall: int

    @property
    def excess(self) -> int:
        return self.blocked - self.shortfall


def notice(state: StateReader, budget: str, day: int) -> Notice | None:
    """The notice of a budget on an operational day, or None while every block has its shortfall."""
    year, month, _ = civil(day)
    blocked = budget_of(state, budget, year).blocked
    missing = max(shortfall(state, budget, year, month), 0)
    return Notice(budget, year, month, blocked, missing) if blocked > missing else None
