"""What the demonstration says: every line in three languages, a refusal in the one that was asked for."""

from __future__ import annotations

import pytest

from cli.demo.texts import LINES, line

TEXTS = {"kk": "жоспардан асады", "ru": "превышает план", "en": "exceeds the plan"}


@pytest.mark.parametrize(("language", "said"), TEXTS.items())
def test_a_refusal_is_told_in_the_language_asked_for(language: str, said: str) -> None:
    facts: dict[str, object] = {"code": "TP218-07", "article": "BC 109(4)", "message": TEXTS}
    assert line("refused", language, facts).endswith(f"TP218-07 (BC 109(4)): {said}")


def test_a_text_without_a_translation_is_told_in_english() -> None:
    facts: dict[str, object] = {"code": "X", "article": "Y", "message": {"en": "what"}}
    assert line("refused", "kk", facts).endswith("X (Y): what")


@pytest.mark.parametrize("name", LINES)
def test_the_three_languages_of_a_line_have_the_same_places(name: str) -> None:
    kk, ru, en = (sorted(part.split("}")[0] for part in text.split("{")[1:]) for text in LINES[name])
    assert kk == ru == en
