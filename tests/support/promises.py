"""A client that never rests and forgets nothing it was told, and what must hold of that.

It submits to whoever answers and asks every node where it stands and what became of what it submitted. Kept
are: a receipt once given, the height a node has named, the root a height had. What contradicts one of them is
a broken promise, whatever happened to nodes and lines meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any

import httpx

from tests.support.network import NAMES, Pair, Processes, tx_id_text, until

ANSWER_SECONDS = 1.0
"""A node that is stopped keeps the client no longer."""
PAUSE_SECONDS = 0.02
"""Between two documents: the client shares the cores with the nodes."""
RECEIPTS_ASKED_AGAIN = 8
"""Of the receipts so far, in each turn."""
SILENT_SECONDS = 5.0
"""A node that did not answer in time is left alone for so long: it is stopped, or its line is."""
SETTLE_SECONDS = 60.0


class Promises:
    """`documents` (accepted somewhere) by id, receipts by id, and every contradiction met."""

    def __init__(self, network: Processes, seed: int) -> None:
        self._network = network
        self._chance = Random(seed)
        self._http = httpx.Client(timeout=ANSWER_SECONDS)
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._silent: dict[str, float] = {}
        self._heights: dict[str, int] = {}
        self._stood: dict[int, tuple[str, str]] = {}
        self.documents: dict[str, Pair] = {}
        self.receipts: dict[str, dict[str, Any]] = {}
        self.broken: list[str] = []

    def has_receipts(self, count: int) -> bool:
        assert self.broken == [], self.broken
        assert self._running is not None
        assert not self._running.done(), self._running.exception()
        return len(self.receipts) >= count

    def wait_for(self, more: int) -> None:
        """Until so many further documents are decided."""
        wanted = len(self.receipts) + more
        until(lambda: self.has_receipts(wanted), f"{more} receipts", SETTLE_SECONDS)

    def start(self) -> None:
        self._running = self._thread.submit(self._run)

    def stop(self) -> None:
        self._stop.set()
        self._thread.shutdown()

    def close(self) -> None:
        self.stop()
        self._http.close()

    def settle(self, names: Sequence[str] = NAMES) -> None:
        """After healing: everything accepted is decided, everywhere the same, and no promise was broken."""
        self.stop()
        assert self._running is not None
        self._running.result()
        self._silent.clear()
        for tx_id in self.documents:
            is_decided = partial(self._is_decided, names[0], tx_id)
            until(is_decided, f"{tx_id} to be decided", SETTLE_SECONDS)
        self._network.agree(*names)
        for name in names:
            self._look(name)
            for tx_id in self.documents:
                self._ask(name, tx_id)
                told = partial(self._get, name, f"/v1/transactions/{tx_id}")
                status = until(told, f"{name} to tell of {tx_id}", SETTLE_SECONDS)  # slow is not lost
                if status["status"] != "committed":
                    self.broken.append(f"{name} does not have {tx_id}: {status}")
        assert self.broken == [], self.broken

    def _is_decided(self, name: str, tx_id: str) -> bool:
        found = self._get(name, f"/v1/transactions/{tx_id}?wait_ms=500")
        if found is not None and found["status"] == "unknown":  # it lay with a node that was felled
            self._network[name].submit([self.documents[tx_id]])
        return found is not None and found["status"] == "committed"

    # --- the thread

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._turn()

    def _turn(self) -> None:
        name = self._chance.choice(NAMES)
        pair = self._network.document(self._chance.choice(NAMES))
        if self._submit(name, pair) in ("accepted", "known", "committed"):
            self.documents[tx_id_text(pair)] = pair
        for asked in NAMES:
            self._look(asked)
        lacking = [tx_id for tx_id in self.documents if tx_id not in self.receipts]
        for tx_id in lacking[:RECEIPTS_ASKED_AGAIN]:
            self._ask(self._chance.choice(NAMES), tx_id)
        if self.receipts:
            for tx_id in self._chance.sample(sorted(self.receipts), min(2, len(self.receipts))):
                self._ask(self._chance.choice(NAMES), tx_id)

    def _submit(self, name: str, pair: Pair) -> str:
        sent = {"transactions": [{"body": pair[0].hex(), "auth": pair[1].hex()}]}
        answer = self._request(name, "POST", "/v1/transactions", json=sent)
        return "" if answer is None else str(answer["items"][0]["status"])

    def _get(self, name: str, path: str) -> dict[str, Any] | None:
        return self._request(name, "GET", path)

    def _request(self, name: str, method: str, path: str, **what: Any) -> dict[str, Any] | None:
        """The answer; None when there is none, or it is an error."""
        if time.monotonic() < self._silent.get(name, 0.0):
            return None
        try:
            answer = self._http.request(method, self._network[name].url + path, **what)
        except httpx.TimeoutException:
            self._silent[name] = time.monotonic() + SILENT_SECONDS
            return None
        except (OSError, httpx.TransportError):
            return None
        return dict(answer.json()) if answer.is_success else None

    def _look(self, name: str) -> None:
        """Where a node stands: never lower than it said before, never another root than a height had."""
        found = self._get(name, "/v1/status")
        if found is None:
            return
        height, stood = int(found["height"]), (str(found["block_id"]), str(found["state_root"]))
        if height < self._heights.get(name, 0):
            self.broken.append(f"{name} went back from height {self._heights[name]} to {height}")
        self._heights[name] = height
        if self._stood.setdefault(height, stood) != stood:
            self.broken.append(f"height {height}: {name} has {stood}, it was {self._stood[height]}")

    def _ask(self, name: str, tx_id: str) -> None:
        """A receipt: once given, every node that has its height gives the same."""
        known = self.receipts.get(tx_id)
        height_before = self._heights.get(name, 0)
        found = self._get(name, f"/v1/transactions/{tx_id}/receipt")
        if found is None:
            answered = known is not None and self._get(name, f"/v1/transactions/{tx_id}")
            if known is not None and answered and int(known["height"]) <= height_before:
                status = str(answered["status"])
                if status != "committed":
                    self.broken.append(f"{name}, at height {height_before}, lost {tx_id}: {status}")
            return
        held = {key: found[key] for key in ("height", "index", "body", "outcome", "header")}
        if self.receipts.setdefault(tx_id, held) != held:
            self.broken.append(f"{name} gives another receipt of {tx_id}: {held}, was {known}")


@contextmanager
def kept_promises(network: Processes, seed: int) -> Iterator[Promises]:
    """A client for as long as the block lasts; in the end everything is settled and held against it."""
    client = Promises(network, seed)
    client.start()
    try:
        yield client
    except BaseException:
        client.close()
        raise
    client.settle()
    client.close()
