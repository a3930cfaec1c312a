"""Approvals by command line, against the API of a running node: routes, the inbox, documents on their way,
deputies, ballots told in words, and why something may not be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chain.codec import Value
from cli.envelope import read_file
from cli.flow import ballot_told
from cli.session import Session
from contracts.calendar import day_number
from contracts.records import Role
from tests.integration.test_web_api import LIMITS, Served, serve
from tests.support.budget import Ledger, MemoryReader
from tests.support.node import a_node
from tests.support.route import Step, a_step, a_step_of_kind
from tests.support.terminal import Terminal
from tests.support.year import GU

SCOPE = ("gu", "01.kz", None, None, None, None, None, GU, None)
WRITTEN = {"scope": {"kind": "gu", "budget": "01.kz", "holder": GU}, "ground": 1, "document": "приказ 7"}


@dataclass(frozen=True)
class Office:
    """A served node, a maker of documents with everybody's keys, and a terminal."""

    api: Served
    maker: Ledger
    terminal: Terminal

    def commit(
        self, institution: str, action: str, *arguments: Value, signers: list[tuple[str, Role]] | None = None
    ) -> list[Any]:
        """A document made final; its events."""
        document = self.maker.document(institution, action, *arguments, signers=signers)
        return list(self.api.commit(document)["events"])

    def route(self, *steps: Step) -> None:
        self.commit("mof", "route.set", "treasury.suspend", None, steps, "приказ 1")

    def submit(self) -> int:
        arguments = (SCOPE, 1, "приказ 7")
        signers = [("treasury", Role.HEAD)]
        events = self.commit("treasury", "approval.submit", "treasury.suspend", 1, arguments, signers=signers)
        return int(events[0][1])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    work = tmp_path_factory.mktemp("approvals")
    for api in serve(a_node(), LIMITS):
        maker = Ledger(api.node.genesis.chain_id, MemoryReader(), time_ms=api.node.clock.time_ms)
        terminal = Terminal(work, {"EQZ_NODE": api.url, "EQZ_LANG": "ru"})
        found = Office(api, maker, terminal)
        found.commit("treasury", "treasury.open_day", day_number(2026, 1, 5))
        found.route(a_step("mof"), a_step_of_kind("audit", from_amount=0))
        yield found


def test_a_route_is_listed_and_shown(office: Office) -> None:
    (item,) = office.terminal.eqz("route", "list")["items"]
    steps = [
        {"kind": None, "institution": "mof", "role": "head", "from_amount": "0.00"},
        {"kind": "audit", "institution": None, "role": "head", "from_amount": "0.00"},
    ]
    assert (item["action"], item["institution"], item["steps"]) == ("treasury.suspend", None, steps)
    assert office.terminal.eqz("route", "show", "treasury.suspend", "treasury")["item"]["steps"] == steps
    assert office.terminal.refused("route", "show", "plan.approve") == ("NOT-FOUND", 3)


def test_the_inbox_says_what_waits_and_since_when(office: Office) -> None:
    number = office.submit()
    (item,) = office.terminal.eqz("approval", "inbox", "--institution", "mof")["items"]
    assert item == {
        "approval": number,
        "institution": "treasury",
        "action": "treasury.suspend",
        "role": "head",
        "since": "2026-01-05",
        "amount": "0.00",
        "step": "1/2",
    }
    assert office.terminal.eqz("approval", "inbox", "--institution", "vap")["items"] == []
    office.commit("mof", "approval.sign", number, signers=[("mof", Role.HEAD)])
    (item,) = office.terminal.eqz("approval", "inbox", "--institution", "vap")["items"]
    assert (item["approval"], item["step"]) == (number, "2/2")
    assert office.terminal.refused("approval", "inbox", "--institution", "nobody") == ("NOT-FOUND", 3)
    office.commit("vap", "approval.reject", number, "нет оснований", signers=[("vap", Role.HEAD)])


def test_a_document_on_its_way_is_shown_by_name_and_who_is_awaited(office: Office) -> None:
    number = office.submit()
    item = office.terminal.eqz("approval", "show", str(number))["item"]
    assert item["document"]["document"] == "приказ 7"
    assert item["document"]["scope"]["holder"] == GU
    assert item["awaited"]["institution"] == "mof"
    office.commit("treasury", "approval.withdraw", number, "ошибка", signers=[("treasury", Role.HEAD)])
    item = office.terminal.eqz("approval", "show", str(number))["item"]
    assert (item["status"], item["reason"]) == ("withdrawn", "ошибка")
    assert "document" not in item
    assert office.terminal.refused("approval", "show", "999") == ("NOT-FOUND", 3)
    open_ones = office.terminal.eqz("approval", "list", "status=open")["items"]
    assert number not in [one["approval"] for one in open_ones]


def test_deputies_are_listed_with_their_role_in_words(office: Office) -> None:
    accountant = office.maker.signer("mof", Role.ACCOUNTANT)
    day = day_number(2026, 1, 5)
    office.commit("mof", "deputy.appoint", int(Role.HEAD), accountant, day, day + 5, "приказ 3")
    (item,) = office.terminal.eqz("deputy", "list", "institution=mof", "role=head")["items"]
    assert (item["role"], item["first"], item["last"]) == ("head", "2026-01-05", "2026-01-10")


def test_the_inbox_of_a_person_has_what_he_may_approve(office: Office) -> None:
    """The accountant stands in for the head; the preparer may approve nothing, nor anybody of another one."""

    def inbox_of(person: str) -> list[Any]:
        return list(office.terminal.eqz("approval", "inbox", "--person", person)["items"])

    number = office.submit()
    found = {
        person: [item["approval"] for item in inbox_of(person)]
        for person in ("mof:1", "mof:2", "mof:4", "treasury:1")
    }
    assert found == {"mof:1": [number], "mof:2": [number], "mof:4": [], "treasury:1": []}
    assert office.terminal.refused("approval", "inbox", "--person", "mof:99") == ("NOT-FOUND", 3)
    office.commit("treasury", "approval.withdraw", number, "ошибка", signers=[("treasury", Role.HEAD)])


def test_any_routed_document_is_built_for_approval_and_shown_by_name(office: Office) -> None:
    written = office.terminal.work / "suspend.json"
    written.write_text(json.dumps(WRITTEN), encoding="utf-8")
    office.terminal.eqz(
        "treasury", "suspend", "--from", str(written), "--for-approval", "--institution", "treasury",
        "--out", "a.eqtx", "--yes",
    )  # fmt: skip
    shown = office.terminal.eqz("tx", "show", "a.eqtx")["item"]
    assert (shown["action"], shown["required_roles"]) == ("approval.submit", ["head"])
    assert shown["document"]["arguments"]["scope"]["holder"] == GU
    submission = {"action": "treasury.suspend", "arguments": WRITTEN}
    written.write_text(json.dumps(submission), encoding="utf-8")
    office.terminal.eqz(
        "approval", "submit", "--from", str(written), "--institution", "treasury", "--out", "b.eqtx", "--yes"
    )
    again = office.terminal.eqz("tx", "show", "b.eqtx")["item"]
    assert again["document"] == shown["document"]


def test_roles_of_routes_and_deputies_are_written_in_words(office: Office, tmp_path: Path) -> None:
    step = {"kind": "audit", "institution": None, "role": "head", "from_amount": "5.00"}
    written = tmp_path / "route.json"
    route = {"action": "plan.approve", "institution": None, "steps": [step], "document": "приказ 2"}
    written.write_text(json.dumps(route), encoding="utf-8")
    arguments = ("--from", str(written), "--institution", "mof", "--out", "r.eqtx", "--yes")
    office.terminal.eqz("route", "set", *arguments)
    assert office.terminal.eqz("tx", "show", "r.eqtx")["item"]["document"] == route
    written.write_text(json.dumps({**route, "steps": [{**step, "role": "boss"}]}), encoding="utf-8")
    assert office.terminal.refused("route", "set", *arguments) == ("INPUT-FIELD", 2)


def test_why_says_what_is_missing_and_who_can_give_it(office: Office) -> None:
    ended = office.terminal.run("tx", "why", "treasury.suspend", "--institution", "vap", "-o", "json")
    assert (ended.status, ended.error["code"]) == (5, "ID-KIND")
    (missing,) = ended.json["item"]["missing"]
    assert missing["who"] == ["treasury"]
    asked = office.terminal.eqz("tx", "why", "treasury.suspend", "--institution", "treasury")["item"]
    assert [step["step"] for step in asked["steps"]] == ["mof, head", "audit, head"]
    assert asked["permitted"] is True


def test_why_of_an_envelope(office: Office, tmp_path: Path) -> None:
    written = tmp_path / "resume.json"
    written.write_text(json.dumps(WRITTEN), encoding="utf-8")
    office.terminal.eqz(
        "treasury", "resume", "--from", str(written), "--institution", "treasury", "--out", "w.eqtx", "--yes"
    )
    assert office.terminal.refused("tx", "why", "w.eqtx") == ("SUSP-NONE", 5)


def test_a_ballot_is_told_in_the_language_of_the_reader(office: Office) -> None:
    office.commit("mof", "ballot.propose", "module.pause", ("plan",), "проверка")
    (item,) = office.terminal.eqz("network", "ballots")["items"]
    assert item["text"] == "все документы модуля plan останавливаются, пока участники его не возобновят"


def test_a_vote_is_shown_with_what_the_ballot_would_do(office: Office) -> None:
    ((_, number, _),) = office.commit("mof", "ballot.propose", "module.pause", ("rating",), "проверка")
    office.terminal.eqz(
        "network", "vote", f"ballot={number}", "yes=true", "--institution", "mof", "--out", "v.eqtx", "--yes"
    )
    session = Session(environment={**office.terminal.environment})
    assert ballot_told(session, read_file(office.terminal.work / "v.eqtx")) == [
        "module.pause (mof): все документы модуля rating останавливаются, пока участники его не возобновят",
        "проверка",
    ]
