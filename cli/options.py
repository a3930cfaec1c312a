"""Options and answers that several nouns share: whose document it is, who signs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import envelope as envelopes
from cli.documents import Json

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)


def source_options(command: _Command) -> _Command:
    """Where the content of a document comes from."""
    for option in reversed(
        (
            click.option("--from", "from_file", metavar="FILE|-", help="The document as JSON."),
            click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="One field of it."),
            click.option(
                "--institution", metavar="ID", help="Whose document; else the key's or the profile's."
            ),
            click.option(
                "--valid-for", metavar="LENGTH", help="How long it may enter, e.g. 24h; at most 7d."
            ),
            click.option("--client-id", metavar="HEX", help="16 bytes; else random."),
            click.option(
                "--corrects", type=_FILE, metavar="FILE", help="Keep the client id of this document."
            ),
        )
    ):
        command = option(command)
    return command


def signing_options(command: _Command) -> _Command:
    """Keys to sign with; a password is never a value."""
    for option in reversed(
        (
            click.option("--sign-with", "keys", multiple=True, type=_FILE, metavar="KEYFILE"),
            click.option(
                "--password-file", "password_files", multiple=True, type=_FILE, metavar="FILE",
                help="Mode 0600; one for all keys, or one a key in their order.",
            ),
            click.option(
                "--as", "signers", multiple=True, metavar="INSTITUTION:SERIAL",
                help="Whose key it is, when KEYFILE has no .pub beside it.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def summary(envelope: envelopes.Envelope) -> dict[str, Json]:
    """What a command says of a document it wrote."""
    said = envelopes.meaning(envelope)
    names = ("tx_id", "institution", "action", "rows", "required_roles", "signed_by", "signatures_missing")
    return {name: said[name] for name in names}
