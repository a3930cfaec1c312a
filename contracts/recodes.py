"""Change of codes (ЕБК change, reorganisation; TP 78): whole positions go from old codes to new ones.

Every token keeps its stage; plans, obligations, agreements, acts, payments and claims follow, and between
programmes the appropriations. What is annulled stays under the old codes as history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from chain.codec import DAY, NAME, ListOf, OneOf, Optional, Row
from contracts import (
    appropriations,
    budget_acts,
    budgets,
    commitments,
    directories,
    plans,
    reasons,
    recode_rules,
    tokens,
    treasury,
)
from contracts.actions import Call, action, row
from contracts.dates import refuse_ahead
from contracts.directories import DirectoryName
from contracts.fields import CODE3, DOCUMENT_NUMBER, SOURCE, YEAR, fields_of
from contracts.plans import NO_PLAN
from contracts.records import (
    Act,
    Agreement,
    Appropriation,
    Claim,
    Collection,
    Debt,
    Kind,
    Line,
    Obligation,
    Payment,
    Plan,
    Record,
    Role,
    Stage,
    Token,
    TokenKey,
    Transfer,
    act_key,
    agreement_key,
    appropriation_key,
    budget_key,
    claim_key,
    debt_key,
    institution_of,
    obligation_key,
    payment_key,
    plan_key,
    prefix_of,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

TOKENS_PER_DOCUMENT: Final = 1_000
"""A token with its papers changes up to eight keys of the 8,000 that a transaction may (docs/formats.md)."""

POSITIONS: Final = 200
"""Each reads its tokens, its plan and its directories; far more than one change of codes touches."""

CARRIED: Final = range(Stage.ADOPTED, Stage.RECOVERED + 1)
"""Stages that follow the codes: money. Requests and what is annulled stay where they were decided."""

PLACE: Final = (
    ("holder", NAME),
    ("administrator", CODE3),
    ("programme", CODE3),
    ("subprogramme", Optional(CODE3)),
    ("specific", Optional(CODE3)),
)
"""A position, or without subprogramme and specific the undistributed money of the administrator."""

RECODE = Row(
    "plan.recode",
    (
        ("budget", NAME),
        ("year", YEAR),
        ("source", SOURCE),
        ("document", DOCUMENT_NUMBER),
        ("date", DAY),
        ("cause", OneOf(*recode_rules.CAUSES)),
        (
            "rows",
            ListOf(
                Row("recoded position", (("old", Row("old", PLACE)), ("new", Row("new", PLACE)))),
                POSITIONS,
                1,
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A holder and the line under which its money stands."""

    holder: str
    line: Line

    @property
    def programme(self) -> tuple[str, str, str]:
        """Whose agreements are one: holder, administrator, programme."""
        return self.holder, self.line.administrator, self.line.programme

    def facts(self) -> dict[str, int | str]:
        return {
            "holder": self.holder,
            "programme": f"{self.line.administrator}/{self.line.programme}",
            "subprogramme": self.line.subprogramme or "-",
            "specific": self.line.specific or "-",
        }


_Routes = dict[_Place, _Place]
"""Old place -> new place."""


@action(
    "plan.recode",
    RECODE,
    kinds=(Kind.TREASURY,),
    roles=(Role.HEAD, Role.ACCOUNTANT),
    source="TP 78; BC 98",
    summary="Carry whole positions to new codes or institutions with everything that stands on them",
    is_batch=True,
)
def recode(call: Call) -> None:
    """Any stage of money -> the same stage under the new codes, of the same budget, year and source."""
    budget, year, source, document, date, cause, rows = fields_of(call.arguments)
    plans.refuse_ended(call, year)
    refuse_ahead(date, call.day(), "date")
    budgets.require_authority(call, budget)
    appropriations.budget_of(call.state, budget, year)
    routes = _routes(call, cause, Line(budget, year, source, "", "", None, None), rows)
    found = _found(call, routes)
    papers = _papers(call.state, routes, found)
    for (holder, name), agreement in papers.agreements.items():
        _check_whole(call, holder, name, agreement, routes)
    crossed = _carry_tokens(call, routes, found)
    _carry_plans(call, routes)
    _carry_papers(call, routes, papers)
    rows_of_act = _appropriate(call, budget, year, crossed)
    if rows_of_act:
        budget_acts.record_act(call, budget, year, budget_acts.RECODE, document, date, rows_of_act)
    amount = sum(amount for _, amount in found)
    call.emit("plan.recoded", budget, year, document, cause, len(routes), len(found), amount)


# --- what the document names


def _routes(call: Call, cause: str, base: Line, rows: tuple[Any, ...]) -> _Routes:
    """Old places and new ones, the new codes valid and their holders open, each change published."""
    routes: _Routes = {}
    for number, fields in enumerate(rows, 1):
        with row(number):
            old, new = (_place(base, fields_of(part)) for part in fields_of(fields))
            if (old.line.specific is None) != (new.line.specific is None):
                raise RejectionError(reasons.RECODE_LINE)
            if old in routes or old == new:
                raise RejectionError(reasons.RECODE_TWICE, **old.facts())
            _check_new(call, new)
            recode_rules.check_cause(call, cause, (old.holder, new.holder), old.line, new.line)
            recode_rules.check_protection(call.state, old.line, new.line)
            routes[old] = new
    for number, new in enumerate(routes.values(), 1):
        if new in routes:
            raise RejectionError(reasons.RECODE_TWICE, row=number, **new.facts())
    return routes


def _place(base: Line, fields: tuple[Any, ...]) -> _Place:
    holder, administrator, programme, subprogramme, specific = fields
    if (subprogramme is None) != (specific is None):
        raise RejectionError(reasons.RECODE_LINE)
    line = replace(
        base, administrator=administrator, programme=programme, subprogramme=subprogramme, specific=specific
    )
    return _Place(holder, line)


def _check_new(call: Call, new: _Place) -> None:
    line = new.line
    directories.require(call, DirectoryName.ADMINISTRATORS, line.administrator, "administrator")
    directories.require(call, DirectoryName.FUNCTIONAL, plans.functional_code(line), "programme")
    found = institution_of(call.state, new.holder)
    kind = Kind.ABP if line.specific is None else Kind.GU
    if found is None or found.closed is not None or found.kind != kind:
        raise RejectionError(reasons.PLAN_HOLDER_UNKNOWN, holder=new.holder, field="holder")
    owner = found
    if line.specific is not None:
        directories.require(call, DirectoryName.ECONOMIC, line.specific, "specific")
        # of a genesis an institution may come without its administrator: then no code fits it
        owner = institution_of(call.state, found.parent or "") or found
    if owner.code != line.administrator:
        raise RejectionError(
            reasons.PLAN_HOLDER_FOREIGN,
            holder=new.holder,
            parent=owner.code,
            institution=line.administrator,
        )


def _found(call: Call, routes: _Routes) -> list[tuple[TokenKey, int]]:
    """The tokens of the old places, by row and in the order of their keys. Refuses what is suspended, held or
    empty, and more tokens than one document carries."""
    found: list[tuple[TokenKey, int]] = []
    for number, old in enumerate(routes, 1):
        with row(number):
            treasury.refuse_if_suspended(call, old.holder, old.line)
            here = _tokens_at(call.state, old, TOKENS_PER_DOCUMENT - len(found))
            held = sum(amount for key, amount in here if key.hold is not None)
            if held:
                raise RejectionError(reasons.RECODE_HELD, holder=old.holder, held_tiyn=held)
            plan = call.state.get(Collection.PLANS, plan_key(old.holder, old.line))
            if not here and plan is None:
                raise RejectionError(reasons.RECODE_EMPTY, **old.facts())
            found += here
    return found


def _tokens_at(state: StateReader, place: _Place, limit: int) -> list[tuple[TokenKey, int]]:
    """Money of one place; refused when it is more than `limit` tokens."""
    prefix = prefix_of(8, place.line.value(), place.holder)
    page = state.scan(Collection.TOKENS, prefix, TOKENS_PER_DOCUMENT + 1)
    found = []
    for key, value in page:
        if not key.startswith(prefix):
            break
        token = TokenKey.decode(key)
        if token.stage in CARRIED:
            found.append((token, Token.decode(value).amount))
    if len(found) > limit or (len(page) > TOKENS_PER_DOCUMENT and page[-1][0].startswith(prefix)):
        raise RejectionError(reasons.RECODE_SIZE, limit=TOKENS_PER_DOCUMENT)
    return found


# --- the papers on the tokens


@dataclass(frozen=True, slots=True)
class _Papers:
    """By (holder, name): what the tokens name, and the agreements of their obligations."""

    obligations: dict[tuple[str, str], Obligation]
    agreements: dict[tuple[str, str], Agreement]
    acts: dict[tuple[str, str], _Place]
    payments: dict[tuple[str, str], _Place]


def _papers(state: StateReader, routes: _Routes, found: list[tuple[TokenKey, int]]) -> _Papers:
    papers = _Papers({}, {}, {}, {})
    for key, _ in found:
        place = _Place(key.holder, key.line)
        if key.obligation is not None:
            _add_obligation(state, papers, key.holder, key.obligation)
        if key.act is not None:
            papers.acts[key.holder, key.act] = place
        if key.payment is not None:
            papers.payments[key.holder, key.payment] = place
    for holder, agreement in tuple(papers.agreements.items()):
        for name in agreement.obligations:
            obligation = _obligation(state, holder[0], name)
            if _Place(holder[0], obligation.line) in routes:
                papers.obligations[holder[0], name] = obligation
    return papers


def _add_obligation(state: StateReader, papers: _Papers, holder: str, name: str) -> None:
    if (holder, name) in papers.obligations:
        return
    obligation = papers.obligations[holder, name] = _obligation(state, holder, name)
    if obligation.agreement is None or (holder, obligation.agreement) in papers.agreements:
        return
    agreement = Agreement.find(state, Collection.AGREEMENTS, agreement_key(holder, obligation.agreement))
    assert agreement is not None, "an obligation names a recorded agreement"
    if name in agreement.obligations:
        papers.agreements[holder, obligation.agreement] = agreement


def _obligation(state: StateReader, holder: str, name: str) -> Obligation:
    found = Obligation.find(state, Collection.OBLIGATIONS, obligation_key(holder, name))
    assert found is not None, "a token or an agreement names a recorded obligation"
    return found


def _check_whole(call: Call, holder: str, number: str, agreement: Agreement, routes: _Routes) -> None:
    """An agreement is never split over programmes or institutions (TP 215), nor its suspension lost.

    Obligations of earlier years stay under the codes of their year, with the institution that has them.
    """
    goal: tuple[str, str, str] | None = None
    for name in reversed(agreement.obligations):
        line = _obligation(call.state, holder, name).line
        old = _Place(holder, line)
        if old in routes:
            treasury.refuse_if_suspended(call, holder, line, number)
        place = routes.get(old, old)
        if old not in routes and goal is not None and line.year < _year_of(routes):
            place = replace(place, line=replace(line, administrator=goal[1], programme=goal[2]))
        if goal is not None and place.programme != goal:
            raise RejectionError(reasons.RECODE_SPLIT, agreement=number, obligation=name)
        goal = place.programme


def _year_of(routes: _Routes) -> int:
    return next(iter(routes)).line.year


# --- carrying


def _carry_tokens(
    call: Call, routes: _Routes, found: list[tuple[TokenKey, int]]
) -> dict[tuple[Line, Line], int]:
    """Move the tokens; returns what crossed between programmes: (old, new) -> tiyn."""
    crossed: dict[tuple[Line, Line], int] = {}
    for key, amount in found:
        new = routes[_Place(key.holder, key.line)]
        pair = (key.line.programme_level, new.line.programme_level)
        if pair[0] != pair[1]:
            tokens.check_room(call, new.line, amount)
        tokens.move(call, key, replace(key, holder=new.holder, line=new.line), amount)
        if pair[0] != pair[1]:
            crossed[pair] = crossed.get(pair, 0) + amount
    return crossed


def _carry_plans(call: Call, routes: _Routes) -> None:
    """The plans of the old place are added to those of the new one, month by month."""
    for old, new in routes.items():
        plan = Plan.find(call.state, Collection.PLANS, plan_key(old.holder, old.line))
        if plan is None:
            continue
        key = plan_key(new.holder, new.line)
        there = Plan.find(call.state, Collection.PLANS, key) or NO_PLAN
        call.state.delete(Collection.PLANS, plan_key(old.holder, old.line))
        put(call.state, Collection.PLANS, key, Plan(
            _sum(there.obligations, plan.obligations), _sum(there.payments, plan.payments)
        ))  # fmt: skip
        plans.consolidate(call, old.line, _less(plan.obligations), _less(plan.payments))
        plans.consolidate(call, new.line, plan.obligations, plan.payments)


def _sum(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _less(figures: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-figure for figure in figures)


def _carry_papers(call: Call, routes: _Routes, papers: _Papers) -> None:
    for (holder, name), obligation in papers.obligations.items():
        new = routes[_Place(holder, obligation.line)]
        if obligation.agreement is not None and new.holder != holder:
            _check_no_debt(papers, holder, name, obligation.agreement)
        changed = replace(obligation, line=new.line)
        _carry(call, Collection.OBLIGATIONS, obligation_key, (holder, new.holder), name, changed)
        claim = Claim.find(call.state, Collection.CLAIMS, claim_key(holder, name))
        if claim is not None:
            moved = replace(claim, line=new.line)
            _carry(call, Collection.CLAIMS, claim_key, (holder, new.holder), name, moved)
        if obligation.previous is not None and holder != new.holder:
            debt = Debt.find(call.state, Collection.DEBTS, debt_key(holder, obligation.previous))
            if debt is not None:
                _carry(call, Collection.DEBTS, debt_key, (holder, new.holder), obligation.previous, debt)
    for (holder, number), agreement in papers.agreements.items():
        _carry_agreement(call, holder, number, agreement, routes, papers)
    for (holder, name), place in papers.acts.items():
        act = Act.find(call.state, Collection.ACTS, act_key(holder, name))
        assert act is not None, "a token names a recorded act"
        _carry(call, Collection.ACTS, act_key, (holder, routes[place].holder), name, act)
    for (holder, name), place in papers.payments.items():
        ends = (holder, routes[place].holder)
        payment = Payment.find(call.state, Collection.PAYMENTS, payment_key(holder, name))
        assert payment is not None, "a token names a recorded payment"
        _carry(call, Collection.PAYMENTS, payment_key, ends, name, payment)
        transfer = Transfer.find(call.state, Collection.TRANSFERS, payment_key(holder, name))
        if transfer is not None:
            _carry(call, Collection.TRANSFERS, payment_key, ends, name, transfer)


def _check_no_debt(papers: _Papers, holder: str, name: str, number: str) -> None:
    """An accepted debt of an agreement stays with the institution that has the agreement."""
    agreement = papers.agreements.get((holder, number))
    if agreement is None or agreement.debts:
        raise RejectionError(reasons.RECODE_SPLIT, agreement=number, obligation=name)


def _carry(
    call: Call,
    collection: str,
    key_of: Callable[[str, str], bytes],
    ends: tuple[str, str],
    name: str,
    record: Record,
) -> None:
    """Write a paper under the new holder's key; a name that the new holder has given already is refused."""
    old, new = (key_of(holder, name) for holder in ends)
    if old != new:
        if call.state.get(collection, new) is not None:
            raise RejectionError(reasons.RECODE_NAME, holder=ends[1], name=name)
        call.state.delete(collection, old)
    put(call.state, collection, new, record)


def _carry_agreement(
    call: Call, holder: str, number: str, agreement: Agreement, routes: _Routes, papers: _Papers
) -> None:
    """The agreement follows its obligations, and what it promises of later years follows the programme."""
    name = next(name for name in reversed(agreement.obligations) if (holder, name) in papers.obligations)
    new = routes[_Place(holder, papers.obligations[holder, name].line)]
    changed = replace(agreement, administrator=new.line.administrator, programme=new.line.programme)
    _carry(call, Collection.AGREEMENTS, agreement_key, (holder, new.holder), number, changed)
    if (agreement.administrator, agreement.programme) != (changed.administrator, changed.programme):
        for year, amount in agreement.years[1:]:
            commitments.move(call, agreement, year, -amount)
            commitments.move(call, changed, year, amount)


# --- between programmes


def _appropriate(
    call: Call, budget: str, year: int, crossed: dict[tuple[Line, Line], int]
) -> list[budget_acts.ActRow]:
    """The appropriations give and receive what crossed; returns the rows of the act.

    A programme that the budget does not have yet gets the features of the one it goes on with.
    """
    unprotected = 0
    rows: list[budget_acts.ActRow] = []
    if crossed:
        appropriations.adopted_of(call.state, budget, year)
    for (old, new), amount in crossed.items():
        giving = appropriations.appropriation_of(call.state, old)
        key = appropriation_key(budget, year, new.administrator, new.programme)
        receiving = Appropriation.find(call.state, Collection.APPROPRIATIONS, key) or replace(
            giving, approved=0, refined_up=0, refined_down=0, adjusted_up=0, adjusted_down=0, sequestered=0
        )
        if giving.section != receiving.section:
            raise RejectionError(reasons.RECODE_SECTION, section=giving.section, found=receiving.section)
        put(call.state, Collection.APPROPRIATIONS, key, replace(
            receiving, adjusted_up=receiving.adjusted_up + amount
        ))  # fmt: skip
        place = appropriation_key(budget, year, old.administrator, old.programme)
        put(call.state, Collection.APPROPRIATIONS, place, replace(
            giving, adjusted_down=giving.adjusted_down + amount
        ))  # fmt: skip
        unprotected += amount * (_counts(receiving) - _counts(giving))
        recode_rules.count_crossed(call, old, new, amount)
        rows.append((old.administrator, old.programme, 0, amount))
        rows.append((new.administrator, new.programme, amount, 0))
    recode_rules.carry_rights(call, tuple(crossed))
    if unprotected:
        record = appropriations.budget_of(call.state, budget, year)
        changed = replace(record, unprotected=max(record.unprotected + unprotected, 0))
        put(call.state, Collection.BUDGETS, budget_key(budget, year), changed)
    return rows


def _counts(appropriation: Appropriation) -> int:
    """1 where the programme counts in the base of the 10 % test (BC 97(2)), else 0."""
    return int(appropriation.protected == appropriations.NOT_PROTECTED)
