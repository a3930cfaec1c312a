"""What is wrong with this node now, judged from what it knows of itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from node.findings import Finding, finding, worst_first
from node.reserve import Room
from node.silence import Silence, Why

BEHIND_HEIGHTS = 3
"""A node this far behind what peers claim is catching up: its answers are true and old."""

ROUNDS = 2
"""A height in a higher round waits for somebody who is down or slow."""

CERTIFICATE_WARNING_DAYS = 30
MIB = 1 << 20
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a node measures of itself. Sizes in bytes, times in ms, certificates as seconds since 1970."""

    height: int
    round: int
    validators: int
    peers: int
    votes: bool
    highest_claim: int
    silence: Silence | None = None
    room: Room = Room.VOTE
    free_bytes: int = 0
    reserve_bytes: int = 0
    resume_bytes: int = 0
    clock_offset_ms: int | None = None
    precision_ms: int = 0
    broken_laws: int = 0
    now_seconds: int = 0
    certificates: tuple[tuple[str, int], ...] = ()


def findings_of(vitals: Vitals) -> list[Finding]:
    """Worst first; nothing when all is well."""
    found = [*_of_the_network(vitals), *_of_the_disk(vitals), *_of_the_key(vitals.silence)]
    offset = vitals.clock_offset_ms
    if offset is not None and abs(offset) > vitals.precision_ms:
        found.append(finding("CLOCK", offset_ms=offset, precision_ms=vitals.precision_ms))
    found += certificates_ending(dict(vitals.certificates), vitals.now_seconds)
    if vitals.broken_laws:
        found.append(finding("LAWS-BROKEN", count=vitals.broken_laws))
    return worst_first(found)


def _of_the_network(vitals: Vitals) -> list[Finding]:
    found = []
    heard = vitals.peers + vitals.votes
    if not 3 * heard > 2 * vitals.validators:
        found.append(finding("NO-QUORUM", heard=heard, validators=vitals.validators))
    if vitals.highest_claim > vitals.height + 1 + BEHIND_HEIGHTS:
        found.append(finding("CATCHING-UP", height=vitals.height, claim=vitals.highest_claim - 1))
    if vitals.round > ROUNDS:
        found.append(finding("ROUNDS", height=vitals.height + 1, round=vitals.round))
    return found


def _of_the_disk(vitals: Vitals) -> list[Finding]:
    if vitals.room is Room.VOTE:
        return []
    free, resume = vitals.free_bytes // MIB, -(-vitals.resume_bytes // MIB)
    if vitals.room is Room.NONE:
        return [finding("DISK-FLOOR", free_mib=free, resume_mib=resume)]
    return [
        finding("DISK-RESERVE", free_mib=free, reserve_mib=vitals.reserve_bytes // MIB, resume_mib=resume)
    ]


def _of_the_key(silence: Silence | None) -> list[Finding]:
    match silence:
        case None | Silence(Why.DISK):
            return []
        case Silence(Why.NO_KEY):
            return [finding("KEY-NONE")]
        case Silence(Why.NOT_ENROLLED):
            return [finding("KEY-NOT-ENROLLED")]
        case Silence(Why.JOURNAL, detail):
            return [finding("KEY-JOURNAL", detail=detail)]
        case Silence(Why.RETIRED, detail):
            return [finding("KEY-RETIRED", detail=detail)]
    raise AssertionError(silence)


def certificates_ending(ends: Mapping[str, int], now_seconds: int) -> list[Finding]:
    """`ends`: whose certificate, and when it ends."""
    found = []
    for name, end in sorted(ends.items(), key=lambda one: (one[1], one[0])):
        days = (end - now_seconds) // DAY_SECONDS
        if end <= now_seconds:
            found.append(finding("CERTIFICATE-ENDED", name=name))
        elif days < CERTIFICATE_WARNING_DAYS:
            found.append(finding("CERTIFICATE-ENDS", name=name, days=days))
    return found
