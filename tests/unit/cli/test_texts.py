"""Words for people: the six statuses and the stages in the words of the field, in three languages."""

import pytest

from audit.texts import LANGUAGES, TEXTS
from cli.texts import HEADINGS
from contracts.records import STATUSES, Stage

STATUS_WORDS = {
    "announced": ("жарияланған", "объявленный", "announced"),
    "contracted": ("шарт жасалған", "законтрактованный", "contracted"),
    "placed": ("орналастырылған", "размещённый", "placed"),
    "redeemed": ("өтелген", "погашенный", "redeemed"),
    "blocked": ("оқшауланған", "заблокированный", "blocked"),
    "annulled": ("күші жойылған", "аннулированный", "annulled"),
}


def test_these_are_the_statuses() -> None:
    assert [name for name, _ in STATUSES] == list(STATUS_WORDS)


@pytest.mark.parametrize("status", STATUS_WORDS)
def test_a_status_has_one_word_a_language_in_every_command(status: str) -> None:
    audited = dict(zip(LANGUAGES, TEXTS[status], strict=True))
    assert HEADINGS[status] == STATUS_WORDS[status]
    assert (audited["kk"], audited["ru"], audited["en"]) == STATUS_WORDS[status]


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_its_word(stage: Stage) -> None:
    assert len(set(HEADINGS[stage.name.lower()])) == 3


@pytest.mark.parametrize("name", HEADINGS)
def test_a_heading_is_there_in_every_language(name: str) -> None:
    assert len(HEADINGS[name]) == 3
    assert all(HEADINGS[name])
