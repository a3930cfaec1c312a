"""`eqz tx batch`: documents of many rows from a table: template, build, sign, submit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import envelope as envelopes
from cli import flow
from cli.amounts import length_ms
from cli.documents import Json, as_object
from cli.envelope import read_file, write_file
from cli.failures import CommandError, Details, InputError, RefusedError
from cli.options import signing_options, source_options, summary
from cli.output import emit_item, emit_list
from cli.session import Session, global_options, pass_session

_FILE = click.Path(path_type=Path, dir_okay=False)
_PLACE = click.Path(path_type=Path)


@click.group("batch", help="Documents of many rows from a table: template, build, sign, submit.")
@global_options
def batch() -> None:
    """CSV or XLSX, by the file's suffix."""


@batch.command("template", help="An empty table for the rows of ACTION.")
@click.argument("action")
@click.option("--out", type=_FILE, required=True, metavar="FILE.xlsx|csv")
@click.option("--list", "name", metavar="FIELD", help="Of a document with several lists of rows.")
@global_options
@pass_session
def template(session: Session, action: str, out: Path, name: str | None) -> None:
    """Fields outside the rows are given to `batch build` with --set."""
    from cli.batch import write_template

    count = write_template(envelopes.known_action(action), out, name)
    emit_item(session, "eqz.tx.batch.template/1", {"action": action, "file": str(out), "columns": count})


@batch.command("build", help="One document of all rows of FILE; with --split several in a directory.")
@click.argument("action")
@click.argument("file", type=_FILE)
@source_options
@click.option("--out", type=_PLACE, required=True, metavar="FILE.eqtx|DIR")
@click.option("--split", "is_split", is_flag=True, help="Several documents, each all or nothing, in DIR.")
@click.option("--rows", type=click.IntRange(1), metavar="N", help="Rows of a document with --split; 500.")
@click.option("--encoding", metavar="NAME", help="Of a CSV that is not UTF-8, e.g. windows-1251, kz-1048.")
@click.option("--sheet", metavar="NAME", help="Of a workbook with more than one.")
@click.option("--list", "name", metavar="FIELD", help="Of a document with several lists of rows.")
@global_options
@pass_session
def build(
    session: Session,
    action: str,
    file: Path,
    from_file: str | None,
    settings: tuple[str, ...],
    institution: str | None,
    valid_for: str | None,
    client_id: str | None,
    corrects: Path | None,
    out: Path,
    is_split: bool,
    rows: int | None,
    encoding: str | None,
    sheet: str | None,
    name: str | None,
) -> None:
    """All rows or none: wrong rows come back in a table with a column of errors."""
    from cli import batches
    from cli.batch import read_rows, rows_field
    from cli.tables import choice_of

    known = envelopes.known_action(action)
    field, shape = rows_field(known, name)
    found = read_rows(known, file, name, choice_of(encoding, sheet))
    for note in found.notes:
        session.say(f"{file}: {note}")
    source = flow.Source(from_file, settings, institution, valid_for, client_id, corrects)
    if is_split:
        if corrects is not None or client_id is not None:
            raise InputError("--split gives every document its own client id", "USAGE")
        written = batches.build(session, known, source, found, out, rows or batches.ROWS_PER_PART, file, name)
        emit_list(session, "eqz.tx.batch.parts/1", written)
        return
    if len(found.documents) > shape.maximum:
        raise InputError(
            f"{file}: {len(found.documents)} rows found; a document of {action} takes 1..{shape.maximum}",
            "BATCH-ROWS",
            Details(remedy="--split --out DIRECTORY makes several documents, each all or nothing"),
        )

    def with_rows(document: Json) -> Json:
        return {**as_object(document, "document"), field: [*found.documents]}

    source = flow.Source(from_file, settings, institution, valid_for, client_id, corrects, with_rows)
    envelope = flow.build(session, known, source)
    write_file(out, envelope)
    amounts: list[Json] = [*envelopes.amounts_of(envelope)]
    emit_item(
        session, "eqz.tx.batch.build/1", {**summary(envelope), "amounts": amounts, "envelope": str(out)}
    )


@batch.command("sign", help="Sign every document of a batch after one look at their sums.")
@click.argument("place", type=_PLACE, metavar="DIR|FILE.eqtx")
@signing_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@pass_session
def sign(
    session: Session,
    place: Path,
    keys: tuple[Path, ...],
    password_files: tuple[Path, ...],
    signers: tuple[str, ...],
    yes: bool,
) -> None:
    """Signing again changes nothing; a part that is final is left alone."""
    from cli import batches

    if not keys:
        raise InputError("no key: give --sign-with KEYFILE", "USAGE")
    paths = [path for path in batches.envelope_paths(place) if not path.with_suffix(".eqr").exists()]
    for path in paths:
        envelopes.check(read_file(path))
    told = batches.totals(paths)
    for name, value in told.items():
        click.echo(f"  {name}: {value}", err=True)
    flow.confirm(session, "sign", yes=yes)
    for path, envelope in flow.sign_all(session, paths, flow.Signing(keys, password_files, signers)):
        write_file(path, envelope)
    emit_item(session, "eqz.tx.batch.sign/1", {**told, "place": str(place)})


@batch.command("submit", help="Send every document of a batch that is not final yet; repeat it at will.")
@click.argument("place", type=_PLACE, metavar="DIR|FILE.eqtx")
@click.option("--timeout", metavar="LENGTH", help="How long to wait for each; 60s.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only ask a node whether each would be accepted.")
@global_options
@pass_session
def submit(session: Session, place: Path, timeout: str | None, is_dry_run: bool) -> None:
    """One after the other. A refused document is answered in a table and the next is sent; ends with 5."""
    from cli import batches

    paths = batches.envelope_paths(place)
    if not is_dry_run:
        for path in paths:
            if not path.with_suffix(".eqr").exists():
                envelope = read_file(path)
                envelopes.check(envelope)
                flow.require_signatures(envelope, path)
    limit = length_ms(session.find("timeout", timeout))
    sent: list[batches.Sent] = []
    try:
        for path in paths:
            sent.append(batches.send(session, path, limit, is_dry_run=is_dry_run))
    finally:
        emit_list(session, "eqz.tx.batch.submit/1", [_line(one) for one in sent])
    refused = [one for one in sent if one.error is not None]
    if refused:
        raise _refusal(refused, len(paths))


batch.add_command(submit, "resume")


def _line(sent: Any) -> dict[str, Json]:
    error: CommandError | None = sent.error
    return {
        "envelope": str(sent.path),
        "status": sent.status,
        "code": None if error is None else error.code,
        "where": None if error is None else error.details.where or None,
        "message": None if error is None else error.message,
        "errors": None if sent.errors_file is None else str(sent.errors_file),
    }


def _refusal(refused: Any, count: int) -> CommandError:
    """The first refusal as the end of the command, saying how many there were and what to do with each."""
    first = refused[0]
    error: CommandError = first.error
    action = read_file(first.path).transaction.action
    remedy = error.details.remedy
    if first.errors_file is not None:
        remedy = (
            f"put {first.errors_file} right, eqz tx batch build {action} {first.errors_file} "
            f"--corrects {first.path} --out {first.path}, sign and submit again"
        )
    details = Details(
        f"{first.path.name}, {error.details.where}".rstrip(", "), error.details.article, remedy,
        texts=error.details.texts, facts=error.details.facts,
    )  # fmt: skip
    kind = type(error) if isinstance(error, CommandError) else RefusedError
    return kind(
        f"{len(refused)} of {count} documents are refused; the first: {error.message}", error.code, details
    )
