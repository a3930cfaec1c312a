"""The lists that packaging writes down more than once say the same."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOOL = PROJECT["tool"]
PACKAGES = TOOL["uv"]["build-backend"]["module-name"]


def _lines(name: str) -> list[str]:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()


def _requirements(name: str) -> list[str]:
    return [line for line in _lines(name) if line and not line.startswith(("#", "-"))]


def test_what_is_locked_is_what_the_distribution_asks_for() -> None:
    assert _requirements("run.in") == PROJECT["project"]["dependencies"]


def test_the_build_backend_is_locked_within_the_bounds_of_the_build() -> None:
    [asked] = PROJECT["build-system"]["requires"]
    assert asked in _requirements("dev.in")


def test_what_runs_is_tested_in_the_same_versions() -> None:
    pinned = {line for line in _lines("run.lock") if not line.startswith(" ")}
    assert pinned <= {line for line in _lines("dev.lock") if not line.startswith(" ")}


@pytest.mark.parametrize("name", ["run.lock", "dev.lock"])
def test_a_lock_pins_every_version_by_hash_and_names_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if not re.match(r"\S+==\S+ .*--hash=sha256:", entry, re.DOTALL)] == []
    assert "://" not in text


def test_every_tool_knows_the_same_packages() -> None:
    assert TOOL["mypy"]["packages"] == [*PACKAGES, "bench"]
    assert TOOL["importlinter"]["root_packages"] == PACKAGES
    assert set(PACKAGES) <= set(TOOL["ruff"]["lint"]["isort"]["known-first-party"])


def test_every_package_of_ours_stands_on_a_floor_or_apart() -> None:
    [layers] = [each["layers"] for each in TOOL["importlinter"]["contracts"] if each["type"] == "layers"]
    on_floors = [package for layer in layers for package in layer.split(" | ")]
    assert sorted([*on_floors, "audit"]) == sorted(PACKAGES)


def test_every_package_says_that_it_is_typed() -> None:
    assert [
        name
        for package in PACKAGES
        for name in (f"{package}/__init__.py", f"{package}/py.typed")
        if not (ROOT / name).is_file()
    ] == []


def test_every_folder_with_modules_is_a_package() -> None:
    """Otherwise `tests/unit/chain` can pass for `chain`, and anybody may add to a folder of ours."""
    folders = {path.parent for top in (*PACKAGES, "tests") for path in (ROOT / top).rglob("*.py")}
    assert [folder.name for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_swagger_ui_is_the_one_that_the_note_names() -> None:
    static = ROOT / "web" / "static"
    noted = dict(
        re.findall(r"^\| (\S+) \| ([0-9a-f]{64}) \|$", (static / "NOTE.md").read_text("utf-8"), re.MULTILINE)
    )
    carried = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in static.iterdir()
        if path.name in noted
    }
    assert carried == noted
    assert len(noted) == 5
