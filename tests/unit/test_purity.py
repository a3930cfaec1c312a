"""Floors 1 and 2 are pure, the auditor's tool stands alone, no file names the machine it was written on."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.purity import Finding, findings

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "__pycache__", "build", "dist", "node_modules"}
PRODUCT = {
    "chain", "contracts", "consensus", "storage", "network", "node", "web", "audit", "cli",
    "bench", "docker", "docs", "requirements", "tests", ".ci",
}  # fmt: skip

FORBIDDEN_WORDS = (
    "/wor" + "k/",
    "/far" + "m/",
    "/roo" + "t/",
    "../sha" + "red",
    "shared/des" + "ign",
    "shared/dom" + "ain",
    "pypi." + "org",
    "pythonhost" + "ed.org",
    "npmjs." + "org",
    "proxy.golang." + "org",
    "crates." + "io",
    "maven." + "org",
    "deb.debian." + "org",
)
"""Paths of one machine and hosts of package registries; in two parts, so that this file has none of them."""


def _modules(*packages: str) -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix() for package in packages for path in (ROOT / package).rglob("*.py")
    )


@pytest.mark.parametrize("module", _modules("chain", "contracts", "consensus"))
def test_floors_one_and_two_are_pure(module: str) -> None:
    assert findings((ROOT / module).read_text(encoding="utf-8")) == []


IMPURE = [
    ("rate = 0.5", "float"),
    ("rate = 1e3", "float"),
    ("turn = 2j", "float"),
    ("rate = float(amount)", "call of float"),
    ("rate = amount ** -1", "float"),
    ("share = amount / 2", "true division"),
    ("amount /= 2", "true division"),
    ("from operator import truediv", "true division"),
    ("text = open('law.csv').read()", "call of open"),
    ("print(amount)", "call of print"),
    ("place = hash(line) % 16", "call of hash"),
    ("place = id(line)", "call of id"),
    ("import time", "import of time"),
    ("import os.path", "import of os.path"),
    ("from datetime import date", "import of datetime"),
    ("from random import choice", "import of random"),
    ("import decimal", "import of decimal"),
    ("async def vote(): ...", "async code"),
    ("name = text.casefold()", "Unicode table: casefold"),
    ("name = text.lower()", "Unicode table: lower"),
    ("name = tables.normalize('NFC', text)", "Unicode table: normalize"),
    ("right = text.isdigit()", "Unicode table: isdigit"),
    ("right = other.isascii() and text.isdigit()", "Unicode table: isdigit"),
    ("right = text.isascii() or text.isdigit()", "Unicode table: isdigit"),
    (r"right = re.fullmatch('\\d+', text)", "Unicode table: \\d"),
    ("for line in {1, 2}: pass", "order of a set"),
    ("for line in set(lines): pass", "order of a set"),
    ("for line in frozenset(lines): pass", "order of a set"),
    ("rows = [line for line in {line for line in lines}]", "order of a set"),
    ("rows = {line: 1 for line in set(lines)}", "order of a set"),
    ("rows = tuple(set(lines))", "order of a set"),
    ("rows = [*set(lines)]", "order of a set"),
    ("text = ','.join(set(lines))", "order of a set"),
    ("for place, line in enumerate(set(lines)): pass", "order of a set"),
    ("first = next(iter({1, 2}))", "order of a set"),
    ("for key in old.keys() | new.keys(): pass", "order of a set"),
    ("def f():\n    yield from {1, 2}", "order of a set"),
    ("first, second = {1, 2}", "order of a set"),
    ("text = f'{set(lines)}'", "order of a set"),
    ("text = str(set(lines))", "order of a set"),
    ("rows = sorted(set(lines), key=len)", "order of a set"),
    ("rows = sorted((line for line in set(lines)), key=len)", "order of a set"),
    ("first = min(set(lines), key=len)", "order of a set"),
    ("rows = list(chain(set(lines), others))", "order of a set"),
    ("text = f'{amount:n}'", "format n"),
    ("text = f'{amount:.2f}'", "format .2f"),
    ("share = round(amount, -2)", "call of round"),
    ("names = dir(line)", "call of dir"),
    ("right = re.fullmatch('[a-z]+', text, re.IGNORECASE)", "Unicode table: re.IGNORECASE"),
    ("for line in set(lines) - closed: pass", "order of a set"),
    ("for line in set(lines).union(others): pass", "order of a set"),
    ("seen = set(lines)\nfor line in seen: pass", "order of a set"),
    ("seen: set[int] = make()\nfor line in seen: pass", "order of a set"),
    ("seen = set(lines)\nfirst = seen.pop()", "order of a set"),
    ("def f(seen: frozenset[int]):\n    return [line for line in seen]", "order of a set"),
    ("def f(lines):\n    seen = set(lines)\n    for line in seen: pass", "order of a set"),
    ("def g() -> set[int]: ...\nfor line in g(): pass", "order of a set"),
    ("class C:\n    seen: set[int]\ndef f(c):\n    for line in c.seen: pass", "order of a set"),
    (
        "class C:\n    def __init__(self):\n        self.seen: set[int] = set()\n"
        "    def f(self):\n        return list(self.seen)",
        "order of a set",
    ),
]


@pytest.mark.parametrize(("snippet", "what"), IMPURE)
def test_an_impure_line_is_found(snippet: str, what: str) -> None:
    assert [finding.what for finding in findings(snippet)] == [what]


@pytest.mark.parametrize(
    "snippet",
    [
        "share = amount // 2",
        "rows = sorted(set(lines))",
        "rows = sorted(line + 1 for line in {1, 2})",
        "total = sum(set(amounts))",
        "rows = sorted(lines, key=len)",
        "text = f'{number:04d}'",
        "first, second = sorted({1, 2})",
        "has = line in {1, 2}",
        "both = len(set(lines) & closed)",
        "for key in limits.keys(): pass",
        "for line in sorted(set(lines) - closed): pass",
        "name = role.name.lower()",
        "right = re.fullmatch('[0-9]+', text)",
        "right = text.isascii() and text.isdigit()",
        "def f(lines: list[int]):\n    for line in lines: pass\ndef g():\n    lines = set()",
        "from collections.abc import Sequence",
    ],
)
def test_a_pure_line_is_left_alone(snippet: str) -> None:
    assert findings(snippet) == []


def test_a_finding_names_its_line() -> None:
    assert findings("amount = 1\nshare = amount / 2\n") == [Finding(2, "true division")]


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("module", _modules("audit"))
def test_the_auditors_tool_needs_only_the_standard_library(module: str) -> None:
    assert set(_imported(module)) - sys.stdlib_module_names - {"audit"} == set()


def _our_files() -> Iterator[Path]:
    tops = [path for path in ROOT.iterdir() if path.is_file() or path.name in PRODUCT]
    for top in tops:
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file() and NOT_OURS.isdisjoint(path.relative_to(ROOT).parts):
                yield path


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), word)
        for path in _our_files()
        for word in FORBIDDEN_WORDS
        if word.encode() in path.read_bytes()
    ]
    assert found == []
