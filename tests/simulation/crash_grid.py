"""Every durable operation of a node's life, and everything that can happen at it.

A scene is a stretch of one node's life: what the disk holds at first, and how the heights go. It is played
once, and at every durable operation the disk is copied as it is before and after. Of each copy the power cut
keeps, in turn, all that was not synced, nothing, some of it torn or zero; then the node is started on what is
left and must keep the promises of consensus.md, Stable storage. The same operation is then made to fail, with
EIO once and with ENOSPC until the process ends, and the node started again. Some of the second lives are
broken off too.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from random import Random

from chain.block import Block
from chain.certificate import CommitCertificate, verify_certificate
from chain.errors import CorruptionError, StorageError
from node.node import Node
from node.opening import BLOCKS
from storage.database import LAST
from storage.log_repair import quarantine_directory
from tests.simulation.one_node import (
    GENESIS,
    HOME,
    BrokenPromiseError,
    Life,
    Outside,
    Plan,
    a_disk,
    quiet,
)
from tests.simulation.pool import PROCESSES
from tests.support.simulated_database import LOG
from tests.support.simulated_disk import Kept, Operation, PowerCut, SimulatedDisk

FIRST_HEIGHT = 6
"""Scenes but the first begin on a node that has decided this height: in its third segment."""
QUARANTINE = quarantine_directory(HOME / BLOCKS)
HEIGHTS_AFTER = 2
"""So many more must be decided after every crash."""
SECOND_CRASHES = 4
"""One in so many second lives is broken off as well, at a drawn operation."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`plan` by height; `spoil` is done to the disk before the life begins; it goes on for `heights`."""

    name: str
    plan: Callable[[int], str]
    heights: int
    is_new: bool = False
    spoil: Callable[[SimulatedDisk], None] = lambda disk: None
    lives: int = 1
    """How many lives until the node goes on: a state that is found damaged ends the first."""
    is_log_damaged: bool = False
    spoil_at: int | None = None
    """When the node has decided so many heights of this scene, and not before it starts."""


@dataclass(frozen=True, slots=True)
class Case:
    """What happened at which durable operation of a scene."""

    scene: str
    operation: int
    what: str

    def __str__(self) -> str:
        return f"{self.scene}, durable operation {self.operation}, {self.what}"


@dataclass(slots=True)
class Copy:
    """The disk and the world at one moment."""

    operation: int
    kind: str
    moment: str
    disk: SimulatedDisk
    outside: Outside


@dataclass(slots=True)
class Played:
    """A scene played to its end."""

    copies: list[Copy] = field(default_factory=list)
    operations: int = 0


States = dict[bytes, dict[bytes, bytes]]
"""The whole database after a block, by its id."""


def always(plan: str) -> Callable[[int], str]:
    return lambda height: plan


def _mixed(height: int) -> str:
    return (Plan.PLAIN, Plan.NIL, Plan.LOCK, Plan.BEHIND, Plan.PLAIN)[height % 5]


def _flip_in_log(*places: tuple[str, float]) -> Callable[[SimulatedDisk], None]:
    """A byte of each of these segments, at this part of it."""

    def spoil(disk: SimulatedDisk) -> None:
        for name, part in places:
            path = HOME / "blocks" / name
            disk.flip(path, int(disk.size(path) * part))

    return spoil


def _flip_own_certificate(disk: SimulatedDisk) -> None:
    """Of height 1: the peers' certificate takes its place, and all segments are chained anew."""
    path = HOME / "blocks" / "00000001.log"
    block = disk.read(path).index(b"\x03" + (1).to_bytes(8, "big"))
    disk.flip(path, block + 40)


def _flip_in_state(disk: SimulatedDisk) -> None:
    path = HOME / "state" / LOG
    disk.flip(path, disk.size(path) // 2)


def _lose_state(disk: SimulatedDisk) -> None:
    disk.lose(HOME / "state")


SCENES = (
    Scene("first blocks", always(Plan.PLAIN), 3, is_new=True),
    Scene("new segments", always(Plan.PLAIN), 4),
    Scene("rounds that fail", lambda height: (Plan.NIL, Plan.LOCK)[height % 2], 4),
    Scene("catching up", always(Plan.BEHIND), 4),
    Scene("everything in turn", _mixed, 5),
    Scene(
        "repair of a height",
        always(Plan.PLAIN),
        1,
        spoil=_flip_in_log(("00000002.log", 0.4)),
        is_log_damaged=True,
    ),
    Scene(
        "repair that chains anew",
        always(Plan.PLAIN),
        1,
        spoil=_flip_own_certificate,
        is_log_damaged=True,
    ),
    Scene(
        "repair without a peer",
        always(Plan.PLAIN),
        1,
        spoil=_flip_in_log(("00000001.log", 0.0), ("00000002.log", 0.0)),
        is_log_damaged=True,
    ),
    Scene("rebuild of a damaged state", always(Plan.PLAIN), 1, spoil=_flip_in_state),
    Scene("rebuild of a lost state", always(Plan.PLAIN), 1, spoil=_lose_state),
    Scene("state found damaged", always(Plan.PLAIN), 2, spoil=_flip_in_state, spoil_at=1, lives=2),
)


class Grid:
    """Plays scenes and judges what every crash leaves."""

    def __init__(self) -> None:
        self.states: States = {}
        self.counts: Counter[str] = Counter()
        self._before: tuple[SimulatedDisk, Outside] | None = None

    # --- playing

    def beginning(self, scene: Scene) -> tuple[SimulatedDisk, Outside]:
        if scene.is_new:
            return a_disk(), Outside()
        if self._before is None:
            self._before = self.begun(_mixed, FIRST_HEIGHT)
        disk, outside = self._before[0].copy(), self._before[1].copy()
        disk.process_killed()
        if scene.spoil_at is None:
            scene.spoil(disk)
        return disk, outside

    def begun(self, plan: Callable[[int], str], last_height: int) -> tuple[SimulatedDisk, Outside]:
        """A node that has decided so many heights, and the world around it."""
        disk, outside = a_disk(), Outside()
        life = Life(disk, outside, plan, last_height, on_decided=lambda _: self._remember(life))
        life.run()
        if life.ended is not None:
            raise BrokenPromiseError(f"an undisturbed life ended: {life.ended}") from life.ended
        return disk, outside

    def play(self, scene: Scene) -> Played:
        """The whole scene, copied at every durable operation."""
        disk, outside = self.beginning(scene)
        played = Played()

        def copy(operation: Operation, moment: str) -> None:
            if not operation.is_durable:
                return
            if moment == "before":
                played.operations += 1
            copied = Copy(played.operations, operation.kind, moment, disk.copy(), outside.copy())
            played.copies.append(copied)

        disk.before = lambda operation: copy(operation, "before")
        disk.after = lambda operation: copy(operation, "after")
        self._play_lives(scene, disk, outside)
        return played

    def _play_lives(self, scene: Scene, disk: SimulatedDisk, outside: Outside) -> None:
        first = outside.told
        for left in reversed(range(scene.lives)):
            life = self._life(scene, disk, outside, first)
            life.run()
            disk.process_killed()
            if left and not isinstance(life.ended, CorruptionError):
                raise BrokenPromiseError(f"{scene.name}: damage was not found: {life.ended}")
            if not left and life.ended is not None:
                raise BrokenPromiseError(f"{scene.name}: {life.ended}") from life.ended

    def _life(self, scene: Scene, disk: SimulatedDisk, outside: Outside, first: int) -> Life:
        def decided(height: int) -> None:
            self._remember(life)
            if scene.spoil_at is not None and height == first + scene.spoil_at:
                scene.spoil(disk)

        life = Life(disk, outside, scene.plan, first + scene.heights, on_decided=decided)
        return life

    def _remember(self, life: Life) -> None:
        assert life.node is not None
        self.states.setdefault(life.node.driver.tip.block_id, _everything(life))

    # --- what happens

    def crashes(self, scene: Scene) -> Iterator[tuple[Case, SimulatedDisk, Outside]]:
        """Every crash of the scene: what it leaves on the disk and in the world."""
        for number, copied in enumerate(self.play(scene).copies):
            for turn, kept in enumerate(_kinds(copied)):
                disk, outside = copied.disk.copy(), copied.outside.copy()
                disk.power_cut(Random(f"{scene.name} {number} {turn}"), kept)
                what = f"power cut {copied.moment} {copied.kind}, kept {kept.value}"
                yield Case(scene.name, copied.operation, what), disk, outside

    def failures(self, scene: Scene, operations: int) -> Iterator[tuple[Case, SimulatedDisk, Outside]]:
        """Every durable operation refused by the disk, and the process killed or the power cut after it."""
        for number in range(1, operations + 1):
            for error, name in ((errno.EIO, "EIO"), (errno.ENOSPC, "ENOSPC")):
                disk, outside = self.beginning(scene)
                fault = _Fault(number, error)
                disk.before = fault
                case = Case(scene.name, number, name)
                try:
                    self._fail(scene, disk, outside, fault)
                except AssertionError as broken:
                    broken.add_note(str(case))
                    raise
                disk.before = SimulatedDisk().before
                disk.power_cut(Random(f"{scene.name} {number} {name}"), None if number % 2 else Kept.NONE)
                yield case, disk, outside

    def _fail(self, scene: Scene, disk: SimulatedDisk, outside: Outside, fault: _Fault) -> None:
        """The process ends with an error that names the file, or is not disturbed."""
        first = outside.told
        for _ in range(scene.lives):
            life = self._life(scene, disk, outside, first)
            life.run()
            disk.process_killed()
            if life.ended is not None and not isinstance(life.ended, StorageError):
                raise BrokenPromiseError(f"ended with {life.ended!r}") from life.ended
            if fault.has_struck:
                if life.ended is not None:
                    self.counts["process ended by an error of the disk"] += 1
                return

    # --- judging

    def judge(self, scene: Scene, case: Case, disk: SimulatedDisk, outside: Outside) -> None:
        """Start the node on what is left. Raises BrokenPromiseError."""
        try:
            random = Random(str(case))
            if scene.lives == 1 and random.randrange(SECOND_CRASHES) == 0:
                disk, outside = self._crash_again(scene, disk, outside, random)
            self._judge(scene, disk, outside)
        except AssertionError as broken:
            broken.add_note(str(case))
            raise
        self.counts[case.what.partition(",")[0]] += 1
        self.counts["cases"] += 1

    def _crash_again(
        self, scene: Scene, disk: SimulatedDisk, outside: Outside, random: Random
    ) -> tuple[SimulatedDisk, Outside]:
        """The second life is cut off at one of its first durable operations."""
        left = [random.randrange(40)]

        def cut(operation: Operation) -> None:
            left[0] -= operation.is_durable
            if left[0] < 0:
                raise PowerCut

        disk.before = disk.after = cut
        life = self._watched(scene, disk, outside)
        life.run()
        disk.before = disk.after = SimulatedDisk().before
        if life.ended is not None and not isinstance(life.ended, PowerCut):
            raise BrokenPromiseError(f"the second life ended: {life.ended!r}") from life.ended
        disk.power_cut(random)
        self.counts["second crash"] += 1
        return disk, outside

    def _judge(self, scene: Scene, disk: SimulatedDisk, outside: Outside) -> None:
        for left in reversed(range(scene.lives)):
            life = self._watched(scene, disk, outside)
            life.run()
            disk.process_killed()
            if life.ended is None:
                return
            if not left or not isinstance(life.ended, CorruptionError):
                raise BrokenPromiseError(f"the node does not go on: {life.ended!r}") from life.ended

    def _watched(self, scene: Scene, disk: SimulatedDisk, outside: Outside) -> Life:
        told = outside.told
        life = Life(
            disk,
            outside,
            scene.plan,
            len(outside.chain) + HEIGHTS_AFTER,
            on_start=lambda node: self._check(scene, life, node, outside, told),
            on_decided=lambda _: self._remember(life),
        )
        return life

    def _check(self, scene: Scene, life: Life, node: Node, outside: Outside, told: int) -> None:
        """What holds of a node that has started, before it speaks."""
        self.check_content(life, node, outside, told)
        if not scene.is_log_damaged and life.disk.exists(QUARANTINE):
            raise BrokenPromiseError("what a crash left of the block log was taken for damage")
        if not node.driver.votes:
            raise BrokenPromiseError(f"the node does not vote: {node.driver.silence}")

    def check_content(self, life: Life, node: Node, outside: Outside, told: int) -> None:
        """Log and state are those of the heights that were decided, and hold all that was told."""
        height = node.driver.tip.height
        if height < told:
            raise BrokenPromiseError(
                f"height {told} was told as decided, and is gone: the node is at {height}"
            )
        if height > len(outside.chain):
            raise BrokenPromiseError(f"the node is at height {height}, which nobody decided")
        blocks = node.driver._blocks
        for at in range(1, height + 1):
            stored = blocks.read(at)
            if stored.block != outside.chain[at - 1][0]:
                raise BrokenPromiseError(f"another block {at} than was decided")
            validators = node.driver._application.validators_at(at)
            verify_certificate(CommitCertificate.decode(stored.certificate), validators, GENESIS.chain_id)
        if height:
            block = Block.decode(outside.chain[height - 1][0])
            if node.driver._application.state_root != block.header.state_root:
                raise BrokenPromiseError(f"the state is not that of block {height}")
            known = self.states.get(block.block_id)
            if known is not None and known != _everything(life):
                raise BrokenPromiseError(f"the database after block {height} is not what it was")
            self.counts["database compared"] += known is not None


def _kinds(copied: Copy) -> Sequence[Kept]:
    """What differs: before an operation the disk is as after the one before, only the world has gone on."""
    if copied.disk.unsynced_bytes():
        if copied.moment == "before":
            return (Kept.NONE, Kept.TORN)
        return (Kept.NONE, Kept.ALL, Kept.TORN, Kept.ZEROS)
    if copied.disk.unsynced_names() and copied.moment == "after":
        return (Kept.NONE, Kept.ALL, Kept.TORN, Kept.SCATTERED)
    return (Kept.NONE,)


class _Fault:
    """The disk refuses one durable operation, with ENOSPC also what would need room after it."""

    def __init__(self, number: int, error: int) -> None:
        self.has_struck = False
        self._left = number
        self._error = error

    def __call__(self, operation: Operation) -> None:
        if not operation.is_durable:
            return
        self._left -= 1
        is_full = self._error == errno.ENOSPC and operation.kind in ("write", "create", "make_directory")
        if self._left == 0 or (self._left < 0 and is_full):
            self.has_struck = True
            raise OSError(self._error, "refused by the test")


def _everything(life: Life) -> dict[bytes, bytes]:
    assert life.database is not None
    found: dict[bytes, bytes] = {}
    for key, value in life.database.seek(b"", b""):
        found[key] = value
        if key == LAST:
            break
    return found


def run_scene(name: str, *, only_crashes: bool = False) -> Counter[str]:
    """Every case of one scene; how many there were of each kind. Raises BrokenPromiseError."""
    scene = next(one for one in SCENES if one.name == name)
    grid = Grid()
    operations = 0
    with quiet():
        for case, disk, outside in grid.crashes(scene):
            operations = max(operations, case.operation)
            grid.judge(scene, case, disk, outside)
        if not only_crashes:
            for case, disk, outside in grid.failures(scene, operations):
                grid.judge(scene, case, disk, outside)
    grid.counts["durable operations"] = operations
    return grid.counts


def run_all() -> Counter[str]:
    """Every scene, over two processes."""
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for scene in pool.map(run_scene, [scene.name for scene in SCENES]):
            counts += scene
    return counts
