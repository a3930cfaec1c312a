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
