"""The command itself: fast help, options anywhere, one shape of errors."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
import python_calamine

from cli import main as command
from cli.main import NOUNS, eqz
from cli.session import Session

HEAVY = (
    "pydantic",
    "fastapi",
    "rich",
    "httpx",
    "cryptography",
    "msgpack",
    "plyvel",
    "uvicorn",
    "contracts.executor",
)


def run(*arguments: str, home: Path, **environment: str) -> int:
    session = Session(environment={"EQZ_CONFIG": str(home / "config.toml"), **environment})
    return command.run(arguments, session)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--lang", "ru", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys, cli.main\n"
        f"status = cli.main.run({arguments!r})\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not found, found\n"
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "eqz" in done.stdout


def every_command(
    group: click.Group, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        found.append(((*path, name), one))
        if isinstance(one, click.Group):
            found += every_command(one, (*path, name))
    return found


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun != "demo"])
def test_every_verb_of_a_noun_has_help_and_takes_the_global_options(noun: str) -> None:
    group = eqz.get_command(click.Context(eqz), noun)
    assert isinstance(group, click.Group)
    for path, one in [((noun,), group), *every_command(group, (noun,))]:
        flags = {flag for option in one.params for flag in option.opts}
        assert {"--profile", "--node", "--output", "--lang", "--quiet", "--verbose"} <= flags, path
        assert one.help, path


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun != "demo"])
def test_the_line_of_a_noun_names_its_verbs_and_no_other(noun: str) -> None:
    group = eqz.get_command(click.Context(eqz), noun)
    assert isinstance(group, click.Group)
    named = NOUNS[noun][1].partition(": ")[2].replace(" without an agreement", "").split(", ")
    assert sorted(named) == sorted(group.list_commands(click.Context(group)))


@pytest.mark.parametrize("way", [("route", "set", "--template"), ("tx", "template", "route.set")])
def test_a_template_names_roles_as_people_write_them(
    way: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*way, home=tmp_path) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert step["role"] == "preparer | accountant | head | moderator | operator"


def test_a_record_of_too_few_parts_is_told_which_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("agreement", "show", "clinic", home=tmp_path) == 2
    assert "1 of 2 parts given: eqz agreement show HOLDER NUMBER" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "json", "rule", "explain", "DAY-NONE"),
        ("rule", "-o", "json", "explain", "DAY-NONE"),
        ("rule", "explain", "DAY-NONE", "-o", "json"),
        ("-o", "csv", "rule", "explain", "DAY-NONE", "-o", "json"),
    ],
)
def test_global_options_stand_anywhere_and_the_nearest_wins(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments, home=tmp_path) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["item"]["code"]) == ("eqz.rule.explain/1", "DAY-NONE")


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("nonsense",), 2, "USAGE"),
        (("tx", "show"), 2, "USAGE"),
        (("tx", "show", "none.eqtx"), 2, "FILE"),
        (("rule", "explain", "NOTHING"), 3, "NOT-FOUND"),
        (("key", "show", "none.key"), 4, "KEY-FILE"),
        (("agreement", "list"), 2, "NO-NODE"),
        (("--node", "http://127.0.0.1:1", "agreement", "list"), 7, "NODE-SILENT"),
        (("--profile", "nobody", "config", "show"), 2, "CONFIG"),
        (("treasury", "open-day", "day=2026-01-05"), 2, "CONFIG"),
    ],
)
def test_an_error_is_one_json_object_on_stderr_with_its_exit_status(
    arguments: tuple[str, ...], status: int, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments, "-o", "json", home=tmp_path) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    error = json.loads(captured.err)["error"]
    assert (error["code"], error["exit"]) == (code, status)


def test_an_error_for_people_is_in_their_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rule", "explain", "NOTHING", home=tmp_path, EQZ_LANG="ru") == 3
    assert capsys.readouterr().err.startswith("ошибка[NOT-FOUND]")


def test_a_pipe_gets_tab_separated_full_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rule", "list", "--lang", "en", home=tmp_path) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {len(row) for row in rows} == {5}
    assert "DAY-NONE" in {row[0] for row in rows}


def test_every_output_has_the_same_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def output(form: str) -> str:
        assert run("tx", "actions", "-o", form, home=tmp_path) == 0
        return capsys.readouterr().out

    items = json.loads(output("json"))["items"]
    assert [json.loads(line) for line in output("jsonl").splitlines()] == items
    assert len(output("csv").splitlines()) == len(items) + 1


def test_a_profile_is_made_used_and_shown_with_its_origin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("profile", "set", "mof", "node=http://a", "institution=mof", home=tmp_path) == 0
    assert run("config", "show", "--origin", "-o", "json", home=tmp_path, EQZ_VALIDITY="1h") == 0
    shown = {one["setting"]: one for one in json.loads(capsys.readouterr().out)["items"]}
    assert shown["institution"]["value"] == "mof"
    assert shown["institution"]["origin"] == f"profile mof in {tmp_path / 'config.toml'}"
    assert shown["validity"]["origin"] == "environment"
    assert run("profile", "use", "nobody", home=tmp_path) == 3


def test_a_workbook_goes_to_a_file_with_the_same_rows(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run("tx", "actions", "-o", "json", home=tmp_path) == 0
    items = json.loads(capsysbinary.readouterr().out)["items"]
    assert run("tx", "actions", "-o", "xlsx", home=tmp_path) == 0
    book = python_calamine.load_workbook(io.BytesIO(capsysbinary.readouterr().out))
    heading, *rows = book.get_sheet_by_index(0).to_python()
    assert heading == list(items[0])
    assert [row[0] for row in rows] == [next(iter(item.values())) for item in items]
