"""What a node is given of the machine it runs on; a simulation gives another one to the same code."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from chain.genesis import Genesis
from chain.keys import SigningKey
from chain.types import ZERO_HASH, Address
from node.config import NodeConfig
from node.ports import Clock, Transport
from storage.blocks import SEGMENT_BYTES
from storage.database import OpenDatabase
from storage.disk import REAL_DISK, Disk
from storage.leveldb import LevelStore


class SystemClock:
    """This machine's wall clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the node is: the network it belongs to and the key it votes with; None: it only follows."""

    genesis_bytes: bytes
    genesis: Genesis
    key: SigningKey | None

    @property
    def address(self) -> Address:
        """By which peers know it; zero for a node without a key."""
        return Address(ZERO_HASH) if self.key is None else self.key.address


class Links(Transport, Protocol):
    """A transport with its own life (`network.transport.Transport`)."""

    @property
    def refusals(self) -> Mapping[str, int]:
        """Links refused or ended, by code."""

    @property
    def dropped(self) -> Mapping[Address, int]:
        """Messages not sent because the peer did not keep up."""

    async def listen(self) -> tuple[str, int]:
        """Bind; host and port."""

    async def run(self) -> None:
        """Accept and dial until cancelled."""


@dataclass(frozen=True, slots=True)
class World:
    """Clock, threads, links, disk, database. `links(config, identity, height)` makes the transport; `height`
    gives the last decided one for HELLO."""

    clock: Clock
    executor: Callable[[], Executor]
    links: Callable[[NodeConfig, Identity, Callable[[], int]], Links]
    disk: Disk = REAL_DISK
    open_database: OpenDatabase = LevelStore.open
    segment_bytes: int = SEGMENT_BYTES
    """Of the block log."""
