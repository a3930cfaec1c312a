"""Words for people: the six statuses and the stages in the words of the field, in three languages."""

from collections.abc import Iterator
from dataclasses import fields

import pytest

from audit.texts import LANGUAGES, TEXTS
from cli.texts import HEADINGS, constant, heading
from cli.views import PAIRS, SUSPENSION_SCOPE, VIEWS
from contracts import agreements, obligations
from contracts.appropriations import SECTIONS
from contracts.executor import REGISTER
from contracts.records import (
    STATUSES,
    ApprovalStatus,
    BallotStatus,
    HoldKind,
    HoldStatus,
    Kind,
    PaymentStatus,
    Stage,
)

TOKEN_FIELDS = ("id", "status", "stage", "amount", "holder", "expense", "hold", "parents", "key", "height")

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


def columns_of_views() -> set[str]:
    found = {*TOKEN_FIELDS, *SUSPENSION_SCOPE, *(name for pair in PAIRS.values() for name in pair)}
    for view in VIEWS.values():
        found |= {*view.key} | {field.name for field in fields(view.record)} - view.hidden  # type: ignore[arg-type]
    return found


def fields_of_documents() -> set[str]:
    return {name for action in REGISTER.values() for name in names_in(action.arguments)}


def names_in(shape: object) -> Iterator[str]:
    for name, inner in getattr(shape, "fields", ()):
        yield name
        yield from names_in(inner)
    for inner in (getattr(shape, "item", None), getattr(shape, "shape", None)):
        if inner is not None:
            yield from names_in(inner)


def test_every_column_and_every_field_of_a_document_has_its_heading() -> None:
    known = HEADINGS.keys() | {"kk", "ru", "en"}
    assert columns_of_views() - known == set()
    assert fields_of_documents() - known == set()


def test_every_constant_that_a_table_translates_has_its_word() -> None:
    of_records = (PaymentStatus, HoldStatus, BallotStatus, ApprovalStatus)
    statuses = {one.name.lower() for kind in of_records for one in kind}
    kinds = {*Kind.ALL, *agreements.KINDS, *obligations.KINDS, "code", "programme", "agreement"}
    kinds |= {HoldKind.SHORTFALL, HoldKind.REFINEMENT, HoldKind.SEQUESTER}
    assert (statuses | kinds | {*SECTIONS}) - HEADINGS.keys() == set()


def test_a_height_is_headed_as_a_height_and_a_status_is_said_as_a_status() -> None:
    assert (heading("opened", "ru"), heading("closed", "ru")) == ("открыто на высоте", "закрыто на высоте")
    assert constant("closed", "ru") == "закрыто"
