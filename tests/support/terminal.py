"""`eqz` and `eqz-verify` as a person without a terminal runs them; in this process, for imports take time.

Only what a person has at hand is given: arguments, environment, a working directory; standard input is empty.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.verify import main as verify
from cli.main import run
from cli.session import Session


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    arguments: tuple[str, ...]
    status: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"{' '.join(self.arguments)}\nended with {self.status}\n{self.out}\n{self.err}"

    @property
    def json(self) -> Any:
        """The JSON object on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error on stderr of a command with `-o json`."""
        return json.loads(self.err.splitlines()[-1])["error"]

    @property
    def refusal(self) -> tuple[str, int]:
        """The code of the error and the exit status, which the error names too."""
        assert self.error["exit"] == self.status, self
        return str(self.error["code"]), self.status


@dataclass(frozen=True, slots=True)
class Terminal:
    """A place to work with its settings; `environment` is all that `eqz` sees of EQZ_*."""

    work: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Ended:
        """Run `eqz`, however it ends."""
        settings = {"EQZ_CONFIG": str(self.work / "no-config.toml"), **self.environment}
        with _without_terminal(self.work) as (out, err):
            status = run(arguments, Session(environment=settings))
        return Ended(arguments, status, out.getvalue(), err.getvalue())

    def eqz(self, *arguments: str) -> Any:
        """Run `eqz -o json`, which must end with 0; its JSON."""
        ended = self.run(*arguments, "-o", "json")
        assert ended.status == 0, ended
        return ended.json

    def refused(self, *arguments: str) -> tuple[str, int]:
        """Run `eqz -o json`, which must not end with 0; its code and exit status."""
        ended = self.run(*arguments, "-o", "json")
        assert ended.status != 0, ended
        return ended.refusal

    def verify(self, *arguments: str) -> Ended:
        """Run `eqz-verify`."""
        with _without_terminal(self.work) as (out, err):
            status = verify(arguments)
        return Ended(("eqz-verify", *arguments), status, out.getvalue(), err.getvalue())


@contextmanager
def _without_terminal(work: Path) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err, stdin = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO()
    try:
        with chdir(work), redirect_stdout(out), redirect_stderr(err):
            yield out, err
    finally:
        sys.stdin = stdin
