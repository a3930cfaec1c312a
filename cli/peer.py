"""`eqz node join, peer, certificate, key, reload`: who a node is linked with, and as whom it comes."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.documents import Json
from cli.failures import ConflictError, Details, InputError, NotFoundError, NothingAcceptedError
from cli.output import AsOf, emit_item, emit_list
from cli.session import Session, global_options, pass_session

_DIRECTORY = click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
_FILE = click.Path(dir_okay=False, path_type=Path)
_READ = click.Path(exists=True, dir_okay=False, path_type=Path)

_Command = Callable[..., Any]


def _expecting(command: _Command) -> _Command:
    return click.option(
        "--expect", "expected", multiple=True, metavar="SHA256",
        help="The certificate's hash as the institution read it out (repeatable); another ends with 9.",
    )(command)  # fmt: skip


# --- reload


@click.command("reload", help="Have the running node read node.toml, peers and certificates again.")
@_DIRECTORY
@global_options
@pass_session
def reload_node(session: Session, directory: Path) -> None:
    """Ends with 2 when the node refused the settings: then those before stay in force."""
    from cli.reloading import reload

    found = reload(directory)
    if found is None:
        raise NothingAcceptedError(
            f"the node of {directory} is not running: it reads its settings when it starts", "NOT-RUNNING"
        )
    emit_item(session, "eqz.node.reload/1", _told(found))


def _told(found: dict[str, Any]) -> dict[str, Json]:
    names = ("added", "removed", "changed", "later")
    return {
        **{name: " ".join(found.get(name, ())) for name in names},
        "certificate": bool(found.get("certificate")),
    }


def _apply(session: Session, directory: Path) -> dict[str, Json]:
    """Let a running node take the change over; one that does not run reads it when it starts."""
    from cli.reloading import reload

    found = reload(directory)
    if found is None:
        session.say(f"the node of {directory} is not running: it reads its settings when it starts")
        return {"is_running": False}
    later = " ".join(found.get("later", ()))
    if later:
        session.say(f"waits for the next start: {later}")
    return {"is_running": True, "later": later}


# --- join


@click.command("join", help="Give a directory of `eqz node init` the settings of a network that runs.")
@_DIRECTORY
@click.option("--genesis", "genesis_file", required=True, type=_READ, help="The network's genesis.eqg.")
@click.option("--expect", required=True, metavar="HASH", help="The genesis hash; another one ends with 9.")
@click.option(
    "--peer", "cards", multiple=True, required=True, type=_READ, metavar="FILE",
    help="Card (eqz node peer card) or part.json of another member's node (repeatable).",
)  # fmt: skip
@global_options
@pass_session
def join(session: Session, directory: Path, genesis_file: Path, expect: str, cards: tuple[Path, ...]) -> None:
    """Writes genesis.eqg, peers/, node.toml and validator.add.json, which the members vote on."""
    from chain.genesis import Genesis
    from cli import joining
    from cli.envelope import write_text
    from cli.failures import VerificationError
    from node.opening import read_identity

    data = genesis_file.read_bytes()
    found = Genesis.decode(data)
    if found.chain_id.hex() != expect:
        raise VerificationError(
            f"{genesis_file} has hash {found.chain_id.hex()}, expected {expect}",
            "GENESIS-HASH",
            Details(remedy="nothing was written: ask another member for the genesis file and its hash"),
        )
    config = joining.join(directory, data, [joining.read_card(path) for path in cards])
    identity = read_identity(config)
    assert identity.key is not None, "init makes a key"
    proposal = joining.enrolment(identity.key, found.chain_id, config.name, "validator.add")
    write_text(directory / "validator.add.json", json.dumps(proposal, indent=1) + "\n")
    session.say(
        f"have the members add {directory / 'part.json'} (eqz node peer add), run the node, and put "
        f"{directory / 'validator.add.json'} to the vote (eqz network propose)"
    )
    emit_item(
        session,
        "eqz.node.join/1",
        {
            "institution": config.name,
            "network": config.network,
            "genesis": config.genesis_hash,
            "peers": len(config.peers),
            "address": identity.address.hex(),
            "proposal": str(directory / "validator.add.json"),
        },
    )


# --- peers


@click.group("peer", help="Peers of a node: card, list, add, replace, remove.")
@global_options
def peer() -> None:
    """node.toml is changed in its own lines and the running node reads it again."""


@peer.command("card", help="What this node's peers must know of it; FILE goes to all other members.")
@_DIRECTORY
@click.option("--out", type=_FILE, help="Write the card here; else it is printed.")
@click.option("--host", help="Where peers reach this node, when node.toml does not say it.")
@click.option("--certificate", metavar="NAME.crt", help="Show this next certificate too.")
@click.option("--key", "next_key", metavar="NAME.key", help="Show this next validator key too.")
@global_options
@pass_session
def card(
    session: Session,
    directory: Path,
    out: Path | None,
    host: str | None,
    certificate: str | None,
    next_key: str | None,
) -> None:
    """Public things only."""
    from cli import joining
    from cli.envelope import write_text

    made = joining.own_card(
        directory,
        host=host,
        next_certificate=certificate,
        next_key=None if next_key is None else _open(directory / next_key),
    )
    if out is None:
        click.echo(joining.dump_card(made), nl=False)
        return
    write_text(out, joining.dump_card(made))
    emit_item(
        session,
        "eqz.node.card/1",
        {
            "file": str(out),
            "institution": made.institution,
            "addresses": " ".join(made.addresses),
            "certificate_sha256": " ".join(made.pins),
            "host": made.host,
            "p2p_port": made.p2p_port,
        },
    )


def _open(path: Path) -> Any:
    from cli.keystore import read_key
    from node.secrets import read_password

    return read_key(path, read_password(path.with_suffix(".password")).decode())


@peer.command("list", help="The peers in node.toml.")
@_DIRECTORY
@global_options
@pass_session
def list_peers(session: Session, directory: Path) -> None:
    """Two addresses or certificates: a renewal is under way."""
    from cli.joining import peer_row
    from node.config import NodeConfig

    emit_list(
        session, "eqz.node.peer.list/1", [peer_row(one) for one in NodeConfig.load(directory).peers], AsOf()
    )


@peer.command("add", help="Link with another member's node from now on.")
@_DIRECTORY
@click.argument("file", type=_READ)
@_expecting
@global_options
@pass_session
def add(session: Session, directory: Path, file: Path, expected: tuple[str, ...]) -> None:
    """FILE is its card or its part.json."""
    _set(session, directory, file, expected, is_known=False)


@peer.command("replace", help="Another key, certificate or place of a peer.")
@_DIRECTORY
@click.argument("file", type=_READ)
@_expecting
@global_options
@pass_session
def replace(session: Session, directory: Path, file: Path, expected: tuple[str, ...]) -> None:
    """FILE is its new card; with two certificates or keys both are taken until it comes with one."""
    _set(session, directory, file, expected, is_known=True)


def _set(session: Session, directory: Path, file: Path, expected: tuple[str, ...], *, is_known: bool) -> None:
    from cli import joining
    from node.config import NodeConfig

    found = joining.read_card(file)
    config = NodeConfig.load(directory)
    before = next((one for one in config.peers if one.institution == found.institution), None)
    if before is not None and not is_known and before.pins + before.addresses != found.pins + found.addresses:
        raise ConflictError(
            f"{found.institution} is a peer already, with another key or certificate",
            "PEER-KNOWN",
            Details(remedy="if that is meant: eqz node peer replace"),
        )
    if before is None and is_known:
        raise NotFoundError(f"{found.institution} is not a peer", "PEER-UNKNOWN")
    joining.check_card(config, found, expected)
    if not expected:
        for pin in found.pins:
            session.say(f"{found.institution}: compare with what they read out: {pin}")
    joining.set_peer(directory, found)
    emit_item(
        session,
        "eqz.node.peer/1",
        {
            "institution": found.institution,
            "addresses": " ".join(found.addresses),
            "certificate_sha256": " ".join(found.pins),
            **_apply(session, directory),
        },
    )


@peer.command("remove", help="No link with this institution's node any more.")
@_DIRECTORY
@click.argument("institution")
@global_options
@pass_session
def remove(session: Session, directory: Path, institution: str) -> None:
    """Of a member that left, or whose certificate is in wrong hands."""
    from cli import joining
    from node.config import NodeConfig

    if all(one.institution != institution for one in NodeConfig.load(directory).peers):
        raise NotFoundError(f"{institution} is not a peer", "PEER-UNKNOWN")
    joining.drop_peer(directory, institution)
    emit_item(
        session,
        "eqz.node.peer/1",
        {"institution": institution, "removed": True, **_apply(session, directory)},
    )


# --- certificate and key


@click.command("certificate", help="Make the next TLS certificate, or put one in use.")
@_DIRECTORY
@click.option("--use", "used", metavar="NAME.crt", help="Come with this one from now on.")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=1095, show_default=True, help="How long it lasts."
)
@global_options
@pass_session
def certificate(session: Session, directory: Path, used: str | None, days: int) -> None:
    """The others must have pinned it before it is used (eqz node peer replace), so that no link is lost."""
    from cli.envelope import write_text
    from cli.joining import pin_of, set_settings
    from cli.keystore import write_private
    from network.certificates import certificate_der, make_identity, names_in
    from node.config import NodeConfig

    config = NodeConfig.load(directory)
    if used is not None:
        _check_pair(directory, used)
        set_settings(directory, certificate=used, certificate_key=str(Path(used).with_suffix(".key")))
        emit_item(session, "eqz.node.certificate/1", {"certificate": used, **_apply(session, directory)})
        return
    present = certificate_der(config.path(config.certificate).read_bytes())
    name, hosts = names_in(present)
    made = make_identity(name, hosts, datetime.now(UTC).replace(microsecond=0), days)
    path = directory / f"tls-{_next_number(directory, 'tls')}.crt"
    write_private(path.with_suffix(".key"), made.key_pem)
    write_text(path, made.certificate_pem.decode("ascii"))
    session.say(
        f"send the others a card with it: eqz node peer card {directory} --certificate {path.name} --out "
        f"{name}.json; when all have it: eqz node certificate {directory} --use {path.name}"
    )
    emit_item(
        session,
        "eqz.node.certificate/1",
        {
            "certificate": path.name,
            "certificate_sha256": pin_of(made.certificate_pem.decode("ascii")),
            "days": days,
        },
    )


def _check_pair(directory: Path, name: str) -> None:
    """Certificate and key belong together, and it is its time. InputError."""
    from network.certificates import certificate_der, valid_until

    path = directory / name
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, path.with_suffix(".key"))
        end = valid_until(certificate_der(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} and {path.with_suffix('.key').name} cannot be used together: {error}", "TLS-CONFIG"
        ) from None
    if end <= datetime.now(UTC):
        raise InputError(f"{path} ended on {end:%Y-%m-%d}", "CERTIFICATE-EXPIRED")


def _next_number(directory: Path, stem: str) -> int:
    """Above every number in use: nothing is overwritten."""
    pattern = re.compile(rf"{stem}-([0-9]+)\.[a-z]+")
    found = (pattern.fullmatch(path.name) for path in directory.iterdir())
    return max((int(match[1]) for match in found if match), default=1) + 1


@click.command("key", help="Make the next validator key, or put one in use at the next start.")
@_DIRECTORY
@click.option("--use", "used", metavar="NAME.key", help="Vote with this one from the next start on.")
@global_options
@pass_session
def validator_key(session: Session, directory: Path, used: str | None) -> None:
    """Writes NAME.rotate.json, which the members vote on; the key in use goes on until then."""
    from cli.joining import set_settings
    from node.config import NodeConfig

    config = NodeConfig.load(directory)
    if used is not None:
        key = _open(directory / used)
        password = str(Path(used).with_suffix(".password"))
        set_settings(directory, validator_key=used, password_file=password)
        emit_item(
            session,
            "eqz.node.key/1",
            {"key": used, "address": key.address.hex(), **_apply(session, directory)},
        )
        return
    path, key, written = make_validator_key(directory, config)
    session.say(
        f"send the others a card with it: eqz node peer card {directory} --key {path.name} --out "
        f"{config.name}.json; then put {written} to the vote (eqz network propose)"
    )
    emit_item(
        session,
        "eqz.node.key/1",
        {"key": path.name, "address": key.address.hex(), "proposal": str(written)},
    )


def make_validator_key(
    directory: Path, config: Any, effect: str = "validator.rotate"
) -> tuple[Path, Any, Path]:
    """The next key with its password and its empty journal, and the document that members vote on: where the
    key is, the open key, where the document is. node.toml does not name it yet."""
    from chain.keys import SigningKey
    from chain.types import Hash32
    from cli.envelope import write_text
    from cli.founding import Sealing, new_password, seal
    from cli.joining import enrolment
    from cli.keystore import new_seed
    from node.opening import found_journal

    seed, path = new_seed(), directory / f"validator-{_next_number(directory, 'validator')}.key"
    key = SigningKey.from_seed(seed)
    found_journal(directory, key.address)
    seal([Sealing(path, seed, new_password())])
    proposal = enrolment(key, Hash32(bytes.fromhex(config.genesis_hash)), config.name, effect)
    written = path.with_suffix(".rotate.json")
    write_text(written, json.dumps(proposal, indent=1) + "\n")
    return path, key, written


PEER_COMMANDS: tuple[click.Command, ...] = (join, peer, certificate, validator_key, reload_node)
"""Verbs of `eqz node` that stand here."""
