"""What each attack saw, and whether that is what was promised. Pure: a judge is shown what happened, nothing
else, so that it can be shown what must never happen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from cli.failures import REFUSED, VERIFICATION_FAILED


class Observed(Protocol):
    """One attack's figures."""

    @property
    def held(self) -> bool:
        """Whether everything promised was seen."""

    @property
    def facts(self) -> dict[str, Any]:
        """The figures, for people and programs."""


@dataclass(frozen=True, slots=True)
class _Facts:
    @property
    def facts(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OneStopped(_Facts):
    """Three of four go on, and the one that returns agrees."""

    before: int
    after: int
    document: str
    agrees: bool

    @property
    def held(self) -> bool:
        return self.document == "committed" and self.after > self.before and self.agrees


@dataclass(frozen=True, slots=True)
class TwoStopped(_Facts):
    """Two of four stand still at their heights; when the others return, what waited enters."""

    before: tuple[int, ...]
    halted: tuple[int, ...]
    waited: str
    healed: str
    agrees: bool

    @property
    def held(self) -> bool:
        is_still = self.halted == self.before and self.waited != "committed"
        return is_still and self.healed == "committed" and self.agrees


@dataclass(frozen=True, slots=True)
class Overspend(_Facts):
    """The rules refuse it, and for this reason: an agreement above its plan."""

    exit: int
    code: str
    article: str

    @property
    def held(self) -> bool:
        return self.exit == REFUSED and self.code == "TP218-07" and bool(self.article)


@dataclass(frozen=True, slots=True)
class FlippedByte(_Facts):
    """The auditor's tool finds it and names the block."""

    byte: int
    exit: int
    height: int | None

    @property
    def held(self) -> bool:
        return self.exit == VERIFICATION_FAILED and self.height is not None


@dataclass(frozen=True, slots=True)
class Kills(_Facts):
    """Documents that a client was told are decided, and nodes felled with kill -9 meanwhile. `went_back`:
    times that a node told a lower height than it had told before."""

    kills: int
    confirmed: int
    lost: int
    went_back: int
    agrees: bool
    voting: int
    nodes: int

    @property
    def held(self) -> bool:
        is_whole = self.lost == 0 and self.went_back == 0 and self.agrees
        return is_whole and self.kills > 0 and self.confirmed >= self.kills and self.voting == self.nodes


@dataclass(frozen=True, slots=True)
class AllKilled(_Facts):
    """Every node felled at the same moment, with documents on their way."""

    kills: int
    confirmed: int
    lost: int
    before: int
    after: int
    agrees: bool
    voting: int

    @property
    def held(self) -> bool:
        is_whole = self.lost == 0 and self.agrees and self.after > self.before
        return is_whole and self.confirmed > 0 and self.voting == self.kills > 0


@dataclass(frozen=True, slots=True)
class Partition(_Facts):
    """Two nodes on each side of a cut. `links`: how many links each node had meanwhile."""

    before: tuple[int, ...]
    during: tuple[int, ...]
    links: tuple[int, ...]
    documents: tuple[str, ...]
    healed: tuple[str, ...]
    agrees: bool

    @property
    def held(self) -> bool:
        was_cut = bool(self.links) and all(count == 1 for count in self.links)
        is_still = self.during == self.before and "committed" not in self.documents
        entered = bool(self.healed) and all(status == "committed" for status in self.healed)
        return was_cut and is_still and entered and self.agrees


@dataclass(frozen=True, slots=True)
class Liar(_Facts):
    """`liar` signed two contents, and offered two forged blocks to `nodes` others. `named`: who stands in the
    evidence on the chain; `turned_away`: times that the forgeries were refused; `spread`: nodes that took
    one over."""

    liar: str
    named: tuple[str, ...]
    nodes: int
    turned_away: int
    spread: int
    before: int
    after: int
    agrees: bool

    @property
    def held(self) -> bool:
        is_refused = self.turned_away >= 2 * self.nodes > 0 and self.spread == 0
        return self.named == (self.liar,) and is_refused and self.after > self.before and self.agrees


@dataclass(frozen=True, slots=True)
class DamagedLog(_Facts):
    """A byte flipped in a node's own block log: the auditor's tool on a copy, and the node at its start."""

    height: int | None
    exit: int
    noticed: bool
    exit_after: int
    agrees: bool
    votes: bool

    @property
    def held(self) -> bool:
        is_found = self.exit == VERIFICATION_FAILED and self.height is not None and self.noticed
        return is_found and self.exit_after == 0 and self.agrees and self.votes


@dataclass(frozen=True, slots=True)
class FullDisk(_Facts):
    """Free space falls below the reserve and comes back. `reason`: what the node said of itself."""

    free_mib: int
    reserve_mib: int
    reason: str
    votes_while_full: bool
    document: str
    followed: bool
    votes_again: bool
    is_same_process: bool

    @property
    def held(self) -> bool:
        was_full = self.free_mib < self.reserve_mib and self.reason == "DISK-RESERVE"
        is_silent = was_full and not self.votes_while_full
        went_on = self.document == "committed" and self.followed
        return is_silent and went_on and self.votes_again and self.is_same_process


@dataclass(frozen=True, slots=True)
class LostJournal(_Facts):
    """A node whose journal is gone, and its new key."""

    reason: str
    votes_without: bool
    followed: bool
    ballot: str
    votes_again: bool
    is_old_key_out: bool
    agrees: bool

    @property
    def held(self) -> bool:
        is_silent = self.reason == "KEY-JOURNAL" and not self.votes_without and self.followed
        is_back = self.ballot == "passed" and self.votes_again and self.is_old_key_out
        return is_silent and is_back and self.agrees
