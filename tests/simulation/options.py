"""What a run is made of: drawn from its seed, printed, and kept as JSON when the run fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any

NETWORK = ("loss", "doubled", "late", "reordered", "broken", "halves", "one-way", "flapping")
MACHINES = ("slow", "crash", "kill", "blackout")
CLOCKS = ("clock-offset", "clock-jump", "clock-stop")
DISKS = (
    "torn",
    "io-error",
    "full-disk",
    "lying-sync",
    "bit-flip",
    "lost-state",
    "stale-state",
    "lost-journal",
)
FAULTS = (*NETWORK, *MACHINES, *CLOCKS, *DISKS)

COSTLY_FAULTS = ("lying-sync", "lost-journal")
"""Whoever meets one of these may forget what it signed: it counts as one of the f."""

LIARS = (
    "twins", "two-faced", "false-valid-round", "withheld-body", "wrong-roots", "other-chain",
    "garbage-certificates", "sync-liar", "flood", "censor",
)  # fmt: skip

HEIGHTS = {3: 14, 4: 12, 5: 9, 6: 7, 7: 5}
"""Heights of the safety phase by number of validators: messages grow with its square."""


ABSENT_HEIGHTS = 70
"""More than one GET_COMMITS asks for."""


@dataclass(frozen=True, slots=True)
class Options:
    """`heights` and `seconds`: the safety phase ends with the first of them. `documents`: beside the budget's
    story. `costly`: members whose disks may lie or whose journals may be lost, with the liars at most f."""

    seed: int
    n: int = 4
    heights: int = 12
    seconds: int = 60
    documents: int = 6
    has_story: bool = True
    faults: tuple[str, ...] = ()
    liars: tuple[str, ...] = ()
    costly: int = 0
    has_real_keys: bool = False
    is_absence: bool = False
    """One machine is down until the network heals, with more heights to catch up than one answer brings."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Options:
        names = {one.name for one in fields(cls)}
        assert set(values) <= names, f"options {sorted(set(values) - names)} are not known"
        return cls(**{**values, "faults": tuple(values["faults"]), "liars": tuple(values["liars"])})

    @property
    def f(self) -> int:
        """How many may be faulty in any way at all."""
        return (self.n - 1) // 3

    def __str__(self) -> str:
        liars = f", liars: {', '.join(self.liars)}" if self.liars else ""
        faults = f", faults: {', '.join(self.faults)}" if self.faults else ", no faults"
        costly = f", {self.costly} may forget" if self.costly else ""
        keys = ", real keys" if self.has_real_keys else ""
        keys += ", one is absent" if self.is_absence else ""
        return (
            f"seed {self.seed}: {self.n} validators, {self.heights} heights or {self.seconds} s"
            f"{faults}{liars}{costly}{keys}"
        )


def options_of(seed: int) -> Options:
    """Swarm testing: each seed has a random part of the faults, so that none hides another."""
    random = Random(seed)
    n = random.choices((3, 4, 5, 6, 7), (10, 55, 12, 8, 15))[0]
    f = (n - 1) // 3
    share = random.choice((0.1, 0.25, 0.4, 0.6))
    faults = tuple(fault for fault in FAULTS if random.random() < share)
    liars = random.choice((0, 0, 1, 1, f)) if f else 0
    kinds = tuple(random.choice(LIARS) for _ in range(min(liars, f)))
    costly = f - len(kinds)
    if not costly or random.random() < 0.5:
        costly = 0
        faults = tuple(fault for fault in faults if fault not in COSTLY_FAULTS)
    has_real_keys = random.random() < 0.05
    if n == 4 and not has_real_keys and random.random() < 0.03:
        few = tuple(fault for fault in faults if fault in ("lost-state", "stale-state", "bit-flip"))
        return Options(
            seed, heights=ABSENT_HEIGHTS, seconds=200, documents=12, has_story=False, faults=few,
            is_absence=True,
        )  # fmt: skip
    return Options(
        seed=seed,
        n=n,
        heights=HEIGHTS[n],
        seconds=random.choice((20, 40, 80)),
        documents=random.choice((0, 4, 12)),
        has_story=random.random() < 0.7,
        faults=faults,
        liars=kinds,
        costly=costly,
        has_real_keys=has_real_keys,
    )
