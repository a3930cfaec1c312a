"""One node: built from its directory, run until stopped.

Start-up is recovery: the block log is checked, the state brought up to it, the journal of own votes read, and
only then does the node speak.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chain.block import Block, Results
from chain.errors import ConfigError, CorruptionError, DecodeError, LedgerError, StorageError
from chain.genesis import Genesis
from chain.hashing import History
from chain.keys import SigningKey, verify
from chain.types import ZERO_HASH, Address, Height
from consensus.messages import LIMIT_BYTES
from consensus.records import HeightEnded, KeyRetired, decode_record, encode_record
from consensus.signer import Signer, journal_fault
from contracts.records import Collection
from network.certificates import certificate_der, fingerprint
from network.transport import PinnedPeer, Transport, TransportConfig
from node.application import LedgerApplication
from node.archive import VoteArchive
from node.assembly import Tip, execute_block
from node.config import NodeConfig
from node.config import Peer as PeerConfig
from node.driver import Driver
from node.history import grown, kept
from node.ledger import Ledger
from node.mempool import Mempool
from node.metrics import NodeMetrics
from node.ports import BlockStore
from node.recount import Recount
from node.repair import LogRepair
from node.secrets import read_password
from node.verified import VerifiedSignatures
from storage.blocks import BlockLog
from storage.journal import Journal
from storage.log_repair import quarantine_directory
from storage.log_scan import LogDamageError
from storage.state import LevelState

BLOCKS, STATE, JOURNAL, VOTES = "blocks", "state", "journal", "votes"
"""What a node keeps, each in a directory of its own beside node.toml."""

VERIFY_THREADS = 2
"""Signature verification leaves the interpreter's lock; more threads than cores of a small server do not
help."""

log = structlog.get_logger("node")


class SystemClock:
    """This machine's wall clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Node:
    """A composed node. `run` until cancelled; `ledger` is what the HTTP API reads and submits to."""

    config: NodeConfig
    ledger: Ledger
    driver: Driver
    transport: Transport
    recount: Recount
    resources: ExitStack

    async def run(self) -> None:
        """Listen, connect, decide. Raises what ended the node."""
        host, port = await self.transport.listen()
        self.config.path("p2p.addr").write_text(f"{host}:{port}\n", encoding="ascii")
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
        for outcome in ended:
            if isinstance(outcome, CorruptionError) and not isinstance(outcome, LogDamageError):
                _mark_damaged(self.config.path(STATE), outcome)
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome

    def close(self) -> None:
        """Give back files and locks."""
        self.ledger.close_streams()
        self.resources.close()


async def start_node(config: NodeConfig) -> Node:
    """`build_node`; where the block log is damaged it is first repaired from the peers (node/repair.py), and
    meanwhile the node answers nothing and votes on nothing.

    Raises what `build_node` raises; LogDamageError says what was tried when a height could not be had.
    """
    try:
        return build_node(config)
    except LogDamageError as error:
        log.critical("the block log is damaged: repairing it first", damage=error.damage.describe())
    genesis_bytes = _read_genesis(config)
    with closing(BlockLog.open(config.path(BLOCKS), genesis_bytes, tolerate_damage=True)) as blocks:
        for damage in blocks.restored:
            log.critical("put back what is known without a peer", damage=damage.describe())
        if blocks.damages:
            await _repair_log(config, Genesis.decode(genesis_bytes), blocks)
    log.warning("the block log is whole again", kept=str(quarantine_directory(config.path(BLOCKS))))
    return build_node(config)


def build_node(config: NodeConfig) -> Node:
    """Recover and compose. Raises ConfigError, StorageError, CorruptionError: each says what to do."""
    with ExitStack() as resources:
        node = _compose(config, resources)
        node.resources = resources.pop_all()
        return node


def _compose(config: NodeConfig, resources: ExitStack) -> Node:
    genesis_bytes = _read_genesis(config)
    genesis = Genesis.decode(genesis_bytes)
    key = _read_validator_key(config)
    journal, fault = _open_journal(config, key)
    if journal is not None:
        resources.callback(journal.close)
    blocks = BlockLog.open(config.path(BLOCKS), genesis_bytes)
    resources.callback(blocks.close)
    if blocks.torn is not None:
        log.warning("cut an unsynced tail of the block log", file=str(blocks.torn.path))
    executor = ThreadPoolExecutor(VERIFY_THREADS, thread_name_prefix="verify")
    resources.callback(executor.shutdown, wait=False, cancel_futures=True)
    signatures = VerifiedSignatures(executor)
    application, tip = _recover_state(config, blocks, genesis, signatures, resources)
    if journal is None:
        journal = _journal_of_new_key(config, key, application)
        if journal is not None:
            resources.callback(journal.close)
    signer = _signer(key, journal, fault, application)
    clock, metrics, mempool = SystemClock(), NodeMetrics(), Mempool(config.mempool.limits())
    transport = _transport(config, genesis, key, lambda: application.height)
    metrics.expose("peer_refusals", "Links refused or ended, by code.", "code", lambda: transport.refusals)
    metrics.expose(
        "peer_dropped", "Messages not sent because the peer did not keep up, by address.", "peer",
        lambda: {address.hex(): dropped for address, dropped in transport.dropped.items()},
    )  # fmt: skip
    ledger = Ledger(
        name=config.name,
        network=config.network,
        application=application,
        blocks=blocks,
        mempool=mempool,
        signatures=signatures,
        clock=clock,
        metrics=metrics,
    )
    recount = Recount(application.frozen, metrics)
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
        archive=VoteArchive(config.path(VOTES)),
        observers=(ledger, recount),
    )
    ledger.attach(driver)
    return Node(config, ledger, driver, transport, recount, resources)


# --- a damaged block log


async def _repair_log(config: NodeConfig, genesis: Genesis, blocks: BlockLog) -> None:
    """Put every damaged height back; once more with a state made anew when the state is found to be wrong."""
    path = config.path(STATE)
    if _damage_mark(path).exists():
        _move_aside(path, "it failed its checks when the node ran last")
    try:
        await _repair_over_state(config, genesis, blocks)
    except LogDamageError:
        raise
    except CorruptionError as error:
        _move_aside(path, str(error))
        await _repair_over_state(config, genesis, blocks)


async def _repair_over_state(config: NodeConfig, genesis: Genesis, blocks: BlockLog) -> None:
    with closing(LevelState.open(config.path(STATE))) as state:
        application = LedgerApplication(state, genesis, verify)
        key = _read_validator_key(config)
        transport = _transport(config, genesis, key, lambda: application.height)
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


# --- the state


def _recover_state(
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


def _mark_damaged(path: Path, error: CorruptionError) -> None:
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


# --- files of the operator


def _read_genesis(config: NodeConfig) -> bytes:
    path = config.path(config.genesis)
    try:
        data = path.read_bytes()
        found = Genesis.decode(data).chain_id.hex()
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; copy the genesis file that all members compared") from None
    except DecodeError as error:
        raise ConfigError(f"{path}: not a genesis file: {error}") from None
    if found != config.genesis_hash:
        raise ConfigError(
            f"{path} has hash {found}, node.toml says {config.genesis_hash}: another network's genesis"
        )
    return data


def _read_validator_key(config: NodeConfig) -> SigningKey | None:
    if config.validator_key is None:
        return None
    path = config.path(config.validator_key)
    password = read_password(config.path(config.password_file))
    try:
        private = load_pem_private_key(path.read_bytes(), password)
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; a node without a key says `validator_key` nowhere") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path}: wrong password, or not an encrypted PKCS#8 key: {error}", "KEY") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(f"{path}: not an Ed25519 key")
    return SigningKey(private)


def _open_journal(config: NodeConfig, key: SigningKey | None) -> tuple[Journal | None, str | None]:
    """The journal of this key's votes, or why there is none.

    A new one is made here only while there is no block log: the log comes after the journal, so a node that
    has one has also had a journal, and may have voted.
    """
    if key is None:
        return None, "this node has no validator key"
    path = _journal_path(config, key)
    try:
        if not path.exists() and not config.path(BLOCKS).exists():
            return Journal.create(path), None
        return Journal.open(path), None
    except StorageError as error:
        if error.code != "JOURNAL-MISSING" and not isinstance(error, CorruptionError):
            raise
        return None, str(error)


def _journal_path(config: NodeConfig, key: SigningKey) -> Path:
    """A new key begins a new journal; the old one keeps what the old key has said."""
    return config.path(JOURNAL) / key.address.hex()


def _journal_of_new_key(
    config: NodeConfig, key: SigningKey | None, application: LedgerApplication
) -> Journal | None:
    """A journal for a key that a ballot has yet to enrol: what the chain does not know has never voted."""
    if key is None or application.state.get(Collection.KEYS, key.address) is not None:
        return None
    path = _journal_path(config, key)
    if path.exists():
        return None
    journal = Journal.create(path)
    journal.append(encode_record(HeightEnded(Height(application.height))))
    return journal


def _signer(
    key: SigningKey | None, journal: Journal | None, fault: str | None, application: LedgerApplication
) -> Signer | None:
    """The guard of the key; None when what it has signed cannot be known. Then the node follows."""
    if key is None:
        return None
    if journal is not None:
        try:
            records = [decode_record(record) for record in journal.records()]
            fault = journal_fault(records, application.height)
            is_retired = any(isinstance(record, KeyRetired) for record in records)
            if fault is not None and not is_retired:
                journal.append(encode_record(KeyRetired(Height(application.height), fault)))
        except DecodeError as error:
            fault = f"the journal is damaged: {error}"
    if fault is not None:
        log.critical("this key will not vote", reason=fault)
        return None
    return Signer(key.address, key.sign)


def _transport(
    config: NodeConfig, genesis: Genesis, key: SigningKey | None, height: Callable[[], int]
) -> Transport:
    peers = tuple(
        PinnedPeer(Address(bytes.fromhex(peer.address)), peer_certificate(config, peer), peer.host, peer.port)
        for peer in config.peers
    )
    address = key.address if key is not None else ZERO_HASH
    return Transport(
        TransportConfig(
            address=Address(address),
            chain_id=genesis.chain_id,
            certificate_file=config.path(config.certificate),
            key_file=config.path(config.certificate_key),
            key_password=None,
            listen_host=config.p2p.host,
            listen_port=config.p2p.port,
            peers=peers,
            limits={int(kind): limit for kind, limit in LIMIT_BYTES.items()},
        ),
        height,
        Random(),
    )


def peer_certificate(config: NodeConfig, peer: PeerConfig) -> bytes:
    """DER of the certificate that a peer is pinned to. ConfigError when the file is not that one."""
    path = config.path("peers") / f"{peer.institution}.crt"
    try:
        certificate = certificate_der(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{path}: the certificate of peer {peer.institution} cannot be read: {error.strerror}"
        ) from None
    found = fingerprint(certificate).hex()
    if found != peer.certificate_sha256:
        raise ConfigError(
            f"{path} has SHA-256 {found}, node.toml pins {peer.certificate_sha256} for {peer.institution}: "
            "compare with that institution which one is theirs",
            "CERTIFICATE-PIN",
        )
    return certificate
