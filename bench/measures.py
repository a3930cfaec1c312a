"""The measurements over one running network, in their order; each returns plain figures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load import BATCH, Flood, Pair, agreements, prepared, tx_ids
from cli.client import Client
from cli.demo.budget import BUDGET, SOURCE, YEAR
from cli.demo.desk import Desk, Watch
from cli.demo.nodes import NETWORK, DemoNodes
from contracts import planner
from contracts.records import Collection

SUSTAINED_SECONDS = 25.0
ROWS_PER_DOCUMENT = 100
TOKENS_WANTED = 100_000
ROWS_SECONDS = 240.0
"""At most: a slow machine reports the tokens it reached."""

SAMPLES_IDLE = 40
SAMPLES_LOADED = 40
IDLE_PAUSE_SECONDS = 0.35
DRAIN_SECONDS = 60.0
REBUILD_SECONDS = 300.0

PLANNED = (
    Collection.TOKENS, Collection.APPROPRIATIONS, Collection.BUDGETS, Collection.HOLDS, Collection.PARAMS,
)  # fmt: skip
WHAT_IF_SHARE = 700
"""Hundredths of a per cent of unprotected expenditure."""

Figures = dict[str, Any]


@dataclass(slots=True)
class Bench:
    """A running network and the people of its institutions."""

    directory: Path
    nodes: DemoNodes
    desk: Desk

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes.nodes.values()]

    # --- (1)

    def sustained(self) -> Figures:
        """Committed documents a second, two signatures each, one agreement each, while all nodes are offered
        more."""
        documents = agreements(self.desk, 1, "s")
        warm = prepared(documents, 4 * BATCH)
        self._flood_and_wait(warm)
        estimate = int(1500 * SUSTAINED_SECONDS)
        ready = prepared(documents, estimate)
        count, seconds = self._committed_while_flooding(ready, SUSTAINED_SECONDS)
        return {"transactions": count, "seconds": round(seconds, 2), "per_second": round(count / seconds, 1)}

    def _committed_while_flooding(self, ready: Sequence[Pair], seconds: float) -> tuple[int, float]:
        """(committed, seconds) between the first and the last decision that a client of one node sees in
        time."""
        client = self.desk.clients["treasury"]
        before = _decided(client)
        flood = Flood(self.urls, ready)
        thread = threading.Thread(target=flood.run)
        began = time.monotonic()
        thread.start()
        thread.join(seconds)
        flood.stop()
        thread.join()
        ended = time.monotonic()
        committed = _decided(client) - before
        self._drain()
        assert flood.refused == 0, f"{flood.refused} documents of the load were refused"
        return committed, ended - began

    def _flood_and_wait(self, documents: Sequence[Pair]) -> None:
        Flood(self.urls, documents).run()
        self.desk.watch.wait_for(tx_ids(documents))

    def _drain(self) -> None:
        """Until no node has anything waiting."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            if all(client.status()["mempool"] == 0 for client in self.desk.clients.values()):
                return
            time.sleep(0.1)

    # --- (2) and (6)

    def rows(self) -> Figures:
        """Agreements a second when one signed document carries a hundred; goes on until the tokens are
        there."""
        documents = agreements(self.desk, ROWS_PER_DOCUMENT, "r")
        tokens = self._tokens()
        count = max(1, (TOKENS_WANTED - tokens) // ROWS_PER_DOCUMENT + 1)
        client = self.desk.clients["treasury"]
        committed, began, left = 0, time.monotonic(), count
        seconds = 0.0
        while left > 0 and time.monotonic() - began < ROWS_SECONDS:
            ready = prepared(documents, min(left, 160))
            before = _decided(client)
            clock = time.monotonic()
            flood = Flood(self.urls, ready, batch=4)
            flood.run()
            self.desk.watch.wait_for(tx_ids(ready))
            seconds += time.monotonic() - clock
            committed += _decided(client) - before
            left -= len(ready)
        return {
            "documents": committed,
            "rows": committed * ROWS_PER_DOCUMENT,
            "seconds": round(seconds, 2),
            "per_second": round(committed * ROWS_PER_DOCUMENT / seconds, 1),
        }

    def sizes(self) -> Figures:
        """Bytes on disk a transaction, resident memory of each node at this many tokens."""
        transactions = _decided(self.desk.clients["treasury"])
        used = {name: _tree_bytes(node.directory) for name, node in self.nodes.nodes.items()}
        resident = {name: _resident_bytes(node.pid) for name, node in self.nodes.nodes.items()}
        tokens = self._tokens()
        return {
            "tokens": tokens,
            "transactions": transactions,
            "disk_bytes_per_token": round(max(used.values()) / max(tokens, 1)),
            "disk_bytes": used,
            "resident_mib": {name: round(size / 2**20) for name, size in resident.items()},
        }

    def _tokens(self) -> int:
        client = self.desk.clients["228"]
        count, after = 0, None
        while True:
            page = client.page("tokens", after=after, limit=1000)
            count += len(page["items"])
            after = page["next"]
            if after is None:
                return count

    # --- (9)

    def what_if(self) -> Figures:
        """Seconds of `sequester plan` over every programme on a person's own machine: the state over HTTP,
        and the plan itself."""
        began = time.monotonic()
        state = self.desk.state(PLANNED)
        state.scan(Collection.TOKENS, b"", 1)
        fetched = time.monotonic() - began
        total = planner.share_amount(state, BUDGET, YEAR, WHAT_IF_SHARE)
        plan = planner.plan_sequester(state, BUDGET, YEAR, SOURCE, total)
        return {
            "fetch_seconds": round(fetched, 2),
            "seconds": round(time.monotonic() - began, 2),
            "rows": len(plan.rows),
        }

    # --- (3)

    def finality(self, rate: float) -> Figures:
        """Milliseconds from offering one document to its decision: idle, and at half of `rate`."""
        documents = agreements(self.desk, 1, "f")
        idle = self.samples(prepared(documents, SAMPLES_IDLE), IDLE_PAUSE_SECONDS)
        half = rate / 2
        load = prepared(documents, int(half * 25))
        flood = Flood(self.urls, load, per_second=half, batch=max(1, int(half / 10)))
        thread = threading.Thread(target=flood.run)
        thread.start()
        time.sleep(2.0)
        loaded = self.samples(prepared(documents, SAMPLES_LOADED), IDLE_PAUSE_SECONDS)
        flood.stop()
        thread.join()
        self._drain()
        return {"idle_ms": _quantiles(idle), "half_load_ms": _quantiles(loaded), "half_load": round(half, 1)}

    def samples(self, documents: Sequence[Pair], pause_seconds: float) -> list[float]:
        """Milliseconds from offering each document to its decision, one after the other."""
        client = self.desk.clients["treasury"]
        times = []
        for document, tx_id in zip(documents, tx_ids(documents), strict=True):
            time.sleep(pause_seconds)
            began = time.monotonic()
            client.submit_many(client.nodes[0], [document])
            self.desk.watch.wait_for([tx_id])
            times.append((self.desk.watch.first_seen(tx_id) - began) * 1000)
        return times

    # --- (5)

    def start_up(self) -> Figures:
        """A node's state rebuilt from its log, and a node that has nothing and asks its peers for
        everything."""
        node = self.nodes.nodes["228"]
        height = int(self.desk.clients["treasury"].status()["height"])
        transactions = _decided(self.desk.clients["treasury"])
        used = max(_tree_bytes(one.directory) for one in self.nodes.nodes.values())
        self.nodes.stop(node)
        warm = self._timed_start()
        self.nodes.stop(node)
        shutil.rmtree(node.directory / "state")
        rebuilt = self._timed_start()
        self.nodes.stop(node)
        for part in ("state", "blocks", "journal"):
            shutil.rmtree(node.directory / part)
        caught_up = self._timed_start(height)
        return {
            "height": height,
            "transactions": transactions,
            "disk_bytes_per_transaction": round(used / transactions),
            "restart_seconds": round(warm, 2),
            "rebuild_seconds": round(rebuilt, 2),
            "rebuild_blocks_per_second": round(height / rebuilt, 1),
            "catch_up_seconds": round(caught_up, 2),
            "catch_up_blocks_per_second": round(height / caught_up, 1),
            "catch_up_transactions_per_second": round(transactions / caught_up, 1),
        }

    def _timed_start(self, height: int = 0) -> float:
        node = self.nodes.nodes["228"]
        began = time.monotonic()
        self.nodes.start(node)
        self.nodes.wait_ready(["228"], REBUILD_SECONDS)
        client = Client([node.url])
        while int(client.status()["height"]) < height:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        self.desk.clients["228"] = client
        self.desk.watch = Watch(self.urls)
        self.desk.watch.start()
        return seconds

    # --- (4)

    def verification(self, genesis: str) -> Figures:
        """The auditor's tool over the whole chain, on a copy of one node's blocks."""
        copy = self.directory / "audit" / "blocks"
        shutil.copytree(self.directory / NETWORK / "nodes" / "mof" / "blocks", copy)
        transactions = _decided(self.desk.clients["treasury"])
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "audit", "chain", str(copy), "--genesis", genesis, "-o", "json"],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
        json.loads(ended.stdout)
        return {
            "transactions": transactions,
            "seconds": round(seconds, 2),
            "per_second": round(transactions / seconds, 1),
        }


def _decided(client: Client) -> int:
    """Transactions a node has decided since it started."""
    for line in client.text("/metrics").splitlines():
        if line.startswith("eqz_transactions_total "):
            return int(float(line.split()[1]))
    return 0


def _quantiles(samples: Sequence[float]) -> Figures:
    ordered = sorted(samples)
    return {
        "p50": round(ordered[len(ordered) // 2], 1),
        "p99": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 1),
        "samples": len(ordered),
    }


def _tree_bytes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
