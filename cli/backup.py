"""`eqz backup`: what a node has, put aside, and proved to be enough to begin again from.

A journal is in none: an older one would let the key sign twice.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.amounts import instant_of
from cli.documents import Json
from cli.failures import Details, DifferencesError, InputError, NothingAcceptedError, VerificationError
from cli.output import emit_item
from cli.session import Session, global_options, pass_session

if TYPE_CHECKING:
    from chain.block import BlockHeader
    from cli.backup_files import Manifest, Member
    from node.config import NodeConfig
    from storage.log_scan import LogScan, Segment

_NODE = click.Path(exists=True, file_okay=False, path_type=Path)
_BACKUP = click.Path(exists=True, path_type=Path)

_TEXTS = {
    "keys": (
        "бұл көшірмеде түйіннің кілттері бар: кім оқыса, сол түйін атынан дауыс бере алады. Сейфте сақтаңыз; "
        "жұмыс істеп тұрған түйіннің қасында ешқашан іске қоспаңыз",
        "в этой копии ключи узла: кто её прочтёт, сможет голосовать от его имени. Храните её в сейфе; "
        "никогда не запускайте её рядом с работающим узлом",
        "this backup holds the node's keys: whoever reads it can vote as this node. Keep it in a safe; never "
        "start it beside the node that runs",
    ),
    "no-keys": (
        "кілттерсіз: қалпына келтірілген түйін жаңа кілтпен басталады (eqz node recover --new-key)",
        "без ключей: восстановленный узел начинает с новым ключом (eqz node recover --new-key)",
        "without keys: a node restored from it begins with a new one (eqz node recover --new-key)",
    ),
    "no-journal": (
        "көшірмеде дауыстар журналы болмайды: бұл кілт енді дауыс бермейді. Жаңа кілт: "
        "eqz node recover --new-key {directory}",
        "журнала голосов в копии не бывает: этот ключ больше не голосует. Новый ключ: "
        "eqz node recover --new-key {directory}",
        "a backup has no journal of votes, so this key votes no more. A new key: "
        "eqz node recover --new-key {directory}",
    ),
    "drilled": (
        "{height} биіктіктегі күй блоктар журналынан {seconds} с ішінде қайта жасалды, түбірі "
        "куәландырылғандай",
        "состояние на высоте {height} построено заново из журнала блоков за {seconds} с, корень — заверенный",
        "the state of height {height} was made anew from the block log in {seconds} s; its root is certified",
    ),
}


def _text(session: Session, name: str, **facts: object) -> str:
    return _TEXTS[name][("kk", "ru", "en").index(session.language)].format(**facts)


@click.group(name="backup", help="Backups of a node: create, verify, restore, drill.")
@global_options
def backup() -> None:
    """Settings, genesis, certificates, blocks and archived votes; never a journal."""


# --- create


@backup.command("create", help="Back the node in DIRECTORY up into TARGET; the node may run meanwhile.")
@click.argument("directory", type=_NODE)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--with-keys", is_flag=True, help="Also the keys of the node: keep such a backup in a safe.")
@global_options
@pass_session
def create(session: Session, directory: Path, target: Path, with_keys: bool) -> None:
    """TARGET ending with .tar becomes one file, any other a directory; neither may be there yet."""
    from cli.backup_files import TAR_END, directory_writer, tar_writer
    from storage.disk import REAL_DISK
    from storage.files import sync_directory, write_new_file

    if target.exists():
        raise InputError(f"{target} exists and is not overwritten", "FILE-EXISTS")
    source = _Source.of(directory)
    beside = target.with_name(f".{target.name}.part")
    _remove(beside)
    begun = time.monotonic()
    try:
        if target.suffix == ".tar":
            with beside.open("xb") as file:
                beside.chmod(0o600)
                writer = tar_writer(file)
                manifest = source.write(writer, with_keys=with_keys)
                file.write(TAR_END)
                file.flush()
                os.fsync(file.fileno())
        else:
            beside.mkdir(mode=0o700, parents=True)

            def write(path: Path, parts: Iterator[bytes]) -> None:
                write_new_file(REAL_DISK, path, parts)

            manifest = source.write(directory_writer(beside, write), with_keys=with_keys)
            for place in (*(one for one in beside.rglob("*") if one.is_dir()), beside):
                sync_directory(REAL_DISK, place)
        beside.rename(target)
        sync_directory(REAL_DISK, target.absolute().parent)
    finally:
        _remove(beside)
    session.say(_text(session, "keys" if with_keys else "no-keys"))
    item = {"backup": str(target), **_row(manifest), "seconds": _seconds(begun)}
    emit_item(session, "eqz.backup.created/1", item)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _seconds(begun: float) -> str:
    return f"{time.monotonic() - begun:.1f}"


def _row(manifest: Manifest) -> dict[str, Json]:
    facts = manifest.facts
    return {
        "network": facts["network"],
        "genesis": facts["genesis"],
        "node": facts["node"],
        "first_height": facts["first_height"],
        "height": facts["height"],
        "block_id": facts["block_id"],
        "state_root": facts["state_root"],
        "block_time": instant_of(facts["block_time_ms"]) if facts["block_time_ms"] else None,
        "with_keys": facts["with_keys"],
        "files": len(manifest.files),
        "size_bytes": sum(one.size for one in manifest.files),
    }


@dataclass(frozen=True, slots=True)
class _Source:
    """The node's directory as it is read: of the block log, the heights that were whole when it was walked.
    Segments only grow, so a prefix by heights is the same whenever its bytes are copied."""

    config: NodeConfig
    genesis: bytes
    first_height: int
    scan: LogScan

    @classmethod
    def of(cls, directory: Path) -> _Source:
        """Raises ConfigError, StorageError, LogDamageError: a damaged log is repaired before it is kept."""
        from chain.genesis import Genesis
        from chain.hashing import Tag, tagged_hash
        from node.config import NodeConfig
        from node.opening import BLOCKS, read_genesis
        from node.snapshots import first_height, read_base
        from storage.disk import REAL_DISK
        from storage.log_scan import LogDamageError, LogOrigin, scan_log

        config = NodeConfig.load(directory)
        genesis = read_genesis(config)
        first = first_height(read_base(config, Genesis.decode(genesis), REAL_DISK))
        if not config.path(BLOCKS).is_dir():
            raise InputError(
                f"{config.path(BLOCKS)} is not there: this node has no block yet", "BACKUP-EMPTY"
            )
        origin = LogOrigin(tagged_hash(Tag.GENESIS, genesis), genesis, first)
        scan = scan_log(REAL_DISK, config.path(BLOCKS), origin)
        found = [*scan.damages, *([scan.stray] if scan.stray is not None else ())]
        if found:
            raise LogDamageError(
                found[0], f"Nothing was backed up. Repair it first: eqz node recover {directory}"
            )
        if not scan.segments or scan.segments[-1].next_height <= first:
            raise InputError(f"{config.path(BLOCKS)}: there is no block in it yet", "BACKUP-EMPTY")
        return cls(config, genesis, first, scan)

    def write(self, writer: Any, *, with_keys: bool) -> Manifest:
        """Everything; the block log before the certificates of peers and the votes."""
        for segment in self.scan.segments:
            end = segment.starts[-1] + segment.sizes[-1]
            writer.add(f"blocks/{segment.path.name}", end, _prefix(segment.path, end))
        for path in self._files(with_keys):
            size = path.stat().st_size
            writer.add(path.relative_to(self.config.directory).as_posix(), size, _prefix(path, size))
        header = self._last_header()
        finished: Manifest = writer.finish(
            {
                "network": self.config.network,
                "genesis": self.config.genesis_hash,
                "node": self.config.name,
                "first_height": self.first_height,
                "height": int(header.height),
                "block_id": header.block_id.hex(),
                "state_root": header.state_root.hex(),
                "block_time_ms": header.time_ms,
                "with_keys": with_keys,
                "created_ms": time.time_ns() // 1_000_000,
            }
        )
        return finished

    def _files(self, with_keys: bool) -> Iterator[Path]:
        from cli.backup_files import is_backup_name
        from node.opening import VOTES
        from node.snapshots import BASE

        config = self.config
        names = ["node.toml", config.genesis, config.certificate, "part.json", "endpoint.json"]
        if with_keys:
            names += [config.certificate_key, config.password_file]
            names += [config.validator_key] if config.validator_key else []
        paths = [config.path(name) for name in dict.fromkeys(names)]
        for path in paths:
            if path.is_file() and not is_backup_name(path.relative_to(config.directory).as_posix()):
                raise InputError(
                    f"{path}: a file of this name cannot be backed up; node.toml names files beside itself",
                    "BACKUP-NAME",
                )
        for folder in ("peers", VOTES, BASE):
            if config.path(folder).is_dir():  # what else somebody put there is none of the node's
                found = sorted(config.path(folder).iterdir())
                paths += [one for one in found if is_backup_name(f"{folder}/{one.name}")]
        yield from (path for path in paths if path.is_file())

    def _last_header(self) -> BlockHeader:
        from chain.block import Block
        from storage.log_format import read_group

        segment: Segment = self.scan.segments[-1]
        start, size = segment.starts[-1], segment.sizes[-1]
        height = segment.next_height - 1
        with segment.path.open("rb") as file:
            file.seek(start)
            chain = self._chain_before(segment)
            records, _, _ = read_group(file, start, start + size, height, chain)
        return Block.decode(records.block).header

    def _chain_before(self, segment: Segment) -> bytes:
        from storage.log_format import CHAIN_BYTES, HEADER_CRC_BYTES

        gap = HEADER_CRC_BYTES if len(segment.starts) == 1 and segment.number > 1 else 0
        with segment.path.open("rb") as file:
            file.seek(segment.starts[-1] - gap - CHAIN_BYTES)
            return file.read(CHAIN_BYTES)


def _prefix(path: Path, size: int) -> Iterator[bytes]:
    """The first bytes of a file that may grow meanwhile."""
    from cli.backup_files import CHUNK_BYTES

    with path.open("rb") as file:
        left = size
        while left:
            part = file.read(min(left, CHUNK_BYTES))
            if not part:
                raise NothingAcceptedError(f"{path} became shorter while it was read; try again", "BACKUP")
            yield part
            left -= len(part)


# --- verify


@backup.command("verify", help="Check a backup wholly: every file, every block and every certificate.")
@click.argument("source", metavar="BACKUP", type=_BACKUP)
@click.option("--genesis", metavar="HASH", help="The network's; without it the one in the backup is shown.")
@global_options
@pass_session
def verify(session: Session, source: Path, genesis: str | None) -> None:
    """Blocks and certificates by the auditor's own code, which shares nothing with the node's."""
    begun = time.monotonic()
    with _unpacked(source) as (directory, manifest):
        checked = _check_chain(directory, manifest, genesis)
    emit_item(
        session,
        "eqz.backup.verified/1",
        {"backup": str(source), **_row(manifest), **checked, "seconds": _seconds(begun)},
    )


def _check_chain(directory: Path, manifest: Manifest, genesis: str | None) -> dict[str, Json]:
    """What was checked beside the files. Raises VerificationError."""
    from cli.backup_files import refuse

    if genesis is not None and manifest.facts["genesis"] != genesis:
        raise VerificationError(
            f"a backup of the network {manifest.facts['genesis']}, expected {genesis}", "GENESIS-HASH"
        )
    if manifest.facts["first_height"] != 1:
        rebuilt = _rebuild(directory)
        found: tuple[Any, ...] = (rebuilt.height, rebuilt.state_root.hex(), rebuilt.block_id.hex())
        checked: dict[str, Json] = {
            "transactions": rebuilt.transactions,
            "certificates": rebuilt.certificates,
        }
    else:
        from audit.chain import verify_chain
        from audit.failure import VerificationError as AuditError

        try:
            report = verify_chain(directory, bytes.fromhex(manifest.facts["genesis"]))
        except AuditError as error:
            raise refuse(directory, str(error)) from error
        found = (report.height, report.state_root.hex(), report.block_id.hex())
        checked = {"transactions": report.transactions, "signatures": report.signatures}
    if found != (manifest.height, manifest.facts["state_root"], manifest.facts["block_id"]):
        raise refuse(directory, f"its blocks end at {found}, its manifest says otherwise")
    return checked


@contextmanager
def _unpacked(source: Path) -> Iterator[tuple[Path, Manifest]]:
    """A backup in a temporary directory, every file held to its SHA-256; nothing stays behind."""
    with tempfile.TemporaryDirectory(prefix="eqz-backup-") as place:
        directory = Path(place) / "node"
        yield directory, _unpack(source, directory)


def _unpack(source: Path, directory: Path) -> Manifest:
    """Into a new directory. Raises VerificationError."""
    from cli.backup_files import check
    from storage.disk import REAL_DISK
    from storage.files import sync_directory, write_new_file

    directory.mkdir(mode=0o700)

    def take(member: Member) -> None:
        path = directory / member.name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_new_file(REAL_DISK, path, member.parts)

    manifest = check(source, take)
    for place in (*(one for one in directory.rglob("*") if one.is_dir()), directory):
        sync_directory(REAL_DISK, place)
    return manifest


# --- restore


@backup.command("restore", help="Begin the directory of a node anew from BACKUP.")
@click.argument("source", metavar="BACKUP", type=_BACKUP)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@global_options
@pass_session
def restore(session: Session, source: Path, directory: Path) -> None:
    """DIRECTORY is new or empty. All of it is there in the end, or nothing."""
    from storage.disk import REAL_DISK
    from storage.files import sync_directory

    if directory.exists() and any(directory.iterdir()):
        raise InputError(
            f"{directory} is not empty: nothing is restored over a node",
            "NODE-DIRECTORY",
            Details(remedy="give a new directory; what is there is mended with eqz node recover"),
        )
    made = directory.absolute().with_name(f".{directory.name}.restoring")
    _remove(made)
    try:
        manifest = _unpack(source, made)
        if directory.exists():
            directory.rmdir()
        made.rename(directory)
        sync_directory(REAL_DISK, directory.absolute().parent)
    finally:
        _remove(made)
    session.say(_text(session, "no-journal", directory=directory))
    emit_item(
        session,
        "eqz.backup.restored/1",
        {"backup": str(source), "directory": str(directory), **_row(manifest), "votes": False},
    )


# --- drill


@backup.command("drill", help="Prove that BACKUP is enough: rebuild the state from it, compare, clean up.")
@click.argument("source", metavar="BACKUP", type=_BACKUP)
@global_options
@pass_session
def drill(session: Session, source: Path) -> None:
    """With --node, also that a running node has the same block at that height. Nothing stays behind."""
    begun = time.monotonic()
    with _unpacked(source) as (directory, manifest):
        rebuilding = time.monotonic()
        rebuilt = _rebuild(directory, _teller(session))
        rebuilt_in = _seconds(rebuilding)
    wanted = (manifest.height, manifest.facts["state_root"], manifest.facts["block_id"])
    if (rebuilt.height, rebuilt.state_root.hex(), rebuilt.block_id.hex()) != wanted:
        raise VerificationError(
            f"{source}: rebuilt to height {rebuilt.height} with root {rebuilt.state_root.hex()}; its "
            f"manifest says {wanted[0]}, {wanted[1]}",
            "BACKUP",
        )
    compared: list[Json] = [_compare(session, url, rebuilt.height, wanted[2]) for url in session.nodes_given]
    session.say(_text(session, "drilled", height=rebuilt.height, seconds=rebuilt_in))
    emit_item(
        session,
        "eqz.backup.drill/1",
        {
            "backup": str(source),
            **_row(manifest),
            "transactions": rebuilt.transactions,
            "certificates": rebuilt.certificates,
            "compared_with": compared,
            "rebuild_seconds": rebuilt_in,
            "seconds": _seconds(begun),
        },
    )


def _compare(session: Session, url: str, height: int, block_id: str) -> str:
    """A block id covers the state root and everything before. Raises DifferencesError."""
    from cli.client import connected

    with connected((url,)) as client:
        found = client.get(f"/v1/blocks/{height}")
    if found["block_id"] != block_id:
        raise DifferencesError(
            f"{url} has block {found['block_id']} at height {height}, the backup {block_id}",
            details=Details(
                remedy="one of the two is of another network, or damaged: run eqz-verify chain on both"
            ),
        )
    return url


def _teller(session: Session) -> Callable[[int, int], None]:
    """A line every tenth."""
    told = [0]

    def tell(height: int, last: int) -> None:
        if 10 * height // last > told[0]:
            told[0] = 10 * height // last
            session.detail(f"{height} / {last}")

    return tell


def _rebuild(directory: Path, progress: Callable[[int, int], None] = lambda height, last: None) -> Any:
    from node.config import NodeConfig
    from node.rebuilding import rebuild

    return rebuild(NodeConfig.load(directory), progress)


COMMANDS: dict[str, click.Command] = {"backup": backup}
