"""What the public API at its limit costs the consensus: finality with and without it, in turns of one run."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.load import agreements, prepared
from bench.measures import Bench, Figures
from cli.client import Client

SLICES = 14
"""Of each kind, one after the other, so that what else the machine does falls on both."""
SAMPLES = 12
"""Of each slice."""
PAUSE_SECONDS = 0.3
"""More than the interval between blocks, which a document would else wait for."""
CONNECTIONS = 16
"""To each node, each with one request after the other: far more than a tenth of its time answers."""
WARM_SECONDS = 1.0
"""At the change of a slice: what was saved while nobody asked is spent, what was asked last is answered."""


def measure(bench: Bench) -> Figures:
    """p50 and p99 of finality in ms with an idle API and with one at its limit, and their ratios."""
    documents = agreements(bench.desk, 1, "p")
    before = [_counted(url) for url in bench.urls]
    context = get_context("spawn")
    is_on = context.Event()
    is_over = context.Event()
    load = context.Process(target=_flood, args=(bench.urls, is_on, is_over), daemon=True)
    load.start()
    times: dict[bool, list[float]] = {False: [], True: []}
    try:
        for number in range(2 * SLICES):
            is_loaded = number % 2 == 1
            (is_on.set if is_loaded else is_on.clear)()
            is_over.wait(WARM_SECONDS)
            times[is_loaded] += bench.samples(prepared(documents, SAMPLES), PAUSE_SECONDS)
    finally:
        is_over.set()
        load.join()
    idle, loaded = (quantiles(times[is_loaded]) for is_loaded in (False, True))
    after = [_counted(url) for url in bench.urls]
    return {
        "idle_ms": idle,
        "at_limit_ms": loaded,
        "p50_ratio": round(loaded["p50"] / idle["p50"], 3),
        "p99_ratio": round(loaded["p99"] / idle["p99"], 3),
        "reads_ms": [late["reads"] - early["reads"] for early, late in zip(before, after, strict=True)],
        "refused": [late["work"] - early["work"] for early, late in zip(before, after, strict=True)],
    }


def quantiles(samples: Sequence[float]) -> Figures:
    ordered = sorted(samples)
    return {
        "p50": round(ordered[len(ordered) // 2], 1),
        "p99": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 1),
        "samples": len(ordered),
    }


def _counted(url: str) -> dict[str, int]:
    """Milliseconds of work on reads and requests refused, since the node started."""
    found = {"reads": 0, "work": 0}
    for line in Client([url]).text("/metrics").splitlines():
        if line.startswith('eqz_http_work_milliseconds_total{what="reads"}'):
            found["reads"] = int(float(line.split()[-1]))
        if line.startswith('eqz_http_refused_total{limit="work"}'):
            found["work"] = int(float(line.split()[-1]))
    return found


# --- the process that asks


def _flood(urls: Sequence[str], is_on: Event, is_over: Event) -> None:
    asyncio.run(_ask_all(urls, is_on, is_over))


async def _ask_all(urls: Sequence[str], is_on: Event, is_over: Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        for url in urls:
            for _ in range(CONNECTIONS):
                tasks.create_task(_ask(url, is_on, is_over))


async def _ask(url: str, is_on: Event, is_over: Event) -> None:
    """One connection: pages, values with proofs, blocks, totals, the status, one after the other."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    paths = cycle((
        "/v1/status", "/v1/state/tokens?limit=100", "/v1/state/institutions/6d6f66?proof=1", "/v1/blocks/2",
        "/v1/totals", "/v1/state/params?limit=10&height=3", "/metrics",
    ))  # fmt: skip
    try:
        while not is_over.is_set():
            if not is_on.is_set():
                await asyncio.sleep(0.02)
                continue
            writer.write(f"GET {next(paths)} HTTP/1.1\r\nhost: {place.netloc}\r\n\r\n".encode("ascii"))
            head = await reader.readuntil(b"\r\n\r\n")
            (length,) = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            await reader.readexactly(int(length.split(b":")[1]))
    finally:
        writer.close()


def main() -> None:
    """This measurement alone, over a network founded for it."""
    from bench.__main__ import opened

    with tempfile.TemporaryDirectory(prefix="eqazyna-bench-") as place, opened(Path(place)) as (bench, _):
        figures: dict[str, Any] = measure(bench)
    json.dump(figures, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
