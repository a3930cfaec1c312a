"""`eqz network`: a network from nothing, and the changes its members decide by ballot."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cli.documents import Json
from cli.failures import Details, InputError
from cli.output import emit_item, emit_list
from cli.reading import Reading, reading_options
from cli.session import Session, global_options, pass_session

CONTAINER_P2P_PORT, CONTAINER_API_PORT = 7000, 8000
"""Inside a container nothing else listens, so every node has the same ports there."""


_BALLOT_VERBS = frozenset({"propose", "vote", "ballots", "validators", "evidence"})
"""Verbs that the tables of `cli.nouns` make."""


class _Network(click.Group):
    """The verbs of ballots come from the tables of `cli.nouns`, imported when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_BALLOT_VERBS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _BALLOT_VERBS:
            from cli.evidence import evidence
            from cli.nouns import verbs_of

            return (
                evidence
                if cmd_name == "evidence"
                else next(one for one in verbs_of("network") if one.name == cmd_name)
            )
        return super().get_command(ctx, cmd_name)


@click.group(
    name="network",
    cls=_Network,
    help="Networks: new, show, genesis; propose, vote, members, params, evidence.",
)
@global_options
def network() -> None:
    """The commands of founders and members."""


def _param_options(command: Any) -> Any:
    command = click.option(
        "--param", "params", multiple=True, metavar="NAME=NUMBER", help="A parameter other than its default."
    )(command)
    return click.option("--name", default="E-Qazyna", show_default=True, help="Name of the network.")(command)


@network.command("new", help="Write a network to DIRECTORY: keys, genesis, nodes, certificates.")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--institution", "institutions", multiple=True, required=True, metavar="ID:KIND[:CODE[:PARENT]]",
    help="finance, treasury and abp run a node; gu, government, parliament and audit are clients.",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Host of every node.")
@click.option(
    "--p2p-port", type=click.IntRange(0, 65000), default=7401, show_default=True, help="0: free ones."
)
@click.option(
    "--api-port", type=click.IntRange(0, 65000), default=8401, show_default=True, help="0: free ones."
)
@click.option("--containers", is_flag=True, help="Each node in its own container, named by its institution.")
@click.option(
    "--signer-role", "roles", multiple=True, metavar="ROLE[+ROLE]",
    help="Make one person with these roles in every institution; default: one person a role.",
)  # fmt: skip
@_param_options
@global_options
@pass_session
def new(
    session: Session,
    directory: Path,
    institutions: tuple[str, ...],
    host: str,
    p2p_port: int,
    api_port: int,
    containers: bool,
    roles: tuple[str, ...],
    name: str,
    params: tuple[str, ...],
) -> None:
    """Every key is encrypted; its password lies beside it in a file of mode 0600."""
    from cli import founding

    named = founding.parse_institutions(institutions)
    runners = [one.id for one in named if one.kind in founding.NODE_KINDS]
    if containers:
        endpoints = [
            founding.Endpoint(one, CONTAINER_P2P_PORT, CONTAINER_API_PORT, "0.0.0.0") for one in runners
        ]
    else:
        ports = zip(_ports(p2p_port, len(runners)), _ports(api_port, len(runners)), strict=True)
        endpoints = [founding.Endpoint(host, p2p, api) for p2p, api in ports]
    made = founding.found_network(
        directory,
        name,
        named,
        endpoints,
        params=parse_params(params),
        created_ms=time.time_ns() // 1_000_000,
        roles=roles or founding.DEFAULT_SIGNERS,
    )
    emit_item(session, "eqz.network/1", founding.describe(made))
    session.say(f"run each node: eqz node run {directory}/nodes/{runners[0]}")


def _ports(first: int, count: int) -> Sequence[int]:
    """Ports from the first on; for 0, ones that are free now, all held open until the last is known."""
    if first:
        return range(first, first + count)
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def parse_params(texts: Sequence[str]) -> Any:
    """The default parameters with some changed. InputError names the wrong one."""
    from chain.errors import DecodeError
    from chain.genesis import Params

    changed = {}
    for text in texts:
        name, _, number = text.partition("=")
        if not number.isdecimal():
            raise InputError(f"--param {text}: write NAME=NUMBER", "INPUT-PARAM")
        changed[name] = int(number)
    try:
        return Params.default().with_values(changed)
    except DecodeError as error:
        raise InputError(str(error), "INPUT-PARAM") from error


@network.command("show", help="What a network is: from its directory or a genesis file.")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@global_options
@pass_session
def show(session: Session, path: Path) -> None:
    """The hash is computed from the bytes, so members compare what they hold."""
    emit_item(session, "eqz.network.show/1", genesis_facts(path / "genesis.eqg" if path.is_dir() else path))


def genesis_facts(path: Path) -> dict[str, Json]:
    from chain.genesis import Genesis
    from chain.keys import address_of
    from cli.people import names_of

    genesis = Genesis.decode(path.read_bytes())
    return {
        "name": genesis.name,
        "genesis": genesis.chain_id.hex(),
        "time_ms": genesis.time_ms,
        "validators": [
            {"institution": one.institution, "address": address_of(one.public_key).hex(), "power": one.power}
            for one in genesis.validators
        ],
        "institutions": [
            {"id": one.id, "kind": one.kind, "code": one.code, "parent": one.parent}
            for one in genesis.institutions
        ],
        "signers": [
            {
                "institution": one.institution,
                "serial": one.serial,
                "roles": "+".join(names_of(one.roles)),
                "address": address_of(one.public_key).hex(),
            }
            for one in genesis.signers
        ],
        "params": dict(genesis.params.values),
    }


@network.command("genesis", help="Make the common genesis of all parts; everyone compares its hash.")
@click.option(
    "--part", "parts", multiple=True, required=True, type=click.Path(exists=True, path_type=Path),
    help="A member's part.json (repeatable).",
)  # fmt: skip
@click.option(
    "--node-directory", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="This institution's directory of `eqz node init`: gets genesis.eqg, node.toml and peers/.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Write the genesis file here.")
@click.option("--expect", metavar="HASH", help="End with 9 when the hash is another.")
@_param_options
@global_options
@pass_session
def genesis(
    session: Session,
    parts: tuple[Path, ...],
    node_directory: Path | None,
    out: Path | None,
    expect: str | None,
    name: str,
    params: tuple[str, ...],
) -> None:
    """The order of the parts does not matter."""
    from cli import founding
    from cli.failures import VerificationError

    read = [founding.parse_part(path.read_text(encoding="utf-8"), str(path)) for path in parts]
    made = founding.genesis_of(name, read, parse_params(params))
    if expect is not None and expect != made.chain_id.hex():
        raise VerificationError(
            f"these parts make {made.chain_id.hex()}, expected {expect}",
            "GENESIS-HASH",
            Details(
                remedy="nothing was written: compare the parts, --name and --param with the other members"
            ),
        )
    if out is not None:
        out.write_bytes(made.encode())
    if node_directory is not None:
        own, endpoint = founding.read_own(node_directory)
        if own not in read:
            raise InputError(f"{node_directory}/part.json is not among the parts", "PART")
        if (node_directory / "blocks").exists():
            raise InputError(
                f"{node_directory} has blocks already: its genesis and node.toml stay as they are",
                "NODE-DIRECTORY",
                Details(remedy="give the directory that eqz node init just made; change a node in node.toml"),
            )
        founding.write_node(node_directory, own, read, made, endpoint)
    emit_item(
        session,
        "eqz.network.genesis/1",
        {
            "genesis": made.chain_id.hex(),
            "name": made.name,
            "validators": len(made.validators),
            "institutions": len(made.institutions),
            "signers": len(made.signers),
            "file": None if out is None else str(out),
            "node_directory": None if node_directory is None else str(node_directory),
        },
    )


@network.command("params", help="The parameters in force.")
@global_options
@pass_session
def params_in_force(session: Session) -> None:
    """From a node's state."""
    from chain.genesis import Params
    from cli.reads import read_value
    from contracts.records import Collection

    data, as_of = read_value(session, Collection.PARAMS, b"")
    values: list[dict[str, Json]] = [
        {"name": name, "value": value} for name, value in Params.decode(data).values
    ]
    emit_list(session, "eqz.network.params/1", values, as_of)


@network.command("members", help="The institutions that vote in ballots, and whether they run a node.")
@reading_options
@global_options
@pass_session
def members(session: Session, read: Reading) -> None:
    """One institution, one vote."""
    from cli.reading import view_items
    from cli.views import VIEWS

    found = view_items(session, VIEWS["institution"], {"is_member": "true"}, read)
    nodes = view_items(session, VIEWS["validator"], {}, read).items
    running = {str(one["institution"]): one for one in nodes if one["removed"] is None}
    items: list[dict[str, Json]] = [
        {
            "institution": one["id"],
            "kind": one["kind"],
            "code": one["code"],
            "name_ru": one["name_ru"],
            "validator": running[str(one["id"])]["id"] if one["id"] in running else None,
            "closed": one["closed"],
        }
        for one in found.items
    ]
    emit_list(session, "eqz.network.members/1", items, found.as_of, found.following)


COMMANDS = {"network": network}
