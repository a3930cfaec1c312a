"""The demonstration as a newcomer runs it: its figures, its files, and what an auditor makes of them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.demo.attack import ATTACKS

COMMAND_SECONDS = 300
FLIPS = 12


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@dataclass(frozen=True)
class Kept:
    """A demonstration with --keep: what it printed, what its nodes answered afterwards, and how it was
    stopped."""

    value: dict[str, Any]
    running: list[bool]
    answers: list[dict[str, Any]]
    stopped: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def kept(place: Path) -> Kept:
    ended = run("cli.main", "demo", "-o", "json", "--keep", "--dir", str(place))
    try:
        assert ended.returncode == 0, ended.stderr[-3000:]
        value: dict[str, Any] = json.loads(ended.stdout)
        running = [is_running(node["pid"]) for node in value["nodes"]]
        answers = [httpx.get(f"http://{api_of(node)}/v1/status").json() for node in value["nodes"]]
    finally:
        stopped = run("cli.main", "demo", "--stop", "--dir", str(place))
    return Kept(value, running, answers, stopped)


@pytest.fixture(scope="module")
def demo(kept: Kept) -> dict[str, Any]:
    return kept.value


def is_running(pid: int) -> bool:
    return b"run" in Path(f"/proc/{pid}/cmdline").read_bytes() if Path(f"/proc/{pid}").exists() else False


def api_of(node: dict[str, Any]) -> str:
    return (Path(node["directory"]) / "api.addr").read_text(encoding="ascii").strip()


def test_a_kept_network_goes_on_until_it_is_stopped(kept: Kept) -> None:
    assert kept.running == [True] * 4
    assert len({answer["chain_id"] for answer in kept.answers}) == 1
    assert all(answer["height"] >= kept.value["nodes"][0]["height"] for answer in kept.answers)
    assert kept.stopped.returncode == 0, kept.stopped.stderr
    assert [is_running(node["pid"]) for node in kept.value["nodes"]] == [False] * 4


def test_the_law_is_adopted_to_the_last_thousand_and_recomputed_from_tokens(demo: dict[str, Any]) -> None:
    law = {"costs": 26275285382, "budget_loans": 1104500000, "financial_assets": 350484618}
    assert (demo["adopted"], demo["recomputed"]) == (law, law)


def test_four_nodes_end_at_one_state_root(demo: dict[str, Any]) -> None:
    names = [node["name"] for node in demo["nodes"]]
    assert sorted(names) == ["226", "228", "mof", "treasury"]
    assert len({(node["height"], node["state_root"]) for node in demo["nodes"]}) == 1
    assert len({node["pid"] for node in demo["nodes"]}) == 4


def tiyn(amounts: dict[str, Any]) -> dict[str, int]:
    return {name: int(amount.replace(".", "")) for name, amount in amounts.items() if isinstance(amount, str)}


def test_the_six_statuses_of_each_year_add_up_to_what_was_issued(demo: dict[str, Any]) -> None:
    for year in demo["years"].values():
        statuses = tiyn(year["statuses"])
        assert set(statuses) == {"announced", "contracted", "placed", "redeemed", "blocked", "annulled"}
        assert sum(statuses.values()) == tiyn(year)["issued"]
        assert sum(tiyn(year["stages"]).values()) + statuses["blocked"] == tiyn(year)["issued"]


def test_the_law_and_its_refinement_are_all_that_2026_issued(demo: dict[str, Any]) -> None:
    assert tiyn(demo["years"]["2026"])["issued"] == (27_730_270_000 + 6_000_000) * 100_000


def test_all_six_statuses_and_all_fifteen_stages_are_met(demo: dict[str, Any]) -> None:
    for table, count in (("statuses", 6), ("stages", 15)):
        met = {
            name for year in demo["years"].values() for name, amount in tiyn(year[table]).items() if amount
        }
        assert len(met) == count, met


def test_a_closed_year_holds_only_what_was_paid_or_annulled(demo: dict[str, Any]) -> None:
    statuses = tiyn(demo["years"]["2026"]["statuses"])
    assert {name for name, amount in statuses.items() if amount} == {"redeemed", "annulled"}


def test_three_years_stand_side_by_side(demo: dict[str, Any]) -> None:
    assert list(demo["years"]) == ["2026", "2027", "2028"]


def test_a_year_of_work_was_done_and_the_rules_refused_what_they_must(demo: dict[str, Any]) -> None:
    assert demo["institutions"] >= 20
    assert demo["agreements"] >= 300
    assert demo["transactions"] > demo["agreements"]
    assert demo["refusals"] == {"TP218-07": 1, "ID-ROLES": 1, "ID-KIND": 1, "BC111": 1, "YEAR-CLOSING": 1}
    assert demo["finality_ms"]["p50"] > 0
    assert demo["verification"]["exit"] == 0


def test_every_node_leaves_a_directory_that_verifies(demo: dict[str, Any]) -> None:
    genesis = demo["verification"]["protocol"]["genesis"]
    for node in demo["nodes"]:
        ended = run("audit", "chain", node["directory"], "--genesis", genesis)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_without_a_genesis_hash_the_verifier_says_that_nothing_was_compared(demo: dict[str, Any]) -> None:
    ended = run("audit", "chain", demo["nodes"][0]["directory"])
    assert ended.returncode == 0
    assert "not compared with anything" in ended.stdout


def test_another_genesis_hash_is_refused(demo: dict[str, Any]) -> None:
    assert run("audit", "chain", demo["nodes"][0]["directory"], "--genesis", "00" * 32).returncode == 9


def test_the_receipt_verifies_though_the_network_is_gone(demo: dict[str, Any], place: Path) -> None:
    genesis = demo["verification"]["protocol"]["genesis"]
    ended = run("audit", "receipt", str(place / "receipts" / "payment.eqr"), "--genesis", genesis)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_flipped_byte_of_the_block_log_ends_with_9_and_names_the_height(
    demo: dict[str, Any], tmp_path: Path
) -> None:
    blocks = Path(demo["nodes"][0]["directory"]) / "blocks"
    chance = random.Random(20260101)
    for number in range(FLIPS):
        copy = tmp_path / str(number)
        shutil.copytree(blocks, copy)
        log = sorted(path for path in copy.iterdir() if path.suffix == ".log")[0]
        data = bytearray(log.read_bytes())
        place = chance.randrange(len(data))
        data[place] ^= 1 << chance.randrange(8)
        log.write_bytes(data)
        ended = run("audit", "chain", str(copy), "-o", "json")
        assert ended.returncode == 9, (place, ended.stdout[-500:])
        assert json.loads(ended.stdout)["failure"]["height"] is not None, place


def test_a_directory_that_no_demonstration_made_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine", encoding="utf-8")
    ended = run("cli.main", "demo", "--dir", str(tmp_path))
    assert ended.returncode == 2
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "mine"


def test_every_attack_ends_as_promised(tmp_path: Path) -> None:
    ended = run("cli.main", "demo", "attack", "--all", "-o", "json", "--dir", str(tmp_path))
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout)
    assert found["passed"]
    assert _names(found["attacks"]) == sorted(ATTACKS)


def _names(attacks: dict[str, Any]) -> Sequence[str]:
    return sorted(name for name, attack in attacks.items() if attack["passed"])
