"""Each target in a process of its own, two at a time: what was executed, and what broke."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

AT_ONCE = 2
ROOT = Path(__file__).parent.parent.parent


class Search(NamedTuple):
    """`failure`: the end of what the process said; empty when nothing broke."""

    target: str
    executions: int
    seconds: int
    failure: str


def search(target: str, seconds: int, findings: Path, seed: int = 1) -> Search:
    """What broke is a file of `findings`."""
    command = [sys.executable, "-m", "tests.fuzz", target, "--seconds", str(seconds), "--seed", str(seed)]
    ended = subprocess.run(
        [*command, "--findings", str(findings)],
        cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=seconds + 120, check=False,
    )  # fmt: skip
    found = re.search(r"number_of_executed_units: (\d+)", ended.stderr)
    executions = 0 if found is None else int(found.group(1))
    failure = "" if ended.returncode == 0 and executions else ended.stderr[-4_000:]
    return Search(target, executions, seconds, failure)


def search_all(targets: Sequence[str], seconds: int, findings: Path, seed: int = 1) -> list[Search]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda target: search(target, seconds, findings, seed), targets))
