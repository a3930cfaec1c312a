"""The reading verbs: which height, which records, what is shown (docs/cli.md, "Output")."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from chain.codec import encode, is_text
from cli import ballots
from cli.amounts import day_of
from cli.client import Client, connected
from cli.documents import Json
from cli.failures import InputError, NotFinalError, NotFoundError, nothing_under
from cli.output import AsOf
from cli.reads import as_of, read_page
from cli.session import Session
from cli.views import LINE_FIELDS, View
from contracts.records import DAY_KEY, Collection, Day, prefix_of

LIMIT = 1_000
"""Items of a list when --limit is not given."""

POLL_SECONDS = 0.2

INTEGERS = frozenset({"approval", "quarter", "year", "serial", "ballot", "height", "month"})
"""Parts of keys that are numbers; `kind` is one in `evidence` only."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Reading:
    """At which height to read, and how much."""

    at_height: int | None = None
    as_of: str | None = None
    min_height: int | None = None
    limit: int = LIMIT
    after: str | None = None

    def height(self, client: Client, timeout_ms: int = 30_000) -> int | None:
        """The height to name in requests; None for now. Waits for --min-height."""
        if self.min_height is not None:
            wait_for_height(client, self.min_height, timeout_ms)
        if self.as_of is not None:
            return height_of_day(client, day_of(self.as_of))
        return self.at_height


def reading_options(command: _Command) -> _Command:
    """Adds the options of reading; the command gets them as `read`."""

    @functools.wraps(command)
    def with_reading(
        *arguments: Any,
        at_height: int | None,
        as_of_day: str | None,
        min_height: int | None,
        limit: int,
        after: str | None,
        **rest: Any,
    ) -> Any:
        read = Reading(at_height, as_of_day, min_height, limit, after)
        return command(*arguments, read=read, **rest)

    wrapped: Any = with_reading
    for option in reversed(
        (
            click.option("--at-height", type=click.IntRange(1), help="As of this height."),
            click.option(
                "--as-of", "as_of_day", metavar="DATE", help="As of the end of this operational day."
            ),
            click.option("--min-height", type=click.IntRange(1), help="Wait until the node is there."),
            click.option("--limit", type=click.IntRange(1, 1_000_000), default=LIMIT, show_default=True),
            click.option("--after", metavar="KEY", help="Go on after this key (`next` of the last answer)."),
        )
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


def wait_for_height(client: Client, height: int, timeout_ms: int) -> None:
    """Until the node has decided the height. NotFinalError when the time is over first."""
    deadline = time.monotonic() + timeout_ms / 1000
    while (found := int(client.status()["height"])) < height:
        if time.monotonic() > deadline:
            raise NotFinalError(f"the node stands at height {found}, not yet at {height}", "HEIGHT")
        time.sleep(POLL_SECONDS)


def height_of_day(client: Client, day: int) -> int:
    """The last height at which the operational day was `day` or earlier; the day only ever grows."""
    low, high = 0, int(client.status()["height"])
    if _day_at(client, high) <= day:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if _day_at(client, middle) <= day:
            low = middle
        else:
            high = middle
    if low == 0:
        raise NotFoundError("nothing is recorded as of that day: the ledger begins later", "NOT-FOUND")
    return low


def _day_at(client: Client, height: int) -> int:
    value = client.value(Collection.DAY, DAY_KEY, height)["value"]
    return -1 if value is None else Day.decode(bytes.fromhex(value)).day


# --- records of a view


@dataclass(frozen=True, slots=True)
class Found:
    """Items of a list, how old they are, and the key after which the next page begins."""

    items: list[dict[str, Json]]
    as_of: AsOf
    following: str | None = None


def parse_filters(texts: Sequence[str]) -> dict[str, str]:
    """`holder=gu-1 year=2026` by name."""
    found = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not mark:
            raise InputError(f"{text!r}: write FIELD=VALUE", "USAGE")
        found[name] = value
    return found


def key_names(view: View) -> tuple[str, ...]:
    """The parts of a view's key as a person gives them: a line is its seven parts."""
    names: list[str] = []
    for name in view.key or ("id",):
        names += LINE_FIELDS if name == "line" else (name,)
    return tuple(names)


def part_of(name: str, text: str) -> str | int:
    """One part of a key. InputError when it should be a number and is not, or has a character no text has."""
    if name == "role":
        return int(str(ballots.role_number(text)))
    if name not in INTEGERS:
        if not is_text(text):
            raise InputError(
                f"{name}: {text!r} has a character that the ledger's texts do not", "INPUT-FIELD"
            )
        return text
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"{name}: {text!r} found, a whole number expected", "INPUT-FIELD")
    return int(text)


def key_of_parts(view: View, parts: Sequence[str]) -> bytes:
    """The key of one record."""
    if not view.key:
        return parts[0].encode("ascii", "replace")
    values = [part_of(name, text) for name, text in zip(key_names(view), parts, strict=True)]
    if "line" in view.key:
        at = view.key.index("line")
        return encode((*values[:at], tuple(values[at:])))
    return encode(tuple(values))


def prefix_for(view: View, filters: Mapping[str, str]) -> bytes:
    """The common beginning of the keys of all records whose first parts are given by the filters."""
    known: list[str | int] = []
    for name in view.key:
        if name == "line" or name not in filters:
            break
        known.append(part_of(name, filters[name]))
    return prefix_of(len(view.key), *known) if view.key else b""


def view_items(
    session: Session,
    view: View,
    filters: Mapping[str, str],
    read: Reading,
    keep: Callable[[Mapping[str, Json]], bool] | None = None,
) -> Found:
    """All records of a view that match the filters, and `keep` when it is given."""
    check_choices(filters, view.choices)

    def items(key: bytes, value: bytes) -> list[dict[str, Json]]:
        item = view.item(key, value)
        return [item] if keep is None or keep(item) else []

    return items_of(session, view.collection, prefix_for(view, filters), items, filters, read)


Itemizer = Callable[[bytes, bytes], list[dict[str, Json]]]
"""What one pair of the state is to people: none, one or several items."""


def items_of(
    session: Session,
    collection: str,
    prefix: bytes,
    itemize: Itemizer,
    filters: Mapping[str, str],
    read: Reading,
) -> Found:
    """Items of a collection under a prefix that match the filters, read at one height."""
    with connected(session.nodes()) as client:
        height = read.height(client)
        after, items, at = read.after, [], 0
        while True:
            pairs, after, at = read_page(client, collection, prefix, after, read.limit, height)
            items += [
                item for key, value in pairs if key for item in itemize(key, value) if _matches(item, filters)
            ]
            if after is None or len(items) >= read.limit:
                return Found(items[: read.limit], as_of(client, at), after)


def _matches(item: Mapping[str, Json], filters: Mapping[str, str]) -> bool:
    for name, wanted in filters.items():
        if name not in item:
            raise InputError(f"no field {name}; fields are {', '.join(item)}", "INPUT-FIELD")
        if _as_typed(item[name]) != wanted:
            return False
    return True


def _as_typed(value: Json) -> str:
    """A field as a person types it after FIELD=: nothing for none, true and false as in JSON."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_choices(filters: Mapping[str, str], choices: Mapping[str, Sequence[str]]) -> None:
    """A field with few values is never asked for another: an empty list would say that there is nothing."""
    for name, known in choices.items():
        if name in filters and filters[name] not in known:
            raise InputError(f"no {name} {filters[name]!r}; it is one of {', '.join(known)}", "INPUT-FIELD")


def view_item(
    session: Session, view: View, parts: Sequence[str], read: Reading
) -> tuple[dict[str, Json], AsOf]:
    """One record. NotFoundError when nothing stands under the key."""
    key = key_of_parts(view, parts)
    with connected(session.nodes()) as client:
        found = client.value(view.collection, key, read.height(client))
        if found["value"] is None:
            raise nothing_under(view.collection, " ".join(parts))
        return view.item(key, bytes.fromhex(found["value"])), as_of(client, int(found["height"]))
