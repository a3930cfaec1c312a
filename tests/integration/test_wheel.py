"""The wheel, installed in a clean environment, is the whole program and shares no name with any other."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = set(PROJECT["tool"]["uv"]["build-backend"]["module-name"])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, made by the locked build backend as any installer would ask it."""
    folder = tmp_path_factory.mktemp("wheel")
    program = "import sys, uv_build; print(uv_build.build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / built.stdout.strip()


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of an environment that holds the wheel, and beside it at most the pip that installed it."""
    folder = tmp_path_factory.mktemp("clean") / "environment"
    python = folder / "bin" / "python"
    has_pip, has_uv = find_spec("pip") is not None, shutil.which("uv") is not None
    venv.create(folder, symlinks=True, with_pip=not has_pip and not has_uv)
    if has_pip:
        installer = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    elif has_uv:
        installer = ["uv", "pip", "install", "--offline", "--python", str(python)]
    else:
        installer = [str(python), "-m", "pip", "install"]
    subprocess.run(
        [*installer, "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True
    )
    return folder / "bin"


def _run(command: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)


def _answer(clean: Path, program: str, cwd: Path) -> object:
    """What a program in the clean environment prints as JSON; other distributions stand last on its path."""
    preamble = f"import json, sys; sys.path.append({sysconfig.get_path('purelib')!r}); "
    done = _run([clean / "python", "-I", "-c", preamble + program], cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert tops == PACKAGES | {f"eqazyna-{PROJECT['project']['version']}.dist-info"}


def test_every_package_carries_its_types_and_every_licence_is_carried(wheel: Path) -> None:
    information = f"eqazyna-{PROJECT['project']['version']}.dist-info"
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {f"{package}/py.typed" for package in PACKAGES}
    wanted |= {f"{information}/licenses/{name}" for name in PROJECT["project"]["license-files"]}
    assert wanted - names == set()


def test_every_source_and_data_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        carried = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert carried[path.relative_to(ROOT).as_posix()] == path.read_bytes()


def test_no_other_distribution_owns_a_name_of_ours(clean: Path, tmp_path: Path) -> None:
    program = "import importlib.metadata as m; print(json.dumps(m.packages_distributions()))"
    owners = _answer(clean, program, tmp_path)
    assert isinstance(owners, dict)
    assert {name: set(owners[name]) for name in PACKAGES} == {name: {"eqazyna"} for name in PACKAGES}


def test_every_package_is_imported_from_the_wheel(clean: Path, tmp_path: Path) -> None:
    names = sorted(PACKAGES)
    program = f"import importlib; print(json.dumps([importlib.import_module(n).__file__ for n in {names!r}]))"
    files = _answer(clean, program, tmp_path)
    assert isinstance(files, list)
    assert [Path(file).is_relative_to(clean.parent) for file in files] == [True] * len(names)


def test_the_law_is_read_from_the_wheel(clean: Path, tmp_path: Path) -> None:
    program = "from cli import law; print(json.dumps(law.adopted_thousand_tenge(law.programmes())))"
    assert _answer(clean, program, tmp_path) == {
        "costs": 26_275_285_382,
        "budget_loans": 1_104_500_000,
        "financial_assets": 350_484_618,
    }


def test_the_auditors_command_runs_without_any_other_distribution(clean: Path, tmp_path: Path) -> None:
    done = _run([clean / "python", "-I", clean / "eqz-verify", "--help"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "eqz-verify" in done.stdout


def test_help_of_the_main_command_loads_no_heavy_package(clean: Path, tmp_path: Path) -> None:
    """A person who asks for help does not wait for the web framework."""
    program = """
import contextlib, io
from cli.main import main
sys.argv = ["eqz", "--help"]
text = io.StringIO()
try:
    with contextlib.redirect_stdout(text):
        main()
except SystemExit as end:
    heavy = {"pydantic", "fastapi", "rich", "httpx", "cryptography"}
    print(json.dumps([end.code, "eqz" in text.getvalue(), sorted(heavy & sys.modules.keys())]))
"""
    assert _answer(clean, program, tmp_path) == [0, True, []]
