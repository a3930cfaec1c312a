"""What a change of codes must rest on, and what goes with a programme that changes its code (TP 78).

The treasury carries codes out, the finance body publishes them: no row goes where the directories do not
send it, so that a change of codes is no way past the share of BC 98 or the wall between institutions of
BC 106(4).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contracts import budget_acts, changes, directories, plans, reasons
from contracts.actions import Call
from contracts.appropriations import NOT_PROTECTED, PROTECTED
from contracts.directories import DirectoryName
from contracts.records import (
    EMPTY_CARRY_OVER,
    HELD_ADOPTED,
    HELD_ALLOCATED,
    Appropriation,
    CarryOver,
    Collection,
    Line,
    Stage,
    appropriation_key,
    balance_of,
    carry_over_key,
    institution_of,
    programme_scope,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

CLASSIFICATION: Final = "classification"
REORGANISATION: Final = "reorganisation"
CAUSES: Final = (CLASSIFICATION, REORGANISATION)
"""Change of the budget classification; reorganisation of institutions (TP 78, BC 98)."""

MONEY: Final = (*range(Stage.ADOPTED, Stage.RECOVERED + 1), HELD_ADOPTED, HELD_ALLOCATED)
"""Slots of a balance: all but requests and what is annulled."""

FOLLOWING: Final = (budget_acts.RESERVE_RECEIVED, changes.REALLOCATION, changes.DEVELOPMENT)
"""What `adjustments` counts and a new code of the whole programme goes on with: else the shares of BC 98 and
TP 60, once used, would be there again."""


def check_cause(call: Call, cause: str, ends: tuple[str, str], old: Line, new: Line) -> None:
    """The cause fits what changes, and the finance body has published each changed part.

    `ends`: old and new holder. A change of classification stays with the institution; a reorganisation goes
    to the one that the old entry names by `replaced-by`. Undistributed money is its administrator's, whoever
    holds it. Refuses TP78-CAUSE and TP78-SUCCESSOR.
    """
    is_handed = old.specific is not None and ends[0] != ends[1]
    is_elsewhere = is_handed or old.administrator != new.administrator
    if is_elsewhere != (cause == REORGANISATION):
        raise RejectionError(reasons.RECODE_CAUSE, cause=cause, holder=ends[0], target=ends[1])
    if is_handed:
        codes = (_code(call.state, ends[0]), _code(call.state, ends[1]))
        _require_named(call, DirectoryName.INSTITUTIONS, *codes)
    elif is_elsewhere:
        _require_named(call, DirectoryName.ADMINISTRATORS, old.administrator, new.administrator)
    if (old.programme, old.subprogramme) != (new.programme, new.subprogramme):
        _check_functional(call, old, new)
    if old.specific is not None and new.specific is not None and old.specific != new.specific:
        _require_replaced(call, DirectoryName.ECONOMIC, old.specific, new.specific)


def _code(state: StateReader, holder: str) -> str:
    found = institution_of(state, holder)
    return holder if found is None else found.code


def _require_named(call: Call, directory: str, old: str, new: str) -> None:
    if new not in (directories.successors(call, directory, old) or ()):
        raise RejectionError(reasons.RECODE_SUCCESSOR, directory=directory, old=old, new=new)


def _require_replaced(call: Call, directory: str, old: str, new: str) -> None:
    if not directories.is_replaced(call, directory, old, new):
        raise RejectionError(reasons.RECODE_SUCCESSOR, directory=directory, old=old, new=new)


def _check_functional(call: Call, old: Line, new: Line) -> None:
    """The programme was replaced as a whole, or else exactly this subprogramme of it."""
    whole = tuple(plans.functional_code(line.programme_level) for line in (old, new))
    is_whole = old.programme != new.programme
    if is_whole and directories.is_replaced(call, DirectoryName.FUNCTIONAL, whole[0], whole[1]):
        return
    codes = (plans.functional_code(old), plans.functional_code(new))
    _require_replaced(call, DirectoryName.FUNCTIONAL, *codes)


def check_protection(state: StateReader, old: Line, new: Line) -> None:
    """Protected money never arrives where a sequester may take it (BC 97(4)). Refuses TP78-PROTECTED."""
    giving, receiving = _appropriation(state, old), _appropriation(state, new)
    if giving is None or receiving is None:
        return  # a programme that is not there yet gets the features of the old one
    if not _keeps(giving, receiving, old, new):
        raise RejectionError(
            reasons.RECODE_PROTECTED,
            programme=plans.functional_code(old), target=plans.functional_code(new),
        )  # fmt: skip


def _appropriation(state: StateReader, line: Line) -> Appropriation | None:
    key = appropriation_key(line.budget, line.year, line.administrator, line.programme)
    return Appropriation.find(state, Collection.APPROPRIATIONS, key)


def _keeps(giving: Appropriation, receiving: Appropriation, old: Line, new: Line) -> bool:
    if receiving.is_state_obligation or receiving.protected == PROTECTED:
        return True
    if giving.is_state_obligation or giving.protected == PROTECTED:
        return False
    if giving.protected == NOT_PROTECTED:
        return True
    listed, kept = set(giving.protected_subprogrammes), set(receiving.protected_subprogrammes)
    if old.subprogramme is None:
        return listed <= kept  # not split yet: any of it may be of a listed subprogramme
    return old.subprogramme not in listed or new.subprogramme in kept


def count_crossed(call: Call, old: Line, new: Line, amount: int) -> None:
    """The base of the share of BC 98 goes with the money: less of the old programme, more of the new one."""
    budget_acts.count(call, new, budget_acts.RECODE_RECEIVED, amount)
    budget_acts.count(call, old, budget_acts.RECODE_GIVEN, amount)


def carry_rights(call: Call, pairs: tuple[tuple[Line, Line], ...]) -> None:
    """The lists of carry-over, what came from reserves and what is used of its shares go with a programme
    that has given all its money away: to the one programme that this document gives it to.

    Refuses TP78-CARRY-OVER for a list that would have to be divided.
    """
    for old in dict.fromkeys(old for old, _ in pairs):
        if _has_money(call.state, old):
            continue
        targets = [new for giver, new in pairs if giver == old]
        for year in (old.year - 1, old.year):
            key = _list_key(old, year)
            found = CarryOver.find(call.state, Collection.CARRY_OVERS, key)
            if found is None:
                continue
            if len(targets) > 1:
                raise RejectionError(
                    reasons.RECODE_CARRY_OVER, programme=plans.functional_code(old), year=year
                )
            there = CarryOver.find(call.state, Collection.CARRY_OVERS, _list_key(targets[0], year))
            there = there or EMPTY_CARRY_OVER
            call.state.delete(Collection.CARRY_OVERS, key)
            put(call.state, Collection.CARRY_OVERS, _list_key(targets[0], year), replace(
                there, listed=there.listed + found.listed, carried=there.carried + found.carried,
                used=there.used + found.used,
            ))  # fmt: skip
        if len(targets) == 1:
            _carry_counts(call, old, targets[0])


def _carry_counts(call: Call, old: Line, new: Line) -> None:
    for what in FOLLOWING:
        amount = budget_acts.counted(call.state, old, what)
        if amount:
            budget_acts.uncount(call, old, what)
            budget_acts.count(call, new, what, amount)


def _list_key(line: Line, year: int) -> bytes:
    return carry_over_key(line.budget, year, line.administrator, line.programme)


def _has_money(state: StateReader, programme: Line) -> bool:
    """Whether money of any source stands under a programme."""
    return balance_of(state, programme_scope(programme)).total(MONEY) > 0
