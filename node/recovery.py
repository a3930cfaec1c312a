"""State and block log at the start: brought up to each other, made anew, or put back from the peers."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import structlog

from chain.block import Block, Results
from chain.errors import CorruptionError, LedgerError, StorageError
from chain.genesis import Genesis
from chain.hashing import History
from chain.keys import verify
from chain.types import Address, Hash32
from node.application import LedgerApplication
from node.assembly import Tip, execute_block
from node.config import NodeConfig
from node.history import grown, kept
from node.opening import STATE
from node.ports import BlockStore
from node.repair import LogRepair
from node.snapshots import Base, SnapshotDamageError
from node.verified import VerifiedSignatures
from node.world import Identity, World
from storage.blocks import BlockLog
from storage.disk import REAL_DISK, Disk
from storage.files import failing_as, sync_directory, write_new_file
from storage.log_scan import LogDamageError
from storage.state import LevelState

log = structlog.get_logger("node")


def recover_state(
    config: NodeConfig,
    blocks: BlockLog,
    genesis: Genesis,
    signatures: VerifiedSignatures,
    world: World,
    base: Base | None,
    resources: ExitStack,
) -> tuple[LedgerApplication, Tip]:
    """The state at the log's last height. One that fails its checks is moved aside, never served and never
    believed, and a new one is made from the block log; damage of the log itself is raised."""
    path = config.path(STATE)
    if is_marked(config, world.disk):
        move_state_aside(config, "it failed its checks when the node ran last", world.disk)
    try:
        state, application, tip = _opened(path, blocks, genesis, signatures, world, base)
    except (LogDamageError, SnapshotDamageError):
        raise
    except CorruptionError as error:
        move_state_aside(config, str(error), world.disk)
        state, application, tip = _opened(path, blocks, genesis, signatures, world, base)
    resources.callback(state.close)
    return application, tip


def _opened(
    path: Path,
    blocks: BlockLog,
    genesis: Genesis,
    signatures: VerifiedSignatures,
    world: World,
    base: Base | None,
) -> tuple[LevelState, LedgerApplication, Tip]:
    state = LevelState.open(path, world.open_database)
    try:
        _match(state, blocks, base)
        application = LedgerApplication(state, genesis, signatures)
        return state, application, bring_up(application, blocks, genesis, base=base)
    except LedgerError:
        state.close()
        raise


def mark_if_damaged(config: NodeConfig, error: BaseException | None, disk: Disk = REAL_DISK) -> None:
    """Where this is damage of the state: so that the next start does not fail in the same place again and
    again. A mark that cannot be written hides nothing: the damage itself is what ends the node."""
    if not isinstance(error, CorruptionError) or isinstance(error, LogDamageError):
        return
    mark = _damage_mark(config)
    try:
        write_new_file(disk, mark, [f"{error}\n".encode()])
        sync_directory(disk, mark.parent)
    except StorageError as unwritten:
        log.critical("the state is damaged, and no mark could be left of it", reason=str(unwritten))
    else:
        log.critical("the state will be rebuilt at the next start", reason=str(error))


def is_marked(config: NodeConfig, disk: Disk = REAL_DISK) -> bool:
    """Whether the state failed its checks when the node ran last."""
    return disk.exists(_damage_mark(config))


def _damage_mark(config: NodeConfig) -> Path:
    return config.path(STATE + ".damaged")


def move_state_aside(config: NodeConfig, reason: str, disk: Disk = REAL_DISK) -> Path | None:
    """Keep the database for whoever looks into it, under the first free number; where it lies now."""
    aside = move_aside(config.path(STATE), disk)
    mark = _damage_mark(config)
    if disk.exists(mark):
        with failing_as("remove", mark):
            disk.unlink(mark)
        sync_directory(disk, mark.parent)
    log.critical("the state is damaged: rebuilding it from the block log", kept=str(aside), reason=reason)
    return aside


def move_aside(path: Path, disk: Disk = REAL_DISK) -> Path | None:
    """Nothing is deleted: the file or directory gets the first free name NAME.damaged-N, durably; None when
    it is not there."""
    if not disk.exists(path):
        return None
    places = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside = next(place for place in places if not disk.exists(place))
    with failing_as("move aside", path):
        disk.rename(path, aside)
    sync_directory(disk, path.parent)
    return aside


def bring_up(
    application: LedgerApplication,
    blocks: BlockStore,
    genesis: Genesis,
    last_height: int | None = None,
    *,
    base: Base | None = None,
) -> Tip:
    """Execute what the log has (up to `last_height`) and the state lacks, each block against its own header;
    answer the tip. `base`: what the log begins after, when not after the genesis.

    Raises CorruptionError when log and state contradict each other.
    """
    history = kept(application.extra, genesis.chain_id, application.height)
    tip = Tip(application.height, genesis.chain_id, genesis.time_ms, None, history)
    if base is not None and application.height == base.height:
        tip = base.tip()
    elif application.height:
        tip = _tip_at(blocks, application.height, history)
    last_height = blocks.last_height if last_height is None else last_height
    for height in range(application.height + 1, last_height + 1):
        stored = blocks.read(height)
        block = Block.decode(stored.block)
        try:
            executed = execute_block(application, block)
        except CorruptionError:
            raise
        except LedgerError as error:
            raise CorruptionError(
                f"block {height} of the log does not execute as it did: {error}. The log passed its own "
                "checks, so another version of the rules is likely: compare this node's version with the "
                "others'"
            ) from error
        execution = executed.execution
        if Results(execution.outcomes, execution.changes).encode() != stored.results:
            raise CorruptionError(f"block {height}: the log's results are not what the block does")
        _, history_records = grown(tip.history, block.block_id)
        tx_ids = [signed.tx_id for signed in executed.transactions]
        application.apply(height, execution, tx_ids, history_records)
        tip = tip.child(block, stored.certificate)
    return tip


def _tip_at(blocks: BlockStore, height: int, history: History) -> Tip:
    stored = blocks.read(height)
    header = Block.decode(stored.block).header
    return Tip(height, header.block_id, header.time_ms, stored.certificate, history)


def _match(state: LevelState, blocks: BlockLog, base: Base | None) -> None:
    """A state that cannot belong to this log is emptied, to be rebuilt from the log; an empty one begins
    where the log does."""
    height = state.height
    if state.is_half_filled:
        log.warning("the state was not whole when the node ran last: filling it from the snapshot again")
        state.wipe()
    elif height and height > blocks.last_height:
        log.warning("state is ahead of the block log: rebuilding it", state=height, log=blocks.last_height)
        state.wipe()
    elif height and _root_at(height, blocks, base) != state.state_root:
        log.warning("state root is not the one of its block: rebuilding the state", height=height)
        state.wipe()
    elif height == 0 and base is not None:
        state.wipe()
    if base is not None and state.height is None:
        log.info("filling the state from the snapshot this node began from", height=base.height)
        base.fill(state)


def _root_at(height: int, blocks: BlockLog, base: Base | None) -> Hash32 | None:
    """The state root after a height; None: it lies before what this node began from."""
    if base is not None and height <= base.height:
        return base.state_root if height == base.height else None
    return Block.decode(blocks.read(height).block).header.state_root


# --- a damaged block log


async def repair_log(
    config: NodeConfig, identity: Identity, blocks: BlockLog, world: World, base: Base | None
) -> None:
    """Put every damaged height back; once more with a state made anew when the state is found to be wrong."""
    if is_marked(config, world.disk):
        move_state_aside(config, "it failed its checks when the node ran last", world.disk)
    try:
        await _repair_over_state(config, identity, blocks, world, base)
    except (LogDamageError, SnapshotDamageError):
        raise
    except CorruptionError as error:
        move_state_aside(config, str(error), world.disk)
        await _repair_over_state(config, identity, blocks, world, base)


async def _repair_over_state(
    config: NodeConfig, identity: Identity, blocks: BlockLog, world: World, base: Base | None
) -> None:
    genesis = identity.genesis
    with closing(LevelState.open(config.path(STATE), world.open_database)) as state:
        if state.is_half_filled:
            state.wipe()
        if base is not None and (state.height or 0) < base.height:
            state.wipe()
            base.fill(state)
        application = LedgerApplication(state, genesis, verify)
        last = blocks.damages[-1]
        if state.height == last.first_height - 1 and blocks.set_end_aside() is not None:
            log.critical("set aside the end of the block log: nobody was told of it", damage=last.describe())
            if not blocks.damages:
                return
        transport = world.links(config, identity, lambda: application.height)
        repair = LogRepair(
            blocks=blocks,
            state=state,
            chain_id=genesis.chain_id,
            transport=transport,
            bring_up=lambda height: bring_up(application, blocks, genesis, height, base=base),
            patience_seconds=config.log_repair_seconds,
            names={
                Address(bytes.fromhex(address)): peer.institution
                for peer in config.peers
                for address in peer.addresses
            },
        )
        host, port = await transport.listen()
        log.info("listening for the repair of the block log only", p2p=f"{host}:{port}")
        links = asyncio.get_running_loop().create_task(transport.run())
        repairing = asyncio.get_running_loop().create_task(repair.run())
        try:
            await asyncio.wait((links, repairing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (repairing, links):
                task.cancel()
            ended = await asyncio.gather(repairing, links, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome
