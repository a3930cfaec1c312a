"""`eqz key`: people's keys. The private side never leaves its file, the public side says whose it is."""

from __future__ import annotations

from pathlib import Path

import click

from chain.keys import SigningKey, address_of, verify
from chain.types import InstitutionId
from cli import flow
from cli.documents import Json
from cli.failures import IdentityError, InputError
from cli.keystore import new_seed, write_key
from cli.output import emit_item, emit_list
from cli.people import (
    Person,
    dump_person,
    names_of,
    public_path,
    read_person,
    role_mask,
    write_person,
)
from cli.session import Session, global_options, pass_session

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(name="key", help="Keys of people: new, list, show, rotate, test.")
@global_options
def key() -> None:
    """Files NAME.key (encrypted, mode 0600) and NAME.pub (who it is)."""


@key.command("new", help="Make a key: FILE (encrypted) and its public side beside it.")
@click.argument("file", type=_FILE)
@click.option("--institution", metavar="ID", help="Whose signer; else the profile's institution.")
@click.option("--serial", type=click.IntRange(1, 2**31 - 1), required=True, help="The signer's number there.")
@click.option(
    "--role", "roles", multiple=True, required=True, help="preparer, accountant, head, moderator, operator."
)
@click.option("--password-file", type=_FILE, help="Mode 0600; asked for when not given.")
@global_options
@pass_session
def new(
    session: Session,
    file: Path,
    institution: str | None,
    serial: int,
    roles: tuple[str, ...],
    password_file: Path | None,
) -> None:
    """With a known genesis the public side proves that its owner asks for the registration there."""
    owner = InstitutionId(session.require("institution", institution))
    person = make_key(session, file, owner, serial, role_mask(roles), password_file)
    emit_item(session, "eqz.key.new/1", {"file": str(file), **flow.describe_person(person)})


def make_key(
    session: Session,
    file: Path,
    institution: InstitutionId,
    serial: int,
    roles: int,
    password_file: Path | None,
) -> Person:
    """A new key in two files; with the possession proof when the genesis is known."""
    if public_path(file) == file:
        raise InputError(f"{file}: a key's file does not end with .pub", "FILE")
    seed = new_seed()
    signing = SigningKey.from_seed(seed)
    person = Person(institution, serial, roles, signing.public_key)
    if session.find("genesis") or session.nodes():
        person = person.proved(signing, flow.network_of(session)[1])
    write_key(file, seed, flow.password_of(session, file, password_file, is_new=True))
    write_person(public_path(file), person)
    return person


@key.command("list", help="The keys of a directory, from their public sides.")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@global_options
@pass_session
def list_keys(session: Session, directory: Path) -> None:
    """Opens nothing."""
    items: list[dict[str, Json]] = []
    for path in sorted(directory.rglob("*.pub")):
        person = read_person(path)
        items.append(
            {
                "file": str(path.with_suffix(".key")),
                "institution": person.institution,
                "serial": person.serial,
                "roles": "+".join(names_of(person.roles)),
                "address": address_of(person.public_key).hex(),
            }
        )
    emit_list(session, "eqz.key.list/1", items)


@key.command("show", help="The public side of a key.")
@click.argument("file", type=_FILE)
@global_options
@pass_session
def show(session: Session, file: Path) -> None:
    """Opens nothing."""
    emit_item(session, "eqz.key.show/1", flow.describe_person(read_person(public_path(file))))


@key.command("rotate", help="Make the key that shall replace FILE's; then: eqz signer rotate.")
@click.argument("file", type=_FILE)
@click.argument("new_file", type=_FILE)
@click.option("--password-file", type=_FILE, help="Of the new key; mode 0600.")
@global_options
@pass_session
def rotate(session: Session, file: Path, new_file: Path, password_file: Path | None) -> None:
    """The old key stays in force until the head's signer.rotate is on the ledger."""
    old = read_person(public_path(file))
    person = make_key(session, new_file, old.institution, old.serial, old.roles, password_file)
    session.say(
        f"have a head submit: eqz signer rotate --signer {old.institution}:{old.serial} "
        f"--public {public_path(new_file)}"
    )
    emit_item(session, "eqz.key.rotate/1", {"file": str(new_file), **flow.describe_person(person)})


@key.command(
    "prove", help="Write into FILE's public side that its owner asks for registration on the network."
)
@click.argument("file", type=_FILE)
@click.option("--password-file", type=_FILE, help="Mode 0600; asked for when not given.")
@global_options
@pass_session
def prove(session: Session, file: Path, password_file: Path | None) -> None:
    """For a key made before the genesis was known."""
    signing = flow.open_key(session, file, password_file)
    person = read_person(public_path(file)).proved(signing, flow.network_of(session)[1])
    public_path(file).write_text(dump_person(person), encoding="utf-8")
    emit_item(session, "eqz.key.prove/1", flow.describe_person(person))


@key.command("test", help="Open a key, sign and verify; ends with 4 when the password is wrong.")
@click.argument("file", type=_FILE)
@click.option("--password-file", type=_FILE, help="Mode 0600; asked for when not given.")
@global_options
@pass_session
def test(session: Session, file: Path, password_file: Path | None) -> None:
    """Also that the public side beside it is its own."""
    signing = flow.open_key(session, file, password_file)
    message = b"eqz key test"
    if not verify(signing.public_key, message, signing.sign(message)):
        raise IdentityError(f"{file}: a signature of this key does not verify", "KEY-TEST")
    if public_path(file).exists() and read_person(public_path(file)).public_key != signing.public_key:
        raise IdentityError(f"{public_path(file)} names another key than {file} holds", "KEY-FILE")
    emit_item(session, "eqz.key.test/1", {"file": str(file), "address": signing.address.hex(), "opens": True})


COMMANDS = {"key": key}
