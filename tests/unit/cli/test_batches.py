"""A table of many documents: the same file makes the same ids; a directory is sent until all is final."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chain.codec import encode
from chain.keys import SigningKey
from chain.transaction import BODY_BYTES
from cli import batch, batches, flow
from cli import envelope as envelopes
from cli.documents import json_of, value_of
from cli.envelope import known_action, read_file
from cli.failures import Details, InputError, RefusedError
from cli.flow import Source
from cli.session import Session
from cli.tables import Table, read_table, write_table

REQUEST = known_action("payment.request")
SESSION = {"EQZ_GENESIS": "ab" * 32, "EQZ_NETWORK": "net", "EQZ_INSTITUTION": "clinic", "EQZ_NODE": ""}
HEAD = SigningKey.from_seed(bytes(31) + b"\x01")


def session() -> Session:
    return Session(environment=SESSION, quiet=True)


def a_file(path: Path, rows: int, amount: int = 5) -> Path:
    columns = ("number", "obligation", "act", "is_advance", "amount", "purpose")
    write_table(
        path,
        Table(columns, tuple((f"n{at}", "o", "a", "нет", f"{amount},5", "услуги") for at in range(rows))),
    )
    return path


def built(directory: Path, file: Path, rows_per_part: int = 4) -> list[dict[str, Any]]:
    rows = batch.read_rows(REQUEST, file)
    found: list[dict[str, Any]] = [
        *batches.build(session(), REQUEST, Source(), rows, directory, rows_per_part, file)
    ]
    return found


def test_every_row_is_in_one_part_in_its_order(tmp_path: Path) -> None:
    parts = built(tmp_path / "batch", a_file(tmp_path / "rows.csv", 10))
    assert [(part["rows"], part["first_line"], part["last_line"]) for part in parts] == [
        (4, 2, 5), (4, 6, 9), (2, 10, 11)
    ]  # fmt: skip
    numbers = [
        row["number"]
        for path in batches.envelope_paths(tmp_path / "batch")
        for row in batch.rows_of(REQUEST, json_of(REQUEST.arguments, read_file(path).transaction.arguments))
        if isinstance(row, dict)
    ]
    assert numbers == [f"n{at}" for at in range(10)]


def test_the_same_file_makes_the_same_client_ids_anywhere(tmp_path: Path) -> None:
    file = a_file(tmp_path / "rows.csv", 10)
    same = a_file(tmp_path / "again.xlsx", 10)
    first, second = (
        [part["client_id"] for part in built(tmp_path / name, one)]
        for name, one in (("a", file), ("b", same))
    )
    assert first == second
    assert len(set(first)) == 3


def test_equal_parts_of_one_file_are_two_documents(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    columns = ("number", "obligation", "act", "is_advance", "amount", "purpose")
    write_table(file, Table(columns, (("n", "o", "a", "нет", "5", "x"),) * 2))
    ids = [part["client_id"] for part in built(tmp_path / "batch", file, 1)]
    assert len(set(ids)) == 2


def test_building_again_keeps_signatures_and_another_file_is_refused(tmp_path: Path) -> None:
    file = a_file(tmp_path / "rows.csv", 10)
    built(tmp_path / "batch", file)
    first = batches.envelope_paths(tmp_path / "batch")[0]
    signed = envelopes.sign(read_file(first), HEAD, "clinic", 1)
    envelopes.write_file(first, signed)
    built(tmp_path / "batch", file)
    assert read_file(first) == signed
    with pytest.raises(InputError, match="holds another batch"):
        built(tmp_path / "batch", a_file(tmp_path / "other.csv", 10, amount=6))


def test_sums_over_all_documents_are_seen_before_one_question(tmp_path: Path) -> None:
    built(tmp_path / "batch", a_file(tmp_path / "rows.csv", 10))
    assert batches.totals(batches.envelope_paths(tmp_path / "batch")) == {
        "documents": 3,
        "rows": 10,
        "requests.amount": "10 values, sum 55.00, minimum 5.50, maximum 5.50",
    }


def many(row: dict[str, Any], count: int) -> batch.Rows:
    """The same row so many times."""
    value = value_of(batch.rows_field(REQUEST)[1].item, row)
    return batch.Rows((row,) * count, (value,) * count, tuple(range(2, count + 2)), ())


def test_a_hundred_thousand_rows_are_two_hundred_documents(tmp_path: Path) -> None:
    row = {"number": "n", "obligation": "o", "act": None, "is_advance": False, "amount": "5", "purpose": "x"}
    rows = many(row, 100_000)
    parts = batches.split(REQUEST, {}, rows, batches.ROWS_PER_PART)
    assert len(parts) == 200
    assert all(part.last - part.first == 499 for part in parts)


def test_a_part_fits_the_bytes_of_a_transaction(tmp_path: Path) -> None:
    row = {
        "number": "n",
        "obligation": "o",
        "act": None,
        "is_advance": False,
        "amount": "5",
        "purpose": "я" * 200,
    }
    rows = many(row, 4_000)
    parts = batches.split(REQUEST, {}, rows, 4_000)
    assert sum(part.last - part.first + 1 for part in parts) == 4_000
    assert all(len(encode(part.arguments)) < BODY_BYTES for part in parts)


def refusing(row: int | None) -> Any:
    facts: dict[str, int | str] = {} if row is None else {"row": row}

    def submit(*_: Any) -> None:
        raise RefusedError("beyond the plan", "TP236-14", Details(article="TP 236(14)", facts=facts))

    return submit


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_refusal_that_names_a_row_comes_back_in_the_table_and_the_correction_keeps_the_client_id(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(tmp_path / "batch", a_file(tmp_path / f"rows{suffix}", 5))
    part = batches.envelope_paths(tmp_path / "batch")[0]
    monkeypatch.setattr(flow, "submit", refusing(3))
    sent = batches.send(session(), part, 1000, is_dry_run=False)
    assert (sent.status, sent.errors_file) == ("refused", part.with_name(f"part-0001.errors{suffix}"))
    assert sent.errors_file is not None
    answer = read_table(sent.errors_file)
    assert [row[-1] for row in answer.rows] == ["", "", "TP236-14: beyond the plan (TP 236(14))", ""]
    rows = batch.read_rows(REQUEST, sent.errors_file)
    source = Source(corrects=part, prepare=lambda _: {"requests": [*rows.documents]})
    corrected = flow.build(session(), REQUEST, source)
    assert corrected.transaction.client_id == read_file(part).transaction.client_id
    assert corrected.transaction.arguments == read_file(part).transaction.arguments


def test_a_part_with_its_receipt_is_not_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(tmp_path / "batch", a_file(tmp_path / "rows.csv", 5))
    part = batches.envelope_paths(tmp_path / "batch")[0]
    part.with_suffix(".eqr").write_text("{}")
    monkeypatch.setattr(flow, "submit", refusing(None))
    assert batches.send(session(), part, 1000, is_dry_run=False) == batches.Sent(part, "final before")


def test_a_directory_without_a_manifest_is_no_batch(tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_text(json.dumps({"schema": "other", "parts": []}))
    with pytest.raises(InputError, match="schema 'other'"):
        batches.envelope_paths(tmp_path)
    (tmp_path / "batch.json").unlink()
    with pytest.raises(InputError, match="holds no batch"):
        batches.envelope_paths(tmp_path)
