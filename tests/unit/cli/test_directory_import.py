"""`eqz directory import`: a spreadsheet's table becomes a document, or is refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chain.codec import encode
from chain.transaction import BODY_BYTES
from cli.documents import value_of
from cli.envelope import known_action
from tests.support.terminal import Terminal

OPTIONS = ("--valid-from", "2026-01-01", "--out", "d.json")


@pytest.mark.parametrize(
    "table", ["code,name_ru,unit\n159,Услуги,шт\n", "code;name_ru;unit\n159;Услуги;шт\n"]
)
def test_a_table_becomes_the_document_that_publishes_it(tmp_path: Path, table: str) -> None:
    (tmp_path / "t.csv").write_text(table, encoding="utf-8-sig")
    Terminal(tmp_path).eqz("directory", "import", "economic", "t.csv", *OPTIONS)
    document = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert document["directory"] == "economic"
    (row,) = document["rows"]
    assert (row["code"], row["valid_from"], row["name_ru"]) == ("159", "2026-01-01", "Услуги")
    assert row["attributes"] == [{"name": "unit", "text": "шт"}]


@pytest.mark.parametrize(
    "table",
    [
        "code,name_ru\n159,Услуги\n".encode("cp1251"),
        "kod,name_ru\n159,Услуги\n".encode(),
        "code,name_ru\n159,Услуги,лишнее\n".encode(),
        b"code,name_ru\n159,\n",
        b'code,name_ru\n159,"open\n',
    ],
)
def test_a_table_that_cannot_be_read_is_refused_and_nothing_is_written(tmp_path: Path, table: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(table)
    ended = Terminal(tmp_path).run("directory", "import", "economic", "t.csv", *OPTIONS, "-o", "json")
    assert ended.refusal == ("INPUT-CSV", 2)
    assert ended.error["remedy"]
    assert not (tmp_path / "d.json").exists()


def test_a_whole_classification_is_as_many_documents_as_it_needs(tmp_path: Path) -> None:
    names = ["Название"] * 2_001 + ["ж" * 2_000] * 200
    lines = [f"{number:06d},{name}" for number, name in enumerate(names)]
    (tmp_path / "t.csv").write_text("\n".join(["code,name_ru", *lines]), encoding="utf-8")
    said = Terminal(tmp_path).eqz("directory", "import", "receipts", "t.csv", *OPTIONS)["item"]
    assert (said["rows"], said["documents"]) == (2_201, [f"d-000{part}.json" for part in (1, 2, 3, 4)])
    found = [json.loads((tmp_path / name).read_text("utf-8"))["rows"] for name in said["documents"]]
    assert [row["code"] for rows in found for row in rows] == [line[:6] for line in lines]
    shape = known_action("directory.publish").arguments
    for rows in found:
        assert len(encode(value_of(shape, {"directory": "receipts", "rows": rows}))) < BODY_BYTES


def test_a_directory_that_the_ledger_does_not_keep_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("code,name_ru\n159,Услуги\n", encoding="utf-8")
    refused = Terminal(tmp_path).refused("directory", "import", "economics", "t.csv", *OPTIONS)
    assert refused == ("INPUT-DIRECTORY", 2)


@pytest.mark.parametrize(
    ("directory", "file", "count", "code", "attributes"),
    [
        ("administrators", "administrators.csv", 58, "101", []),
        ("economic", "specifics.csv", 102, "111", []),
        ("receipts", "revenues.csv", 59, "101105", []),
        (
            "functional", "expenditure_lines.csv", 121, "101/001",
            [{"name": "functional_group", "text": "01"}, {"name": "subgroup", "text": "1"}],
        ),
    ],
)  # fmt: skip
def test_the_classification_is_imported_as_it_is_printed(
    tmp_path: Path, directory: str, file: str, count: int, code: str, attributes: list[dict[str, str]]
) -> None:
    table = Path(__file__).parents[3] / "cli" / "data" / "ebk" / file
    Terminal(tmp_path).eqz("directory", "import", directory, str(table), *OPTIONS)
    rows = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))["rows"]
    assert (len(rows), rows[0]["code"], rows[0]["attributes"]) == (count, code, attributes)
    assert len({row["code"] for row in rows}) == count


@pytest.mark.parametrize(
    ("directory", "file", "named", "code", "name"),
    [
        (
            "administrators",
            "administrators.csv",
            39,
            "101",
            "Қазақстан Республикасы Президентінің Әкімшілігі",
        ),
        ("functional", "expenditure_lines.csv", 55, "101/001", "Мемлекет басшысының қызметін қамтамасыз ету"),
    ],
)
def test_names_of_the_law_s_kazakh_edition_are_imported(
    tmp_path: Path, directory: str, file: str, named: int, code: str, name: str
) -> None:
    table = Path(__file__).parents[3] / "cli" / "data" / "ebk" / file
    Terminal(tmp_path).eqz("directory", "import", directory, str(table), *OPTIONS)
    rows = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))["rows"]
    kazakh = {row["code"]: row["name_kk"] for row in rows if row["name_kk"]}
    assert (len(kazakh), kazakh[code]) == (named, name)


def test_a_renumbered_code_keeps_the_one_it_replaces(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("code,name_ru,replaces\n502111,Трансферты,402111\n", encoding="utf-8")
    Terminal(tmp_path).eqz("directory", "import", "receipts", "t.csv", *OPTIONS)
    (row,) = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))["rows"]
    assert row["attributes"] == [{"name": "replaces", "text": "402111"}]
