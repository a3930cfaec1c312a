"""Rare situations that the machine-level runs must have met; one that never met them proves little.

Each name is counted where it happens (`oracle.py`, `cluster.py`, `forks.py`). What CI must meet it meets
often; a deep run must also meet what comes once in some hundred scenarios.
"""

from __future__ import annotations

CI_SCHEDULES = frozenset(
    {
        "all down at once",
        "archives examined",
        "block offered again with its polka",
        "block offered again without a lock on it",
        "body asked for",
        "body asked for after its decision",
        "body asked for after its polka",
        "check faulted",
        "decided by a certificate",
        "decided by a certificate in a round skipped to",
        "decided in a round already left",
        "decided in round 4+",
        "decided node hidden",
        "equivocation reported",
        "equivocator in both tallies",
        "height replayed",
        "killed between two effects",
        "lock holder felled",
        "lock holder hidden",
        "lock in round 2 or later",
        "locked anew on another block",
        "locked, then unlocked by a newer polka",
        "message of a far round kept",
        "message refused",
        "named by the archives",
        "precommitted nil beside a polka",
        "prevoted nil under a lock",
        "recovered with a lock",
        "recovered with a lock of round 2 or later",
        "recovered with votes and no lock",
        "round skipped under a lock",
        "rounds skipped",
        "the timer won over a proposal",
        "third content counted inside a certificate",
        "two proposals of one round",
        "valid value without a lock of its round",
        "votes passed on",
    }
)
DEEP_SCHEDULES = CI_SCHEDULES | {
    "a lock that came back gave way to a newer polka",
    "decided another block than the locked one",
}

CI_TWINS = frozenset(
    {
        "archives examined",
        "block offered again with its polka",
        "body asked for after its polka",
        "decided by a certificate",
        "decided in round 3",
        "equivocation reported",
        "equivocator in both tallies",
        "killed between two effects",
        "lock holder felled",
        "lock holder hidden",
        "lock in round 2 or later",
        "named by the archives",
        "recovered with a lock",
        "rounds skipped",
        "the timer won over a proposal",
        "two proposals of one round",
        "valid value without a lock of its round",
    }
)
DEEP_TWINS = CI_TWINS | {
    "decided by a certificate in a round skipped to",
    "decided in a round already left",
    "decided in round 4+",
    "locked anew on another block",
    "locked, then unlocked by a newer polka",
    "precommitted nil beside a polka",
    "prevoted nil under a lock",
    "recovered with a lock of round 2 or later",
    "round skipped under a lock",
}

CI_FORKS = frozenset(
    {
        "convicted of amnesia",
        "convicted of equivocation",
        "forks by forgetful, 10 validators",
        "forks by forgetful, 7 validators",
        "forks by forgetful, 9 validators",
        "forks by twins, 10 validators",
        "forks by twins, 4 validators",
        "forks by twins, 5 validators",
        "forks by twins, 7 validators",
        "forks by twins, 9 validators",
    }
)
DEEP_FORKS = CI_FORKS | {"forks by forgetful, 4 validators", "forks by forgetful, 5 validators"}

CI_NODES = frozenset(
    {
        "bad message blamed",
        "caught up over more than 64 heights",
        "crash between journal and broadcast",
        "decided in round 3 or later",
        "disk full, then resumed",
        "equivocation seen",
        "evidence on chain",
        "invalid block refused",
        "key retired",
        "killed between storing a height and telling of it",
        "lock in round 2 or later",
        "log repaired from a peer",
        "log repaired without a peer",
        "replay offered",
        "restart with a lock",
        "state rebuilt",
        "stopped by its disk",
        "torn tail cut",
    }
)
"""Of whole nodes (`watch.py`)."""
DEEP_NODES = CI_NODES | {"the log's end was lost to rot", "unlocked by a newer polka"}
