"""Damaged and full disks: what is wrong is found, mended from the others, and never answered from."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.demo.arena import NAMES, VICTIM, Arena, a_document
from cli.demo.judges import DamagedLog, FlippedByte, FullDisk
from cli.demo.nodes import NETWORK
from cli.demo.run import AUDIT, run_verifier
from cli.failures import CommandError
from node.config import NodeConfig
from node.findings import KINDS
from node.node import this_machine
from node.opening import BLOCKS, free_bytes
from node.running import hang_up

MIB = 1 << 20
ROOM_MIB = 256
"""How far the reserve is set below the free space: more than other programs write meanwhile, and more than
the margin with which a node goes on."""

BALLAST_MIB = 2 * ROOM_MIB
OTHERS = tuple(name for name in NAMES if name != VICTIM)


def flipped_byte(arena: Arena) -> FlippedByte:
    """One byte in the middle of a copy of a block log."""
    copy = _copy_of_blocks(arena, "mof", "flipped")
    log = max(copy.iterdir(), key=lambda path: path.stat().st_size)
    place = _flip(log, log.stat().st_size // 2)
    status, height = _verify(arena, copy)
    return FlippedByte(place, status, height)


def damaged_log(arena: Arena) -> DamagedLog:
    """A byte of a node's own block log is flipped while it is down. The auditor's tool names it; the node
    takes the block from the others, checks it, and votes again."""
    arena.stop(VICTIM, signal.SIGTERM)
    blocks = arena.nodes.nodes[VICTIM].directory / BLOCKS
    log = max(blocks.glob("*.log"), key=lambda path: path.stat().st_size)
    size = log.stat().st_size
    _flip(log, random.randrange(size // 4, size * 3 // 4))
    status, height = _verify(arena, _copy_of_blocks(arena, VICTIM, "damaged"))
    arena.start([VICTIM])
    noticed = (blocks.parent / f"{BLOCKS}.quarantine").exists()
    agrees = arena.agrees()
    votes = arena.until(lambda: arena.votes(VICTIM), 10)
    arena.stop(VICTIM, signal.SIGTERM)
    after, _ = _verify(arena, _copy_of_blocks(arena, VICTIM, "mended"))
    arena.start([VICTIM])
    return DamagedLog(height, status, noticed, after, agrees, votes)


def full_disk(arena: Arena) -> FullDisk:
    """The reserve is set a little below what is free; then a file takes the rest, and goes again."""
    node = arena.nodes.nodes[VICTIM]
    config = NodeConfig.load(node.directory)
    reserve_mib = free_bytes(config, this_machine()) // MIB - ROOM_MIB
    if reserve_mib < ROOM_MIB:
        raise CommandError(
            f"{node.directory}: less than {2 * ROOM_MIB} MiB are free; this attack needs more room. Give "
            "another place with --dir",
            "DEMO-DISK",
        )
    pid = node.pid
    kept = _set_reserve(node.directory, reserve_mib * MIB)
    try:
        arena.until(lambda: arena.metric(VICTIM, "eqz_disk_reserve_bytes") == reserve_mib * MIB, 10)
        with _ballast(arena.directory / "ballast"):
            arena.until(lambda: not arena.votes(VICTIM), 10)
            votes = arena.votes(VICTIM)
            found = [code for code in arena.findings(VICTIM) if code in KINDS and code.startswith("DISK-")]
            free_mib = int(arena.metric(VICTIM, "eqz_disk_free_bytes")) // MIB
            tx_id = arena.offer(a_document(arena, "228"), VICTIM)
            arena.is_decided(tx_id, OTHERS[0])
            followed = arena.is_decided(tx_id, VICTIM)
            document = arena.fate(tx_id, OTHERS[0])
        again = arena.until(lambda: arena.votes(VICTIM), 20)
        is_same = node.pid == pid and node.process is not None and node.process.poll() is None
    finally:
        (node.directory / "node.toml").write_text(kept, encoding="utf-8")
        hang_up(node.directory)
    reason = found[0] if found else "nothing"
    return FullDisk(free_mib, reserve_mib, reason, votes, document, followed, again, is_same)


def _set_reserve(directory: Path, reserve_bytes: int) -> str:
    """Write the mark into node.toml, which the running node reads again; the text before."""
    path = directory / "node.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n[disk]\nreserve_bytes = {reserve_bytes}\n", encoding="utf-8")
    hang_up(directory)
    return before


@contextmanager
def _ballast(path: Path) -> Iterator[None]:
    """A file that takes the room, and its removal."""
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_MIB * MIB)
        yield
    finally:
        path.unlink(missing_ok=True)


def _flip(path: Path, place: int) -> int:
    """One bit of one byte; its place."""
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 0x01]))
    return place


def _copy_of_blocks(arena: Arena, name: str, label: str) -> Path:
    copy = arena.directory / AUDIT / label / BLOCKS
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(arena.directory / NETWORK / "nodes" / name / BLOCKS, copy)
    return copy


def _verify(arena: Arena, copy: Path) -> tuple[int, int | None]:
    """Exit of the auditor's tool, and the height that it names when it finds something."""
    ended = run_verifier("chain", str(copy), "--genesis", arena.network.genesis.chain_id.hex(), "-o", "json")
    try:
        protocol: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        protocol = {}
    return ended.returncode, (protocol.get("failure") or {}).get("height")
