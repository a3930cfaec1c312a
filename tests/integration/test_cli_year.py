"""A signer's year through `eqz` alone, on a network of real node processes written by `eqz network new`."""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audit import verify
from cli import flow
from cli import main as command
from cli.session import Session

INSTITUTIONS = ("mof:finance", "treasury:treasury", "health:abp:226", "clinic:gu:2260001")
START_SECONDS = 60
BIN = "123456789012"
MONTHS = [f"{number}0000.00" for number in range(1, 13)]


@dataclass(frozen=True)
class Desk:
    """A person at a terminal that is none: every command gets --yes, keys and passwords by file."""

    directory: Path
    work: Path
    nodes: tuple[str, ...]

    def eqz(self, *arguments: str, status: int = 0) -> Any:
        """Run a command; its JSON, after checking its exit status."""
        out, err = self._run(arguments, status)
        return json.loads(out or err.splitlines()[-1])

    def told(self, *arguments: str) -> str:
        """Run a command that ends with 0; what it says to people."""
        return self._run(arguments, 0)[1]

    def _run(self, arguments: Sequence[str], status: int) -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        with chdir(self.work), redirect_stdout(out), redirect_stderr(err):
            found = command.run([*arguments, "-o", "json"], Session(environment=self.environment()))
        assert found == status, (arguments, out.getvalue(), err.getvalue())
        return out.getvalue(), err.getvalue()

    def environment(self) -> dict[str, str]:
        nodes = ",".join(self.nodes)
        return {"EQZ_CONFIG": str(self.directory / "none.toml"), "EQZ_NODE": nodes, "EQZ_LANG": "en"}

    def keys(self, institution: str, *roles: str) -> list[str]:
        found = []
        for role in roles:
            path = self.directory / "network" / "signers" / institution / role
            found += ["--sign-with", f"{path}.key", "--password-file", f"{path}.password"]
        return found

    def money(self, institution: str, noun: str, verb: str, document: Any, status: int = 0) -> Any:
        """A document with the two signatures of money, by head and accountant."""
        path = self.work / f"{noun}-{verb}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        keys = self.keys(institution, "head", "accountant+moderator")
        return self.eqz(noun, verb, "--from", str(path), *keys, "--yes", status=status)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    root = tmp_path_factory.mktemp("cli")
    work = root / "work"
    work.mkdir()
    named = [part for one in INSTITUTIONS for part in ("--institution", one)]
    arguments = [
        "network", "new", str(root / "network"), *named, "--p2p-port", "0", "--api-port", "0",
        "--signer-role", "head", "--signer-role", "accountant+moderator", "-q",
    ]  # fmt: skip
    assert command.run(arguments, Session(environment={"EQZ_CONFIG": str(root / "none.toml")})) == 0
    running = [Running(root / "network" / "nodes" / name) for name in ("mof", "treasury", "health")]
    try:
        with pytest.MonkeyPatch.context() as patch:
            # opening a key takes a third of a second, and the year opens sixty
            patch.setattr(flow, "read_key", functools.cache(flow.read_key))
            for one in running:
                one.wait()
            yield Desk(root, work, tuple(one.url for one in running))
    finally:
        for one in running:
            one.stop()


class Running:
    """One node process; its log is read as it comes, so that a full pipe never stops it."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "node", "run", str(directory)],
            env={**os.environ, "PYTHONPATH": str(Path(command.__file__).parents[1])},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = ""
        self._lines: list[str] = []
        self._serves = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)
            if '"serving"' in line:
                self.url = f"http://{json.loads(line)['api']}"
                self._serves.set()
        self._serves.set()

    def wait(self) -> None:
        assert self._serves.wait(START_SECONDS), self._lines
        assert self.url, self._lines

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(START_SECONDS)
        self._reader.join(START_SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()


def test_a_signer_lives_a_budget_year_by_command_line(desk: Desk) -> None:
    """The documents of the year in order; each is refused, or final with a receipt that proves itself."""
    publish_directories(desk)
    open_day(desk, "2026-01-05")
    adopt_and_plan(desk)
    register_and_sign_the_act(desk)
    pay_and_restore(desk)
    hold_and_cut(desk)
    govern(desk)
    read_back(desk)


def publish_directories(desk: Desk) -> None:
    """Maker and checker: one writes and signs, the other signs the same bytes apart; merged and submitted."""
    contents = {
        "administrators": ("226",),
        "functional": ("226/001",),
        "economic": ("159", "414"),
        "payees": (BIN,),
        "receipts": ("101101",),
    }
    for directory, codes in contents.items():
        document, table = desk.work / "directory.json", desk.work / "directory.csv"
        table.write_text("code,name_ru\n" + "".join(f"{code},{code}\n" for code in codes))
        desk.eqz(
            "directory", "import", directory, str(table), "--valid-from", "2026-01-01", "--out", str(document)
        )
        made, checked, both = (
            str(desk.work / f"{directory}-{step}.eqtx") for step in ("made", "checked", "both")
        )
        maker, checker = desk.keys("mof", "accountant+moderator"), desk.keys("mof", "head")
        desk.eqz("directory", "propose", "--from", str(document), *maker, "--out", made, "--yes")
        early = desk.eqz("tx", "submit", made, status=7)
        assert early["error"]["code"] == "SIGNATURES-MISSING"
        desk.eqz(
            "tx", "build", "directory.publish", "--from", str(document), "--institution", "mof", "--out", both
        )
        desk.eqz("tx", "merge", made, both, "--out", both, status=6)
        desk.eqz("tx", "sign", made, *checker, "--out", checked, "--yes")
        merged = desk.eqz("tx", "merge", checked, made, "--out", both)["item"]
        assert merged["signed_by"] == ["mof:1", "mof:2"]
        desk.eqz("tx", "check", both)
        assert desk.eqz("tx", "submit", both, "--dry-run")["item"]["status"] == "would be accepted"
        done = desk.eqz("tx", "submit", both)["item"]
        assert done == desk.eqz("tx", "submit", both)["item"]
        check_receipt(desk, done["receipt"])


def open_day(desk: Desk, day: str) -> None:
    keys = desk.keys("treasury", "head")
    assert desk.eqz("treasury", "open-day", f"day={day}", *keys, "--yes")["item"]["status"] == "committed"


BUDGET = {"budget": "01.kz", "year": 2026, "source": "1"}


def adopt_and_plan(desk: Desk) -> None:
    programme = {
        "section": "costs", "functional_group": "05", "administrator": "226", "programme": "001",
        "amount": "500000.00", "nature": "ordinary", "is_development": False,
        "protected": 0, "protected_subprogrammes": [],
        "is_state_obligation": False, "is_pilot": True,
    }  # fmt: skip
    law: dict[str, Any] = {
        **BUDGET, "law": "239-VIII", "law_date": "2025-12-08", "mrp": "4325.00", "has_more": False,
        "left_out": [], "costs": "500000.00", "budget_loans": "0.00",
        "financial_assets": "0.00", "programmes": [programme],
    }  # fmt: skip
    wrong = desk.money("mof", "budget", "adopt", {**law, "costs": "400000.00"}, status=5)
    assert wrong["error"]["code"] == "BC86-TOTAL"
    desk.money("mof", "budget", "adopt", law)
    rows = [{"budget": "01.kz", "year": 2026, "code": "101101", "cumulative": MONTHS}]
    desk.money("treasury", "receipts", "plan", {"document": "1", "rows": rows})
    receipt = {"kind": "receipt", "budget": "01.kz", "source": "1", "code": "101101", "amount": "100000.00"}
    posted = {"document": "2", "rows": [{**receipt, "reference": "5-34"}]}
    desk.money("treasury", "receipts", "post", posted)
    plan = {
        "holder": "clinic",
        "subprogramme": "000",
        "specific": "159",
        "obligations": MONTHS,
        "payments": MONTHS,
    }
    desk.money("health", "plan", "approve", {**BUDGET, "programme": "001", "plans": [plan]})


def agreement(number: str, amount: str) -> dict[str, Any]:
    obligation = {"obligation": f"ob-{number}", "subprogramme": "000", "specific": "159", "amount": amount}
    return {
        "number": number, "date": "2026-01-05", "supplier": BIN, "subject": "услуги", "kind": "services",
        "money": "ordinary", "programme": "001", "legal_basis": "конкурс", "total": amount,
        "years": [{"year": 2026, "amount": amount}], "valid_until": "2026-12-31",
        "takes_effect_after_registration": True, "obligations": [{**obligation, "advance": "0.00"}],
    }  # fmt: skip


def register_and_sign_the_act(desk: Desk) -> None:
    refused = desk.money(
        "clinic", "agreement", "register", {**BUDGET, "agreements": [agreement("1", "10000.01")]}, status=5
    )
    assert refused["error"]["where"] == "row 1"
    assert set(refused["error"]["texts"]) == {"kk", "ru", "en"}
    desk.money("clinic", "agreement", "register", {**BUDGET, "agreements": [agreement("1", "6000.00")]})
    act = {
        "act": "act-1",
        "obligation": "ob-1",
        "date": "2026-01-05",
        "document": "акт 1",
        "amount": "4000.00",
    }
    desk.money("clinic", "act", "sign", {"acts": [act]})
    envelope = str(desk.work / "second.eqtx")
    path = desk.work / "second.json"
    path.write_text(json.dumps({**BUDGET, "agreements": [agreement("2", "3000.00")]}))
    desk.eqz(
        "tx", "build", "agreement.register", "--from", str(path), "--institution", "clinic", "--out", envelope
    )
    shown = desk.eqz("tx", "show", envelope, "--node", desk.nodes[0])["item"]
    assert shown["plan"] == [
        {
            "holder": "clinic", "line": "01.kz/2026/1/226/001/000/159", "plan": "obligations",
            "day": "2026-01-05", "before": "4000.00", "amount": "3000.00", "after": "1000.00",
        }
    ]  # fmt: skip


def pay_and_restore(desk: Desk) -> None:
    request = {
        "number": "2260001/26-1", "obligation": "ob-1", "act": "act-1", "is_advance": False,
        "amount": "4000.00", "purpose": "услуги",
    }  # fmt: skip
    named = {"holder": "clinic", "number": "2260001/26-1"}
    desk.money("clinic", "payment", "request", {"requests": [request]})
    desk.money(
        "treasury", "payment", "refuse", {"refusals": [{**named, "reason": 6, "note": "нет приложения"}]}
    )
    named = {**named, "number": "2260001/26-2"}
    request_by_table(desk, {**request, "number": "2260001/26-2"})
    desk.money("treasury", "payment", "execute", {"payments": [named]})
    assert desk.eqz("receipts", "cash")["items"][0]["redeemed"] == "4000.00"
    back = {**named, "amount": "1500.00", "document": "возврат 1", "is_owed": False}
    desk.money("treasury", "payment", "restore", {"restorations": [back]})
    found = desk.eqz("payment", "list", "holder=clinic")["items"]
    assert [(one["number"], one["status"], one["restored"]) for one in found] == [
        ("2260001/26-1", "refused", "0.00"),
        ("2260001/26-2", "executed", "1500.00"),
    ]
    assert desk.eqz("payment", "list", "is_advance=false", "refusal=")["items"] == found[1:]
    assert desk.eqz("payment", "list", "is_advance=true")["items"] == []
    for noun, asked in (("payment", "status=executd"), ("token", "stage=payed"), ("token", "status=paid")):
        assert desk.eqz(noun, "list", asked, status=2)["error"]["code"] == "INPUT-FIELD"


def request_by_table(desk: Desk, request: dict[str, Any]) -> None:
    """The same document from a table that a clerk filled in."""
    table, envelope = desk.work / "requests.csv", str(desk.work / "requests.eqtx")
    desk.eqz("tx", "batch", "template", "payment.request", "--out", str(table))
    columns = table.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    cells = {**request, "is_advance": "false"}
    filled = ",".join(str(cells.get(one, "")) for one in columns)
    table.write_text(f"{','.join(columns)}\n{filled}\n", encoding="utf-8")
    built = [
        "tx",
        "batch",
        "build",
        "payment.request",
        str(table),
        "--institution",
        "clinic",
        "--out",
        envelope,
    ]
    assert desk.eqz(*built)["item"]["amounts"][0]["sum"] == "4000.00"
    desk.eqz("tx", "sign", envelope, *desk.keys("clinic", "head", "accountant+moderator"), "--yes")
    assert desk.eqz("tx", "submit", envelope)["item"]["status"] == "committed"


def hold_and_cut(desk: Desk) -> None:
    """The what-if planner writes the document that decides the sequester."""
    planned = str(desk.work / "sequester.json")
    what_if = desk.eqz(
        "sequester", "plan", "20000.00", "--year", "2026", "--decision", "s-1", "--document", "77",
        "--date", "2026-01-05", "--out", planned,
    )["item"]  # fmt: skip
    assert (what_if["total"], what_if["share_percent"], what_if["instrument"]) == (
        "20000.00",
        "4.00",
        "resolution",
    )
    desk.money("mof", "sequester", "decide", json.loads(Path(planned).read_text()))
    assert {
        one["scope"] if "scope" in one else one["kind"] for one in desk.eqz("treasury", "list")["items"]
    } == {"programme"}
    desk.money("mof", "sequester", "apply", {"decision": "s-1", "rows": 1000})
    assert desk.eqz("sequester", "show", "s-1")["item"]["status"] == "applied"
    assert len(desk.eqz("sequester", "list")["items"]) == 1
    block = {"hold": "b-1", "ground": "refinement", **BUDGET, "document": "78", "date": "2026-01-05"}
    row = {
        "holder": "clinic",
        "administrator": "226",
        "programme": "001",
        "subprogramme": "000",
        "specific": "159",
    }
    desk.money("treasury", "treasury", "block", {**block, "rows": [{**row, "amount": "500.00"}]})
    lifted = {"hold": "b-1", "document": "79", "source": "1", "amount": "100.00", "rows": []}
    desk.money("treasury", "treasury", "unblock", lifted)
    assert [(one["hold"], one["lifted"]) for one in desk.eqz("treasury", "blocks")["items"]] == [
        ("b-1", "100.00")
    ]


def govern(desk: Desk) -> None:
    """A signer is added with a key of its own and revoked; members decide a parameter by ballot."""
    password = desk.work / "password"
    password.write_text("новый ключ\n")
    password.chmod(0o600)
    key = desk.work / "second-accountant.key"
    desk.eqz(
        "key", "new", str(key), "--institution", "clinic", "--serial", "3", "--role", "accountant",
        "--password-file", str(password),
    )  # fmt: skip
    head = desk.keys("clinic", "head")
    other = desk.work / "other.pub"
    public_side = key.with_suffix(".pub")
    other.write_text(public_side.read_text(encoding="utf-8").replace('"serial": 3', '"serial": 7'))
    told = desk.told("signer", "add", "--public", str(other), *head, "--yes", "--dry-run")
    assert "says serial 7, the ledger will give 3" in told
    assert "says serial" not in desk.told("signer", "add", "--public", str(public_side), *head, "--yes")
    assert desk.eqz("key", "test", str(key), "--password-file", str(password))["item"]["opens"] is True
    newer = desk.work / "newer.key"
    desk.eqz("key", "rotate", str(key), str(newer), "--password-file", str(password))
    desk.eqz(
        "signer", "rotate", "--signer", "clinic:3", "--public", str(newer.with_suffix(".pub")), *head, "--yes"
    )
    desk.eqz("signer", "revoke", "--signer", "clinic:3", *head, "--yes")
    signers = desk.eqz("signer", "list", "institution=clinic", "serial=3")["items"]
    assert [(one["roles"], one["revoked"] is not None) for one in signers] == [("accountant", True)]
    ballot = desk.work / "ballot.json"
    values = {"values": [{"name": "payment-request-days", "value": 12}]}
    ballot.write_text(json.dumps({"effect": "params.set", "arguments": values}))
    desk.eqz(
        "network", "propose", "--from", str(ballot), "--note", "удобнее", *desk.keys("mof", "head"), "--yes"
    )
    for member in ("mof", "treasury", "health", "clinic"):
        if desk.eqz("network", "ballots")["items"][0]["status"] == "open":
            desk.eqz("network", "vote", "ballot=1", "yes=true", *desk.keys(member, "head"), "--yes")
    assert {"name": "payment-request-days", "value": 12} in desk.eqz("network", "params")["items"]
    school = desk.work / "school.key"
    desk.eqz(
        "key", "new", str(school), "--institution", "school", "--serial", "1", "--role", "head",
        "--password-file", str(password),
    )  # fmt: skip
    fields = {"id": "school", "kind": "gu", "code": "2260002", "parent": "health", "is_member": "false"}
    named = [f"{name}={value}" for name, value in {**fields, "name_kk": "мектеп", "name_ru": "школа"}.items()]
    public = str(school.with_suffix(".pub"))
    desk.eqz("institution", "add", *named, "--public", public, *desk.keys("mof", "head"), "--yes")
    ballots = {one["ballot"]: one["status"] for one in desk.eqz("network", "ballots")["items"]}
    assert ballots == {1: "passed", 2: "open"}
    assert desk.eqz("network", "members")["items"]


def read_back(desk: Desk) -> None:
    """What people read afterwards, each reading with its height; and history as of a day."""
    shown = desk.eqz("budget", "show", "01.kz", "2026")
    statuses = ("announced", "contracted", "placed", "redeemed", "blocked", "annulled")
    tiyn = [int(shown["item"][name].replace(".", "")) for name in statuses]
    assert sum(tiyn) == int(shown["item"]["issued"].replace(".", "")) == 50_000_000
    assert (shown["item"]["redeemed"], shown["item"]["annulled"]) == ("2500.00", "20000.00")
    assert desk.eqz("budget", "show", "01.kz", "2026", "--by-programme")["items"][0]["issued"] == "500000.00"
    assert shown["height"] > 0
    paid = desk.eqz("token", "list", "stage=paid")["items"][0]
    walked = desk.eqz("token", "history", str(paid["id"]))["items"]
    assert {one["stage"] for one in walked} == {"adopted", "allocated", "registered", "payable", "paid"}
    assert desk.eqz("token", "proof", paid["key"])["item"]["verified"] is True
    open_day(desk, "2026-02-02")
    assert desk.eqz("treasury", "day", "--as-of", "2026-01-31")["item"]["day"] == "2026-01-05"
    assert desk.eqz("directory", "list", "economic")["items"][0]["code"] == "159"
    assert desk.eqz("agreement", "show", "clinic", "1")["item"]["total"] == "6000.00"
    assert desk.eqz("agreement", "show", "clinic", "9", status=3)["error"]["exit"] == 3
    assert desk.eqz("plan", "list", "holder=clinic")["items"][0]["payments"][0] == "10000.00"
    assert [one["ready"] for one in desk.eqz("node", "status")["items"]] == [True, True, True]
    doctor = desk.eqz("node", "doctor", str(desk.directory / "network" / "nodes" / "mof"))
    assert {one["check"]: one["ok"] for one in doctor["items"]}["votes"] is True


def test_without_a_terminal_and_without_yes_nothing_is_signed(desk: Desk) -> None:
    keys = desk.keys("treasury", "head")
    found = desk.eqz("treasury", "open-day", "day=2026-03-02", *keys, status=2)
    assert found["error"]["code"] == "CONFIRM"


def test_a_wrong_password_ends_with_4_and_is_not_repeated(desk: Desk) -> None:
    wrong = desk.work / "wrong"
    wrong.write_text("не тот\n")
    wrong.chmod(0o600)
    key = desk.directory / "network" / "signers" / "treasury" / "head.key"
    found = desk.eqz(
        "treasury", "open-day", "day=2026-03-02", "--sign-with", str(key), "--password-file", str(wrong),
        "--yes", status=4,
    )  # fmt: skip
    assert found["error"]["code"] == "KEY-PASSWORD"
    assert "не тот" not in json.dumps(found, ensure_ascii=False)


def test_a_transaction_nobody_knows_is_not_found(desk: Desk) -> None:
    assert desk.eqz("tx", "status", "00" * 32, status=3)["error"]["code"] == "NOT-FOUND"
    assert desk.eqz("tx", "wait", "00" * 32, "--timeout", "1s", status=8)["error"]["code"] == "NOT-FINAL"


def check_receipt(desk: Desk, receipt: str) -> None:
    """By the auditor's own tool."""
    with redirect_stdout(io.StringIO()) as said:
        assert verify.main(["receipt", str(desk.work / receipt)]) == 0, said.getvalue()
