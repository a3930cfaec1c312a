"""A table longer than a document: several documents in a directory, each all or nothing, none sent twice.

The client id of each part is a hash of what the part says, so that building the same file again makes the
same ids and the ledger takes a part at most once. A directory is worked on until every part has its receipt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.codec import Value, encode
from chain.transaction import BODY_BYTES, SIMPLE_BODY_BYTES
from cli import envelope as envelopes
from cli import flow
from cli.amounts import tenge_of
from cli.batch import Rows, row_lists, rows_field, rows_of, table_of, with_errors
from cli.documents import Json, as_object, columns, json_of, parse_json, row_count, value_of
from cli.envelope import Envelope, read_file, write_file, write_text
from cli.failures import CommandError, ConflictError, Details, InputError, RefusedError
from cli.session import Session
from cli.tables import write_table
from contracts.actions import Action

SCHEMA: Final = "eqz.batch/1"
MANIFEST: Final = "batch.json"

ROWS_PER_PART: Final = 500
"""A document takes 1,000 rows and changes at most 8,000 keys (docs/formats.md): half of its rows leave
sixteen keys each, more than any action changes for a row."""

BODY_MARGIN: Final = 4096
"""What a body has beside its arguments, and room for the tokens of a longer validity."""


VALID_MS: Final = 7 * 86_400_000
"""The longest validity of a document (parameter replay-window-ms of a new network)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows `first`..`last` (from 1) of a batch as the arguments of one document."""

    number: int
    first: int
    last: int
    arguments: Value

    @property
    def name(self) -> str:
        return f"part-{self.number:04d}.eqtx"


def split(
    action: Action, rest: Json, rows: Rows, rows_per_part: int, name: str | None = None
) -> tuple[Part, ...]:
    """The parts of a batch in the order of its rows; `rest` are the fields outside the rows.

    A part has at most `rows_per_part` rows and fits a transaction's bytes. InputError when one row does not.
    """
    field, shape = rows_field(action, name)
    limit = (BODY_BYTES if action.is_batch else SIMPLE_BODY_BYTES) - BODY_MARGIN
    most = min(rows_per_part, shape.maximum)
    head = value_of(action.arguments, {**as_object(rest, "document"), field: [rows.documents[0]]})
    assert isinstance(head, tuple), "a document of rows is a structure"
    place = head.index((rows.values[0],))
    outside = len(encode(head))
    parts: list[Part] = []
    begin, size = 0, outside
    for at, value in enumerate(rows.values):
        row_bytes = len(encode(value))
        if outside + row_bytes > limit:
            raise InputError(
                f"row {at + 1} takes {row_bytes} bytes, a document at most {limit}", "BATCH-ROWS",
                Details(f"row {at + 1} (line {rows.lines[at]})", remedy="shorten its texts"),
            )  # fmt: skip
        if at > begin and (at - begin == most or size + row_bytes > limit):
            parts.append(_part(head, place, rows.values, len(parts) + 1, begin, at))
            begin, size = at, outside
        size += row_bytes
    parts.append(_part(head, place, rows.values, len(parts) + 1, begin, len(rows.values)))
    return tuple(parts)


def _part(
    head: tuple[Value, ...], place: int, values: tuple[Value, ...], number: int, begin: int, end: int
) -> Part:
    """`head` with the rows of one part in the place of its rows."""
    arguments = (*head[:place], values[begin:end], *head[place + 1 :])
    return Part(number, begin + 1, end, arguments)


def client_id(chain_id: bytes, institution: str, action: Action, arguments: Value, repeat: int) -> bytes:
    """16 bytes that follow from what the part says. `repeat`: how often the same part stood before it."""
    said = encode((chain_id, institution, action.name, action.version, arguments, repeat))
    return hashlib.sha256(SCHEMA.encode() + said).digest()[:16]


# --- the directory


def build(
    session: Session, action: Action, source: flow.Source, rows: Rows, directory: Path, rows_per_part: int,
    file: Path, name: str | None = None,
) -> list[dict[str, Json]]:  # fmt: skip
    """Write one envelope a part and the manifest; parts that are there already keep their signatures.

    InputError when the directory holds a batch of other content.
    """
    parts = split(action, _rest(source), rows, rows_per_part, name)
    known = _known(directory)
    place_of = _Place(*flow.network_of(session), flow.institution_of(session, source))
    until = flow.valid_until_ms(session, source)
    written: list[dict[str, Json]] = []
    seen: dict[bytes, int] = {}
    for part in parts:
        content = encode(part.arguments)
        repeat = seen.get(content, 0)
        seen[content] = repeat + 1
        envelope = _envelope(place_of, action, part, repeat, until)
        place = directory / part.name
        identity = envelope.transaction.client_id
        if known and known.get(part.name) != identity.hex():
            raise InputError(
                f"{directory} holds another batch: its {part.name} says something else",
                "BATCH-DIRECTORY",
                Details(remedy="give another --out; a part that was refused: `--corrects FILE.eqtx`"),
            )
        if not place.exists() or _is_over(place, until):
            write_file(place, envelope)
        written.append(
            {
                "envelope": part.name,
                "client_id": identity.hex(),
                "tx_id": read_file(place).tx_id.hex(),
                "rows": part.last - part.first + 1,
                "first_line": rows.lines[part.first - 1],
                "last_line": rows.lines[part.last - 1],
            }
        )
    _write_manifest(directory, action, name, file, written)
    return written


def _rest(source: flow.Source) -> Json:
    if source.file is None and not source.settings:
        return {}
    return flow.read_source(source)


@dataclass(frozen=True, slots=True)
class _Place:
    """The network of a batch and whose documents it has."""

    network: str
    chain_id: bytes
    institution: str


def _envelope(place: _Place, action: Action, part: Part, repeat: int, until: int) -> Envelope:
    return envelopes.build(
        network=place.network,
        chain_id=place.chain_id,
        institution=place.institution,
        action=action,
        arguments=part.arguments,
        valid_until_ms=until,
        client_id=client_id(place.chain_id, place.institution, action, part.arguments, repeat),
    )


def _is_over(path: Path, until: int) -> bool:
    """Whether an unsent part is older than any document may be: it can never enter and is built again, under
    its client id."""
    is_sent = path.with_suffix(".eqr").exists()
    return not is_sent and read_file(path).transaction.valid_until_ms + VALID_MS < until


def _write_manifest(
    directory: Path, action: Action, name: str | None, file: Path, written: Sequence[Json]
) -> None:
    content = {
        "schema": SCHEMA,
        "action": action.name,
        "list": rows_field(action, name)[0],
        "source": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "parts": [*written],
    }
    write_text(directory / MANIFEST, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _known(directory: Path) -> dict[str, str]:
    """Names and client ids of the parts that a directory holds; it is made when it is not there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{directory}: {error.strerror}", "FILE") from error
    if not (directory / MANIFEST).exists():
        return {}
    return {str(part["envelope"]): str(part["client_id"]) for part in _manifest_parts(directory)}


def _manifest(directory: Path) -> Mapping[str, Json]:
    place = directory / MANIFEST
    try:
        found = as_object(parse_json(place.read_text(encoding="utf-8"), str(place)), str(place))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{directory} holds no batch: {error}", "BATCH-DIRECTORY",
            Details(remedy="eqz tx batch build ACTION FILE --split --out DIRECTORY"),
        ) from error  # fmt: skip
    if found.get("schema") != SCHEMA:
        raise InputError(f"{place}: schema {found.get('schema')!r}, {SCHEMA} expected", "BATCH-DIRECTORY")
    return found


def _manifest_parts(directory: Path) -> list[Mapping[str, Json]]:
    parts = _manifest(directory).get("parts")
    if not isinstance(parts, list):
        raise InputError(f"{directory / MANIFEST}: parts are missing", "BATCH-DIRECTORY")
    return [as_object(part, MANIFEST) for part in parts]


def envelope_paths(place: Path) -> list[Path]:
    """The envelopes of a batch in their order; a single envelope is a batch of one."""
    if not place.is_dir():
        return [place]
    return [place / Path(str(part["envelope"])).name for part in _manifest_parts(place)]


def totals(paths: Sequence[Path]) -> dict[str, Json]:
    """What all documents of a batch say together: what a person sees before one question."""
    rows = 0
    sums: dict[str, list[int]] = {}
    for path in paths:
        envelope = read_file(path)
        rows += row_count(envelope.action.arguments, envelope.transaction.arguments)
        for column in columns(envelope.action.arguments, envelope.transaction.arguments):
            found = sums.setdefault(column.path, [0, 0, column.minimum_tiyn, column.maximum_tiyn])
            found[0] += column.count
            found[1] += column.sum_tiyn
            found[2], found[3] = min(found[2], column.minimum_tiyn), max(found[3], column.maximum_tiyn)
    return {
        "documents": len(paths),
        "rows": rows,
        **{
            name: f"{count} values, sum {tenge_of(total)}, "
            f"minimum {tenge_of(least)}, maximum {tenge_of(most)}"
            for name, (count, total, least, most) in sums.items()
        },
    }


# --- sending


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one part: `final` now, `final before`, or `refused` with its error."""

    path: Path
    status: str
    error: CommandError | None = None
    errors_file: Path | None = None


def send(session: Session, path: Path, timeout_ms: int, *, is_dry_run: bool) -> Sent:
    """Submit one part and wait. A refusal is an answer and is returned; what ends the batch is raised.

    A refusal that names a row leaves the part's rows in `PART.errors.EXT` with the error beside the row.
    """
    receipt = path.with_suffix(".eqr")
    if receipt.exists():
        return Sent(path, "final before")
    envelope = read_file(path)
    try:
        if is_dry_run:
            flow.dry_run(session, envelope)
            return Sent(path, "would be accepted")
        flow.submit(session, envelope, receipt, timeout_ms)
    except (RefusedError, ConflictError) as error:
        return Sent(path, "refused", error, write_errors(path, envelope, error))
    return Sent(path, "final")


def write_errors(path: Path, envelope: Envelope, error: CommandError) -> Path | None:
    """The rows of a refused document as a table, the refusal beside the row it names; None without one."""
    row = error.details.facts.get("row")
    action = envelope.action
    name = _list_of(path, action)
    if not isinstance(row, int) or name is None:
        return None
    documents = rows_of(action, json_of(action.arguments, envelope.transaction.arguments), name)
    if not 1 <= row <= len(documents):
        return None
    article = f" ({error.details.article})" if error.details.article else ""
    remedy = f" — {error.details.remedy}" if error.details.remedy else ""
    errors = [""] * len(documents)
    errors[row - 1] = f"{error.code}: {error.message}{article}{remedy}"
    place = path.with_name(f"{path.stem}.errors{_suffix(path)}")
    write_table(place, with_errors(table_of(action, documents, name), errors))
    return place


def _list_of(path: Path, action: Action) -> str | None:
    """The list of the document that was the table; of a document with several, only a batch knows it."""
    if (path.parent / MANIFEST).exists():
        found = _manifest(path.parent).get("list")
        return found if isinstance(found, str) else None
    lists = row_lists(action)
    return next(iter(lists)) if len(lists) == 1 else None


def _suffix(path: Path) -> str:
    """The format the rows came in: the batch's source, else a table of the same name beside the envelope."""
    if (path.parent / MANIFEST).exists():
        return Path(str(_manifest(path.parent).get("source", ""))).suffix or ".csv"
    return ".csv" if path.with_suffix(".csv").exists() else ".xlsx"
