"""A backup as files: a directory, or one tar of plain files, and what may stand in it.

Both are read as if a stranger had made them. Only names that a backup has are taken, each once; of a tar only
plain headers of POSIX ustar: no link, no device, no extension, no compression, so that what is unpacked is
never more than what is there.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from chain.errors import LedgerError
from cli.documents import as_object, parse_json
from cli.failures import Details, InputError, VerificationError

SCHEMA = "eqz.backup/1"
MANIFEST = "manifest.json"

MANIFEST_BYTES = 32 << 20
"""Some 200 bytes a file, and a file of the block log has 64 MiB: enough for ten terabytes."""

FILES_MAXIMUM = 150_000
CHUNK_BYTES = 1 << 20
BLOCK_BYTES = 512
"""Of a tar: a header has one, contents are filled up to a whole number of them."""

_NAMES = re.compile(
    r"""[A-Za-z0-9_][A-Za-z0-9._-]{0,63}         # beside node.toml
      | peers/[a-z0-9._-]{1,32}\.crt
      | blocks/[0-9]{8}\.log
      | votes/[0-9]{12}(\.[0-9]{1,6})?\.eqv
      | base/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}    # what a node began from, when not from the genesis
      """,
    re.VERBOSE,
)
_NEVER = ("journal", "state", "snapshots", "node.pid", "api.addr", "p2p.addr")

_REMEDY = "take another backup; this one was changed or damaged, and nothing of it was used"


def is_backup_name(name: str) -> bool:
    """Whether a file of this name belongs into a backup. A journal never does."""
    return _NAMES.fullmatch(name) is not None and name not in _NEVER


def refuse(path: Path, what: str) -> VerificationError:
    return VerificationError(f"{path}: {what}", "BACKUP", Details(remedy=_REMEDY))


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as the manifest has it."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `facts`: everything beside the files."""

    facts: dict[str, Any]
    files: tuple[Entry, ...]

    @property
    def height(self) -> int:
        return int(self.facts["height"])

    def encode(self) -> bytes:
        """Canonical: these bytes and no others say it, with their own SHA-256 as the last member."""
        files = [{"path": one.name, "size": one.size, "sha256": one.sha256} for one in self.files]
        whole: dict[str, Any] = {"schema": SCHEMA, **self.facts, "files": files}
        whole["sha256"] = hashlib.sha256(_json_bytes(whole)).hexdigest()
        return _json_bytes(whole)


def _json_bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


MANIFEST_FACTS: dict[str, type] = {
    "network": str, "genesis": str, "node": str, "height": int, "first_height": int, "block_id": str,
    "state_root": str, "block_time_ms": int, "with_keys": bool, "created_ms": int,
}  # fmt: skip


def decode_manifest(path: Path, data: bytes) -> Manifest:
    """Raises VerificationError."""
    try:
        found = dict(as_object(parse_json(data.decode("utf-8"), MANIFEST), MANIFEST))
        if found.pop("schema", None) != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        files = found.pop("files")
        found.pop("sha256", None)  # with every other byte it is compared below
        if not isinstance(files, list) or len(files) > FILES_MAXIMUM:
            raise ValueError("its files are not a list")
        for name, kind in MANIFEST_FACTS.items():
            if type(found.get(name)) is not kind:
                raise ValueError(f"{name} is missing or no {kind.__name__}")
        entries = tuple(_entry(as_object(one, MANIFEST)) for one in files)
    except (UnicodeDecodeError, ValueError, KeyError, LedgerError) as error:
        raise refuse(path, f"its manifest cannot be read: {error}") from error
    names = [one.name for one in entries]
    if len(set(names)) < len(names):
        raise refuse(path, "its manifest names a file twice")
    manifest = Manifest(found, entries)
    if manifest.encode() != data:
        raise refuse(path, f"{MANIFEST} is not as it was when the backup was made (SHA-256)")
    return manifest


def _entry(found: Mapping[str, Any]) -> Entry:
    name, size, digest = found["path"], found["size"], found["sha256"]
    if not isinstance(name, str) or not is_backup_name(name):
        raise ValueError(f"{name!r} does not belong into a backup")
    if type(size) is not int or size < 0 or not re.fullmatch(r"[0-9a-f]{64}", str(digest)):
        raise ValueError(f"size or SHA-256 of {name} cannot be read")
    return Entry(name, size, str(digest))


# --- writing


class Writer:
    """Puts files into a new directory or tar, and remembers what it put."""

    def __init__(self, put: Callable[[str, int, Iterator[bytes]], None]) -> None:
        self._put = put
        self.entries: list[Entry] = []

    def add(self, name: str, size: int, parts: Iterator[bytes]) -> None:
        """`parts` have `size` bytes in all."""
        assert is_backup_name(name), name
        digest = hashlib.sha256()

        def hashed() -> Iterator[bytes]:
            for part in parts:
                digest.update(part)
                yield part

        self._put(name, size, hashed())
        self.entries.append(Entry(name, size, digest.hexdigest()))

    def finish(self, facts: dict[str, Any]) -> Manifest:
        """The manifest, last: a backup without one was never finished."""
        manifest = Manifest(facts, tuple(self.entries))
        data = manifest.encode()
        self._put(MANIFEST, len(data), iter((data,)))
        return manifest


def tar_writer(file: BinaryIO) -> Writer:
    def put(name: str, size: int, parts: Iterator[bytes]) -> None:
        head = tarfile.TarInfo(name)
        head.size, head.mode = size, 0o600
        file.write(head.tobuf(tarfile.USTAR_FORMAT))
        written = 0
        for part in parts:
            file.write(part)
            written += len(part)
        assert written == size, f"{name} has {written} bytes, not {size}"
        file.write(bytes(-size % BLOCK_BYTES))

    return Writer(put)


TAR_END = bytes(2 * BLOCK_BYTES)


def directory_writer(directory: Path, write: Callable[[Path, Iterator[bytes]], None]) -> Writer:
    def put(name: str, size: int, parts: Iterator[bytes]) -> None:
        path = directory / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write(path, parts)
        assert path.stat().st_size == size, f"{name} has another size than {size}"

    return Writer(put)


# --- reading


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup: `parts` are its bytes, to be taken before the next member is asked for."""

    name: str
    size: int
    parts: Iterator[bytes]


@contextmanager
def members(path: Path) -> Iterator[Iterator[Member]]:
    """The files of a backup in the order in which they stand. Raises VerificationError, InputError."""
    if path.is_dir():
        yield _of_directory(path)
        return
    try:
        with path.open("rb") as file:
            yield _of_tar(path, file)
    except FileNotFoundError:
        raise InputError(f"{path} is not there", "FILE") from None


def read_manifest(path: Path) -> Manifest:
    """Raises VerificationError when there is none: a backup gets it last."""
    with members(path) as found:
        for member in found:
            if member.name == MANIFEST:
                if member.size > MANIFEST_BYTES:
                    raise refuse(path, f"its manifest has {member.size} bytes")
                return decode_manifest(path, b"".join(member.parts))
    raise refuse(path, "it has no manifest: it was never finished")


def check(path: Path, take: Callable[[Member], None]) -> Manifest:
    """Give every file to `take`, which reads it to its end, and hold each to its size and SHA-256. Raises
    VerificationError; what was taken before is then worth nothing."""
    manifest = read_manifest(path)
    wanted = {one.name: one for one in manifest.files}
    with members(path) as found:
        for member in found:
            if member.name == MANIFEST:
                continue
            entry = wanted.pop(member.name, None)
            if entry is None:
                raise refuse(path, f"{member.name} is not in its manifest, or is there twice")
            digest, size = hashlib.sha256(), 0
            if member.size != entry.size:
                raise refuse(path, f"{member.name} has {member.size} bytes, the manifest says {entry.size}")

            def read(member: Member = member, digest: Any = digest) -> Iterator[bytes]:
                for part in member.parts:
                    digest.update(part)
                    yield part

            counted = _Counted(read())
            take(Member(member.name, member.size, counted))
            size = counted.size
            if size != entry.size or digest.hexdigest() != entry.sha256:
                raise refuse(path, f"{member.name} is not as it was when the backup was made (SHA-256)")
    if wanted:
        raise refuse(path, f"{min(wanted)} is missing")
    return manifest


class _Counted(Iterator[bytes]):
    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self.size = 0

    def __next__(self) -> bytes:
        part = next(self._parts)
        self.size += len(part)
        return part


def _of_directory(directory: Path) -> Iterator[Member]:
    for number, path in enumerate(sorted(directory.rglob("*"))):
        name = path.relative_to(directory).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if number > FILES_MAXIMUM or path.is_symlink() or not path.is_file() or not is_backup_name(name):
            raise refuse(directory, f"{name} does not belong into a backup")
        yield Member(name, path.stat().st_size, _read(path))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(CHUNK_BYTES):
            yield part


def _of_tar(path: Path, file: BinaryIO) -> Iterator[Member]:
    seen: set[str] = set()
    while True:
        offset = file.tell()
        head = file.read(BLOCK_BYTES)
        if head == bytes(BLOCK_BYTES):
            if file.read(BLOCK_BYTES + 1) != head:
                raise refuse(path, f"after its end, at byte {offset}, something stands")
            return
        name, size = _read_header(path, head, offset)
        if name in seen or len(seen) > FILES_MAXIMUM:
            raise refuse(path, f"{name} is there twice, or there are more than {FILES_MAXIMUM} files")
        seen.add(name)
        begin = file.tell()
        yield Member(name, size, _contents(path, file, name, size))
        end = begin + size + -size % BLOCK_BYTES
        if file.seek(0, 2) < end:
            raise refuse(path, f"it ends inside {name}")
        file.seek(begin + size)
        if any(file.read(end - begin - size)):
            raise refuse(
                path, f"after {name}, at byte {begin + size}, something stands that belongs to no file"
            )


def _contents(path: Path, file: BinaryIO, name: str, size: int) -> Iterator[bytes]:
    left = size
    while left:
        part = file.read(min(left, CHUNK_BYTES))
        if not part:
            raise refuse(path, f"it ends inside {name}")
        yield part
        left -= len(part)


def _read_header(path: Path, head: bytes, offset: int) -> tuple[str, int]:
    """Name and size of a plain file: the header must be the very one that a backup writes for them."""
    try:
        name = head[:100].rstrip(b"\0").decode("ascii")
        size = int(head[124:135], 8)
        again = tarfile.TarInfo(name)
        again.size, again.mode = size, 0o600
        is_plain = len(head) == BLOCK_BYTES and again.tobuf(tarfile.USTAR_FORMAT) == head
    except ValueError:
        is_plain, name = False, ""
    if not is_plain or not is_backup_name(name):
        raise refuse(path, f"at byte {offset} stands no file that belongs into a backup")
    return name, size
