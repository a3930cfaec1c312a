"""One byte of one file of a small node is another: every byte of every file, in turn.

The node must start as if nothing were (it found the byte and put it back, from its peers or from its own
block log), or say which file is damaged and keep its key silent; never go on with what was not written.
Block log, journal and archive lie on a simulated disk, the state in a real LevelDB.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from chain.errors import CorruptionError, StorageError
from node.archive import Unreadable, read_votes
from node.node import Node
from node.opening import BLOCKS, JOURNAL, STATE, VOTES
from node.silence import Why
from storage.database import Database, OpenDatabase
from storage.leveldb import LevelStore
from tests.simulation.crash_grid import Grid
from tests.simulation.one_node import HOME, BrokenPromiseError, Life, Outside, Plan, quiet
from tests.simulation.pool import PROCESSES
from tests.support.simulated_disk import SimulatedDisk

HEIGHT = 6
MASKS = (0x01, 0xFF, 0x10, 0x80)
PARTS = 8
"""Into so many pieces the bytes are dealt, for the processes of a pool."""


EXPECTED = (
    "blocks: went on",
    "journal: the key is silent, and why is said",
    "votes: went on",
    "votes: unreadable from there",
    "state: went on",
    "state: moved aside and made anew",
    "state: found while it was read",
)
"""Ends that a run over all files meets."""


class DiskBesideLevelDB(SimulatedDisk):
    """The state's directory is a real one, below `root`; everything else is simulated."""

    root: Path

    def real(self, path: Path) -> Path:
        return self.root / path.relative_to(HOME)

    def is_real(self, path: Path) -> bool:
        """`state`, and what it is called when it was moved aside; not the mark beside it."""
        return path.parent == HOME and path.name.startswith(STATE) and path.suffix != ".damaged"

    def exists(self, path: Path) -> bool:
        return self.real(path).exists() if self.is_real(path) else super().exists(path)

    def rename(self, source: Path, target: Path) -> None:
        if self.is_real(source):
            self.real(source).rename(self.real(target))
        else:
            super().rename(source, target)

    def free_bytes(self, path: Path) -> int:
        return 1 << 50

    def open_database(self, path: Path) -> Database:
        return LevelStore.open(self.real(path))


class Flips:
    """A node at a small height, and what becomes of copies of it."""

    def __init__(self) -> None:
        self.grid = Grid()
        disk, self.outside = self.grid.begun(_plan, HEIGHT)
        disk.process_killed()
        self.disk = disk
        self.counts: Counter[str] = Counter()

    def places(self, directory: str, stride: int) -> list[tuple[Path, int]]:
        """Bytes to flip, those of small files all."""
        return [
            (path, offset)
            for path, data in self.disk.files(HOME / directory).items()
            for offset in _offsets(len(data), stride)
        ]

    def try_one(self, path: Path, offset: int, mask: int) -> None:
        """Raises BrokenPromiseError."""
        disk, outside = self.disk.copy(), self.outside.copy()
        disk.flip(path, offset, mask)
        life = self._life(disk, outside)
        try:
            life.run()
        except AssertionError as broken:
            broken.add_note(f"{path}, byte {offset}, {mask:#04x}")
            raise
        self._judge(life, path, offset)

    def try_state(self, root: Path, name: str, offset: int, mask: int) -> None:
        """A byte of LevelDB. `root`: an empty directory."""
        disk, outside = self.beside_leveldb(root), self.outside.copy()
        path = root / STATE / name
        data = bytearray(path.read_bytes())
        data[offset] ^= mask
        path.write_bytes(data)
        for _ in range(2):  # what is only met when it is read ends the first life
            life = self._life(disk, outside, disk.open_database)
            life.run()
            disk.process_killed()
            if life.ended is None:
                break
            self.counts["state: found while it was read"] += 1
        self._judge(life, path, offset)
        if any(root.glob(f"{STATE}.damaged-*")):
            self.counts["state: moved aside and made anew"] += 1

    def beside_leveldb(self, root: Path) -> DiskBesideLevelDB:
        """The node with its state in LevelDB, made once from the block log and then copied."""
        disk = self.disk.copy()
        disk.__class__ = DiskBesideLevelDB
        assert isinstance(disk, DiskBesideLevelDB)
        disk.root = root
        if not hasattr(self, "_made"):
            disk.root = self._made = Path(tempfile.mkdtemp())
            for _ in range(2):  # the second moves what the first has logged into a table
                life = Life(disk, self.outside.copy(), _plan, HEIGHT, open_database=disk.open_database)
                life.run()
                assert life.ended is None, life.ended
            disk.root = root
        shutil.copytree(self._made / STATE, root / STATE)
        return disk

    def close(self) -> None:
        if hasattr(self, "_made"):
            shutil.rmtree(self._made)

    def _life(self, disk: SimulatedDisk, outside: Outside, open_database: OpenDatabase | None = None) -> Life:
        def check(node: Node) -> None:
            try:
                self.grid.check_content(life, node, outside, HEIGHT)
            except CorruptionError as error:
                node.ledger.fail(error)  # as any reader does

        life = Life(disk, outside, _plan, HEIGHT + 1, on_start=check, open_database=open_database)
        return life

    def _judge(self, life: Life, path: Path, offset: int) -> None:
        kind = next(one for one in (BLOCKS, JOURNAL, STATE, VOTES) if one in path.parts)
        where = f"{path}, byte {offset}"
        if life.ended is not None:
            if not isinstance(life.ended, StorageError) or kind != STATE:
                raise BrokenPromiseError(f"{where}: ended with {life.ended!r}")
            if str(path.parent.name) not in str(life.ended):  # of the state, its directory
                raise BrokenPromiseError(f"{where}: does not say where: {life.ended}")
            self.counts[f"{kind}: refused"] += 1
            return
        silence = life.silence
        if silence is None:
            self.counts[f"{kind}: went on"] += 1
        elif kind == JOURNAL and silence.why is Why.JOURNAL and str(path) in silence.detail:
            self.counts[f"{kind}: the key is silent, and why is said"] += 1
        else:
            raise BrokenPromiseError(f"{where}: silent for another reason: {silence}")
        if kind == JOURNAL and silence is None:
            raise BrokenPromiseError(f"{where}: a journal that is not what was written was believed")
        if kind == VOTES:
            self.counts["votes: unreadable from there"] += any(
                isinstance(one, Unreadable) for one in read_votes(HOME / VOTES, life.disk)
            )


def _plan(height: int) -> str:
    return (Plan.PLAIN, Plan.NIL, Plan.LOCK, Plan.BEHIND, Plan.PLAIN)[height % 5]


def _offsets(size: int, stride: int) -> Iterator[int]:
    return iter(range(0, size, 1 if size < 256 else stride))


def flip_files(part: int, stride: int) -> Counter[str]:
    """Block log, journal and archive: the part-th of PARTS."""
    with quiet():
        flips = Flips()
        places = [place for name in (BLOCKS, JOURNAL, VOTES) for place in flips.places(name, stride)]
        for number, (path, offset) in list(enumerate(places))[part::PARTS]:
            flips.try_one(path, offset, MASKS[number % len(MASKS)])
            flips.counts["bytes"] += 1
        return flips.counts


def flip_state(part: int, stride: int) -> Counter[str]:
    """The database: the part-th of PARTS."""
    with quiet():
        flips = Flips()
        with tempfile.TemporaryDirectory() as place:
            flips.beside_leveldb(Path(place))
            files = {path.name: path.stat().st_size for path in (Path(place) / STATE).iterdir()}
        places = [
            (name, offset)
            for name, size in sorted(files.items())
            if name not in ("LOG", "LOG.old")  # a protocol for people
            for offset in _offsets(size, stride)
        ]
        try:
            for number, (name, offset) in list(enumerate(places))[part::PARTS]:
                with tempfile.TemporaryDirectory() as place:
                    flips.try_state(Path(place), name, offset, MASKS[number % len(MASKS)])
                flips.counts["bytes"] += 1
        finally:
            flips.close()
        return flips.counts


def run_all(stride: int, state_stride: int) -> Counter[str]:
    """Every `stride`-th byte, over two processes; of small files every byte."""
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for work, step in ((flip_files, stride), (flip_state, state_stride)):
            for found in pool.map(partial(work, stride=step), range(PARTS)):
                counts += found
    return counts
