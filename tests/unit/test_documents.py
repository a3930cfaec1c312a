"""The pages of the project point at what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from cli.main import eqz
from contracts.executor import REGISTER
from contracts.reasons import CATALOGUE

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


OURS = re.compile(r"(budget-machine|formats)[: ]+(.+)")
"""A rule of our own among the articles of the law: the page and its section."""


def test_every_rule_of_ours_that_a_refusal_or_an_action_quotes_has_its_section() -> None:
    headings = {
        page: re.findall(r"^##+ (.*)$", (ROOT / f"docs/{page}.md").read_text("utf-8"), re.MULTILINE)
        for page in ("budget-machine", "formats")
    }
    quoted = [reason.article for reason in CATALOGUE.values()] + [each.source for each in REGISTER.values()]
    dangling = {
        part.strip()
        for article in quoted
        for part in re.split(r"[;,] (?=budget-machine|formats|BC|TP)", article)
        if (found := OURS.match(part.strip()))
        if not any(heading.startswith(_section(*found.groups())) for heading in headings[found[1]])
    }
    assert dangling == set()


def _section(page: str, name: str) -> str:
    """How the section's heading begins; `formats: Encoding, 8` is rule 8 under it."""
    return f"{name}. " if page == "budget-machine" else re.sub(r", [0-9]+$", "", name)


COMMAND = re.compile(r"(?<![\w./-])eqz(?: -{1,2}[a-z-]+ \S+)* ([a-z]+)(?: ([a-z][a-z-]*))?")


def test_every_command_that_a_page_or_a_remedy_names_is_there() -> None:
    texts = [page.read_text(encoding="utf-8") for page in _pages()]
    texts += [reason.remedy for reason in CATALOGUE.values()]
    named = {match for text in texts for match in COMMAND.findall(text)}
    assert {(noun, verb) for noun, verb in named if not _is_command(noun, verb)} == set()


def _is_command(noun: str, verb: str) -> bool:
    context = click.Context(eqz)
    found = eqz.get_command(context, noun)
    if isinstance(found, click.Group) and verb:
        return found.get_command(context, verb) is not None
    return found is not None
