"""The machine's own limits, measured in the same run: what everything else is held against."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chain.keys import SigningKey, verify

SECONDS = 2.0
SYNCS = 100
BLOCK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Machine:
    """`verifications`: Ed25519 a second on one thread; `verifications_all`: on all cores; syncs in ms."""

    cores: int
    verifications: float
    verifications_all: float
    sync_ms_p50: float
    sync_ms_p99: float


def measure(directory: Path) -> Machine:
    """About six seconds."""
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        alone = _verify_for(SECONDS)
        together = sum(pool.map(_verify_for, [SECONDS] * cores))
    syncs = sorted(_sync_times(directory / "sync"))
    return Machine(
        cores,
        alone / SECONDS,
        together / SECONDS,
        statistics.median(syncs) * 1000,
        syncs[len(syncs) * 99 // 100] * 1000,
    )


def _verify_for(seconds: float) -> int:
    key = SigningKey.from_seed(bytes(32))
    message = bytes(96)
    signature = key.sign(message)
    count = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        assert verify(key.public_key, message, signature)
        count += 1
    return count


def _sync_times(path: Path) -> list[float]:
    """Seconds of appending 4 KiB and fdatasync, as a block log does."""
    times = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(SYNCS):
            began = time.perf_counter()
            os.write(descriptor, bytes(BLOCK_BYTES))
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return times
