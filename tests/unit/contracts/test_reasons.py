"""The catalogue of refusals."""

import re

from contracts.reasons import CATALOGUE
from contracts.rejection import Reason, RejectionError, fill
from contracts.remedies import REMEDIES, remedies_of

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def _problems(reason: Reason) -> list[str]:
    found = []
    if not all((reason.article, reason.kk, reason.ru, reason.en, reason.remedy)):
        found.append("a text is empty")
    if not re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)*", reason.code):
        found.append("the code is not upper case and dashes")
    if not _CYRILLIC.search(reason.kk) or not _CYRILLIC.search(reason.ru):
        found.append("a translation is missing")
    return found


def test_every_reason_has_a_code_an_article_three_texts_and_a_remedy() -> None:
    assert {code: _problems(reason) for code, reason in CATALOGUE.items() if _problems(reason)} == {}


def test_what_to_do_is_said_in_kazakh_and_russian_too() -> None:
    assert set(REMEDIES) == set(CATALOGUE)
    untranslated = {
        code for code, texts in REMEDIES.items() if not all(_CYRILLIC.search(text) for text in texts)
    }
    assert untranslated == set()


def test_a_remedy_names_the_places_of_the_english_one() -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    wrong = {
        code
        for code, reason in CATALOGUE.items()
        if any(places(text) - places(reason.remedy) for text in REMEDIES[code])
    }
    assert wrong == set()
    told = remedies_of(CATALOGUE["ID-FOREIGN"], (("institution", "mof"),))
    assert all("mof" in text for text in told.values())


def test_a_code_names_its_own_reason() -> None:
    assert all(code == reason.code for code, reason in CATALOGUE.items())


def test_amounts_are_written_in_tenge_and_unknown_places_stay() -> None:
    text = fill("{amount_tiyn} of {line}, {other}", (("amount_tiyn", 123456), ("line", "228/003")))
    assert text == "1234.56 of 228/003, {other}"


def test_a_refusal_at_a_row_names_the_row_first() -> None:
    refusal = RejectionError(next(iter(CATALOGUE.values())), field="code").at_row(3)
    assert refusal.facts == (("row", 3), ("field", "code"))
