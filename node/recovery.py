"""State and block log at the start: brought up to each other, made anew, or put back from the peers."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import structlog

from chain.block import Block, Results
from chain.errors import CorruptionError, LedgerError
from chain.genesis import Genesis
from chain.hashing import History
from chain.keys import verify
from chain.types import Address
from node.application import LedgerApplication
from node.assembly import Tip, execute_block
from node.config import NodeConfig
from node.history import grown, kept
from node.opening import STATE
from node.ports import BlockStore
from node.repair import LogRepair
from node.verified import VerifiedSignatures
from node.world import Identity, World
from storage.blocks import BlockLog
from storage.log_scan import LogDamageError
from storage.state import LevelState

log = structlog.get_logger("node")


def recover_state(
    config: NodeConfig,
    blocks: BlockLog,
    genesis: Genesis,
    signatures: VerifiedSignatures,
    resources: ExitStack,
) -> tuple[LedgerApplication, Tip]:
    """The state at the log's last height. One that fails its checks is moved aside, never served and never
    believed, and a new one is made from the block log; damage of the log itself is raised."""
    path = config.path(STATE)
    if _damage_mark(path).exists():
        _move_aside(path, "it failed its checks when the node ran last")
    try:
        state, application, tip = _opened(path, blocks, genesis, signatures)
    except LogDamageError:
        raise
    except CorruptionError as error:
        _move_aside(path, str(error))
        state, application, tip = _opened(path, blocks, genesis, signatures)
    resources.callback(state.close)
    return application, tip


def _opened(
    path: Path, blocks: BlockLog, genesis: Genesis, signatures: VerifiedSignatures
) -> tuple[LevelState, LedgerApplication, Tip]:
    state = LevelState.open(path)
    try:
        application = LedgerApplication(_matching(state, blocks), genesis, signatures)
        return state, application, bring_up(application, blocks, genesis)
    except LedgerError:
        state.close()
        raise


def mark_damaged(path: Path, error: CorruptionError) -> None:
    """So that the next start does not fail in the same place again and again."""
    _damage_mark(path).write_text(f"{error}\n", encoding="utf-8")
    log.critical("the state will be rebuilt at the next start", reason=str(error))


def _damage_mark(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


def _move_aside(path: Path, reason: str) -> None:
    """Keep the damaged database for whoever looks into it, under the first free number."""
    places = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside = next(place for place in places if not place.exists())
    if path.exists():
        path.rename(aside)
    _damage_mark(path).unlink(missing_ok=True)
    log.critical("the state is damaged: rebuilding it from the block log", kept=str(aside), reason=reason)


def bring_up(
    application: LedgerApplication, blocks: BlockStore, genesis: Genesis, last_height: int | None = None
) -> Tip:
    """Execute what the log has (up to `last_height`) and the state lacks, each block against its own header;
    answer the tip.

    Raises CorruptionError when log and state contradict each other.
    """
    history = kept(application.extra, genesis.chain_id, application.height)
    tip = Tip(application.height, genesis.chain_id, genesis.time_ms, None, history)
    if application.height:
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


def _matching(state: LevelState, blocks: BlockLog) -> LevelState:
    """The state, emptied when it cannot belong to this log; it is then rebuilt from the log."""
    height = state.height
    if not height:
        return state
    if height > blocks.last_height:
        log.warning("state is ahead of the block log: rebuilding it", state=height, log=blocks.last_height)
        state.wipe()
    elif Block.decode(blocks.read(height).block).header.state_root != state.state_root:
        log.warning("state root is not the one of its block: rebuilding the state", height=height)
        state.wipe()
    return state


# --- a damaged block log


async def repair_log(config: NodeConfig, identity: Identity, blocks: BlockLog, world: World) -> None:
    """Put every damaged height back; once more with a state made anew when the state is found to be wrong."""
    path = config.path(STATE)
    if _damage_mark(path).exists():
        _move_aside(path, "it failed its checks when the node ran last")
    try:
        await _repair_over_state(config, identity, blocks, world)
    except LogDamageError:
        raise
    except CorruptionError as error:
        _move_aside(path, str(error))
        await _repair_over_state(config, identity, blocks, world)


async def _repair_over_state(config: NodeConfig, identity: Identity, blocks: BlockLog, world: World) -> None:
    genesis = identity.genesis
    with closing(LevelState.open(config.path(STATE))) as state:
        application = LedgerApplication(state, genesis, verify)
        transport = world.links(config, identity, lambda: application.height)
        repair = LogRepair(
            blocks=blocks,
            state=state,
            chain_id=genesis.chain_id,
            transport=transport,
            bring_up=lambda height: bring_up(application, blocks, genesis, height),
            patience_seconds=config.log_repair_seconds,
            names={Address(bytes.fromhex(peer.address)): peer.institution for peer in config.peers},
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
