"""The same bytes everywhere: a golden year, replayed in processes that differ in whatever may differ."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.actions import REGISTER
from contracts.areas import LOADED

assert LOADED, "importing the area modules fills the register"

ROOT = Path(__file__).resolve().parents[2]
YEAR = ROOT / "tests" / "vectors" / "year.json"

ENVIRONMENTS = (
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Almaty"},
    {"PYTHONHASHSEED": "random", "LC_ALL": "kk_KZ.UTF-8", "TZ": "America/St_Johns"},
)

HAS_PACKAGES = "import sys, msgpack, cryptography; print(sys.version_info[1])"


def _pythons() -> list[str]:
    """One interpreter of each supported version that has the packages: this one first, then what
    QAZYNA_PYTHONS names and what stands on the path."""
    named = os.environ.get("QAZYNA_PYTHONS", "").split(os.pathsep)
    found = [
        sys.executable,
        *filter(None, named),
        *filter(None, map(shutil.which, ("python3.11", "python3.12"))),
    ]
    versions: dict[str, str] = {}
    for path in found:
        done = subprocess.run([path, "-c", HAS_PACKAGES], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() in ("11", "12"):
            versions.setdefault(done.stdout.strip(), path)
    return list(versions.values())


def _replayed(python: str, environment: dict[str, str]) -> object:
    done = subprocess.run(
        [python, "-m", "tests.machine.golden"],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda one: one["LC_ALL"])
def test_a_golden_year_has_the_same_roots_in_any_process(environment: dict[str, str]) -> None:
    """Made anew by `python -m tests.vectors.make` when the protocol changes."""
    expected = json.loads(YEAR.read_text(encoding="ascii"))
    for python in _pythons():
        assert _replayed(python, environment) == expected, python


def test_the_golden_year_is_a_year_of_every_action() -> None:
    year = json.loads(YEAR.read_text(encoding="ascii"))
    assert year["actions"].keys() == {name for name, _ in REGISTER}
    assert sum(year["actions"].values()) == year["documents"] >= 300
