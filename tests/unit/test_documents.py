"""The pages of the project point at what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def _pages() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    for folder in ("docs", "docker", "bench", "cli", "web", "tests"):
        yield from (ROOT / folder).rglob("*.md")


def test_every_link_of_a_page_leads_to_a_file_of_the_project() -> None:
    broken = [
        (page.relative_to(ROOT).as_posix(), target)
        for page in _pages()
        for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
        if not (page.parent / target).exists()
    ]
    assert broken == []
