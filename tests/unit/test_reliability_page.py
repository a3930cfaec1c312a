"""Every promise of docs/reliability.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
ROW = re.compile(r"^\| (?!---|promise|lost or)(.*) \|$", re.MULTILINE)


def _page() -> str:
    return (ROOT / "docs" / "reliability.md").read_text("utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    missing = [
        f"{path}::{name}"
        for path, name in NAMED.findall(_page())
        if not (ROOT / path).exists()
        or (name and not re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.M))
    ]
    assert missing == []


def test_every_promise_names_a_test() -> None:
    rows = ROW.findall(_page())
    assert len(rows) > 15
    assert [row for row in rows if not NAMED.search(row)] == []
