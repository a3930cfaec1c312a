"""`eqz rule`: codes, articles, texts and examples."""

import json

import pytest

from cli import main as command
from cli.session import Session
from cli.texts import heading
from contracts.areas import LOADED
from contracts.reasons import CATALOGUE

assert LOADED, "importing the area modules fills the catalogue"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, **environment: str) -> str:
    assert command.run(arguments, Session(environment={**environment})) == 0
    return capsys.readouterr().out


def test_the_list_has_every_code_with_its_article_and_three_texts(capsys: pytest.CaptureFixture[str]) -> None:
    items = json.loads(run(capsys, "rule", "list", "-o", "json"))["items"]
    assert items == [
        {"code": code, "article": reason.article, "kk": reason.kk, "ru": reason.ru, "en": reason.en}
        for code, reason in sorted(CATALOGUE.items())
    ]


def test_an_explanation_shows_the_document_and_the_answer_in_three_languages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    example = json.loads(run(capsys, "rule", "explain", "TP11", "-o", "json"))["item"]["example"]
    assert (example["institution"], example["action"]) == ("mot", "plan.approve")
    assert example["signed_by"] == ["head of mot", "accountant of mot"]
    assert example["document"]["plans"][0]["obligations"][11] == "100100.00"
    assert example["facts"] == {"row": 1, "amount_tiyn": 10_010_000, "free_tiyn": 10_000_000}
    assert "100100.00" in example["answer"]["kk"]
    assert "100000.00" in example["answer"]["ru"]


def test_for_people_an_explanation_is_in_their_language(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "rule", "explain", "tp11", "-o", "table", EQZ_LANG="ru").splitlines()
    fields = dict(line.split("\t") for line in lines)
    assert fields["remedy"].startswith("уменьшите план")
    assert "по-английски" in heading("situation", "ru")  # the one text there that has no translation
    assert fields["example.answer"].startswith("нераспределённых средств программы недостаточно")
