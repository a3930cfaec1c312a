"""The laws of money at every block, each by its smallest breach; the whole walk in integration tests."""

from dataclasses import replace

import pytest

from audit.codec import decode, encode
from audit.failure import VerificationError
from audit.laws import Laws
from contracts.records import (
    Agreement,
    Appropriation,
    CashAccount,
    Closing,
    Day,
    Obligation,
    Plan,
    Record,
    Stage,
    TokenKey,
    agreement_key,
    appropriation_key,
    cash_key,
    closing_key,
    obligation_key,
    obligation_scope,
    plan_key,
    position_scope,
    programme_scope,
)
from tests.support.budget import a_line, day_number

LINE = a_line()
GU = "gu-2280101"
YEAR = (100,) * 12
NEXT_YEAR = Day(day_number(2027, 1, 5), 1)
PROGRAMME = Appropriation("costs", "12", "ordinary", False, 0, (), False, False, 100, 0, 0, 0, 0, 0)
AGREEMENT = Agreement(
    20458, "990840000001", "x", "goods", "ordinary", "x", None, "01.kz", "228", "003", 40, ((2026, 40),),
    ("ob",), (), None, 20458, (), None, None, 20458,
)  # fmt: skip
OBLIGATION = Obligation(LINE, None, "agreement", "A", None, 40, 0, 30, 0, (), 1, (), True, None)
PAID = TokenKey(LINE, GU, None, Stage.PAID, obligation="ob", payment="1")


def a_block(**changed: Record | None) -> None:
    """60 allocated, 10 registered and 30 paid of a programme of 100; `changed` papers instead of the right
    ones, under the names of `papers`."""
    amounts = tuple({3: 60, 4: 10, 8: 30}.get(slot, 0) for slot in range(17))
    of_obligation = tuple({4: 10, 8: 30}.get(slot, 0) for slot in range(17))
    counted = {
        programme_scope(LINE): amounts,
        position_scope(GU, LINE): amounts,
        obligation_scope(GU, "ob"): of_obligation,
    }
    papers: dict[str, tuple[str, bytes, Record]] = {
        "day": ("day", b"", Day(day_number(2026, 3, 2), 1)),
        "programme": ("appropriations", appropriation_key("01.kz", 2026, "228", "003"), PROGRAMME),
        "plan": ("plans", plan_key(GU, LINE), Plan(YEAR, YEAR)),
        "agreement": ("agreements", agreement_key(GU, "A"), AGREEMENT),
        "obligation": ("obligations", obligation_key(GU, "ob"), OBLIGATION),
        "cash": ("cash", cash_key("01.kz", "1", 2026), CashAccount(0, 30, 0, 30)),
    }
    laws = Laws(lambda scope: counted.get(scope, (0,) * 17))
    for name, (collection, key, right) in papers.items():
        record = changed.get(name, right)
        if record is not None:
            laws.note(collection, key, record.encode())
    laws.note_token(decode(replace(PAID, payment=None).encode()), 8, 30)
    laws.close_block(sorted(counted))


def test_papers_that_fit_their_tokens_are_accepted() -> None:
    a_block()
    a_block(plan=Plan((0, 0, *YEAR[2:]), (0, 0, *YEAR[2:])))


@pytest.mark.parametrize(
    ("paper", "record", "words"),
    [
        ("programme", replace(PROGRAMME, sequestered=1), "law 1: programme .* says 99"),
        ("programme", None, "law 1: programme .* says 0"),
        ("plan", Plan(YEAR, (*YEAR[:11], 99)), "law 2: payments plan .* says 99"),
        ("plan", None, "law 2: obligations plan .* says 0"),
        ("plan", Plan((*YEAR[:2], 39, *YEAR[3:]), YEAR), "law 3: month 3"),
        ("plan", Plan(YEAR, (*YEAR[:2], 29, *YEAR[3:])), "law 3: month 3"),
        ("plan", Plan((*YEAR[:4], 90, *YEAR[5:]), YEAR), "law 3: month 5"),
        ("obligation", replace(OBLIGATION, amount=41), "law 4: obligation .* says 41"),
        ("agreement", replace(AGREEMENT, total=39), "law 5: the agreement .* of 39 tiyn carries 40"),
        ("cash", CashAccount(0, 29, 0, 30), "law 6: the cash account .* stands at -1"),
        ("cash", CashAccount(0, 30, 0, 29), "law 6: cash account .* says 29"),
    ],
)
def test_a_paper_that_its_tokens_do_not_bear_out_is_found(
    paper: str, record: Record | None, words: str
) -> None:
    with pytest.raises(VerificationError, match=words):
        a_block(**{paper: record})


def test_what_a_closed_year_carried_as_a_debt_still_counts_under_its_agreement() -> None:
    carried = tuple({4: 1, 14: 40}.get(slot, 0) for slot in range(17))
    laws = Laws(lambda scope: carried)
    laws.note("agreements", agreement_key(GU, "A"), AGREEMENT.encode())
    laws.note("obligations", obligation_key(GU, "ob"), replace(OBLIGATION, amount=41).encode())
    with pytest.raises(VerificationError, match=r"law 5: the agreement .* of 40 tiyn carries 41"):
        laws.close_block([])


@pytest.mark.parametrize(("collection", "slot"), [("acts", 5), ("payments", 8), ("holds", 16)])
def test_tokens_that_name_a_paper_nobody_recorded_are_found(collection: str, slot: int) -> None:
    names = {"acts": {"act": "a"}, "payments": {"payment": "1"}, "holds": {"hold": "h"}}[collection]
    laws = Laws(lambda scope: (0,) * 17)
    key = TokenKey(LINE, GU, None, Stage(slot if slot < 15 else 3), **names)
    laws.note_token(decode(key.encode()), slot, 5)
    with pytest.raises(VerificationError, match=f"{collection} .* says 0 tiyn, but the tokens give 5"):
        laws.close_block([])


@pytest.mark.parametrize("order", ["the money first", "the closing first"])
def test_money_left_open_in_a_closed_year_is_found(order: str) -> None:
    allocated = tuple(100 if slot == 3 else 0 for slot in range(17))
    laws = Laws(lambda scope: allocated if scope == programme_scope(LINE) else (0,) * 17)
    laws.note("day", b"", NEXT_YEAR.encode())
    laws.note("appropriations", appropriation_key("01.kz", 2026, "228", "003"), PROGRAMME.encode())
    if order == "the money first":
        laws.close_block([programme_scope(LINE)])
    closing = Closing(2, b"", 1, 0, 0, 0, 20_458, 20_458)
    laws.note("closings", closing_key("01.kz", 2026), closing.encode())
    with pytest.raises(VerificationError, match=r"law 10: the programme .* keeps 100 tiyn"):
        laws.close_block([programme_scope(LINE)] if order == "the closing first" else [])


@pytest.mark.parametrize("day", [None, Day(day_number(2026, 12, 31), 1)])
def test_a_year_is_not_closed_before_it_ends(day: Day | None) -> None:
    laws = Laws(lambda scope: (0,) * 17)
    if day is not None:
        laws.note("day", b"", day.encode())
    closing = Closing(1, b"", 1, 0, 0, 0, 20_458, None)
    with pytest.raises(VerificationError, match="closed before it ended"):
        laws.note("closings", closing_key("01.kz", 2026), closing.encode())


def test_a_closed_year_is_not_opened_again() -> None:
    laws = Laws(lambda scope: (0,) * 17)
    laws.note("day", b"", NEXT_YEAR.encode())
    closing = Closing(2, b"", 1, 0, 0, 0, 20_458, 20_458)
    laws.note("closings", closing_key("01.kz", 2026), closing.encode())
    for record in (replace(closing, status=1).encode(), None):
        with pytest.raises(VerificationError, match=r"law 10: the closing of .* was changed or removed"):
            laws.note("closings", closing_key("01.kz", 2026), record)


def test_keys_and_days_of_another_form_are_found_and_break_nothing() -> None:
    laws = Laws(lambda scope: (0,) * 17)
    for collection, key, record in (
        ("day", b"", Day(376_200, 1)),
        ("obligations", b"\x01", OBLIGATION),
        ("agreements", b"", AGREEMENT),
    ):
        with pytest.raises(VerificationError):
            laws.note(collection, key, record.encode())
    for scope in (b"", b"\x01", b"\x93\x04ab", b"\x93\x02ab"):
        with pytest.raises(VerificationError):
            laws.close_block([scope])


def test_what_an_act_confirms_and_a_payment_is_asked_for_never_changes() -> None:
    laws = Laws(lambda scope: (0,) * 17)
    key = encode(("gu-2280101", "x"))
    payment = (1, "a", None, False, 100, "x", 20_458, 0, None, None, 0, 3, ("01.kz", "1", 2026))
    act = (1, "a", 20_458, "акт", 100, (), 0, False, 0)
    for collection, record in (("payments", payment), ("acts", act)):
        laws.note(collection, key, encode(record))
        later = (*record[:7], 2 if collection == "payments" else True, *record[8:])
        laws.note(collection, key, encode(later))
        with pytest.raises(VerificationError, match="says something else than it did"):
            laws.note(collection, key, encode((*record[:4], 101, *record[5:])))
        laws.note(collection, key, None)


def test_an_agreement_was_registered_when_it_was() -> None:
    laws = Laws(lambda scope: (0,) * 17)
    key = agreement_key(GU, "A")
    laws.note("agreements", key, AGREEMENT.encode())
    laws.note("agreements", key, replace(AGREEMENT, total=41).encode())
    with pytest.raises(VerificationError, match="says something else than it did"):
        laws.note("agreements", key, replace(AGREEMENT, registered=20_457).encode())
