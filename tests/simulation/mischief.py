"""What happens to a network before it heals: kinds from the options, times and places from the seed."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.clock import OUTSIDE
from tests.simulation.options import NETWORK, Options
from tests.simulation.seats import RESERVE_BYTES
from tests.simulation.wires import Weather
from tests.support.simulated_database import LOG
from tests.support.simulated_disk import Kept, Operation

if TYPE_CHECKING:
    from tests.simulation.seats import Seat
    from tests.simulation.world import Simulation

SLOW_CALLBACK_SECONDS = 0.01
"""Twenty times what a callback takes on a machine that is well."""

CLOCK_ERROR_MS = 30_000


class Mischief:
    """One run's. `run` until cancelled, then `heal`."""

    def __init__(self, world: Simulation, random: Random) -> None:
        self._world = world
        self._random = random
        self._options: Options = world.options
        self._kinds: dict[str, Callable[[], None]] = {
            "slow": self._slow,
            "crash": self._crash,
            "kill": self._kill,
            "blackout": self._blackout,
            "clock-offset": self._clock_jump,
            "clock-jump": self._clock_jump,
            "clock-stop": self._clock_stop,
            "io-error": self._io_error,
            "full-disk": self._full_disk,
            "bit-flip": self._bit_flip,
            "lost-state": self._lost_state,
            "stale-state": self._stale_state,
            "lost-journal": self._lost_journal,
        }
        self._is_over = False

    def begin(self) -> None:
        """What is wrong from the start, and whose disk may forget or rot."""
        honest = list(self._world.honest)
        self._random.shuffle(honest)
        self._costly = honest[: self._options.costly]
        rotting = max(1, self._options.f) if self._options.n > 1 else 0
        self._rotting = honest[self._options.costly :][:rotting]
        if "lying-sync" in self._options.faults:
            for seat in self._costly:
                self._count("lying-sync")
                seat.disk.lies = seat.forgets = seat.may_fail = True
        if "clock-offset" in self._options.faults:
            for seat in self._world.seats:
                seat.clock.error_ms = self._random.choice((0, 0, 400, -400, CLOCK_ERROR_MS, -CLOCK_ERROR_MS))
                self._count("clock-offset", bool(seat.clock.error_ms))

    async def run(self) -> None:
        network = [fault for fault in self._options.faults if fault in NETWORK]
        others = [fault for fault in self._options.faults if fault in self._kinds]
        while True:
            if network and self._random.random() < 0.6:
                self._change_weather(network)
            if others and self._random.random() < 0.6:
                self._kinds[self._random.choice(others)]()
            await asyncio.sleep(self._random.choice((0.1, 0.5, 2.0)) * self._random.random())

    def heal(self) -> None:
        self._is_over = True

    def _count(self, what: str, happened: bool = True) -> None:
        self._world.faults[what] += happened

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def act() -> None:
            if not self._is_over:
                action()

        self._world.loop.call_later(seconds, act, context=OUTSIDE)

    # --- the network

    def _change_weather(self, kinds: list[str]) -> None:
        random = self._random
        weather = Weather()
        if random.random() < 0.25:
            kinds = []  # a calm moment
        for kind in kinds:
            if random.random() < 0.6:
                self._count(kind)
                self._worsen(weather, kind)
        self._world.wires.weather = weather
        self._world.watch.note(
            "weather", 0, repr((weather.loss, weather.late, sorted(weather.cuts))).encode()
        )

    def _worsen(self, weather: Weather, kind: str) -> None:
        random = self._random
        numbers = range(len(self._world.seats))
        match kind:
            case "loss":
                weather.loss = random.choice((0.02, 0.1, 0.4))
            case "doubled":
                weather.doubled = random.choice((0.05, 0.5))
            case "late":
                weather.late = random.choice((0.02, 0.1, 0.3))
                weather.lateness = random.choice(((0.5, 3.0), (0.5, 30.0)))
            case "reordered":
                weather.latency = (0.001, random.choice((0.1, 0.5, 2.0)))
            case "broken":
                weather.broken = random.choice((0.002, 0.02))
            case "halves":
                sides = [random.randrange(2) for _ in numbers]
                weather.cuts |= {(a, b) for a in numbers for b in numbers if sides[a] != sides[b]}
            case "one-way":
                weather.cuts |= {(a, b) for a in numbers for b in numbers if a != b and random.random() < 0.3}
            case "flapping":
                self._flap(random.randint(2, 8))

    def _flap(self, times: int) -> None:
        """One machine is cut off and comes back, again and again."""
        number = self._random.randrange(len(self._world.seats))
        both = {(number, other) for other in range(len(self._world.seats)) if other != number}
        both |= {(other, one) for one, other in both}

        def cut() -> None:
            self._world.wires.weather.cuts |= both
            self._later(self._random.uniform(0.1, 0.6), join)

        def join() -> None:
            nonlocal times
            self._world.wires.weather.cuts -= both
            times -= 1
            if times:
                self._later(self._random.uniform(0.1, 0.6), cut)

        cut()

    # --- machines

    def _seat(self) -> Seat:
        return self._random.choice(self._world.seats)

    def _slow(self) -> None:
        seat = self._seat()
        self._count("slow", not seat.slowness_seconds)
        seat.slow_down(0.0 if seat.slowness_seconds else SLOW_CALLBACK_SECONDS)

    def _crash(self) -> None:
        self.fell(self._seat(), "crash")

    def fell(self, seat: Seat, what: str) -> None:
        """Crash it, unless it lies down already; it gets up after a while."""
        if seat.process is not None:
            self._count(what)
            seat.crash(self._kept(), is_cut=self._random.random() < 0.5)
            self._later(self._random.choice((0.0, self._random.uniform(0, 8))), seat.start)

    def _kept(self) -> Kept | None:
        """What a power cut leaves of what was not synced: drawn file by file when writes may be torn."""
        if "torn" in self._options.faults:
            return None
        return self._random.choice((Kept.NONE, Kept.ALL))

    def stopped(self, seat: Seat) -> None:
        """Its disk stopped it; somebody starts it again."""
        self._world.loop.call_later(self._random.uniform(0.5, 5.0), seat.start, context=OUTSIDE)

    def _kill(self) -> None:
        """Between two sendings or two operations of its disk, some time from now."""
        self._seat().acts_to_live = self._random.randrange(120)

    def killed(self, seat: Seat) -> None:
        """The moment of `_kill` has come."""
        if not self._is_over:
            self.fell(seat, "kill")

    def _blackout(self) -> None:
        """All at once."""
        if self._random.random() < 0.3:
            for seat in self._world.seats:
                self.fell(seat, "blackout")

    # --- clocks

    def _clock_jump(self) -> None:
        seat = self._seat()
        self._count("clock-jump")
        seat.clock.error_ms = self._random.choice((0, self._random.randint(-CLOCK_ERROR_MS, CLOCK_ERROR_MS)))

    def _clock_stop(self) -> None:
        seat = self._seat()
        self._count("clock-stop")
        seat.clock.stop()
        self._later(self._random.uniform(0.5, 10.0), seat.clock.go_on)

    # --- disks

    def _io_error(self) -> None:
        """One of the next operations of a disk fails, and perhaps those after it."""
        seat = self._seat()
        skipped, failing = self._random.randrange(60), self._random.choice((1, 1, 3))

        def fault(operation: Operation) -> None:
            nonlocal skipped, failing
            if operation.kind in ("look", "open", "lock"):
                return
            if skipped:
                skipped -= 1
            elif failing:
                failing -= 1
                self._count("io-error")
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(operation.path))

        seat.fail_on(fault)

    def _full_disk(self) -> None:
        """Somebody else fills it, and makes room again."""
        seat = self._seat()
        seat.may_fail = True
        self._count("full-disk")
        seat.disk.capacity_bytes = seat.used_bytes() + self._random.choice(
            (0, 100, self._random.randrange(RESERVE_BYTES // 4), self._random.randrange(2 * RESERVE_BYTES))
        )
        self._later(self._random.uniform(0.5, 8.0), lambda: self._make_room(seat))

    def _make_room(self, seat: Seat) -> None:
        seat.disk.capacity_bytes = None
        self._world.seen["disk full, then resumed"] += seat.node is not None

    def _bit_flip(self) -> None:
        """In the block log or the state of a machine whose neighbours are whole; in a journal only where it
        may cost a vote."""
        seat = self._random.choice(self._rotting)
        places = ["blocks", "state"]
        if self._costly and "lost-journal" in self._options.faults and self._random.random() < 0.3:
            seat, places = self._random.choice(self._costly), ["journal"]
        files = [
            (path, data)
            for path, data in seat.disk.files(seat.directory).items()
            if data and path.parts[2] in places
        ]
        if not files:
            return
        path, data = self._random.choice(files)
        seat.disk.flip(path, self._random.randrange(len(data)), 1 << self._random.randrange(8))
        seat.may_fail = True
        seat.rots |= path.parts[2] == "blocks"
        seat.forgets |= places == ["journal"]
        self._count("bit-flip")

    def _lost_state(self) -> None:
        """The database is gone while the node is down."""
        seat = self._random.choice(self._rotting)
        self.fell(seat, "lost-state")
        if seat.process is None and seat.has(seat.directory / "state"):
            seat.disk.lose(seat.directory / "state")

    def _stale_state(self) -> None:
        """An older database comes back while the node is down."""
        seat = self._random.choice(self._rotting)
        path = seat.directory / "state" / LOG
        if not seat.has(path):
            return
        kept = seat.disk.files(path.parent)[path]

        def put_back() -> None:
            self.fell(seat, "stale-state")
            if seat.process is None and seat.has(path):
                seat.disk.put(path, kept)

        self._later(self._random.uniform(0.5, 4.0), put_back)

    def _lost_journal(self) -> None:
        """For ever: this key must not sign again."""
        if not self._costly or self._random.random() < 0.7:
            return
        seat = self._random.choice(self._costly)
        self.fell(seat, "lost-journal")
        if seat.process is None and seat.has(seat.journal):
            seat.disk.lose(seat.journal)
            seat.forgets = seat.may_fail = seat.is_silenced = True
