"""Build → show → sign → merge → submit → wait: the one way of every document (docs/cli.md, "Signing")."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from chain.keys import SigningKey, address_of
from cli import ballots
from cli import envelope as envelopes
from cli.amounts import length_ms
from cli.client import WAIT_MS, Client, Reply, connected
from cli.documents import Json, parse_json, set_fields, value_of
from cli.envelope import Envelope, read_file, write_file, write_text
from cli.failures import (
    ConflictError,
    Details,
    IdentityError,
    InputError,
    NotFinalError,
    NothingAcceptedError,
    refusal_error,
)
from cli.keystore import password_from, read_key
from cli.output import flatten
from cli.people import Person, names_of, parse_signer, public_path, read_person
from cli.remainders import remainders
from cli.session import Session
from cli.summaries import spoken_summary
from cli.texts import label, question
from contracts.actions import SUBMIT, Action
from contracts.records import Ballot, Collection, ballot_key

NODES_PER_SUBMISSION = 2
"""One may be down or behind; a second copy is known there by its id and harmless."""

NOT_TAKEN = ("unreachable", "busy", "full")
"""Replies of a node that surely does not have the document."""

SHOWN_FIELDS = 60
"""Fields of a document shown before a question; the sums over all rows are always shown."""


# --- build


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document's content comes from, as given on the command line."""

    file: str | None = None
    settings: tuple[str, ...] = ()
    institution: str | None = None
    valid_for: str | None = None
    client_id: str | None = None
    corrects: Path | None = None
    prepare: Callable[[Json], Json] | None = None
    """Turns what a person writes into the action's document: what a noun's own options add."""
    is_for_approval: bool = False
    """The document is not sent itself but submitted for the approvals that its route asks for."""


def read_source(source: Source) -> Json:
    """The JSON document of `--from` with the fields of `--set` laid over it."""
    if source.file is None and not source.settings and source.prepare is not None:
        return source.prepare({})
    if source.file is None and not source.settings:
        raise InputError("no document: give --from FILE, --from - or --set field=value", "INPUT-DOCUMENT")
    document: Json = None
    if source.file == "-":
        document = parse_json(sys.stdin.read(), "stdin")
    elif source.file is not None:
        try:
            document = parse_json(Path(source.file).read_text(encoding="utf-8"), source.file)
        except UnicodeDecodeError as error:
            raise InputError(f"{source.file}: not text in UTF-8: {error}", "FILE") from None
    document = set_fields(document, source.settings)
    return document if source.prepare is None else source.prepare(document)


def build(session: Session, action: Action, source: Source, keys: Sequence[Path] = ()) -> Envelope:
    """The unsigned document. The institution is named, or the first key's, or the profile's."""
    network, chain_id = network_of(session)
    arguments = value_of(action.arguments, ballots.to_wire(action.name, read_source(source)))
    if source.is_for_approval:
        action, arguments = envelopes.known_action(SUBMIT), (action.name, action.version, arguments)
    return envelopes.build(
        network=network,
        chain_id=chain_id,
        institution=institution_of(session, source, keys),
        action=action,
        arguments=arguments,
        valid_until_ms=valid_until_ms(session, source),
        client_id=_client_id(source),
    )


def network_of(session: Session) -> tuple[str, bytes]:
    """Name and chain id of the network: the settings', else a node's."""
    network, genesis = session.find("network"), session.find("genesis")
    if not genesis and session.nodes():
        with connected(session.nodes()) as client:
            status = client.status()
        network, genesis = network or str(status.get("network", "")), str(status.get("chain_id", ""))
    if not genesis:
        genesis = session.require("genesis")
    try:
        chain_id = bytes.fromhex(genesis)
    except ValueError:
        chain_id = b""
    if len(chain_id) != 32:
        raise InputError(f"genesis {genesis!r}: a hash of 64 hexadecimal digits expected", "CONFIG")
    return network or genesis[:16], chain_id


def valid_until_ms(session: Session, source: Source) -> int:
    """Until when the document may enter, from now."""
    return time.time_ns() // 1_000_000 + length_ms(session.find("validity", source.valid_for))


def institution_of(session: Session, source: Source, keys: Sequence[Path] = ()) -> str:
    """Whose document it is: named, or the first key's, or the profile's."""
    if source.institution:
        return source.institution
    for key in keys:
        if public_path(key).exists():
            return read_person(public_path(key)).institution
    return session.require("institution")


def _client_id(source: Source) -> bytes | None:
    """A correction keeps the client id, so that at most one of the two can enter the chain."""
    if source.corrects is not None:
        return read_file(source.corrects).transaction.client_id
    if source.client_id is None:
        return None
    try:
        client_id = bytes.fromhex(source.client_id)
    except ValueError:
        client_id = b""
    if len(client_id) != 16:
        raise InputError(f"client id {source.client_id!r}: 32 hexadecimal digits expected", "INPUT-CLIENT-ID")
    return client_id


# --- show


def show_to_person(session: Session, envelope: Envelope) -> None:
    """The meaning on stderr, from the bytes: what a person sees before a signature."""
    said = envelopes.meaning(envelope)
    said["summary"] = spoken_summary(session.language, envelope.action)
    fields = flatten({name: value for name, value in said.items() if name not in ("genesis", "client_id")})
    for name, value in fields[:SHOWN_FIELDS]:
        click.echo(f"  {label(name, session.language)}: {_value(value)}", err=True)
    if len(fields) > SHOWN_FIELDS:
        more = question("more_fields", session.language, count=str(len(fields) - SHOWN_FIELDS))
        click.echo(f"  {more}", err=True)
        for amount in envelopes.amounts_of(envelope):
            said_amount = (f"{label(name, session.language)} {value}" for name, value in amount.items())
            click.echo("  " + ", ".join(said_amount), err=True)


def show_consequences(session: Session, envelope: Envelope) -> None:
    """What the document leaves of the plans, when a node can be asked: a person decides with it in view."""
    if not session.nodes():
        return
    for line in ballot_told(session, envelope):
        click.echo("  " + line, err=True)
    for found in remainders(session, envelope):
        click.echo("  " + ", ".join(f"{name} {_value(value)}" for name, value in found.items()), err=True)


def ballot_told(session: Session, envelope: Envelope) -> list[str]:
    """Of a vote: what the ballot would do, in the language of the session, read from a node."""
    transaction = envelope.transaction
    if transaction.action != "ballot.vote" or not isinstance(transaction.arguments, tuple):
        return []
    key = ballot_key(int(str(transaction.arguments[0])))
    with connected(session.nodes()) as client:
        value = client.value(Collection.BALLOTS, key)["value"]
    if value is None:
        return []
    ballot = Ballot.decode(bytes.fromhex(value))
    name, arguments = ballot.effect
    said = f"{name} ({ballot.proposer}): {ballots.told(name, arguments)[session.language]}"
    return [said, ballot.note] if ballot.note else [said]


def _value(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "—" if value is None else str(value)


def confirm(session: Session, name: str, *, yes: bool) -> None:
    """Ask; without a terminal only `--yes` answers."""
    if yes:
        return
    if not session.is_interactive:
        raise InputError(
            "nobody is there to confirm: without a terminal give --yes", "CONFIRM", Details(remedy="--yes")
        )
    if not click.confirm(question(name, session.language), err=True):
        raise NothingAcceptedError("not confirmed; nothing was signed or sent", "CONFIRM")


# --- sign


@dataclass(frozen=True, slots=True)
class Signing:
    """Keys to sign with. One password file serves all keys, or one a key, in their order."""

    keys: tuple[Path, ...] = ()
    password_files: tuple[Path, ...] = ()
    signers: tuple[str, ...] = ()

    def passwords(self) -> tuple[Path | None, ...]:
        return _one_each(self.password_files, len(self.keys), "--password-file")

    def places(self) -> tuple[str | None, ...]:
        return _one_each(self.signers, len(self.keys), "--as")


def _one_each(given: tuple[Any, ...], count: int, flag: str) -> tuple[Any, ...]:
    if not given:
        return (None,) * count
    if len(given) == 1:
        return given * count
    if len(given) != count:
        raise InputError(f"{len(given)} {flag} for {count} --sign-with: give one, or one a key", "USAGE")
    return given


def sign(session: Session, envelope: Envelope, signing: Signing) -> Envelope:
    """The envelope with a signature of every key; works with the cable pulled out."""
    for key_file, password_file, place in zip(
        signing.keys, signing.passwords(), signing.places(), strict=True
    ):
        person = person_of(key_file, place)
        key = open_key(session, key_file, password_file)
        if person is not None and person.public_key and person.public_key != key.public_key:
            raise IdentityError(
                f"{public_path(key_file)} names another key than {key_file} holds", "KEY-FILE"
            )
        institution, serial = _place(person, place)
        envelope = envelopes.sign(envelope, key, institution, serial)
        session.detail(f"signed by {institution}:{serial}, key {address_of(key.public_key).hex()}")
    return envelope


def person_of(key_file: Path, place: str | None) -> Person | None:
    """The public side of a key; not needed when the signer is named with --as."""
    if place is not None and not public_path(key_file).exists():
        return None
    return read_person(public_path(key_file))


def sign_all(session: Session, paths: Sequence[Path], signing: Signing) -> Iterator[tuple[Path, Envelope]]:
    """The envelopes of several files, each with a signature of every key; a key is opened once."""
    opened = []
    for key_file, password_file, place in zip(
        signing.keys, signing.passwords(), signing.places(), strict=True
    ):
        person = person_of(key_file, place)
        opened.append((open_key(session, key_file, password_file), *_place(person, place)))
    for path in paths:
        envelope = read_file(path)
        for key, institution, serial in opened:
            envelope = envelopes.sign(envelope, key, institution, serial)
        yield path, envelope


def _place(person: Person | None, place: str | None) -> tuple[str, int]:
    if place is not None:
        return parse_signer(place)
    assert person is not None, "without --as the public side was read"
    return person.institution, person.serial


def open_key(session: Session, path: Path, password_file: Path | None) -> SigningKey:
    """Open a key with the password of a file or of the prompt."""
    return read_key(path, password_of(session, path, password_file))


def password_of(session: Session, path: Path, password_file: Path | None, *, is_new: bool = False) -> str:
    """--password-file, else EQZ_PASSWORD_FILE, else a prompt. IdentityError when nobody can be asked."""
    named = password_file or session.environment.get("EQZ_PASSWORD_FILE")
    if named:
        return password_from(Path(named))
    if not session.is_interactive:
        raise IdentityError(
            f"no password for {path}: give --password-file or EQZ_PASSWORD_FILE (mode 0600)", "KEY-PASSWORD"
        )
    text = question("new_password" if is_new else "password", session.language, path=str(path))
    password: str = click.prompt(text, hide_input=True, confirmation_prompt=is_new, err=True)
    return password


# --- submit


def submit(session: Session, envelope: Envelope, receipt_path: Path, timeout_ms: int) -> dict[str, Json]:
    """Offer to two nodes, wait until final, keep the receipt. What it says to the person: `docs/cli.md`.

    Raises by what is known: refused everywhere (5, 4 or 6), nothing accepted (7), perhaps accepted (8).
    """
    require_signatures(envelope)
    tx_id = envelope.tx_id.hex()
    session.say(f"{label('tx_id', session.language)} {tx_id}")
    with connected(session.nodes()) as client:
        offer(session, client, envelope)
        session.in_flight = tx_id
        final = wait(client, tx_id, timeout_ms)
        session.in_flight = None
        write_text(receipt_path, client.receipt(tx_id))
    return {
        "tx_id": tx_id,
        "status": "committed",
        "height": final.get("height"),
        "index": final.get("index"),
        "receipt": str(receipt_path),
    }


def require_signatures(envelope: Envelope, written: Path | None = None) -> None:
    """NothingAcceptedError while a signature that the action asks for is missing."""
    missing = envelopes.missing_signatures(envelope)
    if missing:
        roles = ", ".join(envelopes.role_names(envelopes.roles_of(envelope)))
        file = "FILE" if written is None else str(written)
        raise NothingAcceptedError(
            f"not submitted: {missing} of the signatures are missing (the document needs: {roles})",
            "SIGNATURES-MISSING",
            Details(remedy=f"eqz tx sign {file} --sign-with KEY, then eqz tx submit {file}"),
        )


def offer(session: Session, client: Client, envelope: Envelope) -> None:
    """Offer the document until two nodes have answered; returns when it may be on its way."""
    auth, replies = envelope.auth(), []
    if not client.nodes:
        client.status()
    for node in client.nodes:
        reply = client.submit_to(node, envelope.body, auth)
        session.detail(f"{node}: {reply.status}")
        replies.append(reply)
        if sum(reply.status not in NOT_TAKEN for reply in replies) == NODES_PER_SUBMISSION:
            break
    judge(replies, envelope.tx_id.hex())


def judge(replies: Sequence[Reply], tx_id: str) -> None:
    """What the nodes' answers mean together: returns when waiting makes sense, raises when it does not."""
    statuses = {reply.status for reply in replies}
    if statuses & {"accepted", "known", "committed"}:
        return
    if "unknown" in statuses:
        return
    answered = [reply for reply in replies if reply.status not in NOT_TAKEN]
    if not answered:
        raise NothingAcceptedError(
            "nothing was accepted: " + ", ".join(f"{reply.node} {reply.status}" for reply in replies),
            "NOTHING-ACCEPTED",
            Details(remedy="submit the same file again; it can enter only once"),
        )
    error = answered[0].error or {"code": "REFUSED", "message": f"refused ({answered[0].status})"}
    if answered[0].status == "conflict":
        raise ConflictError(
            str(error.get("message") or f"the client id of {tx_id} is used by another document"),
            str(error.get("code") or "CONFLICT"),
        )
    raise refusal_error(error)


def wait(
    client: Client, tx_id: str, timeout_ms: int, clock: Callable[[], float] = time.monotonic
) -> Mapping[str, Any]:
    """The committed status. NotFinalError when the time is over first; a refusal ends it as its error."""
    deadline = clock() + timeout_ms / 1000
    found: Mapping[str, Any] = {}
    while True:
        left_ms = int((deadline - clock()) * 1000)
        if left_ms <= 0:
            raise NotFinalError(
                f"transaction {tx_id} is not final yet (last seen: {found.get('status', 'no answer')})",
                "NOT-FINAL",
                Details(remedy=f"eqz tx wait {tx_id}; a corrected document must keep the client id"),
            )
        try:
            found = client.transaction(tx_id, min(WAIT_MS, left_ms))
        except NothingAcceptedError as error:
            raise NotFinalError(f"transaction {tx_id}: {error.message}", "NOT-FINAL") from error
        if found.get("status") == "committed":
            return found
        if found.get("status") == "refused":
            raise _dropped(tx_id, found)


def _dropped(tx_id: str, found: Mapping[str, Any]) -> NotFinalError:
    """A node took it and dropped it later: no refusal is final before valid_until."""
    reason = refusal_error(found.get("error") or {})
    return NotFinalError(
        f"transaction {tx_id} was accepted and then dropped: {reason.message}",
        reason.code,
        Details(
            where=reason.details.where,
            article=reason.details.article,
            remedy="correct the document with --corrects FILE (it keeps the client id): only one can enter",
            texts=reason.details.texts,
            facts=reason.details.facts,
        ),
    )


def dry_run(session: Session, envelope: Envelope) -> dict[str, Json]:
    """Ask a node whether it would accept. The refusal's error when it would not."""
    with connected(session.nodes()) as client:
        found = client.dry_run(envelope.body, envelope.auth())
    if not found.get("accepted"):
        raise refusal_error(found.get("error") or {})
    left: list[Json] = [*remainders(session, envelope)]
    return {
        "tx_id": envelope.tx_id.hex(),
        "status": "would be accepted",
        "height": found.get("height"),
        "plan": left,
    }


# --- the whole way, for every state-changing verb


@dataclass(frozen=True, slots=True)
class Way:
    """How far a shortcut goes: `out` writes the envelope and stops; `receipt` names the receipt's file."""

    yes: bool = False
    is_dry_run: bool = False
    out: Path | None = None
    receipt: Path | None = None
    timeout: str | None = None


def run(session: Session, action: Action, source: Source, signing: Signing, way: Way) -> dict[str, Json]:
    """Build, show, ask, sign, submit, wait; what happened, for stdout."""
    envelope = build(session, action, source, signing.keys)
    if not (session.quiet and (way.yes or way.is_dry_run)):
        show_to_person(session, envelope)
    if not way.is_dry_run:
        if session.is_interactive and not way.yes:
            show_consequences(session, envelope)
        confirm(session, "submit" if way.out is None else "sign", yes=way.yes)
    envelope = sign(session, envelope, signing)
    if way.is_dry_run:
        return dry_run(session, envelope)
    if way.out is not None:
        write_file(way.out, envelope)
        return {"tx_id": envelope.tx_id.hex(), "status": "written", "envelope": str(way.out)}
    kept = Path(file_name(envelope, ".eqtx"))
    write_file(kept, envelope)
    require_signatures(envelope, kept)
    receipt = way.receipt or Path(file_name(envelope, ".eqr"))
    done = submit(session, envelope, receipt, length_ms(session.find("timeout", way.timeout)))
    return {**done, "envelope": str(kept)}


def file_name(envelope: Envelope, suffix: str) -> str:
    """`payment.request-0f3a….eqr`: the action and the beginning of the transaction's id."""
    return f"{envelope.transaction.action}-{envelope.tx_id.hex()[:16]}{suffix}"


def describe_person(person: Person) -> dict[str, Json]:
    """The public side of a key for stdout."""
    roles: list[Json] = list(names_of(person.roles))
    return {
        "institution": person.institution,
        "serial": person.serial,
        "roles": roles,
        "address": address_of(person.public_key).hex(),
        "public_key": person.public_key.hex(),
        "genesis": None if person.genesis is None else person.genesis.hex(),
        "possession": None if person.possession is None else person.possession.hex(),
    }
