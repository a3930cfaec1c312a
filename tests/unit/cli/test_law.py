"""The carried law agrees with itself to the last thousand tenge."""

from collections import Counter, defaultdict
from datetime import date, timedelta

from cli import law
from cli.law import CalendarDay, RevenueLevel, RevenueSection, Section


def _of_article_1(item: str) -> int:
    [total] = [total for total in law.law_totals() if total.item == item]
    return total.amount_thousand_tenge


def test_programmes_come_to_the_sums_of_article_1() -> None:
    assert law.adopted_thousand_tenge(law.programmes()) == {
        Section.COSTS: 26_275_285_382,
        Section.BUDGET_LOANS: 1_104_500_000,
        Section.FINANCIAL_ASSETS: 350_484_618,
    }
    assert law.adopted_thousand_tenge(law.programmes()) == {
        Section.COSTS: _of_article_1("costs"),
        Section.BUDGET_LOANS: _of_article_1("budget loans"),
        Section.FINANCIAL_ASSETS: _of_article_1("acquisition of financial assets"),
    }


def test_every_programme_of_the_law_is_carried_once() -> None:
    programmes = law.programmes()
    assert Counter(programme.section for programme in programmes) == {
        Section.COSTS: 208,
        Section.BUDGET_LOANS: 14,
        Section.FINANCIAL_ASSETS: 9,
    }
    assert len({(programme.administrator, programme.programme) for programme in programmes}) == 231


def test_programmes_come_to_the_printed_subtotals_of_administrators() -> None:
    sums: defaultdict[tuple[Section, str, str], int] = defaultdict(int)
    for row in law.programmes():
        sums[row.section, row.functional_group, row.administrator] += row.amount_thousand_tenge
    assert sums == {
        (row.section, row.functional_group, row.administrator): row.amount_thousand_tenge
        for row in law.administrator_totals()
    }
    assert len(sums) == 102


def test_programmes_come_to_the_printed_subtotals_of_groups() -> None:
    sums: defaultdict[tuple[Section, str], int] = defaultdict(int)
    for row in law.programmes():
        sums[row.section, row.functional_group] += row.amount_thousand_tenge
    assert sums == {
        (row.section, row.functional_group): row.amount_thousand_tenge for row in law.group_totals()
    }
    assert len(sums) == 26


def test_receipts_and_the_deficit_pay_for_the_expenditures() -> None:
    received = {
        row.section: row.amount_thousand_tenge
        for row in law.revenue_lines()
        if row.level is RevenueLevel.TOTAL
    }
    assert received == {
        RevenueSection.REVENUES: 22_889_278_204,
        RevenueSection.LOAN_REPAYMENTS: 246_286_639,
        RevenueSection.FINANCIAL_ASSET_SALES: 0,
    }
    deficit = _of_article_1("financing of the deficit")
    assert deficit == 4_594_705_157
    spent = sum(law.adopted_thousand_tenge(law.programmes()).values())
    assert sum(received.values()) + deficit == spent == 27_730_270_000


def test_receipts_add_up_at_every_level() -> None:
    sums: defaultdict[tuple[RevenueSection, RevenueLevel], int] = defaultdict(int)
    for row in law.revenue_lines():
        sums[row.section, row.level] += row.amount_thousand_tenge
    for section in RevenueSection:
        assert len({sums[section, level] for level in RevenueLevel}) == 1


def test_amounts_are_carried_into_tiyn_exactly() -> None:
    total_tiyn = sum(programme.amount_tiyn for programme in law.programmes())
    assert total_tiyn == 27_730_270_000_000 * 100


def test_a_protected_republican_programme_is_one_of_the_law() -> None:
    adopted = {
        (row.functional_group, row.administrator, row.programme): (row.name_ru, row.amount_thousand_tenge)
        for row in law.programmes()
    }
    republican = [row for row in law.protected_programmes() if row.level == "republican"]
    assert [adopted[row.functional_group, row.administrator, row.programme] for row in republican] == [
        (row.programme_name_ru, row.programme_amount_thousand_tenge) for row in republican
    ]
    assert len(republican) == 14


def test_local_protected_names_carry_no_codes() -> None:
    local = [row for row in law.protected_programmes() if row.level == "local"]
    assert {(row.administrator, row.programme, row.programme_amount_thousand_tenge) for row in local} == {
        ("", "", None)
    }
    assert len(local) == 13


def test_every_administrator_of_the_law_is_in_the_directory_under_the_same_name() -> None:
    directory = {row.code: row.name_ru for row in law.administrators()}
    printed = {row.administrator: row.name_ru for row in law.administrator_totals()}
    assert len(directory) == len(law.administrators()) == 58
    assert printed == {code: directory[code] for code in printed}
    assert len(printed) == 39


def test_classification_codes_have_their_lengths_and_occur_once() -> None:
    specifics = law.specifics()
    assert {len(row.code) for row in specifics} == {3}
    assert len({row.code for row in specifics}) == 102
    revenue = [(row.category, row.class_code, row.subclass, row.specific) for row in law.revenue_codes()]
    assert {tuple(map(len, code)) for code in revenue} == {(1, 2, 1, 2)}
    assert len(set(revenue)) == len(revenue) == 59
    assert len(set(law.expenditure_lines())) == 121


def test_every_term_has_its_three_languages() -> None:
    terms = law.terms()
    assert [term.key for term in terms if not (term.ru and term.kk and term.en)] == []
    assert len({term.key for term in terms}) == len(terms)


def test_the_six_statuses_are_in_the_glossary() -> None:
    statuses = [term.key for term in law.terms() if term.kind == "status"][:6]
    assert statuses == ["announced", "contracted", "placed", "redeemed", "blocked", "annulled"]


def _working_day(year: int, month: int, number: int) -> int:
    """The day of the month on which its `number`-th working day falls."""
    exceptions = {row.date: row.is_off for row in law.calendar_days()}
    day = date(year, month, 1)
    while True:
        number -= not exceptions.get(day.isoformat(), day.weekday() >= 5)
        if number == 0:
            return day.day
        day += timedelta(days=1)


def test_fifth_working_days_follow_the_calendar() -> None:
    assert [_working_day(2025, month, 5) for month in range(1, 13)] == [
        10, 7, 7, 7, 12, 9, 8, 7, 8, 7, 7, 5,
    ]  # fmt: skip
    assert [_working_day(2026, month, 5) for month in range(1, 13)] == [
        12, 6, 6, 7, 12, 5, 8, 7, 7, 7, 6, 7,
    ]  # fmt: skip


def test_a_shifted_day_off_is_read_whole() -> None:
    [shifted] = [row for row in law.calendar_days() if row.date == "2026-03-09"]
    assert shifted == CalendarDay(
        date="2026-03-09",
        is_off=True,
        kind="shifted_day_off",
        name_ru="Международный женский день",
        name_en="International Women's Day",
        basis=shifted.basis,
        confidence="established",
    )
