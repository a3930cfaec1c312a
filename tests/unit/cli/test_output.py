"""What a person at a terminal sees of the same data."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from cli.documents import Json
from cli.output import AsOf, emit_item, emit_list, flatten
from cli.session import Session

ITEMS: list[dict[str, Json]] = [
    {"number": "1", "status": "blocked", "amount": "1250000.00", "tx_id": "ab" * 32, "roles": ["head"]}
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, *, item: bool = False, columns: int = 160) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    session = Session(environment={"EQZ_CONFIG": "/nonexistent", "EQZ_LANG": "ru", "NO_COLOR": "1"})
    with redirect_stdout(Terminal()) as out, redirect_stderr(io.StringIO()):
        if item:
            emit_item(session, "eqz.test/1", ITEMS[0], AsOf(7, 0))
        else:
            emit_list(session, "eqz.test/1", ITEMS, AsOf(7, 0))
    return out.getvalue()


def test_on_a_terminal_headings_and_statuses_are_translated_and_thousands_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heading, row = shown(monkeypatch).splitlines()
    assert heading.split() == ["номер", "статус", "сумма", "транзакция", "роли"]
    assert "заблокированный" in row
    assert "1 250 000.00" in row
    assert row.rstrip().endswith("head")


def test_an_id_is_never_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = shown(monkeypatch, item=True, columns=40)
    assert "".join(narrow.split()).count("ab") == 32


def on_terminal(monkeypatch: pytest.MonkeyPatch, item: dict[str, Json]) -> tuple[str, str]:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    session = Session(environment={"EQZ_CONFIG": "/nonexistent", "EQZ_LANG": "ru", "NO_COLOR": "1"})
    with redirect_stdout(Terminal()) as out, redirect_stderr(io.StringIO()) as said:
        emit_item(session, "eqz.test/1", item, AsOf(7, None))
    return out.getvalue(), said.getvalue()


def test_a_status_of_one_thing_is_said_as_in_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "закрыто" in on_terminal(monkeypatch, {"year": 2026, "status": "closed"})[0]


def test_the_budget_as_approved_and_refined_is_no_stage_of_money(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, _ = on_terminal(monkeypatch, {"figures": {"approved": "1.00", "refined": "2.00"}})
    assert "показатели.утверждённый" in shown
    assert "показатели.уточнённый" in shown


def test_rows_of_one_thing_are_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Json] = [{"month": 1, "planned": "1.00"}, {"month": 2, "planned": "2.00"}]
    shown, _ = on_terminal(monkeypatch, {"year": 2026, "months": rows})
    assert [line.split() for line in shown.splitlines()[-4:]] == [
        ["месяцы"], ["месяц", "запланировано"], ["1", "1.00"], ["2", "2.00"],
    ]  # fmt: skip


def test_rows_wider_than_the_terminal_are_lines_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Json] = [
        {"number": str(n), "code": "c" * 20, "date": "2026-01-05", "row": True} for n in (1, 2)
    ]
    monkeypatch.setenv("COLUMNS", "30")
    session = Session(environment={"EQZ_CONFIG": "/nonexistent", "EQZ_LANG": "ru", "NO_COLOR": "1"})
    with redirect_stdout(Terminal()) as out, redirect_stderr(io.StringIO()):
        emit_list(session, "eqz.test/1", rows)  # type: ignore[arg-type]
    assert out.getvalue().splitlines()[:6] == [
        "номер: 1", "код: " + "c" * 20, "дата: 2026-01-05", "строка: да", "", "номер: 2",
    ]  # fmt: skip


def test_an_object_in_a_cell_is_said_by_its_headings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    session = Session(environment={"EQZ_CONFIG": "/nonexistent", "EQZ_LANG": "ru", "NO_COLOR": "1"})
    with redirect_stdout(Terminal()) as out, redirect_stderr(io.StringIO()):
        emit_list(session, "eqz.test/1", [{"id": 1, "figures": {"accepted": "25000.00", "requests": 2}}])
    assert "принятые обязательства: 25 000.00, счета к оплате: 2" in out.getvalue().replace("\xa0", " ")


def test_an_age_that_is_not_known_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_terminal(monkeypatch, {"year": 2026})[1] == "высота 7\n"


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in shown(monkeypatch)


def test_json_carries_schema_height_time_and_the_next_key(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(environment={"EQZ_CONFIG": "/nonexistent"}, output_given="json")
    emit_list(session, "eqz.test/1", ITEMS, AsOf(7, 1_767_225_600_000), "0a")
    assert json.loads(capsys.readouterr().out) == {
        "schema": "eqz.test/1",
        "height": 7,
        "block_time": "2026-01-01T00:00:00.000Z",
        "items": ITEMS,
        "next": "0a",
    }


def test_nested_rows_are_fields_with_numbers() -> None:
    item: dict[str, Json] = {"a": {"b": [{"c": 1}, {"c": 2}]}, "d": ["x", "y"]}
    assert flatten(item) == [("a.b.1.c", 1), ("a.b.2.c", 2), ("d", ["x", "y"])]
