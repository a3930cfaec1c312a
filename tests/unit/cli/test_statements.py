"""Statements of budgets as a person asks for them, over a node that answers from a ledger in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import directories, law, reading, statements, year
from cli.client import Client
from cli.demo import budget as the_budget
from cli.documents import Json, value_of
from cli.envelope import known_action
from cli.failures import InputError
from cli.main import run
from cli.session import Session
from contracts import reasons
from contracts.records import (
    STATUSES,
    Balance,
    Collection,
    Line,
    Stage,
    balance_of,
    prefix_of,
    programme_scope,
    trusted,
)
from contracts.sequester import DECIDE
from contracts.statements import under
from tests.support.budget import Ledger, a_fresh_ledger, a_ledger
from tests.support.served_ledger import serve, told
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    OTHER_GU,
    POOL,
    YEAR,
    U,
    a_block,
    a_held_row,
    a_law,
    a_plan,
    a_programme,
    a_year,
    cumulative,
    pay,
    register,
    sign,
    with_shortfall,
)
from tests.unit.contracts.test_statements import a_changed_budget
from tests.unit.contracts.test_transfers import OBLAST, REPUBLIC, a_tree, send

HEIGHT = 9
Eqz = Callable[..., Any]
FIGURES = ("obligations", "accepted", "may_accept", "payments", "redeemed", "may_pay")


def _tenge(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def _totals(ledger: Ledger, budget: str, of_year: int) -> dict[str, Any]:
    prefix = prefix_of(5, 1, budget, of_year)
    found = [
        (trusted(key)[3:], Balance.decode(value))
        for key, value in under(ledger.state, Collection.BALANCES, prefix)
    ]
    programmes = [
        {
            "administrator": administrator,
            "programme": programme,
            "issued": _tenge(balance.issued),
            "statuses": {name: _tenge(balance.total(slots)) for name, slots in STATUSES},
        }
        for (administrator, programme), balance in found
    ]
    sums = {name: _tenge(sum(one.total(slots) for _, one in found)) for name, slots in STATUSES}
    issued = _tenge(sum(balance.issued for _, balance in found))
    return {"height": HEIGHT, "statuses": sums, "issued": issued, "programmes": programmes}


def _answer(ledger: Ledger, request: httpx.Request) -> dict[str, Any]:
    """What a node says of the ledger (docs of the HTTP API); two pairs a page, so that pages follow."""
    asked = request.url.params
    parts = request.url.path.split("/")[2:]
    if parts == ["status"]:
        return {"height": HEIGHT, "block_time": "2026-02-02T00:00:00Z", "state_root": "00" * 32}
    if parts == ["totals"]:
        return _totals(ledger, asked["budget"], int(asked["year"]))
    if len(parts) == 3:
        value = ledger.state.get(parts[1], b"" if parts[2] == "-" else bytes.fromhex(parts[2]))
        return {"height": HEIGHT, "value": None if value is None else value.hex()}
    after = bytes.fromhex(asked.get("after", ""))
    pairs = [
        (key, value)
        for key, value in under(ledger.state, parts[1], bytes.fromhex(asked.get("prefix", "")))
        if not after or key > after
    ]
    items = [{"key": key.hex(), "value": value.hex()} for key, value in pairs[:2]]
    return {"height": HEIGHT, "items": items, "next": items[-1]["key"] if len(pairs) > 2 else None}


@pytest.fixture
def eqz(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Eqz:
    """Runs a command over a ledger: (exit status, its JSON)."""

    def of(ledger: Ledger, *arguments: str) -> tuple[int, Any]:
        @contextmanager
        def connected(nodes: Sequence[str]) -> Iterator[Client]:
            def answer(request: httpx.Request) -> httpx.Response:
                return httpx.Response(200, json=_answer(ledger, request))

            yield Client(["http://node"], httpx.MockTransport(answer))

        for module in (statements, year, reading, directories):
            monkeypatch.setattr(module, "connected", connected)
        session = Session(environment={"EQZ_CONFIG": "/nonexistent"})
        status = run([*arguments, "--node", "http://node", "-o", "json"], session)
        said = capsys.readouterr()
        assert said.out, said.err
        return status, json.loads(said.out)

    return of


def test_a_budget_shows_its_three_figures(eqz: Eqz) -> None:
    status, said = eqz(a_changed_budget(), "budget", "show", "--year", "2026")
    item = said["item"]
    assert status == 0
    assert item["figures"] == {
        "approved": "2000000.00", "refined": "2015000.00", "adjusted": "2015000.00",
        "sequestered": "3000.00", "in_force": "2012000.00",
    }  # fmt: skip
    assert item["sections"]["costs"] == item["figures"]
    assert (item["costs"], item["annulled"]) == ("2015000.00", "8000.00")


def test_every_programme_shows_its_three_figures(eqz: Eqz) -> None:
    _, said = eqz(a_changed_budget(), "budget", "show", BUDGET, "2026", "--by-programme")
    figures = [item["figures"] for item in said["items"]]
    assert [(one["approved"], one["refined"], one["adjusted"]) for one in figures] == [
        ("1000000.00", "1020000.00", "1030000.00"),
        ("1000000.00", "995000.00", "985000.00"),
    ]


def test_a_budget_is_named_once(eqz: Eqz) -> None:
    with pytest.raises(AssertionError, match="USAGE"):
        eqz(a_ledger(), "budget", "show", BUDGET, "2026", "--year", "2026")
    with pytest.raises(AssertionError, match="NOT-FOUND"):
        eqz(a_ledger(), "budget", "show", BUDGET, "2026")


def test_acts_are_a_row_a_programme(eqz: Eqz) -> None:
    ledger = a_changed_budget()
    _, said = eqz(ledger, "budget", "acts", f"budget={BUDGET}", "year=2026")
    assert [
        (one["serial"], one["kind"], one["programme"], one["up"], one["down"]) for one in said["items"]
    ] == [
        (1, "adjustment", "001", "10000.00", "0.00"),
        (1, "adjustment", "003", "0.00", "10000.00"),
        (2, "refinement", "001", "20000.00", "0.00"),
        (2, "refinement", "003", "0.00", "5000.00"),
        (3, "sequester", "003", "0.00", "3000.00"),
    ]
    assert said["items"][0]["case"] == "reallocation"
    _, cut = eqz(ledger, "budget", "acts", "kind=sequester")
    assert [one["document"] for one in cut["items"]] == ["постановление 1"]


def test_the_no_shift_statement_says_proven(eqz: Eqz) -> None:
    status, said = eqz(a_changed_budget(), "budget", "no-shift", "--year", "2026")
    item = said["item"]
    assert (status, item["result"], item["month"], item["acts"]) == (0, "PROVEN", 2, 3)
    assert [(one["received"], one["given"]) for one in item["programmes"]] == [
        ("10000.00", "0.00"),
        ("0.00", "10000.00"),
    ]
    _, january = eqz(a_changed_budget(), "budget", "no-shift", "--year", "2026", "--month", "1")
    assert january["item"]["acts"] == 1


def test_the_no_shift_statement_names_what_contradicts_it(eqz: Eqz) -> None:
    ledger = a_changed_budget()
    scope = programme_scope(Line(BUDGET, YEAR, "1", "228", "003", None, None))
    shifted = replace(balance_of(ledger.state, scope), given=107 * U)
    ledger.state.commit({(Collection.BALANCES, scope): shifted.encode()})
    status, said = eqz(ledger, "budget", "no-shift", "--year", "2026")
    assert (status, said["item"]["result"]) == (10, "CONTRADICTED")
    assert [len(one["findings"]) for one in said["item"]["programmes"]] == [0, 1]


def test_budgets_are_added_up_without_mutual_flows(eqz: Eqz) -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    send(ledger, 1, REPUBLIC, OBLAST, 300)
    _, said = eqz(ledger, "budget", "consolidated", REPUBLIC, OBLAST, "--year", "2026")
    assert [(one["budget"], one["received"], one["redeemed"]) for one in said["items"]] == [
        (REPUBLIC, "100000.00", "30000.00"),
        (OBLAST, "30000.00", "0.00"),
        ("gross", "130000.00", "30000.00"),
        ("mutual", "30000.00", "30000.00"),
        ("net", "100000.00", "0.00"),
    ]


def test_a_budget_that_was_never_adopted_is_not_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, a_tree(REPUBLIC, OBLAST), statements)
    told("budget", "consolidated", REPUBLIC, "09.none", "--year", "2026", status=3)


def test_transfers_stand_against_receipts_by_month(eqz: Eqz) -> None:
    ledger = a_tree(REPUBLIC, OBLAST)
    rows = ((OBLAST, YEAR, "502111", cumulative(500, 400)),)
    ledger.do("treasury", "receipts.plan", "план", rows)
    _, said = eqz(ledger, "budget", "transfers-plan", REPUBLIC, OBLAST, "--year", "2026")
    assert said["item"]["differing_months"] == [1]
    assert said["item"]["months"][0] == {"month": 1, "planned": "50000.00", "expected": "40000.00"}
    assert said["item"]["transfers"] == [{"lower": OBLAST, "sent": "0.00"}]


def test_plans_stand_beside_what_is_accepted_and_redeemed(eqz: Eqz) -> None:
    ledger = a_year(a_plan(400), a_plan(70, specific="149"), a_plan(9, holder=OTHER_GU), units=479)
    register(ledger, "A", 300, kind="goods")
    sign(ledger, "act-1", "a", 200)
    pay(ledger, 1, "a", 150, "act-1")
    status, said = eqz(ledger, "plan", "compare", GU, "--year", str(YEAR))
    shown = [{name: item[name] for name in ("specific", *FIGURES)} for item in said["items"]]
    assert (status, shown) == (
        0,
        [
            {
                "specific": "149", "obligations": "7000.00", "accepted": "0.00", "may_accept": "7000.00",
                "payments": "7000.00", "redeemed": "0.00", "may_pay": "7000.00",
            },
            {
                "specific": "159", "obligations": "40000.00", "accepted": "30000.00",
                "may_accept": "10000.00", "payments": "40000.00", "redeemed": "15000.00",
                "may_pay": "25000.00",
            },
        ],
    )  # fmt: skip


def test_a_notice_says_what_may_be_unblocked(eqz: Eqz) -> None:
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000)))
    with_shortfall(ledger, 100)
    ledger.do("treasury", "treasury.block", *a_block(a_held_row(80, **POOL)))
    assert eqz(ledger, "treasury", "notices")[1]["items"] == []
    receipt = ("receipt", BUDGET, "1", "101110", 60 * U, "")
    ledger.do("treasury", "receipts.post", "выписка", (receipt,))
    assert eqz(ledger, "treasury", "notices", BUDGET)[1]["items"] == [
        {
            "budget": BUDGET, "year": YEAR, "month": 1, "blocked": "8000.00", "shortfall": "4000.00",
            "excess": "4000.00",
        }
    ]  # fmt: skip


def test_the_history_of_a_renumbered_code_begins_with_the_codes_before_it(eqz: Eqz) -> None:
    ledger = a_ledger()
    entry = ("502111", DAY, None, "Трансферттер", "Трансферты", None, (("replaces", "101110 201510"),))
    ledger.do("mof", "directory.publish", "receipts", (entry,))
    _, said = eqz(ledger, "directory", "history", "receipts", "502111")
    assert [one["code"] for one in said["items"]] == ["101110", "201510", "502111"]


def a_wide_budget(programmes: int) -> Ledger:
    """As many programmes of 228, 100 units each."""
    ledger = a_ledger()
    half = [a_programme(f"{number:03d}", 100) for number in range(programmes)]
    ledger.do("mof", "budget.adopt", *a_law(*half))
    return ledger


def test_a_what_if_is_the_document_that_decides_it(eqz: Eqz) -> None:
    ledger = a_wide_budget(20)
    _, said = eqz(ledger, "sequester", "plan", "--percent", "7", "--year", "2026")
    assert (said["item"]["total"], said["item"]["instrument"]) == ("14000.00", "resolution")
    decided = {"decision": "cut-1", "document": "постановление 77", "date": "2026-01-05"}
    document = year.decision_of_plan({**said, **decided})
    arguments = value_of(DECIDE, document)
    assert isinstance(arguments, tuple)
    decision = ledger.do("mof", "sequester.decide", *arguments)[-1]
    assert decision == (
        "sequester.decided", "cut-1", "resolution", "постановление 77", 140 * U, 140 * U,
    )  # fmt: skip


def test_a_what_if_names_the_agreements_that_it_suspends(eqz: Eqz) -> None:
    ledger = a_year(a_plan(500), units=1_000)
    register(ledger, "A", 100)
    asked = ("sequester", "plan", "--percent", "7", "--year", "2026", "--agreements")
    _, said = eqz(ledger, *asked)
    assert said["item"]["agreements"] == [
        {"holder": GU, "agreement": "A", "accepted": "10000.00", "unpaid": "10000.00"}
    ]


def the_law_of_2026() -> Ledger:
    """The whole republican budget of 2026 as the law has it, adopted."""
    ledger = a_fresh_ledger()
    for document in (*the_budget.directories((), ()), the_budget.adoption()):
        if document.action == "budget.adopt":
            ledger.open_day(2026, 1, 5)
        arguments = value_of(known_action(document.action).arguments, document.content)
        assert isinstance(arguments, tuple)
        ledger.do(document.institution, document.action, *arguments)
    return ledger


def test_seven_per_cent_of_the_law_of_2026_are_cut_to_the_tiyn_and_protected_money_is_not(eqz: Eqz) -> None:
    ledger = the_law_of_2026()
    _, said = eqz(ledger, "sequester", "plan", "--percent", "7", "--year", "2026")
    decided = {"decision": "cut-1", "document": "постановление 77", "date": "2026-01-05"}
    arguments = value_of(DECIDE, year.decision_of_plan({**said, **decided}))
    assert isinstance(arguments, tuple)
    rows = arguments[-1]
    assert isinstance(rows, tuple)
    protected = {(one.administrator, one.programme) for one in law.protected_programmes()}
    cut = {(row[1], row[2]): row[-2] for row in rows if isinstance(row, tuple)}
    assert protected & cut.keys() == set()
    base = balance_of_the_unprotected(ledger)
    assert sum(int(str(amount)) for amount in cut.values()) == base * 7 // 100 // U * U
    ledger.do("mof", "sequester.decide", *arguments)
    ledger.do("mof", "sequester.apply", "cut-1", len(rows))
    for (administrator, programme), amount in cut.items():
        balance = balance_of(
            ledger.state,
            programme_scope(Line(BUDGET, YEAR, "1", str(administrator), str(programme), None, None)),
        )
        assert balance.amounts[Stage.SEQUESTERED] == amount


def balance_of_the_unprotected(ledger: Ledger) -> int:
    """Tiyn of the law's programmes that name no protected subprogramme, counted from the law itself."""
    protected = {(one.administrator, one.programme) for one in law.protected_programmes()}
    return sum(
        one.amount_thousand_tenge * 100_000
        for one in law.programmes()
        if (one.administrator, one.programme) not in protected
    )


def test_ten_and_a_half_per_cent_of_the_law_of_2026_need_a_law(eqz: Eqz) -> None:
    ledger = the_law_of_2026()
    _, said = eqz(ledger, "sequester", "plan", "--percent", "10.5", "--year", "2026")
    assert said["item"]["instrument"] == "law"
    decided = {"decision": "cut-1", "document": "постановление 77", "date": "2026-01-05"}
    document = year.decision_of_plan({**said, **decided})
    assert isinstance(document, dict)
    by_resolution = value_of(DECIDE, {**document, "instrument": "resolution"})
    assert isinstance(by_resolution, tuple)
    refusal = ledger.refused("mof", "sequester.decide", *by_resolution)
    assert refusal.reason is reasons.SEQUESTER_INSTRUMENT
    by_law = value_of(DECIDE, document)
    assert isinstance(by_law, tuple)
    ledger.do("mof", "sequester.decide", *by_law)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (b"administrator,programme,priority\n228,003,1\n228,003,2\n", "INPUT-CSV"),
        (b"administrator,programme,priority\n228,3,1\n", "INPUT-CSV"),
        (b"administrator,programme,priority\n228,003,-1\n", "INPUT-CSV"),
        (b"administrator,programme\n228,003\n", "INPUT-CSV"),
        ("administrator,programme,priority\n228,003,1,первая\n".encode("cp1251"), "BATCH-ENCODING"),
    ],
)
def test_a_table_of_priorities_that_says_two_things_or_none_is_refused(
    tmp_path: Path, table: bytes, code: str
) -> None:
    (tmp_path / "p.csv").write_bytes(table)
    with pytest.raises(InputError) as refused:
        year.read_priorities(tmp_path / "p.csv")
    assert refused.value.code == code


def test_priorities_are_read_from_a_table_with_semicolons(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("administrator;programme;priority\n228;003;2\n226;067;1\n", "utf-8")
    assert year.read_priorities(tmp_path / "p.csv") == {("228", "003"): 2, ("226", "067"): 1}


def test_exactly_ten_per_cent_is_refused_by_the_what_if(eqz: Eqz) -> None:
    with pytest.raises(AssertionError, match="BC97-02-TEN"):
        eqz(a_wide_budget(20), "sequester", "plan", "--percent", "10", "--year", "2026")


def test_a_decision_of_many_rows_is_filed_in_parts() -> None:
    rows: list[Json] = [{"amount": "1.00"}] * 2_001
    plan: Json = {"decision": "cut-1", "rows": rows}
    with pytest.raises(InputError, match="part=1 to part=3"):
        year.decision_of_plan(plan)
    parts = [year.decision_of_plan({"decision": "cut-1", "rows": rows, "part": f"{part}"}) for part in (1, 3)]
    assert parts == [
        {"decision": "cut-1", "rows": rows[:1_000]},
        {"decision": "cut-1", "rows": rows[:1]},
    ]
