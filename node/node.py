"""One node: built from its directory, run until stopped.

Start-up is recovery: the block log is checked, the state brought up to it, the journal of own votes read, and
only then does the node speak.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass

import structlog

from node.application import LedgerApplication
from node.archive import VoteArchive
from node.config import NodeConfig
from node.driver import Driver
from node.ledger import Ledger
from node.mempool import Mempool
from node.metrics import NodeMetrics
from node.opening import (
    BLOCKS,
    VOTES,
    certificate_ends,
    free_space,
    journal_of_new_key,
    links_of,
    open_journal,
    read_identity,
    signer_of,
)
from node.recount import Recount
from node.recovery import mark_if_damaged, recover_state, repair_log
from node.reserve import DiskReserve
from node.snapshot_service import Snapshots
from node.snapshots import (
    SNAPSHOTS,
    Base,
    StoredSnapshot,
    create,
    first_height,
    heights_in,
    read_base,
    remove,
    remove_leftovers,
)
from node.throttle import Remembered
from node.verified import VerifiedSignatures
from node.world import Identity, Links, SystemClock, World
from storage.blocks import BlockLog
from storage.disk import Disk
from storage.files import write_new_file
from storage.log_repair import quarantine_directory
from storage.log_scan import LogDamageError

VERIFY_THREADS = 2
"""Signature verification leaves the interpreter's lock; more threads than cores of a small server do not
help."""

CERTIFICATES_EVERY_MS = 60_000
"""Certificates are read again this often at most; a new one is in its place for years."""

log = structlog.get_logger("node")


def this_machine() -> World:
    """The world outside simulations."""
    return World(
        clock=SystemClock(),
        executor=lambda: ThreadPoolExecutor(VERIFY_THREADS, thread_name_prefix="verify"),
        links=links_of,
    )


@dataclass(slots=True)
class Node:
    """A composed node. `run` until cancelled; `ledger` is what the HTTP API reads and submits to."""

    config: NodeConfig
    """In force: `node.reload` puts another one in its place."""
    ledger: Ledger
    application: LedgerApplication
    driver: Driver
    transport: Links
    recount: Recount
    snapshots: Snapshots
    disk: Disk
    certificates: Remembered
    resources: ExitStack

    async def run(self) -> None:
        """Listen, connect, decide. Raises what ended the node."""
        host, port = await self.transport.listen()
        address = f"{host}:{port}\n".encode("ascii")
        write_new_file(self.disk, self.config.path("p2p.addr"), [address])
        log.info("listening", p2p=f"{host}:{port}", height=self.driver.tip.height, votes=self.driver.votes)
        links = asyncio.get_running_loop().create_task(self.transport.run())
        deciding = asyncio.get_running_loop().create_task(self.driver.run())
        try:
            await asyncio.wait((links, deciding), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.ledger.close_streams()
            for task in (deciding, links):
                task.cancel()
            ended = await asyncio.gather(deciding, links, return_exceptions=True)
            await self.recount.stop()
            await self.snapshots.stop()
        for outcome in ended:
            mark_if_damaged(self.config, outcome, self.disk)
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome

    def close(self) -> None:
        """Give back files and locks."""
        self.ledger.close_streams()
        self.resources.close()


async def start_node(config: NodeConfig) -> Node:
    """The node of this directory on this machine. Raises what `start` raises, and ConfigError."""
    return await start(config, read_identity(config), this_machine())


async def start(config: NodeConfig, identity: Identity, world: World) -> Node:
    """`build_node`; where the block log is damaged it is first repaired from the peers (node/repair.py), and
    meanwhile the node answers nothing and votes on nothing.

    Raises what `build_node` raises; LogDamageError says what was tried when a height could not be had.
    """
    try:
        return build_node(config, identity, world)
    except LogDamageError as error:
        log.critical("the block log is damaged: repairing it first", damage=error.damage.describe())
    path = config.path(BLOCKS)
    base = read_base(config, identity.genesis, world.disk)
    with closing(_open_blocks(config, identity, world, base, tolerate_damage=True)) as blocks:
        for damage in blocks.set_aside:
            log.critical("set aside a file of the block log", damage=damage.describe())
        for damage in blocks.restored:
            log.critical("put back what is known without a peer", damage=damage.describe())
        if blocks.damages:
            await repair_log(config, identity, blocks, world, base)
    log.warning("the block log is whole again", kept=str(quarantine_directory(path)))
    return build_node(config, identity, world)


def _open_blocks(
    config: NodeConfig,
    identity: Identity,
    world: World,
    base: Base | None,
    *,
    tolerate_damage: bool = False,
) -> BlockLog:
    return BlockLog.open(
        config.path(BLOCKS),
        identity.genesis_bytes,
        first_height=first_height(base),
        tolerate_damage=tolerate_damage,
        segment_bytes=world.segment_bytes,
        disk=world.disk,
    )


def make_snapshot(config: NodeConfig, identity: Identity, world: World) -> StoredSnapshot:
    """The snapshot of the last height of a stopped node, from its own files; the older ones beyond those that
    node.toml keeps go. Raises ConfigError, StorageError."""
    disk, parent = world.disk, config.path(SNAPSHOTS)
    with ExitStack() as resources:
        base = read_base(config, identity.genesis, disk)
        blocks = _open_blocks(config, identity, world, base)
        resources.callback(blocks.close)
        executor = world.executor()
        resources.callback(executor.shutdown, wait=False, cancel_futures=True)
        signatures = VerifiedSignatures(executor)
        application, _ = recover_state(config, blocks, identity.genesis, signatures, world, base, resources)
        remove_leftovers(disk, parent)
        if application.height in heights_in(disk, parent):
            return StoredSnapshot.open(disk, parent / str(application.height))
        frozen = application.frozen()
        resources.callback(frozen.close)
        made = create(disk, parent, frozen, blocks, identity.genesis_bytes, base)
        for old in heights_in(disk, parent)[: -config.snapshots.keep]:
            remove(disk, parent / str(old))
        return made


def build_node(config: NodeConfig, identity: Identity | None = None, world: World | None = None) -> Node:
    """Recover and compose; without `identity` and `world`, those of the directory on this machine.

    Raises ConfigError, StorageError, CorruptionError: each says what to do.
    """
    with ExitStack() as resources:
        node = _compose(config, identity or read_identity(config), world or this_machine(), resources)
        node.resources = resources.pop_all()
        return node


def _compose(config: NodeConfig, identity: Identity, world: World, resources: ExitStack) -> Node:
    genesis, key = identity.genesis, identity.key
    journal, fault = open_journal(config, key, world.disk)
    if journal is not None:
        resources.callback(journal.close)
    base = read_base(config, genesis, world.disk)
    blocks = _open_blocks(config, identity, world, base)
    resources.callback(blocks.close)
    if blocks.torn is not None:
        log.warning("cut an unsynced tail of the block log", file=str(blocks.torn.path))
    executor = world.executor()
    resources.callback(executor.shutdown, wait=False, cancel_futures=True)
    signatures = VerifiedSignatures(executor)
    application, tip = recover_state(config, blocks, genesis, signatures, world, base, resources)
    # what follows reads the state too; damage that it meets is met at every start
    resources.push(lambda _, error, __: mark_if_damaged(config, error, world.disk))
    if journal is None:
        journal = journal_of_new_key(config, key, application, world.disk)
        if journal is not None:
            resources.callback(journal.close)
    signer, fault = signer_of(key, journal, fault, application, blocks)
    clock, metrics, mempool = world.clock, NodeMetrics(), Mempool(config.mempool.limits())
    transport = world.links(config, identity, lambda: application.height)
    metrics.expose("peer_refusals", "Links refused or ended, by code.", "code", lambda: transport.refusals)
    metrics.expose(
        "peer_dropped", "Messages not sent because the peer did not keep up, by address.", "peer",
        lambda: {address.hex(): dropped for address, dropped in transport.dropped.items()},
    )  # fmt: skip
    recount = Recount(application.frozen, metrics)
    certificates = Remembered(lambda: certificate_ends(node.config), clock, CERTIFICATES_EVERY_MS)
    metrics.show(
        "certificate_end_seconds", "End of a TLS certificate, seconds since 1970.", "name", certificates
    )
    ledger = Ledger(
        base=base,
        name=config.name,
        network=config.network,
        application=application,
        blocks=blocks,
        mempool=mempool,
        signatures=signatures,
        clock=clock,
        metrics=metrics,
        certificates=certificates,
        broken_laws=lambda: recount.broken,
    )
    making = world.executor()
    resources.callback(making.shutdown, wait=False, cancel_futures=True)
    snapshots = Snapshots(
        directory=config.path(SNAPSHOTS),
        disk=world.disk,
        settings=config.snapshots,
        application=application,
        blocks=blocks,
        genesis_bytes=identity.genesis_bytes,
        base=base,
        transport=transport,
        clock=clock,
        executor=making,
    )
    driver = Driver(
        application=application,
        blocks=blocks,
        tip=tip,
        journal=journal if signer is not None else None,
        signer=signer,
        transport=transport,
        clock=clock,
        mempool=mempool,
        signatures=signatures,
        metrics=metrics,
        archive=VoteArchive(config.path(VOTES), world.disk),
        observers=(ledger, recount, snapshots),
        snapshots=snapshots,
        reserve=DiskReserve(free_space(config, world), config.disk.reserve_bytes),
        fault=fault,
    )
    ledger.attach(driver)
    snapshots.fail = driver.fail
    node = Node(
        config,
        ledger,
        application,
        driver,
        transport,
        recount,
        snapshots,
        world.disk,
        certificates,
        resources,
    )
    return node
