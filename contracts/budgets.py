"""Which budget an institution may act on, and how budgets stand to each other (BC 7, 76).

A budget's code is kind and territory ("02.almaty"). Its entry in the directory `budgets` may name, by
attributes, the budget above it (`upper`) and the institutions that act on it (`finance`, `treasury`, `abp`:
ids, parted by spaces); a budget without such an attribute is open to every institution of that kind. Local
administrators share codes: where two institutions have one, `abp` says whose budget it is.
"""

from __future__ import annotations

from typing import Final

from contracts import reasons
from contracts.actions import Call
from contracts.directories import DirectoryName
from contracts.records import Collection, Directory, DirectoryVersion, Kind, directory_key, prefix_of
from contracts.rejection import RejectionError
from contracts.state import StateReader

LEVELS: Final = ("01", "02", "03", "06")
"""Kinds of budget from the top (BC 7): republican; of an oblast, a republican city or the capital; of a
district (city of oblast significance); of a city of district significance, village, rural district."""

REPUBLICAN, RURAL = LEVELS[0], LEVELS[3]

UPPER: Final = "upper"

PAGE: Final = 1_000


def kind_of(budget: str) -> str:
    """The kind of a budget: what stands before the point."""
    return budget.partition(".")[0]


def entry_of(state: StateReader, budget: str, day: int) -> DirectoryVersion | None:
    """The budget's entry of the directory on a day, or None."""
    found = Directory.find(state, Collection.DIRECTORIES, directory_key(DirectoryName.BUDGETS, budget))
    return None if found is None else found.on(day)


def newest_entry(state: StateReader, budget: str) -> DirectoryVersion | None:
    """The budget's newest version in the directory, in force or still to come; None when it has none."""
    found = Directory.find(state, Collection.DIRECTORIES, directory_key(DirectoryName.BUDGETS, budget))
    return None if found is None else DirectoryVersion(*found.versions[-1])


def require_authority(call: Call, budget: str) -> None:
    """Whether the institution of the document may act on the budget. Refuses BUDGET-AUTHORITY."""
    entry = entry_of(call.state, budget, call.day())
    named = None if entry is None else entry.attribute(call.actor.kind)
    if named is not None and call.institution not in named.split():
        raise RejectionError(
            reasons.BUDGET_AUTHORITY, budget=budget, institution=call.institution, permitted=named
        )


def administers(state: StateReader, institution: str, budget: str, day: int | None) -> bool:
    """Whether an administrator may act on a budget: its entry names it, or names nobody."""
    entry = None if day is None else entry_of(state, budget, day)
    named = None if entry is None else entry.attribute(Kind.ABP)
    return named is None or institution in named.split()


def require_administrator(call: Call, budget: str) -> None:
    """Whether the document's administrator, or that of its state institution, may act on the budget. Refuses
    BUDGET-AUTHORITY."""
    own = call.institution if call.actor.kind == Kind.ABP else call.actor.parent
    if own is not None and not administers(call.state, own, budget, call.day()):
        entry = entry_of(call.state, budget, call.day())
        assert entry is not None, "only an entry keeps an administrator out"
        raise RejectionError(
            reasons.BUDGET_AUTHORITY,
            budget=budget, institution=own, permitted=entry.attribute(Kind.ABP) or "-",
        )  # fmt: skip


def is_named(state: StateReader, institution: str, day: int | None) -> bool:
    """Whether some budget's entry in force names the institution as its administrator."""
    if day is None:
        return False
    prefix = prefix_of(2, DirectoryName.BUDGETS)
    start = prefix
    while True:
        page = state.scan(Collection.DIRECTORIES, start, PAGE)
        for key, value in page:
            if not key.startswith(prefix):
                return False
            entry = Directory.decode(value).on(day)
            named = None if entry is None else entry.attribute(Kind.ABP)
            if named is not None and institution in named.split():
                return True
        if len(page) < PAGE:
            return False
        start = page[-1][0] + b"\x00"


def order(state: StateReader, day: int, one: str, other: str) -> tuple[str, str]:
    """(upper, lower) of two budgets that may have relations; refused where the law allows none (BC 76).

    Only neighbours of the four levels, and only a budget with the one that its entry names as its upper.
    """
    kinds = [kind_of(budget) for budget in (one, other)]
    ranks = [LEVELS.index(kind) if kind in LEVELS else -1 for kind in kinds]
    if -1 in ranks or abs(ranks[0] - ranks[1]) != 1:
        raise RejectionError(reasons.TRANSFER_LEVEL, budget=one, other=other)
    upper, lower = (one, other) if ranks[0] < ranks[1] else (other, one)
    entry = entry_of(state, lower, day)
    named = None if entry is None else entry.attribute(UPPER)
    if named is not None and named != upper:
        raise RejectionError(reasons.TRANSFER_UPPER, budget=lower, upper=named, found=upper)
    return upper, lower
