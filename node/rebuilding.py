"""The state of a node made anew from its block log alone, beside whatever state is there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chain.block import Block
from chain.certificate import CommitCertificate, verify_certificate
from chain.errors import CorruptionError, InvalidMessageError
from chain.genesis import Genesis
from chain.keys import verify
from chain.types import Hash32
from node.application import LedgerApplication
from node.config import NodeConfig
from node.opening import BLOCKS, read_genesis
from node.recovery import bring_up
from node.snapshots import first_height, read_base
from storage.blocks import BlockLog
from storage.disk import REAL_DISK
from storage.state import LevelState


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Where the log leads: every block executed, every certificate verified by the set that its own chain
    gives."""

    height: int
    block_id: Hash32
    state_root: Hash32
    transactions: int
    certificates: int


def rebuild(
    config: NodeConfig,
    progress: Callable[[int, int], None] = lambda height, last: None,
    *,
    keep_in: Path | None = None,
) -> Rebuilt:
    """Execute the whole log of a stopped node into an empty state: a temporary one, or the directory
    `keep_in`. Raises LogDamageError, CorruptionError, StorageError, ConfigError."""
    if keep_in is not None:
        return _rebuild(config, keep_in, progress)
    with tempfile.TemporaryDirectory(prefix="eqz-state-") as place:
        return _rebuild(config, Path(place) / "state", progress)


def _rebuild(config: NodeConfig, place: Path, progress: Callable[[int, int], None]) -> Rebuilt:
    genesis_bytes = read_genesis(config)
    genesis = Genesis.decode(genesis_bytes)
    base = read_base(config, genesis, REAL_DISK)
    opened = BlockLog.open(config.path(BLOCKS), genesis_bytes, first_height=first_height(base))
    with closing(opened) as blocks, closing(LevelState.open(place)) as state:
        if base is not None:
            base.fill(state)
        application = LedgerApplication(state, genesis, verify)
        certificates = transactions = 0
        block_id = genesis.chain_id if base is None else base.stored.block_id
        for height in range(blocks.first_height, blocks.last_height + 1):
            stored = blocks.read(height)
            block = Block.decode(stored.block)
            certificate = CommitCertificate.decode(stored.certificate)
            if (certificate.height, certificate.block_id) != (height, block.block_id):
                raise CorruptionError(f"block {height}: its certificate is of another block")
            try:
                verify_certificate(certificate, application.validators_at(height), genesis.chain_id)
            except InvalidMessageError as error:
                raise CorruptionError(f"block {height}: its certificate proves nothing: {error}") from error
            bring_up(application, blocks, genesis, height, base=base)
            block_id = block.block_id
            certificates += 1
            transactions += len(block.transactions)
            progress(height, blocks.last_height)
        return Rebuilt(application.height, block_id, application.state_root, transactions, certificates)
