"""`eqz node`: one node from its first key to its health."""

from __future__ import annotations

import time
from pathlib import Path

import click

from cli.client import connected
from cli.documents import Json
from cli.failures import Details, DifferencesError, InputError, NothingAcceptedError
from cli.output import AsOf, emit_item, emit_list
from cli.peer import PEER_COMMANDS
from cli.recovery import recover
from cli.session import Session, global_options, pass_session


@click.group(name="node", help="One node: init, join, run, status, doctor, reload, peer, certificate, key.")
@global_options
def node() -> None:
    """The commands of a node's operator."""


@node.command("init", help="Make this institution's own keys and certificate, and the public part for all.")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--institution", required=True, metavar="ID:KIND[:CODE]", help="Who runs the node, e.g. health:abp:226."
)
@click.option("--client", multiple=True, metavar="ID:KIND[:CODE]", help="An institution without a node.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where peers reach this node.")
@click.option("--listen", default="", help="Address to bind; --host when not given.")
@click.option("--p2p-port", type=click.IntRange(1, 65535), default=7400, show_default=True)
@click.option("--api-port", type=click.IntRange(0, 65535), default=8400, show_default=True)
@click.option(
    "--signer", "signers", multiple=True, type=click.Path(path_type=Path), metavar="FILE.pub",
    help="Public side of a person's own key (eqz key new); without any, keys are made for each institution.",
)  # fmt: skip
@click.option(
    "--keys", type=click.Path(file_okay=False, path_type=Path), help="Where made keys go; DIRECTORY/signers."
)
@global_options
@pass_session
def init(
    session: Session,
    directory: Path,
    institution: str,
    client: tuple[str, ...],
    host: str,
    listen: str,
    p2p_port: int,
    api_port: int,
    signers: tuple[Path, ...],
    keys: Path | None,
) -> None:
    """Own keys only: what leaves this machine is part.json."""
    from cli import founding
    from cli.people import read_person

    if directory.exists() and any(directory.iterdir()):
        raise InputError(f"{directory} is not empty; a node begins in a new directory", "NODE-DIRECTORY")
    endpoint = founding.Endpoint(host, p2p_port, api_port, listen)
    member, sealings = founding.found_member(
        directory,
        founding.parse_institutions((institution, *client)),
        endpoint,
        keys or directory / "signers",
        created_ms=time.time_ns() // 1_000_000,
        given=[read_person(path) for path in signers],
    )
    founding.seal(sealings)
    founding.write_own(directory, member.part, endpoint)
    session.say(f"send {directory / 'part.json'} to the other members, then: eqz network genesis --part …")
    node_part = member.part.node
    assert node_part is not None, "init founds a member with a node"
    assert member.validator is not None, "a node has a key"
    emit_item(
        session,
        "eqz.node.init/1",
        {
            "part": str(directory / "part.json"),
            "institution": member.part.name,
            "address": member.validator.address.hex(),
            "certificate_sha256": node_part.certificate_sha256,
            "signers": len(member.part.signers),
        },
    )


@node.command("run", help="Run the node of DIRECTORY until SIGTERM.")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@global_options
def run(directory: Path) -> None:
    """The process of one node."""
    from cli.serving import serve

    serve(directory)


def address_in(directory: Path) -> str:
    """URL of the running node of a directory."""
    path = directory / "api.addr"
    try:
        host, _, port = path.read_text(encoding="ascii").strip().rpartition(":")
    except FileNotFoundError:
        raise NothingAcceptedError(f"{path} is not there: the node of {directory} is not running") from None
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"


@node.command("status", help="Where nodes stand; ends with 0 when ready, else 7, with 10 when they differ.")
@click.argument("directory", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@global_options
@pass_session
def status(session: Session, directory: Path | None) -> int:
    """Of DIRECTORY's node, or of every --node."""
    urls = (address_in(directory),) if directory is not None else session.nodes()
    items: list[dict[str, Json]] = []
    is_healthy = True
    with connected(urls) as client:
        if not urls:
            client.status()
        for url in urls:
            found, reasons = client.status_of(url), client.readiness_of(url)
            is_healthy = is_healthy and found is not None and not reasons
            items.append(_status_row(url, found, reasons))
    emit_list(session, "eqz.node.status/1", items)
    _refuse_differences(items)
    return 0 if is_healthy else NothingAcceptedError.exit_status


_STATUS_FIELDS = (
    "name", "network", "height", "block_time", "age_ms", "state_root", "round", "votes", "peers",
    "validators", "mempool", "operational_day", "chain_id",
)  # fmt: skip


def _refuse_differences(items: list[dict[str, Json]]) -> None:
    """Nodes of one height have one state root, and all nodes one genesis. Raises DifferencesError."""
    told = [(str(item["chain_id"]), item["height"], str(item["state_root"])) for item in items]
    known = [one for one in told if one[1] is not None]
    stories = {(chain_id, height): root for chain_id, height, root in known}
    networks = {chain_id for chain_id, _, _ in known}
    if len(networks) > 1:
        raise DifferencesError(f"the nodes belong to different networks: {', '.join(sorted(networks))}")
    for chain_id, height, root in known:
        if stories[chain_id, height] != root:
            raise DifferencesError(
                f"at height {height} nodes have different states: {root} and {stories[chain_id, height]}",
                details=Details(
                    remedy="stop the nodes that differ, keep their directories, run eqz-verify chain on each"
                ),
            )


def _status_row(url: str, found: dict[str, Json] | None, reasons: list[str]) -> dict[str, Json]:
    row: dict[str, Json] = {"node": url, "ready": found is not None and not reasons}
    row.update({name: None if found is None else found.get(name) for name in _STATUS_FIELDS})
    row["reasons"] = "; ".join(reasons)
    return row


@node.command("doctor", help="Check the directory of a node: files, modes, certificate, disk, health.")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@global_options
@pass_session
def doctor(session: Session, directory: Path) -> int:
    """Reads only, and works while the node runs."""
    from cli.doctor import examine

    checks = examine(directory, session.language)
    emit_list(session, "eqz.node.doctor/1", [one.row for one in checks], AsOf())
    return 0 if all(one.is_ok for one in checks) else NothingAcceptedError.exit_status


for _command in (*PEER_COMMANDS, recover):
    node.add_command(_command)

COMMANDS = {"node": node}
