"""What the command line itself says is wrong, in three languages."""

import re
from pathlib import Path

import click
import pytest

import cli
from cli import failures
from cli import main as command
from cli.failures import render_error
from cli.phrases import PHRASES, phrase
from cli.session import Session

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@pytest.mark.parametrize("english", PHRASES)
def test_a_phrase_has_the_same_places_in_every_language(english: str) -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", text))

    for text in PHRASES[english]:
        assert places(text) == places(english)


@pytest.mark.parametrize("english", PHRASES)
def test_a_message_is_known_by_its_own_pattern(english: str) -> None:
    sample = re.sub(r"\{\w+\}", "x", english)
    kazakh, russian = PHRASES[english]
    assert phrase(sample, "ru") == re.sub(r"\{\w+\}", "x", russian)
    assert phrase(sample, "kk") == re.sub(r"\{\w+\}", "x", kazakh)
    assert phrase(sample, "en") == sample


def test_every_phrase_is_said_somewhere() -> None:
    folders = (Path(cli.__file__).parent, Path(click.__file__).parent)
    files = [path for folder in folders for path in folder.glob("*.py") if path.name != "phrases.py"]
    said = re.sub(r'"\s*f?"', "", "".join(path.read_text("utf-8") for path in files))
    said += "No such file or directory, Permission denied, Is a directory"  # the operating system's
    longest = {max(re.split(r"\{\w+\}|; ", english), key=len).strip(" '.;:(") for english in PHRASES}
    assert {one for one in longest if one not in said} == set()


def test_what_no_pattern_fits_stays_english() -> None:
    assert phrase("quite another thing", "ru") == "quite another thing"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nonsense",), "ошибка[USAGE]: нет команды 'nonsense'. (см. eqz --help)"),
        (("rule", "explain"), "ошибка[USAGE]: не указан аргумент 'CODE'. (см. eqz rule explain --help)"),
        (("rule", "list", "--zz"), "ошибка[USAGE]: нет параметра '--zz'. (см. eqz rule list --help)"),
    ],
)
def test_a_usage_error_is_said_in_the_language(
    arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run(arguments, Session(environment={"EQZ_LANG": "ru"})) == 2
    assert capsys.readouterr().err.strip() == text


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_message_place_and_remedy_are_said_in_the_language(language: str) -> None:
    error = failures.InputError(
        "t.csv: the rows have no field 'sum'; did you mean amount?",
        "BATCH-HEADINGS",
        failures.Details("the first row", remedy="rename the column, or delete it; `eqz tx batch template`"),
    )
    assert all(
        _CYRILLIC.search(line.split(": ", 1)[1]) for line in render_error(error, language).splitlines()
    )
