"""Runs every measurement once, prints a table, writes bench/results/latest.json. A quarter of an hour."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import actions, public
from bench.machine import Machine, measure
from bench.measures import Bench, Figures
from cli.demo.budget import adoption, directories, receipts_plan
from cli.demo.desk import Document, desk_of
from cli.demo.nodes import DemoNodes, found
from cli.demo.run import members
from cli.demo.year import SUPPLIERS, Year

RESULTS = Path(__file__).parent / "results"
NODES = 4
SIGNATURES = 2


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="eqazyna-bench-") as place:
        figures = run(Path(place))
    figures["actions"] = told("8 actions", lambda: actions.measure(say=say))
    figures["seconds"] = round(time.monotonic() - began, 1)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(table(figures))
    print(actions.table(figures["actions"]))


@contextmanager
def opened(directory: Path) -> Iterator[tuple[Bench, str]]:
    """A network founded in `directory`, its year open and planned, and its genesis hash."""
    (directory / "net").mkdir()
    network = found(directory / "net", "eqazyna-bench", members())
    nodes = DemoNodes(directory / "net", [member.part.name for member in network.members])
    try:
        say("network")
        nodes.start_all()
        desk = desk_of(network, {name: node.url for name, node in nodes.nodes.items()})
        year = Year(desk, lambda *_, **__: None)
        desk.submit(directories((), SUPPLIERS))
        desk.submit([Document("treasury", "treasury.open_day", {"day": "2026-01-05"})])
        desk.submit([adoption()])
        desk.submit([receipts_plan()])
        year.plan()
        yield Bench(directory / "net", nodes, desk), network.genesis.chain_id.hex()
    finally:
        nodes.stop_all()


def run(directory: Path) -> dict[str, Any]:
    """All figures, over one network founded for them."""
    say("machine")
    machine = measure(directory)
    with opened(directory) as (bench, genesis):
        at_limit = told("10 public API", lambda: public.measure(bench))
        sustained = told("1 sustained", bench.sustained)
        finality = told("3 finality", lambda: bench.finality(sustained["per_second"]))
        start_up = told("5 start-up", bench.start_up)
        rows = told("2 rows", bench.rows)
        sizes = told("6 sizes", bench.sizes)
        what_if = told("9 what-if", bench.what_if)
        verification = told("4 verification", lambda: bench.verification(genesis))
    return {
        "schema": "eqz.bench/1",
        "machine": asdict(machine),
        "sustained": {**sustained, "of_limit": ratio(sustained["per_second"], signature_limit(machine))},
        "rows": {**rows, "times_documents": ratio(rows["per_second"], sustained["per_second"])},
        "finality": {**finality, "idle_syncs": ratio(finality["idle_ms"]["p50"], machine.sync_ms_p50)},
        "public": at_limit,
        "verification": {
            **verification,
            "of_limit": ratio(verification["per_second"] * SIGNATURES, machine.verifications_all),
        },
        "start_up": start_up,
        "sizes": sizes,
        "what_if": what_if,
    }


def told(name: str, measurement: Callable[[], Figures]) -> Figures:
    """A measurement, told as soon as it is done."""
    figures = measurement()
    say(f"{name}: {json.dumps(figures)}")
    return figures


def signature_limit(machine: Machine) -> float:
    """Documents a second if this machine did nothing but verify their signatures, once on every node."""
    return machine.verifications_all / (SIGNATURES * NODES)


def ratio(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    machine, sustained, rows = figures["machine"], figures["sustained"], figures["rows"]
    finality, verification = figures["finality"], figures["verification"]
    start_up, sizes = figures["start_up"], figures["sizes"]
    idle, loaded = finality["idle_ms"], finality["half_load_ms"]
    lines = [
        (
            "7 machine",
            f"{machine['cores']} cores, {machine['verifications_all']:.0f} Ed25519 verifications a second",
        ),
        ("", f"fdatasync of 4 KiB p50 {machine['sync_ms_p50']:.2f} ms, p99 {machine['sync_ms_p99']:.2f} ms"),
        (
            "1 sustained",
            f"{sustained['per_second']} documents a second = {sustained['of_limit']} of the signature limit",
        ),
        (
            "2 rows",
            f"{rows['per_second']} rows a second, 100 a document = {rows['times_documents']} x documents",
        ),
        ("3 finality idle", f"p50 {idle['p50']} ms, p99 {idle['p99']} ms"),
        (
            "  at half load",
            f"p50 {loaded['p50']} ms, p99 {loaded['p99']} ms ({finality['half_load']} a second)",
        ),
        (
            "4 verification",
            f"{verification['per_second']} transactions a second ({verification['transactions']} in "
            f"{verification['seconds']} s), signatures {verification['of_limit']} of the machine's",
        ),
        (
            "5 start-up",
            f"restart {start_up['restart_seconds']} s, "
            f"rebuild {start_up['rebuild_blocks_per_second']} blocks/s, "
            f"catch-up {start_up['catch_up_blocks_per_second']} blocks/s = "
            f"{start_up['catch_up_transactions_per_second']} documents/s (height {start_up['height']})",
        ),
        (
            "6 sizes",
            f"{start_up['disk_bytes_per_transaction']} bytes on disk a document of (1); "
            f"{sizes['tokens']} tokens: {sizes['disk_bytes_per_token']} bytes a token, "
            f"resident {max(sizes['resident_mib'].values())} MiB",
        ),
        (
            "9 what-if",
            f"sequester plan over HTTP {figures['what_if']['seconds']} s, of them the state "
            f"{figures['what_if']['fetch_seconds']} s ({figures['what_if']['rows']} rows)",
        ),
        (
            "10 public API",
            f"finality p99 {figures['public']['at_limit_ms']['p99']} ms at its limit, "
            f"{figures['public']['idle_ms']['p99']} ms idle = {figures['public']['p99_ratio']} times",
        ),
        ("took", f"{figures['seconds']} s"),
    ]
    return "\n".join(f"{name:16} {text}" for name, text in lines)


def say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
