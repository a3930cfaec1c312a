"""The command as an auditor runs it: from a copied folder, by exit status, for people and for programs."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import audit
from audit.texts import LANGUAGES, TEXTS
from audit.verify import main
from tests.support.archive import an_archive, with_directories, with_money
from tests.support.receipts import a_receipt

FOLDER = Path(audit.__file__).parent


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node's directory with money in it, and a receipt beside."""
    directory = with_money(an_archive()).write(tmp_path_factory.mktemp("archive") / "node", 3)
    archive = with_directories(an_archive())
    validators = archive.validators(1)
    receipt = a_receipt(archive, {1: validators, 2: validators, 3: validators}, 1, 0)
    (directory.parent / "first.eqr").write_text(json.dumps(receipt), "utf-8")
    return directory


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder under a name that is no identifier."""
    folder = tmp_path_factory.mktemp("auditor") / "the tool, copied"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_folder_imports_itself_and_the_standard_library_only() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in sys.stdlib_module_names | {"audit"}, f"{path.name}: {name}"


def test_a_copied_folder_verifies_a_chain_from_any_directory(
    copied: Path, node: Path, tmp_path: Path
) -> None:
    done = run(copied, "chain", node, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "not compared with anything" in done.stdout
    assert "VERIFIED" in done.stdout
    assert "1000000.00" in done.stdout


def test_a_copied_folder_named_with_a_relative_path_works_too(copied: Path, node: Path) -> None:
    assert run(f"./{copied.name}", "chain", node / "blocks", cwd=copied.parent).returncode == 0
    assert run(".", "chain", node, cwd=copied).returncode == 0


def test_a_copied_folder_takes_nothing_from_where_it_runs(copied: Path, node: Path, tmp_path: Path) -> None:
    for name in ("audit", "json", "zlib", "hashlib", "codec"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(0)\n", "utf-8")
    assert run(copied, "chain", node, "--genesis", "00" * 32, cwd=tmp_path).returncode == 9


def test_no_file_of_the_folder_alone_ends_with_0(copied: Path, tmp_path: Path) -> None:
    for path in sorted(copied.glob("*.py")):
        assert run(path, cwd=tmp_path).returncode != 0, path.name
        module = [
            sys.executable,
            "-c",
            f"import runpy; runpy.run_module('audit.{path.stem}', None, '__main__')",
        ]
        assert subprocess.run(module, cwd=FOLDER.parent, capture_output=True, check=False).returncode != 0


def test_json_is_one_object_with_amounts_in_tenge(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chain", str(node), "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["verified"], found["height"]) == ("eqz.verify.chain/1", True, 6)
    assert found["genesis_compared"] is False
    assert found["budgets"] == [
        {
            "budget": "01.kz",
            "year": 2026,
            "statuses": {
                "announced": "119000000.00",
                "contracted": "1000000.00",
                "placed": "0.00",
                "redeemed": "0.00",
                "blocked": "0.00",
                "annulled": "0.00",
            },
            "issued": "120000000.00",
        }
    ]


def test_a_failure_in_json_names_height_file_and_record(
    node: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(node, tmp_path / "node")
    path = tmp_path / "node" / "blocks" / "00000002.log"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    assert main(["chain", str(tmp_path / "node"), "-o", "json"]) == 9
    found = json.loads(capsys.readouterr().out)
    assert found["verified"] is False
    assert found["failure"] == {
        "height": 4,
        "file": "00000002.log",
        "offset": 84,
        "what": "the CRC-32 of the block record does not fit its bytes",
    }


def test_exit_statuses_are_those_of_the_command_line(
    node: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = node.parent / "first.eqr"
    (tmp_path / "bad.eqr").write_text(receipt.read_text("utf-8").replace("eqz.receipt/1", "x"), "utf-8")
    for arguments, status in (
        (["chain", str(tmp_path)], 3),
        (["chain", str(tmp_path / "absent")], 3),
        (["receipt", str(tmp_path / "absent.eqr")], 3),
        (["receipt", str(tmp_path)], 3),
        (["receipt", str(receipt)], 0),
        (["receipt", str(receipt), "-o", "json"], 0),
        (["receipt", str(receipt), "--genesis", "11" * 32], 9),
        (["receipt", str(tmp_path / "bad.eqr")], 9),
        (["chain", str(receipt.parent)], 3),
    ):
        assert main(arguments) == status, arguments
    for arguments in (
        [],
        ["chain"],
        ["chain", "x", "--genesis", "12"],
        ["chain", "x", "--gen", "12"],
        ["other"],
    ):
        with pytest.raises(SystemExit) as usage:
            main(arguments)
        assert usage.value.code == 2, arguments
    assert "verified" in capsys.readouterr().out.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_read_it_in_their_language(
    language: str, node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chain", str(node), "--lang", language]) == 0
    assert main(["receipt", str(node.parent / "first.eqr"), "--lang", language]) == 0
    text = capsys.readouterr().out
    at = LANGUAGES.index(language)
    for key in ("verified", "not-compared", "contracted", "receipt", "set"):
        assert TEXTS[key][at] in text


def reports(directory: Path, cwd: Path) -> list[dict[str, Any]]:
    """What one process and what three say of a chain, without the time they took."""
    found = []
    for workers in (0, 2):
        done = run(FOLDER, "chain", directory, "--workers", workers, "-o", "json", cwd=cwd)
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report["verified"] else 9)
        found.append({name: value for name, value in report.items() if not name.startswith("sec")})
        found[-1].pop("signatures_per_second", None)
    return found


def test_workers_find_what_one_process_finds(node: Path, tmp_path: Path) -> None:
    one, many = reports(node, tmp_path)
    assert one["verified"]
    assert many == one


def test_workers_name_the_first_bad_signature_of_several(tmp_path: Path) -> None:
    archive = with_directories(an_archive())
    for _ in range(60):
        archive.block()
    for height in (30, 31, 55):
        records = archive.groups[height - 1]
        bad = records.certificate[:-1] + bytes((records.certificate[-1] ^ 1,))
        archive.groups[height - 1] = records._replace(certificate=bad)
    one, many = reports(archive.write(tmp_path / "node"), tmp_path)
    assert one["failure"]["height"] == 30
    assert many == one
