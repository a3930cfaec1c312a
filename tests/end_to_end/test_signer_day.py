"""A budget year by command line as signers, an operator and an auditor live it, on four real node processes.

Every document goes the whole way: built, shown and signed with no node in reach, by each person in a file of
their own; merged; tried; submitted; waited for; its receipt verified. Then what the ledger must refuse.
"""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chain.transaction import tx_id_of
from cli.envelope import read_file
from cli.keystore import read_key
from tests.support.network import NodeProcess, running
from tests.support.terminal import Terminal

RUNNERS = ("mof:finance", "treasury:treasury", "health:abp:226", "roads:abp:228")
CLIENTS = ("clinic:gu:2260001", "hospital:gu:2260002")
ACCOUNTANT = "accountant+moderator"
SUPPLIER = "123456789012"
BUDGET = {"budget": "01.kz", "year": 2026, "source": "1"}
LOCAL = {"budget": "03.71", "year": 2026, "source": "1"}
"""A second budget into which no money ever comes: for payments that the cash account cannot bear."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Office:
    """The people of all institutions, each with their keys, and the nodes they may ask."""

    root: Path
    genesis: str
    nodes: tuple[NodeProcess, ...]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(node.url for node in self.nodes)

    @property
    def online(self) -> Terminal:
        return Terminal(self.root / "work", {"EQZ_NODE": ",".join(self.urls)})

    @property
    def offline(self) -> Terminal:
        """The cable is pulled out: the network is known by name and hash alone."""
        return Terminal(self.root / "work", {"EQZ_GENESIS": self.genesis, "EQZ_NETWORK": "E-Qazyna"})

    def keys(self, institution: str, *roles: str) -> list[str]:
        found = []
        for role in roles:
            path = self.root / "network" / "signers" / institution / role
            found += ["--sign-with", f"{path}.key", "--password-file", f"{path}.password"]
        return found

    def written(self, document: Document) -> list[str]:
        """A document as a file; the arguments that name it."""
        path = self.root / "work" / f"document-{next(self.numbers)}.json"
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return ["--from", str(path)]

    def paper(
        self,
        institution: str,
        noun: str,
        verb: str,
        document: Document,
        *people: str,
        more: tuple[str, ...] = (),
    ) -> Any:
        """The whole way of one document; what `tx wait` says in the end. The people: head and accountant."""
        signed = self.signed(institution, noun, verb, document, *people, more=more)
        assert self.online.eqz("tx", "submit", signed, "--dry-run")["item"]["status"] == "would be accepted"
        done = self.online.eqz("tx", "submit", signed)["item"]
        final = self.online.eqz("tx", "wait", done["tx_id"])["item"]
        assert (final["status"], final["height"]) == ("committed", done["height"])
        again = f"{signed}.again"
        self.online.eqz("tx", "receipt", done["tx_id"], "--out", again)
        for receipt in (done["receipt"], again):
            verified = self.online.verify(
                "receipt", str(self.root / "work" / receipt), "--genesis", self.genesis
            )
            assert verified.status == 0, verified
        return final

    def signed(
        self,
        institution: str,
        noun: str,
        verb: str,
        document: Document,
        *people: str,
        more: tuple[str, ...] = (),
    ) -> str:
        """Built, shown, signed by each in a file of their own, merged: with no node in reach."""
        name = f"paper-{next(self.numbers)}"
        written = self.written(document)
        self.offline.eqz(
            noun, verb, *written, *more, "--institution", institution, "--out", f"{name}.eqtx", "--yes"
        )
        shown = self.offline.eqz("tx", "show", f"{name}.eqtx")["item"]
        signers = people or ("head", ACCOUNTANT)
        assert (shown["institution"], shown["signatures_missing"]) == (institution, len(signers))
        files = []
        for number, person in enumerate(signers):
            files.append(f"{name}-{number}.eqtx")
            self.offline.eqz(
                "tx", "sign", f"{name}.eqtx", *self.keys(institution, person), "--out", files[-1], "--yes"
            )
        merged = self.offline.eqz("tx", "merge", *files, "--out", f"{name}-all.eqtx")["item"]
        assert (merged["tx_id"], merged["signatures_missing"]) == (shown["tx_id"], 0)
        self.offline.eqz("tx", "check", f"{name}-all.eqtx")
        return f"{name}-all.eqtx"

    def at_once(self, institution: str, noun: str, verb: str, document: Document, *people: str) -> Any:
        """The same way in one command."""
        keys = self.keys(institution, *(people or ("head", ACCOUNTANT)))
        return self.online.eqz(noun, verb, *self.written(document), *keys, "--yes")["item"]

    def refused(
        self, institution: str, noun: str, verb: str, document: Document, *people: str
    ) -> tuple[str, int]:
        keys = self.keys(institution, *(people or ("head", ACCOUNTANT)))
        return self.online.refused(noun, verb, *self.written(document), *keys, "--yes")


# --- the network and its first documents


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Four nodes, six institutions, directories, an open day, two budgets with plans and receipts."""
    root = tmp_path_factory.mktemp("signer-day")
    (root / "work").mkdir()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        # a key takes scrypt half a second to open, and this day has hundreds of signatures
        patch.setattr("cli.flow.read_key", cache(read_key))
        named = [part for one in (*RUNNERS, *CLIENTS) for part in ("--institution", one)]
        founded = Terminal(root).eqz(
            "network", "new", "network", *named, "--p2p-port", "0", "--api-port", "0",
            "--signer-role", "head", "--signer-role", ACCOUNTANT,
        )["item"]  # fmt: skip
        nodes = stack.enter_context(running([Path(node["directory"]) for node in founded["nodes"]]))
        made = Office(root, founded["genesis"], tuple(nodes))
        publish_directories(made)
        made.paper("treasury", "treasury", "open-day", {"day": "2026-01-05"}, "head")
        adopt(made)
        plan(made)
        yield made


def publish_directories(office: Office) -> None:
    codes: dict[str, tuple[str, ...]] = {
        "administrators": ("226", "228"),
        "functional": ("226/001", "228/002"),
        "economic": ("151", "159", "414"),
        "payees": (SUPPLIER,),
        "receipts": ("101101",),
    }
    for directory, names in codes.items():
        rows = [entry(name) for name in names]
        if directory == "economic":
            rows.append({**entry("149"), "valid_from": "2020-01-01", "valid_to": "2025-12-31"})
        document = {"directory": directory, "rows": rows}
        if directory == "payees":
            office.paper("mof", "directory", "publish", document, ACCOUNTANT, "head")
        else:
            office.at_once("mof", "directory", "publish", document, ACCOUNTANT, "head")


def entry(code: str) -> Document:
    return {"code": code, "valid_from": "2026-01-01", "name_kk": "", "name_ru": code, "attributes": []}


def adopt(office: Office) -> None:
    """A small law of two programmes, and a budget of one without any money."""
    law = {
        **BUDGET,
        **law_of("1500000.00", programme("226", "001", "1000000.00"), programme("228", "002", "500000.00")),
    }
    office.paper("mof", "budget", "adopt", law)
    office.at_once(
        "mof", "budget", "adopt", {**LOCAL, **law_of("300000.00", programme("226", "001", "300000.00"))}
    )
    rows = [
        {"budget": one["budget"], "year": 2026, "code": "101101", "cumulative": months(200_000)}
        for one in (BUDGET, LOCAL)
    ]
    office.paper("treasury", "receipts", "plan", {"document": "план 1", "rows": rows})
    came = {"kind": "receipt", "budget": "01.kz", "source": "1", "code": "101101", "amount": "100000.00"}
    office.paper("treasury", "receipts", "post", {"document": "5-34", "rows": [{**came, "reference": "1"}]})


def law_of(costs: str, *programmes: Document) -> Document:
    return {
        "law": "239-VIII", "law_date": "2025-12-08", "mrp": "4325.00", "costs": costs, "budget_loans": "0.00",
        "financial_assets": "0.00", "has_more": False, "programmes": list(programmes), "left_out": [],
    }  # fmt: skip


def programme(administrator: str, code: str, amount: str) -> Document:
    return {
        "section": "costs", "functional_group": "05", "administrator": administrator, "programme": code,
        "amount": amount, "nature": "ordinary", "is_development": False,
        "protected": 0, "protected_subprogrammes": [],
        "is_state_obligation": False, "is_pilot": True,
    }  # fmt: skip


def months(tenge: int) -> list[str]:
    """Twelve cumulative figures that grow by the same sum."""
    return [f"{tenge * month}.00" for month in range(1, 13)]


def plan(office: Office) -> None:
    rows = [
        plan_row("clinic", "159", 30_000),
        plan_row("clinic", "414", 10_000),
        plan_row("clinic", "151", 5_000),
        plan_row("hospital", "159", 10_000),
    ]
    office.paper("health", "plan", "approve", {**BUDGET, "programme": "001", "plans": rows})
    local = {**LOCAL, "programme": "001", "plans": [plan_row("hospital", "151", 10_000)]}
    office.at_once("health", "plan", "approve", local)


def plan_row(holder: str, specific: str, monthly: int) -> Document:
    return {
        "holder": holder, "subprogramme": "000", "specific": specific,
        "obligations": months(monthly), "payments": months(monthly),
    }  # fmt: skip


# --- the documents of the year


def agreement(
    number: str, amount: str, advance: str = "0.00", kind: str = "services", specific: str = "159"
) -> Document:
    obligation = {"obligation": f"ob-{number}", "subprogramme": "000", "specific": specific, "amount": amount}
    return {
        "number": number, "date": "2026-01-05", "supplier": SUPPLIER, "subject": "ремонт", "kind": kind,
        "money": "ordinary", "programme": "001", "legal_basis": "конкурс", "total": amount,
        "years": [{"year": 2026, "amount": amount}], "valid_until": "2026-12-31",
        "takes_effect_after_registration": True, "obligations": [{**obligation, "advance": advance}],
    }  # fmt: skip


def act(name: str, obligation: str, amount: str, date: str = "2026-01-05") -> Document:
    return {
        "acts": [{"act": name, "obligation": obligation, "date": date, "document": name, "amount": amount}]
    }


def request(code: str, serial: int, obligation: str, amount: str, paid: str | None) -> Document:
    return {
        "requests": [
            {
                "number": f"{code}/26-{serial}", "obligation": obligation, "act": paid,
                "is_advance": paid is None, "amount": amount, "purpose": "оплата",
            }
        ]
    }  # fmt: skip


def invoice(name: str, amount: str, budget: Document = BUDGET) -> Document:
    obligation = {
        "obligation": name, "programme": "001", "subprogramme": "000", "specific": "151", "kind": "invoice",
        "payee": SUPPLIER, "document": "счёт 1", "document_date": "2026-01-05", "amount": amount,
    }  # fmt: skip
    return {**budget, "obligations": [obligation]}


def named(serial: int) -> Document:
    return {"holder": "clinic", "number": f"2260001/26-{serial}"}


def test_a_budget_year_by_command_line(office: Office) -> None:
    """Works of 10 000 with an advance of 3 000: acts work it off, 5 % waits for the commissioning."""
    register_amend_terminate(office)
    perform_and_pay(office)
    suspend_and_block(office)
    cut(office)
    change_people_and_parameters(office)
    office.paper("treasury", "treasury", "open-day", {"day": "2026-02-02"}, "head")
    read_back(office)


def register_amend_terminate(office: Office) -> None:
    works = agreement("w-1", "10000.00", "3000.00", "works")
    office.paper(
        "clinic", "agreement", "register", {**BUDGET, "agreements": [works, agreement("s-1", "8000.00")]}
    )
    office.paper(
        "clinic", "agreement", "amend",
        {
            "agreement": "s-1", "supplement": "1", "date": "2026-01-05", "ground": "доп. соглашение",
            "total": "9000.00", "years": [{"year": 2026, "amount": "9000.00"}], "valid_until": "2026-12-31",
            "obligations": [
                {
                    "obligation": "ob-s-1", "notification": "2260001/26-ob-s-1-1", "amount": "9000.00",
                    "advance": "0.00",
                }
            ],
        },
    )  # fmt: skip
    ended = {"agreement": "s-1", "date": "2026-01-05", "ground": "agreement", "note": "стороны согласны"}
    office.paper("clinic", "agreement", "terminate", ended)


def perform_and_pay(office: Office) -> None:
    office.paper("clinic", "payment", "request", request("2260001", 1, "ob-w-1", "3000.00", None))
    office.paper("treasury", "payment", "execute", {"payments": [named(1)]})
    office.paper("clinic", "act", "sign", act("a-1", "ob-w-1", "5000.00"))
    office.paper("clinic", "act", "correct", {"act": "a-1", "note": "ошибка в сумме"})
    office.paper("clinic", "act", "sign", act("a-2", "ob-w-1", "5000.00"))
    office.paper("clinic", "payment", "request", request("2260001", 2, "ob-w-1", "3500.00", "a-2"))
    refusal = {**named(2), "reason": 6, "note": "нет приложения"}
    office.paper("treasury", "payment", "refuse", {"refusals": [refusal]})
    office.paper("clinic", "payment", "request", request("2260001", 3, "ob-w-1", "3500.00", "a-2"))
    office.paper("treasury", "payment", "execute", {"payments": [named(3)]})
    back = {**named(3), "amount": "1500.00", "document": "возврат банка", "is_owed": False}
    office.paper("treasury", "payment", "restore", {"restorations": [back]})
    office.paper("clinic", "act", "sign", act("a-3", "ob-w-1", "5000.00"))
    accepted = {"agreement": "w-1", "document": "акт приёмки", "date": "2026-01-05"}
    office.paper("clinic", "act", "commission", accepted)
    office.paper("clinic", "obligation", "accept", invoice("water", "2000.00"))


def suspend_and_block(office: Office) -> None:
    scope = {
        "scope": {"kind": "gu", "budget": BUDGET["budget"], "holder": "clinic"},
        "ground": 8,
        "document": "распоряжение 8",
    }
    office.paper("treasury", "treasury", "suspend", scope, "head")
    code, status = office.refused("clinic", "obligation", "accept", invoice("light", "100.00"))
    assert (code, status) == ("BC111", 5)
    office.paper("treasury", "treasury", "resume", scope, "head")
    row = {
        "holder": "clinic",
        "administrator": "226",
        "programme": "001",
        "subprogramme": "000",
        "specific": "414",
    }
    held = {**BUDGET, "hold": "h-1", "ground": "shortfall", "document": "приказ 1", "date": "2026-01-05"}
    office.paper("treasury", "treasury", "block", {**held, "rows": [{**row, "amount": "50000.00"}]})
    lifted = {"hold": "h-1", "document": "приказ 2", "source": "1", "rows": [], "amount": "20000.00"}
    office.paper("treasury", "treasury", "unblock", lifted)


def cut(office: Office) -> None:
    """Two decisions from the what-if planner: one is cancelled, one applied."""
    for decision, verb in (("d-1", "cancel"), ("d-2", "apply")):
        planned = office.online.eqz(
            "sequester", "plan", "20000.00", "--year", "2026", "--decision", decision, "--document", "77",
            "--date", "2026-01-05", "--out", f"{decision}.json",
        )["item"]  # fmt: skip
        assert (planned["total"], planned["instrument"]) == ("20000.00", "resolution")
        document = json.loads((office.root / "work" / f"{decision}.json").read_text(encoding="utf-8"))
        office.paper("mof", "sequester", "decide", document)
        office.paper("mof", "sequester", verb, {"decision": decision, "rows": 1000})
    found = office.online.eqz("sequester", "list")["items"]
    assert {(one["hold"], one["status"]) for one in found} >= {("d-1", "cancelled"), ("d-2", "applied")}


def change_people_and_parameters(office: Office) -> None:
    """A second accountant is added, gets a new key and is revoked; the members vote on a parameter."""
    password = new_key(office, "second.key", "clinic", 3, "accountant")
    office.paper("clinic", "signer", "add", {}, "head", more=("--public", "second.pub"))
    office.offline.eqz("key", "rotate", "second.key", "third.key", "--password-file", password)
    rotated = ("--public", "third.pub", "--signer", "clinic:3")
    office.paper("clinic", "signer", "rotate", {}, "head", more=rotated)
    office.paper("clinic", "signer", "revoke", {}, "head", more=("--signer", "clinic:3"))
    values = {"values": [{"name": "payment-request-days", "value": 12}]}
    ballot = {"effect": "params.set", "arguments": values}
    office.paper("mof", "network", "propose", ballot, "head", more=("--note", "удобнее"))
    for member in ("mof", "treasury", "health", "roads"):
        if office.online.eqz("network", "ballots")["items"][0]["status"] == "open":
            office.paper(member, "network", "vote", {"ballot": 1, "yes": True}, "head")
    assert {"name": "payment-request-days", "value": 12} in office.online.eqz("network", "params")["items"]


def new_key(office: Office, name: str, institution: str, serial: int, role: str) -> str:
    """A person makes a key with no node in reach; the file of its password."""
    path = office.root / "work" / f"{name}.password"
    path.write_text("новый ключ\n", encoding="utf-8")
    path.chmod(0o600)
    office.offline.eqz(
        "key", "new", name, "--institution", institution, "--serial", str(serial), "--role", role,
        "--password-file", str(path),
    )  # fmt: skip
    return str(path)


def read_back(office: Office) -> None:
    terminal = office.online
    payments = terminal.eqz("payment", "list", "holder=clinic")["items"]
    assert [(one["status"], one["restored"]) for one in payments] == [
        ("executed", "0.00"), ("refused", "0.00"), ("executed", "1500.00"),
    ]  # fmt: skip
    amounts: dict[str, int] = {}
    for token in terminal.eqz("token", "list", "obligation=ob-w-1")["items"]:
        amounts[token["stage"]] = amounts.get(token["stage"], 0) + int(token["amount"].replace(".", ""))
    assert amounts == {"paid": 500_000, "payable": 500_000}
    shown = terminal.eqz("budget", "show", "01.kz", "2026")
    statuses = [
        shown["item"][name]
        for name in ("announced", "contracted", "placed", "redeemed", "blocked", "annulled")
    ]
    assert sum(int(amount.replace(".", "")) for amount in statuses) == 150_000_000
    assert statuses[3:] == ["5000.00", "30000.00", "20000.00"]
    before = terminal.eqz("treasury", "day", "--as-of", "2026-01-31")
    assert before["item"]["day"] == "2026-01-05"
    old = terminal.eqz("payment", "list", "--at-height", str(payments_begin(office)))
    assert [one["status"] for one in old["items"]] == ["requested"]


def payments_begin(office: Office) -> int:
    """The height at which the first payment was asked for."""
    low, high = 1, int(office.online.eqz("payment", "list")["height"])
    while low < high:
        middle = (low + high) // 2
        if office.online.eqz("payment", "list", "--at-height", str(middle))["items"]:
            high = middle
        else:
            low = middle + 1
    return low


# --- what people and programs read


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_lists_and_records_are_read_in_every_form_and_language(
    office: Office, form: str, language: str
) -> None:
    listed = office.online.run("signer", "list", "institution=clinic", "-o", form, "--lang", language)
    shown = office.online.run("institution", "show", "clinic", "-o", form, "--lang", language)
    for ended, wanted in ((listed, "accountant+moderator"), (shown, "2260001")):
        assert ended.status == 0, ended
        assert wanted in ended.out
    if form == "csv":
        assert listed.out.splitlines()[0].startswith("id,institution,serial")
    if form == "json":
        assert listed.json["schema"] == "eqz.signer.list/1"


@pytest.mark.parametrize(("language", "word"), [("kk", "қате"), ("ru", "ошибка"), ("en", "error")])
def test_a_refusal_says_its_code_article_and_remedy_in_the_reader_s_language(
    office: Office, language: str, word: str
) -> None:
    document = office.written({**BUDGET, "agreements": [agreement("over", "110000.00")]})
    keys = office.keys("hospital", "head", ACCOUNTANT)
    ended = office.online.run("agreement", "register", *document, *keys, "--yes", "--lang", language)
    assert ended.status == 5
    assert f"{word}[TP218-07]:" in ended.err
    assert "BC 109(4), TP 177, 218(7)" in ended.err


def test_a_dry_run_says_what_would_happen_and_changes_nothing(office: Office) -> None:
    document = office.written({**BUDGET, "agreements": [agreement("dry", "100.00")]})
    keys = office.keys("hospital", "head", ACCOUNTANT)
    found = office.online.eqz("agreement", "register", *document, *keys, "--dry-run")["item"]
    assert found["status"] == "would be accepted"
    assert office.online.refused("agreement", "show", "hospital", "dry") == ("NOT-FOUND", 3)


def test_without_a_terminal_and_without_yes_nothing_is_signed(office: Office) -> None:
    document = office.written({"day": "2026-03-02"})
    keys = office.keys("treasury", "head")
    assert office.online.refused("treasury", "open-day", *document, *keys) == ("CONFIRM", 2)


def test_with_no_node_in_reach_nothing_is_accepted_and_the_same_file_enters_later(office: Office) -> None:
    signed = office.signed("clinic", "obligation", "accept", invoice("later", "10.00"))
    silent = Terminal(office.root / "work", {"EQZ_NODE": "http://127.0.0.1:9"})
    assert silent.refused("tx", "submit", signed) == ("NOTHING-ACCEPTED", 7)
    done = office.online.eqz("tx", "submit", signed)
    assert done == office.online.eqz("tx", "submit", signed)


# --- bad input: each is refused with its code and exit status, changes nothing, and the nodes live on


@dataclass(frozen=True)
class Bad:
    """One mistake and how the ledger answers it."""

    name: str
    refusal: tuple[str, int]
    make: Callable[[Office], tuple[str, int]]


def over_the_plan(office: Office) -> tuple[str, int]:
    return office.refused(
        "hospital", "agreement", "register", {**BUDGET, "agreements": [agreement("p", "110000.00")]}
    )


def over_the_agreement(office: Office) -> tuple[str, int]:
    office.at_once("hospital", "agreement", "register", {**BUDGET, "agreements": [agreement("o", "1000.00")]})
    return office.refused("hospital", "act", "sign", act("o-1", "ob-o", "1000.01", date="2026-02-02"))


def over_the_cash(office: Office) -> tuple[str, int]:
    """The plan allows it, the act is there, but nothing ever came into this budget."""
    office.at_once("hospital", "obligation", "accept", invoice("cash", "3000.00", LOCAL))
    asked = request("2260002", 1, "cash", "3000.00", None)
    asked["requests"][0]["is_advance"] = False
    office.at_once("hospital", "payment", "request", asked)
    return office.refused(
        "treasury", "payment", "execute", {"payments": [{"holder": "hospital", "number": "2260002/26-1"}]}
    )


def another_holder(office: Office) -> tuple[str, int]:
    document = {**BUDGET, "programme": "002", "plans": [plan_row("hospital", "159", 1_000)]}
    return office.refused("roads", "plan", "approve", document)


def another_kind(office: Office) -> tuple[str, int]:
    return office.refused("clinic", "treasury", "open-day", {"day": "2026-03-02"}, "head")


def another_role(office: Office) -> tuple[str, int]:
    return office.refused("treasury", "treasury", "open-day", {"day": "2026-03-02"}, ACCOUNTANT)


def another_institution(office: Office) -> tuple[str, int]:
    """The head of the clinic under a document of the hospital."""
    document = office.written(invoice("foreign", "1.00"))
    keys = office.keys("clinic", "head", ACCOUNTANT)
    return office.online.refused(
        "obligation", "accept", *document, "--institution", "hospital", *keys, "--yes"
    )


def one_person_twice(office: Office) -> tuple[str, int]:
    return office.refused("hospital", "obligation", "accept", invoice("twice", "1.00"), "head", "head")


def one_person_under_two_numbers(office: Office) -> tuple[str, int]:
    """The head's signature stands a second time, as if it were the accountant's."""
    name = office.signed("hospital", "obligation", "accept", invoice("forged", "1.00"))
    envelope = json.loads((office.root / "work" / name).read_text(encoding="utf-8"))
    head, accountant = envelope["signatures"]
    envelope["signatures"] = [head, {**head, "serial": accountant["serial"]}]
    (office.root / "work" / name).write_text(json.dumps(envelope), encoding="utf-8")
    return office.online.refused("tx", "submit", name)


def revoked_key(office: Office) -> tuple[str, int]:
    password = new_key(office, "gone.key", "hospital", 3, "accountant")
    office.paper("hospital", "signer", "add", {}, "head", more=("--public", "gone.pub"))
    office.paper("hospital", "signer", "revoke", {}, "head", more=("--signer", "hospital:3"))
    document = office.written(invoice("revoked", "1.00"))
    keys = [*office.keys("hospital", "head"), "--sign-with", "gone.key", "--password-file", password]
    return office.online.refused("obligation", "accept", *document, *keys, "--yes")


def unknown_code(office: Office) -> tuple[str, int]:
    document = {**BUDGET, "programme": "001", "plans": [plan_row("hospital", "999", 100)]}
    return office.refused("health", "plan", "approve", document)


def closed_code(office: Office) -> tuple[str, int]:
    document = {**BUDGET, "programme": "001", "plans": [plan_row("hospital", "149", 100)]}
    return office.refused("health", "plan", "approve", document)


def expired(office: Office) -> tuple[str, int]:
    document = office.written(invoice("expired", "1.00"))
    keys = office.keys("clinic", "head", ACCOUNTANT)
    return office.online.refused("obligation", "accept", *document, *keys, "--valid-for", "0s", "--yes")


def valid_too_long(office: Office) -> tuple[str, int]:
    document = office.written(invoice("long", "1.00"))
    keys = office.keys("clinic", "head", ACCOUNTANT)
    return office.online.refused("obligation", "accept", *document, *keys, "--valid-for", "30d", "--yes")


def used_client_id(office: Office) -> tuple[str, int]:
    keys = [*office.keys("clinic", "head", ACCOUNTANT), "--client-id", "ab" * 16, "--yes"]
    office.online.eqz("obligation", "accept", *office.written(invoice("first", "1.00")), *keys)
    return office.online.refused("obligation", "accept", *office.written(invoice("second", "1.00")), *keys)


def another_network(office: Office) -> tuple[str, int]:
    elsewhere = Terminal(office.root / "work", {**office.online.environment, "EQZ_GENESIS": "ff" * 32})
    document = office.written(invoice("elsewhere", "1.00"))
    return elsewhere.refused(
        "obligation", "accept", *document, *office.keys("clinic", "head", ACCOUNTANT), "--yes"
    )


def changed_bytes(office: Office) -> tuple[str, int]:
    """Somebody renames the obligation after it was signed: the body still decodes."""
    name = office.signed("clinic", "obligation", "accept", invoice("changed", "1.00"))
    rewrite_body(office, name, lambda body: body.replace(b"changed", b"charged"))
    return office.online.refused("tx", "submit", name)


def non_canonical_bytes(office: Office) -> tuple[str, int]:
    """The same values, the outer array with a longer head than it needs."""
    name = office.signed("clinic", "obligation", "accept", invoice("long-head", "1.00"))
    rewrite_body(office, name, longer_head)
    return office.online.refused("tx", "submit", name)


def longer_head(body: bytes) -> bytes:
    assert 0x90 <= body[0] <= 0x9F, "a transaction is a short array"
    return bytes([0xDC, 0, body[0] & 0x0F]) + body[1:]


def rewrite_body(office: Office, name: str, change: Callable[[bytes], bytes]) -> None:
    path = office.root / "work" / name
    envelope = json.loads(path.read_text(encoding="utf-8"))
    envelope["body"] = change(bytes.fromhex(envelope["body"])).hex()
    path.write_text(json.dumps(envelope), encoding="utf-8")


def oversized_document(office: Office) -> tuple[str, int]:
    """More than a MiB of names in one document."""
    rows = [{**entry(f"{number:03d}"), "name_ru": "я" * 2000, "name_kk": "ә" * 2000} for number in range(150)]
    return office.refused(
        "mof", "directory", "publish", {"directory": "reasons", "rows": rows}, ACCOUNTANT, "head"
    )


BAD = (
    Bad("over the plan", ("TP218-07", 5), over_the_plan),
    Bad("over the agreement", ("BC109-05", 5), over_the_agreement),
    Bad("over the cash", ("BC110-3", 5), over_the_cash),
    Bad("wrong holder", ("BC106-4", 5), another_holder),
    Bad("wrong kind of institution", ("ID-KIND", 4), another_kind),
    Bad("wrong role", ("ID-ROLES", 4), another_role),
    Bad("wrong institution's key", ("ID-FOREIGN", 4), another_institution),
    Bad("one person twice", ("SIGNATURES-MISSING", 7), one_person_twice),
    Bad("one person under two numbers", ("ID-SIGNATURE", 4), one_person_under_two_numbers),
    Bad("revoked key", ("ID-REVOKED", 4), revoked_key),
    Bad("unknown code", ("CODE-UNKNOWN", 5), unknown_code),
    Bad("closed code", ("CODE-CLOSED", 5), closed_code),
    Bad("expired", ("TX-EXPIRED", 5), expired),
    Bad("valid too long", ("TX-WINDOW", 5), valid_too_long),
    Bad("used client id", ("TX-REPLAY", 6), used_client_id),
    Bad("another network", ("TX-CHAIN", 5), another_network),
    Bad("changed after signing", ("ID-SIGNATURE", 4), changed_bytes),
    Bad("non-canonical bytes", ("ENVELOPE", 2), non_canonical_bytes),
    Bad("oversized document", ("INPUT-DOCUMENT", 2), oversized_document),
)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_is_refused_with_its_code_and_exit_status(office: Office, bad: Bad) -> None:
    assert bad.make(office) == bad.refusal
    assert all_alive(office)


def all_alive(office: Office) -> bool:
    """Every process runs and calls itself ready."""
    ready = [one["ready"] for one in office.online.eqz("node", "status")["items"]]
    return ready == [True] * 4 and all(
        node.process is not None and node.process.poll() is None for node in office.nodes
    )


# --- a table of many documents


INVOICE = (
    "obligation,programme,subprogramme,specific,kind,payee,document,document_date,amount\n"
    '{name},001,000,151,invoice,123456789012,счёт,05.01.2026,"{amount}"\n'
)


def test_a_table_becomes_documents_that_enter_once_and_a_refused_row_comes_back(office: Office) -> None:
    """Five rows, two a document: the fourth is beyond the plan, so its document waits for a correction."""
    head, row = INVOICE.splitlines(keepends=True)
    amounts = ("1 000,00", "10", "20,5", "1 000 000,00", "30")
    table = office.root / "work" / "invoices.csv"
    rows = [row.format(name=f"table-{at}", amount=amount) for at, amount in enumerate(amounts)]
    table.write_text(head + "".join(rows), encoding="utf-8")
    fields = [part for name, value in BUDGET.items() for part in ("--set", f"{name}={value}")]
    batch = ("tx", "batch")
    built = office.online.eqz(
        *batch, "build", "obligation.accept", str(table), *fields, "--institution", "clinic", "--split",
        "--rows", "2", "--out", "invoices",
    )["items"]  # fmt: skip
    assert [part["rows"] for part in built] == [2, 2, 1]
    keys = office.keys("clinic", "head", ACCOUNTANT)
    office.online.eqz(*batch, "sign", "invoices", *keys, "--yes")
    ended = office.online.run("-o", "json", *batch, "submit", "invoices")
    assert ended.refusal == ("TP218-07", 5)
    assert [one["status"] for one in ended.json["items"]] == ["final", "refused", "final"]
    answer = office.root / "work" / "invoices" / "part-0002.errors.csv"
    text = answer.read_text(encoding="utf-8-sig")
    assert [("TP218-07" in line) for line in text.splitlines()] == [False, False, True]
    answer.write_text(text.replace("1000000.00", "40.00"), encoding="utf-8")
    part = "invoices/part-0002.eqtx"
    office.online.eqz(
        *batch, "build", "obligation.accept", str(answer), *fields, "--institution", "clinic",
        "--corrects", part, "--out", part,
    )  # fmt: skip
    office.online.eqz(*batch, "sign", "invoices", *keys, "--yes")
    again = office.online.eqz(*batch, "resume", "invoices")["items"]
    assert [one["status"] for one in again] == ["final before", "final", "final before"]
    accepted = office.online.eqz("obligation", "list", "holder=clinic")["items"]
    sums = {one["obligation"]: one["amount"] for one in accepted if one["obligation"].startswith("table-")}
    assert sums == {
        "table-0": "1000.00", "table-1": "10.00", "table-2": "20.50", "table-3": "40.00", "table-4": "30.00"
    }  # fmt: skip


# --- bad bytes on the wire, past the command line


def post(office: Office, body: bytes, path: str = "/v1/transactions") -> tuple[int, Any]:
    """HTTP status and JSON of the first node's answer."""
    connection = http.client.HTTPConnection(office.urls[0].removeprefix("http://"), timeout=20)
    try:
        connection.request("POST", path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def offered(office: Office, body: bytes, auth: bytes) -> Any:
    status, answer = post(
        office, json.dumps({"transactions": [{"body": body.hex(), "auth": auth.hex()}]}).encode()
    )
    assert status == 200, answer
    (item,) = answer["items"]
    assert item["tx_id"] == tx_id_of(body).hex()
    return item


def test_the_node_itself_refuses_bytes_that_are_not_canonical(office: Office) -> None:
    name = office.signed("clinic", "obligation", "accept", invoice("wire", "1.00"))
    envelope = read_file(office.root / "work" / name)
    item = offered(office, longer_head(envelope.body), envelope.auth())
    assert (item["status"], item["error"]["code"]) == ("unreadable", "DECODE")
    assert all_alive(office)


def test_the_node_itself_refuses_one_signature_given_twice(office: Office) -> None:
    name = office.signed("clinic", "obligation", "accept", invoice("pair", "1.00"))
    envelope = read_file(office.root / "work" / name)
    once = envelope.auth()
    assert once[0] == 0x92, "two signatures"
    half = (len(once) - 1) // 2
    item = offered(office, envelope.body, once[: 1 + half] + once[1 : 1 + half])
    assert (item["status"], item["error"]["code"]) == ("unreadable", "DECODE")
    assert all_alive(office)


def test_a_body_larger_than_the_api_takes_is_refused_before_it_is_read(office: Office) -> None:
    connection = http.client.HTTPConnection(office.urls[0].removeprefix("http://"), timeout=20)
    connection.putrequest("POST", "/v1/transactions")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(64 << 20))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "LIMIT")
    connection.close()
    assert all_alive(office)


# --- the auditor


def test_a_node_stops_is_audited_from_its_files_and_comes_back(office: Office) -> None:
    """Three of four go on without it; what it holds verifies; started again, it catches up."""
    health = office.nodes[2]
    process = health.process
    assert process is not None
    health.kill(signal.SIGTERM)
    assert process.returncode == 0, health.log
    later = office.at_once("clinic", "obligation", "accept", invoice("without-health", "1.00"))
    ended = office.online.verify(
        "chain", str(health.directory), "--genesis", office.genesis, "--workers", "0"
    )
    assert ended.status == 0, ended
    other = office.online.verify("chain", str(health.directory), "--genesis", "00" * 32, "--workers", "0")
    assert other.status == 9, other
    with running([health.directory]) as (again,):
        terminal = Terminal(office.root / "work", {"EQZ_NODE": again.url})
        terminal.eqz("treasury", "day", "--min-height", str(later["height"]))
        assert terminal.eqz("tx", "wait", later["tx_id"])["item"]["height"] == later["height"]
        assert seen_at(terminal, later["height"]) == seen_at(office.online, later["height"])


def seen_at(terminal: Terminal, height: int) -> Any:
    return terminal.eqz("obligation", "list", "holder=clinic", "--at-height", str(height))
