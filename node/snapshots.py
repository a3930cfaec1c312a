"""Snapshots as directories: made from a frozen state, checked, restored as the base a new node begins from.

A directory gets its name only when all of it is on disk (docs/formats.md, "Snapshots"). `base/` of a node is
one of them: what `genesis.eqg` is to a node that has every block, it is to one whose block log begins after
it, so it is kept as long as that log.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from chain.block import Block, BlockHeader, block_id_of
from chain.errors import ConfigError, CorruptionError, DecodeError, InvalidMessageError, StorageError
from chain.genesis import Genesis
from chain.hashing import History
from chain.set_chain import SET_STEP_BYTES, SetStep, TrustedSet
from chain.snapshot import (
    CHUNK_AIM_BYTES,
    ChunkDigest,
    SnapshotManifest,
    check_chunk_of,
    check_manifest,
)
from chain.types import Hash32, Height
from chain.validators import ValidatorSet
from consensus.records import HeightEnded, KeyRetired, decode_record, encode_record
from contracts.membership import validators_at
from node.application import FrozenState, StateAt
from node.assembly import Tip
from node.chunks import Fillable, Scratch, chunks, divide, fill
from node.config import NodeConfig
from node.history import at_size, begun
from node.opening import BLOCKS, STATE, journal_path
from node.ports import BlockStore
from node.world import Identity, World
from storage.disk import Disk
from storage.files import failing_as, sync_directory, write_new_file
from storage.journal import Journal

SNAPSHOTS, BASE = "snapshots", "base"
"""Directories beside node.toml."""

MANIFEST, GENESIS, STEPS = "manifest", "genesis", "steps"

STEPS_BYTES = 64 << 20
"""Read into memory at once: some thousand changes of a set of a hundred."""

MAKING, REMOVING, PARTS = ".making-", ".removing-", ".parts-"
"""Beginnings of names that a crash may leave; they go at the next start."""

_LENGTH = struct.Struct(">I")

Check = Callable[[], None]
"""Called now and then by long work; raises to end it."""


class SnapshotDamageError(CorruptionError):
    """A snapshot on this disk fails its checks."""

    default_code = "SNAPSHOT-DAMAGED"


def nothing() -> None:
    """Long work that nobody ends."""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """One snapshot directory. Every chunk is held to its size and SHA-256 when it is read."""

    disk: Disk
    directory: Path
    manifest: SnapshotManifest
    header: BlockHeader

    @classmethod
    def open(cls, disk: Disk, directory: Path) -> StoredSnapshot:
        """Raises SnapshotDamageError, StorageError."""
        path = directory / MANIFEST
        with failing_as("read", path):
            data = disk.read(path)
        try:
            manifest = SnapshotManifest.decode(data)
            return cls(disk, directory, manifest, BlockHeader.decode(manifest.header))
        except DecodeError as error:
            raise damaged(path, str(error)) from error

    @property
    def height(self) -> int:
        return self.header.height

    @property
    def block_id(self) -> Hash32:
        return block_id_of(self.manifest.header)

    def read_chunk(self, number: int) -> bytes:
        """Raises SnapshotDamageError, StorageError."""
        path = self.directory / chunk_name(number)
        digest = self.manifest.chunks[number]
        with failing_as("read", path):
            data = self.disk.read(path, 0, digest.size_bytes + 1)
        if ChunkDigest.of(data) != digest:
            raise damaged(path, "its bytes are not those that the manifest names")
        return data

    def chunks(self) -> Iterator[bytes]:
        return map(self.read_chunk, range(len(self.manifest.chunks)))

    def steps(self) -> tuple[SetStep, ...]:
        """The set chain below this height. Raises SnapshotDamageError, StorageError."""
        path = self.directory / STEPS
        with failing_as("read", path):
            data = self.disk.read(path, 0, STEPS_BYTES)
        steps, at = [], 0
        try:
            while at < len(data):
                (size,) = _LENGTH.unpack_from(data, at)
                at += _LENGTH.size
                if size > min(SET_STEP_BYTES, len(data) - at):
                    raise DecodeError(f"a step of {size} bytes at byte {at}")
                steps.append(SetStep.decode(data[at : at + size]))
                at += size
        except (DecodeError, struct.error) as error:
            raise damaged(path, str(error)) from error
        return tuple(steps)

    def genesis(self) -> Genesis:
        """The beginning of its chain. Raises SnapshotDamageError, StorageError."""
        path = self.directory / GENESIS
        with failing_as("read", path):
            data = self.disk.read(path)
        try:
            return Genesis.decode(data)
        except DecodeError as error:
            raise damaged(path, str(error)) from error

    def trusted(self, genesis: Genesis) -> History:
        """Header, certificate and history checked from the genesis on; the history that ends with this block.
        Raises SnapshotDamageError."""
        try:
            walked = TrustedSet.of_genesis(genesis).walk(self.steps())
            return check_manifest(self.manifest, walked)[1]
        except (DecodeError, InvalidMessageError) as error:
            raise damaged(self.directory, str(error)) from error

    def check(self, genesis: Genesis, progress: Callable[[int, int], None] = lambda done, all_: None) -> None:
        """Everything: who certified it, and each chunk against the state root. Raises SnapshotDamageError."""
        self.trusted(genesis)
        count = len(self.manifest.chunks)
        for number, data in enumerate(self.chunks()):
            try:
                check_chunk_of(data, number, self.manifest.bits, self.header.state_root)
            except (DecodeError, InvalidMessageError) as error:
                raise damaged(self.directory / chunk_name(number), str(error)) from error
            progress(number + 1, count)


def chunk_name(number: int) -> str:
    return f"chunk-{number:05d}"


def damaged(path: Path, what: str) -> SnapshotDamageError:
    return SnapshotDamageError(
        f"{path}: the snapshot fails its checks: {what}. Nothing was taken from it: take another copy, or "
        "ask the peers (eqz snapshot fetch)"
    )


# --- making


@dataclass(frozen=True, slots=True)
class Contents:
    """What a snapshot directory is written from; `chunks` are read once, one at a time."""

    header: bytes
    certificate: bytes
    history: bytes
    bits: int
    chunks: Iterable[bytes]
    steps: Iterable[SetStep]
    genesis: bytes


def write(disk: Disk, directory: Path, contents: Contents) -> None:
    """All files of a snapshot, synced, in a directory that may be there already; its name is not lasting."""
    with failing_as("create", directory):
        disk.make_directory(directory)
    digests = []
    for number, data in enumerate(contents.chunks):
        write_new_file(disk, directory / chunk_name(number), [data])
        digests.append(ChunkDigest.of(data))
    finish(disk, directory, contents, digests)


def finish(disk: Disk, directory: Path, contents: Contents, digests: Iterable[ChunkDigest]) -> None:
    """What stands beside chunks that are written already."""
    manifest = SnapshotManifest(
        contents.header, contents.certificate, contents.history, contents.bits, tuple(digests)
    )
    records = [step.encode() for step in contents.steps]
    write_new_file(disk, directory / GENESIS, [contents.genesis])
    write_new_file(disk, directory / STEPS, [_LENGTH.pack(len(one)) + one for one in records])
    write_new_file(disk, directory / MANIFEST, [manifest.encode()])
    sync_directory(disk, directory)


def place(disk: Disk, made: Path, target: Path) -> None:
    """The directory gets its name: from now on it is whole, and was not there before."""
    with failing_as("rename", made):
        disk.rename(made, target)
    sync_directory(disk, target.parent)


def remove(disk: Disk, directory: Path) -> None:
    """It loses its name first: a crash leaves no half of it under a name that is believed."""
    going = directory.with_name(REMOVING + directory.name.lstrip("."))
    with failing_as("remove", directory):
        if directory != going:
            disk.rename(directory, going)
            disk.sync_directory(directory.parent)
        for name in disk.names(going):
            disk.unlink(going / name)
        disk.remove_directory(going)


def remove_leftovers(disk: Disk, parent: Path) -> None:
    """What a crash left of a making or a removal."""
    if not disk.exists(parent):
        return
    for name in disk.names(parent):
        if name.startswith((MAKING, REMOVING, PARTS)):
            remove(disk, parent / name)


def create(
    disk: Disk,
    parent: Path,
    frozen: FrozenState,
    blocks: BlockStore,
    genesis_bytes: bytes,
    base: Base | None,
    check: Check = nothing,
    aim_bytes: int = CHUNK_AIM_BYTES,
) -> StoredSnapshot:
    """The snapshot `parent/<height>` of a frozen state, on any thread: nothing of the state is held but one
    part of it. Raises ConfigError when there is no block after the genesis or the base, StorageError."""
    height = frozen.height
    if not height or (base is not None and height <= base.height):
        raise ConfigError(
            "a snapshot is of a decided block, and this node has none of its own yet", "SNAPSHOT-EARLY"
        )
    stored = blocks.read(height)
    genesis = Genesis.decode(genesis_bytes)
    division = divide(frozen, aim_bytes, check)
    making, parts = parent / f"{MAKING}{height}", parent / f"{PARTS}{height}"
    with failing_as("create", parent):
        if not disk.exists(parent):
            disk.make_directory(parent)
            disk.sync_directory(parent.parent)
    contents = Contents(
        header=Block.decode(stored.block).header_bytes,
        certificate=stored.certificate,
        history=at_size(frozen.extra, genesis.chain_id, height).encode(),
        bits=division.bits,
        chunks=(chunk.encode() for chunk in chunks(frozen, division, Scratch(disk, parts), check)),
        steps=steps_to(
            height,
            lambda at: validators_at(StateAt(frozen, at - 1), at),
            lambda at: certified(blocks, at),
            base,
        ),
        genesis=genesis_bytes,
    )
    write(disk, making, contents)
    if disk.exists(parts):
        remove(disk, parts)
    place(disk, making, parent / str(height))
    return StoredSnapshot.open(disk, parent / str(height))


def certified(blocks: BlockStore, height: int) -> tuple[bytes, bytes]:
    """Header and certificate of a height of the log. Raises HeightNotHeldError, CorruptionError."""
    stored = blocks.read(height)
    return Block.decode(stored.block).header_bytes, stored.certificate


def steps_to(
    height: int,
    validators_then: Callable[[int], ValidatorSet],
    certified: Callable[[int], tuple[bytes, bytes]],
    base: Base | None,
) -> tuple[SetStep, ...]:
    """The set chain from the genesis to the set that votes on `height`. `certified` gives header and
    certificate of a height; those up to the base stand beside it."""
    steps: list[SetStep] = []
    validators = validators_then(height)
    while (at := validators.first_height - 1) > 0:
        if base is not None and at <= base.height:
            if at == base.height:
                steps.append(
                    SetStep(
                        base.stored.manifest.header, base.stored.manifest.certificate, validators.encode()
                    )
                )
            steps.extend(reversed(base.steps))
            break
        header, certificate = certified(at)
        steps.append(SetStep(header, certificate, validators.encode()))
        validators = validators_then(at)
    return tuple(reversed(steps))


def heights_in(disk: Disk, parent: Path) -> list[int]:
    """Heights of the snapshots there, rising."""
    if not disk.exists(parent):
        return []
    with failing_as("list", parent):
        return sorted(int(name) for name in disk.names(parent) if name.isdigit())


# --- the base of a node


@dataclass(frozen=True, slots=True)
class Base:
    """What a node began from instead of the genesis: its block log begins after it."""

    stored: StoredSnapshot
    before: History
    """Of the blocks before it."""
    steps: tuple[SetStep, ...]

    @property
    def height(self) -> int:
        return self.stored.height

    @property
    def state_root(self) -> Hash32:
        return self.stored.header.state_root

    def tip(self) -> Tip:
        """Its block, as the first block of the log needs it."""
        stored = self.stored
        return Tip(
            stored.height,
            stored.block_id,
            stored.header.time_ms,
            stored.manifest.certificate,
            self.before.append(stored.block_id),
        )

    def fill(self, state: Fillable) -> None:
        """The state after its block, into an empty one. Raises SnapshotDamageError, StorageError."""
        records = begun(self.before, self.stored.block_id)
        try:
            fill(state, self.height, self.state_root, self.stored.chunks(), records)
        except (DecodeError, InvalidMessageError, SnapshotDamageError) as error:
            raise _base_damaged(self.stored.directory, str(error)) from error


def read_base(config: NodeConfig, genesis: Genesis, disk: Disk) -> Base | None:
    """What the node of this directory began from; None: the genesis. Its certificate is checked anew each
    time. Raises SnapshotDamageError, StorageError."""
    directory = config.path(BASE)
    if not disk.exists(directory):
        return None
    try:
        stored = StoredSnapshot.open(disk, directory)
        stored.trusted(genesis)
        return Base(stored, History.decode(stored.manifest.history), stored.steps())
    except CorruptionError as error:
        raise _base_damaged(directory, str(error)) from error


def first_height(base: Base | None) -> int:
    """Of the block log of a node."""
    return 1 if base is None else base.height + 1


def _base_damaged(directory: Path, what: str) -> SnapshotDamageError:
    return SnapshotDamageError(
        f"{directory}: what this node began from fails its checks ({what}). Nothing is served. Move {BASE}, "
        f"{BLOCKS} and {STATE} aside and keep them, then take a new snapshot: eqz snapshot fetch"
    )


def check_new(config: NodeConfig, disk: Disk) -> None:
    """A snapshot goes where no chain is yet. Raises ConfigError."""
    for name in (BLOCKS, STATE, BASE):
        path = config.path(name)
        if disk.exists(path) and disk.names(path):
            raise ConfigError(
                f"{path} is there: a node begins from a snapshot only where it has neither blocks nor state. "
                f"Give a new directory, or move {BLOCKS}, {STATE} and {BASE} aside and keep them (eqz node "
                "recover does it)",
                "NODE-DIRECTORY",
            )


def begin_from(config: NodeConfig, identity: Identity, disk: Disk, made: Path, height: int) -> None:
    """A whole snapshot becomes what this node begins from. The journal first: were it behind the log, the key
    would be retired at the next start."""
    raise_journal(config, identity, height, disk)
    place(disk, made, config.path(BASE))


def raise_journal(config: NodeConfig, identity: Identity, height: int, disk: Disk) -> None:
    """Up to the end of `height`, if the journal is whole: nothing of these heights will be signed any more.
    One that is not there or damaged stays so: the key then does not vote. Raises StorageError LOCKED."""
    if identity.key is None:
        return
    try:
        journal = Journal.open(journal_path(config, identity.key.address), disk)
    except CorruptionError:
        return
    except StorageError as error:
        if error.code != "JOURNAL-MISSING":
            raise
        return
    ended = HeightEnded(Height(height))
    with closing(journal), suppress(DecodeError):
        records = [decode_record(record) for record in journal.records()]
        if all(isinstance(one, KeyRetired) or one.position < ended.position for one in records):
            journal.append(encode_record(ended))


@dataclass(frozen=True, slots=True)
class Restored:
    """Where a node begins."""

    height: int
    state_root: Hash32


def restore(
    directory: Path,
    config: NodeConfig,
    identity: Identity,
    world: World,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> Restored:
    """Check a copied snapshot directory wholly and let the node of `config` begin from it: blocks, state and
    base must not be there yet. Raises ConfigError, SnapshotDamageError, StorageError."""
    disk = world.disk
    check_new(config, disk)
    stored = StoredSnapshot.open(disk, directory)
    if stored.header.chain_id != identity.genesis.chain_id:
        raise ConfigError(
            f"{directory}: a snapshot of another network: its chain id is {stored.header.chain_id.hex()}, "
            f"this node's genesis gives {identity.genesis.chain_id.hex()}",
            "OTHER-NETWORK",
        )
    stored.check(identity.genesis, progress)
    made = config.path(f"{MAKING}{BASE}")
    remove_leftovers(disk, config.directory)
    manifest = stored.manifest
    write(
        disk,
        made,
        Contents(
            manifest.header, manifest.certificate, manifest.history, manifest.bits, stored.chunks(),
            stored.steps(), identity.genesis_bytes,
        ),
    )  # fmt: skip
    begin_from(config, identity, disk, made, stored.height)
    return Restored(stored.height, stored.header.state_root)
