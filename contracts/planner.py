"""What-if of a sequester or a block: pure, outside consensus; its rows are the input of the document.

Two ways to choose rows, both reproducible by anyone from the same state: in proportion to what can be cut,
rounded to plan units by largest remainder; or by priorities, the lowest number first, in proportion within
one priority. The published order of rows is that of (administrator, programme, subprogramme, specific,
holder, expense id); among equal remainders the earlier row takes the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chain.codec import Value, encode
from contracts import appropriations, reasons, sequester
from contracts.fields import PLAN_UNIT
from contracts.records import (
    ACCEPTED,
    Appropriation,
    Collection,
    Hold,
    HoldKind,
    Line,
    Obligation,
    Stage,
    Token,
    TokenKey,
    appropriation_key,
    balance_of,
    hold_key,
    obligation_scope,
    tokens_prefix,
    trusted,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

PAGE: Final = 1_000

UNPAID: Final = (Stage.REGISTERED, Stage.PAYABLE, Stage.RETAINED)

Programme = tuple[str, str]
"""(administrator, programme)."""


@dataclass(frozen=True, slots=True)
class Cuttable:
    """Unaccepted money of one position, in tiyn; `hold` is the block it stands under, or nil."""

    line: Line
    holder: str
    expense: str | None
    hold: str | None
    amount: int

    @property
    def order(self) -> tuple[str, ...]:
        line = self.line
        return (
            line.administrator, line.programme, line.subprogramme or "", line.specific or "", self.holder,
            self.expense or "", self.hold or "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A position and what is cut of it."""

    position: Cuttable
    amount: int

    def held_row(self) -> tuple[Value, ...]:
        """As a row of `treasury.block`."""
        at = self.position
        line = at.line
        return (
            at.holder, line.administrator, line.programme, line.subprogramme, line.specific, at.expense,
            self.amount,
        )  # fmt: skip

    def cut_row(self) -> tuple[Value, ...]:
        """As a row of `sequester.decide`."""
        return (*self.held_row(), self.position.hold)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a plan does to one administrator, programme or institution, in tiyn."""

    name: str
    cuttable: int
    cut: int


@dataclass(frozen=True, slots=True)
class SequesterPlan:
    """Rows and their effect. `instrument`: the act that decides this cut; `share`: hundredths of a per cent
    of unprotected expenditure, cuts decided earlier in the year included."""

    total: int
    base: int
    share: int
    instrument: str
    rows: tuple[PlannedRow, ...]
    administrators: tuple[Effect, ...]
    programmes: tuple[Effect, ...]
    institutions: tuple[Effect, ...]


def plan_sequester(
    state: StateReader,
    budget: str,
    year: int,
    source: str,
    total: int,
    priorities: Mapping[Programme, int] | None = None,
    block: str | None = None,
) -> SequesterPlan:
    """Rows for `sequester.decide` that cut `total` tiyn.

    Only free money is cut, or with `block` only what stands under that block. Protected lines and state
    obligations are left out. With `priorities`, programmes not listed are cut last. Refuses a total that is
    no multiple of the plan unit or more than can be cut, and exactly 10 % while the law is silent.
    """
    record = appropriations.budget_of(state, budget, year)
    if total <= 0 or total % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field="total", amount_tiyn=total)
    instrument = sequester.instrument_for(state, record, total)
    if block is not None:
        _check_block(state, block, budget, year)
    found = _in_order(state, budget, year, source, block)
    rows = choose(found, total, priorities)
    share = (record.sequestered + total) * 10_000 // record.unprotected
    return SequesterPlan(
        total, record.unprotected, share, instrument, rows,
        _effects(found, rows, lambda at: at.line.administrator),
        _effects(found, rows, lambda at: f"{at.line.administrator}/{at.line.programme}"),
        _effects(found, rows, lambda at: at.holder),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SuspendedAgreement:
    """An agreement whose programme a decision suspends until its last row is done (BC 97(5)), in tiyn.

    `accepted`: its obligations of the year on the programmes that are cut; `unpaid`: of them not paid yet.
    Accepted money is never cut: the agreement is settled by civil law (BC 97(7)).
    """

    holder: str
    agreement: str
    accepted: int
    unpaid: int


def suspended_agreements(
    state: StateReader, budget: str, year: int, rows: Sequence[PlannedRow]
) -> tuple[SuspendedAgreement, ...]:
    """The effect of a plan on agreements: those of the programmes that are cut, in the order of the keys."""
    cut = {(row.position.line.administrator, row.position.line.programme) for row in rows}
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    start = b""
    while True:
        page = state.scan(Collection.OBLIGATIONS, start, PAGE)
        for key, value in page:
            found = Obligation.decode(value)
            line = found.line
            is_of_it = (line.budget, line.year) == (budget, year)
            if found.agreement is None or not is_of_it or (line.administrator, line.programme) not in cut:
                continue
            holder, name = trusted(key)
            balance = balance_of(state, obligation_scope(holder, name))
            accepted, unpaid = sums.get((holder, found.agreement), (0, 0))
            sums[holder, found.agreement] = (
                accepted + balance.total(ACCEPTED), unpaid + balance.total(UNPAID)
            )  # fmt: skip
        if len(page) < PAGE:
            return tuple(SuspendedAgreement(*place, *sums[place]) for place in sorted(sums) if sums[place][0])
        start = page[-1][0] + b"\x00"


def plan_block(state: StateReader, budget: str, year: int, source: str, total: int) -> tuple[PlannedRow, ...]:
    """Rows for `treasury.block` that hold `total` tiyn of what a sequester could cut, proportionally."""
    if total <= 0 or total % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field="total", amount_tiyn=total)
    found = _in_order(state, budget, year, source, None)
    return choose(found, total, None)


def share_amount(state: StateReader, budget: str, year: int, share: int) -> int:
    """`share` hundredths of a per cent of unprotected expenditure, in plan units, rounded down."""
    record = appropriations.budget_of(state, budget, year)
    return record.unprotected * share // 10_000 // PLAN_UNIT * PLAN_UNIT


def _check_block(state: StateReader, block: str, budget: str, year: int) -> None:
    found = Hold.find(state, Collection.HOLDS, hold_key(block))
    if found is None or found.kind == HoldKind.SEQUESTER or (found.budget, found.year) != (budget, year):
        raise RejectionError(reasons.SEQUESTER_SOURCE, hold=block)


def _cuttable(
    state: StateReader, budget: str, year: int, source: str, hold: str | None
) -> Iterator[Cuttable]:
    """Unaccepted money of a budget, year and source under `hold` (nil = free), in plan units."""
    prefix = tokens_prefix(budget, year) + encode(source)
    start = prefix
    while True:
        page = state.scan(Collection.TOKENS, start, PAGE)
        for place, value in page:
            if not place.startswith(prefix):
                return
            key = TokenKey.decode(place)
            if key.stage not in (Stage.ADOPTED, Stage.ALLOCATED) or key.hold != hold:
                continue
            amount = Token.decode(value).amount // PLAN_UNIT * PLAN_UNIT
            if amount:
                yield Cuttable(key.line, key.holder, key.expense, key.hold, amount)
        if len(page) < PAGE:
            return
        start = page[-1][0] + b"\x00"


def _in_order(state: StateReader, budget: str, year: int, source: str, hold: str | None) -> list[Cuttable]:
    """What the law lets be cut, in the published order."""
    appropriated: dict[bytes, Appropriation | None] = {}
    found = []
    for item in _cuttable(state, budget, year, source, hold):
        line = item.line
        key = appropriation_key(line.budget, line.year, line.administrator, line.programme)
        if key not in appropriated:
            appropriated[key] = Appropriation.find(state, Collection.APPROPRIATIONS, key)
        appropriation = appropriated[key]
        assert appropriation is not None, "money stands under an appropriation"
        if sequester.protection(appropriation, line) is None:
            found.append(item)
    return sorted(found, key=lambda item: item.order)


def choose(
    found: list[Cuttable], total: int, priorities: Mapping[Programme, int] | None
) -> tuple[PlannedRow, ...]:
    """Share `total` over positions that stand in the published order; rows of nothing are left out."""
    free = sum(item.amount for item in found)
    if total > free:
        raise RejectionError(reasons.SEQUESTER_BEYOND, amount_tiyn=total, free_tiyn=free)
    groups: dict[int, list[Cuttable]] = {}
    last = max(priorities.values(), default=0) + 1 if priorities else 0
    for item in found:
        priority = last
        if priorities:
            priority = priorities.get((item.line.administrator, item.line.programme), last)
        groups.setdefault(priority, []).append(item)
    rows: list[PlannedRow] = []
    left = total
    for priority in sorted(groups):
        group = groups[priority]
        part = min(left, sum(item.amount for item in group))
        rows.extend(
            PlannedRow(item, cut)
            for item, cut in zip(group, largest_remainder([i.amount for i in group], part), strict=True)
            if cut
        )
        left -= part
    rows.sort(key=lambda row: row.position.order)
    return tuple(rows)


def largest_remainder(weights: list[int], total: int) -> list[int]:
    """Share `total` in proportion to `weights`, in plan units; leftover units go to the largest remainders.

    Weights and total are multiples of the unit and total ≤ Σ weights, so no share exceeds its weight.
    """
    whole = sum(weights)
    if whole == 0 or total == 0:
        return [0] * len(weights)
    units = total // PLAN_UNIT
    shares = [units * weight // whole for weight in weights]
    left = units - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(units * weights[at] % whole), at))
    for at in by_remainder[:left]:
        shares[at] += 1
    return [share * PLAN_UNIT for share in shares]


def _effects(
    found: list[Cuttable], rows: tuple[PlannedRow, ...], name_of: Callable[[Cuttable], str]
) -> tuple[Effect, ...]:
    before: dict[str, int] = {}
    cut: dict[str, int] = {}
    for item in found:
        before[name_of(item)] = before.get(name_of(item), 0) + item.amount
    for row in rows:
        cut[name_of(row.position)] = cut.get(name_of(row.position), 0) + row.amount
    return tuple(Effect(name, before[name], cut.get(name, 0)) for name in sorted(before))
