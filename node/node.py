"""One node: built from its directory, run until stopped.

Start-up is recovery: the block log is checked, the state brought up to it, the journal of own votes read, and
only then does the node speak.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chain.block import Block, Results
from chain.errors import ConfigError, CorruptionError, DecodeError, LedgerError, StorageError
from chain.genesis import Genesis
from chain.hashing import History
from chain.keys import SigningKey
from chain.types import ZERO_HASH, Address, Height
from consensus.messages import LIMIT_BYTES
from consensus.records import KeyRetired, decode_record, encode_record
from consensus.signer import Signer, journal_fault
from network.certificates import certificate_der, fingerprint
from network.transport import PinnedPeer, Transport, TransportConfig
from node.application import LedgerApplication
from node.assembly import Tip, execute_block
from node.config import NodeConfig
from node.config import Peer as PeerConfig
from node.driver import HISTORY, Driver
from node.ledger import Ledger
from node.mempool import Mempool
from node.metrics import NodeMetrics
from node.secrets import read_password
from node.verified import VerifiedSignatures
from storage.blocks import BlockLog
from storage.journal import Journal
from storage.state import LevelState

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
    blocks: BlockLog
    state: LevelState
    journal: Journal | None
    executor: ThreadPoolExecutor

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
            for task in (deciding, links):
                task.cancel()
            ended = await asyncio.gather(deciding, links, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome

    def close(self) -> None:
        """Give back files and locks."""
        self.ledger.close_streams()
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.state.close()
        self.blocks.close()
        if self.journal is not None:
            self.journal.close()


def build_node(config: NodeConfig) -> Node:
    """Recover and compose. Raises ConfigError, StorageError, CorruptionError: each says what to do."""
    genesis_bytes = _read_genesis(config)
    genesis = Genesis.decode(genesis_bytes)
    key = _read_validator_key(config)
    blocks = BlockLog.open(config.path("blocks"), genesis_bytes)
    if blocks.torn is not None:
        log.warning("cut an unsynced tail of the block log", file=str(blocks.torn.path))
    state = LevelState.open(config.path("state"))
    executor = ThreadPoolExecutor(VERIFY_THREADS, thread_name_prefix="verify")
    signatures = VerifiedSignatures(executor)
    clock = SystemClock()
    metrics = NodeMetrics()
    application = LedgerApplication(_matching(state, blocks), genesis, signatures)
    tip = bring_up(application, blocks, genesis)
    journal, signer = _open_journal(config, key, blocks.last_height)
    mempool = Mempool(config.mempool.limits())
    transport = _transport(config, genesis, key, lambda: application.height)
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
    driver = Driver(
        application=application,
        blocks=blocks,
        tip=tip,
        journal=journal,
        signer=signer,
        transport=transport,
        clock=clock,
        mempool=mempool,
        signatures=signatures,
        metrics=metrics,
        observers=(ledger,),
    )
    ledger.attach(driver)
    return Node(config, ledger, driver, transport, blocks, state, journal, executor)


def bring_up(application: LedgerApplication, blocks: BlockLog, genesis: Genesis) -> Tip:
    """Execute what the log has and the state lacks, each block against its own header; answer the tip."""
    history = _history(application, genesis)
    tip = Tip(application.height, genesis.chain_id, genesis.time_ms, None, history)
    if application.height:
        tip = _tip_at(blocks, application.height, history)
    for height in range(application.height + 1, blocks.last_height + 1):
        stored = blocks.read(height)
        block = Block.decode(stored.block)
        try:
            execution, tx_ids = execute_block(application, block)
        except LedgerError as error:
            raise CorruptionError(
                f"block {height} of the log does not execute as it did: {error}. The log passed its own checks, so "
                "another version of the rules or a damaged state is likely: compare this node's version with the "
                "others', then remove the directory state/ and start again"
            ) from error
        if Results(execution.outcomes, execution.changes).encode() != stored.results:
            raise CorruptionError(f"block {height}: the log's results are not what the block does")
        following = tip.history.append(block.block_id)
        application.apply(height, execution, tx_ids, {HISTORY: following.encode()})
        tip = tip.child(block, stored.certificate)
    return tip


def _history(application: LedgerApplication, genesis: Genesis) -> History:
    kept = application.extra(HISTORY)
    return History.start(genesis.chain_id) if kept is None else History.decode(kept)


def _tip_at(blocks: BlockLog, height: int, history: History) -> Tip:
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


def _open_journal(
    config: NodeConfig, key: SigningKey | None, last_height: int
) -> tuple[Journal | None, Signer | None]:
    """The journal and the guard of the key; no guard when the votes of this key cannot be known."""
    if key is None:
        return None, None
    path = config.path("journal") / "votes"
    try:
        journal = Journal.open(path) if path.exists() or last_height else Journal.create(path)
        records = [decode_record(record) for record in journal.records()]
    except (CorruptionError, DecodeError) as error:
        log.critical("this key will not vote: the journal is damaged", reason=str(error))
        return None, None
    except StorageError as error:
        if error.code != "JOURNAL-MISSING":
            raise
        log.critical("this key will not vote: the journal is missing", reason=str(error))
        return None, None
    fault = journal_fault(records, last_height)
    if fault is not None:
        log.critical("this key will not vote", reason=fault)
        if not any(isinstance(record, KeyRetired) for record in records):
            journal.append(encode_record(KeyRetired(Height(last_height), fault)))
        journal.close()
        return None, None
    return journal, Signer(key.address, key.sign)


def _transport(
    config: NodeConfig, genesis: Genesis, key: SigningKey | None, height: Callable[[], int]
) -> Transport:
    peers = tuple(
        PinnedPeer(
            Address(bytes.fromhex(peer.address)), _peer_certificate(config, peer), peer.host, peer.port
        )
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


def _peer_certificate(config: NodeConfig, peer: PeerConfig) -> bytes:
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
            f"{path} has SHA-256 {found}, node.toml pins {peer.certificate_sha256} for {peer.institution}: compare "
            "with that institution which one is theirs",
            "CERTIFICATE-PIN",
        )
    return certificate
