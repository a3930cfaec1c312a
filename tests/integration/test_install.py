"""`make` and `make install` before anything is installed, and after."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "cat", "cmp", "dirname", "rm")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout and a `bin` with little more than a shell: no Python, no uv."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "requirements", checkout / "requirements")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, f"this test needs {tool}"
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def _add_program(machine: Path, name: str, text: str) -> None:
    program = machine / "bin" / name
    program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    program.chmod(0o755)


def _install(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [machine / "checkout" / "requirements" / "install.sh"],
        env={"PATH": str(machine / "bin"), "HOME": str(machine), **environment},
        check=False,
        capture_output=True,
        text=True,
    )


def test_a_bare_make_lists_the_targets() -> None:
    made = subprocess.run(
        ["make"], cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True
    )
    targets = [line.split()[1] for line in made.stdout.splitlines()]
    assert targets == ["help", "install", "demo", "test", "faults", "deep", "bench", "lock", "clean"]


def test_without_python_one_line_names_the_packages(machine: Path) -> None:
    done = _install(machine)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "install the packages python3 and python3-venv" in done.stderr


def test_an_unsupported_python_counts_as_none(machine: Path) -> None:
    _add_program(machine, "python3", "exit 1")
    assert "found no Python 3.11 or 3.12" in _install(machine).stderr


def test_without_its_venv_module_one_line_names_the_package(machine: Path) -> None:
    """Debian and Ubuntu keep `ensurepip` in a package of its own."""
    without = 'import sys; sys.modules["ensurepip"] = None; exec(sys.argv[1])'
    _add_program(machine, "python3", f"exec {sys.executable} -c '{without}' \"$2\"")
    done = _install(machine)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "make install: this Python cannot make virtual environments; "
        f"install the package python3.{sys.version_info.minor}-venv\n"
    )


def test_a_uv_that_does_not_run_counts_as_absent(machine: Path) -> None:
    """A version manager leaves stand-ins on the path that only say that nothing is chosen."""
    _add_program(machine, "uv", "exit 127")
    assert "python3-venv" in _install(machine).stderr


def test_what_is_already_installed_is_left_alone(machine: Path) -> None:
    """The stamp holds the path and the files that decide; here it fits, so no Python is looked for."""
    checkout = machine / "checkout"
    (checkout / ".venv" / "bin").mkdir(parents=True)
    for name in ("eqz", "python"):
        (checkout / ".venv" / "bin" / name).symlink_to(machine / "bin" / "sh")
    decisive = ("requirements/install.sh", "pyproject.toml", "requirements/dev.lock")
    stamp = f"{checkout}\n" + "".join((checkout / name).read_text("utf-8") for name in decisive)
    (checkout / ".venv" / "installed").write_text(stamp, encoding="utf-8")
    assert _install(machine).returncode == 0
    (checkout / "requirements" / "dev.lock").write_text("", encoding="utf-8")
    assert _install(machine).returncode == 1
