"""The demonstration: found, start, live two years, compare the nodes, let the auditor verify."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.block import BlockHeader
from chain.genesis import GenesisInstitution
from chain.types import InstitutionId
from cli.demo import budget
from cli.demo.budget import BUDGET, THOUSAND_TENGE
from cli.demo.changes import Changes
from cli.demo.desk import Clerks, Desk, desk_of
from cli.demo.formation import Formation
from cli.demo.local import Local
from cli.demo.next_year import NextYear
from cli.demo.nodes import NETWORK, DemoNodes, found
from cli.demo.table import money_of
from cli.demo.year import Year, institutions
from cli.documents import Json
from cli.envelope import write_text
from cli.failures import CommandError
from cli.founding import Network
from cli.remote import RemoteState
from contracts.records import Appropriation, Collection, Stage, Token, TokenKey, appropriation_key

SETTLE_SECONDS = 20.0
VERIFY_SECONDS = 60.0
RECEIPTS = "receipts"
AUDIT = "audit"

Say = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Result:
    """What the demonstration found: the JSON object of `eqz demo -o json`."""

    value: dict[str, Any]
    urls: dict[str, str]
    """Name of a node that goes on running -> its API."""

    @property
    def is_good(self) -> bool:
        roots = {(node["height"], node["state_root"]) for node in self.value["nodes"]}
        verification: Any = self.value["verification"]
        return (
            len(roots) == 1
            and verification["exit"] == 0
            and self.value["adopted"] == self.value["recomputed"]
        )


@dataclass(frozen=True, slots=True)
class Bare:
    """A network that runs and has decided nothing yet: the JSON object of `eqz demo --bare -o json`."""

    value: dict[str, Any]
    urls: dict[str, str]


def members() -> list[GenesisInstitution]:
    """Finance, treasury, two administrators, and twenty made-up state institutions."""
    found_: list[GenesisInstitution] = [
        _member(
            "mof",
            "finance",
            None,
            None,
            ("Министерство финансов", "Қаржы министрлігі", "Ministry of Finance"),
        ),
        _member(
            "treasury", "treasury", None, None, ("Комитет казначейства", "Қазынашылық комитеті", "Treasury")
        ),
    ]
    for name, names in (
        ("government", ("Правительство", "Үкімет", "Government")),
        ("parliament", ("Парламент", "Парламент", "Parliament")),
    ):
        found_.append(_member(name, name, None, None, names))
    for code in ("226", "228"):
        name_ru, name_kk = budget.administrator_name(code)
        found_.append(_member(code, "abp", code, None, (name_ru, name_kk, None)))
    for holder, administrator in institutions():
        names = (
            f"Учреждение {holder} (пример)",
            f"{holder} мекемесі (мысал)",
            f"Institution {holder} (example)",
        )
        found_.append(_member(holder, "gu", holder, administrator, names))
    return found_


def _member(
    name: str, kind: str, code: str | None, parent: str | None, names: tuple[str, str, str | None]
) -> GenesisInstitution:
    name_ru, name_kk, name_en = names
    owner = None if parent is None else InstitutionId(parent)
    return GenesisInstitution(InstitutionId(name), kind, code, owner, name_kk, name_ru, name_en)


def run_demo(directory: Path, say: Say, *, keep: bool) -> Result:
    """The whole story. With `keep` the nodes go on running."""
    network = found(directory, "eqazyna-demo", members())
    say("founded", validators=4, institutions=len(members()), genesis=network.genesis.chain_id.hex())
    nodes = DemoNodes(directory, [member.part.name for member in network.members])
    is_finished = False
    try:
        nodes.start_all()
        say("started", nodes=", ".join(f"{node.name} (pid {node.pid})" for node in nodes.nodes.values()))
        desk = desk_of(network, {name: node.url for name, node in nodes.nodes.items()})
        result = _live(directory, network, nodes, desk, say)
        is_finished = True
    finally:
        if not (keep and is_finished):
            nodes.stop_all()
    urls = {node.name: node.url for node in nodes.nodes.values()} if keep else {}
    verification = verify_chain(directory, network, "228")
    say("verified", exit=verification["exit"], seconds=verification["seconds"])
    return Result({**result, "verification": verification}, urls)


def run_bare(directory: Path, say: Say) -> Bare:
    """Only the network, left running: what an operator tries commands on."""
    network = found(directory, "eqazyna-demo", members())
    genesis = network.genesis.chain_id.hex()
    say("founded", validators=4, institutions=len(members()), genesis=genesis)
    nodes = DemoNodes(directory, [member.part.name for member in network.members])
    is_running = False
    try:
        nodes.start_all()
        is_running = True
    finally:
        if not is_running:
            nodes.stop_all()
    say("started", nodes=", ".join(f"{node.name} (pid {node.pid})" for node in nodes.nodes.values()))
    listed: list[Json] = [
        {"name": node.name, "pid": node.pid, "url": node.url, "directory": str(node.directory)}
        for node in nodes.nodes.values()
    ]
    value: dict[str, Any] = {
        "schema": "eqz.demo.bare/1", "directory": str(directory), "genesis": genesis, "nodes": listed
    }  # fmt: skip
    return Bare(value, {node.name: node.url for node in nodes.nodes.values()})


def story(desk: Clerks, say: Say) -> tuple[Year, NextYear]:
    """2026 with everything that goes on beside its ordinary documents, and what follows it."""
    year = Year(desk, say)
    formation = Formation(desk, say)
    following = NextYear(desk, year, formation, say)
    year.chapters = (formation, Changes(desk, year, say), Local(desk, year, say), following)
    return year, following


def _live(directory: Path, network: Network, nodes: DemoNodes, desk: Desk, say: Say) -> dict[str, Json]:
    year, following = story(desk, say)
    year.prepare()
    year.adopt()
    adopted = _stated()
    recomputed, by = _recomputed(network, desk, desk.last_ids[0])
    say("recomputed", node=by, **recomputed)
    year.plan()
    year.live()
    following.live()
    statuses = _settled(desk)
    money = money_of(desk.state((Collection.TOKENS,)), BUDGET)
    _keep_receipt(directory, desk, year.payment_id)
    listed: list[Json] = [
        {
            "name": name,
            "pid": nodes.nodes[name].pid,
            "height": status["height"],
            "state_root": status["state_root"],
            "directory": str(nodes.nodes[name].directory),
        }
        for name, status in statuses.items()
    ]
    return {
        "schema": "eqz.demo/1",
        "directory": str(directory),
        "nodes": listed,
        "adopted": adopted,
        "recomputed": recomputed,
        "years": {str(one): found_ for one, found_ in money.items()},
        "institutions": len(list(institutions())),
        "agreements": year.agreements,
        "transactions": desk.committed,
        "refusals": dict(desk.refusals),
        "finality_ms": _percentiles(desk.finality_ms),
    }


def _stated() -> dict[str, Json]:
    """The law's totals in thousand tenge."""
    content: Any = budget.adoption().content
    return {name: _thousand(content[name]) for name in ("costs", "budget_loans", "financial_assets")}


def _thousand(tenge: str) -> int:
    whole, _, rest = tenge.partition(".")
    assert rest == "00", "the law is in whole tenge"
    amount, left = divmod(int(whole), 1000)
    assert left == 0, "the law is in thousands of tenge"
    return amount


def _recomputed(network: Network, desk: Desk, tx_id: str) -> tuple[dict[str, Json], str]:
    """Adopted money by section, added up from the tokens in the state of a node that did not propose the
    law."""
    first = next(iter(desk.clients.values()))
    height = int(first.transaction(tx_id)["height"])
    header = BlockHeader.decode(bytes.fromhex(first.get(f"/v1/blocks/{height}")["header"]))
    others = [
        member.part.name
        for member in network.members
        if member.validator is not None and member.validator.address != header.proposer
    ]
    name = others[-1]
    state = RemoteState(desk.clients[name], (Collection.TOKENS, Collection.APPROPRIATIONS))
    sums = dict.fromkeys(("costs", "budget_loans", "financial_assets"), 0)
    for place, value in state.scan(Collection.TOKENS, b"", 1 << 20):
        key = TokenKey.decode(place)
        line = key.line
        found_ = Appropriation.find(
            state,
            Collection.APPROPRIATIONS,
            appropriation_key(line.budget, line.year, line.administrator, line.programme),
        )
        if key.stage is Stage.ADOPTED and found_ is not None:
            sums[found_.section] += Token.decode(value).amount
    return {name_: amount // THOUSAND_TENGE for name_, amount in sums.items()}, name


def _settled(desk: Desk) -> dict[str, dict[str, Any]]:
    """Every node's status, when all stand at one height."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        statuses = {name: client.status() for name, client in desk.clients.items()}
        if len({status["height"] for status in statuses.values()}) == 1 or time.monotonic() > deadline:
            return statuses


def _keep_receipt(directory: Path, desk: Desk, tx_id: str) -> None:
    (directory / RECEIPTS).mkdir(exist_ok=True)
    write_text(directory / RECEIPTS / "payment.eqr", desk.clients["treasury"].receipt(tx_id))


def _percentiles(samples: Sequence[float]) -> dict[str, Json]:
    """Milliseconds from offering a document to the first node that has decided it."""
    ordered = sorted(samples)
    return {
        "p50": round(ordered[len(ordered) // 2]),
        "p95": round(ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]),
    }


def verify_chain(directory: Path, network: Network, name: str) -> dict[str, Json]:
    """The auditor's tool on a bare copy of one node's blocks: another program, another process."""
    copy = directory / AUDIT / name / "blocks"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory / NETWORK / "nodes" / name / "blocks", copy)
    began = time.monotonic()
    ended = run_verifier("chain", str(copy), "--genesis", network.genesis.chain_id.hex(), "-o", "json")
    seconds = f"{time.monotonic() - began:.1f}"
    try:
        protocol: Json = json.loads(ended.stdout)
    except ValueError:
        raise CommandError(
            f"the verifier did not answer: {ended.stderr.strip()[-500:]}", "DEMO-VERIFY"
        ) from None
    return {"exit": ended.returncode, "seconds": seconds, "directory": str(copy), "protocol": protocol}


def run_verifier(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`eqz-verify` as its own process; it needs nothing of ours but its folder."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "audit", *arguments],
        capture_output=True,
        text=True,
        timeout=VERIFY_SECONDS,
        check=False,
    )
