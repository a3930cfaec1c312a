"""JSON of people and values of the ledger, by shape."""

from __future__ import annotations

import pytest

from chain.codec import (
    AMOUNT,
    ANY,
    BOOL,
    DAY,
    HASH,
    NAME,
    Amount,
    Binary,
    Digits,
    ListOf,
    OneOf,
    Optional,
    Row,
    SetOf,
    Struct,
    Text,
    Uint,
)
from cli.documents import Column, columns, form, json_of, parse_json, row_count, set_fields, value_of
from cli.failures import InputError

PAYMENT = Row(
    "payment", (("number", Text(8, 1)), ("amount_tiyn", Amount(minimum=1)), ("act", Optional(NAME)))
)
DOCUMENT = Struct(
    "document",
    1,
    (
        ("day", DAY),
        ("kind", OneOf("goods", "works")),
        ("code", Digits(3)),
        ("is_last", BOOL),
        ("hash", HASH),
        ("months", ListOf(AMOUNT, 12)),
        ("labels", SetOf(NAME, 3)),
        ("serial", Uint(1, 9)),
        ("payments", ListOf(PAYMENT, 10)),
    ),
)
JSON = {
    "day": "2026-02-01",
    "kind": "works",
    "code": "001",
    "is_last": True,
    "hash": "ab" * 32,
    "months": ["1.00", "2.50"],
    "labels": ["a", "b"],
    "serial": 7,
    "payments": [
        {"number": "1", "amount": "1250000.00", "act": None},
        {"number": "2", "amount": "0.01", "act": "act-1"},
    ],
}
VALUE = (
    1, 20_485, "works", "001", True, b"\xab" * 32, (100, 250), ("a", "b"), 7,
    (("1", 125_000_000, None), ("2", 1, "act-1")),
)  # fmt: skip


def test_a_document_is_the_value_its_shape_says() -> None:
    assert value_of(DOCUMENT, JSON) == VALUE


def test_a_value_is_shown_as_the_document_it_came_from() -> None:
    assert json_of(DOCUMENT, VALUE) == JSON


def test_a_set_may_be_written_in_any_order() -> None:
    assert value_of(SetOf(NAME, 3), ["b", "a"]) == ("a", "b")


def test_an_optional_field_may_be_left_out() -> None:
    assert value_of(PAYMENT, {"number": "1", "amount": "1.00"}) == ("1", 100, None)


def test_a_number_with_a_point_in_json_is_an_exact_amount() -> None:
    parsed = parse_json('{"number": "1", "amount": 92233720368547758.07}', "test")
    assert value_of(PAYMENT, parsed) == ("1", 2**63 - 1, None)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"day": "1.2.2026"}, "day"),
        ({"kind": "services"}, "kind"),
        ({"code": "1"}, "code"),
        ({"is_last": "yes"}, "is_last"),
        ({"hash": "zz"}, "hash"),
        ({"serial": 10}, "serial"),
        ({"months": "1.00"}, "months"),
        ({"payments": [{"number": "1", "amount": "0.00"}]}, "payments[0].amount"),
        ({"payments": [{"number": "1"}]}, "payments[0].amount"),
        ({"payments": [{"number": "1", "amount": "1,5"}]}, "payments[0].amount"),
        ({"serail": 1}, "did you mean serial"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(change: dict[str, object], where: str) -> None:
    with pytest.raises(InputError) as caught:
        value_of(DOCUMENT, {**JSON, **change})  # type: ignore[dict-item]
    assert where in str(caught.value)


def test_a_field_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        parse_json('{"amount": "1.00", "amount": "2.00"}', "test")


@pytest.mark.parametrize("text", ["{", "NaN", "[1e400]", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        value_of(AMOUNT, parse_json(text, "test"))


def test_settings_are_laid_over_a_document() -> None:
    document = set_fields({"a": "1"}, ("b=2", "rows.0.amount=5.00", "rows.1.amount=6.00", "flag=true"))
    rows = [{"amount": "5.00"}, {"amount": "6.00"}]
    assert document == {"a": "1", "b": "2", "rows": rows, "flag": True}


def test_rows_that_are_there_can_be_set_by_their_number() -> None:
    document = set_fields({"rows": [{"amount": "1.00"}]}, ("rows.0.amount=5.00", "rows.1.amount=6.00"))
    assert document == {"rows": [{"amount": "5.00"}, {"amount": "6.00"}]}


def test_a_signer_sees_count_sum_minimum_and_maximum() -> None:
    assert columns(DOCUMENT, VALUE) == (
        Column("months", 2, 350, 100, 250),
        Column("payments.amount", 2, 125_000_001, 1, 125_000_000),
    )


def test_rows_of_a_document_are_counted() -> None:
    assert (row_count(DOCUMENT, VALUE), row_count(PAYMENT, ("1", 1, None))) == (2, 1)


def test_a_value_without_a_shape_keeps_its_bytes() -> None:
    value = (1, "a", b"\x01", (None, True))
    assert value_of(ANY, json_of(ANY, value)) == value


def test_a_form_says_what_each_field_takes() -> None:
    assert form(Row("r", (("a_tiyn", AMOUNT), ("b", ListOf(Binary(16), 2)), ("c", Optional(DAY))))) == {
        "a": "amount in tenge",
        "b": ["hex of 16 bytes"],
        "c": "date YYYY-MM-DD or nothing",
    }


def test_a_list_that_may_be_empty_may_be_left_out() -> None:
    shape = Struct("lift", 1, (("rows", ListOf(DAY, 3)), ("named", ListOf(DAY, 3, 1))))
    assert value_of(shape, {"named": ["2026-01-05"]}) == (1, (), (20_458,))
    with pytest.raises(InputError, match="named: missing"):
        value_of(shape, {"rows": []})
