"""The ledger's own words in the texts of refusals."""

from enum import IntEnum

import pytest

from chain.genesis import Role
from contracts import agreements, appropriations, changes, obligations, reasons, recode_rules, requests, words
from contracts.directories import DirectoryName
from contracts.incentives import RATING_ROW
from contracts.records import (
    ApprovalStatus,
    BudgetStatus,
    HoldStatus,
    Kind,
    PaymentStatus,
    RequestStatus,
)
from contracts.rejection import RejectionError, fill
from contracts.remedies import REMEDIES
from contracts.words import spoken, texts_of
from tests.unit.contracts.test_reasons import _CYRILLIC


def names(kind: type[IntEnum]) -> set[str]:
    return {one.name.lower() for one in kind}


STATUSES = (RequestStatus, BudgetStatus, PaymentStatus, HoldStatus, ApprovalStatus)


@pytest.mark.parametrize(
    ("table", "constants"),
    [
        (words.KINDS, {*Kind.ALL, *agreements.KINDS, *obligations.KINDS, "code", "programme", "agreement"}),
        (words.ROLES, {*names(Role), "anybody", "none", "no signature"}),
        (words.STATUSES, set().union(*map(names, STATUSES))),
        (words.SECTIONS, {*appropriations.SECTIONS}),
        (words.NATURES, {*appropriations.NATURES}),
        (words.CASES, {*changes.CASES}),
        (words.CAUSES, {*recode_rules.CAUSES}),
        (words.BLOCKS, {*requests.BLOCKS}),
        (words.DIRECTORIES, {*DirectoryName.ALL}),
    ],
)
def test_a_table_has_every_constant_of_the_ledger_and_no_other(
    table: words.Table, constants: set[str]
) -> None:
    assert table.keys() == constants


def test_every_figure_of_a_rating_has_its_word() -> None:
    assert {name for name, _ in RATING_ROW.fields} - words.FIELDS.keys() == set()


@pytest.mark.parametrize("table", [*words.BY_NAME.values(), *words.BY_CODE.values()])
def test_every_word_is_there_in_kazakh_and_russian(table: words.Table) -> None:
    assert all(_CYRILLIC.search(text) for texts in table.values() for text in texts)


def test_a_fact_that_holds_a_word_is_a_place_of_its_reason() -> None:
    texts = {code: reason.kk + reason.ru + reason.en for code, reason in reasons.CATALOGUE.items()}
    assert [(code, name) for code, name in words.BY_CODE if "{" + name + "}" not in texts[code]] == []


@pytest.mark.parametrize(
    ("refusal", "russian"),
    [
        (
            RejectionError(reasons.SEQUESTER_INSTRUMENT, share="10.01", required="law", found="resolution"),
            "доля 10.01 %: требуется закон, указано постановление",
        ),
        (
            RejectionError(reasons.WRONG_SIGNERS, required="head, accountant", found="head+operator; head"),
            "нужны подписи: руководитель, главный бухгалтер; есть: руководитель+оператор узла; руководитель",
        ),
        (
            RejectionError(reasons.WRONG_SIGNERS, required="head", found="no signature"),
            "нужны подписи: руководитель; есть: подписей нет",
        ),
        (
            RejectionError(reasons.APPROVAL_CLOSED, approval=3, found="rejected"),
            "согласование 3 завершено: отклонено",
        ),
        (
            RejectionError(
                reasons.REQUEST_STATUS, administrator="228", programme="003", status="formed", wanted="law"
            ),
            "запрос 228/003 в статусе «сформирована ГУ», нужен «утверждена законом»",
        ),
    ],
)
def test_a_word_of_the_ledger_is_said_in_the_language(refusal: RejectionError, russian: str) -> None:
    assert texts_of(refusal.reason, refusal.facts)["ru"] == russian


def test_an_english_text_keeps_the_constants() -> None:
    facts = (("required", "law"), ("found", "resolution"))
    english = texts_of(reasons.SEQUESTER_INSTRUMENT, facts)["en"]
    assert english == fill(reasons.SEQUESTER_INSTRUMENT.en, facts)


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("ID-FOREIGN", "found", "treasury"),  # an institution of that name
        ("BUDGET-AUTHORITY", "permitted", "finance"),
        ("ACT-EXISTS", "act", "works"),  # a person's number of a document
        ("ID-ROLES", "found", "head of something"),
        ("ROUTE-STEP", "found", "role 9"),
    ],
)
def test_what_is_not_the_ledgers_word_stays(code: str, name: str, value: str) -> None:
    assert spoken(code, ((name, value),), "ru") == ((name, value),)


def test_of_a_step_the_role_is_said_and_the_institution_stays() -> None:
    assert spoken("APPROVAL-NEXT", (("next", "treasury, head"),), "kk") == (("next", "treasury, басшы"),)


def test_of_a_scope_the_kind_is_said_and_the_codes_stay() -> None:
    scope = (("scope", "programme 01.kz 2026 228 003"),)
    assert spoken("BC111", scope, "ru") == (("scope", "бюджетная программа 01.kz 2026 228 003"),)


def test_what_to_do_has_no_place_for_a_word() -> None:
    named = {(code, name) for code in REMEDIES for name in words.BY_NAME} | words.BY_CODE.keys()
    assert not [(code, name) for code, name in named if "{" + name + "}" in "".join(REMEDIES[code])]
