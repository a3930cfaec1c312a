"""`eqz tx`: any document, step by step: from the empty form to the receipt, and why it may not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from chain.codec import encode
from cli import ballots, flow
from cli import envelope as envelopes
from cli.amounts import length_ms
from cli.client import connected
from cli.documents import Json, value_of
from cli.envelope import read_file, write_file, write_text
from cli.failures import Details, InputError, NotFinalError, NotFoundError, RefusedError
from cli.options import signing_options, source_options, summary
from cli.output import AsOf, emit_item, emit_list
from cli.remainders import remainders
from cli.session import Session, global_options, pass_session
from cli.summaries import summary_of
from cli.tx_batch import batch
from contracts.actions import REGISTER

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(name="tx", help="Any document, step by step.")
@global_options
def tx() -> None:
    """Build → show → sign → merge → submit → wait."""


@tx.command("actions", help="The actions a document can have, and who signs them.")
@global_options
@pass_session
def actions(session: Session) -> None:
    """From the register of this program."""
    items: list[dict[str, Json]] = [
        {
            "action": action.name,
            "version": action.version,
            "roles": "+".join(envelopes.role_names(action.roles)),
            "institutions": " ".join(action.kinds),
            "summary": summary_of(session, action),
            "source": action.source,
        }
        for _, action in sorted(REGISTER.items())
    ]
    emit_list(session, "eqz.tx.actions/1", items)


@tx.command("template", help="An empty document of ACTION: what each field takes.")
@click.argument("action")
@global_options
def template(action: str) -> None:
    """JSON to fill in and give to --from."""
    click.echo(json.dumps(ballots.template(envelopes.known_action(action)), ensure_ascii=False, indent=1))


@tx.command("build", help="Write the envelope of a document; nothing is signed or sent.")
@click.argument("action")
@source_options
@click.option("--out", type=_FILE, required=True, metavar="FILE.eqtx", help="Where the envelope goes.")
@global_options
@pass_session
def build(
    session: Session,
    action: str,
    from_file: str | None,
    settings: tuple[str, ...],
    institution: str | None,
    valid_for: str | None,
    client_id: str | None,
    corrects: Path | None,
    out: Path,
) -> None:
    """The bytes are fixed here; everyone signs the same ones."""
    source = flow.Source(from_file, settings, institution, valid_for, client_id, corrects)
    envelope = flow.build(session, envelopes.known_action(action), source)
    write_file(out, envelope)
    emit_item(session, "eqz.tx.build/1", {**summary(envelope), "envelope": str(out)})


@tx.command("show", help="What a document says, from its bytes; with --node also what the plan leaves.")
@click.argument("file", type=_FILE)
@global_options
@pass_session
def show(session: Session, file: Path) -> None:
    """Never from a summary in the file."""
    envelope = read_file(file)
    said = envelopes.meaning(envelope)
    said["summary"] = summary_of(session, envelope.action)
    if session.nodes_given:
        said["plan"] = [*remainders(session, envelope)]
    emit_item(session, "eqz.tx.show/1", said)


@tx.command("check", help="Bytes, fields and signatures without a network; ends with 4 at a false signature.")
@click.argument("file", type=_FILE)
@click.option("--genesis", metavar="HASH", help="Also that the document is for this network.")
@global_options
@pass_session
def check(session: Session, file: Path, genesis: str | None) -> None:
    """Whether the keys are in force, only the ledger knows: --dry-run of submit asks it."""
    envelope = read_file(file)
    envelopes.check(envelope)
    expected = session.find("genesis", genesis)
    found = envelope.transaction.chain_id.hex()
    if expected and expected != found:
        raise InputError(f"{file} is for network {found}, not {expected}", "TX-CHAIN")
    emit_item(session, "eqz.tx.check/1", {**summary(envelope), "genesis": found, "checked": True})


@tx.command(
    "why",
    help="Why may I not? What is missing for FILE.eqtx, or for ACTION [FIELD=VALUE]…, and who can give it.",
)
@click.argument("subject", metavar="FILE.eqtx|ACTION")
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]…")
@click.option("--from", "from_file", metavar="FILE", help="The document in JSON; - is standard input.")
@click.option("--institution", help="Who asks; the profile's when not given.")
@global_options
@pass_session
def why(
    session: Session, subject: str, fields: tuple[str, ...], from_file: str | None, institution: str | None
) -> None:
    """Signatures are left out; ends with 5 when something else is missing."""
    if subject.endswith(".eqtx"):
        transaction = read_file(Path(subject)).transaction
        name, who = str(transaction.action), str(transaction.institution)
        arguments: bytes | None = encode(transaction.arguments)
    else:
        action = envelopes.known_action(subject)
        name, who = action.name, institution or session.require("institution")
        arguments = None
        if fields or from_file is not None:
            document = flow.read_source(flow.Source(from_file, fields))
            arguments = encode(value_of(action.arguments, ballots.to_wire(name, document)))
    with connected(session.nodes()) as client:
        found = client.why(who, name, arguments)
    emit_item(session, "eqz.tx.why/1", _told(session, found), AsOf(int(found["height"])))
    if not found["permitted"]:
        raise RefusedError(
            str(found["missing"][0]["texts"][session.language]),
            str(found["missing"][0]["code"]),
            Details(remedy=str(found["missing"][0]["remedies"][session.language])),
        )


def _told(session: Session, found: Any) -> dict[str, Json]:
    """The answer in the language of the session."""
    return {
        "institution": found["institution"],
        "action": found["action"],
        "version": found["version"],
        "permitted": found["permitted"],
        "kinds": found["kinds"],
        "roles": found["roles"],
        "steps": found["steps"],
        "missing": [
            {
                "code": one["code"],
                "article": one["article"],
                "text": one["texts"][session.language],
                "remedy": one["remedies"][session.language],
                "who": one["who"],
            }
            for one in found["missing"]
        ],
    }


@tx.command("sign", help="Add signatures to a document; works without a network.")
@click.argument("file", type=_FILE)
@signing_options
@click.option("--out", type=_FILE, metavar="FILE.eqtx", help="Instead of replacing FILE.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@pass_session
def sign(
    session: Session,
    file: Path,
    keys: tuple[Path, ...],
    password_files: tuple[Path, ...],
    signers: tuple[str, ...],
    out: Path | None,
    yes: bool,
) -> None:
    """Shows the document first."""
    if not keys:
        raise InputError("no key: give --sign-with KEYFILE", "USAGE")
    envelope = read_file(file)
    envelopes.check(envelope)
    if not (session.quiet and yes):
        flow.show_to_person(session, envelope)
    flow.confirm(session, "sign", yes=yes)
    signed = flow.sign(session, envelope, flow.Signing(keys, password_files, signers))
    write_file(out or file, signed)
    emit_item(session, "eqz.tx.sign/1", {**summary(signed), "envelope": str(out or file)})


@tx.command("merge", help="One envelope with the signatures of all; the order does not matter.")
@click.argument("files", type=_FILE, nargs=-1, required=True)
@click.option("--out", type=_FILE, required=True, metavar="FILE.eqtx")
@global_options
@pass_session
def merge(session: Session, files: tuple[Path, ...], out: Path) -> None:
    """Ends with 6 when the files hold different documents."""
    merged = envelopes.merge(read_file(file) for file in files)
    write_file(out, merged)
    emit_item(session, "eqz.tx.merge/1", {**summary(merged), "envelope": str(out)})


@tx.command("submit", help="Send to two nodes, wait until final, keep the receipt.")
@click.argument("file", type=_FILE)
@click.option("--receipt", type=_FILE, metavar="FILE.eqr", help="Beside FILE when not given.")
@click.option("--timeout", metavar="LENGTH", help="How long to wait; 60s.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only ask a node whether it would be accepted.")
@click.option("--no-wait", is_flag=True, help="End when it is accepted: with 8, it is not final.")
@global_options
@pass_session
def submit(
    session: Session, file: Path, receipt: Path | None, timeout: str | None, is_dry_run: bool, no_wait: bool
) -> None:
    """Repeating is harmless: a document enters once."""
    envelope = read_file(file)
    if is_dry_run:
        emit_item(session, "eqz.tx.dry-run/1", flow.dry_run(session, envelope))
        return
    envelopes.check(envelope)
    flow.require_signatures(envelope, file)
    if no_wait:
        session.say(f"transaction {envelope.tx_id.hex()}")
        with connected(session.nodes()) as client:
            flow.offer(session, client, envelope)
        raise NotFinalError(f"accepted, not final: eqz tx wait {envelope.tx_id.hex()}", "NOT-FINAL")
    limit = length_ms(session.find("timeout", timeout))
    done = flow.submit(session, envelope, receipt or file.with_suffix(".eqr"), limit)
    emit_item(session, "eqz.tx.submit/1", done)


@tx.command("wait", help="Wait until a transaction is final; ends with 8 when the time is over first.")
@click.argument("tx_id")
@click.option("--timeout", metavar="LENGTH", help="How long to wait; 60s.")
@global_options
@pass_session
def wait(session: Session, tx_id: str, timeout: str | None) -> None:
    """By its id, from any node."""
    with connected(session.nodes()) as client:
        found = flow.wait(client, _id(tx_id), length_ms(session.find("timeout", timeout)))
    emit_item(session, "eqz.tx.wait/1", _status(found))


@tx.command("status", help="What a node knows of a transaction now; 3 when nothing.")
@click.argument("tx_id")
@global_options
@pass_session
def status(session: Session, tx_id: str) -> None:
    """Does not wait."""
    with connected(session.nodes()) as client:
        found = client.transaction(_id(tx_id))
    if found["status"] == "unknown":
        gap = found.get("error") or {}
        known = gap.get("message") or f"the node does not know transaction {tx_id}"
        raise NotFoundError(str(known), str(gap.get("code") or "NOT-FOUND"))
    emit_item(session, "eqz.tx.status/1", _status(found), AsOf())


def _status(found: Any) -> dict[str, Json]:
    error = found.get("error") or {}
    return {
        "tx_id": found["tx_id"],
        "status": found["status"],
        "height": found.get("height"),
        "index": found.get("index"),
        "events": found.get("events", []),
        "code": error.get("code"),
        "message": error.get("message"),
    }


@tx.command("receipt", help="Fetch the receipt of a final transaction; eqz-verify receipt checks it.")
@click.argument("tx_id")
@click.option("--out", type=_FILE, metavar="FILE.eqr", help="Where it goes; stdout when not given.")
@global_options
@pass_session
def receipt(session: Session, tx_id: str, out: Path | None) -> None:
    """A file that proves itself without any node."""
    with connected(session.nodes()) as client:
        text = client.receipt(_id(tx_id))
    if out is None:
        click.echo(text)
        return
    write_text(out, text)
    emit_item(session, "eqz.tx.receipt/1", {"tx_id": tx_id, "receipt": str(out)})


def _id(text: str) -> str:
    lowered = text.lower()
    if len(lowered) != 64 or any(character not in "0123456789abcdef" for character in lowered):
        raise InputError(f"{text!r} is not a transaction id of 64 hexadecimal digits", "INPUT-ID")
    return lowered


tx.add_command(batch)

COMMANDS = {"tx": tx}
