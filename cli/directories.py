"""`eqz directory`: list, show and history of codes, and the import of a CSV as a document."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from cli.amounts import day_of
from cli.client import connected
from cli.documents import Json
from cli.envelope import write_text
from cli.failures import Details, InputError, NotFoundError
from cli.output import emit_item, emit_list
from cli.reading import Reading, items_of, parse_filters, reading_options
from cli.reads import as_of
from cli.session import Session, global_options, pass_session
from cli.views import directory_items
from contracts.directories import DirectoryName
from contracts.records import Collection, directory_key, prefix_of

_FILE = click.Path(path_type=Path, dir_okay=False)
_FIELDS = ("code", "valid_from", "valid_to", "name_kk", "name_ru", "name_en")


@click.command("list", help="Codes of a directory; the version of --on, else the newest.")
@click.argument("directory")
@click.argument("filters", nargs=-1, metavar="[FIELD=VALUE]…")
@click.option("--on", metavar="DATE", help="Versions in force on this day.")
@reading_options
@global_options
@pass_session
def list_codes(
    session: Session, directory: str, filters: tuple[str, ...], on: str | None, read: Reading
) -> None:
    """A code that is not in force on the day is left out."""
    day = None if on is None else on
    if day is not None:
        day_of(day, "--on")

    def items(key: bytes, value: bytes) -> list[dict[str, Json]]:
        versions = directory_items(key, value)
        return versions[-1:] if day is None else [one for one in versions if _in_force(one, day)]

    prefix = prefix_of(2, directory)
    found = items_of(session, Collection.DIRECTORIES, prefix, items, parse_filters(filters), read)
    emit_list(session, "eqz.directory.list/1", found.items, found.as_of, found.following)


def _in_force(version: dict[str, Json], day: str) -> bool:
    """ISO dates compare as text."""
    ends = version["valid_to"]
    return str(version["valid_from"]) <= day and (ends is None or day <= str(ends))


@click.command("show", help="One code: its newest version.")
@click.argument("directory")
@click.argument("code")
@reading_options
@global_options
@pass_session
def show_code(session: Session, directory: str, code: str, read: Reading) -> None:
    """All versions: directory history."""
    with connected(session.nodes()) as client:
        key = directory_key(directory, code)
        found = client.value(Collection.DIRECTORIES, key, read.height(client))
        if found["value"] is None:
            raise NotFoundError(f"no code {code} in {directory}", "NOT-FOUND")
        newest = directory_items(key, bytes.fromhex(found["value"]))[-1]
        emit_item(session, "eqz.directory.show/1", newest, as_of(client, int(found["height"])))


@click.command("history", help="All versions of one code, oldest first; before them those it replaced.")
@click.argument("directory")
@click.argument("code")
@reading_options
@global_options
@pass_session
def history(session: Session, directory: str, code: str, read: Reading) -> None:
    """The past is never edited: a renumbered code names the one before it by the attribute `replaces`."""
    with connected(session.nodes()) as client:
        height = read.height(client)
        versions: list[dict[str, Json]] = []
        seen: set[str] = set()
        wanted = [code]
        while wanted:
            one = wanted.pop()
            if one in seen:
                continue
            seen.add(one)
            key = directory_key(directory, one)
            found = client.value(Collection.DIRECTORIES, key, height)
            height = int(found["height"])
            if found["value"] is None:
                if one == code:
                    raise NotFoundError(f"no code {code} in {directory}", "NOT-FOUND")
                continue
            items = directory_items(key, bytes.fromhex(found["value"]))
            versions = [*items, *versions]
            wanted += _replaced(items)
        assert height is not None, "an answer names its height"
        emit_list(session, "eqz.directory.history/1", versions, as_of(client, height))


REPLACES = "replaces"
"""Attribute of a renumbered code: the codes it goes on with, parted by spaces."""


def _replaced(versions: list[dict[str, Json]]) -> list[str]:
    """The codes that the versions of a code replaced, the earliest version's last."""
    found: list[str] = []
    for version in versions:
        attributes = version["attributes"]
        assert isinstance(attributes, dict), "a version shows its attributes by name"
        found += str(attributes.get(REPLACES, "")).split()
    return found


@click.command("import")
@click.argument("directory")
@click.argument("file", type=_FILE)
@click.option("--valid-from", metavar="DATE", help="For rows without a valid_from.")
@click.option(
    "--out",
    type=_FILE,
    required=True,
    metavar="FILE.json",
    help="The document, for --from; many rows: FILE-0001.json and on.",
)
@global_options
@pass_session
def import_csv(session: Session, directory: str, file: Path, valid_from: str | None, out: Path) -> None:
    """Make the document of directory publish from a CSV file.

    Columns code, name_ru, where known name_kk, name_en, valid_from, valid_to; others are attributes. In place
    of code: category, class, subclass, specific (receipts); administrator, programme, subprogramme
    (functional), as the classification prints them.
    """
    if directory not in DirectoryName.ALL:
        raise InputError(
            f"no directory {directory}; directories are {', '.join(DirectoryName.ALL)}", "INPUT-DIRECTORY"
        )
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            head = source.readline()
            source.seek(0)
            delimiter = ";" if head.count(";") > head.count(",") else ","
            table = list(csv.DictReader(source, delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{file}: not a CSV table in UTF-8: {error}",
            "INPUT-CSV",
            Details(remedy="save it as CSV UTF-8"),
        ) from None
    rows = [_row(_coded(row, directory), number, file, valid_from) for number, row in enumerate(table, 2)]
    if not rows:
        raise InputError(f"{file} has no rows", "INPUT-CSV")
    parts = list(_parts(rows))
    places = [out] if len(parts) == 1 else [_part_of(out, number) for number in range(1, len(parts) + 1)]
    for place, part in zip(places, parts, strict=True):
        document: Json = {"directory": directory, "rows": [*part]}
        write_text(place, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    said: dict[str, Json] = {"directory": directory, "rows": len(rows), "documents": [*map(str, places)]}
    emit_item(session, "eqz.directory.import/1", said)


ROWS_OF_DOCUMENT = 1_000
BYTES_OF_DOCUMENT = 700_000
"""Of one document of many codes: below what a transaction may say and change (docs/formats.md, Transaction);
the whole classification has some 19,100 rows."""


def _parts(rows: Sequence[dict[str, Json]]) -> Iterator[list[dict[str, Json]]]:
    """The rows in their order, in as many documents as they need; JSON is longer than the ledger's bytes."""
    part: list[dict[str, Json]] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row, ensure_ascii=False).encode())
        if part and (len(part) == ROWS_OF_DOCUMENT or size + length > BYTES_OF_DOCUMENT):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    yield part


def _part_of(out: Path, number: int) -> Path:
    return out.with_name(f"{out.stem}-{number:04d}{out.suffix}")


PARTS = {
    DirectoryName.RECEIPTS: (("category", "class", "subclass", "specific"), ""),
    DirectoryName.FUNCTIONAL: (("administrator", "programme", "subprogramme"), "/"),
}
"""Columns that make a code where a table has none, and what stands between them (BC 11, 12)."""


def _coded(row: dict[str, str], directory: str) -> dict[str, str]:
    """The row with its code, put together from its parts where the table prints those."""
    parts, mark = PARTS.get(directory, ((), ""))
    if not parts or "code" in row or any(name not in row for name in parts):
        return row
    code = mark.join(row[name] for name in parts if row[name])
    return {"code": code, **{name: text for name, text in row.items() if name not in parts}}


def _row(row: dict[str, str], number: int, file: Path, valid_from: str | None) -> dict[str, Json]:
    starts = row.get("valid_from") or valid_from
    if None in row or not row.get("code") or not row.get("name_ru") or not starts:
        raise InputError(
            f"{file}, line {number}: code, name_ru and a valid_from are needed, and no field without a "
            f"column; the columns are {', '.join(name for name in row if name)}",
            "INPUT-CSV",
            Details(remedy="name the columns in the first line; --valid-from serves all rows"),
        )
    return {
        "code": row["code"],
        "valid_from": starts,
        "valid_to": row.get("valid_to") or None,
        "name_kk": row.get("name_kk") or "",
        "name_ru": row["name_ru"],
        "name_en": row.get("name_en") or None,
        "attributes": [
            {"name": name, "text": text} for name, text in sorted(row.items()) if name not in _FIELDS and text
        ],
    }


DIRECTORY_COMMANDS = (list_codes, show_code, history, import_csv)
