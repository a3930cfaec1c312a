"""`eqz snapshot`: the state of a network in a directory: made, checked, and what a new node begins from."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.documents import Json
from cli.failures import Details, InputError, NotFinalError, VerificationError
from cli.output import AsOf, emit_item, emit_list
from cli.session import Session, global_options, pass_session

if TYPE_CHECKING:
    from node.snapshots import StoredSnapshot
    from node.state_sync import Progress

LOOK_SECONDS = 0.1
"""Between two looks whether a running node has made the snapshot it was asked for."""

WAIT_SECONDS = 120
"""An idle network decides a height within 30 s; then the snapshot has to be written."""

_LOG_LEVEL = "warning"
"""What a person at a terminal wants to know beside the progress."""

_NODE = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(
    name="snapshot", help="The state of a network in a directory: create, list, verify, restore, fetch."
)
@global_options
def snapshot() -> None:
    """A new node begins from one instead of executing every block since the genesis."""


def _row(stored: StoredSnapshot) -> dict[str, Json]:
    return {
        "height": stored.height,
        "block_id": stored.block_id.hex(),
        "state_root": stored.header.state_root.hex(),
        "chunks": len(stored.manifest.chunks),
        "size_bytes": stored.manifest.size_bytes,
        "path": str(stored.directory),
    }


@snapshot.command("create", help="Make a snapshot of the node in DIRECTORY, which may run meanwhile.")
@click.argument("directory", type=_NODE)
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 86_400), default=WAIT_SECONDS, show_default=True,
    metavar="SECONDS", help="How long to wait for a running node: it makes one of its next height.",
)  # fmt: skip
@global_options
@pass_session
def create(session: Session, directory: Path, wait_s: int) -> None:
    """A stopped node's files are read here; a running node is asked."""
    from cli.logs import log_to_stderr
    from node.config import NodeConfig
    from node.node import make_snapshot, this_machine
    from node.opening import read_identity
    from node.running import claimed, running_pid

    config = NodeConfig.load(directory)
    log_to_stderr(_LOG_LEVEL)
    if running_pid(directory) is None:
        with claimed(directory):
            stored = make_snapshot(config, read_identity(config), this_machine())
    else:
        stored = _asked_of_running(session, directory, wait_s)
    emit_item(session, "eqz.snapshot/1", _row(stored))


def _asked_of_running(session: Session, directory: Path, wait_s: int) -> StoredSnapshot:
    """The door is a file: who may write into the directory may ask."""
    from node.snapshot_service import WANTED
    from node.snapshots import SNAPSHOTS, StoredSnapshot, heights_in
    from storage.disk import REAL_DISK

    parent = directory / SNAPSHOTS
    REAL_DISK.make_directory(parent)
    before = heights_in(REAL_DISK, parent)
    (parent / WANTED).touch()
    session.say("the node runs: it makes the snapshot with its next height")
    deadline = time.monotonic() + wait_s
    while True:
        made = [height for height in heights_in(REAL_DISK, parent) if height not in before]
        if made:
            return StoredSnapshot.open(REAL_DISK, parent / str(made[-1]))
        if time.monotonic() >= deadline:
            raise NotFinalError(
                f"the node has not made the snapshot in {wait_s} s; it still may",
                "SNAPSHOT-WAITING",
                Details(remedy="look with eqz snapshot list; its log says why when it cannot"),
            )
        time.sleep(LOOK_SECONDS)


@snapshot.command("list", help="The snapshots of the node in DIRECTORY, and what it began from.")
@click.argument("directory", type=_NODE)
@global_options
@pass_session
def show(session: Session, directory: Path) -> None:
    """Reads only, and works while the node runs."""
    from node.snapshots import BASE, SNAPSHOTS, StoredSnapshot, heights_in
    from storage.disk import REAL_DISK

    parent = directory / SNAPSHOTS
    places = [parent / str(height) for height in heights_in(REAL_DISK, parent)]
    if (directory / BASE).exists():
        places.insert(0, directory / BASE)
    rows = [_row(StoredSnapshot.open(REAL_DISK, place)) for place in places]
    emit_list(session, "eqz.snapshot.list/1", rows, AsOf())


@snapshot.command("verify", help="Check a snapshot directory wholly, without any node.")
@click.argument("directory", type=_NODE)
@click.option("--genesis", metavar="HASH", help="The network's; without it the one in the snapshot is shown.")
@global_options
@pass_session
def verify(session: Session, directory: Path, genesis: str | None) -> None:
    """From the genesis through every set of validators to its block; each chunk against the state root."""
    from node.snapshots import StoredSnapshot
    from storage.disk import REAL_DISK

    stored = StoredSnapshot.open(REAL_DISK, directory)
    found = stored.genesis()
    if genesis is not None and found.chain_id.hex() != genesis:
        raise VerificationError(
            f"{directory}: a snapshot of the network {found.chain_id.hex()}, expected {genesis}",
            "GENESIS-HASH",
        )
    stored.check(found)
    if genesis is None:
        session.say(
            "compare the genesis with the members, or give it with --genesis: nothing else is trusted"
        )
    emit_item(session, "eqz.snapshot.verified/1", {"genesis": found.chain_id.hex(), **_row(stored)})


@snapshot.command("restore", help="Let the new node in DIRECTORY begin from a copied SNAPSHOT.")
@click.argument("source", metavar="SNAPSHOT", type=_NODE)
@click.argument("directory", type=_NODE)
@global_options
@pass_session
def restore(session: Session, source: Path, directory: Path) -> None:
    """Checked wholly first; DIRECTORY has neither blocks nor state yet."""
    from cli.logs import log_to_stderr
    from node.config import NodeConfig
    from node.node import this_machine
    from node.opening import read_identity
    from node.running import claimed
    from node.snapshots import restore as restore_snapshot

    config = NodeConfig.load(directory)
    log_to_stderr(_LOG_LEVEL)
    with claimed(directory):
        restored = restore_snapshot(source, config, read_identity(config), this_machine())
    emit_item(
        session,
        "eqz.snapshot.restored/1",
        {"height": restored.height, "state_root": restored.state_root.hex(), "directory": str(directory)},
    )
    session.say(f"start it: eqz node run {directory}")


@snapshot.command(
    "fetch", help="Let the new node in DIRECTORY begin from the newest snapshot its peers have."
)
@click.argument("directory", type=_NODE)
@click.option(
    "--trusted", metavar="HEIGHT:HASH",
    help="A block known from elsewhere: a chain without it, and an older snapshot, are refused.",
)  # fmt: skip
@global_options
@pass_session
def fetch(session: Session, directory: Path, trusted: str | None) -> None:
    """Nothing a peer says is believed; interrupted, it goes on where it was."""
    from cli.logs import log_to_stderr
    from node.config import NodeConfig
    from node.node import this_machine
    from node.opening import read_identity
    from node.running import claimed
    from node.state_sync import sync_from_peers

    config = NodeConfig.load(directory)
    log_to_stderr(_LOG_LEVEL)
    point = None if trusted is None else trusted_block(trusted)
    with claimed(directory):
        work = sync_from_peers(config, read_identity(config), this_machine(), point, _Teller(session))
        synced = asyncio.run(work)
    emit_item(
        session,
        "eqz.snapshot.restored/1",
        {"height": synced.height, "state_root": synced.state_root.hex(), "directory": str(directory)},
    )
    session.say(f"start it: eqz node run {directory}")


def trusted_block(text: str) -> tuple[int, bytes]:
    """HEIGHT:HASH as written by a person. Raises InputError."""
    height, _, block_id = text.partition(":")
    try:
        found = int(height), bytes.fromhex(block_id)
    except ValueError:
        found = 0, b""
    if found[0] < 1 or len(found[1]) != 32:
        raise InputError(
            f"{text}: write HEIGHT:HASH, the id of the block in 64 hexadecimal digits", "TRUSTED"
        )
    return found


class _Teller:
    """At most a hundred lines, however many chunks there are."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told = -1

    def __call__(self, progress: Progress) -> None:
        percent = 100 * progress.chunks // progress.chunks_in_all
        if percent > self._told:
            self._told = percent
            self._session.say(
                f"height {progress.height}: {progress.chunks} of {progress.chunks_in_all} chunks, "
                f"{progress.peers} peers"
            )


COMMANDS = {"snapshot": snapshot}
