"""Refinement and adjustment of a budget, who may act on it, and transfers to other budgets."""

from __future__ import annotations

from typing import Any

from contracts.records import (
    Budget,
    BudgetStatus,
    CarryOver,
    Closing,
    ClosingStatus,
    Collection,
    Rating,
    TransferTotals,
    budget_key,
    carry_over_key,
    closing_key,
    rating_key,
    transfer_totals_key,
)
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger, a_ledger, day_number
from tests.support.year import (
    BUDGET,
    DAY,
    GU,
    POOL,
    YEAR,
    U,
    a_block,
    a_held_row,
    a_law,
    a_move,
    a_new_programme,
    a_plan,
    a_programme,
    a_refinement,
    a_request,
    an_adjustment,
    an_increase,
    an_invoice,
    payment_number,
)

OBLAST = "02.abai"
PAYEES = {BUDGET: "111240000001", OBLAST: "111240000002", "03.ayagoz": "111240000003"}


def two_programmes(**changes: Any) -> Ledger:
    """228/003 and 228/001 of 1,000 units each."""
    ledger = a_ledger()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000, **changes), a_programme("001", 1_000)))
    return ledger


def rated(effects: int = 1, **scores: int) -> Ledger:
    """Two programmes of 228 and one of 226, of 1,000 units each; the administrators with their ratings."""
    ledger = a_ledger(rating_effects=effects)
    law = a_law(a_programme(), a_programme("001"), a_programme("001", administrator="226"))
    ledger.do("mof", "budget.adopt", *law)
    for administrator, score in scores.items():
        rating = Rating(1, DAY, (), (), score).encode()
        ledger.state.commit({(Collection.RATINGS, rating_key(BUDGET, YEAR, 1, administrator)): rating})
    return ledger


def refine(*increases: Any, **changes: Any) -> Attempt:
    return attempt(two_programmes(), "mof", "budget.refine", *a_refinement(*increases, **changes))


def adjust(*rows: Any, **changes: Any) -> Attempt:
    return attempt(two_programmes(), "mof", "budget.adjust", *an_adjustment(*rows, **changes))


@example("BUDGET-ACT-ROWS")
def an_act_of_too_many_programmes() -> Attempt:
    """One law changes 1,001 programmes: it raises 1,000 and cuts another."""
    ledger = a_ledger()
    programmes = [a_programme(f"{number:03d}", 1) for number in range(999)]
    ledger.do("mof", "budget.adopt", *a_law(a_programme("999", 100), *programmes))
    held = a_held_row(50, **{**POOL, "programme": "999"})
    ledger.do("treasury", "treasury.block", *a_block(held, hold="bill", ground="refinement"))
    raised = [an_increase(1, f"{number:03d}") for number in range(999)]
    new = a_new_programme("001", administrator="226")
    law = a_refinement(
        *raised, an_increase(1, "001", "226"), programmes=(new,), hold="bill", rows=1, costs=2_049
    )
    return attempt(ledger, "mof", "budget.refine", *law)


@example("BC94-STATUS")
def a_plan_of_a_quarter() -> Attempt:
    """A law refines a year that has only the financial plan of its first quarter."""
    ledger = two_programmes()
    found = Budget.find(ledger.state, Collection.BUDGETS, budget_key(BUDGET, YEAR))
    assert found is not None
    values = {name: getattr(found, name) for name in Budget.__match_args__}
    quarter = Budget(**{**values, "status": BudgetStatus.QUARTER.value})
    ledger.state.commit({(Collection.BUDGETS, budget_key(BUDGET, YEAR)): quarter.encode()})
    return attempt(ledger, "mof", "budget.refine", *a_refinement(an_increase(1), costs=2_001))


@example("BC94-NEW")
def a_new_programme_without_money() -> Attempt:
    """A law opens programme 228/009 and gives it nothing."""
    return refine(an_increase(1), costs=2_001, programmes=(a_new_programme(),))


@example("BC94-EMPTY")
def a_refinement_of_nothing() -> Attempt:
    """A refinement has neither increases nor rows of a block."""
    return refine(costs=2_000)


@example("BC94-03")
def a_block_for_something_else() -> Attempt:
    """A law cuts what a block for another budget holds."""
    ledger = two_programmes()
    ledger.do("mof", "budget.adopt", *a_law(a_programme(units=5), budget=OBLAST))
    block = a_block(a_held_row(5, **POOL), hold="bill", ground="refinement", budget=OBLAST)
    ledger.do("treasury", "treasury.block", *block)
    return attempt(ledger, "mof", "budget.refine", *a_refinement(hold="bill", rows=1, costs=1_995))


@example("BC94-TOTAL")
def totals_that_differ() -> Attempt:
    """A law raises a programme by 1 unit and states the total of costs without it."""
    return refine(an_increase(1), costs=2_000)


@example("BC98-LOANS")
def money_of_loans() -> Attempt:
    """Money of external loans is reallocated."""
    return adjust(a_move(1), source="2")


@example("BC98-COMMISSION")
def without_the_commission() -> Attempt:
    """A reallocation names no decision of the budget commission."""
    return adjust(a_move(1), commission=None)


@example("BC98-NEW")
def a_new_programme_by_reallocation() -> Attempt:
    """A reallocation opens a programme that the law did not have."""
    return adjust(a_move(1, target="228/009"), programmes=(a_new_programme(),))


@example("RATING-ORDER")
def the_lower_rating_first() -> Attempt:
    """A reallocation gives to 228, rated 60, before 226, rated 90; the members have switched effects on."""
    ledger = rated(**{"228": 60, "226": 90})
    rows = (a_move(1), a_move(1, target="226/001"))
    return attempt(ledger, "mof", "budget.adjust", *an_adjustment(*rows))


@example("TP59")
def proposed_too_late() -> Attempt:
    """An administrator proposes on 26 January; the first quarter's proposals were due on the 25th."""
    ledger = two_programmes()
    ledger.open_day(2026, 1, 27)
    late, day = day_number(2026, 1, 26), day_number(2026, 1, 27)
    return attempt(ledger, "mof", "budget.adjust", *an_adjustment(a_move(1), proposed=late, date=day))


@example("TP59-ONCE")
def proposed_twice_in_a_quarter() -> Attempt:
    """An administrator proposes on 5 January and again on the 20th."""
    ledger = two_programmes()
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(1)))
    ledger.open_day(2026, 1, 20)
    day = day_number(2026, 1, 20)
    return attempt(ledger, "mof", "budget.adjust", *an_adjustment(a_move(1), proposed=day, date=day))


@example("BC98-SIDES")
def from_nowhere() -> Attempt:
    """A reallocation does not say which programme gives."""
    return adjust(a_move(1, ""))


@example("BC98-NATURE")
def an_ordinary_programme_is_distributed() -> Attempt:
    """Money of an ordinary programme is distributed as if it were a distributable one."""
    return adjust(a_move(1), case="distribution")


@example("TP60")
def not_development() -> Attempt:
    """Money moves between current programmes under the rule for development programmes."""
    return adjust(a_move(1), case="development")


@example("TP60-SHARE")
def more_development_than_without_the_commission() -> Attempt:
    """6 % of a development programme moves without the budget commission; 5 % may."""
    ledger = a_ledger()
    law = a_law(*(a_programme(code, 1_000, is_development=True) for code in ("003", "001")))
    ledger.do("mof", "budget.adopt", *law)
    document = an_adjustment(a_move(60), case="development", commission=None)
    return attempt(ledger, "mof", "budget.adjust", *document)


@example("BC98-15")
def more_than_fifteen_per_cent() -> Attempt:
    """A programme of 1,000 units has given 100 this year and is to give 51 more."""
    ledger = two_programmes()
    ledger.do("mof", "budget.adjust", *an_adjustment(a_move(100)))
    return attempt(ledger, "mof", "budget.adjust", *an_adjustment(a_move(51)))


@example("BC98-FREE")
def what_plans_have_distributed() -> Attempt:
    """950 of 1,000 units stand in plans; 51 are to be moved to another programme."""
    ledger = two_programmes()
    ledger.do("mot", "plan.approve", BUDGET, YEAR, "1", "003", (a_plan(950),))
    return attempt(ledger, "mof", "budget.adjust", *an_adjustment(a_move(51)))


@example("BC115-02")
def more_than_the_list_permits() -> Attempt:
    """The closed year carried 30 units over by the list; 31 are brought in."""
    ledger = two_programmes()
    closing = Closing(ClosingStatus.CLOSED.value, b"", 0, 0, 0, 0, DAY, DAY)
    carried = CarryOver(listed=40 * U, carried=30 * U, used=0)
    ledger.state.commit(
        {
            (Collection.CLOSINGS, closing_key(BUDGET, YEAR - 1)): closing.encode(),
            (Collection.CARRY_OVERS, carry_over_key(BUDGET, YEAR - 1, "228", "001")): carried.encode(),
        }
    )
    document = an_adjustment(a_move(31, ""), case="carry_over", commission=None, proposed=None)
    return attempt(ledger, "mof", "budget.adjust", *document)


@example("BC115-02-SOURCE")
def a_carry_over_of_loans() -> Attempt:
    """Carry-over is brought in as money of an external loan."""
    move = a_move(1, "", "228/001")
    return adjust(move, case="carry_over", commission=None, proposed=None, source="2")


@example("BC98-OPENING")
def more_than_the_opening_balance() -> Attempt:
    """The cash account opened with 30 units; 31 are brought in."""
    ledger = two_programmes()
    ledger.do("treasury", "receipts.post", "выписка", (("opening", BUDGET, "1", "801101", 30 * U, ""),))
    document = an_adjustment(a_move(31, ""), case="opening_balances", commission=None, proposed=None)
    return attempt(ledger, "mof", "budget.adjust", *document)


@example("BUDGET-AUTHORITY")
def another_finance_department() -> Attempt:
    """The ministry changes a budget whose directory entry names another finance body."""
    ledger = two_programmes()
    entry = (BUDGET, DAY, None, BUDGET, BUDGET, None, (("finance", "akimat-finance"),))
    ledger.do("mof", "directory.publish", "budgets", (entry,))
    return attempt(ledger, "mof", "budget.adjust", *an_adjustment(a_move(1)))


# --- transfers


def budgets_of_two_levels() -> Ledger:
    """The republic and an oblast, each with plans of 500 under 338 and 339."""
    ledger = a_ledger()
    ledger.publish("economic", "338", "339", valid_from=DAY)
    ledger.publish("receipts", "502111", valid_from=DAY)
    rows = [
        (payee, DAY, None, name, name, None, (("budget", name), ("receipts", "502111")))
        for name, payee in PAYEES.items()
    ]
    ledger.do("mof", "directory.publish", "payees", tuple(rows))
    for name in (BUDGET, OBLAST):
        ledger.do("mof", "budget.adopt", *a_law(a_programme(units=1_000), budget=name))
        plans = tuple(a_plan(500, specific=specific) for specific in ("338", "339"))
        ledger.do("mot", "plan.approve", name, YEAR, "1", "003", plans)
        receipt = ("receipt", name, "1", "101110", 1_000 * U, "")
        ledger.do("treasury", "receipts.post", "выписка", (receipt,))
    return ledger


def transfer(ledger: Ledger, source: str, to: str, specific: str) -> Attempt:
    row = an_invoice("pay-1", 10, specific=specific, kind="transfer", payee=PAYEES[to])
    return attempt(ledger, GU, "obligation.accept", source, YEAR, "1", (row,))


@example("BC76")
def a_level_is_left_out() -> Attempt:
    """The republic sends a transfer straight to a district."""
    return transfer(budgets_of_two_levels(), BUDGET, "03.ayagoz", "339")


@example("BC76-UPPER")
def a_district_of_another_oblast() -> Attempt:
    """An oblast sends a transfer to a district whose directory entry names another oblast."""
    ledger = budgets_of_two_levels()
    entry = ("03.ayagoz", DAY, None, "Аягөз", "Аягоз", None, (("upper", "02.semey"),))
    ledger.do("mof", "directory.publish", "budgets", (entry,))
    return transfer(ledger, OBLAST, "03.ayagoz", "339")


@example("BC76-SPECIFIC")
def a_return_that_goes_down() -> Attempt:
    """The republic sends money down under the specific for returns of unused transfers."""
    return transfer(budgets_of_two_levels(), BUDGET, OBLAST, "338")


@example("BC76-338")
def more_returned_than_received() -> Attempt:
    """An oblast returns 10 units; 4 of what it received are not returned yet."""
    ledger = budgets_of_two_levels()
    key = transfer_totals_key(BUDGET, OBLAST, YEAR)
    received = TransferTotals(sent=9 * U, returned=5 * U, upward=5 * U)
    ledger.state.commit({(Collection.TRANSFER_TOTALS, key): received.encode()})
    row = an_invoice("pay-1", 10, specific="338", kind="transfer", payee=PAYEES[BUDGET])
    ledger.do(GU, "obligation.accept", OBLAST, YEAR, "1", (row,))
    ledger.do(GU, "payment.request", (a_request(1, "pay-1", 10),))
    return attempt(ledger, "treasury", "payment.execute", ((GU, payment_number(1)),))
