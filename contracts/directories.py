"""Directories (справочники): published versions of every code, valid by the operational day.

The classification changes several times a year, so history is never edited: a new version starts on or
after the operational day and ends the one before it the day before.
"""

from __future__ import annotations

from typing import Any, Final, cast

from chain.codec import DAY, ListOf, Name, OneOf, Optional, Row, Text
from contracts import reasons
from contracts.actions import Call, action, row
from contracts.calendar import iso_date
from contracts.records import (
    Collection,
    Directory,
    DirectoryVersion,
    Kind,
    Role,
    directory_key,
    institution_of,
    operational_day,
    put,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

ENTRY_BYTES: Final = 256 << 10
"""All versions of one code: hundreds of ordinary ones, decades of changes, and far below the largest value a
block can carry (docs/formats.md, Block)."""

ROWS_MAXIMUM: Final = 7_900
"""Rows of one document: below the keys a transaction may change (docs/formats.md, Transaction)."""


REPLACED_BY: Final = "replaced-by"
"""Attribute of an old code: the new ones, separated by spaces."""

LEVELS: Final = 4
"""Of budgets (BC 7): as many entries say who keeps one."""


class DirectoryName:
    """Names of the directories; each code is what the law writes, with its zeros.

    `functional`: administrator/programme[/subprogramme], "226/067" or "226/067/106". `receipts`: six digits
    (category, class, subclass, specific). `economic`: three digits of a specific. `payees`: BIN; its
    attributes `budget` and `receipts` say where transfers to it arrive. `reasons`: number of TP 236.
    `budgets`: kind and territory, "01.kz"; its attributes `upper`, `finance`, `treasury`, `abp`: see
    `contracts.budgets`. `sources`: source of financing (TP 213(2)). `approvers`: institutions that agree to
    documents, by id; one whose entry is not in force approves nothing. `accounts`: cash accounts (КСН), kind
    and territory with source, "01.kz/1"; nothing is posted to and paid from one that is not in force.
    A renumbered code names the other by `replaces` and `replaced-by`, in any directory.
    """

    ADMINISTRATORS: Final = "administrators"
    FUNCTIONAL_GROUPS: Final = "functional-groups"
    FUNCTIONAL: Final = "functional"
    ECONOMIC: Final = "economic"
    RECEIPTS: Final = "receipts"
    PAYEES: Final = "payees"
    REASONS: Final = "reasons"
    GROUNDS: Final = "grounds"
    BUDGETS: Final = "budgets"
    SOURCES: Final = "sources"
    INSTITUTIONS: Final = "institutions"
    ACCOUNTS: Final = "accounts"
    APPROVERS: Final = "approvers"
    ALL: Final = (
        ADMINISTRATORS, FUNCTIONAL_GROUPS, FUNCTIONAL, ECONOMIC, RECEIPTS, PAYEES, REASONS, GROUNDS, BUDGETS,
        SOURCES, INSTITUTIONS, ACCOUNTS, APPROVERS,
    )  # fmt: skip


PUBLISH = Row(
    "directory.publish",
    (
        ("directory", OneOf(*DirectoryName.ALL)),
        (
            "rows",
            ListOf(
                Row(
                    "entry",
                    (
                        ("code", Text(32, 1)),
                        ("valid_from", DAY),
                        ("valid_to", Optional(DAY)),
                        ("name_kk", Text(2000)),
                        ("name_ru", Text(2000, 1)),
                        ("name_en", Optional(Text(2000))),
                        (
                            "attributes",
                            ListOf(Row("attribute", (("name", Name()), ("text", Text(500)))), 32),
                        ),
                    ),
                ),
                ROWS_MAXIMUM,
                minimum=1,
            ),
        ),
    ),
)


@action(
    "directory.publish",
    PUBLISH,
    kinds=(Kind.FINANCE,),
    roles=(Role.MODERATOR, Role.HEAD),
    is_batch=True,
    source="BC 10(6), TP 78; budget-machine 2",
    summary="Publish versions of a directory's codes; the past is never edited",
)
def publish(call: Call) -> None:
    directory, rows = cast(tuple[str, tuple[Any, ...]], call.arguments)
    today = operational_day(call.state)
    changed: dict[str, Directory] = {}
    for number, (code, *version) in enumerate(rows, start=1):
        with row(number):
            if code in changed:
                raise RejectionError(reasons.DIRECTORY_TWICE, code=code)
            if directory == DirectoryName.BUDGETS:
                _refuse_foreign(call, code)
            changed[code] = _with_version(call, directory, code, tuple(version), today)
    for code, entry in changed.items():
        put(call.state, Collection.DIRECTORIES, directory_key(directory, code), entry)
    call.emit("directory.published", directory, len(changed))


def _refuse_foreign(call: Call, budget: str) -> None:
    """A budget's entry says who may act on it: once it names its finance body, that body keeps the entry, or
    the one of a budget above it, where all of them name theirs (BC 7, 76). Names of nobody keep nobody out.
    Refuses BUDGET-AUTHORITY."""
    entry, keepers = _newest(call.state, budget), list[str]()
    for _ in range(LEVELS):
        if entry is None:
            break
        named = entry.attribute(Kind.FINANCE)
        if named is None:
            return
        keepers += named.split()
        entry = _newest(call.state, entry.attribute("upper") or "")
    is_known = any(
        found is not None and found.closed is None
        for found in (institution_of(call.state, keeper) for keeper in keepers)
    )
    if is_known and call.institution not in keepers:
        raise RejectionError(
            reasons.BUDGET_AUTHORITY,
            budget=budget, institution=call.institution, permitted=" ".join(keepers),
        )  # fmt: skip


def _newest(state: StateReader, budget: str) -> DirectoryVersion | None:
    found = Directory.find(state, Collection.DIRECTORIES, directory_key(DirectoryName.BUDGETS, budget))
    return None if found is None else DirectoryVersion(*found.versions[-1])


def _with_version(
    call: Call, directory: str, code: str, version: tuple[Any, ...], today: int | None
) -> Directory:
    """The code's versions with one more, the last of them ended the day before."""
    starts, ends, attributes = version[0], version[1], version[5]
    if ends is not None and ends < starts:
        raise RejectionError(
            reasons.DIRECTORY_DATES,
            directory=directory, code=code, starts=iso_date(starts), ends=iso_date(ends),
        )  # fmt: skip
    names = [name for name, _ in attributes]
    if names != sorted(set(names)):
        raise RejectionError(reasons.DIRECTORY_ATTRIBUTES, code=code)
    found = Directory.find(call.state, Collection.DIRECTORIES, directory_key(directory, code))
    known = () if found is None else found.versions
    # before the first operational day nothing was decided by any version, so everything may be published
    earliest = 0 if today is None else today
    if known:
        earliest = max(earliest, known[-1][0] + 1)
    if starts < earliest:
        raise RejectionError(
            reasons.DIRECTORY_EDITS_PAST,
            directory=directory, code=code, starts=iso_date(starts), earliest=iso_date(earliest),
        )  # fmt: skip
    if known and (known[-1][1] is None or known[-1][1] >= starts):
        known = (*known[:-1], (known[-1][0], starts - 1, *known[-1][2:]))
    entry = Directory((*known, version))
    if len(entry.encode()) > ENTRY_BYTES:
        raise RejectionError(reasons.DIRECTORY_FULL, code=code, limit_bytes=ENTRY_BYTES)
    return entry


def refuse_if_closed(call: Call, directory: str, code: str, field: str) -> None:
    """Refuses CODE-CLOSED for a code that a directory knows, but not on the operational day.

    For directories that need not list every code.
    """
    if Directory.find(call.state, Collection.DIRECTORIES, directory_key(directory, code)) is not None:
        require(call, directory, code, field)


def require(call: Call, directory: str, code: str, field: str) -> DirectoryVersion:
    """The version of a code valid on the operational day. Refuses CODE-UNKNOWN and CODE-CLOSED.

    `field` is the document's field that names the code, for the refusal.
    """
    today = call.day()
    found = Directory.find(call.state, Collection.DIRECTORIES, directory_key(directory, code))
    if found is None:
        raise RejectionError(reasons.CODE_UNKNOWN, directory=directory, code=code, field=field)
    version = found.on(today)
    if version is None:
        raise RejectionError(
            reasons.CODE_CLOSED, directory=directory, code=code, field=field, day=iso_date(today)
        )
    return version


def successors(call: Call, directory: str, code: str) -> tuple[str, ...] | None:
    """The codes that the version of a code begun last names by `replaced-by`; None where it names none."""
    version = _begun(call, directory, code)
    names = None if version is None else version.attribute(REPLACED_BY)
    return None if names is None else tuple(names.split())


def is_replaced(call: Call, directory: str, old: str, new: str) -> bool:
    """Whether a directory lets `new` go on with `old` on the operational day: it names it, or has ended the
    old code without naming any."""
    names = successors(call, directory, old)
    if names is not None:
        return new in names
    version = _begun(call, directory, old)
    return version is not None and version.valid_to is not None and version.valid_to < call.day()


def _begun(call: Call, directory: str, code: str) -> DirectoryVersion | None:
    """The version of a code that began last, also when it has ended."""
    today = call.day()
    found = Directory.find(call.state, Collection.DIRECTORIES, directory_key(directory, code))
    for version in reversed(() if found is None else found.versions):
        if version[0] <= today:
            return DirectoryVersion(*version)
    return None
