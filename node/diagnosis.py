"""What is found in the directory of a stopped node, before anything of it is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from chain.block import Block
from chain.errors import CorruptionError, DecodeError, LedgerError, StorageError
from chain.genesis import Genesis
from chain.hashing import Tag, tagged_hash
from consensus.records import KeyRetired, decode_record
from consensus.signer import journal_fault
from node.config import NodeConfig
from node.opening import BLOCKS, JOURNAL, STATE, open_journal
from node.recovery import is_marked
from node.snapshots import Base, first_height, read_base
from node.world import Identity, World
from storage.errors import HeightNotHeldError
from storage.files import lock_directory
from storage.log_format import CHAIN_BYTES, HEADER_CRC_BYTES, Fault, read_group
from storage.log_repair import repair_directory
from storage.log_scan import Damage, LogOrigin, LogScan, scan_log
from storage.state import LevelState


@dataclass(frozen=True, slots=True)
class Found:
    """One thing, by code; `facts` fill its text."""

    code: str
    facts: dict[str, str]

    @property
    def is_well(self) -> bool:
        return self.code in _WELL


_WELL = ("LOG-WHOLE", "STATE-WHOLE", "VOTES-WHOLE", "VOTES-NO-KEY", "BASE")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """In the order in which a start looks: base, log, state, journal."""

    found: tuple[Found, ...]
    last_height: int
    """Of the block log; 0 when there is none."""
    damages: tuple[Damage, ...]

    def has(self, *codes: str) -> bool:
        return any(one.code in codes for one in self.found)


def diagnose(config: NodeConfig, identity: Identity, world: World) -> Diagnosis:
    """Look at everything under the locks of a running node. Raises StorageError LOCKED when one has them;
    damage is an answer, not an error."""
    found: list[Found] = []
    base: Base | None = None
    try:
        base = read_base(config, identity.genesis, world.disk)
        if base is not None:
            found.append(Found("BASE", {"height": str(base.height)}))
    except CorruptionError as error:
        found.append(Found("BASE-DAMAGED", {"detail": str(error)}))
    scan = _scan(config, identity, world, base)
    found += _of_log(config, scan, world)
    last = scan.segments[-1].next_height - 1 if scan is not None and scan.segments else 0
    found.append(_of_state(config, scan, last, base, world))
    found.append(_of_votes(config, identity, last, world))
    damages = () if scan is None else (*scan.damages, *([scan.stray] if scan.stray is not None else ()))
    return Diagnosis(tuple(found), last, damages)


def _scan(config: NodeConfig, identity: Identity, world: World, base: Base | None) -> LogScan | None:
    path = config.path(BLOCKS)
    if not world.disk.exists(path):
        return None
    data = identity.genesis_bytes
    origin = LogOrigin(tagged_hash(Tag.GENESIS, data), data, first_height(base))
    with closing(lock_directory(world.disk, path, "writes this block log")):
        return scan_log(world.disk, path, origin)


def _of_log(config: NodeConfig, scan: LogScan | None, world: World) -> Iterator[Found]:
    if world.disk.exists(repair_directory(config.path(BLOCKS))):
        yield Found("LOG-REPAIR-BEGUN", {})
    if scan is None or (not scan.segments and scan.stray is None):
        yield Found("LOG-ABSENT", {})
        return
    if scan.torn is not None:
        yield Found("LOG-TORN", {"file": scan.torn.path.name, "bytes": str(scan.torn.cut_bytes)})
    for damage in (*scan.damages, *([scan.stray] if scan.stray is not None else ())):
        yield Found("LOG-DAMAGED", {"detail": damage.describe()})
    if not scan.damages and scan.stray is None:
        first, last = scan.segments[0].first_height, scan.segments[-1].next_height - 1
        yield Found("LOG-WHOLE", {"first": str(first), "last": str(last)})


def _of_state(config: NodeConfig, scan: LogScan | None, last: int, base: Base | None, world: World) -> Found:
    path = config.path(STATE)
    if is_marked(config, world.disk):
        return Found("STATE-MARKED", {})
    if not world.disk.exists(path):
        return Found("STATE-ABSENT", {})
    try:
        with closing(LevelState.open(path, world.open_database)) as state:
            height, root = state.height, state.state_root
            if height is None or root is None or state.is_half_filled:
                return Found("STATE-ABSENT", {})
    except StorageError as error:
        if error.code == "LOCKED":
            raise
        return Found("STATE-DAMAGED", {"detail": str(error)})
    facts = {"height": str(height), "root": root.hex()}
    if height > last and not (base is not None and height == base.height):
        return Found("STATE-AHEAD", {**facts, "last": str(last)})
    known = None if scan is None or not height else _root_at(scan, height)
    if known is not None and known != root:
        return Found("STATE-OTHER", facts)
    return Found("STATE-WHOLE", facts)


def _root_at(scan: LogScan, height: int) -> bytes | None:
    """The state root that the block log names; None when it cannot be read there."""
    segment = next((one for one in scan.segments if one.first_height <= height < one.next_height), None)
    if segment is None:
        return None
    position = height - segment.first_height
    start, size = segment.starts[position], segment.sizes[position]
    if not size:
        return None
    gap = HEADER_CRC_BYTES if position == 0 and segment.number > 1 else 0
    try:
        with segment.path.open("rb") as file:
            file.seek(start - gap - CHAIN_BYTES)
            chain = file.read(CHAIN_BYTES)
            file.seek(start)
            records, _, _ = read_group(file, start, start + size, height, chain)
            return Block.decode(records.block).header.state_root
    except (Fault, OSError, LedgerError, HeightNotHeldError):
        return None


def _of_votes(config: NodeConfig, identity: Identity, last: int, world: World) -> Found:
    if identity.key is None:
        return Found("VOTES-NO-KEY", {})
    address = {"address": identity.address.hex()}
    journal, fault = open_journal(config, identity.key, world.disk)
    if journal is None:
        is_there = world.disk.exists(config.path(JOURNAL) / identity.address.hex())
        return Found("VOTES-DAMAGED" if is_there else "VOTES-MISSING", {**address, "detail": fault or ""})
    with closing(journal):
        try:
            records = [decode_record(record) for record in journal.records()]
        except DecodeError as error:
            return Found("VOTES-DAMAGED", {**address, "detail": str(error)})
    retired = next((one.reason for one in records if isinstance(one, KeyRetired)), None)
    if retired is not None:
        return Found("VOTES-RETIRED", {**address, "detail": retired})
    behind = journal_fault(records, last) if records else None
    if behind is not None:
        return Found("VOTES-BEHIND", {**address, "detail": behind})
    height = max((record.height for record in records), default=0)
    return Found("VOTES-WHOLE", {**address, "height": str(height)})


def genesis_only(data: bytes) -> Identity:
    """Of a node whose key cannot be opened any more: it follows."""
    return Identity(data, Genesis.decode(data), None)
