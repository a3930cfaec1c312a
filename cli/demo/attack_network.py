"""Nodes felled and lines cut: nothing that was told is lost, and nothing forks."""

from __future__ import annotations

import random
import signal

from cli.demo.arena import NAMES, Arena, Load, a_document
from cli.demo.judges import AllKilled, Kills, OneStopped, Partition, TwoStopped

HALT_SECONDS = 6.0
"""Longer than a round of four nodes takes: a network that had a quorum would have decided."""

KILLS = 3
CONFIRMED_BETWEEN = 4
"""Documents confirmed between two kills, so that each hits a network at work."""

SIDES = (("mof", "treasury"), ("226", "228"))


def one_stopped(arena: Arena) -> OneStopped:
    """Three of four are a quorum: documents are decided, and the returned node agrees."""
    victim, through = "228", "treasury"
    arena.stop(victim)
    before = arena.height(through)
    tx_id = arena.offer(a_document(arena, through), through)
    arena.is_decided(tx_id, through, 20)
    status, after = arena.fate(tx_id, through), arena.height(through)
    arena.start([victim])
    return OneStopped(before, after, status, arena.agrees())


def two_stopped(arena: Arena) -> TwoStopped:
    """Two of four are no quorum: nothing is decided, nothing forks; when they return the document enters."""
    left, away = SIDES
    for name in away:
        arena.stop(name)
    before = tuple(arena.height(name) for name in left)
    tx_id = arena.offer(a_document(arena, left[1]), left[1])
    waited = arena.fate(tx_id, left[1], int(HALT_SECONDS * 1000))
    halted = tuple(arena.height(name) for name in left)
    arena.start(away)
    arena.is_decided(tx_id, left[1])
    return TwoStopped(before, halted, waited, arena.fate(tx_id, left[1]), arena.agrees())


def kills(arena: Arena) -> Kills:
    """Under load, one node after another is felled in the middle of whatever it does, and comes back."""
    chance = random.Random()
    done = 0
    with Load(arena) as load:
        for _ in range(KILLS):
            wanted = len(load.confirmed) + CONFIRMED_BETWEEN
            if not arena.until(lambda wanted=wanted: len(load.confirmed) >= wanted):  # type: ignore[misc]
                break
            victim = chance.choice(NAMES)
            arena.stop(victim, signal.SIGKILL)
            done += 1
            arena.start([victim])
    agrees = arena.agrees()
    voting = sum(arena.until(lambda name=name: arena.votes(name), 10) for name in NAMES)  # type: ignore[misc]
    return Kills(done, len(load.confirmed), load.lost(), load.went_back, agrees, voting, len(NAMES))


def all_killed(arena: Arena) -> AllKilled:
    """A power cut of the whole building, with documents on their way."""
    with Load(arena) as load:
        arena.until(lambda: len(load.confirmed) >= CONFIRMED_BETWEEN)
        before = max(arena.height(name) for name in NAMES)
        arena.nodes.fell_all()
    arena.start(NAMES)
    arena.decide("mof")
    agrees = arena.agrees()
    voting = sum(arena.until(lambda name=name: arena.votes(name), 10) for name in NAMES)  # type: ignore[misc]
    return AllKilled(
        len(NAMES), len(load.confirmed), load.lost(), before, arena.height("mof"), agrees, voting
    )


def partition(arena: Arena) -> Partition:
    """Two and two hear only each other: neither side may decide. A document on each side waits and enters."""
    arena.agrees()
    arena.wires.cut(*SIDES)
    arena.until(lambda: all(arena.status(name).get("peers") == 1 for name in NAMES), 10)
    before = tuple(arena.height(name) for name in NAMES)
    speakers = [side[0] for side in SIDES]
    tx_ids = [arena.offer(a_document(arena, name), name) for name in speakers]
    arena.fate(tx_ids[0], speakers[0], int(HALT_SECONDS * 1000))
    links = tuple(int(arena.status(name).get("peers", -1)) for name in NAMES)
    during = tuple(arena.height(name) for name in NAMES)
    waiting = tuple(arena.fate(tx_id, name) for tx_id, name in zip(tx_ids, speakers, strict=True))
    arena.wires.heal()
    for tx_id in tx_ids:
        arena.is_decided(tx_id, "228")
    healed = tuple(arena.fate(tx_id, "228") for tx_id in tx_ids)
    return Partition(before, during, links, waiting, healed, arena.agrees())
